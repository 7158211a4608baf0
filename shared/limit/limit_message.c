/* SPDX-License-Identifier: ISC */
/*
 * A message holds an amount of each limit since one moment. To hold more, or at a later moment, it
 * gives all of that back and takes the new amount, in one step of the store: so it always lies in
 * one slot of each window, and that slot is the present.
 */
#include "limit/limit_message.h"

#include <string.h>

/* Texts of what applies: subjects, names of users. The names come from one bounded request. */
#define MESSAGE_MEMORY (1024 * 1024)

/* One call of the store, with the applied limit that each counter belongs to. */
struct step {
	struct gp_store_take takes[GP_LIMIT_MAX];
	struct gp_store_count counts[GP_LIMIT_MAX];
	struct gp_limit_applied *of[GP_LIMIT_MAX];
	size_t take_count, count;
	int64_t now_ms; /* the store's time */
};

/* gp_limit_message_init: nothing held, no memory yet. */
void gp_limit_message_init(struct gp_limit_message *message)
{
	*message = (struct gp_limit_message) {0};
}

/* gp_limit_message_fini: the memory. */
void gp_limit_message_fini(struct gp_limit_message *message)
{
	gp_arena_free(message->arena);
	*message = (struct gp_limit_message) {0};
}

/* gp_limit_message_begin: resolves into the message's own memory. */
int gp_limit_message_begin(struct gp_limit_message *message, const struct gp_limit_set *set,
	const struct gp_limit_who *who, struct gp_limit_overrides *overrides)
{
	struct gp_limit_applied applied[GP_LIMIT_MAX];
	size_t n = 0;
	gp_limit_message_end(message);
	if (set->limit_count && !message->arena)
		message->arena = gp_arena_new(MESSAGE_MEMORY);
	if (set->limit_count && !message->arena)
		return GP_ENOMEM;
	int rc = set->limit_count
			 ? gp_limit_resolve(set, who, overrides, message->arena, applied, &n)
			 : GP_OK;
	if (!rc && n) {
		message->applied = gp_arena_array(message->arena, n, sizeof *applied);
		if (!message->applied)
			return gp_arena_status(message->arena);
		memcpy(message->applied, applied, n * sizeof *applied);
		message->count = n;
	}
	message->begun = !rc; /* one that could not be resolved is not one without limits */
	return rc;
}

/* gp_limit_message_end: forgets. */
void gp_limit_message_end(struct gp_limit_message *message)
{
	if (message->arena)
		gp_arena_reset(message->arena);
	*message = (struct gp_limit_message) {.arena = message->arena};
}

/* gp_limit_message_has: of this unit? */
bool gp_limit_message_has(const struct gp_limit_message *message, enum gp_limit_unit unit)
{
	for (size_t i = 0; i < message->count; i++)
		if (message->applied[i].limit->unit == unit)
			return true;
	return false;
}

/* ---- a step of the store ---- */

/* amount_of: what a limit of this unit is to hold. */
static int64_t amount_of(enum gp_limit_unit unit, const struct gp_limit_amounts *total)
{
	int64_t n = unit == GP_LIMIT_RECIPIENTS ? total->recipients
		    : unit == GP_LIMIT_MESSAGES ? total->messages
						: total->bytes;
	return n > GP_STORE_AMOUNT_MAX ? GP_STORE_AMOUNT_MAX : n;
}

/* is_forced: does the limit never refuse? */
static bool is_forced(const struct gp_limit_applied *a)
{
	return a->limit->mode != GP_LIMIT_ENFORCE || a->limit->action == GP_LIMIT_HOLD ||
	       a->max == GP_LIMIT_UNLIMITED;
}

/* bounded_max: as the store takes it. */
static int64_t bounded_max(const struct gp_limit_applied *a)
{
	return a->max > GP_STORE_AMOUNT_MAX ? GP_STORE_AMOUNT_MAX : a->max;
}

/* refresh: what the operator has set or reset since the message began. */
static void refresh(
	struct gp_limit_message *m, struct gp_limit_overrides *overrides, int64_t now_ms)
{
	for (size_t i = 0; i < m->count; i++) {
		struct gp_limit_applied *a = &m->applied[i];
		gp_limit_apply_runtime(a, overrides, now_ms);
		if (a->held && gp_limit_overrides_was_reset(
				       overrides, a->subject, a->limit->id, m->resets))
			a->held = 0; /* it is gone; giving it back would take what is others' */
	}
}

