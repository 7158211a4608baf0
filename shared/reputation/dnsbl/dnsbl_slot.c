/* SPDX-License-Identifier: ISC */
/*
 * The life of a list: untested, then at work or suspended, then at work again. Each call adds what
 * was seen and then looks whether a rule suspends the list; only one that works can be suspended,
 * so that a late answer does not change the reason.
 */
#include "reputation/dnsbl/dnsbl_slot_private.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#include "reputation/dnsbl/dnsbl_judge.h"

#define HOUR_S 3600
#define DAY_S 86400
#define DEAD_S (7 * DAY_S)
#define PAUSE_S 60   /* before the first test of a suspended list */
#define PAUSES_MAX 6 /* doublings of it, up to an hour */
#define SILENT_IN_ROW 10
#define DOUBT_NETWORKS 10         /* of which nearly all are listed */
#define DOUBT_S 600               /* since the last test */
#define WORLD_REST_S (2 * HOUR_S) /* longer than from one hourly test to the next */
#define GOOD_ROUNDS 2
#define RECENT_MASK (((uint64_t)1 << GP_DNSBL_RECENT) - 1)

/* gp_dnsbl_slot_id: FNV-1a of the name and the zone that is queried, which has the key in it. */
uint64_t gp_dnsbl_slot_id(const struct gp_dnsbl_list *list)
{
	const char *zone = list->asked_zone ? list->asked_zone : list->zone;
	uint64_t h = 0xcbf29ce484222325u;
	for (const char *p = list->name; p && *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h *= 0x100000001b3u; /* the end of the name */
	for (const char *p = zone; p && *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return h ? h : 1;
}

/* jittered: give or take a tenth, so that hosts and lists do not test at the same moment. */
static int64_t jittered(int64_t pause_s)
{
	uint32_t tenth = (uint32_t)(pause_s / 10);
	return pause_s - tenth + arc4random_uniform(2 * tenth + 1);
}

/* pause_s: before the next test of a suspended list. */
static int64_t pause_s(const struct gp_dnsbl_slot *slot)
{
	unsigned doublings = slot->failed_rounds < PAUSES_MAX ? slot->failed_rounds : PAUSES_MAX;
	int64_t pause = (int64_t)PAUSE_S << doublings;
	return pause < HOUR_S ? pause : HOUR_S;
}

/* test_after: sets when the next test is due. */
static void test_after(struct gp_dnsbl_slot *slot, int64_t now_s, int64_t seconds)
{
	slot->next_test_s = now_s + seconds;
	slot->claimed_until_s = 0;
}

/* change: another status, from now on. */
static void change(struct gp_dnsbl_slot *slot, enum gp_dnsbl_status status,
	enum gp_dnsbl_reason reason, const char *detail, int64_t now_s)
{
	slot->status = status;
	slot->reason = reason;
	(void)strlcpy(slot->detail, detail, sizeof slot->detail); /* is cut */
	slot->since_s = now_s;
	slot->good_rounds = 0;
	slot->is_changed = true;
	memset(&slot->recent, 0, sizeof slot->recent);
}

/* gp_dnsbl_slot_tell: nothing, where nobody listens. */
struct gp_dnsbl_event *gp_dnsbl_slot_tell(const struct gp_dnsbl_slot_ctx *sc,
	enum gp_dnsbl_event_kind kind, enum gp_dnsbl_reason reason, const char *detail)
{
	if (!sc->events || sc->events->count >= GP_DNSBL_EVENTS_MAX)
		return NULL;
	struct gp_dnsbl_event *event = &sc->events->items[sc->events->count++];
	*event = (struct gp_dnsbl_event) {.kind = kind, .list = sc->list, .reason = reason};
	(void)strlcpy(event->detail, detail, sizeof event->detail); /* is cut */
	return event;
}

/*
 * suspend: asked no more about mail. A relapse begins with a longer pause than the last one, unless
 * the share of clients says so: a server that few but spammers connect to may see any good list
 * list nearly everybody.
 */
static void suspend(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	enum gp_dnsbl_reason reason, const char *detail)
{
	if (slot->is_back && reason != GP_DNSBL_LISTS_WORLD && slot->failed_rounds < PAUSES_MAX)
		slot->failed_rounds++;
	slot->is_back = false;
	change(slot, GP_DNSBL_SUSPENDED, reason, detail, sc->now_s);
	test_after(slot, sc->now_s, jittered(pause_s(slot)));
	(void)gp_dnsbl_slot_tell(sc, GP_DNSBL_EVENT_SUSPENDED, reason, detail);
}

/* gp_dnsbl_slot_start: nothing that was seen before counts; counters stay. */
void gp_dnsbl_slot_start(struct gp_dnsbl_slot *slot, int64_t now_s)
{
	change(slot, GP_DNSBL_UNTESTED, GP_DNSBL_NO_REASON, "", now_s);
	slot->failed_rounds = 0;
	slot->is_back = false;
	slot->world_rest_s = 0;
	slot->started_s = now_s;
	test_after(slot, now_s, 0);
}

/* gp_dnsbl_slot_configure: a list that does not work is tested at once, for what was wrong may have
 * been corrected. */
void gp_dnsbl_slot_configure(
	struct gp_dnsbl_slot *slot, const struct gp_dnsbl_list *list, int64_t now_s)
{
	bool was_unused = slot->has_no_key || slot->is_closed || slot->is_off_by_config;
	slot->has_no_key = list->no_key != NULL;
	slot->is_closed = list->dead != NULL;
	slot->is_off_by_config = list->is_off;
	slot->is_aside = list->submission || !(list->asks & ~GP_DNSBL_ASKS_DKIM);
	if (slot->status == GP_DNSBL_UNTESTED || was_unused)
		gp_dnsbl_slot_start(slot, now_s);
	else if (slot->status != GP_DNSBL_OK)
		test_after(slot, now_s, 0);
}

/* is_late: has it stayed untested for too long? A clock that was set back does not matter. */
static bool is_late(const struct gp_dnsbl_slot *slot, int64_t now_s)
{
	return slot->status == GP_DNSBL_UNTESTED &&
	       (now_s - slot->started_s > GP_DNSBL_START_S || now_s < slot->started_s);
}

/* gp_dnsbl_slot_status: what was said of the list comes before what it said. */
enum gp_dnsbl_status gp_dnsbl_slot_status(
	const struct gp_dnsbl_slot *slot, int64_t now_s, enum gp_dnsbl_reason *reason_out)
{
	*reason_out = GP_DNSBL_NO_REASON;
	if (slot->is_off || slot->is_off_by_config)
		return GP_DNSBL_OFF;
	if (slot->is_closed)
		return GP_DNSBL_DEAD;
	*reason_out = slot->has_no_key       ? GP_DNSBL_NO_KEY
		      : is_late(slot, now_s) ? GP_DNSBL_NOT_TESTED
					     : slot->reason;
	if (slot->has_no_key || is_late(slot, now_s))
		return GP_DNSBL_SUSPENDED;
	return (unsigned)slot->status < GP_DNSBL_OFF ? slot->status : GP_DNSBL_SUSPENDED;
}

/* is_unused: is nothing asked, not even tests? */
static bool is_unused(const struct gp_dnsbl_slot *slot)
{
	return slot->is_off || slot->is_off_by_config || slot->is_closed || slot->has_no_key;
}

/* gp_dnsbl_slot_settle: the test stays due. */
void gp_dnsbl_slot_settle(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	if (is_unused(slot) || !is_late(slot, sc->now_s))
		return;
	change(slot, GP_DNSBL_SUSPENDED, GP_DNSBL_NOT_TESTED, "", sc->now_s);
	(void)gp_dnsbl_slot_tell(sc, GP_DNSBL_EVENT_SUSPENDED, GP_DNSBL_NOT_TESTED, "");
}

/* gp_dnsbl_slot_due_s: later than any test could be is a clock that was set: due now. */
int64_t gp_dnsbl_slot_due_s(const struct gp_dnsbl_slot *slot, int64_t now_s)
{
	if (is_unused(slot))
		return INT64_MAX;
	int64_t due_s = slot->next_test_s > now_s + 2 * HOUR_S ? now_s : slot->next_test_s;
	bool is_claimed =
		slot->claimed_until_s > now_s && slot->claimed_until_s <= now_s + 2 * PAUSE_S;
	return is_claimed && slot->claimed_until_s > due_s ? slot->claimed_until_s : due_s;
}

/* gp_dnsbl_slot_hurry: whatever its pauses are. */
bool gp_dnsbl_slot_hurry(struct gp_dnsbl_slot *slot, int64_t now_s)
{
	if (is_unused(slot))
		return false;
	test_after(slot, now_s, 0);
	return true;
}

/* ---- what is seen ---- */

/* saw_query: one more of the last ones. */
static void saw_query(struct gp_dnsbl_recent *recent, bool is_silent, bool is_refused)
{
	recent->silent = (recent->silent << 1 | is_silent) & RECENT_MASK;
	if (recent->count < GP_DNSBL_RECENT)
		recent->count++;
	recent->in_row = is_silent ? recent->in_row + 1 : 0;
	recent->refused_in_row = is_refused ? recent->refused_in_row + 1 : 0;
}

/* saw_queries: failures first, since one answer shows that the list is there. */
static void saw_queries(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_noted *noted)
{
	unsigned failures = noted->timeouts + noted->failed;
	unsigned others = failures + noted->refused + noted->unasked;
	for (unsigned i = 0; i < failures; i++)
		saw_query(&slot->recent, true, false);
	for (unsigned i = 0; i < noted->refused; i++)
		saw_query(&slot->recent, true, true);
	for (unsigned i = others; i < noted->questions; i++)
		saw_query(&slot->recent, false, false);
	if (others > noted->unasked)
		slot->is_changed = true;
}

/* network_of: a number for the client's network. */
static uint32_t network_of(const struct gp_ipaddr *client)
{
	struct gp_prefix network = {*client, client->family == GP_IP_V4 ? 24 : 48};
	network = gp_prefix_masked(network);
	uint32_t h = 2166136261u ^ (uint32_t)client->family;
	for (size_t i = 0; i < sizeof network.addr.bytes; i++)
		h = (h ^ network.addr.bytes[i]) * 16777619u;
	return h;
}

/*
 * saw_network: the client's network is listed, or not; the oldest one gives way. True: there are
 * now enough for a look at their share, all of them new since the last look. A look at each one
 * would find by chance, sooner or later, nearly any share.
 */
static bool saw_network(
	struct gp_dnsbl_slot *slot, uint32_t network, bool is_listed, unsigned enough)
{
	struct gp_dnsbl_recent *recent = &slot->recent;
	bool is_look = false;
	unsigned i = 0;
	while (i < recent->network_count && i < GP_DNSBL_NETWORKS && recent->networks[i] != network)
		i++;
	if (i >= recent->network_count || i >= GP_DNSBL_NETWORKS) {
		i = recent->network_next % GP_DNSBL_NETWORKS;
		recent->network_next = (i + 1) % GP_DNSBL_NETWORKS;
		if (recent->network_count < GP_DNSBL_NETWORKS)
			is_look = ++recent->network_count == enough;
		is_look = is_look || recent->network_next == 0;
		slot->is_changed = true;
	}
	recent->networks[i] = network;
	recent->listed &= ~((uint64_t)1 << i);
	recent->listed |= (uint64_t)is_listed << i;
	return is_look;
}

/* count_code: one more of it; false: it has no place of its own. */
static bool count_code(struct gp_dnsbl_code_count *items, unsigned *count, unsigned max,
	struct gp_dnsbl_code code, unsigned *at_out)
{
	unsigned i = 0;
	if (*count > max)
		*count = max;
	while (i < *count && memcmp(&items[i].code, &code, sizeof code) != 0)
		i++;
	if (i == max)
		return false;
	if (i == *count) {
		items[i] = (struct gp_dnsbl_code_count) {.code = code};
		(*count)++;
	}
	items[i].count++;
	*at_out = i;
	return true;
}

/* saw_unknown: counted, and told once a day. */
static void saw_unknown(
	struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc, struct gp_dnsbl_code code)
{
	struct gp_dnsbl_counts *counts = &slot->counts;
	char text[GP_DNSBL_CODE_TEXT];
	unsigned at;
	int64_t day = sc->now_s / DAY_S;
	counts->unknown++;
	if (!count_code(counts->unknown_codes, &counts->unknown_count, GP_DNSBL_UNKNOWN_MAX, code,
		    &at)) {
		counts->other_unknown++;
		return;
	}
	if (counts->told_day[at] == day)
		return;
	counts->told_day[at] = day;
	(void)gp_dnsbl_slot_tell(
		sc, GP_DNSBL_EVENT_UNKNOWN, GP_DNSBL_NO_REASON, gp_dnsbl_code_format(code, text));
}

/* What the records of a mail's answers show. */
struct seen {
	bool has_hit, has_unknown, has_trouble;
	bool is_look;                /* at the share of networks */
	enum gp_dnsbl_reason reason; /* of the first record that means trouble */
	struct gp_dnsbl_code code;
};

/* saw_code: by its meaning. */
static void saw_code(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	struct gp_dnsbl_code code, struct seen *seen)
{
	const struct gp_dnsbl_rule *rule;
	unsigned at;
	enum gp_dnsbl_meaning meaning = gp_dnsbl_meaning_of(sc->list, code, &rule);
	if (meaning == GP_DNSBL_HIT) {
		seen->has_hit = true;
		if (!count_code(slot->counts.codes, &slot->counts.code_count, GP_DNSBL_CODES_MAX,
			    code, &at))
			slot->counts.other_codes++;
	} else if (meaning == GP_DNSBL_UNKNOWN) {
		seen->has_unknown = true;
		saw_unknown(slot, sc, code);
	} else {
		slot->counts.errors++;
		if (seen->has_trouble)
			return;
		seen->has_trouble = true;
		seen->code = code;
		seen->reason =
			meaning == GP_DNSBL_ERROR ? GP_DNSBL_ERROR_CODE : GP_DNSBL_ANSWERS_OUTSIDE;
	}
}

/* count_mail: the sums. */
static void count_mail(
	struct gp_dnsbl_slot *slot, const struct gp_dnsbl_noted *noted, const struct seen *seen)
{
	struct gp_dnsbl_counts *counts = &slot->counts;
	unsigned silent = noted->timeouts + noted->refused + noted->failed + noted->unasked;
	bool answered = noted->questions > silent;
	counts->questions += noted->questions - noted->unasked;
	counts->timeouts += noted->timeouts;
	counts->refused += noted->refused;
	counts->failed += noted->failed;
	if (seen->has_hit && !seen->has_trouble)
		counts->listed++;
	else if (answered && !seen->has_trouble && !seen->has_unknown && !noted->leaves_zone)
		counts->not_listed++;
	if (noted->took_us >= 0)
		gp_histogram_add(&counts->took, noted->took_us);
}

/* ---- rules ---- */

/* suspend_by_silence: too many queries without an answer. */
static bool suspend_by_silence(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	const struct gp_dnsbl_recent *recent = &slot->recent;
	char detail[GP_DNSBL_DETAIL];
	int silent = __builtin_popcountll(recent->silent & RECENT_MASK);
	if (recent->refused_in_row >= SILENT_IN_ROW) {
		snprintf(detail, sizeof detail, "%u in a row", recent->refused_in_row);
		suspend(slot, sc, GP_DNSBL_REFUSED, detail);
	} else if (recent->in_row >= SILENT_IN_ROW) {
		snprintf(detail, sizeof detail, "%u in a row", recent->in_row);
		suspend(slot, sc, GP_DNSBL_TIMEOUTS, detail);
	} else if (recent->count >= GP_DNSBL_RECENT && 2 * silent > GP_DNSBL_RECENT) {
		snprintf(detail, sizeof detail, "%d of the last %d", silent, GP_DNSBL_RECENT);
		suspend(slot, sc, GP_DNSBL_TIMEOUTS, detail);
	}
	return slot->status != GP_DNSBL_OK;
}

/* lists_share: does it list so many of the clients that it was asked about lately? */
static bool lists_share(
	const struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc, unsigned networks)
{
	const struct gp_dnsbl_recent *recent = &slot->recent;
	unsigned listed = (unsigned)__builtin_popcountll(recent->listed);
	return sc->world.percent && recent->network_count >= networks &&
	       listed * 100 >= sc->world.percent * recent->network_count;
}

/*
 * is_world_at_rest: have its tests shown of late that it does not list the world, whatever it lists
 * of the clients of this server? A clock that was set back ends that.
 */
static bool is_world_at_rest(const struct gp_dnsbl_slot *slot, int64_t now_s)
{
	return slot->world_rest_s > now_s && slot->world_rest_s <= now_s + WORLD_REST_S;
}

/* suspend_by_world: a share of clients that no real list has. */
static void suspend_by_world(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	char detail[GP_DNSBL_DETAIL];
	if (!lists_share(slot, sc, sc->world.networks) || is_world_at_rest(slot, sc->now_s))
		return;
	snprintf(detail, sizeof detail, "%d of %u client networks",
		__builtin_popcountll(slot->recent.listed), slot->recent.network_count);
	suspend(slot, sc, GP_DNSBL_LISTS_WORLD, detail);
}

/* test_by_doubt: a few such clients say little, but the canaries say more than the next fifty. */
static void test_by_doubt(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	if (lists_share(slot, sc, DOUBT_NETWORKS) && slot->next_test_s > sc->now_s &&
		sc->now_s - slot->last_test_s >= DOUBT_S)
		slot->next_test_s = sc->now_s;
}

/* judge_slot: the rules about mail, the surest first. */
static void judge_slot(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_noted *noted, const struct seen *seen)
{
	char text[GP_DNSBL_CODE_TEXT];
	if (slot->status != GP_DNSBL_OK || is_unused(slot))
		return;
	if (seen->has_trouble)
		suspend(slot, sc, seen->reason, gp_dnsbl_code_format(seen->code, text));
	else if (noted->leaves_zone)
		suspend(slot, sc, GP_DNSBL_LEAVES_ZONE, "");
	else if (!suspend_by_silence(slot, sc) && seen->is_look)
		suspend_by_world(slot, sc);
	if (slot->status == GP_DNSBL_OK)
		test_by_doubt(slot, sc);
}

/* gp_dnsbl_slot_note: counts, remembers, and looks at the rules. */
void gp_dnsbl_slot_note(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_noted *noted, const struct gp_ipaddr *client)
{
	struct seen seen = {0};
	unsigned silent = noted->timeouts + noted->refused + noted->failed + noted->unasked;
	for (size_t i = 0; i < noted->code_count; i++)
		saw_code(slot, sc, noted->codes[i], &seen);
	count_mail(slot, noted, &seen);
	saw_queries(slot, noted);
	if (client->family != GP_IP_NONE && noted->questions > silent && !sc->list->everybody)
		seen.is_look = saw_network(
			slot, network_of(client), noted->weight > 0, sc->world.networks);
	slot->stamp_s = sc->now_s;
	judge_slot(slot, sc, noted, &seen);
}

/* ---- tests ---- */

/* gp_dnsbl_slot_doubt: the reason, or what the share of clients makes likely. */
enum gp_dnsbl_reason gp_dnsbl_slot_doubt(
	const struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	bool is_doubted =
		slot->status == GP_DNSBL_OK &&
		(is_world_at_rest(slot, sc->now_s) || lists_share(slot, sc, DOUBT_NETWORKS));
	return is_doubted ? GP_DNSBL_LISTS_WORLD : slot->reason;
}

/* rest_world: its canaries are not listed; so it stays as long as its hourly tests say so. */
static void rest_world(struct gp_dnsbl_slot *slot, int64_t now_s)
{
	slot->world_rest_s = now_s + WORLD_REST_S;
}

/* passed: a good round. */
static void passed(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc)
{
	if (slot->status == GP_DNSBL_OK) {
		if (sc->now_s - slot->since_s >= HOUR_S / 2) {
			slot->failed_rounds = 0;
			slot->is_back = false;
		}
		if (is_world_at_rest(slot, sc->now_s))
			rest_world(slot, sc->now_s);
		test_after(slot, sc->now_s, jittered(HOUR_S));
		return;
	}
	bool was_suspended = slot->status != GP_DNSBL_UNTESTED;
	bool is_first = !was_suspended || slot->reason == GP_DNSBL_NOT_TESTED;
	slot->good_rounds++;
	if (!is_first && slot->good_rounds < GOOD_ROUNDS) {
		test_after(slot, sc->now_s, jittered(PAUSE_S));
		return;
	}
	enum gp_dnsbl_reason reason = slot->reason;
	change(slot, GP_DNSBL_OK, GP_DNSBL_NO_REASON, "", sc->now_s);
	test_after(slot, sc->now_s, jittered(HOUR_S));
	slot->is_back = !is_first;
	if (reason == GP_DNSBL_LISTS_WORLD)
		rest_world(slot, sc->now_s);
	if (was_suspended)
		(void)gp_dnsbl_slot_tell(sc, GP_DNSBL_EVENT_BACK, reason, "");
}

/* failed_again: a suspended list stays so; the reason is the newest. */
static void failed_again(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_outcome *outcome)
{
	slot->reason = outcome->reason;
	(void)strlcpy(slot->detail, outcome->detail, sizeof slot->detail); /* is cut */
	slot->good_rounds = 0;
	if (slot->failed_rounds < PAUSES_MAX)
		slot->failed_rounds++;
	test_after(slot, sc->now_s, jittered(pause_s(slot)));
	if (slot->status == GP_DNSBL_DEAD || sc->now_s - slot->since_s < DEAD_S)
		return;
	slot->status = GP_DNSBL_DEAD;
	slot->since_s = sc->now_s;
	(void)gp_dnsbl_slot_tell(sc, GP_DNSBL_EVENT_DEAD, slot->reason, slot->detail);
}

/*
 * missed: a list that works has not answered a test. One lost packet says nothing: it counts as
 * those of mail do, and the test is repeated soon.
 */
static void missed(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_outcome *outcome)
{
	for (unsigned i = 0; i < outcome->timeouts; i++)
		saw_query(&slot->recent, true, false);
	test_after(slot, sc->now_s, jittered(PAUSE_S));
	(void)suspend_by_silence(slot, sc);
}

/* gp_dnsbl_slot_tested: by how the list stood before. */
void gp_dnsbl_slot_tested(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot_ctx *sc,
	const struct gp_dnsbl_outcome *outcome)
{
	slot->claimed_until_s = 0;
	if (is_unused(slot))
		return;
	if (outcome->is_void) {
		test_after(slot, sc->now_s, jittered(PAUSE_S));
		return;
	}
	slot->last_test_s = slot->stamp_s = sc->now_s;
	slot->last_test_us = outcome->took_us;
	slot->is_changed = true;
	if (outcome->reason == GP_DNSBL_NO_REASON)
		passed(slot, sc);
	else if (slot->status == GP_DNSBL_OK && outcome->reason == GP_DNSBL_TIMEOUTS)
		missed(slot, sc, outcome);
	else if (slot->status == GP_DNSBL_OK || slot->status == GP_DNSBL_UNTESTED)
		suspend(slot, sc, outcome->reason, outcome->detail);
	else
		failed_again(slot, sc, outcome);
}
