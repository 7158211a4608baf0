/* SPDX-License-Identifier: ISC */
/* Where Postfix asks: learned per source, forgotten when it stops, reported once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policyd/stage_learn.h"

/* source: of a port and a context. */
static int source(struct gp_stage_learn *s, const char *port, const char *context)
{
	return gp_stage_learn_source(
		s, &(struct gp_stage_learn_place) {
			   gp_span_from(""), gp_span_from(port), gp_span_from(context), "users"});
}

/* subject: a user's. */
static uint64_t subject(struct gp_stage_learn *s, int source, const char *name)
{
	return gp_stage_learn_subject(s, source, gp_span_from(""), gp_span_from(name));
}

/* missed: of a user whom the other tests leave alone. */
static bool missed(struct gp_stage_learn *s, int source, bool wants_end)
{
	return gp_stage_learn_missed(s, source, subject(s, source, "alice"), wants_end);
}

/* expects: likewise. */
static bool expects(struct gp_stage_learn *s, int source)
{
	return gp_stage_learn_expects_end(s, source, subject(s, source, "alice"));
}

/* test_sources: port and context make a source, the same one each time. */
static void test_sources(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	struct gp_stage_learn_known known[4];
	int a = source(s, "25", ""), b = source(s, "587", ""), c = source(s, "587", "x");
	assert_true(a >= 0 && b >= 0 && c >= 0 && a != b && b != c && a != c);
	assert_int_equal(source(s, "587", ""), b);
	assert_int_not_equal(source(s, "5", "87"), b);
	assert_int_equal(gp_stage_learn_list(s, known, 4), 4);
	assert_string_equal(known[0].label, "port 25, users");
	assert_string_equal(known[2].label, "port 587 x, users");
	gp_stage_learn_free(s);
}

/* test_expects: only after it has asked at an end, and for that source only. */
static void test_expects(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	int a = source(s, "25", ""), b = source(s, "587", "");
	assert_false(expects(s, a));
	gp_stage_learn_early(s, a);
	assert_false(expects(s, a));
	gp_stage_learn_end(s, a);
	assert_true(expects(s, a));
	assert_false(expects(s, b));
	assert_false(expects(s, -1));
	gp_stage_learn_free(s);
}

/* test_missed: sixteen messages in a row of somebody without an end and it is not expected any
 * more. */
static void test_missed(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	int a = source(s, "25", "");
	gp_stage_learn_end(s, a);
	for (int i = 0; i < 15; i++)
		assert_false(missed(s, a, true));
	assert_true(expects(s, a));
	assert_false(missed(s, a, true));
	assert_false(expects(s, a));
	for (int i = 16; i < 63; i++)
		assert_false(missed(s, a, true)); /* may all be given up by users */
	assert_true(missed(s, a, true));
	for (int i = 0; i < 1000; i++)
		assert_false(missed(s, a, true)); /* said once */
	gp_stage_learn_end(s, a);
	assert_true(expects(s, a));
	for (int i = 0; i < 63; i++)
		assert_false(missed(s, a, true));
	assert_true(missed(s, a, true)); /* and again after it was mended */
	gp_stage_learn_free(s);
}

/* test_missed_by_one_changes_nothing_for_others: whoever gives up again and again, be it on
 * purpose. */
static void test_missed_by_one_changes_nothing_for_others(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	int a = source(s, "587", ""), b = source(s, "465", "");
	uint64_t mallory = subject(s, a, "mallory"), victim = subject(s, a, "victim");
	gp_stage_learn_end(s, a);
	gp_stage_learn_end(s, b);
	for (int i = 0; i < 1000; i++)
		(void)gp_stage_learn_missed(s, a, mallory, false);
	assert_false(gp_stage_learn_expects_end(s, a, mallory));
	assert_true(gp_stage_learn_expects_end(s, a, victim));
	assert_true(gp_stage_learn_expects_end(s, b, subject(s, b, "mallory")));
	for (int i = 0; i < 15; i++)
		(void)gp_stage_learn_missed(s, a, victim, false);
	assert_true(gp_stage_learn_expects_end(s, a, victim));
	gp_stage_learn_end(s, a); /* of anybody: Postfix has not stopped asking */
	assert_true(gp_stage_learn_expects_end(s, a, mallory));
	for (int i = 0; i < 15; i++)
		(void)gp_stage_learn_missed(s, a, mallory, false);
	assert_true(gp_stage_learn_expects_end(s, a, mallory));
	(void)gp_stage_learn_missed(s, a, mallory, false);
	assert_false(gp_stage_learn_expects_end(s, a, mallory));
	gp_stage_learn_free(s);
}

