/* SPDX-License-Identifier: ISC */
/* Addresses over inet_pton and inet_ntop; special ranges as a table. */
#include "base/ipaddr.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <netinet/in.h>
#include <string.h>

/* Ranges whose addresses stand for no single host of the internet (RFC 6890 and its updates). */
static const struct gp_prefix private_ranges[] = {
	{{GP_IP_V4, {0}}, 8},
	{{GP_IP_V4, {10}}, 8},
	{{GP_IP_V4, {100, 64}}, 10},
	{{GP_IP_V4, {127}}, 8},
	{{GP_IP_V4, {169, 254}}, 16},
	{{GP_IP_V4, {172, 16}}, 12},
	{{GP_IP_V4, {192, 168}}, 16},
	{{GP_IP_V6, {0}}, 128},
	{{GP_IP_V6, {[15] = 1}}, 128},
	{{GP_IP_V6, {0xfc}}, 7},
	{{GP_IP_V6, {0xfe, 0x80}}, 10},
};

/* gp_ipaddr_parse: tries both families. */
int gp_ipaddr_parse(struct gp_span text, struct gp_ipaddr *addr_out)
{
	char copy[GP_IPADDR_TEXT];
	struct gp_ipaddr addr = {.family = GP_IP_NONE};
	if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len))
		return GP_ESYNTAX;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = 0;
	if (inet_pton(AF_INET, copy, addr.bytes) == 1)
		addr.family = GP_IP_V4;
	else if (inet_pton(AF_INET6, copy, addr.bytes) == 1)
		addr.family = GP_IP_V6;
	else
		return GP_ESYNTAX;
	*addr_out = addr;
	return GP_OK;
}

/* gp_ipaddr_unmap: takes the IPv4 address out of ::ffff:0:0/96. */
struct gp_ipaddr gp_ipaddr_unmap(struct gp_ipaddr addr)
{
	static const struct gp_ipaddr mapped = {GP_IP_V6, {[10] = 0xff, [11] = 0xff}};
	if (!gp_ipaddr_match(&addr, &mapped, 96))
		return addr;
	struct gp_ipaddr v4 = {.family = GP_IP_V4};
	memcpy(v4.bytes, addr.bytes + 12, 4);
	return v4;
}

const struct gp_prefix gp_ipaddr_nat64 = {{GP_IP_V6, {[1] = 0x64, [2] = 0xff, [3] = 0x9b}}, 96};

/* gp_ipaddr_nat64_length: whole bytes, of which the address begins after. */
bool gp_ipaddr_nat64_length(unsigned length)
{
	return length == 96 || (length >= 32 && length <= 64 && length % 8 == 0);
}

/*
 * What no translator shows as the source of a connection: addresses that are not forwarded, or are
 * no host's (RFC 6890 2.2.2, RFC 1112 4, RFC 1122 3.2.1.3).
 */
static const struct gp_prefix never_translated[] = {
	{{GP_IP_V4, {0}}, 8},
	{{GP_IP_V4, {127}}, 8},
	{{GP_IP_V4, {169, 254}}, 16},
	{{GP_IP_V4, {224}}, 3},
};

/*
 * What the well-known prefix must not stand for besides (RFC 6052 3.1): addresses that are not
 * global, which a network of its own may show under a prefix of its own (RFC 6052 3.2, RFC 8215).
 */
static const struct gp_prefix never_global[] = {
	{{GP_IP_V4, {10}}, 8},
	{{GP_IP_V4, {100, 64}}, 10},
	{{GP_IP_V4, {172, 16}}, 12},
	{{GP_IP_V4, {192, 0, 0}}, 24},
	{{GP_IP_V4, {192, 168}}, 16},
	{{GP_IP_V4, {198, 18}}, 15},
};

/* is_within: is the network a part of one of these? */
static bool is_within(const struct gp_prefix *network, const struct gp_prefix *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (network->length >= ranges[i].length &&
			gp_prefix_has(&ranges[i], &network->addr))
			return true;
	return false;
}

