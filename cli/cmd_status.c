/* SPDX-License-Identifier: ISC */
/* gatepost status: how the daemon is doing, and what cannot work. */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/control.h"
#include "cli/format.h"
#include "cli/place.h"
#include "cli/status_lists.h"
#include "cli/status_store.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "config/config.h"

#define STATUS_MEMORY (16 * 1024 * 1024)
#define SOURCES_MAX 1000

struct source_state {
	const char *name;
	int before_end, at_end, gives_back, bytes_unseen;
};

/* The answer (policyd/control_status.c); texts belong to it. */
struct status {
	const char *version;
	json_int_t pid, uptime_s, requests;
	json_int_t accepted, held, deferred, rejected, limited, would_refuse, store_failed,
		malformed, failures;
	json_int_t p50_us, p90_us, p99_us, p999_us;
	json_int_t open, connections, max_connections;
	json_int_t hits, misses, joined;
	double hit_rate;
	json_int_t dns_asked, dns_failed;
	int dns_failing;
	const char *dns_failing_kind; /* "": of any */
	json_t *dns_servers;          /* array, checked */
	const char *dns_from;
	int dns_over_tcp;
	struct gp_cli_status_store store, local;
	const char *file;
	json_int_t saved_s_ago, loaded_s_ago, limits, overrides;
	int changed_since;
	json_t *waiting; /* array of strings, checked; NULL: an older daemon does not say */
	json_t *sources; /* array, checked */
	json_t *lists, *greylist; /* checked; NULL: an older daemon does not say */
};

/* ---- reading ---- */

/* read_source: one place that asks. */
static bool read_source(json_t *value, struct source_state *s)
{
	return json_unpack(value, "{s:s, s:b, s:b, s:b, s:b}", "source", &s->name,
		       "asks_before_end", &s->before_end, "asks_at_end", &s->at_end, "gives_back",
		       &s->gives_back, "bytes_unseen", &s->bytes_unseen) == 0;
}

/* read_sources: bounded, each of them whole. */
static bool read_sources(const json_t *list)
{
	size_t count = json_array_size(list);
	struct source_state s;
	for (size_t i = 0; i < count; i++)
		if (!read_source(json_array_get(list, i), &s))
			return false;
	return json_is_array(list) && count <= SOURCES_MAX;
}

/* read_parts: the objects of numbers. */
static bool read_parts(json_t *answer, struct status *s)
{
	return json_unpack(answer, "{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "decisions",
		       "accepted", &s->accepted, "held", &s->held, "deferred", &s->deferred,
		       "rejected", &s->rejected, "limited", &s->limited, "would_refuse",
		       &s->would_refuse, "store_failed", &s->store_failed, "malformed",
		       &s->malformed, "failures", &s->failures) == 0 &&
	       json_unpack(answer,
		       "{s:{s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:F}}",
		       "latency", "p50_us", &s->p50_us, "p90_us", &s->p90_us, "p99_us", &s->p99_us,
		       "p999_us", &s->p999_us, "connections", "open", &s->open, "accepted",
		       &s->connections, "max", &s->max_connections, "dns_cache", "hits", &s->hits,
		       "misses", &s->misses, "joined", &s->joined, "hit_rate", &s->hit_rate) == 0;
}

/* are_texts: a bounded array of strings. */
static bool are_texts(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_is_array(list) && json_array_size(list) <= SOURCES_MAX;
}

/* read_dns: the servers and the last minute. */
static bool read_dns(json_t *answer, struct status *s)
{
	if (json_unpack(answer, "{s:{s:o, s:s, s:b, s:I, s:I, s:b, s?s}}", "dns", "servers",
		    &s->dns_servers, "from", &s->dns_from, "over_tcp", &s->dns_over_tcp,
		    "asked_last_minute", &s->dns_asked, "failed_last_minute", &s->dns_failed,
		    "failing", &s->dns_failing, "failing_kind", &s->dns_failing_kind))
		return false;
	return are_texts(s->dns_servers);
}

/* read_status: everything that is shown. */
static bool read_status(json_t *answer, struct status *s)
{
	json_t *store, *local;
	s->dns_failing_kind = "";
	s->waiting = json_object_get(json_object_get(answer, "config"), "waiting_for_restart");
	s->lists = json_object_get(answer, "lists");
	s->greylist = json_object_get(answer, "greylist");
	if ((s->waiting && !are_texts(s->waiting)) || !gp_cli_status_lists_check(s->lists) ||
		!gp_cli_status_greylist_check(s->greylist))
		return false;
	return json_unpack(answer,
		       "{s:s, s:I, s:I, s:I, s:o, s:o, s:{s:s, s:I, s:I, s:b, s:I, s:I}, s:o}",
		       "version", &s->version, "pid", &s->pid, "uptime_s", &s->uptime_s, "requests",
		       &s->requests, "store", &store, "local_store", &local, "config", "file",
		       &s->file, "saved_s_ago", &s->saved_s_ago, "loaded_s_ago", &s->loaded_s_ago,
		       "changed_since", &s->changed_since, "limits", &s->limits, "overrides",
		       &s->overrides, "stages", &s->sources) == 0 &&
	       read_parts(answer, s) && read_dns(answer, s) &&
	       gp_cli_status_store_read(store, &s->store) &&
	       gp_cli_status_store_read(local, &s->local) && read_sources(s->sources) &&
	       s->hit_rate >= 0 && s->hit_rate <= 1;
}

