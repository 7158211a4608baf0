/* SPDX-License-Identifier: ISC */
/* What a Redis server sends: the first byte says in pieces of which size it comes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/redis/redis_private.h"

const char *const fuzz_reached_seed = "outcome";

static int reached;

/* look_soft: as an answer to each soft operation. */
static void look_soft(const struct redisReply *reply)
{
	char bytes[16];
	struct gp_store_within within[2] = {{.ms = 1000}, {.ms = 60000}};
	struct gp_store_value value = {.bytes = bytes, .room = sizeof bytes};
	struct gp_store_get get = {.soft = true, .value = value}, fact = {.value = value};
	struct gp_store_note note = {.before = value};
	struct gp_store_see see = {.most = 5, .within = within, .within_count = 2};
	const struct gp_store_soft ops[] = {{.kind = GP_STORE_OP_GET, .get = &get},
		{.kind = GP_STORE_OP_GET, .get = &fact}, {.kind = GP_STORE_OP_NOTE, .note = &note},
		{.kind = GP_STORE_OP_SEE, .see = &see}};
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		(void)gp_store_redis_soft_decode(reply, &ops[i], 1700000000000);
	if (get.value.length > GP_STORE_NOTE_VALUE_MAX ||
		fact.value.length > GP_STORE_FACT_VALUE_MAX || within[0].seen > see.most ||
		within[1].seen > see.most)
		__builtin_trap();
}

/* look: every question that is asked of replies, at every depth. Returns how many there are. */
static size_t look(const struct redisReply *reply, unsigned depth)
{
	struct gp_span text = {NULL, 0};
	struct gp_store_redis_redirection to;
	struct gp_store_redis_outcome outcome;
	char problem[32], cursor[GP_STORE_REDIS_CURSOR];
	const char *advice;
	int64_t number;
	size_t seen = 1, items = gp_store_redis_reply_items(reply);
	if (depth > GP_STORE_REDIS_DEPTH_MAX || items > GP_STORE_REDIS_ITEMS_MAX)
		__builtin_trap();
	(void)gp_store_redis_reply_text(reply, &text);
	(void)gp_store_redis_reply_number(reply, &number);
	gp_store_redis_reply_problem(reply, problem, sizeof problem);
	if (strlen(problem) >= sizeof problem)
		__builtin_trap();
	enum gp_store_redis_error error = gp_store_redis_reply_error(reply, &advice);
	if (gp_store_redis_redirection_parse(reply, &to) &&
		(error == GP_STORE_REDIS_FINE || to.slot >= GP_STORE_REDIS_SLOTS || to.port == 0 ||
			strlen(to.host) >= sizeof to.host))
		__builtin_trap();
	if (gp_store_redis_cursor(reply, cursor) && strlen(cursor) > 20)
		__builtin_trap();
	if (gp_store_redis_outcome_decode(reply, &outcome)) {
		if (outcome.used < 0 || outcome.used > 1LL << 53 || outcome.wait_ms < -1)
			__builtin_trap();
		reached = 1;
	}
	look_soft(reply);
	for (size_t i = 0; i <= items; i++) {
		const struct redisReply *item = gp_store_redis_reply_item(reply, i);
		if ((item != NULL) != (i < items))
			__builtin_trap();
		if (item)
			seen += look(item, depth + 1);
	}
	return seen;
}

/* feed: a piece, then all replies that it completes; false: no more of it. */
static int feed(struct gp_store_redis_reader *reader, struct gp_span piece)
{
	struct redisReply *reply;
	if (gp_store_redis_reader_feed(reader, piece) != GP_OK)
		return 0;
	for (;;) {
		if (gp_store_redis_reader_next(reader, &reply) != GP_OK)
			return 0;
		if (!reply)
			return 1;
		if (look(reply, 0) > GP_STORE_REDIS_ITEMS_MAX + 1)
			__builtin_trap();
		gp_store_redis_reply_free(reply);
	}
}

/* LLVMFuzzerTestOneInput: bounds hold whatever comes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_store_redis_reader *reader;
	reached = 0;
	if (size < 1 || gp_store_redis_reader_new(&reader) != GP_OK)
		return 0;
	size_t step = (size_t)data[0] + 1;
	struct gp_span rest = {(const char *)data + 1, size - 1};
	while (rest.len > 0) {
		struct gp_span piece = {rest.ptr, rest.len < step ? rest.len : step};
		if (!feed(reader, piece))
			break;
		rest = gp_span_skip(rest, piece.len);
	}
	gp_store_redis_reader_free(reader);
	return 0;
}

/* fuzz_reached: the last input held a counter's outcome. */
int fuzz_reached(void)
{
	return reached;
}
