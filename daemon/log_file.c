/* SPDX-License-Identifier: ISC */
/* One open(2) with the flags that make it safe; the rest is what an operator is told. */
#include "daemon/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/privileges.h"

#define FILE_MODE 0640
#define DIRECTORY_MODE 0750
#define NOT_REGULAR "it is not a regular file"
#define HOST_BYTES 65 /* as uname(2) has it */

static char host[HOST_BYTES] = "localhost";

/* What is opened, and what came of it. */
struct opening {
	char path[2 * PATH_MAX]; /* seen from where the process stands now */
	int fd;
	const char *problem;
};

/* problem_of: of an open that has failed. */
static const char *problem_of(int error)
{
	return error == ELOOP ? "it is a symbolic link, which is not followed" : strerror(error);
}

/* open_file: without waiting for anybody, as a FIFO would. */
static void open_file(void *arg)
{
	struct opening *o = arg;
	struct stat st;
	o->fd = open(o->path,
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		FILE_MODE);
	if (o->fd < 0) {
		o->problem = problem_of(errno);
	} else if (fstat(o->fd, &st) || !S_ISREG(st.st_mode)) {
		close(o->fd);
		o->fd = -1;
		o->problem = NOT_REGULAR;
	}
}

/* make_directory: the one that holds the file, where it is missing. */
static void make_directory(const struct gp_config_policyd *options, struct opening *o)
{
	char *slash = strrchr(o->path, '/');
	if (!slash || slash == o->path)
		return;
	*slash = 0;
	gp_daemon_privileges_directory(options, o->path, DIRECTORY_MODE);
	*slash = '/';
}

/* locate: before chroot the same file has a longer path. */
static void locate(const struct gp_config *config, struct opening *o)
{
	snprintf(o->path, sizeof o->path, "%s%s", geteuid() == 0 ? config->policyd.chroot : "",
		config->log.file); /* the configuration has bounded both */
}

/* gp_daemon_log_file_open: with the directory, if it is missing. */
int gp_daemon_log_file_open(const struct gp_config *config, const char **problem_out)
{
	struct opening o = {.fd = -1, .problem = "policyd.user or policyd.group does not exist"};
	const struct gp_config_policyd *options = &config->policyd;
	locate(config, &o);
	make_directory(options, &o);
	if (gp_daemon_privileges_as_user(options, open_file, &o) == GP_EIO)
		o.problem = "the rights of the user cannot be taken or given up";
	*problem_out = o.fd < 0 ? o.problem : NULL;
	return o.fd;
}

/* is_writable: for the effective user. */
static bool is_writable(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* look: what open_file would find, without creating anything. */
static void look(void *arg)
{
	struct opening *o = arg;
	struct stat st;
	if (lstat(o->path, &st) == 0) {
		if (S_ISLNK(st.st_mode))
			o->problem = problem_of(ELOOP);
		else if (!S_ISREG(st.st_mode))
			o->problem = NOT_REGULAR;
		else if (!is_writable(o->path))
			o->problem = strerror(errno);
		return;
	}
	char *slash = strrchr(o->path, '/');
	slash[slash == o->path] = 0;
	/* a missing directory is created at the start */
	if (!is_writable(o->path) && errno != ENOENT)
		o->problem = strerror(errno);
}

/* gp_daemon_log_file_problem: for somebody else than root it may be another user's file. */
const char *gp_daemon_log_file_problem(const struct gp_config *config)
{
	struct opening o = {.fd = -1};
	if (geteuid() != 0 || config->log.target != GP_LOG_TO_FILE)
		return NULL;
	locate(config, &o);
	/* a user that does not exist is another problem, which is reported as such */
	if (gp_daemon_privileges_as_user(&config->policyd, look, &o))
		return NULL;
	return o.problem;
}

/* gp_daemon_log_file_prepare: the name up to its first dot, as in other logs. */
void gp_daemon_log_file_prepare(void)
{
	char name[HOST_BYTES];
	tzset();
	if (gethostname(name, sizeof name))
		return;
	name[sizeof name - 1] = 0;
	name[strcspn(name, ". \t\n")] = 0;
	if (*name)
		snprintf(host, sizeof host, "%s", name);
}

/* gp_daemon_log_file_head: local time with its offset from UTC. */
void gp_daemon_log_file_head(struct gp_strbuf *buf, const char *program)
{
	char date[32], offset[8];
	struct timespec now;
	struct tm tm;
	if (clock_gettime(CLOCK_REALTIME, &now) || !localtime_r(&now.tv_sec, &tm) ||
		!strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) ||
		!strftime(offset, sizeof offset, "%z", &tm))
		return; /* a line without its time is better than none */
	gp_strbuf_printf(buf, "%s.%06ld%.3s:%s %s %s[%ld]: ", date, now.tv_nsec / 1000, offset,
		offset + 3, host, program, (long)getpid());
}
