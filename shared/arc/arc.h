/* SPDX-License-Identifier: ISC */
/*
 * ARC: did the hosts that handled this message before us seal what they saw, unbroken (RFC 8617)?
 *
 * Knows the sets of a message, their chain and who sealed it; whether such a chain may excuse a
 * DMARC failure is asked in gp_arc_trust. Never seals. This directory can be left out of the engine
 * whole: nothing else depends on it.
 *
 *     gp_arc_new(ctx, &message, &dkim_options, bodies, &arc);   (collects sets, asks for hashes)
 *     n = gp_arc_questions(arc, questions, room);
 *     gp_body_read(body, &source);
 *     gp_arc_verify(ctx, arc, &result);                         (asks DNS)
 *     gp_arc_trust(ctx, &result, &options, "author.example", &instance)
 *
 * The sender or DNS is at fault: GP_OK and a result. We are: GP_ETOOBIG, GP_ENOMEM.
 * Ownership, threads: as dkim/dkim.h.
 *
 * Limits: 50 sets (4.2.1); more ARC fields than three for each, an instance out of 1 to 50, or more
 * than GP_ARC_BYTES_MAX bytes of ARC fields is a failed chain. oldest_pass is optional work (5.2
 * step 5): it ends at the first older message signature that has an l=, or once those looked at
 * cover a megabyte of header; what was not looked at counts as not holding.
 */
#ifndef GP_ARC_ARC_H
#define GP_ARC_ARC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/span.h"
#include "dkim/dkim.h"
#include "dkim/dkim_body.h"
#include "mail/message.h"

#define GP_ARC_INSTANCES_MAX 50       /* 4.2.1 */
#define GP_ARC_BYTES_MAX (512 * 1024) /* of all ARC fields; each seal covers all before it */

/* 4.4; a chain that DNS leaves undecided is a fail with temporary set (5.2: no other word). */
enum gp_arc_verdict { GP_ARC_NONE, GP_ARC_PASS, GP_ARC_FAIL };

/* One set of three fields. */
struct gp_arc_set {
	const char *sealer;     /* d= of the seal in A-labels; "" when it is none */
	const char *selector;   /* of the seal */
	const char *signer;     /* d= of the ARC-Message-Signature */
	struct gp_span results; /* value of ARC-Authentication-Results after its instance */
	bool message_holds;     /* its ARC-Message-Signature was checked and holds */
	bool covers_author;     /* that one signs From and the whole body (no l=) */
};

struct gp_arc_result {
	enum gp_arc_verdict verdict;
	bool temporary;     /* fail because DNS did not answer; may pass later */
	const char *reason; /* in words, printable ASCII, without anything of the message; NULL for
			       none and pass */
	unsigned instances; /* sets found; 0 for none, also for a broken collection */
	unsigned oldest_pass;          /* 5.2 step 5: the oldest message signature that holds; 0
					  when all do, or the chain is none or fail */
	const struct gp_arc_set *sets; /* in the order of i=, sets[0] is i=1; instances of them */
};

/* The trusted sealers. */
struct gp_arc_options {
	const char *const *sealers; /* domains in A-labels; ".x": the names below x */
	size_t sealer_count;
	const char *const *more_sealers; /* the same; both count */
	size_t more_sealer_count;
	bool subdomains; /* names below them count as well */
};

struct gp_arc;

/* Collects the sets and asks bodies for the hashes of their message signatures. */
int gp_arc_new(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_options *options, struct gp_dkim_bodies *bodies,
	struct gp_arc **arc_out) GP_MUST_CHECK;

/* The questions for keys, each once, at most room; returns how many. */
size_t gp_arc_questions(
	const struct gp_arc *arc, struct gp_dns_question *questions_out, size_t room);

/* Judges the chain (5.2); once, after the bodies are finished. */
int gp_arc_verify(
	struct gp_ctx *ctx, struct gp_arc *arc, struct gp_arc_result *result_out) GP_MUST_CHECK;

/*
 * Does the chain vouch for the author's domain: it passed, the sealers from the newest back to
 * some instance are all trusted and cover the author, and the results sealed there say dmarc=pass
 * with header.from equal to author_domain? *instance_out is that instance (the newest such), 0 when
 * there is none. author_domain in A-labels. Results that hold more than one dmarc=, or more than
 * one header.from for it, vouch for nobody: a value that broke out of its place may have made them.
 */
int gp_arc_trust(struct gp_ctx *ctx, const struct gp_arc_result *result,
	const struct gp_arc_options *options, const char *author_domain,
	unsigned *instance_out) GP_MUST_CHECK;

/*
 * May the chain still vouch, once DNS answers: it failed temporarily, and the last sealer is
 * trusted and covers the author? A chain of an untrusted sealer never may.
 */
bool gp_arc_may_vouch(const struct gp_arc_result *result, const struct gp_arc_options *options);

/* "none", "pass", "fail". */
const char *gp_arc_verdict_name(enum gp_arc_verdict verdict);

#endif
