/* SPDX-License-Identifier: ISC */
/* The name first, since others are compared with it. */
#include "engine/greylist_reason.h"

#include "base/strbuf.h"
#include "mail/suffix.h"
#include "reputation/dnsbl/dnsbl.h"
#include "reputation/greylist/greylist_name.h"
#include "reputation/reputation_reverse.h"

static const struct {
	const char *word, *phrase;
} texts[GP_GREYLIST_REASONS] = {
	{"no-reverse-name", "no reverse name"},
	{"unconfirmed-reverse-name", "reverse name not confirmed"},
	{"generic-reverse-name", "generic reverse name"},
	{"helo-mismatch", "HELO does not match the reverse name"},
	{"dns-lists", "listed by DNS lists"},
	{"spf-fail", "SPF fail"},
	{"spf-softfail", "SPF softfail"},
	{"spf-permerror", "SPF permerror"},
	{"first-contact", "first contact"},
};

/* gp_engine_greylist_words: in the order of the bits. */
const char *gp_engine_greylist_words(struct gp_arena *arena, unsigned reasons)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 256);
	for (unsigned i = 0; i < GP_GREYLIST_REASONS; i++)
		if (reasons & (1u << i)) {
			gp_strbuf_add(&buf, buf.len ? "," : "");
			gp_strbuf_add(&buf, texts[i].word);
		}
	return gp_strbuf_finish(&buf, &text) ? NULL : text;
}

/* gp_engine_greylist_phrase: of the first. */
const char *gp_engine_greylist_phrase(unsigned reasons)
{
	for (unsigned i = 0; i < GP_GREYLIST_REASONS; i++)
		if (reasons & (1u << i))
			return texts[i].phrase;
	return texts[GP_GREYLIST_REASONS - 1].phrase;
}

/* registered: of a name that often ends like the client's; NULL: of none. */
static const char *registered(
	const struct gp_facts *f, const struct gp_greylist_client *client, const char *name)
{
	return name ? gp_suffix_registered_beside(
			      f->config->greylist.psl, name, client->name, client->name_domain)
		    : NULL;
}

/* is_same: are both there, and equal? */
static bool is_same(const char *a, const char *b)
{
	return a && b && gp_dns_name_equal(gp_span_from(a), gp_span_from(b));
}

/* find_name: as the mail server has it, or DNS; trouble of DNS is none of the request. */
static int find_name(
	struct gp_ctx *given, const struct gp_facts *f, struct gp_greylist_client *client)
{
	struct gp_reputation_reverse reverse;
	struct gp_ctx ctx = *given;
	ctx.notes = NULL;
	if (f->envelope.client_name.len)
		return gp_engine_find_domain(&ctx, f->envelope.client_name, &client->name);
	int rc = gp_reputation_reverse_name(&ctx, &f->envelope.client, &reverse);
	if (rc)
		return rc;
	switch (reverse.state) {
	case GP_REPUTATION_REVERSE_NONE:
		client->reasons |= GP_GREYLIST_NO_REVERSE_NAME;
		break;
	case GP_REPUTATION_REVERSE_UNCONFIRMED:
		client->reasons |= GP_GREYLIST_UNCONFIRMED_NAME;
		break;
	case GP_REPUTATION_REVERSE_CONFIRMED:
		client->name = reverse.name;
		break;
	case GP_REPUTATION_REVERSE_UNKNOWN:
		break;
	}
	return GP_OK;
}

/* spf_reasons: of the result that stands for the envelope. */
static unsigned spf_reasons(const struct gp_spf_result *r)
{
	if (!r)
		return 0;
	switch (r->verdict) {
	case GP_SPF_FAIL:
		return GP_GREYLIST_SPF_FAIL;
	case GP_SPF_SOFTFAIL:
		return GP_GREYLIST_SPF_SOFTFAIL;
	case GP_SPF_PERMERROR:
		return GP_GREYLIST_SPF_PERMERROR;
	case GP_SPF_NONE:
	case GP_SPF_NEUTRAL:
	case GP_SPF_PASS:
	case GP_SPF_TEMPERROR:
		break;
	}
	return 0;
}

