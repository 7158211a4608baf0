/* SPDX-License-Identifier: ISC */
/*
 * Repeat: sections that may be repeated in a file, one element each.
 *
 * An element is a zeroed struct of the section's size with the defaults of its rows, and is filled
 * row by row. Its owner begins and finishes it (config_limit.c), and puts it where elements of its
 * kind are kept. All of them stand in one table (config_repeat.c): another kind is another row of
 * that, a row of config_table.c and the functions that are named here.
 */
#ifndef GP_CONFIG_CONFIG_REPEAT_H
#define GP_CONFIG_CONFIG_REPEAT_H

#include "config/config_load_private.h"

struct gp_config_repeat {
	const char *section;
	bool is_scratch; /* its texts are needed while files are read only */

	/* An element begins, whose memory is that of the texts; it ends, with errors if it is
	 * wrong. */
	int (*begin)(struct gp_config_draft *draft, void *element, const char *title);
	int (*finish)(struct gp_config_draft *draft, void *element);

	/* A name that is no row, but taken as well: a row that is like it, or NULL; and its value.
	 * Both NULL: there are none. */
	const struct gp_option *(*other)(struct gp_config_draft *draft, const char *name);
	int (*set_other)(struct gp_config_draft *draft, const char *name, struct gp_span value,
		struct gp_config_place where);

	/* The elements of a snapshot, one after the other, which begin with their name if they have
	 * one; and whether a GP_KIND_AMOUNT of one counts bytes (NULL: it does not). In place of
	 * list: writes all of them down, where the snapshot keeps something else. */
	size_t (*list)(const struct gp_config *config, const void **items_out);
	bool (*in_bytes)(const void *element);
	void (*dump)(struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets);

	/* For the example file: a title; is only one of the rows used at a time; and what stands
	 * after them. */
	const char *example_title;
	bool is_one_of;
	const char *example_more;
};

/* That of a section; NULL: it does not repeat, or is the top level. */
const struct gp_config_repeat *gp_config_repeat_of(const struct gp_config_section *section);

/* What its texts are stored in. */
struct gp_arena *gp_config_repeat_arena(
	struct gp_config_draft *draft, const struct gp_config_section *section);

/* A section begins: draft->element is the new one. The title is borrowed until the end. */
int gp_config_repeat_begin(struct gp_config_draft *draft, const struct gp_config_section *section,
	const char *title, struct gp_config_place where) GP_MUST_CHECK;

/* It ends. */
int gp_config_repeat_end(
	struct gp_config_draft *draft, const struct gp_config_section *section) GP_MUST_CHECK;

#endif
