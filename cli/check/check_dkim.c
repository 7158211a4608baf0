/* SPDX-License-Identifier: ISC */
/* DKIM keys of the selectors that were named: DNS has no list of them. */
#include "cli/check/check.h"
#include "cli/key_report.h"

/* mend_key: the record, and what its key is. */
static void mend_key(struct gp_check *c, const char *name)
{
	gp_doctor_mend(c->report, "%s. TXT \"v=DKIM1; k=rsa; p=...\"", name);
	gp_doctor_mend(c->report, "p= is the public key, of 2048 bits, in base64 on one line");
}

/* say_key: each remark that is not well; true: signatures can pass with it. */
static bool say_key(struct gp_check *c, const char *name, const struct gp_cli_key *key)
{
	static const enum gp_doctor_state states[] = {[GP_CLI_KEY_NOTE] = GP_DOCTOR_NOTE,
		[GP_CLI_KEY_WARNING] = GP_DOCTOR_WARNING,
		[GP_CLI_KEY_PROBLEM] = GP_DOCTOR_PROBLEM};
	for (size_t i = 0; i < key->remark_count; i++) {
		const struct gp_cli_key_remark *remark = &key->remarks[i];
		gp_doctor_say(c->report, states[remark->weight], "%s: %s%s", name, remark->text,
			remark->weight == GP_CLI_KEY_PROBLEM ? "; " GP_CHECK_BOTH("5.7.30") : "");
		if (remark->weight == GP_CLI_KEY_PROBLEM)
			mend_key(c, name);
	}
	return !key->facts.problem;
}

/* say_none: there is no key. */
static void say_none(struct gp_check *c, const struct gp_cli_keys *keys)
{
	if (gp_check_is_silent(c, keys->name, &keys->answer))
		return;
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"there is no key at %s: signatures with this selector fail; " GP_CHECK_BOTH(
			"5.7.30"),
		keys->name);
	mend_key(c, keys->name);
}

/* judge_selector: one of them. */
static int judge_selector(struct gp_check *c, const char *selector)
{
	struct gp_cli_keys keys;
	int rc = gp_cli_keys_find(c->ctx, c->domain, selector, &c->config->dkim.check, &keys);
	if (rc == GP_EINVAL) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM, "\"%s\" is no selector", selector);
		return GP_OK;
	}
	if (rc)
		return rc;
	if (!keys.count)
		say_none(c, &keys);
	if (keys.count > 1) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"%s has %zu key records: which one counts is undefined (RFC 6376 3.6.2.2)",
			keys.name, keys.count);
		gp_doctor_mend(c->report, "keep one TXT record at %s", keys.name);
	}
	for (size_t i = 0; i < keys.count; i++) {
		const struct gp_cli_key *key = &keys.keys[i];
		bool good = say_key(c, keys.name, key);
		c->good_keys += good;
		if (good)
			gp_doctor_say(c->report, GP_DOCTOR_OK, "%s: %s, %u bits%s", keys.name,
				key->kind, key->facts.bits,
				keys.answer.secure ? ", protected by DNSSEC" : "");
	}
	return GP_OK;
}

/* gp_check_dkim: without selectors nothing can be looked at. */
int gp_check_dkim(struct gp_check *check)
{
	int rc = GP_OK;
	gp_check_begin(check, "dkim.key");
	if (!check->selector_count)
		gp_doctor_say(check->report, GP_DOCTOR_SKIPPED,
			"no --selector: DNS has no list of selectors; s= in the DKIM-Signature "
			"fields of your mail names yours");
	for (size_t i = 0; !rc && i < check->selector_count; i++)
		rc = judge_selector(check, check->selectors[i]);
	return rc;
}
