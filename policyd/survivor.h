/* SPDX-License-Identifier: ISC */
/*
 * Survivor: memory that outlives a crash of the serving process.
 *
 * Made before the first fork and shared with every serving process that follows: the text of the
 * last configuration that was in force, and small tables of others. A process may die at any
 * moment, also while it writes here: texts are written beside the valid one and then become valid
 * in one step; locks in it must be robust ones.
 */
#ifndef GP_POLICYD_SURVIVOR_H
#define GP_POLICYD_SURVIVOR_H

#include <pthread.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* size zeroed bytes that child processes share, or NULL; freed by gp_survivor_free. */
void *gp_survivor_alloc(size_t size);
void gp_survivor_free(void *memory, size_t size);

/* A lock in such memory, which the death of its holder does not block. */
int gp_survivor_lock_init(pthread_mutex_t *lock) GP_MUST_CHECK;
void gp_survivor_lock(pthread_mutex_t *lock);

/* The last good text. One thread of one process at a time sets it. */
struct gp_survivor_text;

/* Room for texts of up to GP_CONFIG_FILE_MAX bytes, empty; NULL without memory. */
struct gp_survivor_text *gp_survivor_text_new(void);
void gp_survivor_text_free(struct gp_survivor_text *text);

/* Remembers a copy; a text that is too large is not remembered and the one before stays. */
void gp_survivor_text_set(struct gp_survivor_text *text, struct gp_span value);

/* The text that was set last; empty when there was none. Borrowed until the next setting. */
struct gp_span gp_survivor_text_get(const struct gp_survivor_text *text);

#endif
