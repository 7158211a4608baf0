/* SPDX-License-Identifier: ISC */
/*
 * The last good configuration: written beside its final place, then renamed. Its first lines say
 * which file it stands for, its last one that it is whole. It may hold passwords (in URIs of
 * stores), so nobody but its owner may read it; and since a daemon that is started as root may use
 * it, nobody else may have been able to write it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_load_private.h"

#define SAVED_MAX (256u * 1024 * 1024) /* bytes: what may be included, spelled at length */
#define NAME_PREFIX "last-good"
#define FROM_LINE "# from "
#define LAST_LINE "# whole\n"

/* gp_config_state_directory: systemd says it to a unit with StateDirectory=; the first of
 * several. */
const char *gp_config_state_directory(void)
{
	const char *said = getenv("STATE_DIRECTORY");
	return said && *said == '/' && !strchr(said, ':') ? said : GP_CONFIG_STATE_FOLDER;
}

/* gp_config_saved_path: slashes of the path become other characters of one name. */
bool gp_config_saved_path(const char *directory, const char *path, char *buf, size_t size)
{
	int n = snprintf(
		buf, size, "%s/" NAME_PREFIX "%s%s", directory, *path == '/' ? "" : "_", path);
	if (n < 0 || (size_t)n >= size)
		return false;
	for (char *p = buf + strlen(directory) + 1; *p; p++)
		if (*p == '/')
			*p = '_';
	return true;
}

/* ---- saving ---- */

/* text_of: the whole file. */
static int text_of(const struct gp_config *config, struct gp_strbuf *buf)
{
	const char *text;
	gp_strbuf_printf(buf,
		"# Kept by gatepost-policyd " GP_VERSION ", which uses it when it is started "
		"and\n# its configuration has errors. Changes to this file are "
		"lost.\n" FROM_LINE "%s\n",
		config->path);
	int rc = gp_config_dump_all(config, buf, true);
	gp_strbuf_add(buf, LAST_LINE);
	return rc ? rc : gp_strbuf_finish(buf, &text);
}

/* write_all: all of it, to the disk. */
static int write_all(int fd, struct gp_span text)
{
	while (text.len) {
		ssize_t n = write(fd, text.ptr, text.len);
		if (n < 0 && errno != EINTR)
			return GP_EIO;
		text = gp_span_skip(text, n > 0 ? (size_t)n : 0);
	}
	return fsync(fd) ? GP_EIO : GP_OK;
}

/* replace: a new file in place of the one before. */
static int replace(const char *path, struct gp_span text)
{
	char fresh[2048 + 8];
	snprintf(fresh, sizeof fresh, "%s.new", path);
	(void)unlink(fresh); /* left by a process that was ended while it wrote */
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return GP_EIO;
	int rc = write_all(fd, text);
	if (!rc && rename(fresh, path))
		rc = GP_EIO;
	int saved = errno;
	if (rc)
		(void)unlink(fresh);
	close(fd);
	errno = saved;
	return rc;
}

/* gp_config_save: in memory of its own. */
int gp_config_save(const struct gp_config *config, const char *directory)
{
	char path[2048];
	struct gp_strbuf buf;
	if (!gp_config_saved_path(directory, config->path, path, sizeof path)) {
		errno = ENAMETOOLONG;
		return GP_EIO;
	}
	struct gp_arena *arena = gp_arena_new(2 * (size_t)SAVED_MAX);
	if (!arena)
		return GP_ENOMEM;
	gp_strbuf_init(&buf, arena, SAVED_MAX);
	int rc = text_of(config, &buf);
	if (!rc)
		rc = replace(path, gp_strbuf_span(&buf));
	int saved = errno;
	gp_arena_free(arena);
	errno = saved;
	return rc;
}

/* ---- loading ---- */

/* problem_of: why the text cannot be the one; NULL: it can. */
static const char *problem_of(struct gp_span text, const char *path)
{
	struct gp_span line, rest = text;
	if (!gp_span_has_suffix(text, LAST_LINE))
		return "is incomplete";
	while (gp_span_cut(rest, '\n', &line, &rest) && gp_span_has_prefix(line, "#"))
		if (gp_span_has_prefix(line, FROM_LINE))
			return gp_span_equal(
				       gp_span_skip(line, strlen(FROM_LINE)), gp_span_from(path))
				       ? NULL
				       : "belongs to another configuration";
	return "is not a saved configuration";
}

/* read_saved: its text, and whose it is; else the problem. */
static const char *read_saved(
	const char *file, const char *path, struct gp_span *text_out, struct stat *st_out)
{
	int fd = gp_config_file_open(file, O_NOFOLLOW, st_out);
	if (fd < 0)
		return strerror(errno);
	if (st_out->st_mode & (S_IRWXG | S_IRWXO)) {
		close(fd);
		return "is not private to its owner";
	}
	int rc = gp_config_file_take(fd, st_out, SAVED_MAX, text_out);
	if (rc)
		return rc == GP_EIO ? strerror(errno) : gp_err_text(rc);
	return problem_of(*text_out, path);
}

/* settle_place: it stands for the file at path, which is what is watched. */
static int settle_place(struct gp_config *config, const char *path, const char *file)
{
	struct gp_arena *arena = config->arena;
	const char *slash = strrchr(path, '/');
	const char **items = gp_arena_array(arena, 2, sizeof *items);
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, 2048);
	gp_strbuf_printf(
		&buf, "%.*s" GP_CONFIG_DROP_IN_FOLDER, slash ? (int)(slash - path) + 1 : 0, path);
	config->path = gp_arena_copy(arena, gp_span_from(path));
	config->saved_path = gp_arena_copy(arena, gp_span_from(file));
	if (!items || !config->path || !config->saved_path || gp_strbuf_finish(&buf, &items[1]))
		return GP_ENOMEM;
	items[0] = config->path;
	config->watched = (struct gp_config_texts) {items, 2};
	return GP_OK;
}

/* report: one error that is no error of its text. */
static int report(struct gp_config_errors *errors, const char *file, const char *problem)
{
	int rc = gp_config_errors_begin(errors);
	if (rc)
		return rc;
	gp_strbuf_printf(
		gp_config_error(errors, (struct gp_config_place) {file, 0}), "%s\n", problem);
	gp_config_errors_end(errors);
	return GP_EIO;
}

/* gp_config_load_saved: it is looked at before it is read. */
int gp_config_load_saved(const char *directory, const char *path, struct gp_config **config_out,
	struct gp_config_errors *errors, uid_t *owner_out)
{
	char file[2048];
	struct gp_span text = {NULL, 0};
	struct gp_config *config = NULL;
	struct stat st;
	if (!gp_config_saved_path(directory, path, file, sizeof file))
		return report(errors, path, "has a name that is too long to be saved");
	const char *problem = read_saved(file, path, &text, &st);
	int rc = problem ? report(errors, file, problem)
			 : gp_config_parse_alone(text, file, &config, errors);
	free((void *)(uintptr_t)text.ptr);
	if (!rc)
		rc = settle_place(config, path, file);
	if (rc) {
		gp_config_free(config);
		return rc;
	}
	config->saved_s = (int64_t)st.st_mtime;
	if (owner_out)
		*owner_out = st.st_uid;
	*config_out = config;
	return GP_OK;
}

/* gp_config_defaults: of an empty text. */
int gp_config_defaults(
	const char *path, struct gp_config **config_out, struct gp_config_errors *errors)
{
	return gp_config_parse_alone(gp_span_from(""), path, config_out, errors);
}
