/* SPDX-License-Identifier: ISC */
/*
 * Each record is read whole before its key is; what keeps it from serving is its problem. Among
 * several records a key that says no tells more than one that is not accepted, and that more than
 * one that cannot be read.
 */
#include <string.h>

#include "base/decode.h"
#include "base/trace.h"
#include "dkim/dkim_key.h"
#include "dkim/dkim_private.h"
#include "dns/dns.h"
#include "mail/taglist.h"

static const char no_checks_left[] = "the message has more signatures and keys than are checked";
const char gp_dkim_key_not_one[] = "p= of the key record is not a key";
static const char no_base64[] = "p= of the key record is not base64";
static const char keys_left_out[] = "the name has more key records than are checked";

/* gp_dkim_key_name: RFC 6376 3.6.2.1. */
const char *gp_dkim_key_name(struct gp_arena *arena, const struct gp_dkim_sig *sig)
{
	return gp_arena_printf(arena, "%s._domainkey.%s", sig->selector, sig->domain);
}

/* list_has: one of the words between colons? */
static bool list_has(struct gp_span list, const char *word)
{
	struct gp_span item;
	for (bool more = true; more;) {
		more = gp_span_cut(list, ':', &item, &list);
		if (gp_span_is(gp_span_trim(item), word))
			return true;
	}
	return false;
}

/* check_version: v= stands first and is DKIM1, or is not there. */
static const char *check_version(const struct gp_taglist *list)
{
	const struct gp_tag *v = gp_taglist_find(list, "v");
	if (!v)
		return NULL;
	if (!gp_span_equal(v->value, gp_span_from("DKIM1")))
		return "the version of the key record is not DKIM1";
	return v == list->tags ? NULL : "v= of the key record is not its first tag";
}

/* check_use: h= and s=, where they are there. */
static const char *check_use(const struct gp_taglist *list)
{
	const struct gp_tag *h = gp_taglist_find(list, "h"), *s = gp_taglist_find(list, "s");
	if (h && !list_has(h->value, "sha256"))
		return "the key record does not allow sha256";
	if (s && !list_has(s->value, "*") && !list_has(s->value, "email"))
		return "the key record is not for mail";
	return NULL;
}

/* read_kind: k=, rsa unless it says otherwise (3.6.1, RFC 8463 4.1). */
static const char *read_kind(const struct gp_taglist *list, enum gp_crypto_pubkey_kind *kind_out)
{
	const struct gp_tag *k = gp_taglist_find(list, "k");
	*kind_out = GP_CRYPTO_RSA;
	if (!k || gp_span_is(k->value, "rsa"))
		return NULL;
	*kind_out = GP_CRYPTO_ED25519;
	return gp_span_is(k->value, "ed25519") ? NULL : "the key record has an unknown k=";
}

/* stray_length: bytes of a character that a form or a zone file puts around a record or its parts
 * and no record has there: quotes, those of typesetters, backslashes, parentheses; 0: it is none.
 */
static size_t stray_length(struct gp_span text)
{
	static const char *const others[] = {"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
		"\xe2\x80\x9b", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x9f",
		"\xe2\x80\xb9", "\xe2\x80\xba", "\xc2\xab", "\xc2\xbb"};
	if (text.len && memchr("\"'`\\()", text.ptr[0], 6))
		return 1;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (gp_span_has_prefix(text, others[i]))
			return strlen(others[i]);
	return 0;
}

/* has_stray: is there such a character? */
static bool has_stray(struct gp_span text)
{
	while (text.len && !stray_length(text))
		text = gp_span_skip(text, 1);
	return text.len > 0;
}

/* read_flags: t=; others than these are ignored (3.6.1), but not these in quotes: t="s" means that
 * i= below d= is not allowed. */
static const char *read_flags(const struct gp_taglist *list, struct gp_dkim_key_record *record)
{
	const struct gp_tag *t = gp_taglist_find(list, "t");
	record->testing = t && list_has(t->value, "y");
	record->exact = t && list_has(t->value, "s");
	return t && has_stray(t->value) ? "t= of the key record has quotes" : NULL;
}

