/* SPDX-License-Identifier: ISC */
/* The verdict as a JSON object; names as the documentation lists them. */
#include "cli/verify.h"

#include "cli/offline.h"

/* spf_json: one result; none without one. */
static json_t *spf_json(struct gp_arena *arena, const struct gp_spf_result *r)
{
	json_t *o = json_object();
	json_object_set_new(o, "result", json_string(r ? gp_spf_verdict_name(r->verdict) : "none"));
	if (!r)
		return o;
	json_object_set_new(o, "identity", json_string(gp_spf_identity_name(r->identity)));
	json_object_set_new(o, "domain", gp_cli_json_text(arena, r->domain));
	json_object_set_new(o, "mechanism", gp_cli_json_text(arena, r->mechanism));
	json_object_set_new(o, "explanation", gp_cli_json_text(arena, r->explanation));
	json_object_set_new(o, "problem", gp_cli_json_text(arena, r->problem));
	return o;
}

/* signature_json: one signature. */
static json_t *signature_json(struct gp_arena *arena, const struct gp_dkim_result *r)
{
	json_t *o = json_object();
	const char *identity = gp_arena_copy(arena, r->identity);
	const char *b = gp_arena_copy(arena, r->b);
	json_object_set_new(o, "result", json_string(gp_dkim_verdict_name(r->verdict)));
	json_object_set_new(o, "domain", gp_cli_json_text(arena, r->domain));
	json_object_set_new(o, "selector", gp_cli_json_text(arena, r->selector));
	json_object_set_new(o, "algorithm", gp_cli_json_text(arena, r->algorithm));
	json_object_set_new(
		o, "identity", gp_cli_json_text(arena, r->identity.len ? identity : NULL));
	json_object_set_new(o, "b", gp_cli_json_text(arena, b));
	json_object_set_new(o, "bits", json_integer(r->bits));
	json_object_set_new(o, "secure", json_boolean(r->secure));
	json_object_set_new(o, "testing", json_boolean(r->testing));
	json_object_set_new(o, "lenient", json_boolean(r->lenient));
	json_object_set_new(o, "reason", gp_cli_json_text(arena, r->reason));
	return o;
}

/* dkim_json: all signatures. */
static json_t *dkim_json(struct gp_arena *arena, const struct gp_dkim_results *dkim)
{
	json_t *list = json_array();
	for (size_t i = 0; i < dkim->count; i++)
		json_array_append_new(list, signature_json(arena, &dkim->items[i]));
	return list;
}

/* arc_json: the chain, oldest set first. */
static json_t *arc_json(struct gp_arena *arena, const struct gp_mail_verdict *v)
{
	json_t *o = json_object(), *sealers = json_array();
	const struct gp_arc_result *arc = &v->arc;
	json_object_set_new(o, "result", json_string(gp_arc_verdict_name(arc->verdict)));
	json_object_set_new(o, "instances", json_integer(arc->instances));
	json_object_set_new(o, "temporary", json_boolean(arc->temporary));
	json_object_set_new(o, "oldest_pass", json_integer(arc->oldest_pass));
	for (unsigned i = 0; i < arc->instances; i++)
		json_array_append_new(sealers, gp_cli_json_text(arena, arc->sets[i].sealer));
	json_object_set_new(o, "sealers", sealers);
	json_object_set_new(o, "vouches", json_integer(v->arc_instance));
	json_object_set_new(o, "reason", gp_cli_json_text(arena, arc->reason));
	return o;
}

/* policy_json: null where there is no record. */
static json_t *policy_json(const struct gp_dmarc_result *d, enum gp_dmarc_policy policy)
{
	return d->policy_tag ? json_string(gp_dmarc_policy_name(policy)) : json_null();
}

/* dmarc_json: verdict, and the policy as published, sampled, and asked for this message. */
static json_t *dmarc_json(struct gp_arena *arena, const struct gp_mail_verdict *v)
{
	const struct gp_dmarc_result *d = &v->dmarc;
	json_t *o = json_object();
	json_object_set_new(o, "result", json_string(gp_dmarc_verdict_name(d->verdict)));
	json_object_set_new(o, "policy", policy_json(d, d->published));
	json_object_set_new(o, "policy_tag", gp_cli_json_text(arena, d->policy_tag));
	json_object_set_new(o, "sampled", policy_json(d, d->sampled));
	json_object_set_new(o, "pct_ignored", gp_cli_json_text(arena, v->pct_ignored));
	json_object_set_new(o, "action", policy_json(d, d->applied));
	json_object_set_new(o, "domain", gp_cli_json_text(arena, d->domain));
	json_object_set_new(o, "org_domain", gp_cli_json_text(arena, d->org_domain));
	json_object_set_new(o, "psl_org_domain", gp_cli_json_text(arena, d->psl_org_domain));
	json_object_set_new(o, "psl_differences", json_integer(d->psl_differences));
	json_object_set_new(o, "spf_aligned", json_boolean(d->spf_aligned));
	json_object_set_new(o, "dkim_aligned", json_boolean(d->dkim_aligned));
	json_object_set_new(o, "reason", gp_cli_json_text(arena, d->reason));
	return o;
}

/* gp_cli_verify_json: checks that did not run are left out, but for SPF. */
int gp_cli_verify_json(struct gp_arena *arena, const struct gp_mail_verdict *v, const char *note)
{
	json_t *o = json_object();
	const struct gp_spf_result *spf = v->has_mailfrom ? &v->mailfrom
					  : v->has_helo   ? &v->helo
							  : NULL;
	json_object_set_new(o, "spf", spf_json(arena, spf));
	if (v->has_from)
		json_object_set_new(o, "spf_from", spf_json(arena, &v->from));
	if (v->has_dkim) {
		json_object_set_new(o, "dkim", dkim_json(arena, &v->dkim));
		json_object_set_new(
			o, "dkim_not_looked_at", json_integer((json_int_t)v->dkim.overflow));
	}
	if (v->has_arc)
		json_object_set_new(o, "arc", arc_json(arena, v));
	if (v->has_dmarc)
		json_object_set_new(o, "dmarc", dmarc_json(arena, v));
	json_object_set_new(o, "from", gp_cli_json_text(arena, v->author_domain));
	json_object_set_new(o, "from_problem", gp_cli_json_text(arena, v->from_problem));
	json_object_set_new(o, "action", json_string(gp_engine_action_name(v->action)));
	json_object_set_new(o, "would", json_string(gp_engine_action_name(v->would)));
	json_object_set_new(o, "rule", gp_cli_json_text(arena, v->rule));
	json_object_set_new(o, "override", gp_cli_json_text(arena, v->override));
	json_object_set_new(o, "reply", gp_cli_json_text(arena, v->reply));
	json_object_set_new(o, "authentication_results", gp_cli_json_text(arena, v->results));
	json_object_set_new(o, "note", gp_cli_json_text(arena, note));
	return gp_cli_print_json(o);
}
