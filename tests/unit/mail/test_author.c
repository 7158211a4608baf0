/* SPDX-License-Identifier: ISC */
/*
 * Whose message is it? Odd lines that nobody takes for From leave a clear From alone; a line that
 * some program takes for From leaves no author; a broken From is read when only one domain can be
 * meant.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/author.h"
#include "mail/mailbox.h"

#define SPAN(literal)                       \
	{                                   \
		literal, sizeof literal - 1 \
	}

/* find: the author of a header with CRLF, in a block of exactly its size. */
static struct gp_author find(struct gp_arena *arena, struct gp_span header)
{
	struct gp_message message;
	struct gp_author author;
	char *exact = malloc(header.len + (header.len == 0));
	assert_non_null(exact);
	if (header.len)
		memcpy(exact, header.ptr, header.len);
	assert_int_equal(gp_message_parse(arena, (struct gp_span) {exact, header.len},
				 GP_MESSAGE_CRLF, &message),
		GP_OK);
	free(exact);
	assert_int_equal(gp_author_find(arena, &message, &author), GP_OK);
	assert_true((author.cause == GP_AUTHOR_ONE) == (*author.domain != 0));
	assert_true((author.cause == GP_AUTHOR_ONE) == (author.problem == NULL));
	if (author.problem)
		assert_true(gp_span_is_printable_ascii(gp_span_from(author.problem)));
	return author;
}

/* check_header: a header's domain, or the cause and words of its problem. */
static void check_header(struct gp_span header, enum gp_author_cause cause, const char *want)
{
	struct gp_arena *arena = gp_arena_new(1 << 22);
	struct gp_author a = find(arena, header);
	if (a.cause != cause || (want && !strstr(a.problem ? a.problem : a.domain, want)))
		fail_msg("%.*s: cause %d, %s%s, want %s", (int)header.len, header.ptr, (int)a.cause,
			a.domain, a.problem ? a.problem : "", want);
	gp_arena_free(arena);
}

/* check_value: the same of a From field alone. */
static void check_value(struct gp_span value, enum gp_author_cause cause, const char *want)
{
	static const char name[] = "From: ", rest[] = "\r\nSubject: x\r\n";
	char header[512];
	size_t n = sizeof name - 1;
	assert_true(value.len < sizeof header - sizeof name - sizeof rest);
	memcpy(header, name, n);
	memcpy(header + n, value.ptr, value.len);
	n += value.len;
	memcpy(header + n, rest, sizeof rest - 1);
	check_header((struct gp_span) {header, n + sizeof rest - 1}, cause, want);
}

#define MINE "From: a@one.test\r\n"
#define THEIRS "From: ceo@other.test\r\n"

