/* SPDX-License-Identifier: ISC */
/* Chains that were sealed at run time: which hold, what breaks them, what it costs to find out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arc/arc.h"
#include "support/bodies.h"
#include "support/arc_sealer.h"
#include "support/zone.h"

#define HEADER "From: a@author.example\r\nSubject: one\r\n"
#define BODY "first line\r\nsecond line  \r\n"

/* What all tests share: keys are slow to make. */
static struct {
	struct test_key *rsa, *ed;
	struct gp_crypto_digest *digest;
	struct test_zone *zone;
} scene;

static const struct gp_dkim_options usual = {
	.max_signatures = 10, .rsa_bits_min = 1024, .rsa_bits_max = 8192, .clock_skew_ms = 300000};

/* setup: two keys, published by several domains. */
static int setup(void **state)
{
	(void)state;
	scene.rsa = test_key_new(TEST_KEY_RSA, 2048);
	scene.ed = test_key_new(TEST_KEY_ED25519, 0);
	if (gp_crypto_digest_new(&scene.digest))
		return -1;
	scene.zone = test_zone_new();
	static const char *const domains[] = {"sealer", "two", "three"};
	for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
		char name[64];
		snprintf(name, sizeof name, "s._domainkey.%s.example", domains[i]);
		test_zone_add_text(
			scene.zone, name, GP_DNS_TXT, gp_span_from(test_key_record(scene.rsa)));
		snprintf(name, sizeof name, "e._domainkey.%s.example", domains[i]);
		test_zone_add_text(
			scene.zone, name, GP_DNS_TXT, gp_span_from(test_key_record(scene.ed)));
	}
	test_zone_lines(scene.zone, "s._domainkey.down.example SERVFAIL\n");
	return 0;
}

/* teardown: the same. */
static int teardown(void **state)
{
	(void)state;
	test_key_free(scene.rsa);
	test_key_free(scene.ed);
	gp_crypto_digest_free(scene.digest);
	test_zone_free(scene.zone);
	return 0;
}

/* What a verification needs beside the message. */
struct run {
	struct gp_arena *arena;
	struct gp_ctx ctx;
	const struct gp_dkim_options *options;
	struct gp_arc_result result;
	bool is_trimmed;            /* of the message */
	unsigned kept, checks_left; /* of the message, afterwards */
};

/* begin: an arena, the zone, nothing asked yet. */
static void begin(struct run *r, size_t ceiling)
{
	*r = (struct run) {.arena = gp_arena_new(ceiling), .options = &usual};
	r->ctx = (struct gp_ctx) {.arena = r->arena,
		.clock = test_zone_clock(scene.zone),
		.dns = test_zone_dns(scene.zone),
		.deadline_us = INT64_MAX};
	test_zone_forget(scene.zone);
}

/* verify: header (CRLF) and body. */
static int verify(struct run *r, struct gp_span header, const char *body)
{
	struct gp_message *message = gp_arena_alloc(r->arena, sizeof *message);
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_arc *arc;
	if (!message)
		return gp_arena_status(r->arena);
	int rc = gp_message_parse(r->arena, header, GP_MESSAGE_CRLF, message);
	message->is_trimmed = r->is_trimmed;
	if (!rc)
		rc = test_bodies_new(r->arena, scene.digest, &reader, &bodies);
	if (!rc)
		rc = gp_arc_new(&r->ctx, message, r->options, bodies, &arc);
	if (!rc) {
		rc = test_bodies_pass(reader, bodies, gp_span_from(body), GP_MESSAGE_CRLF);
	}
	if (!rc)
		rc = gp_arc_verify(&r->ctx, arc, &r->result);
	if (!rc) {
		r->kept = *gp_dkim_bodies_kept(bodies);
		r->checks_left = *gp_dkim_bodies_checks(bodies);
	}
	gp_dkim_bodies_fini(bodies);
	return rc;
}

/* end: releases. */
static void end(struct run *r)
{
	gp_arena_free(r->arena);
}

