/* SPDX-License-Identifier: ISC */
/*
 * Warnings about DNS lists: those that are closed, that cannot be queried or answer nobody here,
 * conditions of their operators, and scores that are never reached.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "config/config_load_private.h"
#include "reputation/dnsbl/dnsbl_judge.h"
#include "reputation/dnsbl/dnsbl_rule.h"

/* warn_of_list: a line about a list begins. */
static struct gp_strbuf *warn_of_list(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	struct gp_strbuf *buf =
		gp_config_error(&w->lines, (struct gp_config_place) {list->file, list->line});
	gp_strbuf_add(buf, "warning: ");
	gp_config_add_option(buf, list->is_builtin ? "use" : "list", list->name, NULL);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* ---- one list ---- */

/* known_row: the list of the table that this one is, under a section list; NULL: none. */
static const struct gp_dnsbl_list *known_row(
	const struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_config *table = w->config->list_table;
	return gp_config_known_row(table ? &table->dnsbl : NULL, list);
}

/* terms_of: its own, and those that it is known for. */
static unsigned terms_of(const struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_list *row = known_row(w, list);
	return list->terms | (row ? row->terms : 0);
}

/* most_of: the most that a list adds to a score; and whether a weight is below 0. */
static int most_of(const struct gp_dnsbl_list *list)
{
	int largest = 0, sum = 0;
	for (size_t i = 0; i < list->rule_count; i++) {
		int weight = gp_dnsbl_rule_weight(list, &list->rules[i]);
		largest = weight > largest ? weight : largest;
		sum += weight > 0 ? weight : 0;
	}
	int most = list->sum ? sum : largest;
	return list->max > 0 && most > list->max ? list->max : most;
}

/* counts: may it add anything to a score? */
static bool counts(const struct gp_dnsbl_list *list)
{
	return !list->is_off && !list->no_key && !list->dead && !list->submission &&
	       most_of(list) > 0;
}

/* check_dead: what is known about its zone. */
static void check_dead(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_config *table = w->config->list_table;
	const struct gp_dnsbl_dead *dead =
		table ? gp_config_dead_zone(&table->dnsbl, list->zone) : NULL;
	if (!dead)
		return;
	struct gp_strbuf *buf = warn_of_list(w, list);
	gp_config_add_dead(buf, dead);
	gp_strbuf_printf(
		buf, "%s: %s\n", dead->is_queried ? "" : "; it is not queried", dead->advice);
}

/* is_answer: does the known list give an answer that the rule is about, and as a listing? */
static bool is_answer(const struct gp_dnsbl_list *row, const struct gp_dnsbl_rule *rule)
{
	bool is_listing = false;
	for (size_t i = 0; i < row->rule_count; i++)
		is_listing = is_listing || gp_dnsbl_rule_overlap(&row->rules[i], rule);
	for (size_t i = 0; i < row->error_count; i++)
		if (gp_dnsbl_rule_covers(&row->error_rules[i], rule))
			return false;
	return is_listing;
}

/* check_known: a list of the table in section list, as it is copied from the file of another
 * program: what the table knows about it is lost, and its codes may be old ones. */
static void check_known(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_list *row = known_row(w, list);
	const char *between = "; the list does not list anything with ";
	if (!row)
		return;
	struct gp_strbuf *buf = warn_of_list(w, list);
	gp_strbuf_printf(buf,
		"this is the known list %s; write use %s, which has its codes, errors and tests",
		row->name, row->name);
	for (size_t i = 0; i < list->rule_count; i++)
		if (!is_answer(row, &list->rules[i])) {
			gp_strbuf_printf(buf, "%s%s", between, list->rules[i].written);
			between = ", ";
		}
	gp_strbuf_add(buf, "\n");
}

/* check_key: one that is missing, or that others can read. */
static void check_key(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	struct stat st;
	if (list->no_key) {
		struct gp_strbuf *buf = warn_of_list(w, list);
		gp_strbuf_add(buf, "it is not queried: ");
		gp_config_add_value(buf, gp_span_from(list->no_key));
		if (!*list->key_file && !*list->key_credential && *list->url)
			gp_strbuf_printf(buf, "; keys are given out at %s", list->url);
		gp_strbuf_add(buf, "\n");
	}
	if (list->had_key_in_zone)
		gp_strbuf_printf(warn_of_list(w, list),
			"there is a key in its zone; write zone = %s, key_zone = %s, and the key "
			"as key or into key_file, so that it is in no text\n",
			list->zone, list->key_zone);
	const char *path = *list->key_file ? list->key_file : *list->key ? list->file : NULL;
	if (!path || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH))
		return;
	struct gp_strbuf *buf = warn_of_list(w, list);
	gp_strbuf_add(buf, "every user of this machine can read its key in ");
	gp_config_add_value(buf, gp_span_from(path));
	gp_strbuf_add(buf, *list->key_file ? "; set mode 0640 and the group of policyd.user\n"
					   : "; use key_file\n");
}