/* pad: base64 with the '=' at its end that it needs, and no other, in groups of four. */
static struct gp_span pad(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 3);
	size_t n = 0;
	for (size_t i = 0; copy && i < text.len; i++)
		if (!strchr(" \t\r\n", text.ptr[i]) || text.ptr[i] == 0)
			copy[n++] = text.ptr[i];
	while (n && copy[n - 1] == '=')
		n--;
	while (copy && n % 4 >= 2)
		copy[n++] = '=';
	return (struct gp_span) {copy, n};
}

/* read_key: p=; GP_ESYNTAX becomes a problem. */
static int read_key(
	struct gp_arena *arena, const struct gp_taglist *list, struct gp_dkim_key_record *record)
{
	const struct gp_tag *p = gp_taglist_find(list, "p");
	if (!p || p->value.len == 0) {
		record->problem =
			p ? "the key was revoked (its p= is empty)" : "the key record has no p=";
		return GP_OK;
	}
	int rc = gp_decode_base64(arena, p->value, &record->key);
	if (rc != GP_ESYNTAX)
		return rc;
	record->problem = no_base64;
	return GP_OK;
}

/* gp_dkim_key_record_parse: the first thing that is wrong is the problem. */
int gp_dkim_key_record_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_dkim_key_record *record_out)
{
	struct gp_taglist list;
	*record_out = (struct gp_dkim_key_record) {.problem = NULL};
	int rc = gp_taglist_parse(arena, text, &list);
	if (rc)
		return rc;
	const char *flags_problem = read_flags(&list, record_out);
	record_out->problem = check_version(&list);
	if (!record_out->problem && list.problem)
		record_out->problem = "the key record is not a list of tags";
	if (!record_out->problem)
		record_out->problem = read_kind(&list, &record_out->kind);
	if (!record_out->problem)
		record_out->problem = check_use(&list);
	if (!record_out->problem)
		record_out->problem = flags_problem;
	return record_out->problem ? GP_OK : read_key(arena, &list, record_out);
}

/* say: a verdict and why. */
static void say(struct gp_dkim_key_result *result, enum gp_dkim_verdict verdict, const char *reason)
{
	result->verdict = verdict;
	result->reason = reason;
}

/* fits: may this key serve this signature? */
static bool fits(const struct gp_dkim_key_case *c, const struct gp_dkim_key_record *record,
	struct gp_dkim_key_result *result)
{
	bool rsa = c->sig->algorithm == GP_DKIM_RSA_SHA256;
	if (record->problem)
		say(result, GP_DKIM_PERMERROR, record->problem);
	else if (rsa != (record->kind == GP_CRYPTO_RSA))
		say(result, GP_DKIM_PERMERROR, "the type of the key does not match a=");
	else if (record->exact && c->sig->identity_below)
		say(result, GP_DKIM_PERMERROR, "the key does not allow i= below d= (t=s)");
	else
		return true;
	return false;
}

/* gp_dkim_key_size_problem: RFC 8301 3.2 bounds it from below; from above each check costs. */
const char *gp_dkim_key_size_problem(
	enum gp_crypto_pubkey_kind kind, unsigned bits, const struct gp_dkim_options *options)
{
	return kind != GP_CRYPTO_RSA          ? NULL
	       : bits < options->rsa_bits_min ? "the key is too small"
	       : bits > options->rsa_bits_max ? "the key is too large"
					      : NULL;
}

/* is_accepted: the key's size (RFC 8301 3.2). */
static bool is_accepted(const struct gp_dkim_key_case *c, enum gp_crypto_pubkey_kind kind,
	struct gp_dkim_key_result *result)
{
	const char *problem = gp_dkim_key_size_problem(kind, result->bits, c->options);
	if (problem)
		say(result, GP_DKIM_POLICY, problem);
	return !problem;
}

/* verify_with: the signature, if a check is left for it. */
static int verify_with(struct gp_crypto_pubkey *key, const struct gp_dkim_key_case *c,
	const unsigned char hash[GP_CRYPTO_SHA256], struct gp_dkim_key_result *result)
{
	bool good;
	if (c->checks_left && *c->checks_left == 0) {
		say(result, GP_DKIM_NEUTRAL, no_checks_left);
		return GP_OK;
	}
	if (c->checks_left)
		--*c->checks_left;
	int rc = gp_crypto_pubkey_verify(key, hash, c->sig->signature, &good);
	if (rc == GP_OK)
		say(result, good ? GP_DKIM_PASS : GP_DKIM_FAIL,
			good ? NULL : "the signature does not match the header");
	return rc;
}

