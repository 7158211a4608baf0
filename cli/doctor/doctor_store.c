/* SPDX-License-Identifier: ISC */
/*
 * The stores, and the disk below them. Stores are looked at, not used: nothing is made, set aside
 * or counted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "cli/store/store_check.h"
#include "cli/store/store_directory.h"
#include "cli/usage.h"

#define STORE_MS 60000
#define FREE_LEAST (64LL * 1024 * 1024) /* bytes of disk, for the first counters */

/* ---- a server ---- */

/* What a child checks. */
struct job {
	const struct gp_config *config;
	const struct gp_cli_store *store;
	const struct gp_doctor_owner *owner; /* to become; NULL: the process runs as that user
					      * already */
};

/* send_line: from the child: its kind as a letter, and the text. */
static void send_line(void *arg, enum gp_cli_store_line kind, const char *text)
{
	(void)arg;
	printf("%c%s\n", 'a' + (int)kind, text);
}

/* cut_line: in the parent; what is no line of the check is trouble. */
static bool cut_line(
	struct gp_span *rest, enum gp_cli_store_line *kind_out, struct gp_span *text_out)
{
	struct gp_span line;
	if (!gp_doctor_line(rest, &line))
		return false;
	bool is_kind = line.len && line.ptr[0] >= 'a' && line.ptr[0] <= 'a' + GP_CLI_STORE_TROUBLE;
	*kind_out = is_kind ? (enum gp_cli_store_line)(line.ptr[0] - 'a') : GP_CLI_STORE_TROUBLE;
	*text_out = gp_span_trim(is_kind ? gp_span_skip(line, 1) : line);
	return true;
}

/* check: body of the child. */
static int check(void *arg)
{
	const struct job *job = arg;
	const struct gp_cli_store_told told = {send_line, NULL};
	const struct gp_config_policyd *p = &job->config->policyd;
	const struct gp_cli_store_user who = {p->user, p->group, p->chroot, false};
	if (job->owner && !gp_cli_become(&job->owner->user, job->owner->chroot, NULL)) {
		gp_cli_store_tell(&told, GP_CLI_STORE_TROUBLE, "cannot become the user %s: %s",
			job->owner->user.name, strerror(errno));
		return GP_CLI_TROUBLE;
	}
	return gp_cli_store_check(job->store, &who, true, &told);
}

/* say_trouble: each line that tells of it. */
static void say_trouble(struct gp_doctor *d, const struct gp_doctor_output *out)
{
	struct gp_span rest = out->text, line;
	enum gp_cli_store_line kind;
	bool is_first = true;
	if (out->is_late)
		gp_doctor_say(
			d->report, GP_DOCTOR_PROBLEM, "no answer within %d s", STORE_MS / 1000);
	while (!out->is_late && cut_line(&rest, &kind, &line)) {
		if (kind < GP_CLI_STORE_WARNING || line.len == 0)
			continue;
		if (is_first)
			gp_doctor_say(d->report, out->code ? GP_DOCTOR_PROBLEM : GP_DOCTOR_WARNING,
				"%.*s", (int)line.len, line.ptr);
		else
			gp_doctor_mend(d->report, "%.*s", (int)line.len, line.ptr);
		is_first = false;
	}
	if (is_first && out->code && !out->is_late)
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "it cannot be used");
	gp_doctor_mend(d->report, "gatepost store check %s", d->config_path);
}

/* find_line: the first of a kind; empty when there is none. */
static struct gp_span find_line(struct gp_span text, enum gp_cli_store_line wanted)
{
	struct gp_span line;
	enum gp_cli_store_line kind;
	while (cut_line(&text, &kind, &line))
		if (kind == wanted)
			return line;
	return (struct gp_span) {"", 0};
}

/* may_look: root sees all, the store's own user does, too; else it is said. */
static bool may_look(struct gp_doctor *d, const struct gp_doctor_owner *owner)
{
	if (d->is_root || owner->user.uid == geteuid())
		return true;
	gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "needs root: sudo gatepost doctor");
	return false;
}

/* check_server: in a child, which becomes the store's user; it reads only. */
static void check_server(
	struct gp_doctor *d, const struct gp_doctor_owner *owner, const struct gp_cli_store *store)
{
	struct job job = {.config = d->config, .store = store, .owner = d->is_root ? owner : NULL};
	struct gp_doctor_output out;
	gp_doctor_fork(d->arena, check, &job, STORE_MS, &out);
	struct gp_span time = find_line(out.text, GP_CLI_STORE_CLOCK);
	struct gp_span step = find_line(out.text, GP_CLI_STORE_STEP);
	if (time.len) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"the clock of the store's server is %.*s", (int)time.len, time.ptr);
		gp_doctor_mend(
			d->report, "on both hosts: timedatectl set-ntp true   (or install chrony)");
	}
	if (out.code || out.is_late || find_line(out.text, GP_CLI_STORE_WARNING).len)
		say_trouble(d, &out);
	if (gp_doctor_is_well(d->report))
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s answers, reading takes %.*s",
			store->options.uris[0], (int)step.len, step.ptr);
}

