/* SPDX-License-Identifier: ISC */
/*
 * File stamp: what shows that a file is another one or has been written to, since a first look.
 *
 * Device, inode, size, and the times of the last change of content and of inode, to the nanosecond:
 * so a file of any age that is moved into its place is seen, one copied with its times (cp -p), and
 * a second change within the same second.
 *
 *     struct gp_filestamp then = gp_filestamp_of(path);
 *     ... gp_filestamp_is_same(then, gp_filestamp_of(path)) ...
 *
 * Known gap: what is written without another size within one tick of the kernel's clock, some
 * milliseconds, looks the same.
 */
#ifndef GP_BASE_FILESTAMP_H
#define GP_BASE_FILESTAMP_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* All zero: there is no such file, or it is out of sight. */
struct gp_filestamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed; /* content; content, name or permissions */
};

/* Of the file at path, behind links. */
struct gp_filestamp gp_filestamp_of(const char *path);

/* The same of what stat(2) or fstat(2) has said. */
struct gp_filestamp gp_filestamp_from(const struct stat *st);

bool gp_filestamp_is_same(struct gp_filestamp a, struct gp_filestamp b);

/* Is there no file? */
bool gp_filestamp_is_absent(struct gp_filestamp stamp);

#endif
