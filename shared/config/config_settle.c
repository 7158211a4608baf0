/* SPDX-License-Identifier: ISC */
/* What is settled after reading: options in relation to each other, and what the machine adds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_load_private.h"

#define WATCHDOG_MIN_MS 10000

/* is_lmdb: is the URI one of the embedded store? */
static bool is_lmdb(const char *uri)
{
	return gp_span_has_prefix(gp_span_from(uri), "lmdb:");
}

/* check_store: one embedded store, or servers; a stand-in is for servers only. */
static void check_store(struct gp_config_draft *draft)
{
	const struct gp_config *c = draft->config;
	size_t embedded = 0;
	for (size_t i = 0; i < c->store_settings.uris.count; i++)
		embedded += is_lmdb(c->store_settings.uris.items[i]);
	if (embedded && c->store_settings.uris.count > 1)
		gp_config_cross_error(draft, "store", "uri",
			"an lmdb store must be the only one; only servers can be listed together");
	if (embedded == 0 && !gp_store_has_redis)
		gp_config_cross_error(draft, "store", "uri",
			"this gatepost was built without Redis (hiredis); use lmdb:/directory");
	if (c->store_settings.on_failure == GP_STORE_FAILURE_LOCAL && embedded)
		gp_config_cross_error(draft, "store", "on_failure",
			"local is for servers; the store is on this machine already");
	if (c->store_settings.on_failure == GP_STORE_FAILURE_LOCAL &&
		!*c->store_settings.local_path)
		gp_config_cross_error(
			draft, "store", "local_path", "is needed with on_failure = local");
	if (embedded == 0 && c->store_settings.options.timeout_ms >= c->policyd.deadline_ms)
		gp_config_cross_error(draft, "store", "timeout", "must be below policyd.deadline");
}

/* check_greylist: a mail that waited has to come in time, and be remembered for longer. */
static void check_greylist(struct gp_config_draft *draft)
{
	const struct gp_greylist_settings *g = &draft->config->greylist;
	if (g->delay_ms >= g->window_ms)
		gp_config_cross_error(
			draft, "greylist", "window", "is not more than greylist.delay");
	if (g->window_ms >= g->keep_ms)
		gp_config_cross_error(
			draft, "greylist", "keep", "is not more than greylist.window");
	if (g->when == GP_GREYLIST_WHEN_SCORE && g->mode != GP_MODE_OFF &&
		draft->config->dnsbl.mode == GP_MODE_OFF)
		gp_config_cross_error(draft, "greylist", "when",
			"is score, but dnsbl.mode is off: nothing would ever be delayed");
}

/* check_metrics: metrics are for this machine; remote access needs a proxy. */
static void check_metrics(struct gp_config_draft *draft)
{
	const struct gp_config_texts *listen = &draft->config->metrics.listen;
	for (size_t i = 0; i < listen->count; i++) {
		struct gp_span item = gp_span_from(listen->items[i]);
		struct gp_dns_server where;
		if (!gp_span_has_prefix(item, "inet:") ||
			gp_dns_server_parse(gp_span_skip(item, 5), &where) ||
			!gp_ipaddr_is_loopback(&where.addr))
			gp_config_cross_error(draft, "metrics", "listen",
				"takes loopback addresses only, such as inet:127.0.0.1:9740");
	}
}

/* check_log: a file has a name. */
static void check_log(struct gp_config_draft *draft)
{
	if (draft->config->log.target == GP_LOG_TO_FILE && !*draft->config->log.file)
		gp_config_cross_error(draft, "log", "file", "is needed with target = file");
}

/* open_list: the public suffixes, where they are needed: a list that is not there is an error. */
static void open_list(struct gp_config_draft *draft)
{
	struct gp_dmarc_settings *dmarc = &draft->config->dmarc;
	if (dmarc->check.discovery == GP_DMARC_WALK)
		return;
	if (gp_suffix_list_new(dmarc->psl_file, &dmarc->list))
		gp_config_cross_error(draft, "dmarc", "psl_file",
			"there is no readable list of public suffixes; discovery = walk needs "
			"none");
}

/* needs_suffixes: is there a list that is asked about registered domains? */
static bool needs_suffixes(const struct gp_dnsbl_settings *dnsbl)
{
	for (size_t i = 0; i < dnsbl->count && dnsbl->mode != GP_MODE_OFF; i++)
		if (dnsbl->lists[i].reduce == GP_DNSBL_REGISTERED && !dnsbl->lists[i].is_off)
			return true;
	return false;
}

/* open_list_suffixes: the same file, where DNS lists or greylisting need it. */
static void open_list_suffixes(struct gp_config_draft *draft)
{
	struct gp_config *c = draft->config;
	const bool lists_need = needs_suffixes(&c->dnsbl);
	const bool greylist_needs = c->greylist.mode != GP_MODE_OFF;
	c->dnsbl.psl = c->greylist.psl = NULL;
	if (!lists_need && !greylist_needs)
		return;
	if (!c->dmarc.list && gp_suffix_list_new(c->dmarc.psl_file, &c->list_suffixes))
		gp_config_cross_error(draft, "dmarc", "psl_file",
			"there is no readable list of public suffixes, which DNS lists with "
			"reduce = registered and greylisting need");
	const struct gp_suffix_list *psl = c->dmarc.list ? c->dmarc.list : c->list_suffixes;
	c->dnsbl.psl = lists_need ? psl : NULL;
	c->greylist.psl = greylist_needs ? psl : NULL;
}

