/* SPDX-License-Identifier: ISC */
/*
 * The layer that remembers. A call goes round until each of its questions has an answer:
 *
 *   look_up   each question is found, or we lead it (no call asks it yet: a join is made, on which
 *             others may wait), or we join it (another call asks it already);
 *   lead      all that we lead is asked below in one call; each answer is published as it lands,
 *             so that nothing slow in our call keeps it from others;
 *   await     only then we wait for what others lead, or what stood twice among our own questions.
 *
 * Since every call publishes before waiting, two calls cannot wait for each other. A call that has
 * waited for a leader longer than options.patience_ms leads as well; the first to land ends the
 * join. A leader whose own deadline ended its attempt publishes nothing: when it was the last one,
 * its followers go round again, and the first of them leads. A join lives until the last of leaders
 * and followers has left it.
 *
 * Where an expired answer is there, nobody waits for servers for long. Those that are only slow are
 * heard all the same: what was given up is wanted, and asked again by a thread that has the time
 * (gp_dns_cache_renew), or, without one, by the request that asks for it next.
 *
 * A call for fresh answers has keys of its own (GP_DNS_KEY_FRESH), and so entries and joins that no
 * other call meets: nothing that has expired is there for it.
 */
#include "dns/dns_cache_private.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHARDS 16
#define SHARDED_FROM 1024 /* entries; fewer are not worth several tables */
#define MICRO 1000000
/* RFC 8767 5, the client response timer; a request that has met silence already; the failure
 * recheck timer */
#define STALE_WAIT_US 1800000
#define STALE_AGAIN_US 300000
#define STALE_PATIENT_US 10000000 /* at most, by a request */
#define STALE_RECHECK_S 30
#define RENEWED_AT_ONCE 16
#define PLACE_WAIT_US 1000000 /* for a place that somebody else waits for */

/* A question under way. Guarded by the lock of its shard; key is constant. */
struct gp_dns_join {
	struct gp_dns_join *next;
	struct gp_dns_key key;
	unsigned parties; /* the leaders and the calls that wait */
	unsigned leaders; /* leaders, which ask below */
	int64_t renew_us; /* monotonic: from then on one of the waiting calls asks as well */
	int64_t led_us;   /* monotonic: when the last leader came */
	int64_t begun_us; /* monotonic: since then it is asked; 0: all leaders wait for a place */
	bool done;
	pthread_cond_t landed;       /* it is done */
	struct gp_dns_entry *result; /* when done: the answer, or NULL: ask yourself */
};

struct cache {
	struct gp_dns base;
	struct gp_dns_bounds bounds;
	const struct gp_clock *clock; /* borrowed */
	struct gp_dns_secret secret;
	struct gp_dns_wanted wanted;
	size_t shard_count;
	struct gp_dns_shard shards[SHARDS]; /* each with its lock */
};

enum part { OPEN, ANSWERED, LED, JOINED };

/* One gp_dns_query call. */
struct call {
	struct cache *cache;
	struct gp_ctx *ctx;
	const struct gp_dns_question *questions;
	struct gp_dns_answer *answers;
	size_t count;
	int64_t began_us; /* by the clock of ctx, at the first miss */
	bool is_patient;  /* what has expired is of no use to it */
	bool is_fresh;    /* a call of gp_dns_query_fresh, with... */
	uint32_t ttl_max_s;
	int64_t now_us; /* of this round */
	enum part parts[GP_DNS_QUESTIONS_MAX];
	unsigned char led[GP_DNS_QUESTIONS_MAX]; /* places of what is asked below, in that order */
	bool has_stale[GP_DNS_QUESTIONS_MAX];    /* an expired answer is there, should none come */
	bool is_recheck[GP_DNS_QUESTIONS_MAX];   /* and had to do before */
	bool is_unheard[GP_DNS_QUESTIONS_MAX];   /* and no thread asks again with more patience */
	bool was_vain[GP_DNS_QUESTIONS_MAX]; /* and a call that did so was not answered either */
	int status;                          /* of what was done while answers landed */
	struct gp_dns_join *joins[GP_DNS_QUESTIONS_MAX]; /* for LED and JOINED */
};

