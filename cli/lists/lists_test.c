/* SPDX-License-Identifier: ISC */
/*
 * The daemon's way, once: the lists' tests, then the lists about one subject. Nothing of it
 * outlives the command.
 */
#include "cli/lists/lists_test.h"

#include <stdio.h>
#include <string.h>

#include "cli/lists/lists_report.h"
#include "cli/lists/lists_trial.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "engine/check_dnsbl.h"
#include "engine/policy.h"
#include "mail/address.h"
#include "operator/operator.h"
#include "reputation/dnsbl/dnsbl_question.h"

/* ---- the subject ---- */

/* is_entry: what address lists have for tests (RFC 5782 5). */
static bool is_entry(const struct gp_ipaddr *addr)
{
	char text[GP_IPADDR_TEXT];
	gp_ipaddr_format(addr, text);
	return strcmp(text, "127.0.0.1") == 0 || strcmp(text, "127.0.0.2") == 0;
}

/* take_address: -1, or an exit code. */
static int take_address(
	const struct gp_cli_call *call, struct gp_ipaddr addr, struct gp_dnsbl_subject *subject)
{
	addr = gp_ipaddr_unmap(addr);
	subject->client = addr;
	subject->is_entry = is_entry(&addr);
	if (subject->is_entry || gp_dnsbl_question_is_host(&addr))
		return -1;
	return gp_cli_usage(call->title, "%s %s: no DNS list is queried about such a client",
		call->words[0],
		gp_ipaddr_is_loopback(&addr)  ? "is an address of the host itself"
		: gp_ipaddr_is_of_link(&addr) ? "is a link-local address"
					      : "is a private or special address");
}

/* is_number: digits and dots: an address with a mistake in it. */
static bool is_number(struct gp_span text)
{
	bool is_one = text.len > 0;
	for (size_t i = 0; i < text.len; i++)
		is_one = is_one &&
			 (text.ptr[i] == '.' || (text.ptr[i] >= '0' && text.ptr[i] <= '9'));
	return is_one;
}

/* take_domain: -1, or an exit code. */
static int take_domain(
	const struct gp_cli_call *call, struct gp_ctx *ctx, struct gp_dnsbl_subject *subject)
{
	const char *word = call->words[0], *domain, *asked = NULL;
	struct gp_span text = gp_span_from(word);
	struct gp_prefix prefix;
	if (text.len && text.ptr[text.len - 1] == '.')
		text.len--;
	if (strstr(word, "://") || strchr(word, '@'))
		return gp_cli_usage(call->title,
			"\"%s\": give a domain alone (example.org) or an address (192.0.2.1)",
			word);
	if (gp_prefix_parse(text, &prefix) == GP_OK)
		return gp_cli_usage(call->title,
			"\"%s\" is a network; lists answer about one address at a time", word);
	int rc = gp_address_domain(ctx->arena, text, &domain);
	if (rc == GP_ESYNTAX || (!rc && !gp_address_is_host_name(domain)) || is_number(text))
		return gp_cli_usage(call->title,
			"\"%s\" is neither a domain nor the address of a client", word);
	if (!rc)
		rc = gp_dnsbl_question_domain(ctx->arena, domain, &asked);
	if (rc) {
		fprintf(stderr, "gatepost %s: %s\n", call->title, gp_err_text(rc));
		return GP_CLI_TROUBLE;
	}
	if (!asked)
		return gp_cli_usage(call->title,
			"%s: no DNS list is queried about a name of one label, or one under a "
			"domain that is not on the internet",
			domain);
	subject->sender_domain = subject->helo_name = subject->rdns_name = asked;
	return -1;
}

/* take_subject: an address, or a domain; -1, or an exit code. */
static int take_subject(
	const struct gp_cli_call *call, struct gp_ctx *ctx, struct gp_dnsbl_subject *subject)
{
	struct gp_ipaddr addr;
	*subject = (struct gp_dnsbl_subject) {.client = {.family = GP_IP_NONE}};
	struct gp_span text = gp_span_from(call->words[0]);
	if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = (struct gp_span) {text.ptr + 1, text.len - 2};
	return gp_ipaddr_parse(text, &addr) == GP_OK ? take_address(call, addr, subject)
						     : take_domain(call, ctx, subject);
}

/* ---- the lists ---- */

/* What one run has. */
struct trial {
	struct gp_cli_offline *offline;
	struct gp_cli_lists_trial lists;
	struct gp_dnsbl_subject subject;
	struct gp_dnsbl_result result;
};

/* ask_lists: tests, the lists, and the text of the worst. */
static int ask_lists(struct trial *t)
{
	struct gp_ctx *ctx = &t->offline->ctx;
	int rc = gp_cli_lists_trial_begin(ctx, &t->offline->config->dnsbl, &t->lists);
	if (!rc)
		rc = gp_dnsbl_ask(ctx, &t->lists.plan, &t->subject, &t->result);
	if (!rc && !t->offline->json)
		rc = gp_dnsbl_text(ctx, &t->result);
	return rc;
}

