/* SPDX-License-Identifier: ISC */
/*
 * Each question goes the same way: is it the one that was answered last? Else the configuration,
 * an empty arena, the engine; and whatever goes wrong becomes an answer in one place, trouble().
 */
#include "exim-dlfunc/verdict.h"

#include <bsd/string.h>
#include <string.h>
#include <unistd.h>

#include "engine/authres.h"
#include "engine/check_greylist.h"
#include "engine/checks.h"
#include "engine/record.h"
#include "exim-dlfunc/bridge.h"
#include "mail/authres.h"
#include "runtime/runtime_deadline.h"

#define SCRATCH_BYTES (256u * 1024)
#define KEY_BYTES 65536
#define RESULTS_BYTES 1024
#define HOST_BYTES 256
#define KNOWN_US 60000000 /* what was found about a message at RCPT */
#define WAITS_US 200000   /* the same of a contact that waits: while one ACL asks several times */
#define TEND_US 1000000

static const char trouble_reply[] =
	"451 4.3.0 This mail cannot be checked at the moment, try again later";
/* One question on its way. */
struct question {
	struct gp_exim *x;
	struct gp_exim_cached *cached;
	const struct gp_exim_call *call;
	const struct gp_config *config; /* NULL: there is none */
	struct gp_ctx ctx;
};

/* gp_exim_init: nothing is known. */
void gp_exim_init(struct gp_exim *x)
{
	memset(x, 0, sizeof *x);
	gp_exim_process_init(&x->process);
	gp_exim_lists_init(&x->lists);
	gp_engine_pipeline_init(&x->pipeline, gp_engine_checks);
	gp_engine_transaction_init(&x->transaction, &x->pipeline);
}

/* forget: the answer and what it held. */
static void forget(struct gp_exim_cached *k)
{
	struct gp_arena *arena = k->arena;
	size_t memory = k->memory;
	gp_exim_snapshot_release(k->snapshot);
	if (arena)
		gp_arena_reset(arena);
	memset(k, 0, sizeof *k);
	k->arena = arena;
	k->memory = memory;
}

/* gp_exim_fini: in reverse order. */
void gp_exim_fini(struct gp_exim *x)
{
	struct gp_exim_cached *all[] = {&x->spf, &x->mail, &x->limit};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		forget(all[i]);
		gp_arena_free(all[i]->arena);
		all[i]->arena = NULL;
	}
	gp_engine_transaction_fini(&x->transaction);
	gp_arena_free(x->scratch);
	x->scratch = NULL;
	gp_exim_lists_fini(&x->lists);
	gp_exim_process_fini(&x->process);
}

/* scratch: for the texts of one call; NULL: no memory. */
static struct gp_arena *scratch(struct gp_exim *x)
{
	if (x->scratch)
		gp_arena_reset(x->scratch);
	else
		x->scratch = gp_arena_new(SCRATCH_BYTES);
	return x->scratch;
}

/* ---- keys ---- */

/* make_key: the parts with their lengths, so that no two lists of parts look alike. */
static const char *make_key(struct gp_exim *x, const struct gp_span *parts, size_t count)
{
	struct gp_strbuf buf;
	const char *key;
	struct gp_arena *arena = scratch(x);
	if (!arena)
		return NULL;
	gp_strbuf_init(&buf, arena, KEY_BYTES);
	for (size_t i = 0; i < count; i++) {
		gp_strbuf_printf(&buf, "%zu:", parts[i].len);
		gp_strbuf_add_span(&buf, parts[i]);
	}
	return gp_strbuf_finish(&buf, &key) ? NULL : key;
}

/* call_key: who sends to whom, and more about which message. */
static const char *call_key(struct gp_exim *x, const struct gp_exim_call *c, const char *more)
{
	const struct gp_span parts[] = {c->place.conf, c->place.id, c->place.server, c->client,
		c->envelope.helo, c->envelope.sender, c->envelope.sasl_username,
		c->envelope.recipient, c->envelope.client_name, gp_span_from(more)};
	return make_key(x, parts, sizeof parts / sizeof parts[0]);
}

/* is_cached: was exactly this asked last? */
static bool is_cached(const struct gp_exim_cached *k, const char *key)
{
	return k->key && key && strcmp(k->key, key) == 0;
}

/* is_about: does the answer belong to this message? */
static bool is_about(const struct gp_exim_cached *k, struct gp_span id)
{
	return *k->id && gp_span_equal(id, gp_span_from(k->id));
}

/* ---- the way of a question ---- */

