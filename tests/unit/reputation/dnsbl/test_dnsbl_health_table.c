/* SPDX-License-Identifier: ISC */
/*
 * The table of health of DNS lists: the start, claims, reloads, switches, records for other
 * processes, the death of a process, and threads that share it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reputation/dnsbl/dnsbl_health_private.h"
#include "support/dnsbl_bench.h"

/* ---- the start ---- */

/* test_untested_list_is_suspended_after_two_seconds: mail does not wait for it. */
static void test_untested_list_is_suspended_after_two_seconds(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_false(usable(&b, 0));
	b.now_s += 2;
	assert_false(usable(&b, 0));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	b.now_s++;
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NOT_TESTED); /* a view changes nothing */
	b.events.count = 0;
	assert_false(usable(&b, 0));
	assert_int_equal(b.events.items[0].reason, GP_DNSBL_NOT_TESTED);
	assert_true(claim(&b, 0));         /* its test is due all the same */
	tested(&b, 0, GP_DNSBL_NO_REASON); /* nothing was wrong with it */
	assert_int_equal(b.events.items[0].kind, GP_DNSBL_EVENT_BACK);
	assert_true(usable(&b, 0));
	assert_false(usable(&b, 1));
	tested(&b, 1, GP_DNSBL_TIMEOUTS);
	tested(&b, 1, GP_DNSBL_NO_REASON);
	assert_false(usable(&b, 1)); /* there was */
	tested(&b, 1, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 1));
	bench_end(&b);
}

/* test_list_that_fails_its_first_test_is_never_used: dead zones and wildcards. */
static void test_list_that_fails_its_first_test_is_never_used(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_CANARY_LISTED);
	assert_suspended(&b, 0, GP_DNSBL_CANARY_LISTED);
	tested(&b, 1, GP_DNSBL_TIMEOUTS);
	assert_suspended(&b, 1, GP_DNSBL_TIMEOUTS);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 2));
	bench_end(&b);
}

/* test_no_list_left_is_told_once: and when one works again. */
static void test_no_list_left_is_told_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	gp_dnsbl_health_switch(b.health, &b.lists[1], true, b.now_s);
	assert_false(gp_dnsbl_health_none_left(b.health, b.now_s));
	tested(&b, 2, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.count, 2);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_NONE_LEFT);
	assert_true(gp_dnsbl_health_none_left(b.health, b.now_s));
	tested(&b, 2, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.count, 0);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	assert_int_equal(b.events.count, 2);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_SOME_LEFT);
	tested(&b, 2, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_NONE_LEFT);
	assert_false(gp_dnsbl_health_has_untested(b.health, b.now_s));
	gp_dnsbl_health_switch(b.health, &b.lists[1], false, b.now_s); /* untested: not yet */
	assert_true(gp_dnsbl_health_has_untested(b.health, b.now_s));
	b.events.count = 0;
	assert_false(usable(&b, 1));
	assert_int_equal(b.events.count, 0);
	tested(&b, 1, GP_DNSBL_NO_REASON);
	assert_int_equal(b.events.count, 1);
	assert_int_equal(b.events.items[0].kind, GP_DNSBL_EVENT_SOME_LEFT);
	for (size_t i = 0; i < 3; i++)
		gp_dnsbl_health_switch(b.health, &b.lists[i], true, b.now_s);
	assert_false(gp_dnsbl_health_none_left(b.health, b.now_s)); /* there is none to miss */
	bench_end(&b);
}

/* test_lists_that_mail_is_not_asked_of_are_not_counted: those of users, and of DKIM alone. */
static void test_lists_that_mail_is_not_asked_of_are_not_counted(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.lists[1].asks = GP_DNSBL_ASKS_DKIM;
	b.lists[2].submission = true;
	b.health = test_dnsblist_health(b.lists, 3);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_false(gp_dnsbl_health_has_untested(b.health, b.now_s));
	assert_true(claim(&b, 1)); /* they are tested, and shown */
	tested(&b, 1, GP_DNSBL_NO_REASON);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	assert_int_equal(view(&b, 2).status, GP_DNSBL_OK);
	note_code(&b, 0, 255, 254);
	assert_int_equal(b.events.count, 2);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_NONE_LEFT);
	assert_true(gp_dnsbl_health_none_left(b.health, b.now_s));
	bench_end(&b);
}

/* ---- claims, reloads, switches ---- */

/* test_one_claim_at_a_time: it ends by its outcome, or after a minute. */
static void test_one_claim_at_a_time(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 30), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(claim(&b, i));
	assert_false(claim(&b, 0));
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 30), 30);
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 3000), 60);
	b.now_s += 60; /* its process has died */
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_false(claim(&b, 0));
	bench_end(&b);
}

