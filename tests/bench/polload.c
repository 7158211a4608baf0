/* SPDX-License-Identifier: ISC */
/*
 * polload: a load generator for servers of the Postfix policy protocol (SMTPD_POLICY_README).
 *
 * A thread for each connection sends requests one after the other, as smtpd does. The first request
 * of a connection warms it up and is not counted. Prints one line: requests/s, latency (p50, p99,
 * max) in microseconds, and how often each action word came. With -b it says "warm" when every
 * connection has its first answer, and begins when a line comes on stdin.
 *
 * Sender domains are d0.bench.test, d1.bench.test, ...; three clients in four are 198.51.X.Y
 * (X = N / 250, Y = N % 250 + 1 for domain N), one in four is 203.0.X.Y; from domain 64000 on, the
 * second number goes on as well (198.52.X.Y). Users are user1, user2, ...
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 4096
#define WORDS_MAX 32

static const char usage[] =
	"usage: polload [OPTIONS] unix:PATH | inet:ADDRESS:PORT | exec:COMMAND\n"
	"\n"
	"exec: a process for each connection, as spawn(8) has it.\n"
	"\n"
	"  -c N     connections at once (10)\n"
	"  -n N     counted requests of each connection (1000)\n"
	"  -m MODE  rate: authenticated requests; spf: unauthenticated ones; mix: half of each\n"
	"  -u N     users (1000)\n"
	"  -d N     domains (1000)\n"
	"  -f N     number of the first domain (0)\n"
	"  -w       walk through the domains in order; otherwise they are drawn at random\n"
	"  -s STATE protocol_state (RCPT)\n"
	"  -r N     recipients of a message: N requests in a row are about the same one (1)\n"
	"  -b       when all connections are warm, begin at a line on stdin\n"
	"  -k       keep the connections open until stdin ends\n";

static struct {
	int connections, requests, users, domains, first, recipients;
	bool walk, wait, keep;
	const char *mode, *state, *target;
} options = {10, 1000, 1000, 1000, 0, 1, false, false, false, "rate", "RCPT", NULL};

struct connection {
	pthread_t thread;
	int id, fd;
	unsigned seed;
	int user, domain; /* of the message under way */
	int network[2];   /* its first two numbers */
};

static double *latencies;         /* a row of options.requests for each connection */
static pthread_barrier_t barrier; /* all are connected; all are warm; all begin */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards words */
static struct {
	char word[32];
	long count;
} words[WORDS_MAX];

/* now: seconds of the monotonic clock. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* die: says what went wrong, with the reason of the system. */
static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* wrong_usage: ends the program. */
static void wrong_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

/* ---- connections ---- */

/* dial_unix: connects to a path. */
static int dial_unix(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof addr.sun_path)
		wrong_usage();
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr))
		die(path);
	return fd;
}

/* dial_inet: connects to an IPv4 address and port. */
static int dial_inet(const char *where)
{
	char host[64];
	int port, one = 1;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	if (sscanf(where, "%63[^:]:%d", host, &port) != 2 ||
		inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		wrong_usage();
	addr.sin_port = htons((in_port_t)port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) ||
		connect(fd, (struct sockaddr *)&addr, sizeof addr))
		die(where);
	return fd;
}

/* spawn: a process with the connection as its stdin and stdout. */
static int spawn(const char *command)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		dup2(pair[1], STDIN_FILENO);
		dup2(pair[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	return pair[0];
}

/* dial: to the target. */
static int dial(const char *target)
{
	if (strncmp(target, "unix:", 5) == 0)
		return dial_unix(target + 5);
	if (strncmp(target, "inet:", 5) == 0)
		return dial_inet(target + 5);
	if (strncmp(target, "exec:", 5) == 0)
		return spawn(target + 5);
	wrong_usage();
	return -1;
}

/* ---- one request ---- */

/* is_authenticated: by the mode; in a mix every second request. */
static bool is_authenticated(int number)
{
	return strcmp(options.mode, "rate") == 0 ||
	       (strcmp(options.mode, "mix") == 0 && (number & 1));
}

/* draw: a number below n. */
static int draw(struct connection *c, int n)
{
	return (int)((unsigned)rand_r(&c->seed) % (unsigned)n);
}

/* begin_message: whose it is. */
static void begin_message(struct connection *c, int message)
{
	c->user = draw(c, options.users) + 1;
	c->domain = draw(c, options.domains);
	bool is_usual = draw(c, 4);
	if (options.walk)
		c->domain = (int)(((long)message * options.connections + c->id) % options.domains);
	c->domain += options.first;
	c->network[0] = is_usual ? 198 : 203;
	c->network[1] = (is_usual ? 51 : 0) + c->domain / 64000;
}

/* format_request: what smtpd of Postfix 3.7 sends; number is -1 for the one that warms up. */
static size_t format_request(struct connection *c, int number, char text[TEXT_MAX])
{
	int message = (number + 1) / options.recipients;
	const char *method = "";
	char login[24] = "";
	if ((number + 1) % options.recipients == 0)
		begin_message(c, message);
	int user = c->user, domain = c->domain;
	if (is_authenticated(number)) {
		method = "PLAIN";
		snprintf(login, sizeof login, "user%d", user);
	}
	int len = snprintf(text, TEXT_MAX,
		"request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\n"
		"client_address=%d.%d.%d.%d\nclient_name=client.d%d.bench.test\nclient_port=40000\n"
		"reverse_client_name=client.d%d.bench.test\nserver_address=127.0.0.1\n"
		"server_port=25\nhelo_name=mail.d%d.bench.test\nsender=user%d@d%d.bench.test\n"
		"recipient=rcpt%d@example.test\nrecipient_count=0\nqueue_id=\n"
		"instance=%x.%x.%x.0\nsize=0\netrn_domain=\nstress=\nsasl_method=%s\n"
		"sasl_username=%s\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
		"ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=\n"
		"encryption_cipher=\nencryption_keysize=0\npolicy_context=\n\n",
		options.state, c->network[0], c->network[1], domain % 64000 / 250, domain % 250 + 1,
		domain, domain, domain, user, domain, number + 1, (unsigned)getpid(),
		(unsigned)c->id, (unsigned)message, method, login);
	if (len < 0 || len >= TEXT_MAX)
		wrong_usage(); /* a state of kilobytes */
	return (size_t)len;
}

/* exchange: sends the request and waits for the whole answer. */
static void exchange(struct connection *c, const char *text, size_t len, char answer[TEXT_MAX])
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n = write(c->fd, text + sent, len - sent);
		if (n <= 0)
			die("write");
		sent += (size_t)n;
	}
	for (size_t got = 0; got < 2 || memcmp(answer + got - 2, "\n\n", 2) != 0;) {
		ssize_t n = read(c->fd, answer + got, TEXT_MAX - 1 - got);
		if (n <= 0) {
			fputs("polload: the server has closed a connection\n", stderr);
			exit(1);
		}
		got += (size_t)n;
		answer[got] = 0;
	}
}

