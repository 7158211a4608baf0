/* SPDX-License-Identifier: ISC */
/*
 * Offline: what commands have in common that run checks here and now, without the daemon: client
 * and sender, name servers, the configuration or its defaults, a context with a deadline, and
 * foreign text shown safely.
 *
 *     const struct gp_cli_command row = {..., .options = {gp_cli_sender_options,
 *             gp_cli_resolver_options, gp_cli_json_option}};
 *     struct gp_cli_offline c = GP_CLI_OFFLINE;
 *     code = gp_cli_offline_arguments(&c, call);   (of those lists; -1, or an exit code)
 *     code = gp_cli_offline_open(&c);     (-1 to go on, else an exit code; says why on stderr)
 *     ... c.config, c.ctx ...
 *     gp_cli_offline_close(&c);
 */
#ifndef GP_CLI_OFFLINE_H
#define GP_CLI_OFFLINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "cli/command.h"
#include "config/config.h"
#include "dns/dns.h"

#define GP_CLI_MEMORY (64u * 1024 * 1024)

struct gp_cli_offline {
	const char *command;       /* the title of the call */
	const char *config_path;   /* NULL: the installed file if it is there, else the defaults */
	struct gp_dns_options dns; /* servers given; none: the configuration's */
	uint64_t timeout_s;
	const char *ip, *helo, *mail_from; /* ip: NULL when not given; the others "" */
	bool json;
	struct gp_config *config;
	struct gp_ctx ctx;
};

#define GP_CLI_OFFLINE                                       \
	{                                                    \
		.timeout_s = 20, .helo = "", .mail_from = "" \
	}

/* --ip, --helo and --mail-from; --dns, --config and --timeout. */
extern const struct gp_cli_option gp_cli_sender_options[];
extern const struct gp_cli_option gp_cli_resolver_options[];

/* What the call says of these options and --json; -1, or an exit code. */
int gp_cli_offline_arguments(struct gp_cli_offline *offline, const struct gp_cli_call *call);

/* Configuration, resolver, arena, deadline. */
int gp_cli_offline_open(struct gp_cli_offline *offline);
void gp_cli_offline_close(struct gp_cli_offline *offline);

/* MAIL FROM as given, without angle brackets. */
struct gp_span gp_cli_mail_from(const char *text);

/* Text whose control characters cannot play with the terminal, on stdout. */
void gp_cli_print_visible(struct gp_arena *arena, const char *text);

/* One line of a check's steps; arg is an arena: for struct gp_trace. */
void gp_cli_trace_line(void *arg, unsigned depth, const char *text);

/* A string, null for NULL; what is no UTF-8 is made visible first, or "?" without an arena. */
json_t *gp_cli_json_text(struct gp_arena *arena, const char *text);

/* Prints the object and frees it; an exit code. */
int gp_cli_print_json(json_t *object);

#endif
