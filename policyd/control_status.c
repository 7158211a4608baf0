/* SPDX-License-Identifier: ISC */
/* The daemon's state as numbers, for people and for monitoring. */
#include <unistd.h>

#include "daemon/listen.h"
#include "operator/operator.h"
#include "operator/operator_text.h"
#include "policyd/control_private.h"

/* number: of a count. */
static json_t *number(unsigned long long count)
{
	return json_integer((json_int_t)count);
}

/* decisions: by what came of them. */
static json_t *decisions(struct gp_counters *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "accepted",
		number(gp_counters_action(c, GP_ACTION_ACCEPT)), "held",
		number(gp_counters_action(c, GP_ACTION_HOLD)), "deferred",
		number(gp_counters_action(c, GP_ACTION_DEFER)), "rejected",
		number(gp_counters_action(c, GP_ACTION_REJECT)), "limited",
		number(gp_counters_sum(c, GP_TALLY(limited))), "would_refuse",
		number(gp_counters_sum(c, GP_TALLY(would_refuse))), "store_failed",
		number(gp_counters_sum(c, GP_TALLY(store_failed))), "malformed",
		number(gp_counters_sum(c, GP_TALLY(malformed))), "failures",
		number(gp_counters_sum(c, GP_TALLY(failures))), "private_client",
		number(gp_counters_sum(c, GP_TALLY(private_client))));
}

/* latency: bounds that so many of the answers stayed within. */
static json_t *latency(struct gp_counters *c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "p50_us",
		(json_int_t)gp_counters_percentile(c, 0.5), "p90_us",
		(json_int_t)gp_counters_percentile(c, 0.9), "p99_us",
		(json_int_t)gp_counters_percentile(c, 0.99), "p999_us",
		(json_int_t)gp_counters_percentile(c, 0.999));
}

/* cache: of DNS answers. */
static json_t *cache(struct gp_dns *dns)
{
	struct gp_dns_cache_stats s;
	gp_dns_cache_stats(dns, &s);
	uint64_t asked = s.hits + s.misses + s.joined;
	return json_pack("{s:I, s:I, s:I, s:f}", "hits", (json_int_t)s.hits, "misses",
		(json_int_t)s.misses, "joined", (json_int_t)s.joined, "hit_rate",
		asked ? (double)(s.hits + s.joined) / (double)asked : 0.0);
}

/* dns: whom we ask, and how that went in the last minute. */
static json_t *dns(struct gp_daemon_control_call *c)
{
	const struct gp_config *config = c->runtime->config;
	struct gp_dns_options options = {0};
	char text[GP_DNS_SERVER_TEXT];
	struct gp_daemon_dns_health_sums minute =
		gp_daemon_dns_health_minute(&c->daemon->dns_seen, c->runtime->dns);
	enum gp_daemon_dns_failing failing = gp_daemon_dns_health_failing(
		&c->daemon->dns_seen, c->runtime->dns, minute, gp_clock_now_us(c->ctx->clock));
	json_t *servers = json_array();
	(void)gp_dns_wire_options(c->runtime->dns, &options); /* none: an empty list */
	for (size_t i = 0; i < options.server_count; i++)
		json_array_append_new(
			servers, json_string(gp_dns_server_format(&options.servers[i], text)));
	return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:b, s:s}", "servers", servers, "from",
		gp_operator_text(
			c->ctx->arena, gp_span_from(config->dns_settings.servers.count
							    ? "dns.servers"
							    : config->dns_settings.resolv_conf)),
		"over_tcp", options.over_tcp, "trust_ad", options.trust_ad, "asked_last_minute",
		number(minute.asked), "failed_last_minute", number(minute.failed), "failing",
		failing != GP_DAEMON_DNS_FAILING_NOT, "failing_kind",
		gp_daemon_dns_health_kind(failing));
}

/* add_name: visitor of gp_daemon_runtimes_waiting. */
static void add_name(void *arg, const char *name)
{
	json_array_append_new(arg, json_string(name));
}

/* waiting: options whose change waits for a restart: those of the files as they are now, if they
 * have changed and are well, else those in force. */
static json_t *waiting(struct gp_daemon_control_call *c, bool has_changed)
{
	const struct gp_daemon_runtime *r = c->runtime;
	struct gp_config_errors errors = {0};
	struct gp_config *now = NULL;
	json_t *list = json_array();
	bool is_well = has_changed && gp_config_load(r->config->path, &now, &errors) == GP_OK;
	gp_daemon_runtimes_waiting(c->daemon->runtimes, is_well ? now : r->config, add_name, list);
	gp_config_errors_fini(&errors);
	gp_config_free(now);
	return list;
}

