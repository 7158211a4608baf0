/* SPDX-License-Identifier: ISC */
/*
 * Order: configuration, sockets, privileges, filter of system calls; then the child
 * (gp_daemon_supervise); in it the resolver and the threads. Signals are blocked everywhere and
 * awaited by the first thread.
 */
#include "daemon/daemon_main.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/heartbeat.h"
#include "daemon/http.h"
#include "daemon/last_good.h"
#include "daemon/listen.h"
#include "daemon/log_file.h"
#include "daemon/log_queue.h"
#include "daemon/log_sink.h"
#include "daemon/maintenance.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/runtimes.h"
#include "daemon/seccomp.h"
#include "daemon/shmem.h"
#include "daemon/socket_activation.h"
#include "daemon/service.h"
#include "daemon/supervise.h"
#include "runtime/runtime_store.h"

enum {
	EXIT_FINE = 0,
	EXIT_TROUBLE = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = GP_DAEMON_SUPERVISE_HOPELESS
};

/* More than the largest deadline that any session may have; ends as soon as the last one does. */
#define STOP_MS 95000

struct options {
	const struct gp_daemon_program *program;
	const char *path;
	bool test_only;
};

/* What the serving process needs; made before it is forked. */
struct start {
	const struct gp_daemon_program *program;
	struct gp_daemon daemon;
	/* in force: with each reload a child takes, the parent does */
	struct gp_runtime_config loaded;
	struct gp_daemon_log_sink sink; /* of the parent, and of a child before it has its own */
	struct gp_log log;
	struct gp_daemon_sockets http;
	bool is_dropped; /* root has given up its rights before the configuration was read */
	int control_fd;  /* -1: there is none */
	char control_path[108];
	/* as at the start, since what binds the supervisor binds every child to come */
	enum gp_config_seccomp seccomp;
	struct gp_daemon_notify notify;
	struct gp_daemon_heartbeat heartbeat;
	char status[512]; /* one line about where is served */
};

/* parse_options: -1 to go on, else the exit code. */
static int parse_options(
	int argc, char **argv, const struct gp_daemon_program *program, struct options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "c:thV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->path = optarg;
			break;
		case 't':
			o->test_only = true;
			break;
		case 'h':
			fputs(program->usage, stdout);
			return EXIT_FINE;
		case 'V':
			printf("%s " GP_VERSION "\n", program->name);
			return EXIT_FINE;
		default:
			fputs(program->usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument: %s\n%s", program->name, argv[optind],
			program->usage);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- the serving process ---- */

/* log_ready: who serves where; tests and people wait for it. */
static void log_ready(struct start *start, const struct gp_daemon_runtime *r)
{
	gp_log_text(&r->log, GP_LOG_NOTICE, "%s " GP_VERSION " is ready, pid %ld, %s",
		start->program->name, (long)getpid(), start->status);
	gp_daemon_heartbeat_tell(&start->heartbeat, GP_DAEMON_HEARTBEAT_READY);
}

/* note_status: the sockets, for people. */
static void note_status(struct start *start)
{
	const char *before = "at ";
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, start->status, sizeof start->status);
	for (size_t i = 0; i < start->program->service_count; i++) {
		const struct gp_daemon_sockets *s = &start->daemon.served[i].sockets;
		for (size_t k = 0; k < s->count; k++, before = ", ")
			gp_strbuf_printf(&buf, "%s%s", before, s->names[k]);
	}
}

/* stop_text: the last line of the log. */
static void stop_text(const struct gp_log *log, unsigned left)
{
	if (left)
		gp_log_text(log, GP_LOG_WARNING, "stopped with %u sessions under way", left);
	else
		gp_log_text(log, GP_LOG_NOTICE, "stopped");
}

/* keep_config: what is in force, for a start with broken files. */
static void keep_config(struct gp_daemon *daemon)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	gp_daemon_last_good_keep(r->config, &r->log);
	gp_daemon_runtimes_release(daemon->runtimes, r);
}

/* reopen_log: a file may have been renamed, whatever comes of the reload. */
static void reopen_log(struct gp_daemon *daemon)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	gp_daemon_log_sink_open(r->config, daemon->program->name);
	gp_daemon_runtimes_release(daemon->runtimes, r);
}

