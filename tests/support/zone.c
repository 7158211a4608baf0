/* SPDX-License-Identifier: ISC */
/* Flat lists of records and behaviours, walked for each question: zones of tests are small. */
#include "support/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/dns_private.h"

#define TTL_S 300
#define CHUNK_MAX 255
#define CNAMES_MAX 8

struct test_zone {
	struct gp_dns dns;     /* the layer; first */
	struct gp_clock clock; /* see zone_of_clock */
	int64_t mono_us, wall_s;
	struct test_zone_record *records;
	size_t record_count;
	struct test_zone_behaviour *behaviours;
	size_t behaviour_count;
	pthread_mutex_t lock; /* guards what follows, and the clock's time */
	struct test_zone_question *questions;
	size_t question_count, call_count;
};

static const struct {
	const char *word;
	enum test_zone_behaviour_kind kind;
	enum gp_dns_state state;
	const char *problem;
	enum gp_dns_failure failure;
} behaviours[] = {
	{"TIMEOUT", TEST_ZONE_TIMEOUT, GP_DNS_TEMPFAIL, "no server answered in time",
		GP_DNS_FAILURE_TIMEOUT},
	{"SERVFAIL", TEST_ZONE_SERVFAIL, GP_DNS_TEMPFAIL, "SERVFAIL", GP_DNS_FAILURE_SERVFAIL},
	{"REFUSED", TEST_ZONE_REFUSED, GP_DNS_TEMPFAIL, "REFUSED", GP_DNS_FAILURE_REFUSED},
	{"FORMERR", TEST_ZONE_FORMERR, GP_DNS_TEMPFAIL, "FORMERR", GP_DNS_FAILURE_OTHER},
	{"NOTIMP", TEST_ZONE_NOTIMP, GP_DNS_TEMPFAIL, "NOTIMP", GP_DNS_FAILURE_OTHER},
	{"NXDOMAIN", TEST_ZONE_NXDOMAIN, GP_DNS_NXDOMAIN, NULL, GP_DNS_FAILURE_NONE},
	{"NODATA", TEST_ZONE_NODATA, GP_DNS_NODATA, NULL, GP_DNS_FAILURE_NONE},
	{"BOGUS", TEST_ZONE_BOGUS, GP_DNS_BOGUS, "the validating resolver refuses the answer",
		GP_DNS_FAILURE_SERVFAIL},
	{"TROUBLE", TEST_ZONE_TROUBLE, GP_DNS_TROUBLE, "too many open files", GP_DNS_FAILURE_NONE},
	{"TC", TEST_ZONE_TC, GP_DNS_FOUND, NULL, GP_DNS_FAILURE_NONE},
	{"TCPFAIL", TEST_ZONE_TCPFAIL, GP_DNS_TEMPFAIL, "no answer over TCP",
		GP_DNS_FAILURE_TIMEOUT},
	{"DELAY", TEST_ZONE_DELAY, GP_DNS_FOUND, NULL, GP_DNS_FAILURE_NONE},
	{"AD", TEST_ZONE_AD, GP_DNS_FOUND, NULL, GP_DNS_FAILURE_NONE},
	{"STALE", TEST_ZONE_STALE, GP_DNS_FOUND, NULL, GP_DNS_FAILURE_NONE},
	{"DEFAULT", TEST_ZONE_DEFAULT, GP_DNS_FOUND, NULL, GP_DNS_FAILURE_NONE},
};

