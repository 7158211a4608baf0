/* SPDX-License-Identifier: ISC */
/*
 * Policy_client: a client of the policy socket, which speaks as Postfix does (SMTPD_POLICY_README).
 *
 * Knows how the socket is written and found, one exchange, and what an answer has; does not know
 * the attributes of a request but gatepost_explain=yes, for which the daemon says why.
 */
#ifndef GP_CLI_POLICY_CLIENT_H
#define GP_CLI_POLICY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/config.h"

#define GP_CLI_POLICY_ANSWER_MAX 65536

/* "unix:/path" or "inet:ADDRESS:PORT"? */
bool gp_cli_policy_is_socket(const char *where);

/* Where the daemon listens, as configured or as the packages set it up. Borrowed. */
const char *gp_cli_policy_socket(const struct gp_config *config);

#define GP_CLI_POLICY_INSTANCE 96

/* An instance that no message of Postfix has: "gatepost-WHO." and what makes it one of its own. */
const char *gp_cli_policy_instance(const char *who, char text_out[GP_CLI_POLICY_INSTANCE]);

/*
 * Sends the request and reads the answer up to its empty line, of which one line end is left; waits
 * at most so long for each part. false: *problem_out says why, static.
 */
bool gp_cli_policy_ask(const char *where, struct gp_span request, uint64_t timeout_s,
	char answer_out[GP_CLI_POLICY_ANSWER_MAX], const char **problem_out);

/* What an answer says; NULL: an older daemon does not. Borrowed from the answer, foreign. */
struct gp_cli_policy_reply {
	const char *action, *decision, *rule, *would;
};

/* Reads an answer, and changes it. false: it has no action. */
bool gp_cli_policy_read(char *answer, struct gp_cli_policy_reply *reply_out);

#endif
