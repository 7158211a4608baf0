/* SPDX-License-Identifier: ISC */
/* Which limits apply to whom, with which maximum, and what says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "limit/limit_message.h"
#include "support/memstore.h"

/* conf: limits of every key, and overrides of every kind. */
static const char conf[] =
	"limit hourly { key = user count = recipients max = 100 per = 1h }\n"
	"limit daily { key = user count = messages max = 500 per = 1d }\n"
	"limit realm { key = user_domain count = recipients max = 1000 per = 1h }\n"
	"limit from { key = sender count = messages max = 10 per = 1h }\n"
	"limit fromdom { key = sender_domain count = messages max = 50 per = 1h }\n"
	"limit each { key = client count = messages max = 20 per = 1m from = {others} }\n"
	"limit net { key = network count = messages max = 200 per = 1m ipv4_prefix = 16 }\n"
	"limit site { key = all count = recipients max = 20000 per = 1h }\n"
	"limit never { key = all count = recipients max = 1 per = 1h mode = off }\n"
	"override { user = \"News@Example.ORG\" hourly = 5000 daily = unlimited }\n"
	"override { domain = \"example.org\" hourly = 300 realm = 9000 }\n"
	"override { domain = \"b\303\274cher.test\" hourly = 7 }\n"
	"override { sender = \"cron@web.test\" from = 99 }\n"
	"override { sender_domain = \"web.test\" from = 33 fromdom = 66 }\n"
	"override { client = \"192.0.2.0/24\" each = 5 }\n"
	"override { client = \"192.0.2.9\" each = 6 }\n"
	"override { client = \"192.0.0.0/16\" net = 8 }\n"
	"override { client = \"2001:db8::/32\" each = 4 }\n";

struct bench {
	struct gp_config *config;
	struct gp_test_memstore *handle;
	struct gp_limit_overrides *overrides;
	struct gp_ctx ctx;
	struct gp_limit_applied applied[GP_LIMIT_MAX];
	size_t count;
};

/* begin: the configuration above and overrides over a store in memory. */
static void begin(struct bench *b, const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_store *store;
	*b = (struct bench) {.ctx = {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()}};
	if (gp_config_parse(gp_span_from(text), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_test_memstore_new(&b->handle, &store), GP_OK);
	assert_int_equal(gp_limit_overrides_new(store, &b->overrides), GP_OK);
}

/* end: frees all. */
static void end(struct bench *b)
{
	struct gp_store *store = gp_limit_overrides_store(b->overrides);
	gp_limit_overrides_free(b->overrides);
	gp_store_close(store);
	gp_config_free(b->config);
	gp_arena_free(b->ctx.arena);
}

/* who: from an origin; empty texts are absent. */
static struct gp_limit_who who(
	enum gp_limit_origin origin, const char *user, const char *sender, const char *client)
{
	struct gp_limit_who w = {
		.origin = origin, .user = gp_span_from(user), .sender = gp_span_from(sender)};
	if (*client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &w.client), GP_OK);
	return w;
}

/* resolve: into the bench. */
static void resolve(struct bench *b, struct gp_limit_who w)
{
	gp_arena_reset(b->ctx.arena);
	assert_int_equal(gp_limit_resolve(&b->config->limits, &w, b->overrides, b->ctx.arena,
				 b->applied, &b->count),
		GP_OK);
}

