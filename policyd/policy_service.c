/* SPDX-License-Identifier: ISC */
/* What must outlive a crash lies in shared memory, and the state itself in that of each process. */
#include "policyd/policy_service.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/shmem.h"
#include "policyd/control_private.h"
#include "policyd/reader.h"
#include "policyd/trouble_log.h"

/* open_state: what sessions of all processes share. */
static int open_state(void **state_out)
{
	struct gp_session_shared *shared = calloc(1, sizeof *shared);
	*state_out = shared; /* closed, whatever is missing */
	if (!shared)
		return GP_ENOMEM;
	shared->instances = gp_header_once_new();
	shared->counters = gp_daemon_shmem_alloc(sizeof *shared->counters);
	shared->stages = gp_stage_learn_new();
	shared->lists = gp_lists_new();
	shared->greylist = gp_greylist_watch_new();
	if (!shared->instances || !shared->counters || !shared->stages || !shared->lists ||
		!shared->greylist)
		return GP_ENOMEM;
	gp_own_pipeline_init(&shared->checks);
	shared->counters->pipeline = &shared->checks.pipeline;
	return GP_OK;
}

/* close_state: in reverse order. */
static void close_state(void *state)
{
	struct gp_session_shared *shared = state;
	if (!shared)
		return;
	gp_greylist_watch_free(shared->greylist);
	gp_lists_free(shared->lists);
	gp_stage_learn_free(shared->stages);
	gp_daemon_shmem_free(shared->counters, sizeof *shared->counters);
	gp_header_once_free(shared->instances);
	free(shared);
}

/* begin: sessions find the daemon. */
static void begin(void *state, struct gp_daemon *daemon)
{
	struct gp_session_shared *shared = state;
	shared->daemon = daemon;
	shared->runtimes = daemon->runtimes;
}

/* configure: its lists, and where its limits are counted. */
static int configure(void *state, const struct gp_config *config, void **data_out)
{
	struct gp_session_shared *shared = state;
	gp_lists_configure(shared->lists, config);
	return gp_counters_configure(shared->counters, config, data_out);
}

/* serve: a session. */
static void serve(void *state, int fd, struct gp_daemon_place *place)
{
	gp_session_serve(state, fd, place);
}

/* excuse: one request. */
static void excuse(void *state, int fd, const char *trouble)
{
	gp_session_excuse(state, fd, trouble);
}

/* remind_malformed: of requests about which there was no line. */
static void remind_malformed(struct gp_counters *counters, const struct gp_log *log)
{
	unsigned long long n = gp_daemon_log_limited_rest(
		&counters->malformed_said, gp_clock_now_us(gp_clock_system()));
	if (n)
		gp_log_text(log, GP_LOG_WARNING,
			"%llu more requests were malformed and not logged; the lines before this "
			"one show their clients",
			n);
}

/* tend: what is said at most once a minute. */
static void tend(void *state, const struct gp_daemon_runtime *runtime)
{
	struct gp_session_shared *shared = state;
	gp_trouble_log_remind(shared->counters, &runtime->log);
	remind_malformed(shared->counters, &runtime->log);
	gp_lists_tend(shared->lists, runtime);
}

/* probe: the tests of DNS lists, and the figures of greylisting. */
static void probe(void *state, const struct gp_daemon_runtime *runtime)
{
	struct gp_session_shared *shared = state;
	gp_lists_probe(shared->lists, runtime);
	gp_greylist_watch_probe(shared->greylist, runtime);
}

/* log_counters: with the connections that the daemon has counted. */
static void log_counters(void *state, const struct gp_log *log)
{
	struct gp_session_shared *shared = state;
	struct gp_daemon_connections *c = &shared->daemon->counters->services[GP_POLICYD_POLICY];
	gp_counters_log(shared->counters, atomic_load(&c->accepted), log);
}

/* ---- the row ---- */

static const struct gp_daemon_control_command commands[] = {
	{"status", gp_control_status},
	{"limits", gp_control_operator},
	{"show", gp_control_operator},
	{"reset", gp_control_operator},
	{"set", gp_control_operator},
	{"unset", gp_control_operator},
	{"overrides", gp_control_operator},
	{"lists", gp_control_operator},
	{"lists-off", gp_control_operator},
	{"lists-on", gp_control_operator},
	{"lists-retest", gp_control_operator},
	{"greylist", gp_control_operator},
	{"greylist-mail", gp_control_operator},
	{"greylist-allow", gp_control_operator},
	{"greylist-remove", gp_control_operator},
};

/* listen_at: as policyd.listen says. */
static const struct gp_config_texts *listen_at(const struct gp_config *config)
{
	return &config->policyd.listen;
}

/* has_come: a request ends with an empty line. */
static bool has_come(const char *text, size_t len)
{
	return memmem(text, len, "\n\n", 2) != NULL;
}

/* Enough for SPF's deepest recursion with every buffer on it, measured under load and with the
 * sanitizers' wider frames; only touched pages count. */
#define STACK_BYTES (512 * 1024)

static const char full_text[] =
	"policyd.max_connections is reached: for each new connection the longest idle one is "
	"closed; if none is idle, it waits, and after 5 s its request is answered according to "
	"policyd.on_trouble; raise it above the number of smtpd processes of all Postfix instances";

static const char share_text[] =
	"has a quarter of policyd.max_connections, which is its share: for each new connection of "
	"this user, its longest idle one is closed. If the mail server runs as this user, set "
	"policyd.mail_user to it";

static const char no_thread_text[] =
	"no thread for a connection: out of memory or over a limit; raise TasksMax or MemoryMax of "
	"the unit. Its requests are answered according to policyd.on_trouble";

const struct gp_daemon_service gp_policy_service = {
	.name = "policy",
	.listen = listen_at,
	.listen_default = GP_CONFIG_LISTEN,
	.serve = serve,
	.stack_bytes = STACK_BYTES,
	.excuse = excuse,
	.has_come = has_come,
	.request_max = GP_READER_MAX,
	.texts = {full_text, share_text, no_thread_text},
	.open = open_state,
	.close = close_state,
	.begin = begin,
	.configure = configure,
	.tend = tend,
	.probe = probe,
	.log_counters = log_counters,
	.commands = commands,
	.command_count = sizeof commands / sizeof commands[0],
};
