/* SPDX-License-Identifier: ISC */
/*
 * Watching: the table again and again. On a terminal each round is drawn over the one before, line
 * by line, so that nothing flickers; the cursor is hidden meanwhile and comes back however it ends.
 * Signals are read from a descriptor, beside the waiting for answers and for time.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/format.h"
#include "cli/limits.h"
#include "cli/table.h"
#include "cli/usage.h"

#define OTHER_LINES 5 /* of the screen: the time, titles, what is left out */

struct watch {
	const struct gp_cli_limits *arguments;
	struct gp_cli_control *control;
	bool is_terminal;
};

/* put: text onto the screen or the file; rests of older lines are wiped away. */
static void put(const struct watch *w, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && w->is_terminal)
			fputs("\x1b[K", stdout);
		putchar(*p);
	}
}

/* enter: an empty screen without a cursor. */
static void enter(const struct watch *w)
{
	if (w->is_terminal)
		fputs("\x1b[?25l\x1b[H\x1b[2J", stdout);
}

/* leave: the cursor comes back. */
static void leave(const struct watch *w)
{
	if (w->is_terminal)
		fputs("\x1b[?25h", stdout);
	(void)fflush(stdout); /* main looks at its state */
}

/* add_heading: the time, and how to end it. */
static void add_heading(const struct watch *w, struct gp_strbuf *buf)
{
	char text[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	if (localtime_r(&now, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
		gp_strbuf_add(buf, text);
	if (w->is_terminal)
		gp_strbuf_printf(buf, "   every %llu s, Ctrl-C ends",
			(unsigned long long)w->arguments->watch_s);
	if (*w->control->direct)
		gp_strbuf_add(buf, "   from the store, no daemon");
	gp_strbuf_add(buf, "\n\n");
}

/* rows_shown: as many as there is room for. */
static size_t rows_shown(const struct watch *w)
{
	size_t height = gp_cli_height();
	if (!w->is_terminal)
		return SIZE_MAX;
	return height > OTHER_LINES ? height - OTHER_LINES : 1;
}

/* draw: one round; answer NULL: the trouble in its place. */
static void draw(const struct watch *w, const json_t *answer)
{
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	struct gp_strbuf buf;
	const char *text = "out of memory\n";
	if (arena) {
		gp_strbuf_init(&buf, arena, GP_CLI_LIMITS_MEMORY);
		add_heading(w, &buf);
		if (answer && !gp_cli_limits_top(answer, rows_shown(w), arena, &buf)) {
			gp_cli_control_misread(w->control);
			answer = NULL;
		}
		if (!answer)
			gp_strbuf_printf(&buf, "%s\ntrying again\n", w->control->problem);
		if (gp_strbuf_finish(&buf, &text))
			text = "out of memory\n";
	}
	fputs(w->is_terminal ? "\x1b[H" : "", stdout);
	put(w, text);
	fputs(w->is_terminal ? "\x1b[J" : "\n", stdout);
	(void)fflush(stdout); /* the loop looks at its state */
	gp_arena_free(arena);
}

/* print_line: one round for programs: an object on a line. */
static void print_line(const struct watch *w, const json_t *answer)
{
	json_t *trouble = answer ? NULL : json_pack("{s:s}", "error", w->control->problem);
	(void)gp_cli_control_print(answer ? answer : trouble, true);
	(void)fflush(stdout); /* the loop looks at its state */
	json_decref(trouble);
}

/* suspend: until it is continued; the shell gets its cursor back meanwhile. */
static void suspend(const struct watch *w)
{
	leave(w);
	(void)raise(SIGSTOP); /* cannot fail */
	enter(w);
}

/* read_signal: what has come; true: it ends the watching. */
static bool read_signal(const struct watch *w)
{
	struct signalfd_siginfo info;
	if (read(w->control->stop_fd, &info, sizeof info) != (ssize_t)sizeof info)
		return false;
	if (info.ssi_signo == SIGTSTP)
		suspend(w);
	return info.ssi_signo != SIGTSTP && info.ssi_signo != SIGWINCH;
}

/*
 * rest: until the next round is due; true: it is over. A new size of the window is drawn at once.
 */
static bool rest(const struct watch *w)
{
	struct pollfd p = {.fd = w->control->stop_fd, .events = POLLIN};
	return poll(&p, 1, (int)w->arguments->watch_s * 1000) > 0 && read_signal(w);
}

/* run: round after round; answer is that of the first. */
static void run(const struct watch *w, json_t *answer)
{
	bool is_over = false;
	enter(w);
	while (!is_over && !ferror(stdout)) {
		if (w->control->is_stopped)
			is_over = read_signal(w);
		else if (w->arguments->json)
			print_line(w, answer);
		else
			draw(w, answer);
		is_over = is_over || (!w->control->is_stopped && rest(w));
		json_decref(answer);
		answer = NULL;
		if (!is_over)
			(void)gp_cli_control_ask(w->control, gp_cli_limits_request(w->arguments),
				&answer); /* its trouble is drawn */
	}
	json_decref(answer);
	leave(w);
}

/* gp_cli_limits_watch: a daemon that cannot be asked at the start is no reason to wait. */
int gp_cli_limits_watch(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	const struct watch w = {a, control, !a->json && isatty(STDOUT_FILENO)};
	json_t *answer;
	sigset_t set, before;
	int code = gp_cli_control_ask(control, gp_cli_limits_request(a), &answer);
	if (code)
		return gp_cli_control_report(control);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (w.is_terminal) {
		sigaddset(&set, SIGTSTP);
		sigaddset(&set, SIGWINCH);
	}
	sigprocmask(SIG_BLOCK, &set, &before);
	control->stop_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (control->stop_fd < 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		json_decref(answer);
		perror("gatepost limits");
		return GP_CLI_TROUBLE;
	}
	run(&w, answer);
	close(control->stop_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return GP_CLI_FINE;
}
