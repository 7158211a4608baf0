/* SPDX-License-Identifier: ISC */
/*
 * Two round trips: the PTR records, then the addresses of all names at once. Servers give records
 * in changing order: names are sorted, so that the same ones are looked at each time.
 */
#include "reputation/reputation_reverse.h"

#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "dns/dns.h"
#include "mail/address.h"

/* has_letter_last: one that ends in a number is an address, or nonsense (RFC 1123 2.1). */
static bool has_letter_last(const char *name)
{
	const char *last = strrchr(name, '.');
	return last && last[1 + strspn(last + 1, "0123456789")];
}

/* is_name_of_host: of two labels at least; what stands in a reverse zone may be anything. */
static bool is_name_of_host(const char *name)
{
	return gp_address_is_host_name(name) && gp_dns_name_is_valid(gp_span_from(name)) &&
	       has_letter_last(name);
}

/* by_name: for qsort. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* unique: without those that are equal to the one before; returns how many, at most the limit. */
static size_t unique(const char **names, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count && n < GP_REPUTATION_REVERSE_NAMES; i++)
		if (n == 0 || strcmp(names[n - 1], names[i]) != 0)
			names[n++] = names[i];
	return n;
}

/* names_of: the names of hosts among the records, sorted, up to the limit; NULL: no memory. */
static const char **names_of(
	struct gp_arena *arena, const struct gp_dns_answer *ptr, size_t *count_out)
{
	size_t n = 0;
	const char **names = gp_arena_array(arena, ptr->count, sizeof *names);
	for (size_t i = 0; names && i < ptr->count; i++)
		if (is_name_of_host(ptr->records[i].name))
			names[n++] = ptr->records[i].name;
	if (n > 0)
		qsort(names, n, sizeof *names, by_name);
	*count_out = n > 0 ? unique(names, n) : 0;
	return names;
}

/* confirm: by the addresses of the names. One that leads back is enough, whatever the others do. */
static int confirm(struct gp_ctx *ctx, const struct gp_ipaddr *client, const char *const *names,
	size_t count, struct gp_reputation_reverse *reverse)
{
	struct gp_dns_question questions[GP_REPUTATION_REVERSE_NAMES];
	struct gp_dns_answer answers[GP_REPUTATION_REVERSE_NAMES];
	const struct gp_dns_answer *failed = NULL;
	for (size_t i = 0; i < count; i++)
		questions[i] = (struct gp_dns_question) {names[i], gp_dns_address_type(client)};
	int rc = gp_dns_query(ctx, questions, count, answers);
	for (size_t i = 0; rc == GP_OK && i < count; i++) {
		if (gp_dns_answer_has(&answers[i], client, gp_ipaddr_bits(client))) {
			reverse->state = GP_REPUTATION_REVERSE_CONFIRMED;
			reverse->name = names[i];
			return GP_OK;
		}
		if (!failed && gp_dns_state_is_failure(answers[i].state))
			failed = &answers[i];
	}
	if (rc || failed) {
		reverse->problem = rc ? NULL : failed->problem;
		return rc;
	}
	reverse->state = GP_REPUTATION_REVERSE_UNCONFIRMED;
	reverse->name = names[0];
	return GP_OK;
}

/* find: the PTR records, and what comes of them. */
static int find(
	struct gp_ctx *ctx, const struct gp_ipaddr *client, struct gp_reputation_reverse *reverse)
{
	char name[GP_DNS_NAME_TEXT];
	gp_dns_name_reverse(client, name);
	const struct gp_dns_question question = {name, GP_DNS_PTR};
	struct gp_dns_answer ptr;
	int rc = gp_dns_query(ctx, &question, 1, &ptr);
	if (rc || gp_dns_state_is_failure(ptr.state)) {
		reverse->problem = rc ? NULL : ptr.problem;
		return rc;
	}
	size_t count = 0;
	const char **names = ptr.count > 0 ? names_of(ctx->arena, &ptr, &count) : NULL;
	if (ptr.count > 0 && !names)
		return gp_arena_status(ctx->arena);
	if (count == 0) {
		reverse->state = GP_REPUTATION_REVERSE_NONE;
		return GP_OK;
	}
	return confirm(ctx, client, names, count, reverse);
}

/* gp_reputation_reverse_name: within its share of the time. */
int gp_reputation_reverse_name(struct gp_ctx *ctx, const struct gp_ipaddr *client,
	struct gp_reputation_reverse *reverse_out)
{
	const struct gp_ipaddr address = gp_ipaddr_unmap(*client);
	char text[GP_IPADDR_TEXT];
	*reverse_out = (struct gp_reputation_reverse) {.state = GP_REPUTATION_REVERSE_UNKNOWN};
	if (address.family == GP_IP_NONE)
		return GP_OK;
	struct gp_ctx own = *ctx;
	int64_t now_us = gp_clock_now_us(ctx->clock);
	if (ctx->deadline_us > now_us)
		own.deadline_us = now_us + (ctx->deadline_us - now_us) / 4;
	int rc = find(&own, &address, reverse_out);
	if (rc == GP_OK)
		gp_trace_line(ctx, 1, "reverse name of %s: %s%s%s%s%s",
			gp_ipaddr_format(&address, text),
			gp_reputation_reverse_text(reverse_out->state),
			reverse_out->name ? ", " : "", reverse_out->name ? reverse_out->name : "",
			reverse_out->problem ? ": " : "",
			reverse_out->problem ? reverse_out->problem : "");
	return rc;
}

/* gp_reputation_reverse_text: one word. */
const char *gp_reputation_reverse_text(enum gp_reputation_reverse_state state)
{
	static const char *const texts[] = {
		[GP_REPUTATION_REVERSE_UNKNOWN] = "unknown",
		[GP_REPUTATION_REVERSE_NONE] = "none",
		[GP_REPUTATION_REVERSE_UNCONFIRMED] = "unconfirmed",
		[GP_REPUTATION_REVERSE_CONFIRMED] = "confirmed",
	};
	size_t i = (size_t)state;
	return i < sizeof texts / sizeof texts[0] ? texts[i] : "unknown";
}
