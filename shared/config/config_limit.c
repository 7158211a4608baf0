/* SPDX-License-Identifier: ISC */
/*
 * Limits and overrides while a configuration is read.
 *
 * An override may stand before the limits it names, and what its user's name is compared as is
 * known at the end only. So a round collects what the sections say, in lists that grow, and the end
 * puts it together: linear but for the sorting, because there may be a hundred thousand overrides.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config_load_private.h"
#include "config/config_nearest.h"

/* The subject of an override, and which of the maxima are its own. */
struct gp_config_subject {
	struct gp_limit_override override; /* name as it was written; file is the draft's */
	size_t first, count;               /* maxima */
};

/* name = value of an override. */
struct gp_config_maximum {
	int64_t max;
	int line;
	unsigned short name; /* of the draft's */
	bool has_unit;
};

const char *const gp_config_subjects[GP_CONFIG_SUBJECTS] = {
	[GP_LIMIT_OVERRIDE_USER] = "user",
	[GP_LIMIT_OVERRIDE_DOMAIN] = "domain",
	[GP_LIMIT_OVERRIDE_SENDER] = "sender",
	[GP_LIMIT_OVERRIDE_SENDER_DOMAIN] = "sender_domain",
	[GP_LIMIT_OVERRIDE_CLIENT] = "client",
};

/* For each kind of override the keys of limits that it can apply to, as bits. */
static const unsigned applies[GP_CONFIG_SUBJECTS] = {
	[GP_LIMIT_OVERRIDE_USER] = 1u << GP_LIMIT_BY_USER,
	[GP_LIMIT_OVERRIDE_DOMAIN] = 1u << GP_LIMIT_BY_USER | 1u << GP_LIMIT_BY_USER_DOMAIN,
	[GP_LIMIT_OVERRIDE_SENDER] = 1u << GP_LIMIT_BY_SENDER,
	[GP_LIMIT_OVERRIDE_SENDER_DOMAIN] =
		1u << GP_LIMIT_BY_SENDER | 1u << GP_LIMIT_BY_SENDER_DOMAIN,
	[GP_LIMIT_OVERRIDE_CLIENT] = 1u << GP_LIMIT_BY_CLIENT | 1u << GP_LIMIT_BY_NETWORK,
};

/* ---- the draft ---- */

/* gp_config_draft_reset: the names stay, and the room of the lists. */
int gp_config_draft_reset(struct gp_config_draft *draft)
{
	memset(draft->at, 0, sizeof draft->at);
	draft->title = NULL;
	draft->limit_count = draft->subject_count = draft->maximum_count = 0;
	draft->has_too_many = draft->has_too_many_lists = false;
	draft->lists = NULL;
	draft->dead = NULL;
	draft->hidden = (struct gp_config_hidden) {0};
	draft->list_count = draft->dead_count = 0;
	gp_arena_reset(draft->scratch);
	draft->element_of = NULL;
	draft->limits = gp_arena_array(draft->config->arena, GP_LIMIT_MAX, sizeof *draft->limits);
	return draft->limits ? GP_OK : GP_ENOMEM;
}

/* gp_config_draft_free: what the lists hold; the struct is the caller's. */
void gp_config_draft_free(struct gp_config_draft *draft)
{
	gp_arena_free(draft->scratch);
	free(draft->subjects);
	free(draft->maxima);
}