/* gp_prefix_embedded: four bytes after the prefix, with the ninth of the address left out. */
bool gp_prefix_embedded(
	const struct gp_prefix *network, const struct gp_prefix *nat64, struct gp_prefix *v4_out)
{
	const struct gp_ipaddr *addr = &network->addr;
	if (!gp_prefix_has(nat64, addr) || addr->family != GP_IP_V6 ||
		network->length < nat64->length || !gp_ipaddr_nat64_length(nat64->length) ||
		(nat64->length < 96 && addr->bytes[8]))
		return false;
	struct gp_prefix v4 = {{.family = GP_IP_V4}, network->length - nat64->length};
	for (unsigned i = 0, at = nat64->length / 8; i < 4; at++)
		if (at != 8) /* bits 64 to 71 are zero (RFC 6052 2.2) */
			v4.addr.bytes[i++] = addr->bytes[at];
	if (nat64->length < 96 && network->length > 64)
		v4.length -= network->length < 72 ? network->length - 64 : 8;
	v4.length = v4.length > 32 ? 32 : v4.length;
	bool is_well_known = gp_prefix_has(&gp_ipaddr_nat64, addr);
	if (is_within(&v4, never_translated, sizeof never_translated / sizeof *never_translated) ||
		(is_well_known &&
			is_within(&v4, never_global, sizeof never_global / sizeof *never_global)))
		return false;
	*v4_out = v4;
	return true;
}

/* gp_prefix_v4_by_nat64: the well-known prefix, then the others; a mapped network is one of IPv4
 * since it was parsed. */
struct gp_prefix gp_prefix_v4_by_nat64(
	struct gp_prefix network, const struct gp_prefix *nat64, size_t count)
{
	struct gp_prefix v4;
	if (network.addr.family != GP_IP_V6)
		return network;
	for (size_t i = 0; i <= count; i++)
		if (gp_prefix_embedded(&network, i ? &nat64[i - 1] : &gp_ipaddr_nat64, &v4))
			return v4;
	return network;
}

/* gp_ipaddr_v4_by_nat64: mapped, or as a network of one address. */
struct gp_ipaddr gp_ipaddr_v4_by_nat64(
	struct gp_ipaddr addr, const struct gp_prefix *nat64, size_t count)
{
	const struct gp_prefix one = {gp_ipaddr_unmap(addr), 128};
	return gp_prefix_v4_by_nat64(one, nat64, count).addr;
}

/* put_number: up to 255 without leading zeros; returns where it ends. */
static char *put_number(char *at, unsigned number)
{
	if (number >= 100)
		*at++ = (char)('0' + number / 100);
	if (number >= 10)
		*at++ = (char)('0' + number / 10 % 10);
	*at++ = (char)('0' + number % 10);
	return at;
}

/* gp_ipaddr_format: canonical text; of IPv4 without inet_ntop, which takes a printf for it. */
const char *gp_ipaddr_format(const struct gp_ipaddr *addr, char text_out[GP_IPADDR_TEXT])
{
	if (addr->family == GP_IP_V4) {
		char *at = text_out;
		for (int i = 0; i < 4; i++) {
			at = put_number(at, addr->bytes[i]);
			*at++ = i < 3 ? '.' : 0;
		}
		return text_out;
	}
	if (addr->family == GP_IP_NONE ||
		!inet_ntop(AF_INET6, addr->bytes, text_out, GP_IPADDR_TEXT))
		(void)strlcpy(text_out, "unknown", GP_IPADDR_TEXT); /* always fits */
	return text_out;
}

/* gp_prefix_format: the address, then the length. */
const char *gp_prefix_format(const struct gp_prefix *prefix, char text_out[GP_PREFIX_TEXT])
{
	char *at = text_out + strlen(gp_ipaddr_format(&prefix->addr, text_out));
	*at++ = '/';
	at = put_number(at, prefix->length & 255);
	*at = 0;
	return text_out;
}

/* gp_ipaddr_to_sockaddr: by family. */
socklen_t gp_ipaddr_to_sockaddr(
	const struct gp_ipaddr *addr, uint16_t port, struct sockaddr_storage *address_out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address_out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address_out;
	memset(address_out, 0, sizeof *address_out);
	if (addr->family == GP_IP_V6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, addr->bytes, 16);
		return sizeof *v6;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	memcpy(&v4->sin_addr, addr->bytes, 4);
	return sizeof *v4;
}

/* gp_ipaddr_equal: all bits. */
bool gp_ipaddr_equal(const struct gp_ipaddr *a, const struct gp_ipaddr *b)
{
	return gp_ipaddr_match(a, b, gp_ipaddr_bits(a));
}

/* gp_ipaddr_bits: by family. */
unsigned gp_ipaddr_bits(const struct gp_ipaddr *addr)
{
	return addr->family == GP_IP_V4 ? 32 : addr->family == GP_IP_V6 ? 128 : 0;
}

