/* SPDX-License-Identifier: ISC */
/*
 * Loading: libconfuse reads the texts, every value goes through its row, all errors are collected.
 *
 * libconfuse stops at an option it does not know. To report all of them at once the text is read
 * again with the unknown statement made blank; the last round therefore sees the whole file. In an
 * override the options are the names of limits: those that are found by looking for them, and one
 * that libconfuse does not know all the same is declared for the next round; whether there is such
 * a limit is asked at the end. The files that the main one includes become known when it has been
 * read; then all are read together.
 *
 * The section "override" is one object for libconfuse, filled again each time: its callbacks take
 * what they need, and a hundred thousand of them cost no more than their text.
 *
 * libconfuse's scanner is one global object that may stay inside an unfinished string after an
 * error, so parsing is serialised and the scanner is brought back to its start after every round
 * (scanner_recover). What else it would let pass is caught before it reads (config_scan.c).
 */
#include "config/config.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "config/config_load_private.h"

#define UNKNOWN_MAX 32 /* unknown options that are reported one by one */
#define SECTIONS_MAX 16
#define TOP_MAX (GP_CONFIG_ROWS_MAX + SECTIONS_MAX) /* options and sections of the top level */

struct unknown {
	const char *section; /* NULL for the top level */
	char name[64];
	size_t source;
	int line;
};

enum origin {
	FROM_FILE,
	FROM_TEXT, /* which may be empty */
	FROM_ALONE /* and nothing else is read */
};

/* What the callbacks of libconfuse, which carry no argument of ours, work on. */
struct loader {
	struct gp_config *config;
	struct gp_config_errors *errors;
	struct gp_config_draft draft;
	struct gp_config_sources sources;
	size_t source;                      /* the one that is read */
	const char *file;                   /* its name, the config's */
	char drop_ins[PATH_MAX];            /* folder; "": none */
	enum origin origin;                 /* of the main text */
	cfg_t *root;                        /* of the round */
	bool closed[GP_CONFIG_ROWS_MAX];    /* the row's list has ended */
	bool validated[GP_CONFIG_ROWS_MAX]; /* on_validate came for its newest value */
	bool reading;                       /* libconfuse reads a text, not its tables */
	bool is_whole;                      /* all texts of the round were read to their end */
	struct unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	bool found_unknown; /* in this round */
	bool found_name;    /* in this round, of a limit */
	int status;         /* other than of the file: memory */
};

/* Guards libconfuse's scanner, and loading, which the callbacks use. */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static struct loader *loading;

/* error_begin: one more error in the text that is read. */
static struct gp_strbuf *error_begin(struct loader *l, int line)
{
	return gp_config_error(l->errors, (struct gp_config_place) {l->file, line});
}

/* note_status: the first trouble that is not the file's. */
static void note_status(struct loader *l, int rc)
{
	if (rc && !l->status)
		l->status = rc;
}

/* ---- callbacks of libconfuse ---- */

/* section_of: the section's name as our rows have it. */
static const char *section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? NULL : cfg->name;
}

/* row_index: of an option that stands in this section, or -1. */
static int row_index(const cfg_t *cfg, const cfg_opt_t *opt)
{
	const char *section = section_of(cfg);
	const struct gp_config_row *row = gp_config_row_find(section, opt->name);
	/* libconfuse takes "section|name" for a path, and its option for the top level's */
	for (size_t i = 0; row && !section; i++) {
		if (!cfg->opts[i].name)
			return -1;
		if (&cfg->opts[i] == opt)
			break;
	}
	return row ? (int)(row - gp_config_rows) : -1;
}

/* target_of: where the values of a section go. */
static struct gp_config_target target_of(struct loader *l, const char *section)
{
	const struct gp_config_section *s = gp_config_section_find(section);
	if (s && s->times == GP_SECTION_NAMED)
		return (struct gp_config_target) {l->config->arena, &l->draft.limit};
	if (s && s->times == GP_SECTION_MANY)
		return (struct gp_config_target) {l->draft.scratch, &l->draft.override};
	return (struct gp_config_target) {l->config->arena, l->config};
}