/* shard_of: by the upper bits of the hash. */
static struct gp_dns_shard *shard_of(struct cache *cache, const struct gp_dns_key *key)
{
	return &cache->shards[(key->hash >> 60) % cache->shard_count];
}

/* find_join: is this question under way? */
static struct gp_dns_join *find_join(const struct gp_dns_shard *shard, const struct gp_dns_key *key)
{
	struct gp_dns_join *j = shard->joins;
	while (j && (j->key.hash != key->hash || j->key.type != key->type ||
			    j->key.length != key->length ||
			    memcmp(j->key.name, key->name, key->length) != 0))
		j = j->next;
	return j;
}

/* take_lead: we ask from now on; for a while nobody else does. */
static void take_lead(struct call *call, size_t i, struct gp_dns_join *join)
{
	unsigned patience_ms = atomic_load(&call->cache->bounds.patience_ms);
	join->leaders++;
	join->led_us = gp_clock_now_us(call->ctx->clock);
	join->renew_us = patience_ms > 0 ? join->led_us + (int64_t)patience_ms * 1000 : INT64_MAX;
	call->joins[i] = join;
	call->parts[i] = LED;
}

/* new_join: a question that nobody asks yet, or NULL. */
static struct gp_dns_join *new_join(struct gp_dns_shard *shard, const struct gp_dns_key *key)
{
	struct gp_dns_join *j = calloc(1, sizeof *j);
	if (!j || gp_clock_condition(&j->landed)) {
		free(j);
		return NULL;
	}
	j->key = *key;
	j->parties = 1;
	j->next = shard->joins;
	shard->joins = j;
	return j;
}

/* leave_join: the last one frees it. */
static void leave_join(struct gp_dns_join *join)
{
	if (--join->parties > 0)
		return;
	pthread_cond_destroy(&join->landed);
	free(join->result);
	free(join);
}

/* miss: join the question when it is under way, else lead it; the shard is locked. */
static int miss(
	struct call *call, size_t i, struct gp_dns_shard *shard, const struct gp_dns_key *key)
{
	struct gp_dns_join *join = find_join(shard, key);
	if (!call->began_us)
		call->began_us = gp_clock_now_us(call->ctx->clock);
	if (join) {
		join->parties++;
		shard->joined++;
		call->joins[i] = join;
		call->parts[i] = JOINED;
		return GP_OK;
	}
	join = new_join(shard, key);
	if (!join)
		return GP_ENOMEM;
	shard->misses++;
	take_lead(call, i, join);
	return GP_OK;
}

/* is_usable: without asking. */
static bool is_usable(const struct call *call, const struct gp_dns_entry *e)
{
	if (call->is_fresh)
		return gp_dns_entry_is_fresh(e, call->ttl_max_s, call->now_us);
	return call->is_patient ? e->expires_us > call->now_us
				: gp_dns_entry_is_ready(e, call->now_us);
}

/* look_up_one: the path that nearly every question takes; one lock, one copy. */
static int look_up_one(struct call *call, size_t i)
{
	struct gp_dns_key key;
	int rc;
	gp_dns_key_from(&call->cache->secret, &call->questions[i], call->is_fresh, &key);
	struct gp_dns_shard *shard = shard_of(call->cache, &key);
	pthread_mutex_lock(&shard->lock);
	struct gp_dns_entry *e = gp_dns_shard_find(shard, &key, call->now_us);
	bool ready = e && is_usable(call, e);
	if (ready) {
		e->touched = true;
		shard->hits++;
		rc = gp_dns_entry_copy(e, call->ctx->arena, call->now_us, &call->answers[i]);
		shard->stale += call->answers[i].stale;
	} else {
		call->has_stale[i] = e && !call->is_fresh;
		call->is_recheck[i] = e && e->recheck_us != 0;
		call->is_unheard[i] = e && e->unheard;
		call->was_vain[i] = e && e->vain;
		rc = miss(call, i, shard, &key);
	}
	pthread_mutex_unlock(&shard->lock);
	if (rc || !ready)
		return rc;
	gp_dns_entry_unfold(call->questions[i].type, &call->answers[i]);
	call->parts[i] = ANSWERED;
	return GP_OK;
}

