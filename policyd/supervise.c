/* SPDX-License-Identifier: ISC */
/* A loop around sigwaitinfo; a child that dies young is started again only after a second. */
#include "policyd/supervise.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define YOUNG_US 1000000

struct child {
	pid_t pid;
	int64_t began_us;
	bool stopping, again;
	int64_t hup_us; /* when SIGHUP was passed on last */
};

/* gp_supervise_signals: what both processes wait for. */
void gp_supervise_signals(sigset_t *set_out)
{
	sigemptyset(set_out);
	sigaddset(set_out, SIGHUP);
	sigaddset(set_out, SIGINT);
	sigaddset(set_out, SIGTERM);
	sigaddset(set_out, SIGUSR1);
	sigaddset(set_out, SIGCHLD);
}

/* start: forks; in the child it never returns. */
static int start(struct child *c, int (*serve)(void *, bool), void *arg)
{
	pid_t parent = getpid();
	c->began_us = gp_clock_now_us(gp_clock_system());
	c->pid = fork();
	if (c->pid != 0)
		return c->pid < 0 ? -1 : 0;
	/* the parent may have died before the request took effect */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		_exit(1);
	_exit(serve(arg, c->again));
}

/* describe: how the child ended. */
static void describe(const struct gp_log *log, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		gp_log_text(log, GP_LOG_ERROR,
			"process %ld died of signal %d (%s); it is started again", (long)pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
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

/* repeat_hup: a SIGHUP that came just before a death may have reached nobody. */
static void repeat_hup(const struct child *c)
{
	if (c->hup_us && gp_clock_now_us(gp_clock_system()) - c->hup_us < 2 * YOUNG_US)
		(void)kill(c->pid, SIGHUP); /* the child has it blocked and will wait for it */
}

/* reap: SIGCHLD came. True when the loop is over; *code_out is the exit code then. */
static bool reap(struct child *c, int (*serve)(void *, bool), void *arg, const struct gp_log *log,
	int *code_out)
{
	int status;
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	*code_out = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (c->stopping || (!c->again && *code_out == GP_SUPERVISE_HOPELESS))
		return true;
	describe(log, c->pid, status);
	if (!breathe(c)) {
		*code_out = 0;
		return true;
	}
	c->again = true;
	while (start(c, serve, arg)) {
		gp_log_text(log, GP_LOG_ERROR, "fork: %s", strerror(errno));
		if (!breathe(c)) {
			*code_out = 1;
			return true;
		}
	}
	repeat_hup(c);
	return false;
}

/* gp_supervise: the loop. */
int gp_supervise(int (*serve)(void *arg, bool again), void *arg, const struct gp_log *log)
{
	struct child c = {0};
	sigset_t set;
	int code = 1;
	gp_supervise_signals(&set);
	if (start(&c, serve, arg)) {
		gp_log_text(log, GP_LOG_ERROR, "fork: %s", strerror(errno));
		return 1;
	}
	for (;;) {
		siginfo_t info;
		int signal = sigwaitinfo(&set, &info);
		if (signal == SIGCHLD) {
			if (reap(&c, serve, arg, log, &code))
				return code;
		} else if (signal > 0) {
			if (signal == SIGHUP)
				c.hup_us = gp_clock_now_us(gp_clock_system());
			c.stopping = c.stopping || signal == SIGTERM || signal == SIGINT;
			(void)kill(
				c.pid, signal == SIGINT ? SIGTERM : signal); /* may be gone: reap */
		}
	}
}
