/* SPDX-License-Identifier: ISC */
/* gatepost dmarc: which record speaks for a domain, how it was found, and what it asks for. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/dmarc_tags.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "dmarc/dmarc.h"
#include "mail/address.h"

#define VALUE_COLUMNS 10 /* "quarantine" */

/* What was found out about a domain. */
struct view {
	struct gp_arena *arena;
	const char *domain; /* A-labels */
	struct gp_dmarc_step steps[GP_DMARC_WALK_MAX];
	size_t step_count;
	struct gp_dmarc_found found;   /* as the configuration wants it found */
	struct gp_dmarc_result result; /* of a mail that fails */
	struct gp_dmarc_found parent;  /* what speaks for a subdomain without a record of its own */
	struct gp_dns_answer exists;   /* A of the domain */
	struct gp_span text;           /* of the record that speaks */
	struct gp_cli_dmarc_tag tags[GP_CLI_DMARC_TAGS];
	const char *unknown_tags;
	const char *org_by_walk, *org_by_list; /* NULL: not known */
	bool goes_by_list;
};

/* ---- finding out ---- */

/* walk: the tree walk, whatever is configured, and both organisational domains. */
static int walk(struct gp_ctx *ctx, const struct gp_suffix_list *psl, struct view *v)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	struct gp_dmarc_found found;
	struct gp_dmarc *dmarc;
	int rc = gp_dmarc_new(ctx, &options, &dmarc);
	if (!rc)
		rc = gp_dmarc_discover(ctx, dmarc, v->domain, &found);
	if (rc)
		return rc;
	v->step_count = gp_dmarc_steps(dmarc, v->domain, v->steps);
	v->org_by_walk = found.org_domain;
	v->org_by_list = psl ? gp_dmarc_psl_org_domain(psl, v->domain) : NULL;
	return GP_OK;
}

/* find_text: the record of the name that speaks, as it stands in DNS. */
static void find_text(const struct gp_dmarc *dmarc, struct view *v)
{
	struct gp_dmarc_step steps[GP_DMARC_WALK_MAX];
	size_t count = gp_dmarc_steps(dmarc, v->domain, steps);
	for (size_t i = 0; i < count; i++)
		if (v->found.domain && strcmp(steps[i].domain, v->found.domain) == 0)
			v->text = steps[i].text;
}

/* judge: what becomes of a mail that fails, and what speaks for subdomains. */
static int judge(struct gp_ctx *ctx, const struct gp_dmarc_options *options, struct view *v)
{
	const struct gp_spf_result spf = {.verdict = GP_SPF_NONE, .domain = ""};
	const struct gp_dkim_results dkim = {.count = 0};
	const struct gp_dmarc_query query = {
		.author_domain = v->domain, .spf = &spf, .dkim = &dkim};
	const struct gp_dns_question question = {v->domain, GP_DNS_A};
	struct gp_dmarc *dmarc;
	int rc = gp_dmarc_new(ctx, options, &dmarc);
	if (!rc)
		rc = gp_dmarc_discover(ctx, dmarc, v->domain, &v->found);
	if (!rc)
		rc = gp_dmarc_eval(ctx, dmarc, &query, &v->result);
	if (!rc && v->found.org_domain)
		rc = gp_dmarc_discover(ctx, dmarc, v->found.org_domain, &v->parent);
	if (!rc)
		rc = gp_dns_query(ctx, &question, 1, &v->exists);
	if (!rc)
		find_text(dmarc, v);
	if (!rc && v->found.state == GP_DNS_FOUND)
		rc = gp_cli_dmarc_tags(
			ctx->arena, v->text, &v->found.record, v->tags, &v->unknown_tags);
	return rc;
}

