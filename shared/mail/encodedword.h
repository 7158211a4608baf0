/* SPDX-License-Identifier: ISC */
/*
 * Encodedword: the text that encoded words of a header field stand for (RFC 2047).
 *
 * Knows both encodings; of charsets what can matter in an address (mail/charset.h). Shows what a
 * reader could see, so words are decoded wherever they stand, even where RFC 2047 5 forbids them.
 *
 *     int rc = gp_encodedword_decode(arena, value, &text, &state);
 *
 * GP_OK, also for words that are broken: the state says so. GP_ETOOBIG, GP_ENOMEM: the arena's.
 * Ownership: text comes from the arena, or is the value itself when there is no word in it.
 * Threads: no state.
 */
#ifndef GP_MAIL_ENCODEDWORD_H
#define GP_MAIL_ENCODEDWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum gp_encodedword_state {
	GP_ENCODEDWORD_CLEAR,    /* all readers see this text, or less */
	GP_ENCODEDWORD_UNKNOWN,  /* the same, if ASCII is ASCII in a charset that nobody knows */
	GP_ENCODEDWORD_BROKEN,   /* a "=?" begins no whole word, or one of an unknown encoding */
	GP_ENCODEDWORD_UNCERTAIN /* a word may hold other ASCII for some: its charset does not have
				  * ASCII where ASCII is, it has a control byte (but a line end or
				  * NUL after a mere name), half of a character may be an @, digits
				  * stand after the end of base64 */
};

/*
 * The value with each word replaced by its text, without the blanks between two words (RFC 2047
 * 6.2). *state_out: the worst of what was seen.
 */
int gp_encodedword_decode(struct gp_arena *arena, struct gp_span value, struct gp_span *text_out,
	enum gp_encodedword_state *state_out) GP_MUST_CHECK;

/* The first words of a text that are shown without the blanks between them, and what stands after;
 * false: there is no word. */
bool gp_encodedword_cut(struct gp_span text, struct gp_span *words_out, struct gp_span *rest_out);

#endif
