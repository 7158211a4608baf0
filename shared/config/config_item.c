/* SPDX-License-Identifier: ISC */
/*
 * Items of lists: from the file's text to what mail is compared with, a function for each kind. An
 * item that could never match is refused; config_problem.c says what to write instead.
 */
#include "config/config_private.h"

#include <string.h>

#include "base/encode.h"
#include "mail/address.h"

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */
#define TEXT_MAX 200 /* of an item whose owner knows what it says */

/* ends_in_number: has the last label no letter? Then it is an address, or a part of one (RFC 3696
 * 2).
 */
static bool ends_in_number(struct gp_span name)
{
	struct gp_span last = gp_span_skip(name, (size_t)(gp_span_find_last(name, '.') + 1));
	for (size_t i = 0; i < last.len; i++)
		if (last.ptr[i] >= 'a' && last.ptr[i] <= 'z')
			return false;
	return true;
}

/* gp_config_domain: in A-labels, and only what a host or a domain of mail can be called. */
int gp_config_domain(
	struct gp_arena *arena, struct gp_span value, bool may_be_word, const char **domain_out)
{
	const char *domain;
	int rc = gp_address_domain(arena, value, &domain);
	if (rc)
		return rc;
	struct gp_span name = gp_span_from(domain);
	bool is_word = !memchr(name.ptr, '.', name.len) && !gp_span_is(name, "localhost");
	if (!gp_address_is_host_name(domain) || ends_in_number(name) || (is_word && !may_be_word))
		return GP_ESYNTAX;
	*domain_out = domain;
	return GP_OK;
}

/* gp_config_pattern_begins: "*." and "." say the same. */
size_t gp_config_pattern_begins(struct gp_span value)
{
	return gp_span_has_prefix(value, "*.") ? 2 : gp_span_has_prefix(value, ".") ? 1 : 0;
}

/* item_pattern: a domain, or ".domain" for all names below it. */
static int item_pattern(
	struct gp_arena *arena, struct gp_span value, bool may_be_word, const char **item_out)
{
	size_t begins = gp_config_pattern_begins(value);
	const char *domain;
	int rc = gp_config_domain(
		arena, gp_span_skip(value, begins), may_be_word || begins, &domain);
	if (rc)
		return rc;
	*item_out = begins ? gp_arena_printf(arena, ".%s", domain) : domain;
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* item_name: of mail; a single word is the name of a mailbox, or mistyped, unless arc.subdomains
 * may make it stand for what is below it. */
static int item_name(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	return item_pattern(arena, value, gp_config_same_section(row->section, "arc"), out);
}

/* item_host: of a machine, which may be called by a single word. */
static int item_host(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	/* what Postfix calls a client whose name is not verified; it is never compared */
	if (gp_span_is(value, "unknown") && strcmp(row->name, "exempt_client_names") == 0)
		return GP_ESYNTAX;
	return item_pattern(arena, value, true, out);
}

/* item_domain: the one domain, about which DNS is asked. */
static int item_domain(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	(void)row;
	return gp_config_domain(arena, value, false, out);
}

/* gp_config_is_clean: gp_encode_text leaves what is clean as it is. */
bool gp_config_is_clean(struct gp_span text)
{
	char clean[1024];
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, clean, sizeof clean);
	gp_encode_text(&buf, text);
	return !buf.status && gp_span_equal(gp_strbuf_span(&buf), text);
}

/* is_local_part: could it stand before the @ of an envelope, quoted or not (RFC 5321 4.1.2)? */
static bool is_local_part(struct gp_span local)
{
	struct gp_span bare = gp_address_unquote(local);
	bool is_quoted = bare.len < local.len;
	if (bare.len == 0 || local.len > LOCAL_MAX || !gp_config_is_clean(local))
		return false; /* beyond ASCII: SMTPUTF8 (RFC 6531 3.3) */
	for (size_t i = 0; i < bare.len && !is_quoted; i++)
		if (strchr(" \"(),:;<>@[\\]*", bare.ptr[i]))
			return false;
	return true;
}

/* item_address: user@domain, user@, or what item_name takes. */
static int item_address(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	struct gp_span local, domain;
	const char *name = "";
	int rc = GP_OK;
	if (!memchr(value.len ? value.ptr : "", '@', value.len))
		return item_name(arena, row, value, out);
	if (!gp_address_split(value, &local, &domain) || !is_local_part(local))
		return GP_ESYNTAX;
	if (gp_address_is_literal(domain))
		rc = gp_address_domain(arena, domain, &name);
	else if (domain.len)
		rc = gp_config_domain(arena, domain, true, &name);
	if (rc)
		return rc;
	*out = gp_arena_printf(arena, "%.*s@%s", (int)local.len, local.ptr, name);
	return *out ? GP_OK : GP_ENOMEM;
}

