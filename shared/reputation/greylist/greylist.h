/* SPDX-License-Identifier: ISC */
/*
 * Greylisting: has this client been here before with mail like this, and when? The decision over
 * what the store remembers.
 *
 * Knows contacts (greylist_key.h), time and the store. Does not know why a contact is suspicious,
 * nor what is done with the mail: that is the engine's (engine/check_greylist.h).
 *
 *     rc = gp_greylist_see(ctx, store, now_ms, &query, &answer);      once for each recipient
 *     if (answer.outcome == GP_GREYLIST_FIRST) ... try again in answer.wait_ms
 *
 * A first contact is recorded under each origin that it has, and the earliest of them counts for a
 * retry. Retries before the delay is over change nothing. One within the window passes, and is
 * remembered for keep after the last mail; settings.passes of them, one in an hour at most, let the
 * network or the SPF domain through as a whole. Each of the two needs passes of its own: mail that
 * is let through for one of them is no pass of the other.
 *
 * Steps on the store: one that only reads, and settles what has passed from the same network and
 * was used within the hour; a second one that reads the rest; and others that write records and
 * counters, for what is new, passes, or has to be refreshed (once in an hour). Two processes that
 * see the same first contact at the same time agree on the earlier one (a note that is put if
 * absent), and a first contact or a pass that both record is counted once.
 *
 * Learning: for settings.learn after the first contact of all nothing is to be delayed. It begins
 * anew when the contacts were lost, which a mark beside them shows, and the log says so.
 *
 * A clock that was set back: records that are ahead of it count from now on.
 *
 * Room. A contact that never passed ends after the window, one that has passed after keep. A
 * network with more than GP_GREYLIST_CROWD_MAX new contacts in an hour is remembered as one, and so
 * is every network with a new contact when there are max_entries: the network waits for the delay,
 * and then every new contact of it passes at its first try, until four hours after they were last
 * too many. What is remembered by itself stays, and no flood pushes it out. Beyond a sixteenth more
 * than max_entries, networks are remembered by 16 bits of IPv4 and 32 bits of IPv6. The log says
 * which networks, ten times in an hour at most. Where the store itself has no room, what ends
 * soonest goes first, whether it has passed or not.
 * In LMDB a contact takes about 76 bytes on the disk for each origin, of which 40 are its key and
 * its record, and the counters of a network 235 more, for two days.
 *
 * The store is unavailable: GP_GREYLIST_UNAVAILABLE, nothing is delayed, and the log says so once
 * until it is available again. What stands in for it on this machine alone counts limits, and
 * remembers no contacts. GP_ENOMEM, GP_ETOOBIG: of ctx->arena.
 *
 * After a crash the last second may be missing: mail is late once more.
 */
#ifndef GP_REPUTATION_GREYLIST_H
#define GP_REPUTATION_GREYLIST_H

#include "reputation/greylist/greylist_key.h"

#define GP_GREYLIST_CROWD_MAX 1000 /* new contacts of a network in an hour */

enum gp_greylist_outcome {
	GP_GREYLIST_FIRST,         /* a first contact: to be delayed */
	GP_GREYLIST_EARLY,         /* again, before the delay is over: to be delayed */
	GP_GREYLIST_PASSED,        /* again, in time */
	GP_GREYLIST_KNOWN,         /* has passed before */
	GP_GREYLIST_TRUSTED,       /* its network or SPF domain has passed often enough */
	GP_GREYLIST_ALLOWED,       /* an operator has said so (greylist_allow.h) */
	GP_GREYLIST_CORRESPONDENT, /* our users write to the sender's domain */
	GP_GREYLIST_UNAVAILABLE    /* the store cannot tell */
};

struct gp_greylist_query {
	struct gp_greylist_contact contact;
	const char *client_name; /* confirmed, in lower case; NULL: none */
	/* the sender's domain is the sender's: SPF passes, or the confirmed name of the client lies
	 * in it. Only then the orders of an operator about it count */
	bool is_genuine;
	/* as gp_greylist_correspond was given it; NULL: it does not count */
	const char *correspondent;
	bool is_delaying; /* what is new will be delayed, unless is_learning comes back */
};

struct gp_greylist_answer {
	enum gp_greylist_outcome outcome;
	bool is_learning;  /* settings.learn is not over: nothing is to be delayed; not said of all
			    * that is KNOWN */
	int64_t wait_ms;   /* FIRST, EARLY: until it passes */
	int64_t waited_ms; /* PASSED: since the first contact */
};

int gp_greylist_see(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_answer *answer_out) GP_MUST_CHECK;

#endif
