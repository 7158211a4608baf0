/* SPDX-License-Identifier: ISC */
/*
 * Bridge: converts a message from Exim's DATA ACL to what the engine needs.
 *
 * The header comes from $message_headers_raw: LF line ends, and in front what Exim has added
 * itself, its own Received field and fields that ACLs put above it. Those are not part of what was
 * signed and are left out; the field is recognised by the message ID in it, which no client knows
 * in advance. The body comes from the spool file (exim-dlfunc/spool.h).
 *
 * Exim passes at most 64 KiB of a header. From a truncated header the author of the message cannot
 * be determined, since another From may come after the cut: is_cut says so.
 *
 *     struct gp_exim_message m;
 *     int rc = gp_exim_message_open(arena, &place, headers, &m);
 *     ... m.message, m.body ...
 *     gp_exim_message_close(&m);
 *
 * Statuses: those of gp_message_parse and gp_exim_spool_open; m.spool.problem says what about the
 * file. Ownership: fields live in the arena; body.arg points to m.spool, so m must not move.
 *
 * Known gaps, all caused by Exim: it turns bare CRs into line ends, bare LFs into line ends or
 * blanks, and NULs of a header into question marks, unless the message came by CHUNKING and
 * spool_wireformat is set; it may have changed header fields by its rewriting rules; fields that
 * ACLs added below are taken for the message's.
 */
#ifndef GP_EXIM_BRIDGE_H
#define GP_EXIM_BRIDGE_H

#include "base/arena.h"
#include "exim-dlfunc/args.h"
#include "exim-dlfunc/spool.h"
#include "mail/message.h"

#define GP_EXIM_HEADER_CUT 65536 /* header_insert_maxlen of Exim */

struct gp_exim_message {
	struct gp_message message;
	struct gp_message_body body;
	struct gp_exim_spool spool;
	bool is_cut; /* there was more of the header than Exim hands over; message.is_cut, too */
};

/* Reads the header and opens the body. On failure nothing is open. */
int gp_exim_message_open(struct gp_arena *arena, const struct gp_exim_place *place,
	struct gp_span headers, struct gp_exim_message *message_out) GP_MUST_CHECK;

/* Closes the body; may be called twice. */
void gp_exim_message_close(struct gp_exim_message *message);

/* Leaves out all fields down to Exim's own Received, if it is there. */
void gp_exim_message_drop_own(struct gp_message *message, struct gp_span id);

#endif
