/* SPDX-License-Identifier: ISC */
/* Process-shared and robust mutexes of POSIX. */
#include "base/shared_lock.h"

#include <errno.h>

/* gp_shared_lock_init: shared between processes, and robust. */
int gp_shared_lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	if (pthread_mutexattr_init(&attr))
		return GP_ENOMEM;
	int failed = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
		     pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) ||
		     pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return failed ? GP_ENOMEM : GP_OK;
}

/* gp_shared_lock_take: what a dead holder has left is taken as it is. */
void gp_shared_lock_take(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}
