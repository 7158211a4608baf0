/* SPDX-License-Identifier: ISC */
/* When most questions of the last minute failed for want of name servers: said once a minute with
 * the servers, and when over; not when senders' zones are broken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/dns_health.h"
#include "support/nameserver.h"

#define SECOND 1000000

static const struct test_nameserver_rule rules[] = {
	{.name = "bad.example", .act = TEST_NAMESERVER_SERVFAIL},
	{.name = "bogus.example", .act = TEST_NAMESERVER_BOGUS},
	{.name = "good.example", .type = GP_DNS_A, .records = {"192.0.2.1"}},
};

/* servers in trouble: what they have to do with the Internet is cut, or lies about it */
static const struct test_nameserver_rule cut[] = {{.name = "*", .act = TEST_NAMESERVER_SERVFAIL}};
static const struct test_nameserver_rule bogus[] = {{.name = "*", .act = TEST_NAMESERVER_BOGUS}};
static const struct test_nameserver_rule mute[] = {{.name = "*", .act = TEST_NAMESERVER_SILENT}};

/* What a case has. */
struct scene {
	struct test_nameserver *ns, *down;
	struct gp_ctx ctx;
	struct gp_daemon_dns_health health;
	struct gp_daemon_dns_seen seen;
	struct gp_log log;
	int64_t now_us;
	char last[512];
	unsigned warnings, notices;
};

/* keep_line: gp_log.write. */
static void keep_line(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct scene *s = arg;
	(void)event;
	(void)count;
	snprintf(s->last, sizeof s->last, "%.*s", (int)fields[0].text.len, fields[0].text.ptr);
	s->warnings += level == GP_LOG_WARNING;
	s->notices += level == GP_LOG_NOTICE;
}

/* resolver: a new one for the name server. */
static void resolver(struct scene *s)
{
	const struct gp_dns_options options = {.servers = {test_nameserver_address(s->ns)},
		.server_count = 1,
		.timeout_ms = 5000,
		.attempts = 1};
	gp_dns_free(s->ctx.dns);
	assert_int_equal(gp_dns_wire_new(&options, &s->ctx.dns), GP_OK);
}

/* begin: nothing was asked yet. */
static void begin(struct scene *s)
{
	memset(s, 0, sizeof *s);
	s->ns = test_nameserver_start(rules, sizeof rules / sizeof rules[0], 0);
	s->down = test_nameserver_start(cut, 1, 0);
	s->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	s->ctx.deadline_us = INT64_MAX / 2;
	s->log = (struct gp_log) {keep_line, s, GP_LOG_INFO};
	s->now_us = 5 * SECOND;
	resolver(s);
}

/* end: frees all. */
static void end(struct scene *s)
{
	gp_dns_free(s->ctx.dns);
	test_nameserver_stop(s->ns);
	test_nameserver_stop(s->down);
	gp_arena_free(s->ctx.arena);
}

/* turn_to: this server is asked from now on, by the same resolver. */
static void turn_to(struct scene *s, struct gp_dns_server server, unsigned timeout_ms)
{
	const struct gp_dns_options options = {
		.servers = {server}, .server_count = 1, .timeout_ms = timeout_ms, .attempts = 1};
	assert_int_equal(gp_dns_wire_set(s->ctx.dns, &options), GP_OK);
}

/* fall, rise: the name server is down, or up again. */
static void fall(struct scene *s)
{
	turn_to(s, test_nameserver_address(s->down), 5000);
}

static void rise(struct scene *s)
{
	turn_to(s, test_nameserver_address(s->ns), 5000);
}

/* ask: so often. */
static void ask(struct scene *s, const char *name, int times)
{
	const struct gp_dns_question question = {name, GP_DNS_A};
	struct gp_dns_answer answer;
	for (int i = 0; i < times; i++) {
		gp_arena_reset(s->ctx.arena);
		assert_int_equal(gp_dns_query(&s->ctx, &question, 1, &answer), GP_OK);
	}
}

/* look: for so many seconds, one look each. */
static void look(struct scene *s, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		gp_daemon_dns_health_look(&s->health, s->ctx.dns, s->now_us, &s->log, &s->seen);
		s->now_us += SECOND;
	}
}

/* most_of_twenty: fewer questions say nothing, nor does half of them. */
static void most_of_twenty(void **state)
{
	static const struct {
		int bad, good;
		bool is_bad;
	} rows[] = {{0, 0, false}, {19, 0, false}, {20, 0, true}, {10, 10, false}, {11, 9, true},
		{11, 11, false}, {0, 40, false}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		begin(&s);
		ask(&s, "good.example", rows[i].good);
		fall(&s);
		ask(&s, "any.example", rows[i].bad);
		look(&s, 1);
		assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).asked,
			rows[i].bad + rows[i].good);
		assert_int_equal(
			gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).failed, rows[i].bad);
		assert_int_equal(s.warnings, rows[i].is_bad);
		assert_int_equal(gp_daemon_dns_health_is_bad((uint64_t)(rows[i].bad + rows[i].good),
					 (uint64_t)rows[i].bad),
			rows[i].is_bad);
		end(&s);
	}
}

