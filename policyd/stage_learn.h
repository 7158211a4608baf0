/* SPDX-License-Identifier: ISC */
/*
 * Stages learned: at which points of an SMTP session Postfix sends requests, learnt from its
 * requests.
 *
 * Recipients are counted at RCPT and released if the message is not accepted. That works only where
 * Postfix asks at END-OF-MESSAGE as well; where it does not, what was counted at RCPT has to stay.
 * A source is one configuration of smtpd and one class of clients: address, port and
 * policy_context, and whose mail it is, since Postfix may permit some before it asks. It is
 * expected to ask at the end of a message once it has done so.
 *
 * A Postfix that stops asking is distinguished from senders that give up by their number: many
 * messages in a row of one subject (a user, a client) without an end, while nobody else's message
 * of the source came to one either, and that subject is no longer expected to have ends. So no
 * client changes what holds for others, and one that reaches an end shows that all of the source
 * may.
 *
 * The memory survives a crash of the serving process. Threads, and processes forked after
 * gp_stage_learn_new: any number.
 */
#ifndef GP_POLICYD_STAGE_LEARN_H
#define GP_POLICYD_STAGE_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define GP_STAGE_LEARN_SOURCES 64
#define GP_STAGE_LEARN_LABEL 96

struct gp_stage_learn;

/* Returns an empty memory, or NULL; ends with gp_stage_learn_free, which accepts NULL. */
struct gp_stage_learn *gp_stage_learn_new(void);
void gp_stage_learn_free(struct gp_stage_learn *stages);

/* What makes a source; any of it may be empty. */
struct gp_stage_learn_place {
	struct gp_span address, port, context;
	const char *whose; /* for people, too: "users" */
};

/* The number of a source, remembered from now on. Once there are many, those that differ in nothing
 * but the server's address are one; -1 when there are too many even so. */
int gp_stage_learn_source(struct gp_stage_learn *stages, const struct gp_stage_learn_place *place);

/*
 * Whose message it is, within its source: a number for the calls below. The bytes are an address or
 * a name, in a form of which one subject has one.
 */
uint64_t gp_stage_learn_subject(
	struct gp_stage_learn *stages, int source, struct gp_span address, struct gp_span name);

/* It has asked before the end of a message (RCPT, DATA), or at its end. */
void gp_stage_learn_early(struct gp_stage_learn *stages, int source);
void gp_stage_learn_end(struct gp_stage_learn *stages, int source);

/* Will it ask at the end of the subject's message that is under way? */
bool gp_stage_learn_expects_end(struct gp_stage_learn *stages, int source, uint64_t subject);

/*
 * A message of this subject was over without a question at its end. True once, when that has
 * happened often enough at the source to be no accident and wants_end is set: a limit on bytes
 * cannot work there.
 */
bool gp_stage_learn_missed(
	struct gp_stage_learn *stages, int source, uint64_t subject, bool wants_end);

/* What is known of a source. */
struct gp_stage_learn_known {
	char label[GP_STAGE_LEARN_LABEL]; /* "port 587 of 192.0.2.1, users"; printable */
	bool early, end;                  /* asked there at all */
	bool expects_end;                 /* it has not stopped either, for all that is known */
	bool bytes_unseen;                /* a limit on bytes does not work for it */
};

/* Copies at most max; returns how many. */
size_t gp_stage_learn_list(
	struct gp_stage_learn *stages, struct gp_stage_learn_known *known, size_t max);

#endif
