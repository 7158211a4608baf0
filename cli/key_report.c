/* SPDX-License-Identifier: ISC */
/* The record is read where signatures are verified (dkim/dkim_key.h); here it is put into words. */
#include "cli/key_report.h"

#include <string.h>

#include "cli/format.h"
#include "mail/address.h"

#define RSA_BITS_GOOD 2048 /* RFC 8301 3.2: signers SHOULD use at least so many */

/* remark: one more; there is room for all that can be said. */
static void remark(struct gp_cli_key *key, enum gp_cli_key_weight weight, const char *text)
{
	if (key->remark_count < GP_CLI_KEY_REMARKS)
		key->remarks[key->remark_count++] = (struct gp_cli_key_remark) {weight, text};
}

/* value_of: a tag's value, printable; NULL: it is not there. */
static const char *value_of(
	struct gp_arena *arena, const struct gp_dkim_key_facts *facts, const char *name)
{
	const struct gp_tag *tag = gp_taglist_find(&facts->tags, name);
	return tag ? gp_cli_visible_span(arena, tag->value) : NULL;
}

/* judge_problem: why it does not serve. */
static void judge_problem(struct gp_arena *arena, struct gp_cli_key *key)
{
	const struct gp_dkim_key_facts *f = &key->facts;
	const char *size = NULL;
	if (f->bits && !f->is_repairable)
		size = gp_arena_printf(arena, "%s: %u bits", f->problem, f->bits);
	remark(key, GP_CLI_KEY_PROBLEM, size ? size : f->problem);
	if (f->is_repairable)
		remark(key, GP_CLI_KEY_NOTE,
			"with the stray characters taken out it would be a good record; "
			"dkim.lenient_keys reads it so, most receivers do not");
}

/* judge: all that is to be said of one key. */
static void judge(struct gp_arena *arena, struct gp_cli_key *key)
{
	const struct gp_dkim_key_facts *f = &key->facts;
	if (f->problem)
		judge_problem(arena, key);
	else if (!f->is_ed25519 && f->bits < RSA_BITS_GOOD)
		remark(key, GP_CLI_KEY_WARNING,
			"the key is shorter than 2048 bits, which RFC 8301 recommends");
	if (!f->problem && f->is_ed25519)
		remark(key, GP_CLI_KEY_NOTE,
			"many receivers do not know ed25519: sign with an RSA key as well");
	if (f->testing)
		remark(key, GP_CLI_KEY_WARNING,
			"t=y says that the domain tests DKIM: remove it when signing works");
	if (!gp_taglist_find(&f->tags, "v") && !f->problem)
		remark(key, GP_CLI_KEY_NOTE, "v=DKIM1 is missing, which is recommended");
}

/* read_key: one record. */
static int read_key(struct gp_arena *arena, struct gp_span text,
	const struct gp_dkim_options *options, struct gp_cli_key *key_out)
{
	*key_out = (struct gp_cli_key) {.text = text};
	int rc = gp_dkim_key_read(arena, text, options, &key_out->facts);
	if (rc)
		return rc;
	if (key_out->facts.bits)
		key_out->kind = key_out->facts.is_ed25519 ? "ed25519" : "rsa";
	key_out->hashes = value_of(arena, &key_out->facts, "h");
	key_out->services = value_of(arena, &key_out->facts, "s");
	key_out->notes = value_of(arena, &key_out->facts, "n");
	judge(arena, key_out);
	return GP_OK;
}

/* name_of: selector._domainkey.domain; GP_EINVAL: it can be no name. */
static int name_of(
	struct gp_arena *arena, const char *domain, const char *selector, const char **name_out)
{
	const char *label;
	int rc = gp_address_domain(arena, gp_span_from(selector), &label);
	if (rc == GP_ESYNTAX || (rc == GP_OK && !*label))
		return GP_EINVAL;
	if (rc)
		return rc;
	*name_out = gp_arena_printf(arena, "%s._domainkey.%s", label, domain);
	if (!*name_out)
		return gp_arena_status(arena);
	return gp_dns_name_is_valid(gp_span_from(*name_out)) ? GP_OK : GP_EINVAL;
}

/* gp_cli_keys_find: one question. */
int gp_cli_keys_find(struct gp_ctx *ctx, const char *domain, const char *selector,
	const struct gp_dkim_options *options, struct gp_cli_keys *keys_out)
{
	*keys_out = (struct gp_cli_keys) {.count = 0};
	int rc = name_of(ctx->arena, domain, selector, &keys_out->name);
	if (rc)
		return rc;
	const struct gp_dns_question question = {keys_out->name, GP_DNS_TXT};
	rc = gp_dns_query(ctx, &question, 1, &keys_out->answer);
	for (size_t i = 0; !rc && i < keys_out->answer.count; i++) {
		struct gp_span text = keys_out->answer.records[i].text;
		/* a record that is meant for one and has no p= is worth showing, too */
		if (!gp_dkim_key_is(text) && !gp_span_has_prefix(text, "v=DKIM1"))
			keys_out->others++;
		else if (keys_out->count < GP_CLI_KEY_RECORDS)
			rc = read_key(
				ctx->arena, text, options, &keys_out->keys[keys_out->count++]);
	}
	return rc;
}
