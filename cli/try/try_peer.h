/* SPDX-License-Identifier: ISC */
/*
 * Try_peer: the other end of a test dialogue: a server at an address, or exim -bh, which plays a
 * session from an address that is given and delivers nothing.
 *
 *     if (gp_try_peer_dial(arena, "127.0.0.1:25", 30, &peer)) ... peer.fd ...
 *     gp_try_peer_close(&peer);
 */
#ifndef GP_TRY_TRY_PEER_H
#define GP_TRY_TRY_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

struct gp_try_peer {
	int fd;              /* a connected socket; -1: none */
	pid_t child;         /* 0: none */
	int errors;          /* what the child says on stderr, a file; -1: none */
	const char *problem; /* why there is none; printable */
};

/* "HOST", "HOST:PORT", "[2001:db8::1]:PORT"; port 25 when there is none. false: problem. */
bool gp_try_peer_dial(struct gp_arena *arena, const char *server, uint64_t timeout_s,
	struct gp_try_peer *peer_out);

/* exim -bh ADDRESS. false: problem. */
bool gp_try_peer_exim(struct gp_arena *arena, const char *program, const char *address,
	struct gp_try_peer *peer_out);

/* What a child that ended too soon has said last; "": nothing, or there is none. */
const char *gp_try_peer_said(struct gp_arena *arena, const struct gp_try_peer *peer);

/* Closes, and ends the child. */
void gp_try_peer_close(struct gp_try_peer *peer);

#endif
