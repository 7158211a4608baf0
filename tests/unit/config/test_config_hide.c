/* SPDX-License-Identifier: ISC */
/*
 * Keys of DNS lists, wherever they are written: whatever becomes of the file, no error, warning,
 * name of a list or dump has them.
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
#include "support/said.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define MIXED "abcdefghijklm1234567890abc"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLM1234567890ABC"

/* Spellings, with the key at K. Those of the second kind have nothing by which a key of letters
 * could be told from a name. */
static const char *const spellings[] = {
	"list \"K.zen.dq.spamhaus.net\" { }",
	"list K.zen.dq.spamhaus.net. { weight = x }",
	"list \"K.sbl.dq.spamhaus.net\" { }",
	"list \"K.sbl.dq.spamhaus.net\" { codes = { \"127.0.0.2\" } }",
	"list \"sub.K.zen.dq.spamhaus.net\" { }",
	"list x { zone = sub.K.zen.dq.spamhaus.net }",
	"list \"K.anything.mail.abusix.zone\" { }",
	"list \"K.other.spamrats.com\" { tests = { \"x listed\" } }",
	"list x { zone = K.zen.dq.spamhaus.net }",
	"list x { zone = K.ZEN.DQ.spamhaus.net. }",
	"list x { zone = \"K.sbl.dq.spamhaus.net\" codes = {} }",
	"list x { zone K.zen.dq.spamhaus.net }",
	"list x { zone: K.zen.dq.spamhaus.net }",
	"list x { zone:K.zen.dq.spamhaus.net }",
	"list x { zone = K.zen.dq.spamhaus.net x }",
	"list x { zone = { K.zen.dq.spamhaus.net } }",
	"list x { zone = \"K .zen.dq.spamhaus.net\" }",
	"list x { zone = \"K..zen.dq.spamhaus.net\" }",
	"list x { zone += K.zen.dq.spamhaus.net }",
	"list x { zone = (K.zen.dq.spamhaus.net) }",
	"list x { zone = K.zen.dq.spamhaus.net, }",
	"list x { zone = K.zen.dq.spamhaus.net; }",
	"list K.zen.dq.spamhaus.net = x",
	"list K.zen.dq.spamhaus.net x { }",
	"list K.zen.dq.spamhaus.net",
	"list \"K.zen.dq.spamhaus.net\" { foo = 1 }",
	"list \"K.zen.dq.spamhaus.net\" { }\nlist \"K.zen.dq.spamhaus.net\" { }",
	"list other { zone = K.dq.other.example key_zone = KEY.dq.other.example }",
	"list other { key_zone = KEY.dq.other.example zone = K.dq.other.example. mask = 1 }",
	"list other { key_zone = KEY.dq.other.example. zone = K.dq.other.example }",
	"list K.dq.other.example { key_zone = KEY.dq.other.example }",
	"list K.dq.other.example { key_zone = KEY.dq.other.example weight = x }",
	("list K.dq.other.example { key_zone = KEY.dq.other.example }\n"
	 "list K.dq.other.example { key_zone = KEY.dq.other.example }"),
	"use K.zen.dq.spamhaus.net { }",
	"use K.zen.dq.spamhaus.net { key = K }",
	"use K.zen.dq.spamhaus.net = x",
	"use K.zen.dq.spamhaus.net",
	"use K.other.dq.spamhaus.net { foo = 1 }",
	"use spamhaus-zen { zone = K.zen.dq.spamhaus.net }",
	"use spamhaus-zen { zone = K.zen.dq.spamhaus.net key_file = /x }",
	"use spamhaus-zen { key = K }",
	"use spamhaus-zen { key K }",
	"use spamhaus-zen { key = \"K x\" }",
	"use spamhaus-zen { key = K K }",
	"use spamhaus-zen { kee = K }",
	"use spamhaus-zen { K }",
	"use spamhaus-zen { K = key }",
	"use spamhaus-zen K { }",
	"use spamhaus-zen { key_file = K }",
	"use spamhaus-zen { key_file = \"K \" }",
	"use spamhaus-zen { key = /K }",
	"use K { }",
	"use spamhaus-zen { key = K key = K }",
	"dnsbl { key = K }",
	"dnsbl { K }",
	"dnsbl { mode = K }",
};
static const char *const mixed_only[] = {
	"list K.bl.example.net { }",
	"list K.bl.example.net. { zone = \"\" }",
	"list x { zone = K.bl.example.net }",
	"list x { zone = sub.K.bl.example.net }",
	"list x { zone = K.dq.spamhaus.net }",
	"list K { zone = bl.example.net }",
	"list x { zone = bl.example.net family = K }",
	"use spamhaus-zen { key_zone = K.zen.dq.spamhaus.net }",
	"use spamhaus-zen { key_zone = KEY.K.dq.spamhaus.net }",
	"use spamhaus-zen { key_credential = K }",
	"list other { zone = K.bl.example.net key_zone = KEY.dq.other.example }",
	"list other { zone = K.bl.example.net key = x key_zone = KEY.bl.example.net }",
};

