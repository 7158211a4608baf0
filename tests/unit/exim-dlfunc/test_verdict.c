/* SPDX-License-Identifier: ISC */
/*
 * What Exim is told: nothing stale, trouble as an answer, the configuration as it changes, limits
 * over forks. DNS is a port where nobody listens.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/record.h"
#include "exim-dlfunc/verdict.h"
#include "store/store.h"
#include "support/judge.h"

#define ID "1xUx7S-00000K-2B"
#define OTHER "1xUx7S-00000K-2C"
#define HEADER "Received: by x\n\tid " ID "\nFrom: a@a.test\n"
#define DNS "hostname = mx.test\ndns { servers = {\"127.0.0.1:1\"} timeout = 100ms attempts = 1 }\n"

/* One test's process of Exim. */
struct scene {
	struct gp_exim x;
	char folder[64], conf[128], where[512];
	struct gp_exim_call call;
};

/* write_file: replaces it, by another one. */
static void write_file(const struct scene *s, const char *name, const char *text)
{
	char path[256], temporary[300];
	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	snprintf(temporary, sizeof temporary, "%s.new", path);
	FILE *f = fopen(temporary, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(temporary, path), 0);
}

/* remove_file: of the scene. */
static void remove_file(const struct scene *s, const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	assert_int_equal(unlink(path), 0);
}

/* set_call: another message. */
static void set_call(struct scene *s, const char *id, const char *user)
{
	struct gp_span args[GP_EXIM_ENVELOPE_ARGS] = {{NULL, 0}};
	const char *problem;
	snprintf(s->where, sizeof s->where, "conf=%s\nid=%s\nspool=%s", s->conf, id, s->folder);
	args[GP_EXIM_PLACE] = gp_span_from(s->where);
	args[GP_EXIM_CLIENT] = gp_span_from("192.0.2.1");
	args[GP_EXIM_HELO] = gp_span_from("client.test");
	args[GP_EXIM_SENDER] = gp_span_from("a@a.test");
	args[GP_EXIM_USER] = gp_span_from(user);
	assert_int_equal(gp_exim_call_parse(args, &s->call, &problem), GP_OK);
}

/* write_spool: the body of a message. */
static void write_spool(const struct scene *s, const char *id)
{
	char name[128], text[128];
	snprintf(name, sizeof name, "%s/input", s->folder);
	(void)mkdir(name, 0700); /* it may be there */
	snprintf(name, sizeof name, "input/%s-D", id);
	snprintf(text, sizeof text, "%s-D\nbody\n", id);
	write_file(s, name, text);
}

/* begin: a directory with a configuration and a message. */
static void begin(struct scene *s, const char *conf)
{
	memset(s, 0, sizeof *s);
	gp_exim_init(&s->x);
	snprintf(s->folder, sizeof s->folder, "/tmp/gatepost-exim.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->conf, sizeof s->conf, "%s/gatepost.conf", s->folder);
	if (conf)
		write_file(s, "gatepost.conf", conf);
	write_spool(s, ID);
	set_call(s, ID, "");
}

/* end: nothing is left. */
static void end(struct scene *s)
{
	char command[128];
	gp_exim_fini(&s->x);
	snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
}

/* get: a field of the message ID. */
static const char *get(struct scene *s, const char *id, const char *name)
{
	return gp_exim_get(&s->x, gp_span_from(id), gp_span_from(name));
}

/* check: the message of the call. */
static const char *check(struct scene *s)
{
	return gp_exim_check(&s->x, &s->call, gp_span_from(HEADER));
}

/* ---- messages ---- */

/* test_kept: the same question is answered without work; another message's answer is not shown. */
static void test_kept(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "dmarc { on_temperror = defer }\n");
	assert_string_equal(check(&s), "defer");
	assert_string_equal(get(&s, ID, "dmarc.result"), "temperror");
	assert_string_equal(get(&s, ID, "problem"), "");
	assert_string_equal(get(&s, ID, "results.forged"), "no");
	assert_string_equal(get(&s, "1xUx7S-00000K-2C", "results.forged"), "yes"); /* not checked */
	assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.7.26 ", 11);
	assert_memory_equal(gp_exim_results(&s.x, &s.call.place), "mx.test;", 8);
	remove_file(&s, "input/" ID "-D"); /* so that work would fail */
	assert_string_equal(check(&s), "defer");
	assert_string_equal(get(&s, ID, "problem"), "");
	assert_string_equal(get(&s, ID, "no.such"), "");
	assert_string_equal(get(&s, OTHER, "dmarc.result"), "");
	assert_string_equal(get(&s, OTHER, "problem"), "");
	assert_string_equal(get(&s, "", "dmarc.result"), "");
	set_call(&s, OTHER, "");
	assert_string_equal(gp_exim_reply(&s.x, &s.call), "");
	assert_string_equal(gp_exim_results(&s.x, &s.call.place), "mx.test; none");
	end(&s);
}

