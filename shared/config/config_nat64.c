/* SPDX-License-Identifier: ISC */
/*
 * NAT64: which prefixes a site can have for it, and networks in other options that can never match,
 * because clients behind a NAT64 are compared as the address of IPv4 within theirs.
 */
#include <stdio.h>

#include "config/config_load_private.h"

#define TEXT_ROOM 320

/* Where a prefix of NAT64 can lie: what is assigned to sites, and RFC 8215. */
static const struct gp_prefix of_sites[] = {
	{{GP_IP_V6, {0x20}}, 3},
	{{GP_IP_V6, {0xfc}}, 7},
	{{GP_IP_V6, {[1] = 0x64, [2] = 0xff, [3] = 0x9b, [5] = 0x01}}, 48},
};

/* And where it cannot, since anybody has addresses there: Teredo (RFC 4380), 6to4 (RFC 3056). */
static const struct gp_prefix of_anybody[] = {
	{{GP_IP_V6, {0x20, 0x01}}, 32},
	{{GP_IP_V6, {0x20, 0x02}}, 16},
};
#define OF_ONE_SITE 48 /* bits of a prefix of 6to4 */

/* overlap: is one of them a part of the other, or the same? */
static bool overlap(const struct gp_prefix *a, const struct gp_prefix *b)
{
	unsigned length = a->length < b->length ? a->length : b->length;
	return a->addr.family == b->addr.family && gp_ipaddr_match(&a->addr, &b->addr, length);
}

/* is_of_site: could the prefix be one that a site has by itself? */
static bool is_of_site(const struct gp_prefix *prefix)
{
	bool is_site = gp_prefix_is_same(prefix, &gp_ipaddr_nat64); /* known; a warning says so */
	for (size_t i = 0; i < sizeof of_sites / sizeof of_sites[0]; i++)
		is_site = is_site || (prefix->length >= of_sites[i].length &&
					     gp_prefix_has(&of_sites[i], &prefix->addr));
	for (size_t i = 0; i < sizeof of_anybody / sizeof of_anybody[0]; i++)
		if (overlap(prefix, &of_anybody[i]) && (i == 0 || prefix->length < OF_ONE_SITE))
			is_site = false;
	return is_site;
}

/* prefix_error: about one of nat64_prefixes. */
static void prefix_error(
	struct gp_config_draft *draft, const struct gp_prefix *prefix, const char *problem)
{
	char network[GP_PREFIX_TEXT], text[TEXT_ROOM + sizeof network + 1];
	snprintf(text, sizeof text, "%s %s", gp_prefix_format(prefix, network), problem);
	gp_config_cross_error(draft, NULL, "nat64_prefixes", text);
}

/* check_prefix: one of them, and those before it. */
static void check_prefix(struct gp_config_draft *draft, const struct gp_prefix *items, size_t i)
{
	char network[GP_PREFIX_TEXT], text[TEXT_ROOM];
	if (items[i].addr.family != GP_IP_V6 || !gp_ipaddr_nat64_length(items[i].length)) {
		gp_config_cross_error(draft, NULL, "nat64_prefixes",
			"takes IPv6 networks with a prefix of 32, 40, 48, 56, 64 or 96 bits (RFC "
			"6052 2.2)");
		return;
	}
	if (!is_of_site(&items[i]))
		prefix_error(draft, &items[i],
			"is not the prefix of a NAT64 of yours: its addresses belong to others, or "
			"are not in use; write the one that your NAT64 is set to, from a network "
			"of your own or from 64:ff9b:1::/48 (RFC 8215)");
	for (size_t k = 0; k < i; k++) {
		if (!overlap(&items[k], &items[i]) || gp_prefix_is_same(&items[k], &items[i]))
			continue;
		snprintf(text, sizeof text,
			"overlaps with %s: it cannot be known which IPv4 address an address in "
			"both embeds; write only those that your NAT64 is set to",
			gp_prefix_format(&items[k], network));
		prefix_error(draft, &items[i], text);
		return;
	}
}

/* check_listed: a network of a list that stands for clients of IPv4. */
static void check_listed(
	struct gp_config_draft *draft, const struct gp_option *row, const struct gp_prefix *network)
{
	const struct gp_option_prefixes *nat64 = &draft->config->nat64_prefixes;
	const struct gp_prefix v4 = gp_prefix_v4_by_nat64(*network, nat64->items, nat64->count);
	char own[GP_PREFIX_TEXT], text[TEXT_ROOM];
	if (v4.addr.family == network->addr.family)
		return;
	if (v4.length)
		snprintf(text, sizeof text, GP_CONFIG_NAT64_COMPARED "; write %s",
			gp_prefix_format(&v4, own));
	else
		snprintf(text, sizeof text, "%s", GP_CONFIG_NAT64_WHOLE);
	gp_config_cross_error(draft, row->section, row->name, text);
}

/* gp_config_check_nat64: the prefixes, then every list of networks. */
void gp_config_check_nat64(struct gp_config_draft *draft)
{
	const struct gp_option_prefixes *nat64 = &draft->config->nat64_prefixes;
	for (size_t i = 0; i < nat64->count; i++)
		check_prefix(draft, nat64->items, i);
	const struct gp_option *row;
	for (size_t i = 0; (row = gp_config_row_at(i)); i++) {
		if (row->kind != GP_KIND_PREFIXES)
			continue;
		const struct gp_option_prefixes *list = gp_config_member(draft->config, row);
		if (list == nat64)
			continue;
		for (size_t k = 0; k < list->count; k++)
			check_listed(draft, row, &list->items[k]);
	}
}

/* gp_config_nat64_in: the well-known prefix, then the others. */
const struct gp_prefix *gp_config_nat64_in(
	const struct gp_config *config, const struct gp_prefix *network)
{
	const struct gp_option_prefixes *more = &config->nat64_prefixes;
	for (size_t i = 0; i <= more->count; i++) {
		const struct gp_prefix *nat64 = i ? &more->items[i - 1] : &gp_ipaddr_nat64;
		if (network->length < nat64->length && gp_prefix_has(network, &nat64->addr))
			return nat64;
	}
	return NULL;
}