/* try_key: what a record that was read says. hash is that of the input. */
static int try_key(const struct gp_dkim_key_case *c, const struct gp_dkim_key_record *record,
	const unsigned char hash[GP_CRYPTO_SHA256], struct gp_dkim_key_result *result)
{
	struct gp_crypto_pubkey *key = NULL;
	result->testing = record->testing;
	if (!fits(c, record, result))
		return GP_OK;
	int rc = gp_crypto_pubkey_parse(record->kind, record->key, &key);
	if (rc == GP_ESYNTAX)
		say(result, GP_DKIM_PERMERROR, gp_dkim_key_not_one);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	result->bits = gp_crypto_pubkey_bits(key);
	if (is_accepted(c, record->kind, result))
		rc = verify_with(key, c, hash, result);
	gp_crypto_pubkey_free(key);
	return rc;
}

/* repair: a record as it was meant when quotes, backslashes, parentheses and semicolons came into
 * it by its way through a form or a zone file; its text stays within that of the record. */
static struct gp_span repair(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0;
	bool ended = true; /* the last element; another semicolon would end an empty one */
	while (copy && text.len) {
		size_t stray = stray_length(text);
		char c = text.ptr[0];
		text = gp_span_skip(text, stray ? stray : 1);
		if (stray || (c == ';' && ended))
			continue;
		ended = c == ';' || (ended && (c == ' ' || c == '\t'));
		copy[n++] = c;
	}
	return (struct gp_span) {copy, n};
}

