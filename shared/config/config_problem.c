/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a value that its row does not take, where there is more to say than what is
 * allowed: above all lists in the syntax of other programs, what to write instead, and in which
 * option. Nothing here decides whether a value is taken.
 */
#include "config/config_private.h"

#include <string.h>

#include "config/config_nearest.h"
#include "mail/address.h"

#define EXPLAINED_MAX 400 /* bytes of a value; a longer one is none of what is known here */

/* Where items belong that a list cannot compare with anything. NULL: there is no such option. */
static const struct {
	const char *section, *name;
	const char *networks; /* for addresses and networks of clients */
	const char *names;    /* for names of hosts and domains */
	const char *mailboxes;
} elsewhere[] = {
	{NULL, "trusted_networks", NULL, NULL, NULL},
	{NULL, "own_networks", NULL, NULL, NULL},
	{NULL, "nat64_prefixes", NULL, NULL, NULL},
	{"spf", "must_pass", NULL, NULL, NULL},
	{"spf", "exempt_clients", NULL,
		"spf.exempt_client_names, or, if its SPF record lists its hosts, spf.forwarders",
		"spf.exempt_senders"},
	{"spf", "exempt_client_names", "spf.exempt_clients", NULL, "spf.exempt_senders"},
	{"spf", "exempt_helo", "spf.exempt_clients", NULL, "spf.exempt_senders"},
	{"spf", "exempt_senders", "spf.exempt_clients", NULL, NULL},
	{"spf", "exempt_recipients", "spf.exempt_clients", NULL, NULL},
	{"spf", "forwarders", "spf.exempt_clients", NULL, NULL},
	{"arc", "trusted_sealers", "dmarc.exempt_clients", NULL, NULL},
	{"arc", "more_sealers", "dmarc.exempt_clients", NULL, NULL},
	{"dnsbl", "exempt_clients", NULL, "dnsbl.exempt_client_names", "dnsbl.exempt_senders"},
	{"dnsbl", "exempt_client_names", "dnsbl.exempt_clients", NULL, "dnsbl.exempt_senders"},
	{"dnsbl", "exempt_senders", "dnsbl.exempt_clients", NULL, NULL},
	{"dnsbl", "exempt_recipients", "dnsbl.exempt_clients", NULL, NULL},
	{"list", "mask", NULL, NULL, NULL},
	{"greylist", "whitelist_domains", "greylist.exempt_clients", NULL, NULL},
	{"greylist", "exempt_clients", NULL, "greylist.exempt_client_names", NULL},
	{"greylist", "exempt_client_names", "greylist.exempt_clients", NULL, NULL},
	{"greylist", "exempt_recipients", "greylist.exempt_clients", NULL, NULL},
	{"dmarc", "exempt_domains", "dmarc.exempt_clients", NULL, NULL},
	{"dmarc", "exempt_clients", NULL,
		"dmarc.forwarders, if its SPF record lists its hosts, or dmarc.mailing_lists",
		"dmarc.exempt_domains, without what stands before the @"},
	{"dmarc", "forwarders", "dmarc.exempt_clients", NULL, NULL},
	{"dmarc", "mailing_lists", "dmarc.exempt_clients", NULL, NULL},
	{"limit", "domains", NULL, NULL, NULL},
	{"override", "domain", "override.client", NULL, "override.user"},
	{"override", "sender", "override.client", "override.sender_domain", NULL},
	{"override", "sender_domain", "override.client", NULL, "override.sender"},
	{"override", "client", NULL, "override.sender_domain", "override.sender"},
};
#define ELSEWHERE (sizeof elsewhere / sizeof elsewhere[0])

enum sort { NETWORKS, NAMES, MAILBOXES };

/* gp_config_elsewhere: by section and name. */
bool gp_config_elsewhere(const struct gp_option *row, const char *options_out[3])
{
	for (size_t i = 0; i < ELSEWHERE; i++) {
		if (!gp_config_same_section(elsewhere[i].section, row->section) ||
			strcmp(elsewhere[i].name, row->name) != 0)
			continue;
		options_out[NETWORKS] = elsewhere[i].networks;
		options_out[NAMES] = elsewhere[i].names;
		options_out[MAILBOXES] = elsewhere[i].mailboxes;
		return true;
	}
	return false;
}

