/* SPDX-License-Identifier: ISC */
/* A word before a colon is a kind, and one that is none is an error: nobody's name by accident. */
#include "operator/operator_who.h"

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

#define NAME_MAX_BYTES 4096

#define KNOWN                                                                              \
	"user:NAME (or the name alone), domain:NAME, sender:ADDRESS, sender_domain:NAME, " \
	"client:ADDRESS, network:ADDRESS/BITS and all"

/* gp_operator_member: a NUL within it is no name either. */
struct gp_span gp_operator_member(const json_t *request, const char *name)
{
	json_t *value = json_object_get(request, name);
	struct gp_span text = {json_string_value(value), json_string_length(value)};
	if (!text.ptr || text.len > NAME_MAX_BYTES || memchr(text.ptr, 0, text.len))
		return (struct gp_span) {NULL, 0};
	return text;
}

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
	struct gp_span addr, zone;
	(void)gp_span_cut(text, '%', &addr, &zone);
	if (gp_prefix_parse(addr, &prefix) == GP_OK)
		return gp_operator_error(
			"write an address as client:%.*s", (int)text.len, text.ptr);
	return gp_operator_error("%.*s: is unknown; write one of " KNOWN
				 ". If that is the name of a user, write user:%.*s",
		(int)(kind.len > 60 ? 60 : kind.len), kind.ptr,
		(int)(text.len > 100 ? 100 : text.len), text.ptr);
}

/* shown: a part of what was written, for a message; at most 200 bytes. */
static struct gp_span shown(struct gp_span text)
{
	text.len = text.len > 200 ? 200 : text.len;
	return text;
}

#define SHOWN(text) (int)shown(text).len, shown(text).ptr ? shown(text).ptr : ""

