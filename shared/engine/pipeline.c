/* SPDX-License-Identifier: ISC */
/*
 * Names, whose mail it is, the checks in their rounds, the decision after each, and the texts last.
 * Of a whole message every query goes through a memory of this message, so that what was asked
 * together in advance is found there, and no two checks see different answers.
 */
#include "engine/pipeline.h"

#include <string.h>

#include "engine/authres.h"
#include "engine/match.h"
#include "engine/record.h"
#include "engine/reply.h"

/* One run of a pipeline. */
struct run {
	struct gp_ctx *ctx;
	const struct gp_pipeline *p;
	struct gp_facts *f;
	unsigned selected;                  /* bits by place: these run now */
	const struct gp_rule *first;        /* named when no rule has anything to say */
	const struct gp_check *first_check; /* whose it is; NULL: of none */
	const struct gp_facts *kept;        /* of the same message before; NULL */
};

/* sort: places of the table by a number of each row, equal ones as they stand. */
static void sort(const struct gp_pipeline *p, unsigned char *places, bool by_weight)
{
	for (size_t i = 0; i < p->count; i++) {
		size_t at = i;
		int number = by_weight ? p->checks[i]->weighs : p->checks[i]->runs;
		for (; at > 0; at--) {
			const struct gp_check *before = p->checks[places[at - 1]];
			if ((by_weight ? before->weighs : before->runs) <= number)
				break;
			places[at] = places[at - 1];
		}
		places[at] = (unsigned char)i;
	}
}

/* gp_engine_pipeline_init: both orders. */
void gp_engine_pipeline_init(struct gp_pipeline *pipeline, const struct gp_check *const *checks)
{
	*pipeline = (struct gp_pipeline) {.checks = checks};
	while (checks[pipeline->count] && pipeline->count < GP_CHECKS_MAX)
		pipeline->count++;
	sort(pipeline, pipeline->runs, false);
	sort(pipeline, pipeline->weighs, true);
	gp_engine_record_init(pipeline);
}

/* gp_engine_place: row by row. */
size_t gp_engine_place(const struct gp_pipeline *pipeline, const struct gp_check *check)
{
	for (size_t i = 0; i < pipeline->count; i++)
		if (pipeline->checks[i] == check)
			return i;
	return GP_CHECKS_MAX;
}

/* gp_engine_has_run: by its bit. */
bool gp_engine_has_run(const struct gp_facts *facts, const struct gp_check *check)
{
	size_t i = facts->pipeline ? gp_engine_place(facts->pipeline, check) : GP_CHECKS_MAX;
	return i < GP_CHECKS_MAX && (facts->ran & (1u << i));
}

/* gp_engine_own: by its place. */
void *gp_engine_own(const struct gp_facts *facts, const struct gp_check *check)
{
	return gp_engine_has_run(facts, check) ? facts->own[gp_engine_place(facts->pipeline, check)]
					       : NULL;
}

/* chosen: the check that runs now as number i of an order; NULL: it does not. */
static const struct gp_check *chosen(
	const struct run *r, const unsigned char *order, size_t i, size_t *at_out)
{
	*at_out = order[i];
	return r->selected & (1u << order[i]) ? r->p->checks[order[i]] : NULL;
}

/* ---- which checks run ---- */

/* is_at: does the check have its turn at this stage? */
static bool is_at(const struct gp_check *c, const struct gp_facts *f)
{
	unsigned at = GP_AT(f->stage);
	return c->run && ((c->stages & at) || ((c->late_stages & at) && !f->was_asked));
}

/* is_on: does the configuration want it? */
static bool is_on(const struct gp_check *c, const struct gp_facts *f)
{
	if (c->is_on)
		return c->is_on(f);
	return f->every_check || !c->mode || c->mode(f) != GP_MODE_OFF;
}

/* select_checks: those of a round; notes the first exemption. */
static void select_checks(struct run *r, enum gp_round round)
{
	r->selected = 0;
	for (size_t i = 0; i < r->p->count; i++) {
		const struct gp_check *c = r->p->checks[r->p->weighs[i]];
		if (c->round != round || !is_at(c, r->f) || !is_on(c, r->f) ||
			(r->f->is_ours && !c->judges_ours))
			continue;
		const struct gp_rule *exempt = c->exempt ? c->exempt(r->f) : NULL;
		if (!exempt) {
			r->selected |= 1u << r->p->weighs[i];
		} else if (r->first == &gp_engine_rule_default) {
			r->first = exempt;
			r->first_check = exempt->is_nobodys ? NULL : c;
		}
	}
}

