/* SPDX-License-Identifier: ISC */
/*
 * Shorten: names that are too long for a column, cut in the middle so that no two different ones
 * look alike.
 */
#ifndef GP_CLI_SHORTEN_H
#define GP_CLI_SHORTEN_H

#include <stddef.h>

#include "base/arena.h"

/*
 * Replaces each text by one of at most so many columns, at least 8: equal texts by equal ones,
 * different texts by different ones. First the middle is left out; where several are the same then,
 * another part, so that what differs is seen; where that does not help, they are numbered: "~2".
 * stride: the next text is so many places on. Texts are visible, new ones lie in the arena. Without
 * memory they are cut, and may be the same.
 */
void gp_cli_shorten(
	struct gp_arena *arena, const char **texts, size_t count, size_t stride, size_t columns);

#endif
