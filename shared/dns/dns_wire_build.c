/* SPDX-License-Identifier: ISC */
/*
 * Queries as packets. ldns writes the packet; the name is handed to it as octets of ours, because
 * its reader of text takes backslashes for escapes, and a sender's name may hold any byte.
 */
#include "dns/dns_private.h"

#include <ldns/ldns.h>
#include <string.h>

/* wire_name: the name as ldns has it, or NULL. */
static ldns_rdf *wire_name(const char *name)
{
	uint8_t wire[GP_DNS_WIRE_NAME_MAX];
	size_t n = gp_dns_name_to_wire(gp_span_from(name), wire);
	return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, n, wire);
}

/* query_packet: the query as ldns has it, or NULL. */
static ldns_pkt *query_packet(
	const struct gp_dns_question *question, const struct gp_dns_query_form *form)
{
	ldns_rdf *name = wire_name(question->name);
	if (!name)
		return NULL;
	ldns_pkt *packet =
		ldns_pkt_query_new(name, (ldns_rr_type)question->type, LDNS_RR_CLASS_IN, LDNS_RD);
	if (!packet) {
		ldns_rdf_deep_free(name);
		return NULL;
	}
	ldns_pkt_set_id(packet, form->id);
	ldns_pkt_set_ad(packet, form->want_ad);
	if (form->edns)
		ldns_pkt_set_edns_udp_size(packet, GP_DNS_EDNS_SIZE);
	if (form->edns && form->want_signatures)
		ldns_pkt_set_edns_do(packet, true);
	return packet;
}

/* gp_dns_wire_build: the packet by ldns, copied out. */
int gp_dns_wire_build(const struct gp_dns_question *question, const struct gp_dns_query_form *form,
	uint8_t packet_out[GP_DNS_QUERY_MAX], size_t *length_out)
{
	uint8_t *wire = NULL;
	size_t n = 0;
	if (!gp_dns_name_is_valid(gp_span_from(question->name)))
		return GP_EINVAL;
	ldns_pkt *packet = query_packet(question, form);
	if (!packet)
		return GP_ENOMEM;
	ldns_status status = ldns_pkt2wire(&wire, packet, &n);
	ldns_pkt_free(packet);
	if (status != LDNS_STATUS_OK)
		return GP_ENOMEM;
	int rc = n <= GP_DNS_QUERY_MAX ? GP_OK : GP_EINVAL;
	if (rc == GP_OK) {
		memcpy(packet_out, wire, n);
		*length_out = n;
	}
	LDNS_FREE(wire);
	return rc;
}
