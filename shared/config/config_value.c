/* SPDX-License-Identifier: ISC */
/*
 * Values: from the file's text to their place in the snapshot and back, a row of functions for each
 * kind. Everything is bounded by its row before it is stored.
 */
#include "config/config_private.h"

#include <string.h>

#include "mail/address.h"

/* place: where the row's value lies. */
static void *place(struct gp_config *config, const struct gp_config_row *row)
{
	return (char *)config + row->offset;
}

/* place_const: the same, for reading. */
static const void *place_const(const struct gp_config *config, const struct gp_config_row *row)
{
	return (const char *)config + row->offset;
}

/* choice_find: the row's choice of this word, or NULL. */
static const struct gp_config_choice *choice_find(
	const struct gp_config_row *row, struct gp_span word)
{
	for (const struct gp_config_choice *c = row->choices; c->word; c++)
		if (gp_span_is(word, c->word))
			return c;
	return NULL;
}

/* ---- scalars ---- */

static const struct gp_config_choice bools[] = {
	{"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {NULL, 0}};

/* set_bool: yes and no in their usual spellings. */
static int set_bool(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	const struct gp_config_row as = {.choices = bools};
	const struct gp_config_choice *c = choice_find(&as, value);
	if (!c)
		return GP_ESYNTAX;
	*(bool *)place(config, row) = c->value;
	return GP_OK;
}

/* in_bounds: min..max of the row. */
static int in_bounds(const struct gp_config_row *row, uint64_t n)
{
	return n < row->min || n > row->max ? GP_ESYNTAX : GP_OK;
}

/* set_uint: plain digits. */
static int set_uint(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	uint64_t n;
	if (gp_span_parse_uint(value, row->max, &n) || in_bounds(row, n))
		return GP_ESYNTAX;
	if (row->kind == GP_KIND_SIZE)
		*(size_t *)place(config, row) = (size_t)n;
	else
		*(unsigned *)place(config, row) = (unsigned)n;
	return GP_OK;
}

/* set_mode: octal permissions. */
static int set_mode(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
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
	*(unsigned *)place(config, row) = mode;
	return GP_OK;
}

struct unit {
	const char *name;
	uint64_t factor;
};
static const struct unit msec_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sec_units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit byte_units[] = {{"", 1}, {"k", 1024}, {"M", 1024 * 1024}, {NULL, 0}};

/* units_of: the kind's units, smallest first. */
static const struct unit *units_of(enum gp_config_kind kind)
{
	return kind == GP_KIND_MSEC ? msec_units : kind == GP_KIND_SEC ? sec_units : byte_units;
}

/* set_scaled: digits and a unit; a duration without unit is no duration, except 0. */
static int set_scaled(
	struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	size_t digits = 0;
	uint64_t n;
	while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
		digits++;
	struct gp_span unit = gp_span_skip(value, digits);
	if (gp_span_parse_uint((struct gp_span) {value.ptr, digits}, row->max, &n))
		return GP_ESYNTAX;
	const struct unit *u = units_of(row->kind);
	if (!(n == 0 && unit.len == 0))
		while (u->name && !gp_span_is(unit, u->name))
			u++;
	if (!u->name || n > row->max / u->factor || in_bounds(row, n * u->factor))
		return GP_ESYNTAX;
	*(unsigned *)place(config, row) = (unsigned)(n * u->factor);
	return GP_OK;
}

/* set_choice: one word. */
static int set_choice(
	struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	const struct gp_config_choice *c = choice_find(row, value);
	if (!c)
		return GP_ESYNTAX;
	*(int *)place(config, row) = c->value;
	return GP_OK;
}

/* store_text: copies the value into the snapshot. */
static int store_text(
	struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	const char *copy = gp_arena_copy(config->arena, value);
	*(const char **)place(config, row) = copy;
	return copy ? GP_OK : GP_ENOMEM;
}

/* set_text: printable ASCII of bounded length. */
static int set_text(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	if (value.len > row->max || !gp_span_is_printable_ascii(value))
		return GP_ESYNTAX;
	return store_text(config, row, value);
}

/* set_path: empty or absolute. */
static int set_path(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	if (value.len && value.ptr[0] != '/')
		return GP_ESYNTAX;
	return set_text(config, row, value);
}

static const char *const template_names[] = {"result", "identity", "value", "domain", "client",
	"mechanism", "problem", "recipient", "hostname", NULL};

/* set_template: each {name} is a known one, braces pair up. */
static int set_template(
	struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	struct gp_span rest = value, before, name;
	while (gp_span_cut(rest, '{', &before, &rest)) {
		size_t i = 0;
		if (!gp_span_cut(rest, '}', &name, &rest))
			return GP_ESYNTAX;
		while (template_names[i] && !gp_span_is(name, template_names[i]))
			i++;
		if (!template_names[i])
			return GP_ESYNTAX;
	}
	return set_text(config, row, value);
}

/* digits_only: from 1 to max digits. */
static bool digits_only(struct gp_span text, size_t max)
{
	uint64_t n;
	return text.len <= max && gp_span_parse_uint(text, 999, &n) == GP_OK;
}

/* set_code: "550 5.7.23", the classes agree (RFC 5321 4.2, RFC 3463 2). */
static int set_code(struct gp_config *config, const struct gp_config_row *row, struct gp_span value)
{
	struct gp_span basic, enhanced, klass, subject, detail;
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
	return store_text(config, row, value);
}

/* ---- items of lists ---- */

/* item_name: a domain in A-labels, ".domain" for all below it. */
static int item_name(struct gp_arena *arena, struct gp_span value, const char **item_out)
{
	const char *domain;
	bool below = value.len > 1 && value.ptr[0] == '.';
	if (value.len == 0 || gp_address_domain(arena, gp_span_skip(value, below), &domain))
		return GP_ESYNTAX;
	*item_out = below ? gp_arena_printf(arena, ".%s", domain) : domain;
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* item_address: user@domain, user@, or what item_name takes. */
static int item_address(struct gp_arena *arena, struct gp_span value, const char **item_out)
{
	struct gp_span local, domain;
	const char *name = "";
	if (!memchr(value.len ? value.ptr : "", '@', value.len))
		return item_name(arena, value, item_out);
	if (!gp_address_split(value, &local, &domain) || local.len == 0 || local.len > 64 ||
		!gp_span_is_printable_ascii(local))
		return GP_ESYNTAX;
	bool is_quoted = gp_address_unquote(local).len < local.len;
	if (!is_quoted && memchr(local.ptr, ' ', local.len))
		return GP_ESYNTAX;
	if (domain.len && gp_address_domain(arena, domain, &name))
		return GP_ESYNTAX;
	*item_out = gp_arena_printf(arena, "%.*s@%s", (int)local.len, local.ptr, name);
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* item_listen: unix:/path (108 bytes are what the system takes) or inet:ADDRESS:PORT. */
static int item_listen(struct gp_arena *arena, struct gp_span value, const char **item_out)
{
	struct gp_dns_server where;
	if (gp_span_has_prefix(value, "unix:/")) {
		if (value.len - 5 > 107 || !gp_span_is_printable_ascii(value))
			return GP_ESYNTAX;
	} else if (gp_span_has_prefix(value, "inet:")) {
		struct gp_span rest = gp_span_skip(value, 5);
		if (gp_span_find_last(rest, ':') < 0 || gp_dns_server_parse(rest, &where))
			return GP_ESYNTAX;
		/* an IPv6 address with a port stands in brackets */
		if (where.addr.family == GP_IP_V6 && rest.ptr[0] != '[')
			return GP_ESYNTAX;
	} else {
		return GP_ESYNTAX;
	}
	*item_out = gp_arena_copy(arena, value);
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* item_server: a resolver. */
static int item_server(struct gp_arena *arena, struct gp_span value, const char **item_out)
{
	struct gp_dns_server where;
	if (gp_dns_server_parse(value, &where))
		return GP_ESYNTAX;
	*item_out = gp_arena_copy(arena, value);
	return *item_out ? GP_OK : GP_ENOMEM;
}

/* set_texts: every item through its kind's function. */
static int set_texts(struct gp_config *config, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_span *bad_out)
{
	int (*item)(struct gp_arena *, struct gp_span, const char **) =
		row->kind == GP_KIND_NAMES       ? item_name
		: row->kind == GP_KIND_ADDRESSES ? item_address
		: row->kind == GP_KIND_LISTEN    ? item_listen
						 : item_server;
	struct gp_config_texts *list = place(config, row);
	const char **items = gp_arena_array(config->arena, count ? count : 1, sizeof *items);
	if (!items)
		return GP_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		*bad_out = values[i];
		int rc = item(config->arena, values[i], &items[i]);
		if (rc)
			return rc;
	}
	list->items = items;
	list->count = count;
	return GP_OK;
}

/* set_prefixes: networks. */
static int set_prefixes(struct gp_config *config, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_span *bad_out)
{
	struct gp_config_prefixes *list = place(config, row);
	struct gp_prefix *items = gp_arena_array(config->arena, count ? count : 1, sizeof *items);
	if (!items)
		return GP_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		*bad_out = values[i];
		int rc = gp_prefix_parse(values[i], &items[i]);
		if (rc)
			return rc;
	}
	list->items = items;
	list->count = count;
	return GP_OK;
}

/* set_verdicts: a set of bits. */
static int set_verdicts(struct gp_config *config, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_span *bad_out)
{
	unsigned set = 0;
	for (size_t i = 0; i < count; i++) {
		const struct gp_config_choice *c = choice_find(row, values[i]);
		*bad_out = values[i];
		if (!c)
			return GP_ESYNTAX;
		set |= (unsigned)c->value;
	}
	*(unsigned *)place(config, row) = set;
	return GP_OK;
}

/* ---- back to text ---- */

/* add_quoted: a string as libconfuse reads it back. */
static void add_quoted(struct gp_strbuf *buf, const char *text)
{
	gp_strbuf_add_char(buf, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			gp_strbuf_add_char(buf, '\\');
		gp_strbuf_add_char(buf, *text);
	}
	gp_strbuf_add_char(buf, '"');
}

/* format_scaled: in the largest unit that divides it. */
static void format_scaled(struct gp_strbuf *buf, const struct gp_config_row *row, unsigned n)
{
	const struct unit *best = units_of(row->kind);
	for (const struct unit *u = best; u->name; u++)
		if (n && n % u->factor == 0)
			best = u;
	gp_strbuf_printf(buf, "%llu%s", (unsigned long long)(n / best->factor), best->name);
}

/* format_choices: the words whose bits are set, or the one that is equal. */
static void format_choices(struct gp_strbuf *buf, const struct gp_config_row *row, int value)
{
	const char *between = "";
	for (const struct gp_config_choice *c = row->choices; c->word; c++) {
		bool is_set =
			row->kind == GP_KIND_VERDICTS ? (value & c->value) : value == c->value;
		if (!is_set)
			continue;
		gp_strbuf_add(buf, between);
		gp_strbuf_add(buf, c->word);
		between = ", ";
	}
}

/* format_texts: quoted, between commas. */
static void format_texts(struct gp_strbuf *buf, const struct gp_config_texts *list)
{
	for (size_t i = 0; i < list->count; i++) {
		gp_strbuf_add(buf, i ? ", " : "");
		add_quoted(buf, list->items[i]);
	}
}

/* format_prefixes: quoted, between commas. */
static void format_prefixes(struct gp_strbuf *buf, const struct gp_config_prefixes *list)
{
	char text[GP_IPADDR_TEXT];
	for (size_t i = 0; i < list->count; i++)
		gp_strbuf_printf(buf, "%s\"%s/%u\"", i ? ", " : "",
			gp_ipaddr_format(&list->items[i].addr, text), list->items[i].length);
}

/* ---- the kinds ---- */

enum shape { SCALAR, LIST };

static const struct {
	enum shape shape;
	int (*set)(struct gp_config *, const struct gp_config_row *, struct gp_span);
	int (*set_list)(struct gp_config *, const struct gp_config_row *, const struct gp_span *,
		size_t, struct gp_span *);
	const char *allowed; /* NULL: bounds or words of the row */
} kinds[] = {
	[GP_KIND_BOOL] = {SCALAR, set_bool, NULL, "yes or no"},
	[GP_KIND_UINT] = {SCALAR, set_uint, NULL, NULL},
	[GP_KIND_SIZE] = {SCALAR, set_uint, NULL, NULL},
	[GP_KIND_BYTES] = {SCALAR, set_scaled, NULL, NULL},
	[GP_KIND_MODE] = {SCALAR, set_mode, NULL, "octal permissions such as 0660"},
	[GP_KIND_MSEC] = {SCALAR, set_scaled, NULL, NULL},
	[GP_KIND_SEC] = {SCALAR, set_scaled, NULL, NULL},
	[GP_KIND_CHOICE] = {SCALAR, set_choice, NULL, NULL},
	[GP_KIND_TEXT] = {SCALAR, set_text, NULL, NULL},
	[GP_KIND_CODE] = {SCALAR, set_code, NULL, NULL},
	[GP_KIND_TEMPLATE] = {SCALAR, set_template, NULL, NULL},
	[GP_KIND_PATH] = {SCALAR, set_path, NULL, "an absolute path, or empty"},
	[GP_KIND_VERDICTS] = {LIST, NULL, set_verdicts, NULL},
	[GP_KIND_PREFIXES] = {LIST, NULL, set_prefixes,
		"networks such as 192.0.2.0/24 or 2001:db8::/32, without bits set past the prefix"},
	[GP_KIND_NAMES] = {LIST, NULL, set_texts,
		"domain names such as example.org, or .example.org for the names below it"},
	[GP_KIND_ADDRESSES] = {LIST, NULL, set_texts,
		"addresses such as user@example.org, user@, example.org or .example.org"},
	[GP_KIND_LISTEN] = {LIST, NULL, set_texts,
		"sockets such as unix:/path, inet:127.0.0.1:10040 or inet:[::1]:10040"},
	[GP_KIND_SERVERS] = {LIST, NULL, set_texts,
		"addresses such as 127.0.0.1, 127.0.0.1:5353, ::1 or [::1]:5353"},
};

/* gp_config_kind_is_list: from the table. */
bool gp_config_kind_is_list(enum gp_config_kind kind)
{
	return kinds[kind].shape == LIST;
}

/* gp_config_value_set: through the kind's function, with the bound on lists first. */
int gp_config_value_set(struct gp_config *config, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_span *bad_out)
{
	*bad_out = count ? values[0] : gp_span_from("");
	if (!gp_config_kind_is_list(row->kind))
		return count == 1 ? kinds[row->kind].set(config, row, values[0]) : GP_ESYNTAX;
	if (count < row->min || count > row->max)
		return GP_ESYNTAX;
	return kinds[row->kind].set_list(config, row, values, count, bad_out);
}

/* allowed_words: the choices of the row. */
static void allowed_words(struct gp_strbuf *buf, const struct gp_config_row *row)
{
	gp_strbuf_add(buf, row->kind == GP_KIND_VERDICTS ? "any of" : "one of");
	for (const struct gp_config_choice *c = row->choices; c->word; c++)
		gp_strbuf_printf(buf, "%s %s", c == row->choices ? "" : ",", c->word);
}

/* gp_config_allowed: what the row takes, in words. */
void gp_config_allowed(struct gp_strbuf *buf, const struct gp_config_row *row)
{
	unsigned long long min = row->min, max = row->max;
	if (kinds[row->kind].allowed) {
		gp_strbuf_add(buf, kinds[row->kind].allowed);
		if (gp_config_kind_is_list(row->kind))
			gp_strbuf_printf(buf, "; %llu to %llu of them", min, max);
	} else if (row->choices) {
		allowed_words(buf, row);
	} else if (row->kind == GP_KIND_CODE) {
		gp_strbuf_printf(buf, "a reply code and an enhanced code such as %s%s", row->preset,
			row->min == 4   ? ", both of class 4"
			: row->min == 5 ? ", both of class 5"
					: ", both of class 4 or both of class 5");
	} else if (row->kind == GP_KIND_TEMPLATE) {
		gp_strbuf_printf(buf, "printable ASCII, at most %llu characters, with", max);
		for (size_t i = 0; template_names[i]; i++)
			gp_strbuf_printf(buf, " {%s}", template_names[i]);
	} else if (row->kind == GP_KIND_TEXT) {
		gp_strbuf_printf(buf, "printable ASCII, at most %llu characters", max);
	} else if (row->kind == GP_KIND_UINT || row->kind == GP_KIND_SIZE) {
		gp_strbuf_printf(buf, "a number from %llu to %llu", min, max);
	} else {
		gp_strbuf_add(buf, row->kind == GP_KIND_BYTES ? "a size from " : "a time from ");
		format_scaled(buf, row, (unsigned)min);
		gp_strbuf_add(buf, " to ");
		format_scaled(buf, row, (unsigned)max);
		gp_strbuf_add(buf, row->kind == GP_KIND_BYTES  ? ", with k or M"
				   : row->kind == GP_KIND_MSEC ? ", with its unit: ms, s, m, h or d"
							       : ", with its unit: s, m, h or d");
	}
}

/* gp_config_value_format: the reverse of gp_config_value_set. */
void gp_config_value_format(
	struct gp_strbuf *buf, const struct gp_config *config, const struct gp_config_row *row)
{
	const void *at = place_const(config, row);
	bool is_list = gp_config_kind_is_list(row->kind);
	gp_strbuf_add(buf, is_list ? "{" : "");
	switch (row->kind) {
	case GP_KIND_BOOL:
		gp_strbuf_add(buf, *(const bool *)at ? "yes" : "no");
		break;
	case GP_KIND_UINT:
		gp_strbuf_printf(buf, "%u", *(const unsigned *)at);
		break;
	case GP_KIND_SIZE:
		gp_strbuf_printf(buf, "%zu", *(const size_t *)at);
		break;
	case GP_KIND_MODE:
		gp_strbuf_printf(buf, "%04o", *(const unsigned *)at);
		break;
	case GP_KIND_BYTES:
	case GP_KIND_MSEC:
	case GP_KIND_SEC:
		format_scaled(buf, row, *(const unsigned *)at);
		break;
	case GP_KIND_CHOICE:
		format_choices(buf, row, *(const int *)at);
		break;
	case GP_KIND_VERDICTS:
		format_choices(buf, row, (int)*(const unsigned *)at);
		break;
	case GP_KIND_TEXT:
	case GP_KIND_CODE:
	case GP_KIND_TEMPLATE:
	case GP_KIND_PATH:
		add_quoted(buf, *(const char *const *)at);
		break;
	case GP_KIND_PREFIXES:
		format_prefixes(buf, at);
		break;
	case GP_KIND_NAMES:
	case GP_KIND_ADDRESSES:
	case GP_KIND_LISTEN:
	case GP_KIND_SERVERS:
		format_texts(buf, at);
		break;
	}
	gp_strbuf_add(buf, is_list ? "}" : "");
}

/* gp_config_preset: the default, cut at its commas when it is a list. */
size_t gp_config_preset(const struct gp_config_row *row, struct gp_span *values, size_t max)
{
	struct gp_span rest = gp_span_from(row->preset);
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
