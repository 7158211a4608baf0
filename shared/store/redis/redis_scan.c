/* SPDX-License-Identifier: ISC */
/*
 * Walks over everything: SCAN on each node gives names of records, a script asked many times in one
 * go what they count; HSCAN gives facts. Redis may show an element twice while its tables grow, so
 * what has been shown is remembered.
 */
#include "store/redis/redis_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

typedef bool (*usage_visitor)(void *arg, const struct gp_store_usage *usage);
typedef bool (*fact_visitor)(void *arg, const struct gp_store_fact *fact);

#define AT_ONCE 100 /* commands sent before the first answer is read */

/* ---- what has been shown ---- */

/* A set of keys: open addressing, at most half full; keys are as good as random. */
struct seen {
	unsigned char (*keys)[GP_STORE_KEY];
	bool *taken;
	size_t size, count; /* size: a power of two, or 0 */
};

/* place_of: where the key is, or belongs. */
static size_t place_of(const struct seen *seen, const unsigned char key[GP_STORE_KEY])
{
	size_t at;
	memcpy(&at, key, sizeof at);
	for (at &= seen->size - 1; seen->taken[at]; at = (at + 1) & (seen->size - 1))
		if (memcmp(seen->keys[at], key, GP_STORE_KEY) == 0)
			break;
	return at;
}

/* grow: into twice the room. */
static bool grow(struct seen *seen)
{
	struct seen larger = {.size = seen->size ? seen->size * 2 : 1024};
	larger.keys = calloc(larger.size, sizeof *larger.keys);
	larger.taken = calloc(larger.size, sizeof *larger.taken);
	if (!larger.keys || !larger.taken) {
		free(larger.keys);
		free(larger.taken);
		return false;
	}
	for (size_t i = 0; i < seen->size; i++) {
		if (!seen->taken[i])
			continue;
		size_t at = place_of(&larger, seen->keys[i]);
		memcpy(larger.keys[at], seen->keys[i], GP_STORE_KEY);
		larger.taken[at] = true;
	}
	larger.count = seen->count;
	free(seen->keys);
	free(seen->taken);
	*seen = larger;
	return true;
}

/* show: *news_out: not shown before; it is now. False: no memory. */
static bool show(struct seen *seen, const unsigned char key[GP_STORE_KEY], bool *news_out)
{
	if (seen->count * 2 >= seen->size && !grow(seen))
		return false;
	size_t at = place_of(seen, key);
	*news_out = !seen->taken[at];
	if (!*news_out)
		return true;
	memcpy(seen->keys[at], key, GP_STORE_KEY);
	seen->taken[at] = true;
	seen->count++;
	return true;
}

/* forget_seen: the memory. */
static void forget_seen(struct seen *seen)
{
	free(seen->keys);
	free(seen->taken);
}

/* ---- names ---- */

/* gp_store_redis_cursor: digits only. */
bool gp_store_redis_cursor(const struct redisReply *item, char cursor_out[GP_STORE_REDIS_CURSOR])
{
	struct gp_span text;
	uint64_t number;
	if (!gp_store_redis_reply_text(item, &text) ||
		gp_span_parse_uint(text, UINT64_MAX, &number) != GP_OK)
		return false;
	snprintf(cursor_out, GP_STORE_REDIS_CURSOR, "%" PRIu64, number);
	return true;
}

/* add_literal: for a pattern in which these bytes stand for themselves. */
static char *add_literal(char *p, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("*?[]^-\\", text.ptr[i]) && text.ptr[i])
			*p++ = '\\';
		*p++ = text.ptr[i];
	}
	return p;
}

