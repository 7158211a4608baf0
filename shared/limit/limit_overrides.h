/* SPDX-License-Identifier: ISC */
/*
 * What an operator has set at run time for limits: a maximum for one subject, and resets.
 *
 *     gp_limit_overrides_new(store, &overrides);
 *     ... messages count with them (limit/limit_message.h) ...
 *     gp_limit_overrides_follow(overrides, ctx);   (about every second, after gp_store_tend)
 *     gp_limit_overrides_free(overrides);
 *
 * Run-time overrides are facts of the store, so every process and host that shares it has them; a
 * change is seen at once where it is made, and elsewhere when that process follows. While the store
 * is unavailable the last ones that were read stay in force.
 *
 * Ownership: the store is borrowed. Threads: one object is used by any number of threads.
 */
#ifndef GP_LIMIT_LIMIT_OVERRIDES_H
#define GP_LIMIT_LIMIT_OVERRIDES_H

#include "limit/limit.h"
#include "store/store.h"

struct gp_limit_overrides;

/* Returns new, around a store: empty until it follows. GP_ENOMEM. */
int gp_limit_overrides_new(
	struct gp_store *store, struct gp_limit_overrides **overrides_out) GP_MUST_CHECK;

/* Frees; accepts NULL. The store stays open. */
void gp_limit_overrides_free(struct gp_limit_overrides *overrides);

/* The store they lie in, and in which limits are counted. */
struct gp_store *gp_limit_overrides_store(const struct gp_limit_overrides *overrides);

/* Reads the run-time overrides, if the store is up. */
void gp_limit_overrides_follow(struct gp_limit_overrides *overrides, struct gp_ctx *ctx);

/* ---- run-time overrides: a maximum for one subject of one limit ---- */

struct gp_limit_runtime {
	const char *limit;   /* name */
	const char *subject; /* "user:alice" */
	int64_t max;         /* GP_LIMIT_UNLIMITED */
	int64_t expires_ms;  /* of the store's time; 0: never */
	const char *by;      /* the user that has set it, in the caller's words; NULL or "": not
			      * known */
};

#define GP_LIMIT_RUNTIME_SUBJECT_MAX 340 /* bytes of the subject of a run-time override */

/* Sets it; in force from now on. GP_ETOOBIG: the subject is too long; else as gp_store_put. */
int gp_limit_overrides_set(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const struct gp_limit_runtime *value) GP_MUST_CHECK;

/* Takes it back; that there is none is no error. */
int gp_limit_overrides_unset(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const char *limit, const char *subject) GP_MUST_CHECK;

/* Is there any at all? */
bool gp_limit_overrides_has_runtime(const struct gp_limit_overrides *overrides);

/*
 * All of them, as the store has them now, by limit and subject, in ctx's arena. As gp_store_facts;
 * GP_ETOOBIG: more than there is room for.
 */
int gp_limit_overrides_list(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const struct gp_limit_runtime **items_out, size_t *count_out) GP_MUST_CHECK;

/* The one that applies now: false when there is none. *value_out's texts are not set. */
bool gp_limit_overrides_runtime(struct gp_limit_overrides *overrides, const char *limit,
	const char *subject, int64_t now_ms, struct gp_limit_runtime *value_out);

/* What a fact of the store is to this: a maximum, or who has set one. */
enum gp_limit_fact { GP_LIMIT_FACT_OTHER, GP_LIMIT_FACT_MAX, GP_LIMIT_FACT_BY };
enum gp_limit_fact gp_limit_overrides_fact(struct gp_span key);

/* ---- resets ---- */

/*
 * Forgets the counter of a limit for a subject. What messages under way in this process hold of it
 * is gone with it. Known gap: a message under way on another host that shares the store releases
 * afterwards what others have counted since.
 */
int gp_limit_overrides_reset(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const char *subject, uint32_t id) GP_MUST_CHECK;

/* How many resets there have been. */
uint64_t gp_limit_overrides_resets(struct gp_limit_overrides *overrides);

/* Has it been reset since there were so many? Of more than 256 ago nobody knows: then, yes. */
bool gp_limit_overrides_was_reset(
	struct gp_limit_overrides *overrides, const char *subject, uint32_t id, uint64_t since);

#endif