/* check: a verdict, and a part of its reason (NULL: none). */
static void check(
	const struct run *r, const char *what, enum gp_arc_verdict verdict, const char *reason)
{
	bool same =
		reason ? r->result.reason && strstr(r->result.reason, reason) : !r->result.reason;
	if (r->result.verdict != verdict || !same)
		fail_msg("%s: %s (%s)", what, gp_arc_verdict_name(r->result.verdict),
			r->result.reason ? r->result.reason : "no reason");
}

/* sealed: a message with so many sets, each by another domain. */
static struct test_sealed *sealed(unsigned count)
{
	static const char *const domains[] = {"sealer.example", "two.example", "three.example"};
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	for (unsigned i = 0; i < count; i++)
		test_sealed_add(m, &(struct test_set) {.key = i % 2 ? scene.ed : scene.rsa,
					   .algorithm = i % 2 ? "ed25519-sha256" : "rsa-sha256",
					   .selector = i % 2 ? "e" : "s",
					   .domain = domains[i % 3]});
	return m;
}

/* test_none: without ARC there is nothing to ask (5.2 step 1). */
static void test_none(void **state)
{
	(void)state;
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(HEADER), BODY), GP_OK);
	check(&r, "none", GP_ARC_NONE, NULL);
	assert_int_equal(r.result.instances, 0);
	assert_int_equal(test_zone_asked(scene.zone, TEST_ZONE_ANY), 0);
	end(&r);
}

/* test_pass: one to three sets, and what the result says of them. */
static void test_pass(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		struct run r;
		struct test_sealed *m = sealed(n);
		begin(&r, 1 << 20);
		assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
		check(&r, "pass", GP_ARC_PASS, NULL);
		assert_int_equal(r.result.instances, n);
		assert_int_equal(r.result.oldest_pass, 0);
		assert_false(r.result.temporary);
		for (unsigned i = 0; i < n; i++)
			assert_true(
				r.result.sets[i].message_holds && r.result.sets[i].covers_author);
		assert_string_equal(r.result.sets[0].sealer, "sealer.example");
		assert_string_equal(r.result.sets[0].signer, "sealer.example");
		assert_string_equal(r.result.sets[n - 1].selector, n == 2 ? "e" : "s");
		assert_true(gp_span_is(r.result.sets[0].results, " x; none"));
		end(&r);
		test_sealed_free(m);
	}
}

