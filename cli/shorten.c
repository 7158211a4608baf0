/* SPDX-License-Identifier: ISC */
/*
 * Different texts are sorted by what is shown of them, so that those that look alike stand
 * together. A group of them is cut elsewhere, and the whole is looked at again: another group may
 * have come to look the same.
 */
#include "cli/shorten.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"

#define GROUP_MAX 200 /* larger ones are numbered at once */
#define ROUNDS 4      /* of looking; then all that still look alike are numbered */
#define EDGE 2        /* columns at both ends, where the middle is shown */
#define DOTS 3
#define LEAST 5 /* columns that a cut name has */

struct name {
	const char *full, *shown;
};

/* What is worked on. */
struct names {
	struct gp_arena *arena;
	struct name *items;
	size_t count, columns;
	size_t number; /* the last one given */
};

/* by_full: order of texts. */
static int by_full(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->full, ((const struct name *)b)->full);
}

/* by_shown: order of what is shown, then of texts. */
static int by_shown(const void *a, const void *b)
{
	int order = strcmp(((const struct name *)a)->shown, ((const struct name *)b)->shown);
	return order ? order : by_full(a, b);
}

/* ---- one group of names that look alike ---- */

/* are_apart: does each of them look different? Sorts them. */
static bool are_apart(struct name *group, size_t count)
{
	qsort(group, count, sizeof *group, by_shown);
	for (size_t i = 1; i < count; i++)
		if (strcmp(group[i].shown, group[i - 1].shown) == 0)
			return false;
	return true;
}

/* cut_elsewhere: with more of the beginning, or more of the end. */
static bool cut_elsewhere(const struct names *n, struct name *group, size_t count)
{
	size_t room = n->columns - DOTS;
	for (size_t step = 1; step < room; step++) {
		/* near the middle first: both ends say something */
		size_t away = (step + 1) / 2, middle = (room + 1) / 2;
		size_t head = step % 2 ? middle + away : middle - away;
		if (head < 1 || head >= room)
			continue;
		for (size_t i = 0; i < count; i++)
			group[i].shown = gp_cli_cut_at(n->arena, group[i].full, n->columns, head);
		if (are_apart(group, count))
			return true;
	}
	return false;
}

/* common: bytes that all of them begin with; not within a character. */
static size_t common(const struct name *group, size_t count)
{
	size_t len = strlen(group[0].full);
	for (size_t i = 1; i < count; i++) {
		size_t k = 0;
		while (k < len && group[i].full[k] == group[0].full[k])
			k++;
		len = k;
	}
	while (len > 0 && ((unsigned char)group[0].full[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* show_middle: the ends, and what stands where they begin to differ. */
static bool show_middle(const struct names *n, struct name *group, size_t count)
{
	size_t begin = common(group, count), room = n->columns - 2 * DOTS - 2 * EDGE;
	if (n->columns < 2 * DOTS + 2 * EDGE + 2)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *full = group[i].full;
		const char *ends = gp_cli_cut_at(n->arena, full, 2 * EDGE + DOTS, EDGE);
		const char *dots = strstr(ends, "...");
		const char *middle = gp_cli_first(n->arena, full + begin, room);
		if (!dots)
			return false;
		group[i].shown = gp_arena_printf(
			n->arena, "%.*s...%s%s", (int)(dots - ends), ends, middle, dots);
		if (!group[i].shown)
			return false;
	}
	return are_apart(group, count);
}

/* number: each gets one of its own. */
static void number(struct names *n, struct name *group, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char mark[24];
		int len = snprintf(mark, sizeof mark, "~%zu", ++n->number);
		size_t room = n->columns > (size_t)len ? n->columns - (size_t)len : 0;
		const char *cut = room < LEAST ? gp_cli_first(n->arena, group[i].full, room)
					       : gp_cli_cut(n->arena, group[i].full, room);
		const char *shown = gp_arena_printf(n->arena, "%s%s", cut, mark);
		group[i].shown = shown ? shown : cut;
	}
}

/* ---- all of them ---- */

/* settle: every group of names that look alike; false: there was none. */
static bool settle(struct names *n, bool is_last)
{
	bool found = false;
	qsort(n->items, n->count, sizeof *n->items, by_shown);
	for (size_t i = 0, end; i < n->count; i = end) {
		for (end = i + 1;
			end < n->count && strcmp(n->items[end].shown, n->items[i].shown) == 0;)
			end++;
		size_t count = end - i;
		if (count == 1)
			continue;
		found = true;
		if (is_last || count > GROUP_MAX ||
			(!cut_elsewhere(n, n->items + i, count) &&
				!show_middle(n, n->items + i, count)))
			number(n, n->items + i, count);
	}
	return found;
}

/* replace: by what is shown of each. */
static void replace(struct names *n, const char **texts, size_t count, size_t stride)
{
	qsort(n->items, n->count, sizeof *n->items, by_full);
	for (size_t i = 0; i < count; i++) {
		const struct name wanted = {texts[i * stride], NULL};
		const struct name *found =
			bsearch(&wanted, n->items, n->count, sizeof *n->items, by_full);
		texts[i * stride] = found ? found->shown : wanted.full;
	}
}

/* gp_cli_shorten: each text once. */
void gp_cli_shorten(
	struct gp_arena *arena, const char **texts, size_t count, size_t stride, size_t columns)
{
	struct names n = {.arena = arena, .columns = columns};
	n.items = gp_arena_array(arena, count ? count : 1, sizeof *n.items);
	for (size_t i = 0; n.items && i < count; i++)
		n.items[i] = (struct name) {.full = texts[i * stride]};
	if (!n.items)
		return;
	qsort(n.items, count, sizeof *n.items, by_full);
	for (size_t i = 0; i < count; i++) {
		if (n.count && strcmp(n.items[n.count - 1].full, n.items[i].full) == 0)
			continue;
		n.items[n.count] = n.items[i];
		n.items[n.count].shown = gp_cli_cut(arena, n.items[i].full, columns);
		n.count++;
	}
	for (unsigned round = 0; settle(&n, round >= ROUNDS) && round < 2 * ROUNDS; round++)
		;
	replace(&n, texts, count, stride);
}
