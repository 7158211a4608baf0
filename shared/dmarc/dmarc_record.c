/* SPDX-License-Identifier: ISC */
/*
 * The version first, byte by byte, as it decides whether the text is one of ours at all; then a row
 * for each tag. What is malformed leaves its default (RFC 9989 4.8), and what a bad policy does to
 * the whole record (4.10.1) is settled at the end.
 */
#include <string.h>

#include "dmarc/dmarc.h"
#include "mail/taglist.h"

/* is_blank: WSP. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* skip_blanks: none, one or many. */
static struct gp_span skip_blanks(struct gp_span text)
{
	while (text.len && is_blank(text.ptr[0]))
		text = gp_span_skip(text, 1);
	return text;
}

/* skip_exact: over these bytes, which must be there; false: they are not. */
static bool skip_exact(struct gp_span *text, const char *bytes)
{
	size_t n = strlen(bytes);
	if (text->len < n || memcmp(text->ptr, bytes, n) != 0)
		return false;
	*text = skip_blanks(gp_span_skip(*text, n));
	return true;
}

/* has_version: dmarc-version, then the end or a separator (4.7 v, 4.8). */
static bool has_version(struct gp_span text)
{
	/* the name in either case, as find_tag has it: only the value is said to be exact */
	return (skip_exact(&text, "v") || skip_exact(&text, "V")) && skip_exact(&text, "=") &&
	       skip_exact(&text, "DMARC1") && (text.len == 0 || text.ptr[0] == ';');
}

/* ---- values ---- */

/* One word that a tag may have. */
struct word {
	const char *text;
	int value;
};

static const struct word policies[] = {{"none", GP_DMARC_POLICY_NONE},
	{"quarantine", GP_DMARC_POLICY_QUARANTINE}, {"reject", GP_DMARC_POLICY_REJECT}, {NULL, 0}};
static const struct word modes[] = {{"r", false}, {"s", true}, {NULL, 0}};
static const struct word switches[] = {{"n", false}, {"y", true}, {NULL, 0}};
static const struct word psd_flags[] = {
	{"u", GP_DMARC_PSD_U}, {"y", GP_DMARC_PSD_Y}, {"n", GP_DMARC_PSD_N}, {NULL, 0}};

/* find_tag: the first of this name in any case: 4.8 names RFC 7405 for the one literal that is
 * exact, %s"DMARC1", and all others are not (RFC 5234 2.3). DKIM's own tags are (RFC 6376 3.2). */
static const struct gp_tag *find_tag(const struct gp_taglist *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (gp_span_is(list->tags[i].name, name))
			return &list->tags[i];
	return NULL;
}

/* read_word: the value of a tag if it is there and one of the words, ASCII case aside. */
static bool read_word(
	const struct gp_taglist *list, const char *name, const struct word *words, int *value_out)
{
	const struct gp_tag *tag = find_tag(list, name);
	for (; tag && words->text; words++) {
		if (gp_span_is(tag->value, words->text)) {
			*value_out = words->value;
			return true;
		}
	}
	return false;
}

/* read_text: the value of a tag as it stands; empty when it is not there. */
static struct gp_span read_text(const struct gp_taglist *list, const char *name)
{
	const struct gp_tag *tag = find_tag(list, name);
	return tag ? tag->value : (struct gp_span) {NULL, 0};
}

/* ---- reporting URIs ---- */

/* is_alpha: of ASCII. */
static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* is_hex: a digit of a percent-encoding. */
static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* is_scheme: RFC 3986 3.1. */
static bool is_scheme(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alpha(text.ptr[i]) && (i == 0 || (!gp_span_is_alnum(text.ptr[i]) &&
								 !memchr("+-.", text.ptr[i], 3))))
			return false;
	return text.len > 0;
}

/* is_uri_text: the characters of RFC 3986 2, each % with its two digits; at least one. */
static bool is_uri_text(struct gp_span text)
{
	static const char others[] = "-._~:/?#[]@$&'()*+;=";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%') {
			if (text.len - i < 3 || !is_hex(text.ptr[i + 1]) ||
				!is_hex(text.ptr[i + 2]))
				return false;
			i += 2;
		} else if (!gp_span_is_alnum(c) && !memchr(others, c, sizeof others - 1)) {
			return false;
		}
	}
	return text.len > 0;
}

