/* SPDX-License-Identifier: ISC */
/*
 * DNS lists in the configuration: the table of known ones, use and list, keys that no text shows,
 * mistakes with their lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "reputation/dnsbl/dnsbl_judge.h"
#include "support/said.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define KEY "abcdefghijklmnopqrstuvwxyz"

/* parse: a snapshot without errors. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors))
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* list_of: by its name. */
static const struct gp_dnsbl_list *list_of(const struct gp_config *config, const char *name)
{
	for (size_t i = 0; i < config->dnsbl.count; i++)
		if (strcmp(config->dnsbl.lists[i].name, name) == 0)
			return &config->dnsbl.lists[i];
	fail_msg("there is no list %s", name);
	return NULL;
}

/* ---- the table ---- */

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

/* is_bare: can the name stand in a file without quotes, and in a name of a metric? */
static bool is_bare(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) && *name;
}

/* test_every_row_of_the_table: settled without a problem, in words for the manual, and with
 * weights in which no list of policy refuses alone. */
static void test_every_row_of_the_table(void **state)
{
	struct gp_config *config = table();
	(void)state;
	assert_true(config->dnsbl.count > 30);
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		if (!is_bare(list->name) || !*list->about || !strchr(list->zone, '.') ||
			!list->rule_count || !list->asks)
			fail_msg("%s", list->name);
		for (size_t k = 0; k < list->rule_count; k++)
			if (!*list->rules[k].meaning || abs(list->rules[k].weight) > 5)
				fail_msg("%s: %s", list->name, list->rules[k].written);
		if (list->terms & GP_DNSBL_TERMS_KEY && !list->no_key)
			fail_msg("%s: it has a key", list->name);
		if (*list->key_zone && !strstr(list->key_zone, "KEY."))
			fail_msg("%s: %s", list->name, list->key_zone);
		if (gp_dnsbl_list_key_in(list->key_zone, gp_span_from(list->zone)))
			fail_msg("%s: %s", list->name, list->zone);
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->zone, config->dnsbl.lists[k].zone) == 0)
				fail_msg("%s stands there twice", list->zone);
	}
	gp_config_free(config);
}

/* test_no_address_to_domain_lists: no list of names is tested with 127.0.0.2, which such lists
 * answer with an error (spamhaus/rspamd-dqs#6). */
static void test_no_address_to_domain_lists(void **state)
{
	struct gp_config *config = table();
	(void)state;
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		for (size_t k = 0; k < list->test_count; k++)
			if (list->test_entries[k].is_address !=
				(list->asks == GP_DNSBL_ASKS_CLIENT))
				fail_msg("%s: %s", list->name, list->test_entries[k].name);
	}
	gp_config_free(config);
}

/* test_allow_lists_have_canaries: each list that may let mail in is asked about what it must not
 * have, whatever the address of the resolver is worth to it (rspamd/rspamd#4627). */
static void test_allow_lists_have_canaries(void **state)
{
	struct gp_config *config = table();
	size_t found = 0;
	(void)state;
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		bool is_vital = list->allow;
		size_t canaries = 0;
		for (size_t k = 0; k < list->rule_count; k++)
			is_vital = is_vital || list->rules[k].weight < 0;
		for (size_t k = 0; k < list->test_count; k++)
			canaries += !list->test_entries[k].is_listed;
		found += is_vital;
		if (is_vital && canaries < (list->asks & GP_DNSBL_ASKS_CLIENT ? 2 : 1))
			fail_msg("%s", list->name);
	}
	assert_true(found >= 4);
	gp_config_free(config);
}

/* judge: one answer of a known list: its meaning, and its weight. */
static void judge(const struct gp_config *config, const char *name, const char *answer,
	enum gp_dnsbl_meaning meaning, int weight)
{
	struct gp_ipaddr address;
	struct gp_dnsbl_code code;
	struct gp_dnsbl_judgement judgement;
	assert_int_equal(gp_ipaddr_parse(gp_span_from(answer), &address), GP_OK);
	memcpy(code.octet, address.bytes, sizeof code.octet);
	gp_dnsbl_judge(list_of(config, name), &code, 1, &judgement);
	if (judgement.meaning != meaning || judgement.weight != weight)
		fail_msg("%s: %s: %d, %d", name, answer, judgement.meaning, judgement.weight);
}

