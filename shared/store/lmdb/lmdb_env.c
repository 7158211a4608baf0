/* SPDX-License-Identifier: ISC */
/*
 * Two files: "counters" is written to disk now and then, "facts" with every transaction. Neither is
 * mapped for writing, so that a full disk is an error and no signal. Opening takes the directory's
 * locks; the only process checks the files and sets damaged ones aside.
 */
#include "store/lmdb/lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store/lmdb/lmdb_time.h"

#define ALONE_TRIES 10      /* calls of tend that wait for others to close a damaged file */
#define FOLLOWS 8           /* times that a growing file is followed at once */
#define MAP_LEAST (1 << 20) /* bytes */
#define ROOM_BLOCKS 16      /* blocks that are left of a disk that counts as full */

static const struct {
	const char *name;
	unsigned flags;
} kinds[GP_STORE_LMDB_ENVS] = {
	[GP_STORE_LMDB_COUNTERS] = {"counters", MDB_NOSUBDIR | MDB_NOTLS | MDB_NOSYNC},
	[GP_STORE_LMDB_FACTS] = {"facts", MDB_NOSUBDIR | MDB_NOTLS},
};

/* now_us: monotonic. */
static int64_t now_us(void)
{
	return gp_clock_now_us(gp_clock_system());
}

/* ---- trouble ---- */

/* gp_store_lmdb_envs_note: with its time. */
void gp_store_lmdb_envs_note(struct gp_store_lmdb_envs *envs, const char *text)
{
	pthread_mutex_lock(&envs->trouble_lock);
	snprintf(envs->problem, sizeof envs->problem, "%s", text);
	envs->problem_us = now_us();
	pthread_mutex_unlock(&envs->trouble_lock);
}

/* note_for: what was tried at which file or directory, and why it failed; always GP_EIO. */
static int note_for(
	struct gp_store_lmdb_envs *envs, const char *what, const char *path, const char *why)
{
	char text[256];
	snprintf(text, sizeof text, "%s %.130s: %.70s", what, path, why);
	gp_store_lmdb_envs_note(envs, text);
	return GP_EIO;
}

/* is_damage: can only opening again, with a check, help? */
static bool is_damage(int rc)
{
	return rc == MDB_PANIC || rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND ||
	       rc == MDB_BAD_TXN || rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH ||
	       rc == MDB_CURSOR_FULL || rc == MDB_PAGE_FULL;
}

/* gp_store_lmdb_envs_no_room: LMDB calls it an I/O error when only a part could be written. */
bool gp_store_lmdb_envs_no_room(const struct gp_store_lmdb_envs *envs, int rc)
{
	struct statvfs fs;
	if (rc == EIO && statvfs(envs->directory, &fs) == 0)
		return fs.f_bavail < ROOM_BLOCKS || (fs.f_files > 0 && fs.f_favail == 0);
	return rc == ENOSPC || rc == EDQUOT;
}

/* gp_store_lmdb_env_trouble: the text says what to do, where there is something to do. */
int gp_store_lmdb_env_trouble(
	struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_env *env, int rc)
{
	char text[256];
	if (rc == ENOMEM)
		return GP_ENOMEM;
	/* what an operator says is refused then; counting continues */
	bool no_room = gp_store_lmdb_envs_no_room(envs, rc);
	if ((rc != MDB_MAP_FULL && !no_room) || env != &envs->env[GP_STORE_LMDB_FACTS])
		atomic_store(&env->well, false);
	if (rc == MDB_MAP_FULL) {
		snprintf(text, sizeof text, "the store is full: %zu MiB; raise store.size",
			envs->map_bytes >> 20);
		gp_store_lmdb_envs_note(envs, text);
		atomic_store(&env->full, true);
	} else if (no_room) {
		note_for(envs, "the disk has no space for", env->path, "free some space on it");
	} else if (is_damage(rc)) {
		note_for(envs, "will be checked and opened again:", env->path, mdb_strerror(rc));
		atomic_store(&envs->ready, false);
	} else {
		note_for(envs, "cannot use", env->path, mdb_strerror(rc));
	}
	return GP_EIO;
}

