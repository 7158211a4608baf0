/* SPDX-License-Identifier: ISC */
/*
 * Instance: which messages have got their header already.
 *
 * Postfix asks once a recipient and gives all requests of one message the same instance; a header
 * answered at each of them would be added each time. Remembers the last few thousand instances, for
 * all connections together, because Postfix may ask for the second recipient over a new one, and
 * over a crash of the serving process, after which it does. Threads, and processes forked after
 * gp_instances_new: any number; one lock inside.
 */
#ifndef GP_POLICYD_INSTANCE_H
#define GP_POLICYD_INSTANCE_H

#include <stdbool.h>

#include "base/span.h"

struct gp_instances;

/* Returns an empty memory, or NULL; ends with gp_instances_free, which accepts NULL. */
struct gp_instances *gp_instances_new(void);
void gp_instances_free(struct gp_instances *instances);

/* True the first time for this instance; from then on it is remembered. Empty: always true. */
bool gp_instances_first(struct gp_instances *instances, struct gp_span instance);

/* Forgets it again: the answer did not reach Postfix. */
void gp_instances_forget(struct gp_instances *instances, struct gp_span instance);

#endif
