/* SPDX-License-Identifier: ISC */
/*
 * Checker: what commands have in common that run checks here and now, without the daemon: name
 * servers from the command line, the configuration or its defaults, a context with a deadline, and
 * foreign text shown safely.
 *
 *     struct gp_cli_checker c = GP_CLI_CHECKER("spf");
 *     gp_cli_checker_server(&c, "127.0.0.1:5353");  c.config_path = ...;  c.timeout_s = ...;
 *     code = gp_cli_checker_open(&c);     (-1 to go on, else an exit code; says why on stderr)
 *     ... c.config, c.ctx ...
 *     gp_cli_checker_close(&c);
 */
#ifndef GP_CLI_CHECKER_H
#define GP_CLI_CHECKER_H

#include <jansson.h>
#include <stdint.h>

#include "base/ctx.h"
#include "config/config.h"
#include "dns/dns.h"

#define GP_CLI_MEMORY (64u * 1024 * 1024)

struct gp_cli_checker {
	const char *command;
	const char *config_path;   /* NULL: the installed file if it is there, else the defaults */
	struct gp_dns_options dns; /* servers given; none: the configuration's */
	uint64_t timeout_s;
	struct gp_config *config;
	struct gp_ctx ctx;
};
#define GP_CLI_CHECKER(name)                       \
	{                                          \
		.command = (name), .timeout_s = 20 \
	}

/* One --dns or --timeout; -1, or an exit code. */
int gp_cli_checker_server(struct gp_cli_checker *checker, const char *text);
int gp_cli_checker_timeout(struct gp_cli_checker *checker, const char *text);

/* Configuration, resolver, arena, deadline. */
int gp_cli_checker_open(struct gp_cli_checker *checker);
void gp_cli_checker_close(struct gp_cli_checker *checker);

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
