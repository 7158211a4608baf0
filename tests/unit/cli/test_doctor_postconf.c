/* SPDX-License-Identifier: ISC */
/* Postfix's configuration as postconf prints it: parameters, services, values, lists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor/doctor_postconf.h"

static const char params[] =
	"postconf: warning: /etc/postfix/main.cf: unused parameter: unused=3\n"
	"compatibility_level = 3.6\n"
	"plain = a b\n"
	"empty =\n"
	"first = $plain, $second\n"
	"second = ${plain}c $(plain)d\n"
	"dollar = 5$$ $plain\n"
	"loop = x$loop\n"
	"wide = $w1$w1$w1$w1\nw1 = $w2$w2$w2$w2\nw2 = $w3$w3$w3$w3\nw3 = $w4$w4$w4$w4\n"
	"w4 = $w5$w5$w5$w5\nw5 = $w6$w6$w6$w6\nw6 = $w7$w7$w7$w7\nw7 = $empty$empty$empty$empty\n"
	"if_set = ${plain?yes}\n"
	"if_unset = ${empty:no}\n"
	"both = ${plain?{yes}:{no}} ${empty?{yes}:{no}} ${nowhere?{yes}:{no}}\n"
	"nested = ${empty?{a}:{${plain?{b $plain}:{c}}}}\n"
	"level = ${{$compatibility_level} <level {3.10} ? {older} : {newer}}\n"
	"level1 = ${{$compatibility_level} <level {1} ? {} : {at least}}\n"
	"equals = ${{a} == {$plain} ? {yes} : {no}}${{a b} == {$plain} ? {yes} : {no}}"
	"${{a}!={b}?{yes}:{no}}\n"
	"unclosed = before ${plain\n"
	"unclosed2 = ${plain?{x\n"
	"at_end = x$\n"
	"twice = 1\ntwice = 2\n"
	"no pair\n"
	"= nameless\n"
	"smtpd_restriction_classes = cls, other, round\n"
	"round = round, permit\n"
	"cls = permit_mynetworks check_policy_service unix:private/p reject\n"
	"other = check_policy_service inet:[::1]:10040\n"
	"by_class = one, cls, two\n"
	"by_table = check_client_access hash:/etc/postfix/t, permit\n"
	"by_self = round\n"
	"policies = reject_unauth_destination,\tcheck_policy_service { unix:gatepost/policy, "
	"timeout=30s, { default_action = 451 4.3.5 a, b } }, permit, check_policy_service "
	"inet:127.0.0.1:1 , check_policy_service\n";

static const char services[] =
	"smtp       inet  n       -       y       -       -       smtpd\n"
	"submission inet n       -       -       -       20      smtpd -o plain=x -o { first = y z "
	"}\n"
	"127.0.0.1:10025 inet n  - n - 10 smtpd\n"
	"a/b unix - - n - 0 lmtp\n"
	"short line\n"
	"\n";

static const char overrides[] = "submission/inet/plain = x\n"
				"submission/inet/empty = full\n"
				"a/b/unix/plain = z\n"
				"nowhere/inet/plain = q\n"
				"plain = no service\n"
				"/ = \n";

/* parse: the text above. */
static struct gp_postconf parse(struct gp_arena *arena)
{
	struct gp_postconf pc;
	assert_int_equal(gp_doctor_postconf_parse(arena, gp_span_from(params),
				 gp_span_from(services), gp_span_from(overrides), &pc),
		GP_OK);
	return pc;
}

/* test_raw: a value as it stands, and its words. */
static void test_raw(void **state)
{
	static const char *const wanted[] = {"reject_unauth_destination", "check_policy_service",
		"{ unix:gatepost/policy, timeout=30s, { default_action = 451 4.3.5 a, b } }",
		"permit"};
	struct gp_arena *arena = gp_arena_new(64 << 20);
	struct gp_postconf pc = parse(arena);
	struct gp_span rest, word;
	(void)state;
	assert_true(gp_span_is(gp_doctor_postconf_raw(&pc, NULL, "first"), "$plain, $second"));
	assert_true(gp_span_is(gp_doctor_postconf_raw(&pc, &pc.services[1], "plain"), "x"));
	assert_int_equal(gp_doctor_postconf_raw(&pc, NULL, "nowhere").len, 0);
	rest = gp_doctor_postconf_raw(&pc, NULL, "policies");
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		assert_true(gp_doctor_postconf_word(&rest, &word));
		assert_true(gp_span_is(word, wanted[i]));
	}
	rest = gp_span_from(" , \t");
	assert_false(gp_doctor_postconf_word(&rest, &word));
	gp_arena_free(arena);
}

