/* SPDX-License-Identifier: ISC */
/*
 * Settling: each part of a list by itself, in an order in which later parts find what they need of
 * the ones before; after something wrong it continues, so that all of it is told at once.
 */
#include "reputation/dnsbl/dnsbl_list.h"

#include <string.h>

#include "base/ipaddr.h"
#include "dns/dns.h"
#include "mail/address.h"
#include "reputation/dnsbl/dnsbl_judge.h"
#include "reputation/dnsbl/dnsbl_key.h"
#include "reputation/dnsbl/dnsbl_rule.h"

#define ZONE_MAX 200    /* so that a name of some length fits before it */
#define IMPLICIT_MAX 3  /* tests and errors that no option names */
#define KEY_SEEN 16     /* letters and digits of a label that is taken for a key */
#define KEY_LABEL "KEY" /* where the key stands in key_zone */

#define ASKS_NAMES (~GP_DNSBL_ASKS_CLIENT)

/* A list that is settled. */
struct settling {
	struct gp_arena *arena;
	struct gp_dnsbl_list *list;
	const struct gp_dnsbl_settling *how;
	bool is_wrong;
};

/* report: about an item of an option, or about the list; a text that is missing is one for which
 * there was no memory. */
static void report(struct settling *s, const char *option, size_t item, const char *text)
{
	const struct gp_dnsbl_problem problem = {option, item, NULL, GP_DNSBL_NO_ITEM, text};
	s->is_wrong = true;
	if (text)
		s->how->report(s->how->arg, &problem);
}

/* report_both: an item of codes that contradicts another one, or one of another option. */
static void report_both(
	struct settling *s, size_t item, const char *other_option, size_t other, const char *text)
{
	const struct gp_dnsbl_problem problem = {"codes", item, other_option, other, text};
	s->is_wrong = true;
	if (text)
		s->how->report(s->how->arg, &problem);
}

/* ---- zone and key ---- */

/* gp_dnsbl_list_key_in: one label more than what follows the key's place. */
size_t gp_dnsbl_list_key_in(const char *key_zone, struct gp_span zone)
{
	struct gp_span own = gp_span_from(key_zone);
	if (!gp_span_has_prefix(own, KEY_LABEL "."))
		return 0;
	own = gp_span_skip(own, strlen(KEY_LABEL));
	if (zone.len < own.len)
		return 0;
	size_t n = zone.len - own.len;
	const struct gp_span tail = gp_span_skip(zone, n);
	if (n == 0 || !gp_span_equal_nocase(tail, own) || memchr(zone.ptr, '.', n))
		return 0;
	return n + 1;
}

/* is_like_key: names that people choose have no such label. */
static bool is_like_key(struct gp_span label)
{
	size_t letters = 0, digits = 0;
	for (size_t i = 0; i < label.len && gp_span_is_alnum(label.ptr[i]); i++)
		*(label.ptr[i] >= '0' && label.ptr[i] <= '9' ? &digits : &letters) += 1;
	return letters && digits && letters + digits >= KEY_SEEN;
}

/* gp_dnsbl_list_looks_keyed: the first label, and others before the domain. */
bool gp_dnsbl_list_looks_keyed(struct gp_span name)
{
	struct gp_span label, rest = name, after;
	bool is_keyed = is_like_key(name);
	while (!is_keyed && gp_span_cut(rest, '.', &label, &after)) {
		const struct gp_span behind = after;
		is_keyed = is_like_key(label) && memchr(behind.ptr, '.', behind.len);
		rest = behind;
	}
	return is_keyed;
}

/* place_of_key: of the label KEY; NULL: there is none. */
static const char *place_of_key(const char *zone)
{
	for (const char *at = zone; (at = strstr(at, KEY_LABEL)); at++)
		if ((at == zone || at[-1] == '.') && at[strlen(KEY_LABEL)] == '.')
			return at;
	return NULL;
}

/* set_asked: the zone with the key in its place, which must be a name; without a key it is only
 * looked at. */
static int set_asked(struct settling *s, const char *place, const char *key)
{
	struct gp_dnsbl_list *list = s->list;
	const char *zone = gp_arena_printf(s->arena, "%.*s%s%s", (int)(place - list->key_zone),
		list->key_zone, key ? key : "K", place + strlen(KEY_LABEL));
	if (!zone)
		return gp_arena_status(s->arena);
	if (!gp_dns_name_is_valid(gp_span_from(zone)) || !gp_address_is_host_name(zone))
		report(s, "key_zone", GP_DNSBL_NO_ITEM, "is no name in DNS");
	else if (strlen(zone) > ZONE_MAX)
		report(s, "key_zone", GP_DNSBL_NO_ITEM,
			"is longer than 200 characters with the key in it");
	list->secret = key;
	if (key)
		list->asked_zone = zone;
	return GP_OK;
}

