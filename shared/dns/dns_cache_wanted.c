/* SPDX-License-Identifier: ISC */
/*
 * A short list in the order of asking; searched, as it is short and seldom added to. Anybody with a
 * zone can have names that answer once and are silent then. Neither their number nor their coming
 * again keeps others from being heard: a domain has a share of the list, and what was in vain
 * stands after all that was not, and makes room for it.
 */
#include "dns/dns_cache_private.h"

#include <stdlib.h>
#include <string.h>

#define WANTED_MAX 256
#define SHARE_MAX 16 /* of names below the same two labels */

struct gp_dns_wish {
	struct gp_dns_wish *next;
	struct gp_dns_key key;
	const char *domain; /* the last two labels, within key */
	bool was_vain;
};

/* gp_dns_wanted_init: empty. */
int gp_dns_wanted_init(struct gp_dns_wanted *wanted)
{
	wanted->first = NULL;
	atomic_init(&wanted->is_served, false);
	return pthread_mutex_init(&wanted->lock, NULL) ? GP_ENOMEM : GP_OK;
}

/* gp_dns_wanted_fini: one after the other. */
void gp_dns_wanted_fini(struct gp_dns_wanted *wanted)
{
	while (wanted->first) {
		struct gp_dns_wish *wish = wanted->first;
		wanted->first = wish->next;
		free(wish);
	}
	pthread_mutex_destroy(&wanted->lock);
}

/* same: the same question? */
static bool same(const struct gp_dns_key *a, const struct gp_dns_key *b)
{
	return a->hash == b->hash && a->type == b->type && a->length == b->length &&
	       memcmp(a->name, b->name, a->length) == 0;
}

/* domain_of: the last two labels. Which suffixes are public is not known here: names below such a
 * suffix share, and a request without a place in the list waits itself. */
static const char *domain_of(const struct gp_dns_key *key)
{
	unsigned dots = 0;
	const char *at = key->name + key->length;
	while (at > key->name && (at[-1] != '.' || ++dots < 2))
		at--;
	return at;
}

/* new_wish: for a question, to be asked as text; or NULL. */
static struct gp_dns_wish *new_wish(const struct gp_dns_key *key, bool was_vain)
{
	struct gp_dns_wish *wish = calloc(1, sizeof *wish);
	if (!wish)
		return NULL;
	wish->key = *key;
	wish->key.name[key->length] = 0;
	wish->domain = domain_of(&wish->key);
	wish->was_vain = was_vain;
	return wish;
}

/* has_room: for this wish; the last of those that were in vain makes it. The list is locked. */
static bool has_room(struct gp_dns_wanted *wanted, const struct gp_dns_wish *wish)
{
	size_t count = 0, share = 0;
	struct gp_dns_wish **last = &wanted->first;
	for (struct gp_dns_wish **at = &wanted->first; *at; at = &(*at)->next) {
		count++;
		share += strcmp((*at)->domain, wish->domain) == 0;
		last = at;
	}
	if (share >= SHARE_MAX)
		return false;
	if (count < WANTED_MAX)
		return true;
	if (wish->was_vain || !(*last)->was_vain)
		return false;
	free(*last);
	*last = NULL;
	return true;
}

/* insert: at the end of its kind; takes the wish. False: there is no room. The list is locked. */
static bool insert(struct gp_dns_wanted *wanted, struct gp_dns_wish *wish)
{
	struct gp_dns_wish **at = &wanted->first;
	if (!has_room(wanted, wish)) {
		free(wish);
		return false;
	}
	while (*at && (wish->was_vain || !(*at)->was_vain))
		at = &(*at)->next;
	wish->next = *at;
	*at = wish;
	return true;
}

/* gp_dns_wanted_add: unless it is there. */
bool gp_dns_wanted_add(struct gp_dns_wanted *wanted, const struct gp_dns_key *key, bool was_vain)
{
	struct gp_dns_wish *wish = atomic_load(&wanted->is_served) ? new_wish(key, was_vain) : NULL;
	if (!wish)
		return false;
	pthread_mutex_lock(&wanted->lock);
	const struct gp_dns_wish *there = wanted->first;
	while (there && !same(&there->key, key))
		there = there->next;
	bool is_there = there || insert(wanted, wish);
	pthread_mutex_unlock(&wanted->lock);
	if (there)
		free(wish);
	return is_there;
}

/* gp_dns_wanted_take: in their order. */
bool gp_dns_wanted_take(struct gp_dns_wanted *wanted, struct gp_dns_key *key_out)
{
	atomic_store(&wanted->is_served, true);
	pthread_mutex_lock(&wanted->lock);
	struct gp_dns_wish *wish = wanted->first;
	if (wish)
		wanted->first = wish->next;
	pthread_mutex_unlock(&wanted->lock);
	if (!wish)
		return false;
	*key_out = wish->key;
	free(wish);
	return true;
}

/* gp_dns_wanted_is_served: since the first call of take. */
bool gp_dns_wanted_is_served(const struct gp_dns_wanted *wanted)
{
	return atomic_load(&wanted->is_served);
}
