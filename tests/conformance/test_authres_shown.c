/* SPDX-License-Identifier: ISC */
/* Every Authentication-Results case that was collected from other projects; TAP on stdout. */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "mail/authres.h"
#include "support/suite.h"

/* is_text: does the span hold what the JSON says? Nothing said is the empty text. */
static bool is_text(struct gp_span span, const json_t *text)
{
	const struct gp_span want = {json_string_value(text), json_string_length(text)};
	return gp_span_equal(span, want);
}

/* find_property: the value of "ptype.property"; false: there is no such one. */
static bool find_property(
	const struct gp_authres_result *result, const char *name, struct gp_span *value_out)
{
	struct gp_span ptype, property;
	if (!gp_span_cut(gp_span_from(name), '.', &ptype, &property)) {
		property = ptype;
		ptype = (struct gp_span) {NULL, 0};
	}
	for (size_t i = 0; i < result->count; i++) {
		const struct gp_authres_property *p = &result->properties[i];
		*value_out = p->value;
		if (gp_span_equal_nocase(p->ptype, ptype) &&
			gp_span_equal_nocase(p->property, property))
			return true;
	}
	return false;
}

/* same_result: method, result, and exactly these properties. */
static bool same_result(const struct gp_authres_result *result, const json_t *expect)
{
	json_t *props = json_object_get(expect, "props"), *text;
	const char *name;
	struct gp_span value;
	if (!is_text(result->method, json_object_get(expect, "method")) ||
		!is_text(result->result, json_object_get(expect, "result")) ||
		result->count != json_object_size(props))
		return false;
	json_object_foreach(props, name, text)
	{
		if (!find_property(result, name, &value) || !is_text(value, text))
			return false;
	}
	return true;
}

/* same_field: the authserv-id and exactly these results. */
static bool same_field(const struct gp_authres *field, const json_t *expect)
{
	const json_t *results = json_object_get(expect, "results");
	if (!is_text(field->authserv_id, json_object_get(expect, "authserv_id")) ||
		field->count != json_array_size(results))
		return false;
	for (size_t i = 0; i < field->count; i++)
		if (!same_result(&field->results[i], json_array_get(results, i)))
			return false;
	return true;
}

/* run_case: one TAP line; false when it came out differently. */
static bool run_case(const json_t *test, size_t number)
{
	const json_t *text = json_object_get(json_object_get(test, "input"), "header");
	const struct gp_span value = {json_string_value(text), json_string_length(text)};
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_authres field;
	int rc = gp_authres_parse(arena, value, &field);
	bool good = rc == GP_OK && same_field(&field, json_object_get(test, "expect"));
	printf("%sok %zu - %s\n", good ? "" : "not ", number,
		json_string_value(json_object_get(test, "id")));
	if (!good)
		printf("# %s, %zu results\n", gp_err_text(rc), field.count);
	gp_arena_free(arena);
	return good;
}

/* run_file: its cases of the kind "ar"; how many failed. */
static size_t run_file(const char *path, size_t *number)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error), *test;
	size_t i, failed = 0;
	if (!file) {
		printf("not ok %zu - %s: %s\n", ++*number, path, error.text);
		return 1;
	}
	json_array_foreach(json_object_get(file, "cases"), i, test)
	{
		const char *kind = json_string_value(json_object_get(test, "kind"));
		if (kind && strcmp(kind, "ar") == 0)
			failed += !run_case(test, ++*number);
	}
	json_decref(file);
	return failed;
}

/* main: file by file; no case is left out. */
int main(void)
{
	char pattern[4096];
	glob_t files;
	size_t number = 0, failed = 0;
	snprintf(pattern, sizeof pattern, "%s/shown/cases/*.json", test_suite_folder());
	if (glob(pattern, 0, NULL, &files) != 0) {
		printf("ok 1 # SKIP there is no suite in %s\n1..1\n", test_suite_folder());
		return 0;
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		failed += run_file(files.gl_pathv[i], &number);
	globfree(&files);
	printf("1..%zu\n", number);
	return failed ? 1 : 0;
}
