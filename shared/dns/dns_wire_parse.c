/* SPDX-License-Identifier: ISC */
/*
 * Replies. First the few octets that say whether this is the reply at all, cheaply and without
 * memory, because anybody may throw packets at us; then ldns reads the packet; then the response
 * code, the chain of aliases and the records are looked at. Names are compared as uncompressed
 * octets, so that nothing depends on a text form.
 */
#include "dns/dns_private.h"

#include <ldns/ldns.h>
#include <string.h>

#define HEADER 12 /* RFC 1035 4.1.1 */
#define BAD_VERSION 16
#define EDE_OPTION 15 /* RFC 8914 2 */

/*
 * What a response code without an answer means for the choice of the next server. A server that
 * does not know EDNS says FORMERR, and those of RFC 2671 5.3 may say NOTIMP.
 */
struct refusal {
	unsigned rcode;
	const char *problem;
	enum gp_dns_failure failure;
	bool without_edns; /* RFC 6891 7 and 6.1.3 */
};

static const struct refusal refusals[] = {
	{LDNS_RCODE_FORMERR, "FORMERR", GP_DNS_FAILURE_OTHER, true},
	{LDNS_RCODE_SERVFAIL, "SERVFAIL", GP_DNS_FAILURE_SERVFAIL, false},
	{LDNS_RCODE_NOTIMPL, "NOTIMP", GP_DNS_FAILURE_OTHER, true},
	{LDNS_RCODE_REFUSED, "REFUSED", GP_DNS_FAILURE_REFUSED, false},
	{BAD_VERSION, "BADVERS", GP_DNS_FAILURE_OTHER, true},
};

/* The extended errors that mean: DNSSEC forbids this answer (RFC 8914 4.6 to 4.13). */
static const char *const bogus_texts[] = {
	[5] = "SERVFAIL (DNSSEC indeterminate)",
	[6] = "SERVFAIL (DNSSEC bogus)",
	[7] = "SERVFAIL (DNSSEC signature expired)",
	[8] = "SERVFAIL (DNSSEC signature not yet valid)",
	[9] = "SERVFAIL (DNSKEY missing)",
	[10] = "SERVFAIL (RRSIGs missing)",
	[11] = "SERVFAIL (no zone key)",
	[12] = "SERVFAIL (NSEC missing)",
};

/* The walk through one reply: where the chain of aliases stands, and the least TTL so far. */
struct chase {
	const ldns_rr_list *answers;
	uint8_t name[GP_DNS_WIRE_NAME_MAX]; /* current owner, uncompressed */
	size_t length;
	ldns_rr_type type;
	uint32_t ttl_s;
	bool is_alias; /* an alias has led there */
};

/* temporary: nothing usable, and the next server may do better. */
static int temporary(struct gp_dns_reply *reply, const char *problem)
{
	reply->answer = (struct gp_dns_answer) {
		.state = GP_DNS_TEMPFAIL, .problem = problem, .failure = GP_DNS_FAILURE_OTHER};
	reply->next_server = true;
	return GP_OK;
}

/* same_name: equal octets, ASCII case aside; length octets are below the letters. */
static bool same_name(const ldns_rdf *name, const uint8_t *wire, size_t length)
{
	struct gp_span a = {(const char *)ldns_rdf_data(name), ldns_rdf_size(name)};
	struct gp_span b = {(const char *)wire, length};
	return gp_span_equal_nocase(a, b);
}

/* is_question: does the packet's question equal ours in name, type and class? */
static bool is_question(struct gp_span packet, const struct gp_dns_question *question)
{
	uint8_t wire[GP_DNS_WIRE_NAME_MAX];
	size_t at = HEADER, length = gp_dns_name_to_wire(gp_span_from(question->name), wire);
	ldns_rr *rr = NULL;
	ldns_status status = ldns_wire2rr(
		&rr, (const uint8_t *)packet.ptr, packet.len, &at, LDNS_SECTION_QUESTION);
	if (status != LDNS_STATUS_OK)
		return false;
	bool same = ldns_rr_owner(rr) && same_name(ldns_rr_owner(rr), wire, length) &&
		    ldns_rr_get_type(rr) == (ldns_rr_type)question->type &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN;
	ldns_rr_free(rr);
	return same;
}

