/* SPDX-License-Identifier: ISC */
/*
 * What a configuration without errors says in vain, or to its own harm: options that have no effect
 * as the others are set, files that are not there, sockets that everybody reaches. Each is a line
 * of the snapshot's warnings; nothing is changed by it.
 *
 * Only what is certain, or what nobody can have meant: an option whose check is off is no warning.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/config_hide.h"
#include "config/config_load_private.h"
#include "mail/address.h"

/* check_set: what is milder than fail is refused, and fail is not. */
static void check_set(struct gp_config_warner *w, const char *name, unsigned set)
{
	const struct gp_option *row = gp_config_row_find("spf", name);
	const unsigned milder[] = {1u << GP_SPF_SOFTFAIL, 1u << GP_SPF_NEUTRAL, 1u << GP_SPF_NONE};
	if (set & 1u << GP_SPF_FAIL)
		return;
	for (size_t i = 0; i < sizeof milder / sizeof milder[0]; i++)
		if (set & milder[i]) {
			const char *word = gp_config_word(row->choices, (int)milder[i]);
			gp_strbuf_printf(gp_config_warn_at(w, "spf", name),
				"%s is refused, but fail, which is stricter, is not; write {fail, "
				"%s} to refuse both\n",
				word, word);
			return;
		}
}

/* ---- options without effect ---- */

/* is_helo_unused: HELO alone refuses nothing. */
static bool is_helo_unused(const struct gp_config *c)
{
	return c->spf.helo == GP_HELO_OFF || c->spf.helo == GP_HELO_LABEL;
}

/* is_spf_off: nobody is asked. */
static bool is_spf_off(const struct gp_config *c)
{
	return c->spf.mode == GP_MODE_OFF;
}

/* is_unsupervised: the process has no parent that looks after it. */
static bool is_unsupervised(const struct gp_config *c)
{
	return !c->policyd.supervise;
}

/* is_walk: no list of public suffixes is read. */
static bool is_walk(const struct gp_config *c)
{
	return c->dmarc.check.discovery == GP_DMARC_WALK;
}

/* has_servers: resolv.conf is not read. */
static bool has_servers(const struct gp_config *c)
{
	return c->dns_settings.servers.count > 0;
}

/* is_not_local: no store stands in. */
static bool is_not_local(const struct gp_config *c)
{
	return c->store_settings.on_failure != GP_STORE_FAILURE_LOCAL;
}

/* has_store: is there a store whose URI begins with one of these? */
static bool has_store(const struct gp_config *c, const char *scheme, const char *other)
{
	for (size_t i = 0; i < c->store_settings.uris.count; i++)
		if (gp_span_has_prefix(gp_span_from(c->store_settings.uris.items[i]), scheme) ||
			gp_span_has_prefix(gp_span_from(c->store_settings.uris.items[i]), other))
			return true;
	return false;
}

/* is_embedded: the store is a directory of this machine. */
static bool is_embedded(const struct gp_config *c)
{
	return has_store(c, "lmdb:", "lmdb:");
}

/* has_no_sentinel: no sentinel is asked for the master. */
static bool has_no_sentinel(const struct gp_config *c)
{
	return !has_store(c, "sentinel:", "sentinels:");
}

/* has_no_tls: no connection to a store is encrypted. */
static bool has_no_tls(const struct gp_config *c)
{
	return !has_store(c, "rediss:", "sentinels:");
}

/* has_no_certificate: nothing is shown to a server. */
static bool has_no_certificate(const struct gp_config *c)
{
	return !*c->store_settings.options.tls_cert_file;
}

/* is_file: no facility is written into one. */
static bool is_file(const struct gp_config *c)
{
	return c->log.target == GP_LOG_TO_FILE;
}

/* is_no_file: the log goes elsewhere. */
static bool is_no_file(const struct gp_config *c)
{
	return c->log.target != GP_LOG_TO_FILE;
}

/* Options that are set although, as the others are, nothing reads them. */
static const struct {
	const char *section, *name;
	bool (*is_idle)(const struct gp_config *);
	const char *sentence;
} idle[] = {
	{"spf", "helo_reject", is_helo_unused,
		"has no effect, because spf.helo lets HELO refuse nothing"},
	{"spf", "must_pass", is_spf_off, "has no effect with spf.mode = off"},
	{"policyd", "watchdog", is_unsupervised,
		"has no effect with policyd.supervise = no: there is no supervisor to end the "
		"process"},
	{"dmarc", "psl_file", is_walk, "has no effect with dmarc.discovery = walk"},
	{"dns", "resolv_conf", has_servers, "has no effect, because dns.servers is set"},
	{"store", "user", is_embedded, "has no effect: an lmdb store has no users"},
	{"store", "password_file", is_embedded, "has no effect: an lmdb store has no password"},
	{"store", "sentinel_password_file", has_no_sentinel,
		"has no effect: no sentinel is in store.uri"},
	{"store", "tls_ca_file", has_no_tls, "has no effect: no server in store.uri uses TLS"},
	{"store", "tls_cert_file", has_no_tls, "has no effect: no server in store.uri uses TLS"},
	{"store", "tls_key_file", has_no_certificate, "has no effect without store.tls_cert_file"},
	{"store", "local_path", is_not_local, "has no effect unless store.on_failure is local"},
	{"log", "facility", is_file, "has no effect with log.target = file"},
	{"log", "file", is_no_file, "has no effect unless log.target is file"},
};

