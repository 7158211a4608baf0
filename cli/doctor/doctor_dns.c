/* SPDX-License-Identifier: ISC */
/*
 * The resolvers: do they answer, over UDP and TCP, do they validate, whose are they. Each server is
 * asked by itself, by the resolver that the checks of mail use.
 *
 * What is asked has to be known to every resolver that reaches the internet, and be signed: the
 * root and the domain arpa. That neither has a TXT record is an answer as good as any.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"

#define ASK_MS 5000
#define STUB_SERVERS "/run/systemd/resolve/resolv.conf" /* the servers of systemd-resolved */
#define STUB_SERVERS_MAX 65536
#define STUB_ASKED 3
#define SLOW_US 500000 /* an answer that needs no one else's help within the resolver's memory */

static const struct gp_dns_question questions[] = {{".", GP_DNS_TXT}, {"arpa", GP_DNS_TXT}};
#define QUESTIONS (sizeof questions / sizeof questions[0])

/*
 * Resolvers that anybody may use. Block lists refuse or mislead them: Spamhaus answers
 * 127.255.255.254 to "public/open resolvers" (its page of return codes for DNSBLs), URIBL and SURBL
 * likewise; and their limits on questions count all who use them together. The addresses are those
 * that the operators publish on their own pages for users.
 */
static const struct {
	const char *network, *whose;
} publics[] = {
	{"8.8.8.8", "Google"},
	{"8.8.4.4", "Google"},
	{"2001:4860:4860::/48", "Google"},
	{"1.1.1.0/24", "Cloudflare"},
	{"1.0.0.0/24", "Cloudflare"},
	{"2606:4700:4700::/48", "Cloudflare"},
	{"9.9.9.0/24", "Quad9"},
	{"149.112.112.0/24", "Quad9"},
	{"2620:fe::/48", "Quad9"},
	{"208.67.220.0/22", "OpenDNS"},
	{"2620:119:35::/48", "OpenDNS"},
	{"2620:119:53::/48", "OpenDNS"},
	{"94.140.14.0/23", "AdGuard"},
	{"2a10:50c0::/32", "AdGuard"},
	{"185.228.168.0/23", "CleanBrowsing"},
	{"2a0d:2a00::/32", "CleanBrowsing"},
	{"86.54.11.0/24", "DNS4EU"},
	{"76.76.2.0/24", "Control D"},
	{"76.76.10.0/24", "Control D"},
	{"185.222.222.222", "DNS.SB"},
	{"45.11.45.11", "DNS.SB"},
	{"193.110.81.0/24", "dns0.eu"},
	{"185.253.5.0/24", "dns0.eu"},
	{"4.2.2.0/29", "Level 3"},
	{"64.6.64.6", "Vercara"},
	{"64.6.65.6", "Vercara"},
	{"156.154.70.0/23", "Vercara"},
	{"74.82.42.42", "Hurricane Electric"},
	{"2001:470:20::2", "Hurricane Electric"},
	{"77.88.8.0/24", "Yandex"},
	{"8.26.56.26", "Comodo"},
	{"8.20.247.20", "Comodo"},
	{"223.5.5.5", "AliDNS"},
	{"223.6.6.6", "AliDNS"},
	{"119.29.29.29", "DNSPod"},
	{"114.114.114.0/23", "114DNS"},
};

/* public_owner: whose public resolver this is; NULL: of nobody we know. */
static const char *public_owner(const struct gp_ipaddr *addr)
{
	for (size_t i = 0; i < sizeof publics / sizeof publics[0]; i++) {
		struct gp_prefix network;
		if (gp_prefix_parse(gp_span_from(publics[i].network), &network) == GP_OK &&
			gp_prefix_has(&network, addr))
			return publics[i].whose;
	}
	return NULL;
}

/* server_text: with its port where that is another one than 53. */
static const char *server_text(struct gp_doctor *d, const struct gp_dns_server *server)
{
	char text[GP_DNS_SERVER_TEXT];
	gp_dns_server_format(server, text);
	struct gp_span shown = gp_span_from(text);
	if (server->port != 53)
		return gp_doctor_text(d->arena, "%s", text);
	shown.len -= strlen(":53");
	if (*shown.ptr == '[')
		shown = (struct gp_span) {shown.ptr + 1, shown.len - 2};
	return gp_doctor_text(d->arena, "%.*s", (int)shown.len, shown.ptr);
}

