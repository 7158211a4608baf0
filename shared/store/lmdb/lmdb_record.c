/* SPDX-License-Identifier: ISC */
/*
 * Reading goes through one cursor that remembers when the bytes were not enough; what is whole by
 * its lengths is then held against the rules of windows.
 */
#include "store/lmdb/lmdb_record.h"

#include <string.h>

#include "store/store_bytes.h"

#define VERSION 1   /* of facts and the time */
#define WINDOWS_1 1 /* of subjects: without shares */
#define WINDOWS_2 2
#define RECORD_HEAD 3
#define WINDOW_HEAD 22
#define ENTRY 8
#define SHARE_ALL 255
#define COUNT_PART 4           /* of a weight, for half an octave of what is used */
#define SHARE_PART 8           /* of the share's 256 steps are one of the weight's */
#define OFFSET_MAX (1LL << 49) /* of a time record: what store.h takes for a time, and no more */

/* get_signed: 8 bytes that may not exceed what is positive. */
static int64_t get_signed(struct gp_store_cursor *c)
{
	uint64_t value = gp_store_bytes_get(c, 8);
	if (value > INT64_MAX) {
		c->is_short = true;
		return 0;
	}
	return (int64_t)value;
}

/* get_window: whole and valid; *share_out is read where the version has one. */
static bool get_window(struct gp_store_cursor *c, uint64_t version, struct gp_store_window *window,
	uint8_t *share_out)
{
	window->per_ms = get_signed(c);
	window->last = get_signed(c);
	*share_out = version == WINDOWS_1 ? SHARE_ALL : (uint8_t)gp_store_bytes_get(c, 1);
	window->entries = (unsigned)gp_store_bytes_get(c, 1);
	if (window->entries > GP_STORE_ENTRIES || c->left / ENTRY < window->entries)
		return false;
	for (unsigned i = 0; i < window->entries; i++) {
		uint64_t packed = gp_store_bytes_get(c, ENTRY);
		window->entry[i].age = (uint8_t)packed;
		window->entry[i].count = (int64_t)(packed >> 8);
	}
	return !c->is_short && window->entries > 0 && gp_store_window_is_valid(window);
}

/* has_id: does a window before this place carry the id? */
static bool has_id(const struct gp_store_lmdb_record *record, size_t before, uint32_t id)
{
	for (size_t i = 0; i < before; i++)
		if (record->windows[i].id == id)
			return true;
	return false;
}

/* get_record: false as soon as anything is not as encode writes it. */
static bool get_record(struct gp_store_cursor *c, struct gp_store_lmdb_record *record)
{
	uint64_t version = gp_store_bytes_get(c, 1);
	if (version != WINDOWS_1 && version != WINDOWS_2)
		return false;
	size_t count = (size_t)gp_store_bytes_get(c, 1);
	record->name_length = (size_t)gp_store_bytes_get(c, 1);
	if (c->is_short || count == 0 || count > GP_STORE_LMDB_RECORD_WINDOWS ||
		record->name_length > GP_STORE_NAME_MAX || record->name_length > c->left)
		return false;
	memcpy(record->name, c->at, record->name_length);
	c->at += record->name_length;
	c->left -= record->name_length;
	for (size_t i = 0; i < count; i++) {
		uint32_t id = (uint32_t)gp_store_bytes_get(c, 4);
		if (id == 0 || has_id(record, i, id) ||
			!get_window(
				c, version, &record->windows[i].window, &record->windows[i].share))
			return false;
		record->windows[i].id = id;
	}
	record->count = count;
	return c->left == 0;
}

/* gp_store_lmdb_record_decode: all or nothing. */
bool gp_store_lmdb_record_decode(struct gp_span bytes, struct gp_store_lmdb_record *record_out)
{
	struct gp_store_cursor c = {(const unsigned char *)bytes.ptr, bytes.len, false};
	record_out->count = 0;
	record_out->name_length = 0;
	if (get_record(&c, record_out))
		return true;
	record_out->count = 0;
	record_out->name_length = 0;
	return false;
}

/* gp_store_lmdb_record_size: as encode goes. */
size_t gp_store_lmdb_record_size(const struct gp_store_lmdb_record *record)
{
	size_t size = RECORD_HEAD + record->name_length;
	for (size_t i = 0; i < record->count; i++)
		size += WINDOW_HEAD + record->windows[i].window.entries * (size_t)ENTRY;
	return size;
}

