/* SPDX-License-Identifier: ISC */
/* After the others, since it is asked for where something failed that a chain could explain. */
#include "engine/check_arc.h"

#include "engine/value.h"

/* mode: arc.mode; what it excuses is a rule of DMARC. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return (enum gp_option_mode)f->config->arc.mode;
}

/* is_on: is it evaluated at all? */
static bool is_on(const struct gp_facts *f)
{
	const struct gp_arc_settings *arc = &f->config->arc;
	return f->every_check || (arc->mode != GP_MODE_OFF && arc->evaluate != GP_ARC_NEVER);
}

/* is_sure_to_run: whatever the other checks say? */
static bool is_sure_to_run(const struct gp_facts *f)
{
	return f->every_check || f->config->arc.evaluate == GP_ARC_ALWAYS;
}

/* begin: collects the sets. */
static int begin(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)check;
	return gp_arc_new(ctx, f->mail->message, &f->config->dkim.check, f->bodies, &f->arc_reader);
}

/* questions: the keys, if they are needed for certain. */
static size_t questions(struct gp_ctx *ctx, const struct gp_facts *f,
	struct gp_dns_question *questions_out, size_t room)
{
	(void)ctx;
	return is_sure_to_run(f) ? gp_arc_questions(f->arc_reader, questions_out, room) : 0;
}

/* has_failed: is there anything that a chain could explain? */
static bool has_failed(const struct gp_facts *f)
{
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	if (spf && (spf->verdict == GP_SPF_FAIL || spf->verdict == GP_SPF_SOFTFAIL))
		return true;
	if (f->has_dmarc && f->dmarc.verdict == GP_DMARC_FAIL)
		return true;
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.items[i].verdict == GP_DKIM_FAIL)
			return true;
	return false;
}

/* run: where it is wanted, and whether it vouches for the author. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	const struct gp_arc_options *trust = &f->config->arc.trust;
	(void)check;
	if (!is_sure_to_run(f) && !has_failed(f))
		return GP_OK;
	f->has_arc = true;
	gp_trace_line(ctx, 0, "-- ARC");
	int rc = gp_arc_verify(ctx, f->arc_reader, &f->arc);
	f->vouched_later = !rc && gp_arc_may_vouch(&f->arc, trust);
	if (rc || f->arc.verdict != GP_ARC_PASS || !*f->author_domain)
		return rc;
	return gp_arc_trust(ctx, &f->arc, trust, f->author_domain, &f->arc_instance);
}

/* authres: the chain (RFC 8617 10.2), and its sealers; of a part of a header DMARC speaks alone. */
static void authres(
	struct gp_authres_writer *w, const struct gp_facts *f, const struct gp_verdict *v)
{
	const struct gp_arc_result *arc = &f->arc;
	struct gp_arena *arena = w->buf->arena;
	char client[GP_IPADDR_TEXT];
	(void)v;
	if (!f->has_arc || (f->is_header_cut && f->has_dmarc))
		return;
	gp_authres_result(w, "arc", gp_arc_verdict_name(arc->verdict));
	if (arc->verdict == GP_ARC_NONE)
		return;
	if (arc->instances) {
		const char *text = gp_arena_printf(arena, "i=%u%s%s", arc->instances,
			arc->verdict == GP_ARC_PASS ? ", sealed by " : "",
			arc->verdict == GP_ARC_PASS ? arc->sets[arc->instances - 1].sealer : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (arc->reason)
		gp_authres_reason(w, arc->reason);
	if (arc->verdict == GP_ARC_PASS) {
		const char *oldest = gp_arena_printf(arena, "%u", arc->oldest_pass);
		gp_authres_property(w, "header", "oldest-pass", gp_span_from(oldest));
	}
	if (f->envelope.client.family != GP_IP_NONE)
		gp_authres_property(w, "smtp", "remote-ip",
			gp_span_from(gp_ipaddr_format(&f->envelope.client, client)));
}

/* ---- fields ---- */

/* sealer_of: of a set, by its number from 1; NULL: there is none. */
static const char *sealer_of(const struct gp_record *r, unsigned instance)
{
	return instance ? r->facts->arc.sets[instance - 1].sealer : NULL;
}

/* One function for each member, where a chain was looked at. */
/* clang-format off */
#define MEMBER(name, expression) \
	static struct gp_value name(const struct gp_record *r, size_t item) \
	{ \
		(void)item; \
		return r->facts->has_arc ? expression : gp_engine_value_absent(); \
	}
MEMBER(verdict, gp_engine_value_text(gp_arc_verdict_name(r->facts->arc.verdict)))
MEMBER(instances, gp_engine_value_number(r->facts->arc.instances))
MEMBER(instances_shown, gp_engine_value_some(r->facts->arc.instances))
MEMBER(newest_sealer, gp_engine_value_text(sealer_of(r, r->facts->arc.instances)))
MEMBER(vouched_by, gp_engine_value_text(sealer_of(r, r->facts->arc_instance)))
MEMBER(reason, gp_engine_value_text(r->facts->arc.reason))
MEMBER(temporary, gp_engine_value_bool(r->facts->arc.temporary))
MEMBER(oldest_pass, gp_engine_value_number(r->facts->arc.oldest_pass))
MEMBER(vouches, gp_engine_value_number(r->facts->arc_instance))
/* clang-format on */

/* sealer: of one set, oldest first. */
static struct gp_value sealer(const struct gp_record *r, size_t item)
{
	return gp_engine_value_text(r->facts->arc.sets[item].sealer);
}

/* items: sets. */
static size_t items(const struct gp_record *r)
{
	return r->facts->has_arc ? r->facts->arc.instances : SIZE_MAX;
}

/* clang-format off */
static const struct gp_field fields[] = {
	{.get = "arc.result", .line = "arc", .json = "arc.result", .value = verdict,
		.help = "of the chain; empty when it was not judged"},
	{.get = "arc.instances", .json = "arc.instances", .value = instances, .help = "its sets"},
	{.line = "instances", .value = instances_shown, .help = "its sets"},
	{.get = "arc.sealer", .line = "sealer", .type = GP_FIELD_NAME, .value = newest_sealer,
		.help = "d= of the newest seal"},
	{.json = "arc.temporary", .value = temporary, .help = "DNS did not answer"},
	{.json = "arc.oldest_pass", .value = oldest_pass,
		.help = "the oldest message signature that holds; 0: all"},
	{.json = "arc.sealers[]", .items = items, .type = GP_FIELD_NAME, .value = sealer,
		.help = "d= of each seal"},
	{.json = "arc.vouches", .value = vouches,
		.help = "the instance whose results vouch for the author; 0: none"},
	{.get = "arc.vouched_by", .line = "vouched_by", .type = GP_FIELD_NAME, .value = vouched_by,
		.help = "d= of the trusted seal over the results that excuse"},
	{.get = "arc.reason", .json = "arc.reason", .type = GP_FIELD_SENTENCE, .value = reason,
		.help = "why the chain fails"},
	{.value = NULL},
};
/* clang-format on */

const struct gp_check gp_engine_check_arc = {
	.name = "arc",
	.stages = GP_AT(GP_STAGE_MESSAGE),
	.runs = 40,
	.weighs = 40,
	.mode = mode,
	.is_on = is_on,
	.begin = begin,
	.questions = questions,
	.run = run,
	.authres = authres,
	.fields = fields,
};
