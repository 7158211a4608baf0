/* SPDX-License-Identifier: ISC */
/* As much of the file as a header may have is read at once; the body is the rest of it, and then
 * what comes from the descriptor. */
#include "cli/mailfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/usage.h"

#define BEGINNING (GP_MESSAGE_HEADER_MAX + 65536)

/* read_some: as read(2), whatever signals come. */
static ssize_t read_some(int fd, char *buffer, size_t size)
{
	ssize_t n;
	do
		n = read(fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n;
}

/* read_body: what was read with the header first. */
static int read_body(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct gp_cli_mailfile *f = arg;
	size_t left = f->size - f->at;
	if (left) {
		*got_out = left < size ? left : size;
		memcpy(buffer, f->buffer + f->at, *got_out);
		f->at += *got_out;
		return GP_OK;
	}
	ssize_t n = read_some(f->fd, buffer, size);
	*got_out = n > 0 ? (size_t)n : 0;
	return n < 0 ? GP_EIO : GP_OK;
}

/* fill: the beginning. */
static int fill(struct gp_cli_mailfile *f)
{
	ssize_t n = 1;
	while (n > 0 && f->size < BEGINNING) {
		n = read_some(f->fd, f->buffer + f->size, BEGINNING - f->size);
		f->size += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? GP_EIO : GP_OK;
}

/* gp_cli_mailfile_open: a header that does not end in time is GP_ETOOBIG's, when it is parsed. */
int gp_cli_mailfile_open(struct gp_cli_mailfile *f, const char *command, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	*f = (struct gp_cli_mailfile) {.fd = is_stdin ? 0 : open(path, O_RDONLY | O_CLOEXEC)};
	f->buffer = malloc(BEGINNING);
	if (f->fd < 0 || !f->buffer || fill(f)) {
		fprintf(stderr, "gatepost %s: %s: %s\n", command,
			is_stdin ? "standard input" : path, strerror(errno));
		gp_cli_mailfile_close(f);
		return GP_CLI_TROUBLE;
	}
	struct gp_span text = {f->buffer, f->size};
	gp_message_split(text, &f->header, &f->at, &f->ending);
	f->body.ending = gp_message_body_ending(text, f->at);
	f->body.read = read_body;
	f->body.arg = f;
	return -1;
}

/* gp_cli_mailfile_close: standard input stays open. */
void gp_cli_mailfile_close(struct gp_cli_mailfile *f)
{
	if (f->fd > 0)
		close(f->fd);
	free(f->buffer);
}
