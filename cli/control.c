/* SPDX-License-Identifier: ISC */
/* The socket never blocks: every wait is a poll that ends at the deadline, or when asked to. */
#include "cli/control.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/format.h"
#include "cli/usage.h"
#include "config/config.h"

#define RETRY_MS 50     /* while the daemon has as many clients waiting as it may */
#define READ_MIN 262144 /* room for a read */

const struct gp_cli_option gp_cli_control_options[] = {
	GP_CLI_CONFIG_OPTION,
	{.name = "socket",
		.argument = "PATH",
		.completes = GP_CLI_FILE,
		.help = "control socket of the daemon (default: as configured)"},
	{0},
};

/* trouble: remembers what is wrong, made printable. */
__attribute__((format(printf, 2, 3))) static int trouble(
	struct gp_cli_control *c, const char *format, ...)
{
	char text[sizeof c->problem];
	struct gp_arena *arena = gp_arena_new(64 * 1024);
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	snprintf(c->problem, sizeof c->problem, "%s",
		arena ? gp_cli_visible(arena, text) : "out of memory");
	gp_arena_free(arena);
	return GP_CLI_TROUBLE;
}

/* ---- where ---- */

/* use_path: one that fits. */
static int use_path(struct gp_cli_control *c, const char *path)
{
	if (*path != '/' || strlen(path) >= sizeof c->path)
		return gp_cli_usage(c->command,
			"--socket: the absolute path of a unix socket, at most %zu bytes",
			sizeof c->path - 1);
	memcpy(c->path, path, strlen(path) + 1);
	return GP_CLI_FINE;
}

/* from_config: policyd.control_socket. */
static int from_config(struct gp_cli_control *c, const char *file, const struct gp_config *config)
{
	if (*config->policyd.control_socket)
		return use_path(c, config->policyd.control_socket);
	trouble(c, "policyd.control_socket is empty in %s, so the daemon cannot be reached", file);
	return gp_cli_control_report(c);
}

/* lower: root's effective rights to those of a user that exists, without other groups; back again
 * with 0. False: it was not possible. */
static bool lower(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	return pw && setgroups(0, NULL) == 0 && setegid(pw->pw_gid) == 0 && seteuid(uid) == 0;
}

/* raise_again: to root, whose groups are those of the beginning. */
static bool raise_again(const gid_t *groups, int count)
{
	return seteuid(0) == 0 && setegid(0) == 0 && setgroups((size_t)count, groups) == 0;
}

/* is_named: is the file's owner the user that it makes the daemon become? */
static bool is_named(const struct gp_config *config, uid_t owner)
{
	const struct passwd *pw = getpwnam(config->policyd.user);
	return pw && pw->pw_uid == owner;
}

/* load_lowered: with the privileges of the owner, who could have named any file to be opened. */
static int load_lowered(const char *path, uid_t owner, struct gp_config **config_out)
{
	gid_t groups[NGROUPS_MAX];
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	bool is_root = geteuid() == 0;
	int count = is_root ? getgroups(NGROUPS_MAX, groups) : 0;
	int rc = count < 0 ? GP_EIO : GP_OK;
	uid_t found = owner;
	if (!rc && (!is_root || lower(owner)))
		rc = gp_config_load_saved(
			gp_config_state_directory(), path, &config, &errors, &found);
	else
		rc = GP_EIO;
	gp_config_errors_fini(&errors);
	if (is_root && count >= 0 && !raise_again(groups, count))
		rc = GP_EIO;
	if (!rc && (found != owner || (is_root && !is_named(config, owner))))
		rc = GP_EINVAL;
	if (rc)
		gp_config_free(config);
	else
		*config_out = config;
	return rc;
}

/* gp_cli_config_load_saved: its owner is looked up first. */
int gp_cli_config_load_saved(const char *path, struct gp_config **config_out)
{
	char file[2048];
	struct stat st;
	if (!gp_config_saved_path(gp_config_state_directory(), path, file, sizeof file) ||
		lstat(file, &st))
		return GP_EIO;
	return load_lowered(path, st.st_uid, config_out);
}

/* load_instead: what was kept, which root may read, else the defaults. */
static int load_instead(const char *command, const char *path, struct gp_config **config_out)
{
	struct gp_config_errors errors = {0};
	int rc = gp_cli_config_load_saved(path, config_out);
	const char *used = "the last good configuration";
	if (rc) {
		rc = gp_config_defaults(path, config_out, &errors);
		gp_config_errors_fini(&errors);
		used = "the default";
	}
	if (!rc)
		fprintf(stderr,
			"gatepost %s: %s has errors: the socket of %s is used (--socket PATH "
			"selects another one)\n",
			command, path, used);
	return rc;
}