/* test_answers_of_the_table: what documented answers mean. */
static void test_answers_of_the_table(void **state)
{
	static const struct {
		const char *list, *answer;
		enum gp_dnsbl_meaning meaning;
		int weight;
	} rows[] = {
		{"spamhaus-zen", "127.0.0.2", GP_DNSBL_HIT, 3},
		{"spamhaus-zen", "127.0.0.7", GP_DNSBL_HIT, 3},
		{"spamhaus-zen", "127.0.0.8", GP_DNSBL_UNKNOWN, 0},
		{"spamhaus-zen", "127.0.0.9", GP_DNSBL_HIT, 4},
		{"spamhaus-zen", "127.0.0.11", GP_DNSBL_HIT, 2},
		{"spamhaus-zen", "127.0.0.12", GP_DNSBL_UNKNOWN, 0},
		{"spamhaus-zen", "127.0.0.30", GP_DNSBL_HIT, 4},
		{"spamhaus-zen", "127.255.255.254", GP_DNSBL_ERROR, 0},
		{"spamhaus-zen", "127.0.0.1", GP_DNSBL_ERROR, 0},
		{"spamhaus-zen", "146.112.61.108", GP_DNSBL_OUTSIDE, 0},
		{"spamhaus-dbl", "127.0.1.2", GP_DNSBL_HIT, 3},
		{"spamhaus-dbl", "127.0.1.105", GP_DNSBL_HIT, 2},
		{"spamhaus-dbl", "127.0.1.255", GP_DNSBL_ERROR, 0},
		{"spamhaus-zrd", "127.0.2.6", GP_DNSBL_HIT, 2},
		{"spamhaus-zrd", "127.0.2.7", GP_DNSBL_HIT, 1},
		{"spamhaus-zrd", "127.0.2.255", GP_DNSBL_ERROR, 0},
		{"abusix", "127.0.0.200", GP_DNSBL_HIT, 3},
		{"dnswl", "127.0.5.0", GP_DNSBL_HIT, 0},
		{"dnswl", "127.0.5.3", GP_DNSBL_HIT, -5},
		{"dnswl", "127.0.9.2", GP_DNSBL_HIT, -3},
		{"dnswl", "127.0.10.3", GP_DNSBL_ERROR, 0},
		{"dnswl", "127.0.10.0", GP_DNSBL_ERROR, 0},
		{"dnswl", "127.0.0.255", GP_DNSBL_ERROR, 0},
		{"dnswl", "127.0.0.1", GP_DNSBL_ERROR, 0},
		{"dnswl-domain", "127.0.10.3", GP_DNSBL_ERROR, 0},
		{"surbl", "127.0.0.8", GP_DNSBL_HIT, 4},
		{"surbl", "127.0.0.12", GP_DNSBL_HIT, 4},
		{"surbl", "127.0.0.68", GP_DNSBL_HIT, 3},
		{"surbl", "127.0.0.1", GP_DNSBL_ERROR, 0},
		{"surbl", "127.0.0.9", GP_DNSBL_ERROR, 0},
		{"surbl", "127.0.0.2", GP_DNSBL_UNKNOWN, 0},
		{"surbl", "127.1.2.8", GP_DNSBL_HIT, 4},
		{"surbl", "127.1.2.1", GP_DNSBL_ERROR, 0},
		{"surbl", "127.255.255.254", GP_DNSBL_ERROR, 0},
		{"spamrats", "127.0.0.38", GP_DNSBL_HIT, 2},
		{"spamrats", "127.0.0.43", GP_DNSBL_HIT, 0},
		{"uribl", "127.0.0.2", GP_DNSBL_HIT, 3},
		{"uribl", "127.0.0.1", GP_DNSBL_ERROR, 0},
		{"uceprotect-2", "127.0.0.2", GP_DNSBL_HIT, 0},
		{"uceprotect-3", "127.0.0.2", GP_DNSBL_HIT, 0},
		{"mailspike-rep", "127.0.0.20", GP_DNSBL_HIT, -2},
		{"mailspike-rep", "127.0.0.15", GP_DNSBL_HIT, 0},
		{"spamhaus-authbl", "127.0.0.20", GP_DNSBL_HIT, 0},
		{"barracuda", "127.255.255.255", GP_DNSBL_ERROR, 0},
	};
	struct gp_config *config = table();
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		judge(config, rows[i].list, rows[i].answer, rows[i].meaning, rows[i].weight);
	gp_config_free(config);
}

