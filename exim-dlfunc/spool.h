/* SPDX-License-Identifier: ISC */
/*
 * Spool: the body of a message in the file in which Exim keeps it.
 *
 * Knows Exim's layout: SPOOL/input/ID-D, SPOOL/input/X/ID-D where split_spool_directory is set (X:
 * the sixth character of the ID), SPOOL/QUEUE/input/... for a named queue; the first line names the
 * file, the body follows. Line ends are LF; CRLF where the message came by CHUNKING and
 * spool_wireformat is set. Nothing in the file says which, and the file that would does not exist
 * yet when the DATA ACL runs; but Exim leaves no CR in a body with LF, so the first line end tells;
 * and it counts the lines of such a body only, so that one of no lines has the ends of the wire,
 * whatever they look like.
 *
 *     struct gp_exim_spool s;
 *     if (gp_exim_spool_open(&place, &s) == GP_OK) ... gp_exim_spool_read(&s, ...) ...
 *     gp_exim_spool_close(&s);
 *
 * A file whose line ends are mixed is read as its first one says; hashing then finds a bare CR or
 * LF, which shows that it is not what was signed.
 *
 * GP_EINVAL: an ID, queue or directory that Exim would not use (nothing is opened); GP_EIO: no such
 * file, not a regular one, not this message's, or it became shorter; problem says what.
 *
 * Ownership: a spool owns its descriptor. Memory is constant whatever the size of the body.
 */
#ifndef GP_EXIM_SPOOL_H
#define GP_EXIM_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "exim-dlfunc/args.h"
#include "mail/message.h"

struct gp_exim_spool {
	int fd;        /* -1: closed */
	uint64_t left; /* bytes of the body not read yet */
	enum gp_message_ending ending;
	const char *problem; /* static text; NULL: none */
	int error;           /* errno that belongs to the problem; 0: none */
};

/* Is it a message ID: 6-6-2 characters, or 6-11-4 from Exim 4.97 on? */
bool gp_exim_spool_is_id(struct gp_span id);

/* Opens the body of place.id. On failure spool_out is closed, with its problem. */
int gp_exim_spool_open(
	const struct gp_exim_place *place, struct gp_exim_spool *spool_out) GP_MUST_CHECK;

/* The same with a descriptor, which it takes in any case. */
int gp_exim_spool_attach(int fd, struct gp_span id, struct gp_exim_spool *spool_out) GP_MUST_CHECK;

/* gp_message_body.read; arg is the spool. */
int gp_exim_spool_read(void *arg, char *buffer, size_t size, size_t *got_out) GP_MUST_CHECK;

/* Closes; may be called twice. */
void gp_exim_spool_close(struct gp_exim_spool *spool);

#endif
