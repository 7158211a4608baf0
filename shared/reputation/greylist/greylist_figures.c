/* SPDX-License-Identifier: ISC */
/*
 * One walk. The counters of a network come one after the other, so only the network at hand and the
 * largest ones are kept, however many there are.
 */
#include "reputation/greylist/greylist_figures.h"

#include <string.h>

#include "reputation/greylist/greylist_private.h"

/* A network and its open contacts; text "": none. */
struct network {
	char text[GP_GREYLIST_NETWORK_TEXT];
	int64_t day, two_days;
};

struct walk {
	struct gp_greylist_figures *figures;
	uint32_t waiting_id, kept_id;
	int64_t day, two_days; /* open ones, of all */
	int64_t waited[GP_GREYLIST_WAITED_COUNT];
	struct network network; /* at hand */
};

/* lost_of: those of two days that are not of the last one. */
static int64_t lost_of(int64_t two_days, int64_t day)
{
	return two_days > day ? two_days - day : 0;
}

/* end_network: it takes its place among the largest, if it has one. */
static void end_network(struct walk *w)
{
	struct gp_greylist_figures *f = w->figures;
	const struct network *n = &w->network;
	int64_t lost = lost_of(n->two_days, n->day);
	size_t at = f->top_count;
	while (at > 0 && (f->top[at - 1].never_came_back < lost ||
				 (f->top[at - 1].never_came_back == lost &&
					 strcmp(f->top[at - 1].network, n->text) > 0)))
		at--;
	if (lost == 0 || at == GP_GREYLIST_TOP)
		return;
	size_t last = f->top_count < GP_GREYLIST_TOP ? f->top_count++ : GP_GREYLIST_TOP - 1;
	memmove(&f->top[at + 1], &f->top[at], (last - at) * sizeof f->top[0]);
	memcpy(f->top[at].network, n->text, sizeof n->text);
	f->top[at].never_came_back = lost;
}

/* take_network: of one network. */
static void take_network(struct walk *w, struct gp_span text, const struct gp_store_usage *usage)
{
	struct network *n = &w->network;
	if (text.len == 0 || text.len >= GP_GREYLIST_NETWORK_TEXT)
		return;
	if (!gp_span_is(text, n->text)) {
		end_network(w);
		*n = (struct network) {.day = 0};
		memcpy(n->text, text.ptr, text.len);
	}
	if (usage->id == GP_GREYLIST_OPEN_DAY)
		n->day = usage->used;
	else if (usage->id == GP_GREYLIST_OPEN_TWO_DAYS)
		n->two_days = usage->used;
}

/* take_all: of all together. */
static void take_all(struct walk *w, const struct gp_store_usage *usage)
{
	struct gp_greylist_figures *f = w->figures;
	uint32_t waited = usage->id - GP_GREYLIST_WAITED;
	if (usage->id == w->waiting_id)
		f->waiting = usage->used;
	else if (usage->id == w->kept_id)
		f->kept = usage->used;
	else if (usage->id >= GP_GREYLIST_WAITED && waited < GP_GREYLIST_WAITED_COUNT)
		w->waited[waited] = usage->used;
	else if (usage->id == GP_GREYLIST_DELAYED)
		f->delayed = usage->used;
	else if (usage->id == GP_GREYLIST_WOULD_DELAY)
		f->would_delay = usage->used;
	else if (usage->id == GP_GREYLIST_PASSES)
		f->passed = usage->used;
	else if (usage->id == GP_GREYLIST_OPEN_DAY)
		w->day = usage->used;
	else if (usage->id == GP_GREYLIST_OPEN_TWO_DAYS)
		w->two_days = usage->used;
}

/* take: visitor of gp_store_scan. */
static bool take(void *arg, const struct gp_store_usage *usage)
{
	struct walk *w = arg;
	if (gp_span_is(usage->subject, GP_GREYLIST_SUBJECT))
		take_all(w, usage);
	else if (gp_span_has_prefix(usage->subject, GP_GREYLIST_SUBJECT_OF))
		take_network(
			w, gp_span_skip(usage->subject, strlen(GP_GREYLIST_SUBJECT_OF)), usage);
	return true;
}

/* median_of: the end of the step in which half of them lie. */
static int64_t median_of(const int64_t waited[GP_GREYLIST_WAITED_COUNT])
{
	int64_t all = 0, sum = 0;
	for (size_t i = 0; i < GP_GREYLIST_WAITED_COUNT; i++)
		all += waited[i];
	for (size_t i = 0; all && i < GP_GREYLIST_WAITED_COUNT; i++) {
		sum += waited[i];
		if (2 * sum >= all)
			return i + 1 < GP_GREYLIST_WAITED_COUNT ? gp_greylist_waited_ms[i]
								: 2 * GP_GREYLIST_DAY_MS;
	}
	return -1;
}

/* find_begun: the fact that says since when. */
static int find_begun(
	struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms, int64_t *began_ms_out)
{
	char text[24];
	uint64_t began_ms;
	struct gp_store_get get = {.key = gp_span_from(GP_GREYLIST_BEGAN),
		.value = {.bytes = text, .room = sizeof text}};
	int rc = gp_store_get(store, ctx, now_ms, &get);
	if (!rc && get.value.found == GP_STORE_FOUND && get.value.length <= sizeof text &&
		gp_span_parse_uint((struct gp_span) {text, get.value.length}, INT64_C(1) << 50,
			&began_ms) == GP_OK)
		*began_ms_out = (int64_t)began_ms;
	return rc;
}

/* gp_greylist_figures: one walk, and what follows from it. */
int gp_greylist_figures(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings, struct gp_greylist_figures *figures_out)
{
	struct gp_greylist_figures *f = figures_out;
	int64_t per_ms;
	*f = (struct gp_greylist_figures) {.median_ms = -1, .began_ms = -1};
	struct walk w = {.figures = f,
		.waiting_id = gp_greylist_id_waiting(settings, &per_ms),
		.kept_id = gp_greylist_id_kept(settings, &per_ms)};
	int rc = gp_store_scan(store, ctx, now_ms, take, &w);
	if (rc)
		return rc;
	end_network(&w);
	f->never_came_back = lost_of(w.two_days, w.day);
	f->median_ms = median_of(w.waited);
	return find_begun(ctx, store, now_ms, &f->began_ms);
}
