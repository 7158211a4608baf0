/* SPDX-License-Identifier: ISC */
/*
 * What stands before the first result is read in several ways: by the grammar, by sight, without
 * its comments, and word by word as domain names; each time folded as a reader may do it, and
 * compared with the host's name folded the same way. Any one of them is enough.
 */
#include "exim-dlfunc/authres_spoof.h"

#include <string.h>

#include "base/strbuf.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "mail/encodedword.h"
#include "mail/fold.h"

#define FOREIGN_MAX (128 * 1024) /* more than Exim hands over */
#define LINE_SHOWN 128 /* bytes of a line that can be seen and are looked at for its name */

/* The host's name, and where texts are made. */
struct claim {
	struct gp_arena *arena;
	struct gp_span host; /* folded, in A-labels where it has them */
};

/* plain: in place, quotes and backslashes as blanks, ideographic full stops as plain ones (RFC 3490
 * 3.1; NFKC turns the half-width one into this); the new length. */
static size_t plain(char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		bool stop = len - i > 2 && memcmp(text + i, "\xe3\x80\x82", 3) == 0;
		bool quote = memchr("\"\\'", text[i], 3) != NULL;
		text[n++] = stop ? '.' : quote ? ' ' : text[i];
		i += stop ? 2 : 0;
	}
	return n;
}

/* seen_length: of the characters up to the next one that nobody sees. */
static size_t seen_length(struct gp_span text)
{
	size_t n = 0;
	while (n < text.len && !gp_fold_unseen(gp_span_skip(text, n)))
		n++;
	return n;
}

/* fold: as names are compared, a blank in place of what nobody sees; false: it cannot be. */
static bool fold(struct gp_arena *arena, struct gp_span text, struct gp_span *text_out)
{
	char *copy = gp_arena_alloc(arena, text.len * GP_FOLD_GROWTH + 1);
	size_t n = 0;
	while (copy && text.len) {
		size_t unseen = gp_fold_unseen(text);
		if (unseen) {
			copy[n++] = ' ';
			text = gp_span_skip(text, unseen);
			continue;
		}
		struct gp_span word = {text.ptr, seen_length(text)}, folded;
		text = gp_span_skip(text, word.len);
		if (gp_fold_text(arena, word, true, &folded))
			return false;
		memcpy(copy + n, folded.ptr, folded.len);
		n += folded.len;
	}
	if (copy)
		*text_out = (struct gp_span) {copy, plain(copy, n)};
	return copy != NULL;
}

/* host_length: of the host's name at the beginning of text, with blanks in it, and more dots where
 * one is; 0: it is not there. */
static size_t host_length(struct gp_span host, struct gp_span text)
{
	size_t i = 0;
	for (size_t h = 0; h < host.len; h++) {
		while (h > 0 && i < text.len &&
			(text.ptr[i] == ' ' || (text.ptr[i] == '.' && host.ptr[h - 1] == '.')))
			i++;
		if (i == text.len || text.ptr[i] != host.ptr[h])
			return 0;
		i++;
	}
	return i;
}

/* is_alnum: a letter or digit of a folded name. */
static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* is_joint: what joins letters and digits to one name. */
static bool is_joint(char c)
{
	return c == '.' || c == '-';
}

/* is_whole: does no other name go on before this place, nor after that one? */
static bool is_whole(struct gp_span text, size_t begin, size_t end)
{
	while (begin > 0 && is_joint(text.ptr[begin - 1]))
		begin--;
	while (end < text.len && is_joint(text.ptr[end]))
		end++;
	return (begin == 0 || !is_alnum(text.ptr[begin - 1])) &&
	       (end == text.len || !is_alnum(text.ptr[end]));
}

/* shows: does the host's name stand in this text, as a whole name? */
static bool shows(const struct claim *claim, struct gp_span text)
{
	for (size_t i = 0; i < text.len && claim->host.len; i++) {
		size_t n = host_length(claim->host, gp_span_skip(text, i));
		if (n && is_whole(text, i, i + n))
			return true;
	}
	return false;
}

/* is_shown: the same of the text folded; what cannot be folded may be anything. */
static bool is_shown(const struct claim *claim, struct gp_span text)
{
	struct gp_span folded;
	return text.len && (!fold(claim->arena, text, &folded) || shows(claim, folded));
}

/* is_named: the same of the text as a domain name in A-labels. */
static bool is_named(const struct claim *claim, struct gp_span word)
{
	struct gp_span folded;
	const char *name;
	return word.len && fold(claim->arena, word, &folded) &&
	       gp_address_domain(claim->arena, gp_span_trim(folded), &name) == GP_OK &&
	       shows(claim, gp_span_from(name));
}

/* is_separator: what may stand between words. */
static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')' ||
	       c == '/' || c == '=';
}

