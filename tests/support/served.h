/* SPDX-License-Identifier: ISC */
/*
 * Served: what the sessions and the operator's commands of a gatepost-policyd share, in this
 * process and without its sockets; counters lie in an embedded store in a folder of their own,
 * which goes with the process.
 *
 *     struct gp_session_shared *shared = gp_test_served("spf { mode = off } limit x { ... }");
 *
 * Once a process; what goes wrong ends it.
 */
#ifndef TESTS_SUPPORT_SERVED_H
#define TESTS_SUPPORT_SERVED_H

#include "policyd/listen.h"
#include "policyd/session.h"

/* Made of this configuration, to which a store is added; the same again from then on. */
struct gp_session_shared *gp_test_served(const char *conf);

/* Nobody is served by it: it says how many are. */
struct gp_listen *gp_test_served_listen(void);

#endif