/* add_count: one counter of a limit, back what is held and up to its new amount. */
static void add_count(struct step *s, struct gp_limit_applied *a, int64_t amount)
{
	s->of[s->count] = a;
	s->counts[s->count++] = (struct gp_store_count) {
		.id = a->limit->id,
		.per_ms = a->limit->per_ms,
		.max = bounded_max(a),
		.take = amount,
		.back = a->held,
		.back_ms = a->held_ms,
		.back_part = a->held_part,
		.forced = is_forced(a),
	};
}

/* build: the counters of one subject stand together (they share its text). */
static void build(struct step *s, struct gp_limit_message *m, const struct gp_limit_amounts *total)
{
	s->take_count = s->count = 0;
	for (size_t i = 0; i < m->count; i++) {
		const char *subject = m->applied[i].subject;
		size_t first = s->count;
		bool done = false;
		for (size_t k = 0; k < i && !done; k++)
			done = m->applied[k].subject == subject;
		for (size_t k = i; !done && k < m->count; k++) {
			struct gp_limit_applied *a = &m->applied[k];
			int64_t amount = amount_of(a->limit->unit, total);
			if (a->subject == subject && (amount || a->held))
				add_count(s, a, amount);
		}
		if (s->count > first)
			s->takes[s->take_count++] = (struct gp_store_take) {
				gp_span_from(subject), &s->counts[first], s->count - first};
	}
}

/* release: releases what is held; trouble leaves it counted. */
static int release(struct gp_limit_message *m, struct gp_ctx *ctx)
{
	const struct gp_limit_amounts nothing = {0};
	struct step s;
	int rc = GP_OK;
	if (m->store) {
		build(&s, m, &nothing);
		if (s.take_count)
			rc = gp_store_take(
				m->store, ctx, gp_store_now_ms(m->store), s.takes, s.take_count);
	}
	for (size_t i = 0; i < m->count; i++)
		m->applied[i].held = 0;
	m->store = NULL;
	return rc;
}

/* was_refused: did any counter refuse? */
static bool was_refused(const struct step *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->counts[i].refused)
			return true;
	return false;
}

/* try_store: one step. GP_OK: it has tested, and counted unless it refused. */
static int try_store(struct gp_limit_message *m, struct gp_store *store, struct gp_ctx *ctx,
	const struct gp_limit_amounts *total, struct step *s)
{
	build(s, m, total);
	s->now_ms = gp_store_now_ms(store);
	int rc = s->take_count ? gp_store_take(store, ctx, s->now_ms, s->takes, s->take_count)
			       : GP_OK;
	if (rc || was_refused(s))
		return rc;
	for (size_t i = 0; i < s->count; i++) {
		s->of[i]->held = s->counts[i].take;
		s->of[i]->held_ms = s->counts[i].at_ms;
		s->of[i]->held_part = s->counts[i].part;
	}
	m->store = store;
	return GP_OK;
}

/* ---- the verdict ---- */

/* never_id: another number than this one. */
static uint32_t never_id(uint32_t id)
{
	return id == UINT32_MAX ? 1 : id + 1;
}

/* is_over: was a forced limit passed by something that has just been taken? */
static bool is_over(const struct step *s, size_t i)
{
	return s->counts[i].take > 0 && s->of[i]->max != GP_LIMIT_UNLIMITED &&
	       s->counts[i].used > s->of[i]->max;
}

/* rank: of what a counter says: refused, on hold, over in label mode, nothing. */
static unsigned rank(const struct step *s, size_t i)
{
	if (s->counts[i].refused)
		return 3;
	if (!is_over(s, i))
		return 0;
	return s->of[i]->limit->mode == GP_LIMIT_ENFORCE ? 2 : 1;
}

/* judge: the gravest counter decides; among equals the first in the configuration. */
static void judge(const struct step *s, struct gp_limit_result *result)
{
	unsigned gravest = 0;
	for (size_t i = 0; i < s->count; i++) {
		unsigned r = rank(s, i);
		bool earlier = r && r == gravest && s->of[i]->limit < result->because->limit;
		if (r <= gravest && !earlier)
			continue;
		gravest = r;
		result->because = s->of[i];
		result->used = s->counts[i].used;
		result->wait_ms = s->counts[i].wait_ms;
	}
	result->outcome = gravest == 3   ? GP_LIMIT_REFUSED
			  : gravest == 2 ? GP_LIMIT_ONHOLD
					 : GP_LIMIT_FINE;
}

