/* SPDX-License-Identifier: ISC */
/* The parent's part: children that do not stop, that a reload ends, that talk too much. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/supervise.h"
#include "support/patience.h"

/* What children leave for the test; shared with them. */
struct notes {
	atomic_int starts, reloads, hups, passed, errors;
};

struct scene {
	struct notes *notes;
	struct gp_daemon_notify notify;
	struct gp_daemon_heartbeat heartbeat;
	int (*child)(struct scene *scene);
};

/* count_error: gp_log.write of the parent. */
static void count_error(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct scene *scene = arg;
	(void)event;
	(void)fields;
	(void)count;
	if (level == GP_LOG_ERROR)
		atomic_fetch_add(&scene->notes->errors, 1);
}

/* serve: counts its starts. */
static int serve(void *arg, bool again)
{
	struct scene *scene = arg;
	(void)again;
	atomic_fetch_add(&scene->notes->starts, 1);
	return scene->child(scene);
}

/* reloaded: counts. */
static void reloaded(void *arg)
{
	struct scene *scene = arg;
	atomic_fetch_add(&scene->notes->reloads, 1);
}

/* hung_up: counts what the supervisor itself heard. */
static void hung_up(void *arg)
{
	struct scene *scene = arg;
	atomic_fetch_add(&scene->notes->passed, 1);
}

/* supervise: in a process of its own, which is left to the caller to signal and await. */
static pid_t supervise(struct scene *scene, unsigned watchdog_ms, unsigned stop_ms)
{
	scene->notes = mmap(NULL, sizeof *scene->notes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(scene->notes, MAP_FAILED);
	scene->notify.fd = -1;
	(void)fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	const struct gp_log log = {count_error, scene, GP_LOG_DEBUG};
	const struct gp_daemon_supervise plan = {
		serve, scene, &log, &scene->heartbeat, watchdog_ms, stop_ms, reloaded, hung_up};
	sigset_t set;
	gp_daemon_supervise_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) ||
		gp_daemon_heartbeat_init(&scene->heartbeat, true, &scene->notify, "here"))
		_exit(99);
	_exit(gp_daemon_supervise(&plan));
}

/* await: until the counter has this value. */
static void await(atomic_int *counter, int value)
{
	const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
	for (int i = 0; i < TEST_PATIENCE_MS / 10 && atomic_load(counter) < value; i++)
		nanosleep(&moment, NULL);
	assert_int_equal(atomic_load(counter), value);
}

/* ended: how the supervising process ended. */
static int ended(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
	int status = -1;
	for (int i = 0; i < TEST_PATIENCE_MS / 10; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&moment, NULL);
	}
	(void)kill(pid, SIGKILL);
	fail_msg("it did not end");
	return -1;
}

/* deaf: is ready, and hears nothing any more. */
_Noreturn static int deaf(struct scene *scene)
{
	gp_daemon_heartbeat_tell(&scene->heartbeat, GP_DAEMON_HEARTBEAT_READY);
	for (;;)
		pause();
}

/* test_stuck_stop: a child that does not stop is ended when its time is over. */
static void test_supervise_stuck_stop(void **state)
{
	(void)state;
	struct scene scene = {.child = deaf};
	pid_t pid = supervise(&scene, 0, 300);
	await(&scene.notes->starts, 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	int status = ended(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(atomic_load(&scene.notes->starts), 1);
	assert_true(atomic_load(&scene.notes->errors) >= 1);
}

/* fatal_reload: dies of a SIGHUP, once it has said that it reloads. */
static int fatal_reload(struct scene *scene)
{
	sigset_t set;
	siginfo_t info;
	gp_daemon_supervise_signals(&set);
	gp_daemon_heartbeat_tell(&scene->heartbeat, GP_DAEMON_HEARTBEAT_READY);
	while (sigwaitinfo(&set, &info) != SIGHUP)
		if (info.si_signo == SIGTERM)
			return 0;
	atomic_fetch_add(&scene->notes->hups, 1);
	gp_daemon_heartbeat_tell(&scene->heartbeat, GP_DAEMON_HEARTBEAT_RELOADING);
	abort();
}

/* test_fatal_reload: it is tried once more, and not for ever. */
static void test_supervise_fatal_reload(void **state)
{
	(void)state;
	struct scene scene = {.child = fatal_reload};
	pid_t pid = supervise(&scene, 0, 300);
	await(&scene.notes->starts, 1);
	const struct timespec quiet = {.tv_sec = 1, .tv_nsec = 200 * 1000 * 1000};
	nanosleep(&quiet, NULL); /* the child is no longer young: it is replaced at once */
	assert_int_equal(kill(pid, SIGHUP), 0);
	await(&scene.notes->starts, 3);
	nanosleep(&quiet, NULL);
	nanosleep(&quiet, NULL);
	assert_int_equal(atomic_load(&scene.notes->starts), 3);
	assert_int_equal(atomic_load(&scene.notes->hups), 2);
	assert_true(atomic_load(&scene.notes->passed) >= 1);
	assert_int_equal(atomic_load(&scene.notes->reloads), 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(ended(pid), 0);
}

/* talker: never stops talking, and hears nothing. */
_Noreturn static int talker(struct scene *scene)
{
	gp_daemon_heartbeat_tell(&scene->heartbeat, GP_DAEMON_HEARTBEAT_READY);
	for (;;)
		gp_daemon_heartbeat_tell(&scene->heartbeat, GP_DAEMON_HEARTBEAT_RELOADED);
}

/* test_talker: the parent still hears the signal to stop. */
static void test_supervise_talker(void **state)
{
	(void)state;
	struct scene scene = {.child = talker};
	pid_t pid = supervise(&scene, 0, 300);
	await(&scene.notes->starts, 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_true(WIFEXITED(ended(pid)));
	assert_true(atomic_load(&scene.notes->reloads) > 0);
}

/* main: all of them. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_supervise_stuck_stop),
		cmocka_unit_test(test_supervise_fatal_reload),
		cmocka_unit_test(test_supervise_talker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
