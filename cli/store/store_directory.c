/* SPDX-License-Identifier: ISC */
/* By the bytes that LMDB begins a file with, and by statfs(2). */
#include "cli/store/store_directory.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define LMDB_HEADER 16         /* bytes of a page before what it describes (lmdb 0.9, mdb.c) */
#define LMDB_MAGIC 0xBEEFC0DEu /* what a description begins with, and its format */
#define LMDB_FORMAT 1
#define PATH 4352

const char *const gp_cli_store_files[] = {
	"lock", "counters", "counters-lock", "facts", "facts-lock", NULL};

/* is_page: does LMDB's mark stand where a page of its description has it? */
static bool is_page(int fd, off_t offset)
{
	uint32_t mark[2];
	return pread(fd, mark, sizeof mark, offset + LMDB_HEADER) == (ssize_t)sizeof mark &&
	       mark[0] == LMDB_MAGIC && mark[1] == LMDB_FORMAT;
}

/* look: the two pages that every file begins with. */
static enum gp_cli_store_file look(int fd)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return GP_CLI_STORE_UNREADABLE;
	/* the format of machines of 64 bits; nothing written yet is fine */
	if (st.st_size == 0 || sizeof(void *) != 8)
		return GP_CLI_STORE_WHOLE;
	return is_page(fd, 0) && is_page(fd, sysconf(_SC_PAGESIZE)) ? GP_CLI_STORE_WHOLE
								    : GP_CLI_STORE_DAMAGED;
}

/* gp_cli_store_look: a link is not followed, a pipe not waited for. */
enum gp_cli_store_file gp_cli_store_look(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return GP_CLI_STORE_UNREADABLE;
	enum gp_cli_store_file found = look(fd);
	close(fd);
	return found;
}

/* gp_cli_store_is_own_place: what stands in a directory is its owner's to move. */
bool gp_cli_store_is_own_place(const char *path, uid_t uid)
{
	char directory[PATH];
	struct stat st;
	int n = snprintf(directory, sizeof directory, "%s", path);
	char *slash = strrchr(directory, '/');
	if (!slash || n < 0 || (size_t)n >= sizeof directory)
		return false;
	slash[slash == directory] = '\0';
	return stat(directory, &st) == 0 && st.st_uid == uid && uid != 0;
}

/* ---- what it lies on ---- */

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

/* gp_cli_store_disk: as the kernel has it. */
bool gp_cli_store_disk(const char *directory, struct gp_cli_store_disk *disk_out)
{
	struct statfs fs;
	if (statfs(directory, &fs))
		return false;
	*disk_out = (struct gp_cli_store_disk) {.remote = remote_name((long)fs.f_type),
		.left = (long long)fs.f_bavail * fs.f_bsize};
	return true;
}
