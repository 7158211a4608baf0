/* SPDX-License-Identifier: ISC */
/*
 * What is known of one list, as bytes: numbers in network order, one after the other, and the
 * detail at the end. Bytes of a store are foreign: what does not fit is no record, and every number
 * is put within its bounds. Which list it is stands in the record as half of a hash: enough to tell
 * that the zone or key was another, too little to learn a key from.
 */
#include "reputation/dnsbl/dnsbl_health_private.h"

#include <string.h>

#define VERSION 2
#define AHEAD_S 60 /* clocks of processes agree so far */
#define FIXED (10 + 6 * 8 + 8 + 3 + 8 + 2 + 4 * GP_DNSBL_NETWORKS) /* bytes before the detail */

/* Where bytes are read or written. */
struct cursor {
	unsigned char *at;
	size_t left;
};

/* put: the lowest bytes of a number. */
static void put(struct cursor *c, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		c->at[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
	c->at += bytes;
	c->left -= bytes;
}

/* take: a number, of a span that has been found to be long enough. */
static uint64_t take(struct gp_span *from, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (unsigned char)from->ptr[i];
	*from = gp_span_skip(*from, bytes);
	return value;
}

/* short_id: half of it. */
static uint32_t short_id(uint64_t id)
{
	return (uint32_t)(id >> 32 ^ id);
}

/* small: as one byte. */
static uint64_t small(unsigned value)
{
	return value < UINT8_MAX ? value : UINT8_MAX;
}

/* put_recent: the last queries and networks. */
static void put_recent(struct cursor *c, const struct gp_dnsbl_recent *recent)
{
	put(c, recent->silent, 8);
	put(c, small(recent->count), 1);
	put(c, small(recent->in_row), 1);
	put(c, small(recent->refused_in_row), 1);
	put(c, recent->listed, 8);
	put(c, small(recent->network_count), 1);
	put(c, small(recent->network_next), 1);
	for (size_t i = 0; i < GP_DNSBL_NETWORKS; i++)
		put(c, recent->networks[i], 4);
}

/* gp_dnsbl_health_save: the size is the same but for the detail. */
size_t gp_dnsbl_health_save(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	unsigned char record_out[GP_DNSBL_RECORD_MAX])
{
	struct cursor c = {record_out, GP_DNSBL_RECORD_MAX};
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	if (slot) {
		size_t detail = strnlen(slot->detail, sizeof slot->detail - 1);
		put(&c, VERSION, 1);
		put(&c, short_id(slot->id), 4);
		put(&c, slot->status, 1);
		put(&c, slot->reason, 1);
		put(&c, slot->is_back, 1);
		put(&c, small(slot->good_rounds), 1);
		put(&c, small(slot->failed_rounds), 1);
		put(&c, (uint64_t)slot->stamp_s, 8);
		put(&c, (uint64_t)slot->since_s, 8);
		put(&c, (uint64_t)slot->started_s, 8);
		put(&c, (uint64_t)slot->last_test_s, 8);
		put(&c, (uint64_t)slot->next_test_s, 8);
		put(&c, (uint64_t)slot->world_rest_s, 8);
		put_recent(&c, &slot->recent);
		for (size_t i = 0; i < detail; i++)
			put(&c, (unsigned char)slot->detail[i], 1);
		slot->is_changed = false;
	}
	gp_dnsbl_health_release(health);
	return GP_DNSBL_RECORD_MAX - c.left;
}

/* ---- reading ---- */

/* take_time: at most now. */
static int64_t take_time(struct gp_span *from, int64_t now_s)
{
	uint64_t value = take(from, 8);
	return value < (uint64_t)now_s ? (int64_t)value : now_s;
}

/* take_recent: false: there are no such amounts. */
static bool take_recent(struct gp_span *from, struct gp_dnsbl_recent *recent)
{
	recent->silent = take(from, 8);
	recent->count = (unsigned)take(from, 1);
	recent->in_row = (unsigned)take(from, 1);
	recent->refused_in_row = (unsigned)take(from, 1);
	recent->listed = take(from, 8);
	recent->network_count = (unsigned)take(from, 1);
	recent->network_next = (unsigned)take(from, 1);
	for (size_t i = 0; i < GP_DNSBL_NETWORKS; i++)
		recent->networks[i] = (uint32_t)take(from, 4);
	return recent->count <= GP_DNSBL_RECENT && recent->network_count <= GP_DNSBL_NETWORKS &&
	       recent->network_next < GP_DNSBL_NETWORKS;
}

/* read_record: into a slot that is nobody's yet; false: it is none. */
static bool read_record(
	struct gp_span from, uint64_t id, int64_t now_s, struct gp_dnsbl_slot *slot_out)
{
	if (from.len < FIXED || from.len - FIXED >= sizeof slot_out->detail || now_s < 0)
		return false;
	if (take(&from, 1) != VERSION || take(&from, 4) != short_id(id))
		return false;
	unsigned status = (unsigned)take(&from, 1), reason = (unsigned)take(&from, 1);
	if (status >= GP_DNSBL_OFF || reason >= GP_DNSBL_REASONS)
		return false;
	slot_out->status = (enum gp_dnsbl_status)status;
	slot_out->reason = (enum gp_dnsbl_reason)reason;
	slot_out->is_back = take(&from, 1) == 1;
	slot_out->good_rounds = (unsigned)take(&from, 1);
	slot_out->failed_rounds = (unsigned)take(&from, 1);
	slot_out->stamp_s = take_time(&from, now_s + AHEAD_S);
	slot_out->since_s = take_time(&from, now_s);
	slot_out->started_s = take_time(&from, now_s);
	slot_out->last_test_s = take_time(&from, now_s);
	slot_out->next_test_s = take_time(&from, INT64_MAX / 2);
	slot_out->world_rest_s = take_time(&from, INT64_MAX / 2);
	if (!take_recent(&from, &slot_out->recent) || !gp_span_is_printable_ascii(from))
		return false;
	if (from.len)
		memcpy(slot_out->detail, from.ptr, from.len);
	return true;
}

/* take_tests: what came of later tests, under the same status. */
static void take_tests(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot *from)
{
	slot->reason = from->reason;
	memcpy(slot->detail, from->detail, sizeof slot->detail);
	slot->good_rounds = from->good_rounds;
	slot->failed_rounds = from->failed_rounds;
	slot->is_back = from->is_back;
	slot->last_test_s = from->last_test_s;
	slot->next_test_s = from->next_test_s;
	slot->world_rest_s = from->world_rest_s;
}

/* take_over: what the record says; what the configuration says, and counters, stay. */
static void take_over(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot *from)
{
	take_tests(slot, from);
	slot->status = from->status;
	slot->stamp_s = from->stamp_s;
	slot->since_s = from->since_s;
	slot->started_s = from->started_s;
	slot->recent = from->recent;
	slot->is_changed = false;
}

/* is_known: have tests or mail shown anything of it? */
static bool is_known(const struct gp_dnsbl_slot *slot)
{
	return slot->status != GP_DNSBL_UNTESTED && slot->reason != GP_DNSBL_NOT_TESTED;
}

/*
 * is_later: is the status of the first one the later one? Of two of the same second: the one that
 * is trouble.
 */
static bool is_later(const struct gp_dnsbl_slot *a, const struct gp_dnsbl_slot *b)
{
	if (is_known(a) != is_known(b))
		return is_known(a);
	if (a->since_s != b->since_s)
		return a->since_s > b->since_s;
	return a->status != b->status && b->status == GP_DNSBL_OK;
}

/* merge: false: there is nothing in it that the slot does not have. */
static bool merge(struct gp_dnsbl_slot *slot, const struct gp_dnsbl_slot *from)
{
	if (is_later(slot, from))
		return false;
	if (is_later(from, slot))
		take_over(slot, from);
	else if (from->last_test_s > slot->last_test_s)
		take_tests(slot, from);
	else
		return false;
	return true;
}

/* gp_dnsbl_health_merge: as the text above says. */
bool gp_dnsbl_health_merge(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	struct gp_span record, int64_t now_s)
{
	struct gp_dnsbl_slot read = {0};
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	bool is_new = slot && read_record(record, slot->id, now_s, &read) && merge(slot, &read);
	gp_dnsbl_health_release(health);
	return is_new;
}

/* gp_dnsbl_health_load: all of it is read before anything changes. */
bool gp_dnsbl_health_load(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	struct gp_span record, int64_t now_s)
{
	struct gp_dnsbl_slot read = {0};
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	bool is_record = slot && read_record(record, slot->id, now_s, &read);
	if (is_record && slot->stamp_s <= read.stamp_s && !is_later(slot, &read))
		take_over(slot, &read);
	else if (is_record)
		(void)merge(slot, &read);
	gp_dnsbl_health_release(health);
	return is_record;
}

/* gp_dnsbl_health_is_changed: since it was saved. */
bool gp_dnsbl_health_is_changed(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list)
{
	struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(health, list);
	bool is_changed = slot && slot->is_changed;
	gp_dnsbl_health_release(health);
	return is_changed;
}
