/* SPDX-License-Identifier: ISC */
/* One walk over all counters. */
#include <string.h>

#include "limit/limit_message.h"
#include "operator/operator_private.h"

#define SCRATCH (1024 * 1024)

struct walk {
	struct gp_operator_call *call;
	struct gp_arena *scratch;
	struct gp_operator_usage *usage;
};

/* take_usage: visitor of gp_store_scan; a name that was cut and cannot be read is not counted. */
static bool take_usage(void *arg, const struct gp_store_usage *usage)
{
	struct walk *w = arg;
	const struct gp_limit_set *set = &w->call->config->limits;
	struct gp_limit_applied a;
	size_t limit = gp_operator_limit_of(set, usage->id);
	gp_arena_reset(w->scratch);
	const char *subject = gp_arena_copy(w->scratch, usage->subject);
	if (limit == set->limit_count || !subject ||
		gp_limit_of_subject(set, limit, subject, w->call->overrides, w->scratch, &a))
		return true;
	w->usage[limit].subjects++;
	w->usage[limit].full += usage->used >= a.max;
	return true;
}

/* gp_operator_usage: from nothing on. */
int gp_operator_usage(
	struct gp_operator_call *call, struct gp_operator_usage usage_out[GP_LIMIT_MAX])
{
	struct gp_store *store = gp_limit_overrides_store(call->overrides);
	struct walk w = {call, gp_arena_new(SCRATCH), usage_out};
	memset(usage_out, 0, GP_LIMIT_MAX * sizeof *usage_out);
	int rc = w.scratch ? gp_store_scan(store, call->ctx, gp_store_now_ms(store), take_usage, &w)
			   : GP_ENOMEM;
	gp_arena_free(w.scratch);
	return rc;
}
