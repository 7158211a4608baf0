/* SPDX-License-Identifier: ISC */
/*
 * DNS lists and greylisting: do the lists pass their own tests by this machine's resolvers, what
 * does the daemon make of them, has greylisting what it needs.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "cli/lists/lists_trial.h"
#include "operator/operator.h"

#define TEST_MS 10000 /* for all lists together; each has what dnsbl.deadline says */

/* ---- how to mend a list ---- */

/* mend_refused: of one that answers that it refuses to. */
static void mend_refused(struct gp_doctor *d, const struct gp_dnsbl_list *list)
{
	bool is_spamhaus = strcmp(list->family, "spamhaus") == 0;
	bool is_own = list->terms & GP_DNSBL_TERMS_OWN_RESOLVER;
	if (is_own && is_spamhaus)
		gp_doctor_mend(d->report,
			"Spamhaus refuses resolvers at cloud providers whose address has no "
			"attributable name: use the free key service, use %s { key_file = "
			"\"/etc/gatepost/dqs.key\" }",
			list->name);
	else if (is_own)
		gp_doctor_mend(d->report,
			"the list refuses public resolvers and those of large providers: query it "
			"through a resolver of your own, on an address with a name of yours");
	if (list->terms & (GP_DNSBL_TERMS_REGISTRATION | GP_DNSBL_TERMS_KEY))
		gp_doctor_mend(d->report, "register with the operator of the list%s%s",
			list->url && *list->url ? ": " : "", list->url ? list->url : "");
	gp_doctor_mend(d->report, "%s, and dns { servers = {\"127.0.0.1\"} }",
		gp_doctor_install(d->arena, "unbound"));
}

/* mend_key: of one whose servers, or the resolver, refuse the query. */
static void mend_key(struct gp_doctor *d, const struct gp_dnsbl_list *list)
{
	if (list->secret || list->no_key)
		gp_doctor_mend(d->report,
			"check the key of the list (key, key_file, key_credential in %s), and "
			"whether the resolver may query the zone",
			d->config_path);
	else if (*list->key_zone)
		gp_doctor_mend(d->report,
			"%s has no key: the resolver may not query the zone without one; set "
			"key_file, or use a resolver of your own",
			list->name);
	else
		gp_doctor_mend(d->report,
			"the resolver may not query the zone, or cannot: use a resolver of your "
			"own: %s, and dns { servers = {\"127.0.0.1\"} }",
			gp_doctor_install(d->arena, "unbound"));
}

/* mend_list: what to do about a reason. */
static void mend_list(
	struct gp_doctor *d, const struct gp_dnsbl_list *list, enum gp_dnsbl_reason reason)
{
	switch (reason) {
	case GP_DNSBL_ERROR_CODE:
		mend_refused(d, list);
		break;
	case GP_DNSBL_ANSWERS_OUTSIDE:
	case GP_DNSBL_LEAVES_ZONE:
		gp_doctor_mend(d->report,
			"something else than the list answers: use a resolver that does not "
			"rewrite answers: %s, and dns { servers = {\"127.0.0.1\"} }",
			gp_doctor_install(d->arena, "unbound"));
		break;
	case GP_DNSBL_REFUSED:
	case GP_DNSBL_NO_KEY:
		mend_key(d, list);
		break;
	case GP_DNSBL_TIMEOUTS:
	case GP_DNSBL_NOT_TESTED:
		gp_doctor_mend(d->report, "gatepost doctor dns; the list itself may be down");
		break;
	case GP_DNSBL_CANARY_LISTED:
	case GP_DNSBL_TEST_MISSING:
	case GP_DNSBL_LISTS_WORLD:
		gp_doctor_mend(d->report,
			"the zone may be closed, or the resolver may invent answers: see %s, and "
			"gatepost lists off %s until it is back",
			list->url && *list->url ? list->url : "the page of the list", list->zone);
		break;
	case GP_DNSBL_NO_REASON:
	default:
		break;
	}
}

/* ---- the lists' own tests ---- */

/* How many of the lists that are in use work, fail, or could not be tested here. */
struct tally {
	size_t works, fails, unclear;
};

/* is_switched_off: does the daemon say that an operator has switched it off? */
static bool is_switched_off(const struct gp_doctor *d, const struct gp_dnsbl_list *list)
{
	const json_t *lists = json_object_get(d->status, "lists");
	const json_t *zones = json_object_get(lists, "switched_off");
	for (size_t i = 0; i < json_array_size(zones); i++) {
		const char *zone = json_string_value(json_array_get(zones, i));
		if (zone && strcmp(zone, list->zone) == 0)
			return true;
	}
	return false;
}

