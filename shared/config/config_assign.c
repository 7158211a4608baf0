/* SPDX-License-Identifier: ISC */
/*
 * Assignments: name = value, name = {list} and name += {list}, after the name. The items of a list
 * are checked one by one, where they stand, and put into their place when all files are read,
 * because each of them may add some. Which files are accepted does not depend on where lines end;
 * only the words about mistakes do.
 */
#include <string.h>

#include "config/config_read.h"
#include "config/config_repeat.h"

/* ---- places ---- */

/* target_of: where the values of a row go, which is one of the open section or of the snapshot. */
static struct gp_config_target target_of(struct gp_config_reader *r, const struct gp_option *row)
{
	struct gp_config *config = r->draft->config;
	if (r->section && r->section->times != GP_SECTION_ONCE)
		return (struct gp_config_target) {
			gp_config_repeat_arena(r->draft, r->section), r->draft->element};
	return (struct gp_config_target) {config->arena, gp_config_base(config, row->section)};
}

/* as_written: the row with the section that is open, which may have borrowed it. */
static struct gp_option as_written(const struct gp_config_reader *r, const struct gp_option *row)
{
	struct gp_option copy = *row;
	if (r->section)
		copy.section = r->section->own->name;
	return copy;
}

/* overrides: is the text a drop-in file, which has the last word about what other files say? */
static bool overrides(const struct gp_config_reader *r, const struct gp_config_place *before)
{
	return r->is_drop_in && strcmp(before->file, r->file) != 0;
}

/* report_repeated: it has been set before. */
static void report_repeated(
	struct gp_config_reader *r, const struct gp_option *row, struct gp_config_place here)
{
	struct gp_strbuf *buf = gp_config_error(r->draft->errors, here);
	gp_config_add_option(buf, as_written(r, row).section, r->draft->title, row->name);
	gp_config_add_repeated(buf, here, r->draft->at[gp_config_row_index(row)]);
}

/* note_assignment: remembers the place of the first one; a second one is an error. */
static void note_assignment(struct gp_config_reader *r, const struct gp_option *row, int line)
{
	struct gp_config_place *at = &r->draft->at[gp_config_row_index(row)];
	const struct gp_config_place here = {r->file, line};
	if (at->file && !overrides(r, at))
		report_repeated(r, row, here);
	else
		*at = here;
}

/* ---- values ---- */

/* set_value: of a scalar; an item of a list is checked only. */
static void set_value(struct gp_config_reader *r, const struct gp_config_option *o,
	struct gp_span value, int line)
{
	const struct gp_config_place here = {r->file, line};
	struct gp_config_bad bad;
	if (o->is_other) {
		gp_config_read_status(r,
			gp_config_repeat_of(r->section)->set_other(r->draft, o->name, value, here));
		return;
	}
	int rc = gp_config_value_set(target_of(r, o->row), o->row, &value, 1, &bad);
	const struct gp_option row = as_written(r, o->row);
	if (rc == GP_ESYNTAX)
		gp_config_error_value(r->draft->errors, here, r->draft->title, &row, bad);
	else
		gp_config_read_status(r, rc);
	if (o->row->kind == GP_KIND_AMOUNT)
		r->draft->has_unit = gp_config_amount_has_unit(value);
}

/* no_value: reported, and what stands in its place passed over. */
static void no_value(struct gp_config_reader *r, const struct gp_config_option *o)
{
	gp_strbuf_printf(gp_config_read_error(r, o->equals, o->name),
		"the value is missing; write %s = %s\n", o->name, o->is_list ? "{...}" : "VALUE");
	if (r->token.kind == GP_LEX_EQUAL || r->token.kind == GP_LEX_APPEND)
		gp_config_read_next(r);
	if (!gp_config_read_is_statement(r))
		gp_config_read_skip_line(r, o->equals);
}

/* read_scalar: one value. */
static void read_scalar(struct gp_config_reader *r, const struct gp_config_option *o)
{
	const struct gp_config_token token = r->token;
	struct gp_span value;
	if (token.kind == GP_LEX_OPEN) {
		gp_strbuf_printf(gp_config_read_error(r, token.line, o->name),
			"it takes one value, not a list; write %s = VALUE, without braces\n",
			o->name);
		gp_config_read_skip_block(r);
		return;
	}
	if (!gp_config_read_is_value(r, o->equals)) {
		no_value(r, o);
		return;
	}
	bool is_good = gp_config_read_word(r, &value);
	gp_config_read_next(r);
	if (!o->is_other)
		note_assignment(r, o->row, token.ends);
	if (!gp_config_mistake_behind(r, o, &token) && is_good)
		set_value(r, o, value, token.ends);
}

/* ---- lists ---- */

/* An item of a list, and its line; 0: of no file. */
struct item {
	struct gp_span text;
	int line;
};