/* test_many_subjects: more of them than are remembered take nothing away from others. */
static void test_many_subjects(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	int a = source(s, "587", "");
	gp_stage_learn_end(s, a);
	for (int i = 0; i < 20000; i++) {
		char name[16];
		snprintf(name, sizeof name, "u%d", i);
		for (int k = 0; k < 15; k++)
			(void)gp_stage_learn_missed(s, a, subject(s, a, name), false);
		assert_true(gp_stage_learn_expects_end(s, a, subject(s, a, name)));
	}
	assert_true(gp_stage_learn_expects_end(s, a, subject(s, a, "victim")));
	gp_stage_learn_free(s);
}

/* test_say: a limit that wants the end is reported after three messages, others never. */
static void test_say(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	struct gp_stage_learn_known known[1];
	int a = source(s, "25", "");
	for (int i = 0; i < 20; i++)
		assert_false(missed(s, a, false));
	assert_true(missed(s, a, true));
	assert_int_equal(gp_stage_learn_list(s, known, 1), 1);
	assert_true(known[0].bytes_unseen);
	gp_stage_learn_end(s, a);
	assert_int_equal(gp_stage_learn_list(s, known, 1), 1);
	assert_false(known[0].bytes_unseen);
	gp_stage_learn_free(s);
}

/* test_full: more sources than places are nobody's, and expect nothing. */
static void test_full(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES + 1];
	char port[400];
	memset(port, '9', sizeof port);
	for (size_t i = 0; i < GP_STAGE_LEARN_SOURCES; i++) {
		snprintf(port, 16, "%zu", i);
		port[strlen(port)] = '\033'; /* what a label shows of it is bounded and visible */
		const struct gp_stage_learn_place place = {
			{port, sizeof port}, {port, sizeof port}, {port, sizeof port}, "others"};
		assert_true(gp_stage_learn_source(s, &place) >= 0);
	}
	assert_int_equal(source(s, "587", "one more"), -1);
	gp_stage_learn_end(s, -1);
	gp_stage_learn_early(s, -1);
	assert_false(missed(s, -1, true));
	assert_int_equal(
		gp_stage_learn_list(s, known, GP_STAGE_LEARN_SOURCES + 1), GP_STAGE_LEARN_SOURCES);
	for (size_t i = 0; i < GP_STAGE_LEARN_SOURCES; i++)
		for (const char *c = known[i].label; *c; c++)
			assert_true(*c >= 0x20 && *c < 0x7f);
	gp_stage_learn_free(s);
}

/* test_many_addresses: a server with more addresses than there are places, all of them asked at. */
static void test_many_addresses(void **state)
{
	(void)state;
	struct gp_stage_learn *s = gp_stage_learn_new();
	int first = -1, last = -1;
	for (int i = 0; i < 500; i++) {
		char address[32];
		snprintf(address, sizeof address, "2001:db8::%x", (unsigned)i);
		last = gp_stage_learn_source(
			s, &(struct gp_stage_learn_place) {gp_span_from(address),
				   gp_span_from("587"), gp_span_from(""), "users"});
		assert_true(last >= 0);
		first = i == 0 ? last : first;
	}
	assert_int_not_equal(first, last);
	gp_stage_learn_end(s, last); /* shows it for all that are not told apart */
	int another =
		gp_stage_learn_source(s, &(struct gp_stage_learn_place) {gp_span_from("192.0.2.1"),
						 gp_span_from("587"), gp_span_from(""), "users"});
	assert_true(expects(s, another));
	assert_false(expects(s, first));
	assert_true(source(s, "25", "") >= 0);
	assert_int_not_equal(source(s, "25", ""), another);
	gp_stage_learn_free(s);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_expects),
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_missed_by_one_changes_nothing_for_others),
		cmocka_unit_test(test_many_subjects),
		cmocka_unit_test(test_say),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_many_addresses),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
