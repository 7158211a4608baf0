/* SPDX-License-Identifier: ISC */
/*
 * Values: from the file's text to their place in the snapshot, a function for each kind. Everything
 * is bounded by its row before it is stored. The way back is in config_format.c.
 */
#include "config/config_private.h"

#include <string.h>

#include "base/encode.h"
#include "mail/address.h"

/* place: where the row's value lies. */
static void *place(struct gp_config_target to, const struct gp_option *row)
{
	return (char *)to.base + row->offset;
}

/* choice_find: the row's choice of this word, or NULL. */
static const struct gp_option_choice *choice_find(const struct gp_option *row, struct gp_span word)
{
	for (const struct gp_option_choice *c = row->choices; c->word; c++)
		if (gp_span_is(word, c->word))
			return c;
	return NULL;
}

/* ---- scalars ---- */

/* set_bool: yes and no in their usual spellings. */
static int set_bool(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	const struct gp_option as = {.choices = gp_option_bools};
	const struct gp_option_choice *c = choice_find(&as, value);
	if (!c)
		return GP_ESYNTAX;
	*(bool *)place(to, row) = c->value;
	return GP_OK;
}

/* in_bounds: min..max of the row. */
static int in_bounds(const struct gp_option *row, uint64_t n)
{
	return n < row->min || n > row->max ? GP_ESYNTAX : GP_OK;
}

/* set_uint: plain digits. */
static int set_uint(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	uint64_t n;
	if (gp_span_parse_uint(value, row->max, &n) || in_bounds(row, n))
		return GP_ESYNTAX;
	if (row->kind == GP_KIND_SIZE)
		*(size_t *)place(to, row) = (size_t)n;
	else
		*(unsigned *)place(to, row) = (unsigned)n;
	return GP_OK;
}

/* set_int: with a minus sign before it where the bounds allow that, or a word. */
static int set_int(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	const struct gp_option_choice *c = row->choices ? choice_find(row, value) : NULL;
	bool is_negative = gp_span_has_prefix(value, "-");
	uint64_t n;
	if (c) {
		*(int *)place(to, row) = c->value;
		return GP_OK;
	}
	if (gp_span_parse_uint(gp_span_skip(value, is_negative), INT32_MAX, &n))
		return GP_ESYNTAX;
	int64_t number = is_negative ? -(int64_t)n : (int64_t)n;
	if (number < (int64_t)row->min || number > (int64_t)row->max)
		return GP_ESYNTAX;
	*(int *)place(to, row) = (int)number;
	return GP_OK;
}

/* set_mode: octal permissions. */
static int set_mode(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	unsigned mode = 0;
	if (value.len == 0 || value.len > 5)
		return GP_ESYNTAX;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '7')
			return GP_ESYNTAX;
		mode = mode * 8 + (unsigned)(value.ptr[i] - '0');
	}
	if (in_bounds(row, mode))
		return GP_ESYNTAX;
	*(unsigned *)place(to, row) = mode;
	return GP_OK;
}