/* is_size: what may stand after the "!" of an old URI: digits and a unit (4.8). */
static bool is_size(struct gp_span text)
{
	if (text.len && memchr("kKmMgGtT", text.ptr[text.len - 1], 8))
		text.len--;
	uint64_t size;
	return gp_span_parse_uint(text, UINT64_MAX, &size) == GP_OK;
}

/* is_uri: dmarc-uri or obs-dmarc-uri (4.8); that of a mail has a mailbox. */
static bool is_uri(struct gp_span text)
{
	struct gp_span uri, size, scheme, rest, domain;
	if (gp_span_cut(text, '!', &uri, &size) && !is_size(size))
		return false;
	if (!gp_span_cut(uri, ':', &scheme, &rest) || !is_scheme(scheme) || !is_uri_text(rest))
		return false;
	return !gp_span_is(scheme, "mailto") ||
	       (rest.ptr[0] != '@' && gp_span_cut(rest, '@', &rest, &domain) && domain.len > 0);
}

/* has_uri: is one of the list valid (4.10.1)? */
static bool has_uri(struct gp_span list)
{
	struct gp_span one;
	while (list.len) {
		(void)gp_span_cut(list, ',', &one, &list); /* no comma: the last one */
		if (is_uri(gp_span_trim(one)))
			return true;
	}
	return false;
}

/* ---- the record ---- */

/* read_policy: p, sp or np; false: it is there and not valid. */
static bool read_policy(const struct gp_taglist *list, const char *name, bool *has_out,
	enum gp_dmarc_policy *policy_out)
{
	int value = 0;
	*has_out = read_word(list, name, policies, &value);
	if (*has_out)
		*policy_out = (enum gp_dmarc_policy)value;
	return *has_out || !find_tag(list, name);
}

/* read_policies: each with what it falls back to (4.7), and what a bad one means (4.10.1). */
static void read_policies(const struct gp_taglist *list, struct gp_dmarc_record *r)
{
	bool good = read_policy(list, "p", &r->has_p, &r->p) && r->has_p;
	r->sp = r->p;
	good = read_policy(list, "sp", &r->has_sp, &r->sp) && good;
	r->np = r->sp;
	good = read_policy(list, "np", &r->has_np, &r->np) && good;
	if (good)
		return;
	r->bad_policy = true;
	r->p = r->sp = r->np = GP_DMARC_POLICY_NONE; /* as if the record were "p=none" */
}

/* read_flag: r or s, n or y; the first is the default. */
static bool read_flag(const struct gp_taglist *list, const char *name, const struct word *words)
{
	int value = 0;
	return read_word(list, name, words, &value) && value;
}

/* gp_dmarc_record_parse: the version, then tag by tag. */
int gp_dmarc_record_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_dmarc_record *record_out)
{
	struct gp_dmarc_record r = {.psd = GP_DMARC_PSD_U, .pct = 100};
	struct gp_taglist list;
	if (!has_version(text))
		return GP_ESYNTAX;
	int rc = gp_taglist_parse(arena, text, &list);
	if (rc)
		return rc;
	read_policies(&list, &r);
	r.adkim_strict = read_flag(&list, "adkim", modes);
	r.aspf_strict = read_flag(&list, "aspf", modes);
	r.testing = read_flag(&list, "t", switches);
	int psd = GP_DMARC_PSD_U;
	(void)read_word(&list, "psd", psd_flags, &psd); /* not there: u */
	r.psd = (enum gp_dmarc_psd)psd;
	uint64_t pct;
	if (gp_span_parse_uint(read_text(&list, "pct"), 100, &pct) == GP_OK)
		r.pct = (unsigned)pct;
	r.rua = read_text(&list, "rua");
	r.ruf = read_text(&list, "ruf");
	r.fo = read_text(&list, "fo");
	r.has_rua = has_uri(r.rua);
	*record_out = r;
	return GP_OK;
}
