/* SPDX-License-Identifier: ISC */
/*
 * gatepost-policyd: options, order of start, signals, exit codes. The only file that may end the
 * process.
 *
 * Order: configuration, sockets, privileges, filter of system calls; then the child
 * (gp_daemon_supervise); in it the resolver and the threads. Signals are blocked everywhere and
 * awaited by the first thread.
 *
 * Exit codes: 0 stopped as asked, 1 trouble, 2 usage, 3 the configuration has errors.
 */
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

#include "config/config.h"
#include "daemon/last_good.h"
#include "daemon/log_queue.h"
#include "daemon/log_sink.h"
#include "daemon/privileges.h"
#include "daemon/seccomp.h"
#include "daemon/shmem.h"
#include "daemon/socket_activation.h"
#include "daemon/supervise.h"
#include "policyd/control.h"
#include "policyd/keeper.h"
#include "policyd/listen.h"
#include "policyd/metrics_http.h"
#include "policyd/runtime.h"
#include "policyd/own_checks.h"
#include "policyd/session.h"

enum {
	EXIT_FINE = 0,
	EXIT_TROUBLE = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = GP_DAEMON_SUPERVISE_HOPELESS
};

/* More than the largest deadline that any session may have; ends as soon as the last one does. */
#define STOP_MS 95000

static const char usage[] =
	"usage: gatepost-policyd [-c FILE] [-t] [-h] [-V]\n"
	"\n"
	"Answers Postfix (check_policy_service) whether a mail may come in. Stays in the\n"
	"foreground; SIGHUP loads the configuration again, SIGTERM stops, SIGUSR1 logs counters.\n"
	"\n"
	"  -c FILE  configuration (default " GP_CONFIG_PATH ")\n"
	"  -t       check the configuration and exit\n"
	"  -h       this help\n"
	"  -V       version\n"
	"\n"
	"exit codes: 0 stopped as asked (or -t: no errors), 1 trouble, 2 usage,\n"
	"            3 the configuration has errors\n";

struct options {
	const char *path;
	bool test_only;
};

/* What the serving process needs; made before it is forked. */
struct service {
	/* in force: with each reload a child takes, the parent does */
	struct gp_runtime_config loaded;
	struct gp_daemon_log_sink sink; /* of the parent, and of a child before it has its own */
	struct gp_log log;
	struct gp_daemon_sockets sockets;
	struct gp_daemon_sockets metrics;
	bool is_dropped; /* root has given up its rights before the configuration was read */
	int control_fd;  /* -1: there is none */
	char control_path[108];
	/* as at the start, since what binds the supervisor binds every child to come */
	enum gp_config_seccomp seccomp;
	/* in memory that a crash does not take away */
	struct gp_header_once *instances;
	struct gp_counters *counters;
	struct gp_own_pipeline checks;
	struct gp_stage_learn *stages;
	struct gp_daemon_notify notify;
	struct gp_daemon_heartbeat heartbeat;
	char status[512]; /* one line about where is served */
};

/* parse_options: -1 to go on, else the exit code. */
static int parse_options(int argc, char **argv, struct options *o)
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
			fputs(usage, stdout);
			return EXIT_FINE;
		case 'V':
			puts("gatepost-policyd " GP_VERSION);
			return EXIT_FINE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "gatepost-policyd: unexpected argument: %s\n%s", argv[optind],
			usage);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- the serving process ---- */

/* log_ready: who serves where; tests and people wait for it. */
static void log_ready(struct service *service, const struct gp_runtime *r)
{
	gp_log_text(&r->log, GP_LOG_NOTICE, "gatepost-policyd " GP_VERSION " is ready, pid %ld, %s",
		(long)getpid(), service->status);
	gp_daemon_heartbeat_tell(&service->heartbeat, GP_DAEMON_HEARTBEAT_READY);
}

