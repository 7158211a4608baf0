/* SPDX-License-Identifier: ISC */
/* The record is read by what verification reads it with; the key is parsed to know its size. */
#include "dkim/dkim_key.h"

#include "dkim/dkim_private.h"

/* judge_key: its size, and whether it is one; GP_ENOMEM. */
static int judge_key(const struct gp_dkim_key_record *record, const struct gp_dkim_options *options,
	struct gp_dkim_key_facts *facts)
{
	struct gp_crypto_pubkey *key = NULL;
	int rc = gp_crypto_pubkey_parse(record->kind, record->key, &key);
	if (rc == GP_ESYNTAX)
		facts->problem = gp_dkim_key_not_one;
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	facts->bits = gp_crypto_pubkey_bits(key);
	gp_crypto_pubkey_free(key);
	facts->problem = gp_dkim_key_size_problem(record->kind, facts->bits, options);
	return GP_OK;
}

/* look_meant: would it be read where records with stray quotes are? */
static int look_meant(struct gp_arena *arena, struct gp_span text,
	const struct gp_dkim_options *options, struct gp_dkim_key_facts *facts)
{
	struct gp_dkim_key_record record;
	struct gp_dkim_key_facts meant = {.problem = NULL};
	int rc = gp_dkim_key_record_repair(arena, text, &record);
	if (!rc && !record.problem)
		rc = judge_key(&record, options, &meant);
	if (rc || record.problem || meant.problem)
		return rc;
	facts->is_repairable = true;
	facts->is_ed25519 = record.kind == GP_CRYPTO_ED25519;
	facts->bits = meant.bits;
	return GP_OK;
}

/* gp_dkim_key_read: the tags, then the key. */
int gp_dkim_key_read(struct gp_arena *arena, struct gp_span text,
	const struct gp_dkim_options *options, struct gp_dkim_key_facts *facts_out)
{
	struct gp_dkim_key_record record;
	*facts_out = (struct gp_dkim_key_facts) {.problem = NULL};
	int rc = gp_taglist_parse(arena, text, &facts_out->tags);
	if (!rc)
		rc = gp_dkim_key_record_parse(arena, text, &record);
	if (rc)
		return rc;
	const struct gp_tag *p = gp_taglist_find(&facts_out->tags, "p");
	facts_out->is_revoked = p && p->value.len == 0;
	facts_out->problem = record.problem;
	facts_out->is_ed25519 = record.kind == GP_CRYPTO_ED25519;
	facts_out->testing = record.testing;
	facts_out->exact = record.exact;
	if (!record.problem)
		return judge_key(&record, options, facts_out);
	return facts_out->is_revoked ? GP_OK : look_meant(arena, text, options, facts_out);
}
