/* SPDX-License-Identifier: ISC */
/*
 * Record as JSON: what was found and decided (engine/record.h), by the names that rows have there.
 */
#ifndef GP_CLI_RECORD_JSON_H
#define GP_CLI_RECORD_JSON_H

#include <jansson.h>

#include "engine/record.h"

/* Everything, as gatepost verify shows it; a new reference, or NULL without memory. */
json_t *gp_cli_record_json(const struct gp_pipeline *pipeline, const struct gp_record *record);

/* What one check found when it is asked alone, as gatepost spf shows it. */
json_t *gp_cli_record_alone(const struct gp_check *check, const struct gp_record *record);

#endif