/* note_status: the sockets, for people. */
static void note_status(struct service *service)
{
	const struct gp_daemon_sockets *s = &service->sockets;
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, service->status, sizeof service->status);
	for (size_t i = 0; i < s->count; i++)
		gp_strbuf_printf(&buf, "%s%s", i ? ", " : "at ", s->names[i]);
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
static void keep_config(struct gp_session_shared *shared)
{
	const struct gp_runtime *r = gp_runtimes_acquire(shared->runtimes);
	gp_daemon_last_good_keep(r->config, &r->log);
	gp_runtimes_release(shared->runtimes, r);
}

/* reload: and what came of it, to whoever asked for it. */
static void reload(struct gp_session_shared *shared)
{
	gp_daemon_heartbeat_tell(shared->heartbeat, GP_DAEMON_HEARTBEAT_RELOADING);
	int rc = gp_runtimes_reload(shared->runtimes); /* has said what was wrong */
	gp_daemon_heartbeat_tell(
		shared->heartbeat, rc ? GP_DAEMON_HEARTBEAT_REFUSED : GP_DAEMON_HEARTBEAT_RELOADED);
	if (!rc)
		keep_config(shared);
}

/* await_signals: HUP reloads, USR1 counts, TERM and INT return; a sign of life every second. */
static void await_signals(struct gp_session_shared *shared)
{
	static const struct timespec second = {.tv_sec = 1};
	sigset_t set;
	gp_daemon_supervise_signals(&set);
	for (;;) {
		siginfo_t info;
		int signal = sigtimedwait(&set, &info, &second);
		gp_daemon_heartbeat_pass(shared->heartbeat);
		if (signal == SIGTERM || signal == SIGINT) {
			gp_daemon_heartbeat_tell(shared->heartbeat, GP_DAEMON_HEARTBEAT_STOPPING);
			return;
		}
		if (signal == SIGHUP)
			reload(shared);
		if (signal == SIGHUP || signal == SIGUSR1) {
			const struct gp_runtime *r = gp_runtimes_acquire(shared->runtimes);
			gp_counters_log(shared->counters, &r->log);
			gp_runtimes_release(shared->runtimes, r);
		}
	}
}

/* log_start: everything is there, or why not. */
static void log_start(struct service *service, struct gp_session_shared *shared, int rc)
{
	const struct gp_runtime *r = gp_runtimes_acquire(shared->runtimes);
	if (rc)
		gp_log_text(&r->log, GP_LOG_ERROR, "cannot start: %s", gp_err_text(rc));
	else
		log_ready(service, r);
	gp_runtimes_release(shared->runtimes, r);
}

/* serve_until_stopped: from the first thread to the last. */
static int serve_until_stopped(struct service *service, struct gp_session_shared *shared,
	struct gp_daemon_log_queue *queue)
{
	struct gp_listen *listen;
	int rc = gp_listen_start(&service->sockets, shared, &listen);
	if (rc) {
		log_start(service, shared, rc);
		return EXIT_TROUBLE;
	}
	struct gp_keeper *keeper = NULL;
	struct gp_control *control = NULL;
	struct gp_metrics_http *http = NULL;
	rc = gp_keeper_start(shared, &keeper);
	if (!rc && service->control_fd >= 0)
		rc = gp_control_start(service->control_fd, shared, listen, &control);
	if (!rc)
		rc = gp_metrics_http_start(&service->metrics, shared, listen, &http);
	log_start(service, shared, rc);
	if (!rc)
		keep_config(shared);
	if (!rc) /* else no memory for a thread: the supervisor tries again */
		await_signals(shared);
	int code = rc ? EXIT_TROUBLE : EXIT_FINE;
	gp_metrics_http_stop(http);
	unsigned left = gp_control_stop(control);
	left += gp_listen_stop(listen, STOP_MS);
	bool idle = gp_keeper_stop(keeper);
	const struct gp_runtime *r = gp_runtimes_acquire(shared->runtimes);
	gp_counters_log(shared->counters, &r->log);
	stop_text(&r->log, left);
	gp_runtimes_release(shared->runtimes, r);
	if (left || !idle) { /* their threads still use everything that would be freed */
		gp_daemon_log_queue_flush(queue);
		_exit(code);
	}
	return code;
}

