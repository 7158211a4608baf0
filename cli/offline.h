/* SPDX-License-Identifier: ISC */
/*
 * Offline: what commands have in common that run checks here and now, without the daemon: who
 * sends, name servers, the configuration or its defaults, a context with a deadline, and foreign
 * text shown safely.
 *
 *     struct gp_cli_offline c = GP_CLI_OFFLINE("spf");
 *     static const struct option options[] = {GP_CLI_OFFLINE_OPTIONS, ...};
 *     code = gp_cli_offline_take(&c, option, value);   (of those options; -1, or an exit code)
 *     code = gp_cli_offline_open(&c);     (-1 to go on, else an exit code; says why on stderr)
 *     ... c.config, c.ctx ...
 *     gp_cli_offline_close(&c);
 */
#ifndef GP_CLI_OFFLINE_H
#define GP_CLI_OFFLINE_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "config/config.h"
#include "dns/dns.h"

#define GP_CLI_MEMORY (64u * 1024 * 1024)

struct gp_cli_offline {
	const char *command;
	const char *config_path;   /* NULL: the installed file if it is there, else the defaults */
	struct gp_dns_options dns; /* servers given; none: the configuration's */
	uint64_t timeout_s;
	const char *ip, *helo, *mail_from; /* ip: NULL when not given; the others "" */
	bool json;
	struct gp_config *config;
	struct gp_ctx ctx;
};

/* clang-format off */
#define GP_CLI_OFFLINE(name) \
	{.command = (name), .timeout_s = 20, .helo = "", .mail_from = ""}

/* What getopt_long gives for the options that such commands share; their own begin at OWN. */
enum gp_cli_offline_option {
	GP_CLI_IP = 256, GP_CLI_HELO, GP_CLI_MAIL_FROM, GP_CLI_DNS, GP_CLI_CONFIG_FILE,
	GP_CLI_TIMEOUT, GP_CLI_JSON, GP_CLI_OWN
};

/* Rows for getopt_long. */
#define GP_CLI_OFFLINE_OPTIONS \
	{"ip", required_argument, NULL, GP_CLI_IP}, \
	{"helo", required_argument, NULL, GP_CLI_HELO}, \
	{"mail-from", required_argument, NULL, GP_CLI_MAIL_FROM}, \
	{"dns", required_argument, NULL, GP_CLI_DNS}, \
	{"config", required_argument, NULL, GP_CLI_CONFIG_FILE}, \
	{"timeout", required_argument, NULL, GP_CLI_TIMEOUT}, \
	{"json", no_argument, NULL, GP_CLI_JSON}, \
	{"help", no_argument, NULL, 'h'}
/* clang-format on */

/* Takes one of these options; -1, or an exit code: any other is a usage error. */
int gp_cli_offline_take(struct gp_cli_offline *offline, int option, const char *value);

/* Configuration, resolver, arena, deadline. */
int gp_cli_offline_open(struct gp_cli_offline *offline);
void gp_cli_offline_close(struct gp_cli_offline *offline);

/* MAIL FROM as given, without angle brackets. */
struct gp_span gp_cli_mail_from(const char *text);

/* Text whose control characters cannot play with the terminal, on stdout. */
void gp_cli_print_visible(struct gp_arena *arena, const char *text);

/* One line of a check's steps; arg is an arena: for struct gp_trace. */
void gp_cli_trace_line(void *arg, unsigned depth, const char *text);

/* A string, null for NULL; what is no UTF-8 is made visible first. */
json_t *gp_cli_json_text(struct gp_arena *arena, const char *text);

/* Prints the object and frees it; an exit code. */
int gp_cli_print_json(json_t *object);

#endif
