/* SPDX-License-Identifier: ISC */
/* Verified by dkim/; here is what comes of it. */
#include "engine/check_dkim.h"

#include <string.h>

#include "engine/message_reply.h"
#include "engine/value.h"
#include "mail/address.h"

#define DOMAINS_MAX 4096 /* of the names of dkim.domains */

/* ---- running ---- */

/* mode: dkim.mode. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return (enum gp_option_mode)f->config->dkim.mode;
}

/* begin: reads the signatures. */
static int begin(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)check;
	return gp_dkim_new(ctx, f->mail->message, &f->config->dkim.check, f->bodies,
		f->author_domain, &f->dkim_reader);
}

/* questions: the keys. */
static size_t questions(struct gp_ctx *ctx, const struct gp_facts *f,
	struct gp_dns_question *questions_out, size_t room)
{
	(void)ctx;
	return gp_dkim_questions(f->dkim_reader, questions_out, room);
}

/* run: each signature. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)check;
	f->has_dkim = true;
	gp_trace_line(ctx, 0, "-- DKIM");
	return gp_dkim_verify(ctx, f->dkim_reader, &f->dkim);
}

/* has_any: does a signature have one of these verdicts (bits)? */
static bool has_any(const struct gp_facts *f, unsigned set)
{
	for (size_t i = 0; i < f->dkim.count; i++)
		if (set & (1u << f->dkim.items[i].verdict))
			return true;
	return false;
}

/* may_pass_later: none passes, and one may later. */
static bool may_pass_later(const struct gp_facts *f)
{
	return has_any(f, 1u << GP_DKIM_TEMPERROR) && !has_any(f, 1u << GP_DKIM_PASS);
}

/* is_certain: DMARC says so for it. */
static bool is_certain(const struct gp_facts *f, const struct gp_verdict *v)
{
	(void)v;
	return f->has_dmarc && !may_pass_later(f);
}

/* ---- rules ---- */

/* is_refused: does a signature have a result that this site refuses? One whose key is for testing
 * counts as none (RFC 6376 3.6.1 t=y). */
static bool is_refused(const struct gp_facts *f)
{
	for (size_t i = 0; i < f->dkim.count; i++)
		if (!f->dkim.items[i].testing &&
			(f->config->dkim.reject & (1u << f->dkim.items[i].verdict)))
			return true;
	return false;
}

/* bad_signature: none passes, and one is what this site refuses. */
static struct gp_wish bad_signature(const struct gp_facts *f)
{
	return (struct gp_wish) {
		!has_any(f, 1u << GP_DKIM_PASS) && is_refused(f), GP_ACTION_REJECT};
}

/* signature_later: as configured. */
static struct gp_wish signature_later(const struct gp_facts *f)
{
	return (struct gp_wish) {may_pass_later(f),
		f->config->dkim.on_temperror == GP_ON_ERROR_DEFER ? GP_ACTION_DEFER
								  : GP_ACTION_ACCEPT};
}

/* code: of the class of the action. */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_DEFER ? f->config->dkim.temperror_code
					 : f->config->dkim.reject_code;
}

/* text_bad: none of a configuration, since hardly anybody needs another one. */
static const char *text_bad(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return "No valid signature: {dkim}";
}

/* text_later: likewise. */
static const char *text_later(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return "The signature cannot be checked at the moment: {dkim}";
}

static const struct gp_rule rules[] = {
	{.name = "dkim.on_temperror", .wish = signature_later, .code = code, .text = text_later},
	{.name = "dkim.reject", .wish = bad_signature, .code = code, .text = text_bad},
	{.name = NULL},
};

/* ---- results ---- */

