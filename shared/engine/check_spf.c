/* SPDX-License-Identifier: ISC */
/*
 * Exemptions that need no DNS; SPF of MAIL FROM, SPF of HELO where it is looked at; what may hold a
 * refusal back, each asked only when it can still change something. HELO is asked only when MAIL
 * FROM has not refused already.
 */
#include "engine/check_spf.h"

#include <string.h>

#include "dmarc/dmarc.h"
#include "engine/match.h"
#include "engine/policy.h"
#include "engine/spf_fields.h"
#include "engine/spf_header.h"
#include "engine/spf_reply.h"

#define ENVELOPE_STAGES (GP_AT(GP_STAGE_MAIL) | GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_DATA))

/* wish: one of a rule that applies or not. */
static struct gp_wish wish(bool applies, enum gp_action action)
{
	return (struct gp_wish) {applies, action};
}

/* ---- exemptions ---- */

/* is_off: SPF is switched off, and everybody should know that it is. */
static struct gp_wish is_off(const struct gp_facts *f)
{
	return wish(f->config->spf.mode == GP_MODE_OFF, GP_ACTION_ACCEPT);
}

static const struct gp_rule off[] = {
	{.name = "spf.mode", .wish = is_off, .why = "spf.mode is off"},
	{.name = NULL},
};

/* listed: by the lists of exceptions, up to last. */
static const struct gp_rule *listed(const struct gp_facts *f, enum gp_exemption last)
{
	static const struct gp_rule rows[GP_EXEMPTIONS] = {
		[GP_EXEMPT_CLIENT] = {.name = "spf.exempt_clients"},
		[GP_EXEMPT_CLIENT_NAME] = {.name = "spf.exempt_client_names"},
		[GP_EXEMPT_HELO] = {.name = "spf.exempt_helo"},
		[GP_EXEMPT_SENDER] = {.name = "spf.exempt_senders"},
		[GP_EXEMPT_RECIPIENT] = {.name = "spf.exempt_recipients"},
	};
	const struct gp_spf_settings *spf = &f->config->spf;
	const struct gp_exemptions lists = {.clients = &spf->exempt_clients,
		.client_names = &spf->exempt_client_names,
		.helo = &spf->exempt_helo,
		.senders = &spf->exempt_senders,
		.recipients = &spf->exempt_recipients};
	const struct gp_rule *rule = gp_engine_unidentified(f);
	return rule ? rule : gp_engine_exemption(&lists, rows, last, f);
}

/* exempt: of an envelope. In a whole message SPF speaks for DMARC as well. */
static const struct gp_rule *exempt(const struct gp_facts *f)
{
	if (f->stage == GP_STAGE_MESSAGE)
		return NULL;
	const struct gp_rule *rule = gp_engine_first_rule(off, f);
	return rule ? rule : listed(f, GP_EXEMPT_RECIPIENT);
}

/* gp_engine_exempt: of mail of ours, and of what SPF leaves alone. */
int gp_engine_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_rule **rule_out)
{
	struct gp_facts f;
	gp_engine_facts_init(&f, config, GP_STAGE_RCPT, envelope);
	int rc = gp_engine_find_names(ctx, &f);
	*rule_out = NULL;
	if (!rc)
		*rule_out = gp_engine_ours(&f);
	if (!rc && !*rule_out)
		*rule_out = exempt(&f);
	return rc;
}

/* gp_engine_is_unjudged: without an address, or where it says nothing. */
bool gp_engine_is_unjudged(const struct gp_facts *f)
{
	if (f->envelope.client.family == GP_IP_NONE)
		return true;
	return !f->every_check && listed(f, GP_EXEMPT_CLIENT_NAME);
}

/* ---- asking ---- */

/* gp_engine_spf: with the configured limits, and a trace if there is one. */
int gp_engine_spf(struct gp_ctx *ctx, const struct gp_facts *f, enum gp_spf_identity identity,
	struct gp_span mail_from, struct gp_spf_result *result_out)
{
	const struct gp_spf_query query = {
		.client = f->envelope.client,
		.identity = identity,
		.helo = f->envelope.helo,
		.mail_from = mail_from,
		.receiver = f->config->hostname,
		.options = &f->config->spf.limits,
		.trace = ctx->trace,
	};
	return gp_spf_check(ctx, &query, result_out);
}

