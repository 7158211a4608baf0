/* SPDX-License-Identifier: ISC */
/*
 * A small table that only grows; a place is found by a hash that is published last. What is noted
 * about a source are atomics, so that a question costs no lock.
 *
 * Subjects that have missed ends are in sets of a few words, one word per subject: a hash of it,
 * the round of its source, and how many in a row. An end at the source begins another round, and
 * what was noted in an earlier one does not count. A word that gives way to another, or is lost
 * between two threads, only lets its subject have back a few messages more.
 */
#include "policyd/stage_learn.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/encode.h"
#include "base/shared_lock.h"
#include "base/strbuf.h"
#include "daemon/shmem.h"

/* So many messages in a row of a subject without a question at their end: none is expected. Those
 * that are given up on the way look the same, so this has to be more than a few. */
#define MISSED_MAX 16
/* So many at a source, and a limit that needs it is reported: where it never was asked, and where
 * it was. */
#define MISSED_SAY_NEVER 3
#define MISSED_SAY 64

/* From this place on the address of the server makes no difference any more: a host may have more
 * addresses than there are places, and the client chooses among them. */
#define PLACES_BY_ADDRESS (GP_STAGE_LEARN_SOURCES - 16)

/* The words of subjects: 44 bits of a hash, 14 of the round, 6 of the count. */
#define SETS 1024
#define WAYS 4
#define COUNT_MASK 0x3fu
#define ROUND_SHIFT 6
#define ROUND_MASK (0x3fffu << ROUND_SHIFT)

struct source {
	atomic_uint_fast64_t hash; /* 0: free */
	atomic_bool early, end, said;
	atomic_uint missed;               /* in a row, of whomever */
	atomic_uint round;                /* rises with an end after misses */
	char label[GP_STAGE_LEARN_LABEL]; /* written under the lock, before hash */
};

struct gp_stage_learn {
	pthread_mutex_t lock; /* guards the choice of a free place, and labels */
	struct source sources[GP_STAGE_LEARN_SOURCES];
	uint64_t seed; /* of the hashes of subjects, which clients can choose */
	atomic_uint_fast64_t subjects[SETS][WAYS];
};

/* mix: FNV-1a over a text and a mark after it. */
static uint64_t mix(uint64_t h, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return (h ^ 0x100u) * 0x100000001b3u;
}

/* hash: of a place, never 0. It comes from the configuration of Postfix. */
static uint64_t hash(const struct gp_stage_learn_place *p)
{
	uint64_t h = mix(mix(0xcbf29ce484222325u, p->address), p->port);
	h = mix(mix(h, p->context), gp_span_from(p->whose));
	return h ? h : 1;
}

/* gp_stage_learn_new: all places free. */
struct gp_stage_learn *gp_stage_learn_new(void)
{
	struct gp_stage_learn *s = gp_daemon_shmem_alloc(sizeof *s);
	if (s && (gp_shared_lock_init(&s->lock) ||
			 getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed)) {
		gp_daemon_shmem_free(s, sizeof *s);
		return NULL;
	}
	return s;
}

/* gp_stage_learn_free: accepts NULL. */
void gp_stage_learn_free(struct gp_stage_learn *stages)
{
	if (!stages)
		return;
	pthread_mutex_destroy(&stages->lock);
	gp_daemon_shmem_free(stages, sizeof *stages);
}

/* find: the place of a hash; else that of the first free place, -1 when there is none. */
static int find(struct gp_stage_learn *s, uint64_t h, bool *known_out)
{
	for (int i = 0; i < GP_STAGE_LEARN_SOURCES; i++) {
		uint64_t at = atomic_load(&s->sources[i].hash);
		*known_out = at == h;
		if (at == h || at == 0)
			return i;
	}
	*known_out = false;
	return -1;
}

/* write_label: for people. */
static void write_label(struct source *source, const struct gp_stage_learn_place *p)
{
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, source->label, sizeof source->label);
	gp_strbuf_add(&buf, "port ");
	gp_encode_visible(&buf, p->port.len ? p->port : gp_span_from("unknown"));
	if (p->context.len) {
		gp_strbuf_add(&buf, " ");
		gp_encode_visible(&buf, p->context);
	}
	if (p->address.len) {
		gp_strbuf_add(&buf, " of ");
		gp_encode_visible(&buf, p->address);
	}
	gp_strbuf_printf(&buf, ", %s", p->whose);
}

/* enter: known, or entered below most; -1: there is no room. */
static int enter(struct gp_stage_learn *stages, const struct gp_stage_learn_place *place, int most)
{
	uint64_t h = hash(place);
	bool known;
	int at = find(stages, h, &known);
	if (known || at < 0 || at >= most)
		return known ? at : -1;
	gp_shared_lock_take(&stages->lock);
	at = find(stages, h, &known);
	if (!known && at >= 0 && at < most) {
		write_label(&stages->sources[at], place);
		atomic_store(&stages->sources[at].hash, h);
		known = true;
	}
	pthread_mutex_unlock(&stages->lock);
	return known ? at : -1;
}

/* gp_stage_learn_source: by itself, or with all further addresses of the port. */
int gp_stage_learn_source(struct gp_stage_learn *stages, const struct gp_stage_learn_place *place)
{
	struct gp_stage_learn_place any_address = *place;
	int at = enter(
		stages, place, place->address.len ? PLACES_BY_ADDRESS : GP_STAGE_LEARN_SOURCES);
	any_address.address.len = 0;
	return at >= 0 ? at : enter(stages, &any_address, GP_STAGE_LEARN_SOURCES);
}