/* described: "limit subject max; ..." of all that apply. */
static const char *described(struct bench *b)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, b->ctx.arena, 4096);
	for (size_t i = 0; i < b->count; i++) {
		const struct gp_limit_applied *a = &b->applied[i];
		char max[32] = "unlimited";
		if (a->max != GP_LIMIT_UNLIMITED)
			snprintf(max, sizeof max, "%lld", (long long)a->max);
		gp_strbuf_printf(
			&buf, "%s%s %s %s", i ? "; " : "", a->limit->name, a->subject, max);
	}
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* test_who: each key applies to the mail that it makes sense for, and to no other. */
static void test_who(void **state)
{
	(void)state;
	static const struct {
		enum gp_limit_origin origin;
		const char *user, *sender, *client, *wanted;
	} rows[] = {
		{GP_LIMIT_FROM_AUTHENTICATED, "alice", "a@x.test", "198.51.100.1",
			"hourly user:alice 100; daily user:alice 500; "
			"net network:198.51.0.0/16 200; site all 20000"},
		{GP_LIMIT_FROM_AUTHENTICATED, "Bob@Example.Net", "cron@web.test", "",
			"hourly user:bob@example.net 100; daily user:bob@example.net 500; "
			"realm user_domain:example.net 1000; site all 20000"},
		/* a sender counts only where it cannot be forged */
		{GP_LIMIT_FROM_TRUSTED, "", "cron@web.test", "10.0.0.1",
			"from sender:cron@web.test 99; fromdom sender_domain:web.test 66; "
			"net network:10.0.0.0/16 200; site all 20000"},
		{GP_LIMIT_FROM_TRUSTED, "", "x@web.test", "10.0.0.1",
			"from sender:x@web.test 33; fromdom sender_domain:web.test 66; "
			"net network:10.0.0.0/16 200; site all 20000"},
		{GP_LIMIT_FROM_TRUSTED, "", "", "", "site all 20000"},
		{GP_LIMIT_FROM_OTHERS, "", "cron@web.test", "198.51.100.1",
			"each client:198.51.100.1 20; net network:198.51.0.0/16 200"},
		{GP_LIMIT_FROM_OTHERS, "", "", "2001:db8::7",
			"each client:2001:db8::/64 4; net network:2001:db8::/64 200"},
	};
	struct bench b;
	begin(&b, conf);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolve(&b, who(rows[i].origin, rows[i].user, rows[i].sender, rows[i].client));
		assert_string_equal(described(&b), rows[i].wanted);
	}
	end(&b);
}

/* test_specific: the most specific override wins, and it is known which. */
static void test_specific(void **state)
{
	(void)state;
	struct bench b;
	begin(&b, conf);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "news@example.org", "", ""));
	assert_string_equal(described(&b),
		"hourly user:news@example.org 5000; daily user:news@example.org unlimited; "
		"realm user_domain:example.org 9000; site all 20000");
	assert_int_equal(b.applied[0].source, GP_LIMIT_SOURCE_OVERRIDE);
	assert_int_equal(b.applied[0].override->line, 10);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "else@EXAMPLE.org", "", ""));
	assert_string_equal(described(&b),
		"hourly user:else@example.org 300; daily user:else@example.org 500; "
		"realm user_domain:example.org 9000; site all 20000");
	assert_int_equal(b.applied[0].override->line, 11);
	assert_int_equal(b.applied[1].source, GP_LIMIT_SOURCE_LIMIT);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "x@b\303\274cher.test", "", ""));
	assert_int_equal(b.applied[0].max, 7);
	static const struct {
		const char *client;
		int64_t client_max, net_max;
	} clients[] = {{"192.0.2.9", 6, 8}, {"192.0.2.10", 5, 8}, {"192.0.3.10", 20, 8},
		{"192.1.3.10", 20, 200}};
	for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
		resolve(&b, who(GP_LIMIT_FROM_OTHERS, "", "", clients[i].client));
		assert_int_equal(b.applied[0].max, clients[i].client_max);
		assert_int_equal(b.applied[1].max, clients[i].net_max);
	}
	end(&b);
}

/* test_names: what cannot be told apart by a user database is one user; all else is another. */
static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *user, *subject;
	} rows[] = {
		{"ALICE", "user:alice"}, {"alice  ", "user:alice"}, {"<alice>", "user:<alice>"},
		{"alice@EXAMPLE.test.", "user:alice@example.test"}, {"a b\tc", "user:abc"},
		{"user:alice", "user:user:alice"},
		{"x@B\303\234CHER.test", "user:x@xn--bcher-kva.test"}, {"x@", "user:x"},
		{"@", "user:"}, {"'; DROP TABLE users; --", "user:';droptableusers;--"},
		{"\377\376", "user:\303\277\303\276"}, {"all", "user:all"},
		{"  ", "user:"}, /* an empty name must not escape the limit */
	};
	struct bench b;
	begin(&b, "limit l { key = user max = 1 per = 1h }");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, rows[i].user, "", ""));
		assert_int_equal(b.count, 1);
		assert_string_equal(b.applied[0].subject, rows[i].subject);
	}
	end(&b);
	begin(&b, "limits { case_sensitive = yes }\nlimit l { key = user max = 1 per = 1h }");
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "Alice@Example.test", "", ""));
	assert_string_equal(b.applied[0].subject, "user:Alice@example.test");
	end(&b);
	begin(&b, "limits { names = exact }\nlimit l { key = user max = 1 per = 1h }");
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, " \"Alice\"@Example.test", "", ""));
	assert_string_equal(b.applied[0].subject, "user: \"Alice\"@example.test");
	end(&b);
}

