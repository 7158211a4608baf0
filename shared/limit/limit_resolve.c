/* SPDX-License-Identifier: ISC */
/*
 * From a mail to the limits that apply to it: a row for each key says whose mail it makes sense
 * for, how its subject is spelled, and which overrides may change its maximum, the most specific
 * first.
 */
#include "limit/limit_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ORIGINS (GP_LIMIT_FROM_AUTHENTICATED | GP_LIMIT_FROM_TRUSTED | GP_LIMIT_FROM_OTHERS)

/* What is resolved for one mail; names are normalised once, when a limit first wants them. */
struct resolver {
	const struct gp_limit_set *set;
	const struct gp_limit_who *who;
	struct gp_arena *arena;
	struct gp_ipaddr client;   /* of who; IPv4 however it is written */
	unsigned bits;             /* of client that are known: all, unless a network was named */
	const char *user, *sender; /* NULL: not yet */
};

static const char *const units[] = {
	[GP_LIMIT_RECIPIENTS] = "recipients",
	[GP_LIMIT_MESSAGES] = "messages",
	[GP_LIMIT_BYTES] = "bytes",
};

/* gp_limit_unit_name: as the configuration spells it. */
const char *gp_limit_unit_name(enum gp_limit_unit unit)
{
	return units[unit];
}

/* ---- names ---- */

/* name_of: a normalised name, made once. */
static const char *name_of(struct resolver *r, const char **cache, enum gp_limit_override_kind kind,
	struct gp_span raw)
{
	if (!*cache)
		*cache = gp_limit_normalise(r->arena, r->set, kind, raw);
	return *cache;
}

/* domain_of: of a normalised mailbox, "" when there was no memory for it. */
static const char *domain_of(const char *mailbox)
{
	return mailbox ? gp_limit_domain_of(mailbox) : "";
}

/* user: of the authenticated user. */
static const char *user(struct resolver *r)
{
	return name_of(r, &r->user, GP_LIMIT_OVERRIDE_USER, r->who->user);
}

/* user_domain: after the @. */
static const char *user_domain(struct resolver *r)
{
	return domain_of(user(r));
}

/* sender: MAIL FROM. */
static const char *sender(struct resolver *r)
{
	return name_of(r, &r->sender, GP_LIMIT_OVERRIDE_SENDER, r->who->sender);
}

/* sender_domain: of MAIL FROM. */
static const char *sender_domain(struct resolver *r)
{
	return domain_of(sender(r));
}

/* named: "kind:name"; every mail passes here, so without printf. NULL without memory. */
static const char *named(struct resolver *r, const char *kind, const char *name)
{
	size_t kind_len = strlen(kind), name_len = name ? strlen(name) : 0;
	char *text = name ? gp_arena_alloc(r->arena, kind_len + name_len + 2) : NULL;
	if (!text)
		return NULL;
	memcpy(text, kind, kind_len);
	text[kind_len] = ':';
	memcpy(text + kind_len + 1, name, name_len);
	return text;
}

/* subject_text: likewise; NULL without a name: the limit does not apply. */
static const char *subject_text(struct resolver *r, const char *kind, const char *name)
{
	return name && *name ? named(r, kind, name) : NULL;
}

/* ---- rows of overrides ---- */

/* find_override: the row that sets this limit for this name, or NULL. */
static const struct gp_limit_override *find_override(
	const struct resolver *r, const struct gp_limit_override *wanted, size_t limit)
{
	const struct gp_limit_override *found = bsearch(wanted, r->set->overrides,
		r->set->override_count, sizeof *r->set->overrides, gp_limit_override_compare);
	return found && found->max[limit] != GP_LIMIT_UNSET ? found : NULL;
}

/* network_override: the longest prefix around the client, from shortest to longest bits. */
static const struct gp_limit_override *network_override(
	const struct resolver *r, unsigned shortest, unsigned longest, size_t limit)
{
	struct gp_limit_override wanted = {.kind = GP_LIMIT_OVERRIDE_CLIENT};
	wanted.prefix.addr = r->client;
	for (unsigned length = gp_ipaddr_bits(&r->client);; length--) {
		wanted.prefix.length = length;
		const struct gp_limit_override *found = length <= longest && length <= r->bits
								? find_override(r, &wanted, limit)
								: NULL;
		if (found || length == shortest)
			return found;
		wanted.prefix.addr.bytes[(length - 1) / 8] &=
			(uint8_t) ~(0x80u >> ((length - 1) % 8));
	}
}

/* ---- subjects ---- */

