/* SPDX-License-Identifier: ISC */
/*
 * Mailbox: the mailbox list of a From field (RFC 5322 3.4, 3.6.2 and the obsolete forms of 4.4;
 * RFC 6532 for bytes over 0x7f; RFC 6854 for groups in From).
 *
 * Reads display names (words, quoted strings with quoted pairs, encoded words, dots), comments
 * nested to a limit, angle addresses with source routes, groups, domain literals. Answers for each
 * mailbox what its local part and its domain are and nothing that was not there. What does not
 * follow the grammar to its last byte is GP_ESYNTAX with a reason, never a guess: guesses let
 * forged authors pass and refused honest ones (OpenDMARC issues 72, 113, 174, 191).
 *
 * So is what the grammar allows and readers are known to take differently: blanks and comments
 * between the labels of a domain (4.4), encoded words inside an address, control characters; routes
 * by way of another domain (4.4), local parts with a quoted @, < or > or comma, and comments with
 * an @ inside an address, of which a reader with a simpler grammar makes another address.
 *
 * Two deviations for compatibility, which much honest mail needs: a local part may have stray dots
 * ("a..b", "a."), as carriers have given away; and a single address in angle brackets may have a
 * name with signs that should have been quoted ("a@b <a@b>", "Smith, John <a@b>", "Jobs @ Shop
 * <a@b>"), as long as no reader could find another domain in it, such as one that ends a mailbox at
 * each comma or semicolon, whatever is quoted.
 *
 *     struct gp_mailbox_list l;
 *     int rc = gp_mailbox_parse(arena, field->value, &l);
 *
 * Ownership: texts come from the arena; problem is static. Threads: no state.
 * Bounds: GP_MAILBOX_MAX mailboxes in GP_MAILBOX_BYTES, comments nested GP_MAILBOX_COMMENTS deep;
 * beyond: GP_ESYNTAX.
 */
#ifndef GP_MAIL_MAILBOX_H
#define GP_MAIL_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define GP_MAILBOX_MAX 256
#define GP_MAILBOX_BYTES 65536
#define GP_MAILBOX_COMMENTS 32

struct gp_mailbox {
	struct gp_span local;  /* without quotes and quoted pairs; its only control byte is a tab */
	struct gp_span domain; /* as it stands, comments and blanks taken out: may be U-labels; not
				  checked further: see gp_address_domain */
	bool is_literal;       /* the domain is [in brackets] */
};

struct gp_mailbox_list {
	const struct gp_mailbox *items;
	size_t count;        /* 0 for an empty group only */
	const char *problem; /* for GP_ESYNTAX: what is wrong, in words: "it has ..." */
	bool is_disputed;    /* the same: it is by the grammar, but readers are known to find other
				addresses in it */
	bool is_missing;     /* the same: an address is missing before any was read */
	bool is_loose;       /* for GP_OK: one address whose name should have been quoted; of its
				encoded words only the bytes were looked at */
};

/* Reads the value of one From field, folds and all. */
int gp_mailbox_parse(struct gp_arena *arena, struct gp_span value,
	struct gp_mailbox_list *list_out) GP_MUST_CHECK;

#endif
