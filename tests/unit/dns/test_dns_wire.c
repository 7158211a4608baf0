/* SPDX-License-Identifier: ISC */
/* The resolver that sends, against a name server on the loopback that misbehaves as told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dns/dns_private.h"
#include "support/nameserver.h"
#include "support/patience.h"

#define A_RULE(n, ...)                                                             \
	{                                                                          \
		.name = n, .type = GP_DNS_A, .records = {"192.0.2.1"}, __VA_ARGS__ \
	}

static const struct test_nameserver_rule rules[] = {
	A_RULE("a.example"),
	A_RULE("b\\.x.example"),
	A_RULE("secure.example", .ad = true),
	A_RULE("wrong-id.example", .act = TEST_NAMESERVER_WRONG_ID),
	A_RULE("wrong-question.example", .act = TEST_NAMESERVER_WRONG_QUESTION),
	A_RULE("wrong-source.example", .act = TEST_NAMESERVER_WRONG_SOURCE),
	A_RULE("truncated.example", .act = TEST_NAMESERVER_TRUNCATED),
	A_RULE("formerr.example", .act = TEST_NAMESERVER_FORMERR_EDNS),
	A_RULE("notimp-edns.example", .act = TEST_NAMESERVER_NOTIMP_EDNS),
	A_RULE("badvers.example", .act = TEST_NAMESERVER_BADVERS_EDNS),
	A_RULE("slow1.example", .after = 4),
	A_RULE("slow2.example", .after = 4),
	A_RULE("slow3.example", .after = 4),
	{.name = "alias.example", .records = {"CNAME a.example"}},
	{.name = "servfail.example", .act = TEST_NAMESERVER_SERVFAIL},
	{.name = "refused.example", .act = TEST_NAMESERVER_REFUSED},
	{.name = "notimp.example", .act = TEST_NAMESERVER_NOTIMP},
	{.name = "bogus.example", .act = TEST_NAMESERVER_BOGUS},
	{.name = "silent.example", .act = TEST_NAMESERVER_SILENT},
	{.name = "garbage.example", .act = TEST_NAMESERVER_GARBAGE},
	{.name = "malformed.example", .act = TEST_NAMESERVER_MALFORMED},
	{.name = "loop.example", .act = TEST_NAMESERVER_LOOP},
	{.name = "referral.example", .act = TEST_NAMESERVER_REFERRAL},
	{.name = "cut.example", .act = TEST_NAMESERVER_TCP_CUT, .records = {"192.0.2.1"}},
	{.name = "nodata.example", .act = TEST_NAMESERVER_NODATA, .ttl_s = 77},
	{.name = "gone.example", .act = TEST_NAMESERVER_NXDOMAIN, .ttl_s = 77},
	{.name = "text.example",
		.type = GP_DNS_TXT,
		.txt_piece = 4,
		.records = {"0000111122223333444455556666777788889999"
			    "aaaabbbbccccddddeeeeffffgggghhhhiiiijjjjkkkkllllmmmmnnnnoooo"}},
	{.name = "big.example",
		.type = GP_DNS_TXT,
		.act = TEST_NAMESERVER_TRUNCATED,
		.records = {"v=spf1", "two", "three", "four", "five", "six", "seven", "eight"}},
};

#define RULES (sizeof rules / sizeof rules[0])

/* What each case has: two servers, of which a case may use one, and a context. */
struct fixture {
	struct test_nameserver *first, *second;
	struct gp_dns_options options;
	struct gp_ctx ctx;
};

/* set_up: one server with all rules, 300 ms and two rounds, ten seconds for all. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	f->first = test_nameserver_start(rules, RULES, 0);
	f->options = (struct gp_dns_options) {.servers = {test_nameserver_address(f->first)},
		.server_count = 1,
		.timeout_ms = 2000,
		.attempts = 2};
	f->ctx.clock = gp_clock_system();
	f->ctx.arena = gp_arena_new(1 << 20);
	f->ctx.deadline_us = gp_clock_now_us(f->ctx.clock) + TEST_PATIENCE_MS * 1000LL;
	*state = f;
	return f->ctx.arena ? 0 : -1;
}

/* tear_down: and the end of it. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	gp_dns_free(f->ctx.dns);
	test_nameserver_stop(f->first);
	test_nameserver_stop(f->second);
	gp_arena_free(f->ctx.arena);
	free(f);
	return 0;
}

/* resolver: made when first used, with the options as they are then. */
static void resolver(struct fixture *f)
{
	if (!f->ctx.dns)
		assert_int_equal(gp_dns_wire_new(&f->options, &f->ctx.dns), GP_OK);
}