/* belongs: "networks belong into spf.exempt_clients", or what is compared here instead. */
static const char *belongs(struct gp_arena *arena, const struct gp_option *row, enum sort sort,
	const char *what, const char *otherwise)
{
	const char *options[3];
	if (!gp_config_elsewhere(row, options) || !options[sort])
		return otherwise;
	return gp_arena_printf(arena, "%s belong in %s", what, options[sort]);
}

/* ---- what people bring from other programs ---- */

/* Beginnings of what is read from elsewhere in other programs. */
static const char *const tables[] = {"/",
	"hash:", "lmdb:", "btree:", "texthash:", "cidr:", "pcre:", "regexp:", "inline:", "static:",
	"mysql:", "pgsql:", "ldap:", "sqlite:", "proxy:", "map:", "file:", "lsearch;", "refile:"};

/* has_any: does the text hold one of the characters? */
static bool has_any(struct gp_span text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] && strchr(characters, text.ptr[i]))
			return true;
	return false;
}

/* url_host: "https://example.org:8080/x" names example.org. */
static const char *url_host(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span host = {NULL, 0}, ignored;
	for (size_t i = 0; i + 2 < value.len; i++)
		if (memcmp(value.ptr + i, "://", 3) == 0) {
			host = gp_span_skip(value, i + 3);
			break;
		}
	(void)gp_span_cut(host, '/', &host, &ignored); /* with or without a path and a port */
	(void)gp_span_cut(host, ':', &host, &ignored);
	return gp_arena_printf(
		arena, "a URL is not allowed here; write %.*s", (int)host.len, host.ptr);
}

/* is_table: does it begin as a reference to a table, a file or a regular expression? */
static bool is_table(struct gp_span value)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (gp_span_has_prefix(value, tables[i]))
			return true;
	return false;
}

/* foreign: what no list of names, addresses or networks takes; NULL: it is none of that. */
static const char *foreign(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span trimmed = gp_span_trim(value);
	bool is_quoted = value.len && value.ptr[0] == '"';
	if (trimmed.len == 0)
		return "it is empty; leave it out";
	if (trimmed.len < value.len)
		return gp_arena_printf(arena,
			"it has spaces around it; write "
			"\"%.*s\"",
			(int)trimmed.len, trimmed.ptr);
	if (!is_quoted && has_any(value, " \t,;"))
		return "each item has quotes of its own, with commas between: {\"a\", \"b\"}";
	if (is_table(value))
		return "tables, files and regular expressions are not read here; list the items "
		       "themselves, in an included file if they are many";
	if (memmem(value.ptr, value.len, "://", 3))
		return url_host(arena, value);
	if (value.ptr[0] == '!')
		return "exceptions are not possible in a list; list what it applies to";
	if (gp_span_has_prefix(value, "ip4:") || gp_span_has_prefix(value, "ip6:"))
		return gp_arena_printf(arena, "a network is written without ip4: or ip6:");
	return NULL;
}

/* ---- networks ---- */

/* is_network: is it an address, a network, or a part of one, however it is written? */
static bool is_network(struct gp_span value)
{
	bool has_digit = false;
	if (gp_span_has_prefix(value, "[") || gp_span_has_prefix(value, "ip4:") ||
		gp_span_has_prefix(value, "ip6:"))
		return true;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		bool is_hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		has_digit = has_digit || (c >= '0' && c <= '9');
		if (!(c >= '0' && c <= '9') && !strchr(".:/*-%", c) &&
			!(is_hex && memchr(value.ptr, ':', value.len)))
			return false;
	}
	return has_digit || memchr(value.ptr, ':', value.len);
}

/* from_mask: how many bits a mask such as 255.255.255.0 has; false: it is none. */
static bool from_mask(struct gp_span text, unsigned *length_out)
{
	struct gp_prefix mask = {.length = 0};
	if (gp_ipaddr_parse(text, &mask.addr) || mask.addr.family != GP_IP_V4)
		return false;
	while (mask.length < 32 && mask.addr.bytes[mask.length / 8] & 0x80u >> mask.length % 8)
		mask.length++;
	*length_out = mask.length;
	const struct gp_prefix rest = gp_prefix_masked(mask);
	return gp_ipaddr_equal(&rest.addr, &mask.addr);
}

