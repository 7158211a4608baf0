/* SPDX-License-Identifier: ISC */
/*
 * gatepost try: one test of the mail server, or of gatepost behind it, that delivers nothing.
 *
 * For Postfix: a dialogue as the client that is wanted, by XCLIENT; where that is not offered, or
 * nobody listens, the question that Postfix would ask. For Exim, which knows no XCLIENT: exim -bh.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "cli/host_names.h"
#include "cli/mta_setting.h"
#include "cli/offline.h"
#include "cli/policy_client.h"
#include "cli/try/try_peer.h"
#include "cli/try/try_report.h"
#include "cli/usage.h"
#include "engine/check_spf.h"
#include "mail/address.h"

/*
 * A sender whose domain says that it sends no mail, for the first try: example.com is kept for
 * documentation (RFC 2606) and has the record "v=spf1 -all"; nobody's host has an address of
 * 192.0.2.0/24 (RFC 5737).
 */
#define FROM_DEFAULT "test@example.com"
#define IP_DEFAULT "192.0.2.1"
#define SERVER_DEFAULT "127.0.0.1:25"
#define WAIT_S 60   /* a mail server may ask DNS for long */
#define DNS_MS 8000 /* for what is asked here, beside the test itself */

struct trial {
	struct gp_cli_offline *offline;
	const char *server, *socket; /* socket NULL: as configured */
	bool is_exim;
	struct gp_cli_mta mta;
	bool has_server; /* --server is given: there is nothing to fall back to */
	struct gp_try_plan plan;
	struct gp_try_talk talk;
	struct gp_try_report report;
};

/* ---- defaults ---- */

/* local_domain: one that the mail server takes mail for. */
static const char *local_domain(struct trial *t)
{
	struct gp_arena *arena = t->offline->ctx.arena;
	const struct gp_span name = t->is_exim ? gp_cli_mta_exim(arena, &t->mta, "primary_hostname")
					       : gp_cli_mta_postfix(arena, &t->mta, "myhostname");
	return name.len ? gp_doctor_text(arena, "%.*s", (int)name.len, name.ptr)
			: t->offline->config->hostname;
}

/* find_target: which mail server this machine has, unless it is said. */
static void find_target(struct trial *t, const char *to)
{
	gp_cli_mta_find(t->offline->ctx.arena, &t->mta);
	t->is_exim =
		to ? strcmp(to, "exim") == 0 : !t->has_server && t->mta.exim && !t->mta.postconf;
}

/* complete: what is not given; -1, or an exit code. */
static int complete(struct trial *t, const struct gp_cli_call *call)
{
	struct gp_arena *arena = t->offline->ctx.arena;
	struct gp_try_plan *plan = &t->plan;
	const char *from = gp_cli_option(call, "from");
	struct gp_span local, domain, sender = gp_cli_mail_from(from ? from : FROM_DEFAULT);
	const char *ip = gp_cli_option(call, "ip");
	if (gp_ipaddr_parse(gp_span_from(ip ? ip : IP_DEFAULT), &plan->ip))
		return gp_cli_usage(call->title, "--ip: \"%s\" is no address", ip);
	plan->from = gp_doctor_text(arena, "%.*s", (int)sender.len, sender.ptr);
	plan->rcpt = gp_cli_option(call, "rcpt");
	if (!plan->rcpt)
		plan->rcpt = gp_doctor_text(arena, "root@%s", local_domain(t));
	plan->helo = gp_cli_option(call, "helo");
	if (!plan->helo && gp_address_split(sender, &local, &domain) && domain.len)
		plan->helo = gp_doctor_text(arena, "%.*s", (int)domain.len, domain.ptr);
	if (!plan->helo)
		plan->helo = "example.com";
	const char *problem = gp_try_plan_problem(plan);
	return problem ? gp_cli_usage(call->title, "%s", problem) : -1;
}

/* ---- what SPF says ---- */

