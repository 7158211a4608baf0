/* SPDX-License-Identifier: ISC */
/*
 * A whole message with its DNS answers through the engine. The input has lines of answers up to an
 * empty one, each a letter for a name and a text ("A" to "H": what stands in names below; "!" and
 * the letter: no answer; "?": a failure); a line "CLIENT HELO SENDER"; and the message. Whatever
 * stands there, the verdict keeps the promises of its header, and what goes on to others in
 * replies, fields and logs can break nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "fuzz/target.h"
#include "mail/authres.h"
#include "support/trace.h"
#include "support/zone.h"

#define ARENA_MAX (32 << 20)
#define ANSWERS_MAX 24

const char *const fuzz_reached_seed = "signed";

static const char *const names[] = {"a.test", "_dmarc.a.test", "s._domainkey.a.test", "b.test",
	"_dmarc.b.test", "s._domainkey.b.test", "_dmarc.test", "t._domainkey.b.test"};
#define NAMES (sizeof names / sizeof names[0])

static bool reached;

/* fuzz_reached: did a signature and DMARC pass? */
int fuzz_reached(void)
{
	return reached;
}

/* A body in memory. */
static int read_body(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct gp_span *left = arg;
	*got_out = left->len < size ? left->len : size;
	if (*got_out)
		memcpy(buffer, left->ptr, *got_out);
	*left = gp_span_skip(*left, *got_out);
	return GP_OK;
}

/* add_answer: what a line says of a name. */
static void add_answer(struct test_zone *zone, struct gp_span line)
{
	char kind = line.len ? line.ptr[0] : 0;
	if (kind == '!' || kind == '?')
		line = gp_span_skip(line, 1);
	size_t i = line.len ? (size_t)(line.ptr[0] - 'A') : NAMES;
	if (i >= NAMES)
		return;
	if (kind == '!')
		(void)test_zone_add_behaviour(zone, names[i], "TIMEOUT", NULL);
	else if (kind == '?')
		(void)test_zone_add_behaviour(zone, names[i], "BOGUS", NULL);
	else
		test_zone_add_text(zone, names[i], GP_DNS_TXT, gp_span_skip(line, 1));
}

/* take_line: without its end. */
static struct gp_span take_line(struct gp_span *text)
{
	struct gp_span line;
	gp_span_cut(*text, '\n', &line, text);
	return line;
}

/* take_zone: the lines of answers. */
static struct test_zone *take_zone(struct gp_span *text)
{
	struct test_zone *zone = test_zone_new();
	struct gp_span line = take_line(text);
	for (size_t i = 0; line.len && i < ANSWERS_MAX; i++, line = take_line(text))
		add_answer(zone, line);
	return zone;
}

/* take_envelope: three words; an address that is none is mail of a local program. */
static void take_envelope(struct gp_span *text, struct gp_envelope *envelope_out)
{
	struct gp_span line = take_line(text), client;
	*envelope_out = (struct gp_envelope) {.client = {.family = GP_IP_NONE}};
	gp_span_cut(line, ' ', &client, &line);
	gp_span_cut(line, ' ', &envelope_out->helo, &envelope_out->sender);
	if (gp_ipaddr_parse(client, &envelope_out->client))
		envelope_out->client = (struct gp_ipaddr) {.family = GP_IP_NONE};
}

/* has_pass: a reason for DMARC to pass. */
static bool has_pass(const struct gp_facts *f)
{
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.items[i].verdict == GP_DKIM_PASS)
			return true;
	return (f->spf.has_mailfrom && f->spf.mailfrom.verdict == GP_SPF_PASS) ||
	       (f->spf.has_helo && f->spf.helo.verdict == GP_SPF_PASS);
}

/* check_author: a domain, or why there is none. */
static void check_author(const struct gp_facts *f)
{
	fuzz_require((f->from_cause == GP_AUTHOR_ONE) == (*f->author_domain != 0));
	/* of a header that was cut nobody is certain, whatever stands in the part that was seen */
	fuzz_require(
		f->is_header_cut || (f->from_cause == GP_AUTHOR_ONE) == (f->from_problem == NULL));
	fuzz_require(!f->from_problem || gp_span_is_printable_ascii(gp_span_from(f->from_problem)));
	for (const char *p = f->author_domain; *p; p++)
		fuzz_require(gp_span_is_alnum(*p) || *p == '.' || *p == '-' || *p == '_');
}