/* look_up: all open questions. */
static int look_up(struct call *call)
{
	call->now_us = gp_clock_now_us(call->cache->clock);
	for (size_t i = 0; i < call->count; i++) {
		if (call->parts[i] != OPEN)
			continue;
		int rc = look_up_one(call, i);
		if (rc)
			return rc;
	}
	return GP_OK;
}

/* unlink_join: nobody may join it any more. */
static void unlink_join(struct gp_dns_shard *shard, const struct gp_dns_join *join)
{
	struct gp_dns_join **at = &shard->joins;
	while (*at != join)
		at = &(*at)->next;
	*at = join->next;
}

/* end_join: waiting calls take the entry, or ask again when there is none. */
static void end_join(
	struct gp_dns_shard *shard, struct gp_dns_join *join, struct gp_dns_entry *entry, bool kept)
{
	unlink_join(shard, join);
	join->done = true;
	if (join->parties > 1 && entry) /* a copy, for the table may drop its own at any time */
		join->result = kept ? gp_dns_entry_clone(entry) : entry;
	if (join->parties > 1)
		pthread_cond_broadcast(&join->landed);
}

/*
 * knows_better: than a failure: another leader has brought something, or an answer is there, which
 * may have expired. Nothing of that may be lost.
 */
static bool knows_better(struct gp_dns_shard *shard, const struct gp_dns_join *join, int64_t now_us)
{
	const struct gp_dns_entry *e = gp_dns_shard_find(shard, &join->key, now_us);
	return join->done || (e && !gp_dns_entry_is_failure(e));
}

/* land: we ask no longer; takes entry. Without one, a join that others lead as well continues. */
static void land(struct call *call, size_t i, struct gp_dns_entry *entry, bool kept, int64_t now_us)
{
	struct gp_dns_join *join = call->joins[i];
	struct gp_dns_shard *shard = shard_of(call->cache, &join->key);
	pthread_mutex_lock(&shard->lock);
	join->leaders--;
	bool failed = entry && gp_dns_entry_is_failure(entry);
	if (failed && knows_better(shard, join, now_us))
		kept = false;
	if (!join->done && (entry || join->leaders == 0))
		end_join(shard, join, entry, kept);
	if (!kept && entry && !failed) /* what is known now is not stale one day */
		gp_dns_shard_forget(shard, &join->key);
	if (kept && entry)
		gp_dns_shard_add(shard, entry, now_us);
	else if (entry != join->result)
		free(entry);
	leave_join(join);
	pthread_mutex_unlock(&shard->lock);
}

/*
 * worth_until: where an answer that has expired is there, servers are not waited for so long. When
 * nobody else would ever hear a slow one, half of the time is spent on what had to do before.
 */
static int64_t worth_until(const struct call *call, size_t i)
{
	const struct gp_dns_notes *notes = call->ctx->notes;
	int64_t half_us = (call->ctx->deadline_us - call->began_us) / 2;
	int64_t wait_us = STALE_WAIT_US;
	if (!call->has_stale[i])
		return INT64_MAX;
	if (call->is_patient)
		return call->ctx->deadline_us;
	if (notes && notes->stale > 0)
		wait_us = STALE_AGAIN_US;
	else if (call->is_recheck[i] && half_us > STALE_WAIT_US &&
		 (call->is_unheard[i] || !gp_dns_wanted_is_served(&call->cache->wanted)))
		wait_us = half_us < STALE_PATIENT_US ? half_us : STALE_PATIENT_US;
	return call->began_us + wait_us;
}

