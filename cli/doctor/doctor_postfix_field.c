/* SPDX-License-Identifier: ISC */
/*
 * The field with our results, and forged ones: Postfix shows header_checks both without telling
 * them apart, so that a mark does (engine/mark.h); and that what is attached is left alone. Looks
 * at main.cf only, and not into files of rules: there the names and the mark may stand.
 */
#include <string.h>

#include "cli/doctor/doctor_postfix.h"
#include "engine/mark.h"

/* One question, and what it hands over. */
struct asked {
	const struct gp_postconf_policy *policy;
	struct gp_span context, mark;
	enum gp_mark state;
	struct gp_span rules;        /* header_checks */
	struct gp_span mime, nested; /* what it is for parts and attached messages */
};

/* context_of: the attribute policy_context of a question; ptr NULL: not set here. */
static struct gp_span context_of(const struct gp_postconf_policy *policy)
{
	struct gp_span text = gp_span_trim(policy->text), word, name, value;
	if (text.len > 1 && *text.ptr == '{')
		text = (struct gp_span) {text.ptr + 1, text.len - 2};
	while (gp_doctor_postconf_word(&text, &word)) {
		if (*word.ptr == '{' && word.len > 1)
			word = gp_span_trim((struct gp_span) {word.ptr + 1, word.len - 2});
		if (gp_span_cut(word, '=', &name, &value) &&
			gp_span_equal(gp_span_trim(name), gp_span_from("policy_context")))
			return gp_span_trim(value);
	}
	return (struct gp_span) {NULL, 0};
}

/* has_file: is one of the tables a file, and not written out in braces? */
static bool has_file(struct gp_span rules)
{
	struct gp_span word;
	while (gp_doctor_postconf_word(&rules, &word))
		if (!memchr(word.ptr, '{', word.len) && memmem(word.ptr, word.len, ":/", 2))
			return true;
	return false;
}

/* has: do the rules of header_checks hold this text, or may a file of theirs? */
static bool has(const struct asked *a, struct gp_span text)
{
	return memmem(a->rules.ptr, a->rules.len, text.ptr, text.len) || has_file(a->rules);
}

/* mend_mark: a new secret, where it is set; no word of it stands in this output. */
static void mend_mark(struct gp_doctor *d)
{
	gp_doctor_mend(d->report,
		"postconf -e \"gatepost_mark = $(head -c 64 /dev/urandom | sha256sum | "
		"head -c 32)\"");
}

/*
 * mend_rules: too long to be printed. Those for attachments are header_checks unless they are set.
 */
static void mend_rules(struct gp_doctor *d)
{
	gp_doctor_mend(d->report,
		"in main.cf put the rules of header_checks in postfix-main.cf, among the examples, "
		"before other rules, and set mime_header_checks and nested_header_checks to these "
		"other rules, or to an empty value");
}

/* names_results: does the text name a field of results? */
static bool names_results(struct gp_span text)
{
	static const char *const names[] = {"Authentication-Results", "Received-SPF"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (memmem(text.ptr, text.len, names[i], strlen(names[i])))
			return true;
	return false;
}

/* is_nothing_else: are the rules one table in main.cf, each rule of it about results? */
static bool is_nothing_else(struct gp_span rules)
{
	struct gp_span table, type, rest, word;
	if (!gp_doctor_postconf_word(&rules, &table) || gp_doctor_postconf_word(&rules, &word) ||
		!gp_span_cut(table, '{', &type, &rest) || !gp_span_has_suffix(rest, "}"))
		return false;
	rest.len--;
	while (gp_doctor_postconf_word(&rest, &word))
		if (*word.ptr != '{' || !names_results(word))
			return false;
	return true;
}

/* mend_question: what is handed over is the parameter, which the rules name as well. */
static void mend_question(
	struct gp_doctor *d, const struct gp_doctor_postfix *p, const struct asked *a)
{
	const struct gp_doctor_change change = {.policy_context = GP_MARK_PREFIX "$gatepost_mark"};
	gp_doctor_mend_question(
		d, p, a->policy->text, gp_doctor_question_changed(d, a->policy, &change));
}

/* is_parameter: is what is handed over what gatepost_mark stands for? */
static bool is_parameter(const struct gp_doctor_postfix *p, const struct asked *a)
{
	struct gp_span value = gp_doctor_postconf_value(&p->pc, NULL, "gatepost_mark");
	return value.len &&
	       gp_span_equal(value, gp_span_skip(a->context, sizeof GP_MARK_PREFIX - 1));
}

/* check_mark: of one question; true: something was said. */
static bool check_mark(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, const struct asked *a)
{
	if (a->state == GP_MARK_KNOWN)
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s: the mark is the public one of the example and is not used: no message "
			"keeps the field with our results",
			v->label);
	else if (a->state == GP_MARK_BAD)
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s: policy_context is mark: without 12 to 64 letters and digits after it, "
			"and is not used: header_checks cannot distinguish the field with our "
			"results from a forged one",
			v->label);
	else
		return false;
	mend_mark(d);
	if (is_parameter(p, a))
		gp_doctor_mend(d->report, "postfix reload");
	else
		mend_question(d, p, a);
	return true;
}

