/* SPDX-License-Identifier: ISC */
/* A message as Exim has it: arguments, spool files in every place and form, Exim's own fields. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exim-dlfunc/bridge.h"
#include "exim-dlfunc/authres_spoof.h"

#define ID "1xUx7S-00000K-2B"
#define LONG_ID "1xUx7S-0000000000K-2Bcd"

/* A spool directory of the test's own. */
static char spool[64];

/* begin: makes it. */
static int begin(void **state)
{
	(void)state;
	snprintf(spool, sizeof spool, "/tmp/gatepost-spool.XXXXXX");
	return mkdtemp(spool) ? 0 : -1;
}

/* end: removes it, which is flat but for the directories that make() makes. */
static int end(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", spool);
	return system(command);
}

/* make: a file below the spool with its directories. */
static void make(const char *name, const char *bytes, size_t len)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", spool, name);
	for (char *p = path + strlen(spool) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = 0;
		if (mkdir(path, 0700) && errno != EEXIST)
			fail_msg("%s: %s", path, strerror(errno));
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* place: of a message in this spool. */
static struct gp_exim_place place(const char *id, const char *queue)
{
	return (struct gp_exim_place) {
		.id = gp_span_from(id), .spool = gp_span_from(spool), .queue = gp_span_from(queue)};
}

/* read_body: in steps of some bytes; what was read must be text. */
static void read_body(struct gp_exim_spool *s, size_t step, const char *text)
{
	char all[8192], piece[4096];
	size_t n = 0, got;
	do {
		assert_int_equal(gp_exim_spool_read(s, piece, step, &got), GP_OK);
		assert_true(got <= step && n + got <= sizeof all);
		memcpy(all + n, piece, got);
		n += got;
	} while (got);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(all, text, n);
}

/* ---- arguments ---- */

/* test_place: lines by name, the first of each, nothing behind a later value. */
static void test_place(void **state)
{
	struct gp_exim_place p;
	(void)state;
	gp_exim_place_parse(
		gp_span_from("conf=/c d\nid=1\nunknown=x\nnothing\nspool=/s\nserver=::1\nqueue=q\n"
			     "host=h (x)\nspool=/other\nconf="),
		&p);
	assert_true(gp_span_equal(p.conf, gp_span_from("/c d")));
	assert_true(gp_span_equal(p.spool, gp_span_from("/s")));
	assert_true(gp_span_equal(p.server, gp_span_from("::1")));
	assert_true(gp_span_equal(p.host, gp_span_from("h (x)")));
	gp_exim_place_parse(gp_span_from(""), &p);
	assert_int_equal(p.conf.len, 0);
}

/* test_host_name: only what Exim has verified. */
static void test_host_name(void **state)
{
	static const struct {
		const char *fullhost, *name;
	} rows[] = {
		{"mail.example.org [192.0.2.1]", "mail.example.org"},
		{"mail.example.org (helo) [192.0.2.1]:25", "mail.example.org"},
		{"(mail.evil.test) [192.0.2.1]", ""},
		{"[192.0.2.1]", ""},
		{"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_true(gp_span_equal(gp_exim_host_name(gp_span_from(rows[i].fullhost)),
			gp_span_from(rows[i].name)));
}

/* test_call: an envelope, and addresses that are none. */
static void test_call(void **state)
{
	struct gp_span args[GP_EXIM_ENVELOPE_ARGS + 1] = {{NULL, 0}};
	struct gp_exim_call call;
	const char *problem = NULL;
	(void)state;
	args[GP_EXIM_PLACE] = gp_span_from("server=192.0.2.25\nhost=a.test [192.0.2.1]");
	args[GP_EXIM_CLIENT] = gp_span_from("::ffff:192.0.2.1");
	args[GP_EXIM_SENDER] = gp_span_from("a@b.test");
	assert_int_equal(gp_exim_call_parse(args, &call, &problem), GP_OK);
	assert_int_equal(call.envelope.client.family, GP_IP_V4);
	assert_int_equal(call.envelope.server.family, GP_IP_V4);
	assert_true(gp_span_equal(call.envelope.client_name, gp_span_from("a.test")));
	args[GP_EXIM_CLIENT] = gp_span_from("");
	assert_int_equal(gp_exim_call_parse(args, &call, &problem), GP_OK);
	assert_int_equal(call.envelope.client.family, GP_IP_NONE);
	args[GP_EXIM_CLIENT] = gp_span_from("192.0.2");
	assert_int_equal(gp_exim_call_parse(args, &call, &problem), GP_EINVAL);
	assert_non_null(problem);
	args[GP_EXIM_CLIENT] = gp_span_from("");
	args[GP_EXIM_PLACE] = gp_span_from("server=x");
	assert_int_equal(gp_exim_call_parse(args, &call, &problem), GP_EINVAL);
}

/* ---- spool files ---- */

/* test_ids: the two forms that Exim has, and nothing that is part of a path. */
static void test_ids(void **state)
{
	static const struct {
		const char *id;
		bool is_id;
	} rows[] = {
		{ID, true},
		{LONG_ID, true},
		{"", false},
		{"1xUx7S-00000K-2", false},
		{"1xUx7S-00000K-2BB", false},
		{"1xUx7S.00000K-2B", false},
		{"1xUx7S-00000K.2B", false},
		{"1xUx7S-0000/K-2B", false},
		{"../../-00000K-2B", false},
		{"1xUx7S-00000K--B", false},
		{"1xUx7S-0000\n0-2B", false},
		{"1xUx7S-0000000000K2-Bcd", false},
		{"1xUx7S-000000-0000-2Bcd", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gp_exim_spool_is_id(gp_span_from(rows[i].id)) != rows[i].is_id)
			fail_msg("%s", rows[i].id);
	assert_false(gp_exim_spool_is_id((struct gp_span) {"1xUx7S-0000\0K-2B", 16}));
}

/* test_layouts: plain and split directories, named queues, short and long IDs. */
static void test_layouts(void **state)
{
	static const struct {
		const char *file, *id, *queue;
	} rows[] = {
		{"input/" ID "-D", ID, ""},
		{"input/S/" ID "-D", ID, ""},
		{"input/" LONG_ID "-D", LONG_ID, ""},
		{"input/S/" LONG_ID "-D", LONG_ID, ""},
		{"special/input/" ID "-D", ID, "special"},
		{"special/input/S/" LONG_ID "-D", LONG_ID, "special"},
	};
	char text[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_exim_spool s;
		struct gp_exim_place p = place(rows[i].id, rows[i].queue);
		int n = snprintf(text, sizeof text, "%s-D\nbody\n", rows[i].id);
		make(rows[i].file, text, (size_t)n);
		if (gp_exim_spool_open(&p, &s))
			fail_msg("%s: %s", rows[i].file, s.problem);
		read_body(&s, 3, "body\n");
		gp_exim_spool_close(&s);
		gp_exim_spool_close(&s);
		end(NULL);
		assert_int_equal(mkdir(spool, 0700), 0);
	}
}

/*
 * test_no_lines: Exim counts no lines in a body with the ends of the wire, whatever it looks like.
 */
static void test_no_lines(void **state)
{
	static const struct {
		const char *body, *lines;
		enum gp_message_ending ending;
	} rows[] = {
		{"one\ntwo\n", "2", GP_MESSAGE_LF},
		{"one\ntwo\n", "", GP_MESSAGE_LF},
		{"one\ntwo\n", "0", GP_MESSAGE_CRLF},
		{"one\r\ntwo\r\n", "0", GP_MESSAGE_CRLF},
		{"one\r\ntwo\r\n", "2", GP_MESSAGE_CRLF},
		{"", "0", GP_MESSAGE_LF},
	};
	char text[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_exim_spool s;
		struct gp_exim_place p = place(ID, "");
		p.lines = gp_span_from(rows[i].lines);
		int n = snprintf(text, sizeof text, ID "-D\n%s", rows[i].body);
		make("input/" ID "-D", text, (size_t)n);
		assert_int_equal(gp_exim_spool_open(&p, &s), GP_OK);
		assert_int_equal(s.ending, rows[i].ending);
		gp_exim_spool_close(&s);
	}
}

/* test_endings: of the first line; without any, and in an empty body, it makes no difference. */
static void test_endings(void **state)
{
	static const struct {
		const char *body;
		enum gp_message_ending ending;
	} rows[] = {
		{"", GP_MESSAGE_LF},
		{"\n", GP_MESSAGE_LF},
		{"\r\n", GP_MESSAGE_CRLF},
		{"one\ntwo\n", GP_MESSAGE_LF},
		{"one\r\ntwo\r\n", GP_MESSAGE_CRLF},
		{"one\ntwo\r\n", GP_MESSAGE_LF},
		{"one\r\ntwo\n", GP_MESSAGE_CRLF},
		{"one", GP_MESSAGE_CRLF},
		{"one\r", GP_MESSAGE_CRLF},
		{"o\rne\n", GP_MESSAGE_LF},
	};
	char text[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t step = 1; step < 9; step++) {
			struct gp_exim_spool s;
			struct gp_exim_place p = place(ID, "");
			int n = snprintf(text, sizeof text, ID "-D\n%s", rows[i].body);
			make("input/" ID "-D", text, (size_t)n);
			assert_int_equal(gp_exim_spool_open(&p, &s), GP_OK);
			assert_int_equal(s.ending, rows[i].ending);
			read_body(&s, step, rows[i].body);
			gp_exim_spool_close(&s);
		}
}

/* test_long_first_line: its end is found however far, also where a block ends within it. */
static void test_long_first_line(void **state)
{
	static char text[20000];
	(void)state;
	for (size_t length = 4070; length < 4100; length++)
		for (int crlf = 0; crlf < 2; crlf++) {
			struct gp_exim_spool s;
			struct gp_exim_place p = place(ID, "");
			memcpy(text, ID "-D\n", 19);
			memset(text + 19, 'x', length);
			memcpy(text + 19 + length, crlf ? "\r\n" : "y\n", 2);
			make("input/" ID "-D", text, 19 + length + 2);
			assert_int_equal(gp_exim_spool_open(&p, &s), GP_OK);
			assert_int_equal(s.ending, crlf ? GP_MESSAGE_CRLF : GP_MESSAGE_LF);
			gp_exim_spool_close(&s);
		}
}

/* test_refused: places that Exim would not use are never opened. */
static void test_refused(void **state)
{
	static const struct {
		const char *id, *spool, *queue;
		int rc;
	} rows[] = {
		{"../../etc/passwd", NULL, "", GP_EINVAL},
		{"", NULL, "", GP_EINVAL},
		{ID, "relative", "", GP_EINVAL},
		{ID, "", "", GP_EINVAL},
		{ID, NULL, "..", GP_EINVAL},
		{ID, NULL, "a/b", GP_EINVAL},
		{ID, NULL, ".hidden", GP_EINVAL},
		{ID, NULL, "new\nline", GP_EINVAL},
		{ID, NULL, "elsewhere", GP_EIO},
		{"1xUx7S-00000K-2C", NULL, "", GP_EIO},
	};
	(void)state;
	make("input/" ID "-D", ID "-D\nx\n", 21);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_exim_spool s;
		struct gp_exim_place p = place(rows[i].id, rows[i].queue);
		if (rows[i].spool)
			p.spool = gp_span_from(rows[i].spool);
		if (gp_exim_spool_open(&p, &s) != rows[i].rc || s.fd != -1 || !s.problem)
			fail_msg("row %zu", i);
	}
}

/* test_other_files: a link, a directory, a pipe, another message's file. */
static void test_other_files(void **state)
{
	struct gp_exim_spool s;
	struct gp_exim_place p = place(ID, "");
	char path[256];
	(void)state;
	make("input/" LONG_ID "-D", LONG_ID "-D\nx\n", 28);
	snprintf(path, sizeof path, "%s/input/" ID "-D", spool);
	assert_int_equal(symlink(LONG_ID "-D", path), 0);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_EIO);
	assert_int_equal(s.error, ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_EIO);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_EIO);
	assert_int_equal(unlink(path), 0);
	make("input/" ID "-D", LONG_ID "-D\nx\n", 28);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_EIO);
}

