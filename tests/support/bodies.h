/* SPDX-License-Identifier: ISC */
/* Bodies: the hashes of a body that lies in memory. */
#ifndef TESTS_SUPPORT_BODIES_H
#define TESTS_SUPPORT_BODIES_H

#include "dkim/dkim_body.h"

/* A body and its hashes, none wanted yet; the latter need gp_dkim_bodies_fini. */
int test_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_body **body_out, struct gp_dkim_bodies **bodies_out) GP_MUST_CHECK;

/* Passes the whole text as the body; were all hashes made? */
int test_bodies_pass(struct gp_body *body, struct gp_dkim_bodies *bodies, struct gp_span text,
	enum gp_message_ending ending) GP_MUST_CHECK;

#endif
