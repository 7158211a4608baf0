/* SPDX-License-Identifier: ISC */
/*
 * An address in front of a zone is its reverse name without the tree of reverse names. A name is
 * asked when it could be registered by somebody: all else would tell a list about hosts of ours, or
 * ask it what it has no answer for.
 */
#include "reputation/dnsbl/dnsbl_question_private.h"

#include <string.h>

#include "mail/address.h"

/* Nobody can register a name below these (RFC 6761, RFC 3172; ICANN's resolution on .internal). */
static const char *const nobodys[] = {"local", "localhost", "internal", "arpa", "invalid", "test"};

/*
 * Which addresses are those of hosts of the internet: the first row that has the address says it.
 * By the registries of special addresses (RFC 6890) as they stand, and for IPv6 by what is given
 * to hosts at all. Networks of documentation are no exception: no client of the internet has such
 * an address, so nothing is told to a list about anybody, and examples and tests can use them.
 */
static const struct {
	struct gp_prefix network;
	bool is_host;
} kinds[] = {
	{{{GP_IP_V4, {192, 0, 0}}, 24}, false},          /* protocol assignments, DS-Lite */
	{{{GP_IP_V4, {192, 88, 99}}, 24}, false},        /* 6to4 relays (RFC 7526) */
	{{{GP_IP_V4, {198, 18}}, 15}, false},            /* benchmarks (RFC 2544) */
	{{{GP_IP_V4, {224}}, 3}, false},                 /* multicast, reserved, broadcast */
	{{{GP_IP_V4, {0}}, 0}, true},                    /* but those that are private */
	{{{GP_IP_V6, {0, 0x64, 0xff, 0x9b}}, 96}, true}, /* NAT64 (RFC 6052) */
	{{{GP_IP_V6, {0x20, 1}}, 32}, true},             /* Teredo (RFC 4380) */
	{{{GP_IP_V6, {0x20, 1, 0, 3}}, 32}, true},       /* AMT (RFC 7450) */
	{{{GP_IP_V6, {0x20, 1, 0, 0x20}}, 28}, true},    /* ORCHIDv2 (RFC 7343) */
	{{{GP_IP_V6, {0x20, 1}}, 23}, false}, /* all other protocol assignments (RFC 2928) */
	{{{GP_IP_V6, {0x20}}, 3}, true},      /* global unicast (RFC 4291 2.4) */
	{{{GP_IP_V6, {0}}, 0}, false},        /* discard-only, site-local, multicast ... */
};

/* is_of_host: by the table above. */
static bool is_of_host(const struct gp_ipaddr *address)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (gp_prefix_has(&kinds[i].network, address))
			return kinds[i].is_host;
	return false;
}

/* gp_dnsbl_question_is_host: nor is a private address one. */
bool gp_dnsbl_question_is_host(const struct gp_ipaddr *client)
{
	struct gp_ipaddr address = gp_ipaddr_unmap(*client);
	return address.family != GP_IP_NONE && !gp_ipaddr_is_private(&address) &&
	       is_of_host(&address);
}

/* is_number: digits only; no top-level domain is one (RFC 3696 2). */
static bool is_number(struct gp_span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (label.ptr[i] < '0' || label.ptr[i] > '9')
			return false;
	return true;
}

/* is_nobodys: is the name one of those that stand for no domain? */
static bool is_nobodys(struct gp_span name)
{
	for (size_t i = 0; i < sizeof nobodys / sizeof nobodys[0]; i++)
		if (gp_dns_name_is_within(name, gp_span_from(nobodys[i])))
			return true;
	return false;
}

/* may_be_asked: a domain of at least two labels, under a top-level domain. */
static bool may_be_asked(const char *domain)
{
	struct gp_span name = gp_span_from(domain);
	ptrdiff_t dot = gp_span_find_last(name, '.');
	return dot >= 0 && gp_address_is_host_name(domain) && gp_dns_name_is_valid(name) &&
	       !is_number(gp_span_skip(name, (size_t)dot + 1)) && !is_nobodys(name);
}

