/* SPDX-License-Identifier: ISC */
/* Warnings about lists: items without effect, and lists that leave nobody to be checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config_load_private.h"

/* warn_twice: an item that stands in its list already. */
static void warn_twice(struct gp_config_warner *w, const struct gp_option *row, const char *item)
{
	struct gp_strbuf *buf = gp_config_warn_at(w, row->section, row->name);
	gp_config_add_value(buf, gp_span_from(item));
	gp_strbuf_add(buf, " is listed twice\n");
}

/* check_texts: each item against those before it. */
static void check_texts(
	struct gp_config_warner *w, const struct gp_option *row, const struct gp_config_texts *list)
{
	for (size_t i = 1; i < list->count; i++)
		for (size_t k = 0; k < i; k++)
			if (gp_span_is(gp_span_from(list->items[i]), list->items[k])) {
				warn_twice(w, row, list->items[i]);
				break;
			}
}

/* is_top: all names below one label, which is not one that only a site of its own uses? */
static bool is_top(const char *item)
{
	static const char *const private[] = {
		".test", ".local", ".internal", ".lan", ".home", ".corp", ".localhost", ".invalid"};
	for (size_t i = 0; i < sizeof private / sizeof private[0]; i++)
		if (strcasecmp(item, private[i]) == 0)
			return false;
	return item[0] == '.' && item[1] && !strchr(item + 1, '.');
}

/* check_tops: patterns that hold strangers' domains without number. */
static void check_tops(
	struct gp_config_warner *w, const struct gp_option *row, const struct gp_config_texts *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!is_top(list->items[i]))
			continue;
		struct gp_strbuf *buf = gp_config_warn_at(w, row->section, row->name);
		gp_config_add_value(buf, gp_span_from(list->items[i]));
		gp_strbuf_add(buf, " matches every domain of a top-level domain; list the domains "
				   "that are meant\n");
	}
}

/* Addresses that hosts of the internet have: the whole of it, whatever is left out besides. */
static const struct {
	struct gp_prefix first, last; /* one address each */
} internet[] = {
	{{{GP_IP_V4, {1}}, 32}, {{GP_IP_V4, {223, 255, 255, 255}}, 32}},
	{{{GP_IP_V6, {0x20}}, 128}, {{GP_IP_V6, {0x3f, 255, 255, 255, 255, 255, 255, 255, 255, 255,
							255, 255, 255, 255, 255, 255}},
					    128}},
};

/* last_of: the last address of a network. */
static struct gp_ipaddr last_of(const struct gp_prefix *network)
{
	struct gp_ipaddr last = network->addr;
	for (unsigned bit = network->length; bit < gp_ipaddr_bits(&last); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return last;
}

/* step: to the next address; false: it was the last one. */
static bool step(struct gp_ipaddr *addr)
{
	for (unsigned i = gp_ipaddr_bits(addr) / 8; i-- > 0;)
		if (++addr->bytes[i])
			return true;
	return false;
}

/* by_address: for qsort, where each begins. */
static int by_address(const void *a, const void *b)
{
	const struct gp_prefix *x = a, *y = b;
	return memcmp(x->addr.bytes, y->addr.bytes, sizeof x->addr.bytes);
}

/* is_internet: do the networks together hold all from first to last? They are sorted. */
static bool is_internet(const struct gp_prefix *items, size_t count, struct gp_ipaddr first,
	const struct gp_ipaddr *last)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].addr.family != first.family)
			continue;
		if (memcmp(items[i].addr.bytes, first.bytes, sizeof first.bytes) > 0)
			return false; /* a gap */
		struct gp_ipaddr end = last_of(&items[i]);
		if (memcmp(end.bytes, last->bytes, sizeof end.bytes) >= 0)
			return true;
		if (memcmp(end.bytes, first.bytes, sizeof end.bytes) >= 0 && step(&end))
			first = end;
	}
	return false;
}

/*
 * check_everybody: one network that is everything, or several that are it together: hardly meant.
 */