/* expect: a value, of a service or of main.cf. */
static void expect(const struct gp_postconf *pc, int service, const char *name, const char *wanted)
{
	const struct gp_postconf_service *s = service < 0 ? NULL : &pc->services[service];
	struct gp_span value = gp_doctor_postconf_value(pc, s, name);
	if (!gp_span_equal(value, gp_span_from(wanted)))
		fail_msg("%s: \"%.*s\", not \"%s\"", name, (int)value.len, value.ptr, wanted);
}

/* values: with what they refer to. */
static void values(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{"plain", "a b"},
		{"empty", ""},
		{"nowhere", ""},
		{"unused", ""}, /* a warning is no parameter */
		{"first", "a b, a bc a bd"},
		{"dollar", "5$ a b"},
		{"loop", "xxxxxxxxxxxxxxxxxxxxxxxx"},
		{"wide", ""},
		{"if_set", "yes"},
		{"if_unset", "no"},
		{"both", "yes no no"},
		{"nested", "b a b"},
		{"level", "older"},
		{"level1", "at least"},
		{"equals", "noyesyes"},
		{"unclosed", "before"},
		{"unclosed2", ""},
		{"at_end", "x"},
		{"twice", "2"},
		{"no pair", ""},
	};
	struct gp_arena *arena = gp_arena_new(16 * 1024 * 1024);
	struct gp_postconf pc = parse(arena);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(&pc, -1, rows[i].name, rows[i].value);
	gp_arena_free(arena);
}

/* services_and_what_they_overrule: by name and type, slashes in names included. */
static void services_and_what_they_overrule(void **state)
{
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_postconf pc = parse(arena);
	struct gp_span value;
	(void)state;
	assert_int_equal(pc.service_count, 4);
	assert_true(gp_span_is(pc.services[0].chroot, "y"));
	assert_true(gp_span_is(pc.services[0].maxproc, "-"));
	assert_true(gp_span_is(pc.services[1].maxproc, "20"));
	assert_true(gp_span_is(pc.services[2].name, "127.0.0.1:10025"));
	assert_true(gp_span_is(pc.services[3].command, "lmtp"));
	expect(&pc, 0, "first", "a b, a bc a bd");
	expect(&pc, 1, "first", "x, xc xd"); /* main.cf's, with the service's own plain */
	expect(&pc, 1, "both", "yes yes no");
	expect(&pc, 3, "plain", "z");
	assert_true(gp_doctor_postconf_override(&pc, &pc.services[1], "plain", &value));
	assert_true(gp_span_is(value, "x"));
	assert_false(gp_doctor_postconf_override(&pc, &pc.services[0], "plain", &value));
	assert_false(gp_doctor_postconf_override(&pc, NULL, "plain", &value));
	gp_arena_free(arena);
}

/* list_of: a list of main.cf. */
static struct gp_doctor_postconf_list list_of(const struct gp_postconf *pc, const char *name)
{
	struct gp_doctor_postconf_list list;
	assert_int_equal(gp_doctor_postconf_list(pc, NULL, name, &list), GP_OK);
	return list;
}

/* policy_services: endpoint, attributes, place. */
static void policy_services(void **state)
{
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_postconf pc = parse(arena);
	struct gp_doctor_postconf_list list = list_of(&pc, "policies");
	(void)state;
	assert_int_equal(list.policy_count, 2);
	assert_int_equal(list.policies[0].at, 2); /* behind its own word */
	assert_true(gp_span_is(list.policies[0].endpoint, "unix:gatepost/policy"));
	assert_true(gp_span_is(list.policies[0].timeout, "30s"));
	assert_true(gp_span_is(list.policies[0].default_action, "451 4.3.5 a, b"));
	assert_true(gp_span_is(list.policies[1].endpoint, "inet:127.0.0.1:1"));
	assert_null(list.policies[1].timeout.ptr);
	assert_null(list.policies[1].default_action.ptr);
	assert_true(gp_span_is(list.words[3 - 1], "permit"));
	gp_arena_free(arena);
}

