/* SPDX-License-Identifier: ISC */
/* What the files that load a configuration share: errors, texts that are read, limits in the
 * making.
 */
#ifndef GP_CONFIG_CONFIG_LOAD_PRIVATE_H
#define GP_CONFIG_CONFIG_LOAD_PRIVATE_H

#include <sys/stat.h>

#include "config/config_private.h"

/* Where something stands; line 0: the file as a whole. */
struct gp_config_place {
	const char *file;
	int line;
};

/* ---- errors (config_error.c) ---- */

/* An empty list, whose memory is the errors' own. */
int gp_config_errors_begin(struct gp_config_errors *errors) GP_MUST_CHECK;

/* The same for warnings: in the order in which they come, and more of them. */
int gp_config_warnings_begin(struct gp_config_errors *warnings) GP_MUST_CHECK;

/* Errors of a file come after those of the files that were named before; its number. */
size_t gp_config_errors_file(struct gp_config_errors *errors, const char *name);

/* The collected text is ready. */
void gp_config_errors_end(struct gp_config_errors *errors);

/* "file:line: " of one more error; the caller adds the sentence and a newline. */
struct gp_strbuf *gp_config_error(struct gp_config_errors *errors, struct gp_config_place where);

/* "section title.name", without the parts that are NULL. */
void gp_config_add_option(
	struct gp_strbuf *buf, const char *section, const char *title, const char *name);

/* " [U+200B (an invisible character) before hostname]", when the value has a character that cannot
 * be seen, or a byte of no UTF-8; else nothing (config_invisible.c). */
void gp_config_add_invisible(struct gp_strbuf *buf, struct gp_span value);

/* A value of a file, shortened and without control characters; what cannot be seen is named. */
void gp_config_add_value(struct gp_strbuf *buf, struct gp_span value);

/* ": repeated; it is set in line 3 already", or "in FILE:3" when that is another file. */
void gp_config_add_repeated(
	struct gp_strbuf *buf, struct gp_config_place here, struct gp_config_place before);

/* A value that its row does not take. */
void gp_config_error_value(struct gp_config_errors *errors, struct gp_config_place where,
	const char *title, const struct gp_option *row, struct gp_config_bad bad);

/* ---- texts (config_file.c) ---- */

/*
 * The text of a regular file, at most max bytes; heap, with a NUL. GP_EIO with errno, GP_ETOOBIG.
 */
int gp_config_file_read(const char *path, size_t max, struct gp_span *text_out) GP_MUST_CHECK;

/* The same in two steps, for a caller that looks at the file in between: a descriptor of a regular
 * file, or -1 with errno; and its text, which closes the descriptor. */
int gp_config_file_open(const char *path, int flags, struct stat *st_out);
int gp_config_file_take(
	int fd, const struct stat *st, size_t max, struct gp_span *text_out) GP_MUST_CHECK;

/* A text that is read: the main one, which is borrowed, or one of another file. */
struct gp_config_source {
	char *name;          /* heap */
	struct gp_span text; /* without a byte order mark */
	void *owned;         /* what it is a part of, heap; NULL: borrowed */
	char *problem;       /* heap; why it is not read; NULL: it is, */
	int line;            /* where, */
	bool in_main;        /* ... of the main file, not of this one */
	bool is_empty;       /* nothing but blanks */
};
struct gp_config_sources {
	struct gp_config_source *items;
	size_t count, size;
	size_t included_bytes;
	size_t first_drop_in; /* index; those from here on may set again what is set before */
};

/* One more text; what is wrong with it becomes its problem. Takes owned, of which the text is a
 * part; NULL: borrows the text. */
int gp_config_sources_add(struct gp_config_sources *sources, const char *name, struct gp_span text,
	void *owned) GP_MUST_CHECK;

/*
 * The files that paths name; line: where the main file does so. GP_ENOMEM; all else are problems.
 */
int gp_config_sources_include(struct gp_config_sources *sources,
	const struct gp_config_texts *paths, int line) GP_MUST_CHECK;

/* Are there drop-in files in the directory, which ends with a slash? */
bool gp_config_sources_has_drop_ins(const char *directory);

