/* SPDX-License-Identifier: ISC */
/*
 * Over the results of SPF and DKIM, where there is an author to ask about. Exceptions hold back
 * what the owner asks for; only dmarc.exempt_clients excuses a header that was cut, since all else
 * has seen a part of it only.
 */
#include "engine/check_dmarc.h"

#include <string.h>

#include "engine/check_spf.h"
#include "engine/dmarc_fields.h"
#include "engine/match.h"
#include "engine/message_reply.h"
#include "engine/policy.h"

/* Kinds of rules (gp_rule.kinds). */
#define KIND_ORDINARY 1u
#define KIND_CUT 2u /* of a header that was cut */

static const char cut_text[] =
	"The header is too large: the author of the message cannot be determined with certainty";

/* ---- running ---- */

/* mode: dmarc.mode. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return (enum gp_option_mode)f->config->dmarc.mode;
}

/* begin: nothing is known yet. */
static int begin(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)check;
	return gp_dmarc_new(ctx, &f->config->dmarc.check, &f->dmarc_reader);
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

/* questions: the walk of the author's domain, and of the signers' near it. */
static size_t questions(struct gp_ctx *ctx, const struct gp_facts *f,
	struct gp_dns_question *questions_out, size_t room)
{
	const char *author = f->author_domain, *signer;
	if (!*author)
		return 0;
	size_t n = gp_dmarc_questions(ctx, f->dmarc_reader, author, questions_out, room);
	for (size_t i = 0; f->dkim_reader && (signer = gp_dkim_domain(f->dkim_reader, i)); i++)
		if (*signer && strcmp(signer, author) && shares_parent(signer, author))
			n += gp_dmarc_questions(
				ctx, f->dmarc_reader, signer, questions_out + n, room - n);
	return n;
}

/* sample: the policy again for where this message stands, when a sample decides about it. */
static int sample(struct gp_ctx *ctx, struct gp_facts *f)
{
	const struct gp_mail *mail = f->mail;
	const char *path = f->config->dmarc.sample_key_path;
	unsigned at;
	if (!gp_dmarc_is_sampled(f->dmarc_reader, &f->dmarc))
		return GP_OK;
	int rc = gp_engine_sample_of(ctx, mail->sample_key, path, mail->digest, mail->message, &at);
	if (rc)
		return rc;
	gp_dmarc_apply(f->dmarc_reader, at, &f->dmarc);
	if (mail->sample_key && mail->sample_key->length > 0)
		return GP_OK;
	f->pct_ignored = gp_arena_printf(ctx->arena, "%s%s", path,
		mail->sample_key ? mail->sample_key->problem : " is not used here");
	return gp_arena_status(ctx->arena);
}

/* judge_no_author: where nobody is named there is nothing to check (RFC 9989 5.3.1). */
static void judge_no_author(struct gp_facts *f)
{
	static const char *const reasons[] = {
		[GP_AUTHOR_NO_DOMAIN] = "the From field shows no domain",
		[GP_AUTHOR_SEVERAL] = "the From field names several domains",
		[GP_AUTHOR_UNREADABLE] = "the author domain of the From field is not certain",
	};
	f->dmarc.verdict =
		f->from_cause == GP_AUTHOR_NO_DOMAIN ? GP_DMARC_NONE : GP_DMARC_PERMERROR;
	f->dmarc.reason = reasons[f->from_cause];
}

/* run: over the results of the others, where there is an author to ask. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	/* a HELO that is no name, with the null sender, is a judgement: nothing to align with */
	static const struct gp_spf_result no_spf = {.verdict = GP_SPF_NONE, .domain = ""};
	(void)check;
	f->has_dmarc = true;
	gp_trace_line(ctx, 0, "-- DMARC");
	f->dmarc = (struct gp_dmarc_result) {.author_domain = f->author_domain};
	if (f->is_header_cut)
		f->from_problem = "its header is too large to be passed on";
	if (!*f->author_domain) {
		judge_no_author(f);
		return GP_OK;
	}
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	struct gp_dmarc_query query = {
		.author_domain = f->author_domain,
		.spf = spf                        ? spf
		       : gp_engine_is_unjudged(f) ? NULL
						  : &no_spf,
		.dkim = f->has_dkim ? &f->dkim : NULL,
	};
	int rc = gp_dmarc_eval(ctx, f->dmarc_reader, &query, &f->dmarc);
	return rc ? rc : sample(ctx, f);
}

