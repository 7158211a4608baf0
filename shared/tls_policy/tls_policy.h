/* SPDX-License-Identifier: ISC */
/*
 * TLS policy: what a domain publishes in DNS about TLS for its mail: TLSA records of its MX hosts
 * (DANE, RFC 6698 and 7672), the record that announces an MTA-STS policy (RFC 8461), and where
 * reports about TLS go (RFC 8460).
 *
 * Knows records; asks nobody, fetches no policy and sees no certificate.
 *
 *     rc = gp_tls_policy_sts_parse(arena, text, &sts);    (GP_ESYNTAX: some other TXT record)
 *     gp_tls_policy_tlsa_parse(octets, &tlsa);
 *
 * A record that breaks its rules is GP_OK with a problem. Spans borrow the text; problems are
 * static.
 */
#ifndef GP_TLS_POLICY_TLS_POLICY_H
#define GP_TLS_POLICY_TLS_POLICY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* A TXT record that is a version and one tag that has to be there. */
struct gp_tls_policy_txt {
	struct gp_span value; /* of the tag, as it stands */
	const char *problem;  /* why the record is of no use; NULL: it is */
};

/*
 * The record at _mta-sts.DOMAIN; its tag is id, 1 to 32 letters and digits. GP_ESYNTAX: it does not
 * begin with v=STSv1 (RFC 8461 3.1); GP_ETOOBIG, GP_ENOMEM.
 */
int gp_tls_policy_sts_parse(struct gp_arena *arena, struct gp_span text,
	struct gp_tls_policy_txt *sts_out) GP_MUST_CHECK;

/*
 * The record at _smtp._tls.DOMAIN; its tag is rua, the addresses of reports. GP_ESYNTAX: it does
 * not begin with v=TLSRPTv1 (RFC 8460 3); GP_ETOOBIG, GP_ENOMEM.
 */
int gp_tls_policy_reports_parse(struct gp_arena *arena, struct gp_span text,
	struct gp_tls_policy_txt *reports_out) GP_MUST_CHECK;

/* One TLSA record of an SMTP server. */
struct gp_tls_policy_tlsa {
	unsigned usage, selector, matching; /* RFC 6698 2.1 */
	struct gp_span data;
	const char *problem; /* why senders do not use it (RFC 7672 3.1); NULL: they do */
};

/* From the octets of the record (dns/dns.h). */
void gp_tls_policy_tlsa_parse(struct gp_span octets, struct gp_tls_policy_tlsa *tlsa_out);

#endif