static const struct gp_config_unit msec_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct gp_config_unit sec_units[] = {
	{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct gp_config_unit byte_units[] = {{"", 1}, {"k", 1ull << 10}, {"M", 1ull << 20},
	{"G", 1ull << 30}, {"T", 1ull << 40}, {NULL, 0}};

/* gp_config_units: times or sizes. */
const struct gp_config_unit *gp_config_units(enum gp_option_kind kind)
{
	return kind == GP_KIND_MSEC || kind == GP_KIND_PERIOD ? msec_units
	       : kind == GP_KIND_SEC                          ? sec_units
							      : byte_units;
}

/* parse_scaled: digits and a unit; a duration without unit is no duration, except 0. */
static int parse_scaled(const struct gp_option *row, struct gp_span value, uint64_t *n_out)
{
	size_t digits = 0;
	uint64_t n;
	while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
		digits++;
	struct gp_span unit = gp_span_skip(value, digits);
	if (gp_span_parse_uint((struct gp_span) {value.ptr, digits}, row->max, &n))
		return GP_ESYNTAX;
	const struct gp_config_unit *u = gp_config_units(row->kind);
	if (!(n == 0 && unit.len == 0))
		while (u->name && !gp_span_is(unit, u->name))
			u++;
	if (!u->name || n > row->max / u->factor || in_bounds(row, n * u->factor))
		return GP_ESYNTAX;
	*n_out = n * u->factor;
	return GP_OK;
}

/* set_scaled: times and sizes that fit into 32 bits, and those that do not. */
static int set_scaled(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	uint64_t n;
	int rc = parse_scaled(row, value, &n);
	if (rc)
		return rc;
	if (row->kind == GP_KIND_PERIOD) {
		*(int64_t *)place(to, row) = (int64_t)n;
	} else if (row->kind == GP_KIND_SPACE) {
		if (n > SIZE_MAX)
			return GP_ESYNTAX;
		*(size_t *)place(to, row) = (size_t)n;
	} else {
		*(unsigned *)place(to, row) = (unsigned)n;
	}
	return GP_OK;
}

/* gp_config_amount_has_unit: all but digits and the word. */
bool gp_config_amount_has_unit(struct gp_span value)
{
	char last = value.len ? value.ptr[value.len - 1] : '0';
	return (last < '0' || last > '9') && !gp_span_is(value, "unlimited");
}

/* set_amount: a maximum. */
static int set_amount(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	uint64_t n = 0;
	bool is_unlimited = gp_span_is(value, "unlimited");
	int rc = is_unlimited ? GP_OK : parse_scaled(row, value, &n);
	if (!rc)
		*(int64_t *)place(to, row) = is_unlimited ? GP_LIMIT_UNLIMITED : (int64_t)n;
	return rc;
}

/* set_choice: one word. */
static int set_choice(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	const struct gp_option_choice *c = choice_find(row, value);
	if (!c)
		return GP_ESYNTAX;
	*(int *)place(to, row) = c->value;
	return GP_OK;
}

/* store_text: copies the value into the snapshot. */
static int store_text(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	const char *copy = gp_arena_copy(to.arena, value);
	*(const char **)place(to, row) = copy;
	return copy ? GP_OK : GP_ENOMEM;
}

/* set_text: printable ASCII of bounded length. */
static int set_text(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	if (value.len < row->min || value.len > row->max || !gp_span_is_printable_ascii(value))
		return GP_ESYNTAX;
	return store_text(to, row, value);
}

/* set_path: empty or absolute. */
static int set_path(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	if (value.len && (value.ptr[0] != '/' || gp_span_trim(value).len < value.len))
		return GP_ESYNTAX;
	return set_text(to, row, value);
}

/* set_template: each {name} is a known one, braces pair up. */
static int set_template(
	struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	struct gp_span rest = value, before, name;
	while (gp_span_cut(rest, '{', &before, &rest))
		if (!gp_span_cut(rest, '}', &name, &rest) || !choice_find(row, name))
			return GP_ESYNTAX;
	return set_text(to, row, value);
}

/* is_all_of: "@domain" or "*@domain", which is nobody's name. */
static bool is_all_of(struct gp_span value)
{
	return gp_span_has_prefix(value, "@") || gp_span_has_prefix(value, "*@");
}

/* is_bracketed: is it written in <>, as SMTP has addresses and no name of a user is compared? */
static bool is_bracketed(struct gp_span value)
{
	return value.len > 2 && value.ptr[0] == '<' && value.ptr[value.len - 1] == '>';
}

/* set_login: UTF-8 without control characters, and not blank. */
static int set_login(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	if (value.len > row->max || gp_span_trim(value).len == 0 || gp_span_is(value, "*") ||
		is_all_of(value) || is_bracketed(value) || !gp_config_is_clean(value))
		return GP_ESYNTAX;
	return store_text(to, row, value);
}

/* set_domain: a name; which form it gets is not decided here. */
static int set_domain(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	const char *domain;
	if (value.len > row->max)
		return GP_ESYNTAX;
	int rc = gp_config_domain(to.arena, value, true, &domain);
	return rc ? rc : store_text(to, row, value);
}

/* set_mailbox: the same for user@domain. */
static int set_mailbox(
	struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	struct gp_span local, domain;
	const char *name;
	if (!gp_address_split(value, &local, &domain) || local.len == 0 || domain.len == 0 ||
		(local.ptr[0] != '"' && memchr(local.ptr, '*', local.len)))
		return GP_ESYNTAX;
	int rc = gp_address_is_literal(domain) ? GP_OK
					       : gp_config_domain(to.arena, domain, true, &name);
	return rc ? rc : set_login(to, row, value);
}

/* set_network: an address or a network, and its text. */
static int set_network(
	struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	struct gp_option_network *network = place(to, row);
	if (row->max == 1 && value.len == 0) {
		*network = (struct gp_option_network) {.text = ""};
		return GP_OK;
	}
	int rc = gp_prefix_parse(value, &network->prefix);
	if (rc)
		return rc;
	network->text = gp_arena_copy(to.arena, value);
	return network->text ? GP_OK : GP_ENOMEM;
}

/* is_zone_byte: may it stand in a label? An underscore is in names that are no hosts. */
static bool is_zone_byte(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_';
}

/* set_zone: labels of 1 to 63 bytes; in lower case, without the dot of the root. */
static int set_zone(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	size_t label = 0;
	if (value.len && value.ptr[value.len - 1] == '.')
		value.len--;
	for (size_t i = 0; i < value.len; i++) {
		bool is_dot = value.ptr[i] == '.';
		if ((is_dot && label == 0) || (!is_dot && !is_zone_byte(value.ptr[i])))
			return GP_ESYNTAX;
		label = is_dot ? 0 : label + 1;
		if (label > 63)
			return GP_ESYNTAX;
	}
	if (value.len > row->max || (value.len && label == 0))
		return GP_ESYNTAX;
	char *copy = gp_arena_copy(to.arena, value);
	*(const char **)place(to, row) = copy;
	for (char *p = copy; p && *p; p++)
		*p = gp_span_lower(*p);
	return copy ? GP_OK : GP_ENOMEM;
}

/* set_secret: what can stand in a name of DNS. */
static int set_secret(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	if (value.len > row->max)
		return GP_ESYNTAX;
	for (size_t i = 0; i < value.len; i++)
		if (!is_zone_byte(value.ptr[i]))
			return GP_ESYNTAX;
	return store_text(to, row, value);
}

/* digits_only: from 1 to max digits. */
static bool digits_only(struct gp_span text, size_t max)
{
	uint64_t n;
	return text.len <= max && gp_span_parse_uint(text, 999, &n) == GP_OK;
}

/* set_code: "550 5.7.23", the classes agree (RFC 5321 4.2, RFC 3463 2). */
static int set_code(struct gp_config_target to, const struct gp_option *row, struct gp_span value)
{
	struct gp_span basic, enhanced, klass, subject, detail;
	if (row->max == 1 && value.len == 0)
		return store_text(to, row, value);
	if (!gp_span_cut(value, ' ', &basic, &enhanced) ||
		!gp_span_cut(enhanced, '.', &klass, &enhanced) ||
		!gp_span_cut(enhanced, '.', &subject, &detail))
		return GP_ESYNTAX;
	if (basic.len != 3 || !digits_only(basic, 3) || !digits_only(subject, 3) ||
		!digits_only(detail, 3) || klass.len != 1 || klass.ptr[0] != basic.ptr[0])
		return GP_ESYNTAX;
	if (basic.ptr[0] != '4' && basic.ptr[0] != '5')
		return GP_ESYNTAX;
	if (row->min && (uint64_t)(basic.ptr[0] - '0') != row->min)
		return GP_ESYNTAX;
	return store_text(to, row, value);
}

/* ---- lists ---- */

/* set_texts: every item through its kind's function. */
static int set_texts(struct gp_config_target to, const struct gp_option *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out)
{
	struct gp_config_texts *list = place(to, row);
	const char **items = gp_arena_array(to.arena, count ? count : 1, sizeof *items);
	if (!items)
		return GP_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		bad_out->value = values[i];
		int rc = gp_config_item(to.arena, row, values[i], &items[i]);
		if (rc)
			return rc;
	}
	list->items = items;
	list->count = count;
	return GP_OK;
}

/* set_prefixes: networks. */
static int set_prefixes(struct gp_config_target to, const struct gp_option *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out)
{
	struct gp_option_prefixes *list = place(to, row);
	struct gp_prefix *items = gp_arena_array(to.arena, count ? count : 1, sizeof *items);
	if (!items)
		return GP_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		bad_out->value = values[i];
		int rc = gp_prefix_parse(values[i], &items[i]);
		if (rc)
			return rc;
	}
	list->items = items;
	list->count = count;
	return GP_OK;
}

