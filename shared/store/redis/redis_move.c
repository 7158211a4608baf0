/* SPDX-License-Identifier: ISC */
/*
 * Records for another store are read one by one, by their names. One that comes is joined here with
 * what the server has, and written if that is still what it has: else once more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis/redis_private.h"
#include "store/redis/redis_record.h"
#include "store/store_soft.h"

#define TRIES 100    /* somebody else writes the same record each time: hardly ever once */
#define SOFT_MS 1000 /* a soft record is kept so much longer than it counts, as scripts do it */
#define RECORD_MAX 131072 /* bytes; as scripts have it */

/* ---- out ---- */

struct walk {
	struct gp_store_redis *redis;
	struct gp_ctx *ctx;
	bool (*show)(void *arg, struct gp_store_record *record);
	void *arg;
	int rc;
	struct gp_store_record record;
	struct gp_store_redis_record windows;
};

/* take_value: the record in a value; false: it is none. */
static bool take_value(struct walk *w, struct gp_span value)
{
	struct gp_store_record *record = &w->record;
	if (record->kind != GP_STORE_RECORD_COUNTERS)
		return gp_store_soft_record(value, record->kind == GP_STORE_RECORD_SEEN, record);
	if (!gp_store_redis_record_decode(value, &w->windows) || w->windows.count == 0)
		return false;
	record->name = w->windows.name;
	record->count = w->windows.count;
	for (size_t i = 0; i < w->windows.count; i++)
		gp_store_counter_of(&w->windows.windows[i].window, w->windows.windows[i].id,
			&record->counters[i]);
	return true;
}

/* show_name: visitor of gp_store_redis_names: what stands under it; it may have gone meanwhile. */
static bool show_name(void *arg, struct gp_span name)
{
	struct walk *w = arg;
	const struct gp_store_redis_call call = gp_store_redis_begin(w->redis, w->ctx);
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	struct redisReply *reply;
	struct gp_span value;
	bool goes_on = true;
	if (!gp_store_redis_name_parse(
		    w->redis, name, w->record.key, &w->record.kind, &w->record.set))
		return true;
	gp_store_redis_request_init(&request, name, "GET");
	gp_store_redis_command_add(&request.command, name);
	w->rc = gp_store_redis_run(&call, &request, &error, &reply);
	if (w->rc == GP_OK && error != GP_STORE_REDIS_WRONGTYPE)
		w->rc = gp_store_redis_judge(&call, 0, reply);
	if (w->rc == GP_OK && gp_store_redis_reply_text(reply, &value) && take_value(w, value))
		goes_on = w->show(w->arg, &w->record);
	gp_store_redis_reply_free(reply);
	return w->rc == GP_OK && goes_on;
}

/* gp_store_redis_records: every name. */
int gp_store_redis_records(void *self, struct gp_ctx *ctx,
	bool (*show)(void *arg, struct gp_store_record *record), void *arg)
{
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return GP_ENOMEM;
	w->redis = self;
	w->ctx = ctx;
	w->show = show;
	w->arg = arg;
	int rc = gp_store_redis_names(self, ctx, show_name, w);
	rc = w->rc ? w->rc : rc;
	free(w);
	return rc;
}

/* ---- in ---- */

/* A record on its way. */
struct join {
	struct gp_store_redis *redis;
	struct gp_ctx *ctx;
	int64_t now_ms;
	const struct gp_store_record *from;
	bool was_there;
	size_t there_size, size; /* what the server has; what it shall have */
	int64_t keep_ms;
	unsigned char there[RECORD_MAX], bytes[RECORD_MAX];
	struct gp_store_redis_record windows;
};

