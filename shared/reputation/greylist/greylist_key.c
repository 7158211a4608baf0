/* SPDX-License-Identifier: ISC */
/* Fields with a NUL between them, which none of them can hold. */
#include "reputation/greylist/greylist_key.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "mail/address.h"

#define LOCAL_MAX 256   /* bytes of a local part that are looked at; more are no address */
#define TEXT_MAX 1000   /* of a part of an address before it is hashed */
#define KEY_ROOM 4096   /* of a key before it is hashed: more than its parts can be */
#define HASH_TEXT 34    /* of a hash */
#define UNIQUE_LENGTH 8 /* from here on a part with a digit is taken to be made up */
#define PREFIX "gl1"    /* of greylisting, in this form */

/* ---- networks ---- */

/* gp_greylist_network: by the length of the family. */
struct gp_prefix gp_greylist_network(
	const struct gp_greylist_settings *settings, const struct gp_ipaddr *client)
{
	unsigned length =
		client->family == GP_IP_V4 ? settings->ipv4_length : settings->ipv6_length;
	return gp_prefix_masked((struct gp_prefix) {*client, length});
}

/* gp_greylist_network_text: with its length. */
const char *gp_greylist_network_text(struct gp_arena *arena, const struct gp_prefix *network)
{
	char text[GP_PREFIX_TEXT];
	return gp_arena_copy(arena, gp_span_from(gp_prefix_format(network, text)));
}

/* ---- senders ---- */

/* is_separator: between the parts of a local part. */
static bool is_separator(char c)
{
	return memchr("-_.+=/", c, 6) != NULL;
}

/* has_digit: is there one? */
static bool has_digit(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			return true;
	return false;
}

/* skip_tag: what follows the n-th sign after the prefix, if all of them are there. */
static bool skip_tag(struct gp_span *local, const char *prefix, char sign, unsigned n)
{
	if (!gp_span_has_prefix(*local, prefix))
		return false;
	struct gp_span tag, rest = gp_span_skip(*local, strlen(prefix));
	for (unsigned i = 0; i < n; i++)
		if (!gp_span_cut(rest, sign, &tag, &rest))
			return false;
	*local = rest;
	return true;
}

/* skip_tags: BATV and its relatives, and the hashes of SRS. */
static struct gp_span skip_tags(struct gp_span local)
{
	static const struct {
		const char *prefix;
		unsigned signs; /* that end its tags */
	} rows[] = {
		{"prvs=", 1},    /* BATV: prvs=TAG=user */
		{"btv1==", 2},   /* Barracuda: btv1==TAG==user */
		{"msprvs1=", 1}, /* SparkPost: msprvs1=TAG=bounces-... */
		{"srs0=", 2},    /* SRS0=HASH=TIME=domain=user */
		{"srs0+", 2},    /* SRS0+HASH=TIME=domain=user */
		{"srs0-", 2},
		{"srs1=", 1}, /* SRS1=HASH=domain==HASH=TIME=domain=user */
		{"srs1+", 1},
		{"srs1-", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (skip_tag(&local, rows[i].prefix, '=', rows[i].signs))
			return local;
	return local;
}

/* cut_verp: without the recipient at its end, "list-bob=example.org", and what stands before that
 * up to a separator; without a detail. */
static struct gp_span cut_verp(struct gp_span local)
{
	ptrdiff_t at = gp_span_find_last(local, '=');
	if (at > 0) {
		size_t end = (size_t)at;
		while (end > 0 && !memchr("-+", local.ptr[end - 1], 2))
			end--;
		if (end > 1)
			local.len = end - 1;
	}
	for (size_t i = 1; i < local.len; i++)
		if (local.ptr[i] == '+')
			local.len = i;
	return local;
}

/* add_part: what is made up, and numbers, are a #. */
static void add_part(struct gp_strbuf *buf, struct gp_span part)
{
	if (part.len >= UNIQUE_LENGTH && has_digit(part)) {
		gp_strbuf_add_char(buf, '#');
		return;
	}
	for (size_t i = 0; i < part.len; i++) {
		bool is_digit = part.ptr[i] >= '0' && part.ptr[i] <= '9';
		bool was_digit = i > 0 && part.ptr[i - 1] >= '0' && part.ptr[i - 1] <= '9';
		if (!is_digit)
			gp_strbuf_add_char(buf, part.ptr[i]);
		else if (!was_digit)
			gp_strbuf_add_char(buf, '#');
	}
}

/* gp_greylist_plain_local: in lower case, tags first, then the recipient, then part by part. */
const char *gp_greylist_plain_local(struct gp_arena *arena, struct gp_span local)
{
	char lower[LOCAL_MAX];
	struct gp_strbuf buf;
	const char *text;
	local = gp_address_unquote(local);
	size_t len = local.len < sizeof lower ? local.len : sizeof lower;
	for (size_t i = 0; i < len; i++)
		lower[i] = local.ptr[i] ? gp_span_lower(local.ptr[i]) : '?';
	struct gp_span rest = cut_verp(skip_tags((struct gp_span) {lower, len}));
	gp_strbuf_init(&buf, arena, LOCAL_MAX + 1);
	while (rest.len) {
		size_t end = 0;
		while (end < rest.len && !is_separator(rest.ptr[end]))
			end++;
		add_part(&buf, (struct gp_span) {rest.ptr, end});
		if (end < rest.len)
			gp_strbuf_add_char(&buf, rest.ptr[end]);
		rest = gp_span_skip(rest, end + 1);
	}
	return gp_strbuf_finish(&buf, &text) ? NULL : text;
}

/* ---- keys ---- */

/* hash: FNV-1a of 64 bits from a basis (draft-eastlake-fnv), in lower case. Two keys with one hash
 * cost nothing but a delay that is missed. */
static uint64_t hash(struct gp_span text, uint64_t basis)
{
	uint64_t h = basis;
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)gp_span_lower(text.ptr[i])) * UINT64_C(0x100000001b3);
	return h;
}