/* spf_of_domain: as if its postmaster sent the mail. */
static int spf_of_domain(struct gp_ctx *ctx, const struct gp_facts *f, const char *domain,
	struct gp_spf_result *result_out)
{
	const char *mailbox = gp_arena_printf(ctx->arena, "postmaster@%s", domain);
	if (!mailbox)
		return gp_arena_status(ctx->arena);
	return gp_engine_spf(ctx, f, GP_SPF_MAILFROM, gp_span_from(mailbox), result_out);
}

/* gp_engine_is_forwarded: name by name until one lets the client send. */
int gp_engine_is_forwarded(struct gp_ctx *ctx, const struct gp_facts *f,
	const struct gp_config_texts *forwarders, bool *forwarded_out)
{
	*forwarded_out = false;
	for (size_t i = 0; i < forwarders->count && !*forwarded_out; i++) {
		struct gp_spf_result r;
		int rc = spf_of_domain(ctx, f, forwarders->items[i], &r);
		if (rc)
			return rc;
		*forwarded_out = r.verdict == GP_SPF_PASS;
	}
	return GP_OK;
}

/* ask_mailfrom: unless the sender is null; then HELO stands for it (RFC 7208 2.4). */
static int ask_mailfrom(struct gp_ctx *ctx, struct gp_facts *f)
{
	if (f->envelope.sender.len == 0)
		return GP_OK;
	f->spf.has_mailfrom = true;
	int64_t began_us = gp_clock_now_us(ctx->clock);
	int rc = gp_engine_spf(ctx, f, GP_SPF_MAILFROM, f->envelope.sender, &f->spf.mailfrom);
	f->spf.mailfrom_us = gp_clock_now_us(ctx->clock) - began_us;
	return rc;
}

/* ask_helo: where there is a name at all. */
static int ask_helo(struct gp_ctx *ctx, struct gp_facts *f)
{
	if (!f->helo_name)
		return GP_OK;
	f->spf.has_helo = true;
	int64_t began_us = gp_clock_now_us(ctx->clock);
	unsigned before = f->notes.trouble;
	int rc = gp_engine_spf(ctx, f, GP_SPF_HELO, (struct gp_span) {NULL, 0}, &f->spf.helo);
	f->spf.helo_us = gp_clock_now_us(ctx->clock) - began_us;
	f->spf.helo_trouble = f->notes.trouble - before;
	return rc;
}

/*
 * ask_yield: does the sender's domain, or the organisation's above it, publish DMARC? Then the
 * refusal waits for the message, which a signature may save. A domain of which DNS cannot tell for
 * now gets the same patience.
 */
static int ask_yield(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found found;
	int rc = gp_dmarc_new(ctx, &f->config->dmarc.check, &dmarc);
	if (!rc)
		rc = gp_dmarc_discover(ctx, dmarc, f->sender_domain, &found);
	f->spf.yields = !rc && (found.state == GP_DNS_FOUND || found.state == GP_DNS_TEMPFAIL);
	return rc;
}

/* ask_helo_then: HELO where MAIL FROM has not refused already, and it is looked at. */
static int ask_helo_then(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	enum gp_action action;
	bool is_wanted = f->config->spf.helo != GP_HELO_OFF || f->envelope.sender.len == 0;
	(void)gp_engine_refusing(check, f, &action);
	if (action == GP_ACTION_REJECT || f->spf.has_helo || !is_wanted)
		return GP_OK;
	return ask_helo(ctx, f);
}

/* run_envelope: in this order, each only when it can still change something. */
static int run_envelope(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	const struct gp_spf_settings *spf = &f->config->spf;
	enum gp_action action;
	int rc = ask_mailfrom(ctx, f);
	if (!rc)
		rc = ask_helo_then(ctx, check, f);
	if (rc)
		return rc;
	if (spf->forwarders.count && gp_engine_refusing(check, f, &action)) {
		rc = gp_engine_is_forwarded(ctx, f, &spf->forwarders, &f->spf.forwarded);
		if (rc)
			return rc;
	}
	const struct gp_rule *rule = gp_engine_refusing(check, f, &action);
	if (!rule || rule->kinds != GP_SPF_RULE_YIELDING || action != GP_ACTION_REJECT ||
		!spf->yield_to_dmarc || !f->sender_domain)
		return GP_OK;
	rc = ask_yield(ctx, f);
	return rc ? rc : ask_helo_then(ctx, check, f);
}

