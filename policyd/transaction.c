/* SPDX-License-Identifier: ISC */
/* From the stages of Postfix to amounts that a message is to hold in all. */
#include "policyd/transaction.h"

#include <string.h>

/* gp_transaction_init: nothing under way. */
void gp_transaction_init(struct gp_transaction *transaction, const struct gp_runtime *runtime,
	struct gp_stage_learn *stages, struct gp_tally *tally)
{
	transaction->runtime = runtime;
	transaction->stages = stages;
	transaction->tally = tally;
	transaction->source = -1;
	transaction->subject = 0;
	transaction->is_open = transaction->is_ended = transaction->is_cut = false;
	transaction->asked_us = 0;
	transaction->instance[0] = 0;
	transaction->state = GP_STATE_OTHER;
	gp_limit_message_init(&transaction->message);
}

/* say_unseen: a limit on bytes waits for a stage that is not asked about, and would never act. */
static void say_unseen(const struct gp_transaction *t)
{
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES];
	size_t n = gp_stage_learn_list(t->stages, known, GP_STAGE_LEARN_SOURCES);
	const char *label = (size_t)t->source < n ? known[t->source].label : "some port";
	gp_log_text(&t->runtime->log, GP_LOG_ERROR,
		"a limit on bytes has no effect for mail of %s: Postfix does not ask at "
		"END-OF-MESSAGE there. Put check_policy_service into "
		"smtpd_end_of_data_restrictions as well",
		label);
}

/* tally_of: where a limit of the message is counted. */
static struct gp_tally_limit *tally_of(
	const struct gp_transaction *t, const struct gp_limit_applied *applied)
{
	ptrdiff_t number = applied->limit - t->runtime->config->limits.limits;
	return &t->tally->limits[t->runtime->limit_places[number]];
}

/* limits_verdict: what the limits said, in one word. */
static enum gp_counters_limits limits_verdict(const struct gp_verdict *v)
{
	switch (v->limits) {
	case GP_LIMIT_ONHOLD:
		return GP_LIMITS_HELD;
	case GP_LIMIT_REFUSED:
		return GP_LIMITS_REFUSED;
	case GP_LIMIT_AWAY:
		return GP_LIMITS_AWAY;
	case GP_LIMIT_FINE:
		break;
	}
	return v->limit.name ? GP_LIMITS_LABELLED : GP_LIMITS_FINE;
}

/* tally_limits: the step as a whole, then limit by limit. */
static void tally_limits(const struct gp_transaction *t, const struct gp_verdict *v)
{
	enum gp_counters_limits said = limits_verdict(v);
	gp_histogram_add(&t->tally->checks[GP_CHECK_LIMITS][said], v->limits_us);
	for (size_t i = 0; i < t->message.count; i++) {
		struct gp_tally_limit *tally = tally_of(t, &t->message.applied[i]);
		gp_tally_add(&tally->looked_at);
		if (t->message.applied[i].limit->name == v->limit.name)
			gp_tally_add(&tally->over[said]);
	}
}

/* end_message: what the message holds stays counted, for good. */
static void end_message(struct gp_transaction *t)
{
	for (size_t i = 0; i < t->message.count; i++)
		gp_tally_add_amount(
			&tally_of(t, &t->message.applied[i])->counted, t->message.applied[i].held);
	gp_limit_message_end(&t->message);
}

/* finish: the message under way is over without a question at its end. */
static void finish(struct gp_transaction *t, struct gp_ctx *ctx)
{
	if (!t->is_open)
		return;
	bool is_held = t->message.store != NULL;
	if (!t->is_ended && t->message.begun) {
		bool wants_end = gp_limit_message_has(&t->message, GP_LIMIT_BYTES);
		bool gives_back = gp_stage_learn_expects_end(t->stages, t->source, t->subject);
		if (gives_back)
			gp_limit_message_drop(&t->message, t->runtime->overrides, ctx);
		if (is_held && !t->is_cut &&
			gp_stage_learn_missed(t->stages, t->source, t->subject, wants_end))
			say_unseen(t);
	}
	end_message(t);
	t->is_open = t->is_ended = false;
}

