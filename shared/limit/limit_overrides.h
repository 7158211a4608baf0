/* SPDX-License-Identifier: ISC */
/*
 * What the operator has set at run time for limits, and the stores that limits are counted in: the
 * configured one and the one that stands in for it.
 *
 *     gp_limit_overrides_open(&options, ctx, &overrides);
 *     ... messages count in it (limit/limit_message.h) ...
 *     gp_limit_overrides_tend(overrides, ctx);         (about every second, one thread)
 *     gp_limit_overrides_close(overrides);
 *
 * Run-time overrides are facts of the store, so every process and host that shares it has them; a
 * change is seen at once where it is made, and elsewhere when that process tends its own. While
 * the store is away the last ones that were read stay in force.
 *
 * Threads: one object is used by any number of threads; open_local by one.
 */
#ifndef GP_LIMIT_LIMIT_OVERRIDES_H
#define GP_LIMIT_LIMIT_OVERRIDES_H

#include "limit/limit.h"
#include "store/store.h"

struct gp_limit_overrides;

/* Opens the store of the options (store.h). GP_EINVAL, GP_ENOMEM; ctx->log has said why. */
int gp_limit_overrides_open(const struct gp_store_options *options, struct gp_ctx *ctx,
	struct gp_limit_overrides **overrides_out) GP_MUST_CHECK;

/* Around a store, which it takes. */
int gp_limit_overrides_new(
	struct gp_store *store, struct gp_limit_overrides **overrides_out) GP_MUST_CHECK;

/* The store that stands in while the other is away; opened once, in the folder path. */
int gp_limit_overrides_open_local(struct gp_limit_overrides *overrides,
	const struct gp_store_options *options, const char *path, struct gp_ctx *ctx) GP_MUST_CHECK;

/* Closes both; accepts NULL. */
void gp_limit_overrides_close(struct gp_limit_overrides *overrides);

struct gp_store *gp_limit_overrides_store(const struct gp_limit_overrides *overrides);
struct gp_store *gp_limit_overrides_local(
	const struct gp_limit_overrides *overrides); /* NULL: there is none */

/* Tends the stores (unless another thread is doing so), reads the run-time overrides, and logs, at
 * most once a minute, what is wrong.
 */
void gp_limit_overrides_tend(struct gp_limit_overrides *overrides, struct gp_ctx *ctx);

/* ---- run-time overrides: a maximum for one subject of one limit ---- */

struct gp_limit_runtime {
	const char *limit;   /* name */
	const char *subject; /* "user:alice" */
	int64_t max;         /* GP_LIMIT_UNLIMITED */
	int64_t expires_ms;  /* of the store's time; 0: never */
	const char *by;      /* who has set it, in the caller's words; NULL or "": not known */
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

/* ---- resets ---- */

/*
 * Forgets the counter of a limit for a subject, in both stores. What messages under way in this
 * process hold of it is gone with it. Known gap: a message under way on another host that shares
 * the store gives back afterwards what others have counted since.
 */
int gp_limit_overrides_reset(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const char *subject, uint32_t id) GP_MUST_CHECK;

/* How many resets there have been. */
uint64_t gp_limit_overrides_resets(struct gp_limit_overrides *overrides);

/* Has it been reset since there were so many? Of more than 256 ago nobody knows: then, yes. */
bool gp_limit_overrides_was_reset(
	struct gp_limit_overrides *overrides, const char *subject, uint32_t id, uint64_t since);

/* Is the event worth a log line now? At most once a minute for each kind of trouble. */
enum gp_limit_trouble { GP_LIMIT_STORE_TROUBLE, GP_LIMIT_LOCAL_TROUBLE, GP_LIMIT_TROUBLES };
bool gp_limit_overrides_may_say(struct gp_limit_overrides *overrides, enum gp_limit_trouble what,
	const struct gp_clock *clock);

#endif
