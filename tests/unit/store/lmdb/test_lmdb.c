/* SPDX-License-Identifier: ISC */
/*
 * The embedded store as a whole: a directory that cannot be used, damaged files, clocks, no room
 * left, time that ends. What it means is in the contract.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/lmdbstore.h"

#include <lmdb.h>

#include "store/store_private.h"

#define NOBODY 65534

/* ---- the directory ---- */

/* what_is_made_is_private: the directory and the files. */
static void what_is_made_is_private(void **state)
{
	static const char *const names[] = {
		"counters", "facts", "lock", "counters-lock", "facts-lock"};
	struct gp_test_lmdb *f = *state;
	char path[160];
	struct stat st;
	mode_t before = umask(0);
	gp_test_lmdb_open_store(f);
	umask(before);
	assert_true(gp_test_lmdb_works(f));
	assert_string_equal(gp_test_lmdb_health(f).where, f->uri);
	assert_int_equal(gp_test_lmdb_health(f).problem_age_ms, -1);
	assert_int_equal(stat(f->folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(stat(gp_test_lmdb_path_of(f, names[i], path), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

/* what_was_counted_is_there_again: after closing, facts as well. */
static void what_was_counted_is_there_again(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	for (int i = 1; i <= 3; i++) {
		gp_test_lmdb_open_store(f);
		assert_int_equal(gp_test_lmdb_take(f, "a", 10, 2, &sum), GP_OK);
		assert_int_equal(sum, 2 * i);
		gp_store_tend(f->store, &f->ctx);
		gp_test_lmdb_close_store(f);
	}
}

/* a_folder_that_cannot_be_made: the store is down, says why, and comes up by itself. */
static void a_folder_that_cannot_be_made(void **state)
{
	struct gp_test_lmdb *f = *state;
	char uri[256];
	int64_t sum;
	snprintf(uri, sizeof uri, "lmdb:%s/missing/store", f->base);
	f->options.uris[0] = uri;
	gp_test_lmdb_open_store(f);
	assert_false(gp_test_lmdb_health(f).up);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "cannot create the directory"));
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_span_from("k"), gp_span_from("v"), 0), GP_EIO);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, gp_span_from("k")), GP_EIO);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_span_from("k"), 0), GP_EIO);
	gp_store_tend(f->store, &f->ctx);
	gp_store_tend(f->store, &f->ctx);
	assert_false(gp_test_lmdb_health(f).up);
	assert_true(gp_store_now_ms(f->store) >= 1700000000000LL);
	assert_non_null(strstr(f->logged, "error: store: cannot create the directory"));
	*strrchr(uri, '/') = '\0';
	assert_int_equal(mkdir(uri + 5, 0700), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
	assert_non_null(strstr(f->logged, "works again"));
	assert_true(gp_test_lmdb_health(f).problem_age_ms >= 0);
	assert_int_equal(gp_test_lmdb_health(f).failed, 1);
}

/* a_file_in_place_of_the_folder: likewise. */
static void a_file_in_place_of_the_folder(void **state)
{
	struct gp_test_lmdb *f = *state;
	close(open(f->folder, O_WRONLY | O_CREAT, 0600));
	gp_test_lmdb_open_store(f);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "it is not a directory"));
	assert_int_equal(unlink(f->folder), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
}

/* unreadable: in a process without privileges; 0: as it should be. */
static int unreadable(struct gp_test_lmdb *f)
{
	char path[160];
	if (geteuid() == 0 &&
		(chown(f->folder, NOBODY, NOBODY) != 0 ||
			chown(gp_test_lmdb_path_of(f, "counters", path), NOBODY, NOBODY) != 0 ||
			chown(gp_test_lmdb_path_of(f, "lock", path), NOBODY, NOBODY) != 0 ||
			chown(f->base, NOBODY, NOBODY) != 0 || setgid(NOBODY) != 0 ||
			setuid(NOBODY) != 0))
		return 2;
	if (chmod(gp_test_lmdb_path_of(f, "counters", path), 0) != 0 ||
		gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK)
		return 3;
	if (gp_test_lmdb_health(f).up ||
		!strstr(gp_test_lmdb_health(f).problem, "Permission denied"))
		return 4;
	if (chmod(path, 0600) != 0)
		return 5;
	if (geteuid() == NOBODY)
		unlink(gp_test_lmdb_path_of(f, "facts", path)); /* which is root's */
	if (geteuid() == NOBODY)
		unlink(gp_test_lmdb_path_of(f, "facts-lock", path));
	if (geteuid() == NOBODY)
		unlink(gp_test_lmdb_path_of(f, "counters-lock", path));
	gp_store_tend(f->store, &f->ctx);
	if (!gp_test_lmdb_works(f))
		return 6;
	gp_store_close(f->store);
	return 0;
}