/* prefix_problem: an address, and after a slash something that does not fit it. */
static const char *prefix_problem(
	struct gp_arena *arena, const struct gp_ipaddr *addr, struct gp_span length)
{
	char text[GP_IPADDR_TEXT], network[GP_PREFIX_TEXT];
	struct gp_prefix prefix = {*addr, 0};
	uint64_t n;
	bool is_mask = addr->family == GP_IP_V4 && from_mask(length, &prefix.length);
	if (!is_mask && gp_span_parse_uint(length, gp_ipaddr_bits(addr), &n))
		return gp_arena_printf(arena, "the prefix of such an address has 0 to %u bits",
			gp_ipaddr_bits(addr));
	if (!is_mask)
		prefix.length = (unsigned)n;
	if (gp_ipaddr_unmap(*addr).family != addr->family && prefix.length < 96)
		return "it would contain IPv4 and IPv6 addresses; write a network of each";
	prefix = gp_prefix_masked(prefix);
	gp_ipaddr_format(addr, text);
	gp_prefix_format(&prefix, network);
	if (gp_ipaddr_equal(&prefix.addr, addr))
		return gp_arena_printf(arena, "the prefix is a number of bits: %s", network);
	return gp_arena_printf(arena,
		"the network is %s, the single address %s: write the one that is meant", network,
		text);
}

/* unbracketed: without the brackets that Postfix writes around an address of IPv6. */
static const char *unbracketed(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span addr, rest;
	struct gp_ipaddr ignored;
	if (value.ptr[0] != '[' || !gp_span_cut(gp_span_skip(value, 1), ']', &addr, &rest))
		return NULL;
	if (gp_span_has_prefix(addr, "IPv6:"))
		addr = gp_span_skip(addr, 5);
	if (gp_ipaddr_parse(addr, &ignored))
		return NULL;
	return gp_arena_printf(arena, "write it without brackets: %.*s%.*s", (int)addr.len,
		addr.ptr, (int)rest.len, rest.ptr);
}

/* without_zeros: "010.0.0.1" is 10.0.0.1 to some programs and 8.0.0.1 to others. */
static const char *without_zeros(struct gp_arena *arena, struct gp_span value)
{
	char text[GP_IPADDR_TEXT];
	struct gp_ipaddr ignored;
	size_t n = 0;
	for (size_t i = 0; i < value.len && n < sizeof text; i++) {
		bool begins = i == 0 || value.ptr[i - 1] == '.';
		while (begins && value.ptr[i] == '0' && i + 1 < value.len &&
			gp_span_is_alnum(value.ptr[i + 1]))
			i++;
		text[n++] = value.ptr[i];
	}
	if (n == value.len || gp_ipaddr_parse((struct gp_span) {text, n}, &ignored))
		return NULL;
	return gp_arena_printf(
		arena, "numbers in an address have no leading zeros; write %.*s", (int)n, text);
}

/* bare_address: what is written around an address in other places. */
static const char *bare_address(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span addr, port;
	struct gp_ipaddr ip;
	struct gp_prefix prefix;
	if (gp_span_has_prefix(value, "IPv6:") &&
		gp_prefix_parse(gp_span_skip(value, 5), &prefix) == GP_OK)
		return gp_arena_printf(arena, "write %.*s", (int)value.len - 5, value.ptr + 5);
	if (gp_span_cut(value, ':', &addr, &port) && gp_ipaddr_parse(addr, &ip) == GP_OK)
		return gp_arena_printf(arena, "clients are compared without a port; write %.*s",
			(int)addr.len, addr.ptr);
	return without_zeros(arena, value);
}

