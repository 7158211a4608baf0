/* SPDX-License-Identifier: ISC */
/*
 * The table of known DNS lists against zones that are made from its rows: a list that has its test
 * entries is well, one that lacks them, answers with an error, or lists everything is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "reputation/dnsbl/dnsbl.h"
#include "support/dnsblist.h"
#include "support/zone.h"

#define NAME_ROOM 512
#define KEY "k3y"

/* A file that uses half of the table, keys included. */
struct half {
	struct gp_config *config;
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_dnsbl_plan plan;
	struct gp_dnsbl_tested tested;
};

/* text_of: "use NAME { key = KEY }" for every second list of the table. */
static void text_of(unsigned which, char *text, size_t size)
{
	struct gp_config_errors errors = {0};
	struct gp_config *table;
	assert_int_equal(gp_config_list_table(&table, &errors), GP_OK);
	*text = 0;
	for (size_t i = which; i < table->dnsbl.count; i += 2) {
		const struct gp_dnsbl_list *list = &table->dnsbl.lists[i];
		size_t n = strlen(text);
		snprintf(text + n, size - n, "use %s { %s }\n", list->name,
			*list->key_zone ? "key = " KEY : "");
	}
	gp_config_errors_fini(&errors);
	gp_config_free(table);
}

/* half_begin: nothing is in the zones. */
static void half_begin(struct half *h, unsigned which)
{
	struct gp_config_errors errors = {0};
	char text[8192];
	memset(h, 0, sizeof *h);
	text_of(which, text, sizeof text);
	if (gp_config_parse(gp_span_from(text), "t.conf", &h->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	h->zone = test_zone_new();
	h->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 22),
		.clock = test_zone_clock(h->zone),
		.dns = test_zone_dns(h->zone)};
	h->ctx.deadline_us = gp_clock_now_us(h->ctx.clock) + 2000000;
	h->plan = (struct gp_dnsbl_plan) {.lists = h->config->dnsbl.lists,
		.count = h->config->dnsbl.count,
		.deadline_ms = 3000};
	h->plan.health = test_dnsblist_health(h->plan.lists, h->plan.count);
}

/* half_end: all of it. */
static void half_end(struct half *h)
{
	test_dnsblist_health_free(h->plan.health);
	gp_arena_free(h->ctx.arena);
	test_zone_free(h->zone);
	gp_config_free(h->config);
}

/* name_of: of a test entry in the queried zone. */
static void name_of(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_test *test, char room[NAME_ROOM])
{
	struct gp_ipaddr a;
	if (!test->is_address) {
		snprintf(room, NAME_ROOM, "%s.%s", test->name, list->asked_zone);
		return;
	}
	assert_int_equal(gp_ipaddr_parse(gp_span_from(test->name), &a), GP_OK);
	assert_int_equal(a.family, GP_IP_V4);
	snprintf(room, NAME_ROOM, "%u.%u.%u.%u.%s", a.bytes[3], a.bytes[2], a.bytes[1], a.bytes[0],
		list->asked_zone);
}

/* fill: each entry that must be listed, with the first answer that the list has, or, where any
 * will do, with an error of its own. */
static void fill(struct half *h)
{
	for (size_t i = 0; i < h->plan.count; i++) {
		const struct gp_dnsbl_list *list = &h->plan.lists[i];
		for (size_t k = 0; k < list->test_count; k++) {
			const struct gp_dnsbl_test *test = &list->test_entries[k];
			const struct gp_dnsbl_rule *rule =
				test->is_any ? &list->error_rules[0] : &list->rules[0];
			char name[NAME_ROOM], answer[GP_IPADDR_TEXT];
			if (!test->is_listed)
				continue;
			name_of(list, test, name);
			snprintf(answer, sizeof answer, "%u.%u.%u.%u", rule->first[0],
				rule->first[1], rule->first[2],
				rule->is_bit ? rule->bit : rule->first[3]);
			test_zone_add_addr(h->zone, name, answer);
		}
	}
}

/* flood: every name of every list has this answer. */
static void flood(struct half *h, const char *answer)
{
	for (size_t i = 0; i < h->plan.count; i++) {
		char name[NAME_ROOM];
		snprintf(name, sizeof name, "*.%s", h->plan.lists[i].asked_zone);
		test_zone_add_addr(h->zone, name, answer);
	}
}

/* check_each: one round; then each list is as it should be. */
static void check_each(struct half *h, bool (*is_well)(const struct gp_dnsbl_list *list),
	enum gp_dnsbl_reason reason)
{
	assert_int_equal(gp_dnsbl_test(&h->ctx, &h->plan, &h->tested), GP_OK);
	for (size_t i = 0; i < h->plan.count; i++) {
		const struct gp_dnsbl_list *list = &h->plan.lists[i];
		struct gp_dnsbl_health_view v;
		gp_dnsbl_health_view(h->plan.health, list, h->ctx.clock->wall_s(h->ctx.clock), &v);
		bool is_ok = v.status == GP_DNSBL_OK;
		if (is_ok != is_well(list) || (!is_ok && v.reason != reason))
			fail_msg("%s: %d, %d", list->name, v.status, v.reason);
	}
}

/* is_any, lacks_none, has_no_tests: which lists are well. */
static bool is_any(const struct gp_dnsbl_list *list)
{
	(void)list;
	return true;
}
static bool lacks_none(const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < list->test_count; i++)
		if (list->test_entries[i].is_listed)
			return false;
	return true;
}
static bool has_no_tests(const struct gp_dnsbl_list *list)
{
	return list->test_count == 0;
}

/* test_each_list_passes_its_own_tests: when its zone has what its row says. */
static void test_each_list_passes_its_own_tests(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct half h;
		half_begin(&h, which);
		fill(&h);
		check_each(&h, is_any, GP_DNSBL_NO_REASON);
		half_end(&h);
	}
}

/* test_lists_that_are_empty: each that has an entry which must be listed is found out. */
static void test_lists_that_are_empty(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct half h;
		half_begin(&h, which);
		check_each(&h, lacks_none, GP_DNSBL_TEST_MISSING);
		half_end(&h);
	}
}

/* test_lists_that_refuse: whatever is asked about, the answer means trouble. */
static void test_lists_that_refuse(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct half h;
		half_begin(&h, which);
		flood(&h, "127.255.255.254");
		check_each(&h, has_no_tests, GP_DNSBL_ERROR_CODE);
		half_end(&h);
	}
}

/* test_lists_of_the_world: 127.0.0.4, which is a hit or unknown, but no error, for everything. */
static void test_lists_of_the_world(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct half h;
		half_begin(&h, which);
		flood(&h, "127.0.0.4");
		check_each(&h, has_no_tests, GP_DNSBL_CANARY_LISTED);
		half_end(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_list_passes_its_own_tests),
		cmocka_unit_test(test_lists_that_are_empty),
		cmocka_unit_test(test_lists_that_refuse),
		cmocka_unit_test(test_lists_of_the_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
