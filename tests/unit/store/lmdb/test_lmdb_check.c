/* SPDX-License-Identifier: ISC */
/*
 * The check of LMDB's files against LMDB itself: what it writes passes, and what passes after it
 * was damaged on purpose does not bring LMDB down.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "store/lmdb/lmdb_check.h"

#define FLAGS (MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOTLS)
#define MAP ((size_t)64 << 20)
#define PAGE 4096

/* What each case has: a directory of its own. */
struct fixture {
	char folder[64], path[128];
	MDB_env *env;
	MDB_dbi dbi, soft; /* the main table, and the one within it */
	uint64_t seed;
};

/* next: random numbers that are the same everywhere. */
static uint64_t next(struct fixture *f)
{
	f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
	return f->seed >> 33;
}

/* set_up: the directory. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	snprintf(f->folder, sizeof f->folder, "/tmp/gp-check-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/data", f->folder);
	f->seed = 2024;
	*state = f;
	return 0;
}

/* tear_down: everything in it, by name. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];
	if (f->env)
		mdb_env_close(f->env);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	int rc = system(command);
	free(f);
	return rc;
}

/* open_env: LMDB on the file. */
static int open_env(struct fixture *f)
{
	MDB_txn *txn;
	int rc = mdb_env_create(&f->env);
	if (rc == 0)
		rc = mdb_env_set_mapsize(f->env, MAP);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(f->env, 1);
	if (rc == 0)
		rc = mdb_env_open(f->env, f->path, FLAGS, 0600);
	if (rc == 0)
		rc = mdb_txn_begin(f->env, NULL, 0, &txn);
	if (rc == 0) {
		rc = mdb_dbi_open(txn, NULL, 0, &f->dbi);
		if (rc == 0)
			rc = mdb_dbi_open(txn, GP_STORE_LMDB_SOFT_NAME, MDB_CREATE, &f->soft);
		if (rc == 0)
			rc = mdb_txn_commit(txn);
		else
			mdb_txn_abort(txn);
	}
	return rc;
}

/* close_env: so that the file is as it is left behind. */
static void close_env(struct fixture *f)
{
	mdb_env_close(f->env);
	f->env = NULL;
}

/* passes: the file as it is now; a problem is shown. */
static void passes(struct fixture *f)
{
	char problem[GP_STORE_LMDB_PROBLEM];
	uint64_t size;
	int rc = gp_store_lmdb_check_path(f->path, &size, problem);
	if (rc)
		print_error("%s\n", problem);
	assert_int_equal(rc, GP_OK);
}

/* fails: with a text that holds this. */
static void fails(struct fixture *f, const char *with)
{
	char problem[GP_STORE_LMDB_PROBLEM];
	uint64_t size;
	assert_int_equal(gp_store_lmdb_check_path(f->path, &size, problem), GP_ESYNTAX);
	if (!strstr(problem, with))
		print_error("'%s' lacks '%s'\n", problem, with);
	assert_non_null(strstr(problem, with));
}

/* How records of a mix look. */
struct mix {
	unsigned keys;     /* different ones */
	unsigned key_most; /* bytes of a key */
	unsigned value_most;
	unsigned deletes; /* of 100 operations */
	unsigned per_txn;
};

/* make_key: of a number, with a length that follows from it. */
static MDB_val make_key(unsigned number, unsigned most, char *buffer)
{
	unsigned length = 8 + number * 7919 % (most - 7);
	memset(buffer, 'k', length);
	snprintf(buffer, 8, "%07u", number * 2654435761u % 10000000u);
	return (MDB_val) {length, buffer};
}

/* operate: one put or delete; a status of LMDB. */
static int operate(struct fixture *f, MDB_txn *txn, const struct mix *mix)
{
	static char key_bytes[512], value_bytes[70000];
	MDB_dbi table = next(f) % 3 ? f->dbi : f->soft;
	unsigned key_most = table == f->soft && mix->key_most > 21 ? 21 : mix->key_most;
	MDB_val key = make_key((unsigned)(next(f) % mix->keys), key_most, key_bytes);
	if (next(f) % 100 < mix->deletes) {
		int rc = mdb_del(txn, table, &key, NULL);
		return rc == MDB_NOTFOUND ? 0 : rc;
	}
	MDB_val value = {next(f) % (mix->value_most + 1), value_bytes};
	memset(value_bytes, (int)next(f) & 255, value.mv_size);
	return mdb_put(txn, table, &key, &value, 0);
}

