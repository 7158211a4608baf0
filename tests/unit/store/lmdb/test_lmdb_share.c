/* SPDX-License-Identifier: ISC */
/* One embedded store under several processes, some of them killed or stuck, and many threads. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/lmdbstore.h"
#include "support/patience.h"

#include <lmdb.h>

#include "store/lmdb/lmdb_record.h"

/* ---- processes and threads ---- */

/* race: takes until it has tried so often; how many were accepted, as a byte of the pipe each. */
static void race(struct gp_test_lmdb *f, int tries, int64_t max, int out)
{
	int64_t sum;
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK)
		_exit(1);
	for (int i = 0; i < tries; i++) {
		if (gp_test_lmdb_take(f, "race", max, 1, &sum) != GP_OK)
			_exit(2);
		if (sum >= 0 && write(out, "x", 1) != 1)
			_exit(3);
	}
	gp_store_close(f->store);
	_exit(0);
}

/* count_bytes: until all writers of the pipe are gone. */
static int count_bytes(int in)
{
	char bytes[4096];
	ssize_t n;
	int count = 0;
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		count += (int)n;
	return count;
}

/* processes_take_exactly_max: four of them, half of what they want. */
static void processes_take_exactly_max(void **state)
{
	struct gp_test_lmdb *f = *state;
	pid_t children[4];
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			close(fds[0]);
			race(f, 3000, 6000, fds[1]);
		}
	}
	close(fds[1]);
	assert_int_equal(count_bytes(fds[0]), 6000);
	close(fds[0]);
	for (int i = 0; i < 4; i++)
		assert_int_equal(gp_test_lmdb_wait_for(children[i]), 0);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_used(f, "race"), 6000);
	assert_string_equal(f->logged, "");
}

