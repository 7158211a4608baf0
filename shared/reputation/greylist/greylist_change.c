/* SPDX-License-Identifier: ISC */
/*
 * Each change is one step: counters, then notes. Counters are forced: they count what is, and
 * refuse nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "reputation/greylist/greylist_private.h"

#define NOTES_MAX 8
#define TAKES_MAX 2
#define COUNTS_MAX 8
#define USE_EVERY_MS GP_GREYLIST_HOUR_MS
#define CROWD_KEEP_MS (4 * GP_GREYLIST_HOUR_MS) /* after its last contact that was too many */
#define CROWD_USE_MS (5 * 60000)
#define ROOM_PART 16 /* so many-th of max_entries may be networks as a whole, besides */
#define SUBJECT_MAX (sizeof GP_GREYLIST_SUBJECT_OF + GP_PREFIX_TEXT)

const int64_t gp_greylist_waited_ms[GP_GREYLIST_WAITED_COUNT] = {10000, 60000, 2 * 60000, 5 * 60000,
	6 * 60000, 8 * 60000, 10 * 60000, 15 * 60000, 20 * 60000, 30 * 60000, 60 * 60000,
	2 * GP_GREYLIST_HOUR_MS, 4 * GP_GREYLIST_HOUR_MS, 12 * GP_GREYLIST_HOUR_MS,
	GP_GREYLIST_DAY_MS, INT64_MAX};

/* ---- a step ---- */

struct note {
	struct gp_store_note note;
	unsigned char value[GP_GREYLIST_RECORD_MAX];
	char before[GP_GREYLIST_RECORD_MAX];
	struct gp_greylist_entry *entry; /* whose it is */
};

struct step {
	struct gp_store_op ops[NOTES_MAX + TAKES_MAX];
	size_t count;
	struct note notes[NOTES_MAX];
	size_t note_count;
	struct gp_store_take takes[TAKES_MAX];
	struct gp_store_count counts[TAKES_MAX][COUNTS_MAX];
	size_t take_count;
	char subject[SUBJECT_MAX];
};

/* add_take: a subject to count for, which comes before all notes. */
static struct gp_store_take *add_take(struct step *s, struct gp_span subject)
{
	size_t i = s->take_count++;
	s->takes[i] = (struct gp_store_take) {.subject = subject, .counts = s->counts[i]};
	s->ops[s->count++] = (struct gp_store_op) {.kind = GP_STORE_OP_TAKE, .take = &s->takes[i]};
	return &s->takes[i];
}

/* add_network: the subject of a network. */
static struct gp_store_take *add_network(struct step *s, const struct gp_prefix *network)
{
	char text[GP_PREFIX_TEXT];
	snprintf(s->subject, sizeof s->subject, GP_GREYLIST_SUBJECT_OF "%s",
		gp_prefix_format(network, text));
	return add_take(s, gp_span_from(s->subject));
}

/* add_count: so many more; its number. */
static struct gp_store_count *add_count(
	struct gp_store_take *take, uint32_t id, int64_t per_ms, int64_t amount)
{
	struct gp_store_count *c = &take->counts[take->count++];
	*c = (struct gp_store_count) {.id = id,
		.per_ms = per_ms,
		.max = GP_STORE_AMOUNT_MAX,
		.take = amount,
		.forced = true};
	return c;
}

/* add_back: so many less of those that were counted then. */
static struct gp_store_count *add_back(
	struct gp_store_take *take, uint32_t id, int64_t per_ms, int64_t amount, int64_t then_ms)
{
	struct gp_store_count *c = add_count(take, id, per_ms, 0);
	c->back = amount;
	c->back_ms = then_ms;
	return c;
}

