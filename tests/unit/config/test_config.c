/* SPDX-License-Identifier: ISC */
/* The configuration: defaults, values of each kind, and errors with their places. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_private.h"
#include "support/said.h"

/* parse: a snapshot that must be good. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_parse(gp_span_from(text), "t.conf", &config, &errors);
	if (rc)
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* test_defaults: an empty file is a whole configuration. */
static void test_defaults(void **state)
{
	(void)state;
	struct gp_config *c = parse("");
	assert_int_equal(c->spf.mode, GP_MODE_ENFORCE);
	assert_int_equal(c->spf.reject, 1u << GP_SPF_FAIL);
	assert_int_equal(c->spf.helo, GP_HELO_NULL_SENDER);
	assert_int_equal(c->spf.on_temperror, GP_ON_ERROR_ACCEPT);
	assert_int_equal(c->spf.limits.max_terms, 10);
	assert_int_equal(c->spf.limits.max_voids, 2);
	assert_int_equal(c->spf.exempt_recipients.count, 1);
	assert_string_equal(c->spf.exempt_recipients.items[0], "postmaster@");
	assert_int_equal(c->policyd.deadline_ms, 20000);
	assert_int_equal(c->policyd.socket_mode, 0660);
	assert_int_equal(c->dns_settings.cache.entries, 100000);
	assert_int_equal(c->dns_settings.cache.failure_s, 5);
	assert_true(c->dns.server_count >= 1);
	assert_int_equal(c->store.uri_count, 1);
	assert_string_equal(c->store.uris[0], "lmdb:/var/lib/gatepost");
	assert_true(c->store.map_bytes == 1u << 30);
	assert_string_equal(c->store.prefix, "gatepost:");
	assert_string_equal(c->store.password_file, "");
	assert_int_equal(c->store_settings.on_failure, GP_STORE_FAILURE_ACCEPT);
	assert_string_equal(c->store_settings.local_path, "/var/lib/gatepost/local");
	assert_int_equal(c->limits.reservation_timeout_ms, 600000);
	assert_string_equal(c->policyd.control_socket, "/run/gatepost/control");
	assert_int_equal(c->policyd.control_mode, 0600);
	assert_int_equal(c->limits.limit_count, 0);
	assert_int_equal(c->limits.override_count, 0);
	assert_int_equal(c->limits.names, GP_LIMIT_NAMES_FOLD);
	assert_false(c->limits.case_sensitive);
	assert_true(strlen(c->hostname) > 0);
	gp_config_free(c);
}

