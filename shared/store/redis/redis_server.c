/* SPDX-License-Identifier: ISC */
/*
 * Finding a server that works. Names are resolved here and nowhere else, since that may take longer
 * than any deadline: only the thread that opens or tends the store comes here. A server works when
 * it lets us in, is a master, says what time it is and takes our scripts.
 */
#include "store/redis/redis_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ipaddr.h"

#define ADDRESSES_MAX 8 /* of one name that are tried */

/* A server that was looked at, and found to work. */
struct found {
	struct gp_store_redis_address address;
	struct gp_store_redis_conn *conn;
	struct redisReply *slots; /* CLUSTER SLOTS; NULL: no cluster */
	unsigned database;
	bool tls;
};

/* ---- passwords ---- */

/* read_secret: the first line of a regular file. "" gives "". */
static int read_secret(const char *path, char secret_out[GP_STORE_REDIS_SECRET])
{
	struct stat st;
	char bytes[GP_STORE_REDIS_SECRET + 1];
	secret_out[0] = '\0';
	if (!*path)
		return GP_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return GP_EIO;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	ssize_t n = regular ? read(fd, bytes, sizeof bytes - 1) : -1;
	close(fd);
	if (n < 0)
		return regular ? GP_EIO : GP_EINVAL;
	bytes[n] = '\0';
	size_t length = strcspn(bytes, "\r\n");
	int rc = length == 0 || length >= GP_STORE_REDIS_SECRET ? GP_ESYNTAX : GP_OK;
	if (rc == GP_OK) {
		memcpy(secret_out, bytes, length);
		secret_out[length] = '\0';
	}
	explicit_bzero(bytes, sizeof bytes);
	return rc;
}

/* explain_secret: which file, and what is wrong; never what is in it. */
static int explain_secret(const struct gp_log *log, const char *path, int rc)
{
	const char *why = rc == GP_EINVAL ? "is not a regular file"
			  : rc == GP_ESYNTAX
				  ? "must hold the password as its first line, at most 1024 bytes"
				  : "cannot be read";
	gp_log_text(log, GP_LOG_ERROR, "store: %s %s", path, why);
	return GP_EINVAL;
}

/* gp_store_redis_read_passwords: both or none are taken over. */
int gp_store_redis_read_passwords(struct gp_store_redis *redis, const struct gp_log *log)
{
	char own[GP_STORE_REDIS_SECRET], sentinel[GP_STORE_REDIS_SECRET];
	int rc = read_secret(redis->password_file, own);
	if (rc)
		return explain_secret(log, redis->password_file, rc);
	rc = read_secret(redis->sentinel_password_file, sentinel);
	if (rc == GP_OK) {
		pthread_mutex_lock(&redis->lock);
		memcpy(redis->login.password, own, sizeof own);
		memcpy(redis->sentinel_login.password, sentinel, sizeof sentinel);
		pthread_mutex_unlock(&redis->lock);
	}
	explicit_bzero(own, sizeof own);
	explicit_bzero(sentinel, sizeof sentinel);
	return rc ? explain_secret(log, redis->sentinel_password_file, rc) : GP_OK;
}

/* ---- one server ---- */

/* examine: all that makes a server one that works. */
static int examine(struct gp_store_redis *redis, struct found *found, int64_t until_us)
{
	struct gp_store_redis_login login;
	pthread_mutex_lock(&redis->lock);
	login = redis->login;
	pthread_mutex_unlock(&redis->lock);
	int rc = gp_store_redis_log_in(found->conn, &login, found->database, until_us);
	explicit_bzero(&login, sizeof login);
	if (rc == GP_OK)
		rc = gp_store_redis_check_alive(found->conn, until_us);
	if (rc == GP_OK)
		rc = gp_store_redis_get_slots(found->conn, until_us, &found->slots);
	if (rc == GP_OK && !found->slots)
		rc = gp_store_redis_check_master(found->conn, until_us);
	if (rc == GP_OK)
		rc = gp_store_redis_load_all(redis, found->conn, until_us);
	return rc ? rc : gp_store_redis_ask_time(redis, found->conn, until_us);
}

/* ---- from a name to a server ---- */

/* Somewhere to go, and what to do there. */
struct search {
	const struct gp_store_redis_call *call;
	const struct gp_store_uri *uri;
	int64_t until_us;
	int (*visit)(struct search *search, struct gp_store_redis_conn **conn);
	struct found found;                            /* of the server */
	struct gp_store_redis_redirection redirection; /* what a sentinel says */
	char problem[GP_STORE_REDIS_PROBLEM];
};

/* go: connects to one address, and does there what there is to do. */
static int go(struct search *search, const struct gp_store_redis_address *address)
{
	struct gp_store_redis *redis = search->call->redis;
	struct gp_store_redis_conn *conn = NULL;
	search->found.address = *address;
	int rc = gp_store_redis_conn_open(address, search->uri->tls ? redis->tls : NULL,
		search->until_us, &conn, search->problem);
	if (rc == GP_OK) {
		rc = search->visit(search, &conn);
		if (rc)
			memcpy(search->problem, conn->problem, sizeof search->problem);
	}
	gp_store_redis_conn_close(conn);
	return rc;
}