/* error_at: an error about an option of the section that is open, or about the section itself. */
static struct gp_strbuf *error_at(
	struct gp_config_draft *draft, const char *section, const char *name)
{
	struct gp_config_place where =
		name ? gp_config_draft_at(draft, section, name) : draft->opened;
	struct gp_strbuf *buf = gp_config_error(draft->errors, where.line ? where : draft->opened);
	gp_config_add_option(buf, section, draft->title, name);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* error_of_limit: an error about a limit that has been read. */
static struct gp_strbuf *error_of_limit(struct gp_config_draft *draft, const struct gp_limit *limit)
{
	struct gp_strbuf *buf =
		gp_config_error(draft->errors, (struct gp_config_place) {limit->file, limit->line});
	gp_config_add_option(buf, "limit", limit->name, NULL);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* add_place: where a limit stands, in brackets. */
static void add_place(struct gp_strbuf *buf, const struct gp_limit *limit)
{
	gp_strbuf_printf(buf, " (%s:%d)", limit->file, limit->line);
}

/* ---- names ---- */

/* is_subject: is the name one of those that give the subject of an override? */
static bool is_subject(const char *name)
{
	for (size_t i = 0; i < GP_CONFIG_SUBJECTS; i++)
		if (strcmp(gp_config_subjects[i], name) == 0)
			return true;
	return false;
}

/* is_limit_name: letters, digits, _ and -, beginning with a letter. */
static bool is_limit_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return len > 0 && len <= GP_CONFIG_LIMIT_NAME_MAX && name[len] == 0 && name[0] >= 'a' &&
	       name[0] <= 'z' && !is_subject(name);
}

/* name_find: its number, or -1. */
static int name_find(const struct gp_config_draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->name_count; i++)
		if (strcmp(draft->names[i], name) == 0)
			return (int)i;
	return -1;
}

/* declare: one more, if it can be a name of a limit and is none yet; false: it cannot. */
static bool declare(struct gp_config_draft *draft, struct gp_span name)
{
	char copy[GP_CONFIG_LIMIT_NAME_MAX + 1] = "";
	if (name.len == 0 || name.len > GP_CONFIG_LIMIT_NAME_MAX)
		return false;
	memcpy(copy, name.ptr, name.len);
	if (strlen(copy) < name.len || !is_limit_name(copy))
		return false;
	if (name_find(draft, copy) >= 0)
		return true;
	if (draft->name_count == GP_CONFIG_MAXIMA_MAX)
		return false;
	memcpy(draft->names[draft->name_count++], copy, sizeof copy);
	return true;
}

/* ---- sections ---- */

/* gp_config_limit_begin: its name and its place. */
int gp_config_limit_begin(struct gp_config_draft *draft, void *element, const char *title)
{
	struct gp_limit *limit = element;
	limit->file = draft->opened.file;
	limit->line = draft->opened.line;
	limit->name = gp_arena_copy(draft->config->arena, gp_span_from(title));
	return limit->name ? GP_OK : GP_ENOMEM;
}

/* gp_config_override_begin: no maximum is its own yet. */
int gp_config_override_begin(struct gp_config_draft *draft, void *element, const char *title)
{
	(void)element;
	(void)title;
	memset(draft->named, 0, sizeof draft->named);
	draft->first_maximum = draft->maximum_count;
	return GP_OK;
}

/* check_code: a reply code has to be of the class that says what the action does. */
static void check_code(struct gp_config_draft *draft, const struct gp_limit *limit)
{
	char klass = limit->action == GP_LIMIT_DEFER    ? '4'
		     : limit->action == GP_LIMIT_REJECT ? '5'
							: 0;
	if (*limit->code == 0 || *limit->code == klass)
		return;
	struct gp_strbuf *buf = error_at(draft, "limit", "code");
	if (klass)
		gp_strbuf_printf(buf, "%s does not fit the action, whose codes are of class %c\n",
			limit->code, klass);
	else
		gp_strbuf_add(buf, "mail that is held is accepted, so there is no reply code\n");
}

/* needs_key: an option that is in use, and that only limits with these keys have a use for. */
static void needs_key(struct gp_config_draft *draft, const struct gp_limit *limit, const char *name,
	unsigned keys, const char *words)
{
	if (!(keys & 1u << limit->key))
		gp_strbuf_printf(error_at(draft, "limit", name),
			"has no effect with this key; it goes with key = %s\n", words);
}