static const struct {
	const char *name;
	unsigned type;
} types[] = {
	{"A", GP_DNS_A},
	{"NS", TEST_ZONE_NS},
	{"CNAME", TEST_ZONE_CNAME},
	{"PTR", GP_DNS_PTR},
	{"MX", GP_DNS_MX},
	{"TXT", GP_DNS_TXT},
	{"AAAA", GP_DNS_AAAA},
	{"SPF", TEST_ZONE_SPF},
	{"ANY", TEST_ZONE_ANY},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* die: a mistake in a test. */
static void die(const char *what, const char *which)
{
	fprintf(stderr, "scripted zone: %s: %s\n", what, which);
	exit(99);
}

/* grow: room for one more element of size bytes behind count. */
static void *grow(void *list, size_t count, size_t size)
{
	void *bigger = realloc(list, (count + 1) * size);
	if (!bigger)
		die("memory", "none left");
	return bigger;
}

/* copy_bytes: with a NUL behind. */
static char *copy_bytes(const char *data, size_t len)
{
	char *copy = grow(NULL, len, 1);
	if (len)
		memcpy(copy, data, len);
	copy[len] = 0;
	return copy;
}

/* copy_name: lower case, no trailing dot. */
static char *copy_name(const char *name)
{
	size_t len = strlen(name);
	if (len && name[len - 1] == '.')
		len--;
	char *copy = copy_bytes(name, len);
	for (size_t i = 0; i < len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + 32);
	return copy;
}

/* test_zone_type: by the table. */
unsigned test_zone_type(const char *name)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (strcasecmp(types[i].name, name) == 0)
			return types[i].type;
	return 0;
}

/* ---- adding ---- */

/* new_record: the next of the list. */
static struct test_zone_record *new_record(struct test_zone *zone, const char *name, unsigned type)
{
	zone->records = grow(zone->records, zone->record_count, sizeof *zone->records);
	struct test_zone_record *r = &zone->records[zone->record_count++];
	*r = (struct test_zone_record) {.name = copy_name(name), .type = type};
	return r;
}

/* test_zone_add_addr: A or AAAA, as the text says; ::ffff: forms are AAAA. */
void test_zone_add_addr(struct test_zone *zone, const char *name, const char *addr)
{
	struct gp_ipaddr parsed;
	if (gp_ipaddr_parse(gp_span_from(addr), &parsed) != GP_OK)
		die("no address", addr);
	new_record(zone, name, parsed.family == GP_IP_V4 ? GP_DNS_A : GP_DNS_AAAA)->addr = parsed;
}

/* test_zone_add_target: a record that names a name. */
void test_zone_add_target(struct test_zone *zone, const char *name, unsigned type,
	unsigned preference, const char *target)
{
	struct test_zone_record *r = new_record(zone, name, type);
	r->target = copy_name(target);
	r->preference = preference;
}

/* test_zone_add_data: text in given chunks, or raw RDATA. */
void test_zone_add_data(struct test_zone *zone, const char *name, unsigned type,
	struct gp_span data, const size_t *chunks, size_t chunk_count)
{
	struct test_zone_record *r = new_record(zone, name, type);
	r->data = copy_bytes(data.ptr, data.len);
	r->data_len = data.len;
	r->chunk_count = chunk_count;
	r->chunks = grow(NULL, chunk_count, sizeof *r->chunks);
	if (chunk_count)
		memcpy(r->chunks, chunks, chunk_count * sizeof *r->chunks);
}

/* test_zone_add_text: full chunks, then the rest. */
void test_zone_add_text(
	struct test_zone *zone, const char *name, unsigned type, struct gp_span text)
{
	size_t count = text.len ? (text.len + CHUNK_MAX - 1) / CHUNK_MAX : 1;
	size_t *chunks = grow(NULL, count, sizeof *chunks);
	for (size_t i = 0; i < count; i++)
		chunks[i] = i + 1 < count ? CHUNK_MAX : text.len - i * CHUNK_MAX;
	test_zone_add_data(zone, name, type, text, chunks, count);
	free(chunks);
}

/* find_behaviour: the row of a word, or -1. */
static int find_behaviour(const char *word)
{
	for (size_t i = 0; i < COUNT(behaviours); i++)
		if (strcasecmp(behaviours[i].word, word) == 0)
			return (int)i;
	return -1;
}

/* test_zone_add_behaviour: with its type, delay or default. */
bool test_zone_add_behaviour(
	struct test_zone *zone, const char *name, const char *word, const char *value)
{
	int row = find_behaviour(word);
	if (row < 0)
		return false;
	struct test_zone_behaviour b = {.name = copy_name(name), .kind = behaviours[row].kind};
	if (b.kind == TEST_ZONE_DEFAULT) {
		int then = find_behaviour(value ? value : "");
		if (then < 0)
			die("no behaviour", value ? value : "(none)");
		b.then = behaviours[then].kind;
	} else if (b.kind == TEST_ZONE_DELAY) {
		b.delay_ms = (unsigned)strtoul(value ? value : "0", NULL, 10);
	} else if (value && *value) {
		b.type = test_zone_type(value);
		if (!b.type)
			die("no type", value);
	}
	zone->behaviours = grow(zone->behaviours, zone->behaviour_count, sizeof *zone->behaviours);
	zone->behaviours[zone->behaviour_count++] = b;
	return true;
}

