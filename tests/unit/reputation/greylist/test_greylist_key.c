/* SPDX-License-Identifier: ISC */
/* Keys and records: which senders are one, what fits into the store, what is read back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reputation/greylist/greylist_key.h"
#include "reputation/greylist/greylist_record.h"

/* test_plain_local: without what is made anew for each message. */
static void test_plain_local(void **state)
{
	static const struct {
		const char *local, *plain;
	} rows[] = {
		{"alice", "alice"},
		{"Alice.Smith", "alice.smith"},
		{"alice+news", "alice"},
		{"\"alice\"", "alice"},
		{"", ""},
		{"list-return-123-bob=example.org", "list-return-#"},
		{"list-return-124-carol=example.net", "list-return-#"},
		{"bounces+17-ab1-bob=example.org", "bounces"},
		{"bounce-bob=example.org", "bounce"},
		{"prvs=1234abcdef=alice", "alice"},
		{"prvs=0123456789=list-7", "list-#"},
		{"btv1==0123abc==alice", "alice"},
		{"msprvs1=17823abc=bounces-12-34", "bounces-#-#"},
		{"SRS0=HHHH=TT=example.org=alice", "example.org=alice"},
		{"SRS0+HHHH=TT=example.org=alice", "example.org=alice"},
		{"0100018f3c7e9a2b-1f2e3d4c-aaaa-0000", "#-#-aaaa-#"},
		{"0100018f3c7e9a2c-9f2e3d4c-aaaa-0001", "#-#-aaaa-#"},
		{"user2024", "#"},
		{"usr2024", "usr#"},
		{"usr9", "usr#"},
		{"a1b22c333", "#"},
		{"prvs=", "prvs="},
		{"=", "="},
		{"+", "+"},
		{"+x", "+x"},
		{"=x=", "=x="},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(
			gp_greylist_plain_local(arena, gp_span_from(rows[i].local)), rows[i].plain);
	gp_arena_free(arena);
}

/* test_keys: never longer than the store takes, and different ones stay different. */
static void test_keys(void **state)
{
	static char text[20000];
	struct gp_arena *arena = gp_arena_new(1 << 20);
	const struct gp_greylist_settings settings = {.key = GP_GREYLIST_KEY_SENDER,
		.recipient = GP_GREYLIST_RECIPIENT_ADDRESS,
		.ipv4_length = 24,
		.ipv6_length = 64};
	struct gp_greylist_contact c = {
		.settings = &settings, .client = {GP_IP_V4, {192, 0, 2, 1}}};
	struct gp_span keys[3];
	(void)state;
	memset(text, 'r', sizeof text);
	for (size_t i = 0; i < 3; i++) {
		c.sender = gp_span_from("a@b");
		c.recipient = (struct gp_span) {text, 390 + i * 5};
		assert_int_equal(
			gp_greylist_key_entry(arena, &c, GP_GREYLIST_BY_NETWORK, &keys[i]), GP_OK);
		assert_in_range(keys[i].len, 1, GP_STORE_FACT_KEY_MAX);
		for (size_t k = 0; k < i; k++)
			assert_false(gp_span_equal(keys[i], keys[k]));
	}
	assert_int_equal(gp_greylist_key_entry(arena, &c, GP_GREYLIST_BY_SPF, &keys[0]), GP_OK);
	assert_int_equal(keys[0].len, 0);
	assert_int_equal(gp_greylist_key_passes(arena, &c, GP_GREYLIST_BY_NAME, &keys[0]), GP_OK);
	assert_int_equal(keys[0].len, 0);
	gp_arena_free(arena);
}

/* test_record: what is written is read, and is small. */
static void test_record(void **state)
{
	const struct gp_greylist_record rows[] = {
		{.first_ms = 1, .last_ms = 1},
		{.has_passed = true,
			.was_delayed = true,
			.passes = 255,
			.first_ms = 1700000000000,
			.last_ms = (INT64_C(1) << 48) - 1},
		{.first_ms = 5, .last_ms = 6, .network = {{GP_IP_V4, {192, 0, 2}}, 24}},
		{.first_ms = 5, .last_ms = 6, .network = {{GP_IP_V6, {0x20, 1, 0xd, 0xb8}}, 64}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned char bytes[GP_GREYLIST_RECORD_MAX];
		struct gp_greylist_record r;
		size_t length = gp_greylist_record_encode(&rows[i], bytes);
		assert_in_range(length, 15, GP_GREYLIST_RECORD_MAX);
		assert_true(
			gp_greylist_record_decode((struct gp_span) {(char *)bytes, length}, &r));
		assert_int_equal(r.has_passed, rows[i].has_passed);
		assert_int_equal(r.was_delayed, rows[i].was_delayed);
		assert_int_equal(r.passes, rows[i].passes);
		assert_true(r.first_ms == rows[i].first_ms && r.last_ms == rows[i].last_ms);
		assert_true(gp_prefix_is_same(&r.network, &rows[i].network));
		for (size_t cut = 0; cut < length; cut++)
			if (gp_greylist_record_decode((struct gp_span) {(char *)bytes, cut}, &r))
				assert_int_equal(cut, 15); /* without its network it is whole */
	}
}

/* test_no_record: one rule broken at a time. */
static void test_no_record(void **state)
{
	static const struct {
		const char *what;
		unsigned char bytes[32];
		size_t length;
	} rows[] = {
		{"another version", {2, 0, 0}, 15},
		{"an unknown flag", {1, 4, 0}, 15},
		{"last before first", {1, 0, 0, 2, 0, 0, 0, 0, 0, 1}, 15},
		{"a network of no family", {1, [15] = 24, 192, 0, 2}, 19},
		{"host bits", {1, [15] = 24, 192, 0, 2, 1}, 20},
		{"a length past the address", {1, [15] = 33, 192, 0, 2, 0}, 20},
	};
	struct gp_greylist_record r;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gp_greylist_record_decode(
			    (struct gp_span) {(const char *)rows[i].bytes, rows[i].length}, &r))
			fail_msg("%s", rows[i].what);
	const unsigned char good[20] = {1, [15] = 24, 192, 0, 2, 0};
	assert_true(gp_greylist_record_decode((struct gp_span) {(const char *)good, 20}, &r));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_local),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_no_record),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
