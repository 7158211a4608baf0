/* SPDX-License-Identifier: ISC */
/* Two readings of each field, by grammar and by sight: either is enough. */
#include "exim-dlfunc/forged.h"

#include "mail/authres.h"

/* shows: does the text hold the word, ASCII case aside? Both are short. */
static bool shows(struct gp_span text, struct gp_span word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (gp_span_equal_nocase((struct gp_span) {text.ptr + i, word.len}, word))
			return true;
	return false;
}

/* gp_exim_is_forged_value: what cannot be parsed counts. */
bool gp_exim_is_forged_value(struct gp_arena *arena, struct gp_span value, const char *host)
{
	struct gp_authres parsed;
	struct gp_span before, rest, name = gp_span_from(host);
	if (gp_authres_parse(arena, value, &parsed))
		return true;
	gp_span_cut(value, ';', &before, &rest);
	return gp_span_equal_nocase(parsed.authserv_id, name) || shows(before, name);
}

/* gp_exim_is_forged: field by field. */
bool gp_exim_is_forged(struct gp_arena *arena, const struct gp_message *message, const char *host)
{
	for (size_t i = 0; i < message->count; i++)
		if (gp_span_is(message->fields[i].name, "Authentication-Results") &&
			gp_exim_is_forged_value(arena, message->fields[i].value, host))
			return true;
	return false;
}
