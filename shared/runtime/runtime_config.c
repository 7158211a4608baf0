/* SPDX-License-Identifier: ISC */
/*
 * Which files there are is known only when they have been read. So they are looked at afterwards,
 * and read once more should one of them have changed since the reading began: then nothing that
 * was not read looks as if it had been.
 */
#include "runtime/runtime_config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_MOST 3 /* times; a writer that does not stop is not waited for */

/* time_of: a clock; files get their times from the coarse one, or between the two. */
static struct timespec time_of(clockid_t clock)
{
	struct timespec now = {0};
	(void)clock_gettime(clock, &now); /* both are there */
	return now;
}

/* await_tick: until the coarse clock has moved; a file may have been written just before. */
static void await_tick(void)
{
	struct timespec step = {.tv_nsec = 4000000};
	(void)clock_getres(CLOCK_REALTIME_COARSE, &step); /* else the usual step */
	(void)nanosleep(&step, NULL);                     /* a signal: then it is tried at once */
}

/* is_before: the one is over when the other begins. */
static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* was_touched: any of them, at that time or later; a file of a time to come is left alone. */
static bool was_touched(
	const struct gp_runtime_config *loaded, struct timespec since, struct timespec now)
{
	for (size_t i = 0; i < loaded->config->watched.count; i++)
		if (!is_before(loaded->stamps[i].changed, since) &&
			!is_before(now, loaded->stamps[i].changed))
			return true;
	return false;
}

/* gp_runtime_config_stamp: one each. */
int gp_runtime_config_stamp(struct gp_runtime_config *loaded)
{
	size_t n = loaded->config->watched.count;
	struct gp_filestamp *stamps = calloc(n ? n : 1, sizeof *stamps);
	if (!stamps)
		return GP_ENOMEM;
	for (size_t i = 0; i < n; i++)
		stamps[i] = gp_filestamp_of(loaded->config->watched.items[i]);
	free(loaded->stamps);
	loaded->stamps = stamps;
	return GP_OK;
}

/* forget_stamps: nobody knows what was read, so that it looks changed. */
static void forget_stamps(struct gp_runtime_config *loaded)
{
	memset(loaded->stamps, 0, loaded->config->watched.count * sizeof *loaded->stamps);
}

/* gp_runtime_config_load: until nobody has written meanwhile. */
int gp_runtime_config_load(
	const char *path, struct gp_runtime_config *loaded_out, struct gp_config_errors *errors)
{
	struct gp_runtime_config loaded = {NULL, NULL};
	bool is_stable = false;
	for (unsigned i = 0; !is_stable && i < READ_MOST; i++) {
		if (i)
			await_tick();
		gp_runtime_config_fini(&loaded);
		struct timespec since = time_of(CLOCK_REALTIME_COARSE);
		int rc = gp_config_load(path, &loaded.config, errors);
		if (!rc)
			rc = gp_runtime_config_stamp(&loaded);
		if (rc) {
			gp_runtime_config_fini(&loaded);
			return rc;
		}
		is_stable = !was_touched(&loaded, since, time_of(CLOCK_REALTIME));
	}
	if (!is_stable)
		forget_stamps(&loaded);
	*loaded_out = loaded;
	return GP_OK;
}

/* gp_runtime_config_has_changed: file by file. */
bool gp_runtime_config_has_changed(const struct gp_runtime_config *loaded, bool with_absent)
{
	const struct gp_config_texts *watched = &loaded->config->watched;
	for (size_t i = 0; i < watched->count; i++) {
		struct gp_filestamp now = gp_filestamp_of(watched->items[i]);
		bool counts = with_absent || !gp_filestamp_is_absent(now);
		if (counts && !gp_filestamp_is_same(now, loaded->stamps[i]))
			return true;
	}
	return false;
}

/* gp_runtime_config_fini: and nothing is left to free. */
void gp_runtime_config_fini(struct gp_runtime_config *loaded)
{
	gp_config_free(loaded->config);
	free(loaded->stamps);
	*loaded = (struct gp_runtime_config) {NULL, NULL};
}
