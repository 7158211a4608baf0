/* SPDX-License-Identifier: ISC */
/* jansson reads and writes; what a member has to be is a matter of this file. */
#include "store/store_line.h"

#include <jansson.h>
#include <string.h>

#include "base/decode.h"
#include "base/encode.h"
#include "store/store_private.h"

#define HASH_DIGITS (2 * GP_STORE_MOVE_KEY)

/* ---- hexadecimal ---- */

/* hex_of: a string of digits. */
static json_t *hex_of(struct gp_span bytes)
{
	char text[2 * (GP_STORE_FACT_VALUE_MAX + GP_STORE_MOVE_KEY)];
	gp_encode_hex(bytes, text);
	return json_stringn(text, 2 * bytes.len);
}

/* read_hex: so many bytes, at most room; false: no digits. */
static bool read_hex(struct gp_span text, char *out, size_t room)
{
	if (text.len % 2 || text.len / 2 > room)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = gp_decode_hex_digit(text.ptr[i]);
		int low = gp_decode_hex_digit(text.ptr[i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	return true;
}

/* ---- writing ---- */

/* set_text: under its name, or as digits under another. */
static void set_text(json_t *line, const char *name, const char *hex_name, struct gp_span text)
{
	bool has_nul = text.len && memchr(text.ptr, 0, text.len);
	json_t *value = has_nul ? NULL : json_stringn(text.len ? text.ptr : "", text.len);
	json_object_set_new(line, value ? name : hex_name, value ? value : hex_of(text));
}

/* hash_of: of the record's key. */
static json_t *hash_of(const struct gp_store_record *record)
{
	return hex_of((struct gp_span) {(const char *)record->key, GP_STORE_MOVE_KEY});
}

/* add_counters: of a subject. */
static void add_counters(json_t *line, const struct gp_store_record *record)
{
	json_t *counters = json_array();
	set_text(line, "subject", "subject_hex", record->name);
	if (record->name.len == GP_STORE_NAME_MAX)
		json_object_set_new(line, "key", hash_of(record));
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_counter *c = &record->counters[i];
		json_t *slots = json_array();
		for (unsigned k = 0; k < c->slot_count; k++)
			json_array_append_new(
				slots, json_pack("[I, I]", (json_int_t)c->slots[k].begin_ms,
					       (json_int_t)c->slots[k].count));
		json_array_append_new(
			counters, json_pack("{s:I, s:I, s:o}", "id", (json_int_t)c->id, "per_ms",
					  (json_int_t)c->per_ms, "slots", slots));
	}
	json_object_set_new(line, "counters", counters);
}

/* add_value: of a fact, soft or not. */
static void add_value(json_t *line, const struct gp_store_record *record)
{
	set_text(line, "value", "value_hex", record->value);
	if (record->expires_ms)
		json_object_set_new(line, "expires_ms", json_integer(record->expires_ms));
}

/* add_seen: a set. */
static void add_seen(json_t *line, const struct gp_store_record *record)
{
	json_t *items = json_array();
	for (size_t i = 0; i < record->count; i++)
		json_array_append_new(
			items, json_pack("[I, I]", (json_int_t)record->items[i].fingerprint,
				       (json_int_t)record->items[i].at_ms));
	json_object_set_new(line, "seen", hash_of(record));
	json_object_set_new(line, "set", json_integer(record->set));
	json_object_set_new(line, "expires_ms", json_integer(record->expires_ms));
	json_object_set_new(line, "items", items);
}

/* text_of: takes the line. */
static char *text_of(json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(line);
	return text;
}

/* gp_store_line_begin: the version first. */
char *gp_store_line_begin(const char *from, const char *at)
{
	return text_of(json_pack("{s:i, s:s, s:s}", "gatepost_store", GP_STORE_LINE_VERSION, "from",
		from, "at", at));
}

/* gp_store_line_format: by its kind. */
char *gp_store_line_format(const struct gp_store_record *record)
{
	json_t *line = json_object();
	switch (record->kind) {
	case GP_STORE_RECORD_COUNTERS:
		add_counters(line, record);
		break;
	case GP_STORE_RECORD_FACT:
		set_text(line, "fact", "fact_hex", record->name);
		add_value(line, record);
		break;
	case GP_STORE_RECORD_SOFT:
		json_object_set_new(line, "soft", hash_of(record));
		add_value(line, record);
		break;
	case GP_STORE_RECORD_SEEN:
		add_seen(line, record);
		break;
	}
	return text_of(line);
}

/* gp_store_line_end: how many. */
char *gp_store_line_end(uint64_t records)
{
	return text_of(json_pack("{s:I}", "end", (json_int_t)records));
}

/* ---- reading ---- */

/* A line while it is read: members that were taken are counted, so that none is left over. */
struct reading {
	json_t *line;
	size_t taken;
	const char *problem;
};

/* wrong: what, unless something was wrong before. */
static bool wrong(struct reading *r, const char *problem)
{
	r->problem = r->problem ? r->problem : problem;
	return false;
}

/* take: a member; NULL: it is not there. */
static json_t *take(struct reading *r, const char *name)
{
	json_t *value = json_object_get(r->line, name);
	r->taken += value != NULL;
	return value;
}

/* take_number: a whole number, as large as least at least. */
static bool take_number(struct reading *r, const char *name, int64_t least, int64_t *number_out)
{
	const json_t *value = take(r, name);
	*number_out = json_integer_value(value);
	return (json_is_integer(value) && *number_out >= least) ||
	       wrong(r, "a number is missing, or is none");
}

/* take_text: a string, or digits under another name, into bytes with so much room. */
static bool take_text(struct reading *r, const char *const names[2], char *bytes, size_t room,
	struct gp_span *text_out)
{
	const json_t *plain = take(r, names[0]), *hex = take(r, names[1]);
	const json_t *value = plain ? plain : hex;
	const struct gp_span text = {json_string_value(value), json_string_length(value)};
	if (!text.ptr || (plain && hex))
		return wrong(r, "a text is missing, or is none");
	*text_out = (struct gp_span) {bytes, plain ? text.len : text.len / 2};
	if (text_out->len > room)
		return wrong(r, "a text is too long");
	if (!plain)
		return read_hex(text, bytes, room) || wrong(r, "there are no hexadecimal digits");
	memcpy(bytes, text.ptr, text.len);
	return true;
}

/* take_hash: a key. */
static bool take_hash(struct reading *r, const char *name, unsigned char key_out[GP_STORE_MOVE_KEY])
{
	const json_t *value = take(r, name);
	const struct gp_span text = {json_string_value(value), json_string_length(value)};
	return (text.ptr && text.len == HASH_DIGITS &&
		       read_hex(text, (char *)key_out, GP_STORE_MOVE_KEY)) ||
	       wrong(r, "a hash has 32 hexadecimal digits");
}

/* read_pair: two whole numbers. */
static bool read_pair(const json_t *pair, int64_t *first_out, int64_t *second_out)
{
	const json_t *first = json_array_get(pair, 0), *second = json_array_get(pair, 1);
	*first_out = json_integer_value(first);
	*second_out = json_integer_value(second);
	return json_array_size(pair) == 2 && json_is_integer(first) && json_is_integer(second);
}

/* read_counter: its bounds are asked later. */
static bool read_counter(json_t *value, struct gp_store_counter *counter_out)
{
	json_int_t id, per_ms;
	json_t *slots;
	if (json_unpack(
		    value, "{s:I, s:I, s:o !}", "id", &id, "per_ms", &per_ms, "slots", &slots) ||
		id < 1 || id > UINT32_MAX || json_array_size(slots) > GP_STORE_ENTRIES)
		return false;
	counter_out->id = (uint32_t)id;
	counter_out->per_ms = per_ms;
	counter_out->slot_count = (unsigned)json_array_size(slots);
	for (unsigned i = 0; i < counter_out->slot_count; i++)
		if (!read_pair(json_array_get(slots, i), &counter_out->slots[i].begin_ms,
			    &counter_out->slots[i].count))
			return false;
	return true;
}

/* read_key: of a subject: made of its name, unless that was cut. */
static int read_key(struct reading *r, struct gp_store_record *record)
{
	if (record->name.len == GP_STORE_NAME_MAX)
		return take_hash(r, "key", record->key) ? GP_OK : GP_ESYNTAX;
	return gp_store_record_key(record->name, record->key);
}

/* read_counters: of a subject. */
static int read_counters(struct reading *r, struct gp_store_line *line)
{
	static const char *const names[] = {"subject", "subject_hex"};
	struct gp_store_record *record = &line->record;
	record->kind = GP_STORE_RECORD_COUNTERS;
	if (!take_text(r, names, line->bytes, GP_STORE_NAME_MAX, &record->name))
		return GP_ESYNTAX;
	int rc = read_key(r, record);
	if (rc)
		return rc;
	json_t *counters = take(r, "counters");
	record->count = json_array_size(counters);
	if (record->count > GP_STORE_MOVE_COUNTERS)
		return GP_ESYNTAX;
	for (size_t i = 0; i < record->count; i++)
		if (!read_counter(json_array_get(counters, i), &record->counters[i])) {
			(void)wrong(r, "a counter is not as it should be");
			return GP_ESYNTAX;
		}
	return GP_OK;
}

/* read_value: of a fact; its key has so many bytes before it. */
static bool read_value(struct reading *r, struct gp_store_line *line, size_t before)
{
	static const char *const names[] = {"value", "value_hex"};
	struct gp_store_record *record = &line->record;
	record->expires_ms = 0;
	return take_text(r, names, line->bytes + before, sizeof line->bytes - before,
		       &record->value) &&
	       (!json_object_get(r->line, "expires_ms") ||
		       take_number(r, "expires_ms", 1, &record->expires_ms));
}

/* read_fact: of an operator. */
static int read_fact(struct reading *r, struct gp_store_line *line)
{
	static const char *const names[] = {"fact", "fact_hex"};
	line->record.kind = GP_STORE_RECORD_FACT;
	return take_text(r, names, line->bytes, GP_STORE_FACT_KEY_MAX, &line->record.name) &&
			       read_value(r, line, line->record.name.len)
		       ? GP_OK
		       : GP_ESYNTAX;
}

/* read_soft: one whose key nobody knows. */
static int read_soft(struct reading *r, struct gp_store_line *line)
{
	line->record.kind = GP_STORE_RECORD_SOFT;
	return take_hash(r, "soft", line->record.key) && read_value(r, line, 0) ? GP_OK
										: GP_ESYNTAX;
}

/* read_items: of a set. */
static bool read_items(struct reading *r, struct gp_store_record *record)
{
	json_t *items = take(r, "items");
	record->count = json_array_size(items);
	if (record->count > GP_STORE_SEEN_MAX)
		return wrong(r, "there are too many items");
	for (size_t i = 0; i < record->count; i++) {
		int64_t fingerprint;
		if (!read_pair(json_array_get(items, i), &fingerprint, &record->items[i].at_ms) ||
			fingerprint < 0 || fingerprint > UINT32_MAX)
			return wrong(r, "an item is not as it should be");
		record->items[i].fingerprint = (uint32_t)fingerprint;
	}
	return true;
}

/* read_seen: a set. */
static int read_seen(struct reading *r, struct gp_store_line *line)
{
	struct gp_store_record *record = &line->record;
	int64_t set;
	record->kind = GP_STORE_RECORD_SEEN;
	if (!take_hash(r, "seen", record->key) || !take_number(r, "set", 0, &set) ||
		set > UINT32_MAX || !take_number(r, "expires_ms", 1, &record->expires_ms) ||
		!read_items(r, record))
		return GP_ESYNTAX;
	record->set = (uint32_t)set;
	return GP_OK;
}

/* read_begin: of this version. */
static int read_begin(struct reading *r, struct gp_store_line *line)
{
	int64_t version;
	line->kind = GP_STORE_LINE_BEGIN;
	if (!take_number(r, "gatepost_store", 1, &version))
		return GP_ESYNTAX;
	if (version != GP_STORE_LINE_VERSION) {
		(void)wrong(r, "the file has another version than this program reads");
		return GP_ESYNTAX;
	}
	(void)take(r, "from");
	(void)take(r, "at");
	return GP_OK;
}

/* read_end: how many there were. */
static int read_end(struct reading *r, struct gp_store_line *line)
{
	int64_t records;
	line->kind = GP_STORE_LINE_END;
	if (!take_number(r, "end", 0, &records))
		return GP_ESYNTAX;
	line->records = (uint64_t)records;
	return GP_OK;
}

/* Lines by the member that tells them apart. */
static const struct {
	const char *name;
	int (*read)(struct reading *r, struct gp_store_line *line);
} kinds[] = {
	{"subject", read_counters},
	{"subject_hex", read_counters},
	{"fact", read_fact},
	{"fact_hex", read_fact},
	{"soft", read_soft},
	{"seen", read_seen},
	{"gatepost_store", read_begin},
	{"end", read_end},
};

/* read_line: by its kind, and nothing besides. */
static int read_line(struct reading *r, struct gp_store_line *line)
{
	size_t i = 0;
	while (i < sizeof kinds / sizeof kinds[0] && !json_object_get(r->line, kinds[i].name))
		i++;
	if (i == sizeof kinds / sizeof kinds[0])
		return GP_ESYNTAX;
	line->kind = GP_STORE_LINE_RECORD;
	int rc = kinds[i].read(r, line);
	if (rc)
		return rc;
	if (r->taken != json_object_size(r->line))
		(void)wrong(r, "there is a member that is not known");
	else if (line->kind == GP_STORE_LINE_RECORD && !gp_store_record_is_valid(&line->record))
		(void)wrong(r, "a value is out of bounds");
	return r->problem ? GP_ESYNTAX : GP_OK;
}

/* gp_store_line_parse: a member that comes twice is an error. */
int gp_store_line_parse(
	struct gp_span text, struct gp_store_line *line_out, const char **problem_out)
{
	struct reading r = {.problem = NULL};
	*problem_out = "this is no line of such a file";
	if (text.len > GP_STORE_LINE_MAX) {
		*problem_out = "the line is too long";
		return GP_ESYNTAX;
	}
	r.line = json_loadb(text.len ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, NULL);
	int rc = json_is_object(r.line) ? read_line(&r, line_out) : GP_ESYNTAX;
	json_decref(r.line);
	*problem_out = r.problem ? r.problem : *problem_out;
	return rc;
}