/* test_key: another header, sender or user of the same message is another question. */
static void test_key(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS);
	assert_string_equal(check(&s), "defer");
	set_call(&s, ID, "alice");
	assert_string_equal(check(&s), "accept"); /* users are not checked */
	assert_string_equal(gp_exim_reply(&s.x, &s.call), "");
	remove_file(&s, "input/" ID "-D");
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(HEADER "X: y\n")), "accept");
	assert_string_not_equal(get(&s, ID, "problem"), "");
	end(&s);
}

/* test_trouble: no spool file, by on_error; the reply and the cause are there. */
static void test_trouble(void **state)
{
	static const struct {
		const char *conf, *word, *reply;
	} rows[] = {
		{DNS, "accept", ""},
		{DNS "exim { on_error = accept }\n", "accept", ""},
		{DNS "exim { on_error = defer }\n", "defer", "451 4.3.0 "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		begin(&s, rows[i].conf);
		remove_file(&s, "input/" ID "-D");
		assert_string_equal(check(&s), rows[i].word);
		assert_memory_equal(
			gp_exim_reply(&s.x, &s.call), rows[i].reply, strlen(rows[i].reply));
		assert_string_equal(get(&s, ID, "problem"), "the spool file cannot be opened");
		assert_string_equal(get(&s, ID, "results.forged"), "yes"); /* nobody knows */
		assert_string_equal(get(&s, ID, "dmarc.result"), "");
		assert_string_equal(gp_exim_results(&s.x, &s.call.place), "mx.test; none");
		end(&s);
	}
}

/* test_no_configuration: deferred, until there is one. */
static void test_no_configuration(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, NULL);
	assert_string_equal(check(&s), "defer");
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.3.0 ", 10);
	assert_string_equal(get(&s, ID, "problem"), "there is no configuration");
	assert_string_equal(get(&s, ID, "results.forged"), "yes");
	assert_non_null(strstr(gp_exim_results(&s.x, &s.call.place), "; none"));
	write_file(&s, "gatepost.conf", DNS "dmarc { mode = label }\nspf { mode = label }\n");
	assert_string_equal(check(&s), "accept");
	set_call(&s, ID, "");
	s.call.place.conf = gp_span_from("relative.conf");
	assert_string_equal(check(&s), "defer");
	end(&s);
}

/* test_bad_call: what no macro of ours writes. */
static void test_bad_call(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "exim { on_error = defer }\n");
	assert_string_equal(gp_exim_bad_call(&s.x, s.call.place.conf, "test"), "defer");
	write_file(&s, "gatepost.conf", DNS "exim { on_error = accept }\n");
	assert_string_equal(gp_exim_bad_call(&s.x, s.call.place.conf, "test"), "accept");
	assert_string_equal(gp_exim_bad_call(&s.x, gp_span_from(""), "test"), "defer");
	end(&s);
}

/* test_too_large: what the sender made too large is deferred, whatever on_error says. */
static void test_too_large(void **state)
{
	static const char field[] = "DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=s; h=from:x;"
				    " b=AAAA; bh=%s\n";
	struct scene s;
	char *header = calloc(1, 60001), *to = header;
	(void)state;
	begin(&s, DNS "exim { on_error = accept memory = 1M }\n");
	for (size_t i = 0; i < 20; i++) /* each of them signs the large field */
		to += sprintf(to, field, "Ck5SoRNWUpSR4X0COv7R5ub2pUTtl6xz4dTFz++ji4M=");
	to += sprintf(to, "From: a@a.test\nX: ");
	memset(to, 'x', 55000 - (size_t)(to - header));
	header[54999] = '\n';
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(header)), "defer");
	assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.3.0 ", 10);
	write_file(&s, "gatepost.conf",
		DNS "exim { memory = 1M } spf { mode = label } dmarc { mode = label }\n");
	set_call(&s, OTHER, "");
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(header)), "accept");
	free(header);
	end(&s);
}

