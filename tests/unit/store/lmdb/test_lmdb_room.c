/* SPDX-License-Identifier: ISC */
/*
 * An embedded store that is full: it forgets what matters least and counts on, whatever subjects
 * somebody makes up.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/lmdbstore.h"

#include <lmdb.h>

#include "store/lmdb/lmdb_record.h"

#define SMALL (1 << 20)
#define LONG_NAME "%0190d"
#define HOUR 3600000LL
#define PART_OF_A_FEW 4 /* records, by which half of an odd number may differ */

/* open_small: a store with room for about 700 subjects with long names. */
static void open_small(struct gp_test_lmdb *f)
{
	f->options.map_bytes = SMALL;
	gp_test_lmdb_open_store(f);
}

/* take_for: of counter 1 in windows of that length; the status. */
static int take_for(
	struct gp_test_lmdb *f, const char *subject, int64_t per_ms, int64_t max, int64_t n)
{
	struct gp_store_count c = {.id = 1, .per_ms = per_ms, .max = max, .take = n};
	struct gp_store_take t = {gp_span_from(subject), &c, 1};
	return gp_store_take(f->store, &f->ctx, gp_store_now_ms(f->store), &t, 1);
}

/* make_up: subjects from one number to another, each with so much of max. */
static void make_up(struct gp_test_lmdb *f, int from, int to, int64_t max, int64_t n)
{
	for (int i = from; i < to; i++) {
		char name[201];
		snprintf(name, sizeof name, LONG_NAME, i);
		assert_int_equal(take_for(f, name, DAY, max, n), GP_OK);
	}
}

/* used_in: what counter 1 uses in windows of that length. */
static int64_t used_in(struct gp_test_lmdb *f, const char *subject, int64_t per_ms)
{
	struct gp_store_count c = {.id = 1, .per_ms = per_ms, .max = 1000};
	struct gp_store_take t = {gp_span_from(subject), &c, 1};
	assert_int_equal(gp_store_take(f->store, &f->ctx, gp_store_now_ms(f->store), &t, 1), GP_OK);
	return c.used;
}

/* entries: of a closed file. */
static size_t entries(struct gp_test_lmdb *f, const char *name)
{
	char path[160];
	MDB_env *env;
	MDB_stat stat;
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(
		mdb_env_open(env, gp_test_lmdb_path_of(f, name, path), MDB_NOSUBDIR, 0600), 0);
	assert_int_equal(mdb_env_stat(env, &stat), 0);
	mdb_env_close(env);
	return stat.ms_entries;
}

/* count_of: how often a text stands in the log. */
static int count_of(const struct gp_test_lmdb *f, const char *text)
{
	int count = 0;
	for (const char *at = f->logged; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

/* new_subjects_of_a_full_store_are_counted: every one of them, and it is told once a minute. */
static void new_subjects_of_a_full_store_are_counted(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct stat st;
	char path[160];
	open_small(f);
	for (int i = 0; i < 20; i++) {
		char name[32];
		make_up(f, i * 1000, (i + 1) * 1000, 10, 1);
		snprintf(name, sizeof name, "new%d", i);
		assert_int_equal(take_for(f, name, DAY, 2, 2), GP_OK);
		assert_int_equal(gp_test_lmdb_used(f, name), 2);
		gp_store_tend(f->store, &f->ctx);
		assert_true(gp_test_lmdb_health(f).up);
	}
	assert_int_equal(gp_test_lmdb_health(f).failed, 0);
	assert_in_range(gp_test_lmdb_health(f).forgotten, 10000, 20000);
	assert_int_equal(count_of(f, "warning: store: the store is full: 1 MiB; "), 1);
	assert_int_equal(count_of(f, "were forgotten, which had used at most "), 1);
	assert_int_equal(count_of(f, "raise store.size"), 1);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "the store is full"));
	gp_test_lmdb_close_store(f);
	assert_int_equal(stat(gp_test_lmdb_path_of(f, "counters", path), &st), 0);
	assert_true(st.st_size <= SMALL);
	assert_true(entries(f, "counters") > 300);
	open_small(f);
	assert_true(gp_test_lmdb_works(f));
	assert_null(strstr(f->logged, "damaged"));
}

