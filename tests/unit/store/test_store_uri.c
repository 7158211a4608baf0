/* SPDX-License-Identifier: ISC */
/* URIs of stores: what each part may be, and what is said about what it may not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "store/store_uri.h"

/* what_is_valid: every form, every default. */
static void what_is_valid(void **state)
{
	static const struct {
		const char *uri;
		struct gp_store_uri is;
	} rows[] = {
		{"lmdb:/var/lib/gatepost", {.scheme = GP_STORE_LMDB, .path = "/var/lib/gatepost"}},
		{"LMDB:/x y", {.scheme = GP_STORE_LMDB, .path = "/x y"}},
		{"lmdb:///var/lib", {.scheme = GP_STORE_LMDB, .path = "///var/lib"}},
		{"redis://a", {.scheme = GP_STORE_REDIS, .host = "a", .port = 6379}},
		{"redis://a.example:1/0", {.host = "a.example", .scheme = 1, .port = 1}},
		{"redis://192.0.2.1:65535/15",
			{.scheme = 1, .host = "192.0.2.1", .port = 65535, .database = 15}},
		{"redis://[2001:db8::1]", {.scheme = 1, .host = "2001:db8::1", .port = 6379}},
		{"rediss://[::1]:6380/3",
			{.scheme = 1, .tls = true, .host = "::1", .port = 6380, .database = 3}},
		{"redis+unix:/run/redis.sock",
			{.scheme = GP_STORE_REDIS_UNIX, .path = "/run/redis.sock"}},
		{"redis+unix:/r?7", {.scheme = 2, .path = "/r", .database = 7}},
		{"sentinel://s1/mymaster", {.scheme = GP_STORE_SENTINEL,
						   .host = "s1",
						   .port = 26379,
						   .name = "mymaster"}},
		{"sentinels://s_1:5/m:1/15", {.scheme = 3,
						     .tls = true,
						     .host = "s_1",
						     .port = 5,
						     .name = "m:1",
						     .database = 15}},
		{"sentinel://[::1]:5/m", {.scheme = 3, .host = "::1", .port = 5, .name = "m"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_uri uri;
		const char *problem = NULL;
		assert_int_equal(
			gp_store_uri_parse(gp_span_from(rows[i].uri), &uri, &problem), GP_OK);
		assert_null(problem);
		assert_int_equal(uri.scheme, rows[i].is.scheme);
		assert_int_equal(uri.tls, rows[i].is.tls);
		assert_string_equal(uri.host, rows[i].is.host);
		assert_int_equal(uri.port, rows[i].is.port);
		assert_string_equal(uri.path, rows[i].is.path);
		assert_string_equal(uri.name, rows[i].is.name);
		assert_int_equal(uri.database, rows[i].is.database);
		assert_true(gp_store_uri_is_valid(gp_span_from(rows[i].uri), &problem));
	}
}

/* what_is_not: a row for each reason. */
static void what_is_not(void **state)
{
	static const struct {
		const char *uri, *problem;
	} rows[] = {
		{"", "must begin with"},
		{"/var/lib", "must begin with"},
		{"mysql://a", "must begin with"},
		{"redis:a", "must begin with"},
		{"lmdb:", "absolute directory"},
		{"lmdb:/", "absolute directory"},
		{"lmdb:var/lib", "absolute directory"},
		{"lmdb:/a\nb", "control"},
		{"redis://", "host name"},
		{"redis://:6379", "host name"},
		{"redis:///1", "host name"},
		{"redis://a b", "host name"},
		{"redis://a,b", "host name"},
		{"redis://a%41", "host name"},
		{"redis://\xc3\xa4.example", "host name"},
		{"redis://a\r\nb", "control"},
		{"redis://user:secret@a", "user and password"},
		{"redis://a:", "port"},
		{"redis://a:0", "port"},
		{"redis://a:65536", "port"},
		{"redis://a:-1", "port"},
		{"redis://a:1:2", "port"},
		{"redis://a/", "database"},
		{"redis://a/16", "database"},
		{"redis://a/1/2", "database"},
		{"redis://a/x", "database"},
		{"redis://::1", "host name"},
		{"redis://[::1", "IPv6"},
		{"redis://[]", "IPv6"},
		{"redis://[192.0.2.1]", "IPv6"},
		{"redis://[fe80::1%eth0]", "IPv6"},
		{"redis://[::1]x", "port"},
		{"redis+unix:", "absolute path"},
		{"redis+unix:run", "absolute path"},
		{"redis+unix:/r?", "database"},
		{"redis+unix:/r?16", "database"},
		{"sentinel://a", "name of the master"},
		{"sentinel://a/", "name of the master"},
		{"sentinel://a/m/", "database"},
		{"sentinel://a/m m", "a space"},
		{"sentinel:///m", "host name"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *problem = "";
		assert_false(gp_store_uri_is_valid(gp_span_from(rows[i].uri), &problem));
		if (!strstr(problem, rows[i].problem))
			print_error("%s: %s\n", rows[i].uri, problem);
		assert_non_null(strstr(problem, rows[i].problem));
		/* nothing of the URI gets into the text, since it may hold a password */
		assert_null(strstr(problem, "secret"));
	}
}

/* how_long_the_parts_may_be: the longest, and one more. */
static void how_long_the_parts_may_be(void **state)
{
	static const struct {
		const char *before, *after;
		size_t most;
	} rows[] = {{"lmdb:/", "", 1022}, {"redis://", ":1/2", 255}, {"redis+unix:/", "?3", 106},
		{"sentinel://a/", "/4", 63}};
	static char uri[4000];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (size_t more = 0; more <= 2000; more += more ? 1999 : 1) {
			size_t begin = strlen(rows[i].before), length = rows[i].most + more;
			const char *problem = "";
			memcpy(uri, rows[i].before, begin);
			memset(uri + begin, 'x', length);
			strcpy(uri + begin + length, rows[i].after);
			assert_int_equal(
				gp_store_uri_is_valid(gp_span_from(uri), &problem), more == 0);
			assert_int_equal(strstr(problem, "too long") != NULL, more > 0);
		}
	}
}

/* What was logged last. */
static void keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	char *text = arg;
	(void)event;
	assert_int_equal(level, GP_LOG_ERROR);
	assert_int_equal(count, 1);
	memcpy(text, fields[0].text.ptr, fields[0].text.len);
	text[fields[0].text.len] = '\0';
}

/* options_that_make_no_store: the log says why, and not what a URI holds. */
static void options_that_make_no_store(void **state)
{
	static const struct {
		const char *uris[3];
		size_t count;
		const char *problem;
	} rows[] = {
		{{NULL}, 0, "1 to 8"},
		{{"redis://a"}, 9, "1 to 8"},
		{{NULL}, 1, "URI 1: must begin"},
		{{"redis://a", "redis://u:secret@b"}, 2, "URI 2: user and password"},
		{{"redis://a", "lmdb:/x"}, 2, "only one"},
		{{"lmdb:/x", "lmdb:/y"}, 2, "only one"},
		{{"lmdb:/x"}, 1, "1 MiB"},
	};
	char text[1024];
	const struct gp_log log = {keep, text, GP_LOG_DEBUG};
	struct gp_ctx ctx = {.clock = gp_clock_system(), .log = &log};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_options options = {.uri_count = rows[i].count};
		struct gp_store *store = NULL;
		memcpy(options.uris, rows[i].uris, sizeof rows[i].uris);
		text[0] = '\0';
		assert_int_equal(gp_store_open(&options, &ctx, &store), GP_EINVAL);
		assert_null(store);
		assert_non_null(strstr(text, rows[i].problem));
		assert_null(strstr(text, "secret"));
	}
	gp_store_close(NULL);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_valid),
		cmocka_unit_test(what_is_not),
		cmocka_unit_test(how_long_the_parts_may_be),
		cmocka_unit_test(options_that_make_no_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
