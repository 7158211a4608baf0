/* SPDX-License-Identifier: ISC */
/*
 * One question on its way. Attempts are counted by position: servers in their order, round after
 * round. Each attempt has a socket of its own with a random port and a random id (RFC 5452 9.2),
 * connected, so that the kernel drops what comes from elsewhere. A truncated reply continues the
 * attempt over TCP (RFC 7766 5), a FORMERR or NOTIMP repeats it without EDNS; every other trouble
 * moves to the next position. take_reply is where this is decided.
 *
 * What kept us from asking says nothing about anybody's domain. It is distinguished: want of means
 * (descriptors, memory, ports) passes, and a server that was not asked for that might have
 * answered; a server that cannot be reached from this host (no route, no such address family or
 * interface, a rule that forbids it) is as good as absent as long as another one was asked.
 */
#include "dns/dns_wire_private.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_LOWEST 1024
#define PORT_TRIES 8
#define DATAGRAM_MAX 4096 /* more than was offered with EDNS */
#define DATAGRAMS_AT_ONCE 64
#define TC_OCTET 2 /* of the header (RFC 1035 4.1.1) */
#define TC_BIT 0x02

static const struct {
	int number;
	const char *text;
} error_texts[] = {
	{ECONNREFUSED, "connection refused"},
	{ECONNRESET, "connection reset"},
	{EPIPE, "connection closed"},
	{ENETUNREACH, "network unreachable"},
	{ENETDOWN, "network down"},
	{EHOSTUNREACH, "host unreachable"},
	{EHOSTDOWN, "host down"},
	{ETIMEDOUT, "connection timed out"},
	{EACCES, "sending is not permitted"},
	{EPERM, "sending is not permitted"},
	{EAFNOSUPPORT, "address family not supported"},
	{EADDRNOTAVAIL, "no local address or port for it"},
	{EAGAIN, "no free port, or the send queue is full"},
	{EINVAL, "not an address that can be queried"},
	{EMSGSIZE, "too large for the path to it"},
	{ENODEV, "no such network interface"},
	{EMFILE, "too many open files"},
	{ENFILE, "too many open files in the system"},
	{ENOBUFS, "no buffer space"},
	{ENOMEM, "out of memory"},
};

/* error_text: words for an error number; strerror is not for several threads. */
static const char *error_text(int number)
{
	for (size_t i = 0; i < sizeof error_texts / sizeof error_texts[0]; i++)
		if (error_texts[i].number == number)
			return error_texts[i].text;
	return "system error";
}

/* server_place: which server this attempt is for. */
static size_t server_place(const struct gp_dns_flight *f)
{
	return f->order[f->position % f->wire->options.server_count];
}

/* server_of: the same as the server itself. */
static const struct gp_dns_server *server_of(const struct gp_dns_flight *f)
{
	return &f->wire->options.servers[server_place(f)];
}

/* server_text: "192.0.2.1:53", "[2001:db8::1]:53". */
static const char *server_text(const struct gp_dns_flight *f, const struct gp_dns_server *server)
{
	char text[GP_DNS_SERVER_TEXT];
	return gp_arena_copy(f->ctx->arena, gp_span_from(gp_dns_server_format(server, text)));
}

/* disconnect: between attempts nothing is open. */
static void disconnect(struct gp_dns_flight *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->reply);
	f->reply = NULL;
	f->got = f->sent = 0;
}

_Static_assert(GP_DNS_SERVERS_MAX <= 8, "a bit of an octet for each");

/* server_bit: of this attempt's server. */
static uint8_t server_bit(const struct gp_dns_flight *f)
{
	return (uint8_t)(1u << server_place(f));
}

/* failure_of: of this attempt. */
static struct gp_dns_attempt failure_of(
	const struct gp_dns_flight *f, const char *text, enum gp_dns_failure kind)
{
	return (struct gp_dns_attempt) {text, kind, *server_of(f), f->stage != GP_DNS_FLIGHT_UDP};
}

/* note: remembers what this server said, in case that no other does better. */
static void note(struct gp_dns_flight *f, const char *text, enum gp_dns_failure kind)
{
	f->said = failure_of(f, text, kind);
	f->spoken |= server_bit(f);
}