/* test_values: one value of each kind arrives at its place. */
static void test_values(void **state)
{
	(void)state;
	struct gp_config *c =
		parse("hostname = mx.example.org\n"
		      "trusted_networks = {\"192.0.2.0/24\", '2001:db8::/32'}\n"
		      "spf {\n mode = label\n reject = {fail, no-mail}\n"
		      " must_pass = {\"B\xc3\xbc"
		      "cher.example\", .example.org}\n"
		      " exempt_recipients += {\"Abuse@\", a@Example.ORG}\n"
		      " explanation = off\n reject_code = \"554 5.7.1\"\n max_voids = 0\n}\n"
		      "dns { servers = {\"127.0.0.1:5353\", \"::1\"}\n timeout = 300ms\n"
		      " ttl_max = 2h }\n"
		      "policyd { listen = {\"unix:/a b\", \"inet:[::1]:25\"}\n"
		      " socket_mode = 0640\n request_memory = 1M\n deadline = 5s }\n"
		      "store { uri = {\"redis://[::1]:6380/2\", \"redis+unix:/run/r\"}\n"
		      " size = 1T\n sync = 100ms\n prefix = \"\"\n timeout = 10ms\n"
		      " connections = 256\n on_failure = local\n local_path = /x\n"
		      " password_file = \"/etc/a b\"\n user = gp }\n"
		      "limits { case_sensitive = yes\n reservation_timeout = 1d }\n"
		      "policyd { control_socket = \"\"\n control_mode = 0660 }\n"
		      "log { format = json\n level = debug\n facility = local3 }\n"
		      "spf { url = \"https://x/?d={domain}\" }\n");
	assert_string_equal(c->hostname, "mx.example.org");
	assert_int_equal(c->trusted_networks.count, 2);
	assert_int_equal(c->trusted_networks.items[1].length, 32);
	assert_int_equal(c->spf.mode, GP_MODE_LABEL);
	assert_int_equal(c->spf.reject, 1u << GP_SPF_FAIL | GP_SPF_NO_MAIL);
	assert_string_equal(c->spf.must_pass.items[0], "xn--bcher-kva.example");
	assert_string_equal(c->spf.must_pass.items[1], ".example.org");
	assert_int_equal(c->spf.exempt_recipients.count, 3);
	assert_string_equal(c->spf.exempt_recipients.items[2], "a@example.org");
	assert_false(c->spf.explanation);
	assert_int_equal(c->spf.limits.max_voids, 0);
	assert_int_equal(c->dns.server_count, 2);
	assert_int_equal(c->dns.servers[0].port, 5353);
	assert_int_equal(c->dns.timeout_ms, 300);
	assert_int_equal(c->dns_settings.cache.ttl_max_s, 7200);
	assert_string_equal(c->policyd.listen.items[0], "unix:/a b");
	assert_int_equal(c->policyd.socket_mode, 0640);
	assert_int_equal(c->policyd.request_memory, 1 << 20);
	assert_int_equal(c->policyd.deadline_ms, 5000);
	assert_int_equal(c->log.level, GP_LOG_DEBUG);
	assert_int_equal(c->store.uri_count, 2);
	assert_string_equal(c->store.uris[1], "redis+unix:/run/r");
	assert_true(c->store.map_bytes == (size_t)1 << 40);
	assert_int_equal(c->store.sync_ms, 100);
	assert_string_equal(c->store.prefix, "");
	assert_int_equal(c->store.timeout_ms, 10);
	assert_int_equal(c->store.connections, 256);
	assert_int_equal(c->store_settings.on_failure, GP_STORE_FAILURE_LOCAL);
	assert_string_equal(c->store_settings.local_path, "/x");
	assert_string_equal(c->store.password_file, "/etc/a b");
	assert_string_equal(c->store.user, "gp");
	assert_true(c->limits.case_sensitive);
	assert_int_equal(c->limits.reservation_timeout_ms, 86400000);
	assert_string_equal(c->policyd.control_socket, "");
	assert_int_equal(c->policyd.control_mode, 0660);
	assert_string_equal(c->spf.url, "https://x/?d={domain}");
	gp_config_free(c);
}

