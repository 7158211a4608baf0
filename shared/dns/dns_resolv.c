/* SPDX-License-Identifier: ISC */
/*
 * Which servers to ask, from text: one server's address, and the file resolv.conf(5). The file is
 * foreign text: it is read line by line and word by word as spans, and what is not understood is
 * skipped, as libc does.
 */
#include "dns/dns_private.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DNS_PORT 53
#define TEXT_MAX 65536 /* no resolv.conf is longer; what comes after is not read */
#define TIMEOUT_MAX_S 30
#define ATTEMPTS_MAX 5

/* parse_port: 1 to 65535. */
static int parse_port(struct gp_span text, uint16_t *port_out)
{
	uint64_t port;
	int rc = gp_span_parse_uint(text, UINT16_MAX, &port);
	if (rc)
		return rc;
	if (port == 0)
		return GP_ESYNTAX;
	*port_out = (uint16_t)port;
	return GP_OK;
}

/* parse_zone: a name of an interface, of what such names are made of in practice, or its number. */
static int parse_zone(struct gp_span text, struct gp_dns_server *server)
{
	if (text.len == 0 || text.len >= sizeof server->zone)
		return GP_ESYNTAX;
	for (size_t i = 0; i < text.len; i++)
		if (!gp_span_is_alnum(text.ptr[i]) && !memchr("._-:@", text.ptr[i], 5))
			return GP_ESYNTAX;
	memcpy(server->zone, text.ptr, text.len);
	return GP_OK;
}

/* parse_v6: "2001:db8::1", "fe80::1%eth0" (RFC 4007 11). */
static int parse_v6(struct gp_span text, struct gp_dns_server *server)
{
	struct gp_span addr, zone;
	bool has_zone = gp_span_cut(text, '%', &addr, &zone);
	int rc = gp_ipaddr_parse(addr, &server->addr);
	if (rc)
		return rc;
	if (server->addr.family != GP_IP_V6)
		return GP_ESYNTAX;
	return has_zone ? parse_zone(zone, server) : GP_OK;
}

/* parse_bracketed: what follows the '[' of "[2001:db8::1]" or "[2001:db8::1]:53". */
static int parse_bracketed(struct gp_span text, struct gp_dns_server *server)
{
	struct gp_span addr, rest;
	if (!gp_span_cut(text, ']', &addr, &rest))
		return GP_ESYNTAX;
	int rc = parse_v6(addr, server);
	if (rc)
		return rc;
	if (rest.len == 0)
		return GP_OK;
	if (rest.ptr[0] != ':')
		return GP_ESYNTAX;
	return parse_port(gp_span_skip(rest, 1), &server->port);
}

/* parse_with_port: "192.0.2.1:53"; with IPv6 the brackets are needed. */
static int parse_with_port(struct gp_span text, struct gp_dns_server *server)
{
	struct gp_span addr, port;
	if (!gp_span_cut(text, ':', &addr, &port))
		return GP_ESYNTAX;
	int rc = gp_ipaddr_parse(addr, &server->addr);
	if (rc)
		return rc;
	return parse_port(port, &server->port);
}

/* gp_dns_server_parse: a bare address first, then the forms with a port. */
int gp_dns_server_parse(struct gp_span text, struct gp_dns_server *server_out)
{
	struct gp_dns_server server = {.port = DNS_PORT};
	int rc;
	if (text.len > 0 && text.ptr[0] == '[')
		rc = parse_bracketed(gp_span_skip(text, 1), &server);
	else if (gp_ipaddr_parse(text, &server.addr) == GP_OK || parse_v6(text, &server) == GP_OK)
		rc = GP_OK;
	else
		rc = parse_with_port(text, &server);
	if (rc)
		return rc;
	server.addr = gp_ipaddr_unmap(server.addr); /* which is IPv4, whatever brackets it is in */
	*server_out = server;
	return GP_OK;
}

/* next_word: cuts the first word off a line; empty at its end. */
static struct gp_span next_word(struct gp_span *line)
{
	size_t n = 0;
	struct gp_span text = gp_span_trim(*line);
	while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != '\t')
		n++;
	*line = gp_span_skip(text, n);
	return (struct gp_span) {text.ptr, n};
}

/* bounded: the number within lowest and highest; how libc treats values out of range. */
static unsigned bounded(uint64_t value, unsigned lowest, unsigned highest)
{
	return value < lowest ? lowest : value > highest ? highest : (unsigned)value;
}

