/* SPDX-License-Identifier: ISC */
/*
 * Where the question goes, as commands. A command replaces: it takes every question of ours out of
 * a list before it puts one in, so that none is asked twice. What else stands in a list stays: the
 * administrator decides about relaying. A list that several services have from main.cf is changed
 * there when all of them need it, else for the service alone. A value that cannot be put into a
 * command as it is, is told in words.
 */
#include <string.h>

#include "cli/doctor/doctor_postfix.h"
#include "cli/doctor/doctor_text.h"

static const char relay[] = "smtpd_relay_restrictions";
static const char recipient[] = "smtpd_recipient_restrictions";
static const char end_of_data[] = "smtpd_end_of_data_restrictions";
static const char *const closers[] = {
	"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", NULL};

/* has_any: does a list have one of the words, wherever parameters lead? */
static bool has_any(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	const char *name, const char *const *words)
{
	struct gp_doctor_postconf_list list;
	if (gp_doctor_postconf_list(pc, service, name, &list))
		return false;
	for (size_t i = 0; i < list.word_count; i++)
		if (gp_doctor_is_any(list.words[i], words) &&
			!(i && gp_span_is(list.words[i - 1], "warn_if_reject")))
			return true;
	return false;
}

/* ---- the question ---- */

/* gp_doctor_question: the whole of it. */
const char *gp_doctor_question(struct gp_doctor *doctor)
{
	unsigned timeout_s = doctor->config->policyd.deadline_ms / 1000 + 10;
	return gp_doctor_text(doctor->arena,
		"check_policy_service { %s, timeout=%us, default_action=DUNNO }",
		gp_doctor_endpoint(doctor), timeout_s);
}

/* all_changes: of one question in this visit, this one included. */
static struct gp_doctor_change all_changes(
	struct gp_doctor *d, struct gp_span text, const struct gp_doctor_change *change)
{
	struct gp_doctor_postfix *p = d->postfix;
	struct gp_doctor_changed *c = p->changed;
	while (c < p->changed + p->changed_count && !gp_span_equal(c->text, text))
		c++;
	if (c == p->changed + GP_POSTCONF_POLICIES_MAX)
		return *change;
	if (c == p->changed + p->changed_count) {
		*c = (struct gp_doctor_changed) {.text = text};
		p->changed_count++;
	}
	if (change->endpoint)
		c->change.endpoint = change->endpoint;
	if (change->timeout)
		c->change.timeout = change->timeout;
	if (change->default_action)
		c->change.default_action = change->default_action;
	if (change->policy_context)
		c->change.policy_context = change->policy_context;
	return c->change;
}

/* is_changed: has a mend of this visit changed the question? */
static bool is_changed(const struct gp_doctor_postfix *p, struct gp_span text)
{
	for (size_t i = 0; i < p->changed_count; i++)
		if (gp_span_equal(p->changed[i].text, text))
			return true;
	return false;
}

/* gp_doctor_question_changed: other attributes of it stay. */
const char *gp_doctor_question_changed(struct gp_doctor *doctor,
	const struct gp_postconf_policy *policy, const struct gp_doctor_change *change)
{
	const struct gp_doctor_change all = all_changes(doctor, policy->text, change);
	const struct {
		const char *name, *to;
		struct gp_span value;
	} rows[] = {{"timeout", all.timeout, policy->timeout},
		{"default_action", all.default_action, policy->default_action},
		{"policy_context", all.policy_context, {NULL, 0}}};
	struct gp_span text = gp_span_trim(policy->text), word;
	struct gp_span endpoint = all.endpoint ? gp_span_from(all.endpoint) : policy->endpoint;
	const char *question = gp_doctor_text(
		doctor->arena, "check_policy_service { %.*s", (int)endpoint.len, endpoint.ptr);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span value = rows[i].to ? gp_span_from(rows[i].to) : rows[i].value;
		bool has_blanks = value.ptr && memchr(value.ptr, ' ', value.len);
		if (value.ptr)
			question = gp_doctor_text(doctor->arena,
				has_blanks ? "%s, { %s=%.*s }" : "%s, %s=%.*s", question,
				rows[i].name, (int)value.len, value.ptr);
	}
	if (text.len > 1 && *text.ptr == '{')
		text = (struct gp_span) {text.ptr + 1, text.len - 2};
	(void)gp_doctor_postconf_word(&text, &word); /* the endpoint */
	while (gp_doctor_postconf_word(&text, &word)) {
		struct gp_span name, value, inside = word;
		if (*inside.ptr == '{')
			inside = gp_span_trim(gp_span_skip(inside, 1));
		gp_span_cut(inside, '=', &name, &value);
		name = gp_span_trim(name);
		if (!gp_span_is(name, "timeout") && !gp_span_is(name, "default_action") &&
			!(all.policy_context && gp_span_is(name, "policy_context")))
			question = gp_doctor_text(
				doctor->arena, "%s, %.*s", question, (int)word.len, word.ptr);
	}
	return gp_doctor_text(doctor->arena, "%s }", question);
}

