/* SPDX-License-Identifier: ISC */
/*
 * Who: whose counters and maxima an operator's command is about: a user's name, or KIND:NAME.
 *
 *     if (gp_operator_who_parse(call, &who, &error)) return error;
 *     gp_operator_who_match(call, &who, limit, &match, &applied)        (for each limit)
 *
 * Ownership: a who borrows the request.
 */
#ifndef GP_OPERATOR_OPERATOR_WHO_H
#define GP_OPERATOR_OPERATOR_WHO_H

#include "limit/limit_message.h"
#include "operator/operator_private.h"

struct gp_operator_who {
	int key;             /* enum gp_limit_key: the kind of the name */
	struct gp_span name; /* as it was written; empty for all */
	struct gp_span text; /* with its kind */
};

/* What a limit has to do with somebody. */
enum gp_operator_match {
	GP_OPERATOR_NONE,
	GP_OPERATOR_OWN,    /* it counts just that */
	GP_OPERATOR_SHARED, /* it counts that with others: a user's domain, a network, all */
	GP_OPERATOR_EACH /* it counts each one of a domain: a maximum can be set for all of them */
};

/* A string of the request, empty when it is missing or too long. */
struct gp_span gp_operator_member(const json_t *request, const char *name);

/* Of the request's member "who". Not GP_OK: *error_out is the answer (NULL: no memory for it). */
int gp_operator_who_parse(const struct gp_operator_call *call, struct gp_operator_who *who_out,
	json_t **error_out) GP_MUST_CHECK;

/*
 * How the configuration's limit counts who; applied_out is set with GP_OPERATOR_OWN and _SHARED,
 * and with GP_OPERATOR_EACH its subject alone. A limit that is off counts nobody. GP_ESYNTAX: who
 * is not of the form that this limit counts (an address); GP_ENOMEM, GP_ETOOBIG.
 */
int gp_operator_who_match(const struct gp_operator_call *call, const struct gp_operator_who *who,
	size_t limit, enum gp_operator_match *match_out,
	struct gp_limit_applied *applied_out) GP_MUST_CHECK;

/*
 * What is wrong with who as one that a maximum is set for, and what to write instead: a pattern, an
 * address among domains, a name that nobody has. NULL: nothing, or no memory. What counts already
 * is shown and begins anew under any name.
 */
json_t *gp_operator_who_problem(
	const struct gp_operator_call *call, const struct gp_operator_who *who);

/*
 * The same for what is shown or begins anew: only what would silently be taken for something else,
 * a client's address or a pattern for a user, an address for all of its domain. With "user:" in
 * front any name is what it is. NULL: nothing, or no memory.
 */
json_t *gp_operator_who_mistaken(
	const struct gp_operator_call *call, const struct gp_operator_who *who);

/*
 * What is wrong with a word without its kind for which a maximum is to be set, though a user might
 * have it as a name: a domain, a kind, a list, a pattern. applied: as a limit counts it. NULL:
 * nothing, since somebody of that name is counted or has a maximum; or no memory.
 */
json_t *gp_operator_who_doubtful(const struct gp_operator_call *call,
	const struct gp_operator_who *who, const struct gp_limit_applied *applied);

/* The error that no limit counts who, with what is written instead. NULL: no memory. */
json_t *gp_operator_who_nobody(
	const struct gp_operator_call *call, const struct gp_operator_who *who);

/* Adds to a row what says that the maximum is what it is. */
void gp_operator_add_source(
	struct gp_operator_call *call, json_t *row, const struct gp_limit_applied *applied);

#endif
