/* SPDX-License-Identifier: ISC */
/*
 * DNS list: one list as the configuration describes it, and what its answers mean.
 *
 * Knows zones, keys, code rules, answers that mean trouble, and entries to test a list with; does
 * not query a list (dnsbl.h) and does not know whether a list works at present (dnsbl_health.h).
 *
 *     rc = gp_dnsbl_list_settle(arena, &list, &how)          (once, when its options are read)
 *     gp_dnsbl_judge(&list, addresses, count, &judgement)    (for each answer: dnsbl_judge.h)
 *
 * Terms of RFC 5782. Ownership: texts live in the arena of the configuration. Threads: a settled
 * list is constant.
 *
 * A key is a part of the queried name only: asked_zone, key and key_file's content are in no text
 * for people; name and zone are what a list is called.
 */
#ifndef GP_REPUTATION_DNSBL_LIST_H
#define GP_REPUTATION_DNSBL_LIST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/option.h"
#include "base/span.h"

#define GP_DNSBL_LISTS_MAX 32    /* lists of a configuration */
#define GP_DNSBL_RULES_MAX 64    /* code rules of a list, and as many errors */
#define GP_DNSBL_TESTS_MAX 16    /* test entries of a list */
#define GP_DNSBL_WEIGHT_MAX 1000 /* largest absolute weight, so that no sum overflows */
#define GP_DNSBL_WEIGHT_UNSET INT_MIN

/* What a list is asked about: a set of bits. */
#define GP_DNSBL_ASKS_CLIENT 1u /* the client's address */
#define GP_DNSBL_ASKS_SENDER 2u /* domain of MAIL FROM */
#define GP_DNSBL_ASKS_HELO 4u
#define GP_DNSBL_ASKS_RDNS 8u  /* confirmed reverse name */
#define GP_DNSBL_ASKS_DKIM 16u /* domains of passing signatures: not at RCPT */

/* Under which conditions a list may be asked: a set of bits. */
#define GP_DNSBL_TERMS_KEY 1u            /* with a key only */
#define GP_DNSBL_TERMS_REGISTRATION 2u   /* by resolvers whose addresses are registered */
#define GP_DNSBL_TERMS_OWN_RESOLVER 4u   /* not by way of public resolvers, or of many users' */
#define GP_DNSBL_TERMS_NON_COMMERCIAL 8u /* else under a contract */

enum gp_dnsbl_reduce { GP_DNSBL_FULL, GP_DNSBL_REGISTERED };

/* An answer, in the order of its octets. */
struct gp_dnsbl_code {
	uint8_t octet[4];
};

/* Each octet lies in its range; of a bit: the mask's part is equal and the bit is set. */
struct gp_dnsbl_rule {
	bool is_bit;
	uint8_t first[4], last[4]; /* of a bit: the mask's part; the last octet is any */
	uint8_t bit;               /* of the last octet; 0: not a bit */
	int weight;                /* 0: known, and says nothing */
	const char *meaning;       /* for people; "" */
	const char *written;       /* "127.0.0.4-7", "bit 8" */
	bool is_built_in;          /* an error that holds for every list */
};

/* Names of test entries that stand for another one in each test. */
#define GP_DNSBL_TEST_RANDOM "random"     /* a domain name that nobody has */
#define GP_DNSBL_TEST_TEST_NET "test-net" /* an address of TEST-NET-1 to -3 (RFC 5737) */

/* An entry that must, or must not, be in the list. */
struct gp_dnsbl_test {
	const char *name; /* address, domain in A-labels, or one of those above */
	bool is_listed;
	bool is_any;     /* listed with any answer, even with one of the errors */
	bool is_address; /* is it asked as an address? */
};

/* A zone that is known to be closed, or of no use; and all below it. */
struct gp_dnsbl_dead {
	const char *zone;   /* the title. First member */
	const char *since;  /* "2024-06-05", "2015"; "": not known */
	const char *now;    /* what it does: "is empty" */
	const char *advice; /* what to do about it: "remove the section" */
	bool is_queried;    /* it answers to some, and is queried if a section names it */
	const char *known_as;
};

