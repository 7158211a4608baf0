/* SPDX-License-Identifier: ISC */
/* The rows of section dns. */
#include "dns/dns_options.h"

static const struct gp_option_choice trusts[] = {{"auto", GP_DNS_AUTO}, {"yes", GP_DNS_YES},
	{"no", GP_DNS_NO}, {"on", GP_DNS_YES}, {"true", GP_DNS_YES}, {"off", GP_DNS_NO},
	{"false", GP_DNS_NO}, {NULL, 0}};
static const struct gp_option_choice transports[] = {
	{"auto", GP_DNS_AUTO}, {"tcp", GP_DNS_YES}, {NULL, 0}};

#define IN_DNS(member) offsetof(struct gp_dns_settings, member)
static const struct gp_option dns_rows[] = {
	{"dns", "servers", GP_KIND_SERVERS, IN_DNS(servers), "", 0, GP_DNS_SERVERS_MAX, NULL,
		"Resolvers, in order of preference: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or "
		"[2001:db8::1]:5353. Empty: those of resolv_conf. Use one near you, best on this "
		"machine.",
		NULL, false},
	{"dns", "resolv_conf", GP_KIND_PATH, IN_DNS(resolv_conf), "/etc/resolv.conf", 0, 1024, NULL,
		"Where the resolvers stand when servers is empty. A change is noticed within "
		"seconds. Where it names none, this machine is asked. While it is missing or "
		"cannot be read, those that are known stay; at a start it is this machine.",
		NULL, false},
	{"dns", "timeout", GP_KIND_MSEC, IN_DNS(timeout_ms), "2s", 50, 30000, NULL,
		"How long one server is waited for before the next is asked.", NULL, false},
	{"dns", "attempts", GP_KIND_UINT, IN_DNS(attempts), "2", 1, 5, NULL,
		"Rounds over all servers.", NULL, false},
	{"dns", "transport", GP_KIND_CHOICE, IN_DNS(transport), "auto", 0, 0, transports,
		"tcp: ask over TCP only. auto: over UDP, and over TCP what is too long for that, "
		"or as \"options use-vc\" in resolv_conf says when the resolvers come from there.",
		NULL, false},
	{"dns", "trust_ad", GP_KIND_CHOICE, IN_DNS(trust_ad), "auto", 0, 0, trusts,
		"The resolver validates DNSSEC and the way to it is safe (best: on this machine). "
		"auto: as \"options trust-ad\" in resolv_conf says when the resolvers come from "
		"there, else no.",
		NULL, false},
	{"dns", "cache_entries", GP_KIND_SIZE, IN_DNS(cache.entries), "100000", 16, 10000000, NULL,
		"Answers that are remembered, for all connections together; about 250 bytes each.",
		NULL, false},
	{"dns", "ttl_min", GP_KIND_SEC, IN_DNS(cache.ttl_min_s), "5s", 0, 3600, NULL,
		"An answer is kept at least so long.", NULL, false},
	{"dns", "ttl_max", GP_KIND_SEC, IN_DNS(cache.ttl_max_s), "1d", 1, 604800, NULL,
		"An answer is kept at most so long.", NULL, false},
	{"dns", "negative_max", GP_KIND_SEC, IN_DNS(cache.negative_max_s), "15m", 0, 10800, NULL,
		"That there is nothing is remembered at most so long (RFC 2308).", NULL, false},
	{"dns", "failure_ttl", GP_KIND_SEC, IN_DNS(cache.failure_s), "5s", 0, 300, NULL,
		"That no server gave an answer is remembered so long (RFC 2308 7).", NULL, false},
	{"dns", "stale", GP_KIND_SEC, IN_DNS(cache.stale_s), "1d", 0, 604800, NULL,
		"An answer that has expired is kept so much longer, and used where no server gives "
		"one (RFC 8767), so that domains that are known keep their verdicts while DNS is "
		"down. 0 switches it off.",
		NULL, false},
};
const struct gp_option_section gp_dns_section = {"dns",
	"Who is asked, how long is waited, what is remembered.", dns_rows,
	sizeof dns_rows / sizeof dns_rows[0], sizeof(struct gp_dns_settings)};
