/* SPDX-License-Identifier: ISC */
/* What the files of this directory share: one function for each command, and parts of answers. */
#ifndef GP_OPERATOR_OPERATOR_PRIVATE_H
#define GP_OPERATOR_OPERATOR_PRIVATE_H

#include "operator/operator.h"
#include "operator/operator_text.h"

json_t *gp_operator_limits(struct gp_operator_call *call);
json_t *gp_operator_show(struct gp_operator_call *call);
json_t *gp_operator_reset(struct gp_operator_call *call);
json_t *gp_operator_set(struct gp_operator_call *call);
json_t *gp_operator_unset(struct gp_operator_call *call);
json_t *gp_operator_overrides(struct gp_operator_call *call);
json_t *gp_operator_lists(struct gp_operator_call *call);
json_t *gp_operator_lists_off(struct gp_operator_call *call);
json_t *gp_operator_lists_on(struct gp_operator_call *call);
json_t *gp_operator_lists_retest(struct gp_operator_call *call);
json_t *gp_operator_greylist(struct gp_operator_call *call);
json_t *gp_operator_greylist_mail(struct gp_operator_call *call);
json_t *gp_operator_greylist_allow(struct gp_operator_call *call);
json_t *gp_operator_greylist_remove(struct gp_operator_call *call);

/* Who asks, and when and where, as it is kept beside what was said; and as members of an answer:
 * uid, set, host. What cannot be read is left out. */
const char *gp_operator_by(const struct gp_operator_call *call);
void gp_operator_add_by(json_t *row, struct gp_arena *arena, const char *by);

/* A change is on record: what was changed, and which user did it. */
void gp_operator_log_change(
	const struct gp_operator_call *call, const char *event, struct gp_log_field what);

/* The error of a command about limits where none is configured; NULL: there are some. */
json_t *gp_operator_no_limits(const struct gp_operator_call *call);

/* The error for a status of the store, with what it says itself. */
json_t *gp_operator_trouble(struct gp_operator_call *call, int rc);

/* The configured limit of that name, or their number; and the error for the latter. */
size_t gp_operator_limit_find(const struct gp_limit_set *set, struct gp_span name);
json_t *gp_operator_no_such_limit(void);

/* The configured limit whose counters have this number, or the number of limits. */
size_t gp_operator_limit_of(const struct gp_limit_set *set, uint32_t id);

/* A point of the store's time on the wall clock; a maximum, null for none. */
int64_t gp_operator_wall_of(struct gp_operator_call *call, int64_t store_ms);
json_t *gp_operator_number_or_null(int64_t n);

#endif