/* next_permutation: the next order of the numbers; false after the last. */
static bool next_permutation(unsigned *order, size_t count)
{
	size_t i = count - 1, j = count - 1;
	while (i > 0 && order[i - 1] >= order[i])
		i--;
	if (i == 0)
		return false;
	while (order[j] <= order[i - 1])
		j--;
	unsigned swap = order[i - 1];
	order[i - 1] = order[j];
	order[j] = swap;
	for (j = count - 1; i < j; i++, j--) {
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
	return true;
}

/* test_orders: the verdict does not depend on where the fields stand (Exim bug 2493). */
static void test_orders(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(2);
	unsigned order[6] = {0, 1, 2, 3, 4, 5};
	size_t count = 0;
	do {
		struct run r;
		begin(&r, 1 << 20);
		const char *header = test_sealed_order(m, order, 6);
		assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
		check(&r, header, GP_ARC_PASS, NULL);
		assert_int_equal(r.result.oldest_pass, 0);
		end(&r);
		count++;
	} while (next_permutation(order, 6));
	assert_int_equal(count, 720);
	test_sealed_free(m);
}

/* test_orders_three: every order of three sets, and of the fields in each. */
static void test_orders_three(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(3);
	unsigned outer[3] = {0, 1, 2};
	do {
		unsigned inner[3] = {0, 1, 2};
		do {
			unsigned order[9];
			for (unsigned i = 0; i < 9; i++)
				order[i] = 3 * outer[i / 3] + inner[(i + i / 3) % 3];
			struct run r;
			begin(&r, 1 << 20);
			const char *header = test_sealed_order(m, order, 9);
			assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
			check(&r, header, GP_ARC_PASS, NULL);
			end(&r);
		} while (next_permutation(inner, 3));
	} while (next_permutation(outer, 3));
	test_sealed_free(m);
}

/* swap_byte: the header with one byte behind a text changed. */
static char *swap_byte(const char *header, const char *behind)
{
	char *copy = strdup(header);
	assert_non_null(copy);
	char *at = strstr(copy, behind);
	assert_non_null(at);
	at += strlen(behind);
	*at = *at == 'A' ? 'B' : 'A';
	return copy;
}

/* test_changed: each byte that a seal or the newest signature covers counts. */
static void test_changed(void **state)
{
	static const struct {
		const char *what, *behind, *reason;
	} rows[] = {
		{"From", "\r\nFrom: ", "message signature 3"},
		{"results 1", "ARC-Authentication-Results: i=1; ", "seal 3"},
		{"results 2", "ARC-Authentication-Results: i=2; ", "seal 3"},
		{"results 3", "ARC-Authentication-Results: i=3; ", "seal 3"},
		{"message signature 1",
			"ARC-Message-Signature: i=1; a=rsa-sha256; d=sealer.example; s=s; t=",
			"seal 3"},
		{"seal 1",
			"ARC-Seal: i=1; a=rsa-sha256; d=sealer.example; s=s; t=12345; cv=none; b=",
			"seal 3"},
		{"seal 2",
			"ARC-Seal: i=2; a=ed25519-sha256; d=two.example; s=e; t=12345; cv=pass; b=",
			"seal 3"},
	};
	(void)state;
	struct test_sealed *m = sealed(3);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *header = swap_byte(test_sealed_header(m), rows[i].behind);
		struct run r;
		begin(&r, 1 << 20);
		assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
		check(&r, rows[i].what, GP_ARC_FAIL, rows[i].reason);
		assert_false(r.result.temporary);
		end(&r);
		free(header);
	}
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(
		verify(&r, gp_span_from(test_sealed_header(m)), "another body\r\n"), GP_OK);
	check(&r, "body", GP_ARC_FAIL, "message signature 3: the hash of the body");
	assert_int_equal(test_zone_asked(scene.zone, TEST_ZONE_ANY), 0);
	end(&r);
	test_sealed_free(m);
}

/* test_blank_line_taken_off: a message signature with simple over a blank line that the mail server
 * took off is not said to be wrong; the tries are checks. */
static void test_blank_line_taken_off(void **state)
{
	static const struct {
		const char *signs, *sent, *arrived;
		bool is_trimmed;
		enum gp_arc_verdict verdict;
		const char *reason;
	} rows[] = {
		{"h=from:x-a; c=simple", "X-A: a\r\n \r\n", "X-A: a\r\n", true, GP_ARC_FAIL,
			"message signature 1: not verifiable: the mail server removed a "
			"blank line"},
		{"h=from:x-a; c=simple/relaxed", "X-A: a\r\n\t\r\n", "X-A: a\r\n", true,
			GP_ARC_FAIL, "message signature 1: not verifiable"},
		{"h=from:x-a; c=simple", "X-A: a\r\n \r\n", "X-A: a\r\n", false, GP_ARC_FAIL,
			"does not match the header"},
		{"h=from:x-a; c=simple", "X-A: a\r\n \r\n", "X-A: b\r\n", true, GP_ARC_FAIL,
			"does not match the header"},
		{"h=from:x-a; c=simple", "X-A: a\r\n", "X-A: a\r\n", true, GP_ARC_PASS, NULL},
		{"h=from:x-a; c=relaxed", "X-A: a\r\n \r\n", "X-A: a\r\n", true, GP_ARC_PASS, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char sent[200], arrived[200];
		snprintf(sent, sizeof sent, "%sFrom: a@x.example\r\n", rows[i].sent);
		snprintf(arrived, sizeof arrived, "%sFrom: a@x.example\r\n", rows[i].arrived);
		struct test_sealed *m = test_sealed_new(sent, BODY);
		test_sealed_add(m, &(struct test_set) {.key = scene.rsa, .signs = rows[i].signs});
		test_sealed_change(m, arrived, BODY);
		struct run r;
		begin(&r, 1 << 20);
		r.is_trimmed = rows[i].is_trimmed;
		assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
		check(&r, rows[i].arrived, rows[i].verdict, rows[i].reason);
		assert_int_equal(r.kept, 2);
		assert_true(r.checks_left >= GP_DKIM_CHECKS_MAX - 1 - 24);
		end(&r);
		test_sealed_free(m);
	}
}

/* test_scope: a seal that covers its own set only (5.1.2) says cv=fail; it cannot say pass. */
static void test_scope(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(1);
	char *older[TEST_SET_PARTS];
	memcpy(older, m->sets[0], sizeof older);
	memset(m->sets[0], 0, sizeof older);
	test_sealed_add(m, &(struct test_set) {.key = scene.rsa});
	memcpy(m->sets[0], older, sizeof older);
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "its own set only", GP_ARC_FAIL, "seal 2");
	end(&r);
	test_sealed_free(m);
}

