/* SPDX-License-Identifier: ISC */
/*
 * Shared memory that outlives a crash of the serving process.
 *
 * Made before the first fork and shared with every serving process that follows: small tables and
 * counters. A process may die at any moment, also while it writes here; locks in it must be robust
 * ones.
 */
#ifndef GP_DAEMON_SHMEM_H
#define GP_DAEMON_SHMEM_H

#include <pthread.h>
#include <stddef.h>

#include "base/err.h"

/* size zeroed bytes that child processes share, or NULL; freed by gp_daemon_shmem_free. */
void *gp_daemon_shmem_alloc(size_t size);
void gp_daemon_shmem_free(void *memory, size_t size);

/* A lock in such memory, which the death of its holder does not block. */
int gp_daemon_shmem_lock_init(pthread_mutex_t *lock) GP_MUST_CHECK;
void gp_daemon_shmem_lock(pthread_mutex_t *lock);

#endif