/* test_errors: each with file, line, option, value and what is allowed; all of them at once. */
static void test_errors(void **state)
{
	(void)state;
	test_said_errors("spf {\n mode = often\n}\n",
		"t.conf:2: spf.mode: often is not allowed here; "
		"allowed: one of off, label, enforce\n");
	test_said_errors("spf { max_terms = 0 }", "t.conf:1: spf.max_terms: 0 is not allowed here; "
						  "allowed: a number from 1 to 100\n");
	test_said_errors("dns { timeout = 5 }",
		"t.conf:1: dns.timeout: 5 is not allowed here; allowed: a "
		"time from 50ms to 30s, with its unit: ms, s, m, h or d\n");
	test_said_errors("log { level = info }\n\nlog {\n level = info }",
		"t.conf:4: log.level: repeated; it is set in line 1 already\n");
	test_said_errors("trusted_networks = {\"10.0.0.0/8\"}\ntrusted_networks = {\"10.0.0.0/8\"}",
		"t.conf:2: trusted_networks: repeated; it is set in line 1 already\n");
	test_said_errors("trusted_networks = \"10.0.0.0/8\"\ntrusted_networks = \"10.0.0.0/8\"",
		"t.conf:2: trusted_networks: repeated; it is set in line 1 already\n");
	test_said_errors("trusted_networks = {\"10.0.0.0/8\"}\ntrusted_networks = {}",
		"t.conf:2: trusted_networks: repeated; it is set in line 1 already\n");
	test_said_errors(
		"spf {\n modus = label\n hello = {a, b}\n}\nnone = {}\nfoo = 1\n spf { mode = x }",
		"t.conf:2: unknown option spf.modus; did you mean spf.mode?\n"
		"t.conf:3: unknown option spf.hello; did you mean spf.helo?\n"
		"t.conf:5: unknown option none; gatepost check-config --example lists all options\n"
		"t.conf:6: unknown option foo; gatepost check-config --example lists all options\n"
		"t.conf:7: spf.mode: x is not allowed here; allowed: one of off, label, enforce\n");
	test_said_errors("metrics { listen = {\"inet:[::1]:9\", \"inet:0.0.0.0:9\"} }",
		"t.conf:1: metrics.listen: takes loopback addresses only, such as "
		"inet:127.0.0.1:9740\n");
	test_said_errors("policyd { watchdog = 9s }",
		"t.conf:1: policyd.watchdog: is less than 10s, which a daemon that is well may "
		"need to say so\n");
	test_said_errors("metrics { listen = {\"unix:/m\"} }",
		"t.conf:1: metrics.listen: takes loopback addresses only, such as "
		"inet:127.0.0.1:9740\n");
	test_said_errors("store { uri = {\"lmdb:/a\", \"redis://b\"} }",
		"t.conf:1: store.uri: an lmdb store must be the only one; only servers can be "
		"listed together\n");
	test_said_errors("\nstore { on_failure = local }",
		"t.conf:2: store.on_failure: local is for servers; the store is on this machine "
		"already\n");
	test_said_errors("store { uri = {\"redis://b\"} on_failure = local local_path = \"\" }",
		"t.conf:1: store.local_path: is needed with on_failure = local\n");
	test_said_errors("log { target = file file = \"\" }",
		"t.conf:1: log.file: is needed with target = file\n");
	test_said_errors(
		"store { uri = {\"redis://b\"} timeout = 10s }\npolicyd { deadline = 10s }",
		"t.conf:1: store.timeout: must be below policyd.deadline\n");
	test_said_errors("policyd { listen = {\"unix:/a\"} control_socket = /a }",
		"t.conf:1: policyd.control_socket: is one of policyd.listen, too\n");
	test_said_errors("hostname = \"a\x01\"\n",
		"t.conf:1: a control character is not allowed in a text file (U+0001)\n");
	test_said_errors("spf { mode = off };\n",
		"t.conf:1: semicolons are not used between options or after a section; leave it "
		"out\n");
	test_said_errors("plugins {\n x = 1 }\n", "t.conf:1: unknown section plugins; gatepost "
						  "check-config --example lists all sections\n");
}

/* test_comments: comments do not move the lines of errors, and are told from text. */
static void test_comments(void **state)
{
	(void)state;
	test_said_errors(
		"# one\n// two \"\n/* three\n four { */ spf {\n  # five\n\n mode = bad # six\n}\n",
		"t.conf:7: spf.mode: bad is not allowed here; allowed: one of off, label, "
		"enforce\n");
	struct gp_config *c =
		parse("spf { url = http://x.example/#frag\n reject_text = \"# // /* {domain}\" }"
		      "//{\nhostname = a//b.example #}\n");
	assert_string_equal(c->spf.url, "http://x.example/");
	assert_string_equal(c->spf.reject_text, "# // /* {domain}");
	assert_string_equal(c->hostname, "a//b.example");
	gp_config_free(c);
}

/* test_byte_order_mark: before UTF-8 it is skipped, with the lines of errors as they are; other
 * encodings are named. */
static void test_byte_order_mark(void **state)
{
	(void)state;
	struct gp_config *c = parse("\xef\xbb\xbfhostname = mx.example.org\n");
	assert_string_equal(c->hostname, "mx.example.org");
	gp_config_free(c);
	gp_config_free(parse("\xef\xbb\xbf"));
	test_said_errors("\xef\xbb\xbf\nhostnam = mx.example.org\n",
		"t.conf:2: unknown option hostnam; did you mean hostname?\n");
	test_said_errors("\xef\xbb\xbf\xef\xbb\xbfhostname = x\n",
		"t.conf:1: a byte order mark (U+FEFF) is before hostname; remove it, it is "
		"invisible\n");
	static const char wide[] = "\xff\xfeh\0o\0";
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	assert_int_equal(gp_config_parse((struct gp_span) {wide, sizeof wide - 1}, "t.conf",
				 &config, &errors),
		GP_ESYNTAX);
	assert_string_equal(errors.text, "t.conf:1: is UTF-16 or UTF-32; save it as UTF-8\n");
	gp_config_errors_fini(&errors);
}

