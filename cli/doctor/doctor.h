/* SPDX-License-Identifier: ISC */
/*
 * Doctor: what the checks of gatepost doctor share: what they look at, and what they say.
 *
 * A check is a function that looks at one subject and says at least one finding: what is so, and
 * for what is not well, how to mend it, as commands or lines of a configuration:
 *
 *     gp_doctor_say(d, GP_DOCTOR_WARNING, "%s can be written by others", path);
 *     gp_doctor_mend(d, "chmod go-w %s", path);
 *
 * Texts may hold foreign parts: they are made printable here. cmd_doctor.c holds the table of
 * checks and prints. Everything lives in the arena of the one run; not for two threads.
 *
 * Functions are called gp_doctor_ rather than gp_cli_doctor_: the folder holds several subjects.
 */
#ifndef GP_CLI_DOCTOR_H
#define GP_CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "cli/control.h"
#include "cli/doctor/doctor_postconf.h"
#include "config/config.h"

enum gp_doctor_state {
	GP_DOCTOR_OK,
	GP_DOCTOR_SKIPPED, /* its subject is not here, or cannot be looked at */
	GP_DOCTOR_NOTE,    /* good to know */
	GP_DOCTOR_WARNING, /* works now, or in part */
	GP_DOCTOR_PROBLEM  /* does not work */
};

#define GP_DOCTOR_MENDS_MAX 64
#define GP_DOCTOR_FINDINGS_MAX 512

struct gp_doctor_finding {
	const char *check; /* name of the check */
	enum gp_doctor_state state;
	const char *found;
	const char *mends[GP_DOCTOR_MENDS_MAX];
	size_t mend_count;
};

struct gp_doctor_postfix; /* doctor_postfix.h */
struct gp_doctor_exim;    /* doctor_exim.c */

struct gp_doctor {
	struct gp_arena *arena;
	bool is_root;
	/* as given; NULL: not */
	const char *config_path; /* never NULL */
	const char *socket, *postconf, *config_dir, *exim;
	/* what has been found out, by the checks that come first */
	/* where it has errors: the last good one, or the defaults; NULL: no memory */
	struct gp_config *config;
	const char *config_errors; /* NULL: there are none */
	json_t *status;            /* of the daemon; NULL: it does not answer */
	const char *why_silent;    /* why there is no status; NULL: it has not been asked */
	bool is_denied;            /* this user may not ask it */
	bool has_servers;          /* the configuration has those that the daemon asks */
	bool is_dumb;              /* somebody listens there and gives no answer */
	long peer;        /* the process that listens on its control socket; 0: not known */
	const char *unit; /* state of the daemon's unit as systemd has it; NULL: not asked */
	struct gp_doctor_postfix *postfix;
	struct gp_doctor_exim *exim_facts;
	/* what has been said */
	const char *check; /* that runs */
	struct gp_doctor_finding *findings;
	size_t finding_count;
};

