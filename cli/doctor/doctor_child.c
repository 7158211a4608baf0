/* SPDX-License-Identifier: ISC */
/* Each child has a process group of its own, so that whatever it starts ends with it. */
#include "cli/doctor/doctor_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"

#define PART 65536
#define CANNOT_EXEC 127

/* in_child: the child's side; never returns. */
static void in_child(int out, int (*body)(void *arg), void *arg)
{
	int null = open("/dev/null", O_RDONLY);
	(void)setpgid(0, 0); /* the parent does it, too, as either may run first */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(CANNOT_EXEC);
	int code = body(arg);
	(void)fflush(NULL); /* the parent counts what comes */
	_exit(code);
}

/* begin: the child, and the descriptor of what it writes; -1: none. */
static pid_t begin(int (*body)(void *arg), void *arg, int *fd_out)
{
	int pipes[2];
	(void)fflush(NULL); /* nothing of ours twice */
	if (pipe2(pipes, O_CLOEXEC))
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		in_child(pipes[1], body, arg);
	close(pipes[1]);
	if (pid < 0)
		close(pipes[0]);
	else
		(void)setpgid(pid, pid); /* it may be gone */
	*fd_out = pipes[0];
	return pid;
}

/* collect: until the end of what it writes, the deadline, or too much. */
static void collect(int fd, int64_t deadline_us, struct gp_strbuf *buf, struct gp_doctor_output *o)
{
	char part[PART];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int left = gp_clock_left_ms(gp_clock_system(), deadline_us);
		int n = left ? poll(&p, 1, left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		o->is_late = n <= 0;
		ssize_t got = n > 0 ? read(fd, part, sizeof part) : 0;
		if (got <= 0)
			return;
		gp_strbuf_add_span(buf, (struct gp_span) {part, (size_t)got});
		o->is_cut = buf->status != GP_OK;
		if (o->is_cut)
			return;
	}
}

/* end: reaps the child once it is over; one that closed its output and lives on is ended late. */
static void end(pid_t pid, int64_t deadline_us, struct gp_doctor_output *o)
{
	int status = 0;
	while (!o->is_late && !o->is_cut) {
		pid_t done = waitpid(pid, &status, WNOHANG);
		if (done == pid) {
			(void)kill(-pid, SIGKILL); /* whatever it has left behind */
			o->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
			return;
		}
		o->is_late = gp_clock_left_ms(gp_clock_system(), deadline_us) == 0;
		(void)poll(NULL, 0, 5); /* a breath */
	}
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL); /* should it not have reached its group yet */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* gp_doctor_fork: one child, to its end. */
void gp_doctor_fork(struct gp_arena *arena, int (*body)(void *arg), void *arg, unsigned limit_ms,
	struct gp_doctor_output *output_out)
{
	struct gp_strbuf buf;
	int64_t deadline_us = gp_clock_now_us(gp_clock_system()) + (int64_t)limit_ms * 1000;
	int fd;
	*output_out = (struct gp_doctor_output) {.code = -1};
	pid_t pid = begin(body, arg, &fd);
	if (pid < 0)
		return;
	gp_strbuf_init(&buf, arena, GP_DOCTOR_OUTPUT_MAX);
	collect(fd, deadline_us, &buf, output_out);
	close(fd);
	end(pid, deadline_us, output_out);
	output_out->text = gp_strbuf_span(&buf);
}

/* run_program: body of gp_doctor_exec. */
static int run_program(void *arg)
{
	char *const *argv = arg;
	if (setenv("LC_ALL", "C", 1) == 0 && chdir("/") == 0)
		execv(argv[0], argv);
	return CANNOT_EXEC;
}

/* gp_doctor_exec: exec never writes into its arguments. */
void gp_doctor_exec(struct gp_arena *arena, const char *const *argv, unsigned limit_ms,
	struct gp_doctor_output *output_out)
{
	gp_doctor_fork(arena, run_program, (void *)(uintptr_t)argv, limit_ms, output_out);
}
