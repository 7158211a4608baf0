/* SPDX-License-Identifier: ISC */
/*
 * What vouches for a mail is looked at first, since that needs no store; then what is suspicious
 * about it; only then is the store asked.
 */
#include "engine/check_greylist.h"

#include <string.h>

#include "engine/check_dnsbl.h"
#include "engine/check_spf.h"
#include "engine/greylist_reason.h"
#include "engine/match.h"
#include "engine/pipeline.h"
#include "engine/policy.h"
#include "engine/value.h"
#include "mail/address.h"
#include "reputation/dnsbl/dnsbl.h"
#include "reputation/greylist/greylist.h"
#include "reputation/greylist/greylist_domain.h"

#define AFTER_RCPT (GP_AT(GP_STAGE_DATA) | GP_AT(GP_STAGE_MESSAGE))
#define STAGES (GP_AT(GP_STAGE_RCPT) | AFTER_RCPT)

/* What it finds. */
struct greylist_facts {
	enum gp_greylist_said said;
	const char *why; /* of exempt and known: static; NULL */
	unsigned reasons;
	int64_t wait_ms, waited_ms;
	int64_t took_us;
};

/* own: what it has found; NULL: it did not run. */
static const struct greylist_facts *own(const struct gp_facts *f)
{
	return gp_engine_own(f, &gp_engine_check_greylist);
}

/* ---- where it runs ---- */

/* mode: greylist.mode. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return f->config->greylist.mode;
}

/* may_refuse: in mode enforce. */
static bool may_refuse(const struct gp_config *config)
{
	return config->greylist.mode == GP_MODE_ENFORCE;
}

/* is_on: the null sender has to be let past RCPT, where mail servers verify addresses with it. */
static bool is_on(const struct gp_facts *f)
{
	if (!f->store || f->config->greylist.mode == GP_MODE_OFF)
		return false;
	bool is_null = f->envelope.sender.len == 0;
	if (f->stage == GP_STAGE_RCPT)
		return !is_null;
	return is_null && f->config->greylist.null_sender == GP_GREYLIST_NULL_AT_DATA;
}

/* is_exempt_recipient: by greylist.exempt_recipients. */
static bool is_exempt_recipient(const struct gp_facts *f)
{
	return gp_engine_in_addresses(
		&f->config->greylist.exempt_recipients, f->envelope.recipient, f->recipient_domain);
}

/* notes: after RCPT mail to several recipients names none. */
static bool notes(const struct gp_facts *f)
{
	return f->envelope.sender.len == 0 && is_exempt_recipient(f);
}

/* has_exempt_recipient: or had, at RCPT. */
static bool has_exempt_recipient(const struct gp_facts *f)
{
	return is_exempt_recipient(f) ||
	       (f->noted && (f->noted & (1u << gp_engine_place(
						 f->pipeline, &gp_engine_check_greylist))));
}

/* exempt: a client that nothing is known about, then by the lists. Clients that are exempt from SPF
 * are a backup MX or a forwarder: it tries again in any case, and its address says nothing about
 * the sender. What else is exempt from SPF anybody could say. */
static const struct gp_rule *exempt(const struct gp_facts *f)
{
	static const struct gp_rule rows[GP_EXEMPTIONS] = {
		[GP_EXEMPT_CLIENT] = {.name = "greylist.exempt_clients"},
		[GP_EXEMPT_CLIENT_NAME] = {.name = "greylist.exempt_client_names"},
	};
	static const struct gp_rule recipients = {.name = "greylist.exempt_recipients"};
	static const struct gp_rule spf_rows[GP_EXEMPTIONS] = {
		[GP_EXEMPT_CLIENT] = {.name = "spf.exempt_clients"},
		[GP_EXEMPT_CLIENT_NAME] = {.name = "spf.exempt_client_names"},
	};
	const struct gp_greylist_settings *g = &f->config->greylist;
	const struct gp_exemptions lists = {
		.clients = &g->exempt_clients, .client_names = &g->exempt_client_names};
	const struct gp_exemptions of_spf = {.clients = &f->config->spf.exempt_clients,
		.client_names = &f->config->spf.exempt_client_names};
	const struct gp_rule *rule = gp_engine_unidentified(f);
	if (!rule)
		rule = gp_engine_exemption(&lists, rows, GP_EXEMPT_CLIENT_NAME, f);
	if (!rule && has_exempt_recipient(f))
		rule = &recipients;
	return rule ? rule : gp_engine_exemption(&of_spf, spf_rows, GP_EXEMPT_CLIENT_NAME, f);
}

