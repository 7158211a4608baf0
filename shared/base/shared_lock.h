/* SPDX-License-Identifier: ISC */
/*
 * Shared lock: a mutex in memory that several processes share, which the death of its holder does
 * not block.
 *
 *     rc = gp_shared_lock_init(&table->lock)
 *     gp_shared_lock_take(&table->lock);
 *     ... (short, without I/O) ...
 *     pthread_mutex_unlock(&table->lock);
 *
 * A process may die at any moment, also while it writes what the lock guards. The next one takes
 * that as it is: what uses such memory must bear any content.
 */
#ifndef GP_BASE_SHARED_LOCK_H
#define GP_BASE_SHARED_LOCK_H

#include <pthread.h>

#include "base/err.h"

/* A lock for threads and processes. GP_ENOMEM. Ends with pthread_mutex_destroy. */
int gp_shared_lock_init(pthread_mutex_t *lock) GP_MUST_CHECK;

/* Waits for it; released by pthread_mutex_unlock. */
void gp_shared_lock_take(pthread_mutex_t *lock);

#endif
