/* SPDX-License-Identifier: ISC */
/*
 * Numbers in the records of stores: little-endian, of one to eight bytes. A cursor remembers when
 * bytes were missing, so that a reader asks once, at its end. Inline: a step of counting reads and
 * writes dozens of them.
 */
#ifndef GP_STORE_STORE_BYTES_H
#define GP_STORE_STORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of a record, and whether there was always enough. */
struct gp_store_cursor {
	const unsigned char *at;
	size_t left;
	bool is_short;
};

/* gp_store_bytes_get: the next number; 0 when its bytes are missing. */
static inline uint64_t gp_store_bytes_get(struct gp_store_cursor *cursor, size_t bytes)
{
	uint64_t value = 0;
	if (cursor->left < bytes) {
		cursor->is_short = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)cursor->at[i] << (8 * i);
	cursor->at += bytes;
	cursor->left -= bytes;
	return value;
}

/* gp_store_bytes_put: the reverse; returns what follows. */
static inline unsigned char *gp_store_bytes_put(unsigned char *out, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> (8 * i));
	return out + bytes;
}

#endif