/* test_entries_of_the_table: which lists must have an entry, and the names of these. */
static void test_entries_of_the_table(void **state)
{
	static const struct {
		const char *list, *entries;
	} rows[] = {
		{"spamhaus-zen", "127.0.0.2 ::ffff:7f00:2 "},
		{"spamhaus-dbl", "dbltest.com "},
		{"spamcop", "127.0.0.2 "},
		{"barracuda", "127.0.0.2 "},
		{"psbl", "127.0.0.2 "},
		{"s5h", "127.0.0.2 ::ffff:7f00:2 "},
		{"abusix", "127.0.0.2 ::ffff:7f00:2 "},
		{"surbl", "test.surbl.org "},
		{"sem", "127.0.0.2 "},
		{"dnswl", "127.0.0.2 "},
	};
	struct gp_config *config = table();
	size_t found = 0;
	(void)state;
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		const char *wanted = "";
		char entries[256] = "";
		for (size_t k = 0; k < list->test_count; k++)
			if (list->test_entries[k].is_listed)
				snprintf(entries + strlen(entries),
					sizeof entries - strlen(entries), "%s ",
					list->test_entries[k].name);
		for (size_t k = 0; k < COUNT(rows); k++)
			if (strcmp(rows[k].list, list->name) == 0)
				wanted = rows[k].entries;
		if (strcmp(entries, wanted) != 0)
			fail_msg("%s: %s", list->name, entries);
		found += *wanted != 0;
	}
	assert_int_equal(found, COUNT(rows));
	gp_config_free(config);
}

/* test_every_bit: of a list of bits, every combination is the largest weight, or an error. */
static void test_every_bit(void **state)
{
	static const int weights[] = {0, 0, 1, 4, 4, 1, 3, 2};
	struct gp_config *config = table();
	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		char answer[16];
		int weight = 0;
		for (unsigned bit = 2; bit < 8; bit++)
			if (n & 1u << bit && weights[bit] > weight)
				weight = weights[bit];
		snprintf(answer, sizeof answer, "127.0.0.%u", n);
		judge(config, "surbl", answer,
			n & 1      ? GP_DNSBL_ERROR
			: n & 0xfc ? GP_DNSBL_HIT
				   : GP_DNSBL_UNKNOWN,
			n & 1 ? 0 : weight);
	}
	gp_config_free(config);
}

/* test_dead_zones: none of them is a known list, and each says what it does. */
static void test_dead_zones(void **state)
{
	struct gp_config *config = table();
	(void)state;
	assert_true(config->dnsbl.dead_count > 20);
	for (size_t i = 0; i < config->dnsbl.dead_count; i++) {
		const struct gp_dnsbl_dead *dead = &config->dnsbl.dead[i];
		assert_true(strchr(dead->zone, '.') && *dead->now);
		for (size_t k = 0; k < config->dnsbl.count; k++)
			assert_null(strstr(config->dnsbl.lists[k].zone, dead->zone));
	}
	gp_config_free(config);
}

/* ---- use and list ---- */

/* test_use: a copy of the table's, with what the file changes. */
static void test_use(void **state)
{
	struct gp_config *c = parse("use spamhaus-zen { }\n"
				    "use \"DNSWL\" { weight = -5 }\n"
				    "use psbl { codes = { \"127.0.0.2 = 2\" } }\n"
				    "use spamcop { codes += { \"127.0.0.3 = 1 more\" } "
				    "tests += { \"127.0.0.9 not\" } asks += { client } "
				    "terms += { key } }\n");
	(void)state;
	assert_int_equal(c->dnsbl.mode, GP_MODE_OFF);
	assert_int_equal(c->dnsbl.count, 4);
	const struct gp_dnsbl_list *zen = list_of(c, "spamhaus-zen");
	assert_string_equal(zen->zone, "zen.spamhaus.org");
	assert_string_equal(zen->asked_zone, "zen.spamhaus.org");
	assert_string_equal(zen->family, "spamhaus");
	assert_true(zen->is_builtin && zen->ipv6 && zen->border);
	assert_int_equal(zen->rule_count, 7);
	assert_string_equal(zen->file, "t.conf");
	assert_int_equal(zen->line, 1);
	judge(c, "dnswl", "127.0.5.1", GP_DNSBL_HIT, -5);
	judge(c, "dnswl", "127.0.5.0", GP_DNSBL_HIT, 0);
	assert_int_equal(list_of(c, "psbl")->rule_count, 1);
	judge(c, "psbl", "127.0.0.2", GP_DNSBL_HIT, 2);
	const struct gp_dnsbl_list *cop = list_of(c, "spamcop");
	assert_int_equal(cop->rule_count, 2);
	assert_int_equal(cop->test_count, 3);
	assert_int_equal(cop->asks, GP_DNSBL_ASKS_CLIENT);
	assert_int_equal(cop->terms, GP_DNSBL_TERMS_KEY);
	assert_int_equal(cop->line, 4);
	gp_config_free(c);
}

