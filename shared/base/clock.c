/* SPDX-License-Identifier: ISC */
/* The system clocks and arithmetic on deadlines. */
#include "base/clock.h"

#include <limits.h>

/* system_mono_us: CLOCK_MONOTONIC. */
static int64_t system_mono_us(const struct gp_clock *clock)
{
	(void)clock;
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* system_wall_s: Unix time. */
static int64_t system_wall_s(const struct gp_clock *clock)
{
	(void)clock;
	return (int64_t)time(NULL);
}

/* gp_clock_system: the machine's own. */
const struct gp_clock *gp_clock_system(void)
{
	static const struct gp_clock system_clock = {system_mono_us, system_wall_s};
	return &system_clock;
}

/* gp_clock_now_us: monotonic time. */
int64_t gp_clock_now_us(const struct gp_clock *clock)
{
	return clock->mono_us(clock);
}

/* gp_clock_left_ms: rounded up, so that a wait never ends just before its time and spins. */
int gp_clock_left_ms(const struct gp_clock *clock, int64_t deadline_us)
{
	int64_t left = deadline_us - gp_clock_now_us(clock);
	if (left <= 0)
		return 0;
	left = (left + 999) / 1000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* gp_clock_after_ms: seconds and nanoseconds carried over. */
struct timespec gp_clock_after_ms(int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* gp_clock_format: whole seconds. */
const char *gp_clock_format(int64_t wall_s, char text_out[GP_CLOCK_TEXT])
{
	struct tm tm;
	time_t t = (time_t)wall_s;
	if (!gmtime_r(&t, &tm) || !strftime(text_out, GP_CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*text_out = 0;
	return text_out;
}

/* gp_clock_condition: the default clock of conditions is wall time, which jumps. */
int gp_clock_condition(pthread_cond_t *condition_out)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return GP_ENOMEM;
	int failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
		     pthread_cond_init(condition_out, &attr) != 0;
	pthread_condattr_destroy(&attr);
	return failed ? GP_ENOMEM : GP_OK;
}
