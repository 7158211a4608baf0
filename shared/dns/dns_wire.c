/* SPDX-License-Identifier: ISC */
/*
 * The layer that asks name servers. One call's questions fly together: a flight each (see
 * dns_wire_private.h), and one poll over all of them until the last has landed. Nothing is kept
 * between calls but how silent each server was of late.
 */
#include "dns/dns_wire_private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define LOOK_AGAIN_MS 100  /* whether there is a place for one flight more */
#define LOOK_QUEUED_MS 500 /* whether what has none yet is to be asked still */

/* The flights of one call. */
struct fleet {
	struct gp_dns_flight *flights;
	size_t count;
	size_t waiting, done; /* of them; the others are under way */
	bool has_waited;      /* for a place */
	struct gp_dns_turn turn;
};

/* note: a flight has changed its stage; one that is under way no longer gives its place back. */
static void note(struct fleet *fleet, const struct gp_dns_flight *f)
{
	if (f->stage != GP_DNS_FLIGHT_WAITING && f->stage != GP_DNS_FLIGHT_DONE)
		return;
	fleet->waiting += f->stage == GP_DNS_FLIGHT_WAITING;
	fleet->done += f->stage == GP_DNS_FLIGHT_DONE;
	gp_dns_gate_give(&fleet->turn);
}

/* is_known: has its answer come another way, before it was asked? */
static bool is_known(const struct gp_dns_flight *f)
{
	const struct gp_dns_watch *watch = f->watch;
	return !f->sent_once && watch && watch->is_wanted &&
	       !watch->is_wanted(watch->arg, f->place);
}

/* launch: those that wait, while there are places. */
static int launch(struct fleet *fleet)
{
	int rc = GP_OK;
	for (size_t i = 0; rc == GP_OK && fleet->waiting > 0 && i < fleet->count; i++) {
		struct gp_dns_flight *f = &fleet->flights[i];
		if (f->stage != GP_DNS_FLIGHT_WAITING)
			continue;
		if (!gp_dns_gate_take(&fleet->turn))
			return GP_OK;
		fleet->waiting--;
		if (fleet->has_waited && is_known(f))
			gp_dns_flight_drop(f);
		else
			rc = gp_dns_flight_send(f);
		if (rc == GP_OK)
			note(fleet, f);
	}
	return rc;
}

/* give_up: those that have waited for a place until their deadline. */
static int give_up(struct fleet *fleet)
{
	int rc = GP_OK;
	for (size_t i = 0; rc == GP_OK && fleet->waiting > 0 && i < fleet->count; i++) {
		struct gp_dns_flight *f = &fleet->flights[i];
		if (f->stage != GP_DNS_FLIGHT_WAITING ||
			gp_clock_now_us(f->ctx->clock) < f->deadline_us)
			continue;
		fleet->waiting--;
		fleet->done++;
		rc = gp_dns_flight_give_up(f);
	}
	return rc;
}

/* drop_known: those whose answer came another way while they waited for a place. */
static void drop_known(struct fleet *fleet)
{
	for (size_t i = 0; fleet->waiting > 0 && i < fleet->count; i++) {
		struct gp_dns_flight *f = &fleet->flights[i];
		if (f->stage != GP_DNS_FLIGHT_WAITING || !is_known(f))
			continue;
		fleet->waiting--;
		fleet->done++;
		gp_dns_flight_drop(f);
	}
}

/* wait_turn: nothing is under way, as there is no place for us; the time that is lost is noted. */
static void wait_turn(struct fleet *fleet)
{
	const struct gp_ctx *ctx = fleet->flights[0].ctx;
	const struct gp_dns_watch *watch = fleet->flights[0].watch;
	int64_t until_us = INT64_MAX, before_us = gp_clock_now_us(ctx->clock);
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->flights[i].stage == GP_DNS_FLIGHT_WAITING &&
			fleet->flights[i].deadline_us < until_us)
			until_us = fleet->flights[i].deadline_us;
	int wait_ms = gp_clock_left_ms(ctx->clock, until_us);
	if (watch && watch->is_wanted && wait_ms > LOOK_QUEUED_MS)
		wait_ms = LOOK_QUEUED_MS;
	gp_dns_gate_wait(&fleet->turn, wait_ms);
	gp_dns_note_held(ctx, gp_clock_now_us(ctx->clock) - before_us);
}

