/* SPDX-License-Identifier: ISC */
/*
 * Loading: the main text, then what it includes, then the drop-in files are read into one draft;
 * what none of them shows by itself is checked at the end, and the snapshot settled.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "config/config.h"
#include "config/config_hide.h"
#include "config/config_read.h"

enum origin {
	FROM_FILE,
	FROM_TEXT,  /* which may be empty */
	FROM_ALONE, /* and nothing else is read */
	FROM_TABLE  /* nor settled: the table of known DNS lists */
};

struct loader {
	struct gp_config *config;
	struct gp_config_errors *errors;
	struct gp_config_draft draft;
	struct gp_config_sources sources;
	struct gp_config_reader reader;
	const char *name;        /* of the main text */
	char drop_ins[PATH_MAX]; /* directory; "": none */
	enum origin origin;      /* of the main text */
};

/* config_reset: an empty snapshot with all defaults. */
static int config_reset(struct gp_config *config, const char *name)
{
	const struct gp_config_target to = {config->arena, config};
	config->path = gp_arena_copy(config->arena, gp_span_from(name));
	int rc = config->path ? gp_config_presets(to, NULL) : GP_ENOMEM;
	for (const struct gp_config_section *s = gp_config_sections; !rc && s->own; s++)
		if (s->times == GP_SECTION_ONCE)
			rc = gp_config_presets((struct gp_config_target) {config->arena,
						       gp_config_base(config, s->own->name)},
				s->own->name);
	return rc;
}

/* find_drop_ins: their directory, beside the main file. */
static void find_drop_ins(struct loader *l, const char *name)
{
	const char *slash = strrchr(name, '/');
	int n = slash ? (int)(slash - name) + 1 : 0;
	int len =
		snprintf(l->drop_ins, sizeof l->drop_ins, "%.*s" GP_CONFIG_DROP_IN_FOLDER, n, name);
	if (len >= (int)sizeof l->drop_ins)
		*l->drop_ins = 0; /* no file has such a name either */
}

/* report_unread: a source that has no text. */
static void report_unread(struct loader *l, const struct gp_config_source *source)
{
	const char *file = source->in_main ? l->config->path : l->reader.file;
	struct gp_strbuf *buf =
		gp_config_error(l->errors, (struct gp_config_place) {file, source->line});
	if (source->in_main) {
		gp_strbuf_add(buf, "include: ");
		gp_encode_text(buf, gp_span_from(source->name));
		gp_strbuf_add(buf, " ");
	}
	gp_strbuf_printf(buf, "%s\n", source->problem);
	l->reader.is_whole = false;
}

/* read_source: one text. */
static int read_source(struct loader *l, size_t index)
{
	const struct gp_config_source *source = &l->sources.items[index];
	struct gp_config_reader *r = &l->reader;
	r->file = gp_arena_copy(l->config->arena, gp_span_from(source->name));
	if (!r->file)
		return GP_ENOMEM;
	(void)gp_config_errors_file(l->errors, r->file); /* for the order only */
	r->is_main = index == 0;
	r->is_drop_in = l->sources.first_drop_in && index >= l->sources.first_drop_in;
	if (source->problem)
		report_unread(l, source);
	else
		gp_config_read_text(r, source->text);
	return r->status;
}

/* read_all: the main text, what it includes, the drop-in files. */
static int read_all(struct loader *l, const char *name, struct gp_span text)
{
	bool is_alone = l->origin == FROM_ALONE || l->origin == FROM_TABLE;
	l->reader.has_drop_ins =
		!is_alone && *l->drop_ins && gp_config_sources_has_drop_ins(l->drop_ins);
	int rc = gp_config_sources_add(&l->sources, name, text, NULL);
	if (!rc)
		rc = read_source(l, 0);
	if (!rc)
		gp_config_assign_list(&l->reader, gp_config_row_find(NULL, "include"));
	if (!rc && !is_alone) {
		int line = gp_config_draft_at(&l->draft, NULL, "include").line;
		rc = gp_config_sources_include(&l->sources, &l->config->includes, line);
	}
	if (!rc && !is_alone && *l->drop_ins)
		rc = gp_config_sources_drop_in(&l->sources, l->drop_ins);
	for (size_t i = 1; !rc && i < l->sources.count; i++)
		rc = read_source(l, i);
	gp_config_read_finish(&l->reader);
	return rc ? rc : l->reader.status;
}

/* error_begin: one more error, about the main file. */
static struct gp_strbuf *error_begin(struct loader *l)
{
	return gp_config_error(l->errors, (struct gp_config_place) {l->name, 0});
}

/* watch: remembers what was read, and the directories that may get more files. */
static int watch(struct loader *l)
{
	const struct gp_config_texts *includes = &l->config->includes;
	size_t n = 0, most = l->sources.count + includes->count + 1;
	size_t blank = 0;
	const char **items = gp_arena_array(l->config->arena, most, sizeof *items);
	const char **empty = gp_arena_array(l->config->arena, most, sizeof *empty);
	if (!items || !empty)
		return GP_ENOMEM;
	for (size_t i = 0; i < l->sources.count; i++) {
		items[n] = gp_arena_copy(l->config->arena, gp_span_from(l->sources.items[i].name));
		if (l->sources.items[i].is_empty && (i || l->origin == FROM_FILE))
			empty[blank++] = items[n];
		n++;
	}
	for (size_t i = 0; i < includes->count; i++) {
		const char *path = includes->items[i], *last = strrchr(path, '/') + 1;
		if (strpbrk(last, "*?["))
			items[n++] = gp_arena_copy(
				l->config->arena, (struct gp_span) {path, (size_t)(last - path)});
	}
	items[n++] = gp_arena_copy(l->config->arena, gp_span_from(l->drop_ins));
	l->config->watched = (struct gp_config_texts) {items, n};
	l->config->empty = (struct gp_config_texts) {empty, blank};
	return gp_arena_status(l->config->arena);
}

