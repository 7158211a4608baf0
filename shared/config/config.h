/* SPDX-License-Identifier: ISC */
/*
 * Config: the settled values of one snapshot of the configuration file.
 *
 * Knows every option by the row that its owner has (base/option.h), listed in config_table.c: its
 * bounds, default and help; does not know what a value does. A snapshot is complete, checked and
 * immutable: a bad file gives errors and no snapshot, so it can never replace a good one.
 *
 *     struct gp_config_errors errors = {0};
 *     struct gp_config *c;
 *     if (gp_config_load(path, &c, &errors)) { puts(errors.text); ... }
 *     gp_config_errors_fini(&errors);  ...  gp_config_free(c);
 *
 * The errors of all files are reported together, a line each, the first ten of them: file, line,
 * option, value, what is allowed. What is no error, but has no effect or may harm, is a warning of
 * the snapshot. GP_ESYNTAX: the file has errors; GP_EIO: it cannot be read; the text says why.
 *
 * Files may be included by the main one, and are read as if their text stood at its end. Then come
 * the drop-in files, *.conf in the directory conf.d beside the main one, in the order of their
 * names: they may set again what files before them have set, and the last one counts. Bounds: the
 * main file 1 MiB, 1000 further ones of 16 MiB each and 64 MiB together, GP_CONFIG_MEMORY for what
 * comes of them.
 *
 * Known gaps: a list set to {} and set again later, or the other way round where there are drop-in
 * files, is not reported as repeated; the last one counts.
 *
 * Ownership: a snapshot is heap with one owner; all it points to is its own. Threads: any number
 * may load at once, each with its own errors, and read a snapshot.
 */
#ifndef GP_CONFIG_CONFIG_H
#define GP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arc/arc_options.h"
#include "base/err.h"
#include "base/filestamp.h"
#include "base/ipaddr.h"
#include "base/log.h"
#include "base/option.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "dkim/dkim_options.h"
#include "dmarc/dmarc_options.h"
#include "dns/dns_options.h"
#include "limit/limit_options.h"
#include "reputation/dnsbl/dnsbl_options.h"
#include "reputation/greylist/greylist_options.h"
#include "spf/spf_options.h"
#include "store/store_options.h"

#define GP_CONFIG_PATH GP_SYSCONFDIR "/gatepost/gatepost.conf"
#define GP_CONFIG_LISTEN "inet:127.0.0.1:10040" /* where nothing else is said */
/* where the packages' socket unit listens: inside the directory of a chrooted smtpd */
#define GP_CONFIG_PATH_PACKAGED "/var/spool/postfix/gatepost/policy"
#define GP_CONFIG_LISTEN_PACKAGED "unix:" GP_CONFIG_PATH_PACKAGED
#define GP_CONFIG_USER "gatepost"                 /* of the daemon, where no other is named */
#define GP_CONFIG_MAIL_USER "postfix"             /* of the mail server, likewise */
#define GP_CONFIG_FILE_MAX (1024 * 1024)          /* bytes of a configuration file */
#define GP_CONFIG_INCLUDE_MAX (16 * 1024 * 1024)  /* bytes of an included file */
#define GP_CONFIG_INCLUDES_MAX (64 * 1024 * 1024) /* bytes of all included files together */
#define GP_CONFIG_INCLUDED_MAX 1000               /* included and drop-in files */
#define GP_CONFIG_DROP_IN_FOLDER "conf.d/"        /* beside the main file */
#define GP_CONFIG_DROP_IN_PATTERN "*.conf"
#define GP_CONFIG_MEMORY (512u * 1024 * 1024) /* most that a snapshot takes */

struct gp_config_exim {
	enum gp_option_on_error on_error; /* accept or defer */
	unsigned deadline_ms;
	unsigned memory;        /* bytes, ceiling of one message's arena */
	unsigned cache_entries; /* answers of DNS that a process remembers */
};

enum gp_config_log_target { GP_LOG_TO_STDERR, GP_LOG_TO_SYSLOG, GP_LOG_TO_FILE };
enum gp_config_log_format { GP_LOG_AS_TEXT, GP_LOG_AS_JSON };

struct gp_config_log {
	enum gp_config_log_target target;
	enum gp_config_log_format format;
	enum gp_log_level level;
	int facility;     /* of syslog(3), and of records in systemd's journal */
	const char *file; /* of the target file */
};

/* What the daemon does about a system call that it does not need. */
enum gp_config_seccomp { GP_SECCOMP_OFF, GP_SECCOMP_LOG, GP_SECCOMP_ENFORCE };