/* reload: reports the result to service manager and log. */
static void reload(struct gp_daemon *daemon)
{
	gp_daemon_heartbeat_tell(daemon->heartbeat, GP_DAEMON_HEARTBEAT_RELOADING);
	reopen_log(daemon);
	int rc = gp_daemon_runtimes_reload(daemon->runtimes); /* has said what was wrong */
	gp_daemon_heartbeat_tell(
		daemon->heartbeat, rc ? GP_DAEMON_HEARTBEAT_REFUSED : GP_DAEMON_HEARTBEAT_RELOADED);
	if (!rc)
		keep_config(daemon);
}

/* log_counters: of each service. */
static void log_counters(const struct gp_daemon *daemon, const struct gp_log *log)
{
	for (size_t i = 0; i < daemon->program->service_count; i++) {
		const struct gp_daemon_served *served = &daemon->served[i];
		if (served->service->log_counters)
			served->service->log_counters(served->state, log);
	}
}

/* await_signals: HUP reloads, USR1 counts, TERM and INT return; a sign of life every second. */
static void await_signals(struct gp_daemon *daemon)
{
	static const struct timespec second = {.tv_sec = 1};
	sigset_t set;
	gp_daemon_supervise_signals(&set);
	for (;;) {
		siginfo_t info;
		int signal = sigtimedwait(&set, &info, &second);
		gp_daemon_heartbeat_pass(daemon->heartbeat);
		if (signal == SIGTERM || signal == SIGINT) {
			gp_daemon_heartbeat_tell(daemon->heartbeat, GP_DAEMON_HEARTBEAT_STOPPING);
			return;
		}
		if (signal == SIGHUP)
			reload(daemon);
		if (signal == SIGHUP || signal == SIGUSR1) {
			const struct gp_daemon_runtime *r =
				gp_daemon_runtimes_acquire(daemon->runtimes);
			log_counters(daemon, &r->log);
			gp_daemon_runtimes_release(daemon->runtimes, r);
		}
	}
}

/* log_start: everything is there, or why not. */
static void log_start(struct start *start, struct gp_daemon *daemon, int rc)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	if (rc)
		gp_log_text(&r->log, GP_LOG_ERROR, "cannot start: %s", gp_err_text(rc));
	else
		log_ready(start, r);
	gp_daemon_runtimes_release(daemon->runtimes, r);
}

/* The threads of the serving process; those that are NULL do not run. */
struct threads {
	struct gp_daemon_maintenance *maintenance;
	struct gp_daemon_control *control;
	struct gp_daemon_http *http;
};

/* listen_all: for every service; those that do not listen are stopped by stop_all. */
static int listen_all(struct gp_daemon *daemon)
{
	int rc = GP_OK;
	for (unsigned i = 0; !rc && i < daemon->program->service_count; i++)
		rc = gp_daemon_listen_start(daemon, i, &daemon->served[i].listen);
	return rc;
}

/* start_all: from the first thread on; what has begun before an error continues until stop_all. */
static int start_all(struct start *start, struct gp_daemon *daemon, struct threads *t)
{
	int rc = listen_all(daemon);
	if (!rc)
		rc = gp_daemon_maintenance_start(daemon, &t->maintenance);
	if (!rc && start->control_fd >= 0)
		rc = gp_daemon_control_start(start->control_fd, daemon, &t->control);
	if (!rc)
		rc = gp_daemon_http_start(&start->http, daemon, &t->http);
	return rc;
}

/* stop_all: to the last thread; how many sessions and commands were left. is_idle_out: nobody
 * waits for a name server. */
static unsigned stop_all(struct gp_daemon *daemon, const struct threads *t, bool *is_idle_out)
{
	gp_daemon_http_stop(t->http);
	unsigned left = gp_daemon_control_stop(t->control);
	for (size_t i = 0; i < daemon->program->service_count; i++)
		if (daemon->served[i].listen)
			left += gp_daemon_listen_stop(daemon->served[i].listen, STOP_MS);
	*is_idle_out = gp_daemon_maintenance_stop(t->maintenance);
	return left;
}

