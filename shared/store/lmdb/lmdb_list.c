/* SPDX-License-Identifier: ISC */
/*
 * Lists of the embedded store: every counter that counts, every fact, read in pieces. What is read
 * is handed to the caller's visitor between two transactions, so that a slow visitor holds no lock
 * and keeps no old pages alive.
 */
#include <stdlib.h>
#include <string.h>

#include "store/lmdb/lmdb_private.h"

#define SCAN_USAGES 256   /* read between two rounds of calls of a visitor... */
#define SCAN_PAIRS 262144 /* ...bytes, likewise; more than the largest record has */

/* One reading of a file. */
struct reading {
	struct gp_store_lmdb *s;
	enum gp_store_lmdb_kind kind;
	bool is_soft; /* of the counters' file, the table of what is soft */
	/* Takes one record into the piece; false: it is full, and the record comes again. */
	bool (*add)(struct reading *reading, struct gp_span key, struct gp_span data);
	int64_t now_ms;
	struct gp_span prefix;      /* of the keys that are wanted */
	char at[GP_STORE_LMDB_KEY]; /* the key to go on from */
	size_t at_size;
	bool more;
};

/* read_records: from where it stands until the piece is full or the keys end. */
static int read_records(struct reading *r, MDB_cursor *cursor)
{
	MDB_val key = gp_store_lmdb_val_from(r->at, r->at_size), data;
	int rc = mdb_cursor_get(cursor, &key, &data, r->at_size > 0 ? MDB_SET_RANGE : MDB_FIRST);
	for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) {
		struct gp_span name = gp_store_lmdb_val_span(&key),
			       begin = {name.ptr, r->prefix.len};
		if (name.len < r->prefix.len || !gp_span_equal(begin, r->prefix))
			return MDB_NOTFOUND; /* the wanted ones stand together */
		if (!r->add(r, name, gp_store_lmdb_val_span(&data)))
			break;
	}
	if (rc == 0 && key.mv_size <= sizeof r->at) {
		memcpy(r->at, key.mv_data, key.mv_size);
		r->at_size = key.mv_size;
	}
	return rc;
}

/* read_piece: one transaction; r->more says whether something is left. */
static int read_piece(struct reading *r)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	struct gp_store_lmdb_env *env = &r->s->envs.env[r->kind];
	int rc = gp_store_lmdb_envs_begin(&r->s->envs, r->kind, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, r->is_soft ? r->s->envs.soft : env->dbi, &cursor);
	if (rc == 0) {
		rc = read_records(r, cursor);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	r->more = rc == 0;
	rc = rc == 0 || rc == MDB_NOTFOUND ? GP_OK
					   : gp_store_lmdb_env_trouble(&r->s->envs, env, rc);
	gp_store_lmdb_envs_leave(&r->s->envs);
	return rc;
}

/* begin_reading: at the first key with this prefix. */
static void begin_reading(struct reading *r, struct gp_store_lmdb *s, enum gp_store_lmdb_kind kind,
	struct gp_span prefix)
{
	r->s = s;
	r->kind = kind;
	r->is_soft = false;
	r->prefix = prefix;
	r->more = true;
	r->at_size = prefix.len;
	if (prefix.len > 0)
		memcpy(r->at, prefix.ptr, prefix.len);
}

/* One counter within a piece of a scan. */
struct usage {
	uint32_t id;
	int64_t per_ms, used;
	size_t name_length;
	char name[GP_STORE_NAME_MAX];
};

struct scan {
	struct reading reading;
	size_t count;
	struct usage usages[SCAN_USAGES + GP_STORE_LMDB_RECORD_WINDOWS];
	struct gp_store_lmdb_record record;
};

/* add_usages: all counters of a subject that count anything. */
static bool add_usages(struct reading *reading, struct gp_span key, struct gp_span data)
{
	struct scan *scan = (struct scan *)reading;
	struct gp_store_lmdb_record *record = &scan->record;
	if (scan->count >= SCAN_USAGES)
		return false;
	if (key.len != GP_STORE_KEY || !gp_store_lmdb_record_decode(data, record))
		return true;
	for (size_t i = 0; i < record->count; i++) {
		struct gp_store_window *window = &record->windows[i].window;
		struct usage *usage = &scan->usages[scan->count];
		gp_store_window_advance(window, reading->now_ms);
		usage->id = record->windows[i].id;
		usage->per_ms = window->per_ms;
		usage->used = gp_store_window_used(window);
		usage->name_length = record->name_length;
		memcpy(usage->name, record->name, record->name_length);
		scan->count += usage->used > 0;
	}
	return true;
}

