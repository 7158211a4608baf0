/* SPDX-License-Identifier: ISC */
/* gatepost verify: a message judged as at DATA, with a report, each step, or JSON. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/mailfile.h"
#include "cli/mta_view.h"
#include "cli/offline.h"
#include "cli/record_json.h"
#include "cli/usage.h"
#include "cli/verify.h"
#include "cli/verify_canonical.h"
#include "crypto/digest.h"
#include "engine/checks.h"
#include "engine/record.h"

struct arguments {
	const char *file, *canonical; /* NULL: not wanted */
	bool has_mail_from;           /* maybe the empty one */
	bool explain, as_configured, has_now;
	uint64_t now_s;
	struct gp_cli_offline offline;
};

/* A clock whose wall time does not advance. */
struct fixed_clock {
	struct gp_clock clock;
	int64_t wall_s;
};

/* parse: -1 to go on, else an exit code. */
static int parse(const struct gp_cli_call *call, struct arguments *a)
{
	const char *now = gp_cli_option(call, "now");
	a->explain = gp_cli_has_option(call, "explain");
	a->as_configured = gp_cli_has_option(call, "as-configured");
	a->has_now = now != NULL;
	a->canonical = gp_cli_option(call, "canonical");
	a->has_mail_from = gp_cli_has_option(call, "mail-from");
	if (now && gp_span_parse_uint(gp_span_from(now), INT64_MAX / 1000000, &a->now_s))
		return gp_cli_usage(call->title, "--now: seconds since 1970");
	if (call->word_count)
		a->file = call->words[0];
	int code = gp_cli_offline_arguments(&a->offline, call);
	if (code < 0 && a->offline.json && a->explain)
		return gp_cli_usage(call->title, "--json and --explain do not go together");
	return code;
}

/* wall_fixed: the time that was given. */
static int64_t wall_fixed(const struct gp_clock *clock)
{
	return ((const struct fixed_clock *)clock)->wall_s;
}

/* envelope_of: the arguments as the mail server would hand them over. */
static int envelope_of(const struct arguments *a, struct gp_envelope *envelope_out)
{
	*envelope_out = (struct gp_envelope) {
		.helo = gp_span_from(a->offline.helo),
		.sender = gp_cli_mail_from(a->offline.mail_from),
	};
	if (a->offline.ip && gp_ipaddr_parse(gp_span_from(a->offline.ip), &envelope_out->client))
		return gp_cli_usage("verify", "--ip: \"%s\" is not an address", a->offline.ip);
	return -1;
}

/* What is asked about a message, and what came of it. */
struct question {
	struct gp_pipeline pipeline;
	struct gp_mail mail;
	struct gp_message message;
	struct gp_facts facts;
	struct gp_verdict verdict;
	struct gp_cli_verify_about about;
	json_t *written; /* canonical forms; NULL */
};

/*
 * use_return_path: MAIL FROM as the server that delivered the message has written it down (RFC 5321
 * 4.4): the topmost field is its own.
 */
static int use_return_path(struct gp_arena *arena, struct question *q)
{
	const struct gp_message_field *field = gp_message_find(&q->message, "Return-Path");
	struct gp_span value = field ? gp_span_trim(field->value) : (struct gp_span) {NULL, 0};
	if (value.len < 2 || value.ptr[0] != '<' || value.ptr[value.len - 1] != '>')
		return GP_OK;
	value = (struct gp_span) {value.ptr + 1, value.len - 2};
	if (!gp_span_is_printable_ascii(value) && memchr(value.ptr, '\r', value.len))
		return GP_OK; /* folded: nobody writes it so */
	q->facts.envelope.sender = value;
	q->about.return_path = gp_arena_copy(arena, value);
	return q->about.return_path ? GP_OK : gp_arena_status(arena);
}

/* read_message: the header, and what of the question is taken from it. */
static int read_message(const struct arguments *a, struct gp_arena *arena,
	struct gp_cli_mailfile *file, struct question *q)
{
	int rc = gp_message_parse(arena, file->header, file->ending, &q->message);
	if (rc)
		return rc;
	if (a->explain && q->message.defect)
		printf("  header: %s\n", q->message.defect);
	q->about.note = gp_cli_mta_view(arena, &q->message);
	q->about.has_ip = a->offline.ip != NULL;
	return a->has_mail_from ? GP_OK : use_return_path(arena, q);
}

/* judge: the engine over the opened file. */
static int judge(const struct arguments *a, struct gp_cli_mailfile *file, struct question *q)
{
	struct gp_ctx ctx = a->offline.ctx;
	struct gp_crypto_digest *digest = NULL;
	const struct fixed_clock fixed = {{ctx.clock->mono_us, wall_fixed}, (int64_t)a->now_s};
	const struct gp_trace trace = {gp_cli_trace_line, ctx.arena};
	if (a->has_now)
		ctx.clock = &fixed.clock;
	if (a->explain)
		ctx.trace = &trace;
	int rc = gp_crypto_digest_new(&digest);
	if (!rc)
		rc = read_message(a, ctx.arena, file, q);
	q->mail.digest = digest;
	q->mail.message = &q->message;
	q->mail.body = &file->body;
	q->facts.mail = &q->mail;
	if (!rc && a->canonical)
		rc = gp_cli_mailfile_keep(file);
	if (!rc)
		rc = gp_engine_run(&ctx, &q->pipeline, &q->facts, &q->verdict);
	gp_crypto_digest_free(digest);
	return rc;
}

/* fail: there is no verdict, and why; for programs as well. */
static int fail(const struct arguments *a, int rc)
{
	const char *why =
		rc == GP_ETOOBIG ? ": the message needs more memory than a check may use" : "";
	fprintf(stderr, "gatepost verify: %s%s\n", gp_err_text(rc), why);
	if (a->offline.json)
		(void)gp_cli_print_json(json_pack("{s:s+}", "error", gp_err_text(rc), why));
	return GP_CLI_TROUBLE;
}

