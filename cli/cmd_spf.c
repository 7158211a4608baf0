/* SPDX-License-Identifier: ISC */
/* gatepost spf: one identity judged, with a trace for people or JSON for programs. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/cli.h"
#include "config/config.h"
#include "dns/dns.h"
#include "spf/spf.h"

static const char help[] =
	"usage: gatepost spf --ip IP [--helo NAME] [--mail-from ADDR] [options]\n"
	"\n"
	"May the client IP send mail for this address (RFC 7208)? With --mail-from the MAIL FROM\n"
	"identity is judged; without it, or with an empty one (\"\" or \"<>\"), the HELO "
	"identity.\n"
	"\n"
	"  --ip IP           address of the client\n"
	"  --helo NAME       what it says in HELO\n"
	"  --mail-from ADDR  what it says in MAIL FROM\n"
	"  --dns ADDR[:PORT] the name server to ask; may be given several times\n"
	"                    (default: those of the configuration, else of /etc/resolv.conf)\n"
	"  --config FILE     limits, servers and host name from this file\n"
	"                    (default " GP_CONFIG_PATH ", if it is there)\n"
	"  --timeout SECONDS for the whole check (default 20)\n"
	"  --json            a JSON object in place of the readable trace\n"
	"\n"
	"examples:\n"
	"  gatepost spf --ip 192.0.2.1 --mail-from alice@example.org\n"
	"  gatepost spf --ip 2001:db8::1 --helo mail.example.org --dns 127.0.0.1:5353 --json\n"
	"\n"
	"exit codes: 0 there is a verdict, whatever it says, 1 trouble, 2 usage,\n"
	"            3 the configuration has errors\n";

struct arguments {
	const char *ip, *helo, *mail_from, *config;
	struct gp_dns_options dns;
	uint64_t timeout_s;
	bool json;
};

enum { OPT_IP = 256, OPT_HELO, OPT_MAIL_FROM, OPT_DNS, OPT_CONFIG, OPT_TIMEOUT, OPT_JSON };

/* add_server: one --dns. */
static int add_server(struct arguments *a, const char *text)
{
	if (a->dns.server_count == GP_DNS_SERVERS_MAX)
		return gp_cli_usage("spf", "at most %d name servers", GP_DNS_SERVERS_MAX);
	if (gp_dns_server_parse(gp_span_from(text), &a->dns.servers[a->dns.server_count]))
		return gp_cli_usage("spf", "--dns: \"%s\" is no address of a name server", text);
	a->dns.server_count++;
	return 0;
}

/* take: one option. */
static int take(struct arguments *a, int option, const char *value)
{
	switch (option) {
	case OPT_IP:
		a->ip = value;
		return 0;
	case OPT_HELO:
		a->helo = value;
		return 0;
	case OPT_MAIL_FROM:
		a->mail_from = value;
		return 0;
	case OPT_DNS:
		return add_server(a, value);
	case OPT_CONFIG:
		a->config = value;
		return 0;
	case OPT_TIMEOUT:
		if (gp_span_parse_uint(gp_span_from(value), 3600, &a->timeout_s) ||
			a->timeout_s == 0)
			return gp_cli_usage("spf", "--timeout: whole seconds from 1 to 3600");
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	default:
		return gp_cli_usage("spf", "this option is not known or lacks its value");
	}
}

/* parse: -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"ip", required_argument, NULL, OPT_IP},
		{"helo", required_argument, NULL, OPT_HELO},
		{"mail-from", required_argument, NULL, OPT_MAIL_FROM},
		{"dns", required_argument, NULL, OPT_DNS},
		{"config", required_argument, NULL, OPT_CONFIG},
		{"timeout", required_argument, NULL, OPT_TIMEOUT},
		{"json", no_argument, NULL, OPT_JSON},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return GP_CLI_FINE;
		}
		int code = take(a, c, optarg);
		if (code)
			return code;
	}
	if (optind < argc)
		return gp_cli_usage("spf", "unexpected argument: %s", argv[optind]);
	if (!a->ip)
		return gp_cli_usage("spf", "--ip is missing");
	if (!*a->helo && !*a->mail_from)
		return gp_cli_usage("spf", "--mail-from or --helo is missing");
	return -1;
}

/* ---- output ---- */

/* print_visible: text whose control characters cannot play with the terminal. */
static void print_visible(struct gp_arena *arena, const char *text)
{
	struct gp_strbuf buf;
	const char *safe;
	gp_strbuf_init(&buf, arena, 65536);
	gp_encode_visible(&buf, gp_span_from(text));
	if (gp_strbuf_finish(&buf, &safe) == GP_OK)
		fputs(safe, stdout);
}

/* trace_line: one line of the evaluation. */
static void trace_line(void *arg, unsigned depth, const char *text)
{
	printf("%*s", (int)(2 + 2 * depth), "");
	print_visible(arg, text);
	putchar('\n');
}

/* print_row: "  name      value", when there is a value. */
static void print_row(struct gp_arena *arena, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	printf("  %-13s ", name);
	print_visible(arena, value);
	putchar('\n');
}

/* print_result: the verdict and its reasons. */
static void print_result(
	struct gp_arena *arena, const struct gp_spf_result *r, const struct gp_spf_options *limits)
{
	printf("\nresult: %s\n", gp_spf_verdict_name(r->verdict));
	print_row(arena, "identity", gp_spf_identity_name(r->identity));
	print_row(arena, "domain", r->domain);
	print_row(arena, "mechanism", r->mechanism);
	print_row(arena, "of the record", r->record_domain);
	print_row(arena, "explanation", r->explanation);
	printf("  %-13s %u of %u\n", "look-ups", r->lookups, limits->max_terms);
	printf("  %-13s %u of %u\n", "void look-ups", r->void_lookups, limits->max_voids);
	print_row(arena, "problem", r->problem);
	print_row(arena, "term", r->problem_term);
	print_row(arena, "name", r->problem_name);
}