/* fill: so many transactions of a mix; some are given up, some nested in readers' time. */
static void fill(struct fixture *f, const struct mix *mix, unsigned txns)
{
	MDB_txn *reader = NULL;
	for (unsigned i = 0; i < txns; i++) {
		MDB_txn *txn;
		if (i % 17 == 0 && !reader) {
			assert_int_equal(mdb_txn_begin(f->env, NULL, MDB_RDONLY, &reader), 0);
		} else if (i % 17 == 11 && reader) {
			mdb_txn_abort(reader);
			reader = NULL;
		}
		assert_int_equal(mdb_txn_begin(f->env, NULL, 0, &txn), 0);
		for (unsigned j = 0; j < mix->per_txn; j++)
			assert_int_equal(operate(f, txn, mix), 0);
		if (i % 23 == 5)
			mdb_txn_abort(txn);
		else
			assert_int_equal(mdb_txn_commit(txn), 0);
		if (i % 10 == 0)
			passes(f);
	}
	if (reader)
		mdb_txn_abort(reader);
	passes(f);
}

/* empty_out: deletes all in one transaction, which makes a long list of free pages. */
static void empty_out(struct fixture *f)
{
	MDB_txn *txn;
	assert_int_equal(mdb_txn_begin(f->env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_drop(txn, f->soft, 0), 0);
	assert_int_equal(mdb_drop(txn, f->dbi, 0), 0); /* with the table's entry */
	assert_int_equal(mdb_txn_commit(txn), 0);
	close_env(f);
	passes(f);
	assert_int_equal(open_env(f), 0);
}

static const struct mix mixes[] = {
	{3000, 16, 200, 30, 20},   /* as counters are */
	{500, 400, 4096, 40, 7},   /* as facts are: many values of one page */
	{200, 100, 60000, 45, 5},  /* large values */
	{20000, 511, 10, 20, 200}, /* long keys: deep trees */
	{5, 16, 3000, 60, 2},      /* almost empty */
	{100000, 16, 0, 10, 2000}, /* no values */
	{300, 16, 20000, 50, 100}, /* values that change within a transaction */
};

/* what_lmdb_writes_passes: thousands of random operations of each mix. */
static void what_lmdb_writes_passes(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
		assert_int_equal(open_env(f), 0);
		fill(f, &mixes[i], 200);
		close_env(f);
		passes(f);
		assert_int_equal(open_env(f), 0);
		empty_out(f);
		fill(f, &mixes[i], 60);
		empty_out(f);
		close_env(f);
		passes(f);
	}
}

/* a_file_that_is_not_there_passes: nor one of size 0. */
static void a_file_that_is_not_there_passes(void **state)
{
	struct fixture *f = *state;
	passes(f);
	close(open(f->path, O_WRONLY | O_CREAT, 0600));
	passes(f);
	assert_int_equal(open_env(f), 0);
	passes(f);
}

/* patch: some bytes at a place. */
static void patch(struct fixture *f, off_t at, const void *bytes, size_t size)
{
	int fd = open(f->path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
	close(fd);
}

/* restore: the file from a copy in memory. */
static void restore(struct fixture *f, const char *bytes, size_t size)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/* save: the file into memory; the caller frees it. */
static char *save(struct fixture *f, size_t *size_out)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	char *bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	*size_out = (size_t)st.st_size;
	return bytes;
}