/* add_about: what the question was, for programs. */
static void add_about(
	const struct arguments *a, struct gp_arena *arena, const struct question *q, json_t *o)
{
	const char *source = a->has_mail_from       ? "option"
			     : q->about.return_path ? "return-path"
						    : NULL;
	const char *from = gp_arena_copy(arena, q->facts.envelope.sender);
	json_object_set_new(o, "mail_from", source ? gp_cli_json_text(arena, from) : json_null());
	json_object_set_new(o, "mail_from_source", gp_cli_json_text(arena, source));
	json_object_set_new(o, "note", gp_cli_json_text(arena, q->about.note));
	if (q->written)
		json_object_set(o, "canonical", q->written);
}

/* print_written: which file is of which signature. */
static void print_written(struct gp_arena *arena, const json_t *written)
{
	if (json_array_size(written) == 0)
		puts("canonical nothing is written: there is no DKIM signature");
	for (size_t i = 0; i < json_array_size(written); i++) {
		const json_t *entry = json_array_get(written, i);
		const char *file = json_string_value(json_object_get(entry, "file"));
		const char *problem = json_string_value(json_object_get(entry, "problem"));
		printf("canonical signature %zu: ", i + 1);
		gp_cli_print_visible(arena, file ? file : problem ? problem : "");
		putchar('\n');
	}
}

/* print: as a program wants it, or people. */
static int print(const struct arguments *a, const struct question *q)
{
	const struct gp_record record = {&q->facts, &q->verdict, a->offline.ctx.arena};
	if (a->offline.json) {
		json_t *o = gp_cli_record_json(&q->pipeline, &record);
		if (!gp_engine_spf_result(&q->facts))
			json_object_set_new(o, "spf", json_null()); /* it was not judged */
		add_about(a, record.arena, q, o);
		return gp_cli_print_json(o);
	}
	if (a->explain)
		putchar('\n');
	gp_cli_verify_report(&record, &q->about);
	if (q->written)
		print_written(record.arena, q->written);
	return GP_CLI_FINE;
}

/* write_and_print: canonical forms first, since the report names their files. */
static int write_and_print(
	const struct arguments *a, struct gp_cli_mailfile *file, struct question *q)
{
	struct gp_ctx ctx = a->offline.ctx;
	int written = a->canonical ? gp_cli_canonical_write(
					     &ctx, &q->message, file, a->canonical, &q->written)
				   : GP_CLI_FINE;
	int printed = print(a, q);
	json_decref(q->written);
	return written ? written : printed;
}

/* verify: envelope, verdict, output. */
static int verify(const struct arguments *a, struct gp_cli_mailfile *file)
{
	struct gp_envelope envelope;
	struct gp_sample_key sample_key = {.may_make = false}; /* it would belong to us */
	struct question q = {.mail = {.sample_key = &sample_key}};
	int code = envelope_of(a, &envelope);
	if (code >= 0)
		return code;
	gp_engine_pipeline_init(&q.pipeline, gp_engine_checks);
	gp_engine_facts_init(&q.facts, a->offline.config, GP_STAGE_MESSAGE, &envelope);
	q.facts.every_check = !a->as_configured;
	if (a->explain)
		puts("steps:");
	int rc = judge(a, file, &q);
	return rc ? fail(a, rc) : write_and_print(a, file, &q);
}

/* run: arguments, configuration, file, check. */
static int run(const struct gp_cli_call *call)
{
	struct arguments a = {.file = "-", .offline = GP_CLI_OFFLINE};
	struct gp_cli_mailfile file;
	int code = parse(call, &a);
	if (code < 0)
		code = gp_cli_offline_open(&a.offline);
	if (code >= 0)
		return code;
	code = gp_cli_mailfile_open(&file, "verify", a.file);
	if (code < 0) {
		code = verify(&a, &file);
		gp_cli_mailfile_close(&file);
	} else if (a.offline.json) {
		(void)gp_cli_print_json(json_pack(
			"{s:o}", "error", gp_cli_json_text(a.offline.ctx.arena, file.problem)));
	}
	gp_cli_offline_close(&a.offline);
	return code;
}

static const struct gp_cli_option options[] = {
	{.name = "explain", .help = "each step: canonical header, hashes, every DNS question"},
	{.name = "canonical",
		.argument = "FILE",
		.completes = GP_CLI_FILE,
		.help = "write header and body as they are signed into FILE (of a second signature "
			"into FILE.2, and so on)"},
	{.name = "as-configured",
		.help = "decide with the modes and exceptions of the configuration"},
	{.name = "now", .argument = "UNIX", .help = "judge as at this time"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "FILE", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

const struct gp_cli_command gp_cli_verify = {
	.name = "verify",
	.help = "check SPF, DKIM, ARC and DMARC of a message in a file",
	.synopsis = "[--ip IP --helo NAME --mail-from ADDR] [options] [FILE]",
	.text = "Checks SPF, DKIM, ARC and DMARC of a message in a file, or on standard input (-), "
		"as the mail server would at DATA. Every check runs and shows its own verdict, "
		"whatever the configuration switches off or excepts. Without --ip SPF is not "
		"judged. Without --mail-from MAIL FROM is that of the field Return-Path, where "
		"there is one.",
	.options = {gp_cli_sender_options, options, gp_cli_resolver_options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost verify --ip 192.0.2.1 --mail-from a@example.org msg.eml\n"
		    "gatepost verify --explain < msg.eml",
	.exits = "0 there is a verdict, whatever it says\n1 there is none\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
