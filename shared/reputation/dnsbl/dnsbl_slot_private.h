/* SPDX-License-Identifier: ISC */
/*
 * Slot: what is known of the health of one DNS list, and the rules by which it changes.
 *
 * A plain struct in memory that a process may leave half written: every number that is an index or
 * an amount is bounded where it is used. No locks: dnsbl_health.c has one for all slots.
 */
#ifndef GP_REPUTATION_DNSBL_SLOT_PRIVATE_H
#define GP_REPUTATION_DNSBL_SLOT_PRIVATE_H

#include "reputation/dnsbl/dnsbl_health.h"

#define GP_DNSBL_RECENT 50   /* queries that are looked at for silence */
#define GP_DNSBL_NETWORKS 64 /* client networks that are remembered */
#define GP_DNSBL_START_S 2   /* so long a list may stay untested */

/* Counters, about mail. */
struct gp_dnsbl_counts {
	uint64_t questions, listed, not_listed, unknown, errors, timeouts, refused, failed;
	struct gp_dnsbl_code_count codes[GP_DNSBL_CODES_MAX];
	unsigned code_count;
	uint64_t other_codes;
	struct gp_dnsbl_code_count unknown_codes[GP_DNSBL_UNKNOWN_MAX];
	int64_t told_day[GP_DNSBL_UNKNOWN_MAX]; /* when an event was made of that code */
	unsigned unknown_count;
	uint64_t other_unknown;
	struct gp_histogram took;
};

/* The last queries, and the last client networks. */
struct gp_dnsbl_recent {
	uint64_t silent; /* a bit for each query, the newest lowest: no answer */
	unsigned count;  /* of them, at most GP_DNSBL_RECENT */
	unsigned in_row, refused_in_row;
	uint64_t listed; /* a bit for each network: listed with a positive weight */
	uint32_t networks[GP_DNSBL_NETWORKS];
	unsigned network_count, network_next;
};

struct gp_dnsbl_slot {
	uint64_t id;                                          /* of the list; 0: free */
	bool is_off, is_off_by_config, is_closed, has_no_key; /* is_closed: the zone, for good */
	bool is_aside;               /* asked about no mail at RCPT: says nothing of the others */
	bool is_changed;             /* since it was saved */
	bool is_back;                /* has been suspended, and has not worked for long since */
	enum gp_dnsbl_status status; /* never OFF: see is_off */
	enum gp_dnsbl_reason reason;
	char detail[GP_DNSBL_DETAIL];
	int64_t since_s, started_s, stamp_s; /* this status; untested; the last change */
	int64_t last_test_s, next_test_s, claimed_until_s;
	int64_t world_rest_s; /* until then its share of clients does not suspend it; 0 */
	int64_t last_test_us; /* its slowest query; -1: not known */
	unsigned good_rounds, failed_rounds;
	struct gp_dnsbl_recent recent;
	struct gp_dnsbl_counts counts;
};

/* When a list lists too many. */
struct gp_dnsbl_world {
	unsigned percent, networks; /* percent 0: never */
};

/* What a call is about. */
struct gp_dnsbl_slot_ctx {
	const struct gp_dnsbl_list *list;
	struct gp_dnsbl_world world;
	int64_t now_s;
	struct gp_dnsbl_events *events; /* NULL: not wanted */
};

/* Which list it is, as a number that is never 0. */
uint64_t gp_dnsbl_slot_id(const struct gp_dnsbl_list *list);

/* A list that is new, or is switched on again: untested, its test is due. */
void gp_dnsbl_slot_start(struct gp_dnsbl_slot *slot, int64_t now_s);

/* What the configuration says of it. */
void gp_dnsbl_slot_configure(
	struct gp_dnsbl_slot *slot, const struct gp_dnsbl_list *list, int64_t now_s);

/* The status that is shown, with its reason; a list that was not tested in time counts as
 * suspended. */
enum gp_dnsbl_status gp_dnsbl_slot_status(
	const struct gp_dnsbl_slot *slot, int64_t now_s, enum gp_dnsbl_reason *reason_out);

/* Suspends a list that was not tested in time. */
void gp_dnsbl_slot_settle(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc);

/* What came of queries about a mail of this client, and of a round of tests. */
void gp_dnsbl_slot_note(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_noted *noted, const struct gp_ipaddr *client);
void gp_dnsbl_slot_tested(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_outcome *outcome);

/* What its tests have to find out: why it is suspended; LISTS_WORLD also for one that works and
 * lists nearly all clients, or did so lately. */
enum gp_dnsbl_reason gp_dnsbl_slot_doubt(
	const struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc);

/* When its test may be claimed; INT64_MAX: never. */
int64_t gp_dnsbl_slot_due_s(const struct gp_dnsbl_slot *slot, int64_t now_s);

/* Makes it due now; false: the list is not tested. */
bool gp_dnsbl_slot_hurry(struct gp_dnsbl_slot *slot, int64_t now_s);

/* Adds an event, if there is room; returns it, or NULL. */
struct gp_dnsbl_event *gp_dnsbl_slot_tell(const struct gp_dnsbl_slot_ctx *sc,
	enum gp_dnsbl_event_kind kind, enum gp_dnsbl_reason reason, const char *detail);

#endif