/* add_signature: one signature (RFC 8601 2.7.1; header.a and header.s: RFC 6008, RFC 8601). */
static void add_signature(struct gp_authres_writer *w, const struct gp_dkim_result *r, int dnssec)
{
	gp_authres_result(w, "dkim", gp_dkim_verdict_name(r->verdict));
	if (r->bits) {
		const char *text = gp_arena_printf(w->buf->arena, "%u bit key%s%s%s", r->bits,
			r->lenient ? " of a record with errors" : "",
			dnssec == GP_DKIM_DNSSEC_NO ? ""
			: r->secure                 ? ", secure"
						    : ", insecure",
			r->testing ? ", testing" : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (r->reason)
		gp_authres_reason(w, r->reason);
	if (*r->domain)
		gp_authres_property(w, "header", "d", gp_span_from(r->domain));
	/* the mail need not be one whose header may hold UTF-8 */
	if (r->identity.len && gp_span_is_printable_ascii(r->identity))
		gp_authres_property(w, "header", "i", r->identity);
	if (*r->selector)
		gp_authres_property(w, "header", "s", gp_span_from(r->selector));
	if (*r->algorithm)
		gp_authres_property(w, "header", "a", gp_span_from(r->algorithm));
	if (r->b.len)
		gp_authres_property(w, "header", "b", r->b);
}

/* add_left_out: that some were not looked at: one of them may be the author's. */
static void add_left_out(struct gp_authres_writer *w, const struct gp_facts *f)
{
	const char *text = gp_arena_printf(w->buf->arena,
		"signatures not checked: %zu (dkim.max_signatures = %u)", f->dkim.overflow,
		f->config->dkim.check.max_signatures);
	gp_authres_result(w, "dkim", gp_dkim_verdict_name(GP_DKIM_NEUTRAL));
	gp_authres_reason(w, text ? text : "");
}

/* authres: each signature, or that there is none; of a part of a header DMARC speaks alone. */
static void authres(
	struct gp_authres_writer *w, const struct gp_facts *f, const struct gp_verdict *v)
{
	(void)v;
	if (f->is_header_cut && f->has_dmarc)
		return;
	for (size_t i = 0; i < f->dkim.count; i++)
		add_signature(w, &f->dkim.items[i], f->config->dkim.check.require_dnssec);
	if (f->dkim.overflow)
		add_left_out(w, f);
	else if (f->dkim.count == 0)
		gp_authres_result(w, "dkim", "none");
}

/* ---- fields ---- */

/* best: the signature that says most about the message: an aligned one, one that passes, the
 * first. */
static const struct gp_dkim_result *best(const struct gp_record *r)
{
	const struct gp_facts *f = r->facts;
	if (f->dmarc.dkim)
		return f->dmarc.dkim;
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.items[i].verdict == GP_DKIM_PASS)
			return &f->dkim.items[i];
	return f->dkim.count ? &f->dkim.items[0] : NULL;
}

/* best_verdict: none without a signature. */
static struct gp_value best_verdict(const struct gp_record *r, size_t item)
{
	(void)item;
	if (!r->facts->has_dkim)
		return gp_engine_value_absent();
	return gp_engine_value_text(best(r) ? gp_dkim_verdict_name(best(r)->verdict) : "none");
}

/* One function for each member of that one. */
/* clang-format off */
#define BEST(name, expression) \
	static struct gp_value name(const struct gp_record *record, size_t item) \
	{ \
		const struct gp_dkim_result *r = best(record); \
		(void)item; \
		return r ? expression : gp_engine_value_absent(); \
	}
BEST(best_domain, gp_engine_value_text(r->domain))
BEST(best_selector, gp_engine_value_text(r->selector))
BEST(best_reason, gp_engine_value_text(r->reason))
/* clang-format on */

/* count: of those that were looked at. */
static struct gp_value count(const struct gp_record *r, size_t item)
{
	(void)item;
	return gp_engine_value_number((int64_t)r->facts->dkim.count);
}

/* domains: d= of all that pass, with blanks between. */
static struct gp_value domains(const struct gp_record *r, size_t item)
{
	struct gp_strbuf buf;
	const char *text;
	(void)item;
	gp_strbuf_init(&buf, r->arena, DOMAINS_MAX);
	for (size_t i = 0; i < r->facts->dkim.count; i++) {
		const struct gp_dkim_result *s = &r->facts->dkim.items[i];
		if (s->verdict != GP_DKIM_PASS || !gp_address_is_host_name(s->domain) ||
			buf.len + strlen(s->domain) + 2 > DOMAINS_MAX)
			continue;
		gp_strbuf_add(&buf, buf.len ? " " : "");
		gp_strbuf_add(&buf, s->domain);
	}
	return gp_engine_value_made(gp_strbuf_finish(&buf, &text) ? NULL : text);
}

/* each: "pass/example.org:selector,...". */
static struct gp_value each(const struct gp_record *r, size_t item)
{
	struct gp_strbuf buf;
	const char *text;
	(void)item;
	if (!r->facts->has_dkim)
		return gp_engine_value_absent();
	gp_strbuf_init(&buf, r->arena, 64 * 1024);
	if (r->facts->dkim.count == 0)
		gp_strbuf_add(&buf, "none");
	for (size_t i = 0; i < r->facts->dkim.count; i++) {
		const struct gp_dkim_result *s = &r->facts->dkim.items[i];
		gp_strbuf_printf(&buf, "%s%s/%s:%s", i ? "," : "", gp_dkim_verdict_name(s->verdict),
			s->domain, s->selector);
	}
	return gp_engine_value_made(gp_strbuf_finish(&buf, &text) ? NULL : text);
}

/* overflow: those that were not looked at, if there are any. */
static struct gp_value overflow(const struct gp_record *r, size_t item)
{
	(void)item;
	return gp_engine_value_some((int64_t)r->facts->dkim.overflow);
}

/* overflow_number: the same, also 0. */
static struct gp_value overflow_number(const struct gp_record *r, size_t item)
{
	(void)item;
	return r->facts->has_dkim ? gp_engine_value_number((int64_t)r->facts->dkim.overflow)
				  : gp_engine_value_absent();
}

/* items: signatures. */
static size_t items(const struct gp_record *r)
{
	return r->facts->has_dkim ? r->facts->dkim.count : SIZE_MAX;
}

/* One function for each member of a signature. */
/* clang-format off */
#define MEMBER(name, expression) \
	static struct gp_value name(const struct gp_record *record, size_t item) \
	{ \
		const struct gp_dkim_result *r = &record->facts->dkim.items[item]; \
		return expression; \
	}
MEMBER(verdict, gp_engine_value_text(gp_dkim_verdict_name(r->verdict)))
MEMBER(domain, gp_engine_value_text(r->domain))
MEMBER(selector, gp_engine_value_text(r->selector))
MEMBER(algorithm, gp_engine_value_text(r->algorithm))
MEMBER(identity, r->identity.len ? gp_engine_value_span(r->identity) : gp_engine_value_text(NULL))
MEMBER(b, gp_engine_value_span(r->b))
MEMBER(bits, gp_engine_value_number(r->bits))
MEMBER(secure, gp_engine_value_bool(r->secure))
MEMBER(testing, gp_engine_value_bool(r->testing))
MEMBER(lenient, gp_engine_value_bool(r->lenient))
MEMBER(reason, gp_engine_value_text(r->reason))
/* clang-format on */

/* clang-format off */
static const struct gp_field fields[] = {
	{.get = "dkim.result", .value = best_verdict, .help = "of the most significant signature"},
	{.get = "dkim.domain", .type = GP_FIELD_NAME, .value = best_domain, .help = "its d="},
	{.get = "dkim.selector", .type = GP_FIELD_NAME, .value = best_selector, .help = "its s="},
	{.get = "dkim.reason", .type = GP_FIELD_SENTENCE, .value = best_reason,
		.help = "why it does not pass"},
	{.get = "dkim.count", .value = count, .help = "signatures that were checked"},
	{.get = "dkim.domains", .type = GP_FIELD_NAMES, .value = domains,
		.help = "d= of all that pass"},
	{.line = "dkim", .type = GP_FIELD_TEXT, .value = each, .help = "each signature"},
	{.line = "dkim_not_looked_at", .value = overflow, .help = "signatures beyond the bound"},
	{.json = "dkim[].result", .items = items, .value = verdict, .help = "its verdict"},
	{.json = "dkim[].domain", .items = items, .type = GP_FIELD_NAME, .value = domain,
		.help = "its d="},
	{.json = "dkim[].selector", .items = items, .type = GP_FIELD_NAME, .value = selector,
		.help = "its s="},
	{.json = "dkim[].algorithm", .items = items, .value = algorithm, .help = "its a="},
	{.json = "dkim[].identity", .items = items, .type = GP_FIELD_TEXT, .value = identity,
		.help = "its i="},
	{.json = "dkim[].b", .items = items, .value = b, .help = "the beginning of its b="},
	{.json = "dkim[].bits", .items = items, .value = bits, .help = "of its key"},
	{.json = "dkim[].secure", .items = items, .value = secure,
		.help = "the key was validated by DNSSEC"},
	{.json = "dkim[].testing", .items = items, .value = testing,
		.help = "t=y in the key record"},
	{.json = "dkim[].lenient", .items = items, .value = lenient,
		.help = "the key record has errors"},
	{.json = "dkim[].reason", .items = items, .type = GP_FIELD_SENTENCE, .value = reason,
		.help = "why it does not pass"},
	{.json = "dkim_not_looked_at", .value = overflow_number,
		.help = "signatures beyond the bound"},
	{.value = NULL},
};
/* clang-format on */

/* may_refuse: in mode enforce. */
static bool may_refuse(const struct gp_config *config)
{
	return config->dkim.mode == GP_MODE_ENFORCE;
}

const struct gp_check gp_engine_check_dkim = {
	.name = "dkim",
	.stages = GP_AT(GP_STAGE_MESSAGE),
	.decides = GP_AT(GP_STAGE_MESSAGE),
	.runs = 20,
	.weighs = 30,
	.mode = mode,
	.may_refuse = may_refuse,
	.begin = begin,
	.questions = questions,
	.run = run,
	.is_certain = is_certain,
	.has_temperror = may_pass_later,
	.rules = rules,
	.value = gp_engine_message_value,
	.authres = authres,
	.fields = fields,
};