/* run_message: MAIL FROM, or HELO for the null sender; and From beside that, as a label. */
static int run_message(struct gp_ctx *given, struct gp_facts *f)
{
	struct gp_ctx less = gp_engine_hurried(given), *ctx = &less;
	gp_trace_line(ctx, 0, "-- SPF");
	if (gp_engine_is_unjudged(f))
		return GP_OK;
	bool is_null = f->envelope.sender.len == 0;
	int rc = is_null ? ask_helo(ctx, f) : ask_mailfrom(ctx, f);
	if (rc || !is_null || !f->config->spf.check_from || !*f->author_domain)
		return rc;
	f->spf.has_from = true;
	return spf_of_domain(ctx, f, f->author_domain, &f->spf.from);
}

/* run: by stage. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	return f->stage == GP_STAGE_MESSAGE ? run_message(ctx, f) : run_envelope(ctx, check, f);
}

/* is_on: of an envelope spf.mode = off is an exemption, which the log names; in a message it is
 * wanted for DMARC as well. */
static bool is_on(const struct gp_facts *f)
{
	return f->stage != GP_STAGE_MESSAGE || f->every_check ||
	       f->config->dmarc.mode != GP_MODE_OFF || f->config->spf.mode != GP_MODE_OFF;
}

/* mode: spf.mode. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return (enum gp_option_mode)f->config->spf.mode;
}

/* questions: the record of the domain that is judged. */
static size_t questions(struct gp_ctx *ctx, const struct gp_facts *f,
	struct gp_dns_question *questions_out, size_t room)
{
	const char *domain = f->envelope.sender.len ? f->sender_domain : f->helo_name;
	(void)ctx;
	if (!domain || room == 0 || (f->stage == GP_STAGE_MESSAGE && gp_engine_is_unjudged(f)))
		return 0;
	questions_out[0] = (struct gp_dns_question) {domain, GP_DNS_TXT};
	return 1;
}

/* ---- what is kept of it ---- */

/* copy_text: NULL stays NULL; the arena remembers a refusal. */
static void copy_text(struct gp_arena *arena, const char **text)
{
	if (*text)
		*text = gp_arena_copy(arena, gp_span_from(*text));
}

/* copy_result: its texts. */
static void copy_result(struct gp_arena *arena, struct gp_spf_result *r)
{
	copy_text(arena, &r->domain);
	copy_text(arena, &r->mechanism);
	copy_text(arena, &r->record_domain);
	copy_text(arena, &r->explanation);
	copy_text(arena, &r->problem);
	copy_text(arena, &r->problem_term);
	copy_text(arena, &r->problem_name);
}

/* copy: both results. */
static int copy(struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to)
{
	to->spf = from->spf;
	if (to->spf.has_mailfrom)
		copy_result(arena, &to->spf.mailfrom);
	if (to->spf.has_helo)
		copy_result(arena, &to->spf.helo);
	return gp_arena_status(arena);
}

/* still_holds: for the whole message what DNS did not say is asked again, and so is what
 * spf.check_from adds. */
static bool still_holds(const struct gp_facts *before, const struct gp_facts *now)
{
	const struct gp_spf_result *r = gp_engine_spf_result(before);
	return now->stage != GP_STAGE_MESSAGE ||
	       (r && r->verdict != GP_SPF_TEMPERROR && r->identity == GP_SPF_MAILFROM);
}

/* is_certain: a pass that nothing can outweigh was found all the same. In a message DMARC says so
 * for it. */
static bool is_certain(const struct gp_facts *f, const struct gp_verdict *v)
{
	const struct gp_spf_result *r = gp_engine_spf_result(f);
	enum gp_action action;
	(void)v;
	if (f->stage == GP_STAGE_MESSAGE)
		return f->has_dmarc;
	return r && r->verdict == GP_SPF_PASS && f->spf.helo_trouble == 0 &&
	       !gp_engine_refusing(&gp_engine_check_spf, f, &action);
}

/* has_temperror: it may be for want of time. */
static bool has_temperror(const struct gp_facts *f)
{
	const struct gp_spf_result *r = gp_engine_spf_result(f);
	return r && r->verdict == GP_SPF_TEMPERROR;
}

/* ---- rules ---- */

/* in_set: is the result one of the refused verdicts? */
static bool in_set(unsigned set, const struct gp_spf_result *r)
{
	if (r->verdict == GP_SPF_FAIL && r->sends_no_mail && (set & GP_SPF_NO_MAIL))
		return true;
	return set & (1u << r->verdict);
}

/* helo_counts: may the HELO identity alone refuse this mail? Many names in HELO are wrong without
 * harm; for the null sender there is no other one. */