/* a_file_that_cannot_be_read: is left where it is. */
static void a_file_that_cannot_be_read(void **state)
{
	struct gp_test_lmdb *f = *state;
	gp_test_lmdb_open_store(f);
	assert_true(gp_test_lmdb_works(f));
	gp_test_lmdb_close_store(f);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(unreadable(f));
	assert_int_equal(gp_test_lmdb_wait_for(child), 0);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_used(f, "works"), 2);
}

/* ---- damage ---- */

/* count_damaged: files in the directory that were set aside. */
static int count_damaged(struct gp_test_lmdb *f)
{
	char command[256];
	int count = -1;
	snprintf(command, sizeof command, "ls %s | grep -c damaged", f->folder);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%d", &count), 1);
	pclose(pipe);
	return count;
}

/* spoil: a file's bytes. */
static void spoil(
	struct gp_test_lmdb *f, const char *name, off_t from, const char *bytes, size_t size)
{
	char path[160];
	int fd = open(gp_test_lmdb_path_of(f, name, path), O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, from), size);
	close(fd);
}

/* damaged_files_are_set_aside: rubbish, cut, zeroed; each of the two files. */
static void damaged_files_are_set_aside(void **state)
{
	struct gp_test_lmdb *f = *state;
	static const char *const names[] = {"counters", "facts"};
	static char zeros[32768];
	char path[160], expected[256];
	struct stat st;
	for (int kind = 0; kind < 4; kind++) {
		const char *name = names[kind % 2];
		f->clock.wall_s += 61;
		gp_test_lmdb_open_store(f);
		assert_true(gp_test_lmdb_works(f));
		assert_int_equal(
			gp_store_put(f->store, &f->ctx, gp_span_from("k"), gp_span_from("v"), 0),
			GP_OK);
		gp_test_lmdb_close_store(f);
		assert_int_equal(stat(gp_test_lmdb_path_of(f, name, path), &st), 0);
		assert_in_range(st.st_size, 8193, 8192 + sizeof zeros);
		if (kind == 0)
			spoil(f, name, 0, "this is no database", 19);
		else if (kind == 1)
			spoil(f, name, 8192, zeros, (size_t)st.st_size - 8192);
		else
			assert_int_equal(truncate(gp_test_lmdb_path_of(f, name, path), 5000), 0);
		f->logged[0] = '\0';
		gp_test_lmdb_open_store(f);
		assert_true(gp_test_lmdb_works(f));
		assert_int_equal(gp_test_lmdb_used(f, "works"), kind % 2 ? 3 : 1);
		snprintf(expected, sizeof expected, "error: store: %s/%s is damaged (", f->folder,
			name);
		assert_non_null(strstr(f->logged, expected));
		snprintf(expected, sizeof expected, "renamed to %s/%s.damaged-20231114-22",
			f->folder, name);
		assert_non_null(strstr(f->logged, expected));
		assert_non_null(
			strstr(gp_test_lmdb_health(f).problem, "was damaged and is started anew"));
		assert_int_equal(count_damaged(f), kind + 1);
		gp_test_lmdb_close_store(f);
	}
}

/* empty_files_are_fine: as a full disk leaves them. */
static void empty_files_are_fine(void **state)
{
	struct gp_test_lmdb *f = *state;
	assert_int_equal(mkdir(f->folder, 0700), 0);
	spoil(f, "counters", 0, "", 0);
	spoil(f, "facts", 0, "", 0);
	gp_test_lmdb_open_store(f);
	assert_true(gp_test_lmdb_works(f));
	assert_string_equal(f->logged, "");
}

