/* SPDX-License-Identifier: ISC */
/* A finding is a line, broken at blanks where the terminal ends, and how to mend it below. */
#include "cli/doctor/doctor_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/doctor/doctor_text.h"
#include "cli/table.h"

static const char *const state_names[] = {
	[GP_DOCTOR_OK] = "ok",
	[GP_DOCTOR_SKIPPED] = "skipped",
	[GP_DOCTOR_NOTE] = "note",
	[GP_DOCTOR_WARNING] = "warning",
	[GP_DOCTOR_PROBLEM] = "problem",
};

#define NAME_COLUMNS 24
#define STATE_COLUMNS 9

/* print_finding: a line, and how to mend it below. Commands are not broken: they are copied. */
static void print_finding(const struct gp_doctor_finding *f, const char *name)
{
	bool is_skipped = f->state == GP_DOCTOR_SKIPPED;
	printf("%-*s", NAME_COLUMNS, name);
	gp_cli_color_word(is_skipped ? "-" : state_names[f->state], STATE_COLUMNS);
	gp_cli_print_wrapped(f->found, NAME_COLUMNS + STATE_COLUMNS);
	putchar('\n');
	for (size_t i = 0; i < f->mend_count; i++)
		printf("    %s\n", f->mends[i]);
}

/* is_again: a skipped check of a group whose one before was skipped for the same reason. */
static bool is_again(const struct gp_doctor_report *r, size_t place)
{
	const struct gp_doctor_finding *f = &r->findings[place], *before = f - 1;
	size_t n = strcspn(f->check, ".");
	return place && f->state == GP_DOCTOR_SKIPPED && before->state == GP_DOCTOR_SKIPPED &&
	       strcmp(f->found, before->found) == 0 && strncmp(f->check, before->check, n + 1) == 0;
}

/* shown_name: the group's name, where its subject is not here at all. */
static const char *shown_name(const struct gp_doctor_report *r, size_t place)
{
	const struct gp_doctor_finding *f = &r->findings[place];
	size_t n = strcspn(f->check, ".");
	bool is_skipped = f->state == GP_DOCTOR_SKIPPED &&
			  (strstr(f->found, "not installed") || strstr(f->found, "does not use"));
	return is_skipped && f->check[n] ? gp_doctor_text(r->arena, "%.*s", (int)n, f->check)
					 : f->check;
}

/* gp_doctor_print: the findings. */
void gp_doctor_print(const struct gp_doctor_report *report, bool is_quiet)
{
	for (size_t place = 0; place < report->finding_count; place++) {
		const struct gp_doctor_finding *f = &report->findings[place];
		if ((is_quiet && f->state <= GP_DOCTOR_SKIPPED) || is_again(report, place))
			continue;
		print_finding(f, shown_name(report, place));
	}
}

/* gp_doctor_print_summary: how many of which, the worst first. */
void gp_doctor_print_summary(const struct gp_doctor_report *report)
{
	static const enum gp_doctor_state order[] = {GP_DOCTOR_PROBLEM, GP_DOCTOR_WARNING,
		GP_DOCTOR_NOTE, GP_DOCTOR_OK, GP_DOCTOR_SKIPPED};
	static const char *const plurals[] = {"problems", "warnings", "notes", "ok", "skipped"};
	bool is_first = true;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		size_t n = gp_doctor_count(report, order[i]);
		if (n)
			printf("%s%zu %s", is_first ? "" : ", ", n,
				n == 1 ? state_names[order[i]] : plurals[i]);
		is_first = is_first && !n;
	}
	putchar('\n');
}

/* gp_doctor_print_json: an array, a finding each. */
bool gp_doctor_print_json(const struct gp_doctor_report *report, bool is_quiet)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct gp_doctor_finding *f = &report->findings[i];
		if (is_quiet && f->state <= GP_DOCTOR_SKIPPED)
			continue;
		json_t *mends = json_array();
		for (size_t j = 0; j < f->mend_count; j++)
			json_array_append_new(mends, json_string(f->mends[j]));
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:o}", "check", f->check, "state",
				       state_names[f->state], "found", f->found, "mend", mends));
	}
	int failed = json_dumpf(array, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(array);
	return failed == 0;
}

/* exit_of: by the worst finding. */
static int exit_of(const struct gp_doctor_report *report)
{
	enum gp_doctor_state worst = gp_doctor_worst(report);
	return worst == GP_DOCTOR_PROBLEM   ? GP_DOCTOR_EXIT_PROBLEM
	       : worst == GP_DOCTOR_WARNING ? GP_DOCTOR_EXIT_WARNING
					    : GP_DOCTOR_EXIT_WELL;
}

/* gp_doctor_present: what nobody could read is no answer; main says why. */
int gp_doctor_present(const struct gp_doctor_report *report, const struct gp_doctor_form *form)
{
	if (form->is_json && !gp_doctor_print_json(report, form->is_quiet))
		return GP_DOCTOR_EXIT_UNKNOWN;
	if (!form->is_json)
		gp_doctor_print(report, form->is_quiet);
	if (!form->is_json && !form->is_quiet)
		gp_doctor_print_summary(report);
	return fflush(stdout) || ferror(stdout) ? GP_DOCTOR_EXIT_UNKNOWN : exit_of(report);
}
