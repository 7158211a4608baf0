/* SPDX-License-Identifier: ISC */
/*
 * What a message holds: all or nothing, moved to the present, released, and a store that is
 * unavailable.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"
#include "limit/limit_message.h"
#include "support/memstore.h"

#define START 1000000000000LL
#define HOUR 3600000LL
#define SLOT (HOUR / 64)

static const char conf[] =
	"limit hourly { key = user count = recipients max = 100 per = 1h }\n"
	"limit daily { key = user count = messages max = 3 per = 1d action = reject }\n"
	"limit volume { key = user count = bytes max = 1k per = 1d }\n"
	"limit site { key = all count = recipients max = 2 per = 1h mode = label }\n"
	"limit odd { key = user_domain count = recipients max = 5 per = 1h action = hold }\n";

struct bench {
	struct gp_config *config;
	struct gp_test_memstore *main;
	struct gp_limit_overrides *overrides;
	struct gp_ctx ctx;
	struct gp_limit_message m;
	struct gp_limit_result r;
	int logged;
};

/* note_log: how often something was said. */
static void note_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	(void)level;
	(void)event;
	(void)fields;
	(void)count;
	++*(int *)arg;
}

/* begin: a message of user alice. */
static void begin(struct bench *b, struct gp_log *log, const char *user)
{
	struct gp_config_errors errors = {0};
	struct gp_store *store;
	*b = (struct bench) {.ctx = {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()}};
	*log = (struct gp_log) {note_log, &b->logged, GP_LOG_DEBUG};
	b->ctx.log = log;
	if (gp_config_parse(gp_span_from(conf), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_test_memstore_new(&b->main, &store), GP_OK);
	gp_test_memstore_set_now(b->main, START);
	assert_int_equal(gp_limit_overrides_new(store, &b->overrides), GP_OK);
	gp_limit_message_init(&b->m);
	const struct gp_limit_who who = {
		.origin = GP_LIMIT_FROM_AUTHENTICATED, .user = gp_span_from(user)};
	assert_int_equal(
		gp_limit_message_begin(&b->m, &b->config->limits, &who, b->overrides), GP_OK);
}

/* again: another message of the user. */
static void again(struct bench *b, const char *user)
{
	const struct gp_limit_who who = {
		.origin = GP_LIMIT_FROM_AUTHENTICATED, .user = gp_span_from(user)};
	assert_int_equal(
		gp_limit_message_begin(&b->m, &b->config->limits, &who, b->overrides), GP_OK);
}

/* end: frees all. */
static void end(struct bench *b)
{
	gp_limit_message_fini(&b->m);
	struct gp_store *store = gp_limit_overrides_store(b->overrides);
	gp_limit_overrides_free(b->overrides);
	gp_store_close(store);
	gp_config_free(b->config);
	gp_arena_free(b->ctx.arena);
}

/* hold: so much in all; the outcome. */
static enum gp_limit_outcome hold(struct bench *b, int64_t recipients, int64_t bytes)
{
	const struct gp_limit_amounts total = {recipients, 1, bytes};
	assert_int_equal(gp_limit_message_hold(&b->m, b->overrides, &b->ctx, &total,
				 b->config->store_settings.on_failure, &b->r),
		GP_OK);
	return b->r.outcome;
}

/* used: of a limit of user alice, now. */
static int64_t used(struct bench *b, size_t limit, const char *subject)
{
	struct gp_limit_applied a;
	struct gp_store_count count;
	assert_int_equal(gp_limit_of_subject(&b->config->limits, limit, subject, b->overrides,
				 b->ctx.arena, &a),
		GP_OK);
	assert_int_equal(
		gp_limit_peek(gp_limit_overrides_store(b->overrides), &b->ctx, &a, 1, &count),
		GP_OK);
	return count.used;
}

/* test_hundred: recipient after recipient, then the one that is too many, exactly described. */
static void test_hundred(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	for (int i = 1; i <= 100; i++)
		assert_int_equal(hold(&b, i, 0), GP_LIMIT_FINE);
	assert_int_equal(hold(&b, 101, 0), GP_LIMIT_REFUSED);
	assert_string_equal(b.r.because->limit->name, "hourly");
	assert_int_equal(b.r.used, 100);
	/* START lies 24,000 ms into its slot; a slot is free an hour after its end */
	assert_int_equal(b.r.wait_ms, HOUR + SLOT - START % SLOT);
	assert_int_equal(b.m.recipients, 100);
	assert_int_equal(used(&b, 0, "user:alice"), 100);
	assert_int_equal(used(&b, 1, "user:alice"), 1);
	end(&b);
}

/* test_at_once: 300 recipients in one step cannot overshoot, and nothing of them counts. */
static void test_at_once(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	assert_int_equal(hold(&b, 300, 10), GP_LIMIT_REFUSED);
	assert_int_equal(b.r.wait_ms, -1);
	assert_int_equal(used(&b, 0, "user:alice"), 0);
	assert_int_equal(used(&b, 1, "user:alice"), 0);
	assert_int_equal(used(&b, 3, "all"), 0);
	end(&b);
}

/* test_bytes: known at the end; when they have no room nothing changes, and all can be dropped. */
static void test_bytes(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	assert_int_equal(hold(&b, 1, 0), GP_LIMIT_FINE);
	assert_true(gp_limit_message_has(&b.m, GP_LIMIT_BYTES));
	assert_int_equal(hold(&b, 1, 1025), GP_LIMIT_REFUSED);
	assert_string_equal(b.r.because->limit->name, "volume");
	assert_int_equal(used(&b, 0, "user:alice"), 1);
	gp_limit_message_drop(&b.m, b.overrides, &b.ctx);
	assert_int_equal(used(&b, 0, "user:alice"), 0);
	assert_int_equal(used(&b, 1, "user:alice"), 0);
	again(&b, "alice");
	assert_int_equal(hold(&b, 1, 1024), GP_LIMIT_FINE);
	assert_int_equal(used(&b, 2, "user:alice"), 1024);
	end(&b);
}

/* test_fewer: recipients that others have refused are released at the end. */
static void test_fewer(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	for (int i = 1; i <= 10; i++)
		assert_int_equal(hold(&b, i, 0), GP_LIMIT_FINE);
	assert_int_equal(hold(&b, 4, 100), GP_LIMIT_FINE);
	gp_limit_message_end(&b.m);
	assert_int_equal(used(&b, 0, "user:alice"), 4);
	end(&b);
}

/* test_moved: what counts is when a message is accepted, not when it was announced. */
static void test_moved(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	assert_int_equal(hold(&b, 100, 0), GP_LIMIT_FINE);
	gp_test_memstore_set_now(b.main, START + HOUR - SLOT);
	assert_int_equal(hold(&b, 100, 1), GP_LIMIT_FINE);
	gp_limit_message_end(&b.m);
	/* had it stayed where it was announced, there would be room again */
	gp_test_memstore_set_now(b.main, START + HOUR + 2 * SLOT);
	again(&b, "alice");
	assert_int_equal(hold(&b, 1, 0), GP_LIMIT_REFUSED);
	gp_test_memstore_set_now(b.main, START + 2 * HOUR + SLOT);
	assert_int_equal(hold(&b, 1, 0), GP_LIMIT_FINE);
	end(&b);
}

/* test_expired: what a message held too long is tested anew. */
static void test_expired(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	assert_int_equal(hold(&b, 60, 0), GP_LIMIT_FINE);
	gp_test_memstore_set_now(b.main, START + 2 * HOUR);
	struct gp_limit_message first = b.m;
	gp_limit_message_init(&b.m);
	again(&b, "alice");
	assert_int_equal(hold(&b, 60, 0), GP_LIMIT_FINE);
	gp_limit_message_end(&b.m);
	gp_limit_message_fini(&b.m);
	b.m = first;
	assert_int_equal(hold(&b, 60, 5), GP_LIMIT_REFUSED);
	gp_limit_message_drop(&b.m, b.overrides, &b.ctx);
	assert_int_equal(used(&b, 0, "user:alice"), 60);
	end(&b);
}

/* test_modes: label and hold count on; the gravest decides. */
static void test_modes(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice@a.test");
	assert_int_equal(hold(&b, 2, 0), GP_LIMIT_FINE);
	assert_null(b.r.because);
	assert_int_equal(hold(&b, 3, 0), GP_LIMIT_FINE);
	assert_string_equal(b.r.because->limit->name, "site");
	assert_int_equal(b.r.used, 3);
	assert_int_equal(hold(&b, 6, 0), GP_LIMIT_ONHOLD);
	assert_string_equal(b.r.because->limit->name, "odd");
	assert_int_equal(used(&b, 3, "all"), 6);
	assert_int_equal(used(&b, 4, "user_domain:a.test"), 6);
	assert_int_equal(hold(&b, 101, 0), GP_LIMIT_REFUSED);
	assert_string_equal(b.r.because->limit->name, "hourly");
	assert_int_equal(used(&b, 3, "all"), 6);
	end(&b);
}

/* test_messages: counted once each, however many recipients; refused when there are too many. */
static void test_messages(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	for (int i = 0; i < 3; i++) {
		for (int k = 1; k <= 5; k++)
			assert_int_equal(hold(&b, k, 0), GP_LIMIT_FINE);
		gp_limit_message_end(&b.m);
		again(&b, "alice");
	}
	assert_int_equal(hold(&b, 1, 0), GP_LIMIT_REFUSED);
	assert_string_equal(b.r.because->limit->name, "daily");
	assert_int_equal(b.r.because->limit->action, GP_LIMIT_REJECT);
	end(&b);
}

/* test_away: each answer to a store that is unavailable, and back again in the middle of a
 * message. */
static void test_away(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	assert_int_equal(hold(&b, 1, 0), GP_LIMIT_FINE);
	gp_test_memstore_fail(b.main, GP_EIO);
	b.config->store_settings.on_failure = GP_STORE_FAILURE_ACCEPT;
	assert_int_equal(hold(&b, 2, 0), GP_LIMIT_FINE);
	assert_true(b.r.store_failed);
	assert_int_equal(b.logged, 1);
	b.config->store_settings.on_failure = GP_STORE_FAILURE_DEFER;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hold(&b, 3, 0), GP_LIMIT_AWAY);
		assert_int_equal(b.logged, 2); /* each consequence once */
	}
	assert_int_equal(b.m.recipients, 2);
	gp_test_memstore_fail(b.main, 0);
	assert_int_equal(hold(&b, 3, 0), GP_LIMIT_FINE);
	assert_false(b.r.store_failed);
	assert_int_equal(used(&b, 0, "user:alice"), 3);
	gp_test_memstore_fail(b.main, GP_EIO);
	gp_limit_message_drop(&b.m, b.overrides, &b.ctx); /* cannot be released now */
	gp_test_memstore_fail(b.main, 0);
	assert_int_equal(used(&b, 0, "user:alice"), 3);
	end(&b);
}

/* test_nothing: no limits, and none that apply, ask nobody. */
static void test_nothing(void **state)
{
	(void)state;
	struct bench b;
	struct gp_log log;
	begin(&b, &log, "alice");
	const struct gp_limit_set none = {0};
	const struct gp_limit_who who = {.origin = GP_LIMIT_FROM_OTHERS};
	gp_test_memstore_fail(b.main, GP_EIO);
	assert_int_equal(gp_limit_message_begin(&b.m, &none, &who, b.overrides), GP_OK);
	assert_int_equal(hold(&b, 1, 1), GP_LIMIT_FINE);
	assert_int_equal(gp_limit_message_begin(&b.m, &b.config->limits, &who, b.overrides), GP_OK);
	assert_int_equal(hold(&b, 1, 1), GP_LIMIT_FINE);
	assert_false(b.r.store_failed);
	/* where no limits are configured, a refused message has nothing to release */
	gp_limit_message_drop(&b.m, NULL, &b.ctx);
	assert_int_equal(b.logged, 0);
	end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hundred),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_fewer),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_nothing),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
