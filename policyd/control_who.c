/* SPDX-License-Identifier: ISC */
/* A word before a colon is a kind, and one that is none is an error: nobody's name by accident. */
#include "policyd/control_who.h"

#include <string.h>

/* Kinds as they are written: those of keys, and the word that overrides have for user_domain. */
static const struct {
	const char *word;
	int key;
} kinds[] = {
	{"user", GP_LIMIT_BY_USER},
	{"user_domain", GP_LIMIT_BY_USER_DOMAIN},
	{"domain", GP_LIMIT_BY_USER_DOMAIN},
	{"sender", GP_LIMIT_BY_SENDER},
	{"sender_domain", GP_LIMIT_BY_SENDER_DOMAIN},
	{"client", GP_LIMIT_BY_CLIENT},
	{"network", GP_LIMIT_BY_NETWORK},
};

#define KNOWN                                                                              \
	"user:NAME (or the name alone), domain:NAME, sender:ADDRESS, sender_domain:NAME, " \
	"client:ADDRESS, network:ADDRESS/BITS and all"

/* find_kind: its key, or -1. */
static int find_kind(struct gp_span word)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (gp_span_is(word, kinds[i].word))
			return kinds[i].key;
	return -1;
}

/* unknown_kind: what is known, and how to write what was perhaps meant. */
static json_t *unknown_kind(struct gp_span text, struct gp_span kind)
{
	struct gp_prefix prefix;
	if (gp_prefix_parse(text, &prefix) == GP_OK)
		return gp_control_error(
			"an address is written client:%.*s", (int)text.len, text.ptr);
	return gp_control_error("%.*s: is not known before a colon; there are " KNOWN
				". A user whose name has a colon is written user:%.*s",
		(int)(kind.len > 60 ? 60 : kind.len), kind.ptr,
		(int)(text.len > 100 ? 100 : text.len), text.ptr);
}

/* gp_control_who_parse: up to the first colon. */
int gp_control_who_parse(
	const struct gp_control_call *call, struct gp_control_who *who_out, json_t **error_out)
{
	struct gp_span text = gp_control_member(call->request, "who"), kind, rest;
	*who_out = (struct gp_control_who) {.key = GP_LIMIT_BY_USER, .name = text, .text = text};
	*error_out = NULL;
	if (text.len == 0) {
		*error_out = gp_control_error("whom it is about is missing; there are " KNOWN);
		return GP_ESYNTAX;
	}
	if (gp_span_is(text, "all")) {
		who_out->key = GP_LIMIT_BY_ALL;
		return GP_OK;
	}
	if (!gp_span_cut(text, ':', &kind, &rest))
		return GP_OK;
	who_out->key = find_kind(kind);
	who_out->name = rest;
	if (who_out->key >= 0)
		return GP_OK;
	*error_out = unknown_kind(text, kind);
	return GP_ESYNTAX;
}

/* is_wider: of each kind the keys that count it together with others, besides all. */
static bool is_wider(int kind, int key)
{
	return (kind == GP_LIMIT_BY_USER && key == GP_LIMIT_BY_USER_DOMAIN) ||
	       (kind == GP_LIMIT_BY_SENDER && key == GP_LIMIT_BY_SENDER_DOMAIN) ||
	       (kind == GP_LIMIT_BY_CLIENT && key == GP_LIMIT_BY_NETWORK) || key == GP_LIMIT_BY_ALL;
}

/* is_each: is the kind a domain of what the key counts? */
static bool is_each(int kind, int key)
{
	return (kind == GP_LIMIT_BY_USER_DOMAIN && key == GP_LIMIT_BY_USER) ||
	       (kind == GP_LIMIT_BY_SENDER_DOMAIN && key == GP_LIMIT_BY_SENDER);
}

