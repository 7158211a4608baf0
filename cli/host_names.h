/* SPDX-License-Identifier: ISC */
/*
 * Host_names: what an address is called in DNS (PTR), and which of these names lead back to it
 * ("forward-confirmed"), which large receivers want of every client.
 *
 * What DNS says is foreign: at most ten names are looked at, and a name that is no host name is
 * never taken for one. Everything lives in the context's arena.
 */
#ifndef GP_CLI_HOST_NAMES_H
#define GP_CLI_HOST_NAMES_H

#include "base/ctx.h"
#include "dns/dns.h"

#define GP_CLI_HOST_NAMES_MAX 10

enum gp_cli_forward {
	GP_CLI_FORWARD_CONFIRMED, /* the address is among those of the name */
	GP_CLI_FORWARD_OTHER,     /* the name has other addresses */
	GP_CLI_FORWARD_NONE,      /* it has none of this family, or does not exist */
	GP_CLI_FORWARD_UNKNOWN    /* DNS gives no answer */
};

struct gp_cli_host_name {
	const char *name; /* lower case; any other byte may occur */
	enum gp_cli_forward forward;
};

struct gp_cli_host_names {
	const char *reverse;      /* the name that was asked: 1.2.0.192.in-addr.arpa */
	struct gp_dns_answer ptr; /* the answer about it */
	struct gp_cli_host_name names[GP_CLI_HOST_NAMES_MAX];
	size_t count;
	const char *confirmed; /* the first host name among those that lead back; NULL: none */
};

/* Asks. GP_ETOOBIG, GP_ENOMEM. */
int gp_cli_host_names_find(struct gp_ctx *ctx, const struct gp_ipaddr *addr,
	struct gp_cli_host_names *names_out) GP_MUST_CHECK;

#endif
