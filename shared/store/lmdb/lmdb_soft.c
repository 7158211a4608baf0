/* SPDX-License-Identifier: ISC */
/* Every walk over the table reads keys and times only; a record is decoded when it is asked for. */
#include "store/lmdb/lmdb_soft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_soft.h"

#define SHARE 2          /* the table has at most this part of the file */
#define STRETCH 64       /* records that are looked at for half of them... */
#define STRETCH_LONG 256 /* ...or for all but... */
#define STAY_LONG 32     /* ...so many, when the table has... */
#define OVER_PART 16     /* ...so many-th of its share more than that */
#define SWEEP 4000       /* records that tend looks at in one call... */
#define SWEEP_DELETE 256 /* ...and removes in one transaction */
#define YIELD_TXNS 4     /* transactions of one yield */

/* A record as a walk sees it. */
struct seen {
	int64_t expires_ms;
	unsigned char key[GP_STORE_LMDB_SOFT_KEY];
	size_t key_size;
};

/* A stretch of the table. */
struct stretch {
	size_t count;
	struct seen seen[STRETCH_LONG];
};

/* ---- keys ---- */

/* key_of: a soft fact's, or a set's; its size. */
static size_t key_of(const struct gp_store_soft *op, unsigned char out[GP_STORE_LMDB_SOFT_KEY])
{
	out[0] = op->kind == GP_STORE_OP_SEE ? 's' : 'n';
	memcpy(out + 1, op->key, GP_STORE_KEY);
	if (op->kind != GP_STORE_OP_SEE)
		return 1 + GP_STORE_KEY;
	for (unsigned i = 0; i < 4; i++)
		out[1 + GP_STORE_KEY + i] = (unsigned char)(op->see->kind >> 8 * i);
	return GP_STORE_LMDB_SOFT_KEY;
}

/* ---- walking ---- */

/* look: a stretch from where the walk stands, round the end of the table; a status of LMDB. */
static int look(MDB_cursor *cursor, struct gp_store_lmdb_soft *soft, size_t most,
	struct stretch *stretch_out)
{
	MDB_val key = gp_store_lmdb_val_from(soft->at, soft->at_size), data;
	int rc = soft->at_size ? mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE) : MDB_NOTFOUND;
	if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(cursor, &key, &data, MDB_FIRST);
	stretch_out->count = 0;
	for (; rc == 0 && stretch_out->count < most;
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) {
		struct seen *seen = &stretch_out->seen[stretch_out->count];
		if (key.mv_size > sizeof seen->key)
			return MDB_CORRUPTED; /* such a key cannot be ours */
		memcpy(seen->key, key.mv_data, key.mv_size);
		seen->key_size = key.mv_size;
		/* what is none has ended */
		if (!gp_store_soft_expires(gp_store_lmdb_val_span(&data), &seen->expires_ms))
			seen->expires_ms = 0;
		stretch_out->count++;
	}
	soft->at_size = 0;
	if (rc == 0 && key.mv_size <= sizeof soft->at) {
		memcpy(soft->at, key.mv_data, key.mv_size);
		soft->at_size = key.mv_size;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* by_end: what ends soonest first. */
static int by_end(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	return (x->expires_ms > y->expires_ms) - (x->expires_ms < y->expires_ms);
}

/* remove_first: so many of a stretch; a status of LMDB. */
static int remove_first(MDB_txn *txn, MDB_dbi table, const struct stretch *stretch, size_t count)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		MDB_val key =
			gp_store_lmdb_val_from(stretch->seen[i].key, stretch->seen[i].key_size);
		rc = mdb_del(txn, table, &key, NULL);
		rc = rc == MDB_NOTFOUND ? 0 : rc;
	}
	return rc;
}

/* evict: of a stretch all but so many; a status of LMDB. */
static int evict(const struct gp_store_lmdb_soft_step *step, struct gp_store_lmdb_soft *soft,
	size_t most, size_t stay)
{
	struct stretch stretch;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(step->txn, step->envs->soft, &cursor);
	if (rc)
		return rc;
	rc = look(cursor, soft, most, &stretch);
	mdb_cursor_close(cursor);
	if (rc || stretch.count <= stay)
		return rc;
	qsort(stretch.seen, stretch.count, sizeof stretch.seen[0], by_end);
	return remove_first(step->txn, step->envs->soft, &stretch, stretch.count - stay);
}