/* look: all of it; each question is asked once. */
static int look(struct gp_cli_offline *a, struct view *v)
{
	struct gp_ctx ctx = a->ctx;
	struct gp_dmarc_options options = a->config->dmarc.check;
	struct gp_suffix_list *psl = NULL;
	ctx.dns = gp_dns_memo_new(ctx.arena, a->ctx.dns);
	if (!ctx.dns)
		return gp_arena_status(ctx.arena);
	if (gp_suffix_list_new(a->config->dmarc.psl_file, &psl))
		psl = NULL; /* there is none here: said where its answer would stand */
	options.psl = psl;
	v->arena = ctx.arena;
	v->goes_by_list = options.discovery == GP_DMARC_PSL && psl;
	int rc = walk(&ctx, psl, v);
	if (!rc)
		rc = judge(&ctx, &options, v);
	gp_suffix_list_free(psl);
	return rc;
}

/* ---- for people ---- */

/* step_text: what stands at a name of the walk. */
static const char *step_text(const struct view *v, const struct gp_dmarc_step *step)
{
	if (step->state == GP_DNS_FOUND)
		return gp_cli_visible_span(v->arena, step->text);
	return step->several                    ? "several policy records, which count as none"
	       : step->state == GP_DNS_TEMPFAIL ? "DNS gives no answer"
						: "no policy record";
}

/* print_walk: name by name. */
static void print_walk(const struct view *v)
{
	size_t width = 0;
	printf("tree walk of %s (RFC 9989 4.10):\n", v->domain);
	for (size_t i = 0; i < v->step_count; i++)
		if (strlen(v->steps[i].domain) > width)
			width = strlen(v->steps[i].domain);
	if (width > 40)
		width = 40;
	for (size_t i = 0; i < v->step_count; i++) {
		const struct gp_dmarc_step *step = &v->steps[i];
		printf("  _dmarc.%-*s  %s%s\n", (int)width, gp_cli_visible(v->arena, step->domain),
			step_text(v, step),
			step->is_past ? "  (not looked at: the walk ended above)" : "");
	}
}

/* print_tag: a line; a value that is too long for its column stands below. */
static void print_tag(const struct gp_cli_dmarc_tag *tag)
{
	const char *value = *tag->value ? tag->value : "-";
	const char *from = tag->is_given ? "record" : "default";
	bool is_long = strlen(value) > VALUE_COLUMNS;
	printf("  %-6s %-*s %-8s %s\n", tag->name, VALUE_COLUMNS, is_long ? "" : value, from,
		tag->about);
	if (is_long)
		printf("         %s\n", value);
	if (tag->rejected)
		printf("         \"%s\" in the record is not valid here\n", tag->rejected);
}

/* print_tags: value, where it comes from, what it means. */
static void print_tags(const struct view *v)
{
	printf("\nrecord of %s, tag by tag:\n", gp_cli_visible(v->arena, v->found.domain));
	for (size_t i = 0; i < GP_CLI_DMARC_TAGS; i++)
		print_tag(&v->tags[i]);
	if (v->found.record.bad_policy)
		printf("  p, sp or np is missing or not valid: all count as none (4.10.1)\n");
	if (*v->unknown_tags)
		printf("  ignored: %s\n", v->unknown_tags);
}

/* print_org: both ways, and which of them counts here. */
static void print_org(const struct view *v)
{
	static const char used[] = "  (used here: dmarc.discovery)";
	printf("\norganisational domain of %s:\n", v->domain);
	printf("  by the tree walk          %s%s\n",
		v->org_by_walk ? v->org_by_walk : "not known: DNS gives no answer",
		v->goes_by_list ? "" : used);
	printf("  by the list of suffixes   %s%s\n",
		v->org_by_list ? v->org_by_list : "no list of public suffixes is installed",
		v->goes_by_list ? used : "");
}

/* print_policy: one line: for which names which policy. */
static void print_policy(const struct view *v, const char *names, const char *tag,
	enum gp_dmarc_policy policy, const struct gp_dmarc_found *found)
{
	static const char *const less[] = {"none", "none", "quarantine"};
	printf("  %-28s %s=%s of _dmarc.%s", names, tag, gp_dmarc_policy_name(policy),
		gp_cli_visible(v->arena, found->domain));
	if (found->record.testing && policy != GP_DMARC_POLICY_NONE)
		printf("; t=y makes it %s", less[policy]);
	putchar('\n');
}