/* gp_store_lmdb_scan: pieces of counters. */
int gp_store_lmdb_scan(void *self, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg)
{
	struct gp_store_lmdb *s = self;
	int rc = GP_OK;
	(void)ctx;
	struct scan *scan = malloc(sizeof *scan);
	if (!scan)
		return GP_ENOMEM;
	begin_reading(&scan->reading, s, GP_STORE_LMDB_COUNTERS, (struct gp_span) {NULL, 0});
	scan->reading.now_ms = now_ms;
	scan->reading.add = add_usages;
	while (rc == GP_OK && scan->reading.more) {
		scan->count = 0;
		rc = read_piece(&scan->reading);
		for (size_t i = 0; i < scan->count && rc == GP_OK; i++) {
			const struct usage *u = &scan->usages[i];
			const struct gp_store_usage usage = {
				{u->name, u->name_length}, u->id, u->per_ms, u->used};
			if (!visit(arg, &usage))
				goto out;
		}
	}
out:
	free(scan);
	return rc;
}

/* ---- keys and data as they stand in the file ---- */

/* Who is shown them. */
typedef bool (*pair_visitor)(void *arg, struct gp_span key, struct gp_span data);

struct pairs {
	struct reading reading;
	size_t size;
	char bytes[SCAN_PAIRS]; /* of each: its key's size, its data's size, key, data */
};

/* add_pair: a copy. */
static bool add_pair(struct reading *reading, struct gp_span key, struct gp_span data)
{
	struct pairs *pairs = (struct pairs *)reading;
	const size_t sizes[2] = {key.len, data.len};
	size_t room = sizeof pairs->bytes - pairs->size;
	if (sizeof sizes + key.len + data.len > sizeof pairs->bytes)
		return true; /* no record of ours */
	if (sizeof sizes + key.len + data.len > room)
		return false;
	memcpy(pairs->bytes + pairs->size, sizes, sizeof sizes);
	memcpy(pairs->bytes + pairs->size + sizeof sizes, key.ptr, key.len);
	memcpy(pairs->bytes + pairs->size + sizeof sizes + key.len, data.ptr, data.len);
	pairs->size += sizeof sizes + key.len + data.len;
	return true;
}

/* show_pairs: those of a piece; false: the visitor wants no more. */
static bool show_pairs(const struct pairs *pairs, pair_visitor visit, void *arg)
{
	for (size_t at = 0; at < pairs->size;) {
		size_t sizes[2];
		memcpy(sizes, pairs->bytes + at, sizeof sizes);
		at += sizeof sizes;
		const struct gp_span key = {pairs->bytes + at, sizes[0]};
		at += sizes[0];
		const struct gp_span data = {pairs->bytes + at, sizes[1]};
		at += sizes[1];
		if (!visit(arg, key, data))
			return false;
	}
	return true;
}

/* walk_pairs: piece after piece of those with this prefix. */
static int walk_pairs(const struct reading *what, pair_visitor visit, void *arg)
{
	int rc = GP_OK;
	struct pairs *pairs = malloc(sizeof *pairs);
	if (!pairs)
		return GP_ENOMEM;
	pairs->reading = *what;
	pairs->reading.add = add_pair;
	while (rc == GP_OK && pairs->reading.more) {
		pairs->size = 0;
		rc = read_piece(&pairs->reading);
		if (rc == GP_OK && !show_pairs(pairs, visit, arg))
			break;
	}
	free(pairs);
	return rc;
}

/* gp_store_lmdb_pairs: all of a table. */
int gp_store_lmdb_pairs(struct gp_store_lmdb *s, enum gp_store_lmdb_kind kind, bool is_soft,
	pair_visitor visit, void *arg)
{
	struct reading what;
	if (is_soft && !atomic_load(&s->envs.has_soft))
		return GP_OK;
	begin_reading(&what, s, kind, (struct gp_span) {NULL, 0});
	what.is_soft = is_soft;
	return walk_pairs(&what, visit, arg);
}

/* The receiver of facts; as store_private.h writes it out. */
typedef bool (*fact_visitor)(void *arg, const struct gp_store_fact *fact);

struct facts {
	int64_t now_ms;
	fact_visitor visit;
	void *arg;
};

/* show_fact: one that has not expired. */
static bool show_fact(void *arg, struct gp_span key, struct gp_span data)
{
	const struct facts *facts = arg;
	struct gp_store_fact fact = {.key = key};
	if (!gp_store_lmdb_fact_decode(data, &fact.value, &fact.expires_ms) ||
		(fact.expires_ms != 0 && fact.expires_ms <= facts->now_ms))
		return true;
	return facts->visit(facts->arg, &fact);
}

/* gp_store_lmdb_facts: those whose keys begin so. */
int gp_store_lmdb_facts(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
	fact_visitor visit, void *arg)
{
	struct facts facts = {now_ms, visit, arg};
	struct reading what;
	(void)ctx;
	begin_reading(&what, self, GP_STORE_LMDB_FACTS, prefix);
	return walk_pairs(&what, show_fact, &facts);
}
