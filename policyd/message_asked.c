/* SPDX-License-Identifier: ISC */
/* From the stages of Postfix to amounts that a message is to hold in all. */
#include "policyd/message_asked.h"

#include <string.h>

#include "engine/check_limit.h"

/* gp_message_asked_init: nothing under way. */
void gp_message_asked_init(struct gp_message_asked *message, const struct gp_pipeline *pipeline,
	const struct gp_daemon_runtime *runtime, struct gp_stage_learn *stages,
	struct gp_lists *lists, struct gp_tally *tally)
{
	message->runtime = runtime;
	message->stages = stages;
	message->lists = lists;
	message->tally = tally;
	message->source = -1;
	message->subject = 0;
	message->is_open = message->is_ended = message->is_cut = false;
	message->asked_us = 0;
	message->instance[0] = 0;
	message->state = GP_STATE_OTHER;
	gp_engine_transaction_init(&message->transaction, pipeline);
}

/* say_unseen: a limit on bytes waits for a stage that is not asked about, and would never act. */
static void say_unseen(const struct gp_message_asked *m)
{
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES];
	size_t n = gp_stage_learn_list(m->stages, known, GP_STAGE_LEARN_SOURCES);
	const char *label = (size_t)m->source < n ? known[m->source].label : "some port";
	gp_log_text(&m->runtime->log, GP_LOG_ERROR,
		"limits on bytes have no effect for mail of %s: Postfix sends no request at "
		"END-OF-MESSAGE there. Add check_policy_service to smtpd_end_of_data_restrictions "
		"as well",
		label);
}

/* tally_of: where a limit of the message is counted. */
static struct gp_tally_limit *tally_of(
	const struct gp_message_asked *m, const struct gp_limit_applied *applied)
{
	ptrdiff_t number = applied->limit - m->runtime->config->limits.limits;
	return &m->tally->limits[gp_counters_place(m->runtime, number)];
}

/* tally_limits: limit by limit; the step as a whole is counted with the other checks. */
static void tally_limits(const struct gp_message_asked *m, const struct gp_facts *f)
{
	enum gp_limit_said said = gp_engine_limit_said(f);
	const struct gp_limit_message *held = &m->transaction.limits;
	for (size_t i = 0; i < held->count; i++) {
		struct gp_tally_limit *tally = tally_of(m, &held->applied[i]);
		gp_counters_tally_add(&tally->looked_at);
		if (held->applied[i].limit->name == f->limit.name)
			gp_counters_tally_add(&tally->over[said]);
	}
}

/* end_message: what the message holds stays counted, for good. */
static void end_message(struct gp_message_asked *m)
{
	struct gp_limit_message *held = &m->transaction.limits;
	for (size_t i = 0; i < held->count; i++)
		gp_counters_tally_add_amount(
			&tally_of(m, &held->applied[i])->counted, held->applied[i].held);
	gp_limit_message_end(held);
}

/* finish: the message under way is over without a question at its end. */
static void finish(struct gp_message_asked *m, struct gp_ctx *ctx)
{
	if (!m->is_open)
		return;
	struct gp_limit_message *held = &m->transaction.limits;
	bool is_held = held->store != NULL;
	if (!m->is_ended && held->begun) {
		bool wants_end = gp_limit_message_has(held, GP_LIMIT_BYTES);
		bool gives_back = gp_stage_learn_expects_end(m->stages, m->source, m->subject);
		if (gives_back)
			gp_limit_message_drop(held, m->runtime->overrides, ctx);
		if (is_held && !m->is_cut &&
			gp_stage_learn_missed(m->stages, m->source, m->subject, wants_end))
			say_unseen(m);
	}
	end_message(m);
	gp_engine_transaction_forget(&m->transaction);
	m->is_open = m->is_ended = false;
}

/* gp_message_asked_adopt: with the message under way, which belongs to the old configuration. */
void gp_message_asked_adopt(struct gp_message_asked *message,
	const struct gp_daemon_runtime *runtime, struct gp_ctx *ctx)
{
	finish(message, ctx);
	message->runtime = runtime;
}

