/* SPDX-License-Identifier: ISC */
/* A look at what may be known, the decision, and the change that follows from it. */
#include "reputation/greylist/greylist.h"

#include "reputation/greylist/greylist_allow.h"
#include "reputation/greylist/greylist_private.h"

/* is_trusted: has its network or its SPF domain passed often enough? */
static bool is_trusted(const struct gp_greylist_run *run)
{
	unsigned passes = run->query->contact.settings->passes;
	for (int i = 0; passes && i < GP_GREYLIST_BY_NAME; i++) {
		const struct gp_greylist_entry *entry = &run->seen.passes[i];
		if (entry->is_there && entry->record.passes >= passes)
			return true;
	}
	return false;
}

/* is_known: has it passed under any of its origins? */
static bool is_known(const struct gp_greylist_run *run)
{
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++)
		if (run->seen.entries[i].is_there && run->seen.entries[i].record.has_passed)
			return true;
	return false;
}

/* earliest: of the records that wait within the window; NULL: there is none. */
static const struct gp_greylist_record *earliest(const struct gp_greylist_run *run)
{
	const struct gp_greylist_record *found = NULL;
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		const struct gp_greylist_entry *entry = &run->seen.entries[i];
		const struct gp_greylist_record *r = &entry->record;
		if (entry->is_there &&
			gp_greylist_since(run->now_ms, r->first_ms) <=
				run->query->contact.settings->window_ms &&
			(!found || r->first_ms < found->first_ms))
			found = r;
	}
	return found;
}

/* crowd_of: the network as a whole, if it is remembered so; NULL: it is not. */
static const struct gp_greylist_record *crowd_of(
	const struct gp_greylist_run *run, enum gp_greylist_crowd *crowd_out)
{
	for (int i = 0; i < GP_GREYLIST_CROWDS; i++)
		if (run->seen.crowds[i].is_there) {
			*crowd_out = (enum gp_greylist_crowd)i;
			return &run->seen.crowds[i].record;
		}
	return NULL;
}

/* left_ms: of the delay since then; 0: it is over. */
static int64_t left_ms(const struct gp_greylist_run *run, int64_t first_ms)
{
	int64_t since_ms = gp_greylist_since(run->now_ms, first_ms);
	int64_t delay_ms = run->query->contact.settings->delay_ms;
	return since_ms >= delay_ms ? 0 : delay_ms - since_ms;
}

/* is_allowed: by an operator, who is asked only before mail is delayed. */
static int is_allowed(const struct gp_greylist_run *run, bool *allowed_out)
{
	const struct gp_greylist_query *q = run->query;
	const struct gp_greylist_allow_mail mail = {.client = q->contact.client,
		.client_name = q->client_name,
		.sender_domain = q->is_genuine ? q->contact.sender_domain : NULL};
	const char *name;
	int rc = gp_greylist_allow_find(run->store, run->ctx, &mail, &name);
	*allowed_out = !rc && name;
	return rc;
}

/* see_again: a contact that was first seen then. */
static int see_again(struct gp_greylist_run *run, const struct gp_greylist_record *first,
	struct gp_greylist_answer *answer_out)
{
	answer_out->wait_ms = left_ms(run, first->first_ms);
	if (answer_out->wait_ms) {
		answer_out->outcome = GP_GREYLIST_EARLY;
		return first->first_ms > run->now_ms ? gp_greylist_set_back(run) : GP_OK;
	}
	answer_out->outcome = GP_GREYLIST_PASSED;
	answer_out->waited_ms = gp_greylist_since(run->now_ms, first->first_ms);
	return gp_greylist_pass(run, first);
}

/* see_first: a first contact, unless another process or its network was there first. */
static int see_first(struct gp_greylist_run *run, struct gp_greylist_answer *answer_out)
{
	struct gp_greylist_entry earlier;
	int rc = gp_greylist_first(run, &earlier);
	answer_out->outcome = GP_GREYLIST_FIRST;
	answer_out->wait_ms = run->query->contact.settings->delay_ms;
	if (rc || !earlier.is_there)
		return rc;
	answer_out->wait_ms = left_ms(run, earlier.record.first_ms);
	answer_out->outcome = earlier.record.has_passed ? GP_GREYLIST_KNOWN
			      : answer_out->wait_ms     ? GP_GREYLIST_EARLY
							: GP_GREYLIST_PASSED;
	return GP_OK;
}

