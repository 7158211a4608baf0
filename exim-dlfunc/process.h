/* SPDX-License-Identifier: ISC */
/*
 * Process: what a process of Exim keeps between calls: a snapshot of the configuration with its
 * resolver, SHA-256, and the overrides of the limits once one was asked about.
 *
 * The configuration is read once, and again when a file that it was made from has changed; a broken
 * file leaves the previous snapshot in force and is reported once. Results of a snapshot keep a
 * reference to it.
 *
 *     gp_exim_process_init(&p);
 *     rc = gp_exim_process_snapshot(&p, conf, &snapshot);         ... checks ...
 *     gp_exim_snapshot_release(snapshot);
 *
 * Exim forks: the daemon for each connection, a connection for each delivery. What is memory
 * continues living in the child; connections and locks of the store do not, so a process that finds
 * itself to be another one leaves them alone and opens its own (store/store.h).
 *
 * Nothing here starts threads, handles signals, changes locale or umask, or registers with
 * atexit(3). Not for two threads at once.
 */
#ifndef GP_EXIM_PROCESS_H
#define GP_EXIM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "base/span.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "dns/dns.h"
#include "engine/sample.h"
#include "exim-dlfunc/log_limited.h"
#include "runtime/runtime_config.h"
#include "runtime/runtime_resolver.h"
#include "runtime/runtime_store.h"

/* A resolver and what it remembers, for all snapshots of one file; freed with the last of them. */
struct gp_exim_resolver {
	struct gp_runtime_resolver resolver;
	unsigned refs;
};

/* A configuration as it is in force; freed with its last holder. */
struct gp_exim_snapshot {
	const struct gp_config *config; /* the one that was loaded */
	struct gp_runtime_config loaded;
	struct gp_dns *dns; /* of resolver, which asks as the newest snapshot says */
	struct gp_exim_resolver *resolver;
	unsigned refs;
	unsigned long generation; /* no other one of this process has the number */
};

struct gp_exim_process {
	struct gp_exim_log log;
	struct gp_exim_snapshot *current;  /* NULL: none could be read yet */
	struct gp_filestamp broken;        /* of the main file, when it was found broken */
	int64_t broken_us;                 /* when that was; 0: it is not broken */
	struct gp_crypto_digest *digest;   /* NULL: not needed yet */
	struct gp_sample_key sample_key;   /* for pct= of DMARC */
	struct gp_runtime_store store;     /* not open: not needed yet */
	struct gp_exim_snapshot *store_of; /* whose store it is */
	pid_t pid;                         /* who opened them */
};

/* Nothing read, nothing open. */
void gp_exim_process_init(struct gp_exim_process *process);

/* Closes and frees all, for tests; Exim never unloads a module. */
void gp_exim_process_fini(struct gp_exim_process *process);

/*
 * The configuration in force, with one reference more. GP_EINVAL: no path; GP_ESYNTAX, GP_EIO:
 * there is no good one, and the log says why; GP_ENOMEM.
 */
int gp_exim_process_snapshot(struct gp_exim_process *process, struct gp_span conf,
	struct gp_exim_snapshot **snapshot_out) GP_MUST_CHECK;
void gp_exim_snapshot_release(struct gp_exim_snapshot *snapshot); /* accepts NULL */

/* SHA-256, looked up at the first call. */
int gp_exim_process_digest(
	struct gp_exim_process *process, const struct gp_crypto_digest **digest_out) GP_MUST_CHECK;

/* Tends the store, and reads the overrides. */
void gp_exim_process_tend(struct gp_exim_process *process, struct gp_ctx *ctx);

/* The overrides of the snapshot's store, opened at the first call of this process. */
int gp_exim_process_overrides(struct gp_exim_process *process, struct gp_exim_snapshot *snapshot,
	struct gp_ctx *ctx, struct gp_limit_overrides **overrides_out) GP_MUST_CHECK;

#endif
