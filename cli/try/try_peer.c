/* SPDX-License-Identifier: ISC */
/* A socket in both cases: exim gets the other half of a pair as standard input and output. */
#include "cli/try/try_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/format.h"

#define SAID_MAX 4096
#define LEAVE_MS 5000 /* for a child that has been told to go */

static const struct gp_try_peer none = {.fd = -1, .errors = -1};

/* fail: there is no peer. */
static bool fail(
	struct gp_arena *arena, struct gp_try_peer *peer, const char *where, const char *why)
{
	const char *text = gp_arena_printf(arena, "%s: %s", gp_cli_visible(arena, where), why);
	peer->problem = text ? text : "out of memory";
	return false;
}

/* ---- a server ---- */

/* split: host and port of "HOST:PORT"; false: no memory, or nothing. */
static bool split(
	struct gp_arena *arena, const char *server, const char **host_out, const char **port_out)
{
	struct gp_span host = gp_span_from(server), port = gp_span_from("25");
	ptrdiff_t colon = gp_span_find_last(host, ':');
	bool is_v6 = host.len && host.ptr[0] == '[';
	ptrdiff_t bracket = is_v6 ? gp_span_find_last(host, ']') : -1;
	bool is_bare_v6 = !is_v6 && colon >= 0 && memchr(host.ptr, ':', (size_t)colon);
	if (colon > bracket && !is_bare_v6) {
		port = gp_span_skip(host, (size_t)colon + 1);
		host.len = (size_t)colon;
	}
	if (bracket > 0)
		host = (struct gp_span) {host.ptr + 1, (size_t)bracket - 1};
	*host_out = gp_arena_copy(arena, host);
	*port_out = gp_arena_copy(arena, port);
	return *host_out && *port_out && **host_out;
}

/* connect_in: connects in time; false with errno. */
static bool connect_in(int fd, const struct addrinfo *to, uint64_t timeout_s)
{
	int error = 0;
	socklen_t len = sizeof error;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	int n = poll(&p, 1, (int)timeout_s * 1000);
	if (n == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
		return true;
	errno = n == 0 ? ETIMEDOUT : error ? error : errno;
	return false;
}

/* gp_try_peer_dial: the first address that answers. */
bool gp_try_peer_dial(struct gp_arena *arena, const char *server, uint64_t timeout_s,
	struct gp_try_peer *peer_out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *host, *port;
	*peer_out = none;
	if (!split(arena, server, &host, &port))
		return fail(arena, peer_out, server, "this is no server: HOST, HOST:PORT");
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc)
		return fail(arena, peer_out, server, gai_strerror(rc));
	int error = 0;
	for (const struct addrinfo *to = found; to && peer_out->fd < 0; to = to->ai_next) {
		int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect_in(fd, to, timeout_s)) {
			peer_out->fd = fd;
		} else {
			error = errno;
			if (fd >= 0)
				close(fd);
		}
	}
	freeaddrinfo(found);
	return peer_out->fd >= 0 || fail(arena, peer_out, server, strerror(error));
}

/* ---- exim -bh ---- */

/* become_exim: in the child. */
static void become_exim(const char *program, const char *address, int talk, int errors)
{
	const char *argv[] = {program, "-bh", address, NULL};
	if (dup2(talk, STDIN_FILENO) >= 0 && dup2(talk, STDOUT_FILENO) >= 0 &&
		dup2(errors, STDERR_FILENO) >= 0)
		execv(program, (char **)(uintptr_t)argv);
	_exit(127);
}

/* gp_try_peer_exim: what it traces goes to a file without a name. */
bool gp_try_peer_exim(struct gp_arena *arena, const char *program, const char *address,
	struct gp_try_peer *peer_out)
{
	int pair[2];
	*peer_out = none;
	int errors = memfd_create("gatepost-try", MFD_CLOEXEC);
	if (errors < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		int saved = errno;
		if (errors >= 0)
			close(errors);
		return fail(arena, peer_out, program, strerror(saved));
	}
	pid_t child = fork();
	if (child == 0)
		become_exim(program, address, pair[1], errors);
	int saved = errno;
	close(pair[1]);
	if (child < 0) {
		close(pair[0]);
		close(errors);
		return fail(arena, peer_out, program, strerror(saved));
	}
	*peer_out = (struct gp_try_peer) {.fd = pair[0], .child = child, .errors = errors};
	return true;
}

/* gp_try_peer_said: the last line of the trace. */
const char *gp_try_peer_said(struct gp_arena *arena, const struct gp_try_peer *peer)
{
	char text[SAID_MAX];
	off_t size = peer->errors >= 0 ? lseek(peer->errors, 0, SEEK_END) : 0;
	off_t from = size > SAID_MAX ? size - SAID_MAX : 0;
	ssize_t n = size > 0 ? pread(peer->errors, text, sizeof text, from) : 0;
	struct gp_span said = gp_span_trim((struct gp_span) {text, n > 0 ? (size_t)n : 0});
	ptrdiff_t before = gp_span_find_last(said, '\n');
	return gp_cli_visible_span(arena, gp_span_skip(said, (size_t)(before + 1)));
}

/* gp_try_peer_close: a child that does not go by itself is ended. */
void gp_try_peer_close(struct gp_try_peer *peer)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000000};
	if (peer->fd >= 0)
		close(peer->fd);
	if (peer->errors >= 0)
		close(peer->errors);
	bool is_gone = peer->child == 0;
	for (int i = 0; !is_gone && i < LEAVE_MS / 10; i++) {
		is_gone = waitpid(peer->child, NULL, WNOHANG) != 0;
		if (!is_gone)
			nanosleep(&pause, NULL);
	}
	if (!is_gone) {
		kill(peer->child, SIGKILL);
		waitpid(peer->child, NULL, 0);
	}
	*peer = none;
}