/*
 * take_stale: what had expired, or has come meanwhile; NULL: it is gone. It is not asked for again
 * for a while when the servers were waited for as long as they are to be. The shard is locked.
 */
static struct gp_dns_entry *take_stale(
	struct call *call, size_t i, struct gp_dns_shard *shard, bool waited)
{
	int64_t now_us = gp_clock_now_us(call->cache->clock);
	struct gp_dns_entry *e = gp_dns_shard_find(shard, &call->joins[i]->key, now_us);
	if (!e || gp_dns_entry_is_failure(e))
		return NULL;
	if (e->expires_us <= now_us) {
		int64_t recheck_us = now_us + (waited ? (int64_t)STALE_RECHECK_S * MICRO : 0);
		e->recheck_us = recheck_us > e->recheck_us ? recheck_us : e->recheck_us;
		shard->stale++;
	}
	e->touched = true;
	call->status = gp_dns_entry_copy(e, call->ctx->arena, now_us, &call->answers[i]);
	return e;
}

/* land_stale: no server has answered; without what had expired it is asked again, with patience. */
static void land_stale(struct call *call, size_t i, bool waited, bool is_unheard)
{
	struct gp_dns_join *join = call->joins[i];
	struct gp_dns_shard *shard = shard_of(call->cache, &join->key);
	pthread_mutex_lock(&shard->lock);
	struct gp_dns_entry *e = take_stale(call, i, shard, waited);
	if (e && call->answers[i].stale) {
		e->unheard = is_unheard;
		e->vain = e->vain || call->is_patient;
	}
	join->leaders--;
	if (!join->done && (e || join->leaders == 0))
		end_join(shard, join, e, true);
	call->parts[i] = e ? ANSWERED : OPEN;
	leave_join(join);
	pthread_mutex_unlock(&shard->lock);
	if (call->parts[i] == ANSWERED && call->status == GP_OK)
		gp_dns_entry_unfold(call->questions[i].type, &call->answers[i]);
}

/*
 * publish_stale: the answer from below is none, and an expired one is there. A call that shortened
 * its wait, as another answer was stale already, may not keep others from asking unless the
 * question is asked again with patience: whose record names it decides how long it was waited for.
 */
static void publish_stale(
	struct call *call, size_t i, int64_t end_us, const struct gp_dns_answer *answer)
{
	struct gp_dns_wanted *wanted = &call->cache->wanted;
	bool is_late = gp_clock_now_us(call->ctx->clock) >= end_us;
	bool is_unheard = answer->ours && is_late && !call->is_patient &&
			  !gp_dns_wanted_add(wanted, &call->joins[i]->key, call->was_vain[i]) &&
			  gp_dns_wanted_is_served(wanted);
	bool is_short = end_us < call->began_us + STALE_WAIT_US;
	land_stale(call, i, !answer->ours || (is_late && !(is_short && is_unheard)), is_unheard);
}

/*
 * publish: one answer from below becomes ours, the cache's and the followers'. end_us: until when
 * it was waited for.
 */
static void publish(struct call *call, size_t i, int64_t end_us, const struct gp_dns_answer *answer)
{
	int64_t now_us = gp_clock_now_us(call->cache->clock);
	/* bogus, too: all servers failed, and an extended error changes nothing of that (RFC 8914
	 * 3) */
	if (call->has_stale[i] && gp_dns_state_is_failure(answer->state)) {
		publish_stale(call, i, end_us, answer);
		return;
	}
	uint32_t keep = gp_dns_bounds_keep_s(&call->cache->bounds, answer);
	if (call->is_fresh && keep > call->ttl_max_s)
		keep = call->ttl_max_s;
	struct gp_dns_entry *entry = NULL;
	if (!answer->ours) /* without memory for it, the followers ask themselves */
		entry = gp_dns_entry_new(&call->joins[i]->key, answer, now_us, keep);
	land(call, i, entry, keep > 0, now_us);
	call->answers[i] = *answer;
	if (gp_dns_state_is_failure(answer->state))
		keep = 0;
	call->answers[i].ttl_s = keep;
	call->parts[i] = ANSWERED;
}

