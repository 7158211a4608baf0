/* SPDX-License-Identifier: ISC */
/* Each step says its line and looks at the class of the reply; the first that is none of 2xx ends
 * the dialogue, which says goodbye all the same. */
#include "cli/try/try_dialogue.h"

#include <string.h>

#define ADDRESS_MAX 320 /* RFC 5321 4.5.3.1: 64, @, 255 */
#define NAME_MAX_LEN 255

/* ---- what may be sent ---- */

/* is_plain: printable ASCII without blanks and angle brackets. */
static bool is_plain(const char *text, size_t max)
{
	const struct gp_span span = gp_span_from(text);
	return span.len <= max && gp_span_is_printable_ascii(span) && !strpbrk(text, " <>");
}

/* gp_try_plan_problem: each text by itself. */
const char *gp_try_plan_problem(const struct gp_try_plan *plan)
{
	if (!is_plain(plan->from, ADDRESS_MAX))
		return "--from: an address of printable ASCII without blanks and <>, or nothing";
	if (!*plan->rcpt || !is_plain(plan->rcpt, ADDRESS_MAX))
		return "--rcpt: an address of printable ASCII without blanks and <>";
	if (!*plan->helo || !is_plain(plan->helo, NAME_MAX_LEN))
		return "--helo: a name of printable ASCII without blanks and <>";
	return NULL;
}

/* ---- steps ---- */

/* settle: what a reply means at this step; true: go on. */
static bool settle(
	struct gp_try_result *result, enum gp_try_stage stage, const struct gp_try_reply *reply)
{
	result->stage = stage;
	result->reply = reply;
	if (reply->code < 300)
		return true;
	result->outcome = reply->code < 400   ? GP_TRY_UNKNOWN
			  : reply->code < 500 ? GP_TRY_DEFERRED
					      : GP_TRY_REFUSED;
	return false;
}

/* has_word: among words with blanks between them. */
static bool has_word(struct gp_span list, const char *word)
{
	struct gp_span one;
	while (list.len) {
		(void)gp_span_cut(list, ' ', &one, &list); /* no blank: the last one */
		if (gp_span_is(one, word))
			return true;
	}
	return false;
}

/* says_exim: "220 host ESMTP Exim 4.96 ..." */
static bool says_exim(const struct gp_try_reply *greeting)
{
	return has_word(greeting->lines[0], "Exim");
}

/* greet: EHLO, and what is offered. */
static bool greet(
	struct gp_try_talk *talk, const struct gp_try_plan *plan, struct gp_try_result *result)
{
	const struct gp_try_reply *reply;
	struct gp_span attributes;
	if (!gp_try_talk_say(talk, &reply, "EHLO %s", plan->helo) ||
		!settle(result, GP_TRY_EHLO, reply))
		return false;
	/* as the client that it has become a server offers it no more */
	if (gp_try_reply_offers(reply, "XCLIENT", &attributes) && has_word(attributes, "ADDR"))
		result->offers_xclient = true;
	return true;
}

/* become: another client, as Postfix's XCLIENT_README has it; then the session is a new one. */
static bool become(
	struct gp_try_talk *talk, const struct gp_try_plan *plan, struct gp_try_result *result)
{
	char text[GP_IPADDR_TEXT];
	const struct gp_try_reply *reply;
	return gp_try_talk_say(talk, &reply, "XCLIENT ADDR=%s%s NAME=%s",
		       plan->ip.family == GP_IP_V6 ? "IPV6:" : "",
		       gp_ipaddr_format(&plan->ip, text),
		       plan->client_name ? plan->client_name : "[UNAVAILABLE]") &&
	       settle(result, GP_TRY_XCLIENT, reply) && greet(talk, plan, result);
}

/* envelope: MAIL and RCPT. */
static void envelope(
	struct gp_try_talk *talk, const struct gp_try_plan *plan, struct gp_try_result *result)
{
	const struct gp_try_reply *reply;
	if (gp_try_talk_say(talk, &reply, "MAIL FROM:<%s>", plan->from) &&
		settle(result, GP_TRY_MAIL, reply) &&
		gp_try_talk_say(talk, &reply, "RCPT TO:<%s>", plan->rcpt) &&
		settle(result, GP_TRY_RCPT, reply))
		result->outcome = GP_TRY_ACCEPTED;
}

/* leave: nothing of it is kept; whatever is answered. */
static void leave(struct gp_try_talk *talk, const struct gp_try_result *result)
{
	const struct gp_try_reply *reply;
	if (result->stage >= GP_TRY_MAIL)
		(void)gp_try_talk_say(talk, &reply, "RSET"); /* the outcome is known */
	const char *problem = talk->problem;
	(void)gp_try_talk_say(talk, &reply, "QUIT");
	talk->problem = problem; /* a server that closes at once has answered before */
}

/* gp_try_dialogue: from the greeting to QUIT. */
void gp_try_dialogue(struct gp_try_talk *talk, const struct gp_try_plan *plan, bool need_xclient,
	struct gp_try_result *result_out)
{
	const struct gp_try_reply *reply;
	*result_out = (struct gp_try_result) {.outcome = GP_TRY_UNKNOWN};
	if (!gp_try_talk_listen(talk, &reply))
		return;
	result_out->is_exim = says_exim(reply);
	bool is_well = settle(result_out, GP_TRY_GREETING, reply) && greet(talk, plan, result_out);
	if (is_well && result_out->offers_xclient && plan->ip.family != GP_IP_NONE)
		is_well = become(talk, plan, result_out);
	else if (is_well && need_xclient && plan->ip.family != GP_IP_NONE)
		is_well = false;
	if (is_well)
		envelope(talk, plan, result_out);
	if (!talk->problem)
		leave(talk, result_out);
}
