/* SPDX-License-Identifier: ISC */
/*
 * What is soft in the embedded store: its share of the file, what goes first, that it gives way to
 * counters, what is swept, damaged records, several processes.
 */
#include "support/lmdbstore.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "store/lmdb/lmdb_check.h"

#define SMALL (1 << 20)
#define HOUR 3600000LL

/* note: a soft fact that ends after a time. */
static void note(struct gp_test_lmdb *f, const char *name, int number, int64_t for_ms)
{
	char key[64];
	snprintf(key, sizeof key, "%s%d", name, number);
	int64_t now = gp_store_now_ms(f->store);
	struct gp_store_note n = {.key = gp_span_from(key),
		.value = gp_span_from("0123456789"),
		.expires_ms = now + for_ms};
	assert_int_equal(gp_store_note(f->store, &f->ctx, now, &n), GP_OK);
}

/* is_there: the soft fact. */
static bool is_there(struct gp_test_lmdb *f, const char *name, int number)
{
	char key[64];
	snprintf(key, sizeof key, "%s%d", name, number);
	struct gp_store_get get = {.key = gp_span_from(key), .soft = true};
	assert_int_equal(gp_store_get(f->store, &f->ctx, gp_store_now_ms(f->store), &get), GP_OK);
	return get.value.found == GP_STORE_FOUND;
}

/* open_raw: a closed file with LMDB itself, in a transaction. */
static MDB_txn *open_raw(
	struct gp_test_lmdb *f, unsigned flags, MDB_env **env_out, MDB_dbi *dbi_out)
{
	char path[160];
	MDB_txn *txn;
	assert_int_equal(mdb_env_create(env_out), 0);
	assert_int_equal(mdb_env_set_maxdbs(*env_out, 1), 0);
	gp_test_lmdb_path_of(f, "counters", path);
	assert_int_equal(mdb_env_open(*env_out, path, MDB_NOSUBDIR, 0600), 0);
	assert_int_equal(mdb_txn_begin(*env_out, NULL, flags, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, GP_STORE_LMDB_SOFT_NAME, 0, dbi_out), 0);
	return txn;
}

/* The table of a closed file. */
struct table {
	size_t entries, pages;
};

/* table_of: with LMDB itself. */
static struct table table_of(struct gp_test_lmdb *f)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_stat stat;
	txn = open_raw(f, MDB_RDONLY, &env, &dbi);
	assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return (struct table) {stat.ms_entries,
		stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages};
}

static atomic_uint synced; /* calls of LMDB */

/* fdatasync: as LMDB calls it, counted. */
int fdatasync(int fd)
{
	(void)fd;
	atomic_fetch_add(&synced, 1);
	return 0;
}

/* what_is_soft_reaches_the_disk_in_time: not with each note, but with the first care after sync. */
static void what_is_soft_reaches_the_disk_in_time(void **state)
{
	struct gp_test_lmdb *f = *state;
	const struct timespec moment = {0, 5000000};
	f->options.sync_ms = 3600000;
	gp_test_lmdb_open_store(f);
	unsigned before = atomic_load(&synced);
	for (int i = 0; i < 100; i++)
		note(f, "a", i, HOUR);
	gp_store_tend(f->store, &f->ctx);
	assert_int_equal(atomic_load(&synced), before);
	gp_test_lmdb_close_store(f);
	assert_in_range(
		atomic_load(&synced), before + 1, before + 10); /* what is left goes with it */
	f->options.sync_ms = 1;
	gp_test_lmdb_open_store(f);
	gp_store_tend(f->store, &f->ctx);
	for (int i = 0; i < 3; i++) {
		note(f, "b", i, HOUR);
		assert_int_equal(nanosleep(&moment, NULL), 0);
		before = atomic_load(&synced);
		gp_store_tend(f->store, &f->ctx);
		assert_in_range(atomic_load(&synced), before + 1, before + 10);
	}
}

/* what_is_soft_has_half_of_the_file: however much is noted, and what ends late stays. */
static void what_is_soft_has_half_of_the_file(void **state)
{
	struct gp_test_lmdb *f = *state;
	int late = 0;
	f->options.map_bytes = SMALL;
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 500; i++)
		note(f, "late", i, 1000 * HOUR);
	for (int i = 0; i < 40000; i++)
		note(f, "soon", i, HOUR + i);
	assert_true(gp_test_lmdb_health(f).up);
	assert_true(is_there(f, "soon", 39999)); /* what was noted last */
	for (int i = 0; i < 500; i++)
		late += is_there(f, "late", i);
	assert_true(late > 450);
	gp_test_lmdb_close_store(f);
	struct table table = table_of(f);
	size_t share = SMALL / 4096 / 2;
	assert_in_range(table.pages, share / 2, share + share / 8);
	assert_in_range(table.entries, 2000, 8000);
}

