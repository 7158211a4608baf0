/* SPDX-License-Identifier: ISC */
/*
 * Canonical forms of RFC 6376 3.4, for DKIM and ARC: header fields, and the body with its hashes.
 *
 * All body hashes that a message needs are made in one pass over the body, whatever the number of
 * signatures: each form is hashed once, and each distinct length is a digest on the way (the
 * algorithm is always SHA-256). Two signatures of one form with another l= share nothing else: a
 * verifier that kept one hash for both took the second for broken (rspamd issue 3566).
 *
 *     struct gp_dkim_bodies *b;
 *     gp_dkim_bodies_new(arena, digest, &b);
 *     gp_dkim_bodies_want(b, GP_DKIM_RELAXED, GP_DKIM_WHOLE, &id);    (once per signature)
 *     gp_dkim_bodies_read(b, &body);      (or feed, feed, ..., finish)
 *     gp_dkim_bodies_hash(b, id);
 *     gp_dkim_bodies_fini(b);
 *
 * Memory is constant in the body's size. The form does not depend on how the body is cut into
 * pieces, wherever blanks or line ends meet a cut (mailauth issue 115). Threads: one at a time.
 */
#ifndef GP_DKIM_DKIM_CANON_H
#define GP_DKIM_DKIM_CANON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "crypto/digest.h"
#include "mail/message.h"

enum gp_dkim_canon { GP_DKIM_SIMPLE, GP_DKIM_RELAXED };

#define GP_DKIM_WHOLE UINT64_MAX /* no l= */
#define GP_DKIM_BODIES_MAX 64    /* distinct hashes of one message; more: GP_ETOOBIG */
#define GP_DKIM_CHECKS_MAX 60    /* signatures of one message checked with a key, of any kind */

/* "simple", "relaxed" */
const char *gp_dkim_canon_name(enum gp_dkim_canon canon);

/*
 * One field in its form with its CRLF, appended (3.4.1, 3.4.2). raw as in struct gp_message_field.
 */
void gp_dkim_canon_field(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw);

/*
 * The same without the final CRLF, and with the value of its tag b= taken out, as a signature
 * field stands in its own hash (3.5, 3.7).
 */
void gp_dkim_canon_signature(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw);

struct gp_dkim_bodies;

/* Empty; comes from the arena, but needs fini. Borrows the digest. */
int gp_dkim_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_dkim_bodies **bodies_out) GP_MUST_CHECK;
void gp_dkim_bodies_fini(struct gp_dkim_bodies *bodies); /* accepts NULL */

/* How many checks with a key are left to the signatures and seals of this message. */
unsigned *gp_dkim_bodies_checks(struct gp_dkim_bodies *bodies);

/*
 * Of these, how many a second look at a signature that failed has to leave to others; at first 0.
 */
unsigned *gp_dkim_bodies_kept(struct gp_dkim_bodies *bodies);

/* The digest it was made with. */
const struct gp_crypto_digest *gp_dkim_bodies_digest(const struct gp_dkim_bodies *bodies);

/* Asks for the hash of the first length bytes of the body in this form. Before any feeding. */
int gp_dkim_bodies_want(struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon, uint64_t length,
	unsigned *id_out) GP_MUST_CHECK;

/* Reads the whole body, or nothing of it when no hash is wanted, and finishes. */
int gp_dkim_bodies_read(
	struct gp_dkim_bodies *bodies, const struct gp_message_body *body) GP_MUST_CHECK;

/* The same in pieces of any size, as they come. */
void gp_dkim_bodies_feed(
	struct gp_dkim_bodies *bodies, struct gp_span piece, enum gp_message_ending ending);
int gp_dkim_bodies_finish(struct gp_dkim_bodies *bodies) GP_MUST_CHECK;

/* After finish: 32 bytes; and how many bytes the whole body has in this hash's form (for l=). */
const unsigned char *gp_dkim_bodies_hash(const struct gp_dkim_bodies *bodies, unsigned id);
uint64_t gp_dkim_bodies_size(const struct gp_dkim_bodies *bodies, unsigned id);

/*
 * After finish: why the bytes may not be those that were signed (a bare CR, a bare LF, a NUL), so
 * that a hash that differs proves nothing: mail servers rewrite such bytes, Exim for one
 * (src/receive.c). NULL: no such thing was seen. Static.
 */
const char *gp_dkim_bodies_defect(const struct gp_dkim_bodies *bodies);

#endif
