/* SPDX-License-Identifier: ISC */
/* The table that a backend fills in, and the window of one counter; for this directory and
 * tests. */
#ifndef GP_STORE_STORE_PRIVATE_H
#define GP_STORE_STORE_PRIVATE_H

#include "crypto/digest.h"
#include "store/store.h"
#include "store/store_move.h"

#define GP_STORE_KEY GP_STORE_MOVE_KEY /* of SHA-256 over a subject; no two share them */

/* The key of a subject, or of a fact. */
int gp_store_key_of(const struct gp_crypto_digest *digest, struct gp_span subject,
	unsigned char key_out[GP_STORE_KEY]) GP_MUST_CHECK;

/* A take as a backend gets it: checked, with its key. */
struct gp_store_keyed {
	unsigned char key[GP_STORE_KEY];
	struct gp_span name; /* what is kept of the subject */
	struct gp_store_count *counts;
	size_t count;
};

/* A get, note or see as a backend gets it: checked, with its key. */
struct gp_store_soft {
	enum gp_store_op_kind kind;
	unsigned char key[GP_STORE_KEY]; /* of the key; of the subject */
	uint32_t fingerprint;            /* of the item */
	int64_t expires_ms;              /* of a note */
	union {
		struct gp_store_get *get;
		struct gp_store_note *note;
		struct gp_store_see *see;
	};
};

/* All of one decision: at most GP_STORE_OPS_MAX together, and at least one that is no take. */
struct gp_store_batch {
	struct gp_store_keyed *takes;
	size_t take_count;
	struct gp_store_soft *softs;
	size_t soft_count;
};

/*
 * One backend. Every function may be called by any number of threads, tend by one. Statuses as in
 * store.h. A backend records its trouble itself and reports it in health; it leaves taken, failed
 * and round_trip_us to store.c.
 */
struct gp_store_backend {
	void (*close)(void *self);
	int64_t (*now_ms)(void *self);
	int (*take)(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_keyed *takes,
		size_t count);
	/* As gp_store_do; without any soft operation it is take that is called. */
	int (*run)(
		void *self, struct gp_ctx *ctx, int64_t now_ms, const struct gp_store_batch *batch);
	int (*forget)(
		void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY], uint32_t id);
	int (*scan)(void *self, struct gp_ctx *ctx, int64_t now_ms,
		bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg);
	int (*put)(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
		int64_t expires_ms);
	int (*remove)(void *self, struct gp_ctx *ctx, struct gp_span key);
	int (*facts)(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
		bool (*visit)(void *arg, const struct gp_store_fact *fact), void *arg);
	/*
	 * Calls show for all but facts, in times of the store, until it returns false; show may
	 * change the record, and not call the store. NULL, with join: a store that is not moved.
	 */
	int (*records)(void *self, struct gp_ctx *ctx,
		bool (*show)(void *arg, struct gp_store_record *record), void *arg);
	/* Counters of a subject, or a seen set, into what is there (store_move.h); one thread. */
	int (*join)(void *self, struct gp_ctx *ctx, int64_t now_ms,
		const struct gp_store_record *record, bool *was_there_out);
	void (*tend)(void *self, struct gp_ctx *ctx);
	void (*health)(void *self, struct gp_store_health *health_out);
	/* As gp_store_part; NULL where a store is not made of two. */
	struct gp_store *(*part)(void *self, enum gp_store_part part);
};

/* A store around a backend: argument checks, keys, statistics. Takes self on success. */
int gp_store_wrap(const struct gp_store_backend *backend, void *self,
	struct gp_store **store_out) GP_MUST_CHECK;

/* The self that was wrapped with this backend; NULL: the store has another one. */
void *gp_store_self(struct gp_store *store, const struct gp_store_backend *backend);

/* Its backend, and the self that was wrapped with it. */
void *gp_store_inside(struct gp_store *store, const struct gp_store_backend **backend_out);

/* gp_store_take, gp_store_do and gp_store_forget of what has been checked and has its keys. */
int gp_store_take_keyed(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_keyed *takes, size_t count) GP_MUST_CHECK;
int gp_store_run_keyed(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_batch *batch) GP_MUST_CHECK;
int gp_store_forget_keyed(struct gp_store *store, struct gp_ctx *ctx,
	const unsigned char key[GP_STORE_KEY], uint32_t id) GP_MUST_CHECK;

/* The backends; GP_EINVAL when the options are not for it or this build lacks it. */
int gp_store_lmdb_open(const struct gp_store_options *options, struct gp_ctx *ctx,
	struct gp_store **store_out) GP_MUST_CHECK;
int gp_store_redis_open(const struct gp_store_options *options, struct gp_ctx *ctx,
	struct gp_store **store_out) GP_MUST_CHECK;

/* ---- the window of one counter (store.h says what it promises) ---- */

#define GP_STORE_ENTRIES (GP_STORE_SLOTS + 1)

/* Only slots that hold something have an entry, newest first: ages rise. */
struct gp_store_window {
	int64_t per_ms;
	int64_t last; /* number of the newest slot: now / w; ages count back from it */
	unsigned entries;
	struct {
		uint8_t age; /* slots before last */
		int64_t count;
	} entry[GP_STORE_ENTRIES];
};

/* How long a slot of a counter is: 64 of them cover its length. */
int64_t gp_store_window_width(int64_t per_ms);

/* Empty, at this time. */
void gp_store_window_init(struct gp_store_window *window, int64_t per_ms, int64_t now_ms);

/* To this time: forgets slots that count no more; going back as store.h says. */
void gp_store_window_advance(struct gp_store_window *window, int64_t now_ms);

/* What counts; the window has been advanced. */
int64_t gp_store_window_used(const struct gp_store_window *window);

/* Adds to the newest slot. */
void gp_store_window_add(struct gp_store_window *window, int64_t amount);

/* Takes back from the slot of that time, at most what it holds; returns how much. */
int64_t gp_store_window_back(struct gp_store_window *window, int64_t amount, int64_t at_ms);

/* How long until amount fits under max: 0, milliseconds from now_ms, or -1 for never. */
int64_t gp_store_window_wait(
	const struct gp_store_window *window, int64_t now_ms, int64_t amount, int64_t max);

/*
 * The step of one counter on its window, in two halves, because all counters are tested before any
 * is counted: test advances, releases, and fills in used, wait_ms and refused; count adds.
 */
void gp_store_window_test(
	struct gp_store_window *window, struct gp_store_count *count, int64_t now_ms);
void gp_store_window_count(
	struct gp_store_window *window, struct gp_store_count *count, int64_t now_ms);

/* A window as a counter of a record, with the times at which its slots begin. */
void gp_store_counter_of(
	const struct gp_store_window *window, uint32_t id, struct gp_store_counter *counter_out);

/* Joins a counter of the same length with the window, as store_move.h says; advances it. */
void gp_store_window_join(
	struct gp_store_window *window, const struct gp_store_counter *counter, int64_t now_ms);

/* When its newest slot stops counting; there is an entry. */
int64_t gp_store_window_end(const struct gp_store_window *window);

/* Is the window whole: bounds, ages rising, counts positive? For what was read from outside. */
bool gp_store_window_is_valid(const struct gp_store_window *window);

/* Is all of it within the bounds of store.h? For what was read from outside. */
bool gp_store_record_is_valid(const struct gp_store_record *record);

#endif