/* gp_cli_config_load: a file that is named and not there is a mistake of the command. */
int gp_cli_config_load(const char *command, const char *path, struct gp_config **config_out)
{
	struct gp_config_errors errors = {0};
	int rc = gp_config_load(path, config_out, &errors);
	bool is_misnamed = rc == GP_EIO && strcmp(path, GP_CONFIG_PATH) != 0;
	if (rc)
		fputs(gp_config_errors_text(&errors, rc), stderr);
	if (is_misnamed)
		fprintf(stderr,
			"gatepost %s: without a configuration, give the socket with --socket\n",
			command);
	else if (rc)
		rc = load_instead(command, path, config_out);
	gp_config_errors_fini(&errors);
	return rc;
}

/* gp_cli_control_find: the configuration is read only where it is needed. */
int gp_cli_control_find(struct gp_cli_control *control, const char *config, const char *socket)
{
	struct gp_config *read = NULL;
	int code = GP_CLI_CONFIG;
	if (socket)
		return use_path(control, socket);
	if (gp_cli_config_load(control->command, config, &read) == GP_OK)
		code = from_config(control, config, read);
	gp_config_free(read);
	return code;
}

/* gp_cli_control_arguments: the installed configuration unless another one is named. */
int gp_cli_control_arguments(struct gp_cli_control *control, const struct gp_cli_call *call)
{
	const char *config = gp_cli_option(call, "config");
	control->command = call->title;
	int code = gp_cli_control_find(
		control, config ? config : GP_CONFIG_PATH, gp_cli_option(call, "socket"));
	return code ? code : -1;
}

/* ---- exchange ---- */

