/* SPDX-License-Identifier: ISC */
/* SPF results as header fields: Received-SPF (RFC 7208 9.1), and for Authentication-Results. */
#ifndef GP_ENGINE_SPF_HEADER_H
#define GP_ENGINE_SPF_HEADER_H

#include "engine/check.h"

#define GP_HEADER_LINE_MAX 990 /* a line holds 998 octets (RFC 5322 2.1.1) */

/* "Received-SPF: ..." for the identity that decided, on one line; NULL without a result. */
int gp_engine_received_spf(
	struct gp_ctx *ctx, const struct gp_facts *facts, const char **header_out) GP_MUST_CHECK;

/* One identity (RFC 8601 2.7.2). */
void gp_engine_spf_authres(struct gp_authres_writer *writer, const struct gp_facts *facts,
	const struct gp_spf_result *result);

#endif
