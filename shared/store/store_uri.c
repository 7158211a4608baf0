/* SPDX-License-Identifier: ISC */
/*
 * URIs of stores: a table of schemes, then the parts from left to right. Nothing is unescaped: what
 * would need an escape is not allowed.
 */
#include "store/store_uri.h"

#include <string.h>

#include "base/ipaddr.h"

#define DATABASE_MAX 15
#define REDIS_PORT 6379
#define SENTINEL_PORT 26379
#define UNIX_PATH_MAX_BYTES 107 /* what fits into sockaddr_un with its NUL */
#define URI_MAX 1400            /* more than the longest that is valid */

/* One scheme: its prefix, and the function that reads the rest. */
struct scheme {
	const char *prefix;
	enum gp_store_scheme scheme;
	bool tls;
	const char *(*read)(struct gp_span rest, struct gp_store_uri *uri); /* NULL or problem */
};

/* copy: into a field of the result; false when it does not fit with its NUL. */
static bool copy(struct gp_span text, char *field, size_t size)
{
	if (text.len >= size)
		return false;
	if (text.len > 0)
		memcpy(field, text.ptr, text.len);
	field[text.len] = '\0';
	return true;
}

/* read_database: 0 to 15. */
static const char *read_database(struct gp_span text, struct gp_store_uri *uri)
{
	uint64_t number;
	if (gp_span_parse_uint(text, DATABASE_MAX, &number) != GP_OK)
		return "the database must be a number from 0 to 15";
	uri->database = (unsigned)number;
	return NULL;
}

/* is_host: letters, digits, dots, hyphens and underscores, as names and IPv4 addresses have. */
static bool is_host(struct gp_span host)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '.' && c != '-' && c != '_')
			return false;
	}
	return host.len > 0;
}

/* read_bracketed: [IPv6], and what follows it. */
static const char *read_bracketed(
	struct gp_span text, struct gp_store_uri *uri, struct gp_span *rest_out)
{
	struct gp_span host;
	struct gp_ipaddr addr;
	if (!gp_span_cut(gp_span_skip(text, 1), ']', &host, rest_out) ||
		gp_ipaddr_parse(host, &addr) != GP_OK || addr.family != GP_IP_V6)
		return "the part in brackets must be an IPv6 address";
	return copy(host, uri->host, sizeof uri->host) ? NULL : "the host name is too long";
}

/* read_named: a name or an IPv4 address up to the colon, and what follows from there. */
static const char *read_named(
	struct gp_span text, struct gp_store_uri *uri, struct gp_span *rest_out)
{
	struct gp_span host, rest;
	gp_span_cut(text, ':', &host, &rest);
	if (!is_host(host))
		return "a host name or address must follow //";
	*rest_out = gp_span_skip(text, host.len);
	return copy(host, uri->host, sizeof uri->host) ? NULL : "the host name is too long";
}

/* read_server: HOST[:PORT]. */
static const char *read_server(struct gp_span text, struct gp_store_uri *uri)
{
	struct gp_span rest;
	uint64_t port;
	if (text.len > 0 && memchr(text.ptr, '@', text.len))
		return "user and password are not part of the URI; set store.user and "
		       "store.password_file";
	const char *problem = text.len > 0 && text.ptr[0] == '[' ? read_bracketed(text, uri, &rest)
								 : read_named(text, uri, &rest);
	if (problem || rest.len == 0)
		return problem;
	if (rest.ptr[0] != ':' ||
		gp_span_parse_uint(gp_span_skip(rest, 1), 65535, &port) != GP_OK || port == 0)
		return "the port must be a number from 1 to 65535";
	uri->port = (uint16_t)port;
	return NULL;
}

/* read_lmdb: the directory. */
static const char *read_lmdb(struct gp_span rest, struct gp_store_uri *uri)
{
	if (rest.len < 2 || rest.ptr[0] != '/')
		return "an absolute directory must follow lmdb:";
	return copy(rest, uri->path, sizeof uri->path) ? NULL : "the directory's name is too long";
}