/* ask: one question. */
static struct gp_dns_answer ask(struct fixture *f, const char *name, enum gp_dns_type type)
{
	struct gp_dns_question question = {name, type};
	struct gp_dns_answer answer;
	resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, &question, 1, &answer), GP_OK);
	return answer;
}

/* add_server: a second one, in front of the first or behind it. */
static void add_server(
	struct fixture *f, const struct test_nameserver_rule *second, size_t count, bool in_front)
{
	f->second = test_nameserver_start(second, count, 0);
	f->options.servers[!in_front] = test_nameserver_address(f->second);
	f->options.servers[in_front] = test_nameserver_address(f->first);
	f->options.server_count = 2;
}

/* is_true_address: the one that the rules give, not the forged one. */
static bool is_true_address(const struct gp_dns_answer *answer)
{
	char text[GP_IPADDR_TEXT];
	return answer->state == GP_DNS_FOUND && answer->count == 1 &&
	       strcmp(gp_ipaddr_format(&answer->records[0].addr, text), "192.0.2.1") == 0;
}

/* each_kind_of_answer: what a server may do, and what comes of it with this server alone. */
static void each_kind_of_answer(void **state)
{
	static const struct {
		const char *name;
		enum gp_dns_state expected;
		size_t asked; /* how often */
		const char *problem;
		enum gp_dns_failure failure;
	} rows[] = {
		{"a.example", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"b\\.x.example.", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"alias.example", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"nodata.example", GP_DNS_NODATA, 1, NULL, GP_DNS_FAILURE_NONE},
		{"gone.example", GP_DNS_NXDOMAIN, 1, NULL, GP_DNS_FAILURE_NONE},
		{"unknown.example", GP_DNS_NXDOMAIN, 1, NULL, GP_DNS_FAILURE_NONE},
		{"wrong-id.example", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"wrong-question.example", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"wrong-source.example", GP_DNS_FOUND, 1, NULL, GP_DNS_FAILURE_NONE},
		{"truncated.example", GP_DNS_FOUND, 2, NULL, GP_DNS_FAILURE_NONE},
		{"formerr.example", GP_DNS_FOUND, 2, NULL, GP_DNS_FAILURE_NONE},
		{"notimp-edns.example", GP_DNS_FOUND, 2, NULL, GP_DNS_FAILURE_NONE},
		{"badvers.example", GP_DNS_FOUND, 2, NULL, GP_DNS_FAILURE_NONE},
		{"bogus.example", GP_DNS_BOGUS, 2, ": SERVFAIL (DNSSEC bogus)",
			GP_DNS_FAILURE_SERVFAIL},
		{"servfail.example", GP_DNS_TEMPFAIL, 2, ": SERVFAIL", GP_DNS_FAILURE_SERVFAIL},
		{"refused.example", GP_DNS_TEMPFAIL, 2, ": REFUSED", GP_DNS_FAILURE_REFUSED},
		{"notimp.example", GP_DNS_TEMPFAIL, 4, ": NOTIMP", GP_DNS_FAILURE_OTHER},
		{"malformed.example", GP_DNS_TEMPFAIL, 2, ": a malformed reply",
			GP_DNS_FAILURE_OTHER},
		{"loop.example", GP_DNS_TEMPFAIL, 2, ": an endless chain of CNAMEs",
			GP_DNS_FAILURE_OTHER},
		{"referral.example", GP_DNS_TEMPFAIL, 2, ": a referral", GP_DNS_FAILURE_OTHER},
		{"cut.example", GP_DNS_TEMPFAIL, 4, ": connection closed over TCP",
			GP_DNS_FAILURE_OTHER},
		{"silent.example", GP_DNS_TEMPFAIL, 2,
			"no answer from 127.0.0.1:", GP_DNS_FAILURE_TIMEOUT},
		{"garbage.example", GP_DNS_TEMPFAIL, 2, ", but 2 packets that did not match",
			GP_DNS_FAILURE_TIMEOUT},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_answer answer = ask(f, rows[i].name, GP_DNS_A);
		size_t asked = test_nameserver_asked(
			f->first, i == 1 ? "b\\.x.example" : rows[i].name, GP_DNS_A);
		assert_int_equal(answer.state, rows[i].expected);
		assert_int_equal(asked, rows[i].asked);
		assert_int_equal(answer.failure, rows[i].failure);
		assert_false(answer.ours || answer.cached);
		if (i == 2)
			assert_string_equal(answer.canonical, "a.example");
		else
			assert_null(answer.canonical);
		assert_int_equal(answer.problem != NULL, rows[i].problem != NULL);
		if (rows[i].problem)
			assert_non_null(strstr(answer.problem, rows[i].problem));
		if (rows[i].expected == GP_DNS_FOUND)
			assert_true(is_true_address(&answer));
	}
}

