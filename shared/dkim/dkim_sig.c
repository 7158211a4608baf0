/* SPDX-License-Identifier: ISC */
/*
 * The tags of a signature field, one row each with the fields that know it, in the order of RFC
 * 6376 3.5; then what must hold between them. Reading continues past a problem, so that a report
 * can say whose signature it is.
 */
#include "dkim/dkim_sig.h"

#include <string.h>

#include "base/decode.h"
#include "dns/dns.h"
#include "mail/address.h"
#include "mail/taglist.h"

#define IN(kind) (1u << (kind))
#define DKIM IN(GP_DKIM_SIGNATURE)
#define AMS IN(GP_DKIM_ARC_MESSAGE_SIGNATURE)
#define SEAL IN(GP_DKIM_ARC_SEAL)
#define DIGITS_MAX 76     /* of l= (3.5), and for all numbers */
#define INSTANCE_MAX 50   /* RFC 8617 4.2.1 */
#define IDENTITY_MAX 1024 /* bytes of i= */
#define B_MAX 8192        /* of b= and bh=; RSA with 16384 bits needs 2732 and its folds */
#define B_SHOWN 8         /* characters of b= for a report (RFC 6008 3) */

/* Reads the value of one tag; GP_OK also for a wrong one, which becomes the problem. */
typedef int (*read_tag_fn)(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig);

/* reject: the first problem counts, but a breach of the rules counts before a matter of policy. */
static void reject(struct gp_dkim_sig *sig, enum gp_dkim_verdict verdict, const char *problem)
{
	if (sig->problem && (sig->verdict == GP_DKIM_PERMERROR || verdict != GP_DKIM_PERMERROR))
		return;
	sig->problem = problem;
	sig->verdict = verdict;
}

/* broken: the rules of the field are. */
static int broken(struct gp_dkim_sig *sig, const char *problem)
{
	reject(sig, GP_DKIM_PERMERROR, problem);
	return GP_OK;
}

/* read_version: v= (3.5). */
static int read_version(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	return gp_span_is(value, "1") ? GP_OK : broken(sig, "v= is not 1");
}

static const struct {
	const char *name;
	enum gp_dkim_algorithm algorithm;
} algorithms[] = {
	{"rsa-sha256", GP_DKIM_RSA_SHA256},
	{"ed25519-sha256", GP_DKIM_ED25519_SHA256},
	{"rsa-sha1", GP_DKIM_RSA_SHA1},
};

/* read_algorithm: a= (3.3, RFC 8301 3.1, RFC 8463 3). */
static int read_algorithm(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (gp_span_is(value, algorithms[i].name))
			sig->algorithm = algorithms[i].algorithm;
	if (sig->algorithm == GP_DKIM_UNKNOWN)
		return broken(sig, "a= is not a known algorithm");
	if (sig->algorithm == GP_DKIM_RSA_SHA1)
		reject(sig, GP_DKIM_POLICY, "rsa-sha1 is not accepted (RFC 8301)");
	return GP_OK;
}

/* shown_b: the first characters of base64 in the text, copied. */
static int shown_b(struct gp_arena *arena, struct gp_span value, struct gp_span *b_out)
{
	char text[B_SHOWN];
	size_t n = 0;
	for (size_t i = 0; i < value.len && n < B_SHOWN; i++) {
		char c = value.ptr[i];
		if (gp_span_is_alnum(c) || c == '+' || c == '/' || c == '=')
			text[n++] = c;
	}
	b_out->ptr = gp_arena_copy(arena, (struct gp_span) {text, n});
	b_out->len = b_out->ptr ? n : 0;
	return b_out->ptr ? GP_OK : gp_arena_status(arena);
}

/* read_signature: b= (3.5). */
static int read_signature(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	int rc = shown_b(arena, value, &sig->b);
	if (rc)
		return rc;
	if (value.len > B_MAX)
		return broken(sig, "b= is too long");
	rc = gp_decode_base64(arena, value, &sig->signature);
	if (rc == GP_ESYNTAX)
		return broken(sig, "b= is not base64");
	if (!rc && sig->signature.len == 0)
		return broken(sig, "b= is empty");
	return rc;
}