/* read_redis: HOST[:PORT][/DB]. */
static const char *read_redis(struct gp_span rest, struct gp_store_uri *uri)
{
	struct gp_span server, database;
	bool has_database = gp_span_cut(rest, '/', &server, &database);
	uri->port = REDIS_PORT;
	const char *problem = read_server(server, uri);
	return problem || !has_database ? problem : read_database(database, uri);
}

/* read_unix: /path[?DB]. */
static const char *read_unix(struct gp_span rest, struct gp_store_uri *uri)
{
	struct gp_span path, database;
	bool has_database = gp_span_cut(rest, '?', &path, &database);
	if (path.len < 2 || path.ptr[0] != '/')
		return "an absolute path of a socket must follow redis+unix:";
	if (!copy(path, uri->path, UNIX_PATH_MAX_BYTES + 1))
		return "the path of the socket is too long";
	return has_database ? read_database(database, uri) : NULL;
}

/* read_sentinel: HOST[:PORT]/NAME[/DB]. */
static const char *read_sentinel(struct gp_span rest, struct gp_store_uri *uri)
{
	struct gp_span server, after, name, database;
	uri->port = SENTINEL_PORT;
	if (!gp_span_cut(rest, '/', &server, &after))
		after = (struct gp_span) {NULL, 0};
	bool has_database = gp_span_cut(after, '/', &name, &database);
	const char *problem = read_server(server, uri);
	if (problem)
		return problem;
	if (name.len == 0)
		return "the name of the master must follow the sentinel: //HOST/NAME";
	if (memchr(name.ptr, ' ', name.len))
		return "the name of the master contains a space";
	if (!copy(name, uri->name, sizeof uri->name))
		return "the name of the master is too long";
	return has_database ? read_database(database, uri) : NULL;
}

static const struct scheme schemes[] = {
	{"lmdb:", GP_STORE_LMDB, false, read_lmdb},
	{"redis://", GP_STORE_REDIS, false, read_redis},
	{"rediss://", GP_STORE_REDIS, true, read_redis},
	{"redis+unix:", GP_STORE_REDIS_UNIX, false, read_unix},
	{"sentinel://", GP_STORE_SENTINEL, false, read_sentinel},
	{"sentinels://", GP_STORE_SENTINEL, true, read_sentinel},
};

/* has_control: bytes that no log line and no system call should get. */
static bool has_control(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return true;
	return false;
}

/* read_uri: by scheme; NULL or the problem. */
static const char *read_uri(struct gp_span text, struct gp_store_uri *uri)
{
	if (text.len > URI_MAX)
		return "the URI is too long";
	if (has_control(text))
		return "the URI contains control characters";
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (!gp_span_has_prefix(text, schemes[i].prefix))
			continue;
		uri->scheme = schemes[i].scheme;
		uri->tls = schemes[i].tls;
		return schemes[i].read(gp_span_skip(text, strlen(schemes[i].prefix)), uri);
	}
	return "must begin with lmdb:, redis://, rediss://, redis+unix:, sentinel:// or "
	       "sentinels://";
}

/* gp_store_uri_parse: all fields are set, also on failure. */
int gp_store_uri_parse(struct gp_span text, struct gp_store_uri *uri_out, const char **problem_out)
{
	memset(uri_out, 0, sizeof *uri_out);
	const char *problem = read_uri(text, uri_out);
	if (!problem)
		return GP_OK;
	*problem_out = problem;
	return GP_ESYNTAX;
}

/* gp_store_uri_is_valid: the parser's word. */
bool gp_store_uri_is_valid(struct gp_span uri, const char **problem_out)
{
	struct gp_store_uri parsed;
	return gp_store_uri_parse(uri, &parsed, problem_out) == GP_OK;
}