/* trouble: an answer all the same. */
static void trouble(
	struct question *q, enum gp_exim_log_kind kind, const char *reason, const char *problem)
{
	struct gp_exim_cached *k = q->cached;
	bool accept = q->config && q->config->exim.on_error == GP_ON_ERROR_ACCEPT;
	k->action = accept ? GP_ACTION_ACCEPT : GP_ACTION_DEFER;
	k->reply = accept ? NULL : trouble_reply;
	k->problem = problem;
	k->results = k->header = NULL;
	k->summary = accept ? "not checked, accepted: local problem, see syslog"
			    : "not checked, deferred: local problem, see syslog";
	k->has_mail = false;
	gp_exim_say(&q->x->process.log, kind, gp_span_from(k->id), "%s: %s", problem, reason);
}

/* is_enforcing: may mail be refused at all? */
static bool is_enforcing(const struct gp_config *c)
{
	return gp_engine_may_refuse(c, GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_MESSAGE), false);
}

/*
 * too_large: what the sender or DNS has made too large must not come in by on_error, and is no
 * trouble of ours.
 */
static void too_large(struct question *q)
{
	struct gp_exim_cached *k = q->cached;
	trouble(q, GP_EXIM_NO_CHECK, gp_err_text(GP_ETOOBIG),
		"the message needs more than exim.memory");
	if (!is_enforcing(q->config))
		return;
	k->action = GP_ACTION_DEFER;
	k->reply = "451 4.3.0 Checking this mail needs more memory than is allowed";
	k->summary = "not checked, deferred: it needs more than exim.memory";
}

/* make_arena: of the size that the configuration says. */
static int make_arena(struct gp_exim_cached *k, size_t memory)
{
	if (!k->arena || k->memory != memory) {
		gp_arena_free(k->arena);
		k->arena = gp_arena_new(memory);
		k->memory = memory;
	}
	return k->arena ? GP_OK : GP_ENOMEM;
}

/* follow: nothing stays known of a message that was asked about long ago, or under another
 * configuration. */
static void follow(struct gp_exim *x, const struct gp_exim_snapshot *snapshot, int64_t now_us)
{
	if (x->snapshot == snapshot && now_us - x->began_us < KNOWN_US)
		return;
	gp_engine_transaction_forget(&x->transaction);
	x->snapshot = snapshot;
	x->began_us = now_us;
}

/* begin: what every question needs; a failure has been answered. */
static int begin(struct question *q, const char *key)
{
	struct gp_exim_cached *k = q->cached;
	struct gp_exim *x = q->x;
	forget(k);
	k->at_us = gp_clock_now_us(gp_clock_system());
	if (q->call->place.id.len < sizeof k->id && q->call->place.id.len)
		memcpy(k->id, q->call->place.id.ptr, q->call->place.id.len);
	int rc = gp_exim_process_snapshot(&x->process, q->call->place.conf, &k->snapshot);
	if (rc) {
		trouble(q, GP_EXIM_BAD_CONFIG, gp_err_text(rc), "there is no configuration");
		return rc;
	}
	q->config = k->snapshot->config;
	follow(x, k->snapshot, k->at_us);
	rc = make_arena(k, q->config->exim.memory);
	if (rc) {
		trouble(q, GP_EXIM_NO_CHECK, gp_err_text(rc), "out of memory");
		return rc;
	}
	k->key = key ? gp_arena_copy(k->arena, gp_span_from(key)) : NULL;
	q->ctx = (struct gp_ctx) {.arena = k->arena,
		.clock = gp_clock_system(),
		.log = &x->process.log.log,
		.dns = k->snapshot->dns,
		.deadline_us = gp_runtime_deadline_us(
			gp_clock_now_us(gp_clock_system()), q->config->exim.deadline_ms)};
	return GP_OK;
}

/*
 * word_of: the action, as the verbs of an ACL can carry it out: one that refuses with a code of the
 * other class than its own (reject_code = "451 ...") is what its code says.
 */
static const char *word_of(const struct gp_exim_cached *k)
{
	enum gp_action action = k->action;
	if (k->reply && action == GP_ACTION_REJECT && *k->reply == '4')
		action = GP_ACTION_DEFER;
	else if (k->reply && action == GP_ACTION_DEFER && *k->reply == '5')
		action = GP_ACTION_REJECT;
	return gp_engine_action_name(action);
}