/* gp_dkim_key_record_repair: without what is stray, and p= with its padding. */
int gp_dkim_key_record_repair(
	struct gp_arena *arena, struct gp_span text, struct gp_dkim_key_record *record_out)
{
	struct gp_span meant = repair(arena, text), padded;
	struct gp_taglist list;
	if (!meant.ptr)
		return gp_arena_status(arena);
	int rc = gp_dkim_key_record_parse(arena, meant, record_out);
	if (rc || record_out->problem != no_base64)
		return rc;
	rc = gp_taglist_parse(arena, meant, &list);
	if (rc)
		return rc;
	padded = pad(arena, gp_taglist_find(&list, "p")->value);
	if (!padded.ptr)
		return gp_arena_status(arena);
	rc = gp_decode_base64(arena, padded, &record_out->key);
	if (!rc)
		record_out->problem = NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* try_repaired: a record that broke the rules, read as it was meant: only a signature that it then
 * fits shows that it was meant so, and all else leaves the result as it is. */
static int try_repaired(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	const unsigned char hash[GP_CRYPTO_SHA256], struct gp_span text,
	struct gp_dkim_key_result *result)
{
	struct gp_dkim_key_record record;
	struct gp_dkim_key_result repaired = {.secure = result->secure, .lenient = true};
	int rc = gp_dkim_key_record_repair(ctx->arena, text, &record);
	if (!rc && !record.problem)
		rc = try_key(c, &record, hash, &repaired);
	if (!rc && !record.problem && repaired.verdict == GP_DKIM_PASS)
		*result = repaired;
	return rc;
}

/* try_record: what one record says. */
static int try_record(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	const unsigned char hash[GP_CRYPTO_SHA256], struct gp_span text,
	struct gp_dkim_key_result *result)
{
	struct gp_dkim_key_record record;
	int rc = gp_dkim_key_record_parse(ctx->arena, text, &record);
	if (!rc)
		rc = try_key(c, &record, hash, result);
	return !rc && record.problem && c->options->lenient_keys
		       ? try_repaired(ctx, c, hash, text, result)
		       : rc;
}

/* weight: how much a verdict of a record tells. */
static int weight(enum gp_dkim_verdict verdict)
{
	return verdict == GP_DKIM_PASS     ? 3
	       : verdict == GP_DKIM_FAIL   ? 2
	       : verdict == GP_DKIM_POLICY ? 1
					   : 0;
}

/* judge_state: an answer without records (6.1.2). BOGUS is a temperror: a resolver that does not
 * say why (RFC 8914) shows it as a failure of its own, and the verdict should be one. */
static void judge_state(enum gp_dns_state state, struct gp_dkim_key_result *result)
{
	if (state == GP_DNS_TEMPFAIL)
		say(result, GP_DKIM_TEMPERROR, "DNS did not answer the query for the key");
	else if (state == GP_DNS_TROUBLE)
		say(result, GP_DKIM_TEMPERROR, "the key could not be queried: a local problem");
	else if (state == GP_DNS_BOGUS)
		say(result, GP_DKIM_TEMPERROR, "the answer about the key failed DNSSEC validation");
	else
		say(result, GP_DKIM_PERMERROR, "there is no key");
}

/* gp_dkim_key_is: with quotes and the like (lenient_keys) before it, too. */
bool gp_dkim_key_is(struct gp_span text)
{
	struct gp_span tag, name, value;
	for (bool more = true; more;) {
		more = gp_span_cut(text, ';', &tag, &text);
		if (!gp_span_cut(tag, '=', &name, &value))
			continue;
		for (size_t stray = 1; stray; name = gp_span_skip(name, stray)) {
			name = gp_span_trim(name);
			stray = stray_length(name);
		}
		if (gp_span_is(gp_span_trim(name), "p"))
			return true;
	}
	return false;
}

/* try_records: each in turn until one holds; else the one that tells most. */
static int try_records(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	const struct gp_dns_answer *answer, struct gp_dkim_key_result *result)
{
	unsigned char hash[GP_CRYPTO_SHA256];
	int rc = gp_crypto_digest_of(c->digest, c->input, hash);
	size_t i = 0, keys = 0;
	bool starved = false, has_any = false;
	for (; !rc && i < answer->count && i < GP_DKIM_RECORDS_MAX; i++) {
		struct gp_span text = answer->records[i].text;
		struct gp_dkim_key_result one = {.secure = answer->secure};
		/* what else has a TXT record there is no key */
		if (gp_dkim_key_is(text) && ++keys > GP_DKIM_KEYS_MAX)
			break;
		gp_trace_line(ctx, 2, "key record: %.*s", (int)text.len, text.ptr);
		rc = try_record(ctx, c, hash, text, &one);
		if (rc)
			break;
		if (!has_any || weight(one.verdict) > weight(result->verdict))
			*result = one;
		has_any = true;
		if (one.verdict == GP_DKIM_PASS)
			return rc;
		starved = starved || one.reason == no_checks_left;
	}
	/* what was not tried might have fitted */
	if (!rc && starved)
		say(result, GP_DKIM_NEUTRAL, no_checks_left);
	else if (!rc && i < answer->count)
		say(result, GP_DKIM_NEUTRAL, keys_left_out);
	return rc;
}

/* gp_dkim_key_judge: then what the operator asks of keys beyond the RFCs. */
int gp_dkim_key_judge(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	const struct gp_dns_answer *answer, struct gp_dkim_key_result *result_out)
{
	*result_out = (struct gp_dkim_key_result) {.secure = answer->secure};
	judge_state(answer->state, result_out);
	if (answer->state == GP_DNS_FOUND) {
		int rc = try_records(ctx, c, answer, result_out);
		if (rc)
			return rc;
	}
	if (result_out->verdict == GP_DKIM_PASS && !result_out->secure &&
		c->options->require_dnssec == GP_DKIM_DNSSEC_YES)
		say(result_out, GP_DKIM_POLICY, "the key is not protected by DNSSEC");
	return GP_OK;
}

/* gp_dkim_key_check: asks, and judges. What has a problem never comes to a key. */
int gp_dkim_key_check(
	struct gp_ctx *ctx, const struct gp_dkim_key_case *c, struct gp_dkim_key_result *result_out)
{
	const struct gp_dkim_sig *sig = c->sig;
	*result_out = (struct gp_dkim_key_result) {.verdict = sig->verdict, .reason = sig->problem};
	if (sig->problem)
		return GP_OK;
	struct gp_dns_question question = {gp_dkim_key_name(ctx->arena, sig), GP_DNS_TXT};
	struct gp_dns_answer answer;
	if (!question.name)
		return gp_arena_status(ctx->arena);
	int rc = gp_dns_query(ctx, &question, 1, &answer);
	if (rc)
		return rc;
	gp_trace_line(ctx, 1, "key %s: %s", question.name, gp_dns_state_text(answer.state));
	return gp_dkim_key_judge(ctx, c, &answer, result_out);
}
