/* SPDX-License-Identifier: ISC */
/* The dialogue line by line; then the outcome, and what enhanced codes mean (RFC 3463, 7372). */
#include "cli/try/try_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/table.h"

static const char *const way_names[] = {[GP_TRY_BY_XCLIENT] = "xclient",
	[GP_TRY_BY_SMTP] = "smtp",
	[GP_TRY_BY_EXIM] = "exim -bh",
	[GP_TRY_BY_POLICY] = "policy"};
static const char *const outcome_names[] = {[GP_TRY_UNKNOWN] = "unknown",
	[GP_TRY_ACCEPTED] = "accepted",
	[GP_TRY_DEFERRED] = "deferred",
	[GP_TRY_REFUSED] = "refused"};
static const char *const stage_names[] = {[GP_TRY_GREETING] = "the greeting",
	[GP_TRY_EHLO] = "EHLO",
	[GP_TRY_XCLIENT] = "XCLIENT",
	[GP_TRY_MAIL] = "MAIL FROM",
	[GP_TRY_RCPT] = "RCPT TO"};

/* What subject and detail of an enhanced code mean. */
static const struct {
	const char *code; /* behind the class */
	const char *meaning;
} codes[] = {
	{"1.1", "the recipient does not exist"},
	{"1.2", "the recipient's domain is not known"},
	{"1.8", "the sender's domain is not known"},
	{"3.0", "the server has trouble of its own: its log says which"},
	{"3.5", "the server's configuration has trouble: its log says which; where Postfix asks "
		"gatepost, gatepost doctor shows whether it can"},
	{"7.1", "a policy of the server; where it is gatepost's, the text says which"},
	{"7.20", "no valid DKIM signature"},
	{"7.23", "SPF: the sender's domain does not allow this client"},
	{"7.24", "SPF could not be judged: the record is broken or DNS gives no answer"},
	{"7.25", "the client's address has no name that leads back to it"},
	{"7.26", "several checks of who sends failed together"},
	{"7.27", "the sender's domain accepts no mail (null MX)"},
};

/* gp_try_report_note: there are few. */
void gp_try_report_note(struct gp_try_report *report, const char *text)
{
	if (report->note_count < sizeof report->notes / sizeof report->notes[0])
		report->notes[report->note_count++] = text;
}

/* gp_try_report_action_outcome: as access(5) has it. */
enum gp_try_outcome gp_try_report_action_outcome(const char *action)
{
	const struct gp_span text = gp_span_from(action);
	if (*action == '5' || gp_span_has_prefix(text, "REJECT"))
		return GP_TRY_REFUSED;
	if (*action == '4' || gp_span_has_prefix(text, "DEFER"))
		return GP_TRY_DEFERRED;
	return GP_TRY_ACCEPTED;
}

/* ---- what it means ---- */

/* status_of: the enhanced code that decided; "" for none. */
static const char *status_of(const struct gp_try_report *r, char status_out[GP_TRY_STATUS_TEXT])
{
	struct gp_try_reply from_action = {.line_count = 1};
	*status_out = 0;
	if (r->talk)
		return r->result.reply ? gp_try_reply_status(r->result.reply, status_out)
				       : status_out;
	if (*r->action != '4' && *r->action != '5')
		return status_out;
	from_action.code = (unsigned)(*r->action - '0') * 100;
	from_action.lines[0] = gp_span_skip(gp_span_from(r->action), strlen("550 "));
	return gp_try_reply_status(&from_action, status_out);
}

/* meaning_of: of a code; NULL: nothing that would help. */
static const char *meaning_of(const char *status)
{
	for (size_t i = 0; *status && i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(status + 2, codes[i].code) == 0)
			return codes[i].meaning;
	return NULL;
}

/* has_spf: does SPF, asked here, tell something about this test? Not of a client that we are. */
static bool has_spf(const struct gp_try_report *r)
{
	return r->has_spf && r->way != GP_TRY_BY_SMTP;
}

/* why_accepted: though SPF says fail; NULL: there is nothing to explain. */
static const char *why_accepted(const struct gp_try_report *r)
{
	if (!has_spf(r) || r->result.outcome != GP_TRY_ACCEPTED)
		return NULL;
	if (r->exempt)
		return gp_arena_printf(
			r->arena, "gatepost does not judge this mail: %s", r->exempt);
	if (r->spf.verdict == GP_SPF_TEMPERROR)
		return "DNS gives no answer here, so that SPF says nothing: try --from with a "
		       "domain that your name server knows";
	if (r->spf.verdict != GP_SPF_FAIL)
		return NULL;
	if (r->labels_only)
		return "SPF says fail, and spf.mode is label: such mail is labelled, not refused";
	return r->way == GP_TRY_BY_POLICY
		       ? "SPF says fail, and gatepost lets it pass: what it is told to refuse is "
			 "in spf.reject and spf.exempt_... of its configuration"
		       : "SPF says fail: does the mail server ask gatepost, and what for? gatepost "
			 "doctor looks";
}

