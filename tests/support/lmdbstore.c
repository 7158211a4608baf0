/* SPDX-License-Identifier: ISC */
/* The fixture of tests of the embedded store. */
#include "support/lmdbstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

/* mono_us: the system's. */
static int64_t mono_us(const struct gp_clock *clock)
{
	(void)clock;
	return gp_clock_now_us(gp_clock_system());
}

/* wall_s: as it was set. */
static int64_t wall_s(const struct gp_clock *clock)
{
	return ((const struct gp_test_lmdb_clock *)clock)->wall_s;
}

/* keep: the lines of the log, one after the other. */
static void keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct gp_test_lmdb *f = arg;
	(void)event;
	(void)count;
	pthread_mutex_lock(&f->lock);
	size_t length = strlen(f->logged);
	snprintf(f->logged + length, sizeof f->logged - length, "%s: %.*s\n",
		gp_log_level_name(level), (int)fields[0].text.len, fields[0].text.ptr);
	pthread_mutex_unlock(&f->lock);
}

/* gp_test_lmdb_set_up: a directory in which the store will make its own; nothing is open yet. */
int gp_test_lmdb_set_up(void **state)
{
	struct gp_test_lmdb *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	snprintf(f->base, sizeof f->base, "/tmp/gp-lmdb-XXXXXX");
	if (!mkdtemp(f->base))
		return -1;
	snprintf(f->folder, sizeof f->folder, "%s/store", f->base);
	snprintf(f->uri, sizeof f->uri, "lmdb:%s", f->folder);
	f->clock = (struct gp_test_lmdb_clock) {{mono_us, wall_s}, 1700000000};
	pthread_mutex_init(&f->lock, NULL);
	f->log = (struct gp_log) {keep, f, GP_LOG_DEBUG};
	f->ctx.clock = &f->clock.base;
	f->ctx.log = &f->log;
	f->ctx.deadline_us = gp_clock_now_us(f->ctx.clock) + 300000000LL;
	f->options = (struct gp_store_options) {
		.uris = {f->uri}, .uri_count = 1, .map_bytes = 8 << 20, .sync_ms = 0};
	*state = f;
	return 0;
}

/* gp_test_lmdb_tear_down: closes, and removes the directory. */
int gp_test_lmdb_tear_down(void **state)
{
	struct gp_test_lmdb *f = *state;
	char command[192];
	gp_store_close(f->store);
	snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", f->base, f->base);
	int rc = system(command);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return rc;
}

/* gp_test_lmdb_open_store: which always gp_test_lmdb_works, even if the directory does not. */
void gp_test_lmdb_open_store(struct gp_test_lmdb *f)
{
	assert_int_equal(gp_store_open(&f->options, &f->ctx, &f->store), GP_OK);
}

/* gp_test_lmdb_close_store: once. */
void gp_test_lmdb_close_store(struct gp_test_lmdb *f)
{
	gp_store_close(f->store);
	f->store = NULL;
}

/* gp_test_lmdb_path_of: a file in the directory. */
const char *gp_test_lmdb_path_of(struct gp_test_lmdb *f, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s", f->folder, name);
	return out;
}

/* gp_test_lmdb_health: of now. */
struct gp_store_health gp_test_lmdb_health(struct gp_test_lmdb *f)
{
	struct gp_store_health h;
	gp_store_health(f->store, &h);
	return h;
}

/* gp_test_lmdb_take: n of counter 1 up to max in a day; the status, and what is used. */
int gp_test_lmdb_take(
	struct gp_test_lmdb *f, const char *subject, int64_t max, int64_t n, int64_t *used_out)
{
	struct gp_store_count c = {.id = 1, .per_ms = DAY, .max = max, .take = n};
	struct gp_store_take t = {gp_span_from(subject), &c, 1};
	int rc = gp_store_take(f->store, &f->ctx, gp_store_now_ms(f->store), &t, 1);
	*used_out = c.refused ? -1 : c.used;
	return rc;
}

/* gp_test_lmdb_used: by the subject. */
int64_t gp_test_lmdb_used(struct gp_test_lmdb *f, const char *subject)
{
	int64_t sum;
	assert_int_equal(gp_test_lmdb_take(f, subject, GP_STORE_AMOUNT_MAX, 0, &sum), GP_OK);
	return sum;
}

/* gp_test_lmdb_works: counts one more for a subject that nobody else uses. */
bool gp_test_lmdb_works(struct gp_test_lmdb *f)
{
	int64_t sum;
	return gp_test_lmdb_take(f, "works", GP_STORE_AMOUNT_MAX, 1, &sum) == GP_OK &&
	       gp_test_lmdb_health(f).up;
}

/* gp_test_lmdb_wait_for: a child's end; its exit code, or -1 for a signal. */
int gp_test_lmdb_wait_for(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* gp_test_lmdb_fill: subjects with long names until a take fails; how many were counted. */
int gp_test_lmdb_fill(struct gp_test_lmdb *f, int64_t now, int most)
{
	for (int i = 0; i < most; i++) {
		char name[201];
		snprintf(name, sizeof name, "%0200d", i);
		struct gp_store_count c = {.id = 1, .per_ms = 1000, .max = 1, .take = 1};
		struct gp_store_take t = {gp_span_from(name), &c, 1};
		int rc = gp_store_take(f->store, &f->ctx, now, &t, 1);
		if (rc) {
			assert_int_equal(rc, GP_EIO);
			return i;
		}
	}
	return most;
}

/* gp_test_lmdb_hold: a process that is stopped in the middle. */
void gp_test_lmdb_hold(struct gp_test_lmdb *f, unsigned flags, int out)
{
	char path[160];
	MDB_env *env;
	MDB_txn *txn;
	if (mdb_env_create(&env) != 0 ||
		mdb_env_open(env, gp_test_lmdb_path_of(f, "counters", path), MDB_NOSUBDIR, 0600) !=
			0 ||
		mdb_txn_begin(env, NULL, flags, &txn) != 0 || write(out, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}
