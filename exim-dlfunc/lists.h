/* SPDX-License-Identifier: ISC */
/*
 * Lists: DNS lists in a process of Exim, which lives for one connection: what is known about their
 * health comes from the store and goes back there, so that one process of a machine asks their
 * tests. Without a store each process asks them.
 *
 *     health = gp_exim_lists_begin(&lists, config, generation, store, &ctx);    before mail
 *     gp_exim_lists_end(&lists, config, store, &ctx);                           afterwards
 *
 * A store that is unavailable costs no mail. Records in it are foreign bytes (dnsbl_health.h). One
 * object, one thread; a child after fork(2) has a copy of its own.
 */
#ifndef GP_EXIM_LISTS_H
#define GP_EXIM_LISTS_H

#include <stdint.h>

#include "base/ctx.h"
#include "config/config.h"
#include "reputation/dnsbl/dnsbl_health.h"
#include "store/store.h"

struct gp_exim_lists {
	void *memory; /* of the table; NULL: not needed yet */
	struct gp_dnsbl_health *health;
	unsigned long generation; /* of the configuration whose lists it has; 0: none yet */
	int64_t loaded_us;        /* from the store, last; 0: never */
};

void gp_exim_lists_init(struct gp_exim_lists *lists);
void gp_exim_lists_fini(struct gp_exim_lists *lists);

/* The table, with the tests that are due asked within ctx's deadline; store may be NULL. Each
 * configuration has a generation of its own, not 0: the next one may have the address of one that
 * was freed. NULL: no lists, or no memory for the table. */
struct gp_dnsbl_health *gp_exim_lists_begin(struct gp_exim_lists *lists,
	const struct gp_config *config, unsigned long generation, struct gp_store *store,
	struct gp_ctx *ctx);

/* What has changed goes into the store. */
void gp_exim_lists_end(struct gp_exim_lists *lists, const struct gp_config *config,
	struct gp_store *store, struct gp_ctx *ctx);

#endif
