/* SPDX-License-Identifier: ISC */
/*
 * Direct: the store itself in place of a daemon: opened as its user, asked as the daemon would be.
 *
 *     code = gp_cli_direct_open("limits", config, &who, &direct);      (takes the configuration)
 *     answer = gp_cli_direct_answer(direct, request);                  (again and again)
 *     gp_cli_direct_close(direct);
 *
 * Commands of operator/operator.h are answered by that, so that nothing differs; status and metrics
 * say what is known of a store and a configuration. A change is logged to syslog, with the user who
 * asked for it. What the store complains about goes to stderr.
 */
#ifndef GP_CLI_DIRECT_H
#define GP_CLI_DIRECT_H

#include <jansson.h>

#include "cli/store/store_user.h"
#include "config/config.h"

struct gp_cli_direct;

/*
 * Becomes the store's user for good, if this process is root's, and opens the store that the
 * configuration names, which is taken in any case. An exit code; what is wrong was said on stderr.
 */
int gp_cli_direct_open(const char *command, struct gp_config *config,
	const struct gp_cli_store_user *who, struct gp_cli_direct **direct_out);

/* As gp_operator_answer; arg is the direct. */
json_t *gp_cli_direct_answer(void *arg, const json_t *request);

/* Accepts NULL. */
void gp_cli_direct_close(struct gp_cli_direct *direct);

#endif