/* a_text_of_25_strings_is_joined: as one. */
static void a_text_of_25_strings_is_joined(void **state)
{
	struct gp_dns_answer answer = ask(*state, "text.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.records[0].text.len, 25 * 4);
	assert_memory_equal(answer.records[0].text.ptr, "00001111", 8);
	assert_memory_equal(answer.records[0].text.ptr + 92, "nnnnoooo", 8);
}

/* negative_answers_have_a_ttl: of the SOA. */
static void negative_answers_have_a_ttl(void **state)
{
	assert_int_equal(ask(*state, "nodata.example", GP_DNS_A).ttl_s, 77);
	assert_int_equal(ask(*state, "gone.example", GP_DNS_MX).ttl_s, 77);
}

/* truncated_answers_come_over_tcp: whole. */
static void truncated_answers_come_over_tcp(void **state)
{
	struct fixture *f = *state;
	struct test_nameserver_query query;
	struct gp_dns_answer answer = ask(f, "big.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.count, 8);
	assert_true(test_nameserver_query(f->first, 0, &query) && !query.tcp);
	assert_true(test_nameserver_query(f->first, 1, &query) && query.tcp);
}

/* longer_datagrams_than_there_is_room_for_come_over_tcp: as if the server had cut them. */
static void longer_datagrams_than_there_is_room_for_come_over_tcp(void **state)
{
	static char text[5001];
	const struct test_nameserver_rule huge[] = {
		{.name = "huge.example", .type = GP_DNS_TXT, .records = {text}}};
	struct fixture *f = *state;
	struct test_nameserver_query query;
	memset(text, 'x', sizeof text - 1);
	f->second = test_nameserver_start(huge, 1, 0);
	f->options.servers[0] = test_nameserver_address(f->second);
	struct gp_dns_answer answer = ask(f, "huge.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.records[0].text.len, sizeof text - 1);
	assert_int_equal(test_nameserver_asked(f->second, NULL, 0), 2);
	assert_true(test_nameserver_query(f->second, 1, &query) && query.tcp);
}

/* bogus_is_what_all_servers_call_so: with one that fails otherwise it is temporary trouble. */
static void bogus_is_what_all_servers_call_so(void **state)
{
	static const struct test_nameserver_rule rows[] = {
		{.name = "bogus.example", .act = TEST_NAMESERVER_BOGUS},
		{.name = "bogus.example", .act = TEST_NAMESERVER_SERVFAIL},
		{.name = "bogus.example", .act = TEST_NAMESERVER_REFUSED},
		{.name = "bogus.example", .act = TEST_NAMESERVER_SILENT},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		add_server(f, &rows[i / 2], 1, i % 2);
		struct gp_dns_answer answer = ask(f, "bogus.example", GP_DNS_A);
		assert_int_equal(answer.state, i < 2 ? GP_DNS_BOGUS : GP_DNS_TEMPFAIL);
		assert_non_null(answer.problem);
		assert_false(answer.ours);
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
		test_nameserver_stop(f->second);
		f->second = NULL;
	}
}

/* over_tcp_at_once: for who wants to know whether that works. */
static void over_tcp_at_once(void **state)
{
	static const struct test_nameserver_rule rules_of_one[] = {{.name = "a.example"}};
	struct fixture *f = *state;
	struct test_nameserver_query query;
	f->options.over_tcp = true;
	struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
	assert_true(is_true_address(&answer));
	assert_true(test_nameserver_query(f->first, 0, &query) && query.tcp);
	assert_false(test_nameserver_query(f->first, 1, &query));

	struct test_nameserver *plain =
		test_nameserver_start(rules_of_one, 1, TEST_NAMESERVER_NO_TCP);
	gp_dns_free(f->ctx.dns);
	f->ctx.dns = NULL;
	f->options.servers[0] = test_nameserver_address(plain);
	answer = ask(f, "a.example", GP_DNS_A);
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_non_null(strstr(answer.problem, ": connection refused over TCP"));
	test_nameserver_stop(plain);
}

/* refused_tcp_leads_to_the_next_server: and is the problem when there is none. */
static void refused_tcp_leads_to_the_next_server(void **state)
{
	static const struct test_nameserver_rule no_tcp[] = {
		{.name = "truncated.example", .act = TEST_NAMESERVER_TRUNCATED}};
	struct fixture *f = *state;
	struct test_nameserver *plain = test_nameserver_start(no_tcp, 1, TEST_NAMESERVER_NO_TCP);
	struct gp_dns_server answering = f->options.servers[0];
	f->options.servers[0] = test_nameserver_address(plain);
	struct gp_dns_answer answer = ask(f, "truncated.example", GP_DNS_A);
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_non_null(strstr(answer.problem, ": connection refused over TCP"));

	gp_dns_free(f->ctx.dns);
	f->ctx.dns = NULL;
	f->options.servers[1] = answering;
	f->options.server_count = 2;
	answer = ask(f, "truncated.example", GP_DNS_A);
	assert_true(is_true_address(&answer));
	test_nameserver_stop(plain);
}

/* the_next_server_is_asked: whatever the trouble with the first is. */
static void the_next_server_is_asked(void **state)
{
	static const struct test_nameserver_rule bad[] = {
		{.name = "a.example", .act = TEST_NAMESERVER_SERVFAIL},
		{.name = "alias.example", .act = TEST_NAMESERVER_REFUSED},
		{.name = "secure.example", .act = TEST_NAMESERVER_MALFORMED},
		{.name = "wrong-id.example", .act = TEST_NAMESERVER_SILENT},
		{.name = "truncated.example", .act = TEST_NAMESERVER_TCP_CUT},
		{.name = "formerr.example", .act = TEST_NAMESERVER_LOOP},
		{.name = "slow1.example", .act = TEST_NAMESERVER_GARBAGE},
		{.name = "badvers.example", .act = TEST_NAMESERVER_BOGUS},
	};
	struct fixture *f = *state;
	add_server(f, bad, sizeof bad / sizeof bad[0], true);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct gp_dns_answer answer = ask(f, bad[i].name, GP_DNS_A);
		assert_true(is_true_address(&answer));
		assert_true(test_nameserver_asked(f->second, bad[i].name, GP_DNS_A) > 0);
	}
}

/* a_closed_port_is_not_waited_for: ECONNREFUSED leads on; by timeouts the deadline would pass. */
static void a_closed_port_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct test_nameserver *closed = test_nameserver_start(NULL, 0, 0);
	f->options.timeout_ms = TEST_PATIENCE_MS;
	f->ctx.deadline_us = gp_clock_now_us(f->ctx.clock) + TEST_PATIENCE_MS / 2 * 1000LL;
	f->options.servers[1] = f->options.servers[0];
	f->options.servers[0] = test_nameserver_address(closed);
	f->options.server_count = 2;
	test_nameserver_stop(closed);
	struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
	assert_true(is_true_address(&answer));
}

/* ipv6_servers_are_asked_too: nobody listens there; whatever the system says leads on at once. */
static void ipv6_servers_are_asked_too(void **state)
{
	struct fixture *f = *state;
	struct gp_dns_server v4 = f->options.servers[0];
	f->options.servers[0] = (struct gp_dns_server) {.addr = {GP_IP_V6, {[15] = 1}}, .port = 1};
	f->options.timeout_ms = 100;
	struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
	assert_true(gp_dns_state_is_failure(answer.state)); /* which depends on the machine */
	assert_non_null(strstr(answer.problem, "[::1]:1: "));

	gp_dns_free(f->ctx.dns);
	f->ctx.dns = NULL;
	f->options.servers[1] = v4;
	f->options.server_count = 2;
	answer = ask(f, "a.example", GP_DNS_A);
	assert_true(is_true_address(&answer));
}

/* what_was_said_outweighs_silence: the problem names SERVFAIL though the other server slept. */
static void what_was_said_outweighs_silence(void **state)
{
	static const struct test_nameserver_rule silent[] = {
		{.name = "servfail.example", .act = TEST_NAMESERVER_SILENT}};
	struct fixture *f = *state;
	add_server(f, silent, 1, false);
	f->options.timeout_ms = 1000;
	struct gp_dns_answer answer = ask(f, "servfail.example", GP_DNS_A);
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_int_equal(answer.failure, GP_DNS_FAILURE_SERVFAIL);
	assert_non_null(strstr(answer.problem, ": SERVFAIL"));
}

/* a_silent_server_is_asked_last: after three timeouts, and not excluded. */
static void a_silent_server_is_asked_last(void **state)
{
	static const struct test_nameserver_rule silent[] = {
		{.name = "a.example", .act = TEST_NAMESERVER_SILENT},
		{.name = "servfail.example", .records = {"192.0.2.1"}}};
	struct fixture *f = *state;
	add_server(f, silent, 2, true);
	f->options.timeout_ms = 1000;
	for (int i = 0; i < 6; i++) {
		struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
		assert_true(is_true_address(&answer));
	}
	assert_int_equal(test_nameserver_asked(f->second, "a.example", GP_DNS_A), 3);
	assert_int_equal(test_nameserver_asked(f->first, "a.example", GP_DNS_A), 6);
	/* the other fails: now the silent one is asked, answers, and is the first again */
	assert_int_equal(ask(f, "servfail.example", GP_DNS_A).state, GP_DNS_FOUND);
	assert_int_equal(ask(f, "a.example", GP_DNS_A).state, GP_DNS_FOUND);
	assert_int_equal(test_nameserver_asked(f->second, "a.example", GP_DNS_A), 4);
}

/* the_deadline_holds: however much the options would allow; such an answer is ours. */
static void the_deadline_holds(void **state)
{
	struct fixture *f = *state;
	int64_t begin_us = gp_clock_now_us(f->ctx.clock);
	f->options.timeout_ms = TEST_PATIENCE_MS;
	f->ctx.deadline_us = begin_us + 250 * 1000;
	struct gp_dns_answer answer = ask(f, "silent.example", GP_DNS_A);
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_true(answer.ours);
	assert_int_equal(answer.failure, GP_DNS_FAILURE_TIMEOUT);
	assert_non_null(strstr(answer.problem, "no answer from 127.0.0.1:"));
	assert_true(gp_clock_now_us(f->ctx.clock) >= f->ctx.deadline_us); /* not before, either */

	answer = ask(f, "a.example", GP_DNS_A); /* it has passed: nothing is sent */
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_true(answer.ours);
	assert_int_equal(answer.failure, GP_DNS_FAILURE_OTHER); /* no server was silent */
	assert_string_equal(answer.problem, "no time was left to query a name server");
	assert_int_equal(test_nameserver_asked(f->first, "a.example", GP_DNS_A), 0);
}

/* attempts_used_up_are_not_ours: the same silence, but the servers had their chance. */
static void attempts_used_up_are_not_ours(void **state)
{
	struct fixture *f = *state;
	f->options.timeout_ms = 50;
	struct gp_dns_answer answer = ask(f, "silent.example", GP_DNS_A);
	assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
	assert_false(answer.ours);
}

/* questions_fly_together: three are answered only when the fourth has come, too. */
static void questions_fly_together(void **state)
{
	static const struct gp_dns_question questions[] = {{"slow1.example", GP_DNS_A},
		{"slow2.example", GP_DNS_A}, {"slow3.example", GP_DNS_A}, {"a..example", GP_DNS_A},
		{"gone.example", GP_DNS_MX}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[5];
	f->options.timeout_ms = 3000;
	f->options.attempts = 1; /* asked one by one, each would time out */
	resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 5, answers), GP_OK);
	for (int i = 0; i < 3; i++)
		assert_true(is_true_address(&answers[i]));
	assert_int_equal(answers[3].state, GP_DNS_NXDOMAIN); /* never sent */
	assert_int_equal(answers[4].state, GP_DNS_NXDOMAIN);
	assert_int_equal(test_nameserver_asked(f->first, NULL, 0), 4);
}

