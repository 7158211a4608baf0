/* SPDX-License-Identifier: ISC */
/*
 * Postfix as postconf(1) tells it. A policy service is ours when the daemon listens where it leads,
 * or when it looks as if it was meant to be: then the check of sockets says what is wrong with it.
 */
#include "cli/doctor/doctor_postfix.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"

#define POSTCONF_MS 20000
#define PORT 10040 /* of GP_CONFIG_LISTEN */
#define TWICE_MAX 5

const char *const gp_doctor_list_names[GP_DOCTOR_LISTS] = {"smtpd_client_restrictions",
	"smtpd_helo_restrictions", "smtpd_sender_restrictions", "smtpd_relay_restrictions",
	"smtpd_recipient_restrictions", "smtpd_data_restrictions",
	"smtpd_end_of_data_restrictions"};

/* ---- places ---- */

/* parse_inet: "host:port", "[address]:port", ":port", "port". */
static bool parse_inet(struct gp_doctor *d, struct gp_span text, struct gp_doctor_place *place_out)
{
	struct gp_dns_server *server_out = &place_out->server;
	ptrdiff_t colon = gp_span_find_last(text, ':');
	struct gp_span host = {text.ptr, colon > 0 ? (size_t)colon : 0};
	struct gp_span port = gp_span_skip(text, (size_t)(colon + 1));
	uint64_t n;
	if (gp_span_parse_uint(port, UINT16_MAX, &n) || n == 0)
		return false;
	if (host.len > 2 && *host.ptr == '[')
		host = (struct gp_span) {host.ptr + 1, host.len - 2};
	place_out->is_localhost = gp_span_is(host, "localhost");
	if (host.len == 0 || place_out->is_localhost)
		host = gp_span_from("127.0.0.1");
	server_out->port = (uint16_t)n;
	if (gp_ipaddr_parse(host, &server_out->addr) == GP_OK)
		return true;
	place_out->host = gp_doctor_text(d->arena, "%.*s", (int)host.len, host.ptr);
	return gp_dns_name_is_valid(host);
}

/* gp_doctor_place_parse: paths are relative to the queue's directory. */
bool gp_doctor_place_parse(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	struct gp_span endpoint, struct gp_doctor_place *place_out)
{
	*place_out = (struct gp_doctor_place) {.is_unix = gp_span_has_prefix(endpoint, "unix:")};
	struct gp_span rest = gp_span_skip(endpoint, 5);
	if (!place_out->is_unix)
		return gp_span_has_prefix(endpoint, "inet:") && parse_inet(doctor, rest, place_out);
	place_out->is_absolute = rest.len && *rest.ptr == '/';
	place_out->path = place_out->is_absolute
				  ? gp_doctor_text(doctor->arena, "%.*s", (int)rest.len, rest.ptr)
				  : gp_doctor_text(doctor->arena, "%s/%.*s", postfix->queue,
					    (int)rest.len, rest.ptr);
	return rest.len > 0;
}

/* is_served_at: one address of ours. */
static bool is_served_at(const struct gp_doctor_place *place, const char *listen)
{
	struct gp_dns_server server;
	if (gp_span_has_prefix(gp_span_from(listen), "unix:"))
		return place->is_unix && strcmp(place->path, listen + 5) == 0;
	if (place->is_unix || gp_dns_server_parse(gp_span_from(listen + 5), &server) ||
		server.port != place->server.port)
		return false;
	if (place->host) /* whose it is shows when it is tried */
		return true;
	const struct gp_ipaddr any = {.family = server.addr.family};
	return gp_ipaddr_equal(&server.addr, &any) ||
	       gp_ipaddr_equal(&server.addr, &place->server.addr);
}

