/* SPDX-License-Identifier: ISC */
/*
 * Greylist_known: what is remembered of one contact, for an operator who asks why a mail is late,
 * and forgetting it.
 *
 *     rc = gp_greylist_contact_of(arena, &settings, &client, sender, recipient, &contact);
 *     rc = gp_greylist_known(&ctx, store, now_ms, &contact, &known);
 *     rc = gp_greylist_forget(&ctx, store, now_ms, &contact, &forgotten);
 *
 * Reads only, and counts nothing. Statuses are the store's and the arena's.
 */
#ifndef GP_REPUTATION_GREYLIST_KNOWN_H
#define GP_REPUTATION_GREYLIST_KNOWN_H

#include "reputation/greylist/greylist_key.h"

/* Is this a mailbox, as it stands in MAIL FROM or RCPT TO? A sender may be empty; a recipient may
 * be a postmaster without a domain (RFC 5321 4.1.1.3). */
bool gp_greylist_is_sender(struct gp_arena *arena, struct gp_span text);
bool gp_greylist_is_recipient(struct gp_arena *arena, struct gp_span text);

/*
 * A contact as an operator names it. What is said of SPF and of the client's name is not known: it
 * is looked for as if SPF had passed for the domain of its sender, and as if the client's name had
 * the registered domain of that (settings->psl).
 */
int gp_greylist_contact_of(struct gp_arena *arena, const struct gp_greylist_settings *settings,
	const struct gp_ipaddr *client, struct gp_span sender, struct gp_span recipient,
	struct gp_greylist_contact *contact_out) GP_MUST_CHECK;

enum gp_greylist_state {
	GP_GREYLIST_STATE_NONE,    /* never seen, or not within the window */
	GP_GREYLIST_STATE_WAITING, /* it has to wait until wait_ms from now; 0: it may come */
	GP_GREYLIST_STATE_PASSED,
	GP_GREYLIST_STATE_TRUSTED, /* its network or SPF domain has passed often enough */
	GP_GREYLIST_STATE_CROWD    /* its network is remembered as one; else as WAITING */
};
const char *gp_greylist_state_name(enum gp_greylist_state state); /* "waiting" */

struct gp_greylist_known {
	enum gp_greylist_state state;
	int64_t first_ms, last_ms; /* of the contact, network or domain that it is known by; 0 */
	int64_t wait_ms;           /* WAITING, CROWD */
	unsigned passes;           /* of its network or domain, whichever has more */
	bool is_correspondent;     /* our users write to the sender's registered domain */
	/* state is that of the sender's domain, which counts only if SPF passes for the mail, or
	 * the confirmed name of the client has that domain */
	bool is_by_domain;
	bool is_learning; /* nothing is delayed yet */
};

int gp_greylist_known(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact,
	struct gp_greylist_known *known_out) GP_MUST_CHECK;

/* May a mail that is known so come in now? */
bool gp_greylist_may_pass(const struct gp_greylist_known *known);

struct gp_greylist_forgotten {
	bool is_known; /* there was something to forget */
	bool is_crowd; /* its network is remembered as one, and stays so */
};

/* Forgets the contact, and that its network and domain have passed. */
int gp_greylist_forget(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact,
	struct gp_greylist_forgotten *forgotten_out) GP_MUST_CHECK;

#endif