/* look_spf: asked here, so that the outcome can be explained. */
static int look_spf(struct trial *t, struct gp_ctx *ctx)
{
	const struct gp_config *config = t->offline->config;
	struct gp_try_report *r = &t->report;
	const struct gp_rule *exempt = NULL;
	const struct gp_envelope envelope = {.client = t->plan.ip,
		.helo = gp_span_from(t->plan.helo),
		.sender = gp_span_from(t->plan.from)};
	const struct gp_spf_query query = {.client = gp_engine_address(config, t->plan.ip),
		.identity = *t->plan.from ? GP_SPF_MAILFROM : GP_SPF_HELO,
		.helo = envelope.helo,
		.mail_from = envelope.sender,
		.receiver = config->hostname,
		.options = &config->spf.limits};
	int rc = gp_spf_check(ctx, &query, &r->spf);
	if (!rc)
		rc = gp_engine_exempt(ctx, config, &envelope, &exempt);
	r->has_spf = !rc;
	r->labels_only = config->spf.mode != GP_MODE_ENFORCE;
	if (exempt)
		r->exempt = exempt->why
				    ? exempt->why
				    : gp_doctor_text(r->arena, "it is listed in %s", exempt->name);
	return rc;
}

/* ---- ways ---- */

/* by_exim: exim -bh. */
static bool by_exim(struct trial *t)
{
	struct gp_try_peer peer;
	struct gp_try_report *r = &t->report;
	struct gp_try_plan plan = t->plan;
	if (!t->mta.exim) {
		gp_try_report_note(r, "Exim is not installed here");
		return false;
	}
	plan.ip.family = GP_IP_NONE; /* -bh is that client already */
	if (!gp_try_peer_exim(r->arena, t->mta.exim, r->ip, &peer)) {
		gp_try_report_note(r, peer.problem);
		return false;
	}
	bool is_ready = gp_try_talk_init(&t->talk, r->arena, peer.fd, t->offline->ctx.deadline_us);
	t->talk.skips_noise = true;
	if (is_ready)
		gp_try_dialogue(&t->talk, &plan, false, &r->result);
	r->way = GP_TRY_BY_EXIM;
	r->where = t->mta.exim;
	r->talk = &t->talk;
	if (is_ready && t->talk.problem)
		gp_try_report_note(r, gp_doctor_text(r->arena, "%s: %s; %s", t->mta.exim,
					      t->talk.problem, gp_try_peer_said(r->arena, &peer)));
	gp_try_peer_close(&peer);
	return is_ready && !t->talk.problem;
}

/* note_no_xclient: what would allow it. */
static void note_no_xclient(struct trial *t)
{
	struct gp_try_report *r = &t->report;
	gp_try_report_note(
		r, gp_doctor_text(r->arena, "%s does not offer XCLIENT to us, which %s would need",
			   t->server, r->ip));
	gp_try_report_note(r, "Postfix offers it to smtpd_authorized_xclient_hosts = 127.0.0.1; "
			      "for tests only, since local users could pretend to be any client");
}

/* set_smtp: the way that was taken; from here SPF of another address tells nothing. */
static void set_smtp(struct trial *t)
{
	struct gp_try_report *r = &t->report;
	r->where = gp_cli_visible(r->arena, t->server);
	r->talk = &t->talk;
	r->way = r->result.offers_xclient ? GP_TRY_BY_XCLIENT : GP_TRY_BY_SMTP;
}

/* by_smtp: a dialogue; false: it has come to nothing. */
static bool by_smtp(struct trial *t, bool need_xclient)
{
	struct gp_try_peer peer;
	struct gp_try_report *r = &t->report;
	if (!gp_try_peer_dial(r->arena, t->server, t->offline->timeout_s, &peer)) {
		gp_try_report_note(r, peer.problem);
		return false;
	}
	bool is_ready = gp_try_talk_init(&t->talk, r->arena, peer.fd, t->offline->ctx.deadline_us);
	if (is_ready)
		gp_try_dialogue(&t->talk, &t->plan, need_xclient, &r->result);
	gp_try_peer_close(&peer);
	if (!is_ready)
		return false;
	if (t->talk.problem)
		gp_try_report_note(
			r, gp_doctor_text(r->arena, "%s: %s", t->server, t->talk.problem));
	else if (!r->result.offers_xclient && r->result.stage != GP_TRY_GREETING)
		note_no_xclient(t);
	else if (need_xclient && r->result.stage == GP_TRY_XCLIENT)
		gp_try_report_note(r, gp_doctor_text(r->arena, "%s refuses XCLIENT", t->server));
	set_smtp(t);
	bool is_other = r->result.outcome == GP_TRY_UNKNOWN || r->result.stage == GP_TRY_XCLIENT;
	return !t->talk.problem && !(need_xclient && is_other);
}

