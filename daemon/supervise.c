/* SPDX-License-Identifier: ISC */
/* A loop around signals and the child's heartbeat; a child that dies young is started again only
 * after a second. */
#include "daemon/supervise.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define YOUNG_US 1000000
#define FORBIDDEN                                                                           \
	": it made a system call that the filter does not allow (the kernel's log has its " \
	"number); "                                                                         \
	"please report it; policyd.seccomp = log lets such calls pass"
#define EVERY_MS 1000
#define ABORT_US (5 * 1000000LL)    /* to die of SIGABRT */
#define RELOAD_US (300 * 1000000LL) /* more than anything in a reload waits */
#define START_US (300 * 1000000LL)
#define WORDS_AT_ONCE 64

struct child {
	const struct gp_daemon_supervise *plan;
	pid_t pid;
	int64_t began_us, moved_us;
	int64_t watched_us; /* when the parent looked last */
	int64_t stop_us;    /* when it was asked to stop */
	bool stopping, again, is_ready, aborted;
	bool is_reloading;    /* it has begun and not ended */
	bool has_retried_hup; /* a reload that a child did not survive */
	int64_t hup_us;       /* when SIGHUP was passed on last */
};

/* gp_daemon_supervise_signals: what both processes wait for. */
void gp_daemon_supervise_signals(sigset_t *set_out)
{
	sigemptyset(set_out);
	sigaddset(set_out, SIGHUP);
	sigaddset(set_out, SIGINT);
	sigaddset(set_out, SIGTERM);
	sigaddset(set_out, SIGUSR1);
	sigaddset(set_out, SIGCHLD);
}

/* start: forks; in the child it never returns. */
static int start(struct child *c)
{
	pid_t parent = getpid();
	c->began_us = c->moved_us = c->watched_us = gp_clock_now_us(gp_clock_system());
	c->is_ready = c->aborted = false;
	while (gp_daemon_heartbeat_read(
		c->plan->heartbeat)) /* what one before has left in the pipe */
		continue;
	c->pid = fork();
	if (c->pid != 0)
		return c->pid < 0 ? -1 : 0;
	/* the parent may have died before the request took effect */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		_exit(1);
	_exit(c->plan->serve(c->plan->arg, c->again));
}

/* describe: how the child ended. */
static void describe(const struct gp_log *log, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		gp_log_text(log, GP_LOG_ERROR,
			"process %ld died of signal %d (%s)%s; it is started again", (long)pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)),
			WTERMSIG(status) == SIGSYS ? FORBIDDEN : "");
	else
		gp_log_text(log, GP_LOG_ERROR,
			"process %ld ended with code %d; it is started again", (long)pid,
			WEXITSTATUS(status));
}

/* breathe: up to a second after a young death, cut short by a signal to stop. */
static bool breathe(struct child *c)
{
	sigset_t stop;
	const struct timespec second = {.tv_sec = 1};
	if (gp_clock_now_us(gp_clock_system()) - c->began_us >= YOUNG_US)
		return true;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	return sigtimedwait(&stop, NULL, &second) < 0;
}

/* repeat_hup: a SIGHUP that came just before a death may have reached nobody; and one that was
 * being followed is tried once more, unless it is what the child died of. */
static void repeat_hup(struct child *c)
{
	bool is_recent = c->hup_us && gp_clock_now_us(gp_clock_system()) - c->hup_us < 2 * YOUNG_US;
	if (c->is_reloading && c->has_retried_hup) {
		gp_log_text(c->plan->log, GP_LOG_ERROR,
			"the process has crashed twice after a reload: the configuration loaded "
			"before is in force");
		c->is_reloading = false;
		return;
	}
	if (!is_recent && !c->is_reloading)
		return;
	c->has_retried_hup = c->is_reloading;
	c->is_reloading = false;
	(void)kill(c->pid, SIGHUP); /* the child has it blocked and will wait for it */
}

/* start_again: the next child, as soon as one can be had; false: asked to stop meanwhile. */
static bool start_again(struct child *c, int *code_out)
{
	*code_out = 0;
	if (!breathe(c))
		return false;
	c->again = true;
	while (start(c)) {
		gp_log_text(c->plan->log, GP_LOG_ERROR, "fork: %s", strerror(errno));
		if (!breathe(c)) {
			*code_out = 1;
			return false;
		}
	}
	repeat_hup(c);
	return true;
}

/* reap: the child may have ended. True when the loop is over; *code_out is the exit code then. */
static bool reap(struct child *c, int *code_out)
{
	int status;
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	*code_out = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (c->stopping || (!c->again && *code_out == GP_DAEMON_SUPERVISE_HOPELESS))
		return true;
	describe(c->plan->log, c->pid, status);
	return !start_again(c, code_out);
}

