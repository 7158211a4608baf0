/* SPDX-License-Identifier: ISC */
/*
 * The pipeline of a message: who wrote it, which questions are known from the start (asked at
 * once), the body in one pass, then SPF, DKIM and DMARC, and ARC where it can matter; the decision
 * last. Every question goes through a memory of this message, so that what was asked together in
 * advance is found there, and no two checks see different answers.
 */
#include "engine/message_private.h"
#include "mail/author.h"

#include <string.h>

/* The checks while they run. */
struct run {
	struct gp_ctx *ctx;
	struct gp_mail_facts *f;
	struct gp_body *body;
	struct gp_dkim_bodies *bodies;
	struct gp_dkim *dkim;   /* NULL: switched off */
	struct gp_arc *arc;     /* NULL: switched off */
	struct gp_dmarc *dmarc; /* NULL: switched off, or no author */
};

/* gp_engine_message_spf: the null sender is judged by HELO (RFC 7208 2.4). */
const struct gp_spf_result *gp_engine_message_spf(const struct gp_mail_verdict *v)
{
	return v->has_mailfrom ? &v->mailfrom : v->has_helo ? &v->helo : NULL;
}

/* ---- what runs, and what is asked in advance ---- */

/* is_on: does this check run? */
static bool is_on(const struct gp_mail_facts *f, int mode)
{
	return f->mail->every_check || mode != GP_MODE_OFF;
}

/* begin: each check reads its fields and says which hashes of the body it needs. */
static int begin(struct run *r)
{
	const struct gp_mail *mail = r->f->mail;
	const struct gp_config *c = mail->config;
	int rc = gp_body_new(r->ctx->arena, &r->body);
	if (!rc)
		rc = gp_dkim_bodies_new(r->ctx->arena, mail->digest, r->body, &r->bodies);
	if (!rc && is_on(r->f, c->dkim.mode))
		rc = gp_dkim_new(r->ctx, mail->message, &c->dkim.check, r->bodies,
			r->f->v->author_domain, &r->dkim);
	if (!rc && is_on(r->f, c->arc.mode) &&
		(mail->every_check || c->arc.evaluate != GP_ARC_NEVER))
		rc = gp_arc_new(r->ctx, mail->message, &c->dkim.check, r->bodies, &r->arc);
	if (!rc && is_on(r->f, c->dmarc.mode))
		rc = gp_dmarc_new(r->ctx, &c->dmarc.check, &r->dmarc);
	return rc;
}

/* is_arc_certain: will the chain be judged whatever the other checks say? */
static bool is_arc_certain(const struct run *r)
{
	return r->arc &&
	       (r->f->mail->every_check || r->f->mail->config->arc.evaluate == GP_ARC_ALWAYS);
}

/* shares_parent: do two names end in the same two labels, so that their walks may meet? */
static bool shares_parent(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), dots = 0, i = 0;
	while (i < la && i < lb && a[la - 1 - i] == b[lb - 1 - i]) {
		if (a[la - 1 - i] == '.' && ++dots == 2)
			return true;
		i++;
	}
	bool a_ends = i == la || a[la - 1 - i] == '.', b_ends = i == lb || b[lb - 1 - i] == '.';
	return i && a_ends && b_ends && dots >= 1;
}

/* add_walks: the author's domain, and the signers' near it. */
static size_t add_walks(const struct run *r, struct gp_dns_question *q, size_t room)
{
	const char *author = r->f->v->author_domain, *signer;
	if (!r->dmarc || !*author)
		return 0;
	size_t n = gp_dmarc_questions(r->ctx, r->dmarc, author, q, room);
	for (size_t i = 0; r->dkim && (signer = gp_dkim_domain(r->dkim, i)); i++)
		if (*signer && strcmp(signer, author) && shares_parent(signer, author))
			n += gp_dmarc_questions(r->ctx, r->dmarc, signer, q + n, room - n);
	return n;
}

/*
 * hurried: the context with a quarter of its time taken off. Names that whoever sends has chosen
 * may be as slow as he likes; what is asked after them about the author's domain has to have its
 * answer all the same, or a forgery would be a temporary error.
 */
