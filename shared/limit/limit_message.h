/* SPDX-License-Identifier: ISC */
/*
 * What one message holds of its limits, from its first recipient to its end.
 *
 *     gp_limit_message_init(&m);
 *     gp_limit_message_begin(&m, set, &who, overrides);    (which limits apply, with what maximum)
 *     gp_limit_message_hold(&m, overrides, ctx, &total, failure, &result);    (again and again)
 *     gp_limit_message_drop(&m, overrides, ctx);    (it was not accepted: what is held is released)
 *     gp_limit_message_end(&m);                     (it was accepted: what is held stays)
 *     gp_limit_message_fini(&m);
 *
 * hold says how much the message is to hold in all: one recipient more than before at each RCPT,
 * the number that was really accepted at its end. What was held moves to the present, so that what
 * counts is when mail is accepted and not when it was announced; either all limits have room, or
 * nothing changes.
 *
 * A result is a verdict (fine, hold, refused) with its reason. When the store is unavailable,
 * failure says what becomes of it, and result.store_failed is set.
 *
 * Ownership: a message owns what it remembers; set and overrides are borrowed until end or drop.
 * One message belongs to one thread.
 */
#ifndef GP_LIMIT_LIMIT_MESSAGE_H
#define GP_LIMIT_LIMIT_MESSAGE_H

#include "limit/limit.h"
#include "limit/limit_overrides.h"
#include "store/store_options.h"

/* Whose mail it is. */
struct gp_limit_who {
	enum gp_limit_origin origin;
	struct gp_span user; /* as it logged in; empty unless authenticated */
	struct gp_span sender;
	struct gp_ipaddr client; /* may be GP_IP_NONE */
};

/* Where a maximum comes from, most specific first. */
enum gp_limit_source { GP_LIMIT_SOURCE_RUNTIME, GP_LIMIT_SOURCE_OVERRIDE, GP_LIMIT_SOURCE_LIMIT };

/* A limit as it applies to a message. */
struct gp_limit_applied {
	const struct gp_limit *limit;
	const char *subject; /* "user:alice", "network:192.0.2.0/24", "all" */
	int64_t max;
	int64_t configured; /* max without what was set at run time */
	enum gp_limit_source source;
	const struct gp_limit_override *override; /* with GP_LIMIT_SOURCE_OVERRIDE */
	int64_t expires_ms;                       /* with GP_LIMIT_SOURCE_RUNTIME; 0: never */
	bool is_of_domain;                        /* likewise: set for all of its domain */
	int64_t held, held_ms;                    /* what the message holds, and since when... */
	enum gp_store_part held_part;             /* ...in which part of the store */
};

/* The part of a subject after its kind: the name of the user and so on; "all" for all. */
const char *gp_limit_subject_name(const char *subject);

/* "user" and so on: the word for a key, also before the colon of its subjects. */
const char *gp_limit_key_name(enum gp_limit_key key);
const char *gp_limit_unit_name(enum gp_limit_unit unit);

/*
 * Which limits apply to this mail, in the order of the set: at most GP_LIMIT_MAX into applied,
 * texts in the arena. overrides may be NULL: no run-time overrides. Limits that are off do not
 * apply.
 */
int gp_limit_resolve(const struct gp_limit_set *set, const struct gp_limit_who *who,
	struct gp_limit_overrides *overrides, struct gp_arena *arena,
	struct gp_limit_applied *applied, size_t *count_out) GP_MUST_CHECK;

/* The maximum, source and expiry as they are now: an operator may have set another one. */
void gp_limit_apply_runtime(
	struct gp_limit_applied *applied, struct gp_limit_overrides *overrides, int64_t now_ms);

/*
 * The subject of a limit for a name as people write it: a user, a domain, an address. GP_ESYNTAX:
 * there is no such subject (not an address, for a limit by client).
 */
int gp_limit_subject_of(const struct gp_limit_set *set, size_t limit, struct gp_span name,
	struct gp_arena *arena, const char **subject_out) GP_MUST_CHECK;

/*
 * The subject under which a maximum is set at run time for each user (or sender) of a domain, for a
 * limit whose key is user (or sender): "domain:example.org". NULL: the arena refused, or the limit
 * has another key, or what is there is no domain.
 */
const char *gp_limit_domain_subject(const struct gp_limit_set *set, size_t limit,
	struct gp_span domain, struct gp_arena *arena);

/* A limit as it applies to a subject that it has made. overrides may be NULL. */
int gp_limit_of_subject(const struct gp_limit_set *set, size_t limit, const char *subject,
	struct gp_limit_overrides *overrides, struct gp_arena *arena,
	struct gp_limit_applied *applied_out) GP_MUST_CHECK;

/*
 * What these limits have used now: counts[i] for applied[i]; with a take of 0 and forced, so that
 * nothing changes.
 */
int gp_limit_peek(struct gp_store *store, struct gp_ctx *ctx,
	const struct gp_limit_applied *applied, size_t count,
	struct gp_store_count *counts) GP_MUST_CHECK;

struct gp_limit_message {
	struct gp_arena *arena; /* texts of applied; NULL until the first message with limits */
	struct gp_limit_applied *applied;
	size_t count;
	struct gp_store *store; /* that holds; NULL: nothing is held */
	int64_t recipients;     /* held in all, as hold was told */
	uint64_t resets;        /* of the overrides, when what is held was taken */
	bool begun;
};

/* How much in all. */
struct gp_limit_amounts {
	int64_t recipients, messages, bytes;
};

enum gp_limit_outcome {
	GP_LIMIT_FINE,    /* counted, or nothing to count */
	GP_LIMIT_ONHOLD,  /* counted, over a limit whose action is hold */
	GP_LIMIT_REFUSED, /* nothing counted: no room */
	GP_LIMIT_AWAY     /* nothing counted: the store is unavailable, and failure says defer */
};

struct gp_limit_result {
	enum gp_limit_outcome outcome;
	const struct gp_limit_applied *because; /* the limit that decided; with FINE one that was
						 * passed in label mode, or NULL */
	int64_t used;      /* counted for because: with what is accepted, without what is refused */
	int64_t wait_ms;   /* until there is room for what was refused; -1: never */
	bool store_failed; /* the store was unavailable: accepted, deferred or counted locally */
};

void gp_limit_message_init(struct gp_limit_message *message);
void gp_limit_message_fini(struct gp_limit_message *message); /* gives nothing back */

/* Resolves; the message must hold nothing. GP_ENOMEM, GP_ETOOBIG. */
int gp_limit_message_begin(struct gp_limit_message *message, const struct gp_limit_set *set,
	const struct gp_limit_who *who, struct gp_limit_overrides *overrides) GP_MUST_CHECK;

/* Does any limit of this unit apply to the message? */
bool gp_limit_message_has(const struct gp_limit_message *message, enum gp_limit_unit unit);

/* See above. GP_OK with a result, whatever the store says; GP_ENOMEM, GP_EINVAL. */
int gp_limit_message_hold(struct gp_limit_message *message, struct gp_limit_overrides *overrides,
	struct gp_ctx *ctx, const struct gp_limit_amounts *total, enum gp_store_failure failure,
	struct gp_limit_result *result_out) GP_MUST_CHECK;

/*
 * Releases what is held; what the store does not take back counts until its window has passed.
 * Where there are no limits, overrides is NULL: then nothing is held.
 */
void gp_limit_message_drop(
	struct gp_limit_message *message, struct gp_limit_overrides *overrides, struct gp_ctx *ctx);

/* What is held stays counted; the message is ready for the next one. */
void gp_limit_message_end(struct gp_limit_message *message);

#endif
