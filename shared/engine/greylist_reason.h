/* SPDX-License-Identifier: ISC */
/*
 * Reasons for greylisting: what is suspicious about a client, and what vouches for it, from what
 * the checks have found, and from its reverse name.
 *
 * The reverse name is the mail server's, if that has confirmed it; else DNS is asked, for a mail
 * server does not tell trouble of DNS, which is no reason against anybody, from a name that is not
 * there.
 */
#ifndef GP_ENGINE_GREYLIST_REASON_H
#define GP_ENGINE_GREYLIST_REASON_H

#include "engine/facts.h"

/* Reasons, a set. */
#define GP_GREYLIST_NO_REVERSE_NAME 1u
#define GP_GREYLIST_UNCONFIRMED_NAME 2u
#define GP_GREYLIST_GENERIC_NAME 4u
#define GP_GREYLIST_HELO_MISMATCH 8u
#define GP_GREYLIST_LISTED 16u
#define GP_GREYLIST_SPF_FAIL 32u
#define GP_GREYLIST_SPF_SOFTFAIL 64u
#define GP_GREYLIST_SPF_PERMERROR 128u
#define GP_GREYLIST_UNKNOWN 256u /* greylist.when = unknown: there is no other reason */
#define GP_GREYLIST_REASONS 9

/* What is known about a client besides. */
struct gp_greylist_client {
	const char *name;              /* confirmed, A-labels in lower case; NULL: none */
	const char *name_domain;       /* the registered domain in it; NULL */
	const char *sender_registered; /* that of the sender's domain; NULL */
	unsigned reasons;
	bool spf_passes; /* for MAIL FROM, or HELO where that is empty */
	/* SPF passes, or the name has the registered domain of the sender */
	bool is_genuine;
};

/* Finds all of it. facts: what is known of the message, at whatever stage. Statuses of ours. */
int gp_engine_greylist_client(struct gp_ctx *ctx, const struct gp_facts *facts,
	struct gp_greylist_client *client_out) GP_MUST_CHECK;

/* "no-reverse-name,spf-softfail"; NULL: the arena refused. And the first one, for people. */
const char *gp_engine_greylist_words(struct gp_arena *arena, unsigned reasons);
const char *gp_engine_greylist_phrase(unsigned reasons);

/* The domain that stands for the client in a key: for which SPF passes; or, where the domain says
 * nothing about the client, the registered domain that both the confirmed name and the sender have
 * ("best guess": its hosts may send its mail). NULL: none. */
const char *gp_engine_greylist_domain(
	const struct gp_facts *facts, const struct gp_greylist_client *client);

#endif
