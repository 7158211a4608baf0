/* SPDX-License-Identifier: ISC */
/*
 * Nearest: the known word that is most similar to a misspelt one.
 *
 *     struct gp_config_nearest n = {.word = written};
 *     gp_config_nearest_try(&n, "mode"); ...          (each that it may be)
 *     if (n.best) "did you mean " n.best
 *
 * Counts letters that are missing, too many, wrong or in each other's place (the optimal string
 * alignment distance), whatever their case; one in three may be wrong. Of several the first counts.
 */
#ifndef GP_CONFIG_CONFIG_NEAREST_H
#define GP_CONFIG_CONFIG_NEAREST_H

#include "base/span.h"

struct gp_config_nearest {
	struct gp_span word;
	const char *best; /* NULL: none is near */
	size_t distance;
};

/* Is the candidate nearer than those before? It is borrowed. */
void gp_config_nearest_try(struct gp_config_nearest *nearest, const char *candidate);

#endif
