/* SPDX-License-Identifier: ISC */
/* A datagram socket that is connected at the start, since a chroot would hide its name later. */
#include "daemon/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"

/* connect_to: a path, or with @ a name in the abstract space. -1 when that cannot be. */
static int connect_to(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	if ((name[0] != '/' && name[0] != '@') || len < 2 || len > sizeof addr.sun_path)
		return -1;
	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, size)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* gp_daemon_notify_variable: what is no number counts as none. */
uint64_t gp_daemon_notify_variable(const char *name, uint64_t max)
{
	const char *text = getenv(name);
	uint64_t n;
	return text && gp_span_parse_uint(gp_span_from(text), max, &n) == GP_OK ? n : 0;
}

/* watchdog_us: the patience of the service manager, if it is meant for this process. */
static int64_t watchdog_us(void)
{
	uint64_t us = gp_daemon_notify_variable("WATCHDOG_USEC", INT64_MAX);
	uint64_t pid = gp_daemon_notify_variable("WATCHDOG_PID", INT32_MAX);
	return pid == 0 || pid == (uint64_t)getpid() ? (int64_t)us : 0;
}

/* gp_daemon_notify_open: from the environment. */
void gp_daemon_notify_open(struct gp_daemon_notify *notify_out)
{
	const char *name = getenv("NOTIFY_SOCKET");
	*notify_out = (struct gp_daemon_notify) {.fd = name ? connect_to(name) : -1};
	if (notify_out->fd >= 0)
		notify_out->every_us = watchdog_us() / 4;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* gp_daemon_notify_close: nothing more is told. */
void gp_daemon_notify_close(struct gp_daemon_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* send_text: false when there is no room for it now. */
static bool send_text(const struct gp_daemon_notify *notify, const char *text)
{
	return send(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS);
}

/* gp_daemon_notify_tell: one datagram. */
void gp_daemon_notify_tell(struct gp_daemon_notify *notify, const char *format, ...)
{
	va_list ap;
	if (notify->fd < 0)
		return;
	va_start(ap, format);
	vsnprintf(notify->unsent, sizeof notify->unsent, format, ap);
	va_end(ap);
	if (send_text(notify, notify->unsent))
		notify->unsent[0] = 0;
}

/* gp_daemon_notify_alive: not more often than is of use. */
void gp_daemon_notify_alive(struct gp_daemon_notify *notify)
{
	int64_t now = gp_clock_now_us(gp_clock_system());
	if (notify->fd >= 0 && *notify->unsent && send_text(notify, notify->unsent))
		notify->unsent[0] = 0;
	if (!notify->every_us || (notify->told_us && now - notify->told_us < notify->every_us))
		return;
	if (notify->fd >= 0 && send_text(notify, "WATCHDOG=1"))
		notify->told_us = now;
}

/* gp_daemon_notify_reloading: with the time, which newer service managers want
 * (Type=notify-reload). */
void gp_daemon_notify_reloading(struct gp_daemon_notify *notify)
{
	gp_daemon_notify_tell(notify,
		"RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=loading the configuration",
		(long long)gp_clock_now_us(gp_clock_system()));
}
