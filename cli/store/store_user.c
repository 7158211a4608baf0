/* SPDX-License-Identifier: ISC */
/* As the daemon becomes its user; on a host with Exim alone: Exim's. */
#include "cli/store/store_user.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/usage.h"

/* cannot: why the user could not be changed. */
static int cannot(
	const char *command, const struct gp_cli_store_user *who, enum gp_cli_become_step step)
{
	static const char *const steps[] = {[GP_CLI_BECOME_GROUPS] = "groups of",
		[GP_CLI_BECOME_CHROOT] = "policyd.chroot",
		[GP_CLI_BECOME_USER] = "cannot become the user"};
	fprintf(stderr, "gatepost %s: %s %s: %s\n", command, steps[step],
		step == GP_CLI_BECOME_CHROOT ? who->chroot : who->user, strerror(errno));
	return GP_CLI_TROUBLE;
}

/* find_user: of policyd.user and policyd.group, or Exim's. */
static int find_user(
	const char *command, const struct gp_cli_store_user *who, struct gp_cli_user *user_out)
{
	if (!gp_cli_user_find(who->user, who->group, user_out)) {
		bool has_user = getpwnam(who->user) != NULL;
		fprintf(stderr,
			"gatepost %s: there is no %s \"%s\": create it, or set policyd.%s\n",
			command, has_user ? "group" : "user", has_user ? who->group : who->user,
			has_user ? "group" : "user");
		return GP_CLI_TROUBLE;
	}
	if (user_out->uid && user_out->gid)
		return GP_CLI_FINE;
	fprintf(stderr, "gatepost %s: policyd.user and policyd.group must not be root\n", command);
	return GP_CLI_TROUBLE;
}

/* gp_cli_store_drop: who is not root stays who he is. */
int gp_cli_store_drop(const char *command, const struct gp_cli_store_user *who)
{
	struct gp_cli_user user;
	enum gp_cli_become_step step;
	if (geteuid() != 0)
		return GP_CLI_FINE;
	int code = find_user(command, who, &user);
	if (code)
		return code;
	return gp_cli_become(&user, who->chroot, &step) ? GP_CLI_FINE : cannot(command, who, step);
}

/* gp_cli_store_become: with a line about it. */
int gp_cli_store_become(const struct gp_cli_store_user *who)
{
	bool is_root = geteuid() == 0;
	int code = gp_cli_store_drop("store", who);
	if (!is_root && *who->chroot)
		printf("not started as root: policyd.chroot is left out\n");
	if (!code && is_root)
		printf("as the user %s:\n", who->user);
	return code;
}
