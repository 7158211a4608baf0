/* SPDX-License-Identifier: ISC */
/* Item by item. */
#include "engine/match.h"

#include <string.h>

#include "mail/address.h"

/* gp_engine_in_prefixes: network by network. */
bool gp_engine_in_prefixes(const struct gp_option_prefixes *list, const struct gp_ipaddr *addr)
{
	for (size_t i = 0; i < list->count; i++)
		if (gp_prefix_has(&list->items[i], addr))
			return true;
	return false;
}

/* name_matches: "example.org" is itself, ".example.org" every name below it. */
static bool name_matches(const char *item, struct gp_span name)
{
	struct gp_span listed = gp_span_from(item[0] == '.' ? item + 1 : item);
	bool is_itself = gp_dns_name_equal(listed, name);
	return item[0] == '.' ? !is_itself && gp_dns_name_is_within(name, listed) : is_itself;
}

/* gp_engine_in_names: item by item. */
bool gp_engine_in_names(const struct gp_config_texts *list, struct gp_span name)
{
	for (size_t i = 0; name.len && i < list->count; i++)
		if (name_matches(list->items[i], name))
			return true;
	return false;
}

/* address_matches: user@domain, user@, domain or .domain. */
static bool address_matches(const char *item, struct gp_span local, struct gp_span domain)
{
	struct gp_span item_local, item_domain;
	if (!strchr(item, '@'))
		return domain.len && name_matches(item, domain);
	gp_address_split(gp_span_from(item), &item_local, &item_domain);
	return gp_span_equal_nocase(gp_address_unquote(item_local), gp_address_unquote(local)) &&
	       (item_domain.len == 0 || gp_dns_name_equal(item_domain, domain));
}

/* gp_engine_in_addresses: item by item. */
bool gp_engine_in_addresses(
	const struct gp_config_texts *list, struct gp_span mailbox, const char *ascii)
{
	struct gp_span local, domain;
	if (mailbox.len == 0)
		return false;
	gp_address_split(mailbox, &local, &domain);
	if (ascii)
		domain = gp_span_from(ascii);
	for (size_t i = 0; i < list->count; i++)
		if (address_matches(list->items[i], local, domain))
			return true;
	return false;
}

/* gp_engine_is_private_client: where there is an address at all. */
bool gp_engine_is_private_client(const struct gp_facts *f)
{
	const struct gp_envelope *e = &f->envelope;
	if (e->client.family == GP_IP_NONE)
		return false;
	return gp_ipaddr_is_private(&e->client) || gp_ipaddr_equal(&e->client, &e->server) ||
	       gp_engine_in_prefixes(&f->config->own_networks, &e->client);
}

/* gp_engine_first_rule: row by row. */
const struct gp_rule *gp_engine_first_rule(
	const struct gp_rule *rules, const struct gp_facts *facts)
{
	for (; rules->name; rules++)
		if (rules->wish(facts).applies)
			return rules;
	return NULL;
}

/* is_exempt: by one of the lists. */
static bool is_exempt(
	const struct gp_exemptions *l, enum gp_exemption which, const struct gp_facts *f)
{
	const struct gp_envelope *e = &f->envelope;
	switch (which) {
	case GP_EXEMPT_CLIENT:
		return l->clients && gp_engine_in_prefixes(l->clients, &e->client);
	case GP_EXEMPT_CLIENT_NAME:
		return l->client_names && gp_engine_in_names(l->client_names, e->client_name);
	case GP_EXEMPT_HELO:
		return l->helo && gp_engine_in_names(l->helo, gp_span_from(f->helo_name));
	case GP_EXEMPT_SENDER:
		return l->senders &&
		       gp_engine_in_addresses(l->senders, e->sender, f->sender_domain);
	case GP_EXEMPT_RECIPIENT:
		return l->recipients &&
		       gp_engine_in_addresses(l->recipients, e->recipient, f->recipient_domain);
	case GP_EXEMPTIONS:
		break;
	}
	return false;
}

/* gp_engine_exemption: list by list. */
const struct gp_rule *gp_engine_exemption(const struct gp_exemptions *lists,
	const struct gp_rule rows[GP_EXEMPTIONS], enum gp_exemption last,
	const struct gp_facts *facts)
{
	for (int i = GP_EXEMPT_CLIENT; i <= (int)last; i++)
		if (is_exempt(lists, (enum gp_exemption)i, facts))
			return &rows[i];
	return NULL;
}
