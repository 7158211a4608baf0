/* SPDX-License-Identifier: ISC */
/*
 * The pipeline of an envelope: rules that need no DNS, SPF of MAIL FROM, SPF of HELO where it is
 * looked at, the decision, the texts. HELO is asked only when MAIL FROM has not refused already.
 */
#include "engine/engine.h"

#include "dmarc/dmarc.h"
#include "engine/engine_private.h"
#include "mail/address.h"

/* gp_engine_action_name: a word for the log. */
const char *gp_engine_action_name(enum gp_action action)
{
	static const char *const names[] = {
		[GP_ACTION_ACCEPT] = "accept",
		[GP_ACTION_HOLD] = "hold",
		[GP_ACTION_QUARANTINE] = "quarantine",
		[GP_ACTION_DEFER] = "defer",
		[GP_ACTION_REJECT] = "reject",
	};
	return names[action];
}

/* gp_engine_domain: in A-labels, or NULL where it is no domain. */
int gp_engine_domain(struct gp_ctx *ctx, struct gp_span domain, const char **domain_out)
{
	*domain_out = NULL;
	if (domain.len == 0 || gp_address_is_literal(domain))
		return GP_OK;
	int rc = gp_address_domain(ctx->arena, domain, domain_out);
	if (rc == GP_ESYNTAX)
		*domain_out = NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* gp_engine_find_names: the names that the exceptions compare. */
int gp_engine_find_names(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_span local, domain = {NULL, 0};
	gp_address_split(f->envelope->sender, &local, &domain);
	int rc = gp_engine_domain(ctx, domain, &f->sender_domain);
	if (rc)
		return rc;
	/* an ASCII domain is compared as it stands */
	gp_address_split(f->envelope->recipient, &local, &domain);
	if (!gp_span_is_printable_ascii(domain))
		rc = gp_engine_domain(ctx, domain, &f->recipient_domain);
	return rc ? rc : gp_engine_domain(ctx, f->envelope->helo, &f->helo_name);
}

/* gp_engine_spf: with the configured limits, for whoever listens. */
int gp_engine_spf(struct gp_ctx *ctx, const struct gp_facts *f, enum gp_spf_identity identity,
	struct gp_span mail_from, struct gp_spf_result *result_out)
{
	const struct gp_spf_query query = {
		.client = f->envelope->client,
		.identity = identity,
		.helo = f->envelope->helo,
		.mail_from = mail_from,
		.receiver = f->config->hostname,
		.options = &f->config->spf.limits,
		.trace = ctx->trace,
	};
	return gp_spf_check(ctx, &query, result_out);
}

/* check_mailfrom: unless the sender is null; then HELO stands for it (RFC 7208 2.4). */
static int check_mailfrom(struct gp_ctx *ctx, struct gp_facts *f)
{
	if (f->envelope->sender.len == 0)
		return GP_OK;
	f->has_mailfrom = true;
	int64_t began_us = gp_clock_now_us(ctx->clock);
	int rc = gp_engine_spf(ctx, f, GP_SPF_MAILFROM, f->envelope->sender, &f->mailfrom);
	f->mailfrom_us = gp_clock_now_us(ctx->clock) - began_us;
	return rc;
}

/* check_helo: where the configuration looks at it, or nothing else is there to look at. */
static int check_helo(struct gp_ctx *ctx, struct gp_facts *f)
{
	if (f->config->spf.helo == GP_HELO_OFF && f->envelope->sender.len)
		return GP_OK;
	if (!f->helo_name)
		return GP_OK;
	f->has_helo = true;
	int64_t began_us = gp_clock_now_us(ctx->clock);
	unsigned before = f->notes->trouble;
	int rc = gp_engine_spf(ctx, f, GP_SPF_HELO, (struct gp_span) {NULL, 0}, &f->helo);
	f->helo_us = gp_clock_now_us(ctx->clock) - began_us;
	f->helo_trouble = f->notes->trouble - before;
	return rc;
}

/* gp_engine_is_forwarded: name by name until one lets the client send. */
int gp_engine_is_forwarded(struct gp_ctx *ctx, const struct gp_facts *f,
	const struct gp_config_texts *forwarders, bool *forwarded_out)
{
	*forwarded_out = false;
	for (size_t i = 0; i < forwarders->count && !*forwarded_out; i++) {
		struct gp_spf_result r;
		const char *mailbox =
			gp_arena_printf(ctx->arena, "postmaster@%s", forwarders->items[i]);
		if (!mailbox)
			return gp_arena_status(ctx->arena);
		int rc = gp_engine_spf(ctx, f, GP_SPF_MAILFROM, gp_span_from(mailbox), &r);
		if (rc)
			return rc;
		*forwarded_out = r.verdict == GP_SPF_PASS;
	}
	return GP_OK;
}

/*
 * check_yield: does the sender's domain, or the organisation's above it, publish DMARC? Then the
 * refusal waits for the message, which a signature may save (RFC 9989 7.1). A domain of which DNS
 * cannot tell for now gets the same patience.
 */
static int check_yield(struct gp_ctx *ctx, struct gp_facts *f)
{
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found found;
	int rc = gp_dmarc_new(ctx, &f->config->dmarc.check, &dmarc);
	if (!rc)
		rc = gp_dmarc_discover(ctx, dmarc, f->sender_domain, &found);
	f->yields = !rc && (found.state == GP_DNS_FOUND || found.state == GP_DNS_TEMPFAIL);
	return rc;
}

/* check_helo_then: HELO where MAIL FROM has not refused already, and the decision. */
static int check_helo_then(struct gp_ctx *ctx, struct gp_facts *f, struct gp_decision *d)
{
	int rc = GP_OK;
	if (d->action != GP_ACTION_REJECT && !f->has_helo)
		rc = check_helo(ctx, f);
	gp_engine_decide(f, d);
	return rc;
}

/* check_exceptions: what may still hold a refusal back, each asked only then. */
static int check_exceptions(struct gp_ctx *ctx, struct gp_facts *f, struct gp_decision *d)
{
	const struct gp_config_spf *spf = &f->config->spf;
	int rc = GP_OK;
	if (d->action != GP_ACTION_ACCEPT && spf->forwarders.count) {
		rc = gp_engine_is_forwarded(ctx, f, &spf->forwarders, &f->forwarded);
		gp_engine_decide(f, d);
	}
	if (!rc && d->may_yield && spf->yield_to_dmarc && f->sender_domain) {
		rc = check_yield(ctx, f);
		gp_engine_decide(f, d);
		if (!rc)
			rc = check_helo_then(ctx, f, d);
	}
	return rc;
}

/* run_checks: in this order, each only when it can still change something. */
static int run_checks(struct gp_ctx *ctx, struct gp_facts *f, struct gp_decision *d)
{
	int rc = check_mailfrom(ctx, f);
	if (rc)
		return rc;
	gp_engine_decide(f, d);
	rc = check_helo_then(ctx, f, d);
	return rc ? rc : check_exceptions(ctx, f, d);
}

/* gp_engine_trouble: a text there always is, so that it can be told from its absence. */
const char *gp_engine_trouble(const struct gp_dns_notes *notes, bool has_temperror)
{
	if (notes->trouble)
		return notes->problem ? notes->problem : "questions to DNS could not be asked";
	return notes->held_up && has_temperror
		       ? "too much time was lost in waiting for a place for questions to DNS"
		       : NULL;
}

/* find_trouble: unless a pass that nothing can outweigh was found all the same. */
static const char *find_trouble(const struct gp_facts *f, const struct gp_decision *d)
{
	const struct gp_spf_result *r = f->has_mailfrom ? &f->mailfrom : &f->helo;
	bool passes = (f->has_mailfrom || f->has_helo) && r->verdict == GP_SPF_PASS;
	if (passes && d->action == GP_ACTION_ACCEPT && f->helo_trouble == 0)
		return NULL;
	return gp_engine_trouble(f->notes, r->verdict == GP_SPF_TEMPERROR);
}

/* settle: the decision and the facts become the verdict. */
static int settle(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_decision *d,
	struct gp_verdict *v)
{
	v->rule = d->rule;
	v->would = d->action;
	v->action = f->config->spf.mode == GP_MODE_ENFORCE ? d->action : GP_ACTION_ACCEPT;
	v->has_mailfrom = f->has_mailfrom;
	v->has_helo = f->has_helo;
	v->mailfrom = f->mailfrom;
	v->helo = f->helo;
	v->mailfrom_us = f->mailfrom_us;
	v->helo_us = f->helo_us;
	v->dns_stale = f->notes->stale;
	v->trouble = find_trouble(f, d);
	int rc = GP_OK;
	if (d->action != GP_ACTION_ACCEPT)
		rc = gp_engine_reply(ctx, f, d, &v->reply);
	if (!rc && v->action == GP_ACTION_ACCEPT)
		rc = gp_engine_header(ctx, f, &v->header);
	return rc;
}

/* gp_engine_address: with the prefixes of the configuration. */
struct gp_ipaddr gp_engine_address(const struct gp_config *config, struct gp_ipaddr addr)
{
	return gp_ipaddr_v4_by_nat64(
		addr, config->nat64_prefixes.items, config->nat64_prefixes.count);
}

/* gp_engine_judged: both ends. */
struct gp_envelope gp_engine_judged(
	const struct gp_config *config, const struct gp_envelope *envelope)
{
	struct gp_envelope judged = *envelope;
	judged.client = gp_engine_address(config, envelope->client);
	judged.server = gp_engine_address(config, envelope->server);
	return judged;
}

/* gp_engine_exempt: the tables that come before any check. */
int gp_engine_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const char **rule_out)
{
	const struct gp_envelope judged = gp_engine_judged(config, envelope);
	struct gp_facts facts = {.config = config, .envelope = &judged};
	struct gp_decision decision = {0};
	int rc = gp_engine_find_names(ctx, &facts);
	if (!rc)
		(void)gp_engine_decide_early(&facts, &decision); /* no rule: NULL */
	*rule_out = decision.rule;
	return rc;
}

/* gp_engine_envelope: the pipeline. */
int gp_engine_envelope(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, struct gp_verdict *verdict_out)
{
	const struct gp_envelope judged = gp_engine_judged(config, envelope);
	struct gp_dns_notes notes = {0};
	struct gp_facts facts = {.config = config, .envelope = &judged, .notes = &notes};
	struct gp_decision decision = {0};
	struct gp_ctx own = *ctx;
	own.notes = &notes;
	*verdict_out = (struct gp_verdict) {0};
	int rc = gp_engine_find_names(&own, &facts);
	if (rc)
		return rc;
	if (gp_engine_decide_early(&facts, &decision)) {
		verdict_out->rule = decision.rule;
		/* users and networks of ours come from wherever they do: it says nothing */
		verdict_out->private_client =
			!gp_engine_ours(&facts) && gp_engine_is_private_client(&facts);
		return GP_OK;
	}
	rc = run_checks(&own, &facts, &decision);
	return rc ? rc : settle(&own, &facts, &decision, verdict_out);
}
