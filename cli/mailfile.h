/* SPDX-License-Identifier: ISC */
/*
 * Mailfile: a message in a file or on standard input: its header in memory, its body read as it
 * comes, whatever its size.
 *
 *     struct gp_cli_mailfile f;
 *     int code = gp_cli_mailfile_open(&f, "verify", path);        ("-": standard input)
 *     gp_message_parse(arena, f.header, f.ending, &message); ... f.body ...
 *     gp_cli_mailfile_again(&f, &body)                  (after gp_cli_mailfile_keep, once more)
 *     gp_cli_mailfile_close(&f);
 */
#ifndef GP_CLI_MAILFILE_H
#define GP_CLI_MAILFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/span.h"
#include "mail/message.h"

#define GP_CLI_MAILFILE_PROBLEM 512

struct gp_cli_mailfile {
	struct gp_span header;
	enum gp_message_ending ending;         /* of the header */
	struct gp_message_body body;           /* may be read once */
	char problem[GP_CLI_MAILFILE_PROBLEM]; /* when it cannot be opened: why */
	/* its own */
	FILE *kept;   /* the body as it was read; NULL: nobody wants it */
	bool is_lost; /* it could not be kept */
	int fd;
	char *buffer; /* the beginning of the file */
	size_t size, at;
};

/* Opens and reads up to the body; -1, or an exit code after saying why. A file without a byte is no
 * message. */
int gp_cli_mailfile_open(struct gp_cli_mailfile *file, const char *command, const char *path);

/* Before the body is read: it is kept in a temporary file. GP_EIO. */
int gp_cli_mailfile_keep(struct gp_cli_mailfile *file) GP_MUST_CHECK;

/* The same body from the beginning, as often as it is wanted; GP_EIO: it cannot be read again. */
int gp_cli_mailfile_again(
	struct gp_cli_mailfile *file, struct gp_message_body *body_out) GP_MUST_CHECK;

void gp_cli_mailfile_close(struct gp_cli_mailfile *file);

#endif
