/* SPDX-License-Identifier: ISC */
/* What the batch script receives and returns for soft facts, single facts and seen sets. */
#include <string.h>

#include "store/redis/redis_script.h"
#include "store/store_soft.h"

/* As the script tells them apart. */
enum kind { GET_SOFT = 1, NOTE = 2, SEE = 3, GET_FACT = 4 };

#define SEE_HEAD 8 /* bytes before the windows */

/* kind_of: an operation's. */
static enum kind kind_of(const struct gp_store_soft *soft)
{
	if (soft->kind == GP_STORE_OP_GET)
		return soft->get->soft ? GET_SOFT : GET_FACT;
	return soft->kind == GP_STORE_OP_NOTE ? NOTE : SEE;
}

/* gp_store_redis_soft_size: as encode goes. */
size_t gp_store_redis_soft_size(const struct gp_store_soft *soft)
{
	switch (kind_of(soft)) {
	case GET_FACT:
		return 1 + soft->get->key.len;
	case NOTE:
		return 2 + 8 + soft->note->value.len;
	case SEE:
		return SEE_HEAD + 8 * soft->see->within_count;
	case GET_SOFT:
		break;
	}
	return 1;
}

/* put_bytes: of a text; returns what follows. */
static unsigned char *put_bytes(unsigned char *out, struct gp_span text)
{
	if (text.len)
		memcpy(out, text.ptr, text.len);
	return out + text.len;
}

/* put_see: an item, and what is asked about its set. */
static void put_see(unsigned char *out, const struct gp_store_soft *soft)
{
	const struct gp_store_see *see = soft->see;
	*out++ = see->item.len > 0;
	for (unsigned i = 0; i < 4; i++)
		*out++ = (unsigned char)(soft->fingerprint >> 8 * i);
	*out++ = (unsigned char)see->most;
	*out++ = (unsigned char)see->within_count;
	for (size_t i = 0; i < see->within_count; i++)
		out = gp_store_redis_put_double(out, see->within[i].ms);
}

/* gp_store_redis_soft_encode: the kind first. */
void gp_store_redis_soft_encode(const struct gp_store_soft *soft, unsigned char *out)
{
	enum kind kind = kind_of(soft);
	*out++ = (unsigned char)kind;
	if (kind == GET_FACT) {
		(void)put_bytes(out, soft->get->key);
	} else if (kind == NOTE) {
		*out++ = soft->note->unless_there;
		out = gp_store_redis_put_double(out, soft->expires_ms);
		(void)put_bytes(out, soft->note->value);
	} else if (kind == SEE) {
		put_see(out, soft);
	}
}

/* read_see: whether it is new, and a number for each window. */
static bool read_see(struct gp_span text, struct gp_store_see *see)
{
	const unsigned char *at = (const unsigned char *)text.ptr;
	if (text.len != 1 + see->within_count || at[0] > 1)
		return false;
	for (size_t i = 0; i < see->within_count; i++)
		if (at[1 + i] > see->most)
			return false;
	see->is_new = at[0];
	for (size_t i = 0; i < see->within_count; i++)
		see->within[i].seen = at[1 + i];
	return true;
}

/* read_value: a record, or nothing; what is no record counts as absent. */
static void read_value(
	struct gp_span text, bool is_fact, int64_t now_ms, struct gp_store_value *value_out)
{
	struct gp_span value;
	int64_t expires_ms;
	gp_store_value_clear(value_out);
	if (is_fact ? gp_store_redis_fact_decode(text, &value, &expires_ms)
		    : gp_store_note_decode(text, &value, &expires_ms))
		gp_store_value_set(value_out, value, expires_ms, now_ms);
}

/* gp_store_redis_soft_decode: by the kind. */
bool gp_store_redis_soft_decode(
	const struct redisReply *item, const struct gp_store_soft *soft, int64_t now_ms)
{
	struct gp_span text;
	enum kind kind = kind_of(soft);
	if (!gp_store_redis_reply_text(item, &text))
		return false;
	if (kind == SEE)
		return read_see(text, soft->see);
	read_value(text, kind == GET_FACT, now_ms,
		kind == NOTE ? &soft->note->before : &soft->get->value);
	return true;
}

/* gp_store_redis_fact_decode: "EXPIRES VALUE". */
bool gp_store_redis_fact_decode(
	struct gp_span text, struct gp_span *value_out, int64_t *expires_ms_out)
{
	struct gp_span number;
	uint64_t expires;
	if (!gp_span_cut(text, ' ', &number, value_out) ||
		value_out->len > GP_STORE_FACT_VALUE_MAX ||
		gp_span_parse_uint(number, INT64_MAX, &expires) != GP_OK)
		return false;
	*expires_ms_out = (int64_t)expires;
	return true;
}
