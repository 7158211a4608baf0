/* SPDX-License-Identifier: ISC */
/* The filter of system calls: each case is a process of its own, which lives or dies of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/span.h"
#include "daemon/seccomp.h"

/* A call by its number, with arguments that do no harm where it is let through. */
struct deed {
	const char *name;
	long call, a, b, c, d;
};

#define NOWHERE ((long)"/nonexistent")

static const struct gp_daemon_seccomp_calls no_calls = {{NULL}};

/* What neither role may do. */
static const struct deed crimes[] = {
	{"another program", SYS_execve, NOWHERE, 0, 0, 0},
	{"another program, by descriptor", SYS_execveat, -1, NOWHERE, 0, 0},
	{"a debugger", SYS_ptrace, PTRACE_PEEKDATA, 0, 0, 0},
	{"memory of another process", SYS_process_vm_readv, 1, 0, 0, 0},
	{"raw packets", SYS_socket, AF_PACKET, SOCK_RAW, 0, 0},
	{"raw IP", SYS_socket, AF_INET, SOCK_RAW, 1, 0},
	{"raw IPv6", SYS_socket, AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 58, 0},
	{"netlink, other than addresses", SYS_socket, AF_NETLINK, SOCK_RAW, 9, 0},
	{"sockets of virtual machines", SYS_socket, AF_VSOCK, SOCK_STREAM, 0, 0},
	{"sockets of the kernel's ciphers", SYS_socket, AF_ALG, SOCK_SEQPACKET, 0, 0},
	{"memory to execute", SYS_mmap, 0, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS},
	{"memory to write and execute", SYS_mmap, 0, 0, PROT_WRITE | PROT_EXEC, MAP_PRIVATE},
	{"memory made executable", SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC, 0},
	{"files without a name", SYS_memfd_create, 0, 0, 0, 0},
	{"namespaces", SYS_unshare, CLONE_NEWUSER, 0, 0, 0},
	{"a process in namespaces", SYS_clone, CLONE_NEWUSER | CLONE_THREAD, 0, 0, 0},
	{"mounts", SYS_mount, 0, NOWHERE, 0, 0},
	{"another root", SYS_chroot, NOWHERE, 0, 0, 0},
	{"another user", SYS_setuid, 0, 0, 0, 0},
	{"other groups", SYS_setgroups, -1, 0, 0, 0},
	{"rights of files", SYS_fchmodat, -1, NOWHERE, 0, 0},
	{"owners of files", SYS_fchownat, -1, NOWHERE, 0, 0},
	{"links by name", SYS_symlinkat, 0, -1, NOWHERE, 0},
	{"files by handle", SYS_open_by_handle_at, -1, 0, 0, 0},
	{"programs for the kernel", SYS_bpf, -1, 0, 0, 0},
	{"modules for the kernel", SYS_finit_module, -1, 0, 0, 0},
	{"counters of the kernel", SYS_perf_event_open, 0, 0, -1, -1},
	{"queues past all filters", SYS_io_uring_setup, 0, 0, 0, 0},
	{"keys", SYS_keyctl, -1, 0, 0, 0},
	{"a limit of its own", SYS_prlimit64, 0, RLIMIT_CORE, NOWHERE, 0},
	{"another execution domain", SYS_personality, 0xffffffff, 0, 0, 0},
	{"keystrokes for a terminal", SYS_ioctl, -1, TIOCSTI, 0, 0},
	{"what the process gets dumped as", SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0},
};

/* What the supervisor may do, and its child not. */
static const struct deed parental[] = {
	{"a process", SYS_clone, SIGCHLD, 0, 0, 0},
	{"a signal to the parent", SYS_kill, 0, 0, 0, 0},
	{"a signal to a thread of another process", SYS_tgkill, 1, 1, 0, 0},
	{"the end of a child", SYS_wait4, -1, 0, WNOHANG, 0},
	{"the parent's death", SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0},
	{"a further filter", SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 0, 0},
};

/* note: gp_log.write that keeps the last text. */
static void note(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	(void)level;
	(void)event;
	for (size_t i = 0; i < count; i++)
		snprintf(arg, 512, "%.*s", (int)fields[i].text.len, fields[i].text.ptr);
}

/* apply: the filter of a role; without a word of the log. */
static unsigned apply(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode)
{
	char said[512];
	const struct gp_log log = {note, said, GP_LOG_INFO};
	return gp_daemon_seccomp_apply(role, mode, &no_calls, &log);
}

