/* SPDX-License-Identifier: ISC */
/*
 * Mark: the secret by which a mail server knows the field with our results from what a sender has
 * written: a comment in front of the value, which a rule of the server's takes out again.
 *
 * Letters and digits only, which mean themselves in a configuration and in a regular expression,
 * and so many of them that nobody guesses it.
 */
#ifndef GP_ENGINE_MARK_H
#define GP_ENGINE_MARK_H

#include "base/span.h"

#define GP_MARK_PREFIX "mark:" /* in front of it where it is handed over */
#define GP_MARK_MIN 12
#define GP_MARK_MAX 64
/* Stands in the example, after a ^, with which it is none, and which no regular expression finds
 * there. */
#define GP_MARK_OF_EXAMPLE "PutYourOwnSecretHere"

enum gp_mark {
	GP_MARK_NONE,   /* no mark is meant */
	GP_MARK_SECRET, /* one that can be used */
	GP_MARK_KNOWN,  /* that of the example, with or without what keeps it from being one */
	GP_MARK_BAD     /* something that cannot be used */
};

/* Reads "mark:SECRET". mark_out: the secret, a part of text; empty unless it can be used. */
enum gp_mark gp_engine_mark_parse(struct gp_span text, struct gp_span *mark_out);

#endif
