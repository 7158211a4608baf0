/* SPDX-License-Identifier: ISC */
/*
 * The public test suite for RFC 7208 once more, with nothing scripted: the command gatepost spf
 * asks an nsd that serves each scenario's names as its root zone, on the loopback.
 *
 * A real server cannot be silent about one name, nor hold a TXT record without strings or the same
 * record twice. Each case therefore runs against the scripted zone first: if it asks for something
 * of this kind, it is skipped here, and named (test_spf_suite runs it).
 *
 * test_spf_live.py, which the test run calls, gives it a machine with an nsd. The command is the
 * environment's GATEPOST, or build/gatepost.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spf/spf.h"
#include "support/suite.h"

#define START_TRIES 200 /* of 50 ms each */
#define OUTPUT_MAX 65536

static char folder[64]; /* of this run; holds the configuration and zone of nsd */
static char nsd_path[4096];

/* die: the test cannot go on. */
static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

/* ---- zone file ---- */

/* write_name: absolute; every byte that is not of an ordinary name as \DDD (RFC 1035 5.1). */
static void write_name(FILE *file, const char *name)
{
	bool wildcard = strncmp(name, "*.", 2) == 0;
	for (const char *p = name; *p; p++) {
		bool plain = *p == '.' || *p == '-' || *p == '_' || (*p >= '0' && *p <= '9') ||
			     (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (wildcard && p == name);
		if (plain)
			fputc(*p, file);
		else
			fprintf(file, "\\%03u", (unsigned)(unsigned char)*p);
	}
	fputc('.', file);
}

/* write_data: RDATA in the form for unknown types (RFC 3597 5), which every type may take. */
static void write_data(FILE *file, const struct test_zone_record *r)
{
	size_t at = 0;
	fprintf(file, "\\# %zu ", r->data_len + r->chunk_count);
	for (size_t i = 0; i < r->chunk_count; i++) {
		fprintf(file, "%02x", (unsigned)r->chunks[i]);
		for (size_t j = 0; j < r->chunks[i]; j++)
			fprintf(file, "%02x", (unsigned)(unsigned char)r->data[at++]);
	}
	for (; at < r->data_len; at++)
		fprintf(file, "%02x", (unsigned)(unsigned char)r->data[at]);
}

/* is_text: made of strings. */
static bool is_text(const struct test_zone_record *r)
{
	return r->type == GP_DNS_TXT || r->type == TEST_ZONE_SPF;
}

/* can_be_held: can a zone file hold this record? */
static bool can_be_held(const struct test_zone_record *r)
{
	return gp_dns_name_is_valid(gp_span_from(r->name)) && !(is_text(r) && r->chunk_count == 0);
}

/* write_record: one line. */
static void write_record(FILE *file, const struct test_zone_record *r)
{
	char text[GP_IPADDR_TEXT];
	write_name(file, r->name);
	fprintf(file, " 300 IN TYPE%u ", r->type);
	if (r->type == GP_DNS_A || r->type == GP_DNS_AAAA)
		fputs(gp_ipaddr_format(&r->addr, text), file);
	if (r->type == GP_DNS_MX)
		fprintf(file, "%u ", r->preference);
	if (r->target)
		write_name(file, r->target);
	if (r->data || is_text(r))
		write_data(file, r);
	fputc('\n', file);
}

/* path_in: a file of our directory. */
static const char *path_in(const char *name, char room[128])
{
	snprintf(room, 128, "%s/%s", folder, name);
	return room;
}

/* create: a file of our directory, empty. */
static FILE *create(const char *name)
{
	char path[128];
	FILE *file = fopen(path_in(name, path), "w");
	if (!file)
		die(path);
	return file;
}

/* write_zone: all records that can be held, below the root. */
static void write_zone(const struct test_zone *zone)
{
	size_t count;
	const struct test_zone_record *records = test_zone_records(zone, &count);
	FILE *file = create("zone");
	fputs(". 300 IN SOA ns.invalid. nobody.invalid. 1 3600 600 86400 300\n"
	      ". 300 IN NS ns.invalid.\n",
		file);
	for (size_t i = 0; i < count; i++)
		if (can_be_held(&records[i]))
			write_record(file, &records[i]);
	fclose(file);
}

/* write_config: an nsd of our own that touches nothing outside the directory. */
static void write_config(unsigned port)
{
	FILE *file = create("nsd.conf");
	fprintf(file,
		"server:\n"
		"  ip-address: 127.0.0.1@%u\n  port: %u\n  server-count: 1\n"
		"  username: \"\"\n  chroot: \"\"\n  zonesdir: \"%s\"\n  database: \"\"\n"
		"  pidfile: \"%s/nsd.pid\"\n  xfrdfile: \"%s/xfrd.state\"\n"
		"  xfrdir: \"%s\"\n  zonelistfile: \"%s/zone.list\"\n  logfile: \"%s/nsd.log\"\n"
		"  rrl-ratelimit: 0\n"
		"remote-control:\n  control-enable: no\n"
		"zone:\n  name: \".\"\n  zonefile: \"zone\"\n",
		port, port, folder, folder, folder, folder, folder, folder);
	fclose(file);
}

/* ---- the name server ---- */

/* loopback: a socket address. */
static struct sockaddr_in loopback(unsigned port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return addr;
}

/* free_port: one that nobody uses at the moment, neither for UDP nor for TCP. */
static unsigned free_port(void)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof addr;
	for (;;) {
		int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
		addr.sin_port = 0;
		if (udp < 0 || tcp < 0 || bind(udp, (struct sockaddr *)&addr, sizeof addr) ||
			getsockname(udp, (struct sockaddr *)&addr, &len))
			die("no port on the loopback");
		int taken = bind(tcp, (struct sockaddr *)&addr, sizeof addr);
		close(udp);
		close(tcp);
		if (!taken)
			return ntohs(addr.sin_port);
	}
}