/* unreachable: why there is no connection, and what to do. */
static int unreachable(struct gp_cli_control *c, int error)
{
	struct stat st;
	if (error == ENOENT || error == ENOTDIR)
		return trouble(c,
			"%s: there is no such socket; is gatepost-policyd running, and with this "
			"configuration? (-c FILE selects another one)",
			c->path);
	if (error == EACCES || error == EPERM)
		return trouble(c,
			"%s: permission denied; run this as root, or allow others with "
			"policyd.control_mode",
			c->path);
	if (error == ECONNREFUSED && stat(c->path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return trouble(c, "%s: not a socket", c->path);
	if (error == ECONNREFUSED)
		return trouble(
			c, "%s: connection refused; gatepost-policyd is not running", c->path);
	return trouble(c, "%s: cannot connect: %s", c->path, strerror(error));
}

/* wait_for: until the socket is ready; false: stopped, or the time is over, which errno says. */
static bool wait_for(struct gp_cli_control *c, int fd, short events, int64_t deadline_us)
{
	struct pollfd p[2] = {{.fd = c->stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
	int left = gp_clock_left_ms(gp_clock_system(), deadline_us);
	int n = left ? poll(p, 2, left) : 0;
	c->is_stopped = n > 0 && p[0].revents;
	if (n == 0)
		errno = ETIMEDOUT;
	return (n > 0 && !c->is_stopped) || (n < 0 && errno == EINTR);
}

/* try_connect: 0, or the error; waits while the queue of the socket is full. */
static int try_connect(struct gp_cli_control *c, int fd, int64_t deadline_us)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	memcpy(un.sun_path, c->path, sizeof un.sun_path);
	while (connect(fd, (const struct sockaddr *)&un, sizeof un)) {
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		int64_t soon_us = gp_clock_now_us(gp_clock_system()) + RETRY_MS * 1000;
		if (soon_us > deadline_us)
			return ETIMEDOUT;
		(void)wait_for(c, -1, 0, soon_us); /* a pause */
		if (c->is_stopped)
			return EINTR;
	}
	return 0;
}

/* dial: a connected socket, or -1. */
static int dial(struct gp_cli_control *c, int64_t deadline_us)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = fd < 0 ? errno : try_connect(c, fd, deadline_us);
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	unreachable(c, error);
	return -1;
}

/* broken: the connection was there, and no answer came of it. */
static int broken(struct gp_cli_control *c, ssize_t got)
{
	if (c->is_stopped)
		return trouble(c, "stopped");
	if (got == 0)
		return trouble(c,
			"%s: the connection was closed before the answer was complete; the log of "
			"gatepost-policyd may say why",
			c->path);
	if (errno == ETIMEDOUT)
		return trouble(c, "%s: no answer within %d s", c->path, GP_CLI_ANSWER_MS / 1000);
	return trouble(c, "%s: %s", c->path, strerror(errno));
}

/* is_again: nothing yet. */
static bool is_again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* send_all: the request. */
static int send_all(struct gp_cli_control *c, int fd, const char *text, int64_t deadline_us)
{
	size_t len = strlen(text), sent = 0;
	while (sent < len) {
		if (!wait_for(c, fd, POLLOUT, deadline_us))
			return broken(c, -1);
		ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
		if (n < 0 && !is_again(n))
			return broken(c, -1);
		sent += n > 0 ? (size_t)n : 0;
	}
	return GP_CLI_FINE;
}

/* What has been read. */
struct incoming {
	char *text;
	size_t len, room;
};

/* make_room: for another read, up to the bound. */
static int make_room(struct gp_cli_control *c, struct incoming *in)
{
	if (in->room - in->len >= READ_MIN)
		return GP_CLI_FINE;
	if (in->room >= GP_CLI_ANSWER_MAX)
		return trouble(c,
			"%s: the answer is larger than %d MiB; ask for fewer rows with -n", c->path,
			GP_CLI_ANSWER_MAX / 1024 / 1024);
	size_t room = in->room ? 2 * in->room : 2 * READ_MIN;
	char *more = realloc(in->text, room);
	if (!more)
		return trouble(c, "out of memory");
	in->text = more;
	in->room = room;
	return GP_CLI_FINE;
}

/* read_line: up to the end of the line. */
static int read_line(struct gp_cli_control *c, int fd, struct incoming *in, int64_t deadline_us)
{
	for (;;) {
		int code = make_room(c, in);
		if (code)
			return code;
		if (!wait_for(c, fd, POLLIN, deadline_us))
			return broken(c, -1);
		ssize_t n = recv(fd, in->text + in->len, in->room - in->len, 0);
		if (is_again(n))
			continue;
		if (n <= 0)
			return broken(c, n);
		const char *end = memchr(in->text + in->len, '\n', (size_t)n);
		if (end) {
			in->len = (size_t)(end - in->text);
			return GP_CLI_FINE;
		}
		in->len += (size_t)n;
	}
}

/* exchange: the text of the answer. */
static int exchange(struct gp_cli_control *c, const char *text, struct incoming *in)
{
	int64_t deadline_us = gp_clock_now_us(gp_clock_system()) + (int64_t)GP_CLI_ANSWER_MS * 1000;
	int fd = dial(c, deadline_us);
	if (fd < 0)
		return GP_CLI_TROUBLE;
	int code = send_all(c, fd, text, deadline_us);
	if (!code)
		code = read_line(c, fd, in, deadline_us);
	close(fd);
	return code;
}

/* line_of: the request as it is sent, or NULL. */
static char *line_of(const json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *line = text ? realloc(text, len + 2) : NULL;
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

/* understand: an answer, which it takes, as an object without trouble. */
static int understand(struct gp_cli_control *c, json_t *answer, json_t **answer_out)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	if (json_is_object(answer) && !json_object_get(answer, "error")) {
		*answer_out = answer;
		return GP_CLI_FINE;
	}
	c->is_answered = error != NULL;
	int code = error ? trouble(c, "%s", error) : gp_cli_control_misread(c);
	json_decref(answer);
	return code;
}

/* ask_instead: in this process. */
static int ask_instead(struct gp_cli_control *c, json_t *request, json_t **answer_out)
{
	json_t *answer = request ? c->instead(c->instead_arg, request) : NULL;
	json_decref(request);
	return answer ? understand(c, answer, answer_out) : trouble(c, "out of memory");
}

/* gp_cli_control_ask: one connection a request. */
int gp_cli_control_ask(struct gp_cli_control *control, json_t *request, json_t **answer_out)
{
	struct incoming in = {0};
	*answer_out = NULL;
	control->is_answered = control->is_stopped = false;
	if (control->instead)
		return ask_instead(control, request, answer_out);
	char *text = line_of(request);
	int code = text ? exchange(control, text, &in) : trouble(control, "out of memory");
	if (!code)
		code = understand(control,
			json_loadb(in.text, in.len, JSON_REJECT_DUPLICATES, NULL), answer_out);
	free(in.text);
	free(text);
	json_decref(request);
	return code;
}

/* gp_cli_control_report: the problem, on a line. */
int gp_cli_control_report(const struct gp_cli_control *control)
{
	fprintf(stderr, "gatepost %s: %s\n", control->command, control->problem);
	return GP_CLI_TROUBLE;
}

/* gp_cli_control_misread: another version, or somebody else. */
int gp_cli_control_misread(struct gp_cli_control *control)
{
	return trouble(control,
		"%s: the answer is not understood; is this gatepost-policyd " GP_VERSION "?",
		control->path);
}

/* gp_cli_control_print: ASCII, so that no name plays with the terminal. */
int gp_cli_control_print(const json_t *answer, bool on_one_line)
{
	size_t flags = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15) |
		       (on_one_line ? JSON_COMPACT : JSON_INDENT(2));
	int failed = json_dumpf(answer, stdout, flags);
	putchar('\n');
	return failed ? GP_CLI_TROUBLE : GP_CLI_FINE;
}
