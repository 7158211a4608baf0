/* SPDX-License-Identifier: ISC */
/* A pipe of single bytes that neither side waits for. */
#include "daemon/heartbeat.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

/* How long each may be still. Maintenance writes the store to disk: when that hangs for a minute
 * mail continues without it, and to end the process would not help the disk. */
#define STILL_LISTEN_US (20 * 1000000LL)
#define STILL_MAINTENANCE_US (600 * 1000000LL)

/* gp_daemon_heartbeat_init: the pipe, if somebody reads it. */
int gp_daemon_heartbeat_init(struct gp_daemon_heartbeat *heartbeat_out, bool with_parent,
	struct gp_daemon_notify *notify, const char *status)
{
	*heartbeat_out = (struct gp_daemon_heartbeat) {
		.ends = {-1, -1}, .notify = notify, .status = status, .services = 1};
	if (with_parent && pipe2(heartbeat_out->ends, O_CLOEXEC | O_NONBLOCK))
		return GP_EIO;
	return GP_OK;
}

/* gp_daemon_heartbeat_fini: closes the pipe. */
void gp_daemon_heartbeat_fini(struct gp_daemon_heartbeat *heartbeat)
{
	for (int i = 0; i < 2; i++) {
		if (heartbeat->ends[i] >= 0)
			close(heartbeat->ends[i]);
		heartbeat->ends[i] = -1;
	}
}

/* gp_daemon_heartbeat_beat: the time of now. */
void gp_daemon_heartbeat_beat(struct gp_daemon_heartbeat *heartbeat, unsigned thread)
{
	atomic_store_explicit(&heartbeat->beats_us[thread], gp_clock_now_us(gp_clock_system()),
		memory_order_relaxed);
}

/* gp_daemon_heartbeat_tell: to the parent, or past it. */
void gp_daemon_heartbeat_tell(
	struct gp_daemon_heartbeat *heartbeat, enum gp_daemon_heartbeat_word word)
{
	const char byte = (char)word;
	if (heartbeat->ends[1] < 0) {
		gp_daemon_heartbeat_notify(heartbeat->notify, word, heartbeat->status);
	} else {
		ssize_t n = write(heartbeat->ends[1], &byte, 1);
		(void)n; /* a full pipe has words enough in it */
	}
}

/* is_still: for so long. */
static bool is_still(struct gp_daemon_heartbeat *heartbeat, unsigned thread, int64_t limit_us)
{
	int64_t beat_us = atomic_load_explicit(&heartbeat->beats_us[thread], memory_order_relaxed);
	return gp_clock_now_us(gp_clock_system()) - beat_us > limit_us;
}

/* gp_daemon_heartbeat_pass: stale stamps pass nothing on. */
void gp_daemon_heartbeat_pass(struct gp_daemon_heartbeat *heartbeat)
{
	if (is_still(heartbeat, GP_DAEMON_HEARTBEAT_MAINTENANCE, STILL_MAINTENANCE_US))
		return;
	for (unsigned i = 0; i < heartbeat->services; i++)
		if (is_still(heartbeat, GP_DAEMON_HEARTBEAT_LISTEN + i, STILL_LISTEN_US))
			return;
	gp_daemon_heartbeat_tell(heartbeat, GP_DAEMON_HEARTBEAT_ALIVE);
}

/* gp_daemon_heartbeat_notify: a word in the service manager's language. */
void gp_daemon_heartbeat_notify(
	struct gp_daemon_notify *notify, enum gp_daemon_heartbeat_word word, const char *status)
{
	switch (word) {
	case GP_DAEMON_HEARTBEAT_READY:
	case GP_DAEMON_HEARTBEAT_RELOADED:
		gp_daemon_notify_tell(notify, "READY=1\nSTATUS=%s", status);
		break;
	case GP_DAEMON_HEARTBEAT_REFUSED:
		gp_daemon_notify_tell(notify,
			"READY=1\nSTATUS=the configuration has errors (see the log); the one "
			"loaded before stays in force");
		break;
	case GP_DAEMON_HEARTBEAT_RELOADING:
		gp_daemon_notify_reloading(notify);
		break;
	case GP_DAEMON_HEARTBEAT_STOPPING:
		gp_daemon_notify_tell(notify, "STOPPING=1\nSTATUS=stopping");
		break;
	case GP_DAEMON_HEARTBEAT_ALIVE:
		gp_daemon_notify_alive(notify);
		break;
	}
}

/*
 * gp_daemon_heartbeat_read: one byte; what is no word of ours passes for one that says nothing new.
 */
int gp_daemon_heartbeat_read(struct gp_daemon_heartbeat *heartbeat)
{
	char byte;
	return read(heartbeat->ends[0], &byte, 1) == 1 ? byte : 0;
}
