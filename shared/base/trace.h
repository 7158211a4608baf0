/* SPDX-License-Identifier: ISC */
/*
 * Trace: the steps of a check as they are taken, one readable line at a time, for the operator who
 * asks why. Nobody listens in production: then a check makes no text at all.
 */
#ifndef GP_BASE_TRACE_H
#define GP_BASE_TRACE_H

struct gp_ctx; /* base/ctx.h */

struct gp_trace {
	/* depth: how far in the line stands, 0, 1, ... ; the text lives for the call only */
	void (*line)(void *arg, unsigned depth, const char *text);
	void *arg;
};

/*
 * printf to whoever listens to this context; nothing when nobody does. Control bytes in the text
 * are shown as '?': what is traced is foreign.
 */
void gp_trace_line(const struct gp_ctx *ctx, unsigned depth, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
