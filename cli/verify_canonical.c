/* SPDX-License-Identifier: ISC */
/* The forms are made by the functions that hash them; each signature reads the body once more. */
#include "cli/verify_canonical.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/usage.h"
#include "crypto/digest.h"
#include "dkim/dkim_body.h"
#include "dkim/dkim_sig.h"

/* write_bytes: of the body; errors are remembered by the stream. */
static void write_bytes(void *arg, struct gp_span bytes)
{
	(void)fwrite(bytes.ptr, 1, bytes.len, arg);
}

/* write_body: in the form of the signature. */
static int write_body(
	struct gp_ctx *ctx, struct gp_cli_mailfile *file, const struct gp_dkim_sig *sig, FILE *out)
{
	struct gp_message_body source;
	struct gp_crypto_digest *digest = NULL;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_body *body;
	unsigned id;
	int rc = gp_cli_mailfile_again(file, &source);
	if (!rc)
		rc = gp_crypto_digest_new(&digest);
	if (!rc)
		rc = gp_body_new(ctx->arena, &body);
	if (!rc)
		rc = gp_dkim_bodies_new(ctx->arena, digest, body, &bodies);
	if (!rc)
		rc = gp_dkim_bodies_want(bodies, sig->body_canon, sig->length, &id);
	if (!rc) {
		gp_dkim_bodies_copy(bodies, sig->body_canon, write_bytes, out);
		rc = gp_body_read(body, &source);
	}
	gp_dkim_bodies_fini(bodies);
	gp_crypto_digest_free(digest);
	return rc;
}

/* write_form: header and body into one file. */
static int write_form(struct gp_ctx *ctx, const struct gp_message *message,
	struct gp_cli_mailfile *file, const struct gp_dkim_sig *sig, const char *path)
{
	struct gp_span header;
	int rc = gp_dkim_sig_input(ctx, message, sig, &header);
	FILE *out = rc ? NULL : fopen(path, "we");
	if (rc || !out) {
		fprintf(stderr, "gatepost verify: %s: %s\n", path,
			rc ? gp_err_text(rc) : strerror(errno));
		return GP_CLI_TROUBLE;
	}
	write_bytes(out, header);
	fputs("\r\n\r\n", out);
	rc = write_body(ctx, file, sig, out);
	bool is_written = !ferror(out);
	if ((fclose(out) || !is_written) && !rc)
		rc = GP_EIO;
	if (rc)
		fprintf(stderr, "gatepost verify: %s: %s\n", path, gp_err_text(rc));
	return rc ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* write_one: the signature of this number, unless it cannot be read. */
static int write_one(struct gp_ctx *ctx, const struct gp_message *message,
	struct gp_cli_mailfile *file, const struct gp_dkim_sig *sig, const char *path,
	json_t *written)
{
	unsigned number = (unsigned)json_array_size(written) + 1;
	json_t *entry = json_object();
	const char *name = number == 1 ? path : gp_arena_printf(ctx->arena, "%s.%u", path, number);
	int code = !name ? GP_CLI_TROUBLE : GP_CLI_FINE;
	json_object_set_new(entry, "signature", json_integer(number));
	if (sig->problem) {
		json_object_set_new(entry, "file", json_null());
		json_object_set_new(entry, "problem", json_string(sig->problem));
	} else if (!code) {
		code = write_form(ctx, message, file, sig, name);
		json_object_set_new(entry, "file", json_string(name));
	}
	json_array_append_new(written, entry);
	return code;
}

/* gp_cli_canonical_write: signature after signature, from the top. */
int gp_cli_canonical_write(struct gp_ctx *ctx, const struct gp_message *message,
	struct gp_cli_mailfile *file, const char *path, json_t **written_out)
{
	struct gp_ctx quiet = *ctx;
	int code = GP_CLI_FINE;
	quiet.trace = NULL;
	*written_out = json_array();
	for (size_t i = 0; i < message->count && !code; i++) {
		struct gp_dkim_sig sig;
		if (!gp_span_is(message->fields[i].name, "DKIM-Signature"))
			continue;
		int rc = gp_dkim_sig_parse(&quiet, GP_DKIM_SIGNATURE, &message->fields[i], &sig);
		if (rc) {
			fprintf(stderr, "gatepost verify: %s\n", gp_err_text(rc));
			code = GP_CLI_TROUBLE;
		} else {
			code = write_one(&quiet, message, file, &sig, path, *written_out);
		}
	}
	return code;
}