/* restriction_classes: in their place, through tables only, around themselves. */
static void restriction_classes(void **state)
{
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_postconf pc = parse(arena);
	struct gp_doctor_postconf_list list = list_of(&pc, "by_class");
	(void)state;
	assert_int_equal(list.word_count, 5);
	assert_true(gp_span_is(list.words[1], "permit_mynetworks"));
	assert_true(gp_span_is(list.words[4], "two"));
	assert_int_equal(list.policy_count, 1);
	assert_false(list.policies[0].is_conditional);
	list = list_of(&pc, "by_table");
	assert_int_equal(list.word_count, 3);
	assert_int_equal(list.policy_count, 2);
	assert_true(list.policies[0].is_conditional && list.policies[1].is_conditional);
	list = list_of(&pc, "by_self");
	assert_true(list.word_count > 0);
	list = list_of(&pc, "nowhere");
	assert_int_equal(list.word_count + list.policy_count, 0);
	gp_arena_free(arena);
}

/* class_of_itself: a class that holds nothing but itself, many times, comes to an end. */
static void class_of_itself(void **state)
{
	static const char text[] = "smtpd_restriction_classes = c\nlist = c, permit\n"
				   "c = c c c c c c c c c c c c c c c c c c c c c c c c c c c c\n";
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_span none = {NULL, 0};
	struct gp_postconf pc;
	(void)state;
	assert_int_equal(
		gp_doctor_postconf_parse(arena, gp_span_from(text), none, none, &pc), GP_OK);
	struct gp_doctor_postconf_list list = list_of(&pc, "list");
	assert_true(list.word_count > 1);
	assert_int_equal(list.policy_count, 0);
	gp_arena_free(arena);
}

/* times: as main.cf writes them. */
static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} rows[] = {{"100s", 100000}, {"30", 30000}, {" 5m ", 300000}, {"1h", 3600000},
		{"2d", 172800000}, {"1w", 604800000}, {"", -1}, {"s", -1}, {"1x", -1}, {"-1s", -1},
		{"99999999999s", -1}, {"1.5s", -1}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = -1;
		bool is_time = gp_doctor_postconf_time_ms(gp_span_from(rows[i].text), &ms);
		assert_int_equal(is_time, rows[i].ms >= 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

/* cut_anywhere: half a text is read as far as it goes. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n <= strlen(params); n++) {
		struct gp_arena *arena = gp_arena_new(16 * 1024 * 1024);
		struct gp_span text = {params, n};
		struct gp_postconf pc;
		struct gp_doctor_postconf_list list;
		assert_int_equal(gp_doctor_postconf_parse(arena, text, gp_span_from(services),
					 gp_span_from(overrides), &pc),
			GP_OK);
		assert_int_equal(gp_doctor_postconf_list(&pc, NULL, "policies", &list), GP_OK);
		assert_int_equal(gp_doctor_postconf_list(&pc, NULL, "by_class", &list), GP_OK);
		gp_arena_free(arena);
	}
}

/* no_memory: a status, and nothing half made. */
static void no_memory(void **state)
{
	struct gp_postconf pc;
	(void)state;
	for (size_t ceiling = 16; ceiling < 4096; ceiling += 64) {
		struct gp_arena *arena = gp_arena_new(ceiling);
		int rc = gp_doctor_postconf_parse(arena, gp_span_from(params),
			gp_span_from(services), gp_span_from(overrides), &pc);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		gp_arena_free(arena);
	}
}

/* main: all of them. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw),
		cmocka_unit_test(values),
		cmocka_unit_test(services_and_what_they_overrule),
		cmocka_unit_test(policy_services),
		cmocka_unit_test(restriction_classes),
		cmocka_unit_test(class_of_itself),
		cmocka_unit_test(times),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
