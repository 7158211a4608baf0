/* SPDX-License-Identifier: ISC */
/* Numbers in network order, names as labels, lengths patched in when a record is closed. */
#include "support/packet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* test_packet_put8: one octet. */
void test_packet_put8(struct test_packet *p, unsigned value)
{
	if (p->length == TEST_PACKET_MAX) {
		fprintf(stderr, "test packet: too long\n");
		exit(99);
	}
	p->bytes[p->length++] = (uint8_t)value;
}

/* test_packet_put16: two octets. */
void test_packet_put16(struct test_packet *p, unsigned value)
{
	test_packet_put8(p, value >> 8);
	test_packet_put8(p, value & 255);
}

/* test_packet_put32: four octets. */
void test_packet_put32(struct test_packet *p, uint32_t value)
{
	test_packet_put16(p, value >> 16);
	test_packet_put16(p, value & 65535);
}

/* test_packet_octets: as they are. */
void test_packet_octets(struct test_packet *p, const void *octets, size_t length)
{
	const uint8_t *from = octets;
	for (size_t i = 0; i < length; i++)
		test_packet_put8(p, from[i]);
}

/* test_packet_name: labels between dots. */
void test_packet_name(struct test_packet *p, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		test_packet_put8(p, (unsigned)n);
		test_packet_octets(p, name, n);
		name += n + (name[n] == '.');
	}
	test_packet_put8(p, 0);
}

/* test_packet_address: the family by its look. */
void test_packet_address(struct test_packet *p, const char *text)
{
	uint8_t bytes[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, text, bytes) != 1) {
		fprintf(stderr, "test packet: no address: %s\n", text);
		exit(99);
	}
	test_packet_octets(p, bytes, family == AF_INET6 ? 16 : 4);
}

/* test_packet_text: cut into strings. */
void test_packet_text(struct test_packet *p, const char *text, unsigned piece)
{
	size_t left = strlen(text);
	do {
		size_t n = left < piece ? left : piece;
		test_packet_put8(p, (unsigned)n);
		test_packet_octets(p, text, n);
		text += n;
		left -= n;
	} while (left > 0);
}

/* test_packet_begin: one question, nothing else yet. */
void test_packet_begin(struct test_packet *p, uint16_t id, const char *name, unsigned type)
{
	p->length = 0;
	test_packet_put16(p, id);
	test_packet_put16(p, 0x8180);
	test_packet_put16(p, 1);
	test_packet_put16(p, 0);
	test_packet_put32(p, 0);
	test_packet_name(p, name);
	test_packet_put16(p, type);
	test_packet_put16(p, 1);
}

/* test_packet_head: returns the place behind the length. */
size_t test_packet_head(struct test_packet *p, const char *owner, unsigned type, uint32_t ttl_s)
{
	test_packet_name(p, owner);
	test_packet_put16(p, type);
	test_packet_put16(p, 1);
	test_packet_put32(p, ttl_s);
	test_packet_put16(p, 0);
	return p->length;
}

/* test_packet_close: patches length and counter. */
void test_packet_close(struct test_packet *p, size_t since, unsigned section)
{
	size_t n = p->length - since;
	p->bytes[since - 2] = (uint8_t)(n >> 8);
	p->bytes[since - 1] = (uint8_t)n;
	if (++p->bytes[section + 1] == 0)
		p->bytes[section]++;
}

/* test_packet_pointer: a record that is a name. */
void test_packet_pointer(struct test_packet *p, unsigned section, const char *owner, unsigned type,
	uint32_t ttl_s, const char *target)
{
	size_t since = test_packet_head(p, owner, type, ttl_s);
	test_packet_name(p, target);
	test_packet_close(p, since, section);
}

/* test_packet_soa: in the authority section; only the minimum matters (RFC 2308 5). */
void test_packet_soa(struct test_packet *p, uint32_t ttl_s, uint32_t minimum_s)
{
	size_t since = test_packet_head(p, "example", TEST_PACKET_SOA, ttl_s);
	test_packet_name(p, "ns.example");
	test_packet_name(p, "root.example");
	for (uint32_t i = 0; i < 4; i++)
		test_packet_put32(p, 3600 + i);
	test_packet_put32(p, minimum_s);
	test_packet_close(p, since, TEST_PACKET_AUTHORITY);
}

/* test_packet_opt: class is the size, the TTL holds flags (RFC 6891 6.1.2); RFC 8914 2. */
void test_packet_opt(struct test_packet *p, unsigned extended_error)
{
	size_t since = test_packet_head(p, "", TEST_PACKET_OPT, 0);
	if (extended_error) {
		test_packet_put16(p, 15);
		test_packet_put16(p, 2);
		test_packet_put16(p, extended_error);
	}
	test_packet_close(p, since, TEST_PACKET_ADDITIONAL);
	p->bytes[since - 8] = 1232 >> 8;
	p->bytes[since - 7] = 1232 & 255;
}
