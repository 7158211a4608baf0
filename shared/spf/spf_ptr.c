/* SPDX-License-Identifier: ISC */
/*
 * The client's validated names (RFC 7208 5.5), for the mechanism ptr and the macro %{p} (7.3). They
 * are asked for once in a check.
 */
#include "spf/spf_private.h"

#define TOGETHER 10 /* addresses asked for in one query; the standard's limit of names */

/* keep_names: those of the PTR names whose addresses hold the client (5.5). */
static int keep_names(struct gp_spf_run *run, const struct gp_dns_answer *ptr, size_t count)
{
	run->names = gp_arena_array(run->ctx->arena, count, sizeof *run->names);
	if (!run->names)
		return gp_arena_status(run->ctx->arena);
	for (size_t done = 0; done < count;) {
		struct gp_dns_question questions[TOGETHER];
		struct gp_dns_answer answers[TOGETHER];
		size_t n = 0;
		for (; done < count && n < TOGETHER; done++)
			questions[n++] = (struct gp_dns_question) {
				ptr->records[done].name, gp_spf_address_type(run)};
		if (!gp_spf_may_ask_hosts(run))
			return GP_OK;
		int rc = gp_spf_ask(run, questions, n, answers);
		if (rc)
			return rc;
		/* 5.5: a name whose lookup fails is skipped */
		for (size_t i = 0; i < n; i++)
			if (gp_spf_has_client(run, &answers[i], gp_ipaddr_bits(&run->client)))
				run->names[run->name_count++] = questions[i].name;
		if (!gp_spf_count_missing(run, questions, answers, n))
			return GP_OK;
	}
	return GP_OK;
}

/* ask_names: the PTR records of the client, and the addresses of the names in them. */
static int ask_names(struct gp_spf_run *run)
{
	char reverse[GP_DNS_NAME_TEXT];
	gp_dns_name_reverse(&run->client, reverse);
	const struct gp_dns_question question = {reverse, GP_DNS_PTR};
	struct gp_dns_answer ptr;
	int rc = gp_spf_ask(run, &question, 1, &ptr);
	if (rc)
		return rc;
	run->names_known = true;
	run->names_void = ptr.state == GP_DNS_NODATA || ptr.state == GP_DNS_NXDOMAIN;
	if (ptr.state != GP_DNS_FOUND)
		return GP_OK; /* 5.5: trouble with the PTR lookup is no match */
	/* 4.6.4: what comes after the tenth is ignored */
	size_t max = run->options->max_names;
	return keep_names(run, &ptr, ptr.count < max ? ptr.count : max);
}

/*
 * gp_spf_know_names: the zones queried belong to the client, which could let the time run out to
 * turn a fail into a temperror: they get a quarter of it.
 */
int gp_spf_know_names(struct gp_spf_run *run)
{
	if (run->names_known)
		return GP_OK;
	int64_t deadline_us = run->ctx->deadline_us;
	int64_t now_us = gp_clock_now_us(run->ctx->clock);
	if (deadline_us > now_us)
		run->ctx->deadline_us = now_us + (deadline_us - now_us) / 4;
	int rc = ask_names(run);
	run->ctx->deadline_us = deadline_us;
	return rc;
}

/* best_name: <domain> itself, else a name below it, else any (7.3). */
static const char *best_name(const struct gp_spf_run *run)
{
	const struct gp_span domain = gp_span_from(run->domain);
	for (size_t i = 0; i < run->name_count; i++)
		if (gp_dns_name_equal(gp_span_from(run->names[i]), domain))
			return run->names[i];
	for (size_t i = 0; i < run->name_count; i++)
		if (gp_dns_name_is_within(gp_span_from(run->names[i]), domain))
			return run->names[i];
	return run->name_count ? run->names[0] : "unknown";
}

/* gp_spf_client_name: its PTR lookup counts as a term of its own, once (4.6.4). */
int gp_spf_client_name(struct gp_spf_run *run, const char **name_out)
{
	*name_out = "unknown";
	if (!run->names_known && !run->explaining && !gp_spf_count_lookup(run))
		return GP_OK;
	int rc = gp_spf_know_names(run);
	if (!rc)
		*name_out = best_name(run);
	return rc;
}