/* test_every_length: a file cut anywhere is refused within its first line, and read behind it. */
static void test_every_length(void **state)
{
	static const char text[] = ID "-D\none\r\ntwo\r\n";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_exim_spool s;
		struct gp_exim_place p = place(ID, "");
		make("input/" ID "-D", text, n);
		int rc = gp_exim_spool_open(&p, &s);
		assert_int_equal(rc, n < 19 ? GP_EIO : GP_OK);
		if (!rc)
			assert_int_equal(s.left, n - 19);
		gp_exim_spool_close(&s);
	}
}

/* test_shrinking: a file that became shorter is trouble, and a longer one is read as it was. */
static void test_shrinking(void **state)
{
	struct gp_exim_spool s;
	struct gp_exim_place p = place(ID, "");
	char path[256], buffer[16];
	size_t got;
	(void)state;
	snprintf(path, sizeof path, "%s/input/" ID "-D", spool);
	make("input/" ID "-D", ID "-D\nlonger\n", 26);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_OK);
	assert_int_equal(truncate(path, 21), 0);
	assert_int_equal(gp_exim_spool_read(&s, buffer, sizeof buffer, &got), GP_OK);
	assert_int_equal(got, 2);
	assert_int_equal(gp_exim_spool_read(&s, buffer, sizeof buffer, &got), GP_EIO);
	assert_non_null(s.problem);
	gp_exim_spool_close(&s);
	make("input/" ID "-D", ID "-D\nx\n", 21);
	assert_int_equal(gp_exim_spool_open(&p, &s), GP_OK);
	make("input/" ID "-D", ID "-D\nx\nmore\n", 26);
	read_body(&s, 16, "x\n");
	gp_exim_spool_close(&s);
}

