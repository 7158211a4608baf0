/* SPDX-License-Identifier: ISC */
/*
 * Store: counters over sliding windows, small facts, and sets of seen items, which outlive the
 * process and may be shared by several processes and hosts.
 *
 * Knows subjects (any bytes: "user:alice"), counters of a subject over windows of time, facts with
 * expiry, durable or soft, and seen sets; does not know what a user or a limit is. Two backends
 * mean exactly the same: LMDB, embedded, for the processes of one machine, and Redis, for those of
 * several.
 *
 *     gp_store_open(&options, ctx, &store);
 *     int64_t now = gp_store_now_ms(store);
 *     rc = gp_store_take(store, ctx, now, takes, n);       (rc: could it be counted?)
 *     if (!rc && !takes[0].counts[0].refused) ...          (verdict: was there room?)
 *     gp_store_tend(store, ctx);                           (every second or so, one thread)
 *     gp_store_close(store);
 *
 * The window. Time is cut into slots of w = ceil(per / 64) milliseconds; a counter keeps the sum of
 * each slot, 65 slots at most, however much is counted. A slot counts as long as any part of it
 * lies less than per ago: no interval of length per ever holds more than max, and what was taken is
 * free again after per, at most w later.
 *
 * Time is an argument. gp_store_now_ms gives the store's own time, which is steady: setting the
 * machine's clock does not move it, and all processes that share the store read the same one.
 * Should the time given go back all the same (another machine, a reboot with a wrong clock),
 * nothing is lost and no wait gets longer: a step back of under two slots is ignored; by more, the
 * counted slots move back with it and are free after per from then.
 *
 * A full LMDB file, or one on a full disk, makes room: what counts no more is forgotten, then the
 * subjects that matter least: with little used, a small share of the maximum, not used for long.
 * The log says so.
 *
 * LMDB files that are deleted or replaced while they are open are noticed by gp_store_tend, which
 * logs an error and opens the present files.
 *
 * When the store is unavailable (no connection to the server, disk not writable): a negative
 * status, at once or within ctx->deadline_us and options.timeout_ms, and gp_store_health says why.
 * After GP_ETIMEOUT it is not known whether it was counted. gp_store_tend reconnects. GP_EINVAL: an
 * argument is out of bounds.
 *
 * Bounds of time: 0 to 2^50, as now_ms, back_ms and expires_ms; others are GP_EINVAL.
 *
 * Ownership: options and what they point to are borrowed by gp_store_open only (copied). Threads:
 * one store is used by any number of threads; gp_store_tend by one at a time.
 *
 * A process opens an LMDB directory once: a surface that loads its configuration again hands the
 * open store on. Nor does an open one survive a fork: the child may not use it, not even close it,
 * and opens its own.
 *
 * Known gap: a process that is stopped (not killed) within a step on LMDB holds up one thread of
 * each other process, deadline or not, until it continues or ends.
 */
#ifndef GP_STORE_STORE_H
#define GP_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/span.h"

#define GP_STORE_SLOTS 64                /* slots a window is cut into */
#define GP_STORE_PER_MIN_MS 1000         /* shortest window */
#define GP_STORE_PER_MAX_MS 2678400000LL /* longest: 31 days */
#define GP_STORE_AMOUNT_MAX (1LL << 50)  /* of max, take and back; sums stop at 2^53 */
#define GP_STORE_COUNTS_MAX 64           /* counters of one subject in one call */
#define GP_STORE_TAKES_MAX 64            /* subjects in one call */
#define GP_STORE_SUBJECT_MAX 65536       /* bytes of a subject */
#define GP_STORE_SUBJECT_ALL "all"       /* everybody's: never forgotten for want of room */
#define GP_STORE_NAME_MAX 200            /* bytes of a subject that are kept for gp_store_scan */
#define GP_STORE_FACT_KEY_MAX 400
#define GP_STORE_FACT_VALUE_MAX 4096
#define GP_STORE_NOTE_VALUE_MAX 512 /* bytes of a soft fact's value */
#define GP_STORE_ITEM_MAX 400       /* bytes of an item of a seen set */
#define GP_STORE_SEEN_MAX 128       /* items of a seen set */
#define GP_STORE_SEE_WINDOWS 8      /* asked about in one call */
#define GP_STORE_WITHIN_MAX_MS (366 * 86400000LL)
#define GP_STORE_OPS_MAX 64 /* operations of one decision */
#define GP_STORE_URIS_MAX 8

