/* SPDX-License-Identifier: ISC */
/*
 * Values back to text: as the file spells them, for the dump, and what each row allows, in words,
 * for errors, the example and the man page.
 */
#include "config/config_private.h"

/* ---- settled values ---- */

/* gp_config_quote: as it is read back. */
void gp_config_quote(struct gp_strbuf *buf, const char *text)
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
static void format_scaled(struct gp_strbuf *buf, enum gp_option_kind kind, uint64_t n)
{
	const struct gp_config_unit *best = gp_config_units(kind);
	for (const struct gp_config_unit *u = best; u->name; u++)
		if (n && n % u->factor == 0)
			best = u;
	gp_strbuf_printf(buf, "%llu%s", (unsigned long long)(n / best->factor), best->name);
}

/* gp_config_amount_format: digits, or the word. */
void gp_config_amount_format(struct gp_strbuf *buf, int64_t amount, bool in_bytes)
{
	if (amount == GP_LIMIT_UNLIMITED)
		gp_strbuf_add(buf, "unlimited");
	else if (in_bytes)
		format_scaled(buf, GP_KIND_AMOUNT, (uint64_t)amount);
	else
		gp_strbuf_printf(buf, "%lld", (long long)amount);
}

/* gp_config_word: from the list. */
const char *gp_config_word(const struct gp_option_choice *choices, int value)
{
	for (const struct gp_option_choice *c = choices; c->word; c++)
		if (c->value == value)
			return c->word;
	return "";
}

/* format_bits: the words whose bits are set. */
static void format_bits(struct gp_strbuf *buf, const struct gp_option *row, unsigned set)
{
	const char *between = "";
	for (const struct gp_option_choice *c = row->choices; c->word; c++) {
		if (!(set & (unsigned)c->value))
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
		gp_config_quote(buf, list->items[i]);
	}
}

/* format_prefixes: quoted, between commas. */
static void format_prefixes(struct gp_strbuf *buf, const struct gp_option_prefixes *list)
{
	char text[GP_PREFIX_TEXT];
	for (size_t i = 0; i < list->count; i++)
		gp_strbuf_printf(
			buf, "%s\"%s\"", i ? ", " : "", gp_prefix_format(&list->items[i], text));
}

/* format_int: its word, if it is one. */
static void format_int(struct gp_strbuf *buf, const struct gp_option *row, int value)
{
	const char *word = row->choices ? gp_config_word(row->choices, value) : "";
	if (*word)
		gp_strbuf_add(buf, word);
	else
		gp_strbuf_printf(buf, "%d", value);
}

/* gp_config_value_format: the reverse of gp_config_value_set. */
void gp_config_value_format(struct gp_strbuf *buf, const void *base, const struct gp_option *row)
{
	const void *at = (const char *)base + row->offset;
	bool is_list = gp_config_kind_is_list(row->kind);
	gp_strbuf_add(buf, is_list ? "{" : "");
	switch (row->kind) {
	case GP_KIND_BOOL:
		gp_strbuf_add(buf, *(const bool *)at ? "yes" : "no");
		break;
	case GP_KIND_UINT:
		gp_strbuf_printf(buf, "%u", *(const unsigned *)at);
		break;
	case GP_KIND_INT:
		format_int(buf, row, *(const int *)at);
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
		format_scaled(buf, row->kind, *(const unsigned *)at);
		break;
	case GP_KIND_SPACE:
		format_scaled(buf, row->kind, *(const size_t *)at);
		break;
	case GP_KIND_PERIOD:
		format_scaled(buf, row->kind, (uint64_t) * (const int64_t *)at);
		break;
	case GP_KIND_AMOUNT:
		gp_config_amount_format(buf, *(const int64_t *)at, false);
		break;
	case GP_KIND_CHOICE:
		gp_strbuf_add(buf, gp_config_word(row->choices, *(const int *)at));
		break;
	case GP_KIND_SET:
		format_bits(buf, row, *(const unsigned *)at);
		break;
	case GP_KIND_TEXT:
	case GP_KIND_CODE:
	case GP_KIND_TEMPLATE:
	case GP_KIND_PATH:
	case GP_KIND_LOGIN:
	case GP_KIND_MAILBOX:
	case GP_KIND_DOMAIN:
	case GP_KIND_ZONE:
		gp_config_quote(buf, *(const char *const *)at);
		break;
	case GP_KIND_SECRET:
		gp_config_quote(buf, **(const char *const *)at ? GP_CONFIG_HIDDEN : "");
		break;
	case GP_KIND_NETWORK:
		gp_config_quote(buf, ((const struct gp_option_network *)at)->text);
		break;
	case GP_KIND_PREFIXES:
		format_prefixes(buf, at);
		break;
	case GP_KIND_NAMES:
	case GP_KIND_HOSTS:
	case GP_KIND_DOMAINS:
	case GP_KIND_ADDRESSES:
	case GP_KIND_LISTEN:
	case GP_KIND_SERVERS:
	case GP_KIND_STORES:
	case GP_KIND_TEXTS:
	case GP_KIND_FILES:
		format_texts(buf, at);
		break;
	}
	gp_strbuf_add(buf, is_list ? "}" : "");
}