/* check_limit: what no option of it shows by itself. */
static void check_limit(struct gp_config_draft *draft, const struct gp_limit *limit)
{
	if (!is_limit_name(limit->name))
		gp_strbuf_printf(error_at(draft, "limit", NULL),
			"cannot be its name; allowed: 1 to %d of a-z, 0-9, _ and -, a letter "
			"first, but not user, domain, sender, sender_domain or client\n",
			GP_CONFIG_LIMIT_NAME_MAX);
	const struct gp_config_rows rows = gp_config_rows_of("limit");
	for (size_t i = 0; i < rows.count; i++) {
		const struct gp_option *row = &rows.items[i];
		if (!(row->flags & GP_OPTION_REQUIRED) || draft->at[rows.first + i].line)
			continue;
		struct gp_strbuf *buf = error_at(draft, "limit", row->name);
		gp_strbuf_add(buf, "is missing; allowed: ");
		gp_config_allowed(buf, row);
		gp_strbuf_add(buf, "\n");
	}
	if (draft->has_unit && limit->unit != GP_LIMIT_BYTES)
		gp_strbuf_add(error_at(draft, "limit", "max"),
			"k, M, G and T are for limits whose count is bytes\n");
	if (limit->from & ~gp_limit_origins(limit->key))
		gp_strbuf_printf(error_at(draft, "limit", "from"),
			"lists mail that this key does not apply to; with it only %s is counted\n",
			gp_limit_origins(limit->key) == GP_LIMIT_FROM_TRUSTED ? "trusted"
									      : "authenticated");
	if (limit->subaddress == GP_LIMIT_SUBADDRESS_STRIP)
		needs_key(draft, limit, "subaddress", 1u << GP_LIMIT_BY_SENDER, "sender");
	if (limit->domains.count)
		needs_key(draft, limit, "domains",
			1u << GP_LIMIT_BY_SENDER | 1u << GP_LIMIT_BY_SENDER_DOMAIN,
			"sender or sender_domain");
	check_code(draft, limit);
}

/* gp_config_limit_finish: checked, and put to the others. */
int gp_config_limit_finish(struct gp_config_draft *draft, void *element)
{
	const struct gp_limit *limit = element;
	check_limit(draft, limit);
	for (size_t i = 0; i < draft->limit_count; i++) {
		const struct gp_limit *before = &draft->limits[i];
		if (strcmp(before->name, limit->name) != 0)
			continue;
		struct gp_strbuf *buf = gp_config_error(draft->errors, draft->opened);
		gp_config_add_option(buf, "limit", limit->name, NULL);
		gp_config_add_repeated(
			buf, draft->opened, (struct gp_config_place) {before->file, before->line});
		return GP_OK;
	}
	if (draft->limit_count < GP_LIMIT_MAX) {
		draft->limits[draft->limit_count++] = *limit;
	} else if (!draft->has_too_many) {
		draft->has_too_many = true;
		gp_strbuf_printf(
			error_at(draft, "limit", NULL), "more than %d limits\n", GP_LIMIT_MAX);
	}
	return GP_OK;
}

/* grown: an array with room for one more; NULL without memory, and then it is as it was. */
static void *grown(void *items, size_t count, size_t *size, size_t item_size)
{
	if (count < *size)
		return items;
	size_t wanted = *size ? 2 * *size : 256;
	void *more = realloc(items, wanted * item_size);
	if (more)
		*size = wanted;
	return more;
}

/* subject_of: the one that the open override names, into kind and name; how many it names. */
static unsigned subject_of(const struct gp_limit_written *override, struct gp_limit_override *out)
{
	const char *const names[GP_CONFIG_SUBJECTS] = {override->user, override->domain,
		override->sender, override->sender_domain, override->client.text};
	unsigned count = 0;
	for (int i = GP_CONFIG_SUBJECTS - 1; i >= 0; i--) {
		if (!names[i])
			continue;
		out->kind = i;
		out->name = names[i];
		count++;
	}
	out->prefix = override->client.prefix;
	return count;
}

