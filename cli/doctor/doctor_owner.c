/* SPDX-License-Identifier: ISC */
/*
 * Whose are the configuration and the store? The daemon that runs is asked of the system: under a
 * unit it is another user than policyd.user may say, and in no chroot. Where there is Exim only,
 * they are Exim's.
 */
#include "cli/doctor/doctor_owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/control.h"
#include "cli/doctor/doctor.h"
#include "cli/access.h"
#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_exim.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"

#define SYSTEM_FILE_MAX 65536
#define SYSTEMCTL_MS 5000

/* ---- the daemon's answer ---- */

/* see_peer: which process listens there, according to the kernel: what an answer says may be
 * anybody's. */
static void see_peer(struct gp_doctor *d, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct ucred peer = {.pid = 0};
	socklen_t len = sizeof peer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	int error = connect(fd, (const struct sockaddr *)&un, sizeof un) ? errno : 0;
	d->is_dumb = fd >= 0 && (!error || error == EAGAIN);
	if (!error && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 0)
		d->peer = peer.pid;
	if (fd >= 0)
		close(fd);
}

/* gp_doctor_ask: on its control socket, where Exim is not alone. */
bool gp_doctor_ask(struct gp_doctor *doctor)
{
	struct gp_cli_control control = {.command = "doctor", .stop_fd = -1};
	const char *path = doctor->socket   ? doctor->socket
			   : doctor->config ? doctor->config->policyd.control_socket
					    : "";
	if (doctor->status || doctor->why_silent)
		return doctor->status != NULL;
	if (*path != '/' || strlen(path) >= sizeof control.path) {
		doctor->is_denied = true;
		doctor->why_silent = "the control socket is not known";
		return false;
	}
	memcpy(control.path, path, strlen(path) + 1);
	see_peer(doctor, path);
	if (gp_cli_control_ask(
		    &control, json_pack("{s:s}", "command", "status"), &doctor->status) == 0)
		return true;
	doctor->is_denied = !doctor->is_root && access(path, F_OK) == 0 && access(path, W_OK) != 0;
	doctor->why_silent = gp_doctor_text(doctor->arena, "%s", control.problem);
	return false;
}

/* ---- its process ---- */

/* line_of: what stands after a name in /proc/PID/status; "" when there is no such line. */
static struct gp_span line_of(struct gp_span status, const char *name)
{
	struct gp_span line;
	while (gp_doctor_line(&status, &line))
		if (gp_span_has_prefix(line, name))
			return gp_span_trim(gp_span_skip(line, strlen(name)));
	return (struct gp_span) {"", 0};
}

/* cut_number: the next of numbers that blanks separate; false: there is none. */
static bool cut_number(struct gp_span *text, uint64_t *number_out)
{
	size_t n = 0;
	*text = gp_span_trim(*text);
	while (n < text->len && text->ptr[n] != ' ' && text->ptr[n] != '\t')
		n++;
	struct gp_span word = {text->ptr, n};
	*text = gp_span_skip(*text, n);
	return n && gp_span_parse_uint(word, UINT32_MAX, number_out) == GP_OK;
}

/* read_status: /proc/PID/status. */
static bool read_status(struct gp_doctor *d, long pid, struct gp_span *status_out)
{
	return pid > 0 &&
	       gp_doctor_read(d->arena, gp_doctor_text(d->arena, "/proc/%ld/status", pid),
		       SYSTEM_FILE_MAX, status_out);
}

/* gp_doctor_daemon_pid: the one it names itself, where that is the holder of the socket or its
 * child; else the holder. */
long gp_doctor_daemon_pid(struct gp_doctor *doctor)
{
	struct gp_span status, parent;
	uint64_t n;
	long named = (long)json_integer_value(json_object_get(doctor->status, "pid"));
	if (named == doctor->peer || !read_status(doctor, named, &status))
		return doctor->peer;
	parent = line_of(status, "PPid:");
	return cut_number(&parent, &n) && doctor->peer && (long)n == doctor->peer ? named
										  : doctor->peer;
}

