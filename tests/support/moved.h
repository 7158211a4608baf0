/* SPDX-License-Identifier: ISC */
/*
 * Moved: something of everything that a store holds, and moving it from store to store by lines,
 * for tests of any two backends.
 */
#ifndef TESTS_SUPPORT_MOVED_H
#define TESTS_SUPPORT_MOVED_H

#include "store/store_line.h"

#define GP_TEST_MOVED_LINES 64

struct gp_test_moved {
	char *lines[GP_TEST_MOVED_LINES]; /* of records */
	size_t count, over;               /* over: records that had expired, which have no line */
	size_t results[GP_STORE_IMPORT_OVER + 1]; /* of the last import */
};

/* Counters of alice and all, two facts, a soft fact, a seen set. */
void gp_test_moved_fill(struct gp_store *store, struct gp_ctx *ctx);

/* Asserts that this, and as much of it, is there. */
void gp_test_moved_check(struct gp_store *store, struct gp_ctx *ctx);

/* What counter 1 of the subject uses in an hour; takes n of so many first, if there is room. */
int64_t gp_test_moved_take(
	struct gp_store *store, struct gp_ctx *ctx, const char *subject, int64_t n);

/* Lines of the store, which replace those before; and into another store, asserting that it works.
 * unix_ms: the time of the Unix clock. */
void gp_test_moved_export(
	struct gp_test_moved *moved, struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms);
void gp_test_moved_import(
	struct gp_test_moved *moved, struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms);
void gp_test_moved_free(struct gp_test_moved *moved);

#endif
