/* SPDX-License-Identifier: ISC */
/* gatepost store: arguments and configuration; store/store_check.c and store_move.c do it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/doctor/doctor.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/store/store_check.h"
#include "cli/store/store_move.h"
#include "cli/store/store_open_files.h"
#include "cli/store/store_owner.h"
#include "cli/usage.h"

/* print_line: what works to stdout, what does not to stderr. */
static void print_line(void *arg, enum gp_cli_store_line kind, const char *text)
{
	static const char *const before[] = {[GP_CLI_STORE_TITLE] = "",
		[GP_CLI_STORE_FINE] = "  ",
		[GP_CLI_STORE_STEP] = "  a step takes ",
		[GP_CLI_STORE_CLOCK] = "  its clock is ",
		[GP_CLI_STORE_WARNING] = "  ",
		[GP_CLI_STORE_TROUBLE] = "  "};
	(void)arg;
	(void)fflush(stdout); /* before what goes to stderr */
	fprintf(kind < GP_CLI_STORE_WARNING ? stdout : stderr, "%s%s\n", before[kind], text);
}

/* print_open_files: the same, before the first store is named. */
static void print_open_files(void *arg, enum gp_cli_store_line kind, const char *text)
{
	(void)arg;
	(void)fflush(stdout); /* before what goes to stderr */
	fprintf(kind < GP_CLI_STORE_WARNING ? stdout : stderr, "%s\n", text);
}

/* collect: the same for programs; arg: an array. */
static void collect(void *arg, enum gp_cli_store_line kind, const char *text)
{
	static const char *const names[] = {[GP_CLI_STORE_TITLE] = "store",
		[GP_CLI_STORE_FINE] = "ok",
		[GP_CLI_STORE_STEP] = "step",
		[GP_CLI_STORE_CLOCK] = "clock",
		[GP_CLI_STORE_WARNING] = "warning",
		[GP_CLI_STORE_TROUBLE] = "problem"};
	json_array_append_new(arg,
		json_pack("{s:s, s:o}", "kind", names[kind], "text", gp_cli_json_text(NULL, text)));
}

/* The stores of a configuration; local: NULL when none stands in. */
struct stores {
	const struct gp_cli_store *main, *local;
	json_t *lines; /* for programs; NULL: for people */
};

/* compare_open_files: of the daemon, while this process still may. */
static int compare_open_files(const struct gp_config *config, const struct stores *stores)
{
	const struct gp_cli_store_told told = {
		stores->lines ? collect : print_open_files, stores->lines};
	int code = gp_cli_store_open_files(config, stores->main, &told);
	int local_code =
		stores->local ? gp_cli_store_open_files(config, stores->local, &told) : GP_CLI_FINE;
	return code ? code : local_code;
}

/* check_stores: as the user they belong to. */
static int check_stores(const struct gp_config *config, const struct stores *stores,
	const struct gp_cli_store_user *who)
{
	const struct gp_cli_store_told told = {stores->lines ? collect : print_line, stores->lines};
	int code = stores->lines ? gp_cli_store_drop("store", who) : gp_cli_store_become(who);
	int local_code = GP_CLI_FINE;
	if (code)
		return code;
	code = gp_cli_store_check(stores->main, who, false, &told);
	if (!gp_cli_store_is_used(config) && !stores->lines)
		puts("no limit, DNS list or greylisting is configured: "
		     "the daemon does not use the store");
	if (stores->local)
		local_code = gp_cli_store_check(stores->local, who, false, &told);
	return code ? code : local_code;
}

/* owner_of: whose the stores are; an exit code, after saying that this user may not use them. */
static int owner_of(const char *title, struct gp_doctor *d, const struct gp_cli_store *store,
	struct gp_cli_store_user *who_out)
{
	const char *refused = gp_cli_store_refused(d, store, who_out);
	if (!refused)
		return GP_CLI_FINE;
	fprintf(stderr, "gatepost %s: %s\n", title, refused);
	return GP_CLI_TROUBLE;
}

/* ---- with a configuration ---- */

/* What a subcommand does with the main store. */
struct task {
	const struct gp_cli_call *call;
	const char *config;
	int (*run)(const struct task *task, struct gp_doctor *d);
	FILE *file; /* of export and import */
	const char *name;
};

/* with_doctor: what knows the machine. */
static int with_doctor(const struct task *task, struct gp_config *config)
{
	struct gp_doctor_report unread;
	struct gp_doctor d;
	int code = GP_CLI_TROUBLE;
	if (gp_cli_store_ask_doctor(&d, &unread, task->config, config))
		code = task->run(task, &d);
	gp_arena_free(d.arena);
	return code;
}

/* with_config: loaded, or its errors. */
static int with_config(const struct task *task)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_load(task->config, &config, &errors);
	int code = rc == GP_ENOMEM ? GP_CLI_TROUBLE : GP_CLI_CONFIG;
	if (rc)
		fputs(gp_config_errors_text(&errors, rc), stderr);
	else
		code = with_doctor(task, config);
	gp_config_free(config);
	gp_config_errors_fini(&errors);
	return code;
}

