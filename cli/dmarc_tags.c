/* SPDX-License-Identifier: ISC */
/*
 * The record has been read by the module that judges mail; what is shown here are its values. The
 * text is looked at again only for what stands in it.
 */
#include "cli/dmarc_tags.h"

#include <string.h>

#include "cli/format.h"
#include "mail/taglist.h"

/* One tag: how its value is found, and what that means. */
struct row {
	const char *name;
	const char *(*value)(struct gp_arena *arena, const struct gp_dmarc_record *record);
	const char *(*about)(const struct gp_dmarc_record *record);
};

/* ---- values ---- */

/* value_p: of the domain that has the record. */
static const char *value_p(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return gp_dmarc_policy_name(r->p);
}

/* value_sp: of its subdomains. */
static const char *value_sp(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return gp_dmarc_policy_name(r->sp);
}

/* value_np: of names below it that do not exist. */
static const char *value_np(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return gp_dmarc_policy_name(r->np);
}

/* value_adkim: r or s. */
static const char *value_adkim(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return r->adkim_strict ? "s" : "r";
}

/* value_aspf: r or s. */
static const char *value_aspf(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return r->aspf_strict ? "s" : "r";
}

/* value_t: y or n. */
static const char *value_t(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return r->testing ? "y" : "n";
}

/* value_psd: u, y or n. */
static const char *value_psd(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	(void)arena;
	return r->psd == GP_DMARC_PSD_Y ? "y" : r->psd == GP_DMARC_PSD_N ? "n" : "u";
}

/* value_rua: addresses. */
static const char *value_rua(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	return gp_cli_visible_span(arena, r->rua);
}

/* value_ruf: addresses. */
static const char *value_ruf(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	return gp_cli_visible_span(arena, r->ruf);
}

/* value_fo: when a failure report is wanted. */
static const char *value_fo(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	return r->fo.len ? gp_cli_visible_span(arena, r->fo) : "0";
}

/* value_pct: a share. */
static const char *value_pct(struct gp_arena *arena, const struct gp_dmarc_record *r)
{
	const char *text = gp_arena_printf(arena, "%u", r->pct);
	return text ? text : "?";
}

/* ---- meanings ---- */

/* about_p: what the owner asks for. */
static const char *about_p(const struct gp_dmarc_record *r)
{
	switch (r->p) {
	case GP_DMARC_POLICY_REJECT:
		return "mail of the domain that fails is to be refused";
	case GP_DMARC_POLICY_QUARANTINE:
		return "mail of the domain that fails belongs into Junk";
	case GP_DMARC_POLICY_NONE:
		break;
	}
	return "nothing is asked for mail that fails";
}

/* about_sp: for whom. */
static const char *about_sp(const struct gp_dmarc_record *r)
{
	(void)r;
	return "the same for subdomains that exist";
}

/* about_np: for whom. */
static const char *about_np(const struct gp_dmarc_record *r)
{
	(void)r;
	return "the same for subdomains that do not exist";
}

/* about_adkim: how exact the signing domain has to be. */
static const char *about_adkim(const struct gp_dmarc_record *r)
{
	return r->adkim_strict ? "d= of a signature: the domain of From itself"
			       : "d= of a signature: any domain of the organisation";
}

/* about_aspf: how exact the domain of MAIL FROM has to be. */
static const char *about_aspf(const struct gp_dmarc_record *r)
{
	return r->aspf_strict ? "MAIL FROM: the domain of From itself"
			      : "MAIL FROM: any domain of the organisation";
}

/* about_t: a test? */
static const char *about_t(const struct gp_dmarc_record *r)
{
	return r->testing ? "a test: one level less is applied" : "no test";
}

/* about_psd: does a walk end here? */
static const char *about_psd(const struct gp_dmarc_record *r)
{
	return r->psd == GP_DMARC_PSD_Y   ? "a public suffix: the organisation is one label below"
	       : r->psd == GP_DMARC_PSD_N ? "the organisational domain, whatever stands above"
					  : "not said; the walk goes on to the parents";
}

