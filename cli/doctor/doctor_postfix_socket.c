/* SPDX-License-Identifier: ISC */
/*
 * Can smtpd reach the daemon? As root it is tried as smtpd would: inside its chroot, from the
 * queue's directory, as the owner of the mail system. A connection is opened and closed again;
 * nothing is asked. Without root the permission bits tell as much as they do.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_postfix.h"
#include "cli/doctor/doctor_text.h"

#define CONNECT_MS 5000
#define TRIED_MAX 32
#define NO_SUCH_HOST 250 /* beside the values of errno: a name whose address is not found */

/* One way to one place. */
struct
try {
	const struct gp_doctor_postfix *postfix;
	const struct gp_doctor_view *view;
	const struct gp_postconf_policy *ours;
	struct gp_doctor_place place;
	const char *endpoint; /* as main.cf has it */
	const char *path;     /* of the socket as seen from outside; what smtpd looks for */
	struct gp_cli_user user;
};

/* ---- trying ---- */

/* name_of: the host, where smtpd has to look up its address; NULL: it has the address. */
static const char *name_of(const struct try *t)
{
	return t->place.is_localhost ? "localhost" : t->place.host;
}

/* look_up: the addresses of the name; NULL: there are none. */
static struct addrinfo *look_up(const struct try *t)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char port[8];
	snprintf(port, sizeof port, "%u", t->place.server.port);
	return getaddrinfo(name_of(t), port, &hints, &found) ? NULL : found;
}

/* connect_to: the errno, or 0. */
static int connect_to(const struct sockaddr *sa, socklen_t len)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 || connect(fd, sa, len) ? errno : 0;
}

/* connect_to_name: to the first of its addresses that answers, as smtpd does. */
static int connect_to_name(const struct try *t)
{
	int error = NO_SUCH_HOST;
	struct addrinfo *found = look_up(t);
	for (struct addrinfo *a = found; a && error; a = a->ai_next)
		error = connect_to(a->ai_addr, a->ai_addrlen);
	if (found)
		freeaddrinfo(found);
	return error;
}

/* fill_address: of the place, as smtpd names it. 0: it does not fit. */
static socklen_t fill_address(const struct try *t, struct sockaddr_storage *ss)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ss;
	const char *name = t->endpoint + strlen("unix:");
	if (!t->place.is_unix)
		return gp_ipaddr_to_sockaddr(&t->place.server.addr, t->place.server.port, ss);
	un->sun_family = AF_UNIX;
	if (strlen(name) >= sizeof un->sun_path)
		return 0;
	memcpy(un->sun_path, name, strlen(name) + 1);
	return sizeof *un;
}

/* try_connect: body of the child; the errno, or 0. */
static int try_connect(void *arg)
{
	const struct try *t = arg;
	struct sockaddr_storage ss = {0};
	socklen_t len = fill_address(t, &ss);
	if (!len)
		return ENAMETOOLONG;
	if (!t->view->is_chrooted && chdir(t->postfix->queue))
		return errno;
	if (!gp_cli_become(&t->user, t->view->is_chrooted ? t->postfix->queue : "", NULL))
		return errno;
	return name_of(t) ? connect_to_name(t) : connect_to((const struct sockaddr *)&ss, len);
}

/* ---- what is wrong ---- */