/* ---- check ---- */

/* check: all stores of a configuration. */
static int check(const struct task *task, struct gp_doctor *d)
{
	struct gp_cli_store store, local;
	struct gp_cli_store_user who;
	gp_cli_store_main(d->config, &store);
	bool is_local = gp_cli_store_local(d->arena, d->config, &local);
	struct stores stores = {&store, is_local ? &local : NULL, NULL};
	if (gp_arena_status(d->arena))
		return GP_CLI_TROUBLE;
	int code = owner_of(task->call->title, d, &store, &who);
	if (code)
		return code;
	if (gp_cli_has_option(task->call, "json"))
		stores.lines = json_array();
	code = who.is_exim ? GP_CLI_FINE : compare_open_files(d->config, &stores);
	int stores_code = check_stores(d->config, &stores, &who);
	code = stores_code ? stores_code : code;
	if (!stores.lines)
		return code;
	int printed = gp_cli_print_json(json_pack("{s:b, s:b, s:o}", "works", code == GP_CLI_FINE,
		"used", gp_cli_store_is_used(d->config), "lines", stores.lines));
	return code ? code : printed;
}

/* run_check: arguments. */
static int run_check(const struct gp_cli_call *call)
{
	const char *path = gp_cli_option(call, "config");
	if (path && call->word_count)
		return gp_cli_usage(call->title, "one file at a time");
	if (!path)
		path = call->word_count ? call->words[0] : GP_CONFIG_PATH;
	return with_config(&(const struct task) {.call = call, .config = path, .run = check});
}

/* ---- export and import ---- */

/* other_store: of --store, in place of the configuration's; an exit code. */
static int other_store(const struct gp_cli_call *call, struct gp_cli_store *store)
{
	const char *problem, *uri = gp_cli_option(call, "store");
	if (!uri)
		return GP_CLI_FINE;
	if (!gp_store_uri_is_valid(gp_span_from(uri), &problem))
		return gp_cli_usage(call->title, "--store: \"%s\": %s", uri, problem);
	gp_cli_store_other(store, uri);
	return GP_CLI_FINE;
}

/* move: with the store's user's rights, the file being open. */
static int move(const struct task *task, struct gp_doctor *d,
	int (*what)(const struct gp_cli_store_move *move, struct gp_cli_store_moved *moved_out))
{
	struct gp_cli_store store;
	struct gp_cli_store_user who;
	struct gp_cli_store_moved moved = {0};
	const char *title = task->call->title;
	bool is_export = what == gp_cli_store_export;
	gp_cli_store_main(d->config, &store);
	int code = other_store(task->call, &store);
	if (!code)
		code = owner_of(title, d, &store, &who);
	if (!code)
		code = gp_cli_store_drop(title, &who);
	if (code)
		return code;
	const struct gp_cli_store_move options = {&store, &who, task->file, task->name};
	code = what(&options, &moved);
	const char *uri = gp_cli_visible(d->arena, store.options.uris[0]);
	if (gp_cli_has_option(task->call, "json")) {
		json_t *report = gp_cli_store_moved_json(&moved);
		int printed = gp_cli_control_print(report, false);
		json_decref(report);
		return code ? code : printed;
	}
	if (code && !gp_cli_store_moved_sum(&moved))
		return code;
	/* lines may be on stdout */
	FILE *out = is_export ? stderr : stdout;
	fprintf(out, is_export ? "from the store %s:\n" : "into the store %s:\n", uri);
	gp_cli_store_moved_print(&moved, is_export, out);
	return code;
}

/* export: of the store that is configured. */
static int export(const struct task *task, struct gp_doctor *d)
{
	return move(task, d, gp_cli_store_export);
}

/* import: into it. */
static int import(const struct task *task, struct gp_doctor *d)
{
	return move(task, d, gp_cli_store_import);
}

/* run_with_file: opened as the calling user; close tells whether all was written. */
static int run_with_file(struct task *task, int fd, const char *mode)
{
	const char *path = task->name;
	task->file = fd >= 0 ? fdopen(fd, mode) : NULL;
	if (!task->file) {
		fprintf(stderr, "gatepost %s: %s: %s%s\n", task->call->title, path, strerror(errno),
			errno == EEXIST ? "; name another file, or remove this one" : "");
		return GP_CLI_TROUBLE;
	}
	int code = with_config(task);
	bool is_written = *mode != 'w' || (!fflush(task->file) && !fsync(fd));
	if ((fclose(task->file) || !is_written) && !code) {
		fprintf(stderr, "gatepost %s: %s: %s\n", task->call->title, path, strerror(errno));
		code = GP_CLI_TROUBLE;
	}
	return code;
}