/* test_too_many_fields: the true reason, for good: trying again will not help. */
static void test_too_many_fields(void **state)
{
	struct scene s;
	char *header = calloc(1, 60001);
	(void)state;
	begin(&s, DNS "exim { on_error = accept }\n");
	for (size_t i = 0; i < 60000; i += 3)
		memcpy(header + i, "a:\n", 3);
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(header)), "reject");
	assert_string_equal(gp_exim_reply(&s.x, &s.call),
		"550 5.7.1 The From field has no single author domain: the header has more than "
		"4096 fields");
	assert_string_equal(get(&s, ID, "results.forged"), "yes");
	write_file(&s, "gatepost.conf", DNS "dmarc { mode = label }\n");
	set_call(&s, OTHER, "");
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(header)), "accept");
	free(header);
	end(&s);
}

/* test_cut_but_exempt: a client that is exempt is so whatever it sends. */
static void test_cut_but_exempt(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "dmarc { exempt_clients = {\"0.0.0.0/0\", \"::/0\"} }\n");
	set_call(&s, ID, "");
	assert_string_equal(gp_exim_check(&s.x, &s.call, gp_span_from(HEADER "X: cut")), "accept");
	end(&s);
}

/* test_cut_header: nobody knows the author of it; users and label mode are let in. */
static void test_cut_header(void **state)
{
	static const struct {
		const char *conf, *user, *word;
	} rows[] = {
		{DNS, "", "reject"},
		{DNS "dmarc { on_bad_from = quarantine on_temperror = accept }\n", "",
			"quarantine"},
		{DNS "dmarc { on_bad_from = defer }\n", "", "defer"},
		{DNS "dmarc { on_bad_from = accept on_temperror = accept }\n", "", "accept"},
		{DNS "dmarc { mode = label }\n", "", "accept"},
		{DNS "dmarc { from_code = \"451 4.7.1\" }\n", "", "defer"},
		{DNS, "alice", "accept"},
		/* what excuses a whole message has seen a part of this one only */
		{DNS "dmarc { exempt_domains = {\".test\", \".example\", \".org\"} }\n", "",
			"reject"},
	};
	struct scene s;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(&s, rows[i].conf);
		set_call(&s, ID, rows[i].user);
		const char *word = gp_exim_check(&s.x, &s.call, gp_span_from(HEADER "X: cut"));
		if (strcmp(word, rows[i].word))
			fail_msg("row %zu: %s", i, word);
		assert_string_equal(get(&s, ID, "results.forged"), "yes");
		if (!*rows[i].user)
			assert_non_null(
				strstr(gp_exim_results(&s.x, &s.call.place), "dmarc=permerror"));
		end(&s);
	}
}

/* ---- SPF ---- */

/* test_spf: remembered for the same question; the reply of no other one. */
static void test_spf(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "spf { on_temperror = defer }\n");
	set_call(&s, "", "");
	assert_string_equal(gp_exim_reply(&s.x, &s.call), "");
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	int64_t at_us = s.x.spf.at_us;
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_int_equal(s.x.spf.at_us, at_us);
	assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.4.3 ", 10);
	s.call.envelope.recipient = gp_span_from("other@here.test");
	assert_string_equal(gp_exim_reply(&s.x, &s.call), "");
	assert_string_equal(gp_exim_spf_header(&s.x, &s.call), "");
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_true(s.x.spf.at_us > at_us);
	s.x.spf.at_us -= 61000000;
	at_us = s.x.spf.at_us;
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_true(s.x.spf.at_us > at_us);
	end(&s);
}

