/* SPDX-License-Identifier: ISC */
/*
 * Every list of the built-in table against a scripted zone that is made of its row: its own test
 * entries pass, each of its codes is a hit, and it is suspended when it is empty, lists everybody
 * or refuses its users.
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

#define QUESTIONS_MAX 6 /* of one round of one list: they count in its quota */

/* table: all known lists. */
static struct gp_config *table(void)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_list_table(&config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* used: a file that uses one list of the table, with a key if the list takes one. */
static struct gp_config *used(const struct gp_dnsbl_list *row)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	char text[128];
	snprintf(
		text, sizeof text, "use %s { %s }\n", row->name, *row->key_zone ? "key = k3y" : "");
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors))
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	assert_null(config->dnsbl.lists[0].no_key);
	return config;
}

/* code_of: an answer that the list's first rule knows. */
static struct gp_dnsbl_code code_of(const struct gp_dnsbl_rule *rule)
{
	struct gp_dnsbl_code code;
	memcpy(code.octet, rule->first, sizeof code.octet);
	if (rule->is_bit)
		code.octet[3] = rule->bit;
	return code;
}

/* add_record: about an address or a name. */
static void add_record(struct test_zone *zone, const struct gp_dnsbl_list *list, const char *about,
	struct gp_dnsbl_code code)
{
	char name[2 * GP_DNS_NAME_TEXT], reverse[GP_DNS_NAME_TEXT], text[GP_DNSBL_CODE_TEXT];
	struct gp_ipaddr address;
	if (gp_ipaddr_parse(gp_span_from(about), &address) == GP_OK) {
		gp_dns_name_reverse(&address, reverse);
		*strstr(reverse, address.family == GP_IP_V4 ? ".in-addr" : ".ip6") = 0;
		about = reverse;
	}
	snprintf(name, sizeof name, "%s.%s", about, list->asked_zone);
	test_zone_add_addr(zone, name, gp_dnsbl_code_format(code, text));
}

/* What one round of tests makes of a list. */
struct outcome {
	enum gp_dnsbl_status status;
	enum gp_dnsbl_reason reason;
	size_t questions;
};

/* tested: in that zone, which ends with it. */
static struct outcome tested(const struct gp_dnsbl_list *list, struct test_zone *zone)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 18),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone)};
	struct gp_dnsbl_plan plan = {.lists = list, .count = 1, .deadline_ms = 3000};
	struct gp_dnsbl_tested done;
	struct gp_dnsbl_health_view view;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 2000000;
	plan.health = test_dnsblist_health(list, 1);
	assert_int_equal(gp_dnsbl_test(&ctx, &plan, &done), GP_OK);
	assert_int_equal(done.count, 1);
	gp_dnsbl_health_view(plan.health, list, TEST_DNSBLIST_NOW_S, &view);
	const struct outcome outcome = {
		view.status, view.reason, test_zone_asked(zone, TEST_ZONE_ANY)};
	test_dnsblist_health_free(plan.health);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
	return outcome;
}

/* wildcard: a zone that answers everything so. */
static struct test_zone *wildcard(const struct gp_dnsbl_list *list, struct gp_dnsbl_code code)
{
	struct test_zone *zone = test_zone_new();
	add_record(zone, list, "*", code);
	return zone;
}

/* well: a zone that has the test entries of the list, and nothing else. */
static struct test_zone *well(const struct gp_dnsbl_list *list)
{
	struct test_zone *zone = test_zone_new();
	for (size_t i = 0; i < list->test_count; i++) {
		const struct gp_dnsbl_test *test = &list->test_entries[i];
		if (test->is_listed) /* where any answer will do, it may be an error */
			add_record(zone, list, test->name,
				code_of(test->is_any ? &list->error_rules[0] : &list->rules[0]));
	}
	return zone;
}

/* has_entry: a test entry that must be listed, or one that must not. */
static bool has_entry(const struct gp_dnsbl_list *list, bool is_listed)
{
	bool found = false;
	for (size_t i = 0; i < list->test_count; i++)
		found = found || list->test_entries[i].is_listed == is_listed;
	return found;
}

