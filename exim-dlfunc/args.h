/* SPDX-License-Identifier: ISC */
/*
 * Args: converts the arguments that gatepost.macros passes to what the engine needs.
 *
 * Exim passes at most eight texts; with exactly eight, 4.96 reads past its own array of them, so no
 * call has more than seven. The first holds what Exim and its configuration say themselves, one
 * "key=value" line each; values that a client can choose are separate arguments:
 *
 *     {conf=/etc/gatepost.conf\nid=...\nspool=...\nserver=...\nlines=...\nqueue=...\nhost=...}
 *     {client} {helo} {sender} {user} {recipient}
 *
 * An unknown line is skipped and the first of several counts, so that a later value cannot change
 * an earlier one. queue and host come last for that reason.
 *
 * Ownership: borrows the arguments. Threads: no state.
 */
#ifndef GP_EXIM_ARGS_H
#define GP_EXIM_ARGS_H

#include "base/err.h"
#include "base/span.h"
#include "engine/facts.h"

/* What Exim says itself. Empty: it did not say. */
struct gp_exim_place {
	struct gp_span conf;   /* the path of gatepost.conf */
	struct gp_span id;     /* of the message; empty before DATA */
	struct gp_span spool;  /* $spool_directory */
	struct gp_span server; /* the address that the client came to */
	struct gp_span lines;  /* $body_linecount */
	struct gp_span queue;  /* of a named queue */
	struct gp_span host;   /* $sender_fullhost */
};

/* One call. */
struct gp_exim_call {
	struct gp_exim_place place;
	struct gp_span client; /* as text, for keys */
	struct gp_envelope envelope;
};

/* Which argument is which, in the calls that hand over an envelope. */
enum gp_exim_arg {
	GP_EXIM_PLACE,
	GP_EXIM_CLIENT,
	GP_EXIM_HELO,
	GP_EXIM_SENDER,
	GP_EXIM_USER,
	GP_EXIM_RECIPIENT,
	GP_EXIM_ENVELOPE_ARGS, /* so many belong to an envelope; the next ones to the call */
	GP_EXIM_HEADERS = GP_EXIM_ENVELOPE_ARGS,
	GP_EXIM_AMOUNTS = GP_EXIM_ENVELOPE_ARGS /* "recipients bytes" */
};

/* Reads the first argument. */
void gp_exim_place_parse(struct gp_span text, struct gp_exim_place *place_out);

/*
 * Reads args[0] to args[5]; the others are the caller's. *problem_out, static: what is wrong.
 * GP_EINVAL: a text is no address.
 */
int gp_exim_call_parse(const struct gp_span *args, struct gp_exim_call *call_out,
	const char **problem_out) GP_MUST_CHECK;

/*
 * The client's verified name in $sender_fullhost, which begins with it when Exim knows one, and
 * with "(" or "[" when it does not. Empty: there is none.
 */
struct gp_span gp_exim_host_name(struct gp_span fullhost);

#endif
