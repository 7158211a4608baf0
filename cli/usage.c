/* SPDX-License-Identifier: ISC */
/* Where help is, is said each time. */
#include "cli/usage.h"

#include <stdarg.h>
#include <stdio.h>

/* gp_cli_usage: what is wrong, and where help is. */
int gp_cli_usage(const char *command, const char *format, ...)
{
	va_list ap;
	fprintf(stderr, "gatepost %s: ", command);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\ngatepost %s --help shows how it is used\n", command);
	return GP_CLI_USAGE;
}

/* gp_cli_help: errors of the stream are main's. */
int gp_cli_help(const char *text)
{
	fputs(text, stdout);
	return GP_CLI_FINE;
}
