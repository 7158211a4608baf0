/* SPDX-License-Identifier: ISC */
/* gatepost-policyd: what it says of itself, and its services (daemon/service.h). */
#include "daemon/daemon_main.h"
#include "policyd/counters.h"
#include "policyd/metrics_policy.h"
#include "policyd/policy_service.h"

static const char usage[] =
	"usage: gatepost-policyd [-c FILE] [-t] [-h] [-V]\n"
	"\n"
	"Answers Postfix (check_policy_service) whether a mail may come in. Stays in the\n"
	"foreground; SIGHUP loads the configuration again, SIGTERM stops, SIGUSR1 logs counters.\n"
	"\n"
	"  -c FILE  configuration (default " GP_CONFIG_PATH ")\n"
	"  -t       check the configuration and exit\n"
	"  -h       this help\n"
	"  -V       version\n"
	"\n"
	"exit codes: 0 stopped as asked (or -t: no errors), 1 trouble, 2 usage,\n"
	"            3 the configuration has errors\n";

static const struct gp_daemon_service *const services[GP_POLICYD_SERVICES] = {
	[GP_POLICYD_POLICY] = &gp_policy_service,
};

/* main: the daemon's, with our services. */
int main(int argc, char **argv)
{
	const struct gp_daemon_program program = {.name = "gatepost-policyd",
		.usage = usage,
		.services = services,
		.service_count = GP_POLICYD_SERVICES,
		.metrics = gp_policyd_metrics,
		.metrics_count = gp_policyd_metrics_count};
	return gp_daemon_main(argc, argv, &program);
}