/* add_note: a record as it is to be; end_ms: how long. */
static struct note *add_note(struct step *s, struct gp_greylist_entry *entry,
	const struct gp_greylist_record *record, int64_t end_ms)
{
	struct note *n = &s->notes[s->note_count++];
	size_t length = gp_greylist_record_encode(record, n->value);
	n->entry = entry;
	n->note = (struct gp_store_note) {.key = entry->key,
		.value = {(const char *)n->value, length},
		.expires_ms = end_ms,
		.before = {.bytes = n->before, .room = sizeof n->before}};
	s->ops[s->count++] = (struct gp_store_op) {.kind = GP_STORE_OP_NOTE, .note = &n->note};
	return n;
}

/* do_step: if there is anything to do. */
static int do_step(const struct gp_greylist_run *run, const struct step *s)
{
	return s->count ? gp_store_do(run->store, run->ctx, run->now_ms, s->ops, s->count) : GP_OK;
}

/* ---- numbers of counters ---- */

/* window_of: within what a counter can be long. */
static int64_t window_of(int64_t ms)
{
	return ms < GP_STORE_PER_MIN_MS   ? GP_STORE_PER_MIN_MS
	       : ms > GP_STORE_PER_MAX_MS ? GP_STORE_PER_MAX_MS
					  : ms;
}

/* gp_greylist_id_waiting: above all others, by its seconds. */
uint32_t gp_greylist_id_waiting(const struct gp_greylist_settings *settings, int64_t *per_ms_out)
{
	*per_ms_out = window_of(settings->window_ms / 1000 * 1000);
	return 0x10000000u + (uint32_t)(*per_ms_out / 1000);
}

/* gp_greylist_id_kept: likewise. */
uint32_t gp_greylist_id_kept(const struct gp_greylist_settings *settings, int64_t *per_ms_out)
{
	*per_ms_out = window_of(settings->keep_ms / 1000 * 1000);
	return 0x20000000u + (uint32_t)(*per_ms_out / 1000);
}

/* add_waiting: entries that have not passed. */
static struct gp_store_count *add_waiting(
	const struct gp_greylist_run *run, struct gp_store_take *take, int64_t amount)
{
	int64_t per_ms;
	uint32_t id = gp_greylist_id_waiting(run->query->contact.settings, &per_ms);
	return add_count(take, id, per_ms, amount);
}

/* add_kept: entries that have. */
static struct gp_store_count *add_kept(
	const struct gp_greylist_run *run, struct gp_store_take *take, int64_t amount)
{
	int64_t per_ms;
	uint32_t id = gp_greylist_id_kept(run->query->contact.settings, &per_ms);
	return add_count(take, id, per_ms, amount);
}

/* waited_id: the counter for so long a wait. */
static uint32_t waited_id(int64_t waited_ms)
{
	uint32_t i = 0;
	while (i + 1 < GP_GREYLIST_WAITED_COUNT && waited_ms > gp_greylist_waited_ms[i])
		i++;
	return GP_GREYLIST_WAITED + i;
}

/* ---- changes ---- */

/* gp_greylist_since: never negative. */
int64_t gp_greylist_since(int64_t now_ms, int64_t then_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* gp_greylist_touch: a record of which last comes before first is none. */
void gp_greylist_touch(struct gp_greylist_record *record, int64_t now_ms)
{
	if (record->first_ms > now_ms)
		record->first_ms = now_ms;
	record->last_ms = now_ms;
}

/* put_began: a durable fact, and its mark among the soft ones. *was_there: was there a mark? */
static int put_began(struct gp_greylist_run *run, bool *was_there)
{
	int64_t end_ms = run->now_ms + run->query->contact.settings->keep_ms;
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)run->seen.began_ms);
	struct gp_store_note mark = {.key = gp_span_from(GP_GREYLIST_MARK), .expires_ms = end_ms};
	int rc = gp_store_note(run->store, run->ctx, run->now_ms, &mark);
	*was_there = !rc && mark.before.found == GP_STORE_FOUND;
	return rc ? rc
		  : gp_store_put(run->store, run->ctx, gp_span_from(GP_GREYLIST_BEGAN),
			    gp_span_from(text), end_ms);
}

