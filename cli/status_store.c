/* SPDX-License-Identifier: ISC */
/* Members are read before anything is printed. */
#include "cli/status_store.h"

#include <stdio.h>

#include "base/duration.h"
#include "cli/color.h"
#include "cli/format.h"
#include "cli/status_lists.h"
#include "cli/usage.h"

#define MEMORY (1024 * 1024)

/* gp_cli_status_store_read: null: there is none. */
bool gp_cli_status_store_read(json_t *value, struct gp_cli_status_store *store_out)
{
	*store_out = (struct gp_cli_status_store) {.is_used = !json_is_null(value)};
	return json_is_null(value) ||
	       json_unpack(value, "{s:b, s:s, s:s, s:I, s:I, s:I, s:I, s?I, s?I, s?b}", "up",
		       &store_out->up, "where", &store_out->where, "problem", &store_out->problem,
		       "problem_age_ms", &store_out->problem_age_ms, "round_trip_us",
		       &store_out->round_trip_us, "taken", &store_out->taken, "failed",
		       &store_out->failed, "forgotten", &store_out->forgotten, "forgotten_disk",
		       &store_out->forgotten_disk, "disk_is_full", &store_out->disk_is_full) == 0;
}

/* gp_cli_status_store_print: up or not, where, how fast. */
void gp_cli_status_store_print(struct gp_arena *arena, const char *title,
	const struct gp_cli_status_store *store, bool has_steps)
{
	char text[GP_CLI_TEXT];
	if (!store->is_used)
		return;
	printf("%-14s%s: %s\n", title, store->up ? "up" : "DOWN",
		gp_cli_visible(arena, store->where));
	if (has_steps) {
		printf("%-14s%lld steps", "", (long long)store->taken);
		if (store->round_trip_us >= 0)
			printf(", %s each", gp_cli_micros(store->round_trip_us, text));
		printf(", %lld failed\n", (long long)store->failed);
	}
	if (store->forgotten > store->forgotten_disk)
		printf("%-14sfull: %lld of the least used subjects were dropped; raise "
		       "store.size\n",
			"", (long long)(store->forgotten - store->forgotten_disk));
	if (store->forgotten_disk > 0)
		printf("%-14sno space on the disk: %lld of the least used subjects were dropped\n",
			"", (long long)store->forgotten_disk);
	if (*store->problem && store->up && store->problem_age_ms >= 0)
		printf("%-14slast error %s ago: %s\n", "",
			gp_duration_wait(store->problem_age_ms, text),
			gp_cli_visible(arena, store->problem));
}

/* warn_disk: of a store that counts on, as long as it has pages for that. */
static void warn_disk(
	struct gp_arena *arena, const char *title, const struct gp_cli_status_store *s)
{
	if (s->is_used && s->disk_is_full)
		gp_cli_warn("the disk has no space for the %s (%s): free some disk space\n", title,
			gp_cli_visible(arena, s->where));
}

/* gp_cli_status_store_warn: limits depend on it. */
void gp_cli_status_store_warn(struct gp_arena *arena, const struct gp_cli_status_store *store,
	const struct gp_cli_status_store *local)
{
	const char *meanwhile = local->is_used && local->up
					? "meanwhile this host counts for itself"
					: "limits do not work meanwhile (store.on_failure)";
	if (store->is_used && !store->up)
		gp_cli_warn("the store is down: %s; %s\n",
			*store->problem ? gp_cli_visible(arena, store->problem) : "no reason known",
			meanwhile);
	warn_disk(arena, "store", store);
	warn_disk(arena, "local store", local);
	if (local->is_used && !local->up)
		gp_cli_warn("the local store is down: %s\n",
			*local->problem ? gp_cli_visible(arena, local->problem)
					: "no reason known");
}

/* ---- without a daemon ---- */

/* The answer; texts belong to it. counters, full, overrides: -1: not known. */
struct direct {
	const char *version, *file, *user;
	struct gp_cli_status_store store, local;
	json_t *lists;
	json_int_t limits, overrides, counters, full, runtime_overrides;
};

/* read_direct: everything that is shown. */
static bool read_direct(json_t *answer, struct direct *d)
{
	json_t *store, *local;
	*d = (struct direct) {.counters = -1,
		.full = -1,
		.runtime_overrides = -1,
		.lists = json_object_get(answer, "lists")};
	return json_unpack(answer, "{s:s, s:{s:s}, s:o, s:o, s:{s:s, s:I, s:I}, s?I, s?I, s?I}",
		       "version", &d->version, "direct", "user", &d->user, "store", &store,
		       "local_store", &local, "config", "file", &d->file, "limits", &d->limits,
		       "overrides", &d->overrides, "counters", &d->counters, "full", &d->full,
		       "runtime_overrides", &d->runtime_overrides) == 0 &&
	       gp_cli_status_store_read(store, &d->store) &&
	       gp_cli_status_store_read(local, &d->local) && gp_cli_status_lists_check(d->lists);
}

/* print_direct: lines as of the daemon's status. */
static void print_direct(struct gp_arena *arena, const struct direct *d)
{
	printf("gatepost %s, the store itself, as the user %s\n", gp_cli_visible(arena, d->version),
		gp_cli_visible(arena, d->user));
	printf("%-14s%s\n", "configuration", gp_cli_visible(arena, d->file));
	printf("%-14s%lld, overrides %lld\n", "limits", (long long)d->limits,
		(long long)d->overrides);
	gp_cli_status_store_print(arena, "store", &d->store, false);
	gp_cli_status_store_print(arena, "local store", &d->local, false);
	if (d->counters >= 0)
		printf("%-14s%lld counters, %lld of them full\n", "counted", (long long)d->counters,
			(long long)d->full);
	if (d->runtime_overrides > 0)
		printf("%-14s%lld set at run time (gatepost limits overrides)\n", "maxima",
			(long long)d->runtime_overrides);
	gp_cli_status_lists_print(d->lists);
	if (!d->store.is_used)
		puts("no limit, DNS list or greylisting is configured: the store is not used");
	gp_cli_status_store_warn(arena, &d->store, &d->local);
	gp_cli_status_lists_warn(arena, d->lists);
}

/* gp_cli_status_direct: a store that is down is trouble. */
int gp_cli_status_direct(struct gp_cli_control *control, json_t *answer, bool json)
{
	struct direct d;
	struct gp_arena *arena = gp_arena_new(MEMORY);
	int code = GP_CLI_FINE;
	if (!arena || !read_direct(answer, &d)) {
		gp_cli_control_misread(control);
		code = gp_cli_control_report(control);
	} else if (json) {
		code = gp_cli_control_print(answer, false);
	} else {
		print_direct(arena, &d);
	}
	if (!code && d.store.is_used && (!d.store.up || d.store.disk_is_full))
		code = GP_CLI_TROUBLE;
	gp_arena_free(arena);
	return code;
}
