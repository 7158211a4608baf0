/* SPDX-License-Identifier: ISC */
/*
 * One command on the node of its key. A server alone is a cluster of one node here, whose map
 * nobody asks. The map of a cluster is learnt whole from CLUSTER SLOTS, and slot by slot from MOVED
 * until the next whole one; names of nodes are resolved by the thread that tends, only.
 */
#include "store/redis/redis_private.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 5 /* redirections that are followed for one command */

/* ---- slots ---- */

/* crc16: XMODEM, as the cluster's specification has it. */
static unsigned crc16(struct gp_span bytes)
{
	unsigned crc = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= (unsigned)(unsigned char)bytes.ptr[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
	}
	return crc;
}

/* gp_store_redis_slot: what stands in the first braces, if anything does, else all of the key. */
unsigned gp_store_redis_slot(struct gp_span key)
{
	struct gp_span before, rest, tag, after;
	if (gp_span_cut(key, '{', &before, &rest) && gp_span_cut(rest, '}', &tag, &after) &&
		tag.len > 0)
		key = tag;
	return crc16(key) % GP_STORE_REDIS_SLOTS;
}

/* ---- nodes ---- */

/* same_host: as they were named. */
static bool same_host(const struct gp_store_redis_node *node, const char *host, uint16_t port)
{
	return node->used && node->address.port == port && strcmp(node->address.host, host) == 0;
}

/* find_node: one in use; the lock is held. */
static unsigned find_node(const struct gp_store_redis *redis, const char *host, uint16_t port)
{
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++)
		if (same_host(&redis->nodes[i], host, port))
			return i;
	return GP_STORE_REDIS_NO_NODE;
}

/* add_node: in a place that is free; the lock is held. */
static unsigned add_node(struct gp_store_redis *redis, const struct gp_store_redis_address *address)
{
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++) {
		struct gp_store_redis_node *node = &redis->nodes[i];
		if (node->used)
			continue;
		node->address = *address;
		node->generation++;
		node->used = true;
		node->down = false;
		return i;
	}
	return GP_STORE_REDIS_NO_NODE;
}

/* node_of: the slot's. */
static unsigned node_of(struct gp_store_redis *redis, unsigned slot)
{
	pthread_mutex_lock(&redis->lock);
	unsigned node = redis->cluster ? redis->slot_node[slot] : 0;
	if (node == GP_STORE_REDIS_NO_NODE)
		redis->stale = true;
	pthread_mutex_unlock(&redis->lock);
	return node;
}

/* target_of: the node a redirection names, made when it is new. */
static unsigned target_of(struct gp_store_redis *redis, const struct gp_store_redis_redirection *to,
	unsigned from, bool moved)
{
	struct gp_store_redis_address address;
	pthread_mutex_lock(&redis->lock);
	const char *host = to->host[0] ? to->host : redis->nodes[from].address.host;
	unsigned node = find_node(redis, host, to->port);
	if (node == GP_STORE_REDIS_NO_NODE && gp_store_redis_numeric(host, to->port, &address))
		node = add_node(redis, &address);
	if (!redis->cluster) /* a server that has become part of one */
		memset(redis->slot_node, 0, sizeof redis->slot_node);
	redis->cluster = true;
	redis->stale = redis->stale || moved || node == GP_STORE_REDIS_NO_NODE;
	if (moved && node != GP_STORE_REDIS_NO_NODE)
		redis->slot_node[to->slot] = (uint8_t)node;
	pthread_mutex_unlock(&redis->lock);
	atomic_store(&redis->apart, true);
	return node;
}

/* ---- the map ---- */

/* Slots that one node has. */
struct range {
	unsigned first, last;
	struct gp_store_redis_address address;
};

/* with_port: the same machine, another port. */
static void with_port(struct gp_store_redis_address *address, uint16_t port)
{
	address->port = port;
	if (address->socket.ss_family == AF_INET)
		((struct sockaddr_in *)&address->socket)->sin_port = htons(port);
	else if (address->socket.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&address->socket)->sin6_port = htons(port);
}