/* is_served: does it lead to where the daemon listens? */
static bool is_served(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_policy *policy)
{
	struct gp_doctor_place place;
	return gp_doctor_place_parse(d, p, policy->endpoint, &place) &&
	       gp_doctor_place_is_served(d, &place);
}

/* may_be_named: is our name free, or has it a question of ours and nothing else? */
static bool may_be_named(struct gp_doctor *d, const struct gp_doctor_postfix *p)
{
	struct gp_doctor_postconf_list list;
	struct gp_span raw = gp_doctor_postconf_raw(&p->pc, NULL, GP_DOCTOR_PARAMETER);
	return raw.len == 0 || (gp_doctor_postconf_words(&p->pc, NULL, raw, &list) == GP_OK &&
				       list.word_count == 1 && list.policy_count == 1 &&
				       gp_doctor_is_ours(d, p, NULL, &list.policies[0]));
}

/* own_question: as the service asks already, where that leads to the daemon; else a new one. */
static const char *own_question(
	struct gp_doctor *d, const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	struct gp_doctor_postconf_list list;
	const char *mark = "$" GP_DOCTOR_PARAMETER;
	if (gp_doctor_postconf_words(&p->pc, v->service, gp_span_from(mark), &list) == GP_OK &&
		list.word_count == 1 && list.policy_count == 1 &&
		is_served(d, p, &list.policies[0]))
		return mark;
	for (int i = 0; i < GP_DOCTOR_LISTS; i++)
		if (v->ours[i] && is_changed(p, v->ours[i]->text))
			return gp_doctor_question_changed(
				d, v->ours[i], &(struct gp_doctor_change) {.endpoint = NULL});
		else if (v->ours[i] && is_served(d, p, v->ours[i]))
			return gp_doctor_text(d->arena, "check_policy_service %.*s",
				(int)v->ours[i]->text.len, v->ours[i]->text.ptr);
	return gp_doctor_question(d);
}

/* ---- commands ---- */

/* keep: what a command sets, for the mends after it. */
static void keep(struct gp_doctor *d, const struct gp_postconf_service *service, const char *name,
	const char *value)
{
	if (d->postfix->set_count < GP_DOCTOR_SET_MAX)
		d->postfix->sets[d->postfix->set_count++] =
			(struct gp_doctor_set) {service, name, value};
}

/* set_main: one parameter of main.cf. */
static void set_main(struct gp_doctor *d, const char *name, const char *value)
{
	keep(d, NULL, name, value);
	gp_doctor_mend(d->report, "postconf -e %s",
		gp_doctor_word(d->arena, gp_doctor_text(d->arena, "%s = %s", name, value)));
}

/* free_name: of a parameter for one service's value, one that main.cf does not have. */
static const char *free_name(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const char *name)
{
	char label[64];
	size_t n = service->name.len < sizeof label ? service->name.len : sizeof label - 1;
	for (size_t i = 0; i < n; i++)
		label[i] = gp_span_is_alnum(service->name.ptr[i]) ? service->name.ptr[i] : '_';
	label[n] = 0;
	const char *rest = gp_span_has_prefix(gp_span_from(name), "smtpd_") ? name + 6 : name;
	const char *found = gp_doctor_text(d->arena, "at_%s_%s", label, rest);
	for (unsigned i = 2; gp_doctor_postconf_raw(&p->pc, NULL, found).len && i < 100; i++)
		found = gp_doctor_text(d->arena, "at_%s_%s_%u", label, rest, i);
	return found;
}

