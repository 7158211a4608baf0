/* SPDX-License-Identifier: ISC */
/* The text of a resolv.conf, which is also tried as one server's address. */
#include <stddef.h>
#include <stdint.h>

#include "dns/dns.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "all";

static int reached;

/* LLVMFuzzerTestOneInput: bounds hold whatever the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span text = {(const char *)data, size};
	struct gp_dns_options options = {.timeout_ms = 2000, .attempts = 2};
	struct gp_dns_server server;
	gp_dns_options_from_resolv_conf(text, &options, NULL);
	if (options.server_count < 1 || options.server_count > GP_DNS_SERVERS_MAX ||
		options.timeout_ms < 1000 || options.timeout_ms > 30000 || options.attempts < 1 ||
		options.attempts > 5)
		__builtin_trap();
	reached = options.server_count > 1 && options.trust_ad;
	if (gp_dns_server_parse(text, &server) == GP_OK && server.port == 0)
		__builtin_trap();
	return 0;
}

/* fuzz_reached: the last input named several servers and an option. */
int fuzz_reached(void)
{
	return reached;
}