/* check_texts: what goes on to others. */
static void check_texts(
	struct gp_arena *arena, const struct gp_facts *f, const struct gp_verdict *v)
{
	struct gp_authres results;
	bool replies = v->would == GP_ACTION_REJECT || v->would == GP_ACTION_DEFER;
	fuzz_require((v->reply != NULL) == replies);
	fuzz_require(!v->reply || (strlen(v->reply) <= 510 &&
					  gp_span_is_printable_ascii(gp_span_from(v->reply))));
	fuzz_require(gp_span_is_printable_ascii(gp_span_from(v->summary)));
	fuzz_require(gp_authres_parse(arena, gp_span_from(v->results), &results) == GP_OK);
	fuzz_require(gp_span_is(results.authserv_id, "mx.test"));
	for (const char *p = v->results; *p; p++)
		fuzz_require((unsigned char)*p >= 0x20 || (*p == '\n' && p[1] == '\t') ||
			     (*p == '\t' && p[-1] == '\n'));
	const struct gp_record record = {f, v, arena};
	const struct gp_pipeline *p = test_judge_pipeline();
	for (size_t i = 0; gp_engine_get_name(p, i); i++) {
		const char *text;
		fuzz_require(
			gp_engine_get(p, &record, gp_span_from(gp_engine_get_name(p, i)), &text));
	}
}

/* check_verdict: checks against each other. */
static void check_verdict(
	struct gp_arena *arena, const struct gp_facts *f, const struct gp_verdict *v)
{
	if (v->checked)
		check_author(f);
	check_texts(arena, f, v);
	fuzz_require(!f->is_header_cut || !f->has_dmarc || v->would != GP_ACTION_ACCEPT);
	if (f->has_dmarc && f->dmarc.verdict == GP_DMARC_PASS)
		fuzz_require(*f->author_domain && has_pass(f));
	if (f->has_dmarc && f->dmarc.verdict != GP_DMARC_FAIL)
		fuzz_require(f->dmarc.applied == GP_DMARC_POLICY_NONE);
	for (size_t i = 0; i < f->dkim.count; i++)
		reached = reached || (f->dkim.items[i].verdict == GP_DKIM_PASS &&
					     f->dmarc.verdict == GP_DMARC_PASS);
}

/* What all inputs share: made once, as it costs more than a run. */
static struct gp_config *config;
static struct gp_crypto_digest *digest;

/* prepare: the configuration as it is without a file. */
static void prepare(void)
{
	struct gp_config_errors errors = {0};
	if (config)
		return;
	fuzz_require(gp_config_parse(gp_span_from("hostname = mx.test"), "t.conf", &config,
			     &errors) == GP_OK);
	gp_config_errors_fini(&errors);
	fuzz_require(gp_crypto_digest_new(&digest) == GP_OK);
}

/* LLVMFuzzerTestOneInput: with every check for every other length, and a listener for some. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span text = {(const char *)data, size}, header;
	struct test_zone *zone = take_zone(&text);
	struct gp_envelope envelope;
	struct gp_message message;
	struct gp_message_body body = {.read = read_body};
	struct gp_facts f;
	struct gp_verdict v;
	struct gp_ctx ctx = {.arena = gp_arena_new(ARENA_MAX),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.trace = size % 3 ? NULL : &test_trace_ignored};
	size_t body_at;
	prepare();
	reached = false;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 20 * 1000000;
	take_envelope(&text, &envelope);
	gp_message_split(text, &header, &body_at, &body.ending);
	struct gp_span left = gp_span_skip(text, body_at);
	body.arg = &left;
	int rc = gp_message_parse(ctx.arena, header, body.ending, &message);
	message.is_trimmed = size % 5 == 0;
	const struct gp_mail mail = {.digest = digest,
		.message = &message,
		.body = &body,
		.is_header_cut = size % 7 == 0};
	if (!rc)
		rc = test_judge_message(&ctx, config, &envelope, &mail, size % 2 == 0, &f, &v);
	fuzz_require(rc == GP_OK || rc == GP_ETOOBIG);
	if (!rc)
		check_verdict(ctx.arena, &f, &v);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
	return 0;
}