/* subject_user: nobody, unless authenticated; a name of blanks is a name. */
static const char *subject_user(struct resolver *r, const struct gp_limit *limit)
{
	(void)limit;
	return r->who->user.len ? named(r, "user", user(r)) : NULL;
}

/* subject_user_domain: users without a domain have none. */
static const char *subject_user_domain(struct resolver *r, const struct gp_limit *limit)
{
	(void)limit;
	return r->who->user.len ? subject_text(r, "user_domain", user_domain(r)) : NULL;
}

/* sender_under: MAIL FROM as the limit counts it: with its subaddress or without. */
static const char *sender_under(struct resolver *r, const struct gp_limit *limit)
{
	const char *name = sender(r);
	size_t len = name && limit->subaddress == GP_LIMIT_SUBADDRESS_STRIP
			     ? gp_limit_without_subaddress(name)
			     : 0;
	if (len == 0)
		return name;
	const char *domain = gp_limit_domain_of(name);
	return gp_arena_printf(r->arena, "%.*s%s%s", (int)len, name, *domain ? "@" : "", domain);
}

/* subject_sender: the null sender is nobody; a name of blanks is a name. */
static const char *subject_sender(struct resolver *r, const struct gp_limit *limit)
{
	if (r->who->sender.len == 0 || !gp_limit_counts_domain(limit, sender_domain(r)))
		return NULL;
	return named(r, "sender", sender_under(r, limit));
}

/* subject_sender_domain: likewise. */
static const char *subject_sender_domain(struct resolver *r, const struct gp_limit *limit)
{
	const char *domain = sender_domain(r);
	return gp_limit_counts_domain(limit, domain) ? subject_text(r, "sender_domain", domain)
						     : NULL;
}

/* subject_prefix: the client's address without the bits past the prefix. */
static const char *subject_prefix(struct resolver *r, const char *kind, unsigned length)
{
	const struct gp_prefix net = gp_prefix_masked((struct gp_prefix) {r->client, length});
	char text[GP_PREFIX_TEXT];
	return gp_arena_printf(r->arena, "%s:%s", kind, gp_prefix_format(&net, text));
}

/*
 * subject_client: its address; of IPv6 the network of a household, or a smaller one that an
 * override names: that is counted by itself. On a link all hosts have the same prefix.
 */
static const char *subject_client(struct resolver *r, const struct gp_limit *limit)
{
	char text[GP_IPADDR_TEXT];
	unsigned bits = gp_ipaddr_bits(&r->client);
	if (bits == 0)
		return NULL;
	unsigned length =
		gp_ipaddr_is_of_link(&r->client) ? bits : gp_limit_prefix(limit, r->client.family);
	if (length < bits && r->set->override_count) {
		const struct gp_limit_override *smaller =
			network_override(r, length + 1, bits, (size_t)(limit - r->set->limits));
		length = smaller ? smaller->prefix.length : length;
	}
	return length < bits ? subject_prefix(r, "client", length)
			     : subject_text(r, "client", gp_ipaddr_format(&r->client, text));
}

/* subject_network: as large as the limit says. */
static const char *subject_network(struct resolver *r, const struct gp_limit *limit)
{
	if (r->client.family == GP_IP_NONE)
		return NULL;
	return subject_prefix(r, "network", gp_limit_prefix(limit, r->client.family));
}

/* subject_all: one for everybody. */
static const char *subject_all(struct resolver *r, const struct gp_limit *limit)
{
	(void)limit;
	return gp_arena_copy(r->arena, gp_span_from(GP_STORE_SUBJECT_ALL));
}

#define NO_OVERRIDE (-1)

