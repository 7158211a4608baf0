/* SPDX-License-Identifier: ISC */
/* Log_text: an event of the core's log as one line for the user of a command. */
#ifndef GP_CLI_LOG_TEXT_H
#define GP_CLI_LOG_TEXT_H

#include "base/log.h"

#define GP_CLI_LOG_TEXT 2048

/* The text of a message; of any other event its fields, name=value; printable, cut to what fits. */
const char *gp_cli_log_text(char text_out[GP_CLI_LOG_TEXT], const char *event,
	const struct gp_log_field *fields, size_t count);

#endif
