/* SPDX-License-Identifier: ISC */
/* Finds sections and rows in the table of options: every line of a file asks for one. */
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
	for (const struct gp_config_section *s = gp_config_sections; name && s->own; s++)
		if (*s->own->name == *name && strcmp(s->own->name, name) == 0)
			return s;
	return NULL;
}

/* gp_config_base_of: the top level is the snapshot itself. */
const void *gp_config_base_of(const struct gp_config *config, const char *section)
{
	const struct gp_config_section *s = gp_config_section_find(section);
	return (const char *)config + (s ? s->offset : 0);
}

/* gp_config_base: the same, to be written. */
void *gp_config_base(struct gp_config *config, const char *section)
{
	const struct gp_config_section *s = gp_config_section_find(section);
	return (char *)config + (s ? s->offset : 0);
}

/* gp_config_member: in the struct of its section. */
const void *gp_config_member(const struct gp_config *config, const struct gp_option *row)
{
	return (const char *)gp_config_base_of(config, row->section) + row->offset;
}

/* gp_config_section_borrows: the rows say whose they are. */
bool gp_config_section_borrows(const struct gp_config_section *section)
{
	return section->own->row_count &&
	       !gp_config_same_section(section->own->rows[0].section, section->own->name);
}

/* gp_config_rows_of: none for a section that is not known. */
struct gp_config_rows gp_config_rows_of(const char *section)
{
	const struct gp_option_section *own = gp_config_top.own;
	struct gp_config_rows rows = {own->rows, own->row_count, 0};
	if (!section)
		return rows;
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++) {
		bool borrows = gp_config_section_borrows(s);
		bool is_it = gp_config_same_section(s->own->name, section);
		if (borrows && is_it)
			return gp_config_rows_of(s->own->rows[0].section);
		rows.first += rows.count;
		rows.items = s->own->rows;
		rows.count = borrows ? 0 : s->own->row_count;
		if (is_it)
			return rows;
	}
	return (struct gp_config_rows) {NULL, 0, 0};
}

/* gp_config_row_find: by section and name. */
const struct gp_option *gp_config_row_find(const char *section, const char *name)
{
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = 0; i < rows.count; i++)
		if (*rows.items[i].name == *name && strcmp(rows.items[i].name, name) == 0)
			return &rows.items[i];
	return NULL;
}

/* gp_config_row_at: section by section. */
const struct gp_option *gp_config_row_at(size_t index)
{
	struct gp_config_rows rows = gp_config_rows_of(NULL);
	for (const struct gp_config_section *s = gp_config_sections; index >= rows.count; s++) {
		if (!s->own)
			return NULL;
		index -= rows.count;
		rows.items = s->own->rows;
		rows.count = gp_config_section_borrows(s) ? 0 : s->own->row_count;
	}
	return &rows.items[index];
}

/* gp_config_row_index: of a row of a table, not of a copy. */
size_t gp_config_row_index(const struct gp_option *row)
{
	const struct gp_config_rows rows = gp_config_rows_of(row->section);
	return rows.first + (size_t)(row - rows.items);
}

/* gp_config_kind_is_list: they stand after the others. */
bool gp_config_kind_is_list(enum gp_option_kind kind)
{
	return kind >= GP_KIND_SET;
}
