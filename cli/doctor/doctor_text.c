/* SPDX-License-Identifier: ISC */
/* What does not fit is cut or "?", never missing: nothing is decided by these texts. */
#include "cli/doctor/doctor_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

/* gp_doctor_text: for parts of texts, and for paths. */
const char *gp_doctor_text(struct gp_arena *arena, const char *format, ...)
{
	va_list ap;
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, GP_DOCTOR_TEXT_MAX);
	va_start(ap, format);
	gp_strbuf_vprintf(&buf, format, ap);
	va_end(ap);
	return gp_strbuf_finish(&buf, &text) ? "?" : text;
}

/* gp_doctor_word: in quotes nothing means anything to a shell but the quote itself. */
const char *gp_doctor_word(struct gp_arena *arena, const char *text)
{
	size_t plain = 0;
	while (gp_span_is_alnum(text[plain]) || (text[plain] && strchr("/._-+:@%", text[plain])))
		plain++;
	if (plain && !text[plain] && *text != '-')
		return text;
	const char *word = "'";
	struct gp_span rest = gp_span_from(text), part;
	while (gp_span_cut(rest, '\'', &part, &rest))
		word = gp_doctor_text(arena, "%s%.*s'\\''", word, (int)part.len, part.ptr);
	return gp_doctor_text(arena, "%s%.*s'", word, (int)part.len, part.ptr);
}

/* gp_doctor_read: files of /proc have no size, so it is read until the end. */
bool gp_doctor_read(struct gp_arena *arena, const char *path, size_t max, struct gp_span *out)
{
	char part[4096];
	struct gp_strbuf buf;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	gp_strbuf_init(&buf, arena, max);
	while (buf.status == GP_OK && (n = read(fd, part, sizeof part)) > 0)
		gp_strbuf_add_span(&buf, (struct gp_span) {part, (size_t)n});
	int saved = errno;
	close(fd);
	errno = saved;
	*out = gp_strbuf_span(&buf);
	return true;
}

/* gp_doctor_line: without its end. */
bool gp_doctor_line(struct gp_span *text, struct gp_span *line_out)
{
	if (text->len == 0)
		return false;
	gp_span_cut(*text, '\n', line_out, text);
	return true;
}
