/* SPDX-License-Identifier: ISC */
/*
 * A round: the keys and weights (lmdb/lmdb_record.h) of a stretch of records are read, the
 * lightest are chosen, and these are removed in small transactions, in the order of keys, so that
 * whole pages become free where most are light. What was counted again in between stays.
 *
 * LMDB writes a changed page into a free one, and what a transaction frees can be used by the next
 * but one only. So a transaction removes no more than a fraction of the free pages allows, and when
 * even one record cannot be removed (a file that was filled to the last page by a version that kept
 * no reserve), the file is mapped a little larger.
 */
#include "store/lmdb/lmdb_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "store/lmdb/lmdb_soft.h"

#define LOOKED 4096 /* records of a round */
#define OVER_MOST 2048
#define PART 16 /* of the records looked at that a round forgets... */
#define PART_LEAST 32
#define PART_MOST 512         /* ...within these bounds */
#define DELETES 64            /* records removed in one transaction, at most */
#define TAKE_PAGES 2          /* that writing a record may use up */
#define RESERVE_LEAST 32      /* pages */
#define RESERVE_MOST 256      /* pages */
#define RESERVE_PART 128      /* or so many-th of all pages */
#define RESERVE_PART_DISK 4   /* on a full disk no more than so many-th... */
#define RESERVE_LEAST_DISK 8  /* ...nor less pages than these */
#define TREE_LEAST 4          /* pages in use, from which on forgetting makes room in them */
#define AT_MAXIMUM (1U << 29) /* weighs more on a full disk */
#define FULL_SHARE 255
#define AHEAD_PART 64        /* tend begins when less is left than this part of all pages... */
#define AHEAD_UNTIL_PART 32  /* ...and ends at this one */
#define AHEAD_ROUNDS 4       /* in one call of tend */
#define RAISE_PAGES 64       /* that the file is made larger by when nothing else helps... */
#define RAISE_BELOW 12       /* ...which is never so with more free pages than these... */
#define RAISE_ROUND 8        /* ...unless so many rounds did not help... */
#define RAISE_TIMES 8        /* ...so often at most in a process */
#define PAUSE_DOUBLINGS 5    /* of a millisecond, in which readers may end */
#define GRANT_PAGES 64       /* of the disk that are taken ahead of their use */
#define VAIN_US 10000000     /* between two waits for readers that were in vain */
#define DISK_BYTES (1 << 20) /* that have to be free on a disk that was full */
#define TELL_US 60000000     /* between two lines about what was forgotten */

/*
 * LMDB's own table of free pages: the number of a transaction, and a list of pages that it freed.
 */
#define FREE_LIST ((MDB_dbi)0)

/* A record as a round sees it. */
struct seen {
	uint32_t weight;
	uint8_t share;
	unsigned char key[GP_STORE_KEY];
};

struct gp_store_lmdb_room_desk {
	size_t count;
	struct seen seen[LOOKED];
	struct gp_store_lmdb_record record;
};

/* Pages of the counters' file. */
struct pages {
	size_t size;             /* bytes of one */
	int64_t all, free, last; /* last: the number of the last one that was ever used */
	int64_t tree, records;   /* pages that hold records, and these */
	bool is_bounded;         /* by the disk */
};

/* ---- how much is left ---- */

/* reserve_of: pages that are kept free for removing. */
static int64_t reserve_of(const struct pages *pages)
{
	int64_t reserve = pages->all / RESERVE_PART, most = pages->all / RESERVE_PART_DISK;
	reserve = reserve < RESERVE_LEAST  ? RESERVE_LEAST
		  : reserve > RESERVE_MOST ? RESERVE_MOST
					   : reserve;
	if (!pages->is_bounded || reserve <= most)
		return reserve;
	return most > RESERVE_LEAST_DISK ? most : RESERVE_LEAST_DISK;
}

/* is_granted: is it known of this opening what the disk has given? */
static bool is_granted(const struct gp_store_lmdb_room *room)
{
	return atomic_load(&room->granted) > 0 &&
	       atomic_load(&room->granted_to) == atomic_load(&room->envs->opened);
}

