/* SPDX-License-Identifier: ISC */
/*
 * Check: one row of the pipeline's table, and what hangs on it: rules, results, fields.
 *
 * A new check is a file check_<name>.c with its row, and a line in checks.c. From the row come all
 * the rest: when it runs, what it may ask DNS in advance, what its rules do with a mail and reply
 * to the client, and how what it found is shown in the log, in JSON, in metrics, in
 * Authentication-Results and by its name. Rows are constant, and are pointed to: names are never
 * compared.
 *
 * Functions of a row get what they need as arguments, keep no state, and run in any thread.
 */
#ifndef GP_ENGINE_CHECK_H
#define GP_ENGINE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "engine/facts.h"
#include "mail/authres.h"

/* What is done with a mail, in rising order. */
enum gp_action {
	GP_ACTION_ACCEPT,
	GP_ACTION_HOLD,       /* accepted into a queue where the operator looks at it */
	GP_ACTION_QUARANTINE, /* accepted, marked to be filed as suspicious */
	GP_ACTION_DEFER,
	GP_ACTION_REJECT
};
#define GP_ACTIONS 5

struct gp_verdict; /* engine/policy.h */
struct gp_check;

/* ---- rules ---- */

/* What a rule asks for. */
struct gp_wish {
	bool applies;
	enum gp_action action;
};

/*
 * A rule: of a check, or an exception. The first one that asks for more than acceptance and is
 * enforced decides (engine/policy.h).
 */
struct gp_rule {
	const char *name; /* for the log: the option it comes from ("spf.reject"), or a word */
	struct gp_wish (*wish)(const struct gp_facts *facts);
	/* What follows the name in the log, "limit." and the limit's; NULL: nothing. */
	const char *(*detail)(const struct gp_facts *facts);
	/* "550 5.7.23", "" for an action that has no code; template of the text, with {names}
	 * that the check's value fills in. NULL: a rule that only accepts. */
	const char *(*code)(
		const struct gp_facts *facts, const struct gp_rule *rule, enum gp_action action);
	const char *(*text)(const struct gp_facts *facts, const struct gp_rule *rule);
	unsigned about; /* for the check's own functions: which of its results it speaks of */
	/* Of a rule: its kinds, a set of the check's own bits. Of an exception: which kinds it
	 * holds back. 0 means all. */
	unsigned kinds;
	bool is_nobodys; /* of an exemption: a fact of the client, not an option of the check */
	const char
		*why; /* of an exception, for people: why nothing is judged; NULL: listed there */
};

/* ---- what was found, as text ---- */

enum gp_value_type {
	GP_VALUE_ABSENT, /* not looked for: left out */
	GP_VALUE_NULL,   /* looked for, and there is none */
	GP_VALUE_TEXT,
	GP_VALUE_NUMBER,
	GP_VALUE_BOOL
};

struct gp_value {
	enum gp_value_type type;
	struct gp_span text;
	int64_t number;
	bool yes;
};

/* What a field's text may hold, for callers that pass it on. */
enum gp_field_type {
	GP_FIELD_WORD,     /* one of a few words of ours, or a number */
	GP_FIELD_NAME,     /* a host name; what is none is left out where words are asked for */
	GP_FIELD_NAMES,    /* several, with blanks between, each looked at already */
	GP_FIELD_SENTENCE, /* printable ASCII */
	GP_FIELD_TEXT      /* any bytes */
};

/* The request that a field's value is for. */
struct gp_record {
	const struct gp_facts *facts;
	const struct gp_verdict *verdict; /* may be NULL: nothing was decided */
	struct gp_arena *arena;           /* for texts that have to be made */
};

/*
 * A fact by its names: where a name is NULL it is not shown there.
 *
 *     get    one fact by its name (gp_engine_get): "spf.result"
 *     log    the line about a decision, and journald: "spf"
 *     line   the line about a whole message, in logs of mail servers: "spf"
 *     json   gatepost verify --json: "spf.result", "dkim[].domain" for one of each of many,
 *            "arc.sealers[]" for a list of values
 *     alone  the same of a check that is asked alone: gatepost spf --json
 */
struct gp_field {
	const char *get, *log, *line, *json, *alone;
	enum gp_field_type type;
	const char *help;
	/* The value; item: which of many, from 0. A text that the arena refused is ABSENT. */
	struct gp_value (*value)(const struct gp_record *record, size_t item);
	/* Of json "[]": how many there are; SIZE_MAX: not looked for. */
	size_t (*items)(const struct gp_record *record);
};

/* ---- what is counted ---- */