/* test_oldest_pass: older message signatures may break without harm (5.2 step 5). */
static void test_oldest_pass(void **state)
{
	static const struct {
		unsigned before, after, oldest; /* sets before and after the change */
	} rows[] = {{1, 1, 2}, {2, 1, 3}, {1, 2, 2}, {0, 3, 0}, {3, 1, 4}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_sealed *m = sealed(rows[i].before);
		test_sealed_change(m, HEADER, BODY "-- \r\na list\r\n");
		for (unsigned n = 0; n < rows[i].after; n++)
			test_sealed_add(m, &(struct test_set) {.key = scene.rsa});
		struct run r;
		begin(&r, 1 << 20);
		assert_int_equal(
			verify(&r, gp_span_from(test_sealed_header(m)), BODY "-- \r\na list\r\n"),
			GP_OK);
		check(&r, "changed on the way", GP_ARC_PASS, NULL);
		assert_int_equal(r.result.oldest_pass, rows[i].oldest);
		for (unsigned n = 0; n < r.result.instances; n++)
			assert_int_equal(r.result.sets[n].message_holds, n >= rows[i].before);
		end(&r);
		test_sealed_free(m);
	}
}

/* test_keys: what DNS says about a key, for each of the signatures that need one. */
static void test_keys(void **state)
{
	static const struct {
		const char *what, *first, *second; /* domains of the two sets */
		enum gp_arc_verdict verdict;
		const char *reason;
		bool temporary;
		unsigned oldest;
	} rows[] = {
		{"both there", "sealer.example", "two.example", GP_ARC_PASS, NULL, false, 0},
		{"the newest is down", "sealer.example", "down.example", GP_ARC_FAIL,
			"message signature 2", true, 0},
		{"an older one is down", "down.example", "two.example", GP_ARC_FAIL, "seal 1", true,
			0},
		{"the newest is missing", "sealer.example", "unsigned.example", GP_ARC_FAIL,
			"message signature 2", false, 0},
		{"an older one is missing", "unsigned.example", "two.example", GP_ARC_FAIL,
			"seal 1", false, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_sealed *m = test_sealed_new(HEADER, BODY);
		test_sealed_add(m, &(struct test_set) {.key = scene.rsa, .domain = rows[i].first});
		test_sealed_add(m, &(struct test_set) {.key = scene.rsa, .domain = rows[i].second});
		struct run r;
		begin(&r, 1 << 20);
		assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
		check(&r, rows[i].what, rows[i].verdict, rows[i].reason);
		assert_int_equal(r.result.temporary, rows[i].temporary);
		assert_int_equal(r.result.oldest_pass, rows[i].oldest);
		end(&r);
		test_sealed_free(m);
	}
}

/* test_older_key: an older message signature whose key is out of reach only ends the walk. */
static void test_older_key(void **state)
{
	(void)state;
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	test_sealed_add(m, &(struct test_set) {.key = scene.rsa, .signer = "down.example"});
	test_sealed_add(m, &(struct test_set) {.key = scene.rsa});
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "older key down", GP_ARC_PASS, NULL);
	assert_int_equal(r.result.oldest_pass, 2);
	assert_false(r.result.temporary);
	assert_string_equal(r.result.sets[0].signer, "down.example");
	assert_string_equal(r.result.sets[0].sealer, "sealer.example");
	end(&r);
	test_sealed_free(m);
}

