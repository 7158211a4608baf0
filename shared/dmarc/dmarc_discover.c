/* SPDX-License-Identifier: ISC */
/*
 * Whatever is asked is remembered as a place: a name and the record that stands there, or why none
 * does. A walk is then a look at the places of a name's parents; several walks of a message meet at
 * the same ones. All places that a walk may come to are asked at once, as none depends on another.
 *
 * Trouble with DNS counts only where it can change the outcome: a walk is read from its longest
 * name, and what stands above the record that ends it is not looked at.
 */
#include <string.h>

#include "dmarc/dmarc_private.h"

#define WALK_LABELS 7 /* a longer name continues with so many (4.10, step 4) */

static const char why_trouble[] = "DNS did not answer for a policy record";
static const char why_several[] = "there are several policy records at one name, so none applies";
static const char why_bad[] =
	"the policy record has no valid policy and no valid reporting address";

/* A name that was asked for. */
struct place {
	const char *domain;
	enum gp_dns_state state; /* FOUND, NODATA or TEMPFAIL */
	bool several;            /* there were several records: none counts (4.10, step 2) */
	struct gp_span text;     /* of the record */
	struct gp_dmarc_record record;
	struct place *next;
};

struct gp_dmarc {
	const struct gp_dmarc_options *options; /* borrowed */
	struct place *places;                   /* newest first; a name at most once */
};

/* gp_dmarc_new: nothing is known yet. */
int gp_dmarc_new(
	struct gp_ctx *ctx, const struct gp_dmarc_options *options, struct gp_dmarc **dmarc_out)
{
	*dmarc_out = gp_arena_alloc(ctx->arena, sizeof **dmarc_out);
	if (!*dmarc_out)
		return gp_arena_status(ctx->arena);
	(*dmarc_out)->options = options;
	return GP_OK;
}

/* gp_dmarc_honours_pct: as configured. */
bool gp_dmarc_honours_pct(const struct gp_dmarc *dmarc)
{
	return dmarc->options->pct;
}

/* goes_by_list: does the list decide? Without one the walk does. */
static bool goes_by_list(const struct gp_dmarc *dmarc)
{
	return dmarc->options->discovery == GP_DMARC_PSL && dmarc->options->psl;
}

/* ---- names ---- */

/* parent_of: the name without its first label; "" above the last one. */
static const char *parent_of(const char *domain)
{
	const char *dot = strchr(domain, '.');
	return dot ? dot + 1 : "";
}

/* count_labels: 3 for "a.example.org". */
static size_t count_labels(const char *domain)
{
	size_t n = 0;
	for (; *domain; domain = parent_of(domain))
		n++;
	return n;
}

/* child_below: the domain one label below parent on the way to domain, which is below it. */
static const char *child_below(const char *domain, const char *parent)
{
	while (parent_of(domain) != parent)
		domain = parent_of(domain);
	return domain;
}

/* steps_of: the names of a walk, longest first (4.10, steps 1 to 7); all point into domain. */
static size_t steps_of(const char *domain, const char *steps_out[GP_DMARC_WALK_MAX])
{
	size_t n = 0, labels = count_labels(domain);
	if (labels == 0)
		return 0;
	steps_out[n++] = domain;
	for (domain = parent_of(domain); *domain; domain = parent_of(domain))
		if (--labels <= WALK_LABELS)
			steps_out[n++] = domain;
	return n;
}

/* gp_dmarc_psl_org_domain: what nobody can have registered stands for itself. */
const char *gp_dmarc_psl_org_domain(const struct gp_suffix_list *psl, const char *domain)
{
	const char *registered = gp_suffix_registered(psl, domain);
	return registered ? registered : domain;
}

/* names_of: all that a discovery for domain looks at: a walk, or what the list says. */
static size_t names_of(
	const struct gp_dmarc *dmarc, const char *domain, const char *names_out[GP_DMARC_WALK_MAX])
{
	if (!goes_by_list(dmarc))
		return steps_of(domain, names_out);
	if (!*domain)
		return 0;
	names_out[0] = domain; /* RFC 7489 6.6.3 */
	names_out[1] = gp_dmarc_psl_org_domain(dmarc->options->psl, domain);
	return names_out[1] == domain ? 1 : 2;
}

/* gp_dmarc_questions: the names of a discovery, as questions. */
size_t gp_dmarc_questions(struct gp_ctx *ctx, const struct gp_dmarc *dmarc, const char *domain,
	struct gp_dns_question *questions_out, size_t room)
{
	const char *names[GP_DMARC_WALK_MAX];
	size_t count = names_of(dmarc, domain, names), n = 0;
	for (; n < count && n < room; n++) {
		const char *name = gp_arena_printf(ctx->arena, "_dmarc.%s", names[n]);
		if (!name)
			break; /* the evaluation reports it when it needs that name */
		questions_out[n] = (struct gp_dns_question) {name, GP_DNS_TXT};
	}
	return n;
}

/* ---- places ---- */

