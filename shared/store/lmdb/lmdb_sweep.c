/* SPDX-License-Identifier: ISC */
/* Removing what is over from the files of an embedded store, little by little. */
#include "store/lmdb/lmdb_sweep.h"

#include <string.h>

#define SWEEP 4000        /* records that tend looks at in one call */
#define SWEEP_FULL 200000 /* when there is no room left */
#define SWEEP_DELETE 256  /* records removed in one transaction */

/* is_over: may the record go? What cannot be read counts as absent. */
static bool is_over(struct gp_store_lmdb_envs *envs, const struct gp_store_lmdb_env *env,
	const MDB_val *key, const MDB_val *data)
{
	int64_t now_ms = gp_store_lmdb_envs_now_ms(envs), expires_ms;
	struct gp_span value;
	if (env == &envs->env[GP_STORE_LMDB_FACTS])
		return !gp_store_lmdb_fact_decode(
			       gp_store_lmdb_val_span(data), &value, &expires_ms) ||
		       (expires_ms != 0 && expires_ms <= now_ms);
	if (key->mv_size != GP_STORE_KEY)
		return false;
	if (!gp_store_lmdb_record_decode(gp_store_lmdb_val_span(data), envs->record))
		return true;
	gp_store_lmdb_record_purge(envs->record, now_ms);
	return envs->record->count == 0;
}

/* What one transaction of a sweep did. */
struct swept {
	bool removing;          /* or else only looking for something to remove */
	unsigned seen, removed; /* records */
	bool found, end;        /* stands at something to remove; stands at the end */
};

/* sweep_records: from where the last one ended; a status of LMDB. */
static int sweep_records(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_env *env,
	MDB_cursor *cursor, struct swept *swept)
{
	MDB_val key = gp_store_lmdb_val_from(env->swept, env->swept_size), data;
	unsigned most = swept->removing ? 2 * SWEEP_DELETE : SWEEP;
	int rc = mdb_cursor_get(cursor, &key, &data, key.mv_size > 0 ? MDB_SET_RANGE : MDB_FIRST);
	while (rc == 0 && swept->seen < most && swept->removed < SWEEP_DELETE) {
		bool over = is_over(envs, env, &key, &data);
		swept->found = over && !swept->removing;
		if (swept->found)
			break;
		if (over)
			rc = mdb_cursor_del(cursor, 0);
		if (rc)
			return rc;
		swept->removed += over;
		swept->seen++;
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	swept->end = rc == MDB_NOTFOUND;
	env->swept_size = 0;
	if (rc == 0 && key.mv_size <= sizeof env->swept) {
		memcpy(env->swept, key.mv_data, key.mv_size);
		env->swept_size = key.mv_size;
	}
	return swept->end ? 0 : rc;
}

/* sweep_once: one transaction, which writes only when removing. */
static int sweep_once(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind, bool removing,
	struct swept *swept_out)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	*swept_out = (struct swept) {.removing = removing};
	int rc = gp_store_lmdb_envs_begin(envs, kind, removing ? 0 : MDB_RDONLY, &txn);
	if (rc)
		return rc;
	struct gp_store_lmdb_env *env = &envs->env[kind];
	rc = mdb_cursor_open(txn, env->dbi, &cursor);
	if (rc == 0) {
		rc = sweep_records(envs, env, cursor, swept_out);
		mdb_cursor_close(cursor);
	}
	if (rc == 0 && !removing) {
		mdb_txn_abort(txn);
		gp_store_lmdb_envs_leave(envs);
		return GP_OK;
	}
	return gp_store_lmdb_envs_end(envs, kind, txn, rc);
}

/*
 * gp_store_lmdb_envs_sweep: some records from where the last call ended, all of them when there was
 * no room. Looks for something to remove without holding up anybody, and removes in small
 * transactions.
 */
void gp_store_lmdb_envs_sweep(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	bool full = atomic_exchange(&env->full, false);
	unsigned most = full ? SWEEP_FULL : SWEEP, seen = 0;
	struct swept swept = {0};
	if (full)
		env->swept_size = 0;
	do {
		if (sweep_once(envs, kind, swept.found, &swept) != GP_OK)
			return;
		seen += swept.seen;
	} while (!swept.end && seen < most);
}