/* answers: does the server answer for the root (SOA) within 50 ms? */
static bool answers(unsigned port)
{
	static const unsigned char query[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};
	struct sockaddr_in addr = loopback(port);
	unsigned char reply[512];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool good = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0 &&
		    send(fd, query, sizeof query, 0) == sizeof query && poll(&p, 1, 50) == 1 &&
		    recv(fd, reply, sizeof reply, 0) > 12 && (reply[3] & 0x0f) == 0;
	close(fd);
	return good;
}

/* start: nsd in the foreground, for this zone; returns its process. */
static pid_t start(const struct test_zone *zone, unsigned port)
{
	char config[128];
	write_zone(zone);
	write_config(port);
	path_in("nsd.conf", config);
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(nsd_path, nsd_path, "-d", "-c", config, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < START_TRIES; i++) {
		if (answers(port))
			return pid;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			die("nsd does not start");
		usleep(10000);
	}
	kill(pid, SIGKILL);
	die("nsd does not answer");
	return -1;
}

/* stop: ends the process that was started. */
static void stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* ---- what a real server cannot serve ---- */

/* same_record: a zone is a set; a second one would not be seen. */
static bool same_record(const struct test_zone_record *a, const struct test_zone_record *b)
{
	return a->type == b->type && strcmp(a->name, b->name) == 0 && is_text(a) &&
	       a->data_len == b->data_len && a->chunk_count == b->chunk_count &&
	       (a->data_len == 0 || memcmp(a->data, b->data, a->data_len) == 0);
}

/* has_behaviour: is the name one about which the scripted zone is silent? */
static bool has_behaviour(const struct test_zone *zone, const char *name)
{
	size_t count;
	const struct test_zone_behaviour *b = test_zone_behaviours(zone, &count);
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(b[i].name, name) == 0)
			return true;
	return false;
}

/* record_problem: why this question does not count bytes answer from a server; NULL: it has not. */
static const char *record_problem(
	const struct test_zone *zone, const struct test_zone_question *question)
{
	size_t count;
	const struct test_zone_record *r = test_zone_records(zone, &count);
	for (size_t i = 0; i < count; i++) {
		if (r[i].type != (unsigned)question->type || strcasecmp(r[i].name, question->name))
			continue;
		if (!can_be_held(&r[i]))
			return "no zone file can hold a record";
		for (size_t j = 0; j < i; j++)
			if (same_record(&r[i], &r[j]))
				return "no zone can hold the same record twice";
	}
	return NULL;
}

/* check_scripted: runs the case on the scripted zone, which then knows what was asked. */
static void check_scripted(
	struct test_zone *zone, const struct test_suite_case *test, struct gp_ctx *ctx)
{
	struct gp_spf_query query = {.identity = GP_SPF_MAILFROM,
		.helo = gp_span_from(test->helo),
		.mail_from = gp_span_from(test->mail_from)};
	struct gp_spf_result result;
	test_zone_forget(zone);
	if (gp_ipaddr_parse(gp_span_from(test->ip), &query.client) ||
		gp_spf_check(ctx, &query, &result))
		die(test->id);
}

/* skip_reason: why the case cannot run against a real server; NULL: it can. */
static const char *skip_reason(struct test_zone *zone, const struct test_suite_case *test)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	const char *reason = NULL;
	check_scripted(zone, test, &ctx);
	size_t asked = test_zone_asked(zone, TEST_ZONE_ANY);
	for (size_t i = 0; i < asked && !reason; i++) {
		/* a copy: asking for it again makes the list longer */
		struct test_zone_question q = *test_zone_question(zone, i);
		struct gp_dns_question again = {q.name, q.type};
		struct gp_dns_answer answer;
		if (gp_dns_query(&ctx, &again, 1, &answer))
			die(test->id);
		reason = answer.state == GP_DNS_TEMPFAIL && has_behaviour(zone, q.name)
				 ? "no server is silent about one name only"
				 : record_problem(zone, &q);
	}
	gp_arena_free(ctx.arena);
	return reason;
}

/* ---- a case ---- */

