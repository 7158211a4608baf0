/* SPDX-License-Identifier: ISC */
/*
 * A socket, poll up to the deadline, TLS between the two where it is wanted. The socket does not
 * block, except that without TLS a receive may, for a bounded while: that saves a system call for
 * each answer.
 */
#include "store/redis/redis_conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <hiredis/hiredis.h>

#include "base/ipaddr.h"

#define PATIENCE_MS 100 /* of a receive that waits by itself */
#define LOOKS 3 /* for an answer, before falling asleep; more of them cost more than they save */
#define FRESH_US 500000 /* so long after an answer a connection is taken to be alive */

/* gp_store_redis_command_add: one word. */
void gp_store_redis_command_add(struct gp_store_redis_command *command, struct gp_span word)
{
	if (command->count < GP_STORE_REDIS_ARGS) {
		command->argv[command->count] = word.ptr ? word.ptr : "";
		command->length[command->count] = word.len;
	}
	command->count++;
}

/* gp_store_redis_command_text: a word that is a C string. */
void gp_store_redis_command_text(struct gp_store_redis_command *command, const char *word)
{
	gp_store_redis_command_add(command, gp_span_from(word));
}

/* await: until the descriptor is ready. */
static int await(int fd, short events, int64_t until_us)
{
	const struct gp_clock *clock = gp_clock_system();
	struct pollfd p = {.fd = fd, .events = events};
	for (;;) {
		int n = poll(&p, 1, gp_clock_left_ms(clock, until_us));
		if (n > 0)
			return GP_OK;
		if (n < 0 && errno != EINTR)
			return GP_EIO;
		if (n == 0 && gp_clock_left_ms(clock, until_us) == 0)
			return GP_ETIMEOUT;
	}
}

/* fail: a status and its text. */
static int fail(struct gp_store_redis_conn *conn, int status, const char *what, int error)
{
	char text[96];
	if (status == GP_ETIMEOUT)
		snprintf(conn->problem, sizeof conn->problem, "%s: no answer in time", what);
	else if (status == GP_ECLOSED)
		snprintf(conn->problem, sizeof conn->problem, "%s: connection closed", what);
	else
		snprintf(conn->problem, sizeof conn->problem, "%s: %s", what,
			error ? strerror_r(error, text, sizeof text) : gp_err_text(status));
	return status;
}

/* finish_connect: waits, then asks how it went. */
static int finish_connect(struct gp_store_redis_conn *conn, int64_t until_us)
{
	int error = 0;
	socklen_t size = sizeof error;
	int rc = await(conn->fd, POLLOUT, until_us);
	if (rc)
		return fail(conn, rc, "connect", 0);
	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	return error ? fail(conn, GP_EIO, "connect", error) : GP_OK;
}

/* reach: a connected socket. */
static int reach(struct gp_store_redis_conn *conn, const struct gp_store_redis_address *address,
	int64_t until_us)
{
	int one = 1;
	conn->fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conn->fd < 0)
		return fail(conn, GP_EIO, "socket", errno);
	if (address->port) {
		/* for latency, and for servers that vanish without a word; both may fail */
		(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		(void)setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	}
	if (connect(conn->fd, (const struct sockaddr *)&address->socket, address->length) == 0)
		return GP_OK;
	/* EAGAIN: the queue of a unix socket is full, which no poll would tell the end of */
	if (errno != EINPROGRESS && errno != EINTR)
		return fail(conn, GP_EIO, "connect", errno);
	return finish_connect(conn, until_us);
}

