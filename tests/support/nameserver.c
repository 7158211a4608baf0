/* SPDX-License-Identifier: ISC */
/*
 * One thread, one poll loop: datagrams are served at once or put into a list of delayed ones, so
 * that delays of several questions overlap; a TCP connection is served from accept to close.
 */
#include "support/nameserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/packet.h"

#define LATE_MAX 256
#define CHAIN_MAX 40

/* A datagram to be sent when its time has come. */
struct late {
	int64_t due_ms;
	size_t after; /* and not before so many questions have come in */
	struct sockaddr_in to;
	bool from_other;
	size_t length;
	uint8_t *bytes; /* owned; NULL: a free place */
};

struct test_nameserver {
	const struct test_nameserver_rule *rules;
	size_t rule_count;
	int udp, other, tcp; /* other: a second UDP socket; tcp: -1 without */
	int wake[2];         /* a pipe whose end is the sign to stop */
	struct gp_dns_server address;
	pthread_t thread;
	struct late late[LATE_MAX]; /* of the thread alone */
	pthread_mutex_t lock;       /* guards log and log_count */
	struct test_nameserver_query *log;
	size_t log_count;
};

/* must: the test program ends when its own means fail. */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(99);
}

/* now_ms: monotonic. */
static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- packets ---- */

/* put_record: one record of a rule. */
static void put_record(struct test_packet *p, const char *owner, unsigned type,
	const struct test_nameserver_rule *rule, const char *text)
{
	char *end = NULL;
	size_t since = test_packet_head(p, owner, type, rule->ttl_s ? rule->ttl_s : 300);
	switch (type) {
	case GP_DNS_A:
	case GP_DNS_AAAA:
		test_packet_address(p, text);
		break;
	case GP_DNS_MX:
		test_packet_put16(p, (unsigned)strtoul(text, &end, 10));
		test_packet_name(p, end + strspn(end, " "));
		break;
	case GP_DNS_TXT:
		test_packet_text(p, text, rule->txt_piece ? rule->txt_piece : 255);
		break;
	default:
		test_packet_name(p, text);
	}
	test_packet_close(p, since, TEST_PACKET_ANSWERS);
}

/* begin: header and question of a reply with this code. */
static void begin(struct test_packet *p, const struct test_nameserver_query *q, unsigned rcode)
{
	test_packet_begin(p, q->id, q->name, q->type);
	p->bytes[3] |= (uint8_t)rcode;
}

/* ---- behaviour ---- */

/* find_rule: the first that fits. */
static const struct test_nameserver_rule *find_rule(
	const struct test_nameserver *ns, const char *name, unsigned type)
{
	for (size_t i = 0; i < ns->rule_count; i++) {
		const struct test_nameserver_rule *r = &ns->rules[i];
		if ((strcasecmp(r->name, name) == 0 || strcmp(r->name, "*") == 0) &&
			(r->type == 0 || (unsigned)r->type == type))
			return r;
	}
	return NULL;
}

/* has_name: is there a rule for this name, whatever the type? */
static bool has_name(const struct test_nameserver *ns, const char *name)
{
	for (size_t i = 0; i < ns->rule_count; i++)
		if (strcasecmp(ns->rules[i].name, name) == 0)
			return true;
	return false;
}

/*
 * put_answer: the records of a rule and of those its aliases lead to; negative when there is none.
 */
