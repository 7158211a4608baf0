/* SPDX-License-Identifier: ISC */
/*
 * As many signatures as are allowed, those near the author's domain before others. What a signature
 * is worth is found out in the order of cost: its tags, the body's hash, its key. Keys are asked
 * for together, once each, and only for signatures that can still pass.
 */
#include "dkim/dkim.h"

#include <string.h>

#include "base/trace.h"
#include "dkim/dkim_private.h"
#include "mail/address.h"

static const char signature_name[] = "DKIM-Signature";

/* A signature on its way. */
struct item {
	struct gp_dkim_sig sig;
	unsigned body;        /* which hash of the body; unless the signature has a problem */
	const char *key_name; /* the same */
	size_t answer;        /* which answer */
	struct gp_dkim_result result;
	unsigned nearness; /* to the author's domain: which is tried first */
	bool decided;
	bool is_header_wrong; /* that is why it fails */
	struct gp_span input; /* of the header, then */
};

struct gp_dkim {
	const struct gp_message *message;
	const struct gp_dkim_options *options;
	struct gp_dkim_bodies *bodies;
	struct item *items;
	size_t count, overflow;
};

/* gp_dkim_verdict_name: RFC 8601 2.7.1. */
const char *gp_dkim_verdict_name(enum gp_dkim_verdict verdict)
{
	static const char *const names[GP_DKIM_VERDICTS] = {
		"pass", "fail", "policy", "neutral", "temperror", "permerror"};
	return names[verdict];
}

/* check_times: x= and t= against the clock (3.5). Both are ours to judge ("MAY"), hence policy. */
static void check_times(
	struct gp_ctx *ctx, const struct gp_dkim_options *options, struct gp_dkim_sig *sig)
{
	int64_t now_s = ctx->clock->wall_s(ctx->clock), skew_s = options->clock_skew_ms / 1000;
	const char *problem = NULL;
	if (sig->expires_s >= 0 && now_s - skew_s > sig->expires_s)
		problem = "the signature has expired (x=)";
	else if (sig->signed_s >= 0 && sig->signed_s > now_s + skew_s)
		problem = "the time of the signature is in the future (t=)";
	if (sig->problem || !problem)
		return;
	sig->problem = problem;
	sig->verdict = GP_DKIM_POLICY;
}

/* not_verifiable: a reason with the defect that is behind it; NULL when the arena refuses. */
static const char *not_verifiable(struct gp_arena *arena, const char *defect)
{
	return gp_arena_printf(arena, "not verifiable: %s", defect);
}

/* unverifiable_verdict: as the operator wants such a signature to be called. */
static enum gp_dkim_verdict unverifiable_verdict(const struct gp_dkim_options *options)
{
	return options->unverifiable == GP_DKIM_AS_NEUTRAL ? GP_DKIM_NEUTRAL : GP_DKIM_TEMPERROR;
}

/* check_whole: of a header that was cut nobody knows what a signature signs: h= counts fields from
 * the bottom (5.4.2), and the lowest From or Subject may be one that was not read. */
static int check_whole(struct gp_ctx *ctx, const struct gp_dkim *dkim, struct gp_dkim_sig *sig)
{
	if (sig->problem || !dkim->message->is_cut)
		return GP_OK;
	sig->problem = not_verifiable(ctx->arena, dkim->message->defect);
	sig->verdict = unverifiable_verdict(dkim->options);
	return sig->problem ? GP_OK : gp_arena_status(ctx->arena);
}

/* want_body: its hash; when there are too many different ones the signature cannot be judged. */
static int want_body(struct gp_dkim *dkim, struct item *item)
{
	int rc = gp_dkim_bodies_want(
		dkim->bodies, item->sig.body_canon, item->sig.length, &item->body);
	if (rc != GP_ETOOBIG)
		return rc;
	item->sig.problem = "the signatures need too many different hashes of the body";
	item->sig.verdict = GP_DKIM_NEUTRAL;
	return GP_OK;
}

/* ---- which signatures, and in which order ---- */

#define NEARNESS_MAX 9 /* the author's domain itself; below: labels at the end that are the same */

