/* SPDX-License-Identifier: ISC */
/* Metrics_json: the page of metrics (Prometheus' text form 0.0.4) as JSON, for other programs. */
#ifndef GP_CLI_METRICS_JSON_H
#define GP_CLI_METRICS_JSON_H

#include <jansson.h>

/*
 * An object with "metrics": an array of families with name, type, help and samples, and of each
 * sample its name, labels and value. Lines that are none are left out. The caller's; the text is
 * changed.
 */
json_t *gp_cli_metrics_json(char *text);

#endif
