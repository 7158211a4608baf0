/* SPDX-License-Identifier: ISC */
/*
 * One pass over ASCII, which nearly every domain is: fold, count, check. Only other bytes go to
 * libidn2, whose answer is ASCII and takes the same pass.
 */
#include "mail/address.h"

#include <idn2.h>
#include <string.h>

#include "base/ipaddr.h"
#include "base/strbuf.h"

#define DOMAIN_MAX 253 /* RFC 1035 2.3.4, in text without the trailing dot */
#define LABEL_MAX 63
#define UNICODE_GROWTH 4  /* octets of UTF-8 that one of an A-label stands for at most */
#define U_LABELS_MAX 1024 /* more octets of UTF-8 never fit in 253 of A-labels */

/* gp_address_split: brackets off, then at the last @. */
bool gp_address_split(struct gp_span mailbox, struct gp_span *local_out, struct gp_span *domain_out)
{
	if (mailbox.len >= 2 && mailbox.ptr[0] == '<' && mailbox.ptr[mailbox.len - 1] == '>')
		mailbox = (struct gp_span) {mailbox.ptr + 1, mailbox.len - 2};
	ptrdiff_t at = gp_span_find_last(mailbox, '@');
	if (at < 0) {
		*local_out = mailbox;
		*domain_out = (struct gp_span) {NULL, 0};
		return false;
	}
	*local_out = (struct gp_span) {mailbox.ptr, (size_t)at};
	*domain_out = gp_span_skip(mailbox, (size_t)at + 1);
	return true;
}

/* gp_address_unquote: both quotes or none. */
struct gp_span gp_address_unquote(struct gp_span local)
{
	if (local.len >= 2 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"')
		return (struct gp_span) {local.ptr + 1, local.len - 2};
	return local;
}

/* domain_from_ascii: folds and checks label by label. */
static int domain_from_ascii(struct gp_arena *arena, struct gp_span domain, const char **domain_out)
{
	if (domain.len && domain.ptr[domain.len - 1] == '.')
		domain.len--;
	if (domain.len == 0 || domain.len > DOMAIN_MAX)
		return GP_ESYNTAX;
	char folded[DOMAIN_MAX];
	size_t label = 0; /* octets of the label so far */
	for (size_t i = 0; i < domain.len; i++) {
		char c = domain.ptr[i];
		if (c <= 0x20 || c == 0x7f || (c == '.' && label == 0))
			return GP_ESYNTAX;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return GP_ESYNTAX;
		folded[i] = gp_span_lower(c);
	}
	if (label == 0)
		return GP_ESYNTAX;
	*domain_out = gp_arena_copy(arena, (struct gp_span) {folded, domain.len});
	return *domain_out ? GP_OK : gp_arena_status(arena);
}

/* is_of_host: a character of a host's name. */
static bool is_of_host(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* gp_address_is_host_name: character by character. */
bool gp_address_is_host_name(const char *domain)
{
	while (*domain && is_of_host(*domain))
		domain++;
	return *domain == 0;
}

/* count_signs: ASCII that is neither letter, digit, hyphen, underscore nor dot. */
static size_t count_signs(struct gp_span text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		n += (unsigned char)c <= 0x7f && !is_of_host(c);
	}
	return n;
}

/* domain_from_utf8: U-labels to A-labels (RFC 5891 5, UTS 46), then as ASCII. */
static int domain_from_utf8(struct gp_arena *arena, struct gp_span domain, const char **domain_out)
{
	if (domain.len > U_LABELS_MAX || memchr(domain.ptr, 0, domain.len))
		return GP_ESYNTAX;
	const char *text = gp_arena_copy(arena, domain);
	if (!text)
		return gp_arena_status(arena);
	char *ascii = NULL;
	int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		return GP_ENOMEM;
	if (rc != IDN2_OK)
		return GP_ESYNTAX;
	struct gp_span result = gp_span_from(ascii);
	/* a letter that maps to a sign is none: U+FF20 would become an @ (RFC 5891 4.2.2) */
	rc = gp_span_is_ascii(result) && count_signs(result) <= count_signs(domain)
		     ? domain_from_ascii(arena, result, domain_out)
		     : GP_ESYNTAX;
	idn2_free(ascii);
	return rc;
}

/* gp_address_domain: by the cheapest way that fits. */
int gp_address_domain(struct gp_arena *arena, struct gp_span domain, const char **domain_out)
{
	if (gp_span_is_ascii(domain))
		return domain_from_ascii(arena, domain, domain_out);
	return domain_from_utf8(arena, domain, domain_out);
}

/* label_unicode: of one label; false: it stays. */
static bool label_unicode(struct gp_strbuf *buf, struct gp_span label)
{
	char text[LABEL_MAX + 1], *unicode = NULL;
	if (label.len > LABEL_MAX || !gp_span_has_prefix(label, "xn--"))
		return false;
	memcpy(text, label.ptr, label.len);
	text[label.len] = 0;
	if (strlen(text) < label.len || idn2_to_unicode_8z8z(text, &unicode, 0) != IDN2_OK)
		return false;
	gp_strbuf_add(buf, unicode);
	idn2_free(unicode);
	return true;
}

/* gp_address_unicode: label by label. */
int gp_address_unicode(struct gp_arena *arena, struct gp_span domain, struct gp_span *unicode_out)
{
	char *lower = gp_arena_copy(arena, domain);
	struct gp_strbuf buf;
	struct gp_span label, rest = {lower, domain.len};
	const char *text;
	if (!lower)
		return gp_arena_status(arena);
	for (size_t i = 0; i < domain.len; i++)
		lower[i] = gp_span_lower(lower[i]);
	gp_strbuf_init(&buf, arena, UNICODE_GROWTH * domain.len + 1);
	for (bool more = true; more;) {
		more = gp_span_cut(rest, '.', &label, &rest);
		if (!label_unicode(&buf, label))
			gp_strbuf_add_span(&buf, label);
		if (more)
			gp_strbuf_add(&buf, ".");
	}
	int rc = gp_strbuf_finish(&buf, &text);
	if (rc == GP_OK)
		*unicode_out = gp_span_from(text);
	return rc;
}

/* gp_address_is_literal: brackets around an address of the family that the tag says. */
bool gp_address_is_literal(struct gp_span domain)
{
	if (domain.len < 2 || domain.ptr[0] != '[' || domain.ptr[domain.len - 1] != ']')
		return false;
	struct gp_span inside = {domain.ptr + 1, domain.len - 2};
	bool tagged = gp_span_has_prefix(inside, "IPv6:");
	struct gp_ipaddr addr;
	if (gp_ipaddr_parse(gp_span_skip(inside, tagged ? 5 : 0), &addr) != GP_OK)
		return false;
	return addr.family == (tagged ? GP_IP_V6 : GP_IP_V4);
}
