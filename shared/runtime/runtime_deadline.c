/* SPDX-License-Identifier: ISC */
/* One subtraction. */
#include "runtime/runtime_deadline.h"

#define REST_MOST_US 200000

/* gp_runtime_deadline_us: the rest is what nobody waits in. */
int64_t gp_runtime_deadline_us(int64_t began_us, unsigned deadline_ms)
{
	int64_t whole_us = (int64_t)deadline_ms * 1000, rest_us = whole_us / 10;
	return began_us + whole_us - (rest_us < REST_MOST_US ? rest_us : REST_MOST_US);
}
