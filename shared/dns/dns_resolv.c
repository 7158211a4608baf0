/* SPDX-License-Identifier: ISC */
/*
 * Which servers to ask, from text: one server's address, and the file resolv.conf(5). The file is
 * foreign text: it is read line by line and word by word as spans, and what is not understood is
 * skipped, as libc does.
 */
#include "dns/dns_private.h"

#include <stdint.h>

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

/* parse_bracketed: what follows the '[' of "[2001:db8::1]" or "[2001:db8::1]:53". */
static int parse_bracketed(struct gp_span text, struct gp_dns_server *server)
{
	struct gp_span addr, rest;
	if (!gp_span_cut(text, ']', &addr, &rest))
		return GP_ESYNTAX;
	int rc = gp_ipaddr_parse(addr, &server->addr);
	if (rc)
		return rc;
	if (server->addr.family != GP_IP_V6)
		return GP_ESYNTAX;
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
	else if (gp_ipaddr_parse(text, &server.addr) == GP_OK)
		rc = GP_OK;
	else
		rc = parse_with_port(text, &server);
	if (rc == GP_OK)
		*server_out = server;
	return rc;
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
		return;
	}
	if (gp_span_parse_uint(text, UINT32_MAX, &value) != GP_OK)
		return;
	if (gp_span_is(name, "timeout"))
		options->timeout_ms = bounded(value, 1, TIMEOUT_MAX_S) * 1000;
	else if (gp_span_is(name, "attempts"))
		options->attempts = bounded(value, 1, ATTEMPTS_MAX);
}

/* read_nameserver: an address without a port, as resolv.conf(5) has it. */
static void read_nameserver(struct gp_span word, struct gp_dns_options *options)
{
	struct gp_dns_server server = {.port = DNS_PORT};
	if (options->server_count == GP_DNS_SERVERS_MAX)
		return;
	if (gp_ipaddr_parse(word, &server.addr) == GP_OK)
		options->servers[options->server_count++] = server;
}

/* read_line: by keyword; a comment's first word is none. */
static void read_line(struct gp_span line, struct gp_dns_options *options)
{
	struct gp_span keyword = next_word(&line);
	if (gp_span_equal(keyword, gp_span_from("nameserver"))) {
		read_nameserver(next_word(&line), options);
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
void gp_dns_options_from_resolv_conf(struct gp_span text, struct gp_dns_options *options)
{
	struct gp_span line, rest = text;
	if (rest.len > TEXT_MAX)
		rest.len = TEXT_MAX;
	options->server_count = 0;
	while (rest.len > 0) {
		(void)gp_span_cut(rest, '\n', &line, &rest); /* the last may lack its newline */
		read_line(line, options);
	}
	if (options->server_count == 0) {
		options->servers[0] = (struct gp_dns_server) {
			.addr = {GP_IP_V4, {127, 0, 0, 1}}, .port = DNS_PORT};
		options->server_count = 1;
	}
}