/* test_odd_line_elsewhere_leaves_from_alone: nobody takes it for From. */
static void test_odd_line_elsewhere_leaves_from_alone(void **state)
{
	static const struct gp_span odd[] = {
		SPAN("X-\xc3\x9c: x\r\n"),
		SPAN("\xd0\xa2\xd0\xb5\xd0\xbc\xd0\xb0: x\r\n"), /* "Subject" in Cyrillic */
		SPAN("X-\xff\xfe: x\r\n"),
		SPAN("Fr\xc3\xa5n: x\r\n"),
		SPAN("\xf0\x9d\x90\x93\xf0\x9d\x90\xa8: ceo@other.test\r\n"),
		SPAN("X-\xf0\x9d\x90\x85\xf0\x9d\x90\xab\xf0\x9d\x90\xa8\xf0\x9d\x90\xa6: "
		     "ceo@other.test\r\n"),
		SPAN("\xe2\x92\xbb\xe2\x93\xa1\xe2\x93\x90\xe2\x93\x9d: x\r\n"),
		SPAN("\xef\xbd\x86\xc2\xba\xc2\xaa: x\r\n"),
		SPAN("=?utf-8?Q?Subject?=: x\r\n"),
		SPAN("=?utf-8?Q?From_here?= on\r\n"),
		SPAN("X-A=?utf-8?Q?From?=: ceo@other.test\r\n"),
		SPAN(": x\r\n"),
		SPAN(":\r\n"),
		SPAN("X Y: ceo@other.test\r\n"),
		SPAN("no colon here\r\n"),
		SPAN("no colon here\r\n nor here\r\n"),
		SPAN("Subject: a broken\r\nfold of a line\r\n"),
		SPAN("Subject: folded\r\n From: ceo@other.test\r\n"), /* a fold to everybody */
		SPAN("From alice@other.test Sat Nov 28 10:00:00 2026\r\n"),
		SPAN("From alice@other.test Sat Nov  8 10:00 2026\r\n"),
		SPAN(">From alice@other.test Sat, 28 Nov 2026 10:00:00 +0000\r\n"),
		SPAN(">>From alice@other.test 2026-11-28T10:00:00Z\r\n"),
		SPAN(">From - Sat Nov 28 10:00:00 2026\r\n"),
		SPAN("From \"a b\"@other.test Sat Nov 28 10:00:00 2026\r\n"),
		SPAN(">From alice@other.test Sat Nov 28 10:00:00 2026\r\n"),
		SPAN("From-Path: ceo@other.test\r\n"),
		SPAN("Resent-From: ceo@other.test\r\n"),
		SPAN("Sender: ceo@other.test\r\n"),
		SPAN("X-Mailer: a\rb\r\n"),
		SPAN("X-Mailer: a\nb\r\n"),
		SPAN("X-Mailer: a\r\n \r\n"),
		SPAN("X-Mailer: a\001b\r\n"),
		SPAN("X-Mailer\x7f: a\r\n"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		char header[256];
		size_t n = odd[i].len, m = sizeof MINE - 1;
		memcpy(header, odd[i].ptr, n);
		memcpy(header + n, MINE, m);
		check_header((struct gp_span) {header, n + m}, GP_AUTHOR_ONE, "one.test");
		memcpy(header, MINE, m);
		memcpy(header + m, odd[i].ptr, n);
		check_header((struct gp_span) {header, n + m}, GP_AUTHOR_ONE, "one.test");
	}
}

/* test_line_that_may_be_from: some program takes it for From: the author is not certain, and the
 * line is named. */
static void test_line_that_may_be_from(void **state)
{
	static const struct gp_span lines[] = {
		SPAN("From\xc2\xa0: ceo@other.test\r\n"),
		SPAN("From\xe2\x80\x8b: ceo@other.test\r\n"), SPAN("\xe2\x80\x8b" THEIRS),
		SPAN("\xef\xbb\xbf" THEIRS), SPAN("F\xd1\x80om: ceo@other.test\r\n"),
		SPAN("Fr\xd0\xbem: ceo@other.test\r\n"),
		SPAN("F\xff\xfe\xfdrom: ceo@other.test\r\n"), SPAN("Fr\xffm: ceo@other.test\r\n"),
		SPAN("\xef\xbc\xa6\xef\xbd\x92\xef\xbd\x8f\xef\xbd\x8d: ceo@other.test\r\n"),
		SPAN("\xf0\x9d\x90\x85\xf0\x9d\x90\xab\xf0\x9d\x90\xa8\xf0\x9d\x90\xa6: "
		     "ceo@other.test\r\n"),
		SPAN("\xe2\x92\xbb\xe2\x93\xa1\xe2\x93\x9e\xe2\x93\x9c: ceo@other.test\r\n"),
		SPAN("\xe1\xb6\xa0\xca\xb3\xe1\xb5\x92\xe1\xb5\x90 : ceo@other.test\r\n"),
		SPAN("\xf0\x9d\x94\xa3r\xf0\x9d\x95\xa0\xf0\x9d\x93\x82: ceo@other.test\r\n"),
		SPAN("Fro\xe2\x85\xbf: ceo@other.test\r\n"),
		SPAN("F\xe2\x81\xa0\xca\xb3\xf0\x9d\x9a\x98\xef\xbd\x8d: ceo@other.test\r\n"),
		SPAN("=?utf-8?Q?From?=: ceo@other.test\r\n"),
		SPAN("=?utf-8?B?RnJvbQ==?= : ceo@other.test\r\n"),
		SPAN("F=?utf-8?Q?rom?=: ceo@other.test\r\n"),
		SPAN("=?utf-8?Q?Fr?= =?utf-8?Q?om?=: ceo@other.test\r\n"),
		SPAN("=?utf-8?Q?=F0=9D=90=85rom?=: ceo@other.test\r\n"),
		SPAN("FROM\x7f: ceo@other.test\r\n"), SPAN("Fr om: ceo@other.test\r\n"),
		SPAN("Fr\tom: ceo@other.test\r\n"), SPAN("F\001rom: ceo@other.test\r\n"),
		SPAN("\001" THEIRS), SPAN("from ceo@other.test: x\r\n"),
		SPAN("From ceo@other.test\r\n"), SPAN("From: ceo@other.test\001\r\n" THEIRS),
		SPAN("From Paris with love\r\n"), SPAN("From\r\n"),
		SPAN("From\r\n : ceo@other.test\r\n"), SPAN(">" THEIRS),
		SPAN(">>From : ceo@other.test\r\n"), SPAN("X-A: b\r" THEIRS),
		SPAN("X-A: b\n" THEIRS), SPAN("X-A: b\r\r \t" THEIRS), SPAN("X-A: b\v" THEIRS),
		SPAN("X-A: b\xe2\x80\xa8" THEIRS), SPAN("X-A: b\xc2\x85" THEIRS),
		SPAN("X-A: b\f" THEIRS), SPAN("X-A: b\nFr\r\n om: ceo@other.test\r\n"),
		SPAN("no colon here\r\n " THEIRS), SPAN("X-\xc3\x9c: a\r\n\t" THEIRS),
		SPAN("Subject: a\rb\r\n"), SPAN("Subject: a\n\nb\r\n"), SPAN("To: a\r\r\n"),
		SPAN("X-A: b\0c\r\n"), SPAN("F\0rom: ceo@other.test\r\n"),
		SPAN("From : ceo@other.test\r\n"), SPAN(THEIRS),
		SPAN(MINE), /* another one of the same domain may be added to a signed message */
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char header[256];
		size_t n = lines[i].len, m = sizeof MINE - 1;
		memcpy(header, lines[i].ptr, n);
		memcpy(header + n, MINE, m);
		check_header((struct gp_span) {header, n + m}, GP_AUTHOR_UNREADABLE, NULL);
		memcpy(header, MINE, m);
		memcpy(header + m, lines[i].ptr, n);
		check_header((struct gp_span) {header, n + m}, GP_AUTHOR_UNREADABLE, NULL);
	}
	check_header((struct gp_span)SPAN(" " THEIRS MINE), GP_AUTHOR_UNREADABLE,
		"line 1 (\"From\") can be taken for a From field");
	check_header((struct gp_span)SPAN("A: b\r\n c\r\nFr\xffm: x\r\n" MINE),
		GP_AUTHOR_UNREADABLE, "line 3 (\"Fr?m\") can be taken for a From field");
	check_header((struct gp_span)SPAN(MINE "Subject: a\rb\r\n"), GP_AUTHOR_UNREADABLE,
		"line 2 (\"Subject\") has a bare CR");
	check_header((struct gp_span)SPAN(MINE "X-A: a\0b\r\n"), GP_AUTHOR_UNREADABLE,
		"line 2 (\"X-A\") has a NUL");
}

/* test_broken_fold_of_from: what stands below it may be a part of it to who repairs folds. */
static void test_broken_fold_of_from(void **state)
{
	static const struct {
		struct gp_span header;
		enum gp_author_cause cause;
	} rows[] = {
		{SPAN("From: The Chief\r\n<ceo@other.test>\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: The Chief\r\n<ceo@other.test> x: y\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: The Chief\r\nof all\r\n<ceo@other.test>\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: The Chief\r\nof all\r\n"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: Shop <a@one.test>,\r\nChief <ceo@other.test>\r\n"),
			GP_AUTHOR_UNREADABLE},
		{SPAN("From: Shop <a@one.test>,\r\nChief <ceo@one.test>\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: Shop <a@one.test>\r\nno colon\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: a@one.test\r\nno colon\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: a@one.test\r\n.other.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: a@one.te\r\nst\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: a@one.test\r\n: b@other.test\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: a@one.test\r\nX-\xff: b@other.test\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: a@one.test\r\nTo: b\r\nb@other.test\r\n"), GP_AUTHOR_ONE},
		{SPAN("From: a@one.test\r\n<b@other.test> x: y\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: a@one.test\r\nX (y): z\r\n"), GP_AUTHOR_ONE},
		/* a field but for its name, as in bounces */
		{SPAN("From: MAILER-DAEMON <>\r\n: p@evil.test\r\n"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: MAILER-DAEMON <>\r\nX-\xc3\xa4: p@evil.test\r\n"),
			GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: MAILER-DAEMON <>\r\nX Mailer: p@evil.test\r\n"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: <root@[127.0.0.1]>\r\nX Mailer: p@evil.test\r\n"),
			GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: MAILER-DAEMON <>\r\n>From a@evil.test Sat Nov 28 10:00:00 2026\r\n"),
			GP_AUTHOR_NO_DOMAIN},
		{SPAN("From: MAILER-DAEMON <>\r\nno colon\r\n"), GP_AUTHOR_NO_DOMAIN},
		/* what is no field, and its value */
		{SPAN("From:\r\n: ceo@other.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: Chief\r\n\"x y\" : ceo@other.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: ceo@\r\nother.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: ceo%\r\nother.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: other.test\r\n!ceo\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: Chief\r\n=?utf-8?Q?ceo=40other.test?=\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: Chief\r\nceo\xef\xbc\xa0other.test\r\n"), GP_AUTHOR_UNREADABLE},
		{SPAN("From: a@one.te\r\nst b@one.te\r\n"), GP_AUTHOR_UNREADABLE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_header(rows[i].header, rows[i].cause, NULL);
	check_header((struct gp_span)SPAN("X: a\r\n b\r\nFrom: Chief\r\nof all\r\n"
					  "<ceo@other.test>\r\n"),
		GP_AUTHOR_UNREADABLE, "line 5, which is not a field, may be part of it");
}

/* test_no_from_at_all: programs show something else then, for which nobody was asked. */
static void test_no_from_at_all(void **state)
{
	(void)state;
	check_header((struct gp_span)SPAN(""), GP_AUTHOR_UNREADABLE, "it is missing");
	check_header((struct gp_span)SPAN("Sender: ceo@other.test\r\n"), GP_AUTHOR_UNREADABLE,
		"it is missing");
}

/* test_no_from_and_nothing_shown_in_its_place: of a bounce nobody is shown then. */
static void test_no_from_and_nothing_shown_in_its_place(void **state)
{
	static const struct {
		struct gp_span header;
		bool bounces_may;
	} rows[] = {
		{SPAN("Subject: x\r\n"), true},
		{SPAN("Subject: x\r\nSender: MAILER-DAEMON\r\nTo: a@one.test\r\n"), true},
		{SPAN("Subject: x\r\nX-\xff: ceo@other.test\r\n"), true},
		{SPAN("Sender: ceo@other.test\r\n"), false},
		{SPAN("sender: =?utf-8?Q?ceo=40other.test?=\r\n"), false},
		{SPAN("Subject: x\r\nReply-To: ceo@other.test\r\n"), false},
		{SPAN("Resent-From: ceo@other.test\r\n"), false},
		{SPAN("Fr\xffm: ceo@other.test\r\n"), false},
		{SPAN(MINE MINE), false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_author a = find(arena, rows[i].header);
		if (a.cause != GP_AUTHOR_UNREADABLE || a.bounces_may != rows[i].bounces_may)
			fail_msg("%s: %d", rows[i].header.ptr, a.bounces_may);
		gp_arena_free(arena);
	}
}

/* test_from_without_domain: nobody's domain is claimed. */
static void test_from_without_domain(void **state)
{
	static const struct gp_span values[] = {
		SPAN("MAILER-DAEMON <>"),
		SPAN("<>"),
		SPAN(""),
		SPAN("  \t"),
		SPAN("\r\n "),
		SPAN("root (Cron Daemon)"),
		SPAN("MAILER-DAEMON (Mail Delivery System)"),
		SPAN("root"),
		SPAN("<root>"),
		SPAN("\"Cron Daemon\" <root>"),
		SPAN("Mail Delivery System <MAILER-DAEMON>"),
		SPAN("undisclosed-senders:;"),
		SPAN("Postmaster, Mail System <>"),
		SPAN("\"mx1.one.test\" <>"),
		SPAN("(nobody)"),
		SPAN("=?utf-8?Q?Postmeisterin_f=C3=BCr_alle?= <>"),
		SPAN("=?iso-8859-1?B?UG9zdG1hc3Rlcg==?="),
		SPAN("=?gb2312?B?08q85A==?= <>"),
		SPAN("Post\xc3\xb6mt"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i], GP_AUTHOR_NO_DOMAIN, "it shows no domain");
}

/* test_from_that_shows_a_domain_nowhere_clear: what looks like an address to some is no "none". */
static void test_from_that_shows_a_domain_nowhere_clear(void **state)
{
	static const struct gp_span values[] = {
		SPAN("=?utf-8?Q?ceo=40other.test?="),
		SPAN("=?utf-8?B?Y2VvQG90aGVyLnRlc3Q=?= <>"),
		SPAN("=?utf-8?Q?ceo=40other.test"),
		SPAN("=?utf-7?Q?ceo+AEA-other.test?= <>"),
		SPAN("=?utf-8?X?ceo?= <>"),
		SPAN("=?gbk?Q?ceo=40other.test?= <>"),
		SPAN("=?gb2312?Q?ceo=A3=C0other.test?= <>"),
		SPAN("=?utf-8?B?%%%?= <>"),
		SPAN("ceo\xef\xbc\xa0other.test"),
		SPAN("=?utf-8?Q?ceo=EF=BC=A0other.test?="),
		SPAN("=?utf-8?Q?ceo=EF=BC?= =?utf-8?Q?=A0other.test?="),
		SPAN("=?utf-8?Q?ceo=EF?=\r\n =?utf-8?Q?=BC=A0other.test?= <>"),
		SPAN("=?x-unknown?Q?ceo=40other.test?= <>"),
		SPAN("=?latin1?Q?ceo@other.test?= <>"),
		SPAN("=?shift_jis?Q?ceo=81=97other.test?= <>"),
		SPAN("=?shift_jis?Q?ceo=83@other.test?= <>"),
		SPAN("=?big5?Q?ceo=A2=49other.test?= <>"),
		SPAN("=?big5?Q?ceo=A4@?=other.test <>"),
		SPAN("=?iso-2022-jp?Q?ceo=1B$B!w=1B(Bother.test?= <>"),
		SPAN("=?iso-2022-jp?Q?ceo@other.test?= <>"),
		SPAN("=?utf-16be?Q?=00c=00e=00o=00@=00x=00.=00y?= <>"),
		SPAN("=?ebcdic-us?Q?=83=85=96=7C?= <>"),
		SPAN("=?csIBM037?Q?=A2=A4=97|=82=81=95=92K=A3=85=A2=A3?="),
		SPAN("=?500?Q?=A2=A4=97|=82=81=95=92K=A3=85=A2=A3?= <>"),
		SPAN("=?x-none?Q?=A2=A4=97|=82=81=95=92K=A3=85=A2=A3?= <>"),
		SPAN("=?utf_7?Q?+AHM-upport+AEA-bank.test?="),
		SPAN("=?euc_jis_2004?Q?ceo=A1=F7bank.test?= <>"),
		SPAN("=?utf-8?B?Y2VvQG90aGVyLnRlc3Q?= <>"),
		SPAN("root\r(Cron Daemon)"),
		SPAN("root\0"),
		SPAN("root\001"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i], GP_AUTHOR_UNREADABLE, NULL);
}

/* test_address_without_a_domain: what daemons write that know no domain of theirs, or mistake it;
 * an address literal is none (RFC 5321 4.1.3). */
static void test_address_without_a_domain(void **state)
{
	static const struct gp_span none[] = {
		SPAN("MAILER-DAEMON@[192.0.2.1]"),
		SPAN("<MAILER-DAEMON@[192.0.2.1]>"),
		SPAN("Mail Delivery System <MAILER-DAEMON@[IPv6:2001:db8::1]>"),
		SPAN("root@[127.0.0.1]"),
		SPAN("root@[127.0.0.1] (Cron Daemon)"),
		SPAN("a@[192.0.2.1], b@[192.0.2.2]"),
		SPAN("\"root@[127.0.0.1]\" <root@[127.0.0.1]>"),
		SPAN("root@(none)"),
		SPAN("root@(none) (Cron Daemon)"),
		SPAN("\"Cron Daemon\" <root@(none)>"),
		SPAN("<MAILER-DAEMON@#1.2.3.4>"),
		SPAN("root@"),
		SPAN("<root@>"),
		SPAN("ceo@ <>"),
		SPAN("@"),
		SPAN("<@>"),
		SPAN("root@host:25"),
		SPAN("nobody@%HOST%"),
		SPAN("nobody@${host}"),
		SPAN("Cron <root@>;"),
		SPAN("=?iso-8859-1?Q?D=E4mon?= <root@>"),
	};
	static const struct gp_span others[] = {
		SPAN("x@[bank.test]"),
		SPAN("x@[192.0.2.1].bank.test"),
		SPAN("x@[192.0.2.1]bank.test"),
		SPAN("x@[192.0.2.1], ceo@bank.test"),
		SPAN("x@(bank.test)"),
		SPAN("x@#bank.test"),
		SPAN("x@%bank.test"),
		SPAN("x@ bank.test;"),
		SPAN("x@\r\n bank.test;"),
		SPAN("x@bank.test:25"),
		SPAN("<x@> bank.test"),
		SPAN("x@[\xe3\x80\x82"
		     "bank\xef\xbd\xa1test]"),
		SPAN("x@ =?utf-8?Q?bank=2Etest?="),
		SPAN("x@(bank\xe3\x80\x82test)"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		check_value(none[i], GP_AUTHOR_NO_DOMAIN, "it shows no domain");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		check_value(others[i], GP_AUTHOR_UNREADABLE, NULL);
	check_value((struct gp_span)SPAN("root@localhost"), GP_AUTHOR_ONE, "localhost");
}

/* test_host_named_without_an_at: other mail systems' ways of naming one are no "no domain". */
static void test_host_named_without_an_at(void **state)
{
	static const struct gp_span values[] = {
		SPAN("support%bank.test"),
		SPAN("<support%bank.test>"),
		SPAN("\"Support\" <support%bank.test>"),
		SPAN("support % bank.test"),
		SPAN("bank.test!support"),
		SPAN("<other!bank.test!support>"),
		SPAN("bank.test:support"),
		SPAN("bank.test : support"),
		SPAN("bank.test::support"),
		SPAN("mailto:bank.test"),
		SPAN("=?utf-8?Q?support=25bank.test?="),
		SPAN("support\xef\xbc\x85"
		     "bank.test"),
		SPAN("bank.test\xef\xbc\x81support"),
		SPAN("support%bank\xe3\x80\x82test"),
	};
	static const struct gp_span names[] = {
		SPAN("50% off!"),
		SPAN("Backup: done"),
		SPAN("root (10:30:15)"),
		SPAN("job.sh <root>"),
		SPAN("J. R. Smith"),
		SPAN("Cron: backup.example"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i], GP_AUTHOR_UNREADABLE, NULL);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		check_value(names[i], GP_AUTHOR_NO_DOMAIN, "it shows no domain");
}

/* test_name_that_hides_an_address: in encoded words, which some programs decode before they read
 * addresses. */
static void test_name_that_hides_an_address(void **state)
{
	static const struct gp_span hide[] = {
		SPAN("=?utf-8?Q?Bank_=3Cceo=40bank.test=3E?= <x@evil.test>"),
		SPAN("=?utf-8?B?PGNlb0BiYW5rLnRlc3Q+?= <x@evil.test>"),
		SPAN("=?utf-8?Q?Bank_=3Cceo=40?= =?utf-8?Q?bank.test=3E?= <x@evil.test>"),
		SPAN("\"=?utf-8?Q?Bank_=3Cceo=40bank.test=3E?=\" <x@evil.test>"),
		SPAN("(=?utf-8?Q?=3Cceo=40bank.test=3E?=) <x@evil.test>"),
		SPAN("x@evil.test (=?utf-8?Q?=3Cceo=40bank.test=3E?=)"),
		SPAN("=?utf-8?Q?=EF=BC=9Cceo=EF=BC=A0bank=E3=80=82test=EF=BC=9E?= <x@evil.test>"),
		SPAN("=?shift_jis?Q?=81=83ceo=81=97bank.test=81=84?= <x@evil.test>"),
		SPAN("=?iso-2022-jp?Q?=1B$B!c=1B=28Bceo=1B$B!w=1B=28Bbank.test=1B$B!d=1B=28B?= "
		     "<x@evil.test>"),
		SPAN("=?utf-7?Q?+ADw-ceo+AEA-bank.test+AD4-?= <x@evil.test>"),
		SPAN("=?x-unknown?Q?=3Cceo=40bank.test=3E?= <x@evil.test>"),
		SPAN("=?csIBM1047?Q?L=83=85=96|=82=81=95=92K=A3=85=A2=A3n?= <x@evil.test>"),
		SPAN("=?cp65000?Q?+ADw-ceo+AEA-bank.test+AD4-?= <x@evil.test>"),
		SPAN("=?unicode_escape?B?XHgzY2Nlb1x4NDBiYW5rLnRlc3RceDNl?= <x@evil.test>"),
		SPAN("=?utf-8?Q?ceo=40bank.test=2C?= <x@evil.test>"),
		SPAN("=?utf-8?Q?ceo=40bank.test=3E?= <x@evil.test>"),
		SPAN("=?utf-8?Q?ceo=40bank.test=00?= <x@evil.test>"),
		SPAN("=?utf-8?Q?Bank=0D=0AFrom=3A_ceo?= <x@evil.test>"),
		SPAN("=?utf-8?Q?Bank=0A?=From <x@evil.test>"),
		SPAN("=?utf-8?B?AQ==?= <x@evil.test>"),
		SPAN("=?utf-16?Q?=00=3C=00c?= <x@evil.test>"),
	};
	static const struct gp_span show[] = {
		SPAN("=?utf-8?Q?ceo=40bank.test_via_List?= <x@evil.test>"), /* as when quoted */
		SPAN("=?utf-8?Q?Bank_=3Cx=40evil.test=3E?= <x@EVIL.test>"),
		SPAN("=?utf-8?Q?a_=3C_b_=3E_c?= <x@evil.test>"),
		SPAN("=?utf-8?Q?Sm=C3=ADth, J?= <x@evil.test>"),
		SPAN("=?utf-8?Q?Bank <x@evil.test>"), /* shown as it stands */
	};
	(void)state;
	for (size_t i = 0; i < sizeof hide / sizeof hide[0]; i++)
		check_value(hide[i], GP_AUTHOR_UNREADABLE, "a name in it hides");
	for (size_t i = 0; i < sizeof show / sizeof show[0]; i++)
		check_value(show[i], GP_AUTHOR_ONE, "evil.test");
}

/* test_form_on_which_readers_disagree: is read by nobody's rules. */
static void test_form_on_which_readers_disagree(void **state)
{
	(void)state;
	check_value((struct gp_span)SPAN("<@bank.test:x@evil.test>"), GP_AUTHOR_UNREADABLE,
		"it has a route through another domain");
	check_value((struct gp_span)SPAN("\"a,b\"@evil.test"), GP_AUTHOR_UNREADABLE,
		"it has an @, < or > or a comma in the quoted part of an address");
	check_value((struct gp_span)SPAN("ceo(@bank.test)@evil.test"), GP_AUTHOR_UNREADABLE,
		"it has an address with another one in a comment inside");
	check_value((struct gp_span)SPAN("ceo\xef\xbc\xa0"
					 "bank.test <x@evil.test>"),
		GP_AUTHOR_UNREADABLE, "it has a character that some programs take for an @");
}

/* test_from_fields_of_programs: what mail has, each with the domain that all its readers see. */
static void test_from_fields_of_programs(void **state)
{
	static const struct {
		struct gp_span value;
		enum gp_author_cause cause;
	} rows[] = {
		{SPAN("a@one.test"), GP_AUTHOR_ONE},
		{SPAN("<a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Alice <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"Last, First\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"Last, First (Dept. 7)\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Last, First <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("a@one.test (Alice Smith)"), GP_AUTHOR_ONE},
		{SPAN("\"a@one.test\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("'a@one.test' <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"'a@one.test'\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("a@one.test <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("a@one.test via List <list@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Alice via List <list@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"x@other.test via Z\" <z@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"Bob <bob@other.test> via Z\" <z@one.test>"), GP_AUTHOR_ONE},
		{SPAN("z@one.test (x@other.test)"), GP_AUTHOR_ONE},
		{SPAN("=?utf-8?Q?M=C3=BCller=2C_J=C3=BCrgen?= <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("=?utf-8?B?w5xiZXI=?= =?utf-8?B?w5xiZXI=?= <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("=?UTF-8?Q?x=40other=2Etest?= via List <list@one.test>"), GP_AUTHOR_ONE},
		{SPAN("=?iso-8859-1?Q?J=FCrgen?= Smith <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("=?windows-1252?Q?J=FCrgen?=\r\n <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"=?utf-8?Q?J=C3=BCrgen?=\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("J\xc3\xbcrgen <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("J\xfcrgen <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\xe5\xb1\xb1\xe7\x94\xb0\xe3\x80\x82 <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Shop.com <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"Shop.com - 50% off!\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Shop: 50% off! <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Amazon.test [Orders] <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Jira (PROJ-1) <jira@one.test>"), GP_AUTHOR_ONE},
		{SPAN("\"Alice (Jira)\" <jira@one.test>"), GP_AUTHOR_ONE},
		{SPAN("[SN] Alice <notifications@one.test>"), GP_AUTHOR_ONE},
		{SPAN("root@one.test (Cron Daemon)"), GP_AUTHOR_ONE},
		{SPAN("\"(Cron Daemon)\" <root@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Mail Delivery Subsystem <MAILER-DAEMON@one.test>"), GP_AUTHOR_ONE},
		{SPAN("MAILER-DAEMON@one.test (Mail Delivery System)"), GP_AUTHOR_ONE},
		{SPAN("Mail Delivery System <Mailer-Daemon@one.test>"), GP_AUTHOR_ONE},
		{SPAN("Microsoft Outlook "
		      "<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@one.test>"),
			GP_AUTHOR_ONE},
		{SPAN("bounces+a=other.test@one.test"), GP_AUTHOR_ONE},
		{SPAN("a%other.test@one.test"), GP_AUTHOR_ONE},
		{SPAN("first.last+tag@one.test"), GP_AUTHOR_ONE},
		{SPAN("\"first last\"@one.test"), GP_AUTHOR_ONE},
		{SPAN("a@one.test, b@one.test"), GP_AUTHOR_ONE},
		{SPAN("Team: a@one.test, b@one.test;"), GP_AUTHOR_ONE},
		{SPAN("\"\" <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("(Alice) a@one.test"), GP_AUTHOR_ONE},
		{SPAN("A. B. Smith, Ph.D. <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("O'Reilly & Co. <a@one.test>"), GP_AUTHOR_ONE},
		{SPAN("undisclosed:;"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("MAILER-DAEMON <>"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("root (Cron Daemon)"), GP_AUTHOR_NO_DOMAIN},
		{SPAN("nobody"), GP_AUTHOR_NO_DOMAIN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_value(rows[i].value, rows[i].cause,
			rows[i].cause == GP_AUTHOR_ONE ? "one.test" : NULL);
}

/* test_several_domains: in the order of the grammar. */
static void test_several_domains(void **state)
{
	(void)state;
	check_value((struct gp_span)SPAN("a@one.test, b@other.test"), GP_AUTHOR_SEVERAL,
		"it names several domains");
	check_value((struct gp_span)SPAN("A: a@one.test, b@ONE.test; , c@other.test"),
		GP_AUTHOR_SEVERAL, "it names several domains");
	check_value((struct gp_span)SPAN("a@one.test, b@ONE.test"), GP_AUTHOR_ONE, "one.test");
}

/* test_broken_from_with_one_domain: off the grammar, and yet all see the same domain. */
static void test_broken_from_with_one_domain(void **state)
{
	static const struct gp_span values[] = {
		SPAN("\\\"Shop\\\" <a@one.test>"),
		SPAN("a@one.test;"),
		SPAN("<a@one.test>;"),
		SPAN("Shop <a@one.test>,;"),
		SPAN("a@one.test."),
		SPAN("<a@one.test.>"),
		SPAN("a@one.test>"),
		SPAN("<a@one.test"),
		SPAN("Shop <a@one.test"),
		SPAN("Shop <a@one.test>>"),
		SPAN("Shop <<a@one.test>>"),
		SPAN("Shop a@one.test"),
		SPAN("Shop a@one.test>"),
		SPAN("\"Shop <a@one.test>"),
		SPAN("Shop\" <a@one.test>"),
		SPAN("(Shop <a@one.test>"),
		SPAN("Shop) <a@one.test>"),
		SPAN("'a@one.test' <a@one.test>"),
		SPAN("'a@one.test'"),
		SPAN("\"a@one.test\""),
		SPAN("\\\"a@one.test\\\" <a@ONE.test>"),
		SPAN("a@one.test; b@one.test"),
		SPAN("a@one.test <a@one.test>;"),
		SPAN("Shop <a@one.test> Shop"),
		SPAN("Shop <a@one.test> (Shop"),
		SPAN("mailto:a@one.test"),
		SPAN("root@one.test (Cron Daemon"),
		SPAN("Shop a@one.test (Shop)"),
		SPAN("<mailto:a@one.test>"),
		SPAN("Shop: a@one.test"),
		SPAN("a b@one.test"),
		SPAN("\"a b@one.test"),
		SPAN("=?utf-8?Q?Shop, Inc.?= <a@one.test>;"),
		SPAN("Shop [Sales <a@one.test>"),
		SPAN("Shop\r\n <a@one.test>;"),
		SPAN("a@one.test, b"),
		SPAN("a@one.test <root>"),
		SPAN("<<a@one.test>"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i], GP_AUTHOR_ONE, "one.test");
	check_value((struct gp_span)SPAN("\\\"Shop\\\" <a@B\xc3\xbc"
					 "cher.test>;"),
		GP_AUTHOR_ONE, "xn--bcher-kva.test");
}

/* test_broken_from_that_hides: some program may see another domain. */
static void test_broken_from_that_hides(void **state)
{
	static const struct gp_span values[] = {
		SPAN("\\\"ceo@other.test\\\" <a@one.test>"),
		SPAN("a@one.test; ceo@other.test"),
		SPAN("a@one.test@other.test"),
		SPAN("a@one.test@one.test"),
		SPAN("a@one.test'.other.test"),
		SPAN("a@one.test\".other.test;"),
		SPAN("a@one.test\\.other.test"),
		SPAN("a@one.test>.other.test"),
		SPAN("a@one.test .other.test"),
		SPAN("a@one.test\r\n .other.test;"),
		SPAN("a@one.test(x).other.test"),
		SPAN("a@one.test (x).other.test;"),
		SPAN("a@one.test(.other.test"),
		SPAN("a@one.test,.other.test"),
		SPAN("a@one.ot her.test"),
		SPAN("a@one.ot\" her.test"),
		SPAN("a@one.ot\r\n her.test"),
		SPAN("a@one.test (x)y"),
		SPAN("a@one.test (x)y(z)"),
		SPAN("Shop a@one.ot(x)her.test"),
		SPAN("a@one.test/other.test"),
		SPAN("a@one.test?other.test"),
		SPAN("a@one.test=40other.test"),
		SPAN("a@one.test%other.test"),
		SPAN("a@ one.test;"),
		SPAN("a@one..test;"),
		SPAN("a@.one.test;"),
		SPAN("a@one.test..;"),
		SPAN("a@one.test\n;"),
		SPAN("a@one.test\0;"),
		SPAN("a@one.test\x7f;"),
		SPAN("a@one.test;\r"),
		SPAN("=?utf-8?Q?ceo=40other.test?=; <a@one.test>"),
		SPAN("a@one.test =?utf-8?Q?=2Eother.test?=;"),
		SPAN("a@one.test=?utf-8?Q?=2Eother.test?="),
		SPAN("a@=?utf-8?Q?other=2E?=one.test;"),
		SPAN("ceo\xef\xbc\xa0other.test <a@one.test"),
		SPAN("ceo\xef\xb9\xabother.test <a@one.test"),
		SPAN("a@[192.0.2.1]; b@one.test"),
		SPAN("<@other.test:a@one.test"),
		SPAN("ceo@other .test <a@one.test>"),
		SPAN("a@one.test <ceo%other.test>"),
		SPAN("a@one.test <other.test!ceo>"),
		SPAN("a@one.test <other.test>"),
		SPAN("<other.test> a@one.test"),
		SPAN("a@one.test <x> <other.test"),
		SPAN("ceo@other(c).test <a@one.test>"),
		SPAN("ceo@other(.)test <a@one.test>"),
		SPAN("ceo@other\".test\" <a@one.test>"),
		SPAN("ceo@other\r\n .test <a@one.test>"),
		SPAN("ceo@other\xe3\x80\x82test <a@one.test>"),
		SPAN("ceo@other\xef\xbc\x8etest <a@one.test>"),
		SPAN("ceo@one.test .other.test <a@one.test>"),
		SPAN("ceo@one.test(c).other.test <a@one.test>"),
		SPAN("ceo@one.test \xef\xbd\xa1other.test <a@one.test>"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i], GP_AUTHOR_UNREADABLE, NULL);
}

/* test_cut_header: another From may stand behind what was read. */
static void test_cut_header(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 22);
	size_t n = 0, fields = GP_MESSAGE_FIELDS_MAX;
	char *header = gp_arena_alloc(arena, 5 * fields + 100);
	(void)state;
	memcpy(header, MINE, sizeof MINE - 1);
	n = sizeof MINE - 1;
	for (size_t i = 1; i < fields; i++, n += 5)
		memcpy(header + n, "A:b\r\n", 5);
	check_header((struct gp_span) {header, n}, GP_AUTHOR_ONE, "one.test");
	memcpy(header + n, "A:b\r\n", 5);
	check_header((struct gp_span) {header, n + 5}, GP_AUTHOR_UNREADABLE,
		"the header has more than 4096 fields");
	gp_arena_free(arena);
}

/* test_time_of_hostile_lines: one pass, whatever the bytes: this would take hours otherwise. */
static void test_time_of_hostile_lines(void **state)
{
	static const char *const patterns[] = {"\x01\xff", "\r\xd0\xbe", "\x01 ", "F\xff", ">\xff"};
	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct gp_arena *arena = gp_arena_new(8 << 20);
		const size_t size = 1 << 20;
		char *header = gp_arena_alloc(arena, size);
		for (size_t i = 0; i < size; i++)
			header[i] = patterns[k][i % strlen(patterns[k])];
		memcpy(header, "X: ", 3);
		memcpy(header + size - sizeof MINE - 1, "\r\n" MINE, sizeof MINE + 1);
		struct gp_author a = find(arena, (struct gp_span) {header, size});
		assert_true(a.cause == GP_AUTHOR_ONE);
		gp_arena_free(arena);
	}
}

/* test_time_of_hostile_values: From is not read again for each line below it, nor the rest of it
 * for each @: this would take many minutes otherwise. */
static void test_time_of_hostile_values(void **state)
{
	static const char *const pieces[] = {
		"@a,", "@a(", "@a ", "@a\"", "@a>.", "<", "@", "%a.b", "=?", "=?a?q?@?= "};
	(void)state;
	for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
		struct gp_arena *arena = gp_arena_new(64 << 20);
		const size_t size = GP_MAILBOX_BYTES + 4000 * 12;
		size_t n = 0, length = strlen(pieces[k]);
		char *header = gp_arena_alloc(arena, size);
		memcpy(header, "From: x", n = 7);
		for (; n + length < GP_MAILBOX_BYTES; n += length)
			memcpy(header + n, pieces[k], length);
		for (size_t i = 0; i < 4000; i++, n += 8)
			memcpy(header + n, "\r\n!a @a,", 9);
		(void)find(arena, (struct gp_span) {header, n}); /* whatever it shows */
		gp_arena_free(arena);
	}
}

/* test_ceiling: too little memory is a status, at whatever point it ends. */
static void test_ceiling(void **state)
{
	static const char header[] = "X-\xff: a\r\nFrom: \\\"=?utf-8?Q?a?= <a@b\xc3\xbc.test>;\r\n";
	bool found = false;
	(void)state;
	for (size_t memory = 64; memory < 8192 && !found; memory += 16) {
		struct gp_arena *arena = gp_arena_new(memory);
		struct gp_message message;
		struct gp_author author;
		int rc = gp_message_parse(arena, gp_span_from(header), GP_MESSAGE_CRLF, &message);
		if (!rc)
			rc = gp_author_find(arena, &message, &author);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		found = rc == GP_OK;
		if (found)
			assert_int_equal(author.cause, GP_AUTHOR_ONE);
		gp_arena_free(arena);
	}
	assert_true(found);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_line_elsewhere_leaves_from_alone),
		cmocka_unit_test(test_line_that_may_be_from),
		cmocka_unit_test(test_broken_fold_of_from),
		cmocka_unit_test(test_no_from_at_all),
		cmocka_unit_test(test_no_from_and_nothing_shown_in_its_place),
		cmocka_unit_test(test_from_without_domain),
		cmocka_unit_test(test_from_that_shows_a_domain_nowhere_clear),
		cmocka_unit_test(test_address_without_a_domain),
		cmocka_unit_test(test_host_named_without_an_at),
		cmocka_unit_test(test_name_that_hides_an_address),
		cmocka_unit_test(test_form_on_which_readers_disagree),
		cmocka_unit_test(test_from_fields_of_programs),
		cmocka_unit_test(test_several_domains),
		cmocka_unit_test(test_broken_from_with_one_domain),
		cmocka_unit_test(test_broken_from_that_hides),
		cmocka_unit_test(test_cut_header),
		cmocka_unit_test(test_time_of_hostile_lines),
		cmocka_unit_test(test_time_of_hostile_values),
		cmocka_unit_test(test_ceiling),
	};
	return cmocka_run_group_tests_name("author", tests, NULL, NULL);
}