/* find_place: what is known of a name; NULL: it was not asked. */
static const struct place *find_place(const struct gp_dmarc *dmarc, const char *domain)
{
	const struct place *p = dmarc->places;
	while (p && !gp_dns_name_equal(gp_span_from(p->domain), gp_span_from(domain)))
		p = p->next;
	return p;
}

/* trace_place: what stands at a name. */
static void trace_place(const struct gp_ctx *ctx, const struct place *place)
{
	if (place->state == GP_DNS_FOUND)
		gp_trace_line(ctx, 0, "_dmarc.%s: %.*s", place->domain, (int)place->text.len,
			place->text.ptr);
	else
		gp_trace_line(ctx, 0, "_dmarc.%s: %s", place->domain,
			place->several                    ? why_several
			: place->state == GP_DNS_TEMPFAIL ? why_trouble
							  : "no policy record");
}

/* read_place: the one record among those of an answer, if there is just one (4.10, step 2). */
static int read_place(struct gp_ctx *ctx, const struct gp_dns_answer *answer, struct place *place)
{
	place->state = GP_DNS_NODATA;
	if (gp_dns_state_is_failure(answer->state))
		place->state = GP_DNS_TEMPFAIL;
	for (size_t i = 0; i < answer->count && !place->several; i++) {
		int rc = gp_dmarc_record_parse(ctx->arena, answer->records[i].text, &place->record);
		if (rc == GP_ESYNTAX)
			continue; /* some other text */
		if (rc)
			return rc;
		place->several = place->state == GP_DNS_FOUND;
		place->state = GP_DNS_FOUND;
		place->text = answer->records[i].text;
	}
	if (place->several)
		place->state = GP_DNS_NODATA;
	trace_place(ctx, place);
	return GP_OK;
}

/* ask_places: what stands at these names, which were not asked yet; all in one go. */
static int ask_places(
	struct gp_ctx *ctx, struct gp_dmarc *dmarc, const char *const *names, size_t count)
{
	struct gp_dns_question questions[GP_DNS_QUESTIONS_MAX];
	struct gp_dns_answer answers[GP_DNS_QUESTIONS_MAX];
	struct place *places = gp_arena_array(ctx->arena, count, sizeof *places);
	if (!places)
		return gp_arena_status(ctx->arena);
	for (size_t i = 0; i < count; i++) {
		const char *name = gp_arena_printf(ctx->arena, "_dmarc.%s", names[i]);
		if (!name)
			return gp_arena_status(ctx->arena);
		questions[i] = (struct gp_dns_question) {name, GP_DNS_TXT};
	}
	int rc = gp_dns_query(ctx, questions, count, answers);
	for (size_t i = 0; i < count && !rc; i++) {
		places[i].domain = names[i];
		rc = read_place(ctx, &answers[i], &places[i]);
		places[i].next = dmarc->places;
		dmarc->places = &places[i];
	}
	return rc;
}

/* is_among: is the name in the list already? */
static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (gp_dns_name_equal(gp_span_from(names[i]), gp_span_from(name)))
			return true;
	return false;
}

/* gp_dmarc_walk: what is missing of all walks together, as much at once as a query takes. */
int gp_dmarc_walk(
	struct gp_ctx *ctx, struct gp_dmarc *dmarc, const char *const *domains, size_t count)
{
	const char *missing[GP_DNS_QUESTIONS_MAX], *names[GP_DMARC_WALK_MAX];
	size_t n = 0;
	int rc = GP_OK;
	for (size_t i = 0; i < count && !rc; i++) {
		size_t name_count = names_of(dmarc, domains[i], names);
		for (size_t j = 0; j < name_count; j++)
			if (!find_place(dmarc, names[j]) && !is_among(missing, n, names[j]))
				missing[n++] = names[j];
		if (i + 1 == count || n > GP_DNS_QUESTIONS_MAX - GP_DMARC_WALK_MAX) {
			rc = n ? ask_places(ctx, dmarc, missing, n) : GP_OK;
			n = 0;
		}
	}
	return rc;
}

/* ---- selection ---- */

/* org_by_walk: 4.10.2; *psd_out is the public suffix's place if that was what decided. */
static const char *org_by_walk(
	const struct gp_dmarc *dmarc, const char *domain, const struct place **psd_out)
{
	const char *steps[GP_DMARC_WALK_MAX], *org = domain;
	size_t count = steps_of(domain, steps);
	*psd_out = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct place *place = find_place(dmarc, steps[i]);
		if (!place || place->state == GP_DNS_TEMPFAIL)
			return NULL; /* it might have ended the walk */
		if (place->state != GP_DNS_FOUND)
			continue;
		if (place->record.psd == GP_DMARC_PSD_N) /* rule 1 */
			return steps[i];
		if (place->record.psd == GP_DMARC_PSD_Y &&
			i == 0) /* the walk ends where it began */
			return domain;
		if (place->record.psd == GP_DMARC_PSD_Y) { /* rule 2 */
			*psd_out = place;
			return child_below(domain, steps[i]);
		}
		org = steps[i]; /* rule 3: the fewest labels, so far */
	}
	return org;
}

