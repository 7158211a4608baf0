/* SPDX-License-Identifier: ISC */
/* Networks and domains that are never delayed: how they are written, and what they cover. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reputation/greylist/greylist_allow.h"
#include "reputation/reputation_order.h"
#include "support/memstore.h"

static struct gp_store *store;
static struct gp_test_memstore *handle;
static struct gp_ctx ctx;

/* open_store: an empty one. */
static int open_store(void **state)
{
	(void)state;
	ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 22), .clock = gp_clock_system()};
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

/* test_names: each in one form, and what cannot be covered. */
static void test_names(void **state)
{
	static const struct {
		const char *text, *name; /* name NULL: refused */
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"0.0.0.0/0", NULL},
		{"192.0.2.1/24", NULL},
		{"2001:DB8::/32", "2001:db8::/32"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"2001:db8::/33", NULL},
		{"2001:db8::/96", NULL},
		{"Example.ORG.", "example.org"},
		{"b\xc3\xbc"
		 "cher.example",
			"xn--bcher-kva.example"},
		{"org", NULL},
		{"*.example.org", NULL},
		{"two words.example", NULL},
		{"", NULL},
		{"300.1.2.3", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name, *problem;
		int rc = gp_greylist_allow_parse(ctx.arena, rows[i].text, &name, &problem);
		assert_int_equal(rc, rows[i].name ? GP_OK : GP_ESYNTAX);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else
			assert_true(strlen(problem) > 20);
	}
}

/* allow: says it. */
static void allow(const char *text)
{
	const char *name, *problem;
	assert_int_equal(gp_greylist_allow_parse(ctx.arena, text, &name, &problem), GP_OK);
	assert_int_equal(
		gp_reputation_order_put(store, &ctx, GP_REPUTATION_GREYLIST_ALLOW, name, "0 0 mx"),
		GP_OK);
}

/* found: what covers a mail; "": nothing. */
static const char *found(const char *client, const char *client_name, const char *sender_domain)
{
	struct gp_greylist_allow_mail mail = {.client = {.family = GP_IP_NONE},
		.client_name = client_name,
		.sender_domain = sender_domain};
	const char *name;
	if (client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &mail.client), GP_OK);
	assert_int_equal(gp_greylist_allow_find(store, &ctx, &mail, &name), GP_OK);
	return name ? name : "";
}

/* test_covered: networks by their address, domains with all names below. */
static void test_covered(void **state)
{
	(void)state;
	assert_string_equal(found("192.0.2.7", "mx.example.org", "example.org"), "");
	allow("192.0.2.0/24");
	allow("2001:db8::/44");
	allow("2001:db8:ffff::25");
	allow("example.org");
	assert_string_equal(found("192.0.2.7", NULL, NULL), "192.0.2.0/24");
	assert_string_equal(found("::ffff:192.0.2.7", NULL, NULL), "192.0.2.0/24");
	assert_string_equal(found("192.0.3.7", NULL, NULL), "");
	assert_string_equal(found("2001:db8:0:1::1", "", ""), "2001:db8::/44");
	assert_string_equal(found("2001:db8:ffff::25", "", ""), "2001:db8:ffff::25/128");
	assert_string_equal(found("2001:db8:ffff::26", "", ""), "");
	assert_string_equal(found(NULL, "a.b.mx.example.org", NULL), "example.org");
	assert_string_equal(found(NULL, NULL, "example.org"), "example.org");
	assert_string_equal(found(NULL, "notexample.org", "org"), "");
	assert_string_equal(found(NULL, NULL, NULL), "");
	assert_int_equal(gp_reputation_order_remove(
				 store, &ctx, GP_REPUTATION_GREYLIST_ALLOW, "example.org"),
		GP_OK);
	assert_string_equal(found(NULL, NULL, "example.org"), "");
}

/* test_other_orders: a list that is off covers nothing. */
static void test_other_orders(void **state)
{
	(void)state;
	assert_int_equal(gp_reputation_order_put(
				 store, &ctx, GP_REPUTATION_LIST_OFF, "example.org", "0 0 mx"),
		GP_OK);
	assert_string_equal(found("192.0.2.7", "example.org", "example.org"), "");
}

/* test_store_unavailable: the status comes through. */
static void test_store_unavailable(void **state)
{
	struct gp_greylist_allow_mail mail = {.sender_domain = "example.org"};
	const char *name;
	(void)state;
	gp_test_memstore_fail(handle, GP_EIO);
	assert_int_equal(gp_greylist_allow_find(store, &ctx, &mail, &name), GP_EIO);
	assert_null(name);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_covered, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_other_orders, open_store, close_store),
		cmocka_unit_test_setup_teardown(test_store_unavailable, open_store, close_store),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
