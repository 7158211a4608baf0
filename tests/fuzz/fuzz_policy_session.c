/* SPDX-License-Identifier: ISC */
/*
 * A whole connection: whatever comes over it, each request up to the first one that is none gets
 * one answer, and what its messages held of their limits does not end the daemon.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/target.h"
#include "policyd/protocol.h"
#include "policyd/reader.h"
#include "policyd/session.h"
#include "support/patience.h"
#include "support/served.h"

#define INPUT_MAX 32768 /* fits into a socket, and so do its answers */

const char *const fuzz_reached_seed = "message";

/* SPF has targets of its own; here nobody is asked */
static const char conf[] =
	"trusted_networks = {\"192.0.2.0/24\"}\nspf { mode = off }\n"
	"limit people { key = user count = recipients max = 3 per = 1h }\n"
	"limit domains { key = user_domain count = messages max = 5 per = 1h action = hold }\n"
	"limit senders { key = sender count = bytes max = 1M per = 1d }\n"
	"limit hosts { key = client count = recipients max = 4 per = 1d "
	"from = {authenticated, trusted, others} }\n"
	"limit nets { key = network count = messages max = 4 per = 1d action = reject }\n"
	"limit site { key = all count = recipients max = 1000000000 per = 1d mode = label }\n";

static int reached;

/* fuzz_reached: was there an answer at every stage of a message? */
int fuzz_reached(void)
{
	return reached;
}

/* count_requests: those that are to be answered. */
static size_t count_requests(struct gp_span stream)
{
	struct gp_reader *r = malloc(sizeof *r);
	struct gp_protocol_request request;
	struct gp_span text;
	const char *problem;
	size_t n = 0, room;
	char *place;
	fuzz_require(r != NULL);
	gp_reader_init(r);
	while (stream.len) {
		gp_reader_space(r, &place, &room);
		room = room < stream.len ? room : stream.len;
		memcpy(place, stream.ptr, room);
		gp_reader_add(r, room);
		stream = gp_span_skip(stream, room);
		while (gp_reader_find(r, &text) == GP_READER_WHOLE) {
			if (gp_protocol_parse(text, &request, &problem))
				goto out;
			n++;
			gp_reader_next(r);
		}
	}
out:
	gp_reader_fini(r);
	free(r);
	return n;
}

/* count_answers: whole ones, and nothing else. */
static size_t count_answers(int fd)
{
	char *bytes = malloc(1 << 20);
	size_t filled = 0, n = 0;
	ssize_t got;
	fuzz_require(bytes != NULL);
	while ((got = recv(fd, bytes + filled, (1 << 20) - filled, MSG_DONTWAIT)) > 0)
		filled += (size_t)got;
	struct gp_span line, rest = {bytes, filled};
	while (rest.len) {
		fuzz_require(gp_span_cut(rest, '\n', &line, &rest));
		fuzz_require(gp_span_has_prefix(line, "action=") && line.len > 7);
		fuzz_require(gp_span_cut(rest, '\n', &line, &rest) && line.len == 0);
		n++;
	}
	free(bytes);
	return n;
}

/* serve: in a thread of its own, as the daemon does. */
static void serve(void *arg, int fd, struct gp_daemon_place *place)
{
	gp_session_serve(arg, fd, place);
}

/* serve_one: takes the connection, and waits until it has ended. */
static void serve_one(int fd)
{
	static struct gp_daemon_places *places;
	struct gp_daemon_places_options options = {
		.max = 1, .share = 1, .wake = -1, .serve = serve};
	struct timespec until;
	options.stack_bytes = 1024 * 1024;
	if (!places) {
		options.arg = gp_test_served(conf)->served[GP_POLICYD_POLICY].state;
		fuzz_require(gp_daemon_places_new(&options, &places) == GP_OK);
	}
	fuzz_require(gp_daemon_places_admit(places, fd, GP_DAEMON_PLACES_ANYBODY) ==
		     GP_DAEMON_PLACES_SERVED);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TEST_PATIENCE_MS / 1000;
	fuzz_require(gp_daemon_places_wait(places, &until) == 0);
}

/* LLVMFuzzerTestOneInput: sent, served, counted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[2];
	reached = 0;
	if (size > INPUT_MAX)
		return 0;
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	fuzz_require(send(ends[0], data, size, 0) == (ssize_t)size);
	fuzz_require(shutdown(ends[0], SHUT_WR) == 0);
	serve_one(ends[1]);
	size_t n = count_answers(ends[0]);
	fuzz_require(n == count_requests((struct gp_span) {(const char *)data, size}));
	reached = n >= 4;
	close(ends[0]);
	return 0;
}