/* What is asked below in one call. */
struct batch {
	struct call *call;
	int64_t *until_us; /* as gp_dns_watch has it */
};

/* landed: the layer below has an answer; the rest of our call may take long. */
static void landed(void *arg, size_t at, const struct gp_dns_answer *answer)
{
	struct batch *batch = arg;
	publish(batch->call, batch->call->led[at], batch->until_us[at], answer);
}

/* begun: a question is asked, and need not be asked by the calls that wait for it. */
static void begun(void *arg, size_t at)
{
	struct call *call = ((struct batch *)arg)->call;
	struct gp_dns_join *join = call->joins[call->led[at]];
	if (call->parts[call->led[at]] != LED)
		return; /* it has landed, and the join may be gone */
	struct gp_dns_shard *shard = shard_of(call->cache, &join->key);
	pthread_mutex_lock(&shard->lock);
	if (!join->begun_us)
		join->begun_us = gp_clock_now_us(call->ctx->clock);
	pthread_mutex_unlock(&shard->lock);
}

/* is_wanted: else another leader was sooner, and we follow instead. */
static bool is_wanted(void *arg, size_t at)
{
	struct call *call = ((struct batch *)arg)->call;
	size_t i = call->led[at];
	struct gp_dns_join *join = call->joins[i];
	struct gp_dns_shard *shard = shard_of(call->cache, &join->key);
	pthread_mutex_lock(&shard->lock);
	bool is_done = join->done;
	if (is_done) {
		join->leaders--;
		shard->misses--; /* it is not asked after all */
		shard->joined++;
		call->parts[i] = JOINED;
	}
	pthread_mutex_unlock(&shard->lock);
	return !is_done;
}

/* ask_below: one call for all that we lead; the arrays have room for them. */
static int ask_below(
	struct batch *batch, struct gp_dns_question *asked, struct gp_dns_answer *got, size_t n)
{
	struct call *call = batch->call;
	struct gp_dns *below = call->cache->base.below;
	const struct gp_dns_watch watch = {.landed = landed,
		.begun = begun,
		.is_wanted = is_wanted,
		.arg = batch,
		.until_us = batch->until_us};
	for (size_t at = 0; at < n; at++) {
		asked[at] = call->questions[call->led[at]];
		batch->until_us[at] = worth_until(call, call->led[at]);
	}
	int rc = below->ops->query(below, call->ctx, asked, n, &watch, got);
	for (size_t at = 0; rc == GP_OK && at < n; at++)
		if (call->parts[call->led[at]] == LED)
			landed(batch, at, &got[at]);
	return rc ? rc : call->status;
}

/* lead: the arrays come from the arena, to keep the stacks of many threads small. */
static int lead(struct call *call)
{
	struct gp_arena *arena = call->ctx->arena;
	size_t n = 0;
	for (size_t i = 0; i < call->count; i++)
		if (call->parts[i] == LED)
			call->led[n++] = (unsigned char)i;
	if (n == 0)
		return GP_OK;
	struct gp_dns_question *asked = gp_arena_array(arena, n, sizeof *asked);
	struct gp_dns_answer *got = gp_arena_array(arena, n, sizeof *got);
	struct batch batch = {call, gp_arena_array(arena, n, sizeof *batch.until_us)};
	return asked && got && batch.until_us ? ask_below(&batch, asked, got, n)
					      : gp_arena_status(arena);
}