/* digit_of: of a lower case hexadecimal number, or -1. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* key_of: of a record's name; false: it is not ours. */
static bool key_of(const struct gp_store_redis *redis, struct gp_span name,
	unsigned char key_out[GP_STORE_KEY])
{
	size_t prefix = redis->prefix_length;
	if (name.len != prefix + 2 + 2ul * GP_STORE_KEY ||
		memcmp(name.ptr, redis->prefix, prefix) != 0 || name.ptr[prefix] != '{' ||
		name.ptr[name.len - 1] != '}')
		return false;
	for (size_t i = 0; i < GP_STORE_KEY; i++) {
		int high = digit_of(name.ptr[prefix + 1 + 2 * i]);
		int low = digit_of(name.ptr[prefix + 2 + 2 * i]);
		if (high < 0 || low < 0)
			return false;
		key_out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* ---- counters ---- */

/* One scan. */
struct scan {
	struct gp_store_redis *redis;
	struct gp_ctx *ctx;
	const char *suffix; /* of the pattern: what may stand after the braces */
	/* what is done with the names of a page */
	int (*take)(struct scan *scan, unsigned node, const struct redisReply *names);
	bool (*on_name)(void *arg, struct gp_span name); /* of gp_store_redis_names */
	char now[24];
	usage_visitor visit;
	void *arg;
	bool stopped; /* visit wants no more */
	struct seen seen;
	/* a page of keys */
	unsigned char keys[AT_ONCE][GP_STORE_KEY];
	size_t count;
};

/* visit_usage: name, then three numbers for each window. */
static void visit_usage(struct scan *scan, const struct redisReply *reply)
{
	struct gp_store_usage usage;
	size_t items = gp_store_redis_reply_items(reply);
	if (!gp_store_redis_reply_text(gp_store_redis_reply_item(reply, 0), &usage.subject) ||
		usage.subject.len > GP_STORE_NAME_MAX)
		return;
	for (size_t i = 1; i + 2 < items && !scan->stopped; i += 3) {
		int64_t id;
		if (!gp_store_redis_reply_number(gp_store_redis_reply_item(reply, i), &id) ||
			!gp_store_redis_reply_number(
				gp_store_redis_reply_item(reply, i + 1), &usage.per_ms) ||
			!gp_store_redis_reply_number(
				gp_store_redis_reply_item(reply, i + 2), &usage.used) ||
			id < 1 || id > UINT32_MAX || usage.used < 1)
			continue;
		usage.id = (uint32_t)id;
		scan->stopped = !scan->visit(scan->arg, &usage);
	}
}

/* send_questions: one for each key of the page. */
static int send_questions(struct scan *scan, struct gp_store_redis_conn *conn, int64_t until_us)
{
	char text[GP_STORE_REDIS_KEY];
	int rc = GP_OK;
	for (size_t i = 0; rc == GP_OK && i < scan->count; i++) {
		struct gp_store_redis_request request;
		gp_store_redis_request_script(&request, scan->redis, GP_STORE_REDIS_USAGE, "1");
		gp_store_redis_command_add(
			&request.command, gp_store_redis_key(scan->redis, scan->keys[i], text));
		gp_store_redis_command_text(&request.command, scan->now);
		rc = gp_store_redis_conn_send(conn, &request.command, until_us);
	}
	return rc;
}

/*
 * read_answers: all of them, whether they are wanted or not, so that the line stays in step;
 * *verdict_out: what the server answered to the commands. A key that has moved to another node is
 * shown there or, like everything that changes during a scan, not at all.
 */
static int read_answers(struct scan *scan, const struct gp_store_redis_call *call,
	struct gp_store_redis_conn *conn, int *verdict_out)
{
	for (size_t i = 0; i < scan->count; i++) {
		const char *advice;
		struct redisReply *reply;
		int rc = gp_store_redis_conn_receive(conn, call->until_us, &reply);
		if (rc)
			return rc;
		enum gp_store_redis_error error = gp_store_redis_reply_error(reply, &advice);
		if (error == GP_STORE_REDIS_NOSCRIPT || error == GP_STORE_REDIS_UNFIT ||
			error == GP_STORE_REDIS_DENIED)
			*verdict_out = gp_store_redis_judge(call, conn->node, reply);
		else if (error == GP_STORE_REDIS_FINE && !scan->stopped && !*verdict_out)
			visit_usage(scan, reply);
		gp_store_redis_reply_free(reply);
	}
	return GP_OK;
}

/* ask_page: what the keys of the page count. The script is loaded first: there are no retries. */
static int ask_page(struct scan *scan, unsigned node)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(scan->redis, scan->ctx);
	struct gp_store_redis_conn *conn;
	int verdict = GP_OK;
	if (scan->count == 0)
		return GP_OK;
	int rc = gp_store_redis_acquire(&call, node, &conn);
	if (rc)
		return rc;
	rc = gp_store_redis_load(scan->redis, conn, GP_STORE_REDIS_USAGE, call.until_us);
	if (rc == GP_OK)
		rc = send_questions(scan, conn, call.until_us);
	if (rc == GP_OK)
		rc = read_answers(scan, &call, conn, &verdict);
	scan->count = 0;
	if (rc) {
		gp_store_redis_note(&call, "scan: %s", conn->problem);
		gp_store_redis_discard(scan->redis, conn);
		return rc == GP_ETIMEOUT || rc == GP_ENOMEM ? rc : GP_EIO;
	}
	gp_store_redis_release(scan->redis, conn);
	return verdict;
}

/* take_names: the keys of a page of SCAN, asked about as soon as there are enough. */
static int take_names(struct scan *scan, unsigned node, const struct redisReply *names)
{
	int rc = GP_OK;
	size_t items = gp_store_redis_reply_items(names);
	for (size_t i = 0; rc == GP_OK && i < items && !scan->stopped; i++) {
		struct gp_span name;
		bool news;
		unsigned char *key = scan->keys[scan->count];
		if (!gp_store_redis_reply_text(gp_store_redis_reply_item(names, i), &name) ||
			!key_of(scan->redis, name, key))
			continue;
		if (!show(&scan->seen, key, &news))
			return GP_ENOMEM;
		scan->count += news;
		if (scan->count == AT_ONCE)
			rc = ask_page(scan, node);
	}
	return rc;
}

/* names_of: SCAN from the cursor on, over names that look like ours. */
static int names_of(struct scan *scan, unsigned node, char cursor[GP_STORE_REDIS_CURSOR],
	struct redisReply **reply_out)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(scan->redis, scan->ctx);
	struct gp_store_redis_request request;
	char pattern[2 * GP_STORE_REDIS_KEY];
	char *p = add_literal(
		pattern, (struct gp_span) {scan->redis->prefix, scan->redis->prefix_length});
	*p++ = '{';
	memset(p, '?', 2ul * GP_STORE_KEY);
	p += 2ul * GP_STORE_KEY;
	*p++ = '}';
	p = stpcpy(p, scan->suffix);
	gp_store_redis_request_init(&request, (struct gp_span) {NULL, 0}, "SCAN");
	gp_store_redis_command_text(&request.command, cursor);
	gp_store_redis_command_text(&request.command, "MATCH");
	gp_store_redis_command_add(
		&request.command, (struct gp_span) {pattern, (size_t)(p - pattern)});
	gp_store_redis_command_text(&request.command, "COUNT");
	gp_store_redis_command_text(&request.command, "1000");
	int rc = gp_store_redis_run_on(&call, node, false, &request, reply_out);
	if (rc == GP_OK)
		rc = gp_store_redis_judge(&call, node, *reply_out);
	if (rc == GP_OK &&
		!gp_store_redis_cursor(gp_store_redis_reply_item(*reply_out, 0), cursor)) {
		gp_store_redis_note(&call, "SCAN: the answer has no cursor");
		rc = GP_EIO;
	}
	return rc;
}