/* end: a failure of the engine becomes an answer; the word. */
static const char *end(struct question *q, int rc, const char *problem)
{
	if (rc == GP_ETOOBIG)
		too_large(q);
	else if (rc)
		trouble(q, GP_EXIM_NO_CHECK, gp_err_text(rc), problem);
	return word_of(q->cached);
}

/*
 * not_asked: DNS queries could not be asked: no verdict may come of that, unless nothing may be
 * refused anyway.
 */
static void not_asked(struct question *q, const char *reason)
{
	if (reason && is_enforcing(q->config))
		trouble(q, GP_EXIM_NO_CHECK, reason, "DNS could not be queried (exim.on_error)");
}

/* ---- the envelope ---- */

/* tend: the store, now and then. */
static void tend(struct question *q)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (now_us - q->x->tended_us < TEND_US)
		return;
	q->x->tended_us = now_us;
	gp_exim_process_tend(&q->x->process, &q->ctx);
}

/* wants_store: for what clients have shown before; of users of ours, for whom they write to. */
static bool wants_store(const struct question *q)
{
	bool is_ours = q->call->envelope.sasl_username.len > 0;
	return q->config->greylist.mode != GP_MODE_OFF ||
	       (gp_dnsbl_is_used(&q->config->dnsbl) && !is_ours);
}

/* find_store: that of this process; NULL: there is none, and the log says why. */
static struct gp_store *find_store(struct question *q)
{
	struct gp_exim_process *process = &q->x->process;
	struct gp_limit_overrides *overrides;
	return gp_exim_process_overrides(process, q->cached->snapshot, &q->ctx, &overrides) == GP_OK
		       ? process->store.store
		       : NULL;
}

/*
 * ask_envelope: with what lists and greylisting need. Without a store mail is judged all the same,
 * and the log says why there is none.
 */
static int ask_envelope(struct question *q)
{
	struct gp_exim *x = q->x;
	struct gp_facts *f = &q->cached->facts;
	gp_engine_facts_init(f, q->config, GP_STAGE_RCPT, &q->call->envelope);
	f->store = wants_store(q) ? find_store(q) : NULL;
	f->lists = gp_exim_lists_begin(
		&x->lists, q->config, q->cached->snapshot->generation, f->store, &q->ctx);
	int rc = gp_engine_transaction_ask(&x->transaction, &q->ctx, f, &q->cached->verdict);
	gp_exim_lists_end(&x->lists, q->config, f->store, &q->ctx);
	if (f->store)
		tend(q);
	return rc;
}

/* holds: does the answer to the same question still hold? What waits may pass any moment. */
static bool holds(const struct gp_exim_cached *k)
{
	int64_t age_us = gp_clock_now_us(gp_clock_system()) - k->at_us;
	return age_us < (gp_engine_greylist_waits(&k->facts) ? WAITS_US : KNOWN_US);
}

/* gp_exim_spf: the envelope's checks. */
const char *gp_exim_spf(struct gp_exim *x, const struct gp_exim_call *call)
{
	struct question q = {.x = x, .cached = &x->spf, .call = call};
	struct gp_exim_cached *k = &x->spf;
	const char *key = call_key(x, call, "");
	if (is_cached(k, key) && holds(k))
		return word_of(k);
	if (begin(&q, key))
		return word_of(k);
	int rc = ask_envelope(&q);
	if (!rc)
		rc = gp_engine_header(&q.ctx, &x->pipeline, &k->facts, &k->verdict);
	if (!rc) {
		k->action = k->verdict.action;
		k->reply = k->verdict.reply;
		k->header = k->verdict.header;
		not_asked(&q, k->facts.trouble);
	}
	return end(&q, rc, "SPF cannot be checked");
}

/* ---- messages ---- */

/* delays_bounces: is it mail of the null sender, which greylisting let past RCPT? */
static bool delays_bounces(const struct question *q)
{
	return q->config->greylist.mode != GP_MODE_OFF &&
	       q->config->greylist.null_sender == GP_GREYLIST_NULL_AT_DATA &&
	       q->call->envelope.sender.len == 0;
}

/* run_checks: over an open message. */
static int run_checks(struct question *q, const struct gp_exim_message *m)
{
	struct gp_exim_cached *k = q->cached;
	struct gp_mail mail = {.message = &m->message,
		.body = &m->body,
		.sample_key = &q->x->process.sample_key,
		.is_header_cut = m->is_cut};
	int rc = gp_exim_process_digest(&q->x->process, &mail.digest);
	if (rc)
		return rc;
	gp_engine_facts_init(&k->facts, q->config, GP_STAGE_MESSAGE, &q->call->envelope);
	k->facts.mail = &mail;
	if (delays_bounces(q))
		k->facts.store = find_store(q);
	rc = gp_engine_transaction_ask(&q->x->transaction, &q->ctx, &k->facts, &k->verdict);
	k->facts.mail = NULL; /* it is gone with its file */
	return rc;
}