static const struct {
	const char *name;
	unsigned from; /* whose mail it makes sense for */
	unsigned only; /* whose mail it may ever be about: others could use up what is not theirs */
	const char *(*subject)(struct resolver *r, const struct gp_limit *limit);
	int overrides[2]; /* kinds that may change it, the most specific first */
} keys[] = {
	[GP_LIMIT_BY_USER] = {"user", GP_LIMIT_FROM_AUTHENTICATED, GP_LIMIT_FROM_AUTHENTICATED,
		subject_user, {GP_LIMIT_OVERRIDE_USER, GP_LIMIT_OVERRIDE_DOMAIN}},
	[GP_LIMIT_BY_USER_DOMAIN] = {"user_domain", GP_LIMIT_FROM_AUTHENTICATED,
		GP_LIMIT_FROM_AUTHENTICATED, subject_user_domain,
		{GP_LIMIT_OVERRIDE_DOMAIN, NO_OVERRIDE}},
	[GP_LIMIT_BY_SENDER] = {"sender", GP_LIMIT_FROM_TRUSTED, GP_LIMIT_FROM_TRUSTED,
		subject_sender, {GP_LIMIT_OVERRIDE_SENDER, GP_LIMIT_OVERRIDE_SENDER_DOMAIN}},
	[GP_LIMIT_BY_SENDER_DOMAIN] = {"sender_domain", GP_LIMIT_FROM_TRUSTED,
		GP_LIMIT_FROM_TRUSTED, subject_sender_domain,
		{GP_LIMIT_OVERRIDE_SENDER_DOMAIN, NO_OVERRIDE}},
	[GP_LIMIT_BY_CLIENT] = {"client", ALL_ORIGINS, ALL_ORIGINS, subject_client,
		{GP_LIMIT_OVERRIDE_CLIENT, NO_OVERRIDE}},
	[GP_LIMIT_BY_NETWORK] = {"network", ALL_ORIGINS, ALL_ORIGINS, subject_network,
		{GP_LIMIT_OVERRIDE_CLIENT, NO_OVERRIDE}},
	[GP_LIMIT_BY_ALL] = {"all", GP_LIMIT_FROM_AUTHENTICATED | GP_LIMIT_FROM_TRUSTED,
		ALL_ORIGINS, subject_all, {NO_OVERRIDE, NO_OVERRIDE}},
};

/* gp_limit_key_name: as the configuration spells it. */
const char *gp_limit_key_name(enum gp_limit_key key)
{
	return keys[key].name;
}

/* gp_limit_origins: as the row says. */
unsigned gp_limit_origins(enum gp_limit_key key)
{
	return keys[key].only;
}

/* gp_limit_subject_name: after the first colon. */
const char *gp_limit_subject_name(const char *subject)
{
	const char *colon = strchr(subject, ':');
	return colon ? colon + 1 : subject;
}

/* ---- overrides ---- */

/* override_name: what an override of this kind is compared with. */
static const char *override_name(struct resolver *r, int kind, const struct gp_limit *limit)
{
	return kind == GP_LIMIT_OVERRIDE_USER     ? user(r)
	       : kind == GP_LIMIT_OVERRIDE_DOMAIN ? user_domain(r)
	       : kind == GP_LIMIT_OVERRIDE_SENDER ? sender_under(r, limit)
						  : sender_domain(r);
}

/* override_of: the most specific row that says something about this limit, or NULL. */
static const struct gp_limit_override *override_of(struct resolver *r, size_t limit)
{
	const struct gp_limit *l = &r->set->limits[limit];
	for (size_t i = 0; r->set->override_count && i < 2; i++) {
		const int kind = keys[l->key].overrides[i];
		struct gp_limit_override wanted = {.kind = (enum gp_limit_override_kind)kind};
		const struct gp_limit_override *found = NULL;
		if (kind == NO_OVERRIDE)
			return NULL;
		if (wanted.kind == GP_LIMIT_OVERRIDE_CLIENT) {
			/* of a limit by network none that is only a part of what it counts */
			unsigned longest = l->key == GP_LIMIT_BY_CLIENT
						   ? 128
						   : gp_limit_prefix(l, r->client.family);
			found = network_override(r, 0, longest, limit);
		} else {
			wanted.name = override_name(r, wanted.kind, l);
			found = wanted.name ? find_override(r, &wanted, limit) : NULL;
		}
		if (found)
			return found;
	}
	return NULL;
}

/* domain_kind: what stands before the domain of a maximum for all that a key counts in it. */
static const char *domain_kind(int key)
{
	return key == GP_LIMIT_BY_USER     ? "domain"
	       : key == GP_LIMIT_BY_SENDER ? "sender_domain"
					   : NULL;
}

/* gp_limit_domain_subject: as find_runtime looks for it. */
const char *gp_limit_domain_subject(
	const struct gp_limit_set *set, size_t limit, struct gp_span domain, struct gp_arena *arena)
{
	const char *kind = domain_kind(set->limits[limit].key);
	const char *name =
		kind ? gp_limit_normalise(arena, set, GP_LIMIT_OVERRIDE_DOMAIN, domain) : NULL;
	return name && *name ? gp_arena_printf(arena, "%s:%s", kind, name) : NULL;
}

/*
 * find_runtime: what was set for the subject; else, unless an override of the configuration names
 * the subject itself, for all of its domain.
 */
