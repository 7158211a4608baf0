/* SPDX-License-Identifier: ISC */
/* How Postfix asks: what it does when nobody answers, how long it waits, how often it connects. */
#include <string.h>

#include "base/duration.h"
#include "cli/doctor/doctor_postfix.h"
#include "cli/doctor/doctor_text.h"

#define BUILT_IN_ACTION "451 4.3.5 Server configuration problem"

/* each: calls f for our question in each list of each service that asks. */
static void each(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	bool (*f)(struct gp_doctor *, const struct gp_doctor_postfix *,
		const struct gp_doctor_view *, const struct gp_postconf_policy *))
{
	struct gp_span seen[GP_DOCTOR_LISTS * 8];
	size_t count = 0;
	for (size_t i = 0; i < p->view_count; i++)
		for (int j = 0; j < GP_DOCTOR_LISTS; j++) {
			const struct gp_postconf_policy *ours = p->views[i].ours[j];
			bool is_new = ours != NULL;
			for (size_t k = 0; is_new && k < count; k++)
				is_new = !gp_span_equal(seen[k], ours->text);
			/* the same words are said about once */
			if (is_new && f(d, p, &p->views[i], ours) &&
				count < sizeof seen / sizeof seen[0])
				seen[count++] = ours->text;
		}
}

/* mend_attributes: the question with others, wherever it stands. */
static void mend_attributes(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_policy *ours, const struct gp_doctor_change *change)
{
	gp_doctor_mend_question(d, p, ours->text, gp_doctor_question_changed(d, ours, change));
}

/* ---- default_action ---- */

/* check_action: of one question; true: something was said. */
static bool check_action(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, const struct gp_postconf_policy *ours)
{
	struct gp_span action = gp_doctor_policy_value(
		p, v, ours->default_action, "smtpd_policy_service_default_action");
	if (!ours->default_action.ptr && gp_span_equal(action, gp_span_from(BUILT_IN_ACTION))) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s: no default_action: mail is deferred (451 4.3.5) while the daemon is "
			"unavailable",
			v->label);
		mend_attributes(d, p, ours, &(struct gp_doctor_change) {.default_action = "DUNNO"});
		gp_doctor_mend(d->report, "or, if that is what you want: postconf -e "
					  "'smtpd_policy_service_default_action = DEFER'");
		return true;
	}
	if (!gp_span_has_prefix(action, "5") && !gp_span_has_prefix(action, "reject"))
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"%s: default_action=%.*s: all mail is permanently rejected while the daemon is "
		"unavailable",
		v->label, (int)action.len, action.ptr);
	mend_attributes(d, p, ours, &(struct gp_doctor_change) {.default_action = "DUNNO"});
	return true;
}

/* check_postfix_default_action: what happens when the daemon is unavailable. */
static void check_postfix_default_action(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	if (!p)
		return;
	each(doctor, p, check_action);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"set: mail is accepted without the "
			"daemon");
}

/* ---- times ---- */

/* check_timeout: Postfix has to be the more patient one. */
static bool check_timeout(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, const struct gp_postconf_policy *ours)
{
	char a[GP_DURATION_TEXT], b[GP_DURATION_TEXT];
	int64_t ms, deadline_ms = d->config->policyd.deadline_ms;
	struct gp_span text =
		gp_doctor_policy_value(p, v, ours->timeout, "smtpd_policy_service_timeout");
	if (!gp_doctor_postconf_time_ms(text, &ms) || ms > deadline_ms)
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"%s: Postfix waits %s for an answer that may take %s (policyd.deadline): with slow "
		"DNS default_action applies",
		v->label, gp_duration_wait(ms, a), gp_duration_wait(deadline_ms, b));
	const char *timeout = gp_doctor_text(d->arena, "%llds", (long long)deadline_ms / 1000 + 10);
	mend_attributes(d, p, ours, &(struct gp_doctor_change) {.timeout = timeout});
	return true;
}