/* The order in which answers were told. */
struct told {
	size_t count, places[4];
	enum gp_dns_state states[4];
};

/* note_told: gp_dns_watch.landed. */
static void note_told(void *arg, size_t i, const struct gp_dns_answer *answer)
{
	struct told *told = arg;
	assert_in_range(told->count, 0, 3);
	told->states[told->count] = answer->state;
	told->places[told->count++] = i;
}

/* an_answer_is_told_as_it_lands: what others wait for does not wait for a silent server. */
static void an_answer_is_told_as_it_lands(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"silent.example", GP_DNS_A}, {"a.example", GP_DNS_A}, {"gone.example", GP_DNS_A}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[3];
	struct told told = {0};
	const struct gp_dns_watch watch = {.landed = note_told, .arg = &told};
	resolver(f);
	assert_int_equal(
		f->ctx.dns->ops->query(f->ctx.dns, &f->ctx, questions, 3, &watch, answers), GP_OK);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.places[2], 0);
	assert_int_equal(told.states[2], GP_DNS_TEMPFAIL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			told.states[i], told.places[i] == 1 ? GP_DNS_FOUND : GP_DNS_NXDOMAIN);
}

/* fresh_answers_come_from_here_too: without a cache, with the TTL cut. */
static void fresh_answers_come_from_here_too(void **state)
{
	struct fixture *f = *state;
	const struct gp_dns_question q = {"alias.example", GP_DNS_A};
	struct gp_dns_answer answer;
	resolver(f);
	assert_int_equal(gp_dns_query_fresh(&f->ctx, &q, 1, 60, &answer), GP_OK);
	assert_true(is_true_address(&answer));
	assert_int_equal(answer.ttl_s, 60);
	assert_string_equal(answer.canonical, "a.example");
}