/* open_section: one that repeats begins with its first option. */
static void open_section(struct loader *l, const char *name, const char *title)
{
	const struct gp_config_section *s = gp_config_section_find(name);
	if (!s || s->times == GP_SECTION_ONCE || l->draft.is_open)
		return;
	/* the line of the outer level stands still while libconfuse reads the section */
	const struct gp_config_place where = {l->file, l->root->line};
	note_status(l, gp_config_draft_begin(&l->draft, s, title, where));
	const struct gp_config_range rows = gp_config_rows_of(name);
	for (size_t i = rows.first; i < rows.end; i++)
		l->closed[i] = l->validated[i] = false;
}

/* has_drop_ins: are there files that may set again what is set? */
static bool has_drop_ins(const struct loader *l)
{
	return l->sources.first_drop_in && l->sources.first_drop_in < l->sources.count;
}

/* overrides: is the text that is read a drop-in file, and was the other place in another file? */
static bool overrides(const struct loader *l, const struct gp_config_place *before)
{
	return has_drop_ins(l) && l->source >= l->sources.first_drop_in &&
	       strcmp(before->file, l->file) != 0;
}

/* note_assignment: remembers the place of the first one; a second one is an error. */
static void note_assignment(struct loader *l, int line, int index)
{
	const struct gp_config_row *row = &gp_config_rows[index];
	const struct gp_config_place here = {l->file, line};
	/* a drop-in file has the last word about what other files say */
	bool may_again = l->draft.at[index].file &&
			 (line == 0 ? has_drop_ins(l) : overrides(l, &l->draft.at[index]));
	if (l->draft.at[index].file && !may_again) {
		struct gp_strbuf *buf = gp_config_error(l->errors, here);
		gp_config_add_option(buf, row->section, l->draft.title, row->name);
		gp_config_add_repeated(buf, here, l->draft.at[index]);
	} else {
		l->draft.at[index] = here;
	}
	l->closed[index] = false;
}

/* row_value: one value of a row. */
static void row_value(struct loader *l, cfg_t *cfg, cfg_opt_t *opt, int index, struct gp_span value)
{
	const struct gp_config_row *row = &gp_config_rows[index];
	const struct gp_config_place here = {l->file, cfg->line};
	struct gp_config_bad bad;
	/* "=" begins with one value, "+=" goes on from the default, once */
	if (!l->draft.at[index].file || l->closed[index] || cfg_opt_size(opt) == 1)
		note_assignment(l, cfg->line, index);
	int rc = gp_config_value_set(target_of(l, row->section), row, &value, 1, &bad);
	if (rc == GP_ESYNTAX)
		gp_config_error_value(l->errors, here, l->draft.title, row, bad);
	else
		note_status(l, rc);
	if (row->kind == GP_KIND_AMOUNT)
		l->draft.max_has_unit = gp_config_amount_has_unit(value);
	l->validated[index] = false;
}

/* on_value: libconfuse has read one value; it keeps what is put into result. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct loader *l = loading;
	const char *section = section_of(cfg);
	*(const char **)result = value;
	if (!l->reading)
		return 0; /* a default of libconfuse's own copy of the tables */
	open_section(l, section, cfg->title);
	int index = row_index(cfg, opt);
	const struct gp_config_section *s = gp_config_section_find(section);
	if (index >= 0 && gp_config_rows[index].kind == GP_KIND_FILES && l->source > 0)
		gp_strbuf_printf(error_begin(l, cfg->line),
			"%s: only the main file may include others\n", opt->name);
	else if (index >= 0)
		row_value(l, cfg, opt, index, gp_span_from(value));
	else if (s && s->times == GP_SECTION_MANY)
		note_status(l, gp_config_draft_maximum(&l->draft, opt->name, gp_span_from(value),
				       (struct gp_config_place) {l->file, cfg->line}));
	else
		gp_strbuf_printf(error_begin(l, cfg->line),
			"unknown option; %s belongs into its section\n", opt->name);
	return 0;
}

/* on_validate: comes once after each value, and once more where a list in braces ends. */
static int on_validate(cfg_t *cfg, cfg_opt_t *opt)
{
	struct loader *l = loading;
	int index = row_index(cfg, opt);
	if (l->reading && index >= 0) {
		l->closed[index] = l->validated[index];
		l->validated[index] = true;
	}
	return 0;
}

