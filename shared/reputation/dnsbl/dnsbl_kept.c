/* SPDX-License-Identifier: ISC */
/* One get for each list, in one step; a note for each that has changed, after a look at what others
 * have written meanwhile. */
#include "reputation/dnsbl/dnsbl_kept.h"

#include <unistd.h>

#include "reputation/dnsbl/dnsbl_log.h"
#include "reputation/reputation_order.h"

#define KEEP_MS (14 * 24 * 3600 * 1000LL) /* a record, after its last change */
#define DAY_MS (24 * HOUR_MS)
#define HOUR_MS (3600 * 1000LL)
#define WRITES_MAX 3 /* of a record that others write at the same time */

/* gp_dnsbl_kept_host: empty where there is none. */
void gp_dnsbl_kept_host(char host_out[GP_DNSBL_KEPT_HOST])
{
	if (gethostname(host_out, GP_DNSBL_KEPT_HOST - 1))
		host_out[0] = 0;
	host_out[GP_DNSBL_KEPT_HOST - 1] = 0;
}

/* key_of: a list's record; empty: the arena refused. */
static struct gp_span key_of(
	const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx, const struct gp_dnsbl_list *list)
{
	return gp_span_from(
		gp_arena_printf(ctx->arena, "dnsbl-health %.200s %.150s", kept->host, list->name));
}

/* What is done with a record. */
typedef bool take_record(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	struct gp_span record, int64_t now_s);

/* take_value: if there is a record. */
static bool take_value(const struct gp_dnsbl_kept *kept, const struct gp_dnsbl_list *list,
	const struct gp_store_value *value, take_record *take)
{
	return value->found == GP_STORE_FOUND && value->length <= value->room &&
	       take(kept->health, list, (struct gp_span) {value->bytes, value->length},
		       kept->now_s);
}

/* read_records: of some lists, in one step. */
static int read_records(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx,
	const struct gp_dnsbl_list *const *lists, size_t n, take_record *take)
{
	char records[GP_DNSBL_LISTS_MAX][GP_DNSBL_RECORD_MAX];
	struct gp_store_get gets[GP_DNSBL_LISTS_MAX];
	struct gp_store_op ops[GP_DNSBL_LISTS_MAX];
	for (size_t i = 0; i < n; i++) {
		gets[i] = (struct gp_store_get) {.key = key_of(kept, ctx, lists[i]),
			.soft = true,
			.value = {.bytes = records[i], .room = sizeof records[i]}};
		ops[i] = (struct gp_store_op) {.kind = GP_STORE_OP_GET, .get = &gets[i]};
	}
	int rc = gp_store_do(kept->store, ctx, gp_store_now_ms(kept->store), ops, n);
	for (size_t i = 0; rc == GP_OK && i < n; i++)
		(void)take_value(kept, lists[i], &gets[i].value, take);
	return rc;
}

/* gp_dnsbl_kept_load: all of them. */
void gp_dnsbl_kept_load(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx)
{
	const struct gp_dnsbl_list *lists[GP_DNSBL_LISTS_MAX];
	for (size_t i = 0; i < kept->count; i++)
		lists[i] = &kept->lists[i];
	(void)read_records(kept, ctx, lists, kept->count, gp_dnsbl_health_load);
}

/* gp_dnsbl_kept_follow: on again, too. */
void gp_dnsbl_kept_follow(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx)
{
	const struct gp_reputation_order *orders;
	size_t count;
	if (gp_reputation_order_list(kept->store, ctx, GP_REPUTATION_LIST_OFF, &orders, &count) !=
		GP_OK)
		return;
	for (size_t i = 0; i < kept->count; i++)
		gp_dnsbl_health_switch(kept->health, &kept->lists[i],
			gp_reputation_order_has(orders, count, kept->lists[i].zone), kept->now_s);
}

/* find_changed: lists whose record is to be written; how many. */
static size_t find_changed(
	const struct gp_dnsbl_kept *kept, const struct gp_dnsbl_list *lists[GP_DNSBL_LISTS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < kept->count; i++)
		if (gp_dnsbl_health_is_changed(kept->health, &kept->lists[i]))
			lists[n++] = &kept->lists[i];
	return n;
}

/*
 * write_record: what was there comes back, and if another process has written it after we have read
 * it, that goes into the next one.
 */
static int write_record(
	const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx, const struct gp_dnsbl_list *list)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	char before[GP_DNSBL_RECORD_MAX];
	int64_t now_ms = gp_store_now_ms(kept->store);
	int rc = GP_OK;
	for (int i = 0; i < WRITES_MAX; i++) {
		size_t size = gp_dnsbl_health_save(kept->health, list, record);
		struct gp_store_note note = {.key = key_of(kept, ctx, list),
			.value = {(const char *)record, size},
			.expires_ms = now_ms + KEEP_MS,
			.before = {.bytes = before, .room = sizeof before}};
		rc = size ? gp_store_note(kept->store, ctx, now_ms, &note) : GP_OK;
		if (rc || !size || !take_value(kept, list, &note.before, gp_dnsbl_health_merge))
			break;
	}
	return rc;
}

