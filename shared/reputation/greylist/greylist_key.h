/* SPDX-License-Identifier: ISC */
/*
 * Keys of greylisting: which contacts count as the same, and under which keys of the store they are
 * remembered.
 *
 * A contact has an origin (the client's network; the domain for which SPF passes; the registered
 * domain of the confirmed reverse name), a sender and a recipient. Its entry under each origin that
 * it has is looked at, so that a retry from another address of a pool is recognised by any of them.
 * Under each of them the sender has to be the same, by its domain or (settings.key) its address,
 * and so has the recipient, as far as settings.recipient says.
 *
 * A sender is compared without what makes it unique for each message. VERP
 * (list-123-bob=example.org) loses all from the separator before the recipient on; tags lose
 * themselves: BATV (prvs=TAG=user, draft-levine-smtp-batv), SRS (SRS0=HASH=TIME=domain=user),
 * user+detail; a part of eight characters or more with a digit in it, and each other run of digits,
 * become a #.
 *
 * Pure text. An address may have any length. A key is never longer than the store takes: a longer
 * one is a hash of itself, and so is in it a part of an address that is longer than any can be.
 */
#ifndef GP_REPUTATION_GREYLIST_KEY_H
#define GP_REPUTATION_GREYLIST_KEY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ipaddr.h"
#include "reputation/greylist/greylist_options.h"
#include "store/store.h"

/* By what a retry is recognised. */
enum gp_greylist_origin { GP_GREYLIST_BY_NETWORK, GP_GREYLIST_BY_SPF, GP_GREYLIST_BY_NAME };
#define GP_GREYLIST_ORIGINS 3

/* A contact. Domains in A-labels, lower case. */
struct gp_greylist_contact {
	const struct gp_greylist_settings *settings;
	struct gp_ipaddr client;      /* never GP_IP_NONE */
	const char *spf_domain;       /* for which SPF passes, or as good as; NULL: none */
	const char *name_domain;      /* registered, of the confirmed reverse name; NULL: none */
	struct gp_span sender;        /* MAIL FROM; empty: the null sender */
	const char *sender_domain;    /* NULL: none */
	struct gp_span recipient;     /* empty: none in particular */
	const char *recipient_domain; /* NULL: the recipient's is ASCII */
};

/* The network of an address, as the settings have it. */
struct gp_prefix gp_greylist_network(
	const struct gp_greylist_settings *settings, const struct gp_ipaddr *client);

/* "192.0.2.0/24"; NULL: the arena refused. */
const char *gp_greylist_network_text(struct gp_arena *arena, const struct gp_prefix *network);

/* A local part without what makes it unique; NULL: the arena refused. */
const char *gp_greylist_plain_local(struct gp_arena *arena, struct gp_span local);

/* The key of the entry under an origin; empty: the contact has no such origin. */
int gp_greylist_key_entry(struct gp_arena *arena, const struct gp_greylist_contact *contact,
	enum gp_greylist_origin origin, struct gp_span *key_out) GP_MUST_CHECK;

/* The key under which the passes of an origin (not of BY_NAME) are counted; empty: none. */
int gp_greylist_key_passes(struct gp_arena *arena, const struct gp_greylist_contact *contact,
	enum gp_greylist_origin origin, struct gp_span *key_out) GP_MUST_CHECK;

/* The key of a whole network, in place of its entries when there are too many. */
int gp_greylist_key_crowd(struct gp_arena *arena, const struct gp_prefix *network,
	struct gp_span *key_out) GP_MUST_CHECK;

/* The key of a fact about a domain; kind: "c" a correspondent, "s" known for passes of SPF. */
int gp_greylist_key_domain(struct gp_arena *arena, const char *kind, const char *domain,
	struct gp_span *key_out) GP_MUST_CHECK;

#endif