/* set_bits: words, each a bit. */
static int set_bits(struct gp_config_target to, const struct gp_option *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out)
{
	unsigned set = 0;
	for (size_t i = 0; i < count; i++) {
		const struct gp_option_choice *c = choice_find(row, values[i]);
		bad_out->value = values[i];
		if (!c)
			return GP_ESYNTAX;
		set |= (unsigned)c->value;
	}
	*(unsigned *)place(to, row) = set;
	return GP_OK;
}

/* ---- the kinds ---- */

/* A scalar or a list, each with its function. */
static const struct {
	int (*set)(struct gp_config_target, const struct gp_option *, struct gp_span);
	int (*set_list)(struct gp_config_target, const struct gp_option *, const struct gp_span *,
		size_t, struct gp_config_bad *);
} kinds[GP_CONFIG_KINDS] = {
	[GP_KIND_BOOL] = {set_bool, NULL},
	[GP_KIND_UINT] = {set_uint, NULL},
	[GP_KIND_INT] = {set_int, NULL},
	[GP_KIND_SIZE] = {set_uint, NULL},
	[GP_KIND_BYTES] = {set_scaled, NULL},
	[GP_KIND_SPACE] = {set_scaled, NULL},
	[GP_KIND_MODE] = {set_mode, NULL},
	[GP_KIND_MSEC] = {set_scaled, NULL},
	[GP_KIND_PERIOD] = {set_scaled, NULL},
	[GP_KIND_SEC] = {set_scaled, NULL},
	[GP_KIND_AMOUNT] = {set_amount, NULL},
	[GP_KIND_CHOICE] = {set_choice, NULL},
	[GP_KIND_TEXT] = {set_text, NULL},
	[GP_KIND_CODE] = {set_code, NULL},
	[GP_KIND_TEMPLATE] = {set_template, NULL},
	[GP_KIND_PATH] = {set_path, NULL},
	[GP_KIND_LOGIN] = {set_login, NULL},
	[GP_KIND_MAILBOX] = {set_mailbox, NULL},
	[GP_KIND_DOMAIN] = {set_domain, NULL},
	[GP_KIND_NETWORK] = {set_network, NULL},
	[GP_KIND_ZONE] = {set_zone, NULL},
	[GP_KIND_SECRET] = {set_secret, NULL},
	[GP_KIND_SET] = {NULL, set_bits},
	[GP_KIND_PREFIXES] = {NULL, set_prefixes},
	[GP_KIND_NAMES] = {NULL, set_texts},
	[GP_KIND_HOSTS] = {NULL, set_texts},
	[GP_KIND_DOMAINS] = {NULL, set_texts},
	[GP_KIND_ADDRESSES] = {NULL, set_texts},
	[GP_KIND_LISTEN] = {NULL, set_texts},
	[GP_KIND_SERVERS] = {NULL, set_texts},
	[GP_KIND_STORES] = {NULL, set_texts},
	[GP_KIND_TEXTS] = {NULL, set_texts},
	[GP_KIND_FILES] = {NULL, set_texts},
};

