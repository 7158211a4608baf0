/* SPDX-License-Identifier: ISC */
/*
 * Macros (RFC 7208 7). One reader cuts a text into pieces, literal or macro; checking walks the
 * pieces, expanding walks them again and appends. Parts of a value are never stored: they are
 * counted, then copied from the value in the order wanted. All output goes through one bounded
 * buffer, so no size is kept by hand (libspf2's CVE-2021-20314, -33912, -33913, CVE-2023-42118).
 */
#include <string.h>

#include "base/encode.h"
#include "mail/address.h"
#include "spf/spf_private.h"

#define EXPANSION_MAX 8192   /* of a domain-spec; of which at most 253 octets are asked for */
#define PARTS_MAX UINT32_MAX /* 7.3 wants at least 127; more than there are means: all */

static const char delimiters[] = ".-+,/_="; /* 7.1 */

struct piece {
	struct gp_span literal; /* when letter is 0 */
	char letter;            /* small */
	bool escape;            /* the letter was a capital (7.3) */
	bool reverse;
	unsigned parts;      /* 0: all */
	struct gp_span cuts; /* delimiters given; empty: "." */
};

/* is_digit: ASCII. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* read_digits: the number of parts; GP_ESYNTAX for 0 (7.3) and for what no machine could mean. */
static int read_digits(struct gp_span *rest, unsigned *parts_out)
{
	uint64_t value = 0;
	size_t n = 0;
	while (n < rest->len && is_digit(rest->ptr[n]))
		n++;
	const struct gp_span digits = {rest->ptr, n};
	if (n && (gp_span_parse_uint(digits, PARTS_MAX, &value) != GP_OK || value == 0))
		return GP_ESYNTAX;
	*rest = gp_span_skip(*rest, n);
	*parts_out = (unsigned)value;
	return GP_OK;
}

/* read_braces: letter, transformers and delimiters up to the closing brace. */
static int read_braces(struct gp_span *rest, struct piece *piece)
{
	if (rest->len == 0)
		return GP_ESYNTAX;
	piece->letter = gp_span_lower(rest->ptr[0]);
	piece->escape = piece->letter != rest->ptr[0];
	if (!piece->letter || !strchr("slodipvhcrt", piece->letter))
		return GP_ESYNTAX;
	*rest = gp_span_skip(*rest, 1);
	if (read_digits(rest, &piece->parts) != GP_OK)
		return GP_ESYNTAX;
	if (rest->len && gp_span_lower(rest->ptr[0]) == 'r') {
		piece->reverse = true;
		*rest = gp_span_skip(*rest, 1);
	}
	if (!gp_span_cut(*rest, '}', &piece->cuts, rest))
		return GP_ESYNTAX;
	for (size_t i = 0; i < piece->cuts.len; i++)
		if (!piece->cuts.ptr[i] || !strchr(delimiters, piece->cuts.ptr[i]))
			return GP_ESYNTAX;
	return GP_OK;
}

/* read_percent: what stands after a % sign (7.1). */
static int read_percent(struct gp_span *rest, struct piece *piece)
{
	static const struct {
		char c;
		struct gp_span text;
	} fixed[] = {{'%', {"%", 1}}, {'_', {" ", 1}}, {'-', {"%20", 3}}};
	char c = rest->len ? rest->ptr[0] : 0;
	*rest = gp_span_skip(*rest, 1);
	if (c == '{')
		return read_braces(rest, piece);
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (fixed[i].c == c) {
			piece->literal = fixed[i].text;
			return GP_OK;
		}
	}
	return GP_ESYNTAX;
}

/* read_piece: the next literal run or macro of a text that is not empty. */
static int read_piece(struct gp_span *rest, struct piece *piece_out)
{
	*piece_out = (struct piece) {.letter = 0};
	const char *percent = memchr(rest->ptr, '%', rest->len);
	size_t n = percent ? (size_t)(percent - rest->ptr) : rest->len;
	if (n) {
		piece_out->literal = (struct gp_span) {rest->ptr, n};
		*rest = gp_span_skip(*rest, n);
		return GP_OK;
	}
	*rest = gp_span_skip(*rest, 1);
	return read_percent(rest, piece_out);
}