/* who_is_hurried_asks_every_server: within the time that the question is worth. */
static void who_is_hurried_asks_every_server(void **state)
{
	static const struct test_nameserver_rule mute[] = {
		{.name = "a.example", .act = TEST_NAMESERVER_SILENT},
		{.name = "silent.example", .act = TEST_NAMESERVER_SILENT}};
	static const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_A}, {"silent.example", GP_DNS_A}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[2];
	struct told told = {0};
	f->options.timeout_ms = 9000; /* of the first server alone more than there is */
	add_server(f, mute, 2, true);
	resolver(f);
	int64_t until_us[2];
	until_us[0] = until_us[1] = gp_clock_now_us(f->ctx.clock) + 2 * 1000000;
	const struct gp_dns_watch watch = {.landed = note_told, .arg = &told, .until_us = until_us};
	assert_int_equal(
		f->ctx.dns->ops->query(f->ctx.dns, &f->ctx, questions, 2, &watch, answers), GP_OK);
	assert_true(is_true_address(&answers[0]));
	assert_int_equal(answers[1].state, GP_DNS_TEMPFAIL);
	assert_true(answers[1].ours);
	assert_int_equal(test_nameserver_asked(f->first, "silent.example", GP_DNS_A), 1);
	assert_true(gp_clock_now_us(f->ctx.clock) < f->ctx.deadline_us);
}

