/* SPDX-License-Identifier: ISC */
/* DNS lists in processes of Exim that share a store: who tests, and what the next one knows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/check_dnsbl.h"
#include "exim-dlfunc/lists.h"
#include "reputation/dnsbl/dnsbl_kept.h"
#include "reputation/reputation_order.h"
#include "support/memstore.h"
#include "support/zone.h"

static const char zone_text[] = "2.0.0.127.bl.example.com A 127.0.0.2\n"
				"2.0.0.127.ill.example.com A 127.255.255.254\n";
static const char config_text[] =
	"hostname = mx.test\n"
	"dnsbl { mode = enforce }\n"
	"list bl.example.com { asks = client  tests = {\"127.0.0.2 listed\"}\n"
	"  codes = {\"127.0.0.2 = 3\"} }\n"
	"list ill.example.com { asks = client  tests = {\"127.0.0.2 listed\"}\n"
	"  codes = {\"127.0.0.2 = 3\"} }\n";

struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_test_memstore *memory;
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_log log;
	char lines[8192]; /* of the log */
};

/* keep_line: of the log. */
static void keep_line(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct bench *b = arg;
	struct gp_strbuf line;
	size_t used = strlen(b->lines);
	(void)level;
	gp_strbuf_init_fixed(&line, b->lines + used, sizeof b->lines - used);
	gp_strbuf_printf(&line, "%s", event);
	for (size_t i = 0; i < count; i++) {
		gp_strbuf_printf(&line, " ");
		gp_log_format_field(&line, &fields[i]);
	}
	gp_strbuf_printf(&line, "\n");
}

/* bench_begin: a store that is empty, two lists of which one is ill. */
static void bench_begin(struct bench *b, const char *config)
{
	struct gp_config_errors errors = {0};
	if (gp_config_parse(gp_span_from(config), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	assert_int_equal(gp_test_memstore_new(&b->memory, &b->store), GP_OK);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
	b->log = (struct gp_log) {keep_line, b, GP_LOG_DEBUG};
	b->ctx.log = &b->log;
	b->lines[0] = 0;
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	gp_store_close(b->store);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

/* status_of: in the table of one process. */
static enum gp_dnsbl_status status_of(struct bench *b, struct gp_exim_lists *p, size_t list)
{
	struct gp_dnsbl_health_view view;
	gp_dnsbl_health_view(p->health, &b->config->dnsbl.lists[list],
		b->ctx.clock->wall_s(b->ctx.clock), &view);
	assert_true(view.is_known);
	return view.status;
}

/* begin: a process comes to its first question; how many questions that cost. */
static size_t begin(struct bench *b, struct gp_exim_lists *p, struct gp_store *store)
{
	test_zone_forget(b->zone);
	gp_exim_lists_init(p);
	assert_non_null(gp_exim_lists_begin(p, b->config, 1, store, &b->ctx));
	return test_zone_asked(b->zone, TEST_ZONE_ANY);
}

/* test_one_tests: the first process asks the tests, the next ones have what it found. */
static void test_one_tests(void **state)
{
	struct bench b;
	struct gp_exim_lists first, second;
	(void)state;
	bench_begin(&b, config_text);
	assert_true(begin(&b, &first, b.store) > 0);
	assert_int_equal(status_of(&b, &first, 0), GP_DNSBL_OK);
	assert_int_equal(status_of(&b, &first, 1), GP_DNSBL_SUSPENDED);
	assert_int_equal(begin(&b, &second, b.store), 0);
	assert_int_equal(status_of(&b, &second, 0), GP_DNSBL_OK);
	assert_int_equal(status_of(&b, &second, 1), GP_DNSBL_SUSPENDED);
	gp_exim_lists_fini(&first);
	gp_exim_lists_fini(&second);
	bench_end(&b);
}

/* test_without_store: each process asks for itself, and lists work. */
static void test_without_store(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	(void)state;
	bench_begin(&b, config_text);
	for (int i = 0; i < 2; i++) {
		assert_true(begin(&b, &p, NULL) > 0);
		assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OK);
		gp_exim_lists_fini(&p);
	}
	gp_test_memstore_fail(b.memory, GP_EIO);
	assert_true(begin(&b, &p, b.store) > 0);
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OK);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* test_ends: what mail has shown of a list is known to the next process. */
static void test_ends(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	struct gp_dnsbl_result result;
	struct gp_dnsbl_subject subject = {.is_null_sender = false};
	(void)state;
	bench_begin(&b, config_text);
	assert_true(begin(&b, &p, b.store) > 0);
	test_zone_lines(b.zone, "9.2.0.192.bl.example.com A 146.112.61.108\n");
	assert_int_equal(gp_ipaddr_parse(gp_span_from("192.0.2.9"), &subject.client), GP_OK);
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(b.config, p.health);
	assert_int_equal(gp_dnsbl_ask(&b.ctx, &plan, &subject, &result), GP_OK);
	assert_int_equal(result.score, 0);
	gp_exim_lists_end(&p, b.config, b.store, &b.ctx);
	gp_exim_lists_fini(&p);
	assert_int_equal(begin(&b, &p, b.store), 0);
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_SUSPENDED);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* ask: about a client that has this in the list of addresses. */
static void ask(struct bench *b, struct gp_exim_lists *p, const char *client, const char *answer)
{
	struct gp_dnsbl_result result;
	struct gp_dnsbl_subject subject = {.is_null_sender = false};
	char line[120];
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &subject.client), GP_OK);
	const uint8_t *o = subject.client.bytes;
	snprintf(line, sizeof line, "%u.%u.%u.%u.bl.example.com A %s\n", o[3], o[2], o[1], o[0],
		answer);
	test_zone_lines(b->zone, line);
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(b->config, p->health);
	assert_int_equal(gp_dnsbl_ask(&b->ctx, &plan, &subject, &result), GP_OK);
	gp_dnsbl_kept_log(b->store, p->health, &b->ctx, result.events, result.event_count);
}