/* who_is_near_the_limit_is_not_pushed_out: by thousands of subjects that use little. */
static void who_is_near_the_limit_is_not_pushed_out(void **state)
{
	struct gp_test_lmdb *f = *state;
	char name[32];
	open_small(f);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "near%d", i);
		assert_int_equal(take_for(f, name, DAY, 10, 8 + i % 3), GP_OK);
	}
	for (int i = 0; i < 15; i++) {
		make_up(f, i * 1000, (i + 1) * 1000, 10, 1 + i % 3);
		if (i % 3 == 0)
			gp_store_tend(f->store, &f->ctx);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "near%d", i);
		assert_int_equal(gp_test_lmdb_used(f, name), 8 + i % 3);
	}
}

/* one_full_window_of_several_is_enough: the largest share counts, not the first. */
static void one_full_window_of_several_is_enough(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct gp_store_count counts[2] = {{.id = 1, .per_ms = DAY, .max = 1000000, .take = 1},
		{.id = 2, .per_ms = 3600000, .max = 10, .take = 9}};
	struct gp_store_take t = {gp_span_from("two windows"), counts, 2};
	open_small(f);
	assert_int_equal(gp_store_take(f->store, &f->ctx, gp_store_now_ms(f->store), &t, 1), GP_OK);
	make_up(f, 0, 5000, 10, 2);
	assert_int_equal(gp_test_lmdb_used(f, "two windows"), 1);
}

/* count_kept: of 400 subjects, those of one of the two lengths that still count. */
static int count_kept(struct gp_test_lmdb *f, char kind)
{
	int kept = 0;
	for (int i = 0; i < 200; i++) {
		char name[201];
		snprintf(name, sizeof name, "%c" LONG_NAME, kind, i);
		kept += used_in(f, name, kind == 'h' ? 3600000 : DAY) > 0;
	}
	return kept;
}

/* of_equal_shares_the_first_to_end_go_first: hours before days. */
static void of_equal_shares_the_first_to_end_go_first(void **state)
{
	struct gp_test_lmdb *f = *state;
	char name[201];
	int made_up = 0;
	open_small(f);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "%c" LONG_NAME, i % 2 ? 'h' : 'd', i / 2);
		assert_int_equal(take_for(f, name, i % 2 ? 3600000 : DAY, 10, 1), GP_OK);
	}
	for (; count_kept(f, 'h') == 200 && made_up < 100000; made_up += 50)
		make_up(f, made_up, made_up + 50, 10, 1);
	int hours = count_kept(f, 'h'), days = count_kept(f, 'd');
	assert_in_range(hours, 0, 199);
	assert_true(hours == 0 || days == 200);
	assert_true(days > 100);
}

/* what_is_over_goes_before_all_else: nothing that counts is forgotten while it is there. */
static void what_is_over_goes_before_all_else(void **state)
{
	struct gp_test_lmdb *f = *state;
	char name[32];
	open_small(f);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "little%d", i);
		assert_int_equal(take_for(f, name, DAY, 1000, 1), GP_OK);
	}
	int64_t past = gp_store_now_ms(f->store) - 100000;
	assert_int_equal(gp_test_lmdb_fill(f, past, 5000), 5000);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "little%d", i);
		assert_int_equal(gp_test_lmdb_used(f, name), 1);
	}
	gp_store_tend(f->store, &f->ctx);
	assert_null(strstr(f->logged, "forgotten"));
}

/* a_round_forgets_a_part_only: of a store that is just full. */
static void a_round_forgets_a_part_only(void **state)
{
	struct gp_test_lmdb *f = *state;
	int used = 0;
	f->options.map_bytes = 16 << 20;
	gp_test_lmdb_open_store(f);
	make_up(f, 0, 60000, 10, 1);
	gp_test_lmdb_close_store(f);
	size_t all = entries(f, "counters");
	assert_in_range(all, 30000, 59999); /* it was full */
	gp_test_lmdb_open_store(f);
	make_up(f, 60000, 60100, 10, 1);
	gp_store_tend(f->store, &f->ctx);
	for (int i = 60000; i < 60100; i++) {
		char name[201];
		snprintf(name, sizeof name, LONG_NAME, i);
		used += gp_test_lmdb_used(f, name) == 1;
	}
	assert_true(used > 50);
	gp_test_lmdb_close_store(f);
	assert_true(entries(f, "counters") > all * 3 / 4);
}

