/* SPDX-License-Identifier: ISC */
/*
 * Limits of an envelope: whose mail it is, the step of the limits, and what it means for the
 * verdict; the reply says which limit, how much of it is used, and when there is room again.
 */
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "engine/engine_private.h"

#define REPLY_MAX 450 /* with code; a reply line holds 512 octets (RFC 5321 4.5.3.1.5) */

/* What a message may never pass: waiting does not help. */
static const char never_text[] =
	"{limit} limit: no message may pass here, or none as large as this: {max} {unit} in {per}";
static const char away_reply[] =
	"451 4.3.0 The limits of this mail cannot be checked for the moment, try again later";

/* gp_engine_who: authenticated, trusted, or neither. */
struct gp_limit_who gp_engine_who(
	const struct gp_config *config, const struct gp_envelope *envelope)
{
	const struct gp_ipaddr client = gp_engine_address(config, envelope->client);
	bool is_local = client.family == GP_IP_NONE && !envelope->client_is_unreadable;
	bool trusted = is_local || gp_engine_in_prefixes(&config->trusted_networks, &client);
	return (struct gp_limit_who) {
		.origin = envelope->sasl_username.len ? GP_LIMIT_FROM_AUTHENTICATED
			  : trusted                   ? GP_LIMIT_FROM_TRUSTED
						      : GP_LIMIT_FROM_OTHERS,
		.user = envelope->sasl_username,
		.sender = envelope->sender,
		.client = client,
	};
}

/* ---- texts ---- */

/* format_free: a point of time that needs no knowledge of where anybody lives. */
static const char *format_free(struct gp_arena *arena, int64_t wall_s)
{
	struct tm tm;
	char text[GP_DURATION_TEXT];
	time_t t = (time_t)wall_s;
	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "later";
	return gp_arena_copy(arena, gp_span_from(text));
}

struct template
{
	struct gp_ctx *ctx;
	const struct gp_verdict_limit *limit;
	const struct gp_envelope *envelope;
};

/* template_value: what stands for {name}. */
static const char *template_value(void *arg, struct gp_span name)
{
	const struct template *t = arg;
	struct gp_arena *arena = t->ctx->arena;
	const struct gp_verdict_limit *l = t->limit;
	char client[GP_IPADDR_TEXT], text[GP_DURATION_TEXT];
	if (gp_span_is(name, "limit"))
		return l->name;
	if (gp_span_is(name, "key"))
		return gp_limit_subject_name(l->subject);
	if (gp_span_is(name, "unit"))
		return l->unit;
	if (gp_span_is(name, "used"))
		return gp_arena_printf(arena, "%lld", (long long)l->used);
	if (gp_span_is(name, "max"))
		return gp_arena_printf(arena, "%lld", (long long)l->max);
	if (gp_span_is(name, "per"))
		return gp_arena_copy(arena, gp_span_from(gp_duration_period(l->per_ms, text)));
	if (gp_span_is(name, "free"))
		return l->wait_ms < 0 ? "never" : format_free(arena, l->free_s);
	if (gp_span_is(name, "wait"))
		return l->wait_ms < 0 ? "never"
				      : gp_arena_copy(arena,
						gp_span_from(gp_duration_wait(l->wait_ms, text)));
	if (gp_span_is(name, "client"))
		return gp_arena_copy(
			arena, gp_span_from(gp_ipaddr_format(&t->envelope->client, client)));
	return gp_arena_copy(arena, t->envelope->recipient); /* {recipient}: there is no other */
}

/* code_of: the limit's own, or that of its action (RFC 3463 3.8: X.7.1 not authorised). */
static const char *code_of(const struct gp_limit *limit)
{
	if (limit->action == GP_LIMIT_HOLD)
		return "";
	if (*limit->code)
		return limit->code;
	return limit->action == GP_LIMIT_REJECT ? "550 5.7.1" : "450 4.7.1";
}

