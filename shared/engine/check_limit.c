/* SPDX-License-Identifier: ISC */
/* Whose mail it is, the step of the limits, and what it means. */
#include "engine/check_limit.h"

#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "engine/match.h"
#include "engine/value.h"

#define STAGES (GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_DATA) | GP_AT(GP_STAGE_END))

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

/* ---- running ---- */

/* is_on: where anything is counted. */
static bool is_on(const struct gp_facts *f)
{
	return f->counting.overrides != NULL;
}

/* mode: that of the limit which has something to say. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return f->limits == GP_LIMIT_FINE ? GP_MODE_LABEL : GP_MODE_ENFORCE;
}

/* describe: the limit that decided, in terms that outlive the message. */
static int describe(
	struct gp_ctx *ctx, const struct gp_limit_result *r, struct gp_facts_limit *limit_out)
{
	const struct gp_limit *l = r->because->limit;
	*limit_out = (struct gp_facts_limit) {
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
		.row = l,
	};
	return limit_out->subject ? GP_OK : gp_arena_status(ctx->arena);
}

/* run: the first step of a message resolves which limits apply. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	struct gp_counting *c = &f->counting;
	struct gp_limit_result result;
	(void)check;
	if (!c->message->begun) {
		const struct gp_limit_who who = gp_engine_who(f->config, &f->envelope);
		int rc = gp_limit_message_begin(c->message, &f->config->limits, &who, c->overrides);
		if (rc)
			return rc;
	}
	if (c->message->count == 0)
		return GP_OK; /* no limit applies: there is nothing to look at */
	int64_t began_us = gp_clock_now_us(ctx->clock);
	int rc = gp_limit_message_hold(c->message, c->overrides, ctx, &c->total,
		f->config->store_settings.on_failure, &result);
	f->limits_us = gp_clock_now_us(ctx->clock) - began_us;
	if (rc)
		return rc;
	f->has_limits = true;
	f->limits = result.outcome;
	f->store_failed = result.store_failed;
	return result.because && result.outcome != GP_LIMIT_AWAY ? describe(ctx, &result, &f->limit)
								 : GP_OK;
}

/* ---- rules ---- */

/* over: a limit has something to say. */
static struct gp_wish over(const struct gp_facts *f)
{
	const struct gp_limit *l = f->limit.row;
	if (!l)
		return (struct gp_wish) {false, GP_ACTION_ACCEPT};
	return (struct gp_wish) {true, l->action == GP_LIMIT_REJECT ? GP_ACTION_REJECT
				       : l->action == GP_LIMIT_HOLD ? GP_ACTION_HOLD
								    : GP_ACTION_DEFER};
}

/* detail: which one. */
static const char *detail(const struct gp_facts *f)
{
	return f->limit.name;
}

/* code: the limit's own, or that of its action (RFC 3463 3.8: X.7.1 not authorised). */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	if (action == GP_ACTION_HOLD)
		return "";
	if (*f->limit.row->code)
		return f->limit.row->code;
	return action == GP_ACTION_REJECT ? "550 5.7.1" : "450 4.7.1";
}

/* text: what a message may never pass is not a matter of waiting. */
static const char *text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->limit.wait_ms < 0 ? "{limit} limit: no message, or none as large as this one, is "
				      "allowed: {max} {unit} in {per}"
				    : f->limit.row->text;
}

static const struct gp_rule rules[] = {
	{.name = "limit.", .wish = over, .detail = detail, .code = code, .text = text},
	{.name = NULL},
};