/* gp_dnsbl_question_domain: also for names that no caller has looked at. */
int gp_dnsbl_question_domain(struct gp_arena *arena, const char *name, const char **domain_out)
{
	struct gp_span text = gp_span_from(name);
	const char *domain;
	*domain_out = NULL;
	if (text.len == 0 || gp_address_is_literal(text))
		return GP_OK;
	int rc = gp_address_domain(arena, text, &domain);
	if (rc == GP_OK && may_be_asked(domain))
		*domain_out = domain;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* join: what is asked about, and the zone. */
static bool join(
	const struct gp_dnsbl_list *list, struct gp_span about, char name_out[GP_DNS_NAME_TEXT])
{
	size_t zone = list->asked_zone ? strlen(list->asked_zone) : 0;
	if (zone == 0 || about.len == 0 || about.len + 1 + zone > GP_DNS_NAME_MAX)
		return false;
	memcpy(name_out, about.ptr, about.len);
	name_out[about.len] = '.';
	memcpy(name_out + about.len + 1, list->asked_zone, zone + 1);
	return gp_dns_name_is_valid(gp_span_from(name_out));
}

/* gp_dnsbl_question_about_address: octets or nibbles, the last first. */
bool gp_dnsbl_question_about_address(const struct gp_dnsbl_list *list,
	const struct gp_ipaddr *address, char name_out[GP_DNS_NAME_TEXT])
{
	char reverse[GP_DNS_NAME_TEXT];
	bool is_v6 = address->family == GP_IP_V6;
	if (address->family == GP_IP_NONE || (is_v6 && !list->ipv6))
		return false;
	gp_dns_name_reverse(address, reverse);
	struct gp_span about = gp_span_from(reverse);
	about.len -= strlen(is_v6 ? ".ip6.arpa" : ".in-addr.arpa");
	return join(list, about, name_out);
}

/* gp_dnsbl_question_about_domain: as it stands. */
bool gp_dnsbl_question_about_domain(
	const struct gp_dnsbl_list *list, const char *domain, char name_out[GP_DNS_NAME_TEXT])
{
	return join(list, gp_span_from(domain), name_out);
}

/* gp_dnsbl_question_about: an address is no domain. */
bool gp_dnsbl_question_about(
	const struct gp_dnsbl_list *list, const char *about, char name_out[GP_DNS_NAME_TEXT])
{
	struct gp_ipaddr address;
	if (gp_ipaddr_parse(gp_span_from(about), &address) == GP_OK)
		return gp_dnsbl_question_about_address(list, &address, name_out);
	return gp_dnsbl_question_about_domain(list, about, name_out);
}

/* gp_dnsbl_question_ctx: a copy. */
struct gp_ctx gp_dnsbl_question_ctx(const struct gp_ctx *ctx, int64_t deadline_us)
{
	struct gp_ctx quiet = *ctx;
	quiet.trace = NULL;
	if (deadline_us < quiet.deadline_us)
		quiet.deadline_us = deadline_us;
	return quiet;
}

/* gp_dnsbl_question_ask: what is left of the time is shared by what is left of the questions. */
int gp_dnsbl_question_ask(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	uint32_t ttl_max_s, struct gp_dns_answer *answers_out)
{
	int rc = GP_OK;
	for (size_t at = 0; rc == GP_OK && at < count;) {
		size_t left = count - at;
		size_t n = left < GP_DNS_QUESTIONS_MAX ? left : GP_DNS_QUESTIONS_MAX;
		int64_t now_us = gp_clock_now_us(ctx->clock);
		int64_t groups =
			(int64_t)((left + GP_DNS_QUESTIONS_MAX - 1) / GP_DNS_QUESTIONS_MAX);
		struct gp_ctx part = *ctx;
		part.deadline_us = now_us + (ctx->deadline_us - now_us) / groups;
		rc = gp_dns_query_fresh(&part, questions + at, n, ttl_max_s, answers_out + at);
		at += n;
	}
	return rc;
}

/* gp_dnsbl_question_is_left: another name in the zone is still the list's. */
bool gp_dnsbl_question_is_left(const struct gp_dnsbl_list *list, const struct gp_dns_answer *answer)
{
	return answer->canonical && !gp_dns_name_is_within(gp_span_from(answer->canonical),
					    gp_span_from(list->asked_zone));
}