/* keep: the item as it was written. */
static int keep(struct gp_arena *arena, struct gp_span value, const char **item_out)
{
	*item_out = gp_arena_copy(arena, value);
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* gp_config_server_problem: it is asked by that address, and answers from it. */
const char *gp_config_server_problem(const struct gp_dns_server *server)
{
	const struct gp_prefix all = {server->addr, gp_ipaddr_bits(&server->addr)};
	if (!gp_prefix_has_hosts(&all))
		return "no name server has that address; write the address of one, as 127.0.0.1";
	if (gp_ipaddr_is_of_link(&server->addr) && !*server->zone)
		return "such an address is another host's on each interface; write it with the "
		       "interface, as fe80::1%eth0";
	return NULL;
}

/* gp_config_socket_problem: the unspecified address is every address here. */
const char *gp_config_socket_problem(const struct gp_dns_server *where)
{
	const struct gp_ipaddr none = {.family = where->addr.family};
	const struct gp_prefix all = {where->addr, gp_ipaddr_bits(&where->addr)};
	if (!gp_ipaddr_equal(&where->addr, &none) && !gp_prefix_has_hosts(&all))
		return "no host can have that address; write one of this host";
	if (gp_ipaddr_is_of_link(&where->addr))
		return "such an address is of one interface, which cannot be named here; write "
		       "another one of this host";
	return NULL;
}

/* item_listen: unix:/path (108 bytes are what the system takes) or inet:ADDRESS:PORT. */
static int item_listen(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	struct gp_dns_server where;
	(void)row;
	if (gp_span_has_prefix(value, "unix:/")) {
		if (value.len - 5 > 107 || !gp_span_is_printable_ascii(value) ||
			gp_span_trim(value).len < value.len)
			return GP_ESYNTAX;
	} else if (gp_span_has_prefix(value, "inet:")) {
		struct gp_span rest = gp_span_skip(value, 5);
		if (gp_span_find_last(rest, ':') < 0 || gp_dns_server_parse(rest, &where))
			return GP_ESYNTAX;
		/* an IPv6 address with a port stands in brackets; nothing listens on a zone */
		bool has_brackets = rest.ptr[0] == '[';
		const char *colon = memchr(rest.ptr, ':', rest.len);
		if (*where.zone || gp_config_socket_problem(&where) ||
			(!has_brackets && colon - rest.ptr != gp_span_find_last(rest, ':')) ||
			(has_brackets && rest.ptr[rest.len - 1] == ']'))
			return GP_ESYNTAX;
	} else {
		return GP_ESYNTAX;
	}
	return keep(arena, value, out);
}

/* item_server: a resolver. */
static int item_server(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	struct gp_dns_server where;
	(void)row;
	if (gp_dns_server_parse(value, &where) || gp_config_server_problem(&where))
		return GP_ESYNTAX;
	return keep(arena, value, out);
}

/* item_store: a URI. */
static int item_store(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	const char *problem;
	(void)row;
	if (!gp_span_is_printable_ascii(value) || !gp_store_uri_is_valid(value, &problem))
		return GP_ESYNTAX;
	return keep(arena, value, out);
}

/* item_file: an absolute path; only its last part may be a pattern. */
static int item_file(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	size_t directory = (size_t)(gp_span_find_last(value, '/') + 1);
	(void)row;
	if (value.len < 2 || value.ptr[0] != '/' || value.len > 1024 || directory == value.len ||
		!gp_span_is_printable_ascii(value))
		return GP_ESYNTAX;
	for (size_t i = 0; i < directory; i++)
		if (strchr("*?[", value.ptr[i]))
			return GP_ESYNTAX;
	return keep(arena, value, out);
}

/* item_text: what it says is looked at by its owner. */
static int item_text(
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value, const char **out)
{
	struct gp_span text = gp_span_trim(value);
	(void)row;
	if (text.len == 0 || text.len > TEXT_MAX || !gp_span_is_printable_ascii(text))
		return GP_ESYNTAX;
	return keep(arena, text, out);
}

/* gp_config_item: through the kind's function. */
int gp_config_item(struct gp_arena *arena, const struct gp_option *row, struct gp_span value,
	const char **item_out)
{
	static int (*const readers[GP_CONFIG_KINDS])(
		struct gp_arena *, const struct gp_option *, struct gp_span, const char **) = {
		[GP_KIND_NAMES] = item_name,
		[GP_KIND_HOSTS] = item_host,
		[GP_KIND_DOMAINS] = item_domain,
		[GP_KIND_ADDRESSES] = item_address,
		[GP_KIND_LISTEN] = item_listen,
		[GP_KIND_SERVERS] = item_server,
		[GP_KIND_STORES] = item_store,
		[GP_KIND_TEXTS] = item_text,
		[GP_KIND_FILES] = item_file,
	};
	return value.len ? readers[row->kind](arena, row, value, item_out) : GP_ESYNTAX;
}
