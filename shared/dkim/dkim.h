/* SPDX-License-Identifier: ISC */
/*
 * DKIM: which domains signed this message (RFC 6376, 8301, 8463, 8616)?
 *
 * Knows signatures, key records and canonical forms, and gives one result per signature. Does not
 * know what is done about a result; never signs, never sees a private key.
 *
 *     gp_dkim_new(ctx, &message, &options, bodies, author, &dkim);    (reads, asks for hashes)
 *     n = gp_dkim_questions(dkim, questions, room);            (to query all at once)
 *     gp_body_read(body, &source);
 *     gp_dkim_verify(ctx, dkim, &results);                     (asks DNS)
 *
 * The sender or DNS is at fault: GP_OK and results that say so. We are: GP_ETOOBIG, GP_ENOMEM.
 *
 * Ownership: everything lives in ctx->arena; message, options and bodies are borrowed and must
 * live as long. Threads: no state of its own.
 *
 * Limits: options.max_signatures signatures are looked at: those whose d= is nearest to the
 * author's domain first, and from the top among equals. More are left out before anything but their
 * d= is read (overflow says how many). In the same order GP_DKIM_CHECKS_MAX checks with a key are
 * made for one message, over all signatures and seals, and 5 key records for one selector are tried
 * in turn (3.6.2.2 leaves several undefined); a signature that these leave out is neutral. 200
 * names in h=; keys of rsa_bits_min to rsa_bits_max with an exponent of 32 bits. No signature of a
 * message whose header was cut (is_cut) is verifiable: what it signs may be after the cut.
 */
#ifndef GP_DKIM_DKIM_H
#define GP_DKIM_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/span.h"
#include "dkim/dkim_body.h"
#include "dns/dns.h"
#include "mail/message.h"

/* RFC 8601 2.7.1; none is the absence of results */
enum gp_dkim_verdict {
	GP_DKIM_PASS,
	GP_DKIM_FAIL,    /* the hash of the body or the signature does not hold */
	GP_DKIM_POLICY,  /* it may hold, but is not accepted: small key, l=, rsa-sha1, no DNSSEC */
	GP_DKIM_NEUTRAL, /* it cannot be judged as it stands */
	GP_DKIM_TEMPERROR, /* may be judged later */
	GP_DKIM_PERMERROR  /* the signature or its key record breaks the rules */
};
#define GP_DKIM_VERDICTS 6

/* What is done about keys that DNSSEC did not protect. */
enum gp_dkim_dnssec { GP_DKIM_DNSSEC_NO, GP_DKIM_DNSSEC_LABEL, GP_DKIM_DNSSEC_YES };

/* What a body or header is that cannot be rebuilt as it was signed. */
enum gp_dkim_unverifiable { GP_DKIM_AS_TEMPERROR, GP_DKIM_AS_NEUTRAL };

struct gp_dkim_options {
	unsigned max_signatures;
	unsigned rsa_bits_min, rsa_bits_max;
	bool partial_body;                  /* take l= that does not cover the body for good */
	enum gp_dkim_dnssec require_dnssec; /* YES: other keys give policy */
	enum gp_dkim_unverifiable unverifiable;
	unsigned clock_skew_ms; /* how far t= may lie in the future and x= in the past */
	bool lenient_keys;      /* use a record with stray quotes and the like that fits */
};

struct gp_dkim_result {
	enum gp_dkim_verdict verdict;
	const char *reason; /* in words, printable ASCII, without anything of the message; NULL for
			       a plain pass */
	const char *domain; /* d= in A-labels (RFC 8616); "" when it is none */
	const char *selector;    /* s= in A-labels; "" */
	const char *algorithm;   /* "rsa-sha256", "ed25519-sha256", "rsa-sha1"; "" when unknown */
	struct gp_span identity; /* i= decoded (2.11), its domain checked to be d= or below it;
				    empty: there is none. Its local part may hold any byte. */
	struct gp_span b;        /* the first 8 characters of b= without blanks, only base64 ones */
	unsigned bits;           /* of the key; 0 when none was read */
	bool secure;             /* the key came with DNSSEC's protection */
	bool testing;            /* the key record says t=y */
	bool lenient;            /* the key record breaks the rules and was read as it was meant */
	bool partial;            /* l= leaves out some of the body */
	uint64_t length;         /* l=; GP_DKIM_WHOLE */
	int64_t signed_s, expires_s;           /* t= and x=; -1 */
	const char *header_canon, *body_canon; /* "simple" or "relaxed"; "" when not known */
};

struct gp_dkim_results {
	const struct gp_dkim_result *items; /* in the order of the message, topmost first */
	size_t count;
	size_t overflow; /* signatures that were not looked at */
};

struct gp_dkim;

/* Reads the signatures of the message and asks bodies for their hashes. author: the domain in From
 * in A-labels, or "". */
int gp_dkim_new(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_options *options, struct gp_dkim_bodies *bodies, const char *author,
	struct gp_dkim **dkim_out) GP_MUST_CHECK;

/* The questions for keys, each once, at most room; returns how many. Names live in the arena. */
size_t gp_dkim_questions(
	const struct gp_dkim *dkim, struct gp_dns_question *questions_out, size_t room);

/* d= of signature number i that can still pass, for callers that prepare further queries; NULL past
 * the last one; "" for one that cannot pass. */
const char *gp_dkim_domain(const struct gp_dkim *dkim, size_t i);

/* Judges each; once, after the bodies are finished. */
int gp_dkim_verify(struct gp_ctx *ctx, struct gp_dkim *dkim,
	struct gp_dkim_results *results_out) GP_MUST_CHECK;

/* "pass" and so on (RFC 8601 2.7.1). */
const char *gp_dkim_verdict_name(enum gp_dkim_verdict verdict);

#endif