/* gp_stage_learn_early: noted once. */
void gp_stage_learn_early(struct gp_stage_learn *stages, int source)
{
	if (source >= 0 && !atomic_load(&stages->sources[source].early))
		atomic_store(&stages->sources[source].early, true);
}

/* gp_stage_learn_end: noted, and what was missed is forgiven. */
void gp_stage_learn_end(struct gp_stage_learn *stages, int source)
{
	if (source < 0)
		return;
	struct source *s = &stages->sources[source];
	if (!atomic_load(&s->end))
		atomic_store(&s->end, true);
	if (!atomic_load(&s->missed))
		return; /* nothing to forgive, as nearly always */
	atomic_store(&s->missed, 0);
	atomic_store(&s->said, false);
	atomic_fetch_add(&s->round, 1);
}

/* gp_stage_learn_subject: a hash that nobody outside can foresee. */
uint64_t gp_stage_learn_subject(
	struct gp_stage_learn *stages, int source, struct gp_span address, struct gp_span name)
{
	uint64_t h = mix(mix(stages->seed ^ (uint64_t)(unsigned)source, address), name);
	h = (h ^ h >> 33) *
	    0xff51afd7ed558ccdu; /* mixed to the lowest bits: fmix64 of MurmurHash3 */
	return h ^ h >> 33;
}

/* key_of: the word of a subject in this round, without its count. */
static uint64_t key_of(struct gp_stage_learn *stages, int source, uint64_t subject)
{
	unsigned round = atomic_load(&stages->sources[source].round) << ROUND_SHIFT & ROUND_MASK;
	return (subject & ~(uint64_t)(ROUND_MASK | COUNT_MASK)) | round;
}

/* find_way: of the subject, whatever the round of its word; else of the word with least in it. */
static atomic_uint_fast64_t *find_way(struct gp_stage_learn *stages, uint64_t key, bool *found_out)
{
	atomic_uint_fast64_t *set = stages->subjects[(key >> 32) % SETS], *least = &set[0];
	for (int i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load(&set[i]);
		*found_out = word && ((word ^ key) & ~(uint64_t)(ROUND_MASK | COUNT_MASK)) == 0;
		if (*found_out)
			return &set[i];
		if ((word & COUNT_MASK) < (atomic_load(least) & COUNT_MASK))
			least = &set[i];
	}
	return least;
}

/* missed_by: how many in a row in this round. */
static unsigned missed_by(struct gp_stage_learn *stages, int source, uint64_t subject)
{
	bool found;
	uint64_t key = key_of(stages, source, subject);
	uint64_t word = atomic_load(find_way(stages, key, &found));
	bool is_of_round = found && (word & ~(uint64_t)COUNT_MASK) == key;
	return is_of_round ? (unsigned)(word & COUNT_MASK) : 0;
}

/* gp_stage_learn_expects_end: it has asked, and has not stopped to. */
bool gp_stage_learn_expects_end(struct gp_stage_learn *stages, int source, uint64_t subject)
{
	return source >= 0 && atomic_load(&stages->sources[source].end) &&
	       missed_by(stages, source, subject) < MISSED_MAX;
}

/* note_missed: one more of the subject. */
static void note_missed(struct gp_stage_learn *stages, int source, uint64_t subject)
{
	bool found;
	unsigned before = missed_by(stages, source, subject);
	uint64_t key = key_of(stages, source, subject);
	atomic_store(find_way(stages, key, &found),
		key | (before < MISSED_MAX ? before + 1 : MISSED_MAX));
}

/* gp_stage_learn_missed: counted up to where it makes no difference any more. */
bool gp_stage_learn_missed(
	struct gp_stage_learn *stages, int source, uint64_t subject, bool wants_end)
{
	if (source < 0)
		return false;
	struct source *s = &stages->sources[source];
	unsigned missed = atomic_load(&s->missed);
	note_missed(stages, source, subject);
	if (missed < MISSED_SAY)
		missed = atomic_fetch_add(&s->missed, 1) + 1;
	bool is_unasked = missed >= (atomic_load(&s->end) ? MISSED_SAY : MISSED_SAY_NEVER);
	return wants_end && is_unasked && !atomic_exchange(&s->said, true);
}

/* gp_stage_learn_list: place by place. */
size_t gp_stage_learn_list(
	struct gp_stage_learn *stages, struct gp_stage_learn_known *known, size_t max)
{
	size_t n = 0;
	gp_shared_lock_take(&stages->lock);
	for (int i = 0; i < GP_STAGE_LEARN_SOURCES && n < max; i++) {
		struct source *s = &stages->sources[i];
		struct gp_strbuf label;
		if (!atomic_load(&s->hash))
			break;
		known[n].early = atomic_load(&s->early);
		known[n].end = atomic_load(&s->end);
		known[n].expects_end = known[n].end && atomic_load(&s->missed) < MISSED_SAY;
		known[n].bytes_unseen = atomic_load(&s->said);
		s->label[sizeof s->label - 1] = 0; /* whatever a dying process has left there */
		gp_strbuf_init_fixed(&label, known[n].label, sizeof known[n].label);
		gp_strbuf_add(&label, s->label);
		n++;
	}
	pthread_mutex_unlock(&stages->lock);
	return n;
}
