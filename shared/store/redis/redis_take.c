/* SPDX-License-Identifier: ISC */
/*
 * Counting, and all else that one decision needs: one script for all of a call, one round trip. On
 * a cluster, whose scripts see the keys of one slot only, takes go subject by subject: what was
 * counted before one refuses is released, and the results of the others come from a test that
 * changes nothing. What is soft then goes slot by slot.
 */
#include "store/redis/redis_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a command needs while it is in progress; on the heap, since threads have small stacks. */
struct question {
	struct gp_store_redis_request request;
	char keys[GP_STORE_TAKES_MAX][GP_STORE_REDIS_KEY]; /* of takes and of what is soft */
	uint8_t order[GP_STORE_TAKES_MAX][GP_STORE_COUNTS_MAX];
	char now[24], longest[24], key_count[8], take_count[8];
	unsigned char words[];
};

_Static_assert(
	GP_STORE_OPS_MAX <= GP_STORE_TAKES_MAX && 2 * GP_STORE_OPS_MAX + 7 <= GP_STORE_REDIS_ARGS,
	"a batch has room");

/* What can be undone of a counter. */
struct done {
	int64_t given, at_ms;
};

/* What a command is about, besides the takes. */
struct asking {
	const struct gp_store_redis_call *call;
	int64_t now_ms;
	bool dry;
	struct done *done; /* room for one subject's counters, or NULL */
	const struct gp_store_soft *softs;
	size_t soft_count;
};

/* longest_of: as the script computes it: the longest window of them all, and its slot. */
static int64_t longest_of(const struct gp_store_keyed *takes, size_t count)
{
	int64_t longest = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++) {
			int64_t per = takes[i].counts[j].per_ms;
			per += (per + GP_STORE_SLOTS - 1) / GP_STORE_SLOTS;
			longest = per > longest ? per : longest;
		}
	}
	return longest;
}

/* add_key: the first one leads to the node. */
static void add_key(struct question *q, struct gp_span key)
{
	if (q->request.key.len == 0)
		q->request.key = key;
	gp_store_redis_command_add(&q->request.command, key);
}

/* add_keys: of takes, then of what is soft. */
static void add_keys(const struct asking *asking, struct question *q,
	const struct gp_store_keyed *takes, size_t count)
{
	const struct gp_store_redis *redis = asking->call->redis;
	for (size_t i = 0; i < count; i++)
		add_key(q, gp_store_redis_key(redis, takes[i].key, q->keys[i]));
	for (size_t i = 0; i < asking->soft_count; i++)
		add_key(q, gp_store_redis_soft_key(redis, &asking->softs[i], q->keys[count + i]));
}

/* add_words: a string for each. */
static void add_words(const struct asking *asking, struct question *q,
	const struct gp_store_keyed *takes, size_t count)
{
	unsigned char *out = q->words;
	for (size_t i = 0; i < count; i++) {
		size_t size = gp_store_redis_subject_size(&takes[i]);
		gp_store_redis_subject_encode(&takes[i], out, q->order[i]);
		gp_store_redis_command_add(
			&q->request.command, (struct gp_span) {(const char *)out, size});
		out += size;
	}
	for (size_t i = 0; i < asking->soft_count; i++) {
		size_t size = gp_store_redis_soft_size(&asking->softs[i]);
		gp_store_redis_soft_encode(&asking->softs[i], out);
		gp_store_redis_command_add(
			&q->request.command, (struct gp_span) {(const char *)out, size});
		out += size;
	}
	if (asking->soft_count)
		gp_store_redis_command_text(&q->request.command, q->take_count);
}

/* size_of: bytes of all strings. */
static size_t size_of(const struct asking *asking, const struct gp_store_keyed *takes, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += gp_store_redis_subject_size(&takes[i]);
	for (size_t i = 0; i < asking->soft_count; i++)
		size += gp_store_redis_soft_size(&asking->softs[i]);
	return size;
}

