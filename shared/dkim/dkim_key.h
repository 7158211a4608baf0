/* SPDX-License-Identifier: ISC */
/*
 * A key record by itself (RFC 6376 3.6.1), for who looks at keys without a signature: what it says,
 * and why no signature could pass with it.
 *
 *     gp_dkim_key_read(arena, answer.records[0].text, &options, &facts);
 *
 * A record that breaks the rules is GP_OK with a problem. Everything lives in the arena or borrows
 * the text; static texts.
 */
#ifndef GP_DKIM_DKIM_KEY_H
#define GP_DKIM_DKIM_KEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "dkim/dkim.h"
#include "mail/taglist.h"

struct gp_dkim_key_facts {
	const char *problem;    /* why no signature passes with it; NULL: one can */
	bool is_revoked;        /* p= is there and empty: that is the problem */
	bool is_repairable;     /* it breaks the rules; dkim.lenient_keys reads it as meant */
	bool is_ed25519;        /* else RSA; meaningless where k= is not known */
	unsigned bits;          /* 0: no key could be read */
	bool testing, exact;    /* t=y, t=s */
	struct gp_taglist tags; /* as they stand in the record */
};

/* Reads one record; options: the sizes that are accepted. GP_ETOOBIG, GP_ENOMEM. */
int gp_dkim_key_read(struct gp_arena *arena, struct gp_span text,
	const struct gp_dkim_options *options, struct gp_dkim_key_facts *facts_out) GP_MUST_CHECK;

/* Is there a key in this TXT record, or has one been (a tag p=)? */
bool gp_dkim_key_is(struct gp_span text);

#endif
