/* SPDX-License-Identifier: ISC */
/*
 * A list of restrictions written again: our questions taken out, and one put where it belongs.
 * A list is cut into parts: words as they stand in the file, each with what it expands to. What has
 * nothing of ours stays as it is written; what is nothing but ours goes; what holds ours among
 * other things is written out without it.
 */
#include <string.h>

#include "cli/doctor/doctor_postfix.h"
#include "cli/doctor/doctor_text.h"

#define VALUE_MOST 3000 /* bytes of a value that a command is made of */
#define PARTS_MOST 200

static const char *const enders[] = {"permit", "reject", "defer", "permit_auth_destination", NULL};

/* One part of a list. */
struct part {
	struct gp_span raw;
	struct gp_doctor_postconf_list list;
	size_t ours; /* questions of ours in it */
};

/* is_word: the word at a place of a list. */
static bool is_word(const struct gp_doctor_postconf_list *list, size_t i, const char *word)
{
	return i < list->word_count && gp_span_is(list->words[i], word);
}

/* policy_at: the policy service that the word at a place begins; NULL: it begins none. */
static const struct gp_postconf_policy *policy_at(
	const struct gp_doctor_postconf_list *list, size_t i)
{
	for (size_t j = 0; j < list->policy_count; j++)
		if (list->policies[j].at == i + 1 && is_word(list, i, "check_policy_service"))
			return &list->policies[j];
	return NULL;
}

/* is_open: does it end with a word that the next one belongs to? */
static bool is_open(const struct gp_doctor_postconf_list *list)
{
	size_t last = list->word_count - 1;
	return list->word_count &&
	       (is_word(list, last, "warn_if_reject") ||
		       (is_word(list, last, "check_policy_service") && !policy_at(list, last)));
}

/* is_reference: "$gatepost" in any way of writing it. */
static bool is_reference(struct gp_span raw, const char *name)
{
	if (raw.len < 2 || *raw.ptr != '$')
		return false;
	raw = gp_span_skip(raw, 1);
	if (raw.len > 2 && (*raw.ptr == '{' || *raw.ptr == '('))
		raw = (struct gp_span) {raw.ptr + 1, raw.len - 2};
	return gp_span_equal(gp_span_trim(raw), gp_span_from(name));
}

/* cut_part: the next one; false: none is left, or it cannot be understood. */
static bool cut_part(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, struct gp_span *rest, struct part *part_out)
{
	struct gp_span word;
	*part_out = (struct part) {.ours = 0};
	do {
		if (!gp_doctor_postconf_word(rest, &word))
			return part_out->raw.ptr != NULL;
		if (!part_out->raw.ptr)
			part_out->raw.ptr = word.ptr;
		part_out->raw.len = (size_t)(word.ptr + word.len - part_out->raw.ptr);
		if (gp_doctor_postconf_words(&p->pc, service, part_out->raw, &part_out->list))
			return false;
	} while (is_open(&part_out->list));
	for (size_t i = 0; i < part_out->list.policy_count; i++)
		part_out->ours += gp_doctor_is_ours(d, p, service, &part_out->list.policies[i]);
	/* our own name stands for a question, even where it has been given no value yet */
	if (part_out->list.word_count == 0 && is_reference(part_out->raw, GP_DOCTOR_PARAMETER))
		part_out->ours = 1;
	return true;
}

/* is_all_ours: nothing but questions of ours? */
static bool is_all_ours(const struct part *part)
{
	size_t others = 0;
	for (size_t i = 0; i < part->list.word_count; i++)
		others += !is_word(&part->list, i, "warn_if_reject") && !policy_at(&part->list, i);
	return part->ours && others == 0 && part->list.policy_count <= part->ours;
}

/* has_end: a word that ends the list, or permits mail for this host? */
static bool has_end(const struct part *part)
{
	for (size_t i = 0; i < part->list.word_count; i++)
		if (!(i && is_word(&part->list, i - 1, "warn_if_reject")) &&
			gp_doctor_is_any(part->list.words[i], enders))
			return true;
	return false;
}

/* add: one more word of the new value. */
static void add(struct gp_strbuf *buf, struct gp_span text)
{
	if (gp_strbuf_span(buf).len)
		gp_strbuf_add(buf, ", ");
	gp_strbuf_add_span(buf, text);
}

/* add_raw: a part as it is written, after the one before (NULL: that is not there any more) as it
 * has been: a blank may separate a word and what belongs to it. */
static void add_raw(struct gp_strbuf *buf, struct gp_span raw, const char *before_end)
{
	if (!before_end) {
		add(buf, raw);
		return;
	}
	gp_strbuf_add_span(buf, (struct gp_span) {before_end, (size_t)(raw.ptr - before_end)});
	gp_strbuf_add_span(buf, raw);
}