/* keep_share: before something is written: when the table has more than its share, some go. */
static int keep_share(const struct gp_store_lmdb_soft_step *step, struct gp_store_lmdb_soft *soft)
{
	MDB_stat stat;
	MDB_envinfo info;
	int rc = mdb_stat(step->txn, step->envs->soft, &stat);
	if (rc)
		return rc;
	(void)mdb_env_info(step->envs->env[GP_STORE_LMDB_COUNTERS].mdb, &info);
	size_t share = info.me_mapsize / stat.ms_psize / SHARE;
	size_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
	size_t level = soft->level > share ? soft->level : share;
	soft->level = pages;
	if (pages > share + share / OVER_PART)
		return evict(step, soft, STRETCH_LONG, STAY_LONG);
	return pages > level ? evict(step, soft, STRETCH, STRETCH / 2) : 0;
}

/* ---- operations ---- */

/* load: a record's bytes, none when there is none; a status of LMDB. */
static int load(const struct gp_store_lmdb_soft_step *step, MDB_val *key, struct gp_span *bytes_out)
{
	MDB_val data;
	*bytes_out = (struct gp_span) {NULL, 0};
	if (!atomic_load(&step->envs->has_soft))
		return 0;
	int rc = mdb_get(step->txn, step->envs->soft, key, &data);
	if (rc == 0)
		*bytes_out = gp_store_lmdb_val_span(&data);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* read_note: into a result; what cannot be read is counted for a warning. */
static void read_note(const struct gp_store_lmdb_soft_step *step, struct gp_span bytes,
	struct gp_store_value *value_out)
{
	struct gp_span value;
	int64_t expires_ms;
	gp_store_value_clear(value_out);
	if (gp_store_note_decode(bytes, &value, &expires_ms))
		gp_store_value_set(value_out, value, expires_ms, step->now_ms);
	else if (bytes.len)
		atomic_fetch_add(&step->envs->unreadable, 1);
}

/* is_kept: may records be written at all? */
static bool is_kept(const struct gp_store_lmdb_soft_step *step)
{
	return step->keeps && atomic_load(&step->envs->has_soft);
}

/* note: reads what was there, then writes or removes. */
static int note(
	const struct gp_store_lmdb_soft_step *step, const struct gp_store_soft *op, MDB_val *key)
{
	struct gp_store_note *n = op->note;
	struct gp_span bytes;
	int rc = load(step, key, &bytes);
	if (rc)
		return rc;
	read_note(step, bytes, &n->before);
	if (!is_kept(step) || (n->unless_there && n->before.found == GP_STORE_FOUND))
		return 0;
	if (op->expires_ms <= step->now_ms)
		return bytes.len ? mdb_del(step->txn, step->envs->soft, key, NULL) : 0;
	MDB_val data = {GP_STORE_NOTE_HEAD + n->value.len, NULL};
	rc = mdb_put(step->txn, step->envs->soft, key, &data, MDB_RESERVE);
	if (rc == 0)
		gp_store_note_encode(n->value, op->expires_ms, data.mv_data);
	return rc;
}

/* see: a set that was changed is written. */
static int see(
	const struct gp_store_lmdb_soft_step *step, const struct gp_store_soft *op, MDB_val *key)
{
	struct gp_store_seen seen;
	struct gp_span bytes;
	int rc = load(step, key, &bytes);
	if (rc)
		return rc;
	if (!gp_store_seen_decode(bytes, &seen) && bytes.len)
		atomic_fetch_add(&step->envs->unreadable, 1);
	if (!gp_store_seen_step(&seen, op, step->now_ms) || !is_kept(step))
		return 0;
	MDB_val data = {gp_store_seen_size(&seen), NULL};
	rc = mdb_put(step->txn, step->envs->soft, key, &data, MDB_RESERVE);
	if (rc == 0)
		gp_store_seen_encode(
			&seen, step->now_ms + gp_store_seen_keep_ms(op->see), data.mv_data);
	return rc;
}

/* run_one: by its kind; facts were read before. */
static int run_one(const struct gp_store_lmdb_soft_step *step, const struct gp_store_soft *op)
{
	unsigned char bytes[GP_STORE_LMDB_SOFT_KEY];
	MDB_val key = gp_store_lmdb_val_from(bytes, key_of(op, bytes));
	struct gp_span found;
	int rc = 0;
	if (op->kind == GP_STORE_OP_NOTE)
		return note(step, op, &key);
	if (op->kind == GP_STORE_OP_SEE)
		return see(step, op, &key);
	if (op->get->soft) {
		rc = load(step, &key, &found);
		if (rc == 0)
			read_note(step, found, &op->get->value);
	}
	return rc;
}

/* is_writing: does the operation write, or may it? */
static bool is_writing(const struct gp_store_soft *op)
{
	return op->kind == GP_STORE_OP_NOTE ||
	       (op->kind == GP_STORE_OP_SEE && op->see->item.len > 0);
}

/* gp_store_lmdb_soft_writes: any of them. */
bool gp_store_lmdb_soft_writes(const struct gp_store_batch *batch)
{
	bool writes = false;
	for (size_t i = 0; i < batch->soft_count; i++)
		writes = writes || is_writing(&batch->softs[i]);
	return writes;
}

/* gp_store_lmdb_soft_run: room first, once for all. */
int gp_store_lmdb_soft_run(const struct gp_store_lmdb_soft_step *step,
	struct gp_store_lmdb_soft *soft, const struct gp_store_soft *softs, size_t count)
{
	const struct gp_store_batch batch = {
		.softs = (struct gp_store_soft *)(uintptr_t)softs, .soft_count = count};
	int rc = is_kept(step) && gp_store_lmdb_soft_writes(&batch) ? keep_share(step, soft) : 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = run_one(step, &softs[i]);
	return rc;
}

/* gp_store_lmdb_soft_name: as key_of makes them. */
bool gp_store_lmdb_soft_name(struct gp_span key, struct gp_span *hash_out, uint32_t *set_out)
{
	bool is_set = key.len == GP_STORE_LMDB_SOFT_KEY && key.ptr[0] == 's';
	*set_out = 0;
	if (!is_set && (key.len != 1 + GP_STORE_KEY || key.ptr[0] != 'n'))
		return false;
	*hash_out = (struct gp_span) {key.ptr + 1, GP_STORE_KEY};
	for (unsigned i = 0; is_set && i < 4; i++)
		*set_out |= (uint32_t)(unsigned char)key.ptr[1 + GP_STORE_KEY + i] << 8 * i;
	return true;
}

/* gp_store_lmdb_soft_join: room first, as for any that is written. */
int gp_store_lmdb_soft_join(const struct gp_store_lmdb_soft_step *step,
	struct gp_store_lmdb_soft *soft, const struct gp_store_record *record, bool *was_there_out)
{
	struct gp_store_see which = {.kind = record->set};
	struct gp_store_soft op = {.kind = GP_STORE_OP_SEE, .see = &which};
	unsigned char bytes[GP_STORE_LMDB_SOFT_KEY];
	struct gp_store_seen seen;
	struct gp_span found;
	int64_t expires_ms = record->expires_ms;
	*was_there_out = false;
	if (!is_kept(step))
		return 0;
	memcpy(op.key, record->key, GP_STORE_KEY);
	MDB_val key = gp_store_lmdb_val_from(bytes, key_of(&op, bytes));
	int rc = keep_share(step, soft);
	if (rc == 0)
		rc = load(step, &key, &found);
	if (rc)
		return rc;
	*was_there_out = gp_store_seen_join(found, record, step->now_ms, &seen, &expires_ms);
	MDB_val data = {gp_store_seen_size(&seen), NULL};
	rc = mdb_put(step->txn, step->envs->soft, &key, &data, MDB_RESERVE);
	if (rc == 0)
		gp_store_seen_encode(&seen, expires_ms, data.mv_data);
	return rc;
}

/* read_fact: one of an operator; a status of LMDB. */
static int read_fact(MDB_txn *txn, MDB_dbi table, int64_t now_ms, struct gp_store_get *get)
{
	MDB_val key = gp_store_lmdb_val_from(get->key.ptr, get->key.len), data;
	struct gp_span value;
	int64_t expires_ms;
	int rc = mdb_get(txn, table, &key, &data);
	gp_store_value_clear(&get->value);
	if (rc == 0 &&
		gp_store_lmdb_fact_decode(gp_store_lmdb_val_span(&data), &value, &expires_ms))
		gp_store_value_set(&get->value, value, expires_ms, now_ms);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* is_fact: one of an operator is asked for. */
static bool is_fact(const struct gp_store_soft *op)
{
	return op->kind == GP_STORE_OP_GET && !op->get->soft;
}

/* gp_store_lmdb_soft_read_facts: in one transaction, if there are any. */
int gp_store_lmdb_soft_read_facts(
	struct gp_store_lmdb_envs *envs, int64_t now_ms, const struct gp_store_batch *batch)
{
	struct gp_store_lmdb_env *env = &envs->env[GP_STORE_LMDB_FACTS];
	MDB_txn *txn;
	size_t i = 0;
	while (i < batch->soft_count && !is_fact(&batch->softs[i]))
		i++;
	if (i == batch->soft_count)
		return GP_OK;
	int rc = gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_FACTS, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	for (; i < batch->soft_count && rc == 0; i++)
		if (is_fact(&batch->softs[i]))
			rc = read_fact(txn, env->dbi, now_ms, batch->softs[i].get);
	mdb_txn_abort(txn);
	if (rc)
		rc = gp_store_lmdb_env_trouble(envs, env, rc);
	gp_store_lmdb_envs_leave(envs);
	return rc;
}

/* ---- care ---- */

/* count_ended: those of a stretch, which are moved to its begin. */
static size_t count_ended(struct stretch *stretch, int64_t now_ms)
{
	size_t ended = 0;
	for (size_t i = 0; i < stretch->count; i++)
		if (stretch->seen[i].expires_ms <= now_ms)
			stretch->seen[ended++] = stretch->seen[i];
	return ended;
}

/* look_once: a stretch, in a transaction that holds up nobody; false: there is no more to do. */
static bool look_once(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_soft *soft,
	struct stretch *stretch_out)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	if (gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, MDB_RDONLY, &txn) != GP_OK)
		return false;
	int rc = atomic_load(&envs->has_soft) ? mdb_cursor_open(txn, envs->soft, &cursor) : ENOENT;
	if (rc == 0) {
		rc = look(cursor, soft, STRETCH_LONG, stretch_out);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	if (rc && rc != ENOENT)
		(void)gp_store_lmdb_env_trouble(envs, &envs->env[GP_STORE_LMDB_COUNTERS], rc);
	gp_store_lmdb_envs_leave(envs);
	return rc == 0 && stretch_out->count > 0;
}

/* remove_ended: what has a later end by now, since it was written again, stays. */
static int remove_ended(struct gp_store_lmdb_envs *envs, const struct stretch *stretch,
	size_t count, int64_t now_ms)
{
	MDB_txn *txn;
	int rc = gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, 0, &txn);
	if (rc)
		return rc;
	for (size_t i = 0; i < count && rc == 0; i++) {
		MDB_val key = gp_store_lmdb_val_from(
				stretch->seen[i].key, stretch->seen[i].key_size),
			data;
		int64_t expires_ms;
		rc = mdb_get(txn, envs->soft, &key, &data);
		if (rc == 0 &&
			(!gp_store_soft_expires(gp_store_lmdb_val_span(&data), &expires_ms) ||
				expires_ms <= now_ms))
			rc = mdb_del(txn, envs->soft, &key, NULL);
		rc = rc == MDB_NOTFOUND ? 0 : rc;
	}
	return gp_store_lmdb_envs_end(envs, GP_STORE_LMDB_COUNTERS, txn, rc);
}

