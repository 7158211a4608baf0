/* SPDX-License-Identifier: ISC */
/*
 * What comes back from a Redis server: bytes to replies, with bounds, and what an error means.
 *
 * A reply is hiredis' tree, but it is made within limits of ours (bytes, elements, nesting) and
 * looked at only through the functions here, which bear any type in any place. Nothing a server
 * sends is trusted.
 *
 *     gp_store_redis_reader_new(&reader);
 *     gp_store_redis_reader_feed(reader, bytes);
 *     gp_store_redis_reader_next(reader, &reply);        (NULL: more bytes are needed)
 *     gp_store_redis_reply_free(reply);
 *
 * GP_ESYNTAX: no reply at all; GP_ETOOBIG: over a limit. After either the reader is of no more use.
 */
#ifndef GP_STORE_REDIS_REPLY_H
#define GP_STORE_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define GP_STORE_REDIS_REPLY_MAX (16 << 20) /* bytes of one reply */
#define GP_STORE_REDIS_ITEMS_MAX (1 << 17)  /* elements of one reply, all arrays together */
#define GP_STORE_REDIS_DEPTH_MAX 6          /* arrays within arrays */
#define GP_STORE_REDIS_HOST 256             /* room for a host's name or address */
#define GP_STORE_REDIS_SLOTS 16384          /* of a cluster */

struct redisReply; /* hiredis/hiredis.h */
struct gp_store_redis_reader;

int gp_store_redis_reader_new(struct gp_store_redis_reader **reader_out) GP_MUST_CHECK;
void gp_store_redis_reader_free(struct gp_store_redis_reader *reader); /* accepts NULL */
int gp_store_redis_reader_feed(
	struct gp_store_redis_reader *reader, struct gp_span bytes) GP_MUST_CHECK;

/* Have all bytes become replies that were handed out? */
bool gp_store_redis_reader_is_empty(const struct gp_store_redis_reader *reader);

/* The next reply, which is returned new, or NULL. */
int gp_store_redis_reader_next(
	struct gp_store_redis_reader *reader, struct redisReply **reply_out) GP_MUST_CHECK;
void gp_store_redis_reply_free(struct redisReply *reply); /* accepts NULL */

/* ---- looking at a reply; all accept NULL as a reply that is nothing ---- */

/* A string or status: its bytes, borrowed. */
bool gp_store_redis_reply_text(const struct redisReply *reply, struct gp_span *text_out);

/* An integer, or a string of decimal digits. */
bool gp_store_redis_reply_number(const struct redisReply *reply, int64_t *number_out);

/* How many elements an array has; 0 for everything else. */
size_t gp_store_redis_reply_items(const struct redisReply *reply);

/* An element; NULL when there is none. */
const struct redisReply *gp_store_redis_reply_item(const struct redisReply *reply, size_t i);

/* ---- errors ---- */

enum gp_store_redis_error {
	GP_STORE_REDIS_FINE, /* the reply is no error */
	GP_STORE_REDIS_MOVED,
	GP_STORE_REDIS_ASK,
	GP_STORE_REDIS_TRYAGAIN,
	GP_STORE_REDIS_CROSSSLOT,
	GP_STORE_REDIS_NOSCRIPT,
	GP_STORE_REDIS_WRONGTYPE,
	GP_STORE_REDIS_UNFIT,  /* this server cannot do it now; another one may */
	GP_STORE_REDIS_DENIED, /* somebody has to do something about it */
};

/* What kind of error the reply is. *advice_out: static, what to do about it; "" if unknown. */
enum gp_store_redis_error gp_store_redis_reply_error(
	const struct redisReply *reply, const char **advice_out);

/* The text of an error, printable, cut to what fits; "" if it is none. */
void gp_store_redis_reply_problem(const struct redisReply *reply, char *text_out, size_t size);

/* Where a cluster sends us. */
struct gp_store_redis_redirection {
	unsigned slot;
	char host[GP_STORE_REDIS_HOST]; /* "": the host that said so */
	uint16_t port;
};

/* "MOVED 3999 127.0.0.1:6381", "ASK ...". */
bool gp_store_redis_redirection_parse(
	const struct redisReply *reply, struct gp_store_redis_redirection *redirection_out);

/* A sentinel's answer: host, not "", and port of the master; slot is 0. */
bool gp_store_redis_master_parse(
	const struct redisReply *reply, struct gp_store_redis_redirection *master_out);

#endif
