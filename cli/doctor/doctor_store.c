/* SPDX-License-Identifier: ISC */
/*
 * The stores, and the disk below them. Stores are looked at, not used: nothing is made, set aside
 * or counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_access.h"
#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "cli/store/store_check.h"
#include "cli/usage.h"

#define STORE_MS 60000
#define LMDB_HEADER 16         /* bytes of a page before what it describes (lmdb 0.9, mdb.c) */
#define LMDB_MAGIC 0xBEEFC0DEu /* what a description begins with, and its format */
#define LMDB_FORMAT 1
#define FREE_LEAST (64LL * 1024 * 1024) /* bytes of disk, for the first counters */

/* What a child checks. */
struct job {
	const struct gp_config *config;
	const struct gp_doctor_owner *owner; /* to become; NULL: it is who it is */
};

/* check: body of the child. */
static int check(void *arg)
{
	const struct job *job = arg;
	if (job->owner && !gp_doctor_become(&job->owner->user, job->owner->chroot)) {
		fprintf(stderr, "becoming the user %s: %s\n", job->owner->user.name,
			strerror(errno));
		return GP_CLI_TROUBLE;
	}
	return gp_cli_store_check(job->config, NULL, GP_CLI_STORE_MAIN | GP_CLI_STORE_LOOK);
}

/* is_trouble: a line about what does not work; the others tell what does. */
static bool is_trouble(struct gp_span line)
{
	static const char *const fine[] = {"store", "not started as root", "no limit is configured",
		"  open: ", GP_CLI_STORE_STEP, GP_CLI_STORE_TIME, "  works", "  fine"};
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		if (gp_span_has_prefix(line, fine[i]))
			return false;
	return line.len > 0;
}

/* say_trouble: each line that tells of it. */
static void say_trouble(struct gp_doctor *d, const struct gp_doctor_output *out)
{
	struct gp_span rest = out->text, line;
	bool is_first = true;
	if (out->is_late)
		gp_doctor_say(
			d->report, GP_DOCTOR_PROBLEM, "no answer within %d s", STORE_MS / 1000);
	while (!out->is_late && gp_doctor_line(&rest, &line)) {
		if (!is_trouble(line))
			continue;
		line = gp_span_trim(line);
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

/* find_line: what stands behind a beginning; "" when no line has it. */
static struct gp_span find_line(struct gp_span text, const char *beginning)
{
	struct gp_span line;
	while (gp_doctor_line(&text, &line))
		if (gp_span_has_prefix(line, beginning))
			return gp_span_skip(line, strlen(beginning));
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
static void check_server(struct gp_doctor *d, const struct gp_doctor_owner *owner)
{
	struct job job = {.config = d->config, .owner = d->is_root ? owner : NULL};
	struct gp_doctor_output out;
	gp_doctor_fork(d->arena, check, &job, STORE_MS, &out);
	struct gp_span time = find_line(out.text, GP_CLI_STORE_TIME);
	struct gp_span step = find_line(out.text, GP_CLI_STORE_STEP);
	gp_span_cut(step, '(', &step, &(struct gp_span) {NULL, 0});
	step = gp_span_trim(step);
	if (time.len) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"the clock of the store's server is %.*s", (int)time.len, time.ptr);
		gp_doctor_mend(
			d->report, "on both hosts: timedatectl set-ntp true   (or install chrony)");
	}
	if (out.code || out.is_late || gp_span_has_prefix(find_line(out.text, "  warning"), ":"))
		say_trouble(d, &out);
	if (gp_doctor_is_well(d->report))
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s answers, reading takes %.*s",
			d->config->store.uris[0], (int)step.len, step.ptr);
}

/* ---- an embedded store ---- */

/* A file of it, for the child that looks into it. */
struct look {
	const struct gp_doctor_owner *owner; /* to become; NULL: it is who it is */
	const char *path;
};

enum { LOOK_WHOLE, LOOK_DAMAGED, LOOK_UNREADABLE };

/* is_page: does LMDB's mark stand where a page of its description has it? */
static bool is_page(int fd, off_t offset)
{
	uint32_t mark[2];
	return pread(fd, mark, sizeof mark, offset + LMDB_HEADER) == (ssize_t)sizeof mark &&
	       mark[0] == LMDB_MAGIC && mark[1] == LMDB_FORMAT;
}