/* fill_raw: through LMDB alone until there is no page left, as no version with a reserve does. */
static void fill_raw(struct gp_test_lmdb *f)
{
	char path[160];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int rc = 0;
	struct gp_store_lmdb_record *record = calloc(1, sizeof *record);
	assert_non_null(record);
	record->name_length = 190;
	record->count = 1;
	record->windows[0].id = 1;
	record->windows[0].share = 1;
	gp_store_window_init(&record->windows[0].window, DAY, 1700000000000LL);
	gp_store_window_add(&record->windows[0].window, 1);
	unsigned char bytes[512];
	size_t size = gp_store_lmdb_record_size(record);
	assert_true(size <= sizeof bytes);
	gp_store_lmdb_record_encode(record, bytes);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, SMALL), 0);
	assert_int_equal(
		mdb_env_open(env, gp_test_lmdb_path_of(f, "counters", path), MDB_NOSUBDIR, 0600),
		0);
	for (unsigned i = 0; rc == 0; i++) {
		assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
		assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
		unsigned char key_bytes[GP_STORE_KEY];
		for (size_t j = 0; j < sizeof key_bytes; j++)
			key_bytes[j] = (unsigned char)((i + 1) * 2654435761u >> (j % 4 * 8));
		memcpy(key_bytes + 8, &i, sizeof i);
		MDB_val key = {sizeof key_bytes, key_bytes}, data = {size, bytes};
		rc = mdb_put(txn, dbi, &key, &data, 0);
		if (rc == 0)
			rc = mdb_txn_commit(txn);
		else
			mdb_txn_abort(txn);
	}
	assert_int_equal(rc, MDB_MAP_FULL);
	mdb_env_close(env);
	free(record);
}

/* a_file_without_a_free_page_is_made_to_work: as older versions could leave it. */
static void a_file_without_a_free_page_is_made_to_work(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct stat st;
	char path[160];
	open_small(f);
	gp_test_lmdb_close_store(f);
	fill_raw(f);
	open_small(f);
	make_up(f, 0, 3000, 10, 1);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(stat(gp_test_lmdb_path_of(f, "counters", path), &st), 0);
	assert_true(st.st_size <= SMALL + (2 << 20));
}

/* old_records_without_shares_count_as_full: they go last. */
static void old_records_without_shares_count_as_full(void **state)
{
	static const unsigned char old[] = {1, 1, 0, 1, 0, 0, 0, 0, 0x5c, 0x26, 5, 0, 0, 0, 0, 0xfb,
		0x36, 0x13, 0, 0, 0, 0, 0, 1, 2, 0x20, 0, 0, 0, 0, 0, 0};
	struct gp_store_lmdb_record *record = calloc(1, sizeof *record);
	(void)state;
	assert_non_null(record);
	assert_true(gp_store_lmdb_record_decode(
		(struct gp_span) {(const char *)old, sizeof old}, record));
	assert_int_equal(record->windows[0].share, 255);
	free(record);
}

/* full_facts_do_not_stop_the_counting: what an operator says is refused then, not forgotten. */
static void full_facts_do_not_stop_the_counting(void **state)
{
	struct gp_test_lmdb *f = *state;
	char key[32], value[4096];
	int rc = GP_OK, kept = 0;
	memset(value, 'v', sizeof value);
	open_small(f);
	for (; rc == GP_OK; kept++) {
		snprintf(key, sizeof key, "fact%d", kept);
		rc = gp_store_put(f->store, &f->ctx, gp_span_from(key),
			(struct gp_span) {value, sizeof value}, 0);
	}
	assert_int_equal(rc, GP_EIO);
	assert_in_range(kept, 50, 500);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "the store is full"));
	assert_true(gp_test_lmdb_works(f));
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
	gp_test_lmdb_close_store(f);
	assert_int_equal(entries(f, "facts"), kept - 1);
}

/* fill_beside: a process of its own that makes up subjects; its exit code. */
static int fill_beside(struct gp_test_lmdb *f, int number)
{
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK)
		return 1;
	for (int i = 0; i < 6000; i++) {
		char name[201];
		snprintf(name, sizeof name, LONG_NAME, number * 100000 + i);
		if (take_for(f, name, DAY, 10, 1) != GP_OK)
			return 2;
		if (i % 500 == 0)
			gp_store_tend(f->store, &f->ctx);
	}
	gp_store_close(f->store);
	return 0;
}

