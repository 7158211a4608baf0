/* SPDX-License-Identifier: ISC */
/* The rows of options and the kinds of values, for the files of this directory and their tests. */
#ifndef GP_CONFIG_CONFIG_PRIVATE_H
#define GP_CONFIG_CONFIG_PRIVATE_H

#include "base/option.h"
#include "config/config.h"

#define GP_CONFIG_KINDS (GP_KIND_FILES + 1)

/* In place of a value that nobody may see; no key can be written so. */
#define GP_CONFIG_HIDDEN "(hidden)"

/* What a GP_KIND_BOOL may be called. */
extern const struct gp_option_choice gp_option_bools[];

/* The rows of a section, and the number that the first one has among all. */
#define GP_CONFIG_ROWS_MAX 320
struct gp_config_rows {
	const struct gp_option *items;
	size_t count, first;
};
struct gp_config_rows gp_config_rows_of(const char *section);

/* Sections together, in the order of the example file: a row by its number, NULL past the last one;
 * and its number. */
const struct gp_option *gp_config_row_at(size_t index);
size_t gp_config_row_index(const struct gp_option *row);

/* Are the sections the same? NULL is the top level. */
bool gp_config_same_section(const char *a, const char *b);

/* How often a section stands in a file. */
enum gp_config_times {
	GP_SECTION_ONCE,  /* its parts are taken together */
	GP_SECTION_NAMED, /* "limit NAME { }", each name once */
	GP_SECTION_MANY   /* without a name */
};

/* A section of the file; the owner of its rows says the rest. Those that repeat have more to say
 * (config_repeat.h). */
struct gp_config_section {
	const struct gp_option_section *own;
	enum gp_config_times times;
	bool is_of_table; /* no file has it, but the table of known DNS lists */
	size_t offset;    /* of its struct in the snapshot, if it does not repeat */
};

/* The top level, and all sections in the order of the example file; own of the last one is NULL. */
extern const struct gp_config_section gp_config_top;
extern const struct gp_config_section gp_config_sections[];

/* Where the values of a section that does not repeat lie in the snapshot; NULL: the top level. */
void *gp_config_base(struct gp_config *config, const char *section);
const void *gp_config_base_of(const struct gp_config *config, const char *section);

/* Where the value of such a section's row lies. */
const void *gp_config_member(const struct gp_config *config, const struct gp_option *row);

/* The section of this name; NULL for the top level and unknown ones. */
const struct gp_config_section *gp_config_section_find(const char *name);

/* Has it the rows of another section, which are documented there? */
bool gp_config_section_borrows(const struct gp_config_section *section);

/* The row, or NULL. */
const struct gp_option *gp_config_row_find(const char *section, const char *name);

/* Is the value a list in the file? */
bool gp_config_kind_is_list(enum gp_option_kind kind);

/* The word of a choice for the value, "" when there is none. */
const char *gp_config_word(const struct gp_option_choice *choices, int value);

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
int gp_config_value_set(struct gp_config_target to, const struct gp_option *row,
	const struct gp_span *values, size_t count, struct gp_config_bad *bad_out) GP_MUST_CHECK;

/* Is it UTF-8 without control characters, and not over-long? */
bool gp_config_is_clean(struct gp_span text);

/* What is wrong with the address of a name server, or of a socket, that no host can have, or that
 * says nothing without its interface (RFC 4007 6); NULL: nothing. */
const char *gp_config_server_problem(const struct gp_dns_server *server);
const char *gp_config_socket_problem(const struct gp_dns_server *where);

/* An item of a list of texts as mail is compared with it. GP_ESYNTAX: it could never match. */
int gp_config_item(struct gp_arena *arena, const struct gp_option *row, struct gp_span value,
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
	struct gp_arena *arena, const struct gp_option *row, struct gp_span value);

/* The options for networks, names and mailboxes that stand in a row which does not compare them,
 * NULL where there is none; false: the row is not known. */
bool gp_config_elsewhere(const struct gp_option *row, const char *options_out[3]);

/* Defaults of a section into the target; rows without one are passed over. */
int gp_config_presets(struct gp_config_target to, const char *section) GP_MUST_CHECK;

/* Is the value of a GP_KIND_AMOUNT written with k, M, G or T? */
bool gp_config_amount_has_unit(struct gp_span value);

/* "a number from 1 to 64" and so on, appended. */
void gp_config_allowed(struct gp_strbuf *buf, const struct gp_option *row);

/* The value in the struct at base as the file would spell it, appended; quoted where needed. */
void gp_config_value_format(struct gp_strbuf *buf, const void *base, const struct gp_option *row);

/* A maximum; in_bytes: with the largest unit that divides it. */
void gp_config_amount_format(struct gp_strbuf *buf, int64_t amount, bool in_bytes);

/* A string as the file has it, appended. */
void gp_config_quote(struct gp_strbuf *buf, const char *text);

/* Sentences for a manual page (mdoc), each in a line of its own. */
void gp_config_add_sentences(struct gp_strbuf *buf, struct gp_span text);

/* The row's default (or example) split into values; returns how many, at most max. */
size_t gp_config_preset(const struct gp_option *row, struct gp_span *values, size_t max);

/* Units of a kind, smallest first, ended by a NULL name. */
struct gp_config_unit {
	const char *name;
	uint64_t factor;
};
const struct gp_config_unit *gp_config_units(enum gp_option_kind kind);

/* How overrides name their subject, by enum gp_limit_override_kind. */
#define GP_CONFIG_SUBJECTS (GP_LIMIT_OVERRIDE_CLIENT + 1)
extern const char *const gp_config_subjects[GP_CONFIG_SUBJECTS];

#endif
