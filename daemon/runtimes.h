/* SPDX-License-Identifier: ISC */
/*
 * Runtime: one configuration snapshot with the resolver and the log that belong to it, and the
 * reference to the current one.
 *
 * A session takes the current runtime when it begins and with each new message; a reload publishes
 * a new one, and the old one is freed with its last reference. There is one resolver with one cache
 * for the life of the process, which a reload reconfigures: cached answers stay. The store of the
 * limits is opened when limits are first configured and stays for the life of the process: a change
 * of the store needs a restart.
 *
 * Threads: gp_daemon_runtimes may be used by any number of threads; a runtime is read-only.
 */
#ifndef GP_DAEMON_RUNTIMES_H
#define GP_DAEMON_RUNTIMES_H

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/counters.h"
#include "daemon/log_queue.h"
#include "dns/dns.h"
#include "runtime/runtime_config.h"
#include "runtime/runtime_store.h"

struct gp_daemon_runtime {
	const struct gp_config *config; /* the one that was loaded */
	struct gp_runtime_config loaded;
	struct gp_dns *dns;
	struct gp_store *store;               /* NULL while nothing wants one */
	struct gp_limit_overrides *overrides; /* that lie in it */
	struct gp_log log;
	int64_t loaded_s;                   /* wall time */
	void *data[GP_DAEMON_SERVICES_MAX]; /* what the services have made of the configuration */
};

struct gp_daemon_runtimes;

/* What a service makes of each configuration: as configure in daemon/service.h. */
struct gp_daemon_runtimes_hook {
	int (*configure)(void *state, const struct gp_config *config, void **data_out);
	void *state;
};

struct gp_daemon_runtimes_options {
	const char *name;                    /* of the program, for syslog; borrowed */
	struct gp_daemon_log_queue *queue;   /* that all logs write through, or NULL; borrowed */
	struct gp_daemon_counters *counters; /* of reloads; borrowed */
	unsigned questions;                  /* to DNS, under way at once, of all together */
	struct gp_daemon_runtimes_hook hooks[GP_DAEMON_SERVICES_MAX];
};

/*
 * Hangs up a first runtime made of what was loaded, which it takes on success. Copies options.
 */
int gp_daemon_runtimes_new(const struct gp_runtime_config *loaded,
	const struct gp_daemon_runtimes_options *options,
	struct gp_daemon_runtimes **runtimes_out) GP_MUST_CHECK;

/* Frees all; every runtime must have been released. Accepts NULL. */
void gp_daemon_runtimes_free(struct gp_daemon_runtimes *runtimes);

/* The current runtime, kept until it is released. */
const struct gp_daemon_runtime *gp_daemon_runtimes_acquire(struct gp_daemon_runtimes *runtimes);
void gp_daemon_runtimes_release(
	struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *runtime);

/* Is this runtime, which the caller has acquired, still the current one? Costs next to nothing. */
bool gp_daemon_runtimes_is_current(
	struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *runtime);

/*
 * Reads the current runtime's file again and hangs up the new one, if the file is whole and valid;
 * else the old one stays. The log says which, and what needs a restart; so does the status, which
 * a caller without further plans may ignore.
 */
int gp_daemon_runtimes_reload(struct gp_daemon_runtimes *runtimes);

/* Calls visit with the name of each option of a configuration ("policyd.listen") that is another
 * one than at the start, and that a reload does not change. */
void gp_daemon_runtimes_waiting(struct gp_daemon_runtimes *runtimes, const struct gp_config *config,
	void (*visit)(void *arg, const char *name), void *arg);

/* A line for each of the configuration's warnings. */
void gp_daemon_runtimes_log_warnings(const struct gp_config *config, const struct gp_log *log);

/*
 * Has any of the files that it was made of, or a directory with more of them, been replaced or
 * written to since? What is out of sight, behind a chroot for example, has not.
 */
bool gp_daemon_runtimes_has_changed(const struct gp_daemon_runtime *runtime);

/* Follows resolv.conf, and tends the store of the limits, if there is one
 * (gp_store_tend); one thread. */
void gp_daemon_runtimes_tend(struct gp_daemon_runtimes *runtimes);

#endif
