/* SPDX-License-Identifier: ISC */
/*
 * A backend whose own are two stores. It hands on what store.c has checked and given keys to, so
 * that nothing is done twice.
 *
 * What is released belongs to one of the two, so a call goes to a store with the amounts of that
 * one only; the other's follow when the call has gone well.
 */
#include "store/store_fallback.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

struct fallback {
	struct gp_store *configured;
	_Atomic(struct gp_store *) local; /* NULL: was never opened */
	atomic_bool stands_in;            /* local is used when the configured one fails */
	pthread_mutex_t tending;          /* one thread tends */
	bool was_down;                    /* only tend */
};

/* ---- counting ---- */

/* part_of: one of the two, or NULL. */
static struct gp_store *part_of(struct fallback *f, enum gp_store_part part)
{
	return part == GP_STORE_CONFIGURED ? f->configured : atomic_load(&f->local);
}

/* What the counters of a call ask for. */
struct asked {
	bool takes;                /* anything */
	bool back[GP_STORE_PARTS]; /* is something released to that part? */
};

/* look: at all counters. */
static struct asked look(const struct gp_store_keyed *takes, size_t count)
{
	struct asked asked = {0};
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++) {
			const struct gp_store_count *c = &takes[i].counts[j];
			asked.takes = asked.takes || c->take > 0;
			asked.back[c->back_part] = asked.back[c->back_part] || c->back > 0;
		}
	}
	return asked;
}

/* mark: where it was counted, and when. */
static void mark(
	struct gp_store_keyed *takes, size_t count, enum gp_store_part part, int64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++) {
			takes[i].counts[j].part = part;
			takes[i].counts[j].at_ms = now_ms;
		}
	}
}

/* apart_of: how far that part's clock is ahead of the configured store's. */
static int64_t apart_of(struct fallback *f, enum gp_store_part part)
{
	return part == GP_STORE_CONFIGURED
		       ? 0
		       : gp_store_now_ms(part_of(f, part)) - gp_store_now_ms(f->configured);
}

/* time_of: the time of a call by that part's clock. */
static int64_t time_of(struct fallback *f, enum gp_store_part part, int64_t now_ms)
{
	int64_t own_ms = now_ms + apart_of(f, part);
	return own_ms > 0 ? own_ms : 0;
}

/* only_of: the call as that part gets it: without what was taken elsewhere; false: no memory. */
static bool only_of(const struct gp_store_keyed *takes, size_t count, enum gp_store_part part,
	bool gives_only, struct gp_store_keyed *own, struct gp_store_count **counts_out)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += takes[i].count;
	struct gp_store_count *c = malloc(total * sizeof *c);
	*counts_out = c;
	if (!c)
		return false;
	for (size_t i = 0; i < count; i++) {
		own[i] = takes[i];
		own[i].counts = c;
		for (size_t j = 0; j < takes[i].count; j++, c++) {
			*c = takes[i].counts[j];
			c->back = c->back_part == part ? c->back : 0;
			c->take = gives_only ? 0 : c->take;
		}
	}
	return true;
}

/* give_back: what was taken in that part, and nothing else. */
static int give_back(struct fallback *f, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_keyed *takes, size_t count, enum gp_store_part part)
{
	struct gp_store_keyed own[GP_STORE_TAKES_MAX];
	struct gp_store_count *counts;
	if (!part_of(f, part))
		return GP_OK; /* what was taken there is gone with it */
	if (!only_of(takes, count, part, true, own, &counts))
		return GP_ENOMEM;
	int rc = gp_store_take_keyed(part_of(f, part), ctx, time_of(f, part, now_ms), own, count);
	free(counts);
	return rc;
}

/* copy_results: from a call's own counters. */
static void copy_results(
	struct gp_store_keyed *takes, size_t count, const struct gp_store_keyed *own)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++) {
			takes[i].counts[j].used = own[i].counts[j].used;
			takes[i].counts[j].wait_ms = own[i].counts[j].wait_ms;
			takes[i].counts[j].refused = own[i].counts[j].refused;
		}
	}
}

/* is_fact: what the configured store alone knows. */
static bool is_fact(const struct gp_store_soft *soft)
{
	return soft->kind == GP_STORE_OP_GET && !soft->get->soft;
}

