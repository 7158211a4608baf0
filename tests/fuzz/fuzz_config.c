/* SPDX-License-Identifier: ISC */
/*
 * A configuration file: errors with text or a snapshot; what was accepted can be written down, and
 * what was written down is accepted and means the same.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz/target.h"

#define DUMP_MAX (8u << 20)

const char *const fuzz_reached_seed = "every-section";

static int reached;

/* fuzz_reached: was the last input a file without errors that says something? */
int fuzz_reached(void)
{
	return reached;
}

/* check_errors: counted, and told in whole lines. */
static void check_errors(const struct gp_config_errors *errors, int rc)
{
	if ((rc == GP_OK) != (errors->count == 0) || !errors->text)
		abort();
	if (rc != GP_OK && rc != GP_ESYNTAX)
		abort();
	size_t len = strlen(errors->text);
	if (len ? errors->text[len - 1] != '\n' : errors->count != 0)
		abort();
}

/* spells_slash: does an escape begin here that stands for a slash? */
static bool spells_slash(const char *at, size_t left)
{
	static const char *const codes[] = {"\\x2", "\\57", "\\05"};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (left >= 3 && memcmp(at, codes[i], 3) == 0)
			return true;
	return false;
}

/*
 * harmless: a copy that includes nothing which may exist on a machine. Where the text can say
 * include, be it by escapes, the parts of paths begin with a sign that no file begins with.
 */
static struct gp_span harmless(const uint8_t *data, size_t size)
{
	char *copy = calloc(1, size + 1);
	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	bool may_include = memchr(copy, '\\', size) || memmem(copy, size, "include", 7);
	for (size_t i = 0; may_include && i < size; i++)
		if (spells_slash(copy + i, size - i) ||
			(i > 0 && copy[i - 1] == '/' && copy[i] != '/' &&
				!(copy[i] >= '0' && copy[i] <= '9')))
			copy[i] = '%';
	return (struct gp_span) {copy, size};
}

/* load: a snapshot of the text, or NULL. */
static struct gp_config *load(struct gp_span text)
{
	struct gp_config *config = NULL;
	struct gp_config_errors errors = {0};
	int rc = gp_config_parse(text, "fuzz.conf", &config, &errors);
	check_errors(&errors, rc);
	gp_config_errors_fini(&errors);
	return rc == GP_OK ? config : NULL;
}

/* dump: a snapshot as text. */
static struct gp_span dump(const struct gp_config *config, struct gp_arena *arena)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, DUMP_MAX);
	if (gp_config_dump(config, &buf) != GP_OK)
		abort();
	return gp_strbuf_span(&buf);
}

/* is_written_down: whether what was accepted is written down and read again, which costs as much as
 * two inputs: the first ones, so every seed and an input that is run alone, then one in eight. */
static bool is_written_down(void)
{
	static unsigned count;
	count++;
	return count <= 256 || count % 8 == 0;
}

/* LLVMFuzzerTestOneInput: text, snapshot, text, snapshot, text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span text = harmless(data, size);
	struct gp_config *config = load(text);
	free((void *)(uintptr_t)text.ptr);
	reached = config && config->policyd.listen.count == 2 && config->spf.must_pass.count == 2 &&
		  config->limits.limit_count == 4 && config->limits.override_count == 4;
	if (!config || !is_written_down()) {
		gp_config_free(config);
		return 0;
	}
	struct gp_arena *arena = gp_arena_new((size_t)DUMP_MAX * 8);
	struct gp_span first = dump(config, arena);
	struct gp_config *again = load(first);
	if (!again || !gp_span_equal(first, dump(again, arena)))
		abort();
	gp_config_free(again);
	gp_config_free(config);
	gp_arena_free(arena);
	return 0;
}
