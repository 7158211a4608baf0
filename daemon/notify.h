/* SPDX-License-Identifier: ISC */
/*
 * Notify: tells a service manager how the daemon is doing, in the protocol of sd_notify(3).
 *
 * One datagram of VARIABLE=VALUE lines to the socket that NOTIFY_SOCKET names. Our own hundred
 * lines, because the protocol is small and stable, and libsystemd would bring three compression
 * libraries into a process that reads untrusted input.
 *
 *     gp_daemon_notify_open(&n);
 *     gp_daemon_notify_tell(&n, "READY=1\nSTATUS=%s", text);
 *     gp_daemon_notify_close(&n);
 *
 * Without a service manager every call does nothing. One thread.
 */
#ifndef GP_DAEMON_NOTIFY_H
#define GP_DAEMON_NOTIFY_H

#include <stdint.h>

#define GP_DAEMON_NOTIFY_TEXT 1024

struct gp_daemon_notify {
	int fd;           /* connected; -1: nobody listens */
	int64_t every_us; /* how often the watchdog hears of us: a quarter of its patience, or 0 */
	int64_t told_us;  /* when it heard last */
	char unsent[GP_DAEMON_NOTIFY_TEXT]; /* what nobody had room for; "" */
};

/* Connects, and takes what it used out of the environment. Before chroot, and before threads. */
void gp_daemon_notify_open(struct gp_daemon_notify *notify_out);
void gp_daemon_notify_close(struct gp_daemon_notify *notify);

/* Sends assignments, a line each; never waits. For what the service manager has no room for at the
 * moment gp_daemon_notify_alive tries again, unless something newer has been told. */
void gp_daemon_notify_tell(struct gp_daemon_notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* All is well; to be called every second or so. */
void gp_daemon_notify_alive(struct gp_daemon_notify *notify);

/* A reload begins; ends with READY=1. */
void gp_daemon_notify_reloading(struct gp_daemon_notify *notify);

/* The number that a service manager has left in the environment; 0 when there is none. */
uint64_t gp_daemon_notify_variable(const char *name, uint64_t max);

#endif
