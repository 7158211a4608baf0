/* SPDX-License-Identifier: ISC */
/* An operator need not wait for the next test of a list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "reputation/dnsbl/dnsbl_health.h"

#define NOW 1700000000

static const struct gp_dnsbl_list lists[] = {
	{.name = "a", .zone = "a.example", .asked_zone = "a.example"},
	{.name = "off", .zone = "off.example", .asked_zone = "off.example", .is_off = true},
	{.name = "closed", .zone = "c.example", .asked_zone = "c.example", .dead = "since 2020"},
	{.name = "no-key", .zone = "k.example", .asked_zone = "k.example", .no_key = "no file"},
};
#define LISTS (sizeof lists / sizeof *lists)

static void *memory;
static struct gp_dnsbl_health *health;

/* make_table: with these lists. */
static int make_table(void **state)
{
	const struct gp_dnsbl_health_lists all = {.lists = lists, .count = LISTS};
	(void)state;
	memory = calloc(1, gp_dnsbl_health_size());
	if (!memory || gp_dnsbl_health_init(memory, &health))
		return -1;
	gp_dnsbl_health_configure(health, &all, NOW);
	return 0;
}

/* free_table: after each test. */
static int free_table(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

/* claim: is its test due? */
static bool claim(int64_t now_s)
{
	enum gp_dnsbl_reason reason;
	return gp_dnsbl_health_claim(health, &lists[0], now_s, &reason);
}

/* tested: one round, which was good or not. */
static void tested(enum gp_dnsbl_reason reason, int64_t now_s)
{
	const struct gp_dnsbl_outcome outcome = {
		.list = &lists[0], .reason = reason, .took_us = 1234};
	gp_dnsbl_health_tested(health, &outcome, now_s, NULL);
}

/* test_hurry: the next test of a list that works is an hour away, and due at once then. */
static void test_hurry(void **state)
{
	struct gp_dnsbl_health_view view;
	(void)state;
	assert_true(claim(NOW));
	tested(GP_DNSBL_NO_REASON, NOW);
	assert_false(claim(NOW + 60));
	assert_true(gp_dnsbl_health_hurry(health, &lists[0], NOW + 60));
	assert_int_equal(gp_dnsbl_health_next_s(health, NOW + 60, 3600), 0);
	assert_true(claim(NOW + 60));
	assert_false(claim(NOW + 60)); /* once */
	tested(GP_DNSBL_NO_REASON, NOW + 60);
	gp_dnsbl_health_view(health, &lists[0], NOW + 60, &view);
	assert_int_equal(view.status, GP_DNSBL_OK);
	assert_int_equal(view.last_test_us, 1234);
}

/* test_suspended: two good rounds in a row, each at once. */
static void test_suspended(void **state)
{
	struct gp_dnsbl_health_view view;
	(void)state;
	assert_true(claim(NOW));
	tested(GP_DNSBL_ERROR_CODE, NOW);
	for (int i = 1; i <= 2; i++) {
		gp_dnsbl_health_view(health, &lists[0], NOW + i, &view);
		assert_int_equal(view.status, GP_DNSBL_SUSPENDED);
		assert_true(gp_dnsbl_health_hurry(health, &lists[0], NOW + i));
		assert_true(claim(NOW + i));
		tested(GP_DNSBL_NO_REASON, NOW + i);
	}
	gp_dnsbl_health_view(health, &lists[0], NOW + 3, &view);
	assert_int_equal(view.status, GP_DNSBL_OK);
}

/* test_unused: a list that is not tested at all stays so. */
static void test_unused(void **state)
{
	const struct gp_dnsbl_list other = {.name = "x", .zone = "x", .asked_zone = "x"};
	(void)state;
	for (size_t i = 1; i < LISTS; i++)
		assert_false(gp_dnsbl_health_hurry(health, &lists[i], NOW));
	assert_false(gp_dnsbl_health_hurry(health, &other, NOW));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hurry, make_table, free_table),
		cmocka_unit_test_setup_teardown(test_suspended, make_table, free_table),
		cmocka_unit_test_setup_teardown(test_unused, make_table, free_table),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