static void put_answer(struct test_packet *p, const struct test_nameserver *ns,
	const struct test_nameserver_query *q, const struct test_nameserver_rule *rule)
{
	const char *owner = q->name;
	begin(p, q, 0);
	for (int hop = 0; rule && hop < CHAIN_MAX; hop++) {
		const char *first = rule->records[0];
		if (rule->ad)
			p->bytes[3] |= 0x20;
		if (rule->act == TEST_NAMESERVER_NXDOMAIN || !first)
			break;
		if (strncmp(first, "CNAME ", 6) != 0) {
			for (size_t i = 0; i < TEST_NAMESERVER_RECORDS && rule->records[i]; i++)
				put_record(p, owner, q->type, rule, rule->records[i]);
			return;
		}
		put_record(p, owner, TEST_PACKET_CNAME, rule, first + 6);
		owner = first + 6;
		rule = find_rule(ns, owner, q->type);
	}
	if (rule ? rule->act == TEST_NAMESERVER_NXDOMAIN : !has_name(ns, owner))
		p->bytes[3] |= 3;
	if (rule && !rule->no_soa)
		test_packet_soa(p, rule->ttl_s ? rule->ttl_s : 300, 1800);
}

/* put_loop: two aliases in a circle. */
static void put_loop(struct test_packet *p, const struct test_nameserver_query *q)
{
	static const struct test_nameserver_rule plain = {.ttl_s = 60};
	begin(p, q, 0);
	put_record(p, q->name, TEST_PACKET_CNAME, &plain, "round.example");
	put_record(p, "round.example", TEST_PACKET_CNAME, &plain, q->name);
}

/* put_referral: other servers, and nothing else. */
static void put_referral(struct test_packet *p, const struct test_nameserver_query *q)
{
	begin(p, q, 0);
	test_packet_pointer(p, TEST_PACKET_AUTHORITY, "example", TEST_PACKET_NS, 300, "ns.example");
}

/* put_unknown_edns: of a server that does not know EDNS, or its version; false: this one does. */
static bool put_unknown_edns(
	struct test_packet *p, const struct test_nameserver_query *q, enum test_nameserver_act act)
{
	if (act == TEST_NAMESERVER_BADVERS_EDNS) {
		begin(p, q, 0);
		test_packet_opt(p, 0);
		p->bytes[p->length - 6] = 1; /* the upper bits of 16 (RFC 6891 6.1.3) */
		return true;
	}
	if (act != TEST_NAMESERVER_FORMERR_EDNS && act != TEST_NAMESERVER_NOTIMP_EDNS)
		return false;
	begin(p, q, act == TEST_NAMESERVER_FORMERR_EDNS ? 1 : 4);
	p->length = 12; /* it may not even repeat the question */
	p->bytes[5] = 0;
	return true;
}

/* put_reply: what this rule makes of the question. */
static void put_reply(struct test_packet *p, const struct test_nameserver *ns,
	const struct test_nameserver_query *q, const struct test_nameserver_rule *rule)
{
	enum test_nameserver_act act = rule ? rule->act : TEST_NAMESERVER_NXDOMAIN;
	unsigned rcode = act == TEST_NAMESERVER_SERVFAIL || act == TEST_NAMESERVER_BOGUS ? 2
			 : act == TEST_NAMESERVER_REFUSED                                ? 5
			 : act == TEST_NAMESERVER_NOTIMP                                 ? 4
											 : 0;
	bool cut = act == TEST_NAMESERVER_TRUNCATED || act == TEST_NAMESERVER_TCP_CUT;
	if (q->edns && put_unknown_edns(p, q, act))
		return;
	if (rcode) {
		begin(p, q, rcode);
	} else if (cut && !q->tcp) {
		begin(p, q, 0);
		p->bytes[2] |= 2;
	} else if (act == TEST_NAMESERVER_LOOP) {
		put_loop(p, q);
	} else if (act == TEST_NAMESERVER_REFERRAL) {
		put_referral(p, q);
	} else {
		put_answer(p, ns, q, rule);
	}
	if (q->edns)
		test_packet_opt(p, act == TEST_NAMESERVER_BOGUS ? 6 : 0);
	if (act == TEST_NAMESERVER_MALFORMED) {
		p->bytes[TEST_PACKET_ANSWERS + 1]++; /* a record that is not there */
	}
}