static bool helo_counts(const struct gp_facts *f)
{
	int when = f->config->spf.helo;
	return f->spf.has_helo && (when == GP_HELO_ALWAYS || (when == GP_HELO_NULL_SENDER &&
								     f->envelope.sender.len == 0));
}

/* judged: the result that errors are looked for in: MAIL FROM's, or HELO's where that counts. */
static const struct gp_spf_result *judged(const struct gp_facts *f)
{
	return f->spf.has_mailfrom ? &f->spf.mailfrom : helo_counts(f) ? &f->spf.helo : NULL;
}

/* has_verdict: is this the verdict that is judged? */
static bool has_verdict(const struct gp_facts *f, enum gp_spf_verdict verdict)
{
	const struct gp_spf_result *r = judged(f);
	return r && r->verdict == verdict;
}

/* must_pass: a listed domain; pass is the only good answer. */
static bool must_pass(const struct gp_facts *f)
{
	return gp_engine_in_names(&f->config->spf.must_pass, gp_span_from(f->sender_domain));
}

/* rejected: MAIL FROM's verdict is refused. */
static struct gp_wish rejected(const struct gp_facts *f)
{
	return wish(f->spf.has_mailfrom && in_set(f->config->spf.reject, &f->spf.mailfrom),
		GP_ACTION_REJECT);
}

/* helo_rejected: HELO's verdict is refused. */
static struct gp_wish helo_rejected(const struct gp_facts *f)
{
	return wish(helo_counts(f) && in_set(f->config->spf.helo_reject, &f->spf.helo),
		GP_ACTION_REJECT);
}

/* must_pass_deferred: a listed domain about which DNS is silent for now. */
static struct gp_wish must_pass_deferred(const struct gp_facts *f)
{
	return wish(must_pass(f) && has_verdict(f, GP_SPF_TEMPERROR), GP_ACTION_DEFER);
}

/* must_pass_failed: a listed domain, and no pass. */
static struct gp_wish must_pass_failed(const struct gp_facts *f)
{
	return wish(must_pass(f) && !has_verdict(f, GP_SPF_PASS), GP_ACTION_REJECT);
}

/* temperror_deferred: as configured. */
static struct gp_wish temperror_deferred(const struct gp_facts *f)
{
	return wish(has_verdict(f, GP_SPF_TEMPERROR) &&
			    f->config->spf.on_temperror == GP_ON_ERROR_DEFER,
		GP_ACTION_DEFER);
}

/* permerror_deferred: as configured. */
static struct gp_wish permerror_deferred(const struct gp_facts *f)
{
	return wish(has_verdict(f, GP_SPF_PERMERROR) &&
			    f->config->spf.on_permerror == GP_ON_ERROR_DEFER,
		GP_ACTION_DEFER);
}

/* permerror_rejected: as configured. */
static struct gp_wish permerror_rejected(const struct gp_facts *f)
{
	return wish(has_verdict(f, GP_SPF_PERMERROR) &&
			    f->config->spf.on_permerror == GP_ON_ERROR_REJECT,
		GP_ACTION_REJECT);
}

/* temperror: whatever is left of them is accepted. */
static struct gp_wish temperror(const struct gp_facts *f)
{
	return wish(has_verdict(f, GP_SPF_TEMPERROR), GP_ACTION_ACCEPT);
}

/* permerror: the same. */
static struct gp_wish permerror(const struct gp_facts *f)
{
	return wish(has_verdict(f, GP_SPF_PERMERROR), GP_ACTION_ACCEPT);
}

/* code_reject: of a refusal. */
static const char *code_reject(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	(void)action;
	return f->config->spf.reject_code;
}

/* code_temperror: of a deferral for DNS. */
static const char *code_temperror(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	(void)action;
	return f->config->spf.temperror_code;
}

/* code_permerror: of a record that cannot be used, by what is done about it. */
static const char *code_permerror(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_REJECT ? f->config->spf.permerror_reject_code
					  : f->config->spf.permerror_code;
}

