/* SPDX-License-Identifier: ISC */
/*
 * Facts about a message and policy make an action, as a table: the first row that applies and is
 * enforced decides; what rows in mode label had done is remembered as "would". Exceptions to DMARC
 * are a table of their own, asked only where a row of DMARC applies.
 */
#include "engine/message_private.h"

/* ---- exceptions to DMARC ---- */

/* chain_counts: may a chain excuse anything here? */
static bool chain_counts(const struct gp_mail_facts *f)
{
	return f->mail->every_check || f->mail->config->arc.mode == GP_MODE_ENFORCE;
}

/* is_vouched: trusted sealers saw the author's domain pass. */
static bool is_vouched(const struct gp_mail_facts *f)
{
	return chain_counts(f) && f->v->arc_instance && f->v->dmarc.verdict == GP_DMARC_FAIL;
}

/* is_exempt_client: the client's network is listed. */
static bool is_exempt_client(const struct gp_mail_facts *f)
{
	return gp_engine_in_prefixes(
		&f->mail->config->dmarc.exempt_clients, &f->mail->envelope->client);
}

/* is_exempt_domain: the author's domain is listed. */
static bool is_exempt_domain(const struct gp_mail_facts *f)
{
	return *f->v->author_domain && gp_engine_in_names(&f->mail->config->dmarc.exempt_domains,
					       gp_span_from(f->v->author_domain));
}

/*
 * is_mailing_list: a listed domain signed the message, or sent it, provably. Not where there is no
 * single author: its signature holds as well over a message to which another From was added, and
 * what a list sends on may be anything.
 */
static bool is_mailing_list(const struct gp_mail_facts *f)
{
	const struct gp_config_texts *lists = &f->mail->config->dmarc.mailing_lists;
	const struct gp_mail_verdict *v = f->v;
	if (!*v->author_domain)
		return false;
	for (size_t i = 0; i < v->dkim.count; i++)
		if (v->dkim.items[i].verdict == GP_DKIM_PASS &&
			gp_engine_in_names(lists, gp_span_from(v->dkim.items[i].domain)))
			return true;
	return v->has_mailfrom && v->mailfrom.verdict == GP_SPF_PASS &&
	       gp_engine_in_names(lists, gp_span_from(v->mailfrom.domain));
}

/* is_forwarded: one of our forwarders sent it, provably. */
static bool is_forwarded(const struct gp_mail_facts *f)
{
	return f->forwarded;
}

static const struct {
	const char *rule;
	bool (*applies)(const struct gp_mail_facts *);
} exceptions[] = {
	{"arc", is_vouched},
	{"dmarc.exempt_clients", is_exempt_client},
	{"dmarc.exempt_domains", is_exempt_domain},
	{"dmarc.mailing_lists", is_mailing_list},
	{"dmarc.forwarders", is_forwarded},
};

/* exception_of: the first that applies, or NULL. */
static const char *exception_of(const struct gp_mail_facts *f)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (exceptions[i].applies(f))
			return exceptions[i].rule;
	return NULL;
}

/* ---- rules ---- */

/* What a row asks for. */
struct wish {
	bool applies;
	enum gp_action action;
};