/*
 * ask_for_rest: a message that already holds something was refused more. When is there room for the
 * rest, beside what it holds? That is what the sender has to know. Changes nothing: a counter
 * without room refuses again, and one that has room by now is only looked at.
 */
static void ask_for_rest(const struct step *s, struct gp_store *store, struct gp_ctx *ctx,
	struct gp_limit_result *result)
{
	size_t i = 0;
	while (s->of[i] != result->because)
		i++;
	struct gp_store_count all[2] = {s->counts[i], {.id = 0}};
	if (s->of[i]->held == 0 || s->counts[i].take <= s->of[i]->held)
		return;
	all[0].take -= s->of[i]->held;
	all[0].back = 0;
	struct gp_store_take take = {gp_span_from(result->because->subject), all, 2};
	/* a second counter that always refuses keeps the step from being counted */
	all[1] = (struct gp_store_count) {
		.id = never_id(all[0].id), .per_ms = all[0].per_ms, .max = 0, .take = 1};
	if (gp_store_take(store, ctx, s->now_ms, &take, 1))
		return; /* what the first answer said is not wrong, only less to the point */
	result->used = all[0].used;
	result->wait_ms = all[0].wait_ms;
}

/* is_our_fault: ours, not the store's. */
static bool is_our_fault(int rc)
{
	return rc == GP_ENOMEM || rc == GP_EINVAL || rc == GP_ETOOBIG;
}

/* gp_limit_message_hold: one step of the store; what stands in for it is the store's business. */
int gp_limit_message_hold(struct gp_limit_message *message, struct gp_limit_overrides *overrides,
	struct gp_ctx *ctx, const struct gp_limit_amounts *total, enum gp_store_failure failure,
	struct gp_limit_result *result_out)
{
	struct step s;
	*result_out = (struct gp_limit_result) {.outcome = GP_LIMIT_FINE};
	if (message->count == 0)
		return GP_OK;
	struct gp_store *store = gp_limit_overrides_store(overrides);
	uint64_t resets = gp_limit_overrides_resets(overrides);
	refresh(message, overrides, gp_store_now_ms(store));
	message->resets = resets; /* what was reset before holds nothing any more */
	int rc = try_store(message, store, ctx, total, &s);
	if (is_our_fault(rc))
		return rc;
	result_out->store_failed = rc || (s.count && s.counts[0].part != GP_STORE_CONFIGURED);
	if (rc)
		gp_store_say_trouble(store, ctx,
			failure == GP_STORE_FAILURE_DEFER
				? "limits: mail is deferred until it is available again"
				: "limits: mail passes uncounted until it is available again");
	if (rc && failure == GP_STORE_FAILURE_DEFER)
		result_out->outcome = GP_LIMIT_AWAY;
	if (!rc)
		judge(&s, result_out);
	if (result_out->outcome == GP_LIMIT_REFUSED)
		ask_for_rest(&s, store, ctx, result_out);
	if (result_out->outcome == GP_LIMIT_FINE || result_out->outcome == GP_LIMIT_ONHOLD)
		message->recipients = total->recipients;
	return GP_OK;
}

/* gp_limit_message_drop: back it goes. */
void gp_limit_message_drop(
	struct gp_limit_message *message, struct gp_limit_overrides *overrides, struct gp_ctx *ctx)
{
	if (!message->store) { /* nothing is held: there may be no store at all */
		gp_limit_message_end(message);
		return;
	}
	struct gp_store *store = gp_limit_overrides_store(overrides);
	refresh(message, overrides, gp_store_now_ms(store));
	if (release(message, ctx) && message->count)
		gp_store_say_trouble(
			store, ctx, "limits: a message that was not accepted stays counted");
	gp_limit_message_end(message);
}

/*
 * gp_limit_peek: counter by counter; a person waits for it, not a mail, and wants to know what all
 * hosts count.
 */
int gp_limit_peek(struct gp_store *store, struct gp_ctx *ctx,
	const struct gp_limit_applied *applied, size_t count, struct gp_store_count *counts)
{
	store = gp_store_part(store, GP_STORE_CONFIGURED);
	for (size_t i = 0; i < count; i++) {
		counts[i] = (struct gp_store_count) {
			.id = applied[i].limit->id,
			.per_ms = applied[i].limit->per_ms,
			.max = bounded_max(&applied[i]),
			.forced = true,
		};
		struct gp_store_take take = {gp_span_from(applied[i].subject), &counts[i], 1};
		int rc = gp_store_take(store, ctx, gp_store_now_ms(store), &take, 1);
		if (rc)
			return rc;
	}
	return GP_OK;
}