/* is_reply: a response with our id and exactly our question (RFC 5452 9.1). */
static bool is_reply(struct gp_span packet, uint16_t id, const struct gp_dns_question *question)
{
	const uint8_t *p = (const uint8_t *)packet.ptr;
	if (packet.len < HEADER || LDNS_ID_WIRE(p) != id || !LDNS_QR_WIRE(p) ||
		LDNS_OPCODE_WIRE(p) != LDNS_PACKET_QUERY)
		return false;
	if (LDNS_QDCOUNT(p) == 0)
		return LDNS_RCODE_WIRE(p) == LDNS_RCODE_FORMERR ||
		       LDNS_RCODE_WIRE(p) == LDNS_RCODE_NOTIMPL;
	return LDNS_QDCOUNT(p) == 1 && is_question(packet, question);
}

/* take_ttl: the least of all; a set top bit means 0 (RFC 2181 8). */
static void take_ttl(struct chase *chase, uint32_t ttl_s)
{
	if (ttl_s > INT32_MAX)
		ttl_s = 0;
	if (ttl_s < chase->ttl_s)
		chase->ttl_s = ttl_s;
}

/* owned: is this a record of the current name and class IN? */
static bool owned(const struct chase *chase, const ldns_rr *rr)
{
	return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_owner(rr) &&
	       same_name(ldns_rr_owner(rr), chase->name, chase->length);
}

/* find_alias: the target of the current name's CNAME, or NULL. */
static const ldns_rdf *find_alias(struct chase *chase)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(chase->answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chase->answers, i);
		const ldns_rdf *target = ldns_rr_rdf(rr, 0);
		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME || !owned(chase, rr))
			continue;
		if (!target || ldns_rdf_size(target) > sizeof chase->name)
			continue;
		take_ttl(chase, ldns_rr_ttl(rr));
		return target;
	}
	return NULL;
}

/* count_records: records of the type asked for at the current name. */
static size_t count_records(const struct chase *chase)
{
	size_t n = 0;
	for (size_t i = 0; i < ldns_rr_list_rr_count(chase->answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chase->answers, i);
		if (ldns_rr_get_type(rr) == chase->type && owned(chase, rr))
			n++;
	}
	return n;
}

/* follow: moves along the aliases to where the records are; false when the chain has no end. */
static bool follow(struct chase *chase)
{
	for (unsigned hops = 0; hops <= GP_DNS_CNAME_CHAIN_MAX; hops++) {
		if (count_records(chase) > 0)
			return true;
		const ldns_rdf *target = find_alias(chase);
		if (!target)
			return true;
		chase->length = ldns_rdf_size(target);
		memcpy(chase->name, ldns_rdf_data(target), chase->length);
		chase->is_alias = true;
	}
	return false;
}

/* name_canonical: where aliases have led; a name without a text is shown as the root. */
static int name_canonical(
	struct gp_arena *arena, const struct chase *chase, struct gp_dns_answer *answer)
{
	char name[GP_DNS_NAME_TEXT] = "";
	const struct gp_span wire = {(const char *)chase->name, chase->length};
	if (!chase->is_alias)
		return GP_OK;
	if (gp_dns_name_from_wire(wire, name) != GP_OK)
		name[0] = '\0';
	answer->canonical = gp_arena_copy(arena, gp_span_from(name));
	return answer->canonical ? GP_OK : gp_arena_status(arena);
}

