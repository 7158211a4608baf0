/* SPDX-License-Identifier: ISC */
/* A short list in the order of asking; searched, as it is short and seldom added to. */
#include "dns/dns_cache_private.h"

#include <stdlib.h>
#include <string.h>

/* what comes when there are more is asked for again by those who need it */
#define WANTED_MAX 256

struct gp_dns_wish {
	struct gp_dns_wish *next;
	struct gp_dns_key key;
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

/* gp_dns_wanted_add: at the end. */
void gp_dns_wanted_add(struct gp_dns_wanted *wanted, const struct gp_dns_key *key)
{
	size_t count = 0;
	if (!atomic_load(&wanted->is_served))
		return;
	pthread_mutex_lock(&wanted->lock);
	struct gp_dns_wish **at = &wanted->first;
	for (; *at && !same(&(*at)->key, key); at = &(*at)->next)
		count++;
	if (!*at && count < WANTED_MAX && (*at = calloc(1, sizeof **at)) != NULL) {
		(*at)->key = *key;
		(*at)->key.name[key->length] = 0; /* to be asked as text */
	}
	pthread_mutex_unlock(&wanted->lock);
}

/* gp_dns_wanted_take: the oldest. */
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