/* settle_key: the zone with the key in its place; without a key the public one, if there is one. */
static int settle_key(struct settling *s)
{
	struct gp_dnsbl_list *list = s->list;
	const char *place = place_of_key(list->key_zone), *key = NULL, *why = NULL;
	bool is_set = *list->key || *list->key_file || *list->key_credential;
	bool is_needed = list->terms & GP_DNSBL_TERMS_KEY;
	if ((!!*list->key + !!*list->key_file + !!*list->key_credential) > 1)
		report(s, NULL, GP_DNSBL_NO_ITEM,
			"has more than one of key, key_file and key_credential; set one of them");
	list->asked_zone = list->zone;
	list->secret = list->no_key = NULL;
	if (*list->key_zone && !place) {
		report(s, "key_zone", GP_DNSBL_NO_ITEM,
			"has no label " KEY_LABEL " in capitals, in whose place the key is put");
		return GP_OK;
	}
	if (is_set && !place) {
		report(s, NULL, GP_DNSBL_NO_ITEM,
			"has a key, but no key_zone such as KEY.zone.example to put it into");
		return GP_OK;
	}
	if (is_set || is_needed) {
		int rc = gp_dnsbl_key_find(s->arena, list, s->how->credentials, &key, &why);
		if (rc)
			return rc;
	}
	list->no_key = why;
	return place ? set_asked(s, place, key) : GP_OK;
}

/* settle_zone: of the title where none is set. */
static int settle_zone(struct settling *s)
{
	struct gp_dnsbl_list *list = s->list;
	if (!*list->zone)
		list->zone = list->name;
	if (!strchr(list->zone, '.'))
		report(s, "zone", GP_DNSBL_NO_ITEM,
			"is missing: the name of the list is not the name of a zone");
	if (strlen(list->zone) > ZONE_MAX)
		report(s, "zone", GP_DNSBL_NO_ITEM, "is longer than 200 characters");
	if (!*list->family)
		list->family = list->name;
	return settle_key(s);
}

/* ---- rules ---- */

/* check_rules: no answer has two weights, and none is an error as well. */
static void check_rules(struct settling *s, const struct gp_dnsbl_rule *rules, size_t count,
	const struct gp_dnsbl_rule *errors, size_t error_count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!*rules[i].written || !*rules[k].written ||
				!gp_dnsbl_rule_overlap(&rules[i], &rules[k]))
				continue;
			report_both(s, i, "codes", k,
				gp_arena_printf(s->arena, "%s and %s are two rules for one answer",
					rules[i].written, rules[k].written));
			break;
		}
		for (size_t k = 0; k < error_count; k++) {
			if (!*rules[i].written || !*errors[k].written ||
				!gp_dnsbl_rule_covers(&errors[k], &rules[i]))
				continue;
			report_both(s, i, "errors", k,
				gp_arena_printf(s->arena,
					"%s is one of errors as well, which come first: it would "
					"never be a hit",
					rules[i].written));
			break;
		}
	}
}

/* One of the two parsers of rules. */
typedef int (*parse_rule)(struct gp_arena *, struct gp_span, const struct gp_option_network *,
	struct gp_dnsbl_rule *, const char **);

/* read_rules: of an option; what is wrong is told, and leaves a rule that knows nothing. */
static int read_rules(struct settling *s, const char *option, const struct gp_option_texts *from,
	parse_rule parse, struct gp_dnsbl_rule *rules)
{
	for (size_t i = 0; i < from->texts.count; i++) {
		const char *problem = NULL;
		int rc = parse(s->arena, gp_span_from(from->texts.items[i]), &s->list->mask,
			&rules[i], &problem);
		if (rc == GP_ESYNTAX) {
			report(s, option, i, problem);
			rules[i] = (struct gp_dnsbl_rule) {.meaning = "", .written = ""};
		} else if (rc) {
			return rc;
		}
	}
	return GP_OK;
}

/* is_named_by_bit: is the built-in error one answer with that bit, or does the mask stand for no
 * others? A wider mask merely goes over it. */
