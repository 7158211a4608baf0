/* SPDX-License-Identifier: ISC */
/* Anonymous shared mappings; a text has two places, and an atomic number says which is valid. */
#include "policyd/survivor.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "config/config.h"

struct gp_survivor_text {
	atomic_uint valid; /* 0: none, else place valid - 1 */
	size_t len[2];
	char bytes[2][GP_CONFIG_FILE_MAX]; /* pages come into being when they are written */
};

/* gp_survivor_alloc: a mapping, which begins as zeroes. */
void *gp_survivor_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* gp_survivor_free: accepts NULL. */
void gp_survivor_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

/* gp_survivor_lock_init: shared between processes, and robust. */
int gp_survivor_lock_init(pthread_mutex_t *lock)
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

/* gp_survivor_lock: what a dead holder has left is taken as it is; users bear any content. */
void gp_survivor_lock(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}

/* gp_survivor_text_new: one mapping. */
struct gp_survivor_text *gp_survivor_text_new(void)
{
	return gp_survivor_alloc(sizeof(struct gp_survivor_text));
}

/* gp_survivor_text_free: accepts NULL. */
void gp_survivor_text_free(struct gp_survivor_text *text)
{
	gp_survivor_free(text, sizeof *text);
}

/* gp_survivor_text_set: into the other place, which then is the valid one. */
void gp_survivor_text_set(struct gp_survivor_text *text, struct gp_span value)
{
	unsigned place = atomic_load(&text->valid) == 1 ? 1 : 0;
	if (value.len > GP_CONFIG_FILE_MAX)
		return;
	if (value.len)
		memcpy(text->bytes[place], value.ptr, value.len);
	text->len[place] = value.len;
	atomic_store(&text->valid, place + 1);
}

/* gp_survivor_text_get: the valid place. */
struct gp_span gp_survivor_text_get(const struct gp_survivor_text *text)
{
	unsigned valid = atomic_load(&text->valid);
	if (valid == 0 || valid > 2 || text->len[valid - 1] > GP_CONFIG_FILE_MAX)
		return (struct gp_span) {NULL, 0};
	return (struct gp_span) {text->bytes[valid - 1], text->len[valid - 1]};
}
