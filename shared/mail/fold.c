/* SPDX-License-Identifier: ISC */
/*
 * Libunistring normalises; what is not seen is removed before and after, since NFKC makes blanks
 * (U+00A8) and joins what stood apart. Two or three rounds, and nothing changes any more.
 */
#include "mail/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define ROUNDS 8
#define STEPS 4 /* of decompositions, of which there are two at most */

/* is_empty_shape: assigned for what it looks like, which is nothing: Braille's cell without dots,
 * an object in whose place it stands, a note without a head, fillers and blanks of other scripts.
 */
static bool is_empty_shape(ucs4_t c)
{
	return c == 0x2800 || c == 0xfffc || c == 0x303f || c == 0x13441 || c == 0x13442 ||
	       c == 0x16fe4 || c == 0x1d159;
}

/* is_unseen: a blank, a control, or what has no shape of its own. */
static bool is_unseen(ucs4_t c)
{
	if (c < 0x80)
		return c <= 0x20 || c == 0x7f;
	return is_empty_shape(c) || uc_is_property(c, UC_PROPERTY_NOT_A_CHARACTER) ||
	       uc_is_property(c, UC_PROPERTY_DEFAULT_IGNORABLE_CODE_POINT) ||
	       uc_is_property(c, UC_PROPERTY_WHITE_SPACE) ||
	       uc_is_general_category(c, UC_CATEGORY_Cc) ||
	       uc_is_general_category(c, UC_CATEGORY_Cf) ||
	       uc_is_general_category(c, UC_CATEGORY_Z);
}

/* gp_fold_peek: well-formed sequences only. */
size_t gp_fold_peek(struct gp_span text, uint32_t *code_out, bool *is_unseen_out)
{
	ucs4_t c = 0;
	int n = text.len ? u8_mbtoucr(&c, (const uint8_t *)text.ptr, text.len) : 0;
	*code_out = c;
	*is_unseen_out = n > 0 && is_unseen(c);
	return n > 0 ? (size_t)n : 0;
}

/* strip: valid UTF-8 in place; the new length. */
static size_t strip(uint8_t *text, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < len;) {
		ucs4_t c;
		int n = u8_mbtouc(&c, text + i, len - i);
		if (!is_unseen(c)) {
			memmove(text + kept, text + i, (size_t)n);
			kept += (size_t)n;
		}
		i += (size_t)n;
	}
	return kept;
}

/* normalise: *text_out is from malloc. */
static int normalise(
	const uint8_t *text, size_t len, bool with_case, uint8_t **text_out, size_t *len_out)
{
	*len_out = 0;
	*text_out = with_case ? u8_casefold(text, len, NULL, UNINORM_NFKC, NULL, len_out)
			      : u8_normalize(UNINORM_NFKC, text, len, NULL, len_out);
	if (*text_out)
		return GP_OK;
	return len == 0 || errno == EILSEQ ? GP_ESYNTAX : GP_ENOMEM;
}

/* gp_fold_unseen: one character. */
size_t gp_fold_unseen(struct gp_span text)
{
	uint32_t code;
	bool unseen;
	size_t n = gp_fold_peek(text, &code, &unseen);
	return unseen ? n : 0;
}

/* gp_fold_text: round by round. */
int gp_fold_text(
	struct gp_arena *arena, struct gp_span text, bool with_case, struct gp_span *text_out)
{
	if (u8_check((const uint8_t *)text.ptr, text.len))
		return GP_ESYNTAX;
	char *current = gp_arena_copy(arena, text);
	if (!current)
		return gp_arena_status(arena);
	size_t len = strip((uint8_t *)current, text.len);
	bool is_stable = len == 0;
	for (int round = 0; round < ROUNDS && !is_stable; round++) {
		uint8_t *next;
		size_t next_len;
		if (round == 0 && len > GP_FOLD_MAX)
			return GP_ESYNTAX;
		int rc = normalise((const uint8_t *)current, len, with_case, &next, &next_len);
		if (rc)
			return rc;
		next_len = strip(next, next_len);
		is_stable = next_len == len && memcmp(next, current, len) == 0;
		if (!is_stable)
			current = gp_arena_copy(arena, (struct gp_span) {(char *)next, next_len});
		free(next);
		if (!current)
			return gp_arena_status(arena);
		len = next_len;
		is_stable = is_stable || len == 0;
	}
	*text_out = (struct gp_span) {current, len};
	return GP_OK;
}

/* ascii_of: what a character is mapped to by normalising (NFKC) or in a domain (RFC 3490 3.1); 0:
 * nobody sees it; itself: it is not mapped to one of ASCII. */
static ucs4_t ascii_of(ucs4_t c)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH], mapped = c;
	int tag;
	if (c == 0x3002 || c == 0xff61) /* ideographic full stops */
		return '.';
	if (uc_is_property_default_ignorable_code_point(c))
		return 0;
	for (int i = 0; i < STEPS && mapped >= 0x80; i++) {
		if (uc_decomposition(mapped, &tag, parts) != 1)
			return uc_is_general_category(c, UC_CATEGORY_Zs) ? ' ' : c;
		mapped = parts[0];
	}
	return mapped < 0x80 ? mapped : c;
}

/* gp_fold_character: by the tables of Unicode. */
size_t gp_fold_character(struct gp_span text, char *plain_out)
{
	ucs4_t c;
	int n = text.len ? u8_mbtoucr(&c, (const uint8_t *)text.ptr, text.len) : 0;
	if (n < 2)
		return 0;
	ucs4_t plain = ascii_of(c);
	if (plain == c)
		return 0;
	*plain_out = (char)plain;
	return (size_t)n;
}

/* gp_fold_utf8: sequence by sequence. */
int gp_fold_utf8(struct gp_arena *arena, struct gp_span text, struct gp_span *text_out)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	*text_out = text;
	if (!u8_check(bytes, text.len))
		return GP_OK;
	char *copy = gp_arena_alloc(arena, 2 * text.len);
	if (!copy)
		return gp_arena_status(arena);
	size_t kept = 0;
	for (size_t i = 0; i < text.len;) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, bytes + i, text.len - i);
		if (n < 1) { /* ISO 8859-1 */
			copy[kept++] = (char)(0xc0 | bytes[i] >> 6);
			copy[kept++] = (char)(0x80 | (bytes[i] & 0x3f));
			i++;
			continue;
		}
		memcpy(copy + kept, bytes + i, (size_t)n);
		kept += (size_t)n;
		i += (size_t)n;
	}
	*text_out = (struct gp_span) {copy, kept};
	return GP_OK;
}

/* is_sign: of ASCII, but no letter or digit. */
static bool is_sign(ucs4_t c)
{
	return c < 0x80 && !gp_span_is_alnum((char)c);
}

/* gp_fold_is_word: each character, and those that it is made of. */
bool gp_fold_is_word(struct gp_span text)
{
	while (text.len) {
		ucs4_t c, parts[UC_DECOMPOSITION_MAX_LENGTH];
		int tag, n = u8_mbtoucr(&c, (const uint8_t *)text.ptr, text.len);
		if (n < 1)
			return false;
		text = gp_span_skip(text, (size_t)n);
		int count = c < 0x80 ? 0 : uc_decomposition(c, &tag, parts);
		if (c >= 0x80 && is_sign(ascii_of(c)))
			return false;
		for (int i = 0; i < count; i++)
			if (is_sign(ascii_of(parts[i])))
				return false;
	}
	return true;
}
