/* SPDX-License-Identifier: ISC */
/*
 * Local problems with DNS, as the checks of a message carry it: told, and never the sender's.
 */
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

#define SIGNATURE                                                             \
	"DKIM-Signature: v=1; a=rsa-sha256; s=s; h=from; d=a.test; b=AAAA;\n" \
	" bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=\n"

/* read_nothing: an empty body. */
static int read_nothing(void *arg, char *buffer, size_t size, size_t *got_out)
{
	(void)arg;
	(void)buffer;
	(void)size;
	*got_out = 0;
	return GP_OK;
}

/* judge: a message in this zone; the texts of the verdict live as long as the arena. */
static void judge(struct gp_arena *arena, struct test_zone *zone, const char *header,
	struct gp_facts *facts_out, struct gp_verdict *verdict_out)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_crypto_digest *digest = NULL;
	struct gp_message message;
	const struct gp_message_body body = {read_nothing, NULL, GP_MESSAGE_LF};
	struct gp_envelope e = {.helo = gp_span_from("h"), .sender = gp_span_from("u@a.test")};
	struct gp_ctx ctx = {
		.arena = arena, .clock = test_zone_clock(zone), .dns = test_zone_dns(zone)};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 20 * 1000000;
	assert_int_equal(
		gp_config_parse(gp_span_from("hostname = mx.test\n"), "t", &config, &errors),
		GP_OK);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(gp_ipaddr_parse(gp_span_from("192.0.2.1"), &e.client), GP_OK);
	assert_int_equal(
		gp_message_parse(arena, gp_span_from(header), GP_MESSAGE_LF, &message), GP_OK);
	const struct gp_mail mail = {.digest = digest, .message = &message, .body = &body};
	assert_int_equal(
		test_judge_message(&ctx, config, &e, &mail, false, facts_out, verdict_out), GP_OK);
	gp_crypto_digest_free(digest);
	gp_config_free(config);
}

/* each_check_tells_of_it: unless the author is proved without what could not be asked. */
static void each_check_tells_of_it(void **state)
{
	static const struct {
		const char *zone, *header;
		bool told;
	} rows[] = {
		{"", "", false},
		{"a.test TIMEOUT ANY\n", "", false},
		{"a.test TROUBLE ANY\n", "", true},
		{"_dmarc.a.test TROUBLE ANY\n", "", true},
		{"s._domainkey.a.test TROUBLE\n", SIGNATURE, true},
		{"s._domainkey.a.test TIMEOUT\n", SIGNATURE, false},
		/* SPF proves it; the signature that cannot be checked is left open */
		{"a.test TXT v=spf1 ip4:192.0.2.1 -all\ns._domainkey.a.test TROUBLE\n", SIGNATURE,
			true},
		/* both proved: a HELO that nobody looks at does not matter */
		{"a.test TXT v=spf1 ip4:192.0.2.1 a:b.test -all\nb.test TROUBLE\n", "", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char header[512];
		struct gp_facts f;
		struct gp_verdict v;
		struct test_zone *zone = test_zone_new();
		struct gp_arena *arena = gp_arena_new(1 << 20);
		snprintf(header, sizeof header, "%sFrom: u@a.test\nSubject: hello\n",
			rows[i].header);
		test_zone_lines(zone, "_dmarc.a.test TXT v=DMARC1; p=reject\n");
		test_zone_lines(zone, rows[i].zone);
		judge(arena, zone, header, &f, &v);
		if ((f.trouble != NULL) != rows[i].told)
			fail_msg("row %zu: %s", i, v.summary);
		assert_int_equal(strstr(v.summary, " dns_trouble=yes") != NULL, rows[i].told);
		gp_arena_free(arena);
		test_zone_free(zone);
	}
}

/* no_author_is_certain: nobody could be asked about it. */
static void no_author_is_certain(void **state)
{
	struct gp_facts f;
	struct gp_verdict v;
	struct test_zone *zone = test_zone_new();
	struct gp_arena *arena = gp_arena_new(1 << 20);
	(void)state;
	test_zone_lines(zone, "a.test TROUBLE ANY\n");
	judge(arena, zone, "From: u@a.test\nFrom: v@b.test\n", &f, &v);
	assert_int_equal(v.action, GP_ACTION_REJECT);
	assert_null(f.trouble);
	gp_arena_free(arena);
	test_zone_free(zone);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_tells_of_it),
		cmocka_unit_test(no_author_is_certain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