/* check_idle: those that a file sets to something else than what they are anyway. */
static void check_idle(struct gp_config_warner *w)
{
	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
		if (idle[i].is_idle(w->config) &&
			gp_config_is_changed(w, idle[i].section, idle[i].name))
			gp_config_warn_of(w, idle[i].section, idle[i].name, idle[i].sentence);
}

/* check_dnssec: without a resolver that is believed no key is ever protected. */
static void check_dnssec(struct gp_config_warner *w)
{
	const struct gp_config *c = w->config;
	if (c->dkim.check.require_dnssec != GP_DKIM_DNSSEC_YES)
		return;
	if (c->dns_settings.trust_ad == GP_DNS_NO)
		gp_config_warn_of(w, "dkim", "require_dnssec",
			"no signature passes, because dns.trust_ad is no: no answer counts as "
			"validated");
	else if (has_servers(c) && c->dns_settings.trust_ad != GP_DNS_YES)
		gp_config_warn_of(w, "dkim", "require_dnssec",
			"no signature passes, because dns.trust_ad is not set: no answer counts as "
			"validated");
}

/* warn_of_limit: a line about a limit begins. */
static struct gp_strbuf *warn_of_limit(
	struct gp_config_warner *w, const struct gp_limit *limit, const char *option)
{
	struct gp_strbuf *buf =
		gp_config_error(&w->lines, (struct gp_config_place) {limit->file, limit->line});
	gp_strbuf_add(buf, "warning: ");
	gp_config_add_option(buf, "limit", limit->name, option);
	gp_strbuf_add(buf, ": ");
	return buf;
}

/* check_prefix_length: a length that only limits of other keys look at. */
static void check_prefix_length(struct gp_config_warner *w, const struct gp_limit *limit,
	const char *option, unsigned length, unsigned keys)
{
	char text[16];
	snprintf(text, sizeof text, "%u", length);
	if (!(keys & 1u << limit->key) &&
		strcmp(gp_config_row_find("limit", option)->preset, text) != 0)
		gp_strbuf_add(warn_of_limit(w, limit, option), "has no effect with this key\n");
}

/* check_limits: those that count only clients of which there are none, and lengths in vain. */
static void check_limits(struct gp_config_warner *w)
{
	const struct gp_config *c = w->config;
	const unsigned network = 1u << GP_LIMIT_BY_NETWORK;
	for (size_t i = 0; i < c->limits.limit_count; i++) {
		const struct gp_limit *limit = &c->limits.limits[i];
		unsigned from = limit->from ? limit->from : gp_limit_origins(limit->key);
		if (from == GP_LIMIT_FROM_TRUSTED && limit->mode != GP_LIMIT_OFF &&
			!c->trusted_networks.count)
			gp_strbuf_add(warn_of_limit(w, limit, NULL),
				"counts only mail of clients in trusted_networks, which is "
				"empty\n");
		check_prefix_length(w, limit, "ipv4_prefix", limit->ipv4_prefix, network);
		check_prefix_length(w, limit, "ipv6_prefix", limit->ipv6_prefix,
			network | 1u << GP_LIMIT_BY_CLIENT);
	}
}

/* check_names: byte by byte is with case. */
static void check_names(struct gp_config_warner *w)
{
	if (w->config->limits.names == GP_LIMIT_NAMES_EXACT &&
		gp_config_draft_at(w->draft, "limits", "case_sensitive").file &&
		!w->config->limits.case_sensitive)
		gp_config_warn_of(w, "limits", "case_sensitive",
			"has no effect with limits.names = exact, which distinguishes upper and "
			"lower case");
}

/* ---- sockets and texts ---- */

/* check_listen: can other hosts reach a socket of the daemon? */
static void check_listen(struct gp_config_warner *w)
{
	const struct gp_config_texts *listen = &w->config->policyd.listen;
	for (size_t i = 0; i < listen->count; i++) {
		struct gp_span item = gp_span_from(listen->items[i]);
		struct gp_dns_server where;
		if (!gp_span_has_prefix(item, "inet:") ||
			gp_dns_server_parse(gp_span_skip(item, 5), &where))
			continue;
		struct gp_ipaddr none = {.family = where.addr.family};
		bool is_all = gp_ipaddr_equal(&where.addr, &none);
		if (is_all || !gp_ipaddr_is_private(&where.addr))
			gp_strbuf_printf(gp_config_warn_at(w, "policyd", "listen"),
				"%s %s: any host that can connect may send requests and use up the "
				"limits of others; use a loopback address, or restrict it by a "
				"firewall\n",
				listen->items[i],
				is_all ? "is every address of this host" : "is a public address");
	}
}