/* serve_until_stopped: from the first thread to the last. */
static int serve_until_stopped(
	struct start *start, struct gp_daemon *daemon, struct gp_daemon_log_queue *queue)
{
	struct threads threads = {NULL, NULL, NULL};
	bool is_idle;
	int rc = start_all(start, daemon, &threads);
	log_start(start, daemon, rc);
	if (!rc) {
		keep_config(daemon);
		await_signals(daemon);
	} /* else no memory for a thread: the supervisor tries again */
	int code = rc ? EXIT_TROUBLE : EXIT_FINE;
	unsigned left = stop_all(daemon, &threads, &is_idle);
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	log_counters(daemon, &r->log);
	stop_text(&r->log, left);
	gp_daemon_runtimes_release(daemon->runtimes, r);
	if (left || !is_idle) { /* their threads still use everything that would be freed */
		gp_daemon_log_queue_flush(queue);
		_exit(code);
	}
	return code;
}

/* open_log: where the configuration wants it. */
static void open_log(struct start *start)
{
	start->sink.options = &start->loaded.config->log;
	gp_daemon_log_sink_open(start->loaded.config, start->program->name);
	gp_daemon_log_sink_init(&start->log, &start->sink);
}

/* hung_up: the file may have been renamed, whatever comes of the reload. */
static void hung_up(void *arg)
{
	open_log(arg);
}

/* reloaded: the serving process has taken a new configuration; so does the parent, so that after a
 * crash what was in force is in force again, whatever the files say by then. */
static void reloaded(void *arg)
{
	struct start *start = arg;
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded;
	if (gp_runtime_config_load(start->loaded.config->path, &loaded, &errors)) {
		gp_log_text(&start->log, GP_LOG_ERROR,
			"the files have changed since they were loaded and have errors: if the "
			"process crashed, the configuration from before the last reload would be "
			"used; correct them and reload");
	} else {
		gp_config_inherit_keys(loaded.config, start->loaded.config);
		gp_runtime_config_fini(&start->loaded);
		start->loaded = loaded;
		open_log(start);
	}
	gp_config_errors_fini(&errors);
}

/* confine: to the system calls of that role, and says so. */
static void confine(const struct start *start, enum gp_daemon_seccomp_role role)
{
	struct gp_daemon_seccomp_calls calls = {{NULL}};
	for (size_t i = 0; i < start->program->service_count; i++)
		calls.names[i] = start->program->services[i]->calls;
	gp_daemon_seccomp_apply(role, start->seccomp, &calls, &start->log);
}

/* open_runtimes: the first configuration, and what the services make of it. */
static int open_runtimes(struct start *start, struct gp_daemon_log_queue *queue)
{
	struct gp_daemon *daemon = &start->daemon;
	struct gp_daemon_runtimes_options options = {.name = start->program->name,
		.queue = queue,
		.counters = daemon->counters,
		.questions = daemon->descriptors.questions};
	for (size_t i = 0; i < start->program->service_count; i++)
		options.hooks[i] = (struct gp_daemon_runtimes_hook) {
			daemon->served[i].service->configure, daemon->served[i].state};
	int rc = gp_daemon_runtimes_new(&start->loaded, &options, &daemon->runtimes);
	if (rc)
		return rc;
	start->loaded = (struct gp_runtime_config) {NULL, NULL}; /* taken */
	for (size_t i = 0; i < start->program->service_count; i++)
		if (daemon->served[i].service->begin)
			daemon->served[i].service->begin(daemon->served[i].state, daemon);
	return GP_OK;
}

/* serve: main of the serving process. */
static int serve(void *arg, bool again)
{
	struct start *start = arg;
	struct gp_daemon *daemon = &start->daemon;
	struct gp_daemon_log_queue *queue = NULL;
	int code = EXIT_TROUBLE;
	/* a heap of its own for each thread would cost more memory than locks cost time */
	mallopt(M_ARENA_MAX, 2);
	if (again)
		atomic_fetch_add(&daemon->counters->crashes, 1);
	confine(start, GP_DAEMON_SECCOMP_SERVER);
	const struct gp_daemon_log_queue_options queue_options = {
		gp_daemon_log_sink_fd(), &daemon->counters->log_dropped, gp_daemon_log_sink_lost};
	int rc = gp_daemon_log_queue_new(&queue_options, &queue);
	daemon->descriptors = gp_daemon_descriptors_divide(start->loaded.config, &start->log);
	if (!rc)
		rc = open_runtimes(start, queue);
	if (!rc)
		code = serve_until_stopped(start, daemon, queue);
	else if (rc == GP_EINVAL)
		code = EXIT_CONFIG; /* the log says what cannot be opened */
	gp_daemon_runtimes_free(daemon->runtimes);
	daemon->runtimes = NULL;
	gp_daemon_log_queue_free(queue);
	return code;
}

