/* SPDX-License-Identifier: ISC */
/*
 * Authres: header fields made of what the checks found: Authentication-Results (RFC 8601) of an
 * accepted envelope on one line, and folded of a whole message. What comes from the client or from
 * DNS is bounded and made safe.
 */
#ifndef GP_ENGINE_AUTHRES_H
#define GP_ENGINE_AUTHRES_H

#include "engine/pipeline.h"

/* Is there a header field to be made for this mail: it is accepted, spf.header wants one, and there
 * is something to say? */
bool gp_engine_has_header(const struct gp_pipeline *pipeline, const struct gp_facts *facts,
	const struct gp_verdict *verdict);

/*
 * Makes verdict->header, as spf.header says, on one line, if there is one to be made. Not made with
 * the verdict, since of many recipients' answers one carries it.
 */
int gp_engine_header(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict) GP_MUST_CHECK;

/* verdict->results: the value of the field about a whole message. */
int gp_engine_results(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict) GP_MUST_CHECK;

#endif
