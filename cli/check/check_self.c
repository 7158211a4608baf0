/* SPDX-License-Identifier: ISC */
/* The mail server is asked by its own program, as gatepost doctor does; nothing is changed. */
#include "cli/check/check_self.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "cli/mta_setting.h"
#include "mail/address.h"

/* ---- domains ---- */

/* is_known: is it there already? */
static bool is_known(const struct gp_check_self *self, const char *domain)
{
	for (size_t i = 0; i < self->domain_count; i++)
		if (strcmp(self->domains[i], domain) == 0)
			return true;
	return false;
}

/* add_domain: if it is a domain that others can ask about. */
static int add_domain(struct gp_arena *arena, struct gp_span word, struct gp_check_self *self)
{
	const char *domain;
	int rc = gp_address_domain(arena, word, &domain);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	if (!strchr(domain, '.') || !gp_address_is_host_name(domain) ||
		gp_span_has_prefix(gp_span_from(domain), "localhost.") ||
		self->domain_count == GP_CHECK_DOMAINS_MAX || is_known(self, domain))
		return GP_OK;
	self->domains[self->domain_count++] = domain;
	return GP_OK;
}

/* gp_check_self_add_domains: words between blanks and commas. */
int gp_check_self_add_domains(
	struct gp_arena *arena, struct gp_span list, struct gp_check_self *self)
{
	int rc = GP_OK;
	while (list.len && !rc) {
		size_t n = 0;
		while (n < list.len && !strchr(" ,\t\r\n", list.ptr[n]))
			n++;
		const struct gp_span word = {list.ptr, n};
		if (n && !memchr(word.ptr, ':', n) && !memchr(word.ptr, '/', n))
			rc = add_domain(arena, word, self);
		list = gp_span_skip(list, n + 1);
	}
	return rc;
}

/* ---- mail servers ---- */

/* take_helo: a name as it is said in HELO, if it is one. */
static int take_helo(struct gp_arena *arena, struct gp_span name, struct gp_check_self *self)
{
	int rc = gp_address_domain(arena, name, &self->helo);
	if (rc == GP_ESYNTAX || (!rc && !*self->helo))
		self->helo = NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* look_postfix: where its users' mail comes from. */
static int look_postfix(
	struct gp_arena *arena, const struct gp_cli_mta *mta, struct gp_check_self *self)
{
	static const char *const lists[] = {"myorigin", "mydestination", "virtual_mailbox_domains"};
	int rc = GP_OK;
	self->mta = GP_CHECK_POSTFIX;
	for (size_t i = 0; !rc && i < sizeof lists / sizeof lists[0]; i++)
		rc = gp_check_self_add_domains(
			arena, gp_cli_mta_postfix(arena, mta, lists[i]), self);
	if (rc)
		return rc;
	struct gp_span tls = gp_cli_mta_postfix(arena, mta, "smtp_tls_security_level");
	struct gp_span old = gp_cli_mta_postfix(arena, mta, "smtp_use_tls");
	self->sends_plain = (!tls.len && !gp_span_is(old, "yes")) || gp_span_is(tls, "none");
	return take_helo(arena, gp_cli_mta_postfix(arena, mta, "smtp_helo_name"), self);
}

/* look_exim: the same. */
static int look_exim(
	struct gp_arena *arena, const struct gp_cli_mta *mta, struct gp_check_self *self)
{
	const struct gp_span host = gp_cli_mta_exim(arena, mta, "primary_hostname");
	self->mta = GP_CHECK_EXIM;
	int rc = gp_check_self_add_domains(
		arena, gp_cli_mta_exim(arena, mta, "qualify_domain"), self);
	if (!rc)
		rc = gp_check_self_add_domains(arena, host, self);
	return rc ? rc : take_helo(arena, host, self);
}

/* ---- addresses ---- */

/* address_of: of an interface; false: of another kind. */
static bool address_of(const struct sockaddr *sa, struct gp_ipaddr *addr_out)
{
	*addr_out = (struct gp_ipaddr) {.family = GP_IP_NONE};
	if (sa && sa->sa_family == AF_INET) {
		addr_out->family = GP_IP_V4;
		memcpy(addr_out->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
			4);
	} else if (sa && sa->sa_family == AF_INET6) {
		addr_out->family = GP_IP_V6;
		memcpy(addr_out->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
			16);
	}
	return addr_out->family != GP_IP_NONE;
}

/* look_interfaces: addresses that others can see. */
static void look_interfaces(struct gp_check_self *self)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list))
		return; /* none is known then, which is said */
	for (const struct ifaddrs *i = list; i && self->ip_count < GP_CHECK_IPS_MAX;
		i = i->ifa_next) {
		struct gp_ipaddr addr;
		if (address_of(i->ifa_addr, &addr) && !gp_ipaddr_is_private(&addr))
			self->ips[self->ip_count++] = addr;
	}
	freeifaddrs(list);
}