/* begin_now: why: that the log says. */
static int begin_now(struct gp_greylist_run *run, const char *why)
{
	int64_t learn_ms = run->query->contact.settings->learn_ms;
	char text[GP_DURATION_TEXT];
	bool was_there;
	if (learn_ms)
		gp_log_text(run->ctx->log, GP_LOG_NOTICE,
			"greylisting: %s: for %s first contacts are recorded and not delayed", why,
			gp_duration_period(learn_ms, text));
	run->seen.has_begun = true;
	run->seen.began_ms = run->now_ms;
	return put_began(run, &was_there);
}

/* gp_greylist_is_learning: not with learn = 0s. */
bool gp_greylist_is_learning(const struct gp_greylist_run *run)
{
	return gp_greylist_since(run->now_ms, run->seen.began_ms) <
	       run->query->contact.settings->learn_ms;
}

/* begin_after_loss: once in the time of learning, even if the store has no room for a mark. */
static int begin_after_loss(struct gp_greylist_run *run)
{
	if (run->query->contact.settings->learn_ms == 0 || gp_greylist_is_learning(run))
		return GP_OK;
	return begin_now(run, "the contacts in the store were lost");
}

/* gp_greylist_begin: written anew once a day. */
int gp_greylist_begin(struct gp_greylist_run *run)
{
	int64_t keep_ms = run->query->contact.settings->keep_ms;
	int64_t slack_ms = keep_ms / 8 < GP_GREYLIST_DAY_MS ? keep_ms / 8 : GP_GREYLIST_DAY_MS;
	struct gp_greylist_seen *seen = &run->seen;
	bool was_there;
	if (!seen->has_begun)
		return begin_now(run, "no contacts are known");
	if (seen->began_ms > run->now_ms)
		return begin_now(run, "it began at a time that the clock has not reached");
	if (seen->began_until_ms > run->now_ms + keep_ms - slack_ms)
		return GP_OK;
	int rc = put_began(run, &was_there);
	return rc || was_there ? rc : begin_after_loss(run);
}

/* gp_greylist_begin_anew: the first mail that is not settled by one look finds it out. */
int gp_greylist_begin_anew(struct gp_greylist_run *run)
{
	return run->seen.has_mark ? GP_OK : begin_after_loss(run);
}

/* is_crowded: were there too many of a network, or of all? *crowd_out: as what it is remembered. */
static bool is_crowded(const struct gp_greylist_run *run, int64_t of_hour, int64_t entries,
	enum gp_greylist_crowd *crowd_out)
{
	int64_t max = run->query->contact.settings->max_entries;
	bool is_wide =
		entries > max + max / ROOM_PART && run->seen.crowds[GP_GREYLIST_CROWD_WIDE].key.len;
	*crowd_out = is_wide ? GP_GREYLIST_CROWD_WIDE : GP_GREYLIST_CROWD;
	return of_hour > GP_GREYLIST_CROWD_MAX || entries > max;
}

/* The counters of one more contact, and what they say. */
struct contact_counts {
	const struct gp_store_count *of_hour, *waiting, *kept;
};

/* count_network: one more of it; how many there were in the last hour. */
static const struct gp_store_count *count_network(const struct gp_greylist_run *run, struct step *s)
{
	const struct gp_greylist_contact *c = &run->query->contact;
	const struct gp_prefix network = gp_greylist_network(c->settings, &c->client);
	struct gp_store_take *one = add_network(s, &network);
	if (run->is_delayed) {
		add_count(one, GP_GREYLIST_OPEN_DAY, GP_GREYLIST_DAY_MS, 1);
		add_count(one, GP_GREYLIST_OPEN_TWO_DAYS, 2 * GP_GREYLIST_DAY_MS, 1);
	}
	return add_count(one, GP_GREYLIST_OF_HOUR, GP_GREYLIST_HOUR_MS, 1);
}

/*
 * count_contact: one more of all; entries: how many more there will be, where one of a contact
 * counts for all of its origins. is_of_network: and one of its network.
 */