/* it_is_said_once_a_minute: with the servers and the numbers; and when it is over. */
static void it_is_said_once_a_minute(void **state)
{
	struct scene s;
	char server[GP_DNS_SERVER_TEXT];
	(void)state;
	begin(&s);
	const struct gp_dns_server address = test_nameserver_address(s.down);
	fall(&s);
	ask(&s, "bogus.example", 30);
	look(&s, 1);
	assert_int_equal(s.warnings, 1);
	assert_non_null(strstr(s.last, "30 of 30 queries"));
	assert_non_null(strstr(s.last, gp_dns_server_format(&address, server)));
	assert_non_null(strstr(s.last, "gatepost doctor dns"));
	for (int i = 0; i < 59; i++) {
		ask(&s, "bad.example", 1);
		look(&s, 1);
	}
	assert_int_equal(s.warnings, 1);
	look(&s, 1);
	assert_int_equal(s.warnings, 2);
	assert_int_equal(s.notices, 0);
	rise(&s);
	ask(&s, "good.example", 100);
	look(&s, 1);
	assert_int_equal(s.notices, 1);
	assert_non_null(strstr(s.last, "answer again"));
	look(&s, 100);
	assert_int_equal(s.warnings, 2);
	assert_int_equal(s.notices, 1);
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).asked, 0);
	end(&s);
}

/* only_the_last_minute_counts: what was before it is forgotten. */
static void only_the_last_minute_counts(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	ask(&s, "good.example", 500);
	look(&s, 2);
	look(&s, GP_DAEMON_DNS_HEALTH_SECONDS);
	fall(&s);
	ask(&s, "bad.example", 20);
	look(&s, 1);
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).asked, 20);
	assert_int_equal(s.warnings, 1);
	ask(&s, "bad.example", 7); /* who asks now is not told what was a second ago */
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).asked, 27);
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).failed, 27);
	end(&s);
}

/* another_resolver_begins_again: after a reload the old one's numbers mean nothing. */
static void another_resolver_begins_again(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	ask(&s, "good.example", 50);
	look(&s, 1);
	resolver(&s);
	fall(&s);
	ask(&s, "bad.example", 25);
	look(&s, 1);
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).asked, 25);
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).failed, 25);
	assert_int_equal(s.warnings, 1);
	end(&s);
}

/* is_failing: as status asks. */
static bool is_failing(struct scene *s)
{
	return gp_daemon_dns_health_failing(&s->seen, s->ctx.dns,
		       gp_daemon_dns_health_minute(&s->seen, s->ctx.dns),
		       s->now_us) != GP_DAEMON_DNS_FAILING_NOT;
}

/* broken_zones_of_senders_are_no_outage: whoever sends mail chooses what is asked, and how much;
 * own questions decide, and see a true outage that comes then. */
static void broken_zones_of_senders_are_no_outage(void **state)
{
	static const char *const names[] = {"bad.example", "bogus.example"};
	struct scene s;
	(void)state;
	begin(&s);
	for (int i = 0; i < 90; i++) {
		ask(&s, names[i % 2], 10);
		look(&s, 1);
	}
	assert_int_equal(gp_daemon_dns_health_minute(&s.seen, s.ctx.dns).failed, 600);
	assert_false(is_failing(&s));
	assert_int_equal(s.warnings, 0);
	fall(&s);
	ask(&s, "bad.example", 5);
	look(&s, 11);
	assert_true(is_failing(&s));
	assert_int_equal(s.warnings, 1);
	rise(&s);
	look(&s, 11); /* though nobody has asked since */
	assert_false(is_failing(&s));
	assert_int_equal(s.notices, 1);
	end(&s);
}

/* each_kind_of_outage: the servers are silent, gone, cut off, or cannot be reached from here. */
static void each_kind_of_outage(void **state)
{
	struct test_nameserver *servers[] = {test_nameserver_start(cut, 1, 0),
		test_nameserver_start(bogus, 1, 0), test_nameserver_start(mute, 1, 0),
		test_nameserver_start(mute, 1, 0)};
	const struct gp_dns_server rows[] = {test_nameserver_address(servers[0]),
		test_nameserver_address(servers[1]), test_nameserver_address(servers[2]),
		test_nameserver_address(servers[3]),
		{.addr = {GP_IP_V4, {255, 255, 255, 255}}, .port = 53}};
	(void)state;
	test_nameserver_stop(servers[3]); /* that one is gone */
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		begin(&s);
		turn_to(&s, rows[i], 20);
		ask(&s, "good.example", 20);
		look(&s, 1);
		assert_true(is_failing(&s));
		assert_int_equal(s.warnings, 1);
		end(&s);
	}
	for (size_t i = 0; i < 3; i++)
		test_nameserver_stop(servers[i]);
}

