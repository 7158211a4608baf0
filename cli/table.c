/* SPDX-License-Identifier: ISC */
/* Widths first, then what has to give way, then the lines. */
#include "cli/table.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/format.h"
#include "cli/shorten.h"

#define GAP 2
#define WIDTH_LEAST 40 /* narrower terminals wrap */

/* gp_cli_width: 80 for a terminal that does not say. */
size_t gp_cli_width(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0)
		return 80;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

/* gp_cli_height: 24 for a terminal that does not say. */
size_t gp_cli_height(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row == 0 ? 24 : size.ws_row;
}

/* columns_of: bytes that go on a character are no columns. */
static size_t columns_of(const char *text, size_t n)
{
	size_t columns = 0;
	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* gp_cli_print_wrapped: word by word; blanks in a row are kept: they separate a command from a
 * remark. */
void gp_cli_print_wrapped(const char *text, size_t indent)
{
	size_t width = gp_cli_width(), room = width > indent + 20 ? width - indent : 0, at = 0;
	while (*text) {
		size_t n = strcspn(text, " "), columns = columns_of(text, n);
		if (at && room && at + 1 + columns > room) {
			printf("\n%*s", (int)indent, "");
			at = 0;
		} else if (at) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, n, stdout);
		at += columns;
		text += n;
		if (*text)
			text++;
	}
}

/* gp_cli_table_init: no rows. */
void gp_cli_table_init(struct gp_cli_table *table, struct gp_arena *arena,
	const struct gp_cli_column *columns, size_t count)
{
	*table = (struct gp_cli_table) {.arena = arena, .columns = columns, .column_count = count};
}

/* gp_cli_table_add: room for twice as many when it is full. */
void gp_cli_table_add(struct gp_cli_table *table, const char *const *cells)
{
	size_t n = table->column_count;
	if (table->cell_count + n > table->cell_room) {
		size_t room = table->cell_room ? 2 * table->cell_room : 64 * n;
		const char **more = gp_arena_array(table->arena, room, sizeof *more);
		if (!more) {
			table->is_full = true;
			return;
		}
		if (table->cell_count)
			memcpy(more, table->cells, table->cell_count * sizeof *more);
		table->cells = more;
		table->cell_room = room;
	}
	memcpy(table->cells + table->cell_count, cells, n * sizeof *cells);
	table->cell_count += n;
}

/* total: of the columns that are shown, with the gaps. */
static size_t total(const size_t *widths, size_t count)
{
	size_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += widths[i] ? widths[i] + (sum ? GAP : 0) : 0;
	return sum;
}

/* natural: what each column would like; 0 for one without any text. */
static void natural(const struct gp_cli_table *t, size_t *widths)
{
	for (size_t c = 0; c < t->column_count; c++) {
		size_t title = strlen(t->columns[c].title);
		widths[c] = 0;
		for (size_t i = c; i < t->cell_count; i += t->column_count) {
			size_t n = gp_cli_columns(t->cells[i]);
			widths[c] = n > widths[c] ? n : widths[c];
		}
		if (widths[c] && widths[c] < title)
			widths[c] = title;
	}
}

/* leave_out: columns of this kind, the last ones first, until the rest fits. */
static void leave_out(
	const struct gp_cli_table *t, size_t width, enum gp_cli_drop drop, size_t *widths)
{
	for (size_t c = t->column_count; c-- > 0;)
		if (t->columns[c].drop == drop && total(widths, t->column_count) > width)
			widths[c] = 0;
}

/* fit: what gives way, in order. */
static void fit(const struct gp_cli_table *t, size_t width, size_t *widths)
{
	leave_out(t, width, GP_CLI_DROP_FIRST, widths);
	for (size_t c = 0; c < t->column_count; c++) {
		size_t now = total(widths, t->column_count), least = t->columns[c].least;
		if (now <= width || !least || widths[c] <= least)
			continue;
		size_t over = now - width;
		widths[c] = widths[c] - least > over ? widths[c] - over : least;
	}
	leave_out(t, width, GP_CLI_DROP_LAST, widths);
}

/* add_blanks: so many. */
static void add_blanks(struct gp_strbuf *buf, size_t count)
{
	gp_strbuf_printf(buf, "%*s", (int)count, "");
}

/* add_line: cells side by side, no blanks at the end. */
static void add_line(struct gp_cli_table *t, const char *const *cells, const size_t *widths,
	struct gp_strbuf *buf)
{
	size_t blanks = 0;
	for (size_t c = 0; c < t->column_count; c++) {
		if (!widths[c])
			continue;
		const char *text = gp_cli_cut(t->arena, cells[c], widths[c]);
		size_t n = gp_cli_columns(text), pad = widths[c] > n ? widths[c] - n : 0;
		blanks += t->columns[c].is_right ? pad : 0;
		if (*text) {
			add_blanks(buf, blanks);
			gp_strbuf_add(buf, text);
			blanks = 0;
		}
		blanks += (t->columns[c].is_right ? 0 : pad) + GAP;
	}
	gp_strbuf_add(buf, "\n");
}

/* shorten: names that do not fit, so that no two look the same. */
static void shorten(struct gp_cli_table *t, const size_t *widths, size_t width)
{
	for (size_t c = 0; width && t->cell_count && c < t->column_count; c++)
		if (t->columns[c].least && widths[c])
			gp_cli_shorten(t->arena, t->cells + c, t->cell_count / t->column_count,
				t->column_count, widths[c]);
}

/* gp_cli_table_format: titles, rows. */
void gp_cli_table_format(struct gp_cli_table *table, size_t width, struct gp_strbuf *buf)
{
	size_t widths[GP_CLI_COLUMNS_MAX];
	const char *titles[GP_CLI_COLUMNS_MAX];
	natural(table, widths);
	if (width)
		fit(table, width, widths);
	for (size_t c = 0; c < table->column_count; c++)
		titles[c] = table->columns[c].title;
	shorten(table, widths, width);
	add_line(table, titles, widths, buf);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		add_line(table, table->cells + i, widths, buf);
}
