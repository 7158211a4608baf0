/* SPDX-License-Identifier: ISC */
/* The page of metrics: its form to the byte, and every row of the table from known numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator/operator_page.h"
#include "policyd/metrics_policy.h"
#include "policyd/session.h"
#include "policyd/own_checks.h"
#include "engine/check_limit.h"
#include "engine/check_spf.h"
#include "support/memstore.h"

#define MEMORY (8 * 1024 * 1024)

/* ---- the form ---- */

/* What a test of the form has. */
struct form {
	char storage[8192];
	struct gp_strbuf buf;
	struct gp_operator_page page;
};

/* begin: an empty page. */
static void begin(struct form *f)
{
	gp_strbuf_init_fixed(&f->buf, f->storage, sizeof f->storage);
	f->page = (struct gp_operator_page) {.buf = &f->buf};
}

/* test_families: announced once, with the first sample; without any not at all. */
static void test_families(void **state)
{
	(void)state;
	struct form f;
	begin(&f);
	gp_operator_page_family(&f.page, "a_total", GP_OPERATOR_PAGE_COUNTER, "First.");
	gp_operator_page_family(
		&f.page, "b", GP_OPERATOR_PAGE_GAUGE, "A \\ and\na line end, \"quoted\".");
	gp_operator_page_number(&f.page, NULL, 0, 7);
	gp_operator_page_number(
		&f.page, &(struct gp_operator_page_label) {"x", "y"}, 1, UINT64_MAX);
	assert_string_equal(f.storage, "# HELP b A \\\\ and\\na line end, \"quoted\".\n"
				       "# TYPE b gauge\n"
				       "b 7\n"
				       "b{x=\"y\"} 18446744073709551615\n");
}

/* test_labels: escaped; one without a value is left out; what is not ASCII is none of ours. */
static void test_labels(void **state)
{
	(void)state;
	struct form f;
	const struct gp_operator_page_label labels[] = {
		{"a", "q\"b\\n\nx"}, {"b", NULL}, {"c", "\x01\xc3\xbc\x7f~"}};
	const struct gp_operator_page_label none = {"a", NULL};
	begin(&f);
	gp_operator_page_family(&f.page, "m", GP_OPERATOR_PAGE_COUNTER, "M.");
	gp_operator_page_number(&f.page, labels, 3, 1);
	gp_operator_page_number(&f.page, &none, 1, 2);
	assert_string_equal(f.storage, "# HELP m M.\n# TYPE m counter\n"
				       "m{a=\"q\\\"b\\\\n\\nx\",c=\"????~\"} 1\n"
				       "m 2\n");
}

