/* SPDX-License-Identifier: ISC */
/*
 * A row's name says where its value goes: "action", "spf.result" into an object, "dkim[].domain"
 * into each object of a list, "arc.sealers[]" into a list.
 */
#include "cli/record_json.h"

#include <string.h>

#include "cli/offline.h"

#define KEY_MAX 64

/* value_json: NULL for what is left out. */
static json_t *value_json(struct gp_arena *arena, const struct gp_value *v)
{
	switch (v->type) {
	case GP_VALUE_ABSENT:
		return NULL;
	case GP_VALUE_NULL:
		return json_null();
	case GP_VALUE_NUMBER:
		return json_integer(v->number);
	case GP_VALUE_BOOL:
		return json_boolean(v->yes);
	case GP_VALUE_TEXT:
		break;
	}
	const char *text = gp_arena_copy(arena, v->text);
	return gp_cli_json_text(arena, text);
}

/* member: the object or list of this name in o, made when it is missing. */
static json_t *member(json_t *o, const char *name, bool is_list)
{
	json_t *there = json_object_get(o, name);
	if (!there) {
		there = is_list ? json_array() : json_object();
		json_object_set_new(o, name, there);
	}
	return there;
}

/* element: number i of a list of objects, made when it is the next one. */
static json_t *element(json_t *list, size_t i)
{
	if (i == json_array_size(list))
		json_array_append_new(list, json_object());
	return json_array_get(list, i);
}

/* cut: the part of a name before the dot, without []; what stands behind the dot, or NULL. */
static const char *cut(const char *name, char first[KEY_MAX], bool *is_list_out)
{
	size_t n = strcspn(name, ".[");
	if (n >= KEY_MAX)
		n = KEY_MAX - 1;
	memcpy(first, name, n);
	first[n] = 0;
	*is_list_out = name[n] == '[';
	const char *dot = strchr(name, '.');
	return dot ? dot + 1 : NULL;
}

/* set: an absent value is left out. */
static void set(json_t *o, const char *name, const struct gp_field *row,
	const struct gp_record *record, size_t item)
{
	const struct gp_value v = row->value(record, item);
	json_t *value = value_json(record->arena, &v);
	if (value)
		json_object_set_new(o, name, value);
}

/* append: all items of a row to a list. */
static void append(
	json_t *list, const struct gp_field *row, const struct gp_record *record, size_t items)
{
	for (size_t i = 0; i < items; i++) {
		const struct gp_value v = row->value(record, i);
		json_array_append_new(list, value_json(record->arena, &v));
	}
}

/* add: one row where its name says; what has not been looked for is left out with what would hold
 * it. */
static void add(json_t *root, const struct gp_field *row, const struct gp_record *record)
{
	char first[KEY_MAX], second[KEY_MAX];
	bool is_list, is_inner_list = false;
	const char *rest = cut(row->json, first, &is_list);
	size_t items = row->items ? row->items(record) : 1;
	if (rest)
		(void)cut(rest, second, &is_inner_list);
	if (items == SIZE_MAX)
		return;
	if (is_list) {
		json_t *list = member(root, first, true);
		for (size_t i = 0; i < items; i++)
			set(element(list, i), second, row, record, i);
	} else if (is_inner_list) {
		append(member(member(root, first, false), second, true), row, record, items);
	} else if (rest) {
		const struct gp_value v = row->value(record, 0);
		json_t *value = value_json(record->arena, &v);
		if (value)
			json_object_set_new(member(root, first, false), second, value);
	} else {
		set(root, first, row, record, 0);
	}
}

/* gp_cli_record_json: row by row. */
json_t *gp_cli_record_json(const struct gp_pipeline *pipeline, const struct gp_record *record)
{
	json_t *o = json_object();
	const struct gp_field *row;
	for (size_t i = 0; o && (row = gp_engine_record_field(pipeline, i)); i++)
		if (row->json)
			add(o, row, record);
	return o;
}

/* gp_cli_record_alone: row by row. */
json_t *gp_cli_record_alone(const struct gp_check *check, const struct gp_record *record)
{
	json_t *o = json_object();
	for (const struct gp_field *row = check->fields; o && row->value; row++)
		if (row->alone)
			set(o, row->alone, row, record, 0);
	return o;
}