/* set_zone: the interface of a link-local address, by name or number; it may have come since the
 * last time. False: there is none. */
static bool set_zone(struct sockaddr_storage *address, const char *zone)
{
	uint64_t number;
	unsigned index = if_nametoindex(zone);
	if (index == 0 && gp_span_parse_uint(gp_span_from(zone), UINT32_MAX, &number) == GP_OK)
		index = (unsigned)number;
	((struct sockaddr_in6 *)address)->sin6_scope_id = index;
	return index != 0;
}

/* address_of: of a server; 0: the interface of its zone is not there. */
static socklen_t address_of(
	const struct gp_dns_server *server, struct sockaddr_storage *address_out)
{
	socklen_t length = gp_ipaddr_to_sockaddr(&server->addr, server->port, address_out);
	return *server->zone && !set_zone(address_out, server->zone) ? 0 : length;
}

/*
 * lacks_source: this host has no address from which the server can be asked, as with IPv6 switched
 * off. A connection over TCP fails with the same error when no port is free; a socket of UDP finds
 * a port all the same, and sends nothing when it is connected.
 */
static bool lacks_source(const struct gp_dns_server *server)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(server, &address);
	int fd = length > 0 ? socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0)
		return false;
	bool lacks = connect(fd, (const struct sockaddr *)&address, length) != 0 &&
		     errno == EADDRNOTAVAIL;
	close(fd);
	return lacks;
}

/* is_want: of means, which others have at the moment and we may have the next. */
static bool is_want(const struct gp_dns_flight *f, int number)
{
	if (number == EADDRNOTAVAIL) /* no port is free, or there is no address */
		return f->stage != GP_DNS_FLIGHT_UDP && !lacks_source(server_of(f));
	return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM ||
	       number == EAGAIN;
}

/* is_of_peer: can only have come from the peer, whichever call reports it. */
static bool is_of_peer(int number)
{
	return number == ECONNREFUSED || number == ECONNRESET || number == EPIPE ||
	       number == ETIMEDOUT;
}

/* note_ours: the same for what kept us from asking this server. */
static void note_ours(struct gp_dns_flight *f, int number)
{
	f->ours = failure_of(f, error_text(number), GP_DNS_FAILURE_NONE);
	if (is_want(f, number))
		f->lost |= server_bit(f);
}

/* note_error: remembers how the network failed. */
static void note_error(struct gp_dns_flight *f, int number)
{
	note(f, error_text(number),
		number == ETIMEDOUT ? GP_DNS_FAILURE_TIMEOUT : GP_DNS_FAILURE_OTHER);
	f->not_bogus = true;
}

/* note_local: the failure of a call by which nobody is asked yet. */
static void note_local(struct gp_dns_flight *f, int number)
{
	if (!is_of_peer(number)) {
		note_ours(f, number);
		return;
	}
	note_error(f, number);
}

/* note_remote: the failure of one after that: the network or the server told us, mostly by ICMP. */
static void note_remote(struct gp_dns_flight *f, int number)
{
	if (is_want(f, number)) {
		note_ours(f, number);
		return;
	}
	note_error(f, number);
}

/* is_ours: is there no answer because of us? No server could be asked, or not each that we lacked
 * means for. */
static bool is_ours(const struct gp_dns_flight *f)
{
	return f->ours.text && (!f->spoken || (f->lost & ~f->spoken));
}

/* no_answer_text: for people: which server was silent, and for how long. */
static const char *no_answer_text(const struct gp_dns_flight *f, int64_t now_us)
{
	size_t others = f->wire->options.server_count - 1;
	unsigned attempts = f->position;
	const char *server = server_text(f, &f->wire->options.servers[f->silent]);
	long long ms = (long long)(now_us - f->begun_us + 500) / 1000;
	if (!server)
		return NULL;
	if (f->strays > 0)
		return gp_arena_printf(f->ctx->arena,
			"no answer from %s within %lld ms, but %u packets that did not match",
			server, ms, f->strays);
	if (others > 0 && attempts > 0)
		return gp_arena_printf(f->ctx->arena,
			"no answer from %s within %lld ms, after trying others", server, ms);
	return gp_arena_printf(f->ctx->arena, "no answer from %s within %lld ms", server, ms);
}

