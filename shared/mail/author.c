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
	return !rc && author->cause == GP_AUTHOR_UNREADABLE ? read_by_sight(arena, value, author)
							    : rc;
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
	return read_value(arena, gp_message_find(message, "From")->value, author_out);
}