/* gp_store_lmdb_record_encode: in the order of the header file. */
void gp_store_lmdb_record_encode(const struct gp_store_lmdb_record *record, unsigned char *out)
{
	out = gp_store_bytes_put(out, WINDOWS_2, 1);
	out = gp_store_bytes_put(out, record->count, 1);
	out = gp_store_bytes_put(out, record->name_length, 1);
	memcpy(out, record->name, record->name_length);
	out += record->name_length;
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_window *window = &record->windows[i].window;
		out = gp_store_bytes_put(out, record->windows[i].id, 4);
		out = gp_store_bytes_put(out, (uint64_t)window->per_ms, 8);
		out = gp_store_bytes_put(out, (uint64_t)window->last, 8);
		out = gp_store_bytes_put(out, record->windows[i].share, 1);
		out = gp_store_bytes_put(out, window->entries, 1);
		for (unsigned j = 0; j < window->entries; j++)
			out = gp_store_bytes_put(out,
				(uint64_t)window->entry[j].count << 8 | window->entry[j].age,
				ENTRY);
	}
}

/* ---- windows of a record ---- */

/* place_of: of the id's window, or the count when there is none. */
static size_t place_of(const struct gp_store_lmdb_record *record, uint32_t id)
{
	size_t i = 0;
	while (i < record->count && record->windows[i].id != id)
		i++;
	return i;
}

/* drop: the last window takes the place. */
static void drop(struct gp_store_lmdb_record *record, size_t at)
{
	record->count--;
	if (at < record->count)
		record->windows[at] = record->windows[record->count];
}

/* is_named: is the id one of these counters'? */
static bool is_named(const struct gp_store_count *counts, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (counts[i].id == id)
			return true;
	return false;
}

/* drop_one: of the windows that are not named, the one that ends soonest. */
static void drop_one(
	struct gp_store_lmdb_record *record, const struct gp_store_count *counts, size_t count)
{
	size_t victim = record->count;
	int64_t soonest = INT64_MAX;
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_window *w = &record->windows[i].window;
		int64_t end = (w->last + 1) * gp_store_window_width(w->per_ms) + w->per_ms;
		if (end < soonest && !is_named(counts, count, record->windows[i].id)) {
			soonest = end;
			victim = i;
		}
	}
	if (victim < record->count)
		drop(record, victim);
}

/* gp_store_lmdb_record_find: room for all that are missing is made first, since dropping moves. */
void gp_store_lmdb_record_find(struct gp_store_lmdb_record *record,
	const struct gp_store_count *counts, size_t count, int64_t now_ms, uint8_t *at_out)
{
	size_t missing = 0;
	for (size_t i = 0; i < count; i++)
		missing += place_of(record, counts[i].id) == record->count;
	while (record->count + missing > GP_STORE_LMDB_RECORD_WINDOWS)
		drop_one(record, counts, count);
	for (size_t i = 0; i < count; i++) {
		size_t at = place_of(record, counts[i].id);
		struct gp_store_window *window = &record->windows[at].window;
		if (at == record->count) {
			record->windows[at].id = counts[i].id;
			window->per_ms = 0;
			record->count++;
		}
		if (window->per_ms != counts[i].per_ms) {
			gp_store_window_init(window, counts[i].per_ms, now_ms);
			record->windows[at].share = 0;
		}
		at_out[i] = (uint8_t)at;
	}
}

/* counts_at: anything at this time? Most windows hold their newest slot still: no copy then. */
static bool counts_at(const struct gp_store_window *window, int64_t now_ms)
{
	if (window->entries == 0)
		return false;
	struct gp_store_window copy = *window;
	gp_store_window_advance(&copy, now_ms);
	return copy.entries > 0;
}

/* gp_store_lmdb_record_purge: backwards, since the last takes the place of what goes. */
void gp_store_lmdb_record_purge(struct gp_store_lmdb_record *record, int64_t now_ms)
{
	for (size_t i = record->count; i > 0; i--)
		if (!counts_at(&record->windows[i - 1].window, now_ms))
			drop(record, i - 1);
}

/*
 * gp_store_lmdb_record_share: anything used is at least 1; sums stop at 2^53, so the product fits.
 */
uint8_t gp_store_lmdb_record_share(int64_t used, int64_t max)
{
	if (used <= 0)
		return 0;
	if (used >= max)
		return SHARE_ALL;
	int64_t share = used * SHARE_ALL / max;
	return (uint8_t)(share > 0 ? share : 1);
}

/* share_now: what is left of the share, since a part of what was used may be over. */
static unsigned share_now(
	const struct gp_store_window *saved, const struct gp_store_window *now, unsigned share)
{
	int64_t left = (int64_t)share * gp_store_window_used(now) / gp_store_window_used(saved);
	return left > 0 ? (unsigned)left : 1;
}

/* left_of: how long its newest entry counts; there is one. */
static int64_t left_of(const struct gp_store_window *window, int64_t now_ms)
{
	int64_t left_ms = gp_store_window_end(window) - now_ms;
	return left_ms > 0 ? left_ms : 1;
}

