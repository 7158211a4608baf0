/* SPDX-License-Identifier: ISC */
/*
 * The Redis store as its own files see it.
 *
 *   redis/redis.c          open, close, tend, health; the table of the backend
 *   redis/redis_ask.c      commands to one server: log in, is it a master, time, scripts
 *   redis/redis_server.c   finding a server that works
 *   redis/redis_pool.c     nodes and their connections, shared by all threads; what is down
 *   redis/redis_cluster.c  which node has a slot; following MOVED and ASK; one command on its node
 *   redis/redis_take.c     counting, at once or subject by subject
 *   redis/redis_scan.c     walks over all records and facts
 *   redis/redis_move.c     records for another store, and from one
 *   redis/redis_record.c   a subject's record: bytes to windows and back
 *   redis/redis_key.c      names of keys
 *   redis/redis_facts.c    putting and removing facts, forgetting counters
 *   redis/redis_conn.c, redis_reply.c, redis_script.c: one connection, what comes, Lua
 *   redis/redis_soft.c     what Lua receives and returns for soft facts and seen sets
 *
 * A node is a server that commands go to: one, or the masters of a cluster. Threads take a
 * connection of a node, use it alone, and put it back; a generation tells those that were made
 * before the node changed. One thread at a time, gp_store_tend's, looks for servers; all others
 * use what it found.
 */
#ifndef GP_STORE_REDIS_PRIVATE_H
#define GP_STORE_REDIS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store_private.h"
#include "store/redis/redis_conn.h"
#include "store/redis/redis_script.h"
#include "store/store_uri.h"

#define GP_STORE_REDIS_NODES 64 /* of a cluster */
#define GP_STORE_REDIS_PREFIX_MAX 256
#define GP_STORE_REDIS_KEY (GP_STORE_REDIS_PREFIX_MAX + 2 * GP_STORE_KEY + 14)
#define GP_STORE_REDIS_SECRET 1025 /* a password of 1024 bytes and its NUL */
#define GP_STORE_REDIS_SHA 40      /* hexadecimal digits of a script's name */
#define GP_STORE_REDIS_CURSOR 24   /* room for the place where a walk continues */
#define GP_STORE_REDIS_NO_NODE 0xff

struct gp_store_redis_node {
	struct gp_store_redis_address address;
	struct gp_store_redis_conn *idle;
	unsigned generation; /* of connections that may come back */
	bool used;           /* has slots, or is the only one */
	bool down;
};

/* The credentials for a server or for a sentinel. */
struct gp_store_redis_login {
	char user[256];
	char password[GP_STORE_REDIS_SECRET];
};

struct gp_store_redis {
	/* as opened */
	struct gp_store_uri uris[GP_STORE_URIS_MAX];
	size_t uri_count;
	char prefix[GP_STORE_REDIS_PREFIX_MAX + 1];
	size_t prefix_length;
	char facts_key[GP_STORE_REDIS_KEY];
	char password_file[4096], sentinel_password_file[4096];
	struct gp_crypto_tls_setup *tls; /* NULL: no URI wants it */
	unsigned timeout_ms, connections;

	/* of the thread that tends */
	size_t next_uri;        /* where the search continues */
	int64_t next_prefer_us; /* when a better server is looked for */
	int64_t next_time_us;   /* when the server's time is asked for again */
	int64_t next_sweep_us;  /* when facts that have expired are removed */
	char sweep_cursor[GP_STORE_REDIS_CURSOR];

	/* read by any thread */
	_Atomic int64_t offset_us; /* of the store's time from CLOCK_BOOTTIME */
	_Atomic int64_t heard_us;  /* when a server last answered */
	atomic_bool apart;         /* subjects of a call go one by one */
	atomic_bool has_scripts;   /* the names below are known, and never change again */
	char scripts[GP_STORE_REDIS_SCRIPTS][GP_STORE_REDIS_SHA + 1];

	/* all that follows is guarded by lock; freed: a connection has come back */
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct gp_store_redis_login login, sentinel_login;
	struct gp_store_redis_node nodes[GP_STORE_REDIS_NODES];
	uint8_t slot_node[GP_STORE_REDIS_SLOTS];
	unsigned open;     /* connections, idle or in use */
	unsigned database; /* of the server in use */
	size_t uri;        /* which one led to the server in use, or was tried last */
	bool up, tls_in_use, cluster;
	bool stale; /* the map of slots is not to be trusted */
	char where[256], problem[GP_STORE_REDIS_PROBLEM];
	int64_t problem_us; /* 0: none */
	int64_t logged_us;  /* begin of the time in which so many texts were... */
	unsigned logged;    /* ...logged */
};