/* The drop-in files of a directory, which ends with a slash; a directory that is missing has none,
 * and files that are sources already are left out. GP_ENOMEM; all else are problems. */
#define GP_CONFIG_NO_LINE (-1) /* in place of the main file's line */
int gp_config_sources_drop_in(
	struct gp_config_sources *sources, const char *directory) GP_MUST_CHECK;

void gp_config_sources_free(struct gp_config_sources *sources);

/* ---- limits and overrides (config_limit.c) ---- */

#define GP_CONFIG_LIMIT_NAME_MAX 32
/* different names in overrides that are told apart */
#define GP_CONFIG_MAXIMA_MAX (2 * GP_LIMIT_MAX)

struct gp_config_maximum;
struct gp_config_subject;

/* What is hidden in messages (config_hide.h). */
struct gp_config_hidden {
	const char **words, **zones; /* NULL: no section about lists has been read */
	size_t word_count, zone_count;
};

/* A round of reading as the limits see it. Zero it first; gp_config_draft_free at the end. */
struct gp_config_draft {
	struct gp_config *config;
	struct gp_config_errors *errors;
	struct gp_arena *scratch; /* memory of this round only */
	/* where each row was set in the snapshot, or in the section that is open */
	struct gp_config_place at[GP_CONFIG_ROWS_MAX];

	/* names of limits and of what overrides take for limits; they outlive the round */
	char names[GP_CONFIG_MAXIMA_MAX][GP_CONFIG_LIMIT_NAME_MAX + 1];
	size_t name_count;

	/* the section that is open, if it repeats (config_repeat.h) */
	const char *title;
	struct gp_config_place opened;
	void *element; /* of element_of; its owner copies what it keeps */
	const struct gp_config_section *element_of;
	bool has_unit;                                      /* of its newest GP_KIND_AMOUNT */
	struct gp_config_place named[GP_CONFIG_MAXIMA_MAX]; /* of an override */
	size_t first_maximum;                               /* of it */

	bool is_table; /* that of known DNS lists is read, not a file */
	int (*load_table)(struct gp_config **table_out, struct gp_config_errors *errors);
	struct gp_dnsbl_list *lists; /* the config's; NULL: none yet */
	size_t list_count;
	bool has_too_many_lists;
	struct gp_dnsbl_dead *dead; /* of the table */
	size_t dead_count;
	struct gp_config_hidden hidden; /* of scratch */

	struct gp_limit *limits; /* GP_LIMIT_MAX; the config's */
	size_t limit_count;
	bool has_too_many;
	struct gp_config_subject *subjects; /* of overrides; heap */
	size_t subject_count, subject_size;
	struct gp_config_maximum *maxima; /* of all overrides, in their order; heap */
	size_t maximum_count, maximum_size;
};

/* Makes the draft ready for a round; the config has been reset. */
int gp_config_draft_reset(struct gp_config_draft *draft) GP_MUST_CHECK;
void gp_config_draft_free(struct gp_config_draft *draft);

/* Where a row was set. */
struct gp_config_place gp_config_draft_at(
	const struct gp_config_draft *draft, const char *section, const char *name);

/* The known DNS lists, read when they are needed for the first time; they live as long as the
 * config. NULL: no memory, or the table itself is read. */
const struct gp_dnsbl_settings *gp_config_draft_known(struct gp_config_draft *draft);

/* Limits and overrides as sections that repeat (config_repeat.h). */
int gp_config_limit_begin(struct gp_config_draft *draft, void *element, const char *title);
int gp_config_limit_finish(struct gp_config_draft *draft, void *element);
int gp_config_override_begin(struct gp_config_draft *draft, void *element, const char *title);
int gp_config_override_finish(struct gp_config_draft *draft, void *element);
const struct gp_option *gp_config_override_other(struct gp_config_draft *draft, const char *name);
int gp_config_override_set(struct gp_config_draft *draft, const char *name, struct gp_span value,
	struct gp_config_place where);
size_t gp_config_limit_list(const struct gp_config *config, const void **items_out);
bool gp_config_limit_in_bytes(const void *element);
void gp_config_override_dump(
	struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets);

/* All is read: checks how limits and overrides fit together and puts them into the config. */
int gp_config_draft_finish(struct gp_config_draft *draft) GP_MUST_CHECK;