/* test_tags: what the message signature and the seal say of themselves. */
static void test_tags(void **state)
{
	static const struct {
		const char *what, *signs, *seal_more;
		enum gp_arc_verdict verdict;
		const char *reason;
		bool covers;
	} rows[] = {
		{"simple", "c=simple/simple; h=from:subject", NULL, GP_ARC_PASS, NULL, true},
		{"no c= means simple, as in DKIM", "h=from:subject", NULL, GP_ARC_PASS, NULL, true},
		{"From is not signed", "c=relaxed/relaxed; h=subject", NULL, GP_ARC_PASS, NULL,
			false},
		{"a name of the header in capitals", "c=relaxed/relaxed; h=Subject:FROM", NULL,
			GP_ARC_PASS, NULL, true},
		{"the whole body by l=", "c=simple/simple; l=27; h=from", NULL, GP_ARC_PASS, NULL,
			false},
		{"a part of the body", "c=simple/simple; l=12; h=from", NULL, GP_ARC_FAIL,
			"l= does not cover", false},
		{"larger than the body", "c=simple/simple; l=99; h=from", NULL, GP_ARC_FAIL,
			"l= is larger", false},
		{"expired", "c=relaxed/relaxed; h=from; x=1600000000", NULL, GP_ARC_FAIL, "expired",
			true},
		{"expires later", "c=relaxed/relaxed; h=from; x=1800000000", NULL, GP_ARC_PASS,
			NULL, true},
		{"ARC-Seal in h=", "c=relaxed/relaxed; h=from:arc-seal", NULL, GP_ARC_FAIL,
			"h=", false},
		{"other ARC fields in h= are taken",
			"c=relaxed/relaxed; h=from:arc-message-signature", NULL, GP_ARC_PASS, NULL,
			true},
		{"a seal with more tags", NULL, "; w=x", GP_ARC_PASS, NULL, true},
		{"a seal with h=", NULL, "; h=from", GP_ARC_FAIL, "seal 1: a seal has h=", false},
		{"a seal with c= is relaxed all the same", NULL, "; c=simple/simple", GP_ARC_PASS,
			NULL, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_sealed *m = test_sealed_new(HEADER, BODY);
		test_sealed_add(m, &(struct test_set) {.key = scene.rsa,
					   .signs = rows[i].signs,
					   .seal_more = rows[i].seal_more});
		struct run r;
		begin(&r, 1 << 20);
		assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
		check(&r, rows[i].what, rows[i].verdict, rows[i].reason);
		if (r.result.instances)
			assert_int_equal(r.result.sets[0].covers_author, rows[i].covers);
		end(&r);
		test_sealed_free(m);
	}
}

/* test_times: t= against the clock, with its skew; for signature and seal. */
static void test_times(void **state)
{
	static const struct {
		int64_t now;
		enum gp_arc_verdict verdict;
		const char *reason;
	} rows[] = {
		{12345, GP_ARC_PASS, NULL},
		{12345 - 300, GP_ARC_PASS, NULL},
		{12345 - 301, GP_ARC_FAIL, "in the future"},
		{0, GP_ARC_FAIL, "in the future"},
	};
	(void)state;
	struct test_sealed *m = sealed(1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		begin(&r, 1 << 20);
		test_zone_set_clock(scene.zone, 1000000, rows[i].now);
		assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
		check(&r, "times", rows[i].verdict, rows[i].reason);
		end(&r);
	}
	test_zone_set_clock(scene.zone, 1000000, 1700000000);
	test_sealed_free(m);
}

/* test_options: of DKIM, which count for ARC as well. */
static void test_options(void **state)
{
	(void)state;
	struct gp_dkim_options options = usual;
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	test_sealed_add(
		m, &(struct test_set) {.key = scene.rsa, .signs = "c=simple; l=12; h=from"});
	struct run r;
	begin(&r, 1 << 20);
	options.partial_body = true;
	r.options = &options;
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "partial_body", GP_ARC_PASS, NULL);
	assert_false(r.result.sets[0].covers_author);
	end(&r);
	begin(&r, 1 << 20);
	options.rsa_bits_min = 2049;
	r.options = &options;
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "rsa_bits_min", GP_ARC_FAIL, "message signature 1: the key is too small");
	end(&r);
	test_sealed_free(m);
}