/* scan_node: page after page. */
static int scan_node(struct scan *scan, unsigned node)
{
	char cursor[GP_STORE_REDIS_CURSOR] = "0";
	int rc = GP_OK;
	do {
		struct redisReply *reply = NULL;
		rc = names_of(scan, node, cursor, &reply);
		if (rc == GP_OK)
			rc = scan->take(scan, node, gp_store_redis_reply_item(reply, 1));
		gp_store_redis_reply_free(reply);
	} while (rc == GP_OK && !scan->stopped && strcmp(cursor, "0") != 0);
	return rc == GP_OK && !scan->stopped ? ask_page(scan, node) : rc;
}

/* is_used: the node has something. */
static bool is_used(struct gp_store_redis *redis, unsigned i)
{
	pthread_mutex_lock(&redis->lock);
	bool used = redis->up && redis->nodes[i].used;
	pthread_mutex_unlock(&redis->lock);
	return used;
}

/* scan_nodes: every one of them; frees the scan. */
static int scan_nodes(struct scan *scan)
{
	int rc = GP_EIO; /* when there is no node at all */
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES && !scan->stopped; i++) {
		if (!is_used(scan->redis, i))
			continue;
		rc = scan_node(scan, i);
		if (rc)
			break;
	}
	forget_seen(&scan->seen);
	free(scan);
	return rc;
}

