/* SPDX-License-Identifier: ISC */
/* Texts are copied once per message; a request that finds them needs no query. */
#include "engine/transaction.h"

/* gp_engine_transaction_init: empty. */
void gp_engine_transaction_init(
	struct gp_transaction *transaction, const struct gp_pipeline *pipeline)
{
	transaction->pipeline = pipeline;
	transaction->arena = NULL;
	transaction->kept = NULL;
	transaction->was_asked = false;
	transaction->noted = 0;
	gp_limit_message_init(&transaction->limits);
}

/* forget_kept: its memory is there for the next message. */
static void forget_kept(struct gp_transaction *t)
{
	if (t->kept)
		gp_arena_reset(t->arena);
	t->kept = NULL;
}

/* gp_engine_transaction_forget: nothing was asked. */
void gp_engine_transaction_forget(struct gp_transaction *transaction)
{
	forget_kept(transaction);
	transaction->was_asked = false;
	transaction->noted = 0;
}

/* gp_engine_transaction_fini: all there is. */
void gp_engine_transaction_fini(struct gp_transaction *transaction)
{
	gp_engine_transaction_forget(transaction);
	gp_arena_free(transaction->arena);
	transaction->arena = NULL;
	gp_limit_message_fini(&transaction->limits);
}

/* gp_engine_transaction_drop: as limits have it. */
void gp_engine_transaction_drop(struct gp_transaction *transaction,
	struct gp_limit_overrides *overrides, struct gp_ctx *ctx)
{
	gp_limit_message_drop(&transaction->limits, overrides, ctx);
}

/* is_of: do two envelopes differ in the recipient alone? */
static bool is_of(const struct gp_envelope *a, const struct gp_envelope *b)
{
	return gp_ipaddr_equal(&a->client, &b->client) && gp_ipaddr_equal(&a->server, &b->server) &&
	       a->client_is_unreadable == b->client_is_unreadable &&
	       gp_span_equal(a->client_name, b->client_name) && gp_span_equal(a->helo, b->helo) &&
	       gp_span_equal(a->sender, b->sender) &&
	       gp_span_equal(a->sasl_username, b->sasl_username);
}

/* keep_span: a copy. */
static void keep_span(struct gp_arena *arena, struct gp_span *text)
{
	text->ptr = gp_arena_copy(arena, *text);
	if (!text->ptr)
		text->len = 0; /* the arena remembers why */
}

/* keep_envelope: by what requests about the same message are recognised. */
static int keep_envelope(struct gp_arena *arena, const struct gp_facts *f, struct gp_facts *kept)
{
	kept->envelope = f->envelope;
	kept->envelope.recipient = (struct gp_span) {NULL, 0};
	keep_span(arena, &kept->envelope.client_name);
	keep_span(arena, &kept->envelope.helo);
	keep_span(arena, &kept->envelope.sender);
	keep_span(arena, &kept->envelope.sasl_username);
	return gp_engine_copy_names(arena, f, kept);
}

/* keep_facts: with all their texts, none of which may lie in the same arena already. */
static int keep_facts(struct gp_transaction *t, const struct gp_facts *f, struct gp_facts *kept)
{
	int rc = keep_envelope(t->arena, f, kept);
	kept->pipeline = t->pipeline;
	kept->notes.stale = f->notes.stale;
	for (size_t i = 0; !rc && i < t->pipeline->count; i++)
		if ((f->ran & (1u << i)) && !t->pipeline->checks[i]->by_recipient)
			rc = gp_engine_copy_check(t->arena, t->pipeline, i, f, kept);
	return rc ? rc : gp_arena_status(t->arena);
}

/* keep: what does not depend on the recipient, in place of what was kept; what has no place is not
 * kept. */
static void keep(struct gp_transaction *t, const struct gp_facts *f)
{
	forget_kept(t);
	if (!t->arena)
		t->arena = gp_arena_new_small(GP_TRANSACTION_KEPT_MAX);
	struct gp_facts *kept = t->arena ? gp_arena_alloc(t->arena, sizeof *kept) : NULL;
	if (kept && keep_facts(t, f, kept) == GP_OK)
		t->kept = kept;
	else if (t->arena)
		gp_arena_reset(t->arena);
}

/* is_worth_keeping: was anything found now that the next recipient needs as well? */
static bool is_worth_keeping(const struct gp_pipeline *p, const struct gp_facts *f)
{
	if (f->trouble || f->stage > GP_STAGE_RCPT)
		return false; /* after RCPT nobody asks again */
	for (size_t i = 0; i < p->count; i++)
		if ((f->fresh & (1u << i)) && !p->checks[i]->by_recipient)
			return true;
	return false;
}

/* note: what checks have to know of this recipient later. */
static void note(struct gp_transaction *t, const struct gp_facts *f)
{
	for (size_t i = 0; i < t->pipeline->count; i++) {
		const struct gp_check *c = t->pipeline->checks[i];
		if (f->stage == GP_STAGE_RCPT && c->notes && c->notes(f))
			t->noted |= 1u << i;
	}
}

/* gp_engine_transaction_ask: over what is kept, if it is of this envelope. */
int gp_engine_transaction_ask(struct gp_transaction *transaction, struct gp_ctx *ctx,
	struct gp_facts *facts, struct gp_verdict *verdict_out)
{
	struct gp_transaction *t = transaction;
	const struct gp_facts *kept =
		t->kept && is_of(&t->kept->envelope, &facts->envelope) ? t->kept : NULL;
	facts->counting.message = &t->limits;
	facts->was_asked = t->was_asked;
	facts->noted = t->noted;
	int rc = gp_engine_run_kept(ctx, t->pipeline, kept, facts, verdict_out);
	t->was_asked |= facts->stage == GP_STAGE_MAIL || facts->stage == GP_STAGE_RCPT;
	if (!rc)
		note(t, facts);
	if (!rc && is_worth_keeping(t->pipeline, facts))
		keep(t, facts);
	if (facts->stage > GP_STAGE_RCPT) {
		forget_kept(t);
		t->noted = 0;
	}
	return rc;
}
