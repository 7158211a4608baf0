/* SPDX-License-Identifier: ISC */
/*
 * Is the question asked where the configuration needs it? SPF needs strangers' mail at RCPT, after
 * what refuses relaying; limits of users need it where nothing has permitted users before; bytes,
 * and releasing, need the end of the message as well.
 */
#include <string.h>

#include "cli/doctor/doctor_postfix.h"

/* comes_before: does one of the words stand before our question? */
static bool comes_before(
	const struct gp_doctor_view *v, enum gp_doctor_list list, const char *const *words)
{
	const struct gp_postconf_policy *ours = v->ours[list];
	for (size_t i = 0; ours && !ours->is_conditional && i < ours->at; i++)
		if (gp_doctor_is_any(v->lists[list].words[i], words))
			return true;
	return false;
}

/* is_asked: in some list before the end of the message, without such a word before? */
static bool is_asked(const struct gp_doctor_view *v, const char *const *words)
{
	for (int i = 0; i < GP_DOCTOR_END; i++)
		if (v->ours[i] && !comes_before(v, (enum gp_doctor_list)i, words))
			return true;
	return false;
}

/* ---- tests of a service ---- */

static const char *const enders[] = {"permit", "reject", "defer", NULL};
static const char *const users[] = {"permit", "permit_sasl_authenticated", NULL};
static const char *const networks[] = {"permit", "permit_mynetworks", NULL};
static const char *const for_us[] = {"permit", "permit_auth_destination", NULL};
static const char *const closers[] = {
	"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", NULL};

/* is_unreached: it stands after a word that ends the list. */
static bool is_unreached(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return v->asks && !is_asked(v, enders);
}

/* passes_users: users are permitted before, and limits want to see them. */
static bool passes_users(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return p->wants_users && v->asks && v->has_users && !is_unreached(p, v) &&
	       !is_asked(v, users);
}

/* passes_networks: own networks are, likewise. */
static bool passes_networks(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return p->wants_networks && v->asks && !v->is_inside && !is_unreached(p, v) &&
	       !is_asked(v, networks);
}

/* passes_strangers: mail for this host is permitted before. */
static bool passes_strangers(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return v->asks && !v->is_inside && !is_unreached(p, v) && !is_asked(v, for_us);
}

/* is_cut_off: its own list in master.cf has no question, of main.cf only the last one is left. */
static bool is_cut_off(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	struct gp_span own;
	return !v->asks && v->ours[GP_DOCTOR_END] && !v->is_inside &&
	       gp_doctor_postconf_override(
		       &p->pc, v->service, gp_doctor_list_names[GP_DOCTOR_RECIPIENT], &own);
}

/* is_late: only at DATA or at the end. */
static bool is_late(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	if (v->is_inside || is_cut_off(p, v))
		return false;
	for (int i = 0; i < GP_DOCTOR_DATA; i++)
		if (v->ours[i])
			return false;
	return v->asks || v->ours[GP_DOCTOR_END];
}

/* is_early: at the time of the connection, where no recipient is known. */
static bool is_early(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	bool delays = gp_span_is(
		gp_doctor_postconf_value(&p->pc, v->service, "smtpd_delay_reject"), "yes");
	return !delays &&
	       (v->ours[GP_DOCTOR_CLIENT] || v->ours[GP_DOCTOR_HELO] || v->ours[GP_DOCTOR_SENDER]);
}

/* refuses_before: has relaying been refused before this list? */
static bool refuses_before(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	const struct gp_doctor_postconf_list *relay = &v->lists[GP_DOCTOR_RELAY];
	bool is_first = gp_span_is(gp_doctor_postconf_value(&p->pc, v->service,
					   "smtpd_relay_before_recipient_restrictions"),
		"yes");
	for (size_t i = 0; is_first && i < relay->word_count; i++)
		if (gp_doctor_is_any(relay->words[i], closers))
			return true;
	return comes_before(v, GP_DOCTOR_RECIPIENT, closers);
}

/* asks_strangers: about mail that is refused anyway. */
static bool asks_strangers(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	if (!v->asks || v->is_inside || is_late(p, v) || is_early(p, v))
		return false;
	return v->ours[GP_DOCTOR_RECIPIENT] ? !refuses_before(p, v)
					    : !comes_before(v, GP_DOCTOR_RELAY, closers);
}

/* is_closed: does it take mail of users or own networks only? */
static bool is_closed(const struct gp_doctor_view *v)
{
	static const enum gp_doctor_list lists[] = {
		GP_DOCTOR_CLIENT, GP_DOCTOR_RELAY, GP_DOCTOR_RECIPIENT};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		const struct gp_doctor_postconf_list *list = &v->lists[lists[i]];
		if (list->word_count && gp_span_is(list->words[list->word_count - 1], "reject"))
			return true;
	}
	return false;
}