/* shared_labels: how many labels at their ends two names have in common. */
static unsigned shared_labels(struct gp_span a, struct gp_span b)
{
	unsigned count = 0;
	while (a.len && b.len) {
		ptrdiff_t dot_a = gp_span_find_last(a, '.'), dot_b = gp_span_find_last(b, '.');
		if (!gp_span_equal_nocase(gp_span_skip(a, (size_t)(dot_a + 1)),
			    gp_span_skip(b, (size_t)(dot_b + 1))))
			break;
		count++;
		a.len = dot_a < 0 ? 0 : (size_t)dot_a;
		b.len = dot_b < 0 ? 0 : (size_t)dot_b;
	}
	return count;
}

/* nearness_of: of a signer to the author. Which domains are aligned is known when DNS has told the
 * organisation's; near is what may be. */
static unsigned nearness_of(struct gp_span signer, const char *author)
{
	struct gp_span name = gp_span_from(author);
	if (name.len == 0 || signer.len == 0)
		return 0;
	if (gp_span_equal_nocase(signer, name))
		return NEARNESS_MAX;
	unsigned shared = shared_labels(signer, name);
	return shared < NEARNESS_MAX ? shared : NEARNESS_MAX - 1;
}

/* peek_domain: d= of a field that nothing else is read of; empty: it has none. */
static struct gp_span peek_domain(struct gp_span value)
{
	struct gp_span element, name, domain;
	while (value.len) {
		(void)gp_span_cut(value, ';', &element, &value); /* none: the last one */
		if (gp_span_cut(element, '=', &name, &domain) &&
			gp_span_is(gp_span_trim(name), "d"))
			return gp_span_trim(domain);
	}
	return (struct gp_span) {NULL, 0};
}

/*
 * peek_nearness: the same by the author; U-labels are turned only where they may be the author's.
 */
static int peek_nearness(struct gp_arena *arena, struct gp_span value, const char *author,
	unsigned char *nearness_out)
{
	struct gp_span domain = peek_domain(value);
	const char *name = NULL;
	if (strstr(author, "xn--") && !gp_span_is_printable_ascii(domain)) {
		int rc = gp_address_domain(arena, domain, &name);
		if (rc && rc != GP_ESYNTAX)
			return rc;
		domain = gp_span_from(rc ? NULL : name);
	}
	*nearness_out = (unsigned char)nearness_of(domain, author);
	return GP_OK;
}

/* choose: marks as many as are taken of found signatures; places has one byte a field. */
static int choose(struct gp_arena *arena, const struct gp_message *message, const char *author,
	size_t taken, bool *is_taken)
{
	unsigned char *nearness = gp_arena_alloc(arena, message->count + 1);
	int rc = nearness ? GP_OK : gp_arena_status(arena);
	for (size_t i = 0; !rc && i < message->count; i++)
		if (gp_span_is(message->fields[i].name, signature_name))
			rc = peek_nearness(arena, message->fields[i].value, author, &nearness[i]);
	for (int near = NEARNESS_MAX; !rc && near >= 0; near--)
		for (size_t i = 0; taken && i < message->count; i++)
			if (nearness[i] == near && !is_taken[i] &&
				gp_span_is(message->fields[i].name, signature_name)) {
				is_taken[i] = true;
				taken--;
			}
	return rc;
}

/* ---- reading ---- */

/* add_item: one signature, as far as it goes without body and key. */
static int add_item(struct gp_ctx *ctx, struct gp_dkim *dkim, const struct gp_message_field *field)
{
	struct item *item = &dkim->items[dkim->count++];
	int rc = gp_dkim_sig_parse(ctx, GP_DKIM_SIGNATURE, field, &item->sig);
	if (!rc)
		rc = check_whole(ctx, dkim, &item->sig);
	if (rc)
		return rc;
	check_times(ctx, dkim->options, &item->sig);
	if (!item->sig.problem)
		rc = want_body(dkim, item);
	if (rc || item->sig.problem)
		return rc;
	item->key_name = gp_dkim_key_name(ctx->arena, &item->sig);
	return item->key_name ? GP_OK : gp_arena_status(ctx->arena);
}