/* put_forged: an answer that must not be believed. */
static void put_forged(struct test_packet *p, const struct test_nameserver_query *q)
{
	static const struct test_nameserver_rule forged = {.name = "", .ttl_s = 86400};
	begin(p, q, 0);
	put_record(p, q->name, GP_DNS_A, &forged, "192.0.2.66");
}

/* ---- sending ---- */

/* send_later: puts a datagram into a free place, which it returns. */
static size_t send_later(struct test_nameserver *ns, const struct test_packet *p,
	const struct sockaddr_in *to, unsigned delay_ms, bool from_other)
{
	size_t i = 0;
	while (i < LATE_MAX && ns->late[i].bytes)
		i++;
	must(i < LATE_MAX, "test name server: too many delayed answers");
	ns->late[i] = (struct late) {.due_ms = now_ms() + delay_ms,
		.to = *to,
		.from_other = from_other,
		.length = p->length,
		.bytes = malloc(p->length + 1)};
	must(ns->late[i].bytes != NULL, "malloc");
	memcpy(ns->late[i].bytes, p->bytes, p->length);
	return i;
}

/* send_due: all whose time has come; returns the milliseconds to the next, -1: none. */
static int send_due(struct test_nameserver *ns)
{
	int64_t next = -1, now = now_ms();
	for (size_t i = 0; i < LATE_MAX; i++) {
		struct late *l = &ns->late[i];
		if (!l->bytes)
			continue;
		if (l->after > ns->log_count) /* the next question wakes us */
			continue;
		if (l->due_ms > now) {
			if (next < 0 || l->due_ms - now < next)
				next = l->due_ms - now;
			continue;
		}
		/* the asker may be gone by now, which is its business */
		(void)sendto(l->from_other ? ns->other : ns->udp, l->bytes, l->length, 0,
			(struct sockaddr *)&l->to, sizeof l->to);
		free(l->bytes);
		l->bytes = NULL;
	}
	return (int)next;
}

/* answer_udp: the datagrams that the rule wants. */
static void answer_udp(struct test_nameserver *ns, const struct test_nameserver_query *q,
	const struct sockaddr_in *to, struct test_packet *p)
{
	static const uint8_t garbage[] = "\x17\x42 these octets are no packet at all";
	const struct test_nameserver_rule *rule = find_rule(ns, q->name, q->type);
	enum test_nameserver_act act = rule ? rule->act : TEST_NAMESERVER_NXDOMAIN;
	unsigned delay_ms = rule ? rule->delay_ms : 0;
	struct test_nameserver_query other = *q;
	if (act == TEST_NAMESERVER_SILENT)
		return;
	if (act == TEST_NAMESERVER_GARBAGE) {
		memcpy(p->bytes, garbage, sizeof garbage);
		p->length = sizeof garbage;
		(void)send_later(ns, p, to, delay_ms, false);
		return;
	}
	if (act == TEST_NAMESERVER_WRONG_ID)
		other.id ^= 1;
	if (act == TEST_NAMESERVER_WRONG_QUESTION)
		snprintf(other.name, sizeof other.name, "other.example");
	if (act == TEST_NAMESERVER_WRONG_ID || act == TEST_NAMESERVER_WRONG_QUESTION ||
		act == TEST_NAMESERVER_WRONG_SOURCE) {
		put_forged(p, &other);
		(void)send_later(ns, p, to, delay_ms, act == TEST_NAMESERVER_WRONG_SOURCE);
		delay_ms += 60;
	}
	put_reply(p, ns, q, rule);
	size_t place = send_later(ns, p, to, delay_ms, false);
	ns->late[place].after = rule ? rule->after : 0;
}

/* ---- reading ---- */

