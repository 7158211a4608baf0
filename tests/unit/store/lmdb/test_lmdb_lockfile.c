/* SPDX-License-Identifier: ISC */
/*
 * The files that LMDB locks with, written over while the store is open: noticed before they are
 * used, and made anew, as a restart would.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/lmdbstore.h"

#define LOCK_BYTES 8192

/* What is written, from some byte on. */
enum spoil { NOUGHTS, ONES, RANDOM };

/* spoil: the file of that name in the store's directory. */
static void spoil(struct gp_test_lmdb *f, const char *name, enum spoil with, size_t from)
{
	unsigned char bytes[LOCK_BYTES];
	char path[160];
	uint32_t next = 12345;
	for (size_t i = 0; i < sizeof bytes; i++) {
		next = next * 1664525 + 1013904223;
		bytes[i] = with == NOUGHTS ? 0 : with == ONES ? 0xff : (unsigned char)(next >> 24);
	}
	int fd = open(gp_test_lmdb_path_of(f, name, path), O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(
		pwrite(fd, bytes + from, sizeof bytes - from, (off_t)from), sizeof bytes - from);
	close(fd);
}

/*
 * a_lock_file_that_is_written_over_is_made_anew: whatever it is, and nothing that counts is lost.
 */
static void a_lock_file_that_is_written_over_is_made_anew(void **state)
{
	static const struct {
		const char *name;
		enum spoil with;
		size_t from;
	} rows[] = {{"counters-lock", RANDOM, 0}, {"counters-lock", ONES, 0},
		{"counters-lock", NOUGHTS, 0}, {"facts-lock", RANDOM, 0}, {"facts-lock", ONES, 0},
		{"counters-lock", ONES, 8}};
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "kept", 10, 7, &sum), GP_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int asks = 0; asks < 2; asks++) { /* noticed by who asks, and by tend */
			f->logged[0] = '\0';
			spoil(f, rows[i].name, rows[i].with, rows[i].from);
			int rc = asks ? gp_test_lmdb_take(f, "other", 10, 1, &sum) : GP_EIO;
			assert_true(rc == GP_EIO || (rc == GP_OK && rows[i].name[0] == 'f'));
			gp_store_tend(f->store, &f->ctx);
			gp_store_tend(f->store, &f->ctx);
			assert_true(gp_test_lmdb_works(f));
			assert_int_equal(gp_test_lmdb_used(f, "kept"), 7);
			assert_non_null(strstr(f->logged, "its -lock was overwritten"));
			assert_null(strstr(f->logged, "renamed"));
		}
	}
}

/* open_beside: a process that has the store open, and does nothing with it; its number. */
static pid_t open_beside(struct gp_test_lmdb *f)
{
	int fds[2];
	char byte;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK ||
			write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]), close(fds[1]);
	return child;
}

/* who_else_has_it_open_is_to_be_ended: it cannot be mended before; what to do is said. */
static void who_else_has_it_open_is_to_be_ended(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	pid_t child = open_beside(f);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "kept", 10, 7, &sum), GP_OK);
	spoil(f, "counters-lock", RANDOM, 0);
	assert_int_equal(gp_test_lmdb_take(f, "kept", 10, 1, &sum), GP_EIO);
	for (int i = 0; i < 20; i++) {
		gp_store_tend(f->store, &f->ctx);
		assert_false(gp_test_lmdb_health(f).up);
		assert_non_null(strstr(gp_test_lmdb_health(f).problem, "fuser -v"));
	}
	assert_non_null(strstr(gp_test_lmdb_health(f).problem, "stop them"));
	assert_non_null(
		strstr(f->logged, "it is created anew as soon as no other process has the files"));
	kill(child, SIGKILL);
	assert_int_equal(gp_test_lmdb_wait_for(child), -1);
	gp_store_tend(f->store, &f->ctx);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(gp_test_lmdb_used(f, "kept"), 7);
}

/* a_lock_file_that_nobody_has_open_is_no_trouble: as before a start. */
static void a_lock_file_that_nobody_has_open_is_no_trouble(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "kept", 10, 7, &sum), GP_OK);
	gp_test_lmdb_close_store(f);
	spoil(f, "counters-lock", RANDOM, 0);
	spoil(f, "facts-lock", ONES, 0);
	gp_test_lmdb_open_store(f);
	assert_true(gp_test_lmdb_works(f));
	assert_int_equal(gp_test_lmdb_used(f, "kept"), 7);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, gp_test_lmdb_set_up, gp_test_lmdb_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_lock_file_that_is_written_over_is_made_anew),
		CASE(who_else_has_it_open_is_to_be_ended),
		CASE(a_lock_file_that_nobody_has_open_is_no_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