/* on_signal: HUP and USR1 are passed on, TERM and INT are the child's TERM. */
static void on_signal(struct child *c, int signal)
{
	if (signal == SIGCHLD)
		return; /* the loop looks anyway */
	if (signal == SIGHUP) {
		c->hup_us = gp_clock_now_us(gp_clock_system());
		c->plan->hung_up(c->plan->arg);
	}
	if (signal == SIGTERM || signal == SIGINT) {
		if (!c->stopping)
			c->stop_us = gp_clock_now_us(gp_clock_system());
		c->stopping = true;
		signal = SIGTERM;
	}
	(void)kill(c->pid, signal); /* may be gone: reap */
}

/* on_word: what a word of the child means for us. */
static void on_word(struct child *c, enum gp_daemon_heartbeat_word word)
{
	c->is_ready = c->is_ready || word == GP_DAEMON_HEARTBEAT_READY;
	if (word == GP_DAEMON_HEARTBEAT_RELOADING)
		c->is_reloading = true;
	if (word == GP_DAEMON_HEARTBEAT_RELOADED || word == GP_DAEMON_HEARTBEAT_REFUSED)
		c->is_reloading = c->has_retried_hup = false;
	if (word == GP_DAEMON_HEARTBEAT_RELOADED)
		c->plan->reloaded(c->plan->arg);
	if (!c->stopping || word == GP_DAEMON_HEARTBEAT_STOPPING)
		gp_daemon_heartbeat_notify(
			c->plan->heartbeat->notify, word, c->plan->heartbeat->status);
}

/* listen_to: what the child says; every word is a sign of life. What it says too fast can wait. */
static void listen_to(struct child *c)
{
	for (int i = 0; i < WORDS_AT_ONCE; i++) {
		int word = gp_daemon_heartbeat_read(c->plan->heartbeat);
		if (!word)
			return;
		c->moved_us = gp_clock_now_us(gp_clock_system());
		on_word(c, (enum gp_daemon_heartbeat_word)word);
	}
}

/* end_hard: first in a way that leaves a trace of where it stands. */
static void end_hard(struct child *c, int64_t late_us, const char *why)
{
	if (!c->aborted) {
		gp_log_text(c->plan->log, GP_LOG_ERROR, "process %ld %s: it is killed",
			(long)c->pid, why);
		(void)kill(c->pid, SIGABRT);
		c->aborted = true;
	} else if (late_us > ABORT_US) {
		(void)kill(c->pid, SIGKILL);
	}
}

/* watch_stop: one that does not stop. */
static void watch_stop(struct child *c, int64_t now)
{
	int64_t late_us = now - c->stop_us - (int64_t)c->plan->stop_ms * 1000;
	if (late_us > 0)
		end_hard(c, late_us, "does not stop");
}

/* watch_start: one that starts again says nothing yet; for a while that passes for moving. */
static void watch_start(struct child *c, int64_t now)
{
	if (c->again && now - c->began_us < START_US)
		gp_daemon_notify_alive(c->plan->heartbeat->notify);
}

/* watch: ends a child that hangs; it is reaped and started again like one that crashed. */
static void watch(struct child *c)
{
	char why[64];
	int64_t now = gp_clock_now_us(gp_clock_system());
	int64_t patience_us = (int64_t)c->plan->watchdog_ms * 1000;
	/* the whole machine, or both of us, were stopped: that is not the child's fault */
	if (now - c->watched_us > 5 * EVERY_MS * 1000LL)
		c->moved_us = now;
	c->watched_us = now;
	if (c->is_reloading) /* names of stores, large files: it says nothing meanwhile */
		patience_us += RELOAD_US;
	if (c->stopping) {
		watch_stop(c, now);
	} else if (!c->is_ready) {
		watch_start(c, now);
	} else if (c->plan->watchdog_ms && now - c->moved_us > patience_us) {
		snprintf(why, sizeof why, "has hung for %lld s (policyd.watchdog)",
			(long long)((now - c->moved_us) / 1000000));
		end_hard(c, now - c->moved_us - patience_us, why);
	}
}

/* next_signal: one that has come, or 0 after a second or when the child says something. */
static int next_signal(struct child *c, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd p[2] = {{.fd = signals, .events = POLLIN},
		{.fd = c->plan->heartbeat->ends[0], .events = POLLIN}};
	if (poll(p, 2, EVERY_MS) <= 0 || !(p[0].revents & POLLIN))
		return 0;
	return read(signals, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* gp_daemon_supervise: the loop. */
int gp_daemon_supervise(const struct gp_daemon_supervise *plan)
{
	struct child c = {.plan = plan};
	sigset_t set;
	int code = 1;
	gp_daemon_supervise_signals(&set);
	int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || start(&c)) {
		gp_log_text(plan->log, GP_LOG_ERROR, "fork: %s", strerror(errno));
		return 1;
	}
	do {
		int signal = next_signal(&c, signals);
		if (signal)
			on_signal(&c, signal);
		listen_to(&c);
		watch(&c);
	} while (!reap(&c, &code));
	close(signals);
	return code;
}
