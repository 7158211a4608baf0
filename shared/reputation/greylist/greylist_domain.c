/* SPDX-License-Identifier: ISC */
/* Read first; written when it is new, or was written long enough ago. */
#include "reputation/greylist/greylist_domain.h"

#include "reputation/greylist/greylist_private.h"

/* see_domain: its record, with this contact; kept for so long from now on. */
static int see_domain(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	struct gp_span key, int64_t keep_ms, struct gp_greylist_record *record_out)
{
	char bytes[GP_GREYLIST_RECORD_MAX];
	unsigned char value[GP_GREYLIST_RECORD_MAX];
	struct gp_greylist_record *r = record_out;
	struct gp_store_get get = {
		.key = key, .soft = true, .value = {.bytes = bytes, .room = sizeof bytes}};
	int64_t every_ms = keep_ms / 8 < GP_GREYLIST_DAY_MS ? keep_ms / 8 : GP_GREYLIST_DAY_MS;
	int rc = gp_store_get(store, ctx, now_ms, &get);
	if (rc)
		return rc;
	bool is_there = get.value.found == GP_STORE_FOUND && get.value.length <= sizeof bytes &&
			gp_greylist_record_decode((struct gp_span) {bytes, get.value.length}, r);
	if (is_there && gp_greylist_was_within(now_ms, r->last_ms, every_ms))
		return GP_OK;
	if (!is_there)
		*r = (struct gp_greylist_record) {.first_ms = now_ms};
	gp_greylist_touch(r, now_ms);
	struct gp_store_note note = {.key = key,
		.value = {(const char *)value, gp_greylist_record_encode(r, value)},
		.expires_ms = now_ms + keep_ms};
	return gp_store_note(store, ctx, now_ms, &note);
}

/* gp_greylist_correspond: for settings.correspondents. */
int gp_greylist_correspond(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings, const char *domain)
{
	struct gp_greylist_record r;
	struct gp_span key;
	int rc = gp_greylist_key_domain(ctx->arena, "c", domain, &key);
	return rc ? rc : see_domain(ctx, store, now_ms, key, settings->correspondents_ms, &r);
}

/* gp_greylist_spf_passed: as long as what has passed is remembered. */
int gp_greylist_spf_passed(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings, const char *domain, bool *known_out)
{
	struct gp_greylist_record r;
	struct gp_span key;
	int rc = gp_greylist_key_domain(ctx->arena, "s", domain, &key);
	if (!rc)
		rc = see_domain(ctx, store, now_ms, key, settings->keep_ms, &r);
	*known_out = !rc && gp_greylist_since(now_ms, r.first_ms) >= GP_GREYLIST_DAY_MS;
	return rc;
}