/* note_written: flags that mostly are set already are only read then. */
static void note_written(struct gp_store_lmdb_env *env)
{
	if (!atomic_load_explicit(&env->well, memory_order_relaxed))
		atomic_store(&env->well, true);
	if (!atomic_load_explicit(&env->dirty, memory_order_relaxed))
		atomic_store(&env->dirty, true);
}

/* lock_trouble: what LMDB locks with cannot be used any more; always GP_EIO. */
static int lock_trouble(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_env *env)
{
	atomic_store(&envs->spoiled, true);
	atomic_store(&envs->ready, false);
	return note_for(
		envs, "will be checked and opened again:", env->path, "its -lock was overwritten");
}

/* is_lock_trouble: as a mutex fails that is none any more. */
static bool is_lock_trouble(int rc)
{
	return rc == EINVAL || rc == EDEADLK || rc == ENOTRECOVERABLE;
}

/* gp_store_lmdb_envs_free_readers: LMDB's table of them says itself how long it is. */
void gp_store_lmdb_envs_free_readers(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	MDB_envinfo info;
	int dead;
	(void)mdb_env_info(env->mdb, &info); /* cannot fail on an open one */
	if (!gp_store_lmdb_lockfile_is_whole(&env->lock) || info.me_numreaders > info.me_maxreaders)
		(void)lock_trouble(envs, env);
	else
		(void)mdb_reader_check(env->mdb, &dead); /* failure: next time */
}

/* gp_store_lmdb_envs_enter: asked twice, so that tend, which closes, does not wait after ever new
 * readers. */
int gp_store_lmdb_envs_enter(struct gp_store_lmdb_envs *envs)
{
	if (!atomic_load(&envs->ready))
		return GP_EIO;
	pthread_rwlock_rdlock(&envs->lock);
	if (atomic_load(&envs->ready))
		return GP_OK;
	pthread_rwlock_unlock(&envs->lock);
	return GP_EIO;
}

/* gp_store_lmdb_envs_leave: the other end of enter. */
void gp_store_lmdb_envs_leave(struct gp_store_lmdb_envs *envs)
{
	pthread_rwlock_unlock(&envs->lock);
}

/* gp_store_lmdb_envs_resize: waits until all have left; calls that arrive meanwhile wait. */
int gp_store_lmdb_envs_resize(
	struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind, size_t bytes)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	pthread_rwlock_wrlock(&envs->lock);
	int rc = atomic_load(&envs->ready) ? mdb_env_set_mapsize(env->mdb, bytes) : EAGAIN;
	if (rc && rc != EAGAIN) {
		/* the old map is gone */
		note_for(envs, "will be opened again, since it cannot be mapped:", env->path,
			mdb_strerror(rc));
		atomic_store(&envs->ready, false);
	}
	pthread_rwlock_unlock(&envs->lock);
	return rc ? GP_EIO : GP_OK;
}

/*
 * follow: the file is larger than what is mapped. What it says of itself is looked at first: random
 * bytes would be mapped as readily as another process's work.
 */
static int follow(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	char problem[GP_STORE_LMDB_PROBLEM];
	uint64_t bytes;
	int rc = gp_store_lmdb_envs_enter(envs);
	if (rc)
		return rc;
	mdb_filehandle_t fd;
	if (mdb_env_get_fd(env->mdb, &fd) != 0)
		rc = GP_EIO;
	else
		rc = gp_store_lmdb_check_map(fd, &bytes, problem);
	gp_store_lmdb_envs_leave(envs);
	if (rc == GP_ESYNTAX) {
		note_for(envs, "will be checked and opened again:", env->path, problem);
		atomic_store(&env->well, false);
		atomic_store(&envs->ready, false);
	}
	if (rc)
		return GP_EIO;
	atomic_store(&envs->resized, true);
	return gp_store_lmdb_envs_resize(envs, kind, bytes);
}

