/* SPDX-License-Identifier: ISC */
/*
 * hiredis' parser with a fence around it: bytes are counted before they go in, and each array is
 * asked for leave before memory is taken for it, because the parser believes every length.
 */
#include "store/redis/redis_reply.h"

#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

/* hiredis 1.0 counts elements in another type */
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct gp_store_redis_reader {
	redisReader *parser;
	redisReplyObjectFunctions functions; /* hiredis' own, but for arrays */
	void *(*make_array)(const redisReadTask *, element_count); /* hiredis' own */
	size_t bytes;                                              /* fed since the last reply */
	size_t items;                                              /* of the reply in the making */
	bool too_big;
};

/* depth_of: how many arrays the new element lies in. */
static unsigned depth_of(const redisReadTask *task)
{
	unsigned depth = 0;
	while (task->parent && depth <= GP_STORE_REDIS_DEPTH_MAX) {
		task = task->parent;
		depth++;
	}
	return depth;
}

/* make_array: within the limits, else NULL, which the parser takes for want of memory. */
static void *make_array(const redisReadTask *task, element_count count)
{
	struct gp_store_redis_reader *reader = task->privdata;
	if ((size_t)count > GP_STORE_REDIS_ITEMS_MAX - reader->items ||
		depth_of(task) >= GP_STORE_REDIS_DEPTH_MAX) {
		reader->too_big = true;
		return NULL;
	}
	reader->items += (size_t)count;
	return reader->make_array(task, count);
}

/* gp_store_redis_reader_new: a parser whose table of functions is a copy with one of ours. */
int gp_store_redis_reader_new(struct gp_store_redis_reader **reader_out)
{
	struct gp_store_redis_reader *reader = calloc(1, sizeof *reader);
	if (!reader)
		return GP_ENOMEM;
	reader->parser = redisReaderCreate();
	if (!reader->parser) {
		free(reader);
		return GP_ENOMEM;
	}
	reader->functions = *reader->parser->fn;
	reader->make_array = reader->functions.createArray;
	reader->functions.createArray = make_array;
	reader->parser->fn = &reader->functions;
	reader->parser->privdata = reader;
	*reader_out = reader;
	return GP_OK;
}

/* gp_store_redis_reader_free: with what has not been asked for. */
void gp_store_redis_reader_free(struct gp_store_redis_reader *reader)
{
	if (!reader)
		return;
	redisReaderFree(reader->parser);
	free(reader);
}

/* gp_store_redis_reader_feed: the limit bounds what the parser can hold, whatever lengths say. */
int gp_store_redis_reader_feed(struct gp_store_redis_reader *reader, struct gp_span bytes)
{
	if (bytes.len > GP_STORE_REDIS_REPLY_MAX - reader->bytes)
		return GP_ETOOBIG;
	reader->bytes += bytes.len;
	if (redisReaderFeed(reader->parser, bytes.ptr, bytes.len) != REDIS_OK)
		return GP_ENOMEM;
	return GP_OK;
}

/* gp_store_redis_reader_is_empty: nothing fed since the last reply, nothing left behind it. */
bool gp_store_redis_reader_is_empty(const struct gp_store_redis_reader *reader)
{
	return reader->bytes == 0;
}

/* is_known: the types of the protocol's second version; nobody asked for the third. */
static bool is_known(const redisReply *reply)
{
	return reply->type >= REDIS_REPLY_STRING && reply->type <= REDIS_REPLY_ERROR;
}

/* gp_store_redis_reader_next: one reply; the bytes of the next may have come with it. */
int gp_store_redis_reader_next(struct gp_store_redis_reader *reader, struct redisReply **reply_out)
{
	void *reply = NULL;
	*reply_out = NULL;
	if (redisReaderGetReply(reader->parser, &reply) != REDIS_OK)
		return reader->too_big ? GP_ETOOBIG : GP_ESYNTAX;
	if (!reply)
		return GP_OK;
	reader->bytes = reader->parser->len - reader->parser->pos;
	reader->items = 0;
	if (!is_known(reply)) {
		freeReplyObject(reply);
		return GP_ESYNTAX;
	}
	*reply_out = reply;
	return GP_OK;
}

