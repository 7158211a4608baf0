/* SPDX-License-Identifier: ISC */
/*
 * Shared memory that outlives a crash of the serving process.
 *
 * Made before the first fork and shared with every serving process that follows: small tables and
 * counters. A process may die at any moment, also while it writes here; locks in it are those of
 * base/shared_lock.h.
 */
#ifndef GP_DAEMON_SHMEM_H
#define GP_DAEMON_SHMEM_H

#include <stddef.h>

/* size zeroed bytes that child processes share, or NULL; freed by gp_daemon_shmem_free. */
void *gp_daemon_shmem_alloc(size_t size);
void gp_daemon_shmem_free(void *memory, size_t size);

#endif