/* test_clock_that_is_set_stops_no_test: an hour back, a year ahead. */
static void test_clock_that_is_set_stops_no_test(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	b.now_s -= 30000000;
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	b.now_s += 60000000;
	assert_true(claim(&b, 0));
	bench_end(&b);
}

/* test_reload_keeps_what_belongs_to_lists_that_stay: in any order; others are forgotten. */
static void test_reload_keeps_what_belongs_to_lists_that_stay(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	note_code(&b, 2, 5, 3);
	const struct gp_dnsbl_list turned[] = {b.lists[2], b.lists[0]};
	const struct gp_dnsbl_health_lists lists = {.lists = turned, .count = 2};
	b.now_s += 10;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_true(claim(&b, 0)); /* what was wrong may have been corrected */
	assert_int_equal(view(&b, 2).listed, 1);
	assert_true(usable(&b, 2));
	assert_false(claim(&b, 2));
	assert_false(view(&b, 1).is_known);
	assert_false(usable(&b, 1)); /* of a session with the old configuration */
	note_code(&b, 1, 0, 8);
	bench_end(&b);
}

/* test_other_key_is_another_list: nothing that is known of the old one counts. */
static void test_other_key_is_another_list(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	assert_false(view(&b, 0).is_known);
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	bench_end(&b);
}

/* test_off_and_on_again: by the operator, by the configuration; on means: to be tested first. */
static void test_off_and_on_again(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	gp_dnsbl_health_switch(b.health, &b.lists[0], true, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OFF);
	assert_false(usable(&b, 0));
	b.now_s += 10000;
	assert_false(claim(&b, 0));
	assert_int_equal(view(&b, 0).next_test_s, 0);
	gp_dnsbl_health_switch(b.health, &b.lists[0], false, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	gp_dnsbl_health_switch(b.health, &b.lists[0], false, b.now_s); /* said once more */
	assert_true(usable(&b, 0));
	b.lists[0].is_off = true;
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OFF);
	b.lists[0].is_off = false;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	bench_end(&b);
}

/* test_list_without_key_or_with_a_closed_zone: never asked, never tested, the reason is shown. */
static void test_list_without_key_or_with_a_closed_zone(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[0].no_key = "/etc/gatepost/dqs.key cannot be read";
	b.lists[1].dead = "2024-06-05: empty";
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NO_KEY);
	assert_string_equal(view(&b, 0).detail, b.lists[0].no_key);
	assert_int_equal(view(&b, 1).status, GP_DNSBL_DEAD);
	assert_string_equal(view(&b, 1).detail, b.lists[1].dead);
	b.now_s += 100000;
	for (size_t i = 0; i < 2; i++) {
		assert_false(claim(&b, i));
		assert_false(usable(&b, i));
	}
	b.lists[0].no_key = NULL;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_true(claim(&b, 0));
	bench_end(&b);
}

/* test_more_lists_than_places: the last ones are not used, and nothing else happens. */
static void test_more_lists_than_places(void **state)
{
	struct gp_dnsbl_list lists[GP_DNSBL_LISTS_MAX + 2];
	char names[GP_DNSBL_LISTS_MAX + 2][16];
	struct gp_dnsbl_health_view v;
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		snprintf(names[i], sizeof names[i], "l%zu", i);
		lists[i] = test_dnsblist_of_addresses(names[i], "bl.example.org");
	}
	struct gp_dnsbl_health *health = test_dnsblist_health(lists, COUNT(lists));
	gp_dnsbl_health_view(health, &lists[GP_DNSBL_LISTS_MAX - 1], NOW, &v);
	assert_true(v.is_known);
	gp_dnsbl_health_view(health, &lists[GP_DNSBL_LISTS_MAX], NOW, &v);
	assert_false(v.is_known);
	test_dnsblist_health_free(health);
}

/* ---- records ---- */

/* test_record_carries_the_state_of_a_list: to another process; counters stay where they are. */
static void test_record_carries_the_state_of_a_list(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b, other;
	(void)state;
	bench_begin(&b);
	bench_begin(&other);
	note_world(&b, 0, 40, 40);
	for (int i = 0; i < 5; i++)
		note(&b, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	assert_true(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	assert_in_range(size, 1, GP_DNSBL_RECORD_MAX);
	assert_false(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	const struct gp_span bytes = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(other.health, &other.lists[0], bytes, NOW));
	assert_false(gp_dnsbl_health_is_changed(other.health, &other.lists[0]));
	for (int i = 0; i < 5; i++)
		note(&other, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	assert_suspended(&other, 0, GP_DNSBL_TIMEOUTS); /* with those of the first */
	size = gp_dnsbl_health_save(other.health, &other.lists[0], record);
	const struct gp_span back = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(b.health, &b.lists[0], back, NOW));
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_TIMEOUTS);
	assert_string_equal(view(&b, 0).detail, "10 in a row");
	assert_int_equal(view(&b, 0).timeouts, 5);
	bench_end(&b);
	bench_end(&other);
}

/* test_newer_state_is_kept: a record that another process wrote before does not undo it. */
static void test_newer_state_is_kept(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	b.now_s++;
	note_code(&b, 0, 255, 254);
	const struct gp_span bytes = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, b.now_s));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	bench_end(&b);
}