/* class_of: two for each doubling of what is positive, 1 to 127. */
static unsigned class_of(int64_t n)
{
	unsigned bits = 0;
	while (bits < 62 && n >> (bits + 1) > 0)
		bits++;
	return 1 + 2 * bits + (bits > 0 && ((n >> (bits - 1)) & 1));
}

/* freshness: 0 to 8 of 8, by the time that has gone since it was last used. */
static unsigned freshness(const struct gp_store_window *window, int64_t left_ms)
{
	return left_ms >= window->per_ms ? 8 : (unsigned)(8 * left_ms / window->per_ms);
}

/* is_shared: everybody's subject, of which there is one and which nobody can make up. */
static bool is_shared(const struct gp_store_lmdb_record *record)
{
	return record->name_length == sizeof GP_STORE_SUBJECT_ALL - 1 &&
	       memcmp(record->name, GP_STORE_SUBJECT_ALL, record->name_length) == 0;
}

/* gp_store_lmdb_record_weight: the sum above the low byte, the time in it. */
uint32_t gp_store_lmdb_record_weight(
	const struct gp_store_lmdb_record *record, int64_t now_ms, uint8_t *share_out)
{
	unsigned level = 0, share = 0;
	int64_t left_ms = 0;
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_window *saved = &record->windows[i].window;
		struct gp_store_window now = *saved;
		gp_store_window_advance(&now, now_ms);
		if (now.entries == 0)
			continue;
		unsigned own = share_now(saved, &now, record->windows[i].share);
		int64_t own_ms = left_of(&now, now_ms);
		unsigned sum = COUNT_PART * class_of(gp_store_window_used(&now)) +
			       own / SHARE_PART + freshness(&now, own_ms);
		share = own > share ? own : share;
		level = sum > level ? sum : level;
		left_ms = own_ms > left_ms ? own_ms : left_ms;
	}
	*share_out = (uint8_t)share;
	if (left_ms == 0)
		return 0;
	return (is_shared(record) ? GP_STORE_LMDB_WEIGHT_ALL : 0) | level << 8 | class_of(left_ms);
}

/* gp_store_lmdb_record_forget: one or all. */
void gp_store_lmdb_record_forget(struct gp_store_lmdb_record *record, uint32_t id)
{
	size_t at = place_of(record, id);
	if (id == 0)
		record->count = 0;
	else if (at < record->count)
		drop(record, at);
}

/* ---- facts and time ---- */

/* gp_store_lmdb_fact_decode: the value is all that follows. */
bool gp_store_lmdb_fact_decode(
	struct gp_span bytes, struct gp_span *value_out, int64_t *expires_ms_out)
{
	struct gp_store_cursor c = {(const unsigned char *)bytes.ptr, bytes.len, false};
	bool known = gp_store_bytes_get(&c, 1) == VERSION;
	*expires_ms_out = get_signed(&c);
	*value_out = (struct gp_span) {(const char *)c.at, c.left};
	return known && !c.is_short && c.left <= GP_STORE_FACT_VALUE_MAX;
}

/* gp_store_lmdb_fact_encode: head and value. */
void gp_store_lmdb_fact_encode(struct gp_span value, int64_t expires_ms, unsigned char *out)
{
	out = gp_store_bytes_put(out, VERSION, 1);
	out = gp_store_bytes_put(out, (uint64_t)expires_ms, 8);
	if (value.len > 0)
		memcpy(out, value.ptr, value.len);
}

/*
 * gp_store_lmdb_time_decode: the offset may be negative, where the clock stands before its epoch.
 */
bool gp_store_lmdb_time_decode(struct gp_span bytes, struct gp_store_lmdb_time *time_out)
{
	struct gp_store_cursor c = {(const unsigned char *)bytes.ptr, bytes.len, false};
	bool known = gp_store_bytes_get(&c, 1) == VERSION;
	uint64_t shifted = gp_store_bytes_get(&c, 8);
	if (!known || c.is_short || shifted > 2 * (uint64_t)OFFSET_MAX ||
		c.left != GP_STORE_LMDB_BOOT_ID)
		return false;
	time_out->offset_ms = (int64_t)shifted - OFFSET_MAX;
	memcpy(time_out->boot_id, c.at, GP_STORE_LMDB_BOOT_ID);
	return true;
}

/* gp_store_lmdb_time_encode: the offset is stored moved up, so that it is never negative. */
void gp_store_lmdb_time_encode(
	const struct gp_store_lmdb_time *time, unsigned char out[GP_STORE_LMDB_TIME_RECORD])
{
	unsigned char *at = gp_store_bytes_put(out, VERSION, 1);
	at = gp_store_bytes_put(at, (uint64_t)(time->offset_ms + OFFSET_MAX), 8);
	memcpy(at, time->boot_id, GP_STORE_LMDB_BOOT_ID);
}
