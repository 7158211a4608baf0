/* SPDX-License-Identifier: ISC */
/* What the files of the contract share: the fixture of a row, short forms of calls, the rows. */
#ifndef TESTS_SUPPORT_CONTRACT_PRIVATE_H
#define TESTS_SUPPORT_CONTRACT_PRIVATE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/store.h"

#define W 1000                /* a slot of the windows that most rows use */
#define PER (64 * (int64_t)W) /* such a window */
#define DAY 86400000LL

/* What each row gets as its state. */
struct gp_test_contract_fixture {
	struct gp_store *(*open)(void *arg);
	void (*close)(struct gp_store *store, void *arg);
	void *arg;
	struct gp_store *store;
	struct gp_ctx ctx;
	int64_t now; /* begin of a slot of PER, and of any slot that divides a day */
};

/* A C string's bytes. */
struct gp_span gp_test_span(const char *text);

/* A counter of the usual window. */
struct gp_store_count gp_test_counter(uint32_t id, int64_t max, int64_t take);

/* One subject, some counters; the status. */
int gp_test_step(struct gp_test_contract_fixture *f, int64_t now, const char *subject,
	struct gp_store_count *counts, size_t count);

/* One counter of one subject, which can be counted; returns what came of it. */
struct gp_store_count gp_test_one(struct gp_test_contract_fixture *f, int64_t now,
	const char *subject, struct gp_store_count count);

/* A row, and the lists of them that end with a name of NULL. */
struct gp_test_contract_row {
	const char *name;
	void (*run)(void **state);
};
extern const struct gp_test_contract_row gp_test_contract_lists[];  /* contract_lists.c */
extern const struct gp_test_contract_row gp_test_contract_random[]; /* contract_random.c */
extern const struct gp_test_contract_row gp_test_contract_soft[];   /* contract_soft.c */

/* What a scan has seen; add up with gp_test_see. */
struct gp_test_seen {
	size_t count, stop_at;
	int64_t used;
	char name[GP_STORE_NAME_MAX];
	size_t name_length;
	uint32_t id;
	int64_t per_ms;
	unsigned marks[4096]; /* by the number at the end of the name */
};
bool gp_test_see(void *arg, const struct gp_store_usage *usage);

/* A scan of everything into a cleared struct, whose stop_at stays. */
void gp_test_scan(struct gp_test_contract_fixture *f, int64_t now, struct gp_test_seen *seen);

#endif