/* damage_while_open: found by LMDB; tend closes, checks and opens anew. */
static void damage_while_open(void **state)
{
	struct gp_test_lmdb *f = *state;
	static char zeros[1 << 20];
	char path[160];
	struct stat st;
	int64_t sum;
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 50; i++)
		assert_true(gp_test_lmdb_works(f));
	assert_int_equal(stat(gp_test_lmdb_path_of(f, "counters", path), &st), 0);
	spoil(f, "counters", 8192, zeros, (size_t)st.st_size - 8192);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
	assert_false(gp_test_lmdb_health(f).up);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "checked and opened again"));
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(gp_test_lmdb_used(f, "works"), 1);
	assert_int_equal(count_damaged(f), 1);
}

/* damage_under_two_processes: who finds it waits for the other to close, then checks. */
static void damage_under_two_processes(void **state)
{
	struct gp_test_lmdb *f = *state;
	static char zeros[1 << 20];
	char path[160], byte;
	int64_t sum;
	int to_child[2], to_us[2];
	struct stat st;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_us), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(to_child[1]);
		int rc = gp_store_open(&f->options, &f->ctx, &f->store);
		rc = rc ? rc : write(to_us[1], "x", 1) != 1;
		rc = rc ? rc : read(to_child[0], &byte, 1) != 1;
		gp_store_close(f->store);
		_exit(rc ? 1 : 0);
	}
	assert_int_equal(read(to_us[0], &byte, 1), 1);
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 50; i++)
		assert_true(gp_test_lmdb_works(f));
	assert_int_equal(stat(gp_test_lmdb_path_of(f, "counters", path), &st), 0);
	spoil(f, "counters", 8192, zeros, (size_t)st.st_size - 8192);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
	gp_store_tend(f->store, &f->ctx);
	gp_store_tend(f->store, &f->ctx);
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "waits for other processes"));
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_int_equal(gp_test_lmdb_wait_for(child), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(count_damaged(f), 1);
	close(to_child[0]), close(to_child[1]), close(to_us[0]), close(to_us[1]);
}

/* with_counters: changes the file through LMDB, as another program could. */
static void with_counters(struct gp_test_lmdb *f, void (*change)(MDB_txn *txn, MDB_dbi dbi))
{
	char path[160];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(
		mdb_env_open(env, gp_test_lmdb_path_of(f, "counters", path), MDB_NOSUBDIR, 0600),
		0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	change(txn, dbi);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* spoil_records: every value but the time's gets another first byte. */
static void spoil_records(MDB_txn *txn, MDB_dbi dbi)
{
	char copy[4096];
	MDB_cursor *cursor;
	MDB_val key, data;
	assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		if (key.mv_size != GP_STORE_KEY)
			continue;
		memcpy(copy, data.mv_data, data.mv_size);
		copy[0] = 99;
		data.mv_data = copy;
		assert_int_equal(mdb_cursor_put(cursor, &key, &data, MDB_CURRENT), 0);
	}
	mdb_cursor_close(cursor);
}

/* unreadable_records_count_as_absent: and are told of once. */
static void unreadable_records_count_as_absent(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 5, &sum), GP_OK);
	assert_int_equal(gp_test_lmdb_take(f, "b", 10, 5, &sum), GP_OK);
	gp_test_lmdb_close_store(f);
	with_counters(f, spoil_records);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_used(f, "a"), 0);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_OK);
	assert_int_equal(sum, 1);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_span_from("b"), 7), GP_OK);
	gp_store_tend(f->store, &f->ctx);
	const char *told = strstr(f->logged, "warning: store: ");
	assert_non_null(told);
	assert_non_null(strstr(told, "3 were treated as absent"));
	assert_int_equal(gp_test_lmdb_used(f, "b"), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_null(strstr(told + 1, "warning: store: "));
}

/* ---- time ---- */

/* the_wall_clock_does_not_move_it: all who open under one boot share a time. */
static void the_wall_clock_does_not_move_it(void **state)
{
	struct gp_test_lmdb *f = *state;
	gp_test_lmdb_open_store(f);
	int64_t first = gp_store_now_ms(f->store);
	assert_true(first >= 1700000000000LL && first < 1700000010000LL);
	gp_test_lmdb_close_store(f);
	for (int i = -1; i <= 1; i += 2) {
		f->clock.wall_s = 1700000000 + i * 10 * 86400;
		gp_test_lmdb_open_store(f);
		int64_t now = gp_store_now_ms(f->store);
		assert_true(now >= first && now < first + 60000);
		gp_test_lmdb_close_store(f);
	}
}

