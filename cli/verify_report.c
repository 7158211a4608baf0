/* SPDX-License-Identifier: ISC */
/* The report: a line or more a check, what was decided last; foreign text is made visible. */
#include "cli/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "cli/offline.h"

/* line: "name    text". */
__attribute__((format(printf, 3, 4))) static void line(
	struct gp_arena *arena, const char *name, const char *format, ...)
{
	struct gp_strbuf buf;
	const char *text;
	va_list ap;
	gp_strbuf_init(&buf, arena, 65536);
	va_start(ap, format);
	gp_strbuf_vprintf(&buf, format, ap);
	va_end(ap);
	if (gp_strbuf_finish(&buf, &text))
		return;
	printf("%-9s ", name);
	gp_cli_print_visible(arena, text);
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
	line(arena, "SPF", "%-10s%s%s%s%s%s", gp_spf_verdict_name(r->verdict), who, r->domain,
		r->mechanism ? ", by " : "", r->mechanism ? r->mechanism : "",
		because(arena, r->problem));
}

/* report_dkim: a line a signature. */
static void report_dkim(struct gp_arena *arena, const struct gp_dkim_results *dkim)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct gp_dkim_result *r = &dkim->items[i];
		line(arena, i ? "" : "DKIM", "%-10s%s, selector %s, %s%s%s%s%s",
			gp_dkim_verdict_name(r->verdict), *r->domain ? r->domain : "(no domain)",
			*r->selector ? r->selector : "(none)",
			*r->algorithm ? r->algorithm : "(no algorithm)",
			r->bits ? gp_arena_printf(arena, ", %u bits", r->bits) : "",
			r->secure ? ", key secured by DNSSEC" : "",
			r->lenient ? ", from a key record with errors (dkim.lenient_keys)" : "",
			because(arena, r->reason));
	}
	if (dkim->count == 0)
		line(arena, "DKIM", "%-10sthere is no signature", "none");
	if (dkim->overflow)
		line(arena, "", "signatures not looked at: %zu (dkim.max_signatures)",
			dkim->overflow);
}

/* report_arc: the chain, and each set. */
static void report_arc(struct gp_arena *arena, const struct gp_facts *f)
{
	const struct gp_arc_result *arc = &f->arc;
	line(arena, "ARC", "%-10s%s%s", gp_arc_verdict_name(arc->verdict),
		arc->instances ? gp_arena_printf(arena, "%u instance%s", arc->instances,
					 arc->instances == 1 ? "" : "s")
			       : "there is no chain",
		because(arena, arc->reason));
	for (unsigned i = arc->instances; i > 0; i--)
		line(arena, "", "%-10si=%u sealed by %s%s", "", i,
			*arc->sets[i - 1].sealer ? arc->sets[i - 1].sealer : "(no domain)",
			i == f->arc_instance ? ", trusted: it saw the author's domain pass" : "");
}

/* report_dmarc: verdict, policy, alignment. */
static void report_dmarc(struct gp_arena *arena, const struct gp_facts *f)
{
	const struct gp_dmarc_result *d = &f->dmarc;
	line(arena, "DMARC", "%-10s%s%s", gp_dmarc_verdict_name(d->verdict),
		*f->author_domain ? f->author_domain : "no author domain",
		because(arena, f->from_problem ? f->from_problem : d->reason));
	if (!d->policy_tag)
		return;
	line(arena, "", "%-10spolicy %s (%s= of %s)%s%s", "", gp_dmarc_policy_name(d->published),
		d->policy_tag, d->domain,
		f->pct_ignored ? gp_arena_printf(arena, ", pct=%u left aside since %s",
					 d->record.pct, f->pct_ignored)
		: d->sampled != d->published
			? gp_arena_printf(arena, ", by pct=%u here %s", d->record.pct,
				  gp_dmarc_policy_name(d->sampled))
			: "",
		d->record.testing ? ", t=y" : "");
	line(arena, "", "%-10sorganisation %s, aligned: SPF %s, DKIM %s", "",
		d->org_domain ? d->org_domain : "(not known)", d->spf_aligned ? "yes" : "no",
		d->dkim_aligned ? "yes" : "no");
	if (d->psl_org_domain)
		line(arena, "", "%-10sthe list of public suffixes says organisation %s", "",
			d->psl_org_domain);
}

/* gp_cli_verify_report: in the order of the checks. */
void gp_cli_verify_report(const struct gp_record *record, const char *note)
{
	const struct gp_facts *f = record->facts;
	const struct gp_verdict *v = record->verdict;
	struct gp_arena *arena = record->arena;
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	if (spf)
		report_spf(arena, f->spf.has_mailfrom ? "MAIL FROM " : "HELO ", spf);
	else if (v->checked)
		line(arena, "SPF",
			"%-10sno client address or no name to judge (--ip, --mail-from, "
			"--helo)",
			"-");
	if (f->spf.has_from)
		report_spf(arena, "From (label only) ", &f->spf.from);
	if (f->has_dkim)
		report_dkim(arena, &f->dkim);
	if (f->has_arc)
		report_arc(arena, f);
	if (f->has_dmarc)
		report_dmarc(arena, f);
	line(arena, "\nverdict", "%-10srule %s%s%s", gp_engine_action_name(v->action), v->rule,
		v->would != v->action ? ", enforced it would be " : "",
		v->would != v->action ? gp_engine_action_name(v->would) : "");
	if (v->reply)
		line(arena, "reply", "%s", v->reply);
	if (note)
		line(arena, "note", "%s", note);
	printf("\nAuthentication-Results: %s\n", v->results);
}
