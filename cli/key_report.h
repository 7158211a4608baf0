/* SPDX-License-Identifier: ISC */
/*
 * Key_report: what a DKIM key record says, in plain words, and what is wrong with it: for gatepost
 * dkim, which shows one, and gatepost check, which judges several.
 */
#ifndef GP_CLI_KEY_REPORT_H
#define GP_CLI_KEY_REPORT_H

#include "base/ctx.h"
#include "dkim/dkim_key.h"
#include "dns/dns.h"

#define GP_CLI_KEY_RECORDS 5 /* records with a key that are looked at (dkim/dkim.h) */
#define GP_CLI_KEY_REMARKS 6

/* How much a remark weighs. */
enum gp_cli_key_weight {
	GP_CLI_KEY_NOTE,
	GP_CLI_KEY_WARNING, /* works, for now or for some */
	GP_CLI_KEY_PROBLEM  /* no signature passes */
};

struct gp_cli_key_remark {
	enum gp_cli_key_weight weight;
	const char *text; /* printable */
};

/* One key record. */
struct gp_cli_key {
	struct gp_span text; /* as it stands in DNS; any byte may occur */
	struct gp_dkim_key_facts facts;
	const char *kind;     /* "rsa", "ed25519"; NULL: not known */
	const char *hashes;   /* h=, printable; NULL: any */
	const char *services; /* s=; NULL: any */
	const char *notes;    /* n=; NULL */
	struct gp_cli_key_remark remarks[GP_CLI_KEY_REMARKS];
	size_t remark_count;
};

/* What stands at SELECTOR._domainkey.DOMAIN. */
struct gp_cli_keys {
	const char *name;
	struct gp_dns_answer answer;
	struct gp_cli_key keys[GP_CLI_KEY_RECORDS];
	size_t count;
	size_t others; /* TXT records without a key */
};

/* Asks and reads. domain: in A-labels. GP_EINVAL: domain and selector together are no name of DNS;
 * GP_ETOOBIG, GP_ENOMEM. */
int gp_cli_keys_find(struct gp_ctx *ctx, const char *domain, const char *selector,
	const struct gp_dkim_options *options, struct gp_cli_keys *keys_out) GP_MUST_CHECK;

#endif