/* count_word: the first word of the action. */
static void count_word(const char *answer)
{
	char word[32] = "";
	sscanf(answer, "action=%31s", word);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < WORDS_MAX; i++) {
		if (words[i].count == 0)
			memcpy(words[i].word, word, sizeof word);
		if (strcmp(words[i].word, word) == 0) {
			words[i].count++;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

/* run: one connection's thread. */
static void *run(void *arg)
{
	struct connection *c = arg;
	char text[TEXT_MAX], answer[TEXT_MAX];
	pthread_barrier_wait(&barrier);
	for (int i = -1; i < options.requests; i++) {
		size_t len = format_request(c, i, text);
		double began = now();
		exchange(c, text, len, answer);
		if (i < 0) {
			pthread_barrier_wait(&barrier);
			pthread_barrier_wait(&barrier);
			continue;
		}
		latencies[(size_t)c->id * (size_t)options.requests + (size_t)i] = now() - began;
		count_word(answer);
	}
	return NULL;
}

/* ---- the whole ---- */

/* compare: for qsort. */
static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* report: the line of numbers. */
static void report(double seconds)
{
	size_t n = (size_t)options.connections * (size_t)options.requests;
	qsort(latencies, n, sizeof *latencies, compare);
	printf("%s %s conns=%d n=%zu  %.0f req/s  p50 %.0f us  p99 %.0f us  max %.0f us ",
		options.target, options.mode, options.connections, n, (double)n / seconds,
		latencies[n / 2] * 1e6, latencies[n * 99 / 100] * 1e6, latencies[n - 1] * 1e6);
	for (int i = 0; i < WORDS_MAX && words[i].count; i++)
		printf(" %s=%ld", words[i].word, words[i].count);
	putchar('\n');
	fflush(stdout);
}

/* number: a whole one, not below least. */
static int number(const char *text, int least)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (*end || n < least || n > 100000000)
		wrong_usage();
	return (int)n;
}

/* take: one option. */
static void take(int option, const char *value)
{
	switch (option) {
	case 'c':
		options.connections = number(value, 1);
		break;
	case 'n':
		options.requests = number(value, 1);
		break;
	case 'm':
		options.mode = value;
		break;
	case 'u':
		options.users = number(value, 1);
		break;
	case 'd':
		options.domains = number(value, 1);
		break;
	case 'f':
		options.first = number(value, 0);
		break;
	case 'w':
		options.walk = true;
		break;
	case 's':
		options.state = value;
		break;
	case 'r':
		options.recipients = number(value, 1);
		break;
	case 'b':
		options.wait = true;
		break;
	case 'k':
		options.keep = true;
		break;
	default:
		wrong_usage();
	}
}

/* parse: the command line. */
static void parse(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "c:n:m:u:d:f:ws:r:bk")) != -1)
		take(option, optarg);
	if (optind != argc - 1)
		wrong_usage();
	if (strcmp(options.mode, "rate") != 0 && strcmp(options.mode, "spf") != 0 &&
		strcmp(options.mode, "mix") != 0)
		wrong_usage();
	options.target = argv[optind];
}

/* await_line: says that all is warm, and waits for the word to begin. */
static void await_line(void)
{
	char c = 0;
	puts("warm");
	fflush(stdout);
	while (c != '\n' && read(STDIN_FILENO, &c, 1) > 0)
		continue;
}

/* main: connects, warms up, measures. */
int main(int argc, char **argv)
{
	char end;
	parse(argc, argv);
	size_t count = (size_t)options.connections;
	latencies = calloc(count * (size_t)options.requests, sizeof *latencies);
	struct connection *connections = calloc(count, sizeof *connections);
	if (!latencies || !connections || pthread_barrier_init(&barrier, NULL, (unsigned)count + 1))
		die("polload");
	for (size_t i = 0; i < count; i++) {
		struct connection *c = &connections[i];
		*c = (struct connection) {.id = (int)i, .seed = 12345 + (unsigned)i};
		c->fd = dial(options.target);
		if (pthread_create(&c->thread, NULL, run, c))
			die("thread");
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (options.wait)
		await_line();
	double began = now();
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < count; i++)
		pthread_join(connections[i].thread, NULL);
	report(now() - began);
	while (options.keep && read(STDIN_FILENO, &end, 1) > 0)
		continue;
	free(connections);
	free(latencies);
	return 0;
}
