/* SPDX-License-Identifier: ISC */
/* What an embedded store has open, told from what has its name now. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/lmdb/lmdb_files.h"

static char folder[64];
static int fds[GP_STORE_LMDB_FILES];

/* make: the file of that number, open; in place of one that may be there. */
static int make(unsigned number)
{
	char path[128], fresh[140];
	snprintf(path, sizeof path, "%s/%s", folder, gp_store_lmdb_files_names[number]);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(rename(fresh, path), 0);
	return fd;
}

/* set_up: a directory with all files, open. */
static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/gatepost-files.XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (unsigned i = 0; i < GP_STORE_LMDB_FILES; i++)
		fds[i] = make(i);
	return 0;
}

/* tear_down: all of it. */
static int tear_down(void **state)
{
	char path[128];
	(void)state;
	for (unsigned i = 0; i < GP_STORE_LMDB_FILES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, gp_store_lmdb_files_names[i]);
		(void)unlink(path);
		close(fds[i]);
	}
	return rmdir(folder);
}

/* what_is_open_is_remembered: not what took its name between the opening and the remembering. */
static void what_is_open_is_remembered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GP_STORE_LMDB_FILES; i++) {
		struct gp_store_lmdb_files files;
		const char *name = NULL;
		gp_store_lmdb_files_remember(&files, folder, fds);
		assert_int_equal(gp_store_lmdb_files_changed(&files, folder, &name),
			GP_STORE_LMDB_FILES_SAME);
		int other = make(i);
		gp_store_lmdb_files_remember(&files, folder, fds);
		assert_int_equal(gp_store_lmdb_files_changed(&files, folder, &name),
			GP_STORE_LMDB_FILES_REPLACED);
		assert_string_equal(name, gp_store_lmdb_files_names[i]);
		close(fds[i]);
		fds[i] = other;
	}
}

/* without_a_descriptor_the_name_tells: for locks of which LMDB keeps its own. */
static void without_a_descriptor_the_name_tells(void **state)
{
	static const int none[GP_STORE_LMDB_FILES] = {-1, -1, -1, -1, -1};
	struct gp_store_lmdb_files files;
	const char *name = NULL;
	char path[128];
	(void)state;
	gp_store_lmdb_files_remember(&files, folder, none);
	assert_int_equal(
		gp_store_lmdb_files_changed(&files, folder, &name), GP_STORE_LMDB_FILES_SAME);
	snprintf(path, sizeof path, "%s/%s", folder, gp_store_lmdb_files_names[2]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
		gp_store_lmdb_files_changed(&files, folder, &name), GP_STORE_LMDB_FILES_DELETED);
	assert_string_equal(name, gp_store_lmdb_files_names[2]);
	assert_int_equal(errno, ENOENT);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_open_is_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_a_descriptor_the_name_tells, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
