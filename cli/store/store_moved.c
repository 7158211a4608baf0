/* SPDX-License-Identifier: ISC */
/* A row for each kind. */
#include "cli/store/store_moved.h"

#include "limit/limit_overrides.h"

static const struct {
	const char *title; /* for people */
	const char *name;  /* for programs */
} kinds[GP_CLI_MOVED_KINDS] = {
	[GP_CLI_MOVED_COUNTERS] = {"names with counters", "counters"},
	[GP_CLI_MOVED_MAXIMA] = {"maxima set at run time", "maxima"},
	[GP_CLI_MOVED_BY] = {"who has set them", "maxima_by"},
	[GP_CLI_MOVED_FACTS] = {"other facts", "facts"},
	[GP_CLI_MOVED_SOFT] = {"facts that mail has shown", "soft_facts"},
	[GP_CLI_MOVED_SEEN] = {"sets of what was seen", "seen_sets"},
};

static const char *const results[] = {[GP_STORE_IMPORT_NEW] = "new",
	[GP_STORE_IMPORT_JOINED] = "joined",
	[GP_STORE_IMPORT_KEPT] = "kept",
	[GP_STORE_IMPORT_OVER] = "expired"};
#define RESULTS (sizeof results / sizeof results[0])

/* kind_of: a fact by what it is to limits. */
static enum gp_cli_store_moved_kind kind_of(const struct gp_store_record *record)
{
	switch (record->kind) {
	case GP_STORE_RECORD_COUNTERS:
		return GP_CLI_MOVED_COUNTERS;
	case GP_STORE_RECORD_SOFT:
		return GP_CLI_MOVED_SOFT;
	case GP_STORE_RECORD_SEEN:
		return GP_CLI_MOVED_SEEN;
	case GP_STORE_RECORD_FACT:
		break;
	}
	switch (gp_limit_overrides_fact(record->name)) {
	case GP_LIMIT_FACT_MAX:
		return GP_CLI_MOVED_MAXIMA;
	case GP_LIMIT_FACT_BY:
		return GP_CLI_MOVED_BY;
	case GP_LIMIT_FACT_OTHER:
		break;
	}
	return GP_CLI_MOVED_FACTS;
}

/* gp_cli_store_moved_add: in its place. */
void gp_cli_store_moved_add(struct gp_cli_store_moved *moved, const struct gp_store_record *record,
	enum gp_store_imported result)
{
	moved->records[kind_of(record)][result]++;
}

/* sum_of: of one kind. */
static uint64_t sum_of(const uint64_t *row, bool with_over)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < RESULTS; i++)
		sum += i != GP_STORE_IMPORT_OVER || with_over ? row[i] : 0;
	return sum;
}

/* gp_cli_store_moved_sum: of all kinds. */
uint64_t gp_cli_store_moved_sum(const struct gp_cli_store_moved *moved)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < GP_CLI_MOVED_KINDS; i++)
		sum += sum_of(moved->records[i], false);
	return sum;
}

/* is_shown: an export makes nothing but new ones. */
static bool is_shown(size_t result, bool is_export)
{
	return !is_export || result == GP_STORE_IMPORT_NEW || result == GP_STORE_IMPORT_OVER;
}

/* gp_cli_store_moved_print: aligned. */
void gp_cli_store_moved_print(const struct gp_cli_store_moved *moved, bool is_export, FILE *out)
{
	bool has_any = false;
	for (size_t i = 0; i < GP_CLI_MOVED_KINDS; i++)
		has_any |= sum_of(moved->records[i], true) > 0;
	if (!has_any) {
		fputs("  nothing\n", out);
		return;
	}
	fprintf(out, "%27s", "");
	for (size_t k = 0; k < RESULTS; k++)
		if (is_shown(k, is_export))
			fprintf(out, "  %9s",
				is_export && k == GP_STORE_IMPORT_NEW ? "exported" : results[k]);
	fputc('\n', out);
	for (size_t i = 0; i < GP_CLI_MOVED_KINDS; i++) {
		if (!sum_of(moved->records[i], true))
			continue;
		fprintf(out, "  %-25s", kinds[i].title);
		for (size_t k = 0; k < RESULTS; k++)
			if (is_shown(k, is_export))
				fprintf(out, "  %9llu", (unsigned long long)moved->records[i][k]);
		fputc('\n', out);
	}
}

/* gp_cli_store_moved_json: an object for each kind. */
json_t *gp_cli_store_moved_json(const struct gp_cli_store_moved *moved)
{
	json_t *all = json_object();
	for (size_t i = 0; i < GP_CLI_MOVED_KINDS; i++) {
		json_t *row = json_object();
		for (size_t k = 0; k < RESULTS; k++)
			json_object_set_new(
				row, results[k], json_integer((json_int_t)moved->records[i][k]));
		json_object_set_new(all, kinds[i].name, row);
	}
	return all;
}
