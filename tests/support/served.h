/* SPDX-License-Identifier: ISC */
/*
 * Served: a gatepost-policyd at work, in this process and without its sockets; counters lie in an
 * embedded store in a directory of their own, which goes with the process.
 *
 *     struct gp_daemon *daemon = gp_test_served("spf { mode = off } limit x { ... }");
 *     daemon->served[GP_POLICYD_POLICY].state      (what its sessions share)
 *
 * Once a process; what goes wrong ends it.
 */
#ifndef TESTS_SUPPORT_SERVED_H
#define TESTS_SUPPORT_SERVED_H

#include "daemon/service.h"

/* Made of this configuration, to which a store is added; the same again from then on. */
struct gp_daemon *gp_test_served(const char *conf);

#endif
