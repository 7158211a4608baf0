/* SPDX-License-Identifier: ISC */
/*
 * Limit: how much a user (or another key) may send in a window of time.
 *
 * Knows limits, what is counted under which key, exceptions to them (overrides), and how a message
 * is reserved, committed or released; does not know which program asks at which stage of SMTP, and
 * leaves the counting to the store. Time is an argument: that of the store.
 */
#ifndef GP_LIMIT_LIMIT_H
#define GP_LIMIT_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/ipaddr.h"
#include "base/span.h"
#include "store/store.h"

#define GP_LIMIT_MAX 64 /* limits of a configuration */

/* Whose mail is counted together. */
enum gp_limit_key {
	GP_LIMIT_BY_USER,          /* the authenticated user */
	GP_LIMIT_BY_USER_DOMAIN,   /* the part after the @ of the user's name */
	GP_LIMIT_BY_SENDER,        /* MAIL FROM, of trusted clients only: others may write any */
	GP_LIMIT_BY_SENDER_DOMAIN, /* its domain, of trusted clients only */
	GP_LIMIT_BY_CLIENT,        /* the client's address; IPv6: a household's network */
	GP_LIMIT_BY_NETWORK,       /* the client's network */
	GP_LIMIT_BY_ALL            /* one counter for everybody */
};

enum gp_limit_unit { GP_LIMIT_RECIPIENTS, GP_LIMIT_MESSAGES, GP_LIMIT_BYTES };
enum gp_limit_mode { GP_LIMIT_OFF, GP_LIMIT_LABEL, GP_LIMIT_ENFORCE };
enum gp_limit_action { GP_LIMIT_DEFER, GP_LIMIT_REJECT, GP_LIMIT_HOLD };

/* Where mail comes from, as bits; 0 in a limit: what its key makes sense for. */
enum gp_limit_origin {
	GP_LIMIT_FROM_AUTHENTICATED = 1,
	GP_LIMIT_FROM_TRUSTED = 2, /* clients in trusted_networks that have not authenticated */
	GP_LIMIT_FROM_OTHERS = 4
};

/* Are the spellings of a name that databases of users take for the same one subject? */
enum gp_limit_names { GP_LIMIT_NAMES_FOLD, GP_LIMIT_NAMES_EXACT };

/* user+detail@example.org: another sender than user@example.org? (RFC 5233) */
enum gp_limit_subaddress { GP_LIMIT_SUBADDRESS_KEEP, GP_LIMIT_SUBADDRESS_STRIP };

#define GP_LIMIT_UNLIMITED INT64_MAX /* as a maximum */
#define GP_LIMIT_UNSET (-1)          /* in an override: the limit keeps its own maximum */

/* One limit; all texts belong to the configuration. */
struct gp_limit {
	const char *name;
	enum gp_limit_key key;
	enum gp_limit_unit unit;
	enum gp_limit_mode mode;
	enum gp_limit_action action;
	int64_t max; /* GP_LIMIT_UNLIMITED: counted only */
	int64_t per_ms;
	unsigned from;                       /* set of enum gp_limit_origin; 0: by key */
	unsigned ipv4_prefix;                /* of GP_LIMIT_BY_NETWORK */
	unsigned ipv6_prefix;                /* and of GP_LIMIT_BY_CLIENT */
	enum gp_limit_subaddress subaddress; /* of GP_LIMIT_BY_SENDER */
	struct gp_config_texts domains; /* of senders, in A-labels, ".x" for below x; empty: all */
	const char *code;               /* "450 4.7.1"; "": by action */
	const char *text;               /* template of the reply */
	uint32_t id;                    /* of its counters; no two limits share it, never 0 */
	const char *file;               /* where it stands in the configuration */
	int line;
};

/* What an override is about. */
enum gp_limit_override_kind {
	GP_LIMIT_OVERRIDE_USER,
	GP_LIMIT_OVERRIDE_DOMAIN, /* of the user's name */
	GP_LIMIT_OVERRIDE_SENDER,
	GP_LIMIT_OVERRIDE_SENDER_DOMAIN,
	GP_LIMIT_OVERRIDE_CLIENT /* a network or an address */
};

struct gp_limit_override {
	enum gp_limit_override_kind kind;
	const char *name; /* normalised by gp_limit_normalise; for a client as it was written */
	struct gp_prefix prefix; /* of GP_LIMIT_OVERRIDE_CLIENT */
	const int64_t *max;      /* one for each limit; GP_LIMIT_UNSET, GP_LIMIT_UNLIMITED */
	const char *file;
	int line;
};

/* All of a configuration; the overrides sorted by gp_limit_override_compare, none twice. */
struct gp_limit_set {
	const struct gp_limit *limits;
	size_t limit_count;
	const struct gp_limit_override *overrides;
	size_t override_count;
	enum gp_limit_names names;       /* how names are compared */
	bool case_sensitive;             /* of the names of users, with GP_LIMIT_NAMES_FOLD */
	unsigned reservation_timeout_ms; /* how long recipients count without an end of message */
	const struct gp_prefix *nat64;   /* of the site, under which clients of IPv4 are seen */
	size_t nat64_count;
};

/* ---- for the configuration ---- */

/* Whose mail a limit with this key may be about: a set of enum gp_limit_origin. */
unsigned gp_limit_origins(enum gp_limit_key key);

/* The number of a limit's counters: made of name, key, unit and window, so that a limit whose
 * meaning changes begins anew and one that only gets another maximum does not. */
uint32_t gp_limit_id(const char *name, int key, int unit, int64_t per_ms);

/*
 * The form in which names are compared (limits.names, limits.case_sensitive of the set). kind says
 * what the name is. By GP_LIMIT_NAMES_FOLD: without blanks, controls and what is not seen, NFKC,
 * lower case, without quotes, no @ or dot too many, the domain in A-labels of what is folded; bytes
 * that are no UTF-8 are taken as ISO 8859-1. May be empty. By GP_LIMIT_NAMES_EXACT only the domain
 * is changed. Its own result it does not change. NULL: the arena refused, or there was no memory.
 */
const char *gp_limit_normalise(struct gp_arena *arena, const struct gp_limit_set *set,
	enum gp_limit_override_kind kind, struct gp_span name) GP_MUST_CHECK;

/* The length of a normalised mailbox's local part without its subaddress; 0: it has none. */
size_t gp_limit_without_subaddress(const char *mailbox);

/* Is the name one that a domain of mailboxes can have? (Without memory: not.) */
bool gp_limit_is_domain(struct gp_arena *arena, struct gp_span name);

/* The domain of a normalised mailbox: the end of its text, "" without one. */
const char *gp_limit_domain_of(const char *mailbox);

/* How many bits of an address of this family a limit by client or network counts together. */
unsigned gp_limit_prefix(const struct gp_limit *limit, enum gp_ip_family family);

/* Does a limit by sender or sender_domain count this domain of senders (its option domains)? */
bool gp_limit_counts_domain(const struct gp_limit *limit, const char *domain);

/*
 * Order of the overrides in a set, as qsort has it: kind, then name (clients: prefix); 0: the same.
 */
int gp_limit_override_compare(const void *a, const void *b);

#endif
