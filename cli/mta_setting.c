/* SPDX-License-Identifier: ISC */
/* Both programs print "name = value", among warnings where there are any. */
#include "cli/mta_setting.h"

#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"

#define ASK_MS 10000

/* gp_cli_mta_find: in PATH, or where system programs are. */
void gp_cli_mta_find(struct gp_arena *arena, struct gp_cli_mta *mta_out)
{
	mta_out->postconf = gp_doctor_program(arena, "postconf");
	mta_out->exim = gp_doctor_program_exim(arena);
}

/* setting: of the line that has it. */
static struct gp_span setting(
	struct gp_arena *arena, const char *program, const char *option, const char *name)
{
	const char *const argv[] = {program, option, name, NULL};
	struct gp_doctor_output out;
	struct gp_span line, key, value;
	if (!program)
		return (struct gp_span) {"", 0};
	gp_doctor_exec(arena, argv, ASK_MS, &out);
	while (!out.code && gp_doctor_line(&out.text, &line))
		if (gp_span_cut(line, '=', &key, &value) && gp_span_is(gp_span_trim(key), name))
			return gp_span_trim(value);
	return (struct gp_span) {"", 0};
}

/* gp_cli_mta_postfix: expanded. */
struct gp_span gp_cli_mta_postfix(
	struct gp_arena *arena, const struct gp_cli_mta *mta, const char *name)
{
	return setting(arena, mta->postconf, "-x", name);
}

/* gp_cli_mta_exim: as its configuration has it. */
struct gp_span gp_cli_mta_exim(
	struct gp_arena *arena, const struct gp_cli_mta *mta, const char *name)
{
	return setting(arena, mta->exim, "-bP", name);
}