/*
 * test_senders_by_name: a sender in another spelling is the same; only the null sender is nobody.
 */
static void test_senders_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *sender, *subject;
	} rows[] = {
		{"\"Cron\"@WEB.test", "sender:cron@web.test"},
		{"cron\342\200\213@web.test.", "sender:cron@web.test"},
		{"\" \"", "sender:"}, /* an empty name must not escape the limit */
		{"", NULL},
	};
	struct bench b;
	begin(&b, "limit l { key = sender max = 1 per = 1h }\n"
		  "override { sender = \"CRON@web.test\" l = 7 }");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolve(&b, who(GP_LIMIT_FROM_TRUSTED, "", rows[i].sender, ""));
		assert_int_equal(b.count, rows[i].subject ? 1 : 0);
		if (rows[i].subject)
			assert_string_equal(b.applied[0].subject, rows[i].subject);
		if (i < 2)
			assert_int_equal(b.applied[0].max, 7);
	}
	end(&b);
}

/* test_house_is_one_client: IPv6 by /64 unless told otherwise; IPv4 however it is written. */
static void test_house_is_one_client(void **state)
{
	static const char text[] =
		"limit house { key = client max = 9 per = 1h }\n"
		"limit site { key = client max = 9 per = 1h ipv6_prefix = 48 }\n"
		"limit host { key = client max = 9 per = 1h ipv6_prefix = 128 }\n"
		"limit net { key = network max = 9 per = 1h ipv6_prefix = 56 ipv4_prefix = 16 }\n"
		"override { client = \"2001:db8::25\" house = 500 }\n"
		"override { client = \"2001:db8:0:0:aa00::/72\" house = 70 site = 71 }\n"
		"override { client = \"192.0.2.7\" house = 7 }\n"
		"override { client = \"64:ff9b::198.51.100.0/120\" house = 3 }\n";
	static const struct {
		const char *client, *wanted;
	} rows[] = {
		{"2001:db8:1:2:3:4:5:6",
			"house client:2001:db8:1:2::/64 9; site client:2001:db8:1::/48 9; "
			"host client:2001:db8:1:2:3:4:5:6 9; net network:2001:db8:1::/56 9"},
		{"2001:db8:1:2::",
			"house client:2001:db8:1:2::/64 9; site client:2001:db8:1::/48 9; "
			"host client:2001:db8:1:2:: 9; net network:2001:db8:1::/56 9"},
		/* what an override names counts by itself; the rest of its network without it */
		{"2001:db8::25", "house client:2001:db8::25 500; site client:2001:db8::/48 9; "
				 "host client:2001:db8::25 9; net network:2001:db8::/56 9"},
		{"2001:db8::26", "house client:2001:db8::/64 9; site client:2001:db8::/48 9; "
				 "host client:2001:db8::26 9; net network:2001:db8::/56 9"},
		{"2001:db8:0:0:aa00::1",
			"house client:2001:db8:0:0:aa00::/72 70; site "
			"client:2001:db8:0:0:aa00::/72 "
			"71; "
			"host client:2001:db8::aa00:0:0:1 9; net network:2001:db8::/56 9"},
		/* hosts of a link have nothing in common but that */
		{"fe80::1", "house client:fe80::1 9; site client:fe80::1 9; host client:fe80::1 9; "
			    "net network:fe80::/56 9"},
		{"febf::2", "house client:febf::2 9; site client:febf::2 9; host client:febf::2 9; "
			    "net network:febf::/56 9"},
		{"192.0.2.7", "house client:192.0.2.7 7; site client:192.0.2.7 9; "
			      "host client:192.0.2.7 9; net network:192.0.0.0/16 9"},
		{"::ffff:192.0.2.7", "house client:192.0.2.7 7; site client:192.0.2.7 9; "
				     "host client:192.0.2.7 9; net network:192.0.0.0/16 9"},
		{"64:ff9b::192.0.2.7", "house client:192.0.2.7 7; site client:192.0.2.7 9; "
				       "host client:192.0.2.7 9; net network:192.0.0.0/16 9"},
	};
	struct bench b;
	(void)state;
	begin(&b, text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolve(&b, who(GP_LIMIT_FROM_OTHERS, "", "", rows[i].client));
		assert_string_equal(described(&b), rows[i].wanted);
		for (size_t k = 0; k < b.count; k++) { /* what is shown can be asked about */
			struct gp_limit_applied a;
			const char *subject;
			const char *name = gp_limit_subject_name(b.applied[k].subject);
			assert_int_equal(gp_limit_subject_of(&b.config->limits, k,
						 gp_span_from(name), b.ctx.arena, &subject),
				GP_OK);
			assert_string_equal(subject, b.applied[k].subject);
			assert_int_equal(gp_limit_of_subject(&b.config->limits, k, subject,
						 b.overrides, b.ctx.arena, &a),
				GP_OK);
			assert_int_equal(a.max, b.applied[k].max);
		}
	}
	end(&b);
}

