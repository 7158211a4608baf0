/* SPDX-License-Identifier: ISC */
/*
 * Option: the rows of the configuration's tables, in which each module defines its own options.
 *
 * A section of the file is a struct and a table of rows: the name of each option, what its value
 * is, its bounds, its default and its place in the struct. The owner defines both, config/ lists
 * the sections (config_table.c), reads files into the structs, and makes the example and the
 * manual.
 *
 * Knows no option; does not read anything.
 */
#ifndef GP_BASE_OPTION_H
#define GP_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/span.h"

/* How a value is written in the file and what lies at its place in the row's struct. */
enum gp_option_kind {
	GP_KIND_BOOL,     /* bool */
	GP_KIND_UINT,     /* unsigned, min..max */
	GP_KIND_INT,      /* int, min..max as int64_t; or one of choices, if there are any */
	GP_KIND_SIZE,     /* size_t, min..max */
	GP_KIND_BYTES,    /* unsigned; k, M */
	GP_KIND_SPACE,    /* size_t bytes; k, M, G, T */
	GP_KIND_MODE,     /* unsigned, octal */
	GP_KIND_MSEC,     /* unsigned milliseconds; ms, s, m, h, d */
	GP_KIND_PERIOD,   /* int64_t milliseconds; ms, s, m, h, d */
	GP_KIND_SEC,      /* unsigned seconds; s, m, h, d */
	GP_KIND_AMOUNT,   /* int64_t; k, M, G, T; "unlimited" */
	GP_KIND_CHOICE,   /* int, one of choices */
	GP_KIND_TEXT,     /* const char *, at most max bytes, printable */
	GP_KIND_CODE,     /* const char *, "550 5.7.23": min is the class, 4 or 5, or 0 for either;
			   * max 1: may be empty */
	GP_KIND_TEMPLATE, /* const char *, text with {names}, which are the words of choices */
	GP_KIND_PATH,     /* const char *, "" or absolute, at most max bytes */
	GP_KIND_LOGIN,    /* const char *, not empty, UTF-8 */
	GP_KIND_MAILBOX,  /* const char *, user@domain */
	GP_KIND_DOMAIN,   /* const char * */
	GP_KIND_NETWORK,  /* struct gp_option_network; max 1: may be empty, text "" */
	GP_KIND_ZONE,     /* const char *, name in DNS, in lower case, without a dot at its end;
			   * or empty */
	GP_KIND_SECRET,   /* const char *, letters, digits, - and _, at most max; or empty. In no
			   * text but the private one of a saved configuration */
	/* lists, from here on: */
	GP_KIND_SET,      /* unsigned, set of bits */
	GP_KIND_PREFIXES, /* struct gp_option_prefixes */
	/* struct gp_config_texts; names in A-labels; the pattern ".example.org" is all below it: */
	GP_KIND_NAMES,     /* patterns of domains of mail */
	GP_KIND_HOSTS,     /* patterns of names of machines, which may be single words */
	GP_KIND_DOMAINS,   /* domains of mail, no patterns */
	GP_KIND_ADDRESSES, /* user@domain, user@, or patterns of domains */
	GP_KIND_LISTEN,    /* struct gp_config_texts */
	GP_KIND_SERVERS,   /* struct gp_config_texts */
	GP_KIND_STORES,    /* struct gp_config_texts: URIs of stores */
	GP_KIND_TEXTS,     /* struct gp_option_texts: printable ASCII */
	GP_KIND_FILES /* struct gp_config_texts: absolute paths, the last part may be a pattern */
};

/* A word of a choice and the number it stands for; ended by a NULL word. */
struct gp_option_choice {
	const char *word;
	int value;
};

/* What else is true of an option. */
#define GP_OPTION_REQUIRED 1u /* in each section: no default could stand for it */
#define GP_OPTION_AT_START \
	2u                   /* in a daemon a change takes effect when it starts, not at a reload */
#define GP_OPTION_AT_OPEN 4u /* or when the store is opened */

struct gp_option {
	const char *section; /* NULL for the top level */
	const char *name;
	enum gp_option_kind kind;
	size_t offset;      /* in the struct of its section */
	const char *preset; /* default, as the file spells it; items of lists between commas; NULL:
			     * there is none */
	uint64_t min, max;
	const struct gp_option_choice *choices;
	/* sentences for the example and the man page; a line that begins with a value and a
	 * colon says what that value means */
	const char *help;
	const char *example; /* where there is no default */
	unsigned flags;      /* GP_OPTION_..., together */
};

/* A section of the file, or the top level (name NULL). */
struct gp_option_section {
	const char *name;
	const char *help; /* sentences for the example and the man page */
	const struct gp_option *rows;
	size_t row_count;
	size_t size; /* of the struct */
};

/* ---- what several sections have ---- */

extern const struct gp_option_choice gp_option_bools[];        /* of GP_KIND_BOOL */
extern const struct gp_option_choice gp_option_modes[];        /* enum gp_option_mode */
extern const struct gp_option_choice gp_option_accept_defer[]; /* enum gp_option_on_error */
extern const struct gp_option_choice gp_option_accept_defer_reject[];

/* Lists: items are the snapshot's own. */
struct gp_option_prefixes {
	const struct gp_prefix *items;
	size_t count;
};

/* A client in an override: the network, and as it was written. */
struct gp_option_network {
	struct gp_prefix prefix;
	const char *text;
};

/* Texts that are checked together later, and the line of each in its file. */
struct gp_option_texts {
	struct gp_config_texts texts; /* first member */
	const int *lines;             /* NULL: of no file */
};

/* What a check does with what it finds. */
enum gp_option_mode {
	GP_MODE_OFF,    /* not run */
	GP_MODE_LABEL,  /* run, logged, header added; never refuses */
	GP_MODE_ENFORCE /* refuses, too */
};

/* What is done about an error verdict. */
enum gp_option_on_error { GP_ON_ERROR_ACCEPT, GP_ON_ERROR_DEFER, GP_ON_ERROR_REJECT };

#endif
