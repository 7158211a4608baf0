/* SPDX-License-Identifier: ISC */
/* The lines of warnings: where each stands, and whether an option says anything. */
#include "config/config_load_private.h"

#define VALUE_ROOM 65536 /* an option as it is written */

/* gp_config_warn_at: place and option. */
struct gp_strbuf *gp_config_warn_at(
	struct gp_config_warner *w, const char *section, const char *name)
{
	struct gp_config_place where = gp_config_draft_at(w->draft, section, name);
	if (!where.file)
		where.file = w->config->path;
	struct gp_strbuf *buf = gp_config_error(&w->lines, where);
	gp_strbuf_add(buf, "warning: ");
	gp_config_add_option(buf, section, NULL, name);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* gp_config_warn_of: the same with a whole sentence. */
void gp_config_warn_of(
	struct gp_config_warner *w, const char *section, const char *name, const char *sentence)
{
	gp_strbuf_printf(gp_config_warn_at(w, section, name), "%s\n", sentence);
}

/* gp_config_is_changed: does a file set the option, and to another value than its default? */
bool gp_config_is_changed(const struct gp_config_warner *w, const char *section, const char *name)
{
	struct gp_arena *arena = w->draft->scratch;
	const struct gp_option *row = gp_config_row_find(section, name);
	struct gp_config *defaults = gp_arena_array(arena, 1, sizeof *defaults);
	struct gp_strbuf preset, value;
	if (!gp_config_draft_at(w->draft, section, name).file || !defaults ||
		gp_config_presets(
			(struct gp_config_target) {arena, gp_config_base(defaults, section)},
			section))
		return false;
	gp_strbuf_init(&preset, arena, VALUE_ROOM);
	gp_strbuf_init(&value, arena, VALUE_ROOM);
	gp_config_value_format(&preset, gp_config_base_of(defaults, section), row);
	gp_config_value_format(&value, gp_config_base_of(w->config, section), row);
	return !gp_span_equal(gp_strbuf_span(&preset), gp_strbuf_span(&value));
}
