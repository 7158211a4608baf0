/* SPDX-License-Identifier: ISC */
/*
 * Answers as the cache packs them: whatever DNS may carry comes back as it was, from the entry and
 * from its copy; what it cannot carry is refused. An input is type, state, bits (secure, after a
 * CNAME, kind of failure), name, number of records and then each record: a length of two octets and
 * so many octets, which are text, name or address; then the canonical name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_cache_private.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "two-texts";

static int reached;

/* What is left of an input. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* octets: so many, or what is left. */
static struct gp_span octets(struct input *in, size_t n)
{
	if (n > in->left)
		n = in->left;
	struct gp_span span = {(const char *)in->at, n};
	in->at += n;
	in->left -= n;
	return span;
}

/* number: of one octet; 0 at the end. */
static unsigned number(struct input *in)
{
	struct gp_span span = octets(in, 1);
	return span.len ? (uint8_t)span.ptr[0] : 0;
}

/* name_of: a valid name of these octets, in the arena. */
static const char *name_of(struct gp_arena *arena, struct gp_span text)
{
	if (text.len > GP_DNS_NAME_MAX || !gp_dns_name_is_valid(text))
		text.len = 0;
	return gp_arena_copy(arena, text);
}

/* take_record: one of that type; false when the arena is full. */
static bool take_record(struct input *in, struct gp_arena *arena, enum gp_dns_type type,
	struct gp_dns_record *record)
{
	size_t length = number(in) << 8;
	struct gp_span data = octets(in, length | number(in));
	*record = (struct gp_dns_record) {.name = NULL};
	if (type == GP_DNS_TXT || type == GP_DNS_TLSA)
		record->text = data;
	if (type == GP_DNS_A || type == GP_DNS_AAAA) {
		size_t size = type == GP_DNS_A ? 4 : 16;
		record->addr.family = type == GP_DNS_A ? GP_IP_V4 : GP_IP_V6;
		memcpy(record->addr.bytes, data.ptr, data.len < size ? data.len : size);
	}
	if (type == GP_DNS_MX || type == GP_DNS_PTR)
		record->name = name_of(arena, data);
	if (type == GP_DNS_MX)
		record->preference = (uint16_t)length;
	return record->name || (type != GP_DNS_MX && type != GP_DNS_PTR);
}

/* must_be: the same record. */
static void must_be(const struct gp_dns_record *a, const struct gp_dns_record *b)
{
	bool same_name = a->name == b->name || (a->name && b->name && !strcmp(a->name, b->name));
	if (!gp_span_equal(a->text, b->text) || !same_name || a->preference != b->preference ||
		a->addr.family != b->addr.family || memcmp(&a->addr, &b->addr, sizeof a->addr) != 0)
		__builtin_trap();
}

/* same_text: the same, or none in both. */
static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* bring_back: what the entry holds is what went in. */
static void bring_back(const struct gp_dns_entry *entry, enum gp_dns_type type,
	const struct gp_dns_answer *was, int64_t now_us)
{
	struct gp_dns_answer is;
	struct gp_arena *arena = gp_arena_new(1 << 22);
	if (!arena)
		return;
	if (gp_dns_entry_copy(entry, arena, now_us, &is) == GP_OK) {
		gp_dns_entry_unfold(type, &is);
		if (is.state != was->state || is.secure != was->secure || is.count != was->count ||
			!is.cached ||
			is.stale != (entry->recheck_us && entry->expires_us <= now_us))
			__builtin_trap();
		for (size_t i = 0; i < is.count; i++)
			must_be(&is.records[i], &was->records[i]);
		if (!same_text(is.problem, was->problem) || is.failure != was->failure ||
			!same_text(is.canonical, was->canonical))
			__builtin_trap();
	}
	gp_arena_free(arena);
}

/* pack: into an entry, its copy, and back. */
static void pack(const struct gp_dns_question *question, const struct gp_dns_answer *answer)
{
	const struct gp_dns_secret secret = {1, 2};
	struct gp_dns_key key, other, fresh;
	const struct gp_dns_question changed = {question->name, question->type ^ 1};
	gp_dns_key_from(&secret, question, false, &key);
	gp_dns_key_from(&secret, &changed, false, &other);
	gp_dns_key_from(&secret, question, true, &fresh);
	struct gp_dns_entry *entry = gp_dns_entry_new(&key, answer, 0, 1);
	struct gp_dns_entry *clone = entry ? gp_dns_entry_clone(entry) : NULL;
	if (entry && (!gp_dns_entry_is(entry, &key) || gp_dns_entry_is(entry, &other) ||
			     gp_dns_entry_is(entry, &fresh)))
		__builtin_trap();
	if (entry)
		bring_back(entry, question->type, answer, 10);
	if (clone) {
		clone->recheck_us = 3000000;
		bring_back(clone, question->type, answer, 2000000);
		reached = answer->count > 1;
	}
	free(clone);
	free(entry);
}

/* LLVMFuzzerTestOneInput: one answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum gp_dns_type types[] = {
		GP_DNS_TXT, GP_DNS_A, GP_DNS_AAAA, GP_DNS_MX, GP_DNS_PTR, GP_DNS_TLSA};
	struct input in = {data, size};
	struct gp_arena *arena = gp_arena_new(1 << 20);
	reached = 0;
	if (!arena)
		return 0;
	enum gp_dns_type type = types[number(&in) % (sizeof types / sizeof types[0])];
	enum gp_dns_state state = (enum gp_dns_state)(number(&in) % GP_DNS_STATES);
	unsigned bits = number(&in);
	struct gp_dns_answer answer = {.state = state, .secure = bits & 1};
	struct gp_dns_question question = {name_of(arena, octets(&in, number(&in))), type};
	struct gp_dns_record *records = gp_arena_array(arena, GP_DNS_RECORDS_MAX, sizeof *records);
	bool fits = question.name && records;
	for (size_t n = number(&in); fits && state == GP_DNS_FOUND && answer.count < n;
		answer.count += fits)
		fits = take_record(&in, arena, type, &records[answer.count]);
	if (gp_dns_state_is_failure(state)) {
		answer.problem = gp_arena_copy(arena, octets(&in, in.left));
		answer.failure = (enum gp_dns_failure)((bits >> 2) % (GP_DNS_FAILURE_OTHER + 1));
	} else if (bits & 2) {
		answer.canonical = name_of(arena, octets(&in, number(&in)));
	}
	answer.records = records;
	if (fits)
		pack(&question, &answer);
	gp_arena_free(arena);
	return 0;
}

/* fuzz_reached: the last input came back with several records. */
int fuzz_reached(void)
{
	return reached;
}
