/* SPDX-License-Identifier: ISC */
/*
 * One round of questions for a message, whatever its recipients; the text of a list is asked for
 * only when it is going to be told to the client.
 */
#include "engine/check_dnsbl.h"

#include <string.h>

#include "engine/dnsbl_fields.h"
#include "engine/match.h"
#include "engine/policy.h"
#include "engine/pipeline.h"
#include "reputation/dnsbl/dnsbl_kept.h"

#define ENVELOPE_STAGES (GP_AT(GP_STAGE_MAIL) | GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_DATA))

/* wish: one of a rule that applies or not. */
static struct gp_wish wish(bool applies, enum gp_action action)
{
	return (struct gp_wish) {applies, action};
}

/* exempt: a client that nothing is known about, then by the lists. */
static const struct gp_rule *exempt(const struct gp_facts *f)
{
	static const struct gp_rule rows[GP_EXEMPTIONS] = {
		[GP_EXEMPT_CLIENT] = {.name = "dnsbl.exempt_clients"},
		[GP_EXEMPT_CLIENT_NAME] = {.name = "dnsbl.exempt_client_names"},
		[GP_EXEMPT_SENDER] = {.name = "dnsbl.exempt_senders"},
		[GP_EXEMPT_RECIPIENT] = {.name = "dnsbl.exempt_recipients"},
	};
	const struct gp_dnsbl_settings *dnsbl = &f->config->dnsbl;
	const struct gp_exemptions lists = {.clients = &dnsbl->exempt_clients,
		.client_names = &dnsbl->exempt_client_names,
		.senders = &dnsbl->exempt_senders,
		.recipients = &dnsbl->exempt_recipients};
	const struct gp_rule *rule = gp_engine_unidentified(f);
	return rule ? rule : gp_engine_exemption(&lists, rows, GP_EXEMPT_RECIPIENT, f);
}

/* ---- asking ---- */

/* mode: dnsbl.mode. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return f->config->dnsbl.mode;
}

/* may_refuse: with a threshold, in mode enforce. */
static bool may_refuse(const struct gp_config *config)
{
	return config->dnsbl.mode == GP_MODE_ENFORCE &&
	       (config->dnsbl.reject_at || config->dnsbl.defer_at);
}

/* is_on: where there are lists, and somebody knows which of them work. */
static bool is_on(const struct gp_facts *f)
{
	return f->lists && gp_dnsbl_is_used(&f->config->dnsbl);
}

/* gp_engine_dnsbl_plan: all lists of the configuration. */
struct gp_dnsbl_plan gp_engine_dnsbl_plan(
	const struct gp_config *config, struct gp_dnsbl_health *health)
{
	return (struct gp_dnsbl_plan) {.lists = config->dnsbl.lists,
		.count = config->dnsbl.count,
		.health = health,
		.psl = config->dnsbl.psl,
		.deadline_ms = config->dnsbl.deadline_ms};
}

/* quietly: what cannot be asked counts for nothing, so it is no trouble of the whole request. */
static struct gp_ctx quietly(const struct gp_ctx *ctx)
{
	struct gp_ctx quiet = *ctx;
	quiet.notes = NULL;
	return quiet;
}

/* run: all lists at once. */
static int run(struct gp_ctx *given, const struct gp_check *check, struct gp_facts *f)
{
	struct gp_dnsbl_result *result = f->own[gp_engine_place(f->pipeline, check)];
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(f->config, f->lists);
	struct gp_ctx ctx = quietly(given);
	struct gp_dnsbl_subject subject = {.client = f->envelope.client,
		.sender_domain = f->sender_domain,
		.helo_name = f->helo_name,
		.is_null_sender = f->envelope.sender.len == 0};
	int rc = gp_engine_find_domain(&ctx, f->envelope.client_name, &subject.rdns_name);
	if (!rc)
		rc = gp_dnsbl_ask(&ctx, &plan, &subject, result);
	if (rc)
		return rc;
	gp_dnsbl_kept_log(f->store, f->lists, &ctx, result->events, result->event_count);
	f->dnsbl = result;
	return GP_OK;
}

/* is_told: will the reply be of this check, and quote the list? */
static bool is_told(const struct gp_check *check, const struct gp_facts *f)
{
	enum gp_action action;
	if (mode(f) != GP_MODE_ENFORCE || !strstr(f->config->dnsbl.text, "{text}") ||
		!gp_engine_refusing(check, f, &action))
		return false;
	for (size_t i = 0; i < f->pipeline->count; i++) {
		const struct gp_check *before = f->pipeline->checks[f->pipeline->weighs[i]];
		if (before == check)
			return true;
		if (gp_engine_has_run(f, before) && before->mode &&
			before->mode(f) == GP_MODE_ENFORCE &&
			gp_engine_refusing(before, f, &action))
			return false;
	}
	return true;
}

/* excuse: nothing excuses it; what the list says for itself belongs into the reply. */
static int excuse(struct gp_ctx *given, const struct gp_check *check, struct gp_facts *f)
{
	struct gp_ctx ctx = quietly(given);
	return is_told(check, f) ? gp_dnsbl_text(&ctx, gp_engine_own(f, check)) : GP_OK;
}

/* copy: with its items. */
static int copy(struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to)
{
	const size_t at = gp_engine_place(from->pipeline, &gp_engine_check_dnsbl);
	to->dnsbl = to->own[at];
	return gp_dnsbl_copy(arena, from->dnsbl, to->own[at]);
}

