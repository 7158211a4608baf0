/* SPDX-License-Identifier: ISC */
/*
 * The steps of RFC 8617 5.2 from 4 on, in an order that ends at the first failure: the newest
 * message signature, the seals from the newest down, and only for a chain that holds the older
 * message signatures.
 *
 * All sets are brought into canonical form once, in one text: what seal i covers is the text up to
 * its own place, followed by itself without b=. As the seals are checked from the newest down, each
 * may be written over what the one before it covered.
 */
#include <string.h>

#include "arc/arc_private.h"

#define OLDER_BYTES_MAX (1024 * 1024) /* of header that older message signatures may cover */

/* ---- before the body: which hashes and keys are needed ---- */

/* want_body: one hash; when the message has too many of them already it is left out. */
static int want_body(struct gp_arc *arc, struct gp_arc_instance *instance, enum gp_dkim_canon canon)
{
	struct gp_arc_body *body = &instance->bodies[canon];
	int rc = gp_dkim_bodies_want(arc->bodies, canon, instance->signature.length, &body->id);
	body->wanted = rc == GP_OK;
	return rc == GP_ETOOBIG ? GP_OK : rc;
}

/* want_forms: the body as c= says, or as it may be meant when there is no c=. */
static int want_forms(struct gp_arc *arc, struct gp_arc_instance *instance)
{
	int rc = want_body(arc, instance, instance->signature.body_canon);
	if (rc == GP_OK && !instance->signature.has_canon)
		rc = want_body(arc, instance, GP_DKIM_RELAXED);
	return rc;
}

/* want_bodies: the newest signature's, and those of older ones that cost nothing much. */
static int want_bodies(struct gp_arc *arc)
{
	unsigned n = arc->sets.count;
	int rc = want_forms(arc, &arc->sets.items[n - 1]);
	while (--n > 0 && rc == GP_OK) {
		const struct gp_dkim_sig *sig = &arc->sets.items[n - 1].signature;
		if (!sig->problem && sig->length == GP_DKIM_WHOLE)
			rc = want_forms(arc, &arc->sets.items[n - 1]);
	}
	return rc;
}

/* add_question: for the key of a signature, unless it is there. */
static int add_question(struct gp_arena *arena, const struct gp_dkim_sig *sig,
	struct gp_dns_question *list, size_t *count)
{
	if (sig->problem)
		return GP_OK;
	const char *name = gp_dkim_key_name(arena, sig);
	if (!name)
		return gp_arena_status(arena);
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i].name, name) == 0)
			return GP_OK;
	list[(*count)++] = (struct gp_dns_question) {name, GP_DNS_TXT};
	return GP_OK;
}

/* add_questions: in the order in which the answers are needed. */
static int add_questions(struct gp_arena *arena, struct gp_arc *arc)
{
	const struct gp_arc_sets *sets = &arc->sets;
	struct gp_dns_question *list = gp_arena_array(arena, 2 * (size_t)sets->count, sizeof *list);
	if (!list)
		return gp_arena_status(arena);
	size_t count = 0;
	int rc = add_question(arena, &sets->items[sets->count - 1].signature, list, &count);
	for (unsigned i = sets->count; i > 0 && rc == GP_OK; i--)
		rc = add_question(arena, &sets->items[i - 1].seal, list, &count);
	for (unsigned i = sets->count - 1; i > 0 && rc == GP_OK; i--)
		rc = add_question(arena, &sets->items[i - 1].signature, list, &count);
	arc->questions = list;
	arc->question_count = count;
	return rc;
}

/* keep_checks: of those of the message, one for each seal and each form of each signature. */
static void keep_checks(const struct gp_arc *arc)
{
	unsigned *kept = gp_dkim_bodies_kept(arc->bodies);
	for (unsigned i = 0; i < arc->sets.count; i++)
		*kept += arc->sets.items[i].signature.has_canon ? 2 : 3;
}

/* gp_arc_new: sets, hashes, questions. */
int gp_arc_new(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_options *options, struct gp_dkim_bodies *bodies,
	struct gp_arc **arc_out)
{
	struct gp_arc *arc = gp_arena_alloc(ctx->arena, sizeof *arc);
	if (!arc)
		return gp_arena_status(ctx->arena);
	*arc = (struct gp_arc) {.message = message, .options = options, .bodies = bodies};
	int rc = gp_arc_sets_collect(ctx, message, &arc->sets);
	if (rc == GP_OK && arc->sets.count > 0)
		rc = want_bodies(arc);
	if (rc == GP_OK && arc->sets.count > 0)
		rc = add_questions(ctx->arena, arc);
	keep_checks(arc);
	*arc_out = arc;
	return rc;
}