/* excuse: one of our forwarders may have sent it. */
static int excuse(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)check;
	if (!f->envelope.client.family)
		return GP_OK;
	return gp_engine_is_forwarded(ctx, f, &f->config->dmarc.forwarders, &f->dmarc_forwarded);
}

/* is_certain: the author is proved, or there is none to be asked about and the mail is refused. */
static bool is_certain(const struct gp_facts *f, const struct gp_verdict *v)
{
	return f->dmarc.verdict == GP_DMARC_PASS ||
	       (!*f->author_domain && v->would != GP_ACTION_ACCEPT);
}

/* has_temperror: it may be for want of time. */
static bool has_temperror(const struct gp_facts *f)
{
	return f->dmarc.verdict == GP_DMARC_TEMPERROR;
}

/* ---- exceptions ---- */

/* excepted: of an exception. */
static struct gp_wish excepted(bool applies)
{
	return (struct gp_wish) {applies, GP_ACTION_ACCEPT};
}

/* chain_counts: may a chain excuse anything here? */
static bool chain_counts(const struct gp_facts *f)
{
	return f->every_check || f->config->arc.mode == GP_MODE_ENFORCE;
}

/* is_vouched: trusted sealers saw the author's domain pass. */
static struct gp_wish is_vouched(const struct gp_facts *f)
{
	return excepted(chain_counts(f) && f->arc_instance && f->dmarc.verdict == GP_DMARC_FAIL);
}

/* is_exempt_client: the client's network is listed. */
static struct gp_wish is_exempt_client(const struct gp_facts *f)
{
	return excepted(
		gp_engine_in_prefixes(&f->config->dmarc.exempt_clients, &f->envelope.client));
}

/* is_exempt_domain: the author's domain is listed. */
static struct gp_wish is_exempt_domain(const struct gp_facts *f)
{
	return excepted(*f->author_domain && gp_engine_in_names(&f->config->dmarc.exempt_domains,
						     gp_span_from(f->author_domain)));
}

/*
 * is_mailing_list: a listed domain signed the message, or sent it, provably. Not where there is no
 * single author: its signature holds as well over a message to which another From was added, and
 * what a list sends on may be anything.
 */
static struct gp_wish is_mailing_list(const struct gp_facts *f)
{
	const struct gp_config_texts *lists = &f->config->dmarc.mailing_lists;
	if (!*f->author_domain)
		return excepted(false);
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.items[i].verdict == GP_DKIM_PASS &&
			gp_engine_in_names(lists, gp_span_from(f->dkim.items[i].domain)))
			return excepted(true);
	return excepted(f->spf.has_mailfrom && f->spf.mailfrom.verdict == GP_SPF_PASS &&
			gp_engine_in_names(lists, gp_span_from(f->spf.mailfrom.domain)));
}

/* is_forwarded: one of our forwarders sent it, provably. */
static struct gp_wish is_forwarded(const struct gp_facts *f)
{
	return excepted(f->dmarc_forwarded);
}

static const struct gp_rule exceptions[] = {
	{.name = "arc", .wish = is_vouched, .kinds = KIND_ORDINARY},
	{.name = "dmarc.exempt_clients", .wish = is_exempt_client},
	{.name = "dmarc.exempt_domains", .wish = is_exempt_domain, .kinds = KIND_ORDINARY},
	{.name = "dmarc.mailing_lists", .wish = is_mailing_list, .kinds = KIND_ORDINARY},
	{.name = "dmarc.forwarders", .wish = is_forwarded, .kinds = KIND_ORDINARY},
	{.name = NULL},
};

/* ---- rules ---- */

/* action_of: what a configured word (enum gp_dmarc_action_word) asks for. */
static enum gp_action action_of(int word)
{
	switch ((enum gp_dmarc_action_word)word) {
	case GP_DMARC_DO_ACCEPT:
		return GP_ACTION_ACCEPT;
	case GP_DMARC_DO_QUARANTINE:
		return GP_ACTION_QUARANTINE;
	case GP_DMARC_DO_DEFER:
		return GP_ACTION_DEFER;
	case GP_DMARC_DO_REJECT:
	case GP_DMARC_DO_BY_CAUSE: /* settled into others when the file was read */
		return GP_ACTION_REJECT;
	}
	return GP_ACTION_ACCEPT;
}

