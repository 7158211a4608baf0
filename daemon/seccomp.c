/* SPDX-License-Identifier: ISC */
/*
 * Two tables of rows: names of calls, and what their arguments must be where that can be seen.
 * Several rows of one call are alternatives. A name that this machine does not have is passed over,
 * so a row also lists what other machines and C libraries call the same.
 *
 * Found by watching the daemon through every test with every store, and by reading what the C
 * libraries of these years do. A row that is missing ends the daemon: what only a newer C library
 * calls has rows, too.
 */
#include "daemon/seccomp.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/span.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* since Linux 5.17 */
#endif
#ifndef TCGETS2
#define TCGETS2 TCGETS /* machines that have the one only */
#endif

/* Machines differ in where arguments are: in other registers, or in memory, where none is seen. */
#if defined(__s390__)
enum { CLONE_FLAGS = 1, MMAP_IS_SEEN = 0 };
#else
enum { CLONE_FLAGS = 0, MMAP_IS_SEEN = 1 };
#endif
#if defined(__i386__) || defined(__arm__)
#define MMAP "mmap2" /* their plain mmap has its arguments in memory, and is not used */
#else
#define MMAP "mmap mmap2"
#endif

#define IS SCMP_CMP_EQ
#define BITS SCMP_CMP_MASKED_EQ

#define API_WANTED 3 /* libseccomp's word for kernels that log, and can end a whole process */
#define NAME_BYTES 32
#define CHECKS_MAX 2
#define CALLS 1024      /* their numbers lie closer together, wherever a machine begins to count */
#define INT 0xffffffff  /* the bits of an argument that is no long */
#define SOCKET_TYPE 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define WRITE_EXEC (PROT_WRITE | PROT_EXEC)
#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		CLONE_NEWPID | CLONE_NEWNET)

struct row {
	const char *names; /* with blanks between */
	unsigned check_count;
	struct scmp_arg_cmp checks[CHECKS_MAX]; /* argument, IS, value, 0 or BITS, mask, value */
};

