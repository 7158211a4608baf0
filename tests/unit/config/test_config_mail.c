/* SPDX-License-Identifier: ISC */
/* Options of the checks of messages: defaults, what they settle to, and how they go together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"

/* parse: a configuration without errors. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *c = NULL;
	if (gp_config_parse(gp_span_from(text), "t.conf", &c, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return c;
}

/* test_defaults: nothing is refused for a signature, a policy is applied, sealers are known. */
static void test_defaults(void **state)
{
	struct gp_config *c = parse("");
	(void)state;
	assert_int_equal(c->dkim.mode, GP_MODE_LABEL);
	assert_int_equal(c->dkim.reject, 0);
	assert_int_equal(c->dkim.check.rsa_bits_min, 1024);
	assert_int_equal(c->dkim.check.rsa_bits_max, 4096);
	assert_false(c->dkim.check.partial_body);
	assert_int_equal(c->arc.mode, GP_MODE_ENFORCE);
	assert_int_equal(c->arc.evaluate, GP_ARC_ON_FAILURE);
	assert_int_equal(c->arc.trust.sealer_count, 16);
	assert_string_equal(c->arc.trust.sealers[0], "google.com");
	assert_string_equal(c->arc.trust.sealers[15], "aws.amazon.com");
	assert_int_equal(c->arc.trust.more_sealer_count, 0);
	assert_false(c->arc.trust.subdomains);
	assert_int_equal(c->dmarc.mode, GP_MODE_ENFORCE);
	assert_int_equal(c->dmarc.check.discovery, GP_DMARC_WALK);
	assert_true(c->dmarc.check.pct);
	assert_null(c->dmarc.check.psl);
	assert_int_equal(c->dmarc.on_no_domain, GP_DMARC_DO_ACCEPT);
	assert_int_equal(c->dmarc.on_several_domains, GP_DMARC_DO_REJECT);
	assert_int_equal(c->dmarc.on_unreadable_from, GP_DMARC_DO_REJECT);
	assert_string_equal(c->dmarc.reject_code, "550 5.7.26");
	assert_false(c->spf.yield_to_dmarc);
	assert_int_equal(c->exim.on_error, GP_ON_ERROR_ACCEPT);
	gp_config_free(c);
}

/* test_sealers: the list is replaced, or extended beside it. */
static void test_sealers(void **state)
{
	struct gp_config *c = parse("arc { trusted_sealers = {\"B\xc3\xbc"
				    "cher.example\"}\n more_sealers = {\"lists.example\"}\n"
				    " subdomains = yes }");
	(void)state;
	assert_int_equal(c->arc.trust.sealer_count, 1);
	assert_string_equal(c->arc.trust.sealers[0], "xn--bcher-kva.example");
	assert_int_equal(c->arc.trust.more_sealer_count, 1);
	assert_string_equal(c->arc.trust.more_sealers[0], "lists.example");
	assert_true(c->arc.trust.subdomains);
	gp_config_free(c);
	c = parse("arc { trusted_sealers = {} }");
	assert_int_equal(c->arc.trust.sealer_count, 0);
	gp_config_free(c);
}

/* test_on_bad_from_stands_for_three: but what is set by itself wins, wherever it stands. */
static void test_on_bad_from_stands_for_three(void **state)
{
	static const struct {
		const char *text;
		enum gp_dmarc_action_word none, several, unreadable;
	} rows[] = {
		{"dmarc { on_bad_from = reject }", GP_DMARC_DO_REJECT, GP_DMARC_DO_REJECT,
			GP_DMARC_DO_REJECT},
		{"dmarc { on_bad_from = by-cause }", GP_DMARC_DO_ACCEPT, GP_DMARC_DO_REJECT,
			GP_DMARC_DO_REJECT},
		{"dmarc { on_bad_from = defer\n on_no_domain = accept }", GP_DMARC_DO_ACCEPT,
			GP_DMARC_DO_DEFER, GP_DMARC_DO_DEFER},
		{"dmarc { on_unreadable_from = reject\n on_bad_from = accept }", GP_DMARC_DO_ACCEPT,
			GP_DMARC_DO_ACCEPT, GP_DMARC_DO_REJECT},
		{"dmarc { on_several_domains = quarantine }", GP_DMARC_DO_ACCEPT,
			GP_DMARC_DO_QUARANTINE, GP_DMARC_DO_REJECT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config *c = parse(rows[i].text);
		if (c->dmarc.on_no_domain != rows[i].none ||
			c->dmarc.on_several_domains != rows[i].several ||
			c->dmarc.on_unreadable_from != rows[i].unreadable)
			fail_msg("%s: %d %d %d", rows[i].text, c->dmarc.on_no_domain,
				c->dmarc.on_several_domains, c->dmarc.on_unreadable_from);
		gp_config_free(c);
	}
}

/*
 * test_list: the public suffixes are opened where they are needed, and their absence is an error.
 */
static void test_list(void **state)
{
	struct gp_config *c = parse("dmarc { discovery = compare }");
	(void)state;
	assert_non_null(c->dmarc.check.psl);
	gp_config_free(c);
	/* a file that nobody needs is not read */
	gp_config_free(parse("dmarc { psl_file = /nonexistent }"));
}

/* test_together: options that do not fit each other are an error that names one of them. */
static void test_together(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{"dkim { mode = off }", "dkim.mode"},
		{"dkim { rsa_bits_min = 2048\n rsa_bits_max = 1024 }", "dkim.rsa_bits_min"},
		{"dmarc { discovery = psl\n psl_file = /nonexistent }", "dmarc.psl_file"},
		{"dmarc { discovery = compare\n psl_file = /dev/null }", "dmarc.psl_file"},
		{"exim { deadline = 1s }", "dns.timeout"},
		{"dkim { reject = {pass} }", "dkim.reject"},
		{"dkim { rsa_bits_min = 256 }", "dkim.rsa_bits_min"},
		{"arc { evaluate = sometimes }", "arc.evaluate"},
		{"dmarc { reject_text = \"{nobody}\" }", "dmarc.reject_text"},
		{"dmarc { on_temperror = reject }", "dmarc.on_temperror"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *c = NULL;
		int rc = gp_config_parse(gp_span_from(rows[i].text), "t.conf", &c, &errors);
		if (rc != GP_ESYNTAX || errors.count != 1 || !strstr(errors.text, rows[i].names))
			fail_msg("%s: %zu errors: %s", rows[i].text, errors.count,
				errors.text ? errors.text : "");
		gp_config_errors_fini(&errors);
	}
	gp_config_free(parse("dkim { mode = off }\ndmarc { mode = off }"));
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_sealers),
		cmocka_unit_test(test_on_bad_from_stands_for_three),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_together),
	};
	return cmocka_run_group_tests_name("config_mail", tests, NULL, NULL);
}
