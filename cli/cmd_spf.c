/* SPDX-License-Identifier: ISC */
/* gatepost spf: one identity judged, with a trace for people or JSON for programs. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/color.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/record_json.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "dns/dns.h"
#include "engine/check_spf.h"
#include "engine/checks.h"
#include "engine/pipeline.h"
#include "spf/spf.h"

/* parse: -1 to go on, else an exit code. */
static int parse(const struct gp_cli_call *call, struct gp_cli_offline *a)
{
	int code = gp_cli_offline_arguments(a, call);
	if (code >= 0)
		return code;
	if (!a->ip)
		return gp_cli_usage(call->title, "--ip is missing");
	if (!*a->helo && !*a->mail_from)
		return gp_cli_usage(call->title, "--mail-from or --helo is missing");
	return -1;
}

/* ---- output ---- */

#define VALUE_COLUMN 16

/* print_row: "  name      value", when there is a value. */
static void print_row(struct gp_arena *arena, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	printf("  %-13s ", name);
	gp_cli_print_wrapped(gp_cli_visible(arena, value), VALUE_COLUMN);
	putchar('\n');
}

/* print_result: the verdict and its reasons. */
static void print_result(
	struct gp_arena *arena, const struct gp_spf_result *r, const struct gp_spf_options *limits)
{
	printf("\nresult: ");
	gp_cli_color_word(gp_spf_verdict_name(r->verdict), 0);
	putchar('\n');
	print_row(arena, "identity", gp_spf_identity_name(r->identity));
	print_row(arena, "domain", r->domain);
	print_row(arena, "mechanism", r->mechanism);
	print_row(arena, "of the record", r->record_domain);
	print_row(arena, "explanation", r->explanation);
	printf("  %-13s %u of %u\n", "lookups", r->lookups, limits->max_terms);
	printf("  %-13s %u of %u\n", "void lookups", r->void_lookups, limits->max_voids);
	print_row(arena, "problem", r->problem);
	print_row(arena, "term", r->problem_term);
	print_row(arena, "name", r->problem_name);
}

/* print_exempt: what the daemon would make of it, where that is not the verdict above. */
static void print_exempt(const struct gp_rule *rule)
{
	if (!rule)
		return;
	printf("\nThe daemon would accept this mail without a check: ");
	if (rule->why)
		puts(rule->why);
	else
		printf("it is listed in %s\n", rule->name);
}

/* print_decision: what is done with such mail, and by which option. */
static void print_decision(struct gp_arena *arena, const struct gp_verdict *v)
{
	printf("\naction: ");
	gp_cli_color_word(gp_engine_action_name(v->action), 0);
	putchar('\n');
	print_row(arena, "rule", v->rule);
	if (v->would != v->action)
		print_row(arena, "enforced", gp_engine_action_name(v->would));
	print_row(arena, "reply", v->reply);
}

/* What has been found out. */
struct outcome {
	struct gp_spf_result spf;
	const struct gp_rule *exempt; /* by which nothing is judged; NULL */
	struct gp_verdict verdict;
};

/* print_json: the result as an object. */
static int print_json(
	struct gp_arena *arena, const struct gp_config *config, const struct outcome *found)
{
	const struct gp_envelope nobody = {.client = {.family = GP_IP_NONE}};
	const struct gp_verdict *v = &found->verdict;
	struct gp_facts f;
	gp_engine_facts_init(&f, config, GP_STAGE_RCPT, &nobody);
	f.spf.has_mailfrom = true; /* whatever its identity, it is the one */
	f.spf.mailfrom = found->spf;
	const struct gp_record record = {&f, NULL, arena};
	json_t *o = gp_cli_record_alone(&gp_engine_check_spf, &record);
	if (found->exempt)
		json_object_set_new(o, "exempt", json_string(found->exempt->name));
	json_object_set_new(o, "action", json_string(gp_engine_action_name(v->action)));
	json_object_set_new(o, "rule", gp_cli_json_text(arena, v->rule));
	json_object_set_new(o, "would", json_string(gp_engine_action_name(v->would)));
	json_object_set_new(o, "reply", gp_cli_json_text(arena, v->reply));
	return gp_cli_print_json(o);
}

/* ---- the check ---- */