/* is_any_set: does the file set any of the subjects, be it to something that is not allowed? */
static bool is_any_set(const struct gp_config_draft *draft)
{
	for (size_t i = 0; i < GP_CONFIG_SUBJECTS; i++)
		if (gp_config_draft_at(draft, "override", gp_config_subjects[i]).line)
			return true;
	return false;
}

/* has_maximum: does the open override set any limit, be it to something that is not allowed? */
static bool has_maximum(const struct gp_config_draft *draft)
{
	for (size_t i = 0; i < draft->name_count; i++)
		if (draft->named[i].line)
			return true;
	return false;
}

/* gp_config_override_finish: checked, and put to the others. */
int gp_config_override_finish(struct gp_config_draft *draft, void *element)
{
	struct gp_limit_override override = {
		.file = draft->opened.file, .line = draft->opened.line};
	unsigned count = subject_of(element, &override);
	if (count > 1)
		gp_strbuf_add(error_at(draft, "override", NULL),
			"has more than one of user, domain, sender, sender_domain and client; "
			"write one override for each\n");
	else if (count == 0 && !is_any_set(draft))
		gp_strbuf_add(error_at(draft, "override", NULL),
			"needs one of user, domain, sender, sender_domain and client\n");
	if (!has_maximum(draft))
		gp_strbuf_add(error_at(draft, "override", NULL), "sets no limit\n");
	if (count != 1) {
		draft->maximum_count = draft->first_maximum;
		return GP_OK;
	}
	struct gp_config_subject *subjects = grown(
		draft->subjects, draft->subject_count, &draft->subject_size, sizeof *subjects);
	if (!subjects)
		return GP_ENOMEM;
	draft->subjects = subjects;
	subjects[draft->subject_count++] = (struct gp_config_subject) {
		override, draft->first_maximum, draft->maximum_count - draft->first_maximum};
	return GP_OK;
}

/* gp_config_override_other: the name of a limit, whose value is like the max of limits. */
const struct gp_option *gp_config_override_other(struct gp_config_draft *draft, const char *name)
{
	return declare(draft, gp_span_from(name)) ? gp_config_row_find("limit", "max") : NULL;
}

/* gp_config_override_set: as the row limit.max takes it. */
int gp_config_override_set(struct gp_config_draft *draft, const char *name, struct gp_span value,
	struct gp_config_place where)
{
	struct gp_option row = *gp_config_row_find("limit", "max");
	struct gp_limit limit = {0};
	struct gp_config_bad bad;
	int number = name_find(draft, name);
	if (number < 0) /* it is declared before */
		return GP_EINVAL;
	if (draft->named[number].line) {
		struct gp_strbuf *buf = gp_config_error(draft->errors, where);
		gp_config_add_option(buf, "override", NULL, name);
		gp_config_add_repeated(buf, where, draft->named[number]);
	}
	draft->named[number] = where;
	row.section = "override";
	row.name = name;
	int rc = gp_config_value_set(
		(struct gp_config_target) {draft->scratch, &limit}, &row, &value, 1, &bad);
	if (rc == GP_ESYNTAX) {
		struct gp_config_nearest nearest = {.word = gp_span_from(name)};
		for (size_t i = 0; i < GP_CONFIG_SUBJECTS; i++)
			gp_config_nearest_try(&nearest, gp_config_subjects[i]);
		if (nearest.best && !bad.problem)
			bad.problem = gp_arena_printf(
				draft->scratch, "did you mean %s = ...?", nearest.best);
		gp_config_error_value(draft->errors, where, NULL, &row, bad);
	}
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	struct gp_config_maximum *maxima =
		grown(draft->maxima, draft->maximum_count, &draft->maximum_size, sizeof *maxima);
	if (!maxima)
		return GP_ENOMEM;
	draft->maxima = maxima;
	maxima[draft->maximum_count++] = (struct gp_config_maximum) {.max = limit.max,
		.line = where.line,
		.name = (unsigned short)number,
		.has_unit = gp_config_amount_has_unit(value)};
	return GP_OK;
}

/* ---- when all is read ---- */

