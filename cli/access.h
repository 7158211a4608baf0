/* SPDX-License-Identifier: ISC */
/*
 * Access: what a user may do with a file, judged without being that user, and becoming it.
 *
 * Knows permission bits only: lists of access rights are not looked at.
 */
#ifndef GP_CLI_ACCESS_H
#define GP_CLI_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"

#define GP_CLI_GROUPS_MAX 256

struct gp_cli_user {
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t groups[GP_CLI_GROUPS_MAX];
	int group_count;
};

/* By name, which is borrowed; group "" is the user's own. false: there is no such user or group. */
bool gp_cli_user_find(const char *name, const char *group, struct gp_cli_user *user_out);

/* What stands in the way to a path. */
struct gp_cli_way {
	int error;           /* 0: nothing; EACCES; ENOENT and others as stat(2) gives them */
	const char *blocked; /* the directory, or the path itself */
	bool is_directory;   /* blocked is a directory on the way */
};

/*
 * May the user do this (bits of R_OK, W_OK, X_OK) with what stands at path? Each directory on the
 * way counts from root on, which is "" for /: a chroot. By permission bits; lists of access rights
 * are not looked at. false: the way says why.
 */
bool gp_cli_may(struct gp_arena *arena, const struct gp_cli_user *user, const char *root,
	const char *path, int bits, struct gp_cli_way *way_out);

/* What becoming a user is made of, in this order. */
enum gp_cli_become_step { GP_CLI_BECOME_GROUPS, GP_CLI_BECOME_CHROOT, GP_CLI_BECOME_USER };

/* Becomes the user for good, inside root unless that is "". false with errno, and the step that did
 * not work; step_out may be NULL. */
bool gp_cli_become(
	const struct gp_cli_user *user, const char *root, enum gp_cli_become_step *step_out);

#endif