/* go_unix: to a path. */
static int go_unix(struct search *search, const char *path)
{
	struct gp_store_redis_address address = {.length = sizeof(struct sockaddr_un)};
	struct sockaddr_un *sun = (struct sockaddr_un *)&address.socket;
	size_t length = strlen(path);
	sun->sun_family = AF_UNIX;
	if (length >= sizeof sun->sun_path)
		return GP_EINVAL;
	memcpy(sun->sun_path, path, length);
	memcpy(address.host, path, length);
	return go(search, &address);
}

/* go_host: to each address of the name until one will do. */
static int go_host(struct search *search, const char *host, uint16_t port)
{
	char service[8];
	struct addrinfo *list = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	snprintf(service, sizeof service, "%u", port);
	int error = getaddrinfo(host, service, &hints, &list);
	if (error) {
		snprintf(search->problem, sizeof search->problem, "the name has no address: %s",
			gai_strerror(error));
		return GP_EIO;
	}
	int rc = GP_EIO, tried = 0;
	for (struct addrinfo *a = list; a && rc && tried < ADDRESSES_MAX; a = a->ai_next, tried++) {
		struct gp_store_redis_address address = {.port = port, .length = a->ai_addrlen};
		if (a->ai_addrlen > sizeof address.socket)
			continue;
		memcpy(&address.socket, a->ai_addr, a->ai_addrlen);
		snprintf(address.host, sizeof address.host, "%s", host);
		rc = go(search, &address);
	}
	freeaddrinfo(list);
	return rc;
}

/* visit_server: is it one that works? It keeps the connection if so. */
static int visit_server(struct search *search, struct gp_store_redis_conn **conn)
{
	struct found *found = &search->found;
	found->conn = *conn;
	found->database = search->uri->database;
	found->tls = search->uri->tls;
	int rc = examine(search->call->redis, found, search->until_us);
	if (rc == GP_OK) {
		*conn = NULL;
		return GP_OK;
	}
	gp_store_redis_reply_free(found->slots);
	found->slots = NULL;
	found->conn = NULL;
	return rc;
}

/* read_master: a sentinel's answer; what is wrong with it. */
static int read_master(const struct redisReply *reply, struct gp_store_redis_conn *conn,
	struct gp_store_redis_redirection *out)
{
	if (gp_store_redis_reply_items(reply) == 0)
		return gp_store_redis_refuse(conn, "the sentinel knows no master of this name");
	return gp_store_redis_master_parse(reply, out)
		       ? GP_OK
		       : gp_store_redis_refuse(
				 conn, "the answer of the sentinel is not an address");
}

/* visit_sentinel: where is the master? */
static int visit_sentinel(struct search *search, struct gp_store_redis_conn **conn)
{
	struct gp_store_redis *redis = search->call->redis;
	struct gp_store_redis_login login;
	struct redisReply *reply;
	pthread_mutex_lock(&redis->lock);
	login = redis->sentinel_login;
	pthread_mutex_unlock(&redis->lock);
	int rc = gp_store_redis_log_in(*conn, &login, 0, search->until_us);
	explicit_bzero(&login, sizeof login);
	if (rc)
		return rc;
	const char *const words[3] = {"SENTINEL", "get-master-addr-by-name", search->uri->name};
	rc = gp_store_redis_call_words(*conn, words, search->until_us, &reply);
	if (rc)
		return rc;
	rc = read_master(reply, *conn, &search->redirection);
	gp_store_redis_reply_free(reply);
	return rc;
}

/* where_to: does what the URI says: straight to a server, or by way of a sentinel. */
static int where_to(struct search *search)
{
	const struct gp_store_uri *uri = search->uri;
	search->visit = visit_server;
	if (uri->scheme == GP_STORE_REDIS_UNIX)
		return go_unix(search, uri->path);
	if (uri->scheme == GP_STORE_REDIS)
		return go_host(search, uri->host, uri->port);
	search->visit = visit_sentinel;
	int rc = go_host(search, uri->host, uri->port);
	if (rc)
		return rc;
	search->visit = visit_server;
	return go_host(search, search->redirection.host, search->redirection.port);
}

/* ---- in use ---- */

/* reset_nodes: nothing of the server used before stays; the lock is held. Returns what to close. */
static struct gp_store_redis_conn *reset_nodes(struct gp_store_redis *redis)
{
	struct gp_store_redis_conn *list = NULL;
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++) {
		struct gp_store_redis_node *node = &redis->nodes[i];
		list = gp_store_redis_vacate(redis, i, list);
		node->used = node->down = false;
	}
	memset(redis->slot_node, GP_STORE_REDIS_NO_NODE, sizeof redis->slot_node);
	return list;
}

