/* SPDX-License-Identifier: ISC */
/* What a user may do with a path, by the bits of each directory on the way; what stands in the
 * way. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "cli/access.h"

#define STRANGER 54321u /* nobody on this machine */

/* A directory with a directory and a file in it. */
struct place {
	char root[64], directory[80], file[96];
	struct gp_arena *arena;
};

/* set_mode: of a directory or file. */
static void set_mode(const char *path, mode_t mode)
{
	assert_int_equal(chmod(path, mode), 0);
}

/* set_up: all may do everything. */
static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	assert_non_null(p);
	strcpy(p->root, "/tmp/gatepost-test.XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->directory, sizeof p->directory, "%s/directory", p->root);
	snprintf(p->file, sizeof p->file, "%s/file", p->directory);
	assert_int_equal(mkdir(p->directory, 0777), 0);
	int fd = open(p->file, O_CREAT | O_WRONLY, 0666);
	assert_true(fd >= 0);
	close(fd);
	set_mode(p->root, 0777);
	set_mode(p->directory, 0777);
	set_mode(p->file, 0666);
	p->arena = gp_arena_new(1 << 16);
	*state = p;
	return 0;
}

/* tear_down: nothing is left. */
static int tear_down(void **state)
{
	struct place *p = *state;
	(void)unlink(p->file);
	(void)rmdir(p->directory);
	(void)rmdir(p->root);
	gp_arena_free(p->arena);
	free(p);
	return 0;
}

/* stranger: neither owner nor in the group. */
static struct gp_cli_user stranger(void)
{
	return (struct gp_cli_user) {.name = "stranger", .uid = STRANGER, .gid = STRANGER};
}

/* the_class_that_applies_decides: owner, then group, then others; not the sum of them. */
static void the_class_that_applies_decides(void **state)
{
	struct place *p = *state;
	struct gp_cli_way way;
	struct gp_cli_user owner = stranger(), member = stranger(), other = stranger();
	struct stat st;
	assert_int_equal(stat(p->file, &st), 0);
	if (st.st_uid == 0) /* root may everything: the file of a stranger, then */
		assert_int_equal(chown(p->file, STRANGER - 1, st.st_gid), 0);
	owner.uid = st.st_uid == 0 ? STRANGER - 1 : st.st_uid;
	member.groups[member.group_count++] = st.st_gid;
	static const struct {
		mode_t mode;
		bool owner, member, other; /* may read */
	} rows[] = {{0444, true, true, true}, {0400, true, false, false},
		{0040, false, true, false}, {0004, false, false, true}, {0440, true, true, false},
		{0000, false, false, false}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		set_mode(p->file, rows[i].mode);
		assert_int_equal(
			gp_cli_may(p->arena, &owner, "", p->file, R_OK, &way), rows[i].owner);
		assert_int_equal(
			gp_cli_may(p->arena, &member, "", p->file, R_OK, &way), rows[i].member);
		assert_int_equal(
			gp_cli_may(p->arena, &other, "", p->file, R_OK, &way), rows[i].other);
	}
	set_mode(p->file, 0444);
	assert_false(gp_cli_may(p->arena, &other, "", p->file, R_OK | W_OK, &way));
}

/* what_stands_in_the_way_is_named: a closed directory, a file that is missing or no directory. */
static void what_stands_in_the_way_is_named(void **state)
{
	struct place *p = *state;
	struct gp_cli_user user = stranger();
	struct gp_cli_way way;
	char path[128];
	assert_true(gp_cli_may(p->arena, &user, "", p->file, R_OK, &way));
	set_mode(p->directory, 0776);
	assert_false(gp_cli_may(p->arena, &user, "", p->file, R_OK, &way));
	assert_int_equal(way.error, EACCES);
	assert_true(way.is_directory);
	assert_string_equal(way.blocked, p->directory);
	set_mode(p->directory, 0777);
	snprintf(path, sizeof path, "%s/missing", p->directory);
	assert_false(gp_cli_may(p->arena, &user, "", path, R_OK, &way));
	assert_int_equal(way.error, ENOENT);
	assert_false(way.is_directory);
	snprintf(path, sizeof path, "%s/below", p->file);
	assert_false(gp_cli_may(p->arena, &user, "", path, R_OK, &way));
	assert_int_equal(way.error, ENOTDIR);
	assert_string_equal(way.blocked, p->file);
}

/* a_chroot_is_part_of_the_way: the directory itself is looked at, and the path below it. */
static void a_chroot_is_part_of_the_way(void **state)
{
	struct place *p = *state;
	struct gp_cli_user user = stranger();
	struct gp_cli_way way;
	assert_true(gp_cli_may(p->arena, &user, p->directory, "/file", W_OK, &way));
	set_mode(p->directory, 0770);
	assert_false(gp_cli_may(p->arena, &user, p->directory, "/file", W_OK, &way));
	assert_int_equal(way.error, EACCES);
	assert_string_equal(way.blocked, p->directory);
}

/* users_are_found_by_name: with their own group, or another; and who is not there. */
static void users_are_found_by_name(void **state)
{
	struct gp_cli_user user;
	(void)state;
	assert_true(gp_cli_user_find("root", "", &user));
	assert_int_equal(user.uid, 0);
	assert_int_equal(user.gid, 0);
	assert_string_equal(user.name, "root");
	assert_false(gp_cli_user_find("no such user", "", &user));
	assert_false(gp_cli_user_find("root", "no such group", &user));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_class_that_applies_decides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stands_in_the_way_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chroot_is_part_of_the_way, set_up, tear_down),
		cmocka_unit_test(users_are_found_by_name),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
