/* SPDX-License-Identifier: ISC */
/*
 * Facts: what is known about a mail at one of its stages, and what the checks have found.
 *
 * A surface fills in what the mail server passes (envelope, message, what is to be counted); the
 * pipeline fills in the rest, and policy sees nothing else. Facts do not know which program asks,
 * nor what is done with the mail.
 *
 *     struct gp_facts f;
 *     gp_engine_facts_init(&f, config, GP_STAGE_RCPT, &envelope);
 *     f.mail = &mail;                                    (GP_STAGE_MESSAGE only)
 *     rc = gp_engine_run(ctx, &pipeline, &f, &verdict);  (engine/pipeline.h)
 *
 * Ownership: what a surface puts in is borrowed and must outlive the facts; texts that checks add
 * live in the arena of the context. Threads: facts belong to one.
 */
#ifndef GP_ENGINE_FACTS_H
#define GP_ENGINE_FACTS_H

#include <stdbool.h>

#include "arc/arc.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/ipaddr.h"
#include "base/span.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "dkim/dkim.h"
#include "dkim/dkim_body.h"
#include "dmarc/dmarc.h"
#include "dns/dns.h"
#include "engine/sample.h"
#include "limit/limit_message.h"
#include "mail/author.h"
#include "mail/body.h"
#include "mail/message.h"
#include "reputation/dnsbl/dnsbl_health.h"
#include "spf/spf.h"
#include "store/store.h"

/* Where in a conversation of SMTP (RFC 5321) a mail server asks. */
enum gp_stage {
	GP_STAGE_OTHER, /* none that we know */
	GP_STAGE_CONNECT,
	GP_STAGE_HELO,
	GP_STAGE_MAIL,
	GP_STAGE_RCPT,
	GP_STAGE_DATA,
	GP_STAGE_END,    /* the end of the message, of which only the size is known */
	GP_STAGE_MESSAGE /* the whole message is there */
};
#define GP_STAGES 8
#define GP_AT(stage) (1u << (stage)) /* sets of stages */

struct gp_pipeline;     /* engine/pipeline.h */
struct gp_dnsbl_result; /* reputation/dnsbl/dnsbl.h */

/* Checks of a pipeline. */
#define GP_CHECKS_MAX 16

/* What is known when a recipient is offered. Spans may be empty. */
struct gp_envelope {
	struct gp_ipaddr client;      /* GP_IP_NONE: not an internet client, or not readable */
	bool client_is_unreadable;    /* it has an address that cannot be read */
	struct gp_ipaddr server;      /* the address the client came to; may be GP_IP_NONE */
	struct gp_span client_name;   /* verified by the mail server; empty when it is not */
	struct gp_span helo;          /* as the client said it */
	struct gp_span sender;        /* MAIL FROM; empty for the null sender */
	struct gp_span recipient;     /* RCPT TO; may be empty before RCPT */
	struct gp_span sasl_username; /* empty: not authenticated */
};

/* A whole message. */
struct gp_mail {
	const struct gp_crypto_digest *digest;
	const struct gp_message *message;
	const struct gp_message_body *body;
	struct gp_sample_key *sample_key; /* NULL: there is none, pct= takes all messages */
	bool is_header_cut; /* the mail server hands over a part of the header only: another From
			     * may stand after the cut */
};

/* What this message is to be counted as, and where. */
struct gp_counting {
	struct gp_limit_overrides *overrides; /* with their store; NULL: nothing is counted */
	struct gp_limit_message *message;     /* what this message holds so far */
	struct gp_limit_amounts total;        /* what it is to hold in all */
};

/* SPF (check_spf.c). */
struct gp_facts_spf {
	bool has_mailfrom, has_helo; /* which results are set */
	bool has_from;               /* spf.check_from: of the author's domain */
	struct gp_spf_result mailfrom, helo, from;
	int64_t mailfrom_us, helo_us; /* how long each took */
	unsigned helo_trouble;        /* queries about HELO that could not be sent */
	bool forwarded;               /* the client may send for one of spf.forwarders */
	bool yields;                  /* spf.yield_to_dmarc holds a refusal of MAIL FROM back */
};

/* The limit that decided. Texts: the configuration's or the context's arena. */
struct gp_facts_limit {
	const char *name;    /* NULL: no limit decided */
	const char *subject; /* "user:alice" */
	const char *unit;    /* "recipients" */
	int64_t used, max;   /* used: with this mail if it was accepted, else without */
	int64_t per_ms;
	int64_t wait_ms;            /* until there is room again; -1: never for a mail like this */
	int64_t free_s;             /* the same as a point of wall time (Unix); -1 */
	const struct gp_limit *row; /* of the configuration */
};

