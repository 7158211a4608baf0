/* SPDX-License-Identifier: ISC */
/* Facts, the decision over them and the texts made of it; for the files of this folder. */
#ifndef GP_ENGINE_ENGINE_PRIVATE_H
#define GP_ENGINE_ENGINE_PRIVATE_H

#include "engine/engine.h"

/* What the checks found out; the decision sees nothing else. */
struct gp_facts {
	const struct gp_config *config;
	const struct gp_envelope *envelope;
	const char *sender_domain;    /* A-labels; NULL: null sender, or none that is a domain */
	const char *helo_name;        /* A-labels; NULL: no domain name */
	const char *recipient_domain; /* A-labels; NULL: it is ASCII, or no domain */
	bool has_mailfrom, has_helo, forwarded;
	bool yields; /* spf.yield_to_dmarc holds a refusal of MAIL FROM back */
	struct gp_spf_result mailfrom, helo;
	int64_t mailfrom_us, helo_us;     /* how long each took */
	const struct gp_dns_notes *notes; /* what DNS was like */
	unsigned helo_trouble;            /* questions about HELO that could not be asked */
};

/* The envelope with the addresses that are judged (gp_engine_address). */
struct gp_envelope gp_engine_judged(
	const struct gp_config *config, const struct gp_envelope *envelope);

/* The domain in A-labels, NULL where it is none. */
int gp_engine_domain(
	struct gp_ctx *ctx, struct gp_span domain, const char **domain_out) GP_MUST_CHECK;

/* Fills in the names of the envelope that is set. */
int gp_engine_find_names(struct gp_ctx *ctx, struct gp_facts *facts) GP_MUST_CHECK;

/* SPF of one identity of the envelope; an empty mail_from is the null sender. */
int gp_engine_spf(struct gp_ctx *ctx, const struct gp_facts *facts, enum gp_spf_identity identity,
	struct gp_span mail_from, struct gp_spf_result *result_out) GP_MUST_CHECK;

/* May the client send for one of the domains that forward to us? */
int gp_engine_is_forwarded(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_config_texts *forwarders, bool *forwarded_out) GP_MUST_CHECK;

enum gp_reply {
	GP_REPLY_NONE,
	GP_REPLY_REJECT,
	GP_REPLY_TEMPERROR,
	GP_REPLY_PERMERROR,
	GP_REPLY_PERMERROR_REJECT
};

struct gp_decision {
	const char *rule;
	enum gp_action action;
	enum gp_reply reply;
	const struct gp_spf_result *because; /* the result the reply is about; NULL for accept */
	bool may_yield;                      /* a refusal that DMARC could hold back */
};

/*
 * What kept DNS from being asked, if anything did; has_temperror: a verdict is one for want of
 * time, perhaps.
 */
const char *gp_engine_trouble(const struct gp_dns_notes *notes, bool has_temperror);

/* Mail of ours, of which nothing is asked: the name of the rule, or NULL. */
const char *gp_engine_ours(const struct gp_facts *facts);

/*
 * A client whose address says nothing about the sender of its mail: the name of the rule, or NULL.
 */
const char *gp_engine_unjudged(const struct gp_facts *facts);

/* Rules that need no check: the first that applies, or false when SPF has to be asked. */
bool gp_engine_decide_early(const struct gp_facts *facts, struct gp_decision *decision_out);

/* Rules over the results; always decides. */
void gp_engine_decide(const struct gp_facts *facts, struct gp_decision *decision_out);

/*
 * Is the client's address one that says nothing about the sender? Behind the NAT of a container
 * every client has such an address, and all mail was refused (docker-mailserver issues 611, 2066).
 */
bool gp_engine_is_private_client(const struct gp_facts *facts);

/* Is the name an item of the list, or below one that begins with a dot? */
bool gp_engine_in_names(const struct gp_config_texts *list, struct gp_span name);

/* Is the address in one of the networks? */
bool gp_engine_in_prefixes(const struct gp_config_prefixes *list, const struct gp_ipaddr *addr);

/* What the {names} of a template stand for: text as it came, or NULL when the arena refused. */
struct gp_engine_values {
	const char *(*value)(void *arg, struct gp_span name);
	void *arg;
};

/*
 * A template with its {names} filled in, each value bounded and made visible, or escaped where it
 * stands in a URL; of at most max bytes, cut there. NULL: the arena refused. The configuration lets
 * no unknown name through.
 */
const char *gp_engine_fill(
	struct gp_ctx *ctx, const char *text, const struct gp_engine_values *values, size_t max);

/* "550 5.7.23 text" from the configured templates; the text is bounded and printable ASCII. */
int gp_engine_reply(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_decision *decision, const char **reply_out) GP_MUST_CHECK;

/* The header field for accepted mail, on one line; NULL when none is configured or known. */
int gp_engine_header(
	struct gp_ctx *ctx, const struct gp_facts *facts, const char **header_out) GP_MUST_CHECK;

#endif
