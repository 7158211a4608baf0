/* SPDX-License-Identifier: ISC */
/*
 * The file beside an environment that LMDB locks with ("counters-lock"): is it still LMDB's?
 *
 * LMDB maps it for writing, and keeps mutexes and a table of readers in it, which it trusts without
 * looking: when something else was written over them, a lock fails, waits for ever or ends the
 * process. What it begins with never changes while it is open, so that is looked at before each
 * use.
 *
 *     rc = gp_store_lmdb_lockfile_open(&file, path);     (before LMDB opens its file)
 *     gp_store_lmdb_lockfile_remember(&file);            (after that)
 *     gp_store_lmdb_lockfile_is_whole(&file)             (one read of memory)
 *     gp_store_lmdb_lockfile_close(&file);
 *
 * The first process that opens the file creates it anew (LMDB does that). No descriptor of the file
 * is ever closed while LMDB has it open, since that would end LMDB's locks of this process.
 * Threads: any number may look while nobody opens or closes.
 */
#ifndef GP_STORE_LMDB_LOCKFILE_H
#define GP_STORE_LMDB_LOCKFILE_H

#include <stdbool.h>
#include <stdint.h>

struct gp_store_lmdb_lockfile {
	const volatile uint64_t *begin; /* mapped; NULL: not open */
	uint64_t expected;              /* 0: not remembered yet */
};

/* Makes the file of that environment with room on the disk, and maps its begin; 0 or an errno. */
int gp_store_lmdb_lockfile_open(struct gp_store_lmdb_lockfile *file, const char *env_path);
void gp_store_lmdb_lockfile_close(struct gp_store_lmdb_lockfile *file);

/* As it begins now, it is whole. */
void gp_store_lmdb_lockfile_remember(struct gp_store_lmdb_lockfile *file);

/* Does it begin as it did when it was remembered? */
bool gp_store_lmdb_lockfile_is_whole(const struct gp_store_lmdb_lockfile *file);

/* Does it begin as no lock file of LMDB does? */
bool gp_store_lmdb_lockfile_is_foreign(const struct gp_store_lmdb_lockfile *file);

#endif