/* test_big_keys: seals of 4096 bits, in fields of their own length (OpenDMARC issue 183). */
static void test_big_keys(void **state)
{
	(void)state;
	struct test_key *big = test_key_new(TEST_KEY_RSA, 4096);
	test_zone_add_text(scene.zone, "big._domainkey.sealer.example", GP_DNS_TXT,
		gp_span_from(test_key_record(big)));
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	for (unsigned i = 0; i < 3; i++)
		test_sealed_add(m, &(struct test_set) {.key = big, .selector = "big"});
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "4096 bits", GP_ARC_PASS, NULL);
	end(&r);
	test_sealed_free(m);
	test_key_free(big);
}

/* test_many: 50 sets pass, 51 do not; nothing is asked for those. Older signatures are optional
 * work, for which not all checks are left. */
static void test_many(void **state)
{
	(void)state;
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	struct run r;
	for (unsigned i = 0; i < 50; i++)
		test_sealed_add(m,
			&(struct test_set) {
				.key = scene.ed, .algorithm = "ed25519-sha256", .selector = "e"});
	begin(&r, 4 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "50", GP_ARC_PASS, NULL);
	assert_int_equal(r.result.instances, 50);
	/* 60 checks: the newest signature, 50 seals, and 9 older signatures (5.2 step 5) */
	assert_int_equal(r.result.oldest_pass, 41);
	end(&r);
	test_sealed_add(m, &(struct test_set) {.key = scene.rsa});
	begin(&r, 4 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "51", GP_ARC_FAIL, "more than 50");
	assert_int_equal(r.result.instances, 0);
	assert_int_equal(test_zone_asked(scene.zone, TEST_ZONE_ANY), 0);
	end(&r);
	test_sealed_free(m);
}

/* test_questions: each key once, the newest signature's first, no more than there is room for. */
static void test_questions(void **state)
{
	static const char *const names[] = {"s._domainkey.three.example",
		"e._domainkey.two.example", "s._domainkey.sealer.example"};
	(void)state;
	struct test_sealed *m = sealed(3);
	for (size_t room = 0; room <= 4; room++) {
		struct run r;
		struct gp_message message;
		struct gp_body *reader;
		struct gp_dkim_bodies *bodies;
		struct gp_arc *arc;
		struct gp_dns_question q[4];
		begin(&r, 1 << 20);
		assert_int_equal(gp_message_parse(r.arena, gp_span_from(test_sealed_header(m)),
					 GP_MESSAGE_CRLF, &message),
			GP_OK);
		assert_int_equal(test_bodies_new(r.arena, scene.digest, &reader, &bodies), GP_OK);
		assert_int_equal(gp_arc_new(&r.ctx, &message, &usual, bodies, &arc), GP_OK);
		size_t count = gp_arc_questions(arc, q, room);
		assert_int_equal(count, room < 3 ? room : 3);
		for (size_t i = 0; i < count; i++) {
			assert_string_equal(q[i].name, names[i]);
			assert_int_equal(q[i].type, GP_DNS_TXT);
		}
		gp_dkim_bodies_fini(bodies);
		end(&r);
	}
	test_sealed_free(m);
}

/* test_stops: a chain that fails early asks little. */
static void test_stops(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(3);
	char *header = swap_byte(test_sealed_header(m), "\r\nFrom: ");
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
	check(&r, "From", GP_ARC_FAIL, "message signature 3");
	assert_int_equal(test_zone_asked(scene.zone, TEST_ZONE_ANY), 1);
	end(&r);
	free(header);
	test_sealed_free(m);
}