/* read_query: header and question; false when it is no query. */
static bool read_query(const uint8_t *p, size_t length, struct test_nameserver_query *q)
{
	size_t at = 12, out = 0;
	if (length < 17 || p[2] & 0x80)
		return false;
	q->id = (uint16_t)(p[0] << 8 | p[1]);
	q->rd = p[2] & 1;
	q->ad = p[3] & 0x20;
	q->edns = p[11] > 0; /* nothing else is ever put there by an asker of ours */
	while (at < length && p[at] != 0) {
		size_t n = p[at++];
		if (n > 63 || at + n >= length || out + n + 2 > sizeof q->name)
			return false;
		memcpy(q->name + out, p + at, n);
		out += n;
		at += n;
		q->name[out++] = '.';
	}
	q->name[out > 0 ? out - 1 : 0] = 0;
	if (at + 5 > length)
		return false;
	q->type = (unsigned)(p[at + 1] << 8 | p[at + 2]);
	return true;
}

/* keep_query: into the log. */
static void keep_query(struct test_nameserver *ns, const struct test_nameserver_query *q)
{
	pthread_mutex_lock(&ns->lock);
	ns->log = realloc(ns->log, (ns->log_count + 1) * sizeof *ns->log);
	must(ns->log != NULL, "realloc");
	ns->log[ns->log_count++] = *q;
	pthread_mutex_unlock(&ns->lock);
}

