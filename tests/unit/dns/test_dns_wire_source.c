/* SPDX-License-Identifier: ISC */
/*
 * Connections for which the system says EADDRNOTAVAIL: that there is no address of this host for a
 * server is as good as no server, that no port is free is trouble of ours. Each case runs in a
 * network of its own, in a process of its own; where none can be made it is skipped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns/dns_private.h"
#include "support/nameserver.h"
#include "support/patience.h"

#define NO_NETWORK 77 /* exit status: the system does not let us */
#define WRONG 1

static const struct test_nameserver_rule rules[] = {
	{.name = "a.example", .type = GP_DNS_A, .records = {"192.0.2.1"}},
	{.name = "servfail.example", .act = TEST_NAMESERVER_SERVFAIL},
};

/* write_setting: of the kernel, for this network. */
static bool write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (fd >= 0)
		close(fd);
	return is_written;
}

/* enter_network: one in which there is nothing but the loopback. */
static bool enter_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
	if (fd >= 0)
		close(fd);
	return is_up;
}

/* ask: a name over TCP; 0: this is what comes of it. */
static int ask(const struct gp_dns_options *options, const char *name, enum gp_dns_state state,
	bool is_ours)
{
	struct gp_ctx ctx = {.clock = gp_clock_system(), .arena = gp_arena_new(1 << 16)};
	const struct gp_dns_question question = {name, GP_DNS_A};
	struct gp_dns_answer answer;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + TEST_PATIENCE_MS * 1000LL;
	if (!ctx.arena || gp_dns_wire_new(options, &ctx.dns) ||
		gp_dns_query(&ctx, &question, 1, &answer))
		return WRONG;
	bool is_right = answer.state == state && answer.ours == is_ours;
	if (!is_right)
		fprintf(stderr, "%s: %s: %s\n", name, gp_dns_state_text(answer.state),
			answer.problem ? answer.problem : "no problem");
	gp_dns_free(ctx.dns);
	gp_arena_free(ctx.arena);
	return is_right ? 0 : WRONG;
}

/* without_ipv6: switched off; one server has an address of it, the other answers. */
static int without_ipv6(void)
{
	if (!write_setting("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"))
		return NO_NETWORK;
	struct test_nameserver *ns = test_nameserver_start(rules, 2, 0);
	struct gp_dns_options options = {
		.timeout_ms = 2000, .attempts = 2, .server_count = 2, .over_tcp = true};
	int rc = 0;
	for (size_t first = 0; first < 2; first++) {
		options.servers[first] = (struct gp_dns_server) {
			.addr = {GP_IP_V6, {0x20, 1, 0xd, 0xb8, [15] = 1}}, .port = 53};
		options.servers[!first] = test_nameserver_address(ns);
		rc |= ask(&options, "servfail.example", GP_DNS_TEMPFAIL, false);
		rc |= ask(&options, "a.example", GP_DNS_FOUND, false);
	}
	options.server_count = 1;
	options.servers[0] = options.servers[1]; /* of the last round: that of IPv6 */
	rc |= ask(&options, "a.example", GP_DNS_TROUBLE, true); /* nobody can be asked */
	test_nameserver_stop(ns);
	return rc;
}

/* without_ports: the only one is in use. */
static int without_ports(void)
{
	struct test_nameserver *ns = test_nameserver_start(rules, 2, 0);
	if (!write_setting("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000"))
		return NO_NETWORK;
	struct gp_dns_options options = {.servers = {test_nameserver_address(ns)},
		.timeout_ms = 2000,
		.attempts = 2,
		.server_count = 1,
		.over_tcp = true};
	struct sockaddr_storage address;
	socklen_t length =
		gp_ipaddr_to_sockaddr(&options.servers[0].addr, options.servers[0].port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, length) != 0)
		return WRONG;
	int rc = ask(&options, "a.example", GP_DNS_TROUBLE, true);
	/* another server, which says nothing of use, does not make up for the one that was not
	 * asked */
	options.servers[1] = options.servers[0];
	options.servers[1].port = 1; /* refused */
	options.server_count = 2;
	rc |= ask(&options, "a.example", GP_DNS_TROUBLE, true);
	close(fd);
	test_nameserver_stop(ns);
	return rc;
}

/* run: a case in its network. */
static void run(int (*inside)(void))
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(enter_network() ? inside() : NO_NETWORK);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NETWORK)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* a_host_without_an_address_for_a_server: the others decide, as over UDP. */
static void a_host_without_an_address_for_a_server(void **state)
{
	(void)state;
	run(without_ipv6);
}

/* a_host_without_a_free_port: is in trouble, whatever another server says. */
static void a_host_without_a_free_port(void **state)
{
	(void)state;
	run(without_ports);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_without_an_address_for_a_server),
		cmocka_unit_test(a_host_without_a_free_port),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