/* read_body_hash: bh= (3.5). */
static int read_body_hash(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	if (value.len > B_MAX)
		return broken(sig, "bh= is too long");
	int rc = gp_decode_base64(arena, value, &sig->body_hash);
	return rc == GP_ESYNTAX ? broken(sig, "bh= is not base64") : rc;
}

/* read_canon_word: one half of c=. */
static bool read_canon_word(struct gp_span word, enum gp_dkim_canon *canon_out)
{
	*canon_out = gp_span_is(word, "relaxed") ? GP_DKIM_RELAXED : GP_DKIM_SIMPLE;
	return *canon_out == GP_DKIM_RELAXED || gp_span_is(word, "simple");
}

/* read_canon: c= (3.5): one word is that of the header, and the body's is simple then. */
static int read_canon(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	struct gp_span header, body;
	(void)arena;
	bool two = gp_span_cut(value, '/', &header, &body);
	sig->has_canon = read_canon_word(header, &sig->header_canon) &&
			 (!two || read_canon_word(body, &sig->body_canon));
	return sig->has_canon ? GP_OK : broken(sig, "c= is not a known canonicalization");
}

/* read_name: as A-labels (RFC 8616 4); GP_ESYNTAX when it is none, *name_out is left then. */
static int read_name(struct gp_arena *arena, struct gp_span value, const char **name_out)
{
	const char *name;
	int rc = value.len && value.ptr[value.len - 1] == '.'
			 ? GP_ESYNTAX
			 : gp_address_domain(arena, value, &name);
	if (!rc && !gp_address_is_host_name(name))
		rc = GP_ESYNTAX;
	if (!rc)
		*name_out = name;
	return rc;
}

/* read_domain: d= (3.5), which has two labels at least. */
static int read_domain(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	const char *name = "";
	int rc = read_name(arena, value, &name);
	if (rc && rc != GP_ESYNTAX)
		return rc;
	if (rc || !strchr(name, '.'))
		return broken(sig, "d= is not a domain name");
	sig->domain = name;
	return GP_OK;
}

/* read_selector: s= (3.5). */
static int read_selector(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	int rc = read_name(arena, value, &sig->selector);
	return rc == GP_ESYNTAX ? broken(sig, "s= is not a selector") : rc;
}

/* read_headers: h= (3.5). A name left empty stands for no field. */
static int read_headers(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	size_t count = 1;
	for (size_t i = 0; i < value.len && count <= GP_DKIM_HEADERS_MAX; i++)
		count += value.ptr[i] == ':';
	if (count > GP_DKIM_HEADERS_MAX)
		return broken(sig, "h= has too many names");
	struct gp_span *names = gp_arena_array(arena, count, sizeof *names), name;
	if (!names)
		return gp_arena_status(arena);
	for (size_t i = 0; i < count; i++) {
		(void)gp_span_cut(value, ':', &name, &value); /* counted */
		name = gp_span_trim(name);
		if (name.len)
			names[sig->header_count++] = name;
	}
	sig->headers = names;
	return GP_OK;
}

/*
 * decode_quoted: dkim-quoted-printable (2.11); white space is dropped. out has room for text.len.
 */
static int decode_quoted(struct gp_span text, char *out, size_t *length_out)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			int high = i + 2 < text.len ? gp_decode_hex_digit(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ? gp_decode_hex_digit(text.ptr[i + 2]) : -1;
			if (high < 0 || low < 0)
				return GP_ESYNTAX;
			c = (char)(high << 4 | low);
			i += 2;
		}
		out[n++] = c;
	}
	*length_out = n;
	return GP_OK;
}

/* read_identity: i= of a DKIM-Signature (3.5), decoded; checked against d= later. */
static int read_identity(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	static const char no_mailbox[] = "i= is not an identity";
	if (value.len == 0 || value.len > IDENTITY_MAX)
		return broken(sig, no_mailbox);
	char *text = gp_arena_alloc(arena, value.len + 1);
	if (!text)
		return gp_arena_status(arena);
	size_t length;
	if (decode_quoted(value, text, &length) != GP_OK)
		return broken(sig, no_mailbox);
	sig->identity = (struct gp_span) {text, length};
	return GP_OK;
}

