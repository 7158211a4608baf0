/* SPDX-License-Identifier: ISC */
/* A table of units, and two of them at most. */
#include "base/duration.h"

#include <stdio.h>

static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

/* gp_duration_ms: saturating. */
int64_t gp_duration_ms(int64_t s)
{
	return s > INT64_MAX / 1000 ? INT64_MAX : s < INT64_MIN / 1000 ? INT64_MIN : s * 1000;
}

/* gp_duration_period: the last unit divides everything. */
const char *gp_duration_period(int64_t ms, char text_out[GP_DURATION_TEXT])
{
	size_t i = 0;
	while (ms % units[i].ms)
		i++;
	snprintf(
		text_out, GP_DURATION_TEXT, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
	return text_out;
}

/* rounded: how many units, the last one begun counts as whole. */
static long long rounded(int64_t ms, int64_t unit)
{
	return (long long)(ms / unit + (ms % unit ? 1 : 0));
}

/* gp_duration_wait: minutes from one on, hours from one on, days from two on. */
const char *gp_duration_wait(int64_t ms, char text_out[GP_DURATION_TEXT])
{
	int64_t left = ms < 0 ? 0 : ms;
	long long s = rounded(left, 1000), m = rounded(left, 60000), h = rounded(left, 3600000);
	if (s < 60)
		snprintf(text_out, GP_DURATION_TEXT, "%lld s", s);
	else if (m < 60)
		snprintf(text_out, GP_DURATION_TEXT, "%lld min", m);
	else if (m < 48 * 60)
		snprintf(text_out, GP_DURATION_TEXT, "%lld h %lld min", m / 60, m % 60);
	else
		snprintf(text_out, GP_DURATION_TEXT, "%lld d %lld h", h / 24, h % 24);
	return text_out;
}
