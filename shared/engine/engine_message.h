/* SPDX-License-Identifier: ISC */
/*
 * Engine, the second entry: one verdict about a whole message.
 *
 * Runs SPF, DKIM, ARC and DMARC over a message with its envelope, in that order and each once, then
 * decides once, after all of them, and says what failed: what a trusted chain may still save must
 * not have been quarantined before (OpenDMARC issue 24). Knows the configuration; does not know
 * which mail server asks nor how it stores its mail.
 *
 *     struct gp_mail mail = {.config = c, .digest = d, .envelope = &e, .message = &m, .body = &b};
 *     struct gp_mail_verdict v;
 *     int rc = gp_engine_message(ctx, &mail, &v);
 *     gp_engine_field(arena, &v, name, &text);                 ("dmarc.policy" and so on)
 *
 * All is well, or the sender or DNS is at fault: GP_OK and a verdict. We are: GP_ETOOBIG,
 * GP_ENOMEM, or what mail.body->read gave; the surface then accepts or defers as configured.
 *
 * Questions to DNS that do not depend on each other are asked at once: keys of all signatures, the
 * SPF record, the tree walk of the author's domain. No question is asked twice for one message.
 *
 * Ownership: mail and what it points to are borrowed; the verdict's texts live in ctx->arena.
 * Threads: no state.
 */
#ifndef GP_ENGINE_ENGINE_MESSAGE_H
#define GP_ENGINE_ENGINE_MESSAGE_H

#include <stdbool.h>

#include "arc/arc.h"
#include "base/ctx.h"
#include "base/err.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "dkim/dkim.h"
#include "dmarc/dmarc.h"
#include "engine/engine.h"
#include "engine/sample.h"
#include "mail/author.h"
#include "mail/message.h"
#include "spf/spf.h"

/* A message with its envelope. */
struct gp_mail {
	const struct gp_config *config;
	const struct gp_crypto_digest *digest;
	const struct gp_envelope *envelope;
	const struct gp_message *message;
	const struct gp_message_body *body;
	struct gp_sample_key *sample_key; /* NULL: there is none, pct= takes all messages */
	bool every_check; /* for the operator's question: run all, whatever modes and exceptions
			     say; decide as if each check were enforced */
};

struct gp_mail_verdict {
	enum gp_action action;
	enum gp_action would; /* what the modes' enforce had done; equals action when they do */
	const char *rule;     /* name of the rule that decided, for the log */
	const char *reply;    /* "550 5.7.26 text" for action or would; NULL for accept */
	bool checked;         /* false: an exception made all checks unnecessary */
	bool has_mailfrom, has_helo, has_from; /* which SPF results are set */
	struct gp_spf_result mailfrom, helo;
	struct gp_spf_result from; /* spf.check_from: of the author's domain, never aligned */
	bool has_dkim, has_arc, has_dmarc;
	struct gp_dkim_results dkim;
	struct gp_arc_result arc;
	struct gp_dmarc_result dmarc;
	const char *pct_ignored;         /* why pct= took all messages: no secret; NULL */
	const char *author_domain;       /* A-labels; "" when there is not exactly one */
	const char *from_problem;        /* why not; NULL */
	enum gp_author_cause from_cause; /* which of the options dmarc.on_... is about that */
	unsigned arc_instance;           /* whose sealed results vouch for the author; 0: none do */
	const char
		*override;  /* why a policy was not applied: "arc", "dmarc.forwarders", ...; NULL */
	unsigned dns_stale; /* answers of DNS that had expired, as no server answered */
	const char *trouble; /* what kept us from asking DNS and from being certain; NULL: nothing;
				what is to be done then is the surface's to say, not action */
	const char *results; /* the value of an Authentication-Results field, folded "\n\t" */
	const char
		*summary; /* one line for the log, printable ASCII: what was found, what decided */
};

/* The checks of a message. */
int gp_engine_message(struct gp_ctx *ctx, const struct gp_mail *mail,
	struct gp_mail_verdict *verdict_out) GP_MUST_CHECK;

/* What a configured word (enum gp_config_dmarc_action) asks for. */
enum gp_action gp_engine_dmarc_action(int word);

/*
 * One fact of a verdict by its documented name, as text of validated words, numbers and domain
 * names: "" for what is not known. False: there is no such name. Numbers are put into the arena.
 */
bool gp_engine_field(struct gp_arena *arena, const struct gp_mail_verdict *verdict,
	struct gp_span name, const char **text_out);

/* All names, ended by NULL, for the documentation and its test. */
extern const char *const gp_engine_fields[];

#endif