/* gp_store_redis_scan: records alone. */
int gp_store_redis_scan(
	void *self, struct gp_ctx *ctx, int64_t now_ms, usage_visitor visit, void *arg)
{
	struct scan *scan = calloc(1, sizeof *scan);
	if (!scan)
		return GP_ENOMEM;
	scan->redis = self;
	scan->ctx = ctx;
	scan->suffix = "";
	scan->take = take_names;
	scan->visit = visit;
	scan->arg = arg;
	snprintf(scan->now, sizeof scan->now, "%" PRId64, now_ms);
	return scan_nodes(scan);
}

/* show_names: all that are ours. Twice is no harm. */
static int show_names(struct scan *scan, unsigned node, const struct redisReply *names)
{
	size_t items = gp_store_redis_reply_items(names);
	(void)node;
	for (size_t i = 0; i < items && !scan->stopped; i++) {
		struct gp_span name;
		if (gp_store_redis_reply_text(gp_store_redis_reply_item(names, i), &name))
			scan->stopped = !scan->on_name(scan->arg, name);
	}
	return GP_OK;
}

/* gp_store_redis_names: records, and what is soft. */
int gp_store_redis_names(struct gp_store_redis *redis, struct gp_ctx *ctx,
	bool (*visit)(void *arg, struct gp_span name), void *arg)
{
	struct scan *scan = calloc(1, sizeof *scan);
	if (!scan)
		return GP_ENOMEM;
	scan->redis = redis;
	scan->ctx = ctx;
	scan->suffix = "*";
	scan->take = show_names;
	scan->on_name = visit;
	scan->arg = arg;
	return scan_nodes(scan);
}

/* gp_store_redis_name_parse: the prefix, the hash in braces, and what the rest says. */
bool gp_store_redis_name_parse(const struct gp_store_redis *redis, struct gp_span name,
	unsigned char key_out[GP_STORE_KEY], enum gp_store_record_kind *kind_out, uint32_t *set_out)
{
	const size_t length = redis->prefix_length + 2 + 2ul * GP_STORE_KEY;
	uint64_t set = 0;
	if (name.len < length || !key_of(redis, (struct gp_span) {name.ptr, length}, key_out))
		return false;
	const struct gp_span rest = gp_span_skip(name, length);
	*kind_out = rest.len == 0           ? GP_STORE_RECORD_COUNTERS
		    : gp_span_is(rest, "n") ? GP_STORE_RECORD_SOFT
					    : GP_STORE_RECORD_SEEN;
	bool is_ours = *kind_out != GP_STORE_RECORD_SEEN ||
		       (rest.ptr[0] == 's' && gp_span_parse_uint(gp_span_skip(rest, 1), UINT32_MAX,
						      &set) == GP_OK);
	*set_out = (uint32_t)set;
	return is_ours;
}

/* ---- facts ---- */

/* One walk over the facts. */
struct walk {
	struct gp_store_redis *redis;
	struct gp_ctx *ctx;
	struct gp_crypto_digest *digest; /* makes keys of fields, to remember those shown */
	struct gp_span prefix;
	int64_t now_ms;
	fact_visitor visit;
	void *arg;
	bool stopped;
	struct seen seen;
};