/* processes_fill_it_together: none of them is left without room. */
static void processes_fill_it_together(void **state)
{
	struct gp_test_lmdb *f = *state;
	pid_t children[3];
	f->options.map_bytes = SMALL;
	for (int i = 0; i < 3; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(fill_beside(f, i));
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(gp_test_lmdb_wait_for(children[i]), 0);
	gp_test_lmdb_open_store(f);
	assert_true(gp_test_lmdb_works(f));
	assert_null(strstr(f->logged, "damaged"));
}

/* a_reader_that_never_ends_is_survived: nothing hangs, and all works again when it is gone. */
static void a_reader_that_never_ends_is_survived(void **state)
{
	struct gp_test_lmdb *f = *state;
	int fds[2], counted = 0;
	char byte;
	open_small(f);
	make_up(f, 0, 3000, 10, 1);
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		gp_test_lmdb_hold(f, MDB_RDONLY, fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	for (int i = 3000; i < 6000; i++) {
		char name[201];
		snprintf(name, sizeof name, LONG_NAME, i);
		int rc = take_for(f, name, DAY, 10, 1);
		assert_true(rc == GP_OK || rc == GP_EIO);
		counted += rc == GP_OK;
	}
	assert_true(counted < 3000);
	kill(child, SIGKILL);
	assert_int_equal(gp_test_lmdb_wait_for(child), -1);
	gp_store_tend(f->store, &f->ctx);
	make_up(f, 6000, 7000, 10, 1);
	assert_true(gp_test_lmdb_works(f));
	assert_null(strstr(f->logged, "damaged"));
	close(fds[0]), close(fds[1]);
}

/* shares: of what is used in the maximum. */
static void shares(void **state)
{
	static const struct {
		int64_t used, max;
		uint8_t share;
	} rows[] = {{0, 10, 0}, {0, 0, 0}, {1, 1LL << 50, 1}, {1, 10, 25}, {9, 10, 229},
		{10, 10, 255}, {11, 10, 255}, {1, 0, 255}, {(1LL << 53) - 1, 1LL << 50, 255},
		{(1LL << 50) - 1, 1LL << 50, 254}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
			gp_store_lmdb_record_share(rows[i].used, rows[i].max), rows[i].share);
}

/* weights: from what is forgotten first to what is forgotten last. */
static void weights(void **state)
{
	static const struct {
		int64_t used, max, per_ms, age_ms;
		const char *name;
	} rows[] = {
		{1, 10000, HOUR, HOUR - 60000, "idle"},
		{1, 10000, 1000, 0, "short"},
		{1, 10000, HOUR, 0, "hour"},
		{1, 10000, DAY, 0, "day"},
		{1, 10, DAY, 0, "made up"},
		{1, 1, DAY, 0, "made up, with all of a small limit"},
		{5, 5, DAY, DAY / 2, "at a small limit, half a day ago"},
		{5, 5, DAY, 0, "at a small limit"},
		{100, 10000, DAY, 0, "busy"},
		{9000, 10000, DAY, 0, "near a large limit"},
		{1LL << 53, 1LL << 53, GP_STORE_PER_MAX_MS, 0, "most"},
		{1, 10000, HOUR, HOUR - 60000, "all"},
	};
	const int64_t now = 1700000000000LL;
	uint32_t before = 0;
	uint8_t share;
	(void)state;
	struct gp_store_lmdb_record *record = calloc(1, sizeof *record);
	assert_non_null(record);
	assert_int_equal(gp_store_lmdb_record_weight(record, now, &share), 0);
	record->count = 1;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		record->name_length = strlen(rows[i].name);
		memcpy(record->name, rows[i].name, record->name_length);
		record->windows[0].share = gp_store_lmdb_record_share(rows[i].used, rows[i].max);
		gp_store_window_init(
			&record->windows[0].window, rows[i].per_ms, now - rows[i].age_ms);
		gp_store_window_add(&record->windows[0].window, rows[i].used);
		uint32_t weight = gp_store_lmdb_record_weight(record, now, &share);
		assert_int_equal(share, record->windows[0].share);
		if (weight <= before)
			print_message("%s\n", rows[i].name);
		assert_true(weight > before);
		assert_int_equal(
			gp_store_lmdb_record_weight(record, now + 2 * rows[i].per_ms, &share), 0);
		before = weight;
	}
	assert_true(before >= GP_STORE_LMDB_WEIGHT_ALL);
	free(record);
}

/*
 * send_beside: so many steps, each of a subject with a maximum and of a client that is made up and
 * has a maximum, too; how many were not refused.
 */
static int send_beside(
	struct gp_test_lmdb *f, const char *subject, int64_t max, int64_t client_max, int steps)
{
	int sent = 0;
	for (int i = 0; i < steps; i++) {
		char name[201];
		struct gp_store_count counts[2] = {{.id = 1, .per_ms = DAY, .max = max, .take = 1},
			{.id = 1, .per_ms = HOUR, .max = client_max, .take = 1}};
		snprintf(name, sizeof name, "c" LONG_NAME, i);
		struct gp_store_take takes[2] = {{gp_span_from(subject), &counts[0], 1},
			{gp_span_from(name), &counts[1], 1}};
		assert_int_equal(
			gp_store_take(f->store, &f->ctx, gp_store_now_ms(f->store), takes, 2),
			GP_OK);
		sent += !counts[0].refused && !counts[1].refused;
		if (i % 1000 == 0)
			gp_store_tend(f->store, &f->ctx);
	}
	return sent;
}

/* a_large_limit_is_reached_in_a_full_store: however many use more of a small one. */
static void a_large_limit_is_reached_in_a_full_store(void **state)
{
	static const struct {
		int64_t max, client_max;
	} rows[] = {{2000, 10}, {2000, 3}, {2000, 1}, {300, 2}};
	struct gp_test_lmdb *f = *state;
	open_small(f);
	make_up(f, 0, 3000, 3, 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char name[32];
		snprintf(name, sizeof name, "busy%zu", i);
		int sent = send_beside(f, name, rows[i].max, rows[i].client_max, 4000);
		/* what it has sent before it weighed enough may have been forgotten */
		assert_in_range(sent, rows[i].max, rows[i].max + 100);
	}
}

/* what_everybody_shares_is_never_forgotten: nor is it wrong by a single one. */
static void what_everybody_shares_is_never_forgotten(void **state)
{
	struct gp_test_lmdb *f = *state;
	open_small(f);
	make_up(f, 0, 3000, 1, 1);
	assert_int_equal(send_beside(f, GP_STORE_SUBJECT_ALL, 3000, 1, 5000), 3000);
}

/* fill_disk: until not a byte is left. */
static void fill_disk(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	for (size_t size = sizeof block; size > 0; size /= 2)
		while (write(fd, block, size) == (ssize_t)size)
			continue;
	close(fd);
}

/* count_users: new ones, with 5 of 5 each and one more that is refused; false: one is wrong. */
static bool count_users(struct gp_test_lmdb *f, int from, int to)
{
	for (int i = from; i < to; i++) {
		char name[32];
		int64_t sum;
		snprintf(name, sizeof name, "user%d", i);
		for (int j = 1; j <= 6; j++)
			if (gp_test_lmdb_take(f, name, 5, 1, &sum) != GP_OK ||
				sum != (j < 6 ? j : -1)) {
				print_message("user %d, mail %d: %d\n", i, j, (int)sum);
				return false;
			}
	}
	return true;
}

/* says_disk: in the log and in health, and never anything about store.size. */
static bool says_disk(struct gp_test_lmdb *f)
{
	const struct gp_store_health h = gp_test_lmdb_health(f);
	return h.disk_is_full && strstr(f->logged, "the disk has no space for the store") &&
	       strstr(f->logged, "free some disk space") && !strstr(f->logged, "store.size") &&
	       strstr(h.problem, "free some disk space") && !strstr(h.problem, "store.size");
}

/* on_full_disk: a store of so many subjects, a disk that somebody else fills, another process. */
static int on_full_disk(struct gp_test_lmdb *f, int subjects)
{
	char junk[128];
	int64_t sum;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", f->base, "tmpfs", 0, "size=8m") != 0)
		return 77;
	gp_test_lmdb_open_store(f);
	make_up(f, 0, subjects, 10, 1);
	if (subjects > 0 && gp_test_lmdb_take(f, "spammer", 5, 5, &sum) != GP_OK)
		return 1;
	snprintf(junk, sizeof junk, "%s/junk", f->base);
	fill_disk(junk);
	if (!count_users(f, 0, 20))
		return 2;
	gp_test_lmdb_close_store(f);
	gp_test_lmdb_open_store(f);
	for (int i = 1; i < 5; i++) {
		if (!count_users(f, i * 20, i * 20 + 20))
			return 3;
		gp_store_tend(f->store, &f->ctx);
	}
	if (subjects > 0 && gp_test_lmdb_used(f, "spammer") != 5)
		return 4;
	if (gp_test_lmdb_health(f).failed > 0 || !says_disk(f))
		return 5;
	make_up(f, subjects, subjects + 3000, 10, 1); /* more than there is room for */
	gp_store_tend(f->store, &f->ctx);
	if (gp_test_lmdb_health(f).forgotten_disk == 0 || !count_users(f, 100, 120) ||
		(subjects > 0 && gp_test_lmdb_used(f, "spammer") != 5) || !says_disk(f))
		return 6;
	unlink(junk);
	gp_store_tend(f->store, &f->ctx);
	make_up(f, subjects + 3000, subjects + 6000, 10, 1);
	gp_store_tend(f->store, &f->ctx);
	return gp_test_lmdb_works(f) && !gp_test_lmdb_health(f).disk_is_full ? 0 : 7;
}

/* without_a_page: a file that the disk gives nothing to is not emptied: the store is
 * unavailable. */
static int without_a_page(struct gp_test_lmdb *f, int subjects)
{
	char path[160];
	int64_t sum;
	int rc = GP_OK, before, after;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", f->base, "tmpfs", 0, "size=8m") != 0)
		return 77;
	gp_test_lmdb_open_store(f);
	make_up(f, 0, subjects, 10, 1);
	gp_test_lmdb_close_store(f);
	/* as a copy, or an older version, leaves it: with no room beyond its end */
	struct stat st;
	if (stat(gp_test_lmdb_path_of(f, "counters", path), &st) != 0 ||
		truncate(path, st.st_size) != 0)
		return 1;
	before = (int)entries(f, "counters");
	snprintf(path, sizeof path, "%s/junk", f->base);
	fill_disk(path);
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 3000 && rc == GP_OK; i++) {
		char name[201];
		snprintf(name, sizeof name, "n" LONG_NAME, i);
		rc = gp_test_lmdb_take(f, name, 10, 10, &sum);
	}
	gp_store_tend(f->store, &f->ctx);
	if (!says_disk(f) || (rc != GP_OK && rc != GP_EIO))
		return 2;
	gp_test_lmdb_close_store(f);
	after = (int)entries(f, "counters");
	return after * 2 + PART_OF_A_FEW >= before ? 0 : 3;
}

