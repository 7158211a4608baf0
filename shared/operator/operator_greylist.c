/* SPDX-License-Identifier: ISC */
/*
 * Greylisting for an operator: what it has done, what is known of a mail, and exceptions that are
 * kept in the store.
 */
#include <string.h>

#include "base/clock.h"
#include "engine/check_greylist.h"
#include "engine/match.h"
#include "operator/operator_private.h"
#include "reputation/greylist/greylist_allow.h"
#include "reputation/greylist/greylist_figures.h"
#include "reputation/greylist/greylist_known.h"
#include "reputation/reputation_order.h"

#define MAILBOX_MAX 1000

/* no_store: the error where greylisting has none; NULL: it has. */
static json_t *no_store(const struct gp_operator_call *call)
{
	return call->overrides ? NULL
			       : gp_operator_error("no store is in use: greylist.mode is off and "
						   "no limit is configured");
}

/* store_of: where greylisting remembers; not NULL after no_store. */
static struct gp_store *store_of(const struct gp_operator_call *call)
{
	return gp_limit_overrides_store(call->overrides);
}

/* add_time: a point of the store's time; nothing for 0 and less. */
static void add_time(
	struct gp_operator_call *call, json_t *answer, const char *name, int64_t store_ms)
{
	char text[GP_CLOCK_TEXT];
	if (store_ms > 0)
		json_object_set_new(answer, name,
			json_string(gp_clock_format(gp_operator_wall_of(call, store_ms), text)));
}

/* ---- figures ---- */

/* when_name: as the configuration has it. */
static const char *when_name(enum gp_greylist_when when)
{
	static const char *const names[] = {[GP_GREYLIST_WHEN_SUSPICIOUS] = "suspicious",
		[GP_GREYLIST_WHEN_UNKNOWN] = "unknown",
		[GP_GREYLIST_WHEN_SCORE] = "score"};
	return names[when];
}

/* allowed_rows: exceptions, with who has made them. */
static int allowed_rows(struct gp_operator_call *call, json_t **rows_out)
{
	const struct gp_reputation_order *items;
	size_t count;
	json_t *rows = *rows_out = json_array();
	int rc = gp_reputation_order_list(
		store_of(call), call->ctx, GP_REPUTATION_GREYLIST_ALLOW, &items, &count);
	for (size_t i = 0; !rc && i < count; i++) {
		json_t *row = json_pack("{s:s}", "what", items[i].name);
		if (row)
			gp_operator_add_by(row, call->ctx->arena, items[i].by);
		json_array_append_new(rows, row);
	}
	return rc;
}

/* network_rows: those that did not come back most often. */
static json_t *network_rows(const struct gp_greylist_figures *f)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < f->top_count; i++)
		json_array_append_new(
			rows, json_pack("{s:s, s:I}", "network", f->top[i].network,
				      "never_came_back", (json_int_t)f->top[i].never_came_back));
	return rows;
}

/* gp_operator_greylist_brief: the numbers of a day. */
json_t *gp_operator_greylist_brief(
	const struct gp_greylist_settings *settings, const struct gp_greylist_figures *f)
{
	json_t *median =
		f->median_ms < 0 ? json_null() : json_integer((json_int_t)(f->median_ms / 1000));
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "mode",
		gp_option_modes[settings->mode].word, "when", when_name(settings->when), "delayed",
		(json_int_t)f->delayed, "would_delay", (json_int_t)f->would_delay, "passed",
		(json_int_t)f->passed, "never_came_back", (json_int_t)f->never_came_back,
		"median_delay_s", median);
}