/* take_servers: those that the daemon asks, in place of what the configuration would say now. */
static void take_servers(struct gp_doctor *d)
{
	struct gp_dns_options *options = &d->config->dns;
	struct gp_dns_server found[GP_DNS_SERVERS_MAX];
	size_t count = 0;
	if (d->has_servers)
		return;
	d->has_servers = true;
	if (gp_doctor_is_only_exim(d) || gp_doctor_is_waiting(d) || !gp_doctor_ask(d))
		return;
	const json_t *dns = json_object_get(d->status, "dns");
	const char *file =
		json_string_value(json_object_get(json_object_get(d->status, "config"), "file"));
	if (!file || strcmp(file, d->config_path) != 0)
		return; /* it runs with another configuration than the one that is looked at */
	const json_t *servers = json_object_get(dns, "servers");
	for (size_t i = 0; i < json_array_size(servers) && count < GP_DNS_SERVERS_MAX; i++) {
		const char *text = json_string_value(json_array_get(servers, i));
		count += text && gp_dns_server_parse(gp_span_from(text), &found[count]) == GP_OK;
	}
	if (!count)
		return;
	memcpy(options->servers, found, count * sizeof *found);
	options->server_count = count;
	options->trust_ad = json_is_true(json_object_get(dns, "trust_ad"));
	options->over_tcp = json_is_true(json_object_get(dns, "over_tcp"));
}

/* What one server said. */
struct said {
	bool is_answered, is_secure;
	int64_t took_us;
	const char *problem; /* when it has not answered */
};

/* ask_one: QUESTIONS of one server, by itself, one way. */
static int ask_one(struct gp_doctor *d, const struct gp_dns_server *server, bool over_tcp,
	const struct gp_dns_question *asked, struct gp_dns_answer *answers_out)
{
	struct gp_ctx ctx = {.arena = d->arena, .clock = gp_clock_system()};
	struct gp_dns_options options = d->config->dns;
	options.servers[0] = *server;
	options.server_count = 1;
	options.trust_ad = true; /* tells it that we want to know */
	options.over_tcp = over_tcp;
	int rc = gp_dns_wire_new(&options, &ctx.dns);
	if (rc)
		return rc;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + ASK_MS * 1000;
	rc = gp_dns_query(&ctx, asked, QUESTIONS, answers_out);
	gp_dns_free(ctx.dns);
	return rc;
}

/* ask: whether it answers at all. */
static struct said ask(struct gp_doctor *d, const struct gp_dns_server *server, bool over_tcp)
{
	struct gp_dns_answer answers[QUESTIONS];
	struct said said = {.problem = "out of memory"};
	int64_t began_us = gp_clock_now_us(gp_clock_system());
	int rc = ask_one(d, server, over_tcp, questions, answers);
	said.took_us = gp_clock_now_us(gp_clock_system()) - began_us;
	for (size_t i = 0; !rc && i < QUESTIONS; i++) {
		bool is_answer = answers[i].state < GP_DNS_TEMPFAIL;
		said.is_answered = said.is_answered || is_answer;
		said.is_secure = said.is_secure || (is_answer && answers[i].secure);
		said.problem = is_answer ? said.problem : answers[i].problem;
	}
	return said;
}

/* mend_silent: where names of servers come from. */
static void mend_silent(struct gp_doctor *d)
{
	const char *where = d->config->dns_settings.servers.count
				    ? d->config_path
				    : d->config->dns_settings.resolv_conf;
	gp_doctor_mend(d->report, "remove it from %s, or run your own resolver: %s", where,
		gp_doctor_install(d->arena, "unbound"));
	gp_doctor_mend(d->report, "dns { servers = {\"127.0.0.1\"} }");
}

