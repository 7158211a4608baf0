/* SPDX-License-Identifier: ISC */
/* redis-server as a child; a client of a few lines, so that tests do not use what they test. */
#include "support/redis.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 48
#define ANSWER_MAX (1 << 20)
#define WORDS_MAX 64

struct test_redis {
	pid_t pid;
	uint16_t port;
	bool sentinel;
	char folder[64], socket[80], uri[64], unix_uri[96], password[64];
	char *args[ARGS_MAX + 1];
};

/* die: a test that cannot set the scene has failed. */
static void die(const char *what)
{
	fprintf(stderr, "redis: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* pause_ms: sleeps. */
static void pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

/*
 * find_server: where the program is, into storage of the caller. Debian's redis-tools, which come
 * without a service, hold it under the name of another tool; it is what argv[0] says.
 */
static bool find_server(char *path, size_t size)
{
	static const char *const folders[] = {
		"/usr/bin", "/usr/local/bin", "/usr/sbin", "/opt/redis/bin"};
	static const char *const names[] = {"redis-server", "valkey-server", "redis-check-rdb"};
	for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
		for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
			snprintf(path, size, "%s/%s", folders[i], names[n]);
			if (access(path, X_OK) == 0)
				return true;
		}
	return false;
}

/* test_redis_missing: looks along the path. */
const char *test_redis_missing(void)
{
	char path[512];
	return find_server(path, sizeof path) ? NULL : "redis-server is not installed";
}

/* test_redis_free_port: low enough for what a cluster adds to it. */
uint16_t test_redis_free_port(void)
{
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		socklen_t size = sizeof address;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
			getsockname(fd, (struct sockaddr *)&address, &size) != 0)
			die("port");
		close(fd);
		if (ntohs(address.sin_port) < 55000)
			return ntohs(address.sin_port);
	}
	die("port");
	return 0;
}

/* expand: %d and %s in an option. */
static char *expand(const struct test_redis *redis, const char *text)
{
	char buffer[512];
	const char *mark = strchr(text, '%');
	if (mark && mark[1] == 'd')
		snprintf(buffer, sizeof buffer, "%.*s%u%s", (int)(mark - text), text, redis->port,
			mark + 2);
	else if (mark && mark[1] == 's')
		snprintf(buffer, sizeof buffer, "%.*s%s%s", (int)(mark - text), text, redis->folder,
			mark + 2);
	else
		snprintf(buffer, sizeof buffer, "%s", text);
	char *copy = strdup(buffer);
	if (!copy)
		die("memory");
	return copy;
}

/* add: an argument. */
static void add(struct test_redis *redis, const char *text)
{
	for (int i = 0; i < ARGS_MAX; i++) {
		if (redis->args[i])
			continue;
		redis->args[i] = expand(redis, text);
		return;
	}
	die("too many options");
}

