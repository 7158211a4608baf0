/* SPDX-License-Identifier: ISC */
/* What an SMTP server says: whole replies, parts of them, nonsense; and a dialogue by a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/try/try_dialogue.h"

/* parse: of a C string. */
static int parse(const char *text, struct gp_try_reply *reply_out, size_t *used_out)
{
	return gp_try_reply_parse(gp_span_from(text), reply_out, used_out);
}

/* replies: what is one, what is not, and what is not one yet (RFC 5321 4.2). */
static void replies(void **state)
{
	static const struct {
		const char *text;
		int rc;
		unsigned code;
		size_t lines, used;
		const char *first, *status;
	} rows[] = {
		{"220 mx ESMTP\r\n", GP_OK, 220, 1, 14, "mx ESMTP", ""},
		{"220 mx\n", GP_OK, 220, 1, 7, "mx", ""},
		{"250\r\n", GP_OK, 250, 1, 5, "", ""},
		{"250 \r\n", GP_OK, 250, 1, 6, "", ""},
		{"250-a\r\n250-b\r\n250 c\r\nmore", GP_OK, 250, 3, 21, "a", ""},
		{"550 5.7.23 no\r\n", GP_OK, 550, 1, 15, "5.7.23 no", "5.7.23"},
		{"550 5.7.23\r\n", GP_OK, 550, 1, 12, "5.7.23", "5.7.23"},
		{"450 4.123.456 x\r\n", GP_OK, 450, 1, 17, "4.123.456 x", "4.123.456"},
		{"550 4.7.1 class\r\n", GP_OK, 550, 1, 17, "4.7.1 class", ""},
		{"550 5.7.1234 x\r\n", GP_OK, 550, 1, 16, "5.7.1234 x", ""},
		{"550 5.7 x\r\n", GP_OK, 550, 1, 11, "5.7 x", ""},
		{"220 mx", GP_TRY_MORE, 0, 0, 0, NULL, NULL},
		{"250-a\r\n", GP_TRY_MORE, 0, 0, 0, NULL, NULL},
		{"", GP_TRY_MORE, 0, 0, 0, NULL, NULL},
		{"HTTP/1.1 400 Bad Request\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"25\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"250x\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"199 a\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"600 a\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
		{"250-a\r\n550 b\r\n", GP_ESYNTAX, 0, 0, 0, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_try_reply r;
		char status[GP_TRY_STATUS_TEXT];
		size_t used = 0;
		int rc = parse(rows[i].text, &r, &used);
		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].text, rc);
		if (rc)
			continue;
		assert_int_equal(r.code, rows[i].code);
		assert_int_equal(r.line_count, rows[i].lines);
		assert_int_equal(used, rows[i].used);
		assert_true(gp_span_equal(r.lines[0], gp_span_from(rows[i].first)));
		assert_string_equal(gp_try_reply_status(&r, status), rows[i].status);
	}
}

/* bounds: lines and their number; every length of a reply is read within its bytes. */
static void bounds(void **state)
{
	static char text[8 * GP_TRY_LINES_MAX + GP_TRY_LINE_MAX];
	struct gp_try_reply r;
	size_t used;
	(void)state;
	for (size_t i = 0; i < GP_TRY_LINES_MAX; i++)
		memcpy(text + 7 * i, "250-a\r\n", 7);
	memcpy(text + 7 * GP_TRY_LINES_MAX, "250 b\r\n", 7);
	assert_int_equal(parse(text, &r, &used), GP_ESYNTAX);
	assert_int_equal(parse(text + 7, &r, &used), GP_OK);
	memset(text, 'x', GP_TRY_LINE_MAX + 1);
	memcpy(text, "250 ", 4);
	text[GP_TRY_LINE_MAX + 1] = 0; /* without an end: it never comes to one */
	assert_int_equal(parse(text, &r, &used), GP_ESYNTAX);
	static const char whole[] = "250-mx\r\n250-XCLIENT NAME ADDR\r\n250 8BITMIME\r\n";
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, whole, n);
		assert_int_equal(
			gp_try_reply_parse((struct gp_span) {exact, n}, &r, &used), GP_TRY_MORE);
		free(exact);
	}
	struct gp_span params;
	assert_int_equal(parse(whole, &r, &used), GP_OK);
	assert_true(gp_try_reply_offers(&r, "xclient", &params));
	assert_true(gp_span_is(params, "NAME ADDR"));
	assert_true(gp_try_reply_offers(&r, "8BITMIME", NULL));
	assert_false(gp_try_reply_offers(&r, "mx", NULL)); /* the greeting is no keyword */
}

