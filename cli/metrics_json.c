/* SPDX-License-Identifier: ISC */
/* Line by line; a family is what follows its HELP or TYPE up to the next one. */
#include "cli/metrics_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* family: the last one if it has this name, or a new one. */
static json_t *family(json_t *list, const char *name)
{
	size_t count = json_array_size(list);
	json_t *last = count ? json_array_get(list, count - 1) : NULL;
	const char *known = json_string_value(json_object_get(last, "name"));
	if (known && strcmp(known, name) == 0)
		return last;
	last = json_pack("{s:s, s:n, s:n, s:[]}", "name", name, "type", "help", "samples");
	json_array_append_new(list, last);
	return last;
}

/* read_about: "# HELP name text" or "# TYPE name word". */
static void read_about(json_t *list, char *line)
{
	char *kind = line + 2, *name = strchr(kind, ' ');
	char *text = name ? strchr(name + 1, ' ') : NULL;
	if (!text)
		return;
	*name++ = 0;
	*text++ = 0;
	if (strcmp(kind, "HELP") == 0)
		json_object_set_new(family(list, name), "help", json_string(text));
	else if (strcmp(kind, "TYPE") == 0)
		json_object_set_new(family(list, name), "type", json_string(text));
}

/* read_value: a whole number as one; what JSON has no number for (+Inf, NaN) is null. */
static json_t *read_value(const char *text)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value))
		return json_null();
	if (text[strspn(text, "-0123456789")] == 0 && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

/* read_quoted: from behind the quote on, with its escapes taken back in place; where it ends. */
static char *read_quoted(char *text)
{
	char *to = text;
	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		*to++ = text[-1] == '\\' && *text == 'n' ? '\n' : *text;
	}
	char *end = *text ? text + 1 : text;
	*to = 0;
	return end;
}

/* read_labels: name="value", ... up to the brace; what follows it. */
static char *read_labels(char *text, json_t *labels)
{
	while (*text && *text != '}') {
		char *name = text, *equal = strstr(text, "=\"");
		if (!equal)
			return text + strlen(text);
		*equal = 0;
		char *value = equal + 2;
		text = read_quoted(value);
		json_object_set_new(labels, name, json_string(value));
		text += *text == ',';
	}
	return *text ? text + 1 : text;
}

/* read_sample: "name value" or "name{labels} value". */
static void read_sample(json_t *list, char *line)
{
	size_t count = json_array_size(list), n = strcspn(line, "{ ");
	json_t *labels = json_object();
	char *rest = line + n + (line[n] != 0);
	if (line[n] == '{')
		rest = read_labels(rest, labels);
	line[n] = 0;
	rest += strspn(rest, " ");
	if (!count) {
		json_decref(labels);
		return;
	}
	json_array_append_new(json_object_get(json_array_get(list, count - 1), "samples"),
		json_pack("{s:s, s:o, s:o}", "name", line, "labels", labels, "value",
			read_value(rest)));
}

/* gp_cli_metrics_json: line by line. */
json_t *gp_cli_metrics_json(char *text)
{
	json_t *list = json_array();
	char *line;
	while ((line = strsep(&text, "\n")) != NULL) {
		if (strncmp(line, "# ", 2) == 0)
			read_about(list, line);
		else if (*line && *line != '#')
			read_sample(list, line);
	}
	return json_pack("{s:o}", "metrics", list);
}