/* check_terms: conditions that no program can know to be met. The option says when they are. */
static void check_terms(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_list *row = known_row(w, list);
	unsigned terms = terms_of(w, list);
	const char *url = *list->url ? list->url : row && *row->url ? row->url : list->zone;
	if (terms & GP_DNSBL_TERMS_REGISTRATION)
		gp_strbuf_printf(warn_of_list(w, list),
			"it answers only resolvers whose address is registered (%s); when yours "
			"is, take registration out of terms%s\n",
			url, row ? " of that use" : "");
	if (terms & GP_DNSBL_TERMS_NON_COMMERCIAL && !list->secret)
		gp_strbuf_printf(warn_of_list(w, list),
			"nothing is wrong, but commercial use, or many queries, need a contract "
			"(%s); when that is settled, take non-commercial out of terms%s\n",
			url, row ? " of that use" : "");
}

/* check_dkim: signatures are known when the message is, and nobody asks then. */
static void check_dkim(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	if (list->asks == GP_DNSBL_ASKS_DKIM)
		gp_strbuf_add(warn_of_list(w, list),
			"it is about domains of DKIM signatures only, which lists are not queried "
			"about yet: it has no effect\n");
}

/* check_submission: a list about clients that nobody asks about here. */
static void check_submission(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	if (list->submission)
		gp_strbuf_add(warn_of_list(w, list),
			"it is about clients that log in with stolen passwords, and is not queried "
			"at RCPT TO: it has no effect\n");
}

/* check_weight: one that no code takes. */
static void check_weight(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	bool is_taken = list->weight == GP_DNSBL_WEIGHT_UNSET || list->weight == 0;
	for (size_t i = 0; i < list->rule_count && !is_taken; i++)
		is_taken = gp_dnsbl_rule_weight(list, &list->rules[i]) == list->weight;
	if (!is_taken)
		gp_strbuf_printf(warn_of_list(w, list),
			"its weight of %d has no effect, because it replaces %s weights only, and "
			"no code has one\n",
			list->weight, list->weight > 0 ? "positive" : "negative");
}

/* check_networks: UCEPROTECT lists the neighbours of listed addresses from level 2 on. */
static void check_networks(struct gp_config_warner *w, const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_settings *dnsbl = &w->config->dnsbl;
	bool is_wide = strcmp(list->zone, "dnsbl-2.uceprotect.net") == 0 ||
		       strcmp(list->zone, "dnsbl-3.uceprotect.net") == 0;
	if (is_wide && dnsbl->reject_at && most_of(list) >= (int)dnsbl->reject_at &&
		dnsbl->min_lists == 1)
		gp_strbuf_printf(warn_of_list(w, list),
			"it lists whole networks and providers, most of whose clients have sent no "
			"spam, and with a weight of %d it alone refuses their mail\n",
			most_of(list));
}

