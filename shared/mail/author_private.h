/* SPDX-License-Identifier: ISC */
/* The two halves of author.h: lines that may be another From, and From fields off the grammar. */
#ifndef GP_MAIL_AUTHOR_PRIVATE_H
#define GP_MAIL_AUTHOR_PRIVATE_H

#include "mail/author.h"
#include "mail/mailbox.h"

/* Why the header may show another author to another program; *problem_out NULL: it does not. */
int gp_author_doubt(struct gp_arena *arena, const struct gp_message *message,
	const char **problem_out) GP_MUST_CHECK;

/* Is this the line that begins a message in a mailbox file, with > in front or without? */
bool gp_author_is_mailbox_line(struct gp_span line);

#define GP_AUTHOR_NAME_BYTES 1024 /* of a name are looked through after an @ */

/* What a From field shows that the grammar does not take for one with addresses. */
enum gp_author_sight {
	GP_AUTHOR_SEES_NONE,  /* no @ with a name after it that has a dot, nor a host's name set
				 apart  with % or ! or : or in angle brackets */
	GP_AUTHOR_SEES_ONE,   /* each @ stands before the same domain */
	GP_AUTHOR_SEES_OTHERS /* what it shows depends on the program */
};

struct gp_author_view {
	enum gp_author_sight sight;
	struct gp_span domain; /* of SEES_ONE, as it stands */
	bool is_clear;         /* its words can be decoded, and it has no control bytes */
	bool has_at;           /* an @, decoded or another form of it too; if it is clear */
	bool has_host;         /* a host's name in angle brackets that have no @; the same */
};

/* Text in which the characters that programs map to ASCII are mapped, and those that nobody sees
 * are dropped; the text itself when there are none. Never longer. */
int gp_author_plain(
	struct gp_arena *arena, struct gp_span text, struct gp_span *plain_out) GP_MUST_CHECK;

/* Does a domain have a whole name before a character that is mapped? A program that ends names at
 * it sees that one. */
bool gp_author_ends_early(struct gp_span domain);

/* Could a program that decodes the encoded words of a value first find another mailbox in it than
 * those that were read, or its end? A name with the address of somebody else is a name, as long as
 * nothing in it ends a name, opens or closes a quoted string or comment, or stands in brackets. */
int gp_author_name_hides(struct gp_arena *arena, struct gp_span value,
	const struct gp_mailbox_list *list, bool *hides_out) GP_MUST_CHECK;

/* Looks at the value, in time that grows as its length does. */
int gp_author_look(struct gp_arena *arena, struct gp_span value,
	struct gp_author_view *view_out) GP_MUST_CHECK;

/* Is it a byte of a domain? */
bool gp_author_is_of_domain(char c);

/* The domain without what nobody takes for a part of it at its end: blanks other than ASCII, what
 * is not seen, quotes other than ASCII. */
struct gp_span gp_author_trim(struct gp_span domain);

/* Does a dot stand inside the name, and a letter after the last one? */
bool gp_author_is_dotted(struct gp_span name);

/* The next such name in text, cut off with what stands before it; false: none. */
bool gp_author_next_dotted(struct gp_span *text, struct gp_span *name_out);

/* Is there a dot that may be one of a domain? */
bool gp_author_has_dot(struct gp_span text);

#endif
