/* SPDX-License-Identifier: ISC */
/* The engine with all its checks, over an envelope as at RCPT, or over a whole message. */
#ifndef TEST_JUDGE_H
#define TEST_JUDGE_H

#include "engine/pipeline.h"

/* Facts and verdict; statuses as gp_engine_run. */
int test_judge_envelope(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_facts *facts_out,
	struct gp_verdict *verdict_out);

/* The same of a message, which has to live as long as the facts. */
int test_judge_message(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_mail *mail, bool every_check,
	struct gp_facts *facts_out, struct gp_verdict *verdict_out);

/* The pipeline of all checks. */
const struct gp_pipeline *test_judge_pipeline(void);

#endif
