/* SPDX-License-Identifier: ISC */
/*
 * Characters that nobody sees: a name with one of them looks on the screen as the right one does.
 * They come with text that was copied from a web page or a word processor.
 */
#include "base/encode.h"
#include "config/config_load_private.h"
#include "mail/fold.h"

#define SHOWN_MAX 24 /* bytes of what follows the character */

/* read_one: a character; its length, 0 for no UTF-8, and what to call it; NULL: it can be seen, or
 * is the blank that everybody knows. */
static size_t read_one(struct gp_span text, uint32_t *code_out, const char **kind_out)
{
	bool is_unseen;
	size_t n = gp_fold_peek(text, code_out, &is_unseen);
	bool is_control = *code_out < 0x20 || (*code_out >= 0x7f && *code_out < 0xa0);
	*kind_out = n == 0 || !is_unseen || *code_out == ' ' ? NULL
		    : is_control                             ? "a control character"
							     : "an invisible character";
	return n;
}

/* add_place: what can be seen after it, or before it at the end. */
static void add_place(struct gp_strbuf *buf, struct gp_span before, struct gp_span after)
{
	uint32_t code;
	const char *kind;
	size_t n = 0, step;
	while (n < after.len && n < SHOWN_MAX &&
		(step = read_one(gp_span_skip(after, n), &code, &kind)) && !kind)
		n += step;
	gp_strbuf_add(buf, n ? " before " : before.len ? " at the end" : "");
	gp_encode_text(buf, (struct gp_span) {after.ptr, n});
}

/* skip_unseen: over all of them in a row, which are one place. */
static struct gp_span skip_unseen(struct gp_span text)
{
	uint32_t code;
	const char *kind;
	while (text.len) {
		size_t n = read_one(text, &code, &kind);
		if (n && !kind)
			break;
		text = gp_span_skip(text, n ? n : 1);
	}
	return text;
}

/* gp_config_add_invisible: the first one. */
void gp_config_add_invisible(struct gp_strbuf *buf, struct gp_span value)
{
	struct gp_span rest = value;
	uint32_t code = 0;
	const char *kind = NULL;
	size_t n = 1;
	while (rest.len && (n = read_one(rest, &code, &kind)) && !kind)
		rest = gp_span_skip(rest, n);
	if (rest.len == 0)
		return;
	if (n)
		gp_strbuf_printf(buf, " [U+%04X (%s)", (unsigned)code, kind);
	else
		gp_strbuf_printf(buf, " [byte 0x%02X (no UTF-8)", (unsigned char)rest.ptr[0]);
	const struct gp_span before = {value.ptr, value.len - rest.len};
	add_place(buf, before, skip_unseen(rest));
	gp_strbuf_add(buf, "]");
}
