/* SPDX-License-Identifier: ISC */
/*
 * Addresses and prefixes of IPv4 and IPv6: parse, print, compare.
 *
 * Text goes through inet_pton and inet_ntop of libc only (OpenDMARC #275: hand-made walking of
 * address text went wrong). Plain values, no ownership.
 */
#ifndef GP_BASE_IPADDR_H
#define GP_BASE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/span.h"

enum gp_ip_family { GP_IP_NONE = 0, GP_IP_V4 = 4, GP_IP_V6 = 6 };

struct gp_ipaddr {
	enum gp_ip_family family;
	uint8_t bytes[16]; /* network order; IPv4 uses the first 4, the others are 0 */
};

/* A network: the bits of addr past length are 0. */
struct gp_prefix {
	struct gp_ipaddr addr;
	unsigned length; /* 0..32 or 0..128 */
};

#define GP_IPADDR_TEXT 46                   /* room for any address with its NUL */
#define GP_PREFIX_TEXT (GP_IPADDR_TEXT + 4) /* and for any network */

/* Text form of either family. GP_ESYNTAX when it is none. */
int gp_ipaddr_parse(struct gp_span text, struct gp_ipaddr *addr_out) GP_MUST_CHECK;

/* ::ffff:192.0.2.1 becomes 192.0.2.1; others are returned as they are (RFC 7208 5). */
struct gp_ipaddr gp_ipaddr_unmap(struct gp_ipaddr addr);

/* The prefix of NAT64 that needs no configuration: 64:ff9b::/96 (RFC 6052 2.1). */
extern const struct gp_prefix gp_ipaddr_nat64;

/* Lengths that a prefix of NAT64 can have: 32, 40, 48, 56, 64, 96 (RFC 6052 2.2). */
bool gp_ipaddr_nat64_length(unsigned length);

/*
 * Whose address it is: that of an IPv4 host behind a translator, ::ffff:192.0.2.1, or
 * 64:ff9b::192.0.2.1 or one under one of count prefixes of a site's own (RFC 6052 2.1), becomes
 * 192.0.2.1; others are returned as they are.
 *
 * So is one with an address within that no translator shows: loopback, link-local, multicast; under
 * 64:ff9b::/96 also one that is not global, since that prefix must not stand for it (RFC 6052 3.1)
 * and anybody may have made it up. Private addresses under a prefix of the site's own are its
 * hosts.
 */
struct gp_ipaddr gp_ipaddr_v4_by_nat64(
	struct gp_ipaddr addr, const struct gp_prefix *nat64, size_t count);

/* Canonical text into text_out; "unknown" for GP_IP_NONE. Returns text_out. */
const char *gp_ipaddr_format(const struct gp_ipaddr *addr, char text_out[GP_IPADDR_TEXT]);

/*
 * The address and a port as the system's calls take them; returns the length. Not for GP_IP_NONE.
 */
socklen_t gp_ipaddr_to_sockaddr(
	const struct gp_ipaddr *addr, uint16_t port, struct sockaddr_storage *address_out);

/* Same family and bytes. */
bool gp_ipaddr_equal(const struct gp_ipaddr *a, const struct gp_ipaddr *b);

/* Number of bits of the family: 32, 128, or 0. */
unsigned gp_ipaddr_bits(const struct gp_ipaddr *addr);

/*
 * Loopback, private, link-local, shared (RFC 6598), unique-local, unspecified: an address that does
 * not tell hosts of the internet apart (RFC 6890's registries).
 */
bool gp_ipaddr_is_private(const struct gp_ipaddr *addr);

/* Can a host have an address in the prefix? Not where all of it is multicast, the limited broadcast
 * (RFC 919 7) or the unspecified address. */
bool gp_prefix_has_hosts(const struct gp_prefix *prefix);

/*
 * An address of IPv6 that each link has for itself (RFC 4291 2.5.6), and each host on it another.
 */
bool gp_ipaddr_is_of_link(const struct gp_ipaddr *addr);

/* 127.0.0.0/8 or ::1: this machine and no other. */
bool gp_ipaddr_is_loopback(const struct gp_ipaddr *addr);

/*
 * "192.0.2.0/24", "2001:db8::/32", or a bare address (full length). Host bits must be 0. A network
 * of IPv4-mapped addresses becomes the IPv4 network.
 */
int gp_prefix_parse(struct gp_span text, struct gp_prefix *prefix_out) GP_MUST_CHECK;

/* Its canonical text, "192.0.2.0/24", into text_out. Returns text_out. */
const char *gp_prefix_format(const struct gp_prefix *prefix, char text_out[GP_PREFIX_TEXT]);

/*
 * The network of IPv4 whose hosts a NAT64 with this prefix shows in the network; false: it shows
 * none there, or the network is larger than the prefix.
 */
bool gp_prefix_embedded(
	const struct gp_prefix *network, const struct gp_prefix *nat64, struct gp_prefix *v4_out);

/* As gp_ipaddr_v4_by_nat64, for a network whose host bits are 0. */
struct gp_prefix gp_prefix_v4_by_nat64(
	struct gp_prefix network, const struct gp_prefix *nat64, size_t count);

/* The same network? */
bool gp_prefix_is_same(const struct gp_prefix *a, const struct gp_prefix *b);

/* The network that the address lies in: without the bits past the length. */
struct gp_prefix gp_prefix_masked(struct gp_prefix prefix);

/* Do the first length bits of both addresses agree (and the families)? */
bool gp_ipaddr_match(const struct gp_ipaddr *a, const struct gp_ipaddr *b, unsigned length);

/* Is the address inside the network? An IPv4 address is never inside an IPv6 network. */
bool gp_prefix_has(const struct gp_prefix *prefix, const struct gp_ipaddr *addr);

#endif