/* resolve: the first address of a name that is no address. */
static bool resolve(const char *host, uint16_t port, struct gp_store_redis_address *address_out)
{
	struct addrinfo *list = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return false;
	bool fits = list && list->ai_addrlen <= sizeof address_out->socket;
	if (fits) {
		memset(address_out, 0, sizeof *address_out);
		memcpy(&address_out->socket, list->ai_addr, list->ai_addrlen);
		address_out->length = list->ai_addrlen;
		snprintf(address_out->host, sizeof address_out->host, "%s", host);
		with_port(address_out, port);
	}
	freeaddrinfo(list);
	return fits;
}

/* What the ranges of one map are read with. */
struct reading {
	const struct gp_store_redis_address *asked; /* the node that gave the map */
	unsigned names;                             /* that were looked up so far */
};

/*
 * read_node: [host, port, ...]; no host: the one that was asked. previous saves asking twice. There
 * are no more names than nodes: a map that has more would keep us at DNS for ever.
 */
static bool read_node(const struct redisReply *item, struct reading *reading,
	const struct gp_store_redis_address *previous, struct gp_store_redis_address *address_out)
{
	struct gp_span host = {NULL, 0};
	char name[GP_STORE_REDIS_HOST];
	int64_t port;
	if (!gp_store_redis_reply_number(gp_store_redis_reply_item(item, 1), &port) || port < 1 ||
		port > UINT16_MAX)
		return false;
	(void)gp_store_redis_reply_text(gp_store_redis_reply_item(item, 0), &host); /* may be nil */
	if (host.len >= sizeof name || !gp_span_is_printable_ascii(host) || gp_span_is(host, "?"))
		return false;
	if (host.len == 0) {
		*address_out = *reading->asked;
		with_port(address_out, (uint16_t)port);
		return reading->asked->port != 0;
	}
	memcpy(name, host.ptr, host.len);
	name[host.len] = '\0';
	if (previous && previous->port == port && strcmp(previous->host, name) == 0) {
		*address_out = *previous;
		return true;
	}
	if (gp_store_redis_numeric(name, (uint16_t)port, address_out))
		return true;
	return reading->names++ < GP_STORE_REDIS_NODES &&
	       resolve(name, (uint16_t)port, address_out);
}

/* read_range: [first, last, master, replicas...]. */
static bool read_range(const struct redisReply *item, struct reading *reading,
	const struct range *previous, struct range *out)
{
	int64_t first, last;
	if (!gp_store_redis_reply_number(gp_store_redis_reply_item(item, 0), &first) ||
		!gp_store_redis_reply_number(gp_store_redis_reply_item(item, 1), &last) ||
		first < 0 || last < first || last >= GP_STORE_REDIS_SLOTS)
		return false;
	out->first = (unsigned)first;
	out->last = (unsigned)last;
	return read_node(gp_store_redis_reply_item(item, 2), reading,
		previous ? &previous->address : NULL, &out->address);
}

/* retire: nodes that have no slots any more; the lock is held. Returns what to close. */
static struct gp_store_redis_conn *retire(struct gp_store_redis *redis, const bool *kept)
{
	struct gp_store_redis_conn *list = NULL;
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++) {
		struct gp_store_redis_node *node = &redis->nodes[i];
		if (!node->used || kept[i])
			continue;
		list = gp_store_redis_vacate(redis, i, list);
		node->used = node->down = false;
	}
	return list;
}