/* assign_list: a list as a whole, once all its values are known to be good. */
static void assign_list(struct loader *l, cfg_t *section, size_t index)
{
	const struct gp_config_row *row = &gp_config_rows[index];
	const struct gp_config_target to = target_of(l, row->section);
	cfg_opt_t *opt = gp_config_kind_is_list(row->kind) ? cfg_getopt(section, row->name) : NULL;
	if (!opt)
		return;
	size_t n = cfg_opt_size(opt);
	if (n == 0 && l->draft.at[index].file) /* an empty list makes no callback */
		note_assignment(l, 0, (int)index);
	struct gp_config_bad bad;
	struct gp_span *values = gp_arena_array(to.arena, n ? n : 1, sizeof *values);
	for (size_t k = 0; values && k < n; k++)
		values[k] = gp_span_from(cfg_opt_getnstr(opt, (unsigned)k));
	int rc = values ? gp_config_value_set(to, row, values, n, &bad) : GP_ENOMEM;
	if (rc == GP_ESYNTAX && (n < row->min || n > row->max)) {
		struct gp_config_place where = l->draft.at[index];
		if (!where.file)
			where.file = l->file;
		gp_config_error_value(l->errors, where, l->draft.title, row, bad);
	} else if (rc != GP_ESYNTAX) { /* a bad item was reported with its line */
		note_status(l, rc);
	}
}

/* on_section: one that repeats ends; what libconfuse keeps of it is of no use. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	struct loader *l = loading;
	unsigned last = cfg_opt_size(opt) - 1;
	cfg_t *section = cfg_opt_getnsec(opt, last);
	const struct gp_config_section *s = gp_config_section_find(opt->name);
	(void)cfg;
	open_section(l, opt->name, section->title); /* if nothing stands in it */
	const struct gp_config_range rows = gp_config_rows_of(opt->name);
	for (size_t i = rows.first; i < rows.end; i++)
		assign_list(l, section, i);
	note_status(l, gp_config_draft_end(&l->draft, s));
	if (s->times == GP_SECTION_NAMED)
		(void)cfg_opt_rmnsec(opt, last); /* it is there */
	return 0;
}

/* remember_unknown: for the report; false when there are too many. */
static bool remember_unknown(struct loader *l, const char *section, const char *name, int line)
{
	struct unknown *u = &l->unknown[l->unknown_count];
	const struct gp_config_section *s = gp_config_section_find(section);
	if (l->unknown_count == UNKNOWN_MAX || strlen(name) >= sizeof u->name)
		return false;
	/* the section's name belongs to libconfuse and ends with the round: take the rows' own */
	u->section = s ? s->name : NULL;
	u->source = l->source;
	u->line = line;
	snprintf(u->name, sizeof u->name, "%s", name);
	l->unknown_count++;
	return true;
}

/* report_unknown: the error line of one that was found. */
static void report_unknown(struct loader *l, const struct unknown *u)
{
	const struct gp_config_section *s = gp_config_section_find(u->section);
	const struct gp_config_place where = {l->sources.items[u->source].name, u->line};
	struct gp_strbuf *buf = gp_config_error(l->errors, where);
	gp_strbuf_add(buf, "unknown option ");
	gp_config_add_option(buf, u->section, NULL, u->name);
	gp_strbuf_add(buf, *u->name == ';' ? "; a statement ends without a semicolon\n"
			   : s && s->times == GP_SECTION_MANY
				   ? "; it can be no limit's name\n"
				   : "; gatepost check-config --example lists all options\n");
}

/* blank_unknown: takes the newest out of the text; false when it cannot, and the report ends. */
static bool blank_unknown(struct loader *l)
{
	const struct unknown *u = &l->unknown[l->unknown_count - 1];
	const struct gp_config_source *source = &l->sources.items[u->source];
	if (gp_config_blank_statement(source->text, source->len, u->line, u->name))
		return true;
	report_unknown(l, u); /* the rounds before have reported the others */
	return false;
}

/* found: an option that libconfuse does not know; false when there are too many of them. */
static bool found(struct loader *l, const cfg_t *cfg, const char *name)
{
	const char *section = section_of(cfg);
	const struct gp_config_section *s = gp_config_section_find(section);
	if (s && s->times == GP_SECTION_MANY &&
		gp_config_draft_declare(&l->draft, gp_span_from(name)))
		return l->found_name = true;
	return l->found_unknown = remember_unknown(l, section, name, cfg->line);
}

