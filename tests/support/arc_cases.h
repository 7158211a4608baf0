/* SPDX-License-Identifier: ISC */
/* ARC cases of a suite, judged against their scripted zones; the result in TAP on stdout. */
#ifndef TESTS_SUPPORT_ARC_CASES_H
#define TESTS_SUPPORT_ARC_CASES_H

#include "support/suite.h"

/*
 * One line a case, then the plan. Returns the exit code: 0 when no case failed. A suite that is
 * NULL is one line that says it was skipped. Takes the suite.
 */
int test_arc_cases_run(struct test_suite *suite);

#endif