/* gp_engine_dmarc_action: word by word. */
enum gp_action gp_engine_dmarc_action(int word)
{
	switch ((enum gp_config_dmarc_action)word) {
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
static struct wish without_author(
	const struct gp_mail_facts *f, enum gp_author_cause cause, int action)
{
	return (struct wish) {
		f->v->has_dmarc && f->v->from_cause == cause, gp_engine_dmarc_action(action)};
}

/* no_domain: nobody is claimed to have written it. A bounce without one is never lost. */
static struct wish no_domain(const struct gp_mail_facts *f)
{
	struct wish w = without_author(f, GP_AUTHOR_NO_DOMAIN, f->mail->config->dmarc.on_no_domain);
	w.applies = w.applies && f->mail->envelope->sender.len > 0;
	return w;
}

/* several_domains: nobody can be asked what should be done with it. */
static struct wish several_domains(const struct gp_mail_facts *f)
{
	return without_author(f, GP_AUTHOR_SEVERAL, f->mail->config->dmarc.on_several_domains);
}

/* unreadable_from: who wrote it depends on who reads it. */
static struct wish unreadable_from(const struct gp_mail_facts *f)
{
	return without_author(f, GP_AUTHOR_UNREADABLE, f->mail->config->dmarc.on_unreadable_from);
}

/* asks_for: does the owner ask for this? */
static bool asks_for(const struct gp_mail_facts *f, enum gp_dmarc_policy policy)
{
	return f->v->has_dmarc && f->v->dmarc.verdict == GP_DMARC_FAIL &&
	       f->v->dmarc.applied == policy;
}

/* policy_reject: the owner asks to refuse it. */
static struct wish policy_reject(const struct gp_mail_facts *f)
{
	return (struct wish) {asks_for(f, GP_DMARC_POLICY_REJECT),
		gp_engine_dmarc_action(f->mail->config->dmarc.on_reject)};
}

/* policy_quarantine: the owner asks to take it for suspicious. */
static struct wish policy_quarantine(const struct gp_mail_facts *f)
{
	return (struct wish) {asks_for(f, GP_DMARC_POLICY_QUARANTINE),
		gp_engine_dmarc_action(f->mail->config->dmarc.on_quarantine)};
}

/*
 * vouched_later: what the owner asks for would be done, but a trusted chain cannot be checked for
 * now and may excuse it. Where temporary errors are let in it is done all the same: whoever forges
 * mail could see to it that DNS is late.
 */
static struct wish vouched_later(const struct gp_mail_facts *f)
{
	struct wish reject = policy_reject(f), quarantine = policy_quarantine(f);
	bool acts = (reject.applies && reject.action != GP_ACTION_ACCEPT) ||
		    (quarantine.applies && quarantine.action != GP_ACTION_ACCEPT);
	bool waits = f->mail->config->dmarc.on_temperror == GP_ON_ERROR_DEFER;
	return (struct wish) {
		acts && waits && f->vouched_later && chain_counts(f), GP_ACTION_DEFER};
}

/*
 * undecided: DNS may say more later. Where SPF says nothing about the client waiting does not
 * help, and a policy known to be none would change nothing.
 */
static struct wish undecided(const struct gp_mail_facts *f)
{
	const struct gp_dmarc_result *d = &f->v->dmarc;
	bool is_open = f->v->has_dmarc && d->verdict == GP_DMARC_TEMPERROR && !f->unjudged;
	bool asks_nothing = d->policy_tag && d->published == GP_DMARC_POLICY_NONE;
	return (struct wish) {is_open && !asks_nothing,
		f->mail->config->dmarc.on_temperror == GP_ON_ERROR_DEFER ? GP_ACTION_DEFER
									 : GP_ACTION_ACCEPT};
}

/* has_dkim: does a signature have this result, or any of a set of them? */
static bool has_dkim(const struct gp_mail_facts *f, unsigned set)
{
	for (size_t i = 0; i < f->v->dkim.count; i++)
		if (set & (1u << f->v->dkim.items[i].verdict))
			return true;
	return false;
}

/* is_refused: does a signature have a result that this site refuses? One whose key is for testing
 * counts as none (RFC 6376 3.6.1 t=y). */
static bool is_refused(const struct gp_mail_facts *f)
{
	for (size_t i = 0; i < f->v->dkim.count; i++)
		if (!f->v->dkim.items[i].testing &&
			(f->mail->config->dkim.reject & (1u << f->v->dkim.items[i].verdict)))
			return true;
	return false;
}

/* bad_signature: none passes, and one is what this site refuses. */
static struct wish bad_signature(const struct gp_mail_facts *f)
{
	bool none_passes = !has_dkim(f, 1u << GP_DKIM_PASS);
	return (struct wish) {none_passes && is_refused(f), GP_ACTION_REJECT};
}

/* signature_later: none passes, and one may later. */
static struct wish signature_later(const struct gp_mail_facts *f)
{
	bool none_passes = !has_dkim(f, 1u << GP_DKIM_PASS);
	return (struct wish) {none_passes && has_dkim(f, 1u << GP_DKIM_TEMPERROR),
		f->mail->config->dkim.on_temperror == GP_ON_ERROR_DEFER ? GP_ACTION_DEFER
									: GP_ACTION_ACCEPT};
}

enum about { ABOUT_DMARC, ABOUT_DKIM };

static const struct {
	const char *rule;
	enum about about;
	struct wish (*wish)(const struct gp_mail_facts *);
} rules[] = {
	{"dmarc.on_no_domain", ABOUT_DMARC, no_domain},
	{"dmarc.on_several_domains", ABOUT_DMARC, several_domains},
	{"dmarc.on_unreadable_from", ABOUT_DMARC, unreadable_from},
	{"dmarc.on_temperror", ABOUT_DMARC, vouched_later},
	{"dmarc.on_reject", ABOUT_DMARC, policy_reject},
	{"dmarc.on_quarantine", ABOUT_DMARC, policy_quarantine},
	{"dmarc.on_temperror", ABOUT_DMARC, undecided},
	{"dkim.on_temperror", ABOUT_DKIM, signature_later},
	{"dkim.reject", ABOUT_DKIM, bad_signature},
};
#define RULES (sizeof rules / sizeof rules[0])

/* is_enforced: does the mode of the row's check let it act? */
static bool is_enforced(const struct gp_mail_facts *f, enum about about)
{
	const struct gp_config *c = f->mail->config;
	return f->mail->every_check ||
	       (about == ABOUT_DMARC ? c->dmarc.mode : c->dkim.mode) == GP_MODE_ENFORCE;
}

/* gp_engine_dmarc_refuses: a row of DMARC that would not accept. */
bool gp_engine_dmarc_refuses(const struct gp_mail_facts *f)
{
	for (size_t i = 0; i < RULES; i++) {
		struct wish w = rules[i].wish(f);
		if (rules[i].about == ABOUT_DMARC && w.applies && w.action != GP_ACTION_ACCEPT)
			return true;
	}
	return false;
}

/* gp_engine_decide_message: row by row until one is enforced. */
void gp_engine_decide_message(struct gp_mail_facts *f)
{
	struct gp_mail_verdict *v = f->v;
	bool refuses = gp_engine_dmarc_refuses(f);
	v->override = refuses ? exception_of(f) : NULL;
	v->rule = v->override ? v->override : "default";
	v->action = v->would = GP_ACTION_ACCEPT;
	for (size_t i = 0; i < RULES; i++) {
		struct wish w = rules[i].wish(f);
		if (!w.applies || (rules[i].about == ABOUT_DMARC && v->override))
			continue;
		if (v->would == GP_ACTION_ACCEPT) {
			v->rule = rules[i].rule;
			v->would = w.action;
		}
		if (w.action != GP_ACTION_ACCEPT && is_enforced(f, rules[i].about)) {
			v->rule = rules[i].rule;
			v->action = v->would = w.action;
			return;
		}
	}
}
