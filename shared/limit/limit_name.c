/* SPDX-License-Identifier: ISC */
/*
 * Names of users, senders and domains in the form in which they are compared. Databases of users
 * take many spellings for one name, and each spelling that got a counter of its own would be a
 * fresh limit. Nearly every name is its own normal form already, which one pass over it shows.
 */
#include <string.h>

#include "limit/limit.h"
#include "mail/address.h"
#include "mail/fold.h"

#define ROUNDS 4 /* until nothing changes any more; two as a rule */

/*
 * is_plain: ASCII that is its own normal form, whatever it names. Two hyphens may begin an A-label.
 */
static bool is_plain(struct gp_span name)
{
	char before = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f || c == '"' ||
			(c >= 'A' && c <= 'Z') || (c == '-' && before == '-'))
			return false;
		if ((c == '.' && (i == 0 || before == '.' || before == '@')) ||
			(c == '@' && (before == '.' || before == '@')))
			return false;
		before = c;
	}
	return before != '@' && before != '.';
}

/* lower: ASCII letters become small ones. */
static void lower(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = gp_span_lower(text[i]);
}

/*
 * put: c after text, unless it is a dot or an @ too many: no dot begins or ends a part of a name,
 * and none of them stands twice. Quoted ones are like others. The new length.
 */
static size_t put(char *text, size_t len, char c)
{
	char before = len ? text[len - 1] : 0;
	if ((c == '.' && (len == 0 || before == '.' || before == '@')) ||
		(c == '@' && before == '@'))
		return len;
	if (c == '@' && before == '.')
		len--; /* one at most stands there */
	if (len && c == '@' && text[len - 1] == '@')
		return len;
	text[len] = c;
	return len + 1;
}

/* dot_at: octets of a dot, of which U+3002 is one, too (UTS 46). */
static size_t dot_at(const char *text, size_t len)
{
	if (len >= 3 && memcmp(text, "\343\200\202", 3) == 0)
		return 3;
	return len && *text == '.' ? 1 : 0;
}

/*
 * unquote: in place, the new length. "a b"@x is a mailbox in another spelling (RFC 5321 4.1.2),
 * with a backslash before any character, and quotes may stand around a part of it (RFC 5322 4.4).
 * Blanks and controls of ASCII go as well, and dots and @ that say nothing.
 */
static size_t unquote(char *text, size_t len)
{
	bool is_quoted = false;
	size_t kept = 0;
	for (size_t i = 0; i < len; i++) {
		size_t dot = dot_at(text + i, len - i);
		char c = dot ? '.' : text[i];
		i += dot ? dot - 1 : 0;
		if (c == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && c == '\\' && i + 1 < len)
			c = text[++i];
		if (c != '"' && ((unsigned char)c > 0x20 && c != 0x7f))
			kept = put(text, kept, c);
	}
	while (kept && (text[kept - 1] == '.' || text[kept - 1] == '@'))
		kept--;
	return kept;
}

/* domain_labels: in A-labels; what is no domain stays as it is, in lower case. */
static int domain_labels(struct gp_arena *arena, struct gp_span domain, struct gp_span *out)
{
	const char *labels;
	int rc = gp_address_domain(arena, domain, &labels);
	if (rc == GP_OK) {
		*out = gp_span_from(labels);
		return GP_OK;
	}
	if (rc != GP_ESYNTAX)
		return rc;
	char *copy = gp_arena_copy(arena, domain);
	if (!copy)
		return gp_arena_status(arena);
	lower(copy, domain.len);
	*out = (struct gp_span) {copy, domain.len};
	return GP_OK;
}

/*
 * folded_domain: all its spellings as one, which are more than DNS knows of: case beyond ASCII, and
 * sharp s, which is ss in capitals and to most databases. So two domains that differ in this alone
 * share what is counted.
 */
static int folded_domain(struct gp_arena *arena, struct gp_span domain, struct gp_span *out)
{
	int rc = gp_address_unicode(arena, domain, &domain);
	if (!rc && !gp_span_is_ascii(domain))
		rc = gp_fold_text(arena, domain, true, &domain);
	if (rc && rc != GP_ESYNTAX)
		return rc;
	return domain_labels(arena, domain, out); /* too long to be folded: no domain either */
}

/* join: local and domain, with an @ where there is a domain. */
static int join(struct gp_arena *arena, struct gp_span local, struct gp_span domain,
	bool has_domain, struct gp_span *out)
{
	char *text = gp_arena_alloc(arena, local.len + domain.len + 2);
	if (!text)
		return gp_arena_status(arena);
	size_t len = local.len;
	if (len)
		memcpy(text, local.ptr, len);
	if (has_domain)
		text[len++] = '@';
	if (domain.len)
		memcpy(text + len, domain.ptr, domain.len);
	*out = (struct gp_span) {text, len + domain.len};
	return GP_OK;
}

/* folded_local: its letters small, unless case matters. */
static int folded_local(
	struct gp_arena *arena, char *text, size_t len, bool case_sensitive, struct gp_span *out)
{
	*out = (struct gp_span) {text, len};
	if (case_sensitive)
		return GP_OK;
	int rc = gp_span_is_ascii(*out) ? GP_ESYNTAX : gp_fold_text(arena, *out, true, out);
	if (rc != GP_ESYNTAX)
		return rc;
	lower(text, len);
	return GP_OK;
}

