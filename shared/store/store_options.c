/* SPDX-License-Identifier: ISC */
/* The rows of section store. */
#include "store/store_options.h"

static const struct gp_option_choice store_failures[] = {{"accept", GP_STORE_FAILURE_ACCEPT},
	{"defer", GP_STORE_FAILURE_DEFER}, {"local", GP_STORE_FAILURE_LOCAL}, {NULL, 0}};

#define IN_STORE(member) offsetof(struct gp_store_settings, member)
static const struct gp_option store_rows[] = {
	{"store", "uri", GP_KIND_STORES, IN_STORE(uris), "lmdb:/var/lib/gatepost", 1,
		GP_STORE_URIS_MAX, NULL,
		"Where the counters are kept. lmdb:/directory is for the processes of this "
		"host. All else is a Redis that several hosts share: redis://HOST:PORT/DB, "
		"rediss:// with TLS, redis+unix:/path?DB, sentinel://HOST:PORT/NAME/DB, "
		"sentinels:// with TLS. Of several servers the first one that works is used.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "size", GP_KIND_SPACE, IN_STORE(options.map_bytes), "1G", 1ull << 20, 1ull << 40,
		NULL,
		"Only lmdb: maximum size of each file. Disk space is taken as it is needed. "
		"When the file is full, the counters that use the smallest share of their "
		"limits are dropped first, and the log says so.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "sync", GP_KIND_MSEC, IN_STORE(options.sync_ms), "1s", 100, 60000, NULL,
		"Only lmdb: counters are written to the disk within this time; a power failure "
		"can lose that much. What an operator sets is written at once.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "prefix", GP_KIND_TEXT, IN_STORE(options.prefix), "gatepost:", 0, 64, NULL,
		"Only Redis: what the name of every key begins with. Use different ones for "
		"installations that share a Redis but not their counters.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "user", GP_KIND_TEXT, IN_STORE(options.user), "", 0, 128, NULL,
		"Only Redis: user to log in as. Empty: the default user.", NULL, GP_OPTION_AT_OPEN},
	{"store", "password_file", GP_KIND_PATH, IN_STORE(options.password_file), "", 0, 1024, NULL,
		"Only Redis: file whose first line is the password. Empty: no password.", NULL,
		GP_OPTION_AT_OPEN},
	{"store", "sentinel_password_file", GP_KIND_PATH, IN_STORE(options.sentinel_password_file),
		"", 0, 1024, NULL,
		"Only Redis: file whose first line is the password of the sentinels. Empty: no "
		"password.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "tls_ca_file", GP_KIND_PATH, IN_STORE(options.tls_ca_file), "", 0, 1024, NULL,
		"Only Redis with TLS: file with the certificates of the authorities that are "
		"trusted. Empty: those of the system.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "tls_cert_file", GP_KIND_PATH, IN_STORE(options.tls_cert_file), "", 0, 1024, NULL,
		"Only Redis with TLS: file with the certificate to show to the server. Empty: "
		"none.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "tls_key_file", GP_KIND_PATH, IN_STORE(options.tls_key_file), "", 0, 1024, NULL,
		"Only Redis with TLS: file with the key of the certificate in tls_cert_file. "
		"Empty: none.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "timeout", GP_KIND_MSEC, IN_STORE(options.timeout_ms), "1s", 10, 10000, NULL,
		"Only Redis: how long to wait for a connection, and for each answer. It has to "
		"be below policyd.deadline.",
		NULL, GP_OPTION_AT_OPEN},
	{"store", "connections", GP_KIND_UINT, IN_STORE(options.connections), "16", 1, 256, NULL,
		"Only Redis: maximum number of connections of one process to a server.", NULL,
		GP_OPTION_AT_OPEN},
	{"store", "on_failure", GP_KIND_CHOICE, IN_STORE(on_failure), "accept", 0, 0,
		store_failures,
		"What is done while the store is unavailable; greylisting delays no mail then.\n"
		"accept: mail is accepted and not counted.\n"
		"defer: mail that a limit applies to is deferred.\n"
		"local: each host counts by itself in local_path; only with Redis.",
		NULL, 0},
	{"store", "local_path", GP_KIND_PATH, IN_STORE(local_path), "/var/lib/gatepost/local", 0,
		1000, NULL,
		"Directory of the store on this host that is used while Redis is unavailable, "
		"with on_failure = local.",
		NULL, GP_OPTION_AT_OPEN},
};
const struct gp_option_section gp_store_section = {"store",
	"Where the counters of limits are kept, and what is done while that store is "
	"unavailable. In gatepost-policyd a change of on_failure takes effect at a "
	"reload, a change of another option at a restart.",
	store_rows, sizeof store_rows / sizeof store_rows[0], sizeof(struct gp_store_settings)};