/* add_others: what a part holds besides our questions, written out. */
static void add_others(struct gp_doctor *d, const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, const struct part *part, struct gp_strbuf *buf)
{
	const struct gp_doctor_postconf_list *list = &part->list;
	for (size_t i = 0; i < list->word_count; i++) {
		const struct gp_postconf_policy *policy = policy_at(list, i);
		bool is_warning = is_word(list, i, "warn_if_reject");
		const struct gp_postconf_policy *next = is_warning ? policy_at(list, i + 1) : NULL;
		if ((policy && gp_doctor_is_ours(d, p, service, policy)) ||
			(next && gp_doctor_is_ours(d, p, service, next)))
			continue;
		add(buf, list->words[i]);
		if (policy)
			gp_strbuf_printf(buf, " %.*s", (int)policy->text.len, policy->text.ptr);
	}
}

/* gp_doctor_raw: the last mend counts. */
struct gp_span gp_doctor_raw(const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const char *name)
{
	for (size_t i = postfix->set_count; i-- > 0;)
		if (postfix->sets[i].service == service && strcmp(postfix->sets[i].name, name) == 0)
			return gp_span_from(postfix->sets[i].value);
	return gp_doctor_postconf_raw(&postfix->pc, service, name);
}

/* stands_for_nothing: does a value come to no word at all, parameters and all? */
static bool stands_for_nothing(const struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, struct gp_span value)
{
	struct gp_doctor_postconf_list list;
	return gp_doctor_postconf_words(&p->pc, service, value, &list) == GP_OK &&
	       list.word_count == 0;
}

/* gp_doctor_rewritten: part by part. */
const char *gp_doctor_rewritten(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const char *list, const char *question,
	enum gp_doctor_put put)
{
	struct gp_span rest = gp_doctor_raw(postfix, service, list);
	struct gp_strbuf buf;
	struct part part;
	const char *value, *before_end = NULL;
	size_t count = 0;
	bool is_put = put == GP_DOCTOR_PUT_NOWHERE || put == GP_DOCTOR_PUT_OFF_CLASS;
	if (rest.len > VALUE_MOST || !gp_span_is_printable_ascii(rest))
		return NULL;
	gp_strbuf_init(&buf, doctor->arena, 2 * VALUE_MOST);
	while (cut_part(doctor, postfix, service, &rest, &part)) {
		bool is_here = put == GP_DOCTOR_PUT_FIRST ||
			       (put == GP_DOCTOR_PUT_BEHIND && has_end(&part)) ||
			       (put == GP_DOCTOR_PUT_THERE && part.ours);
		if (++count > PARTS_MOST)
			return NULL;
		if (!is_put && is_here) {
			add(&buf, gp_span_from(question));
			before_end = NULL;
		}
		is_put = is_put || is_here;
		if (!part.ours)
			add_raw(&buf, part.raw, before_end);
		else if (!is_all_ours(&part))
			add_others(doctor, postfix, service, &part, &buf);
		before_end = part.ours ? NULL : part.raw.ptr + part.raw.len;
	}
	if (!is_put)
		add(&buf, gp_span_from(question));
	if (put == GP_DOCTOR_PUT_OFF_CLASS &&
		stands_for_nothing(postfix, service, gp_strbuf_span(&buf)))
		add(&buf, gp_span_from(GP_DOCTOR_NEUTRAL));
	if (gp_strbuf_finish(&buf, &value) || strlen(value) > VALUE_MOST || rest.len)
		return NULL;
	return value;
}

/* gp_doctor_parameter_of: a part that is a parameter and nothing but this question. */
const char *gp_doctor_parameter_of(struct gp_doctor *doctor,
	const struct gp_doctor_postfix *postfix, const struct gp_postconf_service *service,
	const char *list, struct gp_span text)
{
	struct gp_span rest = gp_doctor_postconf_raw(&postfix->pc, service, list);
	struct part part;
	while (cut_part(doctor, postfix, service, &rest, &part)) {
		struct gp_span name = gp_span_skip(part.raw, 1);
		if (part.list.policy_count != 1 || part.list.word_count != 1 ||
			!gp_span_equal(part.list.policies[0].text, text) || *part.raw.ptr != '$')
			continue;
		if (name.len > 2 && (*name.ptr == '{' || *name.ptr == '('))
			name = (struct gp_span) {name.ptr + 1, name.len - 2};
		const char *copy = gp_doctor_text(doctor->arena, "%.*s", (int)name.len, name.ptr);
		return gp_doctor_postconf_raw(&postfix->pc, service, copy).len ? copy : NULL;
	}
	return NULL;
}