/* task_of: the configuration of the call. */
static struct task task_of(
	const struct gp_cli_call *call, int (*what)(const struct task *task, struct gp_doctor *d))
{
	const char *config = gp_cli_option(call, "config");
	return (struct task) {
		.call = call, .config = config ? config : GP_CONFIG_PATH, .run = what};
}

/* run_export: what is in it is about people: for its owner alone, and no file is overwritten. */
static int run_export(const struct gp_cli_call *call)
{
	struct task task = task_of(call, export);
	task.file = stdout;
	task.name = call->word_count ? call->words[0] : "standard output";
	if (!call->word_count)
		return with_config(&task);
	int fd = open(task.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return run_with_file(&task, fd, "w");
}

/* run_import: of a file, or what comes in. */
static int run_import(const struct gp_cli_call *call)
{
	struct task task = task_of(call, import);
	task.file = stdin;
	task.name = call->word_count ? call->words[0] : "standard input";
	if (!call->word_count)
		return with_config(&task);
	return run_with_file(&task, open(task.name, O_RDONLY | O_CLOEXEC), "r");
}

/* ---- rows ---- */

static const struct gp_cli_option check_options[] = {
	{.name = "config",
		.letter = 'c',
		.argument = "FILE",
		.completes = GP_CLI_FILE,
		.help = "the same as FILE; without it: " GP_CONFIG_PATH},
	{0},
};

static const struct gp_cli_argument check_arguments[] = {
	{.name = "FILE", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

static const struct gp_cli_option move_options[] = {
	GP_CLI_CONFIG_OPTION,
	{.name = "store",
		.argument = "URI",
		.help = "another store than that of store.uri: lmdb:/DIRECTORY, redis://HOST:PORT"},
	{0},
};

static const struct gp_cli_argument move_arguments[] = {
	{.name = "LINES", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

static const struct gp_cli_command subcommands[] = {
	{.name = "check",
		.help = "check whether the store works, and say what to do if not",
		.synopsis = "[FILE] [--json]",
		.text = "Opens the store that the configuration FILE names, writes a fact, a "
			"counter and what is noted softly, all of its own, reads and removes "
			"them, and measures how long that takes. Says what is wrong, if "
			"anything is, and what to do. Started as root it becomes the user "
			"policyd.user first, or Exim's where there is only Exim. The daemon may "
			"be running; mail is not disturbed, and whether the daemon has those "
			"files open that stand on the disk is looked at, too.",
		.options = {check_options, gp_cli_json_option},
		.arguments = check_arguments,
		.examples = "sudo gatepost store check",
		.exits = "0 the store works\n1 it does not\n2 wrong usage\n"
			 "3 the configuration has errors",
		.run = run_check},
	{.name = "export",
		.help = "write the whole content of the store as JSON lines",
		.synopsis = "[LINES] [--store URI] [-c FILE]",
		.text = "Writes everything that the store holds to the file LINES, or to standard "
			"output: what is counted, maxima set at run time, and facts, with the time "
			"when each expires. What has expired is left out. The file is made new, "
			"readable for its owner only: it names users. Mail may go on meanwhile; "
			"the store is not changed.\n\n"
			"Started as root it becomes the store's user first.",
		.options = {move_options},
		.arguments = move_arguments,
		.examples = "sudo gatepost store export /root/gatepost.lines",
		.exits = "0 all is exported\n1 it is not\n2 wrong usage\n"
			 "3 the configuration has errors",
		.run = run_export},
	{.name = "import",
		.help = "read what export has written into this store",
		.synopsis = "[LINES] [--store URI] [--json] [-c FILE]",
		.text = "Reads the lines of gatepost store export, from the file LINES or from "
			"standard input, into the store. It need not be empty, and the same lines "
			"may be imported again: of what was counted in one slot of time the larger "
			"number stays, maxima and facts that the store has already stay as they "
			"are, and what has expired is left out. Says how many were new, joined "
			"with what was there, kept as they were there, or had expired.\n\n"
			"Started as root it becomes the store's user first.",
		.options = {move_options, gp_cli_json_option},
		.arguments = move_arguments,
		.examples = "sudo gatepost store import /root/gatepost.lines\n"
			    "sudo gatepost store export --store lmdb:/var/lib/gatepost |\n"
			    "    sudo gatepost store import --store redis://192.0.2.9",
		.exits = "0 all is imported\n1 it is not, or not all of it\n2 wrong usage\n"
			 "3 the configuration has errors",
		.run = run_import},
	{0},
};

const struct gp_cli_command gp_cli_store = {
	.name = "store",
	.help = "check, export or import the store that limits are counted in",
	.text = "Works on the store itself, not through the daemon.",
	.subcommands = subcommands,
	.examples = "sudo gatepost store check\n"
		    "sudo gatepost store export /root/gatepost.lines",
	.exits = "0 done\n1 it could not be done, or the store does not work\n2 wrong usage\n"
		 "3 the configuration has errors",
};