static bool is_named_by_bit(const struct gp_dnsbl_rule *rule, const struct gp_dnsbl_rule *built_in)
{
	struct gp_dnsbl_rule network = *rule;
	network.is_bit = false;
	network.first[3] = built_in->first[3];
	network.last[3] = built_in->last[3];
	return gp_dnsbl_rule_overlap(rule, built_in) &&
	       (built_in->first[3] == built_in->last[3] ||
		       gp_dnsbl_rule_covers(built_in, &network));
}

/* is_declared: does a code rule name what is an error for every other list? A range that merely
 * goes over it does not. */
static bool is_declared(const struct gp_dnsbl_list *list, const struct gp_dnsbl_rule *built_in)
{
	for (size_t i = 0; i < list->rule_count; i++) {
		const struct gp_dnsbl_rule *rule = &list->rules[i];
		if (rule->is_bit ? is_named_by_bit(rule, built_in)
				 : gp_dnsbl_rule_covers(built_in, rule))
			return true;
	}
	return false;
}

/* Answers that mean trouble for every list: 127.255.255.0/24 (what Spamhaus and others say to
 * resolvers that they refuse), and 127.0.0.1, which resolvers invent. */
static const struct gp_dnsbl_rule built_in_errors[] = {
	{.first = {127, 255, 255, 0},
		.last = {127, 255, 255, 255},
		.meaning = "the list refuses the resolver, or was asked in a wrong way",
		.written = "127.255.255.0/24",
		.is_built_in = true},
	{.first = {127, 0, 0, 1},
		.last = {127, 0, 0, 1},
		.meaning = "a resolver has made this answer up",
		.written = "127.0.0.1",
		.is_built_in = true},
};
#define BUILT_IN_ERRORS (sizeof built_in_errors / sizeof built_in_errors[0])

/* settle_rules: codes and errors, and those that no option names. */
static int settle_rules(struct settling *s)
{
	struct gp_dnsbl_list *list = s->list;
	size_t codes = list->codes.texts.count, errors = list->errors.texts.count;
	const char *problem = gp_dnsbl_rule_mask_problem(&list->mask);
	struct gp_dnsbl_rule *rules = gp_arena_array(s->arena, codes ? codes : 1, sizeof *rules);
	struct gp_dnsbl_rule *error_rules =
		gp_arena_array(s->arena, errors + BUILT_IN_ERRORS, sizeof *error_rules);
	if (!rules || !error_rules)
		return gp_arena_status(s->arena);
	if (problem)
		report(s, "mask", GP_DNSBL_NO_ITEM, problem);
	if (codes == 0)
		report(s, "codes", GP_DNSBL_NO_ITEM, "is empty: no answer would be a hit");
	int rc = read_rules(s, "codes", &list->codes, gp_dnsbl_rule_parse_code, rules);
	if (!rc)
		rc = read_rules(s, "errors", &list->errors, gp_dnsbl_rule_parse_error, error_rules);
	if (rc)
		return rc;
	check_rules(s, rules, codes, error_rules, errors);
	list->rules = rules;
	list->rule_count = codes;
	for (size_t i = 0; i < BUILT_IN_ERRORS; i++)
		if (!is_declared(list, &built_in_errors[i]))
			error_rules[errors++] = built_in_errors[i];
	list->error_rules = error_rules;
	list->error_count = errors;
	return GP_OK;
}

/* ---- tests ---- */

/* read_name: what a test is about; false: it has been told. */
static bool read_name(
	struct settling *s, size_t item, struct gp_span name, struct gp_dnsbl_test *test)
{
	struct gp_ipaddr address;
	const char *problem = NULL;
	bool is_test_net = gp_span_is(name, GP_DNSBL_TEST_TEST_NET);
	test->is_address = is_test_net || gp_ipaddr_parse(name, &address) == GP_OK;
	if (test->is_address && !(s->list->asks & GP_DNSBL_ASKS_CLIENT))
		problem = "an address is never sent to a list that is not asked about clients";
	else if (!test->is_address && !(s->list->asks & ASKS_NAMES))
		problem = "a name is never sent to a list that is asked about clients only";
	else if (test->is_address && !is_test_net && address.family == GP_IP_V6 && !s->list->ipv6)
		problem = "an address of IPv6 needs ipv6 = yes";
	else if (!test->is_address && (gp_address_domain(s->arena, name, &test->name) ||
					      !gp_address_is_host_name(test->name)))
		problem = "neither an address nor a name in DNS";
	if (problem)
		report(s, "tests", item, problem);
	else if (test->is_address)
		test->name = gp_arena_copy(s->arena, name);
	return !problem;
}

