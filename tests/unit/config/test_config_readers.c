/* SPDX-License-Identifier: ISC */
/*
 * Two readers of one language: over the examples, the seeds of the fuzz target and generated files,
 * some of them slightly broken, both accept the same files, and what they make of them is the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_load_private.h"
#include "support/config_files.h"

#define FILES 10000
#define TEXT_MAX (8u << 20)

typedef int reader(const char *, struct gp_config **, struct gp_config_errors *);

static size_t both, neither, only_new;

/* add_snapshot: all that was read: values, places, warnings, what is watched. */
static void add_snapshot(struct gp_strbuf *buf, const struct gp_config *c)
{
	assert_int_equal(gp_config_dump(c, buf), GP_OK);
	for (size_t i = 0; i < c->warnings.count; i++)
		gp_strbuf_printf(buf, "%s\n", c->warnings.items[i]);
	for (size_t i = 0; i < c->watched.count; i++)
		gp_strbuf_printf(buf, "%s\n", c->watched.items[i]);
	for (size_t i = 0; i < c->empty.count; i++)
		gp_strbuf_printf(buf, "empty %s\n", c->empty.items[i]);
	for (size_t i = 0; i < c->limits.limit_count; i++)
		gp_strbuf_printf(buf, "%s:%d %u\n", c->limits.limits[i].file,
			c->limits.limits[i].line, (unsigned)c->limits.limits[i].id);
	for (size_t i = 0; i < c->limits.override_count; i++)
		gp_strbuf_printf(buf, "%s:%d %d\n", c->limits.overrides[i].file,
			c->limits.overrides[i].line, c->limits.overrides[i].prefix.length);
}

/* compare: of one file; text is for the report. */
static void compare(const char *path, struct gp_span text)
{
	struct gp_config_errors old_errors = {0}, new_errors = {0};
	struct gp_config *old_config = NULL, *new_config = NULL;
	int old_rc = gp_config_load(path, &old_config, &old_errors);
	int new_rc = gp_config_new_load(path, &new_config, &new_errors);
	if (old_rc == GP_OK && new_rc != GP_OK)
		fail_msg("refused: %.*s\n%s", (int)text.len, text.ptr, new_errors.text);
	if (new_rc != GP_OK && new_errors.count == 0)
		fail_msg("without a reason: %.*s", (int)text.len, text.ptr);
	if (old_rc != GP_OK && new_rc == GP_OK) {
		only_new++;
		print_message("accepted: %.*s\n%s", (int)text.len, text.ptr, old_errors.text);
	}
	both += old_rc == GP_OK && new_rc == GP_OK;
	neither += old_rc != GP_OK && new_rc != GP_OK;
	if (old_rc == GP_OK && new_rc == GP_OK) {
		struct gp_arena *arena = gp_arena_new((size_t)8 * TEXT_MAX);
		struct gp_strbuf a, b;
		gp_strbuf_init(&a, arena, TEXT_MAX);
		gp_strbuf_init(&b, arena, TEXT_MAX);
		add_snapshot(&a, old_config);
		add_snapshot(&b, new_config);
		struct gp_span x = gp_strbuf_span(&a), y = gp_strbuf_span(&b), p, q;
		while (gp_span_cut(x, '\n', &p, &x) && gp_span_cut(y, '\n', &q, &y))
			if (!gp_span_equal(p, q))
				fail_msg("another meaning: %.*s\nold: %.*s\nnew: %.*s",
					(int)text.len, text.ptr, (int)p.len, p.ptr, (int)q.len,
					q.ptr);
		assert_int_equal(x.len, y.len);
		gp_arena_free(arena);
	}
	gp_config_errors_fini(&old_errors);
	gp_config_errors_fini(&new_errors);
	gp_config_free(old_config);
	gp_config_free(new_config);
}

/* folder: every file in it. */
static void folder(const char *name)
{
	DIR *dir = opendir(name);
	struct dirent *entry;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[600];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			compare(path, gp_span_from(path));
	}
	closedir(dir);
}

/* test_readers_files: those of the tree. */
static void test_readers_files(void **state)
{
	(void)state;
	folder("conf-examples");
	folder("tests/fuzz/seeds/fuzz_config");
}

/* put: a file. */
static void put(const char *path, struct gp_span text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
}

/* test_readers_generated: every fourth has drop-in files. */
static void test_readers_generated(void **state)
{
	char name[] = "/tmp/gatepost-test-readers.XXXXXX", path[128], a[128], b[128], conf_d[64];
	struct gp_arena *arena = gp_arena_new(1 << 22);
	const char *files = getenv("FILES");
	uint64_t seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : 1;
	size_t count = files ? (size_t)atol(files) : FILES;
	(void)state;
	assert_non_null(mkdtemp(name));
	snprintf(path, sizeof path, "%s/main.conf", name);
	snprintf(conf_d, sizeof conf_d, "%s/conf.d", name);
	snprintf(a, sizeof a, "%s/a.conf", conf_d);
	snprintf(b, sizeof b, "%s/b.conf", conf_d);
	both = neither = only_new = 0;
	for (size_t i = 0; i < count; i++) {
		gp_arena_reset(arena);
		struct gp_span text = config_file_make(arena, seed * 1000003 + i);
		put(path, text);
		if (i % 4 == 0) {
			assert_int_equal(mkdir(conf_d, 0700), 0);
			put(a, config_file_make(arena, ~(seed * 1000003 + i)));
			put(b, config_file_make(arena, ~(seed * 1000003 + i) / 2));
		}
		compare(path, text);
		unlink(a);
		unlink(b);
		rmdir(conf_d);
	}
	print_message("generated %zu: %zu accepted by both with equal snapshots, %zu refused by "
		      "both, %zu accepted by the new one only\n",
		count, both, neither, only_new);
	unlink(path);
	rmdir(name);
	gp_arena_free(arena);
	assert_true(both > count / 4);
	assert_true(neither > count / 8);
}

/* main: all of them. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_files),
		cmocka_unit_test(test_readers_generated),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
