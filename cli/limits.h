/* SPDX-License-Identifier: ISC */
/*
 * Limits: what the files of "gatepost limits" share: its arguments, and a limit as the daemon tells
 * of it (shared/operator/operator_limits.c), checked.
 */
#ifndef GP_CLI_LIMITS_H
#define GP_CLI_LIMITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/control.h"

#define GP_CLI_LIMITS_SHOWN 20         /* rows, unless told otherwise */
#define GP_CLI_LIMITS_MEMORY (1 << 30) /* ceiling for what is made of an answer */
#define GP_CLI_UNLIMITED (-1)

struct gp_cli_limits {
	const char *title; /* of the call, for messages */
	const char *for_text;
	uint64_t count; /* 0: not said */
	bool all, json, watch;
	uint64_t watch_s;
	const char **words; /* what is no option, behind the subcommand */
	int word_count;
};

/* One row; texts belong to the answer, and may hold anything but NUL. "" where there is none. */
struct gp_cli_row {
	const char *limit, *key, *count, *mode, *action, *name, *subject;
	const char *source, *override, *override_name, *file, *expires;
	int64_t per_s, used, line;
	int64_t max, limit_max; /* or GP_CLI_UNLIMITED */
	int64_t wait_s;         /* 0: there is room */
};

/* The rows of an answer, in the arena. False: it is not as it should be, or there is no memory. */
bool gp_cli_rows(const json_t *answer, struct gp_arena *arena, const struct gp_cli_row **rows_out,
	size_t *count_out);

/* Whose it is, in the words that a command takes: "alice", "client:192.0.2.1", "all". Visible. */
const char *gp_cli_row_who(struct gp_arena *arena, const struct gp_cli_row *row);

/* The answer of "limits": a table, and how many rows it does not show (shown: at most so many). */
bool gp_cli_limits_top(
	const json_t *answer, size_t shown, struct gp_arena *arena, struct gp_strbuf *buf);

/* The answer of "show": a table, or sentences that say where each maximum comes from. */
bool gp_cli_limits_show(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);
bool gp_cli_limits_explain(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

/* The request for the top. */
json_t *gp_cli_limits_request(const struct gp_cli_limits *a);

/* Again and again, until a signal ends it. */
int gp_cli_limits_watch(const struct gp_cli_limits *a, struct gp_cli_control *control);

/* A point of time as the daemon writes it; false: it is none. */
bool gp_cli_limits_wall(const char *text, time_t *wall_s_out);

/* A subject in the words that a command takes, as gp_cli_row_who. */
const char *gp_cli_subject_who(struct gp_arena *arena, const char *subject);

/* The answer of "overrides": a table of what was set at run time. */
bool gp_cli_limits_overrides(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

/* Changes: words are WHO [LIMIT], and WHO LIMIT VALUE. */
int gp_cli_limits_reset(const struct gp_cli_limits *a, struct gp_cli_control *control);
int gp_cli_limits_set(const struct gp_cli_limits *a, struct gp_cli_control *control);

#endif