/* test_seconds: exact, and without zeroes that say nothing. */
static void test_seconds(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {{0, "m 0\n"}, {1, "m 0.000001\n"}, {100, "m 0.0001\n"}, {1000000, "m 1\n"},
		{20000000, "m 20\n"}, {1500000, "m 1.5\n"}, {-5, "m 0\n"},
		{INT64_MAX, "m 9223372036854.775807\n"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct form f;
		begin(&f);
		gp_operator_page_family(&f.page, "m", GP_OPERATOR_PAGE_GAUGE, "M.");
		gp_operator_page_seconds(&f.page, NULL, 0, rows[i].us);
		assert_non_null(strstr(f.storage, rows[i].text));
	}
}

/* test_histogram: buckets add up, the last one is all, and it is the count. */
static void test_histogram(void **state)
{
	(void)state;
	struct form f;
	struct gp_histogram h = {0};
	struct gp_histogram_sums sums = {0};
	gp_histogram_add(&h, 100);
	gp_histogram_add(&h, 101);
	gp_histogram_add(&h, 40000000);
	gp_histogram_read(&h, &sums);
	begin(&f);
	gp_operator_page_family(&f.page, "s", GP_OPERATOR_PAGE_HISTOGRAM, "S.");
	gp_operator_page_histogram(&f.page, &(struct gp_operator_page_label) {"k", "v"}, 1, &sums);
	static const char *const parts[] = {"# TYPE s histogram\n",
		"s_bucket{k=\"v\",le=\"0.0001\"} 1\n", "s_bucket{k=\"v\",le=\"0.00025\"} 2\n",
		"s_bucket{k=\"v\",le=\"1\"} 2\n", "s_bucket{k=\"v\",le=\"30\"} 2\n",
		"s_bucket{k=\"v\",le=\"+Inf\"} 3\ns_sum{k=\"v\"} 40.000201\ns_count{k=\"v\"} 3\n"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(f.storage, parts[i]));
	size_t lines = 0;
	for (const char *c = f.storage; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 2 + GP_HISTOGRAM_BUCKETS + 2);
}

/* ---- every row ---- */

/* What the page is made of; all numbers differ, so that no row can show another's. */
struct scene {
	struct gp_arena *arena;
	struct gp_daemon_counters daemon;
	struct gp_session_shared shared;
	struct gp_own_pipeline checks;
	struct gp_config *config;
	struct gp_daemon_runtime runtime;
	struct gp_daemon_metrics_source source;
};

/* result_of: the place of a check's first result. */
static size_t result_of(const struct gp_counters *c, const struct gp_check *check)
{
	struct gp_counters_result r;
	size_t i = 0;
	while (gp_counters_result(c->pipeline, i, &r) && r.check != check)
		i++;
	return i;
}

/* decider: the number of a check among who decides. */
static size_t decider(const struct gp_counters *c, const struct gp_check *check)
{
	return 1 + gp_engine_place(c->pipeline, check);
}

/* fill: numbers in two tallies each, so that only a sum is right. */
static void fill(struct gp_counters *c, struct gp_daemon_counters *d)
{
	struct gp_tally *a = gp_counters_tally(c), *b = gp_counters_tally(c);
	struct gp_tally *const both[] = {a, b};
	d->started_s = 1700000000;
	atomic_store(&d->services[0].accepted, 1001);
	atomic_store(&d->services[0].full, 1002);
	atomic_store(&d->services[0].unserved, 1003);
	atomic_store(&d->log_dropped, 1004);
	atomic_store(&d->crashes, 1005);
	atomic_store(&d->reloads, 1006);
	atomic_store(&d->reloads_failed, 1007);
	atomic_store(&d->reload_failed, true);
	assert_int_equal(gp_counters_limit(c, "hourly", GP_LIMIT_RECIPIENTS), 0);
	assert_int_equal(gp_counters_limit(c, "volume", GP_LIMIT_BYTES), 1);
	for (size_t i = 0; i < 2; i++) {
		gp_counters_tally_add_amount(&both[i]->requests[GP_STATE_RCPT], 51);
		gp_counters_tally_add_amount(&both[i]->requests[GP_STATE_END_OF_MESSAGE], 52);
		gp_counters_tally_add_amount(&both[i]->malformed, 53);
		gp_counters_tally_add_amount(&both[i]->failures, 54);
		gp_counters_tally_add_amount(
			&both[i]->decisions[GP_ACTION_REJECT][decider(c, &gp_engine_check_spf)],
			55);
		gp_counters_tally_add_amount(
			&both[i]->decisions[GP_ACTION_DEFER][decider(c, &gp_engine_check_store)],
			56);
		gp_counters_tally_add_amount(&both[i]->would_refuse, 57);
		gp_counters_tally_add_amount(&both[i]->private_client, 58);
		gp_counters_tally_add_amount(&both[i]->store_failed, 59);
		gp_counters_tally_answered(both[i], GP_ACTION_HOLD, 2000000);
		gp_histogram_add(&both[i]->checks[0][GP_SPF_PASS], 300);
		gp_histogram_add(&both[i]->checks[1][GP_SPF_TEMPERROR], 4000000);
		gp_histogram_add(&both[i]->checks[result_of(c, &gp_engine_check_limit)]
						 [GP_LIMIT_SAID_REFUSED],
			70);
		gp_counters_tally_add_amount(&both[i]->limits[0].looked_at, 60);
		gp_counters_tally_add_amount(&both[i]->limits[0].over[GP_LIMIT_SAID_REFUSED], 61);
		gp_counters_tally_add_amount(&both[i]->limits[1].counted, 62);
		gp_counters_tally_add_amount(&both[i]->limits[GP_COUNTERS_LIMITS].looked_at, 63);
	}
}

/* open_store: one that counts, with a step each way. */
static struct gp_store *open_store(struct gp_ctx *ctx)
{
	struct gp_test_memstore *handle;
	struct gp_store *store;
	assert_int_equal(gp_test_memstore_new(&handle, &store), GP_OK);
	struct gp_store_count count = {.id = 1, .per_ms = 60000, .max = 10, .take = 1};
	struct gp_store_take take = {gp_span_from("x"), &count, 1};
	assert_int_equal(gp_store_take(store, ctx, 1000000, &take, 1), GP_OK);
	gp_test_memstore_fail(handle, GP_EIO);
	assert_int_equal(gp_store_take(store, ctx, 1000000, &take, 1), GP_EIO);
	return store;
}

/* write_all: every group of the page. */
static void write_all(const struct gp_daemon_metrics_source *source, struct gp_strbuf *buf)
{
	struct gp_operator_page page = {.buf = buf};
	for (size_t i = 0; i < gp_policyd_metrics_count; i++)
		gp_daemon_metrics_write(&page, source, &gp_policyd_metrics[i]);
}

/* page_of: the page of a scene with a resolver and a store. */
static const char *page_of(struct scene *s)
{
	struct gp_config_errors errors = {0};
	struct gp_dns *wire;
	struct gp_strbuf buf;
	const char *text;
	s->arena = gp_arena_new(MEMORY);
	struct gp_ctx ctx = {
		.arena = s->arena, .clock = gp_clock_system(), .deadline_us = INT64_MAX / 2};
	s->shared.counters = calloc(1, sizeof *s->shared.counters);
	gp_own_pipeline_init(&s->checks);
	s->shared.counters->pipeline = &s->checks.pipeline;
	s->shared.stages = gp_stage_learn_new();
	s->shared.lists = gp_lists_new();
	s->shared.greylist = gp_greylist_watch_new();
	fill(s->shared.counters, &s->daemon);
	assert_int_equal(
		gp_config_parse(
			gp_span_from("dns { servers = {\"127.0.0.1\"}\n cache_entries = 777 }\n"
				     "policyd { deadline = 17s\n max_connections = 333 }\n"
				     "limit hourly { key = user\n count = recipients\n"
				     "max = 5\n per = 1h }\n"
				     "override { user = \"a\"\n hourly = 1 }\n"
				     "override { user = \"b\"\n hourly = 2 }\n"),
			"/nowhere/gatepost.conf", &s->config, &errors),
		GP_OK);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_dns_wire_new(&s->config->dns, &wire), GP_OK);
	assert_int_equal(gp_dns_cache_new(&s->config->dns_settings.cache, wire, gp_clock_system(),
				 &s->runtime.dns),
		GP_OK);
	s->runtime.config = s->runtime.loaded.config = s->config;
	assert_int_equal(gp_runtime_config_stamp(&s->runtime.loaded), GP_OK);
	s->runtime.loaded_s = 1700000001;
	s->runtime.store = open_store(&ctx);
	s->source = (struct gp_daemon_metrics_source) {
		.counters = &s->daemon, .runtime = &s->runtime, .state = &s->shared, .open = 44};
	gp_strbuf_init(&buf, s->arena, GP_DAEMON_METRICS_PAGE_MAX);
	write_all(&s->source, &buf);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* release: a scene. */
static void release(struct scene *s)
{
	gp_store_close(s->runtime.store);
	gp_dns_free(s->runtime.dns);
	gp_runtime_config_fini(&s->runtime.loaded);
	gp_greylist_watch_free(s->shared.greylist);
	gp_lists_free(s->shared.lists);
	gp_stage_learn_free(s->shared.stages);
	free(s->shared.counters);
	gp_arena_free(s->arena);
}

/* test_rows: one line of each family at least, with the number that was put there. */
static void test_rows(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"gatepost_build_info{version=\"" GP_VERSION "\"} 1",
		"gatepost_start_time_seconds 1700000000",
		"gatepost_crashes_total 1005",
		"gatepost_log_lines_dropped_total 1004",
		"gatepost_config_loaded_timestamp_seconds 1700000001",
		"gatepost_config_reloads_total{result=\"done\"} 1006",
		"gatepost_config_reloads_total{result=\"failed\"} 1007",
		"gatepost_config_last_reload_successful 0",
		"gatepost_config_changed 0",
		"gatepost_config_limits 1",
		"gatepost_config_overrides 2",
		"gatepost_config_deadline_seconds 17",
		"gatepost_connections_open 44",
		"gatepost_connections_max 333",
		"gatepost_connections_total 1001",
		"gatepost_connections_full_total 1002",
		"gatepost_connections_unserved_total 1003",
		"gatepost_requests_total{stage=\"RCPT\"} 102",
		"gatepost_requests_total{stage=\"END-OF-MESSAGE\"} 104",
		"gatepost_requests_total{stage=\"CONNECT\"} 0",
		"gatepost_requests_malformed_total 106",
		"gatepost_requests_failed_total 108",
		"gatepost_request_seconds_bucket{action=\"hold\",le=\"2.5\"} 2",
		"gatepost_request_seconds_sum{action=\"hold\"} 4",
		"gatepost_decisions_total{action=\"reject\",check=\"spf\"} 110",
		"gatepost_decisions_total{action=\"defer\",check=\"store\"} 112",
		"gatepost_would_refuse_total 114",
		"gatepost_private_clients_total 116",
		"gatepost_check_results_total{check=\"spf\",identity=\"mailfrom\","
		"verdict=\"pass\"} 2",
		"gatepost_check_results_total{check=\"spf\",identity=\"helo\","
		"verdict=\"temperror\"} 2",
		"gatepost_check_results_total{check=\"limits\",verdict=\"refused\"} 2",
		"gatepost_check_seconds_sum{check=\"spf\",identity=\"mailfrom\","
		"verdict=\"pass\"} 0.0006",
		"gatepost_check_seconds_bucket{check=\"limits\",verdict=\"refused\","
		"le=\"0.0001\"} 2",
		"gatepost_limit_checks_total{limit=\"hourly\",unit=\"recipients\"} 120",
		"gatepost_limit_checks_total{limit=\"(others)\"} 126",
		"gatepost_limit_over_total{limit=\"hourly\",unit=\"recipients\","
		"outcome=\"refused\"} 122",
		"gatepost_limit_counted_total{limit=\"volume\",unit=\"bytes\"} 124",
		"gatepost_limit_store_failures_total 118",
		"gatepost_limit_bytes_unseen 0",
		"gatepost_dns_attempts_total{transport=\"udp\"} 0",
		"gatepost_dns_timeouts_total 0",
		"gatepost_dns_answers_total{state=\"given_up\"} 0",
		"gatepost_dns_question_seconds_count 0",
		"gatepost_dns_cache_questions_total{result=\"joined\"} 0",
		"gatepost_dns_cache_entries 0",
		"gatepost_dns_cache_max_entries 777",
		"gatepost_dns_cache_bytes 0",
		"gatepost_dns_cache_evictions_total 0",
		"gatepost_store_info{store=\"main\",kind=\"lmdb\"} 1",
		"gatepost_store_steps_total{store=\"main\",result=\"done\"} 1",
		"gatepost_store_steps_total{store=\"main\",result=\"failed\"} 1",
		"gatepost_store_step_seconds_count{store=\"main\"} 1",
	};
	struct scene s = {0};
	const char *text = page_of(&s);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char line[256];
		snprintf(line, sizeof line, "\n%s\n", lines[i]);
		if (!strstr(text, line))
			fail_msg("%s is not on the page", lines[i]);
	}
	assert_non_null(strstr(text, "\ngatepost_store_up{store=\"main\"} "));
	assert_non_null(strstr(text, "\ngatepost_cpu_seconds_total "));
	assert_non_null(strstr(text, "\ngatepost_resident_memory_bytes "));
	assert_null(strstr(text, "store=\"local\"")); /* there is none */
	release(&s);
}

/* test_no_limits: without a store there is nothing to say about it. */
static void test_no_limits(void **state)
{
	(void)state;
	struct scene s = {0};
	struct gp_strbuf buf;
	const char *text;
	(void)page_of(&s);
	struct gp_store *store = s.runtime.store;
	s.runtime.store = NULL;
	gp_strbuf_init(&buf, s.arena, GP_DAEMON_METRICS_PAGE_MAX);
	write_all(&s.source, &buf);
	s.runtime.store = store;
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	assert_null(strstr(text, "gatepost_store_"));
	assert_non_null(strstr(text, "gatepost_dns_"));
	release(&s);
}

/* test_bounded: a buffer that is too small is reported, not overrun. */
static void test_bounded(void **state)
{
	(void)state;
	struct scene s = {0};
	char storage[1000];
	struct gp_strbuf buf;
	const char *text;
	(void)page_of(&s);
	gp_strbuf_init_fixed(&buf, storage, sizeof storage);
	write_all(&s.source, &buf);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_ETOOBIG);
	assert_int_equal(strlen(storage), sizeof storage - 1);
	release(&s);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_no_limits),
		cmocka_unit_test(test_bounded),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
