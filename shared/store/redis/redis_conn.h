/* SPDX-License-Identifier: ISC */
/*
 * One connection to a Redis server: connect, TLS, send commands, receive replies, with deadlines.
 *
 * Knows bytes and deadlines; does not know what the commands mean. Deadlines are points of the
 * system's monotonic clock.
 *
 *     gp_store_redis_conn_open(&address, tls, until_us, &conn, problem);
 *     gp_store_redis_conn_call(conn, &command, until_us, &reply);
 *     gp_store_redis_conn_close(conn);
 *
 * GP_ETIMEOUT, GP_ECLOSED, GP_EIO, GP_ESYNTAX or GP_ETOOBIG (what came is no reply): the connection
 * is of no more use, conn->problem says why. Threads: one at a time.
 */
#ifndef GP_STORE_REDIS_CONN_H
#define GP_STORE_REDIS_CONN_H

#include <sys/socket.h>

#include "crypto/tls.h"
#include "store/redis/redis_reply.h"

#define GP_STORE_REDIS_PROBLEM 256 /* room for a text that says what is wrong */
#define GP_STORE_REDIS_ARGS 136    /* most words of a command */

/* Where a server listens. */
struct gp_store_redis_address {
	struct sockaddr_storage socket;
	socklen_t length;
	char host[GP_STORE_REDIS_HOST]; /* name or address as given, for TLS and texts; a path */
	uint16_t port;                  /* 0: a unix socket */
};

/* A command; what the words point to is borrowed. */
struct gp_store_redis_command {
	int count;
	const char *argv[GP_STORE_REDIS_ARGS];
	size_t length[GP_STORE_REDIS_ARGS];
};

struct gp_store_redis_conn {
	int fd;
	struct gp_crypto_tls *tls; /* NULL: none */
	int64_t heard_us;          /* when the last answer came */
	bool is_patient;           /* a receive waits by itself for a while, without poll */
	struct gp_store_redis_reader *reader;
	char problem[GP_STORE_REDIS_PROBLEM];
	/* the pool's */
	struct gp_store_redis_conn *next;
	unsigned node, generation;
	bool reused; /* has waited in the pool: it may have died there */
	char buffer[16384];
};

/* A numeric address; false: it is a name. */
bool gp_store_redis_numeric(
	const char *host, uint16_t port, struct gp_store_redis_address *address_out);

/* Adds a word; a word too many is left out, and gp_store_redis_conn_send then refuses. */
void gp_store_redis_command_add(struct gp_store_redis_command *command, struct gp_span word);
void gp_store_redis_command_text(struct gp_store_redis_command *command, const char *word);

/* Connects, with TLS unless tls is NULL. Returns new. */
int gp_store_redis_conn_open(const struct gp_store_redis_address *address,
	struct gp_crypto_tls_setup *tls, int64_t until_us, struct gp_store_redis_conn **conn_out,
	char problem_out[GP_STORE_REDIS_PROBLEM]) GP_MUST_CHECK;
void gp_store_redis_conn_close(struct gp_store_redis_conn *conn); /* accepts NULL */

int gp_store_redis_conn_send(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_command *command, int64_t until_us) GP_MUST_CHECK;
int gp_store_redis_conn_receive(struct gp_store_redis_conn *conn, int64_t until_us,
	struct redisReply **reply_out) GP_MUST_CHECK;

/* Sends and receives; the reply is returned new. */
int gp_store_redis_conn_call(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_command *command, int64_t until_us,
	struct redisReply **reply_out) GP_MUST_CHECK;

/* Is the line silent and open, as it has to be between calls? */
bool gp_store_redis_conn_is_quiet(const struct gp_store_redis_conn *conn);

#endif