/* with_key: a spelling with the key in its places. */
static void with_key(const char *spelling, const char *key, char *text, size_t size)
{
	size_t n = 0;
	for (const char *p = spelling; *p && n + 64 < size; p++) {
		if (*p == 'K' && strncmp(p, "KEY.", 4) != 0)
			n += (size_t)snprintf(text + n, size - n, "%s", key);
		else if (*p == 'K')
			n += (size_t)snprintf(text + n, size - n, "KEY"), p += 2;
		else
			text[n++] = *p;
	}
	text[n] = 0;
}

/* expect_none: a text without the key, or the larger part of it. */
static void expect_none(const char *text, const char *file)
{
	if (text && (strcasestr(text, "abcdefghijkl") || strcasestr(text, "34567890abc")))
		fail_msg("%s\n%s", file, text);
}

/* check_config: what a snapshot shows. */
static void check_config(const struct gp_config *config, const char *file)
{
	struct gp_arena *arena = gp_arena_new(1 << 22);
	struct gp_strbuf buf;
	for (size_t i = 0; i < config->warnings.count; i++)
		expect_none(config->warnings.items[i], file);
	for (size_t i = 0; i < config->dnsbl.count; i++) {
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[i];
		const char *shown[] = {list->name, list->zone, list->key_zone, list->family,
			list->no_key, list->dead};
		for (size_t k = 0; k < COUNT(shown); k++)
			expect_none(shown[k], file);
	}
	gp_strbuf_init(&buf, arena, 1 << 20);
	assert_int_equal(gp_config_dump(config, &buf), GP_OK);
	expect_none(buf.data, file);
	gp_arena_free(arena);
}

/* check_files: each spelling alone, and in a file that lists are queried with. */
static void check_files(const char *const *rows, size_t count, const char *key)
{
	static const char *const before[] = {"", "dnsbl { mode = enforce }\nuse spamcop { }\n"};
	for (size_t i = 0; i < count * COUNT(before); i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		char text[1024], file[2048];
		with_key(rows[i / COUNT(before)], key, text, sizeof text);
		snprintf(file, sizeof file, "%s%s\n", before[i % COUNT(before)], text);
		if (gp_config_parse(gp_span_from(file), "t.conf", &config, &errors) == GP_OK) {
			check_config(config, file);
			gp_config_free(config);
		} else if (!*errors.text) {
			fail_msg("%s: no text", file);
		}
		expect_none(errors.text, file);
		gp_config_errors_fini(&errors);
	}
}

/* test_no_spelling_shows_a_key: of Spamhaus and others. */
static void test_no_spelling_shows_a_key(void **state)
{
	(void)state;
	check_files(spellings, COUNT(spellings), MIXED);
	check_files(spellings, COUNT(spellings), UPPER);
	check_files(mixed_only, COUNT(mixed_only), MIXED);
	check_files(mixed_only, COUNT(mixed_only), UPPER);
}

/* test_keys_of_letters: where the zone says that it is one. */
static void test_keys_of_letters(void **state)
{
	(void)state;
	check_files(spellings, COUNT(spellings), LETTERS);
}

