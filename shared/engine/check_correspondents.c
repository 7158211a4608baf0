/* SPDX-License-Identifier: ISC */
/* After all others, for what they let in. */
#include "engine/check_correspondents.h"

#include "mail/address.h"
#include "mail/suffix.h"
#include "reputation/greylist/greylist_domain.h"

/* is_on: where greylisting is, mail of a user of ours. Programs and networks that are trusted relay
 * for others, too: whom they write to says nothing. */
static bool is_on(const struct gp_facts *f)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	return f->store && g->mode != GP_MODE_OFF && g->correspondents_ms &&
	       f->envelope.sasl_username.len && f->envelope.recipient.len;
}

/* run: the registered domain of the recipient. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	struct gp_span local, domain = {NULL, 0};
	const char *name;
	(void)check;
	gp_address_split(f->envelope.recipient, &local, &domain);
	int rc = gp_engine_find_domain(ctx, domain, &name);
	const char *registered = rc || !name ? NULL : gp_suffix_registered(g->psl, name);
	if (!registered)
		return rc;
	int64_t now_ms = gp_store_now_ms(f->store);
	if (gp_greylist_correspond(ctx, f->store, now_ms, g, registered))
		gp_store_say_trouble(f->store, ctx,
			"greylisting: correspondents are not remembered until it is "
			"back");
	return gp_arena_status(ctx->arena);
}

const struct gp_check gp_engine_check_correspondents = {
	.name = "correspondents",
	.stages = GP_AT(GP_STAGE_RCPT),
	.runs = 95,
	.weighs = 95,
	.round = GP_ROUND_REMEMBERS,
	.judges_ours = true,
	.by_recipient = true,
	.is_on = is_on,
	.run = run,
};