/* gp_store_lmdb_envs_begin: another process may grow the file again and again, but not for ever. */
int gp_store_lmdb_envs_begin(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind,
	unsigned flags, MDB_txn **txn_out)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	for (unsigned followed = 0;; followed++) {
		int rc = gp_store_lmdb_envs_enter(envs);
		if (rc)
			return rc;
		bool is_whole = gp_store_lmdb_lockfile_is_whole(&env->lock);
		rc = is_whole ? mdb_txn_begin(env->mdb, NULL, flags, txn_out) : EINVAL;
		if (rc == 0)
			return GP_OK;
		if (is_lock_trouble(rc)) {
			rc = lock_trouble(envs, env);
			gp_store_lmdb_envs_leave(envs);
			return rc;
		}
		if (rc != MDB_MAP_RESIZED || followed == FOLLOWS) {
			rc = gp_store_lmdb_env_trouble(envs, env, rc);
			gp_store_lmdb_envs_leave(envs);
			return rc;
		}
		gp_store_lmdb_envs_leave(envs);
		rc = follow(envs, kind);
		if (rc)
			return rc;
	}
}

/* gp_store_lmdb_env_finish: commits or not. */
int gp_store_lmdb_env_finish(struct gp_store_lmdb_env *env, MDB_txn *txn, int rc)
{
	if (rc == 0)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	if (rc == 0)
		note_written(env);
	return rc;
}

/* gp_store_lmdb_envs_end: commits or not. */
int gp_store_lmdb_envs_end(
	struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind, MDB_txn *txn, int rc)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	rc = gp_store_lmdb_env_finish(env, txn, rc);
	if (rc)
		rc = gp_store_lmdb_env_trouble(envs, env, rc);
	gp_store_lmdb_envs_leave(envs);
	return rc;
}

/* ---- time ---- */

/* gp_store_lmdb_envs_now_ms: never before 1970. */
int64_t gp_store_lmdb_envs_now_ms(const struct gp_store_lmdb_envs *envs)
{
	int64_t now_ms = gp_store_lmdb_boot_ms() +
			 atomic_load_explicit(&envs->offset_ms, memory_order_relaxed);
	return now_ms > 0 ? now_ms : 0;
}

/* set_time: a file without room for the offset is opened all the same. */
static int set_time(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx)
{
	struct gp_store_lmdb_env *env = &envs->env[GP_STORE_LMDB_COUNTERS];
	int64_t offset_ms;
	int rc = gp_store_lmdb_time_agree(
		env->mdb, env->dbi, ctx->clock->wall_s(ctx->clock) * 1000, &offset_ms);
	if (rc)
		(void)gp_store_lmdb_env_trouble(envs, env, rc);
	if (is_damage(rc))
		return GP_EIO;
	atomic_store(&envs->offset_ms, offset_ms);
	return GP_OK;
}

/* ---- opening ---- */

/* gp_store_lmdb_envs_make_directory: its last component only. */
int gp_store_lmdb_envs_make_directory(struct gp_store_lmdb_envs *envs)
{
	struct stat st;
	if (mkdir(envs->directory, 0700) != 0 && errno != EEXIST)
		return note_for(
			envs, "cannot create the directory", envs->directory, strerror(errno));
	if (stat(envs->directory, &st) != 0)
		return note_for(envs, "cannot use the directory", envs->directory, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return note_for(envs, "cannot use", envs->directory, "it is not a directory");
	return GP_OK;
}

/* guard: before LMDB touches the file: damaged, it is set aside. */
static int guard(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_env *env, struct gp_ctx *ctx,
	uint64_t *size_out)
{
	char problem[GP_STORE_LMDB_PROBLEM], moved_to[1200];
	int rc = gp_store_lmdb_check_path(env->path, size_out, problem);
	if (rc == GP_OK || rc == GP_ENOMEM)
		return rc;
	if (rc == GP_EIO)
		return note_for(envs, "cannot read", env->path, problem);
	if (gp_store_lmdb_set_aside(
		    env->path, ctx->clock->wall_s(ctx->clock), moved_to, sizeof moved_to) != GP_OK)
		return note_for(
			envs, "is damaged and cannot be renamed:", env->path, strerror(errno));
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: %.300s is damaged (%s); it was renamed to %.400s, and a new file was "
		"started",
		env->path, problem, moved_to);
	note_for(envs, "was damaged and is started anew:", env->path, problem);
	*size_out = 0;
	return GP_OK;
}

