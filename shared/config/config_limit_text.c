/* SPDX-License-Identifier: ISC */
/* Limits and overrides of a snapshot, as they are written down. */
#include "config/config_load_private.h"

/* gp_config_limit_list: in the order of the files. */
size_t gp_config_limit_list(const struct gp_config *config, const void **items_out)
{
	*items_out = config->limits.limits;
	return config->limits.limit_count;
}

/* gp_config_limit_in_bytes: by what it counts. */
bool gp_config_limit_in_bytes(const void *element)
{
	const struct gp_limit *limit = element;
	return limit->unit == GP_LIMIT_BYTES;
}

/* gp_config_override_dump: a section for each, with the limits that it sets. */
void gp_config_override_dump(
	struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets)
{
	const struct gp_limit_set *set = &config->limits;
	(void)with_secrets;
	for (size_t i = 0; i < set->override_count; i++) {
		const struct gp_limit_override *o = &set->overrides[i];
		gp_strbuf_printf(buf, "override {\n    %s = ", gp_config_subjects[o->kind]);
		gp_config_quote(buf, o->name);
		gp_strbuf_add(buf, "\n");
		for (size_t k = 0; k < set->limit_count; k++) {
			if (o->max[k] == GP_LIMIT_UNSET)
				continue;
			gp_strbuf_printf(buf, "    %s = ", set->limits[k].name);
			gp_config_amount_format(
				buf, o->max[k], set->limits[k].unit == GP_LIMIT_BYTES);
			gp_strbuf_add(buf, "\n");
		}
		gp_strbuf_add(buf, "}\n");
	}
}