/* saved: the record of a list. */
static struct gp_span saved(struct bench *b, unsigned char record[GP_DNSBL_RECORD_MAX])
{
	struct gp_span bytes = {(const char *)record, 0};
	bytes.len = gp_dnsbl_health_save(b->health, &b->lists[0], record);
	return bytes;
}

/* merged: is there anything in it that the first list does not know yet? */
static bool merged(struct bench *b, struct gp_span record)
{
	return gp_dnsbl_health_merge(b->health, &b->lists[0], record, b->now_s);
}

/* test_merge_takes_what_is_later: a status, or tests; trouble of the same second before none. */
static void test_merge_takes_what_is_later(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b, other;
	(void)state;
	bench_begin(&b);
	bench_begin(&other);
	assert_false(merged(&b, saved(&other, record)));
	other.now_s = b.now_s + 50;
	tested(&other, 0, GP_DNSBL_NO_REASON);
	b.now_s += 60;
	note_world(&b, 0, 5, 5); /* mail after that */
	assert_true(merged(&b, saved(&other, record)));
	assert_int_equal(view(&b, 0).last_test_s, other.now_s);
	assert_int_equal(view(&b, 0).next_test_s, view(&other, 0).next_test_s);
	assert_true(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	note_code(&other, 0, 255, 254);
	assert_true(merged(&b, saved(&other, record)));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_int_equal(view(&b, 0).since_s, other.now_s);
	assert_false(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	for (int i = 0; i < 2; i++) {
		assert_false(merged(&b, saved(&other, record)));
		tested(&b, 0, GP_DNSBL_NO_REASON); /* comes back: that is later */
	}
	assert_false(merged(&b, saved(&other, record)));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	other.now_s = b.now_s;
	assert_true(merged(&other, saved(&b, record)));
	assert_int_equal(view(&other, 0).status, GP_DNSBL_OK);
	bench_end(&b);
	bench_end(&other);
}

/* test_merge_prefers_what_was_tested: a list that was not tested in time is no news. */
static void test_merge_prefers_what_was_tested(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b, late;
	(void)state;
	bench_begin(&b);
	bench_begin(&late);
	test_dnsblist_health_free(late.health);
	late.health = test_dnsblist_health(late.lists, COUNT(late.lists));
	late.now_s += 10;
	assert_false(usable(&late, 0));
	assert_int_equal(view(&late, 0).reason, GP_DNSBL_NOT_TESTED);
	b.now_s = late.now_s;
	assert_false(merged(&b, saved(&late, record)));
	assert_true(merged(&late, saved(&b, record)));
	assert_true(usable(&late, 0));
	bench_end(&b);
	bench_end(&late);
}

/* test_foreign_records_change_nothing: cut, of another list or key, with odd numbers. */
static void test_foreign_records_change_nothing(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	struct gp_span bytes = {(const char *)record, size};
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[1], bytes, NOW));
	assert_true(usable(&b, 1));
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	b.lists[0].asked_zone = b.lists[0].zone;
	size_t detail = strlen("127.255.255.254");
	for (bytes.len = 0; bytes.len < size - detail; bytes.len++)
		assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	bytes.len = size;
	record[5] = GP_DNSBL_OFF; /* a status that no record has */
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	record[5] = GP_DNSBL_OK;
	record[6] = GP_DNSBL_REASONS;
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	record[6] = GP_DNSBL_NO_REASON;
	record[size - 1] = '\n';
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	assert_false(usable(&b, 0));
	bench_end(&b);
}

/* test_record_has_no_key: nor any part of the zone that is queried. */
static void test_record_has_no_key(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	note_code(&b, 0, 255, 254);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	assert_null(memmem(record, size, "k3y", 3));
	assert_null(memmem(record, size, "dq", 2));
	bench_end(&b);
}

/* ---- processes and threads ---- */

