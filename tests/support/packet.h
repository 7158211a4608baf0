/* SPDX-License-Identifier: ISC */
/*
 * DNS packets for tests, written octet by octet: shares no code with what is tested, and can write
 * what no server should.
 *
 *     struct test_packet p;
 *     test_packet_begin(&p, id, "a.example", GP_DNS_A);
 *     size_t since = test_packet_head(&p, "a.example", GP_DNS_A, 300);
 *     test_packet_address(&p, "192.0.2.1");
 *     test_packet_close(&p, since, TEST_PACKET_ANSWERS);
 *
 * Want of room ends the test program.
 */
#ifndef TESTS_SUPPORT_PACKET_H
#define TESTS_SUPPORT_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define TEST_PACKET_MAX 65535

/* Places of the section counters in the header (RFC 1035 4.1.1). */
#define TEST_PACKET_QUESTIONS 4
#define TEST_PACKET_ANSWERS 6
#define TEST_PACKET_AUTHORITY 8
#define TEST_PACKET_ADDITIONAL 10

/* Types that a resolver meets without asking for them. */
#define TEST_PACKET_NS 2
#define TEST_PACKET_CNAME 5
#define TEST_PACKET_SOA 6
#define TEST_PACKET_OPT 41
#define TEST_PACKET_RRSIG 46

struct test_packet {
	uint8_t bytes[TEST_PACKET_MAX];
	size_t length;
};

/* Numbers of 8, 16, 32 bits; a name without compression; any octets. */
void test_packet_put8(struct test_packet *p, unsigned value);
void test_packet_put16(struct test_packet *p, unsigned value);
void test_packet_put32(struct test_packet *p, uint32_t value);
void test_packet_name(struct test_packet *p, const char *name);
void test_packet_octets(struct test_packet *p, const void *octets, size_t length);

/* An address of either family; text as strings of at most piece octets. */
void test_packet_address(struct test_packet *p, const char *text);
void test_packet_text(struct test_packet *p, const char *text, unsigned piece);

/* Header and question of a reply (QR, RD, RA); code and flags can be set in bytes[2] and [3]. */
void test_packet_begin(struct test_packet *p, uint16_t id, const char *name, unsigned type);

/* Owner, type, class IN, TTL, and room for the length; returns what close needs. */
size_t test_packet_head(struct test_packet *p, const char *owner, unsigned type, uint32_t ttl_s);

/* The length of what was written since head, and one more record in that section. */
void test_packet_close(struct test_packet *p, size_t since, unsigned section);

/* Whole records: an alias or name server; a SOA with this minimum; OPT with an extended error. */
void test_packet_pointer(struct test_packet *p, unsigned section, const char *owner, unsigned type,
	uint32_t ttl_s, const char *target);
void test_packet_soa(struct test_packet *p, uint32_t ttl_s, uint32_t minimum_s);
void test_packet_opt(struct test_packet *p, unsigned extended_error);

#endif