/* gp_store_lmdb_soft_sweep: some records from where the last call ended. */
void gp_store_lmdb_soft_sweep(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_soft *soft)
{
	struct stretch stretch;
	size_t seen = 0;
	do {
		int64_t now_ms = gp_store_lmdb_envs_now_ms(envs);
		if (!look_once(envs, soft, &stretch))
			return;
		seen += stretch.count;
		size_t ended = count_ended(&stretch, now_ms);
		if (ended && remove_ended(envs, &stretch, ended, now_ms) != GP_OK)
			return;
	} while (seen < SWEEP && soft->at_size > 0);
}

/* yield_once: a stretch from the first on; how many went. */
static size_t yield_once(struct gp_store_lmdb_envs *envs, size_t most)
{
	struct gp_store_lmdb_soft soft = {.at_size = 0};
	struct stretch stretch = {.count = 0};
	MDB_txn *txn;
	MDB_cursor *cursor;
	if (gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, 0, &txn) != GP_OK)
		return 0;
	int rc = mdb_cursor_open(txn, envs->soft, &cursor);
	if (rc == 0) {
		rc = look(cursor, &soft, most, &stretch);
		mdb_cursor_close(cursor);
	}
	if (rc == 0)
		rc = remove_first(txn, envs->soft, &stretch, stretch.count);
	rc = gp_store_lmdb_env_finish(&envs->env[GP_STORE_LMDB_COUNTERS], txn, rc);
	gp_store_lmdb_envs_leave(envs);
	return rc == 0 ? stretch.count : 0;
}

/* gp_store_lmdb_soft_yield: those that stand together, since that frees whole pages. */
size_t gp_store_lmdb_soft_yield(struct gp_store_lmdb_envs *envs, int64_t free)
{
	size_t gone = 0, most = free < 12 ? 4 : free < 24 ? STRETCH / 2 : STRETCH_LONG / 2;
	if (!atomic_load(&envs->has_soft))
		return 0;
	for (unsigned i = 0; i < YIELD_TXNS; i++) {
		size_t now = yield_once(envs, most);
		gone += now;
		if (now < most)
			break;
	}
	return gone;
}
