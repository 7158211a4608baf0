/* SPDX-License-Identifier: ISC */
/* A pipe of single bytes that neither side waits for. */
#include "policyd/pulse.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

/* How long each may be still. The keeper writes the store to disk: when that hangs for a minute
 * mail goes on without it, and to end the process would not help the disk. */
static const int64_t still_us[GP_PULSE_THREADS] = {
	[GP_PULSE_LISTEN] = 20 * 1000000LL, [GP_PULSE_KEEPER] = 600 * 1000000LL};

/* gp_pulse_init: the pipe, if somebody reads it. */
int gp_pulse_init(
	struct gp_pulse *pulse_out, bool with_parent, struct gp_notify *notify, const char *status)
{
	*pulse_out = (struct gp_pulse) {.ends = {-1, -1}, .notify = notify, .status = status};
	if (with_parent && pipe2(pulse_out->ends, O_CLOEXEC | O_NONBLOCK))
		return GP_EIO;
	return GP_OK;
}

/* gp_pulse_fini: closes the pipe. */
void gp_pulse_fini(struct gp_pulse *pulse)
{
	for (int i = 0; i < 2; i++) {
		if (pulse->ends[i] >= 0)
			close(pulse->ends[i]);
		pulse->ends[i] = -1;
	}
}

/* gp_pulse_beat: the time of now. */
void gp_pulse_beat(struct gp_pulse *pulse, enum gp_pulse_thread thread)
{
	atomic_store_explicit(
		&pulse->beats_us[thread], gp_clock_now_us(gp_clock_system()), memory_order_relaxed);
}

/* gp_pulse_tell: to the parent, or past it. */
void gp_pulse_tell(struct gp_pulse *pulse, enum gp_pulse_word word)
{
	const char byte = (char)word;
	if (pulse->ends[1] < 0) {
		gp_pulse_notify(pulse->notify, word, pulse->status);
	} else {
		ssize_t n = write(pulse->ends[1], &byte, 1);
		(void)n; /* a full pipe has words enough in it */
	}
}

/* gp_pulse_pass: stale stamps pass nothing on. */
void gp_pulse_pass(struct gp_pulse *pulse)
{
	int64_t now = gp_clock_now_us(gp_clock_system());
	for (int i = 0; i < GP_PULSE_THREADS; i++)
		if (now - atomic_load_explicit(&pulse->beats_us[i], memory_order_relaxed) >
			still_us[i])
			return;
	gp_pulse_tell(pulse, GP_PULSE_ALIVE);
}

/* gp_pulse_notify: a word in the service manager's language. */
void gp_pulse_notify(struct gp_notify *notify, enum gp_pulse_word word, const char *status)
{
	switch (word) {
	case GP_PULSE_READY:
	case GP_PULSE_RELOADED:
		gp_notify_tell(notify, "READY=1\nSTATUS=%s", status);
		break;
	case GP_PULSE_REFUSED:
		gp_notify_tell(notify, "READY=1\nSTATUS=the configuration has errors (see the "
				       "log); what was loaded "
				       "before stays in force");
		break;
	case GP_PULSE_RELOADING:
		gp_notify_reloading(notify);
		break;
	case GP_PULSE_STOPPING:
		gp_notify_tell(notify, "STOPPING=1\nSTATUS=stopping");
		break;
	case GP_PULSE_ALIVE:
		gp_notify_alive(notify);
		break;
	}
}

/* gp_pulse_read: one byte; what is no word of ours passes for one that says nothing new. */
int gp_pulse_read(struct gp_pulse *pulse)
{
	char byte;
	return read(pulse->ends[0], &byte, 1) == 1 ? byte : 0;
}
