/* SPDX-License-Identifier: ISC */
/*
 * The errors of one load, a line each, in the order of files and lines. What a generated file with
 * one wrong word in every line would add past the first ones is counted only: those that come first
 * keep their places, and each place is written over by an error that belongs before it.
 */
#include <string.h>

#include "base/encode.h"
#include "config/config_load_private.h"

#define LISTED_MAX 10    /* errors */
#define WARNINGS_MAX 200 /* lines in the order in which they come */
#define VALUE_MAX 80     /* bytes of a value that are shown */
#define LINE_MAX_ROOM 8192
#define ERRORS_MEMORY (8u * 1024 * 1024)

/* An error that is listed. */
struct gp_config_listed {
	size_t file; /* its number */
	int line;
	struct gp_strbuf text; /* in LINE_MAX_ROOM bytes of the arena */
};

/* begin: an empty list. */
static int begin(struct gp_config_errors *errors, size_t max)
{
	if (!errors->arena)
		errors->arena = gp_arena_new(ERRORS_MEMORY);
	if (!errors->arena)
		return GP_ENOMEM;
	gp_arena_reset(errors->arena);
	errors->listed = gp_arena_array(errors->arena, max, sizeof *errors->listed);
	errors->listed_max = errors->listed ? max : 0;
	errors->listed_count = 0;
	errors->files = NULL;
	errors->file_count = errors->file_size = errors->last_file = 0;
	errors->unlisted = (struct gp_strbuf) {.status = GP_ETOOBIG};
	errors->count = 0;
	errors->text = "";
	return errors->listed ? GP_OK : GP_ENOMEM;
}

/* gp_config_errors_begin: few are read, and the first ones explain the others. */
int gp_config_errors_begin(struct gp_config_errors *errors)
{
	errors->is_sorted = true;
	return begin(errors, LISTED_MAX);
}

/* gp_config_warnings_begin: none of them explains another. */
int gp_config_warnings_begin(struct gp_config_errors *warnings)
{
	warnings->is_sorted = false;
	return begin(warnings, WARNINGS_MAX);
}

/* gp_config_errors_end: line by line. */
void gp_config_errors_end(struct gp_config_errors *errors)
{
	struct gp_strbuf all;
	gp_strbuf_init(&all, errors->arena, ERRORS_MEMORY / 4);
	for (size_t i = 0; i < errors->listed_count; i++) {
		gp_strbuf_add_span(&all, gp_strbuf_span(&errors->listed[i].text));
		if (errors->listed[i].text.status)
			gp_strbuf_add(&all, "\n"); /* the line is too long, and cut */
	}
	if (errors->count > errors->listed_count)
		gp_strbuf_printf(
			&all, "%zu more are not listed\n", errors->count - errors->listed_count);
	if (gp_strbuf_finish(&all, &errors->text))
		errors->text = "more errors than can be listed\n";
}

/* gp_config_errors_text: without memory there may be none. */
const char *gp_config_errors_text(const struct gp_config_errors *errors, int rc)
{
	return errors->text && *errors->text ? errors->text : gp_err_text(rc);
}

/* gp_config_errors_fini: the arena is all there is. */
void gp_config_errors_fini(struct gp_config_errors *errors)
{
	gp_arena_free(errors->arena);
	*errors = (struct gp_config_errors) {0};
}

/* gp_config_errors_file: the newest one is asked for most. */
size_t gp_config_errors_file(struct gp_config_errors *errors, const char *name)
{
	size_t n = errors->file_count;
	if (n && strcmp(errors->files[errors->last_file], name) == 0)
		return errors->last_file;
	for (size_t i = 0; i < n; i++)
		if (strcmp(errors->files[i], name) == 0)
			return errors->last_file = i;
	if (n == errors->file_size) {
		size_t size = n ? 2 * n : 16;
		const char **more = gp_arena_array(errors->arena, size, sizeof *more);
		if (!more)
			return n;
		if (n)
			memcpy(more, errors->files, n * sizeof *more);
		errors->files = more;
		errors->file_size = size;
	}
	errors->files[n] = gp_arena_copy(errors->arena, gp_span_from(name));
	if (errors->files[n])
		errors->last_file = errors->file_count++;
	return n;
}

