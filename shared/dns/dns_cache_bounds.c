/* SPDX-License-Identifier: ISC */
/* How long an answer is kept. Each bound is read by itself: they may be set while others read. */
#include "dns/dns_cache_private.h"

/* gp_dns_bounds_set: one after the other. */
void gp_dns_bounds_set(struct gp_dns_bounds *bounds, const struct gp_dns_cache_options *options)
{
	atomic_store(&bounds->ttl_min_s, options->ttl_min_s);
	atomic_store(&bounds->ttl_max_s, options->ttl_max_s);
	atomic_store(&bounds->negative_max_s, options->negative_max_s);
	atomic_store(&bounds->failure_s, options->failure_s);
	atomic_store(&bounds->patience_ms, options->patience_ms);
}

/* between: value, but not below lowest nor above highest, which wins. */
static uint32_t between(uint32_t value, uint32_t lowest, uint32_t highest)
{
	if (value < lowest)
		value = lowest;
	return value > highest ? highest : value;
}

/* gp_dns_bounds_max_s: by state. */
uint32_t gp_dns_bounds_max_s(const struct gp_dns_bounds *bounds, enum gp_dns_state state)
{
	switch (state) {
	case GP_DNS_FOUND:
		return atomic_load(&bounds->ttl_max_s);
	case GP_DNS_NODATA:
	case GP_DNS_NXDOMAIN: /* RFC 2308 5 */
		return atomic_load(&bounds->negative_max_s);
	case GP_DNS_TEMPFAIL:
	case GP_DNS_BOGUS: /* RFC 2308 7 */
		return atomic_load(&bounds->failure_s);
	case GP_DNS_TROUBLE:
		return 0;
	}
	return 0;
}

/* gp_dns_bounds_keep_s: a failure has no time of its own. */
uint32_t gp_dns_bounds_keep_s(
	const struct gp_dns_bounds *bounds, const struct gp_dns_answer *answer)
{
	uint32_t max_s = gp_dns_bounds_max_s(bounds, answer->state);
	if (gp_dns_state_is_failure(answer->state))
		return answer->ours ? 0 : max_s;
	return between(answer->ttl_s, atomic_load(&bounds->ttl_min_s), max_s);
}
