/* SPDX-License-Identifier: ISC */
/* gatepost dkim: a key record of DKIM, in plain words. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/color.h"
#include "cli/format.h"
#include "cli/key_report.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "mail/address.h"

static const char *const weights[] = {[GP_CLI_KEY_NOTE] = "note",
	[GP_CLI_KEY_WARNING] = "warning",
	[GP_CLI_KEY_PROBLEM] = "problem"};

/* ---- for people ---- */

/* print_row: a name and its value. */
static void print_row(const char *name, const char *value)
{
	printf("  %-10s%s\n", name, value);
}

/* print_type: kind and size. */
static void print_type(const struct gp_cli_key *key)
{
	if (key->kind)
		printf("  %-10s%s, %u bits\n", "type", key->kind, key->facts.bits);
	else
		print_row("type", "no key could be read");
}

/* print_flags: t= in words. */
static void print_flags(const struct gp_dkim_key_facts *f)
{
	if (!f->testing && !f->exact)
		print_row("flags", "none");
	if (f->testing)
		print_row("flags", "y: the domain tests DKIM");
	if (f->exact)
		print_row(f->testing ? "" : "flags",
			"s: i= of a signature has to be in d= itself, not in a subdomain");
}

/* print_remark: what is to be said, by its weight. */
static void print_remark(const struct gp_cli_key_remark *remark)
{
	static const enum gp_cli_tone tones[] = {[GP_CLI_KEY_NOTE] = GP_CLI_PLAIN,
		[GP_CLI_KEY_WARNING] = GP_CLI_WARN,
		[GP_CLI_KEY_PROBLEM] = GP_CLI_BAD};
	printf("  %s%-10s%s%s\n", gp_cli_color(stdout, tones[remark->weight]),
		weights[remark->weight], gp_cli_color_end(stdout), remark->text);
}

/* print_key: one record. */
static void print_key(struct gp_arena *arena, const struct gp_cli_key *key)
{
	printf("\n  %s\n\n", gp_cli_visible_span(arena, key->text));
	print_type(key);
	print_row("hashes", key->hashes ? key->hashes : "any (no h=)");
	print_row("services", key->services ? key->services : "any (no s=)");
	print_flags(&key->facts);
	if (key->notes)
		print_row("notes", key->notes);
	for (size_t i = 0; i < key->remark_count; i++)
		print_remark(&key->remarks[i]);
	print_row("result", key->facts.problem ? "no signature can pass with this key"
					       : "signatures can pass with this key");
}

/* print_none: there is no key; what DNS said. */
static void print_none(const struct gp_cli_keys *keys)
{
	const struct gp_dns_answer *answer = &keys->answer;
	printf("\nthere is no key: ");
	if (answer->problem)
		printf("%s\n", answer->problem);
	else if (answer->state == GP_DNS_FOUND)
		printf("the TXT record there is none of DKIM\n");
	else
		printf("%s\n", answer->state == GP_DNS_NXDOMAIN ? "the name does not exist"
								: "the name has no TXT record");
	if (!gp_dns_state_is_failure(answer->state))
		puts("signatures with this selector get permerror; check the selector (s= of a "
		     "signature)");
}

/* print_text: every record. */
static void print_text(struct gp_arena *arena, const struct gp_cli_keys *keys)
{
	printf("TXT %s", keys->name);
	if (keys->answer.state == GP_DNS_FOUND)
		printf("%s", keys->answer.secure ? ", protected by DNSSEC" : "");
	putchar('\n');
	for (size_t i = 0; i < keys->count; i++)
		print_key(arena, &keys->keys[i]);
	if (keys->count > 1)
		puts("\nwarning: several key records under one name are undefined (RFC 6376 "
		     "3.6.2.2); keep one");
	if (!keys->count)
		print_none(keys);
}

/* ---- for programs ---- */