static struct gp_ctx hurried(const struct gp_ctx *ctx)
{
	struct gp_ctx less = *ctx;
	int64_t left_us = ctx->deadline_us - gp_clock_now_us(ctx->clock);
	if (left_us > 0)
		less.deadline_us -= left_us / 4;
	return less;
}

/* ask_ahead: all that is known to be needed, at once. The answers stay in the memory. */
static int ask_ahead(struct run *r)
{
	struct gp_ctx ctx = hurried(r->ctx);
	struct gp_dns_question q[GP_DNS_QUESTIONS_MAX];
	struct gp_dns_answer answers[GP_DNS_QUESTIONS_MAX];
	const struct gp_facts *e = &r->f->envelope;
	const char *spf_domain = e->envelope->sender.len ? e->sender_domain : e->helo_name;
	size_t n = 0;
	if (!r->f->unjudged && spf_domain)
		q[n++] = (struct gp_dns_question) {spf_domain, GP_DNS_TXT};
	n += add_walks(r, q + n, GP_DNS_QUESTIONS_MAX - n);
	if (r->dkim)
		n += gp_dkim_questions(r->dkim, q + n, GP_DNS_QUESTIONS_MAX - n);
	if (is_arc_certain(r))
		n += gp_arc_questions(r->arc, q + n, GP_DNS_QUESTIONS_MAX - n);
	return gp_dns_query(&ctx, q, n, answers);
}

/* ---- the checks ---- */

/* check_spf: MAIL FROM, or HELO for the null sender; and From beside that, as a label. */
static int check_spf(struct run *r)
{
	struct gp_mail_verdict *v = r->f->v;
	struct gp_facts *e = &r->f->envelope;
	const struct gp_span null_sender = {NULL, 0};
	struct gp_ctx ctx = hurried(r->ctx);
	gp_trace_line(r->ctx, 0, "-- SPF");
	if (r->f->unjudged || (!r->dmarc && !is_on(r->f, e->config->spf.mode)))
		return GP_OK;
	int rc = GP_OK;
	if (e->envelope->sender.len) {
		v->has_mailfrom = true;
		rc = gp_engine_spf(&ctx, e, GP_SPF_MAILFROM, e->envelope->sender, &v->mailfrom);
	} else if (e->helo_name) {
		v->has_helo = true;
		rc = gp_engine_spf(&ctx, e, GP_SPF_HELO, null_sender, &v->helo);
	}
	if (rc || e->envelope->sender.len || !e->config->spf.check_from || !*v->author_domain)
		return rc;
	const char *mailbox = gp_arena_printf(r->ctx->arena, "postmaster@%s", v->author_domain);
	if (!mailbox)
		return gp_arena_status(r->ctx->arena);
	v->has_from = true;
	return gp_engine_spf(&ctx, e, GP_SPF_MAILFROM, gp_span_from(mailbox), &v->from);
}

/* sample: the policy again for where this message stands, when a sample decides about it. */
static int sample(struct run *r)
{
	const struct gp_mail *mail = r->f->mail;
	struct gp_dmarc_result *result = &r->f->v->dmarc;
	unsigned at;
	if (!gp_dmarc_is_sampled(r->dmarc, result))
		return GP_OK;
	int rc = gp_sample_of(r->ctx, mail->sample_key, mail->config->dmarc.sample_key_path,
		mail->digest, mail->message, &at);
	if (rc)
		return rc;
	gp_dmarc_apply(r->dmarc, at, result);
	if (mail->sample_key && mail->sample_key->length > 0)
		return GP_OK;
	r->f->v->pct_ignored =
		gp_arena_printf(r->ctx->arena, "%s%s", mail->config->dmarc.sample_key_path,
			mail->sample_key ? mail->sample_key->problem : " is not used here");
	return gp_arena_status(r->ctx->arena);
}