/* check_alone: in a process with a file system of its own. */
static void check_alone(
	struct gp_test_lmdb *f, int (*run)(struct gp_test_lmdb *f, int subjects), int subjects)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(run(f, subjects));
	int code = gp_test_lmdb_wait_for(child);
	if (code == 77) {
		print_message("a file system of its own cannot be mounted here\n");
		skip();
	}
	if (code)
		print_message("%d subjects\n", subjects);
	assert_int_equal(code, 0);
}

/* a_store_on_a_full_disk_counts_on: a young one as well, and after a restart. */
static void a_store_on_a_full_disk_counts_on(void **state)
{
	static const int subjects[] = {0, 20, 500, 5000};
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
		check_alone(*state, on_full_disk, subjects[i]);
}

/* a_file_on_a_full_disk_keeps_half_at_least: even when that does not help. */
static void a_file_on_a_full_disk_keeps_half_at_least(void **state)
{
	static const int subjects[] = {0, 20, 500, 5000};
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
		check_alone(*state, without_a_page, subjects[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, gp_test_lmdb_set_up, gp_test_lmdb_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(new_subjects_of_a_full_store_are_counted),
		CASE(who_is_near_the_limit_is_not_pushed_out),
		CASE(one_full_window_of_several_is_enough),
		CASE(of_equal_shares_the_first_to_end_go_first),
		CASE(what_is_over_goes_before_all_else),
		CASE(a_round_forgets_a_part_only),
		CASE(a_file_without_a_free_page_is_made_to_work),
		CASE(old_records_without_shares_count_as_full),
		CASE(full_facts_do_not_stop_the_counting),
		CASE(processes_fill_it_together),
		CASE(a_reader_that_never_ends_is_survived),
		CASE(shares),
		CASE(weights),
		CASE(a_large_limit_is_reached_in_a_full_store),
		CASE(what_everybody_shares_is_never_forgotten),
		CASE(a_store_on_a_full_disk_counts_on),
		CASE(a_file_on_a_full_disk_keeps_half_at_least),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
