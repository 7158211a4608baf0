/* SPDX-License-Identifier: ISC */
/* Every ARC case that was collected from other projects; a disputed one has several results. */
#include <stdio.h>

#include "support/arc_cases.h"

/* main: reads the case files and runs them; no case is left out. */
int main(void)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/shown/cases", test_suite_folder());
	return test_arc_cases_run(test_suite_load_json(path, "arc"));
}
