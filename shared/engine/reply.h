/* SPDX-License-Identifier: ISC */
/*
 * Reply: the text for the sender of a mail that is not accepted, made of the code and the template
 * of the rule that decided. What comes from the client or from DNS is bounded and made printable
 * here, whatever it was before.
 */
#ifndef GP_ENGINE_REPLY_H
#define GP_ENGINE_REPLY_H

#include "engine/policy.h"

#define GP_REPLY_MAX 450       /* with code; a reply line holds 512 octets (RFC 5321 4.5.3.1.5) */
#define GP_REPLY_VALUE_MAX 120 /* of one value filled in */

/* The function that fills in the {names} of a template. */
struct gp_reply_values {
	gp_reply_value *value;
	const struct gp_facts *facts;
	const struct gp_rule *rule;
	size_t max; /* bytes of a value that count; 0: GP_REPLY_VALUE_MAX */
};

/*
 * A template with its {names} filled in, each value bounded and made visible, or escaped where it
 * stands in a URL (is_url: all of it is one); of at most max bytes, cut there, but not within an
 * escape. NULL: the arena refused. The configuration lets no unknown name through.
 */
const char *gp_engine_fill(struct gp_ctx *ctx, const char *text, bool is_url,
	const struct gp_reply_values *values, size_t max);

/* verdict->reply, for a verdict whose rule would not accept. */
int gp_engine_reply(
	struct gp_ctx *ctx, const struct gp_facts *facts, struct gp_verdict *verdict) GP_MUST_CHECK;

/* At most max bytes of a text; NULL gives the empty span. */
struct gp_span gp_engine_cut(const char *text, size_t max);

#endif
