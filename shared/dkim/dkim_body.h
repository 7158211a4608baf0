/* SPDX-License-Identifier: ISC */
/*
 * Dkim_body: hashes of the body in the canonical forms of RFC 6376 3.4, for DKIM and ARC.
 *
 * All hashes that a message needs are made in the one pass over its body (mail/body.h), whatever
 * the number of signatures: each form is a sink and is hashed once, and each distinct length is a
 * digest on the way (the algorithm is always SHA-256). Two signatures of one form with another l=
 * share nothing else: a verifier that kept one hash for both took the second for broken (rspamd
 * issue 3566).
 *
 *     struct gp_dkim_bodies *b;
 *     gp_dkim_bodies_new(arena, digest, body, &b);
 *     gp_dkim_bodies_want(b, GP_DKIM_RELAXED, GP_DKIM_WHOLE, &id);    (once per signature)
 *     gp_body_read(body, &source);
 *     if (gp_dkim_bodies_status(b) == GP_OK) ... gp_dkim_bodies_hash(b, id) ...
 *     gp_dkim_bodies_fini(b);
 *
 * Memory is constant in the body's size. The form does not depend on how the body is cut into
 * pieces, wherever blanks or line ends meet a cut (mailauth issue 115). Threads: one at a time.
 */
#ifndef GP_DKIM_DKIM_BODY_H
#define GP_DKIM_DKIM_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "dkim/dkim_canon.h"
#include "mail/body.h"

#define GP_DKIM_WHOLE UINT64_MAX /* no l= */
#define GP_DKIM_BODIES_MAX 64    /* distinct hashes of one message; more: GP_ETOOBIG */
#define GP_DKIM_CHECKS_MAX 60    /* signatures of one message checked with a key, of any kind */

struct gp_dkim_bodies;

/* Empty; comes from the arena, but needs fini. Borrows the digest and the body. */
int gp_dkim_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_body *body, struct gp_dkim_bodies **bodies_out) GP_MUST_CHECK;
void gp_dkim_bodies_fini(struct gp_dkim_bodies *bodies); /* accepts NULL */

/* How many checks with a key are left to the signatures and seals of this message. */
unsigned *gp_dkim_bodies_checks(struct gp_dkim_bodies *bodies);

/*
 * Of these, how many a second look at a signature that failed has to leave to others; at first 0.
 */
unsigned *gp_dkim_bodies_kept(struct gp_dkim_bodies *bodies);

/* The digest it was made with. */
const struct gp_crypto_digest *gp_dkim_bodies_digest(const struct gp_dkim_bodies *bodies);

/* Asks for the hash of the first length bytes of the body in this form. GP_EINVAL: the body is
 * being read already; GP_ETOOBIG: GP_DKIM_BODIES_MAX hashes are wanted, or the body has too many
 * sinks. */
int gp_dkim_bodies_want(struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon, uint64_t length,
	unsigned *id_out) GP_MUST_CHECK;

/* The bytes of a form as they are hashed, for callers that wants to see them: up to the longest
 * length that is wanted of it. Before the body is read; arg is borrowed until it is finished. */
void gp_dkim_bodies_copy(struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon,
	void (*copy)(void *arg, struct gp_span bytes), void *arg);

/* When the body is finished: were all hashes made? GP_EIO, GP_ENOMEM: then none counts. */
int gp_dkim_bodies_status(const struct gp_dkim_bodies *bodies) GP_MUST_CHECK;

/* When the body is finished: 32 bytes; and how many bytes the whole body has in this hash's form
 * (for l=). */
const unsigned char *gp_dkim_bodies_hash(const struct gp_dkim_bodies *bodies, unsigned id);
uint64_t gp_dkim_bodies_size(const struct gp_dkim_bodies *bodies, unsigned id);

/* The same: why a hash that differs proves nothing (gp_body_defect); NULL: it does. */
const char *gp_dkim_bodies_defect(const struct gp_dkim_bodies *bodies);

#endif
