/* SPDX-License-Identifier: ISC */
/*
 * Mboxline: the line that begins a message in a mailbox file, "From alice@x Sat Nov 28 10:00:00
 * 2026" (RFC 4155).
 *
 * Knows the forms in which programs write its date; does not know where the line stands. Strict,
 * since the same line without a date may be a From field to some program. Threads: no state.
 */
#ifndef GP_MAIL_MBOXLINE_H
#define GP_MAIL_MBOXLINE_H

#include <stdbool.h>

#include "base/span.h"

/* Is this line, without its end, such a one: "From ", a sender without a colon, and nothing but a
 * date with a month and a time? The words may stand in any order; "remote from HOST" may follow. */
bool gp_mboxline_is(struct gp_span line);

#endif
