/* SPDX-License-Identifier: ISC */
/*
 * DMARC: what does the owner of the From domain want done with this message (RFC 9989, and of RFC
 * 7489 what the deployed base still publishes: pct)?
 *
 * Knows records, where they are found, organisational domains and alignment. Takes the results of
 * SPF and DKIM as its callers found them; does not know what this site does about a policy.
 *
 *     gp_dmarc_new(ctx, &options, &dmarc);                         (one per message)
 *     n = gp_dmarc_questions(ctx, dmarc, author, questions, room); (to query all at once)
 *     gp_dmarc_discover(ctx, dmarc, author, &found);
 *     gp_dmarc_eval(ctx, dmarc, &query, &result);                  (does the discovery itself)
 *
 * The sender or DNS is at fault: GP_OK and a result. We are: GP_ETOOBIG, GP_ENOMEM.
 * Ownership: everything lives in ctx->arena; options and query are borrowed. Threads: one message,
 * one thread; a list of public suffixes is read by any number.
 *
 * Limits: at most eight queries per tree walk (RFC 9989 4.10); walks are remembered by name.
 */
#ifndef GP_DMARC_DMARC_H
#define GP_DMARC_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/err.h"
#include "dkim/dkim.h"
#include "dns/dns.h"
#include "mail/suffix.h"
#include "spf/spf.h"

#define GP_DMARC_WALK_MAX 8 /* RFC 9989 4.10 */

/* RFC 9989 9.2 */
enum gp_dmarc_verdict {
	GP_DMARC_NONE, /* no policy applies */
	GP_DMARC_PASS,
	GP_DMARC_FAIL,
	GP_DMARC_TEMPERROR,
	GP_DMARC_PERMERROR
};

enum gp_dmarc_policy { GP_DMARC_POLICY_NONE, GP_DMARC_POLICY_QUARANTINE, GP_DMARC_POLICY_REJECT };

/* How the organisational domain is found. COMPARE decides by the walk and says where the list of
 * public suffixes would have said otherwise. */
enum gp_dmarc_discovery { GP_DMARC_WALK, GP_DMARC_PSL, GP_DMARC_COMPARE };

/*
 * The organisational domain by the list (RFC 7489 3.2): one label below the longest public suffix;
 * a name that is a suffix itself is its own. domain in A-labels; the answer points into it.
 */
const char *gp_dmarc_psl_org_domain(const struct gp_suffix_list *psl, const char *domain);

struct gp_dmarc_options {
	enum gp_dmarc_discovery discovery;
	bool pct;                         /* honour pct= (RFC 7489 6.6.4) */
	const struct gp_suffix_list *psl; /* for PSL and COMPARE; NULL: the walk alone */
};

/* A record, every tag with its default. */
struct gp_dmarc_record {
	enum gp_dmarc_policy p, sp, np;
	bool has_p, has_sp, has_np; /* p, sp, np were there and valid */
	bool bad_policy;            /* p missing or not valid, or sp or np not valid (4.10.1) */
	bool has_rua;               /* at least one reporting URI is syntactically valid */
	bool adkim_strict, aspf_strict, testing; /* adkim=s, aspf=s, t=y */
	enum gp_dmarc_psd { GP_DMARC_PSD_U, GP_DMARC_PSD_Y, GP_DMARC_PSD_N } psd;
	unsigned pct;                /* 0 to 100; 100 when absent or not valid */
	struct gp_span rua, ruf, fo; /* as they stand; empty */
};

/* Reads a TXT record. GP_ESYNTAX: it is no DMARC policy record (4.7 v). The text is borrowed. */
int gp_dmarc_record_parse(struct gp_arena *arena, struct gp_span text,
	struct gp_dmarc_record *record_out) GP_MUST_CHECK;

/* Which record speaks for an author's domain. */
struct gp_dmarc_found {
	enum gp_dns_state state; /* FOUND, NODATA (no record applies), TEMPFAIL */
	const char *domain;      /* where the record is, without _dmarc; NULL */
	const char *org_domain;  /* of the author's domain; NULL when DNS did not say: after a
				    TEMPFAIL, or with trouble above the author's own record */
	struct gp_dmarc_record record;
	const char *psl_org_domain; /* COMPARE: what the list says, where it differs; else NULL */
	const char *problem;        /* for TEMPFAIL, and for records that were dropped; static */
};

