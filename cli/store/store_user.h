/* SPDX-License-Identifier: ISC */
/* Store_user: whose the stores are, and becoming that user, so that no file of them is root's. */
#ifndef GP_CLI_STORE_USER_H
#define GP_CLI_STORE_USER_H

#include <stdbool.h>

/* Whose the stores are: the daemon's, by the configuration, or those of Exim's module. */
struct gp_cli_store_user {
	const char *user, *group, *chroot; /* as policyd.user and so on */
	bool is_exim;
};

/* Started as root the process becomes the user for good, in its chroot. An exit code; what does not
 * work is said on stderr, for the command. */
int gp_cli_store_drop(const char *command, const struct gp_cli_store_user *who);

/* The same for gatepost store check, which says so on stdout. */
int gp_cli_store_become(const struct gp_cli_store_user *who);

#endif
