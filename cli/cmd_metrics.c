/* SPDX-License-Identifier: ISC */
/* gatepost metrics: the daemon's numbers as a monitoring system reads them. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/usage.h"
#include "config/config.h"

static const char help[] =
	"usage: gatepost metrics\n"
	"\n"
	"The numbers of the running gatepost-policyd in the text form that Prometheus reads:\n"
	"requests, decisions by check and verdict, how long they took, DNS, cache, store,\n"
	"limits, reloads. With metrics { listen = {\"inet:127.0.0.1:9740\"} } the daemon serves\n"
	"the same at http://127.0.0.1:9740/metrics.\n"
	"\n" GP_CLI_CONTROL_HELP "\n"
	"examples:\n"
	"  gatepost metrics | grep gatepost_store_up\n"
	"  gatepost metrics > /var/lib/prometheus/node-exporter/gatepost.prom.new &&\n"
	"      mv /var/lib/prometheus/node-exporter/gatepost.prom.new \\\n"
	"         /var/lib/prometheus/node-exporter/gatepost.prom\n"
	"\n"
	"exit codes: 0 printed, 1 the daemon cannot be reached, 2 usage,\n"
	"            3 the configuration has errors\n";

/* is_page: printable lines, the last one whole: nothing that plays with a terminal. */
static bool is_page(const char *text)
{
	char last = 0;
	for (; text && *text; text++) {
		if ((*text < ' ' || *text > '~') && *text != '\n')
			return false;
		last = *text;
	}
	return last == '\n';
}

/* ask: the page, once. */
static int ask(struct gp_cli_control *control)
{
	json_t *answer;
	if (gp_cli_control_ask(control, json_pack("{s:s}", "command", "metrics"), &answer))
		return gp_cli_control_report(control);
	const char *text = json_string_value(json_object_get(answer, "text"));
	int code = GP_CLI_FINE;
	if (is_page(text)) {
		fputs(text, stdout);
	} else {
		gp_cli_control_misread(control);
		code = gp_cli_control_report(control);
	}
	json_decref(answer);
	return code;
}

/* gp_cli_metrics: arguments, one exchange. */
int gp_cli_metrics(int argc, char **argv)
{
	struct gp_cli_control control = {.command = "metrics", .stop_fd = -1};
	int code = gp_cli_control_arguments(&control, argc, argv, help, NULL);
	return code < 0 ? ask(&control) : code;
}