/* as_many_questions_as_allowed: 64 at once; one more is refused. */
static void as_many_questions_as_allowed(void **state)
{
	struct fixture *f = *state;
	struct gp_dns_question questions[GP_DNS_QUESTIONS_MAX + 1];
	struct gp_dns_answer answers[GP_DNS_QUESTIONS_MAX + 1];
	for (size_t i = 0; i <= GP_DNS_QUESTIONS_MAX; i++)
		questions[i] = (struct gp_dns_question) {
			i % 2 ? "a.example" : "truncated.example", GP_DNS_A};
	f->options.timeout_ms = 3000;
	resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, questions, GP_DNS_QUESTIONS_MAX, answers), GP_OK);
	for (size_t i = 0; i < GP_DNS_QUESTIONS_MAX; i++)
		assert_true(is_true_address(&answers[i]));
	assert_int_equal(
		gp_dns_query(&f->ctx, questions, GP_DNS_QUESTIONS_MAX + 1, answers), GP_EINVAL);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 0, answers), GP_OK);
}

/* ad_counts_only_with_trust: and is asked for only then (RFC 6840 5.7). */
static void ad_counts_only_with_trust(void **state)
{
	struct fixture *f = *state;
	struct test_nameserver_query query;
	assert_false(ask(f, "secure.example", GP_DNS_A).secure);
	assert_true(test_nameserver_query(f->first, 0, &query) && !query.ad && query.rd);
	gp_dns_free(f->ctx.dns);
	f->ctx.dns = NULL;
	f->options.trust_ad = true;
	assert_true(ask(f, "secure.example", GP_DNS_A).secure);
	assert_true(test_nameserver_query(f->first, 1, &query) && query.ad && query.edns);
	assert_false(ask(f, "a.example", GP_DNS_A).secure);
}

/* formerr_drops_edns: for that server and question only. */
static void formerr_drops_edns(void **state)
{
	struct fixture *f = *state;
	struct test_nameserver_query query;
	assert_int_equal(ask(f, "formerr.example", GP_DNS_A).state, GP_DNS_FOUND);
	assert_true(test_nameserver_query(f->first, 0, &query) && query.edns);
	assert_true(test_nameserver_query(f->first, 1, &query) && !query.edns);
	assert_int_equal(ask(f, "a.example", GP_DNS_A).state, GP_DNS_FOUND);
	assert_true(test_nameserver_query(f->first, 2, &query) && query.edns);
}

/* ids_and_ports_differ: each attempt has its own (RFC 5452 9.2). */
static void ids_and_ports_differ(void **state)
{
	struct fixture *f = *state;
	struct test_nameserver_query query[16];
	size_t same_id = 0, same_port = 0;
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(ask(f, "a.example", GP_DNS_A).state, GP_DNS_FOUND);
		assert_true(test_nameserver_query(f->first, i, &query[i]));
		assert_true(query[i].port >= 1024);
		for (size_t j = 0; j < i; j++) {
			same_id += query[i].id == query[j].id;
			same_port += query[i].port == query[j].port;
		}
	}
	assert_true(same_id <= 2 && same_port <= 2);
}