/* gp_arc_questions: what gp_arc_new prepared. */
size_t gp_arc_questions(
	const struct gp_arc *arc, struct gp_dns_question *questions_out, size_t room)
{
	size_t count = arc->question_count < room ? arc->question_count : room;
	if (count)
		memcpy(questions_out, arc->questions, count * sizeof *questions_out);
	return count;
}

/* ---- after the body: what holds ---- */

/* What a check of one field came to. */
struct finding {
	const char *reason; /* NULL: it holds */
	bool temporary;
	bool is_wrong;  /* the key serves, and says no */
	size_t covered; /* bytes that were hashed for it */
};

/* check_body: the hash and its length (RFC 6376 3.5, 3.7); NULL: as the signature says. */
static const char *check_body(
	const struct gp_arc *arc, const struct gp_dkim_sig *sig, const struct gp_arc_body *body)
{
	if (!body->wanted)
		return "too many hashes of the body are needed";
	uint64_t size = gp_dkim_bodies_size(arc->bodies, body->id);
	if (sig->length != GP_DKIM_WHOLE && sig->length > size)
		return "l= is larger than the body";
	if (sig->length != GP_DKIM_WHOLE && sig->length < size && !arc->options->partial_body)
		return "l= does not cover the whole body"; /* RFC 6376 8.2 */
	if (sig->body_hash.len == GP_CRYPTO_SHA256 &&
		memcmp(sig->body_hash.ptr, gp_dkim_bodies_hash(arc->bodies, body->id),
			GP_CRYPTO_SHA256) == 0)
		return NULL;
	return gp_dkim_bodies_defect(arc->bodies) ? "the body cannot be restored to the form that "
						    "was signed"
						  : "the hash of the body does not match";
}

/* check_times: t= and x= (RFC 6376 3.5) against the clock; NULL: now lies between them. */
static const char *check_times(
	const struct gp_ctx *ctx, const struct gp_arc *arc, const struct gp_dkim_sig *sig)
{
	int64_t now = ctx->clock->wall_s(ctx->clock), skew = arc->options->clock_skew_ms / 1000;
	if (sig->signed_s > now + skew)
		return "its time is in the future (t=)";
	if (sig->expires_s >= 0 && sig->expires_s < now - skew)
		return "it has expired (x=)";
	return NULL;
}

/* check_key: the signature over the input; a header that is in doubt explains a failure. */
static int check_key(struct gp_ctx *ctx, const struct gp_arc *arc, const struct gp_dkim_sig *sig,
	struct gp_span input, struct finding *finding)
{
	struct gp_dkim_key_result key;
	const struct gp_dkim_key_case c = {sig, arc->options, gp_dkim_bodies_digest(arc->bodies),
		input, gp_dkim_bodies_checks(arc->bodies)};
	int rc = gp_dkim_key_check(ctx, &c, &key);
	if (rc || key.verdict == GP_DKIM_PASS)
		return rc;
	finding->temporary = key.verdict == GP_DKIM_TEMPERROR;
	finding->is_wrong = key.verdict == GP_DKIM_FAIL;
	finding->reason = key.reason ? key.reason : "the signature is not valid";
	if (key.verdict == GP_DKIM_FAIL && arc->message->defect)
		finding->reason = "the header cannot be restored to the form that was signed";
	return GP_OK;
}

/* check_untrimmed: is it only that the mail server took a line off the header (dkim_trim.c)? */
static int check_untrimmed(struct gp_ctx *ctx, const struct gp_arc *arc,
	const struct gp_dkim_sig *sig, struct gp_span input, struct finding *finding)
{
	const struct gp_dkim_key_case c = {sig, arc->options, gp_dkim_bodies_digest(arc->bodies),
		input, gp_dkim_bodies_checks(arc->bodies)};
	bool holds;
	int rc = gp_dkim_key_check_untrimmed(
		ctx, arc->message, &c, 1, &holds); /* one: for the other form */
	if (!rc && holds)
		finding->reason = "not verifiable: the mail server removed a blank line from the "
				  "end of a field";
	return rc;
}