/* end_of: the process saves what it knows. */
static void end_of(struct bench *b, struct gp_exim_lists *p)
{
	gp_exim_lists_end(p, b->config, b->store, &b->ctx);
}

/* later: all clocks. */
static void later(struct bench *b, int64_t seconds)
{
	const struct gp_clock *clock = b->ctx.clock;
	test_zone_set_clock(b->zone, gp_clock_now_us(clock) + seconds * 1000000,
		clock->wall_s(clock) + seconds);
	b->ctx.deadline_us += seconds * 1000000;
	gp_test_memstore_set_now(b->memory, gp_store_now_ms(b->store) + seconds * 1000);
}

/* test_other_process_suspends: one that began before, and knows nothing of it, does not undo that,
 * whichever of them ends last. */
static void test_other_process_suspends(void **state)
{
	struct bench b;
	struct gp_exim_lists a, other, next;
	(void)state;
	for (int is_last = 0; is_last < 2; is_last++) {
		bench_begin(&b, config_text);
		assert_true(begin(&b, &a, b.store) > 0);
		assert_int_equal(begin(&b, &other, b.store), 0);
		ask(&b, &a, "45.33.9.9", "127.255.255.254");
		ask(&b, &other, "45.33.10.9", "127.0.0.2");
		end_of(&b, is_last ? &other : &a);
		end_of(&b, is_last ? &a : &other);
		assert_int_equal(begin(&b, &next, b.store), 0);
		assert_int_equal(status_of(&b, &next, 0), GP_DNSBL_SUSPENDED);
		later(&b, 2);
		assert_non_null(gp_exim_lists_begin(&other, b.config, 1, b.store, &b.ctx));
		assert_int_equal(status_of(&b, &other, 0), GP_DNSBL_SUSPENDED);
		gp_exim_lists_fini(&a);
		gp_exim_lists_fini(&other);
		gp_exim_lists_fini(&next);
		bench_end(&b);
	}
}

#define ENDS 200

/* A process that ends, in a thread of its own. */
struct ending {
	struct bench *b;
	struct gp_exim_lists *p;
	pthread_barrier_t *start;
};

/* end_at_once: with the other one. */
static void *end_at_once(void *arg)
{
	const struct ending *e = arg;
	struct gp_ctx ctx = e->b->ctx;
	ctx.arena = gp_arena_new(1 << 20);
	(void)pthread_barrier_wait(e->start);
	gp_exim_lists_end(e->p, e->b->config, e->b->store, &ctx);
	gp_arena_free(ctx.arena);
	return NULL;
}

/* test_two_end_at_once: one may write between the look of the other one and its own writing. */
static void test_two_end_at_once(void **state)
{
	struct bench b;
	struct gp_exim_lists p[3];
	pthread_barrier_t start;
	(void)state;
	assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
	for (int i = 0; i < ENDS; i++) {
		pthread_t threads[2];
		bench_begin(&b, config_text);
		assert_true(begin(&b, &p[0], b.store) > 0);
		assert_int_equal(begin(&b, &p[1], b.store), 0);
		ask(&b, &p[0], "45.33.9.9", "127.255.255.254");
		ask(&b, &p[1], "45.33.10.9", "127.0.0.2");
		struct ending endings[] = {{&b, &p[0], &start}, {&b, &p[1], &start}};
		for (int n = 0; n < 2; n++)
			assert_int_equal(
				pthread_create(&threads[n], NULL, end_at_once, &endings[n]), 0);
		for (int n = 0; n < 2; n++)
			assert_int_equal(pthread_join(threads[n], NULL), 0);
		assert_int_equal(begin(&b, &p[2], b.store), 0);
		assert_int_equal(status_of(&b, &p[2], 0), GP_DNSBL_SUSPENDED);
		for (int n = 0; n < 3; n++)
			gp_exim_lists_fini(&p[n]);
		bench_end(&b);
	}
	pthread_barrier_destroy(&start);
}

