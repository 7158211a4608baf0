/* SPDX-License-Identifier: ISC */
/* A connected datagram socket; values are made one line each, so that none can be two fields. */
#include "daemon/journal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/encode.h"

#define JOURNAL_PATH "/run/systemd/journal/socket"

/* is_journal: does descriptor 2 lead where the service manager says its stream leads? */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* gp_daemon_journal_open: the one place where a journal listens. */
int gp_daemon_journal_open(void)
{
	const struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = JOURNAL_PATH};
	if (!is_journal())
		return -1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* gp_daemon_journal_send: as it is. */
bool gp_daemon_journal_send(int fd, struct gp_span datagram)
{
	return send(fd, datagram.ptr, datagram.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)datagram.len;
}

/* gp_daemon_journal_begin: who, how urgent, what, and the line. */
void gp_daemon_journal_begin(struct gp_strbuf *buf, const char *program, int priority,
	const char *event, struct gp_span line)
{
	gp_strbuf_printf(buf,
		"SYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%ld\nSYSLOG_FACILITY=%d\nPRIORITY=%d\n"
		"GATEPOST_EVENT=%s\nMESSAGE=",
		program, (long)getpid(), LOG_FAC(priority), LOG_PRI(priority), event);
	gp_encode_text(buf, line);
	gp_strbuf_add_char(buf, '\n');
}

/* gp_daemon_journal_add: the key is one of our own words. */
void gp_daemon_journal_add(struct gp_strbuf *buf, const struct gp_log_field *field)
{
	gp_strbuf_add(buf, "GATEPOST_");
	for (const char *c = field->key; *c; c++)
		gp_strbuf_add_char(buf, (char)toupper((unsigned char)*c));
	gp_strbuf_add_char(buf, '=');
	if (field->is_number)
		gp_strbuf_printf(buf, "%lld", (long long)field->number);
	else
		gp_encode_text(buf, field->text);
	gp_strbuf_add_char(buf, '\n');
}