/* apply: the new map, with the nodes that it has in common with the old one. */
static void apply(struct gp_store_redis *redis, const struct range *ranges, size_t count)
{
	bool kept[GP_STORE_REDIS_NODES] = {false};
	pthread_mutex_lock(&redis->lock);
	memset(redis->slot_node, GP_STORE_REDIS_NO_NODE, sizeof redis->slot_node);
	for (size_t i = 0; i < count; i++) {
		const struct gp_store_redis_address *a = &ranges[i].address;
		unsigned node = find_node(redis, a->host, a->port);
		if (node != GP_STORE_REDIS_NO_NODE)
			kept[node] = true;
	}
	struct gp_store_redis_conn *list = retire(redis, kept);
	for (size_t i = 0; i < count; i++) {
		const struct gp_store_redis_address *a = &ranges[i].address;
		unsigned node = find_node(redis, a->host, a->port);
		if (node == GP_STORE_REDIS_NO_NODE)
			node = add_node(redis, a);
		memset(&redis->slot_node[ranges[i].first], (int)node,
			ranges[i].last - ranges[i].first + 1);
	}
	redis->cluster = true;
	redis->stale = false;
	pthread_cond_broadcast(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
	atomic_store(&redis->apart, true);
	gp_store_redis_close_all(list);
}

/* gp_store_redis_learn_slots: ranges that make no sense are left out; MOVED will tell. */
bool gp_store_redis_learn_slots(struct gp_store_redis *redis, const struct redisReply *reply,
	const struct gp_store_redis_address *asked)
{
	struct reading reading = {.asked = asked};
	size_t items = gp_store_redis_reply_items(reply), count = 0;
	if (items == 0 || items > GP_STORE_REDIS_SLOTS)
		return false;
	struct range *ranges = calloc(items, sizeof *ranges);
	if (!ranges)
		return false;
	for (size_t i = 0; i < items; i++)
		count += read_range(gp_store_redis_reply_item(reply, i), &reading,
			count ? &ranges[count - 1] : NULL, &ranges[count]);
	if (count)
		apply(redis, ranges, count);
	free(ranges);
	return count > 0;
}

/* ---- commands ---- */

/* gp_store_redis_request_init: with its name. */
void gp_store_redis_request_init(
	struct gp_store_redis_request *request, struct gp_span key, const char *name)
{
	request->command.count = 0;
	request->key = key;
	request->script = -1;
	gp_store_redis_command_text(&request->command, name);
}

/* gp_store_redis_request_script: EVALSHA, name, number of keys. */
void gp_store_redis_request_script(struct gp_store_redis_request *request,
	const struct gp_store_redis *redis, enum gp_store_redis_script script,
	const char *key_count)
{
	/* the name is looked at when it is sent, with a connection in hand: it is known by then */
	const struct gp_span name = {redis->scripts[script], GP_STORE_REDIS_SHA};
	request->command.count = 0;
	request->script = (int)script;
	gp_store_redis_command_text(&request->command, "EVALSHA");
	gp_store_redis_command_add(&request->command, name);
	gp_store_redis_command_text(&request->command, key_count);
}

/* send_asking: the node is to serve a key that is on its way to it. */
static int send_asking(struct gp_store_redis_conn *conn, int64_t until_us)
{
	struct gp_store_redis_command command = {.count = 0};
	struct redisReply *reply;
	gp_store_redis_command_text(&command, "ASKING");
	int rc = gp_store_redis_conn_call(conn, &command, until_us, &reply);
	gp_store_redis_reply_free(reply);
	return rc;
}

/* attempt: the command, once. */
static int attempt(struct gp_store_redis_conn *conn, bool asking,
	const struct gp_store_redis_request *request, int64_t until_us,
	struct redisReply **reply_out)
{
	*reply_out = NULL;
	int rc = asking ? send_asking(conn, until_us) : GP_OK;
	return rc ? rc : gp_store_redis_conn_call(conn, &request->command, until_us, reply_out);
}

/* exchange: and once more when the server did not know the script. */
static int exchange(const struct gp_store_redis_call *call, struct gp_store_redis_conn *conn,
	bool asking, const struct gp_store_redis_request *request, struct redisReply **reply_out)
{
	const char *advice;
	int rc = attempt(conn, asking, request, call->until_us, reply_out);
	if (rc || request->script < 0 ||
		gp_store_redis_reply_error(*reply_out, &advice) != GP_STORE_REDIS_NOSCRIPT)
		return rc;
	gp_store_redis_reply_free(*reply_out);
	*reply_out = NULL;
	rc = gp_store_redis_load(
		call->redis, conn, (enum gp_store_redis_script)request->script, call->until_us);
	return rc ? rc : attempt(conn, asking, request, call->until_us, reply_out);
}

/* lost: the connection failed; whether the server is down, and what to tell. */
static int lost(const struct gp_store_redis_call *call, unsigned node,
	const struct gp_store_redis_conn *conn, int rc)
{
	char name[GP_STORE_REDIS_HOST + 16];
	struct gp_store_redis *redis = call->redis;
	pthread_mutex_lock(&redis->lock);
	gp_store_redis_name(&redis->nodes[node].address, name, sizeof name);
	pthread_mutex_unlock(&redis->lock);
	gp_store_redis_note(call, "%.100s: %.150s", name, conn->problem);
	if (rc != GP_ETIMEOUT || call->patient)
		gp_store_redis_down(call, node);
	return rc == GP_ETIMEOUT || rc == GP_ENOMEM ? rc : GP_EIO;
}

/*
 * gp_store_redis_run_on: a connection that waited in the pool may have died there; then all that
 * wait with it have, and a fresh one is tried at once. Should the server have gone after it had
 * counted and before it answered, the second try counts again: too much rather than too little.
 */
int gp_store_redis_run_on(const struct gp_store_redis_call *call, unsigned node, bool asking,
	const struct gp_store_redis_request *request, struct redisReply **reply_out)
{
	for (;;) {
		struct gp_store_redis_conn *conn;
		/* what nobody would wait for is not begun */
		if (gp_clock_now_us(gp_clock_system()) >= call->until_us)
			return GP_ETIMEOUT;
		int rc = gp_store_redis_acquire(call, node, &conn);
		if (rc)
			return rc;
		rc = exchange(call, conn, asking, request, reply_out);
		if (rc == GP_OK) {
			atomic_store_explicit(&call->redis->heard_us,
				gp_clock_now_us(gp_clock_system()), memory_order_relaxed);
			gp_store_redis_release(call->redis, conn);
			return GP_OK;
		}
		gp_store_redis_reply_free(*reply_out);
		*reply_out = NULL;
		bool again = conn->reused && rc == GP_ECLOSED;
		if (again)
			gp_store_redis_drop_idle(call->redis, node);
		else
			rc = lost(call, node, conn, rc);
		gp_store_redis_discard(call->redis, conn);
		if (!again)
			return rc;
	}
}

/* gp_store_redis_judge: the server's words, and what to do. */
int gp_store_redis_judge(
	const struct gp_store_redis_call *call, unsigned node, const struct redisReply *reply)
{
	const char *advice;
	char name[GP_STORE_REDIS_HOST + 16], text[96];
	struct gp_store_redis *redis = call->redis;
	enum gp_store_redis_error kind = gp_store_redis_reply_error(reply, &advice);
	if (kind == GP_STORE_REDIS_FINE)
		return GP_OK;
	pthread_mutex_lock(&redis->lock);
	gp_store_redis_name(&redis->nodes[node].address, name, sizeof name);
	pthread_mutex_unlock(&redis->lock);
	gp_store_redis_reply_problem(reply, text, sizeof text);
	gp_store_redis_note(call, "%.100s: %.130s", name, *advice ? advice : text);
	if (kind == GP_STORE_REDIS_UNFIT)
		gp_store_redis_down(call, node);
	return GP_EIO;
}

/* is_callers: errors that the caller knows what to do about. */
static bool is_callers(enum gp_store_redis_error kind)
{
	return kind == GP_STORE_REDIS_FINE || kind == GP_STORE_REDIS_TRYAGAIN ||
	       kind == GP_STORE_REDIS_CROSSSLOT || kind == GP_STORE_REDIS_WRONGTYPE;
}

/* gp_store_redis_run: from node to node, a few times. */
int gp_store_redis_run(const struct gp_store_redis_call *call,
	const struct gp_store_redis_request *request, enum gp_store_redis_error *error_out,
	struct redisReply **reply_out)
{
	struct gp_store_redis *redis = call->redis;
	unsigned node = node_of(redis, gp_store_redis_slot(request->key));
	bool asking = false;
	*reply_out = NULL;
	for (int hops = 0; hops <= HOPS_MAX && node != GP_STORE_REDIS_NO_NODE; hops++) {
		const char *advice;
		struct gp_store_redis_redirection to;
		int rc = gp_store_redis_run_on(call, node, asking, request, reply_out);
		if (rc)
			return rc;
		*error_out = gp_store_redis_reply_error(*reply_out, &advice);
		if (is_callers(*error_out))
			return GP_OK;
		asking = *error_out == GP_STORE_REDIS_ASK;
		bool go = (asking || *error_out == GP_STORE_REDIS_MOVED) &&
			  gp_store_redis_redirection_parse(*reply_out, &to);
		if (!go)
			rc = gp_store_redis_judge(call, node, *reply_out);
		gp_store_redis_reply_free(*reply_out);
		*reply_out = NULL;
		if (!go)
			return rc;
		node = target_of(redis, &to, node, !asking);
	}
	gp_store_redis_note(call, node == GP_STORE_REDIS_NO_NODE
					  ? "the cluster has no node for a key: see CLUSTER SLOTS"
					  : "the cluster redirects in circles: see CLUSTER SLOTS");
	return GP_EIO;
}

/* ---- care ---- */

/* node_is: what is known of it. */
static bool node_is(struct gp_store_redis *redis, unsigned i, bool down)
{
	pthread_mutex_lock(&redis->lock);
	bool is = redis->nodes[i].used && redis->nodes[i].down == down;
	pthread_mutex_unlock(&redis->lock);
	return is;
}

/* ask_map: a node for CLUSTER SLOTS. */
static bool ask_map(const struct gp_store_redis_call *call, unsigned node)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_request request;
	struct redisReply *reply = NULL;
	gp_store_redis_request_init(&request, (struct gp_span) {NULL, 0}, "CLUSTER");
	gp_store_redis_command_text(&request.command, "SLOTS");
	if (gp_store_redis_run_on(call, node, false, &request, &reply) != GP_OK)
		return false;
	pthread_mutex_lock(&redis->lock);
	struct gp_store_redis_address asked = redis->nodes[node].address;
	pthread_mutex_unlock(&redis->lock);
	bool learnt = gp_store_redis_learn_slots(redis, reply, &asked);
	gp_store_redis_reply_free(reply);
	return learnt;
}