/* add_line: one of test_zone_lines. */
static void add_line(struct test_zone *zone, struct gp_span line)
{
	struct gp_span name, word, value;
	(void)gp_span_cut(line, ' ', &name, &value);
	(void)gp_span_cut(value, ' ', &word, &value);
	char *n = copy_bytes(name.ptr, name.len), *w = copy_bytes(word.ptr, word.len);
	char *v = copy_bytes(value.ptr, value.len);
	unsigned type = test_zone_type(w);
	if (test_zone_add_behaviour(zone, n, w, v)) {
		/* added */
	} else if (type == GP_DNS_A || type == GP_DNS_AAAA) {
		test_zone_add_addr(zone, n, v);
	} else if (type == GP_DNS_TXT || type == TEST_ZONE_SPF) {
		test_zone_add_text(zone, n, type, value);
	} else if (type == GP_DNS_MX) {
		char *host = v;
		unsigned preference = (unsigned)strtoul(v, &host, 10);
		test_zone_add_target(zone, n, type, preference, host + strspn(host, " "));
	} else if (type) {
		test_zone_add_target(zone, n, type, 0, v);
	} else {
		die("no type", w);
	}
	free(n);
	free(w);
	free(v);
}

/* test_zone_lines: line by line. */
void test_zone_lines(struct test_zone *zone, const char *lines)
{
	struct gp_span rest = gp_span_from(lines), line;
	while (rest.len) {
		(void)gp_span_cut(rest, '\n', &line, &rest);
		if (line.len)
			add_line(zone, line);
	}
}

/* test_zone_records: the list. */
const struct test_zone_record *test_zone_records(const struct test_zone *zone, size_t *count_out)
{
	*count_out = zone->record_count;
	return zone->records;
}

/* test_zone_behaviours: the list. */
const struct test_zone_behaviour *test_zone_behaviours(
	const struct test_zone *zone, size_t *count_out)
{
	*count_out = zone->behaviour_count;
	return zone->behaviours;
}

/* ---- answering ---- */

/* exists: does the zone know the name, or one below it? */
static bool exists(const struct test_zone *zone, struct gp_span name)
{
	for (size_t i = 0; i < zone->record_count; i++)
		if (gp_dns_name_is_within(gp_span_from(zone->records[i].name), name))
			return true;
	for (size_t i = 0; i < zone->behaviour_count; i++)
		if (zone->behaviours[i].name[0] != '@' &&
			gp_dns_name_is_within(gp_span_from(zone->behaviours[i].name), name))
			return true;
	return false;
}

/* find_owner: the name whose entries answer for name: itself, a wildcard, or none (empty). */
static struct gp_span find_owner(
	const struct test_zone *zone, struct gp_span name, char room[GP_DNS_NAME_TEXT + 2])
{
	struct gp_span label, encloser = name;
	if (exists(zone, name))
		return name;
	while (encloser.len && !exists(zone, encloser))
		(void)gp_span_cut(encloser, '.', &label, &encloser);
	snprintf(room, GP_DNS_NAME_TEXT + 2, "*.%.*s", (int)encloser.len,
		encloser.len ? encloser.ptr : "");
	struct gp_span wildcard = gp_span_from(room);
	if (encloser.len && exists(zone, wildcard))
		return wildcard;
	return (struct gp_span) {NULL, 0};
}

/* count_type: records of the owner and type. */
static size_t count_type(const struct test_zone *zone, struct gp_span owner, unsigned type)
{
	size_t n = 0;
	for (size_t i = 0; i < zone->record_count; i++)
		n += zone->records[i].type == type &&
		     gp_dns_name_equal(gp_span_from(zone->records[i].name), owner);
	return n;
}

