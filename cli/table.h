/* SPDX-License-Identifier: ISC */
/*
 * Table: aligned columns that fit a terminal.
 *
 *     static const struct gp_cli_column columns[] = {{.title = "WHO", .least = 16}, ...};
 *     gp_cli_table_init(&table, arena, columns, n);
 *     gp_cli_table_add(&table, cells);                  (visible texts, n of them, in the arena)
 *     gp_cli_table_format(&table, gp_cli_width(), &buf);
 *
 * Where there is not enough room, columns are left out, then names are cut (cli/shorten.h: no two
 * of a column look the same), then more columns go.
 */
#ifndef GP_CLI_TABLE_H
#define GP_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define GP_CLI_COLUMNS_MAX 12

/* When a column is left out for want of room. */
enum gp_cli_drop {
	GP_CLI_DROP_NEVER,
	GP_CLI_DROP_FIRST,
	GP_CLI_DROP_LAST /* once names are cut */
};

struct gp_cli_column {
	const char *title;
	bool is_right; /* numbers */
	enum gp_cli_drop drop;
	size_t least; /* may be cut down to so many columns; 0: never */
};

struct gp_cli_table {
	struct gp_arena *arena;
	const struct gp_cli_column *columns; /* borrowed */
	size_t column_count;
	const char **cells;
	size_t cell_count, cell_room;
	bool is_full; /* the arena refused: rows are missing */
};

/* Columns and rows of the terminal that stdout is; 0: it is none, and nothing needs to fit. */
size_t gp_cli_width(void);
size_t gp_cli_height(void);

/*
 * Prints a text that begins in column indent, broken at blanks where the terminal ends; further
 * lines begin in the same column. Without a line end. Elsewhere than on a terminal it is one line.
 */
void gp_cli_print_wrapped(const char *text, size_t indent);

void gp_cli_table_init(struct gp_cli_table *table, struct gp_arena *arena,
	const struct gp_cli_column *columns, size_t count);
void gp_cli_table_add(struct gp_cli_table *table, const char *const *cells);

/* The titles and all rows into buf; width 0: as wide as it is. */
void gp_cli_table_format(struct gp_cli_table *table, size_t width, struct gp_strbuf *buf);

#endif