/* A result with a verdict, for metrics. */
struct gp_check_result {
	const char *identity; /* "mailfrom"; NULL: the check has one result only */
	unsigned verdicts;    /* how many there are, from 0; at most GP_CHECK_VERDICTS */
	const char *(*name)(unsigned verdict);
	/* Was it found, which, and how long did that take? */
	bool (*found)(const struct gp_facts *facts, unsigned *verdict_out, int64_t *took_us_out);
};
#define GP_CHECK_VERDICTS 8

/* ---- the row ---- */

/* What {name} of a rule's text stands for: text as it came; NULL: the arena refused. */
typedef const char *gp_reply_value(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, struct gp_span name);

/*
 * The rounds of a request: a check of a later one runs only for what those before it let in, so
 * that a recipient that is delayed is not counted, and one that a limit refuses leaves no trace.
 */
enum gp_round {
	GP_ROUND_FINDS,  /* finds out about the sender, whatever comes of it */
	GP_ROUND_DELAYS, /* decides over what was found: shall it be tried again later? */
	GP_ROUND_COUNTS,
	GP_ROUND_REMEMBERS /* that it was let in */
};
#define GP_ROUNDS 4

/* Order among the checks of a round: any number, lower first. Equal ones as in the table. */
struct gp_check {
	const char *name;     /* "spf": in metrics, and the method of Authentication-Results... */
	const char *method;   /* ...unless that is another one; NULL */
	unsigned stages;      /* set of GP_AT(): where it runs */
	unsigned late_stages; /* the same, for messages that nothing was asked about before */
	unsigned decides;     /* where its rules are looked at */
	int runs, weighs;     /* its place in running, and in deciding and asking DNS */
	bool judges_ours;     /* also of our own users and networks, for which no names are found */
	enum gp_round round;
	bool trumps; /* where one of its rules applies, what others found out does not count */
	bool by_recipient; /* has to look again for every recipient of a message */

	/* off, label (it never refuses) or enforce; NULL: it has no rules */
	enum gp_option_mode (*mode)(const struct gp_facts *facts);
	bool (*is_on)(const struct gp_facts *facts); /* NULL: unless its mode is off */
	/* May it refuse or delay mail under a configuration? NULL: it does not by itself. */
	bool (*may_refuse)(const struct gp_config *config);
	/* The rule by which it does not run for this mail; NULL: there is none, or it runs. Looked
	 * at for every recipient. */
	const struct gp_rule *(*exempt)(const struct gp_facts *facts);

	/* Gets ready: reads its fields, says which hashes of the body it needs. May be NULL. */
	int (*begin)(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *facts);
	/* DNS queries that it will certainly need, at most room; how many. May be NULL. */
	size_t (*questions)(struct gp_ctx *ctx, const struct gp_facts *facts,
		struct gp_dns_question *questions_out, size_t room);
	/* Finds out. NULL: a row that has rules only. */
	int (*run)(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *facts);
	/* Finds out what exceptions depend on, when all have run and one of its rules refuses. */
	int (*excuse)(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *facts);

	/* Copies what it found from one request about a message to another, with its texts into the
	 * arena; own has been copied. NULL: own holds no texts. */
	int (*copy)(struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to);
	/* Does what was found before hold for this request as well? NULL: it does. */
	bool (*still_holds)(const struct gp_facts *before, const struct gp_facts *now);
	/* Is there something about a recipient that it has to know after RCPT, where nobody says
	 * who they all are? Kept for the message (facts->noted). NULL: there is not. */
	bool (*notes)(const struct gp_facts *facts);
	size_t own_size; /* bytes of what it finds, handed to run zeroed (gp_engine_own) */

	/* Is its part certain, so that what DNS could not be asked does not matter? Does it wait
	 * for DNS? NULL: certain, no. */
	bool (*is_certain)(const struct gp_facts *facts, const struct gp_verdict *verdict);
	bool (*has_temperror)(const struct gp_facts *facts);

	const struct gp_rule *rules;      /* ended by a row without a name; NULL: none */
	const struct gp_rule *exceptions; /* likewise: what holds its rules back */
	gp_reply_value *value;            /* for the texts of its rules */
	size_t value_max; /* bytes of one of these that count; 0: GP_REPLY_VALUE_MAX */
	/* The whole reply, for a check that adds to code and text; NULL: those. */
	int (*reply)(struct gp_ctx *ctx, const struct gp_facts *facts, const struct gp_rule *rule,
		const char *code, const char **reply_out);

	/* Its results (RFC 8601); only when it ran. NULL: none. has_authres: are there any for this
	 * mail? NULL: always. */
	bool (*has_authres)(const struct gp_facts *facts);
	void (*authres)(struct gp_authres_writer *writer, const struct gp_facts *facts,
		const struct gp_verdict *verdict);
	const struct gp_field *fields;         /* ended by a row without a value; NULL: none */
	const struct gp_check_result *results; /* ended by a row without found; NULL: none */
};

#endif
