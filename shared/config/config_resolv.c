/* SPDX-License-Identifier: ISC */
/*
 * resolv.conf: who else decides which servers are asked. It may be replaced at any time, or be a
 * link to a file that is (systemd-resolved, NetworkManager, a DHCP client): stat(2) follows links,
 * so that the stamp of what is read is compared.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/config_load_private.h"

#define RESOLV_CONF_MAX 65536
#define LOOK_US 1000000 /* between two looks at the stamp */
#define EMPTY_S 2       /* so long a file without servers may be half written */

/* gp_config_settle_resolv_conf: what gatepost.conf says itself goes before. */
int gp_config_settle_resolv_conf(const struct gp_config *config, struct gp_dns_options *dns,
	struct gp_dns_unused *unused_out, struct stat *stamp_out)
{
	struct gp_span text = gp_span_from("");
	struct gp_dns_options found = {0};
	struct stat st = {0};
	int fd = *config->resolv_conf ? gp_config_file_open(config->resolv_conf, 0, &st) : -1;
	int rc = fd < 0 ? GP_EIO : gp_config_file_take(fd, &st, RESOLV_CONF_MAX, &text);
	gp_dns_options_from_resolv_conf(rc ? gp_span_from("") : text, &found, unused_out);
	memcpy(dns->servers, found.servers, sizeof found.servers);
	dns->server_count = found.server_count;
	if (config->dns_trust_ad == GP_CONFIG_AUTO)
		dns->trust_ad = found.trust_ad;
	if (config->dns_transport == GP_CONFIG_AUTO)
		dns->over_tcp = found.over_tcp;
	if (rc == GP_OK)
		free((void *)(uintptr_t)text.ptr);
	if (stamp_out)
		*stamp_out = st;
	return rc == GP_ENOMEM ? rc : GP_OK;
}

/* same_stamp: nobody has touched it, nor put another one in its place. */
static bool same_stamp(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
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
			config->resolv_conf);
	if (unused->servers)
		gp_strbuf_printf(
			text, "; not used, as it is no address: nameserver %s", unused->first);
	if (unused->servers > 1)
		gp_strbuf_printf(text, " and %zu more", unused->servers - 1);
}

/* is_worth_reading: it is there and has changed, or was not ready when it was read. */
static bool is_worth_reading(const struct gp_config_follow *follow, const struct gp_config *config)
{
	struct stat st;
	return stat(config->resolv_conf, &st) == 0 &&
	       (!follow->is_read || follow->empty_s || !same_stamp(&st, &follow->stamp));
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

/* gp_config_apply_dns: what else the resolver has been given stays. */
int gp_config_apply_dns(const struct gp_config *config, struct gp_dns *dns)
{
	struct gp_dns_options before, after;
	if (!gp_dns_wire_options(dns, &before))
		return GP_EINVAL;
	after = before;
	memcpy(after.servers, config->dns.servers, sizeof after.servers);
	after.server_count = config->dns.server_count;
	after.trust_ad = config->dns.trust_ad;
	after.over_tcp = config->dns.over_tcp;
	return same_way(&before, &after) ? GP_OK : apply(dns, &before, &after);
}

/* is_settled: does it name a server, or has it named none for long enough? */
static bool is_settled(struct gp_config_follow *follow, bool has_server, const struct stat *stamp)
{
	int64_t now_s = gp_clock_system()->wall_s(gp_clock_system());
	/* a clock that is set back may not keep it waiting for longer */
	bool is_new =
		!follow->empty_s || now_s < follow->empty_s || !same_stamp(stamp, &follow->stamp);
	follow->stamp = *stamp;
	follow->is_read = true;
	follow->empty_s = has_server ? 0 : is_new ? now_s : follow->empty_s;
	if (follow->empty_s && now_s - follow->empty_s < EMPTY_S)
		return false;
	follow->empty_s = 0;
	return true;
}

/* gp_config_follow_dns: a stat a second; all else only when something has changed. */
bool gp_config_follow_dns(struct gp_config_follow *follow, const struct gp_config *config,
	struct gp_dns *dns, struct gp_strbuf *text)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	struct gp_dns_options before, after;
	struct gp_dns_unused unused;
	struct stat stamp;
	if (config->dns_servers.count || !*config->resolv_conf || now_us < follow->next_us)
		return false;
	follow->next_us = now_us + LOOK_US;
	if (!is_worth_reading(follow, config) || !gp_dns_wire_options(dns, &before))
		return false;
	after = before;
	if (gp_config_settle_resolv_conf(config, &after, &unused, &stamp) ||
		!is_settled(follow, unused.has_server, &stamp) || same_way(&before, &after))
		return false;
	if (apply(dns, &before, &after)) {
		follow->is_read = false; /* no memory: the next look tries again */
		return false;
	}
	gp_strbuf_printf(text, "%s has changed: DNS is asked at ", config->resolv_conf);
	add_servers(text, &after);
	add_unused(text, config, &unused);
	return true;
}

/* gp_config_describe_dns: as it is at the start. */
bool gp_config_describe_dns(const struct gp_config *config, struct gp_strbuf *text)
{
	struct gp_dns_options found = config->dns;
	struct gp_dns_unused unused = {.has_server = true};
	bool is_ours = config->dns_servers.count > 0;
	if (!is_ours && gp_config_settle_resolv_conf(config, &found, &unused, NULL))
		return false;
	gp_strbuf_add(text, "DNS is asked at ");
	add_servers(text, &found);
	if (!is_ours)
		add_unused(text, config, &unused);
	return !is_ours && (!unused.has_server || unused.servers);
}
