/* SPDX-License-Identifier: ISC */
/* A line at a time; the deadline moves on with each. */
#include "cli/store/store_move.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "cli/format.h"
#include "cli/log_text.h"
#include "cli/store/store_hint.h"
#include "cli/usage.h"
#include "store/store_line.h"

#define MEMORY (1024 * 1024)
#define STEP_US 30000000 /* for one record */
#define TEND_EVERY 4096  /* records, for the store's care */

/* What one move carries along. */
struct work {
	const struct gp_cli_store_move *move;
	struct gp_cli_store_moved *moved;
	const char *command;
	struct gp_store *store;
	struct gp_ctx ctx;
	int64_t unix_ms; /* when it began */
	uint64_t records;
	bool has_failed; /* the file */
};

/* ---- what is said ---- */

/* take_log: gp_log.write: the store says itself what is wrong. */
static void take_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	const struct work *w = arg;
	char text[GP_CLI_LOG_TEXT];
	fprintf(stderr, "gatepost %s: %s: %s\n", w->command, gp_log_level_name(level),
		gp_cli_log_text(text, event, fields, count));
}

/* tell: the line of a hint: on stderr. */
static void tell(void *arg, enum gp_cli_store_line kind, const char *text)
{
	const struct work *w = arg;
	(void)kind;
	fprintf(stderr, "gatepost %s: %s\n", w->command, text);
}

/* failed: the store, in its own words, and what to do. */
static int failed(struct work *w, int rc)
{
	const struct gp_cli_store_told told = {tell, w};
	struct gp_store_health h = {.problem = ""};
	if (w->store)
		gp_store_health(w->store, &h);
	const char *why = gp_cli_visible(w->ctx.arena, *h.problem ? h.problem : gp_err_text(rc));
	fprintf(stderr, "gatepost %s: the store %s: %s\n", w->command,
		gp_cli_visible(w->ctx.arena, w->move->store->options.uris[0]), why);
	gp_cli_store_hint(w->move->store, why, w->move->who, &told);
	return GP_CLI_TROUBLE;
}

/* wrong_file: what is wrong with it, in which line (0: none). */
static int wrong_file(const struct work *w, uint64_t line, const char *problem)
{
	fprintf(stderr, "gatepost %s: %s", w->command, w->move->name);
	if (line)
		fprintf(stderr, ", line %llu", (unsigned long long)line);
	fprintf(stderr, ": %s\n", problem);
	return GP_CLI_TROUBLE;
}

/* ---- both ---- */

/* begin: another deadline. */
static void begin(struct work *w)
{
	w->ctx.deadline_us = gp_clock_now_us(w->ctx.clock) + STEP_US;
}

/* unix_now_ms: of the system. */
static int64_t unix_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* it is there */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* open_store: and find the way to a server. */
static int open_store(struct work *w)
{
	begin(w);
	int rc = gp_store_open(&w->move->store->options, &w->ctx, &w->store);
	if (rc)
		return failed(w, rc);
	gp_store_tend(w->store, &w->ctx);
	return GP_CLI_FINE;
}

/* run: between open and close. */
static int run(struct work *w, int (*what)(struct work *w))
{
	const struct gp_log log = {take_log, w, GP_LOG_ERROR}; /* failed says the rest */
	int code = GP_CLI_TROUBLE;
	memset(w->moved, 0, sizeof *w->moved);
	w->unix_ms = unix_now_ms();
	w->ctx = (struct gp_ctx) {
		.arena = gp_arena_new(MEMORY), .clock = gp_clock_system(), .log = &log};
	if (w->ctx.arena)
		code = open_store(w);
	if (!code)
		code = what(w);
	gp_store_close(w->store);
	gp_arena_free(w->ctx.arena);
	return code;
}

/* ---- export ---- */

/* put_line: takes it; false: no memory, or the file is full. */
static bool put_line(struct work *w, char *line)
{
	w->has_failed =
		!line || fputs(line, w->move->file) == EOF || fputc('\n', w->move->file) == EOF;
	free(line);
	return !w->has_failed;
}

/* put_record: visitor of gp_store_export. */
static bool put_record(void *arg, const struct gp_store_record *record)
{
	struct work *w = arg;
	bool is_over = gp_store_record_is_over(record, w->unix_ms);
	begin(w);
	gp_cli_store_moved_add(
		w->moved, record, is_over ? GP_STORE_IMPORT_OVER : GP_STORE_IMPORT_NEW);
	w->records += !is_over;
	return is_over || put_line(w, gp_store_line_format(record));
}