struct gp_store;

struct gp_store_options {
	/*
	 * Where: one "lmdb:/directory", or servers in order of preference:
	 * "redis://HOST[:PORT][/DB]", "rediss://..." (TLS), "redis+unix:/path[?DB]",
	 * "sentinel://HOST[:PORT]/NAME[/DB]" and "sentinels://" (several sentinels of the same NAME
	 * may be listed). IPv6 in brackets.
	 */
	const char *uris[GP_STORE_URIS_MAX];
	size_t uri_count;
	/* lmdb */
	size_t map_bytes; /* most that each environment may hold */
	unsigned sync_ms; /* counters reach the disk within this */
	/* redis; texts may be "" */
	const char *prefix;        /* before every key */
	const char *user;          /* of an ACL; "": the default user */
	const char *password_file; /* its first line is the password */
	const char *sentinel_password_file;
	const char *tls_ca_file, *tls_cert_file, *tls_key_file; /* CA "": the system's */
	unsigned timeout_ms;                                    /* of one connect or one answer */
	unsigned connections;                                   /* most at once */
};

/* Does this build have Redis? Without it gp_store_open knows lmdb only. */
extern const bool gp_store_has_redis;

/* Is the text a URI as described above? *problem_out: static text, what is wrong with it. */
bool gp_store_uri_is_valid(struct gp_span uri, const char **problem_out);

/*
 * Opens the store. A server or disk that is unavailable is not a failure: the store is then down
 * and gp_store_tend tries again. GP_EINVAL: the options make no store (ctx->log says why);
 * GP_ENOMEM. A damaged LMDB file is set aside under another name, ctx->log says so, and a fresh one
 * begins.
 */
int gp_store_open(const struct gp_store_options *options, struct gp_ctx *ctx,
	struct gp_store **store_out) GP_MUST_CHECK;

/* Closes and frees; accepts NULL. Nobody may be using it. */
void gp_store_close(struct gp_store *store);

/* The store's time in milliseconds, near Unix time; see above. */
int64_t gp_store_now_ms(struct gp_store *store);

/* Of a store that is made of two (store/store_fallback.h); any other has only the first. */
enum gp_store_part {
	GP_STORE_CONFIGURED,
	GP_STORE_LOCAL, /* stands in while the configured one is unavailable */
	GP_STORE_PARTS
};

/* That part as a store of its own: store itself where it is not made of two; NULL: there is none.
 * store may be NULL. */
struct gp_store *gp_store_part(struct gp_store *store, enum gp_store_part part);

/* One counter of a subject, what is asked of it, and what came of it. */
struct gp_store_count {
	uint32_t id;    /* which counter of the subject: the caller's number, not 0 */
	int64_t per_ms; /* length of the window; the same id always comes with the same one */
	int64_t max;    /* most that may lie in the window */
	int64_t take;   /* what to add; may be 0 */
	/* taken earlier, at back_ms, and released before the test; may be 0. At most what is
	 * counted in the slot of back_ms, if that slot counts still */
	int64_t back;
	int64_t back_ms;              /* at_ms... */
	enum gp_store_part back_part; /* ...and part of when it was taken */
	bool forced;                  /* count even over max: never refuses */
	/* results */
	enum gp_store_part part; /* where it was tested... */
	int64_t at_ms;           /* ...and when, by the time of that part */
	int64_t used;    /* in the window: with take if all was taken, without if any was refused */
	int64_t wait_ms; /* until take fits, if it does not fit now; 0: fits; -1: never (take >
			  * max). For a forced counter, too. After success: until the next 1 fits */
	bool refused;    /* this one had no room (not set for forced ones) */
};

struct gp_store_take {
	struct gp_span subject; /* 1 to GP_STORE_SUBJECT_MAX bytes, any; no two equal in a call */
	struct gp_store_count *counts;
	size_t count;
};