/* close_env: also one that is half open. */
static void close_env(struct gp_store_lmdb_env *env)
{
	if (env->mdb)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
	gp_store_lmdb_lockfile_close(&env->lock);
}

/* make_soft: the table, in place of what may have its name and is none; a status of LMDB. */
static int make_soft(struct gp_store_lmdb_envs *envs, MDB_txn *txn, bool is_other)
{
	MDB_val name =
		gp_store_lmdb_val_from(GP_STORE_LMDB_SOFT_NAME, sizeof GP_STORE_LMDB_SOFT_NAME - 1);
	int rc = is_other ? mdb_del(txn, envs->env[GP_STORE_LMDB_COUNTERS].dbi, &name, NULL) : 0;
	return rc ? rc : mdb_dbi_open(txn, GP_STORE_LMDB_SOFT_NAME, MDB_CREATE, &envs->soft);
}

/*
 * open_soft: the table of soft facts and sets, made when there is none. A file that has no room for
 * it does without until tend finds some. The write side of the lock is held.
 */
static void open_soft(struct gp_store_lmdb_envs *envs)
{
	struct gp_store_lmdb_env *env = &envs->env[GP_STORE_LMDB_COUNTERS];
	MDB_txn *txn;
	atomic_store(&envs->has_soft, false); /* what another opening found is no longer open */
	if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn) != 0)
		return;
	int rc = mdb_dbi_open(txn, GP_STORE_LMDB_SOFT_NAME, 0, &envs->soft);
	bool is_other = rc == MDB_INCOMPATIBLE;
	if (rc == MDB_NOTFOUND || is_other) {
		mdb_txn_abort(txn);
		if (mdb_txn_begin(env->mdb, NULL, 0, &txn) != 0)
			return;
		rc = make_soft(envs, txn, is_other);
	}
	atomic_store(&envs->has_soft, gp_store_lmdb_env_finish(env, txn, rc) == 0);
}

/* gp_store_lmdb_envs_find_soft: a file that had no room for the table may have some by now. */
void gp_store_lmdb_envs_find_soft(struct gp_store_lmdb_envs *envs)
{
	if (atomic_load(&envs->has_soft))
		return;
	pthread_rwlock_wrlock(&envs->lock);
	if (atomic_load(&envs->ready))
		open_soft(envs);
	pthread_rwlock_unlock(&envs->lock);
}

/* begin_env: the environment and its one table; a status of LMDB. */
static int begin_env(struct gp_store_lmdb_envs *envs, enum gp_store_lmdb_kind kind)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	MDB_txn *txn;
	int rc = gp_store_lmdb_lockfile_open(&env->lock, env->path);
	if (rc == 0)
		rc = mdb_env_create(&env->mdb);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->mdb, envs->map_bytes);
	if (rc == 0 && kind == GP_STORE_LMDB_COUNTERS)
		rc = mdb_env_set_maxdbs(env->mdb, 1);
	if (rc == 0)
		rc = mdb_env_open(env->mdb, env->path, kinds[kind].flags, 0600);
	if (rc == 0)
		gp_store_lmdb_lockfile_remember(&env->lock);
	if (rc == 0)
		rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
	if (rc == 0) {
		rc = mdb_dbi_open(txn, NULL, 0, &env->dbi);
		mdb_txn_abort(txn);
	}
	if (rc == 0 && kind == GP_STORE_LMDB_COUNTERS)
		open_soft(envs);
	return rc;
}

/* open_env: guarded when we are alone. */
static int open_env(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx,
	enum gp_store_lmdb_kind kind, bool alone)
{
	struct gp_store_lmdb_env *env = &envs->env[kind];
	uint64_t size = 1;
	int rc = alone ? guard(envs, env, ctx, &size) : GP_OK;
	if (rc)
		return rc;
	rc = begin_env(envs, kind);
	if (rc == 0) {
		atomic_store(&env->well, true);
		return GP_OK;
	}
	bool is_foreign = gp_store_lmdb_lockfile_is_foreign(&env->lock) || is_lock_trouble(rc);
	close_env(env);
	if (is_foreign) /* others have it open: else LMDB would have made it anew */
		return note_for(envs, "other processes have it open, see fuser -v:", env->path,
			"its -lock is damaged; stop them, then it is created anew");
	/* what LMDB began and could not end, for want of room, would count as damage next time */
	if (size == 0 && truncate(env->path, 0) != 0 && errno != ENOENT)
		return note_for(envs, "cannot clear", env->path, strerror(errno));
	return gp_store_lmdb_env_trouble(envs, env, rc);
}