/* value_of: the one that an operation returns, or NULL. */
static struct gp_store_value *value_of(const struct gp_store_soft *soft)
{
	return soft->kind == GP_STORE_OP_GET    ? &soft->get->value
	       : soft->kind == GP_STORE_OP_NOTE ? &soft->note->before
						: NULL;
}

/* softs_of: as the local store gets them: times by its clock, and no facts; how many. */
static size_t softs_of(
	const struct gp_store_batch *batch, int64_t apart_ms, struct gp_store_soft *own)
{
	size_t count = 0;
	for (size_t i = 0; i < batch->soft_count; i++) {
		if (is_fact(&batch->softs[i])) {
			batch->softs[i].get->value.found = GP_STORE_UNKNOWN;
			continue;
		}
		own[count] = batch->softs[i];
		int64_t expires_ms = own[count].expires_ms + apart_ms;
		own[count++].expires_ms = expires_ms > 0 ? expires_ms : 0;
	}
	return count;
}

/* set_back: the times of what was found, by the configured store's clock. */
static void set_back(const struct gp_store_batch *batch, int64_t apart_ms)
{
	for (size_t i = 0; i < batch->soft_count; i++) {
		struct gp_store_value *value = value_of(&batch->softs[i]);
		if (value && value->found == GP_STORE_FOUND && value->expires_ms)
			value->expires_ms -= apart_ms;
	}
}

/* run_local: all of a call in the local store, with its own time. */
static int run_local(struct fallback *f, struct gp_ctx *ctx, int64_t now_ms, int64_t apart_ms,
	const struct gp_store_batch *batch)
{
	struct gp_store_soft softs[GP_STORE_OPS_MAX];
	struct gp_store_batch own = *batch;
	own.softs = softs;
	own.soft_count = softs_of(batch, apart_ms, softs);
	int rc = GP_OK;
	if (own.soft_count)
		rc = gp_store_run_keyed(part_of(f, GP_STORE_LOCAL), ctx, now_ms, &own);
	else if (own.take_count)
		rc = gp_store_take_keyed(
			part_of(f, GP_STORE_LOCAL), ctx, now_ms, own.takes, own.take_count);
	if (rc == GP_OK)
		set_back(batch, apart_ms);
	return rc;
}

/* run_part: all of a call in one of the two, at own_ms by its clock. */
static int run_part(struct fallback *f, struct gp_ctx *ctx, int64_t own_ms,
	const struct gp_store_batch *batch, enum gp_store_part part)
{
	if (batch->soft_count == 0)
		return gp_store_take_keyed(
			part_of(f, part), ctx, own_ms, batch->takes, batch->take_count);
	if (part == GP_STORE_CONFIGURED)
		return gp_store_run_keyed(f->configured, ctx, own_ms, batch);
	return run_local(f, ctx, own_ms, apart_of(f, part), batch);
}

/* run_mixed: where the call also releases what the other part has; that is not its business. */
static int run_mixed(struct fallback *f, struct gp_ctx *ctx, int64_t own_ms,
	const struct gp_store_batch *batch, enum gp_store_part part)
{
	struct gp_store_keyed own[GP_STORE_TAKES_MAX];
	struct gp_store_count *counts;
	struct gp_store_batch filtered = *batch;
	filtered.takes = own;
	if (!only_of(batch->takes, batch->take_count, part, false, own, &counts))
		return GP_ENOMEM;
	int rc = run_part(f, ctx, own_ms, &filtered, part);
	if (rc == GP_OK)
		copy_results(batch->takes, batch->take_count, own);
	free(counts);
	return rc;
}

/* is_refused: by any counter. */
static bool is_refused(const struct gp_store_keyed *takes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < takes[i].count; j++)
			if (takes[i].counts[j].refused)
				return true;
	return false;
}

/* run_in: one part, and then what the other one gets back. */
static int run_in(struct fallback *f, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_batch *batch, enum gp_store_part part)
{
	struct gp_store_keyed *takes = batch->takes;
	size_t count = batch->take_count;
	const struct asked asked = look(takes, count);
	enum gp_store_part other =
		part == GP_STORE_CONFIGURED ? GP_STORE_LOCAL : GP_STORE_CONFIGURED;
	int64_t own_ms = time_of(f, part, now_ms);
	int rc = asked.back[other] ? run_mixed(f, ctx, own_ms, batch, part)
				   : run_part(f, ctx, own_ms, batch, part);
	if (rc)
		return rc;
	mark(takes, count, part, own_ms);
	if (asked.back[other] && !is_refused(takes, count))
		/* that store is probably away: what it holds counts until it expires */
		(void)give_back(f, ctx, now_ms, takes, count, other);
	return GP_OK;
}

