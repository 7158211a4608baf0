/* SPDX-License-Identifier: ISC */
/*
 * Mailfile: a message in a file or on standard input: its header in memory, its body read as it
 * comes, whatever its size.
 *
 *     struct gp_cli_mailfile f;
 *     int code = gp_cli_mailfile_open(&f, "verify", path);        ("-": standard input)
 *     gp_message_parse(arena, f.header, f.ending, &message); ... f.body ...
 *     gp_cli_mailfile_close(&f);
 */
#ifndef GP_CLI_MAILFILE_H
#define GP_CLI_MAILFILE_H

#include "base/span.h"
#include "mail/message.h"

struct gp_cli_mailfile {
	struct gp_span header;
	enum gp_message_ending ending; /* of the header */
	struct gp_message_body body;   /* may be read once */
	/* its own */
	int fd;
	char *buffer; /* the beginning of the file */
	size_t size, at;
};

/* Opens and reads up to the body; -1, or an exit code after saying why. */
int gp_cli_mailfile_open(struct gp_cli_mailfile *file, const char *command, const char *path);
void gp_cli_mailfile_close(struct gp_cli_mailfile *file);

#endif
