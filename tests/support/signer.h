/* SPDX-License-Identifier: ISC */
/*
 * Signer: keys made at run time, and fields signed with them, for tests of DKIM and ARC.
 *
 *     struct test_key *k = test_key_new(TEST_KEY_RSA, 2048);
 *     test_zone_add_text(zone, "s._domainkey.example.org", GP_DNS_TXT,
 *             gp_span_from(test_key_record(k)));
 *     char *field = test_sign(k, "DKIM-Signature", "v=1; a=rsa-sha256; d=example.org; s=s; "
 *             "h=from:subject", header, body);       (free it)
 *
 * The canonical forms are written here a second time, the plain way, so that they check those of
 * the product. What goes wrong ends the program: it is a mistake in the test.
 */
#ifndef TESTS_SUPPORT_SIGNER_H
#define TESTS_SUPPORT_SIGNER_H

#include <stdbool.h>

#include "base/span.h"

enum test_key_kind { TEST_KEY_RSA, TEST_KEY_ED25519 };

struct test_key;

/* bits: of RSA. */
struct test_key *test_key_new(enum test_key_kind kind, unsigned bits);
void test_key_free(struct test_key *key);

/* "v=DKIM1; k=rsa; p=...", owned by the key; and p= alone. */
const char *test_key_record(const struct test_key *key);
const char *test_key_p(const struct test_key *key);

/* p= as a bare RSAPublicKey; free it. */
char *test_key_p_bare(const struct test_key *key);

/* The signature of a text, as for a=rsa-sha256 or a=ed25519-sha256, in base64; free it. */
char *test_key_sign(const struct test_key *key, struct gp_span text);

/*
 * A field "name: tags; bh=...; b=..." without CRLF, signed; free it. What tags say of c=, h= and l=
 * is done; header is lines with CRLF. A tag bh= in tags is taken as it is. tags may have CRLF
 * folds.
 */
char *test_sign(const struct test_key *key, const char *name, const char *tags, const char *header,
	struct gp_span body);

/* Text in base64; free it. */
char *test_base64(struct gp_span bytes);

/* A body with CRLF line ends in one of its forms (RFC 6376 3.4.3, 3.4.4); free *bytes_out.ptr. */
void test_canon_body(bool relaxed, struct gp_span body, struct gp_span *bytes_out);

/* One field without CRLF in one of its forms, without CRLF (3.4.1, 3.4.2); free it. */
char *test_canon_field(bool relaxed, const char *field);

#endif
