/* SPDX-License-Identifier: ISC */
/* The embedded store as its own files see it: what lmdb.c opens, and the lists that it gives. */
#ifndef GP_STORE_LMDB_PRIVATE_H
#define GP_STORE_LMDB_PRIVATE_H

#include <pthread.h>

#include "store/lmdb/lmdb_env.h"
#include "store/lmdb/lmdb_room.h"
#include "store/lmdb/lmdb_soft.h"
#include "store/store_move.h"

struct gp_store_lmdb_request;

struct gp_store_lmdb {
	struct gp_store_lmdb_envs envs;
	struct gp_store_lmdb_room room;
	struct gp_store_lmdb_soft soft;  /* of the leader alone */
	struct gp_store_lmdb_soft swept; /* of tend alone */
	pthread_mutex_t queue_lock;      /* guards the queue and led */
	struct gp_store_lmdb_request *first, *last;
	bool led;                             /* somebody leads */
	struct gp_store_lmdb_record *records; /* of the leader alone */
	size_t record_room;
};

/* As struct gp_store_backend has them. */
int gp_store_lmdb_scan(void *self, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg) GP_MUST_CHECK;
int gp_store_lmdb_facts(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
	bool (*visit)(void *arg, const struct gp_store_fact *fact), void *arg) GP_MUST_CHECK;
int gp_store_lmdb_records(void *self, struct gp_ctx *ctx,
	bool (*show)(void *arg, struct gp_store_record *record), void *arg) GP_MUST_CHECK;
int gp_store_lmdb_join(void *self, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, bool *was_there_out) GP_MUST_CHECK;

/*
 * Calls visit for every key of a file, or of its table of what is soft, with its data, both copied,
 * until it returns false. visit may use the store.
 */
int gp_store_lmdb_pairs(struct gp_store_lmdb *s, enum gp_store_lmdb_kind kind, bool is_soft,
	bool (*visit)(void *arg, struct gp_span key, struct gp_span data), void *arg) GP_MUST_CHECK;

#endif
