/* SPDX-License-Identifier: ISC */
/*
 * A signature field as a struct, for DKIM and for the two fields of ARC that are made like it:
 * DKIM-Signature (RFC 6376 3.5), ARC-Message-Signature (RFC 8617 4.1.2), ARC-Seal (4.1.3).
 *
 * Knows which tags each has, what they may hold and how they go together; asks nobody and judges
 * no hash. What breaks the rules is data: problem and verdict say what the field is worth then.
 */
#ifndef GP_DKIM_DKIM_SIG_H
#define GP_DKIM_DKIM_SIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/span.h"
#include "crypto/digest.h"
#include "dkim/dkim.h"

#define GP_DKIM_HEADERS_MAX 200 /* names in h= */

enum gp_dkim_field { GP_DKIM_SIGNATURE, GP_DKIM_ARC_MESSAGE_SIGNATURE, GP_DKIM_ARC_SEAL };

enum gp_dkim_algorithm {
	GP_DKIM_RSA_SHA256,
	GP_DKIM_ED25519_SHA256,
	GP_DKIM_RSA_SHA1, /* known by name, never computed (RFC 8301 3.1) */
	GP_DKIM_UNKNOWN
};

struct gp_dkim_sig {
	struct gp_span raw;  /* the whole field, as in struct gp_message_field */
	const char *problem; /* why it cannot pass, in words, static; NULL: nothing found */
	enum gp_dkim_verdict verdict; /* with a problem: what it is worth */
	enum gp_dkim_algorithm algorithm;
	const char *domain, *selector; /* A-labels; "" when they are none */
	struct gp_span signature;      /* b= decoded */
	struct gp_span b;              /* as gp_dkim_result.b */
	struct gp_span body_hash;      /* bh= decoded; empty for a seal */
	enum gp_dkim_canon header_canon, body_canon;
	bool has_canon;
	const struct gp_span *headers; /* h=, names without blanks, in order */
	size_t header_count;
	uint64_t length;             /* l=; GP_DKIM_WHOLE */
	int64_t signed_s, expires_s; /* t=, x=; -1 */
	struct gp_span identity;     /* i= of a DKIM-Signature, decoded; empty: none that fits d= */
	bool identity_below;         /* its domain is not d= itself but one below */
	unsigned instance;           /* i= of the ARC fields, 1 to 50; 0: not one */
	struct gp_span cv;           /* of a seal: the word */
};

/* Reads the value of such a field. Always fills sig_out on GP_OK; GP_ETOOBIG, GP_ENOMEM. */
int gp_dkim_sig_parse(struct gp_ctx *ctx, enum gp_dkim_field kind,
	const struct gp_message_field *field, struct gp_dkim_sig *sig_out) GP_MUST_CHECK;

/* "rsa-sha256" and so on; "" for unknown. */
const char *gp_dkim_algorithm_name(enum gp_dkim_algorithm algorithm);

/* selector._domainkey.domain (3.6.2.1), from the arena; NULL: it refused. */
const char *gp_dkim_key_name(struct gp_arena *arena, const struct gp_dkim_sig *sig);

/*
 * The fields that h= names, canonical, from the bottom up for names that occur again (5.4.2), and
 * the signature's own field at the end (3.7). For DKIM-Signature and ARC-Message-Signature.
 */
int gp_dkim_sig_input(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_sig *sig, struct gp_span *input_out) GP_MUST_CHECK;

/*
 * For the trace: the hash of the body as bh= says it and as it was computed, and that of the header
 * in its canonical form, which no field says. In base64, as in the field.
 */
void gp_dkim_trace_body_hash(
	const struct gp_ctx *ctx, const struct gp_dkim_sig *sig, const unsigned char *computed);
void gp_dkim_trace_header_hash(
	const struct gp_ctx *ctx, const struct gp_crypto_digest *digest, struct gp_span input);

/* What the key said about a digest: verdict pass, fail, policy, neutral, temperror or permerror. */
struct gp_dkim_key_result {
	enum gp_dkim_verdict verdict;
	const char *reason; /* static; NULL for pass */
	unsigned bits;
	bool secure, testing;
	bool lenient; /* the record breaks the rules and was read all the same */
};

/* What is to be checked with a key. */
struct gp_dkim_key_case {
	const struct gp_dkim_sig *sig;
	const struct gp_dkim_options *options;
	const struct gp_crypto_digest *digest;
	struct gp_span input;
	unsigned *checks_left; /* of the message, counted down; NULL: without end */
};

/*
 * Fetches the key records of the signature (3.6.2), reads each (3.6.1) and checks the signature
 * over input with those that serve: the first that holds counts, else the best reason. Where
 * records were left out, or checks are used up, what does not pass is neutral.
 */
int gp_dkim_key_check(struct gp_ctx *ctx, const struct gp_dkim_key_case *c,
	struct gp_dkim_key_result *result_out) GP_MUST_CHECK;

/*
 * A signature over the header (c->input) does not hold: would it with a blank line at the end of a
 * field that the mail server has taken off (message->is_trimmed)? Tries of it are checks of the
 * message as well; so many are kept.
 */
int gp_dkim_key_check_untrimmed(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_key_case *c, unsigned kept, bool *holds_out) GP_MUST_CHECK;

#endif
