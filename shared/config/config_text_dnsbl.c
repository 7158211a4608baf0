/* SPDX-License-Identifier: ISC */
/* The table of known DNS lists as text: sections of the manual page gatepost-lists(7), in mdoc. */
#include <string.h>

#include "config/config_private.h"

/* add_words: "the client, the sender": of a set of bits, or nothing. */
static void add_words(
	struct gp_strbuf *buf, unsigned set, const struct gp_option_choice *words, const char *none)
{
	const char *between = "";
	for (const struct gp_option_choice *c = words; c->word; c++) {
		if (!(set & (unsigned)c->value))
			continue;
		gp_strbuf_printf(buf, "%s%s", between, c->word);
		between = ", ";
	}
	gp_strbuf_add(buf, *between ? "" : none);
}

/* add_questions: what the list is asked about. */
static void add_questions(struct gp_strbuf *buf, const struct gp_dnsbl_list *list)
{
	static const struct gp_option_choice asks[] = {
		{"the address of the client", GP_DNSBL_ASKS_CLIENT},
		{"the domain of MAIL FROM", GP_DNSBL_ASKS_SENDER},
		{"the name in HELO", GP_DNSBL_ASKS_HELO}, {"the reverse name", GP_DNSBL_ASKS_RDNS},
		{"domains of DKIM signatures", GP_DNSBL_ASKS_DKIM}, {NULL, 0}};
	gp_strbuf_add(buf, "Asked about ");
	add_words(buf, list->asks, asks, "");
	if (list->asks & GP_DNSBL_ASKS_CLIENT)
		gp_strbuf_add(buf, list->ipv6 ? " (IPv4 and IPv6)" : " (IPv4)");
	if (list->reduce == GP_DNSBL_REGISTERED)
		gp_strbuf_add(buf, ", reduced to the registered domain");
	if (list->null_sender)
		gp_strbuf_add(buf, ", of mail with an empty sender");
	gp_strbuf_add(buf, ".\n");
}

/* add_terms: conditions, and what kind of list it is. */
static void add_terms(struct gp_strbuf *buf, const struct gp_dnsbl_list *list)
{
	static const struct gp_option_choice terms[] = {{"a key is needed", GP_DNSBL_TERMS_KEY},
		{"the address of the resolver has to be registered", GP_DNSBL_TERMS_REGISTRATION},
		{"public and shared resolvers are refused", GP_DNSBL_TERMS_OWN_RESOLVER},
		{"commercial use needs a contract", GP_DNSBL_TERMS_NON_COMMERCIAL}, {NULL, 0}};
	if (list->terms) {
		gp_strbuf_add(buf, "Terms: ");
		add_words(buf, list->terms, terms, "");
		gp_strbuf_add(buf, ".\n");
	}
	if (list->border)
		gp_strbuf_add(buf, "It also has addresses whose users may submit mail, so it is "
				   "for the border only.\n");
	if (list->allow)
		gp_strbuf_add(buf, "It is an allow list.\n");
}

/* add_tests: the entries by which it is tested. */
static void add_tests(struct gp_strbuf *buf, const struct gp_dnsbl_list *list)
{
	gp_strbuf_add(buf, list->test_count ? "Tested with " : "There is no entry to test it with");
	for (size_t i = 0; i < list->test_count; i++) {
		const struct gp_dnsbl_test *t = &list->test_entries[i];
		gp_strbuf_printf(buf, "%s%s %s", i ? ", " : "", t->name,
			t->is_any      ? "any"
			: t->is_listed ? "listed"
				       : "not");
	}
	gp_strbuf_add(buf, ".\n");
}

/* add_codes: a list of the answers and what they mean. */
static void add_codes(struct gp_strbuf *buf, const struct gp_dnsbl_list *list)
{
	gp_strbuf_add(buf, ".Bl -tag -compact -width 127.0.0.10-11\n");
	for (size_t i = 0; i < list->rule_count; i++)
		gp_strbuf_printf(buf, ".It Li %s\nWeight %d: %s\n", list->rules[i].written,
			list->rules[i].weight, list->rules[i].meaning);
	for (size_t i = 0; i < list->error_count; i++)
		if (!list->error_rules[i].is_built_in)
			gp_strbuf_printf(buf, ".It Li %s\nError: %s\n",
				list->error_rules[i].written, list->error_rules[i].meaning);
	gp_strbuf_add(buf, ".El\n");
}

/* add_list: a subsection. */
static void add_list(struct gp_strbuf *buf, const struct gp_dnsbl_list *list)
{
	gp_strbuf_printf(buf, ".Ss %s\n", list->name);
	gp_config_add_sentences(buf, gp_span_from(list->about));
	gp_strbuf_printf(buf, ".Pp\nZone\n.Li %s", list->zone);
	if (*list->key_zone)
		gp_strbuf_printf(buf, " ,\nqueried %sas\n.Li %s",
			list->terms & GP_DNSBL_TERMS_KEY ? "" : "with a key ", list->key_zone);
	gp_strbuf_add(buf, " .\n");
	if (strcmp(list->family, list->name) != 0)
		gp_strbuf_printf(buf, "Family\n.Li %s .\n", list->family);
	add_questions(buf, list);
	add_terms(buf, list);
	add_tests(buf, list);
	if (*list->url)
		gp_strbuf_printf(buf, ".Lk %s\n", list->url);
	add_codes(buf, list);
}

/* gp_config_man_lists: the lists, then the zones that are closed. */
int gp_config_man_lists(struct gp_strbuf *buf)
{
	struct gp_config_errors errors = {0};
	struct gp_config *table;
	const char *text;
	int rc = gp_config_list_table(&table, &errors);
	gp_config_errors_fini(&errors);
	if (rc)
		return rc;
	gp_strbuf_add(buf, ".Sh LISTS\n");
	for (size_t i = 0; i < table->dnsbl.count; i++)
		add_list(buf, &table->dnsbl.lists[i]);
	gp_strbuf_add(buf, ".Sh CLOSED LISTS\nZones that no file should name any more, with all "
			   "names below them, and what to do about a section that does: "
			   "check-config warns of it.\nThey are not queried, except those that "
			   "answer to somebody who is registered.\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < table->dnsbl.dead_count; i++) {
		const struct gp_dnsbl_dead *dead = &table->dnsbl.dead[i];
		gp_strbuf_printf(buf, ".It Li %s\n%s", dead->zone, dead->now);
		if (*dead->since)
			gp_strbuf_printf(buf, " (since %s)", dead->since);
		gp_strbuf_printf(buf, ": %s\n", dead->advice);
	}
	gp_strbuf_add(buf, ".El\n");
	gp_config_free(table);
	return gp_strbuf_finish(buf, &text);
}
