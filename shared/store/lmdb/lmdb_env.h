/* SPDX-License-Identifier: ISC */
/*
 * The two LMDB files of an embedded store: opening them with care, and caring for them.
 *
 * Knows the directory, its locks, damage, time, and what to remove; does not know how takes are
 * combined. Every use of a file's mdb and dbi stands between enter and leave, or begin and end.
 * Threads: any number may enter, nobody twice; open, tend and close are for one at a time, and
 * close for when nobody is inside.
 */
#ifndef GP_STORE_LMDB_ENV_H
#define GP_STORE_LMDB_ENV_H

#include <pthread.h>
#include <stdatomic.h>

#include <lmdb.h>

#include "store/lmdb/lmdb_check.h"
#include "store/lmdb/lmdb_files.h"
#include "store/lmdb/lmdb_lockfile.h"
#include "store/lmdb/lmdb_record.h"
#include "store/lmdb/lmdb_val.h"

#define GP_STORE_LMDB_ENVS_PROBLEM 256
#define GP_STORE_LMDB_KEY 512 /* more than LMDB's longest key */

enum gp_store_lmdb_kind { GP_STORE_LMDB_COUNTERS, GP_STORE_LMDB_FACTS, GP_STORE_LMDB_ENVS };

/* One file. */
struct gp_store_lmdb_env {
	char path[1100];
	MDB_env *mdb; /* NULL: closed */
	MDB_dbi dbi;
	struct gp_store_lmdb_lockfile lock; /* open as long as mdb is */
	atomic_bool well;                   /* the last transaction went well */
	atomic_bool full;                   /* one found no room since the last sweep */
	atomic_bool dirty;                  /* written since it was last synced */
	char swept[GP_STORE_LMDB_KEY];      /* where sweeping continues; of tend alone */
	size_t swept_size;
};

struct gp_store_lmdb_envs {
	char directory[1024];
	size_t map_bytes;
	unsigned sync_ms;

	pthread_rwlock_t lock; /* guards mdb, its map and dbi of the files, and ours */
	struct gp_store_lmdb_env env[GP_STORE_LMDB_ENVS];
	struct gp_store_lmdb_lock ours;
	MDB_dbi soft;              /* the table of soft facts and sets, in counters... */
	atomic_bool has_soft;      /* ...which could be opened */
	atomic_uint opened;        /* how often they were opened */
	atomic_bool ready;         /* both are open and nothing says they are damaged */
	_Atomic int64_t offset_ms; /* of the store's time from the time since the boot */

	pthread_mutex_t trouble_lock; /* guards problem, problem_us and files */
	char problem[GP_STORE_LMDB_ENVS_PROBLEM];
	int64_t problem_us;               /* -1: none yet */
	struct gp_store_lmdb_files files; /* that are open */

	atomic_uint_fast64_t unreadable; /* records since the last warning */
	atomic_bool spoiled;             /* a lock file was written over; not yet told */
	atomic_bool resized;             /* another process made a file larger; not yet told */

	/* of tend alone */
	struct gp_store_lmdb_record *record;
	int64_t reported_us, synced_us;
	unsigned alone_tries; /* how often opening still waits for others to close */
	bool replaced;        /* what was open was deleted or replaced: others may be there again */
	int64_t stayed_us;    /* when it was last said that this cannot be mended; 0: never */
	int64_t unseen_us; /* when it was last said that the directory cannot be seen; 0: never */
	bool was_up;
};

/* Prepares, opens nothing: GP_ENOMEM. The directory is the URI's. */
int gp_store_lmdb_envs_init(struct gp_store_lmdb_envs *envs, const char *directory,
	const struct gp_store_options *options, struct gp_ctx *ctx) GP_MUST_CHECK;

/* Opens both within wait_ms; GP_EIO: the problem is noted. Damaged files are set aside. */
int gp_store_lmdb_envs_open(
	struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx, int wait_ms) GP_MUST_CHECK;

/* Writes what is due, closes both and undoes init. */
void gp_store_lmdb_envs_fini(struct gp_store_lmdb_envs *envs);

/* Into the files, which stay open until leave. GP_EIO: they are not open; nothing to leave. */
int gp_store_lmdb_envs_enter(struct gp_store_lmdb_envs *envs) GP_MUST_CHECK;
void gp_store_lmdb_envs_leave(struct gp_store_lmdb_envs *envs);

/*
 * Enters and begins a transaction. When another process has made the file larger than what is
 * mapped here, that is followed first. Statuses as of enter, or GP_EIO and noted: nothing to end.
 */
int gp_store_lmdb_envs_begin(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind,
	unsigned flags, MDB_txn **txn_out) GP_MUST_CHECK;

/* Frees the places of readers that have ended without leaving; entered. */
void gp_store_lmdb_envs_free_readers(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind);

/* Ends what begin began: commits on 0, a status of LMDB; leaves. A status of ours comes back. */
int gp_store_lmdb_envs_end(
	struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind, MDB_txn *txn, int rc);

/* Maps that many bytes of the file; nobody of this process is inside then. GP_EIO: noted. */
int gp_store_lmdb_envs_resize(
	struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind, size_t bytes) GP_MUST_CHECK;

/* Does that status of LMDB mean that the disk has no room? */
bool gp_store_lmdb_envs_no_room(const struct gp_store_lmdb_envs *envs, int rc);

/* Notes a problem's text for health. */
void gp_store_lmdb_envs_note(struct gp_store_lmdb_envs *envs, const char *text);

/* Notes what LMDB said, for the operator; returns the status for callers. */
int gp_store_lmdb_env_trouble(
	struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_env *env, int rc);

/* Ends a transaction, inside still: commits on 0; a status of LMDB. */
int gp_store_lmdb_env_finish(struct gp_store_lmdb_env *env, MDB_txn *txn, int rc) GP_MUST_CHECK;

/* The store's time. */
int64_t gp_store_lmdb_envs_now_ms(const struct gp_store_lmdb_envs *envs);

/* Open, and the last transactions went well? */
bool gp_store_lmdb_envs_is_up(struct gp_store_lmdb_envs *envs);

/* Makes the directory, if only its last component is missing. GP_EIO: noted. */
int gp_store_lmdb_envs_make_directory(struct gp_store_lmdb_envs *envs) GP_MUST_CHECK;

/* The table of what is soft, where there was no room for it before; of tend alone. */
void gp_store_lmdb_envs_find_soft(struct gp_store_lmdb_envs *envs);

/* The whole of gp_store_tend (lmdb_tend.c) and gp_store_health. */
void gp_store_lmdb_envs_tend(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx);
void gp_store_lmdb_envs_health(struct gp_store_lmdb_envs *envs, struct gp_store_health *health_out);

#endif
