/* SPDX-License-Identifier: ISC */
/*
 * Protocol: the Postfix policy protocol as text (SMTPD_POLICY_README): attributes in, action out.
 *
 * Pure text, no I/O. A request is lines of name=value ended by LF, and an empty line. Unknown
 * attributes are ignored, as the README asks; what is malformed is refused with a reason and must
 * not be answered: the session closes the connection.
 *
 * Ownership: a request's spans borrow the text that was parsed.
 */
#ifndef GP_POLICYD_PROTOCOL_H
#define GP_POLICYD_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "engine/engine.h"

#define GP_PROTOCOL_REQUEST_MAX 16384 /* bytes of one request, its empty line included */

/* Where in the SMTP conversation Postfix asks; OTHER is what is not listed here. */
enum gp_protocol_state {
	GP_STATE_OTHER,
	GP_STATE_CONNECT,
	GP_STATE_HELO,
	GP_STATE_MAIL,
	GP_STATE_RCPT,
	GP_STATE_DATA,
	GP_STATE_END_OF_MESSAGE
};
#define GP_PROTOCOL_STATES 7

struct gp_protocol_request {
	enum gp_protocol_state state;
	struct gp_span request, protocol_state, client_address, client_name, server_address,
		server_port, helo_name, sender, recipient, recipient_count_text, queue_id, instance,
		size_text, sasl_username, policy_context;
	int64_t recipient_count; /* 0 before DATA (SMTPD_POLICY_README) */
	int64_t size;            /* bytes; what MAIL FROM announced before END-OF-MESSAGE */
};

/*
 * Length of the first whole request in the bytes read so far, its empty line included; 0 when it is
 * not complete yet.
 */
size_t gp_protocol_length(struct gp_span bytes);

/* Can the bytes read so far, which are no whole request yet, become none that is well-formed? */
bool gp_protocol_is_hopeless(struct gp_span bytes);

/*
 * Parses one whole request. GP_ESYNTAX: *problem_out says what is wrong, static text. Refused are:
 * a line without "=", an empty or repeated name, a NUL, another request type than
 * smtpd_access_policy, a client_address that is neither an address nor "unknown", a
 * recipient_count or size that is no number.
 */
int gp_protocol_parse(struct gp_span text, struct gp_protocol_request *request_out,
	const char **problem_out) GP_MUST_CHECK;

/* The envelope that the request describes. "unknown" names and addresses become empty. */
void gp_protocol_envelope(
	const struct gp_protocol_request *request, struct gp_envelope *envelope_out);

/* "action=TEXT" and an empty line; line breaks and NULs in text become blanks. */
void gp_protocol_format(struct gp_strbuf *buf, const char *verb, const char *text);

#endif