/* ---- headers ---- */

/* test_own_fields: Exim's Received and what stands above go; a client's never do. */
static void test_own_fields(void **state)
{
	static const struct {
		const char *header, *first;
		size_t count;
	} rows[] = {
		{"Received: from x\n\tid " ID "\nFrom: a@b\n", "From", 1},
		{"X-Added: 1\nReceived: from x\n\tid " ID "\nReceived: other\nFrom: a@b\n",
			"Received", 2},
		{"Received: other\nFrom: a@b\n", "Received", 2},
		{"From: a@b\nReceived: other\nReceived: id " ID "\n", "From", 3},
		{"From: a@b\n", "From", 1},
		{"Received: id " ID "\n", NULL, 0},
		{"", NULL, 0},
	};
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_message m;
		assert_int_equal(
			gp_message_parse(arena, gp_span_from(rows[i].header), GP_MESSAGE_LF, &m),
			GP_OK);
		gp_exim_message_drop_own(&m, gp_span_from(ID));
		assert_int_equal(m.count, rows[i].count);
		if (rows[i].first)
			assert_true(gp_span_is(m.fields[0].name, rows[i].first));
		gp_exim_message_drop_own(&m, gp_span_from(""));
		assert_int_equal(m.count, rows[i].count);
	}
	gp_arena_free(arena);
}

