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

/* make_switched: what is so now; the same before is said, too. */
static bool make_switched(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const char *zone;
	int off, was_off, configured = true;
	if (json_unpack((json_t *)(uintptr_t)answer, "{s:s, s:b, s:b, s?b}", "list", &zone, "off",
		    &off, "was_off", &was_off, "configured", &configured))
		return false;
	zone = gp_cli_visible(arena, zone);
	if (off)
		gp_strbuf_printf(buf,
			"%s: %s; no mail is checked against it until gatepost lists on\n", zone,
			was_off ? "was off already" : "off within seconds");
	else if (!configured)
		gp_strbuf_printf(
			buf, "%s: the order is taken back; no such list is configured\n", zone);
	else
		gp_strbuf_printf(buf, "%s: %s\n", zone,
			was_off ? "on again within seconds, once its tests are good"
				: "was not switched off");
	return true;
}

/* make_due: which lists are tested now. */
static bool make_due(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *lists = json_object_get(answer, "due");
	size_t count = json_array_size(lists);
	if (!json_is_array(lists))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(lists, i)))
			return false;
	for (size_t i = 0; i < count; i++)
		gp_strbuf_printf(buf, "%s%s", i ? ", " : "to be tested now: ",
			gp_cli_visible(arena, json_string_value(json_array_get(lists, i))));
	gp_strbuf_add(
		buf, count ? "; gatepost lists shows the result\n" : "no list is to be tested\n");
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