/* test_whole: of a file that was cut anywhere, only what is whole is accepted. */
static void test_whole(void **state)
{
	static const char text[] = "hostname = \"a{b\"\nspf {\n mode = label /* { */\n"
				   " reject = {fail, 'none'} # }\n}\n\ndns { timeout = 1s }\n";
	(void)state;
	test_said_errors("spf {\n mode = off\n",
		"t.conf:1: spf: the section that begins here is not closed\n");
	test_said_errors("spf {\n reject = {fail,\n",
		"t.conf:2: spf.reject: the list that begins here is not closed\n");
	test_said_errors(
		"\nhostname = \"a\\\"\n", "t.conf:2: the string that begins here is not closed\n");
	test_said_errors("\n/* x\n", "t.conf:2: the comment that begins here is not closed\n");
	test_said_errors("hostname = \"${HOME}\"",
		"t.conf:1: ${ has no meaning here; \\${ is the text itself\n");
	test_said_errors("hostname = ${HOME}", "t.conf:1: ${ has no meaning here\n");
	test_said_errors("\nspf|mode = off\n",
		"t.conf:2: unknown option spf|mode; write spf { mode = VALUE }\n");
	size_t opens = (size_t)(strstr(text, "spf {") - text) + 5;
	size_t closes = (size_t)(strstr(text, "\n}\n") - text) + 2;
	for (size_t n = opens; n < closes; n++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse((struct gp_span) {text, n}, "t.conf", &config, &errors) !=
			GP_ESYNTAX)
			fail_msg("accepted: %.*s", (int)n, text);
		gp_config_errors_fini(&errors);
	}
	gp_config_free(parse(text));
}

/* test_bad_values: each kind refuses what is not its own. */
static void test_bad_values(void **state)
{
	static const char *const rows[] = {"own_networks = {\"192.0.2.1/24\"}",
		"own_networks = {\"192.0.2.0/33\"}", "own_networks = {192.0.2}",
		"spf { reject = {pass} }", "spf { must_pass = {\"a..b\"} }",
		"spf { exempt_recipients = {\"@example.org\"} }",
		"spf { exempt_recipients = {\"a b@\"} }", "spf { explanation = maybe }",
		"spf { reject_code = \"250 2.0.0\" }", "spf { reject_code = \"550 4.7.1\" }",
		"spf { reject_code = \"550\" }", "spf { reject_code = \"550 5.7.1234\" }",
		"spf { temperror_code = \"550 5.7.1\" }",
		"spf { permerror_reject_code = \"450 4.7.1\" }",
		"spf { reject_text = \"{nobody}\" }", "spf { reject_text = \"{domain\" }",
		"dns { servers = {localhost} }", "dns { resolv_conf = relative }",
		"dns { cache_entries = 1 }", "dns { timeout = 1w }", "dns { timeout = 1s2 }",
		"policyd { listen = {\"tcp:1\"} }", "policyd { listen = {\"inet:127.0.0.1\"} }",
		"policyd { listen = {\"inet:::1:25\"} }",
		"policyd { listen = {\"unix:relative\"} }", "policyd { socket_mode = 0888 }",
		"policyd { socket_mode = 01777 }", "policyd { request_memory = 1G }",
		"policyd { deadline = 91s }", "log { level = loud }",
		"store { uri = {\"mysql://x\"} }", "store { uri = {\"lmdb:relative\"} }",
		"store { size = 2T }", "store { size = 1023k }", "store { size = 1X }",
		"store { sync = 99ms }", "store { timeout = 11s }", "store { connections = 0 }",
		"store { on_failure = reject }", "store { tls_ca_file = ca.pem }",
		"limits { case_sensitive = 2 }", "limits { names = folded }",
		"limits { reservation_timeout = 9s }", "policyd { control_socket = run }",
		"policyd { control_mode = 9 }", "include = {\"relative.conf\"}",
		"include = {\"/etc/*/x.conf\"}", "include = {\"/etc/\"}"};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		int rc = gp_config_parse(gp_span_from(rows[i]), "t.conf", &config, &errors);
		if (rc != GP_ESYNTAX || errors.count != 1 || !strstr(errors.text, "; allowed: "))
			fail_msg("%s: %d errors: %s", rows[i], (int)errors.count, errors.text);
		gp_config_errors_fini(&errors);
	}
}