/* report_empty: what the main file was to say is missed by others, whose errors do not name it. */
static void report_empty(struct loader *l)
{
	if (gp_config_emptied(l->config, NULL))
		gp_strbuf_add(error_begin(l), GP_CONFIG_EMPTIED "\n");
}

/* load_text: reads, checks, settles. */
static int load_text(struct loader *l, const char *name, struct gp_span text)
{
	find_drop_ins(l, name);
	int rc = config_reset(l->config, name);
	if (!rc)
		rc = gp_config_draft_reset(&l->draft);
	if (!rc)
		rc = read_all(l, name, text);
	if (!rc)
		gp_config_lists_finish(&l->draft);
	if (rc || l->origin == FROM_TABLE)
		return rc || !l->errors->count ? rc : GP_ESYNTAX;
	rc = watch(l);
	if (!rc && l->reader.is_whole) /* else limits may be missing that are in the file */
		rc = gp_config_draft_finish(&l->draft);
	if (!rc)
		gp_config_cross_check(&l->draft);
	if (!rc && l->errors->count) {
		report_empty(l);
		rc = GP_ESYNTAX;
	}
	if (!rc)
		rc = gp_config_warn(&l->draft);
	return rc ? rc : gp_config_settle(l->config);
}

/* load_bounded: load_text, with what is too large for us told as an error of the file. */
static int load_bounded(struct loader *l, const char *name, struct gp_span text)
{
	int rc = GP_OK;
	l->name = name;
	if (text.len > GP_CONFIG_FILE_MAX && l->origin != FROM_ALONE) {
		gp_strbuf_printf(error_begin(l), "larger than %d bytes\n", GP_CONFIG_FILE_MAX);
		return GP_ESYNTAX;
	}
	rc = load_text(l, name, text);
	if ((rc == GP_ENOMEM || rc == GP_ETOOBIG) &&
		(gp_arena_status(l->config->arena) == GP_ETOOBIG ||
			gp_arena_status(l->draft.scratch) == GP_ETOOBIG)) {
		gp_strbuf_printf(error_begin(l), "needs more than %u MiB of memory\n",
			GP_CONFIG_MEMORY >> 20);
		rc = GP_ESYNTAX;
	}
	return rc;
}

/* parse: one snapshot from text. */
static int parse(struct gp_span text, const char *name, enum origin origin,
	struct gp_config **config_out, struct gp_config_errors *errors)
{
	struct gp_config *config = calloc(1, sizeof *config);
	struct loader *l = calloc(1, sizeof *l);
	int rc = gp_config_errors_begin(errors);
	if (config && l) {
		config->arena = gp_arena_new(GP_CONFIG_MEMORY);
		l->draft.scratch = gp_arena_new(GP_CONFIG_MEMORY / 2);
		l->config = l->draft.config = config;
		l->errors = l->draft.errors = errors;
	}
	if (!config || !l || !config->arena || !l->draft.scratch)
		rc = GP_ENOMEM;
	if (!rc) {
		l->origin = origin;
		l->draft.is_table = origin == FROM_TABLE;
		l->draft.load_table = gp_config_list_table;
		l->reader.draft = &l->draft;
		l->reader.is_whole = true;
		rc = load_bounded(l, name, text);
	}
	if (errors->arena)
		gp_config_errors_end(errors);
	if (l && errors->arena && config)
		gp_config_hide_keys(errors, &l->draft);
	if (rc)
		gp_config_free(config);
	else
		*config_out = config;
	if (l) {
		gp_config_sources_free(&l->sources);
		gp_config_draft_free(&l->draft);
	}
	free(l);
	return rc;
}

/* gp_config_parse: with what it includes. */
int gp_config_parse(struct gp_span text, const char *name, struct gp_config **config_out,
	struct gp_config_errors *errors)
{
	return parse(text, name, FROM_TEXT, config_out, errors);
}

/* gp_config_parse_alone: without. */
int gp_config_parse_alone(struct gp_span text, const char *name, struct gp_config **config_out,
	struct gp_config_errors *errors)
{
	return parse(text, name, FROM_ALONE, config_out, errors);
}

/* gp_config_list_table: of the program itself. */
int gp_config_list_table(struct gp_config **config_out, struct gp_config_errors *errors)
{
	return parse(gp_span_from(gp_dnsbl_table), "known lists", FROM_TABLE, config_out, errors);
}

/* gp_config_load: the file's text, then as above. */
int gp_config_load(const char *path, struct gp_config **config_out, struct gp_config_errors *errors)
{
	struct gp_span text;
	int rc = gp_config_file_read(path, GP_CONFIG_FILE_MAX, &text);
	int saved = errno;
	if (rc == GP_OK) {
		rc = parse(text, path, FROM_FILE, config_out, errors);
		free((void *)(uintptr_t)text.ptr);
	} else if (gp_config_errors_begin(errors) == GP_OK) {
		struct gp_strbuf *buf = gp_config_error(errors, (struct gp_config_place) {path, 0});
		gp_strbuf_printf(buf, "cannot be read: %s\n",
			rc == GP_EIO ? strerror(saved) : gp_err_text(rc));
		gp_config_errors_end(errors);
	}
	return rc;
}

/* gp_config_free: the arena holds all but the struct and the public suffixes. */
void gp_config_free(struct gp_config *config)
{
	if (!config)
		return;
	gp_suffix_list_free(config->dmarc.list);
	gp_suffix_list_free(config->list_suffixes);
	gp_config_free(config->list_table);
	gp_arena_free(config->arena);
	free(config);
}
