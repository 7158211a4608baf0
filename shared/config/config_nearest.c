/* SPDX-License-Identifier: ISC */
/* Three rows of the table of distances are enough: the one that is made, and two before it. */
#include "config/config_nearest.h"

#include <string.h>

#define WORD_MAX 40 /* bytes of a word; a longer one is none of ours */

/* least: of three. */
static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* same: letters, whatever their case. */
static bool same(char a, char b)
{
	return gp_span_lower(a) == gp_span_lower(b);
}

/* distance: neither is longer than WORD_MAX. */
static size_t distance(struct gp_span a, struct gp_span b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t k = 0; k <= b.len; k++)
		last[k] = before[k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		now[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			bool is_same = same(a.ptr[i - 1], b.ptr[k - 1]);
			now[k] = least(last[k] + 1, now[k - 1] + 1, last[k - 1] + !is_same);
			if (i > 1 && k > 1 && same(a.ptr[i - 1], b.ptr[k - 2]) &&
				same(a.ptr[i - 2], b.ptr[k - 1]))
				now[k] = least(now[k], before[k - 2] + 1, now[k]);
		}
		size_t *free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[b.len];
}

/* gp_config_nearest_try: the shorter the word, the fewer letters may be wrong. */
void gp_config_nearest_try(struct gp_config_nearest *nearest, const char *candidate)
{
	struct gp_span word = nearest->word, other = gp_span_from(candidate);
	if (word.len == 0 || word.len > WORD_MAX || other.len > WORD_MAX)
		return;
	size_t n = distance(word, other);
	if (n > (word.len + 2) / 3 || n >= other.len || (nearest->best && n >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = n;
}
