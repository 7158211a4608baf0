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

/* keep: what was read, for another time. */
static void keep(struct gp_cli_mailfile *f, const char *buffer, size_t n)
{
	if (f->kept && fwrite(buffer, 1, n, f->kept) != n)
		f->is_lost = true;
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
		keep(f, buffer, *got_out);
		return GP_OK;
	}
	ssize_t n = read_some(f->fd, buffer, size);
	*got_out = n > 0 ? (size_t)n : 0;
	keep(f, buffer, *got_out);
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

/* refuse: why there is no message. */
static int refuse(struct gp_cli_mailfile *f, const char *command, const char *name, const char *why)
{
	snprintf(f->problem, sizeof f->problem, "%s: %s", name, why);
	fprintf(stderr, "gatepost %s: %s\n", command, f->problem);
	gp_cli_mailfile_close(f);
	return GP_CLI_TROUBLE;
}

/* gp_cli_mailfile_open: a header that does not end in time is GP_ETOOBIG's, when it is parsed. */
int gp_cli_mailfile_open(struct gp_cli_mailfile *f, const char *command, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	*f = (struct gp_cli_mailfile) {.fd = is_stdin ? 0 : open(path, O_RDONLY | O_CLOEXEC)};
	f->buffer = malloc(BEGINNING);
	if (f->fd < 0 || !f->buffer || fill(f))
		return refuse(f, command, name, strerror(errno));
	if (f->size == 0)
		return refuse(f, command, name, "it is empty: there is no message in it");
	struct gp_span text = {f->buffer, f->size};
	gp_message_split(text, &f->header, &f->at, &f->ending);
	f->body.ending = gp_message_body_ending(text, f->at);
	f->body.read = read_body;
	f->body.arg = f;
	return -1;
}

/* gp_cli_mailfile_keep: a file without a name. */
int gp_cli_mailfile_keep(struct gp_cli_mailfile *f)
{
	f->kept = tmpfile();
	return f->kept ? GP_OK : GP_EIO;
}

/* read_kept: from the temporary file. */
static int read_kept(void *arg, char *buffer, size_t size, size_t *got_out)
{
	const struct gp_cli_mailfile *f = arg;
	*got_out = fread(buffer, 1, size, f->kept);
	return *got_out == 0 && ferror(f->kept) ? GP_EIO : GP_OK;
}

/* gp_cli_mailfile_again: what nobody wanted before is read now. */
int gp_cli_mailfile_again(struct gp_cli_mailfile *f, struct gp_message_body *body_out)
{
	char buffer[8192];
	size_t got = 1;
	int rc = f->kept ? GP_OK : GP_EINVAL;
	while (!rc && got)
		rc = read_body(f, buffer, sizeof buffer, &got);
	if (!rc && (f->is_lost || fseek(f->kept, 0, SEEK_SET)))
		rc = GP_EIO;
	*body_out =
		(struct gp_message_body) {.read = read_kept, .arg = f, .ending = f->body.ending};
	return rc;
}

/* gp_cli_mailfile_close: standard input stays open. */
void gp_cli_mailfile_close(struct gp_cli_mailfile *f)
{
	if (f->fd > 0)
		close(f->fd);
	if (f->kept)
		(void)fclose(f->kept); /* it was for reading only, and is gone with it */
	free(f->buffer);
	f->buffer = NULL;
	f->kept = NULL;
	f->fd = -1;
}
