/* SPDX-License-Identifier: ISC */
/*
 * DNS lists while a configuration is read. A list of section use begins as a copy of the table's,
 * which is read by the same reader when a file needs it for the first time, and lives as long as
 * the snapshot, because the copy borrows its texts.
 *
 * A key that stands in a name where a public zone belongs becomes the option key, so that it is in
 * no text.
 */
#include "config/config_dnsbl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config_hide.h"
#include "config/config_nearest.h"

#define TABLE_MAX 128 /* lists of the table, and as many dead zones */

/* ---- the table ---- */

/* known_list: of the table, by its name. */
static const struct gp_dnsbl_list *known_list(
	const struct gp_dnsbl_settings *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (gp_span_is(gp_span_from(name), table->lists[i].name))
			return &table->lists[i];
	return NULL;
}

/* gp_config_known_row: by either zone. */
const struct gp_dnsbl_list *gp_config_known_row(
	const struct gp_dnsbl_settings *table, const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; table && !list->is_builtin && i < table->count; i++) {
		const struct gp_dnsbl_list *row = &table->lists[i];
		if (strcmp(row->zone, list->zone) == 0 ||
			(*row->key_zone && strcasecmp(row->key_zone, list->key_zone) == 0))
			return row;
	}
	return NULL;
}

/* is_neighbour: does the zone lie below the same name as that of a known list? Each of those lies
 * below a name that only its operator has. */
static bool is_neighbour(const struct gp_dnsbl_list *row, const char *zone)
{
	const char *above = strchr(row->zone, '.');
	size_t len = strlen(zone), tail = strlen(above);
	return len > tail && strcmp(zone + len - tail, above) == 0;
}

/* settle_family: of a list whose operator is known. */
static void settle_family(struct gp_config_draft *draft, struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	const struct gp_dnsbl_list *row = gp_config_known_row(table, list);
	for (size_t i = 0; table && !row && i < table->count; i++)
		if (is_neighbour(&table->lists[i], list->zone))
			row = &table->lists[i];
	if (!*list->family && !list->is_builtin && row)
		list->family = row->family;
}

/* gp_config_dead_zone: the zone itself, or one above it. */
const struct gp_dnsbl_dead *gp_config_dead_zone(
	const struct gp_dnsbl_settings *table, const char *zone)
{
	size_t len = strlen(zone);
	for (size_t i = 0; i < table->dead_count; i++) {
		size_t tail = strlen(table->dead[i].zone);
		if (len >= tail && strcmp(zone + len - tail, table->dead[i].zone) == 0 &&
			(len == tail || zone[len - tail - 1] == '.'))
			return &table->dead[i];
	}
	return NULL;
}

/* ---- names and keys ---- */

/* key_zone_in: the key_zone in whose place a key stands in the name, and where the zone begins
 * behind it; NULL: there is none, or it is not one label, or there is no memory. */
static const char *key_zone_in(struct gp_config_draft *draft, const struct gp_dnsbl_list *list,
	struct gp_span name, size_t *zone_out)
{
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	bool is_keyless = !*list->key && !*list->key_file && !*list->key_credential;
	for (size_t i = 0; table && i < table->count; i++)
		if ((*zone_out = gp_dnsbl_list_key_in(table->lists[i].key_zone, name)))
			return table->lists[i].key_zone;
	/* with a key of its own the zone may be a public one that lies below the same name */
	if (table && is_keyless && (*zone_out = gp_dnsbl_list_key_in(list->key_zone, name)))
		return list->key_zone;
	*zone_out = gp_config_hide_operator(table, name);
	if (*zone_out == 0 || memchr(name.ptr, '.', *zone_out - 1))
		return NULL;
	const struct gp_span zone = gp_span_skip(name, *zone_out);
	return gp_arena_printf(draft->config->arena, "KEY.%.*s", (int)zone.len, zone.ptr);
}

/* lowered: a name as zones are written. */
static char *lowered(struct gp_arena *arena, struct gp_span name)
{
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	char *copy = gp_arena_copy(arena, name);
	for (char *p = copy; p && *p; p++)
		*p = gp_span_lower(*p);
	return copy;
}

