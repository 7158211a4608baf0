/* SPDX-License-Identifier: ISC */
/* Two readers, one for each form, that build the same lists. */
#include "support/suite.h"

#include <ctype.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#define CHUNKS_MAX 512
#define TEXT_MAX 70000

/* die: the file is not what we take it for. */
static void die(const char *what, const char *which)
{
	fprintf(stderr, "suite: %s: %s\n", what, which ? which : "(nothing)");
	exit(99);
}

/* copy: a text of the suite's own; NULL stays NULL. */
static char *copy(const char *text)
{
	char *p = text ? strdup(text) : NULL;
	if (text && !p)
		die("memory", "none left");
	return p;
}

/* test_suite_folder: see there. */
const char *test_suite_folder(void)
{
	const char *folder = getenv("SUITES");
	return folder && *folder ? folder : "../shared/conformance";
}

/* suite_new: empty. */
static struct test_suite *suite_new(void)
{
	struct test_suite *suite = calloc(1, sizeof *suite);
	if (!suite)
		die("memory", "none left");
	return suite;
}

/* add_scenario: with an empty zone. */
static struct test_suite_scenario *add_scenario(struct test_suite *suite, const char *name)
{
	size_t size = (suite->scenario_count + 1) * sizeof *suite->scenarios;
	suite->scenarios = realloc(suite->scenarios, size);
	if (!suite->scenarios)
		die("memory", "none left");
	struct test_suite_scenario *s = &suite->scenarios[suite->scenario_count++];
	*s = (struct test_suite_scenario) {.name = copy(name), .zone = test_zone_new()};
	return s;
}

/* add_case: with nothing in it. */
static struct test_suite_case *add_case(struct test_suite_scenario *scenario, const char *id)
{
	size_t size = (scenario->case_count + 1) * sizeof *scenario->cases;
	scenario->cases = realloc(scenario->cases, size);
	if (!scenario->cases)
		die("memory", "none left");
	struct test_suite_case *c = &scenario->cases[scenario->case_count++];
	*c = (struct test_suite_case) {.id = copy(id)};
	return c;
}

/* add_result: one more that is accepted. */
static void add_result(struct test_suite_case *test, const char *result)
{
	if (test->result_count == TEST_SUITE_RESULTS || !result)
		die("results", test->id);
	test->results[test->result_count++] = copy(result);
}

/* test_suite_expects: one of the list. */
bool test_suite_expects(const struct test_suite_case *test, const char *result)
{
	for (size_t i = 0; i < test->result_count; i++)
		if (strcmp(test->results[i], result) == 0)
			return true;
	return false;
}

/* case_free: its texts. */
static void case_free(struct test_suite_case *test)
{
	free(test->id);
	free(test->ip);
	free(test->helo);
	free(test->mail_from);
	free(test->message);
	free(test->explanation);
	for (size_t i = 0; i < test->result_count; i++)
		free(test->results[i]);
	for (size_t i = 0; i < test->signature_count; i++) {
		struct test_suite_signature *signature = &test->signatures[i];
		free(signature->domain);
		free(signature->selector);
		for (size_t j = 0; j < signature->result_count; j++)
			free(signature->results[j]);
	}
}

/* test_suite_free: all of it. */
void test_suite_free(struct test_suite *suite)
{
	if (!suite)
		return;
	for (size_t i = 0; i < suite->scenario_count; i++) {
		struct test_suite_scenario *s = &suite->scenarios[i];
		for (size_t j = 0; j < s->case_count; j++)
			case_free(&s->cases[j]);
		free(s->cases);
		free(s->name);
		test_zone_free(s->zone);
	}
	free(suite->scenarios);
	free(suite);
}

/* ---- a text in chunks, on its way into a zone ---- */

struct chunked {
	char data[TEXT_MAX];
	size_t len, chunks[CHUNKS_MAX], count;
};

/* add_chunk: one more string. */
static void add_chunk(struct chunked *text, const char *data, size_t len)
{
	if (text->count == CHUNKS_MAX || len > sizeof text->data - text->len)
		die("text", "too long");
	if (len)
		memcpy(text->data + text->len, data, len);
	text->len += len;
	text->chunks[text->count++] = len;
}