/* The lists into the config (config_dnsbl.c). */
void gp_config_lists_finish(struct gp_config_draft *draft);

/* The closed zone that the zone is, or lies below; NULL: it is not known to be closed. */
const struct gp_dnsbl_dead *gp_config_dead_zone(
	const struct gp_dnsbl_settings *table, const char *zone);

/* "sorbs.net is closed (since 2024-06-05)". */
void gp_config_add_dead(struct gp_strbuf *buf, const struct gp_dnsbl_dead *dead);

/* The known list whose zone, or whose zone with a key, a list of section list has; NULL: none, or
 * the table is not there. */
const struct gp_dnsbl_list *gp_config_known_row(
	const struct gp_dnsbl_settings *table, const struct gp_dnsbl_list *list);

/* gp_config_dump; with_secrets: keys, too, for the private file that is loaded again. */
int gp_config_dump_all(
	const struct gp_config *config, struct gp_strbuf *buf, bool with_secrets) GP_MUST_CHECK;

/* As gp_config_parse, but includes and drop-in files are left alone; texts of any size. */
int gp_config_parse_alone(struct gp_span text, const char *name, struct gp_config **config_out,
	struct gp_config_errors *errors) GP_MUST_CHECK;

/* ---- the rest (config_settle.c) ---- */

/* What no option shows by itself. */
void gp_config_cross_check(struct gp_config_draft *draft);

/* An error about an option in its relation to others. */
void gp_config_cross_error(
	struct gp_config_draft *draft, const char *section, const char *name, const char *problem);

/* Errors of nat64_prefixes, and of networks in lists that it leaves nothing of (config_nat64.c). */
void gp_config_check_nat64(struct gp_config_draft *draft);
#define GP_CONFIG_NAT64_COMPARED \
	"clients behind a NAT64 are compared by the IPv4 address that is embedded in theirs"
#define GP_CONFIG_NAT64_WHOLE GP_CONFIG_NAT64_COMPARED "; list the IPv4 networks that are meant"

/* A prefix of NAT64 that is a part of the network, whose clients are not in it then; NULL: none. */
const struct gp_prefix *gp_config_nat64_in(
	const struct gp_config *config, const struct gp_prefix *network);

/* What has no effect or may harm, into the snapshot's warnings; before it is settled. */
int gp_config_warn(struct gp_config_draft *draft) GP_MUST_CHECK;

/* ---- warnings (config_warn.c, config_warn_lists.c, config_warn_files.c) ---- */

/* Where the lines are collected. */
struct gp_config_warner {
	const struct gp_config_draft *draft;
	const struct gp_config *config;
	struct gp_config_errors lines;
};

/* A line begins: place and option; the caller adds the sentence and a newline. */
struct gp_strbuf *gp_config_warn_at(
	struct gp_config_warner *w, const char *section, const char *name);

/* The same with a whole sentence. */
void gp_config_warn_of(
	struct gp_config_warner *w, const char *section, const char *name, const char *sentence);

/* Does a file set the option, and to another value than its default? */
bool gp_config_is_changed(const struct gp_config_warner *w, const char *section, const char *name);

void gp_config_warn_dnsbl(struct gp_config_warner *w);
void gp_config_warn_lists(struct gp_config_warner *w);
void gp_config_warn_overrides(struct gp_config_warner *w);
void gp_config_warn_files(struct gp_config_warner *w);
void gp_config_warn_includes(struct gp_config_warner *w);
void gp_config_warn_empty(struct gp_config_warner *w);

/* The servers of resolv_conf, and what the file leaves to it; what it says if it cannot be read
 * becomes a warning (config_resolv.c). */
int gp_config_settle_resolv_conf(struct gp_config *config) GP_MUST_CHECK;

/* Which servers are queried, be they of dns.servers or of resolv_conf as it is now; GP_EIO,
 * GP_ETOOBIG, GP_ENOMEM: that cannot be read (config_resolv.c). */
int gp_config_resolvers(
	const struct gp_config *config, struct gp_dns_options *dns_out) GP_MUST_CHECK;

/* What the file leaves to the machine. */
int gp_config_settle(struct gp_config *config) GP_MUST_CHECK;

#endif
