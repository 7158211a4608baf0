/* SPDX-License-Identifier: ISC */
/* Names of limits and of those that are limited: numbers, normal forms, order. */
#include "limit/limit.h"

#include <string.h>

#include "mail/address.h"

/* mix: FNV-1a over some bytes. */
static uint32_t mix(uint32_t h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193u;
	return h;
}

/* gp_limit_id: the configuration refuses two limits that share one, so a short hash will do. */
uint32_t gp_limit_id(const char *name, int key, int unit, int64_t per_ms)
{
	unsigned char what[10] = {(unsigned char)key, (unsigned char)unit};
	for (size_t i = 0; i < 8; i++)
		what[2 + i] = (unsigned char)((uint64_t)per_ms >> (8 * i));
	uint32_t h = mix(mix(0x811c9dc5u, name, strlen(name) + 1), what, sizeof what);
	return h ? h : 1;
}

/* lower: ASCII letters of an arena's own text become small ones. */
static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* without_blanks: blanks at the end do not count. */
static struct gp_span without_blanks(struct gp_span name)
{
	while (name.len && name.ptr[name.len - 1] == ' ')
		name.len--;
	return name;
}

/* normal_domain: in A-labels, or as it is in small letters. */
static const char *normal_domain(struct gp_arena *arena, struct gp_span name)
{
	const char *domain;
	if (gp_address_domain(arena, name, &domain) == GP_OK)
		return domain;
	char *copy = gp_arena_copy(arena, name);
	if (copy)
		lower(copy);
	return copy;
}

/*
 * normal_mailbox: user or user@domain, whatever stands in it (<user> is another user than user). A
 * NUL would end the text: it becomes a question mark.
 */
static const char *normal_mailbox(struct gp_arena *arena, struct gp_span name, bool case_sensitive)
{
	const char *normal = "";
	ptrdiff_t at = gp_span_find_last(name, '@');
	bool has_domain = at >= 0;
	struct gp_span local = {name.ptr, has_domain ? (size_t)at : name.len};
	if (has_domain) {
		struct gp_span domain = gp_span_skip(name, (size_t)at + 1);
		normal = normal_domain(arena, domain);
		if (!normal)
			return NULL;
	}
	size_t extra = has_domain ? 1 + strlen(normal) : 0;
	char *text = gp_arena_alloc(arena, local.len + extra + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < local.len; i++)
		text[i] = local.ptr[i] ? local.ptr[i] : '?';
	if (!case_sensitive)
		lower(text);
	if (has_domain) {
		text[local.len] = '@';
		memcpy(text + local.len + 1, normal, extra - 1);
	}
	return text;
}

/* gp_limit_normalise: by kind. */
const char *gp_limit_normalise(struct gp_arena *arena, enum gp_limit_override_kind kind,
	struct gp_span name, bool case_sensitive)
{
	switch (kind) {
	case GP_LIMIT_OVERRIDE_USER:
		return normal_mailbox(arena, without_blanks(name), case_sensitive);
	case GP_LIMIT_OVERRIDE_SENDER:
		return normal_mailbox(arena, name, case_sensitive);
	case GP_LIMIT_OVERRIDE_DOMAIN:
	case GP_LIMIT_OVERRIDE_SENDER_DOMAIN:
		return normal_domain(arena, without_blanks(name));
	case GP_LIMIT_OVERRIDE_CLIENT:
		break;
	}
	return gp_arena_copy(arena, name);
}

/* compare_prefixes: family, then the network, then its length. */
static int compare_prefixes(const struct gp_prefix *a, const struct gp_prefix *b)
{
	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family ? -1 : 1;
	int order = memcmp(a->addr.bytes, b->addr.bytes, sizeof a->addr.bytes);
	if (order || a->length == b->length)
		return order;
	return a->length < b->length ? -1 : 1;
}

/* gp_limit_override_compare: for qsort and for looking up. */
int gp_limit_override_compare(const void *a, const void *b)
{
	const struct gp_limit_override *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->kind == GP_LIMIT_OVERRIDE_CLIENT ? compare_prefixes(&x->prefix, &y->prefix)
						   : strcmp(x->name, y->name);
}
