/* SPDX-License-Identifier: ISC */
/* Lines come and are forgotten. */
#include "support/trace.h"

#include <stddef.h>

/* no_line: nothing. */
static void no_line(void *arg, unsigned depth, const char *text)
{
	(void)arg;
	(void)depth;
	(void)text;
}

const struct gp_trace test_trace_ignored = {no_line, NULL};
