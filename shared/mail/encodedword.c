/* SPDX-License-Identifier: ISC */
/*
 * One pass: what stands between words is copied, a word is cut at its four question marks (RFC 2047
 * 2) and its text is written in its place.
 */
#include "mail/encodedword.h"

#include <string.h>

#include "base/decode.h"
#include "mail/charset.h"

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

/* has_control: a byte that no name has, and that ends one, or a line, for some readers. */
static bool has_control(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* is_fold: a line end inside a word that folds it, though RFC 2047 2 forbids it; the blank after it
 * stays. */
static bool is_fold(struct gp_span text, size_t at)
{
	return at + 2 < text.len && text.ptr[at] == '\r' && text.ptr[at + 1] == '\n' &&
	       (text.ptr[at + 2] == ' ' || text.ptr[at + 2] == '\t');
}

/* read_q: RFC 2047 4.2; an escape that is none is left as it is. */
static size_t read_q(char *bytes, struct gp_span text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		i += is_fold(text, i) ? 2 : 0;
		char c = text.ptr[i];
		int high = c == '=' && i + 2 < text.len ? gp_decode_hex_digit(text.ptr[i + 1]) : -1;
		int low = high >= 0 ? gp_decode_hex_digit(text.ptr[i + 2]) : -1;
		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		bytes[n++] = c == '_' ? ' ' : c;
	}
	return n;
}

/* worsen: the state is that of the worst that was seen. */
static void worsen(enum gp_encodedword_state *state, enum gp_encodedword_state by)
{
	if (*state < by)
		*state = by;
}

/* read_b: RFC 2047 4.1, all digits that there are: programs skip what is none, and do without the
 * padding. Digits after padding are read by some only. */
static size_t read_b(char *bytes, struct gp_span text, enum gp_encodedword_state *state)
{
	unsigned bits = 0, count = 0;
	size_t n = 0;
	bool padded = false;
	for (size_t i = 0; i < text.len; i++) {
		i += is_fold(text, i) ? 2 : 0;
		int digit = gp_decode_base64_digit(text.ptr[i]);
		if (text.ptr[i] == '=') {
			padded = true;
			count = 0;
			continue;
		}
		if (digit < 0 && text.ptr[i] != ' ' && text.ptr[i] != '\t')
			worsen(state, GP_ENCODEDWORD_BROKEN);
		if (digit < 0)
			continue;
		if (padded)
			worsen(state, GP_ENCODEDWORD_UNCERTAIN);
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		bytes[n++] = (char)(bits >> count & 0xff);
	}
	return n;
}

/* What a value becomes. */
struct decoder {
	char *bytes;       /* room for those of one word */
	const char *named; /* up to here what is written is a mere name */
	struct gp_charset_out out;
	enum gp_encodedword_state state;
};

/* skip_between: the blanks between two words, which nobody shows (RFC 2047 6.2); none of them where
 * no word follows. */
static struct gp_span skip_between(struct gp_span rest)
{
	struct gp_span next = rest;
	struct word word;
	while (next.len && memchr(" \t\r\n", next.ptr[0], 4))
		next = gp_span_skip(next, 1);
	return next_is(next, "=?") && cut_word(next, &word) ? next : rest;
}

/* is_name: nothing in the text could begin an address, or a field, for a program that ends the name
 * here. */
static bool is_name(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (memchr("@<>:;,%!\xef", text.ptr[i], 9)) /* U+FF20 and others begin with EF */
			return false;
	return true;
}

/* ends_name: what follows a word is blank, a bracket, or what closes a quoted string or comment;
 * after the blank comes no word whose text would go on after the control byte. */
static bool ends_name(struct gp_span rest)
{
	return rest.len == 0 ||
	       (memchr(" \t\r\n<\")", rest.ptr[0], 7) && skip_between(rest).ptr == rest.ptr);
}