/* check_server: one of them, both ways; true: it answers. */
static bool check_server(struct gp_doctor *d, const struct gp_dns_server *server)
{
	char time[GP_CLI_TEXT];
	const char *name = server_text(d, server);
	struct said udp = ask(d, server, false);
	if (!udp.is_answered) {
		gp_doctor_say(d->report,
			d->config->dns.server_count > 1 ? GP_DOCTOR_WARNING : GP_DOCTOR_PROBLEM,
			"%s does not answer: %s", name, udp.problem);
		mend_silent(d);
		return false;
	}
	struct said tcp = ask(d, server, true);
	if (!tcp.is_answered) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s does not answer over TCP, which long records need: %s", name,
			tcp.problem);
		gp_doctor_mend(d->report, "let TCP port %u pass to %s", server->port, name);
	}
	/* the second round comes from the resolver's memory */
	int64_t took_us = tcp.is_answered && tcp.took_us < udp.took_us ? tcp.took_us : udp.took_us;
	if (took_us > SLOW_US) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%s is slow: an answer took %s", name,
			gp_cli_micros(took_us, time));
		gp_doctor_mend(d->report,
			"run a resolver on this machine: %s, and "
			"dns { servers = {\"127.0.0.1\"} }",
			gp_doctor_install(d->arena, "unbound"));
	}
	return true;
}

/* check_dns_servers: each of them; all silent is worse than one. */
static void check_dns_servers(struct gp_doctor *doctor)
{
	const struct gp_dns_options *options = &doctor->config->dns;
	char storage[512];
	struct gp_strbuf names;
	size_t answering = 0;
	gp_strbuf_init_fixed(&names, storage, sizeof storage);
	take_servers(doctor);
	for (size_t i = 0; i < options->server_count; i++) {
		answering += check_server(doctor, &options->servers[i]);
		gp_strbuf_printf(
			&names, "%s%s", i ? ", " : "", server_text(doctor, &options->servers[i]));
	}
	if (!answering && options->server_count > 1) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"no resolver answers: checks cannot work");
		mend_silent(doctor);
	}
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s, over UDP and TCP", storage);
}

/* say_public: of one that anybody may use; through: the one on this machine that asks it. */
static void say_public(struct gp_doctor *d, const struct gp_dns_server *server, const char *whose,
	const char *through)
{
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"%s is a public resolver (%s)%s%s: DNS lists refuse its queries, and it limits the "
		"queries of its users",
		server_text(d, server), whose, *through ? ", used by " : "", through);
	gp_doctor_mend(d->report, "%s", gp_doctor_install(d->arena, "unbound"));
	gp_doctor_mend(d->report, "dns { servers = {\"127.0.0.1\"} } in %s%s", d->config_path,
		*through ? ", or other servers for systemd-resolved" : "");
}

/* is_stub: systemd-resolved, which passes questions on. */
static bool is_stub(const struct gp_dns_server *server)
{
	struct gp_ipaddr stub;
	return gp_ipaddr_parse(gp_span_from("127.0.0.53"), &stub) == GP_OK &&
	       gp_ipaddr_equal(&server->addr, &stub);
}

/* check_stub: those that it passes questions to; false: they are not known. */
static bool check_stub(struct gp_doctor *d)
{
	struct gp_span text, line, keyword, rest;
	size_t count = 0;
	if (!gp_doctor_read(d->arena, STUB_SERVERS, STUB_SERVERS_MAX, &text))
		return false;
	while (count < GP_DNS_SERVERS_MAX && gp_doctor_line(&text, &line)) {
		struct gp_dns_server server = {.port = 53};
		gp_span_cut(gp_span_trim(line), ' ', &keyword, &rest);
		if (!gp_span_is(keyword, "nameserver") ||
			gp_ipaddr_parse(gp_span_trim(rest), &server.addr))
			continue;
		const char *whose = public_owner(&server.addr);
		count++;
		if (whose)
			say_public(d, &server, whose, "127.0.0.53");
	}
	return count > 0;
}