static struct contact_counts count_contact(
	const struct gp_greylist_run *run, struct step *s, int64_t entries, bool is_of_network)
{
	static const struct gp_store_count none;
	struct contact_counts counts = {.of_hour = is_of_network ? count_network(run, s) : &none};
	struct gp_store_take *all = add_take(s, gp_span_from(GP_GREYLIST_SUBJECT));
	counts.waiting = add_waiting(run, all, entries);
	counts.kept = add_kept(run, all, 0);
	if (!run->is_delayed) {
		add_count(all, GP_GREYLIST_WOULD_DELAY, GP_GREYLIST_DAY_MS, 1);
		return counts;
	}
	add_count(all, GP_GREYLIST_DELAYED, GP_GREYLIST_DAY_MS, 1);
	add_count(all, GP_GREYLIST_OPEN_DAY, GP_GREYLIST_DAY_MS, 1);
	add_count(all, GP_GREYLIST_OPEN_TWO_DAYS, 2 * GP_GREYLIST_DAY_MS, 1);
	return counts;
}

/* take_earlier: of what was there before a note that was to be the first: the earliest. */
static void take_earlier(const struct note *n, int64_t now_ms, int64_t window_ms,
	struct gp_greylist_entry *earlier_out)
{
	struct gp_greylist_record r;
	const struct gp_store_value *before = &n->note.before;
	if (before->found != GP_STORE_FOUND || before->length > sizeof n->before ||
		!gp_greylist_record_decode((struct gp_span) {n->before, before->length}, &r) ||
		(!r.has_passed && gp_greylist_since(now_ms, r.first_ms) > window_ms))
		return;
	if (earlier_out->is_there && earlier_out->record.first_ms <= r.first_ms)
		return;
	*earlier_out =
		(struct gp_greylist_entry) {.key = n->note.key, .is_there = true, .record = r};
}

/* join_crowd: the entries that were made just now go, and the network stands for them. */
static int join_crowd(struct gp_greylist_run *run, const struct step *made,
	enum gp_greylist_crowd crowd, struct gp_greylist_entry *earlier_out)
{
	const struct gp_greylist_settings *settings = run->query->contact.settings;
	const struct gp_greylist_record now = {.first_ms = run->now_ms, .last_ms = run->now_ms};
	struct step s = {.count = 0};
	struct gp_store_take *all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
	struct gp_store_count *waiting = add_waiting(run, all, 0);
	for (size_t i = 0; i < made->note_count; i++) {
		if (made->notes[i].note.before.found == GP_STORE_FOUND)
			continue;
		add_note(&s, made->notes[i].entry, &now, run->now_ms); /* ends now: removed */
		waiting->back = 1;
	}
	waiting->back_ms = run->now_ms;
	struct note *n = add_note(&s, &run->seen.crowds[crowd], &now, run->now_ms + CROWD_KEEP_MS);
	n->note.unless_there = true;
	int rc = do_step(run, &s);
	if (!rc)
		take_earlier(n, run->now_ms, settings->window_ms, earlier_out);
	return rc;
}

/* gp_greylist_first: put if absent, under each origin. */
int gp_greylist_first(struct gp_greylist_run *run, struct gp_greylist_entry *earlier_out)
{
	const struct gp_greylist_contact *c = &run->query->contact;
	const struct gp_greylist_settings *settings = c->settings;
	struct gp_greylist_record r = {
		.was_delayed = run->is_delayed, .first_ms = run->now_ms, .last_ms = run->now_ms};
	struct step s = {.count = 0};
	*earlier_out = (struct gp_greylist_entry) {.is_there = false};
	const struct contact_counts counts = count_contact(run, &s, 1, true);
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		if (run->seen.entries[i].key.len == 0)
			continue;
		if (i != GP_GREYLIST_BY_NETWORK)
			r.network = gp_greylist_network(settings, &c->client);
		struct note *n =
			add_note(&s, &run->seen.entries[i], &r, run->now_ms + settings->window_ms);
		/* one that is too old, or none, goes */
		n->note.unless_there =
			!run->seen.entries[i].is_there && !run->seen.entries[i].is_foreign;
	}
	int rc = do_step(run, &s);
	if (rc)
		return rc;
	for (size_t i = 0; i < s.note_count; i++)
		if (s.notes[i].note.unless_there)
			take_earlier(&s.notes[i], run->now_ms, settings->window_ms, earlier_out);
	enum gp_greylist_crowd crowd;
	if (!is_crowded(
		    run, counts.of_hour->used, counts.waiting->used + counts.kept->used, &crowd))
		return GP_OK;
	return join_crowd(run, &s, crowd, earlier_out);
}

