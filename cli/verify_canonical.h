/* SPDX-License-Identifier: ISC */
/*
 * Canonical: what the DKIM signatures of a message are computed over (RFC 6376 3.4, 3.7), as files:
 * who sees that a hash differs compares them with those of the signer.
 *
 * The file of the first signature has the name given, that of the next ones a dot and their number
 * behind it. It holds the header in its canonical form, up to the signature's own field without
 * the value of b=, a line end, an empty line, and the body in its canonical form, as far as l=
 * says. The line end behind the last field is no part of what was signed.
 */
#ifndef GP_CLI_VERIFY_CANONICAL_H
#define GP_CLI_VERIFY_CANONICAL_H

#include <jansson.h>

#include "base/ctx.h"
#include "cli/mailfile.h"

/*
 * Writes them; gp_cli_mailfile_keep was called for the file, and its body has been judged.
 * *written_out: an array of objects with signature and file, the caller's. An exit code: has said
 * what is wrong when it is not GP_CLI_FINE.
 */
int gp_cli_canonical_write(struct gp_ctx *ctx, const struct gp_message *message,
	struct gp_cli_mailfile *file, const char *path, json_t **written_out);

#endif
