/* SPDX-License-Identifier: ISC */
/* What DNS lists have said, as text: in one word, field by field, and for
 * Authentication-Results. */
#ifndef GP_ENGINE_DNSBL_FIELDS_H
#define GP_ENGINE_DNSBL_FIELDS_H

#include "engine/check.h"
#include "reputation/dnsbl/dnsbl.h"

/* All lists together, in one word. */
enum gp_dnsbl_said {
	GP_DNSBL_SAID_NOTHING,    /* "none": no list was asked */
	GP_DNSBL_SAID_NOT_LISTED, /* "not-listed" */
	GP_DNSBL_SAID_LISTED,     /* "listed": the score is above 0 */
	GP_DNSBL_SAID_ALLOWED, /* "allowed": an allow list vouches, and the score is not above 0 */
	GP_DNSBL_SAID_SILENT   /* "no-answer": none of those that were asked has answered */
};
#define GP_DNSBL_SAIDS 5

enum gp_dnsbl_said gp_engine_dnsbl_said(const struct gp_dnsbl_result *result);
const char *gp_engine_dnsbl_said_name(unsigned said);

/* "127.0.0.2,127.0.0.9": the answers of a list; NULL: the arena refused. */
const char *gp_engine_dnsbl_codes(struct gp_arena *arena, const struct gp_dnsbl_item *item);

/*
 * Results: dnswl=pass for what an allow list vouches for (RFC 8904 2), x-dnsbl=listed for the
 * others, a result for each list, with its public zone.
 */
bool gp_engine_dnsbl_has_authres(const struct gp_facts *facts);
void gp_engine_dnsbl_authres(struct gp_authres_writer *writer, const struct gp_facts *facts,
	const struct gp_verdict *verdict);

extern const struct gp_field gp_engine_dnsbl_fields[];

#endif
