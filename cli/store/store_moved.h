/* SPDX-License-Identifier: ISC */
/* Store_moved: how many records of which kind were exported or imported, and the table of them. */
#ifndef GP_CLI_STORE_MOVED_H
#define GP_CLI_STORE_MOVED_H

#include <jansson.h>
#include <stdio.h>

#include "store/store_move.h"

enum gp_cli_store_moved_kind {
	GP_CLI_MOVED_COUNTERS,
	GP_CLI_MOVED_MAXIMA,
	GP_CLI_MOVED_BY,
	GP_CLI_MOVED_FACTS,
	GP_CLI_MOVED_SOFT,
	GP_CLI_MOVED_SEEN,
	GP_CLI_MOVED_KINDS
};

struct gp_cli_store_moved {
	/* by what became of them; of an export: new or over */
	uint64_t records[GP_CLI_MOVED_KINDS][GP_STORE_IMPORT_OVER + 1];
};

/* Counts one. */
void gp_cli_store_moved_add(struct gp_cli_store_moved *moved, const struct gp_store_record *record,
	enum gp_store_imported result);

/* How many had not expired. */
uint64_t gp_cli_store_moved_sum(const struct gp_cli_store_moved *moved);

/* The table, kinds without any record left out. is_export: two columns of numbers. */
void gp_cli_store_moved_print(const struct gp_cli_store_moved *moved, bool is_export, FILE *out);

/* The same for programs; NULL: no memory. */
json_t *gp_cli_store_moved_json(const struct gp_cli_store_moved *moved);

#endif
