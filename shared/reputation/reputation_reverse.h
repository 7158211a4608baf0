/* SPDX-License-Identifier: ISC */
/*
 * Reverse name: what a client's address points to, and whether that name leads back to it.
 *
 * For callers to whom the mail server says nothing of it, or not all: PTR, then A or AAAA of the
 * names. What a name looks like is not looked at, nor what follows for the mail.
 *
 *     rc = gp_reputation_reverse_name(ctx, &client, &reverse);
 *     if (reverse.state == GP_REPUTATION_REVERSE_CONFIRMED) ... reverse.name ...
 *
 * Trouble with DNS is GP_REPUTATION_REVERSE_UNKNOWN, and no reason against a client: its zones may
 * be on servers that are unavailable for us alone. Ours is a status: GP_ETOOBIG, GP_ENOMEM,
 * GP_EINVAL. Results live in ctx->arena.
 *
 * Limits: five names of an address are looked at, and a quarter of the time that is left to the
 * request, since the zones belong to the client.
 */
#ifndef GP_REPUTATION_REVERSE_H
#define GP_REPUTATION_REVERSE_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/ipaddr.h"

#define GP_REPUTATION_REVERSE_NAMES 5

enum gp_reputation_reverse_state {
	GP_REPUTATION_REVERSE_UNKNOWN,     /* DNS did not say */
	GP_REPUTATION_REVERSE_NONE,        /* no PTR record with the name of a host */
	GP_REPUTATION_REVERSE_UNCONFIRMED, /* such names, of which none has the client's address */
	GP_REPUTATION_REVERSE_CONFIRMED
};

struct gp_reputation_reverse {
	enum gp_reputation_reverse_state state;
	/*
	 * Of CONFIRMED the name that is, of UNCONFIRMED one of them; lower case, A-labels, at least
	 * two labels, no trailing dot. With several names it is the same one each time, in whatever
	 * order they come. NULL otherwise.
	 */
	const char *name;
	const char *problem; /* of UNKNOWN: what happened, for people; else NULL */
};

/*
 * Asks DNS. client: ::ffff:192.0.2.1 is 192.0.2.1; without an address the state is UNKNOWN. Words
 * for a state: "unknown", "none", "unconfirmed", "confirmed".
 */
int gp_reputation_reverse_name(struct gp_ctx *ctx, const struct gp_ipaddr *client,
	struct gp_reputation_reverse *reverse_out) GP_MUST_CHECK;
const char *gp_reputation_reverse_text(enum gp_reputation_reverse_state state);

#endif
