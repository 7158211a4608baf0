/* SPDX-License-Identifier: ISC */
/*
 * Message: the header fields of a mail, and a body that is read as it comes.
 *
 * Knows where fields begin and end (RFC 5322 2.2) and how lines end; knows no field's meaning and
 * keeps every byte. A message may come with the line ends of the wire (CRLF) or of a Unix file
 * (LF); fields are handed out with CRLF in either case, as they were signed.
 *
 *     struct gp_message m;
 *     int rc = gp_message_parse(ctx->arena, header, GP_MESSAGE_LF, &m);
 *     for (size_t i = 0; i < m.count; i++) ... m.fields[i].name ...
 *
 * GP_OK also for a header that breaks the grammar: then defect says how, in words, and a verifier
 * must not trust its own reading of it. Of a header with more bytes or fields than below the first
 * ones are read, and is_cut is set. GP_ETOOBIG: more than the arena has; GP_ENOMEM.
 *
 * Ownership: all spans of a message point into the arena. Threads: no state.
 */
#ifndef GP_MAIL_MESSAGE_H
#define GP_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define GP_MESSAGE_HEADER_MAX (2u * 1024 * 1024) /* bytes of a header */
#define GP_MESSAGE_FIELDS_MAX 4096

enum gp_message_ending { GP_MESSAGE_LF, GP_MESSAGE_CRLF };

/* One field. No part holds the line end that ends the field; folds inside are CRLF and a blank. */
struct gp_message_field {
	struct gp_span name;  /* before the colon, without blanks at its end; empty: defect */
	struct gp_span value; /* all that follows the colon */
	struct gp_span raw;   /* the whole field */
};

struct gp_message {
	const struct gp_message_field *fields; /* in the order of the message, topmost first */
	size_t count;
	const char *defect; /* why this header may not be the one that was signed; NULL: it is. A
			       line that is no field, a bare CR or LF, a NUL, all with the line's
			       number; or that it was cut. Nothing of the message is in it */
	bool is_cut;        /* there are more fields */
	bool has_both_ends; /* of GP_MESSAGE_LF: some lines end with CRLF; both were line ends */
	bool is_trimmed;    /* the mail server takes blank lines off the ends of fields; for its
			       bridge to say, gp_message_parse sets it to false */
};

/*
 * Where the body comes from. read gives at most size bytes, GP_OK and 0 at the end, a negative
 * status on trouble; it is called from the beginning to the end once.
 */
struct gp_message_body {
	int (*read)(void *arg, char *buffer, size_t size, size_t *got_out);
	void *arg;
	enum gp_message_ending ending;
};

/* Reads a header: fields up to its end, or to an empty line. */
int gp_message_parse(struct gp_arena *arena, struct gp_span header, enum gp_message_ending ending,
	struct gp_message *message_out) GP_MUST_CHECK;

/*
 * Where the header ends in a message that begins with it: header_out is all before the first empty
 * line, *body_at_out the place of the first byte after that line. A message without an empty line
 * is all header. The line ends are those of its first line: after an LF there, CRLF ends lines as
 * well, as for Exim. A first line as mailbox files have it (mail/mboxline.h) belongs to neither:
 * header_out begins after it. Without a date it is a line of the header: "From :" is a field (RFC
 * 5322 4.5), and "From a@b" may be one to some program.
 */
void gp_message_split(struct gp_span text, struct gp_span *header_out, size_t *body_at_out,
	enum gp_message_ending *ending_out);

/* The line ends of the body: those of the empty line before it. A field that some program put in
 * front of a message with other line ends than its own does not change them. */
enum gp_message_ending gp_message_body_ending(struct gp_span text, size_t body_at);

/* The first field of this name from the top, ASCII case aside; NULL when there is none. */
const struct gp_message_field *gp_message_find(const struct gp_message *message, const char *name);

/* How many there are. */
size_t gp_message_count(const struct gp_message *message, const char *name);

#endif