/* test_scanner: what is left open in one file does not change how the next one is read. */
static void test_scanner(void **state)
{
	static const char *const open[] = {"hostname = \"abc", "hostname = 'abc", "/* abc",
		"hostname = \"\\999\"", "\"abc", "'"};
	(void)state;
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse(gp_span_from(open[i]), "t.conf", &config, &errors) !=
			GP_ESYNTAX)
			fail_msg("accepted: %s", open[i]);
		if (errors.count == 0)
			fail_msg("%s: no error", open[i]);
		gp_config_errors_fini(&errors);
		config = parse("hostname = mx.example.org\n");
		assert_string_equal(config->hostname, "mx.example.org");
		gp_config_free(config);
	}
}

/* test_dump: the settled values, written down, are the same configuration. */
static void test_dump(void **state)
{
	(void)state;
	struct gp_config *c =
		parse("hostname = \"mx.example.org\"\nspf { url = \"\\\"\\\\\\$x\" }\n"
		      "dns { servers = {\"::1\"} }");
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf first, second;
	gp_strbuf_init(&first, arena, 1 << 18);
	gp_strbuf_init(&second, arena, 1 << 18);
	assert_int_equal(gp_config_dump(c, &first), GP_OK);
	gp_config_free(c);
	c = parse(first.data);
	assert_int_equal(gp_config_dump(c, &second), GP_OK);
	assert_string_equal(first.data, second.data);
	gp_config_free(c);
	gp_arena_free(arena);
}

/* test_example: the example file is without errors, also with every comment sign taken off. Of the
 * rows of overrides one stands for all, beside the name of a limit. */
static void test_example(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf buf, bare;
	gp_strbuf_init(&buf, arena, 1 << 17);
	gp_strbuf_init(&bare, arena, 1 << 17);
	gp_config_example(&buf);
	gp_config_free(parse(buf.data));
	struct gp_span line, rest = gp_strbuf_span(&buf);
	size_t options = 0, subjects = 0;
	size_t rows = 0;
	size_t of_table = 0; /* no file has them */
	for (; gp_config_row_at(rows); rows++) {
		subjects += gp_config_same_section(gp_config_row_at(rows)->section, "override");
		of_table += gp_config_same_section(gp_config_row_at(rows)->section, "dead");
	}
	assert_int_equal(subjects, GP_CONFIG_SUBJECTS);
	while (rest.len) {
		gp_span_cut(rest, '\n', &line, &rest);
		struct gp_span text = gp_span_trim(line);
		bool option = text.len > 1 && text.ptr[0] == '#' && text.ptr[1] != ' ';
		gp_strbuf_add_span(&bare, option ? gp_span_skip(text, 1) : line);
		gp_strbuf_add(&bare, "\n");
		options += option && memchr(text.ptr, '=', text.len);
	}
	/* one subject of an override and its limit, and the option of a known DNS list */
	assert_int_equal(options, rows - subjects - of_table + 3);
	struct gp_config *c = parse(bare.data);
	assert_int_equal(c->limits.limit_count, 1);
	assert_int_equal(c->limits.override_count, 1);
	assert_int_equal(c->dnsbl.count, 2);
	gp_config_free(c);
	gp_arena_free(arena);
}

/* test_files: missing, a directory, too large: an error each, never a snapshot. */
static void test_files(void **state)
{
	(void)state;
	char large[] = "/tmp/gatepost-test-config.XXXXXX";
	int fd = mkstemp(large);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, GP_CONFIG_FILE_MAX + 1), 0);
	close(fd);
	const struct {
		const char *path, *why;
	} rows[] = {{"/nowhere/gatepost.conf", "No such file or directory"},
		{"/", "Is a directory"}, {"/dev/zero", "Invalid argument"}, {large, "too large"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		assert_int_not_equal(gp_config_load(rows[i].path, &config, &errors), GP_OK);
		assert_null(config);
		if (!strstr(errors.text, rows[i].why))
			fail_msg("%s: %s", rows[i].path, errors.text);
		gp_config_errors_fini(&errors);
	}
	unlink(large);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_scanner),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_files),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
