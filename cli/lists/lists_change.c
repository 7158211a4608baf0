/* SPDX-License-Identifier: ISC */
/* What an operator says of a list: off, on, to be tested now. One exchange each. */
#include "cli/answer.h"
#include "cli/format.h"
#include "cli/lists/lists.h"

/* exchange: asks, and prints the answer; an exit code. */
static int exchange(const struct gp_cli_call *call, struct gp_cli_control *control,
	const char *command, gp_cli_answer_make make)
{
	json_t *answer, *request = json_pack("{s:s}", "command", command);
	if (request && call->word_count)
		json_object_set_new(request, "list", json_string(call->words[0]));
	if (gp_cli_control_ask(control, request, &answer))
		return gp_cli_control_report(control);
	int code = gp_cli_answer_print(control, answer, gp_cli_has_option(call, "json"), make);
	json_decref(answer);
	return code;
}

/* add_on: what gatepost lists on comes to. */
static void add_on(struct gp_strbuf *buf, bool was_off, bool is_configured, const char *why_unused)
{
	gp_strbuf_add(buf, was_off ? "the order is taken back" : "was not switched off");
	if (!is_configured)
		gp_strbuf_add(buf, "; no such list is configured");
	else if (why_unused)
		gp_strbuf_printf(buf, "; mail is not checked against it: %s", why_unused);
	else if (was_off)
		gp_strbuf_add(buf, "; in use again within seconds, once its tests are good");
}

/* make_switched: what is so now; the same before is said, too. */
static bool make_switched(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const char *zone, *why = NULL;
	int off, was_off, configured = true;
	if (json_unpack((json_t *)(uintptr_t)answer, "{s:s, s:b, s:b, s?b, s?s}", "list", &zone,
		    "off", &off, "was_off", &was_off, "configured", &configured, "why_unused",
		    &why))
		return false;
	gp_strbuf_printf(buf, "%s: ", gp_cli_visible(arena, zone));
	if (off)
		gp_strbuf_printf(buf, "%s; no mail is checked against it until gatepost lists on",
			was_off ? "was off already" : "off within seconds");
	else
		add_on(buf, was_off, configured, why ? gp_cli_visible(arena, why) : NULL);
	gp_strbuf_add(buf, "\n");
	return true;
}

/* add_due: which lists are tested now; false: the answer is not as it should be. */
static bool add_due(const json_t *due, struct gp_arena *arena, struct gp_strbuf *buf)
{
	size_t count = json_array_size(due);
	for (size_t i = 0; i < count; i++) {
		const char *zone = json_string_value(json_array_get(due, i));
		if (!zone)
			return false;
		gp_strbuf_printf(
			buf, "%s%s", i ? ", " : "to be tested now: ", gp_cli_visible(arena, zone));
	}
	gp_strbuf_add(
		buf, count ? "; gatepost lists shows the result\n" : "no list is to be tested\n");
	return json_is_array(due);
}

/* make_due: which lists are tested now, and which are not. */
static bool make_due(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *untested = json_object_get(answer, "not_tested");
	const char *zone, *why;
	if (!add_due(json_object_get(answer, "due"), arena, buf) ||
		(untested && !json_is_array(untested)))
		return false;
	for (size_t i = 0; i < json_array_size(untested); i++) {
		if (json_unpack(
			    json_array_get(untested, i), "{s:s, s:s}", "list", &zone, "why", &why))
			return false;
		gp_strbuf_printf(buf, "%s is not tested: %s\n", gp_cli_visible(arena, zone),
			gp_cli_visible(arena, why));
	}
	return true;
}

/* gp_cli_lists_off: kept in the store. */
int gp_cli_lists_off(const struct gp_cli_call *call, struct gp_cli_control *control)
{
	return exchange(call, control, "lists-off", make_switched);
}

/* gp_cli_lists_on: takes that back. */
int gp_cli_lists_on(const struct gp_cli_call *call, struct gp_cli_control *control)
{
	return exchange(call, control, "lists-on", make_switched);
}

/* gp_cli_lists_retest: the running daemon's affair. */
int gp_cli_lists_retest(const struct gp_cli_call *call, struct gp_cli_control *control)
{
	return exchange(call, control, "lists-retest", make_due);
}
