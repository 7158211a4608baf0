/* SPDX-License-Identifier: ISC */
/*
 * libmicrohttpd reads and writes; the loop around it is ours, so that a connection that keeps
 * itself alive byte by byte can be ended, which the library's own thread would not do.
 */
#include "daemon/http.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/runtimes.h"

#define BEAT_MS 1000 /* how often old connections are looked for */
#define PAGE_BYTES (1024 * 1024)

/* A connection that is open. */
struct visitor {
	int fd; /* -1: none */
	int64_t until_us;
};

/* One socket. */
struct door {
	struct gp_daemon_http *http;
	struct MHD_Daemon *daemon;
	int epoll_fd, listener;
	struct visitor visitors[GP_DAEMON_HTTP_CONNECTIONS];
};

struct gp_daemon_http {
	struct gp_daemon *daemon;
	struct door doors[GP_DAEMON_SOCKETS_MAX];
	size_t count;
	int wake;        /* eventfd */
	unsigned visits; /* connections that came or went */
	bool is_running;
	pthread_t thread;
};

/* gp_daemon_http_open: without it the mail continues, only the numbers are not there. */
void gp_daemon_http_open(const struct gp_config_metrics *options, const struct gp_log *log,
	struct gp_daemon_sockets *sockets_out)
{
	*sockets_out = (struct gp_daemon_sockets) {.count = 0};
	for (size_t i = 0; i < options->listen.count && sockets_out->count < GP_DAEMON_SOCKETS_MAX;
		i++) {
		int *fd = &sockets_out->fds[sockets_out->count];
		if (gp_daemon_sockets_inet(options->listen.items[i], log, fd) == GP_OK)
			sockets_out->count++;
		else
			gp_log_text(log, GP_LOG_WARNING,
				"metrics.listen: no metrics at %s; set it to a free loopback port; "
				"gatepost metrics prints them anyway",
				options->listen.items[i]);
	}
}

/* ---- answers ---- */

/* answer: takes the response, which may be NULL: then the connection is closed. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status,
	struct MHD_Response *response, const char *type)
{
	if (!response)
		return MHD_NO;
	enum MHD_Result done = MHD_YES;
	const struct {
		const char *name, *value;
	} headers[] = {
		{"Content-Type", type},
		{"Connection", "close"},
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Allow", status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL},
	};
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		if (headers[i].value && done == MHD_YES)
			done = MHD_add_response_header(response, headers[i].name, headers[i].value);
	if (done == MHD_YES)
		done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

/* answer_text: of a text that stays. */
static enum MHD_Result answer_text(
	struct MHD_Connection *connection, unsigned status, const char *text, const char *type)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	return answer(connection, status, response, type);
}

/* answer_page: made for this request. */
static enum MHD_Result answer_page(struct MHD_Connection *connection, struct gp_daemon *daemon,
	const struct gp_daemon_route *route)
{
	struct gp_arena *arena = gp_arena_new(GP_DAEMON_METRICS_PAGE_MAX);
	struct MHD_Response *response = NULL;
	struct gp_strbuf buf;
	const char *text;
	if (!arena)
		return MHD_NO;
	gp_strbuf_init(&buf, arena, PAGE_BYTES);
	route->write(daemon, &buf);
	if (gp_strbuf_finish(&buf, &text) == GP_OK)
		response = MHD_create_response_from_buffer(
			buf.len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	gp_arena_free(arena);
	return answer(connection, MHD_HTTP_OK, response, route->type);
}

/* ---- routes ---- */

/* write_metrics: all numbers, under the configuration of this moment. */
static void write_metrics(struct gp_daemon *daemon, struct gp_strbuf *buf)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	gp_daemon_metrics_of(daemon, r, buf);
	gp_daemon_runtimes_release(daemon->runtimes, r);
}

/* write_root: who is here. */
static void write_root(struct gp_daemon *daemon, struct gp_strbuf *buf)
{
	gp_strbuf_printf(buf,
		"<!DOCTYPE html><html lang=\"en\"><title>gatepost</title>"
		"<p>%s " GP_VERSION ": <a href=\"/metrics\">metrics</a></html>\n",
		daemon->program->name);
}

