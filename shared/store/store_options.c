/* SPDX-License-Identifier: ISC */
/* The rows of section store. */
#include "store/store_options.h"

static const struct gp_option_choice store_failures[] = {{"accept", GP_STORE_FAILURE_ACCEPT},
	{"defer", GP_STORE_FAILURE_DEFER}, {"local", GP_STORE_FAILURE_LOCAL}, {NULL, 0}};

#define IN_STORE(member) offsetof(struct gp_store_settings, member)
static const struct gp_option store_rows[] = {
	{"store", "uri", GP_KIND_STORES, IN_STORE(uris), "lmdb:/var/lib/gatepost", 1,
		GP_STORE_URIS_MAX, NULL,
		"Where it is counted: lmdb:/folder for the processes of this machine, or servers "
		"that several hosts share, in order of preference. redis://HOST:PORT/DB, rediss:// "
		"with TLS, redis+unix:/path?DB, sentinel://HOST:PORT/NAME/DB, sentinels:// with "
		"TLS.",
		NULL, false},
	{"store", "size", GP_KIND_SPACE, IN_STORE(options.map_bytes), "1G", 1ull << 20, 1ull << 40,
		NULL,
		"lmdb: how large each file may become. Disk is taken as it is needed. A full one "
		"forgets those first who use the smallest share of their limits, and says so.",
		NULL, false},
	{"store", "sync", GP_KIND_MSEC, IN_STORE(options.sync_ms), "1s", 100, 60000, NULL,
		"lmdb: counters reach the disk within this; what an operator has said is there at "
		"once.",
		NULL, false},
	{"store", "prefix", GP_KIND_TEXT, IN_STORE(options.prefix), "gatepost:", 0, 64, NULL,
		"Servers: what the name of every key begins with.", NULL, false},
	{"store", "user", GP_KIND_TEXT, IN_STORE(options.user), "", 0, 128, NULL,
		"Servers: the user to log in as. Empty: the default user.", NULL, false},
	{"store", "password_file", GP_KIND_PATH, IN_STORE(options.password_file), "", 0, 1024, NULL,
		"Servers: a file whose first line is the password. Empty: none.", NULL, false},
	{"store", "sentinel_password_file", GP_KIND_PATH, IN_STORE(options.sentinel_password_file),
		"", 0, 1024, NULL, "The same for the sentinels themselves.", NULL, false},
	{"store", "tls_ca_file", GP_KIND_PATH, IN_STORE(options.tls_ca_file), "", 0, 1024, NULL,
		"TLS: certificates of the authorities that are trusted. Empty: those of the "
		"system.",
		NULL, false},
	{"store", "tls_cert_file", GP_KIND_PATH, IN_STORE(options.tls_cert_file), "", 0, 1024, NULL,
		"TLS: certificate to show to the server. Empty: none.", NULL, false},
	{"store", "tls_key_file", GP_KIND_PATH, IN_STORE(options.tls_key_file), "", 0, 1024, NULL,
		"TLS: the key of tls_cert_file.", NULL, false},
	{"store", "timeout", GP_KIND_MSEC, IN_STORE(options.timeout_ms), "1s", 10, 10000, NULL,
		"How long a server is waited for: to connect, and for each answer.", NULL, false},
	{"store", "connections", GP_KIND_UINT, IN_STORE(options.connections), "16", 1, 256, NULL,
		"Connections to a server at once, at most.", NULL, false},
	{"store", "on_failure", GP_KIND_CHOICE, IN_STORE(on_failure), "accept", 0, 0,
		store_failures,
		"While the store is away: accept mail without counting it, defer mail that a limit "
		"applies to, or count in a store on this machine (local), each host for itself.",
		NULL, false},
	{"store", "local_path", GP_KIND_PATH, IN_STORE(local_path), "/var/lib/gatepost/local", 0,
		1000, NULL,
		"Folder of the store on this machine that stands in with on_failure = local.", NULL,
		false},
};
const struct gp_option_section gp_store_section = {"store",
	"Where the counters of limits are kept, and what is done while that is away. A "
	"change takes effect at a restart, that of on_failure at a reload.",
	store_rows, sizeof store_rows / sizeof store_rows[0], sizeof(struct gp_store_settings)};