struct gp_config_policyd {
	struct gp_config_texts listen; /* "unix:/path" or "inet:ADDR:PORT", checked; none: those
					  handed over by the service manager, else
					  GP_CONFIG_LISTEN */
	unsigned socket_mode;
	const char *mail_user;             /* who asks */
	const char *user, *group, *chroot; /* "" when not set */
	unsigned max_connections;
	unsigned idle_timeout_ms, deadline_ms;
	unsigned request_memory; /* bytes, ceiling of one request's arena */
	bool supervise;
	unsigned watchdog_ms; /* 0: none */
	enum gp_config_seccomp seccomp;
	enum gp_option_on_error on_trouble; /* ACCEPT or DEFER */
	const char *pass_action;            /* "" or what Postfix is told when SPF passes */
	const char *control_socket;         /* "": none */
	unsigned control_mode;
};

struct gp_config_metrics {
	struct gp_config_texts listen; /* "inet:ADDR:PORT" of the loopback, checked */
};

struct gp_config {
	struct gp_arena *arena;          /* holds everything below */
	const char *path;                /* as it was given */
	const char *saved_path;          /* the file that was used in its place; NULL: none */
	int64_t saved_s;                 /* when that was saved, wall time */
	struct gp_config_texts includes; /* empty once they have been read: then they are in here */
	/* files it was made from, the main one first, and directories of patterns in include and of
	 * drop-in files, which end with a slash: another one when any of them changes */
	struct gp_config_texts watched;
	struct gp_config_texts empty;    /* those of the files in which nothing stands */
	struct gp_config_texts warnings; /* "file:line: warning: option: sentence", a line each: no
					    error, but without effect, or harmful */
	const char *hostname; /* authserv-id of RFC 8601; the machine's name when not set */
	struct gp_option_prefixes trusted_networks, own_networks;
	struct gp_option_prefixes nat64_prefixes; /* besides 64:ff9b::/96 */
	struct gp_spf_settings spf;
	struct gp_dkim_settings dkim;
	struct gp_arc_settings arc;
	struct gp_dmarc_settings dmarc;
	struct gp_dnsbl_settings dnsbl;
	struct gp_greylist_settings greylist;
	struct gp_dns_settings dns_settings; /* as the file says it */
	/* settled from that, and from resolv_conf as it was then */
	struct gp_dns_options dns;
	bool dns_is_assumed; /* resolv_conf named no server, which means this machine... */
	const char
		*resolv_problem; /* ...or could not be read: why; NULL: it could, or is missing */
	struct gp_config_policyd policyd;
	struct gp_config_metrics metrics;
	struct gp_config_exim exim;
	struct gp_config_log log;
	struct gp_store_settings store_settings; /* as the file says it */
	struct gp_store_options store;           /* settled from that */
	struct gp_limit_set limits;
	struct gp_config *list_table;         /* of known DNS lists; NULL: no file has needed it */
	struct gp_suffix_list *list_suffixes; /* where DMARC does not need them; NULL */
};

/*
 * Errors of one load; zero it first. text has a line for each of the first ten, in the order of
 * files and lines, and a last line that counts the others; "" when there is none.
 */
struct gp_config_errors {
	size_t count;
	const char *text;

	/* the rest is for config_error.c */
	struct gp_arena *arena;
	struct gp_config_listed *listed;
	size_t listed_count, listed_max;
	bool is_sorted;
	const char **files; /* in the order in which they are read */
	size_t file_count, file_size, last_file;
	struct gp_strbuf unlisted; /* swallows what has no place in the list */
};

/* Reads and checks a file and what it includes. */
int gp_config_load(const char *path, struct gp_config **config_out,
	struct gp_config_errors *errors) GP_MUST_CHECK;

/* The same for text, which may include files, too; name stands for the main file in error texts and
 * as the snapshot's path. */
int gp_config_parse(struct gp_span text, const char *name, struct gp_config **config_out,
	struct gp_config_errors *errors) GP_MUST_CHECK;

/* All defaults, as if the file at path were empty and nothing lay beside it. */
int gp_config_defaults(const char *path, struct gp_config **config_out,
	struct gp_config_errors *errors) GP_MUST_CHECK;

/*
 * The table of known DNS lists, which is a part of the program: dnsbl.lists and dnsbl.dead are all
 * of it. To be freed as any other.
 */
int gp_config_list_table(
	struct gp_config **config_out, struct gp_config_errors *errors) GP_MUST_CHECK;

/*
 * The last good configuration: one that was in force is saved with the state, settled and whole, so
 * that it loads without the files it came from. directory: of the state, GP_CONFIG_STATE_FOLDER or
 * what the service manager says (gp_config_state_directory). The file belongs to the user that
 * saves it and is readable by no other; a file that others could have written is not used.
 */
#define GP_CONFIG_STATE_FOLDER "/var/lib/gatepost"
const char *gp_config_state_directory(void);

