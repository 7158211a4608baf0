/* SPDX-License-Identifier: ISC */
/*
 * A list of blocks, newest first; an allocation comes from the newest or opens another. Reset keeps
 * the first block, so that an ordinary request needs no malloc and an idle connection holds little.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 4096
#define LARGEST_BLOCK 65536
#define SMALL_BLOCK 2048

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct gp_arena {
	struct block *blocks;
	size_t ceiling, used;
	size_t first; /* bytes of the first blocks; FIRST_BLOCK unless it is a small one */
	int status;
};

/* block_new: one block of size bytes of payload, or NULL. */
static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof *b + size);
	if (b) {
		b->next = NULL;
		b->size = size;
		b->used = 0;
	}
	return b;
}

/* arena_new: an arena without blocks; the first comes with the first allocation. */
static struct gp_arena *arena_new(size_t ceiling, size_t first)
{
	struct gp_arena *a = calloc(1, sizeof *a);
	if (a) {
		a->ceiling = ceiling;
		a->first = first;
	}
	return a;
}

/* gp_arena_new: of ordinary blocks. */
struct gp_arena *gp_arena_new(size_t ceiling)
{
	return arena_new(ceiling, FIRST_BLOCK);
}

/* gp_arena_new_small: of small ones. */
struct gp_arena *gp_arena_new_small(size_t ceiling)
{
	return arena_new(ceiling, SMALL_BLOCK);
}

/* gp_arena_free: every block, then the arena. */
void gp_arena_free(struct gp_arena *arena)
{
	if (!arena)
		return;
	for (struct block *b = arena->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

/* gp_arena_reset: frees all blocks but the oldest, and that one too when it is large. */
void gp_arena_reset(struct gp_arena *arena)
{
	struct block *keep = NULL;
	for (struct block *b = arena->blocks, *next; b; b = next) {
		next = b->next;
		if (!next && b->size <= arena->first)
			keep = b;
		else
			free(b);
	}
	if (keep)
		keep->used = 0;
	arena->blocks = keep;
	arena->used = 0;
	arena->status = GP_OK;
}

/* refuse: remembers why and gives NULL. */
static void *refuse(struct gp_arena *arena, int status)
{
	arena->status = status;
	return NULL;
}

/* aligned: the size with its padding. */
static size_t aligned(size_t size)
{
	const size_t align = alignof(max_align_t);
	return (size + align - 1) / align * align;
}

/* gp_arena_alloc: from the newest block, or from a new one. */
void *gp_arena_alloc(struct gp_arena *arena, size_t size)
{
	if (size > arena->ceiling)
		return refuse(arena, GP_ETOOBIG);
	size = aligned(size);
	if (size > arena->ceiling - arena->used)
		return refuse(arena, GP_ETOOBIG);
	struct block *b = arena->blocks;
	if (!b || size > b->size - b->used) {
		/* each as large as all before it together: few blocks, and no large ones for small
		 * needs */
		size_t want = arena->used < arena->first    ? arena->first
			      : arena->used > LARGEST_BLOCK ? LARGEST_BLOCK
							    : arena->used;
		b = block_new(size > want ? size : want);
		if (!b)
			return refuse(arena, GP_ENOMEM);
		b->next = arena->blocks;
		arena->blocks = b;
	}
	void *p = b->bytes + b->used;
	b->used += size;
	arena->used += size;
	return memset(p, 0, size);
}

/* gp_arena_grow: when the bytes after it are free. */
bool gp_arena_grow(struct gp_arena *arena, void *newest, size_t old_size, size_t new_size)
{
	struct block *b = arena->blocks;
	old_size = aligned(old_size);
	if (!b || new_size > arena->ceiling || new_size < old_size)
		return false;
	size_t more = aligned(new_size) - old_size;
	unsigned char *end = b->bytes + b->used;
	if (old_size > b->used || (unsigned char *)newest != end - old_size ||
		more > b->size - b->used || more > arena->ceiling - arena->used)
		return false;
	memset(end, 0, more);
	b->used += more;
	arena->used += more;
	return true;
}

/* gp_arena_array: the checked product. */
void *gp_arena_array(struct gp_arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return refuse(arena, GP_ETOOBIG);
	return gp_arena_alloc(arena, count * size);
}

/* gp_arena_copy: bytes plus NUL. */
char *gp_arena_copy(struct gp_arena *arena, struct gp_span text)
{
	if (text.len == SIZE_MAX)
		return refuse(arena, GP_ETOOBIG);
	char *p = gp_arena_alloc(arena, text.len + 1);
	if (p && text.len)
		memcpy(p, text.ptr, text.len);
	return p;
}

/* gp_arena_printf: measures, then writes. */
char *gp_arena_printf(struct gp_arena *arena, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return refuse(arena, GP_ETOOBIG);
	char *p = gp_arena_alloc(arena, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(ap, format);
	vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return p;
}

/* gp_arena_status: the remembered refusal. */
int gp_arena_status(const struct gp_arena *arena)
{
	return arena->status;
}

/* gp_arena_used: bytes since the reset. */
size_t gp_arena_used(const struct gp_arena *arena)
{
	return arena->used;
}
