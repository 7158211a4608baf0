/* SPDX-License-Identifier: ISC */
/*
 * Encodedword: the text that encoded words of a header field stand for (RFC 2047).
 *
 * Knows both encodings; does not convert charsets: it gives the bytes, and says whether they are of
 * a charset in which ASCII bytes mean ASCII. For those who have to know what a reader could see, so
 * words are decoded wherever they stand, even where RFC 2047 5 forbids them.
 *
 *     int rc = gp_encodedword_decode(arena, value, &text, &clear);
 *
 * GP_OK, also for words that are broken: then clear is false. GP_ETOOBIG, GP_ENOMEM: the arena's.
 * Ownership: text comes from the arena, or is the value itself when there is no word in it.
 * Threads: no state.
 */
#ifndef GP_MAIL_ENCODEDWORD_H
#define GP_MAIL_ENCODEDWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/*
 * The value with each word replaced by its bytes, never longer than the value. *clear_out: every
 * "=?" began a whole word, and all are of US-ASCII, UTF-8, ISO-8859, Windows-125x or KOI8: no other
 * text than this can be read from them. Words in the charsets of East Asia are clear if no @ can be
 * in them, of either width: their bytes may mean ASCII, or the second half of a character.
 */
int gp_encodedword_decode(struct gp_arena *arena, struct gp_span value, struct gp_span *text_out,
	bool *clear_out) GP_MUST_CHECK;

#endif