/* look_into: body of the child: the two pages that every file begins with. */
static int look_into(void *arg)
{
	const struct look *look = arg;
	struct stat st;
	if (look->owner && !gp_doctor_become(&look->owner->user, look->owner->chroot))
		return LOOK_UNREADABLE;
	int fd = open(look->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return LOOK_UNREADABLE;
	/* the format of machines of 64 bits; nothing written yet is fine */
	if (st.st_size == 0 || sizeof(void *) != 8)
		return LOOK_WHOLE;
	return is_page(fd, 0) && is_page(fd, sysconf(_SC_PAGESIZE)) ? LOOK_WHOLE : LOOK_DAMAGED;
}

/* say_denied: what the user may not use. What belongs to another service is left to it. */
static void say_denied(
	struct gp_doctor *d, const struct gp_doctor_user *user, const struct gp_doctor_way *way)
{
	struct stat st;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "the user %s may not use it: %s: %s",
		user->name, way->blocked, strerror(way->error));
	if (way->is_folder)
		gp_doctor_mend(d->report, "chmod o+x %s", gp_doctor_word(d->arena, way->blocked));
	else if (stat(way->blocked, &st) == 0 && (st.st_uid == 0 || st.st_uid == user->uid))
		gp_doctor_mend(d->report, "chown -R %s %s && chmod u+rwX %s", user->name,
			gp_doctor_word(d->arena, way->blocked),
			gp_doctor_word(d->arena, way->blocked));
	else
		gp_doctor_mend(d->report,
			"it belongs to somebody else; give %s a folder of its own: store { uri = "
			"{\"lmdb:/folder\"} } in %s",
			user->name, d->config_path);
}

/* say_missing: a folder that is made at the start, or cannot be. */
static void say_missing(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct gp_doctor_way way;
	ptrdiff_t slash = gp_span_find_last(gp_span_from(path), '/');
	const char *parent = slash > 0 ? gp_doctor_text(d->arena, "%.*s", (int)slash, path) : "/";
	const char *folder = gp_doctor_text(d->arena, "%s%s", owner->chroot, path);
	if (gp_doctor_is_waiting(d)) {
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"%s is not there yet: it is made when the daemon starts", folder);
	} else if (gp_doctor_may(
			   d->arena, &owner->user, owner->chroot, parent, W_OK | X_OK, &way)) {
		gp_doctor_say(d->report, GP_DOCTOR_OK, "%s is not there yet; %s may make it",
			folder, owner->user.name);
	} else {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"%s is not there, and %s may not make it", folder, owner->user.name);
		gp_doctor_mend(d->report, "install -d -m 700 -o %s %s", owner->user.name,
			gp_doctor_word(d->arena, folder));
	}
}

/* check_file: one that is there. */
static void check_file(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct look look = {d->is_root ? owner : NULL, path};
	struct gp_doctor_way way;
	struct gp_doctor_output out;
	if (!gp_doctor_may(d->arena, &owner->user, owner->chroot, path, R_OK | W_OK, &way)) {
		if (way.error != ENOENT)
			say_denied(d, &owner->user, &way);
		return;
	}
	gp_doctor_fork(d->arena, look_into, &look, STORE_MS, &out);
	if (out.code == LOOK_WHOLE)
		return;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s%s %s", owner->chroot, path,
		out.code == LOOK_DAMAGED ? "is damaged: it does not begin as a file of LMDB"
					 : "cannot be read");
	if (out.code == LOOK_DAMAGED)
		gp_doctor_mend(d->report,
			"restart what uses it: a damaged file is set aside, and a new one begins");
}

/*
 * may_move: does the folder that it stands in belong to the store's user? Else it may be anything.
 */
static bool may_move(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	const char *folder = gp_doctor_text(
		d->arena, "%.*s", slash && slash > path ? (int)(slash - path) : 1, path);
	return stat(folder, &st) == 0 && st.st_uid == owner->user.uid && st.st_uid != 0;
}

/* is_no_folder: something else has the name; said. */
static bool is_no_folder(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct stat st;
	const char *folder = gp_doctor_text(d->arena, "%s%s", owner->chroot, path);
	if (stat(folder, &st) || S_ISDIR(st.st_mode))
		return false;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s is no folder", folder);
	bool is_ours = may_move(d, owner, folder);
	if (is_ours)
		gp_doctor_mend(d->report, "mv %s %s.old", gp_doctor_word(d->arena, folder),
			gp_doctor_word(d->arena, folder));
	gp_doctor_mend(d->report, "%sname another one: store { uri = {\"lmdb:/folder\"} } in %s",
		is_ours ? "or " : "", d->config_path);
	return true;
}

/* check_lmdb: looked at, not opened: opening would make files, and set damaged ones aside. */
static void check_lmdb(struct gp_doctor *d, const struct gp_doctor_owner *owner, const char *path)
{
	struct gp_doctor_way way;
	if (is_no_folder(d, owner, path))
		return;
	if (!gp_doctor_may(d->arena, &owner->user, owner->chroot, path, R_OK | W_OK | X_OK, &way)) {
		if (way.error == ENOENT && !way.is_folder)
			say_missing(d, owner, path);
		else
			say_denied(d, &owner->user, &way);
		return;
	}
	check_file(d, owner, gp_doctor_text(d->arena, "%s/counters", path));
	check_file(d, owner, gp_doctor_text(d->arena, "%s/facts", path));
	if (gp_doctor_is_well(d->report))
		gp_doctor_say(d->report, GP_DOCTOR_OK,
			"lmdb:%s%s can be used by %s; gatepost store check "
			"counts in it",
			owner->chroot, path, owner->user.name);
}

