/* SPDX-License-Identifier: ISC */
/*
 * Arena: the memory of one request.
 *
 * Knows a ceiling, so that a hostile request costs a known amount; does not know what is stored.
 *
 *     struct gp_arena *a = gp_arena_new(1 << 20);
 *     char *copy = gp_arena_copy(a, span);      (NULL: see gp_arena_status)
 *     gp_arena_reset(a);                        (everything is gone, the arena is ready again)
 *
 * What comes from an arena belongs to it and is never freed singly. Not for two threads at once.
 */
#ifndef GP_BASE_ARENA_H
#define GP_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

struct gp_arena;

/* Returns a new arena that gives out at most ceiling bytes between resets, or NULL. */
struct gp_arena *gp_arena_new(size_t ceiling);

/* The same for what waits for long and is little: its blocks are small. */
struct gp_arena *gp_arena_new_small(size_t ceiling);

/* Frees the arena and all that came from it; accepts NULL. */
void gp_arena_free(struct gp_arena *arena);

/* Takes back everything; keeps one small block for the next request. */
void gp_arena_reset(struct gp_arena *arena);

/* size zeroed bytes aligned for any type, or NULL: then gp_arena_status says why. */
void *gp_arena_alloc(struct gp_arena *arena, size_t size) GP_MUST_CHECK;

/* The same for count objects of size bytes; the product may not overflow. */
void *gp_arena_array(struct gp_arena *arena, size_t count, size_t size) GP_MUST_CHECK;

/* Copies the bytes and adds a NUL. */
char *gp_arena_copy(struct gp_arena *arena, struct gp_span text) GP_MUST_CHECK;

/*
 * Makes the newest allocation larger where it stands, if it is the newest and its block has room;
 * false otherwise, and nothing has changed. The new bytes are zero.
 */
bool gp_arena_grow(struct gp_arena *arena, void *newest, size_t old_size, size_t new_size);

/* printf into the arena; NULL as for gp_arena_alloc. */
char *gp_arena_printf(struct gp_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3))) GP_MUST_CHECK;

/* GP_OK, or why the last refusal since the reset happened: GP_ETOOBIG or GP_ENOMEM. */
int gp_arena_status(const struct gp_arena *arena);

/* Bytes given out since the reset. */
size_t gp_arena_used(const struct gp_arena *arena);

#endif