/* is_silent: mail comes in through it that we are not asked about. */
static bool is_silent(const struct gp_doctor_view *v)
{
	return !v->asks && !v->ours[GP_DOCTOR_END] && !v->is_inside;
}

/* hears_late: of users, only when the message is there. */
static bool hears_late(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return is_cut_off(p, v) && p->wants_users && v->has_users;
}

/* is_echo: mail that returns from a content filter has been counted when it came in. Where users
 * log in by the service's own settings, it is none. */
static bool is_echo(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	struct gp_span own;
	bool has_logins =
		gp_doctor_postconf_override(&p->pc, v->service, "smtpd_sasl_auth_enable", &own) &&
		gp_span_is(own, "yes");
	return v->is_inside && p->wants_end && !has_logins && (v->asks || v->ours[GP_DOCTOR_END]);
}

/* hides_users: of users, whom limits are about. */
static bool hides_users(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return is_silent(v) && p->wants_users && v->has_users;
}

/* hides_strangers: of strangers. */
static bool hides_strangers(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return (is_silent(v) || is_cut_off(p, v)) && !is_closed(v) && !hides_users(p, v) &&
	       !hears_late(p, v);
}

/* has_no_end: asks, but not at the end of the message. */
static bool has_no_end(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return v->asks && !v->is_inside && !v->ours[GP_DOCTOR_END];
}

/* passes_users_at_end: users are permitted there before. */
static bool passes_users_at_end(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return p->wants_users && v->has_users && v->ours[GP_DOCTOR_END] &&
	       comes_before(v, GP_DOCTOR_END, users);
}

/* ---- the checks ---- */

/* say_which: one finding about the services that a test holds for; true: there are any. */
static bool say_which(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	gp_doctor_view_test test, enum gp_doctor_state state, const char *text)
{
	const char *which = gp_doctor_postfix_which(d, p, test);
	if (which)
		gp_doctor_say(d->report, state, "%s: %s", which, text);
	return which != NULL;
}

/* has_relay_later: relaying is refused, but after the list of recipients? */
static bool has_relay_later(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	const struct gp_doctor_postconf_list *list = &v->lists[GP_DOCTOR_RELAY];
	bool refuses = false;
	for (size_t i = 0; i < list->word_count; i++)
		refuses = refuses || gp_doctor_is_any(list->words[i], closers);
	return refuses && asks_strangers(p, v) && v->ours[GP_DOCTOR_RECIPIENT];
}

/* A place of the question that is wrong where the test holds, and that another place mends. */
struct misplaced {
	gp_doctor_view_test test;
	enum gp_doctor_state state;
	const char *text;
};

/* check_misplaced: one after the other. */
static void check_misplaced(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct misplaced *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (say_which(d, p, rows[i].test, rows[i].state, rows[i].text))
			gp_doctor_mend_place(d, p, rows[i].test);
}

/* check_order: what stands before the question. */
static void check_order(struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	static const struct misplaced rows[] = {
		{is_unreached, GP_DOCTOR_PROBLEM,
			"check_policy_service follows permit, reject or defer and is "
			"never reached"},
		{passes_strangers, GP_DOCTOR_PROBLEM,
			"permit_auth_destination precedes check_policy_service: mail for this host "
			"is never checked"},
		{passes_users, GP_DOCTOR_PROBLEM,
			"permit_sasl_authenticated precedes check_policy_service: limits see no "
			"users"},
		{passes_networks, GP_DOCTOR_WARNING,
			"permit_mynetworks precedes check_policy_service: limits do not see mail "
			"of trusted_networks"},
	};
	check_misplaced(d, p, rows, sizeof rows / sizeof rows[0]);
	if (!p->wants_users && !p->wants_networks &&
		say_which(d, p, asks_strangers, GP_DOCTOR_NOTE,
			"gatepost-policyd is asked about mail that is rejected as "
			"relaying anyway")) {
		if (gp_doctor_postfix_which(d, p, has_relay_later))
			gp_doctor_mend(d->report,
				"postconf -e 'smtpd_relay_before_recipient_restrictions = yes'");
		gp_doctor_mend_place(d, p, asks_strangers);
	}
}

/* check_stage: too early or too late. */
static void check_stage(struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	static const struct misplaced rows[] = {
		{is_late, GP_DOCTOR_WARNING,
			"gatepost-policyd is asked only after all recipients have been accepted"},
		{is_early, GP_DOCTOR_WARNING,
			"with smtpd_delay_reject = no gatepost-policyd is asked before the "
			"recipient is known"},
	};
	check_misplaced(d, p, rows, sizeof rows / sizeof rows[0]);
}

