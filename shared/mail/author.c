/* SPDX-License-Identifier: ISC */
/*
 * The whole header first: is there one From field, and nothing else that could be one? Then its
 * value by the grammar; what the grammar refuses, or reads as no domain name, by sight.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/address.h"
#include "mail/mailbox.h"

/* without: there is no domain, and why. */
static int without(struct gp_author *author, enum gp_author_cause cause, const char *problem)
{
	*author = (struct gp_author) {.cause = cause, .domain = "", .problem = problem};
	return GP_OK;
}

/* name_of: a domain in A-labels; *name_out NULL: it is no host's name. */
static int name_of(struct gp_arena *arena, struct gp_span domain, const char **name_out)
{
	const char *name = NULL;
	int rc = gp_address_domain(arena, domain, &name);
	*name_out = !rc && gp_address_is_host_name(name) ? name : NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* read_list: the domain that all mailboxes share, or why there is none. */
static int read_list(
	struct gp_arena *arena, const struct gp_mailbox_list *list, struct gp_author *author)
{
	const char *first = NULL, *name = NULL;
	for (size_t i = 0; i < list->count; i++) {
		int rc = list->items[i].is_literal ? GP_OK
						   : name_of(arena, list->items[i].domain, &name);
		if (rc)
			return rc;
		if (list->items[i].is_literal || !name)
			return without(
				author, GP_AUTHOR_UNREADABLE, "its domain is no domain name");
		if (first && strcmp(name, first))
			return without(author, GP_AUTHOR_SEVERAL, "it names several domains");
		first = name;
	}
	if (!first)
		return without(author, GP_AUTHOR_UNREADABLE, "it names nobody");
	*author = (struct gp_author) {.cause = GP_AUTHOR_ONE, .domain = first};
	return GP_OK;
}

/* read_by_sight: what the grammar gave no domain for. */
static int read_by_sight(struct gp_arena *arena, struct gp_span value, struct gp_author *author)
{
	enum gp_author_sight sight;
	struct gp_span domain;
	const char *name = NULL;
	int rc = value.len > GP_MAILBOX_BYTES ? GP_ESYNTAX
					      : gp_author_look(arena, value, &sight, &domain);
	if (rc || sight == GP_AUTHOR_SEES_OTHERS)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	if (sight == GP_AUTHOR_SEES_NONE)
		return without(author, GP_AUTHOR_NO_DOMAIN, "it shows no domain");
	rc = name_of(arena, domain, &name);
	if (!rc && name)
		*author = (struct gp_author) {.cause = GP_AUTHOR_ONE, .domain = name};
	return rc;
}

/* read_names: a domain by the grammar, unless who decodes names first finds another one. */
static int read_names(struct gp_arena *arena, struct gp_span value,
	const struct gp_mailbox_list *list, struct gp_author *author)
{
	bool hides = false;
	int rc = gp_author_name_hides(arena, value, list, &hides);
	if (!rc && hides)
		rc = without(author, GP_AUTHOR_UNREADABLE,
			"a name in it hides another address or a control character");
	return rc;
}

/* read_value: of the one From field. */
static int read_value(struct gp_arena *arena, struct gp_span value, struct gp_author *author)
{
	struct gp_mailbox_list list = {0};
	int rc = gp_mailbox_parse(arena, value, &list);
	if (rc == GP_ESYNTAX)
		rc = without(author, GP_AUTHOR_UNREADABLE,
			list.problem ? list.problem : "it cannot be read");
	else if (!rc)
		rc = read_list(arena, &list, author);
	if (!rc && author->cause == GP_AUTHOR_ONE)
		return read_names(arena, value, &list, author);
	bool is_open = author->cause == GP_AUTHOR_UNREADABLE && !list.is_disputed;
	return !rc && is_open ? read_by_sight(arena, value, author) : rc;
}

/* has: does the text hold this byte? */
static bool has(struct gp_span text, char c)
{
	return text.len && memchr(text.ptr, c, text.len);
}

/* joined: two lines as one. */
static int joined(
	struct gp_arena *arena, struct gp_span a, struct gp_span b, struct gp_span *both_out)
{
	char *text = gp_arena_alloc(arena, a.len + 1 + b.len);
	if (!text)
		return gp_arena_status(arena);
	if (a.len)
		memcpy(text, a.ptr, a.len);
	text[a.len] = ' ';
	memcpy(text + a.len + 1, b.ptr, b.len);
	*both_out = (struct gp_span) {text, a.len + 1 + b.len};
	return GP_OK;
}

/* may_change: would From show something else if this line belonged to it? One word may be the end
 * of a domain that was cut. */
static int may_change(struct gp_arena *arena, struct gp_span value, struct gp_span line,
	const struct gp_author *author, bool *may_out)
{
	struct gp_author other = {.cause = GP_AUTHOR_UNREADABLE, .domain = ""};
	struct gp_span both;
	*may_out = author->cause == GP_AUTHOR_ONE && !has(line, ' ') && value.len &&
		   value.ptr[value.len - 1] != '>' && value.ptr[value.len - 1] != ')';
	if (*may_out || !has(line, '@'))
		return GP_OK;
	int rc = joined(arena, value, line, &both);
	if (!rc)
		rc = read_by_sight(arena, both, &other);
	*may_out = strcmp(other.domain, author->domain) != 0 || other.cause != author->cause;
	return rc;
}

/*
 * check_below: lines that are no field right below From, as a broken fold leaves them. Programs
 * that repair folds add them to From. With a colon they are a field to those, if a broken one.
 */
static int check_below(struct gp_arena *arena, const struct gp_message *message,
	const struct gp_message_field *from, struct gp_author *author)
{
	const struct gp_message_field *end = message->fields + message->count;
	for (const struct gp_message_field *f = from + 1; f < end && f->name.len == 0; f++) {
		bool may_be_field = has(f->raw, ':') && author->cause == GP_AUTHOR_ONE;
		bool changes = false;
		int rc = may_be_field ? GP_OK
				      : may_change(arena, from->value, f->raw, author, &changes);
		if (rc)
			return rc;
		if (changes)
			return without(author, GP_AUTHOR_UNREADABLE,
				"the line below it, which is no field, may be a part of it");
	}
	return GP_OK;
}

/* gp_author_find: header, field, value. Two From fields are none: of a message that a domain has
 * signed the second one may be anybody's, of the same domain too. */
int gp_author_find(
	struct gp_arena *arena, const struct gp_message *message, struct gp_author *author_out)
{
	const char *problem = NULL;
	size_t count = gp_message_count(message, "From");
	if (message->is_cut)
		return without(author_out, GP_AUTHOR_UNREADABLE, message->defect);
	int rc = gp_author_doubt(arena, message, &problem);
	if (rc)
		return rc;
	if (problem)
		return without(author_out, GP_AUTHOR_UNREADABLE, problem);
	if (count != 1)
		return without(author_out, GP_AUTHOR_UNREADABLE,
			count ? "it occurs more than once" : "it is missing");
	const struct gp_message_field *from = gp_message_find(message, "From");
	rc = read_value(arena, from->value, author_out);
	return rc || author_out->cause > GP_AUTHOR_NO_DOMAIN
		       ? rc
		       : check_below(arena, message, from, author_out);
}
