/* SPDX-License-Identifier: ISC */
/*
 * Word by word after the sender: each has to be a part of a date, and a month and a time be there.
 */
#include "mail/mboxline.h"

#include <string.h>

/* is_blank: WSP. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* take_word: up to the next blank; the blanks go as well. */
static struct gp_span take_word(struct gp_span *line)
{
	struct gp_span word = {line->ptr, 0};
	while (word.len < line->len && !is_blank(line->ptr[word.len]))
		word.len++;
	*line = gp_span_skip(*line, word.len);
	while (line->len && is_blank(line->ptr[0]))
		*line = gp_span_skip(*line, 1);
	return word;
}

/* take_sender: a word; with quotes at its start it may have blanks inside; false: there is none. */
static bool take_sender(struct gp_span *line)
{
	const char *start = line->ptr;
	if (line->len && line->ptr[0] == '"') {
		struct gp_span inside, rest;
		if (!gp_span_cut(gp_span_skip(*line, 1), '"', &inside, &rest))
			return false;
		*line = rest;
	}
	struct gp_span word = take_word(line);
	size_t length = (size_t)(word.ptr - start) + word.len;
	return length && !memchr(start, ':', length);
}

/* is_one_of: is the word one of these, each of three letters? */
static bool is_one_of(struct gp_span word, const char *words)
{
	for (; word.len == 3 && *words; words += 3)
		if (memcmp(word.ptr, words, 3) == 0)
			return true;
	return false;
}

/* fits: has the text this shape: 9 for a digit, A for a capital letter, others for themselves? */
static bool fits(struct gp_span text, const char *shape)
{
	size_t i = 0;
	for (; i < text.len && shape[i]; i++) {
		char c = text.ptr[i];
		bool is_digit = c >= '0' && c <= '9', is_capital = c >= 'A' && c <= 'Z';
		if (shape[i] == '9' ? !is_digit : shape[i] == 'A' ? !is_capital : c != shape[i])
			return false;
	}
	return i == text.len && !shape[i];
}

/* fits_any: one of these shapes, ended by NULL? */
static bool fits_any(struct gp_span text, const char *const *shapes)
{
	for (size_t i = 0; shapes[i]; i++)
		if (fits(text, shapes[i]))
			return true;
	return false;
}

#define MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"

/* take_part: one word of a date; what of it is known now; false: it is none. */
static bool take_part(struct gp_span word, bool *month, bool *time)
{
	static const char *const times[] = {"99:99", "99:99:99", "9:99", "9:99:99", NULL};
	static const char *const stamps[] = {"9999-99-99T99:99:99", "9999-99-99T99:99:99Z",
		"9999-99-99T99:99:99+99:99", "9999-99-99T99:99:99-99:99", NULL};
	static const char *const others[] = {"9", "99", "9999", "+9999", "-9999", "+99:99",
		"-99:99", "A", "AA", "AAA", "AAAA", "AAAAA", "(AAA)", "(AAAA)", "(AAAAA)", NULL};
	if (word.len > 1 && word.ptr[word.len - 1] == ',')
		word.len--;
	bool is_stamp = fits_any(word, stamps);
	bool is_month = is_one_of(word, MONTHS) || fits(word, "9999-99-99");
	bool is_time = fits_any(word, times);
	*month = *month || is_stamp || is_month;
	*time = *time || is_stamp || is_time;
	return is_stamp || is_month || is_time || is_one_of(word, "MonTueWedThuFriSatSun") ||
	       fits_any(word, others);
}

/* gp_mboxline_is: from left to right. */
bool gp_mboxline_is(struct gp_span line)
{
	bool month = false, time = false;
	if (line.len < 5 || memcmp(line.ptr, "From ", 5) != 0)
		return false;
	(void)take_word(&line);
	if (!take_sender(&line))
		return false;
	while (line.len) {
		struct gp_span word = take_word(&line);
		if (gp_span_is(word, "remote") && gp_span_has_prefix(line, "from ")) {
			(void)take_word(&line);
			(void)take_word(&line);
			return line.len == 0 && month && time;
		}
		if (!take_part(word, &month, &time))
			return false;
	}
	return month && time;
}
