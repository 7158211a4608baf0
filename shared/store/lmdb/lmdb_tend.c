/* SPDX-License-Identifier: ISC */
/* What the files of an embedded store need now and then, and what the log is told about them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/lmdb/lmdb_env.h"
#include "store/lmdb/lmdb_sweep.h"

#define REOPEN_WAIT_MS 100 /* for another process that opens the same directory */
#define REPORT_US 60000000 /* between two warnings about unreadable records */

/* now_us: monotonic. */
static int64_t now_us(void)
{
	return gp_clock_now_us(gp_clock_system());
}

/* sync_due: counters that were written and have waited long enough. */
static void sync_due(struct gp_store_lmdb_envs *envs)
{
	struct gp_store_lmdb_env *env = &envs->env[GP_STORE_LMDB_COUNTERS];
	if (!atomic_load(&env->dirty) || now_us() - envs->synced_us < envs->sync_ms * 1000LL)
		return;
	atomic_store(&env->dirty, false);
	int rc = mdb_env_sync(env->mdb, 1);
	if (rc) {
		atomic_store(&env->dirty, true);
		(void)gp_store_lmdb_env_trouble(envs, env, rc);
	}
	envs->synced_us = now_us();
}

/* care_for: what is due while the files are open. */
static void care_for(struct gp_store_lmdb_envs *envs)
{
	if (gp_store_lmdb_envs_enter(envs) != GP_OK)
		return;
	sync_due(envs);
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		gp_store_lmdb_envs_free_readers(envs, i);
	gp_store_lmdb_envs_leave(envs);
	gp_store_lmdb_envs_find_soft(envs);
	for (unsigned i = 0; i < GP_STORE_LMDB_ENVS; i++)
		gp_store_lmdb_envs_sweep(envs, i);
}

/* copy_problem: the last one's text. */
static void copy_problem(struct gp_store_lmdb_envs *envs, char out[GP_STORE_LMDB_ENVS_PROBLEM])
{
	pthread_mutex_lock(&envs->trouble_lock);
	memcpy(out, envs->problem, sizeof envs->problem);
	pthread_mutex_unlock(&envs->trouble_lock);
}

/* report: unreadable records once a minute, and when the store goes down or comes back. */
static void report(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx)
{
	bool up = gp_store_lmdb_envs_is_up(envs);
	if (up != envs->was_up && up)
		gp_log_text(ctx->log, GP_LOG_NOTICE, "store: %s works again", envs->directory);
	if (up != envs->was_up && !up) {
		char problem[sizeof envs->problem];
		copy_problem(envs, problem);
		gp_log_text(ctx->log, GP_LOG_ERROR, "store: %s", problem);
	}
	envs->was_up = up;
	if (atomic_exchange(&envs->resized, false))
		gp_log_text(ctx->log, GP_LOG_NOTICE,
			"store: another process with a larger store.size has enlarged a file in "
			"%s; the new size is used",
			envs->directory);
	if (now_us() - envs->reported_us < REPORT_US || atomic_load(&envs->unreadable) == 0)
		return;
	envs->reported_us = now_us();
	gp_log_text(ctx->log, GP_LOG_WARNING,
		"store: %s contains records that cannot be read: %llu were treated as absent",
		envs->env[GP_STORE_LMDB_COUNTERS].path,
		(unsigned long long)atomic_exchange(&envs->unreadable, 0));
}

/* can_be_made: the directory with a file in it. */
static bool can_be_made(struct gp_store_lmdb_envs *envs)
{
	struct gp_store_lmdb_lock probe;
	if (gp_store_lmdb_envs_make_directory(envs) != GP_OK)
		return false;
	bool can = gp_store_lmdb_lock_open(&probe, envs->directory) == GP_OK;
	if (!can) {
		char text[GP_STORE_LMDB_ENVS_PROBLEM];
		snprintf(text, sizeof text, "cannot create a file in %.130s: %.70s",
			envs->directory, strerror(errno));
		gp_store_lmdb_envs_note(envs, text);
	}
	gp_store_lmdb_lock_close(&probe);
	return can;
}

/* say_stays: once a minute, while there is nothing that could be opened instead. */
static void say_stays(struct gp_store_lmdb_envs *envs, const char *name, struct gp_ctx *ctx)
{
	char problem[sizeof envs->problem];
	if (envs->stayed_us != 0 && now_us() - envs->stayed_us < REPORT_US)
		return;
	envs->stayed_us = now_us();
	copy_problem(envs, problem);
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: %s/%s was deleted while it was in use, and the store cannot be opened "
		"again (%s): counting continues in the files that are still open, which are lost "
		"when this process ends; create the directory again, with its owner and mode",
		envs->directory, name, problem);
}

/* say_unseen: once a minute, while the directory cannot be looked into. */
static void say_unseen(
	struct gp_store_lmdb_envs *envs, const char *name, int error, struct gp_ctx *ctx)
{
	if (envs->unseen_us != 0 && now_us() - envs->unseen_us < REPORT_US)
		return;
	envs->unseen_us = now_us();
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: %s/%s cannot be accessed (%s): counting continues in the open files, but "
		"the store could not be opened after a restart, and other processes may be using "
		"other files; restore the owner and mode of the directory",
		envs->directory, name, strerror(error));
}

/*
 * watch: are the files that are open the ones that stand in the directory? Counting waits
 * meanwhile.
 */
static int watch(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx)
{
	static const char *const what[] = {[GP_STORE_LMDB_FILES_DELETED] = "deleted",
		[GP_STORE_LMDB_FILES_REPLACED] = "replaced",
		[GP_STORE_LMDB_FILES_CUT] = "cut short"};
	const char *name;
	enum gp_store_lmdb_files_change change =
		gp_store_lmdb_files_changed(&envs->files, envs->directory, &name);
	if (change == GP_STORE_LMDB_FILES_UNSEEN)
		say_unseen(envs, name, errno, ctx);
	if (change == GP_STORE_LMDB_FILES_SAME || change == GP_STORE_LMDB_FILES_UNSEEN)
		return GP_OK;
	if (!can_be_made(envs)) {
		say_stays(envs, name, ctx);
		return GP_OK;
	}
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: %s/%s was %s while it was in use; the files that are there now are opened, "
		"and what was only in the old ones is lost",
		envs->directory, name, what[change]);
	envs->replaced = true;
	envs->stayed_us = 0;
	return gp_store_lmdb_envs_open(envs, ctx, REOPEN_WAIT_MS);
}

/* say_spoiled: once, before it is opened again, which mostly mends it. */
static void say_spoiled(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx)
{
	char problem[sizeof envs->problem];
	if (!atomic_exchange(&envs->spoiled, false))
		return;
	copy_problem(envs, problem);
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: %s; it is created anew as soon as no other process has the files of %s "
		"open (fuser -v lists them)",
		problem, envs->directory);
}

/* gp_store_lmdb_envs_tend: opens what is closed, at once or not at all. */
void gp_store_lmdb_envs_tend(struct gp_store_lmdb_envs *envs, struct gp_ctx *ctx)
{
	int rc = atomic_load(&envs->ready) ? watch(envs, ctx) : GP_OK;
	if (rc == GP_OK && atomic_load(&envs->ready))
		care_for(envs);
	say_spoiled(envs, ctx);
	if (rc == GP_OK && !atomic_load(&envs->ready) &&
		gp_store_lmdb_envs_open(envs, ctx, 0) == GP_OK)
		care_for(envs);
	report(envs, ctx);
}
