/* SPDX-License-Identifier: ISC */
/*
 * Transaction: what is known about one message from its first request to its last (MAIL, every
 * RCPT, DATA or its end).
 *
 * What a check finds that does not depend on the recipient is kept, so that it is asked once for a
 * message and not once for a recipient; exemptions by recipient are looked at for each, over what
 * is kept. What the message holds of its limits is held here as well, until it is accepted or
 * released.
 *
 *     gp_engine_transaction_init(&t, &pipeline);
 *     gp_engine_transaction_ask(&t, ctx, &facts, &verdict);    (every request of one message)
 *     gp_engine_transaction_forget(&t);                        (another message follows)
 *     gp_engine_transaction_fini(&t);
 *
 * What is kept belongs to one envelope (client, HELO, sender, user): a request with another one is
 * checked anew. What could not be found out because of a local problem is not kept. At most
 * GP_TRANSACTION_KEPT_MAX bytes are; what is larger is asked for again.
 *
 * Ownership: a transaction owns what it keeps. Threads: it belongs to one.
 */
#ifndef GP_ENGINE_TRANSACTION_H
#define GP_ENGINE_TRANSACTION_H

#include "engine/pipeline.h"

#define GP_TRANSACTION_KEPT_MAX 16384

struct gp_transaction {
	const struct gp_pipeline *pipeline; /* borrowed */
	struct gp_limit_message limits;     /* what the message holds of its limits */
	struct gp_arena *arena;             /* of kept; NULL: nothing is */
	struct gp_facts *kept;              /* NULL: nothing is */
	bool was_asked;                     /* before DATA, about this message */
	unsigned noted; /* as facts->noted: until the first request after RCPT */
};

/* Nothing is known. */
void gp_engine_transaction_init(
	struct gp_transaction *transaction, const struct gp_pipeline *pipeline);

/* Frees what is kept; what limits have counted stays. */
void gp_engine_transaction_fini(struct gp_transaction *transaction);

/* Another message follows: nothing is kept any more. What is held of limits stays held. */
void gp_engine_transaction_forget(struct gp_transaction *transaction);

/*
 * One request about the message; facts as for gp_engine_run, with counting.message left to the
 * transaction. Statuses as gp_engine_run.
 */
int gp_engine_transaction_ask(struct gp_transaction *transaction, struct gp_ctx *ctx,
	struct gp_facts *facts, struct gp_verdict *verdict_out) GP_MUST_CHECK;

/* Releases what the message holds of its limits. */
void gp_engine_transaction_drop(struct gp_transaction *transaction,
	struct gp_limit_overrides *overrides, struct gp_ctx *ctx);

#endif