/* test_list: one of the operator's own; zones in lower case, without the root's dot. */
static void test_list(void **state)
{
	struct gp_config *c = parse(
		"list \"BL.Example.\" { codes = { \"127.0.0.2 = 2\", \"127.0.0.10-11 = 1\" } }\n"
		"list mine { zone = Uri.Example. asks = { sender, helo, rdns } reduce = registered "
		"mask = 127.0.0.0/24 codes = { \"bit 2 = 3\", \"bit 8 = 1\" } errors = { \"bit 1\" "
		"} "
		"tests = { \"test.example listed\" } off = yes }\n");
	(void)state;
	const struct gp_dnsbl_list *list = list_of(c, "bl.example");
	assert_string_equal(list->zone, "bl.example");
	assert_false(list->is_builtin);
	assert_int_equal(list->rule_count, 2);
	list = list_of(c, "mine");
	assert_string_equal(list->zone, "uri.example");
	assert_string_equal(list->family, "mine");
	assert_int_equal(
		list->asks, GP_DNSBL_ASKS_SENDER | GP_DNSBL_ASKS_HELO | GP_DNSBL_ASKS_RDNS);
	assert_true(list->is_off);
	judge(c, "mine", "127.0.0.10", GP_DNSBL_HIT, 3);
	judge(c, "mine", "127.0.0.11", GP_DNSBL_ERROR, 0);
	gp_config_free(c);
}