/* read_instance: i= of the ARC fields (RFC 8617 4.2.1). */
static int read_instance(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	uint64_t number;
	(void)arena;
	if (value.len > 2 || gp_span_parse_uint(value, INSTANCE_MAX, &number) != GP_OK ||
		number == 0)
		return broken(sig, "i= is not an instance from 1 to 50");
	sig->instance = (unsigned)number;
	return GP_OK;
}

/* read_number: digits; more than max is max, as 3.5 allows for times. */
static bool read_number(struct gp_span value, uint64_t max, uint64_t *number_out)
{
	if (value.len == 0 || value.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
	if (gp_span_parse_uint(value, max, number_out) != GP_OK)
		*number_out = max;
	return true;
}

/* read_length: l= (3.5). */
static int read_length(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	if (!read_number(value, GP_DKIM_WHOLE - 1, &sig->length))
		return broken(sig, "l= is not a number");
	return GP_OK;
}

/* read_query: q= (3.5): the one known method has to be among them. */
static int read_query(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	struct gp_span method;
	(void)arena;
	for (bool more = true; more;) {
		more = gp_span_cut(value, ':', &method, &value);
		if (gp_span_is(gp_span_trim(method), "dns/txt"))
			return GP_OK;
	}
	return broken(sig, "q= has no known method");
}

/* read_time: t= or x= (3.5). */
static bool read_time(struct gp_span value, int64_t *time_out)
{
	uint64_t number;
	if (!read_number(value, INT64_MAX, &number))
		return false;
	*time_out = (int64_t)number;
	return true;
}

/* read_signed: t=. */
static int read_signed(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	return read_time(value, &sig->signed_s) ? GP_OK : broken(sig, "t= is not a time");
}

/* read_expires: x=. */
static int read_expires(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	return read_time(value, &sig->expires_s) ? GP_OK : broken(sig, "x= is not a time");
}

/* read_cv: of a seal (RFC 8617 4.1.3); what it says is judged with the chain. */
static int read_cv(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	sig->cv = value;
	return GP_OK;
}

/* refuse_headers: a seal has no h= (RFC 8617 4.1.3). */
static int refuse_headers(struct gp_arena *arena, struct gp_span value, struct gp_dkim_sig *sig)
{
	(void)arena;
	(void)value;
	return broken(sig, "a seal has h=");
}

/* In which fields a tag is read, in which it has to be, and what is said when it is not there. */
static const struct row {
	const char *name;
	unsigned known, required;
	const char *missing;
	read_tag_fn read;
} rows[] = {
	{"v", DKIM, DKIM, "v= is missing", read_version},
	{"a", DKIM | AMS | SEAL, DKIM | AMS | SEAL, "a= is missing", read_algorithm},
	{"b", DKIM | AMS | SEAL, DKIM | AMS | SEAL, "b= is missing", read_signature},
	{"bh", DKIM | AMS, DKIM | AMS, "bh= is missing", read_body_hash},
	{"c", DKIM | AMS, 0, NULL, read_canon},
	{"d", DKIM | AMS | SEAL, DKIM | AMS | SEAL, "d= is missing", read_domain},
	{"h", DKIM | AMS, DKIM | AMS, "h= is missing", read_headers},
	{"h", SEAL, 0, NULL, refuse_headers},
	{"i", DKIM, 0, NULL, read_identity},
	{"i", AMS | SEAL, AMS | SEAL, "i= is missing", read_instance},
	{"l", DKIM | AMS, 0, NULL, read_length},
	{"q", DKIM | AMS, 0, NULL, read_query},
	{"s", DKIM | AMS | SEAL, DKIM | AMS | SEAL, "s= is missing", read_selector},
	{"t", DKIM | AMS | SEAL, 0, NULL, read_signed},
	{"x", DKIM | AMS, 0, NULL, read_expires},
	{"cv", SEAL, SEAL, "cv= is missing", read_cv},
};

/* names: does h= hold this name? */
static bool names(const struct gp_dkim_sig *sig, const char *name)
{
	for (size_t i = 0; i < sig->header_count; i++)
		if (gp_span_is(sig->headers[i], name))
			return true;
	return false;
}

/* identity_fits: the domain of i= is that of d= or below it (3.5), label by label. */
static int identity_fits(struct gp_arena *arena, struct gp_dkim_sig *sig, bool *fits_out)
{
	struct gp_span local, domain;
	const char *name;
	*fits_out = false;
	if (!gp_address_split(sig->identity, &local, &domain))
		return GP_OK;
	int rc = read_name(arena, domain, &name);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	sig->identity_below = strcmp(name, sig->domain) != 0;
	*fits_out = gp_dns_name_is_within(gp_span_from(name), gp_span_from(sig->domain));
	return GP_OK;
}

/* check_identity: one that does not fit is not handed out. */
static int check_identity(struct gp_arena *arena, struct gp_dkim_sig *sig)
{
	bool fits = false;
	if (sig->identity.len == 0)
		return GP_OK;
	int rc = sig->domain[0] ? identity_fits(arena, sig, &fits) : GP_OK;
	if (rc || fits)
		return rc;
	sig->identity = (struct gp_span) {NULL, 0};
	return broken(sig, "i= is not within d=");
}

/* check: what holds between the tags, and in this kind of field. */
static int check(struct gp_arena *arena, enum gp_dkim_field kind, struct gp_dkim_sig *sig)
{
	int rc = GP_OK;
	if (kind == GP_DKIM_SIGNATURE && sig->headers && !names(sig, "from"))
		rc = broken(sig, "h= does not name From"); /* 5.4 */
	if (kind == GP_DKIM_ARC_MESSAGE_SIGNATURE && names(sig, "arc-seal"))
		rc = broken(sig, "h= names ARC-Seal"); /* RFC 8617 4.1.2 */
	if (kind != GP_DKIM_ARC_SEAL && sig->algorithm < GP_DKIM_RSA_SHA1 &&
		sig->body_hash.len != GP_CRYPTO_SHA256)
		rc = broken(sig, "bh= is not a SHA-256 hash");
	if (sig->signed_s >= 0 && sig->expires_s >= 0 && sig->expires_s <= sig->signed_s)
		rc = broken(sig, "x= is not after t="); /* 3.5 */
	return rc ? rc : check_identity(arena, sig);
}

/* is_encoded_word: did someone on the way take the field for text (RFC 2047)? */
static bool is_encoded_word(struct gp_span value)
{
	return gp_span_has_prefix(gp_span_trim(value), "=?");
}

/* gp_dkim_sig_parse: the list, the rows, then what holds between them. */
int gp_dkim_sig_parse(struct gp_ctx *ctx, enum gp_dkim_field kind,
	const struct gp_message_field *field, struct gp_dkim_sig *sig_out)
{
	*sig_out = (struct gp_dkim_sig) {.raw = field->raw,
		.verdict = GP_DKIM_NEUTRAL,
		.algorithm = GP_DKIM_UNKNOWN,
		.domain = "",
		.selector = "",
		.length = GP_DKIM_WHOLE,
		.signed_s = -1,
		.expires_s = -1};
	struct gp_taglist list;
	int rc = gp_taglist_parse(ctx->arena, field->value, &list);
	if (rc)
		return rc;
	if (is_encoded_word(field->value))
		(void)broken(sig_out, "the field was rewritten as an encoded word (RFC 2047)");
	if (list.problem)
		(void)broken(sig_out, list.problem);
	for (size_t i = 0; !rc && i < sizeof rows / sizeof rows[0]; i++) {
		if (!(rows[i].known & IN(kind)))
			continue;
		const struct gp_tag *tag = gp_taglist_find(&list, rows[i].name);
		if (tag)
			rc = rows[i].read(ctx->arena, tag->value, sig_out);
		else if (rows[i].required & IN(kind))
			(void)broken(sig_out, rows[i].missing);
	}
	return rc ? rc : check(ctx->arena, kind, sig_out);
}

/* gp_dkim_algorithm_name: as a= has it. */
const char *gp_dkim_algorithm_name(enum gp_dkim_algorithm algorithm)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].name;
	return "";
}
