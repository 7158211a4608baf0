/* SPDX-License-Identifier: ISC */
/*
 * Runtime: one configuration snapshot with the resolver and the log that belong to it, and the
 * place where the current one hangs.
 *
 * A session takes the current runtime when it begins and with each new message; a reload hangs up a
 * new one, and the old one goes when its last session has let go of it. There is one resolver with
 * one cache for the life of the process, which a reload sets anew: what is remembered stays. The
 * store of the limits is opened when limits are first configured and stays for the life of the
 * process: a change of the store needs a restart.
 *
 * Threads: gp_runtimes may be used by any number of threads; a runtime is read-only.
 */
#ifndef GP_POLICYD_RUNTIME_H
#define GP_POLICYD_RUNTIME_H

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/log_queue.h"
#include "dns/dns.h"
#include "limit/limit_overrides.h"
#include "policyd/counters.h"
#include "runtime/runtime_config.h"

struct gp_runtime {
	const struct gp_config *config; /* the one that was loaded */
	struct gp_runtime_config loaded;
	struct gp_dns *dns;
	struct gp_store *store;               /* NULL while no limit is configured */
	struct gp_limit_overrides *overrides; /* that lie in it */
	struct gp_log log;
	int64_t loaded_s;                         /* wall time */
	unsigned char limit_places[GP_LIMIT_MAX]; /* where its limits are counted, in their order */
};

struct gp_runtimes;

/*
 * Hangs up a first runtime made of what was loaded, which it takes on success. The logs of all
 * runtimes write through queue, which may be NULL. Reloads and limits are counted in counters.
 * Borrows both. questions: to DNS, under way at once in all runtimes together.
 */
int gp_runtimes_new(const struct gp_runtime_config *loaded, struct gp_daemon_log_queue *queue,
	struct gp_counters *counters, unsigned questions,
	struct gp_runtimes **runtimes_out) GP_MUST_CHECK;

/* Frees all; every runtime must have been released. Accepts NULL. */
void gp_runtimes_free(struct gp_runtimes *runtimes);

/* The current runtime, kept until it is released. */
const struct gp_runtime *gp_runtimes_acquire(struct gp_runtimes *runtimes);
void gp_runtimes_release(struct gp_runtimes *runtimes, const struct gp_runtime *runtime);

/* Is this runtime, which the caller has acquired, still the current one? Costs next to nothing. */
bool gp_runtimes_is_current(struct gp_runtimes *runtimes, const struct gp_runtime *runtime);

/*
 * Reads the current runtime's file again and hangs up the new one, if the file is whole and valid;
 * else the old one stays. The log says which, and what needs a restart; so does the status, which
 * a caller without further plans may ignore.
 */
int gp_runtimes_reload(struct gp_runtimes *runtimes);

/* A line for each of the configuration's warnings. */
void gp_runtime_log_warnings(const struct gp_config *config, const struct gp_log *log);

/*
 * Has any of the files that it was made of, or a folder with more of them, been replaced or written
 * to since? What is out of sight, behind a chroot for example, has not.
 */
bool gp_runtime_has_changed(const struct gp_runtime *runtime);

/* Follows resolv.conf, and tends the store of the limits, if there is one
 * (gp_store_tend); one thread. */
void gp_runtimes_tend(struct gp_runtimes *runtimes);

#endif
