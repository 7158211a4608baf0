/* SPDX-License-Identifier: ISC */
/*
 * Try_talk: a conversation with an SMTP server, line by line, all of it kept: what was sent and
 * what was said.
 *
 * Knows a connected descriptor and a deadline; does not know which commands there are. Never sends
 * a line that holds a control character.
 *
 *     gp_try_talk_init(&talk, arena, fd, deadline_us);
 *     gp_try_talk_listen(&talk, &reply);              (the greeting)
 *     gp_try_talk_say(&talk, &reply, "EHLO %s", helo);
 *
 * A server that does not answer, says nonsense, or has said enough ends the conversation: false,
 * and talk.problem says why. The descriptor is borrowed. Everything else lives in the arena.
 */
#ifndef GP_TRY_TRY_TALK_H
#define GP_TRY_TRY_TALK_H

#include <stdint.h>

#include "base/arena.h"
#include "cli/try/try_reply.h"

#define GP_TRY_TURNS_MAX 16
#define GP_TRY_HEARD_MAX 65536 /* bytes of a server, in all */

/* What was sent, and the reply. */
struct gp_try_turn {
	const char *sent; /* printable ASCII; NULL: nothing, the server began */
	struct gp_try_reply reply;
	bool has_reply;
};

struct gp_try_talk {
	struct gp_arena *arena;
	int fd;
	int64_t deadline_us; /* monotonic */
	bool skips_noise;    /* lines before the first reply that are none, as of exim -bh */
	struct gp_try_turn *turns;
	size_t turn_count;
	const char *problem; /* why it ended; NULL: it has not */
	/* what was heard; the first bytes have been taken */
	char *heard;
	size_t heard_len, taken;
};

/* false: no memory. */
bool gp_try_talk_init(
	struct gp_try_talk *talk, struct gp_arena *arena, int fd, int64_t deadline_us);

/* The next reply, which stays where it is; false: there is none. */
bool gp_try_talk_listen(struct gp_try_talk *talk, const struct gp_try_reply **reply_out);

/* One line, CRLF behind it, and the reply. */
bool gp_try_talk_say(struct gp_try_talk *talk, const struct gp_try_reply **reply_out,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