/* find_lost: a service that is asked where nobody is, when no other leads to us. */
static const struct gp_postconf_policy *find_lost(
	struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	struct gp_doctor_place place;
	for (size_t i = 0; i < p->view_count; i++)
		for (int j = 0; j < GP_DOCTOR_LISTS; j++) {
			const struct gp_doctor_postconf_list *list = &p->views[i].lists[j];
			for (size_t k = 0; k < list->policy_count; k++)
				if (gp_doctor_place_parse(
					    d, p, list->policies[k].endpoint, &place) &&
					gp_doctor_place_is_empty(&place))
					return &list->policies[k];
		}
	return NULL;
}

/* say_nobody: no service asks; a question that leads nowhere is taken for ours. */
static void say_nobody(struct gp_doctor *d, struct gp_doctor_postfix *p)
{
	const struct gp_postconf_policy *lost = find_lost(d, p);
	if (!lost) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"no smtpd service asks gatepost-policyd: mail is not checked");
		gp_doctor_mend_asking(d, p);
		return;
	}
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
		"no smtpd service asks gatepost-policyd: mail is not checked. %.*s is asked, where "
		"no daemon listens: if that is meant to be gatepost",
		(int)lost->endpoint.len, lost->endpoint.ptr);
	p->lost = lost->endpoint;
	gp_doctor_mend_question(d, p, lost->text, gp_doctor_question(d));
}

/* check_postfix_asks: at all, and in the right place. */
static void check_postfix_asks(struct gp_doctor *doctor)
{
	struct gp_doctor_postfix *p = gp_doctor_postfix_look(doctor);
	if (!p || p->skip) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "%s",
			!p             ? "out of memory"
			: p->is_broken ? "postconf failed"
				       : p->skip);
		return;
	}
	if (!p->asking) {
		say_nobody(doctor, p);
		return;
	}
	gp_doctor_postfix_twice(doctor, p);
	check_order(doctor, p);
	check_stage(doctor, p);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%zu of %zu smtpd services ask, %s",
			p->asking, p->view_count,
			p->wants_users ? "about users, too" : "about mail from others");
}

/* check_postfix_services: those that overrule main.cf and so do not ask. */
static void check_postfix_services(struct gp_doctor *doctor)
{
	static const struct misplaced rows[] = {
		{hides_users, GP_DOCTOR_PROBLEM,
			"does not ask gatepost-policyd: limits do not see its users"},
		{hears_late, GP_DOCTOR_WARNING,
			"master.cf overrides the list, and gatepost-policyd is asked only at the "
			"end of messages: SPF and limits on recipients apply late"},
		{hides_strangers, GP_DOCTOR_WARNING,
			"does not ask gatepost-policyd: mail that it receives is not checked"},
	};
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	if (!p)
		return;
	check_misplaced(doctor, p, rows, sizeof rows / sizeof rows[0]);
	if (say_which(doctor, p, is_echo, GP_DOCTOR_WARNING,
		    "mail that returns from a content filter is counted a second time"))
		gp_doctor_mend_away(doctor, p, is_echo);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "every service asks");
}

/* check_postfix_end: bytes, and releasing. */
static void check_postfix_end(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	if (!p)
		return;
	if (!p->wants_end) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no limit is configured");
		return;
	}
	if (say_which(doctor, p, has_no_end, p->wants_bytes ? GP_DOCTOR_PROBLEM : GP_DOCTOR_NOTE,
		    p->wants_bytes
			    ? "limits on bytes do not work: no request is sent at the end of the "
			      "message"
			    : "recipients of messages that fail later stay counted: no request is "
			      "sent at the end of the message"))
		gp_doctor_mend_list(doctor, p, has_no_end, GP_DOCTOR_END, GP_DOCTOR_PUT_FIRST);
	if (say_which(doctor, p, passes_users_at_end, GP_DOCTOR_PROBLEM,
		    "users are permitted before check_policy_service in "
		    "smtpd_end_of_data_restrictions"))
		gp_doctor_mend_list(
			doctor, p, passes_users_at_end, GP_DOCTOR_END, GP_DOCTOR_PUT_FIRST);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"asked at the end of messages: what fails is released");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_postfix_lists_checks[] = {
	{"postfix.asks", check_postfix_asks, GP_DOCTOR_NEEDS_CONFIG,
		"gatepost-policyd is asked where SPF and limits need it"},
	{"postfix.services", check_postfix_services, GP_DOCTOR_NEEDS_CONFIG,
		"no service of master.cf bypasses it"},
	{"postfix.end-of-data", check_postfix_end, GP_DOCTOR_NEEDS_CONFIG,
		"it is asked at the end of messages, for limits"},
	{NULL, NULL, 0, NULL},
};
