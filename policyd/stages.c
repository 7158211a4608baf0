/* SPDX-License-Identifier: ISC */
/*
 * A small table that only grows; a place is found by a hash that is published last. What is noted
 * about a source are atomics, so that a question costs no lock.
 */
#include "policyd/stages.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/strbuf.h"
#include "policyd/survivor.h"

/* So many messages in a row without a question at their end: it is not asked any more. Messages
 * that are given up on the way look the same, so this has to be more than a few. */
#define MISSED_MAX 16
/* So many, and a limit that needs it is reported: where it never was asked, and where it was. */
#define MISSED_SAY_NEVER 3
#define MISSED_SAY 64

struct source {
	atomic_uint_fast64_t hash; /* 0: free */
	atomic_bool early, end, said;
	atomic_uint missed;
	char label[GP_STAGES_LABEL]; /* written under the lock, before hash */
};

struct gp_stages {
	pthread_mutex_t lock; /* guards the choice of a free place, and labels */
	struct source sources[GP_STAGES_SOURCES];
};

/* mix: FNV-1a over a text and a mark behind it. */
static uint64_t mix(uint64_t h, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return (h ^ 0x100u) * 0x100000001b3u;
}

/* hash: of a place, never 0. It comes from the configuration of Postfix. */
static uint64_t hash(const struct gp_stages_place *p)
{
	uint64_t h = mix(mix(0xcbf29ce484222325u, p->address), p->port);
	h = mix(mix(h, p->context), gp_span_from(p->whose));
	return h ? h : 1;
}

/* gp_stages_new: all places free. */
struct gp_stages *gp_stages_new(void)
{
	struct gp_stages *s = gp_survivor_alloc(sizeof *s);
	if (s && gp_survivor_lock_init(&s->lock)) {
		gp_survivor_free(s, sizeof *s);
		return NULL;
	}
	return s;
}

/* gp_stages_free: accepts NULL. */
void gp_stages_free(struct gp_stages *stages)
{
	if (!stages)
		return;
	pthread_mutex_destroy(&stages->lock);
	gp_survivor_free(stages, sizeof *stages);
}

/* find: the place of a hash; else that of the first free place, -1 when there is none. */
static int find(struct gp_stages *s, uint64_t h, bool *known_out)
{
	for (int i = 0; i < GP_STAGES_SOURCES; i++) {
		uint64_t at = atomic_load(&s->sources[i].hash);
		*known_out = at == h;
		if (at == h || at == 0)
			return i;
	}
	*known_out = false;
	return -1;
}

/* write_label: for people. */
static void write_label(struct source *source, const struct gp_stages_place *p)
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

/* gp_stages_source: known, or entered. */
int gp_stages_source(struct gp_stages *stages, const struct gp_stages_place *place)
{
	uint64_t h = hash(place);
	bool known;
	int at = find(stages, h, &known);
	if (known || at < 0)
		return at;
	gp_survivor_lock(&stages->lock);
	at = find(stages, h, &known);
	if (!known && at >= 0) {
		write_label(&stages->sources[at], place);
		atomic_store(&stages->sources[at].hash, h);
	}
	pthread_mutex_unlock(&stages->lock);
	return at;
}

/* gp_stages_early: noted once. */
void gp_stages_early(struct gp_stages *stages, int source)
{
	if (source >= 0 && !atomic_load(&stages->sources[source].early))
		atomic_store(&stages->sources[source].early, true);
}

/* gp_stages_end: noted, and what was missed is forgiven. */
void gp_stages_end(struct gp_stages *stages, int source)
{
	if (source < 0)
		return;
	atomic_store(&stages->sources[source].end, true);
	atomic_store(&stages->sources[source].missed, 0);
	atomic_store(&stages->sources[source].said, false);
}

/* gp_stages_expects_end: it has asked, and not stopped to. */
bool gp_stages_expects_end(struct gp_stages *stages, int source)
{
	return source >= 0 && atomic_load(&stages->sources[source].end) &&
	       atomic_load(&stages->sources[source].missed) < MISSED_MAX;
}

/* gp_stages_missed: counted up to where it makes no difference any more. */
bool gp_stages_missed(struct gp_stages *stages, int source, bool wants_end)
{
	if (source < 0)
		return false;
	struct source *s = &stages->sources[source];
	unsigned missed = atomic_load(&s->missed);
	if (missed < MISSED_SAY)
		missed = atomic_fetch_add(&s->missed, 1) + 1;
	bool is_unasked = missed >= (atomic_load(&s->end) ? MISSED_SAY : MISSED_SAY_NEVER);
	return wants_end && is_unasked && !atomic_exchange(&s->said, true);
}

/* gp_stages_list: place by place. */
size_t gp_stages_list(struct gp_stages *stages, struct gp_stages_known *known, size_t max)
{
	size_t n = 0;
	gp_survivor_lock(&stages->lock);
	for (int i = 0; i < GP_STAGES_SOURCES && n < max; i++) {
		struct source *s = &stages->sources[i];
		struct gp_strbuf label;
		if (!atomic_load(&s->hash))
			break;
		known[n].early = atomic_load(&s->early);
		known[n].end = atomic_load(&s->end);
		known[n].expects_end = gp_stages_expects_end(stages, i);
		known[n].bytes_unseen = atomic_load(&s->said);
		s->label[sizeof s->label - 1] = 0; /* whatever a dying process has left there */
		gp_strbuf_init_fixed(&label, known[n].label, sizeof known[n].label);
		gp_strbuf_add(&label, s->label);
		n++;
	}
	pthread_mutex_unlock(&stages->lock);
	return n;
}