/* read_option: one word of an options line. */
static void read_option(struct gp_span word, struct gp_dns_options *options)
{
	struct gp_span name, text;
	uint64_t value;
	if (!gp_span_cut(word, ':', &name, &text)) {
		if (gp_span_is(word, "trust-ad"))
			options->trust_ad = true;
		else if (gp_span_is(word, "use-vc"))
			options->over_tcp = true;
		return;
	}
	if (gp_span_parse_uint(text, UINT32_MAX, &value) != GP_OK)
		return;
	if (gp_span_is(name, "timeout"))
		options->timeout_ms = bounded(value, 1, TIMEOUT_MAX_S) * 1000;
	else if (gp_span_is(name, "attempts"))
		options->attempts = bounded(value, 1, ATTEMPTS_MAX);
}

/* skip_server: one that is no address; the first is remembered, printable. */
static void skip_server(struct gp_span word, struct gp_dns_unused *unused)
{
	size_t n = word.len < sizeof unused->first ? word.len : sizeof unused->first - 1;
	if (unused->servers++)
		return;
	for (size_t i = 0; i < n; i++)
		unused->first[i] = word.ptr[i] > ' ' && word.ptr[i] < 0x7f ? word.ptr[i] : '?';
	unused->first[n] = 0;
}

/* read_nameserver: an address without a port, as resolv.conf(5) has it. */
static void read_nameserver(
	struct gp_span word, struct gp_dns_options *options, struct gp_dns_unused *unused)
{
	struct gp_dns_server server = {.port = DNS_PORT};
	if (options->server_count == GP_DNS_SERVERS_MAX)
		return;
	if (gp_ipaddr_parse(word, &server.addr) && parse_v6(word, &server))
		skip_server(word, unused);
	else
		options->servers[options->server_count++] = server;
}

/* read_line: by keyword; a comment's first word is none. */
static void read_line(
	struct gp_span line, struct gp_dns_options *options, struct gp_dns_unused *unused)
{
	struct gp_span keyword = next_word(&line);
	if (gp_span_equal(keyword, gp_span_from("nameserver"))) {
		read_nameserver(next_word(&line), options, unused);
		return;
	}
	if (!gp_span_equal(keyword, gp_span_from("options")))
		return;
	for (struct gp_span word = next_word(&line); word.len > 0; word = next_word(&line)) {
		if (word.ptr[0] == '#' || word.ptr[0] == ';')
			return;
		read_option(word, options);
	}
}

/* gp_dns_options_from_resolv_conf: line by line; the local host when no server is named. */
void gp_dns_options_from_resolv_conf(
	struct gp_span text, struct gp_dns_options *options, struct gp_dns_unused *unused_out)
{
	struct gp_span line, rest = text;
	struct gp_dns_unused unused = {0};
	if (rest.len > TEXT_MAX)
		rest.len = TEXT_MAX;
	options->server_count = 0;
	while (rest.len > 0) {
		(void)gp_span_cut(rest, '\n', &line, &rest); /* the last may lack its newline */
		read_line(line, options, &unused);
	}
	unused.has_server = options->server_count > 0;
	if (unused_out)
		*unused_out = unused;
	if (options->server_count == 0) {
		options->servers[0] = (struct gp_dns_server) {
			.addr = {GP_IP_V4, {127, 0, 0, 1}}, .port = DNS_PORT};
		options->server_count = 1;
	}
}

/* gp_dns_server_equal: all of it. */
bool gp_dns_server_equal(const struct gp_dns_server *a, const struct gp_dns_server *b)
{
	return a->port == b->port && gp_ipaddr_equal(&a->addr, &b->addr) &&
	       strcmp(a->zone, b->zone) == 0;
}

/* gp_dns_server_format: with the port, always. */
const char *gp_dns_server_format(
	const struct gp_dns_server *server, char text_out[GP_DNS_SERVER_TEXT])
{
	char addr[GP_IPADDR_TEXT];
	gp_ipaddr_format(&server->addr, addr);
	if (server->addr.family == GP_IP_V6)
		snprintf(text_out, GP_DNS_SERVER_TEXT, "[%s%s%s]:%u", addr,
			*server->zone ? "%" : "", server->zone, server->port);
	else
		snprintf(text_out, GP_DNS_SERVER_TEXT, "%s:%u", addr, server->port);
	return text_out;
}