/* new_question: returns new, NULL for want of memory. */
static struct question *new_question(
	const struct asking *asking, const struct gp_store_keyed *takes, size_t count)
{
	const struct gp_store_redis *redis = asking->call->redis;
	struct question *q = malloc(sizeof *q + size_of(asking, takes, count));
	if (!q)
		return NULL;
	snprintf(q->key_count, sizeof q->key_count, "%u",
		(unsigned)(count + asking->soft_count) % 1000);
	snprintf(q->take_count, sizeof q->take_count, "%u", (unsigned)count % 1000);
	snprintf(q->now, sizeof q->now, "%lld", (long long)asking->now_ms);
	snprintf(q->longest, sizeof q->longest, "%lld", (long long)longest_of(takes, count));
	gp_store_redis_request_script(&q->request, redis,
		asking->soft_count ? GP_STORE_REDIS_BATCH : GP_STORE_REDIS_TAKE, q->key_count);
	q->request.key = (struct gp_span) {NULL, 0};
	add_keys(asking, q, takes, count);
	gp_store_redis_command_text(&q->request.command, q->now);
	gp_store_redis_command_text(&q->request.command, asking->dry ? "1" : "0");
	gp_store_redis_command_text(&q->request.command, q->longest);
	add_words(asking, q, takes, count);
	return q;
}

/* outcomes_of: all of the takes' answers, or nothing. */
static bool outcomes_of(
	const struct redisReply *reply, size_t count, struct gp_store_redis_outcome *outcomes)
{
	for (size_t i = 0; i < count; i++)
		if (!gp_store_redis_outcome_decode(
			    gp_store_redis_reply_item(reply, i), &outcomes[i]))
			return false;
	return true;
}

/* settle: one counter's results from what the script says; counted: all of the call was taken. */
static void settle(
	struct gp_store_count *count, const struct gp_store_redis_outcome *outcome, bool counted)
{
	const int64_t most = 1LL << 53;
	count->refused = outcome->refused;
	count->used = outcome->used;
	count->wait_ms = outcome->wait_ms;
	if (!counted)
		return;
	count->used = outcome->used + count->take > most ? most : outcome->used + count->take;
	count->wait_ms = outcome->after_ms;
}

/* read_softs: after the takes' answers; all of them, or nothing is believed. */
static bool read_softs(const struct asking *asking, const struct redisReply *reply, size_t first)
{
	for (size_t i = 0; i < asking->soft_count; i++)
		if (!gp_store_redis_soft_decode(gp_store_redis_reply_item(reply, first + i),
			    &asking->softs[i], asking->now_ms))
			return false;
	return true;
}

/* read_answer: results for every counter, and of what is soft. */
static bool read_answer(const struct asking *asking, const struct question *q,
	const struct redisReply *reply, struct gp_store_keyed *takes, size_t count)
{
	struct done *done_out = asking->done;
	size_t total = 0, k = 0;
	bool counted = !asking->dry;
	for (size_t i = 0; i < count; i++)
		total += takes[i].count;
	struct gp_store_redis_outcome *outcomes = calloc(total ? total : 1, sizeof *outcomes);
	if (!outcomes || gp_store_redis_reply_items(reply) != total + asking->soft_count ||
		!outcomes_of(reply, total, outcomes) || !read_softs(asking, reply, total)) {
		free(outcomes);
		return false;
	}
	for (size_t i = 0; i < total; i++)
		counted = counted && !outcomes[i].refused;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++, k++) {
			settle(&takes[i].counts[q->order[i][j]], &outcomes[k], counted);
			if (done_out)
				done_out[q->order[i][j]] =
					(struct done) {outcomes[k].given, outcomes[k].at_ms};
		}
	}
	free(outcomes);
	return true;
}

