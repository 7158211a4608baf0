/* SPDX-License-Identifier: ISC */
/* The names of an envelope as they are compared, and the author of a message. */
#include "engine/facts.h"

#include "mail/address.h"

/* gp_engine_facts_init: with the addresses that are judged. */
void gp_engine_facts_init(struct gp_facts *facts, const struct gp_config *config,
	enum gp_stage stage, const struct gp_envelope *envelope)
{
	*facts = (struct gp_facts) {
		.config = config, .stage = stage, .envelope = *envelope, .author_domain = ""};
	facts->envelope.client = gp_engine_address(config, envelope->client);
	facts->envelope.server = gp_engine_address(config, envelope->server);
}

/* gp_engine_address: with the prefixes of the configuration. */
struct gp_ipaddr gp_engine_address(const struct gp_config *config, struct gp_ipaddr addr)
{
	return gp_ipaddr_v4_by_nat64(
		addr, config->nat64_prefixes.items, config->nat64_prefixes.count);
}

/* gp_engine_find_domain: an address literal is none. */
int gp_engine_find_domain(struct gp_ctx *ctx, struct gp_span domain, const char **domain_out)
{
	*domain_out = NULL;
	if (domain.len == 0 || gp_address_is_literal(domain))
		return GP_OK;
	int rc = gp_address_domain(ctx->arena, domain, domain_out);
	if (rc == GP_ESYNTAX)
		*domain_out = NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* gp_engine_find_recipient: an ASCII domain is compared as it stands. */
int gp_engine_find_recipient(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_span local, domain = {NULL, 0};
	gp_address_split(f->envelope.recipient, &local, &domain);
	return gp_span_is_printable_ascii(domain)
		       ? GP_OK
		       : gp_engine_find_domain(ctx, domain, &f->recipient_domain);
}

/* gp_engine_find_names: the names that the exceptions compare. */
int gp_engine_find_names(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_span local, domain = {NULL, 0};
	gp_address_split(f->envelope.sender, &local, &domain);
	int rc = gp_engine_find_domain(ctx, domain, &f->sender_domain);
	if (!rc)
		rc = gp_engine_find_recipient(ctx, f);
	return rc ? rc : gp_engine_find_domain(ctx, f->envelope.helo, &f->helo_name);
}

/* copy_name: NULL stays NULL. */
static int copy_name(struct gp_arena *arena, const char *from, const char **to_out)
{
	*to_out = from ? gp_arena_copy(arena, gp_span_from(from)) : NULL;
	return from && !*to_out ? gp_arena_status(arena) : GP_OK;
}

/* gp_engine_copy_names: that of the recipient is another one. */
int gp_engine_copy_names(struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to)
{
	int rc = copy_name(arena, from->sender_domain, &to->sender_domain);
	return rc ? rc : copy_name(arena, from->helo_name, &to->helo_name);
}

/* gp_engine_find_author: a bounce has no author whose domain could be asked; one that has no From
 * field shows none. */
int gp_engine_find_author(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_author author;
	int rc = gp_author_find(ctx->arena, f->mail->message, &author);
	if (rc)
		return rc;
	f->author_domain = author.domain;
	f->from_problem = author.problem;
	bool is_bounce = author.bounces_may && f->envelope.sender.len == 0;
	f->is_header_cut = f->mail->is_header_cut;
	f->from_cause = is_bounce ? GP_AUTHOR_NO_DOMAIN : author.cause;
	return GP_OK;
}

/* gp_engine_spf_result: the null sender is judged by HELO (RFC 7208 2.4). */
const struct gp_spf_result *gp_engine_spf_result(const struct gp_facts *f)
{
	return f->spf.has_mailfrom ? &f->spf.mailfrom : f->spf.has_helo ? &f->spf.helo : NULL;
}

/* gp_engine_hurried: a time that is over stays over. */
struct gp_ctx gp_engine_hurried(const struct gp_ctx *ctx)
{
	struct gp_ctx less = *ctx;
	int64_t left_us = ctx->deadline_us - gp_clock_now_us(ctx->clock);
	if (left_us > 0)
		less.deadline_us -= left_us / 4;
	return less;
}