/* check_store: of whichever kind. */
static void check_store(struct gp_doctor *d, const char *uri)
{
	struct gp_doctor_owner owner;
	if (!gp_doctor_owner_find(d, &owner) || !may_look(d, &owner))
		return;
	if (strncmp(uri, "lmdb:", 5) == 0)
		check_lmdb(d, &owner, uri + 5);
	else
		check_server(d, &owner);
}

/* check_store_main: where it is counted. */
static void check_store_main(struct gp_doctor *doctor)
{
	if (doctor->config->limits.limit_count == 0)
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no limit is configured");
	else
		check_store(doctor, doctor->config->store.uris[0]);
}

/* check_store_local: what stands in. */
static void check_store_local(struct gp_doctor *doctor)
{
	const struct gp_config *config = doctor->config;
	if (config->limits.limit_count == 0)
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no limit is configured");
	else if (config->store_on_failure != GP_LIMIT_FAILURE_LOCAL)
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "store.on_failure is not local");
	else
		check_store(
			doctor, gp_doctor_text(doctor->arena, "lmdb:%s", config->store_local_path));
}

/* ---- disk ---- */

/* remote_name: of a file system on which LMDB's locks and maps cannot be relied on. The numbers are
 * those of statfs(2) and the kernel's magic.h. */
static const char *remote_name(long type)
{
	static const struct {
		unsigned long type;
		const char *name;
	} rows[] = {{0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"}, {0x517b, "SMB"},
		{0x00c36400, "Ceph"}, {0x01021997, "9p"}, {0x5346414f, "AFS"}, {0x6b414653, "AFS"},
		{0x0bd00bd0, "Lustre"}, {0x7461636f, "OCFS2"}, {0x01161970, "GFS2"},
		{0x65735546, "FUSE"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (((unsigned long)type & 0xffffffff) == rows[i].type)
			return rows[i].name;
	return NULL;
}

/* check_folder: what an embedded store lies on. */
static void check_folder(struct gp_doctor *d, const char *chroot, const char *path)
{
	char a[GP_CLI_TEXT], b[GP_CLI_TEXT];
	const char *folder = gp_doctor_text(d->arena, "%s%s", chroot, path);
	struct statfs fs;
	if (statfs(folder, &fs)) { /* whether that is trouble is said where the store is tried */
		gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "%s: %s", folder, strerror(errno));
		return;
	}
	long long left = (long long)fs.f_bavail * fs.f_bsize;
	long long most = (long long)d->config->store.map_bytes;
	const char *remote = remote_name((long)fs.f_type);
	if (remote) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s lies on %s, where LMDB cannot be relied on", folder, remote);
		gp_doctor_mend(d->report,
			"set store { uri = {\"lmdb:/a/local/folder\"} }, or use a Redis");
	}
	if (left < FREE_LEAST && left < most) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "%s: %s of disk left", folder,
			gp_cli_amount(left, true, a));
		gp_doctor_mend(d->report, "make room: df -h %s", gp_doctor_word(d->arena, folder));
	} else if (left < most) {
		gp_doctor_say(d->report, GP_DOCTOR_NOTE,
			"%s: %s of disk left, and the store may grow to %s (store.size)", folder,
			gp_cli_amount(left, true, a), gp_cli_amount(most, true, b));
		gp_doctor_mend(d->report, "make room, or set store { size = %lldM }",
			left / 2 / 1024 / 1024 ? left / 2 / 1024 / 1024 : 1);
	}
}

/* check_store_disk: of the store, and of the one that stands in. */
static void check_store_disk(struct gp_doctor *doctor)
{
	const struct gp_config *config = doctor->config;
	struct gp_doctor_owner owner;
	bool is_local = config->store_on_failure == GP_LIMIT_FAILURE_LOCAL;
	bool is_lmdb = strncmp(config->store.uris[0], "lmdb:", 5) == 0;
	if (config->limits.limit_count == 0 || (!is_lmdb && !is_local)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED,
			config->limits.limit_count ? "the store is on another machine"
						   : "no limit is configured");
		return;
	}
	if (!gp_doctor_owner_find(doctor, &owner))
		return;
	if (is_lmdb)
		check_folder(doctor, owner.chroot, config->store.uris[0] + 5);
	if (is_local)
		check_folder(doctor, owner.chroot, config->store_local_path);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "a local disk with room");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_store_checks[] = {
	{"store.main", check_store_main, GP_DOCTOR_NEEDS_CONFIG,
		"it is there, whole and ours, or answers"},
	{"store.local", check_store_local, GP_DOCTOR_NEEDS_CONFIG,
		"so does the one that stands in"},
	{"store.disk", check_store_disk, GP_DOCTOR_NEEDS_CONFIG, "room, and no network below it"},
	{NULL, NULL, 0, NULL},
};