/* a_killed_process_loses_nothing: each take that it knew of is there, and one more at most. */
static void a_killed_process_loses_nothing(void **state)
{
	struct gp_test_lmdb *f = *state;
	int acknowledged = 0;
	for (int round = 0; round < 8; round++) {
		int fds[2], status;
		assert_int_equal(pipe(fds), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(fds[0]);
			race(f, 1000000, GP_STORE_AMOUNT_MAX, fds[1]);
		}
		close(fds[1]);
		if (round % 2 == 0)
			gp_test_lmdb_open_store(f); /* we are there when it dies, or not */
		char byte;
		assert_int_equal(read(fds[0], &byte, 1), 1);
		acknowledged++;
		usleep(20000 + 7000 * (unsigned)round);
		kill(child, SIGKILL);
		acknowledged += count_bytes(fds[0]);
		close(fds[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (round % 2)
			gp_test_lmdb_open_store(f);
		int64_t sum = gp_test_lmdb_used(f, "race");
		assert_in_range(sum, acknowledged, acknowledged + 1);
		acknowledged = (int)sum;
		assert_true(gp_test_lmdb_works(f));
		gp_test_lmdb_close_store(f);
	}
	assert_string_equal(f->logged, "");
}

/* What a thread does that waits behind others. */
struct waiter {
	pthread_t thread;
	struct gp_test_lmdb *f;
	int64_t left_ms;
	int rc;
	atomic_bool done;
	atomic_int tid;
};

/* wait_behind: one take with a deadline of its own. */
static void *wait_behind(void *arg)
{
	struct waiter *w = arg;
	struct gp_ctx ctx = w->f->ctx;
	atomic_store(&w->tid, gettid());
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + w->left_ms * 1000;
	struct gp_store_count c = {.id = 1, .per_ms = DAY, .max = 100, .take = 1};
	struct gp_store_take t = {gp_span_from("waits"), &c, 1};
	w->rc = gp_store_take(w->f->store, &ctx, gp_store_now_ms(w->f->store), &t, 1);
	atomic_store(&w->done, true);
	return NULL;
}

/* await_sleep: until the thread waits for the lock that another process holds. */
static void await_sleep(const struct waiter *w)
{
	char path[64], line[256] = "";
	for (int i = 0; i < TEST_PATIENCE_MS; i++) {
		int tid = atomic_load(&w->tid);
		snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
		FILE *file = tid ? fopen(path, "re") : NULL;
		const char *end =
			file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
		if (file)
			(void)fclose(file);
		if (end && end[1] == ' ' && end[2] == 'S')
			return;
		usleep(1000);
	}
	fail_msg("the thread does not wait: %s", line);
}

/* who_waits_has_a_deadline: another process holds the file; what was withdrawn is not counted. */
static void who_waits_has_a_deadline(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct waiter waiters[4];
	int fds[2];
	char byte;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_used(f, "waits"), 0);
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		gp_test_lmdb_hold(f, 0, fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	for (int i = 0; i < 4; i++) {
		waiters[i].f = f;
		waiters[i].left_ms = i == 3 ? 60000 : 100;
		atomic_init(&waiters[i].done, false);
		atomic_init(&waiters[i].tid, 0);
		assert_int_equal(
			pthread_create(&waiters[i].thread, NULL, wait_behind, &waiters[i]), 0);
		if (i == 0)
			await_sleep(&waiters[0]); /* it leads */
	}
	for (int i = 1; i < 3; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_int_equal(waiters[i].rc, GP_ETIMEOUT);
	}
	assert_false(atomic_load(&waiters[0].done) || atomic_load(&waiters[3].done));
	kill(child, SIGKILL);
	assert_int_equal(gp_test_lmdb_wait_for(child), -1);
	for (int i = 0; i < 4; i += 3) {
		pthread_join(waiters[i].thread, NULL);
		assert_int_equal(waiters[i].rc, GP_OK);
	}
	assert_int_equal(gp_test_lmdb_used(f, "waits"), 2);
	close(fds[0]), close(fds[1]);
}

/* What a thread of the storm does. */
struct stormer {
	pthread_t thread;
	struct gp_test_lmdb *f;
	int number;
	int64_t counted;
	bool right;
};

/* any_usage: goes on. */
static bool any_usage(void *arg, const struct gp_store_usage *usage)
{
	(void)usage;
	(*(int *)arg)++;
	return true;
}

/* any_fact: goes on. */
static bool any_fact(void *arg, const struct gp_store_fact *fact)
{
	(void)fact;
	(*(int *)arg)++;
	return true;
}

/* storm: everything there is, while the file is damaged and comes back. */
static void *storm(void *arg)
{
	struct stormer *s = arg;
	struct gp_ctx ctx = s->f->ctx;
	struct gp_store *store = s->f->store;
	s->right = true;
	for (int i = 0; i < 1500; i++) {
		char name[32];
		int seen = 0;
		snprintf(name, sizeof name, "storm%d", (s->number + i) % 7);
		struct gp_store_count c = {.id = 1, .per_ms = DAY, .max = 1LL << 40, .take = 1};
		struct gp_store_take t = {gp_span_from(name), &c, 1};
		int64_t now = gp_store_now_ms(store);
		int rc = gp_store_take(store, &ctx, now, &t, 1);
		s->counted += rc == GP_OK;
		s->right = s->right && (rc == GP_OK || rc == GP_EIO);
		if (i % 100 == s->number) {
			rc = gp_store_scan(store, &ctx, now, any_usage, &seen);
			s->right = s->right && (rc == GP_OK || rc == GP_EIO);
			rc = gp_store_put(store, &ctx, t.subject, t.subject, now + 10);
			s->right = s->right && (rc == GP_OK || rc == GP_EIO);
			rc = gp_store_facts(store, &ctx, now, gp_span_from(""), any_fact, &seen);
			s->right = s->right && (rc == GP_OK || rc == GP_EIO);
		}
	}
	return NULL;
}

/* many_threads_and_a_tending_one: nobody gets a wrong answer, nothing is lost. */
static void many_threads_and_a_tending_one(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct stormer stormers[8];
	int64_t counted = 0, sum = 0;
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 8; i++) {
		stormers[i] = (struct stormer) {.f = f, .number = i};
		assert_int_equal(pthread_create(&stormers[i].thread, NULL, storm, &stormers[i]), 0);
	}
	for (int i = 0; i < 50; i++) {
		gp_store_tend(f->store, &f->ctx);
		(void)gp_test_lmdb_health(f);
		usleep(2000);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(stormers[i].thread, NULL);
		assert_true(stormers[i].right);
		counted += stormers[i].counted;
	}
	for (int i = 0; i < 7; i++) {
		char name[32];
		snprintf(name, sizeof name, "storm%d", i);
		sum += gp_test_lmdb_used(f, name);
	}
	assert_int_equal(counted, 8 * 1500);
	assert_int_equal(sum, counted);
}

/* ---- a file that another process makes larger ---- */

/* grow_raw: many records at once, as a process with a larger store.size writes them. */
static void grow_raw(struct gp_test_lmdb *f, const char *name, unsigned from, unsigned count)
{
	static const char zeros[2000];
	unsigned char value[GP_STORE_LMDB_FACT_HEAD + sizeof zeros];
	char path[160], text[32];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	gp_store_lmdb_fact_encode((struct gp_span) {zeros, sizeof zeros}, 0, value);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 64 << 20), 0);
	assert_int_equal(mdb_env_open(env, gp_test_lmdb_path_of(f, name, path),
				 MDB_NOSUBDIR | MDB_NOSYNC, 0600),
		0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	for (unsigned i = from; i < from + count; i++) {
		MDB_val key = {(size_t)snprintf(text, sizeof text, "raw-%08u", i), text};
		MDB_val data = {sizeof value, value};
		assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* grown_by_another: a child process does it; both of its files. */
static void grown_by_another(struct gp_test_lmdb *f, unsigned from)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		grow_raw(f, "counters", from, 2000);
		grow_raw(f, "facts", from, 2000);
		_exit(0);
	}
	assert_int_equal(gp_test_lmdb_wait_for(child), 0);
}

