/* SPDX-License-Identifier: ISC */
/*
 * resolv.conf: which servers are used in place of those. It may be replaced at any time, or be a
 * link to a file that is (systemd-resolved, NetworkManager, a DHCP client): stat(2) follows links,
 * so that the stamp of what is read is compared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config_load_private.h"

#define RESOLV_CONF_MAX 65536
#define LOOK_US 1000000 /* between two looks at the stamp */
#define EMPTY_S 2       /* so long a file without servers may be half written */

/* is_missing: as opposed to one that is there and cannot be read? */
static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* read_file: its text, heap; one that is missing is empty, as for libc. GP_EIO with errno,
 * GP_ETOOBIG: it is there and cannot be read. */
static int read_file(const char *path, struct gp_span *text_out, struct stat *stamp_out)
{
	*text_out = (struct gp_span) {NULL, 0};
	*stamp_out = (struct stat) {0};
	int fd = *path ? gp_config_file_open(path, 0, stamp_out) : -1;
	if (fd < 0)
		return !*path || is_missing(errno) ? GP_OK : GP_EIO;
	return gp_config_file_take(fd, stamp_out, RESOLV_CONF_MAX, text_out);
}

/*
 * read_servers: and what gatepost.conf leaves to the file; dns stays as it is if it cannot be read.
 */
static int read_servers(const struct gp_config *config, struct gp_dns_options *dns,
	struct gp_dns_unused *unused_out, struct stat *stamp_out)
{
	struct gp_span text;
	struct gp_dns_options found = {0};
	int rc = read_file(config->dns_settings.resolv_conf, &text, stamp_out);
	if (rc)
		return rc;
	gp_dns_options_from_resolv_conf(text, &found, unused_out);
	memcpy(dns->servers, found.servers, sizeof found.servers);
	dns->server_count = found.server_count;
	if (config->dns_settings.trust_ad == GP_DNS_AUTO)
		dns->trust_ad = found.trust_ad;
	if (config->dns_settings.transport == GP_DNS_AUTO)
		dns->over_tcp = found.over_tcp;
	free((void *)(uintptr_t)text.ptr);
	return GP_OK;
}

/* add_warning: one more, after those that there are; the text is the arena's. */
static int add_warning(struct gp_config *config, const char *text)
{
	size_t n = config->warnings.count;
	const char **items = gp_arena_array(config->arena, n + 1, sizeof *items);
	if (!items || !text)
		return gp_arena_status(config->arena);
	for (size_t i = 0; i < n; i++)
		items[i] = config->warnings.items[i];
	items[n] = text;
	config->warnings = (struct gp_config_texts) {items, n + 1};
	return GP_OK;
}

/* gp_config_settle_resolv_conf: without servers it is this machine. */
int gp_config_settle_resolv_conf(struct gp_config *config)
{
	struct stat stamp;
	struct gp_dns_unused unused = {0};
	int rc = read_servers(config, &config->dns, &unused, &stamp);
	config->dns_is_assumed = !unused.has_server;
	if (rc != GP_EIO && rc != GP_ETOOBIG)
		return rc;
	const char *why = rc == GP_EIO ? strerror(errno) : gp_err_text(rc);
	config->resolv_problem = gp_arena_copy(config->arena, gp_span_from(why));
	gp_dns_options_from_resolv_conf(gp_span_from(""), &config->dns, NULL);
	return add_warning(config,
		gp_arena_printf(config->arena,
			"dns.resolv_conf: %s exists but cannot be read: %s; unless servers are "
			"known from before, this machine is queried",
			config->dns_settings.resolv_conf, why));
}

/* gp_config_resolvers: those of the file itself first. */
int gp_config_resolvers(const struct gp_config *config, struct gp_dns_options *dns_out)
{
	const struct gp_config_texts *servers = &config->dns_settings.servers;
	struct gp_dns_unused unused = {0};
	struct stat stamp;
	*dns_out = (struct gp_dns_options) {0};
	for (size_t i = 0; i < servers->count; i++)
		if (gp_dns_server_parse(gp_span_from(servers->items[i]),
			    &dns_out->servers[dns_out->server_count]) == GP_OK)
			dns_out->server_count++;
	return servers->count ? GP_OK : read_servers(config, dns_out, &unused, &stamp);
}

