/* SPDX-License-Identifier: ISC */
/* The rows of options and the kinds of values, for the files of this folder and their tests. */
#ifndef GP_CONFIG_CONFIG_PRIVATE_H
#define GP_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"

/* How a value is written in the file and what lies at its place in the row's struct. */
enum gp_config_kind {
	GP_KIND_BOOL,     /* bool */
	GP_KIND_UINT,     /* unsigned, min..max */
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
	GP_KIND_NETWORK,  /* struct gp_config_network */
	/* lists, from here on: */
	GP_KIND_SET,      /* unsigned, set of bits */
	GP_KIND_PREFIXES, /* struct gp_config_prefixes */
	/* struct gp_config_texts; names in A-labels; the pattern ".example.org" is all below it: */
	GP_KIND_NAMES,     /* patterns of domains of mail */
	GP_KIND_HOSTS,     /* patterns of names of machines, which may be single words */
	GP_KIND_DOMAINS,   /* domains of mail, no patterns */
	GP_KIND_ADDRESSES, /* user@domain, user@, or patterns of domains */
	GP_KIND_LISTEN,    /* struct gp_config_texts */
	GP_KIND_SERVERS,   /* struct gp_config_texts */
	GP_KIND_STORES,    /* struct gp_config_texts: URIs of stores */
	GP_KIND_FILES /* struct gp_config_texts: absolute paths, the last part may be a pattern */
};
#define GP_CONFIG_KINDS (GP_KIND_FILES + 1)

/* A word of a choice and the number it stands for; ended by a NULL word. */
struct gp_config_choice {
	const char *word;
	int value;
};

/* What a GP_KIND_BOOL may be called. */
extern const struct gp_config_choice gp_config_bools[];

struct gp_config_row {
	const char *section; /* NULL for the top level */
	const char *name;
	enum gp_config_kind kind;
	size_t offset; /* in struct gp_config, or in that of a section that repeats, see below */
	const char *preset; /* default, as the file spells it; items of lists between commas; NULL:
			     * there is none */
	uint64_t min, max;
	const struct gp_config_choice *choices;
	const char *help;    /* sentences for the example and the man page */
	const char *example; /* where there is no default */
};

/* A client in an override: the network, and as it was written. */
struct gp_config_network {
	struct gp_prefix prefix;
	const char *text;
};

/* Whom an override is about, as the file says it; not set: NULL. */
struct gp_config_override {
	const char *user, *domain, *sender, *sender_domain;
	struct gp_config_network client;
};

/* All options, sections together, in the order of the example file. */
#define GP_CONFIG_ROWS_MAX 160
extern const struct gp_config_row gp_config_rows[];
extern const size_t gp_config_row_count;

/* The rows of a section, which stand together, as indices: from first on, before end. */
struct gp_config_range {
	size_t first, end;
};
struct gp_config_range gp_config_rows_of(const char *section);

/* Are the sections the same? NULL is the top level. */
bool gp_config_same_section(const char *a, const char *b);

/* How often a section stands in a file, and where its rows have their places. */
enum gp_config_times {
	GP_SECTION_ONCE,  /* its parts are taken together: struct gp_config */
	GP_SECTION_NAMED, /* "limit NAME { }", each name once: struct gp_limit */
	GP_SECTION_MANY   /* struct gp_config_override; names of limits are options, too */
};

/* One line about each section, for the example and the man page; ended by a NULL name, which does
 * not count. */
#define GP_CONFIG_SECTIONS_MAX 20
struct gp_config_section {
	const char *name;
	enum gp_config_times times;
	const char *help;
};
extern const struct gp_config_section gp_config_sections[];
extern const size_t gp_config_section_count;

/* The section of this name; NULL for the top level and unknown ones. */
const struct gp_config_section *gp_config_section_find(const char *name);

/* The row, or NULL. */
const struct gp_config_row *gp_config_row_find(const char *section, const char *name);

/* Is the value a list in the file? */
bool gp_config_kind_is_list(enum gp_config_kind kind);

