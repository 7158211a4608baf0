/* SPDX-License-Identifier: ISC */
/*
 * Session: one connection from Postfix: read a request, ask the engine, answer, log; again.
 *
 * Answers within the configured deadline, whatever a client has put into a request
 * (policyd/reader.h, policyd/protocol.h). A request that no Postfix sends closes the connection
 * without an answer, as SMTPD_POLICY_README requires; Postfix then asks again and finally falls
 * back to its default_action. A request that finds no place in time (daemon/places.h) is answered
 * as in a local problem. What a local problem keeps from being checked is answered as
 * policyd.on_trouble says. A request that needs more than its memory, or is longer than
 * GP_READER_MAX, is deferred. A message is judged under the configuration that was in force when it
 * began; a reload applies from the next one on.
 */
#ifndef GP_POLICYD_SESSION_H
#define GP_POLICYD_SESSION_H

#include "daemon/places.h"
#include "daemon/runtimes.h"
#include "daemon/service.h"
#include "policyd/counters.h"
#include "policyd/header_once.h"
#include "policyd/greylist_watch.h"
#include "policyd/lists.h"
#include "policyd/own_checks.h"
#include "policyd/stage_learn.h"

/* What all sessions share: the state of the policy service (daemon/service.h). Each member brings
 * its own protection. */
struct gp_session_shared {
	struct gp_daemon *daemon;
	struct gp_daemon_runtimes *runtimes; /* the daemon's */
	/* in memory that a crash does not take away */
	struct gp_header_once *instances;
	struct gp_counters *counters;
	struct gp_stage_learn *stages;
	struct gp_lists *lists;
	struct gp_greylist_watch *greylist;
	struct gp_own_pipeline checks;
};

/*
 * Serves the connected socket until the peer closes it, a timeout passes, it is malformed, its
 * place is wanted for another, or the daemon stops (a request under way is still answered). Does
 * not close it. place says whether it is at work.
 */
void gp_session_serve(struct gp_session_shared *shared, int fd, struct gp_daemon_place *place);

/*
 * The same for one request that has come and can have no thread: it is answered as
 * policyd.on_trouble says, and counted. Takes some milliseconds at most, whatever the peer does.
 */
void gp_session_excuse(struct gp_session_shared *shared, int fd, const char *trouble);

#endif
