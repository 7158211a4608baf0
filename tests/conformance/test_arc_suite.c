/* SPDX-License-Identifier: ISC */
/*
 * Every case of the ARC validation suite. Its cases with rsa-sha1 (ams_fields_a_sha1,
 * as_fields_a_sha1) were written when that algorithm was merely discouraged; they want a failure
 * then as RFC 8301 3.1 does now, so that none is left out.
 */
#include <stdio.h>

#include "support/arc_cases.h"

/* main: reads the suite and runs it. */
int main(void)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/arc-draft-validation-tests.yml", test_suite_folder());
	return test_arc_cases_run(test_suite_load_yaml(path));
}
