/* SPDX-License-Identifier: ISC */
/* A cursor remembers when bytes are missing; the rules of windows are asked at the end. */
#include "store/redis/redis_record.h"

#include <string.h>

#include "store/store_bytes.h"

#define VERSION 1
#define HEAD 3
#define WINDOW_HEAD 16
#define ENTRY 8

/* get_window: its entries stand the oldest first. */
static bool get_window(struct gp_store_cursor *c, struct gp_store_window *window)
{
	window->per_ms = (int64_t)gp_store_bytes_get(c, 4);
	window->last = (int64_t)gp_store_bytes_get(c, 7);
	window->entries = (unsigned)gp_store_bytes_get(c, 1);
	if (c->is_short || window->entries == 0 || window->entries > GP_STORE_ENTRIES ||
		c->left / ENTRY < window->entries)
		return false;
	for (unsigned i = window->entries; i-- > 0;) {
		window->entry[i].age = (uint8_t)gp_store_bytes_get(c, 1);
		window->entry[i].count = (int64_t)gp_store_bytes_get(c, 7);
	}
	return gp_store_window_is_valid(window);
}

/* get_record: false as soon as anything is not as encode writes it. */
static bool get_record(struct gp_store_cursor *c, struct gp_store_redis_record *record)
{
	uint32_t prior = 0;
	uint64_t version = gp_store_bytes_get(c, 1), length = gp_store_bytes_get(c, 2);
	if (c->is_short || version != VERSION || length > GP_STORE_NAME_MAX || length > c->left)
		return false;
	record->name = (struct gp_span) {(const char *)c->at, (size_t)length};
	c->at += length;
	c->left -= (size_t)length;
	while (c->left) {
		uint32_t id = (uint32_t)gp_store_bytes_get(c, 4);
		if (record->count == GP_STORE_REDIS_RECORD_WINDOWS || id <= prior ||
			!get_window(c, &record->windows[record->count].window))
			return false;
		record->windows[record->count++].id = prior = id;
	}
	return true;
}

/* gp_store_redis_record_decode: all or nothing. */
bool gp_store_redis_record_decode(struct gp_span bytes, struct gp_store_redis_record *record_out)
{
	struct gp_store_cursor c = {(const unsigned char *)bytes.ptr, bytes.len, false};
	record_out->count = 0;
	record_out->name = (struct gp_span) {NULL, 0};
	if (get_record(&c, record_out))
		return true;
	record_out->count = 0;
	record_out->name = (struct gp_span) {NULL, 0};
	return false;
}

/* gp_store_redis_record_size: as encode goes. */
size_t gp_store_redis_record_size(const struct gp_store_redis_record *record)
{
	size_t size = HEAD + record->name.len;
	for (size_t i = 0; i < record->count; i++)
		size += WINDOW_HEAD + record->windows[i].window.entries * (size_t)ENTRY;
	return size;
}

/* gp_store_redis_record_encode: in the order of the ids. */
void gp_store_redis_record_encode(const struct gp_store_redis_record *record, unsigned char *out)
{
	out = gp_store_bytes_put(out, VERSION, 1);
	out = gp_store_bytes_put(out, record->name.len, 2);
	if (record->name.len)
		memcpy(out, record->name.ptr, record->name.len);
	out += record->name.len;
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_window *window = &record->windows[i].window;
		out = gp_store_bytes_put(out, record->windows[i].id, 4);
		out = gp_store_bytes_put(out, (uint64_t)window->per_ms, 4);
		out = gp_store_bytes_put(out, (uint64_t)window->last, 7);
		out = gp_store_bytes_put(out, window->entries, 1);
		for (unsigned j = window->entries; j-- > 0;) {
			out = gp_store_bytes_put(out, window->entry[j].age, 1);
			out = gp_store_bytes_put(out, (uint64_t)window->entry[j].count, 7);
		}
	}
}

/* gp_store_redis_record_window: where its id belongs. */
struct gp_store_window *gp_store_redis_record_window(
	struct gp_store_redis_record *record, uint32_t id, int64_t per_ms, int64_t now_ms)
{
	size_t i = 0;
	while (i < record->count && record->windows[i].id < id)
		i++;
	if (i == record->count || record->windows[i].id != id) {
		if (record->count == GP_STORE_REDIS_RECORD_WINDOWS)
			return NULL;
		memmove(&record->windows[i + 1], &record->windows[i],
			(record->count - i) * sizeof record->windows[0]);
		record->count++;
		record->windows[i].id = id;
		gp_store_window_init(&record->windows[i].window, per_ms, now_ms);
	}
	return record->windows[i].window.per_ms == per_ms ? &record->windows[i].window : NULL;
}

/* gp_store_redis_record_purge: the order stays. */
void gp_store_redis_record_purge(struct gp_store_redis_record *record, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < record->count; i++) {
		gp_store_window_advance(&record->windows[i].window, now_ms);
		if (record->windows[i].window.entries == 0)
			continue;
		if (kept < i)
			record->windows[kept] = record->windows[i];
		kept++;
	}
	record->count = kept;
}