/* read_all: what the command prints. */
static void read_all(int fd, char output[OUTPUT_MAX])
{
	size_t len = 0;
	ssize_t n;
	while (len < OUTPUT_MAX - 1 && (n = read(fd, output + len, OUTPUT_MAX - 1 - len)) > 0)
		len += (size_t)n;
	output[len] = 0;
}

/* ask: runs the command; its exit code. */
static int ask(const struct test_suite_case *test, unsigned port, char output[OUTPUT_MAX])
{
	const char *program = getenv("GATEPOST");
	char config[128], server[32];
	int ends[2], status;
	if (!program || !*program)
		program = "build/gatepost";
	path_in("gatepost.conf", config);
	snprintf(server, sizeof server, "127.0.0.1:%u", port);
	fflush(stdout);
	if (pipe(ends))
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(program, program, "spf", "--json", "--config", config, "--dns", server,
			"--ip", test->ip, "--helo", test->helo, "--mail-from", test->mail_from,
			(char *)NULL);
		perror(program);
		_exit(127);
	}
	close(ends[1]);
	read_all(ends[0], output);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* same_explanation: is the domain's own text the expected one? */
static bool same_explanation(const struct test_suite_case *test, const char *got)
{
	if (test->explanation_default)
		return !got;
	return !test->explanation || (got && strcasecmp(got, test->explanation) == 0);
}

/* run_case: one TAP line; false when it came out differently. */
static bool run_case(
	const char *scenario, const struct test_suite_case *test, unsigned port, size_t number)
{
	static char output[OUTPUT_MAX]; /* large; this program has one thread */
	int code = ask(test, port, output);
	json_t *o = json_loads(output, 0, NULL);
	const char *result = json_string_value(json_object_get(o, "result"));
	const char *explanation = json_string_value(json_object_get(o, "explanation"));
	bool good = code == 0 && result && test_suite_expects(test, result) &&
		    same_explanation(test, explanation);
	printf("%sok %zu - %s/%s\n", good ? "" : "not ", number, scenario, test->id);
	if (!good) {
		const char *problem = json_string_value(json_object_get(o, "problem"));
		printf("# ip=%s helo=%s from=%s: expected %s, got %s (%s), explanation %s, "
		       "exit code %d\n",
			test->ip, test->helo, test->mail_from, test->results[0],
			result ? result : "nothing", problem ? problem : "no problem",
			explanation ? explanation : "none", code);
	}
	json_decref(o);
	return good;
}

/* run_scenario: all its cases with one nsd. */
static size_t run_scenario(const struct test_suite_scenario *s, size_t *number)
{
	unsigned port = free_port();
	size_t failed = 0;
	pid_t nsd = start(s->zone, port);
	for (size_t i = 0; i < s->case_count; i++) {
		const struct test_suite_case *test = &s->cases[i];
		const char *reason = skip_reason(s->zone, test);
		++*number;
		if (reason)
			printf("ok %zu - %s/%s # SKIP %s\n", *number, s->name, test->id, reason);
		else
			failed += !run_case(s->name, test, port, *number);
	}
	stop(nsd);
	return failed;
}

/* ---- the whole ---- */

/* find_nsd: in the usual directories, which need not be in the PATH of a user. */
static bool find_nsd(void)
{
	char list[4096];
	const char *path = getenv("PATH");
	snprintf(list, sizeof list, "%s:/usr/sbin:/usr/local/sbin:/sbin", path ? path : "/usr/bin");
	for (char *rest = list, *part; (part = strsep(&rest, ":"));) {
		snprintf(nsd_path, sizeof nsd_path, "%s/nsd", *part ? part : ".");
		if (access(nsd_path, X_OK) == 0)
			return true;
	}
	return false;
}

/* remove_one: for nftw. */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* remove_folder: at the end, however it comes. */
static void remove_folder(void)
{
	if (*folder)
		nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* make_folder: with the configuration that the command reads. */
static void make_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/gatepost-live.XXXXXX");
	if (!mkdtemp(folder))
		die("no temporary directory");
	atexit(remove_folder);
	FILE *file = create("gatepost.conf");
	fputs("hostname = \"unknown\"\n", file);
	fclose(file);
}

/* main: scenario by scenario. */
int main(void)
{
	char path[4096];
	size_t number = 0, failed = 0;
	snprintf(path, sizeof path, "%s/rfc7208-tests.yml", test_suite_folder());
	struct test_suite *suite = test_suite_load_yaml(path);
	if (!suite || !find_nsd()) {
		if (suite)
			puts("ok 1 # SKIP nsd is not installed");
		else
			printf("ok 1 # SKIP there is no suite in %s\n", test_suite_folder());
		puts("1..1");
		test_suite_free(suite);
		return 0;
	}
	make_folder();
	for (size_t i = 0; i < suite->scenario_count; i++)
		failed += run_scenario(&suite->scenarios[i], &number);
	printf("1..%zu\n", number);
	test_suite_free(suite);
	return failed ? 1 : 0;
}