/* check_socket_mode: to connect is to write. */
static void check_socket_mode(struct gp_config_warner *w)
{
	if (!(w->config->policyd.socket_mode & 0222))
		gp_config_warn_of(w, "policyd", "socket_mode", "lets only root connect");
}

/* check_control: orders are for the operator. */
static void check_control(struct gp_config_warner *w)
{
	if (*w->config->policyd.control_socket && w->config->policyd.control_mode & 0007)
		gp_config_warn_of(w, "policyd", "control_mode",
			"lets every user of this machine control the daemon");
}

/* check_url: what a mail program would show as a link. */
static void check_url(struct gp_config_warner *w)
{
	struct gp_span url = gp_span_from(w->config->spf.url);
	if (url.len == 0)
		return;
	if (!gp_span_has_prefix(url, "https://") && !gp_span_has_prefix(url, "http://"))
		gp_config_warn_of(
			w, "spf", "url", "is not a URL without a scheme; write https:// before it");
	else if (memchr(url.ptr, ' ', url.len))
		gp_config_warn_of(w, "spf", "url",
			"has a space in it, at which the link ends for most mail "
			"programs");
}

/* check_pass_action: an answer that undoes what it is given for. */
static void check_pass_action(struct gp_config_warner *w)
{
	static const char *const harmful[] = {
		"reject", "defer", "defer_if_reject", "defer_if_permit", "discard", "hold"};
	struct gp_span word, rest;
	(void)gp_span_cut(gp_span_from(w->config->policyd.pass_action), ' ', &word, &rest);
	/* a reply code does the same (access(5)) */
	bool is_harmful = word.len == 3 && (word.ptr[0] == '4' || word.ptr[0] == '5');
	for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
		is_harmful = is_harmful || gp_span_is(word, harmful[i]);
	if (is_harmful)
		gp_config_warn_of(w, "policyd", "pass_action",
			"is what Postfix does with mail that passes SPF: with this it is not "
			"delivered");
}

/* check_hostname: it stands in headers, and for the macro r of SPF. */
static void check_hostname(struct gp_config_warner *w)
{
	struct gp_ipaddr address;
	const char *ignored, *name = w->config->hostname;
	if (*name && (gp_address_domain(w->draft->scratch, gp_span_from(name), &ignored) ||
			     !gp_address_is_host_name(name)))
		gp_config_warn_of(w, NULL, "hostname", "is not a valid host name");
	else if (strcasecmp(name, "localhost") == 0 ||
		 gp_ipaddr_parse(gp_span_from(name), &address) == GP_OK)
		gp_config_warn_of(w, NULL, "hostname",
			"does not name this host to others, and anybody may use it: write the name "
			"that this host has in DNS");
}

/* keep_lines: the collected text, a line an item. */
static int keep_lines(struct gp_config_warner *w, struct gp_config *config)
{
	size_t n = 0, most = 1;
	for (const char *p = w->lines.text; *p; p++)
		most += *p == '\n';
	const char **items = gp_arena_array(config->arena, most, sizeof *items);
	if (!items)
		return GP_ENOMEM;
	struct gp_span line, rest = gp_span_from(w->lines.text);
	while (rest.len) {
		(void)gp_span_cut(rest, '\n', &line, &rest); /* every line has its end */
		items[n++] = gp_arena_copy(config->arena, line);
	}
	config->warnings = (struct gp_config_texts) {items, n};
	return gp_arena_status(config->arena);
}

/* gp_config_warn: subject by subject. */
int gp_config_warn(struct gp_config_draft *draft)
{
	static void (*const checks[])(struct gp_config_warner *) = {gp_config_warn_empty,
		check_hostname, gp_config_warn_includes, gp_config_warn_lists, check_url,
		gp_config_warn_dnsbl, check_idle, check_dnssec, check_limits, check_names,
		gp_config_warn_overrides, gp_config_warn_files, check_listen, check_socket_mode,
		check_control, check_pass_action};
	struct gp_config_warner w = {.draft = draft, .config = draft->config};
	int rc = gp_config_warnings_begin(&w.lines);
	for (size_t i = 0; !rc && i < sizeof checks / sizeof checks[0]; i++)
		checks[i](&w);
	if (!rc) {
		check_set(&w, "reject", draft->config->spf.reject);
		check_set(&w, "helo_reject", draft->config->spf.helo_reject);
		gp_config_errors_end(&w.lines);
		gp_config_hide_keys(&w.lines, draft);
		rc = keep_lines(&w, draft->config);
	}
	gp_config_errors_fini(&w.lines);
	return rc;
}