/* judge_no_author: where nobody is named there is nothing to check (RFC 9989 5.3.1). */
static void judge_no_author(struct gp_mail_verdict *v)
{
	static const char *const reasons[] = {
		[GP_AUTHOR_NO_DOMAIN] = "the From field shows no domain",
		[GP_AUTHOR_SEVERAL] = "the From field names several domains",
		[GP_AUTHOR_UNREADABLE] = "the From field has no author domain that is certain",
	};
	v->dmarc.verdict =
		v->from_cause == GP_AUTHOR_NO_DOMAIN ? GP_DMARC_NONE : GP_DMARC_PERMERROR;
	v->dmarc.reason = reasons[v->from_cause];
}

/* check_dmarc: over the results of the others, where there is an author to ask. */
static int check_dmarc(struct run *r)
{
	struct gp_mail_verdict *v = r->f->v;
	if (!r->dmarc)
		return GP_OK;
	v->has_dmarc = true;
	gp_trace_line(r->ctx, 0, "-- DMARC");
	v->dmarc = (struct gp_dmarc_result) {.author_domain = v->author_domain};
	if (!*v->author_domain) {
		judge_no_author(v);
		return GP_OK;
	}
	/* a HELO that is no name, with the null sender, is a judgement: nothing to align with */
	static const struct gp_spf_result no_spf = {.verdict = GP_SPF_NONE, .domain = ""};
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	struct gp_dmarc_query query = {
		.author_domain = v->author_domain,
		.spf = spf              ? spf
		       : r->f->unjudged ? NULL
					: &no_spf,
		.dkim = v->has_dkim ? &v->dkim : NULL,
	};
	int rc = gp_dmarc_eval(r->ctx, r->dmarc, &query, &v->dmarc);
	return rc ? rc : sample(r);
}

/* has_failed: is there anything that a chain could explain? */
static bool has_failed(const struct gp_mail_verdict *v)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	if (spf && (spf->verdict == GP_SPF_FAIL || spf->verdict == GP_SPF_SOFTFAIL))
		return true;
	if (v->has_dmarc && v->dmarc.verdict == GP_DMARC_FAIL)
		return true;
	for (size_t i = 0; i < v->dkim.count; i++)
		if (v->dkim.items[i].verdict == GP_DKIM_FAIL)
			return true;
	return false;
}

/* check_arc: where it is wanted, and whether it vouches for the author. */
static int check_arc(struct run *r)
{
	const struct gp_config *c = r->f->mail->config;
	struct gp_mail_verdict *v = r->f->v;
	if (!r->arc || (!is_arc_certain(r) && !has_failed(v)))
		return GP_OK;
	v->has_arc = true;
	gp_trace_line(r->ctx, 0, "-- ARC");
	int rc = gp_arc_verify(r->ctx, r->arc, &v->arc);
	r->f->vouched_later = !rc && gp_arc_may_vouch(&v->arc, &c->arc.trust);
	if (rc || v->arc.verdict != GP_ARC_PASS || !*v->author_domain)
		return rc;
	return gp_arc_trust(r->ctx, &v->arc, &c->arc.trust, v->author_domain, &v->arc_instance);
}

/* run_checks: in an order in which each finds what it builds on. */
static int run_checks(struct run *r)
{
	struct gp_mail_verdict *v = r->f->v;
	int rc = begin(r);
	gp_trace_line(r->ctx, 0, "-- asked in advance, together");
	if (!rc)
		rc = ask_ahead(r);
	if (!rc)
		rc = gp_body_read(r->body, r->f->mail->body);
	if (!rc)
		rc = gp_dkim_bodies_status(r->bodies);
	if (!rc)
		rc = check_spf(r);
	if (!rc && r->dkim) {
		v->has_dkim = true;
		gp_trace_line(r->ctx, 0, "-- DKIM");
		rc = gp_dkim_verify(r->ctx, r->dkim, &v->dkim);
	}
	if (!rc)
		rc = check_dmarc(r);
	if (!rc)
		rc = check_arc(r);
	if (!rc && gp_engine_dmarc_refuses(r->f) && r->f->envelope.envelope->client.family)
		rc = gp_engine_is_forwarded(r->ctx, &r->f->envelope,
			&r->f->mail->config->dmarc.forwarders, &r->f->forwarded);
	return rc;
}

/* find_author: whose message it says it is. A bounce has no author whose domain could be asked; one
 * that has no From field shows none. */
