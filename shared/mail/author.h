/* SPDX-License-Identifier: ISC */
/*
 * Author: the one domain that the From field of a message shows to its reader (RFC 9989 5.3.1).
 *
 * Every rule about forged authors begins here, so a domain is given only when no program that shows
 * the message could show another one; if there is none, it says which of three things is so. Looks
 * at the whole header, since a line that is no field may be a From field to another program.
 *
 *     struct gp_author author;
 *     int rc = gp_author_find(arena, &message, &author);
 *
 * GP_OK whatever the message holds; GP_ETOOBIG, GP_ENOMEM: the arena's. Texts live in the arena or
 * are static. Threads: no state.
 *
 * A line that is no field is ignored unless it could be taken for a From field: its name, blanks,
 * control bytes and case aside, begins with "From", or would with other characters in the place of
 * those that are not ASCII. So is text after a bare CR or LF inside a field. The line that begins a
 * message in a mailbox file ("From alice@x Sat Nov 28 10:00:00 2026") is known to all. A line right
 * below From that is no field may be a part of it, unless it is a field but for its name.
 *
 * A From field that breaks the grammar (mail/mailbox.h) is read all the same when each @ in it,
 * quoted, in a comment or alone, stands before the same domain and nothing that could make it
 * longer.
 */
#ifndef GP_MAIL_AUTHOR_H
#define GP_MAIL_AUTHOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "mail/message.h"

enum gp_author_cause {
	GP_AUTHOR_ONE,       /* there is a domain */
	GP_AUTHOR_NO_DOMAIN, /* From shows none: "MAILER-DAEMON <>", "root (Cron Daemon)", nothing;
				nor, where it has no address, what programs show instead */
	GP_AUTHOR_SEVERAL,   /* it names several */
	GP_AUTHOR_UNREADABLE /* another program may show another author; also: no From field at all,
				for which programs show Sender or the envelope's sender */
};

struct gp_author {
	enum gp_author_cause cause;
	const char *domain;  /* A-labels; "" without */
	const char *problem; /* why there is none, printable ASCII, such as "it names several
				domains"; NULL with one */
	bool bounces_may; /* unreadable, but of a bounce it is no domain: From is empty; or it has
			     no @ in any form and no host in angle brackets; or there is none
			     and no other field that programs show instead names one */
};

/* Finds it. */
int gp_author_find(struct gp_arena *arena, const struct gp_message *message,
	struct gp_author *author_out) GP_MUST_CHECK;

#endif
