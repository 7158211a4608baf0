/* SPDX-License-Identifier: ISC */
/*
 * The same looks as for a mail: one as if SPF had passed for the sender's domain, one more with the
 * registered domain of that, under which a mail is known whose client has a name of it.
 */
#include "reputation/greylist/greylist_known.h"

#include <string.h>

#include "mail/address.h"
#include "mail/suffix.h"
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

/* is_mailbox: a local part, quoted if it has an @ itself, and a domain or address literal. */
static bool is_mailbox(struct gp_arena *arena, struct gp_span text)
{
	struct gp_span local, domain;
	const char *name;
	if (!gp_address_split(text, &local, &domain) || local.len == 0 ||
		(*local.ptr != '"' && memchr(local.ptr, '@', local.len)))
		return false;
	return gp_address_is_literal(domain) || gp_address_domain(arena, domain, &name) == GP_OK;
}

/* gp_greylist_is_sender: or the null sender. */
bool gp_greylist_is_sender(struct gp_arena *arena, struct gp_span text)
{
	return text.len == 0 || is_mailbox(arena, text);
}

/* gp_greylist_is_recipient: or the postmaster. */
bool gp_greylist_is_recipient(struct gp_arena *arena, struct gp_span text)
{
	return gp_span_equal_nocase(text, gp_span_from("postmaster")) || is_mailbox(arena, text);
}

/* gp_greylist_contact_of: as the engine makes it, if the client is the sender's. */
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
	if (sender.len == 0) { /* it waits at DATA, for all of its recipients */
		c->recipient = sender;
		c->recipient_domain = NULL;
	}
	if (settings->psl && c->sender_domain)
		c->name_domain = gp_suffix_registered(settings->psl, c->sender_domain);
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

/* take_entry: of the contact, by one of its origins. */
static void take_entry(const struct gp_greylist_entry *entry, int64_t now_ms,
	const struct gp_greylist_settings *settings, struct gp_greylist_known *known)
{
	if (!entry->is_there)
		return;
	if (entry->record.has_passed)
		take_state(known, GP_GREYLIST_STATE_PASSED, &entry->record);
	else if (gp_greylist_since(now_ms, entry->record.first_ms) <= settings->window_ms)
		take_state(known, GP_GREYLIST_STATE_WAITING, &entry->record);
}

/* take_passes: of a network or a domain. */
static void take_passes(const struct gp_greylist_entry *entry,
	const struct gp_greylist_settings *settings, struct gp_greylist_known *known)
{
	if (entry->is_there && entry->record.passes > known->passes)
		known->passes = entry->record.passes;
	if (entry->is_there && entry->record.passes >= settings->passes)
		take_state(known, GP_GREYLIST_STATE_TRUSTED, &entry->record);
}

/* take_wait: how long it still has to wait. */
static void take_wait(int64_t now_ms, const struct gp_greylist_settings *settings,
	struct gp_greylist_known *known)
{
	if (known->state != GP_GREYLIST_STATE_WAITING && known->state != GP_GREYLIST_STATE_CROWD)
		return;
	int64_t since_ms = gp_greylist_since(now_ms, known->first_ms);
	known->wait_ms = since_ms < settings->delay_ms ? settings->delay_ms - since_ms : 0;
}

/* The looks of one contact. */
#define LOOKS_MAX 2
struct looks {
	struct gp_greylist_query queries[LOOKS_MAX];
	struct gp_greylist_seen seen[LOOKS_MAX];
	size_t count;
};

/* look: at all of it, and again with the registered domain where that is another one. */
static int look(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact, struct looks *l)
{
	const char *registered = contact->name_domain;
	int rc = GP_OK;
	l->count = registered && strcmp(registered, contact->spf_domain) != 0 ? 2 : 1;
	for (size_t i = 0; !rc && i < l->count; i++) {
		struct gp_greylist_query *query = &l->queries[i];
		*query = (struct gp_greylist_query) {
			.contact = *contact, .correspondent = registered};
		if (i > 0)
			query->contact.spf_domain = registered;
		rc = gp_greylist_look(ctx, store, now_ms, query, &l->seen[i]);
		if (!rc)
			rc = gp_greylist_look_further(ctx, store, now_ms, query, &l->seen[i]);
	}
	return rc;
}

