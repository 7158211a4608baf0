/* SPDX-License-Identifier: ISC */
/* gatepost check: a domain of one's own, as large receivers judge it. */
#include <stdio.h>
#include <string.h>

#include "cli/check/check.h"
#include "cli/check/check_self.h"
#include "cli/cli.h"
#include "cli/doctor/doctor_print.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "mail/address.h"

struct run {
	const struct gp_cli_call *call;
	struct gp_cli_offline *offline;
	struct gp_ctx ctx; /* with a resolver that tells of DNSSEC */
	struct gp_doctor_report report;
	struct gp_check_self self;
	struct gp_check check; /* what all domains share */
};

/* usage: trouble that no monitoring takes for a finding. */
static int usage(const struct run *run, const char *before, const char *value, const char *after)
{
	(void)gp_cli_usage(run->call->title, "%s%s%s", before, value,
		after); /* its code is one of ours already */
	return GP_DOCTOR_EXIT_UNKNOWN;
}

/* fail: it could not be looked at. */
static int fail(int rc)
{
	fprintf(stderr, "gatepost check: %s\n", gp_err_text(rc));
	return GP_DOCTOR_EXIT_UNKNOWN;
}

/* ---- arguments ---- */

/* take_ips: each --ip; -1, or an exit code. */
static int take_ips(struct run *run)
{
	struct gp_check *c = &run->check;
	const char *value;
	for (size_t i = 0; (value = gp_cli_option_at(run->call, "ip", i)) != NULL; i++) {
		if (c->ip_count == GP_CHECK_IPS_MAX)
			return usage(run, "--ip: ", "too many addresses", "");
		struct gp_ipaddr *addr = &c->ips[c->ip_count];
		if (gp_ipaddr_parse(gp_span_from(value), addr))
			return usage(run, "--ip: \"", value, "\" is no address");
		*addr = gp_ipaddr_unmap(*addr);
		c->ip_count++;
	}
	return -1;
}

/* take_selectors: each --selector; -1, or an exit code. */
static int take_selectors(struct run *run)
{
	struct gp_check *c = &run->check;
	const char *value;
	for (size_t i = 0; (value = gp_cli_option_at(run->call, "selector", i)) != NULL; i++) {
		if (c->selector_count == GP_CHECK_SELECTORS_MAX)
			return usage(run, "--selector: ", "too many selectors", "");
		c->selectors[c->selector_count++] = value;
	}
	return -1;
}

/* take_domain: a domain, or that of an address, in A-labels; -1, or an exit code. */
static int take_domain(struct run *run, const char *value, const char **domain_out)
{
	struct gp_span local, domain;
	if (!gp_address_split(gp_cli_mail_from(value), &local, &domain))
		domain = gp_span_from(value);
	int rc = gp_address_domain(run->ctx.arena, domain, domain_out);
	if (rc == GP_ESYNTAX || (!rc && !**domain_out))
		return usage(run, "\"", value, "\" is no domain");
	return rc ? fail(rc) : -1;
}

/* take_domains: the one that is named, or those of this machine; -1, or an exit code. */
static int take_domains(struct run *run)
{
	const struct gp_cli_call *call = run->call;
	const char *mail_from = gp_cli_option(call, "mail-from");
	bool is_self = gp_cli_has_option(call, "self");
	if (is_self == (call->word_count > 0))
		return usage(run, "name a domain, or --self", "", "");
	int code = mail_from ? take_domain(run, mail_from, &run->check.mail_domain) : -1;
	if (code >= 0)
		return code;
	if (!is_self) {
		run->self.domain_count = 1;
		return take_domain(run, call->words[0], &run->self.domains[0]);
	}
	int rc = gp_check_self_find(run->ctx.arena, run->offline->config, &run->self);
	if (rc)
		return fail(rc);
	for (size_t i = 0; i < run->self.ip_count && !gp_cli_has_option(call, "ip"); i++)
		run->check.ips[run->check.ip_count++] = run->self.ips[i];
	if (!run->self.domain_count)
		return usage(run, "this machine has no name with a domain (",
			run->offline->config->hostname, "): name one");
	return -1;
}

/* ---- judging ---- */