/* test_nat64: a client behind a NAT64, the well-known one or one of the site, is counted,
 * overridden and named as the address of IPv4 within, unless that is none that a NAT64 shows. */
static void test_nat64(void **state)
{
	(void)state;
	static const char text[] = "nat64_prefixes = {\"2001:db8:64::/48\", \"2001:db8:65::/96\"}\n"
				   "limit each { key = client max = 9 per = 1h from = {others} }\n"
				   "override { client = \"2001:db8:65::c000:200/120\" each = 1 }\n"
				   "override { client = \"2001:db8:64:c633:64::/80\" each = 2 }\n"
				   "override { client = \"64:ff9b::cb00:7107\" each = 3 }\n"
				   "override { client = \"10.0.0.0/8\" each = 4 }\n"
				   "override { client = \"64:ff9b::a00:0/104\" each = 5 }\n";
	static const char *const rows[][2] = {
		{"192.0.2.7", "each client:192.0.2.7 1"},
		{"2001:db8:65::c000:207", "each client:192.0.2.7 1"},
		{"2001:db8:64:c000:2:700::", "each client:192.0.2.7 1"},
		{"64:ff9b::c000:207", "each client:192.0.2.7 1"},
		{"198.51.100.1", "each client:198.51.100.1 2"},
		{"203.0.113.7", "each client:203.0.113.7 3"},
		{"2001:db8:65::a00:1", "each client:10.0.0.1 4"},
		{"64:ff9b::a00:1", "each client:64:ff9b::a00:0/104 5"},
		{"64:ff9b::7f00:1", "each client:64:ff9b::/64 9"},
		{"2001:db8:65::7f00:1", "each client:2001:db8:65::/64 9"},
	};
	struct bench b;
	begin(&b, text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_limit_applied a;
		const char *subject;
		resolve(&b, who(GP_LIMIT_FROM_OTHERS, "", "", rows[i][0]));
		assert_string_equal(described(&b), rows[i][1]);
		/* and an operator who names the client means the same */
		assert_int_equal(gp_limit_subject_of(&b.config->limits, 0, gp_span_from(rows[i][0]),
					 b.ctx.arena, &subject),
			GP_OK);
		assert_string_equal(subject, b.applied[0].subject);
		assert_int_equal(gp_limit_of_subject(&b.config->limits, 0, subject, b.overrides,
					 b.ctx.arena, &a),
			GP_OK);
		assert_int_equal(a.max, b.applied[0].max);
	}
	end(&b);
}

