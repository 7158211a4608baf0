/* SPDX-License-Identifier: ISC */
/*
 * A service of some ten lines, to show what the daemon around it gives: it answers each line with
 * the configuration's hostname before it. It counts lines in memory that outlives a crash, has a
 * command, a metric and a route of its own, looks at something by itself now and then, and makes a
 * system call that no other service makes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/control_command.h"
#include "daemon/daemon_main.h"
#include "daemon/metrics.h"
#include "daemon/places.h"
#include "daemon/shmem.h"

/* What all processes share. */
struct echo {
	atomic_ullong lines;
	atomic_ullong looks;      /* by itself */
	struct gp_daemon *daemon; /* of the process that serves */
};

/* answer: the name that the configuration of this moment has, and the line. */
static bool answer(struct echo *echo, int fd, const char *text, size_t len)
{
	char line[512];
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(echo->daemon->runtimes);
	int n = snprintf(line, sizeof line, "%s: %.*s", (const char *)r->data[0], (int)len, text);
	gp_daemon_runtimes_release(echo->daemon->runtimes, r);
	(void)getpriority(PRIO_PROCESS, 0); /* the call of its own */
	atomic_fetch_add(&echo->lines, 1);
	return n > 0 && send(fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

/* serve: line after line, each of which comes whole. */
static void serve(void *state, int fd, struct gp_daemon_place *place)
{
	char text[256];
	ssize_t n;
	while ((n = read(fd, text, sizeof text)) > 0 && gp_daemon_places_work(place) &&
		gp_daemon_places_take(place, INT64_MAX) && answer(state, fd, text, (size_t)n)) {
		atomic_store(&place->state, GP_DAEMON_PLACE_READS);
		if (!gp_daemon_places_keep(place))
			return;
	}
}

/* open_state: in shared memory. */
static int open_state(void **state_out)
{
	*state_out = gp_daemon_shmem_alloc(sizeof(struct echo));
	return *state_out ? GP_OK : GP_ENOMEM;
}

/* close_state: what open_state has made. */
static void close_state(void *state)
{
	gp_daemon_shmem_free(state, sizeof(struct echo));
}

/* begin: after each fork. */
static void begin(void *state, struct gp_daemon *daemon)
{
	struct echo *echo = state;
	echo->daemon = daemon;
}

/* configure: the name, kept with its configuration. */
static int configure(void *state, const struct gp_config *config, void **data_out)
{
	(void)state;
	*data_out = strdup(config->hostname);
	return *data_out ? GP_OK : GP_ENOMEM;
}

/* probe: a look that takes its time. */
static void probe(void *state, const struct gp_daemon_runtime *runtime)
{
	struct echo *echo = state;
	(void)runtime;
	atomic_fetch_add(&echo->looks, 1);
}

/* listen_at: the socket of the section that any daemon has. */
static const struct gp_config_texts *listen_at(const struct gp_config *config)
{
	return &config->policyd.listen;
}

/* lines_command: {"command": "lines"}. */
static json_t *lines_command(struct gp_daemon_control_call *call)
{
	struct echo *echo = call->state;
	return json_pack("{s:I, s:I}", "lines", (json_int_t)atomic_load(&echo->lines), "looks",
		(json_int_t)atomic_load(&echo->looks));
}

/* read_lines: the same as a metric. */
static void read_lines(GP_DAEMON_METRICS_READER)
{
	struct echo *echo = source->state;
	(void)row;
	gp_operator_page_number(page, NULL, 0, atomic_load(&echo->lines));
}

/* write_route: the same over HTTP. */
static void write_route(struct gp_daemon *daemon, struct gp_strbuf *buf)
{
	struct echo *echo = daemon->served[0].state;
	gp_strbuf_printf(buf, "%llu lines\n", atomic_load(&echo->lines));
}

static const struct gp_daemon_control_command commands[] = {{"lines", lines_command}};
static const struct gp_daemon_route routes[] = {{"/lines", "text/plain", write_route}};
static const struct gp_daemon_metric rows[] = {
	{"echo_lines_total", GP_OPERATOR_PAGE_COUNTER, "Lines.", read_lines, 0},
	{"echo_connections_total", GP_OPERATOR_PAGE_COUNTER, "Connections.",
		gp_daemon_metrics_connections, offsetof(struct gp_daemon_connections, accepted)}};
static const size_t row_count = sizeof rows / sizeof rows[0];

static const struct gp_daemon_service echo_service = {
	.name = "echo",
	.listen = listen_at,
	.serve = serve,
	.stack_bytes = 512 * 1024,
	.open = open_state,
	.close = close_state,
	.begin = begin,
	.configure = configure,
	.probe = probe,
	.commands = commands,
	.command_count = 1,
	.routes = routes,
	.route_count = 1,
	.calls = "getpriority",
};

/* A second one, which serves only what is handed over by its name. */
static const struct gp_config_texts nowhere;

/* listen_nowhere: it has no option. */
static const struct gp_config_texts *listen_nowhere(const struct gp_config *config)
{
	(void)config;
	return &nowhere;
}

/* serve_daytime: one word to everybody, and no more. */
static void serve_daytime(void *state, int fd, struct gp_daemon_place *place)
{
	(void)state;
	(void)!gp_daemon_places_work(place); /* nothing was asked: nobody asks again */
	(void)!send(fd, "noon\n", 5, MSG_NOSIGNAL);
}

static const struct gp_daemon_service daytime_service = {.name = "daytime",
	.listen = listen_nowhere,
	.serve = serve_daytime,
	.stack_bytes = 512 * 1024};

static const struct gp_daemon_service *const services[] = {&echo_service, &daytime_service};
static const struct gp_daemon_metrics_group groups[] = {
	{gp_daemon_metrics_process, &gp_daemon_metrics_process_count, 0, NULL},
	{rows, &row_count, 0, NULL},
};

/* main: the daemon's. */
int main(int argc, char **argv)
{
	const struct gp_daemon_program program = {.name = "gatepost-echo",
		.usage = "usage: gatepost-echo [-c FILE]\n",
		.services = services,
		.service_count = 2,
		.metrics = groups,
		.metrics_count = 2};
	return gp_daemon_main(argc, argv, &program);
}
