/* SPDX-License-Identifier: ISC */
/* Bytes of the charsets that mail has: where ASCII is ASCII, and what else may be read as an @. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/charset.h"

#define SPAN(literal)                       \
	{                                   \
		literal, sizeof literal - 1 \
	}

/* write: into a block of exactly the promised size, so that a sanitizer sees its end. */
static char *write_text(const char *name, struct gp_span bytes, bool *certain_out)
{
	char *room = malloc(GP_CHARSET_GROWTH * bytes.len + 1);
	char *exact = malloc(bytes.len + (bytes.len == 0));
	assert_non_null(room);
	assert_non_null(exact);
	if (bytes.len)
		memcpy(exact, bytes.ptr, bytes.len);
	struct gp_charset_out out = {.to = room, .is_certain = true};
	gp_charset_write(
		gp_charset_find(gp_span_from(name)), (struct gp_span) {exact, bytes.len}, &out);
	assert_true((size_t)(out.to - room) <= GP_CHARSET_GROWTH * bytes.len);
	*out.to = 0;
	*certain_out = out.is_certain;
	free(exact);
	return room;
}

/* Bytes of a charset, what they become, and whether that is certain. */
static const struct {
	const char *name;
	struct gp_span bytes;
	const char *text;
	bool certain;
} rows[] = {
	{"utf-8", SPAN("a@b \303\244"), "a@b \303\244", true},
	{"us-ascii", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"ascii", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"iso8859-1", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"latin1", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"cp1252", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"windows-874", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"x-unknown", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"tis-620", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"koi8-u", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"macintosh", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"", SPAN("J\374rgen a@b"), "J\374rgen a@b", true},
	{"iso-2022-jp", SPAN("\033$B;3ED\033(B \033$BB@O:\033(B Taro"),
		"?"
		"? ?"
		"? Taro",
		true},
	{"ISO-2022-JP-2", SPAN("\033$B;3ED\033(B \033$BB@O:\033(B Taro"),
		"?"
		"? ?"
		"? Taro",
		true},
	{"csISO2022JP", SPAN("\033$B;3ED\033(B \033$BB@O:\033(B Taro"),
		"?"
		"? ?"
		"? Taro",
		true},
	{"iso-2022-jp", SPAN("\033$B@O0f\033(B x@y"),
		"?"
		"? x@y",
		true},
	{"iso-2022-jp", SPAN("\033$B#a!w#b!##c!%#d\033(B"),
		"\357\275\201\357\274\240\357\275\202\343\200\202\357\275\203\357\274\216"
		"\357\275\204",
		true},
	{"iso-2022-kr", SPAN("\033$)C\0160!\017 a"), "? a", true},
	{"iso-2022-kr", SPAN("\0160!\017 a"), "? a", false},
	{"iso-2022-kr", SPAN("\033$)C\016#@\017a"), "\357\274\240a", true},
	{"iso-2022-jp", SPAN("\033(I!1\033(Ba"), "\357\275\241?a", true},
	{"iso-2022-jp", SPAN("a\033"), "a\033", true},
	{"shift_jis", SPAN("\203@\203~\203\212\201[ \203\\\203t\203g"),
		"?"
		"??"
		"? ?"
		"??",
		true},
	/* half of a character that alone is an @: only before what could be a domain */
	{"sjis", SPAN("\203@a"), "?a", true},
	{"sjis", SPAN("\203@1"), "?1", true},
	{"sjis", SPAN("\203@a.b"), "?a.b", false},
	{"sjis", SPAN("\203@a-1.2b"), "?a-1.2b", false},
	{"sjis", SPAN("\203@a.1.c"), "?a.1.c", false},
	{"sjis", SPAN("\203@a.1"), "?a.1", true},
	{"sjis", SPAN("\203@.b"), "?.b", true},
	{"sjis", SPAN("\203@a b.c"), "?a b.c", true},
	{"big5", SPAN("\262\316\244@7-11"), "??7-11", true},
	{"big5", SPAN("\262\304\244@Bank"), "??Bank", true},
	{"Windows-31J",
		SPAN("\202\201\201\227\202\202\201D\202\203\201\223\201I\201F\201\203\201"
		     "\204"),
		"\357\275\201\357\274\240\357\275\202\357\274\216\357\275\203\357\274\205"
		"\357\274\201\357\274\232\357\274\234\357\274\236",
		true},
	{"cp932", SPAN("\261\241\202\201\202\232\202`\202y\202O\202X"),
		"?\357\275\241\357\275\201\357\275\232\357\274\241\357\274\272\357\274\220"
		"\357\274\231",
		true},
	{"euc-jp", SPAN("\273\263\305\304\241\367\243\342\241\243\216\261"),
		"?"
		"?\357\274\240\357\275\202\343\200\202?",
		true},
	{"euc-jp", SPAN("\244@a"), "?@a", true},
	{"gb2312", SPAN("\326\320\243\300\243\342\241\243\243\343\243\256\243\344"),
		"?\357\274\240\357\275\202\343\200\202\357\275\203\357\274\216\357\275\204", true},
	{"gbk", SPAN("\326\320\207\370\243\300\243\342"),
		"?"
		"?\357\274\240\357\275\202",
		true},
	{"gb18030", SPAN("\201@\326\320"),
		"?"
		"?",
		true},
	{"gb18030", SPAN("\201@b"), "?b", true},
	{"gb18030", SPAN("\201@b.c"), "?b.c", false},
	{"big5",
		SPAN("\263\\\245\\\273\\\242I\242\352\241D\242\353\241C\243@"
		     "\243A\242\317\242\270\242H"),
		"?"
		"??"
		"\357\274\240\357\275\202\357\274\216\357\275\203\343\200\202\357\275\227"
		"\357\275\230\357\274\241\357\274\231\357\274\205",
		true},
	{"big5", SPAN("\244@"), "?", true},
	{"big5", SPAN("ceo\244@b"), "ceo?b", true},
	{"big5", SPAN("ceo\244@b.c"), "ceo?b.c", false},
	{"euc-kr", SPAN("\307\321\261\271\243\300\243\342\243\256\243\343"),
		"?"
		"?\357\274\240\357\275\202\357\274\216\357\275\203",
		true},
	{"ks_c_5601-1987", SPAN("\214c\243\300"), "?\357\274\240", true},
	{"hz-gb-2312", SPAN("~{VPND~} a"),
		"?"
		"? a",
		true},
	{"hz-gb-2312", SPAN("~{#@VP~}"), "\357\274\240?", false},
	{"utf-7", SPAN("Hi Mom +Jjo-! a+AEA-b +- +AOQ-"), "Hi Mom \342\230\272! a@b + \303\244",
		true},
	{"utf-7-imap", SPAN("a&AEA-b"), "a&AEA-b", false},
	{"utf-16be", SPAN("a"), "a", false},
	{"cp037", SPAN("abc"), "abc", false},
	{"csIBM037", SPAN("abc"), "abc", false},
	{"x-none", SPAN("ab \374 K"), "ab \374 K", true},
	{"x-none", SPAN("\242\244|\202K\243"), "\242\244|\202K\243", false},
	{"x-none", SPAN("//////|\202K\243"), "//////|\202K\243", false},
	{"x-none", SPAN("a+AEA-b"), "a+AEA-b", false},
	{"x-none", SPAN("a\\x40b"), "a\\x40b", false},
	{"iso-2022-cn", SPAN("\033$)G\016\"i\017a"), "?a", false},
	{"IBM-1047", SPAN("abc"), "abc", false},
	{"ibm850", SPAN("abc"), "abc", true},
	{"cp1252*en", SPAN("abc"), "abc", true},
};

/* test_texts: known, unknown, and those in which ASCII bytes mean something else. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool certain;
		char *got = write_text(rows[i].name, rows[i].bytes, &certain);
		if (strcmp(got, rows[i].text) || certain != rows[i].certain)
			fail_msg("%s, row %zu: got %s (%d), want %s", rows[i].name, i, got, certain,
				rows[i].text);
		free(got);
	}
}

/* test_any_bytes: every pair of bytes of every family stays within its room, cut anywhere. */
static void test_any_bytes(void **state)
{
	static const char *const names[] = {"utf-8", "euc-jp", "euc-tw", "gbk", "big5", "shift_jis",
		"iso-2022-jp", "hz-gb-2312", "utf-7", "utf-16"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		for (unsigned pair = 0; pair < 65536; pair++) {
			const char bytes[] = {0x1b, '$', 'B', (char)(pair >> 8), (char)pair};
			bool certain;
			free(write_text(names[i], (struct gp_span) {bytes + pair % 4, 5 - pair % 4},
				&certain));
		}
	}
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
