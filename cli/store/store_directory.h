/* SPDX-License-Identifier: ISC */
/*
 * Store_directory: an embedded store as it lies on the disk, looked at without opening it: opening
 * makes files, and sets damaged ones aside.
 */
#ifndef GP_CLI_STORE_FOLDER_H
#define GP_CLI_STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Files in the directory; NULL at the end. */
extern const char *const gp_cli_store_files[];

/* What a file of LMDB is like. */
enum gp_cli_store_file { GP_CLI_STORE_WHOLE, GP_CLI_STORE_DAMAGED, GP_CLI_STORE_UNREADABLE };

/* Does it begin as such a file does, as far as this process may read it? */
enum gp_cli_store_file gp_cli_store_look(const char *path);

/* Does the directory that this path stands in belong to the user, which may then move it? Never to
 * root, to whom any directory may belong. */
bool gp_cli_store_is_own_place(const char *path, uid_t uid);

/* What a directory lies on. */
struct gp_cli_store_disk {
	const char *remote; /* a file system on which LMDB's locks and maps cannot be relied on */
	long long left;     /* bytes for its user */
};

/* false with errno: it cannot be looked at. */
bool gp_cli_store_disk(const char *directory, struct gp_cli_store_disk *disk_out);

#endif