/* launch: the child; it ends when we do, and says nothing but to its log. */
static void launch(struct test_redis *redis)
{
	char log[96];
	snprintf(log, sizeof log, "%s/log", redis->folder);
	pid_t parent = getpid();
	redis->pid = fork();
	if (redis->pid < 0)
		die("fork");
	if (redis->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	int fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	for (int i = 3; i < 256; i++)
		close(i);
	char program[512];
	if (find_server(program, sizeof program))
		execv(program, redis->args);
	_exit(127);
}

/* test_redis_again: with the same options; back when it answers. */
void test_redis_again(struct test_redis *redis)
{
	launch(redis);
	for (int waited = 0; waited < TEST_PATIENCE_MS; waited += 10) {
		char *answer = test_redis_ask(redis, 1, "PING");
		bool there = strstr(answer, "PONG") || strstr(answer, "NOAUTH");
		free(answer);
		if (there)
			return;
		if (waitpid(redis->pid, NULL, WNOHANG) == redis->pid)
			break;
		pause_ms(10);
	}
	errno = ETIMEDOUT;
	die("redis-server does not start");
}

/* prepare: a directory and a port. */
static struct test_redis *prepare(void)
{
	struct test_redis *redis = calloc(1, sizeof *redis);
	if (!redis)
		die("memory");
	strcpy(redis->folder, "/tmp/gatepost-redis.XXXXXX");
	if (!mkdtemp(redis->folder))
		die("folder");
	redis->port = test_redis_free_port();
	snprintf(redis->socket, sizeof redis->socket, "%s/socket", redis->folder);
	snprintf(redis->uri, sizeof redis->uri, "redis://127.0.0.1:%u", redis->port);
	snprintf(redis->unix_uri, sizeof redis->unix_uri, "redis+unix:%s", redis->socket);
	return redis;
}

/* test_redis_start: nothing is saved, so it starts and ends at once. */
struct test_redis *test_redis_start(const char *const *more)
{
	static const char *const common[] = {"redis-server", "--bind", "127.0.0.1", "--unixsocket",
		"%s/socket", "--dir", "%s", "--save", "", "--appendonly", "no", "--loglevel",
		"warning", "--shutdown-timeout", "0", "--port", "%d"};
	if (test_redis_missing())
		return NULL;
	struct test_redis *redis = prepare();
	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
		add(redis, common[i]);
	for (; more && *more; more++)
		add(redis, *more);
	test_redis_again(redis);
	return redis;
}

/* test_redis_start_sentinel: its configuration must be a file that it can write. */
struct test_redis *test_redis_start_sentinel(const char *name, const struct test_redis *master)
{
	char path[96];
	if (test_redis_missing())
		return NULL;
	struct test_redis *redis = prepare();
	snprintf(path, sizeof path, "%s/sentinel.conf", redis->folder);
	FILE *file = fopen(path, "w");
	if (!file)
		die(path);
	fprintf(file,
		"bind 127.0.0.1\nport %u\nunixsocket %s\ndir %s\nloglevel warning\n"
		"sentinel monitor %s 127.0.0.1 %u 1\nsentinel down-after-milliseconds %s 60000\n",
		redis->port, redis->socket, redis->folder, name, master->port, name);
	fclose(file);
	redis->sentinel = true;
	add(redis, "redis-server");
	add(redis, path);
	add(redis, "--sentinel");
	test_redis_again(redis);
	return redis;
}

/* test_redis_kill: without a chance to say close. */
void test_redis_kill(struct test_redis *redis)
{
	if (redis->pid <= 0)
		return;
	kill(redis->pid, SIGKILL);
	waitpid(redis->pid, NULL, 0);
	redis->pid = 0;
}

/* test_redis_hang: stops the process, or lets it go on. */
void test_redis_hang(struct test_redis *redis, bool hang)
{
	kill(redis->pid, hang ? SIGSTOP : SIGCONT);
}

/* remove_entry: for nftw. */
static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

/* test_redis_stop: the process, the directory, the memory. */
void test_redis_stop(struct test_redis *redis)
{
	if (!redis)
		return;
	test_redis_kill(redis);
	nftw(redis->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	for (int i = 0; i < ARGS_MAX; i++)
		free(redis->args[i]);
	free(redis);
}

/* test_redis_port: where it listens. */
uint16_t test_redis_port(const struct test_redis *redis)
{
	return redis->port;
}

/* test_redis_folder: its own. */
const char *test_redis_folder(const struct test_redis *redis)
{
	return redis->folder;
}

/* test_redis_uri: by port. */
const char *test_redis_uri(const struct test_redis *redis)
{
	return redis->uri;
}

/* test_redis_unix_uri: by socket. */
const char *test_redis_unix_uri(const struct test_redis *redis)
{
	return redis->unix_uri;
}

/* test_redis_auth: kept. */
void test_redis_auth(struct test_redis *redis, const char *password)
{
	snprintf(redis->password, sizeof redis->password, "%s", password);
}

/* ---- questions ---- */

/* reach: the unix socket, or -1. */
static int reach(const struct test_redis *redis)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {5, 0};
	memcpy(address.sun_path, redis->socket, strlen(redis->socket));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

/* say: a command in the protocol's form. */
static void say(int fd, int count, const char *const *words, const size_t *lengths)
{
	dprintf(fd, "*%d\r\n", count);
	for (int i = 0; i < count; i++) {
		dprintf(fd, "$%zu\r\n", lengths[i]);
		for (size_t done = 0; done < lengths[i];) {
			ssize_t n = write(fd, words[i] + done, lengths[i] - done);
			if (n <= 0)
				return;
			done += (size_t)n;
		}
		dprintf(fd, "\r\n");
	}
}

/* skip: past the element at p, or NULL when it is not all there. */
static const char *skip(const char *p, const char *end)
{
	const char *line = p < end ? memmem(p, (size_t)(end - p), "\r\n", 2) : NULL;
	if (!line)
		return NULL;
	long n = strtol(p + 1, NULL, 10);
	line += 2;
	if (*p == '$' && n >= 0)
		return end - line >= n + 2 ? line + n + 2 : NULL;
	for (long i = 0; *p == '*' && i < n && line; i++)
		line = skip(line, end);
	return line;
}

/* hear: one answer, as it came, with a NUL. */
static size_t hear(int fd, char *answer)
{
	size_t size = 0;
	while (size < ANSWER_MAX - 1) {
		ssize_t n = read(fd, answer + size, ANSWER_MAX - 1 - size);
		if (n <= 0)
			break;
		size += (size_t)n;
		answer[size] = '\0';
		if (skip(answer, answer + size))
			break;
	}
	answer[size] = '\0';
	return size;
}

/* bare: without the protocol around it. */
static void bare(char *answer, size_t size)
{
	char *line = strstr(answer, "\r\n");
	if (!line || *answer == '*')
		return;
	if (*answer == '$') {
		long n = strtol(answer + 1, NULL, 10);
		n = n < 0 ? 0 : n;
		if (line + 2 + n <= answer + size) {
			memmove(answer, line + 2, (size_t)n);
			answer[n] = '\0';
		}
		return;
	}
	*line = '\0';
	memmove(answer, answer + 1, strlen(answer + 1) + 1);
}

/* test_redis_ask_bytes: on a connection of its own. "": nobody answers. */
char *test_redis_ask_bytes(
	const struct test_redis *redis, int count, const char *const *words, const size_t *lengths)
{
	char *answer = calloc(1, ANSWER_MAX);
	int fd = reach(redis);
	if (!answer)
		die("memory");
	if (fd < 0)
		return answer;
	if (redis->password[0]) {
		const char *auth[] = {"AUTH", redis->password};
		say(fd, 2, auth, (const size_t[]) {4, strlen(redis->password)});
		hear(fd, answer);
	}
	say(fd, count, words, lengths);
	size_t size = hear(fd, answer);
	close(fd);
	bare(answer, size);
	return answer;
}

/* ask: words from a list of arguments. */
static char *ask(const struct test_redis *redis, int count, va_list ap)
{
	const char *words[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	for (int i = 0; i < count && i < WORDS_MAX; i++) {
		words[i] = va_arg(ap, const char *);
		lengths[i] = strlen(words[i]);
	}
	return test_redis_ask_bytes(redis, count, words, lengths);
}

/* test_redis_ask: C strings. */
char *test_redis_ask(const struct test_redis *redis, int count, ...)
{
	va_list ap;
	va_start(ap, count);
	char *answer = ask(redis, count, ap);
	va_end(ap);
	return answer;
}

/* test_redis_await: again and again. */
void test_redis_await(const struct test_redis *redis, const char *text, int count, ...)
{
	for (int waited = 0; waited < TEST_PATIENCE_MS; waited += 20) {
		va_list ap;
		va_start(ap, count);
		char *answer = ask(redis, count, ap);
		va_end(ap);
		bool there = strstr(answer, text) != NULL;
		free(answer);
		if (there)
			return;
		pause_ms(20);
	}
	errno = ETIMEDOUT;
	die(text);
}

/* ---- liars ---- */

#define LIAR_CLIENTS 40
#define QUESTION_MAX 32768

struct test_redis_liar {
	enum test_redis_lie lie;
	bool after_login;
	atomic_int clients; /* that ever came */
	char uri[64];
	int stop[2]; /* a pipe: its end tells the thread to go */
	pthread_t thread;
	struct pollfd fds[LIAR_CLIENTS + 2];
	char *question[LIAR_CLIENTS + 2];
	size_t size[LIAR_CLIENTS + 2];
};

/* What a liar that logs in properly says to a command that contains the word. */
static const char *const polite[][2] = {
	{"SCRIPT", "$40\r\n0123456789012345678901234567890123456789\r\n"},
	{"CLUSTER", "-ERR This instance has cluster support disabled\r\n"},
	{"ROLE", "*1\r\n$6\r\nmaster\r\n"},
	{"TIME", "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"},
	{"PING", "+PONG\r\n"},
};

/* tell: bytes, as far as they are wanted. */
static void tell(int fd, const char *bytes, size_t size)
{
	(void)!send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* lie_to: whatever was asked. */
static void lie_to(const struct test_redis_liar *liar, int fd)
{
	static const char nan[] = "*2\r\n$40\r\n\xff\xff\xff\xff\xff\xff\xff\xff"
				  "00000000111111112222222233333333\r\n$2\r\n{}\r\n";
	static const char *const lies[] = {
		[TEST_REDIS_RUBBISH] = "HTTP/1.1 400 Bad Request\r\n\r\n",
		[TEST_REDIS_HUGE_ARRAY] = "*2147483647\r\n:1\r\n",
		[TEST_REDIS_DEEP] = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
		[TEST_REDIS_OTHER_TYPE] = ":42\r\n",
		[TEST_REDIS_MANY] = "*0\r\n*0\r\n+OK\r\n",
	};
	static const char filler[65536] = {0};
	if (liar->lie == TEST_REDIS_SILENT || liar->lie == TEST_REDIS_CLOSE)
		return;
	if (liar->lie == TEST_REDIS_NAN) {
		tell(fd, nan, sizeof nan - 1);
	} else if (liar->lie == TEST_REDIS_HUGE_BULK) {
		tell(fd, "$2147483647\r\n", 13);
		for (int i = 0; i < 1024; i++)
			(void)!send(fd, filler, sizeof filler, MSG_NOSIGNAL);
	} else {
		tell(fd, lies[liar->lie], strlen(lies[liar->lie]));
	}
}

/* respond: politely, if that is what it does first, else with the lie; false: hang up. */
static bool respond(const struct test_redis_liar *liar, int fd, const char *question)
{
	for (size_t i = 0; liar->after_login && i < sizeof polite / sizeof polite[0]; i++) {
		if (!strstr(question, polite[i][0]))
			continue;
		tell(fd, polite[i][1], strlen(polite[i][1]));
		return true;
	}
	lie_to(liar, fd);
	return liar->lie != TEST_REDIS_CLOSE;
}

/* drop: a client. */
static void drop(struct test_redis_liar *liar, int i)
{
	close(liar->fds[i].fd);
	free(liar->question[i]);
	liar->question[i] = NULL;
	liar->fds[i].fd = -1;
}

/* serve: what a client says; an answer when a question is complete. */
static void serve(struct test_redis_liar *liar, int i)
{
	char *q = liar->question[i];
	ssize_t n = recv(
		liar->fds[i].fd, q + liar->size[i], QUESTION_MAX - 1 - liar->size[i], MSG_DONTWAIT);
	if (n <= 0) {
		drop(liar, i);
		return;
	}
	liar->size[i] += (size_t)n;
	q[liar->size[i]] = '\0';
	if (!skip(q, q + liar->size[i]))
		return;
	liar->size[i] = 0;
	if (!respond(liar, liar->fds[i].fd, q))
		drop(liar, i);
}

/* welcome: a new client, if there is room. */
static void welcome(struct test_redis_liar *liar)
{
	int fd = accept4(liar->fds[0].fd, NULL, NULL, SOCK_CLOEXEC);
	atomic_fetch_add(&liar->clients, fd >= 0);
	for (int i = 2; fd >= 0 && i < LIAR_CLIENTS + 2; i++) {
		if (liar->fds[i].fd >= 0)
			continue;
		liar->fds[i] = (struct pollfd) {.fd = fd, .events = POLLIN};
		liar->question[i] = malloc(QUESTION_MAX);
		liar->size[i] = 0;
		if (!liar->after_login && liar->lie != TEST_REDIS_SILENT) {
			lie_to(liar, fd);
			if (liar->lie == TEST_REDIS_CLOSE)
				drop(liar, i);
		}
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* run_liar: until the pipe ends. */
static void *run_liar(void *arg)
{
	struct test_redis_liar *liar = arg;
	for (;;) {
		if (poll(liar->fds, LIAR_CLIENTS + 2, -1) < 0)
			continue;
		if (liar->fds[1].revents)
			return NULL;
		for (int i = 2; i < LIAR_CLIENTS + 2; i++)
			if (liar->fds[i].fd >= 0 && liar->fds[i].revents)
				serve(liar, i);
		if (liar->fds[0].revents)
			welcome(liar);
	}
}

/* test_redis_liar_start: a thread. */
struct test_redis_liar *test_redis_liar_start(enum test_redis_lie lie, bool after_login)
{
	struct test_redis_liar *liar = calloc(1, sizeof *liar);
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!liar || fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
		listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
		pipe2(liar->stop, O_CLOEXEC) != 0)
		die("liar");
	atomic_init(&liar->clients, 0);
	liar->lie = lie;
	liar->after_login = after_login;
	for (int i = 0; i < LIAR_CLIENTS + 2; i++)
		liar->fds[i].fd = -1;
	liar->fds[0] = (struct pollfd) {.fd = fd, .events = POLLIN};
	liar->fds[1] = (struct pollfd) {.fd = liar->stop[0], .events = POLLIN};
	snprintf(liar->uri, sizeof liar->uri, "redis://127.0.0.1:%u", ntohs(address.sin_port));
	if (pthread_create(&liar->thread, NULL, run_liar, liar) != 0)
		die("liar");
	return liar;
}

/* test_redis_liar_stop: closes the pipe and waits. */
void test_redis_liar_stop(struct test_redis_liar *liar)
{
	if (!liar)
		return;
	close(liar->stop[1]);
	pthread_join(liar->thread, NULL);
	for (int i = 2; i < LIAR_CLIENTS + 2; i++)
		if (liar->fds[i].fd >= 0)
			drop(liar, i);
	close(liar->fds[0].fd);
	close(liar->stop[0]);
	free(liar);
}

/* test_redis_liar_uri: where it sits. */
const char *test_redis_liar_uri(const struct test_redis_liar *liar)
{
	return liar->uri;
}

/* test_redis_liar_clients: so far. */
int test_redis_liar_clients(const struct test_redis_liar *liar)
{
	return atomic_load(&liar->clients);
}
