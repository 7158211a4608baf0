/* SPDX-License-Identifier: ISC */
/*
 * Body: the body of a message, read once for any number of sinks.
 *
 * Knows how lines end and hands the body to any number of sinks as it goes over the wire, with
 * CRLF; does not know what they make of it. Says whether the bytes can still be those that were
 * sent.
 *
 *     gp_body_new(arena, &body);
 *     gp_body_add(body, &sink);             (once per sink)
 *     gp_body_read(body, &source);          (or feed, feed, ..., finish)
 *     ... what the sinks have found; gp_body_defect(body) ...
 *
 * Each sink is told begin once, then all bytes in order, in pieces of any size, then end. One that
 * has enough, or that fails, is told no more bytes; the others do not notice, and reading
 * continues: the owner of the sink has to ask for a failure. GP_OK when the source was read to its
 * end; its status when it failed: then no sink is told an end. Nothing is read when nobody wants
 * any of it.
 *
 * Memory is constant in the body's size. How the source cuts the body into pieces shows in nothing
 * but the pieces that sinks are given. Ownership: the body lives in the arena; sinks are copied,
 * what their arg points to is borrowed until finish. Threads: one at a time.
 */
#ifndef GP_MAIL_BODY_H
#define GP_MAIL_BODY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mail/message.h"

#define GP_BODY_SINKS_MAX 8

#define GP_BODY_ENOUGH 1 /* of gp_body_sink.bytes: no more is wanted */

/* A receiver of the body. */
struct gp_body_sink {
	/* Before the first byte, also when there is none; a negative status: it gets nothing. NULL:
	 * nothing to prepare. */
	int (*begin)(void *arg);
	/* Never empty. GP_OK to get more, GP_BODY_ENOUGH, or a negative status: no more, and no
	 * end. */
	int (*bytes)(void *arg, struct gp_span bytes);
	/* Behind the last byte, also when there was enough before. NULL: nothing to conclude. */
	void (*end)(void *arg);
	void *arg;
};

struct gp_body;

/* In the arena; nothing to free. GP_ETOOBIG, GP_ENOMEM. */
int gp_body_new(struct gp_arena *arena, struct gp_body **body_out) GP_MUST_CHECK;

/* One more sink. GP_ETOOBIG: there are GP_BODY_SINKS_MAX; GP_EINVAL: reading has begun. */
int gp_body_add(struct gp_body *body, const struct gp_body_sink *sink) GP_MUST_CHECK;

/* Has reading begun, so that no sink can be added? */
bool gp_body_has_begun(const struct gp_body *body);

/* Reads the whole body, as long as a sink wants it, and finishes. */
int gp_body_read(struct gp_body *body, const struct gp_message_body *source) GP_MUST_CHECK;

/* The same in pieces of any size, as they come. */
void gp_body_feed(struct gp_body *body, struct gp_span piece, enum gp_message_ending ending);
void gp_body_finish(struct gp_body *body);

/*
 * After finish: why the bytes may not be those that were sent (a bare CR, a bare LF, a NUL), so
 * that a hash that differs proves nothing: mail servers rewrite such bytes, Exim for one
 * (src/receive.c). NULL: no such thing was seen. Static.
 */
const char *gp_body_defect(const struct gp_body *body);

#endif
