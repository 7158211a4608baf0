/* SPDX-License-Identifier: ISC */
/* Where mail to the domain goes: bounces and answers; a domain without that is refused by many. */
#include "cli/check/check.h"

/* is_null_mx: the one record "." (RFC 7505 3). */
static bool is_null_mx(const struct gp_dns_answer *answer)
{
	return answer->count == 1 && !*answer->records[0].name;
}

/* say_null_mx: the domain takes no mail. */
static void say_null_mx(struct gp_check *c)
{
	gp_doctor_say(c->report, GP_DOCTOR_WARNING,
		"%s says that it takes no mail (null MX): receivers may refuse mail from it with "
		"550 5.7.27 (RFC 7505 4.2), and bounces are lost",
		c->domain);
	gp_doctor_mend(
		c->report, "if the domain sends mail: %s. MX 10 mail.%s.", c->domain, c->domain);
}

/* judge_none: an address of the domain itself stands for an MX record (RFC 5321 5.1). */
static int judge_none(struct gp_check *c)
{
	const struct gp_dns_question questions[] = {
		{c->domain, GP_DNS_A}, {c->domain, GP_DNS_AAAA}};
	struct gp_dns_answer answers[2];
	int rc = gp_dns_query(c->ctx, questions, 2, answers);
	if (rc)
		return rc;
	bool has_address = answers[0].state == GP_DNS_FOUND || answers[1].state == GP_DNS_FOUND;
	gp_doctor_say(c->report, has_address ? GP_DOCTOR_WARNING : GP_DOCTOR_PROBLEM,
		has_address ? "%s has no MX record; its own address stands for one"
			    : "%s has neither MX record nor address: bounces cannot come back, and "
			      "many receivers refuse mail from such a domain",
		c->domain);
	gp_doctor_mend(c->report, "%s. MX 10 mail.%s.", c->domain, c->domain);
	return GP_OK;
}

/* keep_hosts: the first so many. */
static void keep_hosts(struct gp_check *c, const struct gp_dns_answer *answer)
{
	c->mx_secure = answer->secure;
	for (size_t i = 0; i < answer->count && c->mx_count < GP_CHECK_HOSTS_MAX; i++)
		if (*answer->records[i].name)
			c->mx[c->mx_count++] = answer->records[i];
}

/* judge_host: does it have an address? */
static int judge_host(struct gp_check *c, const struct gp_dns_record *mx)
{
	const struct gp_dns_question questions[] = {{mx->name, GP_DNS_A}, {mx->name, GP_DNS_AAAA}};
	struct gp_dns_answer answers[2];
	int rc = gp_dns_query(c->ctx, questions, 2, answers);
	if (rc)
		return rc;
	bool has_v4 = answers[0].state == GP_DNS_FOUND, has_v6 = answers[1].state == GP_DNS_FOUND;
	if (has_v4 || has_v6) {
		gp_doctor_say(c->report, GP_DOCTOR_OK, "%u %s, with %s", (unsigned)mx->preference,
			mx->name,
			has_v4 && has_v6 ? "addresses of IPv4 and IPv6"
			: has_v4         ? "an address of IPv4"
					 : "an address of IPv6 only");
		return GP_OK;
	}
	if (gp_check_is_silent(c, mx->name, &answers[0]))
		return GP_OK;
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM, "%s, an MX host of %s, has no address",
		mx->name, c->domain);
	gp_doctor_mend(c->report, "%s. A ..., or take it out of the MX records", mx->name);
	return GP_OK;
}

/* gp_check_mx: the records, then each host. */
int gp_check_mx(struct gp_check *check)
{
	struct gp_dns_answer answer;
	gp_check_begin(check, "mx.host");
	int rc = gp_check_ask(check, check->domain, GP_DNS_MX, &answer);
	if (rc || gp_check_is_silent(check, check->domain, &answer))
		return rc;
	if (!answer.count)
		return judge_none(check);
	if (is_null_mx(&answer)) {
		say_null_mx(check);
		return GP_OK;
	}
	keep_hosts(check, &answer);
	for (size_t i = 0; !rc && i < check->mx_count; i++)
		rc = judge_host(check, &check->mx[i]);
	return rc;
}