/* test_length_of_older: older signatures with an l= are not checked: each wants another hash. */
static void test_length_of_older(void **state)
{
	(void)state;
	struct test_sealed *m = test_sealed_new(HEADER, BODY);
	test_sealed_add(
		m, &(struct test_set) {.key = scene.rsa, .signs = "c=simple; l=27; h=from"});
	test_sealed_add(m, &(struct test_set) {.key = scene.rsa});
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	check(&r, "older l=", GP_ARC_PASS, NULL);
	assert_int_equal(r.result.oldest_pass, 2);
	end(&r);
	test_sealed_free(m);
}

/* test_defect: bytes that cannot be those that were signed are said to be that. */
static void test_defect(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(1);
	struct run r;
	begin(&r, 1 << 20);
	assert_int_equal(
		verify(&r, gp_span_from(test_sealed_header(m)), "bare\rreturn\r\n"), GP_OK);
	check(&r, "body", GP_ARC_FAIL, "cannot be restored");
	end(&r);
	begin(&r, 1 << 20);
	char *header = NULL;
	assert_true(asprintf(&header, "%sX: a\rb\r\n", test_sealed_header(m)) > 0);
	assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
	check(&r, "a field that is not signed", GP_ARC_PASS, NULL);
	end(&r);
	memcpy(strstr(header, "Subject: one"), "Subject: x\ry", 12);
	begin(&r, 1 << 20);
	assert_int_equal(verify(&r, gp_span_from(header), BODY), GP_OK);
	check(&r, "a field that is signed", GP_ARC_FAIL,
		"cannot be restored to the form that was signed");
	end(&r);
	free(header);
	test_sealed_free(m);
}

/* count_line: for traces. */
static void count_line(void *arg, unsigned depth, const char *text)
{
	size_t *counts = arg;
	counts[depth > 0] += strstr(text, "ARC: ") == text;
}

/* test_trace: one line a step and the verdict, for who listens. */
static void test_trace(void **state)
{
	(void)state;
	size_t counts[2] = {0, 0};
	const struct gp_trace trace = {count_line, counts};
	struct test_sealed *m = sealed(3);
	struct run r;
	begin(&r, 1 << 20);
	r.ctx.trace = &trace;
	assert_int_equal(verify(&r, gp_span_from(test_sealed_header(m)), BODY), GP_OK);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 6);
	end(&r);
	test_sealed_free(m);
}

/* test_truncated: a header cut at each byte never passes, and nothing beyond is touched. */
static void test_truncated(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(1);
	const char *header = test_sealed_header(m);
	size_t len = strlen(header);
	for (size_t n = 0; n <= len; n++) {
		struct run r;
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, header, n);
		begin(&r, 1 << 20);
		assert_int_equal(verify(&r, (struct gp_span) {exact, n}, BODY), GP_OK);
		if (r.result.verdict == GP_ARC_PASS && n + 2 < len)
			fail_msg("passes when cut at %zu of %zu", n, len);
		end(&r);
		free(exact);
	}
	test_sealed_free(m);
}

/* test_ceiling: an arena that is too small is our fault and gives no verdict. */
static void test_ceiling(void **state)
{
	(void)state;
	struct test_sealed *m = sealed(2);
	bool done = false;
	for (size_t ceiling = 64; !done; ceiling += 256) {
		struct run r;
		begin(&r, ceiling);
		int rc = verify(&r, gp_span_from(test_sealed_header(m)), BODY);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		if (rc == GP_OK)
			check(&r, "enough", GP_ARC_PASS, NULL);
		else
			assert_int_not_equal(r.result.verdict, GP_ARC_PASS);
		done = rc == GP_OK && r.result.oldest_pass == 0;
		end(&r);
	}
	test_sealed_free(m);
}

/* main: all, or the one that is named. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_orders_three),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_blank_line_taken_off),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_oldest_pass),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_older_key),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_big_keys),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_length_of_older),
		cmocka_unit_test(test_defect),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown) ? 1 : 0;
}
