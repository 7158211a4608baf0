/* SPDX-License-Identifier: ISC */
/* Finds sections and rows in the table of options: every line of a file asks for one. */
#include <pthread.h>
#include <string.h>

#include "config/config_private.h"

/* gp_config_same_section: both the top level, or the same name. */
bool gp_config_same_section(const char *a, const char *b)
{
	/* most are told apart, or known for the same, without a call */
	return a == b || (a && b && *a == *b && strcmp(a, b) == 0);
}

/* gp_config_section_find: by name. */
const struct gp_config_section *gp_config_section_find(const char *name)
{
	for (const struct gp_config_section *s = gp_config_sections; name && s->name; s++)
		if (*s->name == *name && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/*
 * Where each section's rows stand: made once, read by all threads; the last one is the top level.
 */
static struct gp_config_range ranges[GP_CONFIG_SECTIONS_MAX + 1];
static pthread_once_t ranges_once = PTHREAD_ONCE_INIT;

/* find_ranges: one pass over the rows for each section. */
static void find_ranges(void)
{
	for (size_t k = 0; k <= gp_config_section_count; k++) {
		const char *section = gp_config_sections[k].name;
		size_t first = 0;
		while (first < gp_config_row_count &&
			!gp_config_same_section(gp_config_rows[first].section, section))
			first++;
		size_t end = first;
		while (end < gp_config_row_count &&
			gp_config_same_section(gp_config_rows[end].section, section))
			end++;
		ranges[k] = (struct gp_config_range) {first, end};
	}
}

/* gp_config_rows_of: none for a section that is not known. */
struct gp_config_range gp_config_rows_of(const char *section)
{
	const struct gp_config_section *s = gp_config_section_find(section);
	(void)pthread_once(&ranges_once, find_ranges); /* fails for a wrong argument only */
	if (section && !s)
		return (struct gp_config_range) {0, 0};
	return ranges[s ? (size_t)(s - gp_config_sections) : gp_config_section_count];
}

/* gp_config_row_find: by section and name. */
const struct gp_config_row *gp_config_row_find(const char *section, const char *name)
{
	const struct gp_config_range rows = gp_config_rows_of(section);
	for (size_t i = rows.first; i < rows.end; i++)
		if (*gp_config_rows[i].name == *name && strcmp(gp_config_rows[i].name, name) == 0)
			return &gp_config_rows[i];
	return NULL;
}

/* gp_config_kind_is_list: they stand behind the others. */
bool gp_config_kind_is_list(enum gp_config_kind kind)
{
	return kind >= GP_KIND_SET;
}
