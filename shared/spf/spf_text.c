/* SPDX-License-Identifier: ISC */
/*
 * SPF in words: the names of verdicts and identities, lines for the trace, and the sentence of a
 * fault with its parts for the log. What came from DNS is shown with '?' for what cannot be.
 */
#include <stdarg.h>

#include "base/encode.h"
#include "spf/spf_private.h"

#define LINE_MAX_LEN 70000 /* of the trace: a record is at most 65535 octets */
#define PROBLEM_MAX 1024   /* of a text for operators */

static const char *const verdict_names[GP_SPF_VERDICTS] = {
	[GP_SPF_NONE] = "none",
	[GP_SPF_NEUTRAL] = "neutral",
	[GP_SPF_PASS] = "pass",
	[GP_SPF_FAIL] = "fail",
	[GP_SPF_SOFTFAIL] = "softfail",
	[GP_SPF_TEMPERROR] = "temperror",
	[GP_SPF_PERMERROR] = "permerror",
};

/* gp_spf_verdict_name: from the table. */
const char *gp_spf_verdict_name(enum gp_spf_verdict verdict)
{
	return (size_t)verdict < GP_SPF_VERDICTS ? verdict_names[verdict] : "unknown";
}

/* gp_spf_verdict_parse: the reverse. */
bool gp_spf_verdict_parse(struct gp_span word, enum gp_spf_verdict *verdict_out)
{
	for (size_t i = 0; i < GP_SPF_VERDICTS; i++) {
		if (gp_span_is(word, verdict_names[i])) {
			*verdict_out = (enum gp_spf_verdict)i;
			return true;
		}
	}
	return false;
}

/* gp_spf_identity_name: RFC 7208 9.1. */
const char *gp_spf_identity_name(enum gp_spf_identity identity)
{
	return identity == GP_SPF_HELO ? "helo" : "mailfrom";
}

/* gp_spf_printable: encoded, then copied. */
const char *gp_spf_printable(struct gp_arena *arena, const struct gp_strbuf *raw)
{
	struct gp_strbuf shown;
	const char *text;
	gp_strbuf_init(&shown, arena, raw->len);
	gp_encode_visible(&shown, gp_strbuf_span(raw));
	return raw->status || gp_strbuf_finish(&shown, &text) ? NULL : text;
}

/* gp_spf_trace_line: hands over what was built; a line that finds no room is left out. */
void gp_spf_trace_line(const struct gp_spf_run *run, const struct gp_strbuf *raw)
{
	const char *text = gp_spf_printable(run->ctx->arena, raw);
	if (text)
		run->query->trace->line(run->query->trace->arg, run->depth, text);
}

/* gp_spf_trace: formatted. */
void gp_spf_trace(const struct gp_spf_run *run, const char *format, ...)
{
	struct gp_strbuf buf;
	va_list ap;
	if (!run->query->trace)
		return;
	gp_strbuf_init(&buf, run->ctx->arena, LINE_MAX_LEN);
	va_start(ap, format);
	gp_strbuf_vprintf(&buf, format, ap);
	va_end(ap);
	gp_spf_trace_line(run, &buf);
}

/* copy_name: a printable copy of a name or term, or NULL for none. */
static const char *copy_name(struct gp_spf_run *run, struct gp_span name)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, run->ctx->arena, PROBLEM_MAX);
	gp_encode_visible(&buf, name);
	return name.len && gp_strbuf_finish(&buf, &text) == GP_OK ? text : NULL;
}

/* gp_spf_problem_begin: the part of the sentence that says where: "example.org: mx: ". */
void gp_spf_problem_begin(const struct gp_spf_run *run, struct gp_strbuf *buf)
{
	gp_strbuf_init(buf, run->ctx->arena, PROBLEM_MAX);
	gp_strbuf_printf(buf, "%s: ", run->domain);
	if (run->term)
		gp_strbuf_printf(buf, "%.*s: ", (int)run->term->text.len, run->term->text.ptr);
}

/* gp_spf_fault: the sentence, its parts for the log, and the end of the evaluation. */
void gp_spf_fault(struct gp_spf_run *run, enum gp_spf_verdict verdict, const char *name,
	const char *format, ...)
{
	struct gp_spf_result *result = run->result;
	struct gp_strbuf buf;
	va_list ap;
	gp_spf_problem_begin(run, &buf);
	va_start(ap, format);
	gp_strbuf_vprintf(&buf, format, ap);
	va_end(ap);
	if (name)
		gp_strbuf_printf(&buf, " (%s)", name);
	run->faulted = true;
	result->verdict = verdict;
	result->problem = gp_spf_printable(run->ctx->arena, &buf);
	result->problem_name = copy_name(run, gp_span_from(name));
	result->problem_term = run->term ? copy_name(run, run->term->text) : NULL;
	gp_spf_trace(run, "%s: %s", gp_spf_verdict_name(verdict),
		result->problem ? result->problem : "no memory for the reason");
}