/* check_ids: two limits may not count in the same counters. */
static void check_ids(struct gp_config_draft *draft)
{
	for (size_t i = 0; i < draft->limit_count; i++) {
		struct gp_limit *limit = &draft->limits[i];
		limit->id = gp_limit_id(limit->name, limit->key, limit->unit, limit->per_ms);
		for (size_t k = 0; k < i; k++) {
			if (draft->limits[k].id != limit->id)
				continue;
			struct gp_strbuf *buf = error_of_limit(draft, limit);
			gp_strbuf_printf(buf, "would share its counters with limit %s",
				draft->limits[k].name);
			add_place(buf, &draft->limits[k]);
			gp_strbuf_add(buf, ", by a rare collision; give it another name\n");
		}
	}
}

/* is_too_long: is the network only a part of those that the limit counts apart? */
static bool is_too_long(const struct gp_limit *limit, const struct gp_prefix *prefix)
{
	return limit->key == GP_LIMIT_BY_NETWORK &&
	       prefix->length > gp_limit_prefix(limit, prefix->addr.family);
}

/* sender_domain_of: of an override for a sender or a domain of senders. */
static const char *sender_domain_of(const struct gp_limit_override *override)
{
	return override->kind == GP_LIMIT_OVERRIDE_SENDER ? gp_limit_domain_of(override->name)
							  : override->name;
}

/* counts_sender: does the limit count the subject of the override, if that is a sender? */
static bool counts_sender(const struct gp_limit_override *override, const struct gp_limit *limit)
{
	bool is_sender = override->kind == GP_LIMIT_OVERRIDE_SENDER ||
			 override->kind == GP_LIMIT_OVERRIDE_SENDER_DOMAIN;
	return !is_sender || gp_limit_counts_domain(limit, sender_domain_of(override));
}

/* check_maximum: can the override's kind apply to the limit, and is the number one for its unit? */
static bool check_maximum(struct gp_config_draft *draft, const struct gp_limit_override *override,
	const struct gp_config_maximum *maximum, const struct gp_limit *limit)
{
	const char *kind = gp_config_subjects[override->kind];
	const char *name = draft->names[maximum->name];
	bool never = !(applies[override->kind] & 1u << limit->key);
	bool too_long = !never && override->kind == GP_LIMIT_OVERRIDE_CLIENT &&
			is_too_long(limit, &override->prefix);
	bool has_odd_unit = maximum->has_unit && limit->unit != GP_LIMIT_BYTES;
	size_t stripped = !never && override->kind == GP_LIMIT_OVERRIDE_SENDER &&
					  limit->subaddress == GP_LIMIT_SUBADDRESS_STRIP
				  ? gp_limit_without_subaddress(override->name)
				  : 0;
	bool outside = !never && !counts_sender(override, limit);
	if (!never && !too_long && !stripped && !outside && !has_odd_unit)
		return true;
	struct gp_strbuf *buf = gp_config_error(
		draft->errors, (struct gp_config_place) {override->file, maximum->line});
	gp_config_add_option(buf, "override", NULL, name);
	if (never) {
		const struct gp_option *row = gp_config_row_find("limit", "key");
		gp_strbuf_printf(buf, ": the override is for a %s, but the key of limit %s is %s",
			kind, name, gp_config_word(row->choices, limit->key));
		add_place(buf, limit);
		gp_strbuf_add(buf, ": it would never apply\n");
	} else if (stripped) {
		gp_strbuf_printf(buf, ": limit %s counts senders without their subaddress", name);
		add_place(buf, limit);
		gp_strbuf_printf(buf, ": it would never apply; write %.*s@%s\n", (int)stripped,
			override->name, gp_limit_domain_of(override->name));
	} else if (outside) {
		gp_strbuf_printf(buf, ": limit %s counts only senders of its domains", name);
		add_place(buf, limit);
		gp_strbuf_printf(buf, ", and %s is not one of them: it would never apply\n",
			sender_domain_of(override));
	} else if (too_long) {
		gp_strbuf_printf(buf, ": limit %s counts larger networks as one", name);
		add_place(buf, limit);
		gp_strbuf_printf(buf, "; allowed: prefixes up to /%u\n",
			gp_limit_prefix(limit, override->prefix.addr.family));
	} else {
		gp_strbuf_add(buf, ": k, M, G and T are for limits whose count is bytes; ");
		gp_strbuf_printf(buf, "limit %s does not count bytes", name);
		add_place(buf, limit);
		gp_strbuf_add(buf, "\n");
	}
	return false;
}