/* what_is_damaged_has_a_reason: one row for each rule that is easy to break by hand. */
static void what_is_damaged_has_a_reason(void **state)
{
	static const struct {
		const char *bytes, *problem;
		off_t at; /* in both meta pages, or from the root's begin */
		size_t size;
		bool of_root;
	} rows[] = {
		{"\xde\xc0\xef\xbf", "not an LMDB file", 16, 4, false},
		{"\xbe\xef\xc0\xde", "another byte order", 16, 4, false},
		{"\x02", "another version", 20, 1, false},
		{"\x02", "not an LMDB file", 10, 1, false},
		{"\x00\x20", "page size", 40, 2, false},
		{"\x04", "another program", 92, 1, false},
		{"\x0c", "another program", 44, 1, false},
		{"\x21", "impossible depth", 94, 1, false},
		{"\0\0", "impossible depth", 94, 2, false},
		{"\xff\xff\xff\x7f", "outside", 128, 4, false},
		{"\x00\x00\x00\x00", "outside", 128, 4, false},
		{"\xff\xff\xff\x7f", "too short", 136, 4, false},
		{"\xff\xff\xff\xff\xff\xff\xff\xff", "impossible number", 144, 8, false},
		{"\xff", "does not have the size", 120, 1, false},
		{"\x77", "the number of another page", 0, 1, true},
		{"\x04", "not of the type", 10, 1, true},
		{"\x12", "not of the type", 10, 1, true},
		{"\x11", "bounds", 12, 1, true},
		{"\xff\xff", "bounds", 12, 2, true},
		{"\xff\xff", "bounds", 14, 2, true},
		{"\xff\xff", "extend past the page", 16, 2, true},
		{"\x01", "", 18, 1, true},
	};
	struct fixture *f = *state;
	size_t size;
	uint64_t root, txnids[2];
	assert_int_equal(open_env(f), 0);
	fill(f, &mixes[0], 50);
	close_env(f);
	char *good = save(f, &size);
	memcpy(&txnids[0], good + 144, 8);
	memcpy(&txnids[1], good + PAGE + 144, 8);
	memcpy(&root, good + (txnids[1] > txnids[0] ? PAGE : 0) + 128, 8);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		restore(f, good, size);
		passes(f);
		if (rows[i].of_root) {
			patch(f, (off_t)root * PAGE + rows[i].at, rows[i].bytes, rows[i].size);
		} else {
			patch(f, rows[i].at, rows[i].bytes, rows[i].size);
			patch(f, PAGE + rows[i].at, rows[i].bytes, rows[i].size);
		}
		fails(f, rows[i].problem);
	}
	restore(f, "rubbish", 7);
	fails(f, "truncated");
	restore(f, good, PAGE + 100);
	fails(f, "truncated");
	restore(f, good, (size_t)root * PAGE);
	fails(f, "the file ends before it");
	free(good);
}

/* a_long_key_in_the_table_within: is none of ours. */
static void a_long_key_in_the_table_within(void **state)
{
	struct fixture *f = *state;
	char bytes[22] = "one longer than ours";
	MDB_txn *txn;
	for (size_t length = 21; length <= 22; length++) {
		MDB_val key = {length, bytes}, value = {1, bytes};
		assert_int_equal(open_env(f), 0);
		assert_int_equal(mdb_txn_begin(f->env, NULL, 0, &txn), 0);
		assert_int_equal(mdb_put(txn, f->soft, &key, &value, 0), 0);
		assert_int_equal(mdb_txn_commit(txn), 0);
		close_env(f);
		if (length == 21)
			passes(f);
		else
			fails(f, "a key is longer");
	}
}

