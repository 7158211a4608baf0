/* SPDX-License-Identifier: ISC */
/* The two halves of author.h: lines that may be another From, and From fields off the grammar. */
#ifndef GP_MAIL_AUTHOR_PRIVATE_H
#define GP_MAIL_AUTHOR_PRIVATE_H

#include "mail/author.h"

/* Why the header may show another author to another program; *problem_out NULL: it does not. */
int gp_author_doubt(struct gp_arena *arena, const struct gp_message *message,
	const char **problem_out) GP_MUST_CHECK;

/* What a From field shows that the grammar does not take for one with addresses. */
enum gp_author_sight {
	GP_AUTHOR_SEES_NONE,  /* no @, not even in an encoded word */
	GP_AUTHOR_SEES_ONE,   /* each @ stands before the same domain: *domain_out, as it stands */
	GP_AUTHOR_SEES_OTHERS /* what it shows depends on who reads it */
};

/* Looks at the value. */
int gp_author_look(struct gp_arena *arena, struct gp_span value, enum gp_author_sight *sight_out,
	struct gp_span *domain_out) GP_MUST_CHECK;

#endif