/* export_all: the first line, records, the last one. */
static int export_all(struct work *w)
{
	char at[GP_CLOCK_TEXT];
	const char *from = gp_cli_visible(w->ctx.arena, w->move->store->options.uris[0]);
	int rc = GP_OK;
	if (put_line(w, gp_store_line_begin(from, gp_clock_format(w->unix_ms / 1000, at))))
		rc = gp_store_export(w->store, &w->ctx, w->unix_ms, put_record, w);
	if (rc)
		return failed(w, rc);
	if (w->has_failed || !put_line(w, gp_store_line_end(w->records)) || fflush(w->move->file))
		return wrong_file(w, 0, "it cannot be written; is the disk full?");
	return GP_CLI_FINE;
}

/* gp_cli_store_export: a directory that is not there is not made. */
int gp_cli_store_export(const struct gp_cli_store_move *move, struct gp_cli_store_moved *moved_out)
{
	struct work w = {.move = move, .moved = moved_out, .command = "store export"};
	struct stat st;
	if (move->store->directory && stat(move->store->directory, &st)) {
		fprintf(stderr, "gatepost store export: there is no store in %s\n",
			move->store->directory);
		return GP_CLI_TROUBLE;
	}
	return run(&w, export_all);
}

/* ---- import ---- */

/* A file while it is read. */
struct lines {
	char *text; /* of GP_STORE_LINE_MAX bytes and one more */
	size_t len;
	uint64_t number;
	struct gp_store_line *line;
	bool has_begun, has_ended;
};

/* next: a line without its end; false: there is none, or it is cut. One that is longer than any is
 * kept as one byte too many, which the parser refuses. */
static bool next(FILE *file, struct lines *l)
{
	int c;
	l->len = 0;
	while ((c = getc(file)) != EOF && c != '\n')
		if (l->len <= GP_STORE_LINE_MAX)
			l->text[l->len++] = (char)c;
	l->number++;
	return c == '\n';
}

/* take_record: into the store. */
static int take_record(struct work *w, struct gp_store_record *record)
{
	enum gp_store_imported result;
	begin(w);
	if (++w->records % TEND_EVERY == 0)
		gp_store_tend(w->store, &w->ctx);
	int rc = gp_store_import(w->store, &w->ctx, w->unix_ms, record, &result);
	if (rc)
		return failed(w, rc);
	gp_cli_store_moved_add(w->moved, record, result);
	return GP_CLI_FINE;
}

/* take_line: by its kind, in their order. */
static int take_line(struct work *w, struct lines *l)
{
	const char *problem;
	int rc = gp_store_line_parse((struct gp_span) {l->text, l->len}, l->line, &problem);
	if (rc)
		return wrong_file(w, l->number, rc == GP_ESYNTAX ? problem : gp_err_text(rc));
	if ((l->line->kind == GP_STORE_LINE_BEGIN) == l->has_begun)
		return wrong_file(w, l->number,
			l->has_begun ? "another file begins here"
				     : "this is no file that gatepost store export has written");
	l->has_begun = true;
	if (l->has_ended)
		return wrong_file(w, l->number, "the file goes on behind its last line");
	l->has_ended = l->line->kind == GP_STORE_LINE_END;
	if (l->has_ended && l->line->records != w->records)
		return wrong_file(w, l->number, "lines are missing, or there are too many");
	return l->line->kind == GP_STORE_LINE_RECORD ? take_record(w, &l->line->record)
						     : GP_CLI_FINE;
}

/* import_lines: up to the last one. */
static int import_lines(struct work *w, struct lines *l)
{
	int code = GP_CLI_FINE;
	while (!code && next(w->move->file, l))
		code = take_line(w, l);
	if (!code && ferror(w->move->file))
		return wrong_file(w, 0, "it cannot be read");
	if (!code && (!l->has_ended || l->len))
		return wrong_file(w, 0,
			"it ends before its last line: it was cut. What there was is imported; "
			"export again, and import once more");
	return code;
}

/* import_all: with room for a line. */
static int import_all(struct work *w)
{
	struct lines l = {.text = malloc(GP_STORE_LINE_MAX + 1), .line = malloc(sizeof *l.line)};
	int code = GP_CLI_TROUBLE;
	if (l.text && l.line)
		code = import_lines(w, &l);
	else
		fputs("gatepost store import: out of memory\n", stderr);
	free(l.text);
	free(l.line);
	return code;
}

/* gp_cli_store_import: every record by itself. */
int gp_cli_store_import(const struct gp_cli_store_move *move, struct gp_cli_store_moved *moved_out)
{
	struct work w = {.move = move, .moved = moved_out, .command = "store import"};
	return run(&w, import_all);
}
