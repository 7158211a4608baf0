/* SPDX-License-Identifier: ISC */
/* Each check writes its own results, in the order of the table. */
#include "engine/authres.h"

#include "base/encode.h"
#include "engine/spf_header.h"

#define RESULTS_MAX (256 * 1024) /* more than all signatures with the longest of names */

/* has_result: did the check run, and has it any to write? */
static bool has_result(const struct gp_pipeline *pipeline, size_t i, const struct gp_facts *f)
{
	const struct gp_check *c = pipeline->checks[i];
	return (f->ran & (1u << i)) && c->authres && (!c->has_authres || c->has_authres(f));
}

/* add_results: of all checks that ran; "none" when there is no result (RFC 8601 2.2). */
static void add_results(struct gp_strbuf *buf, const char *fold, const struct gp_pipeline *pipeline,
	const struct gp_facts *f, const struct gp_verdict *v)
{
	struct gp_authres_writer w;
	gp_authres_begin(&w, buf, f->config->hostname, fold);
	for (size_t i = 0; i < pipeline->count; i++)
		if (has_result(pipeline, i, f))
			pipeline->checks[i]->authres(&w, f, v);
	gp_authres_end(&w);
}

/* has_results: any of them? */
static bool has_results(const struct gp_pipeline *pipeline, const struct gp_facts *f)
{
	for (size_t i = 0; i < pipeline->count; i++)
		if (has_result(pipeline, i, f))
			return true;
	return false;
}

/* add_short: methods and verdicts, the first of each check. */
static void add_short(struct gp_strbuf *buf, const struct gp_pipeline *p, const struct gp_facts *f)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct gp_check_result *r = p->checks[i]->results;
		unsigned verdict;
		int64_t took_us;
		if (!has_result(p, i, f))
			continue;
		while (r && r->found && !r->found(f, &verdict, &took_us))
			r++;
		if (r && r->found)
			gp_strbuf_printf(buf, "; %s=%s",
				p->checks[i]->method ? p->checks[i]->method : p->checks[i]->name,
				r->name(verdict));
	}
}

/* gp_engine_has_header: nothing is made yet. */
bool gp_engine_has_header(const struct gp_pipeline *pipeline, const struct gp_facts *facts,
	const struct gp_verdict *verdict)
{
	int wanted = facts->config->spf.header;
	return verdict->action == GP_ACTION_ACCEPT && wanted != GP_HEADER_NONE &&
	       has_results(pipeline, facts) &&
	       (wanted != GP_HEADER_RECEIVED_SPF || gp_engine_spf_result(facts));
}

/* gp_engine_header: long names that do not fit in one line are left out. */
int gp_engine_header(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict)
{
	static const char name[] = "Authentication-Results: ";
	struct gp_strbuf buf;
	if (!gp_engine_has_header(pipeline, facts, verdict))
		return GP_OK;
	if (facts->config->spf.header == GP_HEADER_RECEIVED_SPF)
		return gp_engine_received_spf(ctx, facts, &verdict->header);
	gp_strbuf_init(&buf, ctx->arena, 8192);
	gp_strbuf_add(&buf, name);
	add_results(&buf, " ", pipeline, facts, verdict);
	if (buf.len > GP_HEADER_LINE_MAX) {
		gp_strbuf_init(&buf, ctx->arena, GP_HEADER_LINE_MAX);
		gp_strbuf_add(&buf, name);
		gp_encode_header_value(&buf, gp_span_from(facts->config->hostname));
		add_short(&buf, pipeline, facts);
	}
	return gp_strbuf_finish(&buf, &verdict->header);
}

/* gp_engine_results: in the order of the checks. */
int gp_engine_results(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, ctx->arena, RESULTS_MAX);
	add_results(&buf, "\n\t", pipeline, facts, verdict);
	return gp_strbuf_finish(&buf, &verdict->results);
}
