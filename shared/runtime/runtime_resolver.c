/* SPDX-License-Identifier: ISC */
/* A cache over the wire; what it is told to follow begins anew with each configuration. */
#include "runtime/runtime_resolver.h"

/* gp_runtime_resolver_open: nothing is sent yet. */
int gp_runtime_resolver_open(
	const struct gp_runtime_resolver_plan *plan, struct gp_runtime_resolver *resolver_out)
{
	struct gp_dns_options options = plan->config->dns;
	const struct gp_dns_cache_options *cache =
		plan->cache ? plan->cache : &plan->config->dns_settings.cache;
	struct gp_dns *wire = NULL;
	*resolver_out = (struct gp_runtime_resolver) {.dns = NULL};
	if (plan->before)
		gp_config_inherit_dns(plan->config, plan->before, plan->known, &options);
	options.gate = plan->gate;
	int rc = gp_dns_wire_new(&options, &wire);
	if (!rc)
		rc = gp_dns_cache_new(cache, wire, gp_clock_system(), &resolver_out->dns);
	if (rc)
		gp_dns_free(wire);
	return rc;
}

/* gp_runtime_resolver_renew: that a file cannot be read is not said again for that. */
int gp_runtime_resolver_renew(struct gp_runtime_resolver *resolver, const struct gp_config *config,
	const struct gp_config *before, const struct gp_dns_cache_options *cache)
{
	int rc = gp_config_renew_dns(
		config, before, cache ? cache : &config->dns_settings.cache, resolver->dns);
	if (!rc)
		resolver->follow = (struct gp_config_follow) {.said_us = resolver->follow.said_us};
	return rc;
}

/* gp_runtime_resolver_follow: servers of the configuration's own are left alone. */
enum gp_config_followed gp_runtime_resolver_follow(struct gp_runtime_resolver *resolver,
	const struct gp_config *config, struct gp_strbuf *text)
{
	return gp_config_follow_dns(&resolver->follow, config, resolver->dns, text);
}

/* gp_runtime_resolver_close: the cache takes the wire along. */
void gp_runtime_resolver_close(struct gp_runtime_resolver *resolver)
{
	gp_dns_free(resolver->dns);
	*resolver = (struct gp_runtime_resolver) {.dns = NULL};
}
