/* SPDX-License-Identifier: ISC */
/*
 * Engine: one verdict about an envelope.
 *
 * Runs the checks that apply, in the order of the table in decide.c, then counts what is to be let
 * in under its limits, and says what is to be done and which rule decided. Knows the configuration;
 * does not know which mail server asks, nor how its answer is spelled.
 *
 *     struct gp_verdict v = {0};
 *     int rc = gp_engine_envelope(ctx, config, &envelope, &v);
 *     if (!rc)
 *         rc = gp_engine_rates(ctx, &rates, &envelope, &total, &v);
 *
 * All is well, or the sender or DNS is at fault: GP_OK and a verdict (on_temperror says what DNS
 * trouble means). We are: GP_ETOOBIG, GP_ENOMEM; the surface then accepts or defers as it
 * documents.
 *
 * Ownership: the envelope and the configuration are borrowed; the verdict's texts live in
 * ctx->arena. Threads: no state.
 */
#ifndef GP_ENGINE_ENGINE_H
#define GP_ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/ipaddr.h"
#include "base/span.h"
#include "config/config.h"
#include "limit/limit_message.h"
#include "spf/spf.h"

/* What is known when a recipient is offered. Spans may be empty. */
struct gp_envelope {
	struct gp_ipaddr client;      /* GP_IP_NONE: not an internet client, or not readable */
	bool client_is_unreadable;    /* it has an address that says nothing to us */
	struct gp_ipaddr server;      /* the address the client came to; may be GP_IP_NONE */
	struct gp_span client_name;   /* verified by the mail server; empty when it is not */
	struct gp_span helo;          /* as the client said it */
	struct gp_span sender;        /* MAIL FROM; empty for the null sender */
	struct gp_span recipient;     /* RCPT TO; may be empty before RCPT */
	struct gp_span sasl_username; /* empty: not authenticated */
};

enum gp_action {
	GP_ACTION_ACCEPT,
	GP_ACTION_HOLD,       /* accepted into a queue where the operator looks at it */
	GP_ACTION_QUARANTINE, /* accepted, marked to be filed as suspicious */
	GP_ACTION_DEFER,
	GP_ACTION_REJECT
};
#define GP_ACTIONS 5

/* The limit that a verdict speaks of. Texts: the configuration's or the context's arena. */
struct gp_verdict_limit {
	const char *name;    /* NULL: no limit has anything to say */
	const char *subject; /* "user:alice" */
	const char *unit;    /* "recipients" */
	int64_t used, max;   /* used: with this mail if it was accepted, else without */
	int64_t per_ms;
	int64_t wait_ms; /* until there is room again; -1: never for a mail like this */
	int64_t free_s;  /* the same as a point of wall time (Unix); -1 */
};

struct gp_verdict {
	enum gp_action action;
	enum gp_action would; /* what mode = enforce had done; equals action when it is enforced */
	const char *rule;     /* name of the rule that decided, for the log */
	const char
		*reply; /* "550 5.7.23 text" for action or would; text for hold; NULL for accept */
	const char *header;          /* "Name: value" for accepted mail; NULL when there is none */
	bool private_client;         /* the client's address says nothing: behind a NAT, or local */
	bool has_mailfrom, has_helo; /* which results are set */
	struct gp_spf_result mailfrom, helo;
	struct gp_verdict_limit limit;
	unsigned dns_stale; /* answers of DNS that had expired, as no server answered */
	/*
	 * What kept us from asking DNS, and the checks from being certain; NULL: nothing. What is
	 * to be done then is the surface's to say, not action, which took it for the sender's.
	 */
	const char *trouble;
	bool store_failed; /* the store could not count; the rule says what came of it */
	bool has_limits;   /* limits were looked at; what came of that: */
	enum gp_limit_outcome limits;
	int64_t mailfrom_us, helo_us, limits_us; /* how long each of the checks took */
};

/* The address that is judged, counted and compared with lists: of IPv4 where a NAT64 or a mapped
 * address (RFC 4291 2.5.5.2, RFC 6052) shows it as IPv6. */
struct gp_ipaddr gp_engine_address(const struct gp_config *config, struct gp_ipaddr addr);

/* The rule by which nothing is judged of such mail ("trusted_networks", "spf.exempt_clients");
 * NULL: SPF is asked. */
int gp_engine_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const char **rule_out) GP_MUST_CHECK;

/* The checks of an envelope. */
int gp_engine_envelope(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_verdict *verdict_out) GP_MUST_CHECK;

/* "accept", "defer", "reject". */
const char *gp_engine_action_name(enum gp_action action);

/* Where the limits of one message are counted. */
struct gp_engine_rates {
	const struct gp_config *config;
	struct gp_limit_overrides *overrides; /* NULL: nothing is counted */
	struct gp_limit_message *message;     /* what this message holds so far */
};

/*
 * Counts a message up to total in all (limit/limit_message.h), unless verdict refuses it already,
 * and works what the limits say into verdict. The first call of a message resolves which limits
 * apply. GP_OK, also when a limit refuses; else as gp_engine_envelope.
 */
int gp_engine_rates(struct gp_ctx *ctx, const struct gp_engine_rates *rates,
	const struct gp_envelope *envelope, const struct gp_limit_amounts *total,
	struct gp_verdict *verdict) GP_MUST_CHECK;

/* Whose mail the limits take it for: what gp_limit_resolve wants to know. */
struct gp_limit_who gp_engine_who(
	const struct gp_config *config, const struct gp_envelope *envelope);

#endif
