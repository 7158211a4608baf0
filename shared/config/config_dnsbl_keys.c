/* SPDX-License-Identifier: ISC */
/* Keys of DNS lists from one configuration to the next. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

/* is_same: is the key to come from the same place? */
static bool is_same(const struct gp_dnsbl_list *a, const struct gp_dnsbl_list *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->key_zone, b->key_zone) == 0 &&
	       strcmp(a->key_file, b->key_file) == 0 &&
	       strcmp(a->key_credential, b->key_credential) == 0;
}

/* find: the same list with its key; NULL: there is none. */
static const struct gp_dnsbl_list *find(
	const struct gp_config *before, const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < before->dnsbl.count; i++)
		if (before->dnsbl.lists[i].secret && is_same(&before->dnsbl.lists[i], list))
			return &before->dnsbl.lists[i];
	return NULL;
}

/* reword: the warning that it is not queried, which is no longer true. */
static void reword(struct gp_config *config, const struct gp_dnsbl_list *list, const char *why)
{
	char begins[1024];
	size_t count = config->warnings.count;
	const char **items = gp_arena_array(config->arena, count ? count : 1, sizeof *items);
	int n = snprintf(begins, sizeof begins, "%s:%d: warning: %s %s: ", list->file, list->line,
		list->is_builtin ? "use" : "list", list->name);
	for (size_t i = 0; items && i < count; i++) {
		items[i] = config->warnings.items[i];
		const char *text =
			strncmp(items[i], begins, (size_t)n) == 0 &&
					strstr(items[i], ": it is not queried: ")
				? gp_arena_printf(config->arena,
					  "%s%s; the key that was read before is used", begins, why)
				: NULL;
		items[i] = text ? text : items[i];
	}
	if (items)
		config->warnings.items = items;
}

/* inherit: what the list before was queried with. */
static void inherit(
	struct gp_config *config, struct gp_dnsbl_list *list, const struct gp_dnsbl_list *before)
{
	const char *secret = gp_arena_copy(config->arena, gp_span_from(before->secret));
	const char *zone = gp_arena_copy(config->arena, gp_span_from(before->asked_zone));
	if (!secret || !zone)
		return;
	reword(config, list, list->no_key);
	list->secret = secret;
	list->asked_zone = zone;
	list->no_key = NULL;
}

/* gp_config_inherit_keys: into a copy of the lists, which are constant. */
void gp_config_inherit_keys(struct gp_config *config, const struct gp_config *before)
{
	size_t count = config->dnsbl.count;
	struct gp_dnsbl_list *lists =
		gp_arena_array(config->arena, count ? count : 1, sizeof *lists);
	for (size_t i = 0; lists && i < count; i++) {
		lists[i] = config->dnsbl.lists[i];
		bool is_wanted = *lists[i].key_file || *lists[i].key_credential;
		const struct gp_dnsbl_list *known =
			lists[i].no_key && is_wanted ? find(before, &lists[i]) : NULL;
		if (known)
			inherit(config, &lists[i], known);
	}
	if (lists)
		config->dnsbl.lists = lists;
}
