/* SPDX-License-Identifier: ISC */
/*
 * The wire resolver between its files: dns_wire.c takes the questions and waits, dns_wire_flight.c
 * carries one question from its first packet to its answer, dns_wire_server.c remembers the
 * servers, dns_wire_gate.c bounds how many questions are under way.
 *
 * A flight is begun once, sent off when there is a place for it, then told what happened (ready,
 * expired) until its stage is DONE, then ended. While others queue for a place, an attempt that
 * ends in silence puts the flight back: it waits for a place again. Each of these calls gives a
 * status as gp_dns_query does; after a failure nothing but end may be called. A flight belongs to
 * one thread; what several share is in gp_dns_wire alone.
 */
#ifndef GP_DNS_DNS_WIRE_PRIVATE_H
#define GP_DNS_DNS_WIRE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dns/dns_private.h"

/* What is remembered of one server; each member is read and written by itself, by any thread. */
struct gp_dns_wire_memory {
	atomic_uint silent;            /* attempts in a row that ended in a timeout */
	_Atomic int64_t last_until_us; /* until then it is asked last, because of those */
};

/* What is counted, by any thread. */
struct gp_dns_wire_counts {
	atomic_uint_fast64_t datagrams, connections, timeouts, given_up;
	atomic_uint_fast64_t answers[GP_DNS_STATES];
	struct gp_histogram took;
};

/* The servers, as they are asked until others take their place; freed with its last user. */
struct gp_dns_wire {
	struct gp_dns_options options; /* constant */
	struct gp_dns_wire_memory memory[GP_DNS_SERVERS_MAX];
	struct gp_dns_wire_counts *counts; /* of the resolver */
	unsigned refs;                     /* under the resolver's lock */
};

enum gp_dns_flight_stage {
	GP_DNS_FLIGHT_WAITING,  /* for a place; nothing is open */
	GP_DNS_FLIGHT_UDP,      /* sent, waiting for datagrams */
	GP_DNS_FLIGHT_TCP_SEND, /* connecting or sending */
	GP_DNS_FLIGHT_TCP_READ, /* reading length and reply */
	GP_DNS_FLIGHT_DONE      /* the answer stands */
};

/* Why an attempt has failed, and where. */
struct gp_dns_attempt {
	const char *text; /* NULL: none has */
	enum gp_dns_failure kind;
	struct gp_dns_server server;
	bool over_tcp;
};

struct gp_dns_flight {
	struct gp_dns_wire *wire;               /* borrowed, as the next three */
	struct gp_ctx *ctx;                     /* arena, clock, deadline */
	const struct gp_dns_question *question; /* what is asked */
	struct gp_dns_answer *answer;           /* where the answer goes */
	const struct gp_dns_watch *watch;       /* told of it at once; may be NULL */
	size_t place;                           /* of the question among those of its call */
	enum gp_dns_flight_stage stage;
	int fd;                            /* -1 between attempts */
	int64_t begun_us, until_us;        /* of the question; end of this attempt */
	int64_t deadline_us;               /* of the question */
	bool hurried;                      /* that is before the deadline of ctx */
	uint8_t order[GP_DNS_SERVERS_MAX]; /* places of the servers, as they are asked */
	unsigned position;                 /* attempts used up; position % servers is next */
	bool edns;                         /* of this attempt */
	uint16_t id;
	uint8_t packet[2 + GP_DNS_QUERY_MAX]; /* length as TCP wants it, query */
	size_t length, sent;                  /* of packet, with the first two octets */
	uint8_t head[2];                      /* length of a reply over TCP */
	uint8_t *reply;                       /* owned; the reply over TCP */
	size_t got;                           /* octets of head, or of reply once it is there */
	unsigned strays;                      /* datagrams that were no reply to this */
	struct gp_dns_attempt said;           /* by the last server that said something */
	struct gp_dns_attempt ours;           /* what last kept us from asking one */
	uint8_t silent;                       /* place of the last server that was silent */
	/* a bit for each server: it was heard, or given its time; we lacked means for asking it */
	uint8_t spoken, lost;
	bool sent_once;        /* it has begun, as its watch was told */
	bool is_asked;         /* a packet has gone out, or a connection was begun */
	bool bogus, not_bogus; /* a server said so; a server was silent or said something else */
};

/* The order in which to ask: as configured, but those that are silent of late come last. */
void gp_dns_wire_order(struct gp_dns_wire *wire, int64_t now_us, uint8_t *order_out);

/* A server answered, or let a whole attempt pass in silence. */
void gp_dns_wire_heard(struct gp_dns_wire *wire, size_t server);
void gp_dns_wire_silent(struct gp_dns_wire *wire, size_t server, int64_t now_us);

/* One more of something. */
void gp_dns_wire_count(atomic_uint_fast64_t *counter);

/* A question has its answer, after so long. */
void gp_dns_wire_answered(
	struct gp_dns_wire *wire, const struct gp_dns_answer *answer, int64_t took_us);

/* Prepares a flight, which waits for a place then. wire, ctx, question, answer, place are set. */
void gp_dns_flight_begin(struct gp_dns_flight *flight);

/* There is a place: sends a packet, or ends in an answer at once. */
int gp_dns_flight_send(struct gp_dns_flight *flight) GP_MUST_CHECK;

/* There was no place until its deadline: ends in GP_DNS_TROUBLE. */
int gp_dns_flight_give_up(struct gp_dns_flight *flight) GP_MUST_CHECK;

/* It is not to be asked any more, and was not yet: ends without a word. */
void gp_dns_flight_drop(struct gp_dns_flight *flight);

/* The descriptor has something to say. */
int gp_dns_flight_ready(struct gp_dns_flight *flight) GP_MUST_CHECK;

/* until_us has passed; put_back: what is to be tried next waits for a place first. */
int gp_dns_flight_expire(struct gp_dns_flight *flight, bool put_back) GP_MUST_CHECK;

/* Closes and frees what the flight holds; not its answer. */
void gp_dns_flight_end(struct gp_dns_flight *flight);

/* ---- places for flights ---- */

/*
 * One call's way through a gate; gate is NULL where nothing is bounded. All others are the gate's.
 */
struct gp_dns_turn {
	struct gp_dns_gate *gate;
	unsigned held; /* places */
	bool queues;   /* for its first place */
	struct gp_dns_turn *next;
	pthread_cond_t *woken; /* while it waits */
};

/* Takes a place if there is one for this call; one without any queues from then on. */
bool gp_dns_gate_take(struct gp_dns_turn *turn);

/* Releases one. */
void gp_dns_gate_give(struct gp_dns_turn *turn);

/* Do calls without any place queue? */
bool gp_dns_gate_is_wanted(const struct gp_dns_turn *turn);

/* For a call that queues: waits until it can take a place, so long at most. */
void gp_dns_gate_wait(struct gp_dns_turn *turn, int wait_ms);

/* Leaves the queue, and releases all places. */
void gp_dns_gate_leave(struct gp_dns_turn *turn);

#endif