/* by_policy: the question that Postfix asks at RCPT. */
static bool by_policy(struct trial *t)
{
	struct gp_try_report *r = &t->report;
	char *answer = gp_arena_alloc(r->arena, GP_CLI_POLICY_ANSWER_MAX);
	const char *where = t->socket ? t->socket : gp_cli_policy_socket(t->offline->config);
	const char *problem;
	char instance[GP_CLI_POLICY_INSTANCE];
	if (!answer)
		return false;
	r->request = gp_doctor_text(r->arena,
		"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
		"instance=%s\nclient_address=%s\nclient_name=%s\n"
		"reverse_client_name=%s\nhelo_name=%s\nsender=%s\nrecipient=%s\n"
		"gatepost_explain=yes\n\n",
		gp_cli_policy_instance("try", instance), r->ip,
		t->plan.client_name ? t->plan.client_name : "unknown",
		t->plan.client_name ? t->plan.client_name : "unknown", t->plan.helo, t->plan.from,
		t->plan.rcpt);
	if (!gp_cli_policy_ask(
		    where, gp_span_from(r->request), t->offline->timeout_s, answer, &problem)) {
		gp_try_report_note(r, gp_doctor_text(r->arena, "%s: %s", where, problem));
		return false;
	}
	struct gp_cli_policy_reply reply;
	if (!gp_cli_policy_read(answer, &reply)) {
		gp_try_report_note(r, gp_doctor_text(r->arena,
					      "%s: the answer has no action; is this "
					      "gatepost-policyd?",
					      where));
		return false;
	}
	r->action = reply.action;
	r->rule = reply.rule;
	r->way = GP_TRY_BY_POLICY;
	r->where = gp_cli_visible(r->arena, where);
	r->talk = NULL;
	r->result = (struct gp_try_result) {.outcome = gp_try_report_action_outcome(r->action)};
	return true;
}

/* go: the first way that leads somewhere. */
static bool go(struct trial *t)
{
	if (t->is_exim)
		return by_exim(t);
	if (t->socket)
		return by_policy(t);
	return by_smtp(t, !t->has_server) || (!t->has_server && by_policy(t));
}

/* ---- the command ---- */

/* fail: no way led anywhere. */
static int fail(const struct gp_cli_call *call, const struct gp_try_report *r)
{
	fprintf(stderr, "gatepost %s: nobody could be asked\n", call->title);
	for (size_t i = 0; i < r->note_count; i++)
		fprintf(stderr, "  %s\n", r->notes[i]);
	fputs("is the mail server running, and gatepost-policyd? gatepost doctor looks at both\n",
		stderr);
	return GP_CLI_TROUBLE;
}

/* look_dns: the name that the mail server would see of the client, and SPF. */
static int look_dns(struct trial *t)
{
	struct gp_ctx ctx = t->offline->ctx;
	struct gp_cli_host_names names;
	int64_t end_us = gp_clock_now_us(ctx.clock) + DNS_MS * 1000;
	if (end_us < ctx.deadline_us)
		ctx.deadline_us = end_us;
	int rc = gp_cli_host_names_find(&ctx, &t->plan.ip, &names);
	t->plan.client_name = rc ? NULL : names.confirmed;
	return rc ? rc : look_spf(t, &ctx);
}

