/* SPDX-License-Identifier: ISC */
/*
 * Loading: libconfuse reads the text, every value goes through its row, all errors are collected.
 *
 * libconfuse stops at an option it does not know. To report all of them at once the text is read
 * again with the unknown statement made blank; the last round therefore sees the whole file. Its
 * scanner is one global object that may stay inside an unfinished string after an error, so parsing
 * is serialised and the scanner is brought back to its start after every round (scanner_recover).
 * What else it would let pass is caught before it reads (config_scan.c).
 */
#include "config/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "config/config_private.h"

#define UNKNOWN_MAX 32 /* unknown options that are reported one by one */
#define ROWS_MAX 128
#define CONFIG_MEMORY (64u * 1024 * 1024)
#define ERRORS_MEMORY (1024u * 1024)

struct unknown {
	const char *section; /* NULL for the top level */
	char name[64];
	int line;
};

/* What the callbacks of libconfuse, which carry no argument of ours, work on. */
struct loader {
	const char *name;
	struct gp_config *config;
	struct gp_config_errors *errors;
	int line[ROWS_MAX];       /* where the row was set; 0: nowhere */
	bool closed[ROWS_MAX];    /* its list has ended */
	bool validated[ROWS_MAX]; /* on_validate came for its newest value */
	bool reading;             /* libconfuse reads the file, not its tables */
	struct unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	bool found_unknown; /* in this round */
	int status;         /* other than of the file: memory */
};

/* Guards libconfuse's scanner, and loading, which the callbacks use. */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static struct loader *loading;

/* ---- errors ---- */

/* errors_begin: an empty list, whose memory is the errors' own. */
static int errors_begin(struct gp_config_errors *errors)
{
	if (!errors->arena)
		errors->arena = gp_arena_new(ERRORS_MEMORY);
	if (!errors->arena)
		return GP_ENOMEM;
	gp_arena_reset(errors->arena);
	gp_strbuf_init(&errors->buf, errors->arena, ERRORS_MEMORY / 4);
	errors->count = 0;
	errors->text = "";
	return GP_OK;
}

/* errors_end: the collected text. */
static void errors_end(struct gp_config_errors *errors)
{
	if (gp_strbuf_finish(&errors->buf, &errors->text))
		errors->text = "more errors than can be listed\n";
}

/* error_begin: "file:line: " of one more error; line 0 is left out. */
static struct gp_strbuf *error_begin(struct loader *l, int line)
{
	struct gp_strbuf *buf = &l->errors->buf;
	l->errors->count++;
	gp_strbuf_printf(buf, "%s:", l->name);
	if (line > 0)
		gp_strbuf_printf(buf, "%d:", line);
	gp_strbuf_add(buf, " ");
	return buf;
}

/* add_option: section.name or name. */
static void add_option(struct gp_strbuf *buf, const char *section, const char *name)
{
	gp_strbuf_printf(buf, "%s%s%s", section ? section : "", section ? "." : "", name);
}

/* error_value: a value that its row does not take. */
static void error_value(
	struct loader *l, int line, const struct gp_config_row *row, struct gp_span value)
{
	struct gp_strbuf *buf = error_begin(l, line);
	add_option(buf, row->section, row->name);
	gp_strbuf_add(buf, ": ");
	gp_encode_text(buf, (struct gp_span) {value.ptr, value.len > 80 ? 80 : value.len});
	gp_strbuf_add(buf, value.len ? " is not allowed here; allowed: " : "is empty; allowed: ");
	gp_config_allowed(buf, row);
	gp_strbuf_add(buf, "\n");
}

/* gp_config_errors_fini: the arena is all there is. */
void gp_config_errors_fini(struct gp_config_errors *errors)
{
	gp_arena_free(errors->arena);
	*errors = (struct gp_config_errors) {0};
}

/* ---- callbacks of libconfuse ---- */

/* section_of: the section's name as our rows have it. */
static const char *section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? NULL : cfg->name;
}

