/* SPDX-License-Identifier: ISC */
/* Who wants a store gets one, with what stands in; who wants none is not kept from working. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/runtime_deadline.h"
#include "runtime/runtime_store.h"

#define LIMIT "limit l { key = user max = 5 per = 1h }\n"

/* config_of: a configuration, or the test ends. */
static struct gp_config *config_of(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_parse(gp_span_from(text), "test.conf", &config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* remove_files: a directory of a store, whatever that calls its files. */
static void remove_files(const char *folder, const char *name)
{
	char path[512], file[1024];
	const struct dirent *entry;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		(void)unlink(file); /* not . and .. */
	}
	closedir(dir);
	assert_int_equal(rmdir(path), 0);
}

/* only_who_counts_wants_a_store: one that cannot be opened does no harm otherwise. */
static void only_who_counts_wants_a_store(void **state)
{
	(void)state;
	struct gp_config *none = config_of("hostname = mx.test\n");
	struct gp_config *some = config_of(LIMIT);
	assert_false(gp_runtime_store_is_wanted(none));
	assert_true(gp_runtime_store_is_wanted(some));
	gp_config_free(none);
	gp_config_free(some);
}

/* opened_once: a second call keeps it, and opens what stands in as soon as that is configured. */
static void opened_once(void **state)
{
	char folder[] = "/tmp/gatepost-runtime.XXXXXX", text[512], path[64];
	struct gp_runtime_store store = {NULL, NULL}, first;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof text, LIMIT "store { uri = {\"lmdb:%s/a\"} size = 16M }\n", folder);
	struct gp_config *before = config_of(text);
	struct gp_config *after = config_of(text);
	/* as with a server, which this test can do without */
	after->store_settings.on_failure = GP_STORE_FAILURE_LOCAL;
	snprintf(path, sizeof path, "%s/b", folder);
	after->store_settings.local_path = path;
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 30000000;
	assert_int_equal(gp_runtime_store_open(before, &ctx, &store), GP_OK);
	first = store;
	assert_null(gp_store_part(store.store, GP_STORE_LOCAL));
	assert_int_equal(gp_runtime_store_open(after, &ctx, &store), GP_OK);
	assert_ptr_equal(store.store, first.store);
	assert_ptr_equal(store.overrides, first.overrides);
	assert_non_null(gp_store_part(store.store, GP_STORE_LOCAL));
	gp_runtime_store_close(&store);
	gp_arena_free(ctx.arena);
	gp_config_free(before);
	gp_config_free(after);
	remove_files(folder, "a");
	remove_files(folder, "b");
	assert_int_equal(rmdir(folder), 0);
}

/* a_deadline_leaves_time_to_answer: a tenth, at most 200 ms. */
static void a_deadline_leaves_time_to_answer(void **state)
{
	(void)state;
	assert_int_equal(gp_runtime_deadline_us(5, 1000), 5 + 900000);
	assert_int_equal(gp_runtime_deadline_us(0, 2000), 1800000);
	assert_int_equal(gp_runtime_deadline_us(0, 20000), 19800000);
	assert_int_equal(gp_runtime_deadline_us(7, 0), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(only_who_counts_wants_a_store),
		cmocka_unit_test(opened_once), cmocka_unit_test(a_deadline_leaves_time_to_answer)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
