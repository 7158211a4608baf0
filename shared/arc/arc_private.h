/* SPDX-License-Identifier: ISC */
/*
 * ARC inside: the sets of a message with all three fields in their places, whether the chain that
 * they make is one by its form (RFC 8617 5.2 steps 1 to 3), and what a check of it needs.
 */
#ifndef GP_ARC_ARC_PRIVATE_H
#define GP_ARC_ARC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "arc/arc.h"
#include "dkim/dkim_sig.h"

/* The fields of a set, in the order in which seals cover them (5.1.1). */
enum gp_arc_part { GP_ARC_RESULTS, GP_ARC_SIGNATURE, GP_ARC_SEAL };
#define GP_ARC_PARTS 3

/* A hash that bodies make. */
struct gp_arc_body {
	unsigned id;
	bool wanted;
};

struct gp_arc_instance {
	const struct gp_message_field *fields[GP_ARC_PARTS];
	struct gp_span results;       /* after the instance, as in struct gp_arc_set */
	struct gp_dkim_sig signature; /* the ARC-Message-Signature */
	struct gp_dkim_sig seal;
	struct gp_arc_body bodies[2]; /* for the signature, by enum gp_dkim_canon */
};

struct gp_arc_sets {
	struct gp_arc_instance *items; /* items[0] is i=1; count of them, each complete */
	unsigned count;                /* 0 without a problem: the message has no ARC field */
	const char *problem; /* why they are no chain, as gp_arc_result.reason; NULL: they may be */
};

/*
 * Collects and orders the sets, wherever in the message they stand (servers on the way move fields:
 * Exim bug 2493), and checks all that needs neither hash nor key. With a problem there are no
 * items. GP_ETOOBIG, GP_ENOMEM.
 */
int gp_arc_sets_collect(struct gp_ctx *ctx, const struct gp_message *message,
	struct gp_arc_sets *sets_out) GP_MUST_CHECK;

struct gp_arc {
	const struct gp_message *message;
	const struct gp_dkim_options *options;
	struct gp_dkim_bodies *bodies;
	struct gp_arc_sets sets;
	const struct gp_dns_question *questions; /* each once, in the order of need */
	size_t question_count;
};

#endif