/* sentence: what it comes to; in the arena. */
static const char *sentence(const struct gp_try_report *r)
{
	static const char *const ends[] = {[GP_TRY_UNKNOWN] = "there was no decision",
		[GP_TRY_ACCEPTED] =
			"accepted: the mail would be taken, as far as MAIL and RCPT tell",
		[GP_TRY_DEFERRED] = "deferred: the sender is told to try again later",
		[GP_TRY_REFUSED] = "refused"};
	char status[GP_TRY_STATUS_TEXT];
	const char *meaning = meaning_of(status_of(r, status));
	const char *at = r->talk ? stage_names[r->result.stage] : "RCPT TO";
	bool is_no = r->result.outcome == GP_TRY_REFUSED || r->result.outcome == GP_TRY_DEFERRED;
	const char *end = r->way == GP_TRY_BY_POLICY && !is_no
				  ? "accepted: gatepost lets the mail pass"
				  : ends[r->result.outcome];
	const char *text = gp_arena_printf(r->arena, "%s%s%s%s%s%s%s", end, is_no ? " at " : "",
		is_no ? at : "", *status && is_no ? ", " : "", is_no ? status : "",
		meaning && is_no ? ": " : "", meaning && is_no ? meaning : "");
	return text ? text : outcome_names[r->result.outcome];
}

/* ---- for people ---- */

/* print_note: in brackets. */
static void print_note(const char *note)
{
	printf("  (");
	gp_cli_print_wrapped(note, 3);
	puts(")");
}

/* print_way: to whom, as whom. */
static void print_way(const struct gp_try_report *r)
{
	switch (r->way) {
	case GP_TRY_BY_XCLIENT:
		printf("SMTP to %s, as client %s (XCLIENT)\n", r->where, r->ip);
		break;
	case GP_TRY_BY_SMTP:
		printf("SMTP to %s, as client from this machine\n", r->where);
		break;
	case GP_TRY_BY_EXIM:
		printf("%s -bh %s: Exim plays a session from there\n", r->where, r->ip);
		break;
	case GP_TRY_BY_POLICY:
		printf("the question that Postfix would ask, to %s\n", r->where);
		break;
	}
	for (size_t i = 0; i < r->note_count; i++)
		print_note(r->notes[i]);
}

/* print_keywords: a reply to EHLO in one line: the keywords are many, and one matters here. */
static void print_keywords(const struct gp_try_report *r, const struct gp_try_reply *reply)
{
	printf("  <- %u %s (%zu keywords%s)\n", reply->code,
		gp_cli_visible_span(r->arena, reply->lines[0]), reply->line_count - 1,
		gp_try_reply_offers(reply, "XCLIENT", NULL) ? ", with XCLIENT" : "");
}

/* print_reply: line by line. */
static void print_reply(const struct gp_try_report *r, const struct gp_try_turn *turn)
{
	const struct gp_try_reply *reply = &turn->reply;
	if (turn->sent && strncmp(turn->sent, "EHLO", 4) == 0 && reply->code == 250 &&
		reply->line_count > 1) {
		print_keywords(r, reply);
		return;
	}
	for (size_t i = 0; i < reply->line_count; i++)
		printf("  <- %u%s%s\n", reply->code, i + 1 < reply->line_count ? "-" : " ",
			gp_cli_visible_span(r->arena, reply->lines[i]));
}

/* print_talk: turn by turn. */
static void print_talk(const struct gp_try_report *r)
{
	for (size_t i = 0; i < r->talk->turn_count; i++) {
		const struct gp_try_turn *turn = &r->talk->turns[i];
		if (turn->sent)
			printf("  -> %s\n", turn->sent);
		if (turn->has_reply)
			print_reply(r, turn);
	}
}

/* print_request: attributes and action. */
static void print_request(const struct gp_try_report *r)
{
	struct gp_span rest = gp_span_from(r->request), line;
	while (gp_span_cut(rest, '\n', &line, &rest))
		if (line.len)
			printf("  -> %s\n", gp_cli_visible_span(r->arena, line));
	printf("  <- action=");
	gp_cli_print_wrapped(gp_cli_visible(r->arena, r->action), 12);
	putchar('\n');
	if (r->rule)
		printf("  <- rule=%s\n", gp_cli_visible(r->arena, r->rule));
}

#define TOLD_COLUMN 9