/* has_behaviour: the entry of this kind for the owner or for all, or NULL. */
static const struct test_zone_behaviour *has_behaviour(
	const struct test_zone *zone, struct gp_span owner, enum test_zone_behaviour_kind kind)
{
	for (size_t i = 0; i < zone->behaviour_count; i++) {
		const struct test_zone_behaviour *b = &zone->behaviours[i];
		if (b->kind == kind && (strcmp(b->name, "@") == 0 ||
					       gp_dns_name_equal(gp_span_from(b->name), owner)))
			return b;
	}
	return NULL;
}

/* fail_by: the state that a behaviour stands for; false when it stands for none. */
static bool fail_by(enum test_zone_behaviour_kind kind, struct gp_dns_answer *answer_out)
{
	for (size_t i = 0; i < COUNT(behaviours); i++) {
		if (behaviours[i].kind != kind || behaviours[i].state == GP_DNS_FOUND)
			continue;
		*answer_out = (struct gp_dns_answer) {.state = behaviours[i].state,
			.problem = behaviours[i].problem,
			.failure = behaviours[i].failure};
		return true;
	}
	return false;
}

/* misbehave: does an entry of the owner spoil this type? */
static bool misbehave(const struct test_zone *zone, struct gp_span owner, unsigned type,
	struct gp_dns_answer *answer_out)
{
	bool has_data = count_type(zone, owner, type) || count_type(zone, owner, TEST_ZONE_CNAME);
	bool truncated = has_behaviour(zone, owner, TEST_ZONE_TC) != NULL;
	for (size_t i = 0; i < zone->behaviour_count; i++) {
		const struct test_zone_behaviour *b = &zone->behaviours[i];
		if (!gp_dns_name_equal(gp_span_from(b->name), owner))
			continue;
		bool applies =
			b->type == TEST_ZONE_ANY || b->type == type || (b->type == 0 && !has_data);
		if (b->kind == TEST_ZONE_TCPFAIL)
			applies = truncated;
		if (applies && fail_by(b->kind, answer_out))
			return true;
	}
	return false;
}

/* give_record: a record as the resolver hands it out; false when memory is full. */
static bool give_record(struct gp_arena *arena, const struct test_zone_record *from,
	struct gp_dns_record *record_out)
{
	record_out->addr = from->addr;
	record_out->preference = (uint16_t)from->preference;
	if (from->target)
		record_out->name = gp_arena_copy(arena, gp_span_from(from->target));
	if (from->data) {
		record_out->text.len = from->data_len;
		record_out->text.ptr =
			gp_arena_copy(arena, (struct gp_span) {from->data, from->data_len});
	}
	return (!from->target || record_out->name) && (!from->data || record_out->text.ptr);
}

/* give_records: all of the owner and type. */
static int give_records(const struct test_zone *zone, struct gp_arena *arena, struct gp_span owner,
	unsigned type, struct gp_dns_answer *answer_out)
{
	size_t count = count_type(zone, owner, type), n = 0;
	struct gp_dns_record *records = gp_arena_array(arena, count, sizeof *records);
	if (!records)
		return gp_arena_status(arena);
	for (size_t i = 0; i < zone->record_count; i++) {
		const struct test_zone_record *r = &zone->records[i];
		if (r->type != type || !gp_dns_name_equal(gp_span_from(r->name), owner))
			continue;
		if (!give_record(arena, r, &records[n++]))
			return gp_arena_status(arena);
	}
	*answer_out = (struct gp_dns_answer) {
		.state = GP_DNS_FOUND, .ttl_s = TTL_S, .count = count, .records = records};
	return GP_OK;
}

/* find_cname: where the owner's alias leads, or NULL. */
static const char *find_cname(const struct test_zone *zone, struct gp_span owner)
{
	for (size_t i = 0; i < zone->record_count; i++)
		if (zone->records[i].type == TEST_ZONE_CNAME &&
			gp_dns_name_equal(gp_span_from(zone->records[i].name), owner))
			return zone->records[i].target;
	return NULL;
}