/* is_unit: does a unit of the service manager make the socket? */
static bool is_unit(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* mend_restart: as it is run here. */
static void mend_restart(struct gp_doctor *d)
{
	gp_doctor_mend(d->report, "%s",
		is_unit() ? "systemctl restart gatepost-policyd" : "restart gatepost-policyd");
}

/* mend_endpoint: another one in each question that has this one, wherever it stands. */
static void mend_endpoint(struct gp_doctor *d, const struct try *t, const char *endpoint)
{
	const struct gp_doctor_change change = {.endpoint = endpoint};
	const struct gp_doctor_postfix *p = t->postfix;
	for (size_t i = 0; i < p->view_count; i++)
		for (int j = 0; j < GP_DOCTOR_LISTS; j++) {
			const struct gp_postconf_policy *ours = p->views[i].ours[j];
			if (ours && gp_span_equal(ours->endpoint, t->ours->endpoint))
				gp_doctor_mend_question(d, p, ours->text,
					gp_doctor_question_changed(d, ours, &change));
		}
}

/* can_listen: could the daemon open a socket there? The unit that the packages bring lets it write
 * into its own directories only. */
static bool can_listen(struct gp_doctor *d, const struct try *t)
{
	struct sockaddr_storage ss = {0};
	struct stat st;
	if (t->place.is_unix) {
		const char *end = strrchr(t->path, '/');
		const char *directory =
			gp_doctor_text(d->arena, "%.*s/", (int)(end - t->path), t->path);
		return !is_unit() &&
		       strlen(t->path) < sizeof(struct sockaddr_un) -
						 offsetof(struct sockaddr_un, sun_path) &&
		       stat(directory, &st) == 0 && S_ISDIR(st.st_mode) &&
		       !(st.st_mode & S_ISGID) && /* else the socket gets its group */
		       (lstat(t->path, &st) ? errno == ENOENT : S_ISSOCK(st.st_mode));
	}
	const struct gp_ipaddr any = {.family = t->place.server.addr.family};
	if (t->place.host || gp_ipaddr_equal(&t->place.server.addr, &any) ||
		!gp_ipaddr_is_private(&t->place.server.addr))
		return false;
	socklen_t len = gp_ipaddr_to_sockaddr(&t->place.server.addr, t->place.server.port, &ss);
	int one = 1, fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_free = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
		       bind(fd, (const struct sockaddr *)&ss, len) == 0;
	if (fd >= 0)
		close(fd);
	return is_free;
}

/* mend_listen: one more endpoint for the daemon; others of Postfix may be asking the known ones. */
static void mend_listen(struct gp_doctor *d, const char *endpoint)
{
	const struct gp_config_texts *listen = &d->config->policyd.listen;
	const char *all = "";
	for (size_t i = 0; i < listen->count; i++)
		all = gp_doctor_text(d->arena, "%s\"%s\", ", all, listen->items[i]);
	gp_doctor_mend(d->report, "policyd { listen = {%s\"%s\"} }", all, endpoint);
}

/* mend_start: no process listens there, or one that hangs. */
static void mend_start(struct gp_doctor *d, const struct try *t, int error)
{
	if (error == ETIMEDOUT || error == EAGAIN) {
		mend_restart(d);
		return;
	}
	if (gp_doctor_place_is_served(d, &t->place)) {
		gp_doctor_mend(d->report, "%s",
			is_unit() ? "systemctl enable --now gatepost-policyd.socket "
				    "gatepost-policyd.service"
				  : "start gatepost-policyd");
		return;
	}
	mend_endpoint(d, t, gp_doctor_endpoint(d));
	if ((d->config->policyd.listen.count == 0 && access(GP_CONFIG_PATH_PACKAGED, F_OK) == 0) ||
		!can_listen(d, t))
		return;
	gp_doctor_mend(
		d->report, "or set this in %s, and restart gatepost-policyd:", d->config_path);
	mend_listen(d, t->place.is_unix ? gp_doctor_text(d->arena, "unix:%s", t->path)
		       : t->place.is_localhost
			       ? gp_doctor_text(d->arena, "inet:127.0.0.1:%u", t->place.server.port)
			       : t->endpoint);
}

/* say_chroot: an absolute path means another file inside the chroot. */
static bool say_chroot(struct gp_doctor *d, const struct try *t)
{
	size_t n = strlen(t->postfix->queue);
	if (!t->place.is_absolute || !t->view->is_chrooted || access(t->path, F_OK) == 0)
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: smtpd is confined to %s and cannot see %s",
		t->view->label, t->postfix->queue, t->place.path);
	if (strncmp(t->place.path, t->postfix->queue, n) == 0 && t->place.path[n] == '/') {
		mend_endpoint(d, t, gp_doctor_text(d->arena, "unix:%s", t->place.path + n + 1));
		return true;
	}
	const char *other = gp_doctor_endpoint(d);
	if (gp_span_has_prefix(gp_span_from(other), "unix:/")) {
		/* none of the daemon's sockets lies where a chroot sees it */
		gp_doctor_mend(
			d->report, "set this in %s, and restart gatepost-policyd:", d->config_path);
		mend_listen(
			d, gp_doctor_text(d->arena, "unix:%s/gatepost/policy", t->postfix->queue));
		other = "unix:gatepost/policy";
	}
	mend_endpoint(d, t, other);
	return true;
}

