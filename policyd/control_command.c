/* SPDX-License-Identifier: ISC */
/* From a line to a command: the table of them, and texts that JSON has room for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "policyd/control_private.h"

static const struct {
	const char *name;
	json_t *(*run)(struct gp_control_call *call);
} commands[] = {
	{"status", gp_control_status},
	{"metrics", gp_control_metrics},
	{"limits", gp_control_limits},
	{"show", gp_control_show},
	{"reset", gp_control_reset},
	{"set", gp_control_set},
	{"unset", gp_control_unset},
	{"overrides", gp_control_overrides},
};

/* gp_control_error: one member. */
json_t *gp_control_error(const char *format, ...)
{
	char text[512], visible[512];
	struct gp_strbuf buf;
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	gp_strbuf_init_fixed(&buf, visible, sizeof visible);
	gp_encode_visible(&buf, gp_span_from(text)); /* JSON has no room for broken UTF-8 */
	return json_pack("{s:s}", "error", visible);
}

/* gp_control_text: made visible first. */
json_t *gp_control_text(struct gp_arena *arena, struct gp_span text)
{
	struct gp_strbuf buf;
	const char *visible;
	gp_strbuf_init(&buf, arena, text.len * 4 + 16);
	gp_encode_text(&buf, text);
	return gp_strbuf_finish(&buf, &visible) ? NULL : json_string(visible);
}

/* gp_control_parse: a member that comes twice is an error. */
json_t *gp_control_parse(struct gp_span line)
{
	return json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
}

/* gp_control_answer: by the table. */
json_t *gp_control_answer(struct gp_control_call *call)
{
	const char *name = json_string_value(json_object_get(call->request, "command"));
	for (size_t i = 0; name && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(call);
	return gp_control_error("there is no such command");
}