/* a_file_that_another_process_grows_is_followed: by every kind of call, at once. */
static void a_file_that_another_process_grows_is_followed(void **state)
{
	struct gp_test_lmdb *f = *state;
	int64_t sum;
	f->options.map_bytes = 1 << 20;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 3, &sum), GP_OK);
	for (unsigned kind = 0; kind < 6; kind++) {
		int seen = 0;
		grown_by_another(f, kind * 2000);
		int64_t now = gp_store_now_ms(f->store);
		if (kind == 0)
			assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_OK);
		else if (kind == 1)
			assert_int_equal(
				gp_store_scan(f->store, &f->ctx, now, any_usage, &seen), GP_OK);
		else if (kind == 2)
			assert_int_equal(gp_store_facts(f->store, &f->ctx, now, gp_span_from("raw"),
						 any_fact, &seen),
				GP_OK);
		else if (kind == 3)
			assert_int_equal(gp_store_put(f->store, &f->ctx, gp_span_from("k"),
						 gp_span_from("v"), 0),
				GP_OK);
		else if (kind == 4)
			assert_int_equal(
				gp_store_forget(f->store, &f->ctx, gp_span_from("b"), 0), GP_OK);
		else
			gp_store_tend(f->store, &f->ctx);
		assert_int_equal(seen, kind == 1 ? 1 : kind == 2 ? 6000 : 0);
		assert_true(gp_test_lmdb_health(f).up);
	}
	assert_int_equal(gp_test_lmdb_used(f, "a"), 4);
	assert_non_null(strstr(f->logged, "notice: store: another process with a larger"));
	assert_null(strstr(f->logged, "error"));
	assert_null(strstr(f->logged, "damaged"));
}