/* follow_aliases: to records, to nothing, or to trouble; *end_out: where they have led, or NULL. */
static int follow_aliases(const struct test_zone *zone, struct gp_arena *arena, struct gp_span name,
	unsigned type, const char **end_out, struct gp_dns_answer *answer_out)
{
	char room[GP_DNS_NAME_TEXT + 2];
	*end_out = NULL;
	*answer_out = (struct gp_dns_answer) {.state = GP_DNS_TEMPFAIL,
		.problem = "too many aliases in a row",
		.failure = GP_DNS_FAILURE_OTHER};
	for (size_t step = 0; step < CNAMES_MAX; step++) {
		struct gp_span owner = find_owner(zone, name, room);
		if (owner.len == 0) {
			const struct test_zone_behaviour *all =
				has_behaviour(zone, gp_span_from("@"), TEST_ZONE_DEFAULT);
			if (!all || !fail_by(all->then, answer_out))
				*answer_out = (struct gp_dns_answer) {
					.state = GP_DNS_NXDOMAIN, .ttl_s = TTL_S};
			return GP_OK;
		}
		if (misbehave(zone, owner, type, answer_out))
			return GP_OK;
		if (count_type(zone, owner, type))
			return give_records(zone, arena, owner, type, answer_out);
		const char *target = find_cname(zone, owner);
		if (!target) {
			*answer_out =
				(struct gp_dns_answer) {.state = GP_DNS_NODATA, .ttl_s = TTL_S};
			return GP_OK;
		}
		*end_out = target;
		name = gp_span_from(target);
	}
	return GP_OK;
}

/* answer_one: with the canonical name, unless there is trouble. */
static int answer_one(const struct test_zone *zone, struct gp_arena *arena, struct gp_span name,
	unsigned type, struct gp_dns_answer *answer_out)
{
	const char *end;
	int rc = follow_aliases(zone, arena, name, type, &end, answer_out);
	if (rc || !end || gp_dns_state_is_failure(answer_out->state))
		return rc;
	answer_out->canonical = gp_arena_copy(arena, gp_span_from(end));
	return answer_out->canonical ? GP_OK : gp_arena_status(arena);
}

/* expire: what had expired is an answer, unless a fresh one is wanted. */
static void expire(const struct gp_dns_watch *watch, struct gp_dns_answer *answer)
{
	if (watch && watch->is_fresh)
		(void)fail_by(TEST_ZONE_TIMEOUT, answer); /* it stands for one */
	else
		answer->stale = true;
}

/* take_time: turns the clock by the name's delay; true when that went past the deadline. */
static bool take_time(
	struct test_zone *zone, const struct gp_ctx *ctx, struct gp_span name, int64_t start_us)
{
	const struct test_zone_behaviour *delay = has_behaviour(zone, name, TEST_ZONE_DELAY);
	int64_t end = start_us + (delay ? (int64_t)delay->delay_ms * 1000 : 0);
	bool late = delay && ctx->deadline_us && end > ctx->deadline_us;
	if (late)
		end = ctx->deadline_us;
	if (end > zone->mono_us)
		zone->mono_us = end;
	return late;
}

/* zone_query: the layer's function; the questions of a call wait at the same time. */
static int zone_query(struct gp_dns *dns, struct gp_ctx *ctx,
	const struct gp_dns_question *questions, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	struct test_zone *zone = (struct test_zone *)dns;
	int rc = GP_OK;
	pthread_mutex_lock(&zone->lock);
	int64_t start_us = zone->mono_us;
	for (size_t i = 0; i < count && !rc; i++) {
		struct gp_span name = gp_span_from(questions[i].name);
		if (name.len && name.ptr[name.len - 1] == '.')
			name.len--;
		zone->questions =
			grow(zone->questions, zone->question_count, sizeof *zone->questions);
		struct test_zone_question *q = &zone->questions[zone->question_count++];
		q->type = questions[i].type;
		q->call = zone->call_count;
		q->is_fresh = watch && watch->is_fresh;
		q->ttl_max_s = watch ? watch->ttl_max_s : 0;
		snprintf(q->name, sizeof q->name, "%.*s", (int)name.len, name.ptr);
		if (take_time(zone, ctx, name, start_us)) {
			(void)fail_by(TEST_ZONE_TIMEOUT, &answers_out[i]); /* it stands for one */
			answers_out[i].ours = true;
			continue;
		}
		rc = answer_one(zone, ctx->arena, name, (unsigned)q->type, &answers_out[i]);
		answers_out[i].secure = has_behaviour(zone, name, TEST_ZONE_AD) != NULL;
		answers_out[i].took_us = zone->mono_us - start_us;
		if (has_behaviour(zone, name, TEST_ZONE_STALE))
			expire(watch, &answers_out[i]);
	}
	zone->call_count++;
	pthread_mutex_unlock(&zone->lock);
	return rc;
}