/* never_used: pages after the last one that was ever used, if there can be any; inside. */
static void never_used(const struct gp_store_lmdb_room *room, struct pages *out)
{
	MDB_env *env = room->envs->env[GP_STORE_LMDB_COUNTERS].mdb;
	MDB_envinfo info;
	MDB_stat stat;
	(void)mdb_env_info(env, &info); /* neither fails on an open environment */
	(void)mdb_env_stat(env, &stat);
	out->size = stat.ms_psize;
	out->all = (int64_t)(info.me_mapsize / stat.ms_psize);
	out->last = (int64_t)info.me_last_pgno;
	out->tree = (int64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
	out->records = (int64_t)stat.ms_entries;
	out->is_bounded = atomic_load_explicit(&room->disk_is_full, memory_order_relaxed);
	if (out->is_bounded) {
		int64_t granted = atomic_load(&room->granted);
		bool is_known = is_granted(room) && granted > out->last && granted < INT64_MAX;
		out->all = is_known ? granted : out->last + 1;
	}
	out->free = out->all - 1 - out->last;
}

/* count_pages: with those that were used and are free again; a status of ours. */
static int count_pages(struct gp_store_lmdb_room *room, struct pages *out)
{
	MDB_val key, data;
	MDB_txn *txn;
	MDB_cursor *cursor;
	struct gp_store_lmdb_envs *envs = room->envs;
	int rc = gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	never_used(room, out);
	rc = mdb_cursor_open(txn, FREE_LIST, &cursor);
	if (rc == 0) {
		while ((rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
			size_t count = 0; /* the list begins with its length */
			if (data.mv_size >= sizeof count)
				memcpy(&count, data.mv_data, sizeof count);
			out->free += count < (size_t)out->all ? (int64_t)count : 0;
		}
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	gp_store_lmdb_envs_leave(envs);
	return rc == MDB_NOTFOUND ? GP_OK : GP_EIO;
}

/* note_pages: what keep and wrote go by. */
static void note_pages(struct gp_store_lmdb_room *room, const struct pages *pages)
{
	int64_t budget = pages->free - reserve_of(pages);
	atomic_store(&room->budget, budget);
	atomic_store(&room->is_short, budget < 0);
}

/* has_blocks: the pages that a file has room for, as the disk says; less where it has holes. */
static int64_t has_blocks(int fd, int64_t page)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (int64_t)st.st_blocks * 512 / page : 0;
}

/* ask_disk: for pages after the last one; fewer, when there are not so many. What the file has been
 * given before, by whatever process, is given again at no cost. */
static int64_t ask_disk(struct gp_store_lmdb_room *room, int fd, const struct pages *pages)
{
	int64_t next = pages->last + 1, page = (int64_t)pages->size, has = has_blocks(fd, page);
	if (has >= next + GRANT_PAGES)
		return next + GRANT_PAGES;
	for (int64_t more = GRANT_PAGES; more > 0; more /= 2) {
		int rc;
		do
			rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, next * page, more * page);
		while (rc != 0 && errno == EINTR);
		if (rc == 0)
			return next + more;
		if (errno != ENOSPC && errno != EDQUOT)
			return INT64_MAX; /* not to be had here: not asked again */
		atomic_store(&room->disk_is_full, true);
	}
	return has > next ? has : next;
}

/*
 * grant: room on the disk for the next pages, before they are needed: a full disk is noticed while
 * there are enough of them left to count and to forget with. Other processes may do the same.
 */
static void grant(struct gp_store_lmdb_room *room, const struct pages *pages)
{
	MDB_env *env = room->envs->env[GP_STORE_LMDB_COUNTERS].mdb;
	mdb_filehandle_t fd;
	bool is_known = is_granted(room);
	if (is_known && pages->last + GRANT_PAGES / 2 < atomic_load(&room->granted))
		return;
	if (is_known && atomic_load_explicit(&room->disk_is_full, memory_order_relaxed))
		return;
	if (mdb_env_get_fd(env, &fd) != 0)
		return;
	atomic_store(&room->granted, ask_disk(room, fd, pages));
	atomic_store(&room->granted_to, atomic_load(&room->envs->opened));
}

/* gp_store_lmdb_room_opened: what is to be had of the disk later may be nothing. */
void gp_store_lmdb_room_opened(struct gp_store_lmdb_room *room)
{
	struct pages pages;
	if (gp_store_lmdb_envs_enter(room->envs) != GP_OK)
		return;
	never_used(room, &pages);
	grant(room, &pages);
	gp_store_lmdb_envs_leave(room->envs);
}

/* gp_store_lmdb_room_wrote: as long as the end of the file is far, nothing has to be counted. */
void gp_store_lmdb_room_wrote(struct gp_store_lmdb_room *room, size_t records)
{
	struct pages pages;
	int64_t used = TAKE_PAGES * (int64_t)records;
	never_used(room, &pages);
	grant(room, &pages);
	if (pages.free > reserve_of(&pages))
		return;
	if (atomic_fetch_sub(&room->budget, used) < used)
		atomic_store(&room->is_short, true);
}

/* ---- a round ---- */

/* by_weight: the lightest first, in the order of keys where they are equal. */
static int by_weight(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	return x->weight != y->weight ? (x->weight > y->weight) - (x->weight < y->weight)
				      : memcmp(x->key, y->key, sizeof x->key);
}

/* by_key: as they stand in the file. */
static int by_key(const void *a, const void *b)
{
	return memcmp(((const struct seen *)a)->key, ((const struct seen *)b)->key, GP_STORE_KEY);
}

/* weigh: of a record's bytes; what cannot be read counts as absent. */
static void weigh(
	struct gp_store_lmdb_room *room, const MDB_val *data, int64_t now_ms, struct seen *seen_out)
{
	struct gp_store_lmdb_record *record = &room->desk->record;
	bool known = gp_store_lmdb_record_decode(gp_store_lmdb_val_span(data), record);
	seen_out->share = 0;
	seen_out->weight =
		known ? gp_store_lmdb_record_weight(record, now_ms, &seen_out->share) : 0;
	if (seen_out->share == FULL_SHARE && atomic_load(&room->disk_is_full))
		seen_out->weight |= AT_MAXIMUM;
}

/* look_from: records from at on, before end (NULL: to the last one), into the desk. */
static int look_from(struct gp_store_lmdb_room *room, MDB_cursor *cursor, const unsigned char *at,
	const unsigned char *end, int64_t now_ms)
{
	struct gp_store_lmdb_room_desk *desk = room->desk;
	MDB_val key = gp_store_lmdb_val_from(at, at ? GP_STORE_KEY : 0), data;
	int rc = mdb_cursor_get(cursor, &key, &data, at ? MDB_SET_RANGE : MDB_FIRST);
	for (; rc == 0 && desk->count < LOOKED;
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) {
		if (key.mv_size != GP_STORE_KEY) /* the time */
			continue;
		if (end && memcmp(key.mv_data, end, GP_STORE_KEY) >= 0)
			return MDB_NOTFOUND;
		struct seen *seen = &desk->seen[desk->count++];
		memcpy(seen->key, key.mv_data, GP_STORE_KEY);
		weigh(room, &data, now_ms, seen);
	}
	if (rc == 0)
		memcpy(room->at, key.mv_data,
			key.mv_size < GP_STORE_KEY ? key.mv_size : GP_STORE_KEY);
	return rc;
}

/* look: a stretch from where the last round ended, round the end of the file, each record once. */
static int look(struct gp_store_lmdb_room *room, int64_t now_ms)
{
	unsigned char begin[GP_STORE_KEY];
	struct gp_store_lmdb_envs *envs = room->envs;
	MDB_txn *txn;
	MDB_cursor *cursor;
	room->desk->count = 0;
	memcpy(begin, room->at, sizeof begin);
	int rc = gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, envs->env[GP_STORE_LMDB_COUNTERS].dbi, &cursor);
	if (rc == 0) {
		rc = look_from(room, cursor, begin, NULL, now_ms);
		if (rc == MDB_NOTFOUND)
			rc = look_from(room, cursor, NULL, begin, now_ms);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	gp_store_lmdb_envs_leave(envs);
	return rc == 0 || rc == MDB_NOTFOUND ? GP_OK : GP_EIO;
}

/* key_begin: enough of a key to know it by. */
static uint64_t key_begin(const unsigned char key[GP_STORE_KEY])
{
	uint64_t begin;
	memcpy(&begin, key, sizeof begin);
	return begin;
}

/* gp_store_lmdb_room_uses: in place of the oldest. */
void gp_store_lmdb_room_uses(struct gp_store_lmdb_room *room, const unsigned char key[GP_STORE_KEY])
{
	atomic_store_explicit(&room->recent[room->recent_next++ % GP_STORE_LMDB_ROOM_RECENT],
		key_begin(key), memory_order_relaxed);
}

/* is_recent: among those that were written last? */
static bool is_recent(const struct gp_store_lmdb_room *room, const struct seen *seen)
{
	uint64_t begin = key_begin(seen->key);
	for (size_t i = 0; i < GP_STORE_LMDB_ROOM_RECENT; i++)
		if (atomic_load_explicit(&room->recent[i], memory_order_relaxed) == begin)
			return true;
	return false;
}

/* choose: how many of the desk's records go; they stand first, in the order of keys. */
static size_t choose(struct gp_store_lmdb_room *room)
{
	struct gp_store_lmdb_room_desk *desk = room->desk;
	size_t part = desk->count / PART, over = 0, chosen = 0;
	part = part < PART_LEAST ? PART_LEAST : part > PART_MOST ? PART_MOST : part;
	qsort(desk->seen, desk->count, sizeof desk->seen[0], by_weight);
	while (over < desk->count && over < OVER_MOST && desk->seen[over].weight == 0)
		over++;
	size_t wanted = over > part ? over : part;
	for (size_t i = 0; i < desk->count && chosen < wanted; i++) {
		const struct seen one = desk->seen[i];
		if (one.weight >= GP_STORE_LMDB_WEIGHT_ALL)
			break;
		if (one.weight == 0 || !is_recent(room, &one))
			desk->seen[chosen++] = one;
	}
	qsort(desk->seen, chosen, sizeof desk->seen[0], by_key);
	return chosen;
}

/* remove_some: in a transaction of ours; what matters more than when it was seen stays. */
static int remove_some(struct gp_store_lmdb_room *room, MDB_txn *txn, const struct seen *seen,
	size_t count, int64_t now_ms)
{
	MDB_dbi dbi = room->envs->env[GP_STORE_LMDB_COUNTERS].dbi;
	int rc = 0;
	for (size_t i = 0; i < count && (rc == 0 || rc == MDB_NOTFOUND); i++) {
		MDB_val key = gp_store_lmdb_val_from(seen[i].key, GP_STORE_KEY), data;
		struct seen now;
		rc = mdb_get(txn, dbi, &key, &data);
		if (rc)
			continue;
		weigh(room, &data, now_ms, &now);
		if (now.weight <= seen[i].weight)
			rc = mdb_del(txn, dbi, &key, NULL);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* count_forgotten: those that still counted something. */
static void count_forgotten(struct gp_store_lmdb_room *room, const struct seen *seen, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		room->forgotten += seen[i].weight > 0;
		atomic_fetch_add(&room->gone, seen[i].weight > 0);
		atomic_fetch_add(&room->gone_disk, seen[i].weight > 0 && room->was_disk);
		room->most = seen[i].share > room->most ? seen[i].share : room->most;
	}
}

/* remove_chosen: as many at once as go; how many went. *full_out: LMDB found no room for one. */
static size_t remove_chosen(
	struct gp_store_lmdb_room *room, size_t chosen, size_t most, int64_t now_ms, bool *full_out)
{
	struct gp_store_lmdb_envs *envs = room->envs;
	const struct seen *seen = room->desk->seen;
	size_t done = 0;
	MDB_txn *txn;
	*full_out = false;
	while (done < chosen && !*full_out) {
		size_t count = chosen - done < most ? chosen - done : most;
		if (gp_store_lmdb_envs_begin(envs, GP_STORE_LMDB_COUNTERS, 0, &txn) != GP_OK)
			return done;
		int rc = remove_some(room, txn, seen + done, count, now_ms);
		rc = gp_store_lmdb_env_finish(&envs->env[GP_STORE_LMDB_COUNTERS], txn, rc);
		bool no_room = rc == MDB_MAP_FULL || gp_store_lmdb_envs_no_room(envs, rc);
		if (rc && !no_room)
			(void)gp_store_lmdb_env_trouble(
				envs, &envs->env[GP_STORE_LMDB_COUNTERS], rc);
		gp_store_lmdb_envs_leave(envs);
		if (rc && !no_room)
			return done;
		*full_out = no_room && most == 1;
		if (rc == 0)
			count_forgotten(room, seen + done, count), done += count;
		else
			most = most > 1 ? most / 2 : 1;
	}
	return done;
}

/* let_readers_go: free pages that a reader still uses become available when it ends. */
static void let_readers_go(struct gp_store_lmdb_room *room, unsigned round)
{
	unsigned ms = round < PAUSE_DOUBLINGS ? 1U << round : 1U << PAUSE_DOUBLINGS;
	const struct timespec pause = {0, 1000000L * ms};
	if (gp_store_lmdb_envs_enter(room->envs) != GP_OK)
		return;
	gp_store_lmdb_envs_free_readers(room->envs, GP_STORE_LMDB_COUNTERS);
	gp_store_lmdb_envs_leave(room->envs);
	(void)nanosleep(&pause, NULL);
}

/* raise_map: the way out when not even one record can be removed. */
static bool raise_map(struct gp_store_lmdb_room *room, const struct pages *pages)
{
	size_t bytes = (size_t)(pages->all + RAISE_PAGES) * pages->size;
	return !atomic_load(&room->disk_is_full) && room->raised++ < RAISE_TIMES &&
	       gp_store_lmdb_envs_resize(room->envs, GP_STORE_LMDB_COUNTERS, bytes) == GP_OK;
}

/*
 * may_forget: how many records may go, now. On a full disk what is won by forgetting is only what
 * others can be counted in instead, so that ends at half of what there was, and continues when
 * there is a part more again.
 */
static size_t may_forget(struct gp_store_lmdb_room *room, const struct pages *pages)
{
	room->was_disk = pages->is_bounded;
	if (!pages->is_bounded) {
		room->peak = 0;
		return OVER_MOST;
	}
	room->peak = pages->records > room->peak ? pages->records : room->peak;
	int64_t more = pages->records - room->peak / 2;
	if (pages->tree < TREE_LEAST || more <= room->peak / PART)
		return 0;
	return (size_t)more;
}

/* run_round: true: records were removed, pages won, or readers waited for. The lock is held. */
static bool run_round(struct gp_store_lmdb_room *room, struct pages *pages, unsigned round)
{
	int64_t now_ms = gp_store_lmdb_envs_now_ms(room->envs), most = pages->free / 6 - 4;
	bool is_full, won;
	/* what is soft goes before any counter does */
	if (gp_store_lmdb_soft_yield(room->envs, pages->free) > 0) {
		if (count_pages(room, pages) != GP_OK)
			return false;
		note_pages(room, pages);
		return true;
	}
	size_t may = may_forget(room, pages);
	if (may > 0 && !room->desk)
		room->desk = malloc(sizeof *room->desk);
	if (may == 0 || !room->desk || look(room, now_ms) != GP_OK)
		return false;
	size_t chosen = choose(room);
	chosen = chosen < may ? chosen : may;
	most = most < 1 ? 1 : most > DELETES ? DELETES : most;
	won = remove_chosen(room, chosen, (size_t)most, now_ms, &is_full) > 0;
	if (is_full && pages->free >= RAISE_BELOW && round < RAISE_ROUND) {
		let_readers_go(room, round);
		won = true;
	} else if (is_full && raise_map(room, pages)) {
		won = remove_chosen(room, chosen, 1, now_ms, &is_full) > 0;
	}
	if (count_pages(room, pages) != GP_OK)
		return false;
	note_pages(room, pages);
	return won;
}

/* ---- when it is run ---- */

/* gp_store_lmdb_room_keep: the flag says only that it may be so. */
void gp_store_lmdb_room_keep(struct gp_store_lmdb_room *room)
{
	struct pages pages;
	if (!atomic_load_explicit(&room->is_short, memory_order_relaxed))
		return;
	if (pthread_mutex_trylock(&room->lock))
		return; /* somebody is at it */
	if (count_pages(room, &pages) == GP_OK) {
		note_pages(room, &pages);
		if (pages.free < reserve_of(&pages))
			(void)run_round(room, &pages, 0);
	}
	pthread_mutex_unlock(&room->lock);
}

/*
 * wait_for_readers: free pages that a reader still uses become available when it ends. A reader
 * that never ends (a stopped process) is not waited for repeatedly.
 */
static bool wait_for_readers(struct gp_store_lmdb_room *room, unsigned round)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (room->vain_us != 0 && now_us - room->vain_us < VAIN_US)
		return false;
	room->vain_us = round + 1 == GP_STORE_LMDB_ROOM_ROUNDS ? now_us : 0;
	let_readers_go(room, round);
	return true;
}

/* gp_store_lmdb_room_make: forgetting would not help against readers. */
bool gp_store_lmdb_room_make(struct gp_store_lmdb_room *room, int rc, unsigned round)
{
	struct pages pages;
	bool made = false;
	if (round == GP_STORE_LMDB_ROOM_ROUNDS ||
		(rc != MDB_MAP_FULL && !gp_store_lmdb_envs_no_room(room->envs, rc)))
		return false;
	pthread_mutex_lock(&room->lock);
	if (rc != MDB_MAP_FULL)
		atomic_store(&room->disk_is_full, true);
	if (count_pages(room, &pages) == GP_OK)
		made = pages.free >= 2 * reserve_of(&pages) ? wait_for_readers(room, round)
							    : run_round(room, &pages, round);
	pthread_mutex_unlock(&room->lock);
	return made;
}

/* format_trouble: what was forgotten, why, and what to do. The lock is held. */
static void format_trouble(
	struct gp_store_lmdb_room *room, bool disk, char out[GP_STORE_LMDB_ENVS_PROBLEM])
{
	char gone[128] = "it continues to count in the pages that it has", size[32];
	if (room->forgotten > 0)
		snprintf(gone, sizeof gone,
			"%llu little used subjects were forgotten, which had used at most %u%% of "
			"their limits",
			(unsigned long long)room->forgotten, room->most * 100U / FULL_SHARE);
	snprintf(size, sizeof size, ": %zu MiB", room->envs->map_bytes >> 20);
	snprintf(out, GP_STORE_LMDB_ENVS_PROBLEM, "%s%s; %s; %s",
		disk ? "the disk has no space for the "
		       "store"
		     : "the store is full",
		disk ? "" : size, gone, disk ? "free some disk space" : "raise store.size");
}

/* tell: once a minute, when anything was forgotten or the disk is full. The lock is held. */
static void tell(struct gp_store_lmdb_room *room, const struct gp_ctx *ctx)
{
	char text[GP_STORE_LMDB_ENVS_PROBLEM];
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	bool disk = room->forgotten > 0 ? room->was_disk : atomic_load(&room->disk_is_full);
	if ((room->forgotten == 0 && !disk) ||
		(room->told_us != 0 && now_us - room->told_us < TELL_US))
		return;
	format_trouble(room, disk, text);
	gp_store_lmdb_envs_note(room->envs, text);
	gp_log_text(ctx->log, GP_LOG_WARNING, "store: %s", text);
	room->told_us = now_us;
	room->forgotten = 0;
	room->most = 0;
}

/* look_at_disk: the file may grow again as soon as there is room for a while of it. */
static void look_at_disk(struct gp_store_lmdb_room *room)
{
	struct statvfs fs;
	if (!atomic_load(&room->disk_is_full) || statvfs(room->envs->directory, &fs) != 0 ||
		(uint64_t)fs.f_bavail * fs.f_frsize < DISK_BYTES)
		return;
	atomic_store(&room->disk_is_full, false);
	atomic_store(&room->is_short, true); /* counted again, at the next use */
}

/* gp_store_lmdb_room_tend: so that requests seldom have to. */
void gp_store_lmdb_room_tend(struct gp_store_lmdb_room *room, struct gp_ctx *ctx)
{
	struct pages pages;
	look_at_disk(room);
	if (gp_store_lmdb_envs_enter(room->envs) != GP_OK)
		return;
	never_used(room, &pages);
	grant(room, &pages); /* of files that were opened again, too */
	gp_store_lmdb_envs_leave(room->envs);
	pthread_mutex_lock(&room->lock);
	int64_t reserve = reserve_of(&pages), low = pages.all / AHEAD_PART,
		high = pages.all / AHEAD_UNTIL_PART;
	low = low > reserve ? low : reserve;
	high = high > low + reserve / 2 ? high : low + reserve / 2;
	if (pages.free < low && count_pages(room, &pages) == GP_OK && pages.free < low)
		for (int i = 0; i < AHEAD_ROUNDS && pages.free < high; i++)
			if (!run_round(room, &pages, 0))
				break;
	tell(room, ctx);
	pthread_mutex_unlock(&room->lock);
}

/* ---- begin and end ---- */

/* gp_store_lmdb_room_init: nothing is needed yet. */
int gp_store_lmdb_room_init(struct gp_store_lmdb_room *room, struct gp_store_lmdb_envs *envs)
{
	memset(room, 0, sizeof *room);
	room->envs = envs;
	return pthread_mutex_init(&room->lock, NULL) ? GP_ENOMEM : GP_OK;
}

/* gp_store_lmdb_room_fini: undoes init. */
void gp_store_lmdb_room_fini(struct gp_store_lmdb_room *room)
{
	pthread_mutex_destroy(&room->lock);
	free(room->desk);
}