/* network_problem: of a list of networks. */
static const char *network_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	struct gp_span before, length;
	struct gp_ipaddr addr;
	const char *problem = foreign(arena, value), *name;
	if (!problem)
		problem = unbracketed(arena, value);
	if (!problem)
		problem = bare_address(arena, value);
	if (problem)
		return problem;
	bool has_length = gp_span_cut(value, '/', &before, &length);
	if (has_length && gp_ipaddr_parse(before, &addr) == GP_OK)
		return prefix_problem(arena, &addr, length);
	if (memchr(value.ptr, '@', value.len))
		return belongs(arena, row, MAILBOXES, "addresses of mailboxes",
			"only addresses of clients are compared here");
	if (gp_span_is(value, "*") || gp_span_is(value, "any") || gp_span_is(value, "all"))
		return "0.0.0.0/0 and ::/0 are all addresses";
	if (memchr(value.ptr, '%', value.len))
		return "write the address without its interface";
	size_t begins = gp_config_pattern_begins(value);
	if (!is_network(value) &&
		gp_config_domain(arena, gp_span_skip(value, begins), true, &name) == GP_OK)
		return belongs(arena, row, NAMES, "names",
			"only addresses of clients are compared here; write the addresses of this "
			"name");
	return "a network is a complete address and the length of its prefix, not a range, mask or "
	       "pattern";
}

/* ---- names ---- */

/* network_among: an address or a network where names or mailboxes are compared. */
static const char *network_among(struct gp_arena *arena, const struct gp_option *row)
{
	return belongs(arena, row, NETWORKS, "addresses and networks of clients",
		"addresses of clients are not compared here");
}

/* star_problem: a pattern that is none here. */
static const char *star_problem(struct gp_span value)
{
	return gp_span_is(value, "*")
		       ? "no item stands for everything; the option mode switches a check off"
		       : "* is allowed only at the beginning and before a dot, as in "
			 "*.example.org, for all names below example.org";
}

/* is_item: would the option take that in place of what it does not take? */
static bool is_item(struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	const char *item;
	return gp_config_kind_is_list(row->kind)
		       ? gp_config_item(arena, row, value, &item) == GP_OK
		       : gp_config_domain(arena, value, true, &item) == GP_OK;
}

/* name_problem: of a list of hosts or domains, or of one domain. */
static const char *name_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	struct gp_span local, domain;
	const char *name, *problem = is_network(value) ? network_among(arena, row) : NULL;
	if (!problem)
		problem = foreign(arena, value);
	if (problem)
		return problem;
	if (gp_address_split(value, &local, &domain)) {
		problem = "only domains are compared here, not mailboxes";
		if (is_item(arena, row, domain))
			problem = gp_arena_printf(
				arena, "%s; write %.*s", problem, (int)domain.len, domain.ptr);
		return domain.len
			       ? belongs(arena, row, MAILBOXES, "addresses of mailboxes", problem)
			       : problem;
	}
	size_t begins = gp_config_pattern_begins(value);
	if (begins && gp_config_domain(arena, gp_span_skip(value, begins), true, &name) == GP_OK)
		return gp_arena_printf(
			arena, "it takes single domains, not patterns; write %s", name);
	if (memchr(value.ptr, '*', value.len))
		return star_problem(value);
	if (gp_span_is(value, "unknown"))
		return "a client without a verified name cannot be compared with names";
	if (gp_config_domain(arena, value, true, &name) == GP_OK)
		return gp_arena_printf(arena,
			"a word without a dot is not a mail domain; .%s would be all names that "
			"end in it",
			name);
	return "it cannot be the name of a host or a domain";
}

/* ---- mailboxes ---- */

/* mailbox_problem: of one with an @. */
static const char *mailbox_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	struct gp_span local, domain;
	const char *name;
	bool is_list = gp_config_kind_is_list(row->kind);
	(void)gp_address_split(value, &local, &domain); /* it has an @ */
	size_t begins = gp_config_pattern_begins(domain);
	bool is_whole = local.len == 0 || gp_span_is(local, "*");
	if (is_whole && is_list && is_item(arena, row, domain))
		return gp_arena_printf(
			arena, "write %.*s for the whole domain", (int)domain.len, domain.ptr);
	if (is_whole && domain.len)
		return belongs(arena, row, NAMES, "whole domains", star_problem(domain));
	if (is_whole)
		return star_problem(gp_span_from("*"));
	if (is_list && (begins || gp_span_is(domain, "*")))
		return gp_arena_printf(arena,
			"write each address with its domain, or %.*s@ for all domains",
			(int)local.len, local.ptr);
	if (domain.len && gp_config_domain(arena, domain, true, &name))
		return "what follows the @ is not a domain name";
	return memchr(local.ptr, '*', local.len)
		       ? "patterns are not possible before the @; write each address"
		       : "what precedes the @ cannot be the local part of an address";
}

