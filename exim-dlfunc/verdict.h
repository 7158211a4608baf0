/* SPDX-License-Identifier: ISC */
/*
 * Verdict: the three questions that Exim's ACLs ask, and what was answered last.
 *
 * Knows the engine and what is kept in a process; does not know how Exim passes arguments. Every
 * question gives a word, whatever happens:
 *
 *     gp_exim_spf(x, &call)               accept, defer, reject                at MAIL or RCPT
 *     gp_exim_check(x, &call, headers)    accept, quarantine, defer, reject    at DATA
 *     gp_exim_limit(x, &call, amounts)    accept, hold, defer, reject          at DATA, not-SMTP
 *     gp_exim_reply(x, &call), gp_exim_get(x, id, name), ...                   what was found
 *
 * A message is checked and counted once: the same question for the same message gives the same
 * answer without work. SPF is asked once for a client, its names and the sender, and known for a
 * minute; what depends on the recipient is looked at for each (engine/transaction.h).
 * What was found belongs to a message ID; for another one there is nothing ("").
 *
 * Trouble of ours (no configuration, no spool file, no memory) is an answer as well: accept or
 * defer as exim.on_error says, and defer while no configuration could be read at all; the log says
 * why, and so does the field "problem". What the sender made too large for exim.memory is deferred
 * where anything may be refused.
 *
 * Ownership: texts that are returned live until the next call. One object, one thread.
 */
#ifndef GP_EXIM_VERDICT_H
#define GP_EXIM_VERDICT_H

#include "engine/transaction.h"
#include "exim-dlfunc/args.h"
#include "exim-dlfunc/authres_spoof.h"
#include "exim-dlfunc/lists.h"
#include "exim-dlfunc/process.h"

#define GP_EXIM_ID_TEXT 24 /* room for any message ID with its NUL */

/* What one kind of question found last. */
struct gp_exim_cached {
	struct gp_arena *arena;            /* holds key and texts; NULL: not needed yet */
	size_t memory;                     /* its ceiling */
	struct gp_exim_snapshot *snapshot; /* whose texts may be among them */
	const char *key;                   /* of the question; NULL: answer it again */
	char id[GP_EXIM_ID_TEXT];          /* of the message; "" */
	int64_t at_us;                     /* when it was asked */
	enum gp_action action;
	const char *reply;   /* NULL: none */
	const char *results; /* value of Authentication-Results; NULL: none */
	const char *header;  /* "Name: value" of SPF at RCPT; NULL: none */
	const char *summary; /* NULL: none */
	const char *problem; /* of ours; NULL: none */
	bool is_header_seen; /* forgery is about the whole header of the message */
	struct gp_exim_spoof forgery;
	bool has_mail; /* what the engine found, below, is about a whole message */
	struct gp_facts facts;
	struct gp_verdict verdict;
};

struct gp_exim {
	struct gp_exim_process process;
	struct gp_pipeline pipeline;
	struct gp_transaction transaction; /* the message under way, as far as it was asked about */
	int64_t began_us;                  /* when it was asked about first; 0: it was not */
	const struct gp_exim_snapshot *snapshot; /* under which; compared only */
	struct gp_exim_cached spf, mail, limit;
	struct gp_exim_lists lists;
	struct gp_arena *scratch; /* texts of one call; NULL: not needed yet */
	int64_t tended_us;        /* the store, last */
};

void gp_exim_init(struct gp_exim *x);
void gp_exim_fini(struct gp_exim *x); /* for tests */

/* May the sender use this client? The word of an action; never NULL. */
const char *gp_exim_spf(struct gp_exim *x, const struct gp_exim_call *call);

/* All checks of a message. headers: $message_headers_raw. */
const char *gp_exim_check(
	struct gp_exim *x, const struct gp_exim_call *call, struct gp_span headers);

/* Counts a message under its limits. What is refused counts nothing. */
const char *gp_exim_limit(
	struct gp_exim *x, const struct gp_exim_call *call, const struct gp_limit_amounts *amounts);

/* "550 5.7.26 text": of the message check if the call names its message, else of SPF; or "". */
const char *gp_exim_reply(struct gp_exim *x, const struct gp_exim_call *call);

/* The same of the limits of a message. */
const char *gp_exim_limit_reply(struct gp_exim *x, struct gp_span id);

/* "Name: value" that SPF adds to accepted mail, for the same call; or "". */
const char *gp_exim_spf_header(struct gp_exim *x, const struct gp_exim_call *call);

/* A fact about a checked message by its documented name (gatepost-exim(7)); "" when not known. */
const char *gp_exim_get(struct gp_exim *x, struct gp_span id, struct gp_span name);

/* The value of an Authentication-Results field: always a legal one. */
const char *gp_exim_results(struct gp_exim *x, const struct gp_exim_place *place);

/* Reads the configuration and gets ready what every check needs: before a daemon forks. */
void gp_exim_preload(struct gp_exim *x, struct gp_span conf);

/* A call whose arguments cannot be used: logged; the word for it. */
const char *gp_exim_bad_call(struct gp_exim *x, struct gp_span conf, const char *problem);

#endif