/* ---- the dialogue ---- */

/* A server: what it says, one after the other, whatever it hears; what it has heard. */
struct script {
	const char *says;
	const char *hears;
};

/* run: the dialogue with a server that has said everything beforehand. */
static void run(const struct script *script, const struct gp_try_plan *plan, bool need_xclient,
	struct gp_arena *arena, struct gp_try_talk *talk, struct gp_try_result *result)
{
	int fds[2];
	char heard[2048] = "";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	size_t n = strlen(script->says);
	assert_int_equal(write(fds[1], script->says, n), (ssize_t)n);
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_true(gp_try_talk_init(
		talk, arena, fds[0], gp_clock_now_us(gp_clock_system()) + 30 * 1000000LL));
	gp_try_dialogue(talk, plan, need_xclient, result);
	close(fds[0]);
	size_t got = 0;
	for (ssize_t m; (m = read(fds[1], heard + got, sizeof heard - 1 - got)) > 0;)
		got += (size_t)m;
	close(fds[1]);
	if (script->hears)
		assert_string_equal(heard, script->hears);
	assert_null(strstr(heard, "DATA"));
	assert_null(strstr(heard, "BDAT"));
}

#define EHLO "EHLO c.example\r\n"
#define MAIL "MAIL FROM:<a@b.example>\r\n"
#define RCPT "RCPT TO:<r@d.example>\r\n"
#define BYE "RSET\r\nQUIT\r\n"
#define OFFER "250-mx\r\n250 XCLIENT NAME ADDR\r\n"

