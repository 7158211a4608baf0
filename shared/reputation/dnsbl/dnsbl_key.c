/* SPDX-License-Identifier: ISC */
/* A file is opened without waiting, so that a pipe in its place does no harm. */
#include "reputation/dnsbl/dnsbl_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_ROOM 256 /* bytes that are read: a key and the end of its line */

/* is_key: is it one label? */
static bool is_key(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!gp_span_is_alnum(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '_')
			return false;
	return text.len > 0 && text.len <= GP_DNSBL_KEY_MAX;
}

/* read_start: the beginning of a regular file; -1 with errno. */
static ssize_t read_start(const char *path, char room[FILE_ROOM])
{
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		if (S_ISREG(st.st_mode))
			n = read(fd, room, FILE_ROOM);
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return n;
}

/* from_file: its first line. */
static int from_file(
	struct gp_arena *arena, const char *path, const char **key_out, const char **why_out)
{
	char room[FILE_ROOM];
	struct gp_span line, rest;
	ssize_t n = read_start(path, room);
	if (n < 0) {
		*why_out = gp_arena_printf(arena, "%s cannot be read: %s", path, strerror(errno));
		return *why_out ? GP_OK : gp_arena_status(arena);
	}
	const struct gp_span all = {room, (size_t)n};
	if (!gp_span_cut(all, '\n', &line, &rest))
		line = all;
	line = gp_span_trim(line);
	if (line.len == 0)
		*why_out = gp_arena_printf(arena, "%s has no key in its first line", path);
	else if (!is_key(line))
		*why_out = gp_arena_printf(arena,
			"the first line of %s is no key: a key has letters, digits, - and _ only, "
			"at most %d",
			path, GP_DNSBL_KEY_MAX);
	else
		*key_out = gp_arena_copy(arena, line);
	explicit_bzero(room, sizeof room);
	return *why_out || *key_out ? GP_OK : gp_arena_status(arena);
}

/* from_credential: a file in the service manager's directory. */
static int from_credential(struct gp_arena *arena, const char *name, const char *credentials,
	const char **key_out, const char **why_out)
{
	if (!credentials || !*credentials) {
		*why_out = "there are no credentials: the service manager has set no "
			   "CREDENTIALS_DIRECTORY";
		return GP_OK;
	}
	if (strchr(name, '/') || strcmp(name, "..") == 0) {
		*why_out = "the name of a credential has no slash in it";
		return GP_OK;
	}
	const char *path = gp_arena_printf(arena, "%s/%s", credentials, name);
	return path ? from_file(arena, path, key_out, why_out) : gp_arena_status(arena);
}

/* gp_dnsbl_key_find: the option itself first. */
int gp_dnsbl_key_find(struct gp_arena *arena, const struct gp_dnsbl_list *list,
	const char *credentials, const char **key_out, const char **why_out)
{
	*key_out = *why_out = NULL;
	if (*list->key) {
		*key_out = gp_arena_copy(arena, gp_span_from(list->key));
		return *key_out ? GP_OK : gp_arena_status(arena);
	}
	if (*list->key_file)
		return from_file(arena, list->key_file, key_out, why_out);
	if (*list->key_credential)
		return from_credential(arena, list->key_credential, credentials, key_out, why_out);
	*why_out = "no key is set";
	return GP_OK;
}
