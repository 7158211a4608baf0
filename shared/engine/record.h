/* SPDX-License-Identifier: ISC */
/*
 * Record: what was found and decided, as text: the fields of every check's row and those of the
 * verdict, for the log, for a mail server's log line, and one by its name. What prints JSON walks
 * the same rows (gp_engine_record_field).
 *
 * Order: the rows of each check in the order of the table, then those of the verdict.
 */
#ifndef GP_ENGINE_RECORD_H
#define GP_ENGINE_RECORD_H

#include "engine/pipeline.h"

/* Number i of all rows of a pipeline's record; NULL after the last one. */
const struct gp_field *gp_engine_record_field(const struct gp_pipeline *pipeline, size_t i);

/* Finds the rows of the log, for gp_engine_pipeline_init. */
void gp_engine_record_init(struct gp_pipeline *pipeline);

/*
 * The fields of a decision for gp_log_event: what is known, at most room; returns how many. Texts
 * that have to be made come from the arena, or are left out.
 */
size_t gp_engine_record_log(const struct gp_pipeline *pipeline, const struct gp_record *record,
	struct gp_log_field *fields_out, size_t room);

/* verdict->summary: the line about a whole message. */
int gp_engine_summary(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict) GP_MUST_CHECK;

/*
 * One fact by its documented name (gatepost-exim(7)), as text of validated words, numbers and
 * domain names, or a sentence of printable ASCII: "" for what is not known. False: there is no such
 * name.
 */
bool gp_engine_get(const struct gp_pipeline *pipeline, const struct gp_record *record,
	struct gp_span name, const char **text_out);

/* The name of number i of those, for the documentation and its test; NULL after the last one. */
const char *gp_engine_get_name(const struct gp_pipeline *pipeline, size_t i);

#endif