struct gp_facts {
	/* given */
	const struct gp_config *config;
	enum gp_stage stage;
	struct gp_envelope envelope; /* with the addresses that are judged (gp_engine_address) */
	const struct gp_mail *mail;  /* NULL before GP_STAGE_MESSAGE */
	struct gp_counting counting;
	struct gp_store *store;        /* for what mail has shown; NULL: nothing is kept or known */
	struct gp_dnsbl_health *lists; /* which DNS lists work; NULL: none is asked */
	bool every_check; /* for gatepost verify: run all, whatever modes and exceptions
			     say; decide as if each check were enforced */
	bool was_asked;   /* something was asked about this message at an earlier stage */
	unsigned noted;   /* bits by the place of a check: it noted something about a recipient of
			   * this message before (check.h) */

	/* of the envelope */
	const char *sender_domain;    /* A-labels; NULL: null sender, or none that is a domain */
	const char *helo_name;        /* A-labels; NULL: no domain name */
	const char *recipient_domain; /* A-labels; NULL: it is ASCII, or no domain */
	bool is_ours;                 /* of our users, networks and programs: nothing is judged */
	bool private_client; /* the client's address says nothing: behind a NAT, or local */

	/* of the message */
	const char *author_domain;       /* A-labels; "" when there is not exactly one */
	const char *from_problem;        /* why not; NULL */
	enum gp_author_cause from_cause; /* which of the options dmarc.on_... is about that */
	bool is_header_cut;              /* as mail says, also when that is gone */

	/* of the checks; what is not marked as there is zero */
	struct gp_facts_spf spf;
	const struct gp_dnsbl_result *dnsbl; /* what DNS lists say; NULL: they were not asked */
	bool has_dkim, has_arc, has_dmarc;
	struct gp_dkim_results dkim;
	struct gp_arc_result arc;
	unsigned arc_instance; /* whose sealed results vouch for the author; 0: none do */
	bool vouched_later;    /* a trusted chain that DNS keeps from being checked for now */
	struct gp_dmarc_result dmarc;
	const char *pct_ignored; /* why pct= took all messages: no secret; NULL */
	bool dmarc_forwarded;    /* SPF lets the client send for one of dmarc.forwarders */
	bool has_limits;         /* limits were looked at; what came of that: */
	enum gp_limit_outcome limits;
	struct gp_facts_limit limit;
	bool store_failed; /* the store could not count */
	int64_t limits_us;

	/* of DNS */
	struct gp_dns_notes notes; /* what its answers were like */
	/*
	 * What kept us from asking DNS, and the checks from being certain; NULL: nothing. What is
	 * to be done then is the surface's to say, not policy, which took it for the sender's.
	 */
	const char *trouble;

	/* of the pipeline: bits by the place of a check in its table */
	const struct gp_pipeline *pipeline; /* that has these facts */
	unsigned ran;                       /* has found what it could find */
	unsigned fresh;                     /* and did so now, not at an earlier stage */
	void *own[GP_CHECKS_MAX]; /* what a check of its own kind has found (gp_engine_own) */

	/* checks at work; nobody else's */
	const struct gp_facts *before; /* what is kept of earlier requests about the message; NULL:
					  nothing is */
	struct gp_body *body;          /* read once, for all checks that need it */
	struct gp_dkim_bodies *bodies;
	struct gp_dkim *dkim_reader;   /* NULL: it does not run */
	struct gp_arc *arc_reader;     /* likewise */
	struct gp_dmarc *dmarc_reader; /* likewise */
};

/* What is given, and nothing found. */
void gp_engine_facts_init(struct gp_facts *facts, const struct gp_config *config,
	enum gp_stage stage, const struct gp_envelope *envelope);

/* The address that is judged, counted and compared with lists: of IPv4 where a NAT64 or a mapped
 * address (RFC 4291 2.5.5.2, RFC 6052) shows it as IPv6. */
struct gp_ipaddr gp_engine_address(const struct gp_config *config, struct gp_ipaddr addr);

/* A name in A-labels and lower case; NULL where it is no domain. */
int gp_engine_find_domain(
	struct gp_ctx *ctx, struct gp_span domain, const char **domain_out) GP_MUST_CHECK;

/* Fills in the names of the envelope; or that of the recipient alone. */
int gp_engine_find_names(struct gp_ctx *ctx, struct gp_facts *facts) GP_MUST_CHECK;
int gp_engine_find_recipient(struct gp_ctx *ctx, struct gp_facts *facts) GP_MUST_CHECK;

/* Copies the names of the sender and of HELO, for the same envelope. */
int gp_engine_copy_names(
	struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to) GP_MUST_CHECK;

/* Fills in whose message it says it is. */
int gp_engine_find_author(struct gp_ctx *ctx, struct gp_facts *facts) GP_MUST_CHECK;

/*
 * The context with a quarter of its time taken off. Names that the sender has chosen may be
 * arbitrarily slow; what is asked after them about the author's domain has to have its answer all
 * the same, or a forgery would be a temporary error.
 */
struct gp_ctx gp_engine_hurried(const struct gp_ctx *ctx);

/* The SPF result that stands for the envelope: of MAIL FROM, else of HELO (RFC 7208 2.4); NULL:
 * there is none. */
const struct gp_spf_result *gp_engine_spf_result(const struct gp_facts *facts);

#endif
