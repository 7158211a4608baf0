/* SPDX-License-Identifier: ISC */
/* A line has room for what a log line holds. */
#include "cli/store/store_told.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 32768

/* gp_cli_store_tell: one line. */
void gp_cli_store_tell(
	const struct gp_cli_store_told *told, enum gp_cli_store_line kind, const char *format, ...)
{
	char text[LINE_BYTES];
	va_list ap;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	told->line(told->arg, kind, text);
}
