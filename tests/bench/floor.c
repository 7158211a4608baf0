/* SPDX-License-Identifier: ISC */
/*
 * floor: the least that a policy server can do: read a request up to its empty line and answer
 * DUNNO, a thread for each connection. What it reaches is the limit of the machine for polload.
 *
 *     floor PATH        (a unix socket, made anew; ends by signal)
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* serve: one connection, until the other side closes it. */
static void *serve(void *arg)
{
	static const char answer[] = "action=DUNNO\n\n";
	const ssize_t answer_len = sizeof answer - 1;
	int fd = (int)(intptr_t)arg;
	char buf[4096];
	size_t filled = 0;
	ssize_t n;
	while ((n = read(fd, buf + filled, sizeof buf - filled)) > 0) {
		filled += (size_t)n;
		if (filled < 2 || memcmp(buf + filled - 2, "\n\n", 2) != 0)
			continue;
		filled = 0;
		if (write(fd, answer, (size_t)answer_len) != answer_len)
			break;
	}
	close(fd);
	return NULL;
}

/* listen_at: the socket. */
static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof addr.sun_path)
		return -1;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) || listen(fd, 1024))
		return -1;
	return fd;
}

/* main: accepts for ever. */
int main(int argc, char **argv)
{
	int listening = argc == 2 ? listen_at(argv[1]) : -1;
	if (listening < 0) {
		perror("floor");
		return 1;
	}
	for (;;) {
		int fd = accept(listening, NULL, NULL);
		pthread_t thread;
		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
}
