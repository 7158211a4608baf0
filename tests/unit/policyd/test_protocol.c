/* SPDX-License-Identifier: ISC */
/* The policy protocol as text: requests in whole and in part, refusals, envelopes, answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policyd/protocol.h"

static const char request[] = "request=smtpd_access_policy\nprotocol_state=RCPT\n"
			      "client_address=192.0.2.1\nclient_name=unknown\nserver_address=\n"
			      "helo_name=a=b\nsender=x@y\nrecipient=\nnovelty=\ninstance=1.2\n"
			      "sasl_username=\n\n";

/* test_length: no prefix of a request is taken for a whole one. */
static void test_length(void **state)
{
	(void)state;
	const size_t whole = sizeof request - 1;
	for (size_t n = 0; n < whole; n++)
		assert_int_equal(gp_protocol_length((struct gp_span) {request, n}), 0);
	assert_int_equal(gp_protocol_length((struct gp_span) {request, whole}), whole);
	assert_int_equal(gp_protocol_length(gp_span_from("a=b\n\nc=d\n\n")), 5);
	assert_int_equal(gp_protocol_length(gp_span_from("\nrest")), 1);
}

/* test_parse: known attributes by name, unknown ones ignored, the value may hold "=". */
static void test_parse(void **state)
{
	(void)state;
	struct gp_protocol_request r;
	struct gp_envelope e;
	const char *problem = NULL;
	assert_int_equal(gp_protocol_parse(gp_span_from(request), &r, &problem), GP_OK);
	assert_int_equal(r.state, GP_STATE_RCPT);
	assert_true(gp_span_is(r.helo_name, "a=b"));
	assert_true(gp_span_is(r.instance, "1.2"));
	gp_protocol_envelope(&r, &e);
	assert_int_equal(e.client.family, GP_IP_V4);
	assert_int_equal(e.server.family, GP_IP_NONE);
	assert_int_equal(e.client_name.len, 0);
	assert_true(gp_span_is(e.sender, "x@y"));
}

/* test_numbers: recipient_count and size, absent, whole, and no numbers at all. */
static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		int64_t count, size; /* -1: refused */
	} rows[] = {
		{"", 0, 0},
		{"recipient_count=\nsize=\n", 0, 0},
		{"recipient_count=300\nsize=1048576\n", 300, 1048576},
		{"recipient_count=1125899906842624\n", 1125899906842624, 0},
		{"recipient_count=1125899906842625\n", -1, 0},
		{"recipient_count=-1\n", -1, 0},
		{"size=+1\n", -1, 0},
		{"size= 1\n", -1, 0},
		{"size=1k\n", -1, 0},
		{"size=99999999999999999999999\n", -1, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		const char *problem = NULL;
		char text[256];
		snprintf(text, sizeof text, "request=smtpd_access_policy\n%s\n", rows[i].lines);
		int rc = gp_protocol_parse(gp_span_from(text), &r, &problem);
		assert_int_equal(rc, rows[i].count < 0 ? GP_ESYNTAX : GP_OK);
		if (rc)
			continue;
		assert_int_equal(r.recipient_count, rows[i].count);
		assert_int_equal(r.size, rows[i].size);
	}
}

/* test_order: attributes may come in any order. */
static void test_order(void **state)
{
	(void)state;
	struct gp_protocol_request r;
	const char *problem = NULL;
	const char *text = "sasl_username=u\nsender=s\nprotocol_state=end-of-message\n"
			   "request=smtpd_access_policy\n\n";
	assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
	assert_int_equal(r.state, GP_STATE_END_OF_MESSAGE);
	assert_true(gp_span_is(r.sasl_username, "u"));
}

/* test_refusals: what must not be answered, and why. */
static void test_refusals(void **state)
{
	static const struct {
		const char *text, *problem;
	} rows[] = {
		{"\n", "request is not smtpd_access_policy"},
		{"sender=x\n\n", "request is not smtpd_access_policy"},
		{"request=smtpd_access_policy2\n\n", "request is not smtpd_access_policy"},
		{"request=smtpd_access_policy\nx\n\n", "line without ="},
		{"request=smtpd_access_policy\n=x\n\n", "attribute without a name"},
		{"request=smtpd_access_policy\nsender=a\nsender=a\n\n", "repeated attribute"},
		{"request=smtpd_access_policy\nclient_address=1.2.3.4.5\n\n",
			"client_address is no address"},
		{"request=smtpd_access_policy\nclient_address=fe80::1%eth0\n\n",
			"client_address is no address"},
	};
	(void)state;
	struct gp_protocol_request r;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *problem = NULL;
		assert_int_equal(
			gp_protocol_parse(gp_span_from(rows[i].text), &r, &problem), GP_ESYNTAX);
		assert_string_equal(problem, rows[i].problem);
	}
	const char *problem = NULL;
	const struct gp_span nul = {"request=smtpd_access_policy\nsender=a\0b\n\n", 39};
	assert_int_equal(gp_protocol_parse(nul, &r, &problem), GP_ESYNTAX);
	assert_string_equal(problem, "NUL byte in the request");
}

/* test_mapped: an IPv4-mapped client is an IPv4 client. */
static void test_mapped(void **state)
{
	(void)state;
	struct gp_protocol_request r;
	struct gp_envelope e;
	const char *problem = NULL;
	const char *text = "request=smtpd_access_policy\nclient_address=::ffff:192.0.2.1\n\n";
	assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
	gp_protocol_envelope(&r, &e);
	assert_int_equal(e.client.family, GP_IP_V4);
}

/* test_format: an answer is one line, whatever the text holds. */
static void test_format(void **state)
{
	static const struct {
		const char *verb, *text, *answer;
	} rows[] = {
		{"DUNNO", NULL, "action=DUNNO\n\n"},
		{"PREPEND", "X: y", "action=PREPEND X: y\n\n"},
		{"", "550 5.7.23 no", "action=550 5.7.23 no\n\n"},
		{"PREPEND", "X: y\n\naction=OK\r", "action=PREPEND X: y  action=OK \n\n"},
	};
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_strbuf buf;
		const char *text;
		gp_strbuf_init(&buf, arena, 1000);
		gp_protocol_format(&buf, rows[i].verb, rows[i].text);
		assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
		assert_string_equal(text, rows[i].answer);
	}
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_format),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
