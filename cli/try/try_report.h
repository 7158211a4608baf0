/* SPDX-License-Identifier: ISC */
/*
 * Try_report: what came of a test, for people and for programs: what was sent and said, which way
 * was taken, and in one sentence what it means.
 */
#ifndef GP_TRY_TRY_REPORT_H
#define GP_TRY_TRY_REPORT_H

#include "cli/try/try_dialogue.h"
#include "spf/spf.h"

/* How the mail server was asked. */
enum gp_try_way {
	GP_TRY_BY_XCLIENT, /* as another client */
	GP_TRY_BY_SMTP,    /* as who we are */
	GP_TRY_BY_EXIM,    /* exim -bh */
	GP_TRY_BY_POLICY   /* gatepost-policyd, as Postfix does */
};

struct gp_try_report {
	struct gp_arena *arena;
	enum gp_try_way way;
	const char *where; /* server, program or socket; printable */
	const char *ip;    /* the client, as it was tried; NULL: from where we are */
	const struct gp_try_plan *plan;
	const struct gp_try_talk *talk; /* NULL: by the policy socket */
	struct gp_try_result result;
	const char *rule;             /* that decided, by the policy socket; foreign; NULL */
	const char *request, *action; /* by the policy socket; foreign */
	const char *notes[4];         /* why another way was not taken, and the like; printable */
	size_t note_count;
	bool has_spf;
	struct gp_spf_result spf; /* asked here */
	const char *exempt;       /* why gatepost does not judge this mail; NULL: it does */
	bool labels_only;         /* spf.mode is no more than label */
};

/* One more note. */
void gp_try_report_note(struct gp_try_report *report, const char *text);

/* The action of a policy server ("DUNNO", "550 5.7.23 ...") as an outcome. */
enum gp_try_outcome gp_try_report_action_outcome(const char *action);

void gp_try_report_print(const struct gp_try_report *report);

/* An exit code of usage.h. */
int gp_try_report_json(const struct gp_try_report *report);

#endif