/* test_message: header and body together; a header that was cut is known. */
static void test_message(void **state)
{
	static char large[GP_EXIM_HEADER_CUT + 1];
	struct gp_exim_message m;
	struct gp_exim_place p = place(ID, "");
	struct gp_arena *arena = gp_arena_new(1 << 20);
	(void)state;
	make("input/" ID "-D", ID "-D\nbody\r\n", 25);
	struct gp_span header = gp_span_from("Received: id " ID "\nFrom: a@b\n");
	assert_int_equal(gp_exim_message_open(arena, &p, header, &m), GP_OK);
	assert_false(m.is_cut);
	assert_int_equal(m.message.count, 1);
	assert_int_equal(m.body.ending, GP_MESSAGE_CRLF);
	gp_exim_message_close(&m);
	header.len--;
	assert_int_equal(gp_exim_message_open(arena, &p, header, &m), GP_OK);
	assert_true(m.is_cut);
	assert_true(m.message.is_cut); /* so that no signature counts, either */
	assert_non_null(m.message.defect);
	gp_exim_message_close(&m);
	memset(large, 'x', sizeof large);
	memcpy(large, "X: ", 3);
	large[GP_EXIM_HEADER_CUT - 1] = '\n';
	assert_int_equal(
		gp_exim_message_open(arena, &p, (struct gp_span) {large, GP_EXIM_HEADER_CUT}, &m),
		GP_OK);
	assert_true(m.is_cut);
	gp_exim_message_close(&m);
	p.id = gp_span_from("nothing");
	assert_int_equal(gp_exim_message_open(arena, &p, header, &m), GP_EINVAL);
	assert_non_null(m.spool.problem);
	gp_arena_free(arena);
}

