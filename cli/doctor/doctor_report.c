/* SPDX-License-Identifier: ISC */
/* Findings lie in one array; what is said is made printable when it comes in. */
#include "cli/doctor/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/format.h"

#define TEXT_MAX 4096 /* of one line */

/* gp_doctor_report_init: with room for all findings at once. */
bool gp_doctor_report_init(struct gp_doctor_report *report, struct gp_arena *arena)
{
	*report = (struct gp_doctor_report) {.arena = arena};
	report->findings = gp_arena_array(arena, GP_DOCTOR_FINDINGS_MAX, sizeof *report->findings);
	return report->findings != NULL;
}

/* visible: a text as a terminal may show it; what is too long is cut, and shows that it is. */
__attribute__((format(printf, 2, 0))) static const char *visible(
	struct gp_arena *arena, const char *format, va_list ap)
{
	char text[TEXT_MAX];
	int n = vsnprintf(text, sizeof text, format, ap);
	if (n >= (int)sizeof text)
		memcpy(text + sizeof text - sizeof " ...", " ...", sizeof " ...");
	return gp_cli_visible(arena, text);
}

/* gp_doctor_say: what has no room any more is left out; there are far fewer. */
void gp_doctor_say(
	struct gp_doctor_report *report, enum gp_doctor_state state, const char *format, ...)
{
	va_list ap;
	if (report->finding_count == GP_DOCTOR_FINDINGS_MAX)
		return;
	va_start(ap, format);
	report->findings[report->finding_count++] =
		(struct gp_doctor_finding) {.check = report->check,
			.state = state,
			.found = visible(report->arena, format, ap)};
	va_end(ap);
}

/* gp_doctor_mend: one more line; what has been said is said once, where it was last: one command
 * may do for several services, and what takes others into use stands after them. */
void gp_doctor_mend(struct gp_doctor_report *report, const char *format, ...)
{
	va_list ap;
	struct gp_doctor_finding *f =
		report->finding_count ? &report->findings[report->finding_count - 1] : NULL;
	if (!f || f->mend_count == GP_DOCTOR_MENDS_MAX)
		return;
	va_start(ap, format);
	const char *text = visible(report->arena, format, ap);
	va_end(ap);
	size_t kept = 0;
	for (size_t i = 0; i < f->mend_count; i++)
		if (strcmp(f->mends[i], text) != 0)
			f->mends[kept++] = f->mends[i];
	f->mends[kept++] = text;
	f->mend_count = kept;
}

/* gp_doctor_is_well: nothing so far. */
bool gp_doctor_is_well(const struct gp_doctor_report *report)
{
	for (size_t i = report->finding_count; i-- > 0;)
		if (report->findings[i].check == report->check)
			return false;
	return true;
}

/* gp_doctor_count: of all checks. */
size_t gp_doctor_count(const struct gp_doctor_report *report, enum gp_doctor_state state)
{
	size_t count = 0;
	for (size_t i = 0; i < report->finding_count; i++)
		count += report->findings[i].state == state;
	return count;
}

/* gp_doctor_worst: states are in order. */
enum gp_doctor_state gp_doctor_worst(const struct gp_doctor_report *report)
{
	enum gp_doctor_state worst = GP_DOCTOR_OK;
	for (size_t i = 0; i < report->finding_count; i++)
		worst = report->findings[i].state > worst ? report->findings[i].state : worst;
	return worst;
}

/* rank: the worst first, and before all others that nobody serves. */
static int rank(const struct gp_doctor_finding *f)
{
	static const int ranks[] = {[GP_DOCTOR_PROBLEM] = 1,
		[GP_DOCTOR_WARNING] = 2,
		[GP_DOCTOR_NOTE] = 3,
		[GP_DOCTOR_OK] = 4,
		[GP_DOCTOR_SKIPPED] = 5};
	bool is_first = f->state == GP_DOCTOR_PROBLEM && strcmp(f->check, "daemon.answers") == 0;
	return is_first ? 0 : ranks[f->state];
}

/* gp_doctor_sort: by rank; of one rank as they were found. */
bool gp_doctor_sort(struct gp_doctor_report *report)
{
	struct gp_doctor_finding *sorted =
		gp_arena_array(report->arena, report->finding_count + 1, sizeof *sorted);
	size_t n = 0;
	if (!sorted)
		return false;
	for (int at = 0; at <= 5; at++)
		for (size_t i = 0; i < report->finding_count; i++)
			if (rank(&report->findings[i]) == at)
				sorted[n++] = report->findings[i];
	report->findings = sorted;
	return true;
}