static const struct gp_daemon_route own[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics},
	{"/", "text/html; charset=utf-8", write_root},
};

/* find: the row of that path; NULL: it is not in this table. */
static const struct gp_daemon_route *find(
	const struct gp_daemon_route *routes, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(path, routes[i].path) == 0)
			return &routes[i];
	return NULL;
}

/* route_of: of the services, in their order, or of the daemon's own. */
static const struct gp_daemon_route *route_of(const struct gp_daemon *daemon, const char *path)
{
	const struct gp_daemon_route *route = NULL;
	for (size_t i = 0; !route && i < daemon->program->service_count; i++) {
		const struct gp_daemon_service *service = daemon->served[i].service;
		route = find(service->routes, service->route_count, path);
	}
	return route ? route : find(own, sizeof own / sizeof own[0], path);
}

/* ---- requests ---- */

/* is_loopback_host: an address of the loopback or localhost, with any port; or none (HTTP/1.0). */
static bool is_loopback_host(const char *text)
{
	struct gp_dns_server server;
	struct gp_span host = gp_span_from(text), name, port;
	if (!text)
		return true;
	if (gp_dns_server_parse(host, &server) == GP_OK)
		return gp_ipaddr_is_loopback(&server.addr);
	if (!gp_span_cut(host, ':', &name, &port))
		name = host;
	return gp_span_equal_nocase(name, gp_span_from("localhost"));
}

/* serve: one request; its body, if it has one, is never read. */
static enum MHD_Result serve(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
	void **request)
{
	const struct door *door = arg;
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	const char *plain = "text/plain; charset=utf-8";
	(void)version;
	(void)upload_data;
	(void)upload_data_size;
	(void)request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(
			connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD only\n", plain);
	if (!is_loopback_host(host))
		return answer_text(connection, MHD_HTTP_FORBIDDEN,
			"Use a loopback address or localhost (Host)\n", plain);
	const struct gp_daemon_route *route = route_of(door->http->daemon, url);
	if (route)
		return answer_page(connection, door->http->daemon, route);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "Only /metrics exists\n", plain);
}

/* ---- connections ---- */

/* note_visitor: comes and goes; more than there are places for the library does not let in. */
static void note_visitor(void *arg, struct MHD_Connection *connection, void **place,
	enum MHD_ConnectionNotificationCode what)
{
	struct door *door = arg;
	struct visitor *v = *place;
	door->http->visits++;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (v)
			v->fd = -1;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info && i < GP_DAEMON_HTTP_CONNECTIONS; i++) {
		v = &door->visitors[i];
		if (v->fd >= 0)
			continue;
		v->fd = info->connect_fd;
		v->until_us = gp_clock_now_us(gp_clock_system()) + GP_DAEMON_HTTP_LIFE_MS * 1000LL;
		*place = v;
		return;
	}
}

/* end_old: those that have had their time. */
static void end_old(struct door *door)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	for (size_t i = 0; i < GP_DAEMON_HTTP_CONNECTIONS; i++)
		if (door->visitors[i].fd >= 0 && door->visitors[i].until_us <= now_us)
			(void)shutdown(door->visitors[i].fd, SHUT_RDWR); /* gone: as good */
}

/* longest_there: the visitor that came first; NULL while there is a place that is free. */
static struct visitor *longest_there(struct door *door)
{
	struct visitor *found = &door->visitors[0];
	for (size_t i = 0; i < GP_DAEMON_HTTP_CONNECTIONS; i++) {
		if (door->visitors[i].fd < 0)
			return NULL;
		if (door->visitors[i].until_us < found->until_us)
			found = &door->visitors[i];
	}
	return found;
}

/*
 * make_way: the connection that has been open for longest is closed when another one waits: what
 * was whole has been answered by now, so it is somebody slow.
 */
static void make_way(struct door *door)
{
	struct visitor *oldest = longest_there(door);
	struct pollfd p = {.fd = door->listener, .events = POLLIN};
	if (!oldest || poll(&p, 1, 0) <= 0)
		return;
	(void)shutdown(oldest->fd, SHUT_RDWR);
	door->http->visits++;
}

