/* SPDX-License-Identifier: ISC */
/*
 * Forged: does a message that comes in claim results of ours (RFC 8601 5)?
 *
 * Readers of such fields are of many kinds, so everything counts that one of them could take for
 * ours: a field with our authserv-id, in any spelling, quoted, or behind comments; one that holds
 * our name before its first result, other cases, full-width letters and dots, invisible characters,
 * U-labels and encoded words aside; and one that cannot be parsed, since nobody knows what others
 * make of it. So does a line of results, of whatever host, behind a control byte or a line
 * separator of Unicode inside any field: some readers begin a line there. Fields of other hosts do
 * not.
 *
 * Threads: no state. The arena is for scratch.
 */
#ifndef GP_EXIM_FORGED_H
#define GP_EXIM_FORGED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/message.h"

/* Is there a field Authentication-Results that somebody may take for one of host's? */
bool gp_exim_is_forged(struct gp_arena *arena, const struct gp_message *message, const char *host);

/* The same of one field's value. */
bool gp_exim_is_forged_value(struct gp_arena *arena, struct gp_span value, const char *host);

#endif
