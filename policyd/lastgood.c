/* SPDX-License-Identifier: ISC */
/* The folder is that of the unit's state; without a service manager, the store's usual one. */
#include "policyd/lastgood.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* may_be_trusted: is it our own file, or, for root, of the user that it makes the daemon become? */
static const char *may_be_trusted(const struct gp_config *config, uid_t owner)
{
	const struct gp_config_policyd *options = &config->policyd;
	if (owner == geteuid())
		return NULL;
	if (geteuid() != 0)
		return "belongs to another user";
	const struct passwd *pw = getpwnam(options->user);
	if (!pw || pw->pw_uid != owner)
		return "belongs to another user than policyd.user in it";
	return *options->chroot ? "has policyd.chroot, which it may not set" : NULL;
}

/* gp_lastgood_load: and why not. */
int gp_lastgood_load(const char *path, struct gp_config **config_out)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	uid_t owner = 0;
	int rc = gp_config_load_saved(gp_config_state_folder(), path, &config, &errors, &owner);
	const char *problem = rc ? NULL : may_be_trusted(config, owner);
	if (rc)
		fprintf(stderr, "gatepost-policyd: no last good configuration can be used: %s",
			errors.text && *errors.text ? errors.text : gp_err_text(rc));
	if (problem) {
		fprintf(stderr,
			"gatepost-policyd: the last good configuration is not used: %s %s\n",
			config->saved_path, problem);
		gp_config_free(config);
		config = NULL;
		rc = GP_EINVAL;
	}
	gp_config_errors_fini(&errors);
	if (!rc)
		*config_out = config;
	return rc;
}

/* gp_lastgood_say: what is so, since when, and what to do. */
void gp_lastgood_say(const struct gp_config *config, const struct gp_log *log)
{
	char when[64] = "?";
	struct tm tm;
	time_t saved_s = (time_t)config->saved_s;
	if (gmtime_r(&saved_s, &tm))
		(void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
	gp_log_text(log, GP_LOG_ERROR,
		"%s has errors or cannot be read, and is NOT in force: the last good configuration "
		"is, saved %s in %s. gatepost check-config says what is wrong; then reload",
		config->path, when, config->saved_path);
}

/* gp_lastgood_keep: not again what was kept before. */
void gp_lastgood_keep(const struct gp_config *config, const struct gp_log *log)
{
	const char *folder = gp_config_state_folder();
	if (config->saved_path || (access(folder, F_OK) && errno == ENOENT))
		return; /* without a folder for its state, nothing is kept */
	if (gp_config_save(config, folder))
		gp_log_text(log, GP_LOG_WARNING,
			"the configuration cannot be kept in %s for a start with broken files: %s",
			folder, strerror(errno));
}
