/* SPDX-License-Identifier: ISC */
/* Whatever way a file of the configuration changes, it is noticed; what has not changed is not. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/runtime_config.h"

static const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};

static char folder[] = "/tmp/gatepost-runtime.XXXXXX";

/* path_of: a file of the directory; one text at a time for each name. */
static const char *path_of(const char *name)
{
	static char texts[4][128];
	static unsigned next;
	char *text = texts[next++ % 4];
	snprintf(text, sizeof texts[0], "%s/%s", folder, name);
	return text;
}

/* write_file: into the file that is there, or a new one. */
static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* age: its times are of long ago. */
static void age(const char *name)
{
	assert_int_equal(utimensat(AT_FDCWD, path_of(name), long_ago, 0), 0);
}

/* await_tick: until files get another time than those there are. */
static void await_tick(void)
{
	struct timespec began, now;
	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &began), 0);
	do
		assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
	while (now.tv_sec == began.tv_sec && now.tv_nsec == began.tv_nsec);
}

/* load: the main file, and what it includes. */
static struct gp_runtime_config load(void)
{
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded;
	if (gp_runtime_config_load(path_of("gatepost.conf"), &loaded, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return loaded;
}

/* make: a main file that includes another, and an empty directory for drop-in files. */
static int make(void **state)
{
	char text[256];
	(void)state;
	strcpy(folder, "/tmp/gatepost-runtime.XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(mkdir(path_of("conf.d"), 0700), 0);
	snprintf(text, sizeof text, "hostname = one.test\ninclude = {\"%s\"}\n", path_of("more"));
	write_file("gatepost.conf", text);
	write_file("more", "spf { mode = off }\n");
	await_tick();
	return 0;
}

/* clear: what a case may have left. */
static int clear(void **state)
{
	static const char *const names[] = {
		"conf.d/10.conf", "conf.d/new", "new", "more", "gatepost.conf"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(path_of(names[i]));
	return rmdir(path_of("conf.d")) || rmdir(folder);
}

/* ---- ways to change a file ---- */

/* older_moved: mv of a file that is older than the one it replaces. */
static void older_moved(void)
{
	write_file("new", "hostname = two.test\n");
	age("new");
	assert_int_equal(rename(path_of("new"), path_of("gatepost.conf")), 0);
}

/* copied_with_times: cp -p of an older one over it. */
static void copied_with_times(void)
{
	write_file("gatepost.conf", "hostname = two.test\n");
	age("gatepost.conf");
}

/* twice_in_a_second: as long as before, and as old. */
static void twice_in_a_second(void)
{
	struct stat st;
	assert_int_equal(stat(path_of("more"), &st), 0);
	write_file("more", "spf { mode = off }\n");
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path_of("more"), times, 0), 0);
}

/* older_drop_in: an older file is moved among the drop-in files. */
static void older_drop_in(void)
{
	write_file("new", "hostname = two.test\n");
	age("new");
	assert_int_equal(rename(path_of("new"), path_of("conf.d/10.conf")), 0);
}

/* included_moved: the same for one that is included. */
static void included_moved(void)
{
	write_file("new", "spf { mode = label }\n");
	age("new");
	assert_int_equal(rename(path_of("new"), path_of("more")), 0);
}

/* each_way_is_noticed: and reading it again is the end of it. */
static void each_way_is_noticed(void **state)
{
	static const struct {
		const char *name;
		void (*change)(void);
	} ways[] = {{"an older file moved there", older_moved},
		{"an older file copied with its times", copied_with_times},
		{"a second change in one second", twice_in_a_second},
		{"an older drop-in file", older_drop_in},
		{"an older file that is included", included_moved}};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct gp_runtime_config before = load();
		if (gp_runtime_config_has_changed(&before, true))
			fail_msg("%s: changed before", ways[i].name);
		await_tick();
		ways[i].change();
		if (!gp_runtime_config_has_changed(&before, false))
			fail_msg("%s is not noticed", ways[i].name);
		gp_runtime_config_fini(&before);
		await_tick();
		struct gp_runtime_config after = load();
		if (gp_runtime_config_has_changed(&after, true))
			fail_msg("%s: changed again", ways[i].name);
		gp_runtime_config_fini(&after);
		assert_int_equal(clear(state), 0);
		assert_int_equal(make(state), 0);
	}
}

/* what_is_read_has_not_changed: however often. */
static void what_is_read_has_not_changed(void **state)
{
	char text[64];
	struct gp_runtime_config loaded = load();
	(void)state;
	FILE *f = fopen(path_of("gatepost.conf"), "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	assert_int_equal(fclose(f), 0);
	assert_false(gp_runtime_config_has_changed(&loaded, true));
	gp_runtime_config_fini(&loaded);
}

/* what_is_gone: has changed for who sees all files, and not for who may see none. */
static void what_is_gone(void **state)
{
	struct gp_runtime_config loaded = load();
	(void)state;
	assert_int_equal(unlink(path_of("gatepost.conf")), 0);
	assert_true(gp_runtime_config_has_changed(&loaded, true));
	assert_false(gp_runtime_config_has_changed(&loaded, false));
	gp_runtime_config_fini(&loaded);
}

/* stamped_anew: what the files are now is what holds from now on. */
static void stamped_anew(void **state)
{
	struct gp_runtime_config loaded = load();
	(void)state;
	older_moved();
	assert_true(gp_runtime_config_has_changed(&loaded, true));
	assert_int_equal(gp_runtime_config_stamp(&loaded), GP_OK);
	assert_false(gp_runtime_config_has_changed(&loaded, true));
	gp_runtime_config_fini(&loaded);
}

/* bad_files_load_nothing: and the error names the file. */
static void bad_files_load_nothing(void **state)
{
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded = {NULL, NULL};
	(void)state;
	write_file("more", "spf { mode = perhaps }\n");
	assert_int_equal(
		gp_runtime_config_load(path_of("gatepost.conf"), &loaded, &errors), GP_ESYNTAX);
	assert_null(loaded.config);
	assert_non_null(strstr(errors.text, "more:1"));
	gp_config_errors_fini(&errors);
}

/* ---- while it is read ---- */

#define WRITES 300

static atomic_bool is_written;

/* writer: one file after the other in its place, each of the same length. */
static void *writer(void *arg)
{
	const char *const *paths = arg;
	for (unsigned i = 0; i < WRITES; i++) {
		FILE *f = fopen(paths[0], "w");
		bool is_done = f && fprintf(f, "hostname = n%04u.test\n", i) > 0;
		if (f && fclose(f))
			is_done = false;
		if (!is_done || rename(paths[0], paths[1]))
			break;
	}
	atomic_store(&is_written, true);
	return NULL;
}

/* a_change_while_it_is_read: what looks unchanged is what the file says in the end. */
static void a_change_while_it_is_read(void **state)
{
	static struct gp_runtime_config loaded[4 * WRITES];
	const char *const paths[] = {strdup(path_of("new")), strdup(path_of("gatepost.conf"))};
	pthread_t thread;
	char last[32];
	size_t n = 0;
	(void)state;
	atomic_store(&is_written, false);
	assert_int_equal(pthread_create(&thread, NULL, writer, (void *)(uintptr_t)paths), 0);
	while (n < 4 * WRITES && (!atomic_load(&is_written) || n == 0))
		loaded[n++] = load();
	assert_int_equal(pthread_join(thread, NULL), 0);
	snprintf(last, sizeof last, "n%04u.test", WRITES - 1);
	for (size_t i = 0; i < n; i++) {
		if (!gp_runtime_config_has_changed(&loaded[i], true))
			assert_string_equal(loaded[i].config->hostname, last);
		gp_runtime_config_fini(&loaded[i]);
	}
	free((char *)(uintptr_t)paths[0]);
	free((char *)(uintptr_t)paths[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_way_is_noticed, make, clear),
		cmocka_unit_test_setup_teardown(what_is_read_has_not_changed, make, clear),
		cmocka_unit_test_setup_teardown(what_is_gone, make, clear),
		cmocka_unit_test_setup_teardown(stamped_anew, make, clear),
		cmocka_unit_test_setup_teardown(bad_files_load_nothing, make, clear),
		cmocka_unit_test_setup_teardown(a_change_while_it_is_read, make, clear)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
