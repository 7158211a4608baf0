/* SPDX-License-Identifier: ISC */
/* Members are read before anything is printed. */
#include "cli/status_lists.h"

#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/format.h"
#include "cli/table.h"

#define LISTS_MAX 1000

struct lists {
	const char *mode;
	json_int_t ok, untested, dead, off;
	json_t *suspended;
};

/* read_lists: false: something else. */
static bool read_lists(json_t *value, struct lists *l)
{
	return json_unpack(value, "{s:s, s:I, s:I, s:I, s:I, s:o}", "mode", &l->mode, "ok", &l->ok,
		       "untested", &l->untested, "dead", &l->dead, "off", &l->off, "suspended",
		       &l->suspended) == 0;
}

/* A list that is in use and does not work. */
struct failing {
	const char *zone, *state, *reason;
};

/* read_one: an older daemon tells of suspended ones only, without their state. */
static bool read_one(const json_t *list, size_t i, struct failing *failing_out)
{
	*failing_out = (struct failing) {.state = "suspended"};
	return json_unpack(json_array_get(list, i), "{s:s, s?s, s:s}", "list", &failing_out->zone,
		       "state", &failing_out->state, "reason", &failing_out->reason) == 0;
}

/* count_suspended: without the dead ones, which are counted apart. */
static json_int_t count_suspended(const struct lists *l)
{
	struct failing f;
	json_int_t count = 0;
	for (size_t i = 0; i < json_array_size(l->suspended); i++)
		count += read_one(l->suspended, i, &f) && strcmp(f.state, "dead") != 0;
	return count;
}

/* gp_cli_status_lists_check: each failing one whole. */
bool gp_cli_status_lists_check(json_t *lists)
{
	struct lists l;
	struct failing f;
	if (!lists || json_is_null(lists))
		return true;
	if (!read_lists(lists, &l) || !json_is_array(l.suspended) ||
		json_array_size(l.suspended) > LISTS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(l.suspended); i++)
		if (!read_one(l.suspended, i, &f))
			return false;
	return true;
}

/* gp_cli_status_lists_print: what is 0 is left out. */
void gp_cli_status_lists_print(json_t *lists)
{
	struct lists l;
	if (!lists || json_is_null(lists) || !read_lists(lists, &l))
		return;
	const struct {
		json_int_t count;
		const char *text;
	} others[] = {{count_suspended(&l), "suspended"}, {l.untested, "untested"},
		{l.dead, "dead"}, {l.off, "off"}};
	printf("%-14s%lld ok", "DNS lists", (long long)l.ok);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].count)
			printf(", %lld %s", (long long)others[i].count, others[i].text);
	putchar('\n');
}

/* gp_cli_status_lists_warn: mail passes without them. */
void gp_cli_status_lists_warn(struct gp_arena *arena, json_t *lists)
{
	struct lists l;
	struct failing f;
	if (!lists || json_is_null(lists) || !read_lists(lists, &l))
		return;
	for (size_t i = 0; i < json_array_size(l.suspended); i++)
		if (read_one(l.suspended, i, &f))
			gp_cli_warn("the DNS list %s is %s: %s; mail is not checked against it "
				    "(gatepost lists, gatepost doctor lists)\n",
				gp_cli_visible(arena, f.zone), gp_cli_visible(arena, f.state),
				gp_cli_visible(arena, f.reason));
}

/* ---- greylisting ---- */

struct greylist {
	const char *mode;
	json_int_t delayed, would_delay, passed, lost;
};

/* read_greylist: false: something else. */
static bool read_greylist(json_t *value, struct greylist *g)
{
	return json_unpack(value, "{s:s, s:I, s:I, s:I, s:I}", "mode", &g->mode, "delayed",
		       &g->delayed, "would_delay", &g->would_delay, "passed", &g->passed,
		       "never_came_back", &g->lost) == 0;
}

/* gp_cli_status_greylist_check: every member that is shown. */
bool gp_cli_status_greylist_check(json_t *greylist)
{
	struct greylist g;
	return !greylist || json_is_null(greylist) || read_greylist(greylist, &g);
}

/* gp_cli_status_greylist_print: of the last day. */
void gp_cli_status_greylist_print(json_t *greylist)
{
	struct greylist g;
	if (!greylist || json_is_null(greylist) || !read_greylist(greylist, &g))
		return;
	char text[160];
	snprintf(text, sizeof text,
		"%lld delayed in 24 hours, %lld passed; %lld of the day before never came back",
		(long long)g.delayed, (long long)g.passed, (long long)g.lost);
	printf("%-14s", "greylisting");
	gp_cli_print_wrapped(text, 14);
	putchar('\n');
	if (g.would_delay)
		printf("%-14s%lld more only recorded\n", "", (long long)g.would_delay);
}
