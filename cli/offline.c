/* SPDX-License-Identifier: ISC */
/* Set-up and output of commands that run checks themselves. */
#include "cli/offline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/usage.h"

/* add_server: one more name server. */
static int add_server(struct gp_cli_offline *c, const char *text)
{
	if (c->dns.server_count == GP_DNS_SERVERS_MAX)
		return gp_cli_usage(c->command, "at most %d name servers", GP_DNS_SERVERS_MAX);
	if (gp_dns_server_parse(gp_span_from(text), &c->dns.servers[c->dns.server_count]))
		return gp_cli_usage(
			c->command, "--dns: \"%s\" is not the address of a name server", text);
	c->dns.server_count++;
	return -1;
}

const struct gp_cli_option gp_cli_sender_options[] = {
	{.name = "ip", .argument = "IP", .help = "address of the client"},
	{.name = "helo",
		.argument = "NAME",
		.completes = GP_CLI_HOST,
		.help = "what the client said in HELO"},
	{.name = "mail-from",
		.argument = "ADDR",
		.help = "what it said in MAIL FROM; empty: the null sender"},
	{0},
};

const struct gp_cli_option gp_cli_resolver_options[] = {
	{.name = "dns",
		.argument = "ADDR[:PORT]",
		.may_repeat = true,
		.help = "the name server to ask; may be given several times (default: those of the "
			"configuration, else of /etc/resolv.conf)"},
	{.name = "config",
		.letter = 'c',
		.argument = "FILE",
		.completes = GP_CLI_FILE,
		.help = "the configuration (default " GP_CONFIG_PATH ", if it is there)"},
	{.name = "timeout",
		.argument = "SECONDS",
		.help = "for the whole check (default 20; 60 for check and try)"},
	{0},
};

/* gp_cli_offline_arguments: values are looked at where they mean something. */
int gp_cli_offline_arguments(struct gp_cli_offline *c, const struct gp_cli_call *call)
{
	static const uint64_t range[] = {1, 3600};
	const char *helo = gp_cli_option(call, "helo"), *from = gp_cli_option(call, "mail-from");
	const char *server;
	c->command = call->title;
	c->ip = gp_cli_option(call, "ip");
	c->helo = helo ? helo : c->helo;
	c->mail_from = from ? from : c->mail_from;
	c->config_path = gp_cli_option(call, "config");
	c->json = gp_cli_has_option(call, "json");
	for (size_t i = 0; (server = gp_cli_option_at(call, "dns", i)) != NULL; i++) {
		int code = add_server(c, server);
		if (code >= 0)
			return code;
	}
	return gp_cli_option_number(call, "timeout", "seconds", range, &c->timeout_s);
}

/* load_config: the given file, the installed one if it is there, or the defaults. */
static int load_config(struct gp_cli_offline *c)
{
	struct gp_config_errors errors = {0};
	const char *path = c->config_path ? c->config_path : GP_CONFIG_PATH;
	int rc = c->config_path || access(GP_CONFIG_PATH, R_OK) == 0
			 ? gp_config_load(path, &c->config, &errors)
			 : gp_config_parse(gp_span_from(""), "defaults", &c->config, &errors);
	if (rc && errors.text)
		fputs(errors.text, stderr);
	else if (rc)
		fprintf(stderr, "gatepost %s: out of memory\n", c->command);
	gp_config_errors_fini(&errors);
	return rc;
}

/* gp_cli_offline_open: the file's errors end here; servers given win over the file's. */
int gp_cli_offline_open(struct gp_cli_offline *c)
{
	if (load_config(c))
		return GP_CLI_CONFIG;
	struct gp_dns_options dns = c->config->dns;
	if (c->dns.server_count) {
		memcpy(dns.servers, c->dns.servers, sizeof dns.servers);
		dns.server_count = c->dns.server_count;
	} else if (c->config->resolv_problem) {
		fprintf(stderr,
			"gatepost %s: %s exists but cannot be read: %s; this machine is queried "
			"instead (--dns selects another server)\n",
			c->command, c->config->dns_settings.resolv_conf, c->config->resolv_problem);
	}
	c->ctx.arena = gp_arena_new(GP_CLI_MEMORY);
	c->ctx.clock = gp_clock_system();
	c->ctx.deadline_us = gp_clock_now_us(c->ctx.clock) + (int64_t)c->timeout_s * 1000000;
	if (c->ctx.arena && gp_dns_wire_new(&dns, &c->ctx.dns) == GP_OK)
		return -1;
	fprintf(stderr, "gatepost %s: out of memory\n", c->command);
	gp_cli_offline_close(c);
	return GP_CLI_TROUBLE;
}

/* gp_cli_offline_close: what open has made. */
void gp_cli_offline_close(struct gp_cli_offline *c)
{
	gp_dns_free(c->ctx.dns);
	gp_arena_free(c->ctx.arena);
	gp_config_free(c->config);
}

/* gp_cli_mail_from: as it stands between the brackets. */
struct gp_span gp_cli_mail_from(const char *text)
{
	struct gp_span from = gp_span_from(text);
	if (from.len >= 2 && from.ptr[0] == '<' && from.ptr[from.len - 1] == '>')
		from = (struct gp_span) {from.ptr + 1, from.len - 2};
	return from;
}

/* gp_cli_print_visible: nothing, when the arena refuses. */
void gp_cli_print_visible(struct gp_arena *arena, const char *text)
{
	struct gp_strbuf buf;
	const char *safe;
	gp_strbuf_init(&buf, arena, 65536);
	gp_encode_visible(&buf, gp_span_from(text));
	if (gp_strbuf_finish(&buf, &safe) == GP_OK)
		fputs(safe, stdout);
}

/* gp_cli_trace_line: indented. */
void gp_cli_trace_line(void *arg, unsigned depth, const char *text)
{
	printf("%*s", (int)(2 + 2 * depth), "");
	gp_cli_print_visible(arg, text);
	putchar('\n');
}

/* gp_cli_json_text: jansson refuses what is no UTF-8. */
json_t *gp_cli_json_text(struct gp_arena *arena, const char *text)
{
	struct gp_strbuf buf;
	const char *safe;
	if (!text)
		return json_null();
	json_t *value = json_string(text);
	if (value)
		return value;
	if (!arena)
		return json_string("?");
	gp_strbuf_init(&buf, arena, 65536);
	gp_encode_visible(&buf, gp_span_from(text));
	return gp_strbuf_finish(&buf, &safe) ? json_null() : json_string(safe);
}

/* gp_cli_print_json: indented, with a line end; 0.12 is not 0.12000000000000000 and a bit. */
int gp_cli_print_json(json_t *object)
{
	int failed = json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(object);
	return failed ? GP_CLI_TROUBLE : GP_CLI_FINE;
}