/* without_dot: a zone without the root's. */
static const char *without_dot(struct gp_arena *arena, const char *zone)
{
	size_t len = strlen(zone);
	return len > 1 && zone[len - 1] == '.'
		       ? gp_arena_copy(arena, (struct gp_span) {zone, len - 1})
		       : zone;
}

/* take_key: out of a name, into the options; a key that is set already stays. */
static int take_key(struct gp_config_draft *draft, struct gp_dnsbl_list *list, const char **name)
{
	struct gp_arena *arena = draft->config->arena;
	const struct gp_span all = gp_span_from(*name);
	size_t begins;
	const char *key_zone = key_zone_in(draft, list, all, &begins);
	if (!key_zone)
		return gp_arena_status(arena);
	if (!*list->key && !*list->key_file && !*list->key_credential)
		list->key = gp_arena_copy(arena, (struct gp_span) {all.ptr, begins - 1});
	if (!*list->key_zone)
		list->key_zone = key_zone;
	*name = gp_arena_copy(arena, gp_span_skip(all, begins));
	list->had_key_in_zone = true;
	return gp_arena_status(arena);
}

/* ---- sections ---- */

/* gp_config_list_begin: named by its title. */
int gp_config_list_begin(struct gp_config_draft *draft, void *element, const char *title)
{
	struct gp_dnsbl_list *list = element;
	list->name = lowered(draft->config->arena, gp_span_from(title));
	if (!list->name)
		return gp_arena_status(draft->config->arena);
	int rc = take_key(draft, list, &list->name);
	draft->title = list->name;
	return rc;
}

/* gp_config_add_dead: "sorbs.net is closed (since 2024-06-05)". */
void gp_config_add_dead(struct gp_strbuf *buf, const struct gp_dnsbl_dead *dead)
{
	gp_strbuf_printf(buf, "%s %s", dead->zone, dead->now);
	if (*dead->since)
		gp_strbuf_printf(buf, " (since %s)", dead->since);
}

/* add_place_of_key: where a key belongs, if not into the title. */
static void add_place_of_key(
	struct gp_strbuf *buf, const struct gp_dnsbl_settings *table, struct gp_span title)
{
	const char *name = "NAME";
	for (size_t i = 0; i < table->count; i++)
		if (gp_dnsbl_list_key_in(table->lists[i].key_zone, title))
			name = table->lists[i].name;
	gp_strbuf_printf(buf,
		": a key does not belong here; write use %s { key_file = "
		"\"/etc/gatepost/%s.key\" }\n",
		name, name);
}

/* add_family: the known lists whose names begin with the same word, if there are any. A name that
 * is nearly one of them is a mistake of another kind. */
static bool add_family(
	struct gp_strbuf *buf, const struct gp_dnsbl_settings *table, const char *title)
{
	const char *between = "; there are ";
	size_t n = strcspn(title, "-");
	for (size_t i = 0; i < table->count && n; i++) {
		const char *name = table->lists[i].name;
		if (strncmp(name, title, n) != 0 || (name[n] && name[n] != '-'))
			continue;
		gp_strbuf_printf(buf, "%s%s", between, name);
		between = ", ";
	}
	if (*between == ';')
		return false;
	gp_strbuf_add(buf, "\n");
	return true;
}

/* report_unknown: a name that the table does not have. */
static void report_unknown(struct gp_config_draft *draft, const struct gp_dnsbl_settings *table)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(draft->title)};
	struct gp_strbuf *buf = gp_config_error(draft->errors, draft->opened);
	gp_config_add_option(buf, "use", draft->title, NULL);
	if (gp_config_hide_operator(table, gp_span_from(draft->title))) {
		add_place_of_key(buf, table, gp_span_from(draft->title));
		return;
	}
	for (size_t i = 0; i < table->dead_count; i++) {
		const struct gp_dnsbl_dead *dead = &table->dead[i];
		if (!gp_span_is(gp_span_from(draft->title), dead->known_as) &&
			!gp_span_is(gp_span_from(draft->title), dead->zone))
			continue;
		gp_strbuf_add(buf, ": ");
		gp_config_add_dead(buf, dead);
		gp_strbuf_printf(buf, "; %s\n", dead->advice);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		gp_config_nearest_try(&nearest, table->lists[i].name);
	gp_strbuf_add(buf, ": no known list has this name");
	if ((!nearest.best || !strchr(draft->title, '-')) && add_family(buf, table, draft->title))
		return;
	if (nearest.best)
		gp_strbuf_printf(buf, "; did you mean %s?\n", nearest.best);
	else
		gp_strbuf_add(buf, "; gatepost-lists(7) has them all, and others are a section "
				   "list\n");
}