/* wait_for: until a descriptor has something to say or an attempt ends. */
static int wait_for(const struct fleet *fleet, struct pollfd *fds)
{
	const struct gp_dns_flight *flights = fleet->flights;
	size_t count = fleet->count;
	int64_t until_us = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct gp_dns_flight *f = &flights[i];
		bool done = f->stage == GP_DNS_FLIGHT_DONE || f->stage == GP_DNS_FLIGHT_WAITING;
		short events = f->stage == GP_DNS_FLIGHT_TCP_SEND ? POLLOUT : POLLIN;
		fds[i] = (struct pollfd) {.fd = done ? -1 : f->fd, .events = events};
		if (!done && f->until_us < until_us)
			until_us = f->until_us;
	}
	int wait_ms = gp_clock_left_ms(flights[0].ctx->clock, until_us);
	if (fleet->waiting > 0 && wait_ms > LOOK_AGAIN_MS)
		wait_ms = LOOK_AGAIN_MS; /* for a place, while we have one */
	int n = poll(fds, count, wait_ms);
	if (n < 0 && errno != EINTR)
		return GP_ENOMEM; /* poll(2) fails for want of memory or descriptors only */
	for (size_t i = 0; n < 0 && i < count; i++)
		fds[i].revents = 0;
	return GP_OK;
}

/* step: what came is read first; it may make the end of an attempt moot. */
static int step(struct fleet *fleet, struct gp_dns_flight *f, const struct pollfd *fd)
{
	int rc = GP_OK;
	if (f->stage == GP_DNS_FLIGHT_DONE || f->stage == GP_DNS_FLIGHT_WAITING)
		return GP_OK;
	if (fd->revents)
		rc = gp_dns_flight_ready(f);
	if (rc == GP_OK && f->stage != GP_DNS_FLIGHT_DONE &&
		gp_clock_now_us(f->ctx->clock) >= f->until_us)
		rc = gp_dns_flight_expire(f, gp_dns_gate_is_wanted(&fleet->turn));
	if (rc == GP_OK)
		note(fleet, f);
	return rc;
}

/* fly: the loop of one call. */
static int fly(struct fleet *fleet)
{
	struct pollfd fds[GP_DNS_QUESTIONS_MAX];
	int rc = GP_OK;
	for (size_t i = 0; i < fleet->count; i++)
		gp_dns_flight_begin(&fleet->flights[i]);
	fleet->waiting = fleet->count;
	while (rc == GP_OK && fleet->done < fleet->count) {
		if (fleet->has_waited)
			drop_known(fleet);
		rc = launch(fleet);
		if (rc == GP_OK)
			rc = give_up(fleet);
		if (rc || fleet->done == fleet->count)
			break;
		fleet->has_waited = fleet->waiting > 0;
		if (fleet->waiting + fleet->done == fleet->count) {
			wait_turn(fleet);
			continue;
		}
		rc = wait_for(fleet, fds);
		for (size_t i = 0; rc == GP_OK && i < fleet->count; i++)
			rc = step(fleet, &fleet->flights[i], &fds[i]);
	}
	return rc;
}

/* The resolver: a question takes the servers that are asked when it begins. */
struct resolver {
	struct gp_dns base;
	pthread_mutex_t lock; /* guards current, and refs of all */
	struct gp_dns_wire *current;
	struct gp_dns_wire_counts counts;
};

/* take_wire: the current servers, kept until they are dropped. */
static struct gp_dns_wire *take_wire(struct resolver *r)
{
	pthread_mutex_lock(&r->lock);
	struct gp_dns_wire *wire = r->current;
	wire->refs++;
	pthread_mutex_unlock(&r->lock);
	return wire;
}

/* drop_wire: one user less. */
static void drop_wire(struct resolver *r, struct gp_dns_wire *wire)
{
	pthread_mutex_lock(&r->lock);
	bool is_last = --wire->refs == 0;
	pthread_mutex_unlock(&r->lock);
	if (is_last)
		free(wire);
}

/* wire_query: flights for all questions, on the heap for as long as the call lasts. */
static int wire_query(struct gp_dns *dns, struct gp_ctx *ctx,
	const struct gp_dns_question *questions, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	struct gp_dns_flight *flights = calloc(count, sizeof *flights);
	if (!flights)
		return GP_ENOMEM;
	struct resolver *resolver = (struct resolver *)dns;
	struct gp_dns_wire *wire = take_wire(resolver);
	struct fleet fleet = {
		.flights = flights, .count = count, .turn = {.gate = wire->options.gate}};
	for (size_t i = 0; i < count; i++) {
		flights[i].wire = wire;
		flights[i].ctx = ctx;
		flights[i].question = &questions[i];
		flights[i].answer = &answers_out[i];
		flights[i].watch = watch;
		flights[i].place = i;
		flights[i].fd = -1;
	}
	int rc = fly(&fleet);
	gp_dns_gate_leave(&fleet.turn);
	for (size_t i = 0; i < count; i++)
		gp_dns_flight_end(&flights[i]);
	drop_wire(resolver, wire);
	free(flights);
	return rc;
}