/* fold_once: what is not seen goes, quotes go, then each side of the last @ by its own rules. */
static int fold_once(
	struct gp_arena *arena, struct gp_span name, bool case_sensitive, struct gp_span *out)
{
	struct gp_span seen = name, local, domain = {NULL, 0};
	int rc = gp_span_is_ascii(name) ? GP_OK : gp_fold_text(arena, name, false, &seen);
	if (rc && rc != GP_ESYNTAX) /* too long */
		return rc;
	char *text = gp_arena_copy(arena, seen);
	if (!text)
		return gp_arena_status(arena);
	size_t len = unquote(text, seen.len);
	ptrdiff_t at = gp_span_find_last((struct gp_span) {text, len}, '@');
	size_t local_len = at < 0 ? len : (size_t)at;
	if (at >= 0) {
		rc = folded_domain(arena,
			(struct gp_span) {text + local_len + 1, len - local_len - 1}, &domain);
		if (rc)
			return rc;
	}
	rc = folded_local(arena, text, local_len, case_sensitive, &local);
	return rc ? rc : join(arena, local, domain, at >= 0, out);
}

/* folded: round by round, since NFKC may bring forth what an earlier step looks for. */
static const char *folded(struct gp_arena *arena, struct gp_span name, bool case_sensitive)
{
	struct gp_span next;
	if (gp_fold_utf8(arena, name, &name))
		return NULL;
	for (int round = 0; round < ROUNDS; round++) {
		if (fold_once(arena, name, case_sensitive, &next))
			return NULL;
		bool is_last = is_plain(next) || gp_span_equal(name, next);
		name = next;
		if (is_last)
			break;
	}
	return name.ptr;
}

/* exact: byte by byte but for the domain. A NUL would end the text: it becomes a question mark. */
static const char *exact(struct gp_arena *arena, struct gp_span name)
{
	struct gp_span local, domain = {NULL, 0}, out;
	char *text = gp_arena_copy(arena, name);
	if (!text)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		text[i] = text[i] ? text[i] : '?';
	ptrdiff_t at = gp_span_find_last(name, '@');
	if (at < 0)
		return text;
	local = (struct gp_span) {text, (size_t)at};
	if (domain_labels(arena, gp_span_from(text + at + 1), &domain))
		return NULL;
	return join(arena, local, domain, true, &out) ? NULL : out.ptr;
}

/* mailbox: a user, a sender, or a domain after an @. */
static const char *mailbox(
	struct gp_arena *arena, const struct gp_limit_set *set, struct gp_span name)
{
	if (set->names == GP_LIMIT_NAMES_EXACT)
		return exact(arena, name);
	return is_plain(name) ? gp_arena_copy(arena, name)
			      : folded(arena, name, set->case_sensitive);
}

/* gp_limit_normalise: by kind. */
const char *gp_limit_normalise(struct gp_arena *arena, const struct gp_limit_set *set,
	enum gp_limit_override_kind kind, struct gp_span name)
{
	const char *text;
	switch (kind) {
	case GP_LIMIT_OVERRIDE_USER:
	case GP_LIMIT_OVERRIDE_SENDER:
		return mailbox(arena, set, name);
	case GP_LIMIT_OVERRIDE_DOMAIN:
	case GP_LIMIT_OVERRIDE_SENDER_DOMAIN:
		text = gp_arena_printf(arena, "@%.*s", (int)name.len, name.ptr);
		text = text ? mailbox(arena, set, gp_span_from(text)) : NULL;
		return text ? gp_limit_domain_of(text) : NULL;
	case GP_LIMIT_OVERRIDE_CLIENT:
		break;
	}
	return gp_arena_copy(arena, name);
}

/* gp_limit_without_subaddress: up to a plus that has something before it: Postfix does not split
 * off what would leave no name (recipient_delimiter), and delivers +x@ to a mailbox of that name.
 */
size_t gp_limit_without_subaddress(const char *mailbox_name)
{
	const char *at = strrchr(mailbox_name, '@'), *plus = strchr(mailbox_name, '+');
	return plus && plus > mailbox_name && (!at || plus < at) ? (size_t)(plus - mailbox_name)
								 : 0;
}

/* is_label: of a host's name (RFC 1123 2.1), or with underscores. */
static bool is_label(struct gp_span label)
{
	return label.len && label.ptr[0] != '-' && label.ptr[label.len - 1] != '-';
}

/* gp_limit_is_domain: in A-labels, and no address, whose last label is a number (RFC 3696 2). */
bool gp_limit_is_domain(struct gp_arena *arena, struct gp_span name)
{
	const char *labels;
	uint64_t n;
	if (gp_address_domain(arena, name, &labels) || !gp_address_is_host_name(labels))
		return false;
	struct gp_span label, rest = gp_span_from(labels);
	for (bool more = true; more;) {
		more = gp_span_cut(rest, '.', &label, &rest);
		if (!is_label(label))
			return false;
	}
	return gp_span_parse_uint(label, UINT64_MAX, &n) != GP_OK;
}

/* gp_limit_domain_of: after the last @. */
const char *gp_limit_domain_of(const char *mailbox_name)
{
	const char *at = strrchr(mailbox_name, '@');
	return at ? at + 1 : "";
}