/* ---- what came of it ---- */

/* answers_about: is the list one for this kind of subject? */
static bool answers_about(const struct trial *t, const struct gp_dnsbl_list *list)
{
	const unsigned names = GP_DNSBL_ASKS_SENDER | GP_DNSBL_ASKS_HELO | GP_DNSBL_ASKS_RDNS;
	if (t->subject.client.family == GP_IP_NONE)
		return list->asks & names;
	return (list->asks & GP_DNSBL_ASKS_CLIENT) &&
	       (t->subject.client.family != GP_IP_V6 || list->ipv6);
}

/* make_row: of one list; false: it has nothing to do with the subject. */
static bool make_row(
	const struct trial *t, const struct gp_dnsbl_item *item, struct gp_cli_lists_row *row_out)
{
	struct gp_dnsbl_health_view view;
	*row_out =
		(struct gp_cli_lists_row) {.item = item, .state = gp_dnsbl_state_name(item->state)};
	gp_cli_lists_trial_view(&t->lists, item->list, &view);
	if (item->state == GP_DNSBL_NOT_ASKED && answers_about(t, item->list) &&
		gp_cli_lists_trial_is_suspended(&view)) {
		row_out->state = gp_dnsbl_status_name(
			view.status == GP_DNSBL_DEAD ? GP_DNSBL_DEAD : GP_DNSBL_SUSPENDED);
		row_out->reason = gp_operator_lists_reason(item->list, &view);
		row_out->detail = gp_arena_copy(t->offline->ctx.arena,
			gp_span_from(gp_operator_lists_problem(item->list, &view)));
		return true;
	}
	return item->state != GP_DNSBL_NOT_ASKED;
}

/* reaches: is a threshold set, and the score not below it? */
static bool reaches(const struct gp_dnsbl_result *result, unsigned at)
{
	return at && result->score > 0 && (unsigned)result->score >= at;
}

/* action_of: what enforce would do, had nothing else been found out. */
static const char *action_of(const struct gp_config *config, const struct gp_dnsbl_result *r)
{
	const struct gp_dnsbl_settings *s = &config->dnsbl;
	enum gp_action action = gp_engine_dnsbl_action(config, r);
	if (action != GP_ACTION_ACCEPT)
		return gp_engine_action_name(action);
	if (reaches(r, s->greylist_at) && config->greylist.mode != GP_MODE_OFF && !r->is_vouched)
		return "greylist";
	return reaches(r, s->label_at) ? "label" : "accept";
}

/* show: as a table, or for programs. */
static int show(const struct trial *t)
{
	struct gp_arena *arena = t->offline->ctx.arena;
	struct gp_cli_lists_row *rows = gp_arena_array(arena, t->result.count + 1, sizeof *rows);
	struct gp_cli_lists_report report = {.config = t->offline->config,
		.is_address = t->subject.client.family != GP_IP_NONE,
		.rows = rows,
		.result = &t->result,
		.action = action_of(t->offline->config, &t->result)};
	if (!rows) {
		fprintf(stderr, "gatepost lists test: %s\n", gp_err_text(GP_ENOMEM));
		return GP_CLI_TROUBLE;
	}
	for (size_t i = 0; i < t->result.count; i++)
		report.count += make_row(t, &t->result.items[i], &rows[report.count]);
	return t->offline->json ? gp_cli_lists_report_json(arena, &report)
				: gp_cli_lists_report_print(arena, &report);
}

/* try_lists: with everything open; an exit code. */
static int try_lists(const struct gp_cli_call *call, struct gp_cli_offline *offline)
{
	struct trial t = {.offline = offline};
	int code = take_subject(call, &offline->ctx, &t.subject);
	if (code >= 0)
		return code;
	if (!offline->config->dnsbl.count) {
		fprintf(stderr,
			"gatepost %s: no DNS list is configured in %s; add for example: "
			"use spamhaus-zen { }\n",
			call->title, offline->config->path);
		return GP_CLI_TROUBLE;
	}
	int rc = ask_lists(&t);
	if (rc)
		fprintf(stderr, "gatepost %s: %s\n", call->title, gp_err_text(rc));
	code = rc ? GP_CLI_TROUBLE : show(&t);
	gp_cli_lists_trial_end(&t.lists);
	return code;
}

/* gp_cli_lists_test: arguments, configuration, resolver. */
int gp_cli_lists_test(const struct gp_cli_call *call)
{
	struct gp_cli_offline offline = GP_CLI_OFFLINE;
	int code = gp_cli_offline_arguments(&offline, call);
	if (code < 0)
		code = gp_cli_offline_open(&offline);
	if (code >= 0)
		return code;
	code = try_lists(call, &offline);
	gp_cli_offline_close(&offline);
	return code;
}
