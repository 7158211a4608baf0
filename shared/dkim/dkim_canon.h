/* SPDX-License-Identifier: ISC */
/*
 * Canonical forms of RFC 6376 3.4 of header fields, for DKIM and ARC; those of the body are made
 * where it is hashed (dkim_body.h).
 *
 * Threads: no state.
 */
#ifndef GP_DKIM_DKIM_CANON_H
#define GP_DKIM_DKIM_CANON_H

#include "base/span.h"
#include "base/strbuf.h"

enum gp_dkim_canon { GP_DKIM_SIMPLE, GP_DKIM_RELAXED };

/* "simple", "relaxed" */
const char *gp_dkim_canon_name(enum gp_dkim_canon canon);

/*
 * One field in its form with its CRLF, appended (3.4.1, 3.4.2). raw as in struct gp_message_field.
 */
void gp_dkim_canon_field(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw);

/*
 * The same without the final CRLF, and with the value of its tag b= taken out, as a signature
 * field stands in its own hash (3.5, 3.7).
 */
void gp_dkim_canon_signature(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw);

#endif