/* knock: is a node that was down there again? Nobody else goes there until it has answered. */
static void knock(const struct gp_store_redis_call *call, unsigned node)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_call patient = *call;
	struct gp_store_redis_request request;
	struct redisReply *reply = NULL;
	patient.knocking = true;
	gp_store_redis_request_init(&request, (struct gp_span) {NULL, 0}, "PING");
	int rc = gp_store_redis_run_on(&patient, node, false, &request, &reply);
	if (rc == GP_OK)
		rc = gp_store_redis_judge(call, node, reply);
	gp_store_redis_reply_free(reply);
	pthread_mutex_lock(&redis->lock);
	redis->nodes[node].down = rc != GP_OK;
	pthread_mutex_unlock(&redis->lock);
}

/* gp_store_redis_tend_cluster: when no node answers, the URIs are asked again. */
void gp_store_redis_tend_cluster(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	bool learnt = false;
	for (unsigned i = 0; !learnt && i < GP_STORE_REDIS_NODES; i++)
		learnt = node_is(redis, i, false) && ask_map(call, i);
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++)
		if (node_is(redis, i, true))
			knock(call, i);
	bool any = false;
	for (unsigned i = 0; !any && i < GP_STORE_REDIS_NODES; i++)
		any = node_is(redis, i, false);
	pthread_mutex_lock(&redis->lock);
	redis->up = redis->up && any;
	pthread_mutex_unlock(&redis->lock);
}