/* gp_config_value_set: through the kind's function, with the bound on lists first. */
int gp_config_value_set(struct gp_config_target to, const struct gp_option *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out)
{
	bool is_list = gp_config_kind_is_list(row->kind);
	int rc;
	*bad_out = (struct gp_config_bad) {count ? values[0] : gp_span_from(""), NULL, false};
	if (is_list && (count < row->min || count > row->max)) {
		bool is_more = count > row->max;
		bad_out->is_of_list = true;
		bad_out->problem = gp_arena_printf(to.arena, "too %s: %zu of at %s %llu",
			is_more ? "many" : "few", count, is_more ? "most" : "least",
			(unsigned long long)(is_more ? row->max : row->min));
		return bad_out->problem ? GP_ESYNTAX : GP_ENOMEM;
	}
	if (!is_list && count != 1)
		return GP_ESYNTAX;
	if (is_list)
		rc = kinds[row->kind].set_list(to, row, values, count, bad_out);
	else
		rc = kinds[row->kind].set(to, row, values[0]);
	if (rc == GP_ESYNTAX)
		bad_out->problem = gp_config_problem(to.arena, row, bad_out->value);
	bool is_secret = row->kind == GP_KIND_SECRET ||
			 (row->kind == GP_KIND_ZONE && gp_dnsbl_list_looks_keyed(bad_out->value));
	if (rc == GP_ESYNTAX && is_secret)
		bad_out->value = gp_span_from(GP_CONFIG_HIDDEN);
	return rc;
}

/* gp_config_preset: the default, cut at its commas when it is a list. */
size_t gp_config_preset(const struct gp_option *row, struct gp_span *values, size_t max)
{
	struct gp_span rest = gp_span_from(row->preset ? row->preset : row->example);
	size_t n = 0;
	if (!gp_config_kind_is_list(row->kind)) {
		values[0] = rest;
		return 1;
	}
	while (rest.len && n < max) {
		gp_span_cut(rest, ',', &values[n], &rest);
		values[n] = gp_span_trim(values[n]);
		n++;
	}
	return n;
}

/* gp_config_presets: every row's default. */
int gp_config_presets(struct gp_config_target to, const char *section)
{
	int rc = GP_OK;
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		const struct gp_option *row = &rows.items[i];
		struct gp_span values[16];
		struct gp_config_bad bad;
		if (!row->preset)
			continue;
		size_t n = gp_config_preset(row, values, 16);
		rc = gp_config_value_set(to, row, values, n, &bad);
	}
	return rc;
}
