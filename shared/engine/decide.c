/* SPDX-License-Identifier: ISC */
/*
 * Facts and policy make an action, as two tables: rules that need no check, and rules over the
 * results of SPF. The first row that applies decides, and its name goes to the log.
 */
#include "engine/engine_private.h"

#include <string.h>

#include "mail/address.h"

/* gp_engine_in_prefixes: network by network. */
bool gp_engine_in_prefixes(const struct gp_config_prefixes *list, const struct gp_ipaddr *addr)
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

/* in_addresses: does an item of the list match the mailbox? ascii: its domain in A-labels; NULL:
 * as it stands. */
static bool in_addresses(
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

/* ---- rules that need no check ---- */

/* is_authenticated: a user of ours. */
static bool is_authenticated(const struct gp_facts *f)
{
	return f->envelope->sasl_username.len > 0;
}

/* is_local: not an internet client at all. */
static bool is_local(const struct gp_facts *f)
{
	return f->envelope->client.family == GP_IP_NONE && !f->envelope->client_is_unreadable;
}

/* is_unreadable: an internet client whose address is none: nothing can be said about it. */
static bool is_unreadable(const struct gp_facts *f)
{
	return f->envelope->client_is_unreadable;
}

/* is_trusted: a network of ours. */
static bool is_trusted(const struct gp_facts *f)
{
	return gp_engine_in_prefixes(&f->config->trusted_networks, &f->envelope->client);
}

/* gp_engine_is_private_client: private ranges, our own address, configured networks. */
bool gp_engine_is_private_client(const struct gp_facts *f)
{
	const struct gp_envelope *e = f->envelope;
	if (e->client.family == GP_IP_NONE)
		return false;
	return gp_ipaddr_is_private(&e->client) || gp_ipaddr_equal(&e->client, &e->server) ||
	       gp_engine_in_prefixes(&f->config->own_networks, &e->client);
}

/* is_off: SPF is switched off. */
static bool is_off(const struct gp_facts *f)
{
	return f->config->spf.mode == GP_MODE_OFF;
}

/* is_exempt_client: the client's network is listed. */
static bool is_exempt_client(const struct gp_facts *f)
{
	return gp_engine_in_prefixes(&f->config->spf.exempt_clients, &f->envelope->client);
}

/* is_exempt_client_name: the client's verified name is listed. */
static bool is_exempt_client_name(const struct gp_facts *f)
{
	return gp_engine_in_names(&f->config->spf.exempt_client_names, f->envelope->client_name);
}

/* is_exempt_helo: the HELO name is listed. */
static bool is_exempt_helo(const struct gp_facts *f)
{
	return gp_engine_in_names(&f->config->spf.exempt_helo, gp_span_from(f->helo_name));
}

/* is_exempt_sender: the sender is listed. */
static bool is_exempt_sender(const struct gp_facts *f)
{
	return in_addresses(&f->config->spf.exempt_senders, f->envelope->sender, f->sender_domain);
}

/* is_exempt_recipient: the recipient is listed. */
static bool is_exempt_recipient(const struct gp_facts *f)
{
	return in_addresses(
		&f->config->spf.exempt_recipients, f->envelope->recipient, f->recipient_domain);
}

struct early {
	const char *rule;
	bool (*applies)(const struct gp_facts *);
};

/* mail of ours */
static const struct early ours[] = {
	{"authenticated", is_authenticated},
	{"local-client", is_local},
	{"trusted_networks", is_trusted},
	{NULL, NULL},
};

static const struct early off[] = {{"spf.mode", is_off}, {NULL, NULL}};

/* what is known about the client for certain: its address, and a name that DNS confirms */
static const struct early unjudged[] = {
	{"unreadable-client", is_unreadable},
	{"private-client", gp_engine_is_private_client},
	{"spf.exempt_clients", is_exempt_client},
	{"spf.exempt_client_names", is_exempt_client_name},
	{NULL, NULL},
};

/* what anybody could say */
static const struct early claimed[] = {
	{"spf.exempt_helo", is_exempt_helo},
	{"spf.exempt_senders", is_exempt_sender},
	{"spf.exempt_recipients", is_exempt_recipient},
	{NULL, NULL},
};

/* first_of: the first row that applies, or NULL. */
static const char *first_of(const struct early *rows, const struct gp_facts *facts)
{
	for (; rows->rule; rows++)
		if (rows->applies(facts))
			return rows->rule;
	return NULL;
}

/* gp_engine_ours: by its table. */
const char *gp_engine_ours(const struct gp_facts *facts)
{
	return first_of(ours, facts);
}

/* gp_engine_unjudged: by its table. */
const char *gp_engine_unjudged(const struct gp_facts *facts)
{
	return first_of(unjudged, facts);
}

/* gp_engine_decide_early: the first row that applies accepts. */
bool gp_engine_decide_early(const struct gp_facts *facts, struct gp_decision *decision_out)
{
	static const struct early *const tables[] = {ours, off, unjudged, claimed};
	const char *rule = NULL;
	for (size_t i = 0; !rule && i < sizeof tables / sizeof tables[0]; i++)
		rule = first_of(tables[i], facts);
	*decision_out = (struct gp_decision) {.rule = rule};
	return rule != NULL;
}

/* ---- rules over the results ---- */

/* in_set: is the result one of the refused verdicts? */
static bool in_set(unsigned set, const struct gp_spf_result *r)
{
	if (r->verdict == GP_SPF_FAIL && r->sends_no_mail && (set & GP_CONFIG_NO_MAIL))
		return true;
	return set & (1u << r->verdict);
}

/* is_rejected: MAIL FROM's verdict is refused. */
static bool is_rejected(const struct gp_facts *f)
{
	return f->has_mailfrom && in_set(f->config->spf.reject, &f->mailfrom);
}

/* helo_counts: may the HELO identity alone refuse this mail? */
static bool helo_counts(const struct gp_facts *f)
{
	int when = f->config->spf.helo;
	return f->has_helo && (when == GP_HELO_ALWAYS || (when == GP_HELO_NULL_SENDER &&
								 f->envelope->sender.len == 0));
}

/* is_helo_rejected: HELO's verdict is refused. */
static bool is_helo_rejected(const struct gp_facts *f)
{
	return helo_counts(f) && in_set(f->config->spf.helo_reject, &f->helo);
}

/* judged: the result that errors are looked for in: MAIL FROM's, or HELO's where that counts. */
static const struct gp_spf_result *judged(const struct gp_facts *f)
{
	return f->has_mailfrom ? &f->mailfrom : helo_counts(f) ? &f->helo : NULL;
}

/* has_verdict: is this the verdict that is judged? */
static bool has_verdict(const struct gp_facts *f, enum gp_spf_verdict verdict)
{
	const struct gp_spf_result *r = judged(f);
	return r && r->verdict == verdict;
}

/* must_pass: a listed domain; pass is the only good answer. */
static bool must_pass(const struct gp_facts *f)
{
	return gp_engine_in_names(&f->config->spf.must_pass, gp_span_from(f->sender_domain));
}

/* is_must_pass_deferred: a listed domain about which DNS is silent for now. */
static bool is_must_pass_deferred(const struct gp_facts *f)
{
	return must_pass(f) && has_verdict(f, GP_SPF_TEMPERROR);
}

/* is_must_pass_failed: a listed domain, and no pass. */
static bool is_must_pass_failed(const struct gp_facts *f)
{
	return must_pass(f) && !has_verdict(f, GP_SPF_PASS);
}

/* is_temperror_deferred: as configured. */
static bool is_temperror_deferred(const struct gp_facts *f)
{
	return has_verdict(f, GP_SPF_TEMPERROR) && f->config->spf.on_temperror == GP_ON_ERROR_DEFER;
}

/* is_temperror: whatever is left of them is accepted. */
static bool is_temperror(const struct gp_facts *f)
{
	return has_verdict(f, GP_SPF_TEMPERROR);
}

/* is_permerror: the same. */
static bool is_permerror(const struct gp_facts *f)
{
	return has_verdict(f, GP_SPF_PERMERROR);
}

/* is_permerror_deferred: as configured. */
static bool is_permerror_deferred(const struct gp_facts *f)
{
	return has_verdict(f, GP_SPF_PERMERROR) && f->config->spf.on_permerror == GP_ON_ERROR_DEFER;
}

/* is_permerror_rejected: as configured. */
static bool is_permerror_rejected(const struct gp_facts *f)
{
	return has_verdict(f, GP_SPF_PERMERROR) &&
	       f->config->spf.on_permerror == GP_ON_ERROR_REJECT;
}

enum subject { ABOUT_MAILFROM, ABOUT_HELO, ABOUT_JUDGED };

static const struct {
	const char *rule;
	bool (*applies)(const struct gp_facts *);
	enum gp_action action;
	enum gp_reply reply;
	enum subject subject;
	bool may_yield; /* a refusal that spf.yield_to_dmarc holds back */
} rules[] = {
	{"spf.reject", is_rejected, GP_ACTION_REJECT, GP_REPLY_REJECT, ABOUT_MAILFROM, true},
	{"spf.helo_reject", is_helo_rejected, GP_ACTION_REJECT, GP_REPLY_REJECT, ABOUT_HELO, false},
	{"spf.must_pass", is_must_pass_deferred, GP_ACTION_DEFER, GP_REPLY_TEMPERROR, ABOUT_JUDGED,
		false},
	{"spf.must_pass", is_must_pass_failed, GP_ACTION_REJECT, GP_REPLY_REJECT, ABOUT_JUDGED,
		false},
	{"spf.on_temperror", is_temperror_deferred, GP_ACTION_DEFER, GP_REPLY_TEMPERROR,
		ABOUT_JUDGED, false},
	{"spf.on_permerror", is_permerror_deferred, GP_ACTION_DEFER, GP_REPLY_PERMERROR,
		ABOUT_JUDGED, false},
	{"spf.on_permerror", is_permerror_rejected, GP_ACTION_REJECT, GP_REPLY_PERMERROR_REJECT,
		ABOUT_JUDGED, true},
	{"spf.on_temperror", is_temperror, GP_ACTION_ACCEPT, GP_REPLY_NONE, ABOUT_JUDGED, false},
	{"spf.on_permerror", is_permerror, GP_ACTION_ACCEPT, GP_REPLY_NONE, ABOUT_JUDGED, false},
};

/* subject_of: the result a row speaks of. */
static const struct gp_spf_result *subject_of(const struct gp_facts *f, enum subject subject)
{
	return subject == ABOUT_MAILFROM ? &f->mailfrom
	       : subject == ABOUT_HELO   ? &f->helo
					 : judged(f);
}

/* gp_engine_decide: the first row that applies and does not yield; none: accept. */
void gp_engine_decide(const struct gp_facts *facts, struct gp_decision *decision_out)
{
	*decision_out = (struct gp_decision) {.rule = "default"};
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (!rules[i].applies(facts))
			continue;
		if (facts->yields && rules[i].may_yield) {
			decision_out->rule = "spf.yield_to_dmarc";
			continue;
		}
		*decision_out = (struct gp_decision) {rules[i].rule, rules[i].action,
			rules[i].reply, subject_of(facts, rules[i].subject),
			rules[i].may_yield && rules[i].action == GP_ACTION_REJECT};
		if (facts->forwarded && rules[i].action != GP_ACTION_ACCEPT)
			*decision_out = (struct gp_decision) {.rule = "spf.forwarders"};
		return;
	}
}