/* serve_udp: one datagram. */
static void serve_udp(struct test_nameserver *ns, struct test_packet *p)
{
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	struct test_nameserver_query q = {.tcp = false};
	ssize_t n = recvfrom(
		ns->udp, p->bytes, TEST_PACKET_MAX, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
	if (n < 0 || !read_query(p->bytes, (size_t)n, &q))
		return;
	q.port = ntohs(from.sin_port);
	keep_query(ns, &q);
	answer_udp(ns, &q, &from, p);
}

/* read_all: exactly so many octets. */
static bool read_all(int fd, uint8_t *to, size_t length)
{
	while (length > 0) {
		ssize_t n = recv(fd, to, length, 0);
		if (n <= 0)
			return false;
		to += n;
		length -= (size_t)n;
	}
	return true;
}

/* send_all: all octets, in two parts, so that the reader has to put them together. */
static void send_all(int fd, const uint8_t *bytes, size_t length)
{
	for (size_t half = length / 2, at = 0; at < length; half = length - at) {
		ssize_t n = send(fd, bytes + at, half, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		at += (size_t)n;
		usleep(5000);
	}
}

/* serve_tcp: one connection with one question. */
static void serve_tcp(struct test_nameserver *ns, struct test_packet *p)
{
	static const struct timeval patience = {.tv_sec = 2};
	struct test_nameserver_query q = {.tcp = true};
	uint8_t head[2];
	int fd = accept4(ns->tcp, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (!read_all(fd, head, 2) || !read_all(fd, p->bytes, (size_t)head[0] << 8 | head[1]) ||
		!read_query(p->bytes, (size_t)head[0] << 8 | head[1], &q)) {
		close(fd);
		return;
	}
	keep_query(ns, &q);
	const struct test_nameserver_rule *rule = find_rule(ns, q.name, q.type);
	if (!rule || rule->act != TEST_NAMESERVER_SILENT) {
		put_reply(p, ns, &q, rule);
		head[0] = (uint8_t)(p->length >> 8);
		head[1] = (uint8_t)p->length;
		if (rule && rule->act == TEST_NAMESERVER_TCP_CUT)
			p->length /= 2;
		if (rule)
			usleep(rule->delay_ms * 1000);
		send_all(fd, head, 2);
		send_all(fd, p->bytes, p->length);
	}
	close(fd);
}

/* serve: the thread. */
static void *serve(void *arg)
{
	struct test_nameserver *ns = arg;
	struct test_packet *p = malloc(sizeof *p);
	must(p != NULL, "malloc");
	for (;;) {
		struct pollfd fds[] = {
			{ns->wake[0], POLLIN, 0}, {ns->udp, POLLIN, 0}, {ns->tcp, POLLIN, 0}};
		int wait_ms = send_due(ns);
		must(poll(fds, 3, wait_ms) >= 0 || errno == EINTR, "poll");
		if (fds[0].revents)
			break;
		if (fds[1].revents)
			serve_udp(ns, p);
		if (fds[2].revents)
			serve_tcp(ns, p);
	}
	free(p);
	return NULL;
}

/* ---- calls ---- */

/* open_at: a socket on 127.0.0.1 at a port, 0: any; -1 when it is taken. */
static int open_at(int type, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	must(fd >= 0, "socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	close(fd);
	return -1;
}

/* port_of: where a socket was bound. */
static uint16_t port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof addr;
	must(getsockname(fd, (struct sockaddr *)&addr, &size) == 0, "getsockname");
	return ntohs(addr.sin_port);
}

/* open_pair: UDP and TCP at one port; tries others while the second is taken. */
static void open_pair(struct test_nameserver *ns, bool with_tcp)
{
	for (int i = 0; i < 100; i++) {
		ns->tcp = -1;
		ns->udp = open_at(SOCK_DGRAM, 0);
		must(ns->udp >= 0, "bind");
		if (!with_tcp)
			return;
		ns->tcp = open_at(SOCK_STREAM, port_of(ns->udp));
		if (ns->tcp >= 0) {
			must(listen(ns->tcp, 16) == 0, "listen");
			return;
		}
		close(ns->udp);
	}
	must(false, "test name server: no port");
}

/* test_nameserver_start: sockets, then the thread. */
struct test_nameserver *test_nameserver_start(
	const struct test_nameserver_rule *rules, size_t count, unsigned flags)
{
	struct test_nameserver *ns = calloc(1, sizeof *ns);
	must(ns != NULL, "calloc");
	ns->rules = rules;
	ns->rule_count = count;
	open_pair(ns, !(flags & TEST_NAMESERVER_NO_TCP));
	ns->other = open_at(SOCK_DGRAM, 0);
	must(ns->other >= 0 && pipe2(ns->wake, O_CLOEXEC) == 0, "pipe2");
	ns->address = (struct gp_dns_server) {
		.addr = {GP_IP_V4, {127, 0, 0, 1}}, .port = port_of(ns->udp)};
	must(pthread_mutex_init(&ns->lock, NULL) == 0, "pthread_mutex_init");
	must(pthread_create(&ns->thread, NULL, serve, ns) == 0, "pthread_create");
	return ns;
}

/* test_nameserver_stop: the end of the pipe wakes the thread. */
void test_nameserver_stop(struct test_nameserver *ns)
{
	if (!ns)
		return;
	close(ns->wake[1]);
	pthread_join(ns->thread, NULL);
	for (size_t i = 0; i < LATE_MAX; i++)
		free(ns->late[i].bytes);
	close(ns->wake[0]);
	close(ns->udp);
	close(ns->other);
	if (ns->tcp >= 0)
		close(ns->tcp);
	pthread_mutex_destroy(&ns->lock);
	free(ns->log);
	free(ns);
}

/* test_nameserver_address: constant after the start. */
struct gp_dns_server test_nameserver_address(const struct test_nameserver *ns)
{
	return ns->address;
}

/* test_nameserver_asked: counts in the log. */
size_t test_nameserver_asked(struct test_nameserver *ns, const char *name, enum gp_dns_type type)
{
	size_t n = 0;
	pthread_mutex_lock(&ns->lock);
	for (size_t i = 0; i < ns->log_count; i++)
		n += (!name || strcasecmp(ns->log[i].name, name) == 0) &&
		     (type == 0 || ns->log[i].type == (unsigned)type);
	pthread_mutex_unlock(&ns->lock);
	return n;
}

/* test_nameserver_query: a copy out of the log. */
bool test_nameserver_query(
	struct test_nameserver *ns, size_t i, struct test_nameserver_query *query_out)
{
	pthread_mutex_lock(&ns->lock);
	bool have = i < ns->log_count;
	if (have)
		*query_out = ns->log[i];
	pthread_mutex_unlock(&ns->lock);
	return have;
}