/* open_log: where the configuration wants it. */
static void open_log(struct service *service)
{
	service->sink.options = &service->loaded.config->log;
	gp_daemon_log_sink_open(&service->loaded.config->log);
	gp_daemon_log_sink_init(&service->log, &service->sink);
}

/* reloaded: the serving process has taken a new configuration; so does the parent, so that after a
 * crash what was in force is in force again, whatever the files say by then. */
static void reloaded(void *arg)
{
	struct service *service = arg;
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded;
	if (gp_runtime_config_load(service->loaded.config->path, &loaded, &errors)) {
		gp_log_text(&service->log, GP_LOG_ERROR,
			"the files have changed since they were loaded, and have errors: should "
			"the process crash, the configuration before the last reload would be "
			"used; reload again");
	} else {
		gp_runtime_config_fini(&service->loaded);
		service->loaded = loaded;
		open_log(service);
	}
	gp_config_errors_fini(&errors);
}

/* confine: to the system calls of that role, and says so. */
static void confine(const struct service *service, enum gp_daemon_seccomp_role role)
{
	gp_daemon_seccomp_apply(role, service->seccomp, &service->log);
}

/* serve: main of the serving process. */
static int serve(void *arg, bool again)
{
	struct service *service = arg;
	struct gp_session_shared shared = {.instances = service->instances,
		.counters = service->counters,
		.stages = service->stages,
		.heartbeat = &service->heartbeat};
	struct gp_daemon_log_queue *queue = NULL;
	int code = EXIT_TROUBLE;
	/* a heap of its own for each thread would cost more memory than locks cost time */
	mallopt(M_ARENA_MAX, 2);
	if (again)
		gp_tally_add(&service->counters->crashes);
	confine(service, GP_DAEMON_SECCOMP_SERVER);
	int rc = gp_daemon_log_queue_new(STDERR_FILENO, &service->counters->log_dropped, &queue);
	shared.files = gp_files_divide(service->loaded.config, &service->log);
	if (!rc)
		rc = gp_runtimes_new(&service->loaded, queue, service->counters,
			shared.files.questions, &shared.runtimes);
	if (!rc) {
		service->loaded = (struct gp_runtime_config) {NULL, NULL}; /* taken */
		code = serve_until_stopped(service, &shared, queue);
	} else if (rc == GP_EINVAL) {
		code = EXIT_CONFIG; /* the log says what cannot be opened */
	}
	gp_runtimes_free(shared.runtimes);
	gp_daemon_log_queue_free(queue);
	return code;
}

/* ---- folders and the operator's socket ---- */

/* make_folders: where the store lies, seen from inside the chroot, and the control socket. */
static void make_folders(const struct gp_config *config)
{
	const struct gp_config_policyd *options = &config->policyd;
	char path[2 * PATH_MAX];
	for (size_t i = 0; i < config->store.uri_count && config->limits.limit_count; i++) {
		struct gp_span uri = gp_span_from(config->store.uris[i]);
		if (!gp_span_has_prefix(uri, "lmdb:"))
			continue;
		snprintf(path, sizeof path, "%s%s", options->chroot, config->store.uris[i] + 5);
		gp_daemon_privileges_folder(options, path, 0700);
	}
	if (config->store_on_failure == GP_LIMIT_FAILURE_LOCAL) {
		snprintf(path, sizeof path, "%s%s", options->chroot, config->store_local_path);
		gp_daemon_privileges_folder(options, path, 0700);
	}
	ptrdiff_t slash = gp_span_find_last(gp_span_from(options->control_socket), '/');
	if (slash > 0) {
		snprintf(path, sizeof path, "%.*s", (int)slash, options->control_socket);
		gp_daemon_privileges_folder(options, path, 0755);
	}
}

