/* SPDX-License-Identifier: ISC */
/*
 * Message asked about: which message the requests of a connection from Postfix belong to, and what
 * it holds of its limits between RCPT and END-OF-MESSAGE.
 *
 * All requests of one message carry the same instance. Each recipient is reserved when it is
 * offered; the end of the message makes the reservation final, as large as the message really is.
 * If the message is not accepted it is released: when another instance follows, when the connection
 * closes, or when nothing has been heard for limits.reservation_timeout. Where Postfix does not ask
 * at the end (policyd/stage_learn.h), recipients count at RCPT and stay counted. What is known
 * about the message is kept in the core (engine/transaction.h).
 *
 *     gp_message_asked_init(&m, shared things);
 *     gp_message_asked_answer(&m, ctx, &request, &facts, &verdict);     (for every request)
 *     gp_message_asked_left_ms(&m)       (how long the reservation may wait; then)
 *     gp_message_asked_expire(&m, ctx);
 *     gp_message_asked_fini(&m, ctx);    (the connection is closed)
 *
 * One of them belongs to one session.
 */
#ifndef GP_POLICYD_MESSAGE_ASKED_H
#define GP_POLICYD_MESSAGE_ASKED_H

#include "engine/transaction.h"
#include "policyd/counters.h"
#include "policyd/lists.h"
#include "policyd/protocol.h"
#include "daemon/runtimes.h"
#include "policyd/stage_learn.h"

#define GP_MESSAGE_ASKED_INSTANCE_MAX (GP_PROTOCOL_INSTANCE_MAX + 1)

struct gp_message_asked {
	const struct gp_daemon_runtime *runtime;
	struct gp_stage_learn *stages;
	struct gp_lists *lists;
	struct gp_tally *tally;
	struct gp_transaction transaction;
	int source; /* where it comes from, and whose it is there (policyd/stage_learn.h) */
	uint64_t subject;
	bool is_open;     /* there is a message under way */
	bool is_ended;    /* its end was asked about and it was accepted */
	bool is_cut;      /* it continues over another connection, if at all */
	int64_t asked_us; /* when it was asked about last */
	char instance[GP_MESSAGE_ASKED_INSTANCE_MAX];
	enum gp_protocol_state state; /* of the last request */
};

/* Nothing under way; borrows all five. */
void gp_message_asked_init(struct gp_message_asked *message, const struct gp_pipeline *pipeline,
	const struct gp_daemon_runtime *runtime, struct gp_stage_learn *stages,
	struct gp_lists *lists, struct gp_tally *tally);

/* The connection is closed: releases what is held, or leaves it counted. */
void gp_message_asked_fini(struct gp_message_asked *message, struct gp_ctx *ctx);

/*
 * The verdict about a request, and what it adds to its message counted, if that is let in.
 * envelope: as the request describes it. facts_out borrows from it and from ctx->arena. Statuses as
 * gp_engine_run.
 */
int gp_message_asked_answer(struct gp_message_asked *message, struct gp_ctx *ctx,
	const struct gp_protocol_request *request, const struct gp_envelope *envelope,
	struct gp_facts *facts_out, struct gp_verdict *verdict_out) GP_MUST_CHECK;

/* Does the request belong to the message under way? */
bool gp_message_asked_is_same(
	const struct gp_message_asked *message, const struct gp_protocol_request *request);

/* Is something counted for the message under way, and may more requests about it come? */
bool gp_message_asked_is_under_way(const struct gp_message_asked *message);

/*
 * Before fini: the connection was ended by us. That there was no question at the end of the message
 * says nothing about where it comes from: it will be asked over another connection.
 */
void gp_message_asked_cut(struct gp_message_asked *message);

/* Ends the message under way, as fini does, and continues under another runtime, which it
 * borrows. */
void gp_message_asked_adopt(struct gp_message_asked *message,
	const struct gp_daemon_runtime *runtime, struct gp_ctx *ctx);

/* Milliseconds until what is held has to be released; -1: nothing has to. */
int gp_message_asked_left_ms(const struct gp_message_asked *message);

/* Gives it back; should the end of the message be asked about later, all of it counts then. */
void gp_message_asked_expire(struct gp_message_asked *message, struct gp_ctx *ctx);

#endif