static bool find_runtime(struct gp_limit_applied *a, struct gp_limit_overrides *overrides,
	int64_t now_ms, struct gp_limit_runtime *runtime_out)
{
	char wider[GP_LIMIT_RUNTIME_SUBJECT_MAX + 1];
	const char *name = a->limit->name, *kind = domain_kind(a->limit->key);
	const char *domain = gp_limit_domain_of(a->subject);
	a->is_of_domain = false;
	if (!gp_limit_overrides_has_runtime(overrides))
		return false;
	if (gp_limit_overrides_runtime(overrides, name, a->subject, now_ms, runtime_out))
		return true;
	bool is_named = a->override && (a->override->kind == GP_LIMIT_OVERRIDE_USER ||
					       a->override->kind == GP_LIMIT_OVERRIDE_SENDER);
	if (!kind || is_named || !*domain)
		return false;
	int n = snprintf(wider, sizeof wider, "%s:%s", kind, domain);
	a->is_of_domain = n < (int)sizeof wider &&
			  gp_limit_overrides_runtime(overrides, name, wider, now_ms, runtime_out);
	return a->is_of_domain;
}

/* gp_limit_apply_runtime: or what the configuration says, when there is none any more. */
void gp_limit_apply_runtime(
	struct gp_limit_applied *applied, struct gp_limit_overrides *overrides, int64_t now_ms)
{
	struct gp_limit_runtime runtime;
	bool has = find_runtime(applied, overrides, now_ms, &runtime);
	applied->source = has                 ? GP_LIMIT_SOURCE_RUNTIME
			  : applied->override ? GP_LIMIT_SOURCE_OVERRIDE
					      : GP_LIMIT_SOURCE_LIMIT;
	applied->max = has ? runtime.max : applied->configured;
	applied->expires_ms = has ? runtime.expires_ms : 0;
}

/* settle_max: run time, then the most specific override, then the limit itself. */
static void settle_max(struct resolver *r, size_t limit, struct gp_limit_overrides *overrides,
	struct gp_limit_applied *a)
{
	a->override = override_of(r, limit);
	a->source = a->override ? GP_LIMIT_SOURCE_OVERRIDE : GP_LIMIT_SOURCE_LIMIT;
	a->max = a->configured = a->override ? a->override->max[limit] : a->limit->max;
	if (overrides)
		gp_limit_apply_runtime(
			a, overrides, gp_store_now_ms(gp_limit_overrides_store(overrides)));
}

/* ---- all of them ---- */

/* concerns: is the limit about such mail at all? */
static bool concerns(const struct gp_limit *l, enum gp_limit_origin origin)
{
	unsigned from = l->from ? l->from & keys[l->key].only : keys[l->key].from;
	return l->mode != GP_LIMIT_OFF && (from & origin);
}

/* same_key: the subject that an earlier limit has made of the same key, if no option changes it. */
static const char *same_key(
	const struct gp_limit_applied *applied, size_t count, const struct gp_limit *limit)
{
	if (limit->key != GP_LIMIT_BY_USER && limit->key != GP_LIMIT_BY_USER_DOMAIN)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (applied[i].limit->key == limit->key)
			return applied[i].subject;
	return NULL;
}

/* same_text: an earlier subject that reads the same, else this one: a subject is one pointer. */
static const char *same_text(
	const struct gp_limit_applied *applied, size_t count, const char *subject)
{
	for (size_t i = 0; subject && i < count; i++)
		if (strcmp(applied[i].subject, subject) == 0)
			return applied[i].subject;
	return subject;
}

/* gp_limit_resolve: limit by limit; those with the same subject share its text. */
int gp_limit_resolve(const struct gp_limit_set *set, const struct gp_limit_who *who,
	struct gp_limit_overrides *overrides, struct gp_arena *arena,
	struct gp_limit_applied *applied, size_t *count_out)
{
	struct resolver r = {.set = set,
		.who = who,
		.arena = arena,
		.client = gp_ipaddr_v4_by_nat64(who->client, set->nat64, set->nat64_count)};
	size_t n = 0;
	r.bits = gp_ipaddr_bits(&r.client);
	for (size_t i = 0; i < set->limit_count && n < GP_LIMIT_MAX; i++) {
		const struct gp_limit *l = &set->limits[i];
		if (!concerns(l, who->origin))
			continue;
		struct gp_limit_applied a = {.limit = l, .subject = same_key(applied, n, l)};
		if (!a.subject)
			a.subject = same_text(applied, n, keys[l->key].subject(&r, l));
		if (gp_arena_status(arena))
			return gp_arena_status(arena);
		if (!a.subject)
			continue;
		settle_max(&r, i, overrides, &a);
		applied[n++] = a;
	}
	*count_out = n;
	return gp_arena_status(arena);
}

