/* SPDX-License-Identifier: ISC */
/* After all others, for what they let in. */
#include "engine/check_correspondents.h"

#include <string.h>

#include "mail/address.h"
#include "mail/suffix.h"
#include "reputation/greylist/greylist_domain.h"

/* is_on: where greylisting is, mail of a user of ours. Programs and networks that are trusted relay
 * for others, too: whom they write to says nothing. Nor does the null sender: receipts and
 * automatic replies go to strangers as well. */
static bool is_on(const struct gp_facts *f)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	return f->store && g->mode != GP_MODE_OFF && g->correspondents_ms &&
	       f->envelope.sasl_username.len && f->envelope.recipient.len && f->envelope.sender.len;
}

/* registered_of: the registered domain of a mailbox; NULL: it has none. */
static int registered_of(struct gp_ctx *ctx, const struct gp_facts *f, struct gp_span mailbox,
	const char **registered_out)
{
	struct gp_span local, domain = {NULL, 0};
	const char *name;
	gp_address_split(mailbox, &local, &domain);
	int rc = gp_engine_find_domain(ctx, domain, &name);
	*registered_out = rc || !name ? NULL : gp_suffix_registered(f->config->greylist.psl, name);
	return rc;
}

/* is_domain_of: is this the registered domain of the mailbox? */
static int is_domain_of(struct gp_ctx *ctx, const struct gp_facts *f, const char *registered,
	struct gp_span mailbox, bool *is_out)
{
	const char *other;
	int rc = registered_of(ctx, f, mailbox, &other);
	*is_out = other && strcmp(registered, other) == 0;
	return rc;
}

/* is_own: a domain of the user's own, by sender or login name: users who write to each other do not
 * make others known who claim to be one of them. */
static int is_own(
	struct gp_ctx *ctx, const struct gp_facts *f, const char *registered, bool *is_out)
{
	int rc = is_domain_of(ctx, f, registered, f->envelope.sender, is_out);
	return rc || *is_out ? rc
			     : is_domain_of(ctx, f, registered, f->envelope.sasl_username, is_out);
}

/* run: the registered domain of the recipient. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	const char *registered;
	bool is_users = false;
	(void)check;
	int rc = registered_of(ctx, f, f->envelope.recipient, &registered);
	if (!rc && registered)
		rc = is_own(ctx, f, registered, &is_users);
	if (rc || !registered || is_users)
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