/* address_problem: of a list of mailboxes and domains, or of one mailbox. */
static const char *address_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	const char *name, *problem = is_network(value) ? network_among(arena, row) : NULL;
	bool is_list = gp_config_kind_is_list(row->kind);
	if (!problem)
		problem = foreign(arena, value);
	if (problem)
		return problem;
	if (gp_span_is(value, "<>"))
		return "the null sender has no domain that could be compared";
	if (memchr(value.ptr, '@', value.len))
		return mailbox_problem(arena, row, value);
	bool is_word = gp_config_domain(arena, value, true, &name) == GP_OK;
	if (is_word && is_list)
		return gp_arena_printf(arena,
			"a single word is not a domain; write %s@ for this mailbox in every domain",
			name);
	if (is_word)
		return belongs(arena, row, NAMES, "domains", NULL);
	return name_problem(arena, row, value);
}

/* ---- others ---- */

/* blank_problem: of a path with blanks around it, which stay unseen in a message. */
static const char *blank_problem(struct gp_arena *arena, struct gp_span value)
{
	const struct gp_span trimmed = gp_span_trim(value);
	return trimmed.len && trimmed.len < value.len
		       ? gp_arena_printf(arena, "it has spaces around it; write \"%.*s\"",
				 (int)trimmed.len, trimmed.ptr)
		       : NULL;
}

/* inet_problem: of what stands after inet:, or should. */
static const char *inet_problem(struct gp_arena *arena, struct gp_span rest)
{
	struct gp_dns_server where;
	struct gp_span host, port, ignored;
	uint64_t n;
	ptrdiff_t last = gp_span_find_last(rest, ':');
	host = (struct gp_span) {rest.ptr, last < 0 ? rest.len : (size_t)last};
	port = last < 0 ? (struct gp_span) {NULL, 0} : gp_span_skip(rest, (size_t)last + 1);
	if (last <= 0 && gp_span_parse_uint(last ? rest : port, UINT16_MAX, &n) == GP_OK)
		return gp_arena_printf(arena, "the address is missing; write inet:127.0.0.1:%llu",
			(unsigned long long)n);
	if (gp_span_is(host, "localhost"))
		return gp_arena_printf(arena, "names are not resolved; write inet:127.0.0.1:%.*s",
			port.len ? (int)port.len : 5, port.len ? port.ptr : "10040");
	if (gp_span_is(host, "*"))
		return "for all addresses write inet:0.0.0.0:PORT and inet:[::]:PORT";
	bool is_address = gp_dns_server_parse(rest, &where) == GP_OK;
	if (is_address && gp_config_socket_problem(&where))
		return gp_config_socket_problem(&where);
	if (is_address && *where.zone)
		return "write the address without its interface";
	if (is_address && rest.ptr[0] != '[' && last >= 0 &&
		memchr(rest.ptr, ':', rest.len) != rest.ptr + last)
		return gp_arena_printf(arena,
			"an IPv6 address needs brackets and a port; write inet:[%.*s]:10040",
			(int)rest.len, rest.ptr);
	if (is_address && (last < 0 || rest.ptr[rest.len - 1] == ']'))
		return gp_arena_printf(arena, "the port is missing; write inet:%.*s:10040",
			(int)rest.len, rest.ptr);
	if (is_address)
		return gp_arena_printf(arena, "write inet:%.*s", (int)rest.len, rest.ptr);
	if (gp_span_parse_uint(port, UINT16_MAX, &n) || n == 0)
		return "a port from 1 to 65535 must follow the last colon";
	(void)gp_span_cut(host, '.', &host, &ignored); /* for what it looks like, its first label */
	return host.len && !memchr(host.ptr, ':', host.len) && !is_network(host)
		       ? "host names are not resolved; write an address of this host: "
			 "inet:ADDRESS:PORT"
		       : "that is not an address; write inet:127.0.0.1:10040, or inet:[::1]:10040";
}