/* json_text: a string, null for NULL; what is no UTF-8 is made visible first. */
static json_t *json_text(struct gp_arena *arena, const char *text)
{
	struct gp_strbuf buf;
	const char *safe;
	if (!text)
		return json_null();
	json_t *value = json_string(text);
	if (value)
		return value;
	gp_strbuf_init(&buf, arena, 65536);
	gp_encode_visible(&buf, gp_span_from(text));
	return gp_strbuf_finish(&buf, &safe) ? json_null() : json_string(safe);
}

/* print_json: the result as an object. */
static int print_json(struct gp_arena *arena, const struct gp_spf_result *r)
{
	json_t *o = json_object();
	json_object_set_new(o, "result", json_string(gp_spf_verdict_name(r->verdict)));
	json_object_set_new(o, "identity", json_string(gp_spf_identity_name(r->identity)));
	json_object_set_new(o, "domain", json_text(arena, r->domain));
	json_object_set_new(o, "mechanism", json_text(arena, r->mechanism));
	json_object_set_new(o, "record_domain", json_text(arena, r->record_domain));
	json_object_set_new(o, "explanation", json_text(arena, r->explanation));
	json_object_set_new(o, "lookups", json_integer(r->lookups));
	json_object_set_new(o, "void_lookups", json_integer(r->void_lookups));
	json_object_set_new(o, "problem", json_text(arena, r->problem));
	json_object_set_new(o, "problem_term", json_text(arena, r->problem_term));
	json_object_set_new(o, "problem_name", json_text(arena, r->problem_name));
	int failed = json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
	return failed ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* ---- the check ---- */

/* mail_from_of: without angle brackets. */
static struct gp_span mail_from_of(const struct arguments *a)
{
	struct gp_span from = gp_span_from(a->mail_from);
	if (from.len >= 2 && from.ptr[0] == '<' && from.ptr[from.len - 1] == '>')
		from = (struct gp_span) {from.ptr + 1, from.len - 2};
	return from;
}

/* check: asks and prints. */
static int check(const struct arguments *a, const struct gp_config *config, struct gp_ctx *ctx)
{
	const struct gp_spf_trace trace = {trace_line, ctx->arena};
	struct gp_spf_query query = {
		.helo = gp_span_from(a->helo),
		.mail_from = mail_from_of(a),
		.receiver = config->hostname,
		.options = &config->spf.limits,
		.trace = a->json ? NULL : &trace,
	};
	struct gp_spf_result result;
	query.identity = query.mail_from.len ? GP_SPF_MAILFROM : GP_SPF_HELO;
	if (gp_ipaddr_parse(gp_span_from(a->ip), &query.client))
		return gp_cli_usage("spf", "--ip: \"%s\" is no address", a->ip);
	if (!a->json)
		printf("SPF of %s, client %s\n\n", query.mail_from.len ? "MAIL FROM" : "HELO",
			a->ip);
	int rc = gp_spf_check(ctx, &query, &result);
	if (rc) {
		fprintf(stderr, "gatepost spf: %s\n", gp_err_text(rc));
		return GP_CLI_TROUBLE;
	}
	if (a->json)
		return print_json(ctx->arena, &result);
	print_result(ctx->arena, &result, &config->spf.limits);
	return GP_CLI_FINE;
}

/* load_config: the given file, the installed one if it is there, or the defaults. */
static int load_config(const struct arguments *a, struct gp_config **config_out)
{
	struct gp_config_errors errors = {0};
	int rc;
	if (a->config || access(GP_CONFIG_PATH, R_OK) == 0)
		rc = gp_config_load(a->config ? a->config : GP_CONFIG_PATH, config_out, &errors);
	else
		rc = gp_config_parse(gp_span_from(""), "defaults", config_out, &errors);
	if (rc)
		fputs(errors.text ? errors.text : "gatepost spf: out of memory\n", stderr);
	gp_config_errors_fini(&errors);
	return rc;
}

/* gp_cli_spf: arguments, configuration, resolver, check. */
int gp_cli_spf(int argc, char **argv)
{
	struct arguments a = {.helo = "", .mail_from = "", .timeout_s = 20};
	struct gp_config *config = NULL;
	int code = parse(argc, argv, &a);
	if (code >= 0)
		return code;
	if (load_config(&a, &config))
		return GP_CLI_CONFIG;
	struct gp_dns_options dns = config->dns;
	if (a.dns.server_count) {
		memcpy(dns.servers, a.dns.servers, sizeof dns.servers);
		dns.server_count = a.dns.server_count;
	}
	struct gp_ctx ctx = {
		.arena = gp_arena_new(16 * 1024 * 1024),
		.clock = gp_clock_system(),
		.deadline_us = gp_clock_now_us(gp_clock_system()) + (int64_t)a.timeout_s * 1000000,
	};
	code = GP_CLI_TROUBLE;
	if (!ctx.arena || gp_dns_wire_new(&dns, &ctx.dns))
		fputs("gatepost spf: out of memory\n", stderr);
	else
		code = check(&a, config, &ctx);
	gp_dns_free(ctx.dns);
	gp_arena_free(ctx.arena);
	gp_config_free(config);
	return code;
}
