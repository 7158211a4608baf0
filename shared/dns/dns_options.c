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
		"Addresses of resolvers, in order of preference, with a port if it is not 53. "
		"Empty: those in resolv_conf. Use resolvers close to this host, best one on "
		"the host itself.",
		NULL, 0},
	{"dns", "resolv_conf", GP_KIND_PATH, IN_DNS(resolv_conf), "/etc/resolv.conf", 0, 1024, NULL,
		"File that names the resolvers when servers is empty. A change of the file is "
		"noticed within seconds. If it names no resolver, the one on this host is "
		"used. While the file is missing or cannot be read, the resolvers that are "
		"known stay in use; at a start, the one on this host is used.",
		NULL, 0},
	{"dns", "timeout", GP_KIND_MSEC, IN_DNS(timeout_ms), "2s", 50, 30000, NULL,
		"How long to wait for the answer of one resolver before the next one is "
		"queried. It has to be below policyd.deadline and exim.deadline.",
		NULL, 0},
	{"dns", "attempts", GP_KIND_UINT, IN_DNS(attempts), "2", 1, 5, NULL,
		"How often the whole list of resolvers is tried before a query has failed.", NULL,
		0},
	{"dns", "transport", GP_KIND_CHOICE, IN_DNS(transport), "auto", 0, 0, transports,
		"How queries are sent.\n"
		"auto: over UDP, and over TCP when the answer is too long for UDP; \"options "
		"use-vc\" in resolv_conf makes all of them go over TCP if the resolvers come "
		"from there.\n"
		"tcp: over TCP only.",
		NULL, 0},
	{"dns", "trust_ad", GP_KIND_CHOICE, IN_DNS(trust_ad), "auto", 0, 0, trusts,
		"Whether the resolver is trusted to validate DNSSEC.\n"
		"auto: as \"options trust-ad\" in resolv_conf says if the resolvers come from "
		"there, otherwise no.\n"
		"yes: it validates, and the path to it is secure (best: it runs on this host).\n"
		"no: nothing counts as protected by DNSSEC.\n"
		"The words on and true mean yes; off and false mean no.",
		NULL, 0},
	{"dns", "cache_entries", GP_KIND_SIZE, IN_DNS(cache.entries), "100000", 16, 10000000, NULL,
		"Answers that gatepost-policyd remembers, for all connections together. Each "
		"takes about 250 bytes of memory.",
		NULL, 0},
	{"dns", "ttl_min", GP_KIND_SEC, IN_DNS(cache.ttl_min_s), "5s", 0, 3600, NULL,
		"An answer is remembered for at least this time, even if its own is shorter.", NULL,
		0},
	{"dns", "ttl_max", GP_KIND_SEC, IN_DNS(cache.ttl_max_s), "1d", 1, 604800, NULL,
		"An answer with records is remembered for at most this time.", NULL, 0},
	{"dns", "negative_max", GP_KIND_SEC, IN_DNS(cache.negative_max_s), "15m", 0, 10800, NULL,
		"The answer that a name or record does not exist is remembered for at most "
		"this time (RFC 2308 5).",
		NULL, 0},
	{"dns", "failure_ttl", GP_KIND_SEC, IN_DNS(cache.failure_s), "5s", 0, 300, NULL,
		"How long it is remembered that no resolver gave an answer (RFC 2308 7).", NULL, 0},
	{"dns", "stale", GP_KIND_SEC, IN_DNS(cache.stale_s), "1d", 0, 604800, NULL,
		"How long an expired answer is kept, to be used when no resolver answers (RFC "
		"8767). Domains that are known then keep their results while DNS is down. 0s: "
		"expired answers are not used.",
		NULL, 0},
};
const struct gp_option_section gp_dns_section = {"dns",
	"Which resolvers are queried, how long gatepost waits for them, and what it "
	"remembers.",
	dns_rows, sizeof dns_rows / sizeof dns_rows[0], sizeof(struct gp_dns_settings)};