/* adopt: the engine's verdict as the answer. */
static void adopt(struct gp_exim_cached *k)
{
	k->has_mail = true;
	k->action = k->verdict.action;
	k->reply = k->verdict.reply;
	k->results = k->verdict.results;
	k->summary = k->verdict.summary;
}

/* gp_exim_check: header and body, then the engine. */
const char *gp_exim_check(
	struct gp_exim *x, const struct gp_exim_call *call, struct gp_span headers)
{
	struct question q = {.x = x, .cached = &x->mail, .call = call};
	struct gp_exim_message m;
	char more[32];
	struct gp_strbuf length;
	gp_strbuf_init_fixed(&length, more, sizeof more);
	gp_strbuf_printf(&length, "%zu", headers.len);
	const char *key = call_key(x, call, more);
	if (is_cached(&x->mail, key) || begin(&q, key))
		return word_of(&x->mail);
	const char *problem = "the message cannot be checked";
	int rc = gp_exim_message_open(q.ctx.arena, &call->place, headers, &m);
	if (!rc) {
		x->mail.is_header_seen = !m.is_cut && !m.message.is_cut;
		gp_exim_spoof_find(q.ctx.arena, &m.message, q.config->hostname, &x->mail.forgery);
		rc = run_checks(&q, &m);
	}
	if (m.spool.problem)
		problem = m.spool.problem;
	gp_exim_message_close(&m);
	if (!rc) {
		adopt(&x->mail);
		not_asked(&q, x->mail.facts.trouble);
	}
	return end(&q, rc, problem);
}

/* ---- limits ---- */

/* count: one message, all or nothing; what was let in stays counted. */
static int count(struct question *q, const struct gp_limit_amounts *amounts)
{
	struct gp_exim *x = q->x;
	struct gp_exim_cached *k = q->cached;
	struct gp_limit_overrides *overrides = NULL;
	int rc = gp_exim_process_overrides(&x->process, k->snapshot, &q->ctx, &overrides);
	if (rc)
		return rc;
	gp_engine_facts_init(&k->facts, q->config, GP_STAGE_END, &q->call->envelope);
	k->facts.counting = (struct gp_counting) {.overrides = overrides, .total = *amounts};
	rc = gp_engine_transaction_ask(&x->transaction, &q->ctx, &k->facts, &k->verdict);
	if (rc || (k->verdict.action != GP_ACTION_ACCEPT && k->verdict.action != GP_ACTION_HOLD))
		gp_engine_transaction_drop(&x->transaction, overrides, &q->ctx);
	gp_limit_message_end(&x->transaction.limits);
	tend(q);
	return rc;
}

/* gp_exim_limit: unless there is nothing to count. */
const char *gp_exim_limit(
	struct gp_exim *x, const struct gp_exim_call *call, const struct gp_limit_amounts *amounts)
{
	struct question q = {.x = x, .cached = &x->limit, .call = call};
	int rc = GP_OK;
	const char *key = call->place.id.len ? call_key(x, call, "") : NULL;
	if (is_cached(&x->limit, key) || begin(&q, key))
		return word_of(&x->limit);
	x->limit.verdict = (struct gp_verdict) {.action = GP_ACTION_ACCEPT};
	if (q.config->limits.limit_count)
		rc = count(&q, amounts);
	if (!rc) {
		x->limit.action = x->limit.verdict.action;
		x->limit.reply = x->limit.verdict.reply;
	}
	return end(&q, rc, "the limits cannot be checked");
}

/* ---- what was found ---- */

/* or_nothing: "" for NULL. */
static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

/* gp_exim_reply: the message's first. */
const char *gp_exim_reply(struct gp_exim *x, const struct gp_exim_call *call)
{
	if (is_about(&x->mail, call->place.id))
		return or_nothing(x->mail.reply);
	return is_cached(&x->spf, call_key(x, call, "")) ? or_nothing(x->spf.reply)
	       : x->spf.problem && !x->spf.key           ? or_nothing(x->spf.reply)
							 : "";
}

/* gp_exim_limit_reply: of this message only. */
const char *gp_exim_limit_reply(struct gp_exim *x, struct gp_span id)
{
	return is_about(&x->limit, id) ? or_nothing(x->limit.reply) : "";
}

