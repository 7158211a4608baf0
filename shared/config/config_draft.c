/* SPDX-License-Identifier: ISC */
/* Where options were set, and errors about them in their relation to others. */
#include "config/config_load_private.h"

/* gp_config_draft_at: from the row's number. */
struct gp_config_place gp_config_draft_at(
	const struct gp_config_draft *draft, const char *section, const char *name)
{
	return draft->at[gp_config_row_index(gp_config_row_find(section, name))];
}

/* gp_config_draft_known: read when it is needed for the first time. */
const struct gp_dnsbl_settings *gp_config_draft_known(struct gp_config_draft *draft)
{
	struct gp_config_errors errors = {0};
	struct gp_config **table = &draft->config->list_table;
	if (draft->is_table)
		return NULL;
	if (!*table && draft->load_table(table, &errors))
		*table = NULL; /* a test reads every row of it, so this is memory */
	gp_config_errors_fini(&errors);
	return *table ? &(*table)->dnsbl : NULL;
}

/* gp_config_cross_error: where the option is set, else the file. */
void gp_config_cross_error(
	struct gp_config_draft *draft, const char *section, const char *name, const char *problem)
{
	struct gp_config_place where = gp_config_draft_at(draft, section, name);
	if (!where.file)
		where.file = draft->config->path;
	struct gp_strbuf *buf = gp_config_error(draft->errors, where);
	gp_config_add_option(buf, section, NULL, name);
	gp_strbuf_printf(buf, ": %s\n", problem);
}