/* What the serving process and its threads call. */
static const struct row server[] = {
	/* memory: nothing is ever both written and executed; what nsswitch.conf and OpenSSL name
	 * is loaded from files when it is used first */
	{"brk munmap mremap madvise msync", 0, {{0}}},
	{MMAP, MMAP_IS_SEEN, {{2, BITS, PROT_EXEC, 0}}},
	{MMAP, 2 * MMAP_IS_SEEN, {{2, BITS, WRITE_EXEC, PROT_EXEC}, {3, BITS, MAP_ANONYMOUS, 0}}},
	{"mprotect", 1, {{2, BITS, PROT_EXEC, 0}}},
	/* threads, but no processes */
	{"clone", 1, {{CLONE_FLAGS, BITS, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD}}},
	{"futex futex_time64 set_robust_list rseq gettid sched_yield exit exit_group", 0, {{0}}},
	/* their names, and since glibc 2.39 those of mappings */
	{"prctl", 1, {{0, IS, PR_SET_NAME, 0}}},
	{"prctl", 1, {{0, IS, PR_SET_VMA, 0}}},
	/* libcap looks at it when it is loaded, with libnss_mymachines and libnss_systemd */
	{"prctl", 1, {{0, IS, PR_CAPBSET_READ, 0}}},
	/* malloc asks how many processors there are, qsort how much memory */
	{"sched_getaffinity sysinfo", 0, {{0}}},
	/* signals: awaited, and what abort needs besides tgkill, which has a rule of its own */
	{"rt_sigtimedwait rt_sigtimedwait_time64 rt_sigaction rt_sigprocmask", 0, {{0}}},
	{"rt_sigreturn sigreturn restart_syscall getpid", 0, {{0}}},
	/* clocks, where the kernel's page of them does not answer */
	{"clock_gettime clock_gettime64 clock_getres clock_getres_time64", 0, {{0}}},
	{"gettimeofday time nanosleep clock_nanosleep clock_nanosleep_time64", 0, {{0}}},
	/* files: configuration and what it includes, resolv.conf, hosts, lists, keys, the log */
	{"open openat close read readv write writev lseek _llseek getdents64", 0, {{0}}},
	{"stat stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx", 0, {{0}}},
	{"access faccessat faccessat2 readlink readlinkat fcntl fcntl64", 0, {{0}}},
	{"dup3", 0, {{0}}}, /* the log, opened again */
	/* the store in files: a directory, reserved room, damaged files set aside */
	{"pread64 pwrite64 pwritev fsync fdatasync", 0, {{0}}},
	{"statfs statfs64 fstatfs fstatfs64", 0, {{0}}},
	{"mkdir mkdirat link linkat fallocate", 0, {{0}}},
	{"truncate truncate64 ftruncate ftruncate64", 0, {{0}}},
	{"rename renameat renameat2", 0, {{0}}}, /* the configuration that is kept */
	{"unlink unlinkat", 0, {{0}}},           /* also of sockets, where nobody supervises */
	/* sockets: Postfix, the operator, metrics (epoll); DNS, Redis, syslog; and netlink, which
	 * getaddrinfo asks for the machine's own addresses */
	{"socket", 1, {{0, IS, AF_UNIX, 0}}},
	{"socket", 2, {{0, IS, AF_INET, 0}, {1, BITS, SOCKET_TYPE, SOCK_STREAM}}},
	{"socket", 2, {{0, IS, AF_INET, 0}, {1, BITS, SOCKET_TYPE, SOCK_DGRAM}}},
	{"socket", 2, {{0, IS, AF_INET6, 0}, {1, BITS, SOCKET_TYPE, SOCK_STREAM}}},
	{"socket", 2, {{0, IS, AF_INET6, 0}, {1, BITS, SOCKET_TYPE, SOCK_DGRAM}}},
	{"socket", 2, {{0, IS, AF_NETLINK, 0}, {2, IS, 0 /* NETLINK_ROUTE */, 0}}},
	{"accept accept4 bind connect shutdown", 0, {{0}}},
	{"getsockname getpeername getsockopt setsockopt", 0, {{0}}},
	{"send sendto sendmsg sendmmsg", 0, {{0}}},
	{"recv recvfrom recvmsg", 0, {{0}}},
	{"poll ppoll ppoll_time64", 0, {{0}}},
	{"eventfd2 epoll_create1 epoll_ctl epoll_wait epoll_pwait", 0, {{0}}},
	/* is it a terminal? how much has come? which interface is that (of fe80::1%eth0)? */
	{"ioctl", 1, {{1, BITS, INT, TCGETS}}},
	{"ioctl", 1, {{1, BITS, INT, TCGETS2}}},
	{"ioctl", 1, {{1, BITS, INT, FIONREAD}}},
	{"ioctl", 1, {{1, BITS, INT, FIONBIO}}},
	{"ioctl", 1, {{1, BITS, INT, SIOCGIFINDEX}}},
	{"ioctl", 1, {{1, BITS, INT, SIOCGIFNAME}}},
	/* identity and limits of the process; limits are read, not set */
	{"uname getrandom getrusage getrlimit ugetrlimit", 0, {{0}}},
	{"getuid geteuid getgid getegid getuid32 geteuid32 getgid32 getegid32", 0, {{0}}},
	{"prlimit64", 1, {{2, IS, 0, 0}}},
	/* newer C libraries: libraries sealed when they are loaded, several futexes at once, shadow
	 * stacks */
	{"mseal futex_waitv map_shadow_stack", 0, {{0}}},
};

/* What the supervisor calls besides. The server, its child, has to bear this filter as well. */
static const struct row supervisor[] = {
	/* fork */
	{"clone", 1, {{CLONE_FLAGS, BITS, NEW_NAMESPACES, 0}}},
	{"prctl", 1, {{0, IS, PR_SET_PDEATHSIG, 0}}},
	{"getppid", 0, {{0}}},
	/* the filter of the child */
	{"prctl", 1, {{0, IS, PR_SET_NO_NEW_PRIVS, 0}}},
	{"prctl", 1, {{0, IS, PR_SET_SECCOMP, 0}}},
	{"seccomp", 0, {{0}}},
	/* its signals and its end; tgkill: its abort, and our own */
	{"signalfd4 kill tgkill wait4 waitid", 0, {{0}}},
};

struct filter {
	scmp_filter_ctx ctx;
	bool has[CALLS]; /* by number */
	unsigned count;
};