static void check_everybody(struct gp_config_warner *w, const struct gp_option *row,
	const struct gp_option_prefixes *list)
{
	char text[GP_PREFIX_TEXT];
	struct gp_prefix *sorted =
		gp_arena_array(w->draft->scratch, list->count ? list->count : 1, sizeof *sorted);
	if (!sorted || list == &w->config->nat64_prefixes)
		return;
	if (list->count)
		memcpy(sorted, list->items, list->count * sizeof *sorted);
	qsort(sorted, list->count, sizeof *sorted, by_address);
	for (size_t k = 0; k < sizeof internet / sizeof internet[0]; k++) {
		const struct gp_ipaddr *first = &internet[k].first.addr;
		const struct gp_ipaddr *last = &internet[k].last.addr;
		const struct gp_prefix *one = NULL;
		for (size_t i = 0; i < list->count && !one; i++)
			if (is_internet(&list->items[i], 1, *first, last))
				one = &list->items[i];
		if (!one && !is_internet(sorted, list->count, *first, last))
			continue;
		struct gp_strbuf *buf = gp_config_warn_at(w, row->section, row->name);
		if (one)
			gp_strbuf_printf(buf, "%s is", gp_prefix_format(one, text));
		else
			gp_strbuf_add(buf, "the networks together are");
		gp_strbuf_printf(buf, " every IPv%d client, so that no client is checked\n",
			(int)first->family);
	}
}

/* warn_nat64: clients that are not in a network, although their address is. */
static void warn_nat64(
	struct gp_config_warner *w, struct gp_strbuf *buf, const struct gp_prefix *network)
{
	char outer[GP_PREFIX_TEXT], inner[GP_PREFIX_TEXT];
	const struct gp_prefix *nat64 = gp_config_nat64_in(w->config, network);
	gp_strbuf_printf(buf,
		"the prefix %s of NAT64 lies in %s, but " GP_CONFIG_NAT64_WHOLE " as well\n",
		gp_prefix_format(nat64, inner), gp_prefix_format(network, outer));
}

/* check_prefix: one of a list of networks, and those before it. */
static void check_prefix(struct gp_config_warner *w, const struct gp_option *row,
	const struct gp_option_prefixes *list, size_t i)
{
	char addr[GP_IPADDR_TEXT], text[GP_PREFIX_TEXT];
	const struct gp_prefix *prefix = &list->items[i];
	gp_ipaddr_format(&prefix->addr, addr);
	gp_prefix_format(prefix, text);
	for (size_t k = 0; k < i; k++)
		if (gp_prefix_is_same(&list->items[k], prefix)) {
			warn_twice(w, row, text);
			break;
		}
	const struct gp_ipaddr none = {.family = prefix->addr.family};
	if (prefix->length == gp_ipaddr_bits(&none) && gp_ipaddr_equal(&prefix->addr, &none))
		gp_strbuf_printf(gp_config_warn_at(w, row->section, row->name),
			"%s is not the address of a client and matches none; %s/0 would match "
			"every IPv%d client\n",
			addr, addr, (int)none.family);
	else if (!gp_prefix_has_hosts(prefix))
		gp_strbuf_printf(gp_config_warn_at(w, row->section, row->name),
			"%s matches no client: no host has a multicast or broadcast address\n",
			text);
	if (list == &w->config->nat64_prefixes) {
		if (gp_prefix_is_same(prefix, &gp_ipaddr_nat64))
			gp_strbuf_printf(gp_config_warn_at(w, row->section, row->name),
				"%s need not be listed\n", text);
	} else if (prefix->length > 3 && gp_config_nat64_in(w->config, prefix)) {
		warn_nat64(w, gp_config_warn_at(w, row->section, row->name), prefix);
	}
}

/* check_prefixes: one after the other. */
static void check_prefixes(struct gp_config_warner *w, const struct gp_option *row,
	const struct gp_option_prefixes *list)
{
	for (size_t i = 0; i < list->count; i++)
		check_prefix(w, row, list, i);
	check_everybody(w, row, list);
}

/* covers: does a pattern of names hold all that the item holds? */
static bool covers(const char *pattern, const char *item)
{
	size_t len = strlen(item), tail = strlen(pattern);
	return strcmp(pattern, item) == 0 ||
	       (pattern[0] == '.' && len > tail && strcmp(item + len - tail, pattern) == 0);
}