/* test_table_survives_the_death_of_a_process: that had the lock, and left a slot half written. */
static void test_table_survives_the_death_of_a_process(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	void *memory = mmap(NULL, gp_dnsbl_health_size(), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	test_dnsblist_health_free(b.health);
	assert_int_equal(gp_dnsbl_health_init(memory, &b.health), GP_OK);
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(b.health, &b.lists[0]);
		memset(&slot->recent, 0xff, sizeof slot->recent);
		memset(&slot->counts, 0xff, sizeof slot->counts);
		memset(slot->detail, 'x', sizeof slot->detail);
		memset(&slot->status, 0x7f, sizeof slot->status);
		memset(&slot->failed_rounds, 0xff, sizeof slot->failed_rounds);
		_exit(0); /* with the lock */
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(usable(&b, 0));
	note_world(&b, 0, 3, 3);
	note_code(&b, 0, 0, 2);
	note_code(&b, 0, 0, 30);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	unsigned char record[GP_DNSBL_RECORD_MAX];
	assert_in_range(gp_dnsbl_health_save(b.health, &b.lists[0], record), 1, sizeof record);
	assert_true(view(&b, 0).code_count <= GP_DNSBL_CODES_MAX);
	tested(&b, 1, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 1));
	munmap(memory, gp_dnsbl_health_size());
}

#define THREADS 4
#define ROUNDS 500

/* work: as sessions, a tester and a reload do, all at once. */
static void *work(void *arg)
{
	struct bench *b = arg;
	const struct gp_ipaddr client = {GP_IP_V4, {192, 0, 2, 1}};
	const struct gp_dnsbl_code hit = {{127, 0, 0, 2}};
	const struct gp_dnsbl_health_lists lists = {.lists = b->lists, .count = 3};
	bool is_usable[3];
	for (int i = 0; i < ROUNDS; i++) {
		struct gp_dnsbl_events events = {0};
		const struct gp_dnsbl_noted noted[] = {{.list = &b->lists[0],
							       .questions = 1,
							       .codes = &hit,
							       .code_count = 1,
							       .weight = 3,
							       .took_us = 100},
			{.list = &b->lists[1], .questions = 3, .timeouts = (unsigned)i % 3}};
		struct gp_dnsbl_health_view v;
		enum gp_dnsbl_reason reason;
		unsigned char record[GP_DNSBL_RECORD_MAX];
		gp_dnsbl_health_usable(b->health, b->lists, 3, NOW + i, is_usable, &events);
		gp_dnsbl_health_note(b->health, noted, 2, &client, NOW + i, &events);
		gp_dnsbl_health_view(b->health, &b->lists[i % 3], NOW + i, &v);
		(void)gp_dnsbl_health_save(b->health, &b->lists[i % 3], record);
		if (gp_dnsbl_health_claim(b->health, &b->lists[i % 3], NOW + i, &reason)) {
			const struct gp_dnsbl_outcome good = {.list = &b->lists[i % 3]};
			gp_dnsbl_health_tested(b->health, &good, NOW + i, &events);
		}
		if (i % 100 == 0)
			gp_dnsbl_health_configure(b->health, &lists, NOW + i);
	}
	return NULL;
}

/* test_threads_share_a_table: no count is lost. */
static void test_threads_share_a_table(void **state)
{
	pthread_t threads[THREADS];
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &b), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(view(&b, 0).listed, THREADS * ROUNDS);
	assert_int_equal(view(&b, 0).codes[0].count, THREADS * ROUNDS);
	bench_end(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untested_list_is_suspended_after_two_seconds),
		cmocka_unit_test(test_list_that_fails_its_first_test_is_never_used),
		cmocka_unit_test(test_no_list_left_is_told_once),
		cmocka_unit_test(test_lists_that_mail_is_not_asked_of_are_not_counted),
		cmocka_unit_test(test_one_claim_at_a_time),
		cmocka_unit_test(test_clock_that_is_set_stops_no_test),
		cmocka_unit_test(test_reload_keeps_what_belongs_to_lists_that_stay),
		cmocka_unit_test(test_other_key_is_another_list),
		cmocka_unit_test(test_off_and_on_again),
		cmocka_unit_test(test_list_without_key_or_with_a_closed_zone),
		cmocka_unit_test(test_more_lists_than_places),
		cmocka_unit_test(test_record_carries_the_state_of_a_list),
		cmocka_unit_test(test_newer_state_is_kept),
		cmocka_unit_test(test_merge_takes_what_is_later),
		cmocka_unit_test(test_merge_prefers_what_was_tested),
		cmocka_unit_test(test_foreign_records_change_nothing),
		cmocka_unit_test(test_record_has_no_key),
		cmocka_unit_test(test_table_survives_the_death_of_a_process),
		cmocka_unit_test(test_threads_share_a_table),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
