/* SPDX-License-Identifier: ISC */
/* Every case of the public test suite for RFC 7208, against its own scripted zones. */
#include <stdio.h>

#include "support/spf_cases.h"

/* main: reads the suite and runs it; no case is left out. */
int main(void)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/rfc7208-tests.yml", test_suite_folder());
	return test_spf_cases_run(test_suite_load_yaml(path));
}
