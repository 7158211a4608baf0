/* SPDX-License-Identifier: ISC */
/* Numbers of limits, and the order of overrides. */
#include "limit/limit.h"

#include <string.h>

/* mix: FNV-1a over some bytes. */
static uint32_t mix(uint32_t h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193u;
	return h;
}

/* gp_limit_id: the configuration refuses two limits that share one, so a short hash will do. */
uint32_t gp_limit_id(const char *name, int key, int unit, int64_t per_ms)
{
	unsigned char what[10] = {(unsigned char)key, (unsigned char)unit};
	for (size_t i = 0; i < 8; i++)
		what[2 + i] = (unsigned char)((uint64_t)per_ms >> (8 * i));
	uint32_t h = mix(mix(0x811c9dc5u, name, strlen(name) + 1), what, sizeof what);
	return h ? h : 1;
}

/* gp_limit_prefix: an IPv4 client is one address. */
unsigned gp_limit_prefix(const struct gp_limit *limit, enum gp_ip_family family)
{
	if (family == GP_IP_V6)
		return limit->ipv6_prefix;
	return limit->key == GP_LIMIT_BY_NETWORK ? limit->ipv4_prefix : 32;
}

/* gp_limit_counts_domain: by name, or as a name below one. */
bool gp_limit_counts_domain(const struct gp_limit *limit, const char *domain)
{
	size_t len = strlen(domain);
	for (size_t i = 0; i < limit->domains.count; i++) {
		const char *item = limit->domains.items[i];
		size_t tail = strlen(item);
		bool is_below =
			item[0] == '.' && len > tail && strcmp(domain + len - tail, item) == 0;
		if (is_below || strcmp(domain, item) == 0)
			return true;
	}
	return limit->domains.count == 0;
}

/* compare_prefixes: family, then the network, then its length. */
static int compare_prefixes(const struct gp_prefix *a, const struct gp_prefix *b)
{
	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family ? -1 : 1;
	int order = memcmp(a->addr.bytes, b->addr.bytes, sizeof a->addr.bytes);
	if (order || a->length == b->length)
		return order;
	return a->length < b->length ? -1 : 1;
}

/* gp_limit_override_compare: for qsort and for looking up. */
int gp_limit_override_compare(const void *a, const void *b)
{
	const struct gp_limit_override *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->kind == GP_LIMIT_OVERRIDE_CLIENT ? compare_prefixes(&x->prefix, &y->prefix)
						   : strcmp(x->name, y->name);
}
