/* SPDX-License-Identifier: ISC */
/*
 * Keys and packed answers. A record becomes: TXT, length (2 octets) and text; MX, preference (2)
 * and name with NUL; PTR, name with NUL; A and AAAA, the octets. A canonical name comes before the
 * records. Numbers are in the machine's own
 * order, for nothing of this leaves the process. The hash is SipHash-1-3 (Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF") over the name in words of eight octets.
 */
#include "dns/dns_cache_private.h"

#include <stdlib.h>
#include <string.h>

#define MICRO 1000000

/* ---- keys ---- */

/* turn: rotation to the left. */
static uint64_t turn(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* sip_round: one SipRound on the four words of state. */
static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn(v[1], 13) ^ v[0];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] = turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turn(v[1], 17) ^ v[2];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] = turn(v[2], 32);
}

/* sip_word: one word of the message. */
static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* sip_hash: the padded name, then a word of length and type. */
static uint64_t sip_hash(const struct gp_dns_secret *secret, const struct gp_dns_key *key)
{
	uint64_t word, v[4] = {
			       secret->k0 ^ 0x736f6d6570736575,
			       secret->k1 ^ 0x646f72616e646f6d,
			       secret->k0 ^ 0x6c7967656e657261,
			       secret->k1 ^ 0x7465646279746573,
		       };
	for (size_t i = 0; i < key->length; i += sizeof word) {
		memcpy(&word, key->name + i, sizeof word);
		sip_word(v, word);
	}
	sip_word(v, (uint64_t)key->length << 56 | key->type);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* lower_word: the eight octets of a word in lower case, none carrying into its neighbour. */
static uint64_t lower_word(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = word & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t past_z = low + (0x80 - 'Z' - 1) * ones;
	uint64_t capital = (from_a ^ past_z) & ~word & 0x80 * ones;
	return word | capital >> 2; /* 0x80 becomes 0x20, the bit that lower case letters have */
}

/* gp_dns_key_from: copied in words, made small on the way. */
void gp_dns_key_from(const struct gp_dns_secret *secret, const struct gp_dns_question *question,
	bool fresh, struct gp_dns_key *key_out)
{
	size_t length = strlen(question->name);
	if (length > 0 && question->name[length - 1] == '.')
		length--;
	key_out->type = (uint16_t)(question->type | (fresh ? GP_DNS_KEY_FRESH : 0u));
	key_out->length = (uint8_t)length;
	for (size_t i = 0; i < length; i += 8) {
		uint64_t word = 0;
		memcpy(&word, question->name + i, length - i < 8 ? length - i : 8);
		word = lower_word(word);
		memcpy(key_out->name + i, &word, sizeof word);
	}
	key_out->hash = sip_hash(secret, key_out);
}

/* ---- entries ---- */

/* has_name: do records of this type carry a name? */
static bool has_name(enum gp_dns_type type)
{
	return type == GP_DNS_MX || type == GP_DNS_PTR;
}

/* has_text: do they carry octets of any length? */
static bool has_text(enum gp_dns_type type)
{
	return type == GP_DNS_TXT || type == GP_DNS_TLSA;
}

/* address_size: octets of an address, 0 for the other types. */
static size_t address_size(enum gp_dns_type type)
{
	return type == GP_DNS_A ? 4 : type == GP_DNS_AAAA ? 16 : 0;
}

/* packed_size: octets of one record. */
static size_t packed_size(enum gp_dns_type type, const struct gp_dns_record *record)
{
	size_t size = address_size(type);
	if (has_text(type))
		size += 2 + record->text.len;
	if (type == GP_DNS_MX)
		size += 2;
	if (has_name(type))
		size += strlen(record->name) + 1;
	return size;
}

/* put: appends octets; returns the place after them. */
static char *put(char *to, const void *from, size_t size)
{
	if (size > 0)
		memcpy(to, from, size);
	return to + size;
}

/* pack: one record; returns the place after it. */
static char *pack(char *to, enum gp_dns_type type, const struct gp_dns_record *record)
{
	uint16_t number = type == GP_DNS_MX ? record->preference : (uint16_t)record->text.len;
	if (type == GP_DNS_MX || has_text(type))
		to = put(to, &number, sizeof number);
	if (has_text(type))
		to = put(to, record->text.ptr, record->text.len);
	if (has_name(type))
		to = put(to, record->name, strlen(record->name) + 1);
	return put(to, record->addr.bytes, address_size(type));
}

/* unpack: the reverse; strings stay where they are. */
static const char *unpack(const char *from, enum gp_dns_type type, struct gp_dns_record *record_out)
{
	uint16_t number = 0;
	size_t size = address_size(type);
	if (type == GP_DNS_MX || has_text(type)) {
		memcpy(&number, from, sizeof number);
		from += sizeof number;
	}
	if (type == GP_DNS_MX)
		record_out->preference = number;
	if (has_text(type))
		record_out->text = (struct gp_span) {from, number};
	if (has_name(type)) {
		record_out->name = from;
		return from + strlen(from) + 1;
	}
	if (size > 0) {
		record_out->addr.family = size == 4 ? GP_IP_V4 : GP_IP_V6;
		memcpy(record_out->addr.bytes, from, size);
	}
	return from + size + (has_text(type) ? number : 0);
}

/* data_size: octets after the name: canonical name and all records, or the problem. */
static size_t data_size(enum gp_dns_type type, const struct gp_dns_answer *answer)
{
	size_t size = answer->problem ? strlen(answer->problem) + 1 : 0;
	if (answer->canonical)
		size += strlen(answer->canonical) + 1;
	for (size_t i = 0; i < answer->count; i++)
		size += packed_size(type, &answer->records[i]);
	return size;
}

/* fits: no text is longer than a packet can carry, so that two octets hold its length. */
static bool fits(const struct gp_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].text.len > UINT16_MAX)
			return false;
	return answer->count <= GP_DNS_RECORDS_MAX;
}

