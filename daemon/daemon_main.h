/* SPDX-License-Identifier: ISC */
/*
 * Main of a daemon: options, order of start, signals, exit codes, around the services of a program
 * (daemon/service.h).
 *
 * Options: -c FILE, -t (check the configuration), -h, -V. SIGHUP loads the configuration again,
 * SIGUSR1 logs counters, SIGTERM and SIGINT stop. Exit codes: 0 stopped as asked (-t: no errors),
 * 1 trouble, 2 usage, 3 the configuration has errors.
 */
#ifndef GP_DAEMON_DAEMON_MAIN_H
#define GP_DAEMON_DAEMON_MAIN_H

#include "daemon/service.h"

/* Runs the program until it is stopped; returns its exit code, for main. The process is its own: it
 * forks, and takes signals, environment and descriptors 0 to 2 as they are at the start. */
int gp_daemon_main(int argc, char **argv, const struct gp_daemon_program *program);

#endif
