/* SPDX-License-Identifier: ISC */
/* A line for each list, then what it comes to. */
#include "cli/lists/lists_report.h"

#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/format.h"
#include "cli/lists/lists.h"
#include "cli/offline.h"
#include "cli/table.h"
#include "cli/usage.h"

enum { LIST, STATE, WEIGHT, ANSWERS, MEANING, COLUMNS };
static const struct gp_cli_column columns[COLUMNS] = {
	[LIST] = {.title = "LIST", .least = GP_CLI_LISTS_ZONE},
	[STATE] = {.title = "STATE"},
	[WEIGHT] = {.title = "WEIGHT", .is_right = true},
	[ANSWERS] = {.title = "ANSWERS", .least = 15},
	[MEANING] = {.title = "MEANING", .least = 10},
};

/* code_text: as an address. */
static const char *code_text(struct gp_arena *arena, struct gp_dnsbl_code code)
{
	const uint8_t *o = code.octet;
	return gp_arena_printf(arena, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
}

/* answers_text: with commas between them. */
static const char *answers_text(struct gp_arena *arena, const struct gp_dnsbl_item *item)
{
	const char *text = "";
	for (size_t i = 0; text && i < item->answer_count; i++) {
		const char *code = code_text(arena, item->answers[i]);
		text = code ? gp_arena_printf(arena, "%s%s%s", text, i ? ", " : "", code) : NULL;
	}
	return text;
}

/* meaning_of: of the rule that was hit; "": there is none. */
static const char *meaning_of(const struct gp_dnsbl_item *item)
{
	return item->rule && item->rule->meaning ? item->rule->meaning : "";
}

/* remark_of: what the answer means, or why there is none. */
static const char *remark_of(struct gp_arena *arena, const struct gp_cli_lists_row *row)
{
	return gp_cli_visible(arena, row->reason ? row->reason : meaning_of(row->item));
}

/* add_row: the cells of one. */
static void add_row(struct gp_cli_table *table, const struct gp_cli_lists_row *row)
{
	struct gp_arena *arena = table->arena;
	const struct gp_dnsbl_item *item = row->item;
	const char *cells[COLUMNS] = {
		[LIST] = gp_cli_visible(arena, item->list->zone),
		[STATE] = row->state,
		[WEIGHT] = gp_arena_printf(arena, "%d", item->weight),
		[ANSWERS] = answers_text(arena, item),
		[MEANING] = remark_of(arena, row),
	};
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = cells[i] ? cells[i] : "?";
	gp_cli_table_add(table, cells);
}

/* print_table: all rows. */
static bool print_table(struct gp_arena *arena, const struct gp_cli_lists_report *r)
{
	struct gp_cli_table table;
	struct gp_strbuf buf;
	const char *text;
	gp_cli_table_init(&table, arena, columns, COLUMNS);
	for (size_t i = 0; i < r->count; i++)
		add_row(&table, &r->rows[i]);
	gp_strbuf_init(&buf, arena, 1 << 20);
	gp_cli_table_format(&table, gp_cli_width(), &buf);
	if (table.is_full || gp_strbuf_finish(&buf, &text))
		return false;
	fputs(text, stdout);
	return true;
}

/* print_failing: why lists were not queried, in full. */
static void print_failing(struct gp_arena *arena, const struct gp_cli_lists_report *r)
{
	size_t failing = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct gp_cli_lists_row *row = &r->rows[i];
		const char *detail = row->detail ? row->detail : "";
		if (row->reason)
			printf("%s%s: %s%s%s\n", failing++ ? "" : "\n",
				gp_cli_visible(arena, row->item->list->zone),
				gp_cli_visible(arena, row->reason), *detail ? ": " : "",
				gp_cli_visible(arena, detail));
	}
	if (failing && failing == r->count)
		puts("\nNone of these lists works here: gatepost doctor dns lists says what to do");
}

/* print_thresholds: from which score on what is done. */
static void print_thresholds(const struct gp_dnsbl_settings *s)
{
	const struct {
		const char *name;
		unsigned at;
	} all[] = {{"label", s->label_at}, {"greylist", s->greylist_at}, {"defer", s->defer_at},
		{"reject", s->reject_at}};
	const char *between = " (";
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!all[i].at)
			continue;
		printf("%s%s from %u", between, all[i].name, all[i].at);
		between = ", ";
	}
	puts(*between == ',' ? ")" : "");
}

/* print_score: the sum, and what would be done. */
static void print_score(const struct gp_cli_lists_report *r)
{
	const struct gp_dnsbl_settings *s = &r->config->dnsbl;
	printf("\nscore:  %d", r->result->score);
	print_thresholds(s);
	printf("action: ");
	gp_cli_color_word(r->action, 0);
	if (s->mode != GP_MODE_ENFORCE)
		printf(", if dnsbl.mode were enforce; it is %s",
			s->mode == GP_MODE_OFF ? "off" : "label");
	putchar('\n');
	if ((unsigned)r->result->score >= s->reject_at && r->result->score > 0 && s->reject_at &&
		r->result->families < s->min_lists)
		printf("        too few independent lists for a reject: %u of %u "
		       "(dnsbl.min_lists)\n",
			r->result->families, s->min_lists);
}

/* gp_cli_lists_report_print: the table, the text of the worst, the sum. */
int gp_cli_lists_report_print(struct gp_arena *arena, const struct gp_cli_lists_report *report)
{
	const struct gp_dnsbl_item *worst = report->result->worst;
	if (!report->count) {
		printf("no configured DNS list answers about %s\n",
			report->is_address ? "such an address" : "domains");
	} else if (!print_table(arena, report)) {
		fputs("gatepost lists test: out of memory\n", stderr);
		return GP_CLI_TROUBLE;
	}
	print_failing(arena, report);
	if (worst && worst->text)
		printf("\n%s: \"%s\"\n", gp_cli_visible(arena, worst->list->zone),
			gp_cli_visible(arena, worst->text));
	print_score(report);
	return GP_CLI_FINE;
}

/* ---- for programs ---- */

/* row_json: one list. */
static json_t *row_json(struct gp_arena *arena, const struct gp_cli_lists_row *row)
{
	const struct gp_dnsbl_item *item = row->item;
	json_t *answers = json_array();
	for (size_t i = 0; i < item->answer_count; i++)
		json_array_append_new(
			answers, gp_cli_json_text(arena, code_text(arena, item->answers[i])));
	json_t *o = json_pack("{s:o, s:o, s:s, s:i, s:o}", "list",
		gp_cli_json_text(arena, item->list->zone), "answers", answers, "state", row->state,
		"weight", item->weight, "meaning", gp_cli_json_text(arena, meaning_of(item)));
	if (o && row->reason)
		json_object_set_new(o, "reason", gp_cli_json_text(arena, row->reason));
	return o;
}

/* gp_cli_lists_report_json: as the header says. */
int gp_cli_lists_report_json(struct gp_arena *arena, const struct gp_cli_lists_report *report)
{
	json_t *results = json_array();
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(results, row_json(arena, &report->rows[i]));
	return gp_cli_print_json(json_pack("{s:o, s:i, s:s}", "results", results, "score",
		report->result->score, "action", report->action));
}