/* set: one parameter, of main.cf or of a service. postconf -P takes no blanks in a value: then
 * main.cf has it under a name of its own. */
static void set(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const char *name, const char *value)
{
	if (!service) {
		set_main(d, name, value);
		return;
	}
	keep(d, service, name, value);
	if (strpbrk(value, " \t")) {
		const char *own = free_name(d, p, service, name);
		set_main(d, own, value);
		value = gp_doctor_text(d->arena, "$%s", own);
	}
	gp_doctor_mend(d->report, "postconf -P %s",
		gp_doctor_word(
			d->arena, gp_doctor_text(d->arena, "%.*s/%.*s/%s=%s",
					  (int)service->name.len, service->name.ptr,
					  (int)service->type.len, service->type.ptr, name, value)));
}

/* reload: what comes last. */
static void reload(struct gp_doctor *d)
{
	gp_doctor_mend(d->report, "postfix reload");
}

/* put: the question into a list, once; in words where a command cannot. */
static void put(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const char *name, const char *question,
	enum gp_doctor_put where)
{
	static const char *const places[] = {[GP_DOCTOR_PUT_FIRST] = "before the items",
		[GP_DOCTOR_PUT_BEHIND] =
			"after reject_unauth_destination and before permit or reject,",
		[GP_DOCTOR_PUT_THERE] = "in place of the first of them"};
	struct gp_span raw = gp_doctor_postconf_raw(&p->pc, service, name);
	bool is_new = !gp_span_equal(raw, gp_doctor_raw(p, service, name));
	const char *value = gp_doctor_rewritten(d, p, service, name, question, where);
	const char *file = service ? gp_doctor_text(d->arena, "master.cf, service %.*s,",
					     (int)service->name.len, service->name.ptr)
				   : "main.cf";
	if (value && !is_new && gp_span_equal(gp_span_from(value), raw))
		return;
	if (value)
		set(d, p, service, name, value);
	else if (where == GP_DOCTOR_PUT_NOWHERE)
		gp_doctor_mend(d->report,
			"in %s remove each check_policy_service of gatepost from %s", file, name);
	else if (where == GP_DOCTOR_PUT_OFF_CLASS)
		gp_doctor_mend(d->report,
			"in %s remove each check_policy_service of gatepost from %s; if that "
			"leaves it empty, set it to: " GP_DOCTOR_NEUTRAL,
			file, name);
	else
		gp_doctor_mend(d->report,
			"in %s put this %s in %s, and let it stand there once: %s", file,
			places[where], name, question);
}

/* whose: the service, or NULL when its list is of main.cf and all who have it need the change. */
static const struct gp_postconf_service *whose(const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, const char *name, gp_doctor_view_test test)
{
	struct gp_span own;
	if (gp_doctor_postconf_override(&p->pc, v->service, name, &own))
		return v->service;
	for (size_t i = 0; i < p->view_count; i++)
		if (!gp_doctor_postconf_override(&p->pc, p->views[i].service, name, &own) &&
			!test(p, &p->views[i]))
			return v->service;
	return NULL;
}

/* mend_relay: that strangers are refused, where nothing does. */
static void mend_relay(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service)
{
	struct gp_span raw = gp_doctor_raw(p, service, relay);
	if (!gp_span_equal(raw, gp_doctor_postconf_raw(&p->pc, service, relay))) {
		set(d, p, service, relay, gp_doctor_text(d->arena, "%.*s", (int)raw.len, raw.ptr));
		return; /* an earlier mend has it */
	}
	if (has_any(&p->pc, service, relay, closers) ||
		has_any(&p->pc, service, recipient, closers))
		return;
	if (gp_doctor_postconf_value(&p->pc, service, relay).len == 0)
		set(d, p, service, relay,
			"permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination");
	else
		set(d, p, service, relay,
			gp_doctor_text(d->arena, "%.*s, reject_unauth_destination", (int)raw.len,
				raw.ptr));
}