static int find_author(struct gp_ctx *ctx, struct gp_mail_facts *f)
{
	struct gp_author author;
	int rc = gp_author_find(ctx->arena, f->mail->message, &author);
	if (rc)
		return rc;
	f->v->author_domain = author.domain;
	f->v->from_problem = author.problem;
	bool is_bounce = author.bounces_may && f->mail->envelope->sender.len == 0;
	f->v->from_cause = is_bounce ? GP_AUTHOR_NO_DOMAIN : author.cause;
	return GP_OK;
}

/* examine: the checks and the decision. */
static int examine(struct gp_ctx *ctx, struct gp_mail_facts *f)
{
	struct run run = {.ctx = ctx, .f = f};
	f->v->checked = true;
	int rc = find_author(ctx, f);
	if (!rc)
		rc = run_checks(&run);
	gp_dkim_bodies_fini(run.bodies);
	if (rc)
		return rc;
	gp_engine_decide_message(f);
	return f->v->would == GP_ACTION_ACCEPT ? GP_OK : gp_engine_message_reply(ctx, f);
}

/* unjudged: SPF has nothing to judge without an address, or where the address says nothing. */
static const char *unjudged(const struct gp_mail_facts *f)
{
	if (f->mail->envelope->client.family == GP_IP_NONE)
		return "local-client";
	return f->mail->every_check ? NULL : gp_engine_unjudged(&f->envelope);
}

/* has_verdict: is any signature's result this one? */
static bool has_verdict(const struct gp_mail_verdict *v, enum gp_dkim_verdict verdict)
{
	for (size_t i = 0; i < v->dkim.count; i++)
		if (v->dkim.items[i].verdict == verdict)
			return true;
	return false;
}

/*
 * find_trouble: unless the author is proved, and no rule about signatures is left open, or there is
 * no author to be asked about.
 */
static const char *find_trouble(const struct gp_mail_facts *f, const struct gp_dns_notes *notes)
{
	const struct gp_mail_verdict *v = f->v;
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	bool unsigned_yet = has_verdict(v, GP_DKIM_TEMPERROR) && !has_verdict(v, GP_DKIM_PASS);
	bool proved = v->has_dmarc && v->dmarc.verdict == GP_DMARC_PASS && !unsigned_yet;
	bool authorless = v->has_dmarc && !*v->author_domain && v->would != GP_ACTION_ACCEPT;
	if (proved || authorless)
		return NULL;
	bool has_temperror = (spf && spf->verdict == GP_SPF_TEMPERROR) || unsigned_yet ||
			     (v->has_dmarc && v->dmarc.verdict == GP_DMARC_TEMPERROR);
	return gp_engine_trouble(notes, has_temperror);
}

/* gp_engine_message: the pipeline. */
int gp_engine_message(
	struct gp_ctx *ctx, const struct gp_mail *mail, struct gp_mail_verdict *verdict_out)
{
	struct gp_dns_notes notes = {0};
	struct gp_ctx own = *ctx;
	const struct gp_envelope judged = gp_engine_judged(mail->config, mail->envelope);
	struct gp_mail with = *mail;
	with.envelope = &judged;
	struct gp_mail_facts f = {.mail = &with,
		.envelope = {.config = mail->config, .envelope = &judged, .notes = &notes},
		.v = verdict_out};
	*verdict_out = (struct gp_mail_verdict) {.author_domain = ""};
	own.dns = gp_dns_memo_new(ctx->arena, ctx->dns);
	own.notes = &notes;
	int rc = own.dns ? gp_engine_find_names(&own, &f.envelope) : gp_arena_status(ctx->arena);
	if (rc)
		return rc;
	f.unjudged = unjudged(&f);
	verdict_out->rule = mail->every_check ? NULL : gp_engine_ours(&f.envelope);
	if (!verdict_out->rule)
		rc = examine(&own, &f);
	verdict_out->dns_stale = notes.stale;
	if (!rc)
		verdict_out->trouble = find_trouble(&f, &notes);
	if (!rc)
		rc = gp_engine_message_results(&own, &f);
	return rc ? rc : gp_engine_message_summary(&own, &f);
}