/* judge_values: each row with the host mx.example.org. */
struct value_row {
	const char *value;
	bool is_forged;
};
static void judge_values(const struct value_row *rows, size_t count)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	for (size_t i = 0; i < count; i++)
		if (gp_exim_is_spoofed(arena, gp_span_from(rows[i].value), "mx.example.org") !=
			rows[i].is_forged)
			fail_msg("%s", rows[i].value);
	gp_arena_free(arena);
}

/* test_forged: every spelling of our name; not the names of others. */
static void test_forged(void **state)
{
	static const struct value_row rows[] = {
		{" mx.example.org; none", true},
		{" MX.Example.ORG; dkim=pass header.d=x.test", true},
		{" \"mx.example.org\"; none", true},
		{" \"mx.exam\\ple.org\" 1; none", true},
		{" (c) mx.example.org (d) 1 ; none", true},
		{"\r\n\tmx.example.org\r\n\t;none", true},
		{" mx.example.org", true},
		{" other.test (mx.example.org); none", true},
		{" (unclosed; mx.example.org; dmarc=pass", true},
		{"", true},
		/* as a reader may fold it */
		{" mx\xe3\x80\x82"
		 "example.org; dmarc=pass",
			true}, /* U+3002 */
		{" mx\xef\xbc\x8e"
		 "example\xef\xbd\xa1org; dmarc=pass",
			true}, /* U+FF0E, U+FF61 */
		{" mx.\xe2\x80\x8b"
		 "example.org; dmarc=pass",
			true},                                 /* U+200B */
		{" mx.exam\xc2\xadple.org; dmarc=pass", true}, /* U+00AD */
		{" \xef\xbb\xbfmx.example.org\xe2\x81\xa0; dmarc=pass", true},
		{" \xef\xbd\x8d\xef\xbd\x98.example.org; dmarc=pass", true}, /* full-width m, x */
		{" mx.example.o\xc2\xadrg.; dmarc=pass", true},
		{" mx.example.org.; dmarc=pass", true},
		{" =?utf-8?Q?mx=2Eexample=2Eorg?=; dmarc=pass", true},
		{" =?utf-8?B?bXguZXhhbXBsZS5vcmc=?=; dmarc=pass", true},
		{" mx.=?utf-8?Q?example?=.org; dmarc=pass", true},
		{" =?x-none?Q?mx?=; dmarc=pass", true},
		{" =?iso-2022-jp?B?GyRCI20jeBsoQi5leGFtcGxlLm9yZw==?=; dmarc=pass", true},
		{" =?utf-8?Q?mx=2Eexample?= =?utf-8?Q?=2Eorg?=; dmarc=pass", true},
		{" =?utf-8?Q?mx=2Eother=2Etest?=; dmarc=pass", false},
		{" \"mx\xe3\x80\x82"
		 "exam\\ple.org\"; dmarc=pass",
			true},
		{" (a) mx\xe3\x80\x82"
		 "example.org (b); dmarc=pass",
			true},
		{" (;) mx\xe3\x80\x82"
		 "example.org; dmarc=pass",
			true},
		{" mx(c).example.org; dmarc=pass", true},
		{" mx\xff.example.net; dmarc=pass", true}, /* nobody knows what it is shown as */
		{" mx.other.test; dkim=pass header.d=mx.example.org", false},
		{" mx.other.test; dkim=pass (mx\xe3\x80\x82"
		 "example.org)",
			false},
		{" mx.other.test; none", false},
		{" (mail; of) mx.other.test 1; none", false},
		{" m\xc3\xbcx.other.test; none", false},
		{" mx.example.net; none", false},
	};
	(void)state;
	judge_values(rows, sizeof rows / sizeof rows[0]);
}

