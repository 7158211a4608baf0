/* SPDX-License-Identifier: ISC */
/*
 * Names are checked before any path is made of them: an ID is letters, digits and hyphens, a queue
 * one plain component. Two places are tried, as Exim does itself, since whether the directory is
 * split is not told; an ID is never used twice, so the other place cannot hold another message.
 */
#include "exim-dlfunc/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_SHORT 16 /* up to Exim 4.96 */
#define ID_LONG 23
#define QUEUE_MAX 128
#define BLOCK 4096 /* looked through for the first line end at a time */

/* is_base62: a character of a number in an ID. */
static bool is_base62(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* gp_exim_spool_is_id: hyphens at their places only. */
bool gp_exim_spool_is_id(struct gp_span id)
{
	if (id.len != ID_SHORT && id.len != ID_LONG)
		return false;
	size_t second = id.len == ID_SHORT ? 13 : 18;
	for (size_t i = 0; i < id.len; i++)
		if (i == 6 || i == second ? id.ptr[i] != '-' : !is_base62(id.ptr[i]))
			return false;
	return true;
}

/* is_queue: one component of a path that goes nowhere else; or none. */
static bool is_queue(struct gp_span queue)
{
	if (queue.len > QUEUE_MAX || (queue.len && queue.ptr[0] == '.'))
		return false;
	for (size_t i = 0; i < queue.len; i++) {
		unsigned char c = (unsigned char)queue.ptr[i];
		if (c == '/' || c < 0x21 || c == 0x7f)
			return false;
	}
	return true;
}

/* is_directory: an absolute path. */
static bool is_directory(struct gp_span path)
{
	return path.len && path.len < PATH_MAX / 2 && path.ptr[0] == '/' &&
	       !memchr(path.ptr, 0, path.len);
}

/* fail: closes, with a reason. */
static int fail(struct gp_exim_spool *s, int status, const char *problem)
{
	s->error = status == GP_EIO ? errno : 0;
	s->problem = problem;
	gp_exim_spool_close(s);
	return status;
}

/* read_at: all of length bytes at an offset, less only at the end of the file; -1 on trouble. */
static ssize_t read_at(int fd, char *buffer, size_t length, uint64_t offset)
{
	size_t n = 0;
	while (n < length) {
		ssize_t got = pread(fd, buffer + n, length - n, (off_t)(offset + n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* check_first_line: the file names itself. */
static bool check_first_line(int fd, struct gp_span id)
{
	char line[ID_LONG + 3], wanted[ID_LONG + 4];
	int n = snprintf(wanted, sizeof wanted, "%.*s-D\n", (int)id.len, id.ptr);
	return read_at(fd, line, (size_t)n, 0) == n && memcmp(line, wanted, (size_t)n) == 0;
}

/*
 * find_ending: how the first line of the body ends; without any line end each reading is the same.
 */
static int find_ending(struct gp_exim_spool *s, uint64_t begin, uint64_t end)
{
	char block[BLOCK], before = 0;
	s->ending = begin == end ? GP_MESSAGE_LF : GP_MESSAGE_CRLF;
	for (uint64_t at = begin; at < end;) {
		size_t want = end - at < sizeof block ? (size_t)(end - at) : sizeof block;
		ssize_t got = read_at(s->fd, block, want, at);
		if (got <= 0)
			return GP_EIO;
		const char *lf = memchr(block, '\n', (size_t)got);
		if (lf) {
			before = lf > block ? lf[-1] : before;
			s->ending = before == '\r' ? GP_MESSAGE_CRLF : GP_MESSAGE_LF;
			return GP_OK;
		}
		before = block[got - 1];
		at += (uint64_t)got;
	}
	return GP_OK;
}

/* gp_exim_spool_attach: looks before it reads. */
int gp_exim_spool_attach(int fd, struct gp_span id, struct gp_exim_spool *spool_out)
{
	struct gp_exim_spool *s = spool_out;
	struct stat st;
	uint64_t first = id.len + 3; /* "-D" and LF */
	*s = (struct gp_exim_spool) {.fd = fd};
	if (fstat(fd, &st))
		return fail(s, GP_EIO, "the spool file cannot be accessed");
	errno = 0;
	if (!S_ISREG(st.st_mode))
		return fail(s, GP_EIO, "the spool file is not a regular file");
	if (!gp_exim_spool_is_id(id))
		return fail(s, GP_EINVAL, "the message ID is not one of Exim's");
	if (!check_first_line(fd, id))
		return fail(s, GP_EIO, "the spool file does not begin with its message ID");
	s->left = (uint64_t)st.st_size > first ? (uint64_t)st.st_size - first : 0;
	if (find_ending(s, first, first + s->left))
		return fail(s, GP_EIO, "the spool file cannot be read");
	if (lseek(fd, (off_t)first, SEEK_SET) < 0)
		return fail(s, GP_EIO, "the spool file cannot be read");
	return GP_OK;
}

/* open_at: in the directory itself, or below the sixth character of the ID. */
static int open_at(const struct gp_exim_place *p, bool split)
{
	char path[PATH_MAX], sub[3] = {p->id.ptr[5], '/', 0};
	int n = snprintf(path, sizeof path, "%.*s/%.*s%sinput/%s%.*s-D", (int)p->spool.len,
		p->spool.ptr, (int)p->queue.len, p->queue.len ? p->queue.ptr : "",
		p->queue.len ? "/" : "", split ? sub : "", (int)p->id.len, p->id.ptr);
	if (n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd;
	do
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* gp_exim_spool_open: the plain place first, then the split one. */
int gp_exim_spool_open(const struct gp_exim_place *place, struct gp_exim_spool *spool_out)
{
	*spool_out = (struct gp_exim_spool) {.fd = -1};
	if (!gp_exim_spool_is_id(place->id))
		return fail(spool_out, GP_EINVAL, "the message ID is not one of Exim's");
	if (!is_directory(place->spool))
		return fail(spool_out, GP_EINVAL, "the spool directory is not an absolute path");
	if (!is_queue(place->queue))
		return fail(spool_out, GP_EINVAL, "the name of the queue is not one of Exim's");
	int fd = open_at(place, false);
	if (fd < 0 && errno == ENOENT)
		fd = open_at(place, true);
	if (fd < 0)
		return fail(spool_out, GP_EIO, "the spool file cannot be opened");
	int rc = gp_exim_spool_attach(fd, place->id, spool_out);
	if (!rc && spool_out->left && gp_span_is(place->lines, "0"))
		spool_out->ending = GP_MESSAGE_CRLF; /* Exim made no line ends of its own */
	return rc;
}

/* gp_exim_spool_read: never past the size that the file had. */
int gp_exim_spool_read(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct gp_exim_spool *s = arg;
	ssize_t got;
	*got_out = 0;
	if (s->left == 0 || size == 0)
		return GP_OK;
	if (size > s->left)
		size = (size_t)s->left;
	do
		got = read(s->fd, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		s->error = got < 0 ? errno : 0;
		s->problem = got < 0 ? "the spool file cannot be read"
				     : "the spool file became shorter while it was read";
		return GP_EIO;
	}
	s->left -= (uint64_t)got;
	*got_out = (size_t)got;
	return GP_OK;
}

/* gp_exim_spool_close: the problem stays. */
void gp_exim_spool_close(struct gp_exim_spool *spool)
{
	if (spool->fd >= 0)
		(void)close(spool->fd); /* opened for reading: nothing can be lost */
	spool->fd = -1;
}