/* ---- showing ---- */

/* print_decisions: what is 0 and only sometimes of interest is left out. */
static void print_decisions(const struct status *s)
{
	const struct {
		json_int_t count;
		const char *text;
	} rare[] = {
		{s->held, "held"},
		{s->would_refuse, "accepted in label mode that would have been refused"},
		{s->limited, "over a limit (label mode included)"},
		{s->store_failed, "without the store"},
		{s->malformed, "malformed requests"},
		{s->failures, "not checked because of a local problem"},
	};
	printf("%-14s%lld accepted, %lld deferred, %lld rejected\n", "decisions",
		(long long)s->accepted, (long long)s->deferred, (long long)s->rejected);
	for (size_t i = 0; i < sizeof rare / sizeof rare[0]; i++)
		if (rare[i].count)
			printf("%-14s%lld %s\n", "", (long long)rare[i].count, rare[i].text);
}

/* print_load: how much is asked, and how fast it is answered. */
static void print_load(const struct status *s)
{
	char a[GP_CLI_TEXT], b[GP_CLI_TEXT], c[GP_CLI_TEXT], d[GP_CLI_TEXT];
	long long asked = (long long)s->hits + s->misses + s->joined;
	printf("%-14s%lld open, %lld at most; %lld since the start\n", "connections",
		(long long)s->open, (long long)s->max_connections, (long long)s->connections);
	printf("%-14s%lld\n", "requests", (long long)s->requests);
	print_decisions(s);
	if (s->requests)
		printf("%-14s50%% within %s, 90%% %s, 99%% %s, 99.9%% %s\n", "answers",
			gp_cli_micros(s->p50_us, a), gp_cli_micros(s->p90_us, b),
			gp_cli_micros(s->p99_us, c), gp_cli_micros(s->p999_us, d));
	if (asked)
		printf("%-14s%d%% of %lld queries answered from the cache\n", "DNS",
			(int)(s->hit_rate * 100), asked);
}

/* print_texts: with commas between them. */
static void print_texts(struct gp_arena *arena, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s%s", i ? ", " : "",
			gp_cli_visible(arena, json_string_value(json_array_get(list, i))));
}

/* print_dns: the servers, and the last minute if anything was asked. */
static void print_dns(struct gp_arena *arena, const struct status *s)
{
	printf("%-14s", "name servers");
	print_texts(arena, s->dns_servers);
	printf("%s (%s)", s->dns_over_tcp ? ", over TCP" : "", gp_cli_visible(arena, s->dns_from));
	if (s->dns_asked)
		printf("\n%-14s%lld of %lld queries in the last minute failed", "",
			(long long)s->dns_failed, (long long)s->dns_asked);
	printf("\n");
}

#define TITLE_COLUMNS 14

/* print_sources: where each configuration of smtpd asks. */
static void print_sources(struct gp_arena *arena, const json_t *list)
{
	const char *title = "Postfix asks";
	if (json_array_size(list) == 0)
		printf("%-14snothing yet\n", title);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct source_state s;
		if (!read_source(json_array_get(list, i), &s))
			return;
		const char *text = gp_arena_printf(arena, "%s: %s%s%s%s",
			gp_cli_visible(arena, s.name), s.before_end ? "during a message" : "",
			s.before_end && s.at_end ? " and " : "", s.at_end ? "at its end" : "",
			s.before_end && !s.gives_back ? "; mail not accepted stays counted" : "");
		printf("%-*s", TITLE_COLUMNS, i ? "" : title);
		gp_cli_print_wrapped(text ? text : "", TITLE_COLUMNS);
		putchar('\n');
	}
}

/* print_status: all but the warnings. */
static void print_status(struct gp_arena *arena, const struct status *s)
{
	char text[GP_CLI_TEXT];
	printf("gatepost-policyd %s, pid %lld, up for %s\n", gp_cli_visible(arena, s->version),
		(long long)s->pid, gp_duration_wait(gp_duration_ms(s->uptime_s), text));
	printf("%-14s%s, loaded %s ago\n", "configuration", gp_cli_visible(arena, s->file),
		gp_duration_wait(gp_duration_ms(s->loaded_s_ago), text));
	printf("%-14s%lld, overrides %lld\n", "limits", (long long)s->limits,
		(long long)s->overrides);
	gp_cli_status_store_print(arena, "store", &s->store, true);
	gp_cli_status_store_print(arena, "local store", &s->local, true);
	print_load(s);
	print_dns(arena, s);
	gp_cli_status_lists_print(s->lists);
	gp_cli_status_greylist_print(s->greylist);
	print_sources(arena, s->sources);
}

