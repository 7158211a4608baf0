/* SPDX-License-Identifier: ISC */
/* Bytes are read after their length was held against what they have to be. */
#include "store/store_soft.h"

#include <string.h>

#include "store/store_bytes.h"

#define VERSION 1
#define HEAD 8               /* bytes that both kinds begin with */
#define TIME_MAX (1LL << 50) /* as store.h bounds times */

/* number: bytes that are there. */
static uint64_t number(const unsigned char *at, size_t bytes)
{
	struct gp_store_cursor cursor = {at, bytes, false};
	return gp_store_bytes_get(&cursor, bytes);
}

/* gp_store_soft_expires: both kinds begin alike. */
bool gp_store_soft_expires(struct gp_span bytes, int64_t *expires_ms_out)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	if (bytes.len < HEAD || at[0] != VERSION)
		return false;
	uint64_t expires = number(at + 1, HEAD - 1);
	*expires_ms_out = (int64_t)expires;
	return expires <= (uint64_t)TIME_MAX;
}

/* put_head: what both kinds begin with; returns what follows. */
static unsigned char *put_head(unsigned char *out, int64_t expires_ms)
{
	*out = VERSION;
	return gp_store_bytes_put(
		out + 1, (uint64_t)(expires_ms < TIME_MAX ? expires_ms : TIME_MAX), HEAD - 1);
}

/* ---- soft facts ---- */

/* gp_store_note_decode: the value is all that follows. */
bool gp_store_note_decode(struct gp_span bytes, struct gp_span *value_out, int64_t *expires_ms_out)
{
	if (bytes.len > GP_STORE_NOTE_RECORD || !gp_store_soft_expires(bytes, expires_ms_out))
		return false;
	*value_out = gp_span_skip(bytes, HEAD);
	return true;
}

/* gp_store_note_encode: head and value. */
void gp_store_note_encode(struct gp_span value, int64_t expires_ms, unsigned char *out)
{
	out = put_head(out, expires_ms);
	if (value.len > 0)
		memcpy(out, value.ptr, value.len);
}

/* gp_store_value_clear: the place for it stays. */
void gp_store_value_clear(struct gp_store_value *value_out)
{
	value_out->found = GP_STORE_ABSENT;
	value_out->length = 0;
	value_out->expires_ms = 0;
}

/* gp_store_value_set: as much as there is room for. */
void gp_store_value_set(
	struct gp_store_value *value_out, struct gp_span value, int64_t expires_ms, int64_t now_ms)
{
	size_t length = value.len < value_out->room ? value.len : value_out->room;
	if (expires_ms != 0 && expires_ms <= now_ms)
		return;
	value_out->found = GP_STORE_FOUND;
	value_out->length = value.len;
	value_out->expires_ms = expires_ms;
	if (length > 0)
		memcpy(value_out->bytes, value.ptr, length);
}

/* ---- seen sets ---- */

/* gp_store_seen_decode: all or nothing. */
bool gp_store_seen_decode(struct gp_span bytes, struct gp_store_seen *seen_out)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	int64_t before = 0, expires_ms;
	seen_out->count = 0;
	if (bytes.len > GP_STORE_SEEN_RECORD || !gp_store_soft_expires(bytes, &expires_ms) ||
		(bytes.len - GP_STORE_SEEN_HEAD) % GP_STORE_SEEN_ITEM != 0)
		return false;
	size_t count = (bytes.len - GP_STORE_SEEN_HEAD) / GP_STORE_SEEN_ITEM;
	at += GP_STORE_SEEN_HEAD;
	for (size_t i = 0; i < count; i++, at += GP_STORE_SEEN_ITEM) {
		uint64_t at_ms = number(at + 4, 7);
		if (at_ms > (uint64_t)TIME_MAX || (int64_t)at_ms < before)
			return false;
		before = (int64_t)at_ms;
		seen_out->items[i].fingerprint = (uint32_t)number(at, 4);
		seen_out->items[i].at_ms = before;
	}
	seen_out->count = count;
	return true;
}

/* gp_store_seen_size: as encode goes. */
size_t gp_store_seen_size(const struct gp_store_seen *seen)
{
	return GP_STORE_SEEN_HEAD + seen->count * GP_STORE_SEEN_ITEM;
}

/* gp_store_seen_encode: in the order of the set. */
void gp_store_seen_encode(const struct gp_store_seen *seen, int64_t expires_ms, unsigned char *out)
{
	out = put_head(out, expires_ms);
	for (size_t i = 0; i < seen->count; i++) {
		out = gp_store_bytes_put(out, seen->items[i].fingerprint, 4);
		out = gp_store_bytes_put(out, (uint64_t)seen->items[i].at_ms, 7);
	}
}

