/* SPDX-License-Identifier: ISC */
/* Warnings about files and directories that options name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "config/config_load_private.h"

#define PATH_ROOM 4096

/* is_missing: is nothing there, neither as it is written nor inside the chroot? */
static bool is_missing(const struct gp_config *c, const char *path)
{
	char inside[PATH_ROOM];
	struct stat st;
	if (stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return false;
	if (!*c->policyd.chroot)
		return true;
	int n = snprintf(inside, sizeof inside, "%s%s", c->policyd.chroot, path);
	return n < (int)sizeof inside && stat(inside, &st) != 0;
}

/* warn_missing: what is named is not there. */
static void warn_missing(struct gp_config_warner *w, const char *section, const char *name,
	const char *what, const char *path)
{
	struct gp_strbuf *buf = gp_config_warn_at(w, section, name);
	gp_strbuf_printf(buf, "there is no %s ", what);
	gp_encode_text(buf, gp_span_from(path));
	gp_strbuf_add(buf, "\n");
}

/* warn_kind: what is there is of no use. */
static void warn_kind(struct gp_config_warner *w, const char *section, const char *name,
	const char *path, const char *problem)
{
	struct gp_strbuf *buf = gp_config_warn_at(w, section, name);
	gp_encode_text(buf, gp_span_from(path));
	gp_strbuf_printf(buf, " %s\n", problem);
}

/* begins_blank: is the first line of a password file empty? No, where it cannot be read. */
static bool begins_blank(const char *path)
{
	char first = 'x';
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, &first, 1);
	if (fd >= 0)
		close(fd);
	return n == 1 && (first == '\n' || first == '\r');
}

/* check_file: is it there, is it a file, and is there anything in it? */
static void check_file(
	struct gp_config_warner *w, const char *section, const char *name, const char *path)
{
	struct stat st;
	if (!*path || !gp_config_is_changed(w, section, name))
		return;
	if (is_missing(w->config, path))
		warn_missing(w, section, name, "file", path);
	else if (strcmp(name, "resolv_conf") == 0 || stat(path, &st) != 0)
		return; /* in the chroot, or not for us to see; trouble in reading is said there */
	else if (S_ISDIR(st.st_mode))
		warn_kind(w, section, name, path, "is a directory; name the file in it");
	else if (S_ISREG(st.st_mode) && st.st_size == 0)
		warn_kind(w, section, name, path, "is empty");
	else if (S_ISREG(st.st_mode) && strstr(name, "password_file") && begins_blank(path))
		warn_kind(w, section, name, path, "has no password in its first line");
}

/* check_made_file: one that is made where it is missing: its directory has to be there. */
static void check_made_file(
	struct gp_config_warner *w, const char *section, const char *name, const char *path)
{
	char directory[PATH_ROOM];
	struct stat st;
	if (!*path || !gp_config_is_changed(w, section, name))
		return;
	snprintf(directory, sizeof directory, "%.*s",
		(int)(gp_span_find_last(gp_span_from(path), '/') + 1), path);
	if (is_missing(w->config, directory))
		warn_missing(w, section, name, "directory", directory);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		warn_kind(w, section, name, path, "is a directory; name the file in it");
}

/* check_store_directory: it is made where it is missing; what is there may be no directory. */
static void check_store_directory(struct gp_config_warner *w)
{
	const struct gp_config_texts *uris = &w->config->store_settings.uris;
	struct stat st;
	for (size_t i = 0; i < uris->count; i++) {
		const char *uri = uris->items[i];
		if (gp_span_has_prefix(gp_span_from(uri), "lmdb:/") && stat(uri + 5, &st) == 0 &&
			!S_ISDIR(st.st_mode))
			warn_kind(w, "store", "uri", uri + 5,
				"is not a directory: nothing can be counted there");
	}
}

/* gp_config_warn_files: those that options name. */
void gp_config_warn_files(struct gp_config_warner *w)
{
	const struct gp_config *c = w->config;
	check_file(w, "dmarc", "psl_file", c->dmarc.psl_file);
	check_made_file(w, "dmarc", "sample_key_file", c->dmarc.sample_key_file);
	check_file(w, "store", "password_file", c->store_settings.options.password_file);
	check_file(w, "store", "sentinel_password_file",
		c->store_settings.options.sentinel_password_file);
	check_file(w, "store", "tls_ca_file", c->store_settings.options.tls_ca_file);
	check_file(w, "store", "tls_cert_file", c->store_settings.options.tls_cert_file);
	check_file(w, "store", "tls_key_file", c->store_settings.options.tls_key_file);
	check_file(w, "dns", "resolv_conf", c->dns_settings.resolv_conf);
	check_store_directory(w);
}

/* gp_config_warn_empty: nobody writes an empty file; what it was to say is lost. */
void gp_config_warn_empty(struct gp_config_warner *w)
{
	const struct gp_config_texts *empty = &w->config->empty;
	for (size_t i = 0; i < empty->count; i++)
		gp_strbuf_add(
			gp_config_error(&w->lines, (struct gp_config_place) {empty->items[i], 0}),
			"warning: " GP_CONFIG_EMPTIED "\n");
}

/* gp_config_warn_includes: a pattern may match nothing, but its directory is meant to be there. */
void gp_config_warn_includes(struct gp_config_warner *w)
{
	const struct gp_config_texts *includes = &w->config->includes;
	char directory[PATH_ROOM];
	for (size_t i = 0; i < includes->count; i++) {
		struct gp_span path = gp_span_from(includes->items[i]);
		int n = (int)gp_span_find_last(path, '/') + 1;
		snprintf(directory, sizeof directory, "%.*s", n, path.ptr);
		if (is_missing(w->config, directory))
			warn_missing(w, NULL, "include", "directory", directory);
	}
}
