/* SPDX-License-Identifier: ISC */
/*
 * Fold: text in the normal form in which names are compared.
 *
 * Knows Unicode (UAX 15, TR 36); does not know what the text names. A pure function; the locale
 * does not matter. The result may be longer than the text, at most GP_FOLD_GROWTH times.
 */
#ifndef GP_MAIL_FOLD_H
#define GP_MAIL_FOLD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define GP_FOLD_MAX 1024  /* bytes that can be seen; no database of users has longer names */
#define GP_FOLD_GROWTH 11 /* U+FDFA: 3 bytes become 33 */

/* The character of UTF-8 at the start of text, and whether nobody sees it: a blank, a control, a
 * character without width. Its length; 0: that is no UTF-8. */
size_t gp_fold_peek(struct gp_span text, uint32_t *code_out, bool *is_unseen_out);

/*
 * UTF-8 in NFKC, without blanks, controls, format characters (zero width, direction of writing) and
 * the others that Unicode lets nobody see, wherever they stand; with_case: case folded as well.
 * Folding the result again changes nothing. GP_ESYNTAX: no UTF-8, or longer than GP_FOLD_MAX.
 */
int gp_fold_text(struct gp_arena *arena, struct gp_span text, bool with_case,
	struct gp_span *text_out) GP_MUST_CHECK;

/* What programs that normalise take the character of UTF-8 at the start of text for: one of ASCII,
 * or 0: nobody sees it. Its length; 0: it is ASCII, or not mapped to it. */
size_t gp_fold_character(struct gp_span text, char *plain_out);

/*
 * The same text, or one in which each byte that is no part of UTF-8 is taken as ISO 8859-1, which
 * is what programs write that know nothing of UTF-8: always UTF-8, at most twice as long.
 */
int gp_fold_utf8(
	struct gp_arena *arena, struct gp_span text, struct gp_span *text_out) GP_MUST_CHECK;

/* Is it UTF-8 with nothing in it that programs which normalise take for a sign, a dot or a blank?
 * ASCII is not looked at. */
bool gp_fold_is_word(struct gp_span text);

/*
 * The length of the first character of text if folding leaves it out; 0: it stays, or is no UTF-8.
 */
size_t gp_fold_unseen(struct gp_span text);

#endif