/* gp_dmarc_org_domain: by the list or by the walk. */
const char *gp_dmarc_org_domain(const struct gp_dmarc *dmarc, const char *domain)
{
	const struct place *psd;
	if (goes_by_list(dmarc))
		return gp_dmarc_psl_org_domain(dmarc->options->psl, domain);
	return org_by_walk(dmarc, domain, &psd);
}

/* choose_place: the author's, the organisational domain's, the public suffix's (4.10.1). */
static const struct place *choose_place(
	const struct gp_dmarc *dmarc, const char *author, const char *org)
{
	const struct place *psd = NULL, *place = find_place(dmarc, author);
	if (!place || place->state != GP_DNS_NODATA || !org)
		return place;
	if (!goes_by_list(dmarc))
		(void)org_by_walk(dmarc, author, &psd);
	const struct place *of_org = find_place(dmarc, org);
	if (of_org && of_org->state != GP_DNS_NODATA)
		return of_org;
	return psd;
}

/* gp_dmarc_otherwise: a name whose walk DNS left open is not compared. */
const char *gp_dmarc_otherwise(const struct gp_dmarc *dmarc, const char *domain)
{
	if (dmarc->options->discovery != GP_DMARC_COMPARE || !dmarc->options->psl)
		return NULL;
	const char *org = gp_dmarc_org_domain(dmarc, domain);
	const char *other = gp_dmarc_psl_org_domain(dmarc->options->psl, domain);
	return org && strcmp(other, org) ? other : NULL;
}

/* ends_walk: does the record of this place end a walk (4.10, steps 2 and 5)? */
static bool ends_walk(const struct place *place)
{
	return place->state == GP_DNS_FOUND && place->record.psd != GP_DMARC_PSD_U;
}

/* gp_dmarc_steps: what is not known yet was not asked, and is left out. */
size_t gp_dmarc_steps(const struct gp_dmarc *dmarc, const char *domain,
	struct gp_dmarc_step steps_out[GP_DMARC_WALK_MAX])
{
	const char *names[GP_DMARC_WALK_MAX];
	size_t count = names_of(dmarc, domain, names), n = 0;
	bool is_past = false;
	for (size_t i = 0; i < count; i++) {
		const struct place *place = find_place(dmarc, names[i]);
		if (!place)
			continue;
		steps_out[n++] = (struct gp_dmarc_step) {.domain = place->domain,
			.state = place->state,
			.several = place->several,
			.is_past = is_past,
			.text = place->text,
			.record = place->record};
		is_past = is_past || (!goes_by_list(dmarc) && ends_walk(place));
	}
	return n;
}

/* dropped_records: does any name of the discovery have several records? */
static bool dropped_records(const struct gp_dmarc *dmarc, const char *author)
{
	const char *names[GP_DMARC_WALK_MAX];
	size_t count = names_of(dmarc, author, names);
	for (size_t i = 0; i < count; i++) {
		const struct place *place = find_place(dmarc, names[i]);
		if (place && place->several)
			return true;
	}
	return false;
}

/* settle: what was found, from the place that speaks for the author, if any does. */
static void settle(const struct gp_dmarc *dmarc, const char *author, struct gp_dmarc_found *found)
{
	const struct place *own = find_place(dmarc, author);
	const struct place *place = choose_place(dmarc, author, found->org_domain);
	if (dropped_records(dmarc, author))
		found->problem = why_several;
	if ((place && place->state == GP_DNS_TEMPFAIL) ||
		(!found->org_domain && own && own->state != GP_DNS_FOUND)) {
		found->state = GP_DNS_TEMPFAIL;
		found->org_domain = NULL;
		found->problem = why_trouble;
	} else if (place && place->state == GP_DNS_FOUND && place->record.bad_policy &&
		   !place->record.has_rua) { /* 4.10.1: no DMARC for this message */
		found->problem = why_bad;
	} else if (place && place->state == GP_DNS_FOUND) {
		found->state = GP_DNS_FOUND;
		found->domain = place->domain;
		found->record = place->record;
	}
}

/* gp_dmarc_discover: asks for all, then chooses. */
int gp_dmarc_discover(struct gp_ctx *ctx, struct gp_dmarc *dmarc, const char *author_domain,
	struct gp_dmarc_found *found_out)
{
	*found_out = (struct gp_dmarc_found) {.state = GP_DNS_NODATA};
	const char *author = gp_arena_copy(ctx->arena, gp_span_from(author_domain));
	if (!author)
		return gp_arena_status(ctx->arena);
	int rc = gp_dmarc_walk(ctx, dmarc, &author, 1);
	if (rc)
		return rc;
	found_out->org_domain = gp_dmarc_org_domain(dmarc, author);
	settle(dmarc, author, found_out);
	if (found_out->org_domain)
		found_out->psl_org_domain = gp_dmarc_otherwise(dmarc, author);
	return GP_OK;
}
