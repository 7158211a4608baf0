/* SPDX-License-Identifier: ISC */
/*
 * The table: slots under one lock, found by a number for list and zone. No call waits for anything
 * else while it holds the lock. What a process leaves that dies here is a slot half written, which
 * the rules bear (dnsbl_slot_private.h), or a list that has no slot until the next configure.
 */
#include "reputation/dnsbl/dnsbl_health_private.h"

#include <bsd/string.h>
#include <string.h>

#include "base/shared_lock.h"

#define WORLD_NETWORKS 50
#define CLAIM_S 60

/* gp_dnsbl_status_name: words of status and metrics. */
const char *gp_dnsbl_status_name(enum gp_dnsbl_status status)
{
	static const char *const names[] = {"untested", "ok", "suspended", "dead", "off"};
	size_t i = (size_t)status;
	return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* gp_dnsbl_reason_text: a few words for people. */
const char *gp_dnsbl_reason_text(enum gp_dnsbl_reason reason)
{
	static const char *const texts[] = {
		[GP_DNSBL_NO_REASON] = "",
		[GP_DNSBL_ERROR_CODE] = "error code",
		[GP_DNSBL_ANSWERS_OUTSIDE] = "answers outside 127.0.0.0/8",
		[GP_DNSBL_LEAVES_ZONE] = "answers with a CNAME that leaves the zone",
		[GP_DNSBL_CANARY_LISTED] = "canary listed",
		[GP_DNSBL_TEST_MISSING] = "test entry missing",
		[GP_DNSBL_TIMEOUTS] = "timeouts",
		[GP_DNSBL_REFUSED] = "REFUSED or SERVFAIL for everything",
		[GP_DNSBL_LISTS_WORLD] = "lists the world",
		[GP_DNSBL_NO_KEY] = "no key",
		[GP_DNSBL_NOT_TESTED] = "not tested in time",
	};
	size_t i = (size_t)reason;
	return i < sizeof texts / sizeof texts[0] ? texts[i] : "unknown";
}

/* gp_dnsbl_health_size: of the table. */
size_t gp_dnsbl_health_size(void)
{
	return sizeof(struct gp_dnsbl_health);
}

/* gp_dnsbl_health_init: zeroes are an empty table. */
int gp_dnsbl_health_init(void *memory, struct gp_dnsbl_health **health_out)
{
	struct gp_dnsbl_health *health = memory;
	int rc = gp_shared_lock_init(&health->lock);
	if (rc == GP_OK)
		*health_out = health;
	return rc;
}

/* find_slot: of a list, or NULL. The lock is held. */
static struct gp_dnsbl_slot *find_slot(struct gp_dnsbl_health *health, uint64_t id)
{
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++)
		if (health->slots[i].id == id)
			return &health->slots[i];
	return NULL;
}

/* gp_dnsbl_health_take: by name and zone. */
struct gp_dnsbl_slot *gp_dnsbl_health_take(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list)
{
	gp_shared_lock_take(&health->lock);
	return find_slot(health, gp_dnsbl_slot_id(list));
}

/* gp_dnsbl_health_release: the lock. */
void gp_dnsbl_health_release(struct gp_dnsbl_health *health)
{
	pthread_mutex_unlock(&health->lock);
}

/* context_of: for the rules. */
static struct gp_dnsbl_slot_ctx context_of(const struct gp_dnsbl_health *health,
	const struct gp_dnsbl_list *list, int64_t now_s, struct gp_dnsbl_events *events)
{
	return (struct gp_dnsbl_slot_ctx) {list, health->world, now_s, events};
}

/* How many lists there are to ask, and of which kinds. */
struct census {
	unsigned all, ok, untested;
};

/* count_lists: those that are asked about mail and not off. The lock is held. */
static struct census count_lists(const struct gp_dnsbl_health *health, int64_t now_s)
{
	struct census census = {0};
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++) {
		enum gp_dnsbl_reason reason;
		if (!health->slots[i].id || health->slots[i].is_aside)
			continue;
		enum gp_dnsbl_status status =
			gp_dnsbl_slot_status(&health->slots[i], now_s, &reason);
		census.all += status != GP_DNSBL_OFF;
		census.ok += status == GP_DNSBL_OK;
		census.untested += status == GP_DNSBL_UNTESTED;
	}
	return census;
}

/* is_none_left: are there lists to ask, and none that works or may turn out to? */
static bool is_none_left(struct census census)
{
	return census.all && !census.ok && !census.untested;
}

/* tell_none_left: once, when it becomes true, and when a list works again. The lock is held. */
static void tell_none_left(
	struct gp_dnsbl_health *health, int64_t now_s, struct gp_dnsbl_events *events)
{
	const struct gp_dnsbl_slot_ctx sc = context_of(health, NULL, now_s, events);
	struct census census = count_lists(health, now_s);
	bool was_none = health->none_left;
	health->none_left = was_none ? census.all && !census.ok : is_none_left(census);
	if (health->none_left && !was_none)
		(void)gp_dnsbl_slot_tell(&sc, GP_DNSBL_EVENT_NONE_LEFT, GP_DNSBL_NO_REASON, "");
	else if (was_none && census.ok)
		(void)gp_dnsbl_slot_tell(&sc, GP_DNSBL_EVENT_SOME_LEFT, GP_DNSBL_NO_REASON, "");
}