/* ask: one script; *split_out: the cluster wants it subject by subject, nothing has happened. */
static int ask(
	const struct asking *asking, struct gp_store_keyed *takes, size_t count, bool *split_out)
{
	const struct gp_store_redis_call *call = asking->call;
	enum gp_store_redis_error error;
	struct redisReply *reply;
	*split_out = false;
	struct question *q = new_question(asking, takes, count);
	if (!q)
		return GP_ENOMEM;
	int rc = gp_store_redis_run(call, &q->request, &error, &reply);
	if (rc == GP_OK && error != GP_STORE_REDIS_FINE) {
		*split_out = count + asking->soft_count > 1;
		if (error == GP_STORE_REDIS_CROSSSLOT)
			atomic_store(&call->redis->apart, true);
		rc = *split_out ? GP_OK : gp_store_redis_judge(call, 0, reply);
	} else if (rc == GP_OK && !read_answer(asking, q, reply, takes, count)) {
		gp_store_redis_note(call, "the answer of the server is not that of the script");
		rc = GP_EIO;
	}
	gp_store_redis_reply_free(reply);
	free(q);
	return rc;
}

/* is_refused: by any counter. */
static bool is_refused(const struct gp_store_keyed *take)
{
	for (size_t i = 0; i < take->count; i++)
		if (take->counts[i].refused)
			return true;
	return false;
}

/* repair: one script that only releases, or puts again; false: it failed. */
static bool repair(const struct asking *asking, const struct gp_store_keyed *take,
	const struct done *done, bool again)
{
	struct gp_store_count counts[GP_STORE_COUNTS_MAX];
	struct gp_store_keyed back = *take;
	bool split, any = false;
	back.counts = counts;
	for (size_t i = 0; i < take->count; i++) {
		counts[i] = take->counts[i];
		counts[i].back = again ? -done[i].given : counts[i].take;
		counts[i].back_ms = again ? counts[i].back_ms : done[i].at_ms;
		counts[i].take = 0;
		any = any || counts[i].back != 0;
	}
	return !any || ask(asking, &back, 1, &split) == GP_OK;
}

/* undo: releases what a subject took, and puts what had been released where it was. */
static void undo(
	const struct asking *asking, const struct gp_store_keyed *take, const struct done *done)
{
	if (!repair(asking, take, done, false) || !repair(asking, take, done, true))
		gp_store_redis_note(
			asking->call, "a subject remains counted although another one was refused");
}

/* test_others: results of all subjects but one, as if nothing had been counted. */
static void test_others(
	const struct asking *asking, struct gp_store_keyed *takes, size_t count, size_t but)
{
	bool split;
	for (size_t i = 0; i < count; i++) {
		if (i == but || ask(asking, &takes[i], 1, &split) == GP_OK)
			continue;
		/* the verdict stands; how full the others are is not known */
		for (size_t j = 0; j < takes[i].count; j++) {
			takes[i].counts[j].used = takes[i].counts[j].wait_ms = 0;
			takes[i].counts[j].refused = false;
		}
	}
}

/* take_apart: subject by subject. */
static int take_apart(const struct gp_store_redis_call *call, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_keyed *takes, size_t count)
{
	bool split, refused = false;
	int rc = GP_OK;
	size_t i = 0;
	struct done(*done)[GP_STORE_COUNTS_MAX] = calloc(count, sizeof *done);
	if (!done)
		return GP_ENOMEM;
	for (; rc == GP_OK && i < count; i++) {
		const struct asking asking = {.call = call, .now_ms = now_ms, .done = done[i]};
		rc = ask(&asking, &takes[i], 1, &split);
		refused = rc == GP_OK && is_refused(&takes[i]);
		if (refused)
			break;
	}
	if (rc || refused) {
		/* putting things right has a time of its own: ours may just have run out */
		const struct gp_store_redis_call anew = gp_store_redis_begin(call->redis, ctx);
		struct asking asking = {.call = &anew, .now_ms = now_ms};
		size_t taken = rc ? i - 1 : i;
		for (size_t j = 0; j < taken; j++)
			undo(&asking, &takes[j], done[j]);
		asking.dry = true;
		if (refused)
			test_others(&asking, takes, count, i);
	}
	free(done);
	return rc;
}