/* join_text: the strings of a TXT record one after the other (RFC 7208 3.3). */
static int join_text(struct gp_arena *arena, const ldns_rr *rr, struct gp_span *text_out)
{
	size_t total = 0, at = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		total += ldns_rdf_size(ldns_rr_rdf(rr, i));
	char *text = gp_arena_alloc(arena, total + 1);
	if (!text)
		return gp_arena_status(arena);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		size_t size = ldns_rdf_size(ldns_rr_rdf(rr, i));
		if (size < 2) /* the length octet alone */
			continue;
		memcpy(text + at, ldns_rdf_data(ldns_rr_rdf(rr, i)) + 1, size - 1);
		at += size - 1;
	}
	*text_out = (struct gp_span) {text, at};
	return GP_OK;
}

/* join_octets: the fields of a record one after the other, as they came. */
static int join_octets(struct gp_arena *arena, const ldns_rr *rr, struct gp_span *octets_out)
{
	size_t total = 0, at = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		total += ldns_rdf_size(ldns_rr_rdf(rr, i));
	char *octets = gp_arena_alloc(arena, total + 1);
	if (!octets)
		return gp_arena_status(arena);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		size_t size = ldns_rdf_size(ldns_rr_rdf(rr, i));
		if (size)
			memcpy(octets + at, ldns_rdf_data(ldns_rr_rdf(rr, i)), size);
		at += size;
	}
	*octets_out = (struct gp_span) {octets, at};
	return GP_OK;
}

/* name_field: a name inside a record; GP_ESYNTAX when it has no text form. */
static int name_field(struct gp_arena *arena, const ldns_rdf *rdf, const char **name_out)
{
	char name[GP_DNS_NAME_TEXT];
	if (!rdf)
		return GP_ESYNTAX;
	struct gp_span wire = {(const char *)ldns_rdf_data(rdf), ldns_rdf_size(rdf)};
	int rc = gp_dns_name_from_wire(wire, name);
	if (rc)
		return rc;
	*name_out = gp_arena_copy(arena, gp_span_from(name));
	return *name_out ? GP_OK : gp_arena_status(arena);
}

/* addr_field: an address of exactly size octets. */
static int addr_field(
	const ldns_rdf *rdf, enum gp_ip_family family, size_t size, struct gp_ipaddr *addr_out)
{
	if (!rdf || ldns_rdf_size(rdf) != size)
		return GP_ESYNTAX;
	*addr_out = (struct gp_ipaddr) {.family = family};
	memcpy(addr_out->bytes, ldns_rdf_data(rdf), size);
	return GP_OK;
}

/* read_record: one record of the type; GP_ESYNTAX when it is not usable. */
static int read_record(struct gp_arena *arena, const ldns_rr *rr, struct gp_dns_record *record_out)
{
	const ldns_rdf *first = ldns_rr_rdf(rr, 0);
	if (!first)
		return GP_ESYNTAX;
	switch ((enum gp_dns_type)ldns_rr_get_type(rr)) {
	case GP_DNS_A:
		return addr_field(first, GP_IP_V4, 4, &record_out->addr);
	case GP_DNS_AAAA:
		return addr_field(first, GP_IP_V6, 16, &record_out->addr);
	case GP_DNS_PTR:
		return name_field(arena, first, &record_out->name);
	case GP_DNS_MX:
		if (ldns_rdf_size(first) != 2)
			return GP_ESYNTAX;
		record_out->preference = ldns_read_uint16(ldns_rdf_data(first));
		return name_field(arena, ldns_rr_rdf(rr, 1), &record_out->name);
	case GP_DNS_TXT:
		return join_text(arena, rr, &record_out->text);
	case GP_DNS_TLSA:
		return join_octets(arena, rr, &record_out->text);
	}
	return GP_ESYNTAX;
}

/* read_signatures: when the last one over the records at the end of the chain ends (RFC 4034
 * 3.1.5); 0: there is none. */
static int64_t read_signatures(const struct chase *chase)
{
	int64_t until_s = 0;
	for (size_t i = 0; i < ldns_rr_list_rr_count(chase->answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chase->answers, i);
		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG || !owned(chase, rr) ||
			ldns_rr_rd_count(rr) < 9)
			continue;
		const ldns_rdf *covered = ldns_rr_rdf(rr, 0), *ends = ldns_rr_rdf(rr, 4);
		if (ldns_rdf_size(covered) == 2 && ldns_rdf_size(ends) == 4 &&
			ldns_read_uint16(ldns_rdf_data(covered)) == chase->type &&
			(int64_t)ldns_read_uint32(ldns_rdf_data(ends)) > until_s)
			until_s = (int64_t)ldns_read_uint32(ldns_rdf_data(ends));
	}
	return until_s;
}

