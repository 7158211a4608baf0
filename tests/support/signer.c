/* SPDX-License-Identifier: ISC */
/* Byte by byte and with copies: speed does not matter here, being plainly right does. */
#include "support/signer.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define FIELDS_MAX 512

struct test_key {
	EVP_PKEY *pkey;
	char *p, *record;
};

/* die: a mistake in a test. */
static void die(const char *what)
{
	fprintf(stderr, "signer: %s\n", what);
	exit(99);
}

/* take: memory, or the end. */
static char *take(size_t size)
{
	char *p = calloc(1, size);
	if (!p)
		die("no memory left");
	return p;
}

/* test_base64: by OpenSSL. */
char *test_base64(struct gp_span bytes)
{
	char *text = take(bytes.len / 3 * 4 + 5);
	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.ptr, (int)bytes.len);
	return text;
}

/* key_p: the SubjectPublicKeyInfo, or the raw key of Ed25519 (RFC 8463 4.2). */
static char *key_p(EVP_PKEY *pkey, enum test_key_kind kind)
{
	unsigned char raw[32], *der = NULL;
	size_t length = sizeof raw;
	if (kind == TEST_KEY_ED25519) {
		if (EVP_PKEY_get_raw_public_key(pkey, raw, &length) != 1)
			die("no raw key");
		return test_base64((struct gp_span) {(const char *)raw, length});
	}
	int n = i2d_PUBKEY(pkey, &der);
	if (n <= 0)
		die("no DER of a key");
	char *p = test_base64((struct gp_span) {(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return p;
}

/* test_key_new: made by OpenSSL. */
struct test_key *test_key_new(enum test_key_kind kind, unsigned bits)
{
	struct test_key *key = (struct test_key *)take(sizeof *key);
	key->pkey =
		kind == TEST_KEY_RSA ? EVP_RSA_gen(bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key->pkey)
		die("no key");
	key->p = key_p(key->pkey, kind);
	size_t size = strlen(key->p) + 64;
	key->record = take(size);
	snprintf(key->record, size, "v=DKIM1; k=%s; p=%s", kind == TEST_KEY_RSA ? "rsa" : "ed25519",
		key->p);
	return key;
}

/* test_key_free: with its texts. */
void test_key_free(struct test_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->p);
	free(key->record);
	free(key);
}

/* test_key_record: made with it. */
const char *test_key_record(const struct test_key *key)
{
	return key->record;
}

/* test_key_p: made with it. */
const char *test_key_p(const struct test_key *key)
{
	return key->p;
}

/* test_key_p_bare: RSAPublicKey. */
char *test_key_p_bare(const struct test_key *key)
{
	unsigned char *der = NULL;
	int n = i2d_PublicKey(key->pkey, &der);
	if (n <= 0)
		die("no DER of a key");
	char *p = test_base64((struct gp_span) {(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return p;
}

/*
 * test_key_sign: RSA signs the hash as one of SHA-256, Ed25519 the hash as its text (RFC 8463 3).
 */
char *test_key_sign(const struct test_key *key, struct gp_span text)
{
	unsigned char hash[32], signature[2048];
	size_t length = sizeof signature;
	unsigned n = 0;
	bool rsa = EVP_PKEY_is_a(key->pkey, "RSA");
	if (!EVP_Digest(text.ptr, text.len, hash, &n, EVP_sha256(), NULL))
		die("no hash");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int done = EVP_DigestSignInit(ctx, NULL, rsa ? EVP_sha256() : NULL, NULL, key->pkey) == 1 &&
		   EVP_DigestSign(ctx, signature, &length,
			   rsa ? (const unsigned char *)text.ptr : hash, rsa ? text.len : n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!done)
		die("no signature");
	return test_base64((struct gp_span) {(const char *)signature, length});
}

/* ---- canonical forms ---- */

/* relaxed_line: length of a line in its relaxed form, written to out. */
static size_t relaxed_line(const char *line, size_t length, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		char c = line[i] == '\t' ? ' ' : line[i];
		if (c == ' ' && n > 0 && out[n - 1] == ' ')
			continue;
		out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return n;
}

/* test_canon_body: line by line; then empty lines at the end are taken off. */
void test_canon_body(bool relaxed, struct gp_span body, struct gp_span *bytes_out)
{
	char *out = take(body.len + 3);
	size_t n = 0, at = 0;
	while (at < body.len) {
		const char *end = memmem(body.ptr + at, body.len - at, "\r\n", 2);
		size_t length = end ? (size_t)(end - body.ptr) - at : body.len - at;
		if (relaxed) {
			n += relaxed_line(body.ptr + at, length, out + n);
		} else {
			memcpy(out + n, body.ptr + at, length);
			n += length;
		}
		memcpy(out + n, "\r\n", 2);
		n += 2;
		at += length + 2;
	}
	while (n >= 4 && memcmp(out + n - 4, "\r\n\r\n", 4) == 0)
		n -= 2;
	if (n == 2)
		n = 0;
	if (n == 0 && !relaxed)
		memcpy(out, "\r\n", n = 2);
	*bytes_out = (struct gp_span) {out, n};
}

/* test_canon_field: unfolded, then as a line of a body, without blanks around the colon. */
char *test_canon_field(bool relaxed, const char *field)
{
	size_t length = strlen(field), n = 0, m = 0;
	char *out = take(length + 3), *flat = take(length + 3);
	if (!relaxed) {
		memcpy(out, field, length);
		free(flat);
		return out;
	}
	for (size_t i = 0; i < length; i++) {
		if (field[i] == '\r' && field[i + 1] == '\n')
			i++;
		else
			flat[m++] = field[i];
	}
	const char *colon = strchr(flat, ':');
	if (!colon)
		die("a field has no colon");
	for (const char *p = flat; p < colon; p++)
		if (*p != ' ' && *p != '\t')
			out[n++] = (char)tolower((unsigned char)*p);
	out[n++] = ':';
	for (colon++; *colon == ' ' || *colon == '\t';)
		colon++;
	n += relaxed_line(colon, strlen(colon), out + n);
	out[n] = 0;
	free(flat);
	return out;
}

/* ---- signing ---- */

/* tag_value: of one tag, without blanks around it; free it. NULL when there is none. */
static char *tag_value(const char *tags, const char *name)
{
	struct gp_span rest = gp_span_from(tags), element, tag, value;
	while (rest.len) {
		gp_span_cut(rest, ';', &element, &rest);
		if (!gp_span_cut(element, '=', &tag, &value) ||
			!gp_span_equal(gp_span_trim(tag), gp_span_from(name)))
			continue;
		value = gp_span_trim(value);
		char *copy = take(value.len + 1);
		if (value.len)
			memcpy(copy, value.ptr, value.len);
		return copy;
	}
	return NULL;
}

/* split_header: lines to fields, each a text; how many. */
static size_t split_header(const char *header, char **fields)
{
	size_t count = 0;
	while (*header) {
		const char *end = strstr(header, "\r\n");
		while (end && (end[2] == ' ' || end[2] == '\t'))
			end = strstr(end + 2, "\r\n");
		size_t length = end ? (size_t)(end - header) : strlen(header);
		if (count == FIELDS_MAX)
			die("too many fields");
		fields[count] = take(length + 1);
		memcpy(fields[count++], header, length);
		header += length + (end ? 2 : 0);
	}
	return count;
}

/* has_name: is the field of this name? */
static bool has_name(const char *field, struct gp_span name)
{
	struct gp_span before, rest;
	return gp_span_cut(gp_span_from(field), ':', &before, &rest) &&
	       gp_span_equal_nocase(gp_span_trim(before), gp_span_trim(name));
}

/* append: to a text that has room. */
static void append(char *text, const char *more)
{
	memcpy(text + strlen(text), more, strlen(more) + 1);
}

/* header_text: the chosen fields in their form, each with CRLF; free it. */
static char *header_text(bool relaxed, const char *names, const char *header)
{
	char *fields[FIELDS_MAX], *text = take(strlen(header) + 3 * FIELDS_MAX);
	size_t count = split_header(header, fields);
	struct gp_span rest = gp_span_from(names), name;
	while (rest.len) {
		gp_span_cut(rest, ':', &name, &rest);
		for (size_t i = count; i > 0; i--) {
			if (!fields[i - 1] || !has_name(fields[i - 1], name))
				continue;
			char *form = test_canon_field(relaxed, fields[i - 1]);
			append(text, form);
			append(text, "\r\n");
			free(form);
			free(fields[i - 1]);
			fields[i - 1] = NULL;
			break;
		}
	}
	for (size_t i = 0; i < count; i++)
		free(fields[i]);
	return text;
}

/* body_hash: bh= of a body as c= and l= say; free it. */
static char *body_hash(const char *canon, const char *length, struct gp_span body)
{
	unsigned char hash[32];
	unsigned n = 0;
	struct gp_span form;
	const char *slash = canon ? strchr(canon, '/') : NULL;
	test_canon_body(slash && strcmp(slash, "/relaxed") == 0, body, &form);
	size_t wanted = length ? (size_t)strtoull(length, NULL, 10) : form.len;
	if (!EVP_Digest(
		    form.ptr, wanted < form.len ? wanted : form.len, hash, &n, EVP_sha256(), NULL))
		die("no hash");
	free((char *)(uintptr_t)form.ptr);
	return test_base64((struct gp_span) {(const char *)hash, n});
}

/* sign_field: a field that ends in "b=", with the signature added. */
static void sign_field(const struct test_key *key, bool relaxed, const char *names,
	const char *header, char *field)
{
	char *signed_text = header_text(relaxed, names ? names : "", header);
	char *own = test_canon_field(relaxed, field);
	size_t size = strlen(signed_text) + strlen(own) + 1;
	char *text = take(size);
	snprintf(text, size, "%s%s", signed_text, own);
	char *b = test_key_sign(key, gp_span_from(text));
	append(field, b);
	free(b);
	free(text);
	free(own);
	free(signed_text);
}

/* test_sign: the body's hash, then the field, then its signature. */
char *test_sign(const struct test_key *key, const char *name, const char *tags, const char *header,
	struct gp_span body)
{
	char *canon = tag_value(tags, "c"), *names = tag_value(tags, "h");
	char *length = tag_value(tags, "l"), *given = tag_value(tags, "bh");
	char *bh = body_hash(canon, length, body);
	size_t size = strlen(name) + strlen(tags) + 4096;
	char *field = take(size);
	if (given)
		snprintf(field, size, "%s: %s; b=", name, tags);
	else
		snprintf(field, size, "%s: %s; bh=%s; b=", name, tags, bh);
	sign_field(key, canon && strncmp(canon, "relaxed", 7) == 0, names, header, field);
	free(bh);
	free(given);
	free(length);
	free(names);
	free(canon);
	return field;
}