/* need_filter: skips where none is built in. */
static void need_filter(void)
{
	if (!gp_daemon_seccomp_is_present())
		skip();
}

/* commit: the call. A clone comes back twice: its child ends. */
static void commit(const struct deed *deed)
{
	pid_t me = getpid();
	(void)syscall(deed->call, deed->a, deed->b, deed->c, deed->d, 0L, 0L);
	if (getpid() != me)
		_exit(0);
}

/* Where the deed is done: by the thread that applies the filter, or another one. */
enum place { HERE, NEWER_THREAD, OLDER_THREAD, PLACES };

struct errand {
	const struct deed *deed;
	pthread_barrier_t applied;
};

/* run_errand: a thread that waits until the filter is there. */
static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	pthread_barrier_wait(&errand->applied);
	commit(errand->deed);
	return NULL;
}

/* live: the process of one case; ends with 0 when nobody stopped it. */
static void live(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode,
	const struct deed *deed, enum place place)
{
	const struct rlimit none = {0, 0};
	struct errand errand = {.deed = deed};
	pthread_t thread;
	(void)setrlimit(RLIMIT_CORE, &none);
	if (pthread_barrier_init(&errand.applied, NULL, 2) ||
		(place == OLDER_THREAD && pthread_create(&thread, NULL, run_errand, &errand)))
		_exit(2);
	if (mode != GP_SECCOMP_OFF && apply(role, mode) == 0)
		_exit(3);
	if (place == NEWER_THREAD && pthread_create(&thread, NULL, run_errand, &errand))
		_exit(4);
	if (place == HERE) {
		commit(deed);
	} else {
		pthread_barrier_wait(&errand.applied);
		(void)pthread_join(thread, NULL);
	}
	_exit(0);
}

/* ended: a status, in words that a failed test shows. */
static const char *ended(int status, char text[64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "died of signal %d", WTERMSIG(status));
	else
		snprintf(text, 64, "ended with code %d", WEXITSTATUS(status));
	return text;
}

/* expect: what becomes of a process that does this. */
static void expect(const char *wanted, enum gp_daemon_seccomp_role role,
	enum gp_config_seccomp mode, const struct deed *deed, enum place place)
{
	char text[64], got[200], want[200];
	int status;
	pid_t pid = fork();
	if (pid == 0)
		live(role, mode, deed, place);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(got, sizeof got, "%s (place %d, role %d): %s", deed->name, (int)place, (int)role,
		ended(status, text));
	snprintf(want, sizeof want, "%s (place %d, role %d): %s", deed->name, (int)place, (int)role,
		wanted);
	assert_string_equal(got, want);
}

static const char dies[] = "died of signal 31", lives[] = "ended with code 0";

/* test_crimes: whoever makes a forbidden call ends with the whole process, in any thread. */
static void test_crimes(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(SIGSYS, 31);
	for (size_t i = 0; i < sizeof crimes / sizeof *crimes; i++) {
		for (int place = HERE; place < PLACES; place++) {
			expect(dies, GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_ENFORCE, &crimes[i],
				(enum place)place);
			expect(dies, GP_DAEMON_SECCOMP_SUPERVISOR, GP_SECCOMP_ENFORCE, &crimes[i],
				(enum place)place);
		}
	}
}

/* test_roles: what only the supervisor needs, the server has not. */
static void test_roles(void **state)
{
	(void)state;
	need_filter();
	for (size_t i = 0; i < sizeof parental / sizeof *parental; i++) {
		expect(lives, GP_DAEMON_SECCOMP_SUPERVISOR, GP_SECCOMP_ENFORCE, &parental[i], HERE);
		expect(dies, GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_ENFORCE, &parental[i], HERE);
		expect(dies, GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_ENFORCE, &parental[i],
			NEWER_THREAD);
	}
}

/* test_let_pass: log lets every call pass, and off has no filter. */
static void test_let_pass(void **state)
{
	(void)state;
	need_filter();
	for (size_t i = 0; i < sizeof crimes / sizeof *crimes; i++) {
		expect(lives, GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_LOG, &crimes[i], HERE);
		expect(lives, GP_DAEMON_SECCOMP_SUPERVISOR, GP_SECCOMP_LOG, &crimes[i], HERE);
		expect(lives, GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_OFF, &crimes[i], NEWER_THREAD);
	}
}

