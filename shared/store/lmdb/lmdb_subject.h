/* SPDX-License-Identifier: ISC */
/* Subject: the record of a subject within a transaction on the counters. Statuses are LMDB's. */
#ifndef GP_STORE_LMDB_SUBJECT_H
#define GP_STORE_LMDB_SUBJECT_H

#include "store/lmdb/lmdb_env.h"

/* Reads it: empty when there is none, or it cannot be read, which is counted for a warning. */
int gp_store_lmdb_subject_load(struct gp_store_lmdb_envs *envs, MDB_txn *txn,
	const unsigned char key[GP_STORE_KEY], struct gp_store_lmdb_record *record_out);

/* Writes it; one without windows is removed. */
int gp_store_lmdb_subject_save(struct gp_store_lmdb_envs *envs, MDB_txn *txn,
	const unsigned char key[GP_STORE_KEY], const struct gp_store_lmdb_record *record);

#endif
