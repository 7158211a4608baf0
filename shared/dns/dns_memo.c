/* SPDX-License-Identifier: ISC */
/*
 * A layer that remembers what one message has asked: an array that grows in the message's arena,
 * searched from the start, since a message has some dozens of questions at most. What is not known
 * goes to the layer below in one call. Fresh answers are remembered apart from others.
 */
#include "base/trace.h"
#include "dns/dns_private.h"

#include <string.h>

#define FIRST_ROOM 64

struct known {
	struct gp_dns_question question; /* the name is a copy */
	struct gp_dns_answer answer;
	bool is_fresh;
};

struct memo {
	struct gp_dns base;
	struct gp_dns *borrowed; /* not base.below, which would be freed with this one */
	struct known *items;
	size_t count, room;
};

/* same: the same name and type? */
static bool same(const struct gp_dns_question *a, const struct gp_dns_question *b)
{
	return a->type == b->type &&
	       gp_dns_name_equal(gp_span_from(a->name), gp_span_from(b->name));
}

/* wants_fresh: is this a call of gp_dns_query_fresh? */
static bool wants_fresh(const struct gp_dns_watch *watch)
{
	return watch && watch->is_fresh;
}

/* find: the answer that is known already, or NULL. */
static const struct known *find(const struct memo *m, const struct gp_dns_question *q, bool fresh)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].is_fresh == fresh && same(&m->items[i].question, q))
			return &m->items[i];
	return NULL;
}

/* is_among: is it one of these already? */
static bool is_among(const struct gp_dns_question *asked, size_t n, const struct gp_dns_question *q)
{
	for (size_t i = 0; i < n; i++)
		if (same(&asked[i], q))
			return true;
	return false;
}

/* grow: room for one more. */
static int grow(struct memo *m, struct gp_arena *arena)
{
	if (m->count < m->room)
		return GP_OK;
	size_t room = m->room ? m->room * 2 : FIRST_ROOM;
	struct known *items = gp_arena_array(arena, room, sizeof *items);
	if (!items)
		return gp_arena_status(arena);
	if (m->count)
		memcpy(items, m->items, m->count * sizeof *items);
	m->items = items;
	m->room = room;
	return GP_OK;
}

/* keep: one more answer. The name of a fresh one may hold a key, and is not shown. */
static int keep(struct memo *m, struct gp_ctx *ctx, const struct gp_dns_question *q,
	const struct gp_dns_answer *answer, bool fresh)
{
	int rc = grow(m, ctx->arena);
	if (rc)
		return rc;
	const char *name = gp_arena_copy(ctx->arena, gp_span_from(q->name));
	if (!name)
		return gp_arena_status(ctx->arena);
	m->items[m->count++] = (struct known) {{name, q->type}, *answer, fresh};
	if (fresh)
		return GP_OK;
	gp_trace_line(ctx, 1, "DNS: %s %s: %s%s%s%s%s", gp_dns_type_name(q->type), name,
		gp_dns_state_text(answer->state), answer->secure ? ", secure" : "",
		answer->stale ? ", stale: no server answered" : "", answer->problem ? ": " : "",
		answer->problem ? answer->problem : "");
	return GP_OK;
}

/* ask_unknown: all that is not known, at once. */
static int ask_unknown(struct memo *m, struct gp_ctx *ctx, const struct gp_dns_question *questions,
	size_t count, const struct gp_dns_watch *watch)
{
	const bool fresh = wants_fresh(watch);
	const struct gp_dns_watch below = {
		.is_fresh = fresh, .ttl_max_s = fresh ? watch->ttl_max_s : 0};
	struct gp_dns_question asked[GP_DNS_QUESTIONS_MAX];
	struct gp_dns_answer got[GP_DNS_QUESTIONS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (!find(m, &questions[i], fresh) && !is_among(asked, n, &questions[i]))
			asked[n++] = questions[i];
	if (n == 0)
		return GP_OK;
	int rc = m->borrowed->ops->query(m->borrowed, ctx, asked, n, &below, got);
	for (size_t i = 0; rc == GP_OK && i < n; i++)
		rc = keep(m, ctx, &asked[i], &got[i], fresh);
	return rc;
}

/* memo_query: everything is known after the unknown has been asked; then all at once. */
static int memo_query(struct gp_dns *dns, struct gp_ctx *ctx,
	const struct gp_dns_question *questions, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	struct memo *m = (struct memo *)dns;
	int rc = ask_unknown(m, ctx, questions, count, watch);
	for (size_t i = 0; rc == GP_OK && i < count; i++)
		answers_out[i] = find(m, &questions[i], wants_fresh(watch))->answer;
	return rc;
}

/* memo_free: all of it is the arena's. */
static void memo_free(struct gp_dns *dns)
{
	(void)dns;
}

/* gp_dns_memo_new: nothing is known yet. */
struct gp_dns *gp_dns_memo_new(struct gp_arena *arena, struct gp_dns *below)
{
	static const struct gp_dns_ops ops = {memo_query, memo_free};
	struct memo *m = gp_arena_alloc(arena, sizeof *m);
	if (!m)
		return NULL;
	m->base.ops = &ops;
	m->borrowed = below;
	return &m->base;
}