/* add_items: those that were chosen, in the order of the message. */
static int add_items(struct gp_ctx *ctx, struct gp_dkim *dkim, const char *author,
	const bool *is_taken, size_t taken)
{
	for (size_t i = 0; dkim->count < taken; i++) {
		const struct gp_message_field *field = &dkim->message->fields[i];
		if (!gp_span_is(field->name, signature_name) || (is_taken && !is_taken[i]))
			continue;
		struct item *item = &dkim->items[dkim->count];
		int rc = add_item(ctx, dkim, field);
		if (rc)
			return rc;
		item->nearness = nearness_of(gp_span_from(item->sig.domain), author);
	}
	return GP_OK;
}

/* gp_dkim_new: the limit first, then the signatures below it. */
int gp_dkim_new(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_options *options, struct gp_dkim_bodies *bodies, const char *author,
	struct gp_dkim **dkim_out)
{
	size_t found = gp_message_count(message, signature_name);
	size_t taken = found < options->max_signatures ? found : options->max_signatures;
	struct gp_dkim *dkim = gp_arena_alloc(ctx->arena, sizeof *dkim);
	bool *is_taken = NULL;
	if (!dkim)
		return gp_arena_status(ctx->arena);
	*dkim = (struct gp_dkim) {.message = message,
		.options = options,
		.bodies = bodies,
		.items = gp_arena_array(ctx->arena, taken, sizeof *dkim->items),
		.overflow = found - taken};
	if (!dkim->items)
		return gp_arena_status(ctx->arena);
	if (taken < found) {
		is_taken = gp_arena_array(ctx->arena, message->count, sizeof *is_taken);
		int rc = is_taken ? choose(ctx->arena, message, author, taken, is_taken)
				  : gp_arena_status(ctx->arena);
		if (rc)
			return rc;
	}
	*dkim_out = dkim;
	return add_items(ctx, dkim, author, is_taken, taken);
}

/* add_question: unless it is there; its place, or room when it is new and does not fit. */
static size_t add_question(
	struct gp_dns_question *questions, size_t *count, size_t room, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(questions[i].name, name) == 0)
			return i;
	if (*count == room)
		return room;
	questions[*count] = (struct gp_dns_question) {name, GP_DNS_TXT};
	return (*count)++;
}

/* gp_dkim_questions: of the signatures without a problem. */
size_t gp_dkim_questions(
	const struct gp_dkim *dkim, struct gp_dns_question *questions_out, size_t room)
{
	size_t count = 0;
	for (size_t i = 0; i < dkim->count; i++)
		if (!dkim->items[i].sig.problem)
			(void)add_question(questions_out, &count, room, dkim->items[i].key_name);
	return count;
}

/* gp_dkim_domain: by number. */
const char *gp_dkim_domain(const struct gp_dkim *dkim, size_t i)
{
	if (i >= dkim->count)
		return NULL;
	return dkim->items[i].sig.problem ? "" : dkim->items[i].sig.domain;
}

/* decide: a verdict and why. */
static void decide(struct item *item, enum gp_dkim_verdict verdict, const char *reason)
{
	item->result.verdict = verdict;
	item->result.reason = reason;
	item->decided = true;
}

/* decide_failed: a hash or signature does not hold; that proves something only when the bytes are
 * those that came over the wire. defect: why they may not be, or NULL. */
static int decide_failed(struct gp_ctx *ctx, struct gp_dkim *dkim, struct item *item,
	const char *reason, const char *defect)
{
	if (!defect) {
		decide(item, GP_DKIM_FAIL, reason);
		return GP_OK;
	}
	const char *text = not_verifiable(ctx->arena, defect);
	if (!text)
		return gp_arena_status(ctx->arena);
	decide(item, unverifiable_verdict(dkim->options), text);
	return GP_OK;
}

