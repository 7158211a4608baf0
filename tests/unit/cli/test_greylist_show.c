/* SPDX-License-Identifier: ISC */
/* What gatepost greylist prints of an answer; one that is not as it should be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/greylist/greylist.h"

#define FIGURES                                                                              \
	"{\"mode\": \"enforce\", \"when\": \"unknown\", \"delayed\": 9, \"would_delay\": 0," \
	" \"waiting\": 2, \"kept\": 3, \"passed\": 4, \"never_came_back\": 5,"               \
	" \"median_delay_s\": null, \"allowed\": [], \"networks\": "

/* show: an answer as text; NULL: it was not taken. */
static const char *show(struct gp_arena *arena, const char *json,
	bool (*make)(const json_t *, struct gp_arena *, struct gp_strbuf *))
{
	struct gp_strbuf buf;
	const char *text = NULL;
	json_t *answer = json_loads(json, 0, NULL);
	assert_non_null(answer);
	gp_strbuf_init(&buf, arena, 4096);
	if (make(answer, arena, &buf))
		assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	json_decref(answer);
	return text;
}

/* test_networks: the largest that did not come back, a line each. */
static void test_networks(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	assert_string_equal(show(arena,
				    FIGURES "[{\"network\": \"192.0.2.0/24\", "
					    "\"never_came_back\": 4}, "
					    "{\"network\": \"2001:db8::/64\", "
					    "\"never_came_back\": 1}]}",
				    gp_cli_greylist_figures),
		"mode             enforce, when unknown\n"
		"delayed          9 first attempts in the last 24 hours\n"
		"passed           4 came back and were accepted\n"
		"never came back  5 of the day before\n"
		"  most of them   192.0.2.0/24: 4\n"
		"                 2001:db8::/64: 1\n"
		"remembered       2 waiting, 3 have passed\n");
	assert_null(show(arena, FIGURES "[{\"network\": 1}]}", gp_cli_greylist_figures));
	assert_null(show(arena, FIGURES "{}}", gp_cli_greylist_figures));
	gp_arena_free(arena);
}

/* test_forgotten: and what was not. */
static void test_forgotten(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"{\"forgotten\": false, \"crowd\": false}", "nothing was known of such mail\n"},
		{"{\"forgotten\": true, \"crowd\": false}",
			"forgotten: the next such mail is a first attempt\n"},
		{"{\"forgotten\": true, \"crowd\": true}",
			"forgotten\nits network had too many first attempts, is remembered as a "
			"whole, and stays so\n"},
		{"{\"forgotten\": true}", NULL},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = show(arena, rows[i].json, gp_cli_greylist_changed);
		if (!rows[i].text)
			assert_null(text);
		else
			assert_string_equal(text, rows[i].text);
	}
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_forgotten),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
