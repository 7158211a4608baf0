/* SPDX-License-Identifier: ISC */
/*
 * Try_reply: what an SMTP server says (RFC 5321 4.2), taken off a buffer one reply at a time.
 *
 * Knows the form of replies and of enhanced status codes (RFC 3463), and keywords of EHLO; does not
 * know what was asked.
 *
 *     rc = gp_try_reply_parse(text, &reply, &used);
 *         GP_OK        a whole reply; used bytes of the text are its own
 *         GP_TRY_MORE  not yet
 *         GP_ESYNTAX   this is no reply, or one beyond all bounds
 *
 * The bytes are foreign. Lines are views of the text and may hold any byte but LF.
 */
#ifndef GP_TRY_TRY_REPLY_H
#define GP_TRY_TRY_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

#define GP_TRY_MORE 1

#define GP_TRY_LINE_MAX 2048 /* RFC 5321 4.5.3.1.5 has 512 */
#define GP_TRY_LINES_MAX 128
#define GP_TRY_STATUS_TEXT 16

struct gp_try_reply {
	unsigned code;                          /* 200 to 599 */
	struct gp_span lines[GP_TRY_LINES_MAX]; /* behind code and hyphen or blank */
	size_t line_count;                      /* at least 1 */
};

/* The reply at the beginning of a text. */
int gp_try_reply_parse(
	struct gp_span text, struct gp_try_reply *reply_out, size_t *used_out) GP_MUST_CHECK;

/* "5.7.23" where the first line begins with such a code of the same class; "" where it does not.
 * Returns status_out. */
const char *gp_try_reply_status(
	const struct gp_try_reply *reply, char status_out[GP_TRY_STATUS_TEXT]);

/* Does a reply to EHLO offer this keyword? params_out: what stands behind it; may be NULL. */
bool gp_try_reply_offers(
	const struct gp_try_reply *reply, const char *keyword, struct gp_span *params_out);

#endif