/* name_under: the part of who's name that a limit with this key counts by; empty: none. */
static struct gp_span name_under(
	const struct gp_control_call *call, const struct gp_control_who *who, int key)
{
	if (key == GP_LIMIT_BY_ALL)
		return gp_span_from("all");
	/* the empty name has blanks as its spelling (limit/limit_name.c) */
	if (key == who->key)
		return who->name.len ? who->name : gp_span_from(" ");
	if (key != GP_LIMIT_BY_USER_DOMAIN && key != GP_LIMIT_BY_SENDER_DOMAIN)
		return who->name;
	const char *name = gp_limit_normalise(call->ctx->arena, &call->runtime->config->limits,
		GP_LIMIT_OVERRIDE_USER, who->name);
	return gp_span_from(name ? gp_limit_domain_of(name) : NULL);
}

/* gp_control_who_match: by the kind and the key. */
int gp_control_who_match(const struct gp_control_call *call, const struct gp_control_who *who,
	size_t limit, enum gp_control_match *match_out, struct gp_limit_applied *applied_out)
{
	const struct gp_limit_set *set = &call->runtime->config->limits;
	struct gp_arena *arena = call->ctx->arena;
	const struct gp_limit *l = &set->limits[limit];
	const char *subject;
	*match_out = GP_CONTROL_NONE;
	*applied_out = (struct gp_limit_applied) {.limit = l};
	if (l->mode == GP_LIMIT_OFF)
		return GP_OK;
	if (is_each(who->key, l->key)) {
		applied_out->subject = gp_limit_domain_subject(set, limit, who->name, arena);
		*match_out = GP_CONTROL_EACH;
		return applied_out->subject     ? GP_OK
		       : gp_arena_status(arena) ? gp_arena_status(arena)
						: GP_ESYNTAX;
	}
	if (who->key != l->key && !is_wider(who->key, l->key))
		return GP_OK;
	struct gp_span name = name_under(call, who, l->key);
	if (gp_arena_status(arena) || name.len == 0)
		return gp_arena_status(arena); /* a user without a domain has none */
	int rc = gp_limit_subject_of(set, limit, name, arena, &subject);
	if (!rc)
		rc = gp_limit_of_subject(
			set, limit, subject, call->runtime->book, arena, applied_out);
	if (!rc)
		*match_out = who->key == l->key ? GP_CONTROL_OWN : GP_CONTROL_SHARED;
	return rc == GP_ESYNTAX && who->key != l->key ? GP_OK : rc;
}

/* has_key: is there a limit with this key that is not off, or one that counts each of the kind? */
static bool has_key(const struct gp_limit_set *set, int key, bool (*fits)(int kind, int key))
{
	for (size_t i = 0; i < set->limit_count; i++)
		if (set->limits[i].mode != GP_LIMIT_OFF && fits(key, set->limits[i].key))
			return true;
	return false;
}

/* is_same: the kind that the key counts. */
static bool is_same(int kind, int key)
{
	return kind == key;
}

/* gp_control_who_nobody: by what there is. */
json_t *gp_control_who_nobody(const struct gp_control_call *call, const struct gp_control_who *who)
{
	const struct gp_limit_set *set = &call->runtime->config->limits;
	const char *key = gp_limit_key_name((enum gp_limit_key)who->key);
	const int len = (int)(who->text.len > 200 ? 200 : who->text.len);
	if (has_key(set, who->key, is_same))
		return gp_control_error(
			"%.*s: no limit counts that by itself: it is no %s, several "
			"of them, or not among the domains that are counted",
			len, who->text.ptr, key);
	if (has_key(set, who->key, is_each))
		return gp_control_error(
			"no limit applies to %.*s as a whole: there is none whose key "
			"is %s. A maximum for each one in it can be set; gatepost "
			"limits overrides lists those that are",
			len, who->text.ptr, key);
	return gp_control_error("no limit applies to %.*s: there is none whose key is %s%s", len,
		who->text.ptr, key,
		who->key == GP_LIMIT_BY_ALL ? "; a user of that name is written user:all" : "");
}
