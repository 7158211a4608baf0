/* SPDX-License-Identifier: ISC */
/*
 * Generated configuration files: from the rows of options, in every spelling that the language has,
 * every other one with one to three bytes changed. The same seed makes the same file.
 */
#ifndef GP_TESTS_SUPPORT_CONFIG_FILES_H
#define GP_TESTS_SUPPORT_CONFIG_FILES_H

#include "base/arena.h"
#include "base/span.h"

/* The text lives in the arena, and is at most 64 KiB. */
struct gp_span config_file_make(struct gp_arena *arena, uint64_t seed);

#endif