/* other_boot: the time's record as after a reboot. */
static void other_boot(MDB_txn *txn, MDB_dbi dbi)
{
	char name[] = "time";
	MDB_val key = {4, name}, data;
	char copy[64];
	assert_int_equal(mdb_get(txn, dbi, &key, &data), 0);
	assert_int_equal(data.mv_size, 45);
	memcpy(copy, data.mv_data, data.mv_size);
	copy[20] = copy[20] == 'x' ? 'y' : 'x';
	data.mv_data = copy;
	assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
}

/* broken_time: a record that is none. */
static void broken_time(MDB_txn *txn, MDB_dbi dbi)
{
	char name[] = "time", none[] = "abc";
	MDB_val key = {4, name}, data = {3, none};
	assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
}

/* after_a_boot_the_wall_clock_counts: and once more the first who opens decides. */
static void after_a_boot_the_wall_clock_counts(void **state)
{
	static void (*const changes[])(MDB_txn * txn, MDB_dbi dbi) = {other_boot, broken_time};
	struct gp_test_lmdb *f = *state;
	gp_test_lmdb_open_store(f);
	gp_test_lmdb_close_store(f);
	for (int i = 0; i < 2; i++) {
		with_counters(f, changes[i]);
		f->clock.wall_s += 1000000;
		int64_t expected = f->clock.wall_s * 1000;
		for (int j = 0; j < 2; j++) {
			gp_test_lmdb_open_store(f);
			int64_t now = gp_store_now_ms(f->store);
			assert_true(now >= expected && now < expected + 60000);
			gp_test_lmdb_close_store(f);
			f->clock.wall_s += 500;
		}
	}
}

/* a_clock_before_1970: time stands at 0 and things go on. */
static void a_clock_before_1970(void **state)
{
	struct gp_test_lmdb *f = *state;
	f->clock.wall_s = -1000000000;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_store_now_ms(f->store), 0);
	assert_true(gp_test_lmdb_works(f));
}

/* ---- room ---- */

/* a_larger_size_is_taken_at_opening: as the operator does who reads that the store is full. */
static void a_larger_size_is_taken_at_opening(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct stat st;
	char path[160];
	f->options.map_bytes = 1 << 20;
	gp_test_lmdb_open_store(f);
	int64_t later = gp_store_now_ms(f->store) + 3600000;
	assert_int_equal(gp_test_lmdb_fill(f, later, 20000), 20000);
	assert_true(gp_test_lmdb_works(f));
	gp_test_lmdb_close_store(f);
	assert_int_equal(stat(gp_test_lmdb_path_of(f, "counters", path), &st), 0);
	assert_true(st.st_size <= 1 << 20);
	f->options.map_bytes = 32 << 20;
	gp_test_lmdb_open_store(f);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(gp_test_lmdb_fill(f, later, 20000), 20000);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 4 << 20);
}

/* what_is_over_is_swept: counters and facts; what is not stays. */
static void what_is_over_is_swept(void **state)
{
	struct gp_test_lmdb *f = *state;
	char path[160];
	int64_t sum;
	MDB_env *env;
	MDB_stat stat_counters;
	gp_test_lmdb_open_store(f);
	int64_t now = gp_store_now_ms(f->store);
	assert_int_equal(gp_test_lmdb_fill(f, now - 5000, 10000), 10000);
	assert_int_equal(gp_test_lmdb_take(f, "stays", 10, 7, &sum), GP_OK);
	for (int i = 0; i < 20; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%d", i);
		assert_int_equal(gp_store_put(f->store, &f->ctx, gp_span_from(key),
					 gp_span_from("v"), i % 2 ? now - 1 : 0),
			GP_OK);
	}
	for (int i = 0; i < 4; i++)
		gp_store_tend(f->store, &f->ctx);
	assert_int_equal(gp_test_lmdb_used(f, "stays"), 7);
	gp_test_lmdb_close_store(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mdb_env_create(&env), 0);
		assert_int_equal(
			mdb_env_open(env, gp_test_lmdb_path_of(f, i ? "facts" : "counters", path),
				MDB_NOSUBDIR, 0600),
			0);
		assert_int_equal(mdb_env_stat(env, &stat_counters), 0);
		assert_int_equal(stat_counters.ms_entries,
			i ? 10 : 3); /* with the time, and the table of what is soft */
		mdb_env_close(env);
	}
}

