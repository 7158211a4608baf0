/* SPDX-License-Identifier: ISC */
/* A record is encoded in the place that LMDB has for it. */
#include "store/lmdb/lmdb_subject.h"

/* gp_store_lmdb_subject_load: decoding empties what it cannot read. */
int gp_store_lmdb_subject_load(struct gp_store_lmdb_envs *envs, MDB_txn *txn,
	const unsigned char key[GP_STORE_KEY], struct gp_store_lmdb_record *record_out)
{
	MDB_val name = gp_store_lmdb_val_from(key, GP_STORE_KEY), data;
	int rc = mdb_get(txn, envs->env[GP_STORE_LMDB_COUNTERS].dbi, &name, &data);
	record_out->count = 0;
	record_out->name_length = 0;
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (!gp_store_lmdb_record_decode(gp_store_lmdb_val_span(&data), record_out))
		atomic_fetch_add(&envs->unreadable, 1);
	return 0;
}

/* gp_store_lmdb_subject_save: the record, or nothing in its place. */
int gp_store_lmdb_subject_save(struct gp_store_lmdb_envs *envs, MDB_txn *txn,
	const unsigned char key[GP_STORE_KEY], const struct gp_store_lmdb_record *record)
{
	MDB_val name = gp_store_lmdb_val_from(key, GP_STORE_KEY);
	MDB_dbi dbi = envs->env[GP_STORE_LMDB_COUNTERS].dbi;
	if (record->count == 0) {
		int rc = mdb_del(txn, dbi, &name, NULL);
		return rc == MDB_NOTFOUND ? 0 : rc;
	}
	MDB_val data = {gp_store_lmdb_record_size(record), NULL};
	int rc = mdb_put(txn, dbi, &name, &data, MDB_RESERVE);
	if (rc == 0)
		gp_store_lmdb_record_encode(record, data.mv_data);
	return rc;
}