/* gp_operator_greylist: a walk over the counters. */
json_t *gp_operator_greylist(struct gp_operator_call *call)
{
	const struct gp_greylist_settings *settings = &call->config->greylist;
	struct gp_greylist_figures f;
	json_t *allowed = NULL, *error = no_store(call);
	if (error)
		return error;
	struct gp_store *store = store_of(call);
	int rc = gp_greylist_figures(call->ctx, store, gp_store_now_ms(store), settings, &f);
	if (!rc)
		rc = allowed_rows(call, &allowed);
	if (rc) {
		json_decref(allowed);
		return gp_operator_trouble(call, rc);
	}
	json_t *answer = gp_operator_greylist_brief(settings, &f);
	if (!answer) {
		json_decref(allowed);
		return NULL;
	}
	add_time(call, answer, "since", f.began_ms);
	json_object_set_new(answer, "waiting", json_integer((json_int_t)f.waiting));
	json_object_set_new(answer, "kept", json_integer((json_int_t)f.kept));
	json_object_set_new(answer, "networks", network_rows(&f));
	json_object_set_new(answer, "allowed", allowed);
	return answer;
}

/* ---- one mail ---- */

/* A mail as an operator names it. */
struct mail {
	struct gp_span client, sender, recipient;
	struct gp_greylist_contact contact;
};

/* member: a text of the request; false: there is none, or it cannot be one. */
static bool member(const struct gp_operator_call *call, const char *name, struct gp_span *text_out)
{
	json_t *value = json_object_get(call->request, name);
	*text_out = (struct gp_span) {json_string_value(value), json_string_length(value)};
	return text_out->ptr && !memchr(text_out->ptr, 0, text_out->len) &&
	       text_out->len <= MAILBOX_MAX;
}

/* find_mail: GP_OK; else *error_out is the answer, NULL without memory for it. */
static int find_mail(struct gp_operator_call *call, struct mail *m, json_t **error_out)
{
	struct gp_ipaddr client;
	*error_out = no_store(call);
	if (*error_out)
		return GP_EINVAL;
	if (!member(call, "client", &m->client) || !member(call, "sender", &m->sender) ||
		!member(call, "recipient", &m->recipient) || gp_ipaddr_parse(m->client, &client) ||
		!gp_greylist_is_sender(call->ctx->arena, m->sender) ||
		!gp_greylist_is_recipient(call->ctx->arena, m->recipient)) {
		*error_out = gp_operator_error(
			"client has to be an address, sender and recipient mailboxes");
		return GP_EINVAL;
	}
	client = gp_engine_address(call->config, client);
	int rc = gp_greylist_contact_of(call->ctx->arena, &call->config->greylist, &client,
		m->sender, m->recipient, &m->contact);
	if (rc)
		*error_out = gp_operator_trouble(call, rc);
	return rc;
}

/* What is known of a mail, and what would be done. */
struct verdict {
	const struct gp_rule *exempt; /* by which greylisting leaves it alone; NULL */
	struct gp_greylist_known known;
	const char *allowed; /* the exception that covers it; NULL */
	bool is_allowed_by_domain;
	bool is_whitelisted; /* the sender's domain */
	const char *action, *why;
};

#define ACCEPT "accept"
#define DEPENDS "depends" /* on SPF, and on the name of the client */
#define DELAY "delay"

/* let_in: why it is accepted, or may be; NULL: nothing of that is known. */
static const char *let_in(const struct verdict *v, const char **action_out)
{
	const struct gp_greylist_known *k = &v->known;
	bool may_pass = gp_greylist_may_pass(k);
	*action_out = ACCEPT;
	if (v->allowed && !v->is_allowed_by_domain)
		return "an operator has allowed it";
	if (k->is_correspondent)
		return "users write to the domain of the sender (unless SPF says fail, softfail "
		       "or permerror)";
	if (may_pass && !k->is_by_domain)
		return k->state == GP_GREYLIST_STATE_PASSED ? "it has passed before"
		       : k->state == GP_GREYLIST_STATE_TRUSTED
			       ? "its network has passed often enough"
			       : "it has waited long enough";
	*action_out = DEPENDS;
	if (v->is_whitelisted)
		return "accepted if SPF passes or the verified name of the client is of the "
		       "domain, which is listed in greylist.whitelist_domains; else delayed";
	if (v->allowed)
		return "accepted if SPF passes or the confirmed name of the client is of the "
		       "domain, which an operator has allowed; else delayed";
	if (may_pass)
		return "accepted if SPF passes or the confirmed name of the client is of the "
		       "domain of the sender, which is known; else delayed";
	return NULL;
}