/* gp_check_self_find: the mail server that is there; else what the configuration says. */
int gp_check_self_find(
	struct gp_arena *arena, const struct gp_config *config, struct gp_check_self *self_out)
{
	struct gp_cli_mta mta;
	int rc = GP_OK;
	*self_out = (struct gp_check_self) {.mta = GP_CHECK_NO_MTA};
	gp_cli_mta_find(arena, &mta);
	if (mta.postconf)
		rc = look_postfix(arena, &mta, self_out);
	else if (mta.exim)
		rc = look_exim(arena, &mta, self_out);
	if (!rc && !self_out->domain_count)
		rc = gp_check_self_add_domains(arena, gp_span_from(config->hostname), self_out);
	if (!rc && !self_out->helo)
		rc = take_helo(arena, gp_span_from(config->hostname), self_out);
	look_interfaces(self_out);
	return rc;
}

/* ---- what it says of itself ---- */

/* leads_here: is one of our addresses among those of the name? */
static bool leads_here(const struct gp_check *c, const struct gp_dns_answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < answers[i].count; j++)
			for (size_t k = 0; k < c->ip_count; k++)
				if (gp_ipaddr_equal(&answers[i].records[j].addr, &c->ips[k]))
					return true;
	return false;
}

/* judge_helo: RFC 5321 2.3.5: a name that DNS knows. */
static int judge_helo(struct gp_check *c, const char *helo)
{
	char text[GP_IPADDR_TEXT];
	const struct gp_dns_question questions[] = {{helo, GP_DNS_A}, {helo, GP_DNS_AAAA}};
	struct gp_dns_answer answers[2];
	gp_check_begin(c, "host.helo");
	int rc = gp_dns_query(c->ctx, questions, 2, answers);
	if (rc || gp_check_is_silent(c, helo, &answers[0]))
		return rc;
	if (!answers[0].count && !answers[1].count) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"the mail server says HELO %s, a name without an address: many receivers "
			"refuse that",
			helo);
		if (c->ip_count)
			gp_doctor_mend(c->report, "%s. %s %s", helo,
				c->ips[0].family == GP_IP_V4 ? "A" : "AAAA",
				gp_ipaddr_format(&c->ips[0], text));
	} else if (c->ip_count && !leads_here(c, answers, 2)) {
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"the mail server says HELO %s, which has other addresses than this machine",
			helo);
	} else {
		gp_doctor_say(c->report, GP_DOCTOR_OK, "the mail server says HELO %s", helo);
	}
	return GP_OK;
}

/* gp_check_self_judge: the name, then TLS. */
int gp_check_self_judge(struct gp_check *check, const struct gp_check_self *self)
{
	int rc = self->helo ? judge_helo(check, self->helo) : GP_OK;
	if (rc || self->mta != GP_CHECK_POSTFIX)
		return rc;
	gp_check_begin(check, "tls.sending");
	if (self->sends_plain) {
		gp_doctor_say(check->report, GP_DOCTOR_PROBLEM,
			"Postfix sends without TLS; Gmail refuses that of large senders with 550 "
			"5.7.29");
		gp_doctor_mend(check->report, "postconf -e smtp_tls_security_level=may && postfix "
					      "reload");
	} else {
		gp_doctor_say(check->report, GP_DOCTOR_OK, "Postfix sends with TLS where it can");
	}
	return GP_OK;
}