/* test_mistakes: one line each, with what was meant, or both places. */
static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{"use spamhous-zen { }",
			"t.conf:1: use spamhous-zen: no known list has this name; did you mean "
			"spamhaus-zen?"},
		{"use dnswl-dwl { }", "t.conf:1: use dnswl-dwl: no known list has this name; there "
				      "are dnswl, dnswl-domain"},
		{"use uceprotect { }",
			"t.conf:1: use uceprotect: no known list has this name; there are "
			"uceprotect-1, uceprotect-2, uceprotect-3"},
		{"use example { }",
			"t.conf:1: use example: no known list has this name; gatepost-lists(7) has "
			"them all, and others are a section list"},
		{"use sorbs { }",
			"t.conf:1: use sorbs: sorbs.net is closed; its zones are empty (since "
			"2024-06-05); remove the section"},
		{"use psbl { }\nuse spamcop { }\nuse psbl { }",
			"t.conf:3: use psbl: repeated; it is set in line 1 already"},
		{"use psbl { weight = 1001 }",
			"t.conf:1: use psbl.weight: 1001 is not allowed here; allowed: a number "
			"from -1000 to 1000, or by-code"},
		{"use psbl { weight = 99999999999999999999 }",
			"t.conf:1: use psbl.weight: 99999999999999999999 is not allowed here; "
			"allowed: a number from -1000 to 1000, or by-code"},
		{"list x.example {\n codes = { \"127.0.0.2 = 1\",\n \"127.0.0.3 = 1\",\n "
		 "\"127.0.0.2-4 = 2\" }\n}",
			"t.conf:4: list x.example.codes: 127.0.0.2-4 and 127.0.0.2 are two rules "
			"for one answer (lines 2 and 4)"},
		{"list x.example { codes = { \"127.0.0.2 = 1\", \"127.0.0.2 = 2\" } }",
			"t.conf:1: list x.example.codes: 127.0.0.2 and 127.0.0.2 are two rules for "
			"one answer (both in line 1)"},
		{"use psbl {\n codes += { \"127.0.0.2 = 2\" } }",
			"t.conf:2: use psbl.codes: 127.0.0.2 and 127.0.0.2 are two rules for one "
			"answer"},
		{"list x.example {\n codes = {\n \"127.0.0.9-2 = 1\" } }",
			"t.conf:3: list x.example.codes \"127.0.0.9-2 = 1\": the range runs "
			"backwards; write 2-9"},
		{"list x.example { codes = { \"127.0.0.2 = a\", \"127.0.0.3 = 1001\", "
		 "\"127.0.0.4 = 2\" } }",
			"t.conf:1: list x.example.codes \"127.0.0.2 = a\": its weight must be a "
			"number from -1000 to 1000\n"
			"t.conf:1: list x.example.codes \"127.0.0.3 = 1001\": its weight must be a "
			"number from -1000 to 1000"},
		{"list x.example {\n errors = {\n \"127.0.0.0/24 refused\" }\n codes = {\n "
		 "\"127.0.0.2 = 1\" } }",
			"t.conf:5: list x.example.codes: 127.0.0.2 is one of errors as well, which "
			"come first: it would never be a hit (lines 3 and 5)"},
		{"list x.example { errors = { \"127.0.0.2\" } codes = { \"127.0.0.2 = 1\" } }",
			"t.conf:1: list x.example.codes: 127.0.0.2 is one of errors as well, which "
			"come first: it would never be a hit (both in line 1)"},
		{"use psbl {\n errors += {\n \"127.0.0.2\" } }",
			"t.conf:3: use psbl.codes: 127.0.0.2 is one of errors as well, which come "
			"first: it would never be a hit"},
		{"list x.example { codes = { \"bit 2 = 1\" } }",
			"t.conf:1: list x.example.codes \"bit 2 = 1\": a bit needs the option "
			"mask, such as \"127.0.0.0/24\""},
		{"list x.example {\n tests = { \"example.org listed\" } }",
			"t.conf:2: list x.example.tests \"example.org listed\": a name is never "
			"sent to a list that is asked about clients only"},
		{"list x { }", "t.conf:1: list x.zone: is missing: the name of the list is not the "
			       "name of a zone"},
		{"list spamcop { }",
			"t.conf:1: list spamcop: this list is known already; write use spamcop {"},
		{"list x.exam!ple { }",
			"t.conf:1: list x.exam!ple: its name is no name in DNS, so that the option "
			"zone is needed"},
		{"list { }", "t.conf:1: list: the name is missing; write list NAME {"},
		{"list x.example { zone = a..b }",
			"t.conf:1: list x.example.zone: a..b is not allowed here; allowed: a name "
			"in DNS, at most 200 characters"},
		{"list x.example { cods = 1 }",
			"t.conf:1: unknown option list.cods; did you mean list.codes?"},
		{"dead x.example { }",
			"t.conf:1: unknown section dead; gatepost check-config --example lists all "
			"sections"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		test_said_error(rows[i].text, rows[i].line);
}

/* test_too_many: one line about it. */
static void test_too_many(void **state)
{
	char text[4096] = "";
	(void)state;
	for (int i = 0; i < GP_DNSBL_LISTS_MAX + 3; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "list x%d.example { }\n",
			i);
	test_said_error(text, "t.conf:33: more than 32 DNS lists");
}

/* ---- keys ---- */

/* text_of: a dump. */
static char *text_of(const struct gp_config *config)
{
	struct gp_arena *arena = gp_arena_new(1 << 22);
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, 1 << 20);
	assert_int_equal(gp_config_dump(config, &buf), GP_OK);
	char *text = strdup(buf.data);
	gp_arena_free(arena);
	return text;
}

/* test_key_in_no_text: neither a dump nor a warning has it; what is queried has it. */
static void test_key_in_no_text(void **state)
{
	static const char *const files[] = {
		"use spamhaus-zen { key = " KEY " }",
		"use spamhaus-zen { zone = " KEY ".zen.dq.spamhaus.net }",
		"list spamhaus-zen { zone = " KEY ".ZEN.dq.spamhaus.net. }",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct gp_config *c = parse(files[i]);
		const struct gp_dnsbl_list *list = list_of(c, "spamhaus-zen");
		assert_string_equal(list->asked_zone, KEY ".zen.dq.spamhaus.net");
		assert_string_equal(list->secret, KEY);
		assert_null(strstr(list->zone, KEY));
		for (size_t k = 0; k < c->warnings.count; k++)
			assert_null(strstr(c->warnings.items[k], KEY));
		char *text = text_of(c);
		assert_null(strstr(text, KEY));
		assert_non_null(strstr(text, "key = \"(hidden)\""));
		free(text);
		gp_config_free(c);
	}
	struct gp_config *c = parse("list " KEY ".zen.dq.spamhaus.net { }");
	const struct gp_dnsbl_list *list = list_of(c, "zen.dq.spamhaus.net");
	assert_string_equal(list->asked_zone, KEY ".zen.dq.spamhaus.net");
	assert_string_equal(list->zone, "zen.dq.spamhaus.net");
	gp_config_free(c);
}