/* listen_problem: of a list of sockets. */
static const char *listen_problem(struct gp_arena *arena, struct gp_span value)
{
	if (blank_problem(arena, value))
		return blank_problem(arena, value);
	if (value.ptr[0] == '/')
		return gp_arena_printf(arena, "write unix:%.*s", (int)value.len, value.ptr);
	if (gp_span_has_prefix(value, "unix:"))
		return gp_span_has_prefix(value, "unix:/") ? "the path is too long for a socket"
							   : "the path must begin with a slash";
	return inet_problem(arena, gp_span_skip(value, gp_span_has_prefix(value, "inet:") ? 5 : 0));
}

/* path_problem: of a file that is named. */
static const char *path_problem(struct gp_arena *arena, struct gp_span value)
{
	if (blank_problem(arena, value))
		return blank_problem(arena, value);
	if (value.len && value.ptr[0] != '/')
		return "the path must begin with a slash";
	return value.len && value.ptr[value.len - 1] == '/' ? "it names a directory; add *.conf"
							    : NULL;
}

/* server_problem: of a resolver. */
static const char *server_problem(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span addr, port;
	struct gp_ipaddr ip;
	struct gp_dns_server where;
	if (gp_dns_server_parse(value, &where) == GP_OK)
		return gp_config_server_problem(&where);
	if ((gp_span_cut(value, '#', &addr, &port) || gp_span_cut(value, '@', &addr, &port)) &&
		gp_ipaddr_parse(addr, &ip) == GP_OK)
		return gp_arena_printf(arena,
			ip.family == GP_IP_V6 ? "write [%.*s]:%.*s" : "write %.*s:%.*s",
			(int)addr.len, addr.ptr, (int)port.len, port.ptr);
	if (memmem(value.ptr, value.len, "://", 3))
		return "resolvers are queried over UDP and TCP; write their address";
	if (blank_problem(arena, value))
		return blank_problem(arena, value);
	const char *name;
	bool has_port = gp_span_cut(value, ':', &addr, &port);
	if (!is_network(has_port ? addr : value) &&
		gp_config_domain(arena, has_port ? addr : value, true, &name) == GP_OK)
		return gp_arena_printf(arena,
			"names are not resolved; write the address of %s, as 127.0.0.1 or "
			"[2001:db8::1]:53",
			name);
	return NULL;
}

/* text_problem: of a name in letters that DNS does not have. */
static const char *text_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	const char *labels;
	if (strcmp(row->name, "hostname") != 0 || gp_config_domain(arena, value, true, &labels))
		return NULL;
	return gp_span_is(value, labels)
		       ? NULL
		       : gp_arena_printf(arena,
				 "it is written to headers as it is in DNS; write "
				 "%s",
				 labels);
}

/* nearest: of the words of a choice; NULL: none is near. */
static const char *nearest(const struct gp_option_choice *choices, struct gp_span value)
{
	struct gp_config_nearest n = {.word = value};
	for (const struct gp_option_choice *c = choices; c->word; c++)
		gp_config_nearest_try(&n, c->word);
	return n.best;
}

/* choice_problem: of one of several words. */
static const char *choice_problem(
	struct gp_arena *arena, const struct gp_option_choice *choices, struct gp_span value)
{
	const char *word = nearest(choices, value);
	if (value.ptr[value.len - 1] == ';')
		return "leave the semicolon out";
	return word ? gp_arena_printf(arena, "did you mean %s?", word) : NULL;
}

