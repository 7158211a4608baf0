/* SPDX-License-Identifier: ISC */
/*
 * Sealer: messages with ARC sets, sealed at run time, for tests.
 *
 *     struct test_sealed *m = test_sealed_new("From: a@x.example\r\nSubject: s\r\n", "body\r\n");
 *     test_sealed_add(m, &(struct test_set) {.key = k, .domain = "l.example",
 *             .results = "l.example; dmarc=pass header.from=x.example"});
 *     test_sealed_add(m, ...);                        (i=2, over the first)
 *     const char *header = test_sealed_header(m);     (newest set on top)
 *
 * The header may be put together from m->sets in another order, too. What goes wrong ends the
 * program: it is a mistake in the test.
 */
#ifndef TESTS_SUPPORT_ARC_SEALER_H
#define TESTS_SUPPORT_ARC_SEALER_H

#include <stddef.h>

#include "support/signer.h"

#define TEST_SEALED_MAX 51
#define TEST_SET_PARTS 3 /* results, message signature, seal */

/* One set; what is NULL is as it should be. */
struct test_set {
	const struct test_key *key; /* of both signatures */
	const char *algorithm;      /* "rsa-sha256" */
	const char *domain;         /* d= of both; "sealer.example" */
	const char *signer;         /* d= of the message signature; domain */
	const char *selector;       /* "s" */
	const char *results;        /* "x; none" */
	const char *cv;             /* "none" for the first, else "pass" */
	const char *signs;          /* h=, c= and more of the signature; h=from:subject, relaxed */
	const char *seal_more;      /* further tags of the seal, "; x=y" */
};

struct test_sealed {
	char *header, *body;
	char *sets[TEST_SEALED_MAX][TEST_SET_PARTS]; /* fields without CRLF, i=1 first */
	unsigned count;
	char *text; /* of the last test_sealed_header */
};

struct test_sealed *test_sealed_new(const char *header, const char *body);
void test_sealed_free(struct test_sealed *sealed);

/* One set more, over what is there. */
void test_sealed_add(struct test_sealed *sealed, const struct test_set *set);

/* The same, with another body: what comes later signs this one. */
void test_sealed_change(struct test_sealed *sealed, const char *header, const char *body);

/* The header with its sets, newest on top, CRLF; lives to the next call. */
const char *test_sealed_header(struct test_sealed *sealed);

/* The header with these fields on top: 3 * (i - 1) + part for each. */
const char *test_sealed_order(struct test_sealed *sealed, const unsigned *order, size_t count);

#endif
