/* SPDX-License-Identifier: ISC */
/* Removing what is over from the files of an embedded store. */
#ifndef GP_STORE_LMDB_SWEEP_H
#define GP_STORE_LMDB_SWEEP_H

#include "store/lmdb/lmdb_env.h"

/* Removes some of what is over, all of it when there was no room; of tend alone. */
void gp_store_lmdb_envs_sweep(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind);

#endif