/* say_unused: a list that mail is not checked against, whatever its tests show. */
static void say_unused(struct gp_doctor *d, const struct gp_dnsbl_list *list,
	const struct gp_dnsbl_health_view *view, const char *why)
{
	const char *reason = gp_operator_lists_reason(list, view);
	const char *problem = gp_operator_lists_problem(list, view);
	bool is_tested = view->status != GP_DNSBL_OFF && view->status != GP_DNSBL_DEAD;
	if (!is_tested || !gp_cli_lists_trial_is_suspended(view))
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s: not in use (%s)%s", list->zone, why,
			is_tested ? "; it passes its tests" : "");
	else
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"%s: not in use (%s); it fails its tests: %s%s%s", list->zone, why, reason,
			*problem ? ": " : "", problem);
}

/* say_failing: what its tests have shown, and what to do. */
static void say_failing(struct gp_doctor *d, const struct gp_dnsbl_list *list,
	const struct gp_dnsbl_health_view *view, struct tally *tally)
{
	const char *problem = gp_operator_lists_problem(list, view);
	if (list->no_key && !d->is_root) {
		tally->unclear++;
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "%s: its key is not for this user: %s",
			list->zone, list->no_key);
		return;
	}
	tally->fails++;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%s is suspended: %s%s%s", list->zone,
		gp_operator_lists_reason(list, view), *problem ? ": " : "", problem);
	mend_list(d, list, view->reason);
}

/* say_list: one list. */
static void say_list(struct gp_doctor *d, const struct gp_cli_lists_trial *trial,
	const struct gp_dnsbl_list *list, struct tally *tally)
{
	struct gp_dnsbl_health_view view;
	char time[GP_CLI_TEXT];
	gp_cli_lists_trial_view(trial, list, &view);
	if (view.status == GP_DNSBL_DEAD) {
		tally->fails++;
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%s: %s", list->zone, list->dead);
		gp_doctor_mend(d->report, "remove it from %s:%d", list->file, list->line);
	} else if (view.status == GP_DNSBL_OFF) {
		say_unused(d, list, &view, "off in the configuration");
	} else if (is_switched_off(d, list)) {
		say_unused(d, list, &view, "gatepost lists off");
	} else if (d->config->dnsbl.mode == GP_MODE_OFF) {
		say_unused(d, list, &view, "dnsbl.mode is off");
	} else if (gp_cli_lists_trial_is_suspended(&view)) {
		say_failing(d, list, &view, tally);
	} else {
		int64_t took_us = view.last_test_us;
		tally->works++;
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s: ok%s%s", list->zone,
			took_us >= 0 ? ", answers within " : "",
			took_us >= 0 ? gp_cli_micros(took_us, time) : "");
	}
}

/* test_lists: all of them at once, here. */
static int test_lists(struct gp_doctor *d, struct gp_cli_lists_trial *trial)
{
	struct gp_ctx ctx = {.arena = d->arena, .clock = gp_clock_system()};
	int rc = gp_dns_wire_new(&d->config->dns, &ctx.dns);
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + TEST_MS * 1000;
	*trial = (struct gp_cli_lists_trial) {.memory = NULL};
	if (!rc)
		rc = gp_cli_lists_trial_begin(&ctx, &d->config->dnsbl, trial);
	gp_dns_free(ctx.dns);
	return rc;
}

/* check_lists_tests: each list, and all together. The daemon is only asked what is switched off. */
static void check_lists_tests(struct gp_doctor *doctor)
{
	const struct gp_dnsbl_settings *s = &doctor->config->dnsbl;
	struct gp_cli_lists_trial trial;
	struct tally tally = {0};
	if (!s->count) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no DNS list is configured");
		return;
	}
	(void)gp_doctor_ask(doctor);
	int rc = test_lists(doctor, &trial);
	if (rc)
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING, "the lists cannot be tested: %s",
			gp_err_text(rc));
	for (size_t i = 0; !rc && i < s->count; i++)
		say_list(doctor, &trial, &s->lists[i], &tally);
	if (tally.fails && !tally.works && !tally.unclear && s->mode != GP_MODE_OFF) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"no DNS list works: mail is checked against none of them");
		gp_doctor_mend(doctor->report, "gatepost doctor dns");
	}
	gp_cli_lists_trial_end(&trial);
}

/* ---- what the daemon makes of them ---- */

/* list_of: of the configuration, by its zone; NULL: it has none of that name. */
static const struct gp_dnsbl_list *list_of(const struct gp_doctor *d, const char *zone)
{
	const struct gp_dnsbl_settings *s = &d->config->dnsbl;
	for (size_t i = 0; zone && i < s->count; i++)
		if (strcmp(s->lists[i].zone, zone) == 0)
			return &s->lists[i];
	return NULL;
}

