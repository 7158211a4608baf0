/* SPDX-License-Identifier: ISC */
/* In one piece. */
#include "support/bodies.h"

/* test_bodies_new: both in the arena. */
int test_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_body **body_out, struct gp_dkim_bodies **bodies_out)
{
	int rc = gp_body_new(arena, body_out);
	return rc ? rc : gp_dkim_bodies_new(arena, digest, *body_out, bodies_out);
}

/* test_bodies_pass: to its end. */
int test_bodies_pass(struct gp_body *body, struct gp_dkim_bodies *bodies, struct gp_span text,
	enum gp_message_ending ending)
{
	gp_body_feed(body, text, ending);
	gp_body_finish(body);
	return gp_dkim_bodies_status(bodies);
}
