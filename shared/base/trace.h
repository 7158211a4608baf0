/* SPDX-License-Identifier: ISC */
/*
 * Trace: the steps of a check as they are taken, one readable line at a time, for an operator who
 * wants to know why. In production there is no trace, and checks format no text for it.
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
 * printf to the trace of this context; nothing when it has none. Control bytes in the text are
 * shown as '?': what is traced is foreign.
 */
void gp_trace_line(const struct gp_ctx *ctx, unsigned depth, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
