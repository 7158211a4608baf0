/* SPDX-License-Identifier: ISC */
/* The limit of open files, and its parts. */
#include "daemon/descriptors.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

/* What is open for a moment, or comes with a reload: files of the configuration, one in another
 * (3), what is kept of it (2), the log (1), one that says how many users there are, or how much
 * memory (1), a connection that was accepted and has no place, and the eventfd (2). */
#define KEPT_BACK 9
/* A store of LMDB: each of two files is open twice, with one for its readers, and a lock (7); while
 * it is opened anew a file that is looked at, and its directory (2). */
#define LMDB 9
#define REDIS 3 /* beside its connections: a server that is looked for, and two files of TLS */
#define SPARE_LEAST 4
#define SPARE_MOST 32     /* connections that wait for a place, or have to go */
#define LOOKED_AT 1024    /* descriptors that may be open already */
#define UNLIMITED 1048576 /* more is never needed */
#define LEAST 20          /* to be divided, however low the limit is */
#define QUESTIONS_LEAST 8 /* of these */

/* wanted: of descriptors, so that nothing is divided more narrowly than configured. */
static rlim_t wanted(const struct gp_config_policyd *options)
{
	return (rlim_t)options->max_connections + SPARE_MOST + GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX +
	       512;
}

/* gp_daemon_descriptors_raise: an ordinary user gets all that the hard limit has. */
void gp_daemon_descriptors_raise(const struct gp_config_policyd *options, const struct gp_log *log)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_max < wanted(options)) {
		const struct rlimit raised = {wanted(options), wanted(options)};
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		gp_log_text(log, GP_LOG_WARNING,
			"the limit of open files cannot be raised to its hard limit of %llu",
			(unsigned long long)limit.rlim_max);
}

/* count_open: descriptors that exist; /proc is not there in a chroot. */
static unsigned count_open(rlim_t limit)
{
	unsigned n = 0;
	for (int fd = 0; fd < LOOKED_AT && (rlim_t)fd < limit; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* kept_back: for all but connections and questions; what is open already is not counted here. */
static unsigned kept_back(const struct gp_config *config)
{
	unsigned n = KEPT_BACK, sockets = (unsigned)config->metrics.listen.count;
	bool is_remote = config->store.uri_count &&
			 !gp_span_has_prefix(gp_span_from(config->store.uris[0]), "lmdb:");
	n += *config->policyd.control_socket ? GP_DAEMON_CONTROL_FILES : 0;
	n += sockets ? GP_DAEMON_HTTP_FILES(sockets) : 0;
	n += is_remote ? config->store.connections + REDIS : LMDB;
	n += config->store_settings.on_failure == GP_STORE_FAILURE_LOCAL ? LMDB : 0;
	return n;
}

/*
 * gp_daemon_descriptors_divide: three of four for connections, as one that is not taken has no
 * answer at all, while a question that finds no place has one, if a deferral.
 */
struct gp_daemon_descriptors gp_daemon_descriptors_divide(
	const struct gp_config *config, const struct gp_log *log)
{
	struct rlimit limit = {.rlim_cur = LOOKED_AT};
	unsigned max = config->policyd.max_connections;
	(void)getrlimit(RLIMIT_NOFILE, &limit); /* cannot fail; if it did: the usual limit */
	if (limit.rlim_cur > UNLIMITED)
		limit.rlim_cur = UNLIMITED;
	unsigned taken = count_open(limit.rlim_cur) + kept_back(config);
	unsigned left = limit.rlim_cur > taken + LEAST ? (unsigned)limit.rlim_cur - taken : LEAST;
	unsigned spare = left / 8;
	if (spare < SPARE_LEAST)
		spare = SPARE_LEAST;
	if (spare > SPARE_MOST)
		spare = SPARE_MOST;
	left -= spare;
	unsigned most = left - (left / 4 > QUESTIONS_LEAST ? left / 4 : QUESTIONS_LEAST);
	struct gp_daemon_descriptors files = {
		.limit = limit.rlim_cur, .connections = max < most ? max : most, .spare = spare};
	left -= files.connections;
	files.questions = left < GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX
				  ? left
				  : GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX;
	if (files.connections < max || files.questions < max)
		gp_log_text(log, GP_LOG_WARNING,
			"no more than %llu files may be open: that is enough for %u connections "
			"and %u simultaneous DNS queries; raise LimitNOFILE of the unit, or the "
			"hard limit (ulimit -Hn), to %llu",
			files.limit, files.connections, files.questions,
			(unsigned long long)wanted(&config->policyd));
	return files;
}
