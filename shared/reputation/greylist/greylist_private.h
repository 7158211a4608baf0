/* SPDX-License-Identifier: ISC */
/* What the files of greylisting share: what the store said, and what is changed in it. */
#ifndef GP_REPUTATION_GREYLIST_PRIVATE_H
#define GP_REPUTATION_GREYLIST_PRIVATE_H

#include "reputation/greylist/greylist.h"
#include "reputation/greylist/greylist_record.h"

#define GP_GREYLIST_HOUR_MS 3600000LL
#define GP_GREYLIST_DAY_MS 86400000LL

/* ---- what the store says (greylist_look.c) ---- */

/* A record and its key; key empty: the contact has none of this kind. */
struct gp_greylist_entry {
	struct gp_span key;
	bool is_there;
	bool is_foreign; /* what is there is no record: it counts as absent, and is overwritten */
	struct gp_greylist_record record;
};

/* A network as a whole, in place of its contacts: as the settings have it, or a wide one. */
enum gp_greylist_crowd { GP_GREYLIST_CROWD, GP_GREYLIST_CROWD_WIDE };
#define GP_GREYLIST_CROWDS 2

struct gp_greylist_seen {
	struct gp_greylist_entry entries[GP_GREYLIST_ORIGINS];
	struct gp_greylist_entry passes[GP_GREYLIST_BY_NAME]; /* of network and SPF domain */
	struct gp_greylist_entry crowds[GP_GREYLIST_CROWDS];
	bool is_correspondent;
	/* since when greylisting is in use here; it is forgotten when nothing has been asked for
	 * settings.keep, as all contacts are then */
	bool has_begun;
	int64_t began_ms, began_until_ms;
	bool has_mark; /* the soft facts are those of that time */
};

#define GP_GREYLIST_BEGAN "greylist began" /* the durable fact that says so */
/* A soft fact that lies where the contacts do, and is lost with them. */
#define GP_GREYLIST_MARK "gl1 began"

/*
 * Reads the entry of the network; the rest is empty. GP_EIO and others of the store; GP_ENOMEM,
 * GP_ETOOBIG.
 */
int gp_greylist_look(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_seen *seen_out) GP_MUST_CHECK;

/* The network that stands for all of its contacts. */
struct gp_prefix gp_greylist_crowd_network(
	const struct gp_greylist_contact *contact, enum gp_greylist_crowd crowd);

/* Reads the rest, in one step, and whether the contacts are those of began. Fails likewise. */
int gp_greylist_look_further(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_seen *seen) GP_MUST_CHECK;

/* ---- what is changed in it (greylist_change.c) ---- */

/* A decision under way. */
struct gp_greylist_run {
	struct gp_ctx *ctx;
	struct gp_store *store;
	int64_t now_ms;
	const struct gp_greylist_query *query;
	struct gp_greylist_seen seen;
	bool is_delayed; /* what is new is really delayed */
};

/* The time of a record that was made when the clock was ahead is now. */
int64_t gp_greylist_since(int64_t now_ms, int64_t then_ms);

/* Was it within the last so many milliseconds? Not if it is ahead of the clock. */
bool gp_greylist_was_within(int64_t now_ms, int64_t then_ms, int64_t ms);

/* A record is used now: nothing in it stays ahead of the clock. */
void gp_greylist_touch(struct gp_greylist_record *record, int64_t now_ms);

/* Greylisting begins here, or is still in use. */
int gp_greylist_begin(struct gp_greylist_run *run) GP_MUST_CHECK;

/* It begins anew if all contacts were lost since it began, and nothing is left to learn from. */
int gp_greylist_begin_anew(struct gp_greylist_run *run) GP_MUST_CHECK;

/* Is it so short a time ago that first contacts are only recorded? */
bool gp_greylist_is_learning(const struct gp_greylist_run *run);

/* The first contact is ahead of the clock, which was set back: it is now. */
int gp_greylist_set_back(struct gp_greylist_run *run) GP_MUST_CHECK;

/*
 * A first contact: recorded and counted. earlier_out: what another process had recorded first, or
 * the crowd that it became part of; not there: it is new.
 */
int gp_greylist_first(
	struct gp_greylist_run *run, struct gp_greylist_entry *earlier_out) GP_MUST_CHECK;

/* One more of a network that is remembered as a whole; is_early: which waits still. */
int gp_greylist_of_crowd(
	struct gp_greylist_run *run, enum gp_greylist_crowd crowd, bool is_early) GP_MUST_CHECK;

/* A contact passes; first: the earliest record of it. */
int gp_greylist_pass(
	struct gp_greylist_run *run, const struct gp_greylist_record *first) GP_MUST_CHECK;

/* Is this the record of a contact that has passed, and was used so lately that its end need not
 * move? Then those of its other origins were, too. */
bool gp_greylist_is_fresh(const struct gp_greylist_run *run, const struct gp_greylist_entry *entry);

/* What is known is used: its end moves, once in an hour. */
int gp_greylist_use(struct gp_greylist_run *run) GP_MUST_CHECK;

/* ---- what is counted (greylist_figures.c reads it) ---- */

#define GP_GREYLIST_SUBJECT "greylist"     /* of all */
#define GP_GREYLIST_SUBJECT_OF "greylist:" /* of a network, which follows */

/* Counters of both. Open: contacts that were delayed and have not passed. */
#define GP_GREYLIST_OF_HOUR 1u
#define GP_GREYLIST_OPEN_DAY 2u
#define GP_GREYLIST_OPEN_TWO_DAYS 3u
/* of all */
#define GP_GREYLIST_DELAYED 4u
#define GP_GREYLIST_PASSES 5u
#define GP_GREYLIST_WOULD_DELAY 6u
#define GP_GREYLIST_CROWDS_OF_HOUR 7u
#define GP_GREYLIST_WAITED 16u /* and on: passes by how long they waited */
#define GP_GREYLIST_WAITED_COUNT 16
extern const int64_t gp_greylist_waited_ms[GP_GREYLIST_WAITED_COUNT]; /* at most; the last: more */

/* Entries that wait, or have passed: of a length of time that is an option; each has its number. */
uint32_t gp_greylist_id_waiting(const struct gp_greylist_settings *settings, int64_t *per_ms_out);
uint32_t gp_greylist_id_kept(const struct gp_greylist_settings *settings, int64_t *per_ms_out);

#endif