/* decide: as the daemon would, when a recipient is offered. */
static int decide(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_verdict *verdict_out)
{
	struct gp_pipeline pipeline;
	struct gp_facts facts;
	gp_engine_pipeline_init(&pipeline, gp_engine_checks);
	gp_engine_facts_init(&facts, config, GP_STAGE_RCPT, envelope);
	return gp_engine_run(ctx, &pipeline, &facts, verdict_out);
}

/* print_heading: who is judged. */
static void print_heading(
	const struct gp_cli_offline *a, const struct gp_spf_query *query, const char *judged)
{
	printf("SPF of %s, client %s", query->mail_from.len ? "MAIL FROM" : "HELO", a->ip);
	if (judged)
		printf(", which is judged as %s", judged);
	puts("\n");
}

/* ask: SPF with its steps, then the daemon's decision, which finds the answers in memory. */
static int ask(const struct gp_cli_offline *a, const struct gp_envelope *envelope,
	const struct gp_spf_query *query, struct outcome *found_out)
{
	struct gp_ctx own = a->ctx, *ctx = &own;
	ctx->dns = gp_dns_memo_new(ctx->arena, ctx->dns);
	if (!ctx->dns)
		return gp_arena_status(ctx->arena);
	int rc = gp_spf_check(ctx, query, &found_out->spf);
	if (!rc)
		rc = gp_engine_exempt(ctx, a->config, envelope, &found_out->exempt);
	return rc ? rc : decide(ctx, a->config, envelope, &found_out->verdict);
}

/* check: asks and prints. */
static int check(const struct gp_cli_offline *a)
{
	const struct gp_config *config = a->config;
	const struct gp_trace trace = {gp_cli_trace_line, a->ctx.arena};
	struct gp_spf_query query = {
		.helo = gp_span_from(a->helo),
		.mail_from = gp_cli_mail_from(a->mail_from),
		.receiver = config->hostname,
		.options = &config->spf.limits,
		.trace = a->json ? NULL : &trace,
	};
	struct gp_envelope envelope = {.helo = query.helo, .sender = query.mail_from};
	struct outcome found = {.exempt = NULL};
	char judged[GP_IPADDR_TEXT];
	query.identity = query.mail_from.len ? GP_SPF_MAILFROM : GP_SPF_HELO;
	if (gp_ipaddr_parse(gp_span_from(a->ip), &envelope.client))
		return gp_cli_usage("spf", "--ip: \"%s\" is not an address", a->ip);
	query.client = gp_engine_address(config, envelope.client);
	bool is_other = query.client.family != envelope.client.family;
	if (!a->json)
		print_heading(a, &query, is_other ? gp_ipaddr_format(&query.client, judged) : NULL);
	int rc = ask(a, &envelope, &query, &found);
	if (rc) {
		fprintf(stderr, "gatepost spf: %s\n", gp_err_text(rc));
		return GP_CLI_TROUBLE;
	}
	if (a->json)
		return print_json(a->ctx.arena, config, &found);
	print_result(a->ctx.arena, &found.spf, &config->spf.limits);
	print_exempt(found.exempt);
	print_decision(a->ctx.arena, &found.verdict);
	return GP_CLI_FINE;
}

/* run: arguments, configuration, resolver, check. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_offline a = GP_CLI_OFFLINE;
	int code = parse(call, &a);
	if (code < 0)
		code = gp_cli_offline_open(&a);
	if (code >= 0)
		return code;
	code = check(&a);
	gp_cli_offline_close(&a);
	return code;
}

const struct gp_cli_command gp_cli_spf = {
	.name = "spf",
	.help = "check SPF as the mail server would, and show each step",
	.synopsis = "--ip IP [--helo NAME] [--mail-from ADDR] [options]",
	.text = "May the client IP send mail for this address (RFC 7208)? With --mail-from the "
		"MAIL FROM identity is judged; without it, or with an empty one (\"\" or "
		"\"<>\"), the HELO identity.",
	.options = {gp_cli_sender_options, gp_cli_resolver_options, gp_cli_json_option},
	.examples = "gatepost spf --ip 192.0.2.1 --mail-from alice@example.org\n"
		    "gatepost spf --ip 2001:db8::1 --helo mail.example.org --dns 127.0.0.1 --json",
	.exits = "0 there is a verdict, whatever it says\n1 there is none\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
