/* SPDX-License-Identifier: ISC */
/*
 * Protocol: the Postfix policy protocol as text (SMTPD_POLICY_README): attributes in, action out.
 *
 * Pure text, no I/O; where a request ends is known to policyd/reader.h. Whatever a client of the
 * mail server can have chosen is taken: unknown attributes are ignored, as the README asks, a
 * number is clamped, an unusable value counts as unknown for the check that needs it. Only what no
 * Postfix sends is refused: another request than smtpd_access_policy. It must not be answered: the
 * session closes the connection.
 *
 * An attribute that comes twice, which Postfix never sends, has its first value: Postfix puts its
 * own values before those of the client. Of two users the empty one counts, since authenticated
 * users are checked less.
 *
 * Ownership: a request's spans borrow the text that was parsed.
 */
#ifndef GP_POLICYD_PROTOCOL_H
#define GP_POLICYD_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "engine/facts.h"
#include "engine/mark.h"

/* larger than any mail; sums have room above it */
#define GP_PROTOCOL_NUMBER_MAX (INT64_C(1) << 50)
/* bytes of one that count; Postfix: four numbers */
#define GP_PROTOCOL_INSTANCE_MAX 127

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
	struct gp_span
		explain; /* gatepost_explain, which gatepost request sends and Postfix never */
	/* the secret of a policy_context that is mark:SECRET, which is then empty; a field that is
	 * given to Postfix has it, see gp_protocol_format_field */
	struct gp_span mark;
	enum gp_mark mark_state;
	/* from 0 to GP_PROTOCOL_NUMBER_MAX; anything but a number is 0 */
	int64_t recipient_count; /* 0 before DATA (SMTPD_POLICY_README) */
	int64_t size;            /* bytes; what MAIL FROM announced before END-OF-MESSAGE */
};

/*
 * Parses a request, whole or in part (of a line without its LF nothing is used). GP_ESYNTAX:
 * *problem_out says what is wrong, static text, and *request_out holds what could be read all the
 * same.
 */
int gp_protocol_parse(struct gp_span text, struct gp_protocol_request *request_out,
	const char **problem_out) GP_MUST_CHECK;

/* Is there any use for the attribute of this name? */
bool gp_protocol_is_used(struct gp_span name);

/*
 * The envelope that the request describes. "unknown" names and addresses become empty. An address
 * that is none is not taken for "no internet client", as absence is.
 */
void gp_protocol_envelope(
	const struct gp_protocol_request *request, struct gp_envelope *envelope_out);

/*
 * The sender as Postfix will write it into the message: without an @, site!user and user%site
 * become user@site (swap_bangpath, allow_percent_hack; both are its default), and a domain that is
 * empty is none, and blanks around one are no part of it. Otherwise such a sender would be judged
 * as empty and delivered as user@site. What is new comes from the arena, whose status is returned.
 */
int gp_protocol_sender(
	struct gp_arena *arena, struct gp_span sender, struct gp_span *sender_out) GP_MUST_CHECK;

/*
 * "action=PREPEND NAME: (MARK) VALUE" and an empty line. The mark is a comment that header_checks
 * look for and take out: they see what a policy service adds among what the message brings along,
 * and nothing else tells the two apart. Empty: the field as it is.
 */
void gp_protocol_format_field(struct gp_strbuf *buf, const char *field, struct gp_span mark);

/* "NAME=VALUE", one line of an answer before its action; line breaks and NULs become blanks. */
void gp_protocol_explain(struct gp_strbuf *buf, const char *name, const char *value);

/* "action=TEXT" and an empty line; line breaks and NULs in text become blanks. */
void gp_protocol_format(struct gp_strbuf *buf, const char *verb, const char *text);

#endif
