/* SPDX-License-Identifier: ISC */
/*
 * Drop-in files: found beside the main one, in order, with the last word; errors with their places.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_private.h"

/* The directory of a test. */
static char folder[64];

/* setup: with a directory of drop-in files. */
static int setup(void **state)
{
	char path[128];
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/gatepost-test-config.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/conf.d", folder);
	return mkdir(path, 0700);
}

/* teardown: nothing stays behind. */
static int teardown(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

/* put: a file below the directory. */
static void put(const char *name, const char *text)
{
	char path[192];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* load: the main file of the directory, which must be good. */
static struct gp_config *load(void)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	char path[128];
	snprintf(path, sizeof path, "%s/main.conf", folder);
	if (gp_config_load(path, &config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* expect_errors: of the main file of the directory; @ stands for the directory. */
static void expect_errors(const char *report)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	char path[128], wanted[4096], *at = wanted;
	snprintf(path, sizeof path, "%s/main.conf", folder);
	assert_int_equal(gp_config_load(path, &config, &errors), GP_ESYNTAX);
	for (; *report; report++) {
		if (*report == '@')
			at = stpcpy(at, folder);
		else
			*at++ = *report;
	}
	*at = 0;
	assert_string_equal(errors.text, wanted);
	gp_config_errors_fini(&errors);
}

/* test_order: the last file in the order of names counts, and what none sets stays. */
static void test_drop_in_order(void **state)
{
	(void)state;
	put("main.conf", "hostname = main\nspf { mode = label header = none }\n");
	put("conf.d/b.conf", "hostname = b\n");
	put("conf.d/a.conf", "hostname = a\nspf { mode = off }");
	put("conf.d/c.conf.dpkg-old", "hostname = old\n");
	put("conf.d/.c.conf", "hostname = hidden\n");
	struct gp_config *c = load();
	assert_string_equal(c->hostname, "b");
	assert_int_equal(c->spf.mode, GP_MODE_OFF);
	assert_int_equal(c->spf.header, GP_HEADER_NONE);
	/* main, two drop-in files, their directory */
	assert_int_equal(c->watched.count, 4);
	assert_true(gp_span_has_suffix(gp_span_from(c->watched.items[1]), "/conf.d/a.conf"));
	assert_true(gp_span_has_suffix(gp_span_from(c->watched.items[3]), "/conf.d/"));
	gp_config_free(c);
}

/* test_lists: = begins anew, += goes on, {} empties. */
static void test_drop_in_lists(void **state)
{
	(void)state;
	put("main.conf", "trusted_networks = {\"192.0.2.0/24\"}\nown_networks = {\"192.0.2.1\"}\n"
			 "spf { must_pass = {\"a.test\"} exempt_helo = {\"h.test\"} }\n");
	put("conf.d/a.conf", "trusted_networks += {\"198.51.100.0/24\", \"203.0.113.0/24\"}\n"
			     "own_networks = {\"192.0.2.2\", \"192.0.2.3\"}\n"
			     "spf { must_pass = {} }\n");
	struct gp_config *c = load();
	assert_int_equal(c->trusted_networks.count, 3);
	assert_int_equal(c->own_networks.count, 2);
	assert_int_equal(c->spf.must_pass.count, 0);
	assert_int_equal(c->spf.exempt_helo.count, 1);
	gp_config_free(c);
}

/*
 * test_beside: drop-in files stand beside included ones, are not read twice, and come after them.
 */
static void test_drop_in_beside_include(void **state)
{
	(void)state;
	char text[256];
	snprintf(text, sizeof text, "include = {\"%s/more\", \"%s/conf.d/a.conf\"}\n", folder,
		folder);
	put("main.conf", text);
	put("more", "spf { mode = label }\n");
	put("conf.d/a.conf", "hostname = a\n");
	put("conf.d/b.conf", "spf { mode = off }\nlimit x { key = user max = 5 per = 1h }\n");
	struct gp_config *c = load();
	assert_string_equal(c->hostname, "a");
	assert_int_equal(c->spf.mode, GP_MODE_OFF);
	assert_int_equal(c->limits.limit_count, 1);
	gp_config_free(c);
}

/* test_errors: what is wrong, where it stands; the same file must not say a thing twice. */
static void test_drop_in_errors(void **state)
{
	(void)state;
	char path[128], text[128];
	put("main.conf", "hostname = main\nlimit x { key = user max = 5 per = 1h }\n");
	put("conf.d/a.conf", "\nhostname = a\nhostname = b\n");
	expect_errors("@/conf.d/a.conf:3: hostname: repeated; it is set in line 2 already\n");
	put("conf.d/a.conf", "include = {\"/etc/passwd\"}\n");
	expect_errors("@/conf.d/a.conf:1: include: only the main file may include others\n");
	put("conf.d/a.conf", "\n\nwhatever = 1\n");
	expect_errors("@/conf.d/a.conf:3: unknown option whatever; gatepost check-config --example "
		      "lists all options\n");
	put("conf.d/a.conf", "spf {");
	expect_errors("@/conf.d/a.conf:1: spf: the section that begins here is not closed\n");
	put("conf.d/a.conf", "override { user = \"a\"  gone = 1 }\n");
	put("main.conf", "");
	expect_errors("@/main.conf: " GP_CONFIG_EMPTIED "\n"
		      "@/conf.d/a.conf:1: override.gone: there is no limit called gone\n");
	put("main.conf", "hostname = main\n");
	put("conf.d/a.conf", "# none\n");
	snprintf(path, sizeof path, "%s/conf.d/folder.conf", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(text, sizeof text, "%s cannot be read: Is a directory\n", "@/conf.d/folder.conf:");
	expect_errors(text);
}

/* test_none: a directory that is missing has no files; one that is a file is an error. */
static void test_drop_in_none(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof path, "%s/conf.d", folder);
	put("main.conf", "hostname = main\n");
	assert_int_equal(rmdir(path), 0);
	struct gp_config *c = load();
	assert_int_equal(c->watched.count, 2);
	gp_config_free(c);
	put("conf.d", "");
	expect_errors("@/conf.d/: cannot be read: Not a directory\n");
}

/* load_with: the main file and a drop-in file of these texts. */
static struct gp_config *load_with(const char *main_text, const char *more)
{
	put("main.conf", main_text);
	put("conf.d/a.conf", more);
	return load();
}

/* test_emptied: a file that has lost its text is told from one that never had any. */
static void test_drop_in_emptied(void **state)
{
	(void)state;
	static const struct {
		const char *main_before, *more_before, *main_after, *more_after, *emptied;
		size_t warnings;
	} rows[] = {
		{"hostname = a\n", "# none\n", "", "# none\n", "main.conf", 1},
		{"# none\n", "# none\n", " \t\r\n", "# none\n", "main.conf", 1},
		{"# none\n", "# none\n", "\xef\xbb\xbf", "# none\n", "main.conf", 1},
		{"hostname = a\n", "# none\n", "# none\n", "# none\n", NULL, 0},
		{"hostname = a\n", "# none\n", "hostname = a\n", "", "conf.d/a.conf", 1},
		{"hostname = a\n", "", "hostname = b\n", "", NULL, 1},
		{"", "", "", "\n", NULL, 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char path[192] = "";
		struct gp_config *before = load_with(rows[i].main_before, rows[i].more_before);
		struct gp_config *after = load_with(rows[i].main_after, rows[i].more_after);
		if (rows[i].emptied) {
			snprintf(path, sizeof path, "%s/%s", folder, rows[i].emptied);
			assert_string_equal(gp_config_emptied(after, before), path);
		} else {
			assert_null(gp_config_emptied(after, before));
		}
		assert_int_equal(after->warnings.count, rows[i].warnings);
		/* at a start there is none before */
		assert_int_equal(gp_config_emptied(after, NULL) != NULL,
			*rows[i].main_after != 'h' && *rows[i].main_after != '#');
		gp_config_free(before);
		gp_config_free(after);
	}
}

/* main: all of them. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drop_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_in_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_in_beside_include, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_in_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_in_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_in_emptied, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