/* open_dns: the resolver of the call, asked about DNSSEC, with a memory for this run. */
static int open_dns(struct run *run, struct gp_dns **dns_out)
{
	struct gp_dns_options options = run->offline->config->dns;
	if (run->offline->dns.server_count) {
		memcpy(options.servers, run->offline->dns.servers, sizeof options.servers);
		options.server_count = run->offline->dns.server_count;
	}
	options.trust_ad = options.want_signatures = true;
	int rc = gp_dns_wire_new(&options, dns_out);
	if (rc)
		return rc;
	run->ctx.dns = gp_dns_memo_new(run->ctx.arena, *dns_out);
	return run->ctx.dns ? GP_OK : gp_arena_status(run->ctx.arena);
}

/* judge: each domain; of this machine once what it says of itself. */
static int judge(struct run *run)
{
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < run->self.domain_count; i++) {
		struct gp_check one = run->check;
		one.domain = run->self.domains[i];
		if (!one.mail_domain)
			one.mail_domain = one.domain;
		rc = gp_check_all(&one);
	}
	if (!rc && gp_cli_has_option(run->call, "self"))
		rc = gp_check_self_judge(&run->check, &run->self);
	return rc;
}

/* print: the findings, in the order of the subjects. */
static int print(const struct run *run)
{
	const struct gp_doctor_form form = {
		run->offline->json, gp_cli_has_option(run->call, "quiet")};
	return gp_doctor_present(&run->report, &form);
}

/* examine: arguments, DNS, findings. */
static int examine(struct run *run)
{
	struct gp_dns *dns = NULL;
	int code = take_ips(run);
	if (code < 0)
		code = take_selectors(run);
	if (code < 0)
		code = take_domains(run);
	if (code >= 0)
		return code;
	int rc = gp_doctor_report_init(&run->report, run->ctx.arena)
			 ? open_dns(run, &dns)
			 : gp_arena_status(run->ctx.arena);
	if (!rc)
		rc = judge(run);
	code = rc ? fail(rc) : print(run);
	gp_dns_free(dns);
	return code;
}

/* run_check: arguments, configuration, resolver, the examination. */
static int run_check(const struct gp_cli_call *call)
{
	struct gp_cli_offline a = GP_CLI_OFFLINE;
	struct run run = {.call = call, .offline = &a};
	a.timeout_s = 60;
	int code = gp_cli_offline_arguments(&a, call);
	if (code < 0)
		code = gp_cli_offline_open(&a);
	if (code >= 0)
		return GP_DOCTOR_EXIT_UNKNOWN;
	run.ctx = a.ctx;
	run.check.ctx = &run.ctx;
	run.check.config = a.config;
	run.check.report = &run.report;
	code = examine(&run);
	gp_cli_offline_close(&a);
	return code;
}

static const struct gp_cli_option options[] = {
	{.name = "self",
		.help = "the domains, addresses and name of this machine, as Postfix or Exim and "
			"its interfaces tell"},
	{.name = "ip",
		.argument = "IP",
		.may_repeat = true,
		.help = "an address that your mail comes from; may be given several times"},
	{.name = "selector",
		.argument = "NAME",
		.may_repeat = true,
		.help = "s= of your DKIM signatures; may be given several times"},
	{.name = "mail-from",
		.argument = "ADDR",
		.help = "MAIL FROM of your mail, or its domain, where it is another one than in "
			"From"},
	{.name = "quiet", .letter = 'q', .help = "print only warnings and problems"},
	{.name = NULL},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "DOMAIN", .completes = GP_CLI_HOST, .is_optional = true}, {.name = NULL}};

const struct gp_cli_command gp_cli_check = {
	.name = "check",
	.help = "check your own domain as large receivers do; what to publish",
	.synopsis = "DOMAIN [--ip IP] [--selector NAME] [options]\n"
		    "--self [--ip IP] [--selector NAME] [options]",
	.text = "Looks at what a domain publishes for the mail it sends: SPF with the number of "
		"lookups and for each --ip, the DKIM keys of each --selector, DMARC, reports and "
		"alignment, the name of each address and whether it leads back, MX hosts, DANE, "
		"MTA-STS (whose policy is not fetched) and TLSRPT. Below what is wrong stands the "
		"record to publish. Sends no mail.",
	.options = {options, gp_cli_resolver_options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost check example.org --ip 192.0.2.1 --selector 2026\n"
		    "gatepost check --self\n"
		    "gatepost check example.org --json",
	.exits = "0 all is well (notes are)\n"
		 "1 there are warnings\n"
		 "2 there are problems\n"
		 "3 it could not look: usage, configuration or memory",
	.usage_exit = GP_DOCTOR_EXIT_UNKNOWN,
	.run = run_check,
};