/* read_test: "127.0.0.2 listed". */
static void read_test(
	struct settling *s, size_t item, struct gp_span text, struct gp_dnsbl_test *test)
{
	struct gp_span name, word;
	*test = (struct gp_dnsbl_test) {.name = ""};
	bool has_word = gp_span_cut(text, ' ', &name, &word);
	word = gp_span_trim(word);
	test->is_any = has_word && gp_span_is(word, "any");
	test->is_listed = test->is_any || (has_word && gp_span_is(word, "listed"));
	if (!test->is_listed && !(has_word && gp_span_is(word, "not")))
		report(s, "tests", item,
			"after the address or the name stands listed, not or any, as in "
			"\"127.0.0.2 listed\"");
	else if (test->is_listed && (gp_span_is(name, GP_DNSBL_TEST_RANDOM) ||
					    gp_span_is(name, GP_DNSBL_TEST_TEST_NET)))
		report(s, "tests", item, "an entry that is made up for each test is never listed");
	else
		(void)read_name(s, item, name, test); /* what is wrong has been told */
}

/* has_test: is there one about that name? NULL: one that must not be listed, of this sort. */
static bool has_test(const struct gp_dnsbl_list *list, const char *name, bool is_address)
{
	for (size_t i = 0; i < list->test_count; i++) {
		const struct gp_dnsbl_test *t = &list->test_entries[i];
		if (name ? strcmp(t->name, name) == 0
			 : !t->is_listed && t->is_address == is_address)
			return true;
	}
	return false;
}

/* has_negative: may it let mail in that others would keep out? */
static bool has_negative(const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < list->rule_count; i++)
		if (gp_dnsbl_rule_weight(list, &list->rules[i]) < 0)
			return true;
	return list->allow;
}

/* add_canaries: what RFC 5782 5 says that no list has; for a list that lets mail in, whatever the
 * options say, because one that answers everything lets all in. */
static void add_canaries(struct gp_dnsbl_list *list, struct gp_dnsbl_test *tests, bool is_none)
{
	bool is_vital = has_negative(list);
	if (is_none && !is_vital)
		return;
	bool asks_client = list->asks & GP_DNSBL_ASKS_CLIENT;
	if (asks_client &&
		(is_vital ? !has_test(list, "127.0.0.1", true) : !has_test(list, NULL, true)))
		tests[list->test_count++] =
			(struct gp_dnsbl_test) {.name = "127.0.0.1", .is_address = true};
	if (asks_client && is_vital && !has_test(list, GP_DNSBL_TEST_TEST_NET, true))
		tests[list->test_count++] =
			(struct gp_dnsbl_test) {.name = GP_DNSBL_TEST_TEST_NET, .is_address = true};
	if (list->asks & ASKS_NAMES && !has_test(list, NULL, false))
		tests[list->test_count++] = (struct gp_dnsbl_test) {.name = GP_DNSBL_TEST_RANDOM};
}

/* settle_tests: those of the option, and the canaries. */
static int settle_tests(struct settling *s)
{
	struct gp_dnsbl_list *list = s->list;
	const struct gp_config_texts *from = &list->tests.texts;
	bool is_none = from->count == 1 && gp_span_is(gp_span_from(from->items[0]), "none");
	struct gp_dnsbl_test *tests =
		gp_arena_array(s->arena, from->count + IMPLICIT_MAX, sizeof *tests);
	if (!tests)
		return gp_arena_status(s->arena);
	for (size_t i = 0; i < from->count && !is_none; i++)
		read_test(s, i, gp_span_from(from->items[i]), &tests[i]);
	list->test_entries = tests;
	list->test_count = is_none ? 0 : from->count;
	add_canaries(list, tests, is_none);
	return gp_arena_status(s->arena);
}

/* gp_dnsbl_list_settle: part by part. */
int gp_dnsbl_list_settle(
	struct gp_arena *arena, struct gp_dnsbl_list *list, const struct gp_dnsbl_settling *how)
{
	struct settling s = {arena, list, how, false};
	if (!list->asks)
		report(&s, "asks", GP_DNSBL_NO_ITEM, "is empty: there is nothing to ask about");
	int rc = settle_zone(&s);
	if (!rc)
		rc = settle_rules(&s);
	if (!rc)
		rc = settle_tests(&s);
	if (!rc && gp_arena_status(arena))
		rc = gp_arena_status(arena);
	return rc || !s.is_wrong ? rc : GP_ESYNTAX;
}