/* add_chunked: the record that they make. */
static void add_chunked(
	struct test_zone *zone, const char *name, unsigned type, const struct chunked *text)
{
	test_zone_add_data(zone, name, type, (struct gp_span) {text->data, text->len}, text->chunks,
		text->count);
}

/* ---- YAML ---- */

/* yaml_text: a scalar's text; NULL when it is none. */
static const char *yaml_text(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

/* yaml_find: the value of a key. */
static yaml_node_t *yaml_find(yaml_document_t *doc, const yaml_node_t *map, const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
		p++) {
		const char *text = yaml_text(yaml_document_get_node(doc, p->key));
		if (text && strcmp(text, key) == 0)
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

/* yaml_item: one of a sequence; NULL past its end. */
static yaml_node_t *yaml_item(yaml_document_t *doc, const yaml_node_t *list, size_t i)
{
	if (!list || list->type != YAML_SEQUENCE_NODE ||
		i >= (size_t)(list->data.sequence.items.top - list->data.sequence.items.start))
		return NULL;
	return yaml_document_get_node(doc, list->data.sequence.items.start[i]);
}

/* yaml_add_text: one string, or a list of chunks. */
static void yaml_add_text(yaml_document_t *doc, struct test_zone *zone, const char *name,
	unsigned type, const yaml_node_t *value)
{
	static struct chunked text; /* large; this program has one thread */
	text.len = text.count = 0;
	if (value->type == YAML_SCALAR_NODE) {
		const struct gp_span all = {
			(const char *)value->data.scalar.value, value->data.scalar.length};
		test_zone_add_text(zone, name, type, all);
		return;
	}
	for (size_t i = 0; yaml_item(doc, value, i); i++) {
		const yaml_node_t *item = yaml_item(doc, value, i);
		add_chunk(&text, (const char *)item->data.scalar.value, item->data.scalar.length);
	}
	add_chunked(zone, name, type, &text);
}

/* yaml_add_record: one "TYPE: value" of a name. */
static void yaml_add_record(yaml_document_t *doc, struct test_zone *zone, const char *name,
	const char *word, const yaml_node_t *value)
{
	unsigned type = test_zone_type(word);
	const char *text = yaml_text(value);
	if (text && strcmp(text, "NONE") == 0)
		return;
	if (type == GP_DNS_TXT || type == TEST_ZONE_SPF) {
		yaml_add_text(doc, zone, name, type, value);
	} else if (type == GP_DNS_MX) {
		const char *preference = yaml_text(yaml_item(doc, value, 0));
		const char *host = yaml_text(yaml_item(doc, value, 1));
		if (!preference || !host)
			die("MX", name);
		test_zone_add_target(
			zone, name, type, (unsigned)strtoul(preference, NULL, 10), host);
	} else if (text && (type == GP_DNS_A || type == GP_DNS_AAAA)) {
		test_zone_add_addr(zone, name, text);
	} else if (text && type) {
		test_zone_add_target(zone, name, type, 0, text);
	} else {
		die("record", word);
	}
}

/* yaml_add_entry: a record, or a behaviour as a bare word. */
static void yaml_add_entry(
	yaml_document_t *doc, struct test_zone *zone, const char *name, const yaml_node_t *entry)
{
	const char *word = yaml_text(entry);
	if (word) {
		if (!test_zone_add_behaviour(zone, name, word, NULL))
			die("behaviour", word);
		return;
	}
	if (entry->type != YAML_MAPPING_NODE)
		die("zone entry", name);
	for (yaml_node_pair_t *p = entry->data.mapping.pairs.start;
		p < entry->data.mapping.pairs.top; p++)
		yaml_add_record(doc, zone, name, yaml_text(yaml_document_get_node(doc, p->key)),
			yaml_document_get_node(doc, p->value));
}

/* yaml_add_name: its entries, and SPF ones once more as TXT when it has no TXT of its own. */
static void yaml_add_name(
	yaml_document_t *doc, struct test_zone *zone, const char *name, const yaml_node_t *list)
{
	bool has_txt = false;
	for (size_t i = 0; yaml_item(doc, list, i); i++)
		has_txt = has_txt || yaml_find(doc, yaml_item(doc, list, i), "TXT");
	for (size_t i = 0; yaml_item(doc, list, i); i++) {
		yaml_node_t *entry = yaml_item(doc, list, i);
		yaml_add_entry(doc, zone, name, entry);
		const yaml_node_t *spf = yaml_find(doc, entry, "SPF");
		if (spf && !has_txt)
			yaml_add_record(doc, zone, name, "TXT", spf);
	}
}

/* yaml_add_case: inputs and expectations. */
static void yaml_add_case(yaml_document_t *doc, struct test_suite_scenario *scenario,
	const char *id, const yaml_node_t *node)
{
	struct test_suite_case *c = add_case(scenario, id);
	c->ip = copy(yaml_text(yaml_find(doc, node, "host")));
	c->helo = copy(yaml_text(yaml_find(doc, node, "helo")));
	c->mail_from = copy(yaml_text(yaml_find(doc, node, "mailfrom")));
	const char *explanation = yaml_text(yaml_find(doc, node, "explanation"));
	c->explanation_default = explanation && strcmp(explanation, "DEFAULT") == 0;
	c->explanation_ci = true; /* the suite writes nibbles in capitals */
	if (!c->explanation_default)
		c->explanation = copy(explanation);
	const yaml_node_t *result = yaml_find(doc, node, "result");
	if (yaml_text(result))
		add_result(c, yaml_text(result));
	for (size_t i = 0; yaml_item(doc, result, i); i++)
		add_result(c, yaml_text(yaml_item(doc, result, i)));
}

/* yaml_add_arc_case: a message and its cv. */
static void yaml_add_arc_case(yaml_document_t *doc, struct test_suite_scenario *scenario,
	const char *id, const yaml_node_t *node)
{
	struct test_suite_case *c = add_case(scenario, id);
	const yaml_node_t *message = yaml_find(doc, node, "message");
	const char *cv = yaml_text(yaml_find(doc, node, "cv"));
	if (!cv || !yaml_text(message))
		die("ARC case", id);
	c->message = copy(yaml_text(message));
	c->message_len = message->data.scalar.length;
	add_result(c, *cv ? cv : "fail");
	for (char *p = c->results[0]; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* yaml_add_arc_scenario: TXT records and messages. */
static void yaml_add_arc_scenario(yaml_document_t *doc, struct test_suite_scenario *s,
	const yaml_node_t *records, const yaml_node_t *tests)
{
	for (yaml_node_pair_t *p = records->data.mapping.pairs.start;
		p < records->data.mapping.pairs.top; p++)
		test_zone_add_text(s->zone, yaml_text(yaml_document_get_node(doc, p->key)),
			GP_DNS_TXT, gp_span_from(yaml_text(yaml_document_get_node(doc, p->value))));
	for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
		p < tests->data.mapping.pairs.top; p++)
		yaml_add_arc_case(doc, s, yaml_text(yaml_document_get_node(doc, p->key)),
			yaml_document_get_node(doc, p->value));
}

/* yaml_add_scenario: one document. */
static void yaml_add_scenario(struct test_suite *suite, yaml_document_t *doc)
{
	const yaml_node_t *root = yaml_document_get_root_node(doc);
	const char *name = yaml_text(yaml_find(doc, root, "description"));
	const yaml_node_t *zone = yaml_find(doc, root, "zonedata");
	const yaml_node_t *records = yaml_find(doc, root, "txt-records");
	const yaml_node_t *tests = yaml_find(doc, root, "tests");
	if (!name || !tests || (!zone && !records))
		die("scenario", name);
	struct test_suite_scenario *s = add_scenario(suite, name);
	if (!zone) {
		yaml_add_arc_scenario(doc, s, records, tests);
		return;
	}
	for (yaml_node_pair_t *p = zone->data.mapping.pairs.start; p < zone->data.mapping.pairs.top;
		p++)
		yaml_add_name(doc, s->zone, yaml_text(yaml_document_get_node(doc, p->key)),
			yaml_document_get_node(doc, p->value));
	for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
		p < tests->data.mapping.pairs.top; p++)
		yaml_add_case(doc, s, yaml_text(yaml_document_get_node(doc, p->key)),
			yaml_document_get_node(doc, p->value));
}

/* test_suite_load_yaml: document by document. */
struct test_suite *test_suite_load_yaml(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	struct test_suite *suite = suite_new();
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		die("memory", "none left");
	yaml_parser_set_input_file(&parser, file);
	for (bool more = true; more;) {
		yaml_document_t doc;
		if (!yaml_parser_load(&parser, &doc))
			die(path, parser.problem);
		more = yaml_document_get_root_node(&doc) != NULL;
		if (more)
			yaml_add_scenario(suite, &doc);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	fclose(file);
	return suite;
}

/* ---- JSON ---- */

/* decode_base64: into room, which is as long as the text; its length. */
static size_t decode_base64(const char *text, char *room)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;
	size_t n = 0;
	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);
		if (!digit)
			die("base64", text);
		bits = bits << 6 | (unsigned)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			room[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

/* json_add_chunk: a string, or {"b64": ...}. */
static void json_add_chunk(struct chunked *text, const json_t *value)
{
	if (json_is_string(value)) {
		add_chunk(text, json_string_value(value), json_string_length(value));
		return;
	}
	const char *b64 = json_string_value(json_object_get(value, "b64"));
	if (!b64)
		die("chunk", "neither text nor b64");
	char *room = calloc(1, strlen(b64) + 1);
	if (!room)
		die("memory", "none left");
	add_chunk(text, room, decode_base64(b64, room));
	free(room);
}

/* json_add_text: one string, or chunks. */
static void json_add_text(
	struct test_zone *zone, const char *name, unsigned type, const json_t *value)
{
	static struct chunked text; /* large; this program has one thread */
	const json_t *item;
	size_t i;
	text.len = text.count = 0;
	if (json_is_string(value)) {
		const struct gp_span all = {json_string_value(value), json_string_length(value)};
		test_zone_add_text(zone, name, type, all);
		return;
	}
	json_array_foreach(value, i, item)
	{
		json_add_chunk(&text, item);
	}
	add_chunked(zone, name, type, &text);
}

/* json_add_raw: RDATA of any type. */
static void json_add_raw(struct test_zone *zone, const char *name, const json_t *value)
{
	static struct chunked text; /* large; this program has one thread */
	text.len = text.count = 0;
	json_add_chunk(&text, value);
	test_zone_add_data(zone, name,
		(unsigned)json_integer_value(json_object_get(value, "rrtype")),
		(struct gp_span) {text.data, text.len}, NULL, 0);
}

/* json_add_behaviour: its value may be a word or a number. */
static bool json_add_behaviour(
	struct test_zone *zone, const char *name, const char *word, const json_t *value)
{
	char number[24];
	if (!json_is_integer(value))
		return test_zone_add_behaviour(zone, name, word, json_string_value(value));
	snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
	return test_zone_add_behaviour(zone, name, word, number);
}

/* json_add_entry: {"type": ..., "value": ...} of a name. */
static void json_add_entry(struct test_zone *zone, const char *name, const json_t *entry)
{
	const char *word = json_string_value(json_object_get(entry, "type"));
	const json_t *value = json_object_get(entry, "value");
	if (!word)
		die("entry without type", name);
	unsigned type = test_zone_type(word);
	const char *text = json_string_value(value);
	if (type == GP_DNS_TXT || type == TEST_ZONE_SPF) {
		json_add_text(zone, name, type, value);
	} else if (type == GP_DNS_MX) {
		const char *host = json_string_value(json_array_get(value, 1));
		if (!host)
			die("MX", name);
		test_zone_add_target(zone, name, type,
			(unsigned)json_integer_value(json_array_get(value, 0)), host);
	} else if (strcmp(word, "RAW") == 0) {
		json_add_raw(zone, name, value);
	} else if (text && (type == GP_DNS_A || type == GP_DNS_AAAA)) {
		test_zone_add_addr(zone, name, text);
	} else if (text && type) {
		test_zone_add_target(zone, name, type, 0, text);
	} else if (!json_add_behaviour(zone, name, word, value)) {
		die("entry", word);
	}
}

/* json_scenario: the scenario of a file's zone, made when it is needed first. */
static struct test_suite_scenario *json_scenario(
	struct test_suite *suite, size_t first, const json_t *file, const char *zone_name)
{
	for (size_t i = first; i < suite->scenario_count; i++)
		if (strcmp(suite->scenarios[i].name, zone_name) == 0)
			return &suite->scenarios[i];
	json_t *zone = json_object_get(json_object_get(file, "zones"), zone_name), *list, *entry;
	struct test_suite_scenario *s = add_scenario(suite, zone_name);
	const char *name;
	size_t i;
	json_object_foreach(zone, name, list)
	{
		json_array_foreach(list, i, entry)
		{
			json_add_entry(s->zone, name, entry);
		}
	}
	return s;
}

/* json_add_message: {"b64": ...}, where there is one. */
static void json_add_message(struct test_suite_case *test, const json_t *message)
{
	const char *b64 = json_string_value(json_object_get(message, "b64"));
	if (!b64)
		return;
	test->message = calloc(1, strlen(b64) + 1);
	if (!test->message)
		die("memory", "none left");
	test->message_len = decode_base64(b64, test->message);
}

/* json_add_signature: what is expected of one. */
static void json_add_signature(struct test_suite_case *test, const json_t *node)
{
	const json_t *results = json_object_get(node, "result"), *item;
	size_t i;
	if (test->signature_count == TEST_SUITE_SIGNATURES)
		die("signatures", test->id);
	struct test_suite_signature *signature = &test->signatures[test->signature_count++];
	signature->domain = copy(json_string_value(json_object_get(node, "domain")));
	signature->selector = copy(json_string_value(json_object_get(node, "selector")));
	signature->optional = json_is_true(json_object_get(node, "optional"));
	json_array_foreach(results, i, item)
	{
		if (signature->result_count == TEST_SUITE_RESULTS)
			die("results", test->id);
		signature->results[signature->result_count++] = copy(json_string_value(item));
	}
}

/* json_add_signatures: the expectations of DKIM. */
static void json_add_signatures(struct test_suite_case *test, const json_t *expect)
{
	const json_t *item, *any = json_object_get(expect, "any_pass");
	size_t i;
	test->partial = json_is_true(json_object_get(expect, "partial"));
	test->any_pass = any ? json_is_true(any) : -1;
	json_array_foreach(json_object_get(expect, "signatures"), i, item)
	{
		json_add_signature(test, item);
	}
}

/* json_add_case: inputs and expectations. */
static void json_add_case(struct test_suite_scenario *scenario, const json_t *node)
{
	const json_t *input = json_object_get(node, "input"), *expect, *item;
	struct test_suite_case *c =
		add_case(scenario, json_string_value(json_object_get(node, "id")));
	c->ip = copy(json_string_value(json_object_get(input, "ip")));
	c->helo = copy(json_string_value(json_object_get(input, "helo")));
	c->mail_from = copy(json_string_value(json_object_get(input, "mail_from")));
	json_add_message(c, json_object_get(input, "message"));
	c->now = json_integer_value(json_object_get(node, "now"));
	c->disputed = json_is_true(json_object_get(node, "disputed"));
	expect = json_object_get(node, "expect");
	const json_t *explanation = json_object_get(expect, "explanation");
	c->explanation_default = json_is_object(explanation);
	c->explanation_ci = json_is_true(json_object_get(expect, "explanation_ci"));
	c->explanation = copy(json_string_value(explanation));
	c->instances = (unsigned)json_integer_value(json_object_get(expect, "instances"));
	json_add_signatures(c, expect);
	const json_t *results = json_object_get(expect, "result");
	size_t i;
	json_array_foreach(results ? results : json_object_get(expect, "cv"), i, item)
	{
		add_result(c, json_string_value(item));
	}
}

/* json_add_file: the cases of one kind. */
static void json_add_file(struct test_suite *suite, const char *path, const char *kind)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error), *node;
	if (!file)
		die(path, error.text);
	size_t first = suite->scenario_count, i;
	json_array_foreach(json_object_get(file, "cases"), i, node)
	{
		const char *zone = json_string_value(json_object_get(node, "zone"));
		const char *has = json_string_value(json_object_get(node, "kind"));
		if (zone && has && strcmp(has, kind) == 0)
			json_add_case(json_scenario(suite, first, file, zone), node);
	}
	json_decref(file);
}

/* test_suite_load_json: file by file. */
struct test_suite *test_suite_load_json(const char *folder, const char *kind)
{
	char pattern[4096];
	glob_t files;
	snprintf(pattern, sizeof pattern, "%s/*.json", folder);
	if (glob(pattern, 0, NULL, &files) != 0)
		return NULL;
	struct test_suite *suite = suite_new();
	for (size_t i = 0; i < files.gl_pathc; i++)
		json_add_file(suite, files.gl_pathv[i], kind);
	globfree(&files);
	return suite;
}