/* ---- rules ---- */

/* reaches: a threshold that is set. */
static bool reaches(const struct gp_dnsbl_result *r, unsigned threshold)
{
	return threshold > 0 && r->score >= (int)threshold;
}

/* is_rejected: enough of it, and from enough operators. */
static bool is_rejected(const struct gp_config *config, const struct gp_dnsbl_result *r)
{
	return reaches(r, config->dnsbl.reject_at) && r->families >= config->dnsbl.min_lists;
}

/* gp_engine_dnsbl_action: by the thresholds. */
enum gp_action gp_engine_dnsbl_action(
	const struct gp_config *config, const struct gp_dnsbl_result *result)
{
	if (is_rejected(config, result))
		return GP_ACTION_REJECT;
	return reaches(result, config->dnsbl.defer_at) ? GP_ACTION_DEFER : GP_ACTION_ACCEPT;
}

/* rejected: dnsbl.reject_at and dnsbl.min_lists. */
static struct gp_wish rejected(const struct gp_facts *f)
{
	return wish(is_rejected(f->config, f->dnsbl), GP_ACTION_REJECT);
}

/* deferred: dnsbl.defer_at. */
static struct gp_wish deferred(const struct gp_facts *f)
{
	return wish(reaches(f->dnsbl, f->config->dnsbl.defer_at), GP_ACTION_DEFER);
}

/* labelled: dnsbl.label_at. */
static struct gp_wish labelled(const struct gp_facts *f)
{
	return wish(reaches(f->dnsbl, f->config->dnsbl.label_at), GP_ACTION_ACCEPT);
}

/* code: as configured. */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_REJECT ? f->config->dnsbl.reject_code
					  : f->config->dnsbl.defer_code;
}

/* text: as configured. */
static const char *text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->config->dnsbl.text;
}

/* quoted: third-party text, and shown as such: it does not leave its quotes. */
static const char *quoted(struct gp_arena *arena, const char *words)
{
	char *copy = gp_arena_printf(arena, "\"%s\"", words);
	for (size_t i = 1; copy && copy[i] && copy[i + 1]; i++)
		if (copy[i] == '"')
			copy[i] = '\'';
	return copy;
}

/* value: of the list with the largest weight. */
static const char *value(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_rule *rule,
	struct gp_span name)
{
	const struct gp_dnsbl_result *r = f->dnsbl;
	const struct gp_dnsbl_item *worst = r->worst;
	char client[GP_IPADDR_TEXT];
	(void)rule;
	if (gp_span_is(name, "client"))
		return gp_arena_copy(
			ctx->arena, gp_span_from(gp_ipaddr_format(&f->envelope.client, client)));
	if (gp_span_is(name, "hostname"))
		return f->config->hostname;
	if (gp_span_is(name, "recipient"))
		return gp_arena_copy(ctx->arena, f->envelope.recipient);
	if (gp_span_is(name, "score"))
		return gp_arena_printf(ctx->arena, "%d", r->score);
	if (!worst)
		return "none"; /* thresholds are above 0, so there is one */
	if (gp_span_is(name, "list"))
		return worst->list->zone;
	if (gp_span_is(name, "code"))
		return gp_engine_dnsbl_codes(ctx->arena, worst);
	if (gp_span_is(name, "about"))
		return gp_arena_printf(ctx->arena, "%.100s", worst->about);
	if (gp_span_is(name, "text") && worst->text)
		return quoted(ctx->arena, worst->text);
	return *worst->rule->meaning ? worst->rule->meaning : "no reason is given";
}

static const struct gp_rule rules[] = {
	{.name = "dnsbl.reject_at", .wish = rejected, .code = code, .text = text},
	{.name = "dnsbl.defer_at", .wish = deferred, .code = code, .text = text},
	{.name = "dnsbl.label_at", .wish = labelled},
	{.name = NULL},
};

/* ---- results ---- */

/* found: when lists were asked. */
static bool found(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	const struct gp_dnsbl_result *r = f->dnsbl;
	*verdict_out = r ? gp_engine_dnsbl_said(r) : 0;
	*took_us_out = r ? r->took_us : 0;
	return r != NULL;
}

static const struct gp_check_result results[] = {
	{NULL, GP_DNSBL_SAIDS, gp_engine_dnsbl_said_name, found},
	{NULL, 0, NULL, NULL},
};

_Static_assert(GP_DNSBL_SAIDS <= GP_CHECK_VERDICTS, "metrics have a place for each word");

const struct gp_check gp_engine_check_dnsbl = {
	.name = "dnsbl",
	.method = "x-dnsbl",
	.stages = GP_AT(GP_STAGE_MAIL) | GP_AT(GP_STAGE_RCPT),
	.late_stages = GP_AT(GP_STAGE_DATA),
	.decides = ENVELOPE_STAGES,
	.runs = 20,
	.weighs = 20,
	.mode = mode,
	.may_refuse = may_refuse,
	.is_on = is_on,
	.exempt = exempt,
	.run = run,
	.excuse = excuse,
	.copy = copy,
	.own_size = sizeof(struct gp_dnsbl_result),
	.rules = rules,
	.value = value,
	.value_max = GP_DNSBL_TEXT_MAX + 2, /* quotes */
	.has_authres = gp_engine_dnsbl_has_authres,
	.authres = gp_engine_dnsbl_authres,
	.fields = gp_engine_dnsbl_fields,
	.results = results,
};