/* exists_text: what DNS says of the name itself (3.2.13). */
static const char *exists_text(const struct view *v)
{
	return v->exists.state == GP_DNS_NXDOMAIN         ? "the domain (does not exist)"
	       : gp_dns_state_is_failure(v->exists.state) ? "the domain (if it exists)"
							  : "the domain itself";
}

/* print_applies: to itself, and to what is below it. */
static void print_applies(const struct view *v)
{
	const struct gp_dmarc_found *up = &v->parent;
	puts("\nwhat the owner asks for mail that fails:");
	if (v->found.state == GP_DNS_TEMPFAIL) {
		printf("  not known: %s\n", v->found.problem);
	} else if (v->found.state != GP_DNS_FOUND) {
		printf("  nothing: %s\n",
			v->found.problem ? v->found.problem : "no policy record applies");
	} else {
		print_policy(
			v, exists_text(v), v->result.policy_tag, v->result.published, &v->found);
	}
	if (up->state != GP_DNS_FOUND)
		return;
	print_policy(
		v, "a subdomain that exists", up->record.has_sp ? "sp" : "p", up->record.sp, up);
	print_policy(v, "one that does not exist",
		up->record.has_np   ? "np"
		: up->record.has_sp ? "sp"
				    : "p",
		up->record.np, up);
	puts("  (of subdomains without a record of their own)");
}

/* print_text: the whole. */
static void print_text(const struct view *v)
{
	print_walk(v);
	if (v->found.state == GP_DNS_FOUND)
		print_tags(v);
	print_org(v);
	print_applies(v);
}

/* ---- for programs ---- */

/* json_steps: the walk. */
static json_t *json_steps(const struct view *v)
{
	json_t *array = json_array();
	for (size_t i = 0; i < v->step_count; i++) {
		const struct gp_dmarc_step *step = &v->steps[i];
		json_t *o = json_object();
		json_object_set_new(o, "domain", gp_cli_json_text(v->arena, step->domain));
		json_object_set_new(o, "state", json_string(gp_dns_state_text(step->state)));
		json_object_set_new(o, "record",
			step->state == GP_DNS_FOUND
				? json_string(gp_cli_visible_span(v->arena, step->text))
				: json_null());
		json_object_set_new(o, "several", json_boolean(step->several));
		json_object_set_new(o, "past_the_end", json_boolean(step->is_past));
		json_array_append_new(array, o);
	}
	return array;
}

/* json_tags: as they are used. */
static json_t *json_tags(const struct view *v)
{
	json_t *object = json_object();
	for (size_t i = 0; i < GP_CLI_DMARC_TAGS && v->found.state == GP_DNS_FOUND; i++) {
		const struct gp_cli_dmarc_tag *tag = &v->tags[i];
		json_t *o = json_object();
		json_object_set_new(o, "value", json_string(tag->value));
		json_object_set_new(o, "given", json_boolean(tag->is_given));
		json_object_set_new(o, "rejected", gp_cli_json_text(v->arena, tag->rejected));
		json_object_set_new(object, tag->name, o);
	}
	return object;
}

/* json_policy: of a record; null without one. */
static json_t *json_policy(const struct gp_dmarc_found *found, enum gp_dmarc_policy policy)
{
	return found->state == GP_DNS_FOUND ? json_string(gp_dmarc_policy_name(policy))
					    : json_null();
}