/* test_cut_key: a value that is too long for a message is cut, perhaps within the key. */
static void test_cut_key(void **state)
{
	(void)state;
	for (int blanks = 40; blanks < 80; blanks++) {
		char spelling[256];
		snprintf(spelling, sizeof spelling, "use spamhaus-zen { key_file = \"%*sK\" }",
			blanks, "x");
		const char *const rows[] = {spelling};
		check_files(rows, 1, MIXED);
	}
}

/* test_what_to_write: each message says where a key belongs. */
static void test_what_to_write(void **state)
{
	(void)state;
	test_said_error("use " MIXED ".zen.dq.spamhaus.net { }",
		"t.conf:1: use (hidden).zen.dq.spamhaus.net: a key does not belong here; write use "
		"spamhaus-zen { key_file = \"/etc/gatepost/spamhaus-zen.key\" }");
	test_said_error("use " MIXED ".other.mail.abusix.zone { }",
		"t.conf:1: use (hidden).other.mail.abusix.zone: a key does not belong here; write "
		"use NAME { key_file = \"/etc/gatepost/NAME.key\" }");
	test_said_error("list x {\nzone = " MIXED ".bl.example.net }",
		"t.conf:2: list x.zone: what looks like a key in it would be shown in every text; "
		"write zone = ZONE, key_zone = KEY.ZONE, and the key as key or into key_file");
	test_said_error("use spamhaus-zen { key_credential = " MIXED " }",
		"t.conf:1: use spamhaus-zen.key_credential: what looks like a key in it would be "
		"shown in every text; this is the name of a credential: write the key as key, or "
		"give the credential a shorter name");
}

/* test_key_is_taken: where the zone is known, or the option key_zone says it, the list works. */
static void test_key_is_taken(void **state)
{
	static const struct {
		const char *file, *name, *zone, *asked;
	} rows[] = {
		{"list " LETTERS ".sbl.dq.spamhaus.net { }", "sbl.dq.spamhaus.net",
			"sbl.dq.spamhaus.net", LETTERS ".sbl.dq.spamhaus.net"},
		{"list x { zone = " LETTERS ".dq.other.example key_zone = KEY.dq.other.example }",
			"x", "dq.other.example", LETTERS ".dq.other.example"},
		{"list " LETTERS ".dq.other.example { key_zone = KEY.dq.other.example. }",
			"dq.other.example", "dq.other.example", LETTERS ".dq.other.example"},
		/* a public zone beside the key's */
		{"list x { zone = bl.other.example key_zone = KEY.other.example key = abc }", "x",
			"bl.other.example", "abc.other.example"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse(gp_span_from(rows[i].file), "t.conf", &config, &errors))
			fail_msg("%s: %s", rows[i].file, errors.text);
		const struct gp_dnsbl_list *list = &config->dnsbl.lists[0];
		assert_string_equal(list->name, rows[i].name);
		assert_string_equal(list->zone, rows[i].zone);
		assert_string_equal(list->asked_zone, rows[i].asked);
		gp_config_errors_fini(&errors);
		gp_config_free(config);
	}
}

/* test_others_are_shown: long words of other sections, and names that are no keys. */
static void test_others_are_shown(void **state)
{
	(void)state;
	test_said_error("use spamcop { key_file = /x }\nspf { mode = mailserver2024internal01 }",
		"t.conf:1: use spamcop has a key, but no key_zone such as KEY.zone.example to put "
		"it into\n"
		"t.conf:2: spf.mode: mailserver2024internal01 is not allowed here; allowed: one "
		"of off, label, enforce");
	test_said_error("list zen.dq.spamhaus.net { weight = x }",
		"t.conf:1: list zen.dq.spamhaus.net.weight: x is not allowed here; allowed: a "
		"number from -1000 to 1000, or by-code");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_spelling_shows_a_key),
		cmocka_unit_test(test_keys_of_letters),
		cmocka_unit_test(test_cut_key),
		cmocka_unit_test(test_what_to_write),
		cmocka_unit_test(test_key_is_taken),
		cmocka_unit_test(test_others_are_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
