/* SPDX-License-Identifier: ISC */
/* Lines are made on the stack, so that tracing changes nothing; one that does not fit is cut. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ctx.h"
#include "base/encode.h"
#include "base/strbuf.h"

#define LINE_MAX_BYTES 4096

/* gp_trace_line: formatted, made visible, handed over. */
void gp_trace_line(const struct gp_ctx *ctx, unsigned depth, const char *format, ...)
{
	if (!ctx->trace)
		return;
	char raw[LINE_MAX_BYTES], shown[LINE_MAX_BYTES] = "";
	struct gp_strbuf out;
	va_list ap;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	gp_strbuf_init_fixed(&out, shown, sizeof shown);
	gp_encode_text(&out, gp_span_from(raw));
	ctx->trace->line(ctx->trace->arg, depth, shown);
}
