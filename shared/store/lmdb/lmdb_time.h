/* SPDX-License-Identifier: ISC */
/* The time of an embedded store: steady, and the same for all processes that share its files. */
#ifndef GP_STORE_LMDB_TIME_H
#define GP_STORE_LMDB_TIME_H

#include <stdint.h>

#include <lmdb.h>

#include "base/err.h"

/* Milliseconds since the machine was started. */
int64_t gp_store_lmdb_boot_ms(void);

/*
 * How far the store's time is ahead of that: as it lies in the file, or, after a boot, as the wall
 * clock has it, which is then written. A status of LMDB; the offset is set in any case.
 */
int gp_store_lmdb_time_agree(
	MDB_env *mdb, MDB_dbi dbi, int64_t wall_ms, int64_t *offset_ms_out) GP_MUST_CHECK;

#endif