/* format_free: a point of time that needs no knowledge of where anybody lives. */
static const char *format_free(struct gp_arena *arena, int64_t wall_s)
{
	struct tm tm;
	char when[GP_DURATION_TEXT];
	time_t t = (time_t)wall_s;
	if (!gmtime_r(&t, &tm) || !strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "later";
	return gp_arena_copy(arena, gp_span_from(when));
}

/* value: of the limit that decided. */
static const char *value(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_rule *rule,
	struct gp_span name)
{
	struct gp_arena *arena = ctx->arena;
	const struct gp_facts_limit *l = &f->limit;
	char buf[GP_IPADDR_TEXT > GP_DURATION_TEXT ? GP_IPADDR_TEXT : GP_DURATION_TEXT];
	(void)rule;
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
		return gp_arena_copy(arena, gp_span_from(gp_duration_period(l->per_ms, buf)));
	if (gp_span_is(name, "free"))
		return l->wait_ms < 0 ? "never" : format_free(arena, l->free_s);
	if (gp_span_is(name, "wait"))
		return l->wait_ms < 0 ? "never"
				      : gp_arena_copy(arena,
						gp_span_from(gp_duration_wait(l->wait_ms, buf)));
	if (gp_span_is(name, "client"))
		return gp_arena_copy(
			arena, gp_span_from(gp_ipaddr_format(&f->envelope.client, buf)));
	return gp_arena_copy(arena, f->envelope.recipient); /* {recipient}: there is no other */
}

/* ---- what it said ---- */

/* gp_engine_limit_said: in one word. */
enum gp_limit_said gp_engine_limit_said(const struct gp_facts *f)
{
	switch (f->limits) {
	case GP_LIMIT_ONHOLD:
		return GP_LIMIT_SAID_HELD;
	case GP_LIMIT_REFUSED:
		return GP_LIMIT_SAID_REFUSED;
	case GP_LIMIT_AWAY:
		return GP_LIMIT_SAID_AWAY;
	case GP_LIMIT_FINE:
		break;
	}
	return f->limit.name ? GP_LIMIT_SAID_LABELLED : GP_LIMIT_SAID_FINE;
}

/* gp_engine_limit_said_name: for metrics. */
const char *gp_engine_limit_said_name(unsigned said)
{
	static const char *const names[GP_LIMIT_SAIDS] = {
		[GP_LIMIT_SAID_FINE] = "fine",
		[GP_LIMIT_SAID_LABELLED] = "labelled",
		[GP_LIMIT_SAID_HELD] = "held",
		[GP_LIMIT_SAID_REFUSED] = "refused",
		[GP_LIMIT_SAID_AWAY] = "away",
	};
	return names[said];
}

/* found: when they were looked at. */
static bool found(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	*verdict_out = gp_engine_limit_said(f);
	*took_us_out = f->limits_us;
	return f->has_limits;
}

static const struct gp_check_result results[] = {
	{NULL, GP_LIMIT_SAIDS, gp_engine_limit_said_name, found},
	{NULL, 0, NULL, NULL},
};

_Static_assert(GP_LIMIT_SAIDS <= GP_CHECK_VERDICTS, "metrics have a place for each word");

/* ---- fields ---- */

/* per: the window, as the configuration writes it. */
static struct gp_value per(const struct gp_record *r)
{
	char buf[GP_DURATION_TEXT];
	return gp_engine_value_made(gp_arena_copy(
		r->arena, gp_span_from(gp_duration_period(r->facts->limit.per_ms, buf))));
}

/* free_at: when mail is accepted again. */
static struct gp_value free_at(const struct gp_record *r)
{
	char buf[GP_CLOCK_TEXT];
	if (r->facts->limit.wait_ms < 0)
		return gp_engine_value_text("never");
	return gp_engine_value_made(gp_arena_copy(
		r->arena, gp_span_from(gp_clock_format(r->facts->limit.free_s, buf))));
}

/* One function for each member, where a limit has something to say: otherwise nobody would know
 * which of several limits stopped a mail. */
/* clang-format off */
#define MEMBER(name_of, expression) \
	static struct gp_value name_of(const struct gp_record *r, size_t item) \
	{ \
		(void)item; \
		return r->facts->limit.name ? expression : gp_engine_value_absent(); \
	}
MEMBER(limit_name, gp_engine_value_text(r->facts->limit.name))
MEMBER(limit_subject, gp_engine_value_text(r->facts->limit.subject))
MEMBER(limit_unit, gp_engine_value_text(r->facts->limit.unit))
MEMBER(limit_used, gp_engine_value_number(r->facts->limit.used))
MEMBER(limit_max, gp_engine_value_number(r->facts->limit.max))
MEMBER(limit_per, per(r))
MEMBER(limit_free, free_at(r))

static const struct gp_field fields[] = {
	{.log = "limit", .value = limit_name, .help = "the limit that decided"},
	{.log = "limit_key", .type = GP_FIELD_TEXT, .value = limit_subject,
		.help = "the user or other key that was counted"},
	{.log = "limit_unit", .value = limit_unit, .help = "what is counted"},
	{.log = "limit_used", .value = limit_used, .help = "how much is used"},
	{.log = "limit_max", .value = limit_max, .help = "the maximum"},
	{.log = "limit_per", .value = limit_per, .help = "the length of the window"},
	{.log = "limit_free", .value = limit_free, .help = "when mail is accepted again"},
	{.value = NULL},
};
/* clang-format on */

/* may_refuse: each limit has a mode of its own. */
static bool may_refuse(const struct gp_config *config)
{
	return config->limits.limit_count > 0;
}

const struct gp_check gp_engine_check_limit = {
	.name = "limits",
	.stages = STAGES,
	.decides = STAGES,
	.runs = 90,
	.weighs = 90,
	.judges_ours = true,
	.round = GP_ROUND_COUNTS,
	.by_recipient = true,
	.mode = mode,
	.may_refuse = may_refuse,
	.is_on = is_on,
	.run = run,
	.rules = rules,
	.value = value,
	.fields = fields,
	.results = results,
};

/* ---- a store that is unavailable ---- */

/* store_mode: store.on_failure is enforced wherever limits are. */
static enum gp_option_mode store_mode(const struct gp_facts *f)
{
	(void)f;
	return GP_MODE_ENFORCE;
}

/* unavailable: nothing was counted, and that is to stop mail. */
static struct gp_wish unavailable(const struct gp_facts *f)
{
	return (struct gp_wish) {f->has_limits && f->limits == GP_LIMIT_AWAY, GP_ACTION_DEFER};
}

/* store_code: the system's trouble, not the sender's (RFC 3463 3.4: X.3.0). */
static const char *store_code(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)f;
	(void)rule;
	(void)action;
	return "451 4.3.0";
}

/* store_text: it can be tried again. */
static const char *store_text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return "The limits of this mail cannot be checked at the moment, try again later";
}

static const struct gp_rule store_rules[] = {
	{.name = "store.on_failure", .wish = unavailable, .code = store_code, .text = store_text},
	{.name = NULL},
};

const struct gp_check gp_engine_check_store = {
	.name = "store",
	.decides = STAGES,
	.runs = 91,
	.weighs = 80,
	.mode = store_mode,
	.rules = store_rules,
	.value = value,
};