/* ---- services ---- */

/* mend_recipient: the one place where recipients are asked about. */
static void mend_recipient(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, gp_doctor_view_test test)
{
	const struct gp_postconf_service *service = whose(p, v, recipient, test);
	const char *question = own_question(d, p, v);
	bool is_first = (p->wants_users && v->has_users) || p->wants_networks;
	if (is_first)
		mend_relay(d, p, service);
	else if (!has_any(&p->pc, v->service, recipient, closers) &&
		 !has_any(&p->pc, v->service, relay, closers))
		question = gp_doctor_text(d->arena, "reject_unauth_destination, %s", question);
	put(d, p, service, recipient, question,
		is_first ? GP_DOCTOR_PUT_FIRST : GP_DOCTOR_PUT_BEHIND);
}

/* gp_doctor_mend_place: out of all lists before the end, into that of recipients. */
void gp_doctor_mend_place(
	struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix, gp_doctor_view_test test)
{
	for (size_t i = 0; i < postfix->view_count; i++) {
		const struct gp_doctor_view *v = &postfix->views[i];
		if (!test(postfix, v))
			continue;
		for (int j = 0; j < GP_DOCTOR_END; j++) {
			const char *name = gp_doctor_list_names[j];
			if (j == GP_DOCTOR_RECIPIENT)
				mend_recipient(doctor, postfix, v, test);
			else if (v->ours[j] && !v->ours[j]->is_conditional)
				put(doctor, postfix, whose(postfix, v, name, test), name, "",
					GP_DOCTOR_PUT_NOWHERE);
		}
	}
	reload(doctor);
}

/* gp_doctor_mend_list: as the service asks already. */
void gp_doctor_mend_list(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test, enum gp_doctor_list list, enum gp_doctor_put where)
{
	const char *name = gp_doctor_list_names[list];
	for (size_t i = 0; i < postfix->view_count; i++) {
		const struct gp_doctor_view *v = &postfix->views[i];
		if (test(postfix, v))
			put(doctor, postfix, whose(postfix, v, name, test), name,
				own_question(doctor, postfix, v), where);
	}
	reload(doctor);
}

/* gp_doctor_mend_away: out of all lists. */
void gp_doctor_mend_away(
	struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix, gp_doctor_view_test test)
{
	for (size_t i = 0; i < postfix->view_count; i++) {
		const struct gp_doctor_view *v = &postfix->views[i];
		for (int j = 0; test(postfix, v) && j < GP_DOCTOR_LISTS; j++)
			if (v->ours[j] && !v->ours[j]->is_conditional)
				put(doctor, postfix,
					whose(postfix, v, gp_doctor_list_names[j], test),
					gp_doctor_list_names[j], "", GP_DOCTOR_PUT_NOWHERE);
	}
	reload(doctor);
}

/* classes_of: puts the question, or nothing, into each class of a service that has such a one,
 * where the class has its value: in main.cf, or in master.cf. */
static void classes_of(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const struct gp_span *text, const char *question)
{
	struct gp_span rest =
		gp_doctor_postconf_value(&p->pc, service, "smtpd_restriction_classes");
	struct gp_span name, own;
	while (gp_doctor_postconf_word(&rest, &name)) {
		const char *class = gp_doctor_text(d->arena, "%.*s", (int)name.len, name.ptr);
		struct gp_span raw = gp_doctor_postconf_raw(&p->pc, service, class);
		struct gp_doctor_postconf_list list;
		bool has_it = false;
		if (gp_doctor_postconf_words(&p->pc, service, raw, &list))
			continue;
		for (size_t i = 0; i < list.policy_count; i++)
			has_it = has_it ||
				 (text ? gp_span_equal(list.policies[i].text, *text)
				       : gp_doctor_is_ours(d, p, service, &list.policies[i]));
		bool is_own = gp_doctor_postconf_override(&p->pc, service, class, &own);
		if (has_it)
			put(d, p, is_own ? service : NULL, class, question,
				text ? GP_DOCTOR_PUT_THERE : GP_DOCTOR_PUT_OFF_CLASS);
	}
}