/* gp_store_redis_reply_free: hiredis of this age does not accept NULL everywhere. */
void gp_store_redis_reply_free(struct redisReply *reply)
{
	if (reply)
		freeReplyObject(reply);
}

/* gp_store_redis_reply_text: of a string or a status. */
bool gp_store_redis_reply_text(const struct redisReply *reply, struct gp_span *text_out)
{
	if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
		return false;
	*text_out = (struct gp_span) {reply->str, (size_t)reply->len};
	return true;
}

/* gp_store_redis_reply_number: SCAN's cursors and sentinels' ports come as strings. */
bool gp_store_redis_reply_number(const struct redisReply *reply, int64_t *number_out)
{
	struct gp_span text;
	uint64_t number;
	if (reply && reply->type == REDIS_REPLY_INTEGER) {
		*number_out = reply->integer;
		return true;
	}
	if (!gp_store_redis_reply_text(reply, &text) ||
		gp_span_parse_uint(text, INT64_MAX, &number) != GP_OK)
		return false;
	*number_out = (int64_t)number;
	return true;
}

/* gp_store_redis_reply_items: arrays only. */
size_t gp_store_redis_reply_items(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY ? (size_t)reply->elements : 0;
}

/* gp_store_redis_reply_item: within the array. */
const struct redisReply *gp_store_redis_reply_item(const struct redisReply *reply, size_t i)
{
	return i < gp_store_redis_reply_items(reply) ? reply->element[i] : NULL;
}

/* error_text: of an error. */
static bool error_text(const struct redisReply *reply, struct gp_span *text_out)
{
	if (!reply || reply->type != REDIS_REPLY_ERROR)
		return false;
	*text_out = (struct gp_span) {reply->str, (size_t)reply->len};
	return true;
}

/* One code of an error, and what it means to us. */
struct error_row {
	const char *code;
	enum gp_store_redis_error kind;
	const char *advice;
};

static const struct error_row errors[] = {
	{"MOVED", GP_STORE_REDIS_MOVED, "the cluster keeps moving the key"},
	{"ASK", GP_STORE_REDIS_ASK, "the cluster keeps moving the key"},
	{"TRYAGAIN", GP_STORE_REDIS_TRYAGAIN, "the cluster is moving these keys"},
	{"CROSSSLOT", GP_STORE_REDIS_CROSSSLOT, "the keys are in different slots"},
	{"NOSCRIPT", GP_STORE_REDIS_NOSCRIPT, "the server does not keep scripts"},
	{"WRONGTYPE", GP_STORE_REDIS_WRONGTYPE,
		"a key under store.prefix belongs to another program; choose another prefix"},
	{"READONLY", GP_STORE_REDIS_UNFIT, "it is a read-only replica; give the master's address"},
	{"LOADING", GP_STORE_REDIS_UNFIT, "it is still loading its data; wait"},
	{"MASTERDOWN", GP_STORE_REDIS_UNFIT, "it is a replica without its master"},
	{"CLUSTERDOWN", GP_STORE_REDIS_DENIED,
		"the cluster does not work: see CLUSTER INFO, bring its nodes back"},
	{"NOAUTH", GP_STORE_REDIS_UNFIT, "it requires a password; set store.password_file"},
	{"WRONGPASS", GP_STORE_REDIS_UNFIT,
		"user or password is wrong; check store.user and store.password_file"},
	{"NOPERM", GP_STORE_REDIS_DENIED,
		"the user has no permission; its ACL needs the keys under store.prefix and the "
		"commands in the manual"},
	{"BUSY", GP_STORE_REDIS_DENIED, "a script blocks the server; SCRIPT KILL ends it"},
	{"OOM", GP_STORE_REDIS_DENIED,
		"its memory is full; raise maxmemory, or set maxmemory-policy volatile-lfu"},
	{"MISCONF", GP_STORE_REDIS_DENIED,
		"it cannot save its data and refuses to write; free some space on its disk"},
	{"NOREPLICAS", GP_STORE_REDIS_DENIED,
		"it has too few replicas and refuses to write; bring them back"},
};