/* test_subaddress: kept, or stripped, from what comes and from what an operator writes. */
static void test_subaddress(void **state)
{
	static const char text[] =
		"limit kept { key = sender max = 9 per = 1h }\n"
		"limit bare { key = sender max = 9 per = 1h subaddress = strip }\n"
		"override { sender = \"x@a.test\" bare = 5 }\n"
		"override { sender = \"x+1@a.test\" kept = 3 }\n";
	static const struct {
		const char *sender, *wanted;
	} rows[] = {
		{"x@a.test", "kept sender:x@a.test 9; bare sender:x@a.test 5"},
		{"X+1@a.test", "kept sender:x+1@a.test 3; bare sender:x@a.test 5"},
		{"x+2+3@A.test", "kept sender:x+2+3@a.test 9; bare sender:x@a.test 5"},
		{"\"x+ 4\"@a.test", "kept sender:x+4@a.test 9; bare sender:x@a.test 5"},
		{"x\357\274\2135@a.test", "kept sender:x+5@a.test 9; bare sender:x@a.test 5"},
		{"+1@a.test", "kept sender:+1@a.test 9; bare sender:+1@a.test 9"},
		/* nothing is left of it without what is behind the first plus: a name by itself */
		{"++1@a.test", "kept sender:++1@a.test 9; bare sender:++1@a.test 9"},
		{"+a+b@a.test", "kept sender:+a+b@a.test 9; bare sender:+a+b@a.test 9"},
		{"x+1", "kept sender:x+1 9; bare sender:x 9"},
		{"x@a+b.test", "kept sender:x@a+b.test 9; bare sender:x@a+b.test 9"},
	};
	struct bench b;
	(void)state;
	begin(&b, text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *subject;
		resolve(&b, who(GP_LIMIT_FROM_TRUSTED, "", rows[i].sender, ""));
		assert_string_equal(described(&b), rows[i].wanted);
		assert_int_equal(gp_limit_subject_of(&b.config->limits, 1,
					 gp_span_from(rows[i].sender), b.ctx.arena, &subject),
			GP_OK);
		assert_string_equal(subject, b.applied[1].subject);
	}
	end(&b);
}

/* test_bound_to_domains: mail of other domains, forwarded for example, uses up nothing. */
static void test_bound_to_domains(void **state)
{
	static const char text[] =
		"limit own { key = sender_domain max = 9 per = 1h "
		"domains = {\"a.test\", \"B\303\234CHER.test\", \"*.sub.test\"} }\n"
		"limit ours { key = sender max = 9 per = 1h domains = {\"a.test\"} }\n"
		"limit any { key = sender_domain max = 9 per = 1h }\n";
	static const struct {
		const char *sender, *wanted;
	} rows[] = {
		{"x@A.test.", "own sender_domain:a.test 9; ours sender:x@a.test 9; "
			      "any sender_domain:a.test 9"},
		{"x@xn--bcher-kva.test", "own sender_domain:xn--bcher-kva.test 9; any "
					 "sender_domain:xn--bcher-kva.test 9"},
		{"x@c.sub.test", "own sender_domain:c.sub.test 9; any sender_domain:c.sub.test 9"},
		{"x@sub.test", "any sender_domain:sub.test 9"},
		{"x@xsub.test", "any sender_domain:xsub.test 9"},
		{"x@large.test", "any sender_domain:large.test 9"},
		{"x@a.test.large.test", "any sender_domain:a.test.large.test 9"},
		{"\"x@a.test\"@large.test", "any sender_domain:large.test 9"},
		{"x", ""},
		{"", ""},
	};
	struct bench b;
	const char *subject;
	(void)state;
	begin(&b, text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolve(&b, who(GP_LIMIT_FROM_TRUSTED, "", rows[i].sender, ""));
		assert_string_equal(described(&b), rows[i].wanted);
	}
	assert_int_equal(gp_limit_subject_of(&b.config->limits, 0, gp_span_from("large.test"),
				 b.ctx.arena, &subject),
		GP_ESYNTAX);
	end(&b);
}