/* gp_message_asked_is_under_way: where its end is not asked about, DATA is the last of it. */
bool gp_message_asked_is_under_way(const struct gp_message_asked *message)
{
	const struct gp_message_asked *m = message;
	return m->is_open && !m->is_ended && m->transaction.limits.begun &&
	       (m->state != GP_STATE_DATA ||
		       gp_stage_learn_expects_end(m->stages, m->source, m->subject));
}

/* gp_message_asked_cut: it is fini that finishes it. */
void gp_message_asked_cut(struct gp_message_asked *message)
{
	message->is_cut = true;
}

/* gp_message_asked_fini: as if another message began. */
void gp_message_asked_fini(struct gp_message_asked *message, struct gp_ctx *ctx)
{
	finish(message, ctx);
	gp_engine_transaction_fini(&message->transaction);
}

/*
 * gp_message_asked_is_same: without an instance only a later stage can belong to it. Behind its end
 * there is only that end, asked about twice.
 */
bool gp_message_asked_is_same(
	const struct gp_message_asked *message, const struct gp_protocol_request *request)
{
	const struct gp_message_asked *m = message;
	if (!m->is_open || request->instance.len >= sizeof m->instance)
		return false;
	if (m->is_ended && request->state != GP_STATE_END_OF_MESSAGE)
		return false;
	if (request->instance.len == 0 && (m->is_ended || request->state <= m->state))
		return false;
	return gp_span_equal(request->instance, gp_span_from(m->instance));
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
	const struct gp_message_asked *m, struct gp_ctx *ctx, const struct gp_limit_who *who)
{
	const struct gp_limit_set *set = &m->runtime->config->limits;
	struct gp_span address = {(const char *)who->client.bytes, 8};
	const char *name = "";
	if (who->origin == GP_LIMIT_FROM_AUTHENTICATED) {
		address.len = 0;
		name = gp_limit_normalise(ctx->arena, set, GP_LIMIT_OVERRIDE_USER, who->user);
	} else if (who->origin == GP_LIMIT_FROM_TRUSTED) {
		name = gp_limit_normalise(ctx->arena, set, GP_LIMIT_OVERRIDE_SENDER, who->sender);
	}
	/* without memory for the name the limits refuse the message as well */
	return gp_stage_learn_subject(m->stages, m->source, address, gp_span_from(name));
}

/* find_source: where the message comes from, and whose it is there. */
static void find_source(
	struct gp_message_asked *m, struct gp_ctx *ctx, const struct gp_protocol_request *r)
{
	struct gp_envelope envelope;
	gp_protocol_envelope(r, &envelope);
	const struct gp_limit_who who = gp_engine_who(m->runtime->config, &envelope);
	m->source = gp_stage_learn_source(
		m->stages, &(struct gp_stage_learn_place) {r->server_address, r->server_port,
				   r->policy_context, class_of(&who)});
	m->subject = subject_of(m, ctx, &who);
}

/* is_counted: is anything counted at this stage? */
static bool is_counted(const struct gp_protocol_request *r)
{
	return r->state == GP_STATE_RCPT || r->state == GP_STATE_DATA ||
	       r->state == GP_STATE_END_OF_MESSAGE;
}

/* learn: that this stage is asked about, where anything is counted. */
static void learn(
	struct gp_message_asked *m, struct gp_ctx *ctx, const struct gp_protocol_request *r)
{
	if (!m->runtime->overrides || !is_counted(r))
		return;
	if (m->source < 0)
		find_source(m, ctx, r);
	if (r->state == GP_STATE_END_OF_MESSAGE)
		gp_stage_learn_end(m->stages, m->source);
	else
		gp_stage_learn_early(m->stages, m->source);
}

