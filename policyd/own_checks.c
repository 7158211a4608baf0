/* SPDX-License-Identifier: ISC */
/* Rows with rules only. */
#include "policyd/own_checks.h"

#include "engine/check_limit.h"
#include "engine/checks.h"

#define STAGES                                                                   \
	(GP_AT(GP_STAGE_CONNECT) | GP_AT(GP_STAGE_HELO) | GP_AT(GP_STAGE_MAIL) | \
		GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_DATA) | GP_AT(GP_STAGE_END))

const char gp_own_trouble_answer[] = "action=" GP_OWN_TROUBLE_REPLY "\n\n";

/* gp_own_may_refuse: at the stages that Postfix asks at. */
bool gp_own_may_refuse(const struct gp_config *config)
{
	return gp_engine_may_refuse(config, STAGES, true);
}

/* mode: where nothing may be refused, nothing is for our sake. */
static enum gp_option_mode mode(const struct gp_facts *f)
{
	return gp_own_may_refuse(f->config) ? GP_MODE_ENFORCE : GP_MODE_LABEL;
}

/* ---- what is too large ---- */

/* never: decided by hand, where there are no facts left. */
static struct gp_wish never(const struct gp_facts *f)
{
	(void)f;
	return (struct gp_wish) {false, GP_ACTION_DEFER};
}

static const struct gp_rule memory_rules[] = {
	{.name = "policyd.request_memory", .wish = never},
	{.name = "limit.key", .wish = never},
	{.name = NULL},
};

static const struct gp_check check_memory = {
	.name = "memory", .runs = 95, .weighs = 95, .mode = mode, .rules = memory_rules};

/* gp_own_unanswerable: it must not come in by a default_action, so it is answered: deferred, where
 * anything may be refused at all. */
void gp_own_unanswerable(const struct gp_config *config, int rc, struct gp_verdict *verdict_out)
{
	bool is_large = rc == GP_ETOOBIG;
	*verdict_out = (struct gp_verdict) {
		.action = gp_own_may_refuse(config) ? GP_ACTION_DEFER : GP_ACTION_ACCEPT,
		.would = GP_ACTION_DEFER,
		.decided = &memory_rules[is_large ? 0 : 1],
		.check = is_large ? &check_memory : &gp_engine_check_limit,
		.reply = is_large ? "451 4.3.0 Checking this mail needs more memory than is allowed"
				  : "451 4.3.0 A name in this request cannot be counted",
	};
	verdict_out->rule = verdict_out->decided->name;
}

/* ---- local problems ---- */

/* on_trouble: as configured. */
static struct gp_wish on_trouble(const struct gp_facts *f)
{
	return (struct gp_wish) {f->trouble != NULL,
		f->config->policyd.on_trouble == GP_ON_ERROR_DEFER ? GP_ACTION_DEFER
								   : GP_ACTION_ACCEPT};
}

/* code: it says that the sender is not to blame. */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)f;
	(void)rule;
	(void)action;
	return GP_OWN_TROUBLE_CODE;
}

/* text: it can be tried again. */
static const char *text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return GP_OWN_TROUBLE_TEXT;
}

static const struct gp_rule trouble_rules[] = {
	{.name = "policyd.on_trouble", .wish = on_trouble, .code = code, .text = text},
	{.name = NULL},
};

static const struct gp_check check_trouble = {
	.name = "trouble",
	.decides = STAGES,
	.runs = 96,
	.weighs = 0,
	.trumps = true,
	.mode = mode,
	.rules = trouble_rules,
};

/* gp_own_on_trouble: there may be no memory for a reply that has to be made. */
void gp_own_on_trouble(const struct gp_facts *facts, struct gp_verdict *verdict_out)
{
	const struct gp_check *checks[] = {&check_trouble};
	*verdict_out = (struct gp_verdict) {.decided = trouble_rules, .check = &check_trouble};
	gp_engine_decide(checks, 1, facts, verdict_out);
	if (verdict_out->would != GP_ACTION_ACCEPT)
		verdict_out->reply = GP_OWN_TROUBLE_REPLY;
}

/* gp_own_pipeline_init: ours come last. */
void gp_own_pipeline_init(struct gp_own_pipeline *own)
{
	size_t n = 0;
	for (; gp_engine_checks[n] && n + 2 < GP_CHECKS_MAX; n++)
		own->table[n] = gp_engine_checks[n];
	own->table[n++] = &check_memory;
	own->table[n++] = &check_trouble;
	own->table[n] = NULL;
	gp_engine_pipeline_init(&own->pipeline, own->table);
}
