/* SPDX-License-Identifier: ISC */
/* What an operator has said of lists and greylisting: kept, listed, taken back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reputation/reputation_order.h"
#include "support/memstore.h"

#define BY "0 1700000000 mx.example.org"

static struct gp_store *store;
static struct gp_test_memstore *handle;
static struct gp_ctx ctx;

/* open_store: an empty one. */
static int open_store(void **state)
{
	(void)state;
	ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	return gp_test_memstore_new(&handle, &store);
}

/* close_store: after each test. */
static int close_store(void **state)
{
	(void)state;
	gp_store_close(store);
	gp_arena_free(ctx.arena);
	return 0;
}

/* put: says it. */
static void put(enum gp_reputation_order_kind kind, const char *name)
{
	assert_int_equal(gp_reputation_order_put(store, &ctx, kind, name, BY), GP_OK);
}

/* test_kept_by_kind_and_name: each once, sorted, none of another kind. */
static void test_kept_by_kind_and_name(void **state)
{
	const struct gp_reputation_order *items;
	size_t count;
	(void)state;
	put(GP_REPUTATION_LIST_OFF, "zen.spamhaus.org");
	put(GP_REPUTATION_LIST_OFF, "bl.example.org");
	put(GP_REPUTATION_LIST_OFF, "bl.example.org");
	put(GP_REPUTATION_GREYLIST_ALLOW, "192.0.2.0/24");
	assert_int_equal(
		gp_reputation_order_list(store, &ctx, GP_REPUTATION_LIST_OFF, &items, &count),
		GP_OK);
	assert_int_equal(count, 2);
	assert_string_equal(items[0].name, "bl.example.org");
	assert_string_equal(items[1].name, "zen.spamhaus.org");
	assert_string_equal(items[1].by, BY);
	assert_true(gp_reputation_order_has(items, count, "bl.example.org"));
	assert_false(gp_reputation_order_has(items, count, "192.0.2.0/24"));
	assert_null(gp_reputation_order_find(items, count, "example.org"));
}

/* test_taken_back: gone, and again is no error. */
static void test_taken_back(void **state)
{
	const struct gp_reputation_order *items;
	size_t count;
	(void)state;
	put(GP_REPUTATION_LIST_OFF, "bl.example.org");
	for (int i = 0; i < 2; i++)
		assert_int_equal(gp_reputation_order_remove(
					 store, &ctx, GP_REPUTATION_LIST_OFF, "bl.example.org"),
			GP_OK);
	assert_int_equal(
		gp_reputation_order_list(store, &ctx, GP_REPUTATION_LIST_OFF, &items, &count),
		GP_OK);
	assert_int_equal(count, 0);
}

/* test_many: more than fit at first. */
static void test_many(void **state)
{
	const struct gp_reputation_order *items;
	size_t count;
	char name[32];
	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "198.51.100.%d/32", i);
		put(GP_REPUTATION_GREYLIST_ALLOW, name);
	}
	assert_int_equal(
		gp_reputation_order_list(store, &ctx, GP_REPUTATION_GREYLIST_ALLOW, &items, &count),
		GP_OK);
	assert_int_equal(count, 100);
}

/* test_names_that_cannot_be_kept: not printable ASCII, empty, too long. */
static void test_names_that_cannot_be_kept(void **state)
{
	char longest[GP_REPUTATION_ORDER_NAME_MAX + 2];
	const char *bad[] = {"", "two words", "caf\xc3\xa9.example", "a\tb", longest};
	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(
			gp_reputation_order_put(store, &ctx, GP_REPUTATION_LIST_OFF, bad[i], BY),
			GP_EINVAL);
		assert_int_equal(
			gp_reputation_order_remove(store, &ctx, GP_REPUTATION_LIST_OFF, bad[i]),
			GP_EINVAL);
	}
	longest[GP_REPUTATION_ORDER_NAME_MAX] = 0;
	put(GP_REPUTATION_LIST_OFF, longest);
}

/* test_store_unavailable: the status comes through. */
static void test_store_unavailable(void **state)
{
	const struct gp_reputation_order *items;
	size_t count;
	(void)state;
	gp_test_memstore_fail(handle, GP_EIO);
	assert_int_equal(
		gp_reputation_order_put(store, &ctx, GP_REPUTATION_LIST_OFF, "a.test", BY), GP_EIO);
	assert_int_equal(
		gp_reputation_order_remove(store, &ctx, GP_REPUTATION_LIST_OFF, "a.test"), GP_EIO);
	assert_int_equal(
		gp_reputation_order_list(store, &ctx, GP_REPUTATION_LIST_OFF, &items, &count),
		GP_EIO);
	assert_int_equal(count, 0);
}

/* test_too_many_are_told: none is left out without a word. */
static void test_too_many_are_told(void **state)
{
	const struct gp_reputation_order *items;
	char name[32];
	size_t count;
	(void)state;
	for (unsigned i = 0; i <= GP_REPUTATION_ORDERS_MAX; i++) {
		snprintf(name, sizeof name, "l%u.example.org", i);
		put(GP_REPUTATION_LIST_OFF, name);
		if (i + 1 < GP_REPUTATION_ORDERS_MAX)
			continue;
		struct gp_ctx roomy = ctx;
		roomy.arena = gp_arena_new(1 << 24);
		int rc = gp_reputation_order_list(
			store, &roomy, GP_REPUTATION_LIST_OFF, &items, &count);
		assert_int_equal(rc, i < GP_REPUTATION_ORDERS_MAX ? GP_OK : GP_ETOOBIG);
		assert_int_equal(count, rc ? 0 : i + 1);
		gp_arena_free(roomy.arena);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_kept_by_kind_and_name, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_taken_back, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_many, open_store, close_store),
		cmocka_unit_test_setup_teardown(
			test_names_that_cannot_be_kept, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_store_unavailable, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_too_many_are_told, open_store, close_store),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