/* lines_with: how many of the log. */
static size_t lines_with(const struct bench *b, const char *text)
{
	size_t n = 0;
	for (const char *p = strstr(b->lines, text); p; p = strstr(p + 1, text))
		n++;
	return n;
}

/* one_process: asks about a client, logs as the engine does, and ends. */
static void one_process(struct bench *b, const char *client, const char *answer)
{
	struct gp_exim_lists p;
	begin(b, &p, b->store);
	ask(b, &p, client, answer);
	end_of(b, &p);
	gp_exim_lists_fini(&p);
}

/* test_told_once: by all processes of a day, and after it again. */
static void test_told_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, config_text);
	for (int day = 1; day <= 2; day++) {
		for (int i = 0; i < 3; i++)
			one_process(&b, "45.33.11.9", "127.0.9.9");
		assert_int_equal(lines_with(&b, "127.0.9.9"), day);
		one_process(&b, "45.33.11.10", "127.0.9.10");
		assert_int_equal(lines_with(&b, "127.0.9.10"), day);
		later(&b, 24 * 3600 + 1);
	}
	bench_end(&b);
}

/* test_none_left_is_told_once: in an hour, and its end by whichever process sees it. */
static void test_none_left_is_told_once(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	(void)state;
	bench_begin(&b, config_text);
	one_process(&b, "45.33.9.9", "127.255.255.254");
	for (int i = 0; i < 3; i++)
		one_process(&b, "45.33.10.9", "127.0.0.2");
	assert_int_equal(lines_with(&b, "no DNS list works"), 1);
	assert_int_equal(lines_with(&b, "work again"), 0);
	begin(&b, &p, b.store);
	for (int i = 0; i < 2; i++) { /* two good rounds */
		later(&b, 100);
		assert_non_null(gp_exim_lists_begin(&p, b.config, 1, b.store, &b.ctx));
	}
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OK);
	assert_int_equal(lines_with(&b, "work again"), 1);
	one_process(&b, "45.33.9.9", "127.255.255.254");
	assert_int_equal(lines_with(&b, "no DNS list works"), 2);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* test_other_configuration: is another one, also at the same address. */
static void test_other_configuration(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	(void)state;
	bench_begin(&b, config_text);
	begin(&b, &p, b.store);
	struct gp_dnsbl_list *list = (struct gp_dnsbl_list *)(uintptr_t)&b.config->dnsbl.lists[0];
	list->is_off = true;
	assert_non_null(gp_exim_lists_begin(&p, b.config, 1, b.store, &b.ctx));
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OK);
	assert_non_null(gp_exim_lists_begin(&p, b.config, 2, b.store, &b.ctx));
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OFF);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* test_switched_off: an operator's word in the store is followed. */
static void test_switched_off(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	(void)state;
	bench_begin(&b, config_text);
	assert_int_equal(gp_reputation_order_put(b.store, &b.ctx, GP_REPUTATION_LIST_OFF,
				 "bl.example.com", "uid 0"),
		GP_OK);
	begin(&b, &p, b.store);
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OFF);
	assert_int_equal(test_zone_asked_of(b.zone, "2.0.0.127.bl.example.com"), 0);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* test_foreign: what lies in the store in place of a record changes nothing. */
static void test_foreign(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	char key[512], host[256] = "";
	(void)state;
	bench_begin(&b, config_text);
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	snprintf(key, sizeof key, "dnsbl-health %s bl.example.com", host);
	struct gp_store_note note = {.key = gp_span_from(key),
		.value = gp_span_from("\xff\xff nonsense"),
		.expires_ms = gp_store_now_ms(b.store) + 1000000};
	assert_int_equal(gp_store_note(b.store, &b.ctx, gp_store_now_ms(b.store), &note), GP_OK);
	assert_true(begin(&b, &p, b.store) > 0);
	assert_int_equal(status_of(&b, &p, 0), GP_DNSBL_OK);
	gp_exim_lists_fini(&p);
	bench_end(&b);
}

/* test_off: without lists there is no table. */
static void test_off(void **state)
{
	struct bench b;
	struct gp_exim_lists p;
	(void)state;
	bench_begin(&b, "hostname = mx.test");
	gp_exim_lists_init(&p);
	assert_null(gp_exim_lists_begin(&p, b.config, 1, b.store, &b.ctx));
	gp_exim_lists_end(&p, b.config, b.store, &b.ctx);
	bench_end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_tests),
		cmocka_unit_test(test_without_store),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_other_process_suspends),
		cmocka_unit_test(test_two_end_at_once),
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_none_left_is_told_once),
		cmocka_unit_test(test_other_configuration),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_off),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