/* from_process: user, groups and root as the kernel has them; false: they cannot be seen. */
static bool from_process(struct gp_doctor *d, long pid, struct gp_doctor_owner *owner)
{
	struct gp_span status, ids, groups;
	char root[1024];
	uint64_t uid, gid, n;
	if (!read_status(d, pid, &status))
		return false;
	ids = line_of(status, "Uid:");
	bool has_uid = cut_number(&ids, &uid) && cut_number(&ids, &uid); /* the effective one */
	ids = line_of(status, "Gid:");
	if (!has_uid || !cut_number(&ids, &gid) || !cut_number(&ids, &gid) || uid == 0)
		return false;
	const struct passwd *pw = getpwuid((uid_t)uid);
	owner->user = (struct gp_cli_user) {
		.name = pw ? gp_doctor_text(d->arena, "%s", pw->pw_name)
			   : gp_doctor_text(d->arena, "%llu", (unsigned long long)uid),
		.uid = (uid_t)uid,
		.gid = (gid_t)gid};
	groups = line_of(status, "Groups:");
	while (owner->user.group_count < GP_CLI_GROUPS_MAX && cut_number(&groups, &n))
		owner->user.groups[owner->user.group_count++] = (gid_t)n;
	ssize_t len =
		readlink(gp_doctor_text(d->arena, "/proc/%ld/root", pid), root, sizeof root - 1);
	root[len > 0 ? len : 0] = 0;
	owner->chroot =
		root[0] && strcmp(root, "/") != 0 ? gp_doctor_text(d->arena, "%s", root) : "";
	return true;
}

/* gp_doctor_is_only_exim: neither Postfix nor the daemon, but Exim. */
bool gp_doctor_is_only_exim(struct gp_doctor *doctor)
{
	return !gp_doctor_program(doctor->arena, "postconf") && !doctor->postconf &&
	       !gp_doctor_program(doctor->arena, "gatepost-policyd") &&
	       (doctor->exim || gp_doctor_program_exim(doctor->arena));
}

/* gp_doctor_owner_find: the daemon, Exim, or who is configured. */
bool gp_doctor_owner_find(struct gp_doctor *doctor, struct gp_doctor_owner *owner_out)
{
	const struct gp_config_policyd *options = &doctor->config->policyd;
	*owner_out = (struct gp_doctor_owner) {.chroot = ""};
	if (!gp_doctor_is_only_exim(doctor) && gp_doctor_ask(doctor) &&
		from_process(doctor, gp_doctor_daemon_pid(doctor), owner_out))
		return true;
	if (gp_doctor_is_only_exim(doctor)) {
		if (gp_doctor_exim_user(doctor, &owner_out->user))
			return true;
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "Exim's user is not known");
		return false;
	}
	owner_out->chroot = options->chroot;
	if (gp_cli_user_find(options->user, options->group, &owner_out->user))
		return true;
	gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "there is no user \"%s\"%s", options->user,
		*options->group
			? gp_doctor_text(doctor->arena, ", or no group \"%s\"", options->group)
			: "");
	gp_doctor_mend(doctor->report, "useradd --system --no-create-home %s",
		gp_doctor_word(doctor->arena, options->user));
	gp_doctor_mend(
		doctor->report, "or set policyd { user = \"...\" } in %s", doctor->config_path);
	return false;
}

/* ---- a socket that waits ---- */

/* is_listened: does somebody listen at the path? Asked of the kernel's list, not by connecting. */
static bool is_listened(struct gp_doctor *d, const char *path)
{
	struct gp_span text, line;
	if (!gp_doctor_read(d->arena, "/proc/net/unix", GP_DOCTOR_OUTPUT_MAX, &text))
		return false;
	while (gp_doctor_line(&text, &line))
		/* "...: 00000002 00000000 00010000 ...": the flag of those that listen */
		if (gp_span_has_suffix(line, path) &&
			memmem(line.ptr, line.len, " 00010000 ", strlen(" 00010000 ")))
			return true;
	return false;
}

/* unit_state: of the daemon's unit; "" when it is not said. */
static const char *unit_state(struct gp_doctor *d)
{
	const char *const argv[] = {gp_doctor_program(d->arena, "systemctl"), "show", "-p",
		"ActiveState", "gatepost-policyd.service", NULL};
	struct gp_doctor_output out;
	struct gp_span line;
	if (!argv[0])
		return "";
	gp_doctor_exec(d->arena, argv, SYSTEMCTL_MS, &out);
	while (gp_doctor_line(&out.text, &line))
		if (gp_span_has_prefix(line, "ActiveState="))
			return gp_doctor_text(d->arena, "%.*s", (int)gp_span_skip(line, 12).len,
				gp_span_skip(line, 12).ptr);
	return "";
}

/* gp_doctor_is_waiting: connecting would start the daemon, so nobody does. */
bool gp_doctor_is_waiting(struct gp_doctor *doctor)
{
	if (doctor->status || access("/run/systemd/system", F_OK) != 0 ||
		!is_listened(doctor, GP_CONFIG_PATH_PACKAGED))
		return false;
	if (!doctor->unit)
		doctor->unit = unit_state(doctor);
	return strcmp(doctor->unit, "active") != 0;
}