/* row_index: of an option, or -1. */
static int row_index(const char *section, const char *name)
{
	for (size_t i = 0; i < gp_config_row_count; i++)
		if (gp_config_same_section(gp_config_rows[i].section, section) &&
			strcmp(gp_config_rows[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* note_assignment: remembers the line of the first one; a second one is an error. */
static void note_assignment(struct loader *l, int line, int index)
{
	if (l->line[index]) {
		struct gp_strbuf *buf = error_begin(l, line);
		add_option(buf, gp_config_rows[index].section, gp_config_rows[index].name);
		gp_strbuf_printf(buf, ": repeated; it is set in line %d already\n", l->line[index]);
	} else {
		l->line[index] = line;
	}
	l->closed[index] = false;
}

/* on_value: libconfuse has read one value; it keeps what is put into result. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct loader *l = loading;
	int index = row_index(section_of(cfg), opt->name);
	struct gp_span bad, text = gp_span_from(value);
	*(const char **)result = value;
	if (!l->reading)
		return 0; /* a default of libconfuse's own copy of the tables */
	if (index < 0) {  /* libconfuse takes "section|name" for a path at the top level */
		gp_strbuf_printf(error_begin(l, cfg->line),
			"unknown option; %s belongs into its section\n", opt->name);
		return 0;
	}
	const struct gp_config_row *row = &gp_config_rows[index];
	/* "=" begins with one value, "+=" goes on from the default, once */
	if (l->line[index] == 0 || l->closed[index] || cfg_opt_size(opt) == 1)
		note_assignment(l, cfg->line, index);
	int rc = gp_config_value_set(l->config, row, &text, 1, &bad);
	if (rc == GP_ESYNTAX)
		error_value(l, cfg->line, row, bad);
	else if (rc)
		l->status = rc;
	l->validated[index] = false;
	return 0;
}

/* on_validate: comes once after each value, and once more where a list in braces ends. */
static int on_validate(cfg_t *cfg, cfg_opt_t *opt)
{
	struct loader *l = loading;
	int index = row_index(section_of(cfg), opt->name);
	if (l->reading && index >= 0) {
		l->closed[index] = l->validated[index];
		l->validated[index] = true;
	}
	return 0;
}

/* remember_unknown: for the report; false when there are too many. */
static bool remember_unknown(struct loader *l, const char *section, const char *name, int line)
{
	struct unknown *u = &l->unknown[l->unknown_count];
	if (l->unknown_count == UNKNOWN_MAX || strlen(name) >= sizeof u->name)
		return false;
	/* the section's name belongs to libconfuse and ends with the round: take the rows' own */
	u->section = NULL;
	for (const struct gp_config_section *s = gp_config_sections; section && s->name; s++)
		if (strcmp(s->name, section) == 0)
			u->section = s->name;
	u->line = line;
	snprintf(u->name, sizeof u->name, "%s", name);
	l->unknown_count++;
	return true;
}

/* report_unknown: the error line of one that was found. */
static void report_unknown(struct loader *l, const struct unknown *u)
{
	struct gp_strbuf *buf = error_begin(l, u->line);
	gp_strbuf_add(buf, "unknown option ");
	add_option(buf, u->section, u->name);
	gp_strbuf_add(buf, "; gatepost check-config --example lists all options\n");
}

/* blank_unknown: takes the newest out of the text; false when it cannot, and the report ends. */
static bool blank_unknown(struct loader *l, char *text, size_t len)
{
	const struct unknown *u = &l->unknown[l->unknown_count - 1];
	if (gp_config_blank_statement(text, len, u->line, u->name))
		return true;
	report_unknown(l, u); /* the rounds before have reported the others */
	return false;
}

/* on_error: libconfuse gives up the round. */
static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
	struct loader *l = loading;
	char text[256];
	if (strcmp(format, "no such option '%s'") == 0) {
		va_list copy;
		va_copy(copy, ap);
		l->found_unknown =
			remember_unknown(l, section_of(cfg), va_arg(copy, const char *), cfg->line);
		va_end(copy);
		if (l->found_unknown)
			return;
	}
	vsnprintf(text, sizeof text, format, ap);
	struct gp_strbuf *buf = error_begin(l, cfg->line);
	gp_encode_visible(buf, gp_span_from(text));
	gp_strbuf_add(buf, "\n");
}

/* ---- one round of libconfuse ---- */

struct tables {
	cfg_opt_t top[ROWS_MAX];
	cfg_opt_t section[8][ROWS_MAX];
	char presets[8192];
	size_t presets_used;
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

/* fill: the options of one section. */
static size_t fill(struct tables *t, const char *section, cfg_opt_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < gp_config_row_count; i++) {
		const struct gp_config_row *row = &gp_config_rows[i];
		if (!gp_config_same_section(row->section, section))
			continue;
		if (gp_config_kind_is_list(row->kind))
			out[n++] = (cfg_opt_t)CFG_STR_LIST_CB(
				row->name, list_preset(t, row), CFGF_NONE, on_value);
		else
			out[n++] = (cfg_opt_t)CFG_STR_CB(row->name, NULL, CFGF_NODEFAULT, on_value);
	}
	return n;
}

/* set_validators: on_validate for every row. */
static void set_validators(cfg_t *cfg)
{
	char path[160];
	for (size_t i = 0; i < gp_config_row_count; i++) {
		const struct gp_config_row *row = &gp_config_rows[i];
		snprintf(path, sizeof path, "%s%s%s", row->section ? row->section : "",
			row->section ? "|" : "", row->name);
		cfg_set_validate_func(cfg, path, on_validate);
	}
}

/* cfg_new: libconfuse's object for a round, or NULL. */
static cfg_t *cfg_new(void)
{
	struct tables *t = calloc(1, sizeof *t);
	size_t n, s = 0;
	if (!t)
		return NULL;
	n = fill(t, NULL, t->top);
	for (const struct gp_config_section *sec = gp_config_sections; sec->name; sec++, s++) {
		size_t m = fill(t, sec->name, t->section[s]);
		t->section[s][m] = (cfg_opt_t)CFG_END();
		t->top[n++] = (cfg_opt_t)CFG_SEC(sec->name, t->section[s], CFGF_NONE);
	}
	t->top[n] = (cfg_opt_t)CFG_END();
	cfg_t *cfg = cfg_init(t->top, CFGF_NONE); /* copies the tables */
	free(t);
	if (cfg) {
		cfg_set_error_function(cfg, on_error);
		set_validators(cfg);
	}
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

/* assign_lists: the lists as a whole, once all their values are known to be good. */
static void assign_lists(struct loader *l, cfg_t *cfg)
{
	for (size_t i = 0; i < gp_config_row_count; i++) {
		const struct gp_config_row *row = &gp_config_rows[i];
		cfg_t *section = row->section ? cfg_getsec(cfg, row->section) : cfg;
		cfg_opt_t *opt = section ? cfg_getopt(section, row->name) : NULL;
		if (!gp_config_kind_is_list(row->kind) || !opt)
			continue;
		size_t n = cfg_opt_size(opt);
		if (n == 0 && l->line[i]) /* an empty list makes no callback */
			note_assignment(l, 0, (int)i);
		struct gp_span bad;
		struct gp_span *values =
			gp_arena_array(l->config->arena, n ? n : 1, sizeof *values);
		for (size_t k = 0; values && k < n; k++)
			values[k] = gp_span_from(cfg_opt_getnstr(opt, (unsigned)k));
		int rc = values ? gp_config_value_set(l->config, row, values, n, &bad) : GP_ENOMEM;
		if (rc == GP_ESYNTAX && (n < row->min || n > row->max))
			error_value(l, l->line[i], row, bad);
		else if (rc && rc != GP_ESYNTAX) /* a bad item was reported with its line */
			l->status = rc;
	}
}

/* presets: every row's default. */
static int presets(struct gp_config *config)
{
	for (size_t i = 0; i < gp_config_row_count; i++) {
		struct gp_span values[16], bad;
		size_t n = gp_config_preset(&gp_config_rows[i], values, 16);
		int rc = gp_config_value_set(config, &gp_config_rows[i], values, n, &bad);
		if (rc)
			return rc;
	}
	return GP_OK;
}

/* config_reset: an empty snapshot with all defaults. */
static int config_reset(struct gp_config *config, const char *name)
{
	struct gp_arena *arena = config->arena;
	gp_arena_reset(arena);
	*config = (struct gp_config) {.arena = arena};
	config->path = gp_arena_copy(arena, gp_span_from(name));
	return config->path ? presets(config) : GP_ENOMEM;
}

/* round_once: reads the whole text once; GP_OK unless memory ran out. */
static int round_once(struct loader *l, const char *text)
{
	int rc = errors_begin(l->errors);
	if (!rc)
		rc = config_reset(l->config, l->name);
	if (rc)
		return rc;
	memset(l->line, 0, sizeof l->line);
	memset(l->closed, 0, sizeof l->closed);
	memset(l->validated, 0, sizeof l->validated);
	l->found_unknown = false;
	cfg_t *cfg = cfg_new();
	if (!cfg)
		return GP_ENOMEM;
	for (size_t i = 0; i < l->unknown_count; i++)
		report_unknown(l, &l->unknown[i]);
	l->reading = true;
	int parsed = cfg_parse_buf(cfg, text);
	l->reading = false;
	bool closed = scanner_recover();
	/* gp_config_scan lets nothing open through; this is for what it does not foresee */
	if (!l->found_unknown && (parsed != CFG_SUCCESS || !closed) && l->errors->count == 0)
		gp_strbuf_add(error_begin(l, 0), "cannot be read\n");
	assign_lists(l, cfg);
	cfg_free(cfg);
	return l->status;
}

/* ---- what is settled after reading ---- */

/* read_all: what the descriptor holds, at most max bytes. */
static int read_all(int fd, struct gp_arena *arena, size_t max, struct gp_span *text_out)
{
	char *data = gp_arena_alloc(arena, max + 1);
	size_t n = 0;
	if (!data)
		return GP_ENOMEM;
	while (n <= max) {
		ssize_t got = read(fd, data + n, max + 1 - n);
		if (got < 0)
			return GP_EIO;
		if (got == 0) {
			*text_out = (struct gp_span) {data, n};
			return GP_OK;
		}
		n += (size_t)got;
	}
	return GP_ETOOBIG;
}

/* read_file: the text of a regular file; GP_EIO with errno. */
static int read_file(struct gp_arena *arena, const char *path, size_t max, struct gp_span *text_out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return GP_EIO;
	int rc = fstat(fd, &st) ? GP_EIO : GP_OK;
	if (!rc && !S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		rc = GP_EIO;
	}
	if (!rc)
		rc = read_all(fd, arena, max, text_out);
	int saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

/* settle_dns: the servers of the file, or those of resolv_conf. */
static int settle_dns(struct gp_config *config)
{
	struct gp_dns_options *dns = &config->dns;
	for (size_t i = 0; i < config->dns_servers.count; i++)
		if (gp_dns_server_parse(gp_span_from(config->dns_servers.items[i]),
			    &dns->servers[dns->server_count]) == GP_OK)
			dns->server_count++;
	if (dns->server_count)
		return GP_OK;
	struct gp_arena *arena = gp_arena_new(128 * 1024);
	struct gp_span text = gp_span_from("");
	if (!arena)
		return GP_ENOMEM;
	/* a missing file means this machine, as for libc */
	if (*config->resolv_conf && read_file(arena, config->resolv_conf, 65536, &text))
		text = gp_span_from("");
	struct gp_dns_options found = {0};
	gp_dns_options_from_resolv_conf(text, &found);
	memcpy(dns->servers, found.servers, sizeof found.servers);
	dns->server_count = found.server_count;
	dns->trust_ad = dns->trust_ad || found.trust_ad;
	gp_arena_free(arena);
	return GP_OK;
}

/* settle_hostname: the machine's name where the file names none. */
static int settle_hostname(struct gp_config *config)
{
	char name[256] = "";
	if (*config->hostname)
		return GP_OK;
	if (gethostname(name, sizeof name - 1) || !*name)
		snprintf(name, sizeof name, "localhost");
	config->hostname = gp_arena_copy(config->arena, gp_span_from(name));
	return config->hostname ? GP_OK : GP_ENOMEM;
}

/* cross_error: an error about an option in its relation to others. */
static void cross_error(
	struct loader *l, const char *section, const char *name, const char *problem)
{
	struct gp_strbuf *buf = error_begin(l, l->line[row_index(section, name)]);
	add_option(buf, section, name);
	gp_strbuf_printf(buf, ": %s\n", problem);
}

/* cross_check: what no option shows by itself. */
static void cross_check(struct loader *l)
{
	const struct gp_config *c = l->config;
	const struct gp_config_texts *listen = &c->policyd.listen;
	if (c->dns_cache.ttl_min_s > c->dns_cache.ttl_max_s)
		cross_error(l, "dns", "ttl_min", "is more than dns.ttl_max");
	if (c->dns.timeout_ms >= c->policyd.deadline_ms)
		cross_error(l, "dns", "timeout",
			"is not below policyd.deadline, which it would use up");
	for (size_t i = 0; i < listen->count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(listen->items[i], listen->items[k]) == 0)
				cross_error(l, "policyd", "listen", "names the same socket twice");
}

/* settle: what the file leaves to the machine, and its text. */
static int settle(struct gp_config *config, struct gp_span text)
{
	config->source = (struct gp_span) {gp_arena_copy(config->arena, text), text.len};
	if (!config->source.ptr)
		return GP_ENOMEM;
	int rc = settle_dns(config);
	return rc ? rc : settle_hostname(config);
}

/* load_text: rounds until no new unknown option shows up, then settles. */
static int load_text(struct loader *l, struct gp_span text)
{
	char *copy = malloc(text.len + 2);
	int rc = GP_OK;
	if (!copy)
		return GP_ENOMEM;
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	/* the scanner prints a backslash that ends the text: it never does */
	bool is_ended = text.len == 0 || text.ptr[text.len - 1] == '\n';
	memcpy(copy + text.len, is_ended ? "" : "\n", is_ended ? 1 : 2);
	struct gp_config_fault fault;
	if (gp_config_scan(copy, text.len, &fault)) {
		gp_strbuf_printf(error_begin(l, fault.line), "%s\n", fault.problem);
		free(copy);
		return GP_ESYNTAX;
	}
	loading = l;
	do
		rc = round_once(l, copy);
	while (!rc && l->found_unknown && blank_unknown(l, copy, text.len));
	loading = NULL;
	free(copy);
	if (!rc)
		cross_check(l);
	if (!rc && l->errors->count)
		rc = GP_ESYNTAX;
	return rc ? rc : settle(l->config, text);
}

/* gp_config_parse: one snapshot from text. */
int gp_config_parse(struct gp_span text, const char *name, struct gp_config **config_out,
	struct gp_config_errors *errors)
{
	struct gp_config *config = calloc(1, sizeof *config);
	struct loader l = {.name = name, .config = config, .errors = errors};
	int rc = errors_begin(errors);
	if (config)
		config->arena = gp_arena_new(CONFIG_MEMORY);
	if (!config || !config->arena)
		rc = GP_ENOMEM;
	if (!rc && text.len > GP_CONFIG_FILE_MAX) {
		gp_strbuf_printf(error_begin(&l, 0), "larger than %d bytes\n", GP_CONFIG_FILE_MAX);
		rc = GP_ESYNTAX;
	}
	if (!rc) {
		pthread_mutex_lock(&parse_lock);
		rc = load_text(&l, text);
		pthread_mutex_unlock(&parse_lock);
	}
	if (rc)
		gp_config_free(config);
	else
		*config_out = config;
	if (errors->arena)
		errors_end(errors);
	return rc;
}

/* gp_config_load: the file's text, then as above. */
int gp_config_load(const char *path, struct gp_config **config_out, struct gp_config_errors *errors)
{
	struct gp_arena *arena = gp_arena_new(GP_CONFIG_FILE_MAX + 65536);
	struct gp_span text;
	if (!arena)
		return GP_ENOMEM;
	int rc = read_file(arena, path, GP_CONFIG_FILE_MAX, &text);
	if (rc && errors_begin(errors) == GP_OK) {
		struct loader l = {.name = path, .errors = errors};
		gp_strbuf_printf(error_begin(&l, 0), "cannot be read: %s\n",
			rc == GP_EIO ? strerror(errno) : gp_err_text(rc));
		errors_end(errors);
	} else if (!rc) {
		rc = gp_config_parse(text, path, config_out, errors);
	}
	gp_arena_free(arena);
	return rc;
}

/* gp_config_free: the arena holds all but the struct. */
void gp_config_free(struct gp_config *config)
{
	if (!config)
		return;
	gp_arena_free(config->arena);
	free(config);
}