/* grow_when_told: a child's whole life: once for each byte, which it sends back when it is done. */
static void grow_when_told(struct gp_test_lmdb *f, int in, int out)
{
	char byte;
	for (unsigned i = 0; read(in, &byte, 1) == 1; i++) {
		grow_raw(f, "counters", i * 2000, 2000);
		grow_raw(f, "facts", i * 2000, 2000);
		if (write(out, &byte, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* threads_go_on_while_it_grows: none of them is told that the store is unavailable. */
static void threads_go_on_while_it_grows(void **state)
{
	struct gp_test_lmdb *f = *state;
	struct stormer stormers[4];
	int64_t counted = 0;
	int to_child[2], to_us[2];
	char byte = 'x';
	f->options.map_bytes = 1 << 20;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_us), 0);
	pid_t child = fork(); /* before there are threads, whose locks it would inherit */
	assert_true(child >= 0);
	if (child == 0) {
		close(to_child[1]);
		grow_when_told(f, to_child[0], to_us[1]);
	}
	close(to_child[0]);
	gp_test_lmdb_open_store(f);
	for (int i = 0; i < 4; i++) {
		stormers[i] = (struct stormer) {.f = f, .number = i};
		assert_int_equal(pthread_create(&stormers[i].thread, NULL, storm, &stormers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(write(to_child[1], &byte, 1), 1);
		assert_int_equal(read(to_us[0], &byte, 1), 1);
		gp_store_tend(f->store, &f->ctx);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(stormers[i].thread, NULL);
		assert_true(stormers[i].right);
		counted += stormers[i].counted;
	}
	close(to_child[1]);
	assert_int_equal(gp_test_lmdb_wait_for(child), 0);
	assert_int_equal(counted, 4 * 1500);
	assert_true(gp_test_lmdb_works(f));
	close(to_us[0]), close(to_us[1]);
}

/* spoil_metas: both pages that say how large the file is. */
static void spoil_metas(struct gp_test_lmdb *f, off_t at, const void *bytes, size_t size)
{
	char path[160];
	int fd = open(gp_test_lmdb_path_of(f, "counters", path), O_RDWR);
	long page = sysconf(_SC_PAGESIZE);
	assert_true(fd >= 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pwrite(fd, bytes, size, i * page + at), size);
	close(fd);
}

/* random_bytes_are_not_followed: what says that it is larger than it can be is damaged. */
static void random_bytes_are_not_followed(void **state)
{
	static const struct {
		off_t at; /* within the page */
		size_t size;
		uint64_t value;
	} rows[] = {
		{136, 8, 1ULL << 40},       /* the last page lies far behind the end */
		{136, 8, 1ULL << 20},       /* within a larger map, but not within the file */
		{16, 140, 0x9e3779b97f4a7}, /* all of it is something else */
	};
	struct gp_test_lmdb *f = *state;
	char *folder = f->folder + strlen(f->folder);
	f->options.map_bytes = 1 << 20;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t bytes[20];
		int64_t sum;
		snprintf(folder, 4, "%zu", i);
		snprintf(f->uri, sizeof f->uri, "lmdb:%s", f->folder);
		f->logged[0] = '\0';
		gp_test_lmdb_open_store(f);
		assert_true(gp_test_lmdb_works(f));
		for (size_t j = 0; j < sizeof bytes / sizeof bytes[0]; j++)
			bytes[j] = rows[i].value * (j + 1);
		spoil_metas(f, rows[i].at, bytes, rows[i].size);
		assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_EIO);
		assert_false(gp_test_lmdb_health(f).up);
		assert_non_null(strstr(gp_test_lmdb_health(f).problem, "checked and opened again"));
		gp_store_tend(f->store, &f->ctx);
		assert_true(gp_test_lmdb_works(f));
		assert_non_null(strstr(f->logged, "is damaged ("));
		assert_null(strstr(f->logged, "larger store.size"));
		gp_test_lmdb_close_store(f);
	}
}

/* ---- files that are deleted or replaced while they are open ---- */

/* removed: a file of the directory. */
static void removed(struct gp_test_lmdb *f, const char *name)
{
	char path[160];
	assert_int_equal(unlink(gp_test_lmdb_path_of(f, name, path)), 0);
}

/* replaced: by a copy of its own, as a restored backup does it. */
static void replaced(struct gp_test_lmdb *f, const char *name)
{
	char command[512];
	snprintf(command, sizeof command, "cp -p %s/%s %s/copy && mv %s/copy %s/%s", f->folder,
		name, f->folder, f->folder, f->folder, name);
	assert_int_equal(system(command), 0);
}

/* seen_by_another: what a store that is opened beside finds counted. */
static int64_t seen_by_another(struct gp_test_lmdb *f, const char *subject)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int64_t sum = -1;
		if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK ||
			gp_test_lmdb_take(f, subject, GP_STORE_AMOUNT_MAX, 0, &sum) != GP_OK)
			_exit(99);
		gp_store_close(f->store);
		_exit((int)sum);
	}
	return gp_test_lmdb_wait_for(child);
}

