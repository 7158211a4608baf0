/* SPDX-License-Identifier: ISC */
/* One pipeline for all. */
#include "support/judge.h"

#include "engine/authres.h"
#include "engine/checks.h"

/* test_judge_pipeline: made at the first call. */
const struct gp_pipeline *test_judge_pipeline(void)
{
	static struct gp_pipeline pipeline;
	if (!pipeline.checks)
		gp_engine_pipeline_init(&pipeline, gp_engine_checks);
	return &pipeline;
}

/* test_judge_envelope: at RCPT. */
int test_judge_envelope(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_facts *facts_out,
	struct gp_verdict *verdict_out)
{
	gp_engine_facts_init(facts_out, config, GP_STAGE_RCPT, envelope);
	int rc = gp_engine_run(ctx, test_judge_pipeline(), facts_out, verdict_out);
	return rc ? rc : gp_engine_header(ctx, test_judge_pipeline(), facts_out, verdict_out);
}

/* test_judge_message: at its end. */
int test_judge_message(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_mail *mail, bool every_check,
	struct gp_facts *facts_out, struct gp_verdict *verdict_out)
{
	gp_engine_facts_init(facts_out, config, GP_STAGE_MESSAGE, envelope);
	facts_out->mail = mail;
	facts_out->every_check = every_check;
	return gp_engine_run(ctx, test_judge_pipeline(), facts_out, verdict_out);
}
