/* SPDX-License-Identifier: ISC */
/* gatepost metrics: the daemon's numbers as a monitoring system reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/metrics_json.h"
#include "cli/offline.h"
#include "cli/place.h"
#include "cli/usage.h"
#include "config/config.h"

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

/* print_json: of a copy, which is taken apart. */
static int print_json(const char *text)
{
	char *copy = strdup(text);
	if (!copy) {
		fputs("gatepost metrics: out of memory\n", stderr);
		return GP_CLI_TROUBLE;
	}
	int code = gp_cli_print_json(gp_cli_metrics_json(copy));
	free(copy);
	return code;
}

/* ask: the page, once. */
static int ask(struct gp_cli_control *control, bool json)
{
	json_t *answer;
	if (gp_cli_control_ask(control, json_pack("{s:s}", "command", "metrics"), &answer))
		return gp_cli_control_report(control);
	const char *text = json_string_value(json_object_get(answer, "text"));
	int code = GP_CLI_FINE;
	if (is_page(text) && json) {
		code = print_json(text);
	} else if (is_page(text)) {
		fputs(text, stdout);
	} else {
		gp_cli_control_misread(control);
		code = gp_cli_control_report(control);
	}
	json_decref(answer);
	return code;
}

/* run: arguments, one exchange. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_control control = {.stop_fd = -1};
	int code = gp_cli_place_find(&control, call);
	if (code < 0)
		code = ask(&control, gp_cli_has_option(call, "json"));
	gp_cli_place_leave(&control);
	return code;
}

const struct gp_cli_command gp_cli_metrics = {
	.name = "metrics",
	.help = "print the metrics in the format of Prometheus",
	.synopsis = "[--json]",
	.text = "The numbers of the running gatepost-policyd in the text form that Prometheus "
		"reads: requests, decisions by check and verdict, how long they took, DNS, "
		"cache, store, limits, reloads. With metrics { listen = "
		"{\"inet:127.0.0.1:9740\"} } the daemon serves the same at "
		"http://127.0.0.1:9740/metrics.\n\n"
		"On a host with Exim alone the numbers are those of the store: whether it is up, "
		"and for how many each limit counts and how many of these are full.",
	.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
	.examples = "gatepost metrics | grep gatepost_store_up\n"
		    "gatepost metrics > /var/lib/prometheus/node-exporter/gatepost.prom.new &&\n"
		    "    mv /var/lib/prometheus/node-exporter/gatepost.prom.new \\\n"
		    "       /var/lib/prometheus/node-exporter/gatepost.prom",
	.exits = "0 the numbers are printed\n"
		 "1 the daemon cannot be reached, or the store not used\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
