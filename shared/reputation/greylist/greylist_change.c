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
#define ROOM_PART 16   /* so many-th of max_entries may be networks as a whole, besides */
#define CROWDS_SAID 10 /* networks in an hour, of all processes together */
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

/* add_count: so many more. */
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

/* gp_greylist_was_within: a record that is ahead of the clock is to be written anew. */
bool gp_greylist_was_within(int64_t now_ms, int64_t then_ms, int64_t ms)
{
	return then_ms <= now_ms && now_ms - then_ms < ms;
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

/* What the counters say after one more contact. */
struct contact_counts {
	const struct gp_store_count *of_hour, *waiting, *kept;
};

/* Why a network is remembered as one, and which. */
struct crowding {
	enum gp_greylist_crowd crowd;
	bool is_full; /* there are max_entries */
};

/* is_crowded: were there too many of a network, or of all? */
static bool is_crowded(const struct gp_greylist_run *run, const struct contact_counts *counts,
	struct crowding *why_out)
{
	int64_t max = run->query->contact.settings->max_entries;
	int64_t entries = counts->waiting->used + counts->kept->used;
	bool is_wide =
		entries > max + max / ROOM_PART && run->seen.crowds[GP_GREYLIST_CROWD_WIDE].key.len;
	*why_out = (struct crowding) {
		is_wide ? GP_GREYLIST_CROWD_WIDE : GP_GREYLIST_CROWD, entries > max};
	return counts->of_hour->used > GP_GREYLIST_CROWD_MAX || entries > max;
}

/* add_open: a contact of a network that is delayed and has not come again; is_over: it has, or is
 * none after all. */
static void add_open(
	struct gp_store_take *one, struct gp_store_take *all, bool is_over, int64_t then_ms)
{
	static const uint32_t ids[] = {GP_GREYLIST_OPEN_DAY, GP_GREYLIST_OPEN_TWO_DAYS};
	for (int i = 0; i < 4; i++) {
		struct gp_store_take *take = i < 2 ? one : all;
		int64_t per_ms = (i % 2 + 1) * GP_GREYLIST_DAY_MS;
		if (is_over)
			add_back(take, ids[i % 2], per_ms, 1, then_ms);
		else
			add_count(take, ids[i % 2], per_ms, 1);
	}
}

/* delayed_id: the counter of what is delayed, or would be. */
static uint32_t delayed_id(const struct gp_greylist_run *run)
{
	return run->is_delayed ? GP_GREYLIST_DELAYED : GP_GREYLIST_WOULD_DELAY;
}

/* add_client_network: the subject of the client's network. */
static struct gp_store_take *add_client_network(const struct gp_greylist_run *run, struct step *s)
{
	const struct gp_greylist_contact *c = &run->query->contact;
	const struct gp_prefix network = gp_greylist_network(c->settings, &c->client);
	return add_network(s, &network);
}

/* count_first: a first contact with entries of its own, which count as one. */
static struct contact_counts count_first(const struct gp_greylist_run *run, struct step *s)
{
	struct gp_store_take *one = add_client_network(run, s);
	struct gp_store_take *all = add_take(s, gp_span_from(GP_GREYLIST_SUBJECT));
	const struct contact_counts counts = {
		.of_hour = add_count(one, GP_GREYLIST_OF_HOUR, GP_GREYLIST_HOUR_MS, 1),
		.waiting = add_waiting(run, all, 1),
		.kept = add_kept(run, all, 0)};
	if (run->is_delayed)
		add_open(one, all, false, 0);
	add_count(all, delayed_id(run), GP_GREYLIST_DAY_MS, 1);
	return counts;
}

/* uncount_first: another process was first with it, and has counted it. */
static int uncount_first(const struct gp_greylist_run *run)
{
	struct step s = {.count = 0};
	struct gp_store_take *one = add_client_network(run, &s);
	struct gp_store_take *all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
	struct gp_store_count *waiting = add_waiting(run, all, 0);
	waiting->back = 1;
	waiting->back_ms = run->now_ms;
	add_back(one, GP_GREYLIST_OF_HOUR, GP_GREYLIST_HOUR_MS, 1, run->now_ms);
	if (run->is_delayed)
		add_open(one, all, true, run->now_ms);
	add_back(all, delayed_id(run), GP_GREYLIST_DAY_MS, 1, run->now_ms);
	return do_step(run, &s);
}

/*
 * count_of_crowd: a try from a network that is remembered as one: nobody knows whether it is the
 * first of its contact, nor which of them come again. As long as networks are too many, they have
 * no counters of their own.
 */
static struct contact_counts count_of_crowd(const struct gp_greylist_run *run, struct step *s,
	enum gp_greylist_crowd crowd, bool is_early)
{
	static const struct gp_store_count none;
	struct contact_counts counts = {.of_hour = &none};
	if (crowd != GP_GREYLIST_CROWD_WIDE)
		counts.of_hour = add_count(
			add_client_network(run, s), GP_GREYLIST_OF_HOUR, GP_GREYLIST_HOUR_MS, 1);
	struct gp_store_take *all = add_take(s, gp_span_from(GP_GREYLIST_SUBJECT));
	counts.waiting = add_waiting(run, all, 0);
	counts.kept = add_kept(run, all, 0);
	if (is_early)
		add_count(all, delayed_id(run), GP_GREYLIST_DAY_MS, 1);
	return counts;
}

/* read_before: the record that was there before a note; false: there was none. */
static bool read_before(const struct note *n, struct gp_greylist_record *record_out)
{
	const struct gp_store_value *before = &n->note.before;
	return before->found == GP_STORE_FOUND && before->length <= sizeof n->before &&
	       gp_greylist_record_decode((struct gp_span) {n->before, before->length}, record_out);
}

/*
 * take_earlier: of what was there before a note that was to be the first: the earliest. True: there
 * was a record.
 */
static bool take_earlier(const struct note *n, int64_t now_ms, int64_t window_ms,
	struct gp_greylist_entry *earlier_out)
{
	struct gp_greylist_record r;
	if (!n->note.unless_there || !read_before(n, &r) ||
		(!r.has_passed && gp_greylist_since(now_ms, r.first_ms) > window_ms))
		return false;
	if (!earlier_out->is_there || earlier_out->record.first_ms > r.first_ms)
		*earlier_out = (struct gp_greylist_entry) {
			.key = n->note.key, .is_there = true, .record = r};
	return true;
}

/* say_crowd: why its contacts are not remembered by themselves; so many in the last hour. */
static void say_crowd(
	const struct gp_greylist_run *run, enum gp_greylist_crowd crowd, bool is_full, int64_t said)
{
	char network[GP_PREFIX_TEXT], delay[GP_DURATION_TEXT], why[64];
	const struct gp_greylist_settings *settings = run->query->contact.settings;
	const struct gp_prefix prefix = gp_greylist_crowd_network(&run->query->contact, crowd);
	if (said > CROWDS_SAID)
		return;
	snprintf(why, sizeof why,
		is_full ? "max_entries is reached" : "over %d new contacts in an hour",
		GP_GREYLIST_CROWD_MAX);
	gp_log_text(run->ctx->log, GP_LOG_WARNING,
		"greylisting: %s: %s: its new contacts are remembered as one, which waits for %s, "
		"and what comes later passes at the first try",
		gp_prefix_format(&prefix, network), why,
		gp_duration_period(settings->delay_ms, delay));
}

/* join_crowd: the entries that were made just now go, and the network stands for them. */
static int join_crowd(struct gp_greylist_run *run, const struct step *made, struct crowding why,
	struct gp_greylist_entry *earlier_out)
{
	const struct gp_greylist_settings *settings = run->query->contact.settings;
	const struct gp_greylist_record now = {.first_ms = run->now_ms, .last_ms = run->now_ms};
	struct step s = {.count = 0};
	struct gp_store_take *one = add_client_network(run, &s);
	struct gp_store_take *all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
	struct gp_store_count *waiting = add_waiting(run, all, 0);
	struct gp_store_count *crowds =
		add_count(all, GP_GREYLIST_CROWDS_OF_HOUR, GP_GREYLIST_HOUR_MS, 1);
	add_count(one, GP_GREYLIST_OF_HOUR, GP_GREYLIST_HOUR_MS, 0);
	if (run->is_delayed)
		add_open(one, all, true, run->now_ms);
	for (size_t i = 0; i < made->note_count; i++) {
		if (made->notes[i].note.before.found == GP_STORE_FOUND)
			continue;
		add_note(&s, made->notes[i].entry, &now, run->now_ms); /* ends now: removed */
		waiting->back = 1;
	}
	waiting->back_ms = run->now_ms;
	struct note *n =
		add_note(&s, &run->seen.crowds[why.crowd], &now, run->now_ms + CROWD_KEEP_MS);
	n->note.unless_there = true;
	int rc = do_step(run, &s);
	if (!rc && !take_earlier(n, run->now_ms, settings->window_ms, earlier_out))
		say_crowd(run, why.crowd, why.is_full, crowds->used);
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
	size_t earlier = 0;
	*earlier_out = (struct gp_greylist_entry) {.is_there = false};
	const struct contact_counts counts = count_first(run, &s);
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
		earlier += take_earlier(&s.notes[i], run->now_ms, settings->window_ms, earlier_out);
	struct crowding why;
	if (is_crowded(run, &counts, &why))
		return join_crowd(run, &s, why, earlier_out);
	return earlier == s.note_count ? uncount_first(run) : GP_OK;
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
int gp_greylist_of_crowd(struct gp_greylist_run *run, enum gp_greylist_crowd crowd, bool is_early)
{
	struct gp_greylist_entry *entry = &run->seen.crowds[crowd];
	struct step s = {.count = 0};
	struct crowding why;
	const struct contact_counts counts = count_of_crowd(run, &s, crowd, is_early);
	int rc = do_step(run, &s);
	if (rc || gp_greylist_was_within(run->now_ms, entry->record.last_ms, CROWD_USE_MS))
		return rc;
	bool is_ahead = entry->record.last_ms > run->now_ms;
	return is_ahead || is_crowded(run, &counts, &why) ? keep_crowd(run, entry) : GP_OK;
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
		if (entry->is_there &&
			gp_greylist_was_within(run->now_ms, r->last_ms, GP_GREYLIST_HOUR_MS))
			continue;
		bool is_ahead = entry->is_there && r->last_ms > run->now_ms;
		if (!entry->is_there)
			*r = (struct gp_greylist_record) {.first_ms = run->now_ms};
		r->has_passed = true;
		r->passes += !is_ahead && r->passes < GP_GREYLIST_PASSES_MAX;
		gp_greylist_touch(r, run->now_ms);
		add_note(s, entry, r, run->now_ms + settings->keep_ms);
	}
}

/* count_pass: that it passes, and that it waits no longer. */
static int count_pass(struct gp_greylist_run *run, const struct gp_greylist_record *first)
{
	const struct gp_greylist_contact *c = &run->query->contact;
	const struct gp_prefix network = first->network.addr.family == GP_IP_NONE
						 ? gp_greylist_network(c->settings, &c->client)
						 : first->network;
	struct step s = {.count = 0};
	int64_t then_ms = first->first_ms;
	struct gp_store_take *one = first->was_delayed ? add_network(&s, &network) : NULL;
	struct gp_store_take *all = add_take(&s, gp_span_from(GP_GREYLIST_SUBJECT));
	struct gp_store_count *waiting = add_waiting(run, all, 0);
	waiting->back = 1;
	waiting->back_ms = then_ms;
	(void)add_kept(run, all, 1);
	if (one) {
		add_count(all, GP_GREYLIST_PASSES, GP_GREYLIST_DAY_MS, 1);
		add_count(all, waited_id(gp_greylist_since(run->now_ms, then_ms)),
			GP_GREYLIST_DAY_MS, 1);
		add_open(one, all, true, then_ms);
	}
	return do_step(run, &s);
}

/* has_passed: had another process let the contact pass before this step? */
static bool has_passed(const struct step *s, size_t entries)
{
	struct gp_greylist_record r;
	for (size_t i = 0; i < entries; i++)
		if (read_before(&s->notes[i], &r) && r.has_passed)
			return true;
	return false;
}

/* gp_greylist_pass: under each origin, whichever it was recognised by; then it is counted, once. */
int gp_greylist_pass(struct gp_greylist_run *run, const struct gp_greylist_record *first)
{
	const struct gp_greylist_record passed = {.has_passed = true,
		.was_delayed = first->was_delayed,
		.first_ms = first->first_ms,
		.last_ms = run->now_ms > first->first_ms ? run->now_ms : first->first_ms};
	struct step s = {.count = 0};
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++)
		if (run->seen.entries[i].key.len)
			add_note(&s, &run->seen.entries[i], &passed,
				run->now_ms + run->query->contact.settings->keep_ms);
	size_t entries = s.note_count;
	add_passes(run, &s);
	int rc = do_step(run, &s);
	return rc || has_passed(&s, entries) ? rc : count_pass(run, first);
}

/* gp_greylist_is_fresh: for an hour, or an eighth of the time it is kept. */
bool gp_greylist_is_fresh(const struct gp_greylist_run *run, const struct gp_greylist_entry *entry)
{
	int64_t keep_ms = run->query->contact.settings->keep_ms;
	int64_t every_ms = keep_ms / 8 < USE_EVERY_MS ? keep_ms / 8 : USE_EVERY_MS;
	return entry->is_there && entry->record.has_passed &&
	       gp_greylist_was_within(run->now_ms, entry->record.last_ms, every_ms);
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