/*
 * deleted_and_replaced_files_are_opened_anew: each of them, said as an error, in one call of tend.
 */
static void deleted_and_replaced_files_are_opened_anew(void **state)
{
	static const char *const names[] = {
		"counters", "facts", "counters-lock", "facts-lock", "lock"};
	struct gp_test_lmdb *f = *state;
	char expected[256];
	int64_t sum;
	gp_test_lmdb_open_store(f);
	for (size_t i = 0; i < 2 * sizeof names / sizeof names[0]; i++) {
		const char *name = names[i / 2];
		bool is_deleted = i % 2 == 0;
		f->logged[0] = '\0';
		assert_int_equal(gp_test_lmdb_take(f, "before", 1000, 1, &sum), GP_OK);
		int64_t before = gp_test_lmdb_used(f, "before");
		(is_deleted ? removed : replaced)(f, name);
		gp_store_tend(f->store, &f->ctx);
		snprintf(expected, sizeof expected,
			"error: store: %s/%s was %s while it was in use", f->folder, name,
			is_deleted ? "deleted" : "replaced");
		assert_non_null(strstr(f->logged, expected));
		assert_true(gp_test_lmdb_works(f));
		/* a copy may have been made before what was written last */
		bool is_lost = is_deleted && i == 0;
		assert_int_equal(gp_test_lmdb_used(f, "before"), is_lost ? 0 : before);
		assert_int_equal(gp_test_lmdb_take(f, "both", 1000, 1, &sum), GP_OK);
		assert_int_equal(seen_by_another(f, "both"), gp_test_lmdb_used(f, "both"));
		f->logged[0] = '\0';
		gp_store_tend(f->store, &f->ctx);
		assert_string_equal(f->logged, "");
	}
}

/* files_that_are_cut_short_are_noticed: before anybody reads behind their end; all or a part. */
static void files_that_are_cut_short_are_noticed(void **state)
{
	struct gp_test_lmdb *f = *state;
	char path[160];
	int64_t sum;
	for (int i = 0; i < 4; i++) {
		const char *name = i % 2 ? "facts" : "counters";
		f->clock.wall_s += 61;
		f->logged[0] = '\0';
		gp_test_lmdb_open_store(f);
		assert_int_equal(gp_test_lmdb_take(f, "a", 10, 1, &sum), GP_OK);
		assert_int_equal(
			gp_store_put(f->store, &f->ctx, gp_span_from("k"), gp_span_from("v"), 0),
			GP_OK);
		gp_store_tend(f->store, &f->ctx); /* it has seen the size */
		assert_int_equal(
			truncate(gp_test_lmdb_path_of(f, name, path), i < 2 ? 0 : 5000), 0);
		gp_store_tend(f->store, &f->ctx);
		assert_non_null(strstr(f->logged, "was cut short while it was in use"));
		assert_int_equal(strstr(f->logged, "is damaged (") != NULL, i >= 2);
		assert_true(gp_test_lmdb_works(f));
		gp_test_lmdb_close_store(f);
	}
}

/* a_folder_that_is_moved_away_is_noticed: and a new one begins in its place. */
static void a_folder_that_is_moved_away_is_noticed(void **state)
{
	struct gp_test_lmdb *f = *state;
	char old[160];
	int64_t sum;
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 5, &sum), GP_OK);
	snprintf(old, sizeof old, "%s.old", f->folder);
	assert_int_equal(rename(f->folder, old), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_non_null(strstr(f->logged, "counters was deleted while it was in use"));
	assert_int_equal(gp_test_lmdb_used(f, "a"), 0);
	assert_true(gp_test_lmdb_works(f));
}

