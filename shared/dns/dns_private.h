/* SPDX-License-Identifier: ISC */
/*
 * The resolver as its layers see it: a table of functions, and the layer below. For the files of
 * this directory and for tests, whose scripted zone is one more layer.
 */
#ifndef GP_DNS_DNS_PRIVATE_H
#define GP_DNS_DNS_PRIVATE_H

#include "dns/dns.h"

/*
 * What a caller wants beyond the answers: to hear of each as soon as it is known, not with the last
 * one of the call; or answers that are fresh.
 */
struct gp_dns_watch {
	/* The i-th question has its answer, which is borrowed; called by the thread that asks. May
	 * be NULL. */
	void (*landed)(void *arg, size_t i, const struct gp_dns_answer *answer);
	/* The i-th question is asked from now on, not waiting for a place; may be NULL. */
	void (*begun)(void *arg, size_t i);
	void *arg;
	/*
	 * Is the i-th question to be asked still? For one that has waited for a place; false: it
	 * never begins and never lands, and its answer is not looked at. NULL: all are.
	 */
	bool (*is_wanted)(void *arg, size_t i);
	/*
	 * Until when each question is worth waiting for, where that is before the deadline; its
	 * servers share the time. NULL: all until the deadline.
	 */
	const int64_t *until_us;
	/* As gp_dns_query_fresh says: no answer is stale, or older than so many seconds. */
	bool is_fresh;
	uint32_t ttl_max_s;
};

struct gp_dns_ops {
	/*
	 * As gp_dns_query, which has checked that every name is valid and count within bounds.
	 * watch may be NULL; a layer that has all answers at once need not call it. When the
	 * deadline of ctx ended the attempt and not the servers, the answer is TEMPFAIL with "ours"
	 * set, and TROUBLE when want of descriptors or the like did: a cache above keeps neither.
	 */
	int (*query)(struct gp_dns *dns, struct gp_ctx *ctx,
		const struct gp_dns_question *questions, size_t count,
		const struct gp_dns_watch *watch, struct gp_dns_answer *answers_out);
	/* Frees the layer itself, not the one below. */
	void (*free)(struct gp_dns *dns);
};

/* The first member of each layer's own struct. */
struct gp_dns {
	const struct gp_dns_ops *ops;
	struct gp_dns *below; /* owned; NULL at the bottom */
};

/* Notes that so much time was lost in waiting for places; what is lost bit by bit is summed. */
void gp_dns_note_held(const struct gp_ctx *ctx, int64_t lost_us);

/* ---- names in packets ---- */

#define GP_DNS_WIRE_NAME_MAX 255 /* RFC 1035 2.3.4 */

/* The uncompressed wire form of a valid name; returns its length. */
size_t gp_dns_name_to_wire(struct gp_span name, uint8_t wire_out[GP_DNS_WIRE_NAME_MAX]);

/*
 * Text of an uncompressed wire name: lower case, no trailing dot, root: "". GP_ESYNTAX when it has
 * no such text: a dot or NUL inside a label, or no proper end.
 */
int gp_dns_name_from_wire(struct gp_span wire, char name_out[GP_DNS_NAME_TEXT]) GP_MUST_CHECK;

/* ---- packets ---- */

#define GP_DNS_QUERY_MAX 320  /* header, one question, one empty OPT record */
#define GP_DNS_EDNS_SIZE 1232 /* what passes unfragmented nearly everywhere */
#define GP_DNS_CNAME_CHAIN_MAX 16

/* How a query is to look. */
struct gp_dns_query_form {
	uint16_t id;
	bool edns;            /* with an OPT record (RFC 6891) */
	bool want_ad;         /* AD set: tell whether you validated (RFC 6840 5.7) */
	bool want_signatures; /* DO set, where there is EDNS (RFC 3225 3) */
};

/* Writes the packet that asks a question, recursion desired. GP_ENOMEM, or GP_EINVAL for a name. */
int gp_dns_wire_build(const struct gp_dns_question *question, const struct gp_dns_query_form *form,
	uint8_t packet_out[GP_DNS_QUERY_MAX], size_t *length_out) GP_MUST_CHECK;

/* One packet, as a server's reply to this question was understood. */
struct gp_dns_reply {
	struct gp_dns_answer answer; /* problem is a static text without the server's name */
	bool truncated;              /* TC: ask again over TCP; there is no answer */
	bool next_server;  /* a refusal or failure of this server: SERVFAIL, REFUSED, NOTIMP... */
	bool without_edns; /* the server does not know EDNS (RFC 6891 7): ask again without */
};

/*
 * Reads a packet: GP_ESYNTAX when it is none or not the reply to this question with this id (the
 * caller then continues waiting), GP_OK and the reply otherwise; GP_ETOOBIG, GP_ENOMEM when memory
 * ends. Records and the canonical name go to the arena, and nothing else. CNAMEs inside the packet
 * are followed. Never fails for content: what begins as the right reply and continues as nonsense
 * becomes TEMPFAIL. A FORMERR or NOTIMP may come without a question, as from servers that could not
 * read ours.
 */
int gp_dns_wire_parse(struct gp_arena *arena, struct gp_span packet, uint16_t id,
	const struct gp_dns_question *question, struct gp_dns_reply *reply_out) GP_MUST_CHECK;

#endif
