/* SPDX-License-Identifier: ISC */
/* What a reload does not change is told by name, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "config/config_private.h"
#include "config/config_started.h"

static const char begin[] = "policyd { listen = {\"unix:/a\"} user = \"x\" deadline = 10s }\n"
			    "store { uri = {\"lmdb:/a\"} size = 64M on_failure = defer }\n"
			    "metrics { listen = {\"inet:127.0.0.1:9740\"} }\n";

/* parse: a configuration from text. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_parse(gp_span_from(text), "/nowhere/gatepost.conf", &config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* add_name: visitor: names with blanks between them. */
static void add_name(void *arg, const char *name)
{
	char *names = arg;
	strcat(strcat(names, *names ? " " : ""), name);
}

/* names_of: what waits with this text, of a daemon that began with the parts that are noted. */
static const char *names_of(struct gp_config_started *started, const char *text)
{
	static char names[1024];
	struct gp_config *config = parse(text);
	*names = 0;
	gp_config_started_list(started, config, add_name, names);
	gp_config_free(config);
	return names;
}

/* changes_are_named: of each kind, in the order of the example file. */
static void changes_are_named(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{begin, ""},
		{"policyd { listen = {\"unix:/a\"} user = \"x\"\n"
		 "deadline = 50s on_trouble = accept }\n"
		 "store { uri = {\"lmdb:/a\"} size = 64M on_failure = accept }\n"
		 "metrics { listen = {\"inet:127.0.0.1:9740\"} }\n"
		 "limit hourly { key = user  count = recipients  max = 3  per = 1h }\n",
			""},
		{"policyd { listen = {\"unix:/a\", \"unix:/b\"} user = \"y\"\n"
		 "deadline = 10s }\n"
		 "store { uri = {\"lmdb:/a\"} size = 65536k on_failure = defer }\n"
		 "metrics { listen = {\"inet:127.0.0.1:9741\"} }\n",
			"policyd.listen policyd.user metrics.listen"},
		{"", "store.uri store.size policyd.listen policyd.user metrics.listen"},
	};
	struct gp_config_started *started;
	struct gp_config *config = parse(begin);
	(void)state;
	assert_int_equal(gp_config_started_new(&started), GP_OK);
	for (int part = 0; part < GP_CONFIG_STARTED_PARTS; part++)
		assert_int_equal(
			gp_config_started_note(started, config, (enum gp_config_started_part)part),
			GP_OK);
	gp_config_free(config); /* what was noted stays */
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(names_of(started, rows[i].text), rows[i].names);
	gp_config_started_free(started);
}

/* the_first_time_counts: a reload notes nothing, and what is not open yet waits for nothing. */
static void the_first_time_counts(void **state)
{
	struct gp_config_started *started;
	struct gp_config *first = parse(begin), *other = parse("");
	(void)state;
	assert_int_equal(gp_config_started_new(&started), GP_OK);
	assert_string_equal(names_of(started, ""), "");
	assert_int_equal(gp_config_started_note(started, first, GP_CONFIG_STARTED_DAEMON), GP_OK);
	assert_string_equal(names_of(started, ""), "policyd.listen policyd.user metrics.listen");
	assert_int_equal(gp_config_started_note(started, other, GP_CONFIG_STARTED_DAEMON), GP_OK);
	assert_string_equal(names_of(started, begin), "");
	assert_int_equal(gp_config_started_note(started, other, GP_CONFIG_STARTED_STORE), GP_OK);
	assert_string_equal(names_of(started, begin), "store.uri store.size");
	gp_config_free(other);
	gp_config_free(first);
	gp_config_started_free(started);
	gp_config_started_free(NULL);
}

/* is_listed: does the name stand in a list of words? */
static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = list; (p = strstr(p, name)) != NULL; p += n)
		if (p[-1] == ' ' && (p[n] == ' ' || p[n] == ','))
			return true;
	return false;
}

/* the_help_names_them: of gatepost-policyd's options exactly those that its rows mark. */
static void the_help_names_them(void **state)
{
	const struct gp_option *row;
	const char *help = NULL;
	(void)state;
	for (size_t i = 0; gp_config_sections[i].own; i++)
		if (strcmp(gp_config_sections[i].own->name, "policyd") == 0)
			help = gp_config_sections[i].own->help;
	assert_non_null(help);
	help = strstr(help, "Changes of ");
	assert_non_null(help);
	for (size_t i = 0; (row = gp_config_row_at(i)) != NULL; i++)
		if (row->section && strcmp(row->section, "policyd") == 0 &&
			is_listed(help, row->name) != ((row->flags & GP_OPTION_AT_START) != 0))
			fail_msg("policyd.%s: its row and the section's help differ", row->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_named),
		cmocka_unit_test(the_first_time_counts),
		cmocka_unit_test(the_help_names_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