/* make_patient: receives wait by themselves; where that cannot be had, poll does it as before. */
static void make_patient(struct gp_store_redis_conn *conn)
{
	const struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
	int flags = fcntl(conn->fd, F_GETFL);
	conn->is_patient =
		setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
		flags >= 0 && fcntl(conn->fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

/* encrypt: the handshake. */
static int encrypt(struct gp_store_redis_conn *conn, const struct gp_store_redis_address *address,
	struct gp_crypto_tls_setup *setup, int64_t until_us)
{
	char problem[GP_CRYPTO_TLS_PROBLEM];
	const struct gp_crypto_tls_peer peer = {.fd = conn->fd,
		.host = address->host,
		.clock = gp_clock_system(),
		.deadline_us = until_us};
	int rc = gp_crypto_tls_connect(setup, &peer, &conn->tls, problem);
	if (rc && problem[0])
		snprintf(conn->problem, sizeof conn->problem, "%s", problem);
	else if (rc)
		return fail(conn, rc, "TLS", 0);
	return rc;
}

/* gp_store_redis_conn_open: socket, then TLS. */
int gp_store_redis_conn_open(const struct gp_store_redis_address *address,
	struct gp_crypto_tls_setup *tls, int64_t until_us, struct gp_store_redis_conn **conn_out,
	char problem_out[GP_STORE_REDIS_PROBLEM])
{
	problem_out[0] = '\0';
	struct gp_store_redis_conn *conn = calloc(1, sizeof *conn);
	if (!conn)
		return GP_ENOMEM;
	conn->fd = -1;
	int rc = gp_store_redis_reader_new(&conn->reader);
	if (rc == GP_OK)
		rc = reach(conn, address, until_us);
	if (rc == GP_OK && tls)
		rc = encrypt(conn, address, tls, until_us);
	else if (rc == GP_OK)
		make_patient(conn);
	if (rc) {
		memcpy(problem_out, conn->problem, sizeof conn->problem);
		gp_store_redis_conn_close(conn);
		return rc;
	}
	*conn_out = conn;
	return GP_OK;
}

/* gp_store_redis_conn_close: TLS sends close_notify on the socket, so it goes first. */
void gp_store_redis_conn_close(struct gp_store_redis_conn *conn)
{
	if (!conn)
		return;
	gp_crypto_tls_free(conn->tls);
	gp_store_redis_reader_free(conn->reader);
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn);
}

/* tls_result: with the text of the layer below. */
static int tls_result(struct gp_store_redis_conn *conn, int rc)
{
	const char *problem = gp_crypto_tls_problem(conn->tls);
	if (rc == GP_OK)
		return rc;
	if (rc == GP_ETIMEOUT || !problem[0])
		return fail(conn, rc, "TLS", 0);
	snprintf(conn->problem, sizeof conn->problem, "%s", problem);
	return rc;
}

/* send_plain: all of it. */
static int send_plain(struct gp_store_redis_conn *conn, struct gp_span bytes, int64_t until_us)
{
	while (bytes.len) {
		ssize_t n = send(conn->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			bytes = gp_span_skip(bytes, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			return fail(conn, GP_ECLOSED, "send", 0);
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return fail(conn, GP_EIO, "send", errno);
		int rc = await(conn->fd, POLLOUT, until_us);
		if (rc)
			return fail(conn, rc, "send", 0);
	}
	return GP_OK;
}

/* gp_store_redis_conn_send: in the protocol's form, made by hiredis. */
int gp_store_redis_conn_send(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_command *command, int64_t until_us)
{
	char *bytes = NULL;
	if (command->count > GP_STORE_REDIS_ARGS)
		return fail(conn, GP_ETOOBIG, "command", 0);
	/* hiredis takes what it does not change for changeable */
	long long size = redisFormatCommandArgv(
		&bytes, command->count, (const char **)command->argv, command->length);
	if (size < 0)
		return fail(conn, GP_ENOMEM, "command", 0);
	const struct gp_span span = {bytes, (size_t)size};
	int rc = conn->tls ? tls_result(conn, gp_crypto_tls_send(conn->tls, span, until_us))
			   : send_plain(conn, span, until_us);
	redisFreeCommand(bytes);
	return rc;
}

/*
 * poll_briefly: an answer from nearby is there within the time that falling asleep and waking up
 * take; meanwhile other threads run.
 */
static ssize_t poll_briefly(struct gp_store_redis_conn *conn)
{
	ssize_t n = -1;
	for (int i = 0; i < LOOKS && n < 0; i++) {
		sched_yield();
		n = recv(conn->fd, conn->buffer, sizeof conn->buffer, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			break;
	}
	return n;
}

/* receive_plain: looks a few times, then waits. */
static int receive_plain(struct gp_store_redis_conn *conn, int64_t until_us, size_t *got_out)
{
	ssize_t early = poll_briefly(conn);
	if (early > 0) {
		*got_out = (size_t)early;
		return GP_OK;
	}
	for (;;) {
		bool waits = conn->is_patient &&
			     gp_clock_left_ms(gp_clock_system(), until_us) > PATIENCE_MS;
		int rc = waits ? GP_OK : await(conn->fd, POLLIN, until_us);
		if (rc)
			return fail(conn, rc, "receive", errno);
		ssize_t n =
			recv(conn->fd, conn->buffer, sizeof conn->buffer, waits ? 0 : MSG_DONTWAIT);
		if (n > 0) {
			*got_out = (size_t)n;
			return GP_OK;
		}
		if (n == 0 || errno == ECONNRESET)
			return fail(conn, GP_ECLOSED, "receive", 0);
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return fail(conn, GP_EIO, "receive", errno);
	}
}

/* gp_store_redis_conn_receive: bytes until they make a reply. */
int gp_store_redis_conn_receive(
	struct gp_store_redis_conn *conn, int64_t until_us, struct redisReply **reply_out)
{
	for (;;) {
		size_t got = 0;
		int rc = gp_store_redis_reader_next(conn->reader, reply_out);
		if (rc)
			return fail(conn, rc, "the answer is not in the Redis protocol", 0);
		if (*reply_out) {
			conn->heard_us = gp_clock_now_us(gp_clock_system());
			return GP_OK;
		}
		rc = conn->tls ? tls_result(conn, gp_crypto_tls_recv(conn->tls, conn->buffer,
							  sizeof conn->buffer, until_us, &got))
			       : receive_plain(conn, until_us, &got);
		if (rc)
			return rc;
		rc = gp_store_redis_reader_feed(conn->reader, (struct gp_span) {conn->buffer, got});
		if (rc)
			return fail(conn, rc, "reply", 0);
	}
}

/* gp_store_redis_conn_call: one after the other. */
int gp_store_redis_conn_call(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_command *command, int64_t until_us,
	struct redisReply **reply_out)
{
	*reply_out = NULL;
	int rc = gp_store_redis_conn_send(conn, command, until_us);
	return rc ? rc : gp_store_redis_conn_receive(conn, until_us, reply_out);
}

/* gp_store_redis_conn_is_quiet: with TLS, session tickets may lie there, which is no harm. */
bool gp_store_redis_conn_is_quiet(const struct gp_store_redis_conn *conn)
{
	char byte;
	if (!gp_store_redis_reader_is_empty(conn->reader))
		return false;
	if (gp_clock_now_us(gp_clock_system()) - conn->heard_us < FRESH_US)
		return true; /* one that has just died shows in use, and is tried again */
	ssize_t n = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	return n > 0 && conn->tls;
}

/* gp_store_redis_numeric: nothing is asked, nothing can wait. */
bool gp_store_redis_numeric(
	const char *host, uint16_t port, struct gp_store_redis_address *address_out)
{
	struct gp_ipaddr ip;
	if (gp_ipaddr_parse(gp_span_from(host), &ip) != GP_OK ||
		strlen(host) >= GP_STORE_REDIS_HOST)
		return false;
	memset(address_out, 0, sizeof *address_out);
	address_out->length = gp_ipaddr_to_sockaddr(&ip, port, &address_out->socket);
	memcpy(address_out->host, host, strlen(host));
	address_out->port = port;
	return true;
}
