/* SPDX-License-Identifier: ISC */
/*
 * The list of public suffixes, by libpsl: opened once, then only read. The distribution's newest is
 * a compiled one (a .dafsa: 50 kB read in 10 us), so that a short-lived process may open it, too;
 * publicsuffix.org's text has to be read and sorted rule by rule (5 to 8 ms).
 */
#include "mail/suffix.h"

#include <libpsl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct gp_suffix_list {
	psl_ctx_t *psl;
};

/* gp_suffix_list_new: the file, or the newest of the distribution; one without rules is none. */
int gp_suffix_list_new(const char *path, struct gp_suffix_list **list_out)
{
	psl_ctx_t *psl = path && *path ? psl_load_file(path) : psl_latest(NULL);
	if (psl && psl_suffix_count(psl) == 0) { /* a compiled list has -1 */
		psl_free(psl);
		psl = NULL;
	}
	if (!psl)
		return GP_EIO;
	struct gp_suffix_list *list = calloc(1, sizeof *list);
	if (!list) {
		psl_free(psl);
		return GP_ENOMEM;
	}
	list->psl = psl;
	*list_out = list;
	return GP_OK;
}

/* gp_suffix_list_free: with what libpsl holds. */
void gp_suffix_list_free(struct gp_suffix_list *list)
{
	if (list)
		psl_free(list->psl);
	free(list);
}

/* gp_suffix_registered: libpsl's word for it is the registrable domain. */
const char *gp_suffix_registered(const struct gp_suffix_list *list, const char *domain)
{
	return psl_registrable_domain(list->psl, domain);
}

/* is_end: is it the other name, or what follows one of its dots? */
static bool is_end(const char *other, size_t other_length, const char *domain, size_t length)
{
	if (length > other_length || memcmp(other + other_length - length, domain, length) != 0)
		return false;
	return length == other_length || other[other_length - length - 1] == '.';
}

/*
 * gp_suffix_registered_beside: all ends of the domain are ends of the other name, and the longest
 * public suffix of that one is among them; so it is the longest of the domain as well.
 */
const char *gp_suffix_registered_beside(const struct gp_suffix_list *list, const char *domain,
	const char *other, const char *other_registered)
{
	if (!other || !other_registered)
		return gp_suffix_registered(list, domain);
	size_t length = strlen(domain), registered = strlen(other_registered);
	if (length >= registered && is_end(other, strlen(other), domain, length))
		return domain + length - registered;
	return gp_suffix_registered(list, domain);
}
