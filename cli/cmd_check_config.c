/* SPDX-License-Identifier: ISC */
/* gatepost check-config: all errors at once, the settled values, or an example of every option. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/usage.h"
#include "config/config.h"

enum output { OUTPUT_CHECK, OUTPUT_DUMP, OUTPUT_EXAMPLE, OUTPUT_MAN };

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

/* warn_who: the daemon, started as root, would not become whom the option names. */
static void warn_who(
	const struct gp_config *config, const char *option, const char *name, const char *problem)
{
	fprintf(stderr, "%s: warning: policyd.%s: %s %s; started as root, the daemon would end\n",
		config->path, option, name, problem);
}

/* print_who: user and group of the daemon, as this machine knows them; how many warnings. */
static size_t print_who(const struct gp_config *config)
{
	const char *user = config->policyd.user, *group = config->policyd.group;
	size_t count = 0;
	const struct passwd *pw = getpwnam(user);
	/* without the daemon nobody needs the user of its default */
	if (!pw && strcmp(user, GP_CONFIG_USER) != 0)
		count++, warn_who(config, "user", user, "is no user of this machine");
	else if (pw && (pw->pw_uid == 0 || (pw->pw_gid == 0 && !*group)))
		count++, warn_who(config, "user", user, "is root, or has root's group");
	const struct group *gr = *group ? getgrnam(group) : NULL;
	if (*group && !gr)
		count++, warn_who(config, "group", group, "is no group of this machine");
	else if (gr && gr->gr_gid == 0)
		count++, warn_who(config, "group", group, "is root's group");
	return count;
}

/* print_mail_user: who asks, and whose group gets the sockets; how many warnings. */
static size_t print_mail_user(const struct gp_config *config)
{
	const char *name = config->policyd.mail_user;
	if (strcmp(name, GP_CONFIG_MAIL_USER) == 0 || getpwnam(name) || getgrnam(name))
		return 0; /* without Postfix nobody needs the user of its default */
	fprintf(stderr,
		"%s: warning: policyd.mail_user: %s is no user and no group of this machine: "
		"the mail server may not ask; name whom it runs as, such as postfix\n",
		config->path, name);
	return 1;
}

/* print_directory: one that the daemon needs and does not make; 1: it is not there, or is none. */
static size_t print_directory(
	const struct gp_config *config, const char *option, struct gp_span path)
{
	char directory[4096];
	struct stat st;
	snprintf(directory, sizeof directory, "%.*s", (int)path.len, path.ptr);
	bool is_there = stat(directory, &st) == 0;
	if ((is_there && S_ISDIR(st.st_mode)) || (!is_there && errno != ENOENT && errno != ENOTDIR))
		return 0;
	fprintf(stderr, "%s: warning: policyd.%s: %s %s; make it before the daemon starts\n",
		config->path, option, directory, is_there ? "is no directory" : "is not there");
	return 1;
}

/* print_directories: of sockets, and the root; how many warnings. */
static size_t print_directories(const struct gp_config *config)
{
	const struct gp_config_policyd *p = &config->policyd;
	size_t count = 0;
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
			count += print_directory(
				config, is_control ? "control_socket" : "listen", item);
	}
	return count +
	       (*p->chroot ? print_directory(config, "chroot", gp_span_from(p->chroot)) : 0);
}

/* print_warnings: on standard error, what has no effect or may harm, and whom the daemon would not
 * become; how many. */
static size_t print_warnings(const struct gp_config *config)
{
	for (size_t i = 0; i < config->warnings.count; i++)
		fprintf(stderr, "%s\n", config->warnings.items[i]);
	return config->warnings.count + print_who(config) + print_mail_user(config) +
	       print_directories(config);
}

/* print_fine: the file, and those it was read with. */
static void print_fine(const struct gp_config *config, size_t warnings)
{
	const struct gp_config_texts *watched = &config->watched;
	printf("%s: no errors", config->path);
	if (warnings)
		printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
	printf("\n");
	for (size_t i = 1; i < watched->count; i++)
		if (!gp_span_has_suffix(gp_span_from(watched->items[i]), "/"))
			printf("  with %s\n", watched->items[i]);
}

/* check: the file, then what was asked for. */
static int check(const char *path, enum output output)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int code = GP_CLI_FINE, rc = gp_config_load(path, &config, &errors);
	if (rc) {
		fputs(errors.text && *errors.text ? errors.text : gp_err_text(rc), stderr);
		if (errors.count > 1)
			fprintf(stderr, "%zu errors\n", errors.count);
		code = rc == GP_ENOMEM ? GP_CLI_TROUBLE : GP_CLI_CONFIG;
	} else {
		size_t warnings = print_warnings(config);
		if (output == OUTPUT_DUMP)
			code = print_dump(config);
		else
			print_fine(config, warnings);
	}
	gp_config_free(config);
	gp_config_errors_fini(&errors);
	return code;
}

/* run: options, then one of the outputs. */
static int run(const struct gp_cli_call *call)
{
	static const char *const names[] = {
		[OUTPUT_DUMP] = "dump", [OUTPUT_EXAMPLE] = "example", [OUTPUT_MAN] = "man"};
	enum output output = OUTPUT_CHECK;
	for (int i = OUTPUT_DUMP; i <= OUTPUT_MAN; i++)
		if (gp_cli_has_option(call, names[i])) {
			if (output != OUTPUT_CHECK)
				return gp_cli_usage(call->title, "--%s and --%s do not go together",
					names[output], names[i]);
			output = (enum output)i;
		}
	if (output == OUTPUT_EXAMPLE)
		return print_built(gp_config_example);
	if (output == OUTPUT_MAN)
		return print_built(gp_config_man);
	return check(call->word_count ? call->words[0] : GP_CONFIG_PATH, output);
}

static const struct gp_cli_option options[] = {
	{.name = "dump", .help = "print every option with its settled value"},
	{.name = "example", .help = "print a commented file with every option and its default"},
	{.name = "man", .help = "print the options as a part of a man page (mdoc)"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "FILE", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

const struct gp_cli_command gp_cli_check_config = {
	.name = "check-config",
	.help = "check a configuration file, or print one",
	.synopsis = "[--dump] [FILE]\n--example | --man",
	.text = "Checks a configuration file (default " GP_CONFIG_PATH
		") and reports all its errors: file, line, option, value and what is allowed; "
		"and warnings about what has no effect or may harm, which are no errors.",
	.options = {options},
	.arguments = arguments,
	.examples = "gatepost check-config\n"
		    "gatepost check-config --dump ./gatepost.conf\n"
		    "gatepost check-config --example > gatepost.conf",
	.exits = "0 there are no errors\n1 trouble\n2 wrong usage\n"
		 "3 the file has errors or cannot be read",
	.run = run,
};