/* is_exempted: does a check leave this mail alone? */
static bool is_exempted(const struct run *r)
{
	return r->first != &gp_engine_rule_default && r->first != &gp_engine_rule_stage;
}

/* has_turn: does any check that finds out have its turn here? */
static bool has_turn(const struct run *r)
{
	for (size_t i = 0; i < r->p->count; i++)
		if (r->p->checks[i]->round == GP_ROUND_FINDS && is_at(r->p->checks[i], r->f))
			return true;
	return false;
}

/* ---- asking in advance ---- */

/* names_several: do several checks ask? One alone asks for itself. */
static bool names_several(const struct run *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->p->count; i++)
		n += (r->selected & (1u << i)) && r->p->checks[i]->questions;
	return n > 1;
}

/* ask_ahead: all that is known to be needed, at once; the answers stay in a memory. */
static int ask_ahead(struct run *r)
{
	struct gp_dns_question q[GP_DNS_QUESTIONS_MAX];
	struct gp_dns_answer answers[GP_DNS_QUESTIONS_MAX];
	struct gp_ctx ctx = gp_engine_hurried(r->ctx);
	size_t n = 0;
	for (size_t i = 0; i < r->p->count; i++) {
		size_t at;
		const struct gp_check *c = chosen(r, r->p->weighs, i, &at);
		if (c && c->questions)
			n += c->questions(r->ctx, r->f, q + n, GP_DNS_QUESTIONS_MAX - n);
	}
	return gp_dns_query(&ctx, q, n, answers);
}

/* prepare_check: its room, and what it needs before it runs. */
static int prepare_check(struct run *r, const struct gp_check *c, size_t at)
{
	if (c->own_size) {
		r->f->own[at] = gp_arena_alloc(r->ctx->arena, c->own_size);
		if (!r->f->own[at])
			return gp_arena_status(r->ctx->arena);
	}
	return c->begin ? c->begin(r->ctx, c, r->f) : GP_OK;
}

/* prepare: in the order in which they run. */
static int prepare(struct run *r)
{
	int rc = GP_OK;
	for (size_t at, i = 0; !rc && i < r->p->count; i++) {
		const struct gp_check *c = chosen(r, r->p->runs, i, &at);
		if (c)
			rc = prepare_check(r, c, at);
	}
	return rc;
}

/* prepare_message: begins, asks, and reads the body once for all. */
static int prepare_message(struct run *r)
{
	const struct gp_mail *mail = r->f->mail;
	int rc = gp_engine_find_author(r->ctx, r->f);
	if (!rc)
		rc = gp_body_new(r->ctx->arena, &r->f->body);
	if (!rc)
		rc = gp_dkim_bodies_new(r->ctx->arena, mail->digest, r->f->body, &r->f->bodies);
	if (!rc)
		rc = prepare(r);
	gp_trace_line(r->ctx, 0, "-- queried in advance, in parallel");
	if (!rc)
		rc = ask_ahead(r);
	if (!rc)
		rc = gp_body_read(r->f->body, mail->body);
	return rc ? rc : gp_dkim_bodies_status(r->f->bodies);
}

/* ---- running ---- */

/* gp_engine_copy_check: own first, then what the check does. */
int gp_engine_copy_check(struct gp_arena *arena, const struct gp_pipeline *pipeline, size_t at,
	const struct gp_facts *from, struct gp_facts *to)
{
	const struct gp_check *c = pipeline->checks[at];
	if (c->own_size) {
		to->own[at] = gp_arena_alloc(arena, c->own_size);
		if (!to->own[at])
			return gp_arena_status(arena);
		memcpy(to->own[at], from->own[at], c->own_size);
	}
	int rc = c->copy ? c->copy(arena, from, to) : GP_OK;
	if (!rc)
		to->ran |= 1u << at;
	return rc;
}

