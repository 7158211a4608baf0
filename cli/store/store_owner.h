/* SPDX-License-Identifier: ISC */
/*
 * Store_owner: whose the stores of a configuration are: those of the daemon's user, or of Exim's
 * where there is only Exim, or where the directory of an embedded store belongs to Exim's user.
 */
#ifndef GP_CLI_STORE_OWNER_H
#define GP_CLI_STORE_OWNER_H

#include "cli/doctor/doctor.h"
#include "cli/store/store_list.h"
#include "cli/store/store_user.h"

/*
 * A doctor for the questions below, about this machine and with this configuration, which it
 * borrows as it does the path and the report; what checks say into that is read by nobody. false:
 * no memory. Its arena is the caller's, also then.
 */
bool gp_cli_store_ask_doctor(struct gp_doctor *doctor_out, struct gp_doctor_report *unread,
	const char *path, struct gp_config *config);

/* Does Exim's module count in it, and no daemon? Exim may be asked for its user. */
bool gp_cli_store_is_exims(struct gp_doctor *doctor, const struct gp_cli_store *store);

/*
 * Its user, borrowed from the configuration or in doctor's arena. NULL: it may be used by this
 * process as that user; else why not, and what to do: it is not root's, and the store belongs to
 * somebody else; or it is Exim's, whose user is not known.
 */
const char *gp_cli_store_refused(struct gp_doctor *doctor, const struct gp_cli_store *store,
	struct gp_cli_store_user *who_out);

#endif
