/* SPDX-License-Identifier: ISC */
/* The rows of options and the kinds of values, for the files of this folder and their tests. */
#ifndef GP_CONFIG_CONFIG_PRIVATE_H
#define GP_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"

/* How a value is written in the file and what lies at its place in struct gp_config. */
enum gp_config_kind {
	GP_KIND_BOOL,   /* bool */
	GP_KIND_UINT,   /* unsigned, min..max */
	GP_KIND_SIZE,   /* size_t, min..max */
	GP_KIND_BYTES,  /* unsigned; k, M */
	GP_KIND_MODE,   /* unsigned, octal */
	GP_KIND_MSEC,   /* unsigned milliseconds; ms, s, m, h, d */
	GP_KIND_SEC,    /* unsigned seconds; s, m, h, d */
	GP_KIND_CHOICE, /* int, one of choices */
	GP_KIND_TEXT,   /* const char *, at most max bytes, printable */
	GP_KIND_CODE,   /* const char *, "550 5.7.23": min is the class, 4 or 5, or 0 for either */
	GP_KIND_TEMPLATE, /* const char *, text with {names} */
	GP_KIND_PATH,     /* const char *, "" or absolute */
	GP_KIND_VERDICTS, /* unsigned, set of bits */
	GP_KIND_PREFIXES, /* struct gp_config_prefixes */
	GP_KIND_NAMES, /* struct gp_config_texts: domains in A-labels, ".example.org" for below */
	GP_KIND_ADDRESSES, /* struct gp_config_texts: user@domain, user@, domain, .domain */
	GP_KIND_LISTEN,    /* struct gp_config_texts */
	GP_KIND_SERVERS    /* struct gp_config_texts */
};

/* A word of a choice and the number it stands for; ended by a NULL word. */
struct gp_config_choice {
	const char *word;
	int value;
};

struct gp_config_row {
	const char *section; /* NULL for the top level */
	const char *name;
	enum gp_config_kind kind;
	size_t offset;      /* in struct gp_config */
	const char *preset; /* default, as the file spells it; items of lists between commas */
	uint64_t min, max;
	const struct gp_config_choice *choices;
	const char *help; /* sentences for the example and the man page */
};

/* The first thing in a text that must not be read any further: where, and a static sentence. */
struct gp_config_fault {
	int line;
	const char *problem;
};

/*
 * Looks the text over before libconfuse reads it: only text, everything closed that was opened, no
 * reference to the environment. Comments become blanks, in place. GP_ESYNTAX with the fault.
 */
int gp_config_scan(char *text, size_t len, struct gp_config_fault *fault_out) GP_MUST_CHECK;

/*
 * In a text that gp_config_scan has passed: the first statement in this line that begins with name,
 * bare or quoted, up to the end of its value or block, becomes blanks. False: there is none.
 */
bool gp_config_blank_statement(char *text, size_t len, int line, const char *name);

/* All options, sections together, in the order of the example file. */
extern const struct gp_config_row gp_config_rows[];
extern const size_t gp_config_row_count;

/* Are the sections the same? NULL is the top level. */
bool gp_config_same_section(const char *a, const char *b);

/* One line about each section, for the example and the man page; ended by a NULL name. */
struct gp_config_section {
	const char *name;
	const char *help;
};
extern const struct gp_config_section gp_config_sections[];

/* Is the value a list in the file? */
bool gp_config_kind_is_list(enum gp_config_kind kind);

/*
 * Converts count values (1 for scalars) into the row's place in config. On GP_ESYNTAX *bad_out is
 * the value that is wrong; gp_config_allowed says what would be right.
 */
int gp_config_value_set(struct gp_config *config, const struct gp_config_row *row,
	const struct gp_span *values, size_t count, struct gp_span *bad_out) GP_MUST_CHECK;

/* "a number from 1 to 64" and so on, appended. */
void gp_config_allowed(struct gp_strbuf *buf, const struct gp_config_row *row);

/* The settled value as the file would spell it, appended; quoted where needed. */
void gp_config_value_format(
	struct gp_strbuf *buf, const struct gp_config *config, const struct gp_config_row *row);

/* The row's default split into values; returns how many, at most max. */
size_t gp_config_preset(const struct gp_config_row *row, struct gp_span *values, size_t max);

#endif