/* mend_denied: which permission is missing. */
static void mend_denied(struct gp_doctor *d, const struct try *t, const struct gp_cli_way *way)
{
	const struct group *gr = getgrgid(t->user.gid);
	const char *group = gr ? gp_doctor_text(d->arena, "%s", gr->gr_name)
			       : gp_doctor_text(d->arena, "%lu", (unsigned long)t->user.gid);
	const char *path = gp_doctor_word(d->arena, t->path);
	if (way->is_directory) {
		gp_doctor_mend(d->report, "chmod o+x %s", gp_doctor_word(d->arena, way->blocked));
		return;
	}
	gp_doctor_mend(d->report, "chgrp %s %s && chmod 0660 %s", group, path, path);
	if (is_unit())
		gp_doctor_mend(d->report,
			"to make it permanent: systemctl edit gatepost-policyd.socket:  [Socket] "
			"SocketGroup=%s SocketMode=0660 (a line each)",
			group);
	else
		gp_doctor_mend(d->report,
			"to make it permanent: policyd { mail_user = \"%s\"  socket_mode = 0660 } "
			"in %s",
			t->user.name, d->config_path);
}

/* say_name: smtpd does not find the address of a name; there is one outside of its chroot, or
 * localhost is meant. */
static bool say_name(struct gp_doctor *d, const struct try *t, int error)
{
	char host[NI_MAXHOST];
	const char *address = "127.0.0.1";
	if (!t->view->is_chrooted || !name_of(t) || (error != NO_SUCH_HOST && error != ETIMEDOUT))
		return false;
	if (!t->place.is_localhost) {
		struct addrinfo *found = error == NO_SUCH_HOST ? look_up(t) : NULL;
		bool is_known = found && getnameinfo(found->ai_addr, found->ai_addrlen, host,
						 sizeof host, NULL, 0, NI_NUMERICHOST) == 0;
		if (found)
			freeaddrinfo(found);
		if (!is_known)
			return false;
		address = host;
	}
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
		"%s: smtpd is confined to %s and cannot resolve %s there", t->view->label,
		t->postfix->queue, name_of(t));
	mend_endpoint(d, t,
		gp_doctor_text(d->arena, strchr(address, ':') ? "inet:[%s]:%u" : "inet:%s:%u",
			address, t->place.server.port));
	return true;
}

/* say_error: of a socket that cannot be reached. */
static void say_error(struct gp_doctor *d, const struct try *t, int error)
{
	struct gp_cli_way way = {.blocked = t->path};
	struct stat st;
	if ((t->place.is_unix && say_chroot(d, t)) || say_name(d, t, error))
		return;
	if (t->place.is_unix && stat(t->path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: %s is not a socket",
			t->view->label, t->path);
		if (gp_doctor_place_is_served(d, &t->place)) {
			gp_doctor_mend(d->report, "rm %s", gp_doctor_word(d->arena, t->path));
			mend_restart(d);
		} else { /* it is somebody else's */
			mend_endpoint(d, t, gp_doctor_endpoint(d));
		}
		return;
	}
	if (error == EACCES && t->place.is_unix &&
		!gp_cli_may(d->arena, &t->user, "", t->path, W_OK, &way)) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"%s: the user %s may not access %s: blocked by %s", t->view->label,
			t->user.name, t->path, way.blocked);
		mend_denied(d, t, &way);
		return;
	}
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: no answer at %s: %s", t->view->label,
		t->place.is_unix ? t->path : t->endpoint,
		error == NO_SUCH_HOST ? "its address is not found" : strerror(error));
	mend_start(d, t, error);
}