/* open_control: without it the mail goes on, only the operator's commands do not work. */
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
			"no control socket: gatepost status and gatepost limits will not reach "
			"this daemon; give policyd.control_socket a place that it may write to");
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

/* remember: memory that a crash does not take away. */
static bool remember(struct service *service)
{
	service->instances = gp_header_once_new();
	service->counters = gp_daemon_shmem_alloc(sizeof *service->counters);
	service->stages = gp_stage_learn_new();
	if (!service->instances || !service->counters || !service->stages)
		return false;
	gp_own_pipeline_init(&service->checks);
	service->counters->pipeline = &service->checks.pipeline;
	service->counters->started_s = gp_clock_system()->wall_s(gp_clock_system());
	return true;
}

/* open_sockets: those that are handed over, then what the configuration adds. */
static int open_sockets(struct service *service, const struct gp_log *log)
{
	int rc = gp_daemon_socket_activation_take(&service->sockets, log);
	if (!rc)
		rc = gp_daemon_sockets_open(
			&service->loaded.config->policyd, log, &service->sockets);
	if (!rc) {
		gp_metrics_http_open(&service->loaded.config->metrics, log, &service->metrics);
		note_status(service);
	}
	return rc;
}

/*
 * warn_unreadable: of the files and folders of the configuration; drop-in files need not be there.
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

/* drop: root's rights; with what root has kept goes on what was loaded since, as the user. */
static int drop(struct service *service)
{
	if (service->is_dropped)
		return GP_OK;
	bool is_roots = geteuid() == 0 && service->loaded.config->saved_path;
	int rc = gp_daemon_privileges_drop(&service->loaded.config->policyd, &service->log);
	if (!rc && is_roots &&
		gp_daemon_last_good_take_newer(&service->loaded.config, &service->log)) {
		open_log(service);
		gp_daemon_last_good_say(service->loaded.config, false, &service->log);
		gp_runtime_log_warnings(service->loaded.config, &service->log);
		rc = gp_runtime_config_stamp(&service->loaded);
	}
	if (!rc && *service->loaded.config->policyd.chroot) /* a path is another file now */
		rc = gp_runtime_config_stamp(&service->loaded);
	return rc;
}

/* run: everything after the configuration. */
static int run(struct service *service)
{
	const struct gp_config_policyd *options = &service->loaded.config->policyd;
	const struct gp_log *log = &service->log;
	struct gp_daemon_supervise plan = {.serve = serve,
		.arg = service,
		.log = log,
		.heartbeat = &service->heartbeat,
		.watchdog_ms = options->watchdog_ms,
		.stop_ms = STOP_MS,
		.reloaded = reloaded};
	bool supervised = options->supervise;
	service->seccomp = (enum gp_config_seccomp)options->seccomp;
	open_log(service);
	gp_runtime_log_warnings(service->loaded.config, log);
	gp_daemon_notify_open(&service->notify);
	gp_files_raise(options, log);
	if (!remember(service) || gp_daemon_heartbeat_init(&service->heartbeat, supervised,
					  &service->notify, service->status))
		return EXIT_TROUBLE;
	if (service->loaded.config->saved_path) {
		gp_daemon_last_good_say(service->loaded.config, service->is_dropped, log);
		atomic_store(&service->counters->reload_failed, true);
	}
	make_folders(service->loaded.config);
	service->control_fd = open_control(options, log);
	snprintf(service->control_path, sizeof service->control_path, "%s",
		options->control_socket); /* the configuration has bounded it */
	if (open_sockets(service, log))
		return EXIT_TROUBLE;
	gp_daemon_last_good_keep_start(service->loaded.config, log);
	if (drop(service))
		return EXIT_TROUBLE;
	warn_unreadable(service->loaded.config, log);
	if (!supervised)
		return serve(service, false);
	confine(service, GP_DAEMON_SECCOMP_SUPERVISOR);
	return gp_daemon_supervise(&plan);
}