/* check_body: bh= and l= against the body (6.1.3 step 3). sig_parse has seen to the 32 bytes. */
static int check_body(struct gp_ctx *ctx, struct gp_dkim *dkim, struct item *item)
{
	const unsigned char *hash = gp_dkim_bodies_hash(dkim->bodies, item->body);
	uint64_t size = gp_dkim_bodies_size(dkim->bodies, item->body);
	const char *defect =
		dkim->message->defect ? dkim->message->defect : gp_dkim_bodies_defect(dkim->bodies);
	item->result.partial = item->sig.length < size;
	if (item->sig.length != GP_DKIM_WHOLE && item->sig.length > size && !defect) {
		decide(item, GP_DKIM_PERMERROR, "l= is larger than the body"); /* 3.5 */
		return GP_OK;
	}
	if (memcmp(item->sig.body_hash.ptr, hash, GP_CRYPTO_SHA256) != 0)
		return decide_failed(
			ctx, dkim, item, "the hash of the body does not match", defect);
	return GP_OK;
}

/* check_key: the header's signature (6.1.3 step 4), and what of a pass is not accepted here. */
static int check_key(struct gp_ctx *ctx, struct gp_dkim *dkim, struct item *item,
	const struct gp_dns_answer *answer)
{
	struct gp_dkim_key_case c = {.sig = &item->sig,
		.options = dkim->options,
		.digest = gp_dkim_bodies_digest(dkim->bodies),
		.checks_left = gp_dkim_bodies_checks(dkim->bodies)};
	struct gp_dkim_key_result key;
	gp_trace_line(ctx, 1, "key %s: %s", item->key_name, gp_dns_state_text(answer->state));
	int rc = gp_dkim_sig_input(ctx, dkim->message, &item->sig, &c.input);
	if (!rc)
		gp_dkim_trace_header_hash(ctx, c.digest, c.input);
	if (!rc)
		rc = gp_dkim_key_judge(ctx, &c, answer, &key);
	if (rc)
		return rc;
	item->result.bits = key.bits;
	item->result.secure = key.secure;
	item->result.testing = key.testing;
	item->result.lenient = key.lenient;
	item->is_header_wrong = key.verdict == GP_DKIM_FAIL;
	item->input = c.input;
	if (key.verdict == GP_DKIM_FAIL)
		return decide_failed(ctx, dkim, item, key.reason, dkim->message->defect);
	if (key.verdict == GP_DKIM_PASS && item->result.partial && !dkim->options->partial_body)
		decide(item, GP_DKIM_POLICY, "l= does not cover the whole body"); /* RFC 6376 8.2 */
	else
		decide(item, key.verdict, key.reason);
	return GP_OK;
}

/* begin_result: what a signature says of itself. */
static void begin_result(struct item *item)
{
	const struct gp_dkim_sig *sig = &item->sig;
	bool canon = sig->has_canon || !sig->problem;
	item->result = (struct gp_dkim_result) {.domain = sig->domain,
		.selector = sig->selector,
		.algorithm = gp_dkim_algorithm_name(sig->algorithm),
		.identity = sig->identity,
		.b = sig->b,
		.length = sig->length,
		.signed_s = sig->signed_s,
		.expires_s = sig->expires_s,
		.header_canon = canon ? gp_dkim_canon_name(sig->header_canon) : "",
		.body_canon = canon ? gp_dkim_canon_name(sig->body_canon) : ""};
	if (sig->problem)
		decide(item, sig->verdict, sig->problem);
}

/* ask: for the keys of what is undecided, all at once. */
static int ask(struct gp_ctx *ctx, struct gp_dkim *dkim, struct gp_dns_answer **answers_out)
{
	struct gp_dns_question *questions =
		gp_arena_array(ctx->arena, dkim->count, sizeof *questions);
	*answers_out = gp_arena_array(ctx->arena, dkim->count, sizeof **answers_out);
	if (!questions || !*answers_out)
		return gp_arena_status(ctx->arena);
	size_t count = 0;
	for (size_t i = 0; i < dkim->count; i++)
		if (!dkim->items[i].decided)
			dkim->items[i].answer = add_question(
				questions, &count, dkim->count, dkim->items[i].key_name);
	int rc = GP_OK;
	for (size_t from = 0; !rc && from < count; from += GP_DNS_QUESTIONS_MAX) {
		size_t n =
			count - from < GP_DNS_QUESTIONS_MAX ? count - from : GP_DNS_QUESTIONS_MAX;
		rc = gp_dns_query(ctx, questions + from, n, *answers_out + from);
	}
	return rc;
}