/* ---- an embedded store ---- */

/* A file of it, for the child that looks into it. */
struct look {
	const struct gp_doctor_owner *owner; /* to become; NULL: the process runs as that user
					      * already */
	const char *path;
};

/* look_into: body of the child. */
static int look_into(void *arg)
{
	const struct look *look = arg;
	if (look->owner && !gp_cli_become(&look->owner->user, look->owner->chroot, NULL))
		return GP_CLI_STORE_UNREADABLE;
	return (int)gp_cli_store_look(look->path);
}

/* say_denied: what the user may not use. What belongs to another service is left to it. */
static void say_denied(
	struct gp_doctor *d, const struct gp_cli_user *user, const struct gp_cli_way *way)
{
	struct stat st;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "the user %s may not use it: %s: %s",
		user->name, way->blocked, strerror(way->error));
	if (way->is_directory)
		gp_doctor_mend(d->report, "chmod o+x %s", gp_doctor_word(d->arena, way->blocked));
	else if (stat(way->blocked, &st) == 0 && (st.st_uid == 0 || st.st_uid == user->uid))
		gp_doctor_mend(d->report, "chown -R %s %s && chmod u+rwX %s", user->name,
			gp_doctor_word(d->arena, way->blocked),
			gp_doctor_word(d->arena, way->blocked));
	else
		gp_doctor_mend(d->report,
			"it belongs to another user; give %s a directory of its own: store { uri = "
			"{\"lmdb:/directory\"} } in %s",
			user->name, d->config_path);
}

/* say_missing: a directory that is made at the start, or cannot be. */
static void say_missing(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct gp_cli_way way;
	ptrdiff_t slash = gp_span_find_last(gp_span_from(path), '/');
	const char *parent = slash > 0 ? gp_doctor_text(d->arena, "%.*s", (int)slash, path) : "/";
	const char *directory = gp_doctor_text(d->arena, "%s%s", owner->chroot, path);
	if (gp_doctor_is_waiting(d)) {
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"%s does not exist yet: it is created when the daemon starts", directory);
	} else if (gp_cli_may(d->arena, &owner->user, owner->chroot, parent, W_OK | X_OK, &way)) {
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s does not exist yet; %s may create it",
			directory, owner->user.name);
	} else {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"%s does not exist, and %s may not create it", directory, owner->user.name);
		gp_doctor_mend(d->report, "install -d -m 700 -o %s %s", owner->user.name,
			gp_doctor_word(d->arena, directory));
	}
}

/* check_file: one that is there. */
static void check_file(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct look look = {d->is_root ? owner : NULL, path};
	struct gp_cli_way way;
	struct gp_doctor_output out;
	if (!gp_cli_may(d->arena, &owner->user, owner->chroot, path, R_OK | W_OK, &way)) {
		if (way.error != ENOENT)
			say_denied(d, &owner->user, &way);
		return;
	}
	gp_doctor_fork(d->arena, look_into, &look, STORE_MS, &out);
	if (out.code == GP_CLI_STORE_WHOLE)
		return;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s%s %s", owner->chroot, path,
		out.code == GP_CLI_STORE_DAMAGED ? "is damaged: it is not an LMDB file"
						 : "cannot be read");
	if (out.code == GP_CLI_STORE_DAMAGED)
		gp_doctor_mend(d->report,
			"restart the programs that use it: a damaged file is renamed, and a new "
			"one is started");
}

/* is_no_directory: something else has the name; said. */
static bool is_no_directory(
	struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct stat st;
	const char *directory = gp_doctor_text(d->arena, "%s%s", owner->chroot, path);
	if (stat(directory, &st) || S_ISDIR(st.st_mode))
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s is not a directory", directory);
	bool is_ours = gp_cli_store_is_own_place(directory, owner->user.uid);
	if (is_ours)
		gp_doctor_mend(d->report, "mv %s %s.old", gp_doctor_word(d->arena, directory),
			gp_doctor_word(d->arena, directory));
	gp_doctor_mend(d->report, "%suse another one: store { uri = {\"lmdb:/directory\"} } in %s",
		is_ours ? "or " : "", d->config_path);
	return true;
}