/* name_limits: which limit each of the draft's names is, or -1. */
static void name_limits(const struct gp_config_draft *draft, int limit_of[GP_CONFIG_MAXIMA_MAX])
{
	for (size_t i = 0; i < GP_CONFIG_MAXIMA_MAX; i++)
		limit_of[i] = -1;
	for (size_t i = 0; i < draft->limit_count; i++) {
		int name = name_find(draft, draft->limits[i].name);
		if (name >= 0)
			limit_of[name] = (int)i;
	}
}

/* add_missing: no limit has the name; another limit may have been meant, or an option. */
static void add_missing(
	struct gp_strbuf *buf, const struct gp_config_draft *draft, const char *name)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(name)};
	for (size_t i = 0; i < draft->limit_count; i++)
		gp_config_nearest_try(&nearest, draft->limits[i].name);
	for (size_t i = 0; i < GP_CONFIG_SUBJECTS; i++)
		gp_config_nearest_try(&nearest, gp_config_subjects[i]);
	gp_strbuf_printf(buf, ": there is no limit called %s", name);
	if (nearest.best)
		gp_strbuf_printf(buf, "; did you mean %s?", nearest.best);
	gp_strbuf_add(buf, "\n");
}

/* settle_maxima: an override's maxima, one for each limit. */
static int settle_maxima(struct gp_config_draft *draft, const struct gp_config_subject *subject,
	const int limit_of[GP_CONFIG_MAXIMA_MAX], struct gp_limit_override *override)
{
	size_t count = draft->limit_count;
	int64_t *max = gp_arena_array(draft->config->arena, count ? count : 1, sizeof *max);
	if (!max)
		return GP_ENOMEM;
	for (size_t i = 0; i < count; i++)
		max[i] = GP_LIMIT_UNSET;
	for (size_t i = 0; i < subject->count; i++) {
		const struct gp_config_maximum *m = &draft->maxima[subject->first + i];
		int limit = limit_of[m->name];
		if (limit < 0) {
			struct gp_strbuf *buf = gp_config_error(
				draft->errors, (struct gp_config_place) {override->file, m->line});
			gp_config_add_option(buf, "override", NULL, draft->names[m->name]);
			add_missing(buf, draft, draft->names[m->name]);
		} else if (check_maximum(draft, override, m, &draft->limits[limit])) {
			max[limit] = m->max;
		}
	}
	override->max = max;
	return GP_OK;
}

/*
 * settle_client: the network that clients behind a NAT64 are compared with is that of IPv4; all of
 * a prefix of NAT64 would be every client of IPv4.
 */
static void settle_client(struct gp_config_draft *draft, struct gp_limit_override *override)
{
	const struct gp_option_prefixes *nat64 = &draft->config->nat64_prefixes;
	if (override->kind != GP_LIMIT_OVERRIDE_CLIENT)
		return;
	const struct gp_prefix v4 =
		gp_prefix_v4_by_nat64(override->prefix, nat64->items, nat64->count);
	if (v4.addr.family != override->prefix.addr.family && v4.length == 0) {
		struct gp_strbuf *buf = gp_config_error(
			draft->errors, (struct gp_config_place) {override->file, override->line});
		gp_config_add_option(buf, "override", NULL, "client");
		gp_strbuf_add(buf, ": " GP_CONFIG_NAT64_WHOLE "\n");
	}
	override->prefix = v4;
}

