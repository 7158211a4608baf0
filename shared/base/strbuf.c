/* SPDX-License-Identifier: ISC */
/*
 * Doubling growth, in place where the text is the newest of its arena; else the old copy stays
 * behind, which the ceiling bounds to twice the text.
 */
#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

/* gp_strbuf_init: nothing is taken from the arena yet. */
void gp_strbuf_init(struct gp_strbuf *buf, struct gp_arena *arena, size_t ceiling)
{
	*buf = (struct gp_strbuf) {.arena = arena, .ceiling = ceiling};
}

/* gp_strbuf_init_fixed: the storage is all there will be. */
void gp_strbuf_init_fixed(struct gp_strbuf *buf, char *storage, size_t size)
{
	*buf = (struct gp_strbuf) {.data = storage, .size = size, .ceiling = size - 1};
	storage[0] = 0;
}

/* reserve: makes room for n more bytes and a NUL; false once a failure is remembered. */
static bool reserve(struct gp_strbuf *buf, size_t n)
{
	if (buf->status)
		return false;
	if (n > buf->ceiling - buf->len) {
		buf->status = GP_ETOOBIG;
		return false;
	}
	if (buf->size - buf->len > n)
		return true;
	size_t size = buf->size ? buf->size : 64;
	while (size - buf->len <= n)
		size *= 2;
	if (buf->arena && gp_arena_grow(buf->arena, buf->data, buf->size, size)) {
		buf->size = size;
		return true;
	}
	char *data = gp_arena_alloc(buf->arena, size);
	if (!data) {
		buf->status = gp_arena_status(buf->arena);
		return false;
	}
	if (buf->len)
		memcpy(data, buf->data, buf->len);
	buf->data = data;
	buf->size = size;
	return true;
}

/* gp_strbuf_add_span: the bytes. */
void gp_strbuf_add_span(struct gp_strbuf *buf, struct gp_span text)
{
	if (text.len == 0 || !reserve(buf, text.len))
		return;
	memcpy(buf->data + buf->len, text.ptr, text.len);
	buf->len += text.len;
	buf->data[buf->len] = 0;
}

/* gp_strbuf_add: a C string. */
void gp_strbuf_add(struct gp_strbuf *buf, const char *text)
{
	gp_strbuf_add_span(buf, gp_span_from(text));
}

/* gp_strbuf_add_char: one byte. */
void gp_strbuf_add_char(struct gp_strbuf *buf, char c)
{
	if (!reserve(buf, 1))
		return;
	buf->data[buf->len++] = c;
	buf->data[buf->len] = 0;
}

/* gp_strbuf_vprintf: into what room there is; when that is too small, again into enough. */
void gp_strbuf_vprintf(struct gp_strbuf *buf, const char *format, va_list ap)
{
	va_list again;
	if (!reserve(buf, 0))
		return;
	va_copy(again, ap);
	size_t room = buf->size - buf->len;
	int n = vsnprintf(buf->data + buf->len, room, format, ap);
	if (n > 0 && reserve(buf, (size_t)n)) {
		if ((size_t)n >= room)
			vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
		buf->len += (size_t)n;
	}
	/* what a refused attempt has left behind is no part of the text */
	buf->data[buf->len] = 0;
	va_end(again);
}

/* gp_strbuf_printf: the same with its own arguments. */
void gp_strbuf_printf(struct gp_strbuf *buf, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	gp_strbuf_vprintf(buf, format, ap);
	va_end(ap);
}

/* gp_strbuf_finish: the text or what went wrong first. */
int gp_strbuf_finish(struct gp_strbuf *buf, const char **text_out)
{
	if (buf->status)
		return buf->status;
	*text_out = buf->len ? buf->data : "";
	return GP_OK;
}

/* gp_strbuf_span: a view of what is there. */
struct gp_span gp_strbuf_span(const struct gp_strbuf *buf)
{
	return (struct gp_span) {buf->data, buf->len};
}
