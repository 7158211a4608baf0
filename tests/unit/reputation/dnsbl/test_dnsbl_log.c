/* SPDX-License-Identifier: ISC */
/* What the log says of DNS lists: each event with the fields that it needs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reputation/dnsbl/dnsbl_log.h"
#include "support/dnsblist.h"

/* What was logged. */
struct said {
	char text[1024];
	enum gp_log_level level;
};

/* keep: gp_log.write. */
static void keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct said *said = arg;
	struct gp_strbuf line;
	gp_strbuf_init_fixed(&line, said->text, sizeof said->text);
	gp_strbuf_printf(&line, "%s", event);
	for (size_t i = 0; i < count; i++) {
		gp_strbuf_printf(&line, " ");
		gp_log_format_field(&line, &fields[i]);
	}
	said->level = level;
}

/* said_of: one event about a list. */
static struct said said_of(enum gp_dnsbl_event_kind kind)
{
	const struct gp_dnsbl_list list = test_dnsblist_of_addresses("one", "bl.example.org");
	const struct gp_dnsbl_event event = {
		.kind = kind, .list = &list, .reason = GP_DNSBL_TIMEOUTS, .detail = "10 in a row"};
	struct said said = {.text = ""};
	const struct gp_log log = {keep, &said, GP_LOG_DEBUG};
	gp_dnsbl_log(&log, &event, 1);
	return said;
}

/* test_trouble_has_advice: a list that is suspended or dead. */
static void test_trouble_has_advice(void **state)
{
	(void)state;
	struct said said = said_of(GP_DNSBL_EVENT_SUSPENDED);
	assert_string_equal(said.text,
		"list-suspended list=bl.example.org reason=timeouts detail=\"10 in a row\" "
		"advice=\"the list's name servers do not answer in time\"");
	assert_int_equal(said.level, GP_LOG_WARNING);
	said = said_of(GP_DNSBL_EVENT_DEAD);
	assert_non_null(strstr(said.text, " advice="));
}

/* test_end_of_trouble_has_none: what was wrong is over. */
static void test_end_of_trouble_has_none(void **state)
{
	(void)state;
	struct said said = said_of(GP_DNSBL_EVENT_BACK);
	assert_string_equal(
		said.text, "list-back list=bl.example.org reason=timeouts detail=\"10 in a row\"");
	assert_int_equal(said.level, GP_LOG_NOTICE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trouble_has_advice),
		cmocka_unit_test(test_end_of_trouble_has_none),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
