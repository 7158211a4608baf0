/* SPDX-License-Identifier: ISC */
/*
 * Taglist: the tag=value lists of RFC 6376 3.2, which DKIM, ARC and DMARC share.
 *
 * Knows the grammar of the list; does not know which tags there are. Values keep their inner white
 * space, that at both ends is off.
 *
 *     struct gp_taglist l;
 *     int rc = gp_taglist_parse(arena, text, &l);
 *     const struct gp_tag *p = gp_taglist_find(&l, "p");
 *
 * Strict and lenient: a malformed element (no '=', a bad name, an empty element but the last, a tag
 * that occurs twice) sets problem and is left out; the well-formed ones are there in any case. So
 * are the first GP_TAGLIST_MAX elements of a longer list, which has that problem.
 * DKIM and ARC take a problem for a permerror (3.2), DMARC takes what is left (RFC 9989 4.8).
 *
 * Ownership: tags come from the arena, spans point into the text, which is borrowed.
 * GP_ETOOBIG, GP_ENOMEM: the arena refused. Threads: no state.
 */
#ifndef GP_MAIL_TAGLIST_H
#define GP_MAIL_TAGLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define GP_TAGLIST_MAX 64 /* elements */

struct gp_tag {
	struct gp_span name;  /* ALPHA *ALNUMPUNC, case matters (3.2) */
	struct gp_span value; /* without white space at its ends; may be empty */
	struct gp_span rest;  /* from the first byte after '=' to before ';', white space kept */
};

struct gp_taglist {
	const struct gp_tag *tags; /* in the order of the text */
	size_t count;
	const char *problem; /* the first breach of the grammar, in words; NULL: none. Static. */
	bool has_duplicate;  /* a tag occurs twice; the first one is kept */
};

/* Reads a list. Folding white space (CRLF and a blank) is white space here. */
int gp_taglist_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_taglist *list_out) GP_MUST_CHECK;

/* The tag of exactly this name, or NULL. */
const struct gp_tag *gp_taglist_find(const struct gp_taglist *list, const char *name);

#endif