/* counters_are_never_pushed_out: by nothing that is soft, and they take what room it has. */
static void counters_are_never_pushed_out(void **state)
{
	struct gp_test_lmdb *f = *state;
	char name[201];
	int64_t used;
	int there = 0;
	f->options.map_bytes = SMALL;
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 250; i++) {
		snprintf(name, sizeof name, "%0190d", i);
		assert_int_equal(gp_test_lmdb_take(f, name, 10, 3, &used), GP_OK);
	}
	for (int i = 0; i < 20000; i++)
		note(f, "soft", i, HOUR + i);
	gp_store_tend(f->store, &f->ctx);
	assert_int_equal(gp_test_lmdb_health(f).forgotten, 0);
	for (int i = 250; i < 2200; i++) { /* more than half of the file */
		snprintf(name, sizeof name, "%0190d", i);
		assert_int_equal(gp_test_lmdb_take(f, name, 10, 3, &used), GP_OK);
		if (i % 50 == 0)
			gp_store_tend(f->store, &f->ctx);
	}
	assert_int_equal(gp_test_lmdb_health(f).forgotten, 0);
	for (int i = 0; i < 2200; i++) {
		snprintf(name, sizeof name, "%0190d", i);
		assert_int_equal(gp_test_lmdb_used(f, name), 3);
	}
	for (int i = 0; i < 20000; i++)
		there += is_there(f, "soft", i);
	assert_true(there < 4000);
	gp_test_lmdb_close_store(f);
}

/* what_has_ended_is_swept: little by little, and nothing else. */
static void what_has_ended_is_swept(void **state)
{
	struct gp_test_lmdb *f = *state;
	gp_test_lmdb_open_store(f);
	int64_t now = gp_store_now_ms(f->store);
	for (int i = 0; i < 3000; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%d", i);
		/* said at a time that is over by now */
		struct gp_store_note n = {.key = gp_span_from(key),
			.value = gp_span_from("v"),
			.expires_ms = i % 3 ? now - 1 : now + HOUR};
		assert_int_equal(gp_store_note(f->store, &f->ctx, now - HOUR, &n), GP_OK);
	}
	for (int i = 0; i < 4; i++)
		gp_store_tend(f->store, &f->ctx);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(is_there(f, "k", i), i % 3 == 0);
	gp_test_lmdb_close_store(f);
	assert_int_equal(table_of(f).entries, 1000);
}

/* damage: every record of the table gets these bytes; there are few. */
static void damage(struct gp_test_lmdb *f, const char *bytes, size_t size)
{
	char keys[4][64];
	size_t lengths[4], count = 0;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val key, data = {size, (void *)(uintptr_t)bytes}, old;
	txn = open_raw(f, 0, &env, &dbi);
	assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
	for (; mdb_cursor_get(cursor, &key, &old, MDB_NEXT) == 0; count++) {
		assert_true(count < 4 && key.mv_size <= sizeof keys[0]);
		lengths[count] = key.mv_size;
		memcpy(keys[count], key.mv_data, key.mv_size);
	}
	mdb_cursor_close(cursor);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		key = (MDB_val) {lengths[i], keys[i]};
		assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* damaged_records_count_as_absent: and are written anew, or swept. */
static void damaged_records_count_as_absent(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} rows[] = {{"", 0}, {"\x02xxxxxxx", 8}, {"\x01\xff\xff\xff\xff\xff\xff\xff", 8},
		{"\x01\x00\x00\x00\x00\x00\x00\x01odd", 11},
		{"\x01\x00\x00\x00\x00\x00\x00\x01"
		 "aaaa\xff\xff\xff\xff\xff\xff\xff",
			19}};
	struct gp_test_lmdb *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_within within = {.ms = HOUR};
		struct gp_store_see s = {.subject = gp_span_from("s"),
			.item = gp_span_from("item"),
			.most = 9,
			.within = &within,
			.within_count = 1};
		gp_test_lmdb_open_store(f);
		assert_int_equal(
			gp_store_see(f->store, &f->ctx, gp_store_now_ms(f->store), &s), GP_OK);
		gp_test_lmdb_close_store(f);
		damage(f, rows[i].bytes, rows[i].size);
		gp_test_lmdb_open_store(f);
		assert_int_equal(
			gp_store_see(f->store, &f->ctx, gp_store_now_ms(f->store), &s), GP_OK);
		assert_true(s.is_new);
		assert_int_equal(within.seen, 1);
		gp_test_lmdb_close_store(f);
	}
	gp_test_lmdb_open_store(f);
	note(f, "k", 1, HOUR);
	gp_test_lmdb_close_store(f);
	damage(f, "rubbish", 7);
	gp_test_lmdb_open_store(f);
	assert_false(is_there(f, "k", 1));
	gp_store_tend(f->store, &f->ctx);
	gp_test_lmdb_close_store(f);
	assert_int_equal(table_of(f).entries, 0);
}