/* same_slot: would one script do? */
static bool same_slot(
	const struct gp_store_redis *redis, const struct gp_store_keyed *takes, size_t count)
{
	char text[GP_STORE_REDIS_KEY];
	unsigned slot = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned own = gp_store_redis_slot(gp_store_redis_key(redis, takes[i].key, text));
		if (i > 0 && own != slot)
			return false;
		slot = own;
	}
	return true;
}

/* gp_store_redis_take: at once where that is possible. */
int gp_store_redis_take(
	void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_keyed *takes, size_t count)
{
	struct gp_store_redis *redis = self;
	const struct gp_store_redis_call call = gp_store_redis_begin(redis, ctx);
	const struct asking asking = {.call = &call, .now_ms = now_ms};
	bool split = false;
	if (count == 1 || !atomic_load(&redis->apart) || same_slot(redis, takes, count)) {
		int rc = ask(&asking, takes, count, &split);
		if (rc || !split)
			return rc;
	}
	return take_apart(&call, ctx, now_ms, takes, count);
}

/* soft_slot: of a soft operation's key. */
static unsigned soft_slot(const struct gp_store_redis *redis, const struct gp_store_soft *soft)
{
	char text[GP_STORE_REDIS_KEY];
	return gp_store_redis_slot(gp_store_redis_soft_key(redis, soft, text));
}

/* soft_by_slot: all of a slot in one script, in their order. */
static int soft_by_slot(
	const struct asking *asking, const struct gp_store_soft *softs, size_t count)
{
	struct gp_store_soft group[GP_STORE_OPS_MAX];
	bool done[GP_STORE_OPS_MAX] = {false}, split;
	struct asking part = *asking;
	int rc = GP_OK;
	part.softs = group;
	for (size_t i = 0; i < count && rc == GP_OK; i++) {
		if (done[i])
			continue;
		unsigned slot = soft_slot(asking->call->redis, &softs[i]);
		part.soft_count = 0;
		for (size_t j = i; j < count; j++) {
			if (done[j] || soft_slot(asking->call->redis, &softs[j]) != slot)
				continue;
			group[part.soft_count++] = softs[j];
			done[j] = true;
		}
		rc = ask(&part, NULL, 0, &split);
		/* of keys of one slot, too, some may be moving to another node just now */
		for (size_t j = 0; rc == GP_OK && split && j < part.soft_count; j++) {
			const struct asking one = {.call = asking->call,
				.now_ms = asking->now_ms,
				.softs = &group[j],
				.soft_count = 1};
			bool again;
			rc = ask(&one, NULL, 0, &again);
		}
	}
	return rc;
}

/* batch_same_slot: would one script do? */
static bool batch_same_slot(const struct gp_store_redis *redis, const struct gp_store_batch *batch)
{
	char text[GP_STORE_REDIS_KEY];
	unsigned slot = soft_slot(redis, &batch->softs[0]);
	for (size_t i = 1; i < batch->soft_count; i++)
		if (soft_slot(redis, &batch->softs[i]) != slot)
			return false;
	return batch->take_count == 0 || (same_slot(redis, batch->takes, batch->take_count) &&
						 gp_store_redis_slot(gp_store_redis_key(redis,
							 batch->takes[0].key, text)) == slot);
}

/* gp_store_redis_run_batch: at once where that is possible. */
int gp_store_redis_run_batch(
	void *self, struct gp_ctx *ctx, int64_t now_ms, const struct gp_store_batch *batch)
{
	struct gp_store_redis *redis = self;
	const struct gp_store_redis_call call = gp_store_redis_begin(redis, ctx);
	struct asking asking = {.call = &call,
		.now_ms = now_ms,
		.softs = batch->softs,
		.soft_count = batch->soft_count};
	bool split = false;
	if (!atomic_load(&redis->apart) || batch_same_slot(redis, batch)) {
		int rc = ask(&asking, batch->takes, batch->take_count, &split);
		if (rc || !split)
			return rc;
	}
	int rc = batch->take_count
			 ? gp_store_redis_take(self, ctx, now_ms, batch->takes, batch->take_count)
			 : GP_OK;
	return rc ? rc : soft_by_slot(&asking, batch->softs, batch->soft_count);
}