struct gp_dmarc;

/* Remembers walks of one message. */
int gp_dmarc_new(struct gp_ctx *ctx, const struct gp_dmarc_options *options,
	struct gp_dmarc **dmarc_out) GP_MUST_CHECK;

/* The names that a discovery for this domain asks, at most room; returns how many. */
size_t gp_dmarc_questions(struct gp_ctx *ctx, const struct gp_dmarc *dmarc, const char *domain,
	struct gp_dns_question *questions_out, size_t room);

/* Policy discovery (4.10.1). author_domain in A-labels. */
int gp_dmarc_discover(struct gp_ctx *ctx, struct gp_dmarc *dmarc, const char *author_domain,
	struct gp_dmarc_found *found_out) GP_MUST_CHECK;

/* One name of a discovery, for who shows how it went. */
struct gp_dmarc_step {
	const char *domain;            /* without _dmarc */
	enum gp_dns_state state;       /* FOUND, NODATA or TEMPFAIL */
	bool several;                  /* NODATA, since there are several records */
	bool is_past;                  /* the walk had ended before (psd=y or psd=n) */
	struct gp_span text;           /* FOUND: as it stands in DNS; any byte may occur */
	struct gp_dmarc_record record; /* FOUND */
};

/* The names of a domain that was discovered, in the order of the walk (4.10); returns how many. */
size_t gp_dmarc_steps(const struct gp_dmarc *dmarc, const char *domain,
	struct gp_dmarc_step steps_out[GP_DMARC_WALK_MAX]);

/* What is known about the message. */
struct gp_dmarc_query {
	const char *author_domain;       /* A-labels */
	const struct gp_spf_result *spf; /* of MAIL FROM, or of HELO for the null sender; NULL: SPF
					    could not be judged at all, which never makes a fail */
	const struct gp_dkim_results *dkim; /* NULL: not judged, likewise */
	unsigned sample; /* 0 to 99, evenly spread over messages: pct= N takes those below N */
};

struct gp_dmarc_result {
	enum gp_dmarc_verdict verdict;
	const char *author_domain;
	const char *domain;     /* where the record was found; NULL */
	const char *org_domain; /* NULL when not known */
	const char *policy_tag; /* "p", "sp" or "np": which one applies; NULL without a record */
	enum gp_dmarc_policy published; /* what that tag says */
	enum gp_dmarc_policy sampled;   /* after pct */
	enum gp_dmarc_policy applied;   /* after pct and t=y, and none unless the verdict is fail:
					   what the owner asks for this message */
	bool spf_aligned, dkim_aligned; /* an aligned pass */
	const struct gp_dkim_result *dkim; /* the signature that is aligned; NULL */
	struct gp_dmarc_record record;
	const char *psl_org_domain; /* as in gp_dmarc_found */
	unsigned psl_differences;   /* COMPARE: names of this message (author, passing SPF, passing
				       signatures) about which the list says otherwise */
	const char *reason; /* in words, printable ASCII, without anything of the message; NULL */
};

/*
 * The verdict (5.3). A temporary error of SPF, DKIM or DNS that could hide a pass is a temperror.
 */
int gp_dmarc_eval(struct gp_ctx *ctx, struct gp_dmarc *dmarc, const struct gp_dmarc_query *query,
	struct gp_dmarc_result *result_out) GP_MUST_CHECK;

/* Does the sample decide what is applied to this message: a fail, with a pct between 0 and 100? */
bool gp_dmarc_is_sampled(const struct gp_dmarc *dmarc, const struct gp_dmarc_result *result);

/* Sets what is sampled and applied of a result that has a record, anew for this sample. */
void gp_dmarc_apply(const struct gp_dmarc *dmarc, unsigned sample, struct gp_dmarc_result *result);

/* "pass" and so on; "none", "quarantine", "reject". */
const char *gp_dmarc_verdict_name(enum gp_dmarc_verdict verdict);
const char *gp_dmarc_policy_name(enum gp_dmarc_policy policy);

#endif
