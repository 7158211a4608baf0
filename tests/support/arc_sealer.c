/* SPDX-License-Identifier: ISC */
/* Fields are made as text; the seal's input is written out as RFC 8617 5.1.1 has it. */
#include "support/arc_sealer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (4 << 20)

/* must: a pointer that is none ends the program. */
static void *must(void *p)
{
	if (!p) {
		fputs("sealer: no memory left\n", stderr);
		exit(99);
	}
	return p;
}

/* format: printf into memory of its own. */
static char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *text, ...)
{
	char *out = NULL;
	va_list ap;
	va_start(ap, text);
	int n = vasprintf(&out, text, ap);
	va_end(ap);
	return must(n < 0 ? NULL : out);
}

/* pick: a text, or what it is when there is none. */
static const char *pick(const char *text, const char *other)
{
	return text ? text : other;
}

/* test_sealed_new: copies both. */
struct test_sealed *test_sealed_new(const char *header, const char *body)
{
	struct test_sealed *sealed = must(calloc(1, sizeof *sealed));
	test_sealed_change(sealed, header, body);
	return sealed;
}

/* test_sealed_free: all of it. */
void test_sealed_free(struct test_sealed *sealed)
{
	for (unsigned i = 0; i < sealed->count; i++)
		for (unsigned part = 0; part < TEST_SET_PARTS; part++)
			free(sealed->sets[i][part]);
	free(sealed->header);
	free(sealed->body);
	free(sealed->text);
	free(sealed);
}

/* test_sealed_change: copies both. */
void test_sealed_change(struct test_sealed *sealed, const char *header, const char *body)
{
	free(sealed->header);
	free(sealed->body);
	sealed->header = must(strdup(header));
	sealed->body = must(strdup(body));
}

/* append_canonical: one field, relaxed. */
static size_t append_canonical(char *text, size_t len, const char *field, const char *end)
{
	char *canonical = test_canon_field(true, field);
	size_t n = strlen(canonical);
	if (len + n + 3 > TEXT_MAX)
		must(NULL);
	memcpy(text + len, canonical, n);
	strcpy(text + len + n, end);
	free(canonical);
	return len + n + strlen(end);
}

/* seal: signs all sets up to this one, whose seal is still without b=. */
static char *seal(const struct test_sealed *sealed, const struct test_key *key, char *open)
{
	char *text = must(malloc(TEXT_MAX));
	size_t len = 0;
	for (unsigned i = 0; i < sealed->count; i++)
		for (unsigned part = 0; part < TEST_SET_PARTS; part++)
			if (sealed->sets[i][part])
				len = append_canonical(text, len, sealed->sets[i][part], "\r\n");
	len = append_canonical(text, len, open, "");
	char *b = test_key_sign(key, (struct gp_span) {text, len});
	char *field = format("%s%s", open, b);
	free(text);
	free(b);
	free(open);
	return field;
}

/* test_sealed_add: results, message signature, seal. */
void test_sealed_add(struct test_sealed *sealed, const struct test_set *set)
{
	if (sealed->count == TEST_SEALED_MAX)
		must(NULL);
	unsigned number = ++sealed->count;
	char **fields = sealed->sets[number - 1];
	const char *algorithm = pick(set->algorithm, "rsa-sha256");
	const char *domain = pick(set->domain, "sealer.example"),
		   *selector = pick(set->selector, "s");
	fields[0] = format(
		"ARC-Authentication-Results: i=%u; %s", number, pick(set->results, "x; none"));
	char *tags = format("i=%u; a=%s; d=%s; s=%s; t=12345; %s", number, algorithm,
		pick(set->signer, domain), selector,
		pick(set->signs, "c=relaxed/relaxed; h=from:subject"));
	fields[1] = test_sign(set->key, "ARC-Message-Signature", tags, sealed->header,
		gp_span_from(sealed->body));
	free(tags);
	fields[2] = seal(sealed, set->key,
		format("ARC-Seal: i=%u; a=%s; d=%s; s=%s; t=12345; cv=%s%s; b=", number, algorithm,
			domain, selector, pick(set->cv, number == 1 ? "none" : "pass"),
			pick(set->seal_more, "")));
}

/* test_sealed_order: field by field. */
const char *test_sealed_order(struct test_sealed *sealed, const unsigned *order, size_t count)
{
	size_t size = strlen(sealed->header) + 1;
	for (size_t i = 0; i < count; i++)
		size += strlen(sealed->sets[order[i] / TEST_SET_PARTS][order[i] % TEST_SET_PARTS]) +
			2;
	free(sealed->text);
	char *p = sealed->text = must(malloc(size));
	for (size_t i = 0; i < count; i++)
		p += sprintf(p, "%s\r\n",
			sealed->sets[order[i] / TEST_SET_PARTS][order[i] % TEST_SET_PARTS]);
	strcpy(p, sealed->header);
	return sealed->text;
}

/* test_sealed_header: seal, signature, results of the newest, and so on down. */
const char *test_sealed_header(struct test_sealed *sealed)
{
	unsigned order[TEST_SEALED_MAX * TEST_SET_PARTS], count = sealed->count * TEST_SET_PARTS;
	for (unsigned i = 0; i < count; i++)
		order[i] = count - 1 - i;
	return test_sealed_order(sealed, order, count);
}
