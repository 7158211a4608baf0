/* SPDX-License-Identifier: ISC */
/*
 * Pipeline: one way for every stage from CONNECT to the whole message: the checks that run there,
 * in their order, then the decision, then the texts.
 *
 *     struct gp_pipeline p;
 *     gp_engine_pipeline_init(&p, gp_engine_checks);                 (once; engine/checks.h)
 *     gp_engine_facts_init(&f, config, GP_STAGE_RCPT, &envelope);    (engine/facts.h)
 *     rc = gp_engine_run(ctx, &p, &f, &v);
 *
 * All is well, or the sender or DNS is at fault: GP_OK and a verdict (what DNS trouble means is
 * the options' to say). We are: GP_ETOOBIG, GP_ENOMEM, or what mail.body->read gave; the surface
 * then accepts or defers as it documents.
 *
 * Of a whole message, DNS queries that do not depend on each other are asked at once: keys of all
 * signatures, the SPF record, the tree walk of the author's domain; and no query is sent twice for
 * one message. The checks run in rounds (enum gp_round), each only for what those before it let in.
 *
 * Ownership: the table is borrowed. Threads: a pipeline is constant once it is made.
 */
#ifndef GP_ENGINE_PIPELINE_H
#define GP_ENGINE_PIPELINE_H

#include "engine/check.h"
#include "engine/policy.h"

#define GP_RECORD_LOG_MAX 48 /* fields of one decision */

struct gp_pipeline {
	const struct gp_check *const *checks; /* in the order of the table: as they are shown */
	size_t count;
	unsigned char runs[GP_CHECKS_MAX];             /* places in checks, in the order they run */
	unsigned char weighs[GP_CHECKS_MAX];           /* and in which they decide and ask DNS */
	const struct gp_field *log[GP_RECORD_LOG_MAX]; /* rows of the log (engine/record.h) */
	size_t log_count;
};

/* A table of at most GP_CHECKS_MAX rows, ended by NULL; what comes after them is left out. */
void gp_engine_pipeline_init(struct gp_pipeline *pipeline, const struct gp_check *const *checks);

/* Runs what facts->stage asks for. facts keep what was found, with or without a verdict. */
int gp_engine_run(struct gp_ctx *ctx, const struct gp_pipeline *pipeline, struct gp_facts *facts,
	struct gp_verdict *verdict_out) GP_MUST_CHECK;

/*
 * The same for one more request about a message: what is in kept (engine/transaction.h) and does
 * not depend on the recipient is not looked for again. kept: NULL, or facts of the same pipeline
 * and the same envelope but for the recipient.
 */
int gp_engine_run_kept(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *kept, struct gp_facts *facts,
	struct gp_verdict *verdict_out) GP_MUST_CHECK;

/* The place of a check in the table; GP_CHECKS_MAX: it is not there. */
size_t gp_engine_place(const struct gp_pipeline *pipeline, const struct gp_check *check);

/* Copies what a check has found, for another request about the same message: everything into the
 * arena. */
int gp_engine_copy_check(struct gp_arena *arena, const struct gp_pipeline *pipeline, size_t at,
	const struct gp_facts *from, struct gp_facts *to) GP_MUST_CHECK;

/* Has a check run for these facts? */
bool gp_engine_has_run(const struct gp_facts *facts, const struct gp_check *check);

/* The own_size bytes in which a check keeps what it has found; NULL: it did not run. */
void *gp_engine_own(const struct gp_facts *facts, const struct gp_check *check);

#endif