/* gp_config_use_begin: as the table has it. */
int gp_config_use_begin(struct gp_config_draft *draft, void *element, const char *title)
{
	struct gp_dnsbl_list *list = element;
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	if (!table)
		return GP_ENOMEM;
	const struct gp_dnsbl_list *known = known_list(table, title);
	if (known) {
		*list = *known;
		list->is_builtin = true;
		/* those of the table are lines of no file */
		list->codes.lines = list->errors.lines = list->tests.lines = NULL;
		return GP_OK;
	}
	report_unknown(draft, table);
	list->name = ""; /* nothing is kept of it */
	return GP_OK;
}

/* What a list's problems are told with. */
struct teller {
	struct gp_config_draft *draft;
	const struct gp_dnsbl_list *list;
};

/* texts_of: the items of an option that a list is settled from; NULL: it has none. */
static const struct gp_option_texts *texts_of(
	const struct gp_dnsbl_list *list, const char *option, size_t item)
{
	const struct gp_option_texts *texts = !option                         ? NULL
					      : strcmp(option, "codes") == 0  ? &list->codes
					      : strcmp(option, "errors") == 0 ? &list->errors
									      : &list->tests;
	return item == GP_DNSBL_NO_ITEM || !texts || item >= texts->texts.count ? NULL : texts;
}

/* line_of: of an item; 0: it stands in no file. */
static int line_of(const struct gp_dnsbl_list *list, const char *option, size_t item)
{
	const struct gp_option_texts *texts = texts_of(list, option, item);
	return texts && texts->lines ? texts->lines[item] : 0;
}

/* tell: a problem, where it stands; an item is named, since a line may have several. */
static void tell(void *arg, const struct gp_dnsbl_problem *p)
{
	const struct teller *teller = arg;
	struct gp_config_draft *draft = teller->draft;
	const char *section = teller->list->is_builtin ? "use" : "list";
	struct gp_config_place where = draft->opened;
	const struct gp_option_texts *texts = texts_of(teller->list, p->option, p->item);
	int line = line_of(teller->list, p->option, p->item);
	int other = line_of(teller->list, p->other_option, p->other);
	if (line)
		where.line = line;
	else if (p->option && gp_config_draft_at(draft, section, p->option).line)
		where = gp_config_draft_at(draft, section, p->option);
	else if (other)
		where.line = other; /* of what is known only the other one is in the file */
	struct gp_strbuf *buf = gp_config_error(draft->errors, where);
	gp_config_add_option(buf, section, draft->title, p->option);
	if (texts && p->other == GP_DNSBL_NO_ITEM) {
		gp_strbuf_add(buf, " \"");
		gp_config_add_value(buf, gp_span_from(texts->texts.items[p->item]));
		gp_strbuf_add(buf, "\"");
	}
	gp_strbuf_add(buf, p->option ? ": " : " ");
	gp_config_add_value(buf, gp_span_from(p->text));
	if (other && other != where.line)
		gp_strbuf_printf(buf, " (lines %d and %d)", other, where.line);
	else if (other && line)
		gp_strbuf_printf(buf, " (both in line %d)", line);
	gp_strbuf_add(buf, "\n");
}

/* is_repeated: is there one of that name already? Reported. */
static bool is_repeated(struct gp_config_draft *draft, const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < draft->list_count; i++) {
		const struct gp_dnsbl_list *before = &draft->lists[i];
		if (strcmp(before->name, list->name) != 0)
			continue;
		struct gp_strbuf *buf = gp_config_error(draft->errors, draft->opened);
		gp_config_add_option(buf, list->is_builtin ? "use" : "list", list->name, NULL);
		gp_config_add_repeated(
			buf, draft->opened, (struct gp_config_place) {before->file, before->line});
		return true;
	}
	return false;
}