/* is_our_fault: ours, not the store's. */
static bool is_our_fault(int rc)
{
	return rc == GP_ENOMEM || rc == GP_EINVAL || rc == GP_ETOOBIG;
}

/*
 * take_back: a call that only releases, in the store where it was counted: another store that works
 * would be no help. A counter of the other part is left out there, and its result is this one's.
 */
static int take_back(struct fallback *f, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_keyed *takes, size_t count)
{
	const struct asked asked = look(takes, count);
	enum gp_store_part part =
		asked.back[GP_STORE_CONFIGURED] ? GP_STORE_CONFIGURED : GP_STORE_LOCAL;
	bool both = asked.back[GP_STORE_CONFIGURED] && asked.back[GP_STORE_LOCAL];
	int64_t own_ms;
	if (!part_of(f, part))
		return GP_OK; /* what was taken there is gone with it */
	own_ms = time_of(f, part, now_ms);
	const struct gp_store_batch batch = {.takes = takes, .take_count = count};
	int rc = both ? run_mixed(f, ctx, own_ms, &batch, part)
		      : gp_store_take_keyed(part_of(f, part), ctx, own_ms, takes, count);
	int other = both ? give_back(f, ctx, now_ms, takes, count, GP_STORE_LOCAL) : GP_OK;
	if (rc == GP_OK)
		mark(takes, count, part, own_ms);
	return rc ? rc : other;
}

/* is_for_both: is there anything that the local store can do? */
static bool is_for_both(const struct gp_store_batch *batch)
{
	bool any = batch->take_count > 0;
	for (size_t i = 0; i < batch->soft_count; i++)
		any = any || !is_fact(&batch->softs[i]);
	return any;
}

/* run: the configured store, or what stands in for it. */
static int run(void *self, struct gp_ctx *ctx, int64_t now_ms, const struct gp_store_batch *batch)
{
	struct fallback *f = self;
	int rc = run_in(f, ctx, now_ms, batch, GP_STORE_CONFIGURED);
	if (rc == GP_OK || is_our_fault(rc) || !atomic_load(&f->stands_in) || !is_for_both(batch))
		return rc;
	if (batch->take_count)
		gp_store_say_trouble(f->configured, ctx,
			"limits: counted on this machine until it is available again");
	rc = run_in(f, ctx, now_ms, batch, GP_STORE_LOCAL);
	if (rc && batch->take_count)
		gp_store_say_trouble(
			part_of(f, GP_STORE_LOCAL), ctx, "limits: mail passes uncounted");
	return rc;
}

/* take: the same with counters only. */
static int take(
	void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_keyed *takes, size_t count)
{
	const struct gp_store_batch batch = {.takes = takes, .take_count = count};
	const struct asked asked = look(takes, count);
	if (!asked.takes && (asked.back[GP_STORE_CONFIGURED] || asked.back[GP_STORE_LOCAL]))
		return take_back(self, ctx, now_ms, takes, count);
	return run(self, ctx, now_ms, &batch);
}

/* forget: in both. */
static int forget(
	void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	struct fallback *f = self;
	struct gp_store *local = part_of(f, GP_STORE_LOCAL);
	int rc = gp_store_forget_keyed(f->configured, ctx, key, id);
	return rc || !local ? rc : gp_store_forget_keyed(local, ctx, key, id);
}

/* ---- what is the configured store's alone ---- */

/* configured_of: it. */
static struct gp_store *configured_of(void *self)
{
	return ((struct fallback *)self)->configured;
}

/* now_ms: its time. */
static int64_t now_ms(void *self)
{
	return gp_store_now_ms(configured_of(self));
}

/* scan: what it counts. */
static int scan(void *self, struct gp_ctx *ctx, int64_t at_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg)
{
	return gp_store_scan(configured_of(self), ctx, at_ms, visit, arg);
}

/* put: a fact. */
static int put(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
	int64_t expires_ms)
{
	return gp_store_put(configured_of(self), ctx, key, value, expires_ms);
}

/* remove_fact: a fact. */
static int remove_fact(void *self, struct gp_ctx *ctx, struct gp_span key)
{
	return gp_store_remove(configured_of(self), ctx, key);
}