/* wire_free: nobody asks any more. */
static void wire_free(struct gp_dns *dns)
{
	struct resolver *r = (struct resolver *)dns;
	drop_wire(r, r->current);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct gp_dns_ops wire_ops = {wire_query, wire_free};

/* find_resolver: layer by layer down to it; NULL: there is none. */
static struct resolver *find_resolver(struct gp_dns *dns)
{
	while (dns && dns->ops != &wire_ops)
		dns = dns->below;
	return (struct resolver *)dns;
}

/* gp_dns_wire_stats: of the resolver, over all servers. */
void gp_dns_wire_stats(struct gp_dns *dns, struct gp_dns_wire_stats *stats_out)
{
	struct resolver *r = find_resolver(dns);
	*stats_out = (struct gp_dns_wire_stats) {0};
	if (!r)
		return;
	struct gp_dns_wire_counts *counts = &r->counts;
	stats_out->datagrams = atomic_load(&counts->datagrams);
	stats_out->connections = atomic_load(&counts->connections);
	stats_out->timeouts = atomic_load(&counts->timeouts);
	stats_out->given_up = atomic_load(&counts->given_up);
	for (size_t i = 0; i < GP_DNS_STATES; i++)
		stats_out->answers[i] = atomic_load(&counts->answers[i]);
	gp_histogram_read(&counts->took, &stats_out->took);
}

/* wire_new: copies the options; 0 for a timeout or a number of rounds means the least. */
static struct gp_dns_wire *wire_new(
	const struct gp_dns_options *options, struct gp_dns_wire_counts *counts)
{
	struct gp_dns_wire *wire = calloc(1, sizeof *wire);
	if (!wire)
		return NULL;
	wire->options = *options;
	if (wire->options.timeout_ms == 0)
		wire->options.timeout_ms = 1;
	if (wire->options.attempts == 0)
		wire->options.attempts = 1;
	for (size_t i = 0; i < GP_DNS_SERVERS_MAX; i++) {
		atomic_init(&wire->memory[i].silent, 0);
		atomic_init(&wire->memory[i].last_until_us, 0);
	}
	wire->counts = counts;
	wire->refs = 1;
	return wire;
}

/* gp_dns_wire_new: with the first servers. */
int gp_dns_wire_new(const struct gp_dns_options *options, struct gp_dns **dns_out)
{
	if (options->server_count == 0 || options->server_count > GP_DNS_SERVERS_MAX)
		return GP_EINVAL;
	struct resolver *r = calloc(1, sizeof *r);
	struct gp_dns_wire *wire = r ? wire_new(options, &r->counts) : NULL;
	if (!wire || pthread_mutex_init(&r->lock, NULL)) {
		free(wire);
		free(r);
		return GP_ENOMEM;
	}
	r->base.ops = &wire_ops;
	r->current = wire;
	*dns_out = &r->base;
	return GP_OK;
}

/* gp_dns_wire_set: calls in progress keep the old servers until they end. */
int gp_dns_wire_set(struct gp_dns *dns, const struct gp_dns_options *options)
{
	struct resolver *r = find_resolver(dns);
	if (!r || options->server_count == 0 || options->server_count > GP_DNS_SERVERS_MAX)
		return GP_EINVAL;
	struct gp_dns_wire *wire = wire_new(options, &r->counts);
	if (!wire)
		return GP_ENOMEM;
	pthread_mutex_lock(&r->lock);
	struct gp_dns_wire *before = r->current;
	r->current = wire;
	pthread_mutex_unlock(&r->lock);
	drop_wire(r, before);
	return GP_OK;
}

/* gp_dns_wire_options: a copy. */
bool gp_dns_wire_options(struct gp_dns *dns, struct gp_dns_options *options_out)
{
	struct resolver *r = find_resolver(dns);
	if (!r)
		return false;
	struct gp_dns_wire *wire = take_wire(r);
	*options_out = wire->options;
	drop_wire(r, wire);
	return true;
}