/* look_only: without root: what the permission bits tell. */
static void look_only(struct gp_doctor *d, const struct try *t)
{
	struct gp_cli_way way;
	if (!t->place.is_unix) {
		gp_doctor_say(
			d->report, GP_DOCTOR_SKIPPED, "%s: this check needs root", t->endpoint);
		return;
	}
	if (!gp_cli_may(d->arena, &t->user, "", t->path, W_OK, &way))
		say_error(d, t, way.error);
}

/* check: one way, tried or looked at. */
static void check(struct gp_doctor *d, struct try *t)
{
	struct gp_doctor_output out;
	/* to connect to a socket that waits would start the daemon */
	bool is_waiting = t->place.is_unix && strcmp(t->path, GP_CONFIG_PATH_PACKAGED) == 0 &&
			  gp_doctor_is_waiting(d);
	if (!d->is_root || is_waiting) {
		look_only(d, t);
		return;
	}
	gp_doctor_fork(d->arena, try_connect, t, CONNECT_MS, &out);
	if (out.code != 0)
		say_error(d, t, out.is_late || out.code < 0 ? ETIMEDOUT : out.code);
}

/* prepare: from a question of a service. */
static bool prepare(struct gp_doctor *d, struct try *t, const struct gp_postconf_policy *ours)
{
	if (!gp_doctor_place_parse(d, t->postfix, ours->endpoint, &t->place))
		return false;
	t->ours = ours;
	t->endpoint = gp_doctor_text(d->arena, "%.*s", (int)ours->endpoint.len, ours->endpoint.ptr);
	/* a relative path is the same inside and outside, an absolute one is not */
	bool is_moved = t->place.is_absolute && t->view->is_chrooted;
	t->path = t->place.is_unix ? gp_doctor_text(d->arena, "%s%s",
					     is_moved ? t->postfix->queue : "", t->place.path)
				   : "";
	return true;
}

/* is_known: has this way been tried for another service? */
static bool is_known(const char **tried, size_t *count, const char *way)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(tried[i], way) == 0)
			return true;
	if (*count < TRIED_MAX)
		tried[(*count)++] = way;
	return false;
}

/* check_postfix_socket: each place, from inside and outside the chroot. */
static void check_postfix_socket(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_asking(doctor);
	const char *tried[TRIED_MAX];
	size_t count = 0;
	struct try t = {.postfix = p};
	if (!p)
		return;
	if (!gp_cli_user_find(p->owner, "", &t.user)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"Postfix's mail_owner \"%s\" is not a user", p->owner);
		gp_doctor_mend(doctor->report, "postfix check");
		return;
	}
	for (size_t i = 0; i < p->view_count; i++)
		for (int j = 0; j < GP_DOCTOR_LISTS; j++) {
			t.view = &p->views[i];
			if (!t.view->ours[j] || !prepare(doctor, &t, t.view->ours[j]))
				continue;
			const char *way = gp_doctor_text(doctor->arena, "%s%s", t.endpoint,
				t.view->is_chrooted ? " from its chroot" : "");
			if (!is_known(tried, &count, way))
				check(doctor, &t);
		}
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s reaches %s%s", t.user.name,
			tried[0],
			count > 1 ? gp_doctor_text(doctor->arena, ", and %zu more", count - 1)
				  : "");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_postfix_socket_checks[] = {
	{"postfix.socket", check_postfix_socket, GP_DOCTOR_NEEDS_CONFIG,
		"smtpd can reach the daemon, from its chroot as well"},
	{NULL, NULL, 0, NULL},
};
