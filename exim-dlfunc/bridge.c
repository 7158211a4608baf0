/* SPDX-License-Identifier: ISC */
/* Header and body are put together; what Exim added in front is taken off. */
#include "exim-dlfunc/bridge.h"

#include <string.h>

/* holds: does the text hold the ID? */
static bool holds(struct gp_span text, struct gp_span id)
{
	return id.len && text.len >= id.len && memmem(text.ptr, text.len, id.ptr, id.len);
}

/* gp_exim_message_drop_own: the topmost Received, with what stands above it. */
void gp_exim_message_drop_own(struct gp_message *message, struct gp_span id)
{
	const struct gp_message_field *own = gp_message_find(message, "Received");
	if (!own || !holds(own->value, id))
		return;
	size_t n = (size_t)(own - message->fields) + 1;
	message->fields += n;
	message->count -= n;
}

/* is_cut: a whole header ends with a line end, and is rarely as long as the limit to the byte. */
static bool is_cut(struct gp_span headers)
{
	return headers.len == GP_EXIM_HEADER_CUT ||
	       (headers.len && headers.ptr[headers.len - 1] != '\n');
}

/* gp_exim_message_open: the header, then the body. */
int gp_exim_message_open(struct gp_arena *arena, const struct gp_exim_place *place,
	struct gp_span headers, struct gp_exim_message *message_out)
{
	struct gp_exim_message *m = message_out;
	*m = (struct gp_exim_message) {.spool = {.fd = -1}, .is_cut = is_cut(headers)};
	int rc = gp_message_parse(arena, headers, GP_MESSAGE_LF, &m->message);
	if (rc)
		return rc;
	if (m->is_cut && !m->message.is_cut) {
		m->message.is_cut = true;
		m->message.defect = "Exim passed only a part of the header";
	}
	gp_exim_message_drop_own(&m->message, place->id);
	m->message.is_trimmed = true;
	rc = gp_exim_spool_open(place, &m->spool);
	m->body = (struct gp_message_body) {gp_exim_spool_read, &m->spool, m->spool.ending};
	return rc;
}

/* gp_exim_message_close: the spool file. */
void gp_exim_message_close(struct gp_exim_message *message)
{
	gp_exim_spool_close(&message->spool);
}