/* print_json: an object. */
static int print_json(const struct view *v)
{
	json_t *o = json_object();
	bool found = v->found.state == GP_DNS_FOUND;
	json_object_set_new(o, "domain", json_string(v->domain));
	json_object_set_new(o, "state", json_string(gp_dns_state_text(v->found.state)));
	json_object_set_new(o, "walk", json_steps(v));
	json_object_set_new(o, "record_domain", gp_cli_json_text(v->arena, v->found.domain));
	json_object_set_new(o, "record",
		found ? json_string(gp_cli_visible_span(v->arena, v->text)) : json_null());
	json_object_set_new(o, "tags", json_tags(v));
	json_object_set_new(o, "unknown_tags", gp_cli_json_text(v->arena, v->unknown_tags));
	json_object_set_new(o, "org_domain_by_walk", gp_cli_json_text(v->arena, v->org_by_walk));
	json_object_set_new(o, "org_domain_by_list", gp_cli_json_text(v->arena, v->org_by_list));
	json_object_set_new(o, "discovery", json_string(v->goes_by_list ? "psl" : "walk"));
	json_object_set_new(o, "exists",
		gp_dns_state_is_failure(v->exists.state)
			? json_null()
			: json_boolean(v->exists.state != GP_DNS_NXDOMAIN));
	json_object_set_new(o, "policy_tag", gp_cli_json_text(v->arena, v->result.policy_tag));
	json_object_set_new(o, "policy", json_policy(&v->found, v->result.published));
	json_object_set_new(o, "applied", json_policy(&v->found, v->result.applied));
	json_object_set_new(o, "subdomain_policy", json_policy(&v->parent, v->parent.record.sp));
	json_object_set_new(o, "nonexistent_policy", json_policy(&v->parent, v->parent.record.np));
	json_object_set_new(o, "problem", gp_cli_json_text(v->arena, v->found.problem));
	return gp_cli_print_json(o);
}

/* ---- the command ---- */

/* read_domain: the argument in A-labels; -1, or an exit code. */
static int read_domain(const struct gp_cli_call *call, struct gp_arena *arena, struct view *v)
{
	int rc = gp_address_domain(arena, gp_span_from(call->words[0]), &v->domain);
	if (rc == GP_OK && *v->domain)
		return -1;
	return gp_cli_usage(call->title, "\"%s\" is no domain", call->words[0]);
}

/* run: arguments, configuration, resolver, the walk. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_offline a = GP_CLI_OFFLINE;
	struct view v = {.parent = {.state = GP_DNS_NODATA}}; /* until it is found */
	int code = gp_cli_offline_arguments(&a, call);
	if (code < 0)
		code = gp_cli_offline_open(&a);
	if (code >= 0)
		return code;
	code = read_domain(call, a.ctx.arena, &v);
	int rc = code < 0 ? look(&a, &v) : GP_OK;
	if (rc) {
		fprintf(stderr, "gatepost dmarc: %s\n", gp_err_text(rc));
		code = GP_CLI_TROUBLE;
	} else if (code < 0 && a.json) {
		code = print_json(&v);
	} else if (code < 0) {
		print_text(&v);
		code = GP_CLI_FINE;
	}
	gp_cli_offline_close(&a);
	return code;
}

static const struct gp_cli_argument arguments[] = {
	{.name = "DOMAIN", .completes = GP_CLI_HOST}, {.name = NULL}};

const struct gp_cli_command gp_cli_dmarc = {
	.name = "dmarc",
	.help = "show the DMARC record of a domain, and how it is found",
	.synopsis = "DOMAIN [options]",
	.text = "Shows the tree walk of RFC 9989 name by name, the record that speaks for mail "
		"with DOMAIN in From, each tag as it is used (from the record or by default), the "
		"organisational domain by the walk and by the list of public suffixes, and what "
		"the owner asks for mail of the domain and of its subdomains that fails.",
	.options = {gp_cli_resolver_options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost dmarc example.org\n"
		    "gatepost dmarc news.example.org --json\n",
	.exits = "0 the question was answered, whatever the answer is\n"
		 "1 it could not be\n"
		 "2 wrong usage\n"
		 "3 the configuration has errors\n",
	.run = run,
};
