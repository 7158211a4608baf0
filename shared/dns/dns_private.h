/* SPDX-License-Identifier: ISC */
/*
 * The resolver as its layers see it: a table of functions, and the layer below. For the files of
 * this folder and for tests, whose scripted zone is one more layer.
 */
#ifndef GP_DNS_DNS_PRIVATE_H
#define GP_DNS_DNS_PRIVATE_H

#include "dns/dns.h"

struct gp_dns_ops {
	/* As gp_dns_query, which has checked that every name is valid and count within bounds. */
	int (*query)(struct gp_dns *dns, struct gp_ctx *ctx,
		const struct gp_dns_question *questions, size_t count,
		struct gp_dns_answer *answers_out);
	/* Frees the layer itself, not the one below. */
	void (*free)(struct gp_dns *dns);
};

/* The first member of each layer's own struct. */
struct gp_dns {
	const struct gp_dns_ops *ops;
	struct gp_dns *below; /* owned; NULL at the bottom */
};

/* One packet, as a server's reply to this question was understood. */
struct gp_dns_reply {
	struct gp_dns_answer answer;
	bool truncated;    /* TC: ask again over TCP */
	bool next_server;  /* a refusal or failure of this server: SERVFAIL, REFUSED, NOTIMP... */
	bool without_edns; /* the server does not know EDNS (RFC 6891 7): ask again without */
};

/*
 * Reads a packet: GP_ESYNTAX when it is none or not the reply to this question with this id (the
 * caller then goes on waiting), GP_OK and the reply otherwise. Strings go to the arena. CNAMEs
 * inside the packet are followed. Never fails for content: nonsense becomes TEMPFAIL.
 */
int gp_dns_wire_parse(struct gp_arena *arena, struct gp_span packet, uint16_t id,
	const struct gp_dns_question *question, struct gp_dns_reply *reply_out) GP_MUST_CHECK;

#endif
