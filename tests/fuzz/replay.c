/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target over its seeds, one TAP line each, and checks that one of them gets through
 * the parser: a target that no seed reaches would test nothing. The directory is the first
 * argument, or tests/fuzz/seeds/<name of the program>.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

#define SEED_MAX (1 << 20)

/* read_seed: a file as a block of exactly its size, so that a sanitizer sees its end. */
static uint8_t *read_seed(const char *path, size_t *size_out)
{
	uint8_t *data = malloc(SEED_MAX);
	FILE *file = fopen(path, "rb");
	if (!data || !file) {
		free(data);
		if (file)
			fclose(file);
		return NULL;
	}
	*size_out = fread(data, 1, SEED_MAX, file);
	fclose(file);
	uint8_t *exact = realloc(data, *size_out + (*size_out == 0));
	return exact ? exact : data;
}

/* replay: one seed; false when it cannot be read. */
static int replay(const char *folder, const char *name)
{
	char path[4096];
	size_t size = 0;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	uint8_t *data = read_seed(path, &size);
	if (!data)
		return 0;
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

/* is_seed: every file whose name does not begin with a dot. */
static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* report: one TAP line; returns whether it says ok. */
static int report(int ok, int number, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", number, what);
	fflush(stdout);
	return ok;
}

/* main: all seeds by name, then the proof. */
int main(int argc, char **argv)
{
	char folder[2048];
	struct dirent **seeds;
	const char *program = strrchr(argv[0], '/');
	program = program ? program + 1 : argv[0];
	snprintf(folder, sizeof folder, "tests/fuzz/seeds/%s", program);
	if (argc > 1)
		snprintf(folder, sizeof folder, "%s", argv[1]);
	int count = scandir(folder, &seeds, is_seed, alphasort), failed = 0;
	if (count < 0) {
		printf("Bail out! %s: %s\n", folder, strerror(errno));
		return 1;
	}
	printf("1..%d\n", count + 1);
	for (int i = 0; i < count; i++) {
		failed += !report(replay(folder, seeds[i]->d_name), i + 1, seeds[i]->d_name);
		free(seeds[i]);
	}
	free(seeds);
	int reached = replay(folder, fuzz_reached_seed) && fuzz_reached();
	failed += !report(reached, count + 1, "a seed gets through the parser");
	return failed ? 1 : 0;
}