/* under: runs act in a process under the server's filter, inside that of its parent. */
static int under(void (*act)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		const struct rlimit none = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &none);
		if (apply(GP_DAEMON_SECCOMP_SUPERVISOR, GP_SECCOMP_ENFORCE) == 0)
			_exit(2);
		pid = fork();
		if (pid == 0) {
			if (apply(GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_ENFORCE) == 0)
				_exit(3);
			act();
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			_exit(4);
		_exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* idle: a thread that does nothing. */
static void *idle(void *arg)
{
	return arg;
}

/* work: what libraries do when they are used first, which no row of ours names. */
static void work(void)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	pthread_t thread;
	char *large = malloc(64 << 20);
	if (!large || !(large = realloc(large, 80 << 20)))
		_exit(20);
	memset(large, 1, 80 << 20);
	free(large);
	if (getaddrinfo("localhost", "1", &hints, &list) == 0)
		freeaddrinfo(list);
	(void)getaddrinfo("fe80::1%lo", "1", &hints, &list);
	if (!dlopen("libresolv.so.2", RTLD_NOW) && !dlopen("libresolv.so", RTLD_NOW))
		_exit(21);
	if (pthread_create(&thread, NULL, idle, NULL) || pthread_join(thread, NULL))
		_exit(22);
	if (prctl(PR_SET_NAME, "name") || sysconf(_SC_NPROCESSORS_ONLN) < 1)
		_exit(23);
	if (prctl(PR_CAPBSET_READ, 0L) < 0) /* by libcap, which modules of nsswitch.conf load */
		_exit(24);
	fprintf(stderr, "# stderr is written to as ever\n");
}

/* work_in_thread: the same by another thread, with a heap of its own. */
static void *work_in_thread(void *arg)
{
	work();
	return arg;
}

/* test_work: two filters, one inside the other, leave what is needed. */
static void test_work(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(under(work), 0);
}

/* many: threads at once. */
static void many(void)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, work_in_thread, NULL))
			_exit(24);
	for (int i = 0; i < 8; i++)
		(void)pthread_join(threads[i], NULL);
}

/* test_threads: also in several threads. */
static void test_threads(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(under(many), 0);
}

/* test_abort: a failed assertion still ends as one, so that the log tells what happened. */
static void test_abort(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(under(abort), 100 + SIGABRT);
}

/* apply_again: what a server that was taken over might try. */
static void apply_again(void)
{
	(void)apply(GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_LOG);
}

/* test_no_way_back: no filter over the server's. */
static void test_no_way_back(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(under(apply_again), 100 + SIGSYS);
}

/* say: applies in a process of its own and brings back what was said. */
static void say(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode, char said[512])
{
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		const struct gp_log log = {note, said, GP_LOG_INFO};
		*said = 0;
		unsigned count = gp_daemon_seccomp_apply(role, mode, &no_calls, &log);
		bool wrote = write(ends[1], said, strlen(said) + 1) > 0;
		_exit(wrote ? (int)(count / 2) : 255);
	}
	close(ends[1]);
	assert_true(read(ends[0], said, 512) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	unsigned long told = strtoul(said[0] ? said + strcspn(said, "0123456789") : "", NULL, 10);
	if (gp_daemon_seccomp_is_present() && role == GP_DAEMON_SECCOMP_SERVER &&
		mode != GP_SECCOMP_OFF)
		assert_int_equal(WEXITSTATUS(status), told / 2);
	else if (mode == GP_SECCOMP_OFF || !gp_daemon_seccomp_is_present())
		assert_int_equal(WEXITSTATUS(status), 0);
}

/* test_said: the server's filter is told to the log, or that there is none. */
static void test_said(void **state)
{
	char said[512];
	(void)state;
	say(GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_ENFORCE, said);
	assert_non_null(strstr(said, gp_daemon_seccomp_is_present()
					     ? " system calls are allowed, others end the process"
					     : "built without libseccomp"));
	say(GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_LOG, said);
	assert_non_null(
		strstr(said, gp_daemon_seccomp_is_present() ? "are noted in the kernel's log"
							    : "built without libseccomp"));
	say(GP_DAEMON_SECCOMP_SUPERVISOR, GP_SECCOMP_ENFORCE, said);
	assert_string_equal(said, "");
	say(GP_DAEMON_SECCOMP_SERVER, GP_SECCOMP_OFF, said);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crimes),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_let_pass),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_no_way_back),
		cmocka_unit_test(test_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