/* total_of: what the message is to hold with this request. */
static struct gp_limit_amounts total_of(
	const struct gp_message_asked *m, const struct gp_protocol_request *r)
{
	int64_t recipients = m->transaction.limits.recipients;
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

/* settle: what the verdict makes of the message under way. */
static void settle(struct gp_message_asked *m, struct gp_ctx *ctx,
	const struct gp_protocol_request *r, const struct gp_verdict *v)
{
	struct gp_limit_message *held = &m->transaction.limits;
	bool is_let_in = v->action == GP_ACTION_ACCEPT || v->action == GP_ACTION_HOLD;
	if (r->state == GP_STATE_DATA && !is_let_in)
		gp_limit_message_drop(held, m->runtime->overrides, ctx);
	if (r->state != GP_STATE_END_OF_MESSAGE)
		return;
	if (is_let_in)
		end_message(m);
	else
		gp_limit_message_drop(held, m->runtime->overrides, ctx);
	m->is_ended = is_let_in;
}

/* follow: the message that the request is about, another one perhaps. */
static void follow(
	struct gp_message_asked *m, struct gp_ctx *ctx, const struct gp_protocol_request *r)
{
	if (!gp_message_asked_is_same(m, r)) {
		finish(m, ctx);
		remember(m->instance, sizeof m->instance, r->instance);
		m->is_open = true;
		m->source = -1;
	}
	m->state = r->state;
	m->asked_us = gp_clock_now_us(ctx->clock);
	/* nothing tells two messages without an instance from each other for certain */
	if (r->instance.len == 0)
		m->transaction.was_asked = false;
}

/* prepare_count: what the request is to count. */
static void prepare_count(
	struct gp_message_asked *m, const struct gp_protocol_request *r, struct gp_facts *f)
{
	if (!m->runtime->overrides || !is_counted(r) || m->is_ended) /* asked about its end twice */
		return;
	f->counting.overrides = m->runtime->overrides;
	f->counting.total = total_of(m, r);
}

/* stage_of: as the engine has it. */
static enum gp_stage stage_of(const struct gp_protocol_request *r)
{
	static const enum gp_stage stages[GP_PROTOCOL_STATES] = {
		[GP_STATE_OTHER] = GP_STAGE_OTHER,
		[GP_STATE_CONNECT] = GP_STAGE_CONNECT,
		[GP_STATE_HELO] = GP_STAGE_HELO,
		[GP_STATE_MAIL] = GP_STAGE_MAIL,
		[GP_STATE_RCPT] = GP_STAGE_RCPT,
		[GP_STATE_DATA] = GP_STAGE_DATA,
		[GP_STATE_END_OF_MESSAGE] = GP_STAGE_END,
	};
	return stages[r->state];
}

/* gp_message_asked_answer: which message, what is known about it, how much of it is counted. */
int gp_message_asked_answer(struct gp_message_asked *message, struct gp_ctx *ctx,
	const struct gp_protocol_request *request, const struct gp_envelope *envelope,
	struct gp_facts *facts_out, struct gp_verdict *verdict_out)
{
	struct gp_message_asked *m = message;
	struct gp_facts *f = facts_out;
	enum gp_stage stage = stage_of(request);
	gp_engine_facts_init(f, m->runtime->config, stage, envelope);
	f->store = m->runtime->store;
	if (stage < GP_STAGE_MAIL) /* about no message */
		return gp_engine_run(ctx, m->transaction.pipeline, f, verdict_out);
	follow(m, ctx, request);
	prepare_count(m, request, f);
	if (envelope->sasl_username.len == 0) /* they are not asked about users */
		f->lists = gp_lists_health(m->lists, m->runtime, ctx);
	int rc = gp_engine_transaction_ask(&m->transaction, ctx, f, verdict_out);
	if (rc)
		return rc;
	learn(m, ctx, request);
	if (f->has_limits)
		tally_limits(m, f);
	if (!m->is_ended)
		settle(m, ctx, request, verdict_out);
	return GP_OK;
}

/* gp_message_asked_left_ms: only what would be released has a term. */
int gp_message_asked_left_ms(const struct gp_message_asked *message)
{
	const struct gp_message_asked *m = message;
	if (!m->transaction.limits.store ||
		!gp_stage_learn_expects_end(m->stages, m->source, m->subject))
		return -1;
	return gp_clock_left_ms(gp_clock_system(),
		m->asked_us + (int64_t)m->runtime->config->limits.reservation_timeout_ms * 1000);
}

/* gp_message_asked_expire: the message stays under way, holding nothing. */
void gp_message_asked_expire(struct gp_message_asked *message, struct gp_ctx *ctx)
{
	if (gp_message_asked_left_ms(message) < 0)
		return; /* its end is not expected any more: it counts */
	gp_limit_message_drop(&message->transaction.limits, message->runtime->overrides, ctx);
}