static void on_error(cfg_t *cfg, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* on_error: libconfuse gives up the text. */
static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
	struct loader *l = loading;
	char text[256];
	if (strcmp(format, "no such option '%s'") == 0) {
		va_list copy;
		va_copy(copy, ap);
		bool is_found = found(l, cfg, va_arg(copy, const char *));
		va_end(copy);
		if (is_found)
			return;
	}
	vsnprintf(text, sizeof text, format, ap);
	struct gp_strbuf *buf = error_begin(l, cfg->line);
	gp_encode_visible(buf, gp_span_from(text));
	gp_config_add_invisible(buf, gp_span_from(text));
	gp_strbuf_add(buf, "\n");
}

/* ---- one round of libconfuse ---- */

struct tables {
	char presets[8192];
	size_t presets_used;
	cfg_opt_t options[]; /* section by section, each with its end */
};

/* list_preset: "{a, b}" with quotes, so that += adds to the default. */
static char *list_preset(struct tables *t, const struct gp_config_row *row)
{
	struct gp_span values[16];
	size_t n = gp_config_preset(row, values, 16);
	char *at = t->presets + t->presets_used;
	size_t left = sizeof t->presets - t->presets_used, used = 0;
	used += (size_t)snprintf(at, left, "{");
	for (size_t i = 0; i < n && used < left; i++)
		used += (size_t)snprintf(at + used, left - used, "%s\"%.*s\"", i ? ", " : "",
			(int)values[i].len, values[i].ptr);
	if (used < left)
		used += (size_t)snprintf(at + used, left - used, "}");
	if (used >= left)
		return NULL;
	t->presets_used += used + 1;
	return at;
}

/* fill: the options of one section; how many. */
static size_t fill(struct tables *t, const char *section, cfg_opt_t *out)
{
	const struct gp_config_range rows = gp_config_rows_of(section);
	size_t n = 0;
	for (size_t i = rows.first; i < rows.end; i++) {
		const struct gp_config_row *row = &gp_config_rows[i];
		/* libconfuse reads a default anew in each section that repeats: leave empty ones */
		bool has_preset = row->preset && *row->preset;
		if (gp_config_kind_is_list(row->kind))
			out[n++] = (cfg_opt_t)CFG_STR_LIST_CB(row->name,
				has_preset ? list_preset(t, row) : NULL, CFGF_NONE, on_value);
		else
			out[n++] = (cfg_opt_t)CFG_STR_CB(row->name, NULL, CFGF_NODEFAULT, on_value);
		out[n - 1].validcb = on_validate;
	}
	return n;
}

/* fill_names: the names of limits, which are options in overrides; how many. */
static size_t fill_names(const struct gp_config_draft *draft, cfg_opt_t *out)
{
	for (size_t i = 0; i < draft->name_count; i++)
		out[i] = (cfg_opt_t)CFG_STR_CB(draft->names[i], NULL, CFGF_NODEFAULT, on_value);
	return draft->name_count;
}

/* tables_new: with room for every option. */
static struct tables *tables_new(const struct gp_config_draft *draft)
{
	size_t count = gp_config_row_count + draft->name_count + (size_t)2 * SECTIONS_MAX;
	return calloc(1, sizeof(struct tables) + count * sizeof(cfg_opt_t));
}