/* check_zone_twice: under two names the same list counts twice. */
static void check_zone_twice(struct gp_config_warner *w, size_t i)
{
	const struct gp_dnsbl_list *list = &w->config->dnsbl.lists[i];
	for (size_t k = 0; k < i; k++) {
		const struct gp_dnsbl_list *before = &w->config->dnsbl.lists[k];
		bool is_keyed =
			*list->key_zone && strcasecmp(before->key_zone, list->key_zone) == 0;
		bool is_zone = strcmp(before->zone, list->zone) == 0;
		if (!(is_zone || is_keyed) || before->is_off)
			continue;
		gp_strbuf_printf(warn_of_list(w, list),
			"its %s %s is that of %s, too (%s:%d), so that each of its answers "
			"counts twice\n",
			is_zone ? "zone" : "key_zone", is_zone ? list->zone : list->key_zone,
			before->name, before->file, before->line);
		return;
	}
}

/* ---- resolvers ---- */

/* Resolvers that anybody may use. */
static const struct {
	const char *address, *name;
} public[] = {
	{"8.8.8.8", "Google"},
	{"8.8.4.4", "Google"},
	{"2001:4860:4860::8888", "Google"},
	{"2001:4860:4860::8844", "Google"},
	{"1.1.1.1", "Cloudflare"},
	{"1.0.0.1", "Cloudflare"},
	{"2606:4700:4700::1111", "Cloudflare"},
	{"2606:4700:4700::1001", "Cloudflare"},
	{"9.9.9.9", "Quad9"},
	{"149.112.112.112", "Quad9"},
	{"2620:fe::fe", "Quad9"},
	{"2620:fe::9", "Quad9"},
	{"208.67.222.222", "OpenDNS"},
	{"208.67.220.220", "OpenDNS"},
	{"2620:119:35::35", "OpenDNS"},
	{"2620:119:53::53", "OpenDNS"},
};

/* operator_of: of a public resolver; NULL: it is none that is known. */
static const char *operator_of(const struct gp_ipaddr *address)
{
	struct gp_ipaddr known;
	for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
		if (gp_ipaddr_parse(gp_span_from(public[i].address), &known) == GP_OK &&
			gp_ipaddr_equal(&known, address))
			return public[i].name;
	return NULL;
}

/* add_refusing: the lists that refuse such resolvers; false: there is none. A list with a key knows
 * who asks. */
static bool add_refusing(struct gp_strbuf *buf, const struct gp_config_warner *w)
{
	const struct gp_dnsbl_settings *dnsbl = &w->config->dnsbl;
	bool has_any = false;
	for (size_t i = 0; i < dnsbl->count; i++) {
		const struct gp_dnsbl_list *list = &dnsbl->lists[i];
		if (!(terms_of(w, list) & GP_DNSBL_TERMS_OWN_RESOLVER) || list->is_off ||
			list->secret)
			continue;
		if (buf)
			gp_strbuf_printf(buf, "%s%s", has_any ? ", " : "", list->name);
		has_any = true;
	}
	return has_any;
}

/* check_resolvers: each address that is not one of this site's. */
static void check_resolvers(struct gp_config_warner *w)
{
	const struct gp_config *c = w->config;
	struct gp_dns_options dns = {0};
	char text[GP_IPADDR_TEXT];
	if (!add_refusing(NULL, w) || gp_config_resolvers(c, &dns))
		return; /* what cannot be read is told elsewhere */
	for (size_t i = 0; i < dns.server_count; i++) {
		const struct gp_ipaddr *address = &dns.servers[i].addr;
		const char *operator= operator_of(address);
		if (gp_ipaddr_is_private(address))
			continue;
		struct gp_strbuf *buf = gp_config_warn_at(
			w, "dns", c->dns_settings.servers.count ? "servers" : "resolv_conf");
		gp_strbuf_printf(buf, "%s is ", gp_ipaddr_format(address, text));
		if (operator)
			gp_strbuf_printf(buf, "a public resolver (%s)", operator);
		else
			gp_strbuf_add(buf, "not an address of this site; if it is a resolver of "
					   "many users, as that of a provider, it is refused");
		gp_strbuf_add(buf, operator? ", which is refused by " : " by ");
		(void)add_refusing(buf, w); /* there are some */
		gp_strbuf_add(buf, ": run a resolver on this host, or use keys\n");
	}
}

