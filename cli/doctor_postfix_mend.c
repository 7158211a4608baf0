/* SPDX-License-Identifier: ISC */
/*
 * Where the question goes, as commands. What stands in a list stays: it is whoever runs the host
 * who decides about relaying. A value that cannot be put into a command as it is, is told in words.
 */
#include <string.h>

#include "cli/doctor_postfix.h"

#define VALUE_MOST 3000 /* bytes of a value that a command is made of */
#define WORDS_MOST 200

static const char recipient[] = "smtpd_recipient_restrictions";
static const char end_of_data[] = "smtpd_end_of_data_restrictions";
static const char *const closers[] = {
	"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", NULL};
/* behind which nothing of a list is reached, or no mail for this host */
static const char *const enders[] = {"permit", "reject", "defer", "permit_auth_destination", NULL};

/* is_any: one of these words, NULL at the end? */
static bool is_any(struct gp_span word, const char *const *words)
{
	for (; *words; words++)
		if (gp_span_equal(word, gp_span_from(*words)))
			return true;
	return false;
}

/* has_any: does a list have one of the words, wherever parameters lead? */
static bool has_any(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	const char *name, const char *const *words)
{
	struct gp_postconf_list list;
	if (gp_postconf_list(pc, service, name, &list))
		return false;
	for (size_t i = 0; i < list.word_count; i++)
		if (is_any(list.words[i], words) &&
			!(i && gp_span_is(list.words[i - 1], "warn_if_reject")))
			return true;
	return false;
}

/* gp_doctor_question: the whole of it. */
const char *gp_doctor_question(struct gp_doctor *doctor)
{
	unsigned timeout_s = doctor->config->policyd.deadline_ms / 1000 + 10;
	return gp_doctor_text(doctor,
		"check_policy_service { %s, timeout=%us, default_action=DUNNO }",
		gp_doctor_endpoint(doctor), timeout_s);
}

/* is_fit: for a command: short, and printable. */
static bool is_fit(struct gp_span value)
{
	return value.len <= VALUE_MOST && gp_span_is_printable_ascii(value);
}

/* leads_to_end: a word that ends its list, or stands for words of which one does. */
static bool leads_to_end(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, struct gp_span word)
{
	if (is_any(word, enders))
		return true;
	if (word.len && *word.ptr == '$')
		word = gp_span_skip(word, 1);
	if (word.len > 2 && (*word.ptr == '{' || *word.ptr == '('))
		word = (struct gp_span) {word.ptr + 1, word.len - 2};
	const char *name = gp_doctor_text(d, "%.*s", (int)word.len, word.ptr);
	return gp_postconf_raw(&p->pc, service, name).len && has_any(&p->pc, service, name, enders);
}

/* with_question: a value as it stands with the question in it: in front, or before what ends the
 * list. NULL: it is for people to do. */
static const char *with_question(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const char *name, const char *question,
	bool in_front)
{
	struct gp_span raw = gp_postconf_raw(&p->pc, service, name), rest = raw, word,
		       before = {"", 0};
	size_t count = 0;
	if (!is_fit(raw))
		return NULL;
	if (raw.len == 0)
		return question;
	if (in_front)
		return gp_doctor_text(d, "%s, %.*s", question, (int)raw.len, raw.ptr);
	while (gp_postconf_word(&rest, &word)) {
		if (++count > WORDS_MOST)
			return NULL;
		if (!gp_span_is(before, "warn_if_reject") && leads_to_end(d, p, service, word))
			return gp_doctor_text(d, "%.*s%s, %.*s", (int)(word.ptr - raw.ptr), raw.ptr,
				question, (int)(raw.ptr + raw.len - word.ptr), word.ptr);
		before = word;
	}
	while (raw.len && strchr(", \t", raw.ptr[raw.len - 1]))
		raw.len--;
	return gp_doctor_text(d, "%.*s, %s", (int)raw.len, raw.ptr, question);
}

/* set: one parameter of main.cf. */
static void set(struct gp_doctor *d, const char *name, const char *value)
{
	gp_doctor_mend(
		d, "postconf -e %s", gp_doctor_word(d, gp_doctor_text(d, "%s = %s", name, value)));
}

/* put: the question into a list of main.cf. */
static void put(struct gp_doctor *d, const struct gp_doctor_postfix *p, const char *name,
	const char *question, bool in_front)
{
	const char *value = with_question(d, p, NULL, name, question, in_front);
	if (value)
		set(d, name, value);
	else
		gp_doctor_mend(d, "in main.cf put this %s in %s: %s",
			in_front ? "in front of what stands"
				 : "behind reject_unauth_destination, before permit or reject,",
			name, question);
}

/* mend_relay: the list that says who may relay, only where nothing refuses strangers. */
static void mend_relay(struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	static const char relay[] = "smtpd_relay_restrictions";
	if (has_any(&p->pc, NULL, relay, closers) || has_any(&p->pc, NULL, recipient, closers))
		return;
	if (gp_postconf_value(&p->pc, NULL, relay).len == 0)
		set(d, relay,
			"permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination");
	else
		gp_doctor_mend(
			d, "see that %s refuses strangers, by reject_unauth_destination", relay);
}

/* gp_doctor_mend_asking: for users in front of all, else behind what permits them. */
void gp_doctor_mend_asking(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix)
{
	const struct gp_doctor_postfix *p = postfix;
	if (p->wants_users) {
		set(doctor, "gatepost", gp_doctor_question(doctor));
		mend_relay(doctor, p);
		put(doctor, p, recipient, "$gatepost", true);
		put(doctor, p, end_of_data, "$gatepost", true);
	} else if (gp_postconf_raw(&p->pc, NULL, recipient).len) {
		put(doctor, p, recipient, gp_doctor_question(doctor), false);
	} else {
		bool refuses = has_any(&p->pc, NULL, "smtpd_relay_restrictions", closers);
		set(doctor, recipient,
			gp_doctor_text(doctor, "permit_mynetworks, permit_sasl_authenticated, %s%s",
				refuses ? "" : "reject_unauth_destination, ",
				gp_doctor_question(doctor)));
	}
	gp_doctor_mend(doctor, "postfix reload");
}

/* gp_doctor_mend_end: in front of what stands there. */
void gp_doctor_mend_end(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix)
{
	put(doctor, postfix, end_of_data, gp_doctor_question(doctor), true);
	gp_doctor_mend(doctor, "postfix reload");
}

/* gp_doctor_mend_services: each of them, with what it says now. */
void gp_doctor_mend_services(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test, bool for_users)
{
	const struct gp_doctor_postfix *p = postfix;
	const char *question = gp_doctor_question(doctor);
	for (size_t i = 0; i < p->view_count; i++) {
		const struct gp_doctor_view *v = &p->views[i];
		if (!test(p, v))
			continue;
		const char *value =
			with_question(doctor, p, v->service, recipient, question, for_users);
		bool is_open = !for_users && !has_any(&p->pc, v->service, recipient, closers) &&
			       !has_any(&p->pc, v->service, "smtpd_relay_restrictions", closers);
		if (value)
			gp_doctor_mend(doctor, "in master.cf, service %s: -o { %s = %s%s }",
				v->label, recipient, is_open ? "reject_unauth_destination, " : "",
				value);
		else
			gp_doctor_mend(doctor,
				"in master.cf, service %s: put this %s in its %s: %s", v->label,
				for_users ? "in front of what stands" : "before permit or reject",
				recipient, question);
	}
}
