/* SPDX-License-Identifier: ISC */
/*
 * Check: what gatepost check looks at: a domain of one's own as large receivers see it. Each file
 * judges one subject and says findings into a report (doctor_report.h): what is so, and on what is
 * not well, the record to publish.
 *
 * What DNS says is foreign and bounded: so many names and records, and no more, are looked at; the
 * report makes texts printable. GP_OK, or the refusals of the arena; everything lives in it.
 */
#ifndef GP_CHECK_CHECK_H
#define GP_CHECK_CHECK_H

#include "base/ctx.h"
#include "cli/doctor/doctor_report.h"
#include "config/config.h"
#include "dns/dns.h"
#include "spf/spf.h"

#define GP_CHECK_IPS_MAX 16
#define GP_CHECK_SELECTORS_MAX 16
#define GP_CHECK_HOSTS_MAX 10 /* MX hosts that are looked at */

/* What senders of many messages are told, next to what causes it. */
#define GP_CHECK_BOTH(gmail) "Gmail refuses it with 550 " gmail ", Microsoft with 550 5.7.515"

struct gp_check {
	struct gp_ctx *ctx;
	const struct gp_config *config;
	struct gp_doctor_report *report;
	const char *domain;      /* of From, A-labels */
	const char *mail_domain; /* of MAIL FROM; the same unless it is said */
	struct gp_ipaddr ips[GP_CHECK_IPS_MAX];
	size_t ip_count;
	const char *selectors[GP_CHECK_SELECTORS_MAX];
	size_t selector_count;
	/* found out by one subject for the next */
	size_t good_keys;                            /* DKIM keys with which signatures can pass */
	struct gp_spf_result spf[GP_CHECK_IPS_MAX];  /* of each address */
	struct gp_dns_record mx[GP_CHECK_HOSTS_MAX]; /* names of hosts */
	size_t mx_count;
	bool mx_secure;
	bool is_validated; /* the resolver validates DNSSEC */
};

/* SPF: the record, its lookups, other clients, each address (check_spf.c). */
int gp_check_spf(struct gp_check *check) GP_MUST_CHECK;

/* DKIM: each selector (check_dkim.c). */
int gp_check_dkim(struct gp_check *check) GP_MUST_CHECK;

/* DMARC: the record, where reports go, alignment (check_dmarc.c). After SPF and DKIM. */
int gp_check_dmarc(struct gp_check *check) GP_MUST_CHECK;

/* PTR and the name that leads back, of each address (check_host.c). */
int gp_check_host(struct gp_check *check) GP_MUST_CHECK;

/* MX records and their hosts (check_mx.c). */
int gp_check_mx(struct gp_check *check) GP_MUST_CHECK;

/* TLSA records of the MX hosts, MTA-STS, TLSRPT (check_tls.c). After MX. */
int gp_check_tls(struct gp_check *check) GP_MUST_CHECK;

/* All of them, in this order. */
int gp_check_all(struct gp_check *check) GP_MUST_CHECK;

/* Begins the findings of a subject: "spf.record". */
void gp_check_begin(struct gp_check *check, const char *name);

/* One question. */
int gp_check_ask(struct gp_check *check, const char *name, enum gp_dns_type type,
	struct gp_dns_answer *answer_out) GP_MUST_CHECK;

/* Says that DNS gives no answer, where it does not: true. */
bool gp_check_is_silent(
	struct gp_check *check, const char *name, const struct gp_dns_answer *answer);

#endif