/* settle_from: on_bad_from stands for those of its three options that the file leaves alone. */
static void settle_from(struct gp_config_draft *draft)
{
	struct gp_dmarc_settings *dmarc = &draft->config->dmarc;
	const struct {
		const char *name;
		enum gp_dmarc_action_word *action;
	} causes[] = {
		{"on_no_domain", &dmarc->on_no_domain},
		{"on_several_domains", &dmarc->on_several_domains},
		{"on_unreadable_from", &dmarc->on_unreadable_from},
	};
	if (dmarc->on_bad_from == GP_DMARC_DO_BY_CAUSE)
		return;
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
		if (!gp_config_draft_at(draft, "dmarc", causes[i].name).line)
			*causes[i].action = dmarc->on_bad_from;
}

/* is_same_path: however many slashes stand between its parts. */
static bool is_same_path(const char *a, const char *b)
{
	while (*a && *a == *b) {
		char c = *a;
		a++, b++;
		while (c == '/' && *a == '/')
			a++;
		while (c == '/' && *b == '/')
			b++;
	}
	return *a == *b;
}

enum clash { NO_CLASH, SAME_SOCKET, SAME_PORT };

/* clash_of: can two sockets not be opened beside each other? */
static enum clash clash_of(const char *one, const char *other)
{
	struct gp_span a = gp_span_from(one), b = gp_span_from(other);
	struct gp_dns_server x, y;
	if (gp_span_has_prefix(a, "unix:") && gp_span_has_prefix(b, "unix:"))
		return is_same_path(one + 5, other + 5) ? SAME_SOCKET : NO_CLASH;
	if (!gp_span_has_prefix(a, "inet:") || !gp_span_has_prefix(b, "inet:") ||
		gp_dns_server_parse(gp_span_skip(a, 5), &x) ||
		gp_dns_server_parse(gp_span_skip(b, 5), &y) || x.port != y.port)
		return NO_CLASH;
	const struct gp_ipaddr all = {.family = x.addr.family};
	if (gp_ipaddr_equal(&x.addr, &y.addr))
		return SAME_SOCKET;
	return x.addr.family == y.addr.family &&
			       (gp_ipaddr_equal(&x.addr, &all) || gp_ipaddr_equal(&y.addr, &all))
		       ? SAME_PORT
		       : NO_CLASH;
}

/* check_list: each socket of an option against those before it. */
static void check_list(
	struct gp_config_draft *draft, const char *section, const struct gp_config_texts *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < i; k++) {
			enum clash clash = clash_of(list->items[i], list->items[k]);
			if (clash != NO_CLASH)
				gp_config_cross_error(draft, section, "listen",
					clash == SAME_SOCKET
						? "names the same socket twice"
						: "has the same port for all addresses and for a "
						  "single one; both cannot be opened");
		}
}

/* check_sockets: none of them can be opened twice. */
static void check_sockets(struct gp_config_draft *draft)
{
	const struct gp_config *c = draft->config;
	const struct gp_config_texts *listen = &c->policyd.listen, *metrics = &c->metrics.listen;
	check_list(draft, "policyd", listen);
	check_list(draft, "metrics", metrics);
	for (size_t i = 0; i < listen->count; i++) {
		if (gp_span_has_prefix(gp_span_from(listen->items[i]), "unix:") &&
			is_same_path(listen->items[i] + 5, c->policyd.control_socket))
			gp_config_cross_error(draft, "policyd", "control_socket",
				"is one of policyd.listen, too");
		for (size_t k = 0; k < metrics->count; k++)
			if (clash_of(listen->items[i], metrics->items[k]) != NO_CLASH)
				gp_config_cross_error(draft, "metrics", "listen",
					"is a port of policyd.listen, too");
	}
}

/* check_dnsbl: lists answer while the request lasts. */
static void check_dnsbl(struct gp_config_draft *draft)
{
	const struct gp_config *c = draft->config;
	if (c->dnsbl.mode == GP_MODE_OFF)
		return;
	if (c->dnsbl.deadline_ms >= c->policyd.deadline_ms)
		gp_config_cross_error(draft, "dnsbl", "deadline", "must be below policyd.deadline");
	if (c->dnsbl.deadline_ms >= c->exim.deadline_ms)
		gp_config_cross_error(draft, "dnsbl", "deadline",
			"is not below exim.deadline, which it would use up");
}