/* describe: where we are, for people; the lock is held. */
static void describe(struct gp_store_redis *redis, const struct gp_store_uri *uri,
	const struct gp_store_redis_address *address)
{
	char name[GP_STORE_REDIS_HOST + 16], database[16] = "";
	bool local = uri->scheme == GP_STORE_REDIS_UNIX;
	gp_store_redis_name(address, name, sizeof name);
	if (uri->database)
		snprintf(database, sizeof database, "%c%u", local ? '?' : '/', uri->database);
	snprintf(redis->where, sizeof redis->where, "%s%.200s%s%s",
		local      ? "redis+unix:"
		: uri->tls ? "rediss://"
			   : "redis://",
		name, database, redis->cluster ? " (cluster)" : "");
}

/* install: from now on everybody uses this server. */
static void install(const struct gp_store_redis_call *call, struct search *search, size_t uri)
{
	struct gp_store_redis *redis = call->redis;
	struct found *found = &search->found;
	pthread_mutex_lock(&redis->lock);
	struct gp_store_redis_conn *old = reset_nodes(redis);
	struct gp_store_redis_node *node = &redis->nodes[0];
	node->address = found->address;
	node->used = true;
	redis->uri = uri;
	redis->database = found->database;
	redis->tls_in_use = found->tls;
	redis->cluster = found->slots != NULL;
	redis->stale = false;
	redis->up = true;
	found->conn->node = 0;
	found->conn->generation = node->generation;
	redis->open++;
	describe(redis, search->uri, &found->address);
	pthread_cond_broadcast(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
	atomic_store(&redis->apart, found->slots != NULL);
	atomic_store(&redis->heard_us, gp_clock_now_us(gp_clock_system()));
	if (found->slots && !gp_store_redis_learn_slots(redis, found->slots, &found->address))
		redis->stale = true;
	gp_store_redis_release(redis, found->conn);
	gp_store_redis_reply_free(found->slots);
	while (old) {
		struct gp_store_redis_conn *next = old->next;
		gp_store_redis_conn_close(old);
		old = next;
	}
	gp_log_text(call->log, GP_LOG_NOTICE, "store: using %s", redis->where);
}

/* tried_last: shown as where we are when there is nothing better. */
static void tried_last(struct gp_store_redis *redis, const struct gp_store_uri *uri)
{
	struct gp_store_redis_address address = {.port = uri->port};
	bool local = uri->scheme == GP_STORE_REDIS_UNIX;
	snprintf(address.host, sizeof address.host, "%.255s", local ? uri->path : uri->host);
	if (local)
		address.port = 0;
	pthread_mutex_lock(&redis->lock);
	if (!redis->up)
		describe(redis, uri, &address);
	pthread_mutex_unlock(&redis->lock);
}

/* explain: which server, and why not. */
static void explain(const struct search *search, int rc)
{
	char name[GP_STORE_REDIS_HOST + 16];
	gp_store_redis_name(&search->found.address, name, sizeof name);
	if (!search->found.address.host[0])
		snprintf(name, sizeof name, "%s", search->uri->host);
	gp_store_redis_note(search->call, "%.100s: %.150s", name,
		search->problem[0] ? search->problem : gp_err_text(rc));
}

/* gp_store_redis_seek: those whose time runs out are behind us when the search continues. */
bool gp_store_redis_seek(const struct gp_store_redis_call *call, size_t first, size_t last)
{
	struct gp_store_redis *redis = call->redis;
	struct search *search = calloc(1, sizeof *search);
	bool found = false;
	for (size_t i = first; search && !found && i < last; i++) {
		memset(search, 0, sizeof *search);
		search->call = call;
		search->uri = &redis->uris[i];
		search->until_us = call->until_us;
		int rc = where_to(search);
		found = rc == GP_OK;
		if (found)
			install(call, search, i);
		else {
			tried_last(redis, search->uri);
			explain(search, rc);
		}
		redis->next_uri = found ? 0 : i + 1;
		if (gp_clock_now_us(gp_clock_system()) >= call->until_us)
			break;
	}
	free(search);
	return found;
}

/* is_elsewhere: is the master not the server in use? */
static bool is_elsewhere(
	struct gp_store_redis *redis, const struct gp_store_redis_redirection *master)
{
	pthread_mutex_lock(&redis->lock);
	const struct gp_store_redis_address *used = &redis->nodes[0].address;
	bool elsewhere = strcmp(used->host, master->host) != 0 || used->port != master->port;
	pthread_mutex_unlock(&redis->lock);
	return elsewhere;
}

/* gp_store_redis_follow_sentinels: the first that answers is believed. */
void gp_store_redis_follow_sentinels(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	struct search *search = calloc(1, sizeof *search);
	bool answered = false;
	for (size_t i = 0; search && !answered && i < redis->uri_count; i++) {
		memset(search, 0, sizeof *search);
		search->call = call;
		search->uri = &redis->uris[i];
		search->until_us = call->until_us;
		search->visit = visit_sentinel;
		if (search->uri->scheme != GP_STORE_SENTINEL ||
			go_host(search, search->uri->host, search->uri->port) != GP_OK)
			continue;
		answered = true;
		search->visit = visit_server;
		if (is_elsewhere(redis, &search->redirection) &&
			go_host(search, search->redirection.host, search->redirection.port) ==
				GP_OK)
			install(call, search, i);
	}
	free(search);
}