/* say_stderr: gp_log.write where there is no log; behind what arg says. */
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
	snprintf(before, sizeof before, "%s: no error, but", o->path);
	const struct gp_log log = {say_stderr, before, GP_LOG_WARNING};
	printf("%s: no errors\n", o->path);
	(void)fflush(stdout); /* in this order on a terminal; nothing to lose */
	for (size_t i = 0; i < config->warnings.count; i++)
		fprintf(stderr, "%s\n", config->warnings.items[i]);
	gp_daemon_privileges_check(&config->policyd, &log);
	if (config->policyd.seccomp != GP_SECCOMP_OFF && !gp_daemon_seccomp_is_present())
		gp_log_text(&log, GP_LOG_WARNING,
			"policyd.seccomp: this gatepost-policyd was built without libseccomp, so "
			"there is no filter of system calls");
}

/* prefer_last_good: for files with errors, rc, and for a main file that says nothing any more. */
static int prefer_last_good(
	struct service *service, int rc, const char *path, const struct gp_log *log)
{
	const char *emptied = rc ? NULL : gp_config_emptied(service->loaded.config, NULL);
	struct gp_config *kept = NULL;
	if (rc) {
		rc = gp_daemon_last_good_load(
			path, log, &service->loaded.config, &service->is_dropped);
		return rc ? rc : gp_runtime_config_stamp(&service->loaded);
	}
	if (!emptied || !gp_daemon_last_good_is_kept(path))
		return GP_OK;
	fprintf(stderr, "%s: " GP_CONFIG_EMPTIED "\n", emptied);
	rc = gp_daemon_last_good_load(path, log, &kept, &service->is_dropped);
	if (!rc) {
		gp_config_free(service->loaded.config);
		service->loaded.config = kept;
		rc = gp_runtime_config_stamp(&service->loaded);
	}
	return rc;
}

/* main: options, configuration, run. */
int main(int argc, char **argv)
{
	struct options o = {.path = GP_CONFIG_PATH};
	struct gp_config_errors errors = {0};
	struct service service = {.control_fd = -1, .notify.fd = -1, .heartbeat.ends = {-1, -1}};
	char name[] = "gatepost-policyd";
	const struct gp_log stderr_log = {say_stderr, name, GP_LOG_WARNING};
	int code = standard_files() ? EXIT_TROUBLE : parse_options(argc, argv, &o);
	if (code >= 0)
		return code;
	/* a reload that is asked for while the files are read comes after it */
	if (!o.test_only && !block_signals())
		return EXIT_TROUBLE;
	int rc = gp_runtime_config_load(o.path, &service.loaded, &errors);
	if (rc)
		fprintf(stderr, "%s", errors.text && *errors.text ? errors.text : gp_err_text(rc));
	else if (o.test_only)
		report_fine(&o, service.loaded.config);
	if (!o.test_only)
		rc = prefer_last_good(&service, rc, o.path, &stderr_log);
	gp_config_errors_fini(&errors);
	if (rc || o.test_only) {
		gp_runtime_config_fini(&service.loaded);
		return rc ? EXIT_CONFIG : EXIT_FINE;
	}
	code = run(&service);
	gp_daemon_sockets_close(&service.metrics, false);
	gp_daemon_sockets_close(&service.sockets, true);
	if (service.control_fd >= 0)
		(void)unlink(service.control_path); /* a later start would, too */
	gp_daemon_heartbeat_fini(&service.heartbeat);
	gp_daemon_notify_close(&service.notify);
	gp_stage_learn_free(service.stages);
	gp_daemon_shmem_free(service.counters, sizeof *service.counters);
	gp_header_once_free(service.instances);
	gp_runtime_config_fini(&service.loaded);
	return code;
}
