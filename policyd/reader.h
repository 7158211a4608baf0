/* SPDX-License-Identifier: ISC */
/*
 * Reader: cuts the bytes that a connection sends into requests (SMTPD_POLICY_README: lines of
 * name=value, each ended by LF, and an empty line).
 *
 * Pure memory, no I/O; knows the framing, not what the attributes mean. Unused attributes take no
 * room: they are dropped before more memory is allocated. It takes any other value that a client of
 * the mail server could have chosen: a request may be as long as GP_READER_MAX, and of a longer one
 * the first lines are kept and the rest is thrown away, so that it can still be answered. Bytes
 * NUL, which the mail server never sends, become question marks.
 *
 *     gp_reader_init(&r);
 *     gp_reader_space(&r, &place, &room);
 *     gp_reader_add(&r, how many were read);
 *     switch (gp_reader_find(&r, &request)) ...    (until GP_READER_MORE)
 *     gp_reader_next(&r);                          (after each request)
 *     gp_reader_fini(&r);
 *
 * Ownership: a request borrows the reader's memory until gp_reader_next. Up to GP_READER_FIRST
 * bytes no memory is allocated. A reader belongs to one thread.
 */
#ifndef GP_POLICYD_READER_H
#define GP_POLICYD_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* more than most requests; a part of the session's stack, all of which becomes memory where the
 * compiler protects stacks from clashes */
#define GP_READER_FIRST 2048
#define GP_READER_HEAD 8192 /* at most, of a request that is too large */
#define GP_READER_MAX 65536 /* bytes of a request, its empty line included */

enum gp_reader_found {
	GP_READER_MORE,      /* no whole request yet */
	GP_READER_WHOLE,     /* one, with its empty line */
	GP_READER_TOO_LARGE, /* one; what is here are its first lines, and an empty one */
	GP_READER_BROKEN     /* a line without "=": what follows is no request either */
};

struct gp_reader {
	char *bytes;       /* first, or an allocation */
	size_t room;       /* of bytes */
	size_t filled;     /* bytes that were read */
	size_t line;       /* where the line under way begins */
	size_t scanned;    /* so far there is no further end of a line */
	size_t end;        /* of the request that was found */
	size_t head;       /* bytes that are kept of a request that is too large; 0: it is not */
	bool is_mid_line;  /* too large: the line under way began in what is thrown away */
	bool is_too_large; /* the request under way */
	/* may be set behind gp_reader_init: has anybody a use for the attribute? NULL: for all */
	bool (*is_used)(struct gp_span name);
	char first[GP_READER_FIRST];
};

/* Empty. */
void gp_reader_init(struct gp_reader *reader);

/* Frees what a large request has needed. */
void gp_reader_fini(struct gp_reader *reader);

/* Where the next bytes go, and how many of them: at least one. After GP_READER_MORE only. */
void gp_reader_space(struct gp_reader *reader, char **place_out, size_t *room_out);

/* So many bytes were put there. */
void gp_reader_add(struct gp_reader *reader, size_t count);

/* Is there a request? The same answer again until bytes come or gp_reader_next is called. */
enum gp_reader_found gp_reader_find(struct gp_reader *reader, struct gp_span *request_out);

/* The request that was found has been served. */
void gp_reader_next(struct gp_reader *reader);

/* Has a request begun that is not whole? */
bool gp_reader_has_begun(const struct gp_reader *reader);

/* What has been read of it: for the log. */
struct gp_span gp_reader_begun(struct gp_reader *reader);

#endif
