/* SPDX-License-Identifier: ISC */
/* Rules and entries are constant; each list is a copy of a struct that points to them. */
#include "support/dnsblist.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* What settling adds to the errors of each list. */
#define EVERY_LIST                                                                        \
	{.first = {127, 255, 255, 0}, .last = {127, 255, 255, 255}, .is_built_in = true}, \
	{                                                                                 \
		.first = {127, 0, 0, 1}, .last = {127, 0, 0, 1}, .is_built_in = true      \
	}

static const struct gp_dnsbl_rule errors[] = {EVERY_LIST};

static const struct gp_dnsbl_rule address_rules[] = {
	{.first = {127, 0, 0, 2}, .last = {127, 0, 0, 2}, .weight = 3, .meaning = "spam source"},
	{.first = {127, 0, 0, 4}, .last = {127, 0, 0, 7}, .weight = 2, .meaning = "exploited"},
	{.first = {127, 0, 0, 10}, .last = {127, 0, 0, 10}, .weight = 1, .meaning = "policy"},
};
static const struct gp_dnsbl_test address_tests[] = {
	{.name = "127.0.0.2", .is_listed = true, .is_address = true},
	{.name = "127.0.0.1", .is_address = true}};

static const struct gp_dnsbl_rule name_rules[] = {
	{.is_bit = true, .first = {127}, .last = {127, 0, 0, 255}, .bit = 8, .weight = 4},
	{.is_bit = true, .first = {127}, .last = {127, 0, 0, 255}, .bit = 16, .weight = 4},
	{.is_bit = true, .first = {127}, .last = {127, 0, 0, 255}, .bit = 64, .weight = 3},
};
static const struct gp_dnsbl_rule name_errors[] = {
	EVERY_LIST, {.is_bit = true, .first = {127}, .last = {127, 0, 0, 255}, .bit = 1}};
static const struct gp_dnsbl_test name_tests[] = {
	{.name = "test-point.example.com", .is_listed = true}, {.name = GP_DNSBL_TEST_RANDOM}};

static const struct gp_dnsbl_rule allow_rules[] = {
	{.first = {127}, .last = {127, 0, 255, 0}, .weight = 0},
	{.first = {127, 0, 0, 1}, .last = {127, 0, 255, 1}, .weight = -1},
	{.first = {127, 0, 0, 2}, .last = {127, 0, 255, 2}, .weight = -3},
	{.first = {127, 0, 0, 3}, .last = {127, 0, 255, 3}, .weight = -5},
};
static const struct gp_dnsbl_rule allow_errors[] = {EVERY_LIST,
	{.first = {127, 0, 0, 255}, .last = {127, 0, 0, 255}},
	{.first = {127, 0, 10, 0}, .last = {127, 0, 10, 255}}};
static const struct gp_dnsbl_test allow_tests[] = {
	{.name = "127.0.0.2", .is_listed = true, .is_any = true, .is_address = true},
	{.name = "127.0.0.1", .is_address = true},
	{.name = GP_DNSBL_TEST_TEST_NET, .is_address = true}};

/* list_of: what all have. */
static struct gp_dnsbl_list list_of(const char *name, const char *zone, unsigned asks)
{
	return (struct gp_dnsbl_list) {.name = name,
		.zone = zone,
		.family = name,
		.asks = asks,
		.weight = GP_DNSBL_WEIGHT_UNSET,
		.key_zone = "",
		.key = "",
		.asked_zone = zone,
		.error_rules = errors,
		.error_count = COUNT(errors)};
}

/* test_dnsblist_of_addresses: also of IPv6 when the test says so. */
struct gp_dnsbl_list test_dnsblist_of_addresses(const char *name, const char *zone)
{
	struct gp_dnsbl_list list = list_of(name, zone, GP_DNSBL_ASKS_CLIENT);
	list.rules = address_rules;
	list.rule_count = COUNT(address_rules);
	list.test_entries = address_tests;
	list.test_count = COUNT(address_tests);
	return list;
}

/* test_dnsblist_of_names: whole names. */
struct gp_dnsbl_list test_dnsblist_of_names(const char *name, const char *zone)
{
	struct gp_dnsbl_list list =
		list_of(name, zone, GP_DNSBL_ASKS_SENDER | GP_DNSBL_ASKS_HELO | GP_DNSBL_ASKS_RDNS);
	list.rules = name_rules;
	list.rule_count = COUNT(name_rules);
	list.error_rules = name_errors;
	list.error_count = COUNT(name_errors);
	list.test_entries = name_tests;
	list.test_count = COUNT(name_tests);
	return list;
}

/* test_dnsblist_allow: about addresses. */
struct gp_dnsbl_list test_dnsblist_allow(const char *name, const char *zone)
{
	struct gp_dnsbl_list list = list_of(name, zone, GP_DNSBL_ASKS_CLIENT);
	list.allow = true;
	list.rules = allow_rules;
	list.rule_count = COUNT(allow_rules);
	list.error_rules = allow_errors;
	list.error_count = COUNT(allow_errors);
	list.test_entries = allow_tests;
	list.test_count = COUNT(allow_tests);
	return list;
}

/* test_dnsblist_add_key: the key is part of the zone that is queried. */
void test_dnsblist_add_key(struct gp_dnsbl_list *list, const char *asked_zone)
{
	list->key = list->secret = TEST_DNSBLIST_KEY;
	list->asked_zone = asked_zone;
}

/* test_dnsblist_health: all untested. */
struct gp_dnsbl_health *test_dnsblist_health(const struct gp_dnsbl_list *lists, size_t count)
{
	struct gp_dnsbl_health *health;
	const struct gp_dnsbl_health_lists all = {
		.lists = lists, .count = count, .world_percent = 90};
	void *memory = calloc(1, gp_dnsbl_health_size());
	if (!memory || gp_dnsbl_health_init(memory, &health) != GP_OK) {
		fprintf(stderr, "no memory for a table of lists\n");
		exit(99);
	}
	gp_dnsbl_health_configure(health, &all, TEST_DNSBLIST_NOW_S);
	return health;
}

/* test_dnsblist_health_free: the memory is the table. */
void test_dnsblist_health_free(struct gp_dnsbl_health *health)
{
	free(health);
}

/* test_dnsblist_tested: one good round each. */
struct gp_dnsbl_health *test_dnsblist_tested(const struct gp_dnsbl_list *lists, size_t count)
{
	struct gp_dnsbl_health *health = test_dnsblist_health(lists, count);
	for (size_t i = 0; i < count; i++) {
		const struct gp_dnsbl_outcome good = {.list = &lists[i]};
		gp_dnsbl_health_tested(health, &good, TEST_DNSBLIST_NOW_S, NULL);
	}
	return health;
}