/* make_reply: code and filled template. */
static int make_reply(struct gp_ctx *ctx, const struct gp_limit *limit,
	const struct gp_envelope *envelope, struct gp_verdict *v)
{
	struct template t = {ctx, &v->limit, envelope};
	const char *code = code_of(limit);
	const struct gp_engine_values values = {template_value, &t};
	const char *text = gp_engine_fill(ctx, v->limit.wait_ms < 0 ? never_text : limit->text,
		&values, REPLY_MAX - strlen(code) - 1);
	v->reply =
		text ? gp_arena_printf(ctx->arena, "%s%s%s", code, *code ? " " : "", text) : NULL;
	return gp_arena_status(ctx->arena);
}

/* ---- the verdict ---- */

/* describe: the limit that decided, in terms that outlive the message. */
static int describe(
	struct gp_ctx *ctx, const struct gp_limit_result *r, struct gp_verdict_limit *limit_out)
{
	const struct gp_limit *l = r->because->limit;
	*limit_out = (struct gp_verdict_limit) {
		.name = l->name,
		.subject = gp_arena_copy(ctx->arena, gp_span_from(r->because->subject)),
		.unit = gp_limit_unit_name((enum gp_limit_unit)l->unit),
		.used = r->used,
		.max = r->because->max,
		.per_ms = l->per_ms,
		.wait_ms = r->wait_ms,
		.free_s = r->wait_ms < 0
				  ? -1
				  : ctx->clock->wall_s(ctx->clock) + (r->wait_ms + 999) / 1000,
	};
	return limit_out->subject ? GP_OK : gp_arena_status(ctx->arena);
}

/* settle: the result of the limits becomes the verdict. */
static int settle(struct gp_ctx *ctx, const struct gp_limit_result *r,
	const struct gp_envelope *envelope, struct gp_verdict *v)
{
	const struct gp_limit *limit = r->because ? r->because->limit : NULL;
	v->store_failed = r->store_failed;
	if (r->outcome == GP_LIMIT_AWAY) {
		v->action = v->would = GP_ACTION_DEFER;
		v->rule = "store.on_failure";
		v->reply = away_reply;
		return GP_OK;
	}
	if (!limit)
		return GP_OK;
	int rc = describe(ctx, r, &v->limit);
	if (rc)
		return rc;
	enum gp_action wanted = limit->action == GP_LIMIT_REJECT ? GP_ACTION_REJECT
				: limit->action == GP_LIMIT_HOLD ? GP_ACTION_HOLD
								 : GP_ACTION_DEFER;
	/* what SPF had done in enforce mode is not hidden by a limit that only labels */
	if (r->outcome == GP_LIMIT_FINE && v->would != GP_ACTION_ACCEPT)
		return GP_OK;
	v->rule = gp_arena_printf(ctx->arena, "limit.%s", limit->name);
	v->would = wanted;
	v->action = r->outcome == GP_LIMIT_FINE ? GP_ACTION_ACCEPT : wanted;
	return make_reply(ctx, limit, envelope, v);
}

/* gp_engine_rates: after the checks, and only for what they let in. */
int gp_engine_rates(struct gp_ctx *ctx, const struct gp_engine_rates *rates,
	const struct gp_envelope *envelope, const struct gp_limit_amounts *total,
	struct gp_verdict *verdict)
{
	struct gp_limit_result result;
	const struct gp_config *config = rates->config;
	if (!rates->overrides || verdict->action != GP_ACTION_ACCEPT)
		return GP_OK;
	if (!rates->message->begun) {
		const struct gp_limit_who who = gp_engine_who(config, envelope);
		int rc = gp_limit_message_begin(
			rates->message, &config->limits, &who, rates->overrides);
		if (rc)
			return rc;
	}
	if (rates->message->count == 0)
		return GP_OK; /* no limit applies: there is nothing to look at */
	int64_t began_us = gp_clock_now_us(ctx->clock);
	int rc = gp_limit_message_hold(rates->message, rates->overrides, ctx, total,
		(enum gp_limit_failure)config->store_on_failure, &result);
	verdict->has_limits = !rc;
	verdict->limits = result.outcome;
	verdict->limits_us = gp_clock_now_us(ctx->clock) - began_us;
	return rc ? rc : settle(ctx, &result, envelope, verdict);
}