/* gp_exim_spf_header: of this question only. */
const char *gp_exim_spf_header(struct gp_exim *x, const struct gp_exim_call *call)
{
	return is_cached(&x->spf, call_key(x, call, "")) ? or_nothing(x->spf.header) : "";
}

/* own_field: a fact that is this surface's, or that exists without a verdict of the engine. */
static const char *own_field(const struct gp_exim_cached *k, struct gp_span name)
{
	const struct {
		const char *name, *text;
	} rows[] = {
		{"action", gp_engine_action_name(k->action)},
		{"reply", k->reply},
		{"results", k->results},
		{"summary", k->summary},
		{"problem", k->problem},
		{"results.forged", k->is_header_seen && !k->forgery.is_forged ? "no" : "yes"},
		{"results.hidden", k->forgery.is_hidden ? "yes" : "no"},
		{"results.foreign", k->forgery.foreign},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gp_span_is(name, rows[i].name))
			return or_nothing(rows[i].text);
	return NULL;
}

/* gp_exim_get: "" for another message, and for a name that there is not. */
const char *gp_exim_get(struct gp_exim *x, struct gp_span id, struct gp_span name)
{
	const char *text = "";
	struct gp_arena *arena = scratch(x);
	if (!is_about(&x->mail, id) || !arena) /* what nobody looked at may be forged */
		return gp_span_is(name, "results.forged") ? "yes" : "";
	const char *own = own_field(&x->mail, name);
	if (own || !x->mail.has_mail)
		return or_nothing(own);
	const struct gp_record record = {&x->mail.facts, &x->mail.verdict, arena};
	if (!gp_engine_get(&x->pipeline, &record, name, &text))
		gp_exim_say(&x->process.log, GP_EXIM_BAD_CALL, id,
			"gatepost_get: there is no fact "
			"%.*s",
			name.len > 64 ? 64 : (int)name.len, name.ptr);
	return text;
}

/* none_of: who looked, and found nothing to say (RFC 8601 2.2: no-result). */
static const char *none_of(struct gp_exim *x)
{
	char host[HOST_BYTES] = "localhost";
	struct gp_strbuf buf;
	struct gp_authres_writer w;
	const char *text;
	struct gp_arena *arena = scratch(x);
	if (!arena)
		return "localhost; none";
	if (x->process.current)
		(void)strlcpy(host, x->process.current->config->hostname, sizeof host);
	else if (gethostname(host, sizeof host - 1))
		(void)strlcpy(host, "localhost", sizeof host);
	gp_strbuf_init(&buf, arena, RESULTS_BYTES);
	gp_authres_begin(&w, &buf, host, " ");
	gp_authres_end(&w);
	return gp_strbuf_finish(&buf, &text) ? "localhost; none" : text;
}

/* gp_exim_results: of this message, or that there are none. */
const char *gp_exim_results(struct gp_exim *x, const struct gp_exim_place *place)
{
	if (is_about(&x->mail, place->id) && x->mail.results)
		return x->mail.results;
	return none_of(x);
}

/* gp_exim_preload: failures show again when they matter. */
void gp_exim_preload(struct gp_exim *x, struct gp_span conf)
{
	struct gp_exim_snapshot *snapshot;
	const struct gp_crypto_digest *digest;
	if (gp_exim_process_snapshot(&x->process, conf, &snapshot) == GP_OK)
		gp_exim_snapshot_release(snapshot);
	if (gp_exim_process_digest(&x->process, &digest))
		gp_exim_say(&x->process.log, GP_EXIM_NO_CHECK, (struct gp_span) {NULL, 0},
			"OpenSSL has no SHA-256");
}

/* gp_exim_bad_call: as the configuration says, if there is one. */
const char *gp_exim_bad_call(struct gp_exim *x, struct gp_span conf, const char *problem)
{
	struct gp_exim_snapshot *snapshot = NULL;
	bool accept = gp_exim_process_snapshot(&x->process, conf, &snapshot) == GP_OK &&
		      snapshot->config->exim.on_error == GP_ON_ERROR_ACCEPT;
	gp_exim_snapshot_release(snapshot);
	gp_exim_say(&x->process.log, GP_EXIM_BAD_CALL, (struct gp_span) {NULL, 0},
		"%s: gatepost.macros and gatepost-exim.so are of different versions, or the call "
		"was not made by the macros",
		problem);
	return gp_engine_action_name(accept ? GP_ACTION_ACCEPT : GP_ACTION_DEFER);
}