/* check_must_pass: exceptions come first. */
static void check_must_pass(struct gp_config_warner *w)
{
	const struct gp_config_texts *must = &w->config->spf.must_pass;
	const struct gp_config_texts *exempt = &w->config->spf.exempt_senders;
	for (size_t i = 0; i < must->count; i++)
		for (size_t k = 0; k < exempt->count; k++) {
			if (!covers(exempt->items[k], must->items[i]))
				continue;
			struct gp_strbuf *buf = gp_config_warn_at(w, "spf", "must_pass");
			gp_strbuf_printf(
				buf, "%s is in spf.exempt_senders as well", must->items[i]);
			if (strcmp(exempt->items[k], must->items[i]) != 0)
				gp_strbuf_printf(buf, ", as a part of %s", exempt->items[k]);
			gp_strbuf_add(buf, ", which comes first\n");
		}
}

/* check_forwarders: names about which SPF is asked, and one that has no record anywhere. */
static void check_forwarders(
	struct gp_config_warner *w, const struct gp_option *row, const struct gp_config_texts *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], "localhost") == 0)
			gp_strbuf_add(gp_config_warn_at(w, row->section, row->name),
				"localhost has no SPF record and matches no client; clients on "
				"this host are not checked anyway\n");
}

/* check_items: every list that mail is compared with. */
static void check_items(struct gp_config_warner *w)
{
	const struct gp_option *row;
	for (size_t i = 0; (row = gp_config_row_at(i)); i++) {
		const void *at = gp_config_member(w->config, row);
		const struct gp_config_section *s = gp_config_section_find(row->section);
		if (s && s->times != GP_SECTION_ONCE)
			continue;
		if (row->kind == GP_KIND_PREFIXES)
			check_prefixes(w, row, at);
		else if (row->kind == GP_KIND_NAMES || row->kind == GP_KIND_HOSTS ||
			 row->kind == GP_KIND_DOMAINS || row->kind == GP_KIND_ADDRESSES ||
			 row->kind == GP_KIND_SERVERS || row->kind == GP_KIND_STORES)
			check_texts(w, row, at);
		if (row->kind == GP_KIND_NAMES || row->kind == GP_KIND_DOMAINS ||
			row->kind == GP_KIND_ADDRESSES)
			check_tops(w, row, at);
		if (row->kind == GP_KIND_DOMAINS)
			check_forwarders(w, row, at);
	}
}

/* warn_of_override: a line about one begins. */
static struct gp_strbuf *warn_of_override(
	struct gp_config_warner *w, const struct gp_limit_override *o, const char *name)
{
	struct gp_strbuf *buf =
		gp_config_error(&w->lines, (struct gp_config_place) {o->file, o->line});
	gp_strbuf_add(buf, "warning: ");
	gp_config_add_option(buf, "override", NULL, name);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* check_override: a client that nobody is, and limits that are off. */
static void check_override(struct gp_config_warner *w, const struct gp_limit_override *o)
{
	char network[GP_PREFIX_TEXT];
	const struct gp_limit_set *set = &w->config->limits;
	if (o->kind == GP_LIMIT_OVERRIDE_CLIENT && !gp_prefix_has_hosts(&o->prefix))
		gp_strbuf_printf(warn_of_override(w, o, "client"),
			"%s matches no client: no host has a multicast, broadcast or unspecified "
			"address\n",
			gp_prefix_format(&o->prefix, network));
	for (size_t k = 0; k < set->limit_count; k++)
		if (o->max[k] != GP_LIMIT_UNSET && set->limits[k].mode == GP_LIMIT_OFF)
			gp_strbuf_add(warn_of_override(w, o, set->limits[k].name),
				"has no effect: the limit's mode is off\n");
}

/* gp_config_warn_overrides: maxima without effect, and networks of clients that hold fewer clients
 * than it seems. */
void gp_config_warn_overrides(struct gp_config_warner *w)
{
	const struct gp_limit_set *set = &w->config->limits;
	for (size_t i = 0; i < set->override_count; i++) {
		const struct gp_limit_override *o = &set->overrides[i];
		check_override(w, o);
		if (o->kind != GP_LIMIT_OVERRIDE_CLIENT ||
			!gp_config_nat64_in(w->config, &o->prefix))
			continue;
		warn_nat64(w, warn_of_override(w, o, "client"), &o->prefix);
	}
}

/* gp_config_warn_lists: items, then lists against each other. */
void gp_config_warn_lists(struct gp_config_warner *w)
{
	check_items(w);
	check_must_pass(w);
}