struct gp_dnsbl_list {
	const char *name; /* the title: of the table, or of the operator's own list. First member */
	/* as the file says it */
	const char *zone;     /* public name: in texts, logs, metrics; no trailing dot, lower case;
			       * never with a key in it */
	const char *key_zone; /* "KEY.zen.dq.spamhaus.net"; "": none */
	const char *key, *key_file, *key_credential; /* SECRET: the first; "": none */
	const char *family;                          /* lists of one operator count as one */
	unsigned asks;
	bool ipv6;                     /* answers about IPv6 clients */
	int reduce;                    /* enum gp_dnsbl_reduce */
	struct gp_option_network mask; /* of bit rules; text "": none */
	struct gp_option_texts codes, errors, tests;
	int weight;              /* gp_dnsbl_rule_weight; GP_DNSBL_WEIGHT_UNSET */
	int max;                 /* most that it may add to a score, or take from it; 0: no bound */
	bool sum;                /* weights of its hits are added, not the largest taken */
	bool allow;              /* its negative weights may let mail through */
	bool everybody;          /* answers about everybody: not a sign that it lists the world */
	bool border, submission; /* of clients that should not send mail themselves; of users */
	bool null_sender;        /* asked for mail with the null sender only */
	unsigned terms;          /* set of GP_DNSBL_TERMS_*, for warnings */
	const char *about;       /* a sentence for the manual */
	const char *url;
	bool is_off;          /* "off = yes": known, never asked */
	bool is_builtin;      /* one of the table, as "use" has it */
	bool had_key_in_zone; /* the file had it in a name; it is in key now */
	/* settled; the family is the name where none is set */
	const char *asked_zone; /* the zone that is queried. SECRET where there is a key */
	const char *secret;     /* the key in it: what has to be cut out of foreign text; NULL */
	const struct gp_dnsbl_rule *rules, *error_rules;
	size_t rule_count, error_count;
	const struct gp_dnsbl_test *test_entries;
	size_t test_count;
	const char *no_key; /* why it cannot be asked: no key, unreadable file; NULL */
	const char *dead;   /* its zone is known to be closed, and not queried; NULL */
	const char *file;   /* where it stands */
	int line;
};

/* What an answer means. Exactly one of the four, for every set of rules and every answer. */
enum gp_dnsbl_meaning {
	GP_DNSBL_HIT,
	GP_DNSBL_UNKNOWN, /* no rule knows it: not a hit */
	GP_DNSBL_ERROR,   /* an answer that means trouble: one of error_rules. They are looked at
			   * before the others; a built-in one is not among them where a code rule
			   * names that address */
	GP_DNSBL_OUTSIDE  /* not in 127.0.0.0/8: not the list that answers */
};

/* ---- settling ---- */

#define GP_DNSBL_NO_ITEM SIZE_MAX

/* Something that is wrong with a list. */
struct gp_dnsbl_problem {
	const char *option; /* NULL: the list as a whole */
	size_t item;        /* of the option, from 0; GP_DNSBL_NO_ITEM: it is no list */
	/* the item that it contradicts, and of which option; likewise */
	const char *other_option;
	size_t other;
	const char *text; /* foreign bytes in it as they came; never a key */
};

struct gp_dnsbl_settling {
	const char *credentials; /* directory of key_credential; NULL: there is none */
	void (*report)(void *arg, const struct gp_dnsbl_problem *problem);
	void *arg;
};

/*
 * Puts zone, key, rules and tests into the form in which they are used, and tells all that is wrong
 * with them. A list without a usable key is no error: no_key says why. Texts are the arena's.
 * GP_ESYNTAX: something has been reported. GP_ENOMEM, GP_ETOOBIG.
 */
int gp_dnsbl_list_settle(struct gp_arena *arena, struct gp_dnsbl_list *list,
	const struct gp_dnsbl_settling *how) GP_MUST_CHECK;

/*
 * The place of what stands before the zone's own part in a name that has a key in it: for
 * "KEY.zen.dq.spamhaus.net" as key_zone, 4 in "abc.zen.dq.spamhaus.net"; 0: there is no key in it.
 */
size_t gp_dnsbl_list_key_in(const char *key_zone, struct gp_span zone);

/* Has a name a label that looks like a key: at least 16 letters and digits, both of them? The two
 * last labels of a name with more are not looked at. */
bool gp_dnsbl_list_looks_keyed(struct gp_span name);

#endif
