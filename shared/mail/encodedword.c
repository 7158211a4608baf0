/* SPDX-License-Identifier: ISC */
/*
 * One pass: what stands between words is copied, a word is cut at its four question marks (RFC 2047
 * 2) and its bytes are written in its place.
 */
#include "mail/encodedword.h"

#include <string.h>

#include "base/encode.h"

/* A word, cut into its parts. */
struct word {
	struct gp_span charset, encoding, text;
	size_t length; /* of all of it */
};

/* next_is: does text begin with these two bytes? */
static bool next_is(struct gp_span text, const char *two)
{
	return text.len >= 2 && text.ptr[0] == two[0] && text.ptr[1] == two[1];
}

/* cut_word: a word at the start of text; false: it has no end, or lacks a part. */
static bool cut_word(struct gp_span text, struct word *word_out)
{
	struct gp_span rest = gp_span_skip(text, 2);
	if (!gp_span_cut(rest, '?', &word_out->charset, &rest) ||
		!gp_span_cut(rest, '?', &word_out->encoding, &rest) ||
		!gp_span_cut(rest, '?', &word_out->text, &rest) || rest.len == 0 ||
		rest.ptr[0] != '=')
		return false;
	word_out->length = (size_t)(rest.ptr - text.ptr) + 1;
	return true;
}

/* is_ascii_based: do its ASCII bytes mean ASCII? A language may follow the name (RFC 2231 5). */
static bool is_ascii_based(struct gp_span charset)
{
	static const char *const families[] = {"iso-8859-", "windows-125", "koi8-"};
	struct gp_span name, language;
	gp_span_cut(charset, '*', &name, &language);
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (gp_span_has_prefix(name, families[i]))
			return true;
	return gp_span_is(name, "us-ascii") || gp_span_is(name, "utf-8") ||
	       gp_span_is(name, "utf8");
}

/* is_east_asian: two bytes a character, the first of which is over 0x7f; the second need not be. */
static bool is_east_asian(struct gp_span charset)
{
	static const char *const families[] = {
		"gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "ks_c_5601"};
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (gp_span_has_prefix(charset, families[i]))
			return true;
	return false;
}

/* may_hold_at: is there an @ among the bytes, or its full-width form in one of those charsets? */
static bool may_hold_at(struct gp_span bytes)
{
	static const char *const forms[] = {"@", "\xa3\xc0", "\xa1\xf7", "\x81\x97", "\xa2\x49"};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (bytes.len && memmem(bytes.ptr, bytes.len, forms[i], strlen(forms[i])))
			return true;
	return false;
}

/* write_q: RFC 2047 4.2; an escape that is none is left as it is. */
static char *write_q(char *to, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int high = c == '=' && i + 2 < text.len ? gp_decode_hex_digit(text.ptr[i + 1]) : -1;
		int low = high >= 0 ? gp_decode_hex_digit(text.ptr[i + 2]) : -1;
		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		*to++ = c == '_' ? ' ' : c;
	}
	return to;
}

/* write_b: RFC 2047 4.1; base64 that is none is left out and makes the text unclear. */
static int write_b(struct gp_arena *arena, char **to, struct gp_span text, bool *clear)
{
	struct gp_span bytes;
	int rc = gp_decode_base64(arena, text, &bytes);
	if (rc == GP_ESYNTAX)
		*clear = false;
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	if (bytes.len)
		memcpy(*to, bytes.ptr, bytes.len);
	*to += bytes.len;
	return GP_OK;
}

/* write_word: its bytes, which are never more than it has itself. */
static int write_word(struct gp_arena *arena, char **to, const struct word *word, bool *clear)
{
	const char *start = *to;
	int rc = GP_OK;
	if (gp_span_is(word->encoding, "b"))
		rc = write_b(arena, to, word->text, clear);
	else
		*to = write_q(*to, word->text);
	const struct gp_span bytes = {start, (size_t)(*to - start)};
	*clear = *clear && (gp_span_is(word->encoding, "b") || gp_span_is(word->encoding, "q")) &&
		 (is_ascii_based(word->charset) ||
			 (is_east_asian(word->charset) && !may_hold_at(bytes)));
	return rc;
}

/* gp_encodedword_decode: copied where there is a word at all. */
int gp_encodedword_decode(
	struct gp_arena *arena, struct gp_span value, struct gp_span *text_out, bool *clear_out)
{
	*clear_out = true;
	*text_out = value;
	if (value.len < 2 || !memmem(value.ptr, value.len, "=?", 2))
		return GP_OK;
	char *text = gp_arena_alloc(arena, value.len), *to = text;
	if (!text)
		return gp_arena_status(arena);
	while (value.len) {
		struct word word;
		bool begins = next_is(value, "=?");
		if (begins && cut_word(value, &word)) {
			int rc = write_word(arena, &to, &word, clear_out);
			if (rc)
				return rc;
			value = gp_span_skip(value, word.length);
			continue;
		}
		*clear_out = *clear_out && !begins;
		*to++ = value.ptr[0];
		value = gp_span_skip(value, 1);
	}
	*text_out = (struct gp_span) {text, (size_t)(to - text)};
	return GP_OK;
}