/* check_rules: those that know the mark, or where there is none, any. */
static bool check_rules(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_doctor_view *v, const struct asked *a)
{
	if (a->state == GP_MARK_SECRET && !has(a, a->mark)) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s: header_checks have no rule with the mark that Postfix sends: each "
			"message is delivered with this secret, or without the field with our "
			"results",
			v->label);
		mend_rules(d);
		if (is_parameter(p, a)) {
			gp_doctor_mend(d->report, "postfix reload");
		} else {
			mend_mark(d);
			mend_question(d, p, a);
		}
		return true;
	}
	if (a->state != GP_MARK_NONE || names_results(a->rules) || has_file(a->rules))
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_NOTE,
		"%s: nothing removes results of this host that a message already has: a sender can "
		"forge them",
		v->label);
	mend_mark(d);
	mend_rules(d);
	mend_question(d, p, a);
	return true;
}

/* changes: do the rules about results stand among these as well? A file is not read: it is known
 * by being the one of header_checks, where the mark has to be known. */
static bool changes(const struct asked *a, struct gp_span rules)
{
	return names_results(rules) ||
	       (a->state == GP_MARK_SECRET && rules.len && gp_span_equal(rules, a->rules));
}

/* check_parts: what is attached is not ours to change. */
static bool check_parts(struct gp_doctor *d, const struct asked *a)
{
	bool of_parts = changes(a, a->mime), of_messages = changes(a, a->nested);
	if (!of_parts && !of_messages)
		return false;
	const char *names = !of_messages ? "mime_header_checks"
			    : of_parts   ? "mime_header_checks and nested_header_checks"
					 : "nested_header_checks";
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"the rules that remove results of this host are in %s too: they change attached "
		"messages and break their signatures",
		names);
	if ((!of_parts || is_nothing_else(a->mime)) &&
		(!of_messages || is_nothing_else(a->nested))) {
		if (of_parts)
			gp_doctor_mend(d->report, "postconf -e 'mime_header_checks ='");
		if (of_messages)
			gp_doctor_mend(d->report, "postconf -e 'nested_header_checks ='");
	} else {
		gp_doctor_mend(d->report,
			"in main.cf set %s to the rules of header_checks without those for "
			"Authentication-Results and Received-SPF",
			names);
	}
	gp_doctor_mend(d->report, "postfix reload");
	return true;
}

/* check_postfix_field: the first question with something wrong is the one that is said. */
static void check_postfix_field(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	if (!p)
		return;
	if (doctor->config->spf.header == GP_HEADER_NONE) {
		gp_doctor_say(
			doctor->report, GP_DOCTOR_SKIPPED, "spf.header = none: no field is added");
		return;
	}
	for (size_t i = 0; i < p->view_count; i++) {
		const struct gp_doctor_view *v = &p->views[i];
		for (int j = 0; j < GP_DOCTOR_END; j++) {
			struct asked a = {.policy = v->ours[j]};
			if (!a.policy)
				continue;
			a.context = gp_doctor_policy_value(
				p, v, context_of(a.policy), "smtpd_policy_service_policy_context");
			a.state = gp_engine_mark_parse(a.context, &a.mark);
			a.rules = gp_doctor_postconf_value(&p->pc, NULL, "header_checks");
			a.mime = gp_doctor_postconf_value(&p->pc, NULL, "mime_header_checks");
			a.nested = gp_doctor_postconf_value(&p->pc, NULL, "nested_header_checks");
			if (check_mark(doctor, p, v, &a) || check_rules(doctor, p, v, &a) ||
				check_parts(doctor, &a))
				return;
		}
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_OK,
		"header_checks can distinguish it from a "
		"forged one");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_postfix_field_checks[] = {
	{"postfix.own-field", check_postfix_field, GP_DOCTOR_NEEDS_CONFIG,
		"the field with its results differs from forged ones"},
	{NULL, NULL, 0, NULL},
};