/* same_way: the same servers, asked alike? */
static bool same_way(const struct gp_dns_options *a, const struct gp_dns_options *b)
{
	bool same = a->server_count == b->server_count && a->trust_ad == b->trust_ad &&
		    a->over_tcp == b->over_tcp;
	for (size_t i = 0; same && i < a->server_count; i++)
		same = gp_dns_server_equal(&a->servers[i], &b->servers[i]);
	return same;
}

/* add_servers: "192.0.2.1:53, [fe80::1%eth0]:53 over TCP". */
static void add_servers(struct gp_strbuf *text, const struct gp_dns_options *options)
{
	char server[GP_DNS_SERVER_TEXT];
	for (size_t i = 0; i < options->server_count; i++)
		gp_strbuf_printf(text, "%s%s", i ? ", " : "",
			gp_dns_server_format(&options->servers[i], server));
	gp_strbuf_add(text, options->over_tcp ? " over TCP" : "");
}

/* add_unused: what the file has that is not used. */
static void add_unused(
	struct gp_strbuf *text, const struct gp_config *config, const struct gp_dns_unused *unused)
{
	if (!unused->has_server)
		gp_strbuf_printf(text,
			" (%s is missing or names no server, which means this machine)",
			config->dns_settings.resolv_conf);
	if (unused->servers)
		gp_strbuf_printf(text,
			"; not used, because it is not an address: "
			"nameserver %s",
			unused->first);
	if (unused->servers > 1)
		gp_strbuf_printf(text, " and %zu more", unused->servers - 1);
}

/* is_worth_reading: it is there and has changed, or was not ready when it was read. */
static bool is_worth_reading(const struct gp_config_follow *follow, const struct gp_config *config)
{
	struct stat st;
	if (stat(config->dns_settings.resolv_conf, &st) != 0)
		return !is_missing(errno); /* reading it says why */
	return !follow->is_read || follow->empty_s ||
	       !gp_filestamp_is_same(gp_filestamp_from(&st), follow->stamp);
}

/* apply: from the next question on. */
static int apply(
	struct gp_dns *dns, const struct gp_dns_options *before, const struct gp_dns_options *after)
{
	int rc = gp_dns_wire_set(dns, after);
	if (!rc && before->trust_ad && !after->trust_ad)
		gp_dns_cache_distrust(dns);
	return rc;
}

/* gp_config_inherit_dns: a guess is no reason to forget what is known. */
void gp_config_inherit_dns(const struct gp_config *config, const struct gp_config *before,
	struct gp_dns *known, struct gp_dns_options *dns_out)
{
	struct gp_dns_options asked;
	*dns_out = config->dns;
	if (!config->dns_is_assumed || before->dns_settings.servers.count ||
		strcmp(config->dns_settings.resolv_conf, before->dns_settings.resolv_conf) != 0 ||
		!gp_dns_wire_options(known, &asked))
		return;
	memcpy(dns_out->servers, asked.servers, sizeof asked.servers);
	dns_out->server_count = asked.server_count;
	if (config->dns_settings.trust_ad == GP_DNS_AUTO &&
		before->dns_settings.trust_ad == GP_DNS_AUTO)
		dns_out->trust_ad = asked.trust_ad;
	if (config->dns_settings.transport == GP_DNS_AUTO &&
		before->dns_settings.transport == GP_DNS_AUTO)
		dns_out->over_tcp = asked.over_tcp;
}

/* gp_config_renew_dns: the resolver keeps its answers, as when resolv.conf changes. */
int gp_config_renew_dns(const struct gp_config *config, const struct gp_config *before,
	const struct gp_dns_cache_options *cache, struct gp_dns *dns)
{
	struct gp_dns_options asked, options;
	if (!gp_dns_wire_options(dns, &asked))
		return GP_EINVAL;
	gp_config_inherit_dns(config, before, dns, &options);
	options.gate = asked.gate;
	int rc = apply(dns, &asked, &options);
	if (!rc)
		gp_dns_cache_set(dns, cache);
	return rc;
}