/* has_code: does the text begin with this word? */
static bool has_code(struct gp_span text, const char *code)
{
	size_t len = strlen(code);
	return text.len >= len && memcmp(text.ptr, code, len) == 0 &&
	       (text.len == len || text.ptr[len] == ' ');
}

/* inner_error: before Redis 7 an error inside of a script was wrapped: "ERR ... : -OOM ...". */
static struct gp_span inner_error(struct gp_span text)
{
	static const char wrapper[] = "ERR Error running script";
	if (text.len < sizeof wrapper - 1 || memcmp(text.ptr, wrapper, sizeof wrapper - 1) != 0)
		return text;
	for (size_t i = 0; i + 2 < text.len; i++)
		if (text.ptr[i] == ' ' && text.ptr[i + 1] == '-')
			return gp_span_skip(text, i + 2);
	return text;
}

/* gp_store_redis_reply_error: by its first word. */
enum gp_store_redis_error gp_store_redis_reply_error(
	const struct redisReply *reply, const char **advice_out)
{
	struct gp_span text;
	*advice_out = "";
	if (!error_text(reply, &text))
		return GP_STORE_REDIS_FINE;
	text = inner_error(text);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		if (!has_code(text, errors[i].code))
			continue;
		*advice_out = errors[i].advice;
		return errors[i].kind;
	}
	return GP_STORE_REDIS_DENIED;
}

/* gp_store_redis_reply_problem: other bytes than printable ones become '?'. */
void gp_store_redis_reply_problem(const struct redisReply *reply, char *text_out, size_t size)
{
	struct gp_span text;
	size_t n = 0;
	if (error_text(reply, &text)) {
		for (; n < text.len && n + 1 < size; n++) {
			char c = text.ptr[n];
			text_out[n] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
		}
	}
	if (size > 0)
		text_out[n] = '\0';
}

/* parse_endpoint: "host:port"; the last colon, because IPv6 addresses stand without brackets. */
static bool parse_endpoint(struct gp_span text, struct gp_store_redis_redirection *out)
{
	uint64_t port;
	ptrdiff_t colon = gp_span_find_last(text, ':');
	if (colon < 0 || (size_t)colon >= sizeof out->host)
		return false;
	struct gp_span host = {text.ptr, (size_t)colon};
	if (!gp_span_is_printable_ascii(host) ||
		gp_span_parse_uint(gp_span_skip(text, (size_t)colon + 1), UINT16_MAX, &port) ||
		port == 0)
		return false;
	memcpy(out->host, host.ptr, host.len);
	out->host[host.len] = '\0';
	out->port = (uint16_t)port;
	return true;
}

/* gp_store_redis_redirection_parse: three words. */
bool gp_store_redis_redirection_parse(
	const struct redisReply *reply, struct gp_store_redis_redirection *redirection_out)
{
	struct gp_span text, word, rest;
	uint64_t slot;
	if (!error_text(reply, &text) || !gp_span_cut(text, ' ', &word, &rest) ||
		(!gp_span_is(word, "MOVED") && !gp_span_is(word, "ASK")) ||
		!gp_span_cut(rest, ' ', &word, &rest) ||
		gp_span_parse_uint(word, GP_STORE_REDIS_SLOTS - 1, &slot) != GP_OK)
		return false;
	redirection_out->slot = (unsigned)slot;
	return parse_endpoint(rest, redirection_out);
}

/* gp_store_redis_master_parse: two elements, and more are left alone. */
bool gp_store_redis_master_parse(
	const struct redisReply *reply, struct gp_store_redis_redirection *master_out)
{
	struct gp_span host;
	int64_t port;
	if (!gp_store_redis_reply_text(gp_store_redis_reply_item(reply, 0), &host) ||
		!gp_store_redis_reply_number(gp_store_redis_reply_item(reply, 1), &port) ||
		host.len == 0 || host.len >= sizeof master_out->host || port < 1 ||
		port > UINT16_MAX || !gp_span_is_printable_ascii(host))
		return false;
	memcpy(master_out->host, host.ptr, host.len);
	master_out->host[host.len] = '\0';
	master_out->port = (uint16_t)port;
	master_out->slot = 0;
	return true;
}