/* notes: a soft fact; is it kept? */
static bool notes(struct gp_test_lmdb *f)
{
	int64_t now = gp_store_now_ms(f->store);
	struct gp_store_note note = {.key = gp_span_from("k"), .expires_ms = now + 60000};
	struct gp_store_get get = {.key = note.key, .soft = true};
	return gp_store_note(f->store, &f->ctx, now, &note) == GP_OK &&
	       gp_store_get(f->store, &f->ctx, now, &get) == GP_OK &&
	       get.value.found == GP_STORE_FOUND;
}

/* full_disk: on a small file system of its own; 0: as it should be, 77: there is none. */
static int full_disk(struct gp_test_lmdb *f)
{
	char path[160];
	int64_t sum;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", f->base, "tmpfs", 0, "size=400k") != 0)
		return 77;
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK || !gp_test_lmdb_works(f))
		return 1;
	int64_t later = gp_store_now_ms(f->store) + 3600000;
	if (gp_test_lmdb_take(f, "near", 10, 10, &sum) != GP_OK ||
		gp_test_lmdb_fill(f, later, 20000) != 20000 || !gp_test_lmdb_health(f).up)
		return 2;
	for (int i = 0; i < 3; i++)
		gp_store_tend(f->store, &f->ctx);
	if (gp_test_lmdb_used(f, "near") != 10 || !strstr(f->logged, "the disk has no space") ||
		!gp_test_lmdb_health(f).up || gp_test_lmdb_health(f).forgotten == 0)
		return 8;
	if (notes(f) || !gp_test_lmdb_health(f).up) /* not kept, which is no error */
		return 10;
	if (mount("none", f->base, "tmpfs", MS_REMOUNT, "size=4m") != 0)
		return 77;
	if (!gp_test_lmdb_works(f)) /* at once, without help */
		return 3;
	gp_store_tend(f->store, &f->ctx);
	if (!notes(f))
		return 11;
	uint64_t forgotten = gp_test_lmdb_health(f).forgotten;
	if (gp_test_lmdb_fill(f, later, 2000) != 2000 ||
		gp_test_lmdb_health(f).forgotten != forgotten) /* the file grows again */
		return 9;
	gp_store_close(f->store);
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK ||
		gp_test_lmdb_used(f, "near") != 10)
		return 4;
	gp_store_close(f->store);
	/* a new store where there is no room at all, not even to begin */
	snprintf(path, sizeof path, "%s/filler", f->base);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	static char block[4096];
	while (write(fd, block, sizeof block) == sizeof block)
		continue;
	close(fd);
	snprintf(f->uri, sizeof f->uri, "lmdb:%s/new", f->base);
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK || gp_test_lmdb_health(f).up)
		return 5;
	for (int i = 0; i < 5; i++)
		gp_store_tend(f->store, &f->ctx);
	if (gp_test_lmdb_health(f).up || gp_test_lmdb_take(f, "a", 1, 1, &sum) != GP_EIO ||
		strstr(f->logged, "damaged"))
		return 6;
	unlink(path);
	gp_store_tend(f->store, &f->ctx);
	if (!gp_test_lmdb_works(f))
		return 7;
	gp_store_close(f->store);
	return 0;
}

/* a_full_disk_makes_room_in_the_file: and one that cannot even begin is an error only. */
static void a_full_disk_makes_room_in_the_file(void **state)
{
	struct gp_test_lmdb *f = *state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(full_disk(f));
	int code = gp_test_lmdb_wait_for(child);
	if (code == 77) {
		print_message("a file system of its own cannot be mounted here\n");
		skip();
	}
	assert_int_equal(code, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, gp_test_lmdb_set_up, gp_test_lmdb_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_made_is_private),
		CASE(what_was_counted_is_there_again),
		CASE(a_folder_that_cannot_be_made),
		CASE(a_file_in_place_of_the_folder),
		CASE(a_file_that_cannot_be_read),
		CASE(damaged_files_are_set_aside),
		CASE(empty_files_are_fine),
		CASE(damage_while_open),
		CASE(damage_under_two_processes),
		CASE(unreadable_records_count_as_absent),
		CASE(the_wall_clock_does_not_move_it),
		CASE(after_a_boot_the_wall_clock_counts),
		CASE(a_clock_before_1970),
		CASE(a_larger_size_is_taken_at_opening),
		CASE(what_is_over_is_swept),
		CASE(a_full_disk_makes_room_in_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