/* read_records: all usable records at the end of the chain; those without a text are dropped. */
static int read_records(struct gp_arena *arena, struct chase *chase, struct gp_dns_answer *answer)
{
	size_t n = count_records(chase);
	if (n > GP_DNS_RECORDS_MAX)
		n = GP_DNS_RECORDS_MAX;
	struct gp_dns_record *records = gp_arena_array(arena, n, sizeof *records);
	if (!records)
		return gp_arena_status(arena);
	for (size_t i = 0; i < ldns_rr_list_rr_count(chase->answers) && answer->count < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chase->answers, i);
		if (ldns_rr_get_type(rr) != chase->type || !owned(chase, rr))
			continue;
		take_ttl(chase, ldns_rr_ttl(rr));
		int rc = read_record(arena, rr, &records[answer->count]);
		if (rc == GP_OK)
			answer->count++;
		else if (rc != GP_ESYNTAX)
			return rc;
	}
	answer->records = records;
	answer->ttl_s = chase->ttl_s;
	answer->signed_until_s = read_signatures(chase);
	answer->state = answer->count > 0 ? GP_DNS_FOUND : GP_DNS_NODATA;
	return GP_OK;
}

/* find_authority: the first record of a type in the authority section, or NULL. */
static const ldns_rr *find_authority(const ldns_pkt *packet, ldns_rr_type type)
{
	const ldns_rr_list *list = ldns_pkt_authority(packet);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type)
			return ldns_rr_list_rr(list, i);
	return NULL;
}

/* negative_ttl: the lesser of the SOA's minimum and its TTL (RFC 2308 5); 0 without a SOA. */
static uint32_t negative_ttl(const ldns_pkt *packet, struct chase *chase)
{
	const ldns_rr *soa = find_authority(packet, LDNS_RR_TYPE_SOA);
	const ldns_rdf *minimum = soa ? ldns_rr_rdf(soa, 6) : NULL; /* RFC 1035 3.3.13 */
	if (!minimum || ldns_rdf_size(minimum) != 4)
		return 0;
	take_ttl(chase, ldns_rr_ttl(soa));
	take_ttl(chase, ldns_read_uint32(ldns_rdf_data(minimum)));
	return chase->ttl_s;
}

/* read_answer: NOERROR and NXDOMAIN: follow the aliases, then records or their absence. */
static int read_answer(struct gp_arena *arena, const ldns_pkt *packet, unsigned rcode,
	const struct gp_dns_question *question, struct gp_dns_reply *reply)
{
	struct chase chase = {.answers = ldns_pkt_answer(packet),
		.type = (ldns_rr_type)question->type,
		.ttl_s = INT32_MAX};
	chase.length = gp_dns_name_to_wire(gp_span_from(question->name), chase.name);
	if (!follow(&chase))
		return temporary(reply, "an endless chain of CNAMEs");
	int rc = name_canonical(arena, &chase, &reply->answer);
	if (rc)
		return rc;
	/* After aliases the code speaks of the last name (RFC 6604 3). */
	if (rcode == LDNS_RCODE_NXDOMAIN)
		reply->answer.state = GP_DNS_NXDOMAIN;
	else if (count_records(&chase) > 0)
		return read_records(arena, &chase, &reply->answer);
	else if (find_authority(packet, LDNS_RR_TYPE_NS) &&
		 !find_authority(packet, LDNS_RR_TYPE_SOA))
		return temporary(reply, "a referral"); /* RFC 2308 2.2 */
	else
		reply->answer.state = GP_DNS_NODATA;
	reply->answer.ttl_s = negative_ttl(packet, &chase);
	return GP_OK;
}

