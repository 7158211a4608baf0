/* SPDX-License-Identifier: ISC */
/*
 * Two things are hidden. Words of letters and digits that are as long as keys are, if a section
 * about lists has them; a part of one is hidden as well, since long values are cut in messages. And
 * labels before a zone in whose place a key belongs, whatever they look like.
 */
#include "config/config_hide.h"

#include <string.h>

#define SEEN_MAX 64      /* words, and as many zones: more than a careful file has */
#define LETTERS_MIN 20   /* letters of a word without digits that is taken for a key */
#define PART_MIN 12      /* bytes of a word that has been cut */
#define OWN_LABEL_MIN 12 /* bytes before a zone of key_zone */
#define KEY_LABEL "KEY."

/* is_name_byte: of names in DNS, as they are written. */
static bool is_name_byte(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* remember: once. */
static void remember(
	struct gp_config_draft *draft, const char **items, size_t *count, struct gp_span word)
{
	for (size_t i = 0; i < *count; i++)
		if (gp_span_is(word, items[i]))
			return;
	if (*count < SEEN_MAX && (items[*count] = gp_arena_copy(draft->scratch, word)))
		++*count;
}

/* is_like_key: letters and digits, or so many letters alone. */
static bool is_like_key(struct gp_span run)
{
	bool has_digits = false;
	for (size_t i = 0; i < run.len; i++)
		has_digits = has_digits || (run.ptr[i] >= '0' && run.ptr[i] <= '9');
	return has_digits ? gp_dnsbl_list_looks_keyed(run) : run.len >= LETTERS_MIN;
}

/* gp_config_hide_seen: its runs of letters and digits, and the zone behind KEY. */
void gp_config_hide_seen(struct gp_config_draft *draft, struct gp_span word)
{
	struct gp_config_hidden *h = &draft->hidden;
	if (!h->words) {
		h->words = gp_arena_array(draft->scratch, SEEN_MAX, sizeof *h->words);
		h->zones = gp_arena_array(draft->scratch, SEEN_MAX, sizeof *h->zones);
	}
	if (!h->words || !h->zones)
		return;
	for (size_t i = 0; i < word.len;) {
		size_t n = 0;
		while (i + n < word.len && gp_span_is_alnum(word.ptr[i + n]))
			n++;
		if (is_like_key((struct gp_span) {word.ptr + i, n}))
			remember(draft, h->words, &h->word_count,
				(struct gp_span) {word.ptr + i, n});
		i += n ? n : 1;
	}
	const char *key = memmem(word.ptr, word.len, KEY_LABEL, strlen(KEY_LABEL));
	if (!key)
		return;
	size_t begin = (size_t)(key - word.ptr) + strlen(KEY_LABEL), end = begin;
	while (end < word.len && is_name_byte(word.ptr[end]))
		end++;
	if (end > begin)
		remember(draft, h->zones, &h->zone_count,
			(struct gp_span) {word.ptr + begin, end - begin});
}

/* ---- zones of operators ---- */

/* operator_of: "dq.spamhaus.net" of "KEY.zen.dq.spamhaus.net"; empty: it has another form. */
static struct gp_span operator_of(const char *key_zone)
{
	struct gp_span first, own = gp_span_from(key_zone), rest = {NULL, 0};
	if (gp_span_has_prefix(own, KEY_LABEL))
		(void)gp_span_cut(gp_span_skip(own, strlen(KEY_LABEL)), '.', &first, &rest);
	return rest;
}

/* zone_before: where the label before the tail begins, in a name that ends with the tail; 0: the
 * name does not, or has nothing before that label. */
static size_t zone_before(struct gp_span name, struct gp_span tail)
{
	if (tail.len == 0 || name.len < tail.len + 4 ||
		!gp_span_equal_nocase(gp_span_skip(name, name.len - tail.len), tail) ||
		name.ptr[name.len - tail.len - 1] != '.')
		return 0;
	size_t at = name.len - tail.len - 1;
	while (at > 0 && name.ptr[at - 1] != '.')
		at--;
	return at > 1 && at < name.len - tail.len - 1 ? at : 0;
}

/* gp_config_hide_operator: of any list of the table. */
size_t gp_config_hide_operator(const struct gp_dnsbl_settings *table, struct gp_span name)
{
	size_t at = 0;
	for (size_t i = 0; table && i < table->count && !at; i++)
		at = zone_before(name, operator_of(table->lists[i].key_zone));
	return at;
}

/* key_in_name: how many bytes at the beginning of a name are a key, or several labels. */
static size_t key_in_name(const struct gp_dnsbl_settings *table, const struct gp_config_hidden *h,
	struct gp_span name)
{
	if (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	if (memmem(name.ptr, name.len, KEY_LABEL, strlen(KEY_LABEL)))
		return 0; /* a pattern of key_zone */
	size_t at = gp_config_hide_operator(table, name);
	for (size_t i = 0; i < h->zone_count && !at; i++) {
		const struct gp_span zone = gp_span_from(h->zones[i]);
		size_t before = name.len > zone.len ? name.len - zone.len : 0;
		if (before > OWN_LABEL_MIN && name.ptr[before - 1] == '.' &&
			gp_span_equal_nocase(gp_span_skip(name, before), zone))
			at = before;
	}
	return at ? at - 1 : 0;
}

/* ---- texts ---- */

/* word_at: how many bytes here are one of the words, or the larger part of one. */
static size_t word_at(const struct gp_config_hidden *h, struct gp_span rest)
{
	size_t most = 0;
	for (size_t i = 0; i < h->word_count; i++) {
		size_t n = 0;
		const char *word = h->words[i];
		while (word[n] && n < rest.len &&
			gp_span_lower(word[n]) == gp_span_lower(rest.ptr[n]))
			n++;
		if ((!word[n] || n >= PART_MIN) && n > most)
			most = n;
	}
	return most;
}

/* add_name: a run of bytes of names, without what is hidden. */
static void add_name(struct gp_strbuf *buf, const struct gp_dnsbl_settings *table,
	const struct gp_config_hidden *h, struct gp_span name)
{
	size_t hidden = key_in_name(table, h, name);
	if (hidden) {
		gp_strbuf_add(buf, GP_CONFIG_HIDDEN);
		name = gp_span_skip(name, hidden);
	}
	while (name.len) {
		size_t n = word_at(h, name);
		if (n)
			gp_strbuf_add(buf, GP_CONFIG_HIDDEN);
		else
			gp_strbuf_add_span(buf, (struct gp_span) {name.ptr, 1});
		name = gp_span_skip(name, n ? n : 1);
	}
}

/* gp_config_hide_keys: name by name. */
void gp_config_hide_keys(struct gp_config_errors *errors, struct gp_config_draft *draft)
{
	const struct gp_config_hidden *h = &draft->hidden;
	struct gp_span rest = gp_span_from(errors->text);
	struct gp_strbuf buf;
	if (rest.len == 0 || !h->words || draft->is_table)
		return;
	const struct gp_dnsbl_settings *table = gp_config_draft_known(draft);
	gp_strbuf_init(&buf, errors->arena, 4 * rest.len + 64);
	while (rest.len) {
		size_t n = 0;
		while (n < rest.len && is_name_byte(rest.ptr[n]))
			n++;
		if (n)
			add_name(&buf, table, h, (struct gp_span) {rest.ptr, n});
		else
			gp_strbuf_add_span(&buf, (struct gp_span) {rest.ptr, n = 1});
		rest = gp_span_skip(rest, n);
	}
	if (gp_strbuf_finish(&buf, &errors->text))
		errors->text = "there is no memory for the errors\n";
}