/* check_dns_public: whose they are, and how far away. */
static void check_dns_public(struct gp_doctor *doctor)
{
	const struct gp_dns_options *options = &doctor->config->dns;
	bool is_near = false, is_seen = false;
	take_servers(doctor);
	for (size_t i = 0; i < options->server_count; i++) {
		const struct gp_dns_server *server = &options->servers[i];
		const char *whose = public_owner(&server->addr);
		is_near = is_near || gp_ipaddr_is_loopback(&server->addr);
		if (whose)
			say_public(doctor, server, whose, "");
		if (is_stub(server))
			is_seen = check_stub(doctor) || is_seen;
	}
	if (!gp_doctor_is_well(doctor->report))
		return;
	if (is_near) {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "on this machine; %s",
			is_seen ? "the server it uses is not a public "
				  "one"
				: "the server it uses is not known");
		return;
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_NOTE,
		"the resolver is on another machine; one on this host would answer faster");
	gp_doctor_mend(doctor->report, "%s, and dns { servers = {\"127.0.0.1\"} }",
		gp_doctor_install(doctor->arena, "unbound"));
}

/* wants_dnssec: does the configuration rely on it? */
static bool wants_dnssec(const struct gp_config *config)
{
	return config->dns.trust_ad || config->dkim.check.require_dnssec != GP_DKIM_DNSSEC_NO;
}

/* say_insecure: no server says that it has validated. */
static void say_insecure(struct gp_doctor *d)
{
	bool is_wanted = wants_dnssec(d->config);
	gp_doctor_say(d->report, is_wanted ? GP_DOCTOR_WARNING : GP_DOCTOR_NOTE,
		is_wanted ? "no resolver validates DNSSEC, which the configuration relies on "
			    "(dns.trust_ad, dkim.require_dnssec)"
			  : "the resolver does not validate DNSSEC: forged answers are accepted");
	gp_doctor_mend(d->report,
		"unbound: auto-trust-anchor-file: \"/var/lib/unbound/root.key\" (%s)",
		gp_doctor_install(d->arena, "unbound"));
}

/* check_dns_dnssec: does any server set AD for what is signed? */
static void check_dns_dnssec(struct gp_doctor *doctor)
{
	const struct gp_dns_options *options = &doctor->config->dns;
	size_t answered = 0, secure = 0;
	bool is_near = true;
	take_servers(doctor);
	for (size_t i = 0; i < options->server_count; i++) {
		struct said said = ask(doctor, &options->servers[i], false);
		answered += said.is_answered;
		secure += said.is_secure;
		is_near = is_near && gp_ipaddr_is_loopback(&options->servers[i].addr);
	}
	if (!answered) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no resolver answers");
	} else if (!secure) {
		say_insecure(doctor);
	} else if (secure < answered) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%zu of %zu resolvers validate DNSSEC: whether forged answers are accepted "
			"depends on which one answers",
			secure, answered);
		gp_doctor_mend(doctor->report,
			"list only those that do: dns { servers = {...} } in %s",
			doctor->config_path);
	} else if (options->trust_ad && !is_near) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"dns.trust_ad trusts a resolver on another machine: the path to it is not "
			"secure");
		gp_doctor_mend(doctor->report, "run a validating resolver on this machine, or set "
					       "dns { trust_ad = no }");
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "the resolver validates%s",
			options->trust_ad ? ", and is trusted (trust_ad)" : "");
	}
}

/* ---- this host's own name ---- */

/* What a server says of a name. */
struct own {
	struct gp_dns_answer txt, a;
};

/* ask_own: about the name; false: it gives no answer, which problem_out says. */
static bool ask_own(struct gp_doctor *d, const struct gp_dns_server *server, const char *name,
	struct own *own_out, const char **problem_out)
{
	const struct gp_dns_question asked[QUESTIONS] = {{name, GP_DNS_TXT}, {name, GP_DNS_A}};
	struct gp_dns_answer answers[QUESTIONS];
	*problem_out = "out of memory";
	if (ask_one(d, server, d->config->dns.over_tcp, asked, answers))
		return false;
	*own_out = (struct own) {answers[0], answers[1]};
	*problem_out = answers[0].problem;
	return answers[0].state < GP_DNS_TEMPFAIL;
}