/* expect: that outcome, or the list's name is told. */
static void expect(const struct gp_dnsbl_list *list, const char *zone, struct outcome outcome,
	enum gp_dnsbl_reason reason)
{
	if (outcome.reason != reason ||
		(outcome.status == GP_DNSBL_OK) != (reason == GP_DNSBL_NO_REASON))
		fail_msg("%s, %s: %s, %s", list->name, zone, gp_dnsbl_status_name(outcome.status),
			gp_dnsbl_reason_text(outcome.reason));
	if (outcome.questions > QUESTIONS_MAX)
		fail_msg("%s: %zu questions for one test", list->name, outcome.questions);
}

/* check_tests: of a row. */
static void check_tests(const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_code refused = {{127, 255, 255, 254}}, made_up = {{127, 0, 0, 1}},
				   page = {{146, 112, 61, 108}};
	bool has_listed = has_entry(list, true), has_canary = has_entry(list, false);
	bool has_any = has_listed || has_canary;
	expect(list, "as it should be", tested(list, well(list)), GP_DNSBL_NO_REASON);
	expect(list, "empty", tested(list, test_zone_new()),
		has_listed ? GP_DNSBL_TEST_MISSING : GP_DNSBL_NO_REASON);
	expect(list, "a wildcard", tested(list, wildcard(list, code_of(&list->rules[0]))),
		has_canary ? GP_DNSBL_CANARY_LISTED : GP_DNSBL_NO_REASON);
	expect(list, "refusals", tested(list, wildcard(list, refused)),
		has_any ? GP_DNSBL_ERROR_CODE : GP_DNSBL_NO_REASON);
	expect(list, "a resolver that makes up addresses", tested(list, wildcard(list, made_up)),
		has_any ? GP_DNSBL_ERROR_CODE : GP_DNSBL_NO_REASON);
	expect(list, "the page of a filter", tested(list, wildcard(list, page)),
		has_any ? GP_DNSBL_ANSWERS_OUTSIDE : GP_DNSBL_NO_REASON);
}

/* test_each_row_passes_its_own_tests_and_fails_in_each_broken_zone. */
static void test_each_row_passes_its_own_tests_and_fails_in_each_broken_zone(void **state)
{
	struct gp_config *config = table();
	(void)state;
	assert_true(config->dnsbl.count > 20);
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		struct gp_config *one = used(&config->dnsbl.lists[i]);
		check_tests(&one->dnsbl.lists[0]);
		gp_config_free(one);
	}
	gp_config_free(config);
}

/* test_each_code_of_each_row_is_a_hit: first and last of a range, with its weight. */
static void test_each_code_of_each_row_is_a_hit(void **state)
{
	struct gp_config *config = table();
	(void)state;
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		for (size_t k = 0; k < list->rule_count; k++) {
			const struct gp_dnsbl_rule *rule = &list->rules[k];
			struct gp_dnsbl_code code = code_of(rule);
			struct gp_dnsbl_judgement judgement;
			gp_dnsbl_judge(list, &code, 1, &judgement);
			if (judgement.meaning != GP_DNSBL_HIT || judgement.weight != rule->weight)
				fail_msg("%s: %s", list->name, rule->written);
			if (rule->is_bit)
				continue;
			memcpy(code.octet, rule->last, sizeof code.octet);
			gp_dnsbl_judge(list, &code, 1, &judgement);
			if (judgement.rule != rule)
				fail_msg("%s: the end of %s", list->name, rule->written);
		}
	}
	gp_config_free(config);
}

/* test_every_list_that_vouches_is_found_out: where it trusts everybody, or blocks its user. */
static void test_every_list_that_vouches_is_found_out(void **state)
{
	struct gp_config *config = table();
	size_t seen = 0;
	(void)state;
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		struct gp_config *one = used(&config->dnsbl.lists[i]);
		const struct gp_dnsbl_list *list = &one->dnsbl.lists[0];
		seen += list->allow;
		for (size_t k = 0; k < list->rule_count; k++) {
			if (!list->allow || list->rules[k].weight >= 0)
				continue;
			struct outcome outcome =
				tested(list, wildcard(list, code_of(&list->rules[k])));
			if (outcome.status == GP_DNSBL_OK)
				fail_msg(
					"%s: %s for everybody", list->name, list->rules[k].written);
		}
		gp_config_free(one);
	}
	assert_true(seen >= 2);
	gp_config_free(config);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_passes_its_own_tests_and_fails_in_each_broken_zone),
		cmocka_unit_test(test_each_code_of_each_row_is_a_hit),
		cmocka_unit_test(test_every_list_that_vouches_is_found_out),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
