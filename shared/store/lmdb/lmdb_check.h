/* SPDX-License-Identifier: ISC */
/*
 * What stands before LMDB touches a file: is it whole?
 *
 * LMDB trusts its files: a damaged one ends the process (it asserts, or reads outside its map). So
 * a process that is the only one to open a directory checks its files first and sets a damaged one
 * aside. Knows LMDB's data format 1 as it is on machines of 64 bits (elsewhere every file passes);
 * makes no call of LMDB.
 *
 *     gp_store_lmdb_lock_open(&lock, directory);
 *     gp_store_lmdb_lock_take(&lock, wait_ms, &alone);
 *     if (alone)
 *             rc = gp_store_lmdb_check_path(path, problem);    (GP_ESYNTAX: problem says why)
 *     gp_store_lmdb_set_aside(path, wall_s, moved_to);         (then)
 *     (LMDB opens its files)
 *     gp_store_lmdb_lock_share(&lock);
 *
 * Known gaps: pages that are neither used nor free are not missed, and what records hold is not
 * looked at.
 */
#ifndef GP_STORE_LMDB_CHECK_H
#define GP_STORE_LMDB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The only table beside the main one; of another length than a subject's key. */
#define GP_STORE_LMDB_SOFT_NAME "soft"

#define GP_STORE_LMDB_PROBLEM 160 /* room for a problem's text */

/* A file's bytes, or what stands for them. */
struct gp_store_lmdb_file {
	/* Reads length bytes from offset; false: they are not there. */
	bool (*read)(void *arg, uint64_t offset, void *buffer, size_t length);
	void *arg;
	uint64_t size;
};

/*
 * Is the file what LMDB leaves behind, as seen from its newest meta page? GP_OK; GP_ESYNTAX: no,
 * and problem says why; GP_ENOMEM. A file of size 0 is none yet, which is fine.
 */
int gp_store_lmdb_check(const struct gp_store_lmdb_file *file, size_t page_size,
	char problem[GP_STORE_LMDB_PROBLEM]) GP_MUST_CHECK;

/*
 * The same for the file of that name, with the system's page size. A file that does not exist is
 * fine; GP_EIO: it cannot be read, and problem says why. *size_out: 0 when it holds nothing yet.
 */
int gp_store_lmdb_check_path(
	const char *path, uint64_t *size_out, char problem[GP_STORE_LMDB_PROBLEM]) GP_MUST_CHECK;

/*
 * How many bytes have to be mapped of an open file that other processes write to, by its newest
 * meta page, whose bounds are checked as above; the rest is not. 0, where files are not looked at:
 * what the file says. GP_ESYNTAX: what it says cannot be.
 */
int gp_store_lmdb_check_map(
	int fd, uint64_t *bytes_out, char problem[GP_STORE_LMDB_PROBLEM]) GP_MUST_CHECK;

/*
 * Renames the file to PATH.damaged-YYYYMMDD-HHMMSS (UTC; with a number after it where that exists)
 * and removes PATH-lock. moved_to of size bytes gets the new name. GP_EIO: errno says why.
 */
int gp_store_lmdb_set_aside(
	const char *path, int64_t wall_s, char *moved_to, size_t size) GP_MUST_CHECK;

/* ---- which processes have the directory open ---- */

/*
 * The file "lock" with two locks in it, which end with the process: a process that opens or closes
 * holds the first exclusively; processes with LMDB's files open share the second. Since the second
 * is taken and converted under the first only, nobody slips in between a check and what follows it.
 */
struct gp_store_lmdb_lock {
	int fd; /* -1: not open */
};

/* Opens or makes the file. GP_EIO: errno says why. */
int gp_store_lmdb_lock_open(struct gp_store_lmdb_lock *lock, const char *directory) GP_MUST_CHECK;

/*
 * Gets the first lock within wait_ms, and the second: *alone_out says that nobody else had it.
 * GP_ETIMEOUT: another process is opening just now; GP_EIO.
 */
int gp_store_lmdb_lock_take(
	struct gp_store_lmdb_lock *lock, int wait_ms, bool *alone_out) GP_MUST_CHECK;

/* Keeps the second together with others and lets go of the first. GP_EIO: errno says why. */
int gp_store_lmdb_lock_share(struct gp_store_lmdb_lock *lock) GP_MUST_CHECK;

/* Lets go of all; LMDB's files have been closed. */
void gp_store_lmdb_lock_close(struct gp_store_lmdb_lock *lock);

#endif
