/* SPDX-License-Identifier: ISC */
/* Statements from the rows, in a spelling that is drawn for each token; then the damage. */
#include "support/config_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_private.h"

#define FILE_MAX (64 * 1024)

/* What a file is made with. */
struct maker {
	struct gp_strbuf buf;
	uint64_t state;
	bool used[GP_CONFIG_ROWS_MAX];
	size_t limits; /* names that limits have so far: a, b, c, ... */
};

/* next: SplitMix64. */
static uint64_t next(struct maker *m)
{
	uint64_t z = (m->state += 0x9e3779b97f4a7c15u);
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* below: a number below n. */
static size_t below(struct maker *m, size_t n)
{
	return (size_t)(next(m) % n);
}

/* good: a text of a list that NULL ends; the last one before that, which is wrong, seldom. */
static const char *good(struct maker *m, const char *const *texts)
{
	size_t n = 0;
	while (texts[n])
		n++;
	return texts[below(m, 80) ? below(m, n - 1) : n - 1];
}

/* one_of: a text of a list that NULL ends. */
static const char *one_of(struct maker *m, const char *const *texts)
{
	size_t n = 0;
	while (texts[n])
		n++;
	return texts[below(m, n)];
}

/* blank: what may stand between tokens; needed: something has to. */
static void blank(struct maker *m, bool needed)
{
	static const char *const usual[] = {" ", " ", " ", " ", "\n", "\n", "\t", NULL};
	static const char *const rare[] = {"  ", "\r\n", " # comment } \" \n", " // comment {\n",
		" /* comment\n * = */ ", "\n\n", " * ", " + ", " /**/ ", " /*/ ", NULL};
	if (needed || below(m, 2))
		gp_strbuf_add(&m->buf, one_of(m, below(m, 8) ? usual : rare));
}

/* is_bare: does the value need no quotes? */
static bool is_bare(const char *value)
{
	return *value && !strpbrk(value, " #\"'\t\r\n={}()+,*$\\") && strncmp(value, "//", 2) != 0;
}

/* string: the value in quotes, sometimes with escapes. */
static void string(struct maker *m, const char *value)
{
	char quote = below(m, 3) ? '"' : '\'';
	gp_strbuf_add_char(&m->buf, quote);
	for (; *value; value++) {
		bool is_special = *value == quote || *value == '\\' || *value == '$';
		if (quote == '"' && below(m, 24) == 0)
			gp_strbuf_printf(&m->buf, below(m, 2) ? "\\x%02x" : "\\%03o",
				(unsigned)(unsigned char)*value);
		else if (is_special && (quote == '"' || *value != '$'))
			gp_strbuf_printf(&m->buf, "\\%c", *value);
		else
			gp_strbuf_add_char(&m->buf, *value);
		if (below(m, 200) == 0)
			gp_strbuf_add(&m->buf, "\\\n");
	}
	gp_strbuf_add_char(&m->buf, quote);
}

/* word: the value, bare where that is possible, as a rule. */
static void word(struct maker *m, const char *value)
{
	if (is_bare(value) && below(m, 4))
		gp_strbuf_add(&m->buf, value);
	else
		string(m, value);
}

/* number: within the row's bounds, as a rule. */
static const char *number(struct maker *m, const struct gp_option *row, char *room, size_t size)
{
	uint64_t span = row->max - row->min < 1000 ? row->max - row->min : 1000;
	snprintf(room, size, row->kind == GP_KIND_MODE ? "%04llo" : "%llu",
		(unsigned long long)(row->min + next(m) % (span + 1) + (below(m, 30) == 0) * 7777));
	return room;
}

/* value_of: one that the row takes, as a rule. */
static const char *value_of(struct maker *m, const struct gp_option *row, char *room, size_t size)
{
	static const char *const bools[] = {"yes", "no", "on", "off", "true", "False", NULL};
	static const char *const times[] = {"1 h", "5", NULL};
	static const char *const sizes[] = {"1M", "2M", "1024k", "4M", "1048576", "1X", NULL};
	static const char *const amounts[] = {
		"0", "1", "100", "5000", "unlimited", "3M", "-1", NULL};
	static const char *const paths[] = {
		"", "/x", "/var/lib/x y", "/tmp/#x", "/a'b", "rel", NULL};
	static const char *const texts[] = {"", "x", "mx.example.org", "a b", "a\"b", "a\\b", "$x",
		"a//b", "#", "a,b;c", "/*x*/", "\303\274", NULL};
	static const char *const templates[] = {
		"", "no", "see /* x */", "50% of it", "{nobody}", NULL};
	static const char *const codes[] = {
		"550 5.7.1", "451 4.7.1", "", "554 5.7.1", "250 2.0.0", NULL};
	static const char *const networks[] = {"192.0.2.0/24", "192.0.2.1", "2001:db8::/32",
		"10.0.0.0/8", "198.51.100.0/24", "::1", "192.0.2.1/24", NULL};
	static const char *const names[] = {"example.org", "www.example.net", "BÃ¼cher.example",
		"a.test", "A.Test", "localhost", "a..b", NULL};
	static const char *const mailboxes[] = {"user@example.org", "abuse@", "example.org",
		"U@X.test", "\"a b\"@example.org", "@example.org", NULL};
	static const char *const sockets[] = {"unix:/run/p", "inet:127.0.0.1:10040",
		"inet:[::1]:10041", "unix:/a b", "inet:1", NULL};
	static const char *const servers[] = {
		"127.0.0.1", "::1", "192.0.2.1:5353", "[::1]:53", "x", NULL};
	static const char *const stores[] = {"lmdb:/var/lib/gatepost", "lmdb:/x", "lmdb:rel", NULL};
	static const char *const files[] = {
		"/nowhere/*.conf", "/nowhere/[a].conf", "/nowhere/x.conf", NULL};
	static const char *const zones[] = {"bl.example", "BL.Example.", "", "a..b", NULL};
	static const char *const keys[] = {"", "abc123", "x_y-z", "no key", NULL};
	static const char *const rules[] = {
		"127.0.0.2 = 2", "127.0.0.10-11 = 1", "127.0.0.9-2 = 1", NULL};
	size_t n = 0;
	if (row->preset && *row->preset && !strchr(row->preset, ',') && below(m, 3))
		return row->preset;
	switch (row->kind) {
	case GP_KIND_BOOL:
		return good(m, bools);
	case GP_KIND_UINT:
	case GP_KIND_SIZE:
	case GP_KIND_MODE:
		return number(m, row, room, size);
	case GP_KIND_INT:
		snprintf(room, size, "%d", (int)below(m, 9));
		return room;
	case GP_KIND_ZONE:
		return good(m, zones);
	case GP_KIND_SECRET:
		return good(m, keys);
	case GP_KIND_TEXTS:
		return good(m, rules);
	case GP_KIND_BYTES:
	case GP_KIND_SPACE:
		return good(m, sizes);
	case GP_KIND_MSEC:
	case GP_KIND_PERIOD:
	case GP_KIND_SEC:
		snprintf(room, size, "%llu%s", (unsigned long long)(row->max - next(m) % 9),
			row->kind == GP_KIND_SEC ? "s" : "ms");
		return below(m, 80) ? room : good(m, times);
	case GP_KIND_AMOUNT:
		return good(m, amounts);
	case GP_KIND_CHOICE:
	case GP_KIND_SET:
		while (row->choices[n].word)
			n++;
		return below(m, 40) ? row->choices[below(m, n)].word : "often";
	case GP_KIND_TEXT:
		return good(m, texts);
	case GP_KIND_TEMPLATE:
		return good(m, templates);
	case GP_KIND_CODE:
		return below(m, 4) && row->preset ? row->preset : good(m, codes);
	case GP_KIND_PATH:
		return good(m, paths);
	case GP_KIND_LOGIN:
	case GP_KIND_MAILBOX:
	case GP_KIND_ADDRESSES:
		return good(m, mailboxes);
	case GP_KIND_NETWORK:
	case GP_KIND_PREFIXES:
		return strcmp(row->name, "nat64_prefixes") == 0 ? "64:ff9b:1::/96"
								: good(m, networks);
	case GP_KIND_DOMAIN:
	case GP_KIND_NAMES:
	case GP_KIND_HOSTS:
	case GP_KIND_DOMAINS:
		return good(m, names);
	case GP_KIND_LISTEN:
		snprintf(room, size, "inet:127.0.0.1:%zu", 1 + below(m, 60000));
		return below(m, 4) ? room : good(m, sockets);
	case GP_KIND_SERVERS:
		return good(m, servers);
	case GP_KIND_STORES:
		return good(m, stores);
	case GP_KIND_FILES:
		return good(m, files);
	}
	return "";
}

/* list: in braces, or one item without. */
static void list(struct maker *m, const struct gp_option *row)
{
	char room[64];
	size_t n = below(m, 4);
	if (n == 1 && below(m, 2)) {
		word(m, value_of(m, row, room, sizeof room));
		return;
	}
	gp_strbuf_add(&m->buf, "{");
	for (size_t i = 0; i < n; i++) {
		blank(m, false);
		word(m, value_of(m, row, room, sizeof room));
		blank(m, false);
		if (i + 1 < n || below(m, 4) == 0)
			gp_strbuf_add(&m->buf, ",");
	}
	blank(m, false);
	gp_strbuf_add(&m->buf, "}");
}

/* assignment: name = value. */
static void assignment(struct maker *m, const struct gp_option *row)
{
	static const int lists[] = {GP_KIND_SET, GP_KIND_PREFIXES, GP_KIND_NAMES, GP_KIND_HOSTS,
		GP_KIND_DOMAINS, GP_KIND_ADDRESSES, GP_KIND_LISTEN, GP_KIND_SERVERS, GP_KIND_STORES,
		GP_KIND_TEXTS, GP_KIND_FILES};
	char room[64];
	bool is_list = false;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		is_list = is_list || lists[i] == (int)row->kind;
	word(m, row->name);
	blank(m, false);
	gp_strbuf_add(&m->buf, is_list && below(m, 3) == 0 ? "+=" : "=");
	blank(m, false);
	if (is_list)
		list(m, row);
	else
		word(m, value_of(m, row, room, sizeof room));
	blank(m, true);
}

/* rows: some of a section's, seldom one of them twice. */
static void rows(struct maker *m, const char *section, size_t count)
{
	const struct gp_config_rows range = gp_config_rows_of(section);
	for (size_t i = 0; i < count && range.count; i++) {
		size_t n = below(m, range.count);
		if (!m->used[range.first + n] || below(m, 40) == 0)
			assignment(m, &range.items[n]);
		m->used[range.first + n] = true;
	}
}

/* limit: with what has to stand in it. */
static void limit(struct maker *m)
{
	static const char *const keys[] = {"user", "user", "user", "sender", "client", "all", NULL};
	gp_strbuf_add(&m->buf, "limit ");
	char name[2] = {(char)('a' + m->limits++ % 26), 0};
	word(m, name);
	blank(m, false);
	gp_strbuf_printf(&m->buf, "{ key = %s max = %zu per = 1h\n", one_of(m, keys), below(m, 99));
	if (below(m, 3) == 0)
		rows(m, "limit", 1);
	gp_strbuf_add(&m->buf, "}");
}

/* override: of a user, as a rule. */
static void override(struct maker *m)
{
	static const char *const subjects[] = {
		"user", "user", "user", "sender", "client", "domain", NULL};
	const char *subject = one_of(m, subjects);
	gp_strbuf_printf(&m->buf, "override { %s = ", subject);
	if (strcmp(subject, "client") == 0)
		gp_strbuf_printf(&m->buf, "192.0.2.%zu", below(m, 256));
	else if (strcmp(subject, "domain") == 0)
		gp_strbuf_printf(&m->buf, "d%zu.test", below(m, 1000));
	else
		gp_strbuf_printf(&m->buf, "u%zu@a.test", below(m, 1000));
	blank(m, true);
	gp_strbuf_printf(&m->buf, "%c", (char)('a' + below(m, m->limits ? m->limits : 1) % 26));
	blank(m, false);
	gp_strbuf_printf(&m->buf, "= %zu }", below(m, 1000));
}

/* use: a list of the table. */
static void use(struct maker *m)
{
	static const char *const names[] = {
		"psbl", "spamcop", "dnswl", "surbl", "spamhaus-zen", "abusix", "psbll", NULL};
	static const char *const options[] = {"", "weight = 2", "weight = -5 max = 3", "key = abc",
		"codes += { \"127.0.9.9 = 1 x\" }", "off = yes", "tests = { none }", "asks = {}",
		NULL};
	gp_strbuf_add(&m->buf, "use ");
	word(m, good(m, names));
	blank(m, false);
	gp_strbuf_printf(&m->buf, "{ %s }", good(m, options));
}

/* own_list: one of the file's own. */
static void own_list(struct maker *m)
{
	gp_strbuf_printf(&m->buf, "list l%zu.example { ", below(m, 1000));
	blank(m, false);
	if (below(m, 4) == 0)
		rows(m, "list", 1);
	gp_strbuf_add(&m->buf, "}");
}

/* section: any of them. */
static void section(struct maker *m)
{
	size_t count = 0;
	while (gp_config_sections[count].own)
		count++;
	const struct gp_config_section *s = &gp_config_sections[below(m, count)];
	if (strcmp(s->own->name, "use") == 0) {
		use(m);
	} else if (strcmp(s->own->name, "list") == 0) {
		own_list(m);
	} else if (s->times == GP_SECTION_NAMED) {
		limit(m);
	} else if (s->times == GP_SECTION_MANY) {
		if (m->limits || below(m, 20) == 0)
			override(m);
	} else {
		word(m, s->own->name);
		blank(m, false);
		gp_strbuf_add(&m->buf, "{");
		blank(m, false);
		rows(m, s->own->name, below(m, 4));
		gp_strbuf_add(&m->buf, "}");
	}
	blank(m, false);
}

/* break_one: one byte taken out, put in, or changed for another. */
static void break_one(struct maker *m, char *text, size_t *len)
{
	static const char bytes[] = "{}=,+\"'#/*\\ ;:$()|\n\r\tax0.@\xc3";
	if (*len == 0)
		return;
	size_t at = below(m, *len);
	char byte = bytes[below(m, sizeof bytes - 1)];
	switch (below(m, 4)) {
	case 0:
		memmove(text + at, text + at + 1, --*len - at);
		break;
	case 1:
		memmove(text + at + 1, text + at, (*len)++ - at);
		text[at] = byte;
		break;
	case 2:
		text[at] = byte;
		break;
	default:
		*len = below(m, 8) ? *len : at; /* cut */
	}
}

/* config_file_make: statements, then the damage. */
struct gp_span config_file_make(struct gp_arena *arena, uint64_t seed)
{
	struct maker m = {.state = seed};
	gp_strbuf_init(&m.buf, arena, FILE_MAX);
	size_t count = 1 + below(&m, 8);
	for (size_t i = 0; i < count; i++) {
		if (below(&m, 3) == 0)
			rows(&m, NULL, 1);
		else
			section(&m);
		if (below(&m, 2))
			gp_strbuf_add(&m.buf, "\n");
	}
	size_t len = m.buf.len, breaks = below(&m, 5) < 2 ? 1 + below(&m, 3) : 0;
	char *text = gp_arena_alloc(arena, len + 8);
	if (!text || m.buf.status)
		abort();
	memcpy(text, m.buf.data ? m.buf.data : "", len);
	for (size_t i = 0; i < breaks; i++)
		break_one(&m, text, &len);
	return (struct gp_span) {text, len};
}