/* see_crowd: one of a network that is remembered as a whole: nothing of it is, by itself. */
static int see_crowd(struct gp_greylist_run *run, const struct gp_greylist_record *r,
	enum gp_greylist_crowd crowd, struct gp_greylist_answer *answer_out)
{
	answer_out->wait_ms = left_ms(run, r->first_ms);
	answer_out->outcome = answer_out->wait_ms ? GP_GREYLIST_EARLY : GP_GREYLIST_PASSED;
	return gp_greylist_of_crowd(run, crowd, answer_out->wait_ms > 0);
}

/* see_stranger: what has not passed before. */
static int see_stranger(struct gp_greylist_run *run, struct gp_greylist_answer *answer_out)
{
	const struct gp_greylist_record *first = earliest(run);
	enum gp_greylist_crowd crowd = GP_GREYLIST_CROWD;
	bool is_allowed_here = false;
	if (first && !left_ms(run, first->first_ms))
		return see_again(run, first, answer_out);
	int rc = is_allowed(run, &is_allowed_here);
	if (rc)
		return rc;
	if (is_allowed_here) {
		answer_out->outcome = GP_GREYLIST_ALLOWED;
		return GP_OK;
	}
	if (first)
		return see_again(run, first, answer_out);
	const struct gp_greylist_record *r = crowd_of(run, &crowd);
	return r ? see_crowd(run, r, crowd, answer_out) : see_first(run, answer_out);
}

/* take_learning: whether mail is only recorded. */
static void take_learning(struct gp_greylist_run *run, struct gp_greylist_answer *answer_out)
{
	answer_out->is_learning = gp_greylist_is_learning(run);
	run->is_delayed = run->query->is_delaying && !answer_out->is_learning;
}

/* see_further: what the first look does not settle. */
static int see_further(struct gp_greylist_run *run, struct gp_greylist_answer *answer_out)
{
	int rc =
		gp_greylist_look_further(run->ctx, run->store, run->now_ms, run->query, &run->seen);
	if (!rc)
		rc = gp_greylist_begin(run);
	if (!rc)
		rc = gp_greylist_begin_anew(run);
	if (rc)
		return rc;
	take_learning(run, answer_out);
	if (run->seen.is_correspondent) {
		answer_out->outcome = GP_GREYLIST_CORRESPONDENT;
		return GP_OK;
	}
	bool trusted = is_trusted(run);
	if (!trusted && !is_known(run))
		return see_stranger(run, answer_out);
	answer_out->outcome = trusted ? GP_GREYLIST_TRUSTED : GP_GREYLIST_KNOWN;
	return gp_greylist_use(run);
}

/* decide: most mail is settled by the first look: all that it would change was changed within the
 * last hour. */
static int decide(struct gp_greylist_run *run, struct gp_greylist_answer *answer_out)
{
	if (!gp_greylist_is_fresh(run, &run->seen.entries[GP_GREYLIST_BY_NETWORK]))
		return see_further(run, answer_out);
	answer_out->outcome = GP_GREYLIST_KNOWN;
	return GP_OK;
}

/* gp_greylist_see: a store that fails is no reason to delay anything. */
int gp_greylist_see(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_answer *answer_out)
{
	struct gp_greylist_run run = {.ctx = ctx, .store = store, .now_ms = now_ms, .query = query};
	*answer_out = (struct gp_greylist_answer) {.outcome = GP_GREYLIST_UNAVAILABLE};
	int rc = gp_greylist_look(ctx, store, now_ms, query, &run.seen);
	if (!rc)
		rc = decide(&run, answer_out);
	if (gp_arena_status(ctx->arena))
		return gp_arena_status(ctx->arena);
	if (rc) {
		*answer_out = (struct gp_greylist_answer) {.outcome = GP_GREYLIST_UNAVAILABLE};
		gp_store_say_trouble(
			store, ctx, "greylisting: no mail is delayed until it is back");
	}
	return GP_OK;
}