/* gp_config_cross_check: section by section. */
void gp_config_cross_check(struct gp_config_draft *draft)
{
	const struct gp_config *c = draft->config;
	if (c->dns_settings.cache.ttl_min_s > c->dns_settings.cache.ttl_max_s)
		gp_config_cross_error(draft, "dns", "ttl_min", "is more than dns.ttl_max");
	if (c->dns_settings.timeout_ms >= c->policyd.deadline_ms)
		gp_config_cross_error(draft, "dns", "timeout", "must be below policyd.deadline");
	if (c->dns_settings.timeout_ms >= c->exim.deadline_ms)
		gp_config_cross_error(draft, "dns", "timeout",
			"is not below exim.deadline, which it would use up");
	if (c->dkim.check.rsa_bits_min > c->dkim.check.rsa_bits_max)
		gp_config_cross_error(
			draft, "dkim", "rsa_bits_min", "is more than dkim.rsa_bits_max");
	if (c->dkim.mode == GP_MODE_OFF && c->dmarc.mode != GP_MODE_OFF)
		gp_config_cross_error(draft, "dkim", "mode",
			"is off, but DMARC needs signatures: switch dmarc.mode off as well");
	if (c->policyd.watchdog_ms && c->policyd.watchdog_ms < WATCHDOG_MIN_MS)
		gp_config_cross_error(draft, "policyd", "watchdog",
			"is less than 10s, which a daemon that is well may need to say so");
	check_sockets(draft);
	check_store(draft);
	check_greylist(draft);
	check_metrics(draft);
	check_log(draft);
	gp_config_check_nat64(draft);
	settle_from(draft);
	open_list(draft);
	open_list_suffixes(draft);
	check_dnsbl(draft);
}

/* settle_dns: the servers of the file, or those of resolv_conf. */
static int settle_dns(struct gp_config *config)
{
	struct gp_dns_options *dns = &config->dns;
	if (config->dns_settings.servers.count && gp_config_resolvers(config, dns))
		return GP_EINVAL; /* they are in the snapshot: nothing is read */
	dns->timeout_ms = config->dns_settings.timeout_ms;
	dns->attempts = config->dns_settings.attempts;
	config->dns_settings.cache.patience_ms = dns->timeout_ms;
	dns->trust_ad = config->dns_settings.trust_ad == GP_DNS_YES;
	dns->over_tcp = config->dns_settings.transport == GP_DNS_YES;
	return dns->server_count ? GP_OK : gp_config_settle_resolv_conf(config);
}

/* settle_hostname: the machine's name where the file names none. */
static int settle_hostname(struct gp_config *config)
{
	char name[256] = "";
	if (*config->hostname)
		return GP_OK;
	if (gethostname(name, sizeof name - 1) || !*name)
		snprintf(name, sizeof name, "localhost");
	config->hostname = gp_arena_copy(config->arena, gp_span_from(name));
	return config->hostname ? GP_OK : GP_ENOMEM;
}

/* settle_mail: what the checks of messages take as their options. */
static void settle_mail(struct gp_config *config)
{
	config->arc.trust = (struct gp_arc_options) {
		.sealers = config->arc.trusted_sealers.items,
		.sealer_count = config->arc.trusted_sealers.count,
		.more_sealers = config->arc.more_sealers.items,
		.more_sealer_count = config->arc.more_sealers.count,
		.subdomains = config->arc.subdomains,
	};
	config->dmarc.check.psl = config->dmarc.list;
}

/* settle_sample: the secret lies where the state lies, unless the file says where. */
static int settle_sample(struct gp_config *config)
{
	struct gp_dmarc_settings *dmarc = &config->dmarc;
	const char *uri = config->store.uri_count > 0 ? config->store.uris[0] : "";
	const char *directory =
		is_lmdb(uri) ? uri + strlen("lmdb:") : config->store_settings.local_path;
	dmarc->sample_key_path = dmarc->sample_key_file;
	if (!*dmarc->sample_key_path && *directory)
		dmarc->sample_key_path =
			gp_arena_printf(config->arena, "%s/dmarc-sample-key", directory);
	return dmarc->sample_key_path ? GP_OK : GP_ENOMEM;
}

/* settle_store: the URIs to the other options. */
static void settle_store(struct gp_config *config)
{
	config->store = config->store_settings.options;
	for (size_t i = 0; i < config->store_settings.uris.count; i++)
		config->store.uris[i] = config->store_settings.uris.items[i];
	config->store.uri_count = config->store_settings.uris.count;
}

/* gp_config_settle: what was included is in the snapshot now and need not be read again. */
int gp_config_settle(struct gp_config *config)
{
	config->includes.count = 0;
	settle_store(config);
	settle_mail(config);
	int rc = settle_sample(config);
	if (!rc)
		rc = settle_dns(config);
	return rc ? rc : settle_hostname(config);
}

/* has_text: is it one of them? */
static bool has_text(const struct gp_config_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

/* gp_config_emptied: file by file; one that is new has lost nothing. */
const char *gp_config_emptied(const struct gp_config *after, const struct gp_config *before)
{
	for (size_t i = 0; i < after->empty.count; i++) {
		const char *name = after->empty.items[i];
		if (before ? has_text(&before->watched, name) && !has_text(&before->empty, name)
			   : strcmp(name, after->path) == 0)
			return name;
	}
	return NULL;
}