/*
 * Tests all counters of all takes and counts in all of them, or, when any that is not forced has no
 * room, in none (and gives nothing back); one atomic step. On a Redis Cluster whose subjects lie on
 * different nodes it goes subject by subject and releases what it took when a later one refuses.
 */
int gp_store_take(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_take *takes, size_t count) GP_MUST_CHECK;

/* Forgets a counter of the subject, or all of them when id is 0; absence is no error. */
int gp_store_forget(struct gp_store *store, struct gp_ctx *ctx, struct gp_span subject,
	uint32_t id) GP_MUST_CHECK;

/* A counter as gp_store_scan shows it. */
struct gp_store_usage {
	struct gp_span subject; /* its first GP_STORE_NAME_MAX bytes; borrowed for the call */
	uint32_t id;
	int64_t per_ms;
	int64_t used; /* more than 0 */
};

/*
 * Calls visit for every counter that counts anything now, until it returns false: those of one
 * subject one after the other, subjects in no order. What is changed during the scan may be seen or
 * not. visit must not call the store.
 */
int gp_store_scan(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg) GP_MUST_CHECK;

/* ---- facts: what an operator has said; durable when the call returns ---- */

/* Sets a fact; expires_ms is a point of the store's time, 0: never. */
int gp_store_put(struct gp_store *store, struct gp_ctx *ctx, struct gp_span key,
	struct gp_span value, int64_t expires_ms) GP_MUST_CHECK;

/* Removes it; absence is no error. */
int gp_store_remove(struct gp_store *store, struct gp_ctx *ctx, struct gp_span key) GP_MUST_CHECK;

struct gp_store_fact {
	struct gp_span key, value; /* borrowed for the call */
	int64_t expires_ms;        /* 0: never */
};

/* Calls visit for every fact that has not expired and whose key begins with prefix. */
int gp_store_facts(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_span prefix, bool (*visit)(void *arg, const struct gp_store_fact *fact),
	void *arg) GP_MUST_CHECK;

/* ---- soft facts, seen sets, and all that one decision needs ---- */

/*
 * Soft facts and seen sets are what mail has shown, not what an operator has said: they need not
 * reach the disk before a call returns, end by themselves, and may be forgotten for want of room.
 * Nobody can list them: of a key and an item only a hash is kept.
 *
 * Room. In LMDB they have at most half of the file of counters (store.size), with an eviction of
 * their own: what ends soonest goes first. They never push out a counter: when counters need room
 * it is taken from them, all of it if need be. A soft fact takes about 75 bytes with a value of 13,
 * a set about 55 and 11 for each item: ten million soft facts are 700 MB, and need a store.size of
 * 2 GiB; one is written in 10 to 20 microseconds then, and read in 3. In Redis each is a key that
 * expires, and maxmemory-policy decides what is forgotten. What there is no room for is not kept,
 * which is no error.
 */

enum gp_store_found {
	GP_STORE_ABSENT,
	GP_STORE_FOUND,
	GP_STORE_UNKNOWN /* the configured store alone knows, and it is unavailable */
};

/* A value as it is returned. */
struct gp_store_value {
	char *bytes; /* the caller's, with room for so many bytes; the rest is left out */
	size_t room;
	/* results */
	enum gp_store_found found;
	size_t length;      /* of the whole value */
	int64_t expires_ms; /* 0: never */
};

/* Reads one fact: one of gp_store_put, or a soft one. */
struct gp_store_get {
	struct gp_span key;
	bool soft;
	struct gp_store_value value; /* result */
};

/* Writes a soft fact. */
struct gp_store_note {
	struct gp_span key, value;    /* at most GP_STORE_FACT_KEY_MAX, GP_STORE_NOTE_VALUE_MAX */
	int64_t expires_ms;           /* from then on it is absent; now or earlier: removes it */
	bool unless_there;            /* leaves one that is there as it is */
	struct gp_store_value before; /* result: what was there before */
};

/* A window of time that a seen set is asked about. */
struct gp_store_within {
	int64_t ms;    /* 1 to GP_STORE_WITHIN_MAX_MS */
	unsigned seen; /* result: different items less than ms ago, with this one; at most most */
};

