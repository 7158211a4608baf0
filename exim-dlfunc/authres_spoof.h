/* SPDX-License-Identifier: ISC */
/*
 * Authres_spoof: does an incoming message contain forged results of this host (RFC 8601 5)?
 *
 * Programs read such fields in many ways, so everything counts that one of them could take for
 * ours: a field with our authserv-id, in any spelling, quoted, or after comments; one that holds
 * our name before its first result, other cases, full-width letters and dots, invisible characters,
 * U-labels and encoded words aside; and one that cannot be parsed, since nobody knows what others
 * make of it. So does a line of results, of whatever host, after a control byte or a line separator
 * of Unicode inside any field: some readers begin a line there; and one whose field name is folded,
 * or spelled with other characters than a name has. These are hidden: Exim removes fields by their
 * name, and does not find them.
 *
 * Fields of other hosts do not count, whatever of our name is in theirs: letters, digits, hyphens
 * and dots before or after make it another name.
 *
 * Known gap: letters of other scripts that look like ours are other letters.
 *
 * Threads: no state. The arena is for scratch.
 */
#ifndef GP_EXIM_AUTHRES_SPOOF_H
#define GP_EXIM_AUTHRES_SPOOF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/message.h"

struct gp_exim_spoof {
	bool is_forged; /* somebody may take something in the header for results of the host */
	bool is_hidden; /* some of it is in no field that has the name Authentication-Results */
	/* the other fields of that name, whole, LF line ends, each of printable ASCII; in the
	 * arena, "" when there is none or no memory */
	const char *foreign;
};

/* Looks at a whole header. */
void gp_exim_spoof_find(struct gp_arena *arena, const struct gp_message *message, const char *host,
	struct gp_exim_spoof *forgery_out);

/* Is a field with this value one that somebody may take for one of the host's? */
bool gp_exim_is_spoofed(struct gp_arena *arena, struct gp_span value, const char *host);

#endif