/* config: which file, since when, and whether it has changed since. */
static json_t *config(struct gp_daemon_control_call *c)
{
	const struct gp_daemon_runtime *r = c->runtime;
	int64_t now_s = c->ctx->clock->wall_s(c->ctx->clock);
	int64_t saved_s_ago = r->config->saved_path ? now_s - r->config->saved_s : -1;
	bool has_changed = gp_daemon_runtimes_has_changed(r);
	return json_pack("{s:o, s:I, s:I, s:b, s:o, s:I, s:I}", "file",
		gp_operator_text(c->ctx->arena, gp_span_from(r->config->path)), "saved_s_ago",
		(json_int_t)(saved_s_ago < -1 ? 0 : saved_s_ago), "loaded_s_ago",
		(json_int_t)(now_s - r->loaded_s), "changed_since", has_changed,
		"waiting_for_restart", waiting(c, has_changed), "limits",
		(json_int_t)r->config->limits.limit_count, "overrides",
		(json_int_t)r->config->limits.override_count);
}

/* stages: where each configuration of smtpd asks, and what cannot work there. */
static json_t *stages(struct gp_daemon_control_call *c)
{
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES];
	const struct gp_session_shared *shared = c->state;
	size_t n = gp_stage_learn_list(shared->stages, known, GP_STAGE_LEARN_SOURCES);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:b, s:b, s:b, s:b}", "source",
				      gp_operator_text(c->ctx->arena, gp_span_from(known[i].label)),
				      "asks_before_end", known[i].early, "asks_at_end",
				      known[i].end, "gives_back", known[i].expects_end,
				      "bytes_unseen", known[i].bytes_unseen));
	return list;
}

/* sockets: where Postfix may ask, and who else. */
static json_t *sockets(struct gp_daemon_control_call *c)
{
	const struct gp_daemon_sockets *at = &c->daemon->served[GP_POLICYD_POLICY].sockets;
	json_t *list = json_array();
	for (size_t i = 0; i < at->count; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:b}", "name",
				      gp_operator_text(c->ctx->arena, gp_span_from(at->names[i])),
				      "open_to", gp_daemon_socket_reach_name(at->reach[i]),
				      "handed_over", i < at->handed));
	return list;
}

/* greylist: as it was last read from the store; null: it is not in use, or not known. */
static json_t *greylist(struct gp_daemon_control_call *c)
{
	const struct gp_session_shared *shared = c->state;
	const struct gp_greylist_settings *settings = &c->runtime->config->greylist;
	struct gp_greylist_figures figures;
	if (settings->mode == GP_MODE_OFF || !gp_greylist_watch_read(shared->greylist, &figures))
		return json_null();
	return gp_operator_greylist_brief(settings, &figures);
}

/* gp_control_status: all of it. */
json_t *gp_control_status(struct gp_daemon_control_call *call)
{
	const struct gp_session_shared *shared = call->state;
	struct gp_counters *c = shared->counters;
	struct gp_daemon_counters *of_daemon = call->daemon->counters;
	struct gp_daemon_listen *listen = call->daemon->served[GP_POLICYD_POLICY].listen;
	struct gp_store *both = call->runtime->store;
	json_t *connections = json_pack("{s:I, s:o, s:I}", "open",
		(json_int_t)gp_daemon_listen_open_count(listen), "accepted",
		number(atomic_load(&of_daemon->services[GP_POLICYD_POLICY].accepted)), "max",
		(json_int_t)call->runtime->config->policyd.max_connections);
	struct gp_operator_call same = gp_control_call(call);
	return json_pack(
		"{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"version", GP_VERSION, "pid", (json_int_t)getpid(), "uptime_s",
		(json_int_t)(call->ctx->clock->wall_s(call->ctx->clock) - of_daemon->started_s),
		"requests", number(gp_counters_requests(c)), "decisions", decisions(c), "latency",
		latency(c), "connections", connections, "dns_cache", cache(call->runtime->dns),
		"dns", dns(call), "store",
		gp_operator_store(call->ctx->arena, gp_store_part(both, GP_STORE_CONFIGURED)),
		"local_store",
		gp_operator_store(call->ctx->arena, gp_store_part(both, GP_STORE_LOCAL)), "config",
		config(call), "stages", stages(call), "sockets", sockets(call), "lists",
		gp_operator_lists_brief(&same), "greylist", greylist(call));
}