/* has_named_word: is one of the words the name in U-labels? */
static bool has_named_word(const struct claim *claim, struct gp_span text)
{
	for (size_t start = 0, i = 0; i <= text.len; i++) {
		if (i < text.len && !is_separator(text.ptr[i]))
			continue;
		if (is_named(claim, (struct gp_span) {text.ptr + start, i - start}))
			return true;
		start = i + 1;
	}
	return false;
}

/* without_comments: a copy with a blank for each; an open comment continues to the end. */
static struct gp_span without_comments(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0, depth = 0;
	for (size_t i = 0; copy && i < text.len; i++) {
		char c = text.ptr[i];
		depth += c == '(';
		if (depth == 0)
			copy[n++] = c;
		else if (c == '(' && depth == 1)
			copy[n++] = ' ';
		depth -= c == ')' && depth > 0;
	}
	return (struct gp_span) {copy, n};
}

/* hex: of one digit; -1: it is none. */
static int hex(char c)
{
	const char *digits = "0123456789abcdefABCDEF", *at = c ? strchr(digits, c) : NULL;
	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* unescaped: a copy with the bytes that %2E and =2E stand for, which some readers decode. */
static struct gp_span unescaped(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0;
	for (size_t i = 0; copy && i < text.len; i++) {
		bool is_mark = (text.ptr[i] == '%' || text.ptr[i] == '=') && text.len - i > 2;
		int high = is_mark ? hex(text.ptr[i + 1]) : -1;
		int low = is_mark ? hex(text.ptr[i + 2]) : -1;
		bool is_byte = high >= 0 && low >= 0;
		copy[n++] = is_byte ? (char)(high * 16 + low) : text.ptr[i];
		i += is_byte ? 2 : 0;
	}
	return (struct gp_span) {copy, n};
}

/* claims_plainly: is the name in the text, in its comments or around them, or one of its words? */
static bool claims_plainly(const struct claim *claim, struct gp_span text)
{
	return is_shown(claim, text) || is_shown(claim, without_comments(claim->arena, text)) ||
	       has_named_word(claim, text);
}

/* claims: could a text before the results be taken for the host's name? */
static bool claims(const struct claim *claim, struct gp_span text)
{
	struct gp_span decoded, folded;
	enum gp_encodedword_state state;
	if (text.len > GP_FOLD_MAX || gp_encodedword_decode(claim->arena, text, &decoded, &state) ||
		state != GP_ENCODEDWORD_CLEAR)
		return true;
	if (claims_plainly(claim, decoded))
		return true;
	struct gp_span bytes = unescaped(claim->arena, decoded);
	/* "=fa" of "spf=fail" is no character */
	return bytes.len < decoded.len && fold(claim->arena, bytes, &folded) &&
	       claims_plainly(claim, bytes);
}

/* begin: the name to compare with; false: it has none that could be claimed. */
static bool begin(struct claim *claim, struct gp_arena *arena, const char *host)
{
	const char *name;
	claim->arena = arena;
	if (!fold(arena,
		    gp_span_from(gp_address_domain(arena, gp_span_from(host), &name) ? host : name),
		    &claim->host))
		return false;
	while (gp_span_has_suffix(claim->host, "."))
		claim->host.len--;
	return true;
}

/* begins_line: the length of what begins a line for some readers, at this place: a control byte
 * that is no part of a fold, NEL, LS or PS; 0: nothing. */
static size_t begins_line(struct gp_span text, size_t at)
{
	unsigned char c = (unsigned char)text.ptr[at];
	struct gp_span rest = gp_span_skip(text, at);
	bool has_lf = rest.len > 1 && rest.ptr[1] == '\n';
	bool is_fold = c == '\r' ? has_lf : c == '\n' && at > 0 && text.ptr[at - 1] == '\r';
	if (gp_span_has_prefix(rest, "\xc2\x85"))
		return 2;
	if (gp_span_has_prefix(rest, "\xe2\x80\xa8") || gp_span_has_prefix(rest, "\xe2\x80\xa9"))
		return 3;
	return c < 0x20 && c != '\t' && !is_fold;
}

/* ascii_of: a copy without bytes that are not ASCII, and with hyphens for Unicode's. */
static struct gp_span ascii_of(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0;
	for (size_t i = 0; copy && i < text.len; i++) {
		struct gp_span rest = gp_span_skip(text, i);
		bool is_hyphen = rest.len > 2 && memcmp(rest.ptr, "\xe2\x80", 2) == 0 &&
				 (unsigned char)rest.ptr[2] >= 0x90 &&
				 (unsigned char)rest.ptr[2] <= 0x95; /* U+2010 to U+2015 */
		is_hyphen = is_hyphen || gp_span_has_prefix(rest, "\xe2\x88\x92");
		if (is_hyphen)
			copy[n++] = '-';
		else if ((unsigned char)text.ptr[i] < 0x80)
			copy[n++] = text.ptr[i];
		i += is_hyphen ? 2 : 0;
	}
	return (struct gp_span) {copy, n};
}

/* is_results: is it the name of a field of results, to a program that folds or decodes it, or drops
 * blanks or non-ASCII bytes? */
static bool is_results(struct gp_arena *arena, struct gp_span name)
{
	struct gp_span decoded, folded;
	enum gp_encodedword_state state;
	if (gp_encodedword_decode(arena, name, &decoded, &state))
		return true;
	int rc = gp_fold_text(arena, decoded, true, &folded);
	if (rc && rc != GP_ESYNTAX)
		return true;
	return gp_span_is(ascii_of(arena, rc ? decoded : folded), "authentication-results");
}

/* begins_results: does a line of results begin with this text? What nobody sees does not count. */
static bool begins_results(struct gp_arena *arena, struct gp_span line)
{
	char seen[LINE_SHOWN];
	size_t n = 0;
	while (line.len && *line.ptr != ':' && n < sizeof seen) {
		size_t unseen = gp_fold_unseen(line);
		if (!unseen)
			seen[n++] = *line.ptr;
		line = gp_span_skip(line, unseen ? unseen : 1);
	}
	return line.len && *line.ptr == ':' && is_results(arena, (struct gp_span) {seen, n});
}

/* begins_another: does one more line begin before anything is seen? Then that one will do. */
static bool begins_another(struct gp_span text, size_t at)
{
	size_t n;
	while (at < text.len && !begins_line(text, at)) {
		n = gp_fold_unseen(gp_span_skip(text, at));
		if (!n)
			return false;
		at += n;
	}
	return at < text.len;
}

/* hides_line: does a line of results begin inside a field? */
static bool hides_line(struct gp_arena *arena, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t n = begins_line(text, i);
		if (n && !begins_another(text, i + n) &&
			begins_results(arena, gp_span_skip(text, i + n)))
			return true;
	}
	return false;
}