/* end_of_wait: of ours for what others lead: the deadline, or what it is worth. */
static int64_t end_of_wait(const struct call *call, size_t i)
{
	int64_t worth_us = worth_until(call, i);
	return worth_us < call->ctx->deadline_us ? worth_us : call->ctx->deadline_us;
}

/* own_time: when one of the waiting calls asks as well; soon while all leaders wait for a place, as
 * we may have one sooner, but then one after the other. The shard is locked. */
static int64_t own_time(const struct gp_dns_join *join, int64_t since_us)
{
	int64_t soon_us = (join->led_us > since_us ? join->led_us : since_us) + PLACE_WAIT_US;
	return !join->begun_us && soon_us < join->renew_us ? soon_us : join->renew_us;
}

/*
 * wait_join: until it has landed, the time has come to ask ourselves (*own_us_out), or end_us;
 * locked. The time that was lost because the leader had no place is noted.
 */
static void wait_join(const struct call *call, struct gp_dns_shard *shard, struct gp_dns_join *join,
	int64_t end_us, int64_t *own_us_out)
{
	const struct gp_clock *clock = call->ctx->clock;
	int64_t since_us = gp_clock_now_us(clock);
	for (;;) {
		*own_us_out = own_time(join, since_us);
		int left_ms = gp_clock_left_ms(clock, *own_us_out < end_us ? *own_us_out : end_us);
		if (join->done || left_ms == 0)
			break;
		const struct timespec end = gp_clock_after_ms(left_ms);
		(void)pthread_cond_timedwait(
			&join->landed, &shard->lock, &end); /* looked at again */
	}
	gp_dns_note_held(
		call->ctx, (join->begun_us ? join->begun_us : gp_clock_now_us(clock)) - since_us);
}

/* take_join: what has come of it at the end of our wait; the shard is locked. */
static int take_join(struct call *call, size_t i, struct gp_dns_shard *shard)
{
	const struct gp_dns_join *join = call->joins[i];
	struct gp_dns_answer *answer = &call->answers[i];
	call->parts[i] = ANSWERED;
	if (join->done && join->result)
		return gp_dns_entry_copy(join->result, call->ctx->arena, call->now_us, answer);
	if (join->done)
		call->parts[i] = OPEN;
	else if (!call->has_stale[i] || !take_stale(call, i, shard, join->begun_us != 0))
		*answer = (struct gp_dns_answer) {
			.state = join->begun_us ? GP_DNS_TEMPFAIL : GP_DNS_TROUBLE,
			.ours = true,
			.failure = join->begun_us ? GP_DNS_FAILURE_TIMEOUT : GP_DNS_FAILURE_NONE,
			.problem = join->begun_us
					   ? "no answer in time to a query that was already in "
					     "progress"
					   : "too many DNS queries in progress"};
	return call->status;
}

/* await_one: the answer of the leader; or its failure to come makes us lead, or ends in nothing. */
static int await_one(struct call *call, size_t i, bool may_wait)
{
	struct gp_dns_join *join = call->joins[i];
	struct gp_dns_shard *shard = shard_of(call->cache, &join->key);
	pthread_mutex_lock(&shard->lock);
	int64_t own_us = join->renew_us;
	int64_t end_us = end_of_wait(call, i);
	if (may_wait)
		wait_join(call, shard, join, end_us, &own_us);
	int64_t now_us = gp_clock_now_us(call->ctx->clock);
	bool late = now_us >= end_us;
	if (!join->done && !late) {
		if (now_us >= own_us) {
			take_lead(call, i, join);
			shard->joined--; /* it is asked after all */
			shard->misses++;
		}
		pthread_mutex_unlock(&shard->lock);
		return GP_OK;
	}
	int rc = take_join(call, i, shard);
	leave_join(join);
	pthread_mutex_unlock(&shard->lock);
	if (rc == GP_OK && call->parts[i] == ANSWERED)
		gp_dns_entry_unfold(call->questions[i].type, &call->answers[i]);
	return rc;
}