/* test_key_in_no_error: whatever is wrong with it or beside it. */
static void test_key_in_no_error(void **state)
{
	static const char *const files[] = {
		"use spamhaus-zen { key = \"" KEY "/\" }",
		"use spamhaus-zen { key = " KEY KEY KEY " }",
		"use spamhaus-zen { key " KEY " }",
		"use spamhaus-zen { key: " KEY " }",
		"use spamhaus-zen { key:" KEY " }",
		"use spamhaus-zen { key = x " KEY " }",
		"use spamhaus-zen { key = \"x\" " KEY " }",
		"use spamhaus-zen { key = { " KEY " } }",
		"use spamhaus-zen { key = " KEY ", }",
		"use spamhaus-zen { key = (" KEY ") }",
		"use spamhaus-zen { key += " KEY " }",
		"use spamhaus-zen { key = " KEY " key = " KEY " }",
		"use spamhaus-zen { key = " KEY " key_file = /x }",
		"use spamhaus-zen { kay = " KEY " }",
		"use psbl { key = " KEY " }",
		"use spamhaus-zen { zone = " KEY "1.zen.dq.spamhaus.net; }",
		"use spamhaus-zen { zone = \"" KEY "1..zen.dq.spamhaus.net\" }",
		"list " KEY ".zen.dq.spamhaus.net { codes = {} }",
		"list " KEY ".zen.dq.spamhaus.net { weight = x }",
		"list " KEY ".zen.dq.spamhaus.net { }\nlist " KEY ".zen.dq.spamhaus.net { }",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse(gp_span_from(files[i]), "t.conf", &config, &errors) == GP_OK)
			fail_msg("%s: no error", files[i]);
		if (strstr(errors.text, KEY))
			fail_msg("%s: %s", files[i], errors.text);
		gp_config_errors_fini(&errors);
	}
	test_said_error("use spamhaus-zen { key = \"(hidden)\" }",
		"t.conf:1: use spamhaus-zen.key: (hidden) is not allowed here (that stands for a "
		"key in a dump; write the key itself); allowed: letters, digits, - and _, at most "
		"63 characters, or empty");
}

/* test_dump: reads back as what it was. */
static void test_dump(void **state)
{
	struct gp_config *c = parse("dnsbl { mode = label }\nuse dnswl { weight = -5 max = 3 }\n"
				    "list uri.example { asks = { sender } mask = 127.0.0.0/24 "
				    "codes = { \"bit 2 = 3 x\" } }\nuse psbl { }\n");
	(void)state;
	char *first = text_of(c);
	gp_config_free(c);
	c = parse(first);
	char *second = text_of(c);
	assert_string_equal(first, second);
	assert_int_equal(c->dnsbl.count, 3);
	assert_string_equal(c->dnsbl.lists[1].name, "uri.example");
	free(first);
	free(second);
	gp_config_free(c);
}