/* recall: what was found about this message before, and holds for this request, too. */
static int recall(struct run *r)
{
	int rc = GP_OK;
	for (size_t i = 0; r->kept && !rc && i < r->p->count; i++) {
		const struct gp_check *c = r->p->checks[i];
		if (!(r->selected & r->kept->ran & (1u << i)) || c->by_recipient ||
			(c->still_holds && !c->still_holds(r->kept, r->f)))
			continue;
		rc = gp_engine_copy_check(r->ctx->arena, r->p, i, r->kept, r->f);
		r->f->notes.stale = r->kept->notes.stale;
		r->selected &= ~(1u << i);
	}
	return rc;
}

/* run_check: what it finds is there, and new. */
static int run_check(struct run *r, const struct gp_check *c, size_t at)
{
	int rc = c->run(r->ctx, c, r->f);
	if (!rc) {
		r->f->ran |= 1u << at;
		r->f->fresh |= 1u << at;
	}
	return rc;
}

/* run_selected: one after the other, in an order in which each finds what it builds on. */
static int run_selected(struct run *r)
{
	int rc = GP_OK;
	for (size_t at, i = 0; !rc && i < r->p->count; i++) {
		const struct gp_check *c = chosen(r, r->p->runs, i, &at);
		if (c)
			rc = run_check(r, c, at);
	}
	for (size_t at, i = 0; !rc && i < r->p->count; i++) {
		const struct gp_check *c = chosen(r, r->p->runs, i, &at);
		if (c && c->excuse && gp_engine_would_refuse(c, r->f))
			rc = c->excuse(r->ctx, c, r->f);
	}
	return rc;
}

/* is_heard: does the check have a say at this stage? A row that has rules only is looked at
 * wherever they could apply. */
static bool is_heard(const struct run *r, size_t at, bool is_trumped)
{
	const struct gp_check *c = r->p->checks[at];
	if (!(c->decides & GP_AT(r->f->stage)))
		return false;
	if (!c->run)
		return true;
	return (r->f->ran & (1u << at)) && !(is_trumped && c->round == GP_ROUND_FINDS);
}

/* is_trumped: is there a rule besides which what was found does not count? */
static bool is_trumped(const struct run *r)
{
	for (size_t i = 0; i < r->p->count; i++) {
		const struct gp_check *c = r->p->checks[i];
		if (c->trumps && is_heard(r, i, false) && gp_engine_first_rule(c->rules, r->f))
			return true;
	}
	return false;
}

/* decide: over what has run. */
static void decide(const struct run *r, struct gp_verdict *v)
{
	const struct gp_check *heard[GP_CHECKS_MAX];
	bool trumped = is_trumped(r);
	size_t n = 0;
	for (size_t i = 0; i < r->p->count; i++)
		if (is_heard(r, r->p->weighs[i], trumped))
			heard[n++] = r->p->checks[r->p->weighs[i]];
	v->decided = r->first;
	v->check = r->first_check;
	gp_engine_decide(heard, n, r->f, v);
}

/* find: the checks that find out. */
static int find(struct run *r)
{
	int rc = GP_OK;
	select_checks(r, GP_ROUND_FINDS);
	/* users and networks of ours come from wherever they do: it says nothing */
	r->f->private_client = !r->f->mail && !r->f->is_ours && is_exempted(r) &&
			       gp_engine_is_private_client(r->f);
	int recalled = recall(r);
	if (recalled)
		return recalled;
	if (r->f->mail && !r->f->is_ours)
		rc = prepare_message(r);
	else if (r->selected)
		rc = prepare(r);
	if (!rc && !r->f->mail && names_several(r))
		rc = ask_ahead(r);
	return rc ? rc : run_selected(r);
}

/* run_round: a later one, if those before it let the mail in. */
static int run_round(struct run *r, enum gp_round round, struct gp_verdict *v)
{
	if (v->action != GP_ACTION_ACCEPT)
		return GP_OK;
	select_checks(r, round);
	if (!r->selected)
		return GP_OK;
	int rc = prepare(r);
	if (!rc)
		rc = run_selected(r);
	if (!rc)
		decide(r, v);
	return rc;
}

/* run_later: round by round. */
static int run_later(struct run *r, struct gp_verdict *v)
{
	int rc = GP_OK;
	for (int round = GP_ROUND_FINDS + 1; !rc && round < GP_ROUNDS; round++)
		rc = run_round(r, (enum gp_round)round, v);
	return rc;
}