/* says_nothing: does SPF know nothing about the client? */
static bool says_nothing(const struct gp_spf_result *r)
{
	return r && (r->verdict == GP_SPF_NONE || r->verdict == GP_SPF_NEUTRAL);
}

/* lists_score: of DNS lists, where they were asked and count for more than a label. */
static int lists_score(const struct gp_facts *f)
{
	const struct gp_dnsbl_result *lists = f->dnsbl;
	return lists && f->config->dnsbl.mode == GP_MODE_ENFORCE ? lists->score : 0;
}

/* is_listed: from dnsbl.greylist_at on. */
static bool is_listed(const struct gp_facts *f)
{
	unsigned threshold = f->config->dnsbl.greylist_at;
	return threshold && lists_score(f) >= (int)threshold;
}

/* has_weak_sign: what is no reason by itself: SPF says nothing about the client, HELO is no host
 * name, a list has said something. */
static bool has_weak_sign(const struct gp_facts *f)
{
	return says_nothing(gp_engine_spf_result(f)) || !f->helo_name || lists_score(f) > 0;
}

/* is_strange_helo: neither the reverse name nor of its registered domain. */
static bool is_strange_helo(const struct gp_facts *f, const struct gp_greylist_client *client)
{
	return client->name && !is_same(f->helo_name, client->name) &&
	       !is_same(registered(f, client, f->helo_name), client->name_domain);
}

/* is_generic: of an access line. */
static bool is_generic(const struct gp_facts *f, const struct gp_greylist_client *client)
{
	return client->name &&
	       gp_greylist_name_kind(gp_span_from(client->name), gp_span_from(client->name_domain),
		       &f->envelope.client) != GP_GREYLIST_NAME_PROPER;
}

/* find_reasons: those besides the reverse name. */
static void find_reasons(const struct gp_facts *f, struct gp_greylist_client *client)
{
	client->reasons |= spf_reasons(gp_engine_spf_result(f));
	if (is_generic(f, client))
		client->reasons |= GP_GREYLIST_GENERIC_NAME;
	if ((client->reasons || has_weak_sign(f)) && is_strange_helo(f, client))
		client->reasons |= GP_GREYLIST_HELO_MISMATCH;
	if (is_listed(f))
		client->reasons |= GP_GREYLIST_LISTED;
	switch (f->config->greylist.when) {
	case GP_GREYLIST_WHEN_SCORE:
		client->reasons &= GP_GREYLIST_LISTED;
		break;
	case GP_GREYLIST_WHEN_UNKNOWN:
		client->reasons |= client->reasons ? 0 : GP_GREYLIST_UNKNOWN;
		break;
	case GP_GREYLIST_WHEN_SUSPICIOUS:
		break;
	}
}

/* gp_engine_greylist_client: SPF needs no name. */
int gp_engine_greylist_client(
	struct gp_ctx *ctx, const struct gp_facts *facts, struct gp_greylist_client *client_out)
{
	const struct gp_facts *f = facts;
	struct gp_greylist_client *client = client_out;
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	*client = (struct gp_greylist_client) {.spf_passes = spf && spf->verdict == GP_SPF_PASS};
	int rc = find_name(ctx, f, client);
	if (rc)
		return rc;
	client->name_domain = registered(f, client, client->name);
	client->sender_registered = registered(f, client, f->sender_domain);
	client->is_genuine =
		client->spf_passes || is_same(client->name_domain, client->sender_registered);
	find_reasons(f, client);
	return GP_OK;
}

/* gp_engine_greylist_domain: a pass first. */
const char *gp_engine_greylist_domain(
	const struct gp_facts *facts, const struct gp_greylist_client *client)
{
	const struct gp_spf_result *spf = gp_engine_spf_result(facts);
	if (client->spf_passes)
		return spf->domain;
	return (!spf || says_nothing(spf)) &&
			       is_same(client->name_domain, client->sender_registered)
		       ? client->name_domain
		       : NULL;
}
