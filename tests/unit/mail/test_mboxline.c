/* SPDX-License-Identifier: ISC */
/* Lines that begin a message in a mailbox file, as programs write them, and lines that only look
 * so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/mboxline.h"

/* is_line: from a block of exactly its size, so that a sanitizer sees its end. */
static bool is_line(const char *text)
{
	size_t n = strlen(text);
	char *exact = malloc(n + (n == 0));
	assert_non_null(exact);
	memcpy(exact, text, n);
	bool is = gp_mboxline_is((struct gp_span) {exact, n});
	free(exact);
	return is;
}

/* test_dates: whatever the order of its parts, the line has a date with a time. */
static void test_dates(void **state)
{
	static const char *const lines[] = {
		"From alice@x.test Sat Nov 28 10:00:00 2026",
		"From alice@x.test Sat Nov  8 10:00:00 2026",
		"From alice@x.test  Sat Nov 28 10:00 2026",
		"From alice@x.test Sat Nov 28 9:05:00 2026",
		"From - Sat Nov 28 10:00:00 2026",
		"From ???@??? Sat Nov 28 10:00:00 2026",
		"From MAILER-DAEMON Sat Nov 28 10:00:00 2026",
		"From \"a b\"@x.test Sat Nov 28 10:00:00 2026",
		"From <alice@x.test> Sat Nov 28 10:00:00 2026",
		"From alice@x.test Sat Nov 28 10:00:00 2026 +0100",
		"From alice@x.test Sat Nov 28 10:00:00 +0100 2026",
		"From alice@x.test Sat Nov 28 10:00:00 UTC 2026",
		"From alice@x.test Sat Nov 28 10:00:00 MET DST 2026",
		"From alice@x.test Sat, 28 Nov 2026 10:00:00 +0000",
		"From alice@x.test Sat, 28 Nov 2026 10:00:00 -0800 (PST)",
		"From alice@x.test 28 Nov 2026 10:00:00",
		"From alice@x.test 2026-11-28T10:00:00Z",
		"From alice@x.test 2026-11-28T10:00:00+01:00",
		"From alice@x.test 2026-11-28 10:00:00",
		"From alice@x.test\tSat Nov 28 10:00:00 2026",
		"From alice Sat Nov 28 10:00:00 2026 remote from uucp",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (!is_line(lines[i]))
			fail_msg("%s", lines[i]);
}

/* test_others: what may be a From field to some program. */
static void test_others(void **state)
{
	static const char *const lines[] = {
		"",
		"From",
		"From ",
		"From  ",
		"From:",
		"From : a@x.test",
		"From \t: a@x.test",
		"From \r\n : a@x.test",
		"From alice@x.test",
		"From <alice@x.test>: foo",
		"From alice@x.test:",
		"From alice@x.test Sat",
		"From alice@x.test Sat Nov 28",
		"From alice@x.test 10:00:00",
		"From alice@x.test: Sat Nov 28 10:00:00 2026",
		"From : Sat Nov 28 10:00:00 2026",
		"From Sat Nov 28 10:00:00 2026 alice@x.test",
		"From alice@x.test Sat Nov 28 10:00:00 2026 ceo@y.test",
		"From alice@x.test Sat Nov 28 10:00:00 2026: ceo@y.test",
		"From alice@x.test Sat Nov 28 10:00:00 2026 <ceo@y.test>",
		"From alice@x.test Sat Nov 28 10:00:00 2026 remote from ceo@y.test x",
		"From Paris with love",
		"from alice@x.test Sat Nov 28 10:00:00 2026",
		"From\talice@x.test Sat Nov 28 10:00:00 2026",
		" From alice@x.test Sat Nov 28 10:00:00 2026",
		"From \"a",
		"From \"",
		"From \" Sat Nov 28 10:00:00 2026",
		"From \"\"",
		"From \"a:b\" Sat Nov 28 10:00:00",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (is_line(lines[i]))
			fail_msg("%s", lines[i]);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests_name("mboxline", tests, NULL, NULL);
}
