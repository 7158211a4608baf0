/* SPDX-License-Identifier: ISC */
/* Which thread logs it: the first of a minute, for all since it was said last. */
#include "policyd/trouble_log.h"

#include <sys/resource.h>

#include "base/clock.h"

#define SAID_EVERY_US (60 * 1000000LL)

/* is_mine: is it this thread that says it? */
static bool is_mine(struct gp_counters *counters)
{
	long long now_us = gp_clock_now_us(gp_clock_system());
	long long said_us = atomic_load(&counters->trouble_said_us);
	if (said_us && now_us - said_us < SAID_EVERY_US)
		return false;
	return atomic_compare_exchange_strong(
		&counters->trouble_said_us, &said_us, now_us ? now_us : 1);
}

/* say: for all since it was said last, if it is time. */
static void say(struct gp_counters *counters, const struct gp_log *log, const char *problem)
{
	struct rlimit files = {0};
	if (!is_mine(counters))
		return;
	unsigned long long n = atomic_exchange(&counters->trouble_unsaid, 0);
	(void)getrlimit(RLIMIT_NOFILE, &files); /* for people */
	gp_log_text(log, GP_LOG_ERROR,
		"local problem: %s; since the last such message %llu requests could not be checked "
		"and were answered according to policyd.on_trouble; if descriptors or memory are "
		"short, raise LimitNOFILE (now %llu) or MemoryMax of the unit, or look for the "
		"clients that send so much in the logged decisions; if a name server cannot be "
		"reached, check dns.servers, routes and firewall (gatepost doctor dns)",
		problem, n, (unsigned long long)files.rlim_cur);
}

/* gp_trouble_log_note: the first of a minute says it. */
void gp_trouble_log_note(
	struct gp_counters *counters, const struct gp_log *log, const char *problem)
{
	atomic_fetch_add(&counters->trouble_unsaid, 1);
	say(counters, log, problem);
}

/* gp_trouble_log_remind: of those that came after it was said last. */
void gp_trouble_log_remind(struct gp_counters *counters, const struct gp_log *log)
{
	if (atomic_load(&counters->trouble_unsaid))
		say(counters, log, "see trouble= in the decisions of the log");
}