/* is_toplabel: letters, digits, inner hyphens, and not digits alone (7.1). */
static bool is_toplabel(struct gp_span label)
{
	bool all_digits = true;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		bool hyphen = c == '-' && i > 0 && i + 1 < label.len;
		bool alpha = gp_span_lower(c) >= 'a' && gp_span_lower(c) <= 'z';
		if (!alpha && !hyphen && !is_digit(c))
			return false;
		all_digits = all_digits && is_digit(c);
	}
	return label.len > 0 && !all_digits;
}

/* ends_domain: does the literal at the end of a domain-spec end it (domain-end, 7.1)? */
static bool ends_domain(struct gp_span literal)
{
	if (literal.len && literal.ptr[literal.len - 1] == '.')
		literal.len--;
	ptrdiff_t dot = gp_span_find_last(literal, '.');
	return dot >= 0 && is_toplabel(gp_span_skip(literal, (size_t)dot + 1));
}

/* gp_spf_macro_check: bytes, pieces, and the end of a domain-spec. */
int gp_spf_macro_check(struct gp_span text, enum gp_spf_macro_use use)
{
	struct piece piece = {.letter = 0};
	bool percent = false; /* the last piece began with one */
	if (use == GP_SPF_DOMAIN_SPEC && text.len == 0)
		return GP_ESYNTAX;
	if (!gp_span_is_printable_ascii(text))
		return GP_ESYNTAX;
	if (use != GP_SPF_EXPLAIN_STRING && text.len && memchr(text.ptr, ' ', text.len))
		return GP_ESYNTAX;
	while (text.len) {
		percent = text.ptr[0] == '%';
		if (read_piece(&text, &piece) != GP_OK)
			return GP_ESYNTAX;
		/* 7.2: c, r and t in the text of exp only; unknown modifiers are not judged */
		if (use == GP_SPF_DOMAIN_SPEC && piece.letter && strchr("crt", piece.letter))
			return GP_ESYNTAX;
	}
	if (use == GP_SPF_DOMAIN_SPEC && !percent && !ends_domain(piece.literal))
		return GP_ESYNTAX;
	return GP_OK;
}

/* ---- values of the letters ---- */

/* local_is_ascii: others cannot be expanded (RFC 8616 4). */
static bool local_is_ascii(const struct gp_spf_run *run)
{
	for (size_t i = 0; i < run->local.len; i++)
		if ((unsigned char)run->local.ptr[i] > 0x7f)
			return false;
	return true;
}

/* from_arena: a text just made as a span, or the arena's refusal. */
static int from_arena(struct gp_spf_run *run, const char *text, struct gp_span *value_out)
{
	*value_out = gp_span_from(text);
	return text ? GP_OK : gp_arena_status(run->ctx->arena);
}

/* value_s: <sender>. */
static int value_s(struct gp_spf_run *run, struct gp_span *value_out)
{
	if (!local_is_ascii(run))
		return GP_ESYNTAX;
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, run->ctx->arena, EXPANSION_MAX);
	gp_strbuf_add_span(&buf, run->local);
	gp_strbuf_add_char(&buf, '@');
	gp_strbuf_add(&buf, run->sender_domain);
	int rc = gp_strbuf_finish(&buf, &text);
	*value_out = gp_strbuf_span(&buf);
	return rc;
}

/* value_l: its local part. */
static int value_l(struct gp_spf_run *run, struct gp_span *value_out)
{
	*value_out = run->local;
	return local_is_ascii(run) ? GP_OK : GP_ESYNTAX;
}

/* value_o: its domain. */
static int value_o(struct gp_spf_run *run, struct gp_span *value_out)
{
	*value_out = gp_span_from(run->sender_domain);
	return GP_OK;
}

/* value_d: <domain>. */
static int value_d(struct gp_spf_run *run, struct gp_span *value_out)
{
	*value_out = gp_span_from(run->domain);
	return GP_OK;
}

/* value_c: the address for people. */
static int value_c(struct gp_spf_run *run, struct gp_span *value_out)
{
	char text[GP_IPADDR_TEXT];
	(void)gp_ipaddr_format(&run->client, text); /* returns text */
	return from_arena(run, gp_arena_copy(run->ctx->arena, gp_span_from(text)), value_out);
}