/* gp_ipaddr_is_loopback: RFC 1122 3.2.1.3, RFC 4291 2.5.3. */
bool gp_ipaddr_is_loopback(const struct gp_ipaddr *addr)
{
	static const struct gp_ipaddr one = {.family = GP_IP_V6, .bytes = {[15] = 1}};
	return addr->family == GP_IP_V4 ? addr->bytes[0] == 127 : gp_ipaddr_equal(addr, &one);
}

/* gp_ipaddr_is_private: the table above. */
bool gp_ipaddr_is_private(const struct gp_ipaddr *addr)
{
	for (size_t i = 0; i < sizeof private_ranges / sizeof private_ranges[0]; i++)
		if (gp_prefix_has(&private_ranges[i], addr))
			return true;
	return false;
}

/* gp_prefix_has_hosts: is it a part of none of these? */
bool gp_prefix_has_hosts(const struct gp_prefix *prefix)
{
	static const struct gp_prefix none[] = {
		{{.family = GP_IP_V4}, 32},                /* RFC 1122 3.2.1.3 */
		{{.family = GP_IP_V4, .bytes = {224}}, 4}, /* RFC 5771 */
		{{.family = GP_IP_V4, .bytes = {255, 255, 255, 255}}, 32},
		{{.family = GP_IP_V6}, 128},                /* RFC 4291 2.5.2 */
		{{.family = GP_IP_V6, .bytes = {0xff}}, 8}, /* RFC 4291 2.7 */
	};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (prefix->length >= none[i].length && gp_prefix_has(&none[i], &prefix->addr))
			return false;
	return true;
}

/* gp_ipaddr_is_of_link: fe80::/10. */
bool gp_ipaddr_is_of_link(const struct gp_ipaddr *addr)
{
	static const struct gp_ipaddr first = {GP_IP_V6, {0xfe, 0x80}};
	return gp_ipaddr_match(addr, &first, 10);
}

/* gp_ipaddr_match: whole bytes, then the bits that remain. */
bool gp_ipaddr_match(const struct gp_ipaddr *a, const struct gp_ipaddr *b, unsigned length)
{
	if (a->family != b->family || length > gp_ipaddr_bits(a))
		return false;
	unsigned whole = length / 8, rest = length % 8;
	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* gp_prefix_is_same: length and bits. */
bool gp_prefix_is_same(const struct gp_prefix *a, const struct gp_prefix *b)
{
	return a->length == b->length && gp_ipaddr_equal(&a->addr, &b->addr);
}

/* gp_prefix_masked: bit by bit. */
struct gp_prefix gp_prefix_masked(struct gp_prefix prefix)
{
	for (unsigned bit = prefix.length; bit < gp_ipaddr_bits(&prefix.addr); bit++)
		prefix.addr.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return prefix;
}

/* gp_prefix_parse: address, then an optional length. */
int gp_prefix_parse(struct gp_span text, struct gp_prefix *prefix_out)
{
	struct gp_span addr, length;
	struct gp_prefix prefix;
	bool has_length = gp_span_cut(text, '/', &addr, &length);
	int rc = gp_ipaddr_parse(addr, &prefix.addr);
	if (rc)
		return rc;
	prefix.length = gp_ipaddr_bits(&prefix.addr);
	if (has_length) {
		uint64_t n;
		rc = gp_span_parse_uint(length, prefix.length, &n);
		if (rc)
			return rc;
		prefix.length = (unsigned)n;
	}
	const struct gp_prefix network = gp_prefix_masked(prefix);
	if (!gp_ipaddr_equal(&network.addr, &prefix.addr))
		return GP_ESYNTAX; /* a bit past the length is set */
	struct gp_ipaddr v4 = gp_ipaddr_unmap(prefix.addr);
	if (v4.family != prefix.addr.family) {
		if (prefix.length < 96)
			return GP_ESYNTAX; /* neither IPv4 nor IPv6 */
		prefix = (struct gp_prefix) {v4, prefix.length - 96};
	}
	*prefix_out = prefix;
	return GP_OK;
}

/* gp_prefix_has: the first bits agree. */
bool gp_prefix_has(const struct gp_prefix *prefix, const struct gp_ipaddr *addr)
{
	return prefix->addr.family == addr->family &&
	       gp_ipaddr_match(&prefix->addr, addr, prefix->length);
}
