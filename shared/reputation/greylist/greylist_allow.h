/* SPDX-License-Identifier: ISC */
/*
 * Greylist_allow: networks and domains whose mail is never delayed, because an operator has said so
 * at run time.
 *
 *     rc = gp_greylist_allow_parse(arena, "192.0.2.1", &name, &problem);    "192.0.2.1/32"
 *     rc = gp_reputation_order_put(store, ctx, GP_REPUTATION_GREYLIST_ALLOW, name, by);
 *     rc = gp_greylist_allow_find(store, ctx, &mail, &name);    before mail would be delayed
 *
 * A domain stands for itself and all names below it. Looked up by key, each name that could cover
 * the mail, in one step of the store; nothing is kept in memory, so that an order holds at once on
 * every host that shares the store.
 */
#ifndef GP_REPUTATION_GREYLIST_ALLOW_H
#define GP_REPUTATION_GREYLIST_ALLOW_H

#include "base/ipaddr.h"
#include "store/store.h"

/* Prefix lengths that can be covered: of IPv4 each of these, of IPv6 multiples of 4 up to 64, and
 * 128. */
#define GP_GREYLIST_ALLOW_V4_MIN 8
#define GP_GREYLIST_ALLOW_V6_MIN 16

/*
 * A network, an address or a domain as an operator writes it, in the one form in which it is kept.
 * GP_ESYNTAX: it is none, or cannot be covered, which *problem_out says (static); GP_ENOMEM,
 * GP_ETOOBIG: the arena.
 */
int gp_greylist_allow_parse(struct gp_arena *arena, const char *text, const char **name_out,
	const char **problem_out) GP_MUST_CHECK;

/* What of a mail may be covered. Domains in A-labels and lower case; NULL or "": none. */
struct gp_greylist_allow_mail {
	struct gp_ipaddr client; /* GP_IP_NONE: not known */
	const char *client_name; /* confirmed */
	const char *sender_domain;
};

/*
 * The name of an order that covers the mail, in ctx's arena; NULL: there is none. As gp_store_do.
 */
int gp_greylist_allow_find(struct gp_store *store, struct gp_ctx *ctx,
	const struct gp_greylist_allow_mail *mail, const char **name_out) GP_MUST_CHECK;

#endif
