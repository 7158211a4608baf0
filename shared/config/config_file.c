/* SPDX-License-Identifier: ISC */
/*
 * Texts of a configuration: reading files, and finding those that the main one includes.
 *
 * Patterns are matched here with fnmatch(3) against one directory's names, as glob(3) would,
 * because the bound on files then holds while a directory is read, and a directory that cannot be
 * read is an error: overrides that are missing without a word would let mail through or stop it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_load_private.h"

/* ---- reading ---- */

/* read_growing: what the descriptor holds into a buffer that grows; expected is a first guess. */
static int read_growing(int fd, size_t expected, size_t max, struct gp_span *text_out)
{
	size_t size = (expected < max ? expected : max) + 2, n = 0;
	char *data = malloc(size);
	while (data) {
		ssize_t got = read(fd, data + n, size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (size_t)got + n > max) {
			free(data);
			return got < 0 ? GP_EIO : GP_ETOOBIG;
		}
		n += (size_t)got;
		if (got == 0) {
			data[n] = 0;
			*text_out = (struct gp_span) {data, n};
			return GP_OK;
		}
		if (n == size - 1) {
			size = size > max ? max + 2 : 2 * size;
			char *more = realloc(data, size);
			if (!more)
				free(data);
			data = more;
		}
	}
	return GP_ENOMEM;
}

/* error_of: errno of what is not a regular file; 0: it is one. */
static int error_of(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? 0 : S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
}

/* gp_config_file_open: no device, pipe or directory, nothing that waits. It is looked at first,
 * since a device may act on being opened, and again, since it may be another file by then. */
int gp_config_file_open(const char *path, int flags, struct stat *st_out)
{
	int at = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0, fd = -1;
	int error = fstatat(AT_FDCWD, path, st_out, at) ? errno : error_of(st_out);
	if (error == EINVAL && S_ISLNK(st_out->st_mode))
		error = ELOOP; /* as open(2) says it */
	if (!error) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
		error = fd < 0 || fstat(fd, st_out) ? errno : error_of(st_out);
	}
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* gp_config_file_read: of a path. */
int gp_config_file_read(const char *path, size_t max, struct gp_span *text_out)
{
	struct stat st;
	int fd = gp_config_file_open(path, 0, &st);
	return fd < 0 ? GP_EIO : gp_config_file_take(fd, &st, max, text_out);
}

/* gp_config_file_take: of a descriptor. */
int gp_config_file_take(int fd, const struct stat *st, size_t max, struct gp_span *text_out)
{
	int rc = read_growing(fd, (size_t)st->st_size, max, text_out);
	int saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

/* ---- sources ---- */

/* source_new: one more, with its name; NULL without memory. */
static struct gp_config_source *source_new(struct gp_config_sources *sources, const char *name)
{
	if (sources->count == sources->size) {
		size_t size = sources->size ? 2 * sources->size : 16;
		struct gp_config_source *more = realloc(sources->items, size * sizeof *more);
		if (!more)
			return NULL;
		sources->items = more;
		sources->size = size;
	}
	struct gp_config_source *source = &sources->items[sources->count];
	*source = (struct gp_config_source) {.name = strdup(name)};
	if (!source->name)
		return NULL;
	sources->count++;
	return source;
}

/* add_problem: a file that is named and not read. */
static int add_problem(
	struct gp_config_sources *sources, const char *name, int line, const char *problem)
{
	struct gp_config_source *source = source_new(sources, name);
	if (!source || !(source->problem = strdup(problem)))
		return GP_ENOMEM;
	source->in_main = line != GP_CONFIG_NO_LINE;
	source->line = source->in_main ? line : 0;
	return GP_OK;
}

/* without_mark: editors put a byte order mark before UTF-8; it says nothing (RFC 3629 6). */
static struct gp_span without_mark(struct gp_span text)
{
	static const char mark[] = "\xef\xbb\xbf";
	return gp_span_skip(text, gp_span_has_prefix(text, mark) ? sizeof mark - 1 : 0);
}

/* is_utf16: does it begin with the mark of UTF-16 or UTF-32, of either order? */
static bool is_utf16(struct gp_span text)
{
	return gp_span_has_prefix(text, "\xff\xfe") || gp_span_has_prefix(text, "\xfe\xff");
}

/* gp_config_sources_add: a mark at its beginning is left out. */
int gp_config_sources_add(
	struct gp_config_sources *sources, const char *name, struct gp_span text, void *owned)
{
	struct gp_config_source *source = source_new(sources, name);
	if (!source) {
		free(owned);
		return GP_ENOMEM;
	}
	source->owned = owned;
	source->text = without_mark(text);
	source->is_empty = gp_span_trim(source->text).len == 0;
	if (!is_utf16(source->text))
		return GP_OK;
	source->line = 1;
	source->problem = strdup("is UTF-16 or UTF-32; save it as UTF-8");
	return source->problem ? GP_OK : GP_ENOMEM;
}

/* gp_config_sources_free: all of them. */
void gp_config_sources_free(struct gp_config_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->items[i].name);
		free(sources->items[i].owned);
		free(sources->items[i].problem);
	}
	free(sources->items);
	*sources = (struct gp_config_sources) {0};
}

/* ---- includes ---- */