/* check_form: an ARC-Message-Signature, as a DKIM-Signature (4.1.2), in the forms it names. */
static int check_form(struct gp_ctx *ctx, const struct gp_arc *arc, const struct gp_dkim_sig *sig,
	const struct gp_arc_body *body, struct finding *finding)
{
	struct gp_span input;
	*finding = (struct finding) {.reason = sig->problem};
	if (!finding->reason)
		finding->reason = check_times(ctx, arc, sig);
	if (!sig->problem && body->wanted)
		gp_dkim_trace_body_hash(ctx, sig, gp_dkim_bodies_hash(arc->bodies, body->id));
	if (!finding->reason)
		finding->reason = check_body(arc, sig, body);
	if (finding->reason)
		return GP_OK;
	int rc = gp_dkim_sig_input(ctx, arc->message, sig, &input);
	if (rc)
		return rc;
	finding->covered = input.len;
	gp_dkim_trace_header_hash(ctx, gp_dkim_bodies_digest(arc->bodies), input);
	rc = check_key(ctx, arc, sig, input, finding);
	return rc || !finding->is_wrong ? rc : check_untrimmed(ctx, arc, sig, input, finding);
}

/*
 * check_signature: without c= the forms are simple, as in DKIM; but there are sealers that mean
 * relaxed then, and the ARC validation suite has their side (ams_fields_c_na).
 */
static int check_signature(
	struct gp_ctx *ctx, const struct gp_arc *arc, unsigned number, struct finding *finding)
{
	const struct gp_arc_instance *instance = &arc->sets.items[number - 1];
	const struct gp_dkim_sig *sig = &instance->signature;
	int rc = check_form(ctx, arc, sig, &instance->bodies[sig->body_canon], finding);
	if (rc || !finding->reason || sig->has_canon || sig->problem)
		return rc;
	struct gp_dkim_sig relaxed = *sig;
	relaxed.header_canon = relaxed.body_canon = GP_DKIM_RELAXED;
	return check_form(ctx, arc, &relaxed, &instance->bodies[GP_DKIM_RELAXED], finding);
}

/* trace_finding: one line. */
static void trace_finding(const struct gp_ctx *ctx, const char *what, unsigned number,
	const struct gp_dkim_sig *sig, const struct finding *finding)
{
	gp_trace_line(ctx, 1, "ARC: %s %u of %s: %s%s%s", what, number, sig->domain,
		finding->reason ? "fails, " : "holds", finding->reason ? finding->reason : "",
		finding->temporary ? " (may pass later)" : "");
}

/* take_finding: the chain fails by this. */
static int take_finding(struct gp_arena *arena, const char *what, unsigned number,
	const struct finding *finding, struct gp_arc_result *result)
{
	result->verdict = GP_ARC_FAIL;
	result->temporary = finding->temporary;
	result->reason = gp_arena_printf(arena, "%s %u: %s", what, number, finding->reason);
	return result->reason ? GP_OK : gp_arena_status(arena);
}

/* build_text: all sets in order, relaxed (5.1.1); where each seal stands goes into seals_at. */
static void build_text(const struct gp_arc_sets *sets, struct gp_strbuf *text, size_t seals_at[])
{
	for (unsigned i = 0; i < sets->count; i++) {
		for (unsigned part = 0; part < GP_ARC_PARTS; part++) {
			if (part == GP_ARC_SEAL)
				seals_at[i] = text->len;
			gp_dkim_canon_field(
				text, GP_DKIM_RELAXED, sets->items[i].fields[part]->raw);
		}
	}
}

/* check_seals: from the newest down, to the first that does not hold (5.2 step 6). */
static int check_seals(struct gp_ctx *ctx, const struct gp_arc *arc, struct gp_arc_result *result)
{
	size_t seals_at[GP_ARC_INSTANCES_MAX];
	struct gp_strbuf text;
	/* no canonical form is longer than its field and a CRLF */
	gp_strbuf_init(&text, ctx->arena, 2 * GP_ARC_BYTES_MAX);
	build_text(&arc->sets, &text, seals_at);
	for (unsigned i = arc->sets.count; i > 0; i--) {
		const struct gp_dkim_sig *seal = &arc->sets.items[i - 1].seal;
		struct finding finding = {.reason = check_times(ctx, arc, seal)};
		text.len = text.status ? text.len : seals_at[i - 1];
		gp_dkim_canon_signature(&text, GP_DKIM_RELAXED, seal->raw);
		if (text.status)
			return text.status;
		int rc = GP_OK;
		if (!finding.reason)
			rc = check_key(ctx, arc, seal, gp_strbuf_span(&text), &finding);
		if (rc)
			return rc;
		trace_finding(ctx, "seal", i, seal, &finding);
		if (finding.reason)
			return take_finding(ctx->arena, "seal", i, &finding, result);
	}
	return GP_OK;
}