/*
 * await: for all that others lead. A leader does not wait: others wait for it. *again_out: not
 * everything has its answer yet.
 */
static int await(struct call *call, bool *again_out)
{
	bool leads = false;
	*again_out = false;
	for (size_t i = 0; i < call->count; i++) {
		if (call->parts[i] != JOINED)
			continue;
		int rc = await_one(call, i, !leads);
		if (rc)
			return rc;
		leads |= call->parts[i] == LED;
	}
	for (size_t i = 0; i < call->count; i++)
		*again_out |= call->parts[i] != ANSWERED;
	return GP_OK;
}

/* give_up: we cannot go on; others may not be left waiting for us. */
static void give_up(struct call *call)
{
	for (size_t i = 0; i < call->count; i++) {
		if (call->parts[i] == LED)
			land(call, i, NULL, false, call->now_us);
		if (call->parts[i] != JOINED)
			continue;
		struct gp_dns_shard *shard = shard_of(call->cache, &call->joins[i]->key);
		pthread_mutex_lock(&shard->lock);
		leave_join(call->joins[i]);
		pthread_mutex_unlock(&shard->lock);
	}
}

/* go_round: until each question has its answer; usually the first look_up is all. */
static int go_round(struct call *call)
{
	bool again = false;
	call->status = GP_OK;
	call->began_us = 0;
	for (size_t i = 0; i < call->count; i++)
		call->parts[i] = OPEN;
	do {
		int rc = look_up(call);
		if (rc == GP_OK)
			rc = lead(call);
		if (rc == GP_OK)
			rc = await(call, &again);
		if (rc) {
			give_up(call);
			return rc;
		}
	} while (again);
	return GP_OK;
}

/* cache_query: for a request. */
static int cache_query(struct gp_dns *dns, struct gp_ctx *ctx,
	const struct gp_dns_question *questions, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	struct call call;
	call.cache = (struct cache *)dns;
	call.ctx = ctx;
	call.questions = questions;
	call.answers = answers_out;
	call.count = count;
	call.is_patient = false;
	call.is_fresh = watch && watch->is_fresh; /* the layer above has no followers */
	call.ttl_max_s = watch ? watch->ttl_max_s : 0;
	return go_round(&call);
}

/* cache_free: all shards; nobody uses them any more. */
static void cache_free(struct gp_dns *dns)
{
	struct cache *cache = (struct cache *)dns;
	for (size_t i = 0; i < cache->shard_count; i++) {
		gp_dns_shard_fini(&cache->shards[i]);
		pthread_mutex_destroy(&cache->shards[i].lock);
	}
	gp_dns_wanted_fini(&cache->wanted);
	free(cache);
}

static const struct gp_dns_ops cache_ops = {cache_query, cache_free};

/* init_shard: both halves or none. */
static int init_shard(struct gp_dns_shard *shard, size_t capacity)
{
	int rc = gp_dns_shard_init(shard, capacity);
	if (rc)
		return rc;
	if (pthread_mutex_init(&shard->lock, NULL) == 0)
		return GP_OK;
	gp_dns_shard_fini(shard);
	return GP_ENOMEM;
}

/* part_of: entries for one of so many shards. */
static size_t part_of(size_t entries, size_t shard, size_t shards)
{
	return entries / shards + (shard < entries % shards);
}