/* gp_dns_entry_new: measured, then packed. */
struct gp_dns_entry *gp_dns_entry_new(const struct gp_dns_key *key,
	const struct gp_dns_answer *answer, int64_t now_us, uint32_t keep_s)
{
	enum gp_dns_type type = (enum gp_dns_type)(key->type & ~GP_DNS_KEY_FRESH);
	if (!fits(answer))
		return NULL;
	size_t size = data_size(type, answer);
	/* set member by member: the block may end within the padding of the struct */
	struct gp_dns_entry *e =
		calloc(1, offsetof(struct gp_dns_entry, bytes) + key->length + size);
	if (!e)
		return NULL;
	e->hash = key->hash;
	e->stored_us = now_us;
	e->expires_us = now_us + (int64_t)keep_s * MICRO;
	e->data_size = (uint32_t)size;
	e->type = key->type;
	e->count = (uint16_t)answer->count;
	e->name_length = key->length;
	e->state = (uint8_t)answer->state;
	e->secure = answer->secure;
	e->failure = (uint8_t)answer->failure & 7;
	e->has_canonical = answer->canonical != NULL;
	char *to = put(e->bytes, key->name, key->length);
	if (answer->canonical)
		to = put(to, answer->canonical, strlen(answer->canonical) + 1);
	for (size_t i = 0; i < answer->count; i++)
		to = pack(to, type, &answer->records[i]);
	if (answer->problem)
		(void)put(to, answer->problem, strlen(answer->problem) + 1); /* the last part */
	return e;
}

/* gp_dns_entry_clone: the block, without its places in lists. */
struct gp_dns_entry *gp_dns_entry_clone(const struct gp_dns_entry *entry)
{
	struct gp_dns_entry *e = malloc(gp_dns_entry_size(entry));
	if (!e)
		return NULL;
	memcpy(e, entry, gp_dns_entry_size(entry));
	e->next = e->newer = e->older = NULL;
	return e;
}

/* gp_dns_entry_size: head, name, data. */
size_t gp_dns_entry_size(const struct gp_dns_entry *entry)
{
	return offsetof(struct gp_dns_entry, bytes) + entry->name_length + entry->data_size;
}

/* gp_dns_entry_is_ready: the first comparison decides nearly always. */
bool gp_dns_entry_is_ready(const struct gp_dns_entry *entry, int64_t now_us)
{
	return entry->expires_us > now_us || entry->recheck_us > now_us;
}

/* gp_dns_entry_is_fresh: one that was kept for longer may be there. */
bool gp_dns_entry_is_fresh(const struct gp_dns_entry *entry, uint32_t ttl_max_s, int64_t now_us)
{
	return entry->expires_us > now_us && entry->stored_us + (int64_t)ttl_max_s * MICRO > now_us;
}

/* gp_dns_entry_is_failure: by its state. */
bool gp_dns_entry_is_failure(const struct gp_dns_entry *entry)
{
	return gp_dns_state_is_failure((enum gp_dns_state)entry->state);
}

/* gp_dns_entry_is: the hash decides nearly always. */
bool gp_dns_entry_is(const struct gp_dns_entry *entry, const struct gp_dns_key *key)
{
	return entry->hash == key->hash && entry->type == key->type &&
	       entry->name_length == key->length &&
	       memcmp(entry->bytes, key->name, key->length) == 0;
}

/* gp_dns_entry_copy: one block of the arena: room for the records, then the data. */
int gp_dns_entry_copy(const struct gp_dns_entry *entry, struct gp_arena *arena, int64_t now_us,
	struct gp_dns_answer *answer_out)
{
	int64_t left_us = entry->expires_us - now_us;
	bool failed = gp_dns_entry_is_failure(entry);
	*answer_out = (struct gp_dns_answer) {.state = (enum gp_dns_state)entry->state,
		.secure = entry->secure,
		.failure = (enum gp_dns_failure)entry->failure,
		.cached = true,
		.count = entry->count};
	if (left_us > 0 && !failed)
		answer_out->ttl_s = (uint32_t)((left_us + MICRO - 1) / MICRO);
	else if (entry->recheck_us != 0) {
		answer_out->stale = true;
		answer_out->ttl_s = GP_DNS_STALE_TTL_S;
	}
	if (entry->data_size == 0)
		return GP_OK;
	size_t records_size = entry->count * sizeof(struct gp_dns_record);
	char *block = gp_arena_alloc(arena, records_size + entry->data_size);
	if (!block)
		return gp_arena_status(arena);
	memcpy(block + records_size, entry->bytes + entry->name_length, entry->data_size);
	if (failed)
		answer_out->problem = block + records_size;
	else if (entry->count > 0)
		answer_out->records = (const struct gp_dns_record *)(void *)block;
	if (entry->has_canonical)
		answer_out->canonical = block + records_size;
	return GP_OK;
}

/* gp_dns_entry_unfold: fills the room in front of the data. */
void gp_dns_entry_unfold(enum gp_dns_type type, struct gp_dns_answer *answer)
{
	if (answer->count == 0)
		return;
	struct gp_dns_record *records = (struct gp_dns_record *)answer->records;
	const char *from = (const char *)(records + answer->count);
	if (answer->canonical)
		from += strlen(answer->canonical) + 1;
	for (size_t i = 0; i < answer->count; i++)
		from = unpack(from, type, &records[i]);
}
