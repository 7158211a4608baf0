/* SPDX-License-Identifier: ISC */
/*
 * In logs both identities have their own keys; elsewhere one speaks for the envelope
 * (gp_engine_spf_result).
 */
#include "engine/spf_fields.h"

#include "engine/value.h"

/* mailfrom: the result of MAIL FROM, or NULL. */
static const struct gp_spf_result *mailfrom(const struct gp_record *r)
{
	return r->facts->spf.has_mailfrom ? &r->facts->spf.mailfrom : NULL;
}

/* helo: of HELO, or NULL. */
static const struct gp_spf_result *helo(const struct gp_record *r)
{
	return r->facts->spf.has_helo ? &r->facts->spf.helo : NULL;
}

/* one: that speaks for the envelope, or NULL. */
static const struct gp_spf_result *one(const struct gp_record *r)
{
	return gp_engine_spf_result(r->facts);
}

/* author: of the author's domain, or NULL. */
static const struct gp_spf_result *author(const struct gp_record *r)
{
	return r->facts->spf.has_from ? &r->facts->spf.from : NULL;
}

/* One function for each member of each result that is shown. */
/* clang-format off */
#define MEMBER(name, result, expression) \
	static struct gp_value name(const struct gp_record *record, size_t item) \
	{ \
		const struct gp_spf_result *r = result(record); \
		(void)item; \
		return r ? expression : gp_engine_value_absent(); \
	}
MEMBER(mailfrom_verdict, mailfrom, gp_engine_value_text(gp_spf_verdict_name(r->verdict)))
MEMBER(mailfrom_domain, mailfrom, gp_engine_value_text(r->domain))
MEMBER(mailfrom_mechanism, mailfrom, gp_engine_value_text(r->mechanism))
MEMBER(mailfrom_problem, mailfrom, gp_engine_value_text(r->problem))
MEMBER(helo_verdict, helo, gp_engine_value_text(gp_spf_verdict_name(r->verdict)))
MEMBER(helo_mechanism, helo, gp_engine_value_text(r->mechanism))
MEMBER(helo_problem, helo, gp_engine_value_text(r->problem))
MEMBER(verdict, one, gp_engine_value_text(gp_spf_verdict_name(r->verdict)))
MEMBER(identity, one, gp_engine_value_text(gp_spf_identity_name(r->identity)))
MEMBER(domain, one, gp_engine_value_text(r->domain))
MEMBER(mechanism, one, gp_engine_value_text(r->mechanism))
MEMBER(record_domain, one, gp_engine_value_text(r->record_domain))
MEMBER(explanation, one, gp_engine_value_text(r->explanation))
MEMBER(lookups, one, gp_engine_value_number(r->lookups))
MEMBER(void_lookups, one, gp_engine_value_number(r->void_lookups))
MEMBER(problem, one, gp_engine_value_text(r->problem))
MEMBER(problem_term, one, gp_engine_value_text(r->problem_term))
MEMBER(problem_name, one, gp_engine_value_text(r->problem_name))
MEMBER(author_verdict, author, gp_engine_value_text(gp_spf_verdict_name(r->verdict)))
MEMBER(author_identity, author, gp_engine_value_text(gp_spf_identity_name(r->identity)))
MEMBER(author_domain, author, gp_engine_value_text(r->domain))
MEMBER(author_mechanism, author, gp_engine_value_text(r->mechanism))
MEMBER(author_explanation, author, gp_engine_value_text(r->explanation))
MEMBER(author_problem, author, gp_engine_value_text(r->problem))
/* clang-format on */

/* verdict_or_none: where there is always an answer. */
static struct gp_value verdict_or_none(const struct gp_record *record, size_t item)
{
	return one(record) ? verdict(record, item) : gp_engine_value_text("none");
}

