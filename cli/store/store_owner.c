/* SPDX-License-Identifier: ISC */
/* Exim is asked only where there is a reason to think of it. */
#include "cli/store/store_owner.h"

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/doctor/doctor_exim.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"

#define DOCTOR_MEMORY (4 * 1024 * 1024)

/* gp_cli_store_ask_doctor: what is not given is looked for. */
bool gp_cli_store_ask_doctor(struct gp_doctor *doctor_out, struct gp_doctor_report *unread,
	const char *path, struct gp_config *config)
{
	*doctor_out = (struct gp_doctor) {.arena = gp_arena_new(DOCTOR_MEMORY),
		.report = unread,
		.is_root = geteuid() == 0,
		.config_path = path,
		.config = config};
	return doctor_out->arena && gp_doctor_report_init(unread, doctor_out->arena);
}

/* has_exim: is its program there? */
static bool has_exim(struct gp_doctor *d)
{
	return d->exim || gp_doctor_program_exim(d->arena);
}

/* gp_cli_store_is_exims: by what is installed, then by the directory's owner. */
bool gp_cli_store_is_exims(struct gp_doctor *doctor, const struct gp_cli_store *store)
{
	struct gp_cli_user user;
	struct stat st;
	if (gp_doctor_is_only_exim(doctor))
		return true;
	return store->directory && has_exim(doctor) && stat(store->directory, &st) == 0 &&
	       gp_doctor_exim_user(doctor, &user) && user.uid == st.st_uid;
}

/* other_owner: of an embedded store that this process may not use: the name of its user, "" when it
 * cannot be seen; NULL: it may, as far as can be seen. */
static const char *other_owner(struct gp_doctor *d, const struct gp_cli_store *store)
{
	struct stat st;
	if (!store->directory || geteuid() == 0)
		return NULL;
	if (stat(store->directory, &st))
		return errno == EACCES ? "" : NULL;
	if (st.st_uid == geteuid() || access(store->directory, R_OK | W_OK | X_OK) == 0)
		return NULL;
	const struct passwd *pw = getpwuid(st.st_uid);
	return pw ? gp_doctor_text(d->arena, "%s", pw->pw_name)
		  : gp_doctor_text(d->arena, "%lu", (unsigned long)st.st_uid);
}

/* gp_cli_store_refused: the daemon's user is said by the configuration. */
const char *gp_cli_store_refused(struct gp_doctor *doctor, const struct gp_cli_store *store,
	struct gp_cli_store_user *who_out)
{
	const struct gp_config_policyd *options = &doctor->config->policyd;
	const char *owner = other_owner(doctor, store);
	struct gp_cli_user user;
	*who_out =
		(struct gp_cli_store_user) {options->user, options->group, options->chroot, false};
	if (owner && !*owner)
		return gp_doctor_text(doctor->arena,
			"the store %s is closed to other users: run this as root",
			store->options.uris[0]);
	if (owner)
		return gp_doctor_text(doctor->arena,
			"the store %s belongs to the user %s: run this as root, or as that user",
			store->options.uris[0], owner);
	if (!gp_cli_store_is_exims(doctor, store))
		return NULL;
	bool is_known = gp_doctor_exim_user(doctor, &user);
	*who_out = (struct gp_cli_store_user) {is_known ? user.name : "", "", "", true};
	return is_known ? NULL : "Exim's user is not known: run this as that user";
}
