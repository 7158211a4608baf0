/* SPDX-License-Identifier: ISC */
/* The tables of the files of checks, one after the other; what has to be there for each. */
#include "cli/doctor/doctor_checks.h"

#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor_owner.h"

static const struct gp_doctor_check *const tables[] = {
	gp_doctor_config_checks,
	gp_doctor_daemon_checks,
	gp_doctor_store_checks,
	gp_doctor_clock_checks,
	gp_doctor_dns_checks,
	gp_doctor_lists_checks,
	gp_doctor_postfix_checks,
	gp_doctor_postfix_socket_checks,
	gp_doctor_postfix_lists_checks,
	gp_doctor_postfix_service_checks,
	gp_doctor_postfix_field_checks,
	gp_doctor_exim_checks,
};

/* gp_doctor_check_at: counted through all tables. */
const struct gp_doctor_check *gp_doctor_check_at(size_t place)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct gp_doctor_check *check = tables[i]; check->name; check++)
			if (place-- == 0)
				return check;
	return NULL;
}

/* is_called: by its name, or by the part before the dot. */
static bool is_called(const struct gp_doctor_check *check, const char *name)
{
	size_t n = strlen(name);
	return strncmp(check->name, name, n) == 0 && (check->name[n] == 0 || check->name[n] == '.');
}

/* gp_doctor_has_check: of any table. */
bool gp_doctor_has_check(const char *name)
{
	const struct gp_doctor_check *check;
	for (size_t i = 0; (check = gp_doctor_check_at(i)) != NULL; i++)
		if (is_called(check, name))
			return true;
	return false;
}

/* gp_doctor_is_named: by any of them. */
bool gp_doctor_is_named(
	const struct gp_doctor_check *check, const char *const *names, size_t name_count)
{
	for (size_t i = 0; i < name_count; i++)
		if (is_called(check, names[i]))
			return true;
	return false;
}

/* ---- running ---- */

/* mend_away: no process listens there, or one that does not answer. */
static void mend_away(struct gp_doctor *d)
{
	bool is_unit = access("/run/systemd/system", F_OK) == 0;
	if (d->is_dumb)
		gp_doctor_mend(d->report, "%s",
			is_unit ? "systemctl restart gatepost-policyd; "
				  "journalctl -u gatepost-policyd"
				: "restart gatepost-policyd; its log may say why");
	else
		gp_doctor_mend(d->report, "%s",
			is_unit ? "systemctl enable --now gatepost-policyd; "
				  "journalctl -u gatepost-policyd"
				: "gatepost-policyd -t, then start it");
}

/* ask_daemon: its state; false: the finding says why there is none. */
static bool ask_daemon(struct gp_doctor *d)
{
	if (gp_doctor_ask(d))
		return true;
	if (gp_doctor_is_waiting(d) && strcmp(d->unit, "inactive") == 0) {
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"the daemon does not run yet: systemd starts it at the first request");
		gp_doctor_mend(d->report, "to start it now: systemctl start gatepost-policyd");
		return false;
	}
	if (d->is_denied)
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "%s", d->why_silent);
	else
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s%s",
			d->is_dumb ? "the daemon does not answer and mail waits: "
				   : "the daemon is not running and mail waits: ",
			d->why_silent);
	if (!d->is_denied)
		mend_away(d);
	return false;
}

/* run_with_daemon: one that needs it; the first says why it is unavailable. */
static void run_with_daemon(struct gp_doctor *d, const struct gp_doctor_check *check)
{
	bool is_first = !d->is_asked;
	d->is_asked = true;
	if (!is_first && !d->status)
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "the daemon does not answer");
	else if (is_first && gp_doctor_is_only_exim(d))
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "Exim needs no daemon");
	else if (!is_first || ask_daemon(d))
		check->run(d);
}

/* gp_doctor_run: a configuration first, then the daemon. */
void gp_doctor_run(struct gp_doctor *doctor, const struct gp_doctor_check *check)
{
	doctor->report->check = check->name;
	if ((check->needs & GP_DOCTOR_NEEDS_CONFIG) && !doctor->config)
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "the configuration has errors");
	else if (check->needs & GP_DOCTOR_NEEDS_DAEMON)
		run_with_daemon(doctor, check);
	else
		check->run(doctor);
}
