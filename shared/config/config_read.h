/* SPDX-License-Identifier: ISC */
/*
 * Read: the texts of a configuration, statement by statement, into a draft.
 *
 * Knows sections, assignments and lists, and what people write in their place; what a value means
 * is known to its row (config_value.c), where texts come from to config.c. Errors are reported
 * where they stand, and reading continues after them.
 *
 *     r.file = name;  gp_config_read_text(&r, text);  (for each text, in their order)
 *     gp_config_read_finish(&r);                      (all lists of the snapshot are whole)
 *
 * Iterative, whatever the text nests; what is remembered of a text is bounded by the rows. The
 * texts have to live until gp_config_read_finish.
 */
#ifndef GP_CONFIG_CONFIG_READ_H
#define GP_CONFIG_CONFIG_READ_H

#include "config/config_lex.h"
#include "config/config_load_private.h"

/* What the files say about a row that is a list: the items so far. */
struct gp_config_items {
	struct gp_config_place where; /* of the newest assignment */
	struct gp_span *items;        /* at most the row's max */
	int *lines;                   /* of each item; 0: of no file */
	size_t size;                  /* room */
	size_t count;                 /* as many as the files have */
	bool is_begun;                /* a file says something about it, */
	bool is_set;                  /* ... and all of that is in its place */
	bool is_closed; /* with braces and no comma before the last: another += is one too many */
};

struct gp_config_reader {
	struct gp_config_draft *draft;
	const char *file;  /* of the text that is read; the config's */
	bool is_main;      /* the text that may include others */
	bool is_drop_in;   /* it may set again what other files set */
	bool has_drop_ins; /* there are such files */
	bool is_whole;     /* nothing was passed over in which limits may be */
	int status;        /* other than of the files: memory */
	struct gp_config_lexer lexer;
	struct gp_config_token token; /* at hand; the lexer stands behind it */

	bool is_of_lists; /* at the top level, after the name of a section about DNS lists */

	const struct gp_config_section *section; /* open; NULL: the top level */
	int opened_line;
	size_t indent;       /* of its name */
	bool is_dropped;     /* it is checked only: its title is missing, or its end */
	bool is_cut;         /* the text has ended in a list of it */
	bool is_brace_spare; /* the end of one that had none before may still come */
	/* A list of it whose closing brace may have been meant for the section. */
	const char *suspect;
	int suspect_line;

	struct gp_config_items lists[GP_CONFIG_ROWS_MAX];
};

/* ---- the text at hand (config_cursor.c) ---- */

/* On to the next token; what is wrong with it is reported. */
void gp_config_read_next(struct gp_config_reader *r);

/* Do the tokens at hand begin a section: its name or two words, and a brace? A statement: that, or
 * name = or name +=? */
bool gp_config_read_is_section(const struct gp_config_reader *r);
bool gp_config_read_is_statement(const struct gp_config_reader *r);

/* Is the token at hand a value, behind a sign in this line, and not the name in the next one? */
bool gp_config_read_is_value(const struct gp_config_reader *r, int line);

/* What the word at hand stands for; false: what is wrong with it has been reported. */
bool gp_config_read_word(struct gp_config_reader *r, struct gp_span *text_out);

/* Over a brace at hand and all up to the one that closes it. */
void gp_config_read_skip_block(struct gp_config_reader *r);

/* Over what stands in this line, up to what begins a statement or closes something. */
void gp_config_read_skip_line(struct gp_config_reader *r, int line);

/* "file:line: section title.name: " of one more error; name NULL: about the section, or none. */
struct gp_strbuf *gp_config_read_error(struct gp_config_reader *r, int line, const char *name);

/* The first trouble that is not the file's. */
void gp_config_read_status(struct gp_config_reader *r, int rc);

/* ---- assignments (config_assign.c) ---- */

/* The option that is assigned to. */
struct gp_config_option {
	const struct gp_option *row; /* of a name that is no row: one that is like it */
	const char *name;
	int line;      /* of its name, */
	size_t indent; /* ... and what stands before that */
	int equals;    /* line of its sign */
	bool is_list;
	bool is_other;  /* no row, but a name that the section takes as well */
	bool has_colon; /* behind the name, which it is no part of */
};

/* From the sign behind the name. */
void gp_config_assign(struct gp_config_reader *r, struct gp_config_option option);

/* A section that repeats begins: nothing is said about its lists. */
void gp_config_assign_begin(struct gp_config_reader *r, const char *section);

/* The items of a list into their place, of the section that is open or of the snapshot; and those
 * of all lists of a section. */
void gp_config_assign_list(struct gp_config_reader *r, const struct gp_option *row);
void gp_config_assign_lists(struct gp_config_reader *r, const char *section);

/* ---- what people write instead (config_mistake.c) ---- */

/* Behind the value of an option, when something begins no statement in its line: reported, and
 * passed over. False: there is nothing of that kind. */
bool gp_config_mistake_behind(struct gp_config_reader *r, const struct gp_config_option *option,
	const struct gp_config_token *value);

/* In place of the sign behind a name; true: the value is at hand all the same. */
bool gp_config_mistake_sign(struct gp_config_reader *r, const struct gp_config_option *option);

/* A sign where a statement should begin. */
void gp_config_mistake_stray(struct gp_config_reader *r);

/* Two items of a list without a comma between them. */
void gp_config_mistake_comma(
	struct gp_config_reader *r, const struct gp_config_option *option, struct gp_span before);

/* A name that is no option where it stands, and one that is no section. */
void gp_config_mistake_option(struct gp_config_reader *r, const char *name, int line);
void gp_config_mistake_section(struct gp_config_reader *r, const char *name, int line);

/* ---- texts (config_read.c) ---- */

/* Reads one text. */
void gp_config_read_text(struct gp_config_reader *r, struct gp_span text);

/* All texts are read. */
void gp_config_read_finish(struct gp_config_reader *r);

#endif