/*
 * drop_end: line ends and NUL at the end of a word, as "echo Shop | base64" makes them; nobody
 * shows them. False: there are none, or a name ends there for everybody; true: not for everybody.
 */
static bool drop_end(struct decoder *d, const char *start, struct gp_span rest)
{
	char *end = d->out.to;
	while (d->out.to > start && memchr("\r\n\0", d->out.to[-1], 3))
		d->out.to--;
	if (d->out.to == end)
		return false;
	struct gp_span more = {d->named, (size_t)(d->out.to - d->named)};
	d->named = d->out.to;
	return !is_name(more) || !ends_name(rest);
}

/* write_word: its text; rest: what follows it. */
static void write_word(struct decoder *d, const struct word *word, struct gp_span rest)
{
	struct gp_span bytes = {d->bytes, 0};
	const char *start = d->out.to;
	if (gp_span_is(word->encoding, "b"))
		bytes.len = read_b(d->bytes, word->text, &d->state);
	else
		bytes.len = read_q(d->bytes, word->text);
	if (!gp_span_is(word->encoding, "b") && !gp_span_is(word->encoding, "q"))
		worsen(&d->state, GP_ENCODEDWORD_BROKEN);
	enum gp_charset charset = gp_charset_find(word->charset);
	if (charset == GP_CHARSET_UNKNOWN)
		worsen(&d->state, GP_ENCODEDWORD_UNKNOWN);
	gp_charset_write(charset, bytes, &d->out);
	if (drop_end(d, start, rest) ||
		has_control((struct gp_span) {start, (size_t)(d->out.to - start)}))
		worsen(&d->state, GP_ENCODEDWORD_UNCERTAIN);
}

/* decode: word by word, byte by byte between them. */
static void decode(struct decoder *d, struct gp_span value)
{
	while (value.len) {
		struct word word;
		bool begins = next_is(value, "=?");
		if (begins && cut_word(value, &word)) {
			value = gp_span_skip(value, word.length);
			write_word(d, &word, value);
			value = skip_between(value);
			continue;
		}
		if (begins)
			worsen(&d->state, GP_ENCODEDWORD_BROKEN);
		gp_charset_put(&d->out, value.ptr[0]);
		value = gp_span_skip(value, 1);
	}
	if (!d->out.is_certain)
		worsen(&d->state, GP_ENCODEDWORD_UNCERTAIN);
}

/* gp_encodedword_decode: copied where there is a word at all. */
int gp_encodedword_decode(struct gp_arena *arena, struct gp_span value, struct gp_span *text_out,
	enum gp_encodedword_state *state_out)
{
	*state_out = GP_ENCODEDWORD_CLEAR;
	*text_out = value;
	if (value.len < 2 || !memmem(value.ptr, value.len, "=?", 2))
		return GP_OK;
	char *text = gp_arena_alloc(arena, GP_CHARSET_GROWTH * value.len);
	struct decoder d = {.bytes = gp_arena_alloc(arena, value.len),
		.named = text,
		.out = {.to = text, .is_certain = true}};
	if (!text || !d.bytes)
		return gp_arena_status(arena);
	decode(&d, value);
	*text_out = (struct gp_span) {text, (size_t)(d.out.to - text)};
	*state_out = d.state;
	return GP_OK;
}

/* gp_encodedword_cut: from the first word on as long as one follows. */
bool gp_encodedword_cut(struct gp_span text, struct gp_span *words_out, struct gp_span *rest_out)
{
	struct word word;
	while (text.len && !(next_is(text, "=?") && cut_word(text, &word)))
		text = gp_span_skip(text, 1);
	*words_out = text;
	*rest_out = text;
	while (next_is(*rest_out, "=?") && cut_word(*rest_out, &word)) {
		const char *end = rest_out->ptr + word.length;
		words_out->len = (size_t)(end - words_out->ptr);
		*rest_out = skip_between(gp_span_skip(*rest_out, word.length));
	}
	return text.len > 0;
}
