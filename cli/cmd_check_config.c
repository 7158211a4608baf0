/* SPDX-License-Identifier: ISC */
/* gatepost check-config: all errors at once, the settled values, or an example of every option. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/color.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "config/config.h"

enum output { OUTPUT_CHECK, OUTPUT_DUMP, OUTPUT_EXAMPLE, OUTPUT_MAN, OUTPUT_MAN_LISTS };

/* print_built: what f builds from the rows alone. */
static int print_built(void (*f)(struct gp_strbuf *))
{
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_strbuf buf;
	const char *text;
	if (!arena)
		return GP_CLI_TROUBLE;
	gp_strbuf_init(&buf, arena, 256 * 1024);
	f(&buf);
	int rc = gp_strbuf_finish(&buf, &text);
	if (!rc)
		fputs(text, stdout);
	gp_arena_free(arena);
	return rc ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* print_lists: of the table of known DNS lists. */
static int print_lists(void)
{
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_strbuf buf;
	int rc = GP_ENOMEM;
	if (arena) {
		gp_strbuf_init(&buf, arena, 256 * 1024);
		rc = gp_config_man_lists(&buf);
		if (!rc)
			fputs(buf.data, stdout);
	}
	gp_arena_free(arena);
	return rc ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* print_dump: the settled values. */
static int print_dump(const struct gp_config *config)
{
	struct gp_arena *arena = gp_arena_new((size_t)8 * GP_CONFIG_INCLUDES_MAX);
	struct gp_strbuf buf;
	int rc = GP_ENOMEM;
	if (arena) {
		gp_strbuf_init(&buf, arena, (size_t)2 * GP_CONFIG_INCLUDES_MAX);
		rc = gp_config_dump(config, &buf);
		if (!rc)
			fputs(buf.data, stdout);
	}
	gp_arena_free(arena);
	return rc ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* What a check has found. */
struct report {
	const struct gp_config *config;    /* NULL: it has errors */
	json_t *errors, *warnings, *files; /* arrays of lines */
	size_t error_count;
};

/* add_text: one line to a list. */
static void add_text(json_t *list, const char *text)
{
	json_array_append_new(list, gp_cli_json_text(NULL, text));
}

/* warn: about an option, as lines of the configuration are warned about. */
__attribute__((format(printf, 2, 3))) static void warn(
	const struct report *r, const char *format, ...)
{
	char text[8192];
	int n = snprintf(text, sizeof text, "%s: warning: ", r->config->path);
	va_list ap;
	va_start(ap, format);
	if (n > 0 && (size_t)n < sizeof text)
		vsnprintf(text + n, sizeof text - (size_t)n, format, ap);
	va_end(ap);
	add_text(r->warnings, text);
}

/* warn_who: the daemon, started as root, would not become whom the option names. */
static void warn_who(
	const struct report *r, const char *option, const char *name, const char *problem)
{
	warn(r, "policyd.%s: %s %s; started as root, the daemon would end", option, name, problem);
}

/* find_who: user and group of the daemon, as this machine knows them. */
static void find_who(const struct report *r)
{
	const struct gp_config *config = r->config;
	const char *user = config->policyd.user, *group = config->policyd.group;
	const struct passwd *pw = getpwnam(user);
	/* without the daemon nobody needs the user of its default */
	if (!pw && strcmp(user, GP_CONFIG_USER) != 0)
		warn_who(r, "user", user, "is not a user of this machine");
	else if (pw && (pw->pw_uid == 0 || (pw->pw_gid == 0 && !*group)))
		warn_who(r, "user", user, "is root, or has root's group");
	const struct group *gr = *group ? getgrnam(group) : NULL;
	if (*group && !gr)
		warn_who(r, "group", group, "is not a group of this machine");
	else if (gr && gr->gr_gid == 0)
		warn_who(r, "group", group, "is root's group");
}

/* find_mail_user: who asks, and whose group gets the sockets. */
static void find_mail_user(const struct report *r)
{
	const char *name = r->config->policyd.mail_user;
	if (strcmp(name, GP_CONFIG_MAIL_USER) == 0 || getpwnam(name) || getgrnam(name))
		return; /* without Postfix nobody needs the user of its default */
	warn(r,
		"policyd.mail_user: %s is neither a user nor a group of this machine: the mail "
		"server cannot connect; set it to the user that it runs as, such as postfix",
		name);
}

/* find_directory: one that the daemon needs and does not make; 1: it does not exist, or is none. */
static void find_directory(const struct report *r, const char *option, struct gp_span path)
{
	char directory[4096];
	struct stat st;
	snprintf(directory, sizeof directory, "%.*s", (int)path.len, path.ptr);
	bool is_there = stat(directory, &st) == 0;
	if ((is_there && S_ISDIR(st.st_mode)) || (!is_there && errno != ENOENT && errno != ENOTDIR))
		return;
	warn(r, "policyd.%s: %s %s; create it before the daemon starts", option, directory,
		is_there ? "is not a directory" : "does not exist");
}

/* find_directories: of sockets, and the root. */
static void find_directories(const struct report *r)
{
	const struct gp_config_policyd *p = &r->config->policyd;
	for (size_t i = 0; i <= p->listen.count; i++) {
		bool is_control = i == p->listen.count;
		struct gp_span item =
			gp_span_from(is_control ? p->control_socket : p->listen.items[i]);
		if (!is_control && !gp_span_has_prefix(item, "unix:"))
			continue;
		item = gp_span_skip(item, is_control ? 0 : 5);
		item.len = (size_t)(gp_span_find_last(item, '/') + 1);
		/* that of the packages is made by the service manager */
		if (item.len && !gp_span_is(item, "/run/gatepost/") &&
			strcmp(p->listen.count > i ? p->listen.items[i] : "",
				GP_CONFIG_LISTEN_PACKAGED) != 0)
			find_directory(r, is_control ? "control_socket" : "listen", item);
	}
	if (*p->chroot)
		find_directory(r, "chroot", gp_span_from(p->chroot));
}

/* may_read: by the mode of a file; the directories above it are not looked at. */
static bool may_read(const struct passwd *pw, gid_t gid, const struct stat *st)
{
	gid_t groups[128];
	int count = sizeof groups / sizeof groups[0];
	if (pw->pw_uid == 0)
		return true;
	if (st->st_uid == pw->pw_uid)
		return st->st_mode & S_IRUSR;
	if (getgrouplist(pw->pw_name, gid, groups, &count) < 0)
		return true; /* who knows */
	for (int i = 0; i < count; i++)
		if (groups[i] == st->st_gid)
			return st->st_mode & S_IRGRP;
	return st->st_mode & S_IROTH;
}

/* find_keys: files with keys of DNS lists that the daemon could not read. */
static void find_keys(const struct report *r)
{
	const struct gp_config *config = r->config;
	const struct passwd *pw = getpwnam(config->policyd.user);
	const struct group *gr = *config->policyd.group ? getgrnam(config->policyd.group) : NULL;
	for (size_t i = 0; pw && i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		struct stat st;
		char text[8192];
		if (!*list->key_file || list->is_off || stat(list->key_file, &st) != 0 ||
			may_read(pw, gr ? gr->gr_gid : pw->pw_gid, &st))
			continue;
		snprintf(text, sizeof text,
			"%s:%d: warning: %s %s: %s cannot be read by %s, as which the daemon runs; "
			"give it a group of that user and mode 0640",
			list->file, list->line, list->is_builtin ? "use" : "list", list->name,
			list->key_file, pw->pw_name);
		add_text(r->warnings, text);
	}
}

/* find_warnings: what has no effect or may harm, and whom the daemon would not become. */
static void find_warnings(const struct report *r)
{
	for (size_t i = 0; i < r->config->warnings.count; i++)
		add_text(r->warnings, r->config->warnings.items[i]);
	find_who(r);
	find_mail_user(r);
	find_directories(r);
	if (r->config->dnsbl.mode != GP_MODE_OFF)
		find_keys(r);
}

/* print_lines: on standard error, with what they are in color. */
static void print_lines(const json_t *lines, const char *mark)
{
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const char *line = json_string_value(json_array_get(lines, i));
		const char *at = *mark ? strstr(line, mark) : NULL;
		int before = at ? (int)(at - line) : 0, len = at ? (int)strlen(mark) : 0;
		fprintf(stderr, "%.*s%s%.*s%s%s\n", before, line,
			at ? gp_cli_color(stderr, GP_CLI_WARN) : "", len, line + before,
			at ? gp_cli_color_end(stderr) : "", line + before + len);
	}
}

/* files_of: those it was read with, the file itself not among them. */
static json_t *files_of(const struct gp_config *config)
{
	json_t *files = json_array();
	for (size_t i = 1; i < config->watched.count; i++)
		if (!gp_span_has_suffix(gp_span_from(config->watched.items[i]), "/"))
			add_text(files, config->watched.items[i]);
	return files;
}

/* print_fine: the file, and those it was read with. */
static void print_fine(const struct report *r)
{
	size_t warnings = json_array_size(r->warnings);
	printf("%s: %sno errors%s", r->config->path, gp_cli_color(stdout, GP_CLI_GOOD),
		gp_cli_color_end(stdout));
	if (warnings)
		printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
	printf("\n");
	for (size_t i = 0; i < json_array_size(r->files); i++)
		printf("  with %s\n", json_string_value(json_array_get(r->files, i)));
}

/* add_errors: a line each. */
static void add_errors(json_t *errors, const char *text)
{
	struct gp_span line, rest = gp_span_from(text);
	while (gp_span_cut(rest, '\n', &line, &rest) || line.len) {
		json_t *value = json_stringn(line.ptr, line.len);
		json_array_append_new(errors, value ? value : json_string("?"));
		if (!rest.len)
			break;
	}
}

/* print_report: for people, or for programs. */
static int print_report(const struct report *r, const char *path, enum output output, bool json)
{
	size_t errors = r->error_count;
	if (json)
		return gp_cli_print_json(
			json_pack("{s:o, s:O, s:O, s:O}", "file", gp_cli_json_text(NULL, path),
				"errors", r->errors, "warnings", r->warnings, "files", r->files));
	print_lines(r->errors, "");
	if (errors > 1)
		fprintf(stderr, "%s%zu errors%s\n", gp_cli_color(stderr, GP_CLI_BAD), errors,
			gp_cli_color_end(stderr));
	print_lines(r->warnings, "warning:");
	if (errors)
		return GP_CLI_FINE;
	if (output == OUTPUT_DUMP)
		return print_dump(r->config);
	print_fine(r);
	return GP_CLI_FINE;
}

/* check: the file, then what was asked for. */
static int check(const char *path, enum output output, bool json)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct report r = {.errors = json_array(), .warnings = json_array(), .files = NULL};
	int rc = gp_config_load(path, &config, &errors);
	if (rc) {
		add_errors(r.errors, gp_config_errors_text(&errors, rc));
		r.error_count = errors.count ? errors.count : 1;
		r.files = json_array();
	} else {
		r.config = config;
		r.files = files_of(config);
		find_warnings(&r);
	}
	int code = print_report(&r, path, output, json);
	json_decref(r.errors);
	json_decref(r.warnings);
	json_decref(r.files);
	gp_config_free(config);
	gp_config_errors_fini(&errors);
	return !rc ? code : rc == GP_ENOMEM ? GP_CLI_TROUBLE : GP_CLI_CONFIG;
}

/* run: options, then one of the outputs. */
static int run(const struct gp_cli_call *call)
{
	static const char *const names[] = {[OUTPUT_DUMP] = "dump",
		[OUTPUT_EXAMPLE] = "example",
		[OUTPUT_MAN] = "man",
		[OUTPUT_MAN_LISTS] = "man-lists"};
	enum output output = OUTPUT_CHECK;
	for (int i = OUTPUT_DUMP; i <= OUTPUT_MAN_LISTS; i++)
		if (gp_cli_has_option(call, names[i])) {
			if (output != OUTPUT_CHECK)
				return gp_cli_usage(call->title, "--%s and --%s do not go together",
					names[output], names[i]);
			output = (enum output)i;
		}
	bool json = gp_cli_has_option(call, "json");
	if (json && output != OUTPUT_CHECK)
		return gp_cli_usage(
			call->title, "--json and --%s do not go together", names[output]);
	if (output == OUTPUT_EXAMPLE)
		return print_built(gp_config_example);
	if (output == OUTPUT_MAN)
		return print_built(gp_config_man);
	if (output == OUTPUT_MAN_LISTS)
		return print_lists();
	return check(call->word_count ? call->words[0] : GP_CONFIG_PATH, output, json);
}

static const struct gp_cli_option options[] = {
	{.name = "dump", .help = "print every option with its settled value"},
	{.name = "example", .help = "print a commented file with every option and its default"},
	{.name = "man", .help = "print the options as a part of a man page (mdoc)"},
	{.name = "man-lists", .help = "print the known DNS lists as a part of a man page (mdoc)"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "FILE", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

const struct gp_cli_command gp_cli_check_config = {
	.name = "check-config",
	.help = "check a configuration file, or print one",
	.synopsis = "[--dump | --json] [FILE]\n--example | --man | --man-lists",
	.text = "Checks a configuration file (default " GP_CONFIG_PATH
		") and reports all its errors: file, line, option, value and what is allowed; "
		"and warnings about what has no effect or may harm, which are no errors.",
	.options = {options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost check-config\n"
		    "gatepost check-config --dump ./gatepost.conf\n"
		    "gatepost check-config --example > gatepost.conf",
	.exits = "0 there are no errors\n1 trouble\n2 wrong usage\n"
		 "3 the file has errors or cannot be read",
	.run = run,
};