/* attempt: defaults, the way, the report. */
static int attempt(const struct gp_cli_call *call, struct gp_cli_offline *a)
{
	char ip[GP_IPADDR_TEXT];
	const char *server = gp_cli_option(call, "server");
	struct trial t = {.offline = a,
		.server = server ? server : SERVER_DEFAULT,
		.has_server = server != NULL,
		.socket = gp_cli_option(call, "socket")};
	if (t.socket && !gp_cli_policy_is_socket(t.socket))
		return gp_cli_usage(call->title, "--socket: unix:/path or inet:ADDRESS:PORT");
	find_target(&t, gp_cli_option(call, "to"));
	int code = complete(&t, call);
	if (code >= 0)
		return code;
	t.report.arena = a->ctx.arena;
	t.report.plan = &t.plan;
	t.report.ip = gp_doctor_text(a->ctx.arena, "%s", gp_ipaddr_format(&t.plan.ip, ip));
	int rc = look_dns(&t);
	if (rc) {
		fprintf(stderr, "gatepost %s: %s\n", call->title, gp_err_text(rc));
		return GP_CLI_TROUBLE;
	}
	if (!go(&t))
		return fail(call, &t.report);
	if (a->json)
		return gp_try_report_json(&t.report);
	gp_try_report_print(&t.report);
	return GP_CLI_FINE;
}

/* run: arguments, configuration, resolver, the attempt. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_offline a = GP_CLI_OFFLINE;
	a.timeout_s = WAIT_S;
	int code = gp_cli_offline_arguments(&a, call);
	if (code < 0)
		code = gp_cli_offline_open(&a);
	if (code >= 0)
		return code;
	code = attempt(call, &a);
	gp_cli_offline_close(&a);
	return code;
}

static const struct gp_cli_option options[] = {
	{.name = "to",
		.argument = "SERVER",
		.words = "postfix exim",
		.help = "which mail server: postfix, or exim (default: the one that is "
			"installed)"},
	{.name = "from",
		.argument = "ADDR",
		.help = "the sender (default " FROM_DEFAULT ", whose domain publishes that it "
			"sends no mail); empty: the null sender"},
	{.name = "ip",
		.argument = "IP",
		.help = "the client (default " IP_DEFAULT ", which is nobody's)"},
	{.name = "helo",
		.argument = "NAME",
		.help = "what the client says in EHLO (default: the sender's domain)"},
	{.name = "rcpt",
		.argument = "ADDR",
		.help = "the recipient (default: root at the mail server's own name)"},
	{.name = "server",
		.argument = "HOST[:PORT]",
		.completes = GP_CLI_HOST,
		.help = "an SMTP server to speak with, and no other way (default " SERVER_DEFAULT
			")"},
	{.name = "socket",
		.argument = "SOCKET",
		.completes = GP_CLI_FILE,
		.help = "ask gatepost-policyd at this socket, and no mail server: unix:/path or "
			"inet:ADDRESS:PORT"},
	{.name = NULL},
};

const struct gp_cli_command gp_cli_try = {
	.name = "try",
	.help = "send the mail server a test, and deliver nothing",
	.synopsis = "[--to postfix|exim] [--from ADDR] [--ip IP] [options]",
	.text = "Sends one test dialogue, EHLO, MAIL and RCPT, and never DATA: nothing is "
		"delivered. Prints what was sent, what was answered, and what it means.\n\n"
		"Postfix is told the client's address by XCLIENT where it offers that "
		"(smtpd_authorized_xclient_hosts); where it does not, or is not running, "
		"gatepost-policyd is asked as Postfix would ask it. Exim has no XCLIENT: exim "
		"-bh plays a session from the address, as root.\n\n"
		"Without options the client is one that the sender's domain does not allow, "
		"so that a refusal is seen, if DNS can be reached.",
	.options = {options, gp_cli_resolver_options, gp_cli_json_option},
	.examples = "gatepost try\n"
		    "gatepost try --from alice@example.org --ip 198.51.100.7\n"
		    "gatepost try --to exim --ip 2001:db8::7 --rcpt bob@example.net",
	.exits = "0 there was an answer, whatever it is\n"
		 "1 nobody could be asked\n"
		 "2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