/*
 * without_a_place_it_counts_on_in_what_is_open: said once a minute; a new directory is used at
 * once.
 */
static void without_a_place_it_counts_on_in_what_is_open(void **state)
{
	struct gp_test_lmdb *f = *state;
	char command[256];
	int64_t sum;
	snprintf(f->uri, sizeof f->uri, "lmdb:%s/above/store", f->base);
	snprintf(f->folder, sizeof f->folder, "%s/above/store", f->base);
	snprintf(command, sizeof command, "mkdir %s/above", f->base);
	assert_int_equal(system(command), 0);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_take(f, "a", 10, 5, &sum), GP_OK);
	snprintf(command, sizeof command, "rm -r %s/above", f->base);
	assert_int_equal(system(command), 0);
	gp_store_tend(f->store, &f->ctx);
	gp_store_tend(f->store, &f->ctx);
	const char *said = strstr(f->logged, "error: store: ");
	assert_non_null(said);
	assert_non_null(strstr(said, "counting continues in the files that are still open"));
	assert_null(strstr(said + 1, "error: store: "));
	assert_int_equal(gp_test_lmdb_used(f, "a"), 5);
	assert_true(gp_test_lmdb_works(f));
	snprintf(command, sizeof command, "mkdir %s/above", f->base);
	assert_int_equal(system(command), 0);
	gp_store_tend(f->store, &f->ctx);
	assert_int_equal(gp_test_lmdb_used(f, "a"), 0);
	assert_true(gp_test_lmdb_works(f));
}

/* count_beside: a process that tends as often as it is told to, by a byte each, until the end. */
static void count_beside(struct gp_test_lmdb *f, int in, int out)
{
	int64_t sum;
	char byte;
	if (gp_store_open(&f->options, &f->ctx, &f->store) != GP_OK)
		_exit(1);
	do {
		if (gp_test_lmdb_take(f, "both", 1000, 1, &sum) == GP_OK && write(out, "x", 1) != 1)
			_exit(2);
		if (read(in, &byte, 1) != 1)
			break;
		gp_store_tend(f->store, &f->ctx);
	} while (byte != 'q');
	gp_store_close(f->store);
	_exit(0);
}

/* two_processes_meet_again_in_the_new_file: after each has looked. */
static void two_processes_meet_again_in_the_new_file(void **state)
{
	struct gp_test_lmdb *f = *state;
	int in[2], out[2];
	char byte;
	int64_t sum;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		count_beside(f, in[0], out[1]);
	assert_int_equal(read(out[0], &byte, 1), 1);
	gp_test_lmdb_open_store(f);
	assert_int_equal(gp_test_lmdb_used(f, "both"), 1);
	removed(f, "counters");
	gp_store_tend(f->store, &f->ctx);
	assert_int_equal(gp_test_lmdb_take(f, "both", 1000, 1, &sum), GP_OK);
	assert_int_equal(write(in[1], "t", 1), 1);
	assert_int_equal(read(out[0], &byte, 1), 1);
	assert_int_equal(gp_test_lmdb_used(f, "both"), 2);
	assert_int_equal(write(in[1], "q", 1), 1);
	assert_int_equal(gp_test_lmdb_wait_for(child), 0);
	close(in[0]), close(in[1]), close(out[0]), close(out[1]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, gp_test_lmdb_set_up, gp_test_lmdb_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(processes_take_exactly_max),
		CASE(a_killed_process_loses_nothing),
		CASE(who_waits_has_a_deadline),
		CASE(many_threads_and_a_tending_one),
		CASE(a_file_that_another_process_grows_is_followed),
		CASE(threads_go_on_while_it_grows),
		CASE(random_bytes_are_not_followed),
		CASE(deleted_and_replaced_files_are_opened_anew),
		CASE(files_that_are_cut_short_are_noticed),
		CASE(a_folder_that_is_moved_away_is_noticed),
		CASE(without_a_place_it_counts_on_in_what_is_open),
		CASE(two_processes_meet_again_in_the_new_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
