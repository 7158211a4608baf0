/* SPDX-License-Identifier: ISC */
/*
 * The list of public suffixes, by libpsl: opened once, then only read. The distribution's newest is
 * a compiled one (a .dafsa: 50 kB read in 10 us), so that a short-lived process may open it, too;
 * publicsuffix.org's text has to be read and sorted rule by rule (5 to 8 ms).
 */
#include "dmarc/dmarc_private.h"

#include <libpsl.h>
#include <stdlib.h>

struct gp_dmarc_psl {
	psl_ctx_t *list;
};

/* gp_dmarc_psl_new: the file, or the newest of the distribution; one without rules is none. */
int gp_dmarc_psl_new(const char *path, struct gp_dmarc_psl **psl_out)
{
	psl_ctx_t *list = path && *path ? psl_load_file(path) : psl_latest(NULL);
	if (list && psl_suffix_count(list) == 0) { /* a compiled list has -1 */
		psl_free(list);
		list = NULL;
	}
	if (!list)
		return GP_EIO;
	struct gp_dmarc_psl *psl = calloc(1, sizeof *psl);
	if (!psl) {
		psl_free(list);
		return GP_ENOMEM;
	}
	psl->list = list;
	*psl_out = psl;
	return GP_OK;
}

/* gp_dmarc_psl_free: with the list. */
void gp_dmarc_psl_free(struct gp_dmarc_psl *psl)
{
	if (psl)
		psl_free(psl->list);
	free(psl);
}

/* gp_dmarc_psl_org_domain: libpsl's word for it is the registrable domain. */
const char *gp_dmarc_psl_org_domain(const struct gp_dmarc_psl *psl, const char *domain)
{
	const char *org = psl_registrable_domain(psl->list, domain);
	return org ? org : domain;
}
