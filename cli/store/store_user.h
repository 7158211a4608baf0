/* SPDX-License-Identifier: ISC */
/* Store_user: whose the stores are, for those that look at them as that user. */
#ifndef GP_CLI_STORE_USER_H
#define GP_CLI_STORE_USER_H

#include <stdbool.h>

/* Whose the stores are: the daemon's, by the configuration, or those of Exim's module. */
struct gp_cli_store_user {
	const char *user, *group, *chroot; /* as policyd.user and so on */
	bool is_exim;
};

#endif