/* ---- directories and the operator's socket ---- */

/* make_directories: where the store lies, seen from inside the chroot, and the control socket. */
static void make_directories(const struct gp_config *config)
{
	const struct gp_config_policyd *options = &config->policyd;
	char path[2 * PATH_MAX];
	for (size_t i = 0; i < config->store.uri_count && gp_runtime_store_is_wanted(config); i++) {
		struct gp_span uri = gp_span_from(config->store.uris[i]);
		if (!gp_span_has_prefix(uri, "lmdb:"))
			continue;
		snprintf(path, sizeof path, "%s%s", options->chroot, config->store.uris[i] + 5);
		gp_daemon_privileges_directory(options, path, 0700);
	}
	if (config->store_settings.on_failure == GP_STORE_FAILURE_LOCAL) {
		snprintf(path, sizeof path, "%s%s", options->chroot,
			config->store_settings.local_path);
		gp_daemon_privileges_directory(options, path, 0700);
	}
	ptrdiff_t slash = gp_span_find_last(gp_span_from(options->control_socket), '/');
	if (slash > 0) {
		snprintf(path, sizeof path, "%.*s", (int)slash, options->control_socket);
		gp_daemon_privileges_directory(options, path, 0755);
	}
}

/* open_control: without it the mail continues, only the operator's commands do not work. */
static int open_control(const struct gp_config_policyd *options, const struct gp_log *log)
{
	char what[128];
	int fd = -1;
	if (!*options->control_socket)
		return -1;
	snprintf(what, sizeof what, "unix:%s", options->control_socket);
	const struct gp_daemon_socket_access access = {options->control_mode, getegid()};
	if (gp_daemon_sockets_unix(what, &access, log, &fd)) {
		gp_log_text(log, GP_LOG_WARNING,
			"no control socket: gatepost status and gatepost limits cannot reach this "
			"daemon; set policyd.control_socket to a path that the daemon may create");
		return -1;
	}
	return fd;
}

/* ---- start ---- */

/* standard_files: 0, 1 and 2 exist, so that no socket takes their place. */
static int standard_files(void)
{
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2)
		fd = dup(fd);
	if (fd > 2)
		close(fd);
	return fd < 0 ? GP_EIO : GP_OK;
}

/* remember: memory that a crash does not take away, and what the services make of theirs. */
static bool remember(struct start *start)
{
	struct gp_daemon *daemon = &start->daemon;
	daemon->program = start->program;
	daemon->heartbeat = &start->heartbeat;
	daemon->counters = gp_daemon_shmem_alloc(sizeof *daemon->counters);
	if (!daemon->counters)
		return false;
	start->sink.dropped = &daemon->counters->log_dropped;
	daemon->counters->started_s = gp_clock_system()->wall_s(gp_clock_system());
	for (size_t i = 0; i < start->program->service_count; i++) {
		struct gp_daemon_served *served = &daemon->served[i];
		served->service = start->program->services[i];
		if (served->service->open && served->service->open(&served->state))
			return false;
	}
	return true;
}

/* forget: the same again. */
static void forget(struct start *start)
{
	struct gp_daemon *daemon = &start->daemon;
	for (size_t i = 0; i < start->program->service_count; i++) {
		struct gp_daemon_served *served = &daemon->served[i];
		gp_daemon_sockets_close(&served->sockets, true);
		if (served->service && served->service->close)
			served->service->close(served->state);
	}
	gp_daemon_shmem_free(daemon->counters, sizeof *daemon->counters);
}