/* gp_store_seen_keep_ms: the longest. */
int64_t gp_store_seen_keep_ms(const struct gp_store_see *see)
{
	int64_t keep_ms = 0;
	for (size_t i = 0; i < see->within_count; i++)
		keep_ms = see->within[i].ms > keep_ms ? see->within[i].ms : keep_ms;
	return keep_ms;
}

/* advance: to this time: items of a later one were seen now; those that are over go. */
static void advance(struct gp_store_seen *seen, int64_t keep_ms, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < seen->count; i++) {
		int64_t at_ms = seen->items[i].at_ms;
		at_ms = at_ms > now_ms ? now_ms : at_ms;
		if (now_ms - at_ms >= keep_ms)
			continue;
		seen->items[kept].fingerprint = seen->items[i].fingerprint;
		seen->items[kept++].at_ms = at_ms;
	}
	seen->count = kept;
}

/* take_out: the item, wherever it is; was it there? */
static bool take_out(struct gp_store_seen *seen, uint32_t fingerprint)
{
	size_t kept = 0;
	for (size_t i = 0; i < seen->count; i++)
		if (seen->items[i].fingerprint != fingerprint)
			seen->items[kept++] = seen->items[i];
	bool was_there = kept < seen->count;
	seen->count = kept;
	return was_there;
}

/* add: as the last; so many of the oldest go that most are left. */
static void add(struct gp_store_seen *seen, uint32_t fingerprint, unsigned most, int64_t now_ms)
{
	if (seen->count >= most) {
		size_t over = seen->count + 1 - most;
		seen->count -= over;
		memmove(&seen->items[0], &seen->items[over], seen->count * sizeof seen->items[0]);
	}
	seen->items[seen->count].fingerprint = fingerprint;
	seen->items[seen->count++].at_ms = now_ms;
}

/* gp_store_seen_step: what is only counted is not changed. */
bool gp_store_seen_step(
	struct gp_store_seen *seen, const struct gp_store_soft *soft, int64_t now_ms)
{
	struct gp_store_see *see = soft->see;
	bool adds = see->item.len > 0;
	advance(seen, gp_store_seen_keep_ms(see), now_ms);
	if (adds) {
		see->is_new = !take_out(seen, soft->fingerprint);
		add(seen, soft->fingerprint, see->most, now_ms);
	}
	for (size_t i = 0; i < see->within_count; i++) {
		see->within[i].seen = 0;
		for (size_t j = 0; j < seen->count; j++)
			see->within[i].seen += now_ms - seen->items[j].at_ms < see->within[i].ms;
		if (see->within[i].seen > see->most)
			see->within[i].seen = see->most;
	}
	return adds;
}

/* ---- for moving ---- */

/* gp_store_soft_record: by its kind. */
bool gp_store_soft_record(struct gp_span bytes, bool is_set, struct gp_store_record *record_out)
{
	struct gp_store_seen seen;
	record_out->kind = is_set ? GP_STORE_RECORD_SEEN : GP_STORE_RECORD_SOFT;
	record_out->count = 0;
	if (!is_set)
		return gp_store_note_decode(bytes, &record_out->value, &record_out->expires_ms);
	if (!gp_store_seen_decode(bytes, &seen) ||
		!gp_store_soft_expires(bytes, &record_out->expires_ms) || seen.count == 0)
		return false;
	record_out->count = seen.count;
	for (size_t i = 0; i < seen.count; i++)
		record_out->items[i] =
			(struct gp_store_item) {seen.items[i].fingerprint, seen.items[i].at_ms};
	return true;
}

/* gp_store_seen_join: from the oldest on, both at once, so that times rise. */
bool gp_store_seen_join(struct gp_span bytes, const struct gp_store_record *record, int64_t now_ms,
	struct gp_store_seen *seen_out, int64_t *expires_ms)
{
	struct gp_store_seen there;
	int64_t ends_ms = 0;
	bool was_there = gp_store_seen_decode(bytes, &there) &&
			 gp_store_soft_expires(bytes, &ends_ms) && ends_ms > now_ms;
	size_t i = 0, j = 0;
	seen_out->count = 0;
	if (!was_there)
		there.count = 0;
	while (i < there.count || j < record->count) {
		bool is_ours = j == record->count ||
			       (i < there.count && there.items[i].at_ms <= record->items[j].at_ms);
		uint32_t fingerprint =
			is_ours ? there.items[i].fingerprint : record->items[j].fingerprint;
		int64_t at_ms = is_ours ? there.items[i++].at_ms : record->items[j++].at_ms;
		(void)take_out(seen_out, fingerprint); /* the later time stays */
		add(seen_out, fingerprint, GP_STORE_SEEN_MAX, at_ms < now_ms ? at_ms : now_ms);
	}
	*expires_ms = was_there && ends_ms > *expires_ms ? ends_ms : *expires_ms;
	return was_there;
}
