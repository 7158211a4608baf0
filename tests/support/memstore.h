/* SPDX-License-Identifier: ISC */
/*
 * A store in memory, for tests: the same windows, a table behind one lock, and a time that is
 * set by hand.
 *
 *     struct gp_test_memstore *h; struct gp_store *store;
 *     gp_test_memstore_new(&h, &store);
 *     gp_test_memstore_set_now(h, 1000000);
 *     gp_test_memstore_fail(h, GP_EIO);      (every call fails so, until 0 is set)
 *     gp_store_close(store);                 (frees the handle, too)
 *
 * Used by any number of threads. A lack of memory ends the test program.
 */
#ifndef TESTS_SUPPORT_MEMSTORE_H
#define TESTS_SUPPORT_MEMSTORE_H

#include "store/store.h"

struct gp_test_memstore;

/* Returns new, empty; time is 1,000,000,000,000 until it is set. Status of gp_store_wrap. */
int gp_test_memstore_new(
	struct gp_test_memstore **handle_out, struct gp_store **store_out) GP_MUST_CHECK;

/* What gp_store_now_ms returns from now on. */
void gp_test_memstore_set_now(struct gp_test_memstore *handle, int64_t now_ms);

/* Every call returns this status and changes nothing, and health says down; 0: works again. */
void gp_test_memstore_fail(struct gp_test_memstore *handle, int status);

#endif