/* dialogues: who says what, and what comes of it; never a DATA. */
static void dialogues(void **state)
{
	static const struct {
		struct script script;
		bool has_ip, need_xclient;
		enum gp_try_outcome outcome;
		enum gp_try_stage stage;
		const char *problem;
	} rows[] = {
		{{"220 mx\r\n250 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n221 bye\r\n",
			 EHLO MAIL RCPT BYE},
			false, false, GP_TRY_ACCEPTED, GP_TRY_RCPT, NULL},
		{{"220 mx\r\n250 mx\r\n250 ok\r\n550 5.7.23 no\r\n250 ok\r\n221 bye\r\n",
			 EHLO MAIL RCPT BYE},
			false, false, GP_TRY_REFUSED, GP_TRY_RCPT, NULL},
		{{"220 mx\r\n250 mx\r\n451 later\r\n250 ok\r\n221 bye\r\n", EHLO MAIL BYE}, false,
			false, GP_TRY_DEFERRED, GP_TRY_MAIL, NULL},
		{{"220 mx\r\n" OFFER
		  "220 mx\r\n250 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n221 bye\r\n",
			 EHLO "XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]\r\n" EHLO MAIL RCPT BYE},
			true, true, GP_TRY_ACCEPTED, GP_TRY_RCPT, NULL},
		{{"220 mx\r\n" OFFER "250 ok\r\n250 ok\r\n250 ok\r\n221 bye\r\n",
			 EHLO MAIL RCPT BYE},
			false, false, GP_TRY_ACCEPTED, GP_TRY_RCPT, NULL},
		{{"220 mx\r\n" OFFER "554 no\r\n221 bye\r\n",
			 EHLO "XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]\r\nQUIT\r\n"},
			true, true, GP_TRY_REFUSED, GP_TRY_XCLIENT, NULL},
		{{"220 mx\r\n250 mx\r\n221 bye\r\n", EHLO "QUIT\r\n"}, true, true, GP_TRY_UNKNOWN,
			GP_TRY_EHLO, NULL},
		{{"554 not you\r\n221 bye\r\n", "QUIT\r\n"}, false, false, GP_TRY_REFUSED,
			GP_TRY_GREETING, NULL},
		{{"HTTP/1.1 400\r\n", ""}, false, false, GP_TRY_UNKNOWN, GP_TRY_GREETING,
			"what answers there does not speak SMTP"},
		{{"220 mx\r\n", EHLO}, false, false, GP_TRY_UNKNOWN, GP_TRY_GREETING,
			"the server closed the connection"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_try_plan plan = {
			.from = "a@b.example", .rcpt = "r@d.example", .helo = "c.example"};
		struct gp_try_talk talk;
		struct gp_try_result result;
		if (rows[i].has_ip)
			assert_int_equal(
				gp_ipaddr_parse(gp_span_from("192.0.2.1"), &plan.ip), GP_OK);
		run(&rows[i].script, &plan, rows[i].need_xclient, arena, &talk, &result);
		assert_int_equal(result.outcome, rows[i].outcome);
		assert_int_equal(result.stage, rows[i].stage);
		assert_int_equal(
			result.offers_xclient, strstr(rows[i].script.says, "XCLIENT") != NULL);
		if (rows[i].problem)
			assert_string_equal(talk.problem, rows[i].problem);
		else
			assert_null(talk.problem);
		gp_arena_free(arena);
	}
}

/* a_flood_has_an_end: more than a server has to say is not read. */
static void a_flood_has_an_end(void **state)
{
	static char says[GP_TRY_HEARD_MAX * 2];
	struct gp_arena *arena = gp_arena_new(1 << 20);
	const struct gp_try_plan plan = {.from = "", .rcpt = "r@d.example", .helo = "c.example"};
	const struct script script = {says, NULL};
	struct gp_try_talk talk;
	struct gp_try_result result;
	(void)state;
	for (size_t i = 0; i + 8 < sizeof says; i += 7)
		memcpy(says + i, "220-aa\n", 7);
	run(&script, &plan, false, arena, &talk, &result);
	assert_int_equal(result.outcome, GP_TRY_UNKNOWN);
	assert_non_null(talk.problem);
	gp_arena_free(arena);
}

/* noise: what exim -bh prints before its greeting is passed over, and nothing behind it. */
static void noise(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_try_talk talk;
	const struct gp_try_reply *reply;
	static const char says[] = "\n**** SMTP testing session\n\n220 mx\r\nnoise\r\n250 ok\r\n";
	int fds[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[1], says, sizeof says - 1), (ssize_t)sizeof says - 1);
	assert_true(gp_try_talk_init(
		&talk, arena, fds[0], gp_clock_now_us(gp_clock_system()) + 30 * 1000000LL));
	talk.skips_noise = true;
	assert_true(gp_try_talk_listen(&talk, &reply));
	assert_int_equal(reply->code, 220);
	assert_false(gp_try_talk_say(&talk, &reply, "NOOP"));
	assert_string_equal(talk.problem, "what answers there does not speak SMTP");
	close(fds[0]);
	close(fds[1]);
	gp_arena_free(arena);
}

/* plans: nothing that could be another line, or another part of one, is sent. */
static void plans(void **state)
{
	static const struct {
		const char *from, *rcpt, *helo;
		bool good;
	} rows[] = {
		{"a@b", "c@d", "e", true},
		{"", "c@d", "[192.0.2.1]", true},
		{"a@b\r\nDATA", "c@d", "e", false},
		{"a b@c", "c@d", "e", false},
		{"a>@c", "c@d", "e", false},
		{"a@\xc3\xb6", "c@d", "e", false},
		{"a@b", "", "e", false},
		{"a@b", "c@d> X=<", "e", false},
		{"a@b", "c@d", "", false},
		{"a@b", "c@d", "e\x7f", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_try_plan plan = {
			rows[i].from, rows[i].rcpt, rows[i].helo, {0}, NULL};
		assert_int_equal(gp_try_plan_problem(&plan) == NULL, rows[i].good);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(bounds),
		cmocka_unit_test(dialogues),
		cmocka_unit_test(a_flood_has_an_end),
		cmocka_unit_test(noise),
		cmocka_unit_test(plans),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
