/* SPDX-License-Identifier: ISC */
/*
 * What every backend of the store means, as tests: the same rows for memory, LMDB and Redis.
 *
 *     int main(void) { return gp_test_contract("memory", open_memory, close_memory, NULL); }
 *
 * open returns a store that is empty and works (NULL fails the row); it is called for each row, and
 * close after it, also when the row has failed. Times given to the store lie near its own now_ms. A
 * row may use the store from several threads. One cmocka group "store: <name>" is run; a program
 * may run more groups beside it.
 *
 * Exactness beyond store.h, which the rows rely on:
 *  - used of a refused call is the sum after what would have been released, without take;
 *  - a subject's record is written when one of its counters took or really gave back something, and
 *    then all windows that the call names are written as advanced, the others as they were, unless
 *    they count nothing any more;
 *  - a window found under the id with another per_ms counts as absent;
 *  - now_ms, back_ms (where back > 0) and expires_ms lie in 0..2^50: store.c refuses others.
 */
#ifndef TESTS_SUPPORT_CONTRACT_H
#define TESTS_SUPPORT_CONTRACT_H

#include "store/store.h"

/* Runs all rows; returns how many failed. */
int gp_test_contract(const char *backend_name, struct gp_store *(*open)(void *arg),
	void (*close)(struct gp_store *store, void *arg), void *arg);

#endif