/* is_settled: does it name a server, or has it named none for long enough? */
static bool is_settled(struct gp_config_follow *follow, bool has_server, const struct stat *stamp)
{
	int64_t now_s = gp_clock_system()->wall_s(gp_clock_system());
	/* a clock that is set back may not keep it waiting for longer */
	bool is_new = !follow->empty_s || now_s < follow->empty_s ||
		      !gp_filestamp_is_same(gp_filestamp_from(stamp), follow->stamp);
	follow->stamp = gp_filestamp_from(stamp);
	follow->is_read = true;
	follow->empty_s = has_server ? 0 : is_new ? now_s : follow->empty_s;
	if (follow->empty_s && now_s - follow->empty_s < EMPTY_S)
		return false;
	follow->empty_s = 0;
	return true;
}

/* say_unreadable: once a minute; it is tried again with each look. */
static enum gp_config_followed say_unreadable(struct gp_config_follow *follow, const char *path,
	const char *why, const struct gp_dns_options *asked, struct gp_strbuf *text)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	follow->is_read = false;
	follow->empty_s = 0;
	if (!gp_log_is_due(&follow->said_us, now_us))
		return GP_CONFIG_AS_BEFORE;
	gp_strbuf_printf(
		text, "%s exists but cannot be read: %s; DNS is queried as before, at ", path, why);
	add_servers(text, asked);
	gp_strbuf_add(text, ", until it can be read; check its permissions (dns.resolv_conf)");
	return GP_CONFIG_UNREADABLE;
}

/* gp_config_follow_dns: a stat a second; all else only when something has changed. */
enum gp_config_followed gp_config_follow_dns(struct gp_config_follow *follow,
	const struct gp_config *config, struct gp_dns *dns, struct gp_strbuf *text)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	struct gp_dns_options before, after;
	struct gp_dns_unused unused;
	struct stat stamp;
	if (config->dns_settings.servers.count || !*config->dns_settings.resolv_conf ||
		now_us < follow->next_us)
		return GP_CONFIG_AS_BEFORE;
	follow->next_us = now_us + LOOK_US;
	if (!is_worth_reading(follow, config) || !gp_dns_wire_options(dns, &before))
		return GP_CONFIG_AS_BEFORE;
	after = before;
	int rc = read_servers(config, &after, &unused, &stamp);
	if (rc == GP_EIO || rc == GP_ETOOBIG)
		return say_unreadable(follow, config->dns_settings.resolv_conf,
			rc == GP_EIO ? strerror(errno) : gp_err_text(rc), &before, text);
	if (rc || !is_settled(follow, unused.has_server, &stamp) || same_way(&before, &after))
		return GP_CONFIG_AS_BEFORE;
	if (apply(dns, &before, &after)) {
		follow->is_read = false; /* no memory: the next look tries again */
		return GP_CONFIG_AS_BEFORE;
	}
	gp_strbuf_printf(
		text, "%s has changed: DNS is queried at ", config->dns_settings.resolv_conf);
	add_servers(text, &after);
	add_unused(text, config, &unused);
	return GP_CONFIG_CHANGED;
}

/* gp_config_describe_dns: as it is at the start. */
bool gp_config_describe_dns(const struct gp_config *config, struct gp_strbuf *text)
{
	struct gp_dns_options found = config->dns;
	struct gp_dns_unused unused = {.has_server = true};
	struct stat stamp;
	bool is_ours = config->dns_settings.servers.count > 0;
	if (!is_ours && !config->resolv_problem && read_servers(config, &found, &unused, &stamp))
		return false;
	gp_strbuf_add(text, "DNS is queried at ");
	add_servers(text, &found);
	if (config->resolv_problem)
		gp_strbuf_printf(text,
			" (%s exists but cannot be read: %s; until it can, this means this "
			"machine)",
			config->dns_settings.resolv_conf, config->resolv_problem);
	else if (!is_ours)
		add_unused(text, config, &unused);
	return config->resolv_problem || (!is_ours && (!unused.has_server || unused.servers));
}
