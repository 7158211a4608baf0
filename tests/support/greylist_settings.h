/* SPDX-License-Identifier: ISC */
/* The default options of greylisting in mode enforce, without learning; times for its tests. */
#ifndef TESTS_SUPPORT_GREYLIST_SETTINGS_H
#define TESTS_SUPPORT_GREYLIST_SETTINGS_H

#include "reputation/greylist/greylist_options.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* An initializer. */
#define TEST_GREYLIST_SETTINGS                                                               \
	{                                                                                    \
		.mode = GP_MODE_ENFORCE, .delay_ms = 5 * MINUTE, .window_ms = 2 * DAY,       \
		.keep_ms = 35 * DAY, .passes = 2, .recipient = GP_GREYLIST_RECIPIENT_DOMAIN, \
		.ipv4_length = 24, .ipv6_length = 64, .correspondents_ms = 60 * DAY,         \
		.max_entries = 1000000                                                       \
	}

#endif