/* failure_text: for people. */
static const char *failure_text(const struct gp_dns_flight *f, const struct gp_dns_attempt *failure)
{
	const char *server = server_text(f, &failure->server);
	if (!server)
		return NULL;
	return gp_arena_printf(f->ctx->arena, "%s: %s%s", server, failure->text,
		failure->over_tcp ? " over TCP" : "");
}

/* finish: the answer stands, and is told; its problem must have been made. */
static int finish(struct gp_dns_flight *f, const struct gp_dns_answer *answer)
{
	disconnect(f);
	f->stage = GP_DNS_FLIGHT_DONE;
	*f->answer = *answer;
	if (!f->wire->options.trust_ad)
		f->answer->secure = false; /* RFC 6840 5.8 */
	f->answer->took_us = gp_clock_now_us(f->ctx->clock) - f->begun_us;
	gp_dns_wire_answered(f->wire, answer, f->answer->took_us);
	if (gp_dns_state_is_failure(answer->state) && !answer->problem)
		return gp_arena_status(f->ctx->arena);
	if (f->watch && f->watch->landed)
		f->watch->landed(f->watch->arg, f->place, f->answer);
	return GP_OK;
}

/* finish_ours: nothing was learnt, for reasons of our own. */
static int finish_ours(struct gp_dns_flight *f)
{
	const struct gp_dns_answer answer = {
		.state = GP_DNS_TROUBLE, .ours = true, .problem = failure_text(f, &f->ours)};
	return finish(f, &answer);
}

/* finish_late: the asker's deadline has come before all attempts were made. */
static int finish_late(struct gp_dns_flight *f, int64_t now_us)
{
	struct gp_dns_answer answer = {.state = GP_DNS_TEMPFAIL, .ours = true};
	if (is_ours(f))
		return finish_ours(f);
	answer.failure = f->is_asked ? GP_DNS_FAILURE_TIMEOUT : GP_DNS_FAILURE_OTHER;
	answer.problem =
		f->is_asked ? no_answer_text(f, now_us) : "no time was left to query a name server";
	return finish(f, &answer);
}

/* finish_failed: all attempts were made. Bogus is what every server has called so. */
static int finish_failed(struct gp_dns_flight *f, int64_t now_us)
{
	struct gp_dns_answer answer = {
		.state = f->bogus && !f->not_bogus ? GP_DNS_BOGUS : GP_DNS_TEMPFAIL,
		.failure = f->said.text ? f->said.kind : GP_DNS_FAILURE_TIMEOUT};
	f->position--; /* the last attempt is the one to speak of */
	if (is_ours(f))
		return finish_ours(f);
	answer.problem = f->said.text ? failure_text(f, &f->said) : no_answer_text(f, now_us);
	return finish(f, &answer);
}

/* bind_random: a port that cannot be guessed (RFC 5452 9.2, RFC 6056); else the kernel's choice. */
static void bind_random(int fd, enum gp_ip_family family)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		uint32_t port = PORT_LOWEST + arc4random_uniform(65536 - PORT_LOWEST);
		const struct gp_ipaddr any = {.family = family};
		struct sockaddr_storage address;
		socklen_t length = gp_ipaddr_to_sockaddr(&any, (uint16_t)port, &address);
		if (bind(fd, (const struct sockaddr *)&address, length) == 0)
			return;
	}
}

/* open_socket: connected or connecting to this attempt's server; false with the failure noted. */
static bool open_socket(struct gp_dns_flight *f, int type)
{
	const struct gp_dns_server *server = server_of(f);
	struct sockaddr_storage address;
	socklen_t length = address_of(server, &address);
	if (length == 0) {
		note_local(f, ENODEV);
		return false;
	}
	f->fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->fd < 0) {
		note_local(f, errno);
		return false;
	}
	if (type == SOCK_DGRAM)
		bind_random(f->fd, server->addr.family);
	if (connect(f->fd, (const struct sockaddr *)&address, length) != 0 &&
		errno != EINPROGRESS && errno != EINTR) {
		note_local(f, errno);
		return false;
	}
	return true;
}