/* test_runtime: what the operator sets now goes before all else, until it expires. */
static void test_runtime(void **state)
{
	(void)state;
	struct bench b;
	begin(&b, conf);
	const struct gp_limit_runtime value = {"hourly", "user:news@example.org", 3, 2000000, ""};
	gp_test_memstore_set_now(b.handle, 1000000);
	assert_int_equal(gp_limit_overrides_set(b.overrides, &b.ctx, &value), GP_OK);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "news@example.org", "", ""));
	assert_int_equal(b.applied[0].max, 3);
	assert_int_equal(b.applied[0].source, GP_LIMIT_SOURCE_RUNTIME);
	assert_int_equal(b.applied[0].expires_ms, 2000000);
	assert_int_equal(b.applied[1].max, GP_LIMIT_UNLIMITED); /* of another limit: untouched */
	gp_test_memstore_set_now(b.handle, 2000000);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "news@example.org", "", ""));
	assert_int_equal(b.applied[0].max, 5000);
	const struct gp_limit_runtime forever = {"site", "all", GP_LIMIT_UNLIMITED, 0, NULL};
	assert_int_equal(gp_limit_overrides_set(b.overrides, &b.ctx, &forever), GP_OK);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "x", "", ""));
	assert_int_equal(b.applied[2].max, GP_LIMIT_UNLIMITED);
	assert_int_equal(gp_limit_overrides_unset(b.overrides, &b.ctx, "site", "all"), GP_OK);
	assert_int_equal(gp_limit_overrides_unset(b.overrides, &b.ctx, "site", "all"), GP_OK);
	resolve(&b, who(GP_LIMIT_FROM_AUTHENTICATED, "x", "", ""));
	assert_int_equal(b.applied[2].max, 20000);
	char *name = gp_arena_alloc(b.ctx.arena, 1000);
	memset(name, 'a', 999);
	const struct gp_limit_runtime too_long = {"hourly", name, 1, 0, NULL};
	assert_int_equal(gp_limit_overrides_set(b.overrides, &b.ctx, &too_long), GP_ETOOBIG);
	end(&b);
}

/* test_subjects: from what an operator writes to a subject, and back to its maximum. */
static void test_subjects(void **state)
{
	(void)state;
	static const struct {
		size_t limit;
		const char *name, *subject;
		int64_t max;
	} rows[] = {
		{0, "News@example.org", "user:news@example.org", 5000},
		{2, "Example.ORG", "user_domain:example.org", 9000},
		{3, "cron@web.test", "sender:cron@web.test", 99},
		{4, "WEB.test", "sender_domain:web.test", 66},
		{5, "192.0.2.9", "client:192.0.2.9", 6},
		{6, "192.0.2.9", "network:192.0.0.0/16", 8},
		{6, "192.0.0.0/16", "network:192.0.0.0/16", 8},
		{6, "192.0.2.9/16", "network:192.0.0.0/16", 8}, /* as it is seen in a log */
		{6, "192.0.2.0/24", "network:192.0.0.0/16", 8},
		{6, "192.0.0.0/15", NULL, 0}, /* several networks */
		{6, "::ffff:192.0.2.9/112", "network:192.0.0.0/16", 8},
		{6, "192.0.2.9/33", NULL, 0},
		{5, "192.0.2.0/24", NULL, 0}, /* several clients */
		{5, "2001:db8::7", "client:2001:db8::/64", 4},
		{5, "2001:db8::7/64", "client:2001:db8::/64", 4},
		{5, "2001:db8::/32", NULL, 0},
		{7, "all", "all", 20000},
		{5, "nonsense", NULL, 0},
		{0, "", NULL, 0},
	};
	struct bench b;
	begin(&b, conf);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *subject;
		struct gp_limit_applied a;
		int rc = gp_limit_subject_of(&b.config->limits, rows[i].limit,
			gp_span_from(rows[i].name), b.ctx.arena, &subject);
		if (!rows[i].subject) {
			assert_int_equal(rc, GP_ESYNTAX);
			continue;
		}
		assert_int_equal(rc, GP_OK);
		assert_string_equal(subject, rows[i].subject);
		assert_int_equal(gp_limit_of_subject(&b.config->limits, rows[i].limit, subject,
					 b.overrides, b.ctx.arena, &a),
			GP_OK);
		assert_int_equal(a.max, rows[i].max);
	}
	end(&b);
}

/* test_memory: an arena that is too small is said, and nothing half-made comes out. */
static void test_memory(void **state)
{
	(void)state;
	struct bench b;
	begin(&b, conf);
	const struct gp_limit_who w =
		who(GP_LIMIT_FROM_AUTHENTICATED, "alice@example.org", "", "192.0.2.1");
	int last = GP_OK;
	for (size_t size = 16; size < 2000; size += 8) {
		struct gp_arena *small = gp_arena_new(size);
		last = gp_limit_resolve(
			&b.config->limits, &w, b.overrides, small, b.applied, &b.count);
		assert_true(last == GP_OK || last == GP_ETOOBIG);
		gp_arena_free(small);
	}
	assert_int_equal(last, GP_OK);
	end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_specific),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_senders_by_name),
		cmocka_unit_test(test_house_is_one_client),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_subaddress),
		cmocka_unit_test(test_bound_to_domains),
		cmocka_unit_test(test_runtime),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_memory),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
