/* SPDX-License-Identifier: ISC */
/*
 * Two steps of gets. Most mail has passed before, from the same network: that is the first, and the
 * only one where nothing else can change what comes of it.
 */
#include <string.h>

#include "reputation/greylist/greylist_private.h"

#define OPS_MAX 16
#define VALUE_ROOM 64
#define IPV4_WIDE 16
#define IPV6_WIDE 32

/* The gets of a step, and where each goes. */
struct look {
	struct gp_store_op ops[OPS_MAX];
	struct gp_store_get gets[OPS_MAX];
	struct gp_greylist_entry *entries[OPS_MAX]; /* NULL: a fact of another kind */
	char values[OPS_MAX][VALUE_ROOM];
	size_t count;
};

/* add: one more; its number. There is room for all of them. */
static size_t add(struct look *l, struct gp_span key, bool is_soft, struct gp_greylist_entry *entry)
{
	size_t i = l->count++;
	l->gets[i] = (struct gp_store_get) {
		.key = key, .soft = is_soft, .value = {.bytes = l->values[i], .room = VALUE_ROOM}};
	l->ops[i] = (struct gp_store_op) {.kind = GP_STORE_OP_GET, .get = &l->gets[i]};
	l->entries[i] = entry;
	return i;
}

/* add_entry: if it has a key. */
static void add_entry(struct look *l, struct gp_greylist_entry *entry)
{
	if (entry->key.len)
		add(l, entry->key, true, entry);
}

/* gp_greylist_crowd_network: never wider than the settings have it. */
struct gp_prefix gp_greylist_crowd_network(
	const struct gp_greylist_contact *contact, enum gp_greylist_crowd crowd)
{
	struct gp_prefix network = gp_greylist_network(contact->settings, &contact->client);
	unsigned wide = contact->client.family == GP_IP_V4 ? IPV4_WIDE : IPV6_WIDE;
	if (crowd == GP_GREYLIST_CROWD_WIDE && network.length > wide)
		network.length = wide;
	return gp_prefix_masked(network);
}

/* make_crowd_keys: of its network, and of the wide one around that. */
static int make_crowd_keys(
	struct gp_arena *arena, const struct gp_greylist_contact *c, struct gp_greylist_seen *seen)
{
	const struct gp_prefix network = gp_greylist_crowd_network(c, GP_GREYLIST_CROWD);
	const struct gp_prefix wide = gp_greylist_crowd_network(c, GP_GREYLIST_CROWD_WIDE);
	int rc = gp_greylist_key_crowd(arena, &network, &seen->crowds[GP_GREYLIST_CROWD].key);
	if (rc || network.length == wide.length)
		return rc;
	return gp_greylist_key_crowd(arena, &wide, &seen->crowds[GP_GREYLIST_CROWD_WIDE].key);
}

/* is_found: was there a value, all of it? */
static bool is_found(const struct gp_store_get *get)
{
	return get->value.found == GP_STORE_FOUND && get->value.length <= VALUE_ROOM;
}

/* take_begun: since when, and for how long that is remembered. */
static void take_begun(const struct gp_store_get *get, struct gp_greylist_seen *seen)
{
	uint64_t began_ms;
	struct gp_span text = {get->value.bytes, get->value.length};
	if (!is_found(get) || gp_span_parse_uint(text, INT64_C(1) << 50, &began_ms) != GP_OK)
		return;
	seen->has_begun = true;
	seen->began_ms = (int64_t)began_ms;
	seen->began_until_ms = get->value.expires_ms;
}

/* take_entry: a record that can be read. */
static void take_entry(const struct gp_store_get *get, struct gp_greylist_entry *entry)
{
	const struct gp_span bytes = {get->value.bytes, get->value.length};
	entry->is_there = is_found(get) && gp_greylist_record_decode(bytes, &entry->record);
	entry->is_foreign = get->value.found == GP_STORE_FOUND && !entry->is_there;
}

/* do_look: the step, and the records that it found. */
static int do_look(struct look *l, struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms)
{
	int rc = gp_store_do(store, ctx, now_ms, l->ops, l->count);
	for (size_t i = 0; !rc && i < l->count; i++) {
		if (l->gets[i].value.found == GP_STORE_UNKNOWN)
			rc = GP_EIO;
		else if (l->entries[i])
			take_entry(&l->gets[i], l->entries[i]);
	}
	return rc;
}

/* gp_greylist_look: one get. */
int gp_greylist_look(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_seen *seen_out)
{
	struct look l = {.count = 0};
	struct gp_greylist_seen *seen = seen_out;
	struct gp_greylist_entry *entry = &seen->entries[GP_GREYLIST_BY_NETWORK];
	*seen = (struct gp_greylist_seen) {0};
	int rc = gp_greylist_key_entry(
		ctx->arena, &query->contact, GP_GREYLIST_BY_NETWORK, &entry->key);
	if (rc)
		return rc;
	add_entry(&l, entry);
	return do_look(&l, ctx, store, now_ms);
}

/* make_keys: all but that of its network. */
static int make_keys(
	struct gp_arena *arena, const struct gp_greylist_contact *c, struct gp_greylist_seen *seen)
{
	int rc = make_crowd_keys(arena, c, seen);
	for (int i = GP_GREYLIST_BY_NETWORK + 1; !rc && i < GP_GREYLIST_ORIGINS; i++)
		rc = gp_greylist_key_entry(
			arena, c, (enum gp_greylist_origin)i, &seen->entries[i].key);
	for (int i = 0; !rc && c->settings->passes && i < GP_GREYLIST_BY_NAME; i++)
		rc = gp_greylist_key_passes(
			arena, c, (enum gp_greylist_origin)i, &seen->passes[i].key);
	return rc;
}

/* gp_greylist_look_further: in this order. */
int gp_greylist_look_further(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_seen *seen)
{
	struct look l = {.count = 0};
	size_t correspondent = SIZE_MAX;
	struct gp_span key;
	const size_t begun = add(&l, gp_span_from(GP_GREYLIST_BEGAN), false, NULL);
	const size_t mark = add(&l, gp_span_from(GP_GREYLIST_MARK), true, NULL);
	int rc = make_keys(ctx->arena, &query->contact, seen);
	if (!rc && query->correspondent) {
		rc = gp_greylist_key_domain(ctx->arena, "c", query->correspondent, &key);
		correspondent = add(&l, key, true, NULL);
	}
	for (int i = GP_GREYLIST_BY_NETWORK + 1; i < GP_GREYLIST_ORIGINS; i++)
		add_entry(&l, &seen->entries[i]);
	for (int i = 0; i < GP_GREYLIST_BY_NAME; i++)
		add_entry(&l, &seen->passes[i]);
	for (int i = 0; i < GP_GREYLIST_CROWDS; i++)
		add_entry(&l, &seen->crowds[i]);
	if (!rc)
		rc = do_look(&l, ctx, store, now_ms);
	if (rc)
		return rc;
	take_begun(&l.gets[begun], seen);
	seen->has_mark = l.gets[mark].value.found == GP_STORE_FOUND;
	if (correspondent != SIZE_MAX)
		seen->is_correspondent = l.gets[correspondent].value.found == GP_STORE_FOUND;
	return GP_OK;
}