/* ---- lists ---- */

/* is_among: is it one of these lists? */
static bool is_among(const struct gp_dnsbl_health_lists *lists, uint64_t id)
{
	for (size_t i = 0; i < lists->count && i < GP_DNSBL_LISTS_MAX; i++)
		if (gp_dnsbl_slot_id(&lists->lists[i]) == id)
			return true;
	return false;
}

/* place_for: the list's slot, or a free one, made its own; NULL: more lists than places. */
static struct gp_dnsbl_slot *place_for(struct gp_dnsbl_health *health, uint64_t id, int64_t now_s)
{
	struct gp_dnsbl_slot *slot = find_slot(health, id);
	if (slot)
		return slot;
	slot = find_slot(health, 0);
	if (!slot)
		return NULL;
	gp_dnsbl_slot_start(slot, now_s);
	slot->id = id;
	return slot;
}

/* gp_dnsbl_health_configure: those that left make room first. */
void gp_dnsbl_health_configure(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_health_lists *lists, int64_t now_s)
{
	gp_shared_lock_take(&health->lock);
	health->is_private = lists->is_private;
	health->world.percent = lists->world_percent;
	health->world.networks = lists->world_networks ? lists->world_networks : WORLD_NETWORKS;
	if (health->world.networks > GP_DNSBL_NETWORKS)
		health->world.networks = GP_DNSBL_NETWORKS;
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++)
		if (health->slots[i].id && !is_among(lists, health->slots[i].id))
			memset(&health->slots[i], 0, sizeof health->slots[i]);
	for (size_t i = 0; i < lists->count; i++) {
		const struct gp_dnsbl_list *list = &lists->lists[i];
		struct gp_dnsbl_slot *slot = place_for(health, gp_dnsbl_slot_id(list), now_s);
		if (slot)
			gp_dnsbl_slot_configure(slot, list, now_s);
	}
	gp_dnsbl_health_release(health);
}

/* gp_dnsbl_health_is_private: as it was configured. */
bool gp_dnsbl_health_is_private(struct gp_dnsbl_health *health)
{
	gp_shared_lock_take(&health->lock);
	bool is_private = health->is_private;
	gp_dnsbl_health_release(health);
	return is_private;
}

/* gp_dnsbl_health_switch: a list that is switched on begins anew. */
void gp_dnsbl_health_switch(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	bool is_off, int64_t now_s)
{
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	if (slot && slot->is_off != is_off) {
		gp_dnsbl_slot_start(slot, now_s);
		slot->is_off = is_off;
	}
	gp_dnsbl_health_release(health);
}

/* gp_dnsbl_health_usable: only what works. */
void gp_dnsbl_health_usable(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *lists,
	size_t count, int64_t now_s, bool *is_usable_out, struct gp_dnsbl_events *events)
{
	gp_shared_lock_take(&health->lock);
	for (size_t i = 0; i < count; i++) {
		const struct gp_dnsbl_slot_ctx sc = context_of(health, &lists[i], now_s, events);
		struct gp_dnsbl_slot *slot = find_slot(health, gp_dnsbl_slot_id(&lists[i]));
		enum gp_dnsbl_reason reason;
		is_usable_out[i] = false;
		if (!slot)
			continue;
		gp_dnsbl_slot_settle(slot, &sc);
		is_usable_out[i] = gp_dnsbl_slot_status(slot, now_s, &reason) == GP_DNSBL_OK;
	}
	tell_none_left(health, now_s, events);
	gp_dnsbl_health_release(health);
}

/* gp_dnsbl_health_note: list by list. */
void gp_dnsbl_health_note(struct gp_dnsbl_health *health, const struct gp_dnsbl_noted *noted,
	size_t count, const struct gp_ipaddr *client, int64_t now_s, struct gp_dnsbl_events *events)
{
	gp_shared_lock_take(&health->lock);
	for (size_t i = 0; i < count; i++) {
		const struct gp_dnsbl_slot_ctx sc =
			context_of(health, noted[i].list, now_s, events);
		struct gp_dnsbl_slot *slot = find_slot(health, gp_dnsbl_slot_id(noted[i].list));
		if (slot)
			gp_dnsbl_slot_note(slot, &sc, &noted[i], client);
	}
	tell_none_left(health, now_s, events);
	gp_dnsbl_health_release(health);
}

/* ---- tests ---- */

/* gp_dnsbl_health_claim: the first caller has it. */
bool gp_dnsbl_health_claim(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	int64_t now_s, enum gp_dnsbl_reason *reason_out)
{
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	const struct gp_dnsbl_slot_ctx sc = context_of(health, list, now_s, NULL);
	bool is_due = slot && gp_dnsbl_slot_due_s(slot, now_s) <= now_s;
	*reason_out = GP_DNSBL_NO_REASON;
	if (is_due) {
		slot->claimed_until_s = now_s + CLAIM_S;
		*reason_out = gp_dnsbl_slot_doubt(slot, &sc);
	}
	gp_dnsbl_health_release(health);
	return is_due;
}