/*
 * mend_key_file: a key file that only root may read is read at the start; a reload, which the
 * daemon does as its user, keeps the key that it had.
 */
static void mend_key_file(struct gp_doctor *d, const struct gp_dnsbl_list *list)
{
	struct gp_doctor_owner owner;
	struct gp_cli_way way;
	if (!*list->key_file || !gp_doctor_owner_find(d, &owner) ||
		gp_cli_may(d->arena, &owner.user, owner.chroot, list->key_file, R_OK, &way) ||
		way.error != EACCES)
		return;
	gp_doctor_mend(d->report,
		"if the key is new: the user %s may not read %s, so a reload has not taken it: "
		"systemctl restart gatepost-policyd",
		owner.user.name, list->key_file);
	const char *blocked = gp_doctor_word(d->arena, way.blocked);
	if (way.is_directory)
		gp_doctor_mend(d->report, "for later reloads: chmod o+x %s", blocked);
	else
		gp_doctor_mend(d->report, "for later reloads: chgrp %lu %s && chmod 640 %s",
			(unsigned long)owner.user.gid, blocked, blocked);
}

/* say_failed: one that the daemon does not query although it is in use. */
static void say_failed(struct gp_doctor *d, const json_t *row)
{
	const char *zone = json_string_value(json_object_get(row, "list"));
	const char *reason = json_string_value(json_object_get(row, "reason"));
	const struct gp_dnsbl_list *list = list_of(d, zone);
	gp_doctor_say(d->report, GP_DOCTOR_WARNING, "the daemon does not query %s at present: %s",
		zone ? zone : "?", reason ? reason : "?");
	if (list && list->dead) {
		gp_doctor_mend(d->report, "remove it from %s:%d", list->file, list->line);
		return;
	}
	if (list && reason && strcmp(reason, gp_dnsbl_reason_text(GP_DNSBL_REFUSED)) == 0)
		mend_key_file(d, list);
	gp_doctor_mend(d->report,
		"gatepost doctor lists.tests; if all is well there: gatepost lists retest");
}

/* check_lists_daemon: which lists it does not query, and whether any is left. */
static void check_lists_daemon(struct gp_doctor *doctor)
{
	const json_t *lists = json_object_get(doctor->status, "lists");
	const json_t *failing = json_object_get(lists, "suspended");
	long long ok = json_integer_value(json_object_get(lists, "ok"));
	long long untested = json_integer_value(json_object_get(lists, "untested"));
	if (!json_is_object(lists)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "the daemon queries no DNS lists");
		return;
	}
	for (size_t i = 0; i < json_array_size(failing); i++)
		say_failed(doctor, json_array_get(failing, i));
	if (json_array_size(failing) && !ok && !untested) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"the daemon checks mail against no DNS list: none of those in use works");
		gp_doctor_mend(doctor->report, "gatepost doctor dns lists.tests");
	} else if (gp_doctor_is_well(doctor->report)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%lld in use%s", ok + untested,
			untested ? ", some not tested yet"
			: ok     ? ""
				 : ": all are switched off");
	}
}

/* ---- greylisting ---- */

/* check_greylist_store: it remembers first attempts there. */
static void check_greylist_store(struct gp_doctor *doctor)
{
	const json_t *store = json_object_get(doctor->status, "store");
	if (doctor->config->greylist.mode == GP_MODE_OFF) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "greylist.mode is off");
	} else if (!json_is_object(store)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"no mail is delayed: the running daemon uses no store");
		gp_doctor_mend(doctor->report, "systemctl restart gatepost-policyd");
	} else if (!json_is_true(json_object_get(store, "up"))) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"no mail is delayed: greylisting remembers first attempts in the store, "
			"which is unavailable");
		gp_doctor_mend(doctor->report, "gatepost doctor store");
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "the store works");
	}
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_lists_checks[] = {
	{"lists.tests", check_lists_tests, GP_DOCTOR_NEEDS_CONFIG,
		"each DNS list passes its own tests"},
	{"lists.daemon", check_lists_daemon, GP_DOCTOR_NEEDS_CONFIG | GP_DOCTOR_NEEDS_DAEMON,
		"the daemon queries all of them"},
	{"greylist.store", check_greylist_store, GP_DOCTOR_NEEDS_CONFIG | GP_DOCTOR_NEEDS_DAEMON,
		"greylisting has a store that works"},
	{NULL, NULL, 0, NULL},
};