/* keep_list: with the others. */
static int keep_list(struct gp_config_draft *draft, const struct gp_dnsbl_list *list)
{
	size_t max = draft->is_table ? TABLE_MAX : GP_DNSBL_LISTS_MAX;
	if (!draft->lists)
		draft->lists = gp_arena_array(draft->config->arena, max, sizeof *draft->lists);
	if (!draft->lists)
		return gp_arena_status(draft->config->arena);
	if (draft->list_count < max) {
		draft->lists[draft->list_count++] = *list;
	} else if (!draft->has_too_many_lists) {
		draft->has_too_many_lists = true;
		gp_strbuf_printf(gp_config_error(draft->errors, draft->opened),
			"more than %zu DNS lists\n", max);
	}
	return GP_OK;
}

/* settle_dead: what is known about a zone that is closed. */
static int settle_dead(struct gp_config_draft *draft, struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	const struct gp_dnsbl_dead *dead = table ? gp_config_dead_zone(table, list->zone) : NULL;
	struct gp_strbuf buf;
	if (!dead || dead->is_queried)
		return GP_OK;
	gp_strbuf_init(&buf, draft->config->arena, 512);
	gp_config_add_dead(&buf, dead);
	return gp_strbuf_finish(&buf, &list->dead);
}

/* is_known: a list of the table in the wrong section, without a zone of its own? Reported. */
static bool is_known(struct gp_config_draft *draft, const struct gp_dnsbl_list *list)
{
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	if (list->is_builtin || *list->zone || !table || !known_list(table, list->name))
		return false;
	struct gp_strbuf *buf = gp_config_error(draft->errors, draft->opened);
	gp_config_add_option(buf, "list", list->name, NULL);
	gp_strbuf_printf(buf, ": this list is known already; write use %s {\n", list->name);
	return true;
}

/* take_zone: where none is set, the title is the zone; GP_ESYNTAX: it is none. Reported. */
static int take_zone(struct gp_config_draft *draft, struct gp_dnsbl_list *list)
{
	const struct gp_config_target to = {draft->config->arena, list};
	const struct gp_span title = gp_span_from(list->name);
	struct gp_config_bad bad;
	if (*list->zone || list->is_builtin)
		return GP_OK;
	int rc = gp_config_value_set(to, gp_config_row_find("list", "zone"), &title, 1, &bad);
	if (rc != GP_ESYNTAX)
		return rc;
	struct gp_strbuf *buf = gp_config_error(draft->errors, draft->opened);
	gp_config_add_option(buf, "list", list->name, NULL);
	gp_strbuf_add(buf, ": its name is no name in DNS, so that the option zone is needed\n");
	return rc;
}

/* take_keys: out of its name and its zone; the option key_zone is known now. */
static int take_keys(struct gp_config_draft *draft, struct gp_dnsbl_list *list)
{
	int rc = take_key(draft, list, &list->zone);
	if (rc || list->is_builtin)
		return rc;
	const char *before = list->name;
	rc = take_key(draft, list, &list->name);
	if (list->name != before)
		draft->title = list->name;
	return rc;
}

/* shows_key: would texts have a key in them, as far as can be seen? Reported; the key itself is
 * hidden in all messages (config_hide.h). */
static bool shows_key(struct gp_config_draft *draft, const struct gp_dnsbl_list *list)
{
	static const char as_zone[] = "write zone = ZONE, key_zone = KEY.ZONE, and the key as key "
				      "or into key_file\n";
	const struct {
		const char *option, *value, *advice;
		bool is_pattern;
	} rows[] = {{NULL, list->name, as_zone, false}, {"zone", list->zone, as_zone, false},
		{"key_zone", list->key_zone, as_zone, true},
		{"family", list->family, "write another name\n", false},
		{"key_credential", list->key_credential,
			"this is the name of a credential: write the key as key, or give the "
			"credential a shorter name\n",
			false}};
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	const char *section = list->is_builtin ? "use" : "list";
	for (size_t i = 0; table && i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_span value = gp_span_from(rows[i].value);
		if (!gp_dnsbl_list_looks_keyed(value) &&
			(rows[i].is_pattern || !gp_config_hide_operator(table, value)))
			continue;
		struct gp_config_place where = draft->opened;
		if (rows[i].option && gp_config_draft_at(draft, section, rows[i].option).line)
			where = gp_config_draft_at(draft, section, rows[i].option);
		struct gp_strbuf *buf = gp_config_error(draft->errors, where);
		gp_config_add_option(buf, section, draft->title, rows[i].option);
		gp_strbuf_printf(buf,
			": what looks like a key in it would be shown in every text; %s",
			rows[i].advice);
		return true;
	}
	return false;
}

