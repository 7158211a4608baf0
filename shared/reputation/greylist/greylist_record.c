/* SPDX-License-Identifier: ISC */
/* A record is good if it is what encode would make of it. */
#include "reputation/greylist/greylist_record.h"

#include <string.h>

#include "store/store_bytes.h"

#define VERSION 1
#define PASSED 1u
#define DELAYED 2u
#define TIME_BYTES 6
#define TIME_MAX ((INT64_C(1) << 48) - 1)

/* time_of: within what a record holds. */
static uint64_t time_of(int64_t ms)
{
	return ms < 0 ? 0 : ms > TIME_MAX ? (uint64_t)TIME_MAX : (uint64_t)ms;
}

/* gp_greylist_record_encode: field by field. */
size_t gp_greylist_record_encode(
	const struct gp_greylist_record *record, unsigned char out[GP_GREYLIST_RECORD_MAX])
{
	unsigned passes =
		record->passes > GP_GREYLIST_PASSES_MAX ? GP_GREYLIST_PASSES_MAX : record->passes;
	unsigned char *at = out;
	at = gp_store_bytes_put(at, VERSION, 1);
	at = gp_store_bytes_put(
		at, (record->has_passed ? PASSED : 0) | (record->was_delayed ? DELAYED : 0), 1);
	at = gp_store_bytes_put(at, passes, 1);
	at = gp_store_bytes_put(at, time_of(record->first_ms), TIME_BYTES);
	at = gp_store_bytes_put(at, time_of(record->last_ms), TIME_BYTES);
	size_t address = gp_ipaddr_bits(&record->network.addr) / 8;
	if (address) {
		at = gp_store_bytes_put(at, record->network.length, 1);
		memcpy(at, record->network.addr.bytes, address);
		at += address;
	}
	return (size_t)(at - out);
}

/* decode_network: the rest, if there is any. */
static bool decode_network(struct gp_store_cursor *c, struct gp_prefix *network_out)
{
	if (c->left == 0)
		return true;
	unsigned length = (unsigned)gp_store_bytes_get(c, 1);
	struct gp_prefix network = {{.family = c->left == 4 ? GP_IP_V4 : GP_IP_V6}, length};
	if ((c->left != 4 && c->left != 16) || length > 8 * c->left)
		return false;
	memcpy(network.addr.bytes, c->at, c->left);
	c->left = 0;
	*network_out = gp_prefix_masked(network);
	return gp_prefix_is_same(network_out, &network);
}

/* gp_greylist_record_decode: field by field. */
bool gp_greylist_record_decode(struct gp_span bytes, struct gp_greylist_record *record_out)
{
	struct gp_store_cursor c = {(const unsigned char *)bytes.ptr, bytes.len, false};
	struct gp_greylist_record r = {0};
	*record_out = r;
	if (gp_store_bytes_get(&c, 1) != VERSION)
		return false;
	uint64_t flags = gp_store_bytes_get(&c, 1);
	r.has_passed = flags & PASSED;
	r.was_delayed = flags & DELAYED;
	r.passes = (unsigned)gp_store_bytes_get(&c, 1);
	r.first_ms = (int64_t)gp_store_bytes_get(&c, TIME_BYTES);
	r.last_ms = (int64_t)gp_store_bytes_get(&c, TIME_BYTES);
	if (c.is_short || flags > (PASSED | DELAYED) || r.last_ms < r.first_ms ||
		!decode_network(&c, &r.network))
		return false;
	*record_out = r;
	return true;
}
