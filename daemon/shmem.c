/* SPDX-License-Identifier: ISC */
/* Anonymous shared mappings, and locks that bear the death of their holder. */
#include "daemon/shmem.h"

#include <errno.h>
#include <sys/mman.h>

/* gp_daemon_shmem_alloc: a mapping, which begins as zeroes. */
void *gp_daemon_shmem_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* gp_daemon_shmem_free: accepts NULL. */
void gp_daemon_shmem_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

/* gp_daemon_shmem_lock_init: shared between processes, and robust. */
int gp_daemon_shmem_lock_init(pthread_mutex_t *lock)
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

/* gp_daemon_shmem_lock: what a dead holder has left is taken as it is; users bear any content. */
void gp_daemon_shmem_lock(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}
