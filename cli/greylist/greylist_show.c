/* SPDX-License-Identifier: ISC */
/* Figures in lines, a mail in sentences, a change in one. */
#include "cli/greylist/greylist.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "cli/format.h"
#include "cli/limits.h"

#define ROWS_MAX 100000

/* at_text: a point of time for people; "" where there is none. */
static const char *at_text(const char *text, char at_out[GP_CLI_TEXT])
{
	time_t t;
	return gp_cli_limits_wall(text, &t) ? gp_cli_time(t, at_out) : "";
}

/* ---- figures ---- */

struct figures {
	const char *mode, *when, *since;
	json_int_t delayed, would_delay, passed, lost, waiting, kept;
	json_t *median, *networks, *allowed;
};

/* read_figures: all that is shown. */
static bool read_figures(json_t *answer, struct figures *f)
{
	*f = (struct figures) {.since = ""};
	return json_unpack(answer, "{s:s, s:s, s?s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		       "mode", &f->mode, "when", &f->when, "since", &f->since, "delayed",
		       &f->delayed, "would_delay", &f->would_delay, "waiting", &f->waiting, "kept",
		       &f->kept, "passed", &f->passed, "never_came_back", &f->lost,
		       "median_delay_s", &f->median, "networks", &f->networks, "allowed",
		       &f->allowed) == 0 &&
	       json_is_array(f->networks) && json_is_array(f->allowed) &&
	       json_array_size(f->networks) <= ROWS_MAX && json_array_size(f->allowed) <= ROWS_MAX;
}

/* add_networks: those that did not come back most often. */
static bool add_networks(const json_t *networks, struct gp_arena *arena, struct gp_strbuf *buf)
{
	for (size_t i = 0; i < json_array_size(networks); i++) {
		const char *network;
		json_int_t count;
		if (json_unpack(json_array_get(networks, i), "{s:s, s:I}", "network", &network,
			    "never_came_back", &count))
			return false;
		gp_strbuf_printf(buf, "%-17s%s: %lld\n", i ? "" : "  most of them",
			gp_cli_visible(arena, network), (long long)count);
	}
	return true;
}

/* by_text: who has said it. */
static const char *by_text(struct gp_arena *arena, json_int_t uid, const char *host)
{
	const struct passwd *user = uid >= 0 ? getpwuid((uid_t)uid) : NULL;
	const char *text = "?";
	if (user)
		text = gp_arena_printf(arena, "%s on %s", user->pw_name, host);
	else if (uid >= 0)
		text = gp_arena_printf(arena, "uid %lld on %s", (long long)uid, host);
	return gp_cli_visible(arena, text ? text : "?");
}

/* add_allowed: exceptions, with who has set them. */
static bool add_allowed(const json_t *allowed, struct gp_arena *arena, struct gp_strbuf *buf)
{
	for (size_t i = 0; i < json_array_size(allowed); i++) {
		const char *what, *set = "", *host = "";
		json_int_t uid = -1;
		char at[GP_CLI_TEXT];
		if (json_unpack(json_array_get(allowed, i), "{s:s, s?s, s?s, s?I}", "what", &what,
			    "set", &set, "host", &host, "uid", &uid))
			return false;
		gp_strbuf_printf(buf, "%-17s%s, by %s, %s\n", i ? "" : "never delayed",
			gp_cli_visible(arena, what), by_text(arena, uid, host), at_text(set, at));
	}
	return true;
}

/* add_day: the last 24 hours, and the day before for those that never came back. */
static void add_day(const struct figures *f, struct gp_strbuf *buf)
{
	char text[GP_CLI_TEXT];
	gp_strbuf_printf(buf, "%-17s%lld first attempts in the last 24 hours\n", "delayed",
		(long long)f->delayed);
	if (f->would_delay)
		gp_strbuf_printf(
			buf, "%-17s%lld more were only recorded\n", "", (long long)f->would_delay);
	gp_strbuf_printf(
		buf, "%-17s%lld came back and were accepted", "passed", (long long)f->passed);
	if (json_is_integer(f->median))
		gp_strbuf_printf(buf, ", half of them within %s",
			gp_duration_wait(gp_duration_ms(json_integer_value(f->median)), text));
	gp_strbuf_printf(
		buf, "\n%-17s%lld of the day before\n", "never came back", (long long)f->lost);
}