/* json_key: one record. */
static json_t *json_key(struct gp_arena *arena, const struct gp_cli_key *key)
{
	json_t *o = json_object(), *remarks = json_array();
	const struct gp_dkim_key_facts *f = &key->facts;
	for (size_t i = 0; i < key->remark_count; i++)
		json_array_append_new(
			remarks, json_pack("{s:s, s:s}", "weight", weights[key->remarks[i].weight],
					 "text", key->remarks[i].text));
	json_object_set_new(o, "record", json_string(gp_cli_visible_span(arena, key->text)));
	json_object_set_new(o, "usable", json_boolean(!f->problem));
	json_object_set_new(o, "type", gp_cli_json_text(arena, key->kind));
	json_object_set_new(o, "bits", f->bits ? json_integer(f->bits) : json_null());
	json_object_set_new(o, "hashes", gp_cli_json_text(arena, key->hashes));
	json_object_set_new(o, "services", gp_cli_json_text(arena, key->services));
	json_object_set_new(o, "testing", json_boolean(f->testing));
	json_object_set_new(o, "strict", json_boolean(f->exact));
	json_object_set_new(o, "revoked", json_boolean(f->is_revoked));
	json_object_set_new(o, "notes", gp_cli_json_text(arena, key->notes));
	json_object_set_new(o, "problem", gp_cli_json_text(arena, f->problem));
	json_object_set_new(o, "remarks", remarks);
	return o;
}

/* print_json: an object with an array of keys. */
static int print_json(struct gp_arena *arena, const struct gp_cli_keys *keys)
{
	json_t *o = json_object(), *array = json_array();
	for (size_t i = 0; i < keys->count; i++)
		json_array_append_new(array, json_key(arena, &keys->keys[i]));
	json_object_set_new(o, "name", json_string(keys->name));
	json_object_set_new(o, "state", json_string(gp_dns_state_text(keys->answer.state)));
	json_object_set_new(o, "secure", json_boolean(keys->answer.secure));
	json_object_set_new(o, "keys", array);
	json_object_set_new(o, "other_records", json_integer((json_int_t)keys->others));
	json_object_set_new(o, "problem", gp_cli_json_text(arena, keys->answer.problem));
	return gp_cli_print_json(o);
}

/* ---- the command ---- */

/* show: the answer, or why there is none. */
static int show(const struct gp_cli_call *call, struct gp_cli_offline *a)
{
	struct gp_cli_keys keys;
	const char *domain;
	int rc = gp_address_domain(a->ctx.arena, gp_span_from(call->words[0]), &domain);
	if (rc == GP_ESYNTAX || (!rc && !*domain))
		return gp_cli_usage(call->title, "\"%s\" is no domain", call->words[0]);
	if (!rc)
		rc = gp_cli_keys_find(
			&a->ctx, domain, call->words[1], &a->config->dkim.check, &keys);
	if (rc == GP_EINVAL)
		return gp_cli_usage(call->title, "\"%s\" is no selector", call->words[1]);
	if (rc) {
		fprintf(stderr, "gatepost dkim: %s\n", gp_err_text(rc));
		return GP_CLI_TROUBLE;
	}
	if (a->json)
		return print_json(a->ctx.arena, &keys);
	print_text(a->ctx.arena, &keys);
	return GP_CLI_FINE;
}

/* run: arguments, configuration, resolver, the key. */
static int run(const struct gp_cli_call *call)
{
	struct gp_cli_offline a = GP_CLI_OFFLINE;
	int code = gp_cli_offline_arguments(&a, call);
	if (code < 0)
		code = gp_cli_offline_open(&a);
	if (code >= 0)
		return code;
	code = show(call, &a);
	gp_cli_offline_close(&a);
	return code;
}

static const struct gp_cli_argument arguments[] = {
	{.name = "DOMAIN", .completes = GP_CLI_HOST}, {.name = "SELECTOR"}, {.name = NULL}};

const struct gp_cli_command gp_cli_dkim = {
	.name = "dkim",
	.help = "show the DKIM key that a domain publishes for a selector",
	.synopsis = "DOMAIN SELECTOR [options]",
	.text = "Shows the key record at SELECTOR._domainkey.DOMAIN in plain words: type and size "
		"of the key, hash algorithms, services and flags, and what is wrong with it "
		"(revoked, too short, testing, not to be read). SELECTOR is s= of a signature, "
		"DOMAIN is d=.",
	.options = {gp_cli_resolver_options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost dkim example.org 2026\n"
		    "gatepost dkim example.org 2026 --json\n",
	.exits = "0 the question was answered, whatever the answer is\n"
		 "1 it could not be\n"
		 "2 wrong usage\n"
		 "3 the configuration has errors\n",
	.run = run,
};