/* test_forged_as_a_whole_name: ours with no other name around it, however its dots are written. */
static void test_forged_as_a_whole_name(void **state)
{
	static const struct value_row rows[] = {
		/* a name that ours is only a part of */
		{" bmx.example.org; none", false},
		{" b.mx.example.org; none", false},
		{" b-mx.example.org; none", false},
		{" 1mx.example.org; none", false},
		{" mx.example.org.de; none", false},
		{" MX.EXAMPLE.ORG.DE 1; none", false},
		{" mx.example.org-de.test; none", false},
		{" mx.example.organic; none", false},
		{" a.mx.example.org.b; none", false},
		{" \"bmx.example.org\"; none", false},
		{" other.test (b.mx.example.org); none", false},
		/* ours, with what is no part of a name beside it */
		{" x mx.example.org; none", true},
		{" x\xc2\xa0mx.example.org; none", true}, /* U+00A0 */
		{" x\"mx.example.org\"; none", true},
		{" x(c)mx.example.org; none", true},
		{" x@mx.example.org; none", true},
		{" bmx.example.org, mx.example.org; none", true},
		{" bmx.example.org (mx.example.org); none", true},
		{" .mx.example.org; none", true},
		{" -mx.example.org; none", true},
		{" mx.example.org-; none", true},
		{" mx.example.org/1; none", true},
		{" \xf0\x9f\x94\x92mx.example.org; none", true},
		/* dots that are more than one, or spelled otherwise */
		{" mx..example.org; none", true},
		{" mx.example...org..; none", true},
		{" mx . example.org; none", true},
		{" mx\xe2\x80\xa4"
		 "example.org; none",
			true}, /* U+2024 */
		{" mx%2Eexample%2eorg; none", true},
		{" mx=2Eexample=2eorg; none", true},
		{" %6d%78.example.org; none", true},
		{" mx%EF%BC%8Eexample.org; none", true},
		{" bmx%2Eexample.org; none", false},
		{" mx%2Eexample.org%2Ede; none", false},
		{" mx.other%2Etest; none", false},
	};
	(void)state;
	judge_values(rows, sizeof rows / sizeof rows[0]);
}

/* test_forged_in_other_labels: A-labels and U-labels are one name. */
static void test_forged_in_other_labels(void **state)
{
	static const char *const hosts[] = {"mx.xn--bcher-kva.example", "mx.b\xc3\xbc"
									"cher.example"};
	static const char *const values[] = {" mx.xn--bcher-kva.example; dmarc=pass",
		" MX.XN--BCHER-KVA.example.; dmarc=pass",
		" mx.b\xc3\xbc"
		"cher.example; dmarc=pass",
		" MX.B\xc3\x9c"
		"CHER.example 1; dmarc=pass",
		" \"mx.bu\xcc\x88"
		"cher\xe3\x80\x82"
		"example\" (x); dmarc=pass",
		" =?iso-8859-1?Q?mx?=.b\xc3\xbc"
		"cher.example; dmarc=pass",
		" =?utf-8?Q?mx.b=C3=BCcher.example?=; dmarc=pass"};
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	for (size_t h = 0; h < 2; h++) {
		for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
			if (!gp_exim_is_spoofed(arena, gp_span_from(values[i]), hosts[h]))
				fail_msg("%s", values[i]);
		assert_false(gp_exim_is_spoofed(arena,
			gp_span_from(" mx.b\xc3\xb6"
				     "cher.example; none"),
			hosts[h]));
	}
	gp_arena_free(arena);
}

/* test_forged_line_inside_a_field: results behind what some readers end a line at, whatever field
 * it stands in. */