/* gp_engine_greylist_exempt: as for a request at RCPT; the null sender may have to wait at DATA. */
int gp_engine_greylist_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_rule **rule_out)
{
	static const struct gp_rule null_sender = {
		.name = "greylist.null_sender", .why = "greylist.null_sender is skip"};
	struct gp_facts f;
	gp_engine_facts_init(&f, config, GP_STAGE_RCPT, envelope);
	int rc = gp_engine_find_names(ctx, &f);
	*rule_out = NULL;
	if (rc)
		return rc;
	*rule_out = gp_engine_ours(&f);
	if (!*rule_out && envelope->sender.len == 0 &&
		config->greylist.null_sender == GP_GREYLIST_NULL_SKIP)
		*rule_out = &null_sender;
	if (!*rule_out)
		*rule_out = exempt(&f);
	return GP_OK;
}

/* ---- what vouches for it ---- */

/* is_vouched: by a DNS list of good clients; in mode label as well, since that delays nobody. */
static bool is_vouched(const struct gp_facts *f)
{
	return f->dnsbl && f->dnsbl->is_vouched;
}

/* is_whitelisted: a domain of the list, if it is the sender's own mail. */
static bool is_whitelisted(const struct gp_facts *f, const struct gp_greylist_client *client)
{
	const struct gp_span domain = gp_span_from(f->sender_domain);
	const struct gp_span name = gp_span_from(client->name);
	return gp_engine_in_names(&f->config->greylist.whitelist_domains, domain) &&
	       (client->spf_passes || (name.len && gp_dns_name_is_within(name, domain)));
}

/* spf_vouches: as greylist.spf_pass says. A store that fails knows no domain. */
static int spf_vouches(struct gp_ctx *ctx, const struct gp_facts *f,
	const struct gp_greylist_client *client, bool *vouches_out)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	*vouches_out = client->spf_passes && g->spf_pass == GP_GREYLIST_SPF_SKIP;
	if (!client->spf_passes || g->spf_pass != GP_GREYLIST_SPF_ONLY_KNOWN)
		return GP_OK;
	if (gp_greylist_spf_passed(ctx, f->store, gp_store_now_ms(f->store), g,
		    gp_engine_spf_result(f)->domain, vouches_out))
		*vouches_out = false;
	return gp_arena_status(ctx->arena);
}

/* vouched_by: why the mail is not delayed, whatever is suspicious; NULL: nothing vouches for it. */
static int vouched_by(struct gp_ctx *ctx, const struct gp_facts *f,
	const struct gp_greylist_client *client, const char **why_out)
{
	bool vouches;
	int rc = spf_vouches(ctx, f, client, &vouches);
	*why_out = vouches                     ? "spf"
		   : is_vouched(f)             ? "allow-list"
		   : is_whitelisted(f, client) ? "whitelist_domains"
					       : NULL;
	return rc;
}

/* ---- asking the store ---- */

/* said_of: an outcome in the words of this check. */
static enum gp_greylist_said said_of(const struct gp_greylist_answer *a, const char **why_out)
{
	static const struct {
		enum gp_greylist_said said;
		const char *why;
	} words[] = {
		[GP_GREYLIST_FIRST] = {GP_GREYLIST_SAID_FIRST, NULL},
		[GP_GREYLIST_EARLY] = {GP_GREYLIST_SAID_EARLY, NULL},
		[GP_GREYLIST_PASSED] = {GP_GREYLIST_SAID_PASSED, NULL},
		[GP_GREYLIST_KNOWN] = {GP_GREYLIST_SAID_KNOWN, NULL},
		[GP_GREYLIST_TRUSTED] = {GP_GREYLIST_SAID_KNOWN, "passes"},
		[GP_GREYLIST_ALLOWED] = {GP_GREYLIST_SAID_ALLOWED, "operator"},
		[GP_GREYLIST_CORRESPONDENT] = {GP_GREYLIST_SAID_ALLOWED, "correspondent"},
		[GP_GREYLIST_UNAVAILABLE] = {GP_GREYLIST_SAID_UNAVAILABLE, NULL},
	};
	bool is_new = a->outcome == GP_GREYLIST_FIRST || a->outcome == GP_GREYLIST_EARLY;
	*why_out = words[a->outcome].why;
	return a->is_learning && is_new ? GP_GREYLIST_SAID_LEARNING : words[a->outcome].said;
}