/* by_network: by the client's network, whatever the sender. */
static void by_network(const struct gp_greylist_seen *seen, int64_t now_ms,
	const struct gp_greylist_settings *settings, struct gp_greylist_known *known)
{
	take_entry(&seen->entries[GP_GREYLIST_BY_NETWORK], now_ms, settings, known);
	take_passes(&seen->passes[GP_GREYLIST_BY_NETWORK], settings, known);
	for (int i = 0; i < GP_GREYLIST_CROWDS; i++)
		if (known->state == GP_GREYLIST_STATE_NONE && seen->crowds[i].is_there)
			take_state(known, GP_GREYLIST_STATE_CROWD, &seen->crowds[i].record);
	take_wait(now_ms, settings, known);
}

/* by_domain: by that of the sender. */
static void by_domain(const struct looks *l, int64_t now_ms,
	const struct gp_greylist_settings *settings, struct gp_greylist_known *known)
{
	for (size_t i = 0; i < l->count; i++) {
		take_entry(&l->seen[i].entries[GP_GREYLIST_BY_SPF], now_ms, settings, known);
		take_entry(&l->seen[i].entries[GP_GREYLIST_BY_NAME], now_ms, settings, known);
		take_passes(&l->seen[i].passes[GP_GREYLIST_BY_SPF], settings, known);
	}
	take_wait(now_ms, settings, known);
	known->is_by_domain = true;
}

/* is_learning: as it would be for a mail that came now. */
static bool is_learning(const struct looks *l, int64_t now_ms)
{
	const struct gp_greylist_run run = {
		.now_ms = now_ms, .query = &l->queries[0], .seen = l->seen[0]};
	if (!run.seen.has_begun || !run.seen.has_mark)
		return run.query->contact.settings->learn_ms > 0;
	return gp_greylist_is_learning(&run);
}

/* gp_greylist_may_pass: it has passed, or has waited long enough. */
bool gp_greylist_may_pass(const struct gp_greylist_known *known)
{
	return known->state != GP_GREYLIST_STATE_NONE && known->wait_ms == 0;
}

/* gp_greylist_known: what its network is known for is certain, so that comes first. */
int gp_greylist_known(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact, struct gp_greylist_known *known_out)
{
	struct looks *l = gp_arena_alloc(ctx->arena, sizeof *l);
	struct gp_greylist_known *known = known_out, of_domain = {0};
	*known = of_domain;
	int rc = l ? look(ctx, store, now_ms, contact, l) : gp_arena_status(ctx->arena);
	if (rc)
		return rc;
	by_network(&l->seen[0], now_ms, contact->settings, known);
	by_domain(l, now_ms, contact->settings, &of_domain);
	unsigned passes = known->passes > of_domain.passes ? known->passes : of_domain.passes;
	if (!gp_greylist_may_pass(known) &&
		(gp_greylist_may_pass(&of_domain) || known->state == GP_GREYLIST_STATE_NONE) &&
		of_domain.state != GP_GREYLIST_STATE_NONE)
		*known = of_domain;
	known->passes = passes;
	known->is_correspondent = l->seen[0].is_correspondent;
	known->is_learning = is_learning(l, now_ms);
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

/* forget_seen: each entry that is there, but for that of a network as a whole. */
static int forget_seen(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_seen *seen, struct gp_greylist_forgotten *forgotten)
{
	int rc = GP_OK;
	for (int i = 0; !rc && i < GP_GREYLIST_ORIGINS; i++)
		rc = forget_entry(ctx, store, now_ms, &seen->entries[i], &forgotten->is_known);
	for (int i = 0; !rc && i < GP_GREYLIST_BY_NAME; i++)
		rc = forget_entry(ctx, store, now_ms, &seen->passes[i], &forgotten->is_known);
	for (int i = 0; i < GP_GREYLIST_CROWDS; i++)
		forgotten->is_crowd |= seen->crowds[i].is_there;
	return rc;
}

/* gp_greylist_forget: what each look has found. */
int gp_greylist_forget(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_contact *contact, struct gp_greylist_forgotten *forgotten_out)
{
	struct looks *l = gp_arena_alloc(ctx->arena, sizeof *l);
	*forgotten_out = (struct gp_greylist_forgotten) {0};
	int rc = l ? look(ctx, store, now_ms, contact, l) : gp_arena_status(ctx->arena);
	for (size_t i = 0; !rc && i < l->count; i++)
		rc = forget_seen(ctx, store, now_ms, &l->seen[i], forgotten_out);
	return rc;
}