/* touch: every record of a table. */
static void touch(struct fixture *f, MDB_dbi table)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val key, data;
	if (mdb_txn_begin(f->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	if (mdb_cursor_open(txn, table, &cursor) == 0) {
		while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0)
			for (size_t i = 0; i < data.mv_size; i += 64)
				(void)((const volatile unsigned char *)data.mv_data)[i];
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
}

/* the_table_within_is_ours: another name, kind or content of its entry. */
static void the_table_within_is_ours(void **state)
{
	static const struct {
		const char *bytes, *problem;
		size_t at, size; /* from the name's begin */
	} rows[] = {
		{"safe", "not used here", 0, 4},
		{"\x04", "another type", 4 + 4, 1}, /* flags of the table */
		{"\x01", "another type", 4 + 0, 1}, /* its pad */
		{"\x21", "impossible depth", 4 + 6, 1},
		{"\x77\x77", "", 4 + 32, 2},                /* how many records it has */
		{"\xff\xff\xff\x7f", "outside", 4 + 40, 4}, /* its root */
	};
	struct fixture *f = *state;
	size_t size;
	assert_int_equal(open_env(f), 0);
	fill(f, &mixes[0], 20);
	close_env(f);
	char *good = save(f, &size);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		restore(f, good, size);
		passes(f);
		for (size_t at = 0; at + 52 < size; at++) /* in every page that was ever its */
			if (memcmp(good + at, GP_STORE_LMDB_SOFT_NAME, 4) == 0)
				patch(f, (off_t)(at + rows[i].at), rows[i].bytes, rows[i].size);
		fails(f, rows[i].problem);
	}
	free(good);
}

/* use: everything that gatepost does with LMDB, in a process of its own; ends it. */
static void use(struct fixture *f)
{
	MDB_txn *txn;
	fclose(stderr); /* an assertion of LMDB's would be told twice */
	if (open_env(f) != 0)
		_exit(0);
	touch(f, f->dbi);
	touch(f, f->soft);
	for (int i = 0; i < 40; i++) {
		if (mdb_txn_begin(f->env, NULL, 0, &txn) != 0)
			continue;
		int rc = 0;
		for (int j = 0; j < 20 && rc == 0; j++)
			rc = operate(f, txn, &mixes[i % 3]);
		if (rc == 0)
			rc = mdb_txn_commit(txn);
		else
			mdb_txn_abort(txn);
	}
	_exit(0);
}