/* hash_text: by two bases. */
static const char *hash_text(struct gp_span text, char out[HASH_TEXT])
{
	snprintf(out, HASH_TEXT, "#%016llx%016llx",
		(unsigned long long)hash(text, UINT64_C(0xcbf29ce484222325)),
		(unsigned long long)hash(text, UINT64_C(0x84222325cbf29ce4)));
	return out;
}

/* finish: as it is, or hashed. */
static int finish(struct gp_arena *arena, struct gp_strbuf *buf, struct gp_span *key_out)
{
	const char *text;
	int rc = gp_strbuf_finish(buf, &text);
	if (rc)
		return rc;
	*key_out = gp_strbuf_span(buf);
	if (key_out->len <= GP_STORE_FACT_KEY_MAX)
		return GP_OK;
	char hashed[HASH_TEXT];
	text = gp_arena_printf(arena, PREFIX " %s", hash_text(*key_out, hashed));
	*key_out = gp_span_from(text);
	return text ? GP_OK : gp_arena_status(arena);
}

/* begin: the kind. */
static void begin(struct gp_arena *arena, struct gp_strbuf *buf, const char *kind)
{
	gp_strbuf_init(buf, arena, KEY_ROOM);
	gp_strbuf_add(buf, PREFIX " ");
	gp_strbuf_add(buf, kind);
	gp_strbuf_add_char(buf, ' ');
}

/* add_network: with its length. */
static void add_network(struct gp_strbuf *buf, const struct gp_prefix *network)
{
	char text[GP_PREFIX_TEXT];
	gp_strbuf_add(buf, gp_prefix_format(network, text));
}