/* gp_exim_is_spoofed: what cannot be parsed counts, and what has another line inside. */
bool gp_exim_is_spoofed(struct gp_arena *arena, struct gp_span value, const char *host)
{
	struct gp_authres parsed;
	struct gp_span before, rest;
	struct claim claim;
	if (!begin(&claim, arena, host) || gp_authres_parse(arena, value, &parsed) ||
		hides_line(arena, value))
		return true;
	gp_span_cut(value, ';', &before, &rest);
	return claims(&claim, before) || claims(&claim, parsed.authserv_id);
}

/* is_hidden: are there results in a field of another name? */
static bool is_hidden(struct gp_arena *arena, const struct gp_message_field *f)
{
	bool is_odd =
		f->name.len == 0 || !gp_span_is_ascii(f->name) || gp_span_has_prefix(f->name, "=?");
	return (is_odd && begins_results(arena, f->raw)) || hides_line(arena, f->raw);
}

/* add_foreign: a field as it is, with LF line ends; left out when there are other bytes in it. */
static void add_foreign(struct gp_strbuf *buf, struct gp_span raw)
{
	for (size_t i = 0; i < raw.len; i++)
		if ((raw.ptr[i] < ' ' && !memchr("\t\r\n", raw.ptr[i], 3)) || raw.ptr[i] > '~')
			return;
	if (gp_strbuf_span(buf).len)
		gp_strbuf_add_char(buf, '\n');
	for (size_t i = 0; i < raw.len; i++)
		if (raw.ptr[i] != '\r')
			gp_strbuf_add_char(buf, raw.ptr[i]);
}

/* gp_exim_spoof_find: field by field. */
void gp_exim_spoof_find(struct gp_arena *arena, const struct gp_message *message, const char *host,
	struct gp_exim_spoof *forgery_out)
{
	struct gp_strbuf foreign;
	gp_strbuf_init(&foreign, arena, FOREIGN_MAX);
	*forgery_out = (struct gp_exim_spoof) {.foreign = ""};
	for (size_t i = 0; i < message->count; i++) {
		const struct gp_message_field *f = &message->fields[i];
		if (!gp_span_is(f->name, "Authentication-Results"))
			forgery_out->is_hidden = forgery_out->is_hidden || is_hidden(arena, f);
		else if (gp_exim_is_spoofed(arena, f->value, host))
			forgery_out->is_forged = true;
		else
			add_foreign(&foreign, f->raw);
	}
	forgery_out->is_forged = forgery_out->is_forged || forgery_out->is_hidden;
	if (gp_strbuf_finish(&foreign, &forgery_out->foreign))
		forgery_out->foreign = "";
}