/* The word of a choice for the value, "" when there is none. */
const char *gp_config_word(const struct gp_config_choice *choices, int value);

/* Where values go: the struct that a row's offset counts in, and the memory for texts. */
struct gp_config_target {
	struct gp_arena *arena;
	void *base;
};

/* A value that is wrong, and what about it where there is more to say than what is allowed (static,
 * or in the target's arena; foreign bytes in it as they came), else NULL. */
struct gp_config_bad {
	struct gp_span value;
	const char *problem;
	bool is_of_list; /* it is no value that is wrong, but how many there are */
};

/*
 * Converts count values (1 for scalars) into the row's place in the target. On GP_ESYNTAX *bad_out
 * is the value that is wrong; gp_config_allowed says what would be right.
 */
int gp_config_value_set(struct gp_config_target to, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out) GP_MUST_CHECK;

/* Is it UTF-8 without control characters, and not over-long? */
bool gp_config_is_clean(struct gp_span text);

/* What is wrong with the address of a name server, or of a socket, that no host can have, or that
 * says nothing without its interface (RFC 4007 6); NULL: nothing. */
const char *gp_config_server_problem(const struct gp_dns_server *server);
const char *gp_config_socket_problem(const struct gp_dns_server *where);

/* An item of a list of texts as mail is compared with it. GP_ESYNTAX: it could never match. */
int gp_config_item(struct gp_arena *arena, const struct gp_config_row *row, struct gp_span value,
	const char **item_out) GP_MUST_CHECK;

/* A domain in A-labels, if a host or a domain of mail can be called so; a single word only where it
 * may be one, or is localhost. GP_ESYNTAX for all else. */
int gp_config_domain(struct gp_arena *arena, struct gp_span value, bool may_be_word,
	const char **domain_out) GP_MUST_CHECK;

/* Where the name begins in a pattern of names, which is all below it; 0: it is a name itself. */
size_t gp_config_pattern_begins(struct gp_span value);

/* What is wrong with a value that the row does not take, and what to write instead; NULL: what is
 * allowed says all. */
const char *gp_config_problem(
	struct gp_arena *arena, const struct gp_config_row *row, struct gp_span value);

/* The options for networks, names and mailboxes that stand in a row which does not compare them,
 * NULL where there is none; false: the row is not known. */
bool gp_config_elsewhere(const struct gp_config_row *row, const char *options_out[3]);

/* Defaults of a section into the target; rows without one are passed over. */
int gp_config_presets(struct gp_config_target to, const char *section) GP_MUST_CHECK;

/* Is the value of a GP_KIND_AMOUNT written with k, M, G or T? */
bool gp_config_amount_has_unit(struct gp_span value);

/* "a number from 1 to 64" and so on, appended. */
void gp_config_allowed(struct gp_strbuf *buf, const struct gp_config_row *row);

/* The value in the struct at base as the file would spell it, appended; quoted where needed. */
void gp_config_value_format(
	struct gp_strbuf *buf, const void *base, const struct gp_config_row *row);

/* A maximum; in_bytes: with the largest unit that divides it. */
void gp_config_amount_format(struct gp_strbuf *buf, int64_t amount, bool in_bytes);

/* A string as the file has it, appended. */
void gp_config_quote(struct gp_strbuf *buf, const char *text);

/* The row's default (or example) split into values; returns how many, at most max. */
size_t gp_config_preset(const struct gp_config_row *row, struct gp_span *values, size_t max);

/* Units of a kind, smallest first, ended by a NULL name. */
struct gp_config_unit {
	const char *name;
	uint64_t factor;
};
const struct gp_config_unit *gp_config_units(enum gp_config_kind kind);

/* How overrides name whom they are about, by enum gp_limit_override_kind. */
#define GP_CONFIG_SUBJECTS (GP_LIMIT_OVERRIDE_CLIENT + 1)
extern const char *const gp_config_subjects[GP_CONFIG_SUBJECTS];

#endif
