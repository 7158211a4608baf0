/* SPDX-License-Identifier: ISC */
/*
 * Sample: which messages are among those that a DMARC record's pct= speaks of (RFC 7489 6.6.4).
 *
 * If senders could compute the sample, they could evade it: one would try Message-IDs until one is
 * spared. So it is keyed with a secret of the site. That lies in a file, which is made at the first
 * need from the system's random source, with mode 0600; hosts that have the same file decide alike,
 * and the same message gets the same sample when it is tried again.
 *
 *     struct gp_sample_key key = {.may_make = true};            (one of a process)
 *     mail.sample_key = &key;                                    (engine_message.h)
 *     unsigned sample = gp_engine_sample_of(ctx, &key, path, digest, message);
 *
 * Where there is no secret, since the file cannot be read or made, the sample is 0: the policy is
 * applied to every message, as RFC 9989, which has no pct, has it. A missing file lets no mail
 * through, and the log says once a minute what to do.
 *
 * Not for two threads at once.
 */
#ifndef GP_ENGINE_SAMPLE_H
#define GP_ENGINE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "mail/message.h"

#define GP_SAMPLE_KEY_LEAST 16 /* bytes of a secret, the first line of its file */
#define GP_SAMPLE_KEY_MOST 1024
#define GP_SAMPLE_PATH 1100

/* A secret, read once; zero but for may_make: not looked for yet. */
struct gp_sample_key {
	bool may_make;             /* this process is one of those that check mail here */
	char path[GP_SAMPLE_PATH]; /* that it was read from */
	size_t length;             /* 0: there is none */
	char bytes[GP_SAMPLE_KEY_MOST];
	int64_t looked_us; /* when it was last looked for in vain; 0: it was not */
	char problem[256]; /* why there is none, for behind its path: " is not there"; "" */
};

/* The sample, 0 to 99. Status: GP_OK, or of the digest. */
int gp_engine_sample_of(struct gp_ctx *ctx, struct gp_sample_key *key, const char *path,
	const struct gp_crypto_digest *digest, const struct gp_message *message,
	unsigned *sample_out) GP_MUST_CHECK;

#endif