/* is_source: is it read already? */
static bool is_source(const struct gp_config_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->items[i].name, path) == 0)
			return true;
	return false;
}

/* include_file: one file; what is wrong with it becomes its problem. */
static int include_file(struct gp_config_sources *sources, const char *path, int line)
{
	struct gp_span text;
	if (is_source(sources, path))
		return add_problem(sources, path, line, "is included twice, or includes itself");
	if (sources->count > GP_CONFIG_INCLUDED_MAX)
		return add_problem(sources, path, line,
			"exceeds the number of files that may be "
			"read");
	int rc = gp_config_file_read(path, GP_CONFIG_INCLUDE_MAX, &text);
	if (rc == GP_ENOMEM)
		return rc;
	if (rc == GP_EIO && errno == EINVAL)
		return add_problem(sources, path, line, "is not a regular file");
	if (rc) {
		char problem[128];
		snprintf(problem, sizeof problem, "cannot be read: %s",
			rc == GP_EIO ? strerror(errno) : gp_err_text(rc));
		return add_problem(sources, path, line, problem);
	}
	void *owned = (void *)(uintptr_t)text.ptr;
	if (text.len > GP_CONFIG_INCLUDES_MAX - sources->included_bytes) {
		free(owned);
		return add_problem(sources, path, line,
			"exceeds the size that all included files may have "
			"together");
	}
	sources->included_bytes += text.len;
	return gp_config_sources_add(sources, path, text, owned);
}

struct names {
	char **items;
	size_t count, size;
};

/* names_free: the list and what it holds. */
static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

/* names_add: a copy. */
static int names_add(struct names *names, const char *name)
{
	if (names->count == names->size) {
		size_t size = names->size ? 2 * names->size : 16;
		char **more = realloc(names->items, size * sizeof *more);
		if (!more)
			return GP_ENOMEM;
		names->items = more;
		names->size = size;
	}
	names->items[names->count] = strdup(name);
	return names->items[names->count++] ? GP_OK : GP_ENOMEM;
}

/* compare_names: bytes, whatever the locale. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* matching: the names in a directory that fit the pattern, one more than are allowed at most. */
static int matching(const char *directory, const char *pattern, struct names *names)
{
	DIR *dir = opendir(directory);
	int rc = GP_OK;
	/* a directory that is not there has no files */
	if (!dir)
		return errno == ENOENT ? GP_OK : GP_EIO;
	struct dirent *entry;
	for (errno = 0; !rc && names->count <= GP_CONFIG_INCLUDED_MAX && (entry = readdir(dir));
		errno = 0)
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD | FNM_NOESCAPE) == 0)
			rc = names_add(names, entry->d_name);
	if (!rc && errno)
		rc = GP_EIO;
	int saved = errno;
	closedir(dir);
	errno = saved;
	return rc;
}

/* include_matching: the files of a directory, sorted by name. directory ends with a slash, or is
 * empty for the one we are in. */
static int include_matching(
	struct gp_config_sources *sources, const char *directory, const char *pattern, int line)
{
	struct names names = {0};
	char problem[128];
	int rc = matching(directory, pattern, &names);
	bool is_drop_in = line == GP_CONFIG_NO_LINE;
	if (rc == GP_EIO) {
		snprintf(problem, sizeof problem, "cannot be read: %s", strerror(errno));
		rc = add_problem(sources, directory, line, problem);
	} else if (!rc && names.count > GP_CONFIG_INCLUDED_MAX) {
		rc = add_problem(sources, directory, line, "contains too many matching files");
	} else if (!rc && names.count) {
		qsort(names.items, names.count, sizeof *names.items, compare_names);
		for (size_t i = 0; !rc && i < names.count; i++) {
			char path[2048]; /* a row's max and a name of a file system */
			snprintf(path, sizeof path, "%s%s", directory, names.items[i]);
			if (!is_drop_in || !is_source(sources, path))
				rc = include_file(sources, path, line);
		}
	}
	names_free(&names);
	return rc;
}

/* gp_config_sources_include: in the order of the list. */
int gp_config_sources_include(
	struct gp_config_sources *sources, const struct gp_config_texts *paths, int line)
{
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < paths->count; i++) {
		const char *path = paths->items[i], *last = strrchr(path, '/') + 1;
		char *directory = strndup(path, (size_t)(last - path));
		if (!directory)
			return GP_ENOMEM;
		rc = strpbrk(last, "*?[") ? include_matching(sources, directory, last, line)
					  : include_file(sources, path, line);
		free(directory);
	}
	return rc;
}

/* gp_config_sources_has_drop_ins: trouble with the directory is told when they are read. */
bool gp_config_sources_has_drop_ins(const char *directory)
{
	struct names names = {0};
	bool has =
		matching(directory, GP_CONFIG_DROP_IN_PATTERN, &names) == GP_OK && names.count > 0;
	names_free(&names);
	return has;
}

/* gp_config_sources_drop_in: what the main file does not include itself. */
int gp_config_sources_drop_in(struct gp_config_sources *sources, const char *directory)
{
	sources->first_drop_in = sources->count;
	return include_matching(sources, directory, GP_CONFIG_DROP_IN_PATTERN, GP_CONFIG_NO_LINE);
}
