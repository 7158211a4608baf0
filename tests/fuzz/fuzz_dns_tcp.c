/* SPDX-License-Identifier: ISC */
/*
 * Replies over TCP: two octets of length, then the packet, in whatever pieces they come, and the
 * end of the connection at any place. The first octet of an input chooses the size of the pieces,
 * the second the type; the id is that of the first packet and the name is "example.org".
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/dns_wire_private.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "txt-in-pieces";

static int reached;

/* One question that waits for its reply on a pair of sockets. */
struct scene {
	struct gp_dns_wire wire; /* the servers, without a resolver */
	struct gp_dns_wire_counts counts;
	struct gp_ctx ctx;
	struct gp_dns_question question;
	struct gp_dns_answer answer;
	struct gp_dns_flight flight;
	int server; /* the other end */
};

/* begin: as if the query had been sent. Nobody else is asked afterwards, so nothing leaves us. */
static int begin(struct scene *s, const uint8_t *data, size_t size)
{
	static const enum gp_dns_type types[] = {
		GP_DNS_TXT, GP_DNS_A, GP_DNS_AAAA, GP_DNS_MX, GP_DNS_PTR};
	int ends[2];
	s->wire.options = (struct gp_dns_options) {
		.servers = {{.addr = {GP_IP_V4, {127, 0, 0, 1}}, .port = 1}},
		.server_count = 1,
		.timeout_ms = 1,
		.attempts = 1};
	s->wire.counts = &s->counts;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return GP_EIO;
	s->server = ends[1];
	s->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 18),
		.clock = gp_clock_system(),
		.deadline_us = INT64_MAX / 2};
	s->question = (struct gp_dns_question) {
		"example.org", types[data[1] % (sizeof types / sizeof types[0])]};
	s->flight = (struct gp_dns_flight) {
		.wire = &s->wire, .ctx = &s->ctx, .question = &s->question, .answer = &s->answer};
	gp_dns_flight_begin(&s->flight);
	s->flight.fd = ends[0];
	s->flight.stage = GP_DNS_FLIGHT_TCP_READ;
	s->flight.edns = false; /* else it would be asked again without */
	s->flight.id = size >= 6 ? (uint16_t)(data[4] << 8 | data[5]) : 0;
	return s->ctx.arena ? GP_OK : GP_ENOMEM;
}

/* serve: piece by piece, until the flight has landed; then the end. */
static int serve(struct scene *s, const uint8_t *data, size_t size, size_t piece)
{
	int rc = GP_OK;
	while (rc == GP_OK && size > 0 && s->flight.stage != GP_DNS_FLIGHT_DONE) {
		size_t n = size < piece ? size : piece;
		ssize_t sent = send(s->server, data, n, MSG_NOSIGNAL);
		if (sent <= 0)
			abort(); /* what is sent is read at once */
		data += sent;
		size -= (size_t)sent;
		rc = gp_dns_flight_ready(&s->flight);
	}
	if (rc == GP_OK && s->flight.stage != GP_DNS_FLIGHT_DONE) {
		(void)shutdown(s->server, SHUT_WR); /* of a socket that is there */
		rc = gp_dns_flight_ready(&s->flight);
	}
	return rc;
}

/* check: an answer there is, and every octet of it. */
static void check(const struct scene *s)
{
	volatile unsigned sum = 0;
	if (s->flight.stage != GP_DNS_FLIGHT_DONE)
		__builtin_trap(); /* after the end nothing can come */
	if (gp_dns_state_is_failure(s->answer.state) != (s->answer.problem != NULL))
		__builtin_trap();
	for (size_t i = 0; i < s->answer.count; i++)
		for (size_t k = 0; k < s->answer.records[i].text.len; k++)
			sum += (uint8_t)s->answer.records[i].text.ptr[k];
	(void)sum;
}

/* LLVMFuzzerTestOneInput: one connection. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene s = {.server = -1, .flight = {.fd = -1}};
	reached = 0;
	if (size < 2)
		return 0;
	int rc = begin(&s, data, size);
	if (rc == GP_OK)
		rc = serve(&s, data + 2, size - 2, (size_t)data[0] * 16 + 1);
	if (rc == GP_OK)
		check(&s);
	reached = rc == GP_OK && s.answer.state == GP_DNS_FOUND;
	gp_dns_flight_end(&s.flight);
	if (s.server >= 0)
		close(s.server);
	gp_arena_free(s.ctx.arena);
	return 0;
}

/* fuzz_reached: the last input was an answer with records. */
int fuzz_reached(void)
{
	return reached;
}
