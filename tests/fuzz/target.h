/* SPDX-License-Identifier: ISC */
/*
 * What every fuzz target defines and uses, for libFuzzer and for replay.c, which runs the seeds as
 * tests.
 */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Feeds one input to the parser; ends the process when a promise is broken. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The name of a seed that must get through the parser, in tests/fuzz/seeds/<program>/. */
extern const char *const fuzz_reached_seed;

/* Did the last input get through the parser with success? */
int fuzz_reached(void);

/* fuzz_require: a promise of the parser; ends the process when it was not kept. */
static inline void fuzz_require(bool kept)
{
	if (!kept)
		abort();
}

#endif
