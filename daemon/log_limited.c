/* SPDX-License-Identifier: ISC */
/* The thread that finds the minute over begins another. */
#include "daemon/log_limited.h"

#define MINUTE_US (60 * 1000000LL)

/* is_over: the minute that began then. */
static bool is_over(long long began_us, int64_t now_us)
{
	return !began_us || now_us - began_us >= MINUTE_US;
}

/* gp_daemon_log_limited_may: counted either way. */
bool gp_daemon_log_limited_may(struct gp_daemon_log_limited *few, int64_t now_us, unsigned most)
{
	long long began_us = atomic_load(&few->began_us);
	if (is_over(began_us, now_us) &&
		atomic_compare_exchange_strong(&few->began_us, &began_us, now_us ? now_us : 1))
		atomic_store(&few->said, 0);
	if (atomic_fetch_add(&few->said, 1) < most)
		return true;
	atomic_fetch_add(&few->unsaid, 1);
	return false;
}

/* gp_daemon_log_limited_rest: of all minutes that are over. */
unsigned long long gp_daemon_log_limited_rest(struct gp_daemon_log_limited *few, int64_t now_us)
{
	if (!atomic_load(&few->unsaid) || !is_over(atomic_load(&few->began_us), now_us))
		return 0;
	return atomic_exchange(&few->unsaid, 0);
}