/* check_lmdb: looked at, not opened: opening would make files, and set damaged ones aside. */
static void check_lmdb(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct gp_cli_way way;
	if (is_no_directory(d, owner, path))
		return;
	if (!gp_cli_may(d->arena, &owner->user, owner->chroot, path, R_OK | W_OK | X_OK, &way)) {
		if (way.error == ENOENT && !way.is_directory)
			say_missing(d, owner, path);
		else
			say_denied(d, &owner->user, &way);
		return;
	}
	check_file(d, owner, gp_doctor_text(d->arena, "%s/counters", path));
	check_file(d, owner, gp_doctor_text(d->arena, "%s/facts", path));
	if (gp_doctor_is_well(d->report))
		gp_doctor_say(d->report, GP_DOCTOR_OK,
			"lmdb:%s%s can be used by %s; gatepost store check tests it by writing",
			owner->chroot, path, owner->user.name);
}

/* check_store: of whichever kind. */
static void check_store(struct gp_doctor *d, const struct gp_cli_store *store)
{
	struct gp_doctor_owner owner;
	if (!gp_doctor_owner_find(d, &owner) || !may_look(d, &owner))
		return;
	if (store->directory)
		check_lmdb(d, &owner, store->directory);
	else
		check_server(d, &owner, store);
}

/* check_store_main: where it is counted. */
static void check_store_main(struct gp_doctor *doctor)
{
	struct gp_cli_store store;
	gp_cli_store_main(doctor->config, &store);
	if (!gp_cli_store_is_used(doctor->config))
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "nothing configured uses it");
	else
		check_store(doctor, &store);
}

/* check_store_local: what stands in. */
static void check_store_local(struct gp_doctor *doctor)
{
	struct gp_cli_store store;
	if (!gp_cli_store_is_used(doctor->config))
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "nothing configured uses it");
	else if (!gp_cli_store_local(doctor->arena, doctor->config, &store))
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "store.on_failure is not local");
	else
		check_store(doctor, &store);
}

/* ---- disk ---- */

/* check_directory: what an embedded store lies on. */
static void check_directory(struct gp_doctor *d, const char *chroot, const char *path)
{
	char a[GP_CLI_TEXT], b[GP_CLI_TEXT];
	const char *directory = gp_doctor_text(d->arena, "%s%s", chroot, path);
	struct gp_cli_store_disk disk;
	if (!gp_cli_store_disk(directory,
		    &disk)) { /* whether that is trouble is said where the store is tried */
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "%s: %s", directory, strerror(errno));
		return;
	}
	long long left = disk.left;
	long long most = (long long)d->config->store.map_bytes;
	if (disk.remote) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s is on %s, where LMDB is not reliable", directory, disk.remote);
		gp_doctor_mend(d->report,
			"set store { uri = {\"lmdb:/a/local/directory\"} }, or use a Redis");
	}
	if (left < FREE_LEAST && left < most) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: %s of disk left", directory,
			gp_cli_amount(left, true, a));
		gp_doctor_mend(d->report, "free some space: df -h %s",
			gp_doctor_word(d->arena, directory));
	} else if (left < most) {
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"%s: %s of disk left, and the store may grow to %s (store.size)", directory,
			gp_cli_amount(left, true, a), gp_cli_amount(most, true, b));
		gp_doctor_mend(d->report, "free some space, or set store { size = %lldM }",
			left / 2 / 1024 / 1024 ? left / 2 / 1024 / 1024 : 1);
	}
}

/* check_store_disk: of the store, and of the one that stands in. */
static void check_store_disk(struct gp_doctor *doctor)
{
	const struct gp_config *config = doctor->config;
	struct gp_doctor_owner owner;
	struct gp_cli_store store, local;
	gp_cli_store_main(config, &store);
	bool is_local = gp_cli_store_local(doctor->arena, config, &local);
	bool is_used = gp_cli_store_is_used(config);
	if (!is_used || (!store.directory && !is_local)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED,
			is_used ? "the store is on another machine" : "nothing configured uses it");
		return;
	}
	if (!gp_doctor_owner_find(doctor, &owner))
		return;
	if (store.directory)
		check_directory(doctor, owner.chroot, store.directory);
	if (is_local)
		check_directory(doctor, owner.chroot, local.directory);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "a local disk with room");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_store_checks[] = {
	{"store.main", check_store_main, GP_DOCTOR_NEEDS_CONFIG,
		"it exists, is intact and accessible, or it answers"},
	{"store.local", check_store_local, GP_DOCTOR_NEEDS_CONFIG,
		"the same for the local store (on_failure = local)"},
	{"store.disk", check_store_disk, GP_DOCTOR_NEEDS_CONFIG,
		"enough space, on a local file "
		"system"},
	{NULL, NULL, 0, NULL},
};