/* without_author: a rule about messages that name no single domain, for this cause. */
static struct gp_wish without_author(
	const struct gp_facts *f, enum gp_author_cause cause, int action)
{
	return (struct gp_wish) {f->from_cause == cause, action_of(action)};
}

/* no_domain: nobody is claimed to have written it. A bounce without one is never lost. */
static struct gp_wish no_domain(const struct gp_facts *f)
{
	struct gp_wish w = without_author(f, GP_AUTHOR_NO_DOMAIN, f->config->dmarc.on_no_domain);
	w.applies = w.applies && f->envelope.sender.len > 0;
	return w;
}

/* several_domains: nobody can be asked what should be done with it. */
static struct gp_wish several_domains(const struct gp_facts *f)
{
	return without_author(f, GP_AUTHOR_SEVERAL, f->config->dmarc.on_several_domains);
}

/* unreadable_from: its author depends on the program that reads it. */
static struct gp_wish unreadable_from(const struct gp_facts *f)
{
	return without_author(f, GP_AUTHOR_UNREADABLE, f->config->dmarc.on_unreadable_from);
}

/* asks_for: does the owner ask for this? */
static bool asks_for(const struct gp_facts *f, enum gp_dmarc_policy policy)
{
	return f->dmarc.verdict == GP_DMARC_FAIL && f->dmarc.applied == policy;
}

/* policy_reject: the owner asks to refuse it. */
static struct gp_wish policy_reject(const struct gp_facts *f)
{
	return (struct gp_wish) {
		asks_for(f, GP_DMARC_POLICY_REJECT), action_of(f->config->dmarc.on_reject)};
}

/* policy_quarantine: the owner asks to take it for suspicious. */
static struct gp_wish policy_quarantine(const struct gp_facts *f)
{
	return (struct gp_wish) {
		asks_for(f, GP_DMARC_POLICY_QUARANTINE), action_of(f->config->dmarc.on_quarantine)};
}

/*
 * vouched_later: what the owner asks for would be done, but a trusted chain cannot be checked for
 * now and may excuse it. Where temporary errors are let in it is done all the same: a forger could
 * delay DNS on purpose.
 */
static struct gp_wish vouched_later(const struct gp_facts *f)
{
	struct gp_wish reject = policy_reject(f), quarantine = policy_quarantine(f);
	bool acts = (reject.applies && reject.action != GP_ACTION_ACCEPT) ||
		    (quarantine.applies && quarantine.action != GP_ACTION_ACCEPT);
	bool waits = f->config->dmarc.on_temperror == GP_ON_ERROR_DEFER;
	return (struct gp_wish) {
		acts && waits && f->vouched_later && chain_counts(f), GP_ACTION_DEFER};
}

/*
 * undecided: DNS may say more later. Where SPF says nothing about the client waiting does not
 * help, and a policy known to be none would change nothing.
 */
static struct gp_wish undecided(const struct gp_facts *f)
{
	const struct gp_dmarc_result *d = &f->dmarc;
	bool is_open = d->verdict == GP_DMARC_TEMPERROR && !gp_engine_is_unjudged(f);
	bool asks_nothing = d->policy_tag && d->published == GP_DMARC_POLICY_NONE;
	return (struct gp_wish) {is_open && !asks_nothing,
		f->config->dmarc.on_temperror == GP_ON_ERROR_DEFER ? GP_ACTION_DEFER
								   : GP_ACTION_ACCEPT};
}

/*
 * cut_header: another From may stand after the cut, which readers will see: the message is one
 * without an author that is certain, whatever the part that was seen has proved. What that part
 * asks for is done as well, if it is more.
 */
static struct gp_wish cut_header(const struct gp_facts *f)
{
	static struct gp_wish (*const others[])(const struct gp_facts *) = {
		no_domain, several_domains, policy_reject, policy_quarantine, undecided};
	struct gp_wish w = {f->is_header_cut, action_of(f->config->dmarc.on_unreadable_from)};
	w.applies = w.applies && w.action != GP_ACTION_ACCEPT;
	for (size_t i = 0; w.applies && i < sizeof others / sizeof others[0]; i++) {
		struct gp_wish other = others[i](f);
		if (other.applies && other.action > w.action)
			w.action = other.action;
	}
	return w;
}