/* test_saved: a private file, which has the key, and needs no file of the operator's. */
static void test_saved(void **state)
{
	char directory[] = "/tmp/gatepost-lists-XXXXXX", key[64], text[256], saved[512];
	struct gp_config_errors errors = {0};
	struct gp_config *c, *again;
	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(key, sizeof key, "%s/dqs.key", directory);
	FILE *f = fopen(key, "w");
	assert_non_null(f);
	fputs(KEY "\n", f);
	fclose(f);
	snprintf(text, sizeof text, "use spamhaus-zen { key_file = %s }\n", key);
	c = parse(text);
	assert_int_equal(gp_config_save(c, directory), GP_OK);
	assert_int_equal(unlink(key), 0);
	if (gp_config_load_saved(directory, c->path, &again, &errors, NULL))
		fail_msg("%s", errors.text);
	const struct gp_dnsbl_list *list = list_of(again, "spamhaus-zen");
	assert_string_equal(list->asked_zone, KEY ".zen.dq.spamhaus.net");
	assert_null(list->no_key);
	gp_config_errors_fini(&errors);
	assert_true(gp_config_saved_path(directory, c->path, saved, sizeof saved));
	gp_config_free(again);
	gp_config_free(c);
	assert_int_equal(unlink(saved), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* with_key_file: a snapshot whose list has its key in a file, which is gone afterwards. */
static struct gp_config *with_key_file(const char *path, const char *text, bool has_file)
{
	FILE *f = has_file ? fopen(path, "w") : NULL;
	if (f) {
		fputs(KEY "\n", f);
		fclose(f);
	}
	struct gp_config *config = parse(text);
	if (has_file)
		assert_int_equal(unlink(path), 0);
	return config;
}

/* test_inherited_key: a daemon that can no longer read it keeps the one that it has. */
static void test_inherited_key(void **state)
{
	char directory[] = "/tmp/gatepost-lists-XXXXXX", path[64], text[256];
	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/dqs.key", directory);
	snprintf(text, sizeof text,
		"dnsbl { mode = label reject_at = 0 }\n"
		"use spamhaus-zen { key_file = %s terms = {} }\nuse abusix { off = yes }\n",
		path);
	struct gp_config *before = with_key_file(path, text, true);
	struct gp_config *after = with_key_file(path, text, false);
	const struct gp_dnsbl_list *list = list_of(after, "spamhaus-zen");
	assert_non_null(list->no_key);
	assert_int_equal(after->warnings.count, 1);
	assert_non_null(strstr(after->warnings.items[0], ": it is not queried: "));
	gp_config_inherit_keys(after, before);
	gp_config_free(before);
	list = list_of(after, "spamhaus-zen");
	assert_null(list->no_key);
	assert_string_equal(list->asked_zone, KEY ".zen.dq.spamhaus.net");
	assert_string_equal(list->secret, KEY);
	assert_non_null(list_of(after, "abusix")->no_key);
	assert_int_equal(after->warnings.count, 1);
	assert_non_null(strstr(after->warnings.items[0],
		"No such file or directory; the key that was read before is used"));
	/* another file is another key */
	before = after;
	snprintf(text, sizeof text, "use spamhaus-zen { key_file = %s.new }\n", path);
	after = parse(text);
	gp_config_inherit_keys(after, before);
	assert_non_null(list_of(after, "spamhaus-zen")->no_key);
	gp_config_free(before);
	gp_config_free(after);
	assert_int_equal(rmdir(directory), 0);
}

/* test_missing_key: no error of the file; the list is not to be asked. */
static void test_missing_key(void **state)
{
	struct gp_config *c = parse("use abusix { }\nuse spamhaus-zen { key_file = /nowhere/key }\n"
				    "use spamhaus-dbl { key_credential = dqs }\nuse psbl { }\n");
	(void)state;
	assert_non_null(list_of(c, "abusix")->no_key);
	assert_non_null(list_of(c, "spamhaus-zen")->no_key);
	assert_non_null(list_of(c, "spamhaus-dbl")->no_key);
	assert_null(list_of(c, "psbl")->no_key);
	gp_config_free(c);
}

/* test_dead_lists: a zone of the operator's that is known to be closed, or lies below one. */
static void test_dead_lists(void **state)
{
	struct gp_config *c = parse("list dnsbl.sorbs.net { }\nlist notsorbs.net { }\n"
				    "list ix.dnsbl.manitu.net { }\n");
	(void)state;
	assert_string_equal(list_of(c, "dnsbl.sorbs.net")->dead,
		"sorbs.net is closed; its zones are empty (since 2024-06-05)");
	assert_non_null(list_of(c, "ix.dnsbl.manitu.net")->dead);
	assert_null(list_of(c, "notsorbs.net")->dead);
	gp_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_of_the_table),
		cmocka_unit_test(test_no_address_to_domain_lists),
		cmocka_unit_test(test_allow_lists_have_canaries),
		cmocka_unit_test(test_answers_of_the_table),
		cmocka_unit_test(test_entries_of_the_table),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_dead_zones),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_key_in_no_text),
		cmocka_unit_test(test_key_in_no_error),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_inherited_key),
		cmocka_unit_test(test_missing_key),
		cmocka_unit_test(test_dead_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
