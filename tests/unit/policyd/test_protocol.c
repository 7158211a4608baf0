/* SPDX-License-Identifier: ISC */
/* The policy protocol as text: what clients can have chosen, refusals, envelopes, answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policyd/protocol.h"

static const char request[] = "request=smtpd_access_policy\nprotocol_state=RCPT\n"
			      "client_address=192.0.2.1\nclient_name=unknown\n"
			      "reverse_client_name=mx.y.test\nserver_address=\n"
			      "helo_name=a=b\nsender=x@y\nrecipient=\nnovelty=\ninstance=1.2\n"
			      "sasl_username=\n\n";

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

/* test_numbers: recipient_count and size are clamped; what is no number is none. */
static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		int64_t count, size;
	} rows[] = {
		{"", 0, 0},
		{"recipient_count=\nsize=\n", 0, 0},
		{"recipient_count=300\nsize=1048576\n", 300, 1048576},
		{"recipient_count=1125899906842624\n", GP_PROTOCOL_NUMBER_MAX, 0},
		{"recipient_count=1125899906842625\n", GP_PROTOCOL_NUMBER_MAX, 0},
		{"size=9223372036854775807\n", 0, GP_PROTOCOL_NUMBER_MAX},
		{"size=18446744073709551616\n", 0, GP_PROTOCOL_NUMBER_MAX},
		{"size=99999999999999999999999\n", 0, GP_PROTOCOL_NUMBER_MAX},
		{"size=00000000000000000000000000000001\n", 0, 1},
		{"recipient_count=-1\n", 0, 0},
		{"size=-9223372036854775808\n", 0, 0},
		{"size=+1\n", 0, 0},
		{"size= 1 \n", 0, 1},
		{"size=1k\n", 0, 0},
		{"size=0x10\n", 0, 0},
		{"size=1=1\n", 0, 0},
		{"size=\xd9\xa1\n", 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		const char *problem = NULL;
		char text[256];
		snprintf(text, sizeof text, "request=smtpd_access_policy\n%s\n", rows[i].lines);
		assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
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

/* test_refusals: what must not be answered, and why; what could be read is known all the same. */
static void test_refusals(void **state)
{
	static const char *const rows[] = {
		"\n",
		"instance=1.2\nclient_address=192.0.2.1\n\n",
		"instance=1.2\nrequest=smtpd_access_policy2\nclient_address=192.0.2.1\n\n",
		"instance=1.2\nrequest=\nclient_address=192.0.2.1\nsender=cut",
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		const char *problem = NULL;
		assert_int_equal(
			gp_protocol_parse(gp_span_from(rows[i]), &r, &problem), GP_ESYNTAX);
		assert_string_equal(problem, "request is not smtpd_access_policy");
		assert_true(gp_span_is(r.instance, i ? "1.2" : ""));
		assert_true(gp_span_is(r.client_address, i ? "192.0.2.1" : ""));
		assert_int_equal(r.sender.len, 0);
	}
}

/* test_repeated: the first value counts, and of two users the empty one. */
static void test_repeated(void **state)
{
	static const struct {
		const char *lines, *sender, *user;
	} rows[] = {
		{"sender=a\nsender=b\n", "a", ""},
		{"sender=\nsender=b\nsender=c\n", "", ""},
		{"sasl_username=a\nsasl_username=b\n", "", "a"},
		{"sasl_username=a\nsasl_username=\n", "", ""},
		{"sasl_username=\nsasl_username=a\n", "", ""},
		{"=x\nsender=a\n=y\n", "a", ""},
		{"Sender=b\nsender =c\nsender=a\n", "a", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		const char *problem = NULL;
		char text[256];
		snprintf(text, sizeof text, "request=smtpd_access_policy\n%srequest=junk\n\n",
			rows[i].lines);
		assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
		assert_true(gp_span_is(r.sender, rows[i].sender));
		assert_true(gp_span_is(r.sasl_username, rows[i].user));
	}
}

/* test_instance: more than can be remembered is cut, so that a message stays one. */
static void test_instance(void **state)
{
	(void)state;
	char text[1000] = "request=smtpd_access_policy\ninstance=";
	struct gp_protocol_request r;
	const char *problem = NULL;
	size_t n = strlen(text);
	memset(text + n, 'i', 500);
	strcpy(text + n + 500, "\n\n");
	assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
	assert_int_equal(r.instance.len, GP_PROTOCOL_INSTANCE_MAX);
}

/* test_clients: an address, none, or one that cannot be read, which is not the same. */
static void test_clients(void **state)
{
	static const struct {
		const char *value;
		int family;
		bool unreadable;
	} rows[] = {
		{"", GP_IP_NONE, false},
		{"unknown", GP_IP_NONE, false},
		{"192.0.2.1", GP_IP_V4, false},
		{"::ffff:192.0.2.1", GP_IP_V4, false},
		{"2001:db8::1", GP_IP_V6, false},
		{"fe80::1%eth0", GP_IP_V6, false},
		{" 192.0.2.1 ", GP_IP_V4, false},
		{"1.2.3", GP_IP_NONE, true},
		{"1.2.3.4.5", GP_IP_NONE, true},
		{"%eth0", GP_IP_NONE, true},
		{"0300.0.2.1", GP_IP_NONE, true},
		{"192.0.2.1,192.0.2.2", GP_IP_NONE, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		struct gp_envelope e;
		const char *problem = NULL;
		char text[256];
		snprintf(text, sizeof text, "request=smtpd_access_policy\nclient_address=%s\n\n",
			rows[i].value);
		assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
		gp_protocol_envelope(&r, &e);
		assert_int_equal(e.client.family, rows[i].family);
		assert_int_equal(e.client_is_unreadable, rows[i].unreadable);
	}
}

/* test_sender: as Postfix rewrites it, whatever stands where its domain should be. */
static void test_sender(void **state)
{
	static const struct {
		const char *sent, *judged;
	} rows[] = {
		{"", ""},
		{"alice@shop.test", "alice@shop.test"},
		{"alice", "alice"},
		{"alice%shop.test", "alice@shop.test"},
		{"alice%x%shop.test", "alice%x@shop.test"},
		{"%shop.test", "@shop.test"},
		{"alice%", "alice@"},
		{"shop.test!alice", "alice@shop.test"},
		{"a!shop.test!alice", "shop.test!alice@a"},
		{"shop.test!alice%x", "alice%x@shop.test"},
		{"shop.test!", "@shop.test"},
		{"alice%shop.test@other.test", "alice%shop.test@other.test"},
		{"shop.test!alice@other.test", "shop.test!alice@other.test"},
		{"alice@shop.test@", "alice@shop.test"},
		{"alice%shop.test@@", "alice@shop.test"},
		{"alice@shop.test @", "alice@shop.test"},
		{"alice@shop.test. @", "alice@shop.test"},
		{"alice@shop.test .@", "alice@shop.test"},
		{"alice@shop.test @ ", "alice@shop.test"},
		{"alice@shop.test@ @", "alice@shop.test"},
		{"alice@shop.test\t@\t@.@", "alice@shop.test"},
		{"alice%shop.test @", "alice@shop.test"},
		{"shop.test!alice @", "alice@shop.test"},
		{" @ @", ""},
		{"@", ""},
	};
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span sender;
		assert_int_equal(
			gp_protocol_sender(arena, gp_span_from(rows[i].sent), &sender), GP_OK);
		assert_true(gp_span_equal(sender, gp_span_from(rows[i].judged)));
	}
	gp_arena_free(arena);
}

/* test_format: an answer is one line, whatever the text holds; with a mark the text is that of a
 * field, which has the mark before what it says. */
static void test_format(void **state)
{
	static const struct {
		const char *verb, *text, *mark, *answer;
	} rows[] = {
		{"DUNNO", NULL, NULL, "action=DUNNO\n\n"},
		{"PREPEND", "X: y", NULL, "action=PREPEND X: y\n\n"},
		{"", "550 5.7.23 no", NULL, "action=550 5.7.23 no\n\n"},
		{"PREPEND", "X: y\n\naction=OK\r", NULL, "action=PREPEND X: y  action=OK \n\n"},
		{"PREPEND", "A: b; c=d", "", "action=PREPEND A: b; c=d\n\n"},
		{"PREPEND", "A: b; c=d", "m", "action=PREPEND A: (m) b; c=d\n\n"},
		{"PREPEND", "A: b\n\naction=OK", "m", "action=PREPEND A: (m) b  action=OK\n\n"},
		{"PREPEND", "A:", "m", "action=PREPEND A: (m)\n\n"},
		{"PREPEND", "none", "m", "action=PREPEND none\n\n"},
	};
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_strbuf buf;
		const char *text;
		gp_strbuf_init(&buf, arena, 1000);
		if (rows[i].mark)
			gp_protocol_format_field(&buf, rows[i].text, gp_span_from(rows[i].mark));
		else
			gp_protocol_format(&buf, rows[i].verb, rows[i].text);
		assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
		assert_string_equal(text, rows[i].answer);
	}
	gp_arena_free(arena);
}

/* test_explain: lines before the action, each one line whatever its value holds. */
static void test_explain(void **state)
{
	struct gp_arena *arena = gp_arena_new(4096);
	struct gp_protocol_request r;
	struct gp_strbuf buf;
	const char *text, *problem;
	(void)state;
	assert_int_equal(gp_protocol_parse(gp_span_from("request=smtpd_access_policy\n"
							"gatepost_explain=yes\n\n"),
				 &r, &problem),
		GP_OK);
	assert_true(gp_span_is(r.explain, "yes"));
	gp_strbuf_init(&buf, arena, 1024);
	gp_protocol_explain(&buf, "rule", "limit.hourly\naction=OK");
	gp_protocol_format(&buf, "DUNNO", NULL);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	assert_string_equal(text, "rule=limit.hourly action=OK\naction=DUNNO\n\n");
	gp_arena_free(arena);
}

/* test_mark: policy_context = mark:SECRET is the mark of the field, and no context any more. */
static void test_mark(void **state)
{
	static const struct {
		const char *context, *mark, *left;
		enum gp_mark state;
	} rows[] = {
		{"", "", "", GP_MARK_NONE},
		{"submission", "", "submission", GP_MARK_NONE},
		{"marked", "", "marked", GP_MARK_NONE},
		{"mark:0123456789Ab", "0123456789Ab", "", GP_MARK_SECRET},
		{"mark:PutYourOwnSecretHere", "", "", GP_MARK_KNOWN},
		{"mark:^PutYourOwnSecretHere", "", "", GP_MARK_KNOWN},
		{"mark:^0123456789Ab", "", "", GP_MARK_BAD},
		{"mark:", "", "", GP_MARK_BAD},
		{"mark:0123456789a", "", "", GP_MARK_BAD},
		{"mark:0123456789ab)", "", "", GP_MARK_BAD},
		{"mark:0123456789 ab", "", "", GP_MARK_BAD},
		{"mark:0123456789.*", "", "", GP_MARK_BAD},
		{"mark:0123456789012345678901234567890123456789012345678901234567890123",
			"0123456789012345678901234567890123456789012345678901234567890123", "",
			GP_MARK_SECRET},
		{"mark:01234567890123456789012345678901234567890123456789012345678901234", "", "",
			GP_MARK_BAD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_protocol_request r;
		char text[300];
		const char *problem;
		snprintf(text, sizeof text, "request=smtpd_access_policy\npolicy_context=%s\n\n",
			rows[i].context);
		assert_int_equal(gp_protocol_parse(gp_span_from(text), &r, &problem), GP_OK);
		if (r.mark_state != rows[i].state || !gp_span_is(r.mark, rows[i].mark) ||
			!gp_span_is(r.policy_context, rows[i].left))
			fail_msg("%s", rows[i].context);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_mark),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