/* grow_list: room for more. */
static int grow_list(struct gp_config_reader *r, struct gp_config_items *list)
{
	size_t size = list->size ? 2 * list->size : 16;
	struct gp_span *more = gp_arena_array(r->draft->scratch, size, sizeof *more);
	int *lines = gp_arena_array(r->draft->scratch, size, sizeof *lines);
	if (!more || !lines)
		return GP_ENOMEM;
	if (list->count) {
		memcpy(more, list->items, list->count * sizeof *more);
		memcpy(lines, list->lines, list->count * sizeof *lines);
	}
	list->items = more;
	list->lines = lines;
	list->size = size;
	return GP_OK;
}

/* add_item: one more; those past the row's max are counted only. */
static void add_item(
	struct gp_config_reader *r, struct gp_config_items *list, struct item item, size_t max)
{
	if (list->count == list->size && list->size < max && grow_list(r, list)) {
		gp_config_read_status(r, GP_ENOMEM);
		return;
	}
	if (list->count < list->size) {
		list->items[list->count] = item.text;
		list->lines[list->count] = item.line;
	}
	list->count++;
}

/* add_present: what += adds to: what an element has begun with, or the default. */
static void add_present(
	struct gp_config_reader *r, const struct gp_option *row, struct gp_config_items *list)
{
	struct gp_span presets[16];
	const void *at = (const char *)target_of(r, row).base + row->offset;
	const struct gp_option_texts *texts = at;
	if (row->kind == GP_KIND_TEXTS) {
		for (size_t i = 0; i < texts->texts.count; i++)
			add_item(r, list, (struct item) {gp_span_from(texts->texts.items[i]), 0},
				row->max);
		return;
	}
	for (const struct gp_option_choice *c = row->choices;
		row->kind == GP_KIND_SET && c && c->word; c++)
		if (*(const unsigned *)at & (unsigned)c->value)
			add_item(r, list, (struct item) {gp_span_from(c->word), 0}, row->max);
	if (row->kind == GP_KIND_SET)
		return;
	size_t n = gp_config_preset(row, presets, 16);
	for (size_t i = 0; i < n; i++)
		add_item(r, list, (struct item) {presets[i], 0}, row->max);
}

/* begin_list: = begins anew, += continues from what there is, which is the default at first. */
static struct gp_config_items *begin_list(
	struct gp_config_reader *r, const struct gp_option *row, bool is_added)
{
	struct gp_config_items *list = &r->lists[gp_config_row_index(row)];
	if (!is_added || !list->is_begun)
		list->count = 0;
	if (is_added && !list->is_begun)
		add_present(r, row, list);
	list->is_begun = true;
	list->is_set = false;
	return list;
}

/* note_list: the first item of an assignment. += to what has stood without braces, or with a comma
 * at its end, continues. */
static void note_list(struct gp_config_reader *r, const struct gp_config_option *o,
	struct gp_config_items *list, int line)
{
	if (o->row->kind == GP_KIND_FILES && !r->is_main)
		return; /* an error */
	if (list->count == 0 || list->is_closed || !r->draft->at[gp_config_row_index(o->row)].file)
		note_assignment(r, o->row, line);
	list->is_closed = false;
}

/* read_item: the word at hand, checked and kept. */
static void read_item(
	struct gp_config_reader *r, const struct gp_config_option *o, struct gp_config_items *list)
{
	const struct gp_config_token token = r->token;
	struct gp_span text;
	bool is_good = gp_config_read_word(r, &text);
	gp_config_read_next(r);
	bool is_last = r->token.kind != GP_LEX_WORD || gp_config_read_is_statement(r);
	if (!token.quote && !is_last && gp_span_has_suffix(text, ";"))
		text.len--; /* what stands between items is reported, not the item */
	if (o->row->kind == GP_KIND_FILES && !r->is_main) {
		gp_strbuf_add(gp_config_read_error(r, token.ends, o->name),
			"only the main file may include others\n");
		return;
	}
	if (is_good)
		set_value(r, o, text, token.ends);
	add_item(r, list, (struct item) {text, token.line}, o->row->max);
}

/* read_braces: items between commas; the last one may have a comma, too. False: not closed. */
static bool read_braces(
	struct gp_config_reader *r, const struct gp_config_option *o, struct gp_config_items *list)
{
	bool is_first = true, is_open = false; /* after a comma */
	while (r->token.kind != GP_LEX_CLOSE) {
		const struct gp_config_token token = r->token;
		if (token.kind == GP_LEX_END || gp_config_read_is_statement(r))
			return false;
		if (token.kind != GP_LEX_WORD) {
			gp_strbuf_printf(gp_config_read_error(r, token.line, o->name),
				token.kind == GP_LEX_COMMA
					? "an item is missing before this comma\n"
					: "an item with %.1s in it needs quotes\n",
				token.text.ptr);
			gp_config_read_next(r);
			continue;
		}
		if (is_first)
			note_list(r, o, list, token.ends);
		is_first = false;
		read_item(r, o, list);
		is_open = r->token.kind == GP_LEX_COMMA;
		if (is_open)
			gp_config_read_next(r);
		else if (r->token.kind == GP_LEX_WORD && !gp_config_read_is_statement(r))
			gp_config_mistake_comma(r, o, token.text);
	}
	if (!is_first)
		list->is_closed = !is_open;
	return true;
}