/* patience: milliseconds until somebody has to look again. */
static int patience(const struct gp_daemon_http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;
	int least = BEAT_MS;
	for (size_t i = 0; i < http->count; i++)
		if (MHD_get_timeout(http->doors[i].daemon, &ms) == MHD_YES && ms < (unsigned)least)
			least = (int)ms;
	return least;
}

/* http_main: the thread. */
static void *http_main(void *arg)
{
	static const struct timespec breath = {.tv_nsec = 10 * 1000 * 1000};
	struct gp_daemon_http *http = arg;
	struct pollfd p[2 * GP_DAEMON_SOCKETS_MAX + 1];
	for (;;) {
		nfds_t n = 0;
		p[n++] = (struct pollfd) {.fd = http->wake, .events = POLLIN};
		/* the library hears its listener again only when it has run once more */
		for (size_t i = 0; i < http->count; i++) {
			p[n++] = (struct pollfd) {.fd = http->doors[i].epoll_fd, .events = POLLIN};
			p[n++] = (struct pollfd) {.fd = http->doors[i].listener, .events = POLLIN};
		}
		if (poll(p, n, patience(http)) < 0)
			continue;
		if (p[0].revents)
			return NULL;
		unsigned before = http->visits;
		for (size_t i = 0; i < http->count; i++) {
			(void)MHD_run(http->doors[i].daemon); /* trouble is a connection's own */
			end_old(&http->doors[i]);
			make_way(&http->doors[i]);
		}
		/* out of descriptors somebody waits at the door and is not let in: no busy loop */
		if (http->visits == before)
			nanosleep(&breath, NULL);
	}
}

/* ---- begin and end ---- */

/* open_door: the library gets a descriptor of its own, which it closes. */
static int open_door(struct gp_daemon_http *http, int listener)
{
	struct door *door = &http->doors[http->count];
	int fd = fcntl(listener, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return GP_ENOMEM;
	door->http = http;
	door->listener = fd;
	for (size_t i = 0; i < GP_DAEMON_HTTP_CONNECTIONS; i++)
		door->visitors[i].fd = -1;
	door->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, serve, door,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)GP_DAEMON_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)GP_DAEMON_HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)GP_DAEMON_HTTP_REQUEST, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, note_visitor, door, MHD_OPTION_END);
	if (!door->daemon) {
		close(fd);
		return GP_ENOMEM;
	}
	http->count++;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	door->epoll_fd = info ? info->epoll_fd : -1;
	return info ? GP_OK : GP_ENOMEM;
}

/* gp_daemon_http_start: a door for each socket, one thread. */
int gp_daemon_http_start(const struct gp_daemon_sockets *sockets, struct gp_daemon *daemon,
	struct gp_daemon_http **http_out)
{
	int rc = GP_OK;
	*http_out = NULL;
	if (sockets->count == 0)
		return GP_OK;
	struct gp_daemon_http *http = calloc(1, sizeof *http);
	if (!http)
		return GP_ENOMEM;
	http->daemon = daemon;
	http->wake = eventfd(0, EFD_CLOEXEC);
	if (http->wake < 0)
		rc = GP_ENOMEM;
	for (size_t i = 0; !rc && i < sockets->count; i++)
		rc = open_door(http, sockets->fds[i]);
	if (!rc && pthread_create(&http->thread, NULL, http_main, http))
		rc = GP_ENOMEM;
	http->is_running = !rc;
	if (rc)
		gp_daemon_http_stop(http);
	else
		*http_out = http;
	return rc;
}

/* gp_daemon_http_stop: the thread first. */
void gp_daemon_http_stop(struct gp_daemon_http *http)
{
	const uint64_t one = 1;
	if (!http)
		return;
	if (http->is_running && write(http->wake, &one, sizeof one) == (ssize_t)sizeof one)
		pthread_join(http->thread, NULL);
	for (size_t i = 0; i < http->count; i++)
		MHD_stop_daemon(http->doors[i].daemon);
	if (http->wake >= 0)
		close(http->wake);
	free(http);
}