/* fact_of: "EXPIRES VALUE"; false: it is none, or not wanted. */
static bool fact_of(const struct walk *walk, struct gp_span key, struct gp_span text,
	struct gp_store_fact *fact_out)
{
	fact_out->key = key;
	if (key.len == 0 || key.len > GP_STORE_FACT_KEY_MAX || key.len < walk->prefix.len ||
		!gp_span_equal((struct gp_span) {key.ptr, walk->prefix.len}, walk->prefix) ||
		!gp_store_redis_fact_decode(text, &fact_out->value, &fact_out->expires_ms))
		return false;
	return fact_out->expires_ms == 0 || fact_out->expires_ms > walk->now_ms;
}

/* visit_facts: the pairs of a page. */
static int visit_facts(struct walk *walk, const struct redisReply *pairs)
{
	size_t items = gp_store_redis_reply_items(pairs);
	for (size_t i = 0; i + 1 < items && !walk->stopped; i += 2) {
		struct gp_span key, text;
		struct gp_store_fact fact;
		unsigned char hash[GP_CRYPTO_SHA256];
		bool news;
		if (!gp_store_redis_reply_text(gp_store_redis_reply_item(pairs, i), &key) ||
			!gp_store_redis_reply_text(
				gp_store_redis_reply_item(pairs, i + 1), &text) ||
			!fact_of(walk, key, text, &fact))
			continue;
		int rc = gp_crypto_digest_of(walk->digest, key, hash);
		if (rc)
			return rc;
		if (!show(&walk->seen, hash, &news))
			return GP_ENOMEM;
		if (news)
			walk->stopped = !walk->visit(walk->arg, &fact);
	}
	return GP_OK;
}

/* page_of: HSCAN from the cursor on; a key of another type has no facts. */
static int page_of(
	struct walk *walk, char cursor[GP_STORE_REDIS_CURSOR], struct redisReply **reply_out)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(walk->redis, walk->ctx);
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	char pattern[2 * GP_STORE_FACT_KEY_MAX + 2];
	char *p = add_literal(pattern, walk->prefix);
	*p++ = '*';
	gp_store_redis_request_init(&request, gp_span_from(walk->redis->facts_key), "HSCAN");
	gp_store_redis_command_add(&request.command, request.key);
	gp_store_redis_command_text(&request.command, cursor);
	gp_store_redis_command_text(&request.command, "MATCH");
	gp_store_redis_command_add(
		&request.command, (struct gp_span) {pattern, (size_t)(p - pattern)});
	gp_store_redis_command_text(&request.command, "COUNT");
	gp_store_redis_command_text(&request.command, "500");
	int rc = gp_store_redis_run(&call, &request, &error, reply_out);
	if (rc == GP_OK && error == GP_STORE_REDIS_WRONGTYPE) {
		memcpy(cursor, "0", 2);
		return GP_OK;
	}
	if (rc == GP_OK)
		rc = gp_store_redis_judge(&call, 0, *reply_out);
	if (rc == GP_OK &&
		!gp_store_redis_cursor(gp_store_redis_reply_item(*reply_out, 0), cursor)) {
		gp_store_redis_note(&call, "HSCAN: the answer has no cursor");
		rc = GP_EIO;
	}
	return rc;
}

/* gp_store_redis_facts: page after page. */
int gp_store_redis_facts(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
	fact_visitor visit, void *arg)
{
	struct walk walk = {.redis = self,
		.ctx = ctx,
		.prefix = prefix,
		.now_ms = now_ms,
		.visit = visit,
		.arg = arg};
	char cursor[GP_STORE_REDIS_CURSOR] = "0";
	int rc = gp_crypto_digest_new(&walk.digest);
	while (rc == GP_OK) {
		struct redisReply *reply = NULL;
		rc = page_of(&walk, cursor, &reply);
		if (rc == GP_OK)
			rc = visit_facts(&walk, gp_store_redis_reply_item(reply, 1));
		gp_store_redis_reply_free(reply);
		if (walk.stopped || strcmp(cursor, "0") == 0)
			break;
	}
	forget_seen(&walk.seen);
	gp_crypto_digest_free(walk.digest);
	return rc;
}
