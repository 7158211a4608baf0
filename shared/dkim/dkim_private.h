/* SPDX-License-Identifier: ISC */
/* The parts of key_check, for callers that have the answer already, and for tests. */
#ifndef GP_DKIM_DKIM_PRIVATE_H
#define GP_DKIM_DKIM_PRIVATE_H

#include <stdbool.h>

#include "crypto/pubkey.h"
#include "dkim/dkim_sig.h"

#define GP_DKIM_KEYS_MAX 5     /* records with a key, of one answer, that are looked at */
#define GP_DKIM_RECORDS_MAX 20 /* all that are; there are others beside a key */

/* A key record (RFC 6376 3.6.1). */
struct gp_dkim_key_record {
	const char *problem; /* why it does not serve, static; NULL: it may */
	enum gp_crypto_pubkey_kind kind;
	struct gp_span key; /* p= decoded */
	bool testing;       /* t=y */
	bool exact;         /* t=s: i= has to be in d= itself */
};

/* Reads a record. Always fills record_out on GP_OK; GP_ETOOBIG, GP_ENOMEM. */
int gp_dkim_key_record_parse(struct gp_arena *arena, struct gp_span text,
	struct gp_dkim_key_record *record_out) GP_MUST_CHECK;

/* The same of a record as it was meant, where quotes, backslashes and the like came into it on its
 * way through a form or a zone file, or p= lacks its padding. */
int gp_dkim_key_record_repair(struct gp_arena *arena, struct gp_span text,
	struct gp_dkim_key_record *record_out) GP_MUST_CHECK;

/* The problem of a record whose p= is base64 and nothing that a key could be. */
extern const char gp_dkim_key_not_one[];

/* Why a key of this size is not used (RFC 8301 3.2); NULL: it is. */
const char *gp_dkim_key_size_problem(
	enum gp_crypto_pubkey_kind kind, unsigned bits, const struct gp_dkim_options *options);

/* gp_dkim_key_check with the answer of DNS at hand. */
int gp_dkim_key_judge(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	const struct gp_dns_answer *answer, struct gp_dkim_key_result *result_out) GP_MUST_CHECK;

/*
 * A signature over the header (c->input) does not hold: would it with a blank line at the end of
 * one of the fields, where the message's is_trimmed says that such lines were taken off? Uses up
 * checks of the message, of which so many are kept for others.
 */
int gp_dkim_holds_untrimmed(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_key_case *c, const struct gp_dns_answer *answer, unsigned kept,
	bool *holds_out) GP_MUST_CHECK;

#endif