/* ask_store: about this contact. Whom the sender's domain disowns is no correspondent. */
static int ask_store(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_facts *known,
	const struct gp_greylist_client *client, struct greylist_facts *found)
{
	const struct gp_greylist_settings *g = &f->config->greylist;
	const unsigned disowned =
		GP_GREYLIST_SPF_FAIL | GP_GREYLIST_SPF_SOFTFAIL | GP_GREYLIST_SPF_PERMERROR;
	const struct gp_greylist_query query = {
		.contact = {.settings = g,
			.client = f->envelope.client,
			.spf_domain = gp_engine_greylist_domain(known, client),
			.name_domain = client->name_domain,
			.sender = f->envelope.sender,
			.sender_domain = known->sender_domain,
			.recipient = f->stage == GP_STAGE_RCPT ? f->envelope.recipient
							       : (struct gp_span) {NULL, 0},
			.recipient_domain = f->recipient_domain},
		.client_name = client->name,
		.is_genuine = client->is_genuine,
		.correspondent = g->correspondents_ms && !(client->reasons & disowned)
					 ? client->sender_registered
					 : NULL,
		.is_delaying = g->mode == GP_MODE_ENFORCE,
	};
	struct gp_greylist_answer answer;
	int rc = gp_greylist_see(ctx, f->store, gp_store_now_ms(f->store), &query, &answer);
	if (rc)
		return rc;
	found->said = said_of(&answer, &found->why);
	found->wait_ms = answer.wait_ms;
	found->waited_ms = answer.waited_ms;
	return GP_OK;
}

/* judge: what vouches for it, what is suspicious, what is remembered. */
static int judge(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_facts *known,
	struct greylist_facts *found)
{
	struct gp_greylist_client client;
	int rc = gp_engine_greylist_client(ctx, known, &client);
	found->said = GP_GREYLIST_SAID_EXEMPT;
	if (rc)
		return rc;
	found->reasons = client.reasons;
	rc = vouched_by(ctx, known, &client, &found->why);
	if (rc || found->why)
		return rc;
	if (!client.reasons) {
		found->why = "no-reason";
		return GP_OK;
	}
	return ask_store(ctx, f, known, &client, found);
}

/* is_missing: a check that could vouch for the mail has found nothing out, and does not leave it
 * alone. */
static bool is_missing(const struct gp_facts *known, const struct gp_check *check)
{
	return !gp_engine_has_run(known, check) && !check->exempt(known);
}

/* knows_little: it cannot be said whether something vouches for the mail. */
static bool knows_little(const struct gp_facts *known)
{
	return is_missing(known, &gp_engine_check_spf) ||
	       (gp_dnsbl_is_used(&known->config->dnsbl) &&
		       is_missing(known, &gp_engine_check_dnsbl));
}

/* find_known: what others found out at RCPT, if it was kept; they do not run again. */
static int find_known(struct gp_ctx *ctx, const struct gp_facts *f, struct gp_facts *known_out)
{
	struct gp_facts *known = known_out;
	*known = f->before ? *f->before : *f;
	known->config = f->config;
	known->store = f->store;
	known->stage = GP_STAGE_RCPT; /* so that exemptions are those of an envelope */
	known->envelope.recipient = f->envelope.recipient;
	return f->before ? gp_engine_find_recipient(ctx, known) : gp_engine_find_names(ctx, known);
}

/* find_out: after RCPT over what is known from then. That nothing is known is no reason. */
static int find_out(struct gp_ctx *ctx, const struct gp_facts *f, struct greylist_facts *found)
{
	struct gp_facts known;
	if (f->stage == GP_STAGE_RCPT)
		return judge(ctx, f, f, found);
	int rc = find_known(ctx, f, &known);
	if (rc || !knows_little(&known))
		return rc ? rc : judge(ctx, f, &known, found);
	found->said = GP_GREYLIST_SAID_EXEMPT;
	found->why = "little-known";
	return GP_OK;
}

/* run: with its time. */
static int run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	struct greylist_facts *found = f->own[gp_engine_place(f->pipeline, check)];
	int64_t began_us = gp_clock_now_us(ctx->clock);
	int rc = find_out(ctx, f, found);
	found->took_us = gp_clock_now_us(ctx->clock) - began_us;
	return rc;
}

/* ---- rules ---- */

/* is_delayed: is it to be tried again? */
static bool is_delayed(const struct greylist_facts *found)
{
	return found &&
	       (found->said == GP_GREYLIST_SAID_FIRST || found->said == GP_GREYLIST_SAID_EARLY);
}

/* gp_engine_greylist_waits: first or early. */
bool gp_engine_greylist_waits(const struct gp_facts *facts)
{
	return is_delayed(own(facts));
}

/* delayed: a first contact, or one that is too early. */
static struct gp_wish delayed(const struct gp_facts *f)
{
	return (struct gp_wish) {is_delayed(own(f)), GP_ACTION_DEFER};
}

/* code: as configured. */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)rule;
	(void)action;
	return f->config->greylist.code;
}

/* text: as configured. */
static const char *text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)rule;
	return f->config->greylist.text;
}

/* seconds_of: rounded up, so that a retry then is not too early. */
static int64_t seconds_of(int64_t ms)
{
	return (ms + 999) / 1000;
}

