/* SPDX-License-Identifier: ISC */
/*
 * Try_dialogue: one test dialogue with an SMTP server: EHLO, XCLIENT where it is wanted and
 * offered, MAIL, RCPT, RSET, QUIT. There is no DATA: nothing is ever delivered.
 *
 * Knows the order of the commands and where a server may refuse; does not know what is behind it.
 */
#ifndef GP_TRY_TRY_DIALOGUE_H
#define GP_TRY_TRY_DIALOGUE_H

#include "base/ipaddr.h"
#include "cli/try/try_talk.h"

/* Who sends what to whom; texts are checked (gp_try_plan_problem). */
struct gp_try_plan {
	const char *from, *rcpt, *helo; /* from "": the null sender */
	struct gp_ipaddr ip;            /* GP_IP_NONE: from where we are */
	const char *client_name;        /* confirmed name of ip; NULL: it has none */
};

/* Where the dialogue has come to. */
enum gp_try_stage { GP_TRY_GREETING, GP_TRY_EHLO, GP_TRY_XCLIENT, GP_TRY_MAIL, GP_TRY_RCPT };

enum gp_try_outcome {
	GP_TRY_UNKNOWN,  /* there is no decision: see the conversation's problem */
	GP_TRY_ACCEPTED, /* RCPT was */
	GP_TRY_DEFERRED,
	GP_TRY_REFUSED
};

struct gp_try_result {
	enum gp_try_outcome outcome;
	enum gp_try_stage stage;          /* where it was decided */
	const struct gp_try_reply *reply; /* that decided; NULL */
	bool offers_xclient;              /* ADDR can be set */
	bool is_exim;                     /* the greeting says so */
};

/* Why one of the texts may not be sent, static; NULL: all may. */
const char *gp_try_plan_problem(const struct gp_try_plan *plan);

/*
 * Speaks with the server. need_xclient: ends with QUIT before MAIL, and UNKNOWN, where the client's
 * address is to be another one and cannot be.
 */
void gp_try_dialogue(struct gp_try_talk *talk, const struct gp_try_plan *plan, bool need_xclient,
	struct gp_try_result *result_out);

#endif
