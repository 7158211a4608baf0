/* SPDX-License-Identifier: ISC */
/*
 * A chain that holds says who wrote what, not whether it is true. So the walk goes from the newest
 * set to older ones for as long as each sealer is one that the operator believes: the seal of a
 * believed host says that the chain before it held when it came there.
 */
#include "arc/arc.h"

#include "dns/dns.h"
#include "mail/address.h"
#include "mail/authres.h"

/* is_listed: the sealer is one of these, or below one where that is enough (subdomains, or an item
 * that begins with a dot, which stands for the names below only); whole labels count. */
static bool is_listed(struct gp_span sealer, const char *const *list, size_t count, bool subdomains)
{
	for (size_t i = 0; i < count; i++) {
		bool below_only = *list[i] == '.';
		const struct gp_span name = gp_span_from(list[i] + below_only);
		if (name.len == 0 || gp_span_is(name, ".")) /* everything is below the root */
			continue;
		bool equal = gp_dns_name_equal(sealer, name);
		if (equal ? !below_only
			  : (subdomains || below_only) && gp_dns_name_is_within(sealer, name))
			return true;
	}
	return false;
}

/* is_believed: the operator trusts the sealer of this set, and it is about this author and body. */
static bool is_believed(const struct gp_arc_set *set, const struct gp_arc_options *options)
{
	const struct gp_span sealer = gp_span_from(set->sealer);
	if (sealer.len == 0 || !set->covers_author)
		return false;
	return is_listed(sealer, options->sealers, options->sealer_count, options->subdomains) ||
	       is_listed(sealer, options->more_sealers, options->more_sealer_count,
		       options->subdomains);
}

/* is_author: does a header.from name this domain? It may be an address, or have U-labels. */
static int is_author(
	struct gp_arena *arena, struct gp_span from, const char *author_domain, bool *is_out)
{
	struct gp_span local, domain;
	const char *name;
	*is_out = false;
	if (!gp_address_split(from, &local, &domain))
		domain = local;
	int rc = gp_address_domain(arena, domain, &name);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	*is_out = gp_dns_name_equal(gp_span_from(name), gp_span_from(author_domain));
	return GP_OK;
}

/* the_from: the only header.from of a result; false: there is none, or several. */
static bool the_from(const struct gp_authres_result *result, struct gp_span *from_out)
{
	size_t count = 0;
	for (size_t i = 0; i < result->count; i++) {
		const struct gp_authres_property *p = &result->properties[i];
		if (gp_span_is(p->ptype, "header") && gp_span_is(p->property, "from")) {
			*from_out = p->value;
			count++;
		}
	}
	return count == 1;
}

/* the_dmarc: the only result for dmarc; NULL: there is none, or several. */
static const struct gp_authres_result *the_dmarc(const struct gp_authres *authres)
{
	const struct gp_authres_result *found = NULL;
	for (size_t i = 0; i < authres->count; i++) {
		if (!gp_span_is(authres->results[i].method, "dmarc"))
			continue;
		if (found)
			return NULL;
		found = &authres->results[i];
	}
	return found;
}

/* vouches: do the results of this set say dmarc=pass for the author's domain? */
static int vouches(struct gp_arena *arena, const struct gp_arc_set *set, const char *author_domain,
	bool *vouches_out)
{
	struct gp_authres authres;
	struct gp_span from;
	*vouches_out = false;
	int rc = gp_authres_parse(arena, set->results, &authres);
	if (rc) /* 3.4 of RFC 8617: results that cannot be read spoil no chain */
		return rc == GP_ESYNTAX ? GP_OK : rc;
	const struct gp_authres_result *dmarc = the_dmarc(&authres);
	if (!dmarc || !gp_span_is(dmarc->result, "pass") || !the_from(dmarc, &from))
		return GP_OK;
	return is_author(arena, from, author_domain, vouches_out);
}

/* gp_arc_trust: back to the first sealer that is not believed. */
int gp_arc_trust(struct gp_ctx *ctx, const struct gp_arc_result *result,
	const struct gp_arc_options *options, const char *author_domain, unsigned *instance_out)
{
	*instance_out = 0;
	if (result->verdict != GP_ARC_PASS || !*author_domain)
		return GP_OK;
	for (unsigned i = result->instances; i > 0; i--) {
		const struct gp_arc_set *set = &result->sets[i - 1];
		bool good;
		if (!is_believed(set, options)) {
			gp_trace_line(ctx, 1,
				"ARC: the sealer of set %u, %s, is not trusted, or its signature "
				"does not cover From and the whole body",
				i, set->sealer);
			return GP_OK;
		}
		int rc = vouches(ctx->arena, set, author_domain, &good);
		if (rc)
			return rc;
		gp_trace_line(ctx, 1, "ARC: the trusted sealer of set %u, %s, %s for %s", i,
			set->sealer, good ? "vouches" : "does not vouch", author_domain);
		if (good) {
			*instance_out = i;
			return GP_OK;
		}
	}
	return GP_OK;
}

/* gp_arc_may_vouch: the newest set decides whether the others would be looked at. */
bool gp_arc_may_vouch(const struct gp_arc_result *result, const struct gp_arc_options *options)
{
	return result->verdict == GP_ARC_FAIL && result->temporary && result->instances > 0 &&
	       is_believed(&result->sets[result->instances - 1], options);
}
