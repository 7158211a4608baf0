/* SPDX-License-Identifier: ISC */
/* SPF cases of a suite, run against their scripted zones; the result in TAP on stdout. */
#ifndef TESTS_SUPPORT_SPF_CASES_H
#define TESTS_SUPPORT_SPF_CASES_H

#include "support/suite.h"

/*
 * One line a case, then the plan. Returns the exit code: 0 when no case failed. A suite that is
 * NULL is one line that says it was skipped. Takes the suite.
 */
int test_spf_cases_run(struct test_suite *suite);

#endif