/* cfg_new: libconfuse's object for a round, or NULL. */
static cfg_t *cfg_new(const struct gp_config_draft *draft)
{
	struct tables *t = tables_new(draft);
	cfg_opt_t top[TOP_MAX];
	if (!t)
		return NULL;
	size_t n = fill(t, NULL, top);
	cfg_opt_t *section = t->options;
	for (const struct gp_config_section *s = gp_config_sections; s->name; s++) {
		size_t m = fill(t, s->name, section);
		if (s->times == GP_SECTION_MANY)
			m += fill_names(draft, &section[m]);
		section[m++] = (cfg_opt_t)CFG_END();
		cfg_flag_t flags =
			s->times == GP_SECTION_NAMED ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE;
		top[n++] = (cfg_opt_t)CFG_SEC(s->name, section, flags);
		if (s->times != GP_SECTION_ONCE)
			top[n - 1].validcb = on_section;
		section += m;
	}
	top[n] = (cfg_opt_t)CFG_END();
	cfg_t *cfg = cfg_init(top, CFGF_NONE); /* copies the tables */
	free(t);
	if (cfg)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* ignore_error: for the probes below. */
static void ignore_error(cfg_t *cfg, const char *format, va_list ap)
{
	(void)cfg;
	(void)format;
	(void)ap;
}

/* scanner_reads: does the scanner take a plain assignment, after this text? */
static bool scanner_reads(const char *text)
{
	cfg_opt_t opts[] = {CFG_STR("probe", NULL, CFGF_NODEFAULT), CFG_END()};
	cfg_t *cfg = cfg_init(opts, CFGF_NONE);
	bool reads = false;
	if (cfg) {
		char buf[32];
		cfg_set_error_function(cfg, ignore_error);
		snprintf(buf, sizeof buf, "%s\n", text);
		if (*text)
			(void)cfg_parse_buf(cfg, buf); /* meant to close what is open */
		reads = cfg_parse_buf(cfg, "probe = yes\n") == CFG_SUCCESS &&
			cfg_getstr(cfg, "probe") && strcmp(cfg_getstr(cfg, "probe"), "yes") == 0;
		cfg_free(cfg);
	}
	return reads;
}

/* scanner_recover: back to the start; false when something had been left open. */
static bool scanner_recover(void)
{
	if (scanner_reads(""))
		return true;
	if (!scanner_reads("\"") && !scanner_reads("'"))
		(void)scanner_reads("*/"); /* the last of the three things that can be open */
	return false;
}

/* config_reset: an empty snapshot with all defaults. */
static int config_reset(struct gp_config *config, const char *name)
{
	struct gp_arena *arena = config->arena;
	gp_arena_reset(arena);
	*config = (struct gp_config) {.arena = arena};
	config->path = gp_arena_copy(arena, gp_span_from(name));
	const struct gp_config_target to = {arena, config};
	int rc = config->path ? gp_config_presets(to, NULL) : GP_ENOMEM;
	for (const struct gp_config_section *s = gp_config_sections; !rc && s->name; s++)
		if (s->times == GP_SECTION_ONCE)
			rc = gp_config_presets(to, s->name);
	return rc;
}

/* round_begin: everything as if nothing had been read. */
static int round_begin(struct loader *l)
{
	int rc = gp_config_errors_begin(l->errors);
	if (!rc)
		rc = config_reset(l->config, l->sources.items[0].name);
	if (!rc)
		rc = gp_config_draft_reset(&l->draft);
	memset(l->closed, 0, sizeof l->closed);
	memset(l->validated, 0, sizeof l->validated);
	l->found_unknown = l->found_name = false;
	l->is_whole = true;
	return rc;
}

/* read_source: libconfuse reads one text. */
static void read_source(struct loader *l, const struct gp_config_source *source)
{
	size_t errors = l->errors->count;
	if (source->problem) {
		struct gp_strbuf *buf = gp_config_error(l->errors,
			(struct gp_config_place) {
				source->in_main ? l->config->path : l->file, source->line});
		if (source->in_main) {
			gp_strbuf_add(buf, "include: ");
			gp_encode_text(buf, gp_span_from(source->name));
			gp_strbuf_add(buf, " ");
		}
		gp_strbuf_printf(buf, "%s\n", source->problem);
		l->is_whole = false;
		return;
	}
	l->reading = true;
	int parsed = cfg_parse_buf(l->root, source->text);
	l->reading = false;
	l->draft.is_open = false;
	l->draft.title = NULL;
	bool closed = scanner_recover();
	l->is_whole = l->is_whole && parsed == CFG_SUCCESS && closed;
	/* gp_config_scan lets nothing open through; this is for what it does not foresee */
	if (!l->found_unknown && !l->found_name && (parsed != CFG_SUCCESS || !closed) &&
		l->errors->count == errors)
		gp_strbuf_add(error_begin(l, 0), "cannot be read\n");
}

/* read_sources: all of them, until one has something for the next round. */
static void read_sources(struct loader *l)
{
	for (size_t i = 0; i < l->unknown_count; i++)
		report_unknown(l, &l->unknown[i]);
	for (size_t i = 0;
		!l->status && !l->found_unknown && !l->found_name && i < l->sources.count; i++) {
		l->source = i;
		l->file = gp_arena_copy(l->config->arena, gp_span_from(l->sources.items[i].name));
		if (l->file)
			read_source(l, &l->sources.items[i]);
		else
			note_status(l, GP_ENOMEM);
	}
	l->file = l->config->path; /* for what has no line */
}

/* round_once: reads all texts once; GP_OK unless memory ran out. */
static int round_once(struct loader *l)
{
	int rc = round_begin(l);
	if (rc)
		return rc;
	l->root = cfg_new(&l->draft);
	if (!l->root)
		return GP_ENOMEM;
	read_sources(l);
	for (size_t i = 0; i < gp_config_row_count; i++) {
		const struct gp_config_row *row = &gp_config_rows[i];
		const struct gp_config_section *s = gp_config_section_find(row->section);
		if (gp_config_kind_is_list(row->kind) && (!s || s->times == GP_SECTION_ONCE))
			assign_list(l, s ? cfg_getsec(l->root, s->name) : l->root, i);
	}
	cfg_free(l->root);
	l->root = NULL;
	return l->status;
}

/* declare_limits: limits are known before any override is read, wherever they stand. */
static void declare_limits(struct loader *l)
{
	for (size_t i = 0; i < l->sources.count; i++) {
		const struct gp_config_source *source = &l->sources.items[i];
		struct gp_span title;
		size_t at = 0;
		while (source->text &&
			gp_config_next_title(source->text, source->len, "limit", &at, &title))
			(void)gp_config_draft_declare(&l->draft, title); /* else not a name */
	}
}

/* rounds: until nothing new shows up. */
static int rounds(struct loader *l)
{
	int rc;
	declare_limits(l);
	do
		rc = round_once(l);
	while (!rc && (l->found_name || (l->found_unknown && blank_unknown(l))));
	return rc;
}

/* ---- all of it ---- */

/* find_drop_ins: their folder, beside the main file. */
static void find_drop_ins(struct loader *l, const char *name)
{
	const char *slash = strrchr(name, '/');
	int n = slash ? (int)(slash - name) + 1 : 0;
	int len =
		snprintf(l->drop_ins, sizeof l->drop_ins, "%.*s" GP_CONFIG_DROP_IN_FOLDER, n, name);
	if (len >= (int)sizeof l->drop_ins)
		*l->drop_ins = 0; /* no file has such a name either */
}

/* read_all: the main text, and then once more with what it includes and the drop-in files. */
static int read_all(struct loader *l, const char *name, struct gp_span text)
{
	int rc = gp_config_sources_add(&l->sources, name, text);
	if (!rc)
		rc = rounds(l);
	if (rc)
		return rc;
	if (l->origin == FROM_ALONE)
		return GP_OK;
	int line = gp_config_draft_at(&l->draft, NULL, "include").line;
	rc = gp_config_sources_include(&l->sources, &l->config->includes, line);
	if (!rc && *l->drop_ins)
		rc = gp_config_sources_drop_in(&l->sources, l->drop_ins);
	return rc || l->sources.count == 1 ? rc : rounds(l);
}

/* watch: remembers what was read, and the folders that may get more files. */
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
		gp_strbuf_add(error_begin(l, 0), GP_CONFIG_EMPTIED "\n");
}

