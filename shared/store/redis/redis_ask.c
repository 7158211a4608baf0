/* SPDX-License-Identifier: ISC */
/*
 * Questions to one server, on a connection in hand: let us in, are you a master, which slots, what
 * time is it, take this script. An error as an answer is a failure; conn->problem says why.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/redis/redis_private.h"

/* ---- time ---- */

/* gp_store_redis_boot_us: CLOCK_BOOTTIME. */
int64_t gp_store_redis_boot_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* gp_store_redis_now_ms: the server's time, as far as we know it. */
int64_t gp_store_redis_now_ms(void *self)
{
	struct gp_store_redis *redis = self;
	return (gp_store_redis_boot_us() + atomic_load(&redis->offset_us)) / 1000;
}

/* ---- commands ---- */

/* expect: calls; an error as an answer is a failure with a text. The reply may be wanted. */
static int expect(struct gp_store_redis_conn *conn, const struct gp_store_redis_command *command,
	int64_t until_us, struct redisReply **reply_out)
{
	const char *advice;
	struct redisReply *reply;
	int rc = gp_store_redis_conn_call(conn, command, until_us, &reply);
	if (rc)
		return rc;
	if (gp_store_redis_reply_error(reply, &advice) != GP_STORE_REDIS_FINE) {
		char text[96];
		gp_store_redis_reply_problem(reply, text, sizeof text);
		/* some errors repeat what was sent: that of AUTH is not for the log */
		if (*advice)
			snprintf(conn->problem, sizeof conn->problem, "%s", advice);
		else
			snprintf(conn->problem, sizeof conn->problem, "%.40s: %s", command->argv[0],
				strcmp(command->argv[0], "AUTH") == 0 ? "refused" : text);
		rc = GP_EIO;
	}
	if (rc == GP_OK && reply_out)
		*reply_out = reply;
	else
		gp_store_redis_reply_free(reply);
	return rc;
}

/* gp_store_redis_log_in: what is not needed is not sent. */
int gp_store_redis_log_in(struct gp_store_redis_conn *conn,
	const struct gp_store_redis_login *login, unsigned database, int64_t until_us)
{
	struct gp_store_redis_command auth = {.count = 0}, select = {.count = 0};
	char number[16];
	int rc = GP_OK;
	if (login->password[0]) {
		gp_store_redis_command_text(&auth, "AUTH");
		if (login->user[0])
			gp_store_redis_command_text(&auth, login->user);
		gp_store_redis_command_text(&auth, login->password);
		rc = expect(conn, &auth, until_us, NULL);
	}
	if (rc == GP_OK && database > 0) {
		snprintf(number, sizeof number, "%u", database);
		gp_store_redis_command_text(&select, "SELECT");
		gp_store_redis_command_text(&select, number);
		rc = expect(conn, &select, until_us, NULL);
	}
	return rc;
}

/* gp_store_redis_call_words: a command of up to three words. */
int gp_store_redis_call_words(struct gp_store_redis_conn *conn, const char *const words[3],
	int64_t until_us, struct redisReply **reply_out)
{
	struct gp_store_redis_command command = {.count = 0};
	for (int i = 0; i < 3 && words[i]; i++)
		gp_store_redis_command_text(&command, words[i]);
	return expect(conn, &command, until_us, reply_out);
}

/* gp_store_redis_refuse: a text of ours. */
int gp_store_redis_refuse(struct gp_store_redis_conn *conn, const char *text)
{
	snprintf(conn->problem, sizeof conn->problem, "%s", text);
	return GP_EIO;
}

/* gp_store_redis_check_alive: PING; loading and the like show here. */
int gp_store_redis_check_alive(struct gp_store_redis_conn *conn, int64_t until_us)
{
	return gp_store_redis_call_words(conn, (const char *const[3]) {"PING"}, until_us, NULL);
}

/*
 * gp_store_redis_check_master: by ROLE. Users who may not ask it are let through: writing will
 * show. In a cluster every node will do to ask for the map.
 */
int gp_store_redis_check_master(struct gp_store_redis_conn *conn, int64_t until_us)
{
	struct gp_store_redis_command command = {.count = 0};
	struct redisReply *reply;
	struct gp_span role = {NULL, 0};
	gp_store_redis_command_text(&command, "ROLE");
	int rc = gp_store_redis_conn_call(conn, &command, until_us, &reply);
	if (rc)
		return rc;
	bool known = gp_store_redis_reply_text(gp_store_redis_reply_item(reply, 0), &role);
	if (known && gp_span_is(role, "slave"))
		rc = gp_store_redis_refuse(
			conn, "it is a read-only replica; give the master's address");
	else if (known && gp_span_is(role, "sentinel"))
		rc = gp_store_redis_refuse(conn, "it is a sentinel; write sentinel://HOST/NAME");
	gp_store_redis_reply_free(reply);
	return rc;
}