/* are_whole: files that others have open already; their work may look like damage for a moment. */
static bool are_whole(const struct gp_store_lmdb_envs *envs)
{
	char problem[GP_STORE_LMDB_PROBLEM];
	uint64_t size;
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		if (gp_store_lmdb_check_path(envs->env[i].path, &size, problem) != GP_OK)
			return false;
	return true;
}

/* remember_files: those that are open now; LMDB does not tell the descriptors of its locks. */
static void remember_files(struct gp_store_lmdb_envs *envs)
{
	int fds[GP_STORE_LMDB_FILES] = {-1, -1, -1, -1, envs->ours.fd};
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		if (mdb_env_get_fd(envs->env[i].mdb, &fds[i]) != 0)
			fds[i] = -1;
	pthread_mutex_lock(&envs->trouble_lock);
	gp_store_lmdb_files_remember(&envs->files, envs->directory, fds);
	pthread_mutex_unlock(&envs->trouble_lock);
}

/* open_locked: under the directory's first lock. */
static int open_locked(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx, bool alone)
{
	if (!alone && envs->alone_tries > 0 && !(envs->replaced && are_whole(envs))) {
		envs->alone_tries--;
		return note_for(envs,
			"is damaged and waits for other processes to close it (fuser -v lists "
			"them):",
			envs->directory, "then it will be checked");
	}
	int rc = open_env(envs, ctx, GP_STORE_LMDB_COUNTERS, alone);
	if (rc == GP_OK)
		rc = open_env(envs, ctx, GP_STORE_LMDB_FACTS, alone);
	if (rc == GP_OK)
		rc = set_time(envs, ctx);
	if (rc == GP_OK)
		remember_files(envs);
	if (rc == GP_OK && gp_store_lmdb_lock_share(&envs->ours) != GP_OK)
		rc = note_for(envs, "cannot lock", envs->directory, strerror(errno));
	return rc;
}

/* shut: both files, and the locks. The write side of the lock is held, or nobody is there. */
static void shut(struct gp_store_lmdb_envs *envs)
{
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		close_env(&envs->env[i]);
	gp_store_lmdb_lock_close(&envs->ours);
}

/* open_all: the directory, its locks, the files; the write side of the lock is held. */
static int open_all(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx, int wait_ms)
{
	bool alone = false;
	int rc = gp_store_lmdb_envs_make_directory(envs);
	if (rc)
		return rc;
	rc = gp_store_lmdb_lock_open(&envs->ours, envs->directory);
	if (rc == GP_OK)
		rc = gp_store_lmdb_lock_take(&envs->ours, wait_ms, &alone);
	if (rc == GP_EIO)
		(void)note_for(envs, "cannot lock", envs->directory, strerror(errno));
	if (rc == GP_ETIMEOUT)
		rc = note_for(envs, "another process is opening", envs->directory,
			"it will be tried again");
	return rc ? rc : open_locked(envs, ctx, alone);
}

/* gp_store_lmdb_envs_open: all or nothing. */
int gp_store_lmdb_envs_open(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx, int wait_ms)
{
	pthread_rwlock_wrlock(&envs->lock);
	shut(envs);
	int rc = open_all(envs, ctx, wait_ms);
	if (rc)
		shut(envs);
	else
		envs->alone_tries = ALONE_TRIES; /* for when it is found damaged later */
	atomic_fetch_add(&envs->opened, 1);
	envs->replaced = envs->replaced && rc;
	atomic_store(&envs->ready, rc == GP_OK);
	pthread_rwlock_unlock(&envs->lock);
	return rc;
}

/* ---- health ---- */

/* gp_store_lmdb_envs_is_up: open, and the last transactions went well. */
bool gp_store_lmdb_envs_is_up(struct gp_store_lmdb_envs *envs)
{
	return atomic_load(&envs->ready) && atomic_load(&envs->env[GP_STORE_LMDB_COUNTERS].well) &&
	       atomic_load(&envs->env[GP_STORE_LMDB_FACTS].well);
}