/* decide: what is certain first; where nothing is delayed, that is why. */
static void decide(
	struct gp_arena *arena, const struct gp_greylist_settings *settings, struct verdict *v)
{
	const struct gp_rule *exempt = v->exempt;
	v->action = ACCEPT;
	if (settings->mode == GP_MODE_OFF)
		v->why = "greylist.mode is off";
	else if (exempt)
		v->why = exempt->why ? exempt->why
				     : gp_arena_printf(arena, "it is listed in %s", exempt->name);
	else
		v->why = let_in(v, &v->action);
	if (!v->why) {
		v->action = DELAY;
		v->why = v->known.state == GP_GREYLIST_STATE_NONE
				 ? "a first attempt, if there is a reason for a delay"
				 : "it has not waited long enough";
	}
	bool is_label = settings->mode != GP_MODE_ENFORCE;
	if (strcmp(v->action, ACCEPT) == 0 || (!is_label && !v->known.is_learning))
		return;
	v->action = ACCEPT;
	v->why = is_label ? "greylist.mode is label: it is only recorded"
			  : "greylist.learn is not over: it is only recorded";
}

/* find_allowed: for its client, or else for the domain of its sender. */
static int find_allowed(struct gp_operator_call *call, const struct mail *m, struct verdict *v)
{
	const struct gp_greylist_allow_mail client = {.client = m->contact.client};
	const struct gp_greylist_allow_mail sender = {.sender_domain = m->contact.sender_domain};
	int rc = gp_greylist_allow_find(store_of(call), call->ctx, &client, &v->allowed);
	if (rc || v->allowed)
		return rc;
	rc = gp_greylist_allow_find(store_of(call), call->ctx, &sender, &v->allowed);
	v->is_allowed_by_domain = v->allowed != NULL;
	return rc;
}

/* look_up: what the configuration and the store know of the mail. */
static int look_up(struct gp_operator_call *call, const struct mail *m, struct verdict *v)
{
	struct gp_store *store = store_of(call);
	const struct gp_envelope envelope = {
		.client = m->contact.client, .sender = m->sender, .recipient = m->recipient};
	int rc = gp_engine_greylist_exempt(call->ctx, call->config, &envelope, &v->exempt);
	v->is_whitelisted = gp_engine_in_names(
		&call->config->greylist.whitelist_domains, gp_span_from(m->contact.sender_domain));
	if (!rc)
		rc = gp_greylist_known(
			call->ctx, store, gp_store_now_ms(store), &m->contact, &v->known);
	return rc ? rc : find_allowed(call, m, v);
}

/* wait_s: until it is accepted, where it is delayed. */
static json_int_t wait_s(const struct verdict *v)
{
	bool is_delayed = strcmp(v->action, DELAY) == 0;
	return is_delayed ? (json_int_t)((v->known.wait_ms + 999) / 1000) : 0;
}

/* gp_operator_greylist_mail: reads only. */
json_t *gp_operator_greylist_mail(struct gp_operator_call *call)
{
	struct gp_arena *arena = call->ctx->arena;
	struct verdict v = {.allowed = NULL};
	struct mail m;
	json_t *error;
	if (find_mail(call, &m, &error))
		return error;
	int rc = look_up(call, &m, &v);
	if (rc)
		return gp_operator_trouble(call, rc);
	decide(arena, &call->config->greylist, &v);
	json_t *answer = json_pack("{s:o, s:o, s:o, s:s, s:i, s:I, s:b, s:s?, s:s, s:s}", "client",
		gp_operator_text(arena, m.client), "sender", gp_operator_text(arena, m.sender),
		"recipient", gp_operator_text(arena, m.recipient), "state",
		gp_greylist_state_name(v.known.state), "passes", (int)v.known.passes, "wait_s",
		wait_s(&v), "correspondent", v.known.is_correspondent, "allowed", v.allowed,
		"action", v.action, "why", v.why);
	if (answer) {
		add_time(call, answer, "first", v.known.first_ms);
		add_time(call, answer, "last", v.known.last_ms);
	}
	return answer;
}

/* ---- allow and remove ---- */