/* about_rua: who gets aggregate reports. */
static const char *about_rua(const struct gp_dmarc_record *r)
{
	return r->has_rua   ? "aggregate reports go there"
	       : r->rua.len ? "no valid address: nobody gets aggregate reports"
			    : "nobody gets aggregate reports";
}

/* about_ruf: who gets failure reports. */
static const char *about_ruf(const struct gp_dmarc_record *r)
{
	return r->ruf.len ? "failure reports go there" : "nobody gets failure reports";
}

/* about_fo: when. */
static const char *about_fo(const struct gp_dmarc_record *r)
{
	return !r->fo.len || gp_span_is(r->fo, "0") ? "failure reports: when nothing passes"
						    : "failure reports: when";
}

/* about_pct: it is history. */
static const char *about_pct(const struct gp_dmarc_record *r)
{
	(void)r;
	return "of RFC 7489; used where dmarc.pct is set";
}

/* RFC 9989 4.7, and pct of RFC 7489 6.3. */
static const struct row rows[GP_CLI_DMARC_TAGS] = {
	{"p", value_p, about_p},
	{"sp", value_sp, about_sp},
	{"np", value_np, about_np},
	{"adkim", value_adkim, about_adkim},
	{"aspf", value_aspf, about_aspf},
	{"fo", value_fo, about_fo},
	{"psd", value_psd, about_psd},
	{"t", value_t, about_t},
	{"rua", value_rua, about_rua},
	{"ruf", value_ruf, about_ruf},
	{"pct", value_pct, about_pct},
};

/* ---- the record ---- */

/* find_row: of this name, in any case; NULL. */
static const struct row *find_row(struct gp_span name)
{
	for (size_t i = 0; i < GP_CLI_DMARC_TAGS; i++)
		if (gp_span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* find_tag: the first of this name, in any case; NULL. */
static const struct gp_tag *find_tag(const struct gp_taglist *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (gp_span_is(list->tags[i].name, name))
			return &list->tags[i];
	return NULL;
}

/* is_used: is the value that is used the one in the record? */
static bool is_used(
	const struct gp_tag *tag, const struct row *row, const struct gp_dmarc_record *record)
{
	uint64_t share;
	if (row->value == value_rua || row->value == value_ruf || row->value == value_fo)
		return tag->value.len > 0;
	if (row->value == value_pct)
		return gp_span_parse_uint(tag->value, 100, &share) == GP_OK;
	return gp_span_is(tag->value, row->value(NULL, record));
}

/* list_unknown: names of tags that mean nothing; v is not one of them. */
static const char *list_unknown(struct gp_arena *arena, const struct gp_taglist *list)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 4096);
	for (size_t i = 0; i < list->count; i++) {
		struct gp_span name = list->tags[i].name;
		if (find_row(name) || gp_span_is(name, "v"))
			continue;
		gp_strbuf_add(&buf, buf.len ? ", " : "");
		gp_strbuf_add(&buf, gp_cli_visible_span(arena, name));
	}
	return gp_strbuf_finish(&buf, &text) ? "?" : text;
}

/* gp_cli_dmarc_tags: row by row. */
int gp_cli_dmarc_tags(struct gp_arena *arena, struct gp_span text,
	const struct gp_dmarc_record *record, struct gp_cli_dmarc_tag tags_out[GP_CLI_DMARC_TAGS],
	const char **unknown_out)
{
	struct gp_taglist list;
	int rc = gp_taglist_parse(arena, text, &list);
	if (rc)
		return rc;
	for (size_t i = 0; i < GP_CLI_DMARC_TAGS; i++) {
		const struct gp_tag *tag = find_tag(&list, rows[i].name);
		bool used = tag && is_used(tag, &rows[i], record);
		tags_out[i] = (struct gp_cli_dmarc_tag) {.name = rows[i].name,
			.value = rows[i].value(arena, record),
			.is_given = used,
			.rejected = tag && !used ? gp_cli_visible_span(arena, tag->value) : NULL,
			.about = rows[i].about(record)};
	}
	*unknown_out = list_unknown(arena, &list);
	return GP_OK;
}