/* build: the query with a new id, its length in front. */
static int build(struct gp_dns_flight *f)
{
	size_t n = 0;
	f->id = (uint16_t)arc4random();
	struct gp_dns_query_form form = {.id = f->id,
		.edns = f->edns,
		.want_ad = f->wire->options.trust_ad,
		.want_signatures = f->wire->options.want_signatures};
	int rc = gp_dns_wire_build(f->question, &form, f->packet + 2, &n);
	f->packet[0] = (uint8_t)(n >> 8);
	f->packet[1] = (uint8_t)n;
	f->length = n + 2;
	return rc;
}

/*
 * set_until: this attempt ends after the timeout, or at the deadline when that comes first. A call
 * with a short deadline asks each server before that.
 */
static void set_until(struct gp_dns_flight *f, int64_t now_us)
{
	unsigned servers = (unsigned)f->wire->options.server_count;
	int64_t timeout_us = (int64_t)f->wire->options.timeout_ms * 1000;
	int64_t share_us = (f->deadline_us - now_us) / (servers - f->position % servers);
	if (f->hurried && share_us < timeout_us)
		timeout_us = share_us;
	f->until_us = now_us + timeout_us;
	if (f->until_us > f->deadline_us)
		f->until_us = f->deadline_us;
}

/* send_udp: one datagram to this attempt's server; false with the failure noted. */
static bool send_udp(struct gp_dns_flight *f)
{
	f->stage = GP_DNS_FLIGHT_UDP;
	if (!open_socket(f, SOCK_DGRAM))
		return false;
	if (send(f->fd, f->packet + 2, f->length - 2, MSG_NOSIGNAL) >= 0) {
		gp_dns_wire_count(&f->wire->counts->datagrams);
		return true;
	}
	note_local(f, errno);
	return false;
}

/*
 * begin_tcp: the packet goes out as soon as the connection is there; false with the failure noted.
 */
static bool begin_tcp(struct gp_dns_flight *f)
{
	f->stage = GP_DNS_FLIGHT_TCP_SEND;
	gp_dns_wire_count(&f->wire->counts->connections);
	return open_socket(f, SOCK_STREAM);
}

/* total_attempts: rounds over all servers. */
static unsigned total_attempts(const struct gp_dns_flight *f)
{
	return (unsigned)f->wire->options.server_count * f->wire->options.attempts;
}

/* attempt: from the present position on, until a packet is on its way or all is used up. */
static int attempt(struct gp_dns_flight *f)
{
	unsigned total = total_attempts(f);
	for (;;) {
		int64_t now_us = gp_clock_now_us(f->ctx->clock);
		disconnect(f);
		if (f->position >= total)
			return finish_failed(f, now_us);
		if (now_us >= f->deadline_us)
			return finish_late(f, now_us);
		int rc = build(f);
		if (rc)
			return rc;
		set_until(f, now_us);
		if (f->wire->options.over_tcp ? begin_tcp(f) : send_udp(f)) {
			f->is_asked = true;
			return GP_OK;
		}
		f->position++;
	}
}

/* move_on: the next position, with EDNS again. */
static int move_on(struct gp_dns_flight *f)
{
	f->position++;
	f->edns = true;
	return attempt(f);
}

/* change_to_tcp: the same question to the same server (RFC 7766 5), with a timeout anew. */
static int change_to_tcp(struct gp_dns_flight *f)
{
	disconnect(f);
	set_until(f, gp_clock_now_us(f->ctx->clock));
	return begin_tcp(f) ? GP_OK : move_on(f);
}

/* take_reply: the server has spoken; is this the answer, and if not, which server is asked next and
 * how? */
