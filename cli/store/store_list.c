/* SPDX-License-Identifier: ISC */
/* An embedded store's URI is its directory behind a scheme. */
#include "cli/store/store_list.h"

#include <string.h>

#include "runtime/runtime_store.h"

#define EMBEDDED "lmdb:"

/* directory_of: of an embedded one. */
static const char *directory_of(const char *uri)
{
	return strncmp(uri, EMBEDDED, strlen(EMBEDDED)) == 0 ? uri + strlen(EMBEDDED) : NULL;
}

/* gp_cli_store_main: as configured. */
void gp_cli_store_main(const struct gp_config *config, struct gp_cli_store *store_out)
{
	*store_out = (struct gp_cli_store) {.title = "store",
		.status = "store",
		.directory = directory_of(config->store.uris[0]),
		.options = config->store};
}

/* gp_cli_store_other: one URI. */
void gp_cli_store_other(struct gp_cli_store *store, const char *uri)
{
	store->directory = directory_of(uri);
	store->options.uris[0] = uri;
	store->options.uri_count = 1;
}

/* gp_cli_store_local: with the options of the other, and one URI of its own. */
bool gp_cli_store_local(
	struct gp_arena *arena, const struct gp_config *config, struct gp_cli_store *store_out)
{
	if (config->store_settings.on_failure != GP_STORE_FAILURE_LOCAL)
		return false;
	char *uri = gp_arena_printf(arena, EMBEDDED "%s", config->store_settings.local_path);
	if (!uri)
		return false;
	*store_out = (struct gp_cli_store) {.title = "local store",
		.status = "local_store",
		.directory = directory_of(uri),
		.options = config->store};
	store_out->options.uris[0] = uri;
	store_out->options.uri_count = 1;
	return true;
}

/* gp_cli_store_is_used: by what the daemon goes by. */
bool gp_cli_store_is_used(const struct gp_config *config)
{
	return gp_runtime_store_is_wanted(config);
}
