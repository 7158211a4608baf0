/* SPDX-License-Identifier: ISC */
/*
 * Operator: what an administrator asks about limits, DNS lists, greylisting and the stores they
 * use, and what he changes: a request and an answer, both JSON.
 *
 * Works on an open store and a configuration; does not know who asks: the daemon answers so on its
 * control socket, and the command line does it by itself where no daemon runs. Both say the same.
 *
 *     struct gp_operator_call call = {.config = config, .overrides = overrides, .ctx = &ctx,
 *             .request = request, .peer_uid = uid};
 *     json_t *answer = gp_operator_answer(&call);
 *
 *     command   members of the request          answer
 *     limits    count (most rows, 0: all)       rows: who used how much, by fraction used
 *     show      who                             rows: the limits of a user (or "client:192.0.2.1");
 *                                               counted: does anything count for it?
 *     reset     who, limit (optional)           forgotten: names of limits; counted: was there
 *                                               anything?
 *     set       who, limit, max (null: none),   subject, max, limit, count: what applies now; or
 *               for_s, unit (optional: written  unit_refused and count: the limit has no such unit
 *               with k, M, G or T)
 *     unset     who, limit                      subject, max, limit, count, known
 *     overrides                                 overrides: what was set, by whom, until when
 *     lists                                     mode; lists: each DNS list with its state
 *     lists-off list (its name or zone)         list: the zone; off; was_off; configured: is there
 *     lists-on                                  such a list? why_unused: what else keeps it unused
 *     lists-retest list (optional)              due: the zones of those that are tested now;
 *                                               not_tested: others, and why
 *     greylist                                  what greylisting did in a day, exceptions
 *     greylist-mail client, sender, recipient   what is known of such mail, and would be done
 *     greylist-allow what (network or domain)   what, allowed, was_allowed
 *     greylist-remove what, or a mail as above  the same; forgotten: was anything known? crowd: is
 *                                               its network remembered as one?
 *
 * An answer is a new object; trouble is an object with "error". NULL: no memory. A change is logged
 * (ctx->log) with the user who asked for it.
 */
#ifndef GP_OPERATOR_OPERATOR_H
#define GP_OPERATOR_OPERATOR_H

#include <jansson.h>

#include "base/ctx.h"
#include "config/config.h"
#include "limit/limit_overrides.h"
#include "reputation/dnsbl/dnsbl_kept.h"
#include "reputation/greylist/greylist_figures.h"

/* What a command works with; all borrowed. */
struct gp_operator_call {
	const struct gp_config *config;
	struct gp_limit_overrides *overrides; /* around the open store; NULL: there is none */
	struct gp_dnsbl_health *lists; /* how DNS lists are doing; NULL: nobody keeps that here */
	/* the same where no daemon has it: what processes keep in the store; NULL */
	const struct gp_dnsbl_kept *kept;
	struct gp_ctx *ctx;
	const json_t *request;
	int64_t peer_uid; /* of the peer, according to the kernel; -1: not known */
};

/* The commands above, by the request's member "command". */
json_t *gp_operator_answer(struct gp_operator_call *call);

/* Is it the name of one of them? */
bool gp_operator_knows(const char *command);

/* ---- shared/operator/operator_usage.c ---- */

/* How many a limit counts at present, and how many of these have no room left. */
struct gp_operator_usage {
	uint64_t subjects, full;
};

/*
 * One for each limit of the configuration, at most GP_LIMIT_MAX. Reads the whole store: a second
 * for some hundred thousand of them. As gp_store_scan.
 */
int gp_operator_usage(struct gp_operator_call *call,
	struct gp_operator_usage usage_out[GP_LIMIT_MAX]) GP_MUST_CHECK;

/* ---- shared/operator/operator_lists_show.c ---- */

/* How many DNS lists are in which state; which of those in use are suspended or dead, and why; null
 * when none is used. */
json_t *gp_operator_lists_brief(struct gp_operator_call *call);

/*
 * Why a list that is suspended or dead is not queried, and more about that ("": nothing); of the
 * table's view of it, or of the configuration where that knows (a closed zone, a missing key).
 * Borrowed from both.
 */
const char *gp_operator_lists_reason(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_health_view *view);
const char *gp_operator_lists_problem(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_health_view *view);

/* ---- shared/operator/operator_greylist.c ---- */

/* The numbers of a day. */
json_t *gp_operator_greylist_brief(
	const struct gp_greylist_settings *settings, const struct gp_greylist_figures *figures);

/* ---- shared/operator/operator_store.c ---- */

/* The health of a store; null when there is none. */
json_t *gp_operator_store(struct gp_arena *arena, struct gp_store *store);

#endif
