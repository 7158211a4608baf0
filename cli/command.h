/* SPDX-License-Identifier: ISC */
/*
 * Command: what a command of gatepost is: a row with its name, options, arguments, help, function.
 * Help, the reading of arguments, completion in shells and tests are all made from these rows.
 *
 * A command is a const struct gp_cli_command in the file that implements it, declared in cli.h; the
 * one list of them is in commands.c. Options that several commands share are lists of their own
 * (gp_cli_json_option, offline.h, control.h). --help and --color belong to every command and are in
 * no row.
 *
 *     static int run(const struct gp_cli_call *call)
 *     {
 *             const char *ip = gp_cli_option(call, "ip");               (NULL: not given)
 *             for (size_t i = 0; i < call->word_count; i++) ... call->words[i] ...
 *     }
 *
 * Before run is called the arguments have been compared with the row: no option is unknown, lacks
 * its value or is given twice unless it may be, values with a list of words are one of them, and
 * there are as many arguments as the row says. What a value means is for the command to check
 * (gp_cli_usage in usage.h says what is wrong and where help is).
 */
#ifndef GP_CLI_COMMAND_H
#define GP_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GP_CLI_OPTION_LISTS 5
#define GP_CLI_TITLE_MAX 64

/* How a shell completes a value. */
enum gp_cli_completes {
	GP_CLI_ANY, /* not at all */
	GP_CLI_FILE,
	GP_CLI_DIRECTORY,
	GP_CLI_HOST,  /* names of hosts that the shell knows */
	GP_CLI_LIMIT, /* names of configured limits */
	GP_CLI_LIST,  /* names of configured DNS lists */
	GP_CLI_WHO    /* whose use is counted, as the running daemon says */
};

struct gp_cli_option {
	const char *name;     /* without hyphens; NULL ends a list */
	char letter;          /* its short form; 0: none */
	bool is_optional;     /* its argument, which is written --name=ARGUMENT then */
	bool may_repeat;      /* each value counts */
	const char *argument; /* what help calls the value; NULL: it takes none */
	enum gp_cli_completes completes;
	const char *words; /* the only values, with blanks between them; NULL: others, too */
	const char *help;  /* a phrase or a few; is wrapped */
};

/* A word that an argument may be, and what it means; false: there are no more. */
struct gp_cli_word {
	const char *name, *about;
};

struct gp_cli_argument {
	const char *name; /* as the synopsis has it; NULL ends a list */
	enum gp_cli_completes completes;
	bool is_optional;
	bool may_repeat;   /* the last one only */
	const char *words; /* what it often is, for completion; NULL: nothing special */
	/* or a table of such words, which help shows under this title; NULL: none */
	const char *title;
	bool (*word_at)(size_t i, struct gp_cli_word *word_out);
};

struct gp_cli_call;

struct gp_cli_command {
	const char *name; /* NULL ends a list of subcommands */
	const char *help; /* one line in the list of commands */
	/* what stands behind the name, a line for each way to call it */
	const char *synopsis;
	/* paragraphs with an empty line between them; lines that begin with a blank stay */
	const char *text;
	const struct gp_cli_option *options[GP_CLI_OPTION_LISTS]; /* lists; the rest is NULL */
	const struct gp_cli_argument *arguments;                  /* NULL: none */
	const struct gp_cli_command *subcommands;                 /* NULL: none */
	const char *examples;                                     /* lines, as they are typed */
	const char *exits; /* lines: a code, a blank, what it means */
	int usage_exit;    /* for wrong usage, and help that nobody can read; 0: GP_CLI_USAGE */
	int (*run)(const struct gp_cli_call *call); /* NULL: a subcommand has to be named */
};

/* --json, for commands without more to say of it. */
extern const struct gp_cli_option gp_cli_json_option[];

/* Those of every command. */
extern const struct gp_cli_option gp_cli_common_options[];

struct gp_cli_given {
	const struct gp_cli_option *option;
	const char *value; /* NULL: none */
};

/* One call of a command. Texts belong to argv. */
struct gp_cli_call {
	const struct gp_cli_command *const *all; /* every command; ends with NULL */
	const struct gp_cli_command *top;        /* of those */
	const struct gp_cli_command *command;    /* the same, or its subcommand */
	char title[GP_CLI_TITLE_MAX];            /* "limits set": for messages */
	const char **words;                      /* what is no option; the last is NULL */
	size_t word_count;
	/* its own */
	struct gp_cli_given *given;
	size_t given_count;
};

/* The value of an option; NULL: it is not given, or has none. */
const char *gp_cli_option(const struct gp_cli_call *call, const char *name);

/* Value number i of one that may repeat; NULL: there is none. */
const char *gp_cli_option_at(const struct gp_cli_call *call, const char *name, size_t i);

/* Is it given at all? */
bool gp_cli_has_option(const struct gp_cli_call *call, const char *name);

/* A whole number from least to most: -1, with *value_out unchanged when the option is not given; or
 * the exit code after saying what is wrong. what: "seconds", or "" */
int gp_cli_option_number(const struct gp_cli_call *call, const char *name, const char *what,
	const uint64_t range[2], uint64_t *value_out);

/* Runs what argv says; the exit code. */
int gp_cli_run(const struct gp_cli_command *const *all, int argc, char **argv);

#endif
