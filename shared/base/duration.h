/* SPDX-License-Identifier: ISC */
/*
 * Durations as people read them. Plain values into storage of the caller, which is returned.
 */
#ifndef GP_BASE_DURATION_H
#define GP_BASE_DURATION_H

#include <stdint.h>

#define GP_DURATION_TEXT 40

/* Seconds as milliseconds; what does not fit is as much as fits. */
int64_t gp_duration_ms(int64_t s);

/* A window as the configuration spells it: "1d", "90m", "1500ms"; the largest unit that divides. */
const char *gp_duration_period(int64_t ms, char text_out[GP_DURATION_TEXT]);

/* How long to wait: "40 s", "34 min", "2 h 5 min", "3 d 4 h". Rounded up: so much is enough. */
const char *gp_duration_wait(int64_t ms, char text_out[GP_DURATION_TEXT]);

#endif
