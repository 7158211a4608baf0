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
#include "crypto/digest.h"
#include "engine/checks.h"
#include "engine/record.h"

static const char help[] =
	"usage: gatepost verify [--ip IP --helo NAME --mail-from ADDR] [options] [FILE]\n"
	"\n"
	"Checks SPF, DKIM, ARC and DMARC of a message in a file, or on standard input (-), as the\n"
	"mail server would at DATA. Every check runs and shows its own verdict, whatever the\n"
	"configuration switches off or excepts.\n"
	"\n"
	"  --ip IP           address of the client it came from; without it SPF is not judged\n"
	"  --helo NAME       what the client said in HELO\n"
	"  --mail-from ADDR  what it said in MAIL FROM; empty: the null sender\n"
	"  --explain         each step: canonical header, hashes, every DNS question\n"
	"  --as-configured   decide with the modes and exceptions of the configuration\n"
	"  --now UNIX        judge as at this time\n"
	"  --dns ADDR[:PORT] the name server to ask; may be given several times\n"
	"                    (default: those of the configuration, else of /etc/resolv.conf)\n"
	"  --config FILE     options from this file\n"
	"                    (default " GP_CONFIG_PATH ", if it is there)\n"
	"  --timeout SECONDS for the whole check (default 20)\n"
	"  --json            a JSON object\n"
	"\n"
	"examples:\n"
	"  gatepost verify --ip 192.0.2.1 --helo mx.example.org --mail-from a@example.org msg.eml\n"
	"  gatepost verify --explain < msg.eml\n"
	"\n"
	"exit codes: 0 there is a verdict, whatever it says, 1 trouble, 2 usage,\n"
	"            3 the configuration has errors\n";

struct arguments {
	const char *file;
	bool explain, as_configured, has_now;
	uint64_t now_s;
	struct gp_cli_offline offline;
};

/* A clock whose wall time stands still. */
struct fixed_clock {
	struct gp_clock clock;
	int64_t wall_s;
};

enum { OPT_EXPLAIN = GP_CLI_OWN, OPT_AS_CONFIGURED, OPT_NOW };

/* take_now: one point of time. */
static int take_now(struct arguments *a, const char *value)
{
	a->has_now = true;
	if (gp_span_parse_uint(gp_span_from(value), INT64_MAX / 1000000, &a->now_s))
		return gp_cli_usage("verify", "--now: seconds since 1970");
	return -1;
}

/* take: one option; -1, or an exit code. */
static int take(struct arguments *a, int option, const char *value)
{
	switch (option) {
	case OPT_EXPLAIN:
		a->explain = true;
		return -1;
	case OPT_AS_CONFIGURED:
		a->as_configured = true;
		return -1;
	case OPT_NOW:
		return take_now(a, value);
	default:
		return gp_cli_offline_take(&a->offline, option, value);
	}
}

/* parse: -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		GP_CLI_OFFLINE_OPTIONS,
		{"explain", no_argument, NULL, OPT_EXPLAIN},
		{"as-configured", no_argument, NULL, OPT_AS_CONFIGURED},
		{"now", required_argument, NULL, OPT_NOW},
		{NULL, 0, NULL, 0},
	};
	int c;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return gp_cli_help(help);
		int code = take(a, c, optarg);
		if (code >= 0)
			return code;
	}
	if (argc - optind > 1)
		return gp_cli_usage("verify", "unexpected argument: %s", argv[optind + 1]);
	if (optind < argc)
		a->file = argv[optind];
	if (a->offline.json && a->explain)
		return gp_cli_usage("verify", "--json and --explain do not go together");
	return -1;
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
		return gp_cli_usage("verify", "--ip: \"%s\" is no address", a->offline.ip);
	return -1;
}

/* What is asked about a message, and what came of it. */
struct question {
	struct gp_pipeline pipeline;
	struct gp_mail mail;
	struct gp_facts facts;
	struct gp_verdict verdict;
	const char *note; /* one more line for people; NULL */
};

/* judge: the engine over the opened file. */
static int judge(const struct arguments *a, struct gp_cli_mailfile *file, struct question *q)
{
	struct gp_ctx ctx = a->offline.ctx;
	struct gp_message message;
	struct gp_crypto_digest *digest = NULL;
	const struct fixed_clock fixed = {{ctx.clock->mono_us, wall_fixed}, (int64_t)a->now_s};
	const struct gp_trace trace = {gp_cli_trace_line, ctx.arena};
	if (a->has_now)
		ctx.clock = &fixed.clock;
	if (a->explain)
		ctx.trace = &trace;
	int rc = gp_crypto_digest_new(&digest);
	if (!rc)
		rc = gp_message_parse(ctx.arena, file->header, file->ending, &message);
	if (!rc && a->explain && message.defect)
		printf("  header: %s\n", message.defect);
	q->mail.digest = digest;
	q->mail.message = &message;
	q->mail.body = &file->body;
	q->facts.mail = &q->mail;
	if (!rc)
		q->note = gp_cli_mta_view(ctx.arena, &message);
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

/* print: as a program wants it, or people. */
static int print(const struct arguments *a, const struct question *q)
{
	const struct gp_record record = {&q->facts, &q->verdict, a->offline.ctx.arena};
	if (a->offline.json) {
		json_t *o = gp_cli_record_json(&q->pipeline, &record);
		json_object_set_new(o, "note", gp_cli_json_text(record.arena, q->note));
		return gp_cli_print_json(o);
	}
	if (a->explain)
		putchar('\n');
	gp_cli_verify_report(&record, q->note);
	return GP_CLI_FINE;
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
	return rc ? fail(a, rc) : print(a, &q);
}

/* gp_cli_verify: arguments, configuration, file, check. */
int gp_cli_verify(int argc, char **argv)
{
	struct arguments a = {.file = "-", .offline = GP_CLI_OFFLINE("verify")};
	struct gp_cli_mailfile file;
	int code = parse(argc, argv, &a);
	if (code < 0)
		code = gp_cli_offline_open(&a.offline);
	if (code >= 0)
		return code;
	code = gp_cli_mailfile_open(&file, "verify", a.file);
	if (code < 0) {
		code = verify(&a, &file);
		gp_cli_mailfile_close(&file);
	}
	gp_cli_offline_close(&a.offline);
	return code;
}