/* count_together: sees of the same items, in a process of its own. */
static int count_together(struct gp_test_lmdb *f, int number)
{
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 300; i++) {
		char item[16];
		struct gp_store_within within = {.ms = HOUR};
		snprintf(item, sizeof item, "%d", i % 50 + number * 10);
		struct gp_store_see s = {.subject = gp_span_from("s"),
			.item = gp_span_from(item),
			.most = 128,
			.within = &within,
			.within_count = 1};
		if (gp_store_see(f->store, &f->ctx, gp_store_now_ms(f->store), &s) != GP_OK)
			return 1;
	}
	gp_store_close(f->store);
	return 0;
}

/* processes_share_a_set: none of what they saw is lost. */
static void processes_share_a_set(void **state)
{
	struct gp_test_lmdb *f = *state;
	pid_t children[4];
	struct gp_store_within within = {.ms = HOUR};
	struct gp_store_see s = {
		.subject = gp_span_from("s"), .most = 128, .within = &within, .within_count = 1};
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(count_together(f, i));
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(gp_test_lmdb_wait_for(children[i]), 0);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_store_see(f->store, &f->ctx, gp_store_now_ms(f->store), &s), GP_OK);
	assert_int_equal(within.seen, 80);
	gp_test_lmdb_close_store(f);
}

/* what_was_noted_is_there_again: after closing, and the file passes the check. */
static void what_was_noted_is_there_again(void **state)
{
	struct gp_test_lmdb *f = *state;
	char problem[GP_STORE_LMDB_PROBLEM], path[160];
	uint64_t size;
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 2000; i++)
		note(f, "k", i, HOUR);
	gp_test_lmdb_close_store(f);
	assert_int_equal(
		gp_store_lmdb_check_path(gp_test_lmdb_path_of(f, "counters", path), &size, problem),
		GP_OK);
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 2000; i++)
		assert_true(is_there(f, "k", i));
	assert_null(strstr(f->logged, "damaged"));
	gp_test_lmdb_close_store(f);
}

/* replace_table: a record of the table's name stands in its place. */
static void replace_table(struct gp_test_lmdb *f)
{
	char name[] = GP_STORE_LMDB_SOFT_NAME;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi, main_dbi;
	MDB_val key = {sizeof name - 1, name}, data = {4, name};
	txn = open_raw(f, 0, &env, &dbi);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &main_dbi), 0);
	assert_int_equal(mdb_drop(txn, dbi, 1), 0);
	assert_int_equal(mdb_put(txn, main_dbi, &key, &data, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* a_record_in_place_of_the_table_goes: counters stay as they are. */
static void a_record_in_place_of_the_table_goes(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t used;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "s", 10, 3, &used), GP_OK);
	gp_test_lmdb_close_store(f);
	replace_table(f);
	gp_test_lmdb_open_store(f);
	note(f, "k", 1, HOUR);
	assert_true(is_there(f, "k", 1));
	assert_int_equal(gp_test_lmdb_used(f, "s"), 3);
	gp_test_lmdb_close_store(f);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, gp_test_lmdb_set_up, gp_test_lmdb_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_soft_reaches_the_disk_in_time),
		CASE(what_is_soft_has_half_of_the_file),
		CASE(counters_are_never_pushed_out),
		CASE(what_has_ended_is_swept),
		CASE(damaged_records_count_as_absent),
		CASE(processes_share_a_set),
		CASE(what_was_noted_is_there_again),
		CASE(a_record_in_place_of_the_table_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
