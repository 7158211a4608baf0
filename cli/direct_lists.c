/* SPDX-License-Identifier: ISC */
/* DNS lists as processes of Exim on this machine know them: their records in the store. */
#include <stdlib.h>
#include <string.h>

#include "cli/direct_private.h"

/* gp_cli_direct_lists: a table that is made anew for each answer. */
const struct gp_dnsbl_kept *gp_cli_direct_lists(struct gp_cli_direct *direct, struct gp_ctx *ctx)
{
	const struct gp_dnsbl_settings *dnsbl = &direct->config->dnsbl;
	struct gp_dnsbl_kept *kept = &direct->kept;
	int64_t now_s = ctx->clock->wall_s(ctx->clock);
	free(direct->table);
	direct->table = calloc(1, gp_dnsbl_health_size());
	*kept = (struct gp_dnsbl_kept) {.store = direct->store.store,
		.lists = dnsbl->lists,
		.count = dnsbl->count,
		.now_s = now_s};
	if (!kept->store || dnsbl->mode == GP_MODE_OFF || !direct->table ||
		gp_dnsbl_health_init(direct->table, &kept->health))
		return NULL;
	const struct gp_dnsbl_health_lists known = {.lists = dnsbl->lists, .count = dnsbl->count};
	gp_dnsbl_health_configure(kept->health, &known, now_s);
	gp_dnsbl_kept_host(kept->host);
	gp_dnsbl_kept_load(kept, ctx);
	gp_dnsbl_kept_follow(kept, ctx);
	return kept;
}
