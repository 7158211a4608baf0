/* SPDX-License-Identifier: ISC */
/* pct= through the engine (RFC 7489 6.6.4): a part of all messages, which no sender can choose. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "support/zone.h"

static const char zone_text[] = "half.test TXT v=spf1 -all\n"
				"_dmarc.half.test TXT v=DMARC1; p=reject; pct=50\n"
				"zero.test TXT v=spf1 -all\n"
				"_dmarc.zero.test TXT v=DMARC1; p=reject; pct=0\n";

struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_crypto_digest *digest;
	struct gp_ctx ctx;
	struct gp_sample_key key; /* none, unless a test sets it */
	struct gp_facts f;
	struct gp_verdict v;
};

/* bench_begin: a zone and a configuration. */
static void bench_begin(struct bench *b, const char *config)
{
	struct gp_config_errors errors = {0};
	memset(b, 0, sizeof *b);
	if (gp_config_parse(gp_span_from(config), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	assert_int_equal(gp_crypto_digest_new(&b->digest), GP_OK);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(16 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	gp_crypto_digest_free(b->digest);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

/* read_nothing: a message without a body. */
static int read_nothing(void *arg, char *buffer, size_t size, size_t *got_out)
{
	(void)arg;
	(void)buffer;
	(void)size;
	*got_out = 0;
	return GP_OK;
}

/* judge: a forged message of that author and number. */
static void judge(struct bench *b, const char *author, int number)
{
	char header[100];
	struct gp_message message;
	const struct gp_message_body body = {read_nothing, NULL, GP_MESSAGE_LF};
	struct gp_envelope e = {.helo = gp_span_from("h"), .sender = gp_span_from(author)};
	snprintf(header, sizeof header, "From: %s\nMessage-ID: <%d@x>\n", author, number);
	assert_int_equal(gp_ipaddr_parse(gp_span_from("198.51.100.1"), &e.client), GP_OK);
	const char *kept = gp_arena_copy(b->ctx.arena, gp_span_from(header));
	assert_non_null(kept);
	assert_int_equal(
		gp_message_parse(b->ctx.arena, gp_span_from(kept), GP_MESSAGE_LF, &message), GP_OK);
	const struct gp_mail mail = {
		.digest = b->digest, .message = &message, .body = &body, .sample_key = &b->key};
	assert_int_equal(
		test_judge_message(&b->ctx, b->config, &e, &mail, false, &b->f, &b->v), GP_OK);
}

/* set_key: a secret as if it had been read. */
static void set_key(struct bench *b, const char *secret)
{
	memset(&b->key, 0, sizeof b->key);
	snprintf(b->key.path, sizeof b->key.path, "%s", b->config->dmarc.sample_key_path);
	b->key.length = strlen(secret);
	memcpy(b->key.bytes, secret, b->key.length);
}

/* is_rejected: a message of that number under pct=50; the same when it is tried again. */
static bool is_rejected(struct bench *b, int number)
{
	judge(b, "u@half.test", number);
	enum gp_action first = b->v.action;
	judge(b, "u@half.test", number);
	assert_int_equal(b->v.action, first);
	assert_true(first == GP_ACTION_REJECT || first == GP_ACTION_QUARANTINE);
	assert_int_equal(b->f.dmarc.published, GP_DMARC_POLICY_REJECT);
	gp_arena_reset(b->ctx.arena);
	return first == GP_ACTION_REJECT;
}

/* it_takes_its_part: and the same messages again. */
static void it_takes_its_part(void **state)
{
	struct bench b;
	unsigned rejected = 0;
	(void)state;
	bench_begin(&b, "");
	set_key(&b, "a secret of the site");
	for (int i = 0; i < 400; i++)
		rejected += is_rejected(&b, i);
	assert_in_range(rejected, 140, 260);
	assert_null(b.f.pct_ignored);
	bench_end(&b);
}

/* it_cannot_be_chosen: messages that one site spares are no more spared by another. */
static void it_cannot_be_chosen(void **state)
{
	struct bench b;
	unsigned chosen = 0, rejected = 0;
	(void)state;
	bench_begin(&b, "");
	for (int i = 0; chosen < 200 && i < 2000; i++) {
		set_key(&b, "a secret that the sender knows");
		if (is_rejected(&b, i))
			continue;
		chosen++;
		set_key(&b, "a secret that he does not know");
		rejected += is_rejected(&b, i);
	}
	assert_int_equal(chosen, 200);
	assert_in_range(rejected, 65, 135);
	bench_end(&b);
}

/* without_a_secret_nobody_passes: the policy is applied to all; pct=0 is no sample. */
static void without_a_secret_nobody_passes(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "dmarc { sample_key_file = \"/proc/no-such-directory/key\" }");
	for (int i = 0; i < 100; i++)
		assert_true(is_rejected(&b, i));
	assert_int_equal(b.key.length, 0);
	assert_string_equal(b.key.path, "/proc/no-such-directory/key");
	judge(&b, "u@zero.test", 1);
	assert_int_equal(b.v.action, GP_ACTION_QUARANTINE);
	assert_null(b.f.pct_ignored);
	judge(&b, "u@half.test", 1);
	assert_non_null(strstr(b.f.pct_ignored, "/proc/no-such-directory/key does not exist"));
	bench_end(&b);
}

/* the_file_is_beside_the_store: unless it is named. */
static void the_file_is_beside_the_store(void **state)
{
	static const char *const rows[][2] = {
		{"", "/var/lib/gatepost/dmarc-sample-key"},
		{"store { uri = {\"lmdb:/var/spool/exim4/gatepost\"} }",
			"/var/spool/exim4/gatepost/dmarc-sample-key"},
		{"dmarc { sample_key_file = \"/etc/gatepost/sample\" }", "/etc/gatepost/sample"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i][0]);
		assert_string_equal(b.config->dmarc.sample_key_path, rows[i][1]);
		bench_end(&b);
	}
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_its_part),
		cmocka_unit_test(it_cannot_be_chosen),
		cmocka_unit_test(without_a_secret_nobody_passes),
		cmocka_unit_test(the_file_is_beside_the_store),
	};
	return cmocka_run_group_tests_name("engine_sample", tests, NULL, NULL);
}