/* One call of the store: until when, and on whose behalf. */
struct gp_store_redis_call {
	struct gp_store_redis *redis;
	const struct gp_log *log;
	int64_t until_us; /* of the system's monotonic clock */
	bool patient;     /* until_us is our own timeout, not the caller's earlier deadline */
	bool knocking;    /* goes to nodes that are down, too */
};

/* Time since the machine started, asleep or not, in microseconds; nobody can set it. */
int64_t gp_store_redis_boot_us(void);

/* ---- pool ---- */

/* A call that begins now. */
struct gp_store_redis_call gp_store_redis_begin(struct gp_store_redis *redis, struct gp_ctx *ctx);

/* Remembers trouble for health; the first of a bad time is logged. */
void gp_store_redis_note(const struct gp_store_redis_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The node's server cannot be used any more; tend looks for it or another one. */
void gp_store_redis_down(const struct gp_store_redis_call *call, unsigned node);

/*
 * A connection to the node, logged in; waits while all are in use. GP_EIO at once when the node is
 * down, and when it cannot be reached: then it is down.
 */
int gp_store_redis_acquire(const struct gp_store_redis_call *call, unsigned node,
	struct gp_store_redis_conn **conn_out) GP_MUST_CHECK;

/* Back into the pool, if it is of use still; or away with it. */
void gp_store_redis_release(struct gp_store_redis *redis, struct gp_store_redis_conn *conn);
void gp_store_redis_discard(struct gp_store_redis *redis, struct gp_store_redis_conn *conn);

/*
 * Takes the node's idle connections off the books and puts them before list, which it returns;
 * those in use are closed when they come back. The lock is held; close_all follows when it is not.
 */
struct gp_store_redis_conn *gp_store_redis_vacate(
	struct gp_store_redis *redis, unsigned node, struct gp_store_redis_conn *list);
void gp_store_redis_close_all(struct gp_store_redis_conn *list);

/* Closes the node's idle connections; those in use are closed when they come back. */
void gp_store_redis_drop_idle(struct gp_store_redis *redis, unsigned node);

/* Writes "host:port" or the path. */
void gp_store_redis_name(const struct gp_store_redis_address *address, char *text_out, size_t size);

/* ---- commands to one server; conn->problem says why one failed ---- */

/* Up to three words; an error as an answer is GP_EIO. reply_out may be NULL. */
int gp_store_redis_call_words(struct gp_store_redis_conn *conn, const char *const words[3],
	int64_t until_us, struct redisReply **reply_out) GP_MUST_CHECK;

/* Sets conn->problem; always GP_EIO. */
int gp_store_redis_refuse(struct gp_store_redis_conn *conn, const char *text);

/* Does it answer; is it a master; the map of a cluster, or NULL. */
int gp_store_redis_check_alive(struct gp_store_redis_conn *conn, int64_t until_us) GP_MUST_CHECK;
int gp_store_redis_check_master(struct gp_store_redis_conn *conn, int64_t until_us) GP_MUST_CHECK;
int gp_store_redis_get_slots(struct gp_store_redis_conn *conn, int64_t until_us,
	struct redisReply **slots_out) GP_MUST_CHECK;

/* AUTH and SELECT. */
int gp_store_redis_log_in(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_login *login, unsigned database,
	int64_t until_us) GP_MUST_CHECK;

/* Asks for the server's time and moves the offset when it is off. */
int gp_store_redis_ask_time(struct gp_store_redis *redis, struct gp_store_redis_conn *conn,
	int64_t until_us) GP_MUST_CHECK;

/* Gives the server a script and learns its name. */
int gp_store_redis_load(struct gp_store_redis *redis, struct gp_store_redis_conn *conn,
	enum gp_store_redis_script script, int64_t until_us) GP_MUST_CHECK;

/* All of them. */
int gp_store_redis_load_all(struct gp_store_redis *redis, struct gp_store_redis_conn *conn,
	int64_t until_us) GP_MUST_CHECK;

/* ---- server ---- */

/* Looks at the URIs from first on, before last, and uses the first server that works. */
bool gp_store_redis_seek(const struct gp_store_redis_call *call, size_t first, size_t last);

/* Is the master that sentinels name still the one in use? If not, uses that one. */
void gp_store_redis_follow_sentinels(const struct gp_store_redis_call *call);

/* Reads both password files; GP_EINVAL when one cannot be used (logged). */
int gp_store_redis_read_passwords(
	struct gp_store_redis *redis, const struct gp_log *log) GP_MUST_CHECK;

/* ---- cluster ---- */

/* CRC16 of what is hashed of the key, as a cluster does it. */
unsigned gp_store_redis_slot(struct gp_span key);

/* A command for the node that has this key. */
struct gp_store_redis_request {
	struct gp_store_redis_command command;
	struct gp_span key;
	int script; /* enum gp_store_redis_script, or -1: no script */
};

/* An empty command; one that runs a script of ours (how many of its words are keys?). */
void gp_store_redis_request_init(
	struct gp_store_redis_request *request, struct gp_span key, const char *name);
void gp_store_redis_request_script(struct gp_store_redis_request *request,
	const struct gp_store_redis *redis, enum gp_store_redis_script script,
	const char *key_count);

/*
 * Sends it to the node of its key, follows redirections, loads a missing script, connects once more
 * when a connection had died. GP_OK: *reply_out is returned new and no error, but for the kinds
 * *error_out tells: TRYAGAIN, CROSSSLOT, WRONGTYPE. Everything else is a status, and noted.
 */
int gp_store_redis_run(const struct gp_store_redis_call *call,
	const struct gp_store_redis_request *request, enum gp_store_redis_error *error_out,
	struct redisReply **reply_out) GP_MUST_CHECK;

/* The same on a node, without redirections. */
int gp_store_redis_run_on(const struct gp_store_redis_call *call, unsigned node, bool asking,
	const struct gp_store_redis_request *request, struct redisReply **reply_out) GP_MUST_CHECK;

/* A status for the reply's error, which is noted; GP_OK if it is none. */
int gp_store_redis_judge(const struct gp_store_redis_call *call, unsigned node,
	const struct redisReply *reply) GP_MUST_CHECK;

/* Takes CLUSTER SLOTS' answer for the map; asked is the node that gave it. False: it is none. */
bool gp_store_redis_learn_slots(struct gp_store_redis *redis, const struct redisReply *reply,
	const struct gp_store_redis_address *asked);

/* Asks the nodes for the map again, and looks whether those that are down are back. */
void gp_store_redis_tend_cluster(const struct gp_store_redis_call *call);

/* ---- the backend's functions; see struct gp_store_backend ---- */

int gp_store_redis_take(void *self, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_keyed *takes, size_t count) GP_MUST_CHECK;
int gp_store_redis_run_batch(void *self, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_batch *batch) GP_MUST_CHECK;
int gp_store_redis_forget(void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY],
	uint32_t id) GP_MUST_CHECK;