static int take_reply(struct gp_dns_flight *f, struct gp_dns_reply *reply)
{
	gp_dns_wire_heard(f->wire, server_place(f));
	if (reply->truncated && f->stage == GP_DNS_FLIGHT_UDP)
		return change_to_tcp(f);
	if (reply->without_edns && f->edns) {
		f->edns = false;
		return attempt(f);
	}
	if (reply->next_server) {
		bool bogus = reply->answer.state == GP_DNS_BOGUS;
		f->bogus |= bogus;
		f->not_bogus |= !bogus;
		note(f, reply->answer.problem, reply->answer.failure);
		return move_on(f);
	}
	return finish(f, &reply->answer);
}

/* take_datagram: one that came; *landed_out: it was a reply, or trouble, and was dealt with. */
static int take_datagram(struct gp_dns_flight *f, struct gp_span packet, bool *landed_out)
{
	struct gp_dns_reply reply;
	int rc = gp_dns_wire_parse(f->ctx->arena, packet, f->id, f->question, &reply);
	*landed_out = rc != GP_ESYNTAX;
	if (rc == GP_OK)
		return take_reply(f, &reply);
	if (rc != GP_ESYNTAX)
		return rc;
	f->strays++;
	return GP_OK;
}

/* cut_datagram: what was read of one; more than there is room for is a truncated reply (TC). */
static struct gp_span cut_datagram(char *bytes, size_t length)
{
	if (length <= DATAGRAM_MAX)
		return (struct gp_span) {bytes, length};
	bytes[TC_OCTET] |= TC_BIT;
	return (struct gp_span) {bytes, DATAGRAM_MAX};
}

/* read_datagrams: those that are there; what is no reply to this question is ignored. */
static int read_datagrams(struct gp_dns_flight *f, char *bytes)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		bool landed;
		ssize_t n = recv(f->fd, bytes, DATAGRAM_MAX, MSG_TRUNC); /* n: of the whole */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return GP_OK;
		if (n < 0) {
			note_remote(f, errno);
			return move_on(f);
		}
		int rc = take_datagram(f, cut_datagram(bytes, (size_t)n), &landed);
		if (rc || landed)
			return rc;
	}
	return GP_OK;
}

/* read_udp: the buffer is heap, since an idle thread keeps every page of its stack it once used. */
static int read_udp(struct gp_dns_flight *f)
{
	char *bytes = malloc(DATAGRAM_MAX);
	int rc = bytes ? read_datagrams(f, bytes) : GP_ENOMEM;
	free(bytes);
	return rc;
}

/* tcp_failed: n is what send or recv returned; GP_OK when it only was not the time yet. */
static int tcp_failed(struct gp_dns_flight *f, ssize_t n)
{
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return GP_OK;
	note_remote(f, n < 0 ? errno : EPIPE);
	return move_on(f);
}

/* send_tcp: as much of length and query as the connection takes; a failed connect shows here. */
static int send_tcp(struct gp_dns_flight *f)
{
	ssize_t n = send(f->fd, f->packet + f->sent, f->length - f->sent, MSG_NOSIGNAL);
	if (n < 0)
		return tcp_failed(f, n);
	f->sent += (size_t)n;
	if (f->sent == f->length)
		f->stage = GP_DNS_FLIGHT_TCP_READ;
	return GP_OK;
}

/* take_tcp: a whole reply came over TCP; here, nothing but the answer has a reason to come. */
static int take_tcp(struct gp_dns_flight *f, size_t length)
{
	struct gp_dns_reply reply;
	struct gp_span packet = {(const char *)f->reply, length};
	int rc = gp_dns_wire_parse(f->ctx->arena, packet, f->id, f->question, &reply);
	if (rc == GP_OK)
		return take_reply(f, &reply);
	if (rc != GP_ESYNTAX)
		return rc;
	note(f, "a reply to another query", GP_DNS_FAILURE_OTHER);
	f->not_bogus = true;
	return move_on(f);
}

/* reply_length: what the first two octets say (RFC 1035 4.2.2). */
static size_t reply_length(const struct gp_dns_flight *f)
{
	return (size_t)f->head[0] << 8 | f->head[1];
}