/* gp_greylist_set_back: under each origin that it has waited under. */
int gp_greylist_set_back(struct gp_greylist_run *run)
{
	struct step s = {.count = 0};
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		struct gp_greylist_entry *entry = &run->seen.entries[i];
		if (!entry->is_there || entry->record.first_ms <= run->now_ms)
			continue;
		gp_greylist_touch(&entry->record, run->now_ms);
		add_note(&s, entry, &entry->record,
			run->now_ms + run->query->contact.settings->window_ms);
	}
	return do_step(run, &s);
}

/* keep_crowd: for as long again. */
static int keep_crowd(struct gp_greylist_run *run, struct gp_greylist_entry *entry)
{
	struct step s = {.count = 0};
	gp_greylist_touch(&entry->record, run->now_ms);
	add_note(&s, entry, &entry->record, run->now_ms + CROWD_KEEP_MS);
	return do_step(run, &s);
}

/* gp_greylist_of_crowd: it stays one while they are too many. */
int gp_greylist_of_crowd(struct gp_greylist_run *run, enum gp_greylist_crowd crowd)
{
	struct gp_greylist_entry *entry = &run->seen.crowds[crowd];
	struct step s = {.count = 0};
	/* as long as networks are too many, they have no counters of their own */
	const struct contact_counts counts =
		count_contact(run, &s, 0, crowd != GP_GREYLIST_CROWD_WIDE);
	int rc = do_step(run, &s);
	enum gp_greylist_crowd same;
	bool is_ahead = entry->record.last_ms > run->now_ms;
	if (rc || (!is_ahead && run->now_ms - entry->record.last_ms < CROWD_USE_MS))
		return rc;
	bool is_one = is_crowded(
		run, counts.of_hour->used, counts.waiting->used + counts.kept->used, &same);
	return is_one || is_ahead ? keep_crowd(run, entry) : GP_OK;
}

/* has_waited: has the contact passed under this origin, or waited long enough for it? */
static bool has_waited(const struct gp_greylist_run *run, const struct gp_greylist_entry *entry)
{
	return entry->is_there && (entry->record.has_passed ||
					  gp_greylist_since(run->now_ms, entry->record.first_ms) >=
						  run->query->contact.settings->delay_ms);
}

/*
 * add_passes: one more pass of network and SPF domain, if the last one was an hour ago. Each by its
 * own evidence: a network that is let through for a domain has not waited, nor has a domain that is
 * let through for a network. What is trusted already is only kept for longer.
 */
static void add_passes(struct gp_greylist_run *run, struct step *s)
{
	const struct gp_greylist_settings *settings = run->query->contact.settings;
	for (int i = 0; i < GP_GREYLIST_BY_NAME; i++) {
		struct gp_greylist_entry *entry = &run->seen.passes[i];
		struct gp_greylist_record *r = &entry->record;
		bool is_trusted = entry->is_there && r->passes >= settings->passes;
		if (entry->key.len == 0 || (!is_trusted && !has_waited(run, &run->seen.entries[i])))
			continue;
		bool is_ahead = entry->is_there && r->last_ms > run->now_ms;
		if (entry->is_there && !is_ahead && run->now_ms - r->last_ms < GP_GREYLIST_HOUR_MS)
			continue;
		if (!entry->is_there)
			*r = (struct gp_greylist_record) {.first_ms = run->now_ms};
		r->has_passed = true;
		r->passes += !is_ahead && r->passes < GP_GREYLIST_PASSES_MAX;
		gp_greylist_touch(r, run->now_ms);
		add_note(s, entry, r, run->now_ms + settings->keep_ms);
	}
}