static const struct gp_rule rules[] = {
	{.name = "spf.reject",
		.wish = rejected,
		.code = code_reject,
		.text = gp_engine_spf_text,
		.about = GP_SPF_ABOUT_MAILFROM,
		.kinds = GP_SPF_RULE_YIELDING},
	{.name = "spf.helo_reject",
		.wish = helo_rejected,
		.code = code_reject,
		.text = gp_engine_spf_text,
		.about = GP_SPF_ABOUT_HELO,
		.kinds = GP_SPF_RULE_FINAL},
	{.name = "spf.must_pass",
		.wish = must_pass_deferred,
		.code = code_temperror,
		.text = gp_engine_spf_text,
		.kinds = GP_SPF_RULE_FINAL},
	{.name = "spf.must_pass",
		.wish = must_pass_failed,
		.code = code_reject,
		.text = gp_engine_spf_text,
		.kinds = GP_SPF_RULE_FINAL},
	{.name = "spf.on_temperror",
		.wish = temperror_deferred,
		.code = code_temperror,
		.text = gp_engine_spf_text,
		.kinds = GP_SPF_RULE_FINAL},
	{.name = "spf.on_permerror",
		.wish = permerror_deferred,
		.code = code_permerror,
		.text = gp_engine_spf_text,
		.kinds = GP_SPF_RULE_FINAL},
	{.name = "spf.on_permerror",
		.wish = permerror_rejected,
		.code = code_permerror,
		.text = gp_engine_spf_text,
		.kinds = GP_SPF_RULE_YIELDING},
	{.name = "spf.on_temperror", .wish = temperror},
	{.name = "spf.on_permerror", .wish = permerror},
	{.name = NULL},
};

/* is_forwarded: one of our forwarders sent it, provably. */
static struct gp_wish is_forwarded(const struct gp_facts *f)
{
	return wish(f->spf.forwarded, GP_ACTION_ACCEPT);
}

/* yields: the message decides, as DMARC is published for the sender. */
static struct gp_wish yields(const struct gp_facts *f)
{
	return wish(f->spf.yields, GP_ACTION_ACCEPT);
}

static const struct gp_rule exceptions[] = {
	{.name = "spf.forwarders", .wish = is_forwarded},
	{.name = "spf.yield_to_dmarc", .wish = yields, .kinds = GP_SPF_RULE_YIELDING},
	{.name = NULL},
};

/* ---- results ---- */

/* authres: of a message one identity; of an envelope both, the other one when it says something or
 * is the only one. */
static void authres(
	struct gp_authres_writer *w, const struct gp_facts *f, const struct gp_verdict *v)
{
	const struct gp_spf_result *one = gp_engine_spf_result(f);
	(void)v;
	if (one)
		gp_engine_spf_authres(w, f, one);
	if (f->stage != GP_STAGE_MESSAGE && f->spf.has_mailfrom && f->spf.has_helo &&
		f->spf.helo.verdict != GP_SPF_NONE)
		gp_engine_spf_authres(w, f, &f->spf.helo);
}

/* verdict_name: as RFC 8601 spells it. */
static const char *verdict_name(unsigned verdict)
{
	return gp_spf_verdict_name((enum gp_spf_verdict)verdict);
}

/* found_mailfrom: its verdict and time. */
static bool found_mailfrom(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	*verdict_out = f->spf.mailfrom.verdict;
	*took_us_out = f->spf.mailfrom_us;
	return f->spf.has_mailfrom;
}

/* found_helo: the same. */
static bool found_helo(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	*verdict_out = f->spf.helo.verdict;
	*took_us_out = f->spf.helo_us;
	return f->spf.has_helo;
}

static const struct gp_check_result results[] = {
	{"mailfrom", GP_SPF_VERDICTS, verdict_name, found_mailfrom},
	{"helo", GP_SPF_VERDICTS, verdict_name, found_helo},
	{NULL, 0, NULL, NULL},
};

_Static_assert(GP_SPF_VERDICTS <= GP_CHECK_VERDICTS, "metrics have a place for each verdict");

/* may_refuse: in mode enforce. */
static bool may_refuse(const struct gp_config *config)
{
	return config->spf.mode == GP_MODE_ENFORCE;
}

const struct gp_check gp_engine_check_spf = {
	.name = "spf",
	.stages = GP_AT(GP_STAGE_MAIL) | GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_MESSAGE),
	.late_stages = GP_AT(GP_STAGE_DATA),
	.decides = ENVELOPE_STAGES,
	.runs = 10,
	.weighs = 10,
	.mode = mode,
	.may_refuse = may_refuse,
	.is_on = is_on,
	.exempt = exempt,
	.questions = questions,
	.run = run,
	.copy = copy,
	.still_holds = still_holds,
	.is_certain = is_certain,
	.has_temperror = has_temperror,
	.rules = rules,
	.exceptions = exceptions,
	.value = gp_engine_spf_value,
	.reply = gp_engine_spf_reply,
	.authres = authres,
	.fields = gp_engine_spf_fields,
	.results = results,
};