/* gp_store_lmdb_envs_health: with the last trouble. */
void gp_store_lmdb_envs_health(struct gp_store_lmdb_envs *envs, struct gp_store_health *health_out)
{
	health_out->up = gp_store_lmdb_envs_is_up(envs);
	snprintf(health_out->where, sizeof health_out->where, "lmdb:%.240s", envs->directory);
	pthread_mutex_lock(&envs->trouble_lock);
	snprintf(health_out->problem, sizeof health_out->problem, "%s", envs->problem);
	if (envs->problem_us >= 0)
		health_out->problem_age_ms = (now_us() - envs->problem_us) / 1000;
	health_out->file_count = atomic_load(&envs->ready) ? GP_STORE_HEALTH_FILES : 0;
	for (unsigned i = 0; i < GP_STORE_HEALTH_FILES; i++)
		health_out->files[i] = (struct gp_store_health_file) {gp_store_lmdb_files_names[i],
			envs->files.of[i].device, envs->files.of[i].inode};
	pthread_mutex_unlock(&envs->trouble_lock);
}

/* ---- begin and end ---- */

/* init_paths: of both files; false when the directory's name leaves no room. */
static bool init_paths(struct gp_store_lmdb_envs *envs, const char *directory)
{
	int n = snprintf(envs->directory, sizeof envs->directory, "%s", directory);
	if (n < 0 || (size_t)n >= sizeof envs->directory)
		return false;
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		snprintf(envs->env[i].path, sizeof envs->env[i].path, "%s/%s", directory,
			kinds[i].name);
	return true;
}

/* init_lock: a call that waits to map or to reopen is not overtaken for ever by those that
 * enter. */
static bool init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	if (pthread_rwlockattr_init(&attr) != 0)
		return false;
	(void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	bool good = pthread_rwlock_init(lock, &attr) == 0;
	pthread_rwlockattr_destroy(&attr);
	return good;
}

/* gp_store_lmdb_envs_init: until the files are open, time is the wall clock's. */
int gp_store_lmdb_envs_init(struct gp_store_lmdb_envs *envs, const char *directory,
	const struct gp_store_options *options, struct gp_ctx *ctx)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	memset(envs, 0, sizeof *envs);
	envs->ours.fd = -1;
	envs->map_bytes = options->map_bytes / page * page;
	envs->sync_ms = options->sync_ms;
	envs->problem_us = -1;
	envs->synced_us = now_us();
	envs->reported_us = INT64_MIN / 2;
	envs->was_up = true;
	atomic_init(
		&envs->offset_ms, ctx->clock->wall_s(ctx->clock) * 1000 - gp_store_lmdb_boot_ms());
	if (options->map_bytes < MAP_LEAST || !init_paths(envs, directory)) {
		gp_log_text(ctx->log, GP_LOG_ERROR, "store: %s",
			options->map_bytes < MAP_LEAST ? "its size must be 1 MiB or more"
						       : "the directory's name is too long");
		return GP_EINVAL;
	}
	envs->record = malloc(sizeof *envs->record);
	if (!envs->record)
		return GP_ENOMEM;
	if (!init_lock(&envs->lock)) {
		free(envs->record);
		return GP_ENOMEM;
	}
	if (pthread_mutex_init(&envs->trouble_lock, NULL) != 0) {
		pthread_rwlock_destroy(&envs->lock);
		free(envs->record);
		return GP_ENOMEM;
	}
	return GP_OK;
}

/* gp_store_lmdb_envs_fini: counters are written to disk before they are closed. */
void gp_store_lmdb_envs_fini(struct gp_store_lmdb_envs *envs)
{
	MDB_env *counters = envs->env[GP_STORE_LMDB_COUNTERS].mdb;
	if (counters && atomic_load(&envs->env[GP_STORE_LMDB_COUNTERS].dirty))
		(void)mdb_env_sync(counters, 1); /* there is no caller left to report to */
	shut(envs);
	pthread_mutex_destroy(&envs->trouble_lock);
	pthread_rwlock_destroy(&envs->lock);
	free(envs->record);
}