/* trace_item: which signature it is, and what bh= says and the body has. */
static void trace_item(struct gp_ctx *ctx, const struct gp_dkim *dkim, size_t i)
{
	const struct item *item = &dkim->items[i];
	if (!ctx->trace)
		return;
	gp_trace_line(ctx, 0, "signature %zu: d=%s s=%s a=%s c=%s/%s", i + 1, item->result.domain,
		item->result.selector, item->result.algorithm, item->result.header_canon,
		item->result.body_canon);
	if (item->sig.problem)
		return;
	gp_dkim_trace_body_hash(ctx, &item->sig, gp_dkim_bodies_hash(dkim->bodies, item->body));
}

/*
 * retry_trimmed: those that fail over a header whose lines are not all there any more: with checks
 * that no other signature needs, those of an ARC chain among them.
 */
static int retry_trimmed(
	struct gp_ctx *ctx, struct gp_dkim *dkim, const struct gp_dns_answer *answers)
{
	for (size_t i = 0; i < dkim->count; i++) {
		struct item *item = &dkim->items[i];
		const struct gp_dkim_key_case c = {&item->sig, dkim->options,
			gp_dkim_bodies_digest(dkim->bodies), item->input,
			gp_dkim_bodies_checks(dkim->bodies)};
		bool holds;
		if (!item->is_header_wrong || item->result.verdict != GP_DKIM_FAIL)
			continue;
		int rc = gp_dkim_holds_untrimmed(ctx, dkim->message, &c, &answers[item->answer],
			*gp_dkim_bodies_kept(dkim->bodies), &holds);
		if (!rc && holds)
			rc = decide_failed(ctx, dkim, item, NULL,
				"the mail server removed a blank line from the end of a field");
		if (rc)
			return rc;
	}
	return GP_OK;
}

/* judge_keys: of those that are undecided, the nearest to the author first. */
static int judge_keys(struct gp_ctx *ctx, struct gp_dkim *dkim, const struct gp_dns_answer *answers)
{
	int rc = GP_OK;
	for (unsigned near = NEARNESS_MAX + 1; near-- > 0;)
		for (size_t i = 0; !rc && i < dkim->count; i++) {
			struct item *item = &dkim->items[i];
			if (item->nearness != near)
				continue;
			trace_item(ctx, dkim, i);
			if (!item->decided)
				rc = check_key(ctx, dkim, item, &answers[item->answer]);
			if (!rc)
				gp_trace_line(ctx, 1, "%s%s%s",
					gp_dkim_verdict_name(item->result.verdict),
					item->result.reason ? ": " : "",
					item->result.reason ? item->result.reason : "");
		}
	return rc;
}

/* judge_items: bodies, keys, results. */
static int judge_items(struct gp_ctx *ctx, struct gp_dkim *dkim)
{
	struct gp_dns_answer *answers = NULL;
	for (size_t i = 0; i < dkim->count; i++) {
		struct item *item = &dkim->items[i];
		begin_result(item);
		int rc = item->decided ? GP_OK : check_body(ctx, dkim, item);
		if (rc)
			return rc;
	}
	int rc = ask(ctx, dkim, &answers);
	if (!rc)
		rc = judge_keys(ctx, dkim, answers);
	return rc ? rc : retry_trimmed(ctx, dkim, answers);
}

/* gp_dkim_verify: judged, then handed out. */
int gp_dkim_verify(struct gp_ctx *ctx, struct gp_dkim *dkim, struct gp_dkim_results *results_out)
{
	struct gp_dkim_result *results = gp_arena_array(ctx->arena, dkim->count, sizeof *results);
	if (!results)
		return gp_arena_status(ctx->arena);
	int rc = judge_items(ctx, dkim);
	if (rc)
		return rc;
	for (size_t i = 0; i < dkim->count; i++)
		results[i] = dkim->items[i].result;
	*results_out = (struct gp_dkim_results) {
		.items = results, .count = dkim->count, .overflow = dkim->overflow};
	return GP_OK;
}
