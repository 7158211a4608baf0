/* SPDX-License-Identifier: ISC */
/* The configuration: does it load, who may read and write it, what lies beside it unread. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/access.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_text.h"

#define HOSTNAME_MS 5000
#define ERRORS_SHOWN 7
#define DROP_INS_MAX 10000 /* entries of the directory that are looked at */

/* check_config_file: the errors themselves are the findings. */
static void check_config_file(struct gp_doctor *doctor)
{
	struct gp_span rest = gp_span_from(doctor->config_errors), line;
	if (!doctor->config_errors) {
		size_t files = 0;
		for (size_t i = 1; i < doctor->config->watched.count; i++) {
			const char *path = doctor->config->watched.items[i];
			files += path[strlen(path) - 1] != '/';
		}
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s%s", doctor->config_path,
			files ? gp_doctor_text(doctor->arena, " and %zu further file%s", files,
					files == 1 ? "" : "s")
			      : "");
		for (size_t i = 0; i < doctor->config->warnings.count; i++)
			gp_doctor_say(doctor->report, GP_DOCTOR_WARNING, "%s",
				doctor->config->warnings.items[i]);
		return;
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
		"%s has errors or cannot be read; the other checks use %s", doctor->config_path,
		doctor->config && doctor->config->saved_path
			? gp_doctor_text(doctor->arena, "the saved copy of it (%s)",
				  doctor->config->saved_path)
			: "the defaults");
	for (size_t i = 0; i < ERRORS_SHOWN && gp_doctor_line(&rest, &line); i++)
		gp_doctor_mend(doctor->report, "%.*s", (int)line.len, line.ptr);
	gp_doctor_mend(doctor->report, "gatepost check-config %s",
		gp_doctor_word(doctor->arena, doctor->config_path));
}

/* mend_way: what lets a user through. */
static void mend_way(
	struct gp_doctor *d, const struct gp_cli_user *user, const struct gp_cli_way *way)
{
	const char *blocked = gp_doctor_word(d->arena, way->blocked);
	if (way->is_directory)
		gp_doctor_mend(d->report, "chmod o+x %s", blocked);
	else
		gp_doctor_mend(d->report, "chgrp %lu %s && chmod g+r %s", (unsigned long)user->gid,
			blocked, blocked);
}

/* check_file: of the configuration: read by the daemon, written by root only. */
static void check_file(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	const struct gp_cli_user *user = &owner->user;
	struct gp_cli_way way;
	struct stat st;
	bool is_directory = path[strlen(path) - 1] == '/';
	if (stat(path, &st))
		return; /* a directory that need not be there */
	if (!gp_cli_may(
		    d->arena, user, owner->chroot, path, is_directory ? R_OK | X_OK : R_OK, &way) &&
		way.error == EACCES) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"the user %s may not read %s (blocked by %s): a reload will fail",
			user->name, path, way.blocked);
		mend_way(d, user, &way);
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%s can be written by %s", path,
			st.st_mode & S_IWOTH ? "everybody" : "its group");
		gp_doctor_mend(d->report, "chmod go-w %s", gp_doctor_word(d->arena, path));
	}
	if (st.st_uid == user->uid && user->uid != geteuid()) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s belongs to %s, so the daemon could change it", path, user->name);
		gp_doctor_mend(d->report, "chown root %s", gp_doctor_word(d->arena, path));
	}
}

/* check_config_access: each file that the configuration was made from. */
static void check_config_access(struct gp_doctor *doctor)
{
	struct gp_doctor_owner owner;
	const struct gp_config *config = doctor->config;
	if (!gp_doctor_owner_find(doctor, &owner))
		return;
	for (size_t i = 0; i < config->watched.count; i++)
		check_file(doctor, &owner, config->watched.items[i]);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"%s may read it, no other user may write it", owner.user.name);
}

/* check_secret: one file of passwords or keys. */
static void check_secret(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	const struct gp_cli_user *user = &owner->user;
	struct gp_cli_way way;
	struct stat st;
	if (stat(path, &st)) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: %s", path, strerror(errno));
		gp_doctor_mend(d->report,
			"install -m 640 -g %lu /dev/null %s, and write the secret to it",
			(unsigned long)user->gid, gp_doctor_word(d->arena, path));
		return;
	}
	if (st.st_mode & S_IRWXO) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%s can be read by everybody", path);
		gp_doctor_mend(d->report, "chmod o-rwx %s", gp_doctor_word(d->arena, path));
	}
	if (!gp_cli_may(d->arena, user, owner->chroot, path, R_OK, &way)) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "the user %s may not read %s: %s at %s",
			user->name, path, strerror(way.error), way.blocked);
		mend_way(d, user, &way);
	}
}

/* check_config_secrets: those that are named. */
static void check_config_secrets(struct gp_doctor *doctor)
{
	const struct gp_store_options *store = &doctor->config->store;
	const char *const paths[] = {
		store->password_file, store->sentinel_password_file, store->tls_key_file};
	struct gp_doctor_owner owner;
	size_t count = 0;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		count += *paths[i] != 0;
	if (!count) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no password file is configured");
		return;
	}
	if (!gp_doctor_owner_find(doctor, &owner))
		return;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (*paths[i])
			check_secret(doctor, &owner, paths[i]);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"%zu file%s with passwords or keys, not readable by others", count,
			count == 1 ? "" : "s");
}