/* warn_dns: what its failing means. */
static void warn_dns(struct gp_arena *arena, const struct status *s)
{
	if (!s->dns_failing)
		return;
	gp_cli_warn(
		"DNS fails: %lld of %lld queries in the last minute; verdicts are "
		"temporary errors meanwhile. See whether the servers answer%s%s (gatepost doctor "
		"dns): ",
		(long long)s->dns_failed, (long long)s->dns_asked,
		*s->dns_failing_kind ? " queries for " : "",
		gp_cli_visible(arena, s->dns_failing_kind));
	print_texts(arena, s->dns_servers);
	printf("\n");
}

/* warn_restart: what a reload does not change. */
static void warn_restart(struct gp_arena *arena, const struct status *s)
{
	if (json_array_size(s->waiting) == 0)
		return;
	gp_cli_warn("changes of these options wait for a restart (systemctl restart "
		    "gatepost-policyd): ");
	print_texts(arena, s->waiting);
	printf("\n");
}

/* print_warnings: what cannot work. */
static void print_warnings(struct gp_arena *arena, const struct status *s)
{
	char text[GP_CLI_TEXT];
	gp_cli_status_store_warn(arena, &s->store, &s->local);
	warn_dns(arena, s);
	gp_cli_status_lists_warn(arena, s->lists);
	if (s->saved_s_ago >= 0)
		gp_cli_warn(
			"%s had errors when the daemon was started and is not in force; the last "
			"good configuration, saved %s ago, is used instead; correct the errors "
			"(gatepost check-config), then reload (kill -HUP %lld)\n",
			gp_cli_visible(arena, s->file),
			gp_duration_wait(gp_duration_ms(s->saved_s_ago), text), (long long)s->pid);
	else if (s->changed_since)
		gp_cli_warn("%s has changed and is not in force: check it (gatepost "
			    "check-config), then reload (kill -HUP %lld)\n",
			gp_cli_visible(arena, s->file), (long long)s->pid);
	warn_restart(arena, s);
	for (size_t i = 0; i < json_array_size(s->sources); i++) {
		struct source_state source;
		if (read_source(json_array_get(s->sources, i), &source) && source.bytes_unseen)
			gp_cli_warn("%s: limits on bytes do not work there, because Postfix sends "
				    "no request at the end of messages; add check_policy_service "
				    "to smtpd_end_of_data_restrictions as well\n",
				gp_cli_visible(arena, source.name));
	}
}

/* ---- the command ---- */

/* show: the answer in either form. */
static int show(struct gp_cli_control *control, json_t *answer, bool json)
{
	struct status s;
	struct gp_arena *arena = gp_arena_new(STATUS_MEMORY);
	int code = GP_CLI_FINE;
	if (!arena || !read_status(answer, &s)) {
		gp_cli_control_misread(control);
		code = gp_cli_control_report(control);
	} else if (json) {
		code = gp_cli_control_print(answer, false);
	} else {
		print_status(arena, &s);
		print_warnings(arena, &s);
	}
	if (!code && ((s.store.is_used && (!s.store.up || s.store.disk_is_full)) || s.dns_failing ||
			     s.saved_s_ago >= 0))
		code = GP_CLI_TROUBLE;
	gp_arena_free(arena);
	return code;
}

/* run: arguments, one exchange. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_control control = {.stop_fd = -1};
	json_t *answer;
	int code = gp_cli_place_find(&control, call);
	if (code >= 0)
		return code;
	bool json = gp_cli_has_option(call, "json");
	if (gp_cli_control_ask(&control, json_pack("{s:s}", "command", "status"), &answer))
		code = gp_cli_control_report(&control);
	else if (control.instead)
		code = gp_cli_status_direct(&control, answer, json);
	else
		code = show(&control, answer, json);
	json_decref(answer);
	gp_cli_place_leave(&control);
	return code;
}

const struct gp_cli_command gp_cli_status = {
	.name = "status",
	.help = "show the state of the running gatepost-policyd",
	.synopsis = "[--json]",
	.text = "How the running gatepost-policyd is doing: what it has decided, how long "
		"answers take, the store, the configuration, and where Postfix asks. What "
		"cannot work is said in lines that begin with WARNING.\n\n"
		"On a host with Exim alone: the store, the configuration, and how many are "
		"counted.",
	.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
	.examples = "gatepost status\n"
		    "gatepost status --json | jq .store.up",
	.exits = "0 the daemon runs, or the store works where there is none\n"
		 "1 it cannot be reached, its store is down or has no room on its disk, DNS "
		 "fails, or it runs with the last good configuration\n"
		 "2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
