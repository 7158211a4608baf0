/* SPDX-License-Identifier: ISC */
/*
 * URIs of stores as store.h describes them, taken apart. Pure text; plain values, no ownership.
 */
#ifndef GP_STORE_STORE_URI_H
#define GP_STORE_STORE_URI_H

#include "store/store.h"

enum gp_store_scheme {
	GP_STORE_LMDB,       /* lmdb:/directory */
	GP_STORE_REDIS,      /* redis://, rediss:// */
	GP_STORE_REDIS_UNIX, /* redis+unix:/path */
	GP_STORE_SENTINEL    /* sentinel://, sentinels:// */
};

struct gp_store_uri {
	enum gp_store_scheme scheme;
	bool tls;
	char host[256]; /* name or address, without brackets; "" for lmdb and unix */
	uint16_t port;
	char path[1024]; /* lmdb: directory; unix: socket, at most 107 bytes */
	char name[64];   /* of the master that sentinels watch */
	unsigned database;
};

/* GP_ESYNTAX: *problem_out is a static text that says what is wrong. */
int gp_store_uri_parse(
	struct gp_span text, struct gp_store_uri *uri_out, const char **problem_out) GP_MUST_CHECK;

#endif
