/* SPDX-License-Identifier: ISC */
/* The report: a line or more a check, what was decided last; foreign text is made visible. */
#include "cli/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "cli/color.h"
#include "cli/format.h"
#include "cli/table.h"
#include "cli/offline.h"

#define VERDICT_WIDTH 12 /* the longest is quarantine */
#define NAME_WIDTH 10

/* text_of: what is printed, made visible; "" when the arena refuses. */
__attribute__((format(printf, 2, 0))) static const char *text_of(
	struct gp_arena *arena, const char *format, va_list ap)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 65536);
	gp_strbuf_vprintf(&buf, format, ap);
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* line: "name    text". */
__attribute__((format(printf, 3, 4))) static void line(
	struct gp_arena *arena, const char *name, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	printf("%-9s ", name);
	gp_cli_print_wrapped(gp_cli_visible(arena, text_of(arena, format, ap)), NAME_WIDTH);
	va_end(ap);
	putchar('\n');
}

/* result: "name    verdict    text". */
__attribute__((format(printf, 4, 5))) static void result(
	struct gp_arena *arena, const char *name, const char *verdict, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	printf("%-9s ", name);
	gp_cli_color_word(verdict, VERDICT_WIDTH);
	gp_cli_print_wrapped(
		gp_cli_visible(arena, text_of(arena, format, ap)), NAME_WIDTH + VERDICT_WIDTH);
	va_end(ap);
	putchar('\n');
}

/* because: ": reason", or nothing. */
static const char *because(struct gp_arena *arena, const char *reason)
{
	const char *text = reason ? gp_arena_printf(arena, ": %s", reason) : "";
	return text ? text : "";
}

/* report_spf: one identity. */
static void report_spf(struct gp_arena *arena, const char *who, const struct gp_spf_result *r)
{
	result(arena, "SPF", gp_spf_verdict_name(r->verdict), "%s%s%s%s%s", who, r->domain,
		r->mechanism ? ", by " : "", r->mechanism ? r->mechanism : "",
		because(arena, r->problem));
}

/* report_dkim: one line per signature. */
static void report_dkim(struct gp_arena *arena, const struct gp_dkim_results *dkim)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct gp_dkim_result *r = &dkim->items[i];
		result(arena, i ? "" : "DKIM", gp_dkim_verdict_name(r->verdict),
			"%s, selector %s, %s%s%s%s%s", *r->domain ? r->domain : "(no domain)",
			*r->selector ? r->selector : "(none)",
			*r->algorithm ? r->algorithm : "(no algorithm)",
			r->bits ? gp_arena_printf(arena, ", %u bits", r->bits) : "",
			r->secure ? ", key secured by DNSSEC" : "",
			r->lenient ? ", from a key record with errors (dkim.lenient_keys)" : "",
			because(arena, r->reason));
	}
	if (dkim->count == 0)
		result(arena, "DKIM", "none", "there is no signature");
	if (dkim->overflow)
		line(arena, "", "signatures not checked: %zu (dkim.max_signatures)",
			dkim->overflow);
}

/* report_arc: the chain, and each set. */
static void report_arc(struct gp_arena *arena, const struct gp_facts *f)
{
	const struct gp_arc_result *arc = &f->arc;
	result(arena, "ARC", gp_arc_verdict_name(arc->verdict), "%s%s",
		arc->instances ? gp_arena_printf(arena, "%u instance%s", arc->instances,
					 arc->instances == 1 ? "" : "s")
			       : "there is no chain",
		because(arena, arc->reason));
	for (unsigned i = arc->instances; i > 0; i--)
		result(arena, "", "", "i=%u sealed by %s%s", i,
			*arc->sets[i - 1].sealer ? arc->sets[i - 1].sealer : "(no domain)",
			i == f->arc_instance ? ", trusted: it recorded that the author's domain "
					       "passed"
					     : "");
}

/* report_dmarc: verdict, policy, alignment. */
static void report_dmarc(struct gp_arena *arena, const struct gp_facts *f)
{
	const struct gp_dmarc_result *d = &f->dmarc;
	result(arena, "DMARC", gp_dmarc_verdict_name(d->verdict), "%s%s",
		*f->author_domain ? f->author_domain : "no author domain",
		because(arena, f->from_problem ? f->from_problem : d->reason));
	if (!d->policy_tag)
		return;
	result(arena, "", "", "policy %s (%s= of %s)%s%s", gp_dmarc_policy_name(d->published),
		d->policy_tag, d->domain,
		f->pct_ignored ? gp_arena_printf(arena, ", pct=%u ignored: %s", d->record.pct,
					 f->pct_ignored)
		: d->sampled != d->published
			? gp_arena_printf(arena, ", by pct=%u here %s", d->record.pct,
				  gp_dmarc_policy_name(d->sampled))
			: "",
		d->record.testing ? ", t=y" : "");
	result(arena, "", "", "organisation %s, aligned: SPF %s, DKIM %s",
		d->org_domain ? d->org_domain : "(not known)", d->spf_aligned ? "yes" : "no",
		d->dkim_aligned ? "yes" : "no");
	if (d->psl_org_domain)
		result(arena, "", "", "by the list of public suffixes: organisation %s",
			d->psl_org_domain);
}

/* report_no_spf: why it was not judged. */
static void report_no_spf(struct gp_arena *arena, bool has_ip)
{
	result(arena, "SPF", "-", "not judged: %s",
		has_ip ? "no name to judge (--mail-from, --helo, or a field Return-Path)"
		       : "the client is not known (--ip)");
}

/* report_decision: what is done, by which rule. */
static void report_decision(struct gp_arena *arena, const struct gp_verdict *v)
{
	putchar('\n');
	result(arena, "verdict", gp_engine_action_name(v->action), "rule %s%s%s", v->rule,
		v->would != v->action ? ", enforced it would be " : "",
		v->would != v->action ? gp_engine_action_name(v->would) : "");
	if (v->reply)
		line(arena, "reply", "%s", v->reply);
}

/* print_field: a fold begins with two blanks in place of its tab, which is wider on a terminal than
 * the field's lines allow for. */
static void print_field(const char *results)
{
	printf("\nAuthentication-Results: ");
	for (const char *p = results; *p; p++)
		fputs(*p == '\t' ? "  " : (const char[]) {*p, 0}, stdout);
	putchar('\n');
}

/* gp_cli_verify_report: in the order of the checks. */
void gp_cli_verify_report(const struct gp_record *record, const struct gp_cli_verify_about *about)
{
	const struct gp_facts *f = record->facts;
	const struct gp_verdict *v = record->verdict;
	struct gp_arena *arena = record->arena;
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	if (about->return_path)
		line(arena, "MAIL FROM", "<%s>, from the field Return-Path", about->return_path);
	if (spf)
		report_spf(arena, f->spf.has_mailfrom ? "MAIL FROM " : "HELO ", spf);
	else if (v->checked)
		report_no_spf(arena, about->has_ip);
	if (f->spf.has_from)
		report_spf(arena, "From (label only) ", &f->spf.from);
	if (f->has_dkim)
		report_dkim(arena, &f->dkim);
	if (f->has_arc)
		report_arc(arena, f);
	if (f->has_dmarc)
		report_dmarc(arena, f);
	report_decision(arena, v);
	if (about->note)
		line(arena, "note", "%s", about->note);
	print_field(v->results);
}