/* join_counters: nothing, when none of them counts any more. */
static void join_counters(struct join *j)
{
	const struct gp_store_record *from = j->from;
	(void)gp_store_redis_record_decode(
		(struct gp_span) {(const char *)j->there, j->there_size}, &j->windows);
	gp_store_redis_record_purge(&j->windows, j->now_ms);
	j->was_there = j->windows.count > 0;
	j->windows.name = from->name;
	for (size_t i = 0; i < from->count; i++) {
		struct gp_store_window *window = gp_store_redis_record_window(
			&j->windows, from->counters[i].id, from->counters[i].per_ms, j->now_ms);
		if (window)
			gp_store_window_join(window, &from->counters[i], j->now_ms);
	}
	gp_store_redis_record_purge(&j->windows, j->now_ms);
	j->keep_ms = 1;
	for (size_t i = 0; i < j->windows.count; i++) {
		int64_t left_ms = gp_store_window_end(&j->windows.windows[i].window) - j->now_ms;
		j->keep_ms = left_ms > j->keep_ms ? left_ms : j->keep_ms;
	}
	j->size = j->windows.count ? gp_store_redis_record_size(&j->windows) : 0;
	if (j->size)
		gp_store_redis_record_encode(&j->windows, j->bytes);
}

/* join_seen: a set. */
static void join_seen(struct join *j)
{
	struct gp_store_seen seen;
	int64_t expires_ms = j->from->expires_ms;
	j->was_there = gp_store_seen_join((struct gp_span) {(const char *)j->there, j->there_size},
		j->from, j->now_ms, &seen, &expires_ms);
	j->size = gp_store_seen_size(&seen);
	gp_store_seen_encode(&seen, expires_ms, j->bytes);
	j->keep_ms = expires_ms - j->now_ms + SOFT_MS;
}

/* name_of: of the record's key. */
static struct gp_span name_of(const struct join *j, char text[GP_STORE_REDIS_KEY])
{
	struct gp_store_see see = {.kind = j->from->set};
	struct gp_store_soft soft = {.kind = GP_STORE_OP_SEE, .see = &see};
	if (j->from->kind == GP_STORE_RECORD_COUNTERS)
		return gp_store_redis_key(j->redis, j->from->key, text);
	memcpy(soft.key, j->from->key, GP_STORE_KEY);
	return gp_store_redis_soft_key(j->redis, &soft, text);
}

/* swap: if the server has what was joined; else *is_done_out is false, and it is read. */
static int swap(struct join *j, bool *is_done_out)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(j->redis, j->ctx);
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	struct redisReply *reply;
	struct gp_span there;
	char text[GP_STORE_REDIS_KEY], keep[24];
	int64_t number = 0;
	gp_store_redis_request_script(&request, j->redis, GP_STORE_REDIS_SWAP, "1");
	request.key = name_of(j, text);
	snprintf(keep, sizeof keep, "%" PRId64, j->keep_ms);
	gp_store_redis_command_add(&request.command, request.key);
	gp_store_redis_command_add(
		&request.command, (struct gp_span) {(const char *)j->there, j->there_size});
	gp_store_redis_command_add(
		&request.command, (struct gp_span) {(const char *)j->bytes, j->size});
	gp_store_redis_command_text(&request.command, keep);
	int rc = gp_store_redis_run(&call, &request, &error, &reply);
	if (rc == GP_OK)
		rc = gp_store_redis_judge(&call, 0, reply);
	*is_done_out = false;
	if (rc == GP_OK && gp_store_redis_reply_text(reply, &there)) {
		rc = there.len <= RECORD_MAX ? GP_OK : GP_EIO;
		j->there_size = rc ? 0 : there.len;
		if (j->there_size)
			memcpy(j->there, there.ptr, there.len);
	} else if (rc == GP_OK) {
		*is_done_out = gp_store_redis_reply_number(reply, &number) && number == 1;
		rc = *is_done_out ? GP_OK : GP_EIO;
	}
	gp_store_redis_reply_free(reply);
	return rc;
}

/* gp_store_redis_join: as if nothing were there, first. */
int gp_store_redis_join(void *self, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, bool *was_there_out)
{
	struct join *j = calloc(1, sizeof *j);
	bool is_done = false;
	int rc = GP_OK;
	if (!j)
		return GP_ENOMEM;
	j->redis = self;
	j->ctx = ctx;
	j->now_ms = now_ms;
	j->from = record;
	for (unsigned i = 0; rc == GP_OK && !is_done && i < TRIES; i++) {
		if (record->kind == GP_STORE_RECORD_COUNTERS)
			join_counters(j);
		else
			join_seen(j);
		is_done = j->size == 0;
		if (!is_done)
			rc = swap(j, &is_done);
	}
	*was_there_out = j->was_there;
	free(j);
	return rc ? rc : is_done ? GP_OK : GP_EIO;
}