/* gp_transaction_adopt: with the message under way, which belongs to the old configuration. */
void gp_transaction_adopt(
	struct gp_transaction *transaction, const struct gp_runtime *runtime, struct gp_ctx *ctx)
{
	finish(transaction, ctx);
	transaction->runtime = runtime;
}

/* gp_transaction_is_under_way: where its end is not asked about, DATA is the last of it. */
bool gp_transaction_is_under_way(const struct gp_transaction *transaction)
{
	const struct gp_transaction *t = transaction;
	return t->is_open && !t->is_ended && t->message.begun &&
	       (t->state != GP_STATE_DATA ||
		       gp_stage_learn_expects_end(t->stages, t->source, t->subject));
}

/* gp_transaction_cut: it is fini that finishes it. */
void gp_transaction_cut(struct gp_transaction *transaction)
{
	transaction->is_cut = true;
}

/* gp_transaction_fini: as if another message began. */
void gp_transaction_fini(struct gp_transaction *transaction, struct gp_ctx *ctx)
{
	finish(transaction, ctx);
	gp_limit_message_fini(&transaction->message);
}

/*
 * gp_transaction_is_same: without an instance only a later stage can belong to it. Behind its end
 * there is only that end, asked about twice.
 */
bool gp_transaction_is_same(
	const struct gp_transaction *transaction, const struct gp_protocol_request *request)
{
	const struct gp_transaction *t = transaction;
	if (!t->is_open || request->instance.len >= sizeof t->instance)
		return false;
	if (t->is_ended && request->state != GP_STATE_END_OF_MESSAGE)
		return false;
	if (request->instance.len == 0 && (t->is_ended || request->state <= t->state))
		return false;
	return gp_span_equal(request->instance, gp_span_from(t->instance));
}

/* remember: a bounded copy; what does not fit is not remembered. */
static void remember(char *place, size_t size, struct gp_span text)
{
	size_t n = text.len < size ? text.len : 0;
	if (n)
		memcpy(place, text.ptr, n);
	place[n] = 0;
}

/* class_of: Postfix may permit one class of clients before it asks, at one stage or another. */
static const char *class_of(const struct gp_limit_who *who)
{
	switch (who->origin) {
	case GP_LIMIT_FROM_AUTHENTICATED:
		return "users";
	case GP_LIMIT_FROM_TRUSTED:
		return "own networks";
	case GP_LIMIT_FROM_OTHERS:
		break;
	}
	return "others";
}

/* subject_of: the user; of others the address, IPv6 by /64, and in own networks, where
 * one host sends for many, the sender as well. */
static uint64_t subject_of(
	const struct gp_transaction *t, struct gp_ctx *ctx, const struct gp_limit_who *who)
{
	const struct gp_limit_set *set = &t->runtime->config->limits;
	struct gp_span address = {(const char *)who->client.bytes, 8};
	const char *name = "";
	if (who->origin == GP_LIMIT_FROM_AUTHENTICATED) {
		address.len = 0;
		name = gp_limit_normalise(ctx->arena, set, GP_LIMIT_OVERRIDE_USER, who->user);
	} else if (who->origin == GP_LIMIT_FROM_TRUSTED) {
		name = gp_limit_normalise(ctx->arena, set, GP_LIMIT_OVERRIDE_SENDER, who->sender);
	}
	/* without memory for the name the limits refuse the message as well */
	return gp_stage_learn_subject(t->stages, t->source, address, gp_span_from(name));
}

/* begin: another message. */
static void begin(struct gp_transaction *t, struct gp_ctx *ctx, const struct gp_protocol_request *r)
{
	struct gp_envelope envelope;
	gp_protocol_envelope(r, &envelope);
	const struct gp_limit_who who = gp_engine_who(t->runtime->config, &envelope);
	remember(t->instance, sizeof t->instance, r->instance);
	t->is_open = true;
	t->source = gp_stage_learn_source(
		t->stages, &(struct gp_stage_learn_place) {r->server_address, r->server_port,
				   r->policy_context, class_of(&who)});
	t->subject = subject_of(t, ctx, &who);
}

