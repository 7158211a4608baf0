/* SPDX-License-Identifier: ISC */
/*
 * Which files of a directory an embedded store has open: are they still the ones that stand there?
 *
 * A file that is deleted or replaced while it is open is still written to, but nobody else sees
 * that, and it ends with the process. Two processes of which one has the old lock file do not even
 * exclude each other. So what was opened is remembered by device and inode, and looked for by name
 * again.
 *
 *     gp_store_lmdb_files_remember(&files, directory, fds);       (right after opening)
 *     what = gp_store_lmdb_files_changed(&files, directory, &name);  (every second or so)
 *
 * Structs of the caller's; no locks.
 */
#ifndef GP_STORE_LMDB_FILES_H
#define GP_STORE_LMDB_FILES_H

#include <stdint.h>

#define GP_STORE_LMDB_FILES 5

struct gp_store_lmdb_files {
	struct {
		uint64_t device, inode; /* 0: it was not there */
		uint64_t size;          /* the largest that was seen: LMDB makes no file smaller */
	} of[GP_STORE_LMDB_FILES];
};

enum gp_store_lmdb_files_change {
	GP_STORE_LMDB_FILES_SAME,
	GP_STORE_LMDB_FILES_DELETED,
	GP_STORE_LMDB_FILES_REPLACED,
	GP_STORE_LMDB_FILES_CUT,   /* it was emptied, or written over with another one in place */
	GP_STORE_LMDB_FILES_UNSEEN /* it cannot be told now: no permission, or a disk that fails;
				 errno says why */
};

/* The names within the directory; the first two are those of the environments. */
extern const char *const gp_store_lmdb_files_names[GP_STORE_LMDB_FILES];

/* What is open now. fds: of those that we know a descriptor of; -1: what has the name now. */
void gp_store_lmdb_files_remember(struct gp_store_lmdb_files *files, const char *directory,
	const int fds[GP_STORE_LMDB_FILES]);

/* The first that is not as it was; *name_out is its name. Sizes are remembered. */
enum gp_store_lmdb_files_change gp_store_lmdb_files_changed(
	struct gp_store_lmdb_files *files, const char *directory, const char **name_out);

#endif
