/* SPDX-License-Identifier: ISC */
/* A second map of the file's first bytes, for reading only. */
#include "store/lmdb/lmdb_lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOCK_BYTES 8192   /* of the file, as LMDB makes it */
#define MAGIC 0xBEEFC0DEu /* LMDB's, in the machine's byte order; then the format of its locks */
#define PATH 1200         /* more than an environment's path and the ending need */

/* map_begin: for reading; 0 or an errno. */
static int map_begin(struct gp_store_lmdb_lockfile *file, int fd)
{
	void *map = mmap(NULL, sizeof *file->begin, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return errno;
	file->begin = map;
	return 0;
}

/*
 * gp_store_lmdb_lockfile_open: LMDB maps the file for writing; where the disk has no room for it,
 * the first write to the map would end the process. Our map outlives the descriptor.
 */
int gp_store_lmdb_lockfile_open(struct gp_store_lmdb_lockfile *file, const char *env_path)
{
	char path[PATH];
	gp_store_lmdb_lockfile_close(file);
	int n = snprintf(path, sizeof path, "%s-lock", env_path);
	if (n < 0 || (size_t)n >= sizeof path)
		return ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	int rc = posix_fallocate(fd, 0, LOCK_BYTES);
	if (rc == 0)
		rc = map_begin(file, fd);
	close(fd);
	return rc;
}

/* gp_store_lmdb_lockfile_close: may be called twice. */
void gp_store_lmdb_lockfile_close(struct gp_store_lmdb_lockfile *file)
{
	union {
		const volatile uint64_t *from;
		void *to;
	} map = {.from = file->begin};
	if (file->begin)
		(void)munmap(map.to, sizeof *file->begin);
	file->begin = NULL;
	file->expected = 0;
}

/* gp_store_lmdb_lockfile_remember: LMDB has opened it, and it is LMDB's. */
void gp_store_lmdb_lockfile_remember(struct gp_store_lmdb_lockfile *file)
{
	file->expected = file->begin ? *file->begin : 0;
}

/* gp_store_lmdb_lockfile_is_whole: accidental writes do not leave these bytes. */
bool gp_store_lmdb_lockfile_is_whole(const struct gp_store_lmdb_lockfile *file)
{
	return !file->begin || *file->begin == file->expected;
}

/* gp_store_lmdb_lockfile_is_foreign: noughts are a new one. */
bool gp_store_lmdb_lockfile_is_foreign(const struct gp_store_lmdb_lockfile *file)
{
	uint64_t begin = file->begin ? *file->begin : 0;
	uint32_t magic;
	memcpy(&magic, &begin, sizeof magic);
	return magic != 0 && magic != MAGIC;
}