/* test_want_of_files: no verdict comes of it; exim.on_error decides, where mail may be refused. */
static void test_want_of_files(void **state)
{
	static const struct {
		const char *conf, *spf, *mail;
	} rows[] = {
		{DNS "exim { on_error = defer }\n", "defer", "defer"},
		{DNS "exim { on_error = accept }\ndmarc { on_temperror = defer }\n", "accept",
			"accept"},
		{DNS "exim { on_error = defer }\nspf { mode = label }\ndkim { mode = label }\n"
		     "dmarc { mode = label }\n",
			"accept", "accept"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		struct rlimit was, none;
		begin(&s, rows[i].conf);
		gp_exim_preload(&s.x, s.call.place.conf);
		int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(lowest >= 0);
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
		/* one for the message's own file */
		none = (struct rlimit) {.rlim_cur = (rlim_t)lowest, .rlim_max = was.rlim_max};
		close(lowest);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		const char *spf = gp_exim_spf(&s.x, &s.call);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_string_equal(spf, rows[i].spf);
		if (*spf == 'd')
			assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.3.0 ", 10);
		end(&s);
	}
}

/* ---- the configuration ---- */

/* asked: the word for a message that was never asked about. */
static const char *asked(struct scene *s)
{
	static unsigned number;
	char more[128];
	snprintf(more, sizeof more, HEADER "X: %0*d\n", 1 + (int)(number++ % 10), 1);
	return gp_exim_check(&s->x, &s->call, gp_span_from(more));
}

/* test_reload: a change of the file, of an included one, or of their directory is seen. */
static void test_reload(void **state)
{
	struct scene s;
	char text[512];
	(void)state;
	begin(&s, DNS);
	assert_string_equal(asked(&s), "defer");
	write_file(&s, "gatepost.conf", DNS "dmarc { mode = label }\n");
	assert_string_equal(asked(&s), "accept");
	snprintf(text, sizeof text, DNS "include = {\"%s/more-*.conf\"}\n", s.folder);
	write_file(&s, "gatepost.conf", text);
	assert_string_equal(asked(&s), "defer");
	const struct gp_config *config = s.x.process.current->config;
	assert_string_equal(asked(&s), "defer");
	assert_ptr_equal(s.x.process.current->config, config);
	write_file(&s, "more-1.conf", "dmarc { mode = label }\n");
	assert_string_equal(asked(&s), "accept");
	write_file(&s, "more-1.conf", "dmarc { mode = enforce }\n");
	assert_string_equal(asked(&s), "defer");
	end(&s);
}

/* test_broken: what was in force stays so, and is left alone until something changes. */
static void test_broken(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "dmarc { mode = label }\n");
	assert_string_equal(check(&s), "accept");
	write_file(&s, "gatepost.conf", "nonsense {\n");
	for (int i = 0; i < 3; i++)
		assert_string_equal(asked(&s), "accept");
	write_file(&s, "gatepost.conf", DNS);
	assert_string_equal(asked(&s), "defer");
	end(&s);
}

/* test_held: what was found survives a reload in the middle of a message. */
static void test_held(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS);
	assert_string_equal(check(&s), "defer");
	write_file(&s, "gatepost.conf", DNS "dmarc { mode = label }\n");
	gp_exim_preload(&s.x, s.call.place.conf);
	assert_int_equal(s.x.mail.snapshot->refs, 1);
	assert_ptr_not_equal(s.x.mail.snapshot, s.x.process.current);
	assert_memory_equal(gp_exim_reply(&s.x, &s.call), "451 4.7.26 ", 11);
	assert_string_equal(check(&s), "defer");
	end(&s);
}

/* ---- limits ---- */

/* begin_limits: two messages an hour, three recipients, for each user. */
static void begin_limits(struct scene *s)
{
	char text[512];
	begin(s, DNS);
	snprintf(text, sizeof text,
		DNS
		"store { uri = {\"lmdb:%s/state\"} }\n"
		"limit hourly { key = user count = messages max = 2 per = 1h }\n"
		"limit wide { key = user count = recipients max = 9 per = 1h action = reject }\n"
		"limit odd { key = user_domain count = messages max = 1 per = 1h action = hold "
		"}\n",
		s->folder);
	write_file(s, "gatepost.conf", text);
	snprintf(text, sizeof text, "%s/state", s->folder);
	assert_int_equal(mkdir(text, 0700), 0);
}