/* find_bogus: the text of the first extended error that speaks of DNSSEC, or NULL. */
static const char *find_bogus(const ldns_pkt *packet)
{
	const ldns_rdf *options = ldns_pkt_edns_data(packet);
	if (!options)
		return NULL;
	const uint8_t *p = ldns_rdf_data(options);
	size_t left = ldns_rdf_size(options);
	while (left >= 4) { /* code, length, value: RFC 6891 6.1.2 */
		unsigned code = ldns_read_uint16(p), length = ldns_read_uint16(p + 2);
		if (length > left - 4)
			return NULL;
		unsigned info = code == EDE_OPTION && length >= 2 ? ldns_read_uint16(p + 4) : 0;
		if (info < sizeof bogus_texts / sizeof bogus_texts[0] && bogus_texts[info])
			return bogus_texts[info];
		p += 4 + length;
		left -= 4 + length;
	}
	return NULL;
}

/* read_refusal: a response code that carries no answer. */
static int read_refusal(const ldns_pkt *packet, unsigned rcode, struct gp_dns_reply *reply)
{
	const char *bogus = rcode == LDNS_RCODE_SERVFAIL ? find_bogus(packet) : NULL;
	if (bogus) { /* the code means what it means without the error (RFC 8914 2) */
		(void)temporary(reply, bogus); /* GP_OK */
		reply->answer.state = GP_DNS_BOGUS;
		reply->answer.failure = GP_DNS_FAILURE_SERVFAIL;
		return GP_OK;
	}
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		if (refusals[i].rcode != rcode)
			continue;
		(void)temporary(reply, refusals[i].problem); /* GP_OK */
		reply->without_edns = refusals[i].without_edns;
		reply->answer.failure = refusals[i].failure;
		return GP_OK;
	}
	return temporary(reply, "an unknown response code");
}

/* read_packet: by the response code, whose upper bits stand in the OPT record (RFC 6891 6.1.3). */
static int read_packet(struct gp_arena *arena, const ldns_pkt *packet,
	const struct gp_dns_question *question, struct gp_dns_reply *reply)
{
	unsigned rcode = (unsigned)ldns_pkt_get_rcode(packet);
	if (ldns_pkt_edns(packet))
		rcode |= (unsigned)ldns_pkt_edns_extended_rcode(packet) << 4;
	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
		return read_refusal(packet, rcode, reply);
	reply->answer.secure = ldns_pkt_ad(packet);
	return read_answer(arena, packet, rcode, question, reply);
}

/* gp_dns_wire_parse: is it the reply, is it whole, what does it say. */
int gp_dns_wire_parse(struct gp_arena *arena, struct gp_span packet, uint16_t id,
	const struct gp_dns_question *question, struct gp_dns_reply *reply_out)
{
	const uint8_t *bytes = (const uint8_t *)packet.ptr;
	*reply_out = (struct gp_dns_reply) {.answer = {.state = GP_DNS_TEMPFAIL}};
	if (!is_reply(packet, id, question))
		return GP_ESYNTAX;
	if (LDNS_QDCOUNT(bytes) == 0) {
		bool formerr = LDNS_RCODE_WIRE(bytes) == LDNS_RCODE_FORMERR;
		reply_out->without_edns = true;
		return temporary(reply_out, formerr ? "FORMERR" : "NOTIMP");
	}
	if (LDNS_TC_WIRE(bytes)) { /* what follows may be cut anywhere (RFC 2181 9) */
		reply_out->truncated = true;
		return temporary(reply_out, "a truncated reply");
	}
	ldns_pkt *parsed = NULL;
	ldns_status status = ldns_wire2pkt(&parsed, bytes, packet.len);
	if (status == LDNS_STATUS_MEM_ERR)
		return GP_ENOMEM;
	if (status != LDNS_STATUS_OK)
		return temporary(reply_out, "a malformed reply");
	int rc = read_packet(arena, parsed, question, reply_out);
	ldns_pkt_free(parsed);
	return rc;
}
