/* SPDX-License-Identifier: ISC */
/*
 * The errors of one load, a line each. What a generated file with one wrong word in every line
 * would add past the first LISTED_MAX is counted only.
 */
#include <string.h>

#include "base/encode.h"
#include "config/config_load_private.h"

#define LISTED_MAX 200
#define VALUE_MAX 80 /* bytes of a value that are shown */
#define ERRORS_MEMORY (8u * 1024 * 1024)

/* gp_config_errors_begin: an empty list. */
int gp_config_errors_begin(struct gp_config_errors *errors)
{
	if (!errors->arena)
		errors->arena = gp_arena_new(ERRORS_MEMORY);
	if (!errors->arena)
		return GP_ENOMEM;
	gp_arena_reset(errors->arena);
	gp_strbuf_init(&errors->buf, errors->arena, ERRORS_MEMORY / 4);
	errors->unlisted = (struct gp_strbuf) {.status = GP_ETOOBIG};
	errors->count = 0;
	errors->text = "";
	return GP_OK;
}

/* gp_config_errors_end: the collected text. */
void gp_config_errors_end(struct gp_config_errors *errors)
{
	if (errors->count > LISTED_MAX)
		gp_strbuf_printf(&errors->buf, "%zu further ones are not listed\n",
			errors->count - LISTED_MAX);
	if (gp_strbuf_finish(&errors->buf, &errors->text))
		errors->text = "more errors than can be listed\n";
}

/* gp_config_errors_fini: the arena is all there is. */
void gp_config_errors_fini(struct gp_config_errors *errors)
{
	gp_arena_free(errors->arena);
	*errors = (struct gp_config_errors) {0};
}

/* gp_config_error: a line begins. */
struct gp_strbuf *gp_config_error(struct gp_config_errors *errors, struct gp_config_place where)
{
	struct gp_strbuf *buf = &errors->buf;
	if (++errors->count > LISTED_MAX)
		return &errors->unlisted;
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
	const char *title, const struct gp_config_row *row, struct gp_config_bad bad)
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