/* ---- scores ---- */

/* most_together: the highest score, and how many families can have a part in it. */
static int most_together(const struct gp_dnsbl_settings *dnsbl, unsigned *families_out)
{
	int sum = 0;
	*families_out = 0;
	for (size_t i = 0; i < dnsbl->count; i++) {
		const struct gp_dnsbl_list *list = &dnsbl->lists[i];
		bool is_new = true;
		if (!counts(list))
			continue;
		sum += most_of(list);
		for (size_t k = 0; k < i && is_new; k++)
			is_new = !counts(&dnsbl->lists[k]) ||
				 strcmp(dnsbl->lists[k].family, list->family) != 0;
		*families_out += is_new;
	}
	return sum;
}

/* check_scores: of which no mail can have one as high, or that come after a lower one. */
static void check_scores(struct gp_config_warner *w)
{
	const struct gp_dnsbl_settings *dnsbl = &w->config->dnsbl;
	const struct {
		const char *name;
		unsigned score;
	} scores[] = {{"defer_at", dnsbl->defer_at}, {"reject_at", dnsbl->reject_at}};
	unsigned families;
	int most = most_together(dnsbl, &families);
	for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++)
		if (most && scores[i].score && (int)scores[i].score > most)
			gp_strbuf_printf(gp_config_warn_at(w, "dnsbl", scores[i].name),
				"no mail reaches a score of %u: the weights of all lists are %d "
				"together\n",
				scores[i].score, most);
	if (dnsbl->reject_at && dnsbl->min_lists > families && (int)dnsbl->reject_at <= most)
		gp_strbuf_printf(gp_config_warn_at(w, "dnsbl", "min_lists"),
			"no mail is refused: all lists with positive weights are of %u famil%s\n",
			families, families == 1 ? "y" : "ies");
	if (dnsbl->reject_at && dnsbl->defer_at >= dnsbl->reject_at && dnsbl->min_lists == 1)
		gp_strbuf_add(gp_config_warn_at(w, "dnsbl", "defer_at"),
			"has no effect, because it is not below reject_at\n");
}

/* gp_config_warn_dnsbl: lists, then what they do together. */
void gp_config_warn_dnsbl(struct gp_config_warner *w)
{
	const struct gp_dnsbl_settings *dnsbl = &w->config->dnsbl;
	if (dnsbl->mode == GP_MODE_OFF) {
		if (dnsbl->count)
			gp_strbuf_add(warn_of_list(w, &dnsbl->lists[0]),
				"no list is queried, because dnsbl.mode is off\n");
		return;
	}
	if (dnsbl->count == 0) {
		gp_config_warn_of(w, "dnsbl", "mode",
			"has no effect, because there is no section use or list");
		return;
	}
	for (size_t i = 0; i < dnsbl->count; i++) {
		if (dnsbl->lists[i].is_off)
			continue;
		check_dead(w, &dnsbl->lists[i]);
		check_known(w, &dnsbl->lists[i]);
		check_key(w, &dnsbl->lists[i]);
		check_terms(w, &dnsbl->lists[i]);
		check_dkim(w, &dnsbl->lists[i]);
		check_submission(w, &dnsbl->lists[i]);
		check_weight(w, &dnsbl->lists[i]);
		check_networks(w, &dnsbl->lists[i]);
		check_zone_twice(w, i);
	}
	check_resolvers(w);
	check_scores(w);
}