/*
 * Sees an item of a subject: one of a set of such items, each with the time it was last seen. Of an
 * item 32 bits of a hash are kept, over the subject and the kind as well: equal items of two
 * subjects are different ones, and one new item in 33 million, in a full set, passes for one that
 * was seen. An item is forgotten when no window asks for its time any more, or when most others
 * have been seen since. Should the time given go back, an item was seen no later than now.
 */
struct gp_store_see {
	struct gp_span subject;         /* 1 to GP_STORE_SUBJECT_MAX bytes */
	uint32_t kind;                  /* which set of the subject: the caller's number */
	struct gp_span item;            /* at most GP_STORE_ITEM_MAX bytes; empty: only counts */
	unsigned most;                  /* items of the set, 1 to GP_STORE_SEEN_MAX */
	struct gp_store_within *within; /* 1 to GP_STORE_SEE_WINDOWS; of a set always the same */
	size_t within_count;
	bool is_new; /* result: was not in the set, or not within the longest window */
};

enum gp_store_op_kind { GP_STORE_OP_TAKE, GP_STORE_OP_GET, GP_STORE_OP_NOTE, GP_STORE_OP_SEE };

struct gp_store_op {
	enum gp_store_op_kind kind;
	union {
		struct gp_store_take *take;
		struct gp_store_get *get;
		struct gp_store_note *note;
		struct gp_store_see *see;
	};
};

/*
 * All that one decision needs, in one step: the takes as gp_store_take does them together; then
 * get, note and see in their order, whether a take was refused or not: they say what was seen, and
 * not what was allowed. On LMDB one transaction (facts of gp_store_put lie in a file of their own,
 * where they are read before), on Redis one script and one round trip; on a Redis Cluster one for
 * the takes of each subject, and then one for each slot. At most GP_STORE_OPS_MAX.
 */
int gp_store_do(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_op *ops, size_t count) GP_MUST_CHECK;

/* One of them. */
int gp_store_get(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_get *get) GP_MUST_CHECK;
int gp_store_note(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_note *note) GP_MUST_CHECK;
int gp_store_see(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_see *see) GP_MUST_CHECK;

/* ---- care ---- */

/*
 * What has to be done now and then: write to disk what is due, remove what counts no more, connect
 * again, return to the preferred server. Waits at most options.timeout_ms, works for milliseconds.
 */
void gp_store_tend(struct gp_store *store, struct gp_ctx *ctx);

/* A file that is open, as the system numbers it; its name in the directory is static. */
struct gp_store_health_file {
	const char *name;
	uint64_t device, inode;
};
#define GP_STORE_HEALTH_FILES 2

struct gp_store_health {
	bool up;
	char where[256];         /* the file or server in use, or tried last; never a password */
	char problem[256];       /* the last trouble, "" when there was none; kept after recovery */
	int64_t problem_age_ms;  /* since then; -1: none */
	int64_t round_trip_us;   /* of a counting step, averaged over the last ones; -1: none yet */
	uint64_t taken, failed;  /* calls of gp_store_take since open */
	uint64_t forgotten;      /* lmdb: subjects since open, for want of room... */
	uint64_t forgotten_disk; /* ...of these, those because the disk had none */
	bool disk_is_full;       /* lmdb: the file of counters cannot grow */
	/* lmdb: what is open; those that stand in the directory now may be others */
	struct gp_store_health_file files[GP_STORE_HEALTH_FILES];
	size_t file_count;
};
void gp_store_health(struct gp_store *store, struct gp_store_health *health_out);

/*
 * Logs as an error why the store is unavailable, and what the caller does meanwhile ("limits: mail
 * passes uncounted until it is back"; static text; NULL: nothing is said of that). Each consequence
 * once until gp_store_tend finds the store available again, and at most once a minute; NULL only if
 * no other one was logged. Of a store that is made of two: the configured one.
 */
void gp_store_say_trouble(
	struct gp_store *store, const struct gp_ctx *ctx, const char *consequence);

/* How long the counting steps that were done have taken since open. */
void gp_store_trips(struct gp_store *store, struct gp_histogram_sums *trips_out);

#endif