/* close_list: at its brace. One that stands as far left as the name of the section, while that of
 * the list stands further right, may have been meant for the section. */
static void close_list(struct gp_config_reader *r, const struct gp_config_option *o, int line)
{
	const struct gp_config_token *brace = &r->token;
	if (r->section && brace->is_first && brace->line > line && brace->indent <= r->indent &&
		o->indent > r->indent) {
		r->suspect = o->row->name;
		r->suspect_line = line;
	}
	gp_config_read_next(r);
}

/* read_list: with braces, or one item without. */
static void read_list(struct gp_config_reader *r, const struct gp_config_option *o, bool is_added)
{
	const struct gp_config_token token = r->token;
	if (token.kind != GP_LEX_OPEN && !gp_config_read_is_value(r, o->equals)) {
		no_value(r, o);
		return;
	}
	struct gp_config_items *list = begin_list(r, o->row, is_added);
	list->where = (struct gp_config_place) {r->file, token.line};
	if (token.kind != GP_LEX_OPEN) {
		note_list(r, o, list, token.ends);
		read_item(r, o, list);
		(void)gp_config_mistake_behind(r, o, &token); /* the item counts all the same */
		return;
	}
	gp_config_read_next(r);
	const struct gp_config_place *at = &r->draft->at[gp_config_row_index(o->row)];
	if (r->token.kind == GP_LEX_CLOSE && !is_added && at->file && !r->has_drop_ins)
		report_repeated(r, o->row, (struct gp_config_place) {r->file, token.line});
	if (read_braces(r, o, list)) {
		close_list(r, o, token.line);
		return;
	}
	r->is_whole = false;
	r->is_cut = r->token.kind == GP_LEX_END;
	if (!r->token.problem)
		gp_strbuf_add(gp_config_read_error(r, token.line, o->name),
			"the list that begins here is not closed\n");
}

/* set_lines: where the items stand, for kinds that are checked together later. */
static int set_lines(
	struct gp_config_target to, const struct gp_option *row, const struct gp_config_items *list)
{
	struct gp_option_texts *texts = (void *)((char *)to.base + row->offset);
	if (row->kind != GP_KIND_TEXTS)
		return GP_OK;
	int *lines = gp_arena_array(to.arena, list->count ? list->count : 1, sizeof *lines);
	if (!lines)
		return GP_ENOMEM;
	if (list->count)
		memcpy(lines, list->lines, list->count * sizeof *lines);
	texts->lines = lines;
	return GP_OK;
}

/* gp_config_assign_list: as a whole, once each of its items is known to be good. */
void gp_config_assign_list(struct gp_config_reader *r, const struct gp_option *row)
{
	const struct gp_config_target to = target_of(r, row);
	struct gp_config_items *list = &r->lists[gp_config_row_index(row)];
	struct gp_config_place where = r->draft->at[gp_config_row_index(row)];
	struct gp_config_bad bad;
	if (!list->is_begun || list->is_set)
		return;
	if (!where.file)
		where = list->where; /* an empty one */
	int rc = gp_config_value_set(to, row, list->items, list->count, &bad);
	const struct gp_option written = as_written(r, row);
	if (rc == GP_ESYNTAX && (list->count < row->min || list->count > row->max))
		gp_config_error_value(r->draft->errors, where, r->draft->title, &written, bad);
	else if (rc != GP_ESYNTAX) /* a bad item was reported with its line */
		gp_config_read_status(r, rc ? rc : set_lines(to, row, list));
	list->is_set = true;
}

/* gp_config_assign_lists: row by row. */
void gp_config_assign_lists(struct gp_config_reader *r, const char *section)
{
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = 0; i < rows.count; i++)
		if (gp_config_kind_is_list(rows.items[i].kind))
			gp_config_assign_list(r, &rows.items[i]);
}

/* gp_config_assign_begin: their room stays. */
void gp_config_assign_begin(struct gp_config_reader *r, const char *section)
{
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = rows.first; i < rows.first + rows.count; i++)
		r->lists[i].is_begun = r->lists[i].is_closed = false;
}

/* gp_config_assign: the sign, then the value. */
void gp_config_assign(struct gp_config_reader *r, struct gp_config_option o)
{
	bool is_added = r->token.kind == GP_LEX_APPEND;
	o.is_list = gp_config_kind_is_list(o.row->kind);
	o.equals = r->token.line;
	r->suspect = NULL;
	if (o.has_colon || (r->token.kind != GP_LEX_EQUAL && !is_added)) {
		if (!gp_config_mistake_sign(r, &o))
			return;
		o.equals = r->token.line;
	} else {
		if (is_added && !o.is_list)
			gp_strbuf_printf(gp_config_read_error(r, o.equals, o.name),
				"+= adds to a list, and this takes one value; write %s = VALUE\n",
				o.name);
		gp_config_read_next(r);
	}
	if (r->token.kind == GP_LEX_END && r->token.problem)
		return;
	if (o.is_list)
		read_list(r, &o, is_added);
	else
		read_scalar(r, &o);
}