/* gp_greylist_pass: under each origin, whichever it was recognised by. */
int gp_greylist_pass(struct gp_greylist_run *run, const struct gp_greylist_record *first)
{
	const struct gp_greylist_contact *c = &run->query->contact;
	const struct gp_greylist_record passed = {.has_passed = true,
		.was_delayed = first->was_delayed,
		.first_ms = first->first_ms,
		.last_ms = run->now_ms > first->first_ms ? run->now_ms : first->first_ms};
	const struct gp_prefix network = first->network.addr.family == GP_IP_NONE
						 ? gp_greylist_network(c->settings, &c->client)
						 : first->network;
	struct step s = {.count = 0};
	struct gp_store_take *one = first->was_delayed ? add_network(&s, &network) : NULL;
	struct gp_store_take *all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
	struct gp_store_count *waiting = add_waiting(run, all, 0);
	(void)add_kept(run, all, 1);
	waiting->back_ms = first->first_ms;
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		struct gp_greylist_entry *entry = &run->seen.entries[i];
		if (entry->key.len == 0)
			continue;
		waiting->back |= entry->is_there;
		add_note(&s, entry, &passed, run->now_ms + c->settings->keep_ms);
	}
	add_passes(run, &s);
	if (!first->was_delayed)
		return do_step(run, &s);
	int64_t then_ms = first->first_ms, waited_ms = gp_greylist_since(run->now_ms, then_ms);
	add_count(all, GP_GREYLIST_PASSES, GP_GREYLIST_DAY_MS, 1);
	add_count(all, waited_id(waited_ms), GP_GREYLIST_DAY_MS, 1);
	add_back(all, GP_GREYLIST_OPEN_DAY, GP_GREYLIST_DAY_MS, 1, then_ms);
	add_back(all, GP_GREYLIST_OPEN_TWO_DAYS, 2 * GP_GREYLIST_DAY_MS, 1, then_ms);
	add_back(one, GP_GREYLIST_OPEN_DAY, GP_GREYLIST_DAY_MS, 1, then_ms);
	add_back(one, GP_GREYLIST_OPEN_TWO_DAYS, 2 * GP_GREYLIST_DAY_MS, 1, then_ms);
	return do_step(run, &s);
}

/* gp_greylist_is_fresh: for an hour, or an eighth of the time it is kept. */
bool gp_greylist_is_fresh(const struct gp_greylist_run *run, const struct gp_greylist_entry *entry)
{
	int64_t keep_ms = run->query->contact.settings->keep_ms;
	int64_t every_ms = keep_ms / 8 < USE_EVERY_MS ? keep_ms / 8 : USE_EVERY_MS;
	int64_t since_ms = run->now_ms - entry->record.last_ms;
	return entry->is_there && entry->record.has_passed && since_ms >= 0 && since_ms < every_ms;
}

/* gp_greylist_use: of what is not fresh. */
int gp_greylist_use(struct gp_greylist_run *run)
{
	int64_t keep_ms = run->query->contact.settings->keep_ms;
	struct step s = {.count = 0};
	struct gp_store_take *all = NULL;
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		struct gp_greylist_entry *entry = &run->seen.entries[i];
		struct gp_greylist_record *r = &entry->record;
		if (!entry->is_there || !r->has_passed || gp_greylist_is_fresh(run, entry))
			continue;
		if (!all) {
			all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
			struct gp_store_count *kept = add_kept(run, all, 1);
			kept->back = 1;
			kept->back_ms = r->last_ms;
		}
		gp_greylist_touch(r, run->now_ms);
	}
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		struct gp_greylist_entry *entry = &run->seen.entries[i];
		if (all && entry->is_there && entry->record.has_passed &&
			entry->record.last_ms == run->now_ms)
			add_note(&s, entry, &entry->record, run->now_ms + keep_ms);
	}
	add_passes(run, &s);
	return do_step(run, &s);
}
