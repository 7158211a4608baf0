/* SPDX-License-Identifier: ISC */
/* What checks say: in which order it is shown, how often a mend stands there, what has no room. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/doctor/doctor_report.h"

/* A report with an arena of its own. */
static struct gp_arena *arena;
static struct gp_doctor_report report;

/* set_up: empty. */
static int set_up(void **state)
{
	(void)state;
	arena = gp_arena_new(4 << 20);
	assert_true(gp_doctor_report_init(&report, arena));
	return 0;
}

/* tear_down: without it. */
static int tear_down(void **state)
{
	(void)state;
	gp_arena_free(arena);
	return 0;
}

/* say: of a check. */
static void say(const char *check, enum gp_doctor_state state, const char *text)
{
	report.check = check;
	gp_doctor_say(&report, state, "%s", text);
}

/* the_worst_comes_first: of one state as they were found; before all that nobody serves. */
static void the_worst_comes_first(void **state)
{
	static const char *const order[] = {"5", "4", "6", "3", "2", "7", "0", "1"};
	(void)state;
	say("a", GP_DOCTOR_OK, "0");
	say("a", GP_DOCTOR_SKIPPED, "1");
	say("b", GP_DOCTOR_NOTE, "2");
	say("b", GP_DOCTOR_WARNING, "3");
	say("b", GP_DOCTOR_PROBLEM, "4");
	say("daemon.answers", GP_DOCTOR_PROBLEM, "5");
	say("c", GP_DOCTOR_PROBLEM, "6");
	say("c", GP_DOCTOR_NOTE, "7");
	assert_int_equal(gp_doctor_worst(&report), GP_DOCTOR_PROBLEM);
	assert_int_equal(gp_doctor_count(&report, GP_DOCTOR_PROBLEM), 3);
	assert_int_equal(gp_doctor_count(&report, GP_DOCTOR_NOTE), 2);
	assert_true(gp_doctor_sort(&report));
	assert_int_equal(report.finding_count, sizeof order / sizeof order[0]);
	for (size_t i = 0; i < report.finding_count; i++)
		assert_string_equal(report.findings[i].found, order[i]);
}

/* a_mend_stands_once_where_it_was_said_last: of one finding; another finding has its own. */
static void a_mend_stands_once_where_it_was_said_last(void **state)
{
	(void)state;
	gp_doctor_mend(&report, "of nothing");
	say("a", GP_DOCTOR_PROBLEM, "first");
	gp_doctor_mend(&report, "reload");
	gp_doctor_mend(&report, "set %d", 1);
	gp_doctor_mend(&report, "reload");
	say("a", GP_DOCTOR_PROBLEM, "second");
	gp_doctor_mend(&report, "reload");
	assert_int_equal(report.findings[0].mend_count, 2);
	assert_string_equal(report.findings[0].mends[0], "set 1");
	assert_string_equal(report.findings[0].mends[1], "reload");
	assert_int_equal(report.findings[1].mend_count, 1);
}

/* all_is_well_as_long_as_a_check_says_nothing: whatever others have said. */
static void all_is_well_as_long_as_a_check_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(gp_doctor_worst(&report), GP_DOCTOR_OK);
	say("a", GP_DOCTOR_PROBLEM, "x");
	assert_false(gp_doctor_is_well(&report));
	report.check = "b";
	assert_true(gp_doctor_is_well(&report));
}

/* foreign_text_is_made_printable_and_cut: it may hold anything, and be of any length. */
static void foreign_text_is_made_printable_and_cut(void **state)
{
	char text[9000];
	(void)state;
	say("a", GP_DOCTOR_NOTE, "x\x1b[2Jy\nz");
	assert_null(strpbrk(report.findings[0].found, "\x1b\n"));
	memset(text, 'l', sizeof text - 1);
	text[sizeof text - 1] = 0;
	say("a", GP_DOCTOR_NOTE, text);
	size_t len = strlen(report.findings[1].found);
	assert_in_range(len, 1000, 4096);
	assert_string_equal(report.findings[1].found + len - 4, " ...");
}

/* what_has_no_room_is_left_out: findings, and mends of one. */
static void what_has_no_room_is_left_out(void **state)
{
	(void)state;
	say("a", GP_DOCTOR_NOTE, "first");
	for (int i = 0; i < GP_DOCTOR_MENDS_MAX + 9; i++)
		gp_doctor_mend(&report, "%d", i);
	assert_int_equal(report.findings[0].mend_count, GP_DOCTOR_MENDS_MAX);
	for (int i = 0; i < GP_DOCTOR_FINDINGS_MAX + 9; i++)
		say("a", GP_DOCTOR_NOTE, "one more");
	assert_int_equal(report.finding_count, GP_DOCTOR_FINDINGS_MAX);
	assert_string_equal(report.findings[0].found, "first");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_worst_comes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_mend_stands_once_where_it_was_said_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			all_is_well_as_long_as_a_check_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			foreign_text_is_made_printable_and_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_no_room_is_left_out, set_up, tear_down),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
