/* SPDX-License-Identifier: ISC */
/*
 * Header once: which messages have already got their header field.
 *
 * Postfix asks once per recipient and gives all requests of one message the same instance; a field
 * in each of the answers would be added each time. Remembers the last few thousand instances, for
 * all connections together, because Postfix may ask for the second recipient over a new one, and
 * over a crash of the serving process, after which it does. Threads, and processes forked after
 * gp_header_once_new: any number; one lock inside.
 */
#ifndef GP_POLICYD_HEADER_ONCE_H
#define GP_POLICYD_HEADER_ONCE_H

#include <stdbool.h>

#include "base/span.h"

struct gp_header_once;

/* Returns an empty memory, or NULL; ends with gp_header_once_free, which accepts NULL. */
struct gp_header_once *gp_header_once_new(void);
void gp_header_once_free(struct gp_header_once *instances);

/* True the first time for this instance; from then on it is remembered. Empty: always true. */
bool gp_header_once_first(struct gp_header_once *instances, struct gp_span instance);

/* Forgets it again: the answer did not reach Postfix. */
void gp_header_once_forget(struct gp_header_once *instances, struct gp_span instance);

#endif
