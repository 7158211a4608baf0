/* SPDX-License-Identifier: ISC */
/*
 * Records of the embedded store for another one, and records of another one joined with what is
 * here: each in a transaction of its own, so that nobody waits for long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/lmdb/lmdb_private.h"
#include "store/lmdb/lmdb_subject.h"
#include "store/store_soft.h"

/* ---- out ---- */

/* One walk: to whom, and room to work in. */
struct walk {
	bool (*show)(void *arg, struct gp_store_record *record);
	void *arg;
	bool is_stopped;
	struct gp_store_record record;
	struct gp_store_lmdb_record windows;
};

/* show_record: what was put together. */
static bool show_record(struct walk *w)
{
	w->is_stopped = !w->show(w->arg, &w->record);
	return !w->is_stopped;
}

/* show_counters: visitor of gp_store_lmdb_pairs: a subject. */
static bool show_counters(void *arg, struct gp_span key, struct gp_span data)
{
	struct walk *w = arg;
	if (key.len != GP_STORE_KEY || !gp_store_lmdb_record_decode(data, &w->windows))
		return true;
	w->record.kind = GP_STORE_RECORD_COUNTERS;
	memcpy(w->record.key, key.ptr, GP_STORE_KEY);
	w->record.name = (struct gp_span) {w->windows.name, w->windows.name_length};
	w->record.count = w->windows.count;
	for (size_t i = 0; i < w->windows.count; i++)
		gp_store_counter_of(&w->windows.windows[i].window, w->windows.windows[i].id,
			&w->record.counters[i]);
	return show_record(w);
}

/* show_soft: visitor of gp_store_lmdb_pairs: a soft fact or a seen set. */
static bool show_soft(void *arg, struct gp_span key, struct gp_span data)
{
	struct walk *w = arg;
	struct gp_span name;
	uint32_t set;
	if (!gp_store_lmdb_soft_name(key, &name, &set) ||
		!gp_store_soft_record(data, key.ptr[0] == 's', &w->record))
		return true;
	memcpy(w->record.key, name.ptr, GP_STORE_KEY);
	w->record.set = set;
	return show_record(w);
}

/* gp_store_lmdb_records: counters, then what is soft. */
int gp_store_lmdb_records(void *self, struct gp_ctx *ctx,
	bool (*show)(void *arg, struct gp_store_record *record), void *arg)
{
	struct gp_store_lmdb *s = self;
	struct walk *w = calloc(1, sizeof *w);
	(void)ctx;
	if (!w)
		return GP_ENOMEM;
	w->show = show;
	w->arg = arg;
	int rc = gp_store_lmdb_pairs(s, GP_STORE_LMDB_COUNTERS, false, show_counters, w);
	if (rc == GP_OK && !w->is_stopped)
		rc = gp_store_lmdb_pairs(s, GP_STORE_LMDB_COUNTERS, true, show_soft, w);
	free(w);
	return rc;
}

/* ---- in ---- */

/* window_for: of that counter, made where there is none; NULL: it counts over another time. */
static struct gp_store_window *window_for(
	struct gp_store_lmdb_record *record, const struct gp_store_counter *counter, int64_t now_ms)
{
	size_t i = 0;
	while (i < record->count && record->windows[i].id != counter->id)
		i++;
	if (i == GP_STORE_LMDB_RECORD_WINDOWS)
		return NULL;
	if (i == record->count) {
		record->windows[i].id = counter->id;
		record->windows[i].share = 255; /* not known: as if it were full */
		gp_store_window_init(&record->windows[i].window, counter->per_ms, now_ms);
		record->count++;
	}
	return record->windows[i].window.per_ms == counter->per_ms ? &record->windows[i].window
								   : NULL;
}

/* join_counters: within a transaction; a status of LMDB. */
static int join_counters(struct gp_store_lmdb *s, MDB_txn *txn, int64_t now_ms,
	const struct gp_store_record *from, struct gp_store_lmdb_record *record,
	bool *was_there_out)
{
	int rc = gp_store_lmdb_subject_load(&s->envs, txn, from->key, record);
	if (rc)
		return rc;
	gp_store_lmdb_record_purge(record, now_ms);
	*was_there_out = record->count > 0;
	record->name_length = from->name.len;
	if (from->name.len)
		memcpy(record->name, from->name.ptr, from->name.len);
	for (size_t i = 0; i < from->count; i++) {
		struct gp_store_window *window = window_for(record, &from->counters[i], now_ms);
		if (window)
			gp_store_window_join(window, &from->counters[i], now_ms);
	}
	gp_store_lmdb_record_purge(record, now_ms);
	gp_store_lmdb_room_uses(&s->room, from->key);
	return gp_store_lmdb_subject_save(&s->envs, txn, from->key, record);
}

/* join_once: one transaction; a status of LMDB, or one of ours in *ours_out: it was not begun. */
static int join_once(struct gp_store_lmdb *s, int64_t now_ms, const struct gp_store_record *from,
	struct gp_store_lmdb_record *record, bool *was_there_out, int *ours_out)
{
	MDB_txn *txn;
	int rc;
	*ours_out = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_COUNTERS, 0, &txn);
	if (*ours_out)
		return 0;
	const struct gp_store_lmdb_soft_step step = {
		.envs = &s->envs, .txn = txn, .now_ms = now_ms, .keeps = true};
	if (from->kind == GP_STORE_RECORD_SEEN)
		rc = gp_store_lmdb_soft_join(&step, &s->soft, from, was_there_out);
	else
		rc = join_counters(s, txn, now_ms, from, record, was_there_out);
	rc = gp_store_lmdb_env_finish(&s->envs.env[GP_STORE_LMDB_COUNTERS], txn, rc);
	if (rc == 0)
		gp_store_lmdb_room_wrote(&s->room, 1);
	gp_store_lmdb_envs_leave(&s->envs);
	return rc;
}

/* gp_store_lmdb_join: again while there is no room and some can be made. */
int gp_store_lmdb_join(void *self, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, bool *was_there_out)
{
	struct gp_store_lmdb *s = self;
	struct gp_store_lmdb_record *work = malloc(sizeof *work);
	int rc, ours = GP_OK;
	unsigned rounds = 0;
	(void)ctx;
	if (!work)
		return GP_ENOMEM;
	gp_store_lmdb_room_keep(&s->room);
	do
		rc = join_once(s, now_ms, record, work, was_there_out, &ours);
	while (rc && gp_store_lmdb_room_make(&s->room, rc, rounds++));
	if (rc)
		ours = gp_store_lmdb_env_trouble(
			&s->envs, &s->envs.env[GP_STORE_LMDB_COUNTERS], rc);
	free(work);
	return ours;
}
