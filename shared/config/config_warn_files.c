/* SPDX-License-Identifier: ISC */
/* Warnings about files and folders that options name. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

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

/* gp_config_warn_files: those that options name. */
void gp_config_warn_files(struct gp_config_warner *w)
{
	const struct gp_config *c = w->config;
	const struct {
		const char *section, *name, *path;
	} files[] = {
		{"dmarc", "psl_file", c->dmarc.psl_file},
		{"store", "password_file", c->store.password_file},
		{"store", "sentinel_password_file", c->store.sentinel_password_file},
		{"store", "tls_ca_file", c->store.tls_ca_file},
		{"store", "tls_cert_file", c->store.tls_cert_file},
		{"store", "tls_key_file", c->store.tls_key_file},
		{"dns", "resolv_conf", c->resolv_conf},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (*files[i].path && gp_config_is_changed(w, files[i].section, files[i].name) &&
			is_missing(c, files[i].path))
			warn_missing(w, files[i].section, files[i].name, "file", files[i].path);
}

/* gp_config_warn_includes: a pattern may match nothing, but its folder is meant to be there. */
void gp_config_warn_includes(struct gp_config_warner *w)
{
	const struct gp_config_texts *includes = &w->config->includes;
	char folder[PATH_ROOM];
	for (size_t i = 0; i < includes->count; i++) {
		struct gp_span path = gp_span_from(includes->items[i]);
		int n = (int)gp_span_find_last(path, '/') + 1;
		snprintf(folder, sizeof folder, "%.*s", n, path.ptr);
		if (is_missing(w->config, folder))
			warn_missing(w, NULL, "include", "folder", folder);
	}
}
