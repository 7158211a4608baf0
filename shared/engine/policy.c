/* SPDX-License-Identifier: ISC */
/* Row by row until one is enforced; exceptions are asked only for a row that refuses. */
#include "engine/policy.h"

#include "engine/match.h"

/* gp_engine_action_name: a word for the log. */
const char *gp_engine_action_name(enum gp_action action)
{
	static const char *const names[] = {
		[GP_ACTION_ACCEPT] = "accept",
		[GP_ACTION_HOLD] = "hold",
		[GP_ACTION_QUARANTINE] = "quarantine",
		[GP_ACTION_DEFER] = "defer",
		[GP_ACTION_REJECT] = "reject",
	};
	return names[action];
}

/* ---- rules of no check ---- */

/* always: a rule that is named where no other one is. */
static struct gp_wish always(const struct gp_facts *f)
{
	(void)f;
	return (struct gp_wish) {true, GP_ACTION_ACCEPT};
}

const struct gp_rule gp_engine_rule_default = {.name = "default", .wish = always};
const struct gp_rule gp_engine_rule_stage = {.name = "stage", .wish = always};

/* is_authenticated: a user of ours. */
static struct gp_wish is_authenticated(const struct gp_facts *f)
{
	return (struct gp_wish) {f->envelope.sasl_username.len > 0, GP_ACTION_ACCEPT};
}

/* is_local: not an internet client at all. */
static struct gp_wish is_local(const struct gp_facts *f)
{
	return (struct gp_wish) {
		f->envelope.client.family == GP_IP_NONE && !f->envelope.client_is_unreadable,
		GP_ACTION_ACCEPT};
}

/* is_trusted: a network of ours. */
static struct gp_wish is_trusted(const struct gp_facts *f)
{
	return (struct gp_wish) {
		gp_engine_in_prefixes(&f->config->trusted_networks, &f->envelope.client),
		GP_ACTION_ACCEPT};
}

static const struct gp_rule ours[] = {
	{.name = "authenticated", .wish = is_authenticated},
	{.name = "local-client", .wish = is_local},
	{.name = "trusted_networks",
		.wish = is_trusted,
		.why = "the client is in trusted_networks"},
	{.name = NULL},
};

/* gp_engine_ours: by its table. */
const struct gp_rule *gp_engine_ours(const struct gp_facts *facts)
{
	return gp_engine_first_rule(ours, facts);
}

/* is_unreadable: an internet client whose address is none: nothing can be said about it. */
static struct gp_wish is_unreadable(const struct gp_facts *f)
{
	return (struct gp_wish) {f->envelope.client_is_unreadable, GP_ACTION_ACCEPT};
}

/* is_private: an address that says nothing about the sender. */
static struct gp_wish is_private(const struct gp_facts *f)
{
	return (struct gp_wish) {gp_engine_is_private_client(f), GP_ACTION_ACCEPT};
}

static const struct gp_rule unidentified[] = {
	{.name = "unreadable-client", .wish = is_unreadable, .is_nobodys = true},
	{.name = "private-client",
		.wish = is_private,
		.is_nobodys = true,
		.why = "the address is private or in own_networks and does not identify the "
		       "sender"},
	{.name = NULL},
};

/* gp_engine_unidentified: by its table. */
const struct gp_rule *gp_engine_unidentified(const struct gp_facts *facts)
{
	return gp_engine_first_rule(unidentified, facts);
}

/* ---- the rules of checks ---- */

/* held_by: the exception that holds a rule back; NULL: none does. */
static const struct gp_rule *held_by(
	const struct gp_check *check, const struct gp_facts *f, const struct gp_rule *rule)
{
	for (const struct gp_rule *e = check->exceptions; e && e->name; e++)
		if ((e->kinds == 0 || (e->kinds & rule->kinds)) && e->wish(f).applies)
			return e;
	return NULL;
}

/* gp_engine_refusing: rule by rule. */
const struct gp_rule *gp_engine_refusing(
	const struct gp_check *check, const struct gp_facts *facts, enum gp_action *action_out)
{
	*action_out = GP_ACTION_ACCEPT;
	for (const struct gp_rule *r = check->rules; r && r->name; r++) {
		struct gp_wish w = r->wish(facts);
		if (!w.applies || w.action == GP_ACTION_ACCEPT || held_by(check, facts, r))
			continue;
		*action_out = w.action;
		return r;
	}
	return NULL;
}

/* gp_engine_would_refuse: rule by rule. */
bool gp_engine_would_refuse(const struct gp_check *check, const struct gp_facts *facts)
{
	for (const struct gp_rule *r = check->rules; r && r->name; r++) {
		struct gp_wish w = r->wish(facts);
		if (w.applies && w.action != GP_ACTION_ACCEPT)
			return true;
	}
	return false;
}

/* name_rule: it is the one that the log shows. */
static void name_rule(
	struct gp_verdict *v, const struct gp_check *check, const struct gp_rule *rule)
{
	v->check = check;
	v->decided = rule;
	v->rule = rule->name;
}

/* decide_check: true once a rule is enforced. */
static bool decide_check(
	const struct gp_check *check, const struct gp_facts *f, struct gp_verdict *v)
{
	bool enforced = f->every_check || (check->mode && check->mode(f) == GP_MODE_ENFORCE);
	for (const struct gp_rule *r = check->rules; r && r->name; r++) {
		struct gp_wish w = r->wish(f);
		if (!w.applies)
			continue;
		const struct gp_rule *held =
			w.action == GP_ACTION_ACCEPT ? NULL : held_by(check, f, r);
		if (held) {
			v->override = held->name;
			if (v->would == GP_ACTION_ACCEPT)
				name_rule(v, check, held);
			if (held->kinds == 0)
				return false; /* it holds all of them back */
			continue;
		}
		if (v->would == GP_ACTION_ACCEPT) {
			name_rule(v, check, r);
			v->would = w.action;
		}
		if (w.action != GP_ACTION_ACCEPT && enforced) {
			name_rule(v, check, r);
			v->action = v->would = w.action;
			return true;
		}
	}
	return false;
}

/* gp_engine_decide: check by check. */
void gp_engine_decide(const struct gp_check *const *checks, size_t count,
	const struct gp_facts *facts, struct gp_verdict *verdict)
{
	verdict->action = verdict->would = GP_ACTION_ACCEPT;
	verdict->override = NULL;
	verdict->rule = verdict->decided->name;
	for (size_t i = 0; i < count; i++)
		if (decide_check(checks[i], facts, verdict))
			return;
}