/* is_made_up: does it call the host by an address that nobody else can reach? */
static bool is_made_up(const struct own *own)
{
	for (size_t i = 0; own->a.state == GP_DNS_FOUND && i < own->a.count; i++)
		if (gp_ipaddr_is_loopback(&own->a.records[i].addr))
			return true;
	return false;
}

/* find_upstream: the first server behind systemd-resolved that has a TXT record of the name. */
static bool find_upstream(struct gp_doctor *d, const char *name, struct gp_dns_server *upstream_out)
{
	struct gp_span text;
	struct gp_dns_options behind = {0};
	struct own own;
	const char *problem;
	if (!gp_doctor_read(d->arena, STUB_SERVERS, STUB_SERVERS_MAX, &text))
		return false;
	gp_dns_options_from_resolv_conf(text, &behind, NULL);
	for (size_t i = 0; i < behind.server_count && i < STUB_ASKED; i++)
		if (ask_own(d, &behind.servers[i], name, &own, &problem) &&
			own.txt.state == GP_DNS_FOUND) {
			*upstream_out = behind.servers[i];
			return true;
		}
	return false;
}

/* check_own: what one server says of one name of this host. */
static void check_own(struct gp_doctor *d, const struct gp_dns_server *server, const char *name)
{
	struct gp_dns_server upstream;
	struct own own;
	const char *problem;
	if (!ask_own(d, server, name, &own, &problem)) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s does not answer queries for this host's own name %s: %s",
			server_text(d, server), name, problem);
		gp_doctor_mend(d->report, "check the zone of %s and the log of the resolver", name);
		return;
	}
	bool is_hidden = own.txt.state != GP_DNS_FOUND && is_stub(server) &&
			 find_upstream(d, name, &upstream);
	if (!is_hidden && (own.txt.state == GP_DNS_FOUND || !is_made_up(&own)))
		return;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"%s answers queries for this host's own name %s itself%s: an SPF record of %s is "
		"not seen, and mail from that name is judged as if there were none",
		server_text(d, server), name,
		is_hidden ? gp_doctor_text(d->arena, ", though %s has a TXT record of it",
				    server_text(d, &upstream))
			  : "",
		name);
	if (is_hidden)
		gp_doctor_mend(d->report, "dns { servers = {\"%s\"} } in %s",
			server_text(d, &upstream), d->config_path);
	else
		gp_doctor_mend(d->report, "%s, and dns { servers = {\"127.0.0.1\"} } in %s",
			gp_doctor_install(d->arena, "unbound"), d->config_path);
}

/* check_dns_own_name: the one in headers, and the one the system has. systemd-resolved answers
 * for the latter without asking anybody: it has addresses of it and nothing else. */
static void check_dns_own_name(struct gp_doctor *doctor)
{
	const struct gp_dns_options *options = &doctor->config->dns;
	char system[256] = "";
	const char *names[] = {doctor->config->hostname, system};
	if (gethostname(system, sizeof system - 1) || strcmp(system, names[0]) == 0)
		*system = 0;
	take_servers(doctor);
	size_t answering = 0;
	for (size_t j = 0; j < options->server_count; j++) {
		if (!ask(doctor, &options->servers[j], false).is_answered)
			continue; /* which dns.servers says */
		answering++;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (strchr(names[i], '.') && gp_dns_name_is_valid(gp_span_from(names[i])))
				check_own(doctor, &options->servers[j], names[i]);
	}
	if (!answering)
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "no resolver answers");
	else if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"queries for %s are answered like "
			"those for any other name",
			doctor->config->hostname);
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_dns_checks[] = {
	{"dns.servers", check_dns_servers, GP_DOCTOR_NEEDS_CONFIG,
		"each resolver answers, over UDP and TCP, in time"},
	{"dns.own-name", check_dns_own_name, GP_DOCTOR_NEEDS_CONFIG,
		"they answer for this host's own name as for others"},
	{"dns.public", check_dns_public, GP_DOCTOR_NEEDS_CONFIG,
		"none of them is a public resolver"},
	{"dns.dnssec", check_dns_dnssec, GP_DOCTOR_NEEDS_CONFIG, "they validate"},
	{NULL, NULL, 0, NULL},
};