/* ---- what is allowed ---- */

/* Kinds of which one sentence says all; the others have bounds or words of their row. */
static const char *const sentences[GP_CONFIG_KINDS] = {
	[GP_KIND_BOOL] = "yes or no",
	[GP_KIND_MODE] = "octal permissions such as 0660",
	[GP_KIND_MAILBOX] = "an address such as user@example.org",
	[GP_KIND_DOMAIN] = "a domain name such as example.org",
	[GP_KIND_NETWORK] = "an address such as 192.0.2.1 or 2001:db8::1, or a network such as "
			    "192.0.2.0/24, without bits set past the prefix",
	[GP_KIND_TEXTS] = "printable ASCII",
	[GP_KIND_PREFIXES] =
		"networks such as 192.0.2.0/24 or 2001:db8::/32, without bits set past "
		"the prefix",
	[GP_KIND_NAMES] = "domain names such as example.org, or .example.org for the names below "
			  "it",
	[GP_KIND_HOSTS] = "names of hosts such as mail.example.org, or .example.org for the names "
			  "below it",
	[GP_KIND_DOMAINS] = "domain names such as example.org",
	[GP_KIND_ADDRESSES] = "addresses such as user@example.org, user@, example.org or "
			      ".example.org",
	[GP_KIND_LISTEN] = "sockets such as unix:/path, inet:127.0.0.1:10040 or inet:[::1]:10040",
	[GP_KIND_SERVERS] = "addresses such as 127.0.0.1, 127.0.0.1:5353, ::1 or [::1]:5353",
	[GP_KIND_STORES] = "stores such as lmdb:/var/lib/gatepost, redis://127.0.0.1:6379/0, "
			   "rediss://HOST, redis+unix:/path or sentinel://HOST/NAME",
	[GP_KIND_FILES] = "absolute paths such as /etc/gatepost/overrides.conf or "
			  "/etc/gatepost/overrides.d/*.conf",
};

/* allowed_words: the choices of the row. */
static void allowed_words(struct gp_strbuf *buf, const struct gp_option *row)
{
	gp_strbuf_add(buf, row->kind == GP_KIND_SET ? "any of" : "one of");
	for (const struct gp_option_choice *c = row->choices; c->word; c++)
		gp_strbuf_printf(buf, "%s %s", c == row->choices ? "" : ",", c->word);
}