/* is_drop_in: would a file of this name be read? Its editor's leavings are not meant to be. */
static bool is_drop_in(const char *name)
{
	return gp_span_has_suffix(gp_span_from(name), ".conf") && *name != '.';
}

/* is_leaving: of an editor or a package manager. */
static bool is_leaving(const char *name)
{
	static const char *const ends[] = {"~", ".swp", ".dpkg-old", ".dpkg-new", ".dpkg-dist",
		".rpmnew", ".rpmsave", ".orig", ".bak"};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (gp_span_has_suffix(gp_span_from(name), ends[i]))
			return true;
	return strcmp(name, "README") == 0;
}

/* mend_name: a command only where a shell would understand the name as it stands. */
static void mend_name(struct gp_doctor *d, const char *directory, const char *name)
{
	for (const char *p = name; *p; p++)
		if (!gp_span_is_alnum(*p) && !strchr("._-", *p)) {
			gp_doctor_mend(d->report, "give it a name that ends in .conf");
			return;
		}
	gp_doctor_mend(d->report, "mv %s %s",
		gp_doctor_word(d->arena, gp_doctor_text(d->arena, "%s%s", directory, name)),
		gp_doctor_word(d->arena, gp_doctor_text(d->arena, "%s%s.conf", directory, name)));
}

/* check_config_drop_ins: what lies in conf.d and counts for nothing. */
static void check_config_drop_ins(struct gp_doctor *doctor)
{
	ptrdiff_t slash = gp_span_find_last(gp_span_from(doctor->config_path), '/');
	const char *directory = gp_doctor_text(doctor->arena, "%.*s" GP_CONFIG_DROP_IN_FOLDER,
		(int)(slash + 1), doctor->config_path);
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	size_t read = 0, seen = 0;
	if (!dir) {
		gp_doctor_say(
			doctor->report, GP_DOCTOR_SKIPPED, "%s: %s", directory, strerror(errno));
		return;
	}
	while (seen++ < DROP_INS_MAX && (entry = readdir(dir))) {
		if (is_drop_in(entry->d_name)) {
			read++;
		} else if (*entry->d_name != '.' && !is_leaving(entry->d_name)) {
			gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
				"%s%s is not read: its name does not end in .conf", directory,
				entry->d_name);
			mend_name(doctor, directory, entry->d_name);
		}
	}
	closedir(dir);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%zu file%s in %s", read,
			read == 1 ? "" : "s", directory);
}

/* has_address: does DNS know an address of this name? */
static bool has_address(struct gp_doctor *d, const char *name, bool *is_known_out)
{
	struct gp_ctx ctx = {.arena = d->arena, .clock = gp_clock_system()};
	const struct gp_dns_question questions[] = {{name, GP_DNS_A}, {name, GP_DNS_AAAA}};
	struct gp_dns_answer answers[2];
	*is_known_out = false;
	if (gp_dns_wire_new(&d->config->dns, &ctx.dns))
		return false;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + HOSTNAME_MS * 1000;
	int rc = gp_dns_query(&ctx, questions, 2, answers);
	gp_dns_free(ctx.dns);
	if (rc)
		return false;
	*is_known_out = answers[0].state < GP_DNS_TEMPFAIL && answers[1].state < GP_DNS_TEMPFAIL;
	return answers[0].state == GP_DNS_FOUND || answers[1].state == GP_DNS_FOUND;
}

/* check_config_hostname: the name that headers carry. */
static void check_config_hostname(struct gp_doctor *doctor)
{
	const char *name = doctor->config->hostname;
	struct gp_span span = gp_span_from(name);
	bool is_known;
	if (!strchr(name, '.') || !gp_dns_name_is_valid(span) ||
		gp_span_has_prefix(span, "localhost") || gp_span_has_suffix(span, ".localdomain")) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"\"%s\" is not a fully qualified host name; it is written to the headers "
			"of all mail",
			name);
		gp_doctor_mend(doctor->report, "set hostname = \"mx.example.org\" in %s",
			doctor->config_path);
		return;
	}
	if (has_address(doctor, name, &is_known)) {
		gp_doctor_say(
			doctor->report, GP_DOCTOR_OK, "%s, which has an address in DNS", name);
	} else if (is_known) {
		gp_doctor_say(doctor->report, GP_DOCTOR_NOTE, "%s has no address in DNS", name);
		gp_doctor_mend(doctor->report,
			"set hostname in %s to the name that this host has in DNS",
			doctor->config_path);
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s (DNS does not answer)", name);
	}
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_config_checks[] = {
	{"config.file", check_config_file, 0, "it loads, with its drop-in files"},
	{"config.access", check_config_access, GP_DOCTOR_NEEDS_CONFIG,
		"the daemon may read it, others may not write it"},
	{"config.secrets", check_config_secrets, GP_DOCTOR_NEEDS_CONFIG,
		"files of passwords and keys are private"},
	{"config.drop-ins", check_config_drop_ins, 0, "files in conf.d that are not read"},
	{"config.hostname", check_config_hostname, GP_DOCTOR_NEEDS_CONFIG,
		"hostname is fully qualified and known to DNS"},
	{NULL, NULL, 0, NULL},
};