/* value_i: the address in dots: nibbles for IPv6. */
static int value_i(struct gp_spf_run *run, struct gp_span *value_out)
{
	if (run->client.family != GP_IP_V6)
		return value_c(run, value_out);
	char text[64];
	for (size_t i = 0; i < 32; i++) {
		unsigned byte = run->client.bytes[i / 2];
		text[2 * i] = "0123456789abcdef"[i % 2 ? byte & 15 : byte >> 4];
		text[2 * i + 1] = '.';
	}
	const struct gp_span dotted = {text, 63};
	return from_arena(run, gp_arena_copy(run->ctx->arena, dotted), value_out);
}

/* value_p: the validated name. */
static int value_p(struct gp_spf_run *run, struct gp_span *value_out)
{
	const char *name = NULL;
	int rc = gp_spf_client_name(run, &name);
	*value_out = gp_span_from(name);
	return rc;
}

/* value_v: where reverse names of the family live. */
static int value_v(struct gp_spf_run *run, struct gp_span *value_out)
{
	*value_out = gp_span_from(run->client.family == GP_IP_V6 ? "ip6" : "in-addr");
	return GP_OK;
}

/* value_h: the HELO name, in A-labels when it is a domain (RFC 8616 4), else as it was said. */
static int value_h(struct gp_spf_run *run, struct gp_span *value_out)
{
	const char *name;
	int rc = gp_address_domain(run->ctx->arena, run->query->helo, &name);
	*value_out = rc ? run->query->helo : gp_span_from(name);
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* value_r: this host. */
static int value_r(struct gp_spf_run *run, struct gp_span *value_out)
{
	*value_out = gp_span_from(run->query->receiver ? run->query->receiver : "unknown");
	return GP_OK;
}

/* value_t: seconds since the Epoch. */
static int value_t(struct gp_spf_run *run, struct gp_span *value_out)
{
	const struct gp_clock *clock = run->ctx->clock;
	return from_arena(run,
		gp_arena_printf(run->ctx->arena, "%lld", (long long)clock->wall_s(clock)),
		value_out);
}

/* In the order of RFC 7208 7.2. */
static const struct {
	char letter;
	int (*value)(struct gp_spf_run *run, struct gp_span *value_out);
} letters[] = {
	{'s', value_s},
	{'l', value_l},
	{'o', value_o},
	{'d', value_d},
	{'i', value_i},
	{'p', value_p},
	{'v', value_v},
	{'h', value_h},
	{'c', value_c},
	{'r', value_r},
	{'t', value_t},
};

/* letter_value: by the table. */
static int letter_value(struct gp_spf_run *run, char letter, struct gp_span *value_out)
{
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
		if (letters[i].letter == letter)
			return letters[i].value(run, value_out);
	return GP_EINVAL;
}

/* ---- transformers ---- */

/* is_cut: does the byte part the value? */
static bool is_cut(const struct piece *piece, char c)
{
	if (piece->cuts.len == 0)
		return c == '.';
	return memchr(piece->cuts.ptr, c, piece->cuts.len) != NULL;
}

/* add_value: escaped or not. */
static void add_value(struct gp_strbuf *buf, const struct piece *piece, struct gp_span text)
{
	if (piece->escape)
		gp_encode_percent(buf, text);
	else
		gp_strbuf_add_span(buf, text);
}

/* add_forward: the last parts of value, a dot for each cut between them. */
static void add_forward(
	struct gp_strbuf *buf, const struct piece *piece, struct gp_span value, size_t skip)
{
	size_t start = 0;
	for (size_t i = 0; i <= value.len; i++) {
		if (i < value.len && !is_cut(piece, value.ptr[i]))
			continue;
		if (skip == 0) {
			add_value(buf, piece, (struct gp_span) {value.ptr + start, i - start});
			if (i < value.len)
				gp_strbuf_add_char(buf, '.');
		} else {
			skip--;
		}
		start = i + 1;
	}
}

/* add_backward: the first keep parts of value, the last of them first. */
static void add_backward(
	struct gp_strbuf *buf, const struct piece *piece, struct gp_span value, size_t keep)
{
	size_t end = 0;
	for (; end < value.len; end++)
		if (is_cut(piece, value.ptr[end]) && --keep == 0)
			break;
	for (size_t i = end + 1; i > 0; i--) {
		if (i > 1 && !is_cut(piece, value.ptr[i - 2]))
			continue;
		add_value(buf, piece, (struct gp_span) {value.ptr + i - 1, end - (i - 1)});
		if (i > 1)
			gp_strbuf_add_char(buf, '.');
		end = i > 1 ? i - 2 : 0;
	}
}

/* add_macro: cut, reverse, take from the right, join with dots (7.3). */
static void add_macro(struct gp_strbuf *buf, const struct piece *piece, struct gp_span value)
{
	if (piece->parts == 0 && !piece->reverse && piece->cuts.len == 0) {
		add_value(buf, piece, value);
		return;
	}
	size_t have = 1;
	for (size_t i = 0; i < value.len; i++)
		have += is_cut(piece, value.ptr[i]);
	size_t keep = piece->parts && piece->parts < have ? piece->parts : have;
	if (value.len == 0)
		return;
	if (piece->reverse)
		add_backward(buf, piece, value, keep);
	else
		add_forward(buf, piece, value, have - keep);
}

/* gp_spf_macro_expand: piece by piece; stops when the buffer is full. */
int gp_spf_macro_expand(struct gp_spf_run *run, struct gp_span text, struct gp_strbuf *buf)
{
	while (text.len && !buf->status) {
		struct piece piece;
		struct gp_span value;
		int rc = read_piece(&text, &piece);
		if (rc)
			return rc;
		if (!piece.letter) {
			gp_strbuf_add_span(buf, piece.literal);
			continue;
		}
		rc = letter_value(run, piece.letter, &value);
		if (rc)
			return rc;
		add_macro(buf, &piece, value);
	}
	return GP_OK;
}

/* ---- target names ---- */

/* shorten: drops labels from the left until 253 octets are left (7.3). */
static struct gp_span shorten(struct gp_span name)
{
	if (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	struct gp_span label;
	while (name.len > GP_DNS_NAME_MAX && gp_span_cut(name, '.', &label, &name))
		;
	return name;
}

/* is_target: can it be asked for? ASCII without NUL, and a name as DNS knows them. */
static bool is_target(struct gp_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == 0 || (unsigned char)name.ptr[i] > 0x7f)
			return false;
	return name.len > 0 && gp_dns_name_is_valid(name);
}

/* expand_name: a domain-spec with macros into the arena; GP_ESYNTAX when it comes to nothing. */
static int expand_name(struct gp_spf_run *run, struct gp_span spec, struct gp_span *name_out)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, run->ctx->arena, EXPANSION_MAX);
	int rc = gp_spf_macro_expand(run, spec, &buf);
	if (!rc)
		rc = gp_strbuf_finish(&buf, &text);
	if (rc == GP_ETOOBIG && gp_arena_status(run->ctx->arena) == GP_OK)
		rc = GP_ESYNTAX; /* no name is as long as that */
	*name_out = gp_strbuf_span(&buf);
	return rc;
}

/* gp_spf_target: a plain name needs no expansion, <domain> not even a copy. */
int gp_spf_target(struct gp_spf_run *run, const struct gp_spf_term *term, const char **name_out,
	enum gp_spf_match *match_out)
{
	struct gp_span name = term->spec;
	*match_out = GP_SPF_NO_MATCH;
	*name_out = run->domain;
	if (name.len == 0)
		return GP_OK;
	*name_out = NULL;
	if (memchr(name.ptr, '%', name.len)) {
		int rc = expand_name(run, name, &name);
		if (run->faulted)
			*match_out = GP_SPF_EXCEPTION;
		if (rc || run->faulted)
			return rc == GP_ESYNTAX ? GP_OK : rc;
	}
	name = shorten(name);
	if (!is_target(name))
		return GP_OK;
	*name_out = gp_arena_copy(run->ctx->arena, name);
	return *name_out ? GP_OK : gp_arena_status(run->ctx->arena);
}
