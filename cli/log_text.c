/* SPDX-License-Identifier: ISC */
/* What is in a field may be foreign: it is made visible in any case. */
#include "cli/log_text.h"

#include <string.h>

#include "base/encode.h"

/* gp_cli_log_text: messages have one field. */
const char *gp_cli_log_text(char text_out[GP_CLI_LOG_TEXT], const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, text_out, GP_CLI_LOG_TEXT);
	*text_out = 0;
	if (strcmp(event, "message") == 0 && count == 1) {
		gp_encode_visible(&buf, fields[0].text);
		return text_out;
	}
	for (size_t i = 0; i < count; i++) {
		gp_strbuf_add(&buf, i ? " " : "");
		gp_log_format_field(&buf, &fields[i]);
	}
	return text_out;
}