/* gp_dnsbl_kept_save: until the store refuses; then the next process tests for itself. */
void gp_dnsbl_kept_save(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx)
{
	const struct gp_dnsbl_list *lists[GP_DNSBL_LISTS_MAX];
	size_t n = find_changed(kept, lists);
	int rc = n ? read_records(kept, ctx, lists, n, gp_dnsbl_health_merge) : GP_OK;
	n = find_changed(kept, lists);
	for (size_t i = 0; rc == GP_OK && i < n; i++)
		rc = write_record(kept, ctx, lists[i]);
}

/* claim_key: of a round of tests on this machine; empty: the arena refused. */
static struct gp_span claim_key(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx)
{
	return gp_span_from(gp_arena_printf(ctx->arena, "dnsbl-test %.200s", kept->host));
}

/* is_first: does no process have noted this key for so long? Where the store cannot say: yes. */
static bool is_first(struct gp_store *store, struct gp_ctx *ctx, struct gp_span key, int64_t ms)
{
	int64_t now_ms = gp_store_now_ms(store);
	struct gp_store_note note = {.key = key,
		.value = gp_span_from("1"),
		.expires_ms = now_ms + ms,
		.unless_there = true};
	int rc = gp_store_note(store, ctx, now_ms, &note);
	return rc != GP_OK || note.before.found != GP_STORE_FOUND;
}

/* gp_dnsbl_kept_claim: who notes it first. */
bool gp_dnsbl_kept_claim(const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx, int64_t ms)
{
	return is_first(kept->store, ctx, claim_key(kept, ctx), ms);
}

/* gp_dnsbl_kept_forget: notes that end now. */
int gp_dnsbl_kept_forget(
	const struct gp_dnsbl_kept *kept, struct gp_ctx *ctx, const struct gp_dnsbl_list *list)
{
	int64_t now_ms = gp_store_now_ms(kept->store);
	struct gp_store_note notes[] = {
		{.key = key_of(kept, ctx, list), .expires_ms = now_ms},
		{.key = claim_key(kept, ctx), .expires_ms = now_ms},
	};
	const struct gp_store_op ops[] = {{.kind = GP_STORE_OP_NOTE, .note = &notes[0]},
		{.kind = GP_STORE_OP_NOTE, .note = &notes[1]}};
	return gp_store_do(kept->store, ctx, now_ms, ops, 2);
}

/* ---- what is told once ---- */

/* none_key: that no list works has been told; empty: the arena refused. */
static struct gp_span none_key(struct gp_ctx *ctx, const char *host)
{
	return gp_span_from(gp_arena_printf(ctx->arena, "dnsbl-none %.200s", host));
}

/* is_first_unknown: of all processes in a day. */
static bool is_first_unknown(struct gp_store *store, struct gp_ctx *ctx, const char *host,
	const struct gp_dnsbl_event *e)
{
	const char *key = gp_arena_printf(
		ctx->arena, "dnsbl-unknown %.200s %.150s %.15s", host, e->list->name, e->detail);
	return is_first(store, ctx, gp_span_from(key), DAY_MS);
}

/* ends_none: had any process told that no list works? Then that is over. */
static bool ends_none(struct gp_store *store, struct gp_ctx *ctx, const char *host)
{
	int64_t now_ms = gp_store_now_ms(store);
	struct gp_store_note note = {.key = none_key(ctx, host), .expires_ms = now_ms};
	return gp_store_note(store, ctx, now_ms, &note) == GP_OK &&
	       note.before.found == GP_STORE_FOUND;
}

/* log_once: an event, unless another process has told it. */
static void log_once(struct gp_store *store, struct gp_ctx *ctx, const char *host,
	const struct gp_dnsbl_event *e)
{
	const struct gp_dnsbl_event some_left = {.kind = GP_DNSBL_EVENT_SOME_LEFT};
	bool is_told = true, is_over = false;
	if (e->kind == GP_DNSBL_EVENT_UNKNOWN)
		is_told = is_first_unknown(store, ctx, host, e);
	else if (e->kind == GP_DNSBL_EVENT_NONE_LEFT)
		is_told = is_first(store, ctx, none_key(ctx, host), HOUR_MS);
	else if (e->kind == GP_DNSBL_EVENT_SOME_LEFT)
		is_told = ends_none(store, ctx, host);
	else if (e->kind == GP_DNSBL_EVENT_BACK)
		is_over = ends_none(store, ctx, host); /* this process need not have known */
	if (is_told)
		gp_dnsbl_log(ctx->log, e, 1);
	if (is_over)
		gp_dnsbl_log(ctx->log, &some_left, 1);
}

/* gp_dnsbl_kept_log: as the store says, if there is one. */
void gp_dnsbl_kept_log(struct gp_store *store, struct gp_dnsbl_health *health, struct gp_ctx *ctx,
	const struct gp_dnsbl_event *events, size_t event_count)
{
	char host[GP_DNSBL_KEPT_HOST];
	if (event_count == 0)
		return;
	if (!store || !gp_dnsbl_health_is_private(health)) {
		gp_dnsbl_log(ctx->log, events, event_count);
		return;
	}
	gp_dnsbl_kept_host(host);
	for (size_t i = 0; i < event_count; i++)
		log_once(store, ctx, host, &events[i]);
}
