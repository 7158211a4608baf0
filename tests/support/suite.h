/* SPDX-License-Identifier: ISC */
/*
 * Suite: cases from the public conformance suites, in one form for every driver.
 *
 * Reads the YAML of the RFC 7208 suite and of the ARC validation suite, and the JSON case files;
 * each zone of a file becomes one scenario with its scripted zone (whose lists of records and
 * behaviours can be written down for a name server, too).
 *
 *     struct test_suite *s = test_suite_load_yaml(path);   (NULL: there is no such file)
 *     for each s->scenarios[i], for each .cases[j] ...
 *     test_suite_free(s);
 *
 * What cannot be understood ends the program with a message.
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include "support/zone.h"

#define TEST_SUITE_RESULTS 8
#define TEST_SUITE_SIGNATURES 8

/* What a DKIM case expects of one signature. */
struct test_suite_signature {
	char *domain, *selector;
	char *results[TEST_SUITE_RESULTS];
	size_t result_count;
	bool optional; /* it may be left out of the report */
};

/* All texts are owned by the suite; NULL: the file does not say. */
struct test_suite_case {
	char *id;
	char *ip, *helo, *mail_from;
	char *message; /* with CRLF from JSON, with LF from YAML */
	size_t message_len;
	int64_t now;                       /* 0: not said */
	char *results[TEST_SUITE_RESULTS]; /* for ARC: cv, in lower case */
	size_t result_count;
	unsigned instances; /* ARC: how many sets; 0: not said */
	struct test_suite_signature signatures[TEST_SUITE_SIGNATURES]; /* DKIM */
	size_t signature_count;
	bool partial; /* DKIM: others may be reported as well */
	int any_pass; /* DKIM: is there one that passes: 1, 0; -1: not said */
	char *explanation;
	bool explanation_default; /* none of the domain's own is expected */
	bool explanation_ci;      /* ASCII case aside */
	bool disputed;
};

struct test_suite_scenario {
	char *name;
	struct test_zone *zone;
	struct test_suite_case *cases;
	size_t case_count;
};

struct test_suite {
	struct test_suite_scenario *scenarios;
	size_t scenario_count;
};

/* The directory of the suites: the environment's SUITES, or where it is beside the tree. */
const char *test_suite_folder(void);

/*
 * The RFC 7208 suite's form; SPF records of names without TXT are doubled as TXT, as it asks. And
 * that of the ARC suite, where an empty cv stands for a chain that says cv=fail itself: "fail".
 */
struct test_suite *test_suite_load_yaml(const char *path);

/* The cases of a kind from all *.json files of a directory, in the order of their names. */
struct test_suite *test_suite_load_json(const char *folder, const char *kind);

void test_suite_free(struct test_suite *suite);

/* Is the text among the expected results? */
bool test_suite_expects(const struct test_suite_case *test, const char *result);

#endif