/* print_told: "name     text", as wide as the terminal. */
static void print_told(const char *name, const char *text)
{
	printf("%-*s", TOLD_COLUMN, name);
	gp_cli_print_wrapped(text, TOLD_COLUMN);
	putchar('\n');
}

/* print_spf: what SPF says, asked here. */
static void print_spf(const struct gp_try_report *r)
{
	if (!has_spf(r))
		return;
	const char *text = gp_arena_printf(r->arena, "%s, asked from here: %s for %s, client %s",
		gp_spf_verdict_name(r->spf.verdict),
		r->spf.identity == GP_SPF_MAILFROM ? "MAIL FROM" : "HELO",
		gp_cli_visible(r->arena, r->spf.domain), r->ip);
	print_told("SPF", text ? text : gp_spf_verdict_name(r->spf.verdict));
	if (r->spf.problem)
		print_told("", gp_cli_visible(r->arena, r->spf.problem));
}

/* gp_try_report_print: what was done, then what it means. */
void gp_try_report_print(const struct gp_try_report *r)
{
	static const enum gp_cli_tone tones[] = {[GP_TRY_UNKNOWN] = GP_CLI_PLAIN,
		[GP_TRY_ACCEPTED] = GP_CLI_GOOD,
		[GP_TRY_DEFERRED] = GP_CLI_WARN,
		[GP_TRY_REFUSED] = GP_CLI_BAD};
	const char *why = why_accepted(r);
	print_way(r);
	putchar('\n');
	if (r->talk)
		print_talk(r);
	else
		print_request(r);
	putchar('\n');
	print_spf(r);
	fputs(gp_cli_color(stdout, tones[r->result.outcome]), stdout);
	print_told("result", sentence(r));
	fputs(gp_cli_color_end(stdout), stdout);
	if (why)
		print_told("", why);
	puts("nothing was sent: there was no DATA");
}

/* ---- for programs ---- */

/* json_talk: an array of turns. */
static json_t *json_talk(const struct gp_try_report *r)
{
	json_t *array = json_array();
	for (size_t i = 0; r->talk && i < r->talk->turn_count; i++) {
		const struct gp_try_turn *turn = &r->talk->turns[i];
		json_t *lines = json_array(), *o = json_object();
		for (size_t j = 0; turn->has_reply && j < turn->reply.line_count; j++)
			json_array_append_new(lines,
				json_string(gp_cli_visible_span(r->arena, turn->reply.lines[j])));
		json_object_set_new(o, "sent", gp_cli_json_text(r->arena, turn->sent));
		json_object_set_new(
			o, "code", turn->has_reply ? json_integer(turn->reply.code) : json_null());
		json_object_set_new(o, "lines", lines);
		json_array_append_new(array, o);
	}
	return array;
}

/* json_notes: why another way was not taken. */
static json_t *json_notes(const struct gp_try_report *r)
{
	json_t *array = json_array();
	for (size_t i = 0; i < r->note_count; i++)
		json_array_append_new(array, json_string(r->notes[i]));
	return array;
}

/* gp_try_report_json: an object. */
int gp_try_report_json(const struct gp_try_report *r)
{
	char status[GP_TRY_STATUS_TEXT];
	json_t *o = json_object();
	json_object_set_new(o, "way", json_string(way_names[r->way]));
	json_object_set_new(o, "server", json_string(r->where));
	json_object_set_new(
		o, "client", gp_cli_json_text(r->arena, r->way == GP_TRY_BY_SMTP ? NULL : r->ip));
	json_object_set_new(o, "helo", json_string(r->plan->helo));
	json_object_set_new(o, "sender", json_string(r->plan->from));
	json_object_set_new(o, "recipient", json_string(r->plan->rcpt));
	json_object_set_new(o, "dialogue", json_talk(r));
	json_object_set_new(
		o, "action", r->talk ? json_null() : gp_cli_json_text(r->arena, r->action));
	json_object_set_new(o, "rule", gp_cli_json_text(r->arena, r->rule));
	json_object_set_new(o, "outcome", json_string(outcome_names[r->result.outcome]));
	json_object_set_new(o, "stage",
		json_string(r->talk ? stage_names[r->result.stage] : stage_names[GP_TRY_RCPT]));
	json_object_set_new(o, "status", json_string(status_of(r, status)));
	json_object_set_new(o, "spf",
		has_spf(r) ? json_string(gp_spf_verdict_name(r->spf.verdict)) : json_null());
	json_object_set_new(o, "meaning", json_string(sentence(r)));
	json_object_set_new(o, "why", gp_cli_json_text(r->arena, why_accepted(r)));
	json_object_set_new(o, "notes", json_notes(r));
	return gp_cli_print_json(o);
}