/* one_kind_of_question_that_fails_is_an_outage: a resolver that denies addresses and fails TXT in
 * any way, or the reverse; the line says which. */
static void one_kind_of_question_that_fails_is_an_outage(void **state)
{
	static const enum test_nameserver_act acts[] = {TEST_NAMESERVER_SERVFAIL,
		TEST_NAMESERVER_REFUSED, TEST_NAMESERVER_NOTIMP, TEST_NAMESERVER_SILENT,
		TEST_NAMESERVER_MALFORMED, TEST_NAMESERVER_TCP_CUT, TEST_NAMESERVER_BOGUS,
		TEST_NAMESERVER_REFERRAL};
	static const enum gp_dns_type types[] = {GP_DNS_TXT, GP_DNS_A};
	(void)state;
	for (size_t i = 0; i < 2 * sizeof acts / sizeof acts[0]; i++) {
		const struct test_nameserver_rule rule[] = {
			{.name = "*", .type = types[i % 2], .act = acts[i / 2]},
			{.name = "*", .act = TEST_NAMESERVER_NXDOMAIN}};
		struct scene s;
		struct gp_dns_question questions[20];
		struct gp_dns_answer answers[20];
		begin(&s);
		struct test_nameserver *ns = test_nameserver_start(rule, 2, 0);
		turn_to(&s, test_nameserver_address(ns), 2000);
		for (int n = 0; n < 20; n++)
			questions[n] = (struct gp_dns_question) {"d.example", types[i % 2]};
		assert_int_equal(gp_dns_query(&s.ctx, questions, 20, answers), GP_OK);
		look(&s, 1);
		assert_int_equal(s.warnings, 1);
		assert_non_null(strstr(s.last,
			i % 2 ? "and test queries for addresses (A)" : "and test queries for TXT"));
		assert_string_equal(
			gp_daemon_dns_health_kind(s.health.failing), i % 2 ? "A" : "TXT");
		rise(&s);
		look(&s, 11);
		assert_int_equal(s.notices, 1);
		end(&s);
		test_nameserver_stop(ns);
	}
}

/* slow_servers_answer: however many there are, and attempts at each. */
static void slow_servers_answer(void **state)
{
	static const struct test_nameserver_rule slow[] = {
		{.name = "bad.example", .act = TEST_NAMESERVER_SERVFAIL},
		{.name = "*", .act = TEST_NAMESERVER_NXDOMAIN, .delay_ms = 200}};
	struct scene s;
	(void)state;
	begin(&s);
	struct test_nameserver *ns = test_nameserver_start(slow, 2, 0);
	struct gp_dns_options options = {
		.server_count = GP_DNS_SERVERS_MAX, .timeout_ms = 5000, .attempts = 5};
	for (size_t i = 0; i < GP_DNS_SERVERS_MAX; i++)
		options.servers[i] = test_nameserver_address(ns);
	assert_int_equal(gp_dns_wire_set(s.ctx.dns, &options), GP_OK);
	ask(&s, "bad.example", 20);
	look(&s, 1);
	assert_false(is_failing(&s));
	assert_int_equal(s.warnings, 0);
	end(&s);
	test_nameserver_stop(ns);
}

/* want_of_files_is_no_outage: it has its own line, with what to do. */
static void want_of_files_is_no_outage(void **state)
{
	struct scene s;
	struct rlimit was;
	(void)state;
	begin(&s);
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	const struct rlimit none = {.rlim_cur = (rlim_t)lowest, .rlim_max = was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	ask(&s, "good.example", 20);
	look(&s, 1);
	bool failing = is_failing(&s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_false(failing);
	assert_int_equal(s.warnings, 0);
	end(&s);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_of_twenty),
		cmocka_unit_test(it_is_said_once_a_minute),
		cmocka_unit_test(only_the_last_minute_counts),
		cmocka_unit_test(another_resolver_begins_again),
		cmocka_unit_test(broken_zones_of_senders_are_no_outage),
		cmocka_unit_test(each_kind_of_outage),
		cmocka_unit_test(one_kind_of_question_that_fails_is_an_outage),
		cmocka_unit_test(slow_servers_answer),
		cmocka_unit_test(want_of_files_is_no_outage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