/* ---- what came of it ---- */

/* find_trouble: a text there always is, so that it can be told from its absence. */
static const char *find_trouble(
	const struct gp_pipeline *p, const struct gp_facts *f, const struct gp_verdict *v)
{
	const struct gp_dns_notes *notes = &f->notes;
	bool certain = true, has_temperror = false;
	if (!notes->trouble && !notes->held_up)
		return NULL;
	for (size_t i = 0; i < p->count; i++) {
		const struct gp_check *c = p->checks[i];
		if (!(f->ran & (1u << i)))
			continue;
		certain = certain && (!c->is_certain || c->is_certain(f, v));
		has_temperror = has_temperror || (c->has_temperror && c->has_temperror(f));
	}
	if (certain)
		return NULL;
	if (notes->trouble)
		return notes->problem ? notes->problem : "DNS could not be queried";
	return has_temperror ? "too much time was lost in waiting because too many DNS queries "
			       "were in progress"
			     : NULL;
}

/* finish: the texts. */
static int finish(struct run *r, struct gp_verdict *v)
{
	int rc = GP_OK;
	if (v->decided->detail) {
		v->rule = gp_arena_printf(
			r->ctx->arena, "%s%s", v->decided->name, v->decided->detail(r->f));
		rc = v->rule ? GP_OK : gp_arena_status(r->ctx->arena);
	}
	if (!rc && v->would != GP_ACTION_ACCEPT)
		rc = gp_engine_reply(r->ctx, r->f, v);
	if (!rc && r->f->mail)
		rc = gp_engine_results(r->ctx, r->p, r->f, v);
	if (!rc && r->f->mail)
		rc = gp_engine_summary(r->ctx, r->p, r->f, v);
	return rc;
}

/* begin: names, and whose mail it is. */
static int begin(struct run *r, struct gp_verdict *v)
{
	struct gp_facts *f = r->f;
	const struct gp_rule *ours = f->every_check ? NULL : gp_engine_ours(f);
	f->is_ours = ours != NULL;
	v->checked = f->mail && !ours;
	if (!has_turn(r)) {
		r->first = &gp_engine_rule_stage;
		return GP_OK;
	}
	if (ours) {
		r->first = ours;
		return GP_OK; /* nothing is judged, so nobody compares names */
	}
	if (!r->kept)
		return gp_engine_find_names(r->ctx, f);
	int rc = gp_engine_copy_names(r->ctx->arena, r->kept, f);
	return rc ? rc : gp_engine_find_recipient(r->ctx, f);
}

/* gp_engine_run_kept: the whole way. */
int gp_engine_run_kept(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *kept, struct gp_facts *facts, struct gp_verdict *verdict_out)
{
	struct gp_ctx own = *ctx;
	struct run r = {.ctx = &own,
		.p = pipeline,
		.f = facts,
		.first = &gp_engine_rule_default,
		.kept = kept};
	*verdict_out = (struct gp_verdict) {0};
	facts->pipeline = pipeline;
	facts->before = kept;
	own.notes = &facts->notes;
	if (facts->mail) {
		own.dns = gp_dns_memo_new(ctx->arena, ctx->dns);
		if (!own.dns)
			return gp_arena_status(ctx->arena);
	}
	int rc = begin(&r, verdict_out);
	if (!rc)
		rc = find(&r);
	if (!rc) {
		decide(&r, verdict_out);
		facts->trouble = find_trouble(pipeline, facts, verdict_out);
		if (facts->trouble)
			decide(&r, verdict_out);
		rc = run_later(&r, verdict_out);
	}
	gp_dkim_bodies_fini(facts->bodies);
	facts->bodies = NULL;
	facts->before = NULL;
	if (rc)
		return rc;
	return finish(&r, verdict_out);
}

/* gp_engine_run: nothing is known from before. */
int gp_engine_run(struct gp_ctx *ctx, const struct gp_pipeline *pipeline, struct gp_facts *facts,
	struct gp_verdict *verdict_out)
{
	return gp_engine_run_kept(ctx, pipeline, NULL, facts, verdict_out);
}