/* settle_domains: of a limit, as senders' domains are compared with them. */
static int settle_domains(struct gp_config_draft *draft, struct gp_limit *limit)
{
	struct gp_arena *arena = draft->config->arena;
	size_t count = limit->domains.count;
	const char **items = gp_arena_array(arena, count ? count : 1, sizeof *items);
	for (size_t i = 0; items && i < count; i++) {
		struct gp_span item = gp_span_from(limit->domains.items[i]);
		bool is_below = gp_span_has_prefix(item, ".");
		const char *name = gp_limit_normalise(arena, &draft->config->limits,
			GP_LIMIT_OVERRIDE_SENDER_DOMAIN, gp_span_skip(item, is_below));
		items[i] = name && is_below ? gp_arena_printf(arena, ".%s", name) : name;
	}
	if (count)
		limit->domains.items = items;
	return gp_arena_status(arena);
}

/* settle_overrides: the names as they are compared, and the maxima. */
static int settle_overrides(struct gp_config_draft *draft, struct gp_limit_override *overrides)
{
	struct gp_arena *arena = draft->config->arena;
	int limit_of[GP_CONFIG_MAXIMA_MAX], rc = GP_OK;
	name_limits(draft, limit_of);
	for (size_t i = 0; !rc && i < draft->subject_count; i++) {
		struct gp_limit_override *o = &overrides[i];
		*o = draft->subjects[i].override;
		settle_client(draft, o);
		o->name = gp_limit_normalise(
			arena, &draft->config->limits, o->kind, gp_span_from(o->name));
		rc = o->name ? settle_maxima(draft, &draft->subjects[i], limit_of, o) : GP_ENOMEM;
	}
	return rc;
}

/* is_before: does a stand before b in the same file? Those of other files keep their order. */
static bool is_before(const struct gp_limit_override *a, const struct gp_limit_override *b)
{
	return strcmp(a->file, b->file) == 0 && a->line < b->line;
}

/* check_twice: sorted, the same subject stands side by side. */
static void check_twice(struct gp_config_draft *draft, const struct gp_limit_override *overrides)
{
	for (size_t i = 1; i < draft->subject_count; i++) {
		const struct gp_limit_override *a = &overrides[i - 1], *b = &overrides[i];
		if (gp_limit_override_compare(a, b) != 0)
			continue;
		const struct gp_limit_override *first = is_before(b, a) ? b : a;
		const struct gp_limit_override *second = first == a ? b : a;
		const struct gp_config_place here = {second->file, second->line};
		struct gp_strbuf *buf = gp_config_error(draft->errors, here);
		gp_config_add_option(buf, "override", NULL, gp_config_subjects[b->kind]);
		gp_strbuf_add(buf, ": ");
		gp_config_add_value(buf, gp_span_from(second->name));
		gp_config_add_repeated(
			buf, here, (struct gp_config_place) {first->file, first->line});
	}
}

/* gp_config_draft_finish: limits, then overrides, which need them. */
int gp_config_draft_finish(struct gp_config_draft *draft)
{
	struct gp_limit_set *set = &draft->config->limits;
	size_t count = draft->subject_count;
	set->nat64 = draft->config->nat64_prefixes.items;
	set->nat64_count = draft->config->nat64_prefixes.count;
	check_ids(draft);
	struct gp_limit_override *overrides =
		gp_arena_array(draft->config->arena, count ? count : 1, sizeof *overrides);
	int rc = overrides ? GP_OK : GP_ENOMEM;
	for (size_t i = 0; !rc && i < draft->limit_count; i++)
		rc = settle_domains(draft, &draft->limits[i]);
	if (!rc)
		rc = settle_overrides(draft, overrides);
	if (rc)
		return rc;
	qsort(overrides, count, sizeof *overrides, gp_limit_override_compare);
	check_twice(draft, overrides);
	set->limits = draft->limits;
	set->limit_count = draft->limit_count;
	set->overrides = overrides;
	set->override_count = count;
	return GP_OK;
}
