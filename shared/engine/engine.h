/* SPDX-License-Identifier: ISC */
/*
 * Engine: one verdict about an envelope.
 *
 * Runs the checks that apply, in the order of the table in decide.c, and says what is to be done
 * and which rule decided. Knows the configuration; does not know which mail server asks, nor how
 * its answer is spelled.
 *
 *     struct gp_verdict v;
 *     int rc = gp_engine_envelope(ctx, config, &envelope, &v);
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
#include "spf/spf.h"

/* What is known when a recipient is offered. Spans may be empty. */
struct gp_envelope {
	struct gp_ipaddr client;      /* GP_IP_NONE: not an internet client */
	struct gp_ipaddr server;      /* the address the client came to; may be GP_IP_NONE */
	struct gp_span client_name;   /* verified by the mail server; empty when it is not */
	struct gp_span helo;          /* as the client said it */
	struct gp_span sender;        /* MAIL FROM; empty for the null sender */
	struct gp_span recipient;     /* RCPT TO; may be empty before RCPT */
	struct gp_span sasl_username; /* empty: not authenticated */
};

enum gp_action { GP_ACTION_ACCEPT, GP_ACTION_DEFER, GP_ACTION_REJECT };

struct gp_verdict {
	enum gp_action action;
	enum gp_action would; /* what mode = enforce had done; equals action when it is enforced */
	const char *rule;     /* name of the rule that decided, for the log */
	const char *reply;    /* "550 5.7.23 text" for action or would; NULL for accept */
	const char *header;   /* "Name: value" for accepted mail; NULL when there is none */
	bool private_client;  /* the client's address says nothing: behind a NAT, or local */
	bool has_mailfrom, has_helo; /* which results are set */
	struct gp_spf_result mailfrom, helo;
};

/* The checks of an envelope. */
int gp_engine_envelope(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_verdict *verdict_out) GP_MUST_CHECK;

/* "accept", "defer", "reject". */
const char *gp_engine_action_name(enum gp_action action);

#endif