/* check_idle: idle connections are Postfix's to close. */
static void check_idle(struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	char a[GP_DURATION_TEXT], b[GP_DURATION_TEXT];
	int64_t max_ms, idle_ms = d->config->policyd.idle_timeout_ms;
	if (!gp_doctor_postconf_time_ms(
		    gp_doctor_postconf_value(&p->pc, NULL, "smtpd_policy_service_max_idle"),
		    &max_ms) ||
		max_ms < idle_ms)
		return;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"the daemon closes idle connections after %s, but Postfix keeps them for %s and "
		"would use closed ones",
		gp_duration_wait(idle_ms, a), gp_duration_wait(max_ms, b));
	gp_doctor_mend(d->report, "set policyd { idle_timeout = %llds } in %s",
		(long long)max_ms / 1000 * 2, d->config_path);
}

/* check_postfix_timeout: of an answer, and of a connection. */
static void check_postfix_timeout(struct gp_doctor *doctor)
{
	char text[GP_DURATION_TEXT];
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	if (!p)
		return;
	each(doctor, p, check_timeout);
	check_idle(doctor, p);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"Postfix waits longer than the deadline of %s",
			gp_duration_wait(doctor->config->policyd.deadline_ms, text));
}

/* ---- connections ---- */

/* questions_of: how many different ones a service has: each is a connection of its own. */
static unsigned long questions_of(const struct gp_doctor_view *v)
{
	unsigned long count = 0;
	for (int i = 0; i < GP_DOCTOR_LISTS; i++) {
		bool is_new = v->ours[i] != NULL;
		for (int j = 0; is_new && j < i; j++)
			is_new = !v->ours[j] || !gp_span_equal(v->ours[j]->text, v->ours[i]->text);
		count += is_new;
	}
	return count;
}

/* has_several: more than one connection for each of its processes. */
static bool has_several(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return questions_of(v) > 1;
}

/* is_boundless: any number of processes. */
static bool is_boundless(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return v->processes == 0 && questions_of(v) > 0;
}

/* mend_processes: a bound for one service. */
static void mend_processes(struct gp_doctor *d, const struct gp_postconf_service *service)
{
	gp_doctor_mend(d->report, "postconf -F %s",
		gp_doctor_word(d->arena, gp_doctor_text(d->arena, "%.*s/%.*s/process_limit = 100",
						 (int)service->name.len, service->name.ptr,
						 (int)service->type.len, service->type.ptr)));
}

/* check_postfix_connections: one for each smtpd process at least. */
static void check_postfix_connections(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	unsigned long sum = 0, max = doctor->config->policyd.max_connections;
	if (!p)
		return;
	for (size_t i = 0; i < p->view_count; i++)
		sum += p->views[i].processes * questions_of(&p->views[i]);
	const char *which = gp_doctor_postfix_which(doctor, p, is_boundless);
	if (which) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%s: any number of processes may connect, but only %lu connections are "
			"served at once",
			which, max);
		for (size_t i = 0; i < p->view_count; i++)
			if (is_boundless(p, &p->views[i]))
				mend_processes(doctor, p->views[i].service);
		gp_doctor_mend(doctor->report, "postfix reload");
	}
	if (sum > max) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%lu smtpd processes may connect, but only %lu connections are served at "
			"once: others would wait",
			sum, max);
		gp_doctor_mend(doctor->report,
			"set policyd { max_connections = %lu } in %s and restart", sum + sum / 4,
			doctor->config_path);
	}
	which = gp_doctor_postfix_which(doctor, p, has_several);
	if (which) {
		gp_doctor_say(doctor->report, GP_DOCTOR_NOTE,
			"%s: check_policy_service is written in several ways, and each takes a "
			"connection of its own",
			which);
		gp_doctor_mend_once(doctor, p, has_several);
	}
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%lu at most, %lu are served at once",
			sum, max);
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_postfix_service_checks[] = {
	{"postfix.default-action", check_postfix_default_action, GP_DOCTOR_NEEDS_CONFIG,
		"what happens when the daemon is unavailable"},
	{"postfix.timeout", check_postfix_timeout, GP_DOCTOR_NEEDS_CONFIG,
		"Postfix waits longer than the deadline"},
	{"postfix.connections", check_postfix_connections, GP_DOCTOR_NEEDS_CONFIG,
		"enough for all its processes"},
	{NULL, NULL, 0, NULL},
};
