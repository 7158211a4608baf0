/* SPDX-License-Identifier: ISC */
/* Names of charsets: no spelling that a program knows may hide an @ or a dot from gatepost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/charset.h"

#define TEXT_MAX 512

/* Names, as programs spell them. */
static const struct {
	const char *name;
	enum gp_charset charset;
} rows[] = {
	{"UTF-8", GP_CHARSET_ASCII},
	{"utf_8", GP_CHARSET_ASCII},
	{"utf8mb4", GP_CHARSET_ASCII},
	{"US-ASCII", GP_CHARSET_ASCII},
	{"646", GP_CHARSET_ASCII},
	{"ISO_8859-1:1987", GP_CHARSET_ASCII},
	{"ISO-8859-8-I", GP_CHARSET_ASCII},
	{"csISOLatin5", GP_CHARSET_ASCII},
	{"windows-1252", GP_CHARSET_ASCII},
	{"x-cp1251", GP_CHARSET_ASCII},
	{"cp 0850", GP_CHARSET_ASCII},
	{"csPC8CodePage437", GP_CHARSET_ASCII},
	{"IBM866", GP_CHARSET_ASCII},
	{"koi8-r", GP_CHARSET_ASCII},
	{"x-mac-cyrillic", GP_CHARSET_ASCII},
	{"unknown-8bit", GP_CHARSET_ASCII},
	{"UTF-8//TRANSLIT", GP_CHARSET_ASCII},
	{"x-foo", GP_CHARSET_UNKNOWN},
	{"", GP_CHARSET_UNKNOWN},
	{"csIBM037", GP_CHARSET_OTHER},
	{"037", GP_CHARSET_OTHER},
	{"500V1", GP_CHARSET_OTHER},
	{"ibm039", GP_CHARSET_OTHER},
	{"IBM - 1047", GP_CHARSET_OTHER},
	{"ccsid00500", GP_CHARSET_OTHER},
	{"IBM-Thai", GP_CHARSET_OTHER},
	{"OSF10020025", GP_CHARSET_OTHER},
	{"---------------------------------------------------------------------cp037",
		GP_CHARSET_OTHER},
	{"utf_7", GP_CHARSET_UTF_7},
	{"U7", GP_CHARSET_UTF_7},
	{"cp65000", GP_CHARSET_UTF_7},
	{"windows-65000", GP_CHARSET_UTF_7},
	{"csUnicode11UTF7", GP_CHARSET_UTF_7},
	{"utf_16", GP_CHARSET_OTHER},
	{"cp1201", GP_CHARSET_OTHER},
	{"unicode", GP_CHARSET_OTHER},
	{"unicode_escape", GP_CHARSET_OTHER},
	{"raw-unicode-escape", GP_CHARSET_OTHER},
	{"EUC_JP", GP_CHARSET_EUC_JP},
	{"cp51932", GP_CHARSET_EUC_JP},
	{"euc_jis_2004", GP_CHARSET_EUC_JP},
	{"s_jis", GP_CHARSET_SJIS},
	{"cp943", GP_CHARSET_SJIS},
	{"x-mac-japanese", GP_CHARSET_SJIS},
	{"Windows-31J", GP_CHARSET_SJIS},
	{"cn-gb", GP_CHARSET_GBK},
	{"MS936", GP_CHARSET_GBK},
	{"eten", GP_CHARSET_BIG5},
	{"Big5-HKSCS", GP_CHARSET_BIG5},
	{"hz", GP_CHARSET_HZ},
	{"iso2022_jp", GP_CHARSET_ISO_2022},
};

/* test_spellings: signs, blanks, prefixes and zeros do not matter. */
static void test_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum gp_charset got = gp_charset_find(gp_span_from(rows[i].name));
		if (got != rows[i].charset)
			fail_msg("%s: %d, want %d", rows[i].name, got, rows[i].charset);
	}
}

/* convert: some bytes with iconv(3); how many there are then, 0 where it cannot. */
static size_t convert(const char *to, const char *from, struct gp_span text, char *room)
{
	iconv_t how = iconv_open(to, from);
	if (how == (iconv_t)-1)
		return 0;
	char *in = (char *)(uintptr_t)text.ptr, *out = room;
	size_t left = text.len, space = TEXT_MAX;
	bool fails = iconv(how, &in, &left, &out, &space) == (size_t)-1 ||
		     iconv(how, NULL, NULL, &out, &space) == (size_t)-1;
	iconv_close(how);
	return fails ? 0 : (size_t)(out - room);
}

/* is_seen: does gatepost find these two in the bytes, or say that it is not certain? */
static bool is_seen(const char *name, struct gp_span bytes, const char *at, const char *dot)
{
	char room[GP_CHARSET_GROWTH * TEXT_MAX];
	struct gp_charset_out out = {.to = room, .is_certain = true};
	gp_charset_write(gp_charset_find(gp_span_from(name)), bytes, &out);
	size_t n = (size_t)(out.to - room);
	return !out.is_certain || memchr(bytes.ptr, 0, bytes.len) ||
	       (memmem(room, n, at, strlen(at)) && memmem(room, n, dot, strlen(dot)));
}

/* check_text: an address with these signs, where the charset has them. */
static void check_text(const char *name, const char *text, const char *at, const char *dot)
{
	char bytes[TEXT_MAX], back[TEXT_MAX];
	size_t n = convert(name, "UTF-8", gp_span_from(text), bytes);
	struct gp_span encoded = {bytes, n};
	size_t m = n ? convert("UTF-8", name, encoded, back) : 0;
	if (m == strlen(text) && memcmp(back, text, m) == 0 && !is_seen(name, encoded, at, dot))
		fail_msg("%s hides the @ or the dot of %s", name, text);
}

/* check_bytes: another byte than ASCII's for one of the two signs. */
static void check_bytes(const char *name)
{
	for (unsigned c = 1; c < 256; c++) {
		char text[] = "support@bank.test", back[TEXT_MAX], byte = (char)c;
		size_t n = convert("UTF-8", name, (struct gp_span) {&byte, 1}, back);
		if (n != 1 || back[0] == byte || (back[0] != '@' && back[0] != '.'))
			continue;
		*strchr(text, back[0]) = byte;
		n = convert("UTF-8", name, gp_span_from(text), back);
		bool is_address = n == strlen(text) && !memcmp(back, "support@bank.test", n);
		if (is_address && !is_seen(name, gp_span_from(text), "@", "."))
			fail_msg("%s: byte %#x is a hidden sign", name, c);
	}
}

/* test_names_of_iconv: all that this system's iconv(3) knows. */
static void test_names_of_iconv(void **state)
{
	char line[256];
	size_t count = 0;
	(void)state;
	FILE *names = popen("iconv -l 2>/dev/null", "r");
	while (names && fgets(line, sizeof line, names)) {
		line[strcspn(line, "/ ,\r\n")] = 0;
		if (!line[0])
			continue;
		check_text(line, "support@bank.test", "@", ".");
		check_text(line, "support\357\274\240bank\357\274\216test", "\357\274\240",
			"\357\274\216");
		check_bytes(line);
		count++;
	}
	if (names)
		(void)pclose(names); /* read to its end */
	if (count == 0) {
		print_message("no command iconv here\n");
		skip();
	}
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_names_of_iconv),
	};
	return cmocka_run_group_tests_name("charset_name", tests, NULL, NULL);
}