/* gp_operator_who_parse: up to the first colon. */
int gp_operator_who_parse(
	const struct gp_operator_call *call, struct gp_operator_who *who_out, json_t **error_out)
{
	struct gp_span text = gp_operator_member(call->request, "who"), kind, rest;
	*who_out = (struct gp_operator_who) {.key = GP_LIMIT_BY_USER, .name = text, .text = text};
	*error_out = NULL;
	if (gp_span_trim(text).len == 0) {
		*error_out = gp_operator_error("the name is missing; write one of " KNOWN);
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
	const struct gp_span trimmed = gp_span_trim(rest);
	if (who_out->key < 0)
		*error_out = unknown_kind(text, kind);
	else if ((who_out->key == GP_LIMIT_BY_CLIENT || who_out->key == GP_LIMIT_BY_NETWORK) &&
		 trimmed.len && trimmed.len < rest.len)
		*error_out = gp_operator_error("there are spaces after the colon or at the end; "
					       "write %.*s:%.*s",
			SHOWN(kind), SHOWN(trimmed));
	else
		return GP_OK;
	return GP_ESYNTAX;
}

/* is_address: of a client, or a network of clients. */
static bool is_address(struct gp_span text)
{
	struct gp_span addr, length;
	struct gp_ipaddr ip;
	(void)gp_span_cut(text, '/', &addr, &length); /* with or without a length */
	return gp_ipaddr_parse(addr, &ip) == GP_OK;
}

/* unbracketed: what stands in <>, as in SMTP; else empty. */
static struct gp_span unbracketed(struct gp_span name)
{
	if (name.len < 2 || name.ptr[0] != '<' || name.ptr[name.len - 1] != '>')
		return (struct gp_span) {NULL, 0};
	return (struct gp_span) {name.ptr + 1, name.len - 2};
}

/* domain_problem: of a name that is to be a domain, which goes with this kind; whole: the kind of
 * one of its addresses. */
static json_t *domain_problem(const struct gp_operator_call *call, struct gp_span name,
	const char *kind, const char *whole)
{
	size_t dots = gp_span_has_prefix(name, "*.") ? 2 : gp_span_has_prefix(name, ".") ? 1 : 0;
	ptrdiff_t at = gp_span_find_last(name, '@');
	if (at > 0 && name.ptr[0] != '*')
		return gp_operator_error("%.*s is an address, not a domain; write %s:%.*s, or "
					 "%s:%.*s for all of its domain",
			SHOWN(name), whole, SHOWN(name), kind,
			SHOWN(gp_span_skip(name, (size_t)at + 1)));
	if (at >= 0)
		return gp_operator_error("write a domain without an @: %s:%.*s", kind,
			SHOWN(gp_span_skip(name, (size_t)at + 1)));
	if (dots && name.len > dots)
		return gp_operator_error(
			"patterns are not possible here, write each domain: %s:%.*s", kind,
			SHOWN(gp_span_skip(name, dots)));
	if (memchr(name.ptr, '*', name.len) || !gp_limit_is_domain(call->ctx->arena, name))
		return gp_operator_error(
			"%.*s is not a domain; write it as %s:example.org", SHOWN(name), kind);
	return NULL;
}

/* is_nobody: is nothing left of a name when names are compared? */
static bool is_nobody(const struct gp_operator_call *call, struct gp_span name)
{
	const char *text = gp_limit_normalise(
		call->ctx->arena, &call->config->limits, GP_LIMIT_OVERRIDE_USER, name);
	return text && !*text;
}

/* mailbox_problem: of a user or a sender: kind; of all of a domain: whole. */
static json_t *mailbox_problem(const struct gp_operator_call *call, struct gp_span name,
	const char *kind, const char *whole)
{
	size_t begins = gp_span_has_prefix(name, "*@") ? 2 : gp_span_has_prefix(name, "@") ? 1 : 0;
	if (unbracketed(name).len)
		return gp_operator_error("write an address without < and >: %s:%.*s", kind,
			SHOWN(unbracketed(name)));
	if (gp_span_is(name, "*") || gp_span_is(name, "<>") || begins == name.len)
		return gp_operator_error(
			"%.*s cannot be a name; max of the limit itself applies to all without a "
			"maximum of their own, and %s:example.org to each %s of a domain",
			SHOWN(name), whole, kind);
	if (begins)
		return gp_operator_error("%.*s cannot be a name; for each %s of the domain write "
					 "%s:%.*s",
			SHOWN(name), kind, whole, SHOWN(gp_span_skip(name, begins)));
	ptrdiff_t at = gp_span_find_last(name, '@');
	if (at >= 0 && memchr(name.ptr + at, '*', name.len - (size_t)at))
		return gp_operator_error(
			"%.*s: patterns are not possible here; for each %s of a domain write "
			"%s:example.org",
			SHOWN(name), kind, whole);
	if (is_nobody(call, name))
		return gp_operator_error(
			"that name has no visible characters; write %s:NAME", kind);
	return NULL;
}

/* doubtful: a word that was hardly meant as a user's name; what is right for it, or NULL. */
static json_t *doubtful(const struct gp_operator_call *call, struct gp_span name)
{
	const char *text = gp_limit_normalise(
		call->ctx->arena, &call->config->limits, GP_LIMIT_OVERRIDE_USER, name);
	const struct gp_span folded = gp_span_from(text);
	if (gp_span_is(folded, "all"))
		return gp_operator_error("write all for what everybody shares, and user:all for a "
					 "user of that name");
	if (find_kind(folded) >= 0)
		return gp_operator_error("a colon and a name must follow %.*s; write one of " KNOWN
					 ". If that is the name of a user, write user:%.*s",
			SHOWN(name), SHOWN(name));
	for (const char *c = ",; "; *c; c++)
		if (memchr(name.ptr, *c, name.len))
			return gp_operator_error("give one name at a time; if %.*s is the name of "
						 "a user, write user:%.*s",
				SHOWN(name), SHOWN(name));
	if (memchr(name.ptr, '*', name.len))
		return gp_operator_error("%.*s: patterns are not possible here; if that is the "
					 "name of a user, write user:%.*s",
			SHOWN(name), SHOWN(name));
	text = gp_limit_normalise(
		call->ctx->arena, &call->config->limits, GP_LIMIT_OVERRIDE_DOMAIN, name);
	const struct gp_span domain = gp_span_from(text);
	if (domain.len && gp_span_find_last(folded, '@') < 0 &&
		gp_span_find_last(domain, '.') >= 0 && gp_limit_is_domain(call->ctx->arena, domain))
		return gp_operator_error("nothing is counted for a user %.*s, which looks like a "
					 "domain; write domain:%.*s for each user of a domain, "
					 "user:%.*s for a user of that name",
			SHOWN(name), SHOWN(domain), SHOWN(name));
	return NULL;
}

/* gp_operator_who_doubtful: known is who is counted, or named in the configuration. */
json_t *gp_operator_who_doubtful(const struct gp_operator_call *call,
	const struct gp_operator_who *who, const struct gp_limit_applied *applied)
{
	struct gp_store_count count;
	if (who->key != GP_LIMIT_BY_USER || who->name.len < who->text.len ||
		applied->limit->key != GP_LIMIT_BY_USER ||
		(applied->source != GP_LIMIT_SOURCE_LIMIT && !applied->is_of_domain))
		return NULL;
	json_t *problem = doubtful(call, gp_span_trim(who->name));
	if (problem &&
		gp_limit_peek(gp_limit_overrides_store(call->overrides), call->ctx, applied, 1,
			&count) == GP_OK &&
		count.used > 0) {
		json_decref(problem);
		return NULL;
	}
	return problem;
}

/* client_problem: of an address or a network; what is neither is told where a limit reads it. */
static json_t *client_problem(struct gp_span name, const char *kind)
{
	struct gp_prefix prefix;
	if (gp_prefix_parse(name, &prefix) || gp_prefix_has_hosts(&prefix))
		return NULL;
	return gp_operator_error(
		"%.*s is not the address of a client; write it as %s", SHOWN(name), kind);
}

/* gp_operator_who_problem: by kind; addresses of clients are read where a limit counts them. */
json_t *gp_operator_who_problem(
	const struct gp_operator_call *call, const struct gp_operator_who *who)
{
	const struct gp_span name = gp_span_trim(who->name);
	if (who->key != GP_LIMIT_BY_ALL && name.len == 0)
		return gp_operator_error("a name must follow %.*s", SHOWN(who->text));
	switch (who->key) {
	case GP_LIMIT_BY_USER:
		if (who->name.len == who->text.len && is_address(name))
			return gp_operator_error(
				"write an address as client:%.*s, a user of that name as user:%.*s",
				SHOWN(name), SHOWN(name));
		return mailbox_problem(call, name, "user", "domain");
	case GP_LIMIT_BY_SENDER:
		if (gp_span_is(name, "<>"))
			return gp_operator_error("no limit counts the null sender");
		if (!memchr(name.ptr, '@', name.len) && !unbracketed(name).len)
			return gp_operator_error("write a sender as sender:NAME@DOMAIN, all of a "
						 "domain as sender_domain:%.*s",
				SHOWN(name));
		return mailbox_problem(call, name, "sender", "sender_domain");
	case GP_LIMIT_BY_USER_DOMAIN:
		return domain_problem(call, name, "domain", "user");
	case GP_LIMIT_BY_SENDER_DOMAIN:
		return domain_problem(call, name, "sender_domain", "sender");
	case GP_LIMIT_BY_CLIENT:
		return client_problem(name, "client:192.0.2.1");
	case GP_LIMIT_BY_NETWORK:
		return client_problem(name, "network:192.0.2.0/24");
	default:
		return NULL;
	}
}

/* gp_operator_who_mistaken: with a kind in front it is meant as it stands, but for a domain. */
json_t *gp_operator_who_mistaken(
	const struct gp_operator_call *call, const struct gp_operator_who *who)
{
	bool is_bare = who->key == GP_LIMIT_BY_USER && who->name.len == who->text.len;
	bool is_domain =
		who->key == GP_LIMIT_BY_USER_DOMAIN || who->key == GP_LIMIT_BY_SENDER_DOMAIN;
	if (is_bare || (is_domain && memchr(who->text.ptr, '@', who->text.len)))
		return gp_operator_who_problem(call, who);
	return NULL;
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
	const struct gp_operator_call *call, const struct gp_operator_who *who, int key)
{
	if (key == GP_LIMIT_BY_ALL)
		return gp_span_from("all");
	/* the empty name has blanks as its spelling (limit/limit_name.c) */
	if (key == who->key)
		return who->name.len ? who->name : gp_span_from(" ");
	if (key != GP_LIMIT_BY_USER_DOMAIN && key != GP_LIMIT_BY_SENDER_DOMAIN)
		return who->name;
	const char *name = gp_limit_normalise(
		call->ctx->arena, &call->config->limits, GP_LIMIT_OVERRIDE_USER, who->name);
	return gp_span_from(name ? gp_limit_domain_of(name) : NULL);
}

/* gp_operator_who_match: by the kind and the key. */
int gp_operator_who_match(const struct gp_operator_call *call, const struct gp_operator_who *who,
	size_t limit, enum gp_operator_match *match_out, struct gp_limit_applied *applied_out)
{
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_arena *arena = call->ctx->arena;
	const struct gp_limit *l = &set->limits[limit];
	const char *subject;
	*match_out = GP_OPERATOR_NONE;
	*applied_out = (struct gp_limit_applied) {.limit = l};
	if (l->mode == GP_LIMIT_OFF)
		return GP_OK;
	if (is_each(who->key, l->key)) {
		applied_out->subject = gp_limit_domain_subject(set, limit, who->name, arena);
		*match_out = GP_OPERATOR_EACH;
		return applied_out->subject     ? GP_OK
		       : gp_arena_status(arena) ? gp_arena_status(arena)
						: GP_ESYNTAX;
	}
	if (who->key != (int)l->key && !is_wider(who->key, l->key))
		return GP_OK;
	struct gp_span name = name_under(call, who, l->key);
	if (gp_arena_status(arena) || name.len == 0)
		return gp_arena_status(arena); /* a user without a domain has none */
	int rc = gp_limit_subject_of(set, limit, name, arena, &subject);
	if (!rc)
		rc = gp_limit_of_subject(set, limit, subject, call->overrides, arena, applied_out);
	if (!rc)
		*match_out = who->key == (int)l->key ? GP_OPERATOR_OWN : GP_OPERATOR_SHARED;
	return rc == GP_ESYNTAX && who->key != (int)l->key ? GP_OK : rc;
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

/* gp_operator_who_nobody: by what there is. */
json_t *gp_operator_who_nobody(
	const struct gp_operator_call *call, const struct gp_operator_who *who)
{
	const struct gp_limit_set *set = &call->config->limits;
	const char *key = gp_limit_key_name((enum gp_limit_key)who->key);
	const int len = (int)(who->text.len > 200 ? 200 : who->text.len);
	if (has_key(set, who->key, is_same))
		return gp_operator_error(
			"%.*s: no limit has a counter for it: it is not a %s, it is several of "
			"them, or not among the domains that are counted",
			len, who->text.ptr, key);
	if (has_key(set, who->key, is_each))
		return gp_operator_error(
			"no limit applies to %.*s as a whole: there is none whose key "
			"is %s. A maximum for each one in it can be set; gatepost "
			"limits overrides lists those that are",
			len, who->text.ptr, key);
	return gp_operator_error("no limit applies to %.*s: there is none whose key is %s%s", len,
		who->text.ptr, key,
		who->key == GP_LIMIT_BY_ALL ? "; a user of that name is written user:all" : "");
}
