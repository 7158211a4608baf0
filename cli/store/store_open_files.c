/* SPDX-License-Identifier: ISC */
/* The daemon's status against stat(2). */
#include "cli/store/store_open_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/control.h"
#include "cli/format.h"
#include "cli/usage.h"

#define TRIES 4 /* the daemon looks every second */
#define PATH 2200
#define TEXT_MEMORY (64 * 1024)

/* How one store of the daemon and the disk compare. */
enum compared { SAME, ELSEWHERE, DIFFERENT, UNKNOWN };

/* One store: what the configuration says, and what was found. */
struct compare {
	const struct gp_cli_store_told *told;
	const struct gp_cli_store *store;
	const char *chroot;
	const char *where; /* the daemon's; of the answer */
	char name[PATH];   /* of the file that is another one */
	bool is_gone;      /* it is not there */
};

/* compare_file: one that the daemon has open with what stands under its name. */
static enum compared compare_file(struct compare *c, json_t *file)
{
	struct stat st;
	const char *name;
	json_int_t device, inode;
	if (json_unpack(file, "{s:s, s:I, s:I}", "name", &name, "device", &device, "inode",
		    &inode) != 0 ||
		strchr(name, '/') || !*name || strlen(name) > 64)
		return UNKNOWN;
	snprintf(c->name, sizeof c->name, "%s%s/%s", c->chroot, c->store->directory, name);
	int error = stat(c->name, &st) == 0 ? 0 : errno;
	c->is_gone = error == ENOENT || error == ENOTDIR;
	if (error && !c->is_gone)
		return UNKNOWN;
	return !error && (json_int_t)st.st_dev == device && (json_int_t)st.st_ino == inode
		       ? SAME
		       : DIFFERENT;
}

/* compare_store: a part of the daemon's status. */
static enum compared compare_store(struct compare *c, json_t *store)
{
	json_t *files;
	size_t i;
	json_t *file;
	if (json_unpack(store, "{s:s, s:o}", "where", &c->where, "files", &files) != 0)
		return UNKNOWN; /* there is none, or the daemon is older */
	if (strcmp(c->where, c->store->options.uris[0]) != 0)
		return ELSEWHERE;
	if (json_array_size(files) == 0)
		return UNKNOWN;
	json_array_foreach(files, i, file)
	{
		enum compared one = compare_file(c, file);
		if (one != SAME)
			return one;
	}
	return SAME;
}

/* tell: one store. */
static int tell(const struct compare *c, enum compared compared)
{
	struct gp_arena *arena = gp_arena_new(TEXT_MEMORY);
	int code = GP_CLI_FINE;
	if (!arena)
		return GP_CLI_TROUBLE;
	if (compared == SAME)
		gp_cli_store_tell(c->told, GP_CLI_STORE_FINE,
			"the daemon has the same files of the %s open", c->store->title);
	if (compared == ELSEWHERE)
		gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE,
			"the daemon counts in %s and not in the %s of this configuration: a change "
			"of the store takes effect at a restart (systemctl restart "
			"gatepost-policyd)",
			gp_cli_visible(arena, c->where), c->store->title);
	if (compared == DIFFERENT)
		gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE,
			"the daemon has another file open than %s, which was %s: what it counts is "
			"not visible to others; it should have reopened the file within seconds: "
			"see its log, then systemctl restart gatepost-policyd",
			gp_cli_visible(arena, c->name), c->is_gone ? "deleted" : "replaced");
	if (compared == ELSEWHERE || compared == DIFFERENT)
		code = GP_CLI_TROUBLE;
	gp_arena_free(arena);
	return code;
}

/* ask: the daemon's status; NULL: nobody answers. */
static json_t *ask(const struct gp_config *config)
{
	struct gp_cli_control control = {.command = "store", .stop_fd = -1};
	const char *path = config->policyd.control_socket;
	json_t *answer;
	if (*path != '/' || strlen(path) >= sizeof control.path || access(path, F_OK) != 0)
		return NULL;
	memcpy(control.path, path, strlen(path) + 1);
	if (gp_cli_control_ask(&control, json_pack("{s:s}", "command", "status"), &answer))
		return NULL;
	return answer;
}

/* check_one: looked at again while it differs. */
static int check_one(const struct gp_config *config, const struct gp_cli_store *store,
	const struct gp_cli_store_told *told)
{
	struct compare compare = {.store = store, .told = told, .chroot = config->policyd.chroot},
		       *c = &compare;
	const struct timespec pause = {1, 0};
	for (int i = 0;; i++) {
		json_t *status = ask(config);
		if (!status)
			return GP_CLI_FINE;
		enum compared compared =
			compare_store(c, json_object_get(status, c->store->status));
		bool is_last = compared != DIFFERENT || i + 1 == TRIES;
		int code = is_last ? tell(c, compared) : GP_CLI_FINE;
		json_decref(status);
		if (is_last)
			return code;
		(void)nanosleep(&pause, NULL);
	}
}

/* gp_cli_store_open_files: embedded ones only. */
int gp_cli_store_open_files(const struct gp_config *config, const struct gp_cli_store *store,
	const struct gp_cli_store_told *told)
{
	if (!gp_cli_store_is_used(config) || !store->directory)
		return GP_CLI_FINE;
	return check_one(config, store, told);
}
