/* SPDX-License-Identifier: ISC */
/* Anonymous shared mappings. */
#include "daemon/shmem.h"

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