/* check_older: how far back message signatures hold (5.2 step 5); the verdict stays. */
static int check_older(struct gp_ctx *ctx, const struct gp_arc *arc, struct gp_arc_set *sets,
	struct gp_arc_result *result)
{
	size_t covered = 0;
	for (unsigned i = arc->sets.count - 1; i > 0; i--) {
		struct finding finding = {.reason = "not checked"};
		int rc = GP_OK;
		if (covered <= OLDER_BYTES_MAX)
			rc = check_signature(ctx, arc, i, &finding);
		if (rc)
			return rc;
		covered += finding.covered;
		trace_finding(
			ctx, "message signature", i, &arc->sets.items[i - 1].signature, &finding);
		if (finding.reason) {
			result->oldest_pass = i + 1;
			return GP_OK;
		}
		sets[i - 1].message_holds = true;
	}
	return GP_OK;
}

/* covers_author: does it sign From, and the whole body? */
static bool covers_author(const struct gp_dkim_sig *sig)
{
	bool from = false;
	for (size_t i = 0; i < sig->header_count && !from; i++)
		from = gp_span_is(sig->headers[i], "From");
	return from && sig->length == GP_DKIM_WHOLE;
}

/* list_sets: what the result says of each. */
static struct gp_arc_set *list_sets(struct gp_arena *arena, const struct gp_arc_sets *sets)
{
	struct gp_arc_set *list = gp_arena_array(arena, sets->count, sizeof *list);
	for (unsigned i = 0; list && i < sets->count; i++) {
		const struct gp_arc_instance *from = &sets->items[i];
		list[i] = (struct gp_arc_set) {.sealer = from->seal.domain,
			.selector = from->seal.selector,
			.signer = from->signature.domain,
			.results = from->results,
			.covers_author = covers_author(&from->signature)};
	}
	return list;
}

/*
 * ask_rest: for the keys that are still needed, at once, so that a long chain does not wait for one
 * after the other; the resolver remembers the answers. Not before the newest signature holds: what
 * fails there asks for one key.
 */
static int ask_rest(struct gp_ctx *ctx, const struct gp_arc *arc)
{
	struct gp_dns_answer answers[GP_DNS_QUESTIONS_MAX];
	size_t rest = arc->question_count - 1;
	if (rest < 2)
		return GP_OK;
	return gp_dns_query(ctx, arc->questions + 1,
		rest < GP_DNS_QUESTIONS_MAX ? rest : GP_DNS_QUESTIONS_MAX, answers);
}

/* verify_chain: steps 4, 6 and 5 of 5.2 for sets that are in order. */
static int verify_chain(struct gp_ctx *ctx, const struct gp_arc *arc, struct gp_arc_result *result)
{
	unsigned newest = arc->sets.count;
	struct gp_arc_set *sets = list_sets(ctx->arena, &arc->sets);
	struct finding finding;
	if (!sets)
		return gp_arena_status(ctx->arena);
	result->sets = sets;
	result->instances = newest;
	int rc = check_signature(ctx, arc, newest, &finding);
	if (rc)
		return rc;
	trace_finding(
		ctx, "message signature", newest, &arc->sets.items[newest - 1].signature, &finding);
	if (finding.reason)
		return take_finding(ctx->arena, "message signature", newest, &finding, result);
	sets[newest - 1].message_holds = true;
	result->verdict = GP_ARC_PASS;
	rc = ask_rest(ctx, arc);
	if (rc == GP_OK)
		rc = check_seals(ctx, arc, result);
	if (rc || result->verdict != GP_ARC_PASS)
		return rc;
	return check_older(ctx, arc, sets, result);
}

/* gp_arc_verify: none without sets, fail without order, else as the signatures say. */
int gp_arc_verify(struct gp_ctx *ctx, struct gp_arc *arc, struct gp_arc_result *result_out)
{
	const struct gp_arc_sets *sets = &arc->sets;
	int rc = GP_OK;
	*result_out = (struct gp_arc_result) {.verdict = GP_ARC_NONE};
	if (sets->problem) {
		result_out->verdict = GP_ARC_FAIL;
		result_out->reason = sets->problem;
	} else if (sets->count > 0) {
		rc = verify_chain(ctx, arc, result_out);
	}
	if (rc) { /* a caller that ignores the status sees no pass */
		*result_out = (struct gp_arc_result) {.verdict = GP_ARC_FAIL};
		return rc;
	}
	gp_trace_line(ctx, 0, "ARC: %s, %u sets%s%s", gp_arc_verdict_name(result_out->verdict),
		result_out->instances, result_out->reason ? ", " : "",
		result_out->reason ? result_out->reason : "");
	return GP_OK;
}

/* gp_arc_verdict_name: as in RFC 8601's registry. */
const char *gp_arc_verdict_name(enum gp_arc_verdict verdict)
{
	switch (verdict) {
	case GP_ARC_NONE:
		return "none";
	case GP_ARC_PASS:
		return "pass";
	case GP_ARC_FAIL:
		break;
	}
	return "fail";
}