/* gp_dns_cache_new: the entries are divided among the shards, none gets more than its part. */
int gp_dns_cache_new(const struct gp_dns_cache_options *options, struct gp_dns *below,
	const struct gp_clock *clock, struct gp_dns **dns_out)
{
	size_t shards = options->entries >= SHARDED_FROM ? SHARDS : 1;
	struct cache *cache = aligned_alloc(alignof(struct cache), sizeof *cache);
	if (!cache)
		return GP_ENOMEM;
	memset(cache, 0, sizeof *cache);
	cache->base.ops = &cache_ops;
	gp_dns_bounds_set(&cache->bounds, options);
	cache->clock = clock;
	arc4random_buf(&cache->secret, sizeof cache->secret);
	if (gp_dns_wanted_init(&cache->wanted)) {
		free(cache);
		return GP_ENOMEM;
	}
	for (; cache->shard_count < shards; cache->shard_count++) {
		size_t part = part_of(options->entries, cache->shard_count, shards);
		int rc = init_shard(&cache->shards[cache->shard_count], part);
		cache->shards[cache->shard_count].stale_us = (int64_t)options->stale_s * MICRO;
		if (rc) {
			cache_free(&cache->base);
			return rc;
		}
	}
	cache->base.below = below;
	*dns_out = &cache->base;
	return GP_OK;
}

/* gp_dns_cache_renew: the layer below, as for a request that has all the time. */
int gp_dns_cache_renew(struct gp_dns *dns, struct gp_ctx *ctx, size_t *count_out)
{
	struct gp_dns_question questions[RENEWED_AT_ONCE];
	struct gp_dns_answer answers[RENEWED_AT_ONCE];
	struct gp_dns_key keys[RENEWED_AT_ONCE];
	struct call call = {.ctx = ctx, .questions = questions, .answers = answers};
	size_t n = 0;
	*count_out = 0;
	if (!dns || dns->ops != &cache_ops)
		return GP_EINVAL;
	call.cache = (struct cache *)dns;
	call.is_patient = true;
	while (n < RENEWED_AT_ONCE && gp_dns_wanted_take(&call.cache->wanted, &keys[n])) {
		questions[n] =
			(struct gp_dns_question) {keys[n].name, (enum gp_dns_type)keys[n].type};
		n++;
	}
	*count_out = call.count = n;
	return n > 0 ? go_round(&call) : GP_OK;
}

/* gp_dns_cache_stats: shard by shard, so that the sums are of slightly different moments. */
void gp_dns_cache_stats(struct gp_dns *dns, struct gp_dns_cache_stats *stats_out)
{
	*stats_out = (struct gp_dns_cache_stats) {0};
	if (!dns || dns->ops != &cache_ops)
		return;
	struct cache *cache = (struct cache *)dns;
	for (size_t i = 0; i < cache->shard_count; i++) {
		struct gp_dns_shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		stats_out->hits += shard->hits;
		stats_out->misses += shard->misses;
		stats_out->joined += shard->joined;
		stats_out->evicted += shard->evicted;
		stats_out->stale += shard->stale;
		stats_out->entries += shard->count;
		stats_out->bytes += shard->bytes;
		pthread_mutex_unlock(&shard->lock);
	}
}

/* gp_dns_cache_set: shard by shard, of which there remain as many. */
void gp_dns_cache_set(struct gp_dns *dns, const struct gp_dns_cache_options *options)
{
	if (!dns || dns->ops != &cache_ops)
		return;
	struct cache *cache = (struct cache *)dns;
	int64_t now_us = gp_clock_now_us(cache->clock);
	gp_dns_bounds_set(&cache->bounds, options);
	for (size_t i = 0; i < cache->shard_count; i++) {
		struct gp_dns_shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		shard->stale_us = (int64_t)options->stale_s * MICRO;
		gp_dns_shard_shorten(shard, &cache->bounds, now_us);
		gp_dns_shard_resize(
			shard, part_of(options->entries, i, cache->shard_count), now_us);
		pthread_mutex_unlock(&shard->lock);
	}
}

/* gp_dns_cache_distrust: shard by shard; what is under way comes from servers that were trusted. */
void gp_dns_cache_distrust(struct gp_dns *dns)
{
	if (!dns || dns->ops != &cache_ops)
		return;
	struct cache *cache = (struct cache *)dns;
	for (size_t i = 0; i < cache->shard_count; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		gp_dns_shard_distrust(&cache->shards[i]);
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
}
