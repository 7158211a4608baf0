/* SPDX-License-Identifier: ISC */
/* The name of each address, and whether it leads back: what large receivers look at first. */
#include "cli/check/check.h"
#include "cli/host_names.h"

/* say_no_name: without a PTR record. */
static void say_no_name(struct gp_check *c, const char *ip, const struct gp_cli_host_names *names)
{
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"%s has no name: its PTR record is missing, which the provider of the address "
		"publishes; Gmail refuses mail from it with 550 5.7.25",
		ip);
	gp_doctor_mend(c->report, "%s. PTR mail.%s.", names->reverse, c->domain);
}

/* say_unconfirmed: names that do not lead back. */
static void say_unconfirmed(
	struct gp_check *c, const struct gp_ipaddr *addr, const struct gp_cli_host_names *names)
{
	char text[GP_IPADDR_TEXT];
	const char *ip = gp_ipaddr_format(addr, text), *name = names->names[0].name;
	bool is_other = names->names[0].forward == GP_CLI_FORWARD_OTHER;
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"%s is called %s, which %s; Gmail refuses it with 550 5.7.25", ip, name,
		is_other ? "has other addresses only" : "has no such address");
	gp_doctor_mend(c->report, "%s. %s %s", name, addr->family == GP_IP_V4 ? "A" : "AAAA", ip);
}

/* is_unknown: DNS has left open whether any name leads back. */
static bool is_unknown(const struct gp_cli_host_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->names[i].forward == GP_CLI_FORWARD_UNKNOWN)
			return true;
	return false;
}

/* judge_address: one of them. */
static int judge_address(struct gp_check *c, const struct gp_ipaddr *addr)
{
	char text[GP_IPADDR_TEXT];
	const char *ip = gp_ipaddr_format(addr, text);
	struct gp_cli_host_names names;
	if (gp_ipaddr_is_private(addr)) {
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"%s is a private address: others see another one, which --ip wants", ip);
		return GP_OK;
	}
	int rc = gp_cli_host_names_find(c->ctx, addr, &names);
	if (rc || gp_check_is_silent(c, names.reverse, &names.ptr))
		return rc;
	if (!names.count)
		say_no_name(c, ip, &names);
	else if (names.confirmed)
		gp_doctor_say(c->report, GP_DOCTOR_OK, "%s is called %s, which leads back", ip,
			names.confirmed);
	else if (is_unknown(&names))
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"%s is called %s: DNS gives no answer about that name", ip,
			names.names[0].name);
	else
		say_unconfirmed(c, addr, &names);
	return GP_OK;
}

/* gp_check_host: without addresses nothing can be looked at. */
int gp_check_host(struct gp_check *check)
{
	int rc = GP_OK;
	gp_check_begin(check, "host.name");
	if (!check->ip_count)
		gp_doctor_say(check->report, GP_DOCTOR_SKIPPED,
			"no --ip: name the addresses that your mail comes from");
	for (size_t i = 0; !rc && i < check->ip_count; i++)
		rc = judge_address(check, &check->ips[i]);
	return rc;
}
