/* SPDX-License-Identifier: ISC */
/* Lines are made on the stack, so that tracing changes nothing; one that does not fit is cut. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ctx.h"
#include "base/encode.h"
#include "base/strbuf.h"

#define LINE_MAX_BYTES 4096

/* write_line: separate from the check whether there is a trace. Its memory lies on the stack, all
 * pages of which are touched when it begins (-fstack-clash-protection); a thread that traces
 * nothing is to be spared that. */
__attribute__((noinline, format(printf, 3, 0))) static void write_line(
	const struct gp_trace *trace, unsigned depth, const char *format, va_list ap)
{
	char raw[LINE_MAX_BYTES], shown[LINE_MAX_BYTES] = "";
	struct gp_strbuf out;
	vsnprintf(raw, sizeof raw, format, ap);
	gp_strbuf_init_fixed(&out, shown, sizeof shown);
	gp_encode_text(&out, gp_span_from(raw));
	trace->line(trace->arg, depth, shown);
}

/* gp_trace_line: formatted, made visible, handed over. */
void gp_trace_line(const struct gp_ctx *ctx, unsigned depth, const char *format, ...)
{
	if (!ctx->trace)
		return;
	va_list ap;
	va_start(ap, format);
	write_line(ctx->trace, depth, format, ap);
	va_end(ap);
}