/* gp_store_redis_get_slots: *slots_out NULL when this is no cluster, or will not tell. */
int gp_store_redis_get_slots(
	struct gp_store_redis_conn *conn, int64_t until_us, struct redisReply **slots_out)
{
	struct gp_store_redis_command command = {.count = 0};
	gp_store_redis_command_text(&command, "CLUSTER");
	gp_store_redis_command_text(&command, "SLOTS");
	int rc = gp_store_redis_conn_call(conn, &command, until_us, slots_out);
	if (rc == GP_OK && gp_store_redis_reply_items(*slots_out) == 0) {
		gp_store_redis_reply_free(*slots_out);
		*slots_out = NULL;
	}
	return rc;
}

/*
 * gp_store_redis_ask_time: the server read its clock between two readings of ours; an offset that
 * lies between the two may be right and stays, so that time does not tremble.
 */
int gp_store_redis_ask_time(
	struct gp_store_redis *redis, struct gp_store_redis_conn *conn, int64_t until_us)
{
	struct redisReply *reply;
	int64_t seconds, us, before = gp_store_redis_boot_us();
	int rc = gp_store_redis_call_words(conn, (const char *const[3]) {"TIME"}, until_us, &reply);
	int64_t after = gp_store_redis_boot_us();
	if (rc)
		return rc;
	bool good = gp_store_redis_reply_number(gp_store_redis_reply_item(reply, 0), &seconds) &&
		    gp_store_redis_reply_number(gp_store_redis_reply_item(reply, 1), &us) &&
		    seconds >= 0 && seconds < (1LL << 40) && us >= 0 && us < 1000000;
	gp_store_redis_reply_free(reply);
	if (!good)
		return gp_store_redis_refuse(conn, "TIME: the answer is not a time");
	int64_t server = seconds * 1000000 + us, offset = atomic_load(&redis->offset_us);
	if (offset < server - after || offset > server - before)
		atomic_store(&redis->offset_us, server - (before + (after - before) / 2));
	return GP_OK;
}

/* is_sha: 40 digits. */
static bool is_sha(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdef", text.ptr[i]) || text.ptr[i] == '\0')
			return false;
	return text.len == GP_STORE_REDIS_SHA;
}

/* gp_store_redis_load: SCRIPT LOAD; the same text has the same name everywhere. */
int gp_store_redis_load(struct gp_store_redis *redis, struct gp_store_redis_conn *conn,
	enum gp_store_redis_script script, int64_t until_us)
{
	struct gp_store_redis_command command = {.count = 0};
	struct redisReply *reply;
	struct gp_span sha = {NULL, 0};
	gp_store_redis_command_text(&command, "SCRIPT");
	gp_store_redis_command_text(&command, "LOAD");
	gp_store_redis_command_add(&command, gp_store_redis_script_text(script));
	int rc = expect(conn, &command, until_us, &reply);
	if (rc)
		return rc;
	if (!gp_store_redis_reply_text(reply, &sha) || !is_sha(sha))
		rc = gp_store_redis_refuse(conn, "SCRIPT LOAD: the answer is not the name of a "
						 "script");
	else if (!atomic_load(&redis->has_scripts))
		memcpy(redis->scripts[script], sha.ptr, sha.len);
	else if (memcmp(redis->scripts[script], sha.ptr, sha.len) != 0)
		rc = gp_store_redis_refuse(
			conn, "SCRIPT LOAD: another name than before for the same script");
	gp_store_redis_reply_free(reply);
	return rc;
}

/* gp_store_redis_load_all: each script. */
int gp_store_redis_load_all(
	struct gp_store_redis *redis, struct gp_store_redis_conn *conn, int64_t until_us)
{
	int rc = GP_OK;
	for (int i = 0; rc == GP_OK && i < GP_STORE_REDIS_SCRIPTS; i++)
		rc = gp_store_redis_load(redis, conn, (enum gp_store_redis_script)i, until_us);
	if (rc == GP_OK)
		atomic_store(&redis->has_scripts, true);
	return rc;
}