/* gp_daemon_seccomp_is_present: yes. */
bool gp_daemon_seccomp_is_present(void)
{
	return true;
}

/* allow: one call, if this machine has it; 0 or a negative errno. */
static int allow(struct filter *f, struct gp_span name, const struct row *row)
{
	char text[NAME_BYTES];
	if (name.len >= sizeof text)
		return -ENAMETOOLONG;
	memcpy(text, name.ptr, name.len);
	text[name.len] = 0;
	int call = seccomp_syscall_resolve_name(text);
	if (call < 0)
		return 0;
	int rc =
		seccomp_rule_add_array(f->ctx, SCMP_ACT_ALLOW, call, row->check_count, row->checks);
	f->count += !f->has[call % CALLS];
	f->has[call % CALLS] = true;
	return rc == -EEXIST ? 0 : rc;
}

/* allow_rows: all names of a table. */
static int allow_rows(struct filter *f, const struct row *rows, size_t count)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct gp_span name, rest = gp_span_from(rows[i].names);
		while (rc == 0 && rest.len) {
			gp_span_cut(rest, ' ', &name, &rest);
			rc = allow(f, name, &rows[i]);
		}
	}
	return rc;
}

/*
 * fill: the rules of a role. glibc makes threads by clone3, whose flags lie in memory out of sight,
 * and by clone where the kernel does not know that: so it is told.
 */
static int fill(struct filter *f, enum gp_daemon_seccomp_role role,
	const struct gp_daemon_seccomp_calls *calls)
{
	const struct row abort_rows[] = {{"tgkill", 1, {{0, IS, (scmp_datum_t)getpid(), 0}}}};
	int rc = seccomp_rule_add(f->ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = allow_rows(f, server, sizeof server / sizeof *server);
	for (size_t i = 0; rc == 0 && i < GP_DAEMON_SERVICES_MAX; i++) {
		const struct row row = {.names = calls->names[i]};
		rc = row.names ? allow_rows(f, &row, 1) : 0;
	}
	if (rc == 0 && role == GP_DAEMON_SECCOMP_SUPERVISOR)
		rc = allow_rows(f, supervisor, sizeof supervisor / sizeof *supervisor);
	if (rc == 0 && role == GP_DAEMON_SECCOMP_SERVER)
		rc = allow_rows(f, abort_rows, 1);
	return rc;
}

/* load: filter, rules and all, into the kernel; threads that there are get it, too. */
static int load(struct filter *f, enum gp_daemon_seccomp_role role,
	const struct gp_daemon_seccomp_calls *calls, uint32_t otherwise)
{
	if (seccomp_api_get() < API_WANTED)
		return -ENOSYS;
	f->ctx = seccomp_init(otherwise);
	if (!f->ctx)
		return -ENOMEM;
	/* the same for calls in the manner of another machine, of 32 bits for example */
	int rc = seccomp_attr_set(f->ctx, SCMP_FLTATR_ACT_BADARCH, otherwise);
	if (rc == 0)
		rc = seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = fill(f, role, calls);
	if (rc == 0)
		rc = seccomp_load(f->ctx);
	seccomp_release(f->ctx);
	return rc;
}

/* gp_daemon_seccomp_apply: and what is said of it. */
unsigned gp_daemon_seccomp_apply(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode,
	const struct gp_daemon_seccomp_calls *calls, const struct gp_log *log)
{
	struct filter f = {.count = 0};
	bool enforce = mode == GP_SECCOMP_ENFORCE;
	if (mode == GP_SECCOMP_OFF)
		return 0;
	int rc = load(&f, role, calls, enforce ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG);
	if (rc) {
		gp_log_text(log, GP_LOG_WARNING,
			"seccomp: no filter of system calls, the daemon continues without: %s; "
			"policyd.seccomp = off turns this message off",
			rc == -ENOSYS ? "this kernel has none (Linux 4.14 and later have)"
				      : strerror(-rc));
		return 0;
	}
	if (role == GP_DAEMON_SECCOMP_SERVER)
		gp_log_text(log, GP_LOG_NOTICE, "seccomp: %u system calls are allowed, others %s",
			f.count, enforce ? "end the process" : "are noted in the kernel's log");
	return f.count;
}