/* add_lower: a text in lower case; a hash of one that no address can have. */
static void add_lower(struct gp_strbuf *buf, struct gp_span text)
{
	char hashed[HASH_TEXT];
	if (text.len > TEXT_MAX) {
		gp_strbuf_add(buf, hash_text(text, hashed));
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		gp_strbuf_add_char(buf, text.ptr[i] ? gp_span_lower(text.ptr[i]) : '?');
}

/* add_origin: false: the contact has none of this kind. */
static bool add_origin(struct gp_strbuf *buf, const struct gp_greylist_contact *contact,
	enum gp_greylist_origin origin)
{
	if (origin == GP_GREYLIST_BY_NETWORK) {
		const struct gp_prefix network =
			gp_greylist_network(contact->settings, &contact->client);
		add_network(buf, &network);
		return true;
	}
	const char *spf = contact->spf_domain, *name = contact->name_domain;
	const char *domain = origin == GP_GREYLIST_BY_SPF            ? spf
			     : spf && name && strcmp(spf, name) == 0 ? NULL /* one is enough */
								     : name;
	gp_strbuf_add(buf, domain ? domain : "");
	return domain != NULL;
}

/* add_sender: domain, or with the local part. */
static int add_sender(
	struct gp_arena *arena, struct gp_strbuf *buf, const struct gp_greylist_contact *contact)
{
	struct gp_span local, domain = {NULL, 0};
	if (contact->sender.len == 0)
		return GP_OK;
	gp_address_split(contact->sender, &local, &domain);
	if (contact->settings->key == GP_GREYLIST_KEY_SENDER || !contact->sender_domain) {
		const char *plain = gp_greylist_plain_local(arena, local);
		if (!plain)
			return gp_arena_status(arena);
		gp_strbuf_add(buf, plain);
		gp_strbuf_add_char(buf, '@');
	}
	if (contact->sender_domain)
		gp_strbuf_add(buf, contact->sender_domain);
	else
		add_lower(buf, domain);
	return GP_OK;
}

/* add_recipient: nothing, domain or address. */
static void add_recipient(struct gp_strbuf *buf, const struct gp_greylist_contact *contact)
{
	struct gp_span local, domain = {NULL, 0};
	if (contact->settings->recipient == GP_GREYLIST_RECIPIENT_NONE ||
		contact->recipient.len == 0)
		return;
	gp_address_split(contact->recipient, &local, &domain);
	if (contact->settings->recipient == GP_GREYLIST_RECIPIENT_ADDRESS) {
		add_lower(buf, gp_address_unquote(local));
		gp_strbuf_add_char(buf, '@');
	}
	add_lower(
		buf, contact->recipient_domain ? gp_span_from(contact->recipient_domain) : domain);
}

/* gp_greylist_key_entry: origin, sender, recipient. */
int gp_greylist_key_entry(struct gp_arena *arena, const struct gp_greylist_contact *contact,
	enum gp_greylist_origin origin, struct gp_span *key_out)
{
	static const char *const kinds[GP_GREYLIST_ORIGINS] = {"n", "d", "r"};
	struct gp_strbuf buf;
	*key_out = (struct gp_span) {NULL, 0};
	begin(arena, &buf, kinds[origin]);
	if (!add_origin(&buf, contact, origin))
		return GP_OK;
	gp_strbuf_add_char(&buf, 0);
	int rc = add_sender(arena, &buf, contact);
	if (rc)
		return rc;
	gp_strbuf_add_char(&buf, 0);
	add_recipient(&buf, contact);
	return finish(arena, &buf, key_out);
}

/* gp_greylist_key_passes: the origin alone. */
int gp_greylist_key_passes(struct gp_arena *arena, const struct gp_greylist_contact *contact,
	enum gp_greylist_origin origin, struct gp_span *key_out)
{
	struct gp_strbuf buf;
	*key_out = (struct gp_span) {NULL, 0};
	begin(arena, &buf, origin == GP_GREYLIST_BY_NETWORK ? "pn" : "pd");
	if (origin == GP_GREYLIST_BY_NAME || !add_origin(&buf, contact, origin))
		return GP_OK;
	return finish(arena, &buf, key_out);
}

/* gp_greylist_key_crowd: the network alone. */
int gp_greylist_key_crowd(
	struct gp_arena *arena, const struct gp_prefix *network, struct gp_span *key_out)
{
	struct gp_strbuf buf;
	begin(arena, &buf, "w");
	add_network(&buf, network);
	return finish(arena, &buf, key_out);
}

/* gp_greylist_key_domain: kind and domain. */
int gp_greylist_key_domain(
	struct gp_arena *arena, const char *kind, const char *domain, struct gp_span *key_out)
{
	struct gp_strbuf buf;
	begin(arena, &buf, kind);
	gp_strbuf_add(&buf, domain);
	return finish(arena, &buf, key_out);
}
