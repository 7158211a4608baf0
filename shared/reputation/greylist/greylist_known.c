/* SPDX-License-Identifier: ISC */
/* The same looks as for a mail. */
#include "reputation/greylist/greylist_known.h"

#include "mail/address.h"
#include "reputation/greylist/greylist_private.h"

/* domain_of: of a mailbox, in A-labels; NULL: none. */
static int domain_of(struct gp_arena *arena, struct gp_span mailbox, const char **domain_out)
{
	struct gp_span local, domain = {NULL, 0};
	*domain_out = NULL;
	gp_address_split(mailbox, &local, &domain);
	if (domain.len == 0 || gp_address_is_literal(domain))
		return GP_OK;
	int rc = gp_address_domain(arena, domain, domain_out);
	if (rc == GP_ESYNTAX)
		*domain_out = NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* gp_greylist_contact_of: as the engine makes it, but for the name. */
int gp_greylist_contact_of(struct gp_arena *arena, const struct gp_greylist_settings *settings,
	const struct gp_ipaddr *client, struct gp_span sender, struct gp_span recipient,
	struct gp_greylist_contact *contact_out)
{
	struct gp_greylist_contact *c = contact_out;
	*c = (struct gp_greylist_contact) {
		.settings = settings, .client = *client, .sender = sender, .recipient = recipient};
	int rc = domain_of(arena, sender, &c->sender_domain);
	if (!rc)
		rc = domain_of(arena, recipient, &c->recipient_domain);
	c->spf_domain = c->sender_domain;
	return rc;
}

/* gp_greylist_state_name: for people and machines. */
const char *gp_greylist_state_name(enum gp_greylist_state state)
{
	static const char *const names[] = {
		[GP_GREYLIST_STATE_NONE] = "none",
		[GP_GREYLIST_STATE_WAITING] = "waiting",
		[GP_GREYLIST_STATE_PASSED] = "passed",
		[GP_GREYLIST_STATE_TRUSTED] = "trusted",
		[GP_GREYLIST_STATE_CROWD] = "crowd",
	};
	return names[state];
}

/* take_state: of a record, if it says more than what is known so far. */
static void take_state(struct gp_greylist_known *known, enum gp_greylist_state state,
	const struct gp_greylist_record *r)
{
	if (known->state > state ||
		(known->state == state && known->first_ms && known->first_ms <= r->first_ms))
		return;
	known->state = state;
	known->first_ms = r->first_ms;
	known->last_ms = r->last_ms;
}

/* take_entries: of the contact itself. */
static void take_entries(const struct gp_greylist_seen *seen, int64_t now_ms,
	const struct gp_greylist_settings *settings, struct gp_greylist_known *known)
{
	for (int i = 0; i < GP_GREYLIST_ORIGINS; i++) {
		const struct gp_greylist_entry *entry = &seen->entries[i];
		if (!entry->is_there)
			continue;
		if (entry->record.has_passed)
			take_state(known, GP_GREYLIST_STATE_PASSED, &entry->record);
		else if (gp_greylist_since(now_ms, entry->record.first_ms) <= settings->window_ms)
			take_state(known, GP_GREYLIST_STATE_WAITING, &entry->record);
	}
}

/* look: at all of it. */
static int look(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_query *query, struct gp_greylist_seen *seen_out)
{
	int rc = gp_greylist_look(ctx, store, now_ms, query, seen_out);
	return rc ? rc : gp_greylist_look_further(ctx, store, now_ms, query, seen_out);
}

/* gp_greylist_known: in the order in which a mail is judged. */
int gp_greylist_known(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact, const char *correspondent,
	struct gp_greylist_known *known_out)
{
	const struct gp_greylist_settings *settings = contact->settings;
	const struct gp_greylist_query query = {
		.contact = *contact, .correspondent = correspondent};
	struct gp_greylist_seen seen;
	struct gp_greylist_known *known = known_out;
	*known = (struct gp_greylist_known) {.state = GP_GREYLIST_STATE_NONE};
	int rc = look(ctx, store, now_ms, &query, &seen);
	if (rc)
		return rc;
	known->is_correspondent = seen.is_correspondent;
	take_entries(&seen, now_ms, settings, known);
	for (int i = 0; i < GP_GREYLIST_BY_NAME; i++) {
		const struct gp_greylist_entry *entry = &seen.passes[i];
		if (entry->is_there && entry->record.passes > known->passes)
			known->passes = entry->record.passes;
		if (entry->is_there && entry->record.passes >= settings->passes)
			take_state(known, GP_GREYLIST_STATE_TRUSTED, &entry->record);
	}
	for (int i = 0; i < GP_GREYLIST_CROWDS; i++)
		if (known->state == GP_GREYLIST_STATE_NONE && seen.crowds[i].is_there)
			take_state(known, GP_GREYLIST_STATE_CROWD, &seen.crowds[i].record);
	if (known->state == GP_GREYLIST_STATE_WAITING || known->state == GP_GREYLIST_STATE_CROWD) {
		int64_t since_ms = gp_greylist_since(now_ms, known->first_ms);
		known->wait_ms = since_ms < settings->delay_ms ? settings->delay_ms - since_ms : 0;
	}
	return GP_OK;
}

/* forget_entry: ends now. */
static int forget_entry(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_entry *entry, bool *forgotten)
{
	struct gp_store_note note = {.key = entry->key, .expires_ms = now_ms};
	if (!entry->is_there && !entry->is_foreign)
		return GP_OK;
	*forgotten = true;
	return gp_store_note(store, ctx, now_ms, &note);
}

/* gp_greylist_forget: each entry that is there. */
int gp_greylist_forget(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact, bool *forgotten_out)
{
	const struct gp_greylist_query query = {.contact = *contact};
	struct gp_greylist_seen seen;
	*forgotten_out = false;
	int rc = look(ctx, store, now_ms, &query, &seen);
	for (int i = 0; !rc && i < GP_GREYLIST_ORIGINS; i++)
		rc = forget_entry(ctx, store, now_ms, &seen.entries[i], forgotten_out);
	for (int i = 0; !rc && i < GP_GREYLIST_BY_NAME; i++)
		rc = forget_entry(ctx, store, now_ms, &seen.passes[i], forgotten_out);
	return rc;
}