/* gp_config_list_finish: settled, and put to the others. */
int gp_config_list_finish(struct gp_config_draft *draft, void *element)
{
	struct gp_dnsbl_list *list = element;
	struct teller teller = {draft, list};
	const struct gp_dnsbl_settling how = {getenv("CREDENTIALS_DIRECTORY"), tell, &teller};
	if (!*list->name)
		return GP_OK; /* a use of a list that is not known; reported */
	list->file = draft->opened.file;
	list->line = draft->opened.line;
	list->key_zone = without_dot(draft->config->arena, list->key_zone);
	int rc = list->key_zone ? take_keys(draft, list) : gp_arena_status(draft->config->arena);
	if (rc || shows_key(draft, list) || is_repeated(draft, list) || is_known(draft, list))
		return rc;
	rc = take_zone(draft, list);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	settle_family(draft, list);
	rc = gp_dnsbl_list_settle(draft->config->arena, list, &how);
	if (rc && rc != GP_ESYNTAX)
		return rc;
	rc = settle_dead(draft, list);
	return rc ? rc : keep_list(draft, list);
}

/* gp_config_dead_begin: the title is the zone. */
int gp_config_dead_begin(struct gp_config_draft *draft, void *element, const char *title)
{
	struct gp_dnsbl_dead *dead = element;
	dead->zone = lowered(draft->config->arena, gp_span_from(title));
	return gp_arena_status(draft->config->arena);
}

/* gp_config_dead_finish: put to the others. */
int gp_config_dead_finish(struct gp_config_draft *draft, void *element)
{
	if (!draft->dead)
		draft->dead = gp_arena_array(draft->config->arena, TABLE_MAX, sizeof *draft->dead);
	if (!draft->dead)
		return gp_arena_status(draft->config->arena);
	if (draft->dead_count < TABLE_MAX)
		draft->dead[draft->dead_count++] = *(const struct gp_dnsbl_dead *)element;
	return GP_OK;
}

/* gp_config_lists_finish: all are read. */
void gp_config_lists_finish(struct gp_config_draft *draft)
{
	struct gp_dnsbl_settings *dnsbl = &draft->config->dnsbl;
	dnsbl->lists = draft->lists;
	dnsbl->count = draft->list_count;
	dnsbl->dead = draft->dead;
	dnsbl->dead_count = draft->dead_count;
}

/* ---- writing ---- */

/* dump_list: all its options. A saved file has the key itself, since the daemon's user may not be
 * able to read it once more. */
static void dump_list(struct gp_strbuf *buf, const struct gp_dnsbl_list *settled, bool with_secrets)
{
	const struct gp_config_rows rows = gp_config_rows_of("list");
	struct gp_dnsbl_list list = *settled;
	if (with_secrets && list.secret) {
		list.key = list.secret;
		list.key_file = list.key_credential = "";
	}
	gp_strbuf_add(buf, list.is_builtin ? "use " : "list ");
	gp_config_quote(buf, list.name);
	gp_strbuf_add(buf, " {\n");
	for (size_t i = 0; i < rows.count; i++) {
		gp_strbuf_printf(buf, "    %s = ", rows.items[i].name);
		if (rows.items[i].kind == GP_KIND_SECRET && with_secrets)
			gp_config_quote(buf, list.key);
		else
			gp_config_value_format(buf, &list, &rows.items[i]);
		gp_strbuf_add(buf, "\n");
	}
	gp_strbuf_add(buf, "}\n");
}

/* gp_config_list_dump: those of both sections, in the order of the file. */
void gp_config_list_dump(struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets)
{
	for (size_t i = 0; i < config->dnsbl.count; i++)
		dump_list(buf, &config->dnsbl.lists[i], with_secrets);
}

/* gp_config_no_dump: they are written with the others. */
void gp_config_no_dump(struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets)
{
	(void)buf;
	(void)config;
	(void)with_secrets;
}