/* survives: LMDB uses the file and does not bring its process down. */
static bool survives(struct fixture *f)
{
	int status;
	char lock[160];
	snprintf(lock, sizeof lock, "%s-lock", f->path);
	unlink(lock);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		use(f);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* damage: bits, bytes, pages, the end. */
static void damage(struct fixture *f, size_t size)
{
	static const char zeros[PAGE], *const words[] = {
					       "\xff\xff", "\x00\x00", "\x01\x00", "\x10"};
	char byte;
	off_t page = (off_t)(next(f) % (size / PAGE)) * PAGE;
	off_t at = page + (off_t)(next(f) % (next(f) % 2 ? 64 : PAGE));
	int fd = open(f->path, O_RDWR);
	assert_true(fd >= 0);
	switch (next(f) % 6) {
	case 0:
		assert_int_equal(pwrite(fd, zeros, PAGE, page), PAGE);
		break;
	case 1:
		assert_int_equal(ftruncate(fd, (off_t)(next(f) % size)), 0);
		break;
	case 2:
		assert_int_equal(pwrite(fd, words[next(f) % 4], 2, at), 2);
		break;
	default:
		if (pread(fd, &byte, 1, at) == 1) { /* unless it has been cut off */
			byte = (char)(byte ^ (1 << next(f) % 8));
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		break;
	}
	close(fd);
}

/* what_passes_does_not_bring_lmdb_down: files damaged at random places. */
static void what_passes_does_not_bring_lmdb_down(void **state)
{
	struct fixture *f = *state;
	char problem[GP_STORE_LMDB_PROBLEM];
	unsigned refused = 0, passed = 0;
	uint64_t found;
	size_t size;
	for (size_t m = 0; m < 4; m++) {
		assert_int_equal(open_env(f), 0);
		fill(f, &mixes[m], 30);
		close_env(f);
		char *good = save(f, &size);
		for (int i = 0; i < 200; i++) {
			restore(f, good, size);
			for (uint64_t n = next(f) % 3 + 1; n > 0; n--)
				damage(f, size);
			int rc = gp_store_lmdb_check_path(f->path, &found, problem);
			refused += rc == GP_ESYNTAX;
			if (rc)
				continue;
			passed++;
			assert_true(survives(f));
		}
		free(good);
		unlink(f->path);
	}
	assert_true(refused > 100 && passed > 20);
}

/* files_are_set_aside: never over another, with their lock file removed. */
static void files_are_set_aside(void **state)
{
	struct fixture *f = *state;
	char moved[160], expected[160], lock[160];
	struct stat st;
	snprintf(lock, sizeof lock, "%s-lock", f->path);
	for (int i = 0; i < 3; i++) {
		restore(f, "bad", (size_t)i + 1);
		close(open(lock, O_WRONLY | O_CREAT, 0600));
		assert_int_equal(
			gp_store_lmdb_set_aside(f->path, 1700000000, moved, sizeof moved), GP_OK);
		snprintf(expected, sizeof expected, "%s.damaged-20231114-221320%s", f->path,
			i == 0   ? ""
			: i == 1 ? "-1"
				 : "-2");
		assert_string_equal(moved, expected);
		assert_int_equal(stat(moved, &st), 0);
		assert_int_equal(st.st_size, i + 1);
		assert_int_equal(access(f->path, F_OK), -1);
		assert_int_equal(access(lock, F_OK), -1);
	}
	assert_int_equal(gp_store_lmdb_set_aside(f->path, 1700000000, moved, sizeof moved), GP_EIO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(gp_store_lmdb_set_aside(f->path, 1700000000, moved, 20), GP_EIO);
}

/* what_is_no_file_cannot_be_read: directories, links, pipes. */
static void what_is_no_file_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	char problem[GP_STORE_LMDB_PROBLEM];
	uint64_t size;
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(gp_store_lmdb_check_path(f->path, &size, problem), GP_EIO);
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(gp_store_lmdb_check_path(f->path, &size, problem), GP_EIO);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(symlink("/etc/passwd", f->path), 0);
	assert_int_equal(gp_store_lmdb_check_path(f->path, &size, problem), GP_EIO);
}

/* who_is_alone: the locks of two openers, in every order. */
static void who_is_alone(void **state)
{
	struct fixture *f = *state;
	struct gp_store_lmdb_lock a, b, c;
	bool alone;
	assert_int_equal(gp_store_lmdb_lock_open(&a, f->folder), GP_OK);
	assert_int_equal(gp_store_lmdb_lock_open(&b, f->folder), GP_OK);
	assert_int_equal(gp_store_lmdb_lock_open(&c, f->folder), GP_OK);
	assert_int_equal(gp_store_lmdb_lock_take(&a, 0, &alone), GP_OK);
	assert_true(alone);
	assert_int_equal(gp_store_lmdb_lock_take(&b, 30, &alone), GP_ETIMEOUT);
	assert_int_equal(gp_store_lmdb_lock_share(&a), GP_OK);
	assert_int_equal(gp_store_lmdb_lock_take(&b, 0, &alone), GP_OK);
	assert_false(alone);
	assert_int_equal(gp_store_lmdb_lock_take(&c, 0, &alone), GP_ETIMEOUT);
	assert_int_equal(gp_store_lmdb_lock_share(&b), GP_OK);
	gp_store_lmdb_lock_close(&a);
	assert_int_equal(gp_store_lmdb_lock_take(&c, 0, &alone), GP_OK);
	assert_false(alone);
	gp_store_lmdb_lock_close(&c); /* gone in the middle of opening */
	gp_store_lmdb_lock_close(&b);
	assert_int_equal(gp_store_lmdb_lock_open(&a, f->folder), GP_OK);
	assert_int_equal(gp_store_lmdb_lock_take(&a, 0, &alone), GP_OK);
	assert_true(alone);
	gp_store_lmdb_lock_close(&a);
	gp_store_lmdb_lock_close(&a);
	assert_int_equal(gp_store_lmdb_lock_open(&a, "/nonexistent/folder"), GP_EIO);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_lmdb_writes_passes),
		CASE(a_file_that_is_not_there_passes),
		CASE(what_is_damaged_has_a_reason),
		CASE(the_table_within_is_ours),
		CASE(a_long_key_in_the_table_within),
		CASE(what_passes_does_not_bring_lmdb_down),
		CASE(files_are_set_aside),
		CASE(what_is_no_file_cannot_be_read),
		CASE(who_is_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