/* The receiver of facts; as store_private.h writes it out. */
typedef bool (*fact_visitor)(void *arg, const struct gp_store_fact *fact);

/* facts: its. */
static int facts(void *self, struct gp_ctx *ctx, int64_t at_ms, struct gp_span prefix,
	fact_visitor visit, void *arg)
{
	return gp_store_facts(configured_of(self), ctx, at_ms, prefix, visit, arg);
}

/* health: its. */
static void health(void *self, struct gp_store_health *health_out)
{
	gp_store_health(configured_of(self), health_out);
}

/* ---- care ---- */

/* tend_both: and says how the configured one is. */
static void tend_both(struct fallback *f, struct gp_ctx *ctx)
{
	struct gp_store *configured = f->configured;
	struct gp_store *local = part_of(f, GP_STORE_LOCAL);
	struct gp_store_health h;
	gp_store_tend(configured, ctx);
	if (local)
		gp_store_tend(local, ctx);
	gp_store_health(configured, &h);
	if (!h.up)
		gp_store_say_trouble(configured, ctx, NULL);
	if (h.up && f->was_down)
		gp_log_text(ctx->log, GP_LOG_NOTICE, "store: %s is in use", h.where);
	f->was_down = !h.up;
}

/* tend: a second call has nothing to do. */
static void tend(void *self, struct gp_ctx *ctx)
{
	struct fallback *f = self;
	if (pthread_mutex_trylock(&f->tending))
		return;
	tend_both(f, ctx);
	pthread_mutex_unlock(&f->tending);
}

/* ---- open and close ---- */

/* part: either of the two. */
static struct gp_store *part(void *self, enum gp_store_part which)
{
	return part_of(self, which);
}

/* close_both: nobody is using them. */
static void close_both(void *self)
{
	struct fallback *f = self;
	gp_store_close(f->configured);
	gp_store_close(atomic_load(&f->local));
	pthread_mutex_destroy(&f->tending);
	free(f);
}

static const struct gp_store_backend fallback_backend = {
	.close = close_both,
	.now_ms = now_ms,
	.take = take,
	.run = run,
	.forget = forget,
	.scan = scan,
	.put = put,
	.remove = remove_fact,
	.facts = facts,
	.tend = tend,
	.health = health,
	.part = part,
};

/* gp_store_fallback_new: around a store. */
int gp_store_fallback_new(struct gp_store *configured, struct gp_store **store_out)
{
	struct fallback *f = calloc(1, sizeof *f);
	if (!f)
		return GP_ENOMEM;
	if (pthread_mutex_init(&f->tending, NULL)) {
		free(f);
		return GP_ENOMEM;
	}
	f->configured = configured;
	int rc = gp_store_wrap(&fallback_backend, f, store_out);
	if (rc) {
		pthread_mutex_destroy(&f->tending);
		free(f);
	}
	return rc;
}

/* gp_store_fallback_open: the configured store first. */
int gp_store_fallback_open(
	const struct gp_store_options *options, struct gp_ctx *ctx, struct gp_store **store_out)
{
	struct gp_store *configured;
	int rc = gp_store_open(options, ctx, &configured);
	if (rc)
		return rc;
	rc = gp_store_fallback_new(configured, store_out);
	if (rc)
		gp_store_close(configured);
	return rc;
}

/* gp_store_fallback_stand_in: used from now on. */
void gp_store_fallback_stand_in(struct gp_store *store, struct gp_store *local)
{
	struct fallback *f = gp_store_self(store, &fallback_backend);
	atomic_store(&f->local, local);
	atomic_store(&f->stands_in, true);
}

/* gp_store_fallback_local: opens it once; a second call finds it open. */
int gp_store_fallback_local(struct gp_store *store, const struct gp_store_options *options,
	const char *path, struct gp_ctx *ctx)
{
	struct fallback *f = gp_store_self(store, &fallback_backend);
	struct gp_store_options o = *options;
	struct gp_store *local = atomic_load(&f->local);
	char uri[4096]; /* what is cut is too long for gp_store_open all the same */
	if (!path || local) {
		atomic_store(&f->stands_in, path != NULL);
		return GP_OK;
	}
	snprintf(uri, sizeof uri, "lmdb:%s", path);
	o.uris[0] = uri;
	o.uri_count = 1;
	int rc = gp_store_open(&o, ctx, &local);
	if (rc == GP_OK)
		gp_store_fallback_stand_in(store, local);
	return rc;
}