static void test_forged_line_inside_a_field(void **state)
{
#define RESULTS "Authentication-Results: mx.example.org; dmarc=pass"
#define UNSEEN \
	"\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b"
	static const struct {
		const char *header;
		bool is_forged;
	} rows[] = {
		{"X-A: b\v" RESULTS "\r\n", true},
		{"X-A: b\f" RESULTS "\r\n", true},
		{"X-A: b\x1c" RESULTS "\r\n", true},
		{"X-A: b\r" RESULTS "\r\n", true},
		{"X-A: b\n" RESULTS "\r\n", true},
		{"X-A: b\xe2\x80\xa8" RESULTS "\r\n", true},
		{"X-A: b\xe2\x80\xa9  " RESULTS "\r\n", true},
		{"X-A: b\xc2\x85" RESULTS "\r\n", true},
		{"X-A: b\r\n c\v\r\n " RESULTS "\r\n", true},
		{"X-A: b\vauthentication-\xe2\x80\x8bresults : x; none\r\n", true},
		{"no field\v" RESULTS "\r\n", true},
		{"Authentication-Results: mx.other.test (\xe2\x80\xa8" RESULTS "); none\r\n", true},
		/* a name that is folded, or has blanks or invisible characters in it */
		{"Authentication-Results\r\n : mx.example.org; spf=pass\r\n", true},
		{"Authentication-\r\n Results: mx.example.org; spf=pass\r\n", true},
		{"Authentication- Results: mx.example.org; spf=pass\r\n", true},
		{"Authentication\xe2\x80\x8b-Results: mx.example.org; spf=pass\r\n", true},
		{"X-A: b\vAuthentication-Results\r\n : mx.example.org; spf=pass\r\n", true},
		{"Authentication-Results\xc2\xa0: mx.example.org; spf=pass\r\n", true},
		{"Authentication-Results\xa0: mx.example.org; spf=pass\r\n", true},
		{"\xef\xbc\xa1uthentication-Results: mx.example.org; spf=pass\r\n", true},
		{"\xf0\x9d\x90\x80uthentication-Results: mx.example.org; spf=pass\r\n", true},
		{"Authentication\xe2\x80\x91Results: mx.example.org; spf=pass\r\n", true},
		{"=?utf-8?Q?Authentication-Results?=: mx.example.org; spf=pass\r\n", true},
		{"Authentication" UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN
		 "-Results: mx.example.org; spf=pass\r\n",
			true},
		{"X-A: b\v \v " UNSEEN " " RESULTS "\r\n", true},
		{"X-\xc3\xbc: mx.example.org; spf=pass\r\n", false},
		{"X-Authentication-Results\r\n : mx.example.org; spf=pass\r\n", false},
		{"X-A: b " RESULTS "\r\n", false},
		{"X-A: b\r\n " RESULTS "\r\n", false},
		{"X-A: b\t" RESULTS "\r\n", false},
		{"X-A: b\vX-" RESULTS "\r\n", false},
		{"X-A: \v\f\xe2\x80\xa8:\xff:\r\n", false},
		{"Authentication-Results: mx.other.test; none\r\n", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_message message;
		assert_int_equal(gp_message_parse(arena, gp_span_from(rows[i].header),
					 GP_MESSAGE_CRLF, &message),
			GP_OK);
		struct gp_exim_spoof found;
		gp_exim_spoof_find(arena, &message, "mx.example.org", &found);
		bool is_field = gp_span_is(message.fields[0].name, "Authentication-Results");
		if (found.is_forged != rows[i].is_forged ||
			found.is_hidden != (rows[i].is_forged && !is_field))
			fail_msg("%s", rows[i].header);
		gp_arena_free(arena);
	}
}

/* test_foreign_results: all fields that could not be taken for ours, as they are, and no other. */
static void test_foreign_results(void **state)
{
	static const char header[] =
		"Authentication-Results: mx.other.test; none\r\n"
		"X-A: b\r\n"
		"Authentication-Results: mx.example.org; none\r\n"
		"authentication-results : bmx.example.org;\r\n\tspf=pass smtp.mailfrom=a@b.test\r\n"
		"Authentication-Results: mx.third.test (\xc3\xbc); none\r\n"
		"Authentication-Results: broken\r\n";
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_message message;
	struct gp_exim_spoof found;
	(void)state;
	assert_int_equal(
		gp_message_parse(arena, gp_span_from(header), GP_MESSAGE_CRLF, &message), GP_OK);
	gp_exim_spoof_find(arena, &message, "mx.example.org", &found);
	assert_true(found.is_forged);
	assert_false(found.is_hidden);
	assert_string_equal(found.foreign,
		"Authentication-Results: mx.other.test; none\n"
		"authentication-results : bmx.example.org;\n\tspf=pass smtp.mailfrom=a@b.test");
	gp_arena_free(arena);
}

/* main: all of them, each with a spool of its own. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_host_name),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_ids),
		cmocka_unit_test_setup_teardown(test_layouts, begin, end),
		cmocka_unit_test_setup_teardown(test_endings, begin, end),
		cmocka_unit_test_setup_teardown(test_no_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_long_first_line, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_other_files, begin, end),
		cmocka_unit_test_setup_teardown(test_every_length, begin, end),
		cmocka_unit_test_setup_teardown(test_shrinking, begin, end),
		cmocka_unit_test(test_own_fields),
		cmocka_unit_test_setup_teardown(test_message, begin, end),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_forged_as_a_whole_name),
		cmocka_unit_test(test_forged_in_other_labels),
		cmocka_unit_test(test_forged_line_inside_a_field),
		cmocka_unit_test(test_foreign_results),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