/* room_at: an empty line in the list, before which there are at others; NULL: it has no place. */
static struct gp_strbuf *room_at(struct gp_config_errors *errors, size_t at)
{
	char *room;
	if (errors->listed_count < errors->listed_max) {
		room = gp_arena_alloc(errors->arena, LINE_MAX_ROOM);
		errors->listed_count += room != NULL;
	} else {
		room = at < errors->listed_count
			       ? errors->listed[errors->listed_count - 1].text.data
			       : NULL;
	}
	if (!room)
		return NULL;
	struct gp_config_listed *listed = &errors->listed[at];
	memmove(listed + 1, listed, (errors->listed_count - 1 - at) * sizeof *listed);
	gp_strbuf_init_fixed(&listed->text, room, LINE_MAX_ROOM - 1);
	return &listed->text;
}

/* gp_config_error: a line begins. */
struct gp_strbuf *gp_config_error(struct gp_config_errors *errors, struct gp_config_place where)
{
	size_t file = gp_config_errors_file(errors, where.file), at = errors->listed_count;
	const struct gp_config_listed *before = errors->listed;
	errors->count++;
	while (errors->is_sorted && at > 0 &&
		(before[at - 1].file > file ||
			(before[at - 1].file == file && before[at - 1].line > where.line)))
		at--;
	struct gp_strbuf *buf = room_at(errors, at);
	if (!buf)
		return &errors->unlisted;
	errors->listed[at].file = file;
	errors->listed[at].line = where.line;
	gp_encode_text(buf, gp_span_from(where.file));
	gp_strbuf_add(buf, ":");
	if (where.line > 0)
		gp_strbuf_printf(buf, "%d:", where.line);
	gp_strbuf_add(buf, " ");
	return buf;
}

/* gp_config_add_value: at most VALUE_MAX bytes. */
void gp_config_add_value(struct gp_strbuf *buf, struct gp_span value)
{
	struct gp_span shown = value;
	if (shown.len > VALUE_MAX)
		shown.len = VALUE_MAX;
	gp_encode_text(buf, shown);
	gp_config_add_invisible(buf, value);
}

/* gp_config_add_option: limit hourly.max, spf.mode or hostname. */
void gp_config_add_option(
	struct gp_strbuf *buf, const char *section, const char *title, const char *name)
{
	if (section)
		gp_strbuf_add(buf, section);
	if (title) {
		gp_strbuf_add(buf, " ");
		gp_config_add_value(buf, gp_span_from(title));
	}
	if (section && name)
		gp_strbuf_add(buf, ".");
	if (name)
		gp_config_add_value(buf, gp_span_from(name));
}

/* gp_config_add_repeated: the file only where it is another one. */
void gp_config_add_repeated(
	struct gp_strbuf *buf, struct gp_config_place here, struct gp_config_place before)
{
	gp_strbuf_add(buf, ": repeated; it is set in ");
	if (strcmp(here.file, before.file) == 0) {
		gp_strbuf_printf(buf, "line %d already\n", before.line);
	} else {
		gp_encode_text(buf, gp_span_from(before.file));
		gp_strbuf_printf(buf, ":%d already\n", before.line);
	}
}

/* gp_config_error_value: option, value, what is wrong, what would be right. */
void gp_config_error_value(struct gp_config_errors *errors, struct gp_config_place where,
	const char *title, const struct gp_option *row, struct gp_config_bad bad)
{
	struct gp_strbuf *buf = gp_config_error(errors, where);
	gp_config_add_option(buf, row->section, title, row->name);
	gp_strbuf_add(buf, ": ");
	if (bad.is_of_list) {
		gp_strbuf_printf(buf, "%s\n", bad.problem);
		return;
	}
	gp_config_add_value(buf, bad.value);
	gp_strbuf_add(buf, bad.value.len ? " is not allowed here" : "is empty");
	if (bad.problem) {
		gp_strbuf_add(buf, " (");
		gp_encode_text(buf, gp_span_from(bad.problem));
		gp_strbuf_add(buf, ")");
	}
	gp_strbuf_add(buf, "; allowed: ");
	gp_config_allowed(buf, row);
	gp_strbuf_add(buf, "\n");
}