/* limit: a message with so many recipients. */
static const char *limit(struct scene *s, const char *id, const char *user, int64_t recipients)
{
	const struct gp_limit_amounts amounts = {
		.recipients = recipients, .messages = 1, .bytes = 1000};
	set_call(s, id, user);
	return gp_exim_limit(&s->x, &s->call, &amounts);
}

/* test_limits: once a message; what is refused counts nothing. */
static void test_limits(void **state)
{
	struct scene s;
	(void)state;
	begin_limits(&s);
	assert_string_equal(limit(&s, ID, "alice", 1), "accept");
	assert_string_equal(limit(&s, ID, "alice", 1), "accept"); /* the same message */
	assert_string_equal(limit(&s, OTHER, "alice", 99), "reject");
	assert_memory_equal(
		gp_exim_limit_reply(&s.x, gp_span_from(OTHER)), "550 5.7.1 wide limit", 20);
	assert_string_equal(gp_exim_limit_reply(&s.x, gp_span_from(ID)), "");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2D", "alice", 1), "accept");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2E", "alice", 1), "defer");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2F", "bob", 1), "accept");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2G", "c@d.test", 1), "accept");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2H", "c@d.test", 1), "hold");
	assert_string_equal(limit(&s, "", "erin", 1), "accept"); /* without an ID: each counts */
	assert_string_equal(limit(&s, "", "erin", 1), "accept");
	assert_string_equal(limit(&s, "", "erin", 1), "defer");
	end(&s);
}

/* test_limits_of_spellings: of one user there are many, and one limit, as over a policy socket. */
static void test_limits_of_spellings(void **state)
{
	struct scene s;
	(void)state;
	begin_limits(&s);
	assert_string_equal(limit(&s, "", "j\303\266rg", 1), "accept");
	assert_string_equal(limit(&s, "", "J\303\226RG", 1), "accept");
	assert_string_equal(limit(&s, "", "jo\314\210rg", 1), "defer");
	assert_string_equal(limit(&s, "", " \"j\303\266rg\"", 1), "defer");
	assert_string_equal(limit(&s, "", "j\342\200\213\303\266rg@", 1), "defer");
	assert_string_equal(limit(&s, "", "jorg", 1), "accept");
	end(&s);
}

