/* SPDX-License-Identifier: ISC */
/* By stat alone: what is open, and what is there under its name now. */
#include "store/lmdb/lmdb_files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH 1200 /* more than a directory and a name need (lmdb_env.h) */

const char *const gp_store_lmdb_files_names[GP_STORE_LMDB_FILES] = {
	"counters", "facts", "counters-lock", "facts-lock", "lock"};

/* look: 0, or the error. */
static int look(const char *directory, unsigned i, struct stat *out)
{
	char path[PATH];
	snprintf(path, sizeof path, "%s/%s", directory, gp_store_lmdb_files_names[i]);
	return stat(path, out) == 0 ? 0 : errno;
}

/* gp_store_lmdb_files_remember: one that is gone already counts as deleted later. */
void gp_store_lmdb_files_remember(struct gp_store_lmdb_files *files, const char *directory,
	const int fds[GP_STORE_LMDB_FILES])
{
	struct stat st;
	for (unsigned i = 0; i < GP_STORE_LMDB_FILES; i++) {
		/* the name may be another file's by now */
		int error = fds[i] >= 0 ? fstat(fds[i], &st) : look(directory, i, &st);
		files->of[i].device = error ? 0 : (uint64_t)st.st_dev;
		files->of[i].inode = error ? 0 : (uint64_t)st.st_ino;
		files->of[i].size = error ? 0 : (uint64_t)st.st_size;
	}
}

/* gp_store_lmdb_files_changed: the directory may be another one as well. */
enum gp_store_lmdb_files_change gp_store_lmdb_files_changed(
	struct gp_store_lmdb_files *files, const char *directory, const char **name_out)
{
	struct stat st;
	for (unsigned i = 0; i < GP_STORE_LMDB_FILES; i++) {
		int error = look(directory, i, &st);
		*name_out = gp_store_lmdb_files_names[i];
		errno = error;
		if (error)
			return error == ENOENT || error == ENOTDIR ? GP_STORE_LMDB_FILES_DELETED
								   : GP_STORE_LMDB_FILES_UNSEEN;
		if ((uint64_t)st.st_dev != files->of[i].device ||
			(uint64_t)st.st_ino != files->of[i].inode)
			return GP_STORE_LMDB_FILES_REPLACED;
		if ((uint64_t)st.st_size < files->of[i].size)
			return GP_STORE_LMDB_FILES_CUT;
		files->of[i].size = (uint64_t)st.st_size;
	}
	return GP_STORE_LMDB_FILES_SAME;
}