/* total_of: what the message is to hold with this request. */
static struct gp_limit_amounts total_of(
	const struct gp_transaction *t, const struct gp_protocol_request *r)
{
	int64_t recipients = t->message.recipients;
	if (r->state == GP_STATE_RCPT)
		recipients++; /* also one that came before: Postfix may deliver both (ORCPT) */
	else if (r->recipient_count > 0)
		recipients = r->recipient_count; /* what was let in by all restrictions */
	else if (recipients == 0)
		recipients = 1;
	return (struct gp_limit_amounts) {
		.recipients = recipients,
		.messages = 1,
		.bytes = r->state == GP_STATE_END_OF_MESSAGE ? r->size : 0,
	};
}

/* is_counted: is anything counted at this stage? */
static bool is_counted(const struct gp_protocol_request *r)
{
	return r->state == GP_STATE_RCPT || r->state == GP_STATE_DATA ||
	       r->state == GP_STATE_END_OF_MESSAGE;
}

/* settle: what the verdict makes of the message under way. */
static void settle(struct gp_transaction *t, struct gp_ctx *ctx,
	const struct gp_protocol_request *r, const struct gp_verdict *v)
{
	bool is_let_in = v->action == GP_ACTION_ACCEPT || v->action == GP_ACTION_HOLD;
	if (r->state == GP_STATE_DATA && !is_let_in)
		gp_limit_message_drop(&t->message, t->runtime->overrides, ctx);
	if (r->state != GP_STATE_END_OF_MESSAGE)
		return;
	if (is_let_in)
		end_message(t);
	else
		gp_limit_message_drop(&t->message, t->runtime->overrides, ctx);
	t->is_ended = is_let_in;
}

/* gp_transaction_count: which message, how much of it, and the verdict's share. */
int gp_transaction_count(struct gp_transaction *transaction, struct gp_ctx *ctx,
	const struct gp_protocol_request *request, const struct gp_envelope *envelope,
	struct gp_verdict *verdict)
{
	struct gp_transaction *t = transaction;
	if (!t->runtime->overrides || !is_counted(request))
		return GP_OK;
	if (!gp_transaction_is_same(t, request)) {
		finish(t, ctx);
		begin(t, ctx, request);
	}
	t->state = request->state;
	t->asked_us = gp_clock_now_us(ctx->clock);
	if (request->state == GP_STATE_END_OF_MESSAGE)
		gp_stage_learn_end(t->stages, t->source);
	else
		gp_stage_learn_early(t->stages, t->source);
	if (t->is_ended) /* asked about its end twice */
		return GP_OK;
	const struct gp_engine_rates rates = {
		t->runtime->config, t->runtime->overrides, &t->message};
	const struct gp_limit_amounts total = total_of(t, request);
	int rc = gp_engine_rates(ctx, &rates, envelope, &total, verdict);
	if (!rc && verdict->has_limits)
		tally_limits(t, verdict);
	if (!rc)
		settle(t, ctx, request, verdict);
	return rc;
}

/* gp_transaction_left_ms: only what would be given back has a term. */
int gp_transaction_left_ms(const struct gp_transaction *transaction)
{
	const struct gp_transaction *t = transaction;
	if (!t->message.store || !gp_stage_learn_expects_end(t->stages, t->source, t->subject))
		return -1;
	return gp_clock_left_ms(gp_clock_system(),
		t->asked_us + (int64_t)t->runtime->config->reservation_timeout_ms * 1000);
}

/* gp_transaction_expire: the message stays under way, holding nothing. */
void gp_transaction_expire(struct gp_transaction *transaction, struct gp_ctx *ctx)
{
	if (gp_transaction_left_ms(transaction) < 0)
		return; /* its end is not expected any more: it counts */
	gp_limit_message_drop(&transaction->message, transaction->runtime->overrides, ctx);
}