/* zone_leave: the owner of the zone frees it. */
static void zone_leave(struct gp_dns *dns)
{
	(void)dns;
}

/* ---- clock and questions ---- */

/* zone_of_clock: the zone around its clock. */
static const struct test_zone *zone_of_clock(const struct gp_clock *clock)
{
	return (const struct test_zone *)(const void *)((const char *)clock -
							offsetof(struct test_zone, clock));
}

/* zone_mono_us: where the hand stands. */
static int64_t zone_mono_us(const struct gp_clock *clock)
{
	return zone_of_clock(clock)->mono_us;
}

/* zone_wall_s: where the other hand stands. */
static int64_t zone_wall_s(const struct gp_clock *clock)
{
	return zone_of_clock(clock)->wall_s;
}

/* test_zone_new: empty. */
struct test_zone *test_zone_new(void)
{
	static const struct gp_dns_ops ops = {zone_query, zone_leave};
	struct test_zone *zone = calloc(1, sizeof *zone);
	if (!zone)
		die("memory", "none left");
	zone->dns.ops = &ops;
	zone->clock = (struct gp_clock) {zone_mono_us, zone_wall_s};
	zone->mono_us = 1000 * INT64_C(1000000);
	zone->wall_s = 1700000000;
	pthread_mutex_init(&zone->lock, NULL);
	return zone;
}

/* test_zone_free: with all it owns. */
void test_zone_free(struct test_zone *zone)
{
	if (!zone)
		return;
	for (size_t i = 0; i < zone->record_count; i++) {
		free(zone->records[i].name);
		free(zone->records[i].target);
		free(zone->records[i].data);
		free(zone->records[i].chunks);
	}
	for (size_t i = 0; i < zone->behaviour_count; i++)
		free(zone->behaviours[i].name);
	free(zone->records);
	free(zone->behaviours);
	free(zone->questions);
	pthread_mutex_destroy(&zone->lock);
	free(zone);
}

/* test_zone_dns: the layer. */
struct gp_dns *test_zone_dns(struct test_zone *zone)
{
	return &zone->dns;
}

/* test_zone_clock: the clock. */
const struct gp_clock *test_zone_clock(struct test_zone *zone)
{
	return &zone->clock;
}

/* test_zone_set_clock: both hands. */
void test_zone_set_clock(struct test_zone *zone, int64_t mono_us, int64_t wall_s)
{
	zone->mono_us = mono_us;
	zone->wall_s = wall_s;
}

/* test_zone_asked_of: of whatever type. */
size_t test_zone_asked_of(const struct test_zone *zone, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < zone->question_count; i++)
		n += strcmp(zone->questions[i].name, name) == 0;
	return n;
}

/* test_zone_asked: counted. */
size_t test_zone_asked(const struct test_zone *zone, unsigned type)
{
	size_t n = 0;
	for (size_t i = 0; i < zone->question_count; i++)
		n += type == TEST_ZONE_ANY || zone->questions[i].type == (enum gp_dns_type)type;
	return n;
}

/* test_zone_calls: calls of gp_dns_query that reached the zone. */
size_t test_zone_calls(const struct test_zone *zone)
{
	return zone->call_count;
}

/* test_zone_question: one of them; NULL past the end. */
const struct test_zone_question *test_zone_question(const struct test_zone *zone, size_t i)
{
	return i < zone->question_count ? &zone->questions[i] : NULL;
}

/* test_zone_forget: as if nobody had asked. */
void test_zone_forget(struct test_zone *zone)
{
	zone->question_count = zone->call_count = 0;
}