/* gp_dnsbl_health_hurry: a claim on it ends. */
bool gp_dnsbl_health_hurry(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list, int64_t now_s)
{
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	bool is_tested = slot && gp_dnsbl_slot_hurry(slot, now_s);
	gp_dnsbl_health_release(health);
	return is_tested;
}

/* gp_dnsbl_health_next_s: of all lists. */
int64_t gp_dnsbl_health_next_s(struct gp_dnsbl_health *health, int64_t now_s, int64_t most_s)
{
	int64_t next_s = now_s + most_s;
	gp_shared_lock_take(&health->lock);
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++) {
		if (!health->slots[i].id)
			continue;
		int64_t due_s = gp_dnsbl_slot_due_s(&health->slots[i], now_s);
		next_s = due_s < next_s ? due_s : next_s;
	}
	gp_dnsbl_health_release(health);
	return next_s > now_s ? next_s - now_s : 0;
}

/* gp_dnsbl_health_tested: by the rules of a slot. */
void gp_dnsbl_health_tested(struct gp_dnsbl_health *health, const struct gp_dnsbl_outcome *outcome,
	int64_t now_s, struct gp_dnsbl_events *events)
{
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, outcome->list);
	const struct gp_dnsbl_slot_ctx sc = context_of(health, outcome->list, now_s, events);
	if (slot)
		gp_dnsbl_slot_tested(slot, &sc, outcome);
	tell_none_left(health, now_s, events);
	gp_dnsbl_health_release(health);
}

/* ---- for people ---- */

/* view_counts: plain numbers. */
static void view_counts(struct gp_dnsbl_counts *counts, struct gp_dnsbl_health_view *view)
{
	view->questions = counts->questions;
	view->listed = counts->listed;
	view->not_listed = counts->not_listed;
	view->unknown = counts->unknown;
	view->errors = counts->errors;
	view->timeouts = counts->timeouts;
	view->refused = counts->refused;
	view->failed = counts->failed;
	memcpy(view->codes, counts->codes, sizeof view->codes);
	view->code_count =
		counts->code_count < GP_DNSBL_CODES_MAX ? counts->code_count : GP_DNSBL_CODES_MAX;
	view->other_codes = counts->other_codes;
	memcpy(view->unknown_codes, counts->unknown_codes, sizeof view->unknown_codes);
	view->unknown_count = counts->unknown_count < GP_DNSBL_UNKNOWN_MAX ? counts->unknown_count
									   : GP_DNSBL_UNKNOWN_MAX;
	view->other_unknown = counts->other_unknown;
	gp_histogram_read(&counts->took, &view->took);
}

/* view_slot: its status first. */
static void view_slot(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_list *list, int64_t now_s,
	struct gp_dnsbl_health_view *view)
{
	int64_t due_s = gp_dnsbl_slot_due_s(slot, now_s);
	const char *detail = slot->is_closed ? list->dead : list->no_key;
	view->is_known = true;
	view->status = gp_dnsbl_slot_status(slot, now_s, &view->reason);
	if (detail && (slot->is_closed || slot->has_no_key))
		(void)strlcpy(view->detail, detail, sizeof view->detail); /* is cut */
	else if (view->status == GP_DNSBL_SUSPENDED || view->status == GP_DNSBL_DEAD)
		(void)strlcpy(view->detail, slot->detail, sizeof view->detail);
	view->since_s = slot->since_s;
	view->last_test_s = slot->last_test_s;
	view->last_test_us = slot->last_test_us > 0 ? slot->last_test_us : -1;
	view->next_test_s = due_s == INT64_MAX ? 0 : due_s;
	view->good_rounds = slot->good_rounds;
	view->failed_rounds = slot->failed_rounds;
	view_counts(&slot->counts, view);
}

/* gp_dnsbl_health_view: nothing changes by it. */
void gp_dnsbl_health_view(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	int64_t now_s, struct gp_dnsbl_health_view *view_out)
{
	memset(view_out, 0, sizeof *view_out);
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	if (slot)
		view_slot(slot, list, now_s, view_out);
	gp_dnsbl_health_release(health);
}

/* take_census: with the lock. */
static struct census take_census(struct gp_dnsbl_health *health, int64_t now_s)
{
	gp_shared_lock_take(&health->lock);
	struct census census = count_lists(health, now_s);
	gp_dnsbl_health_release(health);
	return census;
}

/* gp_dnsbl_health_has_untested: of any list. */
bool gp_dnsbl_health_has_untested(struct gp_dnsbl_health *health, int64_t now_s)
{
	return take_census(health, now_s).untested > 0;
}

/* gp_dnsbl_health_none_left: as the events say it. */
bool gp_dnsbl_health_none_left(struct gp_dnsbl_health *health, int64_t now_s)
{
	return is_none_left(take_census(health, now_s));
}
