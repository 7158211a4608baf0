/* SPDX-License-Identifier: ISC */
/*
 * Transaction: the message that a connection of Postfix is asking about, and what it holds of its
 * limits between RCPT and END-OF-MESSAGE.
 *
 * All requests of one message carry the same instance. Each recipient is reserved when it is
 * offered; the end of the message makes the reservation final, as large as the message really is.
 * A message that does not come to its end gives it back: when another instance follows, when the
 * connection closes, or when nothing has been heard for limits.reservation_timeout. Where Postfix
 * does not ask at the end (policyd/stage_learn.h), recipients count when they are offered, for
 * good.
 *
 *     gp_transaction_init(&t, shared things);
 *     gp_transaction_count(&t, ctx, &request, &envelope, &verdict);    (for every request)
 *     gp_transaction_left_ms(&t)          (how long the reservation may wait; then:)
 *     gp_transaction_expire(&t, ctx);
 *     gp_transaction_fini(&t, ctx);       (the connection is closed)
 *
 * One transaction belongs to one session.
 */
#ifndef GP_POLICYD_TRANSACTION_H
#define GP_POLICYD_TRANSACTION_H

#include "engine/engine.h"
#include "policyd/counters.h"
#include "policyd/protocol.h"
#include "policyd/runtime.h"
#include "policyd/stage_learn.h"

#define GP_TRANSACTION_INSTANCE_MAX (GP_PROTOCOL_INSTANCE_MAX + 1)

struct gp_transaction {
	const struct gp_runtime *runtime;
	struct gp_stage_learn *stages;
	struct gp_tally *tally;
	struct gp_limit_message message;
	int source; /* where it comes from, and whose it is there (policyd/stage_learn.h) */
	uint64_t subject;
	bool is_open;     /* there is a message under way */
	bool is_ended;    /* its end was asked about and it was accepted */
	bool is_cut;      /* it goes on over another connection, if at all */
	int64_t asked_us; /* when it was asked about last */
	char instance[GP_TRANSACTION_INSTANCE_MAX];
	enum gp_protocol_state state; /* of the last request */
};

/* Nothing under way; borrows all three. */
void gp_transaction_init(struct gp_transaction *transaction, const struct gp_runtime *runtime,
	struct gp_stage_learn *stages, struct gp_tally *tally);

/* The connection is closed: gives back what is held, or leaves it counted. */
void gp_transaction_fini(struct gp_transaction *transaction, struct gp_ctx *ctx);

/*
 * Counts what this request adds to its message, if verdict lets it in; the limits may refuse it
 * then. Statuses as gp_engine_rates.
 */
int gp_transaction_count(struct gp_transaction *transaction, struct gp_ctx *ctx,
	const struct gp_protocol_request *request, const struct gp_envelope *envelope,
	struct gp_verdict *verdict) GP_MUST_CHECK;

/* Does the request belong to the message under way? */
bool gp_transaction_is_same(
	const struct gp_transaction *transaction, const struct gp_protocol_request *request);

/* Is something counted for the message under way, and may more requests about it come? */
bool gp_transaction_is_under_way(const struct gp_transaction *transaction);

/*
 * Before fini: the connection was ended by us. That there was no question at the end of the message
 * says nothing about where it comes from: it will be asked over another connection.
 */
void gp_transaction_cut(struct gp_transaction *transaction);

/* Ends the message under way, as fini does, and goes on under another runtime, which it borrows. */
void gp_transaction_adopt(
	struct gp_transaction *transaction, const struct gp_runtime *runtime, struct gp_ctx *ctx);

/* Milliseconds until what is held has to be given back; -1: nothing has to. */
int gp_transaction_left_ms(const struct gp_transaction *transaction);

/* Gives it back; should the end of the message be asked about later, all of it counts then. */
void gp_transaction_expire(struct gp_transaction *transaction, struct gp_ctx *ctx);

#endif