/* both: "pass/example.org"; "-" for what stands as it was given and is no domain. */
static struct gp_value both(const struct gp_record *record, size_t item)
{
	const struct gp_spf_result *r = one(record);
	(void)item;
	if (!r)
		return gp_engine_value_absent();
	bool is_word = true;
	for (const char *p = r->domain; *p; p++)
		is_word = is_word && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n';
	return gp_engine_value_made(gp_arena_printf(record->arena, "%s/%s",
		gp_spf_verdict_name(r->verdict), is_word ? r->domain : "-"));
}

const struct gp_field gp_engine_spf_fields[] = {
	{.log = "spf", .value = mailfrom_verdict, .help = "SPF of MAIL FROM"},
	{.log = "spf_domain",
		.type = GP_FIELD_NAME,
		.value = mailfrom_domain,
		.help = "the domain that was judged"},
	{.log = "spf_mechanism",
		.type = GP_FIELD_TEXT,
		.value = mailfrom_mechanism,
		.help = "the mechanism that matched"},
	{.log = "spf_problem",
		.type = GP_FIELD_SENTENCE,
		.value = mailfrom_problem,
		.help = "why there is an error"},
	{.log = "spf_helo", .value = helo_verdict, .help = "SPF of HELO"},
	{.log = "spf_helo_mechanism",
		.type = GP_FIELD_TEXT,
		.value = helo_mechanism,
		.help = "the mechanism that matched"},
	{.log = "spf_helo_problem",
		.type = GP_FIELD_SENTENCE,
		.value = helo_problem,
		.help = "why there is an error"},
	{.line = "spf", .value = both, .help = "SPF of the envelope, and whose"},
	{.get = "spf.result", .alone = "result", .value = verdict, .help = "SPF of the envelope"},
	{.json = "spf.result", .value = verdict_or_none, .help = "SPF of the envelope"},
	{.json = "spf.identity",
		.alone = "identity",
		.value = identity,
		.help = "mailfrom or helo"},
	{.get = "spf.domain",
		.json = "spf.domain",
		.alone = "domain",
		.type = GP_FIELD_NAME,
		.value = domain,
		.help = "the domain that was judged"},
	{.get = "spf.identity", .value = identity, .help = "mailfrom or helo"},
	{.json = "spf.mechanism",
		.alone = "mechanism",
		.type = GP_FIELD_TEXT,
		.value = mechanism,
		.help = "the mechanism that matched"},
	{.alone = "record_domain",
		.type = GP_FIELD_NAME,
		.value = record_domain,
		.help = "the domain whose record has it"},
	{.json = "spf.explanation",
		.alone = "explanation",
		.type = GP_FIELD_SENTENCE,
		.value = explanation,
		.help = "the domain's explanation of a fail"},
	{.alone = "lookups", .value = lookups, .help = "terms that needed DNS lookups"},
	{.alone = "void_lookups", .value = void_lookups, .help = "void lookups"},
	{.json = "spf.problem",
		.alone = "problem",
		.type = GP_FIELD_SENTENCE,
		.value = problem,
		.help = "why there is an error"},
	{.alone = "problem_term",
		.type = GP_FIELD_TEXT,
		.value = problem_term,
		.help = "the term that caused it"},
	{.alone = "problem_name",
		.type = GP_FIELD_TEXT,
		.value = problem_name,
		.help = "the name that was queried"},
	{.get = "spf.from",
		.line = "spf_from",
		.json = "spf_from.result",
		.value = author_verdict,
		.help = "SPF of the author's domain, for the label (spf.check_from)"},
	{.json = "spf_from.identity", .value = author_identity, .help = "mailfrom"},
	{.json = "spf_from.domain",
		.type = GP_FIELD_NAME,
		.value = author_domain,
		.help = "the author's domain"},
	{.json = "spf_from.mechanism",
		.type = GP_FIELD_TEXT,
		.value = author_mechanism,
		.help = "the mechanism that matched"},
	{.json = "spf_from.explanation",
		.type = GP_FIELD_SENTENCE,
		.value = author_explanation,
		.help = "the domain's explanation of a fail"},
	{.json = "spf_from.problem",
		.type = GP_FIELD_SENTENCE,
		.value = author_problem,
		.help = "why there is an error"},
	{.value = NULL},
};
