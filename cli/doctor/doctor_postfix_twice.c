/* SPDX-License-Identifier: ISC */
/*
 * Is each recipient, and each end of a message, asked about once? What is asked twice counts twice
 * against a limit, and puts its field into the message twice. Several lists are gone through for
 * one RCPT TO: with smtpd_delay_reject those of client, HELO and sender as well (postconf(5)).
 */
#include "cli/doctor/doctor_postfix.h"

/* delays: are the first three lists gone through at RCPT TO? */
static bool delays(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	return gp_span_is(
		gp_doctor_postconf_value(&p->pc, v->service, "smtpd_delay_reject"), "yes");
}

/* at_recipient: how many questions there are about one recipient. */
static void at_recipient(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v,
	size_t *sure_out, size_t *maybe_out)
{
	int first = delays(p, v) ? GP_DOCTOR_CLIENT : GP_DOCTOR_RELAY;
	*sure_out = *maybe_out = 0;
	for (int i = first; i <= GP_DOCTOR_RECIPIENT; i++) {
		*sure_out += v->sure[i];
		*maybe_out += v->maybe[i];
	}
}

/* is_twice: asked about each recipient more than once. */
static bool is_twice(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	size_t sure, maybe;
	at_recipient(p, v, &sure, &maybe);
	return sure > 1;
}

/* is_twice_by_class: where a table leads to a class that asks as well. */
static bool is_twice_by_class(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	size_t sure, maybe;
	at_recipient(p, v, &sure, &maybe);
	return sure == 1 && maybe > 0;
}

/* is_twice_at_data: in that list. */
static bool is_twice_at_data(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return v->sure[GP_DOCTOR_DATA] > 1;
}

/* is_twice_at_end: in that list. */
static bool is_twice_at_end(const struct gp_doctor_postfix *p, const struct gp_doctor_view *v)
{
	(void)p;
	return v->sure[GP_DOCTOR_END] > 1;
}

/* say: one finding about the services that a test holds for; true: there are any. */
static bool say(struct gp_doctor *d, const struct gp_doctor_postfix *p, gp_doctor_view_test test,
	const char *text)
{
	const char *which = gp_doctor_postfix_which(d, p, test);
	if (which)
		gp_doctor_say(d->report, p->wants_end ? GP_DOCTOR_PROBLEM : GP_DOCTOR_WARNING,
			"%s: %s", which, text);
	return which != NULL;
}

/* gp_doctor_postfix_twice: recipients first. */
void gp_doctor_postfix_twice(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix)
{
	if (say(doctor, postfix, is_twice,
		    "gatepost-policyd is asked more than once about each recipient: limits count "
		    "it and header fields are added each time"))
		gp_doctor_mend_place(doctor, postfix, is_twice);
	if (say(doctor, postfix, is_twice_by_class,
		    "gatepost-policyd is asked once more where a table leads to a restriction "
		    "class with check_policy_service"))
		gp_doctor_mend_classes(doctor, postfix);
	if (say(doctor, postfix, is_twice_at_data,
		    "check_policy_service is in smtpd_data_restrictions more than once"))
		gp_doctor_mend_list(
			doctor, postfix, is_twice_at_data, GP_DOCTOR_DATA, GP_DOCTOR_PUT_THERE);
	if (say(doctor, postfix, is_twice_at_end,
		    "check_policy_service is in smtpd_end_of_data_restrictions more than once"))
		gp_doctor_mend_list(
			doctor, postfix, is_twice_at_end, GP_DOCTOR_END, GP_DOCTOR_PUT_THERE);
}