/* allowed_text: kinds of text with their length. */
static void allowed_text(struct gp_strbuf *buf, const struct gp_option *row)
{
	unsigned long long max = row->max;
	if (row->kind == GP_KIND_ZONE) {
		gp_strbuf_printf(buf, "a name in DNS, at most %llu characters", max);
	} else if (row->kind == GP_KIND_SECRET) {
		gp_strbuf_printf(
			buf, "letters, digits, - and _, at most %llu characters, or empty", max);
	} else if (row->kind == GP_KIND_PATH) {
		gp_strbuf_add(buf, "an absolute path");
		if (max < 1024)
			gp_strbuf_printf(buf, " of at most %llu characters", max);
		gp_strbuf_add(buf, ", or empty");
	} else if (row->kind == GP_KIND_LOGIN) {
		gp_strbuf_printf(buf, "a name in UTF-8, at most %llu bytes", max);
	} else {
		gp_strbuf_printf(buf, "printable ASCII, %s%llu characters",
			row->min ? "1 to " : "at most ", max);
	}
	if (row->kind != GP_KIND_TEMPLATE)
		return;
	gp_strbuf_add(buf, ", with");
	for (const struct gp_option_choice *c = row->choices; c->word; c++)
		gp_strbuf_printf(buf, " {%s}", c->word);
}

/* allowed_code: the example, the class, and whether there may be none. */
static void allowed_code(struct gp_strbuf *buf, const struct gp_option *row)
{
	gp_strbuf_printf(buf, "a reply code and an enhanced code such as %s%s%s",
		*row->preset ? row->preset : "450 4.7.1",
		row->min == 4   ? ", both of class 4"
		: row->min == 5 ? ", both of class 5"
				: ", both of class 4 or both of class 5",
		row->max == 1 ? ", or empty" : "");
}

/* allowed_scaled: bounds and units. */
static void allowed_scaled(struct gp_strbuf *buf, const struct gp_option *row)
{
	bool is_size = row->kind == GP_KIND_BYTES || row->kind == GP_KIND_SPACE;
	gp_strbuf_add(buf, is_size ? "a size from " : "a time from ");
	format_scaled(buf, row->kind, row->min);
	gp_strbuf_add(buf, " to ");
	format_scaled(buf, row->kind, row->max);
	gp_strbuf_add(buf, row->kind == GP_KIND_BYTES   ? ", with k or M"
			   : row->kind == GP_KIND_SPACE ? ", with k, M, G or T"
			   : row->kind == GP_KIND_SEC   ? ", with its unit: s, m, h or d"
							: ", with its unit: ms, s, m, h or d");
}

/* allowed_int: bounds, and words. */
static void allowed_int(struct gp_strbuf *buf, const struct gp_option *row)
{
	gp_strbuf_printf(
		buf, "a number from %lld to %lld", (long long)row->min, (long long)row->max);
	for (const struct gp_option_choice *c = row->choices; c && c->word; c++)
		gp_strbuf_printf(buf, ", or %s", c->word);
}

/* gp_config_allowed: what the row takes, in words. */
void gp_config_allowed(struct gp_strbuf *buf, const struct gp_option *row)
{
	unsigned long long min = row->min, max = row->max;
	if (sentences[row->kind]) {
		gp_strbuf_add(buf, sentences[row->kind]);
		if (gp_config_kind_is_list(row->kind))
			gp_strbuf_printf(buf, "; %llu to %llu of them", min, max);
	} else if (row->kind == GP_KIND_CODE) {
		allowed_code(buf, row);
	} else if (row->kind == GP_KIND_TEMPLATE || row->kind == GP_KIND_TEXT ||
		   row->kind == GP_KIND_PATH || row->kind == GP_KIND_LOGIN ||
		   row->kind == GP_KIND_ZONE || row->kind == GP_KIND_SECRET) {
		allowed_text(buf, row);
	} else if (row->kind == GP_KIND_INT) {
		allowed_int(buf, row);
	} else if (row->choices) {
		allowed_words(buf, row);
	} else if (row->kind == GP_KIND_UINT || row->kind == GP_KIND_SIZE) {
		gp_strbuf_printf(buf, "a number from %llu to %llu", min, max);
	} else if (row->kind == GP_KIND_AMOUNT) {
		gp_strbuf_printf(buf,
			"a number from %llu to %llu, with k, M, G or T where bytes are counted, or "
			"unlimited",
			min, max);
	} else {
		allowed_scaled(buf, row);
	}
}
