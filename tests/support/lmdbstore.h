/* SPDX-License-Identifier: ISC */
/*
 * The fixture of tests of the embedded store: a directory of its own, a wall clock that is set by
 * hand, a log that is kept as text, and short forms of calls, which assert that they work.
 */
#ifndef TESTS_SUPPORT_LMDBSTORE_H
#define TESTS_SUPPORT_LMDBSTORE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/types.h>

#include "store/store.h"

#define DAY 86400000LL

/* A clock whose wall part is set by hand. */
struct gp_test_lmdb_clock {
	struct gp_clock base;
	int64_t wall_s;
};

/* What each case has. */
struct gp_test_lmdb {
	char base[64], folder[96], uri[128];
	struct gp_test_lmdb_clock clock;
	struct gp_log log;
	pthread_mutex_t lock; /* guards the log's text */
	char logged[8192];
	struct gp_ctx ctx;
	struct gp_store_options options;
	struct gp_store *store;
};

/* For cmocka: makes the directory, opens nothing; closes and removes everything. */
int gp_test_lmdb_set_up(void **state);
int gp_test_lmdb_tear_down(void **state);

/* Opens the store, which works even if the directory does not; closes it. */
void gp_test_lmdb_open_store(struct gp_test_lmdb *f);
void gp_test_lmdb_close_store(struct gp_test_lmdb *f);

/* A file in the store's directory; returns out. */
const char *gp_test_lmdb_path_of(struct gp_test_lmdb *f, const char *name, char out[160]);

/* The store's health. */
struct gp_store_health gp_test_lmdb_health(struct gp_test_lmdb *f);

/* Takes n of counter 1 up to max in a day; the status, and what is used, or -1: refused. */
int gp_test_lmdb_take(
	struct gp_test_lmdb *f, const char *subject, int64_t max, int64_t n, int64_t *used_out);

/* What counter 1 of the subject uses. */
int64_t gp_test_lmdb_used(struct gp_test_lmdb *f, const char *subject);

/* Counts one more for the subject "works"; true: done, and healthy. */
bool gp_test_lmdb_works(struct gp_test_lmdb *f);

/* Subjects of a second's window, with long names, until a take fails; how many were counted. */
int gp_test_lmdb_fill(struct gp_test_lmdb *f, int64_t now, int most);

/* For a child: begins a transaction on counters with these flags of LMDB, says so with a byte, and
 * never ends it. */
void gp_test_lmdb_hold(struct gp_test_lmdb *f, unsigned flags, int out) __attribute__((noreturn));

/* A child's end: its exit code, or -1 for a signal. */
int gp_test_lmdb_wait_for(pid_t child);

#endif