/* gp_doctor_place_is_empty: other hosts are not asked. */
bool gp_doctor_place_is_empty(const struct gp_doctor_place *place)
{
	struct sockaddr_storage ss = {0};
	struct stat st;
	if (place->is_unix)
		return stat(place->path, &st) ? errno == ENOENT || errno == ENOTDIR
					      : !S_ISSOCK(st.st_mode);
	if (place->host || !gp_ipaddr_is_loopback(&place->server.addr))
		return false;
	socklen_t len = gp_ipaddr_to_sockaddr(&place->server.addr, place->server.port, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_refused =
		fd >= 0 && connect(fd, (const struct sockaddr *)&ss, len) && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return is_refused;
}

/* gp_doctor_place_is_served: without listen, the packages' socket is the only one where it is. */
bool gp_doctor_place_is_served(struct gp_doctor *doctor, const struct gp_doctor_place *place)
{
	const struct gp_config_texts *listen = &doctor->config->policyd.listen;
	for (size_t i = 0; i < listen->count; i++)
		if (is_served_at(place, listen->items[i]))
			return true;
	if (access(GP_CONFIG_PATH_PACKAGED, F_OK) == 0)
		return is_served_at(place, GP_CONFIG_LISTEN_PACKAGED);
	return listen->count == 0 && (is_served_at(place, GP_CONFIG_LISTEN) ||
					     is_served_at(place, GP_CONFIG_LISTEN_PACKAGED));
}

/* is_meant: does it look as if it was to lead to us? */
static bool is_meant(const struct gp_doctor_place *place)
{
	return place->is_unix ? strstr(place->path, "gatepost") != NULL
			      : place->server.port == PORT;
}

/* relative: a path as main.cf should have it, when it lies below the queue's directory. */
static const char *relative(const char *path, const char *queue)
{
	size_t n = strlen(queue);
	return strncmp(path, queue, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

/* gp_doctor_endpoint: the first configured one, or what is there. */
const char *gp_doctor_endpoint(struct gp_doctor *doctor)
{
	const struct gp_config_texts *listen =
		doctor->config ? &doctor->config->policyd.listen : NULL;
	const char *queue = doctor->postfix && doctor->postfix->queue ? doctor->postfix->queue
								      : "/var/spool/postfix";
	const char *where = listen && listen->count ? listen->items[0] : GP_CONFIG_LISTEN;
	if ((!listen || listen->count == 0) && access(GP_CONFIG_PATH_PACKAGED, F_OK) == 0)
		where = GP_CONFIG_LISTEN_PACKAGED;
	if (gp_span_has_prefix(gp_span_from(where), "unix:"))
		return gp_doctor_text(doctor->arena, "unix:%s", relative(where + 5, queue));
	return where;
}

/* ---- views ---- */

/* is_inside: a service that only this machine reaches: mail that returns from a content filter. */
static bool is_inside(struct gp_span name)
{
	return gp_span_has_prefix(name, "127.") || gp_span_has_prefix(name, "localhost:") ||
	       gp_span_has_prefix(name, "[::1]:") || gp_span_has_prefix(name, "[127.");
}

/* is_chrooted: "-" is what the compatibility level makes of it (master(5)). */
static bool is_chrooted(const struct gp_postconf *pc, const struct gp_postconf_service *service)
{
	struct gp_span level = gp_doctor_postconf_value(pc, NULL, "compatibility_level");
	if (gp_span_is(service->chroot, "-"))
		return level.len == 0 || *level.ptr == '0';
	return gp_span_is(service->chroot, "y");
}

/* is_named: is it what a parameter with our name stands for? */
static bool is_named(const struct gp_doctor_postfix *p, const struct gp_postconf_service *service,
	const struct gp_postconf_policy *policy)
{
	for (size_t i = 0; i < p->pc.param_count; i++) {
		const struct gp_span name = p->pc.params[i].name;
		struct gp_doctor_postconf_list list;
		if (!memmem(name.ptr, name.len, GP_DOCTOR_PARAMETER, strlen(GP_DOCTOR_PARAMETER)) ||
			gp_doctor_postconf_words(&p->pc, service, p->pc.params[i].value, &list))
			continue;
		for (size_t j = 0; j < list.policy_count; j++)
			if (gp_span_equal(list.policies[j].text, policy->text))
				return true;
	}
	return false;
}

/* gp_doctor_is_ours: it is served, or its path, port or name says what it was meant for. */
bool gp_doctor_is_ours(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const struct gp_postconf_policy *policy)
{
	struct gp_doctor_place place;
	if (postfix->lost.len && gp_span_equal(policy->endpoint, postfix->lost))
		return true;
	return gp_doctor_place_parse(doctor, postfix, policy->endpoint, &place) &&
	       (gp_doctor_place_is_served(doctor, &place) || is_meant(&place) ||
		       is_named(postfix, service, policy));
}

/* ends: an unconditional word after which nothing of a list is asked. */
static bool ends(const struct gp_doctor_postconf_list *list, size_t i)
{
	bool is_warning = i && gp_span_is(list->words[i - 1], "warn_if_reject");
	return !is_warning &&
	       (gp_span_is(list->words[i], "permit") || gp_span_is(list->words[i], "reject") ||
		       gp_span_is(list->words[i], "defer"));
}

/* count_ours: the first question in a list of a service, and how many are reached. */
static void count_ours(
	struct gp_doctor *d, const struct gp_doctor_postfix *p, struct gp_doctor_view *v, int place)
{
	const struct gp_doctor_postconf_list *list = &v->lists[place];
	size_t end = 0;
	while (end < list->word_count && !ends(list, end))
		end++;
	for (size_t i = 0; i < list->policy_count; i++) {
		const struct gp_postconf_policy *policy = &list->policies[i];
		if (!gp_doctor_is_ours(d, p, v->service, policy))
			continue;
		if (!v->ours[place])
			v->ours[place] = policy;
		v->maybe[place] += policy->is_conditional;
		v->sure[place] += !policy->is_conditional && policy->at <= end;
	}
}

/* count_processes: how many of it there may be at once. */
static unsigned long count_processes(
	const struct gp_postconf *pc, const struct gp_postconf_service *service)
{
	uint64_t n;
	struct gp_span text = gp_span_is(service->maxproc, "-")
				      ? gp_doctor_postconf_value(pc, NULL, "default_process_limit")
				      : service->maxproc;
	return gp_span_parse_uint(text, INT32_MAX, &n) ? 100 : (unsigned long)n;
}

/* make_view: all lists of one service. */
static int make_view(struct gp_doctor *d, struct gp_doctor_postfix *p,
	const struct gp_postconf_service *service, struct gp_doctor_view *v)
{
	v->service = service;
	v->label = gp_doctor_text(d->arena, "%.*s", (int)service->name.len, service->name.ptr);
	v->is_inside = is_inside(service->name);
	v->is_chrooted = is_chrooted(&p->pc, service);
	v->has_users = gp_span_is(
		gp_doctor_postconf_value(&p->pc, service, "smtpd_sasl_auth_enable"), "yes");
	v->processes = count_processes(&p->pc, service);
	for (int i = 0; i < GP_DOCTOR_LISTS; i++) {
		int rc = gp_doctor_postconf_list(
			&p->pc, service, gp_doctor_list_names[i], &v->lists[i]);
		if (rc)
			return rc;
		count_ours(d, p, v, i);
		v->asks = v->asks || (i < GP_DOCTOR_END && v->ours[i]);
	}
	return GP_OK;
}

/* make_views: of every smtpd. */
static int make_views(struct gp_doctor *d, struct gp_doctor_postfix *p)
{
	p->views = gp_arena_array(d->arena, GP_DOCTOR_VIEWS_MAX, sizeof *p->views);
	if (!p->views)
		return GP_ENOMEM;
	for (size_t i = 0; i < p->pc.service_count && p->view_count < GP_DOCTOR_VIEWS_MAX; i++) {
		if (!gp_span_is(p->pc.services[i].command, "smtpd"))
			continue;
		struct gp_doctor_view *v = &p->views[p->view_count++];
		int rc = make_view(d, p, &p->pc.services[i], v);
		if (rc)
			return rc;
		bool is_asking = v->asks || v->ours[GP_DOCTOR_END];
		p->asking += is_asking;
		p->has_logins = p->has_logins || v->has_users;
	}
	/* where nobody can log in, users come in another way (XCLIENT, certificates): anywhere */
	for (size_t i = 0; i < p->view_count && !p->has_logins; i++)
		p->views[i].has_users = true;
	return GP_OK;
}

/* settle_wants: what the limits need to see. */
static void settle_wants(const struct gp_config *config, struct gp_doctor_postfix *p)
{
	for (size_t i = 0; i < config->limits.limit_count; i++) {
		const struct gp_limit *l = &config->limits.limits[i];
		unsigned from = l->from ? l->from : gp_limit_origins((enum gp_limit_key)l->key);
		if (l->mode == GP_LIMIT_OFF)
			continue;
		/* where nobody logs in, only limits that are about users miss them */
		bool is_theirs = l->key == GP_LIMIT_BY_USER || l->key == GP_LIMIT_BY_USER_DOMAIN;
		p->wants_users = p->wants_users || ((from & GP_LIMIT_FROM_AUTHENTICATED) &&
							   (is_theirs || p->has_logins));
		p->wants_networks = p->wants_networks || ((from & GP_LIMIT_FROM_TRUSTED) &&
								 config->trusted_networks.count);
		p->wants_bytes = p->wants_bytes || l->unit == GP_LIMIT_BYTES;
		p->wants_end = true;
	}
}

/* ---- asking postconf ---- */

/* is_warning: does postconf warn in this line, behind its path? Then *text_out is of what. */
static bool is_warning(struct gp_span line, struct gp_span *text_out)
{
	static const char mark[] = ": warning: ";
	const char *at = line.len ? memmem(line.ptr, line.len, mark, strlen(mark)) : NULL;
	size_t before = at ? (size_t)(at - line.ptr) : 0;
	*text_out = gp_span_skip(line, at ? before + strlen(mark) : line.len);
	return at && !memchr(line.ptr, '=', before); /* else it is a value */
}

/* postconf: one of its outputs; false: it failed, which skip says. */
static bool postconf(struct gp_doctor *d, struct gp_doctor_postfix *p, const char *program,
	const char *option, struct gp_span *text_out)
{
	const char *argv[5] = {program};
	struct gp_doctor_output out;
	size_t n = 1;
	if (d->config_dir) {
		argv[n++] = "-c";
		argv[n++] = d->config_dir;
	}
	if (option)
		argv[n++] = option;
	gp_doctor_exec(d->arena, argv, POSTCONF_MS, &out);
	*text_out = out.text;
	if (out.code == 0)
		return true;
	struct gp_span line = {"", 0}, rest = out.text, warning;
	while (gp_doctor_line(&rest, &line) && is_warning(line, &warning))
		;
	p->is_broken = true;
	p->skip = out.is_late ? gp_doctor_text(d->arena, "%s: no answer within %d s", program,
					POSTCONF_MS / 1000)
			      : gp_doctor_text(d->arena, "%s failed: %.*s", program, (int)line.len,
					line.ptr);
	return false;
}

/* is_listed: among names with ", " between them. */
static bool is_listed(const char *names, struct gp_span name)
{
	struct gp_span rest = gp_span_from(names), one;
	while (rest.len) {
		gp_span_cut(rest, ',', &one, &rest);
		if (gp_span_equal(gp_span_trim(one), name))
			return true;
	}
	return false;
}

/* is_twice: does postconf say in this line that a parameter is set more than once? */
static bool is_twice(struct gp_span line, struct gp_span *name_out)
{
	static const char mark[] = ": overriding earlier entry: ";
	struct gp_span warning, rest;
	if (!is_warning(line, &warning) || !warning.len)
		return false;
	const char *at = memmem(warning.ptr, warning.len, mark, strlen(mark));
	if (!at)
		return false;
	rest = gp_span_skip(warning, (size_t)(at - warning.ptr) + strlen(mark));
	gp_span_cut(rest, '=', name_out, &rest);
	return name_out->len <= NAME_MAX;
}

/* find_twice: all of them; NULL: none. */
static const char *find_twice(struct gp_doctor *d, struct gp_span text)
{
	const char *names = NULL;
	struct gp_span line, name;
	for (unsigned n = 0; n < TWICE_MAX && gp_doctor_line(&text, &line);) {
		if (!is_twice(line, &name) || (names && is_listed(names, name)))
			continue;
		names = gp_doctor_text(d->arena, "%s%s%.*s", names ? names : "", names ? ", " : "",
			(int)name.len, name.ptr);
		n++;
	}
	return names;
}

/* text_of: a value of main.cf. */
static const char *text_of(struct gp_doctor *d, const struct gp_doctor_postfix *p, const char *name)
{
	struct gp_span value = gp_doctor_postconf_value(&p->pc, NULL, name);
	return gp_doctor_text(d->arena, "%.*s", (int)value.len, value.ptr ? value.ptr : "");
}

/* look: all of it. */
static void look(struct gp_doctor *d, struct gp_doctor_postfix *p)
{
	struct gp_span params, services, overrides;
	const char *program = d->postconf ? d->postconf : gp_doctor_program(d->arena, "postconf");
	if (!program) {
		p->skip = "Postfix is not installed";
		return;
	}
	if (!postconf(d, p, program, NULL, &params) || !postconf(d, p, program, "-M", &services) ||
		!postconf(d, p, program, "-P", &overrides))
		return;
	if (gp_doctor_postconf_parse(d->arena, params, services, overrides, &p->pc)) {
		p->skip = "its configuration is too large to be checked";
		return;
	}
	p->twice = find_twice(d, params);
	p->version = text_of(d, p, "mail_version");
	p->queue = text_of(d, p, "queue_directory");
	p->owner = text_of(d, p, "mail_owner");
	int rc = make_views(d, p);
	settle_wants(d->config, p);
	if (rc)
		p->skip = "its configuration is too large to be checked";
	else if (p->view_count == 0)
		p->skip = "no smtpd service in master.cf";
}

/* gp_doctor_is_any: without regard to case. */
bool gp_doctor_is_any(struct gp_span word, const char *const *words)
{
	for (; *words; words++)
		if (gp_span_is(word, *words))
			return true;
	return false;
}

/* gp_doctor_postfix_look: once. */
struct gp_doctor_postfix *gp_doctor_postfix_look(struct gp_doctor *doctor)
{
	if (doctor->postfix)
		return doctor->postfix;
	doctor->postfix = gp_arena_alloc(doctor->arena, sizeof *doctor->postfix);
	if (doctor->postfix)
		look(doctor, doctor->postfix);
	return doctor->postfix;
}

/* gp_doctor_postfix_asking: what the other checks begin with. */
struct gp_doctor_postfix *gp_doctor_postfix_asking(struct gp_doctor *doctor)
{
	struct gp_doctor_postfix *p = gp_doctor_postfix_look(doctor);
	if (p && !p->skip && p->asking)
		return p;
	gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "%s",
		!p             ? "out of memory"
		: p->is_broken ? "postconf failed"
		: p->skip      ? p->skip
			       : "Postfix does not use gatepost-policyd");
	return NULL;
}

/* gp_doctor_postfix_which: their names, in the order of master.cf. */
const char *gp_doctor_postfix_which(
	struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix, gp_doctor_view_test test)
{
	const char *names = NULL;
	for (size_t i = 0; i < postfix->view_count; i++)
		if (test(postfix, &postfix->views[i]))
			names = gp_doctor_text(doctor->arena, "%s%s%s", names ? names : "",
				names ? ", " : "", postfix->views[i].label);
	return names;
}

/* gp_doctor_policy_value: its own, or that of all policy services. */
struct gp_span gp_doctor_policy_value(const struct gp_doctor_postfix *postfix,
	const struct gp_doctor_view *view, struct gp_span own, const char *parameter)
{
	return own.ptr ? own : gp_doctor_postconf_value(&postfix->pc, view->service, parameter);
}

/*
 * say_twice: the last line of a parameter counts. Where Postfix writes its log itself, postlogd
 * writes the warning about it to the socket that it reads from: when others have filled it, Postfix
 * hangs, without a line in its log (seen with 3.7).
 */
static void say_twice(struct gp_doctor *doctor, const struct gp_doctor_postfix *p)
{
	bool hangs = *text_of(doctor, p, "maillog_file");
	gp_doctor_say(doctor->report, hangs ? GP_DOCTOR_WARNING : GP_DOCTOR_NOTE,
		"main.cf sets more than once: %s; the last line counts%s", p->twice,
		hangs ? ", and with maillog_file such lines can make Postfix hang when it starts"
		      : "");
	gp_doctor_mend(doctor->report, "in main.cf remove the earlier lines of each of them: %s",
		p->twice);
}

/* check_postfix_found: which one it is. */
static void check_postfix_found(struct gp_doctor *doctor)
{
	const struct gp_doctor_postfix *p = gp_doctor_postfix_look(doctor);
	if (!p) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "out of memory");
	} else if (p->is_broken) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "%s", p->skip);
		gp_doctor_mend(doctor->report, "postfix check");
	} else if (p->skip) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "%s", p->skip);
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "Postfix %s, %zu smtpd service%s",
			p->version, p->view_count, p->view_count == 1 ? "" : "s");
		if (p->twice)
			say_twice(doctor, p);
	}
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_postfix_checks[] = {
	{"postfix.found", check_postfix_found, GP_DOCTOR_NEEDS_CONFIG,
		"its configuration can be read"},
	{NULL, NULL, 0, NULL},
};
