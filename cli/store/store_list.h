/* SPDX-License-Identifier: ISC */
/* Store_list: the stores that a configuration names, one by one. */
#ifndef GP_CLI_STORE_LIST_H
#define GP_CLI_STORE_LIST_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"

struct gp_cli_store {
	const char *title;     /* for people */
	const char *status;    /* its member in the daemon's status */
	const char *directory; /* of an embedded one, inside policyd.chroot; NULL: it is a server */
	struct gp_store_options options;
};

/* The one that counts. Borrows the configuration. */
void gp_cli_store_main(const struct gp_config *config, struct gp_cli_store *store_out);

/* Another one in its place, with the same options otherwise; borrows the URI. */
void gp_cli_store_other(struct gp_cli_store *store, const char *uri);

/* The one that stands in for it; false: none does, or there is no memory. */
bool gp_cli_store_local(
	struct gp_arena *arena, const struct gp_config *config, struct gp_cli_store *store_out);

/* Does anything of the configuration use the stores? */
bool gp_cli_store_is_used(const struct gp_config *config);

#endif