/* open_sockets: those that are handed over, then what the configuration adds. */
static int open_sockets(struct start *start, const struct gp_log *log)
{
	const struct gp_config *config = start->loaded.config;
	struct gp_daemon_socket_taker takers[GP_DAEMON_SERVICES_MAX];
	size_t count = start->program->service_count;
	for (size_t i = 0; i < count; i++)
		takers[i] = (struct gp_daemon_socket_taker) {
			start->program->services[i]->name, &start->daemon.served[i].sockets};
	int rc = gp_daemon_socket_activation_take(takers, count, log);
	for (size_t i = 0; !rc && i < count; i++) {
		const struct gp_daemon_service *service = start->program->services[i];
		rc = gp_daemon_sockets_open(&config->policyd, service->listen(config),
			service->listen_default, log, takers[i].sockets);
	}
	if (!rc) {
		gp_daemon_http_open(&config->metrics, log, &start->http);
		note_status(start);
	}
	return rc;
}

/*
 * warn_unreadable: of the files and directories of the configuration; drop-in files need not be
 * there.
 */
static void warn_unreadable(const struct gp_config *config, const struct gp_log *log)
{
	for (size_t i = 0; i < config->watched.count; i++)
		if (access(config->watched.items[i], R_OK) && errno != ENOENT)
			gp_log_text(log, GP_LOG_WARNING,
				"%s cannot be read by the user the daemon runs as: a reload will "
				"fail",
				config->watched.items[i]);
}

/* block_signals: they are waited for (gp_daemon_supervise_signals); and a pipe nobody reads is an
 * error.
 */
static bool block_signals(void)
{
	sigset_t set;
	gp_daemon_supervise_signals(&set);
	return pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/* drop: root privileges; after a start from root's copy, the configuration loaded since is used, as
 * the user. */
static int drop(struct start *start)
{
	if (start->is_dropped)
		return GP_OK;
	bool is_roots = geteuid() == 0 && start->loaded.config->saved_path;
	int rc = gp_daemon_privileges_drop(&start->loaded.config->policyd, &start->log);
	if (!rc && is_roots && gp_daemon_last_good_take_newer(&start->loaded.config, &start->log)) {
		open_log(start);
		gp_daemon_last_good_say(start->loaded.config, false, &start->log);
		gp_daemon_runtimes_log_warnings(start->loaded.config, &start->log);
		rc = gp_runtime_config_stamp(&start->loaded);
	}
	if (!rc && *start->loaded.config->policyd.chroot) /* a path is another file now */
		rc = gp_runtime_config_stamp(&start->loaded);
	return rc;
}

/* run: everything after the configuration. */
static int run(struct start *start)
{
	const struct gp_config_policyd *options = &start->loaded.config->policyd;
	const struct gp_log *log = &start->log;
	struct gp_daemon_supervise plan = {.serve = serve,
		.arg = start,
		.log = log,
		.heartbeat = &start->heartbeat,
		.watchdog_ms = options->watchdog_ms,
		.stop_ms = STOP_MS,
		.reloaded = reloaded,
		.hung_up = hung_up};
	bool supervised = options->supervise;
	start->seccomp = (enum gp_config_seccomp)options->seccomp;
	open_log(start);
	gp_daemon_runtimes_log_warnings(start->loaded.config, log);
	gp_daemon_notify_open(&start->notify);
	gp_daemon_descriptors_raise(options, log);
	if (!remember(start) || gp_daemon_heartbeat_init(&start->heartbeat, supervised,
					&start->notify, start->status))
		return EXIT_TROUBLE;
	if (start->loaded.config->saved_path) {
		gp_daemon_last_good_say(start->loaded.config, start->is_dropped, log);
		atomic_store(&start->daemon.counters->reload_failed, true);
	}
	make_directories(start->loaded.config);
	start->control_fd = open_control(options, log);
	snprintf(start->control_path, sizeof start->control_path, "%s",
		options->control_socket); /* the configuration has bounded it */
	if (open_sockets(start, log))
		return EXIT_TROUBLE;
	gp_daemon_last_good_keep_start(start->loaded.config, log);
	if (drop(start))
		return EXIT_TROUBLE;
	warn_unreadable(start->loaded.config, log);
	if (!supervised)
		return serve(start, false);
	confine(start, GP_DAEMON_SECCOMP_SUPERVISOR);
	return gp_daemon_supervise(&plan);
}

/* say_stderr: gp_log.write where there is no log; after what arg says. */
static void say_stderr(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	(void)level;
	(void)event;
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s: %.*s\n", (const char *)arg, (int)fields[i].text.len,
			fields[i].text.ptr);
}