/* want_of_descriptors_is_ours: it says nothing about servers. */
static void want_of_descriptors_is_ours(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, none;
	resolver(f);
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit) {.rlim_cur = (rlim_t)lowest, .rlim_max = was.rlim_max};
	close(lowest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(answer.state, GP_DNS_TROUBLE);
	assert_true(answer.ours);
	assert_non_null(strstr(answer.problem, "too many open files"));
}

/* unreachable: servers that the system does not let us ask: a broadcast, no interface, no zone. */
static const struct {
	struct gp_dns_server server;
	const char *problem, *without_network;
} unreachable[] = {
	{{.addr = {GP_IP_V4, {255, 255, 255, 255}}, .port = 53}, "sending is not permitted",
		"network unreachable"},
	{{.addr = {GP_IP_V6, {0xfe, 0x80, [15] = 1}}, .port = 53, .zone = "nothere"},
		"no such network interface", "no such network interface"},
	{{.addr = {GP_IP_V6, {0xfe, 0x80, [15] = 1}}, .port = 53},
		"[fe80::1]:53: ", "[fe80::1]:53: "},
};

/* what_keeps_us_from_asking_is_ours: a server that cannot be asked from here says nothing; together
 * with others, those decide, wherever it stands. */
static void what_keeps_us_from_asking_is_ours(void **state)
{
	static const struct {
		const char *name;
		enum gp_dns_state alone, beside;
		const char *problem;
	} rows[] = {{"a.example", GP_DNS_TROUBLE, GP_DNS_FOUND, NULL},
		{"servfail.example", GP_DNS_TROUBLE, GP_DNS_TEMPFAIL, ": SERVFAIL"},
		{"bogus.example", GP_DNS_TROUBLE, GP_DNS_BOGUS, ": SERVFAIL (DNSSEC bogus)"},
		{"silent.example", GP_DNS_TROUBLE, GP_DNS_TEMPFAIL, "no answer from 127.0.0.1:"}};
	struct fixture *f = *state;
	const struct gp_dns_server answering = f->options.servers[0];
	for (size_t i = 0; i < 3 * 3 * sizeof rows / sizeof rows[0]; i++) {
		size_t row = i / 9, at = i / 3 % 3, place = i % 3; /* place 2: there is no other */
		/* what is answered may take its time on a busy machine */
		f->options.timeout_ms = strncmp(rows[row].name, "silent", 6) == 0 ? 100 : 10000;
		f->options.server_count = place == 2 ? 1 : 2;
		f->options.servers[0] = f->options.servers[1] = answering;
		f->options.servers[place % 2] = unreachable[at].server;
		struct gp_dns_answer answer = ask(f, rows[row].name, GP_DNS_A);
		assert_int_equal(answer.state, place == 2 ? rows[row].alone : rows[row].beside);
		assert_int_equal(answer.ours, place == 2);
		if (place == 2)
			assert_true(strstr(answer.problem, unreachable[at].problem) ||
				    strstr(answer.problem, unreachable[at].without_network));
		else if (rows[row].problem)
			assert_non_null(strstr(answer.problem, rows[row].problem));
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/*
 * a_refused_question_is_not_ours: nobody listens at the server, which the server's side has said.
 */
static void a_refused_question_is_not_ours(void **state)
{
	struct fixture *f = *state;
	for (int over_tcp = 0; over_tcp < 2; over_tcp++) {
		struct test_nameserver *closed = test_nameserver_start(NULL, 0, 0);
		f->options.servers[0] = test_nameserver_address(closed);
		f->options.over_tcp = over_tcp;
		test_nameserver_stop(closed);
		struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
		assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
		assert_false(answer.ours);
		assert_non_null(strstr(answer.problem, "connection refused"));
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/* a_full_arena_is_our_trouble: GP_ETOOBIG, and nothing stays open. */
static void a_full_arena_is_our_trouble(void **state)
{
	static const char *const names[] = {"text.example", "servfail.example", "bogus.example"};
	struct fixture *f = *state;
	resolver(f);
	gp_arena_free(f->ctx.arena);
	f->ctx.arena = gp_arena_new(0);
	assert_non_null(f->ctx.arena);
	for (size_t i = 0; i < 3; i++) {
		struct gp_dns_question question = {names[i], GP_DNS_TXT};
		struct gp_dns_answer answer;
		assert_int_equal(gp_dns_query(&f->ctx, &question, 1, &answer), GP_ETOOBIG);
	}
}

/* options_are_checked: servers there must be, and not too many. */
static void options_are_checked(void **state)
{
	struct gp_dns_options options = {.timeout_ms = 1, .attempts = 1};
	struct gp_dns *dns = NULL;
	(void)state;
	assert_int_equal(gp_dns_wire_new(&options, &dns), GP_EINVAL);
	options.server_count = GP_DNS_SERVERS_MAX + 1;
	assert_int_equal(gp_dns_wire_new(&options, &dns), GP_EINVAL);
	assert_null(dns);
	gp_dns_free(NULL);
}

/* what_was_asked_is_counted: attempts, silence, answers by state, and how long they took. */
static void what_was_asked_is_counted(void **state)
{
	struct fixture *f = *state;
	struct gp_dns_wire_stats s;
	static const char *const names[] = {"a.example", "gone.example", "nodata.example",
		"truncated.example", "servfail.example", "bogus.example", "silent.example"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)ask(f, names[i], GP_DNS_A);
	f->ctx.deadline_us = gp_clock_now_us(f->ctx.clock) + 50 * 1000;
	assert_true(ask(f, "silent.example", GP_DNS_A).ours);
	gp_dns_wire_stats(f->ctx.dns, &s);
	assert_int_equal(s.answers[GP_DNS_FOUND], 2);
	assert_int_equal(s.answers[GP_DNS_NXDOMAIN], 1);
	assert_int_equal(s.answers[GP_DNS_NODATA], 1);
	assert_int_equal(s.answers[GP_DNS_BOGUS], 1);
	assert_int_equal(s.answers[GP_DNS_TEMPFAIL], 2);
	assert_int_equal(s.given_up, 1);
	assert_int_equal(s.datagrams, 11); /* two attempts each at servfail, bogus and silent */
	assert_int_equal(s.connections, 1);
	assert_int_equal(s.timeouts, 2);
	assert_int_equal(gp_histogram_count(&s.took), 8);
	assert_true(s.took.sum_us >= 600 * 1000);
}

/* a_cache_hands_the_numbers_up: whoever holds the layer above gets them; no resolver has none. */
static void a_cache_hands_the_numbers_up(void **state)
{
	struct fixture *f = *state;
	struct gp_dns *wire;
	struct gp_dns_wire_stats s;
	const struct gp_dns_cache_options options = {.entries = 16, .ttl_max_s = 60};
	assert_int_equal(gp_dns_wire_new(&f->options, &wire), GP_OK);
	assert_int_equal(gp_dns_cache_new(&options, wire, gp_clock_system(), &f->ctx.dns), GP_OK);
	(void)ask(f, "a.example", GP_DNS_A);
	(void)ask(f, "a.example", GP_DNS_A);
	gp_dns_wire_stats(f->ctx.dns, &s);
	assert_int_equal(s.answers[GP_DNS_FOUND], 1);
	gp_dns_wire_stats(NULL, &s);
	assert_int_equal(s.answers[GP_DNS_FOUND] + s.datagrams, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_kind_of_answer),
		CASE(what_was_asked_is_counted),
		CASE(a_cache_hands_the_numbers_up),
		CASE(a_text_of_25_strings_is_joined),
		CASE(negative_answers_have_a_ttl),
		CASE(truncated_answers_come_over_tcp),
		CASE(longer_datagrams_than_there_is_room_for_come_over_tcp),
		CASE(bogus_is_what_all_servers_call_so),
		CASE(over_tcp_at_once),
		CASE(refused_tcp_leads_to_the_next_server),
		CASE(the_next_server_is_asked),
		CASE(a_closed_port_is_not_waited_for),
		CASE(ipv6_servers_are_asked_too),
		CASE(what_was_said_outweighs_silence),
		CASE(a_silent_server_is_asked_last),
		CASE(the_deadline_holds),
		CASE(attempts_used_up_are_not_ours),
		CASE(questions_fly_together),
		CASE(an_answer_is_told_as_it_lands),
		CASE(fresh_answers_come_from_here_too),
		CASE(who_is_hurried_asks_every_server),
		CASE(as_many_questions_as_allowed),
		CASE(ad_counts_only_with_trust),
		CASE(formerr_drops_edns),
		CASE(ids_and_ports_differ),
		CASE(want_of_descriptors_is_ours),
		CASE(what_keeps_us_from_asking_is_ours),
		CASE(a_refused_question_is_not_ours),
		CASE(a_full_arena_is_our_trouble),
		CASE(options_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