/* value: what is left, and why. */
static const char *value(struct gp_ctx *ctx, const struct gp_facts *f, const struct gp_rule *rule,
	struct gp_span name)
{
	const struct greylist_facts *found = own(f);
	char client[GP_IPADDR_TEXT];
	(void)rule;
	if (gp_span_is(name, "seconds"))
		return gp_arena_printf(ctx->arena, "%lld", (long long)seconds_of(found->wait_ms));
	if (gp_span_is(name, "reason"))
		return gp_engine_greylist_phrase(found->reasons);
	if (gp_span_is(name, "client"))
		return gp_arena_copy(
			ctx->arena, gp_span_from(gp_ipaddr_format(&f->envelope.client, client)));
	if (gp_span_is(name, "hostname"))
		return f->config->hostname;
	return gp_arena_copy(ctx->arena,
		gp_span_is(name, "sender") ? f->envelope.sender : f->envelope.recipient);
}

static const struct gp_rule rules[] = {
	{.name = "greylist.delay", .wish = delayed, .code = code, .text = text},
	{.name = NULL},
};

/* ---- results ---- */

/* said_name: for log and metrics. */
static const char *said_name(unsigned said)
{
	static const char *const names[GP_GREYLIST_SAIDS] = {
		[GP_GREYLIST_SAID_EXEMPT] = "exempt",
		[GP_GREYLIST_SAID_FIRST] = "first",
		[GP_GREYLIST_SAID_EARLY] = "early",
		[GP_GREYLIST_SAID_PASSED] = "passed",
		[GP_GREYLIST_SAID_KNOWN] = "known",
		[GP_GREYLIST_SAID_ALLOWED] = "allowed",
		[GP_GREYLIST_SAID_LEARNING] = "learning",
		[GP_GREYLIST_SAID_UNAVAILABLE] = "unavailable",
	};
	return names[said];
}

/* found_said: when it ran. */
static bool found_said(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	const struct greylist_facts *found = own(f);
	*verdict_out = found ? found->said : 0;
	*took_us_out = found ? found->took_us : 0;
	return found != NULL;
}

static const struct gp_check_result results[] = {
	{NULL, GP_GREYLIST_SAIDS, said_name, found_said},
	{NULL, 0, NULL, NULL},
};

_Static_assert(GP_GREYLIST_SAIDS <= GP_CHECK_VERDICTS, "metrics have a place for each word");

/* ---- fields ---- */

/* seconds: of a time that is not 0. */
static struct gp_value seconds(int64_t ms)
{
	return ms ? gp_engine_value_number(seconds_of(ms)) : gp_engine_value_absent();
}

/* reason: the words of all of them, where there was anything to decide. */
static struct gp_value reason(const struct gp_record *r, const struct greylist_facts *found)
{
	return found->reasons
		       ? gp_engine_value_made(gp_engine_greylist_words(r->arena, found->reasons))
		       : gp_engine_value_absent();
}

/* One function for each member, where it ran. */
/* clang-format off */
#define MEMBER(name, expression) \
	static struct gp_value name(const struct gp_record *r, size_t item) \
	{ \
		const struct greylist_facts *found = own(r->facts); \
		(void)item; \
		return found ? expression : gp_engine_value_absent(); \
	}
MEMBER(said_value, gp_engine_value_text(said_name(found->said)))
MEMBER(why_value, gp_engine_value_made(found->why))
MEMBER(reason_value, reason(r, found))
MEMBER(wait_value, seconds(is_delayed(found) ? found->wait_ms : 0))
MEMBER(waited_value, seconds(found->waited_ms))
/* clang-format on */

static const struct gp_field fields[] = {
	{.get = "greylist.result",
		.log = "greylist",
		.line = "greylist",
		.json = "greylist.result",
		.value = said_value,
		.help = "what came of greylisting"},
	{.log = "greylist_why", .value = why_value, .help = "why mail was not delayed"},
	{.get = "greylist.reason",
		.log = "greylist_reason",
		.json = "greylist.reason",
		.value = reason_value,
		.help = "what is suspicious about the client"},
	{.log = "greylist_wait", .value = wait_value, .help = "seconds until it passes"},
	{.log = "greylist_waited",
		.value = waited_value,
		.help = "seconds between the first try and this one, which passes"},
	{.value = NULL},
};

const struct gp_check gp_engine_check_greylist = {
	.name = "greylist",
	.stages = STAGES,
	.decides = STAGES,
	.runs = 60,
	.weighs = 60,
	.round = GP_ROUND_DELAYS,
	.by_recipient = true,
	.mode = mode,
	.may_refuse = may_refuse,
	.is_on = is_on,
	.exempt = exempt,
	.run = run,
	.notes = notes,
	.own_size = sizeof(struct greylist_facts),
	.rules = rules,
	.value = value,
	.fields = fields,
	.results = results,
};