int gp_store_redis_scan(void *self, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg) GP_MUST_CHECK;
int gp_store_redis_put(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
	int64_t expires_ms) GP_MUST_CHECK;
int gp_store_redis_remove(void *self, struct gp_ctx *ctx, struct gp_span key) GP_MUST_CHECK;
int gp_store_redis_facts(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
	bool (*visit)(void *arg, const struct gp_store_fact *fact), void *arg) GP_MUST_CHECK;

int gp_store_redis_records(void *self, struct gp_ctx *ctx,
	bool (*show)(void *arg, struct gp_store_record *record), void *arg) GP_MUST_CHECK;
int gp_store_redis_join(void *self, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, bool *was_there_out) GP_MUST_CHECK;

int64_t gp_store_redis_now_ms(void *self);

/* Calls visit for every name that may be that of a record, until it returns false. */
int gp_store_redis_names(struct gp_store_redis *redis, struct gp_ctx *ctx,
	bool (*visit)(void *arg, struct gp_span name), void *arg) GP_MUST_CHECK;

/* What the name stands for; false: it is not ours. */
bool gp_store_redis_name_parse(const struct gp_store_redis *redis, struct gp_span name,
	unsigned char key_out[GP_STORE_KEY], enum gp_store_record_kind *kind_out,
	uint32_t *set_out);

/* The cursor of an answer, which is a number as text; false: it is none. */
bool gp_store_redis_cursor(const struct redisReply *item, char cursor_out[GP_STORE_REDIS_CURSOR]);

/* Removes some of the facts that have expired. */
void gp_store_redis_sweep(const struct gp_store_redis_call *call);

/* The name of a subject's record. */
struct gp_span gp_store_redis_key(const struct gp_store_redis *redis,
	const unsigned char key[GP_STORE_KEY], char text_out[GP_STORE_REDIS_KEY]);

/* The name of what a soft operation is about; a single fact lies in the hash of facts. */
struct gp_span gp_store_redis_soft_key(const struct gp_store_redis *redis,
	const struct gp_store_soft *soft, char text_out[GP_STORE_REDIS_KEY]);

#endif
