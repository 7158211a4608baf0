/* SPDX-License-Identifier: ISC */
/* An embedded store looked at from outside: what is one of its files, and whose its place is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/store/store_directory.h"

static char directory[64], path[96], other[96];

/* set_up: an empty directory. */
static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/gatepost-test.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/counters", directory);
	snprintf(other, sizeof other, "%s/other", directory);
	return 0;
}

/* tear_down: nothing is left. */
static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	return rmdir(directory);
}

/* put: a file of these bytes at offsets of pages. */
static void put(size_t size, const uint32_t *mark, off_t at)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	if (mark)
		assert_int_equal(pwrite(fd, mark, 8, at + 16), 8);
	close(fd);
}

/* both_pages_of_the_beginning_count: a file with one of them is damaged, an empty one is not. */
static void both_pages_of_the_beginning_count(void **state)
{
	const uint32_t mark[2] = {0xBEEFC0DE, 1}, old[2] = {0xBEEFC0DE, 999};
	const long page = sysconf(_SC_PAGESIZE);
	const size_t size = (size_t)page * 2;
	(void)state;
	if (sizeof(void *) != 8)
		skip();
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_UNREADABLE);
	put(0, NULL, 0);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_WHOLE);
	put(size, NULL, 0);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_DAMAGED);
	put(size, mark, 0);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_DAMAGED);
	put(size, mark, page);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_WHOLE);
	put(size, old, page);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_DAMAGED);
	put(20, NULL, 0);
	assert_int_equal(gp_cli_store_look(path), GP_CLI_STORE_DAMAGED);
}

/* only_a_plain_file_is_looked_into: no link is followed, no pipe waited for, no directory read. */
static void only_a_plain_file_is_looked_into(void **state)
{
	(void)state;
	put(0, NULL, 0);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(gp_cli_store_look(other), GP_CLI_STORE_UNREADABLE);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(gp_cli_store_look(other), GP_CLI_STORE_UNREADABLE);
	assert_int_equal(gp_cli_store_look(directory), GP_CLI_STORE_UNREADABLE);
}

/* a_place_is_its_owners_and_never_roots: by the directory it stands in. */
static void a_place_is_its_owners_and_never_roots(void **state)
{
	struct stat st;
	(void)state;
	if (geteuid() == 0)
		assert_int_equal(chown(directory, 54321u, 0), 0);
	assert_int_equal(stat(directory, &st), 0);
	assert_true(gp_cli_store_is_own_place(path, st.st_uid));
	assert_false(gp_cli_store_is_own_place(path, st.st_uid + 1));
	assert_false(gp_cli_store_is_own_place("/tmp", 0));
	assert_false(gp_cli_store_is_own_place("counters", st.st_uid));
	assert_false(gp_cli_store_is_own_place(other, 0));
}

/* a_disk_has_room_or_says_why_not: of a directory that is there. */
static void a_disk_has_room_or_says_why_not(void **state)
{
	struct gp_cli_store_disk disk;
	(void)state;
	assert_true(gp_cli_store_disk(directory, &disk));
	assert_true(disk.left >= 0);
	assert_false(gp_cli_store_disk(path, &disk));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			both_pages_of_the_beginning_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			only_a_plain_file_is_looked_into, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_place_is_its_owners_and_never_roots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_disk_has_room_or_says_why_not, set_up, tear_down),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