/* test_fork: a child counts with a overrides of its own, and its parent goes on. */
static void test_fork(void **state)
{
	struct scene s;
	int status;
	(void)state;
	begin_limits(&s);
	assert_string_equal(limit(&s, ID, "alice", 1), "accept");
	pid_t pid = fork();
	if (pid == 0) {
		bool right = strcmp(limit(&s, "1xUx7S-00000L-2B", "alice", 1), "accept") == 0 &&
			     strcmp(limit(&s, "1xUx7S-00000L-2C", "alice", 1), "defer") == 0;
		_exit(right ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(limit(&s, OTHER, "alice", 1), "defer");
	assert_string_equal(limit(&s, OTHER, "bob", 1), "accept");
	end(&s);
}

/* fill_beside: another process with a larger store.size in the same directory. */
static int fill_beside(const struct scene *s)
{
	char uri[128];
	struct gp_store *store;
	struct gp_ctx ctx = {.clock = gp_clock_system(), .deadline_us = INT64_MAX / 2};
	snprintf(uri, sizeof uri, "lmdb:%s/state", s->folder);
	const struct gp_store_options options = {
		.uris = {uri}, .uri_count = 1, .map_bytes = 64 << 20, .sync_ms = 1000};
	if (gp_store_open(&options, &ctx, &store) != GP_OK)
		return 1;
	for (int i = 0; i < 20000; i++) {
		char name[161];
		snprintf(name, sizeof name, "%0160d", i);
		struct gp_store_count c = {.id = 1, .per_ms = 3600000, .max = 9, .take = 1};
		struct gp_store_take t = {gp_span_from(name), &c, 1};
		if (gp_store_take(store, &ctx, gp_store_now_ms(store), &t, 1) != GP_OK)
			return 2;
	}
	gp_store_close(store);
	return 0;
}

/*
 * test_grown_store: a file that another process made larger than ours is counted in all the same.
 */
static void test_grown_store(void **state)
{
	struct scene s;
	char text[512];
	struct stat st;
	int status;
	(void)state;
	begin_limits(&s);
	snprintf(text, sizeof text,
		DNS "store { uri = {\"lmdb:%s/state\"} size = 1M }\n"
		    "limit hourly { key = user count = messages max = 2 per = 1h }\n",
		s.folder);
	write_file(&s, "gatepost.conf", text);
	assert_string_equal(limit(&s, ID, "alice", 1), "accept");
	pid_t pid = fork();
	if (pid == 0)
		_exit(fill_beside(&s));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	snprintf(text, sizeof text, "%s/state/counters", s.folder);
	assert_int_equal(stat(text, &st), 0);
	assert_true(st.st_size > 2 << 20);
	assert_string_equal(limit(&s, OTHER, "alice", 1), "accept");
	assert_string_equal(limit(&s, "1xUx7S-00000K-2D", "alice", 1), "defer");
	assert_memory_equal(gp_exim_limit_reply(&s.x, gp_span_from("1xUx7S-00000K-2D")),
		"450 4.7.1 hourly limit", 22);
	end(&s);
}

/* test_no_store: trouble with the store is an answer, too. */
static void test_no_store(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, DNS "store { uri = {\"lmdb:/nowhere/at/all\"} on_failure = defer }\n"
		      "limit hourly { key = user count = messages max = 2 per = 1h }\n");
	assert_string_equal(limit(&s, ID, "alice", 1), "defer");
	assert_memory_equal(gp_exim_limit_reply(&s.x, gp_span_from(ID)), "451 4.3.0 ", 10);
	end(&s);
}

/* ---- documentation ---- */

/* test_manual: gatepost-exim(7) lists every field, and no other. */
static void test_manual(void **state)
{
	static char text[65536];
	FILE *f = fopen("man/gatepost-exim.7", "r");
	size_t listed = 0, known = 0;
	char item[80];
	(void)state;
	if (!f) {
		print_message("man/gatepost-exim.7 is not here\n");
		skip();
	}
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	const char *name;
	for (size_t i = 0; (name = gp_engine_get_name(test_judge_pipeline(), i)); i++, known++) {
		snprintf(item, sizeof item, "\n.It Li %s\n", name);
		if (!strstr(text, item))
			fail_msg("%s is missing in gatepost-exim(7)", name);
	}
	for (const char *p = text; (p = strstr(p, "\n.It Li ")) != NULL; p++)
		listed++;
	assert_int_equal(listed, known + 5); /* results and three facts of them, problem */
}

/* said: what greylisting says of the last recipient. */
static const char *said(struct scene *s)
{
	const char *text = "";
	const struct gp_record record = {&s->x.spf.facts, &s->x.spf.verdict, s->x.spf.arena};
	assert_true(gp_engine_get(&s->x.pipeline, &record, gp_span_from("greylist.result"), &text));
	return text;
}

/* test_waits: one ACL asks twice about a recipient; the next try has another answer. */
static void test_waits(void **state)
{
	struct scene s;
	char conf[512];
	(void)state;
	begin(&s, NULL);
	snprintf(conf, sizeof conf,
		DNS "store { uri = \"lmdb:%s\" }\nspf { mode = off }\n"
		    "greylist { mode = enforce  when = unknown  delay = 1h  learn = 0s }\n",
		s.folder);
	write_file(&s, "gatepost.conf", conf);
	s.call.client = gp_span_from("198.51.100.1");
	s.call.envelope.client_name = gp_span_from("mail.proper.test");
	s.call.envelope.recipient = gp_span_from("r@here.test");
	assert_int_equal(gp_ipaddr_parse(s.call.client, &s.call.envelope.client), GP_OK);
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_string_equal(said(&s), "first");
	s.x.spf.at_us += 1000000; /* hardly any time has passed */
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_string_equal(said(&s), "first");
	s.x.spf.at_us -= 2000000;
	assert_string_equal(gp_exim_spf(&s.x, &s.call), "defer");
	assert_string_equal(said(&s), "early");
	end(&s);
}

/* main: all of them. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_no_configuration),
		cmocka_unit_test(test_bad_call),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_cut_header),
		cmocka_unit_test(test_cut_but_exempt),
		cmocka_unit_test(test_spf),
		cmocka_unit_test(test_want_of_files),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_of_spellings),
		cmocka_unit_test(test_grown_store),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_no_store),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
