/* SPDX-License-Identifier: ISC */
/* The table of sections that repeat, and what is the same for all of them. */
#include "config/config_repeat.h"

#include "config/config_dnsbl.h"

#include <string.h>

static const struct gp_config_repeat repeats[] = {
	{.section = "use",
		.begin = gp_config_use_begin,
		.finish = gp_config_list_finish,
		.dump = gp_config_list_dump,
		.example_title = " spamhaus-zen",
		.example_more = "\n    #key_file = \"/etc/gatepost/dqs.key\"\n"},
	{.section = "list",
		.begin = gp_config_list_begin,
		.finish = gp_config_list_finish,
		.dump = gp_config_no_dump,
		.example_title = " bl.example.org"},
	{.section = "dead",
		.begin = gp_config_dead_begin,
		.finish = gp_config_dead_finish,
		.dump = gp_config_no_dump},
	{.section = "limit",
		.begin = gp_config_limit_begin,
		.finish = gp_config_limit_finish,
		.list = gp_config_limit_list,
		.in_bytes = gp_config_limit_in_bytes,
		.example_title = " hourly"},
	{.section = "override",
		.is_scratch = true,
		.begin = gp_config_override_begin,
		.finish = gp_config_override_finish,
		.other = gp_config_override_other,
		.set_other = gp_config_override_set,
		.dump = gp_config_override_dump,
		.is_one_of = true,
		.example_more = "\n    # The limit, and the max that it gets.\n"
				"    #hourly = 5000\n"},
};

/* gp_config_repeat_of: by name. */
const struct gp_config_repeat *gp_config_repeat_of(const struct gp_config_section *section)
{
	for (size_t i = 0; section && i < sizeof repeats / sizeof repeats[0]; i++)
		if (strcmp(repeats[i].section, section->own->name) == 0)
			return &repeats[i];
	return NULL;
}

/* gp_config_repeat_arena: of the snapshot, or of the draft. */
struct gp_arena *gp_config_repeat_arena(
	struct gp_config_draft *draft, const struct gp_config_section *section)
{
	return gp_config_repeat_of(section)->is_scratch ? draft->scratch : draft->config->arena;
}

/* gp_config_repeat_begin: nothing is set in it. */
int gp_config_repeat_begin(struct gp_config_draft *draft, const struct gp_config_section *section,
	const char *title, struct gp_config_place where)
{
	const struct gp_config_rows rows = gp_config_rows_of(section->own->name);
	for (size_t i = rows.first; i < rows.first + rows.count; i++)
		draft->at[i] = (struct gp_config_place) {0};
	draft->title = title;
	draft->opened = where;
	draft->has_unit = false;
	/* there may be a hundred thousand of one kind, one after the other */
	if (draft->element_of == section)
		memset(draft->element, 0, section->own->size);
	else
		draft->element = gp_arena_alloc(draft->scratch, section->own->size);
	draft->element_of = draft->element ? section : NULL;
	if (!draft->element)
		return gp_arena_status(draft->scratch);
	const struct gp_config_target to = {gp_config_repeat_arena(draft, section), draft->element};
	int rc = gp_config_presets(to, section->own->name);
	return rc ? rc : gp_config_repeat_of(section)->begin(draft, draft->element, title);
}

/* gp_config_repeat_end: the title is the caller's. */
int gp_config_repeat_end(struct gp_config_draft *draft, const struct gp_config_section *section)
{
	int rc = gp_config_repeat_of(section)->finish(draft, draft->element);
	draft->title = NULL;
	return rc;
}