/* report_fine: the file is; what this machine lacks to run it is said, too. */
static void report_fine(const struct options *o, const struct gp_config *config)
{
	char before[2 * PATH_MAX];
	snprintf(before, sizeof before, "%s: no errors, but", o->path);
	const struct gp_log log = {say_stderr, before, GP_LOG_WARNING};
	printf("%s: no errors\n", o->path);
	(void)fflush(stdout); /* in this order on a terminal; nothing to lose */
	for (size_t i = 0; i < config->warnings.count; i++)
		fprintf(stderr, "%s\n", config->warnings.items[i]);
	gp_daemon_privileges_check(&config->policyd, &log);
	const char *unopened = gp_daemon_log_file_problem(config);
	if (unopened)
		gp_log_text(&log, GP_LOG_WARNING,
			"log.file: %s cannot be opened by the user %s: %s; the log would go to "
			"standard error",
			config->log.file, config->policyd.user, unopened);
	if (config->policyd.seccomp != GP_SECCOMP_OFF && !gp_daemon_seccomp_is_present())
		gp_log_text(&log, GP_LOG_WARNING,
			"policyd.seccomp: this %s was built without libseccomp, so there is no "
			"filter of system calls",
			o->program->name);
}

/* prefer_last_good: for files with errors, rc, and for a main file that says nothing any more. */
static int prefer_last_good(struct start *start, int rc, const char *path, const struct gp_log *log)
{
	const char *emptied = rc ? NULL : gp_config_emptied(start->loaded.config, NULL);
	struct gp_config *kept = NULL;
	if (rc) {
		rc = gp_daemon_last_good_load(path, log, &start->loaded.config, &start->is_dropped);
		return rc ? rc : gp_runtime_config_stamp(&start->loaded);
	}
	if (!emptied || !gp_daemon_last_good_is_kept(path))
		return GP_OK;
	fprintf(stderr, "%s: " GP_CONFIG_EMPTIED "\n", emptied);
	rc = gp_daemon_last_good_load(path, log, &kept, &start->is_dropped);
	if (!rc) {
		gp_config_free(start->loaded.config);
		start->loaded.config = kept;
		rc = gp_runtime_config_stamp(&start->loaded);
	}
	return rc;
}

/* read_config: what is to be in force, or an exit code; -1: go on. */
static int read_config(struct start *start, const struct options *o)
{
	struct gp_config_errors errors = {0};
	/* say_stderr only reads it */
	const struct gp_log log = {
		say_stderr, (void *)(uintptr_t)start->program->name, GP_LOG_WARNING};
	int rc = gp_runtime_config_load(o->path, &start->loaded, &errors);
	if (rc)
		fprintf(stderr, "%s", errors.text && *errors.text ? errors.text : gp_err_text(rc));
	else if (o->test_only)
		report_fine(o, start->loaded.config);
	if (!o->test_only)
		rc = prefer_last_good(start, rc, o->path, &log);
	gp_config_errors_fini(&errors);
	if (rc)
		return EXIT_CONFIG;
	return o->test_only ? EXIT_FINE : -1;
}

/* gp_daemon_main: options, configuration, run. */
int gp_daemon_main(int argc, char **argv, const struct gp_daemon_program *program)
{
	struct options o = {.program = program, .path = GP_CONFIG_PATH};
	struct start start = {
		.program = program, .control_fd = -1, .notify.fd = -1, .heartbeat.ends = {-1, -1}};
	int code = standard_files() ? EXIT_TROUBLE : parse_options(argc, argv, program, &o);
	if (code >= 0)
		return code;
	/* a reload that is asked for while the files are read comes after it */
	if (!o.test_only && !block_signals())
		return EXIT_TROUBLE;
	code = read_config(&start, &o);
	if (code < 0) {
		code = run(&start);
		gp_daemon_sockets_close(&start.http, false);
		if (start.control_fd >= 0)
			(void)unlink(start.control_path); /* a later start would, too */
		gp_daemon_heartbeat_fini(&start.heartbeat);
		gp_daemon_notify_close(&start.notify);
		forget(&start);
	}
	gp_runtime_config_fini(&start.loaded);
	return code;
}
