/* SPDX-License-Identifier: ISC */
/* Who has said something: kept beside it as one line of text. */
#include "base/clock.h"
#include "operator/operator_private.h"

/* gp_operator_by: uid, wall time, name of this host. */
const char *gp_operator_by(const struct gp_operator_call *call)
{
	return gp_arena_printf(call->ctx->arena, "%lld %lld %s", (long long)call->peer_uid,
		(long long)call->ctx->clock->wall_s(call->ctx->clock), call->config->hostname);
}

/* gp_operator_add_by: what was written otherwise is not known. */
void gp_operator_add_by(json_t *row, struct gp_arena *arena, const char *by)
{
	struct gp_span uid, rest, at, host;
	uint64_t n, wall_s;
	char text[GP_CLOCK_TEXT];
	if (!gp_span_cut(gp_span_from(by), ' ', &uid, &rest) || !gp_span_cut(rest, ' ', &at, &host))
		return;
	if (gp_span_parse_uint(uid, UINT32_MAX, &n) == GP_OK)
		json_object_set_new(row, "uid", json_integer((json_int_t)n));
	if (gp_span_parse_uint(at, INT32_MAX * 64LL, &wall_s) == GP_OK)
		json_object_set_new(
			row, "set", json_string(gp_clock_format((int64_t)wall_s, text)));
	json_object_set_new(row, "host", gp_operator_text(arena, host));
}

/* gp_operator_log_change: a notice. */
void gp_operator_log_change(
	const struct gp_operator_call *call, const char *event, struct gp_log_field what)
{
	const struct gp_log_field f[] = {what, gp_log_field_number("uid", call->peer_uid)};
	gp_log_event(call->ctx->log, GP_LOG_NOTICE, event, f, sizeof f / sizeof *f);
}