/* What a change is about. */
struct target {
	const char *name; /* in the form in which it is kept */
	bool is_allowed;  /* now */
};

/* find_target: GP_OK; else *error_out is the answer, NULL without memory for it. */
static int find_target(struct gp_operator_call *call, struct target *target_out, json_t **error_out)
{
	const struct gp_reputation_order *items;
	const char *text = json_string_value(json_object_get(call->request, "what")), *problem;
	size_t count;
	*error_out = no_store(call);
	if (*error_out)
		return GP_EINVAL;
	int rc = gp_greylist_allow_parse(
		call->ctx->arena, text ? text : "", &target_out->name, &problem);
	if (rc == GP_ESYNTAX) {
		*error_out = gp_operator_error("%.200s: %s", text ? text : "", problem);
		return rc;
	}
	if (!rc)
		rc = gp_reputation_order_list(
			store_of(call), call->ctx, GP_REPUTATION_GREYLIST_ALLOW, &items, &count);
	if (rc)
		*error_out = gp_operator_trouble(call, rc);
	else
		target_out->is_allowed = gp_reputation_order_has(items, count, target_out->name);
	return rc;
}

/* done: what is so now. */
static json_t *done(const struct target *t, bool is_allowed)
{
	return json_pack("{s:s, s:b, s:b}", "what", t->name, "allowed", is_allowed, "was_allowed",
		t->is_allowed);
}

/* gp_operator_greylist_allow: who has said it first stays on record. */
json_t *gp_operator_greylist_allow(struct gp_operator_call *call)
{
	struct target t;
	json_t *error;
	if (find_target(call, &t, &error))
		return error;
	if (t.is_allowed)
		return done(&t, true);
	const char *by = gp_operator_by(call);
	int rc = by ? gp_reputation_order_put(gp_limit_overrides_store(call->overrides), call->ctx,
			      GP_REPUTATION_GREYLIST_ALLOW, t.name, by)
		    : GP_ENOMEM;
	if (rc)
		return gp_operator_trouble(call, rc);
	gp_operator_log_change(call, "greylist-allow", gp_log_field_text("what", t.name));
	return done(&t, true);
}

/* remove_order: takes back what was allowed. */
static json_t *remove_order(struct gp_operator_call *call)
{
	struct target t;
	json_t *error;
	if (find_target(call, &t, &error))
		return error;
	if (!t.is_allowed)
		return done(&t, false);
	int rc = gp_reputation_order_remove(gp_limit_overrides_store(call->overrides), call->ctx,
		GP_REPUTATION_GREYLIST_ALLOW, t.name);
	if (rc)
		return gp_operator_trouble(call, rc);
	gp_operator_log_change(call, "greylist-remove", gp_log_field_text("what", t.name));
	return done(&t, false);
}

/* forget_mail: with what its network and domain have passed. */
static json_t *forget_mail(struct gp_operator_call *call)
{
	struct gp_log_field f[4];
	struct mail m;
	json_t *error;
	struct gp_greylist_forgotten forgotten;
	if (find_mail(call, &m, &error))
		return error;
	struct gp_store *store = store_of(call);
	int rc = gp_greylist_forget(
		call->ctx, store, gp_store_now_ms(store), &m.contact, &forgotten);
	if (rc)
		return gp_operator_trouble(call, rc);
	f[0] = gp_log_field_span("client", m.client);
	f[1] = gp_log_field_span("sender", m.sender);
	f[2] = gp_log_field_span("recipient", m.recipient);
	f[3] = gp_log_field_number("uid", call->peer_uid);
	if (forgotten.is_known)
		gp_log_event(call->ctx->log, GP_LOG_NOTICE, "greylist-forget", f, 4);
	return json_pack(
		"{s:b, s:b}", "forgotten", forgotten.is_known, "crowd", forgotten.is_crowd);
}

/* gp_operator_greylist_remove: an exception, or what is known of a mail. */
json_t *gp_operator_greylist_remove(struct gp_operator_call *call)
{
	return json_object_get(call->request, "what") ? remove_order(call) : forget_mail(call);
}