/* each_class: of main.cf, and of services that have others. */
static void each_class(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_span *text, const char *question)
{
	classes_of(d, p, NULL, text, question);
	for (size_t i = 0; i < p->view_count; i++)
		classes_of(d, p, p->views[i].service, text, question);
}

/* gp_doctor_mend_classes: the lists themselves ask. */
void gp_doctor_mend_classes(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix)
{
	each_class(doctor, postfix, NULL, "");
	reload(doctor);
}

/* gp_doctor_mend_once: our name gets what is asked first, and stands in the lists. */
void gp_doctor_mend_once(
	struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix, gp_doctor_view_test test)
{
	const char *mark = "$" GP_DOCTOR_PARAMETER;
	bool is_set = false;
	for (size_t i = 0; i < postfix->view_count; i++) {
		const struct gp_doctor_view *v = &postfix->views[i];
		for (int j = 0; test(postfix, v) && j < GP_DOCTOR_LISTS; j++) {
			if (!v->ours[j])
				continue;
			if (!is_set && strcmp(own_question(doctor, postfix, v), mark) != 0)
				set(doctor, postfix, NULL, GP_DOCTOR_PARAMETER,
					own_question(doctor, postfix, v));
			is_set = true;
			put(doctor, postfix, whose(postfix, v, gp_doctor_list_names[j], test),
				gp_doctor_list_names[j], mark, GP_DOCTOR_PUT_THERE);
		}
	}
	reload(doctor);
}

/* ---- all of Postfix ---- */

/* gp_doctor_mend_question: where a parameter has it, there; else in the list or the class. */
void gp_doctor_mend_question(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	struct gp_span text, const char *question)
{
	const struct gp_doctor_postfix *p = postfix;
	struct gp_span own;
	for (size_t i = 0; i < p->view_count; i++)
		for (int j = 0; j < GP_DOCTOR_LISTS; j++) {
			const struct gp_postconf_service *service = p->views[i].service;
			const struct gp_doctor_postconf_list *list = &p->views[i].lists[j];
			const char *name = gp_doctor_list_names[j];
			bool has_it = false;
			for (size_t k = 0; k < list->policy_count; k++)
				has_it = has_it ||
					 (!list->policies[k].is_conditional &&
						 gp_span_equal(list->policies[k].text, text));
			if (!has_it)
				continue;
			const char *parameter =
				gp_doctor_parameter_of(doctor, p, service, name, text);
			name = parameter ? parameter : name;
			if (!gp_doctor_postconf_override(&p->pc, service, name, &own))
				service = NULL;
			if (parameter)
				set(doctor, p, service, name, question);
			else
				put(doctor, p, service, name, question, GP_DOCTOR_PUT_THERE);
		}
	each_class(doctor, p, &text, question);
	reload(doctor);
}

/* gp_doctor_mend_asking: for users in front of all, else after what permits them. */
void gp_doctor_mend_asking(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix)
{
	const struct gp_doctor_postfix *p = postfix;
	const char *question = gp_doctor_question(doctor);
	if (p->wants_users || p->wants_networks) {
		if (may_be_named(doctor, p)) {
			set(doctor, p, NULL, GP_DOCTOR_PARAMETER, question);
			question = "$" GP_DOCTOR_PARAMETER;
		}
		mend_relay(doctor, p, NULL);
		put(doctor, p, NULL, recipient, question, GP_DOCTOR_PUT_FIRST);
		put(doctor, p, NULL, end_of_data, question, GP_DOCTOR_PUT_FIRST);
	} else if (gp_doctor_postconf_raw(&p->pc, NULL, recipient).len) {
		put(doctor, p, NULL, recipient, question, GP_DOCTOR_PUT_BEHIND);
	} else {
		bool refuses = has_any(&p->pc, NULL, relay, closers);
		set(doctor, p, NULL, recipient,
			gp_doctor_text(doctor->arena,
				"permit_mynetworks, permit_sasl_authenticated, %s%s",
				refuses ? "" : "reject_unauth_destination, ", question));
	}
	reload(doctor);
}
