/* SPDX-License-Identifier: ISC */
/* What the configuration says about DNS: the section dns. */
#ifndef GP_DNS_DNS_OPTIONS_H
#define GP_DNS_DNS_OPTIONS_H

#include "base/option.h"
#include "dns/dns.h"

/* What may be left to resolv.conf. */
enum gp_dns_auto { GP_DNS_AUTO, GP_DNS_YES, GP_DNS_NO };

/* As the file says it; how is asked is settled from this and from resolv_conf. */
struct gp_dns_settings {
	struct gp_config_texts servers; /* none: those of resolv_conf */
	const char *resolv_conf;
	unsigned timeout_ms;        /* of one server */
	unsigned attempts;          /* rounds over all servers */
	enum gp_dns_auto transport; /* YES: only TCP */
	enum gp_dns_auto trust_ad;
	struct gp_dns_cache_options cache;
};

extern const struct gp_option_section gp_dns_section; /* places: struct gp_dns_settings */

#endif
