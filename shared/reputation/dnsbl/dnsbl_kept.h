/* SPDX-License-Identifier: ISC */
/*
 * Dnsbl_kept: what is known of the health of DNS lists, kept in the store for programs whose
 * processes live for one connection.
 *
 *     struct gp_dnsbl_kept kept = {.store = store, .health = health, .lists = lists, ...};
 *     gp_dnsbl_kept_host(kept.host);
 *     gp_dnsbl_kept_load(&kept, &ctx);       what other processes know
 *     gp_dnsbl_kept_follow(&kept, &ctx);     what the operator has switched off
 *     gp_dnsbl_kept_save(&kept, &ctx);       what has changed, unless another process knows better
 *
 * A record of each list is a soft fact of the store, by the machine's name: whether a list answers
 * depends on the resolver that asks it, and a store may be shared by several hosts. A store that is
 * unavailable knows nothing and keeps nothing, which is no error.
 */
#ifndef GP_REPUTATION_DNSBL_KEPT_H
#define GP_REPUTATION_DNSBL_KEPT_H

#include "reputation/dnsbl/dnsbl_health.h"
#include "store/store.h"

#define GP_DNSBL_KEPT_HOST 256

/* All borrowed. */
struct gp_dnsbl_kept {
	struct gp_store *store;
	struct gp_dnsbl_health *health; /* NULL: for forget only */
	const struct gp_dnsbl_list *lists;
	size_t count; /* at most GP_DNSBL_LISTS_MAX */
	int64_t now_s;
	char host[GP_DNSBL_KEPT_HOST];
};

/* The name of this machine. */
void gp_dnsbl_kept_host(char host_out[GP_DNSBL_KEPT_HOST]);

void gp_dnsbl_kept_load(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx);
void gp_dnsbl_kept_follow(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx);
void gp_dnsbl_kept_save(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx);

/*
 * Is this process the first to begin a round of tests for so long? Where the store cannot say, each
 * is.
 */
bool gp_dnsbl_kept_claim(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx, int64_t ms);

/* Forgets the record of one of these lists, and that a round has begun, so that the next process
 * tests it. As gp_store_note. */
int gp_dnsbl_kept_forget(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx,
	const struct gp_dnsbl_list *list) GP_MUST_CHECK;

/*
 * Logs events of a table (dnsbl_log.h). Where each process has a table of its own, a code that no
 * rule knows is told once a day by all of them together, and that no list works once an hour; store
 * may be NULL: then each tells it for itself.
 */
void gp_dnsbl_kept_log(struct gp_store *store, struct gp_dnsbl_health *health, struct gp_ctx *ctx,
	const struct gp_dnsbl_event *events, size_t event_count);

#endif
