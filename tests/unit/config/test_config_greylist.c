/* SPDX-License-Identifier: ISC */
/* The section greylist: its defaults, and options that do not fit together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"

/* test_defaults: off, and as the manual says. */
static void test_defaults(void **state)
{
	struct gp_config_errors errors = {0};
	struct gp_config *c;
	(void)state;
	assert_int_equal(gp_config_parse(gp_span_from(""), "t.conf", &c, &errors), GP_OK);
	assert_int_equal(c->greylist.mode, GP_MODE_OFF);
	assert_int_equal(c->greylist.when, GP_GREYLIST_WHEN_SUSPICIOUS);
	assert_int_equal(c->greylist.delay_ms, 5 * 60 * 1000);
	assert_int_equal(c->greylist.passes, 2);
	assert_int_equal(c->greylist.exempt_recipients.count, 2);
	assert_null(c->greylist.psl);
	gp_config_free(c);
	gp_config_errors_fini(&errors);
	assert_int_equal(
		gp_config_parse(gp_span_from("greylist { mode = label }"), "t.conf", &c, &errors),
		GP_OK);
	assert_non_null(c->greylist.psl);
	gp_config_free(c);
	gp_config_errors_fini(&errors);
}

/* test_errors: which option, and why. */
static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"greylist { delay = 2h window = 1h }",
			"t.conf:1: greylist.window: is not more than greylist.delay\n"},
		{"greylist { keep = 1d }",
			"t.conf:1: greylist.keep: is not more than greylist.window\n"},
		{"greylist { mode = label when = score }",
			"t.conf:1: greylist.when: is score, but dnsbl.mode is off: nothing would "
			"ever be delayed\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *c = NULL;
		assert_int_equal(gp_config_parse(gp_span_from(rows[i].text), "t.conf", &c, &errors),
			GP_ESYNTAX);
		assert_string_equal(errors.text, rows[i].error);
		gp_config_errors_fini(&errors);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_errors),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
