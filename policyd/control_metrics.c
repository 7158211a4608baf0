/* SPDX-License-Identifier: ISC */
/* The page of policyd/metrics.h over the operator's socket. */
#include "policyd/control_private.h"
#include "policyd/metrics.h"

/* gp_control_metrics: as one text. */
json_t *gp_control_metrics(struct gp_control_call *call)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, call->ctx->arena, GP_METRICS_PAGE_MAX);
	gp_metrics_of(call->shared, call->listen, call->runtime, &buf);
	int rc = gp_strbuf_finish(&buf, &text);
	if (rc)
		return gp_control_error("the numbers cannot be collected: %s", gp_err_text(rc));
	return json_pack("{s:s}", "text", text);
}