/* code_policy: of the class of the action. */
static const char *code_policy(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_DEFER ? f->config->dmarc.temperror_code
					 : f->config->dmarc.reject_code;
}

/* code_author: the same for messages without a certain author. */
static const char *code_author(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_DEFER ? f->config->dmarc.temperror_code
					 : f->config->dmarc.from_code;
}

/* code_cut: a deferral does not help the sender, but the code of a refusal would. */
static const char *code_cut(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	return action == GP_ACTION_DEFER ? "451 4.7.1" : f->config->dmarc.from_code;
}

/* text_policy: dmarc.reject_text. */
static const char *text_policy(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->config->dmarc.reject_text;
}

/* text_error: dmarc.error_text. */
static const char *text_error(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->config->dmarc.error_text;
}

/* text_author: dmarc.from_text. */
static const char *text_author(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->config->dmarc.from_text;
}

/* text_cut: of a header that was cut. */
static const char *text_cut(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return cut_text;
}

/* clang-format off */
static const struct gp_rule rules[] = {
	{.name = "dmarc.on_unreadable_from", .wish = cut_header,
		.code = code_cut, .text = text_cut, .kinds = KIND_CUT},
	{.name = "dmarc.on_no_domain", .wish = no_domain,
		.code = code_author, .text = text_author, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_several_domains", .wish = several_domains,
		.code = code_author, .text = text_author, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_unreadable_from", .wish = unreadable_from,
		.code = code_author, .text = text_author, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_temperror", .wish = vouched_later,
		.code = code_policy, .text = text_error, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_reject", .wish = policy_reject,
		.code = code_policy, .text = text_policy, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_quarantine", .wish = policy_quarantine,
		.code = code_policy, .text = text_policy, .kinds = KIND_ORDINARY},
	{.name = "dmarc.on_temperror", .wish = undecided,
		.code = code_policy, .text = text_error, .kinds = KIND_ORDINARY},
	{.name = NULL},
};
/* clang-format on */

/* ---- results ---- */

/* authres: verdict and policy (RFC 9989 9.1). */
static void authres(
	struct gp_authres_writer *w, const struct gp_facts *f, const struct gp_verdict *v)
{
	const struct gp_dmarc_result *d = &f->dmarc;
	if (f->is_header_cut) {
		gp_authres_result(w, "dmarc", gp_dmarc_verdict_name(GP_DMARC_PERMERROR));
		gp_authres_comment(w, cut_text);
		return;
	}
	gp_authres_result(w, "dmarc", gp_dmarc_verdict_name(d->verdict));
	if (d->policy_tag) {
		const char *text = gp_arena_printf(w->buf->arena, "%s=%s of %s%s%s", d->policy_tag,
			gp_dmarc_policy_name(d->published), d->domain,
			v->override ? ", not applied: " : "", v->override ? v->override : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (d->reason)
		gp_authres_reason(w, d->reason);
	if (*f->author_domain)
		gp_authres_property(w, "header", "from", gp_span_from(f->author_domain));
	if (d->policy_tag)
		gp_authres_property(w, "policy", "dmarc",
			gp_span_from(gp_dmarc_policy_name(
				v->override ? GP_DMARC_POLICY_NONE : d->applied)));
}

/* may_refuse: in mode enforce. */
static bool may_refuse(const struct gp_config *config)
{
	return config->dmarc.mode == GP_MODE_ENFORCE;
}

const struct gp_check gp_engine_check_dmarc = {
	.name = "dmarc",
	.stages = GP_AT(GP_STAGE_MESSAGE),
	.decides = GP_AT(GP_STAGE_MESSAGE),
	.runs = 30,
	.weighs = 20,
	.mode = mode,
	.may_refuse = may_refuse,
	.begin = begin,
	.questions = questions,
	.run = run,
	.excuse = excuse,
	.is_certain = is_certain,
	.has_temperror = has_temperror,
	.rules = rules,
	.exceptions = exceptions,
	.value = gp_engine_message_value,
	.authres = authres,
	.fields = gp_engine_dmarc_fields,
};