/* ---- from a name to a subject and back ---- */

/*
 * parse_client: an address, or a network that the limit does not count as several. Bits past its
 * length are ignored: people write the address that they see in a log.
 */
static int parse_client(const struct gp_limit_set *set, const struct gp_limit *limit,
	struct gp_span text, struct gp_prefix *client_out)
{
	struct gp_span before, after, zone;
	struct gp_prefix client;
	bool has_length = gp_span_cut(text, '/', &before, &after);
	(void)gp_span_cut(before, '%', &before, &zone); /* as in a log; it is not counted by */
	int rc = gp_ipaddr_parse(before, &client.addr);
	if (rc)
		return rc;
	uint64_t length = gp_ipaddr_bits(&client.addr);
	if (has_length && gp_span_parse_uint(after, length, &length))
		return GP_ESYNTAX;
	const struct gp_ipaddr v4 =
		gp_ipaddr_v4_by_nat64(client.addr, set->nat64, set->nat64_count);
	const struct gp_ipaddr unmapped = gp_ipaddr_unmap(client.addr);
	client.length = (unsigned)length;
	if (unmapped.family != client.addr.family)
		client = (struct gp_prefix) {unmapped, length < 96 ? 0 : client.length - 96};
	client = gp_prefix_v4_by_nat64(gp_prefix_masked(client), set->nat64, set->nat64_count);
	if (client.addr.family != v4.family || client.length < gp_limit_prefix(limit, v4.family))
		return GP_ESYNTAX;
	if (limit->key == GP_LIMIT_BY_CLIENT && gp_ipaddr_is_of_link(&client.addr) &&
		client.length < gp_ipaddr_bits(&client.addr))
		return GP_ESYNTAX;
	*client_out = client;
	return GP_OK;
}

/* who_is: a mail that the subject of this limit would be made of. */
static int who_is(struct resolver *r, const struct gp_limit *limit, struct gp_span name,
	struct gp_limit_who *who)
{
	const char *below = NULL;
	struct gp_prefix client;
	*who = (struct gp_limit_who) {.origin = GP_LIMIT_FROM_AUTHENTICATED};
	r->who = who;
	switch ((enum gp_limit_key)limit->key) {
	case GP_LIMIT_BY_USER:
		who->user = name;
		break;
	case GP_LIMIT_BY_SENDER:
		who->sender = name;
		break;
	case GP_LIMIT_BY_USER_DOMAIN:
	case GP_LIMIT_BY_SENDER_DOMAIN:
		below = gp_arena_printf(r->arena, "@%.*s", (int)name.len, name.ptr);
		who->user = who->sender = gp_span_from(below);
		break;
	case GP_LIMIT_BY_CLIENT:
	case GP_LIMIT_BY_NETWORK:
		if (parse_client(r->set, limit, name, &client))
			return GP_ESYNTAX;
		r->client = who->client = client.addr;
		r->bits = client.length;
		break;
	case GP_LIMIT_BY_ALL:
		break;
	}
	return gp_arena_status(r->arena);
}

/* gp_limit_subject_of: through the mail that it would come from. */
int gp_limit_subject_of(const struct gp_limit_set *set, size_t limit, struct gp_span name,
	struct gp_arena *arena, const char **subject_out)
{
	struct resolver r = {.set = set, .arena = arena};
	struct gp_limit_who who;
	const struct gp_limit *l = &set->limits[limit];
	int rc = who_is(&r, l, name, &who);
	if (rc)
		return rc;
	*subject_out = keys[l->key].subject(&r, l);
	if (gp_arena_status(arena))
		return gp_arena_status(arena);
	return *subject_out ? GP_OK : GP_ESYNTAX;
}

/* gp_limit_of_subject: likewise. */
int gp_limit_of_subject(const struct gp_limit_set *set, size_t limit, const char *subject,
	struct gp_limit_overrides *overrides, struct gp_arena *arena,
	struct gp_limit_applied *applied_out)
{
	struct resolver r = {.set = set, .arena = arena};
	struct gp_limit_who who;
	*applied_out = (struct gp_limit_applied) {.limit = &set->limits[limit], .subject = subject};
	int rc =
		who_is(&r, &set->limits[limit], gp_span_from(gp_limit_subject_name(subject)), &who);
	if (rc)
		return rc;
	settle_max(&r, limit, overrides, applied_out);
	return gp_arena_status(arena);
}