/* Where the one of this configuration lies, in buf; false: the names are too long. */
bool gp_config_saved_path(const char *directory, const char *path, char *buf, size_t size);

/* Saves it. GP_EIO: errno says why not. What was saved before stays until the new one is whole. */
int gp_config_save(const struct gp_config *config, const char *directory) GP_MUST_CHECK;

/* Loads what was saved of the configuration at path; owner_out may be NULL. A file that is not
 * there, is not private or whole, or does not load in this version: as gp_config_load. */
int gp_config_load_saved(const char *directory, const char *path, struct gp_config **config_out,
	struct gp_config_errors *errors, uid_t *owner_out) GP_MUST_CHECK;

/*
 * Follows resolv.conf: its stamp is looked at, at most once a second, and the file read when that
 * has changed, or could not be read before. Zero it, then the first look reads. Not for two
 * threads, and nobody else may set the servers that come from there.
 */
struct gp_config_follow {
	struct gp_filestamp stamp; /* of what was read last */
	bool is_read;
	int64_t next_us; /* no look before that */
	int64_t empty_s; /* since when it has named no server, wall time; 0: it does */
	int64_t said_us; /* when it was last said that it cannot be read; 0: never */
};
enum gp_config_followed {
	GP_CONFIG_AS_BEFORE,
	GP_CONFIG_CHANGED,   /* dns asks others from now on, or in another way */
	GP_CONFIG_UNREADABLE /* the file is there and cannot be read; told once a minute */
};

/*
 * dns asks as resolv.conf says: the cache over gp_dns_wire_new, made for config. Where there is
 * something to tell with this look, text says it, for the log. What is remembered stays. A file
 * that cannot be read, is not there any more, or names no server for less than two seconds, changes
 * nothing: somebody may be writing it.
 */
enum gp_config_followed gp_config_follow_dns(struct gp_config_follow *follow,
	const struct gp_config *config, struct gp_dns *dns, struct gp_strbuf *text);

/*
 * Keys of DNS lists that could be read when the configuration before was loaded and cannot be now,
 * such as by a daemon that was started as root: they stay, and a warning says so. Nothing is
 * changed without memory for it.
 */
void gp_config_inherit_keys(struct gp_config *config, const struct gp_config *before);

/*
 * How a new resolver for config asks, dns_out, where one that was made for another configuration is
 * known: the servers of that stay while the same resolv.conf names none or cannot be read.
 */
void gp_config_inherit_dns(const struct gp_config *config, const struct gp_config *before,
	struct gp_dns *known, struct gp_dns_options *dns_out);

/*
 * The resolver dns, a cache over gp_dns_wire_new made for before, becomes the one of config, with
 * these options of its cache: which servers are queried and how, as gp_config_inherit_dns says, and
 * what is remembered stays. GP_ENOMEM: all is as it was. Where it follows resolv.conf, that begins
 * anew.
 */
int gp_config_renew_dns(const struct gp_config *config, const struct gp_config *before,
	const struct gp_dns_cache_options *cache, struct gp_dns *dns) GP_MUST_CHECK;

/* Which servers are queried, and where that is set, in words; true: not as anybody would have
 * meant. */
bool gp_config_describe_dns(const struct gp_config *config, struct gp_strbuf *text);

/*
 * A file that has lost its content, as a full disk or an interrupted copy leaves it: one of after's
 * in which nothing stands, not even a comment, while something stood in it in before. Without a
 * before (NULL) only the main file is looked at. NULL: there is none. The name is after's.
 */
const char *gp_config_emptied(const struct gp_config *after, const struct gp_config *before);
#define GP_CONFIG_EMPTIED                                                                      \
	"is empty, perhaps because a disk was full; if no option is to be set in it, write a " \
	"comment into it"

/* Frees a snapshot; accepts NULL. */
void gp_config_free(struct gp_config *config);

/* Frees the errors' text. */
void gp_config_errors_fini(struct gp_config_errors *errors);

/* What to show of a load that failed with rc: the errors, or what the status means. Borrowed. */
const char *gp_config_errors_text(const struct gp_config_errors *errors, int rc);

/* Every option with its settled value, in the file's own syntax; for keys (hidden) stands there. */
int gp_config_dump(const struct gp_config *config, struct gp_strbuf *buf) GP_MUST_CHECK;

/* The commented example file, and the option section of the man page (mdoc), from the rows. */
void gp_config_example(struct gp_strbuf *buf);
void gp_config_man(struct gp_strbuf *buf);

/* The sections of gatepost-lists(7) about known DNS lists (mdoc), from the table. */
int gp_config_man_lists(struct gp_strbuf *buf) GP_MUST_CHECK;

#endif