/* One finding of the check that runs. */
void gp_doctor_say(struct gp_doctor *doctor, enum gp_doctor_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How to mend what was said last: a command, or a line of a configuration. */
void gp_doctor_mend(struct gp_doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* printf into the arena; "?" when that is full. */
const char *gp_doctor_text(struct gp_doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A word of a shell's command, quoted where a shell would not take it as it stands. */
const char *gp_doctor_word(struct gp_doctor *doctor, const char *text);

/* How a package is installed here: "apt install unbound", or in words. */
const char *gp_doctor_install(struct gp_doctor *doctor, const char *package);

/* Is this a machine for Exim's module alone, where no daemon is to be expected? */
bool gp_doctor_is_only_exim(struct gp_doctor *doctor);

/* Has the check that runs said anything but that all is well? */
bool gp_doctor_is_well(const struct gp_doctor *doctor);

/* ---- children (doctor_child.c) ---- */

#define GP_DOCTOR_OUTPUT_MAX (4 * 1024 * 1024)

/* What came of a child. */
struct gp_doctor_output {
	struct gp_span text; /* what it wrote to stdout and stderr, in the arena */
	int code;            /* its exit code; -1: it was ended, or there was no child */
	bool is_late;        /* it took too long and was ended */
	bool is_cut;         /* it wrote more than GP_DOCTOR_OUTPUT_MAX and was ended */
};

/* Runs body in a child, whose stdin is empty and whose output is collected; ends it after so long.
 * What body returns is the exit code. */
void gp_doctor_fork(struct gp_doctor *doctor, int (*body)(void *arg), void *arg, unsigned limit_ms,
	struct gp_doctor_output *output_out);

/* The same for a program: path and arguments, NULL at the end. Nobody's shell is asked. */
void gp_doctor_exec(struct gp_doctor *doctor, const char *const *argv, unsigned limit_ms,
	struct gp_doctor_output *output_out);

/* A program of PATH or of the folders of system programs, absolute; NULL: there is none. */
const char *gp_doctor_program(struct gp_doctor *doctor, const char *name);

/* The first bytes of a file, at most so many; false with errno. */
bool gp_doctor_read(struct gp_doctor *doctor, const char *path, size_t max, struct gp_span *out);

/* Cuts off a line; false at the end. */
bool gp_doctor_line(struct gp_span *text, struct gp_span *line_out);

/* ---- who may what (doctor_access.c) ---- */

#define GP_DOCTOR_GROUPS_MAX 256

struct gp_doctor_user {
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t groups[GP_DOCTOR_GROUPS_MAX];
	int group_count;
};

/* By name; group "" is the user's own. false: there is no such user or group. */
bool gp_doctor_user_find(struct gp_doctor *doctor, const char *name, const char *group,
	struct gp_doctor_user *user_out);

/* What stands in the way to a path. */
struct gp_doctor_way {
	int error;           /* 0: nothing; EACCES; ENOENT and others as stat(2) gives them */
	const char *blocked; /* the folder, or the path itself */
	bool is_folder;      /* blocked is a folder on the way */
};

/*
 * May the user do this (bits of R_OK, W_OK, X_OK) with what stands at path? Each folder on the way
 * counts from root on, which is "" for /: a chroot. By permission bits; lists of access rights are
 * not looked at. false: the way says why.
 */
bool gp_doctor_may(struct gp_doctor *doctor, const struct gp_doctor_user *user, const char *root,
	const char *path, int bits, struct gp_doctor_way *way_out);

/* Becomes the user for good, inside root unless that is ""; in a child. false with errno. */
bool gp_doctor_become(const struct gp_doctor_user *user, const char *root);

/* ---- whose things these are (doctor_owner.c) ---- */

/*
 * Who reads the configuration and writes the store: the daemon, or Exim where there is only Exim.
 */
struct gp_doctor_owner {
	struct gp_doctor_user user;
	const char *chroot; /* "": none */
};

/* As the running daemon is, else as configured; false: there is no such user, which was said. */
bool gp_doctor_owner_find(struct gp_doctor *doctor, struct gp_doctor_owner *owner_out);

/* Asks the daemon for its state, once; false: why_silent says why there is none. */
bool gp_doctor_ask(struct gp_doctor *doctor);

/* The process that serves, as the system and not only its answer has it; 0: not known. */
long gp_doctor_daemon_pid(struct gp_doctor *doctor);

/* Does systemd hold the packages' socket, for a daemon that starts at the first request? */
bool gp_doctor_is_waiting(struct gp_doctor *doctor);

/* The user that Exim runs as; false: none is known. */
bool gp_doctor_exim_user(struct gp_doctor *doctor, struct gp_doctor_user *user_out);

/* ---- endpoints of the daemon (doctor_postfix.c) ---- */

/* What main.cf should say to ask us: "unix:gatepost/policy", "inet:127.0.0.1:10040". */
const char *gp_doctor_endpoint(struct gp_doctor *doctor);

/* ---- the checks ---- */

void gp_doctor_config_file(struct gp_doctor *doctor);
void gp_doctor_config_access(struct gp_doctor *doctor);
void gp_doctor_config_secrets(struct gp_doctor *doctor);
void gp_doctor_config_drop_ins(struct gp_doctor *doctor);
void gp_doctor_config_hostname(struct gp_doctor *doctor);

void gp_doctor_daemon_answers(struct gp_doctor *doctor);
void gp_doctor_daemon_config(struct gp_doctor *doctor);
void gp_doctor_daemon_trouble(struct gp_doctor *doctor);
void gp_doctor_daemon_clients(struct gp_doctor *doctor);
void gp_doctor_daemon_resources(struct gp_doctor *doctor);
void gp_doctor_daemon_files(struct gp_doctor *doctor);

void gp_doctor_dns_servers(struct gp_doctor *doctor);
void gp_doctor_dns_own_name(struct gp_doctor *doctor);
void gp_doctor_dns_public(struct gp_doctor *doctor);
void gp_doctor_dns_dnssec(struct gp_doctor *doctor);

void gp_doctor_store_main(struct gp_doctor *doctor);
void gp_doctor_store_local(struct gp_doctor *doctor);
void gp_doctor_store_disk(struct gp_doctor *doctor);
void gp_doctor_clock(struct gp_doctor *doctor);

void gp_doctor_postfix_found(struct gp_doctor *doctor);
void gp_doctor_postfix_asks(struct gp_doctor *doctor);
void gp_doctor_postfix_services(struct gp_doctor *doctor);
void gp_doctor_postfix_end(struct gp_doctor *doctor);
void gp_doctor_postfix_default_action(struct gp_doctor *doctor);
void gp_doctor_postfix_timeout(struct gp_doctor *doctor);
void gp_doctor_postfix_connections(struct gp_doctor *doctor);
void gp_doctor_postfix_socket(struct gp_doctor *doctor);
void gp_doctor_postfix_field(struct gp_doctor *doctor);

void gp_doctor_exim_build(struct gp_doctor *doctor);
void gp_doctor_exim_macros(struct gp_doctor *doctor);
void gp_doctor_exim_module(struct gp_doctor *doctor);
void gp_doctor_exim_options(struct gp_doctor *doctor);

#endif