/* read_tcp: the length, then the reply, as they come. */
static int read_tcp(struct gp_dns_flight *f)
{
	for (;;) {
		uint8_t *part = f->reply ? f->reply : f->head;
		size_t size = f->reply ? reply_length(f) : sizeof f->head;
		ssize_t n = recv(f->fd, part + f->got, size - f->got, 0);
		if (n <= 0)
			return tcp_failed(f, n);
		f->got += (size_t)n;
		if (f->got < size)
			continue;
		if (f->reply)
			return take_tcp(f, size);
		if (reply_length(f) == 0)
			return tcp_failed(f, 0);
		f->got = 0;
		f->reply = malloc(reply_length(f));
		if (!f->reply)
			return GP_ENOMEM;
	}
}

/* gp_dns_flight_begin: the order is settled once, for all rounds. */
void gp_dns_flight_begin(struct gp_dns_flight *flight)
{
	flight->fd = -1;
	flight->stage = GP_DNS_FLIGHT_WAITING;
	flight->begun_us = gp_clock_now_us(flight->ctx->clock);
	flight->edns = true;
	flight->deadline_us = flight->ctx->deadline_us;
	const int64_t *until_us = flight->watch ? flight->watch->until_us : NULL;
	if (until_us && until_us[flight->place] < flight->deadline_us) {
		flight->deadline_us = until_us[flight->place];
		flight->hurried = true;
	}
	gp_dns_wire_order(flight->wire, flight->begun_us, flight->order);
	flight->silent = flight->order[0];
}

/* gp_dns_flight_send: the first time, or where it was put back. */
int gp_dns_flight_send(struct gp_dns_flight *flight)
{
	if (!flight->sent_once && flight->watch && flight->watch->begun)
		flight->watch->begun(flight->watch->arg, flight->place);
	flight->sent_once = true;
	return attempt(flight);
}

/* gp_dns_flight_give_up: others had all the places. */
int gp_dns_flight_give_up(struct gp_dns_flight *flight)
{
	const struct gp_dns_answer answer = {.state = GP_DNS_TROUBLE,
		.ours = true,
		.problem = "more DNS queries are in progress than this process may have open files "
			   "for"};
	return finish(flight, &answer);
}

/* gp_dns_flight_drop: nobody looks at the answer. */
void gp_dns_flight_drop(struct gp_dns_flight *flight)
{
	flight->stage = GP_DNS_FLIGHT_DONE;
	*flight->answer = (struct gp_dns_answer) {.state = GP_DNS_TEMPFAIL,
		.ours = true,
		.failure = GP_DNS_FAILURE_OTHER,
		.problem = "the answer has become known"};
}

/* gp_dns_flight_ready: by stage. */
int gp_dns_flight_ready(struct gp_dns_flight *flight)
{
	switch (flight->stage) {
	case GP_DNS_FLIGHT_UDP:
		return read_udp(flight);
	case GP_DNS_FLIGHT_TCP_SEND:
		return send_tcp(flight);
	case GP_DNS_FLIGHT_TCP_READ:
		return read_tcp(flight);
	case GP_DNS_FLIGHT_WAITING:
	case GP_DNS_FLIGHT_DONE:
		break;
	}
	return GP_OK;
}

/* gp_dns_flight_expire: only a whole attempt in silence speaks against the server; what says that
 * nobody is waited for any longer does not. */
int gp_dns_flight_expire(struct gp_dns_flight *flight, bool put_back)
{
	int64_t now_us = gp_clock_now_us(flight->ctx->clock);
	flight->silent = (uint8_t)server_place(flight);
	flight->spoken |= server_bit(flight);
	if (now_us >= flight->deadline_us)
		return finish_late(flight, now_us);
	if (!flight->hurried)
		gp_dns_wire_silent(flight->wire, server_place(flight), now_us);
	gp_dns_wire_count(&flight->wire->counts->timeouts);
	flight->not_bogus = true;
	if (!put_back || flight->position + 1 >= total_attempts(flight))
		return move_on(flight);
	disconnect(flight);
	flight->position++;
	flight->edns = true;
	flight->stage = GP_DNS_FLIGHT_WAITING;
	return GP_OK;
}

/* gp_dns_flight_end: also right for one that never began, when fd is -1. */
void gp_dns_flight_end(struct gp_dns_flight *flight)
{
	disconnect(flight);
}
