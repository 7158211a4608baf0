/* SPDX-License-Identifier: ISC */
/*
 * The resolver that a configuration wants: name servers, a memory of their answers above, and
 * resolv.conf followed where servers come from there.
 *
 *     gp_runtime_resolver_open(&plan, &resolver)
 *     gp_runtime_resolver_renew(&resolver, ...)      (another configuration; what it remembers
 *                                                     stays)
 *     gp_runtime_resolver_follow(&resolver, ...)     (now and then; looks once a second at most)
 *     gp_runtime_resolver_close(&resolver)
 *
 * Threads: any may ask resolver.dns; the calls here are for one at a time.
 */
#ifndef GP_RUNTIME_RUNTIME_RESOLVER_H
#define GP_RUNTIME_RUNTIME_RESOLVER_H

#include "config/config.h"
#include "dns/dns.h"

struct gp_runtime_resolver {
	struct gp_dns *dns; /* cache over wire; NULL: not open */
	struct gp_config_follow follow;
};

/* What it is made of; all borrowed. */
struct gp_runtime_resolver_plan {
	const struct gp_config *config;
	const struct gp_dns_cache_options *cache; /* NULL: as config has it */
	struct gp_dns_gate *gate;                 /* NULL: none */
	/* one made for another configuration: its servers stay while resolv.conf names none; NULL:
	 * there is none */
	const struct gp_config *before;
	struct gp_dns *known;
};

/* GP_ENOMEM. */
int gp_runtime_resolver_open(const struct gp_runtime_resolver_plan *plan,
	struct gp_runtime_resolver *resolver_out) GP_MUST_CHECK;

/*
 * Made for the configuration before, it becomes the one of config from the next query on;
 * resolv.conf is read at the next look. cache NULL: as config has it. GP_ENOMEM: all is as it was.
 */
int gp_runtime_resolver_renew(struct gp_runtime_resolver *resolver, const struct gp_config *config,
	const struct gp_config *before, const struct gp_dns_cache_options *cache) GP_MUST_CHECK;

/* resolv.conf may have changed: as gp_config_follow_dns. */
enum gp_config_followed gp_runtime_resolver_follow(struct gp_runtime_resolver *resolver,
	const struct gp_config *config, struct gp_strbuf *text);

/* Frees it; none is fine. */
void gp_runtime_resolver_close(struct gp_runtime_resolver *resolver);

#endif