/* load_text: reads, checks, settles. */
static int load_text(struct loader *l, const char *name, struct gp_span text)
{
	loading = l;
	find_drop_ins(l, name);
	int rc = read_all(l, name, text);
	loading = NULL;
	if (!rc)
		rc = watch(l);
	if (!rc && l->is_whole) /* else limits may be missing that are in the file */
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
	l->file = name;
	if (text.len > GP_CONFIG_FILE_MAX && l->origin != FROM_ALONE) {
		gp_strbuf_printf(error_begin(l, 0), "larger than %d bytes\n", GP_CONFIG_FILE_MAX);
		return GP_ESYNTAX;
	}
	pthread_mutex_lock(&parse_lock);
	rc = load_text(l, name, text);
	pthread_mutex_unlock(&parse_lock);
	if (rc == GP_ENOMEM && (gp_arena_status(l->config->arena) == GP_ETOOBIG ||
				       gp_arena_status(l->draft.scratch) == GP_ETOOBIG)) {
		l->file = name;
		gp_strbuf_printf(error_begin(l, 0), "says more than fits into %u MiB of memory\n",
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
		rc = load_bounded(l, name, text);
	}
	if (rc)
		gp_config_free(config);
	else
		*config_out = config;
	if (l) {
		gp_config_sources_free(&l->sources);
		gp_config_draft_free(&l->draft);
	}
	free(l);
	if (errors->arena)
		gp_config_errors_end(errors);
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
	gp_dmarc_psl_free(config->dmarc.list);
	gp_arena_free(config->arena);
	free(config);
}
