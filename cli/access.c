/* SPDX-License-Identifier: ISC */
/* Permission bits as the kernel weighs them, directory by directory. */
#include "cli/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* gp_cli_user_find: with all groups, as initgroups(3) gives them. */
bool gp_cli_user_find(const char *name, const char *group, struct gp_cli_user *user_out)
{
	const struct passwd *pw = getpwnam(name);
	if (!pw)
		return false;
	*user_out = (struct gp_cli_user) {.name = name,
		.uid = pw->pw_uid,
		.gid = pw->pw_gid,
		.group_count = GP_CLI_GROUPS_MAX};
	const struct group *gr = *group ? getgrnam(group) : NULL;
	if (*group && !gr)
		return false;
	user_out->gid = gr ? gr->gr_gid : user_out->gid;
	if (getgrouplist(name, user_out->gid, user_out->groups, &user_out->group_count) < 0)
		user_out->group_count = GP_CLI_GROUPS_MAX; /* the first ones */
	return true;
}

/* is_member: of a group? */
static bool is_member(const struct gp_cli_user *user, gid_t gid)
{
	for (int i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return true;
	return user->gid == gid;
}

/* may_here: the one class of bits that applies: owner, group, others. */
static bool may_here(const struct gp_cli_user *user, const struct stat *st, int bits)
{
	unsigned shift = st->st_uid == user->uid ? 6 : is_member(user, st->st_gid) ? 3 : 0;
	if (user->uid == 0)
		return !(bits & X_OK) || S_ISDIR(st->st_mode) || (st->st_mode & 0111);
	return ((st->st_mode >> shift) & (unsigned)bits) == (unsigned)bits;
}

/* see: one step of the way; false: it ends here. */
static bool see(const struct gp_cli_user *user, const char *path, bool is_last, int bits,
	struct gp_cli_way *way)
{
	struct stat st;
	int error = stat(path, &st) ? errno : 0;
	if (!error && !is_last && !S_ISDIR(st.st_mode))
		error = ENOTDIR;
	if (!error && !may_here(user, &st, is_last ? bits : X_OK))
		error = EACCES;
	*way = (struct gp_cli_way) {error, path, !is_last};
	return error == 0;
}

/* part: the first bytes of a path, below root; "?" when the arena is full. */
static const char *part(struct gp_arena *arena, const char *root, const char *path, size_t len)
{
	const char *text = gp_arena_printf(arena, "%s%.*s", root, (int)len, path);
	return text ? text : "?";
}

/* gp_cli_may: the directories of root count as root's own process passes them before a chroot. */
bool gp_cli_may(struct gp_arena *arena, const struct gp_cli_user *user, const char *root,
	const char *path, int bits, struct gp_cli_way *way_out)
{
	size_t len = strlen(path);
	*way_out = (struct gp_cli_way) {.blocked = path};
	if (!see(user, *root ? root : "/", false, X_OK, way_out))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (path[i] != '/' || path[i - 1] == '/')
			continue;
		if (!see(user, part(arena, root, path, i), false, X_OK, way_out))
			return false;
	}
	return see(user, part(arena, root, path, len), true, bits, way_out);
}

/* gp_cli_become: as a daemon does it: groups, chroot, group, user, and no way back. */
bool gp_cli_become(
	const struct gp_cli_user *user, const char *root, enum gp_cli_become_step *step_out)
{
	enum gp_cli_become_step step = GP_CLI_BECOME_GROUPS;
	bool is_done = setgroups((size_t)user->group_count, user->groups) == 0;
	if (is_done && *root) {
		step = GP_CLI_BECOME_CHROOT;
		is_done = chroot(root) == 0 && chdir("/") == 0;
	}
	if (is_done) {
		step = GP_CLI_BECOME_USER;
		is_done = !setresgid(user->gid, user->gid, user->gid) &&
			  !setresuid(user->uid, user->uid, user->uid) &&
			  (user->uid == 0 || setuid(0) != 0);
	}
	if (step_out)
		*step_out = step;
	return is_done;
}