/* gp_cli_greylist_figures: a line each. */
bool gp_cli_greylist_figures(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	struct figures f;
	char at[GP_CLI_TEXT];
	if (!read_figures((json_t *)(uintptr_t)answer, &f))
		return false;
	gp_strbuf_printf(buf, "%-17s%s, when %s", "mode", gp_cli_visible(arena, f.mode),
		gp_cli_visible(arena, f.when));
	gp_strbuf_printf(
		buf, *at_text(f.since, at) ? ", since %s\n" : "%s\n", at_text(f.since, at));
	add_day(&f, buf);
	if (!add_networks(f.networks, arena, buf))
		return false;
	gp_strbuf_printf(buf, "%-17s%lld waiting, %lld have passed\n", "remembered",
		(long long)f.waiting, (long long)f.kept);
	return add_allowed(f.allowed, arena, buf);
}

/* ---- one mail ---- */

struct mail {
	const char *state, *first, *last, *allowed, *action, *why;
	json_int_t passes, wait_s;
	int correspondent;
};

/* read_mail: all that is shown. */
static bool read_mail(json_t *answer, struct mail *m)
{
	json_t *allowed;
	*m = (struct mail) {.first = "", .last = ""};
	if (json_unpack(answer, "{s:s, s?s, s?s, s:I, s:I, s:b, s:o, s:s, s:s}", "state", &m->state,
		    "first", &m->first, "last", &m->last, "passes", &m->passes, "wait_s",
		    &m->wait_s, "correspondent", &m->correspondent, "allowed", &allowed, "action",
		    &m->action, "why", &m->why))
		return false;
	m->allowed = json_string_value(allowed);
	return m->allowed || json_is_null(allowed);
}

/* gp_cli_greylist_mail: what is known, then what would be done. */
bool gp_cli_greylist_mail(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	struct mail m;
	char text[GP_CLI_TEXT];
	if (!read_mail((json_t *)(uintptr_t)answer, &m))
		return false;
	gp_strbuf_printf(buf, "%-17s%s\n", "state", gp_cli_visible(arena, m.state));
	if (*at_text(m.first, text))
		gp_strbuf_printf(buf, "%-17s%s\n", "first", text);
	if (*at_text(m.last, text))
		gp_strbuf_printf(buf, "%-17s%s\n", "last", text);
	if (m.passes)
		gp_strbuf_printf(
			buf, "%-17s%lld of its network or domain\n", "passes", (long long)m.passes);
	if (m.allowed)
		gp_strbuf_printf(
			buf, "%-17s%s\n", "never delayed", gp_cli_visible(arena, m.allowed));
	gp_strbuf_printf(buf, "%-17s%s: %s", "action", gp_cli_visible(arena, m.action),
		gp_cli_visible(arena, m.why));
	if (m.wait_s)
		gp_strbuf_printf(
			buf, "; accepted in %s", gp_duration_wait(gp_duration_ms(m.wait_s), text));
	gp_strbuf_add(buf, "\n");
	return true;
}

/* ---- a change ---- */

/* gp_cli_greylist_changed: an exception, or a mail that is forgotten. */
bool gp_cli_greylist_changed(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	json_t *value = (json_t *)(uintptr_t)answer;
	const char *what;
	int allowed, was_allowed, forgotten, is_crowd;
	if (json_unpack(value, "{s:b, s:b}", "forgotten", &forgotten, "crowd", &is_crowd) == 0) {
		gp_strbuf_add(buf, !forgotten ? "nothing was known of such mail\n"
				   : is_crowd ? "forgotten\n"
					      : "forgotten: the next such mail is a first "
						"attempt\n");
		if (is_crowd)
			gp_strbuf_add(buf, "its network had too many first attempts, is "
					   "remembered as a whole, and stays so\n");
		return true;
	}
	if (json_unpack(value, "{s:s, s:b, s:b}", "what", &what, "allowed", &allowed, "was_allowed",
		    &was_allowed))
		return false;
	gp_strbuf_printf(buf, "%s: %s\n", gp_cli_visible(arena, what),
		allowed       ? was_allowed ? "was allowed already" : "never delayed from now on"
		: was_allowed ? "no exception any more"
			      : "was no exception");
	return true;
}