/* template_problem: of a name in braces that is none. */
static const char *template_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	struct gp_span rest = value, before, name;
	while (gp_span_cut(rest, '{', &before, &rest)) {
		const struct gp_option_choice *c = row->choices;
		if (!gp_span_cut(rest, '}', &name, &rest))
			return "a { has no matching }";
		while (c->word && !gp_span_is(name, c->word))
			c++;
		const char *word = c->word ? NULL : nearest(row->choices, name);
		if (!c->word)
			return word ? gp_arena_printf(arena, "did you mean {%s}?", word) : NULL;
	}
	return NULL;
}

/* number_problem: of a number, a time or a size. */
static const char *number_problem(struct gp_span value)
{
	return value.ptr[value.len - 1] == ';' ? "leave the semicolon out" : NULL;
}

/* set_problem: errors are no verdicts that could be listed. */
static const char *set_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	bool is_spf = gp_config_same_section(row->section, "spf");
	return is_spf && gp_span_is(value, "temperror") ? "spf.on_temperror says what is done then"
	       : is_spf && gp_span_is(value, "permerror")
		       ? "spf.on_permerror says what is done then"
	       : is_spf && gp_span_is(value, "pass") ? "mail that passes is not refused"
						     : choice_problem(arena, row->choices, value);
}

/* login_problem: of a user in an override. */
static const char *login_problem(struct gp_arena *arena, struct gp_span value)
{
	struct gp_span local, domain;
	if (value.len > 2 && value.ptr[0] == '<' && value.ptr[value.len - 1] == '>')
		return gp_arena_printf(arena, "a user is written without < and >: %.*s",
			(int)value.len - 2, value.ptr + 1);
	(void)gp_address_split(value, &local, &domain); /* without an @: no domain */
	if (domain.len && (local.len == 0 || gp_span_is(local, "*")))
		return gp_arena_printf(arena, "for all users of a domain write domain = %.*s",
			(int)domain.len, domain.ptr);
	return gp_span_is(value, "*") ? "max of the limit itself applies to all users" : NULL;
}

/* gp_config_problem: by kind. */
const char *gp_config_problem(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value)
{
	const char *problem = NULL;
	if (value.len == 0 || value.len > EXPLAINED_MAX)
		return NULL;
	switch ((int)row->kind) {
	case GP_KIND_PREFIXES:
	case GP_KIND_NETWORK:
		return network_problem(arena, row, value);
	case GP_KIND_NAMES:
	case GP_KIND_HOSTS:
	case GP_KIND_DOMAINS:
	case GP_KIND_DOMAIN:
		return name_problem(arena, row, value);
	case GP_KIND_ADDRESSES:
	case GP_KIND_MAILBOX:
		return address_problem(arena, row, value);
	case GP_KIND_LISTEN:
		return listen_problem(arena, value);
	case GP_KIND_SERVERS:
		return server_problem(arena, value);
	case GP_KIND_STORES:
		if (gp_span_is_printable_ascii(value))
			(void)gp_store_uri_is_valid(value, &problem); /* only why is asked */
		return problem;
	case GP_KIND_FILES:
	case GP_KIND_PATH:
		return path_problem(arena, value);
	case GP_KIND_LOGIN:
		return login_problem(arena, value);
	case GP_KIND_SET:
		return set_problem(arena, row, value);
	case GP_KIND_CHOICE:
		return choice_problem(arena, row->choices, value);
	case GP_KIND_BOOL:
		return choice_problem(arena, gp_option_bools, value);
	case GP_KIND_TEMPLATE:
		return template_problem(arena, row, value);
	case GP_KIND_INT:
		return row->choices && !number_problem(value)
			       ? choice_problem(arena, row->choices, value)
			       : number_problem(value);
	case GP_KIND_SECRET:
		return gp_span_is(value, GP_CONFIG_HIDDEN)
			       ? "that stands for a key in a dump; write the key itself"
			       : NULL;
	case GP_KIND_UINT:
	case GP_KIND_SIZE:
	case GP_KIND_BYTES:
	case GP_KIND_SPACE:
	case GP_KIND_MODE:
	case GP_KIND_MSEC:
	case GP_KIND_PERIOD:
	case GP_KIND_SEC:
	case GP_KIND_AMOUNT:
		return number_problem(value);
	case GP_KIND_TEXT:
		return text_problem(arena, row, value);
	default:
		return NULL;
	}
}
