/* SPDX-License-Identifier: ISC */
/* Bytes as LMDB takes them, and as it gives them. */
#ifndef GP_STORE_LMDB_VAL_H
#define GP_STORE_LMDB_VAL_H

#include <lmdb.h>

#include "base/span.h"

/* LMDB's struct has no const; it does not write to these. */
static inline MDB_val gp_store_lmdb_val_from(const void *bytes, size_t size)
{
	union {
		const void *from;
		void *to;
	} either = {.from = bytes};
	return (MDB_val) {size, either.to};
}

/* The same bytes. */
static inline struct gp_span gp_store_lmdb_val_span(const MDB_val *value)
{
	return (struct gp_span) {value->mv_data, value->mv_size};
}

#endif
